"""Prices: what they are, that they come to the best there is, and that a stream can be resumed."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from array import array
from io import BytesIO
from math import inf
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.optimize import linprog, minimize

import assignopt as ao
from assignopt import policies
from assignopt.policies import Prices
from assignopt.policies.duals import Room, Sample, dual_prices, dual_value, project
from assignopt.policies.mixing import sample_ahead
from assignopt.routing.background import _pieces, _read, elsewhere

if TYPE_CHECKING:
    from pathlib import Path


def stream(
    seed: int, reps: int = 6, tasks: int = 120, room: float | None = 0.8, effort: bool = False
) -> tuple[ao.Problem, list[ao.Task]]:
    """Draw a team with a forecast, and tasks of the same mix."""
    draw = np.random.default_rng(seed)
    kinds = 8
    fit = draw.random((reps, kinds)).round(3)
    limit = None if room is None else max(1, int(room * tasks / reps))
    own = {"capacity": limit} if effort else {"max_tasks": limit}
    team = [
        ao.Rep(
            f"r{r}",
            **own,
            skills={f"k{k}" for k in range(kinds) if (r + k) % 3},
            fit={f"k{k}": float(fit[r, k]) for k in range(kinds)},
        )
        for r in range(reps)
    ]

    def some(name: str) -> list[ao.Task]:
        return [
            ao.Task(
                f"{name}{n}",
                value=float(draw.uniform(0.5, 1.5)),
                effort=float(draw.choice([0.5, 1.0, 1.5])) if effort else 1.0,
                customer_type=f"k{k}",
                requires={f"k{k}": 1},
            )
            for n, k in enumerate(draw.integers(kinds, size=tasks).tolist())
        ]

    return ao.Problem(team, some("f")), some("t")


def played(router: ao.Router, tasks: list[ao.Task]) -> list[str | None]:
    return [router.assign(task).rep_id for task in tasks]


def best(problem: ao.Problem, tasks: list[ao.Task]) -> ao.Plan:
    return ao.solve(problem.replace(tasks=tasks, objective=(ao.Value(),)))


# -- the dual ----------------------------------------------------------------------------------


def sample_of(draw: np.random.Generator, reps: int, tasks: int) -> tuple[Sample, Room]:
    sizes = draw.integers(1, reps + 1, tasks)
    rep = np.concatenate([np.sort(draw.choice(reps, size, replace=False)) for size in sizes])
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    value, effort = draw.random(len(rep)), draw.uniform(0.5, 2.0, len(rep))
    weight = draw.uniform(0.5, 3.0, tasks)
    room = Room(draw.uniform(1, 4, reps), draw.uniform(1, 4, reps))
    return Sample(weight, first, rep, value, effort), room


def relaxed(sample: Sample, room: Room) -> float:
    """Solve the relaxation by another program."""
    reps, tasks = len(room.effort), len(sample.weight)
    rows = np.zeros((tasks + 2 * reps, len(sample.rep)))
    at = np.arange(len(sample.rep))
    rows[sample.row, at] = 1
    rows[tasks + sample.rep, at] = sample.effort
    rows[tasks + reps + sample.rep, at] = 1
    limit = np.concatenate([sample.weight, room.effort, room.tasks])
    return -float(linprog(-sample.value, A_ub=rows, b_ub=limit).fun)


@pytest.mark.parametrize("seed", range(6))
def test_any_prices_bound_the_best_and_the_found_ones_come_close(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sample, room = sample_of(draw, 5, 30)
    most = relaxed(sample, room)
    for _ in range(10):
        price, slot = draw.uniform(0, 1, 5), draw.uniform(0, 1, 5)
        assert dual_value(sample, room, price, slot) >= most - 1e-9
    found = dual_value(sample, room, *dual_prices(sample, room))
    assert most - 1e-9 <= found <= 1.01 * most


def test_a_limit_that_is_not_there_has_no_price() -> None:
    sample, room = sample_of(np.random.default_rng(1), 4, 20)
    price, slot = dual_prices(sample, Room(np.full(4, inf), room.tasks))
    assert not price.any()
    assert slot.any()
    nothing = dual_prices(sample, Room(np.full(4, inf), np.full(4, inf)))
    assert not np.any(nothing)


@pytest.mark.parametrize("seed", range(4))
def test_the_scarcer_the_dearer(seed: int) -> None:
    sample, room = sample_of(np.random.default_rng(seed), 4, 40)
    totals = [
        float(np.sum(dual_prices(sample, Room(part * room.effort, np.full(4, inf)))[0]))
        for part in (2.0, 1.0, 0.5, 0.25)
    ]
    assert totals == sorted(totals)


@given(
    st.lists(st.tuples(st.floats(-3, 1), st.floats(0.1, 2)), min_size=1, max_size=5),
    st.floats(0.05, 4),
)
@settings(max_examples=40, deadline=None)
def test_the_projection_is_the_nearest_point(
    cells: list[tuple[float, float]], budget: float
) -> None:
    price, rate = (np.array(column) for column in zip(*cells, strict=True))
    found = project(price, rate, budget)
    assert rate @ np.maximum(0, -found) <= budget + 1e-9
    # as a QP: q = up - down, both of 0 or more, rate . down <= budget
    size = len(price)

    def distance(x: np.ndarray) -> float:
        return float(np.sum((x[:size] - x[size:] - price) ** 2))

    def slope(x: np.ndarray) -> np.ndarray:
        off = 2 * (x[:size] - x[size:] - price)
        return np.concatenate([off, -off])

    qp = minimize(
        distance,
        np.concatenate([np.maximum(found, 0), np.maximum(-found, 0)]) * 0.5,
        jac=slope,
        method="SLSQP",
        bounds=[(0, None)] * (2 * size),
        constraints={
            "type": "ineq",
            "fun": lambda x: budget - rate @ x[size:],
            "jac": lambda x: np.concatenate([np.zeros(size), -rate]),
        },
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert float(np.sum((found - price) ** 2)) <= qp.fun + 1e-6


# -- what is to come ---------------------------------------------------------------------------


def mix(before: list[int], came: list[int], left: float) -> dict[int, float]:
    rows = [[((kind,), (1_000_000,)), 1.0, [1.0]] for kind in before + came]
    some = [(tuple(row[0]), row[1], row[2]) for row in rows]
    sample = sample_ahead(
        some[: len(before)],
        some[len(before) :],
        len(came),
        left,
        len(came) + left,  # type: ignore[arg-type]
    )
    return dict(zip(sample.rep.tolist(), sample.weight.tolist(), strict=True))


def test_without_drift_all_that_was_seen_counts_alike() -> None:
    draw = np.random.default_rng(0)
    seen = draw.choice(4, 1500, p=[0.4, 0.3, 0.2, 0.1]).tolist()
    found = mix(seen[:1000], seen[1000:], 100.0)
    for kind in range(4):
        assert found[kind] == pytest.approx(100 * seen.count(kind) / 1500, abs=1e-6)


def test_a_trend_is_carried_on() -> None:
    found = []
    for seed in range(8):  # half of the way; on average 0.7 from here on, 0.3 so far
        draw = np.random.default_rng(seed)
        before = draw.choice(2, 1000, p=[0.9, 0.1]).tolist()
        came = [int(draw.random() < 0.1 + 0.8 * n / 2000) for n in range(1000)]
        found.append(mix(before, came, 1000.0)[1])
    assert np.mean(found) == pytest.approx(700, abs=80)


def test_a_shift_is_believed() -> None:
    draw = np.random.default_rng(0)
    before = draw.choice(4, 2000, p=[0.4, 0.4, 0.1, 0.1]).tolist()
    came = draw.choice(4, 1000, p=[0.1, 0.1, 0.4, 0.4]).tolist()
    found = mix(before, came, 100.0)
    assert found[2] + found[3] == pytest.approx(80, abs=15)


# -- decisions ---------------------------------------------------------------------------------


def test_without_limits_it_is_greedy() -> None:
    problem, tasks = stream(1, room=None)
    router = ao.Router(problem, policy=Prices())
    for task in tasks:
        decision = router.assign(task)
        state = router.view
        assert state.value_of(decision.rep_id or "") == max(
            pair[2] for pair in state.pairs.values()
        )
        assert decision.price == 0


@pytest.mark.parametrize("seed", range(3))
def test_with_the_prices_of_the_stream_it_is_the_best_plan(seed: int) -> None:
    problem, tasks = stream(seed)
    whole = best(problem, tasks)
    pairs = whole.assignments
    # prices that separate: a linear program for the potentials of the plan found
    reps = list(problem.reps)
    router = ao.Router(problem, policy=Prices())
    rows, limits = [], []
    taken = dict(zip(pairs["task_id"], pairs["rep_id"], strict=True))
    for task in tasks:
        worth = {name: pair[2] for name, pair in router.view.pairs_of(task).items()}
        mine = taken.get(task.id)
        for name in [*worth, None]:
            if name != mine:  # margin + price[mine] - price[name] <= worth[mine] - worth[name]
                row = np.zeros(len(reps) + 1)
                row[-1] = 1
                for one, sign in ((mine, 1), (name, -1)):
                    if one is not None:
                        row[reps.index(one)] = sign
                rows.append(row)
                limits.append(worth.get(mine, 0.0) - worth.get(name, 0.0))  # type: ignore[arg-type]
    goal = np.append(np.zeros(len(reps)), -1.0)
    found = linprog(goal, A_ub=np.array(rows), b_ub=limits, bounds=[(0, None)] * len(goal))
    assert found.x[-1] > 0  # generic values: no ties
    prices = dict(zip(reps, found.x[:-1].tolist(), strict=True))
    router = ao.Router(problem, policy=Prices(prices=prices, step=0, every=None))
    assert {t.id: r for t, r in zip(tasks, played(router, tasks), strict=True) if r} == taken


def test_prices_of_a_plan_bound_its_value_closely() -> None:
    worth = [1.85, 2.41, 2.83, 5.62, 3.42, 5.21, 1.51, 3.17, 5.26, 4.21, 3.01, 2.6]
    tasks = [ao.Task(f"t{n}", value=value) for n, value in enumerate(worth)]
    team = [ao.Rep("ana", max_tasks=1), ao.Rep("bo", max_tasks=1)]
    problem = ao.Problem(team, tasks, objective=[ao.Value()])
    policy = Prices.from_plan(ao.solve(problem), step=0, every=None)
    assert policy.prices is not None
    price = np.array(list(policy.prices.values()))
    bound = price.sum() + sum(max(0.0, value - price.min()) for value in worth)
    assert 10.88 - 1e-9 <= bound <= 10.88 * 1.01


@pytest.mark.parametrize("effort", [False, True])
def test_it_beats_greedy_and_keeps_every_limit(effort: bool) -> None:
    greedy, ours, most = 0.0, 0.0, 0.0
    for seed in range(3):
        problem, tasks = stream(seed, tasks=300, room=0.6, effort=effort)
        for policy in (Prices(prices={}, step=0, every=None), Prices()):
            router = ao.Router(problem, policy=policy)
            played(router, tasks)
            value = sum(router.view.value.values())
            greedy, ours = (greedy + value, ours) if policy.prices == {} else (greedy, ours + value)
            for name, rep in router.view.reps.items():
                assert router.view.load[name] <= (rep.capacity or inf) + 1e-9
                assert router.view.open[name] <= (rep.max_tasks or inf)
        most += 0.0 if effort else best(problem, tasks).terms["value"].iloc[0]
    assert ours > 1.02 * greedy
    assert effort or 0.95 * most < ours <= most + 1e-9


def test_two_limits_of_one_rep_have_a_price_each() -> None:
    team = [ao.Rep("ana", capacity=10, max_tasks=3), ao.Rep("bo", capacity=3, max_tasks=50)]
    tasks = [ao.Task(f"t{n}", value=1 + n % 7) for n in range(40)]
    router = ao.Router(ao.Problem(team, tasks), policy=Prices())
    policy, state = Prices(), router.view
    (ana, ana_slot), (bo, bo_slot) = (policy.prices_of(name, state) for name in ("ana", "bo"))
    assert ana_slot > 1 > ana
    assert bo > 1 > bo_slot


def test_the_price_of_a_decision_and_its_alternatives() -> None:
    problem, tasks = stream(2)
    router = ao.Router(problem, policy=Prices())
    decision = next(one for one in map(router.assign, tasks) if one.price > 0 and one.alternatives)
    scores = [score for _, score in decision.alternatives]
    assert scores == sorted(scores, reverse=True)  # type: ignore[type-var]


def test_prices_of_a_plan() -> None:
    problem, tasks = stream(3)
    plan = best(problem, tasks)
    policy = Prices.from_plan(plan, step=0, every=None)
    assert policy.prices is not None
    assert max(policy.prices.values()) > 0
    router = ao.Router(problem, policy=policy)
    played(router, tasks)
    assert sum(router.view.value.values()) > 0.9 * plan.terms["value"].iloc[0]


def test_what_has_to_be_covered_is_given_out_at_any_price() -> None:
    team = [ao.Rep("ana", max_tasks=2)]
    ahead = [ao.Task(f"f{n}", value=10) for n in range(20)]
    small = ao.Task("small", value=0.1, tags={"must": "yes"})
    plain = ao.Problem(team, ahead)
    said = ao.Router(plain, policy=Prices()).assign(small)
    assert (said.rep_id, said.reason) == (None, ao.Reason.DOMINATED)
    assert ao.Router(plain, policy=Prices(must_assign=True)).assign(small).rep_id == "ana"
    tagged = [ahead[0].model_copy(update={"tags": {"must": "no"}}), *ahead[1:]]
    rules = [ao.CoverAll(where={"must": "yes"})]
    router = ao.Router(ao.Problem(team, tagged, rules=rules), policy=Prices())
    assert router.assign(small).rep_id == "ana"


def test_work_that_is_released_makes_room_cheap_again() -> None:
    draw = np.random.default_rng(0)
    team = [ao.Rep("ana", max_tasks=3)]
    ahead = [ao.Task(f"f{n}", value=value) for n, value in enumerate(draw.random(300).tolist())]
    kept, freed = (ao.Router(ao.Problem(team, ahead), policy=Prices(every=10)) for _ in range(2))
    for n, value in enumerate(draw.random(280).tolist()):
        for router in (kept, freed):
            said = router.assign(ao.Task(f"t{n}", value=value))
            if router is freed and said.rep_id:
                router.release(f"t{n}")
    assert freed.view.count["ana"] > 5 * kept.view.count["ana"] > 0


# -- fairness and the quota guard --------------------------------------------------------------


def least_used(problem: ao.Problem, tasks: list[ao.Task], **options: float) -> tuple[float, float]:
    router = ao.Router(problem, policy=Prices(**options))  # type: ignore[arg-type]
    played(router, tasks)
    state = router.view
    parts = [state.open[name] / (rep.max_tasks or 1) for name, rep in state.reps.items()]
    return min(parts), sum(state.value.values())


def desk_of(slots: int, tasks: int, busy: float) -> tuple[ao.Problem, ao.streams.Stream]:
    """Make a help desk: everybody may take everything, all of it worth the same, one a second."""
    team = [ao.Rep(f"r{r}", max_tasks=slots) for r in range(5)]
    forecast = [ao.Task(f"f{n}") for n in range(tasks)]
    work = [ao.Task(f"t{n}") for n in range(tasks)]
    return ao.Problem(team, forecast), ao.streams.Stream(work, durations=busy)


def test_room_for_few_of_equal_tasks_is_used_from_the_start() -> None:
    problem, _ = desk_of(slots=2, tasks=500, busy=1)
    router = ao.Router(problem, policy=Prices())
    taken = [router.assign(ao.Task(f"t{n}")).rep_id for n in range(500)]
    assert sum(name is not None for name in taken) == 10
    assert sum(name is not None for name in taken[:250]) >= 5


@pytest.mark.parametrize("busy", [5.0, 15.0])
@pytest.mark.parametrize("retry", [False, True])
def test_equal_tasks_that_are_soon_done_do_not_wait_for_dearer_ones(
    busy: float, retry: bool
) -> None:
    problem, stream = desk_of(slots=4, tasks=400, busy=busy)
    run = ao.simulate(problem, [Prices()], arrivals=stream, retry=retry, hindsight=False).runs
    assert run["coverage"][0] >= (1 if retry else 0.95)
    assert run["waiting_mean"][0] <= busy


def test_a_task_that_is_offered_again_is_no_arrival() -> None:
    problem, _ = desk_of(slots=1, tasks=20, busy=1)
    router = ao.Router(problem, policy=Prices(must_assign=True))
    for n in range(5):
        router.assign(ao.Task(f"t{n}"))
    for _ in range(30):
        assert router.assign(ao.Task("late")).rep_id is None
    memory = router.view.memory
    assert (memory["came"], len(memory["window"][0])) == (6, 6)
    assert memory["flow"][1] == 1 + 2 + 3 + 4 + 5 + 5
    router.release("t0")
    assert router.assign(ao.Task("late")).rep_id == "r0"
    assert (memory["came"], memory["left"]) == (6, {})


def test_nobody_waits_for_dearer_tasks_when_all_have_come() -> None:
    cheap = [ao.Task(f"c{n}", value=1) for n in range(30)]
    dear = [ao.Task(f"d{n}", value=9) for n in range(30)]
    problem = ao.Problem([ao.Rep("ana", max_tasks=10)], [*cheap, *dear])
    stream = ao.streams.Stream([*cheap, *dear], durations=1000)
    found = ao.simulate(problem, [Prices()], arrivals=stream, retry=True, hindsight=False)
    assert found.runs["coverage"][0] == 1


def test_fairness_lifts_who_is_used_least() -> None:
    fit = {"a": {"k": 1.0}, "b": {"k": 0.9}, "c": {"k": 0.2}}
    team = [ao.Rep(name, max_tasks=100, fit=one) for name, one in fit.items()]
    tasks = [ao.Task(f"t{n}", customer_type="k") for n in range(150)]
    problem = ao.Problem(team, tasks)
    plain, fair = (
        least_used(problem, [t.model_copy(update={"id": f"s{t.id}"}) for t in tasks], **options)
        for options in ({}, {"fairness": 2.0})
    )
    assert plain[0] < 0.05 < 0.2 < fair[0]
    assert fair[1] < plain[1]


def ahead_of(log: list[tuple[list[str], str | None]], weight: dict[str, float]) -> float:
    """Count how far the furthest ever was ahead."""
    lead, most = dict.fromkeys(weight, 0.0), 0.0
    for pool, taker in log:
        if taker is not None:
            whole = sum(weight[name] for name in pool)
            for name in pool:
                lead[name] -= weight[name] / whole
            lead[taker] += 1
            most = max(most, lead[taker])
    return most


@pytest.mark.parametrize("quota", [0.8, 1.0, 2.5])
def test_nobody_gets_further_ahead_than_the_quota(quota: float) -> None:
    draw = np.random.default_rng(5)
    weight = {f"r{n}": float(n % 3 + 1) for n in range(5)}
    fit = {"k": 0.2}
    team = [ao.Rep(n, weight=w, fit={"k": 1.0} if n == "r0" else fit) for n, w in weight.items()]
    log = []
    router = ao.Router(ao.Problem(team, []), policy=Prices(quota=quota))
    free = ao.Router(ao.Problem(team, []), policy=Prices())
    plain = []
    for n in range(300):
        value = float(draw.uniform(0.5, 1.5))
        for one, kept in ((router, log), (free, plain)):
            said = one.assign(ao.Task(f"t{n}", value=value, customer_type="k"))
            kept.append((list(one.view.candidates), said.rep_id))
    assert ahead_of(log, weight) <= quota + 1e-6
    assert ahead_of(plain, weight) > 50


def test_the_quota_gives_way_only_where_no_candidate_is_within_it() -> None:
    draw = np.random.default_rng(6)
    problem, tasks = stream(4, room=None)
    router = ao.Router(problem, policy=Prices(quota=1.0))
    lead = dict.fromkeys(problem.reps, 0.0)
    for task in tasks:
        said = router.assign(task, pairs=draw.choice(list(lead), 3, replace=False).tolist())
        pool = list(router.view.candidates)
        if said.rep_id is None:
            continue
        then = {name: lead[name] + 1 - 1 / len(pool) for name in pool}
        for name in pool:
            lead[name] -= 1 / len(pool)
        lead[said.rep_id] += 1
        assert then[said.rep_id] <= 1 + 1e-6 or min(then.values()) > 1 - 1e-6


# -- state -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"every": 30}, {"fairness": 0.3}, {"quota": 2.0}])
def test_a_stream_goes_on_from_json_as_if_nothing_had_happened(options: dict[str, float]) -> None:
    problem, tasks = stream(7)
    router = ao.Router(problem, policy=Prices(**options))  # type: ignore[arg-type]
    played(router, tasks[:70])
    text = router.to_json()
    again = ao.Router(problem, policy=Prices(**options), state=text)  # type: ignore[arg-type]
    assert played(again, tasks[70:]) == played(router, tasks[70:])
    assert again.state == router.state
    assert json.loads(text)["memory"]["slot"]
    assert type(again.view.memory["slot"]["at"]) is type(router.view.memory["slot"]["at"]) is array


def test_a_short_window_is_kept_short_and_survives() -> None:
    problem, tasks = stream(8)
    policy = Prices(window=10, every=7)
    router = ao.Router(problem, policy=policy)
    played(router, tasks[:85])
    memory = router.view.memory
    assert 10 <= len(memory["window"][0]) < 20
    assert len(memory["who"]) <= 20
    again = ao.Router(problem, policy=policy, state=router.to_json())
    assert played(again, tasks[85:]) == played(router, tasks[85:])


def test_what_is_sent_comes_in_whole_whatever_its_items_are() -> None:
    things = {
        "numbers": list(range(2500)),
        "rows": [list(range(1500)) for _ in range(60)],
        "texts": ["x" * 9000 for _ in range(60)],
        "nothing": [[] for _ in range(60)],
        "named": {str(n): (n, n / 2) for n in range(1200)},
        "few": [1, 2],
        "one": 7,
    }
    pieces = list(_pieces(things))
    assert len(pieces) > 100
    assert _read(BytesIO(b"".join(pieces))) == things


@pytest.mark.parametrize("process", [True, False])
def test_a_replay_takes_the_same_decisions_also_of_what_was_learned_beside(process: bool) -> None:
    problem, tasks = stream(9)
    router = ao.Router(problem, policy=Prices(every=20))
    played(router, tasks[:30])
    with router.learning(process=process):
        played(router, tasks[30:90])
    played(router, tasks[90:])
    kinds = [event.kind for event in router.events]
    assert kinds.count("learning") == 2
    assert "learn" in kinds
    again = ao.Router.replay(problem, router.log_to_json(), Prices(every=20))
    assert again.state == router.state
    assert "assignopt-learning" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("fairness", [0.0, 0.1])
def test_a_process_learns_what_would_be_learned_here(fairness: float) -> None:
    problem, tasks = stream(11, reps=120, tasks=400)
    policy = policies.Sticky(Prices(every=None, fairness=fairness))
    router = ao.Router(problem, policy=policy)
    router.add_rep(ao.Rep("new", max_tasks=3, skills={"k1": 1}))
    played(router, tasks)
    snapshot = policy.snapshot(router.view)
    known = [problem, *list(router.view.reps.values())[:-1]]
    with elsewhere(policy, known) as learn:
        assert learn(snapshot) == policy.learn(snapshot)
        given = snapshot | {"given": {"r0": 1.0}}
        assert learn(given)["slot"]["at"][0] != learn(snapshot)["slot"]["at"][0]


class Broken(policies.LongestWait):
    """Cannot learn."""

    every = 1

    def learn(self, snapshot: object) -> object:
        raise OSError("no prices today")


class UntoldError(Exception):
    """Can be written, and not read again."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


