"""Duals: what may come and what room there is in, a price for each rep's room out; numpy only.

Nothing here knows of streams: :func:`dual_prices` prices any sample of weighted tasks, and
:func:`dual_value` is a bound on what anybody can make of it, whatever the prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .pausing import pause

if TYPE_CHECKING:
    from ..columns import Floats, Ints

COARSE, FINE, STAGES, PASSES = 0.3, 0.015, 7, 16
"""Smoothing at first and at last, in parts of a task's mean value; stages; passes in each."""

BELOW = 1 - 1e-9
"""A hair below 1."""

Bonus = tuple["Ints", "Floats", float]
"""(R,) which of two prices may be negative, (R,) rates, and the budget."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Tasks with weights, and the pairs of each, one task after another.

    Parameters
    ----------
    weight
        (N,) how many tasks of this kind there will be.
    first
        (N,) where the pairs of each begin; every task has one or more.
    rep, value, effort
        (P,) the pairs.
    """

    weight: Floats
    first: Ints
    rep: Ints
    value: Floats
    effort: Floats

    @property
    def row(self) -> Ints:
        """(P,) the task of each pair."""
        counts = np.diff(np.append(self.first, len(self.rep)))
        return np.repeat(np.arange(len(self.first)), counts)


@dataclass(frozen=True, eq=False)
class Room:
    """What each rep can take.

    Parameters
    ----------
    effort, tasks
        (R,) limits of effort and of the number of tasks; infinity without.
    """

    effort: Floats
    tasks: Floats


def dual_value(sample: Sample, room: Room, price: Floats, slot: Floats) -> float:
    r"""Bound the value of the best assignment of a sample from above.

    .. math:: D(\lambda, \kappa) = \sum_t w_t \max(0, \max_r v_{tr} - \lambda_r e_{tr} - \kappa_r)
              + \sum_r \lambda_r C_r + \kappa_r M_r

    for any prices of 0 or more; at the best prices it is the value of the relaxation in which tasks
    may be split. Limits that are infinite have no price.

    Parameters
    ----------
    sample
        The tasks.
    room
        The limits.
    price, slot
        (R,) prices of a unit of effort, and of a task.

    Examples
    --------
    Two tasks, worth 3 and 1, and room for one of them.

    >>> import numpy as np
    >>> one = Sample(np.ones(2), np.array([0, 1]), np.array([0, 0]), np.array([3., 1]), np.ones(2))
    >>> [dual_value(one, Room(np.ones(1), np.full(1, np.inf)), np.array([p]), np.zeros(1))
    ...  for p in (0.0, 2.0, 4.0)]
    [4.0, 3.0, 4.0]
    """
    reduced = sample.value - price[sample.rep] * sample.effort - slot[sample.rep]
    best = np.maximum(np.maximum.reduceat(reduced, sample.first), 0.0) if len(reduced) else 0.0
    limits = np.where(price > 0, room.effort, 0.0), np.where(slot > 0, room.tasks, 0.0)
    return float(np.sum(sample.weight * best) + price @ limits[0] + slot @ limits[1])


def dual_prices(
    sample: Sample,
    room: Room,
    start: tuple[Floats, Floats] | None = None,
    bonus: Bonus | None = None,
) -> tuple[Floats, Floats]:
    r"""Find prices that come close to the least :func:`dual_value`.

    The maximum in the dual is smoothed to ``g log(1 + sum exp(. / g))``, so that every pair has a
    share of its task, and prices move by ``g log(load / room)``, the step that settles one rep by
    itself where its shares are small; with momentum (Nesterov), and ``g`` going down in stages. A
    pass is a few operations on the pairs; between two of them others may run.

    Parameters
    ----------
    sample
        The tasks.
    room
        The limits; whoever has none has price 0, who has no room left keeps the price at start.
    start
        Prices to begin with; the first, coarse stages are left out then.
    bonus
        Which price of each (R,) may be negative, rates (R,) and a budget:
        ``sum rates * max(0, -price) <= budget``, see :func:`project`.

    Returns
    -------
    tuple
        (R,) prices of a unit of effort, and (R,) of a task.
    """
    reps = len(room.effort)
    limit, most = room.effort, room.tasks
    price, slot = start if start is not None else (np.zeros(reps), np.zeros(reps))
    price = np.where(np.isfinite(limit), price, 0.0)
    slot = np.where(np.isfinite(most), slot, 0.0)
    open_ = (limit > 1e-9) & (most > 1e-9)
    if not open_[sample.rep].any() or not (np.isfinite(limit) | np.isfinite(most)).any():
        return price, slot
    shares = _Shares(sample, open_)
    steps = np.geomspace(COARSE, FINE, STAGES)[(3 if start is not None else 0) :]
    now = _allowed(np.stack([price, slot]), bonus)
    caps = np.stack([limit, most])
    bound = np.isfinite(caps) & open_
    half = np.where(bound.all(axis=0), 0.5, 1.0)
    safe = np.where(bound, np.maximum(caps, 1e-9), 1.0)
    for step in steps * shares.scale:
        before, ahead, pace = now, now, 1.0
        for _ in range(PASSES):
            pause()
            loads = shares.loads(ahead, float(step))
            each = np.where(loads[1] > 1e-9, loads[0] / np.maximum(loads[1], 1e-9), shares.mean)
            ratio = np.clip(np.log(np.maximum(loads, 1e-9) / safe), -3.0, 3.0)
            ratio[0] /= np.maximum(each, 1e-9)
            now = np.where(bound, ahead + step * half * ratio, ahead)
            now = _allowed(now, bonus)
            if np.sum((ahead - now) * (now - before)) > 0:
                pace = 1.0  # the momentum points uphill
            after = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
            ahead = _allowed(now + (pace - 1) / after * (now - before), bonus)
            before, pace = now, after
    return _not_above_all(sample, now[0], now[1], open_)


