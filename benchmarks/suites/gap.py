"""gap: generalised assignment, every task assigned, at least cost within capacities."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

import assignopt as ao

from .. import data
from ..instances import Pairs, generate
from ..peers import side_by_side
from ..runner import OURS, Column, Options, Report, Row, Suite

if TYPE_CHECKING:
    from pathlib import Path


class Instance(NamedTuple):
    """Pairs by value, and how a value is told as the instance's own number."""

    name: str
    sense: str
    pairs: Pairs
    offset: int
    best: int | None

    def told(self, value: float) -> float:
        return value if self.sense == "max" else self.offset - value


def instances(options: Options, report: Report) -> list[Instance]:
    """Read all, those named, or the first so many; generate where there is no data."""
    folder = data.folder("gap")
    if folder is None:
        report.notes.append(data.missing("gap"))
        sizes = [size for size in options.sizes if "x" in size] or ["60x6x6", "100x10x10"]
        made = [(size, generate(size, efforts=True)) for size in sizes]
        return [Instance(size, "max", pairs, 0, None) for size, pairs in made]
    rows = data.table(folder / "values.csv")
    if options.sizes and options.sizes[0].isdigit():
        rows = rows[: int(options.sizes[0])]
    elif options.sizes:
        rows = [row for row in rows if row["instance"] in options.sizes]
    return [_read(folder, row) for row in rows]


def _read(folder: Path, row: dict[str, str]) -> Instance:
    maximise = row["sense"] == "max"
    pairs, offset = data.read_gap(folder / f"{row['instance']}.txt", maximise=maximise)
    return Instance(row["instance"], row["sense"], pairs, offset, int(row["best_known"]))


def run(options: Options) -> Report:
    report = Report()
    limit = SUITE.limit_of(options)
    for one in instances(options, report):
        rows = [_ours(one.pairs, limit)]
        if options.peers:
            rows += side_by_side({"data": one.pairs.to_data()}, SUITE.peers, limit)
        for row in rows:
            _finish(one, row, report)
        report.rows += rows
    mine = [row for row in report.rows if row["method"] == OURS]
    proved = sum(row["proved"] for row in mine)
    best = sum(row["cost"] is not None and row["cost"] == row["best"] for row in mine)
    report.notes.append(f"{OURS}: {len(mine)} instances, {proved} proved, {best} at the best known")
    return report


def _ours(pairs: Pairs, limit: float) -> Row:
    frames = pairs.frames()
    begun = time.perf_counter()
    problem = ao.Problem.from_frames(**frames, rules=[ao.CoverAll()], objective=[ao.Value()])
    plan = ao.solve(problem, time_limit=limit)
    row: Row = {"method": OURS, "seconds": time.perf_counter() - begun}
    row |= {"value": None, "open": None, "bound": None, "proved": False}
    if plan.status in (ao.Status.OPTIMAL, ao.Status.FEASIBLE):
        value, left = pairs.judge(pairs.chosen_in(plan.assignments))
        bound, proved = float(plan.terms["bound"].iloc[-1]), plan.status is ao.Status.OPTIMAL
        row |= {"value": value, "open": left, "bound": bound, "proved": proved}
    return row


def _finish(one: Instance, row: Row, report: Report) -> None:
    """Tell cost, bound and gaps in the instance's own sense, and check them."""
    row |= {"instance": one.name, "sense": one.sense, "best": one.best, "cost": None}
    if row.get("error"):
        report.notes.append(f"{one.name}, {row['method']}: {row['error']}")
    if row.get("bound") is not None:
        row["bound"] = one.told(math.floor(row["bound"] + 1e-6))
    if row.get("value") is None or row["open"]:
        return
    row["cost"] = one.told(row["value"])
    if row.get("bound") is not None:
        row["own_gap"] = abs(row["cost"] - row["bound"]) / max(abs(row["cost"]), 1)
    if one.best is None:
        return
    worse = (row["cost"] - one.best) * (1 if one.sense == "min" else -1)
    row["gap"] = worse / one.best
    wrong = []
    if worse < 0:
        wrong.append(f"{row['cost']} beats the proved optimum {one.best}")
    if row["proved"] and worse:
        wrong.append(f"{row['cost']} called optimal; {one.best} is")
    if row.get("bound") is not None:
        beyond = (row["bound"] - one.best) * (1 if one.sense == "min" else -1)
        if beyond > 0:
            wrong.append(f"bound {row['bound']} beyond the optimum {one.best}")
    told = report.faults if row["method"] == OURS else report.notes
    told += [f"{one.name} ({one.sense}), {row['method']}: {words}" for words in wrong]


SUITE = Suite(
    name="gap",
    instances=(
        "OR-Library and Yagiura, types A, B, C, E and gap1-gap6, these both as min and as max "
        "(other optima); a cost c is the value 1 + the task's highest cost - c"
    ),
    measures="cost and own bound at the time limit; relative gaps to the best known and to it",
    published="best known values, all proved, in values.csv",
    peers=("cp-sat plain", "highs", "scip", "scipy milp", "greedy"),
    columns=(
        Column("instance"),
        Column("sense"),
        Column("method"),
        Column("cost", form=",.0f"),
        Column("bound", form=",.0f"),
        Column("best", form=",d"),
        Column("gap", "max", ".3%"),
        Column("own_gap", "max", ".3%"),
        Column("proved"),
        Column("open"),
        Column("seconds", "max", ".2f"),
    ),
    time_limit=10.0,
    sizes=(),
    size_help="names of instances (a05100), or how many of them",
    run=run,
)
