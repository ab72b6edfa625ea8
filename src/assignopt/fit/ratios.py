"""Likelihood ratio of a logistic regression, by statsmodels."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

from .differing import Test
from .needs import need

if TYPE_CHECKING:
    from ..columns import Floats


def likelihood_ratio(trials: Floats, successes: Floats) -> Test:
    """Compare the regressions on types, and on types and reps, from two (R, J) tables.

    Raises
    ------
    ImportError
        Without statsmodels.
    """
    need("statsmodels")
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    rep, kind = np.nonzero(trials)
    n, k = trials[rep, kind], successes[rep, kind]
    of_type, of_rep = (np.eye(int(code.max()) + 1)[code] for code in (kind, rep))
    deviance, rank = [], []
    for design in (of_type, np.hstack([of_type, of_rep])):
        design = design[:, design.any(axis=0)]
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # a rep who always wins: the likelihood still has a limit
            found = GLM(np.column_stack([k, n - k]), design, family=Binomial()).fit()
        deviance.append(float(found.deviance))
        rank.append(int(np.linalg.matrix_rank(design)))
    statistic, df = max(deviance[0] - deviance[1], 0.0), rank[1] - rank[0]
    p_value = float(chi2.sf(statistic, df)) if df else 1.0
    question = "reps have different rates, types held fixed (likelihood ratio)"
    return Test(question, statistic, df, p_value, p_value, 0)
