"""lap: linear assignment, one task for each rep."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

import assignopt as ao

from .. import data
from ..peers import side_by_side
from ..runner import OURS, Column, Options, Report, Row, Suite

if TYPE_CHECKING:
    from ..instances import Pairs

GENERATED = 200


def instances(options: Options, report: Report) -> list[tuple[str, Pairs, int, int | None]]:
    """Give name, pairs, offset and known optimum."""
    found = []
    folder = data.folder("lap")
    if folder is None:
        report.notes.append(data.missing("lap"))
    else:
        for row in data.table(folder / "values.csv"):
            pairs, offset = data.read_lap(folder / f"{row['instance']}.txt")
            found.append((row["instance"], pairs, offset, int(row["optimum"])))
    size = int((options.sizes or (str(GENERATED),))[0])
    cost = np.random.default_rng(0).integers(1, 1001, (size, size))
    return [*found, (f"random{size}", *data.square(cost), None)]


def run(options: Options) -> Report:
    report = Report()
    limit = SUITE.limit_of(options)
    for name, pairs, offset, best in instances(options, report):
        rows = [_ours(pairs, limit)]
        if options.peers:
            rows += side_by_side({"data": pairs.to_data()}, SUITE.peers, limit)
        for row in rows:
            complete = row.get("value") is not None and row["open"] == 0
            cost = offset - row["value"] if complete else None
            row |= {"instance": name, "cost": cost, "best": best}
        report.rows += rows
        report.check(rows[0]["proved"], f"{name}: not proved optimal")
        report.check(best in (None, rows[0]["cost"]), f"{name}: cost {rows[0]['cost']}, not {best}")
        for row in rows[1:]:
            same = not row.get("proved") or row["cost"] == rows[0]["cost"]
            report.check(same, f"{name}: {row['method']} proves cost {row['cost']}, not ours")
    return report


def _ours(pairs: Pairs, limit: float) -> Row:
    frames = pairs.frames()
    begun = time.perf_counter()
    problem = ao.Problem.from_frames(**frames, rules=[ao.CoverAll()], objective=[ao.Value()])
    plan = ao.solve(problem, time_limit=limit).raise_for_status()
    seconds = time.perf_counter() - begun
    value, left = pairs.judge(pairs.chosen_in(plan.assignments))
    proved = plan.status is ao.Status.OPTIMAL
    return {"method": OURS, "value": value, "open": left, "proved": proved, "seconds": seconds}


SUITE = Suite(
    name="lap",
    instances="assign100 of the OR-Library; one random matrix of costs 1..1000",
    measures="cost, seconds",
    published="assign100: 305",
    peers=("scipy lap", "min-cost flow", "cp-sat plain", "highs", "scip", "greedy"),
    columns=(
        Column("instance"),
        Column("method"),
        Column("cost", form=",d"),
        Column("best", form=",d"),
        Column("open"),
        Column("proved"),
        Column("seconds", "max", ".3f"),
    ),
    time_limit=30.0,
    sizes=(str(GENERATED),),
    size_help="rows of the random matrix",
    run=run,
)
