"""A plan in the terms of another problem: who owns what now, what may stay, what has to move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..check import audit, keepable_tasks
from ..columns import Labels
from ..plan import frame_of
from ..records import OWNER

if TYPE_CHECKING:
    from ..check import Audit
    from ..columns import Bools, Ints, Texts
    from ..holdings import Holdings
    from ..problem import Problem

MOVES = {"task_id": "str", "role": "str", "from_rep": "str", "to_rep": "str", "kind": "str"}
MOVES |= {"cost": "float64"}


@dataclass(frozen=True, eq=False)
class Present:
    """Who owns the tasks of a problem, as a plan of an earlier one left them.

    Parameters
    ----------
    problem
        The problem, with the owners of the plan written into its tasks: a task that the plan gave
        to nobody has none, one that the plan did not know keeps the owner it was given.
    before
        The plan, audited in its own problem.
    rows
        (task, rep, role) of the plan that the problem knows.
    gone
        (T,) whether the owner by the plan does not exist any more.
    """

    problem: Problem
    before: Audit
    rows: list[tuple[str, str, str]]
    gone: Bools

    @cached_property
    def found(self) -> Audit:
        """The plan as it stands in the problem."""
        return audit(self.problem, self.rows)

    @cached_property
    def keepable(self) -> Bools:
        """(T,) whether the task has an owner who may keep it."""
        return keepable_tasks(self.problem)

    @property
    def forced(self) -> Bools:
        """(T,) whether the task had an owner who is gone, or who may no longer hold it."""
        owned = self.problem.task_columns.owner.codes >= 0
        return (owned & ~self.keepable) | self.gone

    @cached_property
    def owner(self) -> Ints:
        """(T,) rep row of the present owner; -1 where there is none."""
        owner = self.problem.task_columns.owner
        rows = self.problem.reps.index.get_indexer(pd.Index(owner.names, dtype=object))
        return np.append(np.asarray(rows, np.int64), -1)[owner.codes]


def present_in(problem: Problem, before: Audit) -> Present:
    """Write the owners of a plan into a problem's tasks."""
    held = before.holdings
    was = held.problem
    tasks, reps = set(problem.task_columns.id.tolist()), set(problem.rep_columns.id.tolist())
    rows = [
        (task, rep, role)
        for task, rep, role in rows_of_holdings(held)
        if task in tasks and rep in reps
    ]
    columns = problem.task_columns
    at = was.tasks.index.get_indexer(problem.tasks.index)
    known = at >= 0
    by_plan = _or_nobody(was.rep_columns.id)[np.append(held.owner, -1)[at]]
    given = columns.owner.texts()
    owner = np.where(known, by_plan, given)
    here = pd.Index(owner, dtype=object).isin(problem.reps.index)
    gone = known & ~here & ~pd.isna(owner)
    owner[~here] = None
    kept = problem.replace(tasks=replace(columns, owner=Labels.of(owner)))
    return Present(kept, before, _roles_known(kept, rows), np.asarray(gone, bool))


def _roles_known(problem: Problem, rows: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Leave out rows of roles that the tasks do not have any more."""
    roles = problem.task_columns.roles
    ids = problem.task_columns.id[roles.task]
    known = set(zip(ids.tolist(), roles.name.tolist(), strict=True))
    return [row for row in rows if row[2] == OWNER or (row[0], row[2]) in known]


def moves_frame(present: Present, held: Holdings, cost: str | None = None) -> pd.DataFrame:
    """List the seats that change hands, the owners first, and why.

    ``kind``: ``move`` (the owner could have kept it), ``forced`` (they could not), ``new`` (nobody
    had it), ``closed`` (nobody has it now), ``helper`` (a role).
    """
    reps = _or_nobody(present.problem.rep_columns.id)
    before = np.where(present.gone, _names_before(present), reps[present.owner])
    after = reps[held.owner]
    both_open = pd.isna(before) & pd.isna(after)
    rows = np.flatnonzero((before != after) & ~both_open)
    kind = np.where(pd.isna(before), "new", np.where(present.forced, "forced", "move"))
    kind = np.where(pd.isna(after) & ~present.forced, "closed", kind)
    costs = np.where(present.keepable, present.problem.move_costs(cost), 0.0)
    frame = pd.DataFrame(
        {
            "task_id": present.problem.task_columns.id[rows],
            "role": OWNER,
            "from_rep": before[rows],
            "to_rep": after[rows],
            "kind": kind[rows],
            "cost": costs[rows],
        }
    )
    helpers = [(*seat, *names, "helper", 0.0) for seat, names in _helpers(present, held)]
    owners = list(frame.itertuples(index=False, name=None))
    return frame_of([*owners, *helpers], MOVES)


def _helpers(
    present: Present, held: Holdings
) -> list[tuple[tuple[str, str], tuple[str | None, str | None]]]:
    """List the roles that change hands, by task id and name."""
    before = {(task, role): rep for task, rep, role in rows_of_holdings(present.before.holdings)}
    after = {(task, role): rep for task, rep, role in rows_of_holdings(held)}
    roles = present.problem.task_columns.roles
    ids = present.problem.task_columns.id[roles.task].tolist()
    seats = list(zip(ids, roles.name.tolist(), strict=True))
    pairs = [(seat, (before.get(seat), after.get(seat))) for seat in seats]
    return [(seat, names) for seat, names in pairs if names[0] != names[1]]


def rows_of_holdings(held: Holdings) -> list[tuple[str, str, str]]:
    """Give holdings as (task, rep, role)."""
    problem = held.problem
    names = np.append(problem.task_columns.roles.name, OWNER)
    ids = problem.task_columns.id[held.task], problem.rep_columns.id[held.rep], names[held.role]
    return list(zip(*(column.tolist() for column in ids), strict=True))


def _or_nobody(ids: Texts) -> Texts:
    """Give ids, and None at -1."""
    return np.array([*ids, None], object)


def _names_before(present: Present) -> Texts:
    held = present.before.holdings
    at = held.problem.tasks.index.get_indexer(present.problem.tasks.index)
    names: Texts = _or_nobody(held.problem.rep_columns.id)[np.append(held.owner, -1)[at]]
    return names
