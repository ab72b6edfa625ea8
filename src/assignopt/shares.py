"""What a fairness tier measures, as integers: a share for each rep, and the numbers of its notion.

Quantities per entitlement go in; integer coefficients over pairs come out, exact where they can
be, with the rounding on record where they cannot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from .errors import Faults
from .holdings import history_of
from .scaling import LIMIT, NO_LIMIT, at_scale, decimals_of, scaled

if TYPE_CHECKING:
    from .arrays import Arrays
    from .columns import Bools, Floats, Ints
    from .objectives import Fairness

Gain = tuple[int | Fraction, ...]
"""Numbers by which plans are compared, the first mattering most, more being better.

As a bound it may be shorter than the gain of a plan: it then bounds the first numbers only.
"""


def tighter(one: Gain, other: Gain | None) -> Gain:
    """Give the tighter of two bounds: the smaller, and of two that agree the longer.

    Examples
    --------
    >>> tighter((-3,), (-3, -2)), tighter((-3, -2), (-4,)), tighter((5,), None)
    ((-3, -2), (-4,), (5,))
    """
    return one if other is None else min(one, other, key=lambda bound: (*bound, math.inf))


DIGITS = 10
"""Digits kept of shares that have to be rounded."""

MAX_LCM = 10**9
"""Largest common multiple of entitlements by which loads are normalised without rounding."""

LOG_BITS = 40
"""Bits that an entitlement, a logarithm's unit and the largest quantity may take together."""


RATIO_DIGITS = 9
"""The same of quantities in a ratio, whose numerator and denominator are scaled once more."""

FACTOR_DIGITS = 8
"""Digits kept of one over an entitlement that has to be rounded, at the largest one."""

LARGEST = 1e100
"""What quantities that are measured may add up to, in units and per entitlement."""

WIDEST = 1e12
"""How many times the smallest entitlement another may be."""

PRODUCT_DIGITS = 1e-8
"""Products whose value differs by less than this, relatively, are the same."""

MIN_LOG_BITS = 26
"""Bits after the point of a logarithm at least, however large the quantities."""

MAX_LOG_BITS = 30
"""Bits after the point that a logarithm is kept with at most."""


