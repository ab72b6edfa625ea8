"""The checker: against the oracle on random plans, and each limit and rule by hand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao
from assignopt import Rep, Role, Task
from oracle import is_allowed, term
from oracle import plans as all_plans
from strategies import plans, problems, tries

SLOW = settings(max_examples=tries(50), suppress_health_check=[HealthCheck.too_slow])
COLUMNS = ["rule", "task_id", "rep_id", "actual", "limit", "message"]


# -- random plans ----------------------------------------------------------------------------


def rows_of(plan):
    return [(task, rep, role) for (task, role), rep in plan.items()]


def compare(problem, plan):
    found = ao.audit(problem, rows_of(plan))
    assert found.ok == is_allowed(problem, plan), str(found)
    expected = [term(problem, plan, tier) for tier in problem.objective]
    assert found.terms["value"].tolist() == pytest.approx(expected, abs=1e-9, rel=1e-9)
    assert found.terms["term"].tolist() == [tier.label for tier in problem.objective]


@SLOW
@given(st.data(), problems())
def test_any_plan_is_judged_as_by_the_oracle(data, problem):
    compare(problem, data.draw(plans(problem)))


@SLOW
@given(st.data(), problems(max_rules=2))
def test_plans_of_possible_pairs_are_judged_as_by_the_oracle(data, problem):
    possible = list(all_plans(problem))
    for plan in data.draw(st.lists(st.sampled_from(possible), max_size=5)):
        compare(problem, plan)


@SLOW
@given(st.data(), problems(equal_efforts=True))
def test_plans_of_equal_efforts_are_judged_as_by_the_oracle(data, problem):
    possible = list(all_plans(problem))
    for plan in data.draw(st.lists(st.sampled_from(possible), max_size=5)):
        compare(problem, plan)


@SLOW
@given(
    st.data(),
    problems(max_rules=1),
    st.lists(
        st.tuples(
            st.sampled_from(["t0", "t1", "t9"]),
            st.sampled_from(["ana", "bo", "zed", None]),
            st.sampled_from(["owner", "aide", "boss", None]),
        ),
        max_size=5,
    ),
)
def test_nonsense_is_a_violation_and_counts_for_nothing(data, problem, nonsense):
    rows = data.draw(st.permutations(rows_of(data.draw(plans(problem))) + nonsense))
    seats = {
        (t.id, r) for t in problem.tasks.values() for r in ["owner", *(x.name for x in t.roles)]
    }
    given_rows = [(task, role or "owner", rep) for task, rep, role in rows if rep is not None]
    known = [row for row in given_rows if row[:2] in seats and row[2] in problem.reps]
    seats_filled = Counter(row[:2] for row in known)
    sound = len(known) == len(given_rows) and max(seats_filled.values(), default=0) <= 1

    found = ao.audit(problem, rows)
    plan = {(task, role): rep for task, role, rep in known}
    assert found.ok == (sound and is_allowed(problem, plan))
    if len(plan) == len(known):
        expected = [term(problem, plan, tier) for tier in problem.objective]
        assert found.terms["value"].tolist() == pytest.approx(expected, abs=1e-9, rel=1e-9)


@SLOW
@given(st.data(), problems())
def test_the_order_of_rows_and_records_changes_nothing(data, problem):
    plan = data.draw(plans(problem))
    rows = data.draw(st.permutations(rows_of(plan)))
    shuffled = problem.replace(
        reps=data.draw(st.permutations(list(problem.reps.values()))),
        tasks=data.draw(st.permutations(list(problem.tasks.values()))),
    )
    first, second = ao.audit(problem, rows_of(plan)), ao.audit(shuffled, rows)
    assert first.ok == second.ok
    assert Counter(first.violations["rule"]) == Counter(second.violations["rule"])
    assert second.terms["value"].tolist() == pytest.approx(first.terms["value"].tolist())


# -- each limit by hand ----------------------------------------------------------------------


def problem_of(*tasks, reps=None, rules=(), **more):
    people = reps or [Rep("ana"), Rep("bo"), Rep("gone", active=False)]
    return ao.Problem(people, tasks, rules=rules, **more)


def assert_passes(problem, rows):
    found = ao.audit(problem, rows)
    assert found.ok, str(found)


def assert_one(problem, rows, rule, *words, task=None, rep=None, actual=None, limit=None):
    """There is exactly one violation, with just these cells, whose message says all the words."""
    found = ao.audit(problem, rows)
    assert found.violations["rule"].tolist() == [rule], str(found)
    row = found.violations.astype(object).where(found.violations.notna(), None).iloc[0]
    assert (row["task_id"], row["rep_id"]) == (task, rep)
    assert (row["actual"], row["limit"]) == (actual, limit)
    for word in words:
        assert word in row["message"]
    assert not found.ok


def test_one_holder():
    problem = problem_of(Task("t1"), Task("t2", roles=[Role("aide"), Role("sub")]))
    assert_passes(problem, [("t1", "ana"), ("t2", "bo")])
    cells = {"task": "t1", "rep": "bo", "actual": 2, "limit": 1}
    rows = [("t1", "ana"), ("t1", "bo")]
    assert_one(problem, rows, "one_holder", "'t1'", "'owner'", "'ana' and 'bo'", **cells)
    cells["rep"] = "ana"
    assert_one(problem, [("t1", "ana"), ("t1", "ana")], "one_holder", "two holders", **cells)


def test_other_person():
    problem = problem_of(Task("t1", roles=[Role("aide")]))
    assert_passes(problem, [("t1", "ana"), ("t1", "bo", "aide")])
    rows = [("t1", "ana", "owner"), ("t1", "ana", "aide")]
    cells = {"task": "t1", "rep": "ana", "actual": 2, "limit": 1}
    assert_one(problem, rows, "other_person", "'ana' holds two roles", "another person", **cells)


def test_needs_owner():
    problem = problem_of(Task("t1", roles=[Role("aide")]))
    assert_passes(problem, [("t1", "ana", "owner")])
    cells = {"task": "t1", "rep": "bo"}
    assert_one(problem, [("t1", "bo", "aide")], "needs_owner", "'aide'", "no owner", **cells)


@pytest.mark.parametrize(
    ("row", "rule", "word"),
    [
        (("t9", "ana", "owner"), "unknown_task", "task 't9' is unknown"),
        (("t1", "zed", "owner"), "unknown_rep", "rep 'zed' is unknown"),
        (("t1", "ana", "boss"), "unknown_role", "role 'boss' is unknown"),
        (("t2", "ana", "aide"), "unknown_role", "role 'aide' is unknown"),
        (("t1", "ana", "Owner"), "unknown_role", "role 'Owner' is unknown"),
        (("T1", "ana", None), "unknown_task", "task 'T1' is unknown"),
    ],
)
def test_what_is_unknown_is_a_violation(row, rule, word):
    problem = problem_of(Task("t1", roles=[Role("aide")]), Task("t2"))
    assert_one(problem, [row], rule, word, task=row[0], rep=row[1])


def test_everything_unknown_about_a_row_is_said():
    found = ao.audit(problem_of(Task("t1")), [("t9", "zed", "boss")])
    assert found.violations["rule"].tolist() == ["unknown_task", "unknown_rep"]
    assert found.violations["task_id"].tolist() == ["t9", "t9"]


def test_active():
    problem = problem_of(Task("t1"))
    assert_passes(problem, {"t1": "ana"})
    assert_one(problem, {"t1": "gone"}, "active", "not active", task="t1", rep="gone")


def test_pairs():
    roles = [Role("aide")]
    problem = problem_of(Task("t1", roles=roles), pairs=[("ana", "t1"), ("gone", "t1")])
    assert_passes(problem, {"t1": "ana"})
    assert_one(problem, {"t1": "bo"}, "pairs", "pairs table", task="t1", rep="bo")
    rows = [("t1", "ana", "owner"), ("t1", "bo", "aide")]
    assert_one(problem, rows, "pairs", task="t1", rep="bo")
    nobody = problem.replace(pairs=pd.DataFrame({"rep_id": [], "task_id": []}, dtype=object))
    assert_one(nobody, {"t1": "ana"}, "pairs", task="t1", rep="ana")


def test_skill():
    reps = [Rep("ana", skills={"sql": 2}), Rep("bo", skills={"b2b"})]
    task = Task("t1", requires={"sql": 2}, roles=[Role("aide", requires={"b2b"})])
    problem = problem_of(task, Task("t2", requires={"sql": 3}), reps=reps)
    assert_passes(problem, [("t1", "ana"), ("t1", "bo", "aide")])  # a level that is just enough
    cells = {"task": "t1", "rep": "bo", "actual": 0, "limit": 2}
    assert_one(problem, {"t1": "bo"}, "skill", "'sql' at level 0", "requires 2", **cells)
    cells = {"task": "t2", "rep": "ana", "actual": 2, "limit": 3}
    assert_one(problem, {"t2": "ana"}, "skill", "'sql' at level 2", "requires 3", **cells)


def test_a_role_has_its_own_skills():
    reps = [Rep("ana", skills={"sql"}), Rep("bo"), Rep("cy", skills={"b2b"})]
    task = Task("t1", requires={"sql"}, roles=[Role("aide", requires={"b2b"})])
    problem = problem_of(task, reps=reps)
    assert_passes(problem, [("t1", "ana"), ("t1", "cy", "aide")])
    rows = [("t1", "ana", "owner"), ("t1", "bo", "aide")]
    assert_one(problem, rows, "skill", "'b2b'", task="t1", rep="bo", actual=0, limit=1)


def test_a_required_level_of_zero_asks_for_nothing():
    assert_passes(problem_of(Task("t1", requires={"sql": 0})), {"t1": "ana"})


def test_available():
    reps = [Rep("ana", available=[(10, 20), (0, 10), (30, 40)]), Rep("bo", available=[]), Rep("cy")]
    tasks = [Task("t1", start=0, end=20), Task("t2", start=15, end=31), Task("t3")]
    problem = problem_of(*tasks, reps=reps)
    assert_passes(problem, {"t1": "ana"})  # windows that touch are one
    assert_passes(problem, {"t2": "cy", "t3": "bo"})
    cells = {"task": "t2", "rep": "ana"}
    assert_one(problem, {"t2": "ana"}, "available", "not available", "15", "31", **cells)
    assert_one(problem, {"t1": "bo"}, "available", task="t1", rep="bo")


def test_available_in_datetimes_of_different_zones():
    window = (datetime(2024, 1, 1, 8, tzinfo=UTC), datetime(2024, 1, 1, 10, tzinfo=UTC))
    inside = [datetime.fromisoformat(f"2024-01-01T{h}:00:00+02:00") for h in (10, 12)]
    later = [datetime.fromisoformat(f"2024-01-01T{h}:00:00+02:00") for h in (11, 13)]
    tasks = [Task("t1", start=inside[0], end=inside[1]), Task("t2", start=later[0], end=later[1])]
    problem = problem_of(*tasks, reps=[Rep("ana", available=[window])])
    assert_passes(problem, {"t1": "ana"})
    assert_one(problem, {"t2": "ana"}, "available", task="t2", rep="ana")


def test_overlap():
    tasks = [
        Task("t1", start=0, end=10),
        Task("t2", start=10, end=20),
        Task("t3", start=9, end=12, roles=[Role("aide")]),
    ]
    problem = problem_of(*tasks)
    assert_passes(problem, {"t1": "ana", "t2": "ana", "t3": "bo"})  # an end meets a start
    rows = [("t1", "ana", "owner"), ("t3", "bo", "owner"), ("t3", "ana", "aide")]
    assert_one(problem, rows, "overlap", "'t1' and 't3'", "'ana'", task="t3", rep="ana")


def test_overlap_with_one_that_started_long_before():
    times = [(0, 100), (1, 2), (50, 60)]
    tasks = [Task(f"t{i}", start=a, end=b) for i, (a, b) in enumerate(times)]
    found = ao.audit(problem_of(*tasks), dict.fromkeys(["t0", "t1", "t2"], "ana"))
    assert found.violations["task_id"].tolist() == ["t1", "t2"]


def test_capacity():
    reps = [Rep("ana", capacity=4, carried_load=1), Rep("bo", capacity=0), Rep("cy")]
    tasks = [Task("t1", effort=3), Task("t2", effort=0.5), Task("t3", effort=0)]
    problem = problem_of(*tasks, reps=reps, effort_unit="days")
    assert_passes(problem, {"t1": "ana", "t3": "bo", "t2": "cy"})  # the load is the capacity
    cells = {"rep": "ana", "actual": 4.5, "limit": 4}
    words = ("load 4.5/4 days", "'ana'")
    assert_one(problem, {"t1": "ana", "t2": "ana"}, "capacity", *words, **cells)
    cells = {"rep": "bo", "actual": 0.5, "limit": 0}
    assert_one(problem, {"t2": "bo"}, "capacity", "load 0.5/0 days", **cells)


def test_who_carries_more_than_the_capacity_takes_what_costs_nothing():
    reps = [Rep("ana", capacity=4, carried_load=9)]
    problem = problem_of(Task("t1", effort=0), Task("t2", effort=0.01), reps=reps)
    assert_passes(problem, {})
    assert_passes(problem, {"t1": "ana"})
    assert_one(problem, {"t2": "ana"}, "capacity", rep="ana", actual=9.01, limit=4)


def test_capacity_forgives_the_rounding_of_floats_and_no_more():
    tasks = [Task(f"t{i}", effort=0.1) for i in range(10)]
    problem = problem_of(*tasks, reps=[Rep("ana", capacity=1)])
    everything = {task.id: "ana" for task in tasks}
    assert_passes(problem, everything)
    assert_passes(problem.scale_effort(1 + 1e-7), everything)
    assert not ao.audit(problem.scale_effort(1 + 1e-3), everything).ok


def test_capacity_after_efficiency_and_in_roles():
    reps = [Rep("ana", capacity=4, efficiency=2), Rep("bo", capacity=4, efficiency=0.5)]
    task = Task("t1", effort=8, roles=[Role("aide", effort=2)])
    problem = problem_of(task, Task("t2", effort=2.01), reps=reps)
    assert_passes(problem, [("t1", "ana"), ("t1", "bo", "aide")])
    assert_one(problem, {"t2": "bo"}, "capacity", rep="bo", actual=4.02, limit=4)


def test_max_tasks_of_a_rep():
    reps = [Rep("ana", max_tasks=1), Rep("bo", max_tasks=0), Rep("cy")]
    problem = problem_of(Task("t1", roles=[Role("aide")]), Task("t2"), reps=reps)
    assert_passes(problem, [("t1", "cy"), ("t1", "ana", "aide")])
    rows = [("t1", "cy", "owner"), ("t1", "ana", "aide"), ("t2", "ana", "owner")]
    assert_one(problem, rows, "max_tasks", "2/1 tasks", "'ana'", rep="ana", actual=2, limit=1)
    assert_one(problem, {"t2": "bo"}, "max_tasks", "1/0 tasks", rep="bo", actual=1, limit=0)


def test_group():
    grouped = [Task("t1", group="acme"), Task("t2", group="acme", roles=[Role("aide")])]
    problem = problem_of(*grouped, Task("t3", group="zed"))
    assert_passes(problem, {"t1": "ana", "t3": "bo"})  # one of the group may stay unassigned
    rows = [("t1", "ana"), ("t2", "ana"), ("t2", "bo", "aide")]
    assert_passes(problem, rows)  # a collaborator is no owner
    cells = {"task": "t1", "actual": 2, "limit": 1}
    rows = {"t1": "ana", "t2": "bo"}
    assert_one(problem, rows, "group", "'acme'", "2 owners", "'ana' and 'bo'", **cells)


# -- each rule by hand -----------------------------------------------------------------------


def test_pin():
    rule = ao.Pin("t1", "ana", id="hers")
    problem = problem_of(Task("t1"), Task("t2"), rules=[rule])
    assert_passes(problem, {"t1": "ana", "t2": "bo"})
    words = ("'t1'", "'bo'", "goes to rep 'ana'")
    assert_one(problem, {"t1": "bo"}, "hers", *words, task="t1", rep="bo")
    cells = {"task": "t1", "rep": "ana", "actual": 0, "limit": 1}
    assert_one(problem, {"t2": "ana"}, "hers", "'t1' is not assigned", **cells)


def test_pin_to_a_role():
    rule = ao.Pin("t1", "ana", role="aide")
    problem = problem_of(Task("t1", roles=[Role("aide")]), rules=[rule])
    assert rule.id == "pin(task='t1', rep='ana', role='aide')"
    assert_passes(problem, [("t1", "bo"), ("t1", "ana", "aide")])
    cells = {"task": "t1", "rep": "ana", "actual": 0, "limit": 1}
    assert_one(problem, {"t1": "ana"}, rule.id, **cells)


def test_forbid():
    rule = ao.Forbid(task="t1", rep=["bo"])
    problem = problem_of(Task("t1", roles=[Role("aide")]), Task("t2"), rules=[rule])
    assert_passes(problem, {"t1": "ana", "t2": "bo"})
    assert_one(problem, {"t1": "bo"}, rule.id, "forbidden", "'t1'", "'bo'", task="t1", rep="bo")
    rows = [("t1", "ana", "owner"), ("t1", "bo", "aide")]
    assert_one(problem, rows, rule.id, task="t1", rep="bo")


def test_allow():
    reps = [Rep("ana", tags={"team": "north"}), Rep("bo", tags={"team": "south"})]
    rule = ao.Allow(task={"region": ["emea", "apac"]}, rep={"team": "north"}, id="territory")
    tasks = [Task("t1", tags={"region": "emea"}, roles=[Role("aide")]), Task("t2")]
    problem = problem_of(*tasks, reps=reps, rules=[rule])
    assert_passes(problem, {"t1": "ana", "t2": "bo"})
    cells = {"task": "t1", "rep": "bo"}
    assert_one(problem, {"t1": "bo"}, "territory", "not allowed", "'north'", **cells)
    rows = [("t1", "ana", "owner"), ("t1", "bo", "aide")]
    assert_one(problem, rows, "territory", **cells)


def test_of_several_allow_rules_all_hold():
    rules = [ao.Allow(task="t1", rep=["ana", "bo"]), ao.Allow(task="t1", rep="bo")]
    problem = problem_of(Task("t1"), rules=rules)
    assert_passes(problem, {"t1": "bo"})
    assert_one(problem, {"t1": "ana"}, rules[1].id, task="t1", rep="ana")


def test_together():
    rule = ao.Together(["t1", "t2", "t3"])
    tasks = [Task("t1"), Task("t2", roles=[Role("aide")]), Task("t3"), Task("t4")]
    problem = problem_of(*tasks, rules=[rule])
    assert_passes(problem, {"t1": "ana", "t3": "ana", "t4": "bo"})
    assert_passes(problem, [("t1", "ana"), ("t2", "ana"), ("t2", "bo", "aide")])
    cells = {"task": "t2", "actual": 2, "limit": 1}
    assert_one(problem, {"t2": "ana", "t3": "bo"}, rule.id, "2 owners", "'ana' and 'bo'", **cells)


def test_apart():
    rule = ao.Apart(["t1", "t2"])
    problem = problem_of(Task("t1"), Task("t2", roles=[Role("aide")]), Task("t3"), rules=[rule])
    assert_passes(problem, {"t1": "ana", "t2": "bo", "t3": "ana"})
    cells = {"task": "t1", "rep": "ana", "actual": 2, "limit": 1}
    assert_one(problem, {"t1": "ana", "t2": "ana"}, rule.id, "'ana' holds 2 tasks", **cells)
    rows = [("t1", "ana", "owner"), ("t2", "bo", "owner"), ("t2", "ana", "aide")]
    assert_one(problem, rows, rule.id, **cells)


def test_min_fit():
    reps = [Rep("ana", fit={"smb": 0.5}), Rep("bo", fit={"large": 1}), Rep("cy")]
    rule = ao.MinFit(0.5)
    problem = problem_of(Task("t1", customer_type="smb"), Task("t2"), reps=reps, rules=[rule])
    assert_passes(problem, {"t1": "ana", "t2": "bo"})  # the fit is just enough
    assert_passes(problem, {"t1": "cy"})
    cells = {"task": "t1", "rep": "bo", "actual": 0, "limit": 0.5}
    assert_one(problem, {"t1": "bo"}, rule.id, "fit 0", "at least 0.5", **cells)


def test_min_fit_reads_the_pairs_table():
    pairs = [("ana", "t1", 0.4), ("bo", "t1", 0.6)]
    problem = problem_of(Task("t1"), pairs=pairs, rules=[ao.MinFit(0.5, id="fit")])
    assert_passes(problem, {"t1": "bo"})
    assert_one(problem, {"t1": "ana"}, "fit", task="t1", rep="ana", actual=0.4, limit=0.5)


def test_cover_all():
    rule = ao.CoverAll({"priority": 2})
    tasks = [Task("t1", priority=2, roles=[Role("aide")]), Task("t2")]
    problem = problem_of(*tasks, rules=[rule])
    assert_passes(problem, [("t1", "ana"), ("t1", "bo", "aide")])
    cells = {"task": "t1", "actual": 0, "limit": 1}
    assert_one(problem, {"t1": "ana"}, rule.id, "'t1' has no 'aide'", **cells)
    found = ao.audit(problem, {"t2": "ana"})
    assert found.violations["rule"].tolist() == [rule.id, rule.id]
    assert_passes(problem.replace(rules=[ao.CoverAll([])]), {})


def test_min_tasks():
    rule = ao.MinTasks(1, rep=["ana", "gone"], task=["t1", "t2"])
    problem = problem_of(Task("t1"), Task("t2", roles=[Role("aide")]), Task("t3"), rules=[rule])
    assert_passes(problem, {"t1": "ana"})
    assert_passes(problem, [("t2", "bo"), ("t2", "ana", "aide")])
    cells = {"rep": "ana", "actual": 0, "limit": 1}
    assert_one(problem, {"t3": "ana"}, rule.id, "0/1 tasks", "'ana'", "at least 1", **cells)


def test_max_tasks():
    rule = ao.MaxTasks(1, rep="ana", task=["t1", "t2"])
    problem = problem_of(Task("t1"), Task("t2", roles=[Role("aide")]), Task("t3"), rules=[rule])
    assert_passes(problem, {"t1": "ana", "t3": "ana", "t2": "bo"})
    cells = {"rep": "ana", "actual": 2, "limit": 1}
    words = ("2/1 tasks", "'ana'", "at most 1")
    assert_one(problem, {"t1": "ana", "t2": "ana"}, rule.id, *words, **cells)
    rows = [("t1", "ana", "owner"), ("t2", "bo", "owner"), ("t2", "ana", "aide")]
    assert_one(problem, rows, rule.id, **cells)


def at(day, hour=9, month=4):
    return {
        "start": datetime(2024, month, day, hour),
        "end": datetime(2024, month, day, hour + 1),
    }


@pytest.mark.parametrize(
    ("per", "other", "again", "words"),
    [
        ("day", at(2), at(1, 23 - 1), "in the day 2024-04-01"),
        ("week", at(8), at(7), "in the week of 2024-04-01"),
        ("month", at(31, month=3), at(30), "in the month 2024-04"),
    ],
)
def test_bounds_per_period(per, other, again, words):
    tasks = [Task("t1", **at(1)), Task("t2", **other), Task("t3", **again), Task("t4")]
    most = ao.MaxTasks(1, per=per, rep="ana")
    problem = problem_of(*tasks, rules=[most])
    assert_passes(problem, {"t1": "ana", "t2": "ana", "t4": "ana"})
    cells = {"rep": "ana", "actual": 2, "limit": 1}
    assert_one(problem, {"t1": "ana", "t3": "ana"}, most.id, words, "2/1 tasks", **cells)

    least = ao.MinTasks(1, per=per, rep="ana")
    problem = problem_of(*tasks, rules=[least])
    assert_passes(problem, {"t2": "ana", "t3": "ana"})
    cells = {"rep": "ana", "actual": 0, "limit": 1}
    assert_one(problem, {"t2": "ana", "t4": "ana"}, least.id, words, "0/1 tasks", **cells)


def test_bounds_per_period_without_times_bind_nobody():
    rules = [ao.MinTasks(1, per="month"), ao.MaxTasks(0, per="day")]
    assert_passes(problem_of(Task("t1"), rules=rules), {"t1": "ana"})


def test_min_load():
    rule = ao.MinLoad(3, rep=["ana", "gone"])
    reps = [Rep("ana", carried_load=1), Rep("bo"), Rep("gone", active=False)]
    problem = problem_of(Task("t1", effort=2), Task("t2", effort=1.5), reps=reps, rules=[rule])
    assert_passes(problem, {"t1": "ana"})
    cells = {"rep": "ana", "actual": 2.5, "limit": 3}
    words = ("load 2.5/3 hours", "'ana'", "at least")
    assert_one(problem, {"t2": "ana", "t1": "bo"}, rule.id, *words, **cells)


def test_max_load():
    rule = ao.MaxLoad(3, rep={"carried_load": [1, 5]})
    reps = [Rep("ana", carried_load=1), Rep("bo", carried_load=5), Rep("cy")]
    tasks = [Task("t1", effort=2), Task("t2", effort=2.5), Task("t3", effort=0)]
    problem = problem_of(*tasks, reps=reps, rules=[rule])
    assert_passes(problem, {"t1": "ana", "t2": "cy", "t3": "bo"})
    words = ("load 3.5/3 hours", "'ana'")
    assert_one(problem, {"t2": "ana"}, rule.id, *words, rep="ana", actual=3.5, limit=3)
    assert_one(problem, {"t1": "bo"}, rule.id, rep="bo", actual=7, limit=3)


def test_max_load_gap():
    rule = ao.MaxLoadGap(2)
    reps = [Rep("ana", carried_load=1), Rep("bo"), Rep("gone", active=False, carried_load=50)]
    problem = problem_of(Task("t1", effort=3), Task("t2", effort=0.5), reps=reps, rules=[rule])
    assert_passes(problem, {"t1": "bo"})
    cells = {"rep": "bo", "actual": 2.5, "limit": 2}
    words = ("2.5/2 hours", "3.5 on rep 'bo'", "1 on rep 'ana'")
    assert_one(problem, {"t1": "bo", "t2": "bo"}, rule.id, *words, **cells)
    assert_passes(problem.replace(reps=[reps[2]]), {})  # nobody is active


def test_max_moves():
    rule = ao.MaxMoves(1)
    tasks = [
        Task("t1", owner="ana"),
        Task("t2", owner="ana"),
        Task("t3", owner="gone"),  # has to move
        Task("t4", owner="ana", requires={"sql"}),  # ana may no longer hold it
        Task("t5"),
    ]
    problem = problem_of(*tasks, rules=[rule])
    assert_passes(problem, {"t1": "ana", "t3": "bo", "t5": "bo"})
    cells = {"actual": 2, "limit": 1}
    assert_one(problem, {"t1": "bo"}, rule.id, "2 moves", "at most 1", **cells)


def test_a_task_pinned_to_somebody_else_has_to_move():
    tasks = [Task("t1", owner="ana", roles=[Role("aide")])]
    rules = [ao.Pin("t1", "bo"), ao.MaxMoves(0)]
    assert_passes(problem_of(*tasks, rules=rules), {"t1": "bo"})
    rules = [ao.Pin("t1", "bo", role="aide"), ao.MaxMoves(0, id="stay")]
    rows = [("t1", "gone", "owner"), ("t1", "bo", "aide")]
    found = ao.audit(problem_of(*tasks, rules=rules), rows)
    assert found.violations["rule"].tolist() == ["active", "stay"]


# -- values by hand --------------------------------------------------------------------------


def values(problem, rows, *tiers):
    return ao.audit(problem.replace(objective=tiers), rows).terms["value"].tolist()


def test_terms_of_a_task_with_roles():
    reps = [Rep("ana", fit={"smb": 0.5}), Rep("bo", efficiency=2), Rep("cy")]
    roles = [Role("aide", effort=3, credit=0.25), Role("sub")]
    task = Task("t1", effort=2, value=8, priority=3, burden=2, customer_type="smb", roles=roles)
    problem = problem_of(task, reps=reps)
    rows = [("t1", "ana", "owner"), ("t1", "bo", "aide")]
    fair = [ao.Fairness("minmax", of=q) for q in ("load", "count", "worth", "value", "burden")]
    found = values(problem, rows, ao.Coverage(), ao.Value(), ao.Fit(), ao.RepsUsed(), *fair)
    assert found == [2, 8 * 0.75 * 0.5 + 8 * 0.25, 1.5, 2, 2, 1, 6, 3, 2]


def test_the_pairs_table_overrides_what_the_owner_does():
    pairs = pd.DataFrame(
        {"rep_id": ["ana", "bo"], "task_id": "t1", "fit": [0.5, 1], "effort": 7.0, "value": 4.0}
    )
    task = Task("t1", roles=[Role("aide", effort=3, credit=0.25)])
    problem = problem_of(task, pairs=pairs)
    rows = [("t1", "ana", "owner"), ("t1", "bo", "aide")]
    load, worth = ao.Fairness("minmax"), ao.Fairness("l2", of="worth")
    found = values(problem, rows, ao.Value(), ao.Fit(), load, ao.Fairness("range"), worth)
    assert found == [4, 1.5, 7, 7 - 3, 0.75**2 + 0.25**2]


def test_a_pair_that_is_not_listed_is_measured_without_the_table():
    task = Task("t1", value=8, roles=[Role("aide", credit=0.25)])
    problem = problem_of(task, pairs=[{"rep_id": "ana", "task_id": "t1", "value": 4.0}])
    rows = [("t1", "ana", "owner"), ("t1", "bo", "aide")]
    assert values(problem, rows, ao.Value()) == [4 * 0.75 + 8 * 0.25]


def test_fairness_counts_history_carried_load_and_entitlement():
    reps = [Rep("ana", weight=2, carried_load=1), Rep("bo", capacity=0), Rep("cy", active=False)]
    history = [("ana", 2, 0, 0, "q1"), ("ana", 3, 0, 0, "q2"), ("cy", 99, 0, 0, "q1")]
    problem = problem_of(Task("t1", effort=4), reps=reps, history=history)
    found = values(
        problem,
        {"t1": "ana"},
        ao.Fairness("minmax"),  # (1 + 4 + 5) / 2; bo has no entitlement
        ao.Fairness("maxmin"),
        ao.Fairness("maxmin", per="nothing"),
        ao.Fairness("range", per="nothing", idle="ignore"),
        ao.Fairness("l2"),
        ao.Fairness("minmax", of="count", per="nothing"),
    )
    assert found == [5, 5, 0, 0, 50, 1]
    assert values(problem, {}, ao.Fairness("minmax", idle="ignore")) == [0]


def test_preferences_and_bounded_endorsements():
    rows = [
        ("ana", "t1", 3.0, None),  # a bid counts as given
        ("ana", "t1", 3.0, "bo"),
        ("ana", "t2", 1.0, "boss"),
        ("bo", "t1", -2.0, "bo"),  # said by himself: reluctance
    ]
    reps = [Rep("ana", skills={"sql": 2, "b2b": 0}), Rep("bo")]
    task = Task("t1", prefers={"sql": 4, "b2b": 8, "german": 16}, roles=[Role("aide")])
    problem = problem_of(task, Task("t2"), reps=reps, preferences=rows)
    assert values(problem, {"t1": "ana"}, ao.Preference()) == [4 + 3 + 0.75]
    assert values(problem, {"t1": "bo"}, ao.Preference()) == [-2]
    both = [("t1", "bo", "owner"), ("t1", "ana", "aide"), ("t2", "ana", "owner")]
    assert values(problem, both, ao.Preference()) == [-2 + 3 + 0.75 + 0.25]


def test_weighted_adds_what_is_good_and_subtracts_what_is_bad():
    problem = problem_of(Task("t1", value=4, owner="bo"))
    tier = ao.Weighted({ao.Value(): 2, "moves": 5, ao.Fairness("maxmin", of="count"): 3})
    assert values(problem, {"t1": "ana"}, tier) == [2 * 4 - 5 + 0]
    assert values(problem, {"t1": "bo"}, tier) == [8]


# -- what goes in and what comes out ---------------------------------------------------------

MISSING = [None, np.nan, pd.NA, pd.NaT]


@pytest.mark.parametrize("missing", MISSING, ids=repr)
def test_a_missing_rep_is_unassigned(missing):
    problem = problem_of(Task("t1"), Task("t2"), objective=[ao.Coverage()])
    frame = pd.DataFrame({"task_id": ["t1", "t2"], "rep_id": ["ana", missing]}, dtype=object)
    for given_as in (frame, {"t1": "ana", "t2": missing}, [("t1", "ana"), ("t2", missing)]):
        found = ao.audit(problem, given_as)
        assert found.ok
        assert found.terms["value"].tolist() == [1]


@pytest.mark.parametrize("missing", MISSING, ids=repr)
def test_a_missing_role_is_the_owner(missing):
    problem = problem_of(Task("t1", roles=[Role("aide")]), rules=[ao.CoverAll()])
    rows = [("t1", "ana", missing), ("t1", "bo", "aide")]
    assert_passes(problem, rows)
    assert_passes(problem, pd.DataFrame(rows, columns=["task_id", "rep_id", "role"]))


def test_an_assigned_row_without_a_task_is_a_violation():
    found = ao.audit(problem_of(Task("t1")), [(None, "ana")])
    assert found.violations["rule"].tolist() == ["unknown_task"]


def test_all_forms_of_assignments_are_read_alike():
    problem = problem_of(Task("t1"), Task("t2"), rules=[ao.CoverAll()])
    frame = pd.DataFrame(
        {"rep_id": ["ana", "bo"], "note": 1, "task_id": ["t1", "t2"]}, index=[7, 7]
    )
    forms = [
        frame,
        frame.astype({"rep_id": "category", "task_id": "category"}),
        {"t1": "ana", "t2": "bo"},
        [("t1", "ana"), ("t2", "bo")],
        [["t1", "ana", "owner"], ("t2", "bo")],  # rows with and without role
        iter([("t1", "ana"), ("t2", "bo")]),
        frame[["task_id", "rep_id"]].to_dict("records"),
        SimpleNamespace(assignments=frame),
    ]
    for form in forms:
        assert_passes(problem, form)


@pytest.mark.parametrize("columns", [["task", "rep_id"], ["task_id", "rep"], ["task", "rep"], []])
def test_missing_columns_raise_and_all_are_named(columns):
    frame = pd.DataFrame([["t1", "ana"][: len(columns)]], columns=columns)
    with pytest.raises(ValidationError) as error:
        ao.audit(problem_of(Task("t1")), frame)
    missing = {"task_id", "rep_id"} - set(columns)
    places = {detail["loc"] for detail in error.value.errors()}
    assert places == {("assignments", name) for name in missing}


def test_ids_that_look_like_numbers_stay_text():
    problem = ao.Problem([Rep("007")], [Task("1")])
    assert_passes(problem, {"1": "007"})
    found = ao.audit(problem, pd.DataFrame({"task_id": [1], "rep_id": [7]}))
    assert found.violations["rule"].tolist() == ["unknown_task", "unknown_rep"]
    assert found.violations["task_id"].tolist() == ["1", "1"]


@pytest.mark.parametrize("nothing", [{}, [], pd.DataFrame(columns=["task_id", "rep_id", "role"])])
def test_no_rows_give_the_same_columns_and_dtypes(nothing):
    problem = problem_of(Task("t1"))
    empty, full = ao.audit(problem, nothing), ao.audit(problem, {"t1": "gone"})
    assert empty.ok
    assert not full.ok
    for frame in ("violations", "terms"):
        left, right = getattr(empty, frame), getattr(full, frame)
        assert left.dtypes.to_dict() == right.dtypes.to_dict()
        assert list(left.columns) == list(right.columns)
    assert list(empty.violations.columns) == COLUMNS
    kept = ao.audit(problem.replace(objective=[]), nothing).terms
    assert kept.dtypes.to_dict() == full.terms.dtypes.to_dict()
    assert kept.empty


@pytest.mark.parametrize(("reps", "tasks"), [([], []), ([Rep("ana")], []), ([], [Task("t1")])])
def test_problems_without_reps_or_tasks(reps, tasks):
    tiers = [ao.Coverage(), ao.Value(), ao.Fit(), ao.Preference(), ao.Moves(), ao.RepsUsed()]
    tiers += [ao.Fairness(notion) for notion in ("minmax", "maxmin", "range", "l2")]
    rules = [
        ao.MaxLoadGap(0),
        ao.MaxMoves(0),
        ao.MaxTasks(0, per="day"),
        ao.MinTasks(0),
        ao.MinFit(1),
    ]
    problem = ao.Problem(reps, tasks, rules=rules, objective=tiers)
    found = ao.audit(problem, {})
    assert found.ok
    assert found.terms["value"].tolist() == [0] * len(tiers)
    assert not ao.audit(problem, {"t9": "zed"}).ok


def test_inputs_are_not_changed():
    problem = problem_of(
        Task("t1", roles=[Role("aide")]), Task("t2", start=0, end=1), rules=[ao.MaxTasks(1)]
    )
    before = problem.to_json()
    frame = pd.DataFrame(
        {"task_id": ["t2", "t1", "t1", "t9"], "rep_id": ["ana", "ana", "bo", None], "role": None}
    )
    rows = [["t2", "ana"], ["t1", "ana", "aide"]]
    mapping = {"t2": "zed", "t1": None}
    kept = frame.copy(deep=True), [list(row) for row in rows], dict(mapping)
    for given_as in (frame, rows, mapping):
        ao.audit(problem, given_as)
    pd.testing.assert_frame_equal(frame, kept[0])
    assert (rows, mapping) == kept[1:]
    assert problem.to_json() == before


def test_violations_come_in_the_order_of_the_problem():
    problem = problem_of(Task("t1"), Task("t2"), rules=[ao.MaxTasks(1, rep="gone")])
    found = ao.audit(problem, {"t2": "gone", "t1": "gone", "t9": "ana"})
    assert found.violations["rule"].tolist() == [
        "unknown_task",
        "active",
        "active",
        "max_tasks(n=1, rep='gone')",
    ]
    assert found.violations["task_id"].dropna().tolist() == ["t9", "t1", "t2"]


def test_an_audit_says_what_it_found():
    problem = problem_of(Task("t1", effort=6), reps=[Rep("ana", capacity=4)])
    good, bad = ao.audit(problem, {}), ao.audit(problem, {"t1": "ana"})
    assert str(good).startswith("No rule is broken. coverage 0")
    assert str(bad).splitlines()[:2] == ["1 violations:", "  load 6/4 hours on rep 'ana'"]
    assert "capacity" in bad._repr_html_()


def test_an_audit_of_very_much_lists_the_first_and_counts_the_rest():
    problem = problem_of(*(Task(f"t{i}") for i in range(30)))
    found = ao.audit(problem, {f"t{i}": "gone" for i in range(30)})
    assert "and 10 more" in str(found)


@pytest.mark.parametrize(
    ("owned", "most", "told"),
    [(2, 1, "2 moves; allowed is at most 1"), (1, 0, "1 move; allowed is at most 0")],
)
def test_moves_are_counted_in_the_singular_and_the_plural(owned: int, most: int, told: str) -> None:
    tasks = [ao.Task(f"t{i}", owner="ana") for i in range(owned)]
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks, rules=[ao.MaxMoves(most)])
    found = ao.audit(problem, dict.fromkeys(problem.tasks, "bo"))
    assert found.violations["message"].tolist() == [told]
