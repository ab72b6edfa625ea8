"""The rules: a closed union of records, each with a stable id and a sentence.

A rule is hard: a plan keeps it or fails the audit. What each one means, exactly, stands in its
docstring; :mod:`assignopt.check` is the same in code. A selector picks tasks or reps: one id, a
list of ids, or a mapping on tags and fields such as ``{"region": "emea"}`` or
``{"region": ["emea", "apac"]}``; None picks all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)

from .records import (
    OWNER,
    TAG_SCHEMA,
    Amount,
    Count,
    Id,
    Record,
    Share,
    fault,
    read_tag,
    write_tag,
)


def _as_list(value: Any) -> Any:
    """Take any collection as a list, sets in a stable order, so that derived ids are stable."""
    if isinstance(value, Set):
        return sorted(value, key=lambda one: (type(one).__name__, str(one)))
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def _read_selector(value: Any) -> str | list[str] | dict[str, Any] | None:
    if isinstance(value, Mapping):
        for key in value:
            _check_name(key)
        return {key: _read_wanted(want) for key, want in value.items()}
    picked: str | list[str] | None = _as_list(value)
    if isinstance(picked, list):
        for one in picked:
            _check_name(one)
    elif picked is not None:
        _check_name(picked)
    return picked


def _read_wanted(value: Any) -> Any:
    value = _as_list(value)
    return [read_tag(one) for one in value] if isinstance(value, list) else read_tag(value)


def _check_name(value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise fault(
            f"{value!r} selects nothing. Give an id, a list of ids, or a mapping on tags and "
            "fields such as {'region': 'emea'}, names as text"
        )


def _write_selector(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        key: list(map(write_tag, want)) if isinstance(want, list) else write_tag(want)
        for key, want in value.items()
    }


_SELECTOR_SCHEMA = {
    "anyOf": [
        {"type": "null"},
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"type": "string", "minLength": 1}},
        {
            "type": "object",
            "additionalProperties": {"anyOf": [TAG_SCHEMA, {"type": "array", "items": TAG_SCHEMA}]},
        },
    ]
}
Selector = Annotated[
    str | list[str] | dict[str, Any] | None,
    PlainValidator(_read_selector),
    PlainSerializer(_write_selector, when_used="json"),
    WithJsonSchema(_SELECTOR_SCHEMA),
]
Ids = Annotated[list[Id], BeforeValidator(_as_list)]
Period = Literal["day", "week", "month"]


def phrase(noun: str, selector: Any, each: str = "each") -> str:
    """Say in words what a selector picks; ``each`` is the word for all of them.

    Examples
    --------
    >>> phrase("task", ["t1", "t2"]), phrase("rep", {"team": "north"}), phrase("rep", None, "any")
    ("each of tasks 't1', 't2'", "each rep with team 'north'", 'any rep')
    """
    if selector is None:
        return f"{each} {noun}"
    if isinstance(selector, Mapping):
        return f"{each} {noun} {_with(selector)}"
    listed = [selector] if isinstance(selector, str) else selector
    these = f"{noun}s {_listed(listed)}"
    return f"{noun} {listed[0]!r}" if len(listed) == 1 else f"{each} of {these}"


def _with(selector: Mapping[str, Any]) -> str:
    parts = [
        f"{key} {' or '.join(map(repr, want)) if isinstance(want, list) else repr(want)}"
        for key, want in selector.items()
    ]
    return f"with {' and '.join(parts)}"


def _listed(ids: str | list[str]) -> str:
    ids = [ids] if isinstance(ids, str) else ids
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return (", ".join(map(repr, ids[:5])) or "(none)") + more


class BaseRule(Record):
    """What all rules share.

    Parameters
    ----------
    id
        Stable name, by which violations and reasons refer to the rule; by default made from its
        content, such as ``max_tasks(n=3, rep='ana')``.
    """

    id: str = Field(default="", kw_only=True)
    kind: str = Field(default="", kw_only=True)

    @model_validator(mode="after")
    def _has_id(self) -> BaseRule:
        if not self.id:
            object.__setattr__(self, "id", self._derived_id())
        return self

    def _derived_id(self) -> str:
        content = [item for item in super().__repr_args__() if item[0] != "id"]
        return f"{self.kind}({', '.join(f'{name}={value!r}' for name, value in content)})"

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Show the id only where it was given."""
        hidden = self.has_derived_id
        return [item for item in super().__repr_args__() if not (hidden and item[0] == "id")]

    @property
    def has_derived_id(self) -> bool:
        """Whether the id is made from the content."""
        return self.id == self._derived_id()

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        raise NotImplementedError(type(self).__name__)


