"""online: value against hindsight, growth of the regret, and the time a decision takes."""

from __future__ import annotations

import gc
import os
import select
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import assignopt as ao

from ..measure import in_fresh_process
from ..runner import OURS, Column, Options, Report, Row, Suite, Target
from ..streams import drawn, large

if TYPE_CHECKING:
    from assignopt.policies import Policy

SEEDS = 20
LENGTHS = (250, 500, 1000, 2000, 4000, 8000, 16000)
REPEATS = 4
WANTED = {"iid": 0.985, "drift": 0.965}
SLOPE = 0.55
P99, P999 = {1000: 100.0, 10_000: 300.0}, {1000: 1000.0}
EVERY = 2000
"""Arrivals between two times that prices are found."""

WARM = 2000
"""Tasks before the first that is timed."""

SPIN = 300_000
"""Nanoseconds before an arrival from which the clock is watched, where the harness sleeps."""

BLOCK = 500
"""Arrivals in a row that are served by the router, and then as many by the bare loop."""

WAYS = ("polling", "resting")
"""How the next arrival is waited for: by asking a queue again and again, as servers do that are to
be quick, so that the core stays awake; or asleep."""

RATE = {1000: 2000.0, 10_000: 1000.0}
"""Arrivals in a second."""


class Greedy(ao.policies.Policy):
    """Whoever it is worth most with, now."""

    def choose(self, task: ao.Task, state: ao.policies.State) -> str:
        """Say who takes the task."""
        return max(state.candidates, key=state.value_of)


class Bare:
    """A decision without anything around it, to tell the machine's part from ours.

    Who is known to be able to take the type of a task is gone through in dictionaries: whoever has
    room, and value less price is most; then room is counted. No rule, reason, log or runner-up.
    """

    def __init__(self, problem: ao.Problem) -> None:
        self._fit: dict[str | None, dict[str, float]] = {}
        for rep in problem.reps.values():
            for kind, fit in rep.fit.items():
                self._fit.setdefault(kind, {})[rep.id] = fit
        draw = np.random.default_rng(0)
        self._room = {rep.id: 1e9 for rep in problem.reps.values()}
        self._price = {rep: (float(draw.random()), 1e-6) for rep in self._room}
        self._step = 0

    def assign(self, task: ao.Task) -> str:
        """Say who takes the task."""
        step, room, prices = self._step, self._room, self._price
        best, chosen = -np.inf, ""
        for rep, fit in self._fit[task.customer_type].items():
            if room[rep] >= task.effort:
                at, drop = prices[rep]
                worth = task.value * fit - max(0.0, at - step * drop)
                if worth > best:
                    best, chosen = worth, rep
        room[chosen] -= task.effort
        self._step = step + 1
        return chosen


def policies() -> dict[str, Policy]:
    return {
        "greedy": Greedy(),
        "longest wait": ao.policies.LongestWait(),
        "prices, fixed": ao.policies.Prices(step=0, every=None),
        "prices, descent only": ao.policies.Prices(every=None),
        OURS: ao.policies.Prices(),
    }


def value_of(problem: ao.Problem, tasks: list[ao.Task], policy: Policy) -> float:
    """Play a stream; give what it came to."""
    router = ao.Router(problem, policy=policy)
    for task in tasks:
        router.assign(task)
    audited = router.view
    assert all(audited.open[name] <= rep.max_tasks for name, rep in audited.reps.items())
    return sum(audited.value.values())


def hindsight(problem: ao.Problem, tasks: list[ao.Task], limit: float) -> tuple[float, bool]:
    """Give the most value that anybody could have had, knowing all, and whether it is proved."""
    whole = problem.replace(tasks=tasks, objective=(ao.Value(),))
    term = ao.solve(whole, time_limit=limit).terms.iloc[0]
    return float(term["value"]), bool(term["proved"])


def quality(seed: int, way: str, tasks: int, limit: float, names: list[str]) -> dict[str, Any]:
    """Compare policies on one stream."""
    stream = drawn(seed, tasks=tasks, drift=way == "drift")
    best, proved = hindsight(stream.problem, stream.tasks, limit)
    known = policies()
    found = {name: value_of(stream.problem, stream.tasks, known[name]) for name in names}
    return {"best": best, "proved": proved, "values": found}


