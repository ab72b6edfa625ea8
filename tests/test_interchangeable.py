"""Reps whom nobody tells apart: plans renamed lose nothing, and what is proved stays right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

import assignopt as ao
import oracle
import strategies
from assignopt.compiling import compile_problem
from assignopt.engines.interchangeable import find_interchangeable
from assignopt.engines.model import Model
from assignopt.engines.sums import Sums
from assignopt.goals import Goal, compile_goal
from strategies import tries
from test_engines import agrees_with_oracle

if TYPE_CHECKING:
    from assignopt.arrays import Arrays

FEW = settings(max_examples=tries(25), deadline=None, suppress_health_check=list(HealthCheck))
HOUR = 3600.0


@st.composite
def with_clones(draw: st.DrawFn) -> ao.Problem:
    """Draw a Problem with many tasks at once, and clones of a rep, perhaps with less time."""
    problem = draw(
        strategies.problems(
            roles=False,
            timed=False,
            max_reps=2,
            max_tasks=4,
            max_rules=2,
            rules=[kind for kind in strategies.RULES if "tasks" not in kind],
            tiers=["coverage", "reps_used", "fairness", "value", "weighted"],
        )
    )
    kept = list(problem.reps.values())
    copies = draw(st.sampled_from([1, 2] if len(kept) == 1 else [1]))
    windows = st.sampled_from([None, None, ((0.0, 2 * HOUR),), ((HOUR, 4 * HOUR),)])
    some = [
        rep.model_copy(update={"id": f"{rep.id}{copy}", "available": draw(windows)})
        for rep in kept
        for copy in range(copies)
    ]
    tasks = [
        task.model_copy(update={"start": HOUR * (at % 2), "end": HOUR * (at % 2 + hours)})
        for at, task in enumerate(problem.tasks.values())
        for hours in [draw(st.sampled_from([1, 2, 3]))]
    ]
    changes: dict[str, Any] = {"reps": [*kept, *some], "tasks": tasks}
    if draw(st.booleans()):  # what most often tells reps apart
        changes |= {"history": None, "preferences": None}
    bound, per = draw(st.sampled_from([None, ao.MinTasks, ao.MaxTasks])), st.none() | st.just("day")
    if bound is not None:
        changes["rules"] = [*problem.rules, bound(1, per=draw(per))]
    if problem.pairs is not None:
        rows = problem.pairs.to_dict("records")
        changes["pairs"] = [
            {**row, "rep_id": rep.id}
            for rep in [*kept, *some]
            for row in rows
            if rep.id.startswith(str(row["rep_id"]))
        ]
    return problem.replace(**changes)


def compiled(problem: ao.Problem) -> tuple[Arrays, list[Goal]]:
    """The arrays and goals of a problem."""
    arrays = compile_problem(problem)
    return arrays, [compile_goal(arrays, tier) for tier in problem.objective]


def as_choice(problem: ao.Problem, arrays: Arrays, plan: oracle.Plan) -> np.ndarray[Any, Any]:
    """A plan of the oracle as pairs; all seats are owners'."""
    rep_at = {name: at for at, name in enumerate(problem.reps)}
    pair_at = {
        (int(s), int(r)): at
        for at, (s, r) in enumerate(zip(arrays.pair_seat, arrays.pair_rep, strict=True))
    }
    choice = np.full(arrays.seats, -1, np.int64)
    for seat, task in enumerate(problem.tasks):
        rep = plan.get((task, "owner"))
        if rep is not None:
            choice[seat] = pair_at[seat, rep_at[rep]]
    return choice


@FEW
@given(with_clones())
def test_search_among_clones_agrees_with_the_oracle(problem: ao.Problem) -> None:
    like = find_interchangeable(*compiled(problem))
    event(f"alike: {any(len(same) > 1 for same in like.classes)}, above: {bool(like.above)}")
    agrees_with_oracle(problem, engine="cpsat")


