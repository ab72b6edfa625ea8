"""Rep, Task and Role: what a user writes down about people and work, validated one by one.

Text cells such as ``"b2b:3|german"`` are read here too, so that a spreadsheet and a record mean
the same. Everything is frozen; a change makes a new record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, dataclass_transform

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
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
        return {name: _plain(amount) for name, amount in value.items()}
    if isinstance(value, Set):
        return dict.fromkeys(sorted(value, key=str), 1.0)
    if isinstance(value, list | tuple):
        return dict.fromkeys(value, 1.0)
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


def check_times_agree(start: Any, end: Any) -> None:
    """Raise unless ``start < end`` and both are seconds, both naive or both aware datetimes."""
    kinds = {time_kind(start), time_kind(end)}
    if len(kinds) > 1:
        raise fault(
            f"start {start!r} and end {end!r} are of different kinds. Give both in seconds, or "
            "both as datetimes, with or without time zone"
        )
    if not start < end:
        raise fault(f"end {end} is not after start {start}")


def time_kind(value: object) -> str:
    """Tell seconds, naive datetimes and aware datetimes apart."""
    if isinstance(value, datetime):
        return "aware datetime" if value.tzinfo is not None else "datetime"
    return "seconds"


def _tag_in(value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"datetime"}:
        return datetime.fromisoformat(value["datetime"])
    return _plain(value)


def _tag_out(value: Any) -> Any:
    return {"datetime": value.isoformat()} if isinstance(value, datetime) else value


Id = Annotated[str, Strict(), Field(min_length=1)]
Number = Annotated[float, BeforeValidator(_plain), Strict()]
Amount = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Positive = Annotated[Number, Field(gt=0)]
Count = Annotated[int, BeforeValidator(_plain), Strict(), Field(ge=0)]
Time = Annotated[StrictFloat | StrictInt | datetime, BeforeValidator(_plain)]
Levels = Annotated[dict[Id, Amount], BeforeValidator(parse_amounts)]
Shares = Annotated[dict[Id, Share], BeforeValidator(parse_amounts)]
TagValue = Annotated[
    StrictBool | StrictInt | StrictFloat | StrictStr | datetime,
    BeforeValidator(_tag_in),
    PlainSerializer(_tag_out, when_used="json"),
]
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

    @field_validator("name")
    @classmethod
    def _not_owner(cls, name: str) -> str:
        if name == OWNER:
            raise fault("the name 'owner' is taken by the task's own owner. Name it otherwise")
        return name


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
    available: tuple[tuple[Time, Time], ...] | None = None
    active: StrictBool = True

    @field_validator("available")
    @classmethod
    def _windows_are_forward(cls, windows: Any) -> Any:
        for start, end in windows or ():
            check_times_agree(start, end)
        return windows


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
    >>> Task("acme", effort=3, requires={"german": 2}, customer_type="smb", tags={"region": "dach"})
    Task(id='acme', effort=3.0, requires={'german': 2.0}, customer_type='smb', tags={'region': 'dach'})
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
    roles: tuple[Role, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Task:
        if (self.start is None) != (self.end is None):
            raise fault("start and end go together. Give both or neither")
        if self.start is not None:
            check_times_agree(self.start, self.end)
        names = [role.name for role in self.roles]
        if len(set(names)) < len(names):
            raise fault(f"role names {names} repeat. Each role of a task needs a name of its own")
        credit = sum(role.credit or 0.0 for role in self.roles)
        if credit > 1 + 1e-9:
            raise fault(f"the roles earn {credit:g} of the value; 1 is the most (1 = all of it)")
        return self
