"""Who may hold which seat: rules and skills in, sparse sorted pairs out.

Seats with the same requirements, and under the same broad rules, share one signature; the reps who
may hold a signature are found once and expanded to its seats. Filters that concern single pairs
(narrow rules, calendars, pins) are applied to the pairs afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .columns import Ragged
from .records import OWNER
from .rules import Allow, Forbid, Pin
from .shapes import runs

if TYPE_CHECKING:
    from .columns import Bools, Ints
    from .problem import Problem

NARROW = 100
"""A Forbid rule about at most this many tasks is applied pair by pair."""


def eligible_pairs(problem: Problem, seat_task: Ints) -> tuple[Ints, Ints]:
    """List the pairs (seat, rep) that may be, by seat, then rep.

    Parameters
    ----------
    problem
        The problem.
    seat_task
        (S,) task of each seat: the owners first, then the roles.

    Returns
    -------
    seat, rep
        (P,) int32 each.
    """
    signature, allowed = _signatures(problem, seat_task)
    if problem.pair_columns is None:
        seat, rep = _expand(signature, allowed)
    else:
        seat, rep = _listed(problem, seat_task, signature, allowed)
    for keep in (_narrow, _pins, _calendars):
        kept = keep(problem, seat_task, seat, rep)
        if kept is not None and not kept.all():
            seat, rep = seat[kept], rep[kept]
    return seat, rep


def _signatures(problem: Problem, seat_task: Ints) -> tuple[Ints, list[Ints]]:
    """Give each seat the number of its signature, and list the reps who may hold each."""
    tasks = problem.task_columns
    everyone = problem.rep_columns.active.copy()
    conditions: list[Ints] = []
    holders = _Holders(problem)
    parts: list[tuple[Ints, Ints]] = []
    for offset, needs in ((0, tasks.requires), (len(tasks.id), tasks.roles.requires)):
        if not len(needs.row):
            continue
        levels = np.stack([needs.key.astype(np.float64), needs.amount], axis=1)
        distinct, which = np.unique(levels, axis=0, return_inverse=True)
        parts.append((needs.row + offset, which.reshape(-1) + len(conditions)))
        for key, least in distinct:
            name = needs.keys[int(key)]
            conditions.append(holders.who_has(name, least))
    for rule in problem.rules:
        if not isinstance(rule, Allow | Forbid):
            continue
        picked = problem.select_tasks(rule.task)
        fine = problem.select_reps(rule.rep)
        fine = fine if isinstance(rule, Allow) else ~fine
        if picked.all():
            everyone &= fine
        elif isinstance(rule, Allow) or picked.sum() > NARROW:
            seats = np.flatnonzero(picked[seat_task])
            parts.append((seats, np.full(len(seats), len(conditions))))
            conditions.append(np.flatnonzero(fine))
    if not parts:
        return np.zeros(len(seat_task), np.int64), [np.flatnonzero(everyone)]
    row = np.concatenate([p[0] for p in parts])
    names = np.array([f"{i:09d}" for i in range(len(conditions))], object)
    told = Ragged.of(row, names[np.concatenate([p[1] for p in parts])], np.ones(len(row)))
    signature = told.signatures(len(seat_task))
    allowed = []
    for example in np.unique(signature, return_index=True)[1]:
        lo, hi = np.searchsorted(told.row, [example, example + 1])
        parts_of = [conditions[int(told.keys[key])] for key in told.key[lo:hi]]
        allowed.append(_in_all(parts_of, everyone))
    return signature, allowed


class _Holders:
    """The reps by skill, looked up without going through all of them."""

    def __init__(self, problem: Problem) -> None:
        skills = problem.rep_columns.skills
        self._reps = len(problem.rep_columns.id)
        self._code = {name: i for i, name in enumerate(skills.keys)}
        order = np.lexsort((skills.row, skills.key))
        self._row, self._level = skills.row[order], skills.amount[order]
        self._first = np.searchsorted(skills.key[order], np.arange(len(skills.keys) + 1))

    def who_has(self, skill: str, least: float) -> Ints:
        """List the reps who have a skill at this level or above, in order."""
        if least <= 0:
            return np.arange(self._reps)
        if skill not in self._code:
            return np.zeros(0, np.int64)
        lo, hi = self._first[self._code[skill] : self._code[skill] + 2]
        return np.asarray(self._row[lo:hi][self._level[lo:hi] >= least])


def _in_all(lists: list[Ints], everyone: Bools) -> Ints:
    """List the reps who meet all conditions, beginning with the one that fewest meet."""
    if not lists:
        return np.flatnonzero(everyone)
    first, *rest = sorted(lists, key=len)
    who = first[everyone[first]]
    for other in rest:
        who = np.intersect1d(who, other, assume_unique=True)
    return who


def _expand(signature: Ints, allowed: list[Ints]) -> tuple[Ints, Ints]:
    sizes = np.array([len(who) for who in allowed], np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    length = sizes[signature] if len(signature) else np.zeros(0, np.int64)
    total = int(length.sum())
    seat = np.repeat(np.arange(len(signature), dtype=np.int32), length)
    if not total:
        return seat, np.zeros(0, np.int32)
    begin = np.concatenate([[0], np.cumsum(length)])[:-1]
    at = np.arange(total) + np.repeat(starts[signature] - begin, length)
    return seat, np.concatenate(allowed).astype(np.int32)[at]


def _listed(
    problem: Problem, seat_task: Ints, signature: Ints, allowed: list[Ints]
) -> tuple[Ints, Ints]:
    """Keep the rows of the pairs table whose rep may hold the seat's signature."""
    table = problem.pair_columns
    assert table is not None
    reps, tasks = len(problem.rep_columns.id), len(problem.task_columns.id)
    seat, rep = table.task.astype(np.int32), table.rep.astype(np.int32)
    roles = np.arange(tasks, len(seat_task))
    if len(roles):
        begin = np.searchsorted(table.task, seat_task[roles], side="left")
        end = np.searchsorted(table.task, seat_task[roles], side="right")
        rows = [np.arange(b, e) for b, e in zip(begin, end, strict=True)]
        seat = np.concatenate([seat, np.repeat(roles, end - begin).astype(np.int32)])
        rep = np.concatenate([rep, *(table.rep[r].astype(np.int32) for r in rows)])
    if len(allowed) == 1:
        who = np.zeros(reps, bool)
        who[allowed[0]] = True
        kept = who[rep] if not who.all() else None
    else:
        keys = np.concatenate([np.asarray(who) + i * reps for i, who in enumerate(allowed)])
        wanted = signature[seat] * reps + rep
        at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        kept = keys[at] == wanted if len(keys) else np.zeros(len(wanted), bool)
    return (seat, rep) if kept is None else (seat[kept], rep[kept])


