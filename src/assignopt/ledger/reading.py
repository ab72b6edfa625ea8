"""Plans and audits in, entries of a ledger out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..check import Audit
from ..holdings import read_assignments
from ..plan import Plan
from ..problem import Problem
from ..records import OWNER
from .entries import Booked, Planned

if TYPE_CHECKING:
    from ..columns import Floats
    from ..errors import Faults
    from ..holdings import Holdings

_UNREAD = ("unknown_task", "unknown_rep", "unknown_role")


def read_plan(given: Any, faults: Faults) -> Holdings | None:
    """Read who holds what; what cannot be understood is a fault.

    Parameters
    ----------
    given
        A Plan, an Audit, or (problem, assignments).
    faults
        Where faults are noted.

    Returns
    -------
    Holdings or None
        None where it is nothing of these.

    Raises
    ------
    NoSolutionError
        When the plan is of a run that has none.
    """
    if isinstance(given, Plan):
        held, unread = read_assignments(given.problem, given.assignments)
    elif isinstance(given, Audit):
        held = given.holdings
        rows = given.violations[given.violations["rule"].isin(_UNREAD)]
        unread = [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]
    elif isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], Problem):
        held, unread = read_assignments(*given)
    else:
        message = (
            f"a {type(given).__name__} is no plan; allowed is a Plan, an Audit or (problem, "
            "assignments). Give one of them"
        )
        faults.add(("plan",), message)
        return None
    for row in unread:
        message = f"{row['message']}. Use its ids, or leave the row out"
        faults.add(("plan", str(row["task_id"])), message, row["rep_id"])
    return held


def entries_of(held: Holdings, period: Any, faults: Faults) -> tuple[Planned, list[Booked]]:
    """Give the entries of a plan: who was there, and a booking for each seat held."""
    problem = held.problem
    reps, tasks = problem.rep_columns, problem.task_columns
    amounts = {
        name: np.maximum(getattr(held, name), 0.0) for name in ("effort", "worth", "value")
    } | {"burden": held.burden}
    _check_finite(held, amounts, faults)
    roles, groups = np.append(tasks.roles.name, OWNER), tasks.group.texts()
    columns = zip(
        tasks.id[held.task].tolist(),
        reps.id[held.rep].tolist(),
        roles[held.role].tolist(),
        *(column.tolist() for column in amounts.values()),
        groups[held.task].tolist(),
        strict=True,
    )
    planned = Planned(
        period=period,
        active=tuple(reps.id[reps.active].tolist()),
        inactive=tuple(reps.id[~reps.active].tolist()),
        effort_unit=problem.effort_unit,
    )
    return planned, [
        Booked(
            period=period,
            task_id=task,
            rep_id=rep,
            role=role,
            effort=effort,
            worth=worth,
            value=value,
            burden=burden,
            group=group,
        )
        for task, rep, role, effort, worth, value, burden, group in columns
    ]


def _check_finite(held: Holdings, amounts: dict[str, Floats], faults: Faults) -> None:
    ids = held.problem.task_columns.id[held.task]
    for name, column in amounts.items():
        for row in np.flatnonzero(~np.isfinite(column)):
            message = f"{name} is {column[row]}; allowed is a finite number. Correct the task"
            faults.add(("plan", str(ids[row]), name), message)