class Unreadable(policies.LongestWait):
    """Fails with what cannot be read, and prints."""

    every = 1

    def learn(self, snapshot: object) -> object:
        os.write(1, b"this is not for the pipe")
        raise UntoldError(1, 2)


class Unsendable(policies.LongestWait):
    """Learns what cannot be sent."""

    every = 1

    def learn(self, snapshot: object) -> object:
        return lambda: None


class Dies(policies.LongestWait):
    """Ends the process that it learns in."""

    every = 1

    def learn(self, snapshot: object) -> object:
        os._exit(9)


@pytest.mark.parametrize(
    ("policy", "error", "message"),
    [
        (Broken(), OSError, "no prices"),
        (Unreadable(), RuntimeError, "1 and 2"),
        (Unsendable(), (AttributeError, pickle.PicklingError), "lambda"),
        (Dies(), RuntimeError, "has ended, with code 9"),
    ],
)
def test_an_error_of_learning_comes_up_at_the_end(policy, error, message) -> None:
    problem = ao.Problem([ao.Rep("ana")], [])
    router = ao.Router(problem, policy=policy, learn_inline=False)
    with pytest.raises(error, match=message), router.learning():
        assert [router.assign(ao.Task(f"t{n}")).rep_id for n in range(3)] == ["ana"] * 3
    assert router.assign(ao.Task("then")).rep_id == "ana"


