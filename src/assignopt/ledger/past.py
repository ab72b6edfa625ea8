"""Past: the log of a ledger in, answers about it out, as frames and in words."""

from __future__ import annotations

import json
from numbers import Real
from typing import TYPE_CHECKING, Any, get_args

from ..errors import Faults
from ..objectives import Quantity
from ..plan import table_text
from . import views
from .asking import check_listed, check_reps, entitlements, read_ids, read_since, refuse
from .entries import QUANTITIES, write
from .log import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    import pandas as pd

    from .book import Book
    from .entries import Entry
    from .log import Log


class Past:
    """What can be asked of a ledger: the first ``length`` entries of a log."""

    _log: Log
    _length: int

    def _hold(self, log: Log, length: int) -> None:
        object.__setattr__(self, "_log", log)
        object.__setattr__(self, "_length", length)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Ledger does not change; add(...) and the like make a new one")

    def _reading(self) -> AbstractContextManager[Book]:
        return self._log.reading(self._length)

    # -- what it comes to --------------------------------------------------------------------

    @property
    def reps(self) -> tuple[str, ...]:
        """The ids it knows, in the order in which they came."""
        with self._reading() as book:
            return tuple(book.reps)

    @property
    def periods(self) -> tuple[Any, ...]:
        """The periods in which something was planned or carried, in order."""
        with self._reading() as book:
            return tuple(book.rank)

    @property
    def effort_unit(self) -> str | None:
        """The unit of all efforts; None before the first plan."""
        with self._reading() as book:
            return book.unit

    def history(
        self,
        reps: Iterable[str] | None = None,
        *,
        since: Any = None,
        drop_others: bool = False,
    ) -> pd.DataFrame:
        """Give the history table of a Problem: a row for each rep and period.

        Also those who carried nothing in a period have a row, since what is due to the absent
        depends on who was there.

        Parameters
        ----------
        reps
            Whose: the ids of the problem that it is for, as in ``ledger.history(problem.reps)``.
            Whom an open ledger does not know yet is new: absent so far. None: all it knows.
        since
            The first period to count (a rolling window); None: all.
        drop_others
            Whether to leave out reps that are not listed, as if they had never been there.
            Otherwise they are a fault: a rep that has left belongs in the problem, with
            ``active=False``, so that its part of the past still counts.

        Returns
        -------
        pandas.DataFrame
            rep_id, load, value, burden, period, count, worth, present.

        Raises
        ------
        pydantic.ValidationError
            When reps of the ledger are not listed, or, of a ledger that was started with a team,
            listed reps are not in it.

        Examples
        --------
        >>> import assignopt as ao
        >>> ledger = ao.Ledger(["ana", "bo"]).adjust("ana", "q1", load=5, reason="old system")
        >>> ledger.history()[["rep_id", "load", "period", "present"]].to_numpy().tolist()
        [['ana', 5.0, 'q1', 1.0], ['bo', 0.0, 'q1', 1.0]]
        """
        faults = Faults("Ledger.history")
        with self._reading() as book:
            first = read_since(book, since, faults)
            listed = list(book.reps) if reps is None else read_ids(reps, "reps", faults)
            if reps is not None:
                check_listed(book, listed, drop_others, faults)
            faults.raise_if_any()
            return views.history(book, listed, first)

    def carried(
        self,
        rep_id: str | None = None,
        *,
        of: Quantity | None = None,
        decay: float = 1.0,
        since: Any = None,
        weights: Mapping[str, float] | None = None,
    ) -> pd.DataFrame:
        """Give what reps have carried, as fairness counts it.

        It is :func:`assignopt.holdings.history_of` for :meth:`history`: older periods count for
        less, and absence is credited with what was due.

        Parameters
        ----------
        rep_id
            Whose; None: a row for everyone.
        of
            ``load``, ``count``, ``worth``, ``value`` or ``burden``; None: a column for each.
        decay
            What a unit counts for one period later, above 0 and at most 1.
        since
            The first period to count; None: all.
        weights
            Entitlements by id, for all reps of the ledger; None: 1 each.

        Returns
        -------
        pandas.DataFrame
            rep_id, and a column for each quantity.

        Raises
        ------
        pydantic.ValidationError
            When something is unknown or out of range.

        Examples
        --------
        >>> import assignopt as ao
        >>> ledger = ao.Ledger(["ana"])
        >>> for period in ("q1", "q2"):
        ...     ledger = ledger.adjust("ana", period, load=8, reason="old system")
        >>> ledger.carried(of="load", decay=0.5).to_numpy().tolist()
        [['ana', 6.0]]
        """
        faults = Faults("Ledger.carried")
        names = QUANTITIES if of is None else (of,)
        if of is not None and of not in get_args(Quantity):
            known = ", ".join(QUANTITIES)
            faults.add(("of",), f"{of!r} is unknown; known: {known}. Give one of them", of)
        if not isinstance(decay, Real) or not 0 < decay <= 1:
            message = f"{decay!r} is out of range; allowed is above 0 and at most 1"
            faults.add(("decay",), message, decay)
        with self._reading() as book:
            first = read_since(book, since, faults)
            if rep_id is not None:
                check_reps(book, {"rep_id": [rep_id]}, faults)
            entitled = entitlements(book, weights, list(book.reps), faults)
            faults.raise_if_any()
            table = views.history(book, book.reps, first)
        found = views.carried(table, entitled, names, decay)
        return found if rep_id is None else found[found["rep_id"] == rep_id].reset_index(drop=True)

    # -- who had what, and when --------------------------------------------------------------

    def who_had(self, task_id: str | None = None, *, group: str | None = None) -> pd.DataFrame:
        """Tell who had a task, or the tasks of a group (one customer), and when.

        Parameters
        ----------
        task_id
            Which task; or
        group
            which group of tasks, as they were booked.

        Returns
        -------
        pandas.DataFrame
            A row for each time that a rep held a seat: task_id, group, role, rep_id, from_period,
            to_period (its last), periods (how many), ended and detail. ``ended`` is
            ``passed_on`` (the next period has another holder), ``credited_back`` (detail: the
            reason), ``not_booked`` (a next period has no holder), or None: it lasts.

        Raises
        ------
        pydantic.ValidationError
            When it was never booked, or not one of the two is given.

        Examples
        --------
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("acme")])
        >>> ledger = ao.Ledger()
        >>> for period, rep in (("q1", "ana"), ("q2", "ana"), ("q3", "bo")):
        ...     ledger = ledger.add((problem, {"acme": rep}), period=period)
        >>> told = ledger.who_had("acme")
        >>> told[["rep_id", "from_period", "to_period", "detail"]].to_numpy().tolist()
        [['ana', 'q1', 'q2', "to 'bo' in 'q3'"], ['bo', 'q3', 'q3', None]]
        """
        if (task_id is None) == (group is None):
            message = "a task or a group is asked for, one of the two. Give task_id or group"
            refuse("Ledger.who_had", "task_id", message)
        with self._reading() as book:
            known = book.tasks if group is None else book.groups
            asked = task_id if group is None else group
            if asked not in known:
                what = "task_id" if group is None else "group"
                message = f"{asked!r} was never booked. Name one of {len(known)} that were"
                refuse("Ledger.who_had", what, message)
            tasks = [str(task_id)] if group is None else list(book.groups[group])
            return views.spells(book, tasks)

    def had(self, rep_id: str) -> pd.DataFrame:
        """Tell what a rep had, and when; columns as in :meth:`who_had`.

        Examples
        --------
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana")], [ao.Task("acme"), ao.Task("birch")])
        >>> ledger = ao.Ledger().add((problem, {"acme": "ana", "birch": "ana"}), period="q1")
        >>> ledger.had("ana")["task_id"].tolist()
        ['acme', 'birch']
        """
        faults = Faults("Ledger.had")
        with self._reading() as book:
            check_reps(book, {"rep_id": [rep_id]}, faults)
            faults.raise_if_any()
            return views.spells(book, list(book.held.get(rep_id, ())), rep_id)

    @property
    def credits(self) -> pd.DataFrame:
        """Frame, a row for each seat of a collaborator and what it earned.

        Columns period, task_id, role, rep_id, owner, effort, worth, value; what was credited back
        is left out.
        """
        with self._reading() as book:
            return views.credits_of(book)

    # -- the log -----------------------------------------------------------------------------

    @property
    def log(self) -> tuple[Entry, ...]:
        """The entries, as records told apart by ``kind``."""
        return tuple(self._log.entries[: self._length])

    @property
    def entries(self) -> pd.DataFrame:
        """Frame, a row for each entry: kind, period, rep_id, task_id, role, what it adds, ...

        The amounts of a rep and period sum to what :meth:`history` gives.
        """
        return views.entries(self.log)

    def to_data(self) -> dict[str, Any]:
        """Give the ledger as plain data, ready for JSON; fields at their default are left out."""
        return {"version": VERSION, "entries": write(self.log)}

    def to_json(self, *, indent: int | None = None) -> str:
        """Give the ledger, its whole state, as JSON text."""
        return json.dumps(self.to_data(), ensure_ascii=False, indent=indent)

    def __len__(self) -> int:
        return self._length

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Past):
            return NotImplemented
        return self.log == other.log

    __hash__ = None  # type: ignore[assignment]

    def headline(self) -> str:
        """Say in one line what it holds."""
        with self._reading() as book:
            lines = [line for listed in book.tasks.values() for line in listed]
            back = sum(line.back is not None for line in lines)
            spans = [repr(one) for one in book.rank]
            reps = len(book.reps)
        span = (
            f" ({spans[0]} to {spans[-1]})" if len(spans) > 1 else "".join(f" ({s})" for s in spans)
        )
        parts = [_counted(reps, "rep"), _counted(len(spans), "period") + span]
        parts += [_counted(len(lines), "booking"), f"{back} credited back"]
        return ", ".join(parts)

    def __repr__(self) -> str:
        return f"<Ledger: {self.headline()}>"

    def __str__(self) -> str:
        if not len(self.periods):
            return self.headline()
        unit = self.effort_unit or "effort units"
        table = table_text(self.carried())
        return f"{self.headline()}\n\nCarried so far, load in {unit}, absence credited:\n{table}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
