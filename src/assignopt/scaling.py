"""Floats become integers here and nowhere else, at a named scale, with the rounding on record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import Faults

if TYPE_CHECKING:
    from .columns import Bools, Floats, Ints

MAX_DECIMALS = 6
"""Decimals kept of a number that has more: the resolution of every engine is 1e-6."""

LIMIT = 2**58
"""What the absolute values of one sum may add up to as integers; engines keep sums in int64."""

NO_LIMIT = 2**60
"""Stands for no upper limit on an integer sum."""


SUM_DIGITS = 11
"""Digits that a sum of rounded numbers has, six decimals at least and nine at most."""


@dataclass(frozen=True, eq=False)
class Scaled:
    """Numbers times a scale, rounded to integers.

    Parameters
    ----------
    ints
        (N,) int64.
    scale
        ``ints / scale`` are the numbers again.
    error
        Largest ``|number - int / scale|``; 0 where all numbers have few enough decimals.
    """

    ints: Ints
    scale: float
    error: float


def decimals_of(values: Floats) -> int | None:
    """Count the decimals that write all values exactly; None beyond :data:`MAX_DECIMALS`.

    Examples
    --------
    >>> decimals_of(np.array([1.0, 2.5])), decimals_of(np.array([1 / 3]))
    (1, None)
    """
    return next(
        (
            d
            for d in range(MAX_DECIMALS + 1)
            if all(_are_whole(v, d) for v in (values[:99], values))
        ),
        None,
    )


def _are_whole(values: Floats, decimals: int) -> bool:
    """Tell whether values have so few decimals, but for the noise of floats."""
    if not decimals:
        return bool((values == np.rint(values)).all())
    shifted = values * 10.0**decimals
    size = np.abs(shifted)
    noise = 1e-15 * size + 1e-18 * size.max(initial=0)
    return bool(np.all(np.abs(shifted - np.rint(shifted)) <= noise))


def scaled(values: Floats, total: float) -> Scaled:
    """Round numbers of an objective, with fewer decimals where their sum would not fit.

    Parameters
    ----------
    values
        (N,) finite.
    total
        What the absolute values of one sum can add up to.
    """
    exact = decimals_of(values)
    decimals = exact
    if decimals is None:
        decimals = max(MAX_DECIMALS, min(SUM_DIGITS - math.ceil(math.log10(max(total, 1))), 9))
    while total * 10.0**decimals > LIMIT:
        decimals -= 1
    at = at_scale(values, 10.0**decimals)
    return Scaled(at.ints, at.scale, 0.0) if exact == decimals else at


def at_scale(values: Floats, scale: float) -> Scaled:
    """Round numbers at a given scale."""
    ints = np.rint(values * scale if scale != 1 else values)
    error = float(np.abs(values - ints / scale).max(initial=0))
    return Scaled(ints.astype(np.int64), scale, error)


@dataclass(frozen=True, eq=False)
class Rounded:
    """Efforts and their limits as integers such that no plan that keeps the limits is lost.

    Limits from above see efforts rounded down, limits from below see them rounded up; the two are
    the same where the efforts have at most six decimals.

    Parameters
    ----------
    down, up
        (N,) int64 efforts.
    scale
        Integers for one effort unit.
    """

    down: Ints
    up: Ints
    scale: float

    def most(self, limit: Floats) -> Ints:
        """Round an upper limit; :data:`NO_LIMIT` where it is NaN or infinite."""
        return _whole(np.floor, _shifted(limit * self.scale, 1))

    def least(self, limit: Floats) -> Ints:
        """Round a lower limit."""
        return _whole(np.ceil, _shifted(limit * self.scale, -1))


def _shifted(scaled_limit: Floats, sign: int) -> Floats:
    """Move a limit by the noise that its scaling may have left."""
    return scaled_limit + sign * (1e-7 + 4e-16 * np.abs(scaled_limit))


def _whole(round_: Any, shifted: Floats) -> Ints:
    open_ = ~np.isfinite(shifted) | (shifted > NO_LIMIT)
    return np.where(open_, NO_LIMIT, round_(np.where(open_, 0, shifted))).astype(np.int64)


def rounded_efforts(efforts: Floats, limits: Floats, total: float, unit: str) -> Rounded:
    """Scale efforts together with their limits.

    Raises
    ------
    pydantic.ValidationError
        When ``total`` at the scale is beyond what integers of 64 bits can add up.
    """
    limits = limits[np.isfinite(limits)]
    found = (decimals_of(efforts), decimals_of(limits))
    exact = found[0] is not None and found[1] is not None
    decimals = max(d for d in found if d is not None) if exact else MAX_DECIMALS
    scale = 10.0**decimals
    if total * scale > LIMIT:
        faults = Faults("solve")
        message = (
            f"efforts add up to {total:.3g} {unit}; with {decimals} decimals at most "
            f"{LIMIT / scale:.3g} {unit} can be counted in 64 bits. Use a larger unit"
        )
        faults.add(("tasks", "effort"), message)
        faults.raise_if_any()
    shifted = efforts * scale
    whole = np.rint(shifted)
    if found[0] is not None:
        return Rounded(whole.astype(np.int64), whole.astype(np.int64), scale)
    down, up = np.floor(shifted + 1e-9), np.ceil(shifted - 1e-9)
    return Rounded(down.astype(np.int64), up.astype(np.int64), scale)


def same_in_groups(values: Ints, group: Ints, groups: int) -> Bools:
    """Tell, for each of ``groups``, whether all its values are the same."""
    low, high = np.full(groups, np.iinfo(np.int64).max), np.full(groups, np.iinfo(np.int64).min)
    np.minimum.at(low, group, values)
    np.maximum.at(high, group, values)
    return low >= high
