"""Held: a task that somebody has, with what it counts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..records import OWNER, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

Seat = tuple[str, str, float, float, float]
"""A role and who has it, and the effort, worth and value that count for it."""


@dataclass(slots=True)
class Held:
    """A task with its people.

    Parameters
    ----------
    task
        The task.
    seats
        Who has it, the owner first.
    at
        When it was given, in seconds.
    pairs
        Who might have taken it, as the caller said: rep id -> (fit, effort, value); None: everybody
        who is eligible.
    """

    task: Task
    seats: tuple[Seat, ...]
    at: float
    pairs: dict[str, Any] | None = None

    @property
    def owner(self) -> str:
        """Who has it as its owner."""
        return self.seats[0][1]

    def to_data(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "task": self.task.model_dump(mode="json", exclude_defaults=True),
            "seats": {role: seat for role, *seat in self.seats},
            "at": self.at,
            "pairs": self.pairs,
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Held:
        """Read what :meth:`to_data` gave."""
        seats = tuple(
            (str(role), str(rep), float(effort), float(worth), float(value))
            for role, (rep, effort, worth, value) in data["seats"].items()
        )
        if seats[0][0] != OWNER:
            raise ValueError(f"the first seat of {data['task']['id']!r} is not the owner's")
        return cls(Task.model_validate(data["task"]), seats, float(data["at"]), data["pairs"])
