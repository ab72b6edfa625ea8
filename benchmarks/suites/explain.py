"""explain: what answers about a plan take, beside one solve of the same problem in the same run."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import assignopt as ao

from ..measure import in_fresh_process
from ..runner import OURS, Column, Options, Report, Row, Suite, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from assignopt.explaining.standing import Standing

PRICES, WHY_NOT, RECOMMEND, CERTIFICATE, CONFLICT = 3.0, 1.0, 5.0, 1.0, 20.0
"""What is wanted: solves, milliseconds, milliseconds, solves, solves."""

PAIRS, SETTLED, SECONDS = 10, 9, 10.0
"""Pairs of unequal efforts that are asked about, how many to settle, seconds for each."""

QUESTIONS, CHECKED, REPEATS = 200, 5, 5
"""Questions whose median counts, those that are checked by a solve, repeats of longer work."""

CROWDED = 1 / 0.9
"""Effort over capacity where a tenth of the capacity is missing."""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Give the seconds that some work takes, and its result."""
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def _median(work: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, Any]:
    """Give the median of the seconds of some repeats, and the last result."""
    seconds, results = zip(*(timed(work) for _ in range(repeats)), strict=True)
    return median(seconds), results[-1]


def _row(what: str, seconds: float, solve: float, **more: Any) -> Row:
    return {"what": what, "ms": 1e3 * seconds, "solve_s": solve, "ratio": seconds / solve, **more}


def _others(standing: Standing, seed: int = 0) -> list[tuple[str, str]]:
    """List the eligible pairs that are not in a plan, in random order."""
    arrays = standing.arrays
    free = np.flatnonzero(standing.holders[arrays.pair_seat] != arrays.pair_rep)
    order = np.random.default_rng(seed).permutation(free).tolist()
    reps = standing.problem.rep_columns.id
    return [
        (standing.named(int(arrays.pair_seat[pair]))[0], str(reps[arrays.pair_rep[pair]]))
        for pair in order
    ]


# -- all prices of equal efforts ---------------------------------------------------------------


def prices(size: str) -> dict[str, Any]:
    """Price every pair of a plan, then ask about some of them one by one."""
    from assignopt.explaining.standing import Standing, standing_of

    problem = ao.datasets.equal_efforts(*map(int, size.split("x")))
    _warm_up()
    solve, plan = _median(lambda: ao.solve(problem, time_limit=60))

    def all_prices() -> bool:
        residual = Standing(plan).residual
        return residual is not None and bool(len(residual.prices().T))

    every, known = _median(all_prices)
    first, _ = timed(lambda: ao.why_not(plan, *_others(standing_of(plan))[0]))
    residual = standing_of(plan).residual
    assert residual is not None
    residual.prices()
    asked = _others(standing_of(plan), seed=1)[:QUESTIONS]
    answers = [timed(lambda pair=pair: ao.why_not(plan, *pair)) for pair in asked]
    return {
        "known": known,
        "proved": all(answer.proved for _, answer in answers),
        "rows": [
            _row("all why_not prices", every, solve),
            _row("first why_not", first, solve),
            _row("one why_not after that", median(s for s, _ in answers), solve),
        ],
    }


def _warm_up() -> None:
    """Import what the work needs."""
    plan = ao.solve(ao.datasets.equal_efforts(5, 20, 3), time_limit=10)
    ao.why_not(plan, "t00", "r0")
    ao.solve(ao.datasets.unequal_efforts(4, 16), time_limit=5)


def _compare_prices(name: str, size: str, options: Options, report: Report) -> None:
    found = _taken(name, in_fresh_process(prices, size, timeout=900), report)
    if not found:
        return
    report.check(found["known"], f"{name}: no prices of moves")
    report.check(found["proved"], f"{name}: an answer is not proved")
    every, _, one = found["rows"]
    report.targets.append(Target(f"{name}: all prices, in solves", every["ratio"], PRICES))
    report.targets.append(Target(f"{name}: one why_not after that, ms", one["ms"], WHY_NOT))


# -- a new task --------------------------------------------------------------------------------


