"""Numbers and ids as words: what the sentences of a comparison are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def number(value: float) -> str:
    """Write a number with six digits, and no fewer than it has before the point.

    Examples
    --------
    >>> number(0.07), number(1234567.0)
    ('0.07', '1,234,567')
    """
    return f"{value:,.0f}" if 1e5 <= abs(value) < np.inf else f"{value:,.6g}"


def signed(value: float) -> str:
    """Write a change with its sign.

    Examples
    --------
    >>> signed(2.0), signed(-0.5)
    ('+2', '-0.5')
    """
    return f"+{number(value)}" if value > 0 else number(value)


def change(before: float, after: float) -> str:
    """Write what a number was, what it is, and the change.

    Examples
    --------
    >>> change(3.0, 5.0)
    '3 -> 5 (+2)'
    """
    return f"{number(before)} -> {number(after)} ({signed(after - before)})"


def listed(names: Sequence[Any], most: int = 3) -> str:
    """Write ids in quotes, the first few.

    Examples
    --------
    >>> listed(["a", "b", "c", "d"])
    "'a', 'b', 'c' and 1 more"
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most:,} more" if len(names) > most else "")


def same(before: Any, after: Any) -> Any:
    """Tell whether numbers are equal, the rounding of sums aside."""
    return np.isclose(before, after, rtol=1e-9, atol=1e-9, equal_nan=True)
