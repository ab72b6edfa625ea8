"""The tables that refer to reps and tasks: pairs, preferences and history, read into columns.

Frames or rows flow in, columns with row numbers in the place of ids flow out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from .cells import FrameReader
from .columns import HistoryColumns, PairColumns, PreferenceColumns, period_kind

if TYPE_CHECKING:
    from .columns import Floats, Ints, Texts
    from .errors import Faults

PAIRS = ("rep_id", "task_id", "fit", "effort", "value")
PREFERENCES = ("rep_id", "task_id", "weight", "by")
HISTORY = ("rep_id", "load", "value", "burden", "period", "count", "worth", "present")
HISTORY_DEFAULTS = {"value": 0.0, "burden": 0.0, "count": 0.0, "worth": 0.0, "present": 1.0}
"""What a row that is a record means by leaving a field out; an empty cell of a frame is a fault."""


def read_pairs(
    rows: Any, reps: pd.Index[Any] | None, tasks: pd.Index[Any] | None, faults: Faults
) -> PairColumns | None:
    """Read the pairs table; None where there is none, which leaves eligibility to the rules."""
    if rows is None or isinstance(rows, PairColumns):
        return rows
    reader = _reader("pairs", rows, PAIRS, faults)
    if not reader.require("rep_id", "task_id"):
        return None
    rep = reader.lookup("rep_id", reps, "rep")
    task = reader.lookup("task_id", tasks, "task")
    given = {
        name: reader.number(name, high=1.0 if name == "fit" else np.inf)
        for name in PAIRS[2:]
        if reader.has(name)
    }
    before = faults.count
    pairs = sorted_pairs(rep, task, given)
    same = (np.diff(pairs.rep) == 0) & (np.diff(pairs.task) == 0)
    if same.any() and reps is not None and tasks is not None and faults.count == before:
        key = pd.DataFrame({"rep": rep, "task": task})
        again = key.duplicated().to_numpy() & (rep >= 0) & (task >= 0)
        shown = reader.cells("rep_id")
        reader.note_rows("rep_id", again, shown, "the pair with {value} is repeated. Keep one row")
    return pairs


def sorted_pairs(rep: Ints, task: Ints, given: Mapping[str, Floats | None]) -> PairColumns:
    """Hold pairs by task, then rep; ``rep`` and ``task`` are not changed."""
    width = int(rep.max(initial=0)) + 1
    key = task * width
    key += rep
    if (key[1:] >= key[:-1]).all():
        return PairColumns(rep, task, **given)
    order = np.argsort(key)
    sorted_given = {
        name: None if column is None else column[order] for name, column in given.items()
    }
    return PairColumns(rep[order], task[order], **sorted_given)


def read_preferences(
    rows: Any, reps: pd.Index[Any] | None, tasks: pd.Index[Any] | None, faults: Faults
) -> PreferenceColumns | None:
    """Read the preferences table."""
    if rows is None or isinstance(rows, PreferenceColumns):
        return rows
    reader = _reader("preferences", rows, PREFERENCES, faults)
    if not reader.require("rep_id", "task_id", "weight"):
        return None
    rep = reader.lookup("rep_id", reps, "rep")
    task = reader.lookup("task_id", tasks, "task")
    weight = reader.number("weight", low=-np.inf)
    by = reader.text("by", optional=True)
    if reps is not None:
        by[(reps.get_indexer(pd.Index(by, dtype=object)) == rep) & (rep >= 0)] = None
    if reps is not None and tasks is not None:
        shown = reader.cells("task_id") if reader.rows else by
        message = "this rep's preference for {value} is repeated. Keep one row"
        reader.repeated("task_id", {"rep": rep, "task": task, "by": by}, shown, message)
    return sorted_preferences(PreferenceColumns(rep, task, weight, by))


def sorted_preferences(table: PreferenceColumns) -> PreferenceColumns:
    """Hold preferences by rep, task and who gave them, own bids first."""
    code, _ = pd.factorize(table.by, sort=True)
    order = np.lexsort((code, table.task, table.rep))
    return PreferenceColumns(
        table.rep[order], table.task[order], table.weight[order], table.by[order]
    )


def read_history(rows: Any, reps: pd.Index[Any] | None, faults: Faults) -> HistoryColumns | None:
    """Read the history table."""
    if rows is None or isinstance(rows, HistoryColumns):
        return rows
    reader = _reader("history", rows, HISTORY, faults)
    if not reader.require("rep_id", "load"):
        return None
    rep = reader.lookup("rep_id", reps, "rep")
    period = _read_periods(reader)
    if reps is not None:
        shown = reader.cells("rep_id") if reader.rows else period
        message = "{value} has this period twice. Keep one row, or name the periods"
        reader.repeated("rep_id", {"rep": rep, "period": period}, shown, message)
    load, count, worth, value, burden = (
        reader.number(name, 0.0) for name in ("load", "count", "worth", "value", "burden")
    )
    present = reader.number("present", HISTORY_DEFAULTS["present"], high=1.0)
    return HistoryColumns(rep, load, count, worth, value, burden, period, present)


def _read_periods(reader: FrameReader) -> Texts:
    """Read periods, all of one kind: what cannot be put in order has no latest period."""
    before = reader.faults.count
    period = reader.tag_cells("period")
    if reader.faults.count == before:
        kinds = sorted({period_kind(one) for one in pd.unique(period) if one is not None})
        if len(kinds) > 1:
            message = (
                f"periods are of different kinds ({', '.join(kinds)}), which have no order; "
                "allowed is one kind. Write all of them alike, such as '2026-03'"
            )
            reader.note("period", message)
    return period


def _reader(table: str, rows: Any, columns: tuple[str, ...], faults: Faults) -> FrameReader:
    reader = FrameReader(table, _as_frame(table, rows, columns, faults), faults)
    reader.no_others(columns)
    return reader


def _as_frame(table: str, rows: Any, columns: tuple[str, ...], faults: Faults) -> pd.DataFrame:
    """Take a frame as it is; make one of mappings, or of tuples in the order of ``columns``."""
    if isinstance(rows, pd.DataFrame):
        return rows if len(rows.columns) or len(rows) else pd.DataFrame(columns=list(columns))
    remedy = f"Give a frame or a list of rows ({', '.join(columns)})"
    if isinstance(rows, Mapping | str | bytes | BaseModel) or not np.iterable(rows):
        faults.add((table,), f"{type(rows).__name__} is no table. {remedy}", rows)
        return pd.DataFrame(columns=list(columns))
    listed: list[dict[Any, Any]] = []
    for place, row in enumerate(rows):
        if isinstance(row, BaseModel):
            listed.append(row.model_dump(exclude_unset=True))
        elif isinstance(row, Mapping):
            listed.append(dict(row))
        elif isinstance(row, list | tuple) and len(row) <= len(columns):
            listed.append(dict(zip(columns, row, strict=False)))
        else:
            faults.add((table, place), f"{row!r} is no row. {remedy}", row)
            listed.append({})
    found = dict.fromkeys(name for row in listed for name in row)
    left_out = HISTORY_DEFAULTS if table == "history" else {}
    cells = {n: [row.get(n, left_out.get(n)) for row in listed] for n in found or columns}
    return pd.DataFrame(cells, dtype=object)
