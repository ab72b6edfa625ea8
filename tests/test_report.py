"""LoadReport on numbers worked out by hand: every quantity, per weight or not, by group, envy."""

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
from assignopt.report import MEASURES, envy
from assignopt.report import measures as all_measures
from strategies import tries

COLUMNS = ["reps", "total", "mean", "min", "max", *MEASURES]

BY_REP = ["rep_id", "amount", "weight", "share", "index", "group"]
BY_REP += ["load", "count", "worth", "value", "burden"]
BY_REP += ["ef1_goods", "shortfall_goods", "ef1_chores", "shortfall_chores"]


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
    assert list(rows.columns) == BY_REP
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
    # 2*1 + 1*36 + 1*4, and the same over the weight of 4 less the squared mean
    assert overall["l2"] == pytest.approx(42)
    assert overall["variance"] == pytest.approx(42 / 4 - 2.5**2)
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


@settings(max_examples=tries(20), suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_the_report_adds_up_is_what_the_tiers_measure(data: st.DataObject) -> None:
    problem = data.draw(strategies.problems(rules=[], tiers=["fairness"]))
    plan = data.draw(strategies.plans(problem))
    tier = problem.objective[0]
    assert isinstance(tier, ao.Fairness)
    assume(tier.idle == "count" and tier.decay == 1 and tier.notion != "nash")
    held = [(task, rep, role) for (task, role), rep in plan.items() if rep is not None]
    value = oracle.term(problem, plan, tier)
    try:
        report = ao.load_report((problem, held), of=tier.of, per=tier.per)
    except ValueError:
        assert value == 0
        return
    wanted = {
        "minmax": report.overall["max"],
        "maxmin": report.overall["min"],
        "range": report.overall["load_range"],
        "l2": report.overall["l2"],
        "leximax": report.overall["max"],
        "leximin": report.overall["min"],
        "gini": report.overall["gini"],
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
    assert "all quantities" in text
    assert report._repr_html_().count("<table") == 3


# ---------------------------------------------------------------- all quantities at once


def test_all_quantities_stand_in_one_frame_and_per_rep() -> None:
    report = ao.load_report((team(), HELD), of="value")
    frame = report.quantities
    assert frame.index.tolist() == list(AMOUNTS)
    assert frame.index.name == "quantity"
    assert list(frame.columns) == COLUMNS
    assert frame.loc["value"].tolist() == report.overall.tolist()
    for of, amount in AMOUNTS.items():
        assert report.by_rep[of].tolist() == amount
        alone = ao.load_report((team(), HELD), of=of)  # type: ignore[arg-type]
        assert frame.loc[of].tolist() == alone.overall.tolist()


def test_the_history_is_in_every_quantity() -> None:
    rows = [{"rep_id": "di", "load": 3, "value": 5, "burden": 7, "count": 2, "worth": 4}]
    report = ao.load_report((team(history=rows), HELD))
    last = report.by_rep.set_index("rep_id").loc["di"]
    told = {of: last[of] for of in AMOUNTS}
    assert told == {"load": 5.0, "count": 3.0, "worth": 5.0, "value": 6.0, "burden": 8.0}
    assert report.quantities["total"].tolist() == [13.0, 5.0, 18.0, 14.0, 11.0]


# ---------------------------------------------------------------- several tags, and roles


def test_several_tags_make_groups_of_each_pair_that_occurs() -> None:
    report = ao.load_report((team(), HELD), by=["team", "floor"])
    assert report.by_group.index.tolist() == ["x / 1", "x / 2", "y / (none)"]
    assert report.by_group["total"].tolist() == [2.0, 2.0, 6.0]
    assert report.by_rep["group"].tolist() == ["x / 1", "y / (none)", "x / 2"]
    swapped = ao.load_report((team(), HELD), by=("floor", "team"))
    assert swapped.by_group.index.tolist() == ["(none) / y", "1 / x", "2 / x"]


def test_a_tag_that_holds_the_separator_does_not_merge_two_groups() -> None:
    tags: list[Any] = [{"a": "x / y", "b": "z"}, {"a": "x", "b": "y / z"}]
    problem = ao.Problem([ao.Rep(f"r{i}", tags=t) for i, t in enumerate(tags)], [ao.Task("t")])
    groups = ao.load_report((problem, {"t": "r0"}), by=["a", "b"]).by_group
    assert groups["total"].to_dict() == {"'x / y' / z": 1.0, "x / 'y / z'": 0.0}


def test_roles_are_groups_in_which_everybody_is_measured() -> None:
    report = ao.load_report((team(), HELD), by="role")
    groups = report.by_group
    assert groups.index.tolist() == ["owner", "aide"]
    assert groups["reps"].tolist() == [3.0, 3.0]
    assert groups["total"].tolist() == [7.0, 2.0]  # the load that ana carries has no role
    assert groups["max"].tolist() == [6.0, 2.0]
    assert report.by_rep["group"].tolist() == ["all"] * 3
    assert report.difference["total"] == 5.0
    assert report.ratio["total"] == pytest.approx(2 / 7)
    values = ao.load_report((team(), HELD), of="value", by=["role", "team"]).by_group["total"]
    assert values.to_dict() == {
        "owner / x": 3.0,
        "owner / y": 5.0,
        "aide / x": 1.0,
        "aide / y": 0.0,
    }
    counts = ao.load_report((team(), HELD), of="count", by=["team", "role"]).by_group["total"]
    assert counts.to_dict() == {
        "x / owner": 1.0,
        "y / owner": 1.0,
        "x / aide": 1.0,
        "y / aide": 0.0,
    }


def test_a_tag_named_role_is_a_tag() -> None:
    reps = [ao.Rep("ana", tags={"role": "senior"}), ao.Rep("bo", tags={"role": "junior"})]
    report = ao.load_report((ao.Problem(reps, [ao.Task("t")]), {"t": "bo"}), by="role")
    assert report.by_group["total"].to_dict() == {"junior": 1.0, "senior": 0.0}


def test_what_cannot_be_grouped_by_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="no rep has a tag or field 'x'; known are team, floor, "):
        ao.load_report((team(), HELD), by=["team", "x"])
    with pytest.raises(ValueError, match="names something twice"):
        ao.load_report((team(), HELD), by=["team", "team"])


# ---------------------------------------------------------------- envy and shares


def views(problem: ao.Problem, held: list[Any], of: str) -> tuple[list[list[float]], list[int]]:
    """What each active rep sees in each owned task: by asking what it would hold as the owner."""
    names = [rep.id for rep in problem.reps.values() if rep.active]
    mine = [(row[0], row[1]) for row in held if len(row) < 3 and row[1] in names]
    table = [
        [float(ao.audit(problem, {task: name}).holdings.quantity(of)[at]) for task, _ in mine]  # type: ignore[arg-type]
        for at, rep in enumerate(problem.reps.values())
        for name in [rep.id]
        if rep.active
    ]
    return table, [names.index(rep) for _, rep in mine]


@settings(max_examples=tries(15), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_envy_is_counted_over_what_each_rep_would_have_as_the_owner(data: st.DataObject) -> None:
    problem = data.draw(strategies.problems(rules=[], tiers=["value"], max_tasks=4))
    reps = [rep.model_copy(update={"carried_load": 0.0}) for rep in problem.reps.values()]
    problem = problem.replace(reps=reps)
    plan = data.draw(strategies.plans(problem))
    held = [(t, r) if role == "owner" else (t, r, role) for (t, role), r in plan.items() if r]
    try:
        report = ao.load_report((problem, held), per="nothing")
    except ValueError:
        assume(False)
    for kind, of in (("goods", "value"), ("chores", "load")):
        table, holder = views(problem, held, of)
        seen = np.array(table, float).reshape(len(table), len(holder))
        for name in ("envy_pairs", "ef1_violations", "prop1_violations"):
            wanted = getattr(metrics, name)(seen, holder, chores=kind == "chores")
            assert report.envy.loc[kind, name] == wanted
        assert report.by_rep[f"ef1_{kind}"].sum() == report.envy.loc[kind, "ef1_violations"]
        own = [sum(row[t] for t, h in enumerate(holder) if h == i) for i, row in enumerate(table)]
        part = [sum(row) / len(table) for row in table]
        missing = np.subtract(own, part) if kind == "chores" else np.subtract(part, own)
        told = report.by_rep[f"shortfall_{kind}"].tolist()
        assert told == pytest.approx(np.maximum(missing, 0).tolist(), abs=1e-7)


def test_envy_by_hand_and_by_entitlement() -> None:
    reps = [ao.Rep("ana", weight=3), ao.Rep("bo", weight=1), ao.Rep("cy", weight=1)]
    tasks = [ao.Task(f"t{n}", value=v, effort=1) for n, v in enumerate([5, 4, 3, 3])]
    held = {"t0": "ana", "t1": "ana", "t2": "ana", "t3": "bo"}
    report = ao.load_report((ao.Problem(reps, tasks), held))
    # ana has 4 per unit of weight, bo 3, cy nothing; without her best task she has 7 / 3
    assert report.envy.loc["goods"].tolist() == [3, 1, 0]
    assert report.by_rep["ef1_goods"].tolist() == [0, 0, 1]
    assert report.by_rep["shortfall_goods"].tolist() == [0.0, 0.0, 3.0]
    equal = ao.load_report((ao.Problem(reps, tasks), held), per="nothing")
    # bo's 3 against 4 + 3, cy's nothing against that too: not against the only task of bo
    assert equal.envy.loc["goods"].tolist() == [3, 2, 0]
    assert equal.by_rep["ef1_goods"].tolist() == [0, 1, 1]
    assert equal.by_rep["ef1_chores"].tolist() == [2, 0, 0]
    assert equal.by_rep["shortfall_chores"].tolist() == pytest.approx([3 - 4 / 3, 0.0, 0.0])


def test_above_the_size_limit_envy_is_na_and_the_rest_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(envy, "CELLS", 5)
    report = ao.load_report((team(), HELD))  # 3 reps x 2 owned tasks
    assert report.envy.isna().all().all()
    assert report.envy.dtypes.astype(str).tolist() == ["Int64"] * 3
    assert report.by_rep[BY_REP[-4:]].isna().all().all()
    assert not report.by_rep[BY_REP[:-4]].isna().any().any()
    monkeypatch.setattr(envy, "CELLS", 6)
    again = ao.load_report((team(), HELD))
    assert not again.envy.isna().any().any()
    assert again.by_rep.dtypes.astype(str).tolist() == report.by_rep.dtypes.astype(str).tolist()


def test_the_rows_may_be_worked_out_in_any_number_of_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = ao.load_report((team(), HELD)).by_rep
    monkeypatch.setattr(envy, "CHUNK", 1)
    assert ao.load_report((team(), HELD)).by_rep.equals(whole)


# ---------------------------------------------------------------- what the measures promise

LOWER_IS_MORE_EQUAL = [name for name in MEASURES if name != "jain_index"]
IN_THE_UNIT = {"mad": 1, "load_range": 1, "variance": 2, "l2": 2}
loads = st.lists(st.integers(0, 40), min_size=2, max_size=8)
weights = st.integers(1, 12).map(lambda quarters: quarters / 4)


@settings(max_examples=tries(30), deadline=None)
@given(low=st.integers(0, 40), gap=st.integers(2, 40), rest=st.lists(st.integers(0, 40)))
def test_work_passed_from_heavy_to_light_raises_no_measure(
    low: int, gap: int, rest: list[int]
) -> None:
    before, after = [low + gap, low, *rest], [low + gap - 1, low + 1, *rest]
    ones = np.ones(len(before))
    old, new = all_measures(before, ones), all_measures(after, ones)
    for name in LOWER_IS_MORE_EQUAL:
        assert new[name] <= old[name] * (1 + 1e-9) + 1e-12, name
    for name in ("gini", "theil", "cv", "variance", "l2"):
        assert new[name] < old[name], name
    assert new["jain_index"] > old["jain_index"]


@settings(max_examples=tries(30), deadline=None)
@given(load=loads, scale=st.sampled_from([0.125, 3.0, 1000.0]), data=st.data())
def test_another_unit_changes_only_the_measures_that_have_one(
    load: list[int], scale: float, data: st.DataObject
) -> None:
    weight = data.draw(st.lists(weights, min_size=len(load), max_size=len(load)))
    old, new = all_measures(load, weight), all_measures(np.array(load) * scale, weight)
    for name in MEASURES:
        wanted = old[name] * scale ** IN_THE_UNIT.get(name, 0)
        assert new[name] == pytest.approx(wanted, rel=1e-9, abs=1e-9), name


@settings(max_examples=tries(30), deadline=None)
@given(load=loads, times=st.integers(2, 4), data=st.data())
def test_a_team_and_its_copies_measure_the_same_but_for_the_sum(
    load: list[int], times: int, data: st.DataObject
) -> None:
    weight = data.draw(st.lists(weights, min_size=len(load), max_size=len(load)))
    old, new = all_measures(load, weight), all_measures(load * times, weight * times)
    for name in MEASURES:
        wanted = old[name] * (times if name == "l2" else 1)
        assert new[name] == pytest.approx(wanted, rel=1e-9, abs=1e-9), name


@settings(max_examples=tries(30), deadline=None)
@given(load=loads, which=st.integers(0, 7), data=st.data())
def test_a_rep_split_into_two_halves_of_its_weight_changes_no_measure(
    load: list[int], which: int, data: st.DataObject
) -> None:
    weight = data.draw(st.lists(weights, min_size=len(load), max_size=len(load)))
    at = which % len(load)
    halves = [*load[:at], load[at] / 2, load[at] / 2, *load[at + 1 :]]
    parts = [*weight[:at], weight[at] / 2, weight[at] / 2, *weight[at + 1 :]]
    old, new = all_measures(load, weight), all_measures(halves, parts)
    for name in ("total", "mean", "min", "max", *MEASURES):
        assert new[name] == pytest.approx(old[name], rel=1e-9, abs=1e-9), name


@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e300])
def test_no_measure_is_nan_at_the_ends_of_the_float_range(unit: float) -> None:
    found = all_measures(np.array([3.0, 1.0, 0.0]) * unit, np.ones(3))
    assert not found.isna().any()
    assert found["variance"] >= 0


def test_measures_of_nobody_are_refused() -> None:
    with pytest.raises(ValueError, match="load is empty; allowed: at least one rep"):
        all_measures([], [])
