"""Problems from frames: every dtype and index in, every fault with its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import assignopt as ao

REPS = pd.DataFrame({"id": ["ana", "bo"]})
TASKS = pd.DataFrame({"id": ["t1", "t2", "t3"], "effort": [1.0, 2.0, 3.0]})


def faults(**frames: Any) -> list[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as error:
        ao.Problem.from_frames(**{"reps": REPS, "tasks": TASKS, **frames})
    return [detail["loc"] for detail in error.value.errors()]


def tasks(**columns: Any) -> pd.DataFrame:
    return TASKS.assign(**columns)


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf, -np.inf])
def test_a_bad_number_is_placed(bad: float) -> None:
    assert faults(tasks=tasks(effort=[1.0, bad, 3.0])) == [("tasks", 1, "effort")]


def test_text_in_a_column_of_numbers_is_a_fault_even_if_it_reads_as_one() -> None:
    assert faults(tasks=tasks(effort=["12", "1", "2"])) == [
        ("tasks", i, "effort") for i in range(3)
    ]
    assert faults(tasks=tasks(effort=[1, "12", 10**400])) == [
        ("tasks", 1, "effort"),
        ("tasks", 2, "effort"),
    ]


@pytest.mark.parametrize("bad", [7, 7.0, b"t2", None, ""])
def test_an_id_that_is_not_text_is_placed(bad: Any) -> None:
    ids = pd.Series(["t1", bad, "t3"], dtype=object)
    assert faults(tasks=tasks(id=ids)) == [("tasks", 1, "id")]


def test_ids_that_pandas_turned_into_floats_are_all_placed() -> None:
    assert faults(tasks=tasks(id=[1.0, np.nan, 3.0])) == [
        ("tasks", 1, "id"),
        ("tasks", 0, "id"),
        ("tasks", 2, "id"),
    ]


def test_a_repeated_id_is_placed_at_its_second_row() -> None:
    assert faults(tasks=tasks(id=["t1", "t2", "t1"])) == [("tasks", 2, "id")]


def test_a_missing_column_is_named() -> None:
    assert faults(tasks=pd.DataFrame({"effort": [1.0]})) == [("tasks", "id")]


def test_an_id_in_the_index_is_explained() -> None:
    with pytest.raises(ValidationError, match="reset_index"):
        ao.Problem.from_frames(REPS.set_index("id"), TASKS)


def test_a_column_that_stands_twice_is_a_fault() -> None:
    double = pd.concat([TASKS, TASKS[["effort"]]], axis=1)
    assert faults(tasks=double) == [("tasks", "effort")]


def test_a_skill_level_that_is_text_is_placed() -> None:
    skills = pd.DataFrame({"rep_id": ["ana", "bo"], "skill": ["b2b", "b2b"], "level": [1, "high"]})
    assert faults(skills=skills) == [("skills", 1, "level")]
    assert faults(reps=REPS.assign(skills=["b2b:high", {"sql": "3"}])) == [
        ("reps", 0, "skills"),
        ("reps", 1, "skills", "sql"),
    ]


def test_long_frames_are_checked_for_unknown_repeated_and_extra() -> None:
    fit = pd.DataFrame({"rep_id": ["ana", "cy"], "customer_type": ["smb", "smb"], "fit": [1.5, 1]})
    assert faults(fit=fit) == [("fit", 1, "rep_id"), ("fit", 0, "fit")]
    twice = pd.DataFrame({"task_id": ["t1", "t1"], "skill": ["b2b", "b2b"], "level": [1, 2]})
    assert faults(requires=twice) == [("requires", 1, "skill")]
    assert faults(requires=twice[:1].assign(note="x")) == [("requires", "note")]


def test_long_frames_join_what_stands_in_cells() -> None:
    skills = pd.DataFrame({"rep_id": ["bo"], "skill": ["sql"], "level": [2]})
    problem = ao.Problem.from_frames(REPS.assign(skills=["b2b", "b2b:3"]), TASKS, skills=skills)
    assert [rep.skills for rep in problem.reps.values()] == [{"b2b": 1.0}, {"b2b": 3.0, "sql": 2.0}]


def test_faults_everywhere_are_one_error() -> None:
    found = faults(
        reps=REPS.assign(capacity=[-1.0, 1.0]),
        tasks=tasks(effort=[1.0, np.nan, 3.0]),
        pairs=pd.DataFrame({"rep_id": ["ana", "zz"], "task_id": ["t1", "t9"]}),
        preferences=[("ana", "t1", np.nan)],
        history=[("bo", -3.0)],
        rules=[ao.MaxMoves(1), ao.Pin("t1", "zz"), {"kind": "max_tasks", "n": -1}],
        objective=[{"kind": "value", "slack": "x"}],
        effort_unit="",
    )
    assert found == [
        ("reps", 0, "capacity"),
        ("tasks", 1, "effort"),
        ("effort_unit",),
        ("pairs", 1, "rep_id"),
        ("pairs", 1, "task_id"),
        ("preferences", 0, "weight"),
        ("history", 0, "load"),
        ("rules", 2, "n"),
        ("objective", 0, "slack"),
        ("rules", 1, "rep"),
    ]


def test_pairs_are_read_although_an_id_repeats() -> None:
    pairs = pd.DataFrame({"rep_id": ["ana"], "task_id": ["t2"], "value": [-1.0]})
    found = faults(tasks=tasks(id=["t1", "t2", "t1"]), pairs=pairs)
    assert found == [("tasks", 2, "id"), ("pairs", 0, "value")]


def test_ids_at_fault_do_not_make_every_reference_unknown() -> None:
    found = faults(reps=pd.DataFrame({"id": [1, 2]}), rules=[ao.MaxTasks(1, rep="ana")])
    assert found == [("reps", 0, "id"), ("reps", 1, "id")]


def test_pairs_that_repeat_or_leave_a_cell_empty_are_faults() -> None:
    pairs = pd.DataFrame({"rep_id": ["bo", "ana", "bo"], "task_id": ["t1", "t2", "t1"]})
    assert faults(pairs=pairs) == [("pairs", 2, "rep_id")]
    assert faults(pairs=[("ana", "t1", 0.5), ("bo", "t1")]) == [("pairs", 1, "fit")]
    assert faults(pairs=pairs[:2].assign(distance=3)) == [("pairs", "distance")]
    assert faults(pairs=pd.DataFrame({"rep_id": ["ana"]})) == [("pairs", "task_id")]


@pytest.mark.parametrize("bad", ["ana", {"rep_id": ["ana"]}, 3])
def test_a_table_that_is_none_is_a_fault(bad: Any) -> None:
    assert faults(pairs=bad) == [("pairs",)]


def test_a_row_that_is_none_is_a_fault() -> None:
    assert ("pairs", 1) in faults(pairs=[("ana", "t1"), 3])


def test_preferences_and_history_that_repeat_are_faults() -> None:
    assert faults(preferences=[("ana", "t1", 1, "ana"), ("ana", "t1", 2, None)]) == [
        ("preferences", 1, "task_id")
    ]
    assert faults(history=[("ana", 1), ("bo", 1), ("ana", 2)]) == [("history", 2, "rep_id")]


def test_records_given_to_from_frames_are_a_fault() -> None:
    assert faults(reps=[ao.Rep("ana")]) == [("reps",)]


def test_bad_times_are_placed() -> None:
    assert faults(tasks=tasks(start=[0, 1, np.nan], end=[1, 1, 5])) == [
        ("tasks", 2, "start"),
        ("tasks", 1, "end"),
    ]
    assert faults(tasks=tasks(start=[0, "soon", np.inf], end=[1, 2, 3]))[:2] == [
        ("tasks", 1, "start"),
        ("tasks", 2, "start"),
    ]
    assert faults(tasks=tasks(start=[0, 1, 2])) == [("tasks", "end")]


def test_times_of_different_kinds_are_a_fault() -> None:
    days = pd.date_range("2026-01-01", periods=3)
    frame = tasks(start=days, end=days + pd.Timedelta(hours=1))
    reps = REPS.assign(available=[[(0, 1)], None])
    assert faults(reps=reps, tasks=frame) == [("tasks", "start")]
    assert faults(tasks=frame.assign(end=frame["end"].dt.tz_localize("UTC"))) == [
        ("tasks", "start")
    ]


def test_roles_in_cells_are_checked_as_in_records() -> None:
    roles = [None, [{"name": "se"}, {"name": "se"}], [{"name": "se", "effort": -1}]]
    assert faults(tasks=tasks(roles=roles)) == [
        ("tasks", 1, "roles"),
        ("tasks", 2, "roles", 0, "effort"),
    ]


def test_booleans_are_true_or_false() -> None:
    assert faults(reps=REPS.assign(active=["yes", None])) == [
        ("reps", 1, "active"),
        ("reps", 0, "active"),
    ]


def test_tags_that_cannot_be_kept_are_placed() -> None:
    assert faults(tasks=tasks(a=[1.0, np.inf, np.nan], b=[["x"], "x", None])) == [
        ("tasks", 1, "a"),
        ("tasks", 0, "b"),
    ]
    assert faults(tasks=tasks(region="x", tags=[{"region": "y"}, None, 3])) == [
        ("tasks", 0, "tags", "region"),
        ("tasks", 2, "tags"),
    ]


def test_extra_columns_survive_with_their_dtype() -> None:
    frame = tasks(
        region=pd.Categorical(["emea", "apac", "emea"]),
        seats=pd.array([1, None, 3], dtype="Int64"),
        due=pd.date_range("2026-01-01", periods=3, tz="Europe/Berlin"),
        hot=[True, False, True],
        score=np.array([1, 2, 3], np.int8),
        note=["a", None, "c"],
    )
    problem = ao.Problem.from_frames(REPS, frame)
    extra = ["region", "seats", "due", "hot", "score", "note"]
    pd.testing.assert_frame_equal(problem.to_frames()["tasks"][extra], frame[extra])
    assert problem.tasks["t2"].tags.keys() == {"region", "due", "hot", "score"} | set()
    assert problem.select_tasks({"region": "emea"}).tolist() == [True, False, True]


def test_a_column_of_tags_holds_mappings() -> None:
    problem = ao.Problem.from_frames(REPS, tasks(tags=[{"effort": "low"}, None, {"n": 1}]))
    assert [task.tags for task in problem.tasks.values()] == [{"effort": "low"}, {}, {"n": 1}]


@pytest.mark.parametrize(
    "frame",
    [
        TASKS.astype({"id": object}),
        TASKS.astype({"id": "category"}),
        TASKS.astype({"id": "string"}),
        TASKS.astype({"effort": "Float64"}),
        TASKS.astype({"effort": "Int64"}),
        TASKS.astype({"effort": object}),
        TASKS.astype({"effort": "category"}),
        TASKS.astype({"effort": np.int8}),
        TASKS.set_axis(["x", "x", "y"]),
        TASKS.set_axis([9, 4, 9]),
        TASKS.set_axis(pd.MultiIndex.from_tuples([(1, 2), (1, 3), (2, 1)])),
    ],
)
def test_dtypes_and_index_do_not_matter(frame: pd.DataFrame) -> None:
    pairs = pd.DataFrame({"rep_id": ["ana"], "task_id": frame["id"].iloc[[0]].to_list()})
    expected = ao.Problem.from_frames(REPS, TASKS, pairs=pairs)
    assert ao.Problem.from_frames(REPS, frame, pairs=pairs.astype("category")) == expected


def test_optional_columns_may_be_empty_in_any_dtype() -> None:
    reps = REPS.assign(
        capacity=pd.array([None, 0], dtype="Int64"),
        weight=[None, None],
        active=pd.array([True, False], dtype="boolean"),
    )
    problem = ao.Problem.from_frames(reps, tasks(owner=[np.nan] * 3, group=[None, "g", pd.NA]))
    assert [(r.capacity, r.active) for r in problem.reps.values()] == [(None, True), (0.0, False)]
    assert [(t.owner, t.group) for t in problem.tasks.values()] == [
        (None, None),
        (None, "g"),
        (None, None),
    ]


@pytest.mark.parametrize(
    "empty", [pd.DataFrame(), pd.DataFrame(columns=["id"]), pd.DataFrame({"id": [], "effort": []})]
)
def test_no_tasks_and_no_reps_are_valid(empty: pd.DataFrame) -> None:
    nothing = ao.Problem([], [])
    assert ao.Problem.from_frames(empty, empty) == nothing


def test_an_empty_pairs_frame_allows_nothing() -> None:
    problem = ao.Problem.from_frames(REPS, TASKS, pairs=pd.DataFrame())
    assert problem.pairs is not None
    assert problem.pairs.empty


def test_a_million_rows_with_ten_bad_cells_are_ten_faults() -> None:
    rows = 1_000_000
    effort = np.ones(rows)
    bad = list(range(7, rows, rows // 10))
    effort[bad] = -1
    frame = pd.DataFrame({"id": np.arange(rows).astype(str), "effort": effort})
    assert faults(tasks=frame) == [("tasks", row, "effort") for row in bad]


def test_the_first_hundred_faults_are_listed_and_all_are_counted() -> None:
    frame = pd.DataFrame({"id": np.arange(1000).astype(str), "effort": np.nan})
    with pytest.raises(ValidationError, match=r"1000 faults \(the first 100 listed\)") as error:
        ao.Problem.from_frames(REPS, frame)
    assert error.value.error_count() == 100


def test_the_frames_are_not_changed_and_not_shared() -> None:
    reps, frame = REPS.assign(capacity=1.0), tasks(region=["a", "b", "c"])
    before = reps.copy(deep=True), frame.copy(deep=True)
    problem = ao.Problem.from_frames(reps, frame)
    pd.testing.assert_frame_equal(reps, before[0])
    pd.testing.assert_frame_equal(frame, before[1])
    kept = problem.to_json()
    frame.loc[0, ["id", "region"]] = "changed"
    frame.loc[:, "effort"] = 9.0
    reps.loc[:, "capacity"] = 9.0
    assert problem.to_json() == kept


def test_no_record_is_made_per_task(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*args: object, **kwargs: object) -> None:
        raise AssertionError("a record was made")

    for name in ("__init__", "model_construct", "model_validate"):
        monkeypatch.setattr(ao.Task, name, forbidden)
    assert len(ao.Problem.from_frames(REPS, tasks(requires="b2b:2|sql")).tasks) == 3
