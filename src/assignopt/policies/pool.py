"""Policies in which reps help themselves: a pool of tasks that members claim."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from ..periods import DAY
from ..plan import Reason
from .looking import HOUR
from .options import Options
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..records import Task
    from .policy import Choice
    from .state import State


class PoolAndClaim(Policy):
    """Tasks lie in a pool; whoever is first claims them, up to a cap, and loses them unattended.

    A claim is ``router.assign(task, pairs=[rep])``. It is granted if ``open_r < cap`` and r is not
    barred, that is did not give this very task back within the ``cooling`` time. Without ``pairs``
    the task lies open to everybody, and who is first is drawn: each with the same probability.
    Otherwise the task stays in the pool (``no_capacity``, ``excluded``).

    What was not followed up for ``days`` is to be returned: :meth:`overdue` lists it, and
    ``router.release`` returns it. Given out by hand (``to=``), no cap and no bar holds.

    Parameters
    ----------
    cap
        Most tasks that somebody may hold when they claim one more, ``open_r < cap``; None: no
        limit.
    days
        Days without follow-up after which a task goes back; None: never.
    cooling
        Hours for which whoever gave a task back may not claim it again.

    References
    ----------
    Fxiaoke help, 75594/5c5ef/82e7e (lead pools: claim limits, recycling); 新莲 help, bangzhu_23/255
    (recall after days without follow-up, and a bar of 1 or 12 hours for the previous owner).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [])
    >>> policy = ao.policies.PoolAndClaim(cap=2, days=3, cooling=12)
    >>> router = ao.Router(team, policy=policy)
    >>> router.assign(ao.Task("lead"), pairs=["ana"], at=0).rep_id
    'ana'
    >>> late = 3 * 86_400
    >>> policy.overdue(router.view, now=late)
    ['lead']
    >>> router.release("lead", at=late)
    >>> print(router.assign(ao.Task("lead"), pairs=["ana"], at=late + 3600))
    lead: nobody (excluded: PoolAndClaim(cap=2, days=3, cooling=12) gives it to nobody)
    >>> router.assign(ao.Task("lead"), pairs=["ana"], at=late + 12 * 3600).rep_id
    'ana'
    """

    source = "纷享销客 (Fxiaoke), 新莲"

    def __init__(
        self, *, cap: int | None = None, days: float | None = None, cooling: float = 0.0
    ) -> None:
        options = Options(self)
        self.cap = None if cap is None else options.whole("cap", cap, least=1)
        self.days = None if days is None else options.number("days", days, above=True)
        self.cooling = options.number("cooling", cooling)
        options.done()

    def begin(self, state: State) -> None:
        """Prepare to remember claims, and who is barred."""
        state.memory.update(since={}, barred={})

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        names = list(state.candidates)
        who, until = state.memory["barred"].get(task.id, ("", 0.0))
        if state.now < until:
            names = [name for name in names if name != who]
        if not names:
            return Reason.EXCLUDED
        if self.cap is not None:
            names = [name for name in names if state.open[name] < self.cap]
        return names[state.draw(len(names))] if names else Reason.NO_CAPACITY

    def ask_again(self, task: Task, state: State) -> float:
        """Tell when whoever gave it back may have it again."""
        _, until = state.memory["barred"].get(task.id, ("", 0.0))
        return float(until) if until > state.now else inf

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Remember since when it is held."""
        state.memory["since"][task.id] = state.now
        state.memory["barred"].pop(task.id, None)

    def released(self, task: Task, rep_id: str, state: State) -> None:
        """Bar who gave it back, for a time."""
        memory: dict[str, Any] = state.memory
        memory["since"].pop(task.id, None)
        if self.cooling:
            barred = {key: row for key, row in memory["barred"].items() if row[1] > state.now}
            barred[task.id] = [rep_id, state.now + self.cooling * HOUR]
            memory["barred"] = barred

    def credited(self, task: Task, rep_id: str, state: State) -> None:
        """Forget it."""
        state.memory["since"].pop(task.id, None)

    def overdue(
        self,
        state: State,
        *,
        now: float | None = None,
        followed_up: Mapping[str, float] | None = None,
    ) -> list[str]:
        """List the tasks that go back: held, and not followed up for ``days``.

        Parameters
        ----------
        state
            As the router shows it, ``router.view``.
        now
            The time in seconds; None: that of the last event.
        followed_up
            task id -> when it was last followed up, in seconds; from when it was claimed for those
            left out.
        """
        if self.days is None:
            return []
        at = state.now if now is None else now
        seen = followed_up or {}
        since: Mapping[str, float] = state.memory["since"]
        most = self.days * DAY
        return [
            one
            for one, claimed in since.items()
            if at - max(claimed, seen.get(one, claimed)) >= most
        ]
