"""Plans in, their tiers and measures side by side out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..objectives import Fairness, maximises
from ..plan import frame_of
from ..report import MEASURES as SPREADS
from ..report import load_report
from ..report.measuring import entitlements
from ..terms import fairness_numbers
from .words import same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..objectives import AnyTier, Quantity
    from ..report.measuring import Per
    from .reading import Side

TERMS = {
    "term": "str",
    "before": "float64",
    "after": "float64",
    "change": "float64",
    "better": "boolean",
}
MEASURES = {"measure": "str", "before": "float64", "after": "float64", "change": "float64"}
NAMES = ("reps", "total", "mean", "min", "max", *SPREADS)
"""What :class:`assignopt.LoadReport` measures over all reps."""


def terms_frame(before: Side, after: Side, objective: Sequence[AnyTier]) -> pd.DataFrame:
    """Make the frame of tiers, each computed for both plans by the checker's definition."""
    was = np.array([before.term(tier) for tier in objective], np.float64)
    now = np.array([after.term(tier) for tier in objective], np.float64)
    better = pd.array([_better(before, after, tier) for tier in objective], dtype="boolean")
    return frame_of(
        {
            "term": [tier.label for tier in objective],
            "before": was,
            "after": now,
            "change": _change(was, now),
            "better": better,
        },
        TERMS,
    )


def _better(before: Side, after: Side, tier: AnyTier) -> bool | None:
    """Tell whether a plan is better in a tier; None if equal, the rounding of sums aside."""
    pairs = [(before.term(tier), after.term(tier))]
    if isinstance(tier, Fairness):
        numbers = fairness_numbers(before.held, tier), fairness_numbers(after.held, tier)
        if len(numbers[0]) == len(numbers[1]):
            pairs = list(zip(*numbers, strict=True))
    differ = [pair for pair in pairs if not same(*pair)]
    return (differ[0][1] > differ[0][0]) == maximises(tier) if differ else None


def overall(side: Side, of: Quantity, per: Per) -> pd.Series[Any]:
    """Measure how a plan shares a quantity; NaN throughout where nobody can be measured."""
    problem = side.problem
    if not (problem.rep_columns.active & (entitlements(problem, per) > 0)).any():
        return pd.Series(np.nan, index=list(NAMES))
    return load_report((problem, side.held), of=of, per=per).overall


def measures_frame(before: Side, after: Side, of: Quantity, per: Per) -> pd.DataFrame:
    """Make the frame of measures of a quantity over all reps, for both plans."""
    was, now = (overall(side, of, per)[list(NAMES)].to_numpy() for side in (before, after))
    return frame_of(
        {"measure": NAMES, "before": was, "after": now, "change": _change(was, now)}, MEASURES
    )


def _change(before: Any, after: Any) -> Any:
    """Subtract; 0 where both are equal, be they infinite."""
    with np.errstate(invalid="ignore"):
        return np.where(before == after, 0.0, after - before)
