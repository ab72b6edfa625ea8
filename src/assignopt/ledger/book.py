"""The book: entries in, one by one; what they add up to, and why one may not follow, out.

Sums are kept as whole multiples of the smallest float, so that what is added and taken off again
leaves nothing behind, in whatever order.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, assert_never

from ..columns import period_kind
from .entries import (
    QUANTITIES,
    Absent,
    Adjusted,
    Booked,
    CreditedBack,
    Joined,
    Planned,
    Started,
    ordered,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .entries import Entry

_BITS = 1074
"""Every finite float is a whole multiple of 2 ** -1074."""

ROUNDING = 1e-9
"""What sums may fall below 0 by, being the rounding of the floats that were given."""

Fault = tuple[str, str]
"""The field of an entry, and what is wrong with it."""


@dataclass(slots=True)
class Line:
    """One booking, where it stands in the log, and how it was credited back."""

    booked: Booked
    place: int
    back: CreditedBack | None = None


def exact(amount: float) -> int:
    """Give an amount in multiples of 2 ** -1074."""
    above, below = amount.as_integer_ratio()
    return above << (_BITS + 1 - below.bit_length())


def rounded(total: int) -> float:
    """Give a sum of exact amounts as the float next to it; what rounding took below 0 is 0."""
    return max(0.0, total / (1 << _BITS))


class Book:
    """What the entries of a log add up to."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.length = 0
        self.closed = False
        self.unit: str | None = None
        self.period_kind: tuple[str, Any] | None = None
        self.reps: dict[str, None] = {}
        self.founders: set[str] = set()
        self.joined: dict[str, Any] = {}
        self.stated: dict[tuple[str, Any], float] = {}
        self.seen: dict[str, set[Any]] = defaultdict(set)
        self.active: dict[Any, set[str]] = {}
        self.inactive: dict[Any, set[str]] = {}
        self.totals: dict[tuple[str, Any], list[int]] = {}
        self.seats: dict[tuple[Any, str, str], Line] = {}
        self.tasks: dict[str, list[Line]] = defaultdict(list)
        self.groups: dict[str, dict[str, None]] = defaultdict(dict)
        self.held: dict[str, dict[str, None]] = defaultdict(dict)
        self._work: dict[Any, None] = {}
        self._rank: dict[Any, int] | None = None
        self._first: dict[str, int] = {}
        for entry in entries:
            self.take(entry)

    # -- what follows ------------------------------------------------------------------------

    @property
    def rank(self) -> dict[Any, int]:
        """The periods in which something was planned or carried, with their place in order."""
        if self._rank is None:
            self._rank = {period: at for at, period in enumerate(ordered(self._work))}
        return self._rank

    def present(self, rep: str, period: Any) -> float:
        """Give the share of a period that a rep was there for; the rule is told in ``Ledger``."""
        stated = self.stated.get((rep, period))
        if stated is not None:
            return stated
        if self.rank[period] < self._start(rep):
            return 0.0
        if period in self.active:
            there = rep in self.active[period] or period in self.seen[rep]
            return 1.0 if there else 0.0
        return 1.0

    def _start(self, rep: str) -> int:
        """Give the place of the first period for which a rep is in the team."""
        if rep not in self._first:
            if rep in self.joined:
                place = ordered([*self.rank, self.joined[rep]]).index(self.joined[rep])
            elif rep in self.founders:
                place = 0
            else:
                place = min((self.rank[one] for one in self.seen[rep]), default=len(self.rank))
            self._first[rep] = place
        return self._first[rep]

    def amounts(self, rep: str, period: Any) -> list[float]:
        """Give what a rep carried in a period, of each of the quantities."""
        total = self.totals.get((rep, period))
        return [0.0] * len(QUANTITIES) if total is None else [rounded(one) for one in total]

    @staticmethod
    def _before(first: Any, second: Any) -> bool:
        return bool(first != second and ordered([first, second])[0] == first)

    # -- one entry more ----------------------------------------------------------------------

    def take(self, entry: Entry) -> None:
        """Take an entry in, without a look at whether it may follow."""
        self._first.clear()
        match entry:
            case Started():
                self.closed = True
                self.founders.update(entry.reps)
                self._know(*entry.reps)
            case Planned():
                self._plan(entry)
            case Booked():
                self._book(entry)
            case CreditedBack():
                line = self.seats[entry.booked, entry.task_id, entry.role]
                line.back = entry
                self._add(entry.rep_id, entry.period, [-one for one in line.booked.amounts])
            case Absent():
                self.stated[entry.rep_id, entry.period] = entry.present
                self._know(entry.rep_id)
            case Adjusted():
                self._know(entry.rep_id)
                self.seen[entry.rep_id].add(entry.period)
                self._add(entry.rep_id, entry.period, entry.amounts)
            case Joined():
                self.joined[entry.rep_id] = entry.period
                self._know(entry.rep_id)
            case _:
                assert_never(entry)
        if self.period_kind is None and not isinstance(entry, Started):
            self.period_kind = period_kind(entry.period), entry.period
        self.length += 1

    def _know(self, *reps: str) -> None:
        self.reps.update(dict.fromkeys(reps))

    def _worked(self, period: Any) -> None:
        if period not in self._work:
            self._work[period] = None
            self._rank = None

    def _plan(self, entry: Planned) -> None:
        self.unit = self.unit or entry.effort_unit
        self.active.setdefault(entry.period, set()).update(entry.active)
        self.inactive.setdefault(entry.period, set()).update(entry.inactive)
        for rep in entry.active:
            self.seen[rep].add(entry.period)
        self._know(*entry.active, *entry.inactive)
        self._worked(entry.period)

    def _book(self, entry: Booked) -> None:
        line = Line(entry, self.length)
        self.seats[entry.period, entry.task_id, entry.role] = line
        self.tasks[entry.task_id].append(line)
        self.held[entry.rep_id][entry.task_id] = None
        if entry.group is not None:
            self.groups[entry.group][entry.task_id] = None
        self._know(entry.rep_id)
        self.seen[entry.rep_id].add(entry.period)
        self._add(entry.rep_id, entry.period, entry.amounts)

    def _add(self, rep: str, period: Any, amounts: Iterable[float]) -> None:
        total = self.totals.setdefault((rep, period), [0] * len(QUANTITIES))
        for at, amount in enumerate(amounts):
            if amount:
                total[at] += exact(amount)
        self._worked(period)

    # -- whether it may follow ---------------------------------------------------------------

    def faults(self, entry: Entry) -> Iterator[Fault]:
        """List why an entry may not follow on those taken in."""
        if isinstance(entry, Started):
            if self.length:
                yield "kind", "the team stands already; it is started once. Let reps join"
            twice = sorted({rep for rep in entry.reps if entry.reps.count(rep) > 1})
            if twice:
                yield "reps", f"{_listed(twice)} stand twice; ids are unique. Keep one"
            return
        yield from self._period_faults(entry)
        match entry:
            case Planned():
                yield from self._plan_faults(entry)
            case Booked():
                yield from self._booking_faults(entry)
            case CreditedBack():
                yield from self._credit_faults(entry)
            case Absent():
                yield from self.unknown(entry.rep_id)
            case Adjusted():
                yield from self._adjustment_faults(entry)
            case Joined():
                yield from self._joining_faults(entry)
            case _:
                assert_never(entry)

    def unknown(self, rep: str) -> Iterator[Fault]:
        """Tell that a rep is unknown, if it is."""
        if rep not in self.reps:
            near = get_close_matches(rep, self.reps, 1) if isinstance(rep, str) else []
            remedy = f"did you mean {near[0]!r}?" if near else "Let it join first"
            yield "rep_id", f"rep {rep!r} is unknown to the ledger; it has {self.team()}. {remedy}"

    def team(self) -> str:
        """List the reps that are known."""
        return _listed(self.reps) or "none"

    def _period_faults(self, entry: Any) -> Iterator[Fault]:
        if entry.period in self._work:
            return
        kind = period_kind(entry.period)
        if self.period_kind is not None and kind != self.period_kind[0]:
            yield (
                "period",
                (
                    f"period {entry.period!r} is a {kind}, those before are {self.period_kind[0]} "
                    f"({self.period_kind[1]!r}); allowed is one kind, which has an order. Write "
                    "all of them alike"
                ),
            )

    def _plan_faults(self, entry: Planned) -> Iterator[Fault]:
        if self.unit is not None and entry.effort_unit != self.unit:
            yield (
                "effort_unit",
                (
                    f"efforts are in {entry.effort_unit!r}, those of the ledger in {self.unit!r}; "
                    "one unit is allowed. Convert them, as with scale_effort"
                ),
            )
        listed = (*entry.active, *entry.inactive)
        others = [rep for rep in listed if rep not in self.reps]
        if self.closed and others:
            yield (
                "reps",
                (
                    f"{_listed(others)} are not in the team of the ledger; it has {self.team()}. "
                    "Let them join, or start a ledger for their team"
                ),
            )

    def _booking_faults(self, entry: Booked) -> Iterator[Fault]:
        if self.closed:
            yield from self.unknown(entry.rep_id)
        line = self.seats.get((entry.period, entry.task_id, entry.role))
        if line is not None and line.back is None:
            yield (
                "task_id",
                (
                    f"task {entry.task_id!r} is booked as {entry.role!r} in {entry.period!r} "
                    f"already, to {line.booked.rep_id!r}; once is allowed. Credit it back first, "
                    "or name another period"
                ),
            )
        yield from self._too_early(entry.rep_id, entry.period)

    def _too_early(self, rep: str, period: Any) -> Iterator[Fault]:
        joins = self.joined.get(rep, period)
        if joins == period or period_kind(joins) != period_kind(period):
            return
        if self._before(period, joins):
            yield (
                "period",
                (
                    f"rep {rep!r} joins in {joins!r} and carries nothing before, in {period!r}. "
                    "Correct one of the two periods"
                ),
            )

    def _credit_faults(self, entry: CreditedBack) -> Iterator[Fault]:
        line = self.seats.get((entry.booked, entry.task_id, entry.role))
        seat = f"task {entry.task_id!r} as {entry.role!r} in period {entry.booked!r}"
        if line is None:
            yield "task_id", f"{seat} was never booked. Name a booking"
        elif line.back is not None:
            why = f"({line.back.reason}); once is allowed. Book it anew before, if it was"
            yield "task_id", f"{seat} is credited back already {why}"
        elif line.booked.rep_id != entry.rep_id:
            holder = f"is held by {line.booked.rep_id!r}, not by {entry.rep_id!r}"
            yield "rep_id", f"{seat} {holder}. Name its holder"
        else:
            less = [-one for one in line.booked.amounts]
            yield from self._too_little(entry.rep_id, entry.period, less)

    def _adjustment_faults(self, entry: Adjusted) -> Iterator[Fault]:
        yield from self.unknown(entry.rep_id)
        yield from self._too_early(entry.rep_id, entry.period)
        if not any(entry.amounts):
            names = ", ".join(QUANTITIES)
            yield "load", f"nothing is adjusted. Give an amount other than 0 of {names}"
        yield from self._too_little(entry.rep_id, entry.period, entry.amounts)

    def _too_little(self, rep: str, period: Any, more: Iterable[float]) -> Iterator[Fault]:
        total = self.totals.get((rep, period), [0] * len(QUANTITIES))
        for name, had, amount in zip(QUANTITIES, total, more, strict=True):
            left = (had + exact(amount)) / (1 << _BITS)
            if amount < 0 and left < -ROUNDING:
                yield (
                    name,
                    (
                        f"{name} of rep {rep!r} in period {period!r} is {rounded(had):g}, and "
                        f"{amount:g} leaves {left:g}; allowed is at least 0. Take off less, or "
                        "in a period in which it carried more"
                    ),
                )

    def _joining_faults(self, entry: Joined) -> Iterator[Fault]:
        rep = entry.rep_id
        if rep in self.joined or rep in self.founders:
            since = f"since {self.joined[rep]!r}" if rep in self.joined else "from the start"
            yield "rep_id", f"rep {rep!r} is in the team {since}; it joins once. Leave it out"
            return
        same = [one for one in self.seen[rep] if period_kind(one) == period_kind(entry.period)]
        early = [one for one in ordered(same) if self._before(one, entry.period)]
        if early:
            when = ", ".join(map(repr, early))
            what = f"rep {rep!r} joins in {entry.period!r}, and was there before, in {when}"
            yield "period", f"{what}. Name the first of these"


def _listed(ids: Iterable[str], most: int = 20) -> str:
    named = [repr(one) for one in ids]
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return ", ".join(named[:most]) + more
