"""An estimate in sentences: what was measured, never whether it is good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .estimates import FitEstimate


LEARNED = "values are by what was learned from "


def learned_note(estimate: FitEstimate) -> str:
    """Say where the values of a plan are from, and what they do not say."""
    tasks = int(estimate.table["n"].sum())
    p = estimate.differs.p_value
    differ = "" if np.isnan(p) else f" (reps differ: p = {p:.3g})"
    return (
        f"{LEARNED}{tasks:,} finished tasks{differ}. A "
        "plan that maximises them claims more than it holds: see ao.fit.claimed(plan, ...)"
    )


def points(rate: float) -> str:
    """Write a difference of rates in points of a hundred.

    Examples
    --------
    >>> points(0.1014), points(-0.004), points(0.00001)
    ('+10.1', '-0.4', '0.0')
    """
    rounded = round(100 * rate, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def summary(estimate: FitEstimate) -> str:
    """Say what was found, and what was not."""
    table, rates = estimate.table, estimate.rates
    tasks, won = int(table["n"].sum()), int(table["successes"].sum())
    unseen = int((table["n"] == 0).sum())
    lines = [
        (
            f"{tasks:,} finished tasks, {won / tasks:.1%} successes; {len(rates)} reps x "
            f"{len(estimate.types)} types, {unseen:,} of {len(table):,} cells never seen."
        ),
        _differs(estimate),
        (
            f"Raw rates of reps run from {rates['raw'].min():.1%} to {rates['raw'].max():.1%}, "
            f"estimates from {rates['estimate'].min():.1%} to {rates['estimate'].max():.1%}."
        ),
    ]
    if estimate.method == "crossed":
        none = dict(zip(estimate.shrinkage["source"], estimate.shrinkage["none"], strict=True))
        lines.append(
            f"Probability that reps have one rate: {_chance(none['reps'])}; that no rep differs "
            f"by type: {_chance(none['cells'])}."
        )
    if estimate.holdout is not None:
        lines.append(f"Check: {estimate.holdout}.")
    lines.append(
        "An assignment that maximises these estimates claims more than it holds where they are "
        "noise: see ao.fit.backtest and ao.fit.claimed."
    )
    return "\n".join(lines)


def _differs(estimate: FitEstimate) -> str:
    differ, more = estimate.differs, estimate.interactions
    return (
        f"Do reps differ at all? p = {differ.p_value:.3g}; by type beyond their rates? "
        f"p = {more.p_value:.3g}, approximately (how often a log without such differences shows as "
        "much)."
    )


def _chance(value: float) -> str:
    if np.isnan(value):
        return "not asked"
    return "below 0.1 %" if value < 0.001 else f"{value:.1%}"
