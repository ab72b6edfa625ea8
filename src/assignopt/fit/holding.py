"""Predictions on rows that were held out, against what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import binomtest

if TYPE_CHECKING:
    from ..columns import Floats
    from .history import Log

BINS = 10
Z = 1.959963984540054

LOSSES = {
    "model": "str",
    "log_loss": "float64",
    "gain": "float64",
    "low": "float64",
    "high": "float64",
}
CALIBRATION = {
    "rows": "int64",
    "predicted": "float64",
    "observed": "float64",
    "low": "float64",
    "high": "float64",
}


@dataclass(frozen=True, eq=False)
class Holdout:
    """What was learned on the first part of a log, measured on the rest.

    Parameters
    ----------
    learned_on, rows
        How many rows were learned from, and held out.
    split
        How they were told apart.
    losses
        Frame: model (``one rate``, ``types``, ``reps and types``), log_loss (mean of
        ``-ln(probability given to what happened)``, less is better), gain (how much less than that
        of ``types``) and its 95 % interval, low and high.
    calibration
        Frame, up to ten groups of rows by what was predicted for them: rows, predicted (mean),
        observed (share of successes), and the 95 % Wilson interval of that.
    """

    learned_on: int
    rows: int
    split: str
    losses: pd.DataFrame
    calibration: pd.DataFrame

    def __str__(self) -> str:
        last = self.losses.iloc[-1]
        ends = f"95 % interval {-last['high']:+.4f} to {-last['low']:+.4f}"
        ends = "a single row" if np.isnan(last["low"]) else ends
        gain = f"{-last['gain']:+.4f} ({ends}; below 0 is better)"
        return (
            f"learned on {self.learned_on:,} rows, held out {self.rows:,}: {self.split}. Knowing "
            f"the rep changes the log-loss there by {gain}"
        )


def losses(outcome: Floats, predictions: dict[str, Floats]) -> pd.DataFrame:
    """Give the log-loss of each model, and how much less it is than that of types alone."""
    each = {}
    for model, rate in predictions.items():
        safe = np.clip(rate, 1e-12, 1 - 1e-12)
        each[model] = -(outcome * np.log(safe) + (1 - outcome) * np.log1p(-safe))
    rows = []
    for model, loss in each.items():
        gain = each["types"] - loss
        error = Z * float(gain.std(ddof=1)) / np.sqrt(len(gain)) if len(gain) > 1 else np.nan
        mean = float(gain.mean())
        rows.append((model, float(loss.mean()), mean, mean - error, mean + error))
    return pd.DataFrame(rows, columns=list(LOSSES)).astype(LOSSES)


def calibration(outcome: Floats, rate: Floats) -> pd.DataFrame:
    """Group rows by what was predicted; equal predictions stay together."""
    groups = min(BINS, max(len(rate) // 20, 1))
    edges = np.unique(np.quantile(rate, np.arange(1, groups) / groups))
    group = np.searchsorted(edges, rate, side="right")
    rows = []
    for one in np.unique(group).tolist():
        mine = group == one
        count, won = int(mine.sum()), int(outcome[mine].sum())
        ends = binomtest(won, count).proportion_ci(0.95, method="wilson")
        rows.append((count, float(rate[mine].mean()), won / count, ends.low, ends.high))
    return pd.DataFrame(rows, columns=list(CALIBRATION)).astype(CALIBRATION)


def known_rates(rest: Log, mean: Floats, types: Floats, base: float) -> dict[str, Floats]:
    """Give what each model predicts for every row."""
    return {
        "one rate": np.full(len(rest), base),
        "types": types[rest.type],
        "reps and types": mean[rest.rep, rest.type],
    }