@dataclass(frozen=True, eq=False)
class FairPart:
    """What a fairness tier measures, as integers.

    The share of rep ``r`` is ``(offset_r + sum(coef * x)) / scale``. For the orders and ends
    (leximax, leximin, minmax, maxmin, range) it is the quantity per entitlement; for ``l2``,
    ``gini`` and ``nash`` it is the quantity itself, and ``factor_r / factor_scale`` is 1 over the
    entitlement (``l2``) or the entitlement (``gini``, ``nash``). A logarithm has ``log_scale``
    integers for one unit.
    """

    tier: Fairness
    who: Bools
    coef: Ints
    offset: Ints
    scale: float
    error: float
    weight: Floats
    factor: Ints | None = None
    factor_scale: float = 1.0
    factor_error: float = 0.0
    log_scale: float = 1.0

    @property
    def is_order(self) -> bool:
        """Whether the notion compares plans by numbers that do not add up with other terms."""
        return self.tier.notion in ("leximax", "leximin", "gini", "nash")

    def largest(self, arrays: Arrays) -> Ints:
        """(R,) the most that each integer share can be."""
        most = arrays.most_of(self.coef.astype(np.float64))
        return self.offset + most.astype(np.int64)

    def shares(self, arrays: Arrays, chosen: Ints) -> Ints:
        """(R,) integer shares when these pairs are chosen."""
        out = self.offset.copy()
        np.add.at(out, arrays.pair_rep[chosen], self.coef[chosen])
        return out

    def measured(self, arrays: Arrays, chosen: Ints) -> Bools:
        """(R,) whom the notion measures when these pairs are chosen."""
        if self.tier.idle == "count":
            return self.who
        working = np.bincount(arrays.pair_rep[chosen], minlength=arrays.reps) > 0
        return np.asarray(self.who & working)

    def measure(self, arrays: Arrays, chosen: Ints) -> int:
        """Compute the integer value of a notion that adds up with others."""
        who = self.measured(arrays, chosen)
        return self.measure_of(self.shares(arrays, chosen)[who], who)

    def measure_of(self, shares: Ints, who: Bools) -> int:
        """Compute the same from the shares of those who are measured."""
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
            case _:
                raise TypeError(f"{self.tier.notion} is an order; see gain()")

    def gain(self, arrays: Arrays, chosen: Ints) -> Gain:
        """Give the numbers of an order, more being better."""
        return self.gain_of(self.shares(arrays, chosen), self.measured(arrays, chosen))

    def gain_of(self, shares: Ints, measured: Bools) -> Gain:
        """Give the numbers of an order for (R,) integer shares and those who are measured."""
        notion = self.tier.notion
        if not self.who.any():
            return (0, 0) if notion == "nash" else (0,)
        if notion == "leximax":
            counted = np.where(measured, shares, 0)[self.who]
            return tuple((-np.sort(counted)[::-1]).tolist())
        if notion == "leximin":
            if not measured.any():
                return (0,) * int(self.who.sum())
            return tuple(np.sort(np.where(measured, shares, NO_LIMIT)[self.who]).tolist())
        if notion == "gini":
            return (-self._gini(shares[measured], measured),)
        has = np.flatnonzero(measured & (shares > 0))
        return len(has), sum(self.log_of(r, int(shares[r])) for r in has.tolist())

    def _gini(self, shares: Ints, measured: Bools) -> Fraction:
        """Compute the exact Gini index of integer quantities and entitlements."""
        assert self.factor is not None
        total = int(shares.sum())
        if total <= 0:
            return Fraction(0)
        factor = self.factor[measured]
        order = np.lexsort((shares, shares / factor))
        quantity, weight = shares[order].tolist(), factor[order].tolist()
        apart = below = held = 0
        for q, w in zip(quantity, weight, strict=True):  # Python integers: nothing overflows
            apart += q * below - w * held
            below += w
            held += q
        return Fraction(apart, total * below)

    def value_of(self, gain: Gain) -> float:
        """Turn the numbers of an order, or the first of them, into the tier's value."""
        match self.tier.notion:
            case "leximax":
                return -float(gain[0]) / self.scale
            case "nash":
                entitled = float(self.weight[self.who].sum())
                log = float(gain[1]) / self.log_scale if gain[0] else -math.inf
                return math.exp(log / entitled) if entitled else 0.0
            case "gini":
                return -float(gain[0])
            case _:
                return float(gain[0]) / self.scale

    @property
    def log_tolerance(self) -> int:
        """Difference of two sums of logarithms that is none: of rounding, and of float bounds."""
        entitled = float(self.weight[self.who].sum())
        return 4 * int(self.who.sum()) + math.ceil(PRODUCT_DIGITS * self.log_scale * entitled)

    def log_of(self, rep: int, share: int) -> int:
        """Give ``w ln l`` of a rep with a positive integer share, as an integer."""
        weight = float(self.weight[rep])
        return round(self.log_scale * weight * math.log(share / self.scale / weight))

    @property
    def value_scale(self) -> float:
        """Integers of :meth:`measure` for one unit of the tier's value."""
        return self.scale**2 * self.factor_scale if self.tier.notion == "l2" else self.scale

    # -- what rounding costs -----------------------------------------------------------------

    def size(self, arrays: Arrays) -> float:
        """Bound the integer measure over all plans (for an order: the value)."""
        top = self.largest(arrays)
        if self.tier.notion == "gini":
            return 1.0
        if self.tier.notion == "l2":
            assert self.factor is not None
            return float((self.factor * top.astype(np.float64) ** 2).sum())
        most = float(top.max(initial=0))
        return most / self.scale if self.is_order else most

    @property
    def product_error(self) -> float:
        """Bound by how much rounding changes a product, relative to it."""
        logs = self.log_tolerance / self.log_scale
        logs /= float(self.weight[self.who].sum()) or 1.0
        some = np.concatenate([self.coef, self.offset])
        lost = self.error * self.scale / int(some[some > 0].min(initial=NO_LIMIT))
        if lost + self.factor_error >= 1:  # something may count as nothing
            return math.inf
        return math.expm1(logs - math.log1p(-lost))

    def value_error(self, arrays: Arrays, least: float = 0.0) -> float:
        """Bound by how much rounding changes the tier's value.

        Parameters
        ----------
        arrays
            What was compiled.
        least
            What the quantities add up to in every plan, at least, in integers.
        """
        notion = self.tier.notion
        if notion == "nash":
            return self.size(arrays) * min(self.product_error, 1.0)
        if notion == "gini":
            if not self.error and not self.factor_error:
                return 0.0
            reps = int(self.who.sum())
            lost = 2 * reps * self.error * self.scale / least if least > 0 else 1.0
            return min(1.0, lost + 2 * self.factor_error)
        if not self.error:
            return self.factor_error
        if self.factor is None:
            return self.error * (2 if notion == "range" else 1)
        top = self.largest(arrays) / self.scale
        per_unit = self.factor / self.factor_scale
        return float((per_unit * (2 * top + self.error) * self.error).sum()) + self.factor_error


