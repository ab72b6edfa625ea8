"""Every engine against the brute-force oracle: status, value of every tier, audit."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt.objectives import maximises

RELAXED = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def agrees_with_oracle(problem: ao.Problem, **options: object) -> ao.Plan:
    """Solve, and compare status, tiers and rules with the oracle."""
    best = oracle.best(problem)
    plan = ao.solve(problem, workers=1, time_limit=60, **options)
    if best is None:
        assert plan.status is ao.Status.INFEASIBLE
        assert plan.infeasibility
        with pytest.raises(ao.NoSolutionError):
            _ = plan.assignments
        return plan
    assert plan.status is ao.Status.OPTIMAL
    assert ao.audit(problem, plan).ok
    for tier, row, optimum in zip(
        problem.objective, plan.terms.itertuples(index=False), best, strict=True
    ):
        better = 1 if maximises(tier) else -1
        slack = tier.slack * abs(optimum)
        if tier.enough is not None:
            slack = max(0.0, better * (optimum - tier.enough))
        assert math.isclose(row.bound, optimum, rel_tol=1e-6, abs_tol=1e-5), tier.label
        assert better * (row.value - optimum) >= -slack - 1e-5, tier.label
        assert better * (row.value - optimum) <= 1e-5 or slack, tier.label
    return plan


@RELAXED
@given(strategies.problems())
def test_auto_agrees_with_the_oracle(problem: ao.Problem) -> None:
    agrees_with_oracle(problem)


@RELAXED
@given(strategies.problems())
def test_cpsat_agrees_with_the_oracle(problem: ao.Problem) -> None:
    agrees_with_oracle(problem, engine="cpsat")


@RELAXED
@given(strategies.problems(equal_efforts=True))
def test_flow_agrees_with_the_oracle(problem: ao.Problem) -> None:
    plan = agrees_with_oracle(problem, engine="flow")
    assert set(plan.terms["engine"]) <= {"flow", "arithmetic", ""}


@RELAXED
@given(strategies.problems(), st.data())
def test_greedy_plans_keep_the_rules_and_claim_no_more_than_is_true(
    problem: ao.Problem, data: st.DataObject
) -> None:
    hint = data.draw(st.none() | strategies.plans(problem))
    hint = None if hint is None else [(t, r, role) for (t, role), r in hint.items()]
    best = oracle.best(problem)
    plan = ao.solve(problem, engine="greedy", workers=1, hint=hint)
    assert plan.status in (ao.Status.OPTIMAL, ao.Status.FEASIBLE, ao.Status.UNKNOWN)
    if plan.status is ao.Status.UNKNOWN:
        return
    assert best is not None
    assert ao.audit(problem, plan).ok
    assert all(
        row.proved is False or math.isclose(row.value, row.bound, abs_tol=1e-5)
        for row in plan.terms.itertuples()
    )
    first = problem.objective[0]
    better = 1 if maximises(first) else -1
    assert better * (plan.terms["bound"][0] - best[0]) >= -1e-5
