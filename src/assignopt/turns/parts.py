"""Amounts in whole parts: exact numbers in, integers that are split with nothing left over, out."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from .reading import expect

if TYPE_CHECKING:
    from collections.abc import Iterable

UNIT = lcm(*range(1, 41)) * 10**18
"""Whole parts that an amount of 1 is counted in: it can be split by up to forty without rest."""

TIE = UNIT // 10**12
"""Parts within which two amounts are equal."""


def as_float(parts: int) -> float:
    """Give whole parts as an amount, to twelve decimals."""
    return round(parts / UNIT, 12) + 0.0


def in_parts(amount: Fraction) -> int:
    """Give an amount in whole parts."""
    return round(amount * UNIT)


def split(parts: int, pool: Iterable[tuple[str, Fraction]]) -> dict[str, int]:
    """Split whole parts by entitlement, with nothing left over.

    Examples
    --------
    >>> split(10, [("ana", Fraction(1)), ("bo", Fraction(2))])
    {'ana': 3, 'bo': 7}
    """
    listed = list(pool)
    common = lcm(*(weight.denominator for _, weight in listed))
    whole = [weight.numerator * (common // weight.denominator) for _, weight in listed]
    total, before, done, shares = sum(whole), 0, 0, {}
    for (rep, _), weight in zip(listed, whole, strict=True):
        before += weight
        upto = (2 * parts * before + total) // (2 * total)
        shares[rep], done = upto - done, upto
    return shares


def write_parts(parts: int) -> str:
    """Write whole parts as text."""
    return str(Fraction(parts, UNIT))


def read_parts(text: str) -> int:
    """Read what :func:`write_parts` wrote."""
    parts = Fraction(text) * UNIT
    expect(parts.denominator == 1, f"{text!r} is finer than what is counted")
    return int(parts)
