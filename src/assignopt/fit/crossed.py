"""The crossed logit model at given spreads: counts per cell in, mode, likelihood and moments out.

The spreads themselves are weighed in :mod:`.spreads`. statsmodels has the model
(``BinomialBayesMixedGLM``), but takes rows of 0 and 1 where counts per cell do, and gives no
likelihood to weigh spreads by. It is the oracle of the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from ..columns import Floats, Ints

NODES = 5
"""Of the quadrature over a cell's own effect, centred and scaled cell by cell."""

_AT, _WEIGHT = np.polynomial.hermite.hermgauss(NODES)
_LOG_WEIGHT = np.log(_WEIGHT) + _AT**2
_OUTER_AT, _OUTER_WEIGHT = np.polynomial.hermite.hermgauss(5)

LEVEL_SPREAD = 5.0
"""Prior standard deviation of the general level on the logit scale: all but flat."""

STEPS, CLOSE = 60, 1e-6


class Spreads(NamedTuple):
    """Standard deviations on the logit scale: of reps, of types, of single cells."""

    rep: float
    type: float
    cell: float


@dataclass(frozen=True, eq=False)
class Cells:
    """Successes out of trials for the cells that were seen, (C,) each, of R reps and J types."""

    rep: Ints
    type: Ints
    trials: Floats
    successes: Floats
    reps: int
    types: int

    @classmethod
    def of(cls, trials: Floats, successes: Floats) -> Cells:
        """Take the cells with trials out of two (R, J) tables."""
        rep, kind = np.nonzero(trials)
        seen = rep, kind
        return cls(rep, kind, trials[seen], successes[seen], *trials.shape)

    def by_rep(self, amount: Floats) -> Floats:
        """(R,) sums."""
        return np.bincount(self.rep, amount, self.reps).astype(np.float64)

    def by_type(self, amount: Floats) -> Floats:
        """(J,) sums."""
        return np.bincount(self.type, amount, self.types).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Mode:
    """The most likely effects at given spreads, and how sharply they are known.

    ``rep`` (R,) and ``type`` (J,) count in their spreads; ``log_evidence`` is the log of the
    probability of the successes, up to a constant. ``variance`` (R,) and ``lean`` (R, 1 + J) say
    how a rep's effect follows the level and the types, ``covariance`` (1 + J, 1 + J) is of those.
    """

    spreads: Spreads
    level: float
    rep: Floats
    type: Floats
    own: Floats
    log_evidence: float
    variance: Floats
    lean: Floats
    covariance: Floats

    def logits(self) -> Floats:
        """(R, J) without the cells' own effects."""
        level = self.level + self.spreads.rep * self.rep[:, None]
        return np.asarray(level + self.spreads.type * self.type, np.float64)


class _Terms(NamedTuple):
    """Of each cell, as functions of its logit: log-likelihood, its slope, minus its curvature."""

    log: Floats
    slope: Floats
    bend: Floats
    own: Floats


def mode(cells: Cells, spreads: Spreads, start: Mode | None = None) -> Mode:
    """Find the most likely effects by Newton steps on the log posterior, which is concave.

    A cell's own effect is integrated out by quadrature; the effects of reps and types, which many
    trials speak to, by Laplace's approximation. Reps are eliminated before the equations of the
    types are solved, so a step costs O(C + R J^2).
    """
    if start is None:
        mean = (cells.successes.sum() + 0.5) / (cells.trials.sum() + 1.0)
        point = np.concatenate([[np.log(mean / (1 - mean))], np.zeros(cells.reps + cells.types)])
        own = np.zeros(len(cells.rep))
    else:
        point, own = np.concatenate([[start.level], start.rep, start.type]), start.own
    value, terms = _posterior(cells, spreads, point, own)
    for _ in range(STEPS):
        step, slope, (variance, lean, schur) = _newton(cells, spreads, point, terms)
        if float(slope @ step) < CLOSE:
            break
        size = 1.0
        while True:
            tried = point + size * step
            now, found = _posterior(cells, spreads, tried, terms.own)
            if now >= value - 1e-8 * (1 + abs(value)) or size < 1e-3:
                break
            size /= 2
        point, value, terms = tried, now, found
    _, determinant = np.linalg.slogdet(schur)
    evidence = value - 0.5 * (float(determinant) - float(np.log(variance).sum()))
    reps, types = np.split(point[1:], [cells.reps])
    inverse = np.asarray(np.linalg.inv(schur), np.float64)
    level = float(point[0])
    return Mode(spreads, level, reps, types, terms.own, evidence, variance, lean, inverse)


