"""build: what a CP-SAT run spends on everything but the search."""

from __future__ import annotations

import time
from typing import Any

import assignopt as ao

from ..clock import EngineClock
from ..instances import generate
from ..measure import Span, in_fresh_process
from ..peers import side_by_side
from ..runner import OURS, Column, Options, Report, Suite, Target

SHARE = 0.2
"""At most this share of the time limit may go to anything but the search."""


def ours(size: str, limit: float) -> dict[str, Any]:
    """Go from frames to an audited plan, timing CP-SAT's own solve and the callbacks in it."""
    pairs = generate(size, efforts=True)
    frames = pairs.frames()
    _solve(generate("3x2x2", efforts=True).frames(), limit)  # imports what it needs
    clock = EngineClock()
    with Span() as span:
        begun = time.perf_counter()
        problem = _problem(frames)
        framed = time.perf_counter() - begun
        plan = ao.solve(problem, time_limit=limit)
    value, left = pairs.judge(pairs.chosen_in(plan.assignments))
    term = plan.terms.iloc[-1]
    return {
        "value": value,
        "open": left,
        "bound": float(term["bound"]),
        "proved": plan.status is ao.Status.OPTIMAL,
        **span.facts(),
        "frames_s": framed,
        "search_s": clock.search,
        "callbacks_s": clock.callbacks,
        "other_s": span.seconds - clock.search + clock.callbacks,
        "engine": plan.engine,
    }


def _problem(frames: dict[str, Any]) -> ao.Problem:
    return ao.Problem.from_frames(**frames, objective=[ao.Coverage(), ao.Value()])


def _solve(frames: dict[str, Any], limit: float) -> ao.Plan:
    return ao.solve(_problem(frames), time_limit=limit)


def run(options: Options) -> Report:
    report = Report()
    limit = SUITE.limit_of(options)
    for size in options.sizes or SUITE.sizes:
        mine = in_fresh_process(ours, size, limit, timeout=limit * 2 + 300)
        rows = [{"method": OURS, **mine}]
        if options.peers:
            source = {"size": size, "efforts": True}
            rows += side_by_side(source, SUITE.peers, limit)
        for row in rows:
            row["size"] = size
            if "error" in row:
                report.notes.append(f"{size}, {row['method']}: {row['error']}")
        report.rows += rows
        report.check("error" not in mine, f"{size}: {mine.get('error')}")
        if "error" not in mine:
            rows[0]["share"] = mine["other_s"] / limit
            report.check("cpsat" in mine["engine"], f"{size}: solved by {mine['engine']}")
            name = f"{size}: all but the search, as a share of {limit:g} s"
            report.targets.append(Target(name, rows[0]["share"], SHARE))
    return report


SUITE = Suite(
    name="build",
    instances="generated: as in flow, with efforts 1..20 and capacities in effort",
    measures=(
        "seconds outside CpSolver.solve, and in its callbacks on solutions, from frames to an "
        "audited plan"
    ),
    published="wanted: 100,000 pairs, all but the search takes at most 20 % of a 10 s run",
    peers=("cp-sat plain", "highs", "scip", "scipy milp", "greedy"),
    columns=(
        Column("size"),
        Column("method"),
        Column("value", form=",d"),
        Column("open", "max"),
        Column("bound", form=",.0f"),
        Column("proved"),
        Column("seconds", "max", ".2f"),
        Column("frames_s", "max", ".2f"),
        Column("search_s", form=".2f"),
        Column("callbacks_s", "max", ".2f"),
        Column("other_s", "max", ".2f"),
        Column("share", "max", ".1%"),
        Column("peak_mb", "max", ",.0f"),
    ),
    time_limit=10.0,
    sizes=("5000x200x20",),
    size_help="tasks x reps x eligible pairs for each task",
    run=run,
)
