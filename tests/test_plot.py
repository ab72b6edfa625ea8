"""Charts are data: what they show is read from their specification."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

import assignopt as ao
from assignopt import plot

TEAM = ao.Problem(
    [ao.Rep("ana", fit={"bank": 1.0}), ao.Rep("bo", fit={"bank": 0.5})],
    [ao.Task(f"t{i}", customer_type="bank") for i in range(4)],
)


def marks(chart: object) -> list[str]:
    return [layer["mark"]["type"] for layer in chart.to_dict()["layer"]]  # type: ignore[attr-defined]


def test_a_complete_frontier_has_dots_and_no_boxes() -> None:
    found = ao.frontier(TEAM, x=ao.Fairness("minmax"), y=ao.Value())
    chart = found.plot().to_dict()
    assert "circle" in marks(found.plot())
    assert "rect" not in marks(found.plot())
    rows = [row for data in chart["datasets"].values() for row in data]
    assert {(row["x"], row["y"]) for row in rows} == set(
        zip(found.points["x"].tolist(), found.points["y"].tolist(), strict=True)
    )


def test_what_is_not_known_is_drawn_as_boxes() -> None:
    found = ao.frontier(TEAM, x=ao.Fairness("minmax"), y=ao.Value(), max_points=2)
    assert not found.complete
    assert "rect" in marks(found.plot())
    assert "not known yet" in str(found.plot().to_dict()["title"]["subtitle"])


def test_little_that_is_not_known_is_not_called_nothing() -> None:
    found = ao.frontier(TEAM, x=ao.Fairness("minmax"), y=ao.Value(), max_points=2)
    unproved = replace(found, gap=0.001, points=found.points.assign(proved=[True, False]))
    told = plot.frontier_chart(unproved).to_dict()["title"]["subtitle"]
    assert "under 1% of the trade-off not known yet (shaded)" in told
    assert told.endswith("hollow points not proved")


def test_axes_say_which_way_is_better() -> None:
    found = ao.frontier(TEAM, x=ao.Fairness("minmax"), y=ao.Value())
    layer = found.plot().to_dict()["layer"][0]["encoding"]
    assert "less is better" in layer["x"]["title"]
    assert "more is better" in layer["y"]["title"]


def test_shares_are_bars_of_all_reps() -> None:
    report = ao.load_report(ao.solve(TEAM))
    chart = plot.shares_chart(report).to_dict()
    rows = [row for data in chart["datasets"].values() for row in data]
    assert {row["rep_id"] for row in rows if "rep_id" in row} == {"ana", "bo"}


def test_without_the_extra_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    found = ao.frontier(TEAM, x=ao.Fairness("minmax"), y=ao.Value())
    with pytest.raises(ImportError, match=r"assignopt\[plot\]"):
        found.plot()
