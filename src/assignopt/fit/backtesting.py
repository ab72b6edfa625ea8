"""A log of finished tasks in; what assigning its later part by its first would have been worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import Faults
from ..holdings import read_assignments
from ..objectives import Coverage, Value
from ..problem import Problem
from ..solving import solve
from .claiming import SHUFFLES, claim_of
from .differing import not_asked
from .history import Names, check_options, is_share, is_whole, read_log
from .learning import check_method, learn_cells

if TYPE_CHECKING:
    from .claims import Claim
    from .history import Log
    from .learning import Method


def backtest(
    frame: pd.DataFrame,
    *,
    rep: str,
    type: str,  # noqa: A002
    outcome: str,
    time: str | None = None,
    value: str | None = None,
    method: Method = "crossed",
    part: float = 0.7,
    shuffles: int = SHUFFLES,
    seed: int = 0,
    time_limit: float = 30.0,
) -> Claim:
    """Learn from the first part of a log, assign the rest at best, and see what came of it.

    Every rep has as many of the later tasks as it really had; under these loads the plan with the
    highest sum of estimates is solved for. What it claims is shown beside the outcomes of the later
    tasks, as in :func:`claimed`. This measures the whole way from a log to a plan: it is to be
    looked at before a fit from history is used.

    Parameters
    ----------
    frame, rep, type, outcome, time, method, part, seed
        As in :func:`from_history`.
    value
        The column of what a success is worth; 1 each without it. Tasks are weighted by it.
    shuffles
        How many times the outcomes of the first part are shuffled within types, learned from and
        solved for anew.
    time_limit
        Seconds for each solve.

    Returns
    -------
    Claim

    Raises
    ------
    pydantic.ValidationError
        With every fault; also when there is nothing to learn from, or nothing held out.

    Examples
    --------
    >>> import pandas as pd, assignopt as ao
    >>> wins = {("ana", "smb"): 40, ("ana", "corp"): 10, ("bo", "smb"): 10, ("bo", "corp"): 40}
    >>> log = pd.DataFrame(
    ...     [(*cell, n, int(n % 5 < won / 10)) for n in range(50) for cell, won in wins.items()],
    ...     columns=["who", "segment", "day", "won"],
    ... )
    >>> columns = {"rep": "who", "type": "segment", "outcome": "won", "time": "day"}
    >>> found = ao.fit.backtest(log, **columns, shuffles=3)
    >>> found.values[["assignment", "heldout"]].round(2).to_numpy().tolist()
    [['plan', 0.8], ['actual', 0.5], ['round robin', 0.8], ['random', 0.5]]
    """
    faults = Faults("fit.backtest")
    check_method(faults, method, seed)
    options = {
        "part": (part, is_share(part), "a number between 0 and 1"),
        "shuffles": (shuffles, is_whole(shuffles, 0), "a whole number from 0 on"),
    }
    check_options(faults, options)
    names = Names(rep, type, outcome, time, value)
    log = read_log(frame, names, faults)
    first, rest, said = log.split(part, seed)
    if not len(first) or not len(rest):
        counts = f"({len(first)} and {len(rest)} of {len(log)} rows)"
        message = f"one part is empty {counts}. Give more rows, or another part"
        faults.add(("part",), message, part)
    faults.raise_if_any()
    trials, successes = first.tables()
    estimate = learn_cells(first, trials, successes, method, int(seed), not_asked(), None, names)
    plan = solve(estimate.apply(later_problem(rest)), time_limit=time_limit, seed=int(seed))
    plan.raise_for_status()
    held, _ = read_assignments(plan.problem, plan.assignments)
    return claim_of(held, plan, estimate, rest, shuffles, time_limit, said)


def later_problem(rest: Log) -> Problem:
    """Make the problem of assigning these tasks under the reps' own loads."""
    loads = np.bincount(rest.rep, minlength=len(rest.reps))
    reps: Any = pd.DataFrame({"id": rest.reps, "max_tasks": loads})
    width = len(str(len(rest)))
    tasks = pd.DataFrame(
        {
            "id": [f"row{number:0{width}}" for number in range(len(rest))],
            "value": rest.value,
            "customer_type": rest.types[rest.type],
            "owner": rest.reps[rest.rep],
        }
    )
    return Problem.from_frames(reps, tasks, objective=[Coverage(), Value()])
