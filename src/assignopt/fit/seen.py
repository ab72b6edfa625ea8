"""Which rows an estimate was learned from, so that they are not taken for others later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from ..columns import Floats
    from ..errors import Faults
    from .history import Names

KEPT = 5000
"""Hashes that are kept: those of all rows, or the smallest of many."""

FEWEST = 10
"""Rows from which it is no chance that each equals the learned row with its index."""


class Seen(NamedTuple):
    """The rows that were learned from, as hashes (the smallest :data:`KEPT` of each sort).

    Parameters
    ----------
    whole
        Of all cells of a row; None where two rows are alike, so that equal is not the same.
    placed
        Of the index and of rep, type and outcome.
    """

    whole: tuple[int, ...] | None
    placed: tuple[int, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame, names: Names) -> Seen:
        """Take down the rows of a log."""
        whole, placed = _whole(frame), _placed(frame, names)
        alike = len(np.unique(whole)) < len(whole)
        return cls(None if alike else _least(whole), _least(placed))

    def refuse(self, frame: pd.DataFrame, names: Names, faults: Faults) -> None:
        """Note that rows that were learned from are given as others."""
        same = _share(self.whole, _whole(frame)) if self.whole is not None else 0.0
        if _share(self.placed, _placed(frame, names)) == 1 and len(frame) >= FEWEST:
            same = 1.0
        if same:
            rows = max(1, round(same * len(frame)))
            message = (
                f"{rows:,} of {len(frame):,} rows are rows that the estimate was learned from, so "
                "that they agree with it whatever is true. Learn from a first part of the history, "
                "and give the rest (or ask ao.fit.backtest)"
            )
            faults.add(("heldout",), message)


def _least(hashes: Any) -> tuple[int, ...]:
    return tuple(np.unique(hashes)[:KEPT].tolist())


def _share(kept: tuple[int, ...], hashes: Any) -> float:
    """Tell which part of these is among the kept ones, of those that would have been kept."""
    known = np.array(kept, np.uint64)
    if len(known) == KEPT:
        hashes = hashes[hashes <= known[-1]]
    return float(np.isin(hashes, known).mean()) if len(hashes) else 0.0


def _whole(frame: pd.DataFrame) -> Any:
    return _hashed([frame[name] for name in sorted(frame.columns, key=str)])


def _placed(frame: pd.DataFrame, names: Names) -> Any:
    used = (names.rep, names.type, names.outcome)
    return _hashed([frame.index.to_series(), *(frame[name] for name in used)])


def _hashed(columns: list[pd.Series[Any]]) -> Any:
    """(N,) a hash of the cells of each row, whatever their types are kept as."""
    total = np.zeros(len(columns[0]), np.uint64)
    for place, column in enumerate(columns, 1):
        if pd.api.types.is_numeric_dtype(column):
            cells: Any = pd.Series(np.asarray(_numbers(column), np.float64))
        else:
            cells = pd.Series(column.astype(str).to_numpy(dtype=object))
        one = pd.util.hash_array(cells.to_numpy())
        total = total * np.uint64(1_000_003) + one * np.uint64(2 * place + 1)
    return total


def _numbers(column: pd.Series[Any]) -> Floats:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
