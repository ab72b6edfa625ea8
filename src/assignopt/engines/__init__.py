"""The engines, what they have in common, and which one a tier is given to.

An engine takes compiled arrays and goals and returns a choice of pairs with a bound. It is never
given what it cannot model, and nothing it returns is believed before the checker has seen it. Only
this package imports OR-Tools, and only when something is solved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from .alike import Kinds, find_kinds
from .cpsat import CpSatEngine
from .flow import FlowEngine, find_certificate
from .greedy import GreedyEngine
from .guidance import Guidance
from .running import Outcome, Run
from .shortages import Shortage, find_shortages
from .splitting import split_bound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import Arrays
    from ..columns import Ints
    from ..goals import Goal
    from ..shares import Gain

EngineName = Literal["auto", "flow", "cpsat", "greedy"]


class Engine(Protocol):
    """What solves a tier exactly, or as far as it gets."""

    name: str

    def optimise(self, goal: Goal, incumbent: Ints | None) -> Outcome:
        """Maximise a goal under the rules and everything kept so far."""
        ...

    def keep(self, goal: Goal, gain: Gain) -> bool:
        """Hold later tiers to this gain; False where the engine cannot."""
        ...


def flow_prefix(arrays: Arrays, goals: Sequence[Goal]) -> int:
    """Count how many tiers, from the first on, the flow engine can solve."""
    return next((n for n in range(len(goals), 0, -1) if FlowEngine.supports(arrays, goals[:n])), 0)


def kinds_prefix(arrays: Arrays, goals: Sequence[Goal]) -> tuple[int, Kinds | None]:
    """Count how many tiers, from the first on, kinds of seats make much smaller; give the kinds."""
    sums = next((n for n, goal in enumerate(goals) if not goal.is_linear), len(goals))
    for n in range(sums, 0, -1):
        kinds = find_kinds(arrays, goals[:n])
        if kinds is not None and kinds.is_compact:
            return n, kinds
    return 0, None


__all__ = [
    "CpSatEngine",
    "Engine",
    "EngineName",
    "FlowEngine",
    "GreedyEngine",
    "Guidance",
    "Kinds",
    "Outcome",
    "Run",
    "Shortage",
    "find_certificate",
    "find_shortages",
    "flow_prefix",
    "kinds_prefix",
    "split_bound",
]
