"""Importance weights in, estimates of a policy's value with intervals out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..columns import Floats, Ints

BLOCKS = 2000

ESTIMATORS = ("ips", "snips", "clipped_ips", "dm", "dr", "sndr", "switch_dr")


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
