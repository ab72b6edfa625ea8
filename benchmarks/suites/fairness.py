"""fairness: the default objective, with equal efforts beside the bare flow, and unequal ones."""

from __future__ import annotations

from typing import Any

import numpy as np

import assignopt as ao

from .. import tiered
from ..instances import generate
from ..measure import Span, in_fresh_process
from ..peers import side_by_side
from ..runner import OURS, Column, Options, Report, Row, Suite, Target

BARE = "min-cost flow"
ONE_FLOW = "convex flow"
TIME_RATIO, LEVEL_GAP, VALUE_GAP = 3.0, 0.001, 0.005
"""What is wanted: of equal efforts, of the largest share, of the value."""

EQUAL_LIMIT = 600.0
"""Seconds for equal efforts, where the time itself is what is measured."""

TWO_TIERS = "assignopt, two tiers"
"""The same problem with the peers' tiers: minmax for leximax."""


# -- equal efforts ---------------------------------------------------------------------------


def equal(size: str, limit: float) -> dict[str, Any]:
    """Go from frames to an audited plan; the frames are made before the clock starts."""
    pairs = generate(size)
    frames = pairs.frames()
    _default(generate("2x2x2").frames(), 5.0)  # imports what it needs
    with Span() as span:
        plan = _default(frames, limit)
    chosen = pairs.chosen_in(plan.assignments)
    value, left = pairs.judge(chosen)
    held = np.bincount(pairs.rep[chosen], minlength=pairs.reps)
    told = {"value": value, "open": left, "level": int(held.max()), "squares": int(held @ held)}
    return told | _told(plan) | span.facts()


def one_flow(size: str) -> dict[str, Any]:
    """Solve the same tiers by one min-cost flow of OR-Tools, a large cost for each square."""
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    pairs = generate(size)
    with Span() as span:
        flow, sink = SimpleMinCostFlow(), pairs.tasks + pairs.reps
        arcs = flow.add_arcs_with_capacity_and_unit_cost(
            pairs.task, pairs.rep + pairs.tasks, np.ones(len(pairs.task), np.int64), -pairs.value
        )
        dear = int(pairs.value.max()) * pairs.tasks + 1  # one square outweighs all values
        rep = np.repeat(np.arange(pairs.reps), pairs.capacity)
        nth = np.arange(len(rep)) - (np.cumsum(pairs.capacity) - pairs.capacity)[rep]
        flow.add_arcs_with_capacity_and_unit_cost(
            rep + pairs.tasks, np.full(len(rep), sink), np.ones(len(rep), np.int64),
            dear * (2 * nth + 1),
        )  # fmt: skip
        flow.set_nodes_supplies(np.arange(pairs.tasks), np.ones(pairs.tasks, np.int64))
        flow.set_nodes_supplies(np.array([sink]), np.array([-pairs.tasks]))
        status = flow.solve()
    if status != flow.OPTIMAL:
        raise ValueError(f"no flow: {status}")
    chosen = np.flatnonzero(flow.flows(arcs))
    value, left = pairs.judge(chosen)
    held = np.bincount(pairs.rep[chosen], minlength=pairs.reps)
    told = {"value": value, "open": left, "level": int(held.max()), "squares": int(held @ held)}
    return told | {"level_proved": True, "value_proved": True} | span.facts()


def _default(frames: dict[str, Any], limit: float) -> ao.Plan:
    return ao.solve(ao.Problem.from_frames(**frames), time_limit=limit)


def _told(plan: ao.Plan) -> dict[str, Any]:
    """Say what is known of each tier of a plan."""
    coverage, share, value = plan.terms.to_dict("records")
    return {
        "coverage_proved": bool(coverage["proved"]),
        "level_bound": float(share["bound"]),
        "level_proved": share["depth"] > 0,
        "share_proved": bool(share["proved"]),
        "depth": int(share["depth"]),
        "value_bound": float(value["bound"]),
        "value_proved": bool(value["proved"]),
        "engine": plan.engine,
    }


