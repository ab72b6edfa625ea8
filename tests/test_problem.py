"""Problem: the three ways in and out, what it refuses, and the what-if edits."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao
from strategies import tries

NAMES = st.text(min_size=1, max_size=4).filter(lambda text: "\0" not in text)
NUMBERS = st.floats(0, 1e6)
SHARES = st.floats(0, 1)
ABOVE_ZERO = st.floats(1e-3, 1e3)
LEVELS = st.dictionaries(NAMES, NUMBERS, max_size=3)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1))
TAGS = st.dictionaries(
    NAMES | st.sampled_from(["owner", "tags", "effort"]),
    st.text() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBERS | MOMENTS,
    max_size=3,
)
CLOCKS: list[Any] = [
    NUMBERS.map(lambda x: round(x, 3)),
    MOMENTS,
    MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
]


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def windows(draw: st.DrawFn, clock: Any) -> tuple[Any, Any]:
    start = draw(clock)
    return start, start + (timedelta(hours=1) if isinstance(start, datetime) else 1)


@st.composite
def problems(draw: st.DrawFn) -> ao.Problem:
    clock = draw(st.sampled_from(CLOCKS))
    rep_ids = draw(st.lists(NAMES, max_size=4, unique=True))
    task_ids = draw(st.lists(NAMES, max_size=4, unique=True))
    reps = [
        ao.Rep(
            name,
            capacity=draw(maybe(NUMBERS)),
            max_tasks=draw(maybe(st.integers(0, 99))),
            skills=draw(LEVELS),
            fit=draw(st.dictionaries(NAMES, SHARES, max_size=2)),
            tags=draw(TAGS),
            weight=draw(maybe(ABOVE_ZERO)),
            efficiency=draw(ABOVE_ZERO),
            carried_load=draw(NUMBERS),
            available=draw(maybe(st.lists(windows(clock), max_size=2))),
            active=draw(st.booleans()),
        )
        for name in rep_ids
    ]
    roles = st.lists(
        st.builds(
            ao.Role, NAMES.filter(lambda n: n != "owner"), NUMBERS, LEVELS, maybe(st.just(0.5))
        ),
        max_size=2,
        unique_by=lambda role: role.name,
    )
    tasks = []
    for name in task_ids:
        start, end = draw(maybe(windows(clock))) or (None, None)
        tasks.append(
            ao.Task(
                name,
                *draw(st.tuples(NUMBERS, NUMBERS, NUMBERS, LEVELS, LEVELS, maybe(NAMES), TAGS)),
                group=draw(maybe(NAMES)),
                owner=draw(st.sampled_from([None, *rep_ids])),
                burden=draw(NUMBERS),
                start=start,
                end=end,
                roles=draw(roles),
            )
        )
    both = [(rep, task) for rep in rep_ids for task in task_ids]
    some = st.lists(st.sampled_from(both), unique=True) if both else st.just([])
    return ao.Problem(
        reps,
        tasks,
        pairs=draw(maybe(some.map(lambda rows: [(*row, 0.5, 1, 2) for row in rows]))),
        preferences=draw(maybe(some.map(lambda rows: [(*row, -0.5, "boss") for row in rows]))),
        history=[(name, 3.5, 1, 2, "2026-01") for name in rep_ids] or None,
        rules=[ao.MaxMoves(3), ao.MinFit(0.25, id="own")],
        objective=draw(maybe(st.just([ao.Weighted({"value": 1, "moves": 2}), ao.Coverage()]))),
        effort_unit=draw(NAMES),
    )


@settings(deadline=None, max_examples=tries(40))
@given(problems())
def test_records_frames_and_json_give_equal_problems(problem: ao.Problem) -> None:
    from_frames = ao.Problem.from_frames(**problem.to_frames())
    assert from_frames == problem
    assert ao.Problem.from_json(problem.to_json()) == problem
    assert ao.Problem.from_json(from_frames.to_json()) == problem


@settings(deadline=None, max_examples=tries(40))
@given(problems())
def test_records_come_back_as_they_were_given(problem: ao.Problem) -> None:
    again = problem.replace(reps=problem.reps, tasks=list(problem.tasks.values()))
    assert again == problem
    assert list(again.tasks.values()) == list(problem.tasks.values())


def test_ids_come_back_exactly_as_given() -> None:
    ids = ["007", " 7", "7.0", "1e3", "NaN", "None", "ünï"]
    problem = ao.Problem([], [ao.Task(name) for name in ids])
    assert list(ao.Problem.from_json(problem.to_json()).tasks) == ids
    assert list(ao.Problem.from_frames(**problem.to_frames()).tasks) == ids


def test_json_leaves_out_what_is_default() -> None:
    data = json.loads(ao.Problem([ao.Rep("ana")], []).to_json())
    assert data["reps"] == [{"id": "ana"}]
    assert data["tasks"] == []


def test_the_schema_names_the_arguments() -> None:
    schema = ao.Problem.json_schema()
    assert schema["required"] == ["reps", "tasks"]
    assert set(schema["properties"]) == set(ao.Problem([], []).to_data()) | {
        "pairs",
        "preferences",
        "history",
        "notes",
    }


def small(**changes: Any) -> ao.Problem:
    given: dict[str, Any] = {
        "reps": [ao.Rep("ana", capacity=8), ao.Rep("bo", tags={"team": "north"}), ao.Rep("cy")],
        "tasks": [ao.Task("t1", effort=2, owner="bo"), ao.Task("t2", roles=[ao.Role("se")])],
    }
    return ao.Problem(**{**given, **changes})


def faults(**changes: Any) -> list[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as error:
        small(**changes)
    return [detail["loc"] for detail in error.value.errors()]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tasks": [{"id": "t1"}, {"id": "t2", "effort": -1}]}, [("tasks", 1, "effort")]),
        ({"tasks": [{"id": "t1", "efort": 1}]}, [("tasks", 0, "efort")]),
        ({"tasks": [ao.Task("t1"), ao.Task("t1")]}, [("tasks", 1, "id")]),
        (
            {"tasks": [{"id": 1}, {"id": "t1"}, {"id": "t1"}]},
            [("tasks", 0, "id"), ("tasks", 2, "id")],
        ),
        ({"tasks": [3]}, [("tasks", 0)]),
        ({"tasks": {"id": "t1"}}, [("tasks",)]),
        ({"tasks": None}, [("tasks",)]),
        ({"rules": ao.Pin("t1", "ana")}, [("rules",)]),
        ({"objective": ao.Value()}, [("objective",)]),
        ({"tasks": [ao.Task("t1", owner="zed")]}, [("tasks", 0, "owner")]),
        ({"rules": [ao.Pin("t9", "ana")]}, [("rules", 0, "task")]),
        ({"rules": [ao.Together(["t1", "t9"])]}, [("rules", 0, "tasks", 1)]),
        ({"rules": [ao.Apart(["t1", "t1"])]}, [("rules", 0, "tasks", 1)]),
        ({"rules": [ao.CoverAll({"regoin": "x"})]}, [("rules", 0, "where", "regoin")]),
        ({"rules": [ao.MaxMoves(1), ao.MaxMoves(1)]}, [("rules", 1, "id")]),
        ({"rules": [ao.Pin("t1", "ana"), ao.Pin("t1", "bo")]}, [("rules", 1, "rep")]),
        ({"rules": [ao.Pin("t2", "bo"), ao.Pin("t2", "bo", "se")]}, [("rules", 1, "role")]),
        ({"rules": [ao.Pin("t1", "bo", "se")]}, [("rules", 0, "role")]),
        ({"rules": [{"kind": "pin", "task": "t1"}]}, [("rules", 0, "rep")]),
        ({"rules": [{"kind": "pn"}]}, [("rules", 0)]),
        ({"effort_unit": 3}, [("effort_unit",)]),
    ],
)
def test_bad_input_is_placed(changes: Any, expected: Any) -> None:
    assert faults(**changes) == expected


def test_a_faulty_record_is_still_known_to_rules_and_still_checked() -> None:
    reps = [{"id": "ana", "capacity": -1}, {"id": "bo"}]
    tasks = [{"id": "t1", "effort": "x", "owner": "zed"}]
    found = faults(reps=reps, tasks=tasks, rules=[ao.Pin("t1", "ana")])
    assert found == [("reps", 0, "capacity"), ("tasks", 0, "effort"), ("tasks", 0, "owner")]


def test_months_need_datetimes() -> None:
    rules = [ao.MaxTasks(1, per="month")]
    assert faults(tasks=[ao.Task("t1", start=0, end=1)], rules=rules) == [("rules", 0, "per")]


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(ValidationError, match="did you mean 'ana'"):
        small(rules=[ao.MaxTasks(1, rep="anna")])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", ("json",)),
        ('{"reps": [], "tasks": [], "reps": []}', ("json",)),
        ('{"reps": []}', ("tasks",)),
        ('{"reps": [], "tasks": [], "rule": []}', ("rule",)),
        ('{"reps": [], "tasks": [{"id": "t", "effort": NaN}]}', ("tasks", 0, "effort")),
        ("[]", ()),
    ],
)
def test_bad_json_is_placed(text: str, place: Any) -> None:
    with pytest.raises(ValidationError) as error:
        ao.Problem.from_json(text)
    assert [detail["loc"] for detail in error.value.errors()] == [place]


def test_no_tasks_no_reps_and_no_capacity_are_valid() -> None:
    problem = ao.Problem([ao.Rep("ana", capacity=0)], [])
    assert problem.weights.tolist() == [0.0]
    assert len(ao.Problem([], []).tasks) == 0


def test_a_problem_does_not_change() -> None:
    problem = small()
    with pytest.raises(AttributeError, match="replace"):
        problem.effort_unit = "days"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        problem.task_columns.effort[0] = 9


def test_a_problem_can_be_copied_and_pickled() -> None:
    problem = small(pairs=[("ana", "t1")])
    assert copy.deepcopy(problem) == problem
    assert pickle.loads(pickle.dumps(problem)) == problem


def test_tables_are_mappings_of_records() -> None:
    tasks = small().tasks
    assert "t1" in tasks
    assert 1 not in tasks
    assert [task.id for task in tasks.values()] == list(tasks) == ["t1", "t2"]
    with pytest.raises(KeyError):
        tasks["t9"]
    assert repr(tasks) == "<2 records: 't1', 't2'>"


def test_replace_refuses_unknown_arguments_and_validates() -> None:
    with pytest.raises(TypeError, match="rulez"):
        small().replace(rulez=[])
    with pytest.raises(ValidationError):
        small().replace(rules=[ao.Pin("t9", "ana")])


def test_replace_carries_tables_over_to_reordered_reps() -> None:
    problem = small(pairs=[("ana", "t1"), ("bo", "t2")], preferences=[("bo", "t1", 1)])
    turned = problem.replace(reps=list(problem.reps.values())[::-1])
    assert turned.pairs is not None
    assert turned.pairs.to_numpy().tolist() == [["ana", "t1"], ["bo", "t2"]]
    assert turned.replace(reps=problem.reps) == problem


def test_replace_names_the_rows_whose_rep_is_gone() -> None:
    problem = small(pairs=[("ana", "t1"), ("bo", "t2")])
    with pytest.raises(ValidationError) as error:
        problem.replace(reps=[ao.Rep("bo")])
    assert [detail["loc"] for detail in error.value.errors()] == [("pairs", 0, "rep_id")]


def test_without_rep_leaves_out_all_that_names_only_this_rep() -> None:
    problem = small(
        pairs=[("bo", "t1"), ("cy", "t1")],
        preferences=[("bo", "t1", 1), ("cy", "t1", 1, "bo"), ("cy", "t2", 1)],
        history=[("bo", 3), ("cy", 4)],
        rules=[
            ao.Pin("t1", "bo"),
            ao.MaxTasks(1, rep=["bo", "cy"]),
            ao.MaxTasks(2, rep={"team": "north"}),
            ao.MaxLoad(5, rep=["bo", "cy"], id="own"),
            ao.MaxMoves(1),
        ],
    )
    left = problem.without_rep("bo")
    assert list(left.reps) == ["ana", "cy"]
    assert left.tasks["t1"].owner is None
    assert left.pairs is not None
    assert left.pairs.to_numpy().tolist() == [["cy", "t1"]]
    assert left.preferences is not None
    assert left.preferences["task_id"].tolist() == ["t2"]
    assert left.history is not None
    assert left.history["rep_id"].tolist() == ["cy"]
    assert left.rules == (
        ao.MaxTasks(1, rep=["cy"]),
        ao.MaxLoad(5, rep=["cy"], id="own"),
        ao.MaxMoves(1),
    )
    assert ao.Problem.from_json(left.to_json()) == left
    with pytest.raises(KeyError):
        problem.without_rep("zed")


def test_without_rep_keeps_the_dtype_of_tags() -> None:
    reps = pd.DataFrame({"id": ["ana", "bo"], "level": np.array([1, 2], np.int8)})
    left = ao.Problem.from_frames(reps, pd.DataFrame()).without_rep("ana")
    assert left.rep_columns.tags["level"].dtype == np.int8
    assert left.reps["bo"].tags == {"level": 2}


def test_with_rep_adds_or_replaces() -> None:
    problem = small()
    assert list(problem.with_rep(ao.Rep("di")).reps) == ["ana", "bo", "cy", "di"]
    changed = problem.with_rep(ao.Rep("bo", capacity=1))
    assert list(changed.reps) == ["ana", "bo", "cy"]
    assert changed.reps["bo"] == ao.Rep("bo", capacity=1)


def test_with_tasks_takes_records_mappings_and_frames() -> None:
    problem = small(pairs=[("ana", "t1")])
    for added in ([ao.Task("t3")], [{"id": "t3"}], pd.DataFrame({"id": ["t3"]})):
        assert list(problem.with_tasks(added).tasks) == ["t1", "t2", "t3"]
    with pytest.raises(ValidationError, match="'t1' is repeated"):
        problem.with_tasks([ao.Task("t1")])


def test_with_tasks_keeps_the_dtype_of_tags() -> None:
    tasks = pd.DataFrame({"id": ["t1"], "region": ["emea"], "n": [1]})
    joined = ao.Problem.from_frames(pd.DataFrame(), tasks).with_tasks(
        [ao.Task("t2", tags={"region": "apac", "n": 2})]
    )
    assert joined.task_columns.tags.dtypes.to_dict() == tasks.dtypes.drop("id").to_dict()
    assert joined.tasks["t2"].tags == {"region": "apac", "n": 2}


def test_scale_effort_scales_tasks_roles_and_pairs() -> None:
    problem = small(
        pairs=pd.DataFrame({"rep_id": ["ana"] * 2, "task_id": ["t1", "t2"], "effort": [3.0, 5.0]})
    )
    scaled = problem.scale_effort(2, where="t2")
    assert [task.effort for task in scaled.tasks.values()] == [2.0, 2.0]
    assert scaled.tasks["t2"].roles[0].effort == 2.0
    assert scaled.pairs is not None
    assert scaled.pairs["effort"].tolist() == [3.0, 10.0]


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), "2", None])
def test_scale_effort_refuses_a_bad_factor(bad: Any) -> None:
    with pytest.raises(ValidationError, match="factor"):
        small().scale_effort(bad)


@pytest.mark.parametrize("where", [3, "t9", {"regoin": "x"}])
def test_scale_effort_refuses_a_bad_selector(where: Any) -> None:
    with pytest.raises(ValidationError, match="where"):
        small().scale_effort(2, where=where)


def test_endorsements_of_one_rep_are_bounded_together() -> None:
    problem = small(
        preferences=[
            ("ana", "t1", 3),
            ("ana", "t1", 3, "x"),
            ("ana", "t2", -1, "y"),
            ("bo", "t1", 0.5, "x"),
        ]
    )
    assert problem.preference_weights.tolist() == [3.0, 0.75, -0.25, 0.5]


@pytest.mark.parametrize(
    ("selector", "picked"),
    [
        (None, [True, True]),
        ("t2", [False, True]),
        (["t1", "t2"], [True, True]),
        ({"owner": "bo"}, [True, False]),
        ({"effort": 2}, [True, False]),
        ({"requires": "sql"}, [False, False]),
    ],
)
def test_selectors_pick_by_id_list_and_mapping(selector: Any, picked: list[bool]) -> None:
    assert small().select_tasks(selector).tolist() == picked