def recommendations(size: str, listed: bool, limit: float) -> dict[str, Any]:
    """Ask who could take a task that has just come, and check some answers by a solve."""
    reps, tasks, eligible = map(int, size.split("x"))
    make = ao.datasets.equal_efforts if listed else ao.datasets.unequal_efforts
    problem = make(reps, tasks, eligible)
    solve, plan = timed(lambda: ao.solve(problem, time_limit=limit))
    rng = np.random.default_rng(1)
    asked = [_new(problem, rng, f"new{i}", eligible, listed) for i in range(QUESTIONS + 1)]
    first, *rest = [
        (
            *timed(lambda task=task, pairs=pairs: ao.recommend(plan, task=task, pairs=pairs)),
            task,
            pairs,
        )
        for task, pairs in asked
    ]
    wrong = [told for _, *one in rest[:CHECKED] if (told := _differs(plan, *one)) is not None]
    kind = "with" if listed else "without"
    return {
        "wrong": wrong,
        "rows": [
            _row(f"first recommend, {kind} a pairs table", first[0], solve),
            _row(f"recommend, {kind} a pairs table", median(s for s, *_ in rest), solve),
        ],
    }


def _new(
    problem: ao.Problem, rng: np.random.Generator, name: str, eligible: int, listed: bool
) -> tuple[ao.Task, pd.DataFrame | None]:
    """Draw a task as the others were drawn."""
    if listed:
        who = rng.choice(problem.rep_columns.id, eligible, replace=False)
        value = rng.integers(1, 101, eligible).astype(float)
        return ao.Task(name), pd.DataFrame({"rep_id": who, "task_id": name, "value": value})
    like = problem.tasks[str(rng.choice(problem.task_columns.id))]
    fields = {"effort": like.effort, "value": like.value, "requires": like.requires}
    return ao.Task(name, customer_type=like.customer_type, **fields), None


def _differs(
    plan: ao.Plan, rows: pd.DataFrame, task: ao.Task, pairs: pd.DataFrame | None
) -> str | None:
    """Compare the best row with a solve in which everybody keeps what they have."""
    held, problem = plan.assignments, plan.problem
    kept = held[["rep_id", "task_id"] if pairs is None else ["rep_id", "task_id", "value"]]
    if pairs is None:
        pairs = pd.DataFrame({"rep_id": problem.rep_columns.id, "task_id": task.id})
    frozen = problem.with_tasks([task]).replace(
        pairs=pd.concat([kept, pairs], ignore_index=True),
        rules=[ao.CoverAll({"id": held["task_id"].tolist()})],
    )
    best = ao.solve(frozen, time_limit=60)
    if best.status is not ao.Status.OPTIMAL:
        return f"{task.id}: the solve with everybody else frozen is {best.status}"
    change = best.terms["value"].to_numpy() - plan.terms["value"].to_numpy()
    if rows.empty:
        return None if len(best.unassigned) == len(plan.unassigned) + 1 else f"{task.id}: no row"
    told = rows[plan.terms["term"].tolist()].iloc[0].to_numpy(float)
    same = np.abs(change - told) <= 1e-6 * np.maximum(1.0, np.abs(plan.terms["value"]))
    return None if bool(same.all()) else f"{task.id}: {told.tolist()}, solved {change.tolist()}"


def _compare_recommend(name: str, size: str, options: Options, report: Report) -> None:
    for listed in (True, False):
        limit = SUITE.limit_of(options)
        told = in_fresh_process(recommendations, size, listed, limit, timeout=limit + 600)
        found = _taken(name, told, report)
        if not found:
            continue
        report.faults += [f"{name}: {one}" for one in found["wrong"]]
        row = found["rows"][1]
        report.targets.append(Target(f"{name}: {row['what']}, ms", row["ms"], RECOMMEND))
    report.notes.append(
        f"{name}: {CHECKED} answers of each kind compared, tier by tier, with a solve in which "
        "everybody keeps what they have; without a pairs table efforts are unequal, and the solve "
        "is one that ends at the time limit if nothing is proved before"
    )


# -- no plan at all ----------------------------------------------------------------------------


