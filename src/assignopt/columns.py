"""The columns a Problem holds: numpy arrays, one entry per rep, task, role or pair.

Records go in and come out again here, one by one; frames come in through :mod:`assignopt.frames`.
Times are seconds as float64, datetimes being seconds since 1970 (exact to the microsecond);
NaN in a column of numbers means None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .records import Rep, Role, Task, read_tag, time_kind
from .shapes import Columns as Columns
from .shapes import Labels as Labels
from .shapes import Ragged as Ragged
from .shapes import floats as floats
from .shapes import known_tags as known_tags
from .shapes import texts as texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.signedinteger[Any]]
    Bools = NDArray[np.bool_]
    Texts = NDArray[np.object_]

SECONDS = "seconds"
EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class RepColumns(Columns):
    """The reps, (R,) each; fields as in :class:`~assignopt.Rep`."""

    id: Texts
    capacity: Floats
    max_tasks: Floats
    weight: Floats
    efficiency: Floats
    carried_load: Floats
    active: Bools
    skills: Ragged
    fit: Ragged
    has_calendar: Bools
    window_rep: Ints
    window_start: Floats
    window_end: Floats
    clock: str
    tags: pd.DataFrame

    @cached_property
    def index(self) -> pd.Index[Any]:
        """The ids, ready for look-ups."""
        return pd.Index(self.id, dtype=object)

    @classmethod
    def from_records(cls, reps: Sequence[Rep]) -> RepColumns:
        """Hold these records as columns."""
        windows = [(i, s, e) for i, rep in enumerate(reps) for s, e in rep.available or ()]
        return cls(
            id=texts([rep.id for rep in reps]),
            capacity=floats([rep.capacity for rep in reps]),
            max_tasks=floats([rep.max_tasks for rep in reps]),
            weight=floats([rep.weight for rep in reps]),
            efficiency=floats([rep.efficiency for rep in reps]),
            carried_load=floats([rep.carried_load for rep in reps]),
            active=np.array([rep.active for rep in reps], bool),
            skills=Ragged.from_mappings([rep.skills for rep in reps]),
            fit=Ragged.from_mappings([rep.fit for rep in reps]),
            has_calendar=np.array([rep.available is not None for rep in reps], bool),
            window_rep=np.array([w[0] for w in windows], np.int64),
            window_start=floats([seconds(w[1]) for w in windows]),
            window_end=floats([seconds(w[2]) for w in windows]),
            clock=clock_of([t for w in windows for t in w[1:]]),
            tags=_tag_frame([rep.tags for rep in reps]),
        )

    def take(self, keep: Bools) -> RepColumns:
        """Give the reps kept, counted anew; ``keep`` is (R,) bool."""
        windows = keep[self.window_rep]
        numbers = ("id", "capacity", "max_tasks", "weight", "efficiency", "carried_load", "active")
        return replace(
            self,
            **{name: getattr(self, name)[keep] for name in numbers},
            skills=self.skills.take(keep),
            fit=self.fit.take(keep),
            has_calendar=self.has_calendar[keep],
            window_rep=(np.cumsum(keep) - 1)[self.window_rep[windows]],
            window_start=self.window_start[windows],
            window_end=self.window_end[windows],
            clock=self.clock if windows.any() else "none",
            tags=self.tags[keep].reset_index(drop=True),
        )

    def calendar(self, row: int) -> tuple[tuple[Any, Any], ...] | None:
        """Give when one rep is available, None for always."""
        if not self.has_calendar[row]:
            return None
        lo, hi = np.searchsorted(self.window_rep, [row, row + 1])
        return tuple(
            (moment(self.window_start[w], self.clock), moment(self.window_end[w], self.clock))
            for w in range(lo, hi)
        )

    def record(self, row: int) -> Rep:
        """Give one row back as a record."""
        limit = none_or(self.max_tasks[row])
        return Rep.model_construct(
            id=self.id[row],
            capacity=none_or(self.capacity[row]),
            max_tasks=None if limit is None else int(limit),
            skills=self.skills.at(row),
            fit=self.fit.at(row),
            tags=_tags_at(self.tags, row),
            weight=none_or(self.weight[row]),
            efficiency=float(self.efficiency[row]),
            carried_load=float(self.carried_load[row]),
            available=self.calendar(row),
            active=bool(self.active[row]),
        )


@dataclass(frozen=True, eq=False)
class RoleColumns(Columns):
    """The collaborators wanted, one entry for each role of each task, by task, then name."""

    task: Ints
    name: Texts
    effort: Floats
    credit: Floats
    requires: Ragged

    @classmethod
    def from_records(cls, roles: Iterable[tuple[int, Role]]) -> RoleColumns:
        """Hold (task row, role) as columns."""
        listed = sorted(roles, key=lambda item: (item[0], item[1].name))
        return cls(
            task=np.array([task for task, _ in listed], np.int64),
            name=texts([role.name for _, role in listed]),
            effort=floats([role.effort for _, role in listed]),
            credit=floats([role.credit for _, role in listed]),
            requires=Ragged.from_mappings([role.requires for _, role in listed]),
        )

    def joined(self, other: RoleColumns, first: int) -> RoleColumns:
        """Give these and then the other ones, whose tasks start at row ``first``."""
        return RoleColumns(
            task=np.concatenate([self.task, other.task + first]),
            name=np.concatenate([self.name, other.name]),
            effort=np.concatenate([self.effort, other.effort]),
            credit=np.concatenate([self.credit, other.credit]),
            requires=self.requires.joined(other.requires, len(self.task)),
        )

    def of_task(self, row: int) -> tuple[Role, ...]:
        """Give the roles of one task back as records."""
        lo, hi = np.searchsorted(self.task, [row, row + 1])
        return tuple(
            Role.model_construct(
                name=self.name[i],
                effort=float(self.effort[i]),
                requires=self.requires.at(i),
                credit=none_or(self.credit[i]),
            )
            for i in range(lo, hi)
        )


@dataclass(frozen=True, eq=False)
class TaskColumns(Columns):
    """The tasks, (T,) each; fields as in :class:`~assignopt.Task`."""

    id: Texts
    effort: Floats
    value: Floats
    priority: Floats
    burden: Floats
    requires: Ragged
    prefers: Ragged
    customer_type: Labels
    group: Labels
    owner: Labels
    start: Floats
    end: Floats
    clock: str
    roles: RoleColumns
    tags: pd.DataFrame

    @cached_property
    def index(self) -> pd.Index[Any]:
        """The ids, ready for look-ups."""
        return pd.Index(self.id, dtype=object)

    @classmethod
    def from_records(cls, tasks: Sequence[Task]) -> TaskColumns:
        """Hold these records as columns."""
        return cls(
            id=texts([task.id for task in tasks]),
            effort=floats([task.effort for task in tasks]),
            value=floats([task.value for task in tasks]),
            priority=floats([task.priority for task in tasks]),
            burden=floats([task.burden for task in tasks]),
            requires=Ragged.from_mappings([task.requires for task in tasks]),
            prefers=Ragged.from_mappings([task.prefers for task in tasks]),
            customer_type=Labels.of(texts([task.customer_type for task in tasks])),
            group=Labels.of(texts([task.group for task in tasks])),
            owner=Labels.of(texts([task.owner for task in tasks])),
            start=floats([seconds(task.start) for task in tasks]),
            end=floats([seconds(task.end) for task in tasks]),
            clock=clock_of([t for task in tasks for t in (task.start, task.end)]),
            roles=RoleColumns.from_records((i, r) for i, t in enumerate(tasks) for r in t.roles),
            tags=_tag_frame([task.tags for task in tasks]),
        )

    def joined(self, other: TaskColumns) -> TaskColumns:
        """Give these tasks and then the other ones."""
        first = len(self.id)
        return TaskColumns(
            id=np.concatenate([self.id, other.id]),
            effort=np.concatenate([self.effort, other.effort]),
            value=np.concatenate([self.value, other.value]),
            priority=np.concatenate([self.priority, other.priority]),
            burden=np.concatenate([self.burden, other.burden]),
            start=np.concatenate([self.start, other.start]),
            end=np.concatenate([self.end, other.end]),
            requires=self.requires.joined(other.requires, first),
            prefers=self.prefers.joined(other.prefers, first),
            customer_type=self.customer_type.joined(other.customer_type),
            group=self.group.joined(other.group),
            owner=self.owner.joined(other.owner),
            clock=one_clock(self.clock, other.clock),
            roles=self.roles.joined(other.roles, first),
            tags=_joined_tags(self.tags, other.tags),
        )

    def record(self, row: int) -> Task:
        """Give one row back as a record."""
        return Task.model_construct(
            id=self.id[row],
            effort=float(self.effort[row]),
            value=float(self.value[row]),
            priority=float(self.priority[row]),
            requires=self.requires.at(row),
            prefers=self.prefers.at(row),
            customer_type=self.customer_type.at(row),
            tags=_tags_at(self.tags, row),
            group=self.group.at(row),
            owner=self.owner.at(row),
            burden=float(self.burden[row]),
            start=moment(self.start[row], self.clock),
            end=moment(self.end[row], self.clock),
            roles=self.roles.of_task(row),
        )


@dataclass(frozen=True, eq=False)
class PairColumns(Columns):
    """The pairs table, by task, then rep; a column that was not given is None.

    ``rep`` and ``task`` are rows of the other tables.
    """

    rep: Ints
    task: Ints
    fit: Floats | None = None
    effort: Floats | None = None
    value: Floats | None = None


@dataclass(frozen=True, eq=False)
class PreferenceColumns(Columns):
    """Bids and endorsements, by rep, task and who gave them (None: the rep)."""

    rep: Ints
    task: Ints
    weight: Floats
    by: Texts


@dataclass(frozen=True, eq=False)
class HistoryColumns(Columns):
    """What reps carried before, a row for each rep and period, in the order given.

    ``present`` is the share of the period that the rep was there for.
    """

    rep: Ints
    load: Floats
    count: Floats
    worth: Floats
    value: Floats
    burden: Floats
    period: Texts
    present: Floats

    def periods(self) -> tuple[Ints, Texts]:
        """(N,) place of each row's period, -1 without one, among the distinct ones in order.

        Numbers and datetimes are ordered as such, text as text, except that a run of digits in it
        is a number: w9 is before w10.
        """
        code, distinct = pd.factorize(self.period)
        order = sorted(range(len(distinct)), key=lambda at: _period_key(distinct[at]))
        place = np.empty(len(order) + 1, np.int64)
        place[order], place[-1] = np.arange(len(order)), -1
        return place[code], distinct[order]


def period_kind(period: Any) -> str:
    """Name the kind of a period: only those of one kind have an order."""
    value = read_tag(period)
    if isinstance(value, datetime):
        return time_kind(value)
    return "text" if isinstance(value, str) else "number"


def _period_key(period: Any) -> Any:
    value = read_tag(period)
    if not isinstance(value, str):
        return value
    parts = re.split(r"(\d+)", value)
    return [int(part) if at % 2 else part for at, part in enumerate(parts)], value


def none_or(value: float) -> float | None:
    """Read one cell of a column of numbers."""
    return None if np.isnan(value) else float(value)


def seconds(value: float | datetime | None) -> float | None:
    """Give a time as seconds; datetimes count from 1970 (aware ones in UTC)."""
    if isinstance(value, datetime):
        naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return (naive - EPOCH) / timedelta(seconds=1)
    return value


def moment(value: float, clock: str) -> float | datetime | None:
    """Give seconds back as the kind of time that ``clock`` names."""
    if np.isnan(value):
        return None
    if clock == SECONDS:
        return float(value)
    naive = EPOCH + timedelta(microseconds=round(float(value) * 1_000_000))
    return naive.replace(tzinfo=UTC) if clock == "aware datetime" else naive


def clock_of(times: Iterable[Any]) -> str:
    """Name the kind of these times; ``"none"`` without any, ``"mixed"`` if they differ."""
    return one_clock(*{time_kind(t) for t in times if t is not None})


def one_clock(*clocks: str) -> str:
    """Name the one kind among these; ``"none"`` without any, ``"mixed"`` if they differ."""
    kinds = set(clocks) - {"none"}
    return "mixed" if len(kinds) > 1 else next(iter(kinds), "none")


def _tag_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: texts([row.get(name) for row in rows]) for name in names}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)), dtype=object)


def _joined_tags(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Put tags under each other; a column keeps its dtype where both sides have it."""
    rows = pd.RangeIndex(len(first) + len(second))
    joined = {}
    for name in dict.fromkeys([*first.columns, *second.columns]):
        sides = [
            side[name] if name in side else pd.Series(texts([None] * len(side)), dtype=object)
            for side in (first, second)
        ]
        if len({side.dtype for side in sides}) > 1:
            sides = [side.infer_objects() for side in sides]
        if len({side.dtype for side in sides}) > 1:
            sides = [side.astype(object) for side in sides]
        joined[name] = pd.concat(sides, ignore_index=True)
    return pd.DataFrame(joined, index=rows)


def _tags_at(tags: pd.DataFrame, row: int) -> dict[str, Any]:
    found: dict[str, Any] = {name: tags[name].iloc[row] for name in tags.columns}
    return {name: read_tag(value) for name, value in found.items() if not pd.isna(value)}