def _not_above_all(
    sample: Sample, price: Floats, slot: Floats, open_: Any
) -> tuple[Floats, Floats]:
    """Lower prices to a hair below what the best task is worth; above, nobody would take anything.

    Smoothing ends above it where only a small part of equal tasks finds room.
    """
    best, most = np.full(len(price), -np.inf), np.full(len(price), -np.inf)
    reduced = sample.value - price[sample.rep] * sample.effort - slot[sample.rep]
    np.maximum.at(best, sample.rep, reduced)
    above = open_ & np.isfinite(best) & (best < 0)
    if not above.any():
        return price, slot
    slot = np.where(above, np.maximum(0.0, (slot + best) * BELOW), slot)
    each = (sample.value - slot[sample.rep]) / np.maximum(sample.effort, 1e-12)
    np.maximum.at(most, sample.rep, each)
    return np.where(above, np.minimum(price, np.maximum(0.0, most) * BELOW), price), slot


def _allowed(prices: Floats, bonus: Bonus | None) -> Floats:
    if bonus is None:
        return np.maximum(prices, 0.0)
    main, rate, budget = bonus
    reps, kept = np.arange(len(main)), np.maximum(prices, 0.0)
    kept[main, reps] = project(prices[main, reps], rate, budget)
    return kept


class _Shares:
    """The smoothed answer of a sample to prices."""

    def __init__(self, sample: Sample, open_: Any) -> None:
        self.sample, self.row, self.reps = sample, sample.row, len(open_)
        self.value = np.where(open_[sample.rep], sample.value, -np.inf)
        best = np.maximum.reduceat(np.where(open_[sample.rep], sample.value, 0.0), sample.first)
        total = max(float(sample.weight.sum()), 1e-12)
        self.scale = max(float(sample.weight @ best) / total, 1e-9)
        self.mean = float(np.mean(sample.effort))

    def loads(self, prices: Floats, smooth: float) -> Floats:
        """(2, R) effort and tasks of each rep."""
        sample, row = self.sample, self.row
        reduced = self.value - prices[0][sample.rep] * sample.effort
        reduced -= prices[1][sample.rep]
        top = np.maximum(np.maximum.reduceat(reduced, sample.first), 0.0)
        reduced -= top[row]
        reduced /= smooth
        np.exp(reduced, out=reduced)
        whole = np.add.reduceat(reduced, sample.first) + np.exp(-top / smooth)
        reduced *= (sample.weight / whole)[row]
        tasks = np.bincount(sample.rep, reduced, self.reps)
        reduced *= sample.effort
        return np.stack([np.bincount(sample.rep, reduced, self.reps), tasks])


def project(price: Floats, rate: Floats, budget: float) -> Floats:
    r"""Bring prices to the nearest ones whose bonuses are within a budget.

    .. math:: \min_q \|q - p\|^2 \quad\text{with}\quad \sum_r \rho_r \max(0, -q_r) \le \lambda

    With bonuses ``u = max(0, -p)`` the answer is ``max(0, u - theta rho)`` for the theta that
    spends the budget, found among the sorted breakpoints ``u / rho`` in O(R log R). Prices above 0
    stay.

    Parameters
    ----------
    price
        (R,) prices; negative ones are bonuses.
    rate
        (R,) room of each for each arrival, above 0.
    budget
        The lambda, 0 or more.

    References
    ----------
    S. Balseiro, H. Lu and V. Mirrokni (2021), "Regularized online allocation problems: fairness and
    beyond", ICML (the max-min regulariser).

    Examples
    --------
    >>> import numpy as np
    >>> project(np.array([-2.0, -1.0, 0.5]), np.ones(3), 2.0)
    array([-1.5, -0.5,  0.5])
    """
    bonus = np.maximum(-price, 0.0)
    if float(rate @ bonus) <= budget:
        return price
    order = np.argsort(-bonus / rate, kind="stable")
    spent, squares = np.cumsum((rate * bonus)[order]), np.cumsum((rate * rate)[order])
    theta = (spent - budget) / squares
    last = int(np.flatnonzero((bonus / rate)[order] > theta)[-1])
    return np.where(bonus > 0, -np.maximum(0.0, bonus - theta[last] * rate), price)
