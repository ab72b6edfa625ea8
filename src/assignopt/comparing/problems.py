"""Two problems in, what differs between them in sentences out.

A comparison of plans says first what else is not the same: who joined or left, which tasks are new
or gone, which fields, rules and tables changed.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..columns import HistoryColumns, Labels, Ragged, RepColumns, TaskColumns, texts
from ..shapes import known_tags
from ..wording import counted
from .words import listed, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..columns import Bools, Ints, PairColumns, PreferenceColumns, Texts
    from ..objectives import Tier
    from ..problem import Problem
    from .matching import Common, Places

    Cells = np.ndarray[Any, Any] | Ragged

_REP_FIELDS = (
    *("capacity", "max_tasks", "weight", "efficiency", "carried_load", "active"),
    *("skills", "fit"),
)
_TASK_FIELDS = (
    *("effort", "value", "priority", "burden", "requires", "prefers"),
    *("customer_type", "group", "owner", "start", "end"),
)
_UNSHOWN = ("start", "end", "available")
"""Fields whose values are too long to be shown, or no numbers for a reader."""


def differences(before: Problem, after: Problem, common: Common) -> tuple[str, ...]:
    """Say in sentences what differs between two problems; nothing for equal ones."""
    if before is after:
        return ()
    old, new = common.before, common.after
    sentences = [
        *_members("rep", common.reps, old.has_rep, new.has_rep),
        *_members("task", common.tasks, old.has_task, new.has_task),
        *_changed("rep", new.rep, old.rep, (after.rep_columns, before.rep_columns)),
        *_changed("task", new.task, old.task, (after.task_columns, before.task_columns)),
        *_rules(before, after),
        *_tables(before, after, common),
    ]
    if before.objective != after.objective:
        sentences.append(f"the objective was {_tiers(before)}; it is {_tiers(after)}")
    return tuple(sentences)


def _tiers(problem: Problem) -> str:
    told = [t.label + _looseness(t) for t in problem.objective]
    return " > ".join(told) or "none"


def _looseness(tier: Tier) -> str:
    if tier.enough is not None:
        return f" ({tier.enough:g} is enough)"
    return f" (slack {tier.slack:g})" if tier.slack else ""


def _members(thing: str, ids: Texts, was: Bools, now: Bools) -> Iterator[str]:
    for who, words in ((now & ~was, "new"), (was & ~now, "gone")):
        if who.any():
            verb = "is" if who.sum() == 1 else "are"
            yield f"{counted(int(who.sum()), thing)} {verb} {words}: {listed(ids[who].tolist())}"


# -- fields ------------------------------------------------------------------------------------


def _changed(
    thing: str,
    new: Ints,
    old: Ints,
    sides: tuple[RepColumns, RepColumns] | tuple[TaskColumns, TaskColumns],
) -> Iterator[str]:
    """Name each field that differs for a rep or task that both problems have."""
    after, before = (_fields(side) for side in sides)
    _, at_new, at_old = np.intersect1d(new, old, assume_unique=True, return_indices=True)
    order = np.argsort(at_new)
    at_new, at_old = at_new[order], at_old[order]
    sizes = len(new), len(old)
    for name in dict.fromkeys([*after, *before]):
        b, a = after.get(name), before.get(name)
        bad = np.flatnonzero(_differing(b, a, at_new, at_old, sizes))
        if len(bad):
            shown = [
                f"{sides[0].id[at_new[i]]!r}{_from_to(name, a, b, at_old[i], at_new[i])}"
                for i in bad[:3].tolist()
            ]
            more = f" and {len(bad) - 3:,} more" if len(bad) > 3 else ""
            yield f"{name} differs for {counted(len(bad), thing)}: {', '.join(shown)}{more}"


def _fields(columns: RepColumns | TaskColumns) -> dict[str, Cells]:
    """List the columns by the fields of the records, then the tags."""
    out: dict[str, Cells] = {}
    for name in _REP_FIELDS if isinstance(columns, RepColumns) else _TASK_FIELDS:
        column = getattr(columns, name)
        out[name] = column.texts() if isinstance(column, Labels) else column
    if isinstance(columns, RepColumns):
        out["available"] = texts([columns.calendar(row) for row in range(len(columns.id))])
    else:
        out["kind of time"] = np.where(
            np.isnan(columns.start), texts([None]), texts([columns.clock])
        )
        out.update(_role_fields(columns))
    for name in known_tags(columns.tags):
        out[f"tag {name!r}"] = columns.tags[name].to_numpy(dtype=object)
    return out


def _role_fields(tasks: TaskColumns) -> dict[str, Cells]:
    """Give what the roles of each task are as amounts under names."""
    roles = tasks.roles
    needs = roles.requires
    wanted = texts(list(zip(roles.name[needs.row], needs.names(), strict=True)))
    return {
        "roles": Ragged.of(roles.task, roles.name, roles.effort),
        "credit of roles": Ragged.of(roles.task, roles.name, np.nan_to_num(roles.credit, nan=-1)),
        "requires of roles": Ragged.of(roles.task[needs.row], wanted, needs.amount),
    }


def _differing(
    b: Cells | None, a: Cells | None, at_new: Ints, at_old: Ints, sizes: tuple[int, int]
) -> Bools:
    """(N,) which of the common rows differ in a column; a missing column has no values."""
    if isinstance(b, Ragged) and isinstance(a, Ragged):
        if a == b and np.array_equal(at_new, at_old):
            return np.zeros(len(at_new), bool)
        signature = b.joined(a, sizes[0]).signatures(sum(sizes))
        unlike: Bools = signature[at_new] != signature[sizes[0] + at_old]
        return unlike
    x = texts([None] * len(at_new)) if b is None else np.asarray(b)[at_new]
    y = texts([None] * len(at_old)) if a is None else np.asarray(a)[at_old]
    differs: Bools = (x != y) & ~(pd.isna(x) & pd.isna(y))
    return differs


def _from_to(name: str, a: Any, b: Any, old: int, new: int) -> str:
    if name in _UNSHOWN or isinstance(a, Ragged) or isinstance(b, Ragged):
        return ""
    was, now = (None if cells is None else cells[at] for cells, at in ((a, old), (b, new)))
    return f" ({_cell(was)} -> {_cell(now)})"


def _cell(value: Any) -> str:
    if pd.isna(value):
        return "none"
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return str(value) if not isinstance(value, str) else repr(value)
    return number(float(value))


# -- rules and tables --------------------------------------------------------------------------


def _rules(before: Problem, after: Problem) -> Iterator[str]:
    old, new = ({rule.id: rule for rule in problem.rules} for problem in (before, after))
    for words, mine, other in (("added", new, old), ("dropped", old, new)):
        told = [rule.sentence for name, rule in mine.items() if other.get(name) != rule]
        if told:
            more = f"; and {len(told) - 3:,} more" if len(told) > 3 else ""
            yield f"{counted(len(told), 'rule')} {words}: {'; '.join(told[:3])}{more}"


def _tables(before: Problem, after: Problem, common: Common) -> Iterator[str]:
    """Name the tables that differ in the rows about reps and tasks that both problems have."""
    for name in ("pair", "preference", "history"):
        tables = [getattr(problem, f"{name}_columns") for problem in (before, after)]
        if tables[0] is None and tables[1] is None:
            continue
        words = "the history" if name == "history" else f"the {name}s table"
        if tables[0] is None or tables[1] is None:
            yield f"{words} is {'new' if tables[0] is None else 'gone'}"
            continue
        old, new = (
            _rows(table, places, common)
            for table, places in zip(tables, (common.before, common.after), strict=True)
        )
        if not old.equals(new):
            yield f"{words} differs"


def _rows(
    table: PairColumns | PreferenceColumns | HistoryColumns, places: Places, common: Common
) -> pd.DataFrame:
    """Give the rows of a table about common reps and tasks, by their place in common tables."""
    cells = {field.name: getattr(table, field.name) for field in fields(table)}
    cells = {name: column for name, column in cells.items() if column is not None}
    cells["rep"] = places.rep[table.rep]
    keep = (common.before.has_rep & common.after.has_rep)[cells["rep"]]
    keys = ["rep"]
    if not isinstance(table, HistoryColumns):
        cells["task"] = places.task[table.task]
        keep &= (common.before.has_task & common.after.has_task)[cells["task"]]
        keys.append("task")
    frame: pd.DataFrame = pd.DataFrame(cells).loc[keep]
    return frame.sort_values(keys, kind="stable").reset_index(drop=True)
