"""Decision: what a router said about one task, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..plan import Reason

SHOWN = 5
"""How many runners-up a decision lists."""


class Alternative(NamedTuple):
    """A runner-up: somebody else who could have taken the task, and their score."""

    rep_id: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Who takes a task; or why nobody does.

    Parameters
    ----------
    task_id
        The task.
    rep_id
        Its owner; None if nobody takes it.
    reason
        Why nobody takes it, a :class:`~assignopt.Reason`; None if somebody does.
    detail
        The reason in words, with the numbers.
    price
        What the policy takes the rep's time for this task to be worth elsewhere; 0 for policies
        without prices.
    roles
        role -> rep (None: nobody could) of the other roles of the task.
    at
        When, in seconds.
    number
        The number of the arrival, from 0.
    policy
        The policy, or ``"by hand"``.
    """

    task_id: str
    rep_id: str | None
    reason: Reason | None = None
    detail: str = ""
    price: float = 0.0
    roles: dict[str, str | None] = field(default_factory=dict)
    at: float = 0.0
    number: int = 0
    policy: str = ""
    _candidates: Sequence[str] = field(default=(), repr=False, compare=False)
    _scores: Mapping[str, float] | None = field(default=None, repr=False, compare=False)

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """The runners-up: other reps who could have taken it, the best first, with their scores.

        Scores are the policy's own (values less prices, say); None, and the order of the team, for
        policies without.
        """
        others = [name for name in self._candidates if name != self.rep_id]
        scores = self._scores
        if scores is None:
            return tuple(Alternative(name, None) for name in others[:SHOWN])
        others = [name for name in others if name in scores]
        others.sort(key=lambda name: -scores[name])
        return tuple(Alternative(name, scores[name]) for name in others[:SHOWN])

    def to_data(self) -> dict[str, Any]:
        """Give the decision as plain data."""
        return {
            "task_id": self.task_id,
            "rep_id": self.rep_id,
            "reason": None if self.reason is None else str(self.reason),
            "detail": self.detail,
            "price": self.price,
            "roles": self.roles,
            "at": self.at,
            "number": self.number,
            "policy": self.policy,
        }

    def __str__(self) -> str:
        if self.rep_id is None:
            return f"{self.task_id}: nobody ({self.reason}: {self.detail})"
        roles = "".join(f", {role}: {rep or 'nobody'}" for role, rep in self.roles.items())
        return f"{self.task_id}: {self.rep_id}{roles}"
