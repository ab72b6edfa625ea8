"""Decision: what a router said about one task, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..plan import Reason

SHOWN = 5
"""How many runners-up a decision lists."""

SAID = 9
"""How many fields of a decision say what was decided."""


class Alternative(NamedTuple):
    """A runner-up: somebody else who could have taken the task, and their score."""

    rep_id: str
    score: float | None


class Decision(NamedTuple):
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
    candidates
        Who could have taken it; empty in a log.
    scores
        What the policy thought of them, see :attr:`alternatives`.

    Notes
    -----
    Two decisions are equal when they say the same; what else was possible does not count.
    """

    task_id: str
    rep_id: str | None
    reason: Reason | None
    detail: str
    price: float
    roles: Mapping[str, str | None]
    at: float
    number: int
    policy: str
    candidates: Sequence[str] = ()
    scores: Mapping[str, float] | None = None

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """The runners-up: other reps who could have taken it, the best first, with their scores.

        Scores are the policy's own (values less prices, say); None, and the order of the team, for
        policies without.
        """
        others = [name for name in self.candidates if name != self.rep_id]
        scores = self.scores
        if scores is None:
            return tuple(Alternative(name, None) for name in others[:SHOWN])
        others = [name for name in others if name in scores]
        others.sort(key=lambda name: -scores[name])
        return tuple(Alternative(name, scores[name]) for name in others[:SHOWN])

    def to_data(self) -> dict[str, Any]:
        """Give the decision as plain data."""
        told = dict(zip(self._fields, self[:SAID], strict=False))
        return told | {"reason": None if self.reason is None else str(self.reason)}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Decision):
            return NotImplemented
        return self[:SAID] == other[:SAID]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __repr__(self) -> str:
        told = zip(self._fields, self[:SAID], strict=False)
        return f"Decision({', '.join(f'{name}={value!r}' for name, value in told)})"

    def __str__(self) -> str:
        if self.rep_id is None:
            return f"{self.task_id}: nobody ({self.reason}: {self.detail})"
        roles = "".join(f", {role}: {rep or 'nobody'}" for role, rep in self.roles.items())
        return f"{self.task_id}: {self.rep_id}{roles}"
