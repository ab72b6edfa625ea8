"""Who holds what, and what it amounts to: any assignments in, plain columns out.

A *holding* is one seat (a task's owner or one of its roles) held by one rep. Everything a checker
or a report needs about it (effort, fit, worth, value, burden) is computed here from the Problem
alone, the same for a plan of ours, an export of a CRM and a sheet made by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .errors import Faults
from .records import OWNER

if TYPE_CHECKING:
    from .columns import Bools, Floats, HistoryColumns, Ints, Texts
    from .objectives import Quantity
    from .problem import Problem


@dataclass(frozen=True, eq=False)
class Holdings:
    """The seats held in a plan, one entry each, by task and then role (the owner first).

    Parameters
    ----------
    problem
        What the plan is for.
    task, rep
        (N,) rows of the problem's tasks and reps.
    role
        (N,) row of the problem's roles; -1 for the owner.
    """

    problem: Problem
    task: Ints
    rep: Ints
    role: Ints

    def __len__(self) -> int:
        return len(self.task)

    @property
    def is_owner(self) -> Bools:
        """(N,) whether the seat is the owner's."""
        return self.role < 0

    @cached_property
    def pair(self) -> Ints:
        """(N,) row of the pairs table; -1 where there is no table or the pair is not listed."""
        table = self.problem.pair_columns
        if table is None or not len(table.rep):
            return np.full(len(self), -1, np.int64)
        reps = len(self.problem.rep_columns.id)
        keys, wanted = table.task * reps + table.rep, self.task * reps + self.rep
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, at, -1)

    def _given(self, column: Floats | None, otherwise: Floats) -> Floats:
        if column is None or not len(column):
            return otherwise
        return np.where(self.pair >= 0, column[self.pair], otherwise)

    @cached_property
    def effort(self) -> Floats:
        """(N,) effort, efficiency and the pairs table applied."""
        problem, tasks = self.problem, self.problem.task_columns
        own = tasks.effort[self.task] / problem.rep_columns.efficiency[self.rep]
        table = problem.pair_columns
        own = self._given(None if table is None else table.effort, own)
        roles = tasks.roles
        if not len(roles.task):
            return own
        shared = roles.effort[self.role] / problem.rep_columns.efficiency[self.rep]
        return np.where(self.is_owner, own, shared)

    @cached_property
    def fit(self) -> Floats:
        """(N,) fit of the rep for the task's customer type."""
        table = self.problem.pair_columns
        own = np.ones(len(self))
        kinds, fits = self.problem.task_columns.customer_type, self.problem.rep_columns.fit
        kind = kinds.codes[self.task]
        states_fit = np.zeros(len(self.problem.rep_columns.id), bool)
        states_fit[fits.row] = True
        asked = (kind >= 0) & states_fit[self.rep]
        if asked.any():
            stated = {
                (rep, fits.keys[key]): amount
                for rep, key, amount in zip(fits.row, fits.key, fits.amount, strict=True)
            }
            wanted = pd.DataFrame({"rep": self.rep[asked], "kind": kind[asked]})
            distinct = wanted.drop_duplicates()
            found = [
                stated.get((rep, kinds.names[code]), 0.0)
                for rep, code in zip(distinct["rep"], distinct["kind"], strict=True)
            ]
            own[asked] = wanted.merge(distinct.assign(fit=found), how="left")["fit"].to_numpy()
        return self._given(None if table is None else table.fit, own)

    @cached_property
    def credit(self) -> Floats:
        """(N,) share of the task's value: a role's credit; what the roles leave, for the owner."""
        roles = self.problem.task_columns.roles
        if not len(roles.task):
            return np.ones(len(self))
        earned = np.nan_to_num(roles.credit)
        given = np.bincount(roles.task, earned, len(self.problem.task_columns.id))
        return np.where(self.is_owner, 1 - given[self.task], earned[self.role])

    @cached_property
    def worth(self) -> Floats:
        """(N,) the task's value x credit."""
        return self.problem.task_columns.value[self.task] * self.credit

    @cached_property
    def value(self) -> Floats:
        """(N,) worth x fit, or the pair's own value x credit."""
        table = self.problem.pair_columns
        own = self.worth * self.fit
        if table is None or table.value is None:
            return own
        return self._given(table.value, own) * np.where(self.pair >= 0, self.credit, 1.0)

    @cached_property
    def burden(self) -> Floats:
        """(N,) the task's burden, whoever holds it."""
        return self.problem.task_columns.burden[self.task]

    def per_rep(self, amounts: Floats) -> Floats:
        """(R,) sum an amount per holding over what each rep holds."""
        reps = len(self.problem.rep_columns.id)
        return np.bincount(self.rep, amounts, reps).astype(np.float64)

    @cached_property
    def count(self) -> Floats:
        """(R,) how many seats each rep holds."""
        return self.per_rep(np.ones(len(self)))

    @cached_property
    def load(self) -> Floats:
        """(R,) ``carried_load`` and the effort of what the rep holds."""
        return self.problem.rep_columns.carried_load + self.per_rep(self.effort)

    def quantity(self, of: Quantity) -> Floats:
        """(R,) what each rep holds of a quantity, history left out."""
        if of == "load":
            return self.load
        if of == "count":
            return self.count
        amounts: Floats = getattr(self, of)
        return self.per_rep(amounts)

    @cached_property
    def owner(self) -> Ints:
        """(T,) rep row of each task's owner; -1 where it has none."""
        out = np.full(len(self.problem.task_columns.id), -1, np.int64)
        mine = self.is_owner
        out[self.task[mine]] = self.rep[mine]
        return out


