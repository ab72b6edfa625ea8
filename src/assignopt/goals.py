"""The objective tiers as integers over pairs: what an engine maximises.

A tier becomes a :class:`Goal` with an integer *gain*, the more the better: a linear part over the
pairs, a part per rep used, and fairness parts over the loads of the reps. What rounding may have
cost is on record and widens every bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .holdings import history_of
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
from .scaling import LIMIT, MAX_DECIMALS, at_scale, decimals_of, scaled

if TYPE_CHECKING:
    from .arrays import Arrays
    from .columns import Bools, Floats, Ints

EXACT = 1e-6
"""Error from rounding, relative to the most a tier can come to, up to which it counts as proved."""

PARTS = 60
"""Shares of a whole that are exact: halves, thirds, ... of the seats of a task."""

DIGITS = 9
"""Digits kept of shares that have to be rounded."""

MAX_LCM = 10**9
"""Largest common multiple of entitlements by which loads are normalised without rounding."""


@dataclass(frozen=True, eq=False)
class FairPart:
    """What a fairness tier measures, as integers.

    The share of rep ``r`` is ``(offset_r + sum(coef * x)) / scale``: its quantity per entitlement;
    for ``l2`` its quantity itself, and ``factor_r / factor_scale`` is 1 over its entitlement.
    """

    tier: Fairness
    who: Bools
    coef: Ints
    offset: Ints
    scale: float
    error: float
    factor: Ints | None = None
    factor_scale: float = 1.0
    factor_error: float = 0.0
    weight: Floats = field(default_factory=lambda: np.zeros(0))

    def largest(self, arrays: Arrays) -> Ints:
        """(R,) the most that each integer share can be."""
        sums = np.bincount(arrays.pair_rep, self.coef, arrays.reps)
        return self.offset + sums.astype(np.int64)

    def shares(self, arrays: Arrays, chosen: Ints) -> Ints:
        """(R,) integer shares when these pairs are chosen."""
        out = self.offset.copy()
        np.add.at(out, arrays.pair_rep[chosen], self.coef[chosen])
        return out

    def measure(self, arrays: Arrays, chosen: Ints) -> int:
        """Compute the notion's integer value when these pairs are chosen."""
        who = self.who
        if self.tier.idle == "ignore":
            working = np.bincount(arrays.pair_rep[chosen], minlength=arrays.reps) > 0
            who = who & working
        shares = self.shares(arrays, chosen)[who]
        if not len(shares):
            return 0
        match self.tier.notion:
            case "minmax":
                return int(shares.max())
            case "maxmin":
                return int(shares.min())
            case "range":
                return int(shares.max() - shares.min())
            case "l2":
                assert self.factor is not None
                pairs = zip(self.factor[who].tolist(), shares.tolist(), strict=True)
                return int(sum(f * s**2 for f, s in pairs))

    @property
    def value_scale(self) -> float:
        """Integers of :meth:`measure` for one unit of the tier's value."""
        return self.scale**2 * self.factor_scale if self.tier.notion == "l2" else self.scale


