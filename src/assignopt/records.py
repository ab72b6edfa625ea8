"""Rep, Task and Role: what a user writes down about people and work, validated one by one.

Text cells such as ``"b2b:3|german"`` are read here too, so that a spreadsheet and a record mean
the same. Everything is frozen; a change makes a new record.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, dataclass_transform

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    Strict,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

OWNER = "owner"
"""The role every task has; the other roles of a task are its collaborators."""


def fault(message: str) -> PydanticCustomError:
    """Make a validation error that shows ``message`` as it is."""
    return PydanticCustomError("bad_input", "{message}", {"message": message})


@dataclass_transform(field_specifiers=(Field,))
class Record(BaseModel):
    """A frozen, validated record whose fields may also be given by position, in their order."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    if not TYPE_CHECKING:

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            fields = [n for n, f in type(self).model_fields.items() if not f.kw_only]
            if len(args) > len(fields):
                raise TypeError(f"{type(self).__name__} takes at most {len(fields)} values")
            for name, value in zip(fields, args, strict=False):
                if name in kwargs:
                    raise TypeError(f"{type(self).__name__}: {name!r} given twice")
                kwargs[name] = value
            super().__init__(**kwargs)

        __init__.__pydantic_base_init__ = True

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Show only what differs from the defaults, so that a record reads as it was written."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if field.is_required() or value != field.get_default(call_default_factory=True):
                yield name, value


def _plain(value: Any) -> Any:
    """Turn a numpy scalar into the Python number it stands for."""
    return value.item() if isinstance(value, np.generic) else value