def history_of(
    problem: Problem,
    of: Quantity,
    *,
    decay: float = 1.0,
    per: Literal["weight", "nothing"] = "weight",
) -> Floats:
    """(R,) what each rep has carried before, older periods counting for less.

    With the periods ``p_1 < ... < p_k`` of the history table, ``x`` the amount of a row and
    ``a`` its age (1 in ``p_k``, 2 in the period before, ...; 1 without a period)::

        history_r = sum over the rows of r of decay**a * (x + (1 - present) * due_r)
        due_r = w_r * sum(x) / sum(w * present)   over all rows of the same period

    ``due`` is the rep's part of what was done in the period, by entitlement ``w`` and as if it had
    been there all along, so that absence (``present`` below 1) earns no debt: the rep is taken to
    have carried what it would have. It is 0 where nobody was there, and for a rep whose
    entitlement is 0. Reps that are not active now count with what they did then. A rep without a
    row in a period carried 0 in it.

    Parameters
    ----------
    problem
        Whose history.
    of
        ``load`` in effort units, ``count`` of seats, ``worth``, ``value`` or ``burden``.
    decay
        What a unit counts for one period later, above 0 and at most 1.
    per
        ``weight``: entitlements are those of the reps; ``nothing``: 1 each.

    Raises
    ------
    ValueError
        When ``decay`` is out of range.

    References
    ----------
    What is due among those who are there: R. Fagin and J. Williams (1983), "A fair carpool
    scheduling algorithm", IBM Journal of Research and Development 27(2), 133-139. Carrying over
    from stage to stage: F. Mischek and N. Musliu (2019), "Integer programming model extensions for
    a multi-stage nurse rostering problem", Annals of Operations Research 275, 123-143.

    Examples
    --------
    >>> import assignopt as ao
    >>> rows = [("ana", 4, 0, 0, "q1"), ("bo", 2, 0, 0, "q1"), ("ana", 1, 0, 0, "q2")]
    >>> problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [], history=rows)
    >>> history_of(problem, "load").tolist(), history_of(problem, "load", decay=0.5).tolist()
    ([5.0, 2.0], [1.5, 0.5])
    """
    if not 0 < decay <= 1:
        raise ValueError(f"decay is {decay!r}; allowed: above 0 and at most 1. Give such a number.")
    reps = len(problem.rep_columns.id)
    table = problem.history_columns
    if table is None:
        return np.zeros(reps)
    amounts: Floats = getattr(table, of)
    weight = problem.weights if per == "weight" else np.ones(reps)
    place, periods = table.periods()
    if (table.present < 1).any():
        amounts = amounts + (1 - table.present) * _due(table, amounts, weight, place)
    if decay < 1:
        age = np.where(place < 0, 1, len(periods) - place)
        amounts = amounts * decay**age
    return np.bincount(table.rep, amounts, reps).astype(np.float64)


