"""What a ledger tells: the book in, frames out, with the same columns and dtypes for no rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..columns import texts
from ..holdings import history_of
from ..problem import Problem
from ..records import OWNER, Rep
from .entries import QUANTITIES, Absent, Adjusted, Booked, CreditedBack, ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .book import Book, Line
    from .entries import Entry

HISTORY = {
    "rep_id": "str",
    "load": "float64",
    "value": "float64",
    "burden": "float64",
    "period": "object",
    "count": "float64",
    "worth": "float64",
    "present": "float64",
}
SPELLS = {
    "task_id": "str",
    "group": "object",
    "role": "str",
    "rep_id": "str",
    "from_period": "object",
    "to_period": "object",
    "periods": "int64",
    "ended": "object",
    "detail": "object",
}
CREDITS = {
    "period": "object",
    "task_id": "str",
    "role": "str",
    "rep_id": "str",
    "owner": "object",
    "effort": "float64",
    "worth": "float64",
    "value": "float64",
}
ENTRIES = {
    "kind": "str",
    "period": "object",
    "rep_id": "object",
    "task_id": "object",
    "role": "object",
    "collaborator": "bool",
    **dict.fromkeys(QUANTITIES, "float64"),
    "present": "float64",
    "group": "object",
    "reason": "object",
}


def periods_since(book: Book, since: Any) -> list[Any]:
    """Give the periods in order, without those before ``since`` (None: all)."""
    if since is None:
        return list(book.rank)
    listed = ordered([*book.rank, since])
    return [period for period in listed[listed.index(since) :] if period in book.rank]


def _frame(rows: Sequence[Sequence[Any]], dtypes: Mapping[str, str]) -> pd.DataFrame:
    """Make a frame in which periods stay what they are, datetimes and whole numbers too."""
    cells = zip(*rows, strict=True) if rows else [()] * len(dtypes)
    columns = {}
    for (name, dtype), column in zip(dtypes.items(), cells, strict=True):
        if dtype == "object":
            columns[name] = pd.Series(texts(list(column)), dtype=object)
        else:
            columns[name] = pd.Series(list(column), dtype=dtype)
    return pd.DataFrame(columns)


def history(book: Book, reps: Iterable[str], since: Any) -> pd.DataFrame:
    """Give a row for each rep and period, as a Problem takes it."""
    rows = []
    periods = periods_since(book, since)
    for rep in reps:
        for period in periods:
            load, count, worth, value, burden = book.amounts(rep, period)
            present = book.present(rep, period)
            rows.append((rep, load, value, burden, period, count, worth, present))
    return _frame(rows, HISTORY)


def carried(
    table: pd.DataFrame, weights: Mapping[str, float], of: Sequence[str], decay: float
) -> pd.DataFrame:
    """Give what each rep carried in all, as fairness adds a history up."""
    reps = [Rep(rep, weight=weight) for rep, weight in weights.items()]
    problem = Problem(reps, [], history=table)
    sums = {name: history_of(problem, name, decay=decay) for name in of}  # type: ignore[arg-type]
    rows = list(zip(weights, *(sums[name].tolist() for name in of), strict=True))
    return _frame(rows, {"rep_id": "str", **dict.fromkeys(of, "float64")})


# -- who had what, and when ------------------------------------------------------------------


def spells(book: Book, tasks: Iterable[str], rep: str | None = None) -> pd.DataFrame:
    """Give a row for each time that a rep held a seat, from its first to its last period."""
    booked = _booked_periods(book)
    rows: list[tuple[Any, ...]] = []
    for task in tasks:
        seats: dict[str, list[Line]] = {}
        for line in book.tasks[task]:
            seats.setdefault(line.booked.role, []).append(line)
        for role in sorted(seats, key=lambda name: (name != OWNER, name)):
            lines = sorted(seats[role], key=lambda line: (booked[line.booked.period], line.place))
            rows += [_spell(run, after, booked) for run, after in _runs(lines, booked)]
    wanted = [row for row in rows if rep is None or row[3] == rep]
    return _frame(wanted, SPELLS)


def _booked_periods(book: Book) -> dict[Any, int]:
    listed = {line.booked.period for lines in book.tasks.values() for line in lines}
    return {period: at for at, period in enumerate(ordered(listed))}


def _runs(lines: list[Line], booked: dict[Any, int]) -> list[tuple[list[Line], Line | None]]:
    """Cut the bookings of a seat where the holder changes, or a period is left out."""
    runs: list[list[Line]] = []
    for line in lines:
        last = runs[-1][-1] if runs else None
        goes_on = (
            last is not None
            and last.back is None
            and last.booked.rep_id == line.booked.rep_id
            and booked[line.booked.period] == booked[last.booked.period] + 1
        )
        if goes_on:
            runs[-1].append(line)
        else:
            runs.append([line])
    return [
        (run, after[0] if after else None)
        for run, after in zip(runs, [*runs[1:], None], strict=True)
    ]


def _spell(run: list[Line], after: Line | None, booked: dict[Any, int]) -> tuple[Any, ...]:
    first, last = run[0].booked, run[-1].booked
    at = booked[last.period]
    ended, detail = None, None
    if run[-1].back is not None:
        ended, detail = "credited_back", run[-1].back.reason
    elif after is not None and booked[after.booked.period] <= at + 1:
        ended = "passed_on"
        detail = f"to {after.booked.rep_id!r} in {after.booked.period!r}"
    elif at + 1 < len(booked):
        ended, detail = "not_booked", f"not in {list(booked)[at + 1]!r}"
    groups = first.task_id, last.group, first.role, first.rep_id
    return (*groups, first.period, last.period, len(run), ended, detail)


def credits_of(book: Book) -> pd.DataFrame:
    """Give a row for each seat of a collaborator that was not credited back."""
    rows = []
    for lines in book.tasks.values():
        for line in lines:
            seat = line.booked
            if line.back is not None or not seat.collaborator:
                continue
            owner = book.seats.get((seat.period, seat.task_id, OWNER))
            named = owner.booked.rep_id if owner is not None and owner.back is None else None
            mine = seat.task_id, seat.role, seat.rep_id, named
            rows.append((line.place, (seat.period, *mine, seat.effort, seat.worth, seat.value)))
    return _frame([row for _, row in sorted(rows, key=lambda row: row[0])], CREDITS)


# -- the entries themselves ------------------------------------------------------------------


def entries(log: Iterable[Entry]) -> pd.DataFrame:
    """Give a row for each entry, with what it adds to the amounts of its rep and period."""
    booked: dict[tuple[Any, str, str], Booked] = {}
    rows = []
    for entry in log:
        amounts: tuple[float, ...] = (np.nan,) * len(QUANTITIES)
        if isinstance(entry, Booked):
            booked[entry.period, entry.task_id, entry.role] = entry
        if isinstance(entry, Booked | Adjusted):
            amounts = entry.amounts
        elif isinstance(entry, CreditedBack):
            off = booked[entry.booked, entry.task_id, entry.role].amounts
            amounts = tuple(-one for one in off)
        role = getattr(entry, "role", None)
        rows.append(
            (
                entry.kind,
                *(getattr(entry, name, None) for name in ("period", "rep_id", "task_id")),
                role,
                role not in (None, OWNER),
                *amounts,
                entry.present if isinstance(entry, Absent) else np.nan,
                getattr(entry, "group", None),
                getattr(entry, "reason", None),
            )
        )
    return _frame(rows, ENTRIES)
