"""Faces of a flow: the plans still allowed, their networks, and prices that prove an optimum.

What earlier tiers have settled is kept as an *optimal face*: the pairs, the mandatory tasks and the
bounds on counts that every optimal plan shares. Every bound is computed here from prices, in
integers, so that it holds whatever the flow library did.

References
----------
Ahuja, Magnanti and Orlin (1993), *Network Flows*, ch. 9 (optimality by reduced costs) and ch. 14
(convex costs as parallel arcs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..scaling import NO_LIMIT
from .networks import Network

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from .running import Run

NEVER_FULL = 2
"""Room of a pair in a matching: more than its task, so that no cut ever runs through a pair."""


@dataclass(eq=False)
class Face:
    """The plans still allowed: pairs, mandatory tasks, bounds on each rep's count."""

    pairs: Ints
    must: Bools
    low: Ints
    high: Ints


def start_face(arrays: Arrays) -> Face:
    """Give the face of all plans that keep the rules."""
    low, high = count_bounds(arrays)
    degree = np.bincount(arrays.pair_rep, minlength=arrays.reps)
    high = np.minimum(high, degree)
    return face_of(arrays, np.arange(arrays.pairs), arrays.mandatory.copy(), low, high)


def face_of(arrays: Arrays, pairs: Ints, must: Bools, low: Ints, high: Ints) -> Face:
    """Make a face without the pairs of reps who can take nothing."""
    closed = high <= 0
    if closed.any():
        pairs = pairs[~closed[arrays.pair_rep[pairs]]]
    return Face(pairs, must, low, high)


