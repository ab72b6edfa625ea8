"""The printed table of a comparison: a stream in, its title and its rows as text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from .comparison import Comparison

SHOWN = ("coverage", "value", "gini", "deviation", "waiting_mean", "late_value", "refused")
"""Measures whose means the printed table has beside its own, where they say anything."""


def title_of(found: Comparison, stream: str) -> str:
    """Say what the table of a stream is about."""
    name, mine = found.measure, found.shared(stream)
    words = {"ratio": "ratio to hindsight", "bound_ratio": "ratio to the bound"}
    told = f"{stream}: {words.get(name, name)} (more is better)"
    best = mine["hindsight" if name == "ratio" else "bound"].mean()
    if np.isnan(best):
        return told
    if name == "ratio":
        proof = "proved" if mine["exact"].all() else "not all proved"
        return f"{told}; best with full knowledge {_number(best)}, {proof}"
    return f"{told}; no policy can have more than {_number(best)}"


def table_of(found: Comparison, stream: str) -> pd.DataFrame:
    """Lay out mean, interval, worst seed and the means of other measures, the best policy first."""
    rows = found.summary()
    rows = rows[rows["stream"] == stream]
    mine = found.shared(stream)
    table = pd.DataFrame({"policy": rows["policy"]})
    number = _number if found.measure == "value" else _share
    table["mean"] = [number(value) for value in rows["mean"]]
    if rows["low"].notna().any():
        pairs = zip(rows["low"], rows["high"], strict=True)
        table["95 % interval"] = [f"{number(low)} .. {number(high)}" for low, high in pairs]
        table["worst"] = [number(value) for value in rows["worst"]]
    means = mine.groupby("policy")[list(SHOWN)].mean().reindex(rows["policy"])
    for name in SHOWN:
        if name == found.measure or not (means[name].fillna(0) != 0).any():
            continue
        form = _number if name in ("value", "late_value", "waiting_mean", "refused") else _share
        table["wait s" if name == "waiting_mean" else name] = [form(value) for value in means[name]]
    return table


def _share(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"


def _number(value: float) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:,.4g}"
