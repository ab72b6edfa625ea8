"""Intervals of a mean: a few numbers in, where their mean lies out (BCa bootstrap)."""

from __future__ import annotations

from math import ceil, log2
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import Faults

if TYPE_CHECKING:
    from ..columns import Floats

RESAMPLES = 2000


def interval(
    values: Floats, confidence: float = 0.95, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Give the bias-corrected and accelerated bootstrap interval of the mean.

    The bounds are quantiles of the means of ``resamples`` samples drawn with replacement, at levels
    that are corrected for the bias of the median and for skewness; second-order accurate. All
    values equal: that value twice. Fewer than two values: NaN twice.

    Parameters
    ----------
    values
        (n,) finite numbers.
    confidence
        Share of intervals that are to hold the true mean, above 0 and below 1.
    seed
        Of the resampling: the same values give the same interval.
    resamples
        How many samples.

    References
    ----------
    B. Efron (1987), "Better bootstrap confidence intervals", Journal of the American Statistical
    Association 82(397), 171-185.

    Examples
    --------
    >>> low, high = interval(np.array([0.91, 0.93, 0.92, 0.95, 0.90, 0.94]))
    >>> round(low, 3), round(high, 3)
    (0.912, 0.94)
    """
    _check(confidence, resamples)
    values = np.asarray(values, float)
    n = len(values)
    if n < 2 or not np.isfinite(values).all():
        return np.nan, np.nan
    mean = float(values.mean())
    if np.ptp(values) <= 1e-12 * max(1.0, abs(mean)):
        return mean, mean
    drawn = np.random.default_rng(seed).integers(0, n, (resamples, n))
    means = values[drawn].mean(axis=1)
    normal = NormalDist()
    below = ((means < mean).sum() + (means <= mean).sum()) / (2 * resamples)
    bias = normal.inv_cdf(float(np.clip(below, 0.5 / resamples, 1 - 0.5 / resamples)))
    gone = mean - (values.sum() - values) / (n - 1)  # what each value pulls the mean
    skew = float((gone**3).sum() / (6 * (gone**2).sum() ** 1.5))
    levels = []
    for level in ((1 - confidence) / 2, (1 + confidence) / 2):
        z = bias + normal.inv_cdf(level)
        levels.append(normal.cdf(bias + z / (1 - skew * z)))
    low, high = np.quantile(means, levels)
    return float(low), float(high)


def least_pairs(confidence: float = 0.95) -> int:
    """Give from how many pairs a difference can be told from none at all.

    Where neither is better each pair goes either way; all n go one way with probability
    ``2 / 2^n``, which has to be ``1 - confidence`` at most.

    Examples
    --------
    >>> least_pairs(0.95), least_pairs(0.99)
    (6, 8)
    """
    return ceil(1 - log2(1 - confidence) - 1e-9)


def _check(confidence: Any, resamples: Any) -> None:
    faults = Faults("interval")
    number = isinstance(confidence, int | float | np.number) and not isinstance(confidence, bool)
    if not number or not 0 < confidence < 1:
        message = f"{confidence!r} is out of range; allowed is above 0 and below 1, such as 0.95"
        faults.add(("confidence",), message, confidence)
    whole = isinstance(resamples, int | np.integer) and not isinstance(resamples, bool)
    if not whole or resamples < 1:
        message = f"{resamples!r} is out of range; allowed is a whole number, 1 or more"
        faults.add(("resamples",), message, resamples)
    faults.raise_if_any()
