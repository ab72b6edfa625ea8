"""The value of every objective tier for given holdings: the definition, in numpy.

No engine's number is ever read here; what a plan reports is what this module computes.
"""

from __future__ import annotations

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
            return float(moved_tasks(held, keepable).sum())
        case RepsUsed():
            return float((held.count > 0).sum())
        case Fairness():
            return _fairness(held, tier)
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


def _fairness(held: Holdings, tier: Fairness) -> float:
    who = measured_reps(held, tier)
    if not who.any():
        return 0.0
    quantity = (held.quantity(tier.of) + history_of(held.problem, tier.of))[who]
    weight = entitlements(held, tier)[who]
    share = quantity / weight
    if tier.notion == "minmax":
        return float(share.max())
    if tier.notion == "maxmin":
        return float(share.min())
    if tier.notion == "range":
        return float(share.max() - share.min())
    return float((quantity * share).sum())
