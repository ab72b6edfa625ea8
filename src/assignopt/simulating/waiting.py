"""Tasks that nobody took: they wait in order, and are found again by the rep who is freed."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..dispatching import Desk
    from ..records import Task


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
        most = state.reps[name].max_tasks
        return not state.available[name] or (most is not None and state.open[name] >= most)

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
