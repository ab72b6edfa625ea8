"""Read-only views of a Problem's reps and tasks: records by id, and the whole as a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, ValuesView
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
import pandas as pd

from .columns import RepColumns, TaskColumns, known_tags, texts
from .records import Rep, Task

if TYPE_CHECKING:
    from .columns import Floats, Ragged, Texts

RecordT = TypeVar("RecordT", covariant=True)


class _Source(Protocol[RecordT]):
    @property
    def id(self) -> Texts: ...

    @property
    def index(self) -> pd.Index[Any]: ...

    def record(self, row: int) -> RecordT: ...


class Table(Mapping[str, RecordT], Generic[RecordT]):
    """A mapping from id to record that makes a record only when asked for one.

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem([ao.Rep("ana")], [ao.Task("t1", effort=2)])
    >>> problem.tasks["t1"].effort, len(problem.tasks), list(problem.reps)
    (2.0, 1, ['ana'])
    """

    def __init__(self, source: _Source[RecordT]) -> None:
        self._source = source

    @property
    def index(self) -> pd.Index[Any]:
        """The ids, in order."""
        return self._source.index

    def __getitem__(self, key: str) -> RecordT:
        if not isinstance(key, str):
            raise KeyError(key)
        return self._source.record(int(np.asarray(self.index.get_loc(key))))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self.index

    def __iter__(self) -> Iterator[str]:
        return iter(self._source.id.tolist())

    def __len__(self) -> int:
        return len(self._source.id)

    def values(self) -> ValuesView[RecordT]:
        """All records, in order, each made when it is reached."""
        return _Records(self)

    @cached_property
    def listed(self) -> tuple[RecordT, ...]:
        """All records, in order, made once and kept."""
        return tuple(self.values())

    def __getstate__(self) -> dict[str, Any]:
        return {"_source": self._source}  # records are made anew elsewhere, if anybody asks

    def at(self, row: int) -> RecordT:
        """Give the record of one row, counted from 0."""
        return self._source.record(row)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self._source.id[:5])) + (", …" if len(self) > 5 else "")
        return f"<{len(self)} records: {shown}>"


class _Records(ValuesView[RecordT]):
    def __init__(self, table: Table[RecordT]) -> None:
        super().__init__(table)
        self._table = table

    def __iter__(self) -> Iterator[RecordT]:
        return (self._table.at(row) for row in range(len(self._table)))


def _cells(ragged: Ragged, rows: int) -> Texts:
    cells = texts([None] * rows)
    for row in np.unique(ragged.row):
        cells[row] = ragged.at(int(row))
    return cells


def _with_tags(frame: pd.DataFrame, tags: pd.DataFrame, fields: set[str]) -> pd.DataFrame:
    """Add the tags as columns; those named as a field go into cells of a column ``tags``."""
    hidden = [name for name in known_tags(tags) if name in fields]
    if hidden:
        rows = tags[hidden].astype(object).to_numpy()
        frame["tags"] = texts(
            [{k: v for k, v in zip(hidden, row, strict=True) if not pd.isna(v)} for row in rows]
        )
    return pd.concat([frame, tags[[name for name in tags.columns if name not in fields]]], axis=1)


def rep_frame(reps: RepColumns) -> pd.DataFrame:
    """Give the reps as one frame that :meth:`Problem.from_frames` reads back."""
    rows = len(reps.id)
    frame = pd.DataFrame(
        {
            "id": reps.id,
            "capacity": reps.capacity,
            "max_tasks": reps.max_tasks,
            "skills": _cells(reps.skills, rows),
            "fit": _cells(reps.fit, rows),
            "weight": reps.weight,
            "efficiency": reps.efficiency,
            "carried_load": reps.carried_load,
            "active": reps.active,
        }
    )
    if reps.has_calendar.any():
        frame["available"] = texts([reps.calendar(row) for row in range(rows)])
    return _with_tags(frame, reps.tags, set(Rep.model_fields))


def task_frame(tasks: TaskColumns) -> pd.DataFrame:
    """Give the tasks as one frame that :meth:`Problem.from_frames` reads back."""
    rows = len(tasks.id)
    frame = pd.DataFrame(
        {
            "id": tasks.id,
            "effort": tasks.effort,
            "value": tasks.value,
            "priority": tasks.priority,
            "requires": _cells(tasks.requires, rows),
            "prefers": _cells(tasks.prefers, rows),
            "customer_type": tasks.customer_type.texts(),
            "group": tasks.group.texts(),
            "owner": tasks.owner.texts(),
            "burden": tasks.burden,
        }
    )
    if tasks.clock != "none":
        for name, column in (("start", tasks.start), ("end", tasks.end)):
            frame[name] = column if tasks.clock == "seconds" else _datetimes(column, tasks.clock)
    if len(tasks.roles.task):
        cells = texts([None] * rows)
        for row in np.unique(tasks.roles.task):
            cells[row] = tasks.roles.of_task(int(row))
        frame["roles"] = cells
    return _with_tags(frame, tasks.tags, set(Task.model_fields))


def _datetimes(seconds: Floats, clock: str) -> pd.Series[pd.Timestamp]:
    micro = np.round(seconds * 1e6)
    micro = np.where(np.isnan(seconds), np.iinfo(np.int64).min, micro)
    times = pd.Series(micro.astype(np.int64).view("datetime64[us]"))
    return times.dt.tz_localize("UTC") if clock == "aware datetime" else times
