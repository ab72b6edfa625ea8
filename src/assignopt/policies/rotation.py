"""Policies that go round: everybody in a fixed order, with or without weights."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Any

from ..errors import Faults
from ..plan import Reason
from .looking import team_of
from .options import Options
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..records import Task
    from .policy import Choice
    from .state import State

ON_CHANGE = ("reset", "keep")


class RoundRobin(Policy):
    """Everybody in turn, in the order of the team; a change of the team starts all over.

    ``choose = argmin_r turns_r`` over the candidates, of equals the first in the team; every
    assignment, by hand too, is a turn. Where everybody may take everything that is A, B, C, A,
    B, C, ... Whoever may not take a task stays behind and catches up with those they may take.

    Whenever somebody joins or leaves the rotation (``set_available`` is leaving and joining, too),
    all turns are set to 0 and the first in the team is next: with frequent changes the first in the
    team get more.

    Parameters
    ----------
    on_change
        ``"reset"``; or ``"keep"``: turns stay, whoever is back catches up on all that was missed at
        once, and a newcomer starts with the least turns of the others.

    References
    ----------
    HubSpot community, product manager's reply in td-p/1150771: adding or removing a person resets
    all counts.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep(name) for name in ("ana", "bo", "cy")], [])
    >>> router = ao.Router(team, policy=ao.policies.RoundRobin())
    >>> [router.assign(ao.Task(f"t{n}")).rep_id for n in range(4)]
    ['ana', 'bo', 'cy', 'ana']
    >>> router.add_rep(ao.Rep("dan"))
    >>> [router.assign(ao.Task(f"u{n}")).rep_id for n in range(4)]
    ['ana', 'bo', 'cy', 'dan']
    """

    source = "HubSpot"

    def __init__(self, *, on_change: str = "reset") -> None:
        options = Options(self)
        self.on_change = options.word("on_change", on_change, ON_CHANGE)
        options.done()

    def begin(self, state: State) -> None:
        """Prepare the turns."""
        state.memory.update(turns=dict.fromkeys(state.reps, 0), team=team_of(state))

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        return min(state.candidates, key=state.memory["turns"].__getitem__)

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Count the turn."""
        state.memory["turns"][rep_id] += 1

    def team_changed(self, state: State) -> None:
        """Start anew, or let newcomers in."""
        memory, team = state.memory, team_of(state)
        turns: dict[str, int] = memory["turns"]
        if self.on_change == "reset" and team != memory["team"]:
            memory["turns"] = dict.fromkeys(state.reps, 0)
        else:
            least = min((turns[name] for name in team if name in turns), default=0)
            memory["turns"] = {name: turns.get(name, least) for name in state.reps}
        memory["team"] = team


class WeightedRoundRobin(RoundRobin):
    """Cycles in which a rep of weight w has w turns; with weight 0.5 one in every other cycle.

    ``choose = argmin_r floor(turns_r / w_r)`` over the candidates, that is the cycle in which the
    next turn of r falls; of equals the first in the team. Weights 1 and 3 give A, B, B, B, A, B,
    B, B, ...: exact over whole cycles, and in bursts within one. Whose weight changes begins the
    cycle they are in anew.

    Parameters
    ----------
    tags
        tag -> weight of the reps who have it (with a value that is not False, 0 or empty); of
        several tags the highest weight holds. None, and for reps without any of the tags: the
        ``weight`` of the rep, else 1.
    on_change
        As in :class:`RoundRobin`.

    References
    ----------
    NC-Squared Distribution Engine, "Weighting and caps": weight 2 is two per cycle, 0.5 is skipped
    every other cycle, of several weight tags the highest wins. Frappe, pull request 37741: a
    deterministic cycle of 1:3.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana", weight=1), ao.Rep("bo", weight=3)], [])
    >>> router = ao.Router(team, policy=ao.policies.WeightedRoundRobin())
    >>> [router.assign(ao.Task(f"t{n}")).rep_id for n in range(5)]
    ['ana', 'bo', 'bo', 'bo', 'ana']
    """

    source = "NC-Squared Distribution Engine, Frappe"

    def __init__(
        self, *, tags: Mapping[str, float] | None = None, on_change: str = "reset"
    ) -> None:
        options = Options(self)
        self.on_change = options.word("on_change", on_change, ON_CHANGE)
        self.tags = None if tags is None else options.amounts("tags", tags)
        options.done()

    def _weigh(self, state: State) -> None:
        tags: Mapping[str, float] = self.tags or {}
        memory = state.memory
        before, turns = memory.get("weights", {}), memory["turns"]
        weights = memory["weights"] = {}
        for name, rep in state.reps.items():
            own = [weight for tag, weight in tags.items() if rep.tags.get(tag)]
            weights[name] = weight = max(own) if own else rep.weight or 1.0
            if before.get(name, weight) != weight:
                turns[name] = floor(turns[name] / before[name] + 1e-9) * weight

    def begin(self, state: State) -> None:
        """Prepare turns and weights."""
        super().begin(state)
        self._weigh(state)

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        turns, weights = state.memory["turns"], state.memory["weights"]
        return min(state.candidates, key=lambda name: floor(turns[name] / weights[name] + 1e-9))

    def team_changed(self, state: State) -> None:
        """Start anew, or let newcomers in; weights may be others."""
        super().team_changed(state)
        self._weigh(state)


