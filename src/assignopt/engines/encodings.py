"""How CP-SAT is told a fairness notion: variables and constraints over the shares of the reps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.sat.python import cp_model

from ..goals import least_total
from ..scaling import NO_LIMIT
from .remainders import find_unit

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from ..columns import Bools, Ints
    from ..shares import FairPart, Gain, Windows
    from .model import Expr, Model

MAX_DEALT = 20_000
"""Literals for who has which share up to which shares are dealt to reps one by one."""

MAX_SHARES = 1_000
"""Shares that a rep may come to up to which each has a literal of its own."""

SECANTS = 60
"""Up to this many integer steps a square is bounded by all its secants, which is exact."""

RATIO_SCALE = 10**12
"""Integers for a ratio of 1, as far as products with it fit."""


class Sums:
    """Notions that add up with other terms: the two ends, their distance, the squares."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._parts: dict[int, Expr] = {}
        self._shares: dict[tuple[int, int], Any] = {}
        self._units: dict[int, tuple[int, Bools] | None] = {}

    def part(self, part: FairPart) -> Expr:
        """Write the integer value of a notion; the search is free to choose a worse one."""
        if id(part) not in self._parts:
            build = {
                "minmax": self._highest,
                "maxmin": self._lowest,
                "range": self._spread,
                "l2": self._squares,
            }[part.tier.notion]
            constant = cp_model.LinearExpr.constant(0)
            self._parts[id(part)] = build(part) if part.who.any() else constant
        return self._parts[id(part)]

    def _only_working(self, part: FairPart, rep: int, constraint: Any) -> None:
        if part.tier.idle == "ignore":
            constraint.only_enforce_if(self.model.works(rep))

    def _highest(self, part: FairPart) -> Expr:
        model = self.model
        counted = part.tier.idle == "count"
        low = int(part.offset[part.who].max()) if counted else 0
        top = int(part.largest(model.arrays)[part.who].max())
        z = model.cp.new_int_var(low, max(low, top), "")
        for rep in np.flatnonzero(part.who).tolist():
            self._only_working(part, rep, model.cp.add(self._share(part, rep) <= z))
        return model.helper(z, worst_of(model, part, np.max, low))

    def _share(self, part: FairPart, rep: int) -> Expr:
        """Write a share; of a range as one variable, because both ends are compared with it."""
        model = self.model
        if part.tier.notion != "range":
            return model.share(part, rep)
        if (id(part), rep) not in self._shares:
            top = int(part.largest(model.arrays)[rep])
            share = model.cp.new_int_var(int(part.offset[rep]), top, "")
            model.cp.add(share == model.share(part, rep))
            self._shares[id(part), rep] = model.helper(share, share_of(model, part, rep))
            self._in_units(part, rep, share, top)
        return self._shares[id(part), rep]

    def _in_units(self, part: FairPart, rep: int, share: Any, top: int) -> None:
        """Say of a share that it is a multiple of the unit but for the few odd amounts in it.

        That follows from the share alone, but a search does not see it, and with it can tell that
        shares cannot come closer together.
        """
        if id(part) not in self._units:
            self._units[id(part)] = find_unit(self.model.arrays, part)
        found = self._units[id(part)]
        if found is None:
            return
        model, (unit, odd) = self.model, found
        pairs = model.arrays.pairs_of_rep(rep)
        pairs = pairs[odd[pairs]]
        rest = model.sum(pairs, part.coef[pairs]) + int(part.offset[rep])
        times = model.cp.new_int_var(0, top // unit, "")
        model.cp.add(share == unit * times + rest)

        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            mine = chosen[(model.arrays.pair_rep[chosen] == rep) & ~odd[chosen]]
            return int(part.coef[mine].sum()) // unit

        model.helper(times, value)

    def _spread(self, part: FairPart) -> Expr:
        high, low = self._highest(part), self._lowest(part)
        self.model.cp.add(high >= low)
        return high - low

    def _lowest(self, part: FairPart) -> Expr:
        model = self.model
        counted = part.tier.idle == "count"
        top = part.largest(model.arrays)[part.who]
        z = model.cp.new_int_var(0, int(top.min() if counted else top.max()), "")
        for rep in np.flatnonzero(part.who).tolist():
            self._only_working(part, rep, model.cp.add(self._share(part, rep) >= z))
        if not counted and part.tier.notion == "maxmin":
            model.cp.add(z == 0).only_enforce_if(model.nobody(part.who))
        return model.helper(z, worst_of(model, part, np.min, 0))

    def _squares(self, part: FairPart) -> Expr:
        assert part.factor is not None
        model = self.model
        total: list[Expr] = []
        top = part.largest(model.arrays)
        for rep in np.flatnonzero(part.who).tolist():
            low, high = int(part.offset[rep]), int(top[rep])
            share = model.cp.new_int_var(low, high, "")
            model.cp.add(share == model.share(part, rep))
            counted = part.tier.idle == "count"
            square = model.cp.new_int_var(low * low if counted else 0, high * high, "")
            model.helper(share, share_of(model, part, rep))
            model.helper(square, self._square_value(part, rep))
            self._bound_square(part, rep, share, square, low, high)
            total.append(int(part.factor[rep]) * square)
        return sum(total)

    def _bound_square(
        self, part: FairPart, rep: int, share: Any, square: Any, low: int, high: int
    ) -> None:
        """Bound a square from below: by all secants of consecutive integers, or exactly."""
        cp = self.model.cp
        every = high - low <= SECANTS
        steps = range(low + 1, high + 1) if every else np.linspace(low + 1, high, 12).astype(int)
        for k in steps:
            secant = cp.add(square >= (2 * int(k) - 1) * share - int(k) * (int(k) - 1))
            self._only_working(part, rep, secant)
        if every:
            if high == low:
                self._only_working(part, rep, cp.add(square >= low * low))
            return
        if part.tier.idle == "count":
            cp.add_multiplication_equality(square, [share, share])
        else:
            full = cp.new_int_var(0, high * high, "")
            cp.add_multiplication_equality(full, [share, share])
            value = share_of(self.model, part, rep)
            self.model.helper(full, lambda choice: value(choice) ** 2)
            self._only_working(part, rep, cp.add(square >= full))

    def _square_value(self, part: FairPart, rep: int) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            counts = bool(part.measured(self.model.arrays, chosen)[rep])
            return int(part.shares(self.model.arrays, chosen)[rep]) ** 2 if counts else 0

        return value


# -- orders: leximax and leximin ---------------------------------------------------------------


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


# -- shares one by one: squares and products in narrow windows ---------------------------------


class Options:
    """A literal for each share that a rep may have, so that any cost of a share is linear.

    Parameters
    ----------
    model
        What to write to.
    part
        What is measured: ``l2`` or ``nash``.
    windows, gap
        The shares that count, of plans no further than this from a bound.
    """

    def __init__(self, model: Model, part: FairPart, windows: Windows, gap: int) -> None:
        self.model, self.part = model, part
        self.terms: list[Expr] = []
        self._has: list[Any] = []
        low, high = windows.at(gap)
        for rep in np.flatnonzero(part.who).tolist():
            step = max(int(windows.rate[rep]), 1)
            self._add(rep, list(range(int(low[rep]), int(high[rep]) + 1, step)))
        if part.tier.notion == "nash":  # who has nothing is no factor, but as many must have some
            model.cp.add(cp_model.LinearExpr.sum(self._has) >= int(windows.bound[0]))

    @staticmethod
    def count(windows: Windows, gap: int) -> int:
        """Count the literals."""
        low, high = windows.at(gap)
        steps = (high - low) // np.maximum(windows.rate, 1) + 1
        return int(steps[windows.part.who].sum())

    def _add(self, rep: int, shares: list[int]) -> None:
        model, part = self.model, self.part
        literals = [model.cp.new_bool_var("") for _ in shares]
        model.cp.add_exactly_one(literals)
        model.cp.add(model.share(part, rep) == cp_model.LinearExpr.weighted_sum(literals, shares))
        for literal, share in zip(literals, shares, strict=True):
            model.helper(literal, is_at(model, part, rep, share))
            self._has += [literal] if share > 0 else []
        gains = [self._gain(rep, share) for share in shares]
        self.terms.append(cp_model.LinearExpr.weighted_sum(literals, gains))

    def _gain(self, rep: int, share: int) -> int:
        if self.part.tier.notion == "nash":
            return self.part.log_of(rep, share) if share > 0 else 0
        assert self.part.factor is not None
        return -int(self.part.factor[rep]) * share * share

    def gain(self) -> Expr:
        """Write the number that is to be large: minus the squares, or the sum of logarithms."""
        return cp_model.LinearExpr.sum(self.terms)


# -- products and ratios -----------------------------------------------------------------------


def attainable(offset: int, coefs: Ints, most: int) -> list[int] | None:
    """List the shares a rep can come to, ascending; None where there are more than ``most``.

    Examples
    --------
    >>> attainable(1, np.array([2, 2, 5]), 10)
    [1, 3, 5, 6, 8, 10]
    """
    found = {offset}
    for coef in coefs[coefs > 0].tolist():
        found |= {share + coef for share in found}
        if len(found) > most:
            return None
    return sorted(found)


class Product:
    """A sum of logarithms: a literal for each share a rep may have, or tangents where many.

    Tangents are added where plans were found.
    """

    def __init__(self, model: Model, part: FairPart) -> None:
        self.model, self.part = model, part
        self.has: dict[int, Any] = {}
        self.log: dict[int, Any] = {}
        self._bounded: set[int] = set()
        self._tangents: set[tuple[int, int]] = set()
        top = part.largest(model.arrays)
        for rep in np.flatnonzero(part.who & (top > 0)).tolist():
            has = model.cp.new_bool_var("")
            self.has[rep] = model.helper(has, self._value(rep, lambda share: 1))
            coefs = part.coef[model.arrays.pairs_of_rep(rep)]
            shares = attainable(int(part.offset[rep]), coefs, MAX_SHARES)
            if shares is None:
                self._add(rep, int(top[rep]))
            else:
                self._add_one_by_one(rep, shares)

    def _add_one_by_one(self, rep: int, shares: list[int]) -> None:
        """Give each share that a rep may have a literal."""
        model, part = self.model, self.part
        literals = [model.cp.new_bool_var("") for _ in shares]
        for literal, share in zip(literals, shares, strict=True):
            model.helper(literal, self._is_measured_at(rep, share))
        idle = []
        if part.tier.idle == "ignore":
            idle = [~model.works(rep)]
        model.cp.add_exactly_one([*literals, *idle])
        offset = int(part.offset[rep])
        held = cp_model.LinearExpr.weighted_sum(literals, shares) + sum(
            offset * one for one in idle
        )
        model.cp.add(model.share(part, rep) == held)
        some = [(one, share) for one, share in zip(literals, shares, strict=True) if share > 0]
        factors = [one for one, _ in some]
        model.cp.add(cp_model.LinearExpr.sum(factors) == self.has[rep])
        logs = [part.log_of(rep, share) for _, share in some]
        self.log[rep] = cp_model.LinearExpr.weighted_sum(factors, logs)

    def _is_measured_at(self, rep: int, share: int) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            measured = bool(self.part.measured(self.model.arrays, chosen)[rep])
            return int(measured and self.part.shares(self.model.arrays, chosen)[rep] == share)

        return value

    def _add(self, rep: int, top: int) -> None:
        """Bound a logarithm by tangents."""
        model, part = self.model, self.part
        self._bounded.add(rep)
        low = max(int(part.offset[rep]), 1)
        has = self.has[rep]
        model.cp.add(model.share(part, rep) >= 1).only_enforce_if(has)
        if part.tier.idle == "ignore":
            model.cp.add_implication(has, model.works(rep))
        ends = part.log_of(rep, low), part.log_of(rep, top)
        log = model.cp.new_int_var(min(0, ends[0]), max(0, ends[1]) + 2, "")
        self.log[rep] = model.helper(log, self._value(rep, lambda s: part.log_of(rep, s)))
        model.cp.add(log == 0).only_enforce_if(~has)
        for place in np.unique(np.rint(np.geomspace(low, top, 12))).astype(np.int64).tolist():
            self.add_tangent(rep, place)

    def add_tangent(self, rep: int, place: int) -> bool:
        """Bound a logarithm by its tangent at a share; False if that was there.

        ``log <= log(place) + w / place * (share - place)``. The slope is rounded, which may cost
        half an integer for each step away from the place; the tangent leaves the logarithm by
        ``w d**2 / (2 place**2)`` over ``d`` steps, so that ``place**2 / (8 w)`` more are enough.
        """
        if (rep, place) in self._tangents:
            return False
        self._tangents.add((rep, place))
        unit = self.part.log_scale * float(self.part.weight[rep])
        slope = round(unit / place)
        here = self.part.log_of(rep, place) + 2 + math.ceil(place**2 / (8 * unit))
        share = self.model.share(self.part, rep)
        line = self.log[rep] <= here + slope * (share - place)
        self.model.cp.add(line).only_enforce_if(self.has[rep])
        return True

    def refine(self, choice: Ints) -> bool:
        """Add the tangents at a plan's shares; False where all were there."""
        shares = self.part.shares(self.model.arrays, choice[choice >= 0])
        some = [rep for rep in self._bounded if shares[rep] > 0]
        new = [self.add_tangent(rep, int(shares[rep])) for rep in some]
        return any(new)

    def misses(self, gain: Gain, choice: Ints) -> bool:
        """Tell whether a plan falls short of a gain by more than rounding may."""
        count, logs = self.part.gain(self.model.arrays, choice[choice >= 0])
        if count != gain[0]:
            return bool(count < gain[0])
        return bool(logs + self.part.log_tolerance < gain[1])

    def hold(self, gain: Gain) -> None:
        """Let plans give as many something, with as large a product, or even more something."""
        cp = self.model.cp
        cp.add(self.count() >= int(gain[0]))
        more = cp.new_bool_var("")
        cp.add(self.count() >= int(gain[0]) + 1).only_enforce_if(more)
        cp.add(self.logs() >= int(gain[1])).only_enforce_if(~more)
        arrays, part = self.model.arrays, self.part
        self.model.helper(
            more, lambda choice: int(part.gain(arrays, choice[choice >= 0])[0] > gain[0])
        )

    def count(self) -> Expr:
        """Write how many reps have something."""
        return cp_model.LinearExpr.sum(list(self.has.values()))

    def logs(self) -> Expr:
        """Write the sum of logarithms."""
        return cp_model.LinearExpr.sum(list(self.log.values()))

    def _value(self, rep: int, of: Callable[[int], int]) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            share = int(self.part.shares(self.model.arrays, chosen)[rep])
            measured = self.part.measured(self.model.arrays, chosen)[rep]
            return of(share) if measured and share > 0 else 0

        return value


class Ratio:
    """A Gini index: the differences of all pairs of reps, over what everybody has together."""

    def __init__(self, model: Model, part: FairPart) -> None:
        assert part.factor is not None
        self.model, self.part = model, part
        self.reps: list[int] = np.flatnonzero(part.who).tolist()
        self.share = {rep: model.share(part, rep) for rep in self.reps}
        self.top = part.largest(model.arrays)
        self._size = 1
        self.apart = cp_model.LinearExpr.sum(
            [self._apart(i, j) for at, i in enumerate(self.reps) for j in self.reps[:at]]
        )
        self.whole, self.least, self.most = self._whole()

    def _apart(self, i: int, j: int) -> Any:
        """Write ``|w_j L_i - w_i L_j|``, 0 where one of the two is not measured."""
        model, factor = self.model, self.part.factor
        assert factor is not None
        w, v = int(factor[i]), int(factor[j])
        top = max(v * int(self.top[i]), w * int(self.top[j]))
        apart = model.cp.new_int_var(0, top, "")
        self._size += top
        for sign in (1, -1):
            rule = model.cp.add(apart >= sign * (v * self.share[i] - w * self.share[j]))
            if self.part.tier.idle == "ignore":
                rule.only_enforce_if([model.works(i), model.works(j)])

        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            shares = self.part.shares(model.arrays, chosen)
            measured = self.part.measured(model.arrays, chosen)
            both = bool(measured[i] and measured[j])
            return abs(v * int(shares[i]) - w * int(shares[j])) if both else 0

        return model.helper(apart, value)

    def _whole(self) -> tuple[Expr, int, int]:
        """Write entitlements times quantities, summed over those measured, with its bounds."""
        model, part = self.model, self.part
        assert part.factor is not None
        weight, top = int(part.factor.sum()), int(self.top[part.who].sum())
        if part.tier.idle == "count":
            total = cp_model.LinearExpr.sum(list(self.share.values()))
            fixed = self._fixed_total()
            if fixed is not None:
                constant = cp_model.LinearExpr.constant(weight * fixed)
                return constant, weight * fixed, weight * fixed
            least = int(least_total(model.arrays, part))
            return weight * total, weight * least, weight * top
        held = model.cp.new_int_var(0, top, "")
        entitled = model.cp.new_int_var(0, weight, "")
        whole = model.cp.new_int_var(0, weight * top, "")
        some = []
        for rep in self.reps:
            mine = model.cp.new_int_var(0, int(self.top[rep]), "")
            works = model.works(rep)
            model.cp.add(mine == self.share[rep]).only_enforce_if(works)
            model.cp.add(mine == 0).only_enforce_if(~works)
            model.helper(mine, self._held([rep]))
            some.append(mine)
        model.cp.add(held == cp_model.LinearExpr.sum(some))
        weights = [int(part.factor[rep]) for rep in self.reps]
        works_ = [model.works(rep) for rep in self.reps]
        model.cp.add(entitled == cp_model.LinearExpr.weighted_sum(works_, weights))
        model.cp.add_multiplication_equality(whole, [held, entitled])
        model.helper(held, self._held(self.reps))
        model.helper(entitled, self._entitled())
        model.helper(whole, lambda c: self._held(self.reps)(c) * self._entitled()(c))
        return whole, 0, weight * top

    def _fixed_total(self) -> int | None:
        """Give what the quantities add up to, if that is the same in every plan."""
        arrays, coef = self.model.arrays, self.part.coef
        filled = np.flatnonzero(np.diff(arrays.first))
        if not len(filled):
            return int(self.part.offset[self.part.who].sum())
        low = np.minimum.reduceat(coef, arrays.first[filled])
        high = np.maximum.reduceat(coef, arrays.first[filled])
        if (low != high).any() or not (arrays.mandatory[filled] | (high == 0)).all():
            return None
        return int(self.part.offset[self.part.who].sum() + high.sum())

    def _held(self, reps: list[int]) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            measured = self.part.measured(self.model.arrays, chosen)
            shares = self.part.shares(self.model.arrays, chosen)
            return int(sum(shares[rep] for rep in reps if measured[rep]))

        return value

    def _entitled(self) -> Callable[[Ints], int]:
        factor = self.part.factor
        assert factor is not None
        return lambda choice: int(
            factor[self.part.measured(self.model.arrays, choice[choice >= 0])].sum()
        )

    @property
    def is_fixed(self) -> bool:
        """Whether the denominator is the same in every plan."""
        return self.least == self.most

    def scaled(self, ratio: Fraction) -> tuple[int, int]:
        """Write a ratio as integers (p, k) with ``p / k`` at most the ratio, close below it."""
        if self.is_fixed:
            whole = max(self.least, 1)
            return (ratio * whole).__floor__(), whole
        room = max(2**60 // max(self.most, self._size), 1)
        k = min(room, RATIO_SCALE)
        return (ratio * k).__floor__(), k

    def excess(self, ratio: Fraction) -> tuple[Expr, int]:
        """Write ``k * differences - p * whole``, negative only for plans below the ratio."""
        p, k = self.scaled(ratio)
        if self.is_fixed:
            return self.apart - p, 1
        return k * self.apart - p * self.whole, k

    def hold(self, ratio: Fraction) -> None:
        """Let no plan have a higher ratio."""
        if self.is_fixed:
            self.model.cp.add(self.apart <= self.scaled(ratio)[0])
            return
        p, k = self.scaled(ratio)
        self.model.cp.add(k * self.apart <= (p + 1) * self.whole)


# -- values for hints --------------------------------------------------------------------------


def share_of(model: Model, part: FairPart, rep: int) -> Callable[[Ints], int]:
    """Tell the share of a rep in a plan."""
    return lambda choice: int(part.shares(model.arrays, choice[choice >= 0])[rep])


def is_at(model: Model, part: FairPart, rep: int, share: int) -> Callable[[Ints], int]:
    """Tell whether a rep has just this share in a plan."""
    value = share_of(model, part, rep)
    return lambda choice: int(value(choice) == share)


def distance_of(model: Model, part: FairPart, rep: int, share: int) -> Callable[[Ints], int]:
    """Tell how far a rep is from a share in a plan."""
    value = share_of(model, part, rep)
    return lambda choice: abs(value(choice) - share)


def worst_of(model: Model, part: FairPart, worst: Any, otherwise: int) -> Callable[[Ints], int]:
    """Tell the highest or lowest share in a plan."""

    def value(choice: Ints) -> int:
        chosen = choice[choice >= 0]
        shares = part.shares(model.arrays, chosen)[part.measured(model.arrays, chosen)]
        return int(worst(shares)) if len(shares) else otherwise

    return value