def _compare_equal(size: str, options: Options, report: Report) -> None:
    mine = in_fresh_process(equal, size, EQUAL_LIMIT, timeout=EQUAL_LIMIT * 2)
    rows: list[Row] = [{"method": OURS, **mine}, *side_by_side({"size": size}, [BARE], EQUAL_LIMIT)]
    if options.peers:
        told = in_fresh_process(one_flow, size, timeout=EQUAL_LIMIT * 2)
        rows.append({"method": ONE_FLOW, **told})
    ours, bare = rows[:2]
    for row in rows:
        row["instance"] = f"equal:{size}"
        if "error" in row:
            report.notes.append(f"{row['instance']}, {row['method']}: {row['error']}")
        elif "error" not in bare:
            row["time_ratio"] = row["seconds"] / bare["seconds"]
    report.rows += rows
    report.check("error" not in ours, f"equal:{size}: {ours.get('error')}")
    if "error" in ours:
        return
    proved = ours["coverage_proved"] and ours["share_proved"] and ours["value_proved"]
    report.check(proved and not ours["open"], f"equal:{size}: not every tier is proved")
    if "time_ratio" in ours:
        name = f"equal:{size}: time over the bare flow's"
        report.targets.append(Target(name, ours["time_ratio"], TIME_RATIO))
    for row in rows[2:]:
        same = "error" in row or all(row[key] == ours[key] for key in ("value", "squares", "level"))
        report.check(same, f"equal:{size}: {ONE_FLOW} has another optimum")


# -- unequal efforts -------------------------------------------------------------------------


def unequal(size: str, limit: float, notion: str) -> dict[str, Any]:
    """Solve a crowded team, and judge the plan by the numbers that the peers are given."""
    one = tiered.crowded_team(size)
    reps, tasks = (int(part) for part in size.split("x"))
    problem = ao.datasets.unequal_efforts(reps, tasks)
    share: Any = ao.Fairness(notion)  # type: ignore[arg-type]
    problem = problem.replace(objective=[ao.Coverage(), share, ao.Value()])
    ao.solve(ao.datasets.unequal_efforts(5, 25), time_limit=5.0)  # imports what it needs
    with Span() as span:
        plan = ao.solve(problem, time_limit=limit, workers=tiered.THREADS)
    held = plan.assignments
    item = problem.tasks.index.get_indexer(held["task_id"].to_numpy(dtype=object))
    rep = problem.reps.index.get_indexer(held["rep_id"].to_numpy(dtype=object))
    told: dict[str, Any] = {"open": tasks - len(held)}
    if not told["open"]:
        level, value = one.judge(one.find(item.astype(np.int64), rep.astype(np.int64)))
        told |= {"level": level * one.unit[0], "value": value * one.unit[1]}
    return told | _told(plan) | span.facts()


def _compare_unequal(size: str, options: Options, report: Report) -> None:
    limit = SUITE.limit_of(options)
    rows: list[Row] = []
    for method, notion in ((OURS, "leximax"), (TWO_TIERS, "minmax")):
        if method == OURS or options.peers:
            told = in_fresh_process(unequal, size, limit, notion, timeout=limit * 2 + 120)
            rows.append({"method": method, **told})
    if options.peers:
        rows += tiered.in_turn("unequal", size, list(tiered.METHODS), limit)
    for row in rows:
        row["instance"] = f"unequal:{size}"
        row.pop("chosen", None)
        if "error" in row:
            report.notes.append(f"{row['instance']}, {row['method']}: {row['error']}")
            continue
        row["level_gap"] = tiered.gap(row.get("level"), row["level_bound"])
        row["value_gap"] = tiered.gap(row.get("value"), row["value_bound"])
    report.rows += rows
    _check_unequal(size, rows, report)
    ours = rows[0]
    if "error" in ours:
        return
    depth = f"{ours['depth']} of {size.partition('x')[0]} shares proved"
    covered = f"coverage {'proved' if ours['coverage_proved'] else 'NOT PROVED'}"
    report.notes.append(f"unequal:{size}, {OURS}: {covered}, {depth}, by {ours['engine']}")
    if ours["open"]:
        report.notes.append(f"unequal:{size}: {ours['open']} tasks left open, so no peer's figures")
        return
    for key, words, wanted in (
        ("level_gap", "largest share", LEVEL_GAP),
        ("value_gap", "value", VALUE_GAP),
    ):
        name = f"unequal:{size}: gap of the {words} to its bound"
        report.targets.append(Target(name, ours[key], wanted))


