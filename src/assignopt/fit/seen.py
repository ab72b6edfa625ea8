"""Which rows an estimate was learned from, so that they are not taken for others later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom

if TYPE_CHECKING:
    from ..columns import Bools, Ints
    from ..errors import Faults
    from .history import Names

KEPT = 5000
"""Hashes that are kept of each sort: those of all rows, or the smallest of many."""

FEWEST = 20
"""Rows from which a column without a value twice is taken for an id."""

GRANTED = 0.2
"""What rows of one time may agree beyond the average, as a share of what is left to 1."""

CHANCE = 1e-6
"""Rows are the same where other rows would look so with less than this probability."""


class Seen(NamedTuple):
    """The rows that were learned from, as hashes (the smallest :data:`KEPT` of each sort).

    A hash of ``timed`` and ``placed`` has that of the row's time, or index, in its upper half and
    that of rep, type and outcome in its lower one; so it can be told which rows have a time, or an
    index, that was learned from, and which of these agree in the rest.

    Parameters
    ----------
    columns
        Of the frame.
    whole
        Hashes of all cells of a row; None where no column tells rows apart as an id does.
    timed
        Of time, rep, type and outcome; None without times.
    placed
        Of index, rep, type and outcome, where no two rows have the same index.
    alike
        How often two rows of one time agree in rep, type and outcome.
    rate
        The share of successes.
    """

    columns: tuple[str, ...]
    whole: tuple[int, ...] | None
    timed: tuple[int, ...] | None
    placed: tuple[int, ...]
    alike: float
    rate: float

    @classmethod
    def of(cls, frame: pd.DataFrame, names: Names) -> Seen:
        """Take down the rows of a log."""
        columns = {str(name): frame[name] for name in frame.columns}
        cells = _cells(frame, names)
        timed = None if names.time is None else _marked(_hashed([frame[names.time]]), cells)
        placed = _marked(_hashed([frame.index.to_series()]), cells)
        return cls(
            tuple(columns),
            _least(_hashed(list(columns.values()))) if _has_id(columns, names) else None,
            None if timed is None else tuple(np.sort(timed)[:KEPT].tolist()),
            _least(_once(placed)),
            _alike(cells, timed),
            float(frame[names.outcome].astype(np.float64).mean()),
        )

    def refuse(self, frame: pd.DataFrame, names: Names, faults: Faults) -> None:
        """Note that rows that were learned from are given as others."""
        same = max(self._by_id(frame), self._by_time(frame, names), self._by_place(frame, names))
        if same:
            rows = max(1, round(same * len(frame)))
            message = (
                f"{rows:,} of {len(frame):,} rows are rows that the estimate was learned from, so "
                "that they agree with it whatever is true. Learn from a first part of the history, "
                "and give the rest (or ask ao.fit.backtest)"
            )
            faults.add(("heldout",), message)

    def _by_id(self, frame: pd.DataFrame) -> float:
        """Give the share of rows that equal a learned one in all of its cells, its id included."""
        columns = {str(name): frame[name] for name in frame.columns}
        if self.whole is None or not columns.keys() >= set(self.columns):
            return 0.0
        hashes = _within(self.whole, _hashed([columns[name] for name in self.columns]))
        return float(np.isin(hashes, self.whole).mean()) if len(hashes) else 0.0

    def _by_time(self, frame: pd.DataFrame, names: Names) -> float:
        """Give the share of rows that have a twin of the same time, if chance does not explain it.

        Another row of a time that m rows were learned from has a twin among them with probability
        ``1 - (1 - alike)^m``. A fifth of the rest is granted beyond that: days differ.
        """
        if self.timed is None or names.time not in frame.columns:
            return 0.0
        keys = _marked(_hashed([frame[names.time]]), _cells(frame, names))
        learned_from, same = _compared(self.timed, keys)
        count, found = int((learned_from > 0).sum()), int(same.sum())
        if not count:
            return 0.0
        twin = float((1 - (1 - self.alike) ** learned_from[learned_from > 0]).mean())
        fine = binom.sf(found - 1, count, twin + GRANTED * (1 - twin)) >= CHANCE
        return 0.0 if fine else found / len(same)

    def _by_place(self, frame: pd.DataFrame, names: Names) -> float:
        """Give the share of rows with an index that was learned from, if all of them agree.

        Files may have the same index, and the same order of reps and types; outcomes then agree
        all the same no oftener than by chance.
        """
        keys = _once(_marked(_hashed([frame.index.to_series()]), _cells(frame, names)))
        learned_from, same = _compared(self.placed, keys)
        count = int((learned_from > 0).sum())
        likely = self.rate**2 + (1 - self.rate) ** 2
        if not count or not same[learned_from > 0].all() or likely**count >= CHANCE:
            return 0.0
        return count / len(same)


def _alike(cells: Any, timed: Any) -> float:
    """Tell how often rows of one time agree; ten pairs of any times count in, if there are few."""

    def pairs(keys: Any) -> float:
        sizes = np.unique(keys, return_counts=True)[1].astype(np.float64)
        return float((sizes * (sizes - 1)).sum()) / 2

    rows = len(cells)
    general = pairs(cells) / max(rows * (rows - 1) / 2, 1.0)
    if timed is None:
        return general
    return (pairs(timed) + 10 * general) / (pairs(timed >> np.uint64(32)) + 10)


def _cells(frame: pd.DataFrame, names: Names) -> Any:
    return _hashed([frame[name] for name in (names.rep, names.type, names.outcome)])


def _has_id(columns: dict[str, pd.Series[Any]], names: Names) -> bool:
    """Tell whether a column of no other use tells all rows apart, and is no coincidence."""
    used = (names.rep, names.type, names.outcome, names.time)
    free = [column for name, column in columns.items() if name not in used]
    return any(len(column) >= FEWEST and _is_id(column) for column in free)


def _is_id(column: pd.Series[Any]) -> bool:
    """Tell whether these are texts or whole numbers, none of them missing or there twice.

    Numbers that count the rows from 0 or 1 on are no ids: other frames have the same.
    """
    kinds = pd.api.types
    if column.hasnans or kinds.is_datetime64_any_dtype(column):
        return False
    if not kinds.is_numeric_dtype(column):
        return not column.astype(str).duplicated().any()
    if not kinds.is_integer_dtype(column) or column.duplicated().any():
        return False
    low, high = int(column.min()), int(column.max())
    return not (low in (0, 1) and high - low == len(column) - 1)


def _marked(mark: Any, cells: Any) -> Any:
    """(N,) upper half of the one hash, upper half of the other."""
    half = np.uint64(32)
    return (mark >> half << half) | (cells >> half)


def _once(keys: Any) -> Any:
    """Leave out keys whose mark others have too."""
    return keys[~pd.Series(keys >> np.uint64(32)).duplicated(keep=False).to_numpy()]


def _least(hashes: Any) -> tuple[int, ...]:
    return tuple(np.unique(hashes)[:KEPT].tolist())


def _within(kept: tuple[int, ...], hashes: Any) -> Any:
    """Give those hashes that would have been kept."""
    return hashes if len(kept) < KEPT else hashes[hashes <= np.uint64(kept[-1])]


def _compared(kept: tuple[int, ...], keys: Any) -> tuple[Ints, Bools]:
    """Tell of keys that would have been kept how many have their mark, and which are there."""
    half, learned, keys = np.uint64(32), np.array(kept, np.uint64), _within(kept, keys)
    marks, mine = learned >> half, keys >> half
    many = np.searchsorted(marks, mine, "right") - np.searchsorted(marks, mine, "left")
    return many.astype(np.int64), np.isin(keys, learned)


def _hashed(columns: list[pd.Series[Any]]) -> Any:
    """(N,) a hash of the cells of each row, whatever their types are kept as."""
    total = np.zeros(len(columns[0]), np.uint64)
    for place, column in enumerate(columns, 1):
        one = pd.util.hash_array(_plain(column))
        total = total * np.uint64(1_000_003) + one * np.uint64(2 * place + 1)
        if pd.api.types.is_integer_dtype(column) and not column.hasnans:  # beyond what floats tell
            values = column.to_numpy().astype(np.int64)
            large = np.abs(values) > 2**53
            total += np.where(large, pd.util.hash_array(values & 0xFFFFF), np.uint64(0))
    return total


def _plain(column: pd.Series[Any]) -> Any:
    """Give numbers and moments as floats, anything else as text."""
    kinds = pd.api.types
    if kinds.is_datetime64_any_dtype(column):
        return np.asarray(pd.to_datetime(column, utc=True).dt.as_unit("us").astype(np.int64), float)
    if kinds.is_numeric_dtype(column) and not kinds.is_complex_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.astype(str).to_numpy(dtype=object)
