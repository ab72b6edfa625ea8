"""Frontiers against all plans there are; what they claim when stopped; and what they refuse."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
SUMS = ["minmax", "maxmin", "range", "l2"]
Pair = tuple[float, float]


def same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)


def states_kept(problem: ao.Problem, before: Any, axes: Any) -> list[oracle.Plan]:
    """The allowed plans that are best in the tiers before, for a product with the most served."""
    kept = [plan for plan in oracle.plans(problem) if oracle.is_allowed(problem, plan)]
    known = oracle.facts(problem)
    ways = [(tier, None) for tier in before]
    ways += [(t, 0) for t in axes if isinstance(t, ao.Fairness) and t.notion == "nash"]
    for tier, place in ways:
        if not kept:
            break
        numbers = [known.numbers(known.state(plan), tier) for plan in kept]
        nash = isinstance(tier, ao.Fairness) and tier.notion == "nash"
        for at in range(len(numbers[0])) if place is None else [place]:
            sign = 1 if nash else oracle.direction(tier)
            best = max(sign * one[at] for one in numbers)
            left = [k for k, one in enumerate(numbers) if sign * one[at] >= best - 1e-9]
            kept, numbers = [kept[k] for k in left], [numbers[k] for k in left]
    return kept


def nondominated(problem: ao.Problem, x: Any, y: Any, before: Any) -> list[Pair]:
    """The values of all plans that no plan dominates, by x."""
    signs = oracle.direction(x), oracle.direction(y)
    plans = states_kept(problem, before, (x, y))
    pairs = {(oracle.term(problem, p, x), oracle.term(problem, p, y)) for p in plans}
    gains = sorted(((signs[0] * a, signs[1] * b) for a, b in pairs), reverse=True)
    found: list[Pair] = []
    for a, b in gains:
        if found and same(a, found[-1][0]) and b > found[-1][1]:
            found[-1] = (a, b)
        elif not found or (b > found[-1][1] and not same(b, found[-1][1])):
            found.append((a, b))
    return sorted((signs[0] * a, signs[1] * b) for a, b in found)


def points(frontier: ao.Frontier) -> list[Pair]:
    return list(frontier.points[["x", "y"]].itertuples(index=False, name=None))


def agree(found: list[Pair], wanted: list[Pair]) -> bool:
    return len(found) == len(wanted) and all(
        same(a, c) and same(b, d) for (a, b), (c, d) in zip(found, wanted, strict=True)
    )


def on_hull(wanted: list[Pair], x: Any, y: Any) -> list[bool]:
    """Whether a point maximises x + w y for some w: no chord of two others is above it."""
    signs = oracle.direction(x), oracle.direction(y)
    gains = [(signs[0] * a, signs[1] * b) for a, b in wanted]
    beaten = []
    for a, b in gains:
        left, right = [p for p in gains if p[0] < a], [p for p in gains if p[0] > a]
        chords = [p[1] + (q[1] - p[1]) * (a - p[0]) / (q[0] - p[0]) for p in left for q in right]
        beaten.append(any(height > b + 1e-7 * max(1.0, abs(b)) for height in chords))
    return [not one for one in beaten]


@st.composite
def terms(draw: st.DrawFn, equal: bool = False) -> Any:
    kind = draw(st.sampled_from(["value", "fit", "moves", "coverage", "preference", "fairness"]))
    if not equal and draw(st.integers(0, 7)) == 0:
        kind = draw(st.sampled_from(["reps_used", "weighted"]))
    return draw(strategies.one_tier(kind, equal, without=["leximax", "leximin"]))


@st.composite
def fairness(draw: st.DrawFn, equal: bool = False) -> Any:
    without = ["leximax", "leximin"]
    return draw(strategies.one_tier("fairness", equal, without=without))


def check_against_all_plans(problem: ao.Problem, x: Any, y: Any, before: Any) -> None:
    wanted = nondominated(problem, x, y, before)
    found = ao.frontier(problem, x=x, y=y, before=before, workers=1)
    assert agree(points(found), wanted), (points(found), wanted)
    assert found.complete
    assert found.gap == 0.0
    assert found.unknown.empty
    if all(t.kind != "fairness" or t.notion != "nash" for t in (x, y)):
        assert found.points["supported"].tolist() == on_hull(wanted, x, y)


@FEW
@given(strategies.problems(max_tiers=1), fairness(), terms())
def test_a_frontier_is_what_no_plan_dominates(problem: ao.Problem, x: Any, y: Any) -> None:
    assume(x != y)
    check_against_all_plans(problem, x, y, ())


@FEW
@given(strategies.problems(max_tiers=1), terms(), terms())
def test_any_two_terms_make_a_frontier(problem: ao.Problem, x: Any, y: Any) -> None:
    assume(x != y)
    check_against_all_plans(problem, x, y, ())


@FEW
@given(
    strategies.problems(equal_efforts=True, max_tiers=1),
    st.one_of(fairness(equal=True), terms(equal=True)),
    terms(equal=True),
)
def test_flows_give_the_same_frontier(problem: ao.Problem, x: Any, y: Any) -> None:
    assume(x != y)
    check_against_all_plans(problem, x, y, (ao.Coverage(),))


@FEW
@given(strategies.problems(slack=False, max_tiers=2), fairness(), terms())
def test_tiers_before_hold_at_every_point(problem: ao.Problem, x: Any, y: Any) -> None:
    assume(x != y)
    check_against_all_plans(problem, x, y, problem.objective)
