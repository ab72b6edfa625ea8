"""Frontiers against all plans there are; what they claim when stopped; and what they refuse."""

from __future__ import annotations

import math
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt.frontiers.tracing import tiers_before
from assignopt.objectives import maximises
from strategies import tries

FEW = settings(max_examples=tries(20), deadline=None, suppress_health_check=list(HealthCheck))
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


# -- what holds for every frontier ---------------------------------------------------------------


@FEW
@given(strategies.problems(max_tiers=1), fairness(), st.integers(1, 4), st.booleans())
def test_what_is_missing_is_in_a_box(problem: ao.Problem, x: Any, most: int, hurry: bool) -> None:
    y = ao.Value()
    limit = 0.05 if hurry else 60.0
    found = ao.frontier(problem, x=x, y=y, before=(), max_points=most, time_limit=limit, workers=1)
    wanted = nondominated(problem, x, y, ())
    proved = [p for p, sure in zip(points(found), found.points["proved"], strict=True) if sure]
    for a, b in wanted:
        known = any(same(a, c) and same(b, d) for c, d in points(found))
        assert known or any(
            box.x_low - 1e-6 <= a <= box.x_high + 1e-6
            and box.y_low - 1e-6 <= b <= box.y_high + 1e-6
            for box in found.unknown.itertuples()
        )
    for c, d in proved:
        assert any(same(a, c) and same(b, d) for a, b in wanted)
    assert 0.0 <= found.gap <= 1.0
    assert (found.gap == 0.0) == found.unknown.empty


@FEW
@given(strategies.problems(max_tiers=1), fairness())
def test_more_of_one_term_is_less_of_the_other(problem: ao.Problem, x: Any) -> None:
    found = ao.frontier(problem, x=x, y=ao.Value(), before=(), workers=1)
    assert found.points["x"].is_monotonic_increasing
    if maximises(x):
        assert found.points["y"].is_monotonic_decreasing
    else:
        assert found.points["y"].is_monotonic_increasing
    price = found.points["price"]
    assert price.between(0.0, 1.0).all()
    best = found.points["y"].max()
    assert price.tolist() == pytest.approx(
        [1 - y / best if best else 0.0 for y in found.points["y"]]
    )


@settings(max_examples=tries(6), deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.problems(max_tiers=1), fairness(), terms(), st.integers(1, 99))
def test_seed_and_workers_change_nothing(problem: ao.Problem, x: Any, y: Any, seed: int) -> None:
    assume(x != y)
    one = ao.frontier(problem, x=x, y=y, before=(), workers=1)
    other = ao.frontier(problem, x=x, y=y, before=(), workers=4, seed=seed)
    assert agree(points(one), points(other))
    assert one.complete
    assert other.complete


@FEW
@given(strategies.problems(slack=False, max_tiers=2), fairness(), terms())
def test_the_plan_of_a_point_is_audited_and_has_its_values(
    problem: ao.Problem, x: Any, y: Any
) -> None:
    assume(x != y)
    found = ao.frontier(problem, x=x, y=y, workers=1)
    before = tiers_before(problem, x, y)
    for i, row in enumerate(found.points.itertuples()):
        plan = found.plan(i)
        audit = ao.audit(plan.problem, plan)
        assert audit.ok
        assert plan.problem.objective == (*before, x, y)
        assert plan.status is ao.Status.OPTIMAL
        assert plan.terms["value"].tolist() == pytest.approx(audit.terms["value"].tolist())
        assert plan.terms["value"].tolist()[-2:] == pytest.approx([row.x, row.y])
        assert plan.terms["gap"].tolist()[-2:] == [0.0, 0.0]


# -- by hand -------------------------------------------------------------------------------------


def team(n: int = 4, **options: Any) -> ao.Problem:
    """Bo is worth twice as much as ana on every task."""
    reps = [ao.Rep("ana", fit={"b2b": 0.5}), ao.Rep("bo", fit={"b2b": 1.0})]
    return ao.Problem(reps, [ao.Task(f"t{i}", customer_type="b2b") for i in range(n)], **options)


def test_an_unsupported_point_is_found() -> None:
    # (0, 0), (1, 1), (2, 10): the chord of the ends passes above the point in the middle.
    reps = [ao.Rep("ana", fit={"a": 0.0, "b": 0.0}), ao.Rep("bo")]
    tasks = [
        ao.Task("t1", customer_type="a", value=1, owner="ana"),
        ao.Task("t2", customer_type="b", value=9, owner="ana", group="g"),
        ao.Task("t3", customer_type="b", value=0, owner="ana", group="g"),
    ]
    found = ao.frontier(ao.Problem(reps, tasks), x=ao.Moves(), y=ao.Value(), before=())
    assert points(found) == [(0.0, 0.0), (1.0, 1.0), (2.0, 9.0), (3.0, 10.0)]
    assert found.points["supported"].tolist() == [True, False, True, True]
    assert found.complete


def test_flows_find_the_hull_and_searches_the_rest() -> None:
    values = [9, 7, 4, 4, 3, 1]
    reps = [ao.Rep("ana", fit={"a": 0.3}), ao.Rep("bo")]
    tasks = [ao.Task(f"t{i}", customer_type="a", value=v) for i, v in enumerate(values)]
    found = ao.frontier(ao.Problem(reps, tasks), x=ao.Fairness("l2"), y=ao.Value())
    assert found.complete
    assert set(found.points["engine"][found.points["supported"]]) == {"flow"}
    by_search = ao.frontier(
        ao.Problem(reps, [*tasks, ao.Task("free", effort=0, value=0)]),
        x=ao.Fairness("l2"),
        y=ao.Value(),
    )
    assert agree(points(by_search), points(found))