def _due(table: HistoryColumns, amounts: Floats, weight: Floats, place: Ints) -> Floats:
    """(N,) each row's part of its period's sum, by entitlement and as if present throughout."""
    entitled = weight[table.rep]
    period = place + 1
    done = np.bincount(period, amounts)
    there = np.bincount(period, entitled * table.present)
    per_unit = np.divide(done, there, out=np.zeros(len(done)), where=there > 0)
    due: Floats = entitled * per_unit[period]
    return due


def read_assignments(problem: Problem, given: Any) -> tuple[Holdings, list[dict[str, Any]]]:
    """Read assignments of any origin.

    Parameters
    ----------
    problem
        What they are for.
    given
        A frame with ``task_id``, ``rep_id`` and perhaps ``role``; a mapping task_id -> rep_id;
        rows (task_id, rep_id[, role]); or anything with an ``assignments`` frame. A missing
        ``rep_id`` means unassigned; a missing ``role``, the owner.

    Returns
    -------
    holdings, faults
        What could be understood; and a row (rule, task_id, rep_id, message) for what could not:
        unknown ids and roles.

    Raises
    ------
    pydantic.ValidationError
        When a column is missing.
    """
    if isinstance(given, Holdings):
        return given, []
    frame = _as_frame(given)
    faults = Faults("assignments")
    for name in ("task_id", "rep_id"):
        if name not in frame.columns:
            listed = ", ".join(repr(str(c)) for c in frame.columns)
            faults.add(("assignments", name), f"column {name!r} is missing; found {listed}")
    faults.raise_if_any()
    frame = frame[frame["rep_id"].notna()]
    named = frame["task_id"].to_numpy(dtype=object), frame["rep_id"].to_numpy(dtype=object)
    task = problem.tasks.index.get_indexer(pd.Index(named[0], dtype=object)).astype(np.int64)
    rep = problem.reps.index.get_indexer(pd.Index(named[1], dtype=object)).astype(np.int64)
    if "role" in frame.columns:
        names = frame["role"].astype(object).where(frame["role"].notna(), OWNER).to_numpy()
        role = _role_rows(problem, task, names)
    else:
        names, role = np.full(len(task), OWNER, object), np.full(len(task), -1, np.int64)
    bad: list[dict[str, Any]] = []
    for kind, wrong in (
        ("unknown_task", task < 0),
        ("unknown_rep", rep < 0),
        ("unknown_role", (role == _NO_ROLE) & (task >= 0)),
    ):
        for i in np.flatnonzero(wrong):
            shown = {"unknown_task": named[0], "unknown_rep": named[1], "unknown_role": names}
            what = kind.removeprefix("unknown_")
            message = f"{what} {shown[kind][i]!r} is unknown to the problem"
            bad.append(
                {"rule": kind, "task_id": named[0][i], "rep_id": named[1][i], "message": message}
            )
    good = (task >= 0) & (rep >= 0) & (role != _NO_ROLE)
    task, rep, role = task[good], rep[good], role[good]
    if not _ascending(task, role):
        order = np.lexsort((rep, role, task))
        task, rep, role = task[order], rep[order], role[order]
    return Holdings(problem, task, rep, role), bad


_NO_ROLE = -2


def _ascending(task: Ints, role: Ints) -> bool:
    later = (task[1:] > task[:-1]) | ((task[1:] == task[:-1]) & (role[1:] > role[:-1]))
    return bool(later.all())


def _as_frame(given: Any) -> pd.DataFrame:
    if isinstance(given, pd.DataFrame):
        return given
    if hasattr(given, "assignments"):
        frame: pd.DataFrame = given.assignments
        return frame
    listed = list(given.items() if isinstance(given, Mapping) else given)
    if listed and isinstance(listed[0], Mapping):
        return pd.DataFrame(listed, dtype=object)
    width = max((len(row) for row in listed), default=2)
    rows = [(*row, *[None] * (width - len(row))) for row in listed]
    return pd.DataFrame(rows, columns=["task_id", "rep_id", "role"][:width], dtype=object)


def _role_rows(problem: Problem, task: Ints, names: Texts) -> Ints:
    """Give the role row for each (task, name): -1 for the owner, -2 where there is none."""
    rows = np.where(names == OWNER, -1, _NO_ROLE).astype(np.int64)
    roles = problem.task_columns.roles
    at = {(t, n): i for i, (t, n) in enumerate(zip(roles.task, roles.name, strict=True))}
    for i in np.flatnonzero(names != OWNER):
        rows[i] = at.get((task[i], names[i]), _NO_ROLE)
    return rows
