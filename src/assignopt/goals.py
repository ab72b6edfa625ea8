"""The objective tiers as integers over pairs: what an engine maximises.

A tier becomes a :class:`Goal` with an integer *gain*, the more the better: a linear part over the
pairs, a part per rep used, and fairness parts over the loads of the reps. What rounding may have
cost is on record and widens every bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .objectives import (
    AnyTier,
    Coverage,
    Fairness,
    Fit,
    Moves,
    Preference,
    RepsUsed,
    Value,
    Weighted,
    maximises,
)
from .scaling import LIMIT, decimals_of, scaled
from .shares import FairPart, Gain, Windows, fair_part, tighter

if TYPE_CHECKING:
    from .arrays import Arrays
    from .columns import Bools, Floats, Ints

EXACT = 1e-6
"""Error from rounding, relative to a tier's value, up to which it counts as proved."""

NOTHING = 1e-7
"""The same, relative to what an even split comes to: what nobody can tell from 0."""

RATIO_DIGITS = Fraction(1, 10**8)
"""Ratios this close are the same."""

FINE = 1e-9
"""Part of an integer by which a value may miss the next one: the rounding of floats."""

PARTS = 60
"""Shares of a whole that are exact: halves, thirds, ... of the seats of a task."""


@dataclass(frozen=True, eq=False)
class Goal:
    """A tier as a gain to maximise: numbers, the first mattering most.

    Of most tiers the gain is one integer, ``sum(linear * x) + used * (reps with work) +
    sum(m * part)``; the tier's value is ``sign * gain / scale + constant``. Of a fairness tier that
    is an order it is what :meth:`FairPart.gain` gives. Both are right to within ``error``; ``size``
    bounds what the value can come to, and ``known`` the gain where something is known of it;
    ``crowds`` is a gain that no plan passes, and (S,) the seats that all which have it fill.
    """

    tier: AnyTier
    arrays: Arrays
    sign: int
    scale: float
    error: float
    size: float
    linear: Ints | None = None
    constant: float = 0.0
    used: int = 0
    fair: list[tuple[int, FairPart]] = field(default_factory=list)
    known: Gain | None = None
    windows: Windows | None = None
    crowds: tuple[int, Bools] | None = None

    def bounded(self, known: Gain | None, windows: Windows | None = None) -> Goal:
        """Give the goal with another bound on its gain, found elsewhere."""
        return replace(self, known=known, windows=windows)

    def restricted(self, arrays: Arrays, pairs: Ints, fixed: Ints | None = None) -> Goal:
        """Give the goal over some of the pairs, of arrays restricted to them.

        Pairs that are fixed add to the shares; of a sum over pairs they are left out.
        """
        fair = []
        for m, part in self.fair:
            taken = part.offset.copy()
            if fixed is not None:
                np.add.at(taken, self.arrays.pair_rep[fixed], part.coef[fixed])
            fair.append((m, replace(part, coef=part.coef[pairs], offset=taken)))
        linear = None if self.linear is None else self.linear[pairs]
        windows = self.windows if fixed is None and self.windows is not None else None
        if windows is not None:
            windows = replace(windows, part=fair[0][1])
        known = self.known if self.fair else None
        return replace(
            self,
            arrays=arrays,
            linear=linear,
            fair=fair,
            windows=windows,
            known=known,
            crowds=None,
        )

    @property
    def is_linear(self) -> bool:
        """Whether the gain is a sum over the chosen pairs."""
        return not self.used and not self.fair

    @cached_property
    def order(self) -> FairPart | None:
        """What is measured, where the gain has more than one number or is a ratio."""
        part = self.fair[0][1] if self.fair else None
        return part if part is not None and part.is_order else None

    def gain(self, choice: Ints) -> Gain:
        """Compute the gain of a plan, given the (S,) pair chosen for each seat or -1."""
        chosen = choice[choice >= 0]
        if self.order is not None:
            return self.order.gain(self.arrays, chosen)
        total = int(self.linear[chosen].sum()) if self.linear is not None else 0
        if self.used:
            total += self.used * len(np.unique(self.arrays.pair_rep[chosen]))
        return (total + sum(m * part.measure(self.arrays, chosen) for m, part in self.fair),)

    def gain_of(self, shares: Ints, who: Bools) -> Gain:
        """Compute the gain of one fairness notion from (R,) integer shares of those measured."""
        m, part = self.fair[0]
        if self.order is not None:
            return self.order.gain_of(shares, who)
        return (m * part.measure_of(shares[who], who),)

    def meets(self, gain: Gain, bound: Gain) -> bool:
        """Tell whether a gain is as good as a bound in every number, none left open."""
        return len(gain) == len(bound) == self.depth(gain, bound)

    def passes(self, gain: Gain, bound: Gain) -> bool:
        """Tell whether a gain is better than a bound says is possible."""
        for g, b, same in zip(gain, bound, self._tolerances(gain), strict=False):
            if g > b + same:
                return True
            if g + same < b:
                return False
        return False

    def depth(self, gain: Gain, bound: Gain) -> int:
        """Count the numbers of a gain, from the first on, that meet a bound."""
        numbers = zip(gain, bound, self._tolerances(gain), strict=False)
        met = [g + same >= b for g, b, same in numbers]
        return met.index(False) if False in met else len(met)

    def _tolerances(self, gain: Gain) -> Gain:
        """Give, for each number, the difference that is none."""
        order = self.order
        match order.tier.notion if order is not None else None:
            case "gini":
                return (RATIO_DIGITS,)
            case "nash":
                assert order is not None
                return 0, order.log_tolerance
            case _:
                return (0,) * len(gain)

    @property
    def is_rounded(self) -> bool:
        """Whether numbers that are nearly the same count as the same."""
        return self.order is not None and self.order.tier.notion in ("gini", "nash")

    def loosened(self, gain: Gain) -> Gain:
        """Give the least gain that later tiers are held to.

        The gain itself; or the value less slack; or what is enough, if that was reached.
        """
        slack = self.tier.slack
        if self.tier.enough is not None:
            enough = self._enough(self.tier.enough, gain)
            return gain if self.passes(enough, gain[: len(enough)]) else enough
        if not slack:
            return gain
        value = abs(self.value_of(gain))
        order = self.order
        if order is None:
            assert isinstance(gain[0], int)
            return (gain[0] - math.floor(slack * value * self.scale + 1e-9),)
        match order.tier.notion:
            case "gini":
                return (gain[0] * (1 + Fraction(slack)),)
            case "nash":
                entitled = float(order.weight[order.who].sum())
                lost = math.inf if slack >= 1 else -entitled * math.log1p(-slack)
                given = math.ceil(min(lost * order.log_scale, LIMIT))
                return gain[0], gain[1] - given
            case _:
                return (gain[0] - math.floor(slack * value * order.scale + 1e-9),)

    def _enough(self, value: float, gain: Gain) -> Gain:
        """Give the least gain with a value; of an order, its first number."""
        order = self.order
        if order is None:
            return (math.ceil(self.sign * (value - self.constant) * self.scale - FINE),)
        match order.tier.notion:
            case "gini":
                return (-Fraction(value),)
            case "nash":
                entitled = float(order.weight[order.who].sum())
                logs = entitled * math.log(value) * order.log_scale if value > 0 else -LIMIT
                return gain[0], math.floor(max(logs, -LIMIT))
            case _:
                sign = 1 if maximises(self.tier) else -1
                return (math.ceil(sign * value * order.scale - FINE),)

    def value_of(self, gain: Gain) -> float:
        """Turn a gain, or the bound on one, into the tier's value."""
        if self.order is not None:
            return self.order.value_of(gain)
        return self.sign * float(gain[0]) / self.scale + self.constant

    def bound_of(self, gain: Gain, bound: Gain) -> float:
        """Turn the bound on a gain into one on the tier's value.

        A product of fewer factors may be larger: where the bound has more of them than the plan,
        it is one over any number of them.
        """
        order = self.order
        if order is None or order.tier.notion != "nash" or bound[0] == gain[0]:
            return self.value_of(bound)
        return order.value_of((1, max(int(bound[1]), self._any_product(order))))

    def is_exact_at(self, gain: Gain) -> bool:
        """Whether rounding is too small to matter: a millionth of the value, or nothing at all."""
        order = self.order
        if order is not None and order.tier.notion == "nash":
            return not gain[0] or order.product_error <= EXACT
        value = self.value_of(gain)
        told = abs(value) if math.isfinite(value) else 0.0
        return self.error <= max(EXACT * told, NOTHING * self._typical)

    @cached_property
    def _typical(self) -> float:
        """What the value may well come to: of shares, what an even split gives each."""
        alone = len(self.fair) == 1 and self.linear is None and not self.used
        if not alone or self.fair[0][1].tier.notion == "gini":
            return self.size
        part = self.fair[0][1]
        entitled = float(part.weight[part.who].sum())
        mean = self._mean(part, most=True) / part.scale if entitled else 0.0
        return mean**2 * entitled if part.tier.notion == "l2" else mean

    @cached_property
    def best_gain(self) -> Gain:
        """An upper bound on the gain: from arithmetic alone, or what is known besides."""
        return tighter(self._arithmetic(), self.known)

    def _arithmetic(self) -> Gain:
        """Bound the gain by every seat at its best, on its own."""
        arrays = self.arrays
        if self.order is not None:
            return self._best_order(self.order)
        total = _best_per_seat(arrays, self.linear) if self.linear is not None else 0
        if self.used:
            total += self.used * (arrays.reps if self.used > 0 else arrays.least_reps)
        return (total + sum(self._best_part(m, part) for m, part in self.fair),)

    def _best_order(self, part: FairPart) -> Gain:
        """Bound an order: the first number of a leximax and leximin, the whole of the others."""
        if not part.who.any():
            return (0, 0) if part.tier.notion == "nash" else (0,)
        match part.tier.notion:
            case "gini":
                return (Fraction(0),)
            case "nash":
                able = np.flatnonzero(part.who & (part.largest(self.arrays) > 0))
                return len(able), self._best_product(part, able)
            case "leximax":
                return (self._best_end(part, "minmax", -1),)
            case _:
                return (self._best_end(part, "maxmin", 1),)

    def _best_product(self, part: FairPart, able: Ints) -> int:
        """Bound the sum of logarithms: everybody at the mean share (Jensen), or at their most."""
        if not len(able):
            return 0
        total = self._mean(part, most=True) * float(part.weight[part.who].sum())
        weight = part.weight[able]
        even = max(total, 1.0) * (1 + 1e-9) / part.scale / float(weight.sum())
        most = part.largest(self.arrays)[able] / part.scale / weight
        logs = min(float(weight.sum()) * math.log(even), float((weight * np.log(most)).sum()))
        return math.ceil(logs * part.log_scale) + len(able) + 1

    def _any_product(self, part: FairPart) -> int:
        """Bound the sum of logarithms over any of the reps.

        Some with entitlements ``w`` of a total ``t`` come to ``w ln(t / w)`` at most (Jensen), and
        that to ``t / e``, at ``w = t / e``.
        """
        total = self._mean(part, most=True) * float(part.weight[part.who].sum()) / part.scale
        able = np.flatnonzero(part.who & (part.largest(self.arrays) > 0))
        most = part.largest(self.arrays)[able] / part.scale / part.weight[able]
        each = float((part.weight[able] * np.maximum(np.log(most), 0.0)).sum())
        return math.ceil(min(each, total / math.e * (1 + 1e-9)) * part.log_scale) + len(able) + 1

    def _best_end(self, part: FairPart, notion: str, m: int) -> int:
        tier = part.tier.model_copy(update={"notion": notion})
        return self._best_part(m, replace(part, tier=tier))

    def has_all_seats_best(self, gain: Gain) -> bool:
        """Whether a sum over pairs has every seat at its best, so that those wanted are filled."""
        return self.is_linear and gain == self._arithmetic()

    def filled_at(self, gain: Gain) -> Bools | None:
        """(S,) the seats that are filled in every plan with so much; None where that is unknown."""
        if self.has_all_seats_best(gain):
            return self.wanted_seats
        if self.crowds is not None and gain == (self.crowds[0],):
            return self.crowds[1]
        return None

    @property
    def wanted_seats(self) -> Bools:
        """(S,) the seats that are filled in every plan that attains the best gain seat by seat."""
        wanted = np.zeros(self.arrays.seats, bool)
        filled = np.flatnonzero(np.diff(self.arrays.first))
        if self.linear is not None and len(filled):
            fitting = np.where(self.arrays.fits, self.linear, -LIMIT)
            wanted[filled] = np.maximum.reduceat(fitting, self.arrays.first[filled]) > 0
        return wanted

    def least_with(self, filled: Bools) -> int:
        """Bound the sum over pairs from below, of plans that fill these seats."""
        assert self.linear is not None
        some = np.flatnonzero(np.diff(self.arrays.first))
        least = np.minimum.reduceat(self.linear, self.arrays.first[some]) if len(some) else some
        return int(np.where(filled[some], least, np.minimum(least, 0)).sum())

    def _best_part(self, m: int, part: FairPart) -> int:
        """Bound ``m * part`` from above.

        Carried load and history cannot be given away, and what has to be assigned has to go
        somewhere: the highest share is at least the mean share, the lowest at most, and the sum
        of squares at least that of an even split (Cauchy and Schwarz).
        """
        offset = part.offset[part.who]
        if not len(offset):
            return 0
        notion, counted = part.tier.notion, part.tier.idle == "count"
        if notion == "maxmin":
            top = part.largest(self.arrays)[part.who]
            if not counted:
                return m * int(max(top.max(), 0))
            return m * min(
                int(top.min()), math.floor(self._mean(part, most=True) * (1 + 1e-9) + 1e-6)
            )
        if not counted or notion == "range":
            return 0
        mean = self._mean(part, most=False) * (1 - 1e-9) - 1e-6
        if notion == "minmax":
            return m * max(int(offset.max()), math.ceil(mean))
        assert part.factor is not None
        alone = int((part.factor[part.who] * offset**2).sum())
        even = mean**2 * float(part.weight[part.who].sum()) * part.factor_scale
        return m * max(alone, math.ceil(even * (1 - 1e-9) - 1e-6) if mean > 0 else 0)

    def _mean(self, part: FairPart, *, most: bool) -> float:
        """Bound the mean share, in integers: with all that may be assigned, or all that must."""
        arrays = self.arrays
        weight = np.where(part.who, part.weight, 0.0)
        per_share = np.ones(len(weight)) if part.factor is not None else weight
        total = float((part.offset * np.where(part.who, per_share, 0.0)).sum())
        filled = np.flatnonzero(np.diff(arrays.first))
        if len(filled):
            amount = part.coef * per_share[arrays.pair_rep]
            if most:
                each = np.maximum.reduceat(amount, arrays.first[filled])
            else:
                fitting = np.where(arrays.fits, amount, np.inf)
                each = np.minimum.reduceat(fitting, arrays.first[filled])
                each = np.where(arrays.mandatory[filled] & np.isfinite(each), each, 0.0)
            total += float(each.sum())
        return total / float(weight.sum())


