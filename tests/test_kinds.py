"""Counting kinds of seats against brute force: moves, other sums, teams with too little room."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt.compiling import compile_problem
from assignopt.engines import CpSatEngine, Run, alike
from assignopt.engines.alike import Kinds, find_kinds
from assignopt.goals import compile_goal

SOME = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
SUMS = ["coverage", "moves", "value", "preference", "weighted"]


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count kinds wherever that is possible, however little it saves."""
    monkeypatch.setattr(alike, "COMPACT", 1.0)


def kinds_of(problem: ao.Problem) -> Kinds:
    """The kinds of a problem's seats, in all its tiers."""
    arrays = compile_problem(problem)
    found = find_kinds(arrays, [compile_goal(arrays, tier) for tier in problem.objective])
    assert found is not None
    return found


def crew(rng: random.Random) -> ao.Problem:
    """Reps with owners' tasks of few kinds, and more often than not too little room for all."""
    names = ["ana", "bo", "cy"][: rng.choice([2, 3, 3])]
    reps = [
        ao.Rep(name, capacity=rng.choice([2, 3, 4, None]), skills={rng.choice("xy"): 1, "z": 1})
        for name in names
    ]
    tasks = [
        ao.Task(
            f"t{i}",
            effort=rng.choice([1, 1, 2, 3]),
            priority=rng.choice([1, 1, 1, 2]),
            requires={rng.choice("xyz"): 1},
            owner=rng.choice([*names, None]),
            burden=rng.choice([1, 1, 3]),
        )
        for i in range(rng.choice([4, 5, 6]))
    ]
    rules: list[Any] = [
        ao.MaxTasks(2, rep="ana"),
        ao.MinTasks(1, rep="bo"),
        ao.Apart(tasks=[task.id for task in tasks[:3]]),
        ao.MaxMoves(2),
        ao.MaxTasks(1, task={"owner": ["ana"]}, rep="bo"),
        ao.MaxLoadGap(3),
    ]
    cost = rng.choice([None, None, "burden"])
    objective = [ao.Coverage(), ao.Moves(cost)]
    return ao.Problem(
        reps, tasks, rules=rng.sample(rules, rng.choice([0, 0, 1, 2])), objective=objective
    )


@pytest.mark.parametrize("seed", range(60))
def test_the_fewest_moves_of_a_team_with_too_little_room(seed: int) -> None:
    problem = crew(random.Random(seed))
    best = oracle.best(problem)
    plan = ao.solve(problem, workers=1)
    if best is None:
        assert plan.status is ao.Status.INFEASIBLE
        return
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["value"].tolist() == pytest.approx(best)
    assert plan.terms["bound"].tolist() == pytest.approx(best)
    assert ao.audit(problem, plan.assignments).ok


@SOME
@given(
    strategies.problems(roles=False, groups=False, timed=False, slack=False, tiers=SUMS),
    st.booleans(),
)
def test_counts_say_as_much_as_single_seats(problem: ao.Problem, twins: bool) -> None:
    if twins:  # two of each task, so that there are kinds
        tasks = list(problem.tasks.values())[:2]
        more = [task.model_copy(update={"id": f"{task.id}b", "owner": None}) for task in tasks]
        problem = problem.replace(
            tasks=[*tasks, *more], rules=[], pairs=None, preferences=None, history=None
        )
    best = oracle.best(problem)
    plan = ao.solve(problem, workers=1)
    arrays = compile_problem(problem)
    kinds = find_kinds(arrays, [compile_goal(arrays, tier) for tier in problem.objective])
    event(f"kinds {kinds is not None and (kinds.size > 1).any()}")
    if best is None:
        assert plan.status is ao.Status.INFEASIBLE
        return
    assert plan.terms["value"].tolist() == pytest.approx(best)
    assert ao.audit(problem, plan.assignments).ok


@pytest.mark.parametrize("seed", range(30))
def test_a_plan_at_hand_goes_through_the_counts_unchanged(seed: int) -> None:
    problem = crew(random.Random(seed)).replace(rules=[])
    kinds, arrays = kinds_of(problem), compile_problem(problem)
    goals = [compile_goal(arrays, tier) for tier in problem.objective]
    engine = CpSatEngine(arrays, Run(float("inf"), workers=1), goals, kinds)
    found = engine.optimise(goals[0], None).choice
    assert found is not None
    again = kinds.to_choice(kinds.to_live(found[found >= 0]))
    assert goals[0].gain(again) == goals[0].gain(found)
    assert goals[1].gain(again) >= goals[1].gain(found)
    chosen, dealt = (arrays.pair_rep[c[c >= 0]] for c in (found, again))
    assert np.bincount(chosen, minlength=3).tolist() == np.bincount(dealt, minlength=3).tolist()


def test_tasks_of_several_owners_are_of_one_kind_unless_moving_them_costs_otherwise() -> None:
    reps = [ao.Rep("ana", capacity=9), ao.Rep("bo", capacity=9)]
    owners = ["ana", "bo", "bo", None]
    tasks = [ao.Task(f"t{i}", effort=2, owner=owner) for i, owner in enumerate(owners)]
    objective = [ao.Coverage(), ao.Moves()]
    problem = ao.Problem(reps, tasks, objective=objective)
    kinds = kinds_of(problem)
    assert kinds.size.tolist() == [4, 0, 0, 0]
    # with ana: t0 stays, others come; with bo: t1 and t2 stay, others come
    assert sorted(kinds.most[kinds.live].tolist()) == [1, 2, 2, 3]
    dear = [task.model_copy(update={"burden": 1.0 + i % 2}) for i, task in enumerate(tasks)]
    problem = ao.Problem(reps, dear, objective=[ao.Coverage(), ao.Moves("burden")])
    assert kinds_of(problem).size.tolist() == [2, 2, 0, 0]


def test_roles_groups_and_times_are_not_counted() -> None:
    reps = [ao.Rep("ana"), ao.Rep("bo")]
    helped = [ao.Task("t0", roles=[ao.Role("aide")]), ao.Task("t1")]
    timed = [ao.Task(f"t{i}", start=0, end=2) for i in range(2)]
    grouped = ao.Together(tasks=["t0", "t1"])
    for tasks, rules in ((helped, []), (timed, []), ([ao.Task("t0"), ao.Task("t1")], [grouped])):
        arrays = compile_problem(ao.Problem(reps, tasks, rules=rules))
        assert find_kinds(arrays, [compile_goal(arrays, ao.Coverage())]) is None


@pytest.mark.parametrize("seed", range(20))
def test_rebalancing_by_counts(seed: int) -> None:
    rng = random.Random(100 + seed)
    problem = crew(rng).replace(rules=[])
    plan = ao.solve(problem, workers=1)
    gone = rng.choice(list(problem.reps))
    after = ao.rebalance(plan, ao.leave(gone), target=[], workers=1)
    best = oracle.best(after.problem.replace(objective=[ao.Coverage(), ao.Moves()]))
    assert best is not None
    assert after.terms["value"].tolist()[:2] == pytest.approx(best)
    assert after.terms["proved"].all()
