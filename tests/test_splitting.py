"""Bounds from split tasks and remainders against brute force; rounding and neighbourhoods."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt.compiling import compile_problem
from assignopt.engines import Run, split_bound
from assignopt.engines.alike import find_alike
from assignopt.engines.remainders import remainder_bound
from assignopt.goals import compile_goal
from strategies import tries

FEW = settings(max_examples=tries(25), deadline=None, suppress_health_check=list(HealthCheck))
SPLIT = ["leximax", "leximin", "minmax", "maxmin", "range", "l2", "nash"]


def covering(problem: ao.Problem, tier: Any) -> ao.Problem:
    """The problem with this tier alone, everything to be covered that can be."""
    return problem.replace(objective=[tier], rules=[*problem.rules, ao.CoverAll()])


@FEW
@given(
    strategies.problems(tiers=["value"], rules=["allow", "max_load", "max_tasks"]),
    st.sampled_from(SPLIT),
    st.sampled_from(["load", "count", "burden"]),
)
def test_no_plan_is_better_than_split_tasks(problem: ao.Problem, notion: Any, of: Any) -> None:
    problem = covering(problem, ao.Fairness(notion, of=of))
    best = oracle.best(problem)
    assume(best is not None)
    assert best is not None
    arrays = compile_problem(problem)
    goal = compile_goal(arrays, problem.objective[0])
    bounded = split_bound(arrays, goal, Run(float("inf")), None)
    value = bounded.value_of(bounded.best_gain)
    if notion == "nash" and int(bounded.best_gain[0]) == 0:
        return
    better = 1 if notion in ("leximin", "maxmin", "nash") else -1
    if notion != "nash":  # its value is comparable only where as many have something
        assert better * (value - best[0]) >= -1e-6 * max(1.0, abs(best[0]))


@FEW
@given(
    strategies.problems(tiers=["value"], rules=["allow", "max_tasks", "together"]),
    st.sampled_from(["count", "ignore"]),
    st.sampled_from(["load", "worth", "burden"]),
)
def test_no_range_is_below_its_remainders(problem: ao.Problem, idle: Any, of: Any) -> None:
    problem = covering(problem, ao.Fairness("range", of=of, per="nothing", idle=idle))
    best = oracle.best(problem)
    assume(best is not None)
    assert best is not None
    arrays = compile_problem(problem)
    part = compile_goal(arrays, problem.objective[0]).fair[0][1]
    used = (min(arrays.least_reps, arrays.reps), arrays.reps)
    if part.who.any():
        least = remainder_bound(arrays, part, used, Run(float("inf")))
        assert least / part.scale <= best[0] + 1e-6


def test_remainders_see_what_a_mean_does_not() -> None:
    reps = [ao.Rep("ana"), ao.Rep("bo")]
    tasks = [ao.Task(f"t{i}", effort=e) for i, e in enumerate([15, 15, 15, 30, 10])]
    goal = ao.Fairness("range", per="nothing")
    arrays = compile_problem(ao.Problem(reps, tasks, rules=[ao.CoverAll()], objective=[goal]))
    part = compile_goal(arrays, goal).fair[0][1]
    # one rep has the 10: loads are 15 a + 10 and 15 b with a + b = 5, so 5 apart at the least
    assert remainder_bound(arrays, part, (0, 2), Run(float("inf"))) / part.scale == 5


@pytest.mark.parametrize("seed", range(3))
def test_a_large_crowded_team_is_as_even_as_split_tasks(seed: int) -> None:
    problem = ao.datasets.unequal_efforts(20, 300, seed=seed)
    plan = strategies.solved_until(problem, "value")
    assert ao.audit(problem, plan).ok
    terms = plan.terms
    assert terms["proved"][1]
    assert terms["depth"][1] == 20
    assert terms["value"][2] <= terms["bound"][2] + 1e-6


def test_slots_of_one_reviewer_are_alike_and_others_are_not() -> None:
    reps = [ao.Rep("p1"), ao.Rep("p2")]
    tasks = [ao.Task(f"{r}{i}", value=v) for r, v in (("a", 1), ("b", 2)) for i in range(3)]
    rules = [ao.Apart(["a0", "a1", "a2"]), ao.Apart(["b0", "b1", "b2"])]
    problem = ao.Problem(reps, tasks, rules=rules, objective=[ao.Value()])
    arrays = compile_problem(problem)
    alike = find_alike(arrays, [compile_goal(arrays, ao.Value())])
    assert alike.size.tolist() == [3, 0, 0, 3, 0, 0]
    told = ao.solve(problem, engine="cpsat")
    assert told.terms["value"][0] == 6  # each rep at most one of each: 2 x (1 + 2)
    assert ao.audit(problem, told).ok
