"""Bounds on a range from remainders, and shares told in units, against brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt.compiling import compile_problem
from assignopt.engines import Run
from assignopt.engines.remainders import find_unit, remainder_bound
from assignopt.goals import compile_goal
from strategies import tries
from test_engines import agrees_with_oracle

FEW = settings(max_examples=tries(30), deadline=None, suppress_health_check=list(HealthCheck))
KINDS = ["coverage", "reps_used", "value"]
RULES = ["allow", "pin", "cover_all", "max_tasks", "min_tasks", "max_load", "together", "apart"]


@st.composite
def quarters(draw: st.DrawFn) -> ao.Problem:
    """Draw tasks that take quarters of an hour, a few others, and what reps carried before."""
    minutes = st.sampled_from([15.0, 30.0, 45.0, 15.0, 30.0, 14.0, 16.0, 20.0])
    carried = st.sampled_from([0.0, 0.0, 15.0, 7.0])
    names = ["ana", "bo", "cy"][: draw(st.sampled_from([2, 3]))]
    groups = st.sampled_from([None, None, "g"])
    tasks = [
        ao.Task(f"t{i}", effort=draw(minutes), group=draw(groups))
        for i in range(draw(st.sampled_from([3, 4, 5])))
    ]
    idle = draw(st.sampled_from(["count", "ignore"]))
    tiers: list[Any] = [ao.Coverage(), ao.Fairness("range", per="nothing", idle=idle)]
    rules = draw(st.sampled_from([[], [ao.CoverAll()], [ao.MaxTasks(2)]]))
    before = [ao.RepsUsed()] if draw(st.booleans()) else []
    reps = [ao.Rep(name, carried_load=draw(carried)) for name in names]
    return ao.Problem(reps, tasks, rules=rules, objective=[*before, *tiers[draw(st.booleans()) :]])


@FEW
@given(quarters())
def test_a_range_in_quarters_is_what_brute_force_finds(problem: ao.Problem) -> None:
    agrees_with_oracle(problem, engine="cpsat")


@FEW
@given(
    strategies.problems(tiers=KINDS, rules=RULES) | quarters(),
    st.sampled_from(["load", "count", "worth", "burden"]),
    st.sampled_from(["count", "ignore"]),
)
def test_no_range_is_below_its_remainders(problem: ao.Problem, of: Any, idle: Any) -> None:
    tier = ao.Fairness("range", of=of, per="nothing", idle=idle)
    problem = problem.replace(objective=[ao.RepsUsed(), tier])
    best = oracle.best(problem)
    if best is None:
        return
    arrays = compile_problem(problem)
    part = compile_goal(arrays, tier).fair[0][1]
    used = (min(arrays.least_reps, int(best[0])), int(best[0]))
    least = remainder_bound(arrays, part, used, Run(float("inf"))) if part.who.any() else 0
    assert least / part.scale <= best[1] + 1e-6


def unit_of(problem: ao.Problem) -> tuple[float, list[bool]] | None:
    """The unit in minutes, and which tasks may be none of its multiples."""
    arrays = compile_problem(problem)
    part = compile_goal(arrays, ao.Fairness("range", per="nothing")).fair[0][1]
    found = find_unit(arrays, part)
    if found is None:
        return None
    unit, odd = found
    return unit / part.scale, odd[arrays.first[:-1]].tolist()


def shift(*minutes: float, together: bool = False, must: bool = True) -> ao.Problem:
    """Two reps and tasks of so many minutes, the last two perhaps in one group."""
    last = len(minutes) - 2
    tasks = [
        ao.Task(f"t{i}", effort=e, group="g" if together and i >= last else None)
        for i, e in enumerate(minutes)
    ]
    rules = [ao.CoverAll()] if must else []
    return ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks, rules=rules)


def test_the_unit_is_the_largest_that_leaves_no_more_over_than_there_are_reps() -> None:
    assert unit_of(shift(15, 30, 45, 45, 20)) == (15, [False, False, False, False, True])
    assert unit_of(shift(15, 45, 45, 20, 40, 50, 3)) == (5, [False] * 6 + [True])
    assert unit_of(shift(15, 45, 45, 20, 40, 50)) is None  # 5 divides all: nothing is left over
    assert unit_of(shift(15, 15, 45, 14, 16)) == (15, [False, False, False, True, True])
    assert unit_of(shift(15, 16, 17, 19, 23)) is None


def test_a_group_that_has_to_be_assigned_counts_as_one() -> None:
    assert unit_of(shift(15, 15, 45, 14, 16, together=True)) == (15, [False] * 5)
    optional = shift(15, 15, 45, 14, 16, together=True, must=False)
    assert unit_of(optional) == (15, [False, False, False, True, True])


def test_overlapping_odd_tasks_are_on_different_reps() -> None:
    tasks = [ao.Task(f"t{i}", effort=15) for i in range(3)]
    tasks += [ao.Task(f"u{i}", effort=10, start=0, end=1) for i in range(2)]
    goal = ao.Fairness("range", per="nothing")
    reps = [ao.Rep("ana"), ao.Rep("bo")]
    arrays = compile_problem(ao.Problem(reps, tasks, rules=[ao.CoverAll()], objective=[goal]))
    part = compile_goal(arrays, goal).fair[0][1]
    # 15 a + 10 and 15 b + 10 with a + b = 3; with both 10s on one rep it would be 5: 35 and 30
    assert remainder_bound(arrays, part, (0, 2), Run(float("inf"))) / part.scale == 15


@pytest.mark.parametrize("idle", ["count", "ignore"])
def test_a_run_that_is_over_bounds_nothing(idle: Any) -> None:
    goal = ao.Fairness("range", per="nothing", idle=idle)
    arrays = compile_problem(shift(15, 30, 45, 20))
    part = compile_goal(arrays, goal).fair[0][1]
    assert remainder_bound(arrays, part, (0, 2), Run(-np.inf)) == 0
