"""Frames of reps and tasks in, columns out, every fault noted with its row and column.

Nothing here makes an object per row. A cell that is missing means None where a field may be None
(capacity, owner, ...) and is a fault elsewhere: absent is not zero. Columns that no field is named
after become tags, with their dtype as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from .cells import FrameReader, known_ids
from .columns import (
    Ragged,
    RepColumns,
    RoleColumns,
    TaskColumns,
    clock_of,
    floats,
    one_clock,
    seconds,
)
from .records import Rep, Roles, Task, Windows

if TYPE_CHECKING:
    from .columns import Floats, Texts
    from .errors import Faults

_ROLES = TypeAdapter(Roles)
_WINDOWS = TypeAdapter(Windows)


class _Long(NamedTuple):
    """How a long frame (id, name, number) is called and what its columns are."""

    table: str
    id: str
    what: str
    name: str
    number: str
    high: float = np.inf


_SKILLS = _Long("skills", "rep_id", "rep", "skill", "level")
_FIT = _Long("fit", "rep_id", "rep", "customer_type", "fit", 1.0)
_REQUIRES = _Long("requires", "task_id", "task", "skill", "level")


def read_reps(
    frame: pd.DataFrame,
    skills: pd.DataFrame | None,
    fit: pd.DataFrame | None,
    faults: Faults,
) -> RepColumns:
    """Read the reps table and its long companions."""
    reader = FrameReader("reps", frame, faults)
    reader.require("id")
    ids = _read_ids(reader)
    calendars = reader.objects("available", _WINDOWS)
    windows = [(row, *window) for row, calendar in calendars.items() for window in calendar]
    has_calendar = np.zeros(reader.rows, bool)
    has_calendar[list(calendars)] = True
    return RepColumns(
        id=ids,
        capacity=reader.number("capacity", optional=True),
        max_tasks=reader.number("max_tasks", optional=True, whole=True),
        weight=reader.number("weight", optional=True, above=True),
        efficiency=reader.number("efficiency", 1.0, above=True),
        carried_load=reader.number("carried_load", 0.0),
        active=reader.boolean("active", default=True),
        skills=_with_long(reader.amounts("skills"), skills, ids, _SKILLS, faults),
        fit=_with_long(reader.amounts("fit", "shares"), fit, ids, _FIT, faults),
        has_calendar=has_calendar,
        window_rep=np.array([row for row, _, _ in windows], np.int64),
        window_start=floats([seconds(start) for _, start, _ in windows]),
        window_end=floats([seconds(end) for _, _, end in windows]),
        clock=clock_of(moment for _, *window in windows for moment in window),
        tags=reader.tags(Rep.model_fields),
    )


def read_tasks(frame: pd.DataFrame, requires: pd.DataFrame | None, faults: Faults) -> TaskColumns:
    """Read the tasks table and its long companion."""
    reader = FrameReader("tasks", frame, faults)
    reader.require("id")
    ids = _read_ids(reader)
    start, start_clock = reader.time("start")
    end, end_clock = reader.time("end")
    _check_intervals(reader, start, end)
    roles = reader.objects("roles", _ROLES)
    return TaskColumns(
        id=ids,
        effort=reader.number("effort", 1.0),
        value=reader.number("value", 1.0),
        priority=reader.number("priority", 1.0),
        burden=reader.number("burden", 0.0),
        requires=_with_long(reader.amounts("requires"), requires, ids, _REQUIRES, faults),
        prefers=reader.amounts("prefers"),
        customer_type=reader.labels("customer_type"),
        group=reader.labels("group"),
        owner=reader.labels("owner"),
        start=start,
        end=end,
        clock=one_clock(start_clock, end_clock),
        roles=RoleColumns.from_records((row, role) for row, cell in roles.items() for role in cell),
        tags=reader.tags(Task.model_fields),
    )


def _read_ids(reader: FrameReader) -> Texts:
    ids = reader.text("id")
    index = pd.Index(ids, dtype=object)
    if not index.is_unique:
        again = index.duplicated() & index.notna()
        message = "id {value} is repeated; ids are unique. Rename one"
        reader.note_rows("id", again, ids, message)
    return ids


def _check_intervals(reader: FrameReader, start: Floats, end: Floats) -> None:
    for name, there, other in (("start", start, end), ("end", end, start)):
        if not (reader.has(name) and np.isnan(there).any()):
            continue
        missing = reader.frame[name].isna().to_numpy() & ~np.isnan(other)
        message = "is missing; start and end go together. Give both or neither"
        reader.note_rows(name, missing, there, message)
    if reader.has("start") != reader.has("end"):
        name = "end" if reader.has("start") else "start"
        if not (np.isnan(start) & np.isnan(end)).all():
            reader.note(name, f"column {name!r} is missing; start and end go together. Add it")
    reader.note_rows("end", end <= start, end, "end is not after start. Correct one of them")


def _with_long(
    cell: Ragged, frame: pd.DataFrame | None, ids: Texts, long: _Long, faults: Faults
) -> Ragged:
    """Join what a long frame says to what stands in cells."""
    if frame is None:
        return cell
    reader = FrameReader(long.table, frame, faults)
    reader.no_others((long.id, long.name, long.number))
    if not reader.require(long.id, long.name, long.number) or not reader.rows:
        return cell
    row = reader.lookup(long.id, known_ids(pd.Index(ids, dtype=object)), long.what)
    name = reader.text(long.name)
    number = reader.number(long.number, high=long.high)
    rows = np.concatenate([cell.row, row])
    names = np.concatenate([cell.names(), name])
    again = pd.DataFrame({"row": rows, "name": names}).duplicated().to_numpy()[len(cell.row) :]
    again = again & (row >= 0) & pd.notna(name)
    reader.note_rows(long.name, again, name, f"{{value}} is given twice for one {long.what}")
    if faults.count:
        return cell
    return Ragged.of(rows, names, np.concatenate([cell.amount, number]))