def _whole(value: Any) -> Any:
    """Take 3.0 for the 3 it was before pandas made a float of it."""
    value = _plain(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _no_overflow(value: Any) -> Any:
    """Take an integer beyond all floats for the infinity it would be."""
    value = _plain(value)
    too_large = isinstance(value, int) and abs(value) > sys.float_info.max
    return math.inf if too_large else value


def parse_amounts(value: Any) -> Any:
    """Read ``name -> number`` from a mapping, a bare set or list of names, or a text cell.

    Examples
    --------
    >>> parse_amounts("b2b:3|german")
    {'b2b': 3.0, 'german': 1.0}
    >>> parse_amounts({"b2b"})
    {'b2b': 1.0}
    """
    if isinstance(value, str):
        return _parse_cell(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set | list | tuple):
        listed = sorted(value, key=str) if isinstance(value, Set) else value
        wrong = [name for name in listed if not isinstance(name, str)]
        if wrong:
            raise fault(f"{wrong[0]!r} is not a name. Give names as text")
        twice = [name for name in dict.fromkeys(listed) if list(listed).count(name) > 1]
        if twice:
            raise fault(f"{twice[0]!r} stands twice. Keep one")
        return dict.fromkeys(listed, 1.0)
    return value


def _parse_cell(text: str) -> dict[str, float]:
    amounts: dict[str, float] = {}
    for part in filter(None, (p.strip() for p in text.split("|"))):
        name, colon, number = part.rpartition(":")
        name, number = (name.strip(), number.strip()) if colon else (part, "1")
        try:
            amount = float(number)
        except ValueError:
            raise fault(
                f"{part!r} is not readable: after ':' a number is expected, not {number!r}. "
                "Write 'name:number|name', for instance 'b2b:3|german'"
            ) from None
        if name in amounts:
            raise fault(f"{name!r} stands twice in {text!r}. Keep one")
        amounts[name] = amount
    return amounts


def read_time(value: Any) -> float | datetime:
    """Read a time: seconds, a datetime of any library, or ISO text as JSON holds it.

    Examples
    --------
    >>> read_time("2026-03-02T09:00"), read_time(90)
    (datetime.datetime(2026, 3, 2, 9, 0), 90.0)
    """
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    value = _no_overflow(value)
    if isinstance(value, str) and "-" in value[1:]:
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    if isinstance(value, datetime) and value == value:  # NaT is a datetime, and unlike itself
        return datetime.combine(value.date(), value.timetz())
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise fault(f"{value!r} is not finite. Give a finite number of seconds, or a datetime")
        return float(value)
    raise fault(f"{value!r} is not a time. Give seconds, or convert it with pandas.to_datetime")


def check_times_agree(start: Any, end: Any) -> None:
    """Raise unless ``start < end`` and both are seconds, both naive or both aware datetimes."""
    if time_kind(start) != time_kind(end):
        raise fault(
            f"start {start} and end {end} are of different kinds. Give both in seconds, or "
            "both as datetimes, with or without time zone"
        )
    if not start < end:
        raise fault(f"end {end} is not after start {start}. Correct one of them")


def _check_windows(windows: tuple[tuple[Moment, Moment], ...]) -> Any:
    for start, end in windows:
        check_times_agree(start, end)
    if len({time_kind(start) for start, _ in windows}) > 1:
        raise fault("windows are of different kinds. Give all in seconds, or all as datetimes")
    return windows


def time_kind(value: object) -> str:
    """Tell seconds, naive datetimes and aware datetimes apart."""
    if isinstance(value, datetime):
        return "aware datetime" if value.tzinfo is not None else "datetime"
    return "seconds"


def read_tag(value: Any) -> TagCell:
    """Read what a tag may hold: text, a finite number, True or False, or a datetime.

    In JSON a datetime is written ``{"datetime": "2026-03-02T09:00:00"}``.
    """
    if isinstance(value, Mapping) and set(value) == {"datetime"}:
        value = read_time(value["datetime"])
    if isinstance(value, np.datetime64 | datetime):
        return read_time(value)
    value = _plain(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise fault(f"{value!r} is not finite. Leave the tag out where there is none")
    if isinstance(value, str | bool | int | float):
        return value
    raise fault(
        f"{value!r} cannot be kept as a tag; text, numbers, True/False and datetimes can. "
        "Convert it to text, or leave it out"
    )


def write_tag(value: Any) -> Any:
    """Write a tag for JSON, where :func:`read_tag` finds its datetime again."""
    return {"datetime": value.isoformat()} if isinstance(value, datetime) else value


Moment = float | datetime
Named = str | Mapping[str, float] | Set[str] | Sequence[str]
"""What may be given for ``name -> number``; see :func:`parse_amounts`."""

TagCell = str | bool | int | float | datetime
TAG_SCHEMA = {
    "anyOf": [
        {"type": ["string", "boolean", "number"]},
        {
            "type": "object",
            "properties": {"datetime": {"type": "string", "format": "date-time"}},
            "required": ["datetime"],
            "additionalProperties": False,
        },
    ]
}
Id = Annotated[str, Strict(), Field(min_length=1)]
Number = Annotated[float, BeforeValidator(_no_overflow), Strict()]
Amount = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Positive = Annotated[Number, Field(gt=0)]
Count = Annotated[int, BeforeValidator(_whole), Strict(), Field(ge=0)]
Flag = Annotated[bool, BeforeValidator(_plain), Strict()]
Time = Annotated[float | datetime, BeforeValidator(read_time)]
Levels = Annotated[dict[Id, Amount], BeforeValidator(parse_amounts)]
Shares = Annotated[dict[Id, Share], BeforeValidator(parse_amounts)]
TagValue = Annotated[
    TagCell,
    PlainValidator(read_tag),
    PlainSerializer(write_tag, when_used="json"),
    WithJsonSchema(TAG_SCHEMA),
]
Windows = Annotated[tuple[tuple[Time, Time], ...], AfterValidator(_check_windows)]
Tags = dict[Id, TagValue]


class Role(Record):
    """A person needed besides the owner of a task: a collaborator.

    Each role of a task is held by another person, none of them the owner, and only while the
    task has an owner.

    Parameters
    ----------
    name
        What the role is called; unique within the task, and not ``"owner"``.
    effort
        Effort it costs its holder, in effort units, before the holder's efficiency.
    requires
        Skill -> least level its holder must have.
    credit
        Share of the task's value that it earns, 0..1; the owner keeps what the roles do not
        earn. None earns nothing.

    Examples
    --------
    >>> Role("engineer", effort=2, requires={"sql"}, credit=0.3)
    Role(name='engineer', effort=2.0, requires={'sql': 1.0}, credit=0.3)
    """

    name: Id
    effort: Amount = 1.0
    requires: Levels = {}
    credit: Share | None = None

    if TYPE_CHECKING:

        def __init__(
            self, name: str, effort: float = ..., requires: Named = ..., credit: float | None = ...
        ) -> None: ...

    @field_validator("name")
    @classmethod
    def _not_owner(cls, name: str) -> str:
        if name == OWNER:
            raise fault("the name 'owner' is taken by the task's own owner. Name it otherwise")
        return name


def _check_roles(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    names = [role.name for role in roles]
    if len(set(names)) < len(names):
        raise fault(f"role names {names} repeat. Each role of a task needs a name of its own")
    credit = sum(role.credit or 0.0 for role in roles)
    if credit > 1 + 1e-9:
        raise fault(f"the roles earn {credit:g} of the value; 1 is the most (1 = all of it)")
    return roles


Roles = Annotated[tuple[Role, ...], AfterValidator(_check_roles)]


class Rep(Record):
    """Someone who takes work.

    Parameters
    ----------
    id
        Non-empty text, unique; it comes back exactly as given.
    capacity
        Most effort the rep can hold, ``carried_load`` included, in effort units; None = unlimited.
    max_tasks
        Most tasks given to the rep, in any role; None = unlimited.
    skills
        Skill -> level. A bare set means level 1; text ``"b2b:3|german"`` is read too.
    fit
        Customer type -> fit, 0..1. A rep who states no fit at all fits every type with 1; one who
        states some fits the types left out with 0.
    tags
        Anything else that selectors and reports may use, such as ``{"team": "north"}``.
    weight
        Entitlement to a share of the work, above 0; by default the capacity, else 1.
    efficiency
        A task of effort ``e`` costs this rep ``e / efficiency``.
    carried_load
        Open work from before, in effort units; it already uses capacity and counts as load.
    available
        List of (start, end) in which the rep can hold work at a fixed time; None = always.
    active
        False: the rep exists (as a current owner, in the metrics of the past) but takes nothing.

    Examples
    --------
    >>> Rep("ana", capacity=40, skills={"german": 2, "b2b": 3}, fit={"smb": 0.9})
    Rep(id='ana', capacity=40.0, skills={'german': 2.0, 'b2b': 3.0}, fit={'smb': 0.9})
    """

    id: Id
    capacity: Amount | None = None
    max_tasks: Count | None = None
    skills: Levels = {}
    fit: Shares = {}
    tags: Tags = {}
    weight: Positive | None = None
    efficiency: Positive = 1.0
    carried_load: Amount = 0.0
    available: Windows | None = None
    active: Flag = True

    if TYPE_CHECKING:

        def __init__(
            self,
            id: str,  # noqa: A002
            capacity: float | None = ...,
            max_tasks: int | None = ...,
            skills: Named = ...,
            fit: Named = ...,
            tags: Mapping[str, TagCell] = ...,
            weight: float | None = ...,
            efficiency: float = ...,
            carried_load: float = ...,
            available: Iterable[tuple[Moment, Moment]] | None = ...,
            active: bool = ...,
        ) -> None: ...


class Task(Record):
    """A piece of work that wants an owner.

    Parameters
    ----------
    id
        Non-empty text, unique; it comes back exactly as given.
    effort
        What it costs a rep of efficiency 1, in effort units.
    value
        What it is worth to whoever holds it.
    priority
        Its weight in :class:`~assignopt.Coverage`.
    requires
        Skill -> least level the owner must have (hard).
    prefers
        Skill -> weight gained in :class:`~assignopt.Preference` when the owner has it (soft).
    customer_type
        Which entry of the reps' ``fit`` applies; None: every rep fits with 1.
    tags
        Anything else that selectors and reports may use, such as ``{"region": "emea"}``.
    group
        Tasks of one group never have two owners.
    owner
        The rep who has it now.
    burden
        How unwelcome it is.
    start, end
        A fixed time, in seconds or as datetimes; the end itself is free again.
    roles
        The people needed besides the owner.

    Examples
    --------
    >>> Task("acme", effort=3, requires={"german": 2}, tags={"region": "dach"})
    Task(id='acme', effort=3.0, requires={'german': 2.0}, tags={'region': 'dach'})
    """

    id: Id
    effort: Amount = 1.0
    value: Amount = 1.0
    priority: Amount = 1.0
    requires: Levels = {}
    prefers: Levels = {}
    customer_type: Id | None = None
    tags: Tags = {}
    group: Id | None = None
    owner: Id | None = None
    burden: Amount = 0.0
    start: Time | None = None
    end: Time | None = None
    roles: Roles = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            id: str,  # noqa: A002
            effort: float = ...,
            value: float = ...,
            priority: float = ...,
            requires: Named = ...,
            prefers: Named = ...,
            customer_type: str | None = ...,
            tags: Mapping[str, TagCell] = ...,
            group: str | None = ...,
            owner: str | None = ...,
            burden: float = ...,
            start: Moment | None = ...,
            end: Moment | None = ...,
            roles: Iterable[Role | Mapping[str, Any]] = ...,
        ) -> None: ...

    @model_validator(mode="after")
    def _is_consistent(self) -> Task:
        if (self.start is None) != (self.end is None):
            raise fault("start and end go together. Give both or neither")
        if self.start is not None:
            check_times_agree(self.start, self.end)
        return self