def _best_per_seat(arrays: Arrays, linear: Ints) -> int:
    """Add up, over the seats, the best that one of its pairs can give (0 if it may stay empty)."""
    if not arrays.pairs:
        return 0
    filled = np.flatnonzero(np.diff(arrays.first))
    best = np.maximum.reduceat(np.where(arrays.fits, linear, -LIMIT), arrays.first[filled])
    return int(np.where(arrays.mandatory[filled], best, np.maximum(best, 0)).sum())


def compile_goal(arrays: Arrays, tier: AnyTier) -> Goal:
    """Turn a tier into a Goal over the arrays."""
    terms = list(tier.terms) if isinstance(tier, Weighted) else [(tier, 1.0)]
    flip = 1 if isinstance(tier, Weighted) or maximises(tier) else -1
    linear, constant, used = None, 0.0, 0.0
    fair: list[tuple[float, FairPart]] = []
    for term, weight in terms:
        gain = weight * (1 if maximises(term) else -1)
        if isinstance(term, Fairness):
            fair.append((gain, fair_part(arrays, term)))
        elif isinstance(term, RepsUsed):
            used += gain
        else:
            coef, offset = linear_term(arrays, term)
            linear = gain * coef if linear is None else linear + gain * coef
            constant += gain * offset
    if fair and linear is None and not used and len(fair) == 1:
        gain, part = fair[0]
        scale = part.value_scale / abs(gain)
        sign = int(math.copysign(1, gain))
        least = least_total(arrays, part) if part.is_order else 0.0
        error = part.value_error(arrays, least) * abs(gain)
        size = part.size(arrays) if part.is_order else part.size(arrays) / scale
        return Goal(tier, arrays, flip, scale, error, size, fair=[(sign, part)])
    return _combined(arrays, tier, flip, linear, constant, used, fair)


