"""Policies that look at what everybody holds now."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ..plan import Reason
from .looking import HOUR, least_loaded, soonest, tagged_number
from .options import Options
from .order import FARTHEST
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..records import Task
    from .policy import Choice
    from .state import State


class LeastOpen(Policy):
    """The fewest open tasks; of equals whoever has waited longest.

    ``choose = argmin_r (open_r, last_r)`` over the candidates with ``open_r < max_open``. Whoever
    closes fast gets more; sizes of tasks do not count.

    Parameters
    ----------
    max_open
        Most open tasks at which somebody still gets one more, ``open_r < max_open``; None: no
        limit. With everybody at it the task stays unassigned (``no_capacity``).

    References
    ----------
    Kubaru help, load-balance-routers (maximum active load); NC-Squared Distribution Engine, load
    balancing; Frappe, assignment rule "Load Balancing".

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [])
    >>> router = ao.Router(team, policy=ao.policies.LeastOpen(max_open=1))
    >>> [router.assign(ao.Task(f"t{n}")).rep_id for n in range(3)]
    ['ana', 'bo', None]
    >>> router.release("t1")
    >>> router.assign(ao.Task("t3")).rep_id
    'bo'
    """

    source = "Kubaru, Distribution Engine, Frappe"

    def __init__(self, *, max_open: int | None = None) -> None:
        options = Options(self)
        self.max_open = None if max_open is None else options.whole("max_open", max_open, least=1)
        options.done()

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        opened, last = state.open, state.last
        chosen = min(state.candidates, key=lambda name: (opened[name], last[name]))
        if self.max_open is not None and opened[chosen] >= self.max_open:
            return Reason.NO_CAPACITY
        return chosen


class LeastLoaded(Policy):
    """The least load per weight; of equals whoever has waited longest.

    ``choose = argmin_r (load_r / w_r, last_r)`` over the candidates, load in effort units, carried
    load included. Per weight it is the method of Adams: small weights get their first task as early
    as large ones, and after T equal tasks without releases somebody may be several tasks away from
    their share.

    References
    ----------
    Salesforce Omni-Channel, "Least Active"; M. L. Balinski, H. P. Young (1982), "Fair
    Representation" (the method of Adams).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana", weight=2), ao.Rep("bo", weight=1)], [])
    >>> router = ao.Router(team, policy=ao.policies.LeastLoaded())
    >>> [router.assign(ao.Task(f"t{n}", effort=e)).rep_id for n, e in enumerate((4, 1, 1, 1))]
    ['ana', 'bo', 'bo', 'ana']
    """

    source = "Salesforce Omni-Channel (Least Active)"

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        return least_loaded(state.candidates, state)


class MostAvailable(Policy):
    """The most free capacity; of equals whoever has waited longest.

    ``choose = argmax_r (limit_r - load_r, -last_r)`` over the candidates. A rep without a limit has
    infinite room; if nobody has a limit it is the longest wait.

    With ``within``, reps fall into buckets of 24 hours by when they are available (0: now), and
    the first bucket that is not empty decides. **Only bucket 0 is balanced**: if it is empty, the
    longest wait decides among the next, whatever they hold.

    Parameters
    ----------
    capacity
        A tag of the reps that holds their limit, to go by and not to keep: the room may fall below
        zero. None: the rep's ``capacity``, which nothing can exceed.
    only_with_room
        Whether only those with room above zero get anything ("based on seller capacity"); the task
        stays unassigned (``no_capacity``) if there are none.
    within
        Hours, 0 to 120, within which somebody may become available.

    References
    ----------
    Microsoft, Dynamics 365 Sales, understand-lead-distributions-assignment-rules, "Load balancing"
    and "Assign based on availability".

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana", capacity=2), ao.Rep("bo", capacity=3)], [])
    >>> router = ao.Router(team, policy=ao.policies.MostAvailable())
    >>> [router.assign(ao.Task(f"t{n}")).rep_id for n in range(6)]
    ['bo', 'ana', 'bo', 'ana', 'bo', None]
    """

    source = "Dynamics 365 Sales, Salesforce Omni-Channel"

    def __init__(
        self, *, capacity: str | None = None, only_with_room: bool = False, within: float = 0.0
    ) -> None:
        options = Options(self)
        self.capacity = options.text("capacity", capacity)
        self.only_with_room = options.flag("only_with_room", only_with_room)
        self.within = options.number("within", within, most=FARTHEST)
        options.done()
        self.waits = within * HOUR

    def _room(self, names: Sequence[str], state: State) -> dict[str, float]:
        tag, load, limit = self.capacity, state.load, state.capacity
        if tag is None:
            return {name: limit[name] - load[name] for name in names}
        return {name: tagged_number(state, name, tag, inf) - load[name] for name in names}

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        room = self._room(state.candidates, state)
        names: Sequence[str] = state.candidates
        if self.only_with_room:
            names = [name for name in names if room[name] > 0]
            if not names:
                return Reason.NO_CAPACITY
        last = state.last
        if self.within:
            bucket, names = soonest(names, state)
            if bucket:
                return min(names, key=last.__getitem__)
        return min(names, key=lambda name: (-room[name], last[name]))
