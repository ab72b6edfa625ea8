"""From a Problem to its arrays: eligible pairs, mandatory seats, groups and linear rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .arrays import Arrays, Row
from .eligibility import eligible_pairs
from .periods import NO_PERIOD, period_of
from .records import OWNER
from .rules import Apart, CoverAll, MaxMoves, MaxTasks, MinFit, MinTasks, Pin, Together
from .scaling import LIMIT, MAX_DECIMALS

if TYPE_CHECKING:
    from .columns import Bools, Ints
    from .problem import Problem


def compile_problem(problem: Problem) -> Arrays:
    """Compile a Problem.

    Raises
    ------
    pydantic.ValidationError
        When efforts add up to more than integers can hold.
    """
    tasks = problem.task_columns
    seat_task = np.concatenate([np.arange(len(tasks.id)), tasks.roles.task]).astype(np.int32)
    seat, rep = eligible_pairs(problem, seat_task)
    counts = np.bincount(seat, minlength=len(seat_task))
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    arrays = Arrays(problem, seat_task, seat, rep, first, _mandatory(problem, seat_task))
    arrays = _with_least_fit(arrays)
    _check_total(arrays)
    arrays.groups.extend(_groups(problem))
    for add in (_person_rows, _apart_rows, _bound_rows, _move_rows):
        arrays.rows.extend(add(arrays))
    return arrays


def _with_least_fit(arrays: Arrays) -> Arrays:
    """Drop the pairs that fit less than a MinFit rule asks for."""
    least = [rule.value for rule in arrays.problem.rules if isinstance(rule, MinFit)]
    if not least:
        return arrays
    kept = arrays.fit >= max(least) - 1e-12
    counts = np.bincount(arrays.pair_seat[kept], minlength=arrays.seats)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    pairs = arrays.pair_seat[kept], arrays.pair_rep[kept]
    return Arrays(arrays.problem, arrays.seat_task, *pairs, first, arrays.mandatory)


def _check_total(arrays: Arrays) -> None:
    """Scale the efforts at once where their sum could be too large, which is then said."""
    tasks, reps = arrays.problem.task_columns, arrays.problem.rep_columns
    least = reps.efficiency.min(initial=1.0)
    total = (tasks.effort.sum() + tasks.roles.effort.sum()) / least + reps.carried_load.sum()
    given = arrays.given("effort")
    if total + (0.0 if given is None else given.sum()) > LIMIT / 10**MAX_DECIMALS:
        _ = arrays.rounded


def _mandatory(problem: Problem, seat_task: Ints) -> Bools:
    wanted = np.zeros(len(seat_task), bool)
    roles = problem.task_columns.roles
    tasks = len(problem.task_columns.id)
    for rule in problem.rules:
        if isinstance(rule, CoverAll):
            wanted |= problem.select_tasks(rule.where)[seat_task]
        elif isinstance(rule, Pin):
            task = int(problem.tasks.index.get_indexer(pd.Index([rule.task]))[0])
            if rule.role == OWNER:
                wanted[task] = True
            else:
                mine = (roles.task == task) & (roles.name == rule.role)
                wanted[tasks + np.flatnonzero(mine)] = True
    return wanted


def _groups(problem: Problem) -> list[Ints]:
    """List the sets of tasks that have one owner at most."""
    codes = problem.task_columns.group.codes
    grouped = np.flatnonzero(codes >= 0)
    order = grouped[np.argsort(codes[grouped], kind="stable")]
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    sets = np.split(order, cuts) if len(order) else []
    sets += [
        np.flatnonzero(problem.select_tasks(rule.tasks))
        for rule in problem.rules
        if isinstance(rule, Together)
    ]
    return [one for one in sets if len(one) > 1]


def _person_rows(arrays: Arrays) -> list[Row]:
    """Give a rep at most one seat of a task, and a role a holder only where there is an owner."""
    if not arrays.has_roles:
        return []
    rows: list[Row] = []
    shared = np.zeros(arrays.tasks, bool)
    shared[arrays.seat_task[arrays.tasks :]] = True
    some = np.flatnonzero(shared[arrays.pair_task])
    key = arrays.pair_task[some].astype(np.int64) * arrays.reps + arrays.pair_rep[some]
    order = np.argsort(key, kind="stable")
    cuts = np.flatnonzero(np.diff(key[order])) + 1
    parts = np.split(some[order], cuts)
    rows.extend(Row(part, high=1, kind="person") for part in parts if len(part) > 1)
    for seat in range(arrays.tasks, arrays.seats):
        task = arrays.seat_task[seat]
        mine = np.arange(arrays.first[seat], arrays.first[seat + 1])
        owner = np.arange(arrays.first[task], arrays.first[task + 1])
        coef = np.concatenate([np.ones(len(mine), np.int64), -np.ones(len(owner), np.int64)])
        if len(mine):
            pairs = np.concatenate([mine, owner])
            rows.append(Row(pairs, high=0, coef=coef, kind="needs_owner"))
    return rows


def _apart_rows(arrays: Arrays) -> list[Row]:
    rows: list[Row] = []
    for rule in arrays.problem.rules:
        if not isinstance(rule, Apart):
            continue
        chosen = np.flatnonzero(arrays.problem.select_tasks(rule.tasks)[arrays.pair_task])
        chosen = chosen[np.argsort(arrays.pair_rep[chosen], kind="stable")]
        cuts = np.flatnonzero(np.diff(arrays.pair_rep[chosen])) + 1
        parts = np.split(chosen, cuts)
        rows.extend(Row(part, high=1, kind="apart") for part in parts if len(part) > 1)
    return rows


def _bound_rows(arrays: Arrays) -> list[Row]:
    """Bound the counts of part of the tasks, or of the tasks of each period."""
    rows: list[Row] = []
    problem = arrays.problem
    tasks = problem.task_columns
    for rule in problem.rules:
        if not isinstance(rule, MaxTasks | MinTasks) or arrays.counts_all(rule):
            continue
        what, who = problem.select_tasks(rule.task), problem.select_reps(rule.rep)
        period = np.zeros(arrays.tasks, np.int64)
        if rule.per is not None:
            period = period_of(tasks.start, tasks.clock, rule.per)
            what = what & (period != NO_PERIOD)
        if isinstance(rule, MinTasks):
            who = who & problem.rep_columns.active
        periods = np.unique(period[what]) if rule.per is not None else np.zeros(1, np.int64)
        bounds: dict[str, Any] = {"kind": "bound" if rule.per is None else "period"}
        bounds["high" if isinstance(rule, MaxTasks) else "low"] = rule.n
        for rep in np.flatnonzero(who):
            pairs = arrays.pairs_of_rep(int(rep))
            pairs = pairs[what[arrays.pair_task[pairs]]]
            when = period[arrays.pair_task[pairs]]
            for number in periods:
                mine = pairs[when == number]
                if len(mine) > rule.n or (isinstance(rule, MinTasks) and rule.n > 0):
                    rows.append(Row(mine, **bounds))
    return rows


def _move_rows(arrays: Arrays) -> list[Row]:
    stays = arrays.present[arrays.present >= 0]
    return [
        Row(stays, low=len(stays) - rule.n, kind="moves")
        for rule in arrays.problem.rules
        if isinstance(rule, MaxMoves) and len(stays) > rule.n
    ]
