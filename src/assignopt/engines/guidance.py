"""What the relaxation of split tasks is good for, tier by tier: bounds, first plans, improvement.

A fairness tier leaves each rep a window of units; within the windows a sum over pairs has a bound
and prices. These bound the tiers, turn a split into a plan, and lead the search of neighbourhoods.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..objectives import Coverage
from ..scaling import LIMIT
from ..shares import tighter
from .fractions import Priced, price_pairs
from .neighbourhoods import Neighbourhoods
from .overlaps import least_loss
from .remainders import remainder_bound
from .splitting import Amounts, amounts_of, split_bound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import Arrays
    from ..columns import Floats, Ints
    from ..goals import Goal
    from ..shares import FairPart, Gain
    from .running import Run

Kept = tuple["Goal", "Gain"]


class Guidance:
    """Bounds and plans from split tasks.

    Parameters
    ----------
    arrays
        The compiled problem.
    run
        Clock, stop signals, workers, seed.
    """

    def __init__(self, arrays: Arrays, run: Run) -> None:
        self.arrays, self.run = arrays, run
        self._priced: tuple[Goal, Priced] | None = None

    def bound(self, goal: Goal, kept: Sequence[Kept], choice: Ints | None) -> Goal:
        """Give the goal with a bound from split tasks, where there is one."""
        if not goal.is_linear:
            return self._ranged(split_bound(self.arrays, goal, self.run, choice), kept)
        goal = self._crowded(goal)
        limits = self._limits(kept)
        if limits is None or goal.linear is None:
            return goal
        priced = price_pairs(self.arrays, *limits, goal.linear, self.run)
        if priced is None:
            return goal
        self._priced = goal, priced
        return goal.bounded((priced.bound,))

    def _crowded(self, goal: Goal) -> Goal:
        """Bound coverage by the tasks that overlap in time and have too few reps."""
        arrays = self.arrays
        if not isinstance(goal.tier, Coverage) or not arrays.overlapping or goal.linear is None:
            return goal
        if not goal.has_all_seats_best(goal.best_gain):
            return goal
        owners = np.flatnonzero((arrays.pair_seat < arrays.tasks) & arrays.fits)
        gain = np.zeros(arrays.tasks, np.int64)
        np.maximum.at(gain, arrays.pair_seat[owners], goal.linear[owners])
        loss, crowd = least_loss(arrays, gain)
        if not loss:
            return goal
        best = int(goal.best_gain[0]) - loss
        filled = goal.wanted_seats & ~crowd
        return replace(goal.bounded((best,)), crowds=(best, filled))

    def _ranged(self, goal: Goal, kept: Sequence[Kept]) -> Goal:
        """Bound a range by remainders, too."""
        part = goal.fair[0][1] if len(goal.fair) == 1 else None
        alone = goal.linear is None and not goal.used
        if part is None or part.tier.notion != "range" or not alone or not part.who.any():
            return goal
        most = self.arrays.reps
        for tier, gain in kept:
            if tier.used < 0 and tier.linear is None and not tier.fair:
                most = min(most, int(gain[0]) // tier.used)
        used = (min(self.arrays.least_reps, most), most)
        least = remainder_bound(self.arrays, part, used, self.run)
        return goal.bounded(tighter((goal.fair[0][0] * least,), goal.known))

    def start(self, goal: Goal, later: Sequence[Goal], kept: Sequence[Kept]) -> Ints | None:
        """Find a plan that meets a fairness tier's bound, good for the next sum over pairs."""
        if not goal.fair or self.run.is_over:
            return None
        limits = self._limits([(goal, goal.best_gain)])
        after = next((one for one in later if one.is_linear and one.linear is not None), None)
        if limits is None or after is None or after.linear is None:
            return None
        priced = price_pairs(self.arrays, *limits, after.linear, self.run)
        if priced is None:
            return None
        search = Neighbourhoods(self.arrays, self.run, kept)
        return search.round(after, priced, goal)

    def settle(
        self, goal: Goal, kept: Sequence[Kept], part: FairPart, wanted: Ints, choice: Ints
    ) -> Ints | None:
        """Give everybody the share wanted, starting from a plan that is nearly there."""
        if self._priced is None or self._priced[0].linear is not goal.linear:
            return None
        search = Neighbourhoods(self.arrays, self.run, kept)
        return search.settle(goal, self._priced[1], part, wanted, choice)

    def improve(self, goal: Goal, kept: Sequence[Kept], choice: Ints) -> Ints:
        """Improve a sum over pairs by large neighbourhoods, until the run is over."""
        if self._priced is None or self._priced[0].linear is not goal.linear:
            return choice
        search = Neighbourhoods(self.arrays, self.run, kept)
        priced = self._priced[1]
        return search.improve(goal, choice, priced, int(goal.best_gain[0]))

    def prices(self, goal: Goal) -> tuple[int, Floats] | None:
        """Give the bound of the sum over pairs bounded last, and what each pair costs of it."""
        if self._priced is None or self._priced[0].linear is not goal.linear:
            return None
        return self._priced[1].bound, self._priced[1].regret

    def _limits(self, kept: Sequence[Kept]) -> tuple[Amounts, Ints, Ints] | None:
        """Give tasks as amounts and the units of each rep, by the last fairness tier that can."""
        for goal, gain in reversed(kept):
            part = goal.fair[0][1] if len(goal.fair) == 1 else None
            if part is None or goal.linear is not None or goal.used:
                continue
            amounts = amounts_of(self.arrays, part)
            if amounts is None:
                continue
            rate: Ints = np.maximum(amounts.rate, 1)
            units = amounts.amount[self.arrays.pair_seat]
            reach = np.bincount(self.arrays.pair_rep, units, self.arrays.reps).astype(np.int64)
            held = _held_between(goal, part, gain, part.offset + rate * reach)
            if held is None:
                continue
            least, most = held
            measured = part.who & (amounts.rate > 0)
            low: Ints = np.where(measured, np.maximum(-(-(least - part.offset) // rate), 0), 0)
            high: Ints = np.where(measured, np.minimum((most - part.offset) // rate, reach), reach)
            if (low > high).any():
                continue
            return amounts, low, high
        return None


def _held_between(goal: Goal, part: FairPart, gain: Gain, top: Ints) -> tuple[Ints, Ints] | None:
    """Between what a tier holds each share; ``top`` is the most that each can be."""
    windows = goal.windows
    if windows is not None and not windows.is_exact_only:
        gap = windows.gap(gain)
        return windows.at(gap) if gap < LIMIT else None  # far off, where steps say nothing
    if windows is not None and goal.meets(gain, goal.best_gain):
        return windows.at(0)
    match part.tier.notion:
        case "leximax" | "minmax":
            return part.offset, np.full(len(top), -int(gain[0]), np.int64)
        case "leximin" | "maxmin" if part.tier.idle == "count":
            return np.full(len(top), int(gain[0]), np.int64), top
        case _:
            return None