@dataclass(frozen=True, eq=False)
class Goal:
    """A tier as an integer gain to maximise.

    ``gain = sum(linear * x) + used * (reps with work) + sum(m * part)``; the tier's value is
    ``sign * gain / scale + constant``, to within ``error``; ``size`` bounds what it can come to.
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

    @property
    def is_linear(self) -> bool:
        """Whether the gain is a sum over the chosen pairs."""
        return not self.used and not self.fair

    def gain(self, choice: Ints) -> int:
        """Compute the gain of a plan, given the (S,) pair chosen for each seat or -1."""
        chosen = choice[choice >= 0]
        total = int(self.linear[chosen].sum()) if self.linear is not None else 0
        if self.used:
            total += self.used * len(np.unique(self.arrays.pair_rep[chosen]))
        return total + sum(m * part.measure(self.arrays, chosen) for m, part in self.fair)

    def value_of(self, gain: float) -> float:
        """Turn a gain into the tier's value."""
        return self.sign * gain / self.scale + self.constant

    @property
    def is_exact(self) -> bool:
        """Whether rounding is too small to matter: a millionth of what the tier can come to."""
        return self.error <= EXACT * self.size

    @cached_property
    def best_gain(self) -> int:
        """An upper bound on the gain from arithmetic alone: every seat at its best, on its own."""
        arrays = self.arrays
        total = _best_per_seat(arrays, self.linear) if self.linear is not None else 0
        if self.used:
            total += self.used * (arrays.reps if self.used > 0 else arrays.least_reps)
        return total + sum(self._best_part(m, part) for m, part in self.fair)

    @property
    def wanted_seats(self) -> Bools:
        """(S,) the seats that are filled in every plan that attains the best gain seat by seat."""
        wanted = np.zeros(self.arrays.seats, bool)
        filled = np.flatnonzero(np.diff(self.arrays.first))
        if self.linear is not None and len(filled):
            fitting = np.where(self.arrays.fits, self.linear, -LIMIT)
            wanted[filled] = np.maximum.reduceat(fitting, self.arrays.first[filled]) > 0
        return wanted

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
        error, size = _error(part, arrays) * abs(gain), _largest(part, arrays) / scale
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
    size = sum(abs(gain) * _largest(part, arrays) / part.value_scale for gain, part in fair)
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
        lost = abs(gain / part.value_scale - m / scale) * _largest(part, arrays)
        error += (lost if lost > 1e-12 else 0.0) + abs(gain) * _error(part, arrays)
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
    wanted = [part.value_scale for _, part in fair]
    places = decimals_of(np.append(coefs, [gain for gain, _ in fair]))
    if places is not None and decimals_of(np.array(wanted)) == 0 and max(wanted) < LIMIT:
        common = float(math.lcm(*(int(scale) for scale in wanted))) * 10.0**places
        if size * common <= LIMIT:
            return common
    return 10.0 ** math.floor(math.log10(LIMIT / size))


def _largest_sum(arrays: Arrays, amounts: Floats) -> float:
    """Add up, over the seats, the largest amount among its pairs."""
    if not arrays.pairs:
        return 0.0
    filled = np.flatnonzero(np.diff(arrays.first))
    return float(np.maximum.reduceat(amounts, arrays.first[filled]).sum())


def _largest(part: FairPart, arrays: Arrays) -> float:
    """Bound the integer measure of a fairness part over all plans."""
    top = part.largest(arrays)
    if part.factor is not None:
        return float((part.factor * top.astype(np.float64) ** 2).sum())
    return float(top.max(initial=0))


def _error(part: FairPart, arrays: Arrays) -> float:
    """Bound by how much rounding changes the tier's value."""
    if not part.error:
        return part.factor_error
    if part.factor is None:
        return part.error * (2 if part.tier.notion == "range" else 1)
    top = (part.offset + np.bincount(arrays.pair_rep, part.coef, arrays.reps)) / part.scale
    per_unit = part.factor / part.factor_scale
    return float((per_unit * (2 * top + part.error) * part.error).sum()) + part.factor_error


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
            stays = arrays.present[arrays.present >= 0]
            coef = np.zeros(arrays.pairs)
            coef[stays] = -1.0
            return coef, float(len(stays))
        case _:
            raise TypeError(f"{term.label} is no sum over pairs")