def count_bounds(arrays: Arrays) -> tuple[Ints, Ints]:
    """Turn bounds on loads into bounds on counts: exact for equal efforts, else a relaxation."""
    low, high = (bound.copy() for bound in arrays.count_bounds)
    least, most = arrays.load_bounds
    if (most < NO_LIMIT).any() or (least > 0).any():
        down, up = np.full(arrays.reps, NO_LIMIT), np.zeros(arrays.reps, np.int64)
        np.minimum.at(down, arrays.pair_rep, arrays.rounded.down)
        np.maximum.at(up, arrays.pair_rep, arrays.rounded.up)
        some = (most < NO_LIMIT) & (down > 0)
        high = np.where(some, np.minimum(high, most // np.maximum(down, 1)), high)
        never = np.bincount(arrays.pair_rep, minlength=arrays.reps) + 1
        wanted = np.where(up > 0, -(-least // np.maximum(up, 1)), never)
        low = np.where(least > 0, np.maximum(low, wanted), low)
    return low, high


# -- networks ----------------------------------------------------------------------------------


def min_cost_network(
    arrays: Arrays, face: Face, gain: Ints, steps: list[Ints] | None
) -> Network | None:
    """Write the face as a network, its pairs first; None where a mandatory task has no pair."""
    seat = arrays.pair_seat[face.pairs]
    present = seat[seat_starts(seat)]
    if face.must.sum() > face.must[present].sum():
        return None
    node = np.full(arrays.seats, -1, np.int32)
    node[present] = np.arange(len(present), dtype=np.int32)
    first_rep, sink = len(present), len(present) + arrays.reps
    free = node[present[~face.must[present]]]
    tail, room, cost = _rep_arcs(face, steps)
    supply = np.concatenate([np.ones(len(present), np.int64), -face.low, [0]])
    supply[-1] = -supply.sum()
    return Network(
        _joined(node[seat], free, first_rep + tail),
        _joined(first_rep + arrays.pair_rep[face.pairs], np.full(len(free) + len(tail), sink)),
        np.concatenate([np.ones(len(seat) + len(free), np.int64), room]),
        np.concatenate([-gain, np.zeros(len(free), np.int64), cost]),
        supply,
    )


def _joined(*parts: Ints) -> Ints:
    """Join nodes of arcs, as the library wants them."""
    return np.concatenate([part.astype(np.int32) for part in parts])


def _rep_arcs(face: Face, steps: list[Ints] | None) -> tuple[Ints, Ints, Ints]:
    """List the arcs from reps to the sink: one each, or one for each step of a convex cost."""
    reps = np.arange(len(face.low))
    if steps is None:
        return reps, face.high - face.low, np.zeros(len(reps), np.int64)
    sizes = np.array([len(s) for s in steps], np.int64)
    cost = np.concatenate([*steps, np.zeros(0, np.int64)])
    return np.repeat(reps, sizes), np.ones(len(cost), np.int64), cost


def match_network(arrays: Arrays, face: Face, must: Bools, high: Ints) -> tuple[Network, Ints]:
    """Send every mandatory task to a rep with room; the second part lists the pairs' places."""
    seat, rep = arrays.pair_seat[face.pairs], arrays.pair_rep[face.pairs]
    wanted, mine = np.flatnonzero(must), np.flatnonzero(must[seat])
    first_rep, reps = arrays.seats, np.arange(arrays.reps)
    source, sink = arrays.seats + arrays.reps, arrays.seats + arrays.reps + 1
    pairs, single = np.full(len(mine), NEVER_FULL), np.ones(len(wanted), np.int64)
    network = Network(
        _joined(seat[mine], np.full(len(wanted), source), first_rep + reps),
        _joined(first_rep + rep[mine], wanted, np.full(len(reps), sink)),
        np.concatenate([pairs, single, np.minimum(high, len(wanted))]),
        None,
        np.array([source, sink]),
    )
    return network, mine


def needs_network(arrays: Arrays, face: Face, low: Ints) -> tuple[Network, Ints]:
    """Send each rep as many tasks as it needs; the second part lists the pairs' places."""
    seat, rep = arrays.pair_seat[face.pairs], arrays.pair_rep[face.pairs]
    first_rep, reps = arrays.seats, np.arange(arrays.reps)
    source, sink = arrays.seats + arrays.reps, arrays.seats + arrays.reps + 1
    tasks = np.arange(arrays.seats)
    network = Network(
        _joined(first_rep + rep, np.full(len(reps), source), tasks),
        _joined(seat, first_rep + reps, np.full(len(tasks), sink)),
        np.concatenate([np.full(len(seat), NEVER_FULL), low, np.ones(len(tasks), np.int64)]),
        None,
        np.array([source, sink]),
    )
    return network, np.arange(len(seat))


# -- prices ------------------------------------------------------------------------------------


def prices(
    arrays: Arrays,
    face: Face,
    gain: Ints,
    steps: list[Ints] | None,
    used: Ints,
    run: Run,
    held: Ints | None = None,
) -> Ints | None:
    """Find (R,) prices of the reps' slots that prove a flow optimal, by shortest paths.

    Relaxes ``price_r <= gain_tr - best_t`` over the tasks ``t`` that ``r`` holds, ``best_t`` being
    the best surplus ``max_b gain_tb - price_b`` the task has elsewhere (0 if it may stay
    unassigned), until nothing changes. ``held`` is what each rep holds in all, where that is not
    one unit for each pair used.

    Returns
    -------
    numpy.ndarray or None
        None when there are no such prices: the flow was not optimal.
    """
    if not arrays.reps or not len(face.pairs):
        return np.zeros(arrays.reps, np.int64)
    seat, rep = arrays.pair_seat[face.pairs], arrays.pair_rep[face.pairs]
    begin = seat_starts(seat)
    optional = ~face.must[seat[begin]]
    row = np.searchsorted(begin, used, side="right") - 1
    held_gain, held_rep = gain[used], rep[used]
    taken = np.zeros(len(begin), bool)
    taken[row] = True
    count = np.bincount(held_rep, minlength=arrays.reps) if held is None else held
    above, below = _slopes(face, steps, count)
    price = np.zeros(arrays.reps, np.int64)
    outside = 0
    order = np.argsort(held_rep, kind="stable")
    owners, starts = np.unique(held_rep[order], return_index=True)
    for _ in range(arrays.reps + 2):
        if run.is_over:
            return None
        best = np.maximum.reduceat(gain - price[rep], begin)
        best[optional] = np.maximum(best[optional], -outside)
        new = np.minimum(price, np.where(above < NO_LIMIT, outside + above, price))
        if len(used):
            cap = np.minimum.reduceat((held_gain - best[row])[order], starts)
            new[owners] = np.minimum(new[owners], cap)
        floor = np.where(below > -NO_LIMIT, new - below, outside).min(initial=outside)
        idle = best[optional & ~taken]
        new_outside = min(outside, int(floor), int((-idle).min(initial=outside)))
        if new_outside == outside and np.array_equal(new, price):
            return price - outside
        price, outside = new, new_outside
    return None


def _slopes(face: Face, steps: list[Ints] | None, count: Ints) -> tuple[Ints, Ints]:
    """Give each rep the cost of one more task, and of its last one."""
    more, fewer = count < face.high, count > face.low
    if steps is None:
        zero = np.zeros(len(count), np.int64)
        return np.where(more, zero, NO_LIMIT), np.where(fewer, zero, -NO_LIMIT)
    at = count - face.low
    above = [s[a] if m else NO_LIMIT for s, a, m in zip(steps, at, more, strict=True)]
    below = [s[a - 1] if f else -NO_LIMIT for s, a, f in zip(steps, at, fewer, strict=True)]
    return np.array(above, np.int64), np.array(below, np.int64)


def seat_starts(seat: Ints) -> Ints:
    """Find where each seat begins among sorted seats."""
    return np.flatnonzero(np.diff(seat, prepend=-1))


def bound_and_face(
    arrays: Arrays, face: Face, gain: Ints, steps: list[Ints] | None, price: Ints
) -> tuple[int, Face]:
    """Compute the dual bound that any prices give, and the face of plans that attain it.

    ``sum_t max_r (gain_tr - price_r) + sum_r max_n (price_r n - cost_r(n))``.
    """
    seat, rep = arrays.pair_seat[face.pairs], arrays.pair_rep[face.pairs]
    surplus = gain - price[rep]
    begin = seat_starts(seat)
    tasks = seat[begin]
    best = np.maximum.reduceat(surplus, begin) if len(seat) else surplus
    best = np.where(face.must[tasks], best, np.maximum(best, 0))
    if steps is None:
        low = np.where(price > 0, face.high, face.low)
        high = np.where(price < 0, face.low, face.high)
        rent = int((price * low).sum())
    else:
        low = face.low + [int((s < p).sum()) for s, p in zip(steps, price, strict=True)]
        high = face.low + [int((s <= p).sum()) for s, p in zip(steps, price, strict=True)]
        paid = [int(np.maximum(p - s, 0).sum()) for s, p in zip(steps, price, strict=True)]
        rent = sum(paid) + int((price * face.low).sum())
    must = face.must.copy()
    must[tasks[best > 0]] = True
    lengths = np.diff(np.append(begin, len(seat))).astype(np.int64)
    tight = surplus == np.repeat(best, lengths)
    return int(best.sum()) + rent, face_of(arrays, face.pairs[tight], must, low, high)
