"""Which of two plans is better: holdings in, 1, 0 or -1 out, by the checker's own numbers.

Tiers are compared one after the other, and an order of shares number by number. A tier with slack,
or with a value that is enough, makes no difference as long as it is kept; what it is held to is
known of plans that were solved.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..check import keepable_tasks
from ..objectives import Fairness, maximises
from ..terms import fairness_numbers, term_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ..columns import Bools
    from ..holdings import Holdings
    from ..objectives import AnyTier

NEGLIGIBLE = 1e-9
"""Relative change of a value that is none: the rounding of sums."""


def numbers(held: Holdings, tier: AnyTier, keepable: Bools) -> tuple[float, ...]:
    """Give what a tier compares of a plan, signed so that more is better."""
    sign = 1.0 if maximises(tier) else -1.0
    if isinstance(tier, Fairness):
        given = fairness_numbers(held, tier)
        if tier.notion == "nash":
            return tuple(given)
        return tuple(sign * one for one in given)
    return (sign * term_value(held, tier, keepable),)


def step(old: Sequence[float], new: Sequence[float]) -> float:
    """Give the first difference of two lists of numbers, after minus before; 0 if there is none.

    Lists of different lengths are compared as far as the shorter one goes.

    Examples
    --------
    >>> step((3.0, 2.0), (3.0, 2.5)), step((1.0,), (1.0 + 1e-12,))
    (0.5, 0.0)
    """
    for a, b in zip(old, new, strict=False):
        if abs(b - a) > NEGLIGIBLE * max(1.0, abs(a)):
            return b - a
    return 0.0


def held_to(tier: AnyTier, best: float) -> float:
    """Give the value that later tiers are held to, given the best value of a loose tier.

    Examples
    --------
    >>> import assignopt as ao
    >>> held_to(ao.Value(slack=0.2), 10.0), held_to(ao.Fairness("minmax", enough=2), 1.5)
    (8.0, 2.0)
    """
    sign = 1.0 if maximises(tier) else -1.0
    if tier.enough is not None:
        return sign * min(sign * best, sign * tier.enough)
    return best - sign * tier.slack * abs(best)


def steps_between(
    tiers: Sequence[AnyTier], before: Holdings, after: Holdings, terms: pd.DataFrame
) -> list[float]:
    """(K,) what each tier gains, more being better; 0 for a loose tier that keeps what it must.

    Parameters
    ----------
    tiers
        The objective.
    before, after
        Two plans, of problems that may differ.
    terms
        Those of the plan before; with a ``bound``, what loose tiers are held to is known.
    """
    keepable = keepable_tasks(before.problem), keepable_tasks(after.problem)
    told = []
    for place, tier in enumerate(tiers):
        old, new = numbers(before, tier, keepable[0]), numbers(after, tier, keepable[1])
        change = step(old, new)
        if tier.is_loose and place < len(tiers) - 1 and "bound" in terms:
            best = float(terms["bound"].iloc[place])
            value = term_value(after, tier, keepable[1])
            sign = 1.0 if maximises(tier) else -1.0
            least = held_to(tier, best) if math.isfinite(best) else math.nan
            short = sign * (value - least)
            change = short if short < -1e-6 * max(1.0, abs(value)) else 0.0
        told.append(change)
    return told


def gains_between(
    tiers: Sequence[AnyTier],
    before: tuple[Holdings, pd.DataFrame],
    after: tuple[Holdings, pd.DataFrame],
) -> list[float]:
    """(K,) what each tier gains from one problem's best plan to another's, more being better.

    Of a loose tier the best value counts, not what later tiers left of it.
    """
    keepable = keepable_tasks(before[0].problem), keepable_tasks(after[0].problem)
    told = []
    for place, tier in enumerate(tiers):
        if tier.is_loose and all("bound" in terms for _, terms in (before, after)):
            sign = 1.0 if maximises(tier) else -1.0
            best = [sign * float(terms["bound"].iloc[place]) for _, terms in (before, after)]
            told.append(step(best[:1], best[1:]))
            continue
        pair = (
            numbers(side[0], tier, k) for side, k in zip((before, after), keepable, strict=True)
        )
        told.append(step(*pair))
    return told


def order_of(steps: Sequence[float]) -> tuple[int, int | None]:
    """Say whether the first step that is one is up or down, and which it is.

    Examples
    --------
    >>> order_of([0.0, -2.0, 3.0]), order_of([0.0])
    ((-1, 1), (0, None))
    """
    for place, change in enumerate(steps):
        if change:
            return (1 if change > 0 else -1), place
    return 0, None
