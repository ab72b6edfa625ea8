"""Importance weights in, estimates of a policy's value with intervals out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t

if TYPE_CHECKING:
    from ..columns import Floats, Ints

BLOCKS = 2000

ESTIMATORS = ("ips", "snips", "clipped_ips", "dm", "dr", "sndr", "switch_dr")

CUT = ("clipped_ips", "switch_dr")
"""What weights above ``switch`` make biased, by more than the draws can show."""


@dataclass(frozen=True, eq=False)
class Weighted:
    """What the estimators are made of, (N,) each.

    ``weight`` is the target's probability of what was done by the log's, ``there`` the model's
    value of what was done, ``policy`` that of what the target would do. Weights above ``switch``
    are cut to it, or left to the model.
    """

    outcome: Floats
    weight: Floats
    there: Floats
    policy: Floats
    switch: float

    @property
    def ess(self) -> float:
        """The effective sample size ``(sum of w)^2 / sum of w^2``.

        Examples
        --------
        >>> one = np.ones(4)
        >>> Weighted(one, one, one, one, 10.0).ess
        4.0
        """
        square = float(self.weight @ self.weight)
        return float(self.weight.sum()) ** 2 / square if square > 0 else 0.0

    def parts(self) -> Floats:
        """(N, K) what each row adds to the sums that every estimator is a function of."""
        w, y, left = self.weight, self.outcome, self.outcome - self.there
        near = w <= self.switch
        columns = [
            np.ones_like(y),
            w,
            w * y,
            np.minimum(w, self.switch) * y,
            self.policy,
            w * left,
            np.where(near, w, 0.0) * left,
        ]
        return np.column_stack(columns).astype(np.float64)


def values(sums: Floats) -> Floats:
    """(..., E) of every estimator, in the order of :data:`ESTIMATORS`, from (..., K) sums.

    Examples
    --------
    >>> two = np.array([0.0, 1.0])
    >>> rows = Weighted(two, np.ones(2), np.full(2, 0.5), np.full(2, 0.5), 10.0)
    >>> values(rows.parts().sum(axis=0)).tolist()  # the target is the log's own policy
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    """
    rows, w, wy, clipped, policy, left, near = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        every = [
            wy / rows,
            wy / w,
            clipped / rows,
            policy / rows,
            (policy + left) / rows,
            policy / rows + left / w,
            (policy + near) / rows,
        ]
    return np.stack(every, axis=-1)


def clustered(amount: Floats, batch: Ints) -> tuple[float, float]:
    """Give the mean of (N,) amounts, and its standard error where whole batches were drawn.

    Examples
    --------
    >>> clustered(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1]))
    (0.5, 0.5)
    """
    code = np.unique(batch, return_inverse=True)[1]
    mean, rows, many = float(amount.mean()), len(amount), int(code.max()) + 1
    apart = np.bincount(code, amount - mean, many)
    return mean, float(np.sqrt(apart @ apart * many / max(many - 1, 1))) / rows


def reach(batches: int, level: float = 0.95) -> float:
    """Give how many standard errors an interval goes to each side, by Student's t.

    Examples
    --------
    >>> round(reach(4), 2), round(reach(2000), 2)
    (3.18, 1.96)
    """
    return float(t.isf((1 - level) / 2, max(batches - 1, 1)))


def intervals(told: Floats, drawn: Floats, batches: int) -> Floats:
    """(E, 3) sd and 95 % interval, from (E,) values and (draws, E) of resampled batches.

    The draws of B batches scatter by ``sqrt((B - 1) / B)`` too little, and the quantiles of few
    draws cannot lie outside of them, so it is the value and so many sds as t has.
    """
    sd = np.nanstd(drawn, axis=0) * np.sqrt(batches / (batches - 1))
    low, high = told - reach(batches) * sd, told + reach(batches) * sd
    ends = np.maximum(low, np.minimum(told, 0.0)), np.minimum(high, np.maximum(told, 1.0))
    return np.column_stack([sd, *ends])


def resampled(parts: Floats, batch: Ints, draws: int, seed: int) -> Floats:
    """(draws, E) estimates with whole batches drawn with replacement.

    More than :data:`BLOCKS` batches are put together at random first, which changes no variance.
    """
    code = np.unique(batch, return_inverse=True)[1]
    many = int(code.max()) + 1
    rng = np.random.default_rng(seed)
    if many > BLOCKS:
        code, many = (rng.permutation(many) % BLOCKS)[code], BLOCKS
    sums = np.column_stack([np.bincount(code, column, many) for column in parts.T])
    out = np.empty((draws, len(ESTIMATORS)))
    for first in range(0, draws, 50):
        some = min(50, draws - first)
        picked = rng.multinomial(many, np.full(many, 1.0 / many), some)
        out[first : first + some] = values(picked.astype(np.float64) @ sums)
    return out
