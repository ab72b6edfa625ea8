"""What must stay open because too few people are free at one time: arrays in, a loss out.

Tasks that overlap in time want different reps. Where fewer reps may take such a set than it has
tasks (Hall's condition), the rest stays open. Sets that share no task add up.

References
----------
Hall (1935), "On representatives of subsets"; Kuhn (1955) for the matchings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Bools, Ints

LARGEST = 200_000
"""Pairs of all sets of overlapping tasks together, up to which they are looked at."""


def least_loss(arrays: Arrays, gain: Ints) -> tuple[int, Bools]:
    """Bound from below what sets of overlapping tasks lose of a gain.

    Parameters
    ----------
    arrays
        The compiled problem.
    gain
        (T,) what filling each task's owner seat gains, whoever holds it; 0 where nobody has room.

    Returns
    -------
    loss, crowds
        Of every plan the gain is at most the sum over all tasks that anybody may hold, less this;
        and (S,) the seats among which it is lost: a plan that loses no more fills all others.
    """
    cliques, crowded = arrays.cliques, np.zeros(arrays.seats, bool)
    pairs = np.diff(arrays.first)
    if sum(int(pairs[clique].sum()) for clique in cliques) > LARGEST:
        return 0, crowded
    found = []
    for clique in cliques:
        tasks = [int(t) for t in clique if gain[t] > 0]
        crowd, short = _crowd(arrays, tasks)
        if short:
            found.append((int(np.sort(gain[crowd])[:short].sum()), crowd))
    taken: set[int] = set()
    total = 0
    for loss, crowd in sorted(found, key=lambda one: (-one[0], len(one[1]))):
        if taken.isdisjoint(crowd):
            taken.update(crowd)
            total += loss
    crowded[list(taken)] = True
    return total, crowded


def _crowd(arrays: Arrays, tasks: list[int]) -> tuple[list[int], int]:
    """Match tasks to different reps; give the tasks that crowd too few, and how many are left."""
    may = {}
    for task in tasks:
        pairs = slice(arrays.first[task], arrays.first[task + 1])
        may[task] = arrays.pair_rep[pairs][arrays.fits[pairs]].tolist()
    holder: dict[int, int] = {}
    left = [task for task in tasks if not _placed(task, may, holder)]
    crowd, reached = list(left), set(left)
    for task in crowd:  # grows: whoever holds what these could have is in the crowd, too
        for rep in may[task]:
            other = holder[rep]
            if other not in reached:
                reached.add(other)
                crowd.append(other)
    return crowd, len(left)


def _placed(task: int, may: dict[int, list[int]], holder: dict[int, int]) -> bool:
    """Find a rep for a task, others moving aside; the shortest way, breadth first."""
    came: dict[int, int] = {}  # rep -> the task that would go there
    before: dict[int, int] = {}  # task -> the rep that it would leave
    waiting = [task]
    for one in waiting:  # grows
        for rep in may[one]:
            if rep in came:
                continue
            came[rep] = one
            if rep in holder:
                before[holder[rep]] = rep
                waiting.append(holder[rep])
                continue
            place = rep
            while True:
                mover = came[place]
                holder[place] = mover
                if mover == task:
                    return True
                place = before[mover]
    return False