def test_a_minimised_term_has_a_price_too() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")], [ao.Task(f"t{i}", owner="ana") for i in range(4)]
    )
    found = ao.frontier(problem, x=ao.Fairness("minmax"), y=ao.Moves())
    assert points(found) == [(2.0, 2.0), (3.0, 1.0), (4.0, 0.0)]
    assert found.points["price"].tolist() == [1.0, 1.0, 0.0]
    swapped = ao.frontier(problem, x=ao.Moves(), y=ao.Fairness("minmax"))
    assert points(swapped) == [(0.0, 4.0), (1.0, 3.0), (2.0, 2.0)]
    assert swapped.points["price"].tolist() == pytest.approx([0.5, 1 / 3, 0.0])


def test_history_and_idle_reps_change_the_points() -> None:
    history = [{"rep_id": "ana", "load": 2.0}]
    with_past = ao.frontier(team(2, history=history), x=ao.Fairness("range"), y=ao.Value())
    assert points(with_past) == [(0.0, 2.0)]  # bo is owed both, and best at both
    only_working = ao.frontier(team(2), x=ao.Fairness("range", idle="ignore"), y=ao.Value())
    assert points(only_working) == [(0.0, 2.0)]
    everyone = ao.frontier(team(2), x=ao.Fairness("range"), y=ao.Value())
    assert points(everyone) == [(0.0, 1.5), (2.0, 2.0)]


def test_tiers_before_default_to_those_of_the_objective() -> None:
    problem = team(objective=(ao.Coverage(), ao.RepsUsed(), ao.Value(), ao.Moves()))
    assert tiers_before(problem, ao.Fairness("range"), ao.Value()) == (
        ao.Coverage(),
        ao.RepsUsed(),
    )
    mixed = team(objective=(ao.Coverage(), ao.Weighted({"value": 1, "moves": 1})))
    assert tiers_before(mixed, ao.Fairness("range"), ao.Moves()) == (ao.Coverage(),)


def test_slack_in_a_tier_before_widens_the_frontier() -> None:
    tight = ao.frontier(team(), x=ao.Fairness("l2"), y=ao.Value(), before=[ao.Coverage()])
    loose = ao.frontier(team(), x=ao.Fairness("l2"), y=ao.Value(), before=[ao.Coverage(slack=0.5)])
    assert tight.points["x"].min() == 8.0
    assert loose.points["x"].min() == 2.0


def test_a_problem_without_plans_has_no_points_and_says_why() -> None:
    problem = ao.Problem(
        [ao.Rep("ana", capacity=1)], [ao.Task("t", effort=2)], rules=[ao.CoverAll()]
    )
    found = ao.frontier(problem, x=ao.Fairness("minmax"), y=ao.Value())
    assert (len(found), found.complete, found.gap) == (0, True, 0.0)
    assert found.points.dtypes.astype(str).to_dict()["proved"] == "bool"
    assert "no plan keeps the rules" in str(found)
    with pytest.raises(ao.NoSolutionError, match="no plan keeps the rules"):
        found.plan(0)


def test_without_time_nothing_is_claimed() -> None:
    found = ao.frontier(
        ao.datasets.sales_team(), x=ao.Fairness("range"), y=ao.Value(), time_limit=0
    )
    assert not found.complete
    assert found.gap == 1.0
    assert not found.points["proved"].any()
    assert len(found.unknown) >= 1


def test_stopping_keeps_what_was_found() -> None:
    stop, seen = threading.Event(), []

    def on_progress(snapshot: ao.Snapshot) -> None:
        seen.append(snapshot)
        if len(seen) == 3:
            stop.set()

    found = ao.frontier(
        team(30), x=ao.Fairness("minmax"), y=ao.Value(), on_progress=on_progress, stop=stop
    )
    assert len(seen) == 3
    assert 2 <= len(found) <= 4
    assert not found.complete
    assert all(one.gap is not None and 0 <= one.gap <= 1 for one in seen)
    gaps = [one.gap for one in seen]
    assert gaps == sorted(gaps, reverse=True)


def test_most_points_are_kept_to() -> None:
    found = ao.frontier(team(30), x=ao.Fairness("minmax"), y=ao.Value(), max_points=4)
    assert len(found) == 4
    assert not found.complete
    assert found.plan(-1).status is ao.Status.OPTIMAL
    with pytest.raises(IndexError, match="allowed are 0 to 3"):
        found.plan(4)


def test_shown_as_text_and_as_html() -> None:
    found = ao.frontier(team(), x=ao.Fairness("minmax"), y=ao.Value())
    assert "3 points, complete" in str(found)
    assert "<table" in found._repr_html_()
    assert list(found.to_frame().columns)[:2] == ["minmax(load per weight)", "value"]
    assert found.knee is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": ao.Fairness("leximax")}, "'minmax'"),
        ({"x": ao.Fairness("leximin")}, "'maxmin'"),
        ({"x": ao.Value()}, "both value"),
        ({"x": ao.Fairness("range", slack=0.1)}, "slack"),
        ({"max_points": 0}, "1 or more"),
        ({"time_limit": -1}, "time_limit"),
    ],
)
def test_bad_input_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ao.frontier(team(), **{"x": ao.Fairness("range"), "y": ao.Value(), **options})
