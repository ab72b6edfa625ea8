"""Numbers and moves in the words of the input: objects in, short phrases out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

SHOWN = 4
"""Moves or rules that a sentence names one by one."""


def number(value: float) -> str:
    """Write a number with as many digits as matter.

    Examples
    --------
    >>> number(1204.0), number(0.125), number(1 / 3)
    ('1,204', '0.125', '0.333333')
    """
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def one_of(unit: str) -> str:
    """Write one of a unit that is named in the plural.

    Examples
    --------
    >>> one_of("hours"), one_of("effort")
    ('1 hour', '1 effort')
    """
    return f"1 {unit.removesuffix('s')}"


def amount_of(amount: float, unit: str) -> str:
    """Write an amount with its unit.

    Examples
    --------
    >>> amount_of(1.0, "hours"), amount_of(2.5, "hours")
    ('1 hour', '2.5 hours')
    """
    return one_of(unit) if amount == 1 else f"{number(amount)} {unit}"


def change(value: float) -> str:
    """Write a change with its sign.

    Examples
    --------
    >>> change(12.0), change(-0.5), change(0.0)
    ('+12', '-0.5', '0')
    """
    return "0" if value == 0 else f"{'+' if value > 0 else '-'}{number(abs(value))}"


def listed(parts: Iterable[str], most: int = SHOWN) -> str:
    """Join phrases, the first ones by name and the rest by number.

    Examples
    --------
    >>> listed(["a", "b"]), listed("abcdef", 2)
    ('a; b', 'a; b; and 4 more')
    """
    names = list(parts)
    more = len(names) - most
    return "; ".join(names[:most]) + (f"; and {more} more" if more > 0 else "")


def move_words(row: Any) -> str:
    """Say where one task goes."""
    seat = repr(row.task_id) if row.role == "owner" else f"{row.task_id!r} ({row.role})"
    if not _is_name(row.from_rep):
        return f"{seat} would go to {row.to_rep!r}"
    if not _is_name(row.to_rep):
        return f"{seat} would be left open by {row.from_rep!r}"
    return f"{seat} would go from {row.from_rep!r} to {row.to_rep!r}"


def moves_in_words(moves: pd.DataFrame) -> str:
    """Say what would move."""
    return listed(move_words(row) for row in moves.itertuples(index=False))


def _is_name(value: object) -> bool:
    return isinstance(value, str)


def plain(value: Any) -> Any:
    """Turn numpy numbers and missing cells into what JSON has.

    Examples
    --------
    >>> plain(float("nan")), plain(2.5), plain("ana")
    (None, 2.5, 'ana')
    """
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a frame as plain rows."""
    return [
        {str(name): plain(cell) for name, cell in row.items()} for row in frame.to_dict("records")
    ]
