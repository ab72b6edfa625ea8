"""flow: equal efforts at size, from frames to an audited plan, beside the bare flow."""

from __future__ import annotations

import math
from typing import Any

import assignopt as ao

from ..instances import generate, parse_size
from ..measure import Span, in_fresh_process
from ..peers import side_by_side
from ..runner import OURS, Column, Options, Report, Row, Suite, Target

BARE = "min-cost flow"
PEER_PAIRS = 250_000
"""Up to so many pairs the slower alternatives are run."""

TIME_RATIO, PEAK_RATIO = 1.5, 2.5
"""What is wanted of the largest size."""


def ours(size: str, limit: float) -> dict[str, Any]:
    """Go from frames to an audited plan; the frames are made before the clock starts."""
    pairs = generate(size)
    frames = pairs.frames()
    _solve(generate("2x2x2").frames(), limit)  # imports what it needs
    with Span() as span:
        plan = _solve(frames, limit)
    bound = float(plan.terms["bound"].iloc[-1])
    proved = plan.status is ao.Status.OPTIMAL
    value, left = pairs.judge(pairs.chosen_in(plan.assignments))
    told = {"value": value, "open": left, "bound": bound, "proved": proved}
    return {**told, **span.facts()}


def _solve(frames: dict[str, Any], limit: float) -> ao.Plan:
    problem = ao.Problem.from_frames(**frames, objective=[ao.Coverage(), ao.Value()])
    return ao.solve(problem, time_limit=limit)


def run(options: Options) -> Report:
    report = Report()
    sizes = options.sizes or SUITE.sizes
    for size in sizes:
        _compare(size, options, report)
    largest = max(sizes, key=lambda size: math.prod(parse_size(size)[::2]))
    for row in report.rows:
        if row["method"] == OURS and row["size"] == largest and "time_ratio" in row:
            report.targets += [
                Target(f"{largest}: time over the bare flow's", row["time_ratio"], TIME_RATIO),
                Target(f"{largest}: peak over the bare flow's", row["peak_ratio"], PEAK_RATIO),
            ]
    return report


def _compare(size: str, options: Options, report: Report) -> None:
    limit = SUITE.limit_of(options)
    source = {"size": size}
    mine = {"method": OURS, **in_fresh_process(ours, size, limit, timeout=limit * 2 + 600)}
    tasks, _, each = parse_size(size)
    methods = [BARE]
    if options.peers and tasks * each <= PEER_PAIRS:
        methods += [peer for peer in SUITE.peers if peer != BARE]
    elif options.peers:
        report.notes.append(f"{size}: only the bare flow; the others are run up to {PEER_PAIRS:,}")
    rows: list[Row] = [mine, *side_by_side(source, methods, limit)]
    bare = rows[1]
    for row in rows:
        row["size"] = size
        if "error" in row:
            report.notes.append(f"{size}, {row['method']}: {row['error']}")
        for ratio, of in (("time_ratio", "seconds"), ("peak_ratio", "peak_mb")):
            if row is not bare and bare.get(of) and row.get(of):
                row[ratio] = row[of] / bare[of]
    report.rows += rows
    if "error" in mine or "error" in bare:
        report.check("error" in bare, f"{size}: {mine.get('error')}")
        return
    report.check(bare["open"] == 0, f"{size}: the bare flow left tasks open")
    report.check(mine["proved"], f"{size}: not proved optimal")
    same = (mine["value"], mine["open"]) == (bare["value"], bare["open"])
    report.check(same, f"{size}: value {mine['value']}, the bare flow has {bare['value']}")


SUITE = Suite(
    name="flow",
    instances="generated: random values 1..1000, count capacities of 1.1 x the tasks in total",
    measures=(
        "seconds and peak memory from frames to an audited plan (frames in memory before), and "
        "of the bare OR-Tools min-cost flow from arrays to the flow; each in its own process"
    ),
    published=(
        "wanted of the largest size: at most 1.5 times the time and 2.5 times the peak memory of "
        "the bare flow"
    ),
    peers=(BARE, "cp-sat plain", "highs", "scip", "scipy milp", "greedy"),
    columns=(
        Column("size"),
        Column("method"),
        Column("value", form=",d"),
        Column("open"),
        Column("proved"),
        Column("seconds", "max", ".3f"),
        Column("before_mb", form=",.0f"),
        Column("peak_mb", "max", ",.0f"),
        Column("time_ratio", "max", ".2f"),
        Column("peak_ratio", "max", ".2f"),
    ),
    time_limit=600.0,
    sizes=("10000x200x20", "100000x1000x20", "1000000x10000x10"),
    size_help="tasks x reps x eligible pairs for each task, such as 10000x200x20",
    run=run,
)
