"""A bound on the value of a stream whose tasks are released: capacity at every moment, priced.

For any prices ``mu[r, k] >= 0`` of a rep's capacity at moments ``k``, no plan is worth more than::

    sum_{r, k} mu[r, k] C_r  +  sum_i max(0, max_r (v_ir - e_ir sum_{k: i held at k} mu[r, k]))

(weak duality), so whatever prices are tried, the least of these numbers is a bound. Its minimum is
that of the linear relaxation in which tasks may be split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..columns import Floats, Ints

MOMENTS, STEPS = 100, 300
"""How many moments have a price, and how often the prices are corrected."""


def capacity_bound(
    able: list[dict[str, tuple[float, float, float]]],
    moments: Floats,
    durations: Floats,
    limits: dict[str, tuple[float, float]],
) -> float:
    """Bound the value of the best plan in which nobody ever holds more than their limits.

    Parameters
    ----------
    able
        (n,) rep id -> (fit, effort, value) of those who may take each task.
    moments
        (n,) when each is given, if it is.
    durations
        (n,) seconds for which it is held; NaN: to the end.
    limits
        Rep id -> most effort and most tasks at one time.

    Examples
    --------
    One rep with room for one task at a time; the first is done before the third comes.

    >>> able = [{"ana": (1.0, 1.0, worth)} for worth in (2.0, 3.0, 5.0)]
    >>> at, busy = np.array([0.0, 5.0, 20.0]), np.array([10.0, 10.0, 10.0])
    >>> round(capacity_bound(able, at, busy, {"ana": (1.0, np.inf)}), 2)
    8.0
    """
    rows = [(i, name, *pair[1:]) for i, row in enumerate(able) for name, pair in row.items()]
    rows = [row for row in rows if row[3] > 0]
    if not rows:
        return 0.0
    names = {name: r for r, name in enumerate(limits)}
    task = np.array([row[0] for row in rows])
    rep = np.array([names[row[1]] for row in rows])
    effort, value = (np.array([row[k] for row in rows], float) for k in (2, 3))
    ticks = np.unique(np.quantile(moments, np.linspace(0, 1, MOMENTS), method="lower"))
    ends = np.where(np.isnan(durations), np.inf, moments + durations)
    low, high = (np.searchsorted(ticks, times, side="left") for times in (moments, ends))
    held = (low[task], high[task])
    best = float(_best(task, value).sum())
    for most, need in _families(limits, effort):
        room = _Room(task, rep, value, need, held, most, len(ticks))
        best = min(best, room.least())
    return best


def _families(
    limits: dict[str, tuple[float, float]], effort: Floats
) -> list[tuple[Floats, Floats]]:
    """List the two kinds of limits with what a pair needs of each; one that binds nobody is out."""
    load, count = (np.array([one[k] for one in limits.values()], float) for k in (0, 1))
    listed = [(load, effort), (count, np.ones(len(effort)))]
    return [(most, need) for most, need in listed if np.isfinite(most).any()]


def _best(task: Ints, gain: Floats) -> Floats:
    """(tasks,) the best gain of each task, pairs being sorted by task; 0 if none is above."""
    first = np.flatnonzero(np.r_[True, np.diff(task) > 0])
    return np.maximum(np.maximum.reduceat(gain, first), 0.0)


class _Room:
    """One kind of limit, with the prices of its room."""

    def __init__(
        self,
        task: Ints,
        rep: Ints,
        value: Floats,
        need: Floats,
        held: tuple[Ints, Ints],
        most: Floats,
        ticks: int,
    ) -> None:
        self.task, self.rep, self.value, self.need, self.held = task, rep, value, need, held
        self.priced = np.isfinite(most)
        self.most = np.where(self.priced, most, 0.0)
        self.ticks = ticks
        self.first = np.flatnonzero(np.r_[True, np.diff(task) > 0])
        self.of = np.cumsum(np.r_[False, np.diff(task) > 0])

    def look(self, price: Floats) -> tuple[float, Any]:
        """Give the bound of some (reps, ticks) prices, and the room that is left at each tick."""
        low, high = self.held
        total = np.concatenate([np.zeros((len(price), 1)), price.cumsum(axis=1)], axis=1)
        gain = self.value - self.need * (total[self.rep, high] - total[self.rep, low])
        best = np.maximum.reduceat(gain, self.first)
        taken = (gain >= best[self.of]) & (gain > 0)
        bound = float(self.most @ price.sum(axis=1) + np.maximum(best, 0.0).sum())
        use = np.zeros((len(price), self.ticks + 1))
        np.add.at(use, (self.rep[taken], low[taken]), self.need[taken])
        np.add.at(use, (self.rep[taken], high[taken]), -self.need[taken])
        return bound, self.most[:, None] - use.cumsum(axis=1)[:, :-1]

    def least(self) -> float:
        """Correct the prices against the room that is left, and keep the least bound met."""
        price = np.zeros((len(self.most), self.ticks))
        best, squares = np.inf, np.zeros_like(price)
        scale = float(self.value.mean()) / max(float(self.need.mean()), 1e-12)
        scale /= max(1.0, float(np.mean(self.held[1] - self.held[0])))
        for _ in range(STEPS):
            bound, left = self.look(price)
            best = min(best, bound)
            squares += left**2
            step = scale * left / np.sqrt(np.maximum(squares, 1e-12))
            price = np.where(self.priced[:, None], np.maximum(0.0, price - step), 0.0)
        return best
