"""With equal efforts and weights one plan is best by every index at once.

A load vector that is lexicographically smallest from the top is majorised by all others (Frank and
Murota 2022), so it minimises every index that a transfer from a heavier to a lighter rep improves.
Checked by brute force on random problems with skills and limits on counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
from assignopt import metrics
from strategies import tries

if TYPE_CHECKING:
    from collections.abc import Callable

    Loads = tuple[float, ...]

INDICES: dict[str, Callable[[Loads], float]] = {
    "max": max,
    "-min": lambda loads: -min(loads),
    "range": metrics.load_range,
    "variance": metrics.variance,
    "gini": metrics.gini,
    "hoover": metrics.hoover,
    "theil": metrics.theil,
    "atkinson(1/2)": metrics.atkinson,
    "-jain": lambda loads: -metrics.jain_index(loads),
    "mad": metrics.mad,
    "l4": lambda loads: sum(load**4 for load in loads),
    "from the median": lambda loads: float(np.abs(np.array(loads) - np.median(loads)).sum()),
    "l2": metrics.l2,
}


@st.composite
def teams(draw: st.DrawFn) -> ao.Problem:
    """Up to four reps with limits on counts, up to six alike tasks, each for some of the reps."""
    names = [f"r{i}" for i in range(draw(st.integers(2, 4)))]
    most = [draw(st.none() | st.integers(1, 4)) for _ in names]
    tasks = [f"t{i}" for i in range(draw(st.integers(1, 6)))]
    some = st.lists(st.sampled_from(names), min_size=1, unique=True)
    rows = [(rep, task, draw(st.integers(0, 9))) for task in tasks for rep in draw(some)]
    return ao.Problem(
        [ao.Rep(name, max_tasks=limit) for name, limit in zip(names, most, strict=True)],
        [ao.Task(task) for task in tasks],
        pairs=[{"rep_id": rep, "task_id": task, "value": value} for rep, task, value in rows],
        rules=[ao.CoverAll()],
        objective=[ao.Fairness("leximax"), ao.Value()],
    )


def loads_of(problem: ao.Problem) -> dict[Loads, float]:
    """The loads of every plan that covers all tasks, each with the most value at these loads."""
    found: dict[Loads, float] = {}
    for plan in oracle.plans(problem):
        if None in plan.values() or not oracle.is_allowed(problem, plan):
            continue
        holders = list(plan.values())
        loads = tuple(float(holders.count(rep)) for rep in problem.reps)
        value = oracle.term(problem, plan, ao.Value())
        found[loads] = max(value, found.get(loads, value))
    return found


@settings(max_examples=tries(50), suppress_health_check=list(HealthCheck))
@given(teams())
def test_leximax_is_best_by_thirteen_indices_at_once(problem: ao.Problem) -> None:
    every = loads_of(problem)
    assume(every)
    plan = ao.solve(problem, engine="flow", time_limit=60, workers=1)
    assert plan.status is ao.Status.OPTIMAL
    mine = tuple(plan.loads["load"].tolist())
    assert mine in every
    for name, index in INDICES.items():
        least = min(map(index, every))
        assert index(mine) == pytest.approx(least, rel=1e-9, abs=1e-9), name


@settings(max_examples=tries(50), suppress_health_check=list(HealthCheck))
@given(teams())
def test_the_value_is_the_most_at_such_loads(problem: ao.Problem) -> None:
    every = loads_of(problem)
    assume(every)
    plan = ao.solve(problem, engine="flow", time_limit=60, workers=1)
    best = min(sorted(loads, reverse=True) for loads in every)
    most = max(value for loads, value in every.items() if sorted(loads, reverse=True) == best)
    assert plan.terms["value"].iloc[-1] == pytest.approx(most)


def test_there_are_thirteen_indices_and_some_plan_is_worse_by_each() -> None:
    assert len(INDICES) == 13
    for name, index in INDICES.items():
        assert index((4.0, 1.0, 1.0)) > index((2.0, 2.0, 2.0)), name


def test_with_unequal_efforts_the_indices_part_ways() -> None:
    """The condition is needed: of two plans one has the smaller largest load, the other the larger
    smallest one."""
    problem = ao.Problem(
        [ao.Rep(name, carried_load=load) for name, load in (("ana", 4), ("bo", 3), ("cy", 2))],
        [ao.Task("short", effort=1), ao.Task("long", effort=2)],
        rules=[
            *(ao.CoverAll(), ao.MinTasks(1, rep="ana"), ao.MaxTasks(1, rep="ana")),
            *(ao.Allow("short", ["ana", "cy"]), ao.Allow("long", ["ana", "bo"])),
        ],
    )
    loads = {}
    for notion in ("leximax", "leximin"):
        plan = ao.solve(problem.replace(objective=[ao.Fairness(notion)]), workers=1)
        assert plan.status is ao.Status.OPTIMAL
        loads[notion] = tuple(plan.loads["load"].tolist())
    assert loads == {"leximax": (5, 5, 2), "leximin": (6, 3, 3)}
    worse = [name for name, f in INDICES.items() if f(loads["leximax"]) > f(loads["leximin"])]
    assert {"-min", "from the median"} & set(worse)
    assert "max" not in worse
