"""Read-only views of a Problem's reps and tasks: records by id, and the whole as a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import numpy as np
import pandas as pd

from .columns import Ragged, RepColumns, TaskColumns

RecordT = TypeVar("RecordT", covariant=True)


class _Source(Protocol[RecordT]):
    @property
    def id(self) -> np.ndarray: ...  # type: ignore[type-arg]

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

    @cached_property
    def index(self) -> pd.Index[str]:
        """The ids, in order."""
        return pd.Index(self._source.id, dtype=object)

    def __getitem__(self, key: str) -> RecordT:
        row = self.index.get_indexer([key])[0] if isinstance(key, str) else -1
        if row < 0:
            raise KeyError(key)
        return self._source.record(int(row))

    def __iter__(self) -> Iterator[str]:
        return iter(self._source.id.tolist())

    def __len__(self) -> int:
        return len(self._source.id)

    def values(self) -> list[RecordT]:  # type: ignore[override]
        """All records, in order."""
        return [self._source.record(i) for i in range(len(self))]

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self.index[:5])) + (", …" if len(self) > 5 else "")
        return f"<{len(self)} records: {shown}>"


def _cells(ragged: Ragged, rows: int) -> list[dict[str, float] | None]:
    cells: list[dict[str, float] | None] = [None] * rows
    for row in np.unique(ragged.row):
        cells[row] = ragged.at(int(row))
    return cells


def rep_frame(reps: RepColumns) -> pd.DataFrame:
    """Give the reps as one frame that :meth:`Problem.from_frames` reads back."""
    frame = pd.DataFrame(
        {
            "id": reps.id,
            "capacity": reps.capacity,
            "max_tasks": reps.max_tasks,
            "skills": _cells(reps.skills, len(reps.id)),
            "fit": _cells(reps.fit, len(reps.id)),
            "weight": reps.weight,
            "efficiency": reps.efficiency,
            "carried_load": reps.carried_load,
            "active": reps.active,
        }
    )
    if reps.has_calendar.any():
        frame["available"] = [
            reps.record(i).available if own else None for i, own in enumerate(reps.has_calendar)
        ]
    return pd.concat([frame, reps.tags], axis=1)


def task_frame(tasks: TaskColumns) -> pd.DataFrame:
    """Give the tasks as one frame that :meth:`Problem.from_frames` reads back."""
    frame = pd.DataFrame(
        {
            "id": tasks.id,
            "effort": tasks.effort,
            "value": tasks.value,
            "priority": tasks.priority,
            "requires": _cells(tasks.requires, len(tasks.id)),
            "prefers": _cells(tasks.prefers, len(tasks.id)),
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
        frame["roles"] = [tasks.roles.of_task(i) or None for i in range(len(tasks.id))]
    return pd.concat([frame, tasks.tags], axis=1)


def _datetimes(seconds: np.ndarray, clock: str) -> pd.Series[pd.Timestamp]:  # type: ignore[type-arg]
    micro = np.where(np.isnan(seconds), np.iinfo(np.int64).min, np.round(seconds * 1e6))
    times = pd.Series(micro.astype(np.int64).view("datetime64[us]"))
    return times.dt.tz_localize("UTC") if clock == "aware datetime" else times
