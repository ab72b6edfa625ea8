"""policies: every policy there is, on generated and on real streams, against full knowledge."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle, islice
from typing import Any

import numpy as np

import assignopt as ao

from .. import data
from ..runner import Column, Options, Report, Row, Suite, Target
from ..traces import TRACES

REPS, KINDS, ELIGIBLE, CROWDED = 40, 60, 0.3, 1.0
"""The generated team; ``CROWDED`` is tasks / slots."""

GENERATED = ("iid", "permutation", "drift", "bursts", "adversarial")
SLOWEST = 5e-3
"""Seconds for a decision, in a trial, beyond which a policy is left out."""

SPEED, MOST_SECONDS, CORES = 15, 120.0, 2
"""What is wanted: so many policies on all seeds within so many seconds on so many cores."""


def team(tasks: int, seed: int = 0) -> ao.Problem:
    """Draw reps who are each eligible for some kinds of customers, with a fit for each."""
    rng = np.random.default_rng(seed)
    reps = [
        ao.Rep(
            f"r{i:02d}",
            max_tasks=round(tasks / CROWDED / REPS),
            fit={
                f"c{k:02d}": round(float(rng.uniform(0.1, 1)), 3)
                for k in range(KINDS)
                if rng.random() < ELIGIBLE
            },
        )
        for i in range(REPS)
    ]
    kinds = rng.integers(0, KINDS, tasks)
    value = rng.integers(1, 101, tasks)
    work = [
        ao.Task(f"t{j:05d}", value=float(value[j]), customer_type=f"c{kinds[j]:02d}")
        for j in range(tasks)
    ]
    return ao.Problem(reps, work, rules=[ao.MinFit(0.01)])


def candidates() -> list[ao.policies.Policy]:
    """List the policies that need no options."""
    found = []
    for name in ao.policies.__all__:
        kind = getattr(ao.policies, name)
        if not (isinstance(kind, type) and issubclass(kind, ao.policies.Policy)):
            continue
        try:
            found.append(kind() if kind is not ao.policies.Policy else None)
        except (TypeError, ValueError):  # it needs to be told something
            continue
    return [policy for policy in found if policy is not None]


def tried(problem: ao.Problem, report: Report) -> dict[str, ao.policies.Policy]:
    """Keep the policies that get through a short stream, and say which do not."""
    kept: dict[str, ao.policies.Policy] = {}
    stream = ao.streams.iid(problem, 200, 99)
    for policy in candidates():
        begun = time.perf_counter()
        try:
            ao.simulate(problem, [policy], arrivals=stream, hindsight=False)
        except (ao.PolicyError, ValueError) as error:
            told = str(error).splitlines()[0]
            report.notes.append(f"{policy.name} is left out: {told[:160]}")
            continue
        each = (time.perf_counter() - begun) / len(stream)
        if each > SLOWEST:
            report.notes.append(f"{policy.name} is left out: {each:.3f} s for a decision")
            continue
        kept[policy.name] = policy
    return kept


def _shoot_out(
    name: str, problem: ao.Problem, arrivals: Any, seeds: int, report: Report, **options: Any
) -> None:
    """Run all policies on one kind of stream, and keep a row for each."""
    policies = tried(problem, report)
    found = ao.simulate(
        problem, policies, arrivals={name: arrivals}, seeds=seeds, executor=_POOL[0], **options
    )
    runs = found.runs
    over = runs["value"] > runs["bound"] * (1 + 1e-9) + 1e-6
    report.check(not over.any(), f"{name}: {set(runs.loc[over, 'policy'])} beat the bound")
    refused = runs[runs["refused"] > 0]["policy"]
    report.check(refused.empty, f"{name}: {set(refused)} named reps who may not have the task")
    means = runs.groupby("policy")
    for line in found.summary().itertuples():
        mine = means.get_group(line.policy)
        row: Row = {"instance": name, "method": line.policy, "measure": found.measure}
        row |= {"ratio": line.mean, "low": line.low, "high": line.high, "worst": line.worst}
        row = {key: None if value != value else value for key, value in row.items()}
        row |= {key: float(mine[key].mean()) for key in ("coverage", "gini", "deviation")}
        row["wait h"] = float(mine["waiting_mean"].fillna(0).mean()) / 3600
        row["us"] = 1e6 * float(mine["seconds"].sum() / max(1, mine["tasks"].sum()))
        report.rows.append(row)


def _speed(tasks: int, seeds: int, report: Report) -> None:
    """Run as many policies as are wanted, the quick ones over again where there are fewer."""
    problem = team(tasks)
    quick = list(tried(problem, report).values())
    named = {f"{p.name} {k}": p for k, p in enumerate(islice(cycle(quick), SPEED))}
    begun = time.perf_counter()
    found = ao.simulate(problem, named, arrivals="iid", seeds=seeds, executor=_POOL[0])
    seconds = time.perf_counter() - begun
    report.check(len(found.runs) == SPEED * seeds, "speed: not every run is there")
    what = (
        f"{SPEED} policies ({min(SPEED, len(quick))} different) x {seeds} seeds x {tasks:,} tasks"
    )
    report.targets.append(Target(f"{what}: seconds on {CORES} processes", seconds, MOST_SECONDS))
    each = 1e6 * found.runs["seconds"].sum() / found.runs["tasks"].sum()
    report.notes.append(f"{what}: {each:.0f} microseconds of computing for a decision")


_POOL: list[ProcessPoolExecutor | None] = [None]


def run(options: Options) -> Report:
    report = Report()
    with ProcessPoolExecutor(CORES) as pool:
        _POOL[0] = pool
        for size in options.sizes or SUITE.sizes:
            name, _, rest = size.partition(":")
            tasks, _, seeds = rest.partition("x")
            if name not in (*GENERATED, *TRACES, "speed") or not (tasks + seeds).isdigit():
                report.faults.append(f"size {size!r}: {SUITE.size_help}")
            elif name == "speed":
                _speed(int(tasks), int(seeds), report)
            elif name in GENERATED:
                problem = team(int(tasks))
                _shoot_out(name, problem, (name, {}), int(seeds), report)
            else:
                _real(name, int(seeds), report)
    _POOL[0] = None
    report.notes = list(dict.fromkeys(report.notes))
    return report


def _real(name: str, seeds: int, report: Report) -> None:
    """Run a real stream in its real order, and the same tasks in random orders."""
    trace = TRACES[name]()
    if trace is None:
        report.notes.append(data.missing(name))
        return
    problem, stream, options = trace
    _shoot_out(name, problem, stream, 1, report, **options)
    if seeds > 1:
        mixed = f"{name}, permuted"

        def arrivals(seed: int) -> ao.streams.Stream:
            return ao.streams.permutation(stream, seed)

        _shoot_out(mixed, problem, arrivals, seeds, report, **options)


SUITE = Suite(
    name="policies",
    instances=(
        f"generated: {REPS} reps, each eligible for {ELIGIBLE:.0%} of {KINDS} customer types with "
        "a fit of 0.1 to 1, as many slots as tasks, values 1 to 100; drawn i.i.d., permuted, with "
        "a drifting mix, in bursts with reps who come and go, the most valuable last. Real: leads "
        "of Olist, tickets of a help desk, open opportunities, in their real order and permuted"
    ),
    measures=(
        "value / best value with full knowledge (or the bound on it, where tasks are released): "
        "mean, its 95 % interval over seeds, worst seed; coverage, Gini and largest deviation from "
        "equal shares, wait, microseconds of computing for a decision with everything around it"
    ),
    published=(
        "a prototype at this size (8 seeds): greedy .880 i.i.d. and .879 drift, least loaded .529 "
        "and .518, mirror descent from cold .937 and .935, re-solved prices .987 and .966. Wanted: "
        f"{SPEED} policies x 20 seeds x 5,000 tasks within {MOST_SECONDS:g} s on {CORES} cores"
    ),
    peers=(),
    columns=(
        Column("instance"),
        Column("method"),
        Column("measure"),
        Column("ratio", "min", ".4f"),
        Column("low", form=".4f"),
        Column("high", form=".4f"),
        Column("worst", form=".4f"),
        Column("coverage", "min", ".4f"),
        Column("gini", "max", ".3f"),
        Column("deviation", "max", ",.1f"),
        Column("wait h", form=",.2f"),
        Column("us", "max", ",.0f"),
    ),
    time_limit=30.0,
    sizes=(
        *(f"{name}:2000x20" for name in GENERATED),
        *(f"{name}:0x5" for name in TRACES),
        "speed:5000x20",
    ),
    size_help=(
        "NAME:TASKSxSEEDS, NAME one of " + ", ".join((*GENERATED, *TRACES, "speed")) + "; a real "
        "stream has its own tasks"
    ),
    run=run,
)