def _posterior(cells: Cells, spreads: Spreads, point: Floats, own: Floats) -> tuple[float, _Terms]:
    reps, types = np.split(point[1:], [cells.reps])
    logit = point[0] + spreads.rep * reps[cells.rep] + spreads.type * types[cells.type]
    terms = _terms(logit, cells.trials, cells.successes, spreads.cell, own)
    prior = float(point[1:] @ point[1:]) + float(point[0] / LEVEL_SPREAD) ** 2
    return float(terms.log.sum()) - 0.5 * prior, terms


def _newton(
    cells: Cells, spreads: Spreads, point: Floats, terms: _Terms
) -> tuple[Floats, Floats, tuple[Floats, Floats, Floats]]:
    """Give the step, the slope, and the second derivatives with the reps eliminated."""
    reps, types = np.split(point[1:], [cells.reps])
    at_rep = spreads.rep * cells.by_rep(terms.slope) - reps
    at_level = np.array([terms.slope.sum() - point[0] / LEVEL_SPREAD**2])
    at_type = spreads.type * cells.by_type(terms.slope) - types
    inner = np.concatenate([at_level, at_type])
    of_rep = cells.by_rep(terms.bend)
    variance = 1.0 / (1.0 + spreads.rep**2 * of_rep)
    cross = np.zeros((cells.reps, 1 + cells.types))
    cross[:, 0] = spreads.rep * of_rep
    cross[cells.rep, 1 + cells.type] = spreads.rep * spreads.type * terms.bend
    of_type = cells.by_type(terms.bend)
    square = np.diag(np.concatenate([[LEVEL_SPREAD**-2], 1.0 + spreads.type**2 * of_type]))
    square[0, 0] += of_type.sum()
    square[0, 1:] += spreads.type * of_type
    square[1:, 0] += spreads.type * of_type
    lean = cross * variance[:, None]
    schur = square - cross.T @ lean
    within = np.linalg.solve(schur, inner - lean.T @ at_rep)
    outer = variance * at_rep - lean @ within
    step = np.concatenate([within[:1], outer, within[1:]])
    slope = np.concatenate([at_level, at_rep, at_type])
    return step, slope, (variance, lean, schur)


def _odds(logit: Floats) -> tuple[Floats, Floats]:
    """Give the rates of logits, and log(1 + exp(logit))."""
    small = np.exp(-np.abs(logit))
    rate = np.where(logit > 0, 1.0, small) / (1.0 + small)
    return rate, np.maximum(logit, 0.0) + np.log1p(small)


def _own(logit: Floats, trials: Floats, successes: Floats, spread: float, own: Floats) -> Floats:
    """Find the most likely own effect of each cell."""
    for _ in range(STEPS):
        rate = expit(logit + own)
        slope = successes - trials * rate - own / spread**2
        step = slope / (trials * rate * (1 - rate) + spread**-2)
        own = own + np.clip(step, -1.0, 1.0)
        if not len(step) or np.abs(step).max() < 1e-6:
            break
    return own


