"""Rep, Task, Role, the rules and the tiers: what they take, what they refuse, how they read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import assignopt as ao


def places(error: pytest.ExceptionInfo[ValidationError]) -> list[tuple[Any, ...]]:
    return [detail["loc"] for detail in error.value.errors()]


def test_fields_are_taken_by_position_in_the_order_of_the_contract() -> None:
    assert ao.Rep("ana", 8, 3, {"b2b"}, {"smb": 0.5}).fit == {"smb": 0.5}
    assert ao.Task("t", 2, 3, 4).priority == 4.0
    assert ao.Role("r", 2, {"sql"}, 0.5).credit == 0.5


def test_a_field_given_twice_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="'id' given twice"):
        ao.Rep("ana", **{"id": "bo"})
    with pytest.raises(TypeError, match="at most 4 values"):
        ao.Role("r", 1, {}, None, 3)  # type: ignore[call-arg]


def test_records_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ao.Rep("ana").capacity = 3.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"b2b"}, {"b2b": 1.0}),
        (["b2b", "sql"], {"b2b": 1.0, "sql": 1.0}),
        ("b2b:3|german", {"b2b": 3.0, "german": 1.0}),
        ("", {}),
        ({"b2b": np.int64(2)}, {"b2b": 2.0}),
    ],
)
def test_skills_are_read_from_sets_lists_text_and_mappings(given: Any, read: Any) -> None:
    assert ao.Rep("ana", skills=given).skills == read


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("b2b:high", ("skills",)),
        ("b2b:1|b2b:2", ("skills",)),
        (["b2b", "b2b"], ("skills",)),
        ([["b2b"]], ("skills",)),
        ({"b2b": "3"}, ("skills", "b2b")),
        ("b2b:nan", ("skills", "b2b")),
        ({"b2b": -1}, ("skills", "b2b")),
        (7, ("skills",)),
    ],
)
def test_bad_skills_are_one_fault_at_their_place(given: Any, place: Any) -> None:
    with pytest.raises(ValidationError) as error:
        ao.Rep("ana", skills=given)
    assert places(error) == [place]


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("id", 7),
        ("id", ""),
        ("id", b"ana"),
        ("capacity", float("nan")),
        ("capacity", float("inf")),
        ("capacity", 10**400),
        ("capacity", -1),
        ("capacity", "12"),
        ("capacity", True),
        ("max_tasks", 1.5),
        ("weight", 0),
        ("efficiency", 0),
        ("active", 1),
        ("available", [(2, 1)]),
        ("available", [(0, 1), (datetime(2026, 1, 1), datetime(2026, 1, 2))]),
    ],
)
def test_a_bad_field_of_a_rep_is_one_fault(field: str, bad: Any) -> None:
    with pytest.raises(ValidationError) as error:
        ao.Rep(**{"id": "ana", field: bad})
    assert [place[0] for place in places(error)] == [field]


@pytest.mark.parametrize("bad", ["12", pd.NaT, float("nan"), float("inf"), True, "soon"])
def test_a_bad_time_is_one_fault(bad: Any) -> None:
    with pytest.raises(ValidationError) as error:
        ao.Task("t", start=bad, end=99)
    assert places(error) == [("start",)]


@pytest.mark.parametrize(
    "given",
    [
        {"start": 1},
        {"start": 2, "end": 2},
        {"start": 2, "end": datetime(2026, 1, 1)},
        {"start": datetime(2026, 1, 1), "end": datetime(2026, 1, 2, tzinfo=UTC)},
    ],
)
def test_times_that_do_not_go_together_are_a_fault(given: Any) -> None:
    with pytest.raises(ValidationError):
        ao.Task("t", **given)


def test_numpy_scalars_are_the_numbers_they_stand_for() -> None:
    rep = ao.Rep("ana", np.float32(2), np.int64(3), active=np.bool_(True), tags={"n": np.int8(1)})
    assert (rep.capacity, rep.max_tasks, rep.active, rep.tags) == (2.0, 3, True, {"n": 1})
    task = ao.Task("t", start=np.datetime64("2026-01-01", "ns"), end=pd.Timestamp("2026-01-02"))
    assert (task.start, task.end) == (datetime(2026, 1, 1), datetime(2026, 1, 2))


def test_a_count_may_be_the_whole_float_that_pandas_makes() -> None:
    assert ao.Rep("ana", max_tasks=3.0).max_tasks == 3  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [[1], None, float("nan"), float("inf"), {"a": 1}])
def test_a_bad_tag_is_one_fault(bad: Any) -> None:
    with pytest.raises(ValidationError) as error:
        ao.Task("t", tags={"x": bad})
    assert places(error) == [("tags", "x")]


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ([ao.Role("a"), ao.Role("a")], "repeat"),
        ([ao.Role("a", credit=0.7), ao.Role("b", credit=0.7)], "1.4"),
        ([{"name": "owner"}], "taken"),
    ],
)
def test_roles_that_clash_are_a_fault(roles: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ao.Task("t", roles=roles)


def test_inputs_are_not_changed_and_not_shared() -> None:
    skills, tags = {"b2b": 2}, {"team": "north"}
    rep = ao.Rep("ana", skills=skills, tags=tags)
    skills["b2b"] = 9
    tags["team"] = "south"
    assert (rep.skills, rep.tags) == ({"b2b": 2.0}, {"team": "north"})


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (ao.Pin("t1", "ana"), "task 't1' goes to rep 'ana'"),
        (ao.Pin("t1", "ana", role="se"), "task 't1' goes to rep 'ana' as its 'se'"),
        (ao.Forbid(task="t1", rep="ana"), "task 't1': never held by rep 'ana'"),
        (
            ao.Allow(task={"region": "emea"}, rep=["ana", "bo"]),
            "each task with region 'emea': held only by any of reps 'ana', 'bo'",
        ),
        (ao.Together(["t1", "t2"]), "the tasks 't1', 't2' have the same owner"),
        (ao.Apart(["t1", "t2"]), "no rep holds two of the tasks 't1', 't2'"),
        (ao.MinFit(0.5), "every assignment has a fit of at least 0.5"),
        (ao.CoverAll(), "each task is assigned, with all its roles"),
        (
            ao.MaxTasks(3, rep={"team": "north"}, per="day"),
            "each rep with team 'north': at most 3 tasks a day",
        ),
        (ao.MinTasks(1, "ana", {"region": "x"}), "rep 'ana': at least 1 task with region 'x'"),
        (ao.MaxTasks(1, task=["t1", "t2"]), "each rep: at most 1 task out of 't1', 't2'"),
        (ao.MinLoad(2), "each rep: a load of at least 2"),
        (ao.MaxLoad(2.5, rep="ana"), "rep 'ana': a load of at most 2.5"),
        (ao.MaxLoadGap(3), "the loads of any two reps differ by at most 3"),
        (ao.MaxMoves(1), "at most 1 task changes owner"),
    ],
)
def test_a_rule_says_what_it_asks(rule: Any, sentence: str) -> None:
    assert rule.sentence == sentence


def test_a_derived_id_is_stable_and_not_shown() -> None:
    rule = ao.MaxTasks(3, rep="ana")
    assert rule.id == "max_tasks(n=3, rep='ana')"
    assert repr(rule) == "MaxTasks(n=3, rep='ana')"
    assert repr(ao.MaxMoves(1, id="calm")) == "MaxMoves(id='calm', n=1)"
    assert ao.Apart({"b", "a"}).id == "apart(tasks=['a', 'b'])"


@pytest.mark.parametrize(
    "selector", [("ana", "bo"), {"ana", "bo"}, np.array(["ana", "bo"]), pd.Series(["ana", "bo"])]
)
def test_a_selector_takes_any_collection_of_ids(selector: Any) -> None:
    assert ao.MaxTasks(1, rep=selector).rep == ["ana", "bo"]


@pytest.mark.parametrize("bad", [3, [3], "", [""], {"": 1}, {"region": None}])
def test_a_bad_selector_is_one_fault(bad: Any) -> None:
    with pytest.raises(ValidationError) as error:
        ao.MaxTasks(1, rep=bad)
    assert places(error) == [("rep",)]


def test_a_weighted_tier_takes_terms_or_their_kinds_and_refuses_the_rest() -> None:
    assert ao.Weighted({"value": 1, ao.Moves(): 2}).label == "weighted(1 value - 2 moves)"
    for bad in ({}, 3, [3], {"value": 0}, [("value", 1), ("value", 2)]):
        with pytest.raises(ValidationError):
            ao.Weighted(bad)  # type: ignore[arg-type]


def test_tiers_are_hashable_and_equal_by_content() -> None:
    assert len({ao.Fairness("minmax"), ao.Fairness("minmax"), ao.Value()}) == 2