@FEW
@given(with_clones(), st.data())
def test_every_plan_has_a_canonical_one_of_the_same_gains(
    problem: ao.Problem, data: st.DataObject
) -> None:
    arrays, goals = compiled(problem)
    model = Model(arrays, goals)
    model.order_alike()
    like = model.interchangeable
    assert like is not None
    allowed = [plan for plan in oracle.plans(problem) if oracle.is_allowed(problem, plan)]
    if not allowed or not like.classes:
        return
    choice = as_choice(problem, arrays, data.draw(st.sampled_from(allowed)))
    renamed = like.canonical(choice)
    assert [goal.gain(renamed) for goal in goals] == [goal.gain(choice) for goal in goals]
    assert (like.canonical(renamed) == renamed).all()
    fixed = np.zeros(arrays.pairs, bool)
    fixed[renamed[renamed >= 0]] = True
    for pair, literal in enumerate(model.x):
        model.cp.add(literal == int(fixed[pair]))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model.cp) == cp_model.OPTIMAL


@FEW
@given(with_clones(), st.data())
def test_hints_among_clones_are_complete_and_feasible(
    problem: ao.Problem, data: st.DataObject
) -> None:
    tier = ao.Fairness("range", per="nothing", idle="ignore")
    problem = problem.replace(objective=[ao.RepsUsed(), tier])
    arrays, goals = compiled(problem)
    model = Model(arrays, goals)
    model.order_alike()
    Sums(model).part(goals[1].fair[0][1])
    allowed = [plan for plan in oracle.plans(problem) if oracle.is_allowed(problem, plan)]
    if not allowed:
        return
    model.hint(as_choice(problem, arrays, data.draw(st.sampled_from(allowed))))
    assert len(model.cp.proto.solution_hint.vars) == len(model.cp.proto.variables)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.fix_variables_to_their_hinted_value = True
    assert solver.solve(model.cp) == cp_model.OPTIMAL


def crew(**changes: Any) -> ao.Problem:
    """Three reps alike and four tasks, three of them at once."""
    reps = [ao.Rep(name, capacity=9) for name in ("ana", "bo", "cy")]
    tasks = [ao.Task(f"t{i}", start=0, end=HOUR, effort=i + 1) for i in range(3)]
    tasks.append(ao.Task("t3", start=2 * HOUR, end=3 * HOUR, effort=2))
    tiers = [ao.Coverage(), ao.RepsUsed(), ao.Fairness("range", per="nothing", idle="ignore")]
    return ao.Problem(reps, tasks, objective=tiers).replace(**changes)


def test_reps_are_alike_without_anything_that_tells_them_apart() -> None:
    like = find_interchangeable(*compiled(crew()))
    assert like.classes == [[0, 1, 2]]
    assert like.ranked == [2, 1, 0]
    assert like.counts_work


@pytest.mark.parametrize(
    "changes",
    [
        {"rules": [ao.Forbid(task="t3", rep="ana")]},
        {"rules": [ao.MaxTasks(1, rep="ana")]},
        {"rules": [ao.MaxTasks(1, rep="ana", task=["t0", "t3"])]},
        {"rules": [ao.MinTasks(1, rep="ana", per="day")]},
        {"rules": [ao.MaxLoad(2, rep="ana")]},
        {"history": [{"rep_id": "ana", "period": "q1", "load": 1.0, "present": 1.0}]},
        {"pairs": [{"rep_id": r, "task_id": f"t{i}", "effort": 1.0 + (r == "ana")}
                   for r in ("ana", "bo", "cy") for i in range(4)]},
        {"reps": [ao.Rep("ana", capacity=9, efficiency=2), ao.Rep("bo", capacity=9),
                  ao.Rep("cy", capacity=9)]},
        {"reps": [ao.Rep("ana", capacity=8), ao.Rep("bo", capacity=9), ao.Rep("cy", capacity=9)]},
        {"reps": [ao.Rep("ana", capacity=9, carried_load=1), ao.Rep("bo", capacity=9),
                  ao.Rep("cy", capacity=9)]},
    ],
)  # fmt: skip
def test_one_who_is_told_apart_is_in_no_class(changes: dict[str, Any]) -> None:
    like = find_interchangeable(*compiled(crew(**changes)))
    assert sorted(like.classes) == [[0], [1, 2]]