def diagnosis(size: str, limit: float) -> dict[str, Any]:
    """Prove that a team with a tenth too little capacity cannot do everything, and why."""
    from assignopt.diagnosing.conflicts import find_conflict
    from assignopt.diagnosing.probing import Prober

    reps, tasks = map(int, size.split("x"))
    rules = [ao.CoverAll(id="all")]
    problem = ao.datasets.unequal_efforts(reps, tasks, crowded=CROWDED).replace(rules=rules)
    twin = ao.datasets.unequal_efforts(reps, tasks).replace(objective=[ao.Coverage()])
    small = ao.datasets.unequal_efforts(4, 16, crowded=CROWDED)
    ao.diagnose(small.replace(rules=rules), time_limit=10)  # imports what it needs

    def prober() -> Prober:
        return Prober(time.perf_counter() + 10 * limit)

    solve, plan = _median(lambda: ao.solve(problem, time_limit=limit))
    covered, _ = _median(lambda: ao.solve(twin, time_limit=limit))
    proving, certificate = _median(lambda: prober().certificate(problem))
    bare = problem.replace(objective=())
    shrinking, conflict = timed(lambda: find_conflict(bare, prober(), certificate))
    whole, found = timed(lambda: ao.diagnose(problem, time_limit=2 * limit))
    return {
        "status": str(plan.status),
        "checks": certificate is not None and certificate.check(problem),
        "minimal": conflict.minimal and found.feasible is False,
        "limits": [str(one) for one in conflict.limits],
        "coverage_s": covered,
        "rows": [
            _row("Hall certificate", proving, solve),
            _row("minimal conflict", shrinking, solve),
            _row(f"diagnose, repairs too, at most {2 * limit:g} s", whole, solve),
        ],
    }


def _compare_diagnose(name: str, size: str, options: Options, report: Report) -> None:
    limit = SUITE.limit_of(options)
    found = _taken(name, in_fresh_process(diagnosis, size, limit, timeout=20 * limit), report)
    if not found:
        return
    report.check(found["status"] == "INFEASIBLE", f"{name}: solved as {found['status']}")
    report.check(found["checks"], f"{name}: no certificate, or it does not check")
    report.check(found["minimal"], f"{name}: the conflict is not proved minimal")
    proof, conflict, _ = found["rows"]
    report.targets.append(Target(f"{name}: certificate, in solves", proof["ratio"], CERTIFICATE))
    report.targets.append(Target(f"{name}: conflict, in solves", conflict["ratio"], CONFLICT))
    in_coverage = proof["ms"] / 1e3 / found["coverage_s"]
    report.notes.append(
        f"{name}: the solve is that of the same problem, which ends with INFEASIBLE. Beside a "
        f"solve for coverage alone with enough capacity ({1e3 * found['coverage_s']:.0f} ms), the "
        f"certificate takes {in_coverage:.2g} times as long"
    )
    report.notes.append(f"{name}: conflict {'; '.join(found['limits'])}")


# -- unequal efforts ---------------------------------------------------------------------------


def forced(size: str, limit: float, seconds: float) -> dict[str, Any]:
    """Ask about pairs of unequal efforts: at once, and with time to solve again."""
    from assignopt.explaining.standing import standing_of

    reps, tasks = map(int, size.split("x"))
    problem = ao.datasets.unequal_efforts(reps, tasks)
    _warm_up()
    solve, plan = timed(lambda: ao.solve(problem, time_limit=limit))
    pairs = _others(standing_of(plan))
    first, _ = timed(lambda: ao.why_not(plan, *pairs[0], time_limit=0))
    instant = [
        timed(lambda pair=pair: ao.why_not(plan, *pair, time_limit=0))
        for pair in pairs[1 : QUESTIONS + 1]
    ]
    exact = [
        timed(lambda pair=pair: ao.why_not(plan, *pair, time_limit=seconds))
        for pair in pairs[:PAIRS]
    ]
    settled = sum(answer.proved for _, answer in exact)
    bounded = sum(
        answer.delta is not None and any(np.isfinite(list(answer.delta.bound.values())))
        for _, answer in instant
    )
    return {
        "settled": settled,
        "asked": len(exact),
        "decided": sum(str(answer.reason) != "undecided" for _, answer in exact),
        "tiers": [_tiers(answer) for _, answer in exact],
        "plan": str(plan.status),
        "bounded": bounded / max(len(instant), 1),
        "rows": [
            _row("first instant bound", first, solve),
            _row("instant bound after that", median(s for s, _ in instant), solve),
            _row(f"exact, at most {seconds:g} s", median(s for s, _ in exact), solve),
        ],
    }