def latency(reps: int, tasks: int, rate: float, every: int, way: str) -> dict[str, Any]:
    """Serve an open stream: arrivals do not wait for answers.

    ``whole`` is from the moment a task was to come until it is decided and counted, waiting behind
    others and for prices that are sent and put in place included; what finds them runs meanwhile
    and has been there before. ``within`` is the call alone. The collector of garbage is on, with
    what was there at first set aside; the first :data:`WARM` tasks are not timed, nor the prices
    that are found after them. The same tasks are served by :class:`Bare`, in turns.
    """
    stream = large(0, reps, tasks)
    router = ao.Router(
        stream.problem,
        policy=ao.policies.Prices(every=every),
        horizon=tasks + WARM,
        learn_inline=False,
    )
    bare = Bare(stream.problem)
    gaps = np.random.default_rng(1).exponential(1e9 / rate, 2 * tasks)
    due = np.cumsum(gaps).astype(np.int64).tolist()
    served: list[tuple[ao.Task, Any, str]] = []
    for first in range(0, tasks, BLOCK):
        block = stream.tasks[first : first + BLOCK]
        served += [(task, router.assign, OURS) for task in block]
        served += [(task, bare.assign, "bare loop") for task in block]
    whole: dict[str, list[int]] = {OURS: [], "bare loop": []}
    within: dict[str, list[int]] = {OURS: [], "bare loop": []}
    now, rest = time.perf_counter_ns, time.sleep
    ear, mouth = os.pipe()
    queue = select.poll()
    queue.register(ear, select.POLLIN)
    ask = queue.poll

    def learned() -> int:
        return sum(event.kind == "learn" for event in router.events)

    with router.learning():
        for number, task in enumerate(stream.tasks[:WARM]):
            router.assign(task.model_copy(update={"id": f"warm{number}"}))
        until = now() + 10**10
        while not learned() and now() < until:
            rest(0.01)
        before = learned()
        gc.collect()
        gc.freeze()
        begun = now()
        for (task, assign, who), at in zip(served, due, strict=True):
            at += begun
            while (early := at - now()) > 0:
                if way == "polling":
                    ask(0)
                elif early > SPIN:
                    rest((early - SPIN) / 1e9)
            came = now()
            assign(task)
            left = now()
            whole[who].append(left - at)
            within[who].append(left - came)
    gc.unfreeze()
    os.close(ear)
    os.close(mouth)
    return {
        "learned": learned() - before,
        "busiest": tasks * 1e9 / sum(within[OURS]),
        "spread": {
            who: {
                name: np.percentile(np.array(one[who]) / 1e3, [50, 99, 99.9, 100]).tolist()
                for name, one in (("whole", whole), ("within", within))
            }
            for who in whole
        },
    }


def _quality(way: str, seeds: int, tasks: int, limit: float, report: Report) -> None:
    names = list(policies())
    ratios: list[float] = []
    for seed in range(seeds):
        found = quality(seed, way, tasks, limit, names)
        report.check(found["proved"], f"{way}, seed {seed}: the best plan is not proved")
        for name, value in found["values"].items():
            ratio = value / found["best"]
            report.check(ratio <= 1 + 1e-9, f"{way}, seed {seed}: {name} beats the best plan")
            row: Row = {"instance": f"seed {seed}", "way": way, "method": f"{way}: {name}"}
            report.rows.append(row | {"ratio": ratio})
            ratios += [ratio] if name == OURS else []
    mean = float(np.mean(ratios))
    report.targets.append(
        Target(f"{way}: mean value of the best, {seeds} seeds", mean, WANTED[way], at_least=True)
    )
    report.notes.append(f"{way}: worst of {seeds} seeds {min(ratios):.4f}")


def _regret(lengths: list[int], limit: float, report: Report) -> None:
    means = []
    for tasks in lengths:
        lost = []
        for seed in range(REPEATS):
            found = quality(100 + seed, "iid", tasks, limit, [OURS])
            lost.append(found["best"] - found["values"][OURS])
        means.append(max(float(np.mean(lost)), 1e-9))
        row: Row = {"instance": f"{tasks} tasks", "way": "iid", "method": "regret"}
        report.rows.append(row | {"regret": means[-1]})
    if len(lengths) > 1:
        slope = float(np.polyfit(np.log(lengths), np.log(means), 1)[0])
        report.targets.append(Target("iid: log-log slope of the regret", slope, SLOPE))


