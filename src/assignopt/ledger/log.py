"""The log that ledgers share: entries go in at the end, checked; none ever goes out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..errors import Faults
from .book import Book
from .entries import ENTRIES, ENTRY, KINDS, CreditedBack, named_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .entries import Entry

VERSION = 1


class Log:
    """Entries, and the book of all of them; ledgers are (log, length).

    A ledger that has the whole log extends it in place. One that others have gone on from copies
    its part first.
    """

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self.entries = list(entries)
        self.book = Book(entries)
        self._lock = RLock()

    @contextmanager
    def reading(self, length: int) -> Iterator[Book]:
        """Give the book of the first ``length`` entries, which stays as it is meanwhile."""
        with self._lock:
            whole = length == len(self.entries)
            yield self.book if whole else Book(self.entries[:length])

    def extended(
        self, length: int, entries: Sequence[Entry], title: str, place: tuple[str, ...] | None
    ) -> tuple[Log, int]:
        """Put entries after the first ``length``, all of them or, with a fault, none.

        Parameters
        ----------
        length
            How many there are for whoever asks.
        entries
            What comes after them.
        title
            What was being done, the heading of the error.
        place
            Where faults are; None: at the number of the entry.

        Returns
        -------
        log, length
            The log that has them, which is this one unless it went on already, and how many.

        Raises
        ------
        pydantic.ValidationError
            With every fault.
        """
        with self._lock:
            if length < len(self.entries):
                return Log(self.entries[:length]).extended(length, entries, title, place)
            faults = Faults(title)
            for number, entry in enumerate(entries):
                before = faults.count
                self._check(entry, _place(place, entry, length + number), faults)
                if faults.count == before or not isinstance(entry, CreditedBack):
                    self.book.take(entry)  # a faulty one too, so that it is told once
            if faults.count:
                self.book = Book(self.entries)
            faults.raise_if_any()
            self.entries += entries
            return self, len(self.entries)

    def _check(self, entry: Entry, place: tuple[str | int, ...], faults: Faults) -> None:
        for field, message in self.book.faults(entry):
            faults.add((*place, field), message, getattr(entry, field, None))


def _place(place: tuple[str, ...] | None, entry: Entry, number: int) -> tuple[str | int, ...]:
    if place is None:
        return ("entries", number)
    task = getattr(entry, "task_id", None)
    return place if task is None or not place else (*place, task)


def read_entries(data: Any) -> list[Entry]:
    """Take the entries out of what :meth:`Ledger.to_data` gave, each right in itself.

    Raises
    ------
    pydantic.ValidationError
        With every fault and its place.
    """
    faults = Faults("Ledger")
    if not isinstance(data, Mapping) or not isinstance(data.get("entries"), list | tuple):
        message = "an object with a list 'entries' is expected. Give what to_data() gave"
        faults.add(("entries",), message)
    elif data.get("version") != VERSION:
        found = data.get("version")
        message = f"version {found!r} is unknown; known: {VERSION}. Read it with a newer release"
        faults.add(("version",), message, found)
    faults.raise_if_any()
    rows = list(data["entries"])
    try:
        return ENTRIES.validate_python(rows)
    except ValidationError:
        for number, row in enumerate(rows):
            read_entry(row, ("entries", number), faults)
    faults.raise_if_any()
    raise AssertionError("a list is faulty whose entries are not")  # pragma: no cover


def read_entry(row: Any, place: tuple[str | int, ...], faults: Faults) -> Any:
    """Read one entry; a fault is noted, and None given."""
    before = faults.count
    kind = row.get("kind") if isinstance(row, Mapping) else None
    if kind in KINDS:
        known = named_fields(KINDS[kind])
        for name in [name for name in row if name not in known]:
            message = f"{name!r} is no field; known: {', '.join(known)}. Leave it out"
            faults.add((*place, str(name)), message)
        row = {name: cell for name, cell in row.items() if name in known}
    try:
        entry = ENTRY.validate_python(row)
    except ValidationError as error:
        faults.adopt(error, place, kind=kind)
        return None
    return entry if faults.count == before else None
