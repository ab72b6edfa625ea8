"""Held: a task that somebody has, with what it counts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..records import Task

if TYPE_CHECKING:
    from collections.abc import Mapping

Seat = tuple[str, float, float, float]
"""The rep of one role, and the effort, worth and value that count for it."""


@dataclass(slots=True)
class Held:
    """A task with its people.

    Parameters
    ----------
    task
        The task.
    seats
        role -> who has it, with effort, worth and value.
    at
        When it was given, in seconds.
    pairs
        Who might have taken it, as the caller said: rep id -> (fit, effort, value); None: everybody
        who is eligible.
    """

    task: Task
    seats: dict[str, Seat]
    at: float
    pairs: dict[str, Any] | None = None

    def to_data(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "task": self.task.model_dump(mode="json", exclude_defaults=True),
            "seats": {role: list(seat) for role, seat in self.seats.items()},
            "at": self.at,
            "pairs": self.pairs,
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Held:
        """Read what :meth:`to_data` gave."""
        seats = {
            role: (str(rep), float(effort), float(worth), float(value))
            for role, (rep, effort, worth, value) in data["seats"].items()
        }
        return cls(Task.model_validate(data["task"]), seats, float(data["at"]), data["pairs"])
