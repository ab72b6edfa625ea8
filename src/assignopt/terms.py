"""The value of every objective tier for given holdings: the definition, in numpy.

No engine's number is ever read here; what a plan reports is what this module computes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, assert_never

import numpy as np
import pandas as pd

from .holdings import Holdings, history_of
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

if TYPE_CHECKING:
    from .columns import Bools, Floats

_PLACE = {"nash": 1}
"""Where among the numbers of a notion its value stands, if not first."""


def term_value(held: Holdings, tier: AnyTier, keepable: Bools) -> float:
    """Compute the value of one tier.

    Parameters
    ----------
    held
        The plan.
    tier
        The tier, as defined in its docstring.
    keepable
        (T,) whether the task's present owner could keep it.
    """
    match tier:
        case Coverage():
            return _coverage(held)
        case Value():
            return float(held.value.sum())
        case Fit():
            return float(held.fit.sum())
        case Preference():
            return _preference(held)
        case Moves():
            return float(held.problem.move_costs(tier.cost)[moved_tasks(held, keepable)].sum())
        case RepsUsed():
            return float((held.count > 0).sum())
        case Fairness():
            return fairness_numbers(held, tier)[_PLACE.get(tier.notion, 0)]
        case Weighted():
            return sum(
                weight * (1 if maximises(term) else -1) * term_value(held, term, keepable)
                for term, weight in tier.terms
            )
        case _:
            assert_never(tier)


def moved_tasks(held: Holdings, keepable: Bools) -> Bools:
    """(T,) whether the task moves: its owner could keep it, and another or nobody gets it."""
    elsewhere: Bools = held.owner != present_owner(held)
    return keepable & elsewhere


def present_owner(held: Holdings) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(T,) rep row of the present owner; -1 where there is none."""
    problem = held.problem
    owner = problem.task_columns.owner
    rows = (
        problem.reps.index.get_indexer(pd.Index(owner.names, dtype=object))
        if owner.names
        else np.zeros(0, int)
    )
    return np.append(rows, -1).astype(np.int64)[owner.codes]


def _coverage(held: Holdings) -> float:
    tasks = held.problem.task_columns
    seats = 1 + np.bincount(tasks.roles.task, minlength=len(tasks.id))
    return float((tasks.priority[held.task] / seats[held.task]).sum())


def _preference(held: Holdings) -> float:
    problem = held.problem
    prefers, skills = problem.task_columns.prefers, problem.rep_columns.skills
    total = 0.0
    if len(prefers.row) and len(skills.row):
        has = {
            (rep, skills.keys[key])
            for rep, key, level in zip(skills.row, skills.key, skills.amount, strict=True)
            if level > 0
        }
        owner = held.owner[prefers.row]
        for rep, key, weight in zip(owner, prefers.key, prefers.amount, strict=True):
            if (rep, prefers.keys[key]) in has:
                total += weight
    wishes = problem.preference_columns
    if wishes is not None and len(wishes.rep):
        reps = len(problem.rep_columns.id)
        met = np.isin(wishes.task * reps + wishes.rep, held.task * reps + held.rep)
        total += float(problem.preference_weights[met].sum())
    return float(total)


def measured_reps(held: Holdings, tier: Fairness) -> Bools:
    """(R,) whom a fairness tier measures: active, entitled and, if asked, with work."""
    problem = held.problem
    measured = problem.rep_columns.active.copy()
    if tier.per == "weight":
        measured &= problem.weights > 0
    if tier.idle == "ignore":
        measured &= held.count > 0
    return measured


def entitlements(held: Holdings, tier: Fairness) -> Floats:
    """(R,) by what a fairness tier divides."""
    weights = held.problem.weights
    return weights if tier.per == "weight" else np.ones(len(weights))


def fairness_numbers(held: Holdings, tier: Fairness) -> tuple[float, ...]:
    """Give the numbers by which a fairness tier compares plans, the first mattering most.

    ``leximax``: the shares from the largest down, idle reps at 0 where they are ignored;
    ``leximin``: from the smallest up, idle reps at infinity where they are ignored, all zeros with
    nobody at work; ``nash``: how many reps have something, and the value; else the value alone.
    """
    who = measured_reps(held, tier)
    if tier.notion in ("leximax", "leximin"):
        return _sorted_shares(held, tier, who)
    nothing = (0.0, 0.0) if tier.notion == "nash" else (0.0,)
    if not who.any():
        return nothing
    quantity, weight = amounts(held, tier)[who], entitlements(held, tier)[who]
    return _numbers(held, tier, quantity, weight)


def _numbers(held: Holdings, tier: Fairness, quantity: Floats, weight: Floats) -> tuple[float, ...]:
    share = quantity / weight
    match tier.notion:
        case "minmax":
            return (float(share.max()),)
        case "maxmin":
            return (float(share.min()),)
        case "range":
            return (float(share.max() - share.min()),)
        case "l2":
            return (float((quantity * share).sum()),)
        case "gini":
            return (_gini(quantity, weight),)
        case "nash":
            has = share > 0
            everyone = entitlements(held, tier)[measured_reps(held, counting_everyone(tier))].sum()
            if not has.any():
                return 0.0, 0.0
            logs = float((weight[has] * np.log(share[has])).sum())
            return float(has.sum()), math.exp(logs / float(everyone))
        case "leximax" | "leximin":
            return _sorted_shares(held, tier, measured_reps(held, tier))
        case _:
            assert_never(tier.notion)


def counting_everyone(tier: Fairness) -> Fairness:
    """Give the tier that measures everyone, idle or not."""
    return tier.model_copy(update={"idle": "count"})


def amounts(held: Holdings, tier: Fairness) -> Floats:
    """(R,) what each rep has of the quantity, the history added."""
    past = history_of(held.problem, tier.of, decay=tier.decay, per=tier.per)
    return held.quantity(tier.of) + past


def _sorted_shares(held: Holdings, tier: Fairness, who: Bools) -> tuple[float, ...]:
    everyone = measured_reps(held, counting_everyone(tier))
    if not everyone.any():
        return (0.0,)
    weight = np.where(everyone, entitlements(held, tier), 1.0)
    share = amounts(held, tier) / weight
    if tier.notion == "leximax":
        share = np.where(who, share, 0.0)[everyone]
        return tuple(np.sort(share)[::-1].tolist())
    share = np.where(who, share, math.inf)[everyone] if who.any() else np.zeros(everyone.sum())
    return tuple(np.sort(share).tolist())


def _gini(quantity: Floats, weight: Floats) -> float:
    """Add up all differences between shares; see :class:`Fairness`."""
    total = float(quantity.sum())
    if total <= 0:
        return 0.0
    apart = np.abs(np.outer(quantity, weight) - np.outer(weight, quantity)).sum() / 2
    return float(apart / (weight.sum() * total))
