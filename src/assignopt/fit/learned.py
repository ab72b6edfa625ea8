"""What an estimator learned: rates of cells and of reps, and how much they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import beta

if TYPE_CHECKING:
    from ..columns import Floats


class Spread(NamedTuple):
    """How much one source of differences amounts to; NaN for what an estimator does not have.

    ``logits`` is the standard deviation on the logit scale, ``rate`` that of the rates, ``none``
    the posterior probability that there is no such difference, ``strength`` how many tasks of a
    rep weigh as much as the average of the others.
    """

    source: str
    logits: float
    rate: float
    none: float
    strength: float


@dataclass(frozen=True, eq=False)
class Learned:
    """Rates (R, J), and rates of reps over the team's mix of types (R,), each with its variance."""

    mean: Floats
    variance: Floats
    rate: Floats
    rate_variance: Floats
    spreads: tuple[Spread, ...]


def interval(mean: Floats, variance: Floats, level: float = 0.9) -> tuple[Floats, Floats]:
    """Give the central interval of the beta distribution with these means and variances.

    Examples
    --------
    >>> low, high = interval(np.array([0.5]), np.array([1 / 12]))  # uniform
    >>> round(float(low[0]), 6), round(float(high[0]), 6)
    (0.05, 0.95)
    """
    spread = np.clip(variance, 1e-14, mean * (1 - mean) * 0.999 + 1e-15)
    strength = np.maximum(mean * (1 - mean) / spread - 1.0, 1e-3)
    a, b = np.maximum(mean * strength, 1e-6), np.maximum((1 - mean) * strength, 1e-6)
    tail = (1 - level) / 2
    low, high = beta.ppf(tail, a, b), beta.ppf(1 - tail, a, b)
    return np.minimum(low, mean), np.maximum(high, mean)
