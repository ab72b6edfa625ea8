"""Three problems on the seats of a plan, each looser than the one before it.

The seats that a plan fills flow in; problems flow out that fill these very seats: under all rules,
without calendars, without skills. A plan for one is a plan for those after it, with the same amount
of every quantity on every rep.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from ..check import keepable_tasks
from ..columns import Labels, PairColumns, Ragged
from ..holdings import Holdings
from ..periods import NO_PERIOD, period_name, period_of
from ..records import OWNER
from ..rules import (
    Allow,
    AnyRule,
    Apart,
    CoverAll,
    Forbid,
    MaxLoad,
    MaxLoadGap,
    MaxMoves,
    MaxTasks,
    MinFit,
    MinLoad,
    MinTasks,
    Pin,
    Together,
)
from .envy import CELLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..columns import Bools, Floats, TaskColumns
    from ..objectives import Fairness
    from ..problem import Problem

FILLED = CoverAll(id="every seat that the plan fills")


def check_seats(held: Holdings) -> None:
    """Raise unless each seat has one holder, and no task a collaborator without an owner.

    Raises
    ------
    ValueError
        Such assignments have seats that no other plan could fill.
    """
    ids = held.problem.task_columns.id
    twice = np.flatnonzero((np.diff(held.task) == 0) & (np.diff(held.role) == 0))
    if len(twice):
        name = ids[held.task[twice[0]]]
        raise ValueError(f"task {name!r} has two holders in one seat; one is allowed. Keep one")
    orphan = np.flatnonzero(~held.is_owner & (held.owner[held.task] < 0))
    if len(orphan):
        name = ids[held.task[orphan[0]]]
        raise ValueError(f"task {name!r} has a collaborator and no owner. Name an owner")


def filling(held: Holdings, tier: Fairness) -> Problem:
    """Make the problem of filling the seats that a plan fills, under all rules.

    What stays open in the plan is removed. Selectors become lists of ids and, as they are hard
    rules already, owners who could not keep their task are forgotten: looser problems mean the
    same by both. An open seat takes its credit with it, so that the others keep their worth.
    """
    problem = held.problem
    tasks, pairs = problem.task_columns, problem.pair_columns
    kept = held.owner >= 0
    roles = np.zeros(len(tasks.roles.task), bool)
    roles[held.role[~held.is_owner]] = True
    lost = np.where(roles, 0.0, np.nan_to_num(tasks.roles.credit))
    left: Floats = 1.0 - np.bincount(tasks.roles.task, lost, len(tasks.id)).astype(np.float64)
    keepable = keepable_tasks(problem)
    open_moves = int((keepable & ~kept).sum())
    rules = [
        one for rule in problem.rules for one in _frozen(rule, problem, kept, roles, open_moves)
    ]
    return problem.replace(
        tasks=_kept_tasks(tasks, kept, roles, keepable, left),
        pairs=None if pairs is None else _kept_pairs(pairs, kept, left),
        preferences=None,
        rules=[*rules, FILLED],
        objective=[tier],
    )


def _kept_tasks(
    tasks: TaskColumns, kept: Bools, role_kept: Bools, keepable: Bools, left: Floats
) -> TaskColumns:
    owners = tasks.owner.texts()
    owners[~keepable] = None
    numbers = {name: getattr(tasks, name)[kept] for name in ("id", "effort", "priority", "burden")}
    has_time = not np.isnan(tasks.start[kept]).all()
    credit = tasks.roles.credit / np.where(left > 0, left, 1.0)[tasks.roles.task]
    return replace(
        tasks,
        **numbers,
        value=(tasks.value * left)[kept],
        requires=tasks.requires.take(kept),
        prefers=tasks.prefers.take(kept),
        customer_type=Labels.of(tasks.customer_type.texts()[kept]),
        group=Labels.of(tasks.group.texts()[kept]),
        owner=Labels.of(owners[kept]),
        start=tasks.start[kept],
        end=tasks.end[kept],
        clock=tasks.clock if has_time else "none",
        roles=replace(
            tasks.roles,
            task=(np.cumsum(kept) - 1)[tasks.roles.task[role_kept]],
            name=tasks.roles.name[role_kept],
            effort=tasks.roles.effort[role_kept],
            credit=credit[role_kept],
            requires=tasks.roles.requires.take(role_kept),
        ),
        tags=tasks.tags[kept].reset_index(drop=True),
    )


def _kept_pairs(pairs: PairColumns, kept: Bools, left: Floats) -> PairColumns:
    mine = kept[pairs.task]
    value = None if pairs.value is None else (pairs.value * left[pairs.task])[mine]
    return PairColumns(
        pairs.rep[mine],
        (np.cumsum(kept) - 1)[pairs.task[mine]],
        None if pairs.fit is None else pairs.fit[mine],
        None if pairs.effort is None else pairs.effort[mine],
        value,
    )


def _frozen(
    rule: AnyRule, problem: Problem, kept: Bools, role_kept: Bools, open_moves: int
) -> Iterator[AnyRule]:
    """Give the rule for the kept tasks, its selectors as ids; nothing where it has no object."""
    match rule:
        case CoverAll():
            return
        case Pin():
            mine = problem.select_tasks(rule.task)
            seats = kept & mine if rule.role == OWNER else role_kept & _named(rule, mine, problem)
            if seats.any():
                yield rule
        case Together() | Apart():
            ids = problem.task_columns.id[problem.select_tasks(rule.tasks) & kept].tolist()
            yield rule.model_copy(update={"tasks": ids})
        case MaxMoves():
            yield rule.model_copy(update={"n": max(rule.n - open_moves, 0)})
        case Forbid() | Allow() | MinTasks() | MaxTasks() | MinLoad() | MaxLoad():
            yield rule.model_copy(update=_ids(rule, problem, kept))
        case MinFit() | MaxLoadGap():
            yield rule
        case _:
            assert_never(rule)


def _named(pin: Pin, task: Bools, problem: Problem) -> Bools:
    """(roles,) which role a Pin on a task is about."""
    roles = problem.task_columns.roles
    named: Bools = task[roles.task] & (roles.name == pin.role)
    return named


def _ids(rule: AnyRule, problem: Problem, kept: Bools) -> dict[str, list[str]]:
    """Write out whom and what the selectors of a rule pick."""
    picked: dict[str, list[str]] = {}
    rep, task = getattr(rule, "rep", None), getattr(rule, "task", None)
    if rep is not None:
        picked["rep"] = problem.rep_columns.id[problem.select_reps(rep)].tolist()
    if task is not None:
        picked["task"] = problem.task_columns.id[problem.select_tasks(task) & kept].tolist()
    return picked


def without_calendars(problem: Problem) -> Problem:
    """Drop the reps' calendars and the tasks' times; a limit per period stays what it was."""
    reps, tasks = problem.rep_columns, problem.task_columns
    nothing = np.zeros(0)
    return problem.replace(
        reps=replace(
            reps,
            has_calendar=np.zeros(len(reps.id), bool),
            window_rep=nothing.astype(np.int64),
            window_start=nothing,
            window_end=nothing,
            clock="none",
        ),
        tasks=replace(
            tasks,
            start=np.full(len(tasks.id), np.nan),
            end=np.full(len(tasks.id), np.nan),
            clock="none",
        ),
        rules=[one for rule in problem.rules for one in by_period(problem, rule)],
    )


def by_period(problem: Problem, rule: AnyRule) -> Iterator[AnyRule]:
    """Give a rule per period as a rule for the tasks of each period, that needs no times."""
    if not isinstance(rule, MinTasks | MaxTasks) or rule.per is None:
        yield rule
        return
    tasks = problem.task_columns
    period = period_of(tasks.start, tasks.clock, rule.per)
    picked = problem.select_tasks(rule.task) & (period != NO_PERIOD)
    for number in np.unique(period[picked]):
        ids = tasks.id[picked & (period == number)].tolist()
        name = f"{rule.id} in {period_name(number, tasks.clock, rule.per)}"
        yield rule.model_copy(update={"id": name, "task": ids, "per": None})


def without_skills(problem: Problem) -> Problem:
    """Drop what says who may hold a task: requirements, pairs, Allow, Forbid and MinFit.

    Unlisted pairs get the effort, fit and value that the rep's efficiency and fit give.
    """
    tasks, pairs = problem.task_columns, problem.pair_columns
    rules = [r for r in problem.rules if not isinstance(r, Allow | Forbid | MinFit)]
    changes: dict[str, Any] = {
        "tasks": replace(
            tasks,
            requires=Ragged.none(),
            roles=replace(tasks.roles, requires=Ragged.none()),
        ),
        "pairs": None,
        "rules": rules,
    }
    if pairs is not None and not (pairs.fit is pairs.effort is pairs.value is None):
        changes["pairs"] = _all_pairs(problem, pairs)
    return problem.replace(**changes)


def _all_pairs(problem: Problem, pairs: PairColumns) -> PairColumns:
    """List every pair, with what the table says where it says something."""
    reps, tasks = len(problem.rep_columns.id), len(problem.task_columns.id)
    if reps * tasks > CELLS:
        raise ValueError(
            f"{reps} reps x {tasks} tasks are too many to make up the pairs that are not listed "
            f"({reps * tasks}/{CELLS}). Attribute a part of the tasks"
        )
    task, rep = np.repeat(np.arange(tasks), reps), np.tile(np.arange(reps), tasks)
    cross = Holdings(problem, task, rep, np.full(len(task), -1, np.int64))
    value = None
    if pairs.value is not None:
        own = problem.task_columns.value[task] * cross.fit
        value = np.where(cross.pair >= 0, pairs.value[cross.pair], own)
    return PairColumns(
        rep,
        task,
        None if pairs.fit is None else cross.fit,
        None if pairs.effort is None else cross.effort,
        value,
    )
