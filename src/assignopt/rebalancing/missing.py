"""Who could be missed: a plan in, what every absence would cost and who takes over out."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..check import audit, keepable_tasks
from ..objectives import maximises
from ..plan import Status, frame_of
from ..solving import check_options
from ..terms import term_value
from .disruptions import leave
from .replanning import audit_of, rebalance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from ..check import Audit
    from ..plan import Plan
    from .results import Rebalanced

_BEFORE = {"rep_id": "str", "tasks": "int64", "load": "float64", "taken": "Int64", "open": "Int64"}
_BEFORE |= {"moves": "Int64"}
_AFTER = {"takers": "str", "proved": "bool", "status": "str", "why": "str"}

LEAST_SECONDS = 0.5
"""What each absence gets at least."""


def absences(
    plan: Plan | Audit,
    *,
    reps: Sequence[str] | None = None,
    target: Any = (),
    executor: Executor | None = None,
    time_limit: float = 60.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Say for every rep what their absence would cost, and who would take over (N-1).

    Each absence is a rebalancing of its own, with the fewest moves of the others that are necessary
    and then the best by the objective.

    Parameters
    ----------
    plan
        A Plan, or the Audit of anybody's assignments.
    reps
        Whose absence to look at; None: all who are active.
    target
        As in :func:`assignopt.rebalance`; None: the best plan instead, with any number of moves.
    executor
        Runs the absences side by side, any :class:`concurrent.futures.Executor`: processes, or a
        distributed one. None: threads, one for each core.
    time_limit
        Seconds for all of them together.
    seed
        Of the searches, each of which has one worker.

    Returns
    -------
    pandas.DataFrame
        A row for each rep, the one who would be missed most first (by the tiers, the first that
        differs): ``rep_id``, ``tasks`` and ``load`` they have now, ``taken`` (how many of their
        tasks others would take), ``open`` (how many more tasks or roles would be left open),
        ``moves`` (how many others would have to move), a column for each tier with its change,
        ``takers`` (who takes how many, the most first), ``proved``, ``status``, and ``why`` where
        no plan survives it (numbers are missing then, and where time ran out; such rows come last).

    Raises
    ------
    KeyError
        When a rep does not exist.

    Examples
    --------
    >>> import assignopt as ao
    >>> reps = [ao.Rep("ana", skills={"german"}), ao.Rep("bo"), ao.Rep("cy", capacity=1)]
    >>> tasks = [ao.Task("acme", requires={"german"}), ao.Task("zed"), ao.Task("kit")]
    >>> table = ao.absences(ao.solve(ao.Problem(reps, tasks)))
    >>> table[["rep_id", "taken", "open", "coverage", "takers"]].values.tolist()[0]
    ['ana', 0, 1, -1.0, '']
    """
    check_options(time_limit, seed, None, "auto")
    before = audit_of(plan)
    problem = before.holdings.problem
    names = [str(name) for name in problem.rep_columns.id[problem.rep_columns.active]]
    given = [reps] if isinstance(reps, str) else reps
    asked = names if given is None else [str(name) for name in given]
    unknown = [name for name in asked if name not in problem.reps]
    if unknown:
        raise KeyError(f"reps {', '.join(map(repr, unknown))} do not exist")
    cores = os.cpu_count() or 1
    share = max(LEAST_SECONDS, time_limit * (cores if executor is None else 1) / max(len(asked), 1))
    options = {"target": target, "time_limit": min(share, time_limit), "seed": seed}
    jobs = [(plan, name, options) for name in asked]
    if executor is not None:
        found = list(executor.map(_without, jobs))
    else:
        with ThreadPoolExecutor(min(cores, max(len(jobs), 1))) as pool:
            found = list(pool.map(_without, jobs))
    return _frame(before, asked, found)


def _without(job: tuple[Plan | Audit, str, dict[str, Any]]) -> Rebalanced:
    plan, name, options = job
    return rebalance(plan, leave(name), workers=1, **options)


def _frame(before: Audit, asked: list[str], found: list[Rebalanced]) -> pd.DataFrame:
    problem = before.holdings.problem
    names: list[str] = []
    for tier in problem.objective:
        names.append(tier.label if tier.label not in names else f"{tier.label} ({len(names) + 1})")
    rows = []
    for name, after in zip(asked, found, strict=True):
        key, row = _row(before, name, after)
        rows.append((key, row))
    rows.sort(key=lambda pair: pair[0])
    dtypes = {**_BEFORE, **dict.fromkeys(names, "float64"), **_AFTER}
    return frame_of([tuple(row) for _, row in rows], dtypes)


def _row(before: Audit, name: str, after: Rebalanced) -> tuple[tuple[float, ...], list[Any]]:
    """Make a row, and its key: what is lost most comes first."""
    held, problem = before.holdings, before.holdings.problem
    rep = int(np.flatnonzero(problem.rep_columns.id == name)[0])
    mine = [name, int(held.count[rep]), float(held.load[rep])]
    if after.status in (Status.INFEASIBLE, Status.UNKNOWN) or after.moves is None:
        nothing = [np.nan] * len(problem.objective)
        unknown = [pd.NA] * 3
        told = ["", after.status is Status.INFEASIBLE, str(after.status), after.infeasibility]
        row = [*mine, *unknown, *nothing, *told]
        last = np.inf if after.status is Status.UNKNOWN else -np.inf
        return (last,) * len(nothing), row
    changes, key = _changes(before, after)
    moves = after.moves
    given = (moves["from_rep"] == name) & (moves["kind"] == "forced")
    theirs = moves[given & moves["to_rep"].notna()]
    takers = theirs["to_rep"].value_counts(sort=True)
    listed = ", ".join(f"{who} {many}" for who, many in takers.items())
    more = len(held) - len(after.assignments)
    others = int(((moves["kind"] == "move") | (moves["kind"] == "closed")).sum())
    told = [listed, after.status is Status.OPTIMAL, str(after.status), None]
    return key, [*mine, len(theirs), more, others, *changes, *told]


def _changes(before: Audit, after: Rebalanced) -> tuple[list[float], tuple[float, ...]]:
    """Give the change of each tier, and the same signed so that a loss comes first."""
    problem = before.holdings.problem
    now = audit(after.problem, after.assignments).holdings
    changes, key = [], []
    for tier in problem.objective:
        old = term_value(before.holdings, tier, keepable_tasks(problem))
        new = term_value(now, tier, keepable_tasks(now.problem))
        changes.append(float(f"{new - old:.12g}"))
        key.append(changes[-1] if maximises(tier) else -changes[-1])
    return changes, tuple(key)
