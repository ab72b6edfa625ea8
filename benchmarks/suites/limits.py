"""limits: how far ``time_limit`` is exceeded, by size and limit."""

from __future__ import annotations

import time
from typing import Any

import assignopt as ao

from ..clock import EngineClock
from ..instances import generate
from ..measure import Span, in_fresh_process
from ..runner import OURS, Column, Options, Report, Suite, Target

LIMITS = (0.1, 0.5, 1.0, 3.0, 10.0)
SHARE, REST = 0.1, 0.25
"""A limit may be exceeded by this share of it and these seconds."""

KINDS = {"count": False, "effort": True}


def ours(kind: str, size: str, limit: float) -> dict[str, Any]:
    """Solve within a limit, after a first solve that imports what is needed."""
    pairs = generate(size, efforts=KINDS[kind])
    problem = _problem(pairs.frames())
    ao.solve(_problem(generate("3x2x2", efforts=KINDS[kind]).frames()), time_limit=5.0)
    clock = EngineClock()
    with Span() as span:
        begun = time.perf_counter()
        plan = ao.solve(problem, time_limit=limit)
    built = None if clock.first is None else clock.first - begun
    return {"seconds": span.seconds, "built_s": built, "status": str(plan.status)}


def _problem(frames: dict[str, Any]) -> ao.Problem:
    return ao.Problem.from_frames(**frames, objective=[ao.Coverage(), ao.Value()])


def run(options: Options) -> Report:
    report = Report()
    limits = LIMITS if options.time_limit is None else (options.time_limit,)
    for name in options.sizes or SUITE.sizes:
        kind, _, size = name.partition(":")
        if kind not in KINDS:
            report.faults.append(f"size {name!r}: count:TxRxK or effort:TxRxK")
            continue
        for limit in limits:
            _measure(report, kind, size, limit)
    over = [row["excess"] for row in report.rows if row["counts"]]
    if over:
        name = f"seconds beyond limit + {SHARE:.0%} + {REST:g} s, worst of {len(over)}"
        report.targets.append(Target(name, max(over), 0.0))
    late = [row["over"] for row in report.rows if not row["counts"]]
    if late:
        worst = f"limits too short to build: {len(late)}, exceeded by {max(late):.2f} s at worst"
        report.notes.append(worst)
    return report


def _measure(report: Report, kind: str, size: str, limit: float) -> None:
    told = in_fresh_process(ours, kind, size, limit, timeout=limit * 3 + 600)
    if "error" in told:
        report.faults.append(f"{kind}:{size}, limit {limit:g}: {told['error']}")
        return
    row = {
        "method": OURS,
        "kind": kind,
        "size": size,
        "limit": limit,
        **told,
        "over": max(0.0, told["seconds"] - limit),
        "excess": told["seconds"] - limit * (1 + SHARE) - REST,
        "counts": told["built_s"] is None or told["built_s"] <= limit,
    }
    report.rows.append(row)


SUITE = Suite(
    name="limits",
    instances="generated: as in flow (count) and in build (effort)",
    measures=(
        f"seconds of ao.solve beyond time_limit, at {', '.join(f'{one:g}' for one in LIMITS)} s "
        "or the one of --time-limit; a limit below `built_s`, the seconds until the "
        "first engine is called (- = none was), is too short to build and told apart"
    ),
    published="wanted: at most 10 % and 0.25 s beyond the limit",
    peers=(),
    columns=(
        Column("kind"),
        Column("size"),
        Column("limit", form="g"),
        Column("built_s", form=".2f"),
        Column("seconds", form=".2f"),
        Column("over", "max", ".3f"),
        Column("excess", form=".3f"),
        Column("counts"),
        Column("status"),
    ),
    time_limit=max(LIMITS),
    sizes=(
        "count:10000x200x20",
        "count:100000x1000x20",
        "count:1000000x10000x10",
        "effort:500x20x10",
        "effort:5000x200x20",
        "effort:50000x500x10",
    ),
    size_help="count: or effort:, then tasks x reps x eligible pairs for each task",
    run=run,
)
