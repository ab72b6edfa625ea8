"""A problem with one small thing changed, entitlements staying as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..records import Rep
from ..rules import MaxLoad, MaxLoadGap, MaxMoves, MaxTasks, MinFit, MinLoad, MinTasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..columns import Floats, RepColumns
    from ..problem import Problem
    from ..rules import AnyRule


def with_entitlements(problem: Problem) -> RepColumns:
    """Give the reps with their entitlements written out, so that a capacity can change alone."""
    return replace(problem.rep_columns, weight=problem.weights.copy())


def with_capacity(problem: Problem, rep: int, more: float) -> Problem:
    """Give one rep more capacity."""
    reps = with_entitlements(problem)
    capacity = reps.capacity.copy()
    capacity[rep] += more
    return problem.replace(reps=replace(reps, capacity=capacity))


def with_slots(problem: Problem, rep: int, more: int) -> Problem:
    """Let one rep hold more tasks."""
    most = problem.rep_columns.max_tasks.copy()
    most[rep] += more
    return problem.replace(reps=replace(problem.rep_columns, max_tasks=most))


def with_skill(problem: Problem, rep_id: str, skill: str, level: float) -> Problem:
    """Teach one rep a skill."""
    rep = problem.reps[rep_id]
    skills = {**rep.skills, skill: max(level, rep.skills.get(skill, 0.0))}
    return problem.with_rep(rep.model_copy(update={"skills": skills}))


def with_newcomer(problem: Problem, changes: Mapping[str, object]) -> Problem:
    """Add a rep of the usual capacity and entitlement."""
    active = problem.rep_columns.active
    name, weights = newcomer_id(problem), problem.weights[active]
    rep = Rep(name, capacity=_usual(problem.rep_columns.capacity[active]), weight=_usual(weights))
    pinned = problem.replace(reps=with_entitlements(problem))
    return pinned.with_rep(rep.model_copy(update=dict(changes)))


def _usual(amounts: Floats) -> float | None:
    """Give the median of those that are known and above 0."""
    known = amounts[amounts > 0]
    return float(np.median(known)) if len(known) else None


def newcomer_id(problem: Problem) -> str:
    """Give an id that no rep has."""
    name, number = "newcomer", 2
    while name in problem.reps:
        name, number = f"newcomer {number}", number + 1
    return name


def without_rule(problem: Problem, rule: AnyRule) -> Problem:
    """Drop one rule."""
    return problem.replace(rules=[one for one in problem.rules if one is not rule])


def with_rule(problem: Problem, rule: AnyRule, new: AnyRule) -> Problem:
    """Put another rule in the place of one."""
    return problem.replace(rules=[new if one is rule else one for one in problem.rules])


def loosened(rule: AnyRule, effort: float) -> AnyRule | None:
    """Give the rule with its number one step more generous; None where it has none.

    A step is one task, one move, a tenth of fit, or an effort given.
    """
    steps: dict[type, tuple[str, float]] = {
        MaxTasks: ("n", 1),
        MinTasks: ("n", -1),
        MaxMoves: ("n", 1),
        MaxLoad: ("value", effort),
        MinLoad: ("value", -effort),
        MaxLoadGap: ("value", effort),
        MinFit: ("value", -0.1),
    }
    if type(rule) not in steps:
        return None
    name, step = steps[type(rule)]
    now = getattr(rule, name)
    to = max(0, round(now + step, 9))
    if to == now:
        return None
    fields = {field: getattr(rule, field) for field in type(rule).model_fields if field != "kind"}
    return type(rule)(**{**fields, name: to, "id": rule.id})
