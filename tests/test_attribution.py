"""What the unevenness of a plan is owed to: by hand, against all plans there are, and in words."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt import metrics
from assignopt.report import Attribution, relaxing
from assignopt.report.attribution import NOTIONS, Level, parts_of, tightened
from strategies import tries

PARTS = ["plan", "availability", "skills", "indivisible"]
CALENDAR = {"available", "overlap"}


def amounts(found: Attribution) -> list[float]:
    return [pytest.approx(amount, abs=1e-9) for amount in found.parts["amount"]]


def attributed(problem: ao.Problem, held: Any, **options: Any) -> Attribution:
    report = ao.load_report((problem, held), of=options.pop("of", "load"))
    return report.attribution(**{"measure": "load_range", "workers": 1, **options})


def team(**options: Any) -> ao.Problem:
    """Four tasks of an hour; ana alone knows German, bo is off in the second hour."""
    reps = [
        ao.Rep("ana", skills={"german"}),
        ao.Rep("bo", skills={"b2b"}, available=[(0, 1)]),
    ]
    tasks = [
        ao.Task("german-1", requires={"german"}),
        ao.Task("german-2", requires={"german"}),
        ao.Task("german-3", requires={"german"}),
        ao.Task("late", start=1, end=2),
        ao.Task("free"),
    ]
    return ao.Problem(reps, tasks, **options)


def test_each_part_by_hand() -> None:
    # All five on ana: a range of 5. Under the rules bo can take one (4 to 1), without calendars two
    # (3 to 2), and five tasks cannot be split more evenly than that.
    problem = team()
    found = attributed(problem, dict.fromkeys(problem.tasks, "ana"))
    assert (found.measure, found.of, found.per) == ("load_range", "load", "weight")
    assert found.total == 5.0
    assert found.parts.index.tolist() == PARTS
    assert found.parts.index.name == "part"
    assert list(found.parts.columns) == ["amount", "share", "low", "high", "proved"]
    assert amounts(found) == [2.0, 2.0, 0.0, 1.0]
    assert found.parts["share"].tolist() == pytest.approx([0.4, 0.4, 0.0, 0.2])
    assert found.parts["proved"].all()
    assert found.parts["low"].tolist() == found.parts["high"].tolist() == amounts(found)
    assert found.levels["value"].tolist() == [5.0, 3.0, 1.0, 1.0]
    assert found.note == ""


def test_scarce_skills_take_what_only_they_explain() -> None:
    problem = team().without_rep("bo").with_rep(ao.Rep("bo"))
    problem = problem.replace(tasks=list(problem.tasks.values())[:3])
    found = attributed(problem, dict.fromkeys(problem.tasks, "ana"))
    assert amounts(found) == [0.0, 0.0, 2.0, 1.0]
    assert found.levels["engine"].tolist()[2] == ""  # nothing has a time: nothing new to solve


def test_two_meetings_at_once_are_availability() -> None:
    reps = [ao.Rep("ana"), ao.Rep("bo", carried_load=2)]
    tasks = [ao.Task(f"t{n}", start=0, end=1) for n in range(2)]
    found = attributed(ao.Problem(reps, tasks), {"t0": "ana", "t1": "bo"})
    assert amounts(found) == [0.0, 2.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "rules",
    [
        [ao.Forbid(task=["t0", "t1"], rep="bo")],
        [ao.Allow(task={"kind": "x"}, rep="ana")],
        [ao.MinFit(0.5)],
    ],
)
def test_rules_about_pairs_are_eligibility(rules: list[Any]) -> None:
    reps = [ao.Rep("ana"), ao.Rep("bo", fit={"smb": 0.1})]
    tasks = [ao.Task(f"t{n}", customer_type="smb", tags={"kind": "x"}) for n in range(2)]
    found = attributed(ao.Problem(reps, tasks, rules=rules), {"t0": "ana", "t1": "ana"})
    assert amounts(found) == [0.0, 0.0, 2.0, 0.0]


def test_a_pair_that_is_not_listed_costs_what_the_rep_would_need() -> None:
    reps = [ao.Rep("ana"), ao.Rep("bo", efficiency=0.5)]
    tasks = [ao.Task("t0", effort=2), ao.Task("t1", effort=3)]
    pairs = [("ana", "t0", 1.0, 6.0), ("ana", "t1", 1.0, 4.0)]
    found = attributed(ao.Problem(reps, tasks, pairs=pairs), {"t0": "ana", "t1": "ana"})
    # t1 on bo would be 3 / 0.5 = 6, as t0 is on ana; t0 on bo would be 4, as t1 is on ana
    assert found.levels["value"].tolist() == [10.0, 10.0, 10.0, 0.0]


def test_limits_and_other_rules_stay_in_what_is_left() -> None:
    reps = [ao.Rep("ana", capacity=9), ao.Rep("bo", max_tasks=1, capacity=9)]
    tasks = [ao.Task(f"t{n}", start=86_400 * n, end=86_400 * n + 1) for n in range(4)]
    problem = ao.Problem(reps, tasks)
    found = attributed(problem, dict.fromkeys(problem.tasks, "ana"), of="count")
    assert found.levels["value"].tolist() == pytest.approx([4 / 9, 2 / 9, 2 / 9, 2 / 9])
    daily = ao.MaxTasks(0, rep="bo", task=["t0", "t1"], per="day")
    weekly = ao.MinTasks(3, rep="ana", per="week")
    problem = problem.replace(rules=[daily, weekly])
    found = attributed(problem, dict.fromkeys(problem.tasks, "ana"))
    assert found.levels["value"].tolist() == pytest.approx([4 / 9, 2 / 9, 2 / 9, 2 / 9])
    problem = problem.replace(rules=[ao.MaxTasks(0, rep="bo", per="day")])
    found = attributed(problem, dict.fromkeys(problem.tasks, "ana"))
    assert found.levels["value"].tolist() == pytest.approx([4 / 9] * 4)


def test_what_the_plan_leaves_open_stays_open() -> None:
    problem = team()
    found = attributed(problem, {"german-1": "ana", "free": "ana"})
    assert amounts(found) == [2.0, 0.0, 0.0, 0.0]


def test_an_open_role_leaves_the_value_of_the_others_as_it_was() -> None:
    roles = [ao.Role("aide", credit=0.25), ao.Role("boss", credit=0.25)]
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t", value=8, roles=roles)])
    found = attributed(problem, [("t", "ana"), ("t", "bo", "aide")], of="value")
    assert found.total == 2.0  # the owner's half against the aide's quarter
    assert found.levels["value"].tolist() == [2.0] * 4
    whole = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t", value=8, roles=roles[:1])])
    assert attributed(whole, {"t": "ana"}, of="value").total == 6.0


def test_tasks_that_could_not_stay_do_not_become_moves() -> None:
    # t0's owner lost the skill. Without skills it could stay; that it goes to ana is no move even
    # then, or a limit on moves would make the looser problem the tighter one.
    reps = [ao.Rep("ana", skills={"german"}), ao.Rep("bo")]
    tasks = [ao.Task("t0", requires={"german"}, owner="bo"), ao.Task("t1", owner="bo")]
    problem = ao.Problem(reps, tasks, rules=[ao.MaxMoves(0)])
    found = attributed(problem, {"t0": "ana", "t1": "bo"})
    assert found.total == 0.0
    assert amounts(found) == [0.0] * 4
    assert found.parts["share"].tolist() == [0.0] * 4


def test_an_owner_who_could_not_keep_a_task_is_no_limit_on_who_gets_it_without_skills() -> None:
    reps = [ao.Rep("ana", skills={"german"}), ao.Rep("bo")]
    tasks = [ao.Task(f"t{n}", requires={"german"}, owner="bo") for n in range(2)]
    problem = ao.Problem(reps, tasks, rules=[ao.MaxMoves(0)])
    found = attributed(problem, {"t0": "ana", "t1": "ana"})
    assert amounts(found) == [0.0, 0.0, 2.0, 0.0]


def test_a_move_that_the_plan_spends_on_an_open_task_is_spent() -> None:
    tasks = [ao.Task(f"t{n}", owner="ana") for n in range(3)]
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks, rules=[ao.MaxMoves(1)])
    found = attributed(problem, {"t1": "ana", "t2": "ana"})
    assert amounts(found) == [0.0, 0.0, 0.0, 2.0]


def test_a_bound_on_the_looser_is_one_on_the_tighter_and_each_part_has_its_interval() -> None:
    levels = tightened([Level(6, 1, "a"), Level(5, 2, "b"), Level(3, 3, "c")])
    assert [level.bound for level in levels] == [3, 3, 3]
    assert [level.proved for level in levels] == [False, False, True]
    parts = parts_of(10, levels)
    assert parts["amount"].tolist() == [4, 1, 2, 3]
    assert parts["low"].tolist() == [4, 0, 0, 3]
    assert parts["high"].tolist() == [7, 3, 2, 3]
    assert parts["proved"].tolist() == [False, False, False, True]
    assert parts["share"].tolist() == [0.4, 0.1, 0.2, 0.3]
    # a plan that breaks rules may be below them all
    parts = parts_of(2, levels)
    assert parts["amount"].tolist() == [0, 0, 0, 2]
    assert parts["proved"].all()


def test_with_nothing_assigned_the_carried_load_is_left() -> None:
    reps = [ao.Rep("ana", carried_load=3), ao.Rep("bo")]
    found = attributed(ao.Problem(reps, [ao.Task("t")]), [])
    assert amounts(found) == [0.0, 0.0, 0.0, 3.0]
    history = [{"rep_id": "bo", "load": 4}]
    found = attributed(ao.Problem(reps, [ao.Task("t")], history=history), {"t": "bo"})
    assert amounts(found) == [2.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("measure", NOTIONS)
def test_every_measure_adds_up_and_knows_when_it_is_proved(measure: str) -> None:
    problem = team()
    held = dict.fromkeys(problem.tasks, "ana")
    report = ao.load_report((problem, held))
    found = report.attribution(measure=measure, workers=1)
    ruler = getattr(metrics, measure)
    wanted = [ruler([5, 0]), ruler([4, 1]), ruler([3, 2]), ruler([3, 2])]
    assert found.levels["value"].tolist() == pytest.approx(wanted)
    assert found.parts["amount"].sum() == pytest.approx(report.overall[measure])
    assert found.parts["proved"].all()


@pytest.mark.parametrize("measure", ["cv", "variance"])
def test_where_the_total_depends_on_who_does_it_a_sum_of_squares_proves_nothing(
    measure: str,
) -> None:
    reps = [ao.Rep("ana"), ao.Rep("bo", efficiency=0.5)]
    problem = ao.Problem(reps, [ao.Task("t0"), ao.Task("t1")])
    found = attributed(problem, {"t0": "ana", "t1": "bo"}, measure=measure)
    assert not found.parts["proved"].any()
    assert found.levels["bound"].tolist()[1:] == [0.0] * 3
    assert found.parts["low"].tolist()[1:] == [0.0] * 3
    assert "not proved: between" in str(found)


def eligible_kinds(problem: ao.Problem) -> set[str]:
    about_pairs = (ao.Allow, ao.Forbid, ao.MinFit)
    return {"skill", "pairs"} | {r.id for r in problem.rules if isinstance(r, about_pairs)}


def least(problem: ao.Problem, plan: oracle.Plan, of: Any, measure: str) -> list[float]:
    """The measure at each level by trying everybody in every seat that the plan fills."""
    seats = [seat for seat, rep in plan.items() if rep is not None]
    active = [rep.id for rep in problem.reps.values() if rep.active]
    kinds = [set(), CALENDAR, CALENDAR | eligible_kinds(problem)]
    best = [float("inf")] * 3
    for who in product(active, repeat=len(seats)):
        held = [(t, rep, role) for (t, role), rep in zip(seats, who, strict=True)]
        broken = set(ao.audit(problem, held).violations["rule"])
        value = float(ao.load_report((problem, held), of=of).overall[measure])
        best = [min(b, value) if broken <= ok else b for b, ok in zip(best, kinds, strict=True)]
    return best


@settings(max_examples=tries(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_levels_are_the_least_of_all_plans(data: st.DataObject) -> None:
    problem = data.draw(strategies.problems(tiers=["value"], max_tasks=3))
    reps = [rep for rep in problem.reps.values() if rep.active]
    assume(len(reps) ** sum(1 + len(task.roles) for task in problem.tasks.values()) <= 81)
    kept = [plan for plan in oracle.plans(problem) if oracle.is_allowed(problem, plan)]
    assume(kept)
    plan = data.draw(st.sampled_from(kept))
    of = data.draw(st.sampled_from(strategies.QUANTITIES))
    measure = data.draw(st.sampled_from(list(NOTIONS)))
    held = [(task, rep, role) for (task, role), rep in plan.items() if rep is not None]
    try:
        report = ao.load_report((problem, held), of=of)
    except ValueError:
        assume(False)
    found = report.attribution(measure=measure, workers=1, time_limit=20)
    wanted = least(problem, plan, of, measure)
    assert found.total == pytest.approx(report.overall[measure])
    assert found.note == ""
    for value, bound, proved, best in zip(
        found.levels["value"][1:],
        found.levels["bound"][1:],
        found.levels["proved"][1:],
        wanted,
        strict=True,
    ):
        assert bound <= best + 1e-6
        assert value >= best - 1e-6
        if proved:
            assert value == pytest.approx(best, abs=1e-6)
    assert (found.parts["amount"] >= 0).all()
    assert (found.parts["low"] <= found.parts["amount"]).all()
    assert (found.parts["amount"] <= found.parts["high"]).all()
    assert found.parts["amount"].sum() == pytest.approx(found.total, abs=1e-9)


# ---------------------------------------------------------------- assignments that break rules


def test_assignments_that_break_rules_and_are_more_even_owe_nothing_to_the_plan() -> None:
    problem = team()
    held = dict.fromkeys(problem.tasks, "ana") | {"german-1": "bo", "late": "bo"}
    found = attributed(problem, held)
    assert found.total == 1.0
    assert found.levels["value"].tolist() == [1.0, 3.0, 1.0, 1.0]
    assert amounts(found) == [0.0, 0.0, 0.0, 1.0]
    assert "break rules (2 violations)" in found.note
    assert "load_range 1, the best plan found to 3" in found.note
    assert found.note in str(found)
    assert found.note in found._repr_html_()


def test_assignments_that_break_rules_and_are_less_even_are_compared_as_others_are() -> None:
    problem = team(rules=[ao.MaxTasks(4)])
    found = attributed(problem, dict.fromkeys(problem.tasks, "ana"))
    assert amounts(found) == [2.0, 2.0, 0.0, 1.0]
    assert found.note == (
        "These assignments break rules (1 violation); what they are compared with does not."
    )


def test_seats_that_no_plan_can_fill_are_an_error_and_not_a_number() -> None:
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t", requires={"german"})])
    with pytest.raises(ao.NoSolutionError, match="no plan that keeps the rules fills the seats"):
        attributed(problem, {"t": "ana"})


def test_seats_that_no_plan_has_are_refused_in_words() -> None:
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t", roles=[ao.Role("aide")])])
    with pytest.raises(ValueError, match="task 't' has two holders in one seat"):
        attributed(problem, [("t", "ana"), ("t", "bo")])
    with pytest.raises(ValueError, match="task 't' has a collaborator and no owner"):
        attributed(problem, [("t", "ana", "aide")])


def test_a_measure_without_a_least_is_refused_in_words() -> None:
    report = ao.load_report((team(), {"free": "ana"}))
    with pytest.raises(ValueError, match="measure='theil' cannot be attributed; allowed is one of"):
        report.attribution(measure="theil")
    for seconds in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"time_limit {seconds} is out of range; allowed is"):
            report.attribution(time_limit=seconds)


def test_too_many_pairs_to_make_up_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaxing, "CELLS", 1)
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t")], pairs=[("ana", "t", 1.0, 2.0)]
    )
    with pytest.raises(ValueError, match="2 reps x 1 tasks are too many to make up the pairs"):
        attributed(problem, {"t": "ana"})


# ---------------------------------------------------------------- in words, in time


def test_without_time_every_part_has_its_interval() -> None:
    problem = team()
    found = attributed(problem, dict.fromkeys(problem.tasks, "ana"), time_limit=0)
    assert found.parts["amount"].sum() == pytest.approx(5.0)
    assert (found.parts["low"] <= found.parts["amount"]).all()
    assert (found.parts["amount"] <= found.parts["high"]).all()


def test_the_same_seed_gives_the_same_attribution() -> None:
    problem = team()
    held = dict.fromkeys(problem.tasks, "ana")
    first, second = (
        attributed(problem, held, measure="gini", deterministic=True, seed=3) for _ in range(2)
    )
    assert first.levels.equals(second.levels)


def test_the_table_is_for_reading() -> None:
    problem = team()
    found = attributed(problem, dict.fromkeys(problem.tasks, "ana"))
    assert (
        f"{found}\n"
        == """\
load_range of load per unit of weight: 5, of which
  plan               2.000  40.0%  another plan under the same rules would not have it
  availability       2.000  40.0%  calendars, and tasks whose times clash
  skills             0.000   0.0%  skills, territories, listed pairs and least fits
  indivisible        1.000  20.0%  tasks that cannot be split, limits, carried work, other rules
"""
    )
    assert repr(found) == str(found)
    assert found._repr_html_().count("<table") == 1
