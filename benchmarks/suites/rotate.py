"""rotate: a year of weeks, beside a model with a variable for each rep, role and week."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

import assignopt as ao

from ..measure import in_fresh_process
from ..runner import OURS, Column, Options, Report, Row, Suite, Target

if TYPE_CHECKING:
    import pandas as pd

PLAIN = "cp-sat plain"
COUNTS, PROVED = 1.0, 30.0
"""What is wanted: seconds for the counts alone, and for the whole rotation, all of it proved."""

SKILLS, TYPES = 6, 4
WAYS: dict[str, dict[str, int]] = {
    "counts": {},
    "cooldown": {"cooldown": 4},
    "tenure": {"min_tenure": 2, "max_tenure": 4, "cooldown": 4},
}
"""What is asked, by name; ``counts`` asks for nothing that has to do with order."""


def team(reps: int, roles: int, seed: int = 0) -> ao.Problem:
    """Draw reps with some skills at a level, a fit for each kind of customer, and roles that ask.

    A quarter of the reps is there half of the time, and entitled to half as much.
    """
    random = np.random.default_rng(seed)
    people = [
        ao.Rep(
            f"r{i:02d}",
            skills={
                f"s{k}": int(random.integers(1, 4)) for k in range(SKILLS) if random.random() < 0.5
            },
            fit={f"c{k}": round(float(random.uniform(0.4, 1)), 2) for k in range(TYPES)},
            weight=float(random.choice([1.0, 1.0, 1.0, 0.5])),
        )
        for i in range(reps)
    ]
    work = [
        ao.Task(
            f"t{j:02d}",
            value=float(random.integers(50, 150)),
            requires={f"s{j % SKILLS}": int(random.integers(1, 3))},
            customer_type=f"c{j % TYPES}",
        )
        for j in range(roles)
    ]
    return ao.Problem(people, work)


def ours(size: str, way: str, limit: float) -> dict[str, Any]:
    """Rotate; the result has passed the checker."""
    reps, roles, periods = map(int, size.split("x"))
    problem = team(reps, roles)
    ao.rotate(team(4, 2), 4, max_tenure=2, time_limit=10)  # imports what it needs
    begun = time.perf_counter()
    found = ao.rotate(problem, periods, time_limit=limit, **WAYS[way])
    seconds = time.perf_counter() - begun
    terms = found.terms.set_index("term")
    return {"row": _row(OURS, way, seconds, terms["value"], terms["proved"].tolist())}


def _row(method: str, way: str, seconds: float, values: pd.Series[Any], proved: list[bool]) -> Row:
    coverage, largest, value = values.tolist()
    told = {"coverage": coverage, "largest share": largest, "value": value}
    return {"method": method, "way": way, "seconds": seconds, **told, "proved": sum(proved)}


def plain(size: str, way: str, limit: float) -> dict[str, Any]:
    """Solve a time-indexed model, tier after tier: coverage, the largest share, value.

    Only the first number of leximax, so it has less to do.
    """
    import pandas as pd
    from ortools.sat.python import cp_model

    reps, roles, periods = map(int, size.split("x"))
    problem = team(reps, roles)
    begun = time.perf_counter()
    model, held, share, value = _plain_model(problem, periods, **WAYS[way])
    solver = cp_model.CpSolver()
    values, proved = [np.nan] * 3, [False] * 3
    for at, (gain, sign) in enumerate([(held, 1), (-share, -1), (value, 1)]):
        model.maximize(gain)
        solver.parameters.max_time_in_seconds = max(0.01, begun + limit - time.perf_counter())
        status = solver.solve(model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            break
        values[at], proved[at] = sign * solver.objective_value, status == cp_model.OPTIMAL
        model.add(gain >= round(solver.objective_value))
    scaled = pd.Series(values) / [1.0, 2.0, 100.0]
    return {"row": _row(PLAIN, way, time.perf_counter() - begun, scaled, proved)}


def _plain_model(
    problem: ao.Problem,
    periods: int,
    min_tenure: int = 1,
    max_tenure: int | None = None,
    cooldown: int = 0,
) -> Any:
    """Write ``x[rep, role, week]``, at most one role each and one rep each, and the order."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    reps, tasks = list(problem.reps.values()), list(problem.tasks.values())
    x = {
        (i, j, p): model.new_bool_var("")
        for i, rep in enumerate(reps)
        for j, task in enumerate(tasks)
        for p in range(periods)
        if all(rep.skills.get(name, 0) >= level for name, level in task.requires.items())
    }

    def of(at: int, row: int) -> list[Any]:
        return [x[key] for key in x if key[at] == row]

    by_rep_period: dict[tuple[int, int], list[Any]] = {}
    by_task_period: dict[tuple[int, int], list[Any]] = {}
    for (i, j, p), one in x.items():
        by_rep_period.setdefault((i, p), []).append(one)
        by_task_period.setdefault((j, p), []).append(one)
    for some in [*by_rep_period.values(), *by_task_period.values()]:
        model.add_at_most_one(some)
    for i, j in {(i, j) for i, j, _ in x}:
        _plain_order(model, [x[i, j, p] for p in range(periods)], min_tenure, max_tenure, cooldown)
    share = model.new_int_var(0, 4 * periods, "")
    for i, rep in enumerate(reps):
        model.add(sum(of(0, i)) * round(2 / (rep.weight or 1.0)) <= share)
    worth = {
        (i, j): round(100 * task.value * rep.fit[task.customer_type or ""])
        for i, rep in enumerate(reps)
        for j, task in enumerate(tasks)
    }
    value = cp_model.LinearExpr.weighted_sum(list(x.values()), [worth[i, j] for i, j, _ in x])
    return model, cp_model.LinearExpr.sum(list(x.values())), share, value


