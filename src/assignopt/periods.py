"""Days, weeks and months: times in seconds in, one number for each period out."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from .columns import SECONDS

if TYPE_CHECKING:
    from .columns import Floats, Ints
    from .rules import Period

DAY = 86_400
NO_PERIOD = np.iinfo(np.int64).min
"""The period of a task without a time."""


def period_of(start: Floats, clock: str, per: Period) -> Ints:
    """Give the number of the day, week or month of each time.

    It is :data:`NO_PERIOD` where there is no time.

    Datetimes: weeks run from Monday to Sunday. Times in seconds: blocks of one day or of seven
    days from 0; months are not defined for them.

    Examples
    --------
    >>> period_of(np.array([0.0, 86_399, 86_400, np.nan]), "seconds", "day")[:3].tolist()
    [0, 0, 1]
    """
    known = ~np.isnan(start)
    seconds = np.where(known, start, 0.0)
    day = np.floor_divide(seconds, DAY).astype(np.int64)
    if per == "day":
        number = day
    elif per == "week":
        number = np.floor_divide(day, 7) if clock == SECONDS else np.floor_divide(day + 3, 7)
    else:
        number = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.where(known, number, NO_PERIOD)


def period_at(now: float, clock: str, per: str) -> int:
    """Give the number of the day, week or month of one time, as :func:`period_of` does.

    Months of times in seconds are counted as if the seconds were those since 1970.

    Examples
    --------
    >>> period_at(86_400.0, "seconds", "day"), period_at(40 * 86_400.0, "datetime", "month")
    (1, 1)
    """
    return _period(int(now // DAY), clock, per)


@lru_cache(maxsize=4096)
def _period(day: int, clock: str, per: str) -> int:
    if per == "day":
        return day
    if per == "week":
        return day // 7 if clock in (SECONDS, "none") else (day + 3) // 7
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64))  # any year


def period_name(number: int, clock: str, per: Period) -> str:
    """Say which period a number stands for, in words.

    Examples
    --------
    >>> period_name(20000, "datetime", "day"), period_name(3, "seconds", "week")
    ('the day 2024-10-04', 'week 3')
    """
    number = int(number)  # numpy refuses its own integers below
    if clock == SECONDS:
        return f"{per} {number}"
    if per == "month":
        return f"the month {np.datetime64(number, 'M')}"
    first = number if per == "day" else number * 7 - 3
    return f"the {per} {'of ' if per == 'week' else ''}{np.datetime64(first, 'D')}"