def _of_tasks(seat_task: Ints, seat: Ints, tasks: Ints) -> Ints:
    """Find the pairs of a few tasks among pairs sorted by seat."""
    seats = np.flatnonzero(np.isin(seat_task, tasks))
    begin, end = np.searchsorted(seat, seats), np.searchsorted(seat, seats + 1)
    parts = [np.arange(b, e) for b, e in zip(begin, end, strict=True)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _narrow(problem: Problem, seat_task: Ints, seat: Ints, rep: Ints) -> Bools | None:
    kept = np.ones(len(seat), bool)
    found = False
    for rule in problem.rules:
        if not isinstance(rule, Forbid):
            continue
        picked = problem.select_tasks(rule.task)
        if picked.all() or picked.sum() > NARROW:
            continue
        found = True
        mine = _of_tasks(seat_task, seat, np.flatnonzero(picked))
        kept[mine[problem.select_reps(rule.rep)[rep[mine]]]] = False
    return kept if found else None


def _pins(problem: Problem, seat_task: Ints, seat: Ints, rep: Ints) -> Bools | None:
    pins = [rule for rule in problem.rules if isinstance(rule, Pin)]
    if not pins:
        return None
    tasks, roles = len(problem.task_columns.id), problem.task_columns.roles
    row = problem.tasks.index.get_indexer(pd.Index([pin.task for pin in pins]))
    who = problem.reps.index.get_indexer(pd.Index([pin.rep for pin in pins]))
    wanted = np.full(len(seat_task), -1, np.int64)
    for pin, task, holder in zip(pins, row, who, strict=True):
        mine = (roles.task == task) & (roles.name == pin.role)
        wanted[task if pin.role == OWNER else tasks + int(np.flatnonzero(mine)[0])] = holder
    return np.asarray((wanted[seat] < 0) | (wanted[seat] == rep))


def _calendars(problem: Problem, seat_task: Ints, seat: Ints, rep: Ints) -> Bools | None:
    reps, tasks = problem.rep_columns, problem.task_columns
    timed = ~np.isnan(tasks.start)
    if not reps.has_calendar.any() or not timed.any():
        return None
    task = seat_task[seat]
    asked = np.flatnonzero(timed[task] & reps.has_calendar[rep])
    asked = asked[np.argsort(rep[asked], kind="stable")]
    kept = np.ones(len(seat), bool)
    kept[asked] = False
    for who, mine in runs(rep[asked]):
        pairs = asked[mine]
        start, end = tasks.start[task[pairs]], tasks.end[task[pairs]]
        for opens, closes in _open_times(problem, who):
            kept[pairs[(start >= opens) & (end <= closes)]] = True
    return kept


def _open_times(problem: Problem, rep: int) -> list[list[float]]:
    """List the windows of a rep, joined where they touch."""
    reps = problem.rep_columns
    mine = reps.window_rep == rep
    joined: list[list[float]] = []
    windows: list[Any] = sorted(zip(reps.window_start[mine], reps.window_end[mine], strict=True))
    for start, end in windows:
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return joined
