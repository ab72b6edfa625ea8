"""What a router's reps hold now, as a Problem: to be audited, rebalanced, explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..rules import (
    Allow,
    Apart,
    CoverAll,
    Forbid,
    MaxMoves,
    MaxTasks,
    MinLoad,
    MinTasks,
    Pin,
    Together,
)
from ..selectors import selects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..dispatching import Desk
    from ..problem import Problem
    from ..records import Task
    from ..rules import AnyRule

LEAST = (MinTasks, MinLoad, MaxMoves, CoverAll)
"""Rules that a stream cannot keep on the way, or that say nothing about it."""

_Selecting = Allow | Forbid | MaxTasks | MinTasks | CoverAll


def problem_of(desk: Desk, *, least: bool = False) -> Problem:
    """Give the tasks that are held now as a Problem, with those who have them as their owners.

    Rules about tasks that are not held are left out, and, unless ``least``, rules that ask for a
    least; caps per period say what the period leaves for them. Where pairs are restricted, all
    eligible ones are listed.
    """
    state = desk.state
    tasks = {
        name: held.task.model_copy(update={"owner": state.holder[name]})
        for name, held in desk.held.items()
    }
    listed = desk.problem.pair_columns is not None
    listed = listed or any(held.pairs is not None for held in desk.held.values())
    kept = [rule for rule in desk.problem.rules if least or not isinstance(rule, LEAST)]
    kept = [rule for rule in kept if not isinstance(rule, MaxTasks) or rule.per is None]
    rules = [about(rule, tasks) for rule in kept] + desk.caps()
    return desk.problem.replace(
        reps=list(state.reps.values()),
        tasks=list(tasks.values()),
        pairs=_pairs(desk) if listed else None,
        preferences=None,
        history=None,
        rules=[rule for rule in rules if rule is not None],
    )


def _pairs(desk: Desk) -> list[dict[str, Any]]:
    return [
        {"rep_id": rep, "task_id": name, "fit": fit, "effort": effort, "value": value}
        for name, held in desk.held.items()
        for rep, (fit, effort, value) in desk.whole_pairs(held).items()
    ]


def about(rule: AnyRule, tasks: Mapping[str, Task]) -> AnyRule | None:
    """Give a rule without the tasks that are not there; None if it says nothing then."""
    match rule:
        case Pin():
            return rule if rule.task in tasks else None
        case Together() | Apart():
            left = [name for name in rule.tasks if name in tasks]
            return rule.model_copy(update={"tasks": left}) if len(left) > 1 else None
        case Allow() | Forbid() | MaxTasks() | MinTasks():
            return _selected(rule, "task", tasks)
        case CoverAll():
            return _selected(rule, "where", tasks)
        case _:
            return rule


def _selected(rule: _Selecting, field: str, tasks: Mapping[str, Task]) -> _Selecting | None:
    selector = getattr(rule, field)
    if selector is None:
        return rule
    if isinstance(selector, list):
        left = [name for name in selector if name in tasks]
        return rule.model_copy(update={field: left}) if left else None
    return rule if any(selects(selector, task) for task in tasks.values()) else None
