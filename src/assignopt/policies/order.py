"""Policies that go by an order of the reps: by their last task, by seniority, by chance."""

from __future__ import annotations

from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from ..columns import seconds
from ..errors import Faults
from .looking import HOUR, soonest
from .options import Options
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..records import Task
    from .policy import Choice
    from .state import State

FARTHEST = 120.0
"""Hours ahead within which somebody may become available, at most."""


class LongestWait(Policy):
    """Whoever has waited longest since their last task, by rule or by hand.

    ``choose = argmin_r last_r`` over the candidates, ``last_r`` being the number of the arrival
    with which r last got a task (-1 before the first); of equals the first in the team. There is
    one order for all rules and queues: a rule that sees every third task may hit the same rep twice
    in a row. Whoever was away has waited longest: one task, no flood.

    Parameters
    ----------
    by
        A tag of the tasks, such as the type of record: an order of its own for each value of it, so
        that a task given by hand counts only for those of its type. None: one order for all.
    within
        Hours, 0 to 120, within which somebody may become available. Reps fall into buckets of 24
        hours (0: available now); of the first that is not empty the one who has waited longest.

    References
    ----------
    Microsoft, Dynamics 365 Sales, understand-lead-distributions-assignment-rules, "Round robin".

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [])
    >>> router = ao.Router(team, policy=ao.policies.LongestWait())
    >>> _ = router.assign(ao.Task("by hand"), to="ana")
    >>> [router.assign(ao.Task(f"t{n}")).rep_id for n in range(3)]
    ['bo', 'ana', 'bo']
    """

    source = "Dynamics 365 Sales, Kubaru (ties)"

    def __init__(self, *, by: str | None = None, within: float = 0.0) -> None:
        options = Options(self)
        self.by = options.text("by", by)
        self.within = options.number("within", within, most=FARTHEST)
        options.done()
        self.waits = within * HOUR

    def begin(self, state: State) -> None:
        """Prepare an order for each type of task."""
        if self.by is not None:
            state.memory["last"] = {}

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        names = soonest(state.candidates, state)[1] if self.within else state.candidates
        if self.by is None:
            return min(names, key=state.last.__getitem__)
        last = state.memory["last"].get(str(task.tags.get(self.by, "")), {})
        return min(names, key=lambda name: last.get(name, -1))

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Remember it for tasks of this type."""
        if self.by is not None:
            kind = str(task.tags.get(self.by, ""))
            state.memory["last"].setdefault(kind, {})[rep_id] = state.step


class BySeniority(Policy):
    """The most senior who may take it.

    ``choose = argmin_r rank_r`` over the candidates. The juniors get what the seniors have no room
    for; without limits of capacity that is nothing.

    Parameters
    ----------
    tag
        A tag of the reps by which they are ranked, the least first: a number, a date of hiring;
        reps without it come last. None, and for equals: the order of the team.

    References
    ----------
    HighLevel help, 155000001484 (members of higher priority first); Cal.com, issue 15340 (the host
    with the highest priority that is available).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("new", tags={"hired": 2024}),
    ...                    ao.Rep("old", max_tasks=1, tags={"hired": 1999})], [])
    >>> router = ao.Router(team, policy=ao.policies.BySeniority(tag="hired"))
    >>> [router.assign(ao.Task(f"t{n}")).rep_id for n in range(2)]
    ['old', 'new']
    """

    source = "HighLevel, Cal.com (priority)"

    def __init__(self, *, tag: str | None = None) -> None:
        options = Options(self)
        self.tag = options.text("tag", tag)
        options.done()

    def begin(self, state: State) -> None:
        """Rank the reps."""
        kinds = {key[0] for key in self._keys(state).values()}
        faults = Faults("BySeniority")
        if len(kinds) > 1:
            listed = ", ".join(sorted(kinds))
            message = f"values of tag {self.tag!r} are of different kinds: {listed}. Give one kind"
            faults.add(("tag",), message, self.tag)
        faults.raise_if_any()
        self.team_changed(state)

    def _keys(self, state: State) -> dict[str, tuple[str, Any]]:
        """Give what those with the tag are ranked by: kind and value."""
        keys: dict[str, tuple[str, Any]] = {}
        for name, rep in state.reps.items():
            value = rep.tags.get(self.tag or "")
            if isinstance(value, datetime):
                keys[name] = "dates", seconds(value)
            elif isinstance(value, int | float):
                keys[name] = "numbers", value
            elif value is not None:
                keys[name] = "text", value
        return keys

    def team_changed(self, state: State) -> None:
        """Rank the reps anew."""
        keys = self._keys(state)
        names = sorted(keys, key=keys.__getitem__)
        names += [name for name in state.reps if name not in keys]
        state.memory["rank"] = {name: rank for rank, name in enumerate(names)}

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        return min(state.candidates, key=state.memory["rank"].__getitem__)


class Random(Policy):
    """Anybody who may take it, by lot.

    Each candidate with the same probability; ``weighted``: with ``w_r / sum(w)``. The draw depends
    on the seed and the number of the arrival only. Counts of n equal reps after T tasks differ by
    about ``sqrt(T / n)``.

    Parameters
    ----------
    weighted
        Whether lots are in proportion to the weights.

    References
    ----------
    SuperOfficeDocs/superoffice-docs, issue 1197 (weighted assignment of requests, by lot).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [])
    >>> router = ao.Router(team, policy=ao.policies.Random(), seed=1)
    >>> same = ao.Router(team, policy=ao.policies.Random(), seed=1)
    >>> [router.assign(ao.Task(f"t{n}")).rep_id == same.assign(ao.Task(f"t{n}")).rep_id
    ...  for n in range(3)]
    [True, True, True]
    """

    source = "SuperOffice (weighted)"

    def __init__(self, *, weighted: bool = False) -> None:
        options = Options(self)
        self.weighted = options.flag("weighted", weighted)
        options.done()

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        names = state.candidates
        if not self.weighted:
            return names[state.draw(len(names))]
        return drawn(names, [state.weight[name] for name in names], state.uniform())


def drawn(names: Sequence[str], weights: Sequence[float], at: float) -> str:
    """Give the name that a number from 0 up to 1 falls on.

    Examples
    --------
    >>> [drawn(["ana", "bo"], [1.0, 3.0], at) for at in (0.0, 0.24, 0.25, 0.99)]
    ['ana', 'ana', 'bo', 'bo']
    """
    upto = list(accumulate(weights))
    for name, bound in zip(names, upto, strict=True):
        if at * upto[-1] < bound:
            return name
    return names[-1]
