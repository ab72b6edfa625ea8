"""Floats to integers: nothing allowed is lost, nothing forbidden gets in, and errors are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao
import oracle
import strategies
from assignopt.compiling import compile_problem
from assignopt.goals import compile_goal
from assignopt.objectives import maximises
from assignopt.scaling import (
    LIMIT,
    MAX_DECIMALS,
    NO_LIMIT,
    decimals_of,
    rounded_efforts,
    same_in_groups,
    scaled,
)
from strategies import tries

SOME = settings(max_examples=tries(25), deadline=None, suppress_health_check=list(HealthCheck))


# -- decimals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([], 0),
        ([0.0, -3.0, 1e15, 1e300], 0),
        ([0.5, 1.0], 1),
        ([0.1 + 0.2], 1),  # the noise of floats is no digit
        ([1.005, 2.5], 3),
        ([0.000001], 6),
        ([0.0000001], None),
        ([1 / 3], None),
        ([1.0] * 200 + [0.25], 2),
        ([0.25] + [1.0] * 200 + [1 / 7], None),
        ([1234.123456], 6),
    ],
)
def test_decimals_that_write_all_values(values: list[float], decimals: int | None) -> None:
    assert decimals_of(np.array(values, np.float64)) == decimals


@given(st.lists(st.integers(-(10**9), 10**9), max_size=8), st.integers(0, MAX_DECIMALS))
def test_numbers_with_few_decimals_are_exact(ints: list[int], places: int) -> None:
    values = np.array(ints, np.float64) / 10**places
    found = decimals_of(values)
    assert found is not None
    assert found <= places
    at = scaled(values, float(np.abs(values).sum()))
    assert at.error == 0
    assert at.scale == 10.0**found
    assert (at.ints / at.scale == pytest.approx(values)) if len(values) else True
    assert np.rint(at.ints * 10.0 ** (places - found)).astype(np.int64).tolist() == ints


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8), st.floats(1, 1e25))
def test_decimals_shrink_until_a_sum_fits_and_the_error_is_told(
    listed: list[float], factor: float
) -> None:
    values = np.array(listed)
    total = float(np.abs(values).sum()) * factor
    at = scaled(values, total)
    assert total * at.scale <= LIMIT
    noise = 2e-12 * np.maximum(1, np.abs(values))  # the noise of floats is no digit
    assert (np.abs(values - at.ints / at.scale) <= at.error + noise).all()
    assert at.error <= 0.5 / at.scale + noise.max()
    if total * 10 * at.scale <= LIMIT:  # as many decimals as fit, at most nine, none without use
        found = decimals_of(values)
        assert at.scale == 10.0**found if found is not None else 1e6 <= at.scale <= 1e9


def test_the_rounding_of_too_fine_and_of_too_large_numbers() -> None:
    third = scaled(np.array([1 / 3, 1.0]), 2.0)
    assert third.ints.tolist() == [333_333_333, 1_000_000_000]
    assert third.scale == 1e9
    assert third.error == pytest.approx(1 / 3e9)
    large = scaled(np.array([1.5, 2.5e17]), 2.5e18)
    assert large.scale == 0.1
    assert large.ints.tolist() == [0, 25_000_000_000_000_000]
    assert large.error == 1.5


# -- efforts -----------------------------------------------------------------------------------

amounts = st.floats(0, 1e3, allow_subnormal=False) | st.integers(0, 300).map(lambda n: n / 100)
limits = st.floats(0, 1e4, allow_subnormal=False) | st.integers(0, 900).map(lambda n: n / 100)


@SOME
@given(st.lists(amounts, min_size=1, max_size=6), limits)
def test_efforts_are_rounded_outward(listed: list[float], limit: float) -> None:
    efforts = np.array(listed)
    at = rounded_efforts(efforts, np.array([limit, np.inf, np.nan]), float(efforts.sum()), "hours")
    most, least = int(at.most(np.array([limit]))[0]), int(at.least(np.array([limit]))[0])
    total, n = float(efforts.sum()), len(efforts)
    assert (at.down <= at.up).all()
    if total <= limit:  # nothing allowed is lost
        assert at.down.sum() <= most
    if total >= limit:
        assert at.up.sum() >= least
    if at.down.sum() <= most:  # nothing gets in that an audit would refuse
        assert total <= limit + 1e-6 * (1 + n) + 1e-12 * limit
    if at.up.sum() >= least:
        assert total >= limit - 1e-6 * (1 + n) - 1e-12 * limit


@SOME
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.integers(0, 10**6))
def test_efforts_with_few_decimals_are_exact(listed: list[int], limit: int) -> None:
    efforts = np.array(listed) / 1000
    at = rounded_efforts(efforts, np.array([limit / 1000]), float(efforts.sum()), "hours")
    assert (at.down == at.up).all()
    most, least = at.most(np.array([limit / 1000])), at.least(np.array([limit / 1000]))
    assert (at.down.sum() <= most[0]) == (sum(listed) <= limit)
    assert (at.up.sum() >= least[0]) == (sum(listed) >= limit)


def test_no_limit_stays_none() -> None:
    at = rounded_efforts(np.array([1.0]), np.array([np.nan]), 1.0, "hours")
    assert at.most(np.array([np.nan, np.inf, 1e300])).tolist() == [NO_LIMIT] * 3
    assert at.most(np.array([7.5])).tolist() == [7]
    assert at.least(np.array([7.5])).tolist() == [8]


def test_limits_that_are_finer_than_the_efforts_keep_what_fits() -> None:
    at = rounded_efforts(np.array([0.1, 0.2]), np.array([0.3, 1 / 3]), 0.3, "hours")
    assert at.scale == 1e6
    assert at.down.sum() == at.most(np.array([0.3]))[0] == 300_000
    assert at.most(np.array([1 / 3])).tolist() == [333_333]


def test_efforts_beyond_64_bits_are_a_fault_with_its_place() -> None:
    with pytest.raises(ValidationError, match=r"efforts add up to 1e\+12 days; with 6") as error:
        rounded_efforts(np.array([1e12, 0.0000015]), np.array([]), 1e12, "days")
    assert error.value.errors()[0]["loc"] == ("tasks", "effort")
    assert "Use a larger unit" in str(error.value)
    assert rounded_efforts(np.array([1e12]), np.array([]), 1e12, "days").scale == 1.0


@SOME
@given(st.data())
def test_what_fits_by_efforts_of_any_digits_is_what_an_audit_lets_pass(data: st.DataObject) -> None:
    efforts = data.draw(st.lists(st.floats(0.001, 3), min_size=1, max_size=5))
    whole = sum(efforts[: data.draw(st.integers(0, len(efforts)))])
    problem = ao.Problem(
        [ao.Rep("ana", capacity=whole, efficiency=data.draw(st.sampled_from([1.0, 0.7, 3.0])))],
        [ao.Task(f"t{i}", effort=effort) for i, effort in enumerate(efforts)],
    )
    arrays = compile_problem(problem)
    for taken in range(2 ** len(efforts)):
        some = [i for i in range(len(efforts)) if taken >> i & 1]
        fits = bool(arrays.rounded.down[some].sum() <= arrays.load_bounds[1][0])
        new = float(arrays.effort[some].sum())
        ok = ao.audit(problem, {f"t{i}": "ana" for i in some}).ok
        if new <= whole:
            assert fits
        if fits:
            assert ok


def test_large_efforts_of_many_digits_lose_no_plan_either() -> None:
    effort, room = 123_456_789.12347, 123_456_789.12348
    at = rounded_efforts(np.array([effort]), np.array([room]), effort, "cents")
    assert at.down[0] <= at.most(np.array([room]))[0]
    assert at.up[0] >= at.least(np.array([effort]))[0]


def test_same_in_groups() -> None:
    values, group = np.array([1, 1, 2, 3, 3]), np.array([0, 0, 1, 1, 3])
    assert same_in_groups(values, group, 4).tolist() == [True, False, True, True]


# -- goals -------------------------------------------------------------------------------------


def choice_of(arrays: Any, plan: dict[tuple[str, str], str | None]) -> Any:
    """(S,) the pair of each seat in a plan of the oracle."""
    tasks = list(arrays.problem.tasks.values())
    seats = [(task.id, "owner") for task in tasks]
    seats += [(task.id, role.name) for task in tasks for role in task.roles]
    reps = list(arrays.problem.reps)
    pairs = zip(arrays.pair_seat.tolist(), arrays.pair_rep.tolist(), strict=True)
    at = {pair: i for i, pair in enumerate(pairs)}
    return np.array(
        [
            -1 if plan[seat] is None else at[i, reps.index(plan[seat])]
            for i, seat in enumerate(seats)
        ],
        np.int64,
    )


def one_seat_each(plan: dict[tuple[str, str], str | None]) -> bool:
    held = [(task, rep) for (task, _), rep in plan.items() if rep is not None]
    return len(set(held)) == len(held)


def within_counts(problem: ao.Problem, plan: dict[tuple[str, str], str | None]) -> bool:
    held = list(plan.values())
    most = {rep.id: rep.max_tasks for rep in problem.reps.values()}
    return all(n is None or held.count(rep) <= n for rep, n in most.items())


def with_digits(problem: ao.Problem, digits: float) -> ao.Problem:
    """The problem with efforts and worths that no few decimals can write."""
    tasks = [
        task.model_copy(
            update={"effort": task.effort * digits, "value": task.value * digits, "start": None}
            | {"end": None, "priority": task.priority / digits}
        )
        for task in problem.tasks.values()
    ]
    return ao.Problem(
        [r.model_copy(update={"available": None}) for r in problem.reps.values()],
        tasks,
        objective=problem.objective,
        preferences=problem.preferences,
        history=problem.history,
    )


@pytest.mark.parametrize("digits", [1.0, 1 / 3, 1e9, 7e11 / 9])
@SOME
@given(data=st.data())
def test_an_integer_gain_is_the_value_of_the_tier(digits: float, data: st.DataObject) -> None:
    problem = data.draw(strategies.problems(rules=["pin", "allow", "min_fit"]))
    if digits != 1.0:
        problem = with_digits(problem, digits)
    arrays = compile_problem(problem)
    options = list(oracle.plans(problem))
    # the gain speaks of what pairs allow: a pinned seat has no pair with others, and a rep one
    # seat of a task; its error speaks of as many tasks as a rep may have
    pins = {(r.task, r.role): r.rep for r in problem.rules if isinstance(r, ao.Pin)}
    options = [p for p in options if all(p[seat] in (None, rep) for seat, rep in pins.items())]
    options = [p for p in options if one_seat_each(p) and within_counts(problem, p)]
    assume(options)
    for plan in [data.draw(st.sampled_from(options)) for _ in range(3)]:
        choice = choice_of(arrays, plan)
        for tier in problem.objective:
            goal = compile_goal(arrays, tier)
            gain = goal.gain(choice)
            assert all(abs(number) <= 2**62 for number in gain)
            value = oracle.term(problem, plan, tier)
            near = goal.error + 1e-9 * max(1.0, abs(value))
            assert abs(goal.value_of(gain) - value) <= near, tier.label
            assert goal.sign == (1 if maximises(tier) else -1)
            if digits == 1.0 and tier.kind != "weighted":
                assert goal.error <= 1e-4 * max(1.0, abs(value)), tier.label


@SOME
@given(strategies.problems())
def test_no_allowed_plan_gains_more_than_arithmetic_allows(problem: ao.Problem) -> None:
    arrays = compile_problem(problem)
    goals = [compile_goal(arrays, tier) for tier in problem.objective]
    for plan in oracle.plans(problem):
        if oracle.is_allowed(problem, plan):
            choice = choice_of(arrays, plan)
            for goal in goals:
                assert not goal.passes(goal.gain(choice), goal.best_gain), goal.tier.label


@pytest.mark.parametrize("notion", strategies.NOTIONS)
def test_shares_of_large_entitlements_are_not_rounded_away(notion: Any) -> None:
    # quotas as weights: the shares are some millionths, and so are their differences
    quotas = [1_234_567, 2_345_679, 1_999_993]
    problem = ao.Problem(
        [ao.Rep(f"r{i}", weight=quota) for i, quota in enumerate(quotas)],
        [ao.Task(f"t{i}", effort=effort) for i, effort in enumerate([1, 2, 3, 2.5, 4, 1.5])],
        rules=[ao.CoverAll()],
        objective=[ao.Fairness(notion)],
    )
    plan = ao.solve(problem, workers=1)
    best = oracle.best(problem)
    assert best is not None
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["value"][0] == pytest.approx(best[0], rel=1e-4)
    assert plan.terms["bound"][0] == pytest.approx(best[0], rel=1e-4)


@pytest.mark.parametrize("capacity", [1e12, 1e20, 1e300])
def test_a_capacity_that_stands_for_no_limit_is_an_entitlement_all_the_same(
    capacity: float,
) -> None:
    problem = ao.Problem(
        [ao.Rep("ana", capacity=capacity), ao.Rep("bo", capacity=capacity)],
        [ao.Task("t1"), ao.Task("t2", effort=2)],
    )
    plan = ao.solve(problem, workers=1)
    assert plan.status is ao.Status.OPTIMAL
    assert sorted(plan.loads["load"]) == [1.0, 2.0]


@pytest.mark.parametrize("size", [1e17, 1e30, 1e300])
@pytest.mark.parametrize(
    "tier", [ao.Value(), ao.Coverage(), ao.Fairness("minmax", of="worth", per="nothing")]
)
def test_amounts_of_any_size_are_solved_or_refused_as_bad_input(size: float, tier: Any) -> None:
    problem = ao.Problem(
        [ao.Rep("ana", max_tasks=1), ao.Rep("bo", max_tasks=1)],
        [ao.Task(f"t{i}", value=i * size, priority=i * size) for i in (1, 2, 3)],
        rules=[ao.CoverAll("t1")],
        objective=[tier],
    )
    try:
        plan = ao.solve(problem, workers=1)
    except ValidationError:
        return
    best = oracle.best(problem)
    assert best is not None
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["value"][0] == pytest.approx(best[0])