def _combined(
    arrays: Arrays,
    tier: AnyTier,
    flip: int,
    linear: Floats | None,
    constant: float,
    used: float,
    fair: list[tuple[float, FairPart]],
) -> Goal:
    """Bring a linear part and others to one integer scale."""
    size = sum(abs(gain) * part.size(arrays) / part.value_scale for gain, part in fair)
    size += abs(used) * arrays.reps
    if linear is not None:
        size += _largest_sum(arrays, np.abs(linear))
    coefs = np.zeros(0) if linear is None else linear
    scale = _shared_scale(np.concatenate([coefs, [used]]), fair, max(size, 1.0))
    ints = np.rint(coefs * scale).astype(np.int64)
    error = 0.0
    parts: list[tuple[int, FairPart]] = []
    for gain, part in fair:
        m = round(gain * scale / part.value_scale)
        lost = abs(gain / part.value_scale - m / scale) * part.size(arrays)
        error += (lost if lost > 1e-12 else 0.0) + abs(gain) * part.value_error(arrays)
        parts.append((m, part))
    used_gain = round(used * scale)
    rest = np.append(coefs, used) * scale
    if np.abs(rest - np.rint(rest)).max(initial=0) > 1e-6:
        error += abs(used - used_gain / scale) * arrays.reps
        if linear is not None:
            error += _largest_sum(arrays, np.abs(linear - ints / scale))
    kept = None if linear is None else ints
    return Goal(tier, arrays, flip, scale, error, size, kept, flip * constant, used_gain, parts)


