"""Times of tasks: which overlap, and which share a moment. The end itself is free again."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .columns import Floats, Ints


def any_overlap(start: Floats, end: Floats) -> bool:
    """Tell whether two of the intervals overlap; NaN stands for no time.

    Examples
    --------
    >>> any_overlap(np.array([0.0, 2.0]), np.array([2.0, 3.0]))
    False
    """
    timed = ~np.isnan(start)
    order = np.argsort(start[timed], kind="stable")
    begins, ends = start[timed][order], end[timed][order]
    return bool((begins[1:] < np.maximum.accumulate(ends)[:-1]).any()) if len(ends) > 1 else False


def maximal_cliques(start: Floats, end: Floats) -> list[Ints]:
    """List the maximal sets of intervals that share a moment.

    Examples
    --------
    >>> cliques = maximal_cliques(np.array([0.0, 1.0, 2.0]), np.array([2.0, 3.0, 4.0]))
    >>> [clique.tolist() for clique in cliques]
    [[0, 1], [1, 2]]
    """
    cliques: list[Ints] = []
    running: set[int] = set()
    grew = False
    events = [(t, 1, i) for i, t in enumerate(start.tolist())]
    events += [(t, 0, i) for i, t in enumerate(end.tolist())]
    for _, begins, i in sorted(events):
        if begins:
            running.add(i)
            grew = True
            continue
        if grew and len(running) > 1:
            cliques.append(np.array(sorted(running), np.int64))
        grew = False
        running.discard(i)
    return cliques


class Busy:
    """The times at which each rep is taken, none overlapping another."""

    def __init__(self) -> None:
        self._times: dict[int, list[tuple[float, float, int]]] = {}

    def add(self, rep: int, start: float, end: float, task: int) -> None:
        """Take a time."""
        insort(self._times.setdefault(rep, []), (start, end, task))

    def meets(self, rep: int, start: float, end: float) -> int | None:
        """Give a task of the rep that overlaps this time, None if there is none."""
        times = self._times.get(rep)
        if not times:
            return None
        at = bisect_left(times, (end,))
        if at and times[at - 1][1] > start:
            return times[at - 1][2]
        return None
