"""Beta-binomial empirical Bayes, type by type: counts per cell in, shrunk rates out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, expit, logit

from .learned import Learned, Spread

if TYPE_CHECKING:
    from ..columns import Floats

STRONGEST = 1e6
"""A strength from here on says that reps do not differ."""

FEWEST = 3
"""Reps seen on a type; with fewer the strength of all types together is taken."""


def learn(trials: Floats, successes: Floats) -> Learned:
    """Shrink every cell of two (R, J) tables to the mean of its type.

    The rate of a rep on a type is taken to be beta distributed with mean m and strength s, both
    set to their most likely values for the type; the estimate is ``(k + m s) / (n + s)``.
    """
    shape = trials.shape
    mean, variance = np.zeros(shape), np.zeros(shape)
    general = _fit(trials.ravel(), successes.ravel())
    spreads = []
    for kind in range(shape[1]):
        n, k = trials[:, kind], successes[:, kind]
        m, s = general
        if (n > 0).sum() >= FEWEST:
            m, s = _fit(n, k)
        elif n.sum() > 0:
            m = float((k.sum() + m) / (n.sum() + 1.0))
        mean[:, kind] = (k + m * s) / (n + s)
        variance[:, kind] = mean[:, kind] * (1 - mean[:, kind]) / (n + s + 1)
        spread = float(np.sqrt(m * (1 - m) / (s + 1)))
        spreads.append(Spread(str(kind), np.nan, spread, np.nan, s))
    mix = trials.sum(axis=0) / trials.sum()
    return Learned(mean, variance, mean @ mix, variance @ mix**2, tuple(spreads))


def _fit(trials: Floats, successes: Floats) -> tuple[float, float]:
    """Maximise the sum of ``ln B(k + a, n - k + b) - ln B(a, b)`` over mean and strength."""
    order = np.lexsort((successes, trials))  # so that the order of reps changes no digit
    order = order[trials[order] > 0]
    n, k = trials[order], successes[order]

    def loss(point: Floats) -> float:
        mean, strength = expit(point[0]), np.exp(point[1])
        a, b = mean * strength, (1 - mean) * strength
        return -float((betaln(k + a, n - k + b) - betaln(a, b)).sum())

    start = float(logit((k.sum() + 0.5) / (n.sum() + 1.0)))
    bounds = [(-12.0, 12.0), (-4.0, np.log(STRONGEST))]
    options = {"xatol": 1e-4, "fatol": 1e-9}
    tried = [
        minimize(loss, (start, np.log(first)), method="Nelder-Mead", bounds=bounds, options=options)
        for first in (5.0, 200.0)
    ]
    best = min(tried, key=lambda found: float(found.fun))
    return float(expit(best.x[0])), float(np.exp(best.x[1]))
