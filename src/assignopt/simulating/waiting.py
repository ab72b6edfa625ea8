"""Tasks that nobody took: they wait in order, and are found again when something may open."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from heapq import heappop, heappush
from math import inf, isfinite
from typing import TYPE_CHECKING

from ..periods import DAY
from ..rules import MaxTasks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ..dispatching import Desk
    from ..records import Task

DAYS = {"day": 1, "week": 7, "month": 31}
"""Most days of a period: after so many in which nothing else happens its cap has begun anew."""


class Waiting:
    """The queue of a run.

    Each rep has a list of the tasks that wait and that they could ever take, so that a rep who is
    freed does not look at the whole queue.

    Parameters
    ----------
    desk
        Who could take what, and how full everybody is.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.queue: dict[int, None] = {}
        self._effort: dict[str, dict[int, float]] = {}

    def __len__(self) -> int:
        return len(self.queue)

    def add(self, i: int, task: Task) -> None:
        """Let task number ``i`` wait."""
        self.queue[i] = None
        for name, (_, effort, _) in self._desk.pairs(task).items():
            self._effort.setdefault(name, {})[i] = effort

    def remove(self, i: int) -> None:
        """Take a task out of the queue."""
        del self.queue[i]

    def renew(self, tasks: Sequence[Task]) -> None:
        """Look anew at who could take what; ``tasks`` are those that wait."""
        self._effort = {}
        for i, task in zip(list(self.queue), tasks, strict=True):
            self.add(i, task)

    def is_full(self, name: str) -> bool:
        """Tell whether a rep takes nothing more now, whatever it is."""
        state = self._desk.state
        return not state.available[name] or state.open[name] >= state.most[name]

    def of(self, name: str) -> Iterator[int]:
        """Go through the tasks that wait for a rep and fit in, in the order in which they came."""
        mine, room = self._effort.get(name), self._desk.state.room
        if mine is None:
            return
        for i in sorted(mine):
            if i not in self.queue:
                del mine[i]
                continue
            left = room(name)
            if not isfinite(left) or mine[i] <= left + 1e-9 * (1 + abs(left)) or not mine[i]:
                yield i


class Openings:
    """When something may open for tasks that wait, though nobody is freed and nothing is changed.

    That is when a calendar opens, when a cap per period begins anew, and when the policy says so.

    Parameters
    ----------
    desk
        Whose calendars, and what the time is.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        caps = [rule.per for rule in desk.problem.rules if isinstance(rule, MaxTasks)]
        self._patience = max((DAYS[per] * DAY for per in caps if per is not None), default=0)
        self._asks: list[tuple[float, int]] = []
        self.stirred = -inf
        self.renew()

    def renew(self) -> None:
        """Look at the calendars anew."""
        self._calendar = self._desk.openings()

    def stir(self) -> None:
        """Take note that something has happened: caps are worth waiting for once more."""
        self.stirred = self._desk.state.now

    def ask(self, when: float, i: int) -> None:
        """Let task number ``i`` be offered again at a time, if that is to come."""
        if self._desk.state.now < when < inf:
            heappush(self._asks, (when, i))

    def upcoming(self, queue: Collection[int]) -> float:
        """Tell when the next of them is, for those who wait in a queue."""
        while self._asks and self._asks[0][1] not in queue:
            heappop(self._asks)
        now = self._desk.state.now
        found = [self._asks[0][0]] if self._asks else []
        at = bisect_right(self._calendar, now, key=lambda one: one[0])
        found += [self._calendar[at][0]] if at < len(self._calendar) else []
        border = (now // DAY + 1) * DAY
        found += [border] if border <= self.stirred + self._patience else []
        return min(found, default=inf)

    def open(self, queue: Collection[int]) -> tuple[list[str], list[int]]:
        """Give for whom, and for which tasks, something may have opened now."""
        now, asked = self._desk.state.now, dict[int, None]()
        while self._asks and self._asks[0][0] <= now:
            asked[heappop(self._asks)[1]] = None
        begin = bisect_left(self._calendar, now, key=lambda one: one[0])
        end = bisect_right(self._calendar, now, key=lambda one: one[0])
        here = [name for _, name in self._calendar[begin:end]]
        if here:
            self.stir()
        names = list(self._desk.state.reps) if self._patience and now % DAY == 0 else here
        return names, [i for i in asked if i in queue]
