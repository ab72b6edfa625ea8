"""The rules: a closed union of records, each with a stable id and a sentence.

A rule is hard: a plan keeps it or fails the audit. What each one means, exactly, stands in its
docstring; :mod:`assignopt.check` is the same in code. A selector picks tasks or reps: one id, a
list of ids, or a mapping on tags and fields such as ``{"region": "emea"}`` or
``{"region": ["emea", "apac"]}``; None picks all.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, model_validator

from .records import OWNER, Amount, Count, Id, Number, Record, Share, TagValue, fault


def _selector_in(value: Any) -> Any:
    if isinstance(value, tuple | Set):
        return sorted(value, key=str) if isinstance(value, Set) else list(value)
    if isinstance(value, Mapping):
        return {k: list(v) if isinstance(v, tuple | Set) else v for k, v in value.items()}
    return value


Selector = Annotated[
    Id | list[Id] | dict[Id, TagValue | list[TagValue]] | None, BeforeValidator(_selector_in)
]
Period = Literal["day", "week", "month"]


def phrase(noun: str, selector: Any) -> str:
    """Say in words what a selector picks.

    Examples
    --------
    >>> phrase("task", ["t1", "t2"]), phrase("rep", {"team": "north"}), phrase("rep", None)
    ("tasks 't1', 't2'", "reps with team 'north'", 'every rep')
    """
    if selector is None:
        return f"every {noun}"
    if isinstance(selector, str):
        return f"{noun} {selector!r}"
    if isinstance(selector, Mapping):
        parts = [
            f"{key} {' or '.join(map(repr, want)) if isinstance(want, list) else repr(want)}"
            for key, want in selector.items()
        ]
        return f"{noun}s with {' and '.join(parts)}"
    listed = ", ".join(repr(i) for i in selector[:5])
    return f"{noun}s {listed}" + (f" and {len(selector) - 5} more" if len(selector) > 5 else "")


class BaseRule(Record):
    """What all rules share.

    Parameters
    ----------
    id
        Stable name, by which violations and reasons refer to the rule; by default made from its
        content, such as ``max_tasks(n=3, rep='ana')``.
    """

    id: str = Field(default="", kw_only=True)

    @model_validator(mode="after")
    def _has_id(self) -> BaseRule:
        if not self.id:
            shown = ", ".join(f"{k}={v!r}" for k, v in self.__repr_args__() if k != "id")
            object.__setattr__(self, "id", f"{self.kind}({shown})")  # type: ignore[attr-defined]
        return self

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
        role = "" if self.role == OWNER else f" as {self.role!r}"
        return f"task {self.task!r} goes to rep {self.rep!r}{role}"


class Forbid(BaseRule):
    """None of these reps holds any of these tasks, in any role."""

    task: Selector = None
    rep: Selector = None
    kind: Literal["forbid"] = Field(default="forbid", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"{phrase('task', self.task)} never with {phrase('rep', self.rep)}"

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
        return f"{phrase('task', self.task)} only with {phrase('rep', self.rep)}"


class Together(BaseRule):
    """Those of these tasks that are assigned have one and the same owner."""

    tasks: list[Id]
    kind: Literal["together"] = Field(default="together", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"{phrase('task', self.tasks)} have one owner"


class Apart(BaseRule):
    """No rep holds two of these tasks, in any role."""

    tasks: list[Id]
    kind: Literal["apart"] = Field(default="apart", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"no rep holds two of {phrase('task', self.tasks)}"


class MinFit(BaseRule):
    """Nobody holds a task, in any role, for which their fit is below this."""

    value: Share
    kind: Literal["min_fit"] = Field(default="min_fit", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"every pair has a fit of at least {self.value:g}"


class CoverAll(BaseRule):
    """Every selected task is assigned, with all its roles."""

    where: Selector = None
    kind: Literal["cover_all"] = Field(default="cover_all", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"{phrase('task', self.where)} is assigned"


class _TaskBound(BaseRule):
    n: Count
    rep: Selector = None
    task: Selector = None
    per: Period | None = None

    def _words(self, bound: str) -> str:
        per = f" a {self.per}" if self.per else ""
        what = "tasks" if self.task is None else f"of {phrase('task', self.task)}"
        return f"{phrase('rep', self.rep)} holds at {bound} {self.n} {what}{per}"


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
        return f"{phrase('rep', self.rep)} has a load of at least {self.value:g}"


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
        return f"{phrase('rep', self.rep)} has a load of at most {self.value:g}"


class MaxLoadGap(BaseRule):
    """The loads of any two active reps differ by at most this, ``carried_load`` included."""

    value: Annotated[Number, Field(ge=0)]
    kind: Literal["max_load_gap"] = Field(default="max_load_gap", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"loads differ by at most {self.value:g}"


class MaxMoves(BaseRule):
    """At most ``n`` tasks move: whose present owner could keep them, and does not."""

    n: Count
    kind: Literal["max_moves"] = Field(default="max_moves", kw_only=True)

    @property
    def sentence(self) -> str:
        """The rule in the words of the input."""
        return f"at most {self.n} tasks change owner"


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
