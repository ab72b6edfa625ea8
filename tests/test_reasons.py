"""Why a seat stayed empty: one small problem for each reason, with the numbers it is told with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

import assignopt as ao
import strategies
from assignopt import reasons
from assignopt.compiling import compile_problem
from strategies import tries

ANA, BO = ao.Rep("ana", max_tasks=1), ao.Rep("bo", max_tasks=1)
SQL = {"sql": 2.0}
MORNING = datetime(2024, 3, 4, 9), datetime(2024, 3, 4, 12)
NOON = datetime(2024, 3, 4, 11), datetime(2024, 3, 4, 13)


def problem(reps: Any, tasks: Any, *rules: Any, **options: Any) -> ao.Problem:
    return ao.Problem(reps, tasks, rules=rules, **options)


# name: (problem, reason of the one empty seat, its detail)
CASES: dict[str, tuple[ao.Problem, ao.Reason, str]] = {
    "no rep at all": (
        problem([], [ao.Task("t")]),
        ao.Reason.NO_REP,
        "the team has no active rep",
    ),
    "no active rep": (
        problem([ao.Rep("ana", active=False)], [ao.Task("t")]),
        ao.Reason.NO_REP,
        "the team has no active rep",
    ),
    "a skill nobody has": (
        problem([ANA, BO], [ao.Task("t", requires=SQL)]),
        ao.Reason.NO_SKILL,
        "of 2 active reps, 'sql' at level 2: 0 (nobody has it)",
    ),
    "a level nobody has": (
        problem([ao.Rep("ana", skills={"sql": 1.5}), BO], [ao.Task("t", requires=SQL)]),
        ao.Reason.NO_SKILL,
        "of 2 active reps, 'sql' at level 2: 0 (highest level: 1.5)",
    ),
    "a level only somebody who left has": (
        problem([ANA, ao.Rep("cy", active=False, skills={"sql": 3})], [ao.Task("t", requires=SQL)]),
        ao.Reason.NO_SKILL,
        "of 1 active rep, 'sql' at level 2: 0 (nobody has it)",
    ),
    "skills nobody has together": (
        problem(
            [ao.Rep("ana", skills={"sql": 2}), ao.Rep("bo", skills={"de": 1}), ao.Rep("cy")],
            [ao.Task("t", requires={"sql": 2, "de": 1})],
        ),
        ao.Reason.NO_SKILL,
        "of 3 active reps, 'de' at level 1: 1, 'sql' at level 2: 1; nobody has them all",
    ),
    "a fit below the least": (
        problem(
            [ao.Rep("ana", fit={"smb": 0.25}), ao.Rep("bo", fit={"smb": 0.4})],
            [ao.Task("t", customer_type="smb")],
            ao.MinFit(0.5),
        ),
        ao.Reason.NO_FIT,
        "the best fit is 0.4; every assignment has a fit of at least 0.5",
    ),
    "a territory without reps": (
        problem(
            [ao.Rep("ana", tags={"region": "emea"}), ao.Rep("bo", tags={"region": "emea"})],
            [ao.Task("t", tags={"region": "apac"})],
            ao.Allow(task={"region": "apac"}, rep={"region": ["apac", "latam"]}),
        ),
        ao.Reason.REGION,
        (
            "each task with region 'apac': held only by any rep with region 'apac' or 'latam'; "
            "that leaves none of 2"
        ),
    ),
    "forbidden to all": (
        problem([ANA, BO], [ao.Task("t")], ao.Forbid("t", ["ana", "bo"])),
        ao.Reason.EXCLUDED,
        "task 't': never held by any of reps 'ana', 'bo'; that leaves none of 2",
    ),
    "not in the pairs table": (
        problem([ANA], [ao.Task("t"), ao.Task("u")], pairs=[("ana", "u")]),
        ao.Reason.EXCLUDED,
        "the pairs table lists no active rep for it",
    ),
    "nobody there at that time": (
        problem(
            [ao.Rep("ana", available=[NOON]), ao.Rep("bo", available=[])],
            [ao.Task("t", start=MORNING[0], end=MORNING[1])],
        ),
        ao.Reason.NO_AVAILABILITY,
        "none of the 2 reps left is available from 2024-03-04 09:00:00 to 2024-03-04 12:00:00",
    ),
    "busy at that time": (
        problem(
            [ao.Rep("ana")],
            [
                ao.Task("t", start=MORNING[0], end=MORNING[1]),
                ao.Task("u", start=NOON[0], end=NOON[1], priority=2),
            ],
        ),
        ao.Reason.NO_AVAILABILITY,
        "1 rep may hold it: 'ana' is busy with 'u' then",
    ),
    "too little capacity": (
        problem(
            [ao.Rep("ana", capacity=5, carried_load=1, efficiency=0.5)],
            [ao.Task("t", effort=1.25), ao.Task("u", effort=1, priority=9)],
            effort_unit="days",
        ),
        ao.Reason.NO_CAPACITY,
        "1 rep may hold it: 'ana' has 3/5 days, it needs 2.5",
    ),
    "more carried than the capacity": (
        problem([ao.Rep("ana", capacity=3, carried_load=5)], [ao.Task("t")]),
        ao.Reason.NO_CAPACITY,
        "1 rep may hold it: 'ana' has 5/3 hours, it needs 1",
    ),
    "a load a rule limits": (
        problem([ao.Rep("ana", capacity=9)], [ao.Task("t", effort=3)], ao.MaxLoad(2.5)),
        ao.Reason.NO_CAPACITY,
        "1 rep may hold it: 'ana' has 0/2.5 hours, it needs 3",
    ),
    "too few slots": (
        problem([ANA], [ao.Task("t"), ao.Task("u", priority=2)]),
        ao.Reason.NO_CAPACITY,
        "1 rep may hold it: 'ana' has 1/1 tasks",
    ),
    "a rule on the number of tasks": (
        problem([ao.Rep("ana")], [ao.Task("t"), ao.Task("u", priority=2)], ao.MaxTasks(1)),
        ao.Reason.NO_CAPACITY,
        "1 rep may hold it: 'ana' has 1/1 tasks",
    ),
    "a rule on the tasks of a day": (
        problem(
            [ao.Rep("ana")],
            [
                ao.Task("t", start=MORNING[0], end=MORNING[1]),
                ao.Task("u", start=MORNING[1], end=NOON[1], priority=2),
            ],
            ao.MaxTasks(1, per="day"),
        ),
        ao.Reason.PERIOD_CAP,
        "1 rep may hold it: 'ana' has the most tasks a rule allows in that period",
    ),
    "a rule on some tasks": (
        problem(
            [ao.Rep("ana")],
            [ao.Task("t"), ao.Task("u", priority=2), ao.Task("v")],
            ao.MaxTasks(1, task=["t", "u"]),
        ),
        ao.Reason.PERIOD_CAP,
        "1 rep may hold it: 'ana' has the most of these tasks a rule allows",
    ),
    "a group whose owner may not hold it": (
        problem(
            [ao.Rep("ana", skills={"x"}), ao.Rep("bo", skills={"y"})],
            [
                ao.Task("t", requires={"y"}, group="acme"),
                ao.Task("u", requires={"x"}, group="acme", priority=5),
            ],
        ),
        ao.Reason.GROUP_CONFLICT,
        "1 rep may hold it: its group is with 'ana', who is not 'bo'",
    ),
    "together with a task whose owner may not hold it": (
        problem(
            [ao.Rep("ana", skills={"x"}), ao.Rep("bo", skills={"y"})],
            [ao.Task("t", requires={"y"}), ao.Task("u", requires={"x"}, priority=5)],
            ao.Together(["t", "u"]),
        ),
        ao.Reason.GROUP_CONFLICT,
        "1 rep may hold it: its group is with 'ana', who is not 'bo'",
    ),
    "apart from what the rep holds": (
        problem([ao.Rep("ana")], [ao.Task("t"), ao.Task("u", priority=2)], ao.Apart(["t", "u"])),
        ao.Reason.GROUP_CONFLICT,
        "1 rep may hold it: 'ana' holds a task this one must be apart from",
    ),
    "a role for whom only the owner is left": (
        problem([ao.Rep("ana")], [ao.Task("t", roles=[ao.Role("aide")])]),
        ao.Reason.GROUP_CONFLICT,
        "1 rep may hold it: 'ana' holds another role of the task",
    ),
    "not worth it": (
        problem([ao.Rep("ana")], [ao.Task("t")], objective=[ao.RepsUsed()]),
        ao.Reason.DOMINATED,
        "'ana' has room; the objective or a rule leaves it open",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_reason_and_its_numbers(name: str) -> None:
    given_, reason, detail = CASES[name]
    plan = ao.solve(given_, workers=1)
    assert plan.status is ao.Status.OPTIMAL
    row = plan.unassigned[plan.unassigned["task_id"] == "t"]
    assert row["reason"].tolist() == [str(reason)]
    assert row["detail"].tolist() == [detail]


def test_a_role_without_an_owner() -> None:
    tasks = [ao.Task("t", requires={"c"}, roles=[ao.Role("aide"), ao.Role("boss", requires={"d"})])]
    rows = ao.solve(ao.Problem([ANA, BO], tasks), workers=1).unassigned
    assert rows[["role", "reason"]].values.tolist() == [
        ["owner", "no_skill"],
        ["aide", "no_owner"],
        ["boss", "no_skill"],
    ]
    assert rows["detail"][1] == "the task has no owner"
    assert rows["detail"][2] == "of 2 active reps, 'd' at level 1: 0 (nobody has it)"


def test_a_run_that_ended_before() -> None:
    # the bound of arithmetic is not met, and greedy proves nothing else
    given_ = ao.Problem(
        [ao.Rep("ana")],
        [ao.Task("t"), ao.Task("u", effort=2)],
        objective=[ao.Weighted({ao.Value(): 1, ao.Fairness("l2"): 1})],
    )
    arrays = compile_problem(given_)
    nothing = np.full(2, -1)
    told = reasons.unassigned_frame(arrays, nothing, settled=False)
    assert told["reason"].tolist() == ["not_reached"] * 2
    assert told["detail"][0] == "'ana' has room; the run ended before this was settled"
    told = reasons.unassigned_frame(arrays, nothing, settled=True)
    assert told["reason"].tolist() == ["dominated"] * 2


def test_a_pinned_task_whose_rep_may_not_hold_it() -> None:
    # no plan leaves a pinned task open, so the frame is asked for by itself
    given_ = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo", skills={"c"})],
        [ao.Task("t", requires={"c"})],
        rules=[ao.Pin("t", "ana")],
    )
    told = reasons.unassigned_frame(compile_problem(given_), np.full(1, -1), settled=True)
    assert told["reason"].tolist() == ["locked_elsewhere"]
    assert told["detail"].tolist() == ["task 't' goes to rep 'ana'; that leaves none of 1"]


def test_every_reason_is_told_somewhere_above() -> None:
    elsewhere = {ao.Reason.NO_OWNER, ao.Reason.NOT_REACHED, ao.Reason.LOCKED_ELSEWHERE}
    assert {reason for _, reason, _ in CASES.values()} | elsewhere == set(ao.Reason)


# -- numbers that are about the reps who were left ---------------------------------------------


def test_the_best_fit_is_that_of_a_rep_who_could_hold_the_task() -> None:
    given_ = ao.Problem(
        [
            ao.Rep("ana", fit={"smb": 0.3}, skills={"c"}),
            ao.Rep("bo", fit={"smb": 1.0}),  # lacks the skill
            ao.Rep("cy", fit={"smb": 0.9}, skills={"c"}, active=False),
        ],
        [ao.Task("t", customer_type="smb", requires={"c"})],
        rules=[ao.MinFit(0.5)],
    )
    row = ao.solve(given_, workers=1).unassigned
    assert row["reason"][0] == "no_fit"
    assert row["detail"][0] == "the best fit is 0.3; every assignment has a fit of at least 0.5"


def test_the_skills_are_counted_among_the_reps_that_the_pairs_table_left() -> None:
    given_ = ao.Problem(
        [ao.Rep("ana", skills={"c"}), ao.Rep("bo")],
        [ao.Task("t", requires={"c"})],
        pairs=[("bo", "t")],
    )
    row = ao.solve(given_, workers=1).unassigned
    assert row["reason"][0] == "no_skill"
    assert "'c' at level 1: 1" not in row["detail"][0]


def test_several_reps_are_counted_and_the_first_are_named() -> None:
    reps = [ao.Rep(f"r{i}", max_tasks=0) for i in range(5)]
    row = ao.solve(ao.Problem(reps, [ao.Task("t")]), workers=1).unassigned
    assert row["detail"][0] == (
        "5 reps may hold it: 'r0' has 0/0 tasks; 'r1' has 0/0 tasks; 'r2' has 0/0 tasks; and 2 more"
    )


# -- the frame ---------------------------------------------------------------------------------


@settings(max_examples=tries(20), suppress_health_check=list(HealthCheck))
@given(strategies.problems())
def test_every_empty_seat_has_one_row_in_the_order_of_the_tasks(given_: ao.Problem) -> None:
    plan = ao.solve(given_, workers=1)
    if plan.status is ao.Status.INFEASIBLE:
        return
    held = set(zip(plan.assignments["task_id"], plan.assignments["role"], strict=True))
    seats = [(t.id, role) for t in given_.tasks.values() for role in strategies._role_names(t)]
    left = plan.unassigned
    told = list(zip(left["task_id"], left["role"], strict=True))
    assert told == [seat for seat in seats if seat not in held]
    assert set(left["reason"]) <= {str(reason) for reason in ao.Reason} - {"not_reached"}
    assert (left["detail"].str.len() > 0).all()


@pytest.mark.parametrize("rules", [[], [ao.Apart(["t0", "t1"])]])
def test_thousands_without_room_are_told_in_short(
    rules: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[int] = []
    usual = reasons._judge

    def judge(now: Any, seat: int, **options: Any) -> Any:
        judged.append(seat)
        return usual(now, seat, **options)

    monkeypatch.setattr(reasons, "_judge", judge)
    monkeypatch.setattr(reasons, "DETAILED", 100)
    reps = pd.DataFrame({"id": [f"r{i}" for i in range(50)], "capacity": 1.0})
    tasks = pd.DataFrame({"id": [f"t{i}" for i in range(3000)]})
    given_ = ao.Problem.from_frames(reps, tasks, rules=rules)
    arrays = compile_problem(given_)
    choice = np.full(3000, -1)
    choice[:50] = arrays.first[:50] + np.arange(50)
    told = reasons.unassigned_frame(arrays, choice, settled=True)
    assert len(told) == 2950
    assert set(told["reason"]) == {"no_capacity"}
    assert len(judged) == 100
    assert told["detail"][0].startswith("50 reps may hold it: 'r0' has 1/1 hours, it needs 1;")
    assert set(told["detail"][100:]) == {"50 reps may hold it; none has room for it"}


def test_thousands_nobody_may_hold_are_looked_at_once_for_each_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []
    usual = reasons._cascade

    def cascade(arrays: Any, seats: Any, team: int) -> Any:
        looked.extend(seats.tolist())
        return usual(arrays, seats, team)

    monkeypatch.setattr(reasons, "_cascade", cascade)
    reps = pd.DataFrame({"id": [f"r{i}" for i in range(30)], "skills": "a"})
    kinds = ["b", "c:2", "b|c"]
    tasks = pd.DataFrame(
        {"id": [f"t{i}" for i in range(6000)], "requires": [kinds[i % 3] for i in range(6000)]}
    )
    plan = ao.solve(ao.Problem.from_frames(reps, tasks), workers=1)
    assert plan.status is ao.Status.OPTIMAL
    assert len(looked) == 3
    assert plan.unassigned["detail"].tolist()[:3] * 2000 == plan.unassigned["detail"].tolist()
    assert plan.unassigned["detail"].tolist()[:3] == [
        "of 30 active reps, 'b' at level 1: 0 (nobody has it)",
        "of 30 active reps, 'c' at level 2: 0 (nobody has it)",
        (
            "of 30 active reps, 'b' at level 1: 0 (nobody has it), "
            "'c' at level 1: 0 (nobody has it); nobody has them all"
        ),
    ]


def test_seats_that_look_alike_but_for_a_rule_or_a_pair_are_told_apart() -> None:
    reps = [ao.Rep("ana", available=[(0, 10)], fit={"smb": 0.2})]
    tasks = [
        ao.Task("a", start=11, end=12),
        ao.Task("b", start=12, end=13),
        ao.Task("c"),
        ao.Task("d"),
        ao.Task("e", customer_type="smb"),
    ]
    rules = [ao.Forbid("c", "ana"), ao.Allow("d", []), ao.MinFit(0.3)]
    rows = ao.solve(ao.Problem(reps, tasks, rules=rules), workers=1).unassigned
    assert rows.set_index("task_id")["reason"].to_dict() == {
        "a": "no_availability",
        "b": "no_availability",
        "c": "excluded",
        "d": "region",
        "e": "no_fit",
    }
    assert rows["detail"][0] == "the 1 rep left is not available from 11.0 to 12.0"
    assert rows["detail"][1] == "the 1 rep left is not available from 12.0 to 13.0"