def _tiers(answer: ao.WhyNot) -> int:
    """Count the tiers, from the first on, whose change meets its own bound."""
    if answer.delta is None:
        return 0
    met = [
        abs(by - answer.delta.bound.get(name, np.inf)) < 1e-9 for name, by in answer.delta.items()
    ]
    return met.index(False) if False in met else len(met)


def _compare_forced(name: str, size: str, options: Options, report: Report) -> None:
    limit = SUITE.limit_of(options)
    seconds = min(SECONDS, limit)
    told = in_fresh_process(forced, size, limit, seconds, timeout=limit + 20 * seconds + 300)
    found = _taken(name, told, report)
    if not found:
        return
    report.targets.append(
        Target(
            f"{name}: of {found['asked']} pairs settled exactly in {seconds:g} s",
            found["settled"],
            min(SETTLED, found["asked"]),
            at_least=True,
        )
    )
    report.notes.append(
        f"{name}: the plan is {found['plan']} after {limit:g} s; an instant bound is finite in "
        f"some tier for {found['bounded']:.0%} of the pairs; {found['decided']} answers of "
        f"{found['asked']} are final in words (worse, a tie, better, a conflict); tiers whose "
        f"change meets its bound, for each pair: {found['tiers']}"
    )


# -- the suite ---------------------------------------------------------------------------------


def _taken(name: str, found: dict[str, Any], report: Report) -> dict[str, Any]:
    """Take over the rows of a process; nothing, and a fault, where it failed."""
    report.check("error" not in found, f"{name}: {found.get('error')}")
    if "error" in found:
        return {}
    report.rows += [{"instance": name, "method": OURS, **row} for row in found["rows"]]
    return found


_KINDS = {
    "prices": (3, _compare_prices),
    "recommend": (3, _compare_recommend),
    "diagnose": (2, _compare_diagnose),
    "unequal": (2, _compare_forced),
}


def run(options: Options) -> Report:
    report = Report()
    for name in options.sizes or SUITE.sizes:
        kind, _, size = name.partition(":")
        numbers, compare = _KINDS.get(kind, (0, None))
        if compare is None or size.count("x") != numbers - 1:
            report.faults.append(f"size {name!r}: {SUITE.size_help}")
        else:
            compare(name, size, options, report)
    return report


SUITE = Suite(
    name="explain",
    instances=(
        "datasets.equal_efforts and datasets.unequal_efforts; diagnose: unequal efforts, "
        "everything to be covered, a tenth of the capacity missing"
    ),
    measures=(
        "milliseconds of an answer, and its ratio to one solve of the same problem in the same "
        f"run. Medians: of {QUESTIONS} questions, of {PAIRS} exact ones, of {REPEATS} repeats of a "
        "solve, of all prices and of a certificate. Answers are compared with solves where that "
        "is affordable"
    ),
    published=(
        f"wanted: all prices in less than {PRICES:g} solves, one why_not after that below "
        f"{WHY_NOT:g} ms; recommend for a new task below {RECOMMEND:g} ms; a certificate in less "
        f"than one solve, a conflict in less than {CONFLICT:g}; of {PAIRS} pairs of unequal effort "
        f"{SETTLED} settled within {SECONDS:g} s"
    ),
    peers=(),
    columns=(
        Column("instance"),
        Column("what"),
        Column("ms", form=",.3f"),
        Column("solve_s", form=",.3f"),
        Column("ratio", form=",.4f"),
    ),
    time_limit=30.0,
    sizes=("prices:100x1000x20", "recommend:200x10000x20", "diagnose:100x5000", "unequal:50x1000"),
    size_help=(
        "prices: or recommend: and reps x tasks x eligible reps for each task (or for each skill), "
        "diagnose: or unequal: and reps x tasks"
    ),
    run=run,
)