class Pin(BaseRule):
    """The task goes to this rep: it is assigned, and to nobody else (in the role named)."""

    task: Id
    rep: Id
    role: Id = OWNER
    kind: Literal["pin"] = Field(default="pin", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        role = "" if self.role == OWNER else f" as its {self.role!r}"
        return f"task {self.task!r} goes to rep {self.rep!r}{role}"


class Forbid(BaseRule):
    """None of these reps holds any of these tasks, in any role."""

    task: Selector = None
    rep: Selector = None
    kind: Literal["forbid"] = Field(default="forbid", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"{phrase('task', self.task)}: never held by {phrase('rep', self.rep, 'any')}"

    @model_validator(mode="after")
    def _selects(self) -> Forbid:
        if self.task is None and self.rep is None:
            raise fault("selects every task and every rep. Name tasks, reps or both")
        return self


class Allow(BaseRule):
    """These tasks go only to these reps, in any role (a territory).

    It says nothing about the reps' other tasks. Of several Allow rules on one task all hold.
    """

    task: Selector = None
    rep: Selector = None
    kind: Literal["allow"] = Field(default="allow", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"{phrase('task', self.task)}: held only by {phrase('rep', self.rep, 'any')}"


class Together(BaseRule):
    """Those of these tasks that are assigned have one and the same owner."""

    tasks: Ids
    kind: Literal["together"] = Field(default="together", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"the tasks {_listed(self.tasks)} have the same owner"


class Apart(BaseRule):
    """No rep holds two of these tasks, in any role."""

    tasks: Ids
    kind: Literal["apart"] = Field(default="apart", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"no rep holds two of the tasks {_listed(self.tasks)}"


class MinFit(BaseRule):
    """Nobody holds a task, in any role, for which their fit is below this."""

    value: Share
    kind: Literal["min_fit"] = Field(default="min_fit", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"every assignment has a fit of at least {self.value:g}"


class CoverAll(BaseRule):
    """Every selected task is assigned, with all its roles."""

    where: Selector = None
    kind: Literal["cover_all"] = Field(default="cover_all", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"{phrase('task', self.where)} is assigned, with all its roles"


class _TaskBound(BaseRule):
    n: Count
    rep: Selector = None
    task: Selector = None
    per: Period | None = None

    def _words(self, bound: str) -> str:
        per = f" a {self.per}" if self.per else ""
        noun = "task" if self.n == 1 else "tasks"
        if isinstance(self.task, Mapping):
            noun += f" {_with(self.task)}"
        elif self.task is not None:
            noun += f" out of {_listed(self.task)}"
        return f"{phrase('rep', self.rep)}: at {bound} {self.n} {noun}{per}"


class MinTasks(_TaskBound):
    """Each selected active rep holds at least ``n`` of the selected tasks, in any role.

    With ``per``: in every day, week (Monday to Sunday) or month in which one of the selected
    tasks starts. Tasks without a time are in no period. Days of times in seconds are blocks of
    86,400 s from 0; months need datetimes; aware datetimes are counted in UTC.
    """

    kind: Literal["min_tasks"] = Field(default="min_tasks", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return self._words("least")


class MaxTasks(_TaskBound):
    """Each selected rep holds at most ``n`` of the selected tasks, in any role.

    ``per`` as in :class:`MinTasks`.
    """

    kind: Literal["max_tasks"] = Field(default="max_tasks", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return self._words("most")


class MinLoad(BaseRule):
    """Each selected active rep has a load of at least this, ``carried_load`` included."""

    value: Amount
    rep: Selector = None
    kind: Literal["min_load"] = Field(default="min_load", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"{phrase('rep', self.rep)}: a load of at least {self.value:g}"


class MaxLoad(BaseRule):
    """Each selected rep has a load of at most this, ``carried_load`` included.

    A rep who carries more than that already takes nothing that costs effort.
    """

    value: Amount
    rep: Selector = None
    kind: Literal["max_load"] = Field(default="max_load", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"{phrase('rep', self.rep)}: a load of at most {self.value:g}"


class MaxLoadGap(BaseRule):
    """The loads of any two active reps differ by at most this, ``carried_load`` included."""

    value: Amount
    kind: Literal["max_load_gap"] = Field(default="max_load_gap", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"the loads of any two reps differ by at most {self.value:g}"


class MaxMoves(BaseRule):
    """At most ``n`` tasks move: whose present owner could keep them, and does not."""

    n: Count
    kind: Literal["max_moves"] = Field(default="max_moves", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"at most {self.n} {'task changes' if self.n == 1 else 'tasks change'} owner"


AnyRule = (
    Pin
    | Forbid
    | Allow
    | Together
    | Apart
    | MinFit
    | CoverAll
    | MinTasks
    | MaxTasks
    | MinLoad
    | MaxLoad
    | MaxLoadGap
    | MaxMoves
)
Rule = Annotated[AnyRule, Discriminator("kind")]
RULE: TypeAdapter[AnyRule] = TypeAdapter(Rule)
