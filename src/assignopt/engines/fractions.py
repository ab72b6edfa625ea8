"""A sum over pairs with split tasks: its best value, and prices that bound every plan.

Any prices of the reps' units bound a sum over pairs from above (Lagrangian relaxation); the best
prices come from a min-cost flow of split tasks. The bound is added up here, in integers.

References
----------
Fisher, M. (1981), "The Lagrangian relaxation method for solving integer programming problems",
Management Science 27(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..scaling import NO_LIMIT
from .faces import Face, prices
from .networks import Network, run_network

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Floats, Ints
    from .running import Run
    from .splitting import Amounts

PRICE_BITS = 44
"""Bits that a pair's gain, times the scale of prices, may take."""


@dataclass(frozen=True, eq=False)
class Priced:
    """A priced relaxation.

    Parameters
    ----------
    bound
        No plan within the reps' units has a larger sum.
    regret
        (P,) how much less than its seat's best each pair is worth at these prices, at least what a
        plan with this pair is below the bound.
    part
        (P,) the share of its seat that each pair has in the best split, 0..1.
    """

    bound: int
    regret: Floats
    part: Floats


def price_pairs(
    arrays: Arrays, amounts: Amounts, low: Ints, high: Ints, linear: Ints, run: Run
) -> Priced | None:
    """Find the best split for a sum over pairs, and the bound it proves.

    Parameters
    ----------
    arrays
        The compiled problem.
    amounts
        Tasks as amounts.
    low, high
        (R,) units that each rep has at least and at most.
    linear
        (P,) what each pair adds.
    run
        Clock and stop signals.

    Returns
    -------
    Priced or None
        None where there is no split, or no time for one.
    """
    if not arrays.pairs or run.is_over:
        return None
    amount = amounts.amount[arrays.pair_seat]
    pairs = np.flatnonzero((amount > 0) & arrays.fits)
    scale = 2 ** max(0, PRICE_BITS - int(np.abs(linear).max(initial=1)).bit_length() - 13)
    gain = np.rint(scale * (linear[pairs] / amount[pairs])).astype(np.int64)
    flow = run_network(
        _network(arrays, amounts, pairs, low, high, gain),
        lambda work, cancel: run.call(work, cancel=cancel),
    )
    if flow is None or flow.status != "OPTIMAL":
        return None
    mine = flow.used < len(pairs)
    used, sent = flow.used[mine], flow.amount[mine]
    held = np.bincount(arrays.pair_rep[pairs[used]], sent, arrays.reps).astype(np.int64)
    face = Face(pairs, arrays.mandatory, low, high)
    price = prices(arrays, face, gain, None, used, run, held)
    if price is None:
        return None
    part = np.zeros(arrays.pairs)
    part[pairs[used]] = sent / amount[pairs[used]]
    bound, regret = _bounded(arrays, amount, linear, price, low, high, scale)
    return Priced(bound, regret, part)


def _bounded(
    arrays: Arrays, amount: Ints, linear: Ints, price: Ints, low: Ints, high: Ints, scale: int
) -> tuple[int, Floats]:
    """Add up the bound that prices give, and each pair's regret."""
    worth = scale * linear - price[arrays.pair_rep] * amount
    worth = np.where(arrays.fits, worth, -NO_LIMIT)
    filled = np.flatnonzero(np.diff(arrays.first))
    best = np.full(arrays.seats, 0, np.int64)
    best[filled] = np.maximum.reduceat(worth, arrays.first[filled])
    best = np.where(arrays.mandatory, best, np.maximum(best, 0))
    rent = np.where(price > 0, price * high, price * low)
    total = sum(best[filled].tolist()) + sum(rent.tolist())
    return total // scale, (best[arrays.pair_seat] - worth) / scale


def _network(
    arrays: Arrays, amounts: Amounts, pairs: Ints, low: Ints, high: Ints, gain: Ints
) -> Network:
    """Send each seat's units to its reps, and what may stay open past them."""
    seat, rep = arrays.pair_seat[pairs], arrays.pair_rep[pairs]
    present = np.unique(seat)
    node = np.full(arrays.seats, -1, np.int64)
    node[present] = np.arange(len(present))
    first, sink = len(present), len(present) + arrays.reps
    free = present[~arrays.mandatory[present]]
    supply = np.concatenate([amounts.amount[present], -low, [0]])
    supply[-1] = -supply.sum()
    reps = np.arange(arrays.reps)
    return Network(
        np.concatenate([node[seat], node[free], first + reps]).astype(np.int32),
        np.concatenate([first + rep, np.full(len(free) + len(reps), sink)]).astype(np.int32),
        np.concatenate([amounts.amount[seat], amounts.amount[free], high - low]),
        np.concatenate([-gain, np.zeros(len(free) + len(reps), np.int64)]),
        supply,
    )
