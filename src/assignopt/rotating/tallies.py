"""The tiers of a rotation as integers: what a period of a pair adds to a term, or to a share.

A tier becomes a :class:`Term`: the Tally of the engines, and how its numbers are read as the value
of the tier again, to within an error on record.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

import numpy as np

from .. import selectors
from ..engines.rosters import Numbers, Tally
from ..holdings import history_of
from ..objectives import (
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
from ..scaling import LIMIT, at_scale, scaled
from ..shares import MAX_LCM

if TYPE_CHECKING:
    from ..columns import Floats, Ints
    from .layouts import Frame

SQUARES = 2.0**52
"""What squares may add up to: whole numbers below are floats without rounding."""

ROUNDED = 9
"""Decimals that a quantity is rounded to at most."""

WHOLE = 10**6
"""Largest denominator of a number that counts as a fraction."""

EXACT = 1e-6
"""Error from rounding, relative to a value, up to which it counts as proved."""


@dataclass(frozen=True, eq=False)
class Term:
    """A tier in integers: its value is ``sign * gain[0] / scale``, to within ``error``."""

    tier: AnyTier
    tally: Tally
    sign: int
    scale: float
    error: float

    def value_of(self, numbers: Numbers) -> float:
        """Turn the first number of a gain, or of a bound, into the tier's value."""
        return self.sign * numbers[0] / self.scale + 0.0

    def loosened(self, numbers: Numbers) -> Numbers:
        """Give the least that later tiers are held to.

        The gain; or the value less the slack; or what is enough, if that was reached.
        """
        if self.tier.enough is not None:
            enough = math.ceil(self.sign * self.tier.enough * self.scale - 1e-9)
            return (enough,) if numbers[0] >= enough else numbers
        if not self.tier.slack:
            return numbers
        lost = self.tier.slack * abs(self.value_of(numbers)) * self.scale
        return (numbers[0] - math.floor(lost + 1e-9),)

    def is_exact_at(self, value: float) -> bool:
        """Whether rounding is too small to matter."""
        return self.error <= EXACT * max(1.0, abs(value))


def term_of(frame: Frame, tier: AnyTier) -> Term:
    """Write a tier in integers."""
    if isinstance(tier, Fairness):
        return _fair(frame, tier)
    coef, loss, move = _sums(frame, tier)
    layout = frame.layout
    periods = float(layout.most.sum())
    total = float((np.abs(coef) * layout.most).sum() + (move * (layout.most + 1)).sum())
    at = scaled(np.concatenate([coef, loss, move]), max(total, 1.0))
    pairs = len(coef)
    reps = len(layout.low)
    tally = Tally(
        notion=None,
        coef=at.ints[:pairs],
        loss=at.ints[pairs : 2 * pairs],
        move=at.ints[2 * pairs :],
        who=np.zeros(reps, bool),
        offset=np.zeros(reps, np.int64),
        factor=np.zeros(reps, np.int64),
    )
    sign = 1 if isinstance(tier, Weighted) or maximises(tier) else -1
    return Term(tier, tally, sign, at.scale, at.error * 3 * periods)


def _sums(frame: Frame, tier: AnyTier) -> tuple[Floats, Floats, Floats]:
    """(P,) what a period adds to a gain, what a novice's lacks, and what a handover costs."""
    arrays, nothing = frame.arrays, np.zeros(frame.arrays.pairs)
    match tier:
        case Coverage():
            return frame.problem.task_columns.priority[arrays.pair_task], nothing, nothing
        case Value():
            return arrays.value, _lost(frame), nothing
        case Fit():
            return arrays.fit, nothing, nothing
        case Preference():
            return arrays.preference, nothing, nothing
        case Moves():
            if tier.cost is None:
                return nothing, nothing, nothing + 1.0
            costs = selectors.amounts(frame.problem.task_columns, tier.cost)
            return nothing, nothing, costs[arrays.pair_task]
        case Weighted():
            parts = [(weight, _sums(frame, term)) for term, weight in tier.terms]
            added = [sum(w * part[i] for w, part in parts) + nothing for i in range(3)]
            return added[0], added[1], added[2]
        case Fairness() | RepsUsed():
            raise TypeError(f"{tier.label} is no sum over pairs and periods")
        case _:
            assert_never(tier)


def _lost(frame: Frame) -> Floats:
    """(P,) what a period of a novice is short of the pair's value."""
    asked = frame.asked
    if not asked.learning:
        return np.zeros(frame.arrays.pairs)
    lost: Floats = np.where(frame.layout.novice, frame.arrays.value * (1 - asked.learning_value), 0)
    return lost


# -- fairness ------------------------------------------------------------------------------------


