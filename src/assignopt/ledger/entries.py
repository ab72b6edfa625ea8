"""What a ledger is made of: one frozen record for each thing that happened, told apart by kind.

Data of any origin flow in; records flow out, each right in itself. Whether one may follow on those
before it is looked at in :mod:`assignopt.ledger.book`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import numpy as np
from pydantic import (
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    with_config,
)

from ..columns import HistoryColumns, texts
from ..records import OWNER, Amount, Id, Number, Share, fault, read_tag, write_tag

if TYPE_CHECKING:
    from collections.abc import Iterable

QUANTITIES = ("load", "count", "worth", "value", "burden")
"""What a rep carries of, in the order in which amounts are listed."""


def read_period(value: Any) -> str | int | float | datetime:
    """Read a period: text, a finite number or a datetime.

    Examples
    --------
    >>> read_period("2026-03"), read_period(7)
    ('2026-03', 7)
    """
    if isinstance(value, bool | np.bool_) or value is None or value == "":
        raise fault(
            f"{value!r} is no period; allowed is text, a number or a datetime. Name the period, "
            "such as '2026-03'"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise fault(f"{value!r} is not finite. Name the period, such as '2026-03'")
    return read_tag(value)


def ordered(periods: Iterable[Any]) -> list[Any]:
    """Give the distinct periods in the order that histories have.

    Examples
    --------
    >>> ordered(["w10", "w9", "w10"])
    ['w9', 'w10']
    """
    named = texts(list(dict.fromkeys(periods)))
    rows, none = np.zeros(len(named), np.int64), np.zeros(len(named))
    table = HistoryColumns(rows, none, none, none, none, none, named, none)
    listed: list[Any] = table.periods()[1].tolist()
    return listed


Period = Annotated[
    str | int | float | datetime,
    PlainValidator(read_period),
    PlainSerializer(write_tag, when_used="json"),
]
_CONFIG = ConfigDict(extra="forbid", allow_inf_nan=False)


@with_config(_CONFIG)
@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The team is these reps, from the start; anybody else has to join."""

    reps: tuple[Id, ...]
    kind: Literal["started"] = "started"


@with_config(_CONFIG)
@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan was added for these reps; who is inactive in it was not there to take anything."""

    period: Period
    active: tuple[Id, ...]
    inactive: tuple[Id, ...] = ()
    effort_unit: Id = "hours"
    kind: Literal["planned"] = "planned"


@with_config(_CONFIG)
@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A rep held one seat of a task: its owner's, or that of a role (a collaborator's)."""

    period: Period
    task_id: Id
    rep_id: Id
    role: Id = OWNER
    effort: Amount = 0.0
    worth: Amount = 0.0
    value: Amount = 0.0
    burden: Amount = 0.0
    group: Id | None = None
    kind: Literal["booked"] = "booked"

    @property
    def collaborator(self) -> bool:
        """Whether the seat is not the owner's."""
        return self.role != OWNER

    @property
    def amounts(self) -> tuple[float, ...]:
        """What is carried of each of :data:`QUANTITIES`."""
        return self.effort, 1.0, self.worth, self.value, self.burden


@with_config(_CONFIG)
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedBack:
    """What was booked for a seat in ``booked`` is taken off again, in ``period``."""

    period: Period
    task_id: Id
    rep_id: Id
    booked: Period
    reason: Id
    role: Id = OWNER
    kind: Literal["credited_back"] = "credited_back"


@with_config(_CONFIG)
@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A rep was there for this share of the period; the last statement holds."""

    period: Period
    rep_id: Id
    present: Share = 0.0
    reason: str = ""
    kind: Literal["absent"] = "absent"


@with_config(_CONFIG)
@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """Amounts are added to, or with a minus taken off, what a rep carried in a period."""

    period: Period
    rep_id: Id
    reason: Id
    load: Number = 0.0
    count: Number = 0.0
    worth: Number = 0.0
    value: Number = 0.0
    burden: Number = 0.0
    kind: Literal["adjusted"] = "adjusted"

    @property
    def amounts(self) -> tuple[float, ...]:
        """What is added of each of :data:`QUANTITIES`."""
        return self.load, self.count, self.worth, self.value, self.burden


@with_config(_CONFIG)
@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A rep is in the team from this period on."""

    period: Period
    rep_id: Id
    kind: Literal["joined"] = "joined"


Entry = Started | Planned | Booked | CreditedBack | Absent | Adjusted | Joined
ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])
ENTRIES: TypeAdapter[list[Entry]] = TypeAdapter(list[Annotated[Entry, Field(discriminator="kind")]])
KINDS: dict[str, Any] = {
    kind.__dataclass_fields__["kind"].default: kind for kind in get_args(Entry)
}


def write(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Give entries as plain data, the kind first and fields at their default left out."""
    listed = list(entries)
    rows = ENTRIES.dump_python(listed, mode="json", exclude_defaults=True)
    return [{"kind": entry.kind, **row} for entry, row in zip(listed, rows, strict=True)]


def named_fields(kind: Any) -> tuple[str, ...]:
    """Name the fields of a kind of entry."""
    return tuple(field.name for field in fields(kind))
