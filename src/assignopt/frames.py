"""The pandas boundary: frames in, columns out, every fault noted with its row and column.

Nothing here makes an object per row. A cell that is missing means None where a field may be None
(capacity, owner, ...) and is a fault elsewhere: absent is not zero. Columns that no field is named
after become tags, with their dtype as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from .columns import (
    HistoryColumns,
    Labels,
    PairColumns,
    PreferenceColumns,
    Ragged,
    RepColumns,
    RoleColumns,
    TaskColumns,
    clock_of,
    floats,
    seconds,
    texts,
)
from .records import Rep, Role, Task, Time, parse_amounts

if TYPE_CHECKING:
    from .columns import Bools, Floats, Ints, Texts
    from .errors import Faults

_ROLES = TypeAdapter(tuple[Role, ...])
_WINDOWS = TypeAdapter(tuple[tuple[Time, Time], ...])


class FrameReader:
    """Reads the columns of one frame and notes what is wrong with them.

    Parameters
    ----------
    table
        What faults call the frame: ``tasks`` in ``tasks.3.effort``.
    frame
        What the user gave; it is not changed.
    faults
        Where faults are noted.
    """

    def __init__(self, table: str, frame: pd.DataFrame, faults: Faults) -> None:
        self.table, self.frame, self.faults = table, frame, faults
        self.rows = len(frame)
        repeated = frame.columns[frame.columns.duplicated()].unique()
        for name in repeated:
            faults.add((table, str(name)), f"column {name!r} stands twice. Keep one")

    def has(self, column: str) -> bool:
        """Tell whether the frame has this column, once."""
        return int((self.frame.columns == column).sum()) == 1

    def require(self, *columns: str) -> bool:
        """Note every one of these columns that is missing."""
        for column in columns:
            if not self.has(column) and column not in self.frame.columns:
                near = get_close_matches(column, [str(c) for c in self.frame.columns], 1)
                hint = f"; rename {near[0]!r}?" if near else ""
                listed = ", ".join(repr(str(c)) for c in self.frame.columns)
                self._fault(column, f"column {column!r} is missing; found {listed}{hint}")
        return all(self.has(column) for column in columns)

    def _fault(self, column: str, message: str, value: object = None) -> None:
        self.faults.add((self.table, column), message, value)

    def _bad(self, column: str, bad: Bools, values: Any, message: str) -> None:
        if bad.any():
            self.faults.add_rows(self.table, column, np.flatnonzero(bad), values, message)

    def text(self, column: str, *, optional: bool = False) -> Texts:
        """Read non-empty text; None for a missing cell of an optional column."""
        if not self.has(column):
            return np.full(self.rows, None, object)
        series = self.frame[column]
        if isinstance(series.dtype, pd.CategoricalDtype):
            series = series.astype(object)
        if pd.api.types.is_numeric_dtype(series) and not series.isna().all():
            shown = next(iter(series.dropna().head(1)), None)
            self._fault(
                column,
                f"column {column!r} holds numbers such as {shown!r}, not text; names and ids are "
                "text and come back as given. Read the column with dtype=str",
                shown,
            )
            return np.full(self.rows, None, object)
        values: Texts = series.to_numpy(dtype=object, na_value=None)
        gone = pd.isna(values)
        if pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
            wrong = np.array([not isinstance(v, str) for v in values]) & ~gone
            self._bad(column, wrong, values, "{value} is not text. Give names and ids as text")
            values = np.where(wrong, None, values)
            gone = gone | wrong
        if not optional:
            missing = pd.isna(series).to_numpy()
            self._bad(column, missing, values, "is missing; text is expected. Fill it in")
        empty = values == ""
        self._bad(column, np.asarray(empty, bool), values, "is empty text. Fill it in")
        return np.where(gone, None, values)

    def number(
        self,
        column: str,
        default: float = np.nan,
        *,
        optional: bool = False,
        low: float = 0.0,
        above: bool = False,
        high: float = np.inf,
        whole: bool = False,
    ) -> Floats:
        """Read finite numbers in ``[low, high]`` (``above``: greater than ``low``).

        NaN stands for a missing cell of an optional column, and for cells that are faults.
        """
        if not self.has(column):
            return np.full(self.rows, default)
        series = self.frame[column]
        gone = series.isna().to_numpy()
        if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
            values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            cells = series.to_numpy(dtype=object)
            wrong = np.array([not _is_number(v) for v in cells], bool) & ~gone
            self._bad(column, wrong, cells, "{value} is not a number. Give a number")
            values = np.array(
                [np.nan if g or w else float(v) for v, g, w in zip(cells, gone, wrong, strict=True)]
            ).astype(np.float64)
            gone = gone | wrong if optional else gone
        if not optional:
            self._bad(column, gone, values, "is missing (NaN); a number is expected. Fill it in")
        infinite = np.isinf(values)
        remedy = "leave it empty for no limit" if optional else "give a finite number"
        self._bad(column, infinite, values, f"{{value}} is not finite. Remedy: {remedy}")
        with np.errstate(invalid="ignore"):
            low_bad = (values <= low) if above else (values < low)
            bad = (low_bad | (values > high)) & ~infinite
            if whole:
                bad |= ~infinite & ~np.isnan(values) & (values != np.floor(values))
        span = f"{'above' if above else 'at least'} {low:g}"
        span += f" and at most {high:g}" if np.isfinite(high) else ""
        kind = "a whole number" if whole else "a number"
        self._bad(column, bad, values, f"{{value}} is out of range; allowed is {kind} {span}")
        return values

    def boolean(self, column: str, *, default: bool) -> Bools:
        """Read True and False."""
        if not self.has(column):
            return np.full(self.rows, default)
        cells = self.frame[column].to_numpy(dtype=object)
        wrong = np.array([not isinstance(v, bool | np.bool_) for v in cells], bool)
        self._bad(column, wrong, cells, "{value} is not True or False. Give one of the two")
        return np.array([bool(v) if not w else default for v, w in zip(cells, wrong, strict=True)])

    def time(self, column: str) -> tuple[Floats, str]:
        """Read times and the kind they are of."""
        if not self.has(column):
            return np.full(self.rows, np.nan), "none"
        series = self.frame[column]
        if pd.api.types.is_datetime64_any_dtype(series):
            aware = isinstance(series.dtype, pd.DatetimeTZDtype)
            naive = series.dt.tz_convert("UTC").dt.tz_localize(None) if aware else series
            micro = naive.astype("datetime64[us]").astype(np.int64).to_numpy() / 1_000_000
            gone = series.isna().to_numpy()
            kind = "none" if gone.all() else "aware datetime" if aware else "datetime"
            return np.where(gone, np.nan, micro), kind
        if pd.api.types.is_numeric_dtype(series):
            values = self.number(column, optional=True, low=-np.inf)
            return values, "none" if np.isnan(values).all() else "seconds"
        cells = [None if pd.isna(v) else v for v in series.to_numpy(dtype=object)]
        wrong = np.array([v is not None and not _is_time(v) for v in cells], bool)
        message = "{value} is not a time. Give seconds, or convert with pandas.to_datetime"
        self._bad(column, wrong, cells, message)
        kept = [None if w else v for v, w in zip(cells, wrong, strict=True)]
        return floats([seconds(v) for v in kept]), clock_of(kept)

    def amounts(self, column: str, high: float = np.inf) -> Ragged:
        """Read cells that each hold ``name -> number``: a mapping, a set, or text."""
        if not self.has(column):
            return Ragged.from_mappings([])
        row: list[int] = []
        key: list[str] = []
        amount: list[float] = []
        cells = self.frame[column].to_numpy(dtype=object)
        for i, cell in enumerate(cells):
            if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NA:
                continue
            try:
                parsed = parse_amounts(cell)
            except PydanticCustomError as error:
                self.faults.add((self.table, i, column), error.message(), cell)
                continue
            if not isinstance(parsed, Mapping):
                self.faults.add((self.table, i, column), f"{cell!r} is not name -> number", cell)
                continue
            for name, number in parsed.items():
                fault = _amount_fault(name, number, high)
                if fault:
                    self.faults.add((self.table, i, column, str(name)), fault, number)
                else:
                    row.append(i)
                    key.append(name)
                    amount.append(float(number))
        return Ragged.of(row, key, amount)

    def objects(self, column: str, adapter: TypeAdapter[Any]) -> list[Any]:
        """Read cells that hold lists of records; None where a cell is missing or faulty."""
        out: list[Any] = []
        for i, cell in enumerate(self.frame[column].to_numpy(dtype=object)):
            if cell is None or (pd.api.types.is_scalar(cell) and pd.isna(cell)):
                out.append(None)
                continue
            try:
                out.append(adapter.validate_python(cell))
            except ValidationError as error:
                self.faults.adopt(error, (self.table, i, column))
                out.append(None)
        return out

    def tags(self, known: Iterable[str]) -> pd.DataFrame:
        """Keep the columns that are not ``known``; note cells that a tag cannot hold."""
        extra = [c for c in self.frame.columns if c not in set(known)]
        kept: dict[str, Any] = {}
        for name in extra:
            if not isinstance(name, str) or not name or not self.has(name):
                if not isinstance(name, str) or not name:
                    self._fault(str(name), f"column {name!r} has no name in text. Rename it")
                continue
            series = self.frame[name].reset_index(drop=True)
            if series.dtype == object:
                cells = series.to_numpy()
                wrong = np.array([not _is_tag(v) for v in cells], bool)
                self._bad(
                    name,
                    wrong,
                    cells,
                    "{value} cannot be kept as a tag; text, numbers, True/False and datetimes can. "
                    "Convert the column to text, or leave it out",
                )
            kept[name] = series
        return pd.DataFrame(kept, index=pd.RangeIndex(self.rows))

    def lookup(self, column: str, index: pd.Index[Any], what: str) -> Ints:
        """Read ids of another table as its row numbers; note those that are unknown."""
        names = self.text(column)
        rows = index.get_indexer(pd.Index(names, dtype=object)).astype(np.int64)
        unknown = (rows < 0) & (names != None)  # noqa: E711
        if unknown.any():
            near = _nearest(names, unknown, index)
            message = f"{what} {{value}} is unknown{near}. Use ids of the {what}s table"
            self._bad(column, unknown, names, message)
        return rows

    def unique(self, columns: str, key: Any) -> None:
        """Note every row whose key (an Index or array) stood before."""
        again = np.asarray(pd.Series(key).duplicated())
        values = np.asarray(key, object)
        self._bad(columns, again, values, "repeats an earlier row: {value}. Keep one of them")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _is_time(value: object) -> bool:
    from datetime import datetime

    return _is_number(value) or isinstance(value, datetime)


def _is_tag(value: object) -> bool:
    from datetime import datetime

    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, str | bool | int | float | np.generic | datetime)


def _amount_fault(name: object, number: object, high: float) -> str | None:
    if not isinstance(name, str) or not name:
        return f"{name!r} is not a name. Give non-empty text"
    if not _is_number(number):
        return f"{number!r} of {name!r} is not a number. Give a number"
    if not (np.isfinite(number) and 0 <= number <= high):  # type: ignore[operator,call-overload]
        top = f" to {high:g}" if np.isfinite(high) else " and finite"
        return f"{number!r} of {name!r} is out of range; allowed is 0{top}"
    return None


def _nearest(names: Texts, unknown: Bools, index: pd.Index[Any]) -> str:
    near = get_close_matches(str(names[unknown.argmax()]), index[:5000].tolist(), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _long(
    reader: FrameReader | None,
    cell: Ragged,
    index: pd.Index[Any],
    names: tuple[str, str, str, str],
    high: float = np.inf,
) -> Ragged:
    """Join a long frame (id, name, number) to what stands in cells."""
    if reader is None:
        return cell
    id_column, what, key_column, amount_column = names
    if not reader.require(id_column, key_column, amount_column):
        return cell
    row = reader.lookup(id_column, index, what)
    key = reader.text(key_column)
    amount = reader.number(amount_column, high=high)
    good = (row >= 0) & (key != None) & ~np.isnan(amount)  # noqa: E711
    old_keys = cell.names()
    joined = pd.MultiIndex.from_arrays(
        [np.concatenate([cell.row, row]), np.concatenate([old_keys, key])]
    )
    again = joined.duplicated()[len(cell.row) :] & good
    reader._bad(key_column, again, key, f"{{value}} is given twice for one {what}. Keep one")
    return Ragged.of(
        np.concatenate([cell.row, row[good]]),
        np.concatenate([old_keys, key[good]]),
        np.concatenate([cell.amount, amount[good]]),
    )


def _reader(table: str, frame: pd.DataFrame | None, faults: Faults) -> FrameReader | None:
    return None if frame is None else FrameReader(table, frame, faults)


def read_reps(
    frame: pd.DataFrame,
    skills: pd.DataFrame | None,
    fit: pd.DataFrame | None,
    faults: Faults,
) -> RepColumns:
    """Read the reps table and its long companions."""
    reader = FrameReader("reps", frame, faults)
    reader.require("id")
    ids = reader.text("id")
    index = _index(reader, ids)
    windows: list[tuple[int, Any, Any]] = []
    has_calendar = np.zeros(len(ids), bool)
    if reader.has("available"):
        calendars = reader.objects("available", _WINDOWS)
        has_calendar = np.array([c is not None for c in calendars], bool)
        windows = [(i, s, e) for i, c in enumerate(calendars) for s, e in c or ()]
        for i, s, e in windows:
            if clock_of([s, e]) == "mixed" or not s < e:
                message = f"window ({s}, {e}) is not a start before an end of the same kind"
                faults.add(("reps", i, "available"), message)
    skill_names = ("rep_id", "rep", "skill", "level")
    fit_names = ("rep_id", "rep", "customer_type", "fit")
    return RepColumns(
        id=ids,
        capacity=reader.number("capacity", optional=True),
        max_tasks=reader.number("max_tasks", optional=True, whole=True),
        weight=reader.number("weight", optional=True, above=True),
        efficiency=reader.number("efficiency", 1.0, above=True),
        carried_load=reader.number("carried_load", 0.0),
        active=reader.boolean("active", default=True),
        skills=_long(
            _reader("skills", skills, faults), reader.amounts("skills"), index, skill_names
        ),
        fit=_long(_reader("fit", fit, faults), reader.amounts("fit", 1.0), index, fit_names, 1.0),
        has_calendar=has_calendar,
        window_rep=np.array([w[0] for w in windows], np.int64),
        window_start=floats([seconds(w[1]) for w in windows]),
        window_end=floats([seconds(w[2]) for w in windows]),
        clock=clock_of([t for w in windows for t in w[1:]]),
        tags=reader.tags(Rep.model_fields),
    )


def read_tasks(frame: pd.DataFrame, requires: pd.DataFrame | None, faults: Faults) -> TaskColumns:
    """Read the tasks table and its long companion."""
    reader = FrameReader("tasks", frame, faults)
    reader.require("id")
    ids = reader.text("id")
    index = _index(reader, ids)
    start, start_clock = reader.time("start")
    end, end_clock = reader.time("end")
    _check_intervals(reader, start, end)
    roles: list[tuple[int, Role]] = []
    if reader.has("roles"):
        for i, cell in enumerate(reader.objects("roles", _ROLES)):
            roles.extend((i, role) for role in cell or ())
    names = ("task_id", "task", "skill", "level")
    needs = _reader("requires", requires, faults)
    clocks = {start_clock, end_clock} - {"none"}
    return TaskColumns(
        id=ids,
        effort=reader.number("effort", 1.0),
        value=reader.number("value", 1.0),
        priority=reader.number("priority", 1.0),
        burden=reader.number("burden", 0.0),
        requires=_long(needs, reader.amounts("requires"), index, names),
        prefers=reader.amounts("prefers"),
        customer_type=Labels.of(reader.text("customer_type", optional=True)),
        group=Labels.of(reader.text("group", optional=True)),
        owner=Labels.of(reader.text("owner", optional=True)),
        start=start,
        end=end,
        clock="mixed" if len(clocks) > 1 else next(iter(clocks), "none"),
        roles=RoleColumns.from_records(roles),
        tags=reader.tags(Task.model_fields),
    )


def _index(reader: FrameReader, ids: Texts) -> pd.Index[Any]:
    """Index the ids, noting those that repeat."""
    index = pd.Index(ids, dtype=object)
    if not index.is_unique:
        again = index.duplicated() & (ids != None)  # noqa: E711
        reader._bad("id", again, ids, "id {value} is repeated; ids are unique. Rename one")
        index = pd.Index(
            [
                f"\0{i}" if a else v
                for i, (v, a) in enumerate(zip(ids, index.duplicated(), strict=True))
            ],
            dtype=object,
        )
    return index


def _check_intervals(reader: FrameReader, start: Floats, end: Floats) -> None:
    half = np.isnan(start) != np.isnan(end)
    reader._bad("start", half, start, "start and end go together. Give both or neither")
    with np.errstate(invalid="ignore"):
        reader._bad("end", end <= start, end, "end is not after start. Correct one of them")


def as_frame(rows: Any, columns: tuple[str, ...]) -> pd.DataFrame:
    """Take a frame as it is; make one of mappings, or of tuples in the order of ``columns``."""
    if isinstance(rows, pd.DataFrame):
        return rows
    listed = list(rows)
    if listed and not isinstance(listed[0], Mapping):
        width = max(len(row) for row in listed)
        return pd.DataFrame(listed, columns=list(columns[:width]))
    return pd.DataFrame(listed) if listed else pd.DataFrame(columns=list(columns))


PAIRS = ("rep_id", "task_id", "fit", "effort", "value")
PREFERENCES = ("rep_id", "task_id", "weight", "by")
HISTORY = ("rep_id", "load", "value", "burden", "period", "count", "worth")


def read_pairs(
    rows: Any, reps: pd.Index[Any], tasks: pd.Index[Any], faults: Faults
) -> PairColumns | None:
    """Read the pairs table; None where there is none, which leaves eligibility to the rules."""
    if rows is None or isinstance(rows, PairColumns):
        return rows
    reader = FrameReader("pairs", as_frame(rows, PAIRS), faults)
    _no_others(reader, PAIRS)
    if not reader.require("rep_id", "task_id"):
        return None
    rep = reader.lookup("rep_id", reps, "rep")
    task = reader.lookup("task_id", tasks, "task")
    given: dict[str, Floats | None] = {
        name: reader.number(name, high=1.0 if name == "fit" else np.inf)
        if reader.has(name)
        else None
        for name in PAIRS[2:]
    }
    key = task * max(len(reps), 1) + rep
    if not (key[1:] > key[:-1]).all():
        order = np.argsort(key, kind="stable")
        again = np.zeros(len(key), bool)
        again[order[1:]] = key[order[1:]] == key[order[:-1]]
        again &= (rep >= 0) & (task >= 0)
        shown = reader.frame["rep_id"].to_numpy(dtype=object)
        reader._bad("rep_id", again, shown, "this pair with {value} is repeated. Keep one row")
        rep, task = rep[order], task[order]
        given = {n: None if v is None else v[order] for n, v in given.items()}
    return PairColumns(rep, task, **given)


def read_preferences(
    rows: Any, reps: pd.Index[Any], tasks: pd.Index[Any], faults: Faults
) -> PreferenceColumns | None:
    """Read the preferences table."""
    if rows is None or isinstance(rows, PreferenceColumns):
        return rows
    reader = FrameReader("preferences", as_frame(rows, PREFERENCES), faults)
    _no_others(reader, PREFERENCES)
    if not reader.require("rep_id", "task_id", "weight"):
        return None
    rep = reader.lookup("rep_id", reps, "rep")
    task = reader.lookup("task_id", tasks, "task")
    weight = reader.number("weight", low=-np.inf)
    by = reader.text("by", optional=True)
    own = by == np.append(reps.to_numpy(dtype=object), None)[rep]
    by = np.where(own, None, by)
    said = [(r, t, b or "") for r, t, b in zip(rep, task, by, strict=True)]
    reader.unique("weight", texts(said))
    order = sorted(range(len(said)), key=said.__getitem__)
    return PreferenceColumns(rep[order], task[order], weight[order], by[order])


def read_history(rows: Any, reps: pd.Index[Any], faults: Faults) -> HistoryColumns | None:
    """Read the history table."""
    if rows is None or isinstance(rows, HistoryColumns):
        return rows
    reader = FrameReader("history", as_frame(rows, HISTORY), faults)
    _no_others(reader, HISTORY)
    if not reader.require("rep_id", "load"):
        return None
    rep = reader.lookup("rep_id", reps, "rep")
    if reader.has("period"):
        period = reader.frame["period"].to_numpy(dtype=object)
        period = np.where(pd.isna(period), None, period)
    else:
        period = np.full(reader.rows, None, object)
    reader.unique("rep_id", texts([(r, str(p)) for r, p in zip(rep, period, strict=True)]))
    read: Callable[[str], Floats] = lambda name: reader.number(name, 0.0)  # noqa: E731
    return HistoryColumns(
        rep, read("load"), read("count"), read("worth"), read("value"), read("burden"), period
    )


def _no_others(reader: FrameReader, known: tuple[str, ...]) -> None:
    for name in reader.frame.columns:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            listed = ", ".join(known)
            reader._fault(str(name), f"column {name!r} is unknown here; known are {listed}{hint}")