@dataclass(frozen=True, eq=False)
class Windows:
    """Between which each rep's share is in every plan that comes close to a bound.

    Steps are what each further unit costs a rep; prices prove the bound: a plan whose reps take
    dearer steps than their price, or leave cheaper ones, is worse than the bound by at least the
    sum of the differences.

    Parameters
    ----------
    part
        What is measured.
    bound
        The gain that no plan passes.
    rate
        (R,) share for one unit.
    steps
        For each rep the cost of each unit, ascending; ranks where the notion is an order.
    price
        (R,) the price of a unit.
    """

    part: FairPart
    bound: Gain
    rate: Ints
    steps: list[Ints]
    price: Ints

    @property
    def is_exact_only(self) -> bool:
        """Whether only plans that meet the bound have windows: costs of an order do not add up."""
        return self.part.tier.notion in ("leximax", "leximin")

    def gap(self, gain: Gain) -> int:
        """Give how far a gain is from the bound, in what steps cost.

        ``LIMIT`` where steps do not say: another number of reps has something.
        """
        if len(gain) > 1 and gain[0] != self.bound[0]:
            return LIMIT
        rounding = self.part.log_tolerance if self.part.tier.notion == "nash" else 0
        return max(0, int(self.bound[-1] - gain[-1])) + rounding

    def at(self, gap: int) -> tuple[Ints, Ints]:
        """(R,) the least and the most integer share in plans that are no further off than this."""
        low, high = self.part.offset.copy(), self.part.offset.copy()
        for rep in np.flatnonzero(self.part.who).tolist():
            steps, price = self.steps[rep], int(self.price[rep])
            cheap = int((steps < price).sum())
            above = np.minimum(np.maximum(steps[cheap:] - price, 0), LIMIT).astype(np.float64)
            below = np.minimum(price - steps[:cheap][::-1], LIMIT).astype(np.float64)
            more = int((np.cumsum(above) <= gap * (1 + 1e-12)).sum())
            fewer = int((np.cumsum(below) <= gap * (1 + 1e-12)).sum())
            low[rep] += self.rate[rep] * (cheap - fewer)
            high[rep] += self.rate[rep] * (cheap + more)
        return low, high

    def next_gap(self, gap: int) -> int:
        """Give the least gap, above this one, at which some rep's window is wider by a unit."""
        wider = LIMIT
        for rep in np.flatnonzero(self.part.who).tolist():
            steps, price = self.steps[rep], int(self.price[rep])
            off = np.abs(np.minimum(np.maximum(steps - price, -LIMIT), LIMIT))
            off = off[off > gap]
            wider = min(wider, int(off.min(initial=LIMIT)))
        return wider


def fair_part(arrays: Arrays, tier: Fairness) -> FairPart:
    """Measure a quantity per entitlement in integers, exactly where they can be."""
    problem = arrays.problem
    reps = problem.rep_columns
    weight = problem.weights if tier.per == "weight" else np.ones(arrays.reps)
    who = reps.active & (weight > 0)
    carried = reps.carried_load if tier.of == "load" else np.zeros(arrays.reps)
    past = history_of(problem, tier.of, decay=tier.decay, per=tier.per)
    offset = np.where(who, carried + past, 0.0)
    amounts = np.where(who[arrays.pair_rep], arrays.quantity(tier.of), 0.0)
    _check_range(arrays, tier, who, amounts, offset, weight)
    match tier.notion:
        case "l2":
            return _squares(arrays, tier, who, amounts, offset, weight)
        case "gini" | "nash":
            return _quantities(arrays, tier, who, amounts, offset, weight)
        case _:
            return _shares(arrays, tier, who, amounts, offset, weight)


def _check_range(
    arrays: Arrays, tier: Fairness, who: Bools, amounts: Floats, offset: Floats, weight: Floats
) -> None:
    """Raise a ValidationError where numbers are too large or too far apart to be compared."""
    total = float(offset.sum()) + float(amounts.sum())
    least, most = float(weight[who].min(initial=math.inf)), float(weight[who].max(initial=0.0))
    faults = Faults("solve")
    if total > LARGEST or total > LARGEST * least:
        message = f"{tier.of} adds up to {total:.3g}, and the smallest weight is {least:.3g}"
        limit = f"at most {LARGEST:.0e} in all, and per weight, in {tier.label}"
        faults.add(("tasks",), f"{message}; allowed is {limit}. Use another unit", total)
    if most > least * WIDEST:
        message = (
            f"weights go from {least:.3g} to {most:.3g}; allowed is {WIDEST:.0e} of one another"
        )
        faults.add(("reps",), f"{message} in {tier.label}. Use another weight", most)
    faults.raise_if_any()