def test_learning_on_the_way_goes_on_after_a_block_that_ended_in_an_error() -> None:
    class Once(policies.LongestWait):
        """Fails the first time."""

        every = 1
        tries: ClassVar[list[int]] = []

        def learn(self, snapshot: object) -> object:
            self.tries.append(1)
            if len(self.tries) == 1:
                raise OSError("once")
            return None

        def install(self, learned: object, state: object) -> None:
            pass

    router = ao.Router(ao.Problem([ao.Rep("ana")], []), policy=Once())
    with pytest.raises(OSError, match="once"), router.learning(process=False):
        router.assign(ao.Task("t1"))
    assert router.log["event"].tolist() == ["learning", "assign", "learning"]
    router.assign(ao.Task("t2"))
    assert len(Once.tries) == 2


def test_where_it_can_learn_is_said() -> None:
    class Local(Broken):
        pass

    router = ao.Router(ao.Problem([ao.Rep("ana")], []), policy=Local())
    with pytest.raises(TypeError, match=r"learning\(process=False\)"), router.learning():
        raise AssertionError
    with pytest.raises(OSError, match="no prices"), router.learning(process=False):
        router.assign(ao.Task("t"))
    with (
        router.learning(process=False),
        pytest.raises(RuntimeError, match="already"),
        router.learning(),
    ):
        pass


