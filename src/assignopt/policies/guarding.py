"""How far ahead of their fair share reps are, in tasks: a few numbers by rep id.

For each task that is given out, its candidates are due a part of it by weight, and one of them has
it whole: what they are ahead by always sums to 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROUNDING = 1e-9


def within(
    ahead: Mapping[str, float], pool: Sequence[str], weight: Mapping[str, float], most: float
) -> list[str]:
    """List who could take a task and be ahead by no more than ``most``."""
    whole = sum([weight[name] for name in pool]) or 1.0
    limit = most - 1.0 + ROUNDING
    return [name for name in pool if ahead.get(name, 0.0) - weight[name] / whole <= limit]


def least_ahead(
    ahead: Mapping[str, float], pool: Sequence[str], weight: Mapping[str, float]
) -> str:
    """Say who would be ahead by least with the task."""
    whole = sum([weight[name] for name in pool]) or 1.0
    return min(pool, key=lambda name: ahead.get(name, 0.0) - weight[name] / whole)


def note(
    ahead: dict[str, float], taker: str, pool: Sequence[str], weight: Mapping[str, float]
) -> None:
    """Count a task."""
    whole = sum([weight[name] for name in pool]) or 1.0
    for name in pool:
        ahead[name] = ahead.get(name, 0.0) - weight[name] / whole
    ahead[taker] += 1.0


def credit(ahead: dict[str, float], taker: str, weight: Mapping[str, float]) -> None:
    """Take back a task; what was due for it is taken off everybody, by weight."""
    whole = sum(weight.values()) or 1.0
    for name, mine in weight.items():
        ahead[name] = ahead.get(name, 0.0) + mine / whole
    ahead[taker] -= 1.0
