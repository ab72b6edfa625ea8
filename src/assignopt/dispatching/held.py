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
    """A task with its people, and how it came to them.

    One object for each task that is given out, which is all that stays of the decision: the fewer
    there are, the less often everything waits for the collector of garbage.

    Parameters
    ----------
    task
        The task.
    owner
        Who has it.
    effort, worth, value
        What counts for the owner.
    at
        When it was given, in seconds.
    others
        Who has its other roles.
    pairs
        Who might have taken it, as the caller said: rep id -> (fit, effort, value); None: everybody
        who is eligible.
    price
        What the policy took the owner's time for it to be worth elsewhere.
    number
        The number of the arrival.
    by_hand
        Whether the caller said who takes it.
    clock
        What the time was then.
    """

    task: Task
    owner: str
    effort: float
    worth: float
    value: float
    at: float
    others: tuple[Seat, ...] = ()
    pairs: dict[str, Any] | None = None
    price: float = 0.0
    number: int = -1
    by_hand: bool = False
    clock: str = "none"

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Everybody who has a part in it, the owner first."""
        return (OWNER, self.owner, self.effort, self.worth, self.value), *self.others

    @property
    def roles(self) -> dict[str, str | None]:
        """Role -> rep (None: nobody could) of the other roles of the task."""
        roles: dict[str, str | None] = dict.fromkeys(role.name for role in self.task.roles)
        return roles | {role: rep for role, rep, *_ in self.others} if roles else roles

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
        task, (mine, *others) = Task.model_validate(data["task"]), data["seats"].items()
        if mine[0] != OWNER:
            raise ValueError(f"the first seat of task {task.id!r} is not its owner's")
        return cls(
            task,
            *_seat(*mine)[1:],
            at=float(data["at"]),
            others=tuple(_seat(*one) for one in others),
            pairs=data["pairs"],
        )


def _seat(role: str, told: Any) -> Seat:
    rep, effort, worth, value = told
    return role, str(rep), float(effort), float(worth), float(value)