def fair_part(arrays: Arrays, tier: Fairness) -> FairPart:
    """Measure a quantity per entitlement in integers, exactly where they can be."""
    problem = arrays.problem
    reps = problem.rep_columns
    weight = problem.weights if tier.per == "weight" else np.ones(arrays.reps)
    who = reps.active & (weight > 0)
    carried = reps.carried_load if tier.of == "load" else np.zeros(arrays.reps)
    offset = np.where(who, carried + history_of(problem, tier.of), 0.0)
    amounts = np.where(who[arrays.pair_rep], arrays.quantity(tier.of), 0.0)
    if tier.notion == "l2":
        return _squares(arrays, tier, who, amounts, offset, weight)
    exact = _common(amounts, offset, weight, who)
    if exact is not None:
        ints, offsets, multiple, scale = exact
        coef = ints * multiple[arrays.pair_rep]
        shift = offsets * multiple
        if _sum_fits(arrays, coef, shift):
            common = int(np.gcd.reduce(np.concatenate([coef, shift, [0]]))) or 1
            part = FairPart(tier, who, coef // common, shift // common, scale / common, 0.0)
            return replace(part, weight=weight)
    inverse = np.where(who, 1 / np.where(weight > 0, weight, 1.0), 0.0)
    share, start = amounts * inverse[arrays.pair_rep], offset * inverse
    return replace(_rounded_part(arrays, tier, who, share, start), weight=weight)


def _rounded_part(
    arrays: Arrays,
    tier: Fairness,
    who: Bools,
    share: Floats,
    start: Floats,
    narrower: float = 1.0,
) -> FairPart:
    """Round shares so that the largest fits, ``narrower`` times over, below the limit."""
    total = float(np.bincount(arrays.pair_rep, share, arrays.reps).max(initial=0))
    top = total + float(start.max(initial=0))
    at = scaled(np.concatenate([share, start]), max(top, 1.0) * narrower)
    if at.error and top > 0:
        digits = math.log10(min(10.0**DIGITS, LIMIT / narrower)) - math.log10(top)
        scale = 10.0 ** min(math.floor(digits), 300)
        at = at_scale(np.concatenate([share, start]), scale)
    coef, shift = at.ints[: arrays.pairs], at.ints[arrays.pairs :]
    lost = np.bincount(arrays.pair_rep, np.abs(share - coef / at.scale), arrays.reps)
    error = float((lost + np.abs(start - shift / at.scale)).max(initial=0)) if at.error else 0.0
    return FairPart(tier, who, coef, shift, at.scale, error)


def _common(
    amounts: Floats, offset: Floats, weight: Floats, who: Bools
) -> tuple[Ints, Ints, Ints, float] | None:
    """Bring entitlements to a common multiple; None where that, or the amounts, need rounding."""
    decimals = decimals_of(np.concatenate([amounts, offset]))
    places = decimals_of(weight[who])
    if decimals is None or places is None:
        return None
    if max(amounts.max(initial=0), offset.max(initial=0)) * 10.0**decimals > LIMIT:
        return None
    if weight[who].max(initial=0) * 10**places > MAX_LCM:
        return None
    whole = np.rint(np.where(who, weight, 1.0) * 10**places).astype(np.int64)
    multiple = 1
    for one in np.unique(whole[who]).tolist():
        multiple = math.lcm(multiple, one)
        if multiple > MAX_LCM:
            return None
    ints = np.rint(amounts * 10**decimals).astype(np.int64)
    offsets = np.rint(offset * 10**decimals).astype(np.int64)
    scale = 10.0**decimals * multiple / 10.0**places
    return ints, offsets, np.where(who, multiple // whole, 0), scale


def _sum_fits(arrays: Arrays, coef: Ints, shift: Ints) -> bool:
    top = np.bincount(arrays.pair_rep, coef.astype(np.float64), arrays.reps) + shift
    return bool(top.max(initial=0) <= LIMIT)


def _squares(
    arrays: Arrays, tier: Fairness, who: Bools, amounts: Floats, offset: Floats, weight: Floats
) -> FairPart:
    """Keep quantities as they are, and 1 / entitlement as an integer factor beside them."""
    entitled = np.where(who, weight, 1.0)
    top = offset + np.bincount(arrays.pair_rep, amounts, arrays.reps)
    places = decimals_of(entitled) if entitled.max(initial=0) <= MAX_LCM else None
    whole = np.rint(np.minimum(entitled, MAX_LCM) * 10 ** (places or 0)).astype(np.int64)
    multiple = math.lcm(*np.unique(whole[who]).tolist()) if places is not None else MAX_LCM + 1
    lost = 0.0
    if multiple <= MAX_LCM:
        factor_scale = multiple / 10.0 ** (places or 0)
        factor = np.where(who, multiple // whole, 0)
    else:
        factor_scale = 10.0**MAX_DECIMALS * float(entitled[who].max(initial=1.0))
        exact = np.where(who, factor_scale / entitled, 0.0)
        factor = np.rint(exact).astype(np.int64)
        lost = float((np.abs(factor - exact) / factor_scale * top**2).sum())
    shared = int(np.gcd.reduce(np.append(factor, 0))) or 1
    factor, factor_scale = factor // shared, factor_scale / shared
    room = math.sqrt(LIMIT / max(1.0, float(factor.sum())))
    part = _rounded_part(arrays, tier, who, amounts, offset, LIMIT / room)
    common = int(np.gcd.reduce(np.concatenate([part.coef, part.offset, [0]]))) or 1
    return FairPart(
        tier,
        who,
        part.coef // common,
        part.offset // common,
        part.scale / common,
        part.error,
        factor,
        factor_scale,
        lost,
        weight,
    )