class Modulo(Policy):
    """The n-th person of today's roster, n being the running number modulo the length of it.

    ``choose = roster[number mod n]`` where the roster are the n reps available now, in the order
    of the team, and the number counts the tasks that have come before. If that person may not take
    the task, nobody does. A change of the roster shifts everybody.

    The rule is documented for ten people at most: each needs a branch of its own in the automation.

    Raises
    ------
    pydantic.ValidationError
        When the roster is longer than ten.

    References
    ----------
    伙伴云 help, automation f37a/5cd6 (average distribution by remainder).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [])
    >>> router = ao.Router(team, policy=ao.policies.Modulo())
    >>> [router.assign(ao.Task(f"t{n}")).rep_id for n in range(3)]
    ['ana', 'bo', 'ana']
    """

    source = "伙伴云"
    most = 10
    """The longest roster."""

    def _roster(self, state: State) -> list[str]:
        here, now = state.available_from, state.now
        roster = [name for name in team_of(state) if here(name) <= now]
        faults = Faults("Modulo")
        if len(roster) > self.most:
            message = (
                f"the roster is too long; allowed are at most {self.most} people "
                f"({len(roster)}/{self.most}). Take RoundRobin, which has no limit"
            )
            faults.add(("reps",), message)
        faults.raise_if_any()
        return roster

    def begin(self, state: State) -> None:
        """Prepare the running number."""
        self._roster(state)
        state.memory["number"] = 0

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        roster = self._roster(state)
        chosen = roster[state.memory["number"] % len(roster)] if roster else None
        return chosen if chosen in state.candidates else Reason.DOMINATED

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Count the task."""
        state.memory["number"] += 1

    def passed(self, task: Task, state: State) -> None:
        """Count the task."""
        state.memory["number"] += 1


class SharedBackup(Policy):
    """Everybody in turn, those who are away too: their turns all go to one backup.

    ``choose = r`` if ``r = argmin turns`` over the whole team but the backup is a candidate, else
    the backup. With a of n members away the backup gets ``a / n`` of all tasks, as much as a
    members; :class:`RoundRobin` spreads them over who is there. It is here as the flaw that it is.

    Parameters
    ----------
    backup
        The rep who stands in.

    References
    ----------
    Vacademy-io/vacademy_platform, pull request 2170.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep(n) for n in ("ana", "bo", "cy", "zed")], [])
    >>> router = ao.Router(team, policy=ao.policies.SharedBackup("zed"))
    >>> router.set_available("bo", False)
    >>> [router.assign(ao.Task(f"t{n}")).rep_id for n in range(6)]
    ['ana', 'zed', 'cy', 'ana', 'zed', 'cy']
    """

    source = "Vacademy"

    def __init__(self, backup: str) -> None:
        options = Options(self)
        self.backup = options.text("backup", backup, "the id of a rep")
        if backup is None:
            options.faults.add(("backup",), "None is not the id of a rep. Give text", backup)
        options.done()

    def begin(self, state: State) -> None:
        """Prepare the turns."""
        faults = Faults("SharedBackup")
        if self.backup not in state.reps:
            message = f"rep {self.backup!r} is unknown. Give the id of a rep of the team"
            faults.add(("backup",), message, self.backup)
        faults.raise_if_any()
        self.team_changed(state)

    def _turn(self, state: State) -> str | None:
        turns: dict[str, Any] = state.memory["turns"]
        return min(turns, key=turns.__getitem__) if turns else None

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        turn = self._turn(state)
        if turn in state.candidates:
            return turn
        return self.backup if self.backup in state.candidates else Reason.NO_AVAILABILITY

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Count the turn of whoever it was."""
        whose = self._turn(state) if rep_id == self.backup else rep_id
        if whose is not None:
            state.memory["turns"][whose] += 1

    def team_changed(self, state: State) -> None:
        """Let newcomers in with the least turns."""
        turns = state.memory.get("turns", {})
        least = min(turns.values(), default=0)
        state.memory["turns"] = {
            name: turns.get(name, least) for name in state.reps if name != self.backup
        }
