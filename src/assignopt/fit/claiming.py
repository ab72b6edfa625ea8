"""A plan and outcomes that its estimate has not seen in, a :class:`Claim` out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import Faults
from ..holdings import read_assignments
from ..plan import Plan, frame_of
from ..problem import Problem
from ..solving import solve
from .claims import CONTROL, UPLIFTS, VALUES, Claim
from .estimates import FitEstimate
from .history import Log, check_options, is_whole, read_log
from .holding import Z
from .learning import learn_tables

if TYPE_CHECKING:
    from ..columns import Bools, Floats, Ints
    from ..holdings import Holdings

SHUFFLES = 20
UNSEEN = ("unknown_task", "unknown_rep", "unknown_role")


def claimed(
    plan: Any,
    estimate: FitEstimate,
    heldout: pd.DataFrame,
    *,
    shuffles: int = SHUFFLES,
    time_limit: float = 30.0,
    said: str = "as given",
) -> Claim:
    """Hold what a plan claims by an estimate against outcomes that the estimate has not seen.

    Who picks the largest of many uncertain numbers is disappointed, even where each is unbiased.
    So the sum of the estimates of a plan that maximised it says nothing by itself. Here it is
    beside the value by held-out rows: every task counts the success rate of those held-out rows
    that have its rep and its type (no model is in that), and where there are none what is learned
    from the held-out rows alone. And beside three assignments of the same tasks, and the claims of
    plans that were made the same way from outcomes shuffled within types.

    ``actual`` has the tasks with their ``owner`` where all tasks have one that is in the problem,
    else with the reps that have each type among the held-out rows. ``round robin`` deals them out
    in the order of the problem, ``random`` by chance; both give every rep as many tasks as the
    plan does, whoever is eligible.

    Parameters
    ----------
    plan
        A Plan, an Audit, or (problem, assignments): any assignment at all of tasks with customer
        types. Owners count, other roles do not.
    estimate
        What it was made with, or is to be valued by.
    heldout
        Finished tasks with the columns of the history (``estimate.names``), none of which the
        estimate was learned from. Rows that were are refused where they can be told. By an id: a
        column of texts or whole numbers, of no other use, that tells all rows of the history apart;
        a row that equals a learned one in all cells is that one. By ``time``: of the rows at times
        that were learned from, many more agree with a learned row of that time in rep, type and
        outcome than learned rows agree with each other. By the index: all rows with an index that
        was learned from have the rep, type and outcome of that row. The last two ask that chance
        does as much once in a million; so a few rows, and without id and time rows with another
        index or none of their own, go unnoticed.
    shuffles
        How many times the outcomes are shuffled, and the problem is solved anew; 0 for none.
    time_limit
        Seconds for each of these solves.
    said
        How the held-out rows were told apart, for print.

    Returns
    -------
    Claim
        ``.values``, ``.uplifts``, ``.control``.

    Raises
    ------
    pydantic.ValidationError
        With every fault: a plan without tasks held, tasks without customer type, bad held-out rows,
        or rows that the estimate was learned from.
    NoSolutionError
        When the plan is of a run that has none.

    References
    ----------
    J. E. Smith and R. L. Winkler (2006), "The optimizer's curse: skepticism and postdecision
    surprise in decision analysis", Management Science 52(3), 311-322.

    Examples
    --------
    >>> import pandas as pd, assignopt as ao
    >>> wins = {("ana", "smb"): 8, ("ana", "corp"): 2, ("bo", "smb"): 2, ("bo", "corp"): 8}
    >>> log = pd.DataFrame(
    ...     [(*cell, int(n < won)) for cell, won in wins.items() for n in range(10)],
    ...     columns=["who", "segment", "won"],
    ... )
    >>> first, later = log[log.index % 2 == 0], log[log.index % 2 == 1]
    >>> estimate = ao.fit.from_history(first, rep="who", type="segment", outcome="won")
    >>> tasks = [ao.Task(f"t{n}", customer_type="smb" if n < 5 else "corp") for n in range(10)]
    >>> team = ao.Problem([ao.Rep("ana", max_tasks=5), ao.Rep("bo", max_tasks=5)], tasks)
    >>> plan = ao.solve(estimate.apply(team.replace(objective=[ao.Coverage(), ao.Value()])))
    >>> found = ao.fit.claimed(plan, estimate, later, shuffles=3)
    >>> found.values["heldout"].round(2).tolist()
    [0.8, 0.5, 0.56, 0.5]
    """
    faults = Faults("fit.claimed")
    fine = {"shuffles": (shuffles, is_whole(shuffles, 0), "a whole number from 0 on")}
    check_options(faults, fine)
    if not isinstance(estimate, FitEstimate):
        message = f"a {type(estimate).__name__} is no estimate. Give what from_history gave"
        faults.add(("estimate",), message)
        faults.raise_if_any()
    held = _read_plan(plan, faults)
    names = estimate.names._replace(time=None, value=None, propensity=None, batch=None)
    log = read_log(heldout, names, faults, table="heldout")
    if estimate.seen is not None:
        estimate.seen.refuse(heldout, estimate.names, faults)
    faults.raise_if_any()
    shown = plan if isinstance(plan, Plan) else None
    return claim_of(held, shown, estimate, log, shuffles, time_limit, said)


def _read_plan(given: Any, faults: Faults) -> Holdings:
    if isinstance(given, Plan):
        given = given.problem, given.assignments
    elif hasattr(given, "holdings"):
        given = given.holdings.problem, given.holdings
    if not (isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], Problem)):
        message = "is no plan; allowed is a Plan, an Audit or (problem, assignments)"
        faults.add(("plan",), f"a {type(given).__name__} {message}. Give one of them")
        faults.raise_if_any()
    held, unread = read_assignments(*given)
    for row in unread:
        faults.add(("plan", str(row["task_id"])), f"{row['message']}. Use its ids", row["rep_id"])
    kinds = held.problem.task_columns.customer_type.texts()
    owned = held.task[held.is_owner]
    if not len(owned):
        faults.add(("plan",), "holds no task; allowed is one or more (0/1)")
    for row in [row for row in owned.tolist() if kinds[row] is None]:
        name = str(held.problem.task_columns.id[row])
        faults.add(("plan", name), "has no customer type; the estimate is by type. Fill it in")
    return held


@dataclass(frozen=True, eq=False)
class _Tasks:
    """The tasks held, (N,) each, on the reps and types of problem and held-out rows together."""

    reps: pd.Index[Any]
    types: pd.Index[Any]
    rep: Ints
    type: Ints
    value: Floats
    owner: Ints

    def cells(self, rep: Ints) -> Floats:
        """(R, J) share of the value that each cell has."""
        out = np.zeros((len(self.reps), len(self.types)))
        np.add.at(out, (rep, self.type), self.value)
        return np.asarray(out / self.value.sum(), np.float64)


def _tasks(held: Holdings, log: Log) -> _Tasks:
    problem = held.problem
    mine = held.is_owner
    task, rep = held.task[mine], held.rep[mine]
    columns = problem.task_columns
    reps = problem.rep_columns.index.append(pd.Index(log.reps, dtype=object)).unique()
    kinds = columns.customer_type.texts()[task]
    types = pd.Index(kinds, dtype=object).append(pd.Index(log.types, dtype=object)).unique()
    value = columns.value[task]
    value = value if value.sum() > 0 else np.ones(len(task))
    owner = reps.get_indexer(pd.Index(columns.owner.texts()[task], dtype=object))
    return _Tasks(reps, types, rep, types.get_indexer(pd.Index(kinds, dtype=object)), value, owner)


def _others(tasks: _Tasks, trials: Floats) -> dict[str, Floats]:
    """Give the cells of the plan and of the assignments beside it."""
    plan = tasks.cells(tasks.rep)
    of_type, of_rep = plan.sum(axis=0), np.bincount(tasks.rep, minlength=len(tasks.reps))
    if (tasks.owner >= 0).all():
        actual = tasks.cells(tasks.owner)
    else:
        total = trials.sum(axis=0)
        even = trials.sum(axis=1, keepdims=True) / trials.sum()
        actual = of_type * np.where(total > 0, trials / np.maximum(total, 1), even)
    random = of_type * (of_rep / of_rep.sum())[:, None]
    turns = tasks.cells(_dealt(of_rep))
    return {"plan": plan, "actual": actual, "round robin": turns, "random": random}


def _dealt(counts: Ints) -> Ints:
    """(N,) whose turn it is, round after round, each rep until it has its number of tasks.

    Examples
    --------
    >>> _dealt(np.array([2, 1, 0, 1])).tolist()
    [0, 1, 3, 0]
    """
    rep = np.repeat(np.arange(len(counts)), counts)
    turn = np.arange(len(rep)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(rep[np.lexsort((rep, turn))], np.int64)


def claim_of(
    held: Holdings,
    plan: Plan | None,
    estimate: FitEstimate,
    log: Log,
    shuffles: int,
    time_limit: float,
    said: str,
) -> Claim:
    """Value the plan and the others by the estimate and by the held-out rows."""
    tasks = _tasks(held, log)
    trials, successes = (_spread(tasks, log, table) for table in log.tables())
    cells = _others(tasks, trials)
    judge = _Judge(trials, successes, estimate.method)
    row, kind = (one.ravel() for one in np.indices(trials.shape))
    named = tasks.reps.to_numpy()[row], tasks.types.to_numpy()[kind]
    promised, sd = (
        estimate.lookup(*named, column).reshape(trials.shape) for column in ("estimate", "sd")
    )
    control = [
        (seed, _shuffled_claim(held.problem, estimate.control(seed, tests=False), log, time_limit))
        for seed in range(estimate.seed + 1, estimate.seed + 1 + shuffles)
    ]
    return Claim(
        values=_values(cells, promised, judge, trials > 0),
        uplifts=_uplifts(cells, promised, sd, judge),
        control=frame_of(control, CONTROL),
        tasks=len(tasks.rep),
        heldout_rows=len(log),
        said=said,
        plan=plan,
    )


def _values(cells: dict[str, Floats], promised: Floats, judge: _Judge, seen: Bools) -> pd.DataFrame:
    rows = []
    for name, share in cells.items():
        mean, error = judge(share)
        told, ends = float((share * promised).sum()), (mean - Z * error, mean + Z * error)
        rows.append((name, told, mean, *ends, float(share[seen].sum())))
    return frame_of(rows, VALUES)


def _uplifts(cells: dict[str, Floats], promised: Floats, sd: Floats, judge: _Judge) -> pd.DataFrame:
    rows = []
    for name in list(cells)[1:]:
        more = cells["plan"] - cells[name]
        mean, error = judge(more)
        told, own = float((more * promised).sum()), float(np.sqrt((more**2 * sd**2).sum()))
        rows.append((name, told, own, mean, error, mean - Z * error, mean + Z * error, told - mean))
    return frame_of(rows, UPLIFTS)


def _spread(tasks: _Tasks, log: Log, table: Floats) -> Floats:
    """Put a table of the log on the reps and types of the tasks."""
    out = np.zeros((len(tasks.reps), len(tasks.types)))
    row = tasks.reps.get_indexer(pd.Index(log.reps, dtype=object))
    kind = tasks.types.get_indexer(pd.Index(log.types, dtype=object))
    out[np.ix_(row, kind)] = table
    return out


class _Judge:
    """Values shares of cells by held-out rows, with the standard error."""

    def __init__(self, trials: Floats, successes: Floats, method: str) -> None:
        learned = learn_tables(trials, successes, method)  # type: ignore[arg-type]
        smooth, variance = learned.mean[:-1, :-1], learned.variance[:-1, :-1]
        seen = trials > 0
        count = np.maximum(trials, 1)
        self.mean = np.where(seen, successes / count, smooth)
        self.variance = np.where(seen, smooth * (1 - smooth) / count, variance)

    def __call__(self, share: Floats) -> tuple[float, float]:
        error = float(np.sqrt((share**2 * self.variance).sum()))
        return float((share * self.mean).sum()), error


def _shuffled_claim(problem: Problem, estimate: FitEstimate, log: Log, time_limit: float) -> float:
    """Make the plan from shuffled outcomes, and give its claim against the actual assignment."""
    plan = solve(estimate.apply(problem), time_limit=time_limit, seed=0)
    plan.raise_for_status()
    held, _ = read_assignments(plan.problem, plan.assignments)
    tasks = _tasks(held, log)
    cells = _others(tasks, _spread(tasks, log, log.tables()[0]))
    row, kind = (one.ravel() for one in np.indices(cells["plan"].shape))
    named = tasks.reps.to_numpy()[row], tasks.types.to_numpy()[kind]
    promised = estimate.lookup(*named).reshape(cells["plan"].shape)
    return float(((cells["plan"] - cells["actual"]) * promised).sum())
