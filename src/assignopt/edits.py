"""What-if edits: the parts of a problem in, the changed arguments of the next problem out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import links, selectors
from .columns import HistoryColumns, Labels, PairColumns, PreferenceColumns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .columns import Bools, Ints, RepColumns, TaskColumns
    from .parts import Parts
    from .rules import AnyRule


def without_rep(parts: Parts, rep_id: str) -> dict[str, Any]:
    """Leave one rep out, and what names only this rep."""
    keep = parts.rep_columns.id != rep_id
    reps = parts.rep_columns.take(keep)
    owners = parts.task_columns.owner.texts()
    owners[owners == rep_id] = None
    preferences = parts.preference_columns
    if preferences is not None:
        preferences = _rows(preferences, preferences.by != rep_id)
    rules = [_without(rule, rep_id, parts.rep_columns, reps) for rule in parts.rules]
    return {
        "reps": reps,
        "tasks": replace(parts.task_columns, owner=Labels.of(owners)),
        "pairs": _kept(parts.pair_columns, keep),
        "preferences": _kept(preferences, keep),
        "history": _kept(parts.history_columns, keep),
        "rules": [rule for rule in rules if rule is not None],
    }


def _kept(table: Any, keep: Bools) -> Any:
    """Keep the rows of kept reps, these counted anew."""
    if table is None:
        return None
    left = _rows(table, keep[table.rep])
    return replace(left, rep=(np.cumsum(keep) - 1)[left.rep])


def _rows(table: Any, picked: Any) -> Any:
    columns = {name: column for name, column in vars(table).items() if column is not None}
    return replace(table, **{name: column[picked] for name, column in columns.items()})


def _without(rule: AnyRule, rep_id: str, old: RepColumns, new: RepColumns) -> AnyRule | None:
    """Give the rule without one rep; None where it was about nobody else."""
    selector = getattr(rule, "rep", None)
    if selector is None:
        return rule
    if isinstance(selector, list) and rep_id in selector:
        left = [one for one in selector if one != rep_id]
        kept = {name: getattr(rule, name) for name in type(rule).model_fields}
        if rule.has_derived_id:
            del kept["id"]
        return type(rule)(**{**kept, "rep": left}) if left else None
    was_about_it = selectors.mask(old, selector)[old.id == rep_id].any()
    return None if was_about_it and not selectors.mask(new, selector).any() else rule


def scale_effort(parts: Parts, factor: float, picked: Bools) -> dict[str, Any]:
    """Multiply the efforts of the picked tasks, of their roles and of their pairs."""
    times = np.where(picked, factor, 1.0)
    tasks, pairs = parts.task_columns, parts.pair_columns
    roles = replace(tasks.roles, effort=tasks.roles.effort * times[tasks.roles.task])
    if pairs is not None and pairs.effort is not None:
        pairs = replace(pairs, effort=pairs.effort * times[pairs.task])
    return {"tasks": replace(tasks, effort=tasks.effort * times, roles=roles), "pairs": pairs}


TABLES = {
    "pairs": "pair_columns",
    "preferences": "preference_columns",
    "history": "history_columns",
}
"""Argument -> part, of the tables that refer to reps and tasks."""


def carried_over(
    parts: Parts, reps: RepColumns, tasks: TaskColumns, names: Iterable[str]
) -> dict[str, Any]:
    """Give those of the tables that are named for other reps and tasks with the same ids.

    A table that refers to a rep or task that is gone is left out, for the caller to complain.
    """
    tables = {name: getattr(parts, TABLES[name]) for name in names}
    has_task = any(hasattr(table, "task") for table in tables.values())
    rep_map = _new_rows(parts.rep_columns, reps)
    task_map = _new_rows(parts.task_columns, tasks) if has_task else None
    out: dict[str, Any] = {}
    for name, table in tables.items():
        moved = _moved(table, rep_map, task_map)
        if moved is not None or table is None:
            out[name] = moved
    return out


def _new_rows(old: RepColumns | TaskColumns, new: RepColumns | TaskColumns) -> Ints | None:
    """Give the new row of each old one, -1 where it is gone; None if nothing moved."""
    if old.id is new.id or np.array_equal(old.id, new.id):
        return None
    if not new.index.is_unique:
        return np.full(len(old.id), -1, np.int64)
    return new.index.get_indexer(old.index).astype(np.int64)


def _moved(table: Any, rep_map: Ints | None, task_map: Ints | None) -> Any:
    if table is None or (rep_map is None and task_map is None):
        return table
    new: dict[str, Ints] = {}
    for name, rows in (("rep", rep_map), ("task", task_map)):
        if rows is not None and hasattr(table, name):
            new[name] = rows[getattr(table, name)]
            if (new[name] < 0).any():
                return None
    moved = replace(table, **new)
    match moved:
        case PairColumns():
            given = {"fit": moved.fit, "effort": moved.effort, "value": moved.value}
            return links.sorted_pairs(moved.rep, moved.task, given)
        case PreferenceColumns():
            return links.sorted_preferences(moved)
        case HistoryColumns():
            return moved
