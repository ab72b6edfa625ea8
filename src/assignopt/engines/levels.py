"""How CP-SAT is told an order, leximax or leximin: level by level, and how many are at each."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.sat.python import cp_model

from ..scaling import NO_LIMIT
from .hints import is_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..columns import Ints
    from ..shares import FairPart, Gain
    from .model import Expr, Model

MAX_DEALT = 20_000
"""Literals for who has which share up to which shares are dealt to reps one by one."""


@dataclass(eq=False)
class Levels:
    """A leximax or leximin, level by level: who is beyond which share, and how many may be.

    *Beyond* a level is above it (leximax) or below it (leximin); *at least at* it is beyond or at
    it. The numbers of the plan settled so far are held by constraints: nobody but those excused
    is beyond the last level, and no more are excused than have to be.
    """

    model: Model
    part: FairPart
    excused: dict[int, Any] = field(default_factory=dict)
    count: int = 0
    better: Any = None

    @cached_property
    def shares(self) -> dict[int, Expr]:
        """The shares of those who are measured, written once for all levels."""
        return {rep: self.model.share(self.part, rep) for rep in self.reps}

    @property
    def is_max(self) -> bool:
        """Whether large shares are what is to be avoided."""
        return self.part.tier.notion == "leximax"

    @property
    def reps(self) -> list[int]:
        """The reps who are measured."""
        listed: list[int] = np.flatnonzero(self.part.who).tolist()
        return listed

    def bound(self, level: Any, *, unless: dict[int, Any]) -> None:
        """Let nobody be beyond a level, those excused apart."""
        never = isinstance(level, int) and level >= NO_LIMIT
        for rep in self.reps:
            conditions = [~unless[rep]] if rep in unless else []
            if self.better is not None:
                conditions.append(~self.better)
            if never:  # not even the highest share will do: a rep who is ignored when idle
                self.model.cp.add_bool_or([~self.model.works(rep), *(~c for c in conditions)])
                continue
            if self.part.tier.idle == "ignore":
                conditions.append(self.model.works(rep))
            share = self.shares[rep]
            rule = share <= level if self.is_max else share >= level
            self.model.cp.add(rule).only_enforce_if(conditions)

    def level(self) -> Any:
        """Write the next level as a variable to be made small (leximax) or large (leximin)."""
        model, part = self.model, self.part
        ends, place = self.ends, self.count
        z = model.cp.new_int_var(0, ends, "")
        self.bound(z, unless=self.excused)
        if not self.is_max and part.tier.idle == "ignore":
            model.cp.add(z == 0).only_enforce_if(model.nobody(part.who))
        return model.helper(z, lambda choice: min(abs(int(self._gain(choice)[place])), ends))

    @property
    def ends(self) -> int:
        """The highest level there is; for a leximin one above, where only the idle are."""
        part = self.part
        above = int(not self.is_max and part.tier.idle == "ignore")
        return int(part.largest(self.model.arrays)[part.who].max(initial=0)) + above

    def number_of(self, bound: int) -> int:
        """Turn the bound on a level into one on the number of a gain."""
        return NO_LIMIT if self.part.tier.idle == "ignore" and bound >= self.ends > 0 else bound

    def reached(self, level: int) -> dict[int, Any]:
        """Give, for each rep, a literal that is true if its share is at least at a level."""
        model, part = self.model, self.part
        beyond = level - 1 if self.is_max else min(level + 1, NO_LIMIT)
        literals = {}
        nobody = not self.is_max and part.tier.idle == "ignore"
        for rep in self.reps:
            one = model.cp.new_bool_var("")
            literals[rep] = model.helper(one, self._at_least(rep, level))
            if nobody:
                model.cp.add_implication(model.nobody(part.who), one)
        self.bound(beyond, unless=literals)
        return literals

    def is_end(self, level: int) -> bool:
        """Whether no number after one at this level can be better than it."""
        return level == 0 if self.is_max else level >= NO_LIMIT

    def settle(self, level: int) -> None:
        """Hold a level that was found to be the best possible."""
        self.bound(level, unless=self.excused)
        if not self.is_max and self.part.tier.idle == "ignore" and level > 0:
            better = [] if self.better is None else [self.better]
            self.model.cp.add_bool_or([~self.model.nobody(self.part.who), *better])

    def close(self, literals: dict[int, Any], most: int) -> None:
        """Hold the number of reps who are at least at the level these literals are about."""
        total = cp_model.LinearExpr.sum(list(literals.values()))
        rule = self.model.cp.add(total <= most)
        if self.better is not None:
            rule.only_enforce_if(~self.better)
        self.excused, self.count = literals, most

    def hold(self, gain: Gain) -> None:
        """Let plans be as good as a gain or better, from the first number not settled yet.

        A plan that is strictly better at a level may be worse after it.
        """
        numbers = [abs(int(number)) for number in gain]
        for at in range(self.count, len(numbers)):
            if at + 1 < len(numbers) and numbers[at + 1] == numbers[at]:
                continue
            self.settle(numbers[at])
            if at + 1 < len(numbers) and not self.is_end(numbers[at]):
                self._close_or_better(gain, at + 1, numbers[at])

    def deal(self, gain: Gain) -> bool:
        """Deal the numbers of a gain that cannot be better to the reps, one each.

        The same plans as :meth:`hold` allows, and a much tighter relaxation: every share is one of
        a few. False, and nothing done, where that takes too many literals.
        """
        numbers = [abs(int(number)) for number in gain]
        distinct = sorted(set(numbers))
        small = len(distinct) * len(self.reps) <= MAX_DEALT
        if self.part.tier.idle == "ignore" or len(numbers) != len(self.reps) or not small:
            return False
        cp = self.model.cp
        dealt: dict[int, list[Any]] = {level: [] for level in distinct}
        for rep in self.reps:
            mine = []
            for level in distinct:
                one = cp.new_bool_var("")
                self.model.helper(one, is_at(self.model, self.part, rep, level))
                dealt[level].append(one)
                mine.append(one)
            cp.add_exactly_one(mine)
            share = self.shares[rep]
            cp.add(share == cp_model.LinearExpr.weighted_sum(mine, distinct))
        for level, some in dealt.items():
            cp.add(cp_model.LinearExpr.sum(some) == numbers.count(level))
        return True

    def _close_or_better(self, gain: Gain, most: int, level: int) -> None:
        """Let at most so many reps be at least at a level; with fewer the plan is better."""
        cp = self.model.cp
        literals = self.reached(level)
        fewer, better = cp.new_bool_var(""), cp.new_bool_var("")
        before = [] if self.better is None else [self.better]
        rule = cp.add(cp_model.LinearExpr.sum(list(literals.values())) + fewer <= most)
        rule.only_enforce_if([~one for one in before])
        cp.add_bool_or([~better, fewer, *before])
        for one in (fewer, *before):
            cp.add_implication(one, better)
        self.model.helper(fewer, self._is_fewer(level, most))
        self.model.helper(better, self._is_better(gain, most))
        self.excused, self.count, self.better = literals, most, better

    def _gain(self, choice: Ints) -> Gain:
        return self.part.gain(self.model.arrays, choice[choice >= 0])

    def _at_least(self, rep: int, level: int) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            arrays, part = self.model.arrays, self.part
            chosen = choice[choice >= 0]
            measured = part.measured(arrays, chosen)
            if not measured[rep]:
                ignored = self.is_max or measured.any()
                return int(level >= NO_LIMIT or not ignored)
            share = int(part.shares(arrays, chosen)[rep])
            return int(share >= level if self.is_max else share <= level)

        return value

    def _is_fewer(self, level: int, most: int) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            numbers = [abs(int(number)) for number in self._gain(choice)]
            reached = [n >= level if self.is_max else n <= level for n in numbers]
            return int(sum(reached) < most)

        return value

    def _is_better(self, gain: Gain, numbers: int) -> Callable[[Ints], int]:
        return lambda choice: int(self._gain(choice)[:numbers] > gain[:numbers])
