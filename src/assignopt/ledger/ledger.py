"""Ledger: the log of what was carried, a value that only grows, and the questions it answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..errors import Faults
from .asking import (
    check_reps,
    entitlements,
    is_away,
    is_known,
    lines_meant,
    read_ids,
    read_when,
    refuse,
)
from .log import Log, read_entries, read_entry
from .past import Past
from .reading import entries_of, read_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Ledger(Past):
    """What each rep has carried so far, and who had which task when.

    A ledger is a log of entries that only grows. It is a value: every change returns a new Ledger,
    and the one it was made from stays as it was (the two share the log, so this costs nothing, and
    several threads may go on from one).
    Nothing is kept elsewhere: :meth:`to_json` is the whole state, and reading it gives an equal
    ledger. A change that is refused lists every fault and changes nothing.

    *Periods* are text, numbers or datetimes, all of one kind; they have the order that histories
    have (``w9`` is before ``w10``), whatever the order of entries. So a booking may come late: an
    entry for an earlier period may follow one for a later.

    *Presence* is the share of a period that a rep was there for; absence earns no debt, see
    :func:`assignopt.holdings.history_of`. It is

    1. what :meth:`absence` states (the last statement holds); otherwise
    2. 0 before the rep was in the team: before the period it joined in; where that is not stated
       and the ledger was not started with it, before the first period in which it was active in a
       plan or carried something; otherwise
    3. 0 where plans were added for the period and it neither was active in one of them nor carried
       anything; otherwise
    4. 1.

    What is booked is what the plan gives out. ``Rep.carried_load`` is not: it is work of before,
    and would be counted again with every plan.

    Parameters
    ----------
    reps
        Ids of the team, or anything that lists them, such as ``problem.reps``. Plans with other
        reps are refused then, until these :meth:`join`. None: whoever stands in a plan is in.

    Raises
    ------
    pydantic.ValidationError
        When an id is empty, no text, or stands twice.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = [ao.Rep("ana"), ao.Rep("bo"), ao.Rep("cy")]
    >>> march = ao.Problem(team, [ao.Task("acme", effort=3), ao.Task("birch", effort=2)])
    >>> ledger = ao.Ledger(march.reps)
    >>> ledger = ledger.add((march, {"acme": "ana", "birch": "bo"}), period="2026-03")
    >>> ledger = ledger.absence("cy", "2026-03")
    >>> ledger.carried(of="load").to_numpy().tolist()
    [['ana', 3.0], ['bo', 2.0], ['cy', 2.5]]
    >>> april = march.replace(history=ledger.history(march.reps))
    """

    def __init__(self, reps: Iterable[str] | None = None) -> None:
        self._hold(Log(), 0)
        if reps is not None:
            faults = Faults("Ledger")
            listed = read_ids(reps, "reps", faults)
            faults.raise_if_any()
            started = self._read("started", "Ledger", reps=tuple(listed))
            self._hold(*self._log.extended(0, [started], "Ledger", ("reps",)))

    @classmethod
    def _of(cls, log: Log, length: int) -> Ledger:
        new = cls.__new__(cls)
        new._hold(log, length)
        return new

    # -- what happened -----------------------------------------------------------------------

    def add(self, plan: Any, *, period: Any) -> Ledger:
        """Book a plan: every seat held, and who was there to take work.

        Reps that are inactive in the plan count as absent in the period, unless another plan of
        the period has them active or :meth:`absence` states otherwise.

        Parameters
        ----------
        plan
            A Plan; an Audit, of assignments whoever made them; or (problem, assignments). Rules
            that are broken do not matter: what is booked is what happened.
        period
            When. Several plans may be added for one period.

        Raises
        ------
        pydantic.ValidationError
            When a seat of a task is booked in the period already, reps or tasks are unknown, the
            unit of effort or the kind of period is another than before.
        NoSolutionError
            When the plan is of a run that has none.

        Examples
        --------
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana")], [ao.Task("acme", value=5)])
        >>> ledger = ao.Ledger().add(ao.solve(problem), period="q1")
        >>> ledger.carried("ana", of="worth").to_numpy().tolist()
        [['ana', 5.0]]
        """
        faults = Faults("Ledger.add")
        when = read_when(period, ("period",), faults)
        held = read_plan(plan, faults)
        faults.raise_if_any()
        assert held is not None  # or a fault was raised
        planned, booked = entries_of(held, when, faults)
        faults.raise_if_any()
        with self._reading() as book:
            told = [] if is_known(book, planned) else [planned]
        return self._extended([*told, *booked], "Ledger.add", ("plan",))

    def credit_back(
        self,
        task_id: str,
        *,
        reason: str,
        rep_id: str | None = None,
        period: Any = None,
        booked: Any = None,
    ) -> Ledger:
        """Take work off whoever held it: it did not take place, was no real lead, was disqualified.

        Count, effort, worth, value and burden are taken off; the booking stays in the log, and in
        :meth:`who_had`, with the reason.

        Parameters
        ----------
        task_id
            Which task.
        reason
            Why, in words.
        rep_id
            Whose seats; None: those of the owner and of all collaborators.
        period
            In which period it is taken off; None: in that of the booking.
        booked
            The period of the booking that is meant. None: ``period``, if the task is booked in it;
            otherwise the one period in which it is.

        Raises
        ------
        pydantic.ValidationError
            When the task is not booked, or is credited back already; when it is booked in several
            periods and none is named; when nothing so large was carried in ``period``.

        Examples
        --------
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana")], [ao.Task("acme"), ao.Task("birch")])
        >>> ledger = ao.Ledger().add((problem, {"acme": "ana", "birch": "ana"}), period="q1")
        >>> ledger.credit_back("acme", reason="no-show").carried(of="count").to_numpy().tolist()
        [['ana', 1.0]]
        """
        faults = Faults("Ledger.credit_back")
        off = None if period is None else read_when(period, ("period",), faults)
        of = None if booked is None else read_when(booked, ("booked",), faults)
        faults.raise_if_any()
        with self._reading() as book:
            lines = lines_meant(book, task_id, rep_id, off, of, faults)
        faults.raise_if_any()
        return self._extended(
            [
                self._read(
                    "credited_back",
                    "Ledger.credit_back",
                    period=line.booked.period if off is None else off,
                    task_id=task_id,
                    role=line.booked.role,
                    rep_id=line.booked.rep_id,
                    booked=line.booked.period,
                    reason=reason,
                )
                for line in lines
            ],
            "Ledger.credit_back",
            (),
        )

    def absence(
        self, rep_id: str, period: Any, present: float = 0.0, *, reason: str = ""
    ) -> Ledger:
        """State that a rep was there only for a share of a period, so that it owes nothing for it.

        Parameters
        ----------
        rep_id
            Who.
        period
            When. A later statement for the same period replaces this one.
        present
            The share of the period that the rep was there for, 0..1.
        reason
            Why, in words.

        Examples
        --------
        >>> import assignopt as ao
        >>> ledger = ao.Ledger(["ana", "bo"]).adjust("ana", "q1", load=6, reason="old system")
        >>> ledger.absence("bo", "q1", present=0.5).carried("bo", of="load")["load"].tolist()
        [2.0]
        """
        title = "Ledger.absence"
        entry = self._read(
            "absent", title, rep_id=rep_id, period=period, present=present, reason=reason
        )
        return self._extended([entry], title, ())

    def adjust(
        self,
        rep_id: str,
        period: Any,
        *,
        reason: str,
        load: float = 0.0,
        count: float = 0.0,
        worth: float = 0.0,
        value: float = 0.0,
        burden: float = 0.0,
    ) -> Ledger:
        """Add to what a rep carried, or with negative amounts take off: a calibration.

        It counts as carried in the period, for what is due to those who were absent too.

        Parameters
        ----------
        rep_id, period
            Whose, and when.
        reason
            Why, in words.
        load, count, worth, value, burden
            How much; what is left in the period is at least 0.

        Examples
        --------
        >>> import assignopt as ao
        >>> ledger = ao.Ledger(["ana"]).adjust("ana", "q1", load=5, count=2, reason="old system")
        >>> ledger.carried("ana").to_numpy().tolist()
        [['ana', 5.0, 2.0, 0.0, 0.0, 0.0]]
        """
        title = "Ledger.adjust"
        amounts = {"load": load, "count": count, "worth": worth, "value": value, "burden": burden}
        entry = self._read(
            "adjusted", title, rep_id=rep_id, period=period, reason=reason, **amounts
        )
        return self._extended([entry], title, ())

    def join(self, rep_id: str, period: Any) -> Ledger:
        """Let a rep into the team from a period on; for what was before, it owes nothing.

        Examples
        --------
        >>> import assignopt as ao
        >>> ledger = ao.Ledger(["ana"]).adjust("ana", "q1", load=6, reason="old system")
        >>> ledger.join("bo", "q2").carried(of="load").to_numpy().tolist()
        [['ana', 6.0], ['bo', 6.0]]
        """
        entry = self._read("joined", "Ledger.join", rep_id=rep_id, period=period)
        return self._extended([entry], "Ledger.join", ())

    def level_up(
        self,
        rep_id: str,
        period: Any,
        *,
        among: Iterable[str] | None = None,
        weights: Mapping[str, float] | None = None,
        reason: str = "levelled up",
    ) -> Ledger:
        """Raise what a rep carried to the average of the others, per entitlement.

        For each quantity, with ``x`` what :meth:`carried` gives and ``w`` the entitlements, the
        amount ``w_r * sum(x_o) / sum(w_o) - x_r`` over the others ``o`` is booked as an
        adjustment, if it is above 0. It is the rule of those who set a returning rep to the
        average; :meth:`absence` counts only what was done while the rep was away.

        Parameters
        ----------
        rep_id, period
            Whose, and where it is booked: a period in which everybody was there, such as that of
            the return.
        among
            The others; None: all that the ledger knows.
        weights
            Entitlements, for the rep and the others; None: 1 each.
        reason
            Why, in words.

        Raises
        ------
        pydantic.ValidationError
            When a rep is unknown, there are no others, or somebody was absent in the period: the
            adjustment would be credited to them too.

        Examples
        --------
        >>> import assignopt as ao
        >>> ledger = ao.Ledger(["mary", "spike", "joe"])
        >>> for rep, meetings in (("mary", 10), ("spike", 8), ("joe", 3)):
        ...     ledger = ledger.adjust(rep, "may", count=meetings, reason="old system")
        >>> ledger.level_up("joe", "may").carried("joe", of="count")["count"].tolist()
        [9.0]
        """
        faults = Faults("Ledger.level_up")
        when = read_when(period, ("period",), faults)
        everyone = [rep for rep in self.reps if rep != rep_id]
        if among is not None:
            everyone = read_ids(among, "among", faults)
        with self._reading() as book:
            known = check_reps(book, {"rep_id": [rep_id], "among": everyone}, faults)
            if known:
                entitled = entitlements(book, weights, [rep_id, *everyone], faults)
                away = [rep for rep in book.reps if when is not None and is_away(book, rep, when)]
                if away:
                    listed = ", ".join(map(repr, away))
                    message = f"{listed} were absent in {when!r}. Name a period when all were there"
                    faults.add(("period",), message)
        if known and (not everyone or rep_id in everyone):
            message = "the others are to be others, one at least. Name them"
            faults.add(("among",), message, everyone)
        faults.raise_if_any()
        table = self.carried(weights=weights).set_index("rep_id")
        due = table.loc[everyone].sum() / sum(entitled[rep] for rep in everyone)
        short = (due * entitled[rep_id] - table.loc[rep_id]).clip(lower=0.0)
        if not short.any():
            return self
        amounts = dict(zip(short.index, short.to_list(), strict=True))
        return self.adjust(rep_id, when, reason=reason, **amounts)

    # -- in and out ---------------------------------------------------------------------------

    @classmethod
    def from_data(cls, data: Any) -> Ledger:
        """Read what :meth:`to_data` gives."""
        entries = read_entries(data)
        return cls._of(*Log().extended(0, entries, "Ledger", None))

    @classmethod
    def from_json(cls, text: str | bytes) -> Ledger:
        """Read what :meth:`to_json` wrote; every entry is checked as when it was made.

        Raises
        ------
        pydantic.ValidationError
            With every fault and its place.

        Examples
        --------
        >>> import assignopt as ao
        >>> ledger = ao.Ledger(["ana"]).absence("ana", "q1", present=0.5)
        >>> ao.Ledger.from_json(ledger.to_json()) == ledger
        True
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            refuse("Ledger", "json", f"not readable: {error}. Give what to_json() wrote")
        return cls.from_data(data)

    def __reduce__(self) -> tuple[Any, ...]:
        return Ledger.from_data, (self.to_data(),)

    # -- inside ------------------------------------------------------------------------------

    @staticmethod
    def _read(kind: str, title: str, **given: Any) -> Any:
        faults = Faults(title)
        entry = read_entry({"kind": kind, **given}, (), faults)
        faults.raise_if_any()
        return entry

    def _extended(self, entries: list[Any], title: str, place: tuple[str, ...]) -> Ledger:
        return self._of(*self._log.extended(self._length, entries, title, place))
