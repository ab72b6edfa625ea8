"""The shapes of columns: arrays that cannot be written, many amounts per row, one label per row."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.signedinteger[Any]]
    Bools = NDArray[np.bool_]
    Texts = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Columns:
    """What the column classes share: equality by content, and arrays that cannot be written."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [field.name for field in fields(self)]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, pd.DataFrame):
        held, others = set(known_tags(a)), set(known_tags(b))
        return held == others and all(_same_tags(a[name], b[name]) for name in held)
    if isinstance(a, np.ndarray):
        is_float = a.dtype.kind == "f"
        return isinstance(b, np.ndarray) and np.array_equal(a, b, equal_nan=is_float)
    return bool(a == b)


def _same_tags(a: pd.Series[Any], b: pd.Series[Any]) -> bool:
    gone, also_gone = a.isna().to_numpy(), b.isna().to_numpy()
    return np.array_equal(gone, also_gone) and a[~gone].tolist() == b[~gone].tolist()


def known_tags(tags: pd.DataFrame) -> list[str]:
    """Name the tags that some row has; a column without any value tags nobody."""
    return [name for name in tags.columns if tags[name].notna().any()]


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
        if not len(key):
            return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), ())
        codes, keys = pd.factorize(np.asarray(key, object), sort=True)
        row, amount = np.asarray(row, np.int64), np.asarray(amount, np.float64)
        order = np.lexsort((codes, row))
        return cls(row[order], codes[order].astype(np.int64), amount[order], tuple(keys))

    @classmethod
    def none(cls) -> Ragged:
        """Give nothing for any row."""
        return cls.of((), (), ())

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

    def take(self, keep: Bools) -> Ragged:
        """Give the kept rows, counted anew."""
        entries = keep[self.row]
        place = np.cumsum(keep) - 1
        return Ragged.of(place[self.row[entries]], self.names()[entries], self.amount[entries])

    def joined(self, other: Ragged, first: int) -> Ragged:
        """Give these and then the other ones, whose rows start at ``first``."""
        return Ragged.of(
            np.concatenate([self.row, other.row + first]),
            np.concatenate([self.names(), other.names()]),
            np.concatenate([self.amount, other.amount]),
        )

    def signatures(self, rows: int) -> Ints:
        """Tell distinct contents by number: rows have one number if their mappings are equal.

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
            signature *= entry.max() + 1
            signature[self.row[here]] += entry[here]
            signature = np.unique(signature, return_inverse=True)[1].astype(np.int64)
        return signature


@dataclass(frozen=True, eq=False)
class Labels(Columns):
    """One name or none for each row, as (rows,) ``codes`` (-1 = none) into sorted ``names``."""

    codes: Ints
    names: tuple[str, ...]

    @classmethod
    def none(cls, rows: int) -> Labels:
        """Give no name to any row."""
        return cls(np.full(rows, -1, np.int64), ())

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


def texts(values: Sequence[Any]) -> Texts:
    """Make a 1-d array of objects, whatever is in it."""
    out = np.empty(len(values), object)
    out[:] = values
    return out


def floats(values: Sequence[float | None]) -> Floats:
    """Make a column of numbers, NaN for None."""
    return np.array([np.nan if v is None else v for v in values], np.float64)


def runs(values: Ints) -> Iterator[tuple[int, slice]]:
    """Give each run of equal values with its place.

    Examples
    --------
    >>> list(runs(np.array([7, 7, 2])))
    [(7, slice(0, 2, None)), (2, slice(2, 3, None))]
    """
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(values)) + 1, [len(values)]])
    for begin, end in pairwise(cuts.tolist()):
        if end > begin:
            yield int(values[begin]), slice(begin, end)
