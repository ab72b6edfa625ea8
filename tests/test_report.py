"""LoadReport on numbers worked out by hand: every quantity, per weight or not, by group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt import metrics
from assignopt.report import MEASURES

COLUMNS = ["reps", "total", "mean", "min", "max", *MEASURES]


def team(**options: Any) -> ao.Problem:
    """Ana weighs twice as much as bo and di; cy has left; eve is entitled to nothing."""
    return ao.Problem(
        [
            ao.Rep("ana", weight=2, carried_load=1, tags={"team": "x", "floor": 1}),
            ao.Rep("bo", weight=1, fit={"smb": 0.5}, efficiency=0.5, tags={"team": "y"}),
            ao.Rep("cy", weight=1, carried_load=50, active=False, tags={"team": "y"}),
            ao.Rep("di", weight=1, tags={"team": "x", "floor": 2}),
            ao.Rep("eve", capacity=0, carried_load=2),
        ],
        [
            ao.Task("t1", effort=3, value=10, burden=2, customer_type="smb"),
            ao.Task("t2", effort=1, value=4, burden=1, roles=[ao.Role("aide", 2, credit=0.25)]),
            ao.Task("t3", effort=5, value=100, burden=9),
        ],
        **options,
    )


HELD = [("t1", "bo"), ("t2", "ana"), ("t2", "di", "aide")]
AMOUNTS = {
    "load": [2.0, 6.0, 2.0],  # ana 1 + 1, bo 3 / 0.5, di 2
    "count": [1.0, 1.0, 1.0],
    "worth": [3.0, 10.0, 1.0],
    "value": [3.0, 5.0, 1.0],  # bo's fit is a half
    "burden": [1.0, 2.0, 1.0],
}


@pytest.mark.parametrize("of", AMOUNTS)
@pytest.mark.parametrize("per", ["weight", "nothing"])
def test_each_quantity_in_numbers(of: Any, per: str) -> None:
    report = ao.load_report((team(), HELD), of=of, per=per)
    weight = [2.0, 1.0, 1.0] if per == "weight" else [1.0, 1.0, 1.0]
    amount = AMOUNTS[of]
    if per == "nothing":  # who is entitled to nothing is one of the team all the same
        weight, amount = [*weight, 1.0], [*amount, 2.0 if of == "load" else 0.0]
    rows = report.by_rep
    assert rows["rep_id"].tolist() == ["ana", "bo", "di", "eve"][: len(weight)]
    assert list(rows.columns) == ["rep_id", "amount", "weight", "share", "index", "group"]
    assert rows["amount"].tolist() == amount
    assert rows["weight"].tolist() == weight
    shares = [a / w for a, w in zip(amount, weight, strict=True)]
    assert rows["share"].tolist() == shares
    mean = sum(amount) / sum(weight)
    assert rows["index"].tolist() == pytest.approx([1000 * s / mean for s in shares])
    overall = report.overall
    assert list(overall.index) == COLUMNS
    told = overall[["reps", "total", "mean", "min", "max"]].tolist()
    assert told == pytest.approx([len(weight), sum(amount), mean, min(shares), max(shares)])
    for name in MEASURES:
        wanted = getattr(metrics, name)(np.array(amount), np.array(weight))
        assert overall[name] == pytest.approx(wanted), name
    assert (report.of, report.per) == (of, per)


def test_the_measures_of_one_team_by_hand() -> None:
    overall = ao.load_report((team(), HELD), per="weight").overall
    # shares 1, 6, 2 with weights 2, 1, 1: mean 2.5
    assert overall["mean"] == 2.5
    assert overall["load_range"] == 5.0
    assert overall["max_min_ratio"] == 6.0
    # half the mean difference: (2*1*5 + 2*1*1 + 1*1*4) / 4**2 / 2.5
    assert overall["gini"] == pytest.approx((10 + 2 + 4) / 16 / 2.5)
    # sum w |l - m| / (2 W m): (2*1.5 + 3.5 + 0.5) / (2*4*2.5)
    assert overall["hoover"] == pytest.approx(7 / 20)


def test_by_group_difference_and_ratio() -> None:
    report = ao.load_report((team(), HELD), by="team")
    groups = report.by_group
    assert groups.index.tolist() == ["x", "y"]
    assert groups.index.name == "group"
    assert list(groups.columns) == COLUMNS
    assert groups["reps"].tolist() == [2.0, 1.0]
    assert groups["total"].tolist() == [4.0, 6.0]
    assert groups["mean"].tolist() == [4 / 3, 6.0]
    assert groups["min"].tolist() == [1.0, 6.0]
    assert groups["max"].tolist() == [2.0, 6.0]
    assert groups["load_range"].tolist() == [1.0, 0.0]
    assert report.by_rep["group"].tolist() == ["x", "y", "x"]
    assert report.difference["total"] == 2.0
    assert report.ratio["total"] == pytest.approx(4 / 6)
    assert report.difference["mean"] == pytest.approx(6 - 4 / 3)
    assert report.ratio["load_range"] == 0.0
    assert list(report.difference.index) == list(report.ratio.index) == COLUMNS


def test_one_group_without_by() -> None:
    report = ao.load_report((team(), HELD))
    assert report.by_group.index.tolist() == ["all"]
    assert report.by_group.loc["all"].tolist() == report.overall.tolist()
    assert (report.difference == 0).all()
    assert (report.ratio == 1).all()


def test_a_tag_that_some_lack_makes_a_group_of_its_own() -> None:
    report = ao.load_report((team(), HELD), by="floor", per="nothing")
    assert report.by_group.index.tolist() == ["(none)", "1", "2"]
    assert report.by_group["total"].tolist() == [8.0, 2.0, 2.0]
    assert report.by_rep["group"].tolist() == ["1", "(none)", "2", "(none)"]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_a_missing_cell_of_a_frame_is_no_tag(missing: Any) -> None:
    reps = pd.DataFrame({"id": ["ana", "bo"], "team": pd.Series(["x", missing], dtype=object)})
    problem = ao.Problem.from_frames(reps, pd.DataFrame({"id": ["t1"]}))
    report = ao.load_report((problem, {"t1": "bo"}), by="team")
    assert report.by_group["total"].to_dict() == {"(none)": 1.0, "x": 0.0}
    assert report.ratio["total"] == 0.0
    assert report.difference["total"] == 1.0


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("id", ["ana", "bo", "di"]),
        ("active", ["True"]),
        ("efficiency", ["0.5", "1.0"]),
        ("capacity", ["(none)"]),
    ],
)
def test_fields_to_group_by(by: str, groups: list[str]) -> None:
    assert ao.load_report((team(), HELD), by=by).by_group.index.tolist() == groups


def test_groups_where_nobody_has_anything_are_equal() -> None:
    report = ao.load_report((team(), []), of="count", by="team")
    assert report.by_rep["amount"].tolist() == [0.0, 0.0, 0.0]
    assert report.by_rep["index"].tolist() == [1000.0] * 3
    assert report.ratio["total"] == 1.0
    assert report.difference["total"] == 0.0
    assert report.overall["gini"] == 0.0


def test_a_ratio_without_bound_is_told_as_such() -> None:
    problem = ao.Problem(
        [ao.Rep(name, tags={"team": name[0]}) for name in ("a1", "a2", "b1", "b2")],
        [ao.Task("t1"), ao.Task("t2"), ao.Task("t3")],
    )
    held = {"t1": "a1", "t2": "b1", "t3": "b2"}
    report = ao.load_report((problem, held), by="team")
    assert report.by_group["max_min_ratio"].tolist() == [np.inf, 1.0]
    assert report.difference["max_min_ratio"] == np.inf
    assert report.ratio["max_min_ratio"] == 0.0
    both = ao.load_report((problem, {"t1": "a1", "t2": "b1"}), by="team")
    assert both.by_group["max_min_ratio"].tolist() == [np.inf, np.inf]
    assert both.difference["max_min_ratio"] == 0.0
    assert both.ratio["max_min_ratio"] == 1.0


def test_the_history_is_added_and_who_left_is_not() -> None:
    history = [
        {"rep_id": "ana", "load": 4, "value": 7, "period": "q1"},
        {"rep_id": "ana", "load": 2, "value": 1, "period": "q2"},
        {"rep_id": "cy", "load": 99, "value": 99, "period": "q1"},
    ]
    problem = team(history=history)
    assert ao.load_report((problem, HELD)).by_rep["amount"].tolist() == [8.0, 6.0, 2.0]
    assert ao.load_report((problem, HELD), of="value").by_rep["amount"].tolist() == [11.0, 5.0, 1.0]
    assert ao.load_report((problem, HELD), of="burden").by_rep["amount"].tolist() == [1.0, 2.0, 1.0]


@pytest.mark.parametrize(
    "held",
    [
        HELD,
        [{"task_id": t, "rep_id": r[0], "role": (*r, None)[1]} for t, *r in HELD],
        pd.DataFrame(
            {
                "rep_id": ["bo", "ana", "di", None],
                "task_id": ["t1", "t2", "t2", "t3"],
                "role": [None, "owner", "aide", None],
                "note": "from elsewhere",
            }
        ),
    ],
)
def test_assignments_from_elsewhere_are_measured(held: Any) -> None:
    assert ao.load_report((team(), held)).by_rep["amount"].tolist() == AMOUNTS["load"]


def test_assignments_to_nobody_known_are_not_dropped_silently() -> None:
    with pytest.raises(ValueError, match="rep 'nobody' is unknown"):
        ao.load_report((team(), {"t1": "nobody"}))


def test_work_on_who_left_or_may_not_have_it_counts_for_the_others_alone() -> None:
    report = ao.load_report((team(), {"t1": "cy", "t2": "di"}))
    assert report.by_rep["amount"].tolist() == [1.0, 0.0, 1.0]


def test_a_plan_is_measured_as_its_assignments_are() -> None:
    plan = ao.solve(team(), workers=1)
    from_plan, from_rows = ao.load_report(plan), ao.load_report((plan.problem, plan.assignments))
    assert from_plan.by_rep.equals(from_rows.by_rep)
    loads = plan.loads.set_index("rep_id")["load"]
    assert from_plan.by_rep["amount"].tolist() == loads[from_plan.by_rep["rep_id"]].tolist()


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_the_report_adds_up_is_what_the_tiers_measure(data: st.DataObject) -> None:
    problem = data.draw(strategies.problems(rules=[], tiers=["fairness"]))
    plan = data.draw(strategies.plans(problem))
    tier = problem.objective[0]
    assert isinstance(tier, ao.Fairness)
    assume(tier.idle == "count")
    held = [(task, rep, role) for (task, role), rep in plan.items() if rep is not None]
    value = oracle.term(problem, plan, tier)
    try:
        report = ao.load_report((problem, held), of=tier.of, per=tier.per)
    except ValueError:
        assert value == 0
        return
    share, weight = report.by_rep["share"], report.by_rep["weight"]
    wanted = {
        "minmax": report.overall["max"],
        "maxmin": report.overall["min"],
        "range": report.overall["load_range"],
        "l2": (weight * share**2).sum(),
    }[tier.notion]
    assert value == pytest.approx(wanted)


def test_what_cannot_be_measured_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="of='hours' is unknown; allowed is one of load, count"):
        ao.load_report((team(), HELD), of="hours")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="per='head' is unknown"):
        ao.load_report((team(), HELD), per="head")
    with pytest.raises(ValueError, match="no rep has a tag or field 'region'; known are team"):
        ao.load_report((team(), HELD), by="region")
    for reps in ([], [ao.Rep("ana", active=False)], [ao.Rep("ana", capacity=0)]):
        with pytest.raises(ValueError, match="nobody to measure"):
            ao.load_report((ao.Problem(reps, []), []))
    closed = ao.Problem([ao.Rep("ana", max_tasks=0)], [ao.Task("t1")], rules=[ao.CoverAll()])
    with pytest.raises(ao.NoSolutionError):
        ao.load_report(ao.solve(closed))


def test_the_report_prints_itself() -> None:
    report = ao.load_report((team(), HELD), by="team")
    text = str(report)
    assert text.startswith("load per unit of weight, 3 active reps\n")
    assert "by group" in text
    assert all(name in text for name in COLUMNS)
    assert repr(report) == text
    assert "by group" not in str(ao.load_report((team(), HELD)))
    assert report._repr_html_().count("<table") == 2
