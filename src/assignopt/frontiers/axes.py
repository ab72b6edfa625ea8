"""The two terms of a frontier as axes: gains that can be stepped, halved and turned into values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from ..goals import RATIO_DIGITS, Goal
from ..objectives import Fairness, Tier, Weighted, maximises

if TYPE_CHECKING:
    from ..shares import Gain

LOW: Gain = (-math.inf,)  # type: ignore[assignment]
"""Below every gain."""


@dataclass(frozen=True, eq=False)
class Axis:
    """A term whose gain is one number, or one number after a count that is the same everywhere.

    Parameters
    ----------
    goal
        The compiled term.
    """

    goal: Goal

    @property
    def step(self) -> int | Fraction:
        """The least by which two gains differ that are not the same."""
        order = self.goal.order
        if order is None:
            return 1
        return 2 * RATIO_DIGITS if order.tier.notion == "gini" else order.log_tolerance + 1

    @property
    def is_level(self) -> bool:
        """Whether a bound on the gain is a bound on the load of each rep: a highest, a lowest."""
        goal = self.goal
        levels = ("minmax", "maxmin")
        alone = len(goal.fair) == 1 and goal.linear is None and not goal.used
        return alone and goal.fair[0][1].tier.notion in levels

    def after(self, gain: Gain) -> Gain:
        """Give the least gain that is better."""
        return (*gain[:-1], gain[-1] + self.step)

    def before(self, gain: Gain) -> Gain:
        """Give the greatest gain that is worse."""
        return (*gain[:-1], gain[-1] - self.step)

    def middle(self, low: Gain, high: Gain) -> Gain:
        """Give the gain half-way between two."""
        total = low[-1] + high[-1]
        half = total / 2 if isinstance(total, Fraction) else (total + 1) // 2
        return (*high[:-1], half)

    def steps(self, low: Gain, high: Gain) -> float:
        """Count the gains from ``low`` to ``high``, both included; infinite from :data:`LOW` on."""
        return math.inf if low == LOW else float((high[-1] - low[-1]) / self.step) + 1.0

    def value(self, gain: Gain) -> float:
        """Turn a gain into the term's value."""
        if gain == LOW:
            return -math.inf if maximises(self.goal.tier) else math.inf
        return self.goal.value_of(gain)


def kinds(tier: Tier) -> set[str]:
    """Name the kinds of terms that a tier speaks of.

    Examples
    --------
    >>> sorted(kinds(Weighted({"value": 1, "moves": 5})))
    ['moves', 'value']
    """
    if isinstance(tier, Weighted):
        return {term.kind for term, _ in tier.terms}
    return {tier.kind}


def check_axis(name: str, tier: Tier) -> None:
    """Refuse what is no axis.

    Raises
    ------
    ValueError
        When plans have no single number in this tier, or it has slack.
    """
    if tier.is_loose:
        raise ValueError(
            f"{name} has slack or a target; a frontier shows every trade-off. Leave that out"
        )
    if isinstance(tier, Fairness) and tier.notion in ("leximax", "leximin"):
        end = {"leximax": "minmax", "leximin": "maxmin"}[tier.notion]
        raise ValueError(
            f"{name} is {tier.label}, an order of plans and no axis; allowed are minmax, maxmin, "
            f"range, l2, gini and nash. For the first number of {tier.notion} give {end!r}"
        )


def weighted(one: Axis, other: Axis, weights: tuple[int, int]) -> Goal | None:
    """Add up two gains, each times a positive integer; None where that is no sum of integers."""
    goals = (one.goal, other.goal)
    if any(goal.order is not None or goal.used for goal in goals):
        return None
    linear = None
    for goal, weight in zip(goals, weights, strict=True):
        if goal.linear is not None:
            # What does not fit into 64 bits wraps around: told by floats.
            if float(abs(goal.linear).max(initial=0)) * weight >= 2**61:
                return None
            part = goal.linear * weight
            linear = part if linear is None else linear + part
    fair = [
        (weight * m, part)
        for goal, weight in zip(goals, weights, strict=True)
        for m, part in goal.fair
    ]
    tier = Weighted({"value": 1})  # stands for the sum, which has no name
    return Goal(tier, one.goal.arrays, 1, 1.0, 0.0, 1.0, linear, fair=fair)
