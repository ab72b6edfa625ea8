"""What each further task costs a rep, where the cost is convex: squares, orders, products.

Pairs cost nothing here, so a plan is best exactly if no task can move along a chain of eligible
reps from a dearer last step to a cheaper next one. Only the order of the steps matters for that
(the greedy theorem of matroids), which turns orders and products into small whole numbers: the
*rank* of each step among all of them. One flow then settles every level of a leximax at once, with
unequal entitlements too.

References
----------
Harvey, N. et al. (2006), "Semi-matchings for bipartite graphs and load balancing", J. Algorithms
59, and Frank, A. and Murota, K. (2022), "Decreasing minimization on M-convex sets", Math.
Programming 195, for equal entitlements; Edmonds, J. (1971), "Matroids and the greedy algorithm",
for why the order is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..scaling import NO_LIMIT, same_in_groups

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Ints
    from ..goals import Goal
    from ..shares import FairPart
    from .faces import Face

LOG_DIGITS = 12
"""Digits by which steps of logarithms are told apart."""


def unit_of(values: Ints, arrays: Arrays) -> Ints:
    """(R,) the one value that all pairs of a rep have; 0 without pairs."""
    unit = np.zeros(arrays.reps, np.int64)
    unit[arrays.pair_rep] = values
    return unit


def steps_of(goal: Goal, face: Face) -> list[Ints] | None:
    """List, for each rep, what each further task above its least count costs."""
    if not goal.fair:
        return None
    m, part = goal.fair[0]
    unit = unit_of(part.coef, goal.arrays)
    if part.tier.notion != "l2":
        return ranked_steps(part, unit, face)
    return [-m * step for step in squared_steps(part, unit, face)]


def squared_steps(part: FairPart, unit: Ints, face: Face) -> list[Ints]:
    """List, for each rep, by how much each further task raises the sum of squares."""
    assert part.factor is not None
    steps = []
    for r in range(len(unit)):
        count = np.arange(face.low[r], face.high[r] + 1)
        steps.append(np.diff(part.factor[r] * (part.offset[r] + unit[r] * count) ** 2))
    return steps


def ranked_steps(part: FairPart, unit: Ints, face: Face) -> list[Ints]:
    """List, for each rep, the rank of each further task among all steps of all reps.

    For ``leximax`` (and ``gini``) a step from share x to y costs as ``B**y - B**x`` with a huge
    ``B``: by y, then the larger x the cheaper. For ``leximin`` it gains as ``B**-x - B**-y``: by x,
    then the larger y the better. For ``nash`` it gains ``w ln(y / x)``, infinitely much from 0.
    """
    size = np.maximum(face.high - face.low, 0)
    rep = np.repeat(np.arange(len(size)), size)
    place = np.arange(len(rep)) - np.repeat(np.cumsum(size) - size, size)
    before = part.offset[rep] + unit[rep] * (face.low[rep] + place)
    after = before + unit[rep]
    counts = part.who[rep] & (unit[rep] > 0)
    match part.tier.notion:
        case "leximin":
            keys = (-after, before)
        case "nash":
            weight = part.weight[rep]
            known = np.where(before > 0, before, part.scale * np.where(counts, weight, 1.0))
            grown = np.log(np.where(counts, after, 1) / np.where(counts, known, 1))
            keys = (-np.round(weight * grown, LOG_DIGITS), before > 0)
        case _:
            keys = (-before, after)
    cost = np.zeros(len(rep), np.int64)
    cost[counts] = _dense_rank([key[counts] for key in keys]) + 1
    if part.tier.notion in ("leximin", "nash"):
        cost[counts] -= cost.max(initial=0) + 1
    return np.split(cost, np.cumsum(size)[:-1])


def _dense_rank(keys: list[Ints]) -> Ints:
    """Rank rows by the last key, then the one before; equal rows have one rank."""
    order = np.lexsort(keys)
    new = np.zeros(len(order), bool)
    for key in keys:
        new[1:] |= key[order][1:] != key[order][:-1]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.cumsum(new)
    return rank


def least_cost(goal: Goal, face: Face) -> int:
    """Add up what the reps' least counts cost, which no flow can change."""
    if not goal.fair or goal.fair[0][1].tier.notion != "l2":
        return 0
    m, part = goal.fair[0]
    assert part.factor is not None
    share = part.offset + unit_of(part.coef, goal.arrays) * face.low
    return -m * int((part.factor * share**2).sum())


def room_under(part: FairPart, unit: Ints, level: int) -> Ints:
    """(R,) how many tasks fit under a share of ``level``."""
    room = np.floor_divide(level - part.offset, np.maximum(unit, 1))
    bounded = part.who & (unit > 0)
    return np.where(bounded, np.maximum(room, 0), NO_LIMIT)


def needed_for(part: FairPart, unit: Ints, level: int) -> Ints:
    """(R,) how many tasks lift a share to ``level``."""
    needed = -np.floor_divide(part.offset - level, np.maximum(unit, 1))
    return np.where(part.who & (unit > 0), np.maximum(needed, 0), 0)


def is_symmetric(part: FairPart, arrays: Arrays) -> bool:
    """Whether a task adds the same to every rep who may take one, all of equal entitlement."""
    able = part.who & (np.bincount(arrays.pair_rep, minlength=arrays.reps) > 0)
    unit, weight = unit_of(part.coef, arrays)[able], part.weight[part.who]
    return bool((unit == unit[:1]).all() and (weight == weight[:1]).all())


def has_units(part: FairPart, arrays: Arrays) -> bool:
    """Whether all tasks add the same to a rep."""
    return bool(same_in_groups(part.coef, arrays.pair_rep, arrays.reps).all())