def _shared_scale(coefs: Floats, fair: list[tuple[float, FairPart]], size: float) -> float:
    """Choose the scale of a sum: one at which all its parts are integers, where there is room."""
    at = scaled(coefs, size)
    if not fair:
        sixtieths = decimals_of(coefs * PARTS) if at.error else None
        if sixtieths is not None and size * PARTS * 10.0**sixtieths <= LIMIT:
            return PARTS * 10.0**sixtieths
        return at.scale
    wanted = [Fraction(part.value_scale).limit_denominator(10**12) for _, part in fair]
    places = decimals_of(np.append(coefs, [gain for gain, _ in fair]))
    if places is not None and all(wanted):
        common = float(math.lcm(*(scale.numerator for scale in wanted))) * 10.0**places
        if size * common <= LIMIT:
            return common
    return 10.0 ** math.floor(math.log10(LIMIT / size))


def least_total(arrays: Arrays, part: FairPart) -> float:
    """Add up what the quantities come to at least, in integers: what is there and what must be."""
    filled = np.flatnonzero(np.diff(arrays.first))
    total = float(part.offset[part.who].sum())
    if len(filled):
        each = np.minimum.reduceat(part.coef, arrays.first[filled])
        total += float(np.where(arrays.mandatory[filled], each, 0).sum())
    return total


def _largest_sum(arrays: Arrays, amounts: Floats) -> float:
    """Add up, over the seats, the largest amount among its pairs."""
    if not arrays.pairs:
        return 0.0
    filled = np.flatnonzero(np.diff(arrays.first))
    return float(np.maximum.reduceat(amounts, arrays.first[filled]).sum())


def linear_term(arrays: Arrays, term: AnyTier) -> tuple[Floats, float]:
    """Give (P,) what each pair adds to a term that is a sum over pairs, and its constant."""
    match term:
        case Coverage():
            seats = np.bincount(arrays.seat_task, minlength=arrays.tasks)
            share = arrays.problem.task_columns.priority / seats
            return share[arrays.pair_task], 0.0
        case Value():
            return arrays.value, 0.0
        case Fit():
            return arrays.fit, 0.0
        case Preference():
            return arrays.preference, 0.0
        case Moves():
            owned = np.flatnonzero(arrays.present >= 0)
            cost = arrays.problem.move_costs(term.cost)[owned]
            coef = np.zeros(arrays.pairs)
            coef[arrays.present[owned]] = -cost
            return coef, float(cost.sum())
        case _:
            raise TypeError(f"{term.label} is no sum over pairs")
