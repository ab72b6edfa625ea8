"""Whether reps differ at all: counts per cell in, tests out.

Outcomes are shuffled within each type, which is exact where reps do not differ: every share of the
successes of a type among the reps is then as likely as in the log itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import chi2

from .crossed import Cells, Mode, Spreads, mode
from .spreads import Search

if TYPE_CHECKING:
    from numpy.random import Generator

    from ..columns import Floats

DRAWS, FEWER, FEWEST = 999, 199, 99
MANY = 4000
"""Cells from which fewer draws are made."""


@dataclass(frozen=True)
class Test:
    """A test of one hypothesis.

    Parameters
    ----------
    question
        What is asked.
    statistic, df
        What was measured, and what it is about where the answer is no.
    p_value
        How often a log in which the answer is no gives as much or more: from ``draws`` such logs,
        this one counted in, so it is never below 1 / (draws + 1). 1 where nothing can be told.
    chi2_p
        The same by the chi-squared distribution, good where cells are not thin; NaN if there is no
        such approximation.
    draws
        How many logs were drawn.
    """

    question: str
    statistic: float
    df: float
    p_value: float
    chi2_p: float
    draws: int

    __test__ = False  # no test of this package, whatever pytest makes of the name

    def __str__(self) -> str:
        return f"{self.question}: p = {self.p_value:.3g} ({self.draws} draws)"


class Tests(NamedTuple):
    """Whether reps differ in their rates or in any cell; in either; and by type beyond rates."""

    differ: Test
    rates: Test
    cells: Test
    interactions: Test


def shuffled(trials: Floats, successes: Floats, size: int, seed: int) -> Floats:
    """(size, R, J) successes with the outcomes of each type shuffled among its tasks."""
    rng = np.random.default_rng(seed)
    out = np.zeros((size, *trials.shape))
    for kind in range(trials.shape[1]):
        n, k = trials[:, kind].astype(np.int64), int(successes[:, kind].sum())
        out[:, :, kind] = rng.multivariate_hypergeometric(n, k, size, method="marginals")
    return out


def test_all(trials: Floats, successes: Floats, seed: int) -> Tests:
    """Ask whether reps differ in their rates, in any cell, in either, and by type beyond rates."""
    draws = DRAWS if trials.size < MANY else FEWER
    rate, cell = _Rates(trials, successes), _Any(trials, successes)
    found = np.zeros((2, draws + 1))
    found[:, 0] = rate(successes[None])[0], cell(successes[None])[0]
    for first in range(0, draws, 50):
        some = shuffled(trials, successes, min(50, draws - first), seed + 7919 * (1 + first))
        found[:, 1 + first : 1 + first + len(some)] = rate(some), cell(some)
    ranks = np.array([_ranks(one) for one in found])
    least = ranks.min(axis=0)
    rates = _test("reps have different rates, types held fixed", found[0], rate.df)
    cells = _test("some cell differs from its type", found[1], cell.df)
    both = float((least <= least[0] + 1e-12).mean())
    question = "reps differ, in their rates or on some type"
    differ = Test(question, float(least[0]), np.nan, both, np.nan, draws)
    return Tests(differ, rates, cells, _interactions(trials, successes, seed))


def not_asked() -> Tests:
    """Give the tests where none was made: every number is missing."""
    return Tests(*(Test("not asked", np.nan, np.nan, np.nan, np.nan, 0) for _ in range(4)))


def _ranks(found: Floats) -> Floats:
    """Give the p-value of every entry among all; those that tie up to rounding count as equal."""
    ordered = np.sort(found)
    slack = 1e-9 * (1.0 + np.abs(found))
    below = np.searchsorted(ordered, found - slack, side="left")
    return np.asarray((len(found) - below) / len(found), np.float64)


def _test(question: str, found: Floats, df: int) -> Test:
    p_value = float(_ranks(found)[0])
    tail = float(chi2.sf(found[0], df)) if df else 1.0
    return Test(question, float(found[0]), df, p_value, tail, len(found) - 1)


class _Rates:
    """The generalised Cochran-Mantel-Haenszel statistic: reps against outcomes, type by type."""

    def __init__(self, trials: Floats, successes: Floats) -> None:
        total, won = trials.sum(axis=0), successes.sum(axis=0)
        safe = np.maximum(total, 1.0)
        self.expected = (trials * (won / safe)).sum(axis=1)
        scale = won * (total - won) / (safe**2 * np.maximum(total - 1.0, 1.0))
        variance = np.diag((trials * total * scale).sum(axis=1)) - (trials * scale) @ trials.T
        self.inverse = np.linalg.pinv(variance, rcond=1e-9, hermitian=True)
        self.df = int(np.linalg.matrix_rank(variance, tol=1e-9 * max(variance.max(), 1e-9)))

    def __call__(self, successes: Floats) -> Floats:
        left = successes.sum(axis=2) - self.expected
        return np.asarray(((left @ self.inverse) * left).sum(axis=1))


class _Any:
    """Pearson's statistic of reps against outcomes, summed over types."""

    def __init__(self, trials: Floats, successes: Floats) -> None:
        total, won = trials.sum(axis=0), successes.sum(axis=0)
        rate = won / np.maximum(total, 1.0)
        mixed = (won > 0) & (won < total)
        weight = np.where(mixed, (total - 1) / np.maximum(total * rate * (1 - rate), 1e-12), 0.0)
        self.expected = trials * rate
        seen = trials > 0
        self.weight = np.where(seen, weight / np.maximum(trials, 1.0), 0.0)
        self.df = int((np.maximum(seen.sum(axis=0) - 1, 0) * mixed).sum())

    def __call__(self, successes: Floats) -> Floats:
        return np.asarray(((successes - self.expected) ** 2 * self.weight).sum(axis=(1, 2)))


def _interactions(trials: Floats, successes: Floats, seed: int) -> Test:
    """Ask whether cells scatter by more than their reps and types explain.

    The score of the spread of cells at zero, against logs drawn from the model without it.
    """
    question = "reps differ by type, beyond their rates"
    cells = Cells.of(trials, successes)
    if min((trials.sum(axis=0) > 0).sum(), (trials.sum(axis=1) > 0).sum()) < 2:
        return Test(question, 0.0, np.nan, 1.0, np.nan, 0)
    search, spreads = Search(cells), Spreads(0.2, 0.3, 0.0)
    for axis in ("type", "rep", "type"):
        spreads = search.along(spreads, axis)
    at = search.at(spreads)
    rate = _rates(at, cells)
    rng, draws = np.random.default_rng(seed + 1), FEWER if trials.size < MANY else FEWEST
    scores = [_score(at, cells), *(_redrawn(at, cells, rate, rng) for _ in range(draws))]
    found = np.array(scores)
    spread = float(found[1:].std()) or 1.0
    statistic = float((found[0] - found[1:].mean()) / spread)
    return Test(question, statistic, np.nan, float(_ranks(found)[0]), np.nan, draws)


def _rates(at: Mode, cells: Cells) -> Floats:
    logits = at.logits()[cells.rep, cells.type]
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


def _score(at: Mode, cells: Cells) -> float:
    rate = _rates(at, cells)
    left = cells.successes - cells.trials * rate
    return float((left**2 - cells.trials * rate * (1 - rate)).sum())


def _redrawn(at: Mode, cells: Cells, rate: Floats, rng: Generator) -> float:
    drawn = rng.binomial(cells.trials.astype(np.int64), rate).astype(np.float64)
    again = Cells(cells.rep, cells.type, cells.trials, drawn, cells.reps, cells.types)
    return _score(mode(again, at.spreads, at), again)
