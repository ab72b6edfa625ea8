"""What was asked for, checked against the book: ids, periods, bookings and entitlements."""

from __future__ import annotations

import math
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic_core import PydanticCustomError

from ..columns import period_kind
from ..errors import Faults
from .entries import ordered, read_period

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .book import Book, Line
    from .entries import Planned


def refuse(title: str, place: str, message: str) -> NoReturn:
    """Raise one fault.

    Raises
    ------
    pydantic.ValidationError
        Always.
    """
    faults = Faults(title)
    faults.add((place,), message)
    faults.raise_if_any()
    raise AssertionError(message)  # pragma: no cover


def read_when(period: Any, place: tuple[str, ...], faults: Faults) -> Any:
    """Read a period; a fault is noted, and None given."""
    try:
        return read_period(period)
    except PydanticCustomError as error:
        faults.add(place, error.message(), period)
        return None


def read_since(book: Book, since: Any, faults: Faults) -> Any:
    """Read the first period to count, which may be one without entries."""
    if since is None:
        return None
    first = read_when(since, ("since",), faults)
    if first is not None and book.rank and period_kind(first) != period_kind(next(iter(book.rank))):
        shown = next(iter(book.rank))
        message = (
            f"{first!r} is a {period_kind(first)}, the periods are {period_kind(shown)} "
            f"({shown!r}), and the two have no order. Write it like those"
        )
        faults.add(("since",), message, since)
    return first


def check_reps(book: Book, asked: Mapping[str, Iterable[str]], faults: Faults) -> bool:
    """Note reps that the ledger does not know; tell whether it knows all."""
    before = faults.count
    for place, reps in asked.items():
        for rep in reps:
            for _, message in book.unknown(rep):
                faults.add((place,), message, rep)
    return faults.count == before


def read_ids(given: Any, place: str, faults: Faults) -> list[str]:
    """Read a list of ids; a fault is noted, and those that are right given."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        message = f"{given!r} is no list of ids. Put the ids in [ ]"
        faults.add((place,), message, given)
        return []
    listed = list(given)
    for number, rep in enumerate(listed):
        if not isinstance(rep, str):
            message = f"{rep!r} is no id; allowed is text. Give ids, as problem.reps lists them"
            faults.add((place, number), message)
    return [rep for rep in listed if isinstance(rep, str)]


def check_listed(book: Book, listed: list[str], drop_others: bool, faults: Faults) -> None:
    """Note where the reps of a problem and those of the ledger are not the same."""
    twice = sorted({rep for rep in listed if listed.count(rep) > 1}) if _repeats(listed) else []
    if twice:
        message = f"{_shown(twice)} stand twice; ids are unique. Keep one"
        faults.add(("reps",), message)
    new = [rep for rep in listed if rep not in book.reps]
    if book.closed and new:
        message = (
            f"{_shown(new)} are not in the team of the ledger; it has {book.team()}. Let them "
            "join, or take the ledger of their team"
        )
        faults.add(("reps",), message, new)
    named = set(listed)
    others = [rep for rep in book.reps if rep not in named]
    if others and not drop_others:
        message = (
            f"{_shown(others)} are in the ledger and not listed. Keep them in the problem with "
            "active=False, so that their part of the past counts, or give drop_others=True"
        )
        faults.add(("reps",), message, others)


def _repeats(listed: list[str]) -> bool:
    return len(set(listed)) < len(listed)


def entitlements(
    book: Book, weights: Mapping[str, float] | None, reps: list[str], faults: Faults
) -> dict[str, float]:
    """Give the entitlement of each rep; 1 each where none are given."""
    if weights is None:
        return dict.fromkeys(reps, 1.0)
    for rep in weights:
        for _, message in book.unknown(rep):
            faults.add(("weights", rep), message, rep)
    read = {}
    for rep in reps:
        weight = weights.get(rep)
        try:
            number = float("nan") if weight is None or isinstance(weight, str) else float(weight)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if weight is None:
            faults.add(("weights", rep), f"the weight of {rep!r} is missing. Give one for each rep")
        elif not 0 < number < math.inf:
            message = f"{weight!r} is out of range; allowed is a finite number above 0"
            faults.add(("weights", rep), message, weight)
        read[rep] = number
    return read


def is_known(book: Book, planned: Planned) -> bool:
    """Tell whether the book says already who was there, in the same unit."""
    period = planned.period
    return (
        book.unit == planned.effort_unit
        and period in book.active
        and book.active[period].issuperset(planned.active)
        and (book.active[period] | book.inactive[period]).issuperset(planned.inactive)
    )


def is_away(book: Book, rep: str, period: Any) -> bool:
    """Tell whether a rep was not there all along in a period, new periods included."""
    if period in book.rank or (rep, period) in book.stated:
        return book.present(rep, period) < 1
    joins = book.joined.get(rep, period)
    same = period_kind(joins) == period_kind(period)
    return same and joins != period and ordered([joins, period])[0] == period


def lines_meant(
    book: Book, task: str, rep: str | None, off: Any, booked: Any, faults: Faults
) -> list[Line]:
    """Find the bookings that are to be credited back; a fault is noted where there are none."""
    every = [line for line in book.tasks.get(task, ()) if rep in (None, line.booked.rep_id)]
    if booked is not None:
        every = [line for line in every if line.booked.period == booked]
    lines = [line for line in every if line.back is None]
    periods = ordered(line.booked.period for line in lines)
    if len(periods) > 1 and off in periods:
        periods = [off]
    if len(periods) == 1:
        return [line for line in lines if line.booked.period == periods[0]]
    if periods:
        when = ", ".join(map(repr, periods))
        message = f"task {task!r} is booked in {when}; one booking is meant. Name it with booked="
        faults.add(("booked",), message)
    else:
        faults.add(("task_id",), _why_none(book, task, rep, booked, every), task)
    return []


def _why_none(book: Book, task: str, rep: str | None, booked: Any, every: list[Line]) -> str:
    for_whom = "" if rep is None else f" to {rep!r}"
    when = "" if booked is None else f" in {booked!r}"
    if every:
        back = every[-1].back
        reason = "" if back is None else f" ({back.reason})"
        return (
            f"task {task!r} as booked{for_whom}{when} is credited back already{reason}; once is "
            "allowed. Book it anew first, if it was"
        )
    close = isinstance(task, str) and task not in book.tasks
    near = get_close_matches(task, book.tasks, 1) if close else []
    remedy = f"did you mean {near[0]!r}?" if near else "Name a booking"
    return f"task {task!r} was never booked{for_whom}{when}. {remedy}"


def _shown(ids: list[str], most: int = 20) -> str:
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return ", ".join(map(repr, ids[:most])) + more
