"""Simulating: against a slow simulator, brute force, and known differences."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

import assignopt as ao
from assignopt.simulating.hindsight import decided_at, hindsight
from assignopt.simulating.intervals import interval
from assignopt.simulating.measuring import Measuring, deviation
from assignopt.simulating.running import Run, Setting

if TYPE_CHECKING:
    from collections.abc import Callable

Stream, Change = ao.streams.Stream, ao.streams.Change
KINDS = ("c0", "c1", "c2")


class First(ao.policies.Policy):
    """The first who may."""

    def choose(self, task: Any, state: Any) -> Any:
        return state.candidates[0]


class LeastOpen(ao.policies.Policy):
    """Whoever holds the fewest tasks."""

    def choose(self, task: Any, state: Any) -> Any:
        return min(state.candidates, key=state.open.__getitem__)


class Greedy(ao.policies.Policy):
    """The pair with the highest value."""

    def choose(self, task: Any, state: Any) -> Any:
        return max(state.candidates, key=state.value_of)


class Chance(ao.policies.Policy):
    """Anybody."""

    def choose(self, task: Any, state: Any) -> Any:
        return state.candidates[state.draw(len(state.candidates))]


class Together(ao.policies.Policy):
    """Of a batch, the most valuable tasks first; alone: the first who may."""

    def choose(self, task: Any, state: Any) -> Any:
        return state.candidates[0]

    def choose_many(self, tasks: Any, state: Any) -> Any:
        best = max(range(len(tasks)), key=lambda i: tasks[i].value)
        return [
            state.may_take(task)[0] if i == best and state.may_take(task) else None
            for i, task in enumerate(tasks)
        ]


class Names(ao.policies.Policy):
    """Names whomever it was told to."""

    def __init__(self, who: Any) -> None:
        self.who = who

    def choose(self, task: Any, state: Any) -> Any:
        return self.who


class Breaks(ao.policies.Policy):
    """Fails at the third task."""

    def choose(self, task: Any, state: Any) -> Any:
        if state.step == 2:
            raise KeyError("oh")
        return state.candidates[0]


def team(rng: np.random.Generator, reps: int = 3) -> list[ao.Rep]:
    return [
        ao.Rep(
            f"r{i}",
            max_tasks=int(rng.integers(1, 4)) if rng.random() < 0.7 else None,
            capacity=float(rng.integers(2, 6)) if rng.random() < 0.7 else None,
            fit={kind: round(float(rng.random()), 2) for kind in KINDS if rng.random() < 0.7},
            weight=float(rng.integers(1, 4)),
            carried_load=float(rng.integers(0, 2)),
            efficiency=float(rng.choice([1.0, 2.0])),
        )
        for i in range(reps)
    ]


def tasks_of(rng: np.random.Generator, n: int, *, equal: bool = False) -> list[ao.Task]:
    return [
        ao.Task(
            f"t{j}",
            effort=1.0 if equal else float(rng.integers(1, 4)),
            value=float(rng.integers(1, 9)),
            priority=float(rng.integers(1, 3)),
            customer_type=str(rng.choice(KINDS)),
        )
        for j in range(n)
    ]


def random_stream(rng: np.random.Generator, n: int, *, busy: bool, changes: bool) -> Stream:
    at = np.sort(rng.integers(0, 3 * n, n)).astype(float)
    durations = [float(d) if rng.random() < 0.8 else None for d in rng.integers(0, 12, n)]
    events = [
        Change(
            float(rng.integers(0, 3 * n)), f"r{rng.integers(3)}", available=bool(rng.random() < 0.5)
        )
        for _ in range(int(rng.integers(0, 6)) if changes else 0)
    ]
    return Stream(tasks_of(rng, n), at, durations if busy else None, events=events)


def play(problem: ao.Problem, policy: Any, stream: Stream, **setting: Any) -> Run:
    run = Run(problem, policy, stream, 0, Setting(**setting), "it")
    run.play(Measuring(stream, 10))
    return run


# -- against a slow simulator ----------------------------------------------------------------------


def slow(problem: ao.Problem, stream: Stream, choose: Callable[..., int], *, retry: bool) -> Any:
    """Step through all moments, and keep everything in lists that are searched through."""
    reps = list(problem.reps.values())
    moments = {float(t) for t in stream.at} | {float(one.at) for one in stream.events}
    holds: list[tuple[int, int, float]] = []  # task, rep, until
    owner: dict[int, tuple[int, float]] = {}
    away: set[str] = set()
    queue: list[int] = []

    def able(i: int) -> list[int]:
        task = stream.tasks[i]
        found = []
        for r, rep in enumerate(reps):
            if rep.id in away or (rep.fit and rep.fit.get(task.customer_type, 0.0) < 0.01):
                continue
            mine = [stream.tasks[k].effort / rep.efficiency for k, who, _ in holds if who == r]
            load = rep.carried_load + sum(mine) + task.effort / rep.efficiency
            if rep.capacity is not None and load > rep.capacity + 1e-9:
                continue
            if rep.max_tasks is not None and len(mine) >= rep.max_tasks:
                continue
            found.append(r)
        return found

    def offer(i: int, now: float) -> bool:
        who = able(i)
        if not who:
            return False
        opened = [sum(1 for _, r, _ in holds if r == one) for one in range(len(reps))]
        r = choose(who, opened, reps, stream.tasks[i])
        busy = stream.durations[i]
        until = np.inf if np.isnan(busy) else now + busy
        holds.append((i, r, until))
        moments.add(until)
        owner[i] = (r, now)
        return True

    def freed(r: int, now: float) -> None:
        for i in [*queue]:
            task, rep = stream.tasks[i], reps[r]
            if rep.fit and rep.fit.get(task.customer_type, 0.0) < 0.01:
                continue
            if r in able(i) and offer(i, now):
                queue.remove(i)

    now = -np.inf
    last = max([*stream.at, *(float(one.at) for one in stream.events)], default=-np.inf)
    while True:
        later = [t for t in moments if t > now and np.isfinite(t)]
        if not later or (min(later) > last and not (retry and queue)):
            return owner
        now = min(later)
        done = [one for one in holds if one[2] <= now]
        while done:  # in the order in which they were given
            holds.remove(done[0])
            if retry:
                freed(done[0][1], now)
            done = [one for one in holds if one[2] <= now]
        for one in stream.events:
            if float(one.at) == now:
                (away.discard if one.available else away.add)(one.who)
                if one.available and retry:
                    freed([rep.id for rep in reps].index(one.who), now)
        for i, t in enumerate(stream.at):
            if t == now:
                for one in [one for one in holds if one[2] == now]:  # held for no time at all
                    holds.remove(one)
                    if retry:
                        freed(one[1], now)
                if not offer(i, now) and retry:
                    queue.append(i)


CHOICES: dict[type[ao.policies.Policy], Callable[..., int]] = {
    First: lambda who, opened, reps, task: who[0],
    LeastOpen: lambda who, opened, reps, task: min(who, key=lambda r: opened[r]),
    Greedy: lambda who, opened, reps, task: max(
        who, key=lambda r: reps[r].fit.get(task.customer_type, 0.0) if reps[r].fit else 1.0
    ),
}


@pytest.mark.parametrize("policy", list(CHOICES))
@pytest.mark.parametrize("retry", [False, True])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), busy=st.booleans(), changes=st.booleans())
def test_runs_are_those_of_a_slow_simulator(
    policy: type[ao.policies.Policy], retry: bool, seed: int, busy: bool, changes: bool
) -> None:
    rng = np.random.default_rng(seed)
    stream = random_stream(rng, int(rng.integers(1, 15)), busy=busy, changes=changes)
    problem = ao.Problem(team(rng), [], rules=[ao.MinFit(0.01)])
    record = play(problem, policy(), stream, retry=retry).record
    wanted = slow(problem, stream, CHOICES[policy], retry=retry)
    found = {
        i: (int(record.owner[i]), float(record.given[i]))
        for i in np.flatnonzero(record.owner >= 0).tolist()
    }
    assert found == wanted


# -- hindsight -------------------------------------------------------------------------------------


def brute(problem: ao.Problem, stream: Stream, setting: Setting) -> float:
    """Try every way to give the tasks at the moments at which they are decided on."""
    reps, n = list(problem.reps.values()), len(stream)
    moments = decided_at(stream, setting)
    best = 0.0
    for who in itertools.product(range(-1, len(reps)), repeat=n):
        total, fine = 0.0, True
        for i, r in enumerate(who):
            if r < 0:
                continue
            rep, task = reps[r], stream.tasks[i]
            fit = rep.fit.get(task.customer_type, 0.0) if rep.fit else 1.0
            state = True
            for one in stream.events:
                if one.who == rep.id and float(one.at) <= moments[i]:
                    state = bool(one.available)
            there = rep.available is None or any(
                s <= moments[i] < e
                for s, e in rep.available  # type: ignore[operator]
            )
            held = [
                k
                for k in range(i + 1)
                if who[k] == r and not moments[k] + stream.durations[k] <= moments[i]
            ]
            load = sum(stream.tasks[k].effort / rep.efficiency for k in held) + rep.carried_load
            fine = (
                fit >= 0.01
                and state
                and there
                and (rep.capacity is None or load <= rep.capacity + 1e-9)
                and (rep.max_tasks is None or len(held) <= rep.max_tasks)
            )
            if not fine:
                break
            total += task.value * fit
        if fine:
            best = max(best, total)
    return best


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), changes=st.booleans(), batch=st.integers(1, 3))
def test_hindsight_is_the_best_of_all_plans(seed: int, changes: bool, batch: int) -> None:
    rng = np.random.default_rng(seed)
    stream = random_stream(rng, 5, busy=False, changes=changes)
    reps = team(rng)
    if rng.random() < 0.3:
        reps[0] = reps[0].model_copy(update={"available": ((2.0, 6.0), (9.0, 12.0))})
    problem = ao.Problem(reps, [], rules=[ao.MinFit(0.01)])
    setting = Setting(batch=batch)
    found = hindsight(problem, stream, setting, 0.0, 10.0)
    assert found.exact
    assert found.value == pytest.approx(brute(problem, stream, setting), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), changes=st.booleans())
def test_the_bound_holds_where_tasks_are_released(seed: int, changes: bool) -> None:
    rng = np.random.default_rng(seed)
    stream = random_stream(rng, 6, busy=True, changes=changes)
    problem = ao.Problem(team(rng, 2), [], rules=[ao.MinFit(0.01)])
    stream = stream.replace(events=[one for one in stream.events if one.who != "r2"])
    found = hindsight(problem, stream, Setting(), 0.0, 10.0)
    best = brute(problem, stream, Setting())
    assert found.bound >= best - 1e-6
    if found.exact:
        assert found.value == pytest.approx(best, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    busy=st.booleans(),
    changes=st.booleans(),
    retry=st.booleans(),
    batch=st.integers(1, 4),
)
def test_no_policy_is_worth_more_than_the_bound(
    seed: int, busy: bool, changes: bool, retry: bool, batch: int
) -> None:
    rng = np.random.default_rng(seed)
    stream = random_stream(rng, 20, busy=busy, changes=changes)
    rules = [ao.MinFit(0.01), ao.MaxTasks(4, per="day"), ao.MinTasks(9), ao.CoverAll()]
    rules += [ao.Pin("t3", "r1"), ao.Forbid(task="nothing", rep="r0"), ao.Apart(["t1", "t2", "x"])]
    plain = ao.Problem(team(rng), [*stream.tasks, ao.Task("nothing"), ao.Task("x")], rules=rules)
    found = ao.simulate(
        plain, [First, Greedy, Chance, Together], arrivals=stream, batch=batch, retry=retry
    )
    runs = found.runs
    assert (runs["value"] <= runs["bound"] + 1e-6).all()
    assert not runs["exact"].any()  # the cap per day is not in it
    assert len(runs) == 4


def test_the_bound_is_close_where_it_can_be_known() -> None:
    """One slot each; tasks as long as the distance of two: half of them can be had."""
    tasks = [ao.Task(f"t{j}") for j in range(200)]
    stream = Stream(tasks, durations=2.0)
    found = hindsight(ao.Problem([ao.Rep("ana", max_tasks=1)], []), stream, Setting(), 0.0, 5.0)
    assert 100 <= found.bound <= 105
    assert not found.exact
    assert np.isnan(found.value)


def test_hindsight_with_tasks_at_fixed_times_and_no_other_limit_is_exact() -> None:
    tasks = [ao.Task(f"t{j}", start=2.0 * j, end=2.0 * j + 3, value=j + 1) for j in range(6)]
    problem = ao.Problem([ao.Rep("ana")], tasks)
    stream = ao.streams.from_problem(problem, at="start")
    found = ao.simulate(problem, [First], arrivals=stream).runs.iloc[0]
    assert (found["value"], found["hindsight"], found["exact"]) == (1 + 3 + 5, 2 + 4 + 6, True)


def test_copies_have_the_pairs_of_what_they_are_copies_of() -> None:
    problem = ao.datasets.equal_efforts(4, 30, 2, seed=1)
    found = ao.simulate(problem, [Greedy, Chance], arrivals=["iid", "permutation"], seeds=2)
    assert found.runs["exact"].all()
    assert (found.runs["assigned"] > 20).all()
    assert (found.runs["ratio"] <= 1 + 1e-9).all()


# -- the same numbers ------------------------------------------------------------------------------


def small() -> ao.Problem:
    rng = np.random.default_rng(5)
    reps = [
        ao.Rep(f"r{i}", max_tasks=12, fit={k: round(float(rng.uniform(0.1, 1)), 2) for k in KINDS})
        for i in range(4)
    ]
    return ao.Problem(reps, tasks_of(rng, 60, equal=True))


def plain(found: ao.Comparison) -> pd.DataFrame:
    return found.runs.drop(columns="seconds")


def test_the_same_seeds_give_the_same_numbers_whatever_the_executor() -> None:
    problem, policies = small(), [First, Chance, Greedy]
    for seeds in (2, 10):  # each run is a job; each stream is one
        options: dict[str, Any] = {"arrivals": ["iid", "bursts"], "seeds": seeds, "retry": True}
        alone = ao.simulate(problem, policies, **options)
        with ThreadPoolExecutor(2) as pool:
            threads = ao.simulate(problem, policies, executor=pool, **options)
        pd.testing.assert_frame_equal(plain(alone), plain(threads))
        pd.testing.assert_frame_equal(alone.over_time, threads.over_time)
    with ProcessPoolExecutor(2) as pool:
        processes = ao.simulate(problem, policies, executor=pool, **options)
    pd.testing.assert_frame_equal(plain(alone), plain(processes))
    pd.testing.assert_frame_equal(alone.over_time, processes.over_time)


def test_a_policy_does_not_depend_on_the_others() -> None:
    both = ao.simulate(small(), [First, Chance], arrivals="iid", seeds=3)
    one = ao.simulate(small(), Chance(), arrivals="iid", seeds=[0, 1, 2])
    mine = plain(both)[plain(both)["policy"] == "Chance"].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, plain(one))


def test_policies_meet_with_the_same_luck() -> None:
    def arrivals(seed: int) -> Stream:
        return ao.streams.iid(small(), 40, seed).with_outcomes(seed, delay=5)

    found = ao.simulate(small(), {"a": First(), "b": First(), "best": Greedy()}, arrivals=arrivals,
                        seeds=10)  # fmt: skip
    runs = found.runs.set_index(["policy", "seed"])
    for name in ("conversions", "late_value"):
        assert runs.loc["a", name].tolist() == runs.loc["b", name].tolist()
    assert runs.loc["best", "conversions"].sum() > runs.loc["a", "conversions"].sum()
    # By luck alone nobody converts more with less chance: one task, reps of chance .2 and .8.
    problem = ao.Problem(
        [ao.Rep("low", fit={"k": 0.2}), ao.Rep("high", fit={"k": 0.8})],
        [ao.Task("t", customer_type="k")],
    )
    for seed in range(20):
        stream = Stream(list(problem.tasks.values())).with_outcomes(seed)
        runs = ao.simulate(
            problem, {"low": Names("low"), "high": Names("high")}, arrivals=stream
        ).runs
        low, high = runs["conversions"]
        assert low <= high


def test_conversions_come_late() -> None:
    tasks = [ao.Task(f"t{j}", value=3) for j in range(10)]
    stream = Stream(tasks).with_outcomes(0, value=7, delay=4.5, chance=1.0)
    found = ao.simulate(ao.Problem([ao.Rep("ana")], tasks), [First], arrivals=stream)
    assert found.over_time["conversions"].tolist() == [0, 0, 0, 0, 0, 1, 2, 3, 4, 5]
    assert found.runs["conversions"].tolist() == [10]
    assert found.runs["late_value"].tolist() == [70.0]


# -- waiting, batches, changes ---------------------------------------------------------------------


def test_what_nobody_took_waits_in_order() -> None:
    tasks = [ao.Task(f"t{j}") for j in range(4)]
    stream = Stream(tasks, [0, 1, 2, 3], durations=10)
    problem = ao.Problem([ao.Rep("ana", max_tasks=1)], [])
    lost = ao.simulate(problem, [First], arrivals=stream).runs.iloc[0]
    assert (lost["assigned"], lost["waiting_mean"]) == (1, 0)
    run = play(problem, First(), stream, retry=True)
    assert run.record.given.tolist() == [0, 10, 20, 30]
    kept = ao.simulate(problem, [First], arrivals=stream, retry=True).runs.iloc[0]
    assert (kept["assigned"], kept["waiting_mean"]) == (4, (0 + 9 + 18 + 27) / 4)
    assert kept["waiting_p95"] == pytest.approx(np.quantile([0, 9, 18, 27], 0.95))


def test_batches_wait_for_their_last_and_windows_for_their_end() -> None:
    tasks = [ao.Task(f"t{j}", value=j % 3) for j in range(5)]
    stream = Stream(tasks, [0, 1, 4, 5, 11])
    problem = ao.Problem([ao.Rep("ana")], [])
    assert play(problem, First(), stream, batch=2).record.given.tolist() == [1, 1, 5, 5, 11]
    assert play(problem, First(), stream, window=5).record.given.tolist() == [5, 5, 5, 10, 15]
    for setting in (Setting(batch=2), Setting(window=5)):
        run = Run(problem, First(), stream, 0, setting, "it")
        run.play(Measuring(stream, 10))
        assert run.record.given.tolist() == decided_at(stream, setting).tolist()
    owners = play(problem, Together(), stream, batch=2).record.owner
    assert owners.tolist() == [-1, 0, 0, -1, 0]


def test_who_leaves_gives_back_what_they_hold() -> None:
    tasks = [ao.Task(f"t{j}", value=j + 1) for j in range(4)]
    reps = [ao.Rep("ana"), ao.Rep("bo", max_tasks=1)]
    leaves = Change(2.5, rep=ao.Rep("ana", active=False), returns=True)
    joins = Change(7, rep=ao.Rep("cy"))
    stream = Stream(tasks, [0, 1, 2, 8], events=[leaves, joins])
    run = play(ao.Problem(reps, []), First(), stream)
    assert run.record.owner.tolist() == [1, -1, -1, 2]  # bo takes t0, t1 and t2 are lost
    assert run.record.reassigned == 1
    assert run.desk.state.value == {"ana": 0.0, "bo": 1.0, "cy": 4.0}
    run = play(ao.Problem(reps, []), First(), stream, retry=True)
    assert run.record.owner.tolist() == [1, 2, 2, 2]
    assert run.record.given.tolist() == [2.5, 7, 7, 8]
    assert run.record.reassigned == 3
    stays = Change(2.5, "ana", available=False)
    run = play(ao.Problem(reps, []), First(), stream.replace(events=[stays, joins]))
    assert run.record.owner.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("per", ["day", "week", "month"])
def test_who_waits_is_served_in_a_new_period_after_the_last_arrival(per: Any) -> None:
    at = [datetime(2026, 3, 31, h) for h in (7, 8, 12)]
    problem = ao.Problem([ao.Rep("ana")], [], rules=[ao.MaxTasks(1, per=per)])
    run = play(problem, First(), Stream([ao.Task(f"t{j}") for j in range(3)], at), retry=True)
    first = datetime(1970, 1, 1)
    days = [first + timedelta(seconds=s) for s in run.record.given.tolist()]
    wanted = {
        "day": [at[0], datetime(2026, 4, 1), datetime(2026, 4, 2)],
        "week": [at[0], datetime(2026, 4, 6), datetime(2026, 4, 13)],
        "month": [at[0], datetime(2026, 4, 1), datetime(2026, 5, 1)],
    }
    assert days == wanted[per]


def test_who_can_never_be_served_is_not_waited_for() -> None:
    rules = [ao.MaxTasks(1, per="day"), ao.MaxTasks(2)]
    stream = Stream([ao.Task(f"t{j}") for j in range(4)])
    run = play(ao.Problem([ao.Rep("ana")], [], rules=rules), First(), stream, retry=True)
    assert run.record.given.tolist()[:2] == [0, 86_400]
    assert np.isnan(run.record.given[2:]).all()


def test_who_waits_is_served_when_a_newcomer_comes_in() -> None:
    shift = (50.0, 60.0)
    joins = Change(7, rep=ao.Rep("cy", available=[shift]))
    stream = Stream([ao.Task("t")], events=[joins])
    run = play(ao.Problem([], []), First(), stream, retry=True)
    assert run.record.given.tolist() == [50]


def test_who_waits_is_asked_for_again_when_the_policy_says_so() -> None:
    call = ao.Task("call", prefers={"billing": 0, "paris": 1})
    problem = ao.Problem([ao.Rep("ana")], [])
    policies = [ao.policies.SkillsFirst(timeout=60)]
    policies.append(ao.policies.Sticky(ao.policies.SkillsFirst(timeout=60)))
    for policy in policies:
        run = play(problem, policy, Stream([call], [5.0]), retry=True)
        assert run.record.given.tolist() == [125]


def test_many_that_open_for_each_other_are_served_one_after_another() -> None:
    reps = [ao.Rep("ana", skills={"x"}), ao.Rep("bo", skills={"y"})]
    asks = ["x"] * 1100 + ["y"] * 1100  # each of bo's opens for one of ana's
    tasks = [ao.Task(f"t{n}", requires={skill}) for n, skill in enumerate(asks)]
    problem = ao.Problem(reps, [], rules=[ao.MaxLoadGap(1)])
    run = play(problem, LeastOpen(), Stream(tasks, np.zeros(2200)), retry=True, batch=2200)
    assert not np.isnan(run.record.given).any()


def test_who_helped_on_what_comes_back_is_free_for_others() -> None:
    task = ao.Task("t0", requires={"o"}, roles=[ao.Role("aide", requires={"h"})])
    other = ao.Task("t1", requires={"h"})
    reps = [ao.Rep("ana", skills={"o"}), ao.Rep("hal", skills={"h"}, max_tasks=1)]
    leaves = Change(2.5, rep=ao.Rep("ana", active=False), returns=True)
    problem = ao.Problem(reps, [])
    run = play(problem, First(), Stream([task, other], events=[leaves]), retry=True)
    assert run.record.owner.tolist() == [-1, 1]
    assert run.record.given[1] == 2.5


def test_the_team_changes_after_the_last_arrival_whoever_waits() -> None:
    leaves = Change(5, rep=ao.Rep("ana", active=False), returns=True)
    stream = Stream([ao.Task("t0")], events=[leaves])
    for retry in (False, True):
        run = play(ao.Problem([ao.Rep("ana"), ao.Rep("bo")], []), First(), stream, retry=retry)
        assert run.record.owner.tolist() == [1]
        assert run.record.given.tolist() == [5]


def test_what_another_rep_takes_or_gives_back_may_open_something() -> None:
    reps = [ao.Rep("ana", skills={"x"}), ao.Rep("bo")]
    tasks = [ao.Task("t0"), ao.Task("t1", requires={"x"}), ao.Task("t2")]
    gap = ao.Problem(reps, [], rules=[ao.MaxLoadGap(1)])
    run = play(gap, First(), Stream(tasks), retry=True)
    assert run.record.owner.tolist() == [0, 0, 1]
    assert run.record.given.tolist() == [0, 2, 2]
    group = [ao.Task("a", group="g"), ao.Task("b", group="g", requires={"x"})]
    team = ao.Problem([ao.Rep("ana"), ao.Rep("bo", skills={"x"})], [])
    run = play(team, First(), Stream(group, durations=[10, np.nan]), retry=True)
    assert run.record.owner.tolist() == [0, 1]
    assert run.record.given.tolist() == [0, 10]


def test_who_waits_is_served_when_a_calendar_opens_or_a_day_begins() -> None:
    tasks = [ao.Task(f"t{j}") for j in range(3)]
    at = [datetime(2026, 3, 2, h) for h in (7, 8, 12)]
    shift = (datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 17))
    problem = ao.Problem([ao.Rep("ana", available=[shift])], [])
    stream = Stream(tasks, at)
    waited = (play(problem, First(), stream, retry=True).record.given - stream.at) / 3600
    assert waited.tolist() == [2, 1, 0]
    capped = ao.Problem([ao.Rep("ana")], [], rules=[ao.MaxTasks(1, per="day")])
    stream = Stream(tasks, [0.0, 10.0, 200_000.0])
    run = play(capped, First(), stream, retry=True)
    assert run.record.given.tolist()[:2] == [0, 86_400]


# -- measures --------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 3), max_size=30),
    st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=1, max_size=3),
    st.lists(st.integers(0, 30), min_size=2, max_size=2).map(sorted),
)
def test_deviation_is_the_largest_over_all_prefixes(
    who: list[int], weights: list[list[int]], cuts: list[int]
) -> None:
    teams = list(zip([0, *cuts], weights, strict=False))
    lead, wanted = np.zeros(4), 0.0
    for turn, rep in enumerate(who):
        weight = np.array([w for start, w in teams if start <= turn][-1], float)
        lead += np.eye(4)[rep] - weight / (weight.sum() or 1.0)
        wanted = max(wanted, np.abs(lead).max())
    found = deviation(np.array(who, int), np.arange(len(who)), teams)
    assert found == pytest.approx(wanted)


def test_who_takes_no_part_is_not_measured() -> None:
    tasks = [ao.Task(f"t{n}") for n in range(30)]

    def measured(reps: list[ao.Rep], *events: Any) -> Any:
        stream = ao.streams.Stream(tasks, at=list(range(30)), events=events)
        found = ao.simulate(ao.Problem(reps, []), [ao.policies.RoundRobin], arrivals=stream)
        return found.runs.iloc[0]

    team = [ao.Rep("a"), ao.Rep("b")]
    assert measured(team)["deviation"] == 0.5
    assert measured([*team, ao.Rep("c", active=False)])["deviation"] == 0.5
    away = measured([*team, ao.Rep("c", capacity=0)])
    assert (away["deviation"], away["gini"]) == (0.5, 0.0)
    assert measured(team, ao.streams.Change(20, rep=ao.Rep("c")))["deviation"] < 1
    leaves = ao.streams.Change(10, rep=ao.Rep("b", active=False))
    assert measured([*team, ao.Rep("c")], leaves)["deviation"] < 1.5
    nobody = ao.simulate(ao.Problem([ao.Rep("a", capacity=0)], tasks), [ao.policies.RoundRobin])
    assert np.isnan(nobody.runs["gini"][0])


@pytest.mark.parametrize("rules", [[], [ao.MinFit(0.5)]])
def test_what_comes_of_a_task_depends_on_the_team_as_it_was(rules: list[Any]) -> None:
    later = ao.streams.Change(5, rep=ao.Rep("ana", fit={"x": 0.0}))
    stream = ao.streams.Stream([ao.Task("a", customer_type="x")], at=[0], events=[later])
    problem = ao.Problem([ao.Rep("ana", fit={"x": 1.0})], [], rules=rules)
    found = ao.simulate(problem, [ao.policies.RoundRobin], arrivals=stream.with_outcomes(0))
    assert found.runs["conversions"].tolist() == [1]


def test_a_chance_that_is_none_is_told_with_stream_and_seed() -> None:
    stream = ao.streams.Stream([ao.Task("a")]).with_outcomes(0, chance=lambda task, rep: 7)
    with pytest.raises(ValueError, match="on stream 'stream' with seed 0: the chance of task 'a'"):
        ao.simulate(small(), [ao.policies.RoundRobin], arrivals=stream)


def test_the_measures_are_those_of_the_metrics() -> None:
    found = ao.simulate(small(), [Greedy, Chance], arrivals="iid", seeds=2, n=30)
    last = found.over_time.groupby(["policy", "seed"], sort=False).last().reset_index()
    runs = found.runs.sort_values(["policy", "seed"]).reset_index(drop=True)
    last = last.sort_values(["policy", "seed"]).reset_index(drop=True)
    shared = ["value", "coverage", "gini", "load_range", "jain", "assigned"]
    pd.testing.assert_frame_equal(last[shared], runs[shared])
    assert found.over_time.groupby(["policy", "seed"]).size().tolist() == [10] * 4
    for _, course in found.over_time.groupby(["policy", "seed"]):
        assert course["value"].is_monotonic_increasing
    stream = ao.streams.iid(small(), 30, 0)
    run = play(small(), Greedy(), stream)
    load = list(run.desk.state.given.values())
    row = found.runs.iloc[0]
    assert row["gini"] == pytest.approx(ao.metrics.gini(load))
    assert row["load_range"] == pytest.approx(ao.metrics.load_range(load))
    assert row["jain"] == pytest.approx(ao.metrics.jain_index(load))
    priority = np.array([task.priority for task in stream.tasks])
    given = run.record.owner >= 0
    assert row["coverage"] == pytest.approx(priority[given].sum() / priority.sum())


def test_intervals_are_those_of_scipy() -> None:
    rng = np.random.default_rng(3)
    for values in (rng.normal(5, 2, 20), rng.exponential(2, 12), rng.random(8) ** 4):
        wanted = stats.bootstrap(
            (values,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1)
        ).confidence_interval
        found = interval(values, resamples=20_000)
        np.testing.assert_allclose(found, wanted, atol=0.05 * np.ptp(values) / 2)


def test_intervals_of_a_known_difference_hold_it() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        low, high = interval(rng.normal(0.3, 1.0, 20), resamples=500)
        held += low <= 0.3 <= high
    assert 0.89 <= held / 300 <= 0.99


def test_intervals_of_few_and_equal_values() -> None:
    assert np.isnan(interval(np.array([1.0]))).all()
    assert interval(np.array([2.0, 2.0, 2.0])) == (2.0, 2.0)


def test_differences_are_paired() -> None:
    found = ao.simulate(small(), [Greedy, Chance, First], arrivals="iid", seeds=6)
    table = found.runs.pivot_table("value", "seed", "policy")
    rows = found.differences("First", "value").set_index("policy")
    gap = table["Greedy"] - table["First"]
    assert rows.loc["Greedy", "mean"] == pytest.approx(gap.mean())
    assert rows.loc["Greedy", "low"] <= gap.mean() <= rows.loc["Greedy", "high"]
    assert rows.loc["Greedy", "better"] == (gap > 0).sum()
    assert rows.loc["Greedy", ["low", "high"]].tolist() == list(interval(gap.to_numpy()))
    less = found.differences("First", "gini").set_index("policy")
    worse = (found.runs.pivot_table("gini", "seed", "policy")["Chance"]
             > found.runs.pivot_table("gini", "seed", "policy")["First"]).sum()  # fmt: skip
    assert less.loc["Chance", "worse"] == worse
    best = found.summary("gini")
    assert best["mean"].is_monotonic_increasing
    assert (best["worst"] >= best["mean"]).all()


# -- refusals and failures -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "reason", "detail"),
    [
        ("nobody", "no_rep", "rep 'nobody' is unknown"),
        ("bo", "excluded", "rep 'bo' is not eligible for it"),
        ("cy", "no_availability", "rep 'cy' may not have it: not available"),
        (3, "no_rep", "3 is no rep id"),
    ],
)
def test_a_rep_who_may_not_have_the_task_is_refused(
    who: Any, reason: str, detail: str, caplog: pytest.LogCaptureFixture
) -> None:
    reps = [ao.Rep("ana"), ao.Rep("bo", fit={"x": 1}), ao.Rep("cy", active=False)]
    tasks = [ao.Task(f"t{j}", customer_type="k") for j in range(150)]
    problem = ao.Problem(reps, tasks, rules=[ao.MinFit(0.5)])
    found = ao.simulate(problem, {"odd": Names(who), "fine": First()})
    assert found.runs.set_index("policy")["refused"].to_dict() == {"odd": 150, "fine": 0}
    assert found.runs.set_index("policy")["assigned"].to_dict() == {"odd": 0, "fine": 150}
    assert len(found.refusals) == 100
    row = found.refusals.iloc[0]
    assert (row["policy"], row["task_id"], row["rep_id"]) == ("odd", "t0", str(who))
    assert row["reason"] == reason
    assert detail in row["detail"]
    assert "policy 'odd' named reps who may not have the task 150 times" in caplog.text
    assert "150 choices of odd were refused" in str(found)


def test_a_policy_that_fails_is_named_with_stream_seed_and_arrival() -> None:
    with pytest.raises(ao.PolicyError) as caught:
        ao.simulate(small(), {"fine": First(), "bad": Breaks()}, arrivals="iid", seeds=[4])
    told = str(caught.value)
    assert told.startswith("policy 'bad' on stream 'iid' with seed 4 failed at arrival 2 (task 't")
    assert "KeyError: 'oh'" in told
    assert isinstance(caught.value.__cause__, KeyError)
    with ProcessPoolExecutor(1) as pool, pytest.raises(ao.PolicyError, match="failed at arrival 2"):
        ao.simulate(small(), [Breaks], arrivals="iid", seeds=1, executor=pool)


def test_too_few_choices_for_a_batch_are_an_error_of_the_policy() -> None:
    class Short(Together):
        def choose_many(self, tasks: Any, state: Any) -> Any:
            return [None]

    with pytest.raises(ao.PolicyError, match="policy 'Short' on stream 'problem' with seed 0"):
        ao.simulate(small(), [Short], batch=3)


@pytest.mark.parametrize(
    ("options", "place", "message"),
    [
        ({"policies": []}, ("policies",), "at least one"),
        ({"policies": "First"}, ("policies",), "no list of policies"),
        ({"policies": [First, First()]}, ("policies", 1), "two policies are called 'First'"),
        ({"policies": [3]}, ("policies", 0), "no policy"),
        ({"policies": [Names]}, ("policies", 0), "needs options"),
        ({"arrivals": "idd"}, ("arrivals",), "did you mean 'iid'?"),
        ({"arrivals": 3}, ("arrivals",), "tells no stream"),
        ({"arrivals": []}, ("arrivals",), "at least one"),
        ({"arrivals": ["iid", "iid"]}, ("arrivals", 1), "two streams are called 'iid'"),
        ({"arrivals": lambda seed: seed}, ("arrivals",), "is no Stream"),
        ({"seeds": 0}, ("seeds",), "at least one seed"),
        ({"seeds": [1, 1]}, ("seeds",), "twice"),
        ({"seeds": [-1]}, ("seeds", 0), "0 or more"),
        ({"seeds": "all"}, ("seeds",), "neither a number"),
        ({"batch": 0}, ("batch",), "1 or more"),
        ({"batch": 2, "window": 3}, ("batch",), "one of the two"),
        ({"window": -3}, ("window",), "seconds above 0"),
        ({"checkpoints": 0}, ("checkpoints",), "1 or more"),
        ({"time_limit": 0}, ("time_limit",), "above 0"),
        (
            {"arrivals": Stream((), events=[Change(0, "r9", available=False)])},
            ("arrivals", "stream", "events", 0),
            "rep 'r9' is not in the team then; Let them join first",
        ),
        (
            {"arrivals": Stream([ao.Task("a")]).with_outcomes(0, chance={"r0": {"": 0.5}})},
            ("arrivals", "stream", "outcomes", "chance"),
            "has no chance for rep 'r1'",
        ),
    ],
)
def test_what_is_wrong_with_a_simulation_is_said(
    options: dict[str, Any], place: tuple, message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        ao.simulate(small(), **({"policies": [First]} | options))
    found = [(fault["loc"], fault["msg"]) for fault in caught.value.errors()]
    assert any(at == place and message in told for at, told in found), found


def test_a_problem_is_wanted_and_clocks_have_to_agree() -> None:
    with pytest.raises(ValidationError, match="no problem"):
        ao.simulate("me", [First])  # type: ignore[arg-type]
    shift = (datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 17))
    problem = ao.Problem([ao.Rep("ana", available=[shift])], [ao.Task("a")])
    with pytest.raises(ValidationError, match="Give both in seconds, or both as datetimes"):
        ao.simulate(problem, [First])
    found = ao.simulate(problem, [First], arrivals=("iid", {"begin": shift[0]}), seeds=2)
    assert found.runs["assigned"].tolist() == [1, 1]


# -- the result ------------------------------------------------------------------------------------


def test_json_brings_the_comparison_back() -> None:
    found = ao.simulate(small(), {"odd": Names("x"), "b": Greedy()}, arrivals=["iid", "drift"], n=9,
                        seeds=2)  # fmt: skip
    again = ao.Comparison.from_json(found.to_json())
    for name in ("runs", "over_time", "refusals"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name))
    assert str(again) == str(found)
    assert again.about == found.about
    for text in ("", "[]", "{}"):
        with pytest.raises(ValidationError, match="no comparison"):
            ao.Comparison.from_json(text)


def test_it_is_shown_as_text_html_and_chart() -> None:
    found = ao.simulate(
        small(), [Greedy, First], arrivals={"even": "iid", "as it was": None}, seeds=3
    )
    text = str(found)
    assert text.startswith("2 policies, 2 streams, 3 seeds: 12 runs\neven: ratio to hindsight")
    assert "as it was: ratio to hindsight" in text
    assert found._repr_html_().count("<table") == 2
    for measure in (None, "gini", "value"):
        spec = found.plot(measure).to_dict()
        assert [panel["title"]["text"] for panel in spec["vconcat"]] == ["even", "as it was"]
    spec = found.plot("coverage", over_time=True).to_dict()
    assert len(spec["vconcat"]) == 2
    with pytest.raises(ValidationError, match="did you mean 'gini'"):
        found.plot("ginni")
    with pytest.raises(ValidationError, match="is unknown"):
        found.plot("ratio", over_time=True)
    with pytest.raises(ValidationError, match="did you mean 'First'"):
        found.differences("Frist")


def test_without_hindsight_the_value_is_shown() -> None:
    found = ao.simulate(small(), [Greedy], arrivals="iid", n=20, seeds=2, hindsight=False)
    assert found.measure == "value"
    assert found.runs["bound"].isna().all()
    assert "iid: value (more is better)" in str(found)


def test_streams_without_tasks_and_teams_without_reps() -> None:
    empty = ao.simulate(ao.Problem([], []), [First])
    row = empty.runs.iloc[0]
    assert (row["tasks"], row["assigned"], row["coverage"]) == (0, 0, 1.0)
    nobody = ao.simulate(ao.Problem([], [ao.Task("a")]), [First], retry=True)
    assert nobody.runs["coverage"].tolist() == [0.0]
    for found in (empty, nobody):
        assert str(found)
        assert found.plot().to_dict()
        pd.testing.assert_series_equal(found.runs.dtypes, ao.simulate(small(), [First]).runs.dtypes)


def test_it_can_be_watched_and_stopped() -> None:
    seen: list[Any] = []
    stop = threading.Event()

    def listen(snapshot: Any) -> None:
        seen.append(snapshot)
        if snapshot.done >= 4:
            stop.set()

    options: dict[str, Any] = {"arrivals": "iid", "n": 10, "seeds": 5, "on_progress": listen}
    found = ao.simulate(small(), [First, Greedy], stop=stop, **options)
    assert seen[-1].total == 15
    assert "4 of 15 runs" in str(seen[-1])
    assert not found.complete
    assert "stopped before the end" in str(found)
    assert 0 < len(found.runs) < 10
    with ThreadPoolExecutor(1) as pool:
        again = ao.simulate(small(), [First, Greedy], stop=stop, executor=pool, **options)
    assert not again.complete


def test_a_bar_is_drawn_for_those_who_ask(capsys: pytest.CaptureFixture[str]) -> None:
    ao.simulate(small(), [First], arrivals="iid", n=5, seeds=1, progress=True)
    told = capsys.readouterr()
    assert "[####################]" in told.err
    assert told.out == ""


def held_at_one_time() -> list[Any]:
    """Tasks of which one is done before the next comes: rules about what is held do not meet."""
    two = [ao.Task("a", value=3, effort=2), ao.Task("b", value=4, effort=2)]
    one, other = ao.Rep("r", fit={"x": 1, "y": 0.1}), ao.Rep("q", fit={"x": 0.1, "y": 1})
    typed = [two[0].model_copy(update={"customer_type": "x"}), ao.Task("b", customer_type="y")]
    timed = [ao.Task("a", start=20, end=30), ao.Task("b", start=25, end=35)]
    return [
        (ao.Problem([ao.Rep("r")], two, rules=[ao.Apart(["a", "b"])]), two),
        (ao.Problem([one, other], typed, rules=[ao.Together(["a", "b"])]), typed),
        (ao.Problem([ao.Rep("r")], timed), timed),
        (ao.Problem([ao.Rep("r"), ao.Rep("q")], two, rules=[ao.MaxLoadGap(2)]), two),
    ]


@pytest.mark.parametrize(("team", "tasks"), held_at_one_time())
def test_no_policy_beats_the_bound_where_work_is_released(team: ao.Problem, tasks: Any) -> None:
    stream = ao.streams.Stream(tasks, at=[0, 10], durations=1)
    runs = ao.simulate(team, [ao.policies.GreedyValue()], arrivals=stream).runs
    assert runs["value"].item() <= runs["bound"].item() + 1e-9
    assert not runs["exact"].item()


def test_a_pin_of_a_task_with_roles_and_a_gap_are_no_exact_hindsight() -> None:
    tasks = [ao.Task("a", value=4, roles=[ao.Role("help", credit=0.5)])]
    pinned = ao.Problem([ao.Rep("r"), ao.Rep("q")], tasks, rules=[ao.Pin("a", "r")])
    two = [ao.Task("a", value=3, effort=2), ao.Task("b", value=4, effort=2)]
    level = ao.Problem([ao.Rep("r"), ao.Rep("q")], two, rules=[ao.MaxLoadGap(1)])
    for team in (pinned, level):
        runs = ao.simulate(team, [ao.policies.GreedyValue()]).runs
        assert runs["value"].item() <= runs["bound"].item() + 1e-9
        assert not runs["exact"].item()


def raises(seed: int) -> Stream:
    raise RuntimeError(f"boom {seed}")


@pytest.mark.parametrize(
    ("options", "place", "words"),
    [
        ({"executor": 3}, ("executor",), "Give a concurrent.futures.Executor"),
        ({"on_progress": 3}, ("on_progress",), "Give a function"),
        ({"stop": 3}, ("stop",), "Give a threading.Event"),
        ({"retry": "yes"}, ("retry",), "allowed is True or False"),
        ({"hindsight": "no"}, ("hindsight",), "allowed is True or False"),
        ({"arrivals": {}}, ("arrivals",), "there are none"),
        ({"arrivals": raises}, ("arrivals", "raises"), "seed 0 failed: RuntimeError: boom 0"),
        ({"arrivals": ("iid", {"ratee": 3})}, ("arrivals", "ratee"), "did you mean 'rate'?"),
        ({"arrivals": ("permutation", {"n": 5})}, ("arrivals", "n"), "known: rate, regular"),
        (
            {"arrivals": Stream([ao.Task("x")], copies={"x": "gone"})},
            ("arrivals", "stream", "copies", "x"),
            "a copy of 'gone', which is no task of the problem",
        ),
    ],
)
def test_what_is_asked_wrongly_is_told_with_its_place(options: Any, place: Any, words: str) -> None:
    with pytest.raises(ValidationError) as error:
        ao.simulate(ao.Problem([ao.Rep("ana")], [ao.Task("t")]), [First], **options)
    told = {fault["loc"]: fault["msg"] for fault in error.value.errors()}
    assert words in told[place]


class After(threading.Event):
    """Stops after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_what_was_stopped_is_compared_on_the_seeds_that_all_have_had() -> None:
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t")])
    found = ao.simulate(problem, [First, Chance], arrivals="iid", n=9, seeds=5, stop=After(8))
    assert not found.complete
    assert found.runs["policy"].value_counts().to_dict() == {"First": 3, "Chance": 2}
    assert set(found.summary("value")["runs"]) == {2}
    nothing = ao.simulate(problem, [First], arrivals="iid", seeds=2, stop=After(0))
    assert "iid: nothing that all policies have run on" in str(nothing)
    assert "nothing has run" in nothing._repr_html_()


