"""A log of finished tasks in, checked columns out, every fault at once."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api import types

from ..cells import FrameReader
from ..columns import moment, texts
from ..errors import Faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..columns import Bools, Floats, Ints, Texts


SMALLEST = 1e-9
"""The smallest propensity: no log shows what happens once in a billion decisions."""

EVERY = "every task"
"""The type of all tasks where there is no column of types."""


class Names(NamedTuple):
    """What the columns of a log are called; None for what it does not have.

    Only :func:`assignopt.fit.off_policy` can do without types.
    """

    rep: str
    type: str | None
    outcome: str
    time: str | None = None
    value: str | None = None
    propensity: str | None = None
    batch: str | None = None


@dataclass(frozen=True, eq=False)
class Log:
    """Finished tasks, (N,) each: who had it, of which type it was, and what came of it.

    ``rep`` and ``type`` are rows of ``reps`` and ``types``, sorted. ``time`` is NaN, ``value`` and
    ``propensity`` are 1 where there is no such column; ``batch`` numbers the rows then.
    """

    reps: Texts
    types: Texts
    rep: Ints
    type: Ints
    outcome: Floats
    time: Floats
    clock: str
    value: Floats
    propensity: Floats
    batch: Ints

    def __len__(self) -> int:
        return len(self.outcome)

    def take(self, rows: Ints) -> Log:
        """Give these rows, in this order; the lists of reps and types stay."""
        columns = ("rep", "type", "outcome", "time", "value", "propensity", "batch")
        picked = {name: getattr(self, name)[rows] for name in columns}
        return Log(self.reps, self.types, clock=self.clock, **picked)

    def tables(self) -> tuple[Floats, Floats]:
        """Give trials and successes (R, J)."""
        shape = len(self.reps), len(self.types)
        cell = self.rep * shape[1] + self.type
        size = shape[0] * shape[1]
        trials = np.bincount(cell, minlength=size).reshape(shape)
        successes = np.bincount(cell, self.outcome, size).reshape(shape)
        return trials.astype(np.float64), successes.astype(np.float64)

    def split(self, part: float, seed: int) -> tuple[Log, Log, str]:
        """Give the first rows in time and the rest; without times, a draw of rows and the rest.

        Rows of one moment stay together, in the first part. The third entry says how.
        """
        if np.isnan(self.time).any():
            alike = np.lexsort((self.outcome, self.type, self.rep))  # so that order is no matter
            order = alike[np.random.default_rng(seed).permutation(len(self))]
            first = round(part * len(self))
            kept, rest = np.sort(order[:first]), np.sort(order[first:])
            return self.take(kept), self.take(rest), "rows drawn at random (no column of times)"
        order = np.argsort(self.time, kind="stable")
        cut = self.time[order[max(round(part * len(self)) - 1, 0)]]
        first = int(np.searchsorted(self.time[order], cut, side="right"))
        said = f"rows up to {moment(float(cut), self.clock)} first, later ones held out"
        return self.take(order[:first]), self.take(order[first:]), said


def read_log(
    frame: Any, names: Names, faults: Faults, *, table: str = "history", typed: bool = True
) -> Log:
    """Read a log, ``typed`` or not.

    Where a column is missing nothing else can be read, and it is raised at once.

    Raises
    ------
    pydantic.ValidationError
        With every fault, its row (from 0, whatever the index) and its column.
    """
    needed = ("rep", "type", "outcome") if typed else ("rep", "outcome")
    if not _check_columns(frame, names, faults, table, needed):
        faults.raise_if_any()
    reader = FrameReader(table, frame, faults)
    rep_code, reps = pd.factorize(reader.text(names.rep), sort=True)
    kind = texts([EVERY] * reader.rows) if names.type is None else reader.text(names.type)
    type_code, kinds = pd.factorize(kind, sort=True)
    ones = np.ones(reader.rows)
    outcome = _outcomes(reader, names.outcome)
    time, clock = _times(reader, names.time)
    value = ones if names.value is None else reader.number(names.value)
    propensity = ones
    if names.propensity is not None:
        propensity = reader.number(names.propensity, above=True, high=1.0)
        small = f"{{value}} is out of range; allowed is {SMALLEST:g} to 1. Leave the row out"
        tiny = (propensity > 0) & (propensity < SMALLEST)
        reader.note_rows(names.propensity, tiny, propensity, small)
    batch = np.arange(reader.rows)
    if names.batch is not None:
        cells = frame[names.batch]
        gone = cells.isna().to_numpy()
        reader.note_rows(names.batch, gone, reader.cells(names.batch), "is missing. Fill it in")
        batch = pd.factorize(cells)[0]
    if value.size and not value.sum() > 0 and not np.isnan(value).any():
        reader.note(str(names.value), "adds up to 0; allowed is a sum above 0. Give worths")
    faults.raise_if_any()
    return Log(
        reps=np.asarray(reps, object),
        types=np.asarray(kinds, object),
        rep=rep_code.astype(np.int64),
        type=type_code.astype(np.int64),
        outcome=outcome,
        time=time,
        clock=clock,
        value=value,
        propensity=propensity,
        batch=batch.astype(np.int64),
    )


def _check_columns(
    frame: Any, names: Names, faults: Faults, table: str, needed: tuple[str, ...]
) -> bool:
    """Note what is wrong with the frame as a whole, and tell whether its cells can be read."""
    before = faults.count
    if not isinstance(frame, pd.DataFrame):
        faults.add((table,), f"a {type(frame).__name__} is no frame. Give a pandas DataFrame")
        return False
    found = [str(name) for name in frame.columns]
    for role, name in names._asdict().items():
        if name is None and role not in needed:
            continue
        if not isinstance(name, str):
            faults.add((role,), f"{name!r} is no name of a column. Give its name as text", name)
        elif found.count(name) > 1:
            faults.add((role,), f"column {name!r} stands {found.count(name)} times. Keep one", name)
        elif name not in found:
            near = get_close_matches(name, found, 1)
            remedy = f"; did you mean {near[0]!r}?" if near else f". Name the column for {role}"
            listed = ", ".join(map(repr, found)) or "none"
            faults.add((role,), f"column {name!r} is missing; found {listed}{remedy}", name)
    _check_twice(names, faults)
    if not len(frame):
        faults.add((table,), "there is no row; allowed is one or more (0/1). Give finished tasks")
    return faults.count == before


def _check_twice(names: Names, faults: Faults) -> None:
    taken: dict[str, str] = {}
    for role in ("rep", "type", "outcome"):
        name = getattr(names, role)
        if not isinstance(name, str):
            continue
        if name in taken:
            message = f"column {name!r} is named for {taken[name]} as well. Name another one"
            faults.add((role,), message, name)
        taken.setdefault(name, role)


def _outcomes(reader: FrameReader, column: str) -> Floats:
    """Read cells that are 0 or 1, False or True."""
    series = reader.frame[column]
    if types.is_bool_dtype(series) or types.is_numeric_dtype(series):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        shown: Any = values
    else:
        shown = reader.cells(column)
        number = [v if isinstance(v, int | float | np.number | np.bool_) else np.nan for v in shown]
        values = np.array(number, np.float64)
    gone = series.isna().to_numpy()
    message = "is missing; an outcome is 0 or 1. Leave out what is not finished"
    reader.note_rows(column, gone, shown, message)
    bad: Bools = ~gone & (values != 0) & (values != 1)
    remedy = f"Write frame[{column!r}] == 'Won', say, in its place"
    if types.is_numeric_dtype(series):
        remedy = f"Say what counts as a success: frame[{column!r}] > 0"
    reader.note_rows(column, bad, shown, f"{{value}} is out of range; allowed is 0 or 1. {remedy}")
    return values


def _times(reader: FrameReader, column: str | None) -> tuple[Floats, str]:
    if column is None:
        return np.full(reader.rows, np.nan), "none"
    before = reader.faults.count
    time, clock = reader.time(column)
    gone = reader.frame[column].isna().to_numpy()
    message = "is missing; every row has a time, or none. Fill it in, or leave out time="
    reader.note_rows(column, gone, reader.cells(column), message)
    if clock == "mixed" and reader.faults.count == before:
        reader.note(
            column, "times are of different kinds. Give all in seconds, or all as datetimes"
        )
    return time, clock


def check_options(faults: Faults, allowed: Mapping[str, tuple[Any, bool, str]]) -> None:
    """Note every option that is out of range: name -> (value, whether it is fine, what is)."""
    for name, (value, fine, what) in allowed.items():
        if not fine:
            faults.add((name,), f"{value!r} is out of range; allowed is {what}", value)


def check_seed(title: str, seed: Any) -> int:
    """Give a seed as a plain number, which JSON can hold.

    Raises
    ------
    pydantic.ValidationError
        When it is none.
    """
    faults = Faults(title)
    check_options(faults, {"seed": (seed, is_whole(seed, 0), "a whole number from 0 on")})
    faults.raise_if_any()
    return int(seed)


def is_whole(value: Any, low: int) -> bool:
    """Tell whether this is a whole number from ``low`` on."""
    fine = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return bool(fine and value >= low)


def is_share(value: Any) -> bool:
    """Tell whether this is a number between 0 and 1, both excluded."""
    fine = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return bool(fine and 0 < value < 1)
