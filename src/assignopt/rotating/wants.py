"""What is asked of a rotation, validated: a squad as it is written down, and all options in rows.

Everything here is plain: rows of reps and tasks, numbers of periods; the checker reads it too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ..records import Count, Id, Levels, Named, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Label = str | int | date
"""What a period may be called."""


class Squad(Record):
    """People freed from all their tasks for some periods, the same people in all of them.

    Exactly ``size`` reps, active and there in all of its periods; each has the skills of
    ``requires``, and one of them at least those of ``lead``. Nobody is in two squads at once.

    Parameters
    ----------
    name
        What it is called; unique in a rotation.
    size
        How many people.
    periods
        Labels of the periods, as in the rotation.
    lead
        Skill -> least level; one member has all of them.
    requires
        Skill -> least level; every member has all of them.
    members
        Ids of those who may be members; None = everybody. As many as ``size`` are set.

    Examples
    --------
    >>> Squad("migration", 2, [3, 4], lead={"sql": 2})
    Squad(name='migration', size=2, periods=(3, 4), lead={'sql': 2.0})
    """

    name: Id
    size: Count = Field(ge=1)
    periods: tuple[Any, ...]
    lead: Levels = Field(default_factory=dict)
    requires: Levels = Field(default_factory=dict)
    members: tuple[Id, ...] | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            name: str,
            size: int,
            periods: Iterable[Label],
            lead: Named = ...,
            requires: Named = ...,
            members: Iterable[str] | None = ...,
        ) -> None: ...


@dataclass(frozen=True)
class Freed:
    """A squad in rows: who may be in it and who may lead it (None: nobody has to)."""

    record: Squad
    name: str
    size: int
    periods: tuple[int, ...]
    pool: tuple[int, ...]
    leads: tuple[int, ...] | None


@dataclass(frozen=True)
class Asked:
    """The options of a rotation, in rows of reps and tasks and numbers of periods from 0.

    Parameters
    ----------
    labels
        (T,) what the periods are called.
    seats, held_since
        Task -> number; left out is 1.
    at_once
        None: no limit besides those of the problem.
    max_tenure, max_handovers
        None: no limit.
    least, most
        (rep, task) -> number of periods, of pairs that are named; and the same for all others.
    absent
        Rep -> periods.
    """

    labels: tuple[Label, ...]
    seats: Mapping[int, int]
    at_once: int | None
    min_tenure: int
    max_tenure: int | None
    cooldown: int
    cover_all: bool
    least: Mapping[tuple[int, int], int]
    most: Mapping[tuple[int, int], int]
    max_handovers: int | None
    absent: Mapping[int, frozenset[int]]
    held_since: Mapping[int, int]
    learning: int
    learning_value: float
    proportional: bool
    squads: tuple[Freed, ...]

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return len(self.labels)

    def but(self, **changes: Any) -> Asked:
        """Give the same with something else in places."""
        return replace(self, **changes)