def test_few_seeds_tell_nothing_apart() -> None:
    team = [ao.Rep("ana", fit={"k": 1.0}), ao.Rep("bo", fit={"k": 0.5})]
    problem = ao.Problem(team, [ao.Task("t", customer_type="k")])
    for seeds, apart in ((5, False), (6, True)):
        found = ao.simulate(problem, [Greedy, Chance], arrivals="iid", n=30, seeds=seeds)
        told = found.differences("Chance", "value")
        assert told["better"].tolist() == [seeds]
        assert told["apart"].tolist() == [apart]
        assert ("that takes 6 seeds" in str(found)) is not apart


def test_copies_of_one_number_have_no_interval() -> None:
    team = [ao.Rep("ana"), ao.Rep("bo")]
    tasks = [ao.Task(f"t{n}") for n in range(9)]
    found = ao.simulate(ao.Problem(team, tasks), [First, LeastOpen], seeds=20)
    assert found.summary("gini")[["low", "high"]].isna().all(axis=None)
    assert not found.differences("First", "gini")["apart"].any()
    assert "problem: the same for every seed" in str(found)


def test_a_policy_cannot_write_its_own_value() -> None:
    class Cheat(First):
        def choose(self, task: ao.Task, state: ao.policies.State) -> str:
            state.value["ana"] = state.given["ana"] = 1e9
            return "ana"

    tasks = [ao.Task("t0"), ao.Task("t1")]
    run = ao.simulate(ao.Problem([ao.Rep("ana")], tasks), [Cheat]).runs.iloc[0]
    assert (run["value"], run["ratio"]) == (2, 1)


def test_what_cannot_be_sent_to_a_process_is_told_with_the_remedy() -> None:
    class Local(Greedy):
        pass

    with ProcessPoolExecutor(1) as pool, pytest.raises(TypeError, match="ThreadPoolExecutor"):
        ao.simulate(small(), [Local], executor=pool)
