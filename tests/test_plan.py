"""Plan: its frames, what it refuses, how it prints, and the way to JSON and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

import assignopt as ao
import strategies
from assignopt.plan import frame_of
from strategies import tries

TEXT, NUMBER, WHOLE, TRUTH = "str", np.dtype("float64"), np.dtype("int64"), np.dtype("bool")
COLUMNS = {
    "assignments": {
        "task_id": TEXT,
        "role": TEXT,
        "rep_id": TEXT,
        "effort": NUMBER,
        "fit": NUMBER,
        "value": NUMBER,
        "moved": TRUTH,
    },
    "unassigned": dict.fromkeys(["task_id", "role", "reason", "detail"], TEXT),
    "loads": {
        "rep_id": TEXT,
        "tasks": WHOLE,
        "load": NUMBER,
        "capacity": NUMBER,
        "utilisation": NUMBER,
        "worth": NUMBER,
        "value": NUMBER,
        "burden": NUMBER,
        "weight": NUMBER,
        "active": TRUTH,
    },
    "terms": {
        "term": TEXT,
        "value": NUMBER,
        "bound": NUMBER,
        "gap": NUMBER,
        "proved": TRUTH,
        "engine": TEXT,
        "depth": WHOLE,
    },
}


def team() -> ao.Problem:
    """Four tasks, one with a role, of which two can be done."""
    return ao.Problem(
        [
            ao.Rep("ana", capacity=5, carried_load=1, weight=2, fit={"smb": 0.5}),
            ao.Rep("bo", skills={"sql"}),
            ao.Rep("cy", capacity=4, active=False, carried_load=3),
            ao.Rep("di", capacity=0),
        ],
        [
            ao.Task("t2", effort=9, requires={"c"}, tags={"region": "emea", "tier": 1}),
            ao.Task(
                "t1",
                effort=4,
                value=10,
                burden=3,
                customer_type="smb",
                tags={"region": "apac"},
                roles=[ao.Role("aide", effort=2, requires={"sql"}, credit=0.25)],
                owner="bo",
            ),
            ao.Task("t3", effort=1, requires={"sql"}, roles=[ao.Role("boss", requires={"c"})]),
        ],
        rules=[ao.Forbid("t1", "di"), ao.Pin("t1", "ana")],
    )


def infeasible() -> ao.Plan:
    problem = ao.Problem([ao.Rep("ana", max_tasks=0)], [ao.Task("t1")], rules=[ao.CoverAll()])
    plan = ao.solve(problem)
    assert plan.status is ao.Status.INFEASIBLE
    return plan


def all_open() -> ao.Plan:
    return ao.solve(ao.Problem([ao.Rep("ana", max_tasks=0)], [ao.Task("t1"), ao.Task("t2")]))


PROBLEMS = {
    "all": team(),
    "nothing": ao.Problem([], []),
    "no tasks": ao.Problem([ao.Rep("ana")], []),
    "no reps": ao.Problem([], [ao.Task("t1")]),
    "nothing open": ao.Problem([ao.Rep("ana")], [ao.Task("t1")]),
    "no tiers": ao.Problem([ao.Rep("ana")], [ao.Task("t1")], objective=()),
}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("how", ["solved", "from JSON"])
def test_frames_have_their_columns_and_dtypes_whatever_the_rows(name: str, how: str) -> None:
    plan = ao.solve(PROBLEMS[name], workers=1)
    if how == "from JSON":
        plan = ao.Plan.from_json(plan.to_json())
    for frame, wanted in COLUMNS.items():
        found = getattr(plan, frame)
        assert list(found.columns) == list(wanted), frame
        assert [str(d) for d in found.dtypes] == [str(d) for d in wanted.values()], frame
        assert found.index.tolist() == list(range(len(found)))


def test_the_frames_in_numbers() -> None:
    plan = ao.solve(team(), workers=1)
    assert plan.assignments.values.tolist() == [
        ["t1", "owner", "ana", 4.0, 0.5, 3.75, False],
        ["t1", "aide", "bo", 2.0, 1.0, 2.5, False],
        ["t3", "owner", "bo", 1.0, 1.0, 1.0, False],
    ]
    left = plan.unassigned
    assert left[["task_id", "role", "reason"]].values.tolist() == [
        ["t2", "owner", "no_skill"],
        ["t3", "boss", "no_skill"],
    ]
    loads = plan.loads.set_index("rep_id")
    assert loads.index.tolist() == ["ana", "bo", "cy", "di"]
    assert loads["tasks"].tolist() == [1, 2, 0, 0]
    assert loads["load"].tolist() == [5.0, 3.0, 3.0, 0.0]
    assert loads["worth"].tolist() == [7.5, 3.5, 0.0, 0.0]
    assert loads["value"].tolist() == [3.75, 3.5, 0.0, 0.0]
    assert loads["burden"].tolist() == [3.0, 3.0, 0.0, 0.0]
    assert loads["weight"].tolist() == [2.0, 1.0, 4.0, 0.0]
    assert loads["active"].tolist() == [True, True, False, True]
    assert loads["capacity"].tolist()[0] == 5.0
    assert np.isnan(loads.loc["bo", ["capacity", "utilisation"]].astype(float)).all()
    assert loads.loc[["ana", "cy"], "utilisation"].tolist() == [1.0, 0.75]
    assert np.isnan(loads.loc["di", "utilisation"])


def test_moved_tells_the_owners_who_could_have_kept_the_task() -> None:
    problem = ao.Problem(
        [ao.Rep("ana", max_tasks=1), ao.Rep("bo"), ao.Rep("cy", active=False)],
        [
            ao.Task("kept", owner="ana", value=9),
            ao.Task("moves", owner="ana", roles=[ao.Role("aide")]),
            ao.Task("gone", owner="cy"),
            ao.Task("new"),
        ],
        rules=[ao.Pin("kept", "ana"), ao.CoverAll(["gone", "new"])],
    )
    plan = ao.solve(problem, workers=1)
    moved = plan.assignments[plan.assignments["role"] == "owner"].set_index("task_id")["moved"]
    assert moved.to_dict() == {"kept": False, "moves": True, "gone": False, "new": False}
    assert not plan.assignments.loc[plan.assignments["role"] == "aide", "moved"].any()


# -- without a plan ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["assignments", "unassigned", "loads"])
def test_reading_a_plan_that_is_not_there_is_refused_with_the_reason(name: str) -> None:
    plan = infeasible()
    with pytest.raises(ao.NoSolutionError, match="'t1'"):
        getattr(plan, name)
    for refused in (plan.raise_for_status, plan.to_frame):
        with pytest.raises(ao.NoSolutionError, match="no plan keeps the rules"):
            refused()
    assert plan.terms["term"].tolist() == ["coverage", "leximax(load per weight)", "value"]
    assert plan.infeasibility in str(plan)
    assert plan.infeasibility in repr(plan)
    assert "INFEASIBLE" in plan._repr_html_()


def test_raise_for_status_gives_the_plan_itself() -> None:
    plan = ao.solve(team(), workers=1)
    assert plan.raise_for_status() is plan
    greedy = ao.solve(team(), engine="greedy")
    assert greedy.raise_for_status() is greedy


def test_a_plan_does_not_change_and_is_no_key() -> None:
    plan = ao.solve(team(), workers=1)
    with pytest.raises(AttributeError):
        plan.seed = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        hash(plan)


# -- to_frame ----------------------------------------------------------------------------------


def test_to_frame_gives_every_seat_in_the_order_of_the_tasks_with_their_tags() -> None:
    frame = ao.solve(team(), workers=1).to_frame()
    assert frame[["task_id", "role"]].values.tolist() == [
        ["t2", "owner"],
        ["t1", "owner"],
        ["t1", "aide"],
        ["t3", "owner"],
        ["t3", "boss"],
    ]
    assert frame["rep_id"].isna().tolist() == [True, False, False, False, True]
    assert frame["reason"].isna().tolist() == [False, True, True, True, False]
    assert frame["region"].tolist()[:3] == ["emea", "apac", "apac"]
    assert frame["region"].isna().tolist() == [False] * 3 + [True] * 2
    assert frame["tier"].tolist()[0] == 1
    assert frame.index.tolist() == [0, 1, 2, 3, 4]


def test_to_frame_keeps_the_columns_of_the_frame_that_was_read() -> None:
    tasks = pd.DataFrame(
        {
            "id": ["b", "a", "c"],
            "note": ["x", None, "z"],
            "when": pd.to_datetime(["2024-01-01"] * 3),
        }
    )
    problem = ao.Problem.from_frames(pd.DataFrame({"id": ["ana"], "max_tasks": [2]}), tasks)
    frame = ao.solve(problem).to_frame()
    assert frame["task_id"].tolist() == ["b", "a", "c"]
    assert frame["note"].tolist()[::2] == ["x", "z"]
    assert pd.isna(frame["note"][1])
    assert frame["when"].tolist() == tasks["when"].tolist()


@pytest.mark.parametrize("name", PROBLEMS)
def test_to_frame_has_the_same_columns_for_any_rows(name: str) -> None:
    frame = ao.solve(PROBLEMS[name], workers=1).to_frame()
    assert list(frame.columns)[:9] == [*COLUMNS["assignments"], "reason", "detail"]
    seats = sum(1 + len(task.roles) for task in PROBLEMS[name].tasks.values())
    assert len(frame) == seats


def test_to_frame_of_a_plan_with_nothing_assigned_and_with_nothing_open() -> None:
    frame = all_open().to_frame()
    assert frame["task_id"].tolist() == ["t1", "t2"]
    assert frame["rep_id"].isna().all()
    frame = ao.solve(PROBLEMS["nothing open"]).to_frame()
    assert frame["rep_id"].tolist() == ["ana"]
    assert frame["reason"].isna().all()


# -- JSON --------------------------------------------------------------------------------------


@settings(max_examples=tries(20), suppress_health_check=list(HealthCheck))
@given(strategies.problems())
def test_json_gives_an_equal_plan_back(problem: ao.Problem) -> None:
    plan = ao.solve(problem, workers=1)
    text = plan.to_json()
    again = ao.Plan.from_json(text)
    assert again == plan
    assert again.to_json() == text
    assert again.status is plan.status
    assert again.infeasibility == plan.infeasibility
    assert again.problem == problem
    for name in ("engine", "runtime", "seed", "versions", "deterministic"):
        assert getattr(again, name) == getattr(plan, name), name


@pytest.mark.parametrize("plan", [ao.solve(team(), workers=1), infeasible(), all_open()])
def test_json_of_plans_with_roles_none_and_nothing(plan: ao.Plan) -> None:
    text = plan.to_json(indent=1)
    assert ao.Plan.from_json(text) == plan
    assert str(ao.Plan.from_json(text)) == str(plan)
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_json_of_times_ids_and_text_of_all_kinds() -> None:
    problem = ao.Problem(
        [ao.Rep("007"), ao.Rep("Zoë", available=[])],
        [
            ao.Task(
                "1e5",
                start=datetime(2024, 2, 29, 9, tzinfo=UTC),
                end=datetime(2024, 2, 29, 10, tzinfo=UTC),
                tags={"day": datetime(2024, 2, 29), "ok": True, "n": 3},
            ),
            ao.Task("NaN"),
        ],
    )
    plan = ao.solve(problem, workers=1)
    again = ao.Plan.from_json(plan.to_json())
    assert again == plan
    assert again.assignments["task_id"].tolist() == ["1e5", "NaN"]
    assert set(again.loads["rep_id"]) == {"007", "Zoë"}
    assert "Zoë" in plan.to_json()


def test_plans_differ_where_status_problem_or_frames_do() -> None:
    plan = ao.solve(team(), workers=1)
    assert plan == ao.solve(team(), workers=1)
    assert plan != ao.solve(team(), workers=1, engine="greedy")
    assert plan != ao.solve(team().replace(effort_unit="days"), workers=1)
    assert plan != infeasible()
    assert infeasible() == infeasible()
    assert plan != "plan"
    data: dict[str, Any] = json.loads(plan.to_json())
    data["assignments"][0]["rep_id"] = "bo"
    assert ao.Plan.from_json(json.dumps(data)) != plan


# -- printing ----------------------------------------------------------------------------------


def test_the_text_says_what_was_done_proved_and_left_open_and_why() -> None:
    plan = ao.solve(team(), workers=1)
    text = str(plan)
    assert plan.headline() == "OPTIMAL, 2 of 3 tasks assigned, 2 of 4 reps with work"
    assert text.startswith(plan.headline())
    assert repr(plan) == f"<Plan: {plan.headline()}>"
    assert "Loads in hours:" in text
    assert "Left open (2):" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["t2", "owner", "no_skill"] in [line[:3] for line in lines]
    assert "'c' at level 1: 0 (nobody has it)" in text
    for row in plan.terms.itertuples():
        assert f"proved best ({row.engine})" in text
    assert "no limit" in text
    assert "100%" in text


def test_the_text_says_what_was_not_proved() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")],
        [ao.Task(f"t{i}", effort=effort) for i, effort in enumerate([3, 3, 2, 2, 2])],
        rules=[ao.CoverAll()],
        objective=[ao.Fairness("range")],
    )
    text = str(ao.solve(problem, engine="greedy"))
    assert text.startswith("FEASIBLE, 5 of 5 tasks assigned")
    assert "not proved; best possible 0 (gap 100.00%)" in text
    assert "Left open" not in text


def test_long_tables_are_cut() -> None:
    plan = ao.solve(ao.Problem([], [ao.Task(f"t{i:03d}") for i in range(100)]))
    assert "Left open (100):" in str(plan)
    assert "... and 60 more" in str(plan)
    assert "t039" in str(plan)
    assert "t040" not in str(plan)


def test_html_has_the_headline_and_escapes_what_users_wrote() -> None:
    problem = ao.Problem([ao.Rep("<b>ana</b>")], [ao.Task("t1", requires={"<i>"})])
    plan = ao.solve(problem)
    html = plan._repr_html_()
    assert plan.headline() in html
    assert html.count("<table") == 3
    assert "&lt;b&gt;ana&lt;/b&gt;" in html
    assert "<b>ana</b>" not in html
    assert "<i>" not in html


def test_columns_of_text_are_made_at_once_and_are_independent() -> None:
    dtypes = {"from": "str", "n": "Int64", "to": "str"}
    frame = frame_of([("ana", 1, "bo"), (None, None, "cy")], dtypes)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes
    assert frame["from"].isna().tolist() == frame["n"].isna().tolist() == [False, True]
    frame.loc[1, "from"] = "dee"
    assert frame["from"].tolist() == ["ana", "dee"]
    assert frame["to"].tolist() == ["bo", "cy"]
    assert list(frame_of([], dtypes).columns) == list(dtypes)


def test_a_tier_that_needed_no_engine_is_proved_all_the_same() -> None:
    problem = ao.Problem([ao.Rep("ana")], [ao.Task("t1")], objective=[ao.Coverage()])
    plan = ao.solve(problem, time_limit=0, hint={"t1": "ana"})
    assert plan.terms[["proved", "engine"]].values.tolist() == [[True, ""]]
    assert "proved best" in str(plan)
    assert "()" not in str(plan)
