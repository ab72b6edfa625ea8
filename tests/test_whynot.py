"""Why not: answers about every pair of small problems against brute force."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, event, given, settings

import assignopt as ao
import oracle
import strategies
from assignopt.explaining.standing import standing_of
from assignopt.objectives import maximises
from assignopt.scaling import NO_LIMIT
from strategies import tries

SOME = settings(max_examples=tries(20), deadline=None, suppress_health_check=list(HealthCheck))


def seats_of(problem: ao.Problem) -> list[tuple[str, str]]:
    """Every task and role."""
    tasks = problem.tasks.values()
    return [(t.id, role) for t in tasks for role in ("owner", *(r.name for r in t.roles))]


def after(problem: ao.Problem, plan: ao.Plan, answer: ao.WhyNot) -> oracle.Plan:
    """The plan with the moves of an answer."""
    held: dict[tuple[str, str], str | None] = dict.fromkeys(seats_of(problem))
    for row in plan.assignments.itertuples():
        held[row.task_id, row.role] = row.rep_id
    for row in answer.moves.itertuples():
        before = held[row.task_id, row.role]
        assert before == (row.from_rep if isinstance(row.from_rep, str) else None)
        held[row.task_id, row.role] = row.to_rep if isinstance(row.to_rep, str) else None
    return held


def is_eligible(problem: ao.Problem, task: str, role: str, rep: str) -> bool:
    """Whether a pair may be by itself."""
    pins = [
        r.rep for r in problem.rules if isinstance(r, ao.Pin) and (r.task, r.role) == (task, role)
    ]
    fine: bool = oracle.facts(problem).pair_ok[(task, role), rep]
    return fine and all(pin == rep for pin in pins)


def check_all_pairs(problem: ao.Problem, plan: ao.Plan) -> None:
    """Ask about every pair, and compare with the best plan that has it."""
    best = oracle.best(problem)
    assert best is not None
    held = {(row.task_id, row.role): row.rep_id for row in plan.assignments.itertuples()}
    for task, role in seats_of(problem):
        for rep in problem.reps:
            answer = ao.why_not(plan, task, rep, role=role, workers=1)
            assert answer.proved
            alone = is_eligible(problem, task, role, rep)
            if held.get((task, role)) == rep:
                assert answer.reason is ao.Answer.HELD
                continue
            if not alone:
                assert answer.reason is ao.Answer.NOT_ELIGIBLE
                assert answer.rules
                assert answer.delta is None
                continue
            forced = oracle.best(problem, lambda p, seat=(task, role), rep=rep: p[seat] == rep)
            event(str(answer.reason))
            if forced is None:
                assert answer.reason is ao.Answer.CONFLICT
                continue
            assert answer.delta is not None
            changes = list(answer.delta.values())
            told = [new - old for new, old in zip(forced, best, strict=True)]
            assert changes == pytest.approx(told, abs=1e-5), (task, rep, answer)
            moved = after(problem, plan, answer)
            assert oracle.is_allowed(problem, moved)
            assert moved[task, role] == rep
            values = [oracle.term(problem, moved, tier) for tier in problem.objective]
            assert values == pytest.approx(forced, abs=1e-5)
            check_order(problem, plan, moved, answer)


def check_order(problem: ao.Problem, plan: ao.Plan, moved: oracle.Plan, answer: ao.WhyNot) -> None:
    """Worse, tie or better is what all numbers of the tiers say, one after the other."""
    known = oracle.facts(problem)
    now: dict[tuple[str, str], str | None] = dict.fromkeys(seats_of(problem))
    now |= {(row.task_id, row.role): row.rep_id for row in plan.assignments.itertuples()}
    order = 0
    for tier in problem.objective:
        sign = 1 if maximises(tier) else -1
        old, new = (known.numbers(known.state(p), tier) for p in (now, moved))
        pairs = [
            (a, b) for a, b in zip(old, new, strict=True) if not math.isclose(a, b, abs_tol=1e-7)
        ]
        if pairs:
            order = sign if pairs[0][1] > pairs[0][0] else -sign
            break
    said = {ao.Answer.WORSE: -1, ao.Answer.TIE: 0, ao.Answer.BETTER: 1}[answer.reason]
    assert said == order
    assert said <= 0


@SOME
@given(strategies.problems(equal_efforts=True, max_tasks=4))
def test_prices_of_moves_are_those_of_forced_plans(problem: ao.Problem) -> None:
    plan = ao.solve(problem, workers=1)
    if plan.status is ao.Status.OPTIMAL and len(problem.tasks):
        event(f"flow: {standing_of(plan).residual is not None}")
        check_all_pairs(problem, plan)


@settings(SOME, max_examples=tries(10))
@given(strategies.problems(slack=False, max_tasks=3, max_rules=2))
def test_prices_by_solving_are_those_of_forced_plans(problem: ao.Problem) -> None:
    plan = ao.solve(problem, workers=1)
    if plan.status is ao.Status.OPTIMAL and len(problem.tasks):
        check_all_pairs(problem, plan)


def test_a_rep_pinned_to_another_role_of_the_task_is_a_conflict() -> None:
    task = ao.Task("deal", roles=[ao.Role("aide")])
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo"), ao.Rep("cy")], [task], rules=[ao.Pin(task="deal", rep="ana")]
    )
    plan = ao.solve(problem, workers=1)
    answer = ao.why_not(plan, "deal", "ana", role="aide", workers=1)
    assert answer.reason is ao.Answer.CONFLICT
    assert "each role wants another person" in answer.sentence
    assert ao.explain(plan, "deal", role="aide", workers=1).alternative is not None


@pytest.mark.parametrize("seed", range(3))
def test_all_prices_at_once_are_the_prices_one_by_one(seed: int) -> None:
    problem = ao.datasets.equal_efforts(8, 50, 3, seed=seed)
    residual = standing_of(ao.solve(problem)).residual
    assert residual is not None
    every = residual.prices()
    for pair in range(every.shape[1]):
        one = residual.price(pair)
        assert (every[0, pair] == NO_LIMIT) if one is None else (every[:, pair].tolist() == [*one])
