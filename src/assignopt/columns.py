"""The columns a Problem holds: numpy arrays, one entry per rep, task, role or pair.

Records go in and come out again here, one by one; frames come in through :mod:`assignopt.frames`.
Times are seconds as float64, datetimes being seconds since 1970 (exact to the microsecond);
NaN in a column of numbers means None.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .records import Rep, Role, Task, time_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Texts = NDArray[np.object_]

SECONDS = "seconds"
EPOCH = datetime(1970, 1, 1)


class Columns:
    """What the column classes share: equality by content, and arrays that cannot be written."""

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, pd.DataFrame):
        return set(a.columns) == set(b.columns) and all(_same_tags(a[c], b[c]) for c in a.columns)
    if isinstance(a, np.ndarray):
        if a.dtype.kind == "f":
            return isinstance(b, np.ndarray) and np.array_equal(a, b, equal_nan=True)
        return isinstance(b, np.ndarray) and np.array_equal(a, b)
    return bool(a == b)


def _same_tags(a: pd.Series[Any], b: pd.Series[Any]) -> bool:
    gone_a, gone_b = a.isna().to_numpy(), b.isna().to_numpy()
    if not np.array_equal(gone_a, gone_b):
        return False
    left, right = a[~gone_a].tolist(), b[~gone_b].tolist()
    return left == right


@dataclass(frozen=True, eq=False)
class Ragged(Columns):
    """Any number of (key, amount) for each row: skills, fits, requirements.

    Parameters
    ----------
    row
        (N,) row of each entry, ascending; within a row the keys ascend.
    key
        (N,) position in ``keys``.
    amount
        (N,) level, fit or weight.
    keys
        The distinct names, sorted.
    """

    row: Ints
    key: Ints
    amount: Floats
    keys: tuple[str, ...]

    @classmethod
    def of(cls, row: Any, key: Any, amount: Any) -> Ragged:
        """Build from entries in any order; ``key`` holds the names themselves."""
        row = np.asarray(row, np.int64)
        names = np.asarray(key, object)
        codes, keys = pd.factorize(names, sort=True)
        order = np.lexsort((codes, row))
        amounts = np.asarray(amount, np.float64)
        return cls(row[order], codes[order].astype(np.int64), amounts[order], tuple(keys))

    @classmethod
    def from_mappings(cls, mappings: Iterable[Mapping[str, float]]) -> Ragged:
        """Build from one mapping per row."""
        entries = [(i, k, v) for i, one in enumerate(mappings) for k, v in one.items()]
        row, key, amount = zip(*entries, strict=True) if entries else ((), (), ())
        return cls.of(row, key, amount)

    def at(self, row: int) -> dict[str, float]:
        """Give the mapping of one row."""
        lo, hi = np.searchsorted(self.row, [row, row + 1])
        return {
            self.keys[k]: float(a) for k, a in zip(self.key[lo:hi], self.amount[lo:hi], strict=True)
        }

    def names(self) -> Texts:
        """Give the name of each entry."""
        out: Texts = texts(self.keys)[self.key] if self.keys else np.empty(0, object)
        return out

    def joined(self, other: Ragged, first: int) -> Ragged:
        """Give these and then the other ones, whose rows start at ``first``."""
        return Ragged.of(
            np.concatenate([self.row, other.row + first]),
            np.concatenate([self.names(), other.names()]),
            np.concatenate([self.amount, other.amount]),
        )

    def signatures(self, rows: int) -> Ints:
        """Number the distinct contents: two rows get one number if their mappings are equal.

        Parameters
        ----------
        rows
            How many rows there are.

        Returns
        -------
        numpy.ndarray
            (rows,) int64 from 0; found with one pass for each position within a row.
        """
        signature = np.zeros(rows, np.int64)
        if not len(self.row):
            return signature
        pair = np.stack([self.key.astype(np.float64), self.amount], axis=1)
        entry = np.unique(pair, axis=0, return_inverse=True)[1].astype(np.int64) + 1
        start = np.searchsorted(self.row, self.row, side="left")
        place = np.arange(len(self.row)) - start
        for k in range(int(place.max()) + 1):
            here = place == k
            signature[self.row[here]] = signature[self.row[here]] * (entry.max() + 1) + entry[here]
            signature = np.unique(signature, return_inverse=True)[1].astype(np.int64)
        return signature


@dataclass(frozen=True, eq=False)
class Labels(Columns):
    """One name or none for each row, as (rows,) ``codes`` (-1 = none) into sorted ``names``."""

    codes: Ints
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Any) -> Labels:
        """Build from names, None where there is none."""
        codes, names = pd.factorize(np.asarray(values, object), sort=True)
        return cls(codes.astype(np.int64), tuple(names))

    def at(self, row: int) -> str | None:
        """Give the name of one row."""
        return self.names[self.codes[row]] if self.codes[row] >= 0 else None

    def joined(self, other: Labels) -> Labels:
        """Give these and then the other ones."""
        return Labels.of(np.concatenate([self.texts(), other.texts()]))

    def texts(self) -> Texts:
        """Give all names, None where there is none."""
        table = np.array([*self.names, None], object)
        out: Texts = table[self.codes]
        return out


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

    def record(self, row: int) -> Rep:
        """Give one row back as a record."""
        mine = np.flatnonzero(self.window_rep == row)
        windows = tuple(
            (moment(self.window_start[w], self.clock), moment(self.window_end[w], self.clock))
            for w in mine
        )
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
            available=windows if self.has_calendar[row] else None,
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
        numbers = ("effort", "value", "priority", "burden", "start", "end")
        clocks = {self.clock, other.clock} - {"none"}
        return TaskColumns(
            id=np.concatenate([self.id, other.id]),
            **{n: np.concatenate([getattr(self, n), getattr(other, n)]) for n in numbers},
            **{
                n: getattr(self, n).joined(getattr(other, n), first)
                for n in ("requires", "prefers")
            },
            **{
                n: getattr(self, n).joined(getattr(other, n))
                for n in ("customer_type", "group", "owner")
            },
            clock="mixed" if len(clocks) > 1 else next(iter(clocks), "none"),
            roles=self.roles.joined(other.roles, first),
            tags=pd.concat(
                [self.tags.astype(object), other.tags.astype(object)], ignore_index=True
            ),
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
    """What reps carried before, a row for each rep and period, in the order given."""

    rep: Ints
    load: Floats
    count: Floats
    worth: Floats
    value: Floats
    burden: Floats
    period: Texts


def texts(values: Sequence[Any]) -> Texts:
    """Make a 1-d array of objects, whatever is in it."""
    out = np.empty(len(values), object)
    out[:] = values
    return out


def floats(values: Sequence[float | None]) -> Floats:
    """Make a column of numbers, NaN for None."""
    return np.array([np.nan if v is None else v for v in values], np.float64)


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
    kinds = {time_kind(t) for t in times if t is not None}
    return "mixed" if len(kinds) > 1 else next(iter(kinds), "none")


def _tag_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: texts([row.get(name) for row in rows]) for name in names}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)), dtype=object)


def _tags_at(tags: pd.DataFrame, row: int) -> dict[str, Any]:
    found = {name: tags[name].iat[row] for name in tags.columns}
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in found.items()
        if not pd.isna(value)
    }