def _fair(frame: Frame, tier: Fairness) -> Term:
    """Write shares of totals over all periods."""
    problem, arrays, layout = frame.problem, frame.arrays, frame.layout
    weight = problem.weights if tier.per == "weight" else np.ones(arrays.reps)
    who = problem.rep_columns.active & (weight > 0)
    carried = problem.rep_columns.carried_load * layout.periods
    before = history_of(problem, tier.of, decay=tier.decay, per=tier.per)
    offset = np.where(who, before + (carried if tier.of == "load" else 0.0), 0.0)
    measured = who[layout.rep]
    coef = np.where(measured, arrays.quantity(tier.of), 0.0)
    loss = np.where(measured, _lost(frame) if tier.of == "value" else 0.0, 0.0)
    weight = np.where(who, weight, 1.0)
    squares = tier.notion == "l2"
    inverse, whole = _inverse(weight)
    exact = _is_whole(inverse, weight, whole)
    if squares:
        largest = math.sqrt(SQUARES / max(1, int(inverse[who].sum())))
        multiple, common = np.ones(arrays.reps, np.int64), 1.0
    else:
        largest, multiple, common = float(LIMIT), inverse, whole
    ints, scale, error = _whole(frame, (coef, loss, offset), multiple, common, largest)
    if not exact and not squares:
        most = (np.bincount(layout.rep, coef * layout.most, arrays.reps) + offset)[who]
        error += float((most * np.abs(inverse / whole - 1 / weight)[who]).max(initial=0))
    tally = Tally(
        notion=tier.notion,
        coef=ints[0],
        loss=ints[1],
        move=np.zeros(arrays.pairs, np.int64),
        who=who,
        offset=ints[2],
        factor=np.where(who, inverse, 0),
    )
    sign = 1 if tier.is_better_high else -1
    if not squares:
        return Term(tier, tally, sign, scale, error)
    top = tally.shares(layout, layout.most)[who] / scale
    off = (2 * top + error) * error * (inverse / whole)[who]
    off = off + top**2 * np.abs(inverse / whole - 1 / weight)[who] * (not exact)
    return Term(tier, tally, sign, scale * scale * whole, float(off.sum()))


def _whole(
    frame: Frame,
    numbers: tuple[Floats, Floats, Floats],
    multiple: Ints,
    common: float,
    largest: float,
) -> tuple[tuple[Ints, Ints, Ints], float, float]:
    """Turn quantities of pairs (two of them) and reps into integers, times a multiple for each rep.

    Exactly where the decimals, and the ``largest`` integer that a share may be, allow it.

    Returns
    -------
    ints, scale, error
        Of each; integers for one unit, ``common`` included; what a rep's share can be off by.
    """
    rep, most = frame.layout.rep, frame.layout.most
    sums = np.bincount(rep, numbers[0] * most, len(multiple)) + numbers[2]
    top = float((sums * multiple).max(initial=0))
    common_part = _denominator(np.concatenate(numbers))
    scale, error = float(common_part or 1), 0.0
    if common_part is None or top * scale > largest:
        scale = 10.0 ** min(math.floor(math.log10(largest / max(top, 1.0))), ROUNDED)
        error = 0.5 / scale * (2 * float(most.sum()) + 1)
    ints = [at_scale(one, scale).ints for one in numbers]
    ints = [ints[0] * multiple[rep], ints[1] * multiple[rep], ints[2] * multiple]
    shared = int(np.gcd.reduce(np.concatenate([*ints, [0]]))) or 1
    out = (ints[0] // shared, ints[1] // shared, ints[2] // shared)
    per = float((multiple / common).max(initial=1))
    return out, scale * common / shared, error * per


def _inverse(weight: Floats) -> tuple[Ints, float]:
    """(R,) integers in proportion to ``1 / weight``, and how many make one."""
    scale = _denominator(1 / weight)
    if scale is None:
        scale = round(1e6 * max(1.0, float(weight.max(initial=1))))
    return np.rint(scale / weight).astype(np.int64), float(scale)


def _denominator(numbers: Floats) -> int | None:
    """Give the least number by which all of these are whole; None where there is no small one.

    Examples
    --------
    >>> _denominator(np.array([0.25, 1 / 3])), _denominator(np.array([np.pi]))
    (12, None)
    """
    common = 1
    for number in np.unique(numbers).tolist():
        near = Fraction(number).limit_denominator(WHOLE)
        common = math.lcm(common, near.denominator)
        if abs(float(near) - number) > 4e-16 * abs(number) or common > MAX_LCM:
            return None
    return common


def _is_whole(multiple: Ints, weight: Floats, scale: float) -> bool:
    """Whether integers stand for ``1 / weight`` without rounding."""
    return bool(np.allclose(multiple * weight, scale, rtol=1e-12, atol=0))