def _ratio(found: dict[str, Any], place: int) -> float:
    ours, bare = (found["spread"][who]["within"][place] for who in (OURS, "bare loop"))
    return float(ours / bare)


def _latency(reps: int, tasks: int, report: Report) -> None:
    for way in WAYS:
        found = in_fresh_process(latency, reps, tasks, RATE[reps], EVERY, way, timeout=300)
        report.check("error" not in found, f"latency, {reps} reps, {way}: {found.get('error')}")
        if "error" in found:
            continue
        for who, spread in found["spread"].items():
            for name, numbers in spread.items():
                cells = dict(zip(("p50", "p99", "p99.9", "max"), numbers, strict=True))
                row: Row = {"instance": f"{reps:,} reps", "way": way, "method": f"{who}, {name}"}
                report.rows.append(row | cells)
        told, whole = f"{reps:,} reps, {way}", found["spread"][OURS]["whole"]
        report.targets.append(Target(f"{told}: p99, microseconds", whole[1], P99[reps]))
        if reps in P999:
            report.targets.append(Target(f"{told}: p99.9, microseconds", whole[2], P999[reps]))
        report.notes.append(
            f"{told}: {tasks:,} tasks at {RATE[reps]:,.0f}/s, prices found {found['learned']} "
            f"times meanwhile; {found['busiest']:,.0f} decisions/s at most; the call takes "
            f"{_ratio(found, 0):.1f} (p50) and {_ratio(found, 1):.1f} (p99) times the bare loop"
        )


def run(options: Options) -> Report:
    report, limit = Report(), SUITE.limit_of(options)
    for size in options.sizes or SUITE.sizes:
        kind, _, number = size.partition(":")
        if not number.isdigit() or kind not in ("iid", "drift", "regret", "1000", "10000"):
            report.faults.append(f"size {size!r}: {SUITE.size_help}")
        elif kind == "regret":
            _regret([one for one in LENGTHS if one <= int(number)], limit, report)
        elif kind in WANTED:
            _quality(kind, int(number), 2000, limit, report)
        else:
            _latency(int(kind), int(number), report)
    report.notes.append(
        "whole: from the moment a task was due; within: of the call alone. Both are wall time, and "
        "mean little on a machine that does other work; the bare loop says how much of it there is"
    )
    return report


SUITE = Suite(
    name="online",
    instances=(
        "drawn: 40 reps, 2,000 tasks of 60 customer types, each open to 30 % of the team, room for "
        "90 % of them; the mix stays, or drifts in a straight line; told are the tasks of the "
        "period before, the limits and the number of tasks. Latency: each task open to 30 reps"
    ),
    measures=(
        "value as a part of the exact best in hindsight; log-log slope of the regret over 250 to "
        "16,000 tasks; microseconds from arrival to decision, open-loop Poisson, prices found anew "
        "by another process meanwhile"
    ),
    published=(
        f"wanted: mean {WANTED['iid']} (iid) and {WANTED['drift']} (drift), slope {SLOPE}; p99 "
        f"{P99[1000]:g} and p99.9 {P999[1000]:g} microseconds with 1,000 reps, p99 "
        f"{P99[10_000]:g} with 10,000. A prototype of mirror descent with re-solving: .987, .966"
    ),
    peers=(),
    columns=(
        Column("instance"),
        Column("method"),
        Column("way"),
        Column("ratio", "min", ".4f"),
        Column("regret", form=",.2f"),
        Column("p50", form=",.1f"),
        Column("p99", "max", ",.1f"),
        Column("p99.9", "max", ",.1f"),
        Column("max", "max", ",.0f"),
    ),
    time_limit=60.0,
    sizes=("iid:20", "drift:20", "regret:16000", "1000:20000", "10000:10000"),
    size_help="iid:SEEDS, drift:SEEDS, regret:LONGEST, 1000:TASKS or 10000:TASKS",
    run=run,
    brief=True,
)