def test_a_script_learns_beside_but_for_classes_of_its_own(tmp_path: Path) -> None:
    text = """
import assignopt as ao
class Own(ao.policies.Prices):
    pass
for policy in (ao.policies.Prices(every=10), Own(every=10)):
    router = ao.Router(ao.Problem([ao.Rep("ana", max_tasks=9)], []), policy=policy)
    try:
        with router.learning():
            print(len([router.assign(ao.Task(f"t{n}")) for n in range(20)]))
    except TypeError as error:
        print(error)
"""
    script = tmp_path / "script.py"
    script.write_text(text)
    ended = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.startswith("20\npolicy Own(every=10) cannot be sent")
    assert not ended.stderr


def test_the_team_may_change() -> None:
    problem, tasks = stream(10)
    router = ao.Router(problem, policy=Prices(every=10))
    played(router, tasks[:20])
    router.add_rep(ao.Rep("new", max_tasks=5, skills={f"k{k}" for k in range(8)}))
    router.set_available("r0", False)
    taken = played(router, tasks[20:80])
    assert "new" in taken
    assert "r0" not in taken
    assert len(router.view.memory["slot"]["at"]) == len(router.view.reps)


def test_options_are_checked_and_shown() -> None:
    with pytest.raises(ValidationError) as error:
        Prices(step=-1, every=0, window=True, prices=[1], fairness=inf, quota="a")  # type: ignore[arg-type]
    assert error.value.error_count() == 6
    assert Prices().name == "Prices"
    assert repr(Prices()) == "Prices()"
    assert Prices(every=None, quota=2).name == "Prices(every=None, quota=2)"
    assert Prices(step=0) == Prices(step=0) != Prices()


def test_the_default_policy_of_a_router_spreads_what_is_worth_the_same() -> None:
    router = ao.Router(ao.Problem([ao.Rep("ana"), ao.Rep("bo", weight=2)], []))
    taken = played(router, [ao.Task(f"t{n}") for n in range(9)])
    assert (taken.count("ana"), taken.count("bo")) == (3, 6)
