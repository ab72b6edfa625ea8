"""Recommendations: single changes against brute force, chains against forced plans."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt.explaining.forcing import tier_names
from assignopt.explaining.standing import standing_of
from strategies import tries

SOME = settings(max_examples=tries(20), deadline=None, suppress_health_check=list(HealthCheck))


def held_in(problem: ao.Problem, plan: ao.Plan) -> oracle.Plan:
    held = dict.fromkeys(next(oracle.plans(problem)))
    held |= {(row.task_id, row.role): row.rep_id for row in plan.assignments.itertuples()}
    return held


def numbers(problem: ao.Problem, held: oracle.Plan) -> list[float]:
    """All that tiers compare plans by, so signed that more is better (finite ones)."""
    known = oracle.facts(problem)
    state = known.state(held)
    return [
        (1.0 if tier.kind == "fairness" and tier.notion == "nash" else oracle.direction(tier))
        * round(min(number, 1e12), 7)
        for tier in problem.objective
        for number in known.numbers(state, tier)
    ]


def check_still(
    problem: ao.Problem, plan: ao.Plan, frame: Any, asked: list[tuple[str, str]]
) -> None:
    """Compare with every pair asked about, everything else as it is."""
    now = held_in(problem, plan)
    known = oracle.facts(problem)
    found: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for task, rep in asked:
        new = {**now, (task, "owner"): rep}
        pinned = {(r.task, r.role): r.rep for r in problem.rules if isinstance(r, ao.Pin)}
        fine = known.pair_ok[(task, "owner"), rep] and pinned.get((task, "owner"), rep) == rep
        if now.get((task, "owner")) == rep or not fine or not oracle.is_allowed(problem, new):
            continue
        values = [
            oracle.term(problem, new, tier) - oracle.term(problem, now, tier)
            for tier in problem.objective
        ]
        found[task, rep] = values, numbers(problem, new)
    assert set(zip(frame["task_id"], frame["rep_id"], strict=True)) == set(found)
    names = tier_names(standing_of(plan))
    before = numbers(problem, now)
    rows = [row for _, row in frame.iterrows()]
    told = [found[row["task_id"], row["rep_id"]] for row in rows]
    for row, (values, signed) in zip(rows, told, strict=True):
        assert [row[name] for name in names] == pytest.approx(values, abs=1e-6)
        if any(tier.is_loose for tier in problem.objective[:-1]):
            assert pd.isna(row["better"])
        else:
            assert row["better"] == (signed > before) - (signed < before)
    assert [signed for _, signed in told] == sorted((s for _, s in told), reverse=True)
    for (_, one), (_, other), a, b in zip(told, told[1:], rows, rows[1:], strict=False):
        assert (one == other) == (a["rank"] == b["rank"])


@SOME
@given(strategies.problems(max_tasks=4), st.data())
def test_single_changes_are_those_of_brute_force(problem: ao.Problem, data: st.DataObject) -> None:
    plan = ao.solve(problem, engine="greedy")
    if plan.status not in (ao.Status.OPTIMAL, ao.Status.FEASIBLE) or not len(problem.tasks):
        return
    task = data.draw(st.sampled_from(list(problem.tasks)))
    frame = ao.recommend(plan, task=task, k=20)
    check_still(problem, plan, frame, [(task, rep) for rep in problem.reps])
    rep = data.draw(st.sampled_from(list(problem.reps)))
    frame = ao.recommend(plan, rep=rep, k=20)
    check_still(problem, plan, frame, [(task, rep) for task in problem.tasks])
    event(f"rows: {min(len(frame), 2)}")


@SOME
@given(strategies.problems(max_tasks=4, roles=False), st.data())
def test_a_new_task_is_ranked_as_if_it_had_been_open(
    problem: ao.Problem, data: st.DataObject
) -> None:
    plan = ao.solve(problem, engine="greedy")
    if plan.status not in (ao.Status.OPTIMAL, ao.Status.FEASIBLE) or problem.pairs is not None:
        return
    model = data.draw(st.sampled_from([*problem.tasks.values(), ao.Task("t", effort=1.5)]))
    new = model.model_copy(update={"id": "new", "owner": None})
    whole = problem.with_tasks([new])
    frame = ao.recommend(plan, task=new, k=20)
    rows = [(r.task_id, r.rep_id) for r in plan.assignments.itertuples()]
    if ao.audit(whole, rows).ok:
        open_plan = ao.solve(whole, hint=rows, time_limit=0)
        held = {row.task_id: row.rep_id for row in open_plan.assignments.itertuples()}
        if held == dict(rows):
            check_still(whole, open_plan, frame, [("new", rep) for rep in problem.reps])
            event("compared")


@settings(SOME, max_examples=tries(12))
@given(strategies.problems(equal_efforts=True, max_tasks=4), st.data())
def test_chains_are_the_best_plans_with_the_pair(problem: ao.Problem, data: st.DataObject) -> None:
    plan = ao.solve(problem, workers=1)
    if plan.status is not ao.Status.OPTIMAL or not len(problem.tasks):
        return
    task = data.draw(st.sampled_from(list(problem.tasks)))
    frame = ao.recommend(plan, task=task, k=20, moves=None, workers=1)
    names = tier_names(standing_of(plan))
    for _, row in frame.iterrows():
        answer = ao.why_not(plan, task, row["rep_id"], workers=1)
        assert answer.delta is not None
        assert [row[name] for name in names] == pytest.approx(list(answer.delta.values()), abs=1e-6)
    possible = [
        rep
        for rep in problem.reps
        if ao.why_not(plan, task, rep, workers=1).reason
        in (ao.Answer.WORSE, ao.Answer.TIE, ao.Answer.BETTER)
    ]
    assert set(frame["rep_id"]) == set(possible)


@settings(SOME, max_examples=tries(12))
@given(strategies.problems(equal_efforts=True, max_tasks=3), st.data())
def test_chains_for_a_new_task_are_those_of_a_new_solve(
    problem: ao.Problem, data: st.DataObject
) -> None:
    plan = ao.solve(problem, workers=1)
    if plan.status is not ao.Status.OPTIMAL or problem.pairs is not None or not len(problem.tasks):
        return
    new = data.draw(st.sampled_from(list(problem.tasks.values())))
    new = new.model_copy(update={"id": "new", "owner": None})
    whole = problem.with_tasks([new])
    frame = ao.recommend(plan, task=new, k=20, moves=None, workers=1)
    before = plan.terms["value"].tolist()
    for rep in problem.reps:
        best = oracle.best(whole, lambda p, rep=rep: p["new", "owner"] == rep)
        mine = frame[frame["rep_id"] == rep]
        assert len(mine) == (best is not None)
        if best is not None:
            told = [mine[name].iloc[0] for name in tier_names(standing_of(plan))]
            start = [
                oracle.term(whole, {**held_in(problem, plan), ("new", "owner"): None}, tier)
                for tier in whole.objective
            ]
            assert start == pytest.approx(before, abs=1e-6)
            assert told == pytest.approx(
                [b - a for a, b in zip(before, best, strict=True)], abs=1e-5
            )
            event("compared")


def test_a_limit_on_the_moves_of_others_is_kept() -> None:
    listed = [("ana", "a", 10), ("bo", "a", 10), ("bo", "b", 10), ("cy", "b", 9)]
    listed += [("cy", "c", 10), ("di", "c", 9)]
    problem = ao.Problem(
        [ao.Rep(name, max_tasks=1) for name in ("ana", "bo", "cy", "di")],
        [ao.Task(name) for name in "abc"],
        pairs=[(rep, task, 1, 1, value) for rep, task, value in listed],
        rules=[ao.CoverAll()],
        objective=[ao.Value()],
    )
    plan = ao.solve(problem, workers=1)
    assert ao.recommend(plan, task="a", moves=1, workers=1).empty
    assert ao.recommend(plan, task="a", moves=2, workers=1)["others"].tolist() == [2]


def test_relieving_an_overloaded_rep_breaks_nothing_more() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo", capacity=3)],
        [ao.Task(f"t{i}", effort=2) for i in range(4)],
        rules=[ao.MaxTasks(3)],
    )
    broken = ao.audit(problem, {f"t{i}": "bo" for i in range(4)})
    frame = ao.recommend(broken, rep="ana")
    assert set(frame["task_id"]) == {"t0", "t1", "t2", "t3"}
    assert frame["detail"].str.contains("load 8/3 hours on rep 'bo'").all()


def test_chains_found_by_solving_are_as_short_as_can_be() -> None:
    tasks = [ao.Task(f"t{i}", effort=effort) for i, effort in enumerate([4, 4, 3, 3, 2, 2, 1, 1])]
    plan = ao.solve(ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks), workers=1)
    for task, rep in zip(plan.assignments["task_id"], plan.assignments["rep_id"], strict=True):
        other = {"ana": "bo", "bo": "ana"}[rep]
        answer = ao.why_not(plan, task, other, workers=1)
        assert answer.reason is ao.Answer.TIE
        assert len(answer.moves) == 2