def _shares(
    arrays: Arrays, tier: Fairness, who: Bools, amounts: Floats, offset: Floats, weight: Floats
) -> FairPart:
    """Divide quantities by entitlements."""
    exact = _common(amounts, offset, weight, who)
    if exact is not None:
        ints, offsets, multiple, scale = exact
        coef = ints * multiple[arrays.pair_rep]
        shift = offsets * multiple
        if _sum_fits(arrays, coef, shift):
            return _reduced(FairPart(tier, who, coef, shift, scale, 0.0, weight))
    inverse = np.where(who, 1 / np.where(weight > 0, weight, 1.0), 0.0)
    share, start = amounts * inverse[arrays.pair_rep], offset * inverse
    return _rounded_part(arrays, tier, who, share, start, weight)


def _reduced(part: FairPart) -> FairPart:
    """Divide shares by what divides all of them."""
    common = int(np.gcd.reduce(np.concatenate([part.coef, part.offset, [0]]))) or 1
    return replace(
        part, coef=part.coef // common, offset=part.offset // common, scale=part.scale / common
    )


def _rounded_part(
    arrays: Arrays,
    tier: Fairness,
    who: Bools,
    share: Floats,
    start: Floats,
    weight: Floats,
    narrower: float = 1.0,
    digits: int = DIGITS,
) -> FairPart:
    """Round shares so that the largest fits, ``narrower`` times over, below the limit."""
    total = float(np.bincount(arrays.pair_rep, share, arrays.reps).max(initial=0))
    top = total + float(start.max(initial=0))
    at = scaled(np.concatenate([share, start]), max(top, 1.0) * narrower)
    if at.error and top > 0:
        most = float((start + arrays.most_of(share)).max()) or top
        places = min(digits - math.log10(most), math.log10(LIMIT / narrower) - math.log10(top))
        scale = 10.0 ** min(math.floor(places), 300)
        at = at_scale(np.concatenate([share, start]), scale)
    coef, shift = at.ints[: arrays.pairs], at.ints[arrays.pairs :]
    lost = arrays.most_of(np.abs(share - coef / at.scale))
    error = float((lost + np.abs(start - shift / at.scale)).max(initial=0)) if at.error else 0.0
    return FairPart(tier, who, coef, shift, at.scale, error, weight)


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
        factor_scale = 10.0**FACTOR_DIGITS * float(entitled[who].max(initial=1.0))
        exact = np.where(who, factor_scale / entitled, 0.0)
        factor = np.rint(exact).astype(np.int64)
        lost = float((np.abs(factor - exact) / factor_scale * top**2).sum())
    shared = int(np.gcd.reduce(np.append(factor, 0))) or 1
    factor, factor_scale = factor // shared, factor_scale / shared
    room = math.sqrt(LIMIT / max(1.0, float(factor.sum())))
    part = _rounded_part(arrays, tier, who, amounts, offset, weight, LIMIT / room)
    return replace(_reduced(part), factor=factor, factor_scale=factor_scale, factor_error=lost)


def _quantities(
    arrays: Arrays, tier: Fairness, who: Bools, amounts: Floats, offset: Floats, weight: Floats
) -> FairPart:
    """Keep quantities as they are, and the entitlements as integers beside them."""
    entitled = np.where(who, weight, 0.0)
    most = float(entitled.max(initial=0)) or 1.0
    places = decimals_of(entitled) if most <= MAX_LCM else None
    exact = places is not None and most * 10.0**places <= MAX_LCM
    scale = 10.0**places if exact and places is not None else MAX_LCM / most
    factor = np.where(who, np.maximum(np.rint(entitled * scale), 1), 0).astype(np.int64)
    lost = 0.0
    if not exact and who.any():
        lost = float((np.abs(factor / scale / np.where(who, entitled, 1.0) - 1)[who]).max())
    common = int(np.gcd.reduce(np.append(factor, 0))) or 1
    factor = factor // common
    room = LIMIT / max(1.0, float(factor.sum()) * max(int(who.sum()), 1))
    digits = RATIO_DIGITS if tier.notion == "gini" else DIGITS
    narrower = LIMIT / max(room, 1.0)
    part = _rounded_part(arrays, tier, who, amounts, offset, weight, narrower, digits)
    if tier.notion == "nash":  # entitlements are not rounded there; nothing may not be a factor
        vanished = ((amounts > 0) & (part.coef == 0)).any() or (
            (offset > 0) & (part.offset == 0)
        ).any()
        lost = 1.0 if vanished else 0.0
    part = _reduced(part)
    top = float(part.largest(arrays).max(initial=2)) * max(most, 1.0)
    bits = min(MAX_LOG_BITS, max(MIN_LOG_BITS, math.floor(LOG_BITS - math.log2(top))))
    return replace(
        part,
        factor=factor,
        factor_scale=scale / common,
        factor_error=lost,
        log_scale=2.0**bits,
    )
