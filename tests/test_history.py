"""What was carried before: how it ages, what leave counts for, and how it goes in and out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao
from assignopt.holdings import history_of

COLUMNS = ["rep_id", "load", "value", "burden", "period", "count", "worth", "present"]


def team(rows: Any, **weights: float) -> ao.Problem:
    """Ana, bo and cy, entitled alike unless told otherwise."""
    reps = [ao.Rep(name, weight=weights.get(name)) for name in ("ana", "bo", "cy")]
    return ao.Problem(reps, [], history=rows)


def row(rep: str, load: float, period: Any = None, present: float = 1.0) -> dict[str, Any]:
    return {"rep_id": rep, "load": load, "period": period, "present": present}


# -- age -----------------------------------------------------------------------------------


def test_periods_add_up_without_decay() -> None:
    problem = team([row("ana", 4, "q1"), row("ana", 2, "q2"), row("cy", 1, "q1")])
    assert history_of(problem, "load").tolist() == [6.0, 0.0, 1.0]


def test_a_unit_counts_for_less_with_every_period() -> None:
    rows = [row("ana", 4, "q1"), row("ana", 2, "q2"), row("bo", 8, "q3"), row("cy", 8)]
    past = history_of(team(rows), "load", decay=0.5)
    assert past.tolist() == [4 / 8 + 2 / 4, 8 / 2, 8 / 2]  # without a period: as the latest


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2025-12", "2026-01"),
        ("week 9", "week 10"),
        ("2026-W9", "2026-W10"),
        ("q1", "q2"),
        (9, 10),
        (-1, 0.5),
        (datetime(2025, 12, 1), datetime(2026, 1, 1)),
        (datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (np.datetime64("2025-12-01"), datetime(2026, 1, 1)),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_periods_have_their_natural_order(earlier: Any, later: Any, turned: bool) -> None:
    rows = [row("ana", 8, earlier), row("bo", 8, later)]
    problem = team(rows[::-1] if turned else rows)
    assert history_of(problem, "load", decay=0.5).tolist() == [2.0, 4.0, 0.0]


def test_periods_of_a_frame_of_dates_are_ordered() -> None:
    frame = pd.DataFrame({"rep_id": ["bo", "ana"], "load": [8.0, 8.0]})
    frame["period"] = pd.to_datetime(["2026-01-01", "2025-12-01"])
    assert history_of(team(frame), "load", decay=0.5).tolist() == [2.0, 4.0, 0.0]


@pytest.mark.parametrize(
    ("periods", "kinds"),
    [
        ((1, "q1"), "number, text"),
        ((1, datetime(2026, 1, 1)), "datetime, number"),
        (("q1", datetime(2026, 1, 1)), "datetime, text"),
        ((datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)), "aware datetime, datetime"),
    ],
)
def test_periods_that_have_no_order_are_a_fault(periods: tuple[Any, Any], kinds: str) -> None:
    with pytest.raises(ValidationError, match=kinds) as error:
        team([row("ana", 1, periods[0]), row("bo", 1, periods[1])])
    assert [fault["loc"] for fault in error.value.errors()] == [("history", "period")]


def test_a_period_that_is_none_is_no_other_kind() -> None:
    assert history_of(team([row("ana", 1, 3), row("ana", 1)]), "load").tolist() == [2.0, 0.0, 0.0]


@pytest.mark.parametrize("decay", [0.0, -0.5, 1.5, float("nan")])
def test_a_decay_out_of_range_is_an_error(decay: float) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        history_of(team(None), "load", decay=decay)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4), st.integers(0, 9)), max_size=9)
)
@settings(deadline=None)
def test_decay_can_be_carried_from_period_to_period(drawn: list[tuple[str, int, int]]) -> None:
    """What a ledger would do, ``carried = decay * (carried + x)`` once a period, is the sum."""
    amounts = {(rep, period): amount for rep, period, amount in drawn}
    periods = sorted({period for _, period in amounts})
    carried = dict.fromkeys("abc", 0.0)
    for period in periods:
        carried = {rep: 0.75 * (carried[rep] + amounts.get((rep, period), 0)) for rep in "abc"}
    rows = [row(rep, amount, period) for (rep, period), amount in amounts.items()]
    problem = ao.Problem([ao.Rep(rep) for rep in "abc"], [], history=rows)
    assert history_of(problem, "load", decay=0.75) == pytest.approx(list(carried.values()))


# -- leave ---------------------------------------------------------------------------------


def test_a_rep_on_leave_for_two_of_three_quarters_comes_back_without_debt() -> None:
    """The others carried six a quarter; absence is stated, or it is a debt of twelve."""
    worked = [row(rep, 6, quarter) for rep in ("ana", "bo") for quarter in ("q1", "q2", "q3")]
    back = [row("cy", 6, "q3")]
    away = [row("cy", 0, quarter, present=0) for quarter in ("q1", "q2")]
    assert history_of(team(worked + back), "load").tolist() == [18.0, 18.0, 6.0]
    assert history_of(team(worked + back + away), "load").tolist() == [18.0, 18.0, 18.0]
    aged = history_of(team(worked + back + away), "load", decay=0.5)
    assert aged.tolist() == [6 * (1 / 2 + 1 / 4 + 1 / 8)] * 3


def test_who_was_there_for_half_of_it_is_credited_with_the_other_half() -> None:
    problem = team([row("ana", 6, "q1"), row("bo", 6, "q1"), row("cy", 3, "q1", present=0.5)])
    assert history_of(problem, "load").tolist() == [6.0, 6.0, 6.0]  # 15 for 2.5 reps, 6 each


def test_what_was_not_done_while_there_stays_a_debt() -> None:
    problem = team([row("ana", 9, "q1"), row("bo", 3, "q1", present=0.5)])
    assert history_of(problem, "load").tolist() == [9.0, 3 + 0.5 * 12 / 1.5, 0.0]


def test_credit_is_by_entitlement_or_by_head() -> None:
    rows = [row("ana", 8, "q1"), row("bo", 4, "q1"), row("cy", 0, "q1", present=0)]
    problem = team(rows, ana=2, bo=1, cy=3)
    assert history_of(problem, "load").tolist() == [8.0, 4.0, 12.0]
    assert history_of(problem, "load", per="nothing").tolist() == [8.0, 4.0, 6.0]


def test_each_quantity_has_its_own_credit() -> None:
    there = {"load": 4, "count": 2, "worth": 10, "value": 5, "burden": 1}
    rows = [{"rep_id": "ana", **there}, {"rep_id": "bo", "load": 0, "present": 0}]
    problem = team(rows)
    for of, amount in there.items():
        assert history_of(problem, of).tolist() == [amount, amount, 0.0]  # type: ignore[arg-type]


def test_nobody_there_is_no_credit() -> None:
    rows = [row("ana", 0, "q1", present=0), row("bo", 5, "q1", present=0)]
    assert history_of(team(rows), "load").tolist() == [0.0, 5.0, 0.0]


def test_who_is_entitled_to_nothing_gets_no_credit_and_no_share() -> None:
    reps = [ao.Rep("ana", weight=1), ao.Rep("bo", capacity=0), ao.Rep("cy", weight=1)]
    rows = [row("ana", 4, "q1"), row("bo", 2, "q1", present=0.5), row("cy", 0, "q1", present=0)]
    problem = ao.Problem(reps, [], history=rows)
    assert history_of(problem, "load").tolist() == [4.0, 2.0, 6.0]  # six were done by one entitled
    only = ao.Problem([reps[1]], [], history=[row("bo", 2, "q1", present=0.5)])
    assert history_of(only, "load").tolist() == [2.0]


def test_who_has_left_since_counts_for_what_it_did_then() -> None:
    reps = [ao.Rep("ana"), ao.Rep("gone", active=False), ao.Rep("cy")]
    rows = [row("ana", 2, "q1"), row("gone", 8, "q1"), row("cy", 0, "q1", present=0)]
    problem = ao.Problem(reps, [], history=rows)
    assert history_of(problem, "load").tolist() == [2.0, 8.0, 5.0]
    without = problem.without_rep("gone")  # as if it had never been there
    assert history_of(without, "load").tolist() == [2.0, 2.0]


Kept = Literal["weight", "nothing"]


@given(
    st.lists(st.integers(1, 4), min_size=3, max_size=3),
    st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=3, max_size=3),
    st.sampled_from(["weight", "nothing"]),
)
@settings(deadline=None)
def test_who_does_its_part_while_there_ends_level(
    weights: list[int], present: list[float], per: Kept
) -> None:
    names = ("ana", "bo", "cy")
    entitled = weights if per == "weight" else [1, 1, 1]
    rows = [
        row(name, 6 * w * p, "q1", p) for name, w, p in zip(names, entitled, present, strict=True)
    ]
    problem = team(rows, **dict(zip(names, map(float, weights), strict=True)))
    past = history_of(problem, "load", per=per)
    expected = [6 * w if any(present) else 0 for w in entitled]
    assert past == pytest.approx(expected)


# -- in what the solver shares out ---------------------------------------------------------


def test_thirty_batches_of_one_lead_leave_nobody_more_than_one_ahead() -> None:
    """A scheduler that forgot between its runs once gave thirty of thirty leads to one rep."""
    reps = [ao.Rep(name) for name in ("senior", "ana", "bo", "cy")]
    objective = [ao.Coverage(), ao.Fairness("leximax", of="count")]
    carried = {rep.id: 0 for rep in reps}
    for day in range(30):
        problem = ao.Problem(
            reps,
            [ao.Task(f"lead{day}")],
            objective=objective,
            history=[{"rep_id": rep, "load": n, "count": n} for rep, n in carried.items()],
        )
        (taker,) = ao.solve(problem, workers=1).assignments["rep_id"]
        carried[taker] += 1
        assert max(carried.values()) - min(carried.values()) <= 1
    assert sorted(carried.values()) == [7, 7, 8, 8]


@pytest.mark.parametrize(("stated", "shares"), [(True, [2, 2, 2]), (False, [0, 0, 6])])
def test_back_from_leave_a_rep_gets_a_share_and_not_the_arrears(
    stated: bool, shares: list[int]
) -> None:
    rows = [row(rep, 6, period) for rep in ("ana", "bo") for period in ("q1", "q2")]
    rows += [row("cy", 0, period, present=0) for period in ("q1", "q2")] if stated else []
    problem = ao.Problem(
        [ao.Rep(name) for name in ("ana", "bo", "cy")],
        [ao.Task(f"t{n}") for n in range(6)],
        objective=[ao.Coverage(), ao.Fairness("leximax")],
        history=rows,
    )
    assert ao.solve(problem, workers=1).loads["tasks"].tolist() == shares


# -- in and out ----------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [-0.1, 1.5, float("nan"), float("inf"), "half", None])
def test_present_is_a_share(bad: Any) -> None:
    with pytest.raises(ValidationError) as error:
        team([row("ana", 1), {**row("bo", 1), "present": bad}])
    assert [fault["loc"] for fault in error.value.errors()] == [("history", 1, "present")]


def test_a_record_may_leave_out_what_a_frame_may_not() -> None:
    rows: list[Any] = [{"rep_id": "ana", "load": 4}, {"rep_id": "bo", "load": 0, "present": 0}]
    assert history_of(team(rows), "load").tolist() == [4.0, 4.0, 0.0]
    data = team(None).to_data() | {"history": rows}
    assert history_of(ao.Problem.from_data(data), "load").tolist() == [4.0, 4.0, 0.0]
    with pytest.raises(ValidationError) as error:
        team(pd.DataFrame(rows))
    assert [fault["loc"] for fault in error.value.errors()] == [("history", 0, "present")]


def on_leave() -> ao.Problem:
    rows = [row("ana", 6, "q1"), row("bo", 2, "q1", 0.25), row("cy", 1, "q2")]
    return team(rows, ana=2)


def test_present_comes_back_from_json_frames_and_edits() -> None:
    problem = on_leave()
    assert problem.history is not None
    assert list(problem.history.columns) == COLUMNS
    assert problem.history["present"].tolist() == [1.0, 0.25, 1.0]
    again = ao.Problem.from_json(problem.to_json())
    assert again == problem
    assert ao.Problem.from_frames(**problem.to_frames()) == problem
    assert problem.replace(history=problem.history) == problem
    assert problem.replace(history=on_leave().history.assign(present=1.0)) != problem  # type: ignore[union-attr]
    for changed in (
        problem.with_rep(ao.Rep("di")),
        problem.with_tasks([ao.Task("t1")]),
        problem.replace(reps=[problem.reps[name] for name in ("cy", "bo", "ana")]),
        problem.scale_effort(2),
    ):
        assert changed.history is not None
        assert changed.history.equals(problem.history)
    left = problem.without_rep("ana").history
    assert left is not None
    assert left["present"].tolist() == [0.25, 1.0]


def test_present_may_be_left_out_and_is_then_all_of_it() -> None:
    problem = ao.Problem([ao.Rep("ana")], [], history=[("ana", 3, 0, 0, "q1")])
    assert problem.history is not None
    assert problem.history["present"].tolist() == [1.0]
    old = {"reps": [{"id": "ana"}], "tasks": [], "history": [{"rep_id": "ana", "load": 3}]}
    assert ao.Problem.from_data(old).history["present"].tolist() == [1.0]  # type: ignore[index]


@pytest.mark.parametrize("period", ["q1", 3, datetime(2026, 1, 1), None])
def test_a_history_without_rows_keeps_columns_and_dtypes(period: Any) -> None:
    full, empty = team([row("ana", 1, period)]).history, team([]).history
    assert full is not None
    assert empty is not None
    assert not len(empty)
    assert full["period"].tolist() == [period]
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert history_of(team([]), "load", decay=0.5).tolist() == [0.0, 0.0, 0.0]
    assert ao.Problem.from_frames(**team([]).to_frames()) == team([])


def test_the_schema_knows_present() -> None:
    schema = ao.Problem.json_schema()["$defs"]["HistoryRow"]["properties"]
    assert list(schema) == COLUMNS
    assert schema["present"]["default"] == 1.0


def test_a_column_that_is_not_known_is_a_fault() -> None:
    with pytest.raises(ValidationError, match="did you mean 'present'"):
        team([{"rep_id": "ana", "load": 1, "presents": 0.5}])
