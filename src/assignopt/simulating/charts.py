"""Charts of a comparison: intervals by policy, and the course of a measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..plot import BLUE, GREY, HEIGHT, ORANGE, ROW, WIDTH
from ..plot import _altair as altair

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

WORDS = {
    "ratio": "Value / best value with full knowledge",
    "bound_ratio": "Value / bound on value",
    "gini": "Gini of load per weight",
    "load_range": "Range of load per weight",
    "jain": "Jain index of load per weight",
    "deviation": "Most tasks ahead or behind of one's share",
    "waiting_mean": "Mean wait, seconds",
    "waiting_p95": "95 % quantile of the wait, seconds",
    "late_value": "Late value",
}


def title_of(measure: str) -> str:
    """Name a measure as one would say it.

    Examples
    --------
    >>> title_of("gini"), title_of("late_value"), title_of("coverage")
    ('Gini of load per weight', 'Late value', 'Coverage')
    """
    return WORDS.get(measure, measure.replace("_", " ").capitalize())


def comparison_chart(
    summary: pd.DataFrame, measure: str, streams: Sequence[str], *, less: bool
) -> Any:
    """Draw a dot for each mean with its interval, and a tick for the worst seed.

    A panel for each stream, the best policy on top; all panels have one scale.

    Parameters
    ----------
    summary
        What :meth:`Comparison.summary` gave.
    measure
        Of what.
    streams
        In the order of the panels.
    less
        Whether less is better.

    Returns
    -------
    altair.VConcatChart

    Raises
    ------
    ImportError
        Without the extra ``assignopt[plot]``.
    """
    alt = altair()
    better = "less" if less else "more"
    known = summary[["mean", "low", "high", "worst"]].to_numpy()
    known = known[~np.isnan(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    room = 0.04 * (high - low) or 0.05 * max(abs(high), 0.1)
    scale = alt.Scale(domain=[low - room, high + room], nice=False, zero=False)
    panels = []
    for number, stream in enumerate(streams):
        rows = summary[summary["stream"] == stream]
        last = number == len(streams) - 1
        title = f"{title_of(measure)} ({better} is better)" if last else None
        panels.append(_panel(alt, rows, stream, title, scale))
    subtitle = "dot: mean, line: its 95 % interval over seeds, tick: worst seed"
    top = alt.Title(
        f"{title_of(measure)}, by policy", subtitle=subtitle, anchor="start", subtitleColor=GREY
    )
    return alt.vconcat(*panels).properties(title=top)


def _panel(alt: Any, rows: pd.DataFrame, stream: str, title: str | None, scale: Any) -> Any:
    order = rows["policy"].tolist()
    y = alt.Y("policy:N", sort=order, title=None, axis=alt.Axis(labelLimit=260))
    base = alt.Chart(rows)
    told = [
        alt.Tooltip("policy:N"),
        *(alt.Tooltip(f"{name}:Q", format=",.4~g") for name in ("mean", "low", "high", "worst")),
    ]
    axis = alt.Axis(tickCount=8)
    x = alt.X("mean:Q", title=title, scale=scale, axis=axis)
    layers = [
        base.mark_rule(color=BLUE, strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q", y=y),
        base.mark_tick(color=ORANGE, thickness=2, size=ROW * 0.6).encode(x=alt.X("worst:Q"), y=y),
        base.mark_circle(size=60, opacity=1, color=BLUE).encode(x=x, y=y, tooltip=told),
    ]
    layered = [
        layers[0].encode(x=alt.X("low:Q", title=title, scale=scale, axis=axis)),
        layers[1],
        layers[2],
    ]
    head = alt.Title(stream, anchor="start", fontSize=12)
    return alt.layer(*layered).properties(width=WIDTH, height=alt.Step(ROW), title=head)


def course_chart(
    over_time: pd.DataFrame, measure: str, policies: Sequence[str], streams: Sequence[str]
) -> Any:
    """Draw the mean over seeds at each checkpoint, a line for each policy.

    Parameters
    ----------
    over_time
        The frame of a :class:`Comparison`.
    measure
        One of its columns.
    policies, streams
        In their order; a panel for each stream.

    Returns
    -------
    altair.VConcatChart

    Raises
    ------
    ImportError
        Without the extra ``assignopt[plot]``.
    """
    alt = altair()
    keys = ["stream", "policy", "checkpoint"]
    means = over_time.groupby(keys, sort=False)[list(dict.fromkeys(["arrived", measure]))].mean()
    rows = means.reset_index()
    end = rows.groupby("policy")[measure].last()
    listed = sorted(policies, key=lambda name: -float(end.get(name, 0.0)))
    color = alt.Color("policy:N", sort=listed, title="Policy", legend=alt.Legend(labelLimit=220))
    if len(listed) > 10:
        color = alt.Color(
            "policy:N", sort=listed, title="Policy", scale=alt.Scale(scheme="category20")
        )
    panels = []
    for stream in streams:
        mine = rows[rows["stream"] == stream]
        line = alt.Chart(mine).mark_line(point=True)
        panels.append(
            line.encode(
                x=alt.X("arrived:Q", title="Tasks that have come"),
                y=alt.Y(f"{measure}:Q", title=title_of(measure), scale=alt.Scale(zero=False)),
                color=color,
                tooltip=["policy:N", "arrived:Q", alt.Tooltip(f"{measure}:Q", format=",.4~g")],
            ).properties(
                width=WIDTH,
                height=HEIGHT if len(streams) == 1 else HEIGHT * 0.6,
                title=alt.Title(stream, anchor="start", fontSize=12),
            )
        )
    top = alt.Title(
        f"{title_of(measure)} in the course of the stream",
        subtitle="means over seeds",
        anchor="start",
        subtitleColor=GREY,
    )
    return alt.vconcat(*panels).properties(title=top)