def _terms(logit: Floats, trials: Floats, successes: Floats, spread: float, own: Floats) -> _Terms:
    if spread <= 0:
        rate, log_odds = _odds(logit)
        log = successes * logit - trials * log_odds
        bend = trials * rate * (1 - rate)
        return _Terms(log, successes - trials * rate, bend, np.zeros_like(logit))
    own, log, share, rate = _quadrature(logit, trials, successes, spread, own)
    left = successes[:, None] - trials[:, None] * rate
    slope = (share * left).sum(axis=1)
    bend = (share * (trials[:, None] * rate * (1 - rate) - left**2)).sum(axis=1) + slope**2
    return _Terms(log, slope, np.maximum(bend, 0.0), own)


def _quadrature(
    logit: Floats, trials: Floats, successes: Floats, spread: float, own: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Give the modes (C,), log integrals (C,), posterior shares and rates (C, nodes)."""
    own = _own(logit, trials, successes, spread, own)
    rate = expit(logit + own)
    width = np.sqrt(2.0 / (trials * rate * (1 - rate) + spread**-2))
    effect = own[:, None] + width[:, None] * _AT
    total = logit[:, None] + effect
    rate, log_odds = _odds(total)
    each = successes[:, None] * total - trials[:, None] * log_odds
    each += _LOG_WEIGHT - 0.5 * (effect / spread) ** 2
    most = each.max(axis=1)
    share = np.exp(each - most[:, None])
    whole = share.sum(axis=1)
    log = most + np.log(whole * width / spread) - 0.5 * np.log(2 * np.pi)
    return own, log, share / whole[:, None], rate


def moments(at: Mode, trials: Floats, successes: Floats) -> tuple[Floats, Floats]:
    """Give mean and variance (R, J) of every cell's rate, those never seen included."""
    logit, variance = at.logits(), logit_variance(at)
    first, second = np.zeros(logit.shape), np.zeros(logit.shape)
    own = np.zeros(logit.size)
    for place, weight in zip(_OUTER_AT, _OUTER_WEIGHT / np.sqrt(np.pi), strict=True):
        moved = (logit + np.sqrt(2.0 * variance) * place).ravel()
        if at.spreads.cell > 0:
            own, _, share, rate = _quadrature(
                moved, trials.ravel(), successes.ravel(), at.spreads.cell, own
            )
            mean, square = (share * rate).sum(axis=1), (share * rate**2).sum(axis=1)
        else:
            mean = expit(moved)
            square = mean**2
        first += weight * mean.reshape(logit.shape)
        second += weight * square.reshape(logit.shape)
    return first, np.maximum(second - first**2, 0.0)


def _scaled(at: Mode) -> tuple[Floats, Floats]:
    """Give what turns effects into logits: (1 + J,) for level and types, (R, 1 + J) leans."""
    scale = np.concatenate([[1.0], np.full(len(at.type), at.spreads.type)])
    return scale, at.spreads.rep * at.lean


def logit_variance(at: Mode) -> Floats:
    """(R, J) variance of level, rep and type effect together."""
    scale, lean = _scaled(at)
    outer = at.covariance
    of_level = outer[0, 0] + 2 * scale[1:] * outer[0, 1:] + scale[1:] ** 2 * np.diag(outer)[1:]
    pulled = lean @ outer
    of_rep = at.spreads.rep**2 * at.variance + (pulled * lean).sum(axis=1)
    cross = pulled[:, :1] + pulled[:, 1:] * scale[1:]
    return np.asarray(np.maximum(of_level + of_rep[:, None] - 2 * cross, 0.0), np.float64)


def mix_variance(at: Mode, slopes: Floats, of_cells: Floats) -> Floats:
    """(R,) variance of sums over types, to first order.

    ``slopes`` (R, J) is what a rep's sum gains per unit of logit in a cell, ``of_cells`` (R, J)
    the variances of the cells' rates given level, reps and types, times the squared shares.
    """
    scale, lean = _scaled(at)
    total = slopes.sum(axis=1)
    along = np.concatenate([total[:, None], slopes * scale[1:]], axis=1) - total[:, None] * lean
    known = (along @ at.covariance * along).sum(axis=1)
    return np.asarray(known + (at.spreads.rep * total) ** 2 * at.variance + of_cells.sum(axis=1))