def _check_unequal(size: str, rows: list[Row], report: Report) -> None:
    """Compare the bounds of each method with the plans of all."""
    ours = rows[0]
    report.check("error" not in ours, f"unequal:{size}: {ours.get('error')}")
    found = [row for row in rows if "error" not in row]
    levels = [row["level"] for row in found if row.get("level") is not None]
    least = min(levels, default=float("inf"))
    for row in found:
        told = report.faults if row["method"] in (OURS, TWO_TIERS) else report.notes
        who = f"unequal:{size}, {row['method']}"
        bound, value, most = row["level_bound"], row.get("value"), row["value_bound"]
        if bound is not None and bound > least + 1e-6:
            told.append(f"{who}: bound {bound:.9g} of the largest share, {least:.9g} was found")
        if value is not None and most is not None and value > most + 1e-6 * abs(value):
            told.append(f"{who}: value {value:.9g} beyond its own bound {most:.9g}")


def run(options: Options) -> Report:
    report = Report()
    for name in options.sizes or SUITE.sizes:
        kind, _, size = name.partition(":")
        if kind == "equal" and size.count("x") == 2:
            _compare_equal(size, options, report)
        elif kind == "unequal" and size.count("x") == 1:
            _compare_unequal(size, options, report)
        else:
            report.faults.append(f"size {name!r}: equal:TxRxK or unequal:RxT")
    if options.peers and any("level_gap" in row for row in report.rows):
        report.notes.append(
            f"{OURS} settles every share before the value, the others only the largest one: their "
            f"values are those of {TWO_TIERS!r}, where the largest share is the same"
        )
    return report


SUITE = Suite(
    name="fairness",
    instances=(
        "equal: generated, as in flow (weights 1); unequal: datasets.unequal_efforts, efforts of "
        "1/4 to 8 hours, weights as 2 : 3 : 4, 90 % of the capacity needed"
    ),
    measures=(
        "objective coverage, leximax of load per weight, value. equal: seconds from frames to an "
        "audited plan over those of the bare OR-Tools flow for the value alone. unequal: at the "
        "time limit, gaps of the largest share and of the value to their own bounds, and how many "
        "shares from the largest down are proved"
    ),
    published=(
        f"wanted: equal at most {TIME_RATIO:g} times the bare flow; unequal at most "
        f"{LEVEL_GAP:.1%} and {VALUE_GAP:.1%}"
    ),
    peers=(ONE_FLOW, TWO_TIERS, *tiered.METHODS),
    columns=(
        Column("instance"),
        Column("method"),
        Column("open"),
        Column("level", form=",.6f"),
        Column("level_bound", form=",.6f"),
        Column("level_gap", "max", ".3%"),
        Column("level_proved"),
        Column("depth"),
        Column("value", form=",.1f"),
        Column("value_bound", form=",.1f"),
        Column("value_gap", "max", ".3%"),
        Column("value_proved"),
        Column("seconds", form=",.2f"),
        Column("time_ratio", "max", ".2f"),
    ),
    time_limit=30.0,
    sizes=("equal:10000x200x20", "equal:100000x1000x20", "unequal:50x1000", "unequal:100x5000"),
    size_help=(
        "equal: and tasks x reps x eligible pairs for each task (always 600 s at most), or "
        "unequal: and reps x tasks"
    ),
    run=run,
)
