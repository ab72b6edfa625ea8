"""The cells of one frame: pandas columns of any dtype in, checked numpy columns out.

Every fault is noted with its row (counted from 0, whatever the index) and its column. Whole
columns are checked at once; cells are looked at one by one only where a column really mixes
types, or holds mappings or lists. What comes out shares no memory with the frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from .columns import Labels, Ragged, clock_of, floats, seconds, texts
from .records import Levels, Shares, read_tag, read_time

if TYPE_CHECKING:
    from .columns import Bools, Floats, Ints, Texts
    from .errors import Faults

AMOUNTS: dict[str, TypeAdapter[dict[str, float]]] = {
    "levels": TypeAdapter(Levels),
    "shares": TypeAdapter(Shares),
}


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
        for name in frame.columns[frame.columns.duplicated()].unique():
            self.note(str(name), f"column {name!r} stands twice. Keep one")

    def note(self, column: str, message: str, value: object = None) -> None:
        """Note a fault of a whole column."""
        self.faults.add((self.table, column), message, value)

    def note_rows(self, column: str, bad: Any, values: Any, message: str) -> None:
        """Note the same fault in all cells of a column that ``bad`` (rows,) marks."""
        if np.any(bad):
            self.faults.add_rows(self.table, column, bad, values, message)

    def has(self, column: str) -> bool:
        """Tell whether the frame has this column, once."""
        return list(self.frame.columns).count(column) == 1

    def require(self, *columns: str) -> bool:
        """Note every one of these columns that is missing; a frame of nothing has no rows."""
        if not len(self.frame.columns) and not self.rows:
            return True
        found = [str(name) for name in self.frame.columns]
        for column in columns:
            if column not in found:
                near = [name for name in found if name.lower().strip() == column]
                near = near or get_close_matches(column, found, 1)
                remedy = f"Rename {near[0]!r}, if it is that" if near else "Add it"
                if column in self.frame.index.names:
                    remedy = "It is the index; give frame.reset_index()"
                listed = ", ".join(map(repr, found)) or "none"
                self.note(column, f"column {column!r} is missing; found {listed}. {remedy}")
        return all(self.has(column) for column in columns)

    def no_others(self, known: Iterable[str]) -> None:
        """Note every column but these: what cannot be kept is not dropped in silence."""
        known = list(known)
        for name in self.frame.columns:
            if name not in known:
                near = get_close_matches(str(name), known, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ". Leave it out"
                listed = ", ".join(known)
                self.note(str(name), f"column {name!r} is unknown here; known: {listed}{hint}")

    def cells(self, column: str) -> Texts:
        """Give the cells as objects; only to be read, they may be the frame's own."""
        series = self.frame[column]
        if isinstance(series.dtype, pd.CategoricalDtype):
            series = series.astype(object)
        out: Texts = series.to_numpy(dtype=object)
        return out

    def text(self, column: str, *, optional: bool = False) -> Texts:
        """Read non-empty text; None for a cell that is missing or a fault."""
        if not self.has(column):
            return texts([None] * self.rows)
        values = self.cells(column)
        gone = np.asarray(pd.isna(values))
        if not optional:
            self.note_rows(column, gone, values, "is missing; text is expected. Fill it in")
        if types.infer_dtype(values, skipna=True) not in ("string", "empty"):
            wrong = ~gone & np.array([not isinstance(v, str) for v in values], bool)
            message = (
                "{value} is not text; names and ids come back exactly as given. Read the column "
                "as text (dtype=str)"
            )
            self.note_rows(column, wrong, values, message)
            gone |= wrong
        values = values.copy()
        values[gone] = None
        empty = np.asarray(values == "", bool)
        self.note_rows(column, empty, values, "is empty text. Fill it in")
        values[empty] = None
        return values

    def labels(self, column: str) -> Labels:
        """Read optional text of which there are few distinct."""
        if not self.has(column) or self.frame[column].isna().all():
            return Labels.none(self.rows)
        return Labels.of(self.text(column, optional=True))

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
        values, wrong = self._as_floats(column)
        if not optional:
            gone = np.isnan(values) & ~wrong
            self.note_rows(column, gone, values, "is missing (NaN). Fill it in with a number")
        infinite = np.isinf(values)
        remedy = "Leave it empty for no limit" if optional else "Give a finite number"
        self.note_rows(column, infinite, values, f"{{value}} is not finite. {remedy}")
        bad = (values <= low) if above else (values < low)
        bad |= values > high
        if whole:
            bad |= values != np.floor(values)
        bad &= ~(infinite | np.isnan(values))
        span = f"{'above' if above else 'at least'} {low:g}"
        span += f" and at most {high:g}" if np.isfinite(high) else ""
        kind = "a whole number" if whole else "a number"
        message = f"{{value}} is out of range; allowed is {kind} {span}"
        self.note_rows(column, bad, values, message)
        return values

    def _as_floats(self, column: str) -> tuple[Floats, Bools]:
        """Turn a column into floats, NaN where a cell is missing or (noted) no number."""
        series = self.frame[column]
        none = np.zeros(self.rows, bool)
        if types.is_numeric_dtype(series) and series.dtype.kind in "iuf":
            return series.to_numpy(dtype=np.float64, na_value=np.nan, copy=True), none
        cells = self.cells(column)
        gone = np.asarray(pd.isna(cells))
        if types.infer_dtype(cells, skipna=True) in ("integer", "floating", "mixed-integer-float"):
            wrong = none
        else:
            wrong = ~gone & np.array([not _is_number(v) for v in cells], bool)
            self.note_rows(column, wrong, cells, "{value} is not a number. Give a number")
        values = np.full(self.rows, np.nan)
        good = ~(gone | wrong)
        try:
            values[good] = cells[good].astype(np.float64)
        except OverflowError:
            values[good] = [v if abs(v) < 2**1023 else np.inf for v in cells[good]]
        return values, wrong

    def boolean(self, column: str, *, default: bool) -> Bools:
        """Read True and False."""
        if not self.has(column):
            return np.full(self.rows, default)
        cells = self.cells(column)
        gone = np.asarray(pd.isna(cells))
        self.note_rows(column, gone, cells, "is missing. Fill it in with True or False")
        if types.infer_dtype(cells, skipna=True) not in ("boolean", "empty"):
            wrong = ~gone & np.array([not isinstance(v, bool | np.bool_) for v in cells], bool)
            message = "{value} is not True or False. Give one of the two"
            self.note_rows(column, wrong, cells, message)
            gone |= wrong
        return np.where(gone, default, cells).astype(bool)

    def time(self, column: str) -> tuple[Floats, str]:
        """Read times and the kind they are of."""
        if not self.has(column):
            return np.full(self.rows, np.nan), "none"
        series = self.frame[column]
        if types.is_datetime64_any_dtype(series):
            return _seconds_since_1970(series)
        if types.is_numeric_dtype(series) and series.dtype.kind in "iuf":
            values = self.number(column, optional=True, low=-np.inf)
            return values, "none" if np.isnan(values).all() else "seconds"
        read: list[Any] = [None] * self.rows
        for row, cell in self._filled(column):
            try:
                read[row] = read_time(cell)
            except PydanticCustomError as error:
                self.faults.add((self.table, row, column), error.message(), cell)
        return floats([seconds(moment) for moment in read]), clock_of(read)

    def _filled(self, column: str) -> Iterable[tuple[int, Any]]:
        cells = self.cells(column)
        rows = np.flatnonzero(~np.asarray(pd.isna(cells)))
        return zip(rows.tolist(), cells[rows], strict=True)

    def amounts(self, column: str, kind: str = "levels") -> Ragged:
        """Read cells that each hold ``name -> number``: a mapping, a set, or text.

        Text that repeats is read once.
        """
        if not self.has(column):
            return Ragged.none()
        cells = self.cells(column)
        if types.infer_dtype(cells, skipna=True) == "string":
            code, distinct = pd.factorize(cells)
        else:
            filled = ~np.asarray(pd.isna(cells))
            code = np.where(filled, np.cumsum(filled) - 1, -1)
            distinct = cells[filled]
        read: list[dict[str, float]] = []
        wrong: dict[int, ValidationError] = {}
        for number, cell in enumerate(distinct):
            try:
                read.append(AMOUNTS[kind].validate_python(cell))
            except ValidationError as error:
                read.append({})
                wrong[number] = error
        for row in np.flatnonzero(np.isin(code, list(wrong))).tolist():
            self.faults.adopt(wrong[code[row]], (self.table, row, column))
        size = np.array([len(one) for one in read], np.int64)
        names = texts([name for one in read for name in one])
        numbers = floats([amount for one in read for amount in one.values()])
        rows = np.flatnonzero(code >= 0)
        mine = code[rows]
        count = size[mine]
        first = (np.cumsum(size) - size)[mine] - (np.cumsum(count) - count)
        entry = np.repeat(first, count) + np.arange(count.sum())
        return Ragged.of(np.repeat(rows, count), names[entry], numbers[entry])

    def objects(self, column: str, adapter: TypeAdapter[Any]) -> dict[int, Any]:
        """Read cells that hold lists of records, by row; without those missing or faulty."""
        out: dict[int, Any] = {}
        for row, cell in self._filled(column) if self.has(column) else ():
            try:
                out[row] = adapter.validate_python(cell)
            except ValidationError as error:
                self.faults.adopt(error, (self.table, row, column))
        return out

    def tags(self, fields: Iterable[str]) -> pd.DataFrame:
        """Keep the columns that are not ``fields``, and what cells of a column ``tags`` hold."""
        kept: dict[str, Any] = {}
        for name in self.frame.columns.difference(list(fields), sort=False):
            if not isinstance(name, str) or not name:
                self.note(str(name), f"column {name!r} is not named by text. Rename it")
            elif self.has(name):
                series = self.frame[name].reset_index(drop=True)
                self._check_tags(name, series)
                kept[name] = series.copy()
        columns = set(kept)
        for row, cell in self._filled("tags") if self.has("tags") else ():
            if not isinstance(cell, Mapping):
                message = f"{cell!r} is not name -> value. Give a mapping"
                self.faults.add((self.table, row, "tags"), message, cell)
                continue
            for name, value in cell.items():
                place = (self.table, row, "tags", str(name))
                if name in columns:
                    self.faults.add(place, f"{name!r} is a column as well. Keep one", value)
                elif not isinstance(name, str) or not name:
                    self.faults.add(place, f"{name!r} is not a name. Give names as text", value)
                else:
                    column = kept.setdefault(name, texts([None] * self.rows))
                    self._keep_tag(column, row, value, place)
        return pd.DataFrame(kept, index=pd.RangeIndex(self.rows))

    def tag_cells(self, column: str) -> Texts:
        """Read one column of optional cells, each of which a tag could hold."""
        if not self.has(column):
            return texts([None] * self.rows)
        self._check_tags(column, self.frame[column])
        cells = self.cells(column).copy()
        cells[np.asarray(pd.isna(cells))] = None
        return cells

    def _keep_tag(self, column: Any, row: int, value: Any, place: tuple[str | int, ...]) -> None:
        try:
            column[row] = read_tag(value)
        except PydanticCustomError as error:
            self.faults.add(place, error.message(), value)

    def _check_tags(self, name: str, series: pd.Series[Any]) -> None:
        """Note the cells that a tag cannot hold."""
        held: Any = series
        if isinstance(series.dtype, pd.CategoricalDtype):
            held = pd.Series(series.cat.categories)
        if held.dtype.kind == "f" and not np.isinf(held.to_numpy(np.float64, na_value=0)).any():
            return
        if held.dtype.kind in "iubM" or isinstance(held.dtype, pd.StringDtype):
            return
        if held.dtype == object and types.infer_dtype(held, skipna=True) in (
            "string",
            "boolean",
            "integer",
            "empty",
        ):
            return
        for row, cell in self._filled(name):
            self._keep_tag({}, row, cell, (self.table, row, name))

    def lookup(self, column: str, index: pd.Index[Any] | None, what: str) -> Ints:
        """Read ids of another table as its row numbers; note those that are unknown.

        Without an index, the other table's ids being at fault themselves, all rows are 0.
        """
        if index is None:
            self.text(column)
            return np.zeros(self.rows, np.int64)
        if not self.has(column):
            return np.full(self.rows, -1, np.int64)
        series = self.frame[column]
        if isinstance(series.dtype, pd.CategoricalDtype):
            of_category = index.get_indexer(pd.Index(series.cat.categories, dtype=object))
            rows = np.append(of_category, -1)[series.cat.codes.to_numpy()]
        else:
            rows = index.get_indexer(pd.Index(self.cells(column), dtype=object))
        if (rows < 0).any():
            names = self.text(column)
            unknown = (rows < 0) & ~np.asarray(pd.isna(names))
            near = _nearest(names, unknown, index)
            message = f"{what} {{value}} is unknown{near}. Use ids of the {what}s table"
            self.note_rows(column, unknown, names, message)
        return rows.astype(np.int64, copy=False)

    def repeated(self, column: str, columns: Mapping[str, Any], shown: Any, message: str) -> Bools:
        """Note and mark every row that equals an earlier one in all these columns."""
        again = pd.DataFrame(dict(columns)).duplicated().to_numpy()
        self.note_rows(column, again, shown, message)
        return again


def known_ids(index: pd.Index[Any]) -> pd.Index[Any] | None:
    """Give the ids that can be looked up, each once; None where all of them are at fault."""
    known = index if index.is_unique else index.unique()
    known = known[known.notna()] if known.hasnans else known
    return known if len(known) or not len(index) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(
        value, bool | np.complexfloating | np.timedelta64
    )


def _seconds_since_1970(series: pd.Series[Any]) -> tuple[Floats, str]:
    aware = isinstance(series.dtype, pd.DatetimeTZDtype)
    naive = series.dt.tz_convert("UTC").dt.tz_localize(None) if aware else series
    micro = naive.astype("datetime64[us]").astype(np.int64).to_numpy()
    gone = series.isna().to_numpy()
    kind = "none" if gone.all() else "aware datetime" if aware else "datetime"
    return np.where(gone, np.nan, micro / 1_000_000), kind


def _nearest(names: Texts, unknown: Bools, index: pd.Index[Any]) -> str:
    near = get_close_matches(str(names[unknown.argmax()]), index[:5000].tolist(), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
