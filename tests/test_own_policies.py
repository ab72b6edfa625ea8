"""Optimal, Quota and Debt: policies that wrap what the package does elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao
from assignopt.policies import Debt, Optimal, Quota


def team(weights: dict[str, float], **more: float) -> ao.Problem:
    return ao.Problem([ao.Rep(name, weight=one, **more) for name, one in weights.items()], [])


def served(router: ao.Router, number: int, first: int = 0) -> list[str | None]:
    return [router.assign(ao.Task(f"t{n}")).rep_id for n in range(first, first + number)]


# -- quota -------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 50), min_size=2, max_size=12))
@settings(max_examples=15, deadline=None)
def test_quota_keeps_the_bound_of_tijdeman_at_every_moment(sizes: list[int]) -> None:
    weights = {f"r{n}": float(size) for n, size in enumerate(sizes)}
    router = ao.Router(team(weights), policy=Quota())
    turns = ao.Quota(weights)
    whole, bound = sum(sizes), 1 - 1 / (2 * len(sizes) - 2)
    counts = dict.fromkeys(weights, 0)
    for n, name in enumerate(served(router, 120), 1):
        assert name == turns.next()
        counts[name] += 1
        for rep, count in counts.items():
            assert abs(count - n * weights[rep] / whole) <= bound + 1e-9


def test_quota_goes_on_from_json_and_through_changes_of_the_team() -> None:
    weights = {"a": 3.0, "b": 2.0, "c": 1.0}
    router = ao.Router(team(weights), policy=Quota())
    served(router, 5)
    router.set_available("b", False)
    router.add_rep(ao.Rep("d", weight=2))
    assert served(router, 12, 5).count("b") == 0
    router.set_available("b", True)
    again = ao.Router(team(weights), policy=Quota(), state=router.to_json())
    later = served(again, 40, 17)
    assert later == served(router, 40, 17)
    parts = {"a": 3 / 8, "b": 2 / 8, "c": 1 / 8, "d": 2 / 8}
    for name, part in parts.items():
        assert abs(later.count(name) - 40 * part) < 2.5


def test_quota_turns_to_who_is_owed_most_where_it_may_not_choose() -> None:
    reps = [ao.Rep("a", weight=10), ao.Rep("b", weight=1, skills={"x"}), ao.Rep("c", skills={"x"})]
    router = ao.Router(ao.Problem(reps, []), policy=Quota())
    taken = [router.assign(ao.Task(f"t{n}", requires={"x": 1})).rep_id for n in range(4)]
    assert sorted(taken, key=str) == ["b", "b", "c", "c"]


def test_quota_takes_back_a_turn() -> None:
    router = ao.Router(team({"a": 1, "b": 1}), policy=Quota())
    first = router.assign(ao.Task("t0")).rep_id
    router.credit_back("t0")
    assert router.assign(ao.Task("t1")).rep_id == first


# -- debt --------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["count", "effort"])
def test_debt_chooses_as_the_debt_of_turns(of: str) -> None:
    draw = np.random.default_rng(3)
    weights = {f"r{n}": float(draw.integers(1, 4)) for n in range(6)}
    router = ao.Router(team(weights), policy=Debt(of=of), seed=4)  # type: ignore[arg-type]
    debt = ao.Debt(weights, seed=4)
    names = list(weights)
    for n in range(150):
        pool = draw.choice(names, draw.integers(1, 7), replace=False).tolist()
        effort = float(draw.choice([0.25, 1.0, 2.5]))
        said = router.assign(ao.Task(f"t{n}", effort=effort), pairs=pool)
        assert said.rep_id == debt.choose(pool, effort if of == "effort" else 1.0)
        if n == 80:
            router = ao.Router(
                team(weights),
                policy=Debt(of=of),  # type: ignore[arg-type]
                state=router.to_json(),
            )
        if n % 9 == 0:
            router.credit_back(f"t{n}")
            debt.credit_back(debt.events)


def test_debt_owes_nothing_for_absence() -> None:
    router = ao.Router(team({"a": 1, "b": 1, "c": 1}), policy=Debt())
    router.set_available("c", False)
    served(router, 10)
    router.set_available("c", True)
    assert served(router, 9, 10).count("c") == 3
    with pytest.raises(ValidationError, match="allowed: 'count', 'effort'"):
        Debt(of="value")  # type: ignore[arg-type]


# -- optimal -----------------------------------------------------------------------------------


def batch(seed: int, number: int) -> tuple[ao.Problem, list[ao.Task]]:
    draw = np.random.default_rng(seed)
    reps = [
        ao.Rep(f"r{r}", max_tasks=3, fit={f"k{k}": float(draw.random()) for k in range(4)})
        for r in range(4)
    ]
    tasks = [
        ao.Task(f"t{n}", customer_type=f"k{n % 4}", value=1 + float(draw.random()))
        for n in range(number)
    ]
    return ao.Problem(reps, []), tasks


def test_optimal_solves_a_batch_with_the_room_that_is_left() -> None:
    problem, tasks = batch(1, 14)
    router = ao.Router(problem, policy=Optimal(objective=(ao.Value(),)))
    said = router.assign_many(tasks[:10])
    value = sum(router.view.value.values())
    plan = ao.solve(problem.replace(tasks=tasks[:10], objective=(ao.Value(),)))
    assert value == pytest.approx(plan.terms["value"].iloc[0])
    assert all(one.rep_id for one in said)
    later = router.assign_many(tasks[10:])
    assert sum(one.rep_id is not None for one in later) == 2  # of twelve places
    assert all(router.view.open[name] == 3 for name in problem.reps)


def test_optimal_alone_is_the_argmax_and_replays() -> None:
    problem, tasks = batch(2, 6)
    policy = Optimal(objective=(ao.Value(),))
    router = ao.Router(problem, policy=policy)
    said = router.assign(tasks[0])
    assert router.view.value_of(said.rep_id or "") == max(p[2] for p in router.view.pairs.values())
    router.assign_many(tasks[1:])
    assert ao.Router.replay(problem, router.log_to_json(), policy).state == router.state


def test_optimal_keeps_groups_and_tasks_apart_and_owners_of_held_ones() -> None:
    problem = ao.Problem([ao.Rep("a"), ao.Rep("b"), ao.Rep("c")], [ao.Task("x"), ao.Task("y")])
    problem = problem.replace(rules=[ao.Apart(["x", "y"])])
    router = ao.Router(problem, policy=Optimal())
    held = router.assign(ao.Task("g0", group="g")).rep_id
    tasks = [ao.Task("x"), ao.Task("y"), ao.Task("g1", group="g"), ao.Task("h0", group="h")]
    said = {
        one.task_id: one.rep_id for one in router.assign_many([*tasks, ao.Task("h1", group="h")])
    }
    assert said["g1"] == held
    assert said["x"] != said["y"]
    assert said["h0"] == said["h1"] is not None


def test_optimal_says_why_nobody_can() -> None:
    router = ao.Router(ao.Problem([ao.Rep("a", max_tasks=0)], []), policy=Optimal())
    said = router.assign_many([ao.Task("x"), ao.Task("y", requires={"s": 1})])
    assert [one.reason for one in said] == [ao.Reason.NO_CAPACITY, ao.Reason.NO_SKILL]
    assert Optimal(time_limit=1).name == "Optimal(time_limit=1)"


@pytest.mark.parametrize("of", ["load", "count", "worth", "value", "burden"])
def test_optimal_knows_what_was_given_before(of: str) -> None:
    one = ao.policies.Optimal(objective=[ao.Coverage(), ao.Fairness("leximax", of=of)])
    router = ao.Router(ao.Problem([ao.Rep("ana"), ao.Rep("bo")], []), policy=one)
    for number in range(4):
        router.assign(ao.Task(f"t{number}", burden=1))
        if of != "load":
            router.release(f"t{number}")
    assert router.view.count == {"ana": 2, "bo": 2}
