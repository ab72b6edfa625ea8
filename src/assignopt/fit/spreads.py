"""How much reps, types and cells differ: counts in, rates averaged over the spreads out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from .crossed import Cells, Mode, Spreads, mix_variance, mode, moments
from .learned import Learned, Spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..columns import Floats

NONE = 0.5
"""Prior probability that a spread is exactly zero: that reps do not differ, or not by type."""

SCALE = 0.5
"""Of the half-normal prior of a spread that is not zero, in logits (12 points of 100 at 50 %)."""

TYPE_SCALE = 1.0
WIDEST = 3.0
DROP = 5.0
"""Spreads whose log posterior is this far below the best are left out."""

POINTS = 6
FAR = 12.0
LEAST = 1e-3


def learn(trials: Floats, successes: Floats) -> Learned:
    """Estimate every cell of two (R, J) tables, averaging over what the spreads may be.

    A single best value of a spread is no good near zero: by chance it is above zero in half of all
    histories in which reps do not differ, and an optimiser finds the difference. So the spreads of
    reps and of cells are averaged over their posterior, with an even chance beforehand that each
    is zero; only the spread of the types is set to its best value.
    """
    search = Search(Cells.of(trials, successes))
    best = search.best()
    of_rep, of_cell = search.points(best, "rep"), search.points(best, "cell")
    modes, logs = [], []
    for rep in of_rep:
        for cell in of_cell:
            if rep.drop + cell.drop <= FAR:
                modes.append(search.at(Spreads(rep.spread, best.type, cell.spread)))
                logs.append(modes[-1].log_evidence + rep.log_prior + cell.log_prior)
    weight = np.exp(np.array(logs) - max(logs))
    return _averaged(modes, weight / weight.sum(), trials, successes)


def learn_types(trials: Floats, successes: Floats) -> Floats:
    """(J,) rates of types alone, reps taken to be the same."""
    search = Search(Cells.of(trials.sum(axis=0)[None], successes.sum(axis=0)[None]))
    found = search.along(Spreads(0.0, 0.3, 0.0), "type")
    mean, _ = moments(search.at(found), trials.sum(axis=0)[None], successes.sum(axis=0)[None])
    return np.asarray(mean[0], np.float64)


class Search:
    """Log posteriors of spreads, each search for a mode starting where the last one ended."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.last: Mode | None = None

    def at(self, spreads: Spreads) -> Mode:
        """Find the mode at these spreads."""
        self.last = mode(self.cells, spreads, self.last)
        return self.last

    def log_posterior(self, spreads: Spreads) -> float:
        """Up to a constant, without the chance of being exactly zero."""
        prior = (spreads.rep / SCALE) ** 2 + (spreads.cell / SCALE) ** 2
        prior += (spreads.type / TYPE_SCALE) ** 2
        return self.at(spreads).log_evidence - 0.5 * prior

    def along(self, spreads: Spreads, axis: str) -> Spreads:
        """Set one spread to its best value."""

        def loss(value: float) -> float:
            return -self.log_posterior(spreads._replace(**{axis: value}))

        found = minimize_scalar(
            loss, bounds=(0.0, WIDEST), method="bounded", options={"xatol": 1e-2}
        )
        return spreads._replace(**{axis: float(found.x)})

    def best(self) -> Spreads:
        """Find the best values together, one axis after the other."""
        spreads = Spreads(0.2, 0.3, 0.2)
        for axis in ("type", "rep", "cell"):
            spreads = self.along(spreads, axis)
        return spreads

    def points(self, best: Spreads, axis: str) -> list[_Point]:
        """Give the values of a spread that matter: zero, and the middles of equal steps."""
        peak, top = float(getattr(best, axis)), self.log_posterior(best)

        def drop(value: float) -> float:
            return max(top - self.log_posterior(best._replace(**{axis: value})), 1e-9)

        at_zero = drop(0.0)
        low = 0.0 if at_zero <= DROP else _crossing(drop, peak, 0.0, at_zero)
        high = max(2 * peak - low, peak + 0.1)
        while (at_high := drop(high)) < DROP and high < WIDEST:
            high = min(peak + 1.6 * (high - peak), WIDEST)
        if at_high > DROP:
            high = _crossing(drop, peak, high, at_high)
        width = (high - low) / POINTS
        points = [_Point(0.0, float(np.log(NONE)), at_zero)]
        for middle in (low + width * (np.arange(POINTS) + 0.5)).tolist():
            density = np.log(np.sqrt(2 / np.pi) / SCALE * width) - 0.5 * (middle / SCALE) ** 2
            side = high if middle > peak else low
            near = ((middle - peak) / (side - peak)) ** 2 * DROP if side != peak else 0.0
            points.append(_Point(middle, float(np.log1p(-NONE) + density), near))
        return points


class _Point(NamedTuple):
    """A spread, the log of its prior weight, and about how far its log posterior is below."""

    spread: float
    log_prior: float
    drop: float


def _crossing(drop: Callable[[float], float], peak: float, far: float, at_far: float) -> float:
    """Where the log posterior, a parabola nearly, falls by as much as counts."""
    for _ in range(2):
        far = peak + (far - peak) * float(np.sqrt(DROP / at_far))
        at_far = drop(far)
    return peak + (far - peak) * float(np.sqrt(DROP / at_far))


def _averaged(modes: list[Mode], weight: Floats, trials: Floats, successes: Floats) -> Learned:
    shape = trials.shape
    mix = trials.sum(axis=0) / trials.sum()
    first, second = np.zeros(shape), np.zeros(shape)
    rate, rate_second = np.zeros(shape[0]), np.zeros(shape[0])
    kept = np.where(weight >= LEAST, weight, 0.0)
    kept /= kept.sum()
    for at, part in zip(modes, kept.tolist(), strict=True):
        if part == 0:
            continue
        mean, variance = moments(at, trials, successes)
        first += part * mean
        second += part * (variance + mean**2)
        of_rep = mean @ mix
        slopes, own = _slopes(at, mean, trials)
        of_mix = mix_variance(at, slopes * mix, own * mix**2)
        rate += part * of_rep
        rate_second += part * (of_mix + of_rep**2)
    typical = float(successes.sum() / trials.sum())
    spreads = np.array([tuple(at.spreads) for at in modes])
    average, steep = weight @ spreads, max(typical * (1 - typical), 0.01)
    never = [float(weight[spreads[:, axis] == 0].sum()) for axis in (0, 2)]
    none = [never[0], np.nan, never[1]]
    sources = ("reps", "types", "cells")
    told = [
        Spread(source, float(size), float(size * steep), zero, np.nan)
        for source, size, zero in zip(sources, average, none, strict=True)
    ]
    return Learned(
        mean=first,
        variance=np.maximum(second - first**2, 0.0),
        rate=rate,
        rate_variance=np.maximum(rate_second - rate**2, 0.0),
        spreads=tuple(told),
    )


def _slopes(at: Mode, mean: Floats, trials: Floats) -> tuple[Floats, Floats]:
    """Give how a cell's rate follows its logit, and the variance of its own effect as a rate."""
    steep = mean * (1 - mean)
    own = at.spreads.cell**2
    left = 1.0 / (1.0 + own * trials * steep)
    return steep * left, steep**2 * own * left