def _plain_order(model: Any, row: list[Any], least: int, most: int | None, cooldown: int) -> None:
    """Bound stints and breaks by clauses."""
    for p in range(len(row)):
        before = [row[p - 1]] if p else []
        for later in range(p + 1, min(p + least, len(row))):
            model.add_bool_or([~row[p], *before, row[later]])
        for later in range(p + 2, min(p + 1 + cooldown, len(row))):
            if p + 1 < later:
                model.add_bool_or([~row[p], row[p + 1], ~row[later]])
        if most is not None and p + most < len(row):
            model.add_bool_or([~one for one in row[p : p + most + 1]])


def run(options: Options) -> Report:
    report, limit = Report(), SUITE.limit_of(options)
    for size in options.sizes or SUITE.sizes:
        if size.count("x") != 2:
            report.faults.append(f"size {size!r}: {SUITE.size_help}")
            continue
        for way in WAYS:
            _compare(size, way, limit, options, report)
    report.notes.append(
        "a largest share is in periods per unit of weight; the plain model settles it alone, the "
        "rotation all shares of leximax; values may differ where nobody has proved them"
    )
    return report


def _compare(size: str, way: str, limit: float, options: Options, report: Report) -> None:
    rows = {}
    for method, work in ((OURS, ours), (PLAIN, plain))[: 2 if options.peers else 1]:
        found = in_fresh_process(work, size, way, limit, timeout=2 * limit + 120)
        report.check("error" not in found, f"{size} {way}, {method}: {found.get('error')}")
        if "error" not in found:
            rows[method] = {"instance": size, **found["row"]}
    report.rows += rows.values()
    if OURS not in rows:
        return
    mine = rows[OURS]
    wanted = COUNTS if way == "counts" else PROVED
    name = f"{size} {way}"
    report.targets.append(Target(f"{name}: seconds", mine["seconds"], wanted))
    report.targets.append(Target(f"{name}: tiers proved", mine["proved"], 3, at_least=True))
    peer = rows.get(PLAIN)
    if peer is not None and mine["proved"] == 3 and np.isfinite(peer["coverage"]):
        better = peer["coverage"] > mine["coverage"] + 1e-6
        report.check(not better, f"{name}: the plain model covers more than is called the most")


SUITE = Suite(
    name="rotate",
    instances=(
        f"drawn: {SKILLS} skills, each rep has half of them at level 1 to 3, each role asks for "
        "one at level 1 or 2; a quarter of the reps is entitled to half as much; one role at a time"
    ),
    measures=(
        "seconds, tiers proved of three (coverage, leximax of load per weight, value) and their "
        "values, for counts alone, with a cooldown of 4 weeks, and with stints of 2 to 4 besides"
    ),
    published=(
        f"wanted: counts within {COUNTS:g} s, all three tiers proved within {PROVED:g} s. Becker, "
        "Schiffer and Walther (2022) solve 6,000 cyclic rosters of stints, another problem, in "
        "0.07 s on average"
    ),
    peers=(PLAIN,),
    columns=(
        Column("instance"),
        Column("method"),
        Column("way"),
        Column("seconds", "max", ",.3f"),
        Column("proved", "min"),
        Column("coverage"),
        Column("largest share"),
        Column("value", form=",.2f"),
    ),
    time_limit=30.0,
    sizes=("60x12x52",),
    size_help="reps x roles x periods",
    run=run,
)