@pytest.mark.parametrize(
    "tier",
    [
        ao.Preference(),
        ao.Moves(),
        ao.Fairness("leximax", per="weight"),
        ao.Fairness("l2", per="weight"),
    ],
)
def test_a_tier_that_tells_reps_apart_is_looked_at(tier: Any) -> None:
    reps = [ao.Rep("ana", weight=2), ao.Rep("bo"), ao.Rep("cy")]
    tasks = [ao.Task(f"t{i}", start=0, end=HOUR, owner="ana" if i else None) for i in range(2)]
    wishes = [{"rep_id": "ana", "task_id": "t0", "weight": 1.0, "by": "ana"}]
    problem = crew(reps=reps, tasks=tasks, preferences=wishes)
    assert find_interchangeable(*compiled(problem)).classes == [[0, 1, 2]]
    told = problem.replace(objective=[*problem.objective, tier])
    assert sorted(find_interchangeable(*compiled(told)).classes) == [[0], [1, 2]]


def test_no_order_without_tiers_or_overlaps() -> None:
    arrays = compile_problem(crew())
    assert find_interchangeable(arrays, ()).classes == []
    tasks = [ao.Task(f"t{i}") for i in range(3)]
    assert find_interchangeable(*compiled(crew(tasks=tasks))).classes == []
    choice = np.full(arrays.seats, -1, np.int64)
    choice[0] = arrays.first[0] + 2
    assert (find_interchangeable(arrays, ()).canonical(choice) == choice).all()


def test_who_may_do_more_is_used_first() -> None:
    day = [(0, HOUR)]
    reps = [ao.Rep("ana", available=day), ao.Rep("bo", available=day), ao.Rep("cy"), ao.Rep("di")]
    arrays, goals = compiled(crew(reps=reps))
    like = find_interchangeable(arrays, goals)
    assert like.classes == [[0, 1], [2, 3]]
    assert like.above == [(0, 1)]
    choice = np.full(arrays.seats, -1, np.int64)
    choice[0] = arrays.first[0] + 1  # the smallest of the three to bo, the largest to di
    choice[2] = arrays.first[2] + 3
    renamed = like.canonical(choice)
    assert arrays.pair_rep[renamed[[0, 2]]].tolist() == [3, 2]
    choice[2] = arrays.first[2]  # to ana: now both work who may do less
    renamed = like.canonical(choice)
    assert arrays.pair_rep[renamed[[0, 2]]].tolist() == [3, 2]


def test_a_rule_for_the_one_who_may_do_more_holds_both_apart() -> None:
    reps = [ao.Rep("ana", available=[(0, HOUR)]), ao.Rep("bo"), ao.Rep("cy")]
    alike = find_interchangeable(*compiled(crew(reps=reps)))
    assert alike.above == [(0, 1)]
    limited = crew(reps=reps, rules=[ao.MaxTasks(1, rep=["bo", "cy"])])
    assert find_interchangeable(*compiled(limited)).above == []
    # what bo and cy may not do together concerns a task that ana may not take: no difference
    apart = crew(reps=reps, rules=[ao.Apart(["t0", "t3"])])
    assert find_interchangeable(*compiled(apart)).above == [(0, 1)]


def test_fewest_teams_and_their_range_among_many_alike() -> None:
    reps = [ao.Rep(f"r{i}") for i in range(6)]
    tasks = [ao.Task(f"a{i}", start=0, end=HOUR, effort=e) for i, e in enumerate([15, 30, 45])]
    tasks += [
        ao.Task(f"b{i}", start=2 * HOUR, end=3 * HOUR, effort=e) for i, e in enumerate([45, 30, 14])
    ]
    problem = crew(reps=reps, tasks=tasks)
    plan = ao.solve(problem, engine="cpsat", workers=1, hint=[(t.id, "r5") for t in tasks[:1]])
    assert plan.status is ao.Status.OPTIMAL
    # 179 minutes: the 14 makes the load of one of the three end in 14 or 29, others are whole 15s
    assert plan.terms["value"].tolist() == [6.0, 3.0, 1.0]
