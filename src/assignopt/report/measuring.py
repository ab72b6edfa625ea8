"""Amounts and weights of some reps in, every measure of their spread out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from .. import metrics
from ..holdings import history_of
from ..objectives import Quantity

if TYPE_CHECKING:
    from ..columns import Bools, Floats, Ints
    from ..holdings import Holdings
    from ..problem import Problem

Per = Literal["weight", "nothing"]
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
"""What a report measures, in the order of its frames."""

MEASURES = (
    "gini",
    "jain_index",
    "theil",
    "hoover",
    "atkinson",
    "cv",
    "variance",
    "l2",
    "mad",
    "load_range",
    "max_min_ratio",
)
"""The measures of :mod:`assignopt.metrics` that a report lists."""


def measures(amount: Any, weight: Any) -> pd.Series[Any]:
    """Compute all measures of amounts, per unit of weight.

    Parameters
    ----------
    amount, weight
        (R,) what each rep has, and its entitlement, above 0.

    Returns
    -------
    pandas.Series
        reps, total, mean, min, max (per unit of weight), and every measure of :data:`MEASURES`.

    Raises
    ------
    ValueError
        When there is no rep, or a number is outside the range of :mod:`assignopt.metrics`.

    Examples
    --------
    >>> float(measures([6.0, 2.0], [1.0, 1.0])["load_range"])
    4.0
    """
    amount, weight = np.asarray(amount, np.float64), np.asarray(weight, np.float64)
    found = {name: float(getattr(metrics, name)(amount, weight)) for name in MEASURES}
    share = amount / weight
    values: dict[str, float] = {
        "reps": len(amount),
        "total": float(amount.sum()),
        "mean": float(amount.sum() / weight.sum()),
        "min": float(share.min()),
        "max": float(share.max()),
        **found,
    }
    return pd.Series(values, dtype="float64")


def entitlements(problem: Problem, per: Per) -> Floats:
    """(R,) by what amounts are divided: the weights, or ones."""
    return problem.weights if per == "weight" else np.ones(len(problem.weights))


def measured_reps(problem: Problem, per: Per) -> Ints:
    """List the rows of the reps who are measured: the active ones with an entitlement.

    Raises
    ------
    ValueError
        When there is none: measures of nobody are not defined.
    """
    who: Bools = problem.rep_columns.active & (entitlements(problem, per) > 0)
    if not who.any():
        raise ValueError("nobody to measure: no active rep has an entitlement. Add reps")
    return np.flatnonzero(who)


def amounts(held: Holdings, of: Quantity, per: Per) -> Floats:
    """(R,) what each rep has of a quantity, the history added."""
    return held.quantity(of) + history_of(held.problem, of, per=per)
