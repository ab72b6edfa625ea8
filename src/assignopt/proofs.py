"""Proof that no plan exists, by sums anyone can do again: a Problem and a claim in, a proof out.

A claim names tasks and reps. Whether it proves anything is computed here from the Problem alone,
with the checker's own judgement of pairs, whoever had the idea; nothing of what finds such claims
is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .check import TOLERANCE, pair_faults
from .holdings import Holdings
from .periods import NO_PERIOD, period_of
from .records import OWNER
from .rules import (
    Allow,
    Apart,
    CoverAll,
    Forbid,
    MaxLoad,
    MaxTasks,
    MinLoad,
    MinTasks,
    Pin,
    Together,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .columns import Bools, Floats, Ints, Texts
    from .problem import Problem

Kind = Literal["room", "needs"]
By = Literal["effort", "count"]
SHOWN = 8
"""How many ids a sentence lists."""

CHUNK = 500_000
"""How many (seat, rep) are judged at a time."""


@dataclass(frozen=True)
class Certificate:
    """A set of tasks and a set of reps between whom the sums do not come out.

    Parameters
    ----------
    kind
        ``room``: the tasks must be assigned, nobody but these reps may take them, and these have
        room for less. ``needs``: the reps must take more than there is for them.
    by
        What is added up: ``effort``, or ``count`` of seats (a task's owner and each of its roles).
    tasks, reps
        Ids. The tasks that only these reps may take; all who may take one of them.
    need, have
        What is needed at least, and what there is at most.
    unit
        Of ``need`` and ``have``: the problem's effort unit, or ``tasks``.
    sentence
        The same in words.

    References
    ----------
    Hall (1935), "On representatives of subsets".

    Examples
    --------
    >>> import assignopt as ao
    >>> tasks = [ao.Task("acme", effort=6), ao.Task("zed", effort=5)]
    >>> problem = ao.Problem([ao.Rep("ana", capacity=8)], tasks, rules=[ao.CoverAll()])
    >>> proof = ao.diagnose(problem).certificate
    >>> print(proof)
    2 tasks need 11 hours ('acme' and 'zed'); only 'ana' may take them, with room for 8 hours
    >>> proof.check(problem), proof.check(problem.replace(rules=[]))
    (True, False)
    """

    kind: Kind
    by: By
    tasks: tuple[str, ...]
    reps: tuple[str, ...]
    need: float
    have: float
    unit: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    def check(self, problem: Problem) -> bool:
        """Compute everything anew, from the problem alone, and compare.

        Raises
        ------
        TypeError
            When it is given no Problem.
        """
        if not hasattr(problem, "task_columns"):
            raise TypeError(f"{type(problem).__name__} is no Problem. Give the one to be checked")
        return certify(problem, self.kind, self.by, self.tasks, self.reps) == self

    def to_data(self) -> dict[str, Any]:
        """Give the certificate as plain data, ready for JSON."""
        return {**vars(self), "tasks": list(self.tasks), "reps": list(self.reps)}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Certificate:
        """Read what :meth:`to_data` gave."""
        return cls(**{**data, "tasks": tuple(data["tasks"]), "reps": tuple(data["reps"])})


def certify(
    problem: Problem, kind: Kind, by: By, tasks: Sequence[str], reps: Sequence[str]
) -> Certificate | None:
    """Prove from these tasks and reps that no plan exists; None where they do not prove it."""
    rows = problem.tasks.index.get_indexer(pd.Index(list(tasks), dtype=object))
    who = problem.reps.index.get_indexer(pd.Index(list(reps), dtype=object))
    repeated = len(set(tasks)) < len(tasks) or len(set(reps)) < len(reps)
    if repeated or (rows < 0).any() or (who < 0).any():
        return None
    rows, who = np.sort(rows).astype(np.int64), np.sort(who).astype(np.int64)
    return (_room if kind == "room" else _needs)(problem, by, rows, who)


# -- seats, and who may hold them -------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Seats:
    """Some seats, (S,) each, and (S, R) who may hold them at what effort."""

    problem: Problem
    task: Ints
    role: Ints
    allowed: Bools
    effort: Floats

    @classmethod
    def of(cls, problem: Problem, task: Ints, role: Ints) -> _Seats:
        """Judge these seats with every rep."""
        reps = len(problem.rep_columns.id)
        allowed = np.ones((len(task), reps), bool)
        effort = np.zeros((len(task), reps))
        step = max(1, CHUNK // max(reps, 1))
        for at in range(0, len(task), step):
            part = slice(at, at + step)
            seats = len(task[part])
            held = Holdings(
                problem,
                np.repeat(task[part], reps),
                np.tile(np.arange(reps), seats),
                np.repeat(role[part], reps),
            )
            for fault in pair_faults(held):
                allowed[part] &= ~fault.bad.reshape(seats, reps)
            effort[part] = held.effort.reshape(seats, reps)
        return cls(problem, task, role, allowed, effort)

    def take(self, seats: Any, reps: Any = slice(None)) -> _Seats:
        """Give some of the seats; nobody but the given reps may hold them."""
        allowed = np.zeros_like(self.allowed[seats])
        allowed[:, reps] = self.allowed[seats][:, reps]
        return _Seats(self.problem, self.task[seats], self.role[seats], allowed, self.effort[seats])


def _mandatory(problem: Problem, tasks: Ints) -> tuple[Ints, Ints]:
    """List the (task, role) of these tasks that a rule wants filled, owners as role -1."""
    columns = problem.task_columns
    wanted = np.zeros(len(columns.id), bool)
    for rule in problem.rules:
        if isinstance(rule, CoverAll):
            wanted |= problem.select_tasks(rule.where)
    roles = wanted[columns.roles.task]
    pins = [rule for rule in problem.rules if isinstance(rule, Pin)]
    at = problem.tasks.index.get_indexer(pd.Index([p.task for p in pins], dtype=object))
    for pin, task in zip(pins, at, strict=True):
        wanted[task] = True  # also for a role: nobody holds one of a task without an owner
        if pin.role != OWNER:
            roles |= (columns.roles.task == task) & (columns.roles.name == pin.role)
    owners, rest = tasks[wanted[tasks]], np.flatnonzero(roles & np.isin(columns.roles.task, tasks))
    return (
        np.concatenate([owners, columns.roles.task[rest]]),
        np.concatenate([np.full(len(owners), -1, np.int64), rest]),
    )


def _jobs(seats: _Seats) -> Ints:
    """(S,) number the seats such that those which must go to one person have one number."""
    problem, owner = seats.problem, seats.role < 0
    sets = [seats.problem.task_columns.group.codes == code for code in _codes(seats)]
    sets += [problem.select_tasks(r.tasks) for r in problem.rules if isinstance(r, Together)]
    job = np.arange(len(seats.task))
    for members in sets:
        mine = owner & members[seats.task]
        if mine.sum() > 1:
            job[np.isin(job, job[mine])] = job[mine].min()
    return np.unique(job, return_inverse=True)[1].reshape(-1)


def _codes(seats: _Seats) -> list[int]:
    """List the groups that several of the tasks belong to."""
    codes = seats.problem.task_columns.group.codes[seats.task[seats.role < 0]]
    found, count = np.unique(codes[codes >= 0], return_counts=True)
    return [int(code) for code in found[count > 1]]


def _free(problem: Problem) -> Floats:
    """(R,) new effort that fits each rep: capacity and MaxLoad, less what is carried."""
    reps = problem.rep_columns
    limit = np.where(np.isnan(reps.capacity), np.inf, reps.capacity)
    for rule in problem.rules:
        if isinstance(rule, MaxLoad):
            limit = np.where(problem.select_reps(rule.rep), np.minimum(limit, rule.value), limit)
    return np.asarray(np.maximum(limit - reps.carried_load, 0.0))


def _slip(problem: Problem) -> float:
    """Give what the tolerances of the checker can add up to over all reps."""
    seats = len(problem.task_columns.id) + len(problem.task_columns.roles.task)
    limits = np.abs(_free(problem)) + np.abs(problem.rep_columns.carried_load)
    rounding = 1e-12 * float(limits[np.isfinite(limits)].sum())
    return 2 * TOLERANCE * (seats + len(problem.rep_columns.id)) + rounding


# -- too little room ---------------------------------------------------------------------------


def _room(problem: Problem, by: By, rows: Ints, who: Ints) -> Certificate | None:
    """Compare what tasks need that only these reps may take with the room these have."""
    seats = _Seats.of(problem, *_mandatory(problem, rows))
    job = _jobs(seats)
    jobs = int(job.max(initial=-1)) + 1
    outside = np.ones(len(problem.rep_columns.id), bool)
    outside[who] = False
    refused = np.zeros((jobs, len(outside)), bool)
    np.logical_or.at(refused, job, ~seats.allowed)
    confined = np.asarray((refused | ~outside).all(axis=1), bool)
    seats = seats.take(confined[job])
    job = np.unique(job[confined[job]], return_inverse=True)[1].reshape(-1)
    allowed, efforts = ~refused[confined], np.zeros((int(confined.sum()), len(outside)))
    np.add.at(efforts, job, seats.effort)
    named = np.array_equal(np.unique(seats.task), rows)
    if not named or not np.array_equal(np.flatnonzero(allowed.any(axis=0)), who):
        return None
    slip = 2 * TOLERANCE * (1 + len(seats.task))
    small: Bools = np.asarray(efforts <= _free(problem) + slip, bool)
    fits: Bools = np.logical_and(allowed, small)
    seats = _Seats(problem, seats.task, seats.role, fits[job], seats.effort)
    if by == "effort":
        return _room_by_effort(seats, rows, who, fits, allowed, efforts)
    return _room_by_count(seats, rows, who, joined=len(fits) < len(job))


def _room_by_effort(
    seats: _Seats, rows: Ints, who: Ints, fits: Bools, allowed: Bools, efforts: Floats
) -> Certificate | None:
    problem = seats.problem
    someone = np.where(np.asarray(fits.any(axis=1))[:, None], fits, allowed)
    need = float(np.where(someone, efforts, np.inf).min(axis=1, initial=np.inf).sum())
    free = _free(problem)
    taken = np.where(fits, efforts, 0.0).sum(axis=0)
    have = float(np.minimum(free, taken)[who].sum())
    if not (allowed.any(axis=1).all() and need > have + _slip(problem)):
        return None
    unit, tasks = problem.effort_unit, problem.task_columns.id[rows]
    said = f"{_number(need)} {unit}"
    if len(rows) == 1:
        words = f"task {tasks[0]!r} needs {said}"
    else:
        words = f"{len(rows)} tasks need {said} ({_listed(tasks)})"
    them, names = "it" if len(rows) == 1 else "them", _listed(problem.rep_columns.id[who])
    if fits.any():
        words += f"; only {names} may take {them}, with room for {_number(have)} {unit}"
    else:
        most = f"{_number(float(free[who].max()))} {unit}"
        words += f" at once; only {names} may take {them}, with room for {most} at most"
    return _wrap(problem, "room", "effort", rows, who, need, have, words)


def _room_by_count(seats: _Seats, rows: Ints, who: Ints, *, joined: bool) -> Certificate | None:
    problem = seats.problem
    most, why = _most(seats, who)
    need, have = len(seats.task), int(most.sum())
    if need <= have or not need:
        return None
    tasks, one = problem.task_columns.id[rows], len(rows) == 1
    words = f"task {tasks[0]!r}" if one else f"{len(rows)} tasks ({_listed(tasks)})"
    words += " must be assigned"
    if need > len(rows):
        words += f", {need} people in all" if one else f", {need} seats in all"
    if not len(who) and joined:
        words += "; nobody may take all of those that must have one owner" + _rules_about(
            problem, rows
        )
    elif not len(who):
        words += "; nobody may take " + ("it" if one else "any of them") + _excluded(seats)
    else:
        names, them = _listed(problem.rep_columns.id[who]), "it" if one else "them"
        reason = f" ({'; '.join(why)})" if why else ""
        words += f"; only {names} may take {them}, and can hold {have} of {need}{reason}"
    return _wrap(problem, "room", "count", rows, who, need, have, words)


def _rules_about(problem: Problem, rows: Ints) -> str:
    """List the rules that say who may take these tasks, or that they have one owner."""
    told = []
    for rule in problem.rules:
        picked = rule.tasks if isinstance(rule, Together) else getattr(rule, "task", None)
        if isinstance(rule, Pin | Together | Allow | Forbid):
            told += [rule.sentence] if problem.select_tasks(picked)[rows].any() else []
    return f" ({'; '.join(told[:SHOWN])})" if told else ""


def _excluded(seats: _Seats) -> str:
    """Say for the first tasks how many reps each rule, skill or calendar excludes."""
    problem, told = seats.problem, []
    reps = len(problem.rep_columns.id)
    if not reps:
        return " (there is no rep)"
    for task, role in list(zip(seats.task, seats.role, strict=True))[:3]:
        held = Holdings(problem, np.full(reps, task), np.arange(reps), np.full(reps, role))
        counts = {fault.rule: int(fault.bad.sum()) for fault in pair_faults(held)}
        parts = [f"{_WORDS.get(rule, rule)} {n} of {reps}" for rule, n in counts.items() if n]
        told.append(f"{problem.task_columns.id[task]!r}: " + ", ".join(parts))
    return "; excluded are, for " + "; for ".join(told)


_WORDS = {
    "active": "by not being active",
    "pairs": "by the pairs table",
    "skill": "by skill",
    "available": "by calendar",
}


# -- how many of some seats one rep can hold ---------------------------------------------------


def _most(seats: _Seats, who: Ints) -> tuple[Ints, list[str]]:
    """(R,) how many of the seats each of these reps can hold at most, and what limits them."""
    most = np.zeros(len(seats.problem.rep_columns.id), np.int64)
    why: dict[str, None] = {}
    for rep in who.tolist():
        mine = np.flatnonzero(seats.allowed[:, rep])
        limits = [(len(mine), ""), *_limits(seats, rep, mine)]
        most[rep], word = min(limits, key=lambda limit: limit[0])
        if word:
            why.setdefault(word)
    return most, list(why)[:3]


def _limits(seats: _Seats, rep: int, mine: Ints) -> Iterator[tuple[int, str]]:
    """Give bounds on how many of these seats a rep can hold, each with its words."""
    problem = seats.problem
    task = seats.task[mine]
    yield len(np.unique(task)), "each role of a task wants another person"
    most = problem.rep_columns.max_tasks[rep]
    if not np.isnan(most):
        yield int(most), "max_tasks of the reps"
    free = float(_free(problem)[rep])
    if np.isfinite(free):
        spent = np.cumsum(np.sort(seats.effort[mine, rep]))
        slip = 2 * TOLERANCE * (1 + len(mine))
        yield int((spent <= free + slip).sum()), "room for the shortest ones"
    yield _apart_in_time(problem, task), "no rep holds two that overlap in time"
    for rule in problem.rules:
        if isinstance(rule, Apart):
            inside = problem.select_tasks(rule.tasks)[task]
            yield int((~inside).sum()) + bool(inside.any()), rule.sentence
        if isinstance(rule, MaxTasks) and problem.select_reps(rule.rep)[rep]:
            for block in _blocks(problem, rule):
                inside = block[task]
                yield int((~inside).sum()) + min(rule.n, int(inside.sum())), rule.sentence


def _blocks(problem: Problem, rule: MinTasks | MaxTasks) -> Iterator[Bools]:
    """Give the tasks a rule counts: once, or for each period."""
    picked = problem.select_tasks(rule.task)
    if rule.per is None:
        yield picked
        return
    tasks = problem.task_columns
    period = period_of(tasks.start, tasks.clock, rule.per)
    for number in np.unique(period[picked & (period != NO_PERIOD)]):
        yield picked & (period == number)


def _apart_in_time(problem: Problem, task: Ints) -> int:
    """Count the most seats whose tasks do not overlap in time; those without a time all fit."""
    start, end = problem.task_columns.start[task], problem.task_columns.end[task]
    timed = ~np.isnan(start)
    free_from, count = -np.inf, int((~timed).sum())
    for at in np.flatnonzero(timed)[np.argsort(end[timed], kind="stable")]:
        if start[at] >= free_from:
            free_from, count = end[at], count + 1
    same = int(timed.sum()) - len(np.unique(task[timed]))  # two roles of a task are no overlap
    return count + same


# -- reps who need more than there is ----------------------------------------------------------


def _needs(problem: Problem, by: By, rows: Ints, who: Ints) -> Certificate | None:
    """Compare what these reps must take with what there is for them."""
    columns = problem.task_columns
    everything = np.concatenate([np.arange(len(columns.id)), columns.roles.task])
    role = np.concatenate([np.full(len(columns.id), -1), np.arange(len(columns.roles.task))])
    seats = _Seats.of(problem, everything.astype(np.int64), role.astype(np.int64))
    inside = np.isin(seats.task, rows)
    beyond = np.zeros((len(columns.id), len(problem.rep_columns.id)), bool)
    np.logical_or.at(beyond, seats.task[~inside], seats.allowed[~inside])
    low = _least(problem, by, beyond)
    seats = seats.take(inside & seats.allowed[:, who].any(axis=1), who)
    if not np.array_equal(np.unique(seats.task), rows) or not (low[who] > 0).all() or not len(who):
        return None
    need, unit = float(low[who].sum()), "tasks"
    if by == "effort":
        own = np.where(seats.allowed, seats.effort, 0.0)
        have = min(
            float(own.max(axis=1, initial=0.0).sum()),
            float(np.minimum(_free(problem), own.sum(axis=0))[who].sum()),
        )
        enough, unit = need <= have + _slip(problem), problem.effort_unit
    else:
        have = float(min(len(seats.task), _most(seats, who)[0].sum()))
        enough = need <= have
    if enough:
        return None
    names = _listed(problem.rep_columns.id[who])
    words = f"{names} must take at least {_number(need)} {unit}"
    words += " more" if by == "effort" else ""
    tasks = _listed(columns.id[rows])
    source = f" (out of {tasks})" if len(rows) else ""
    words += f" and can take {_number(have)} at most{source}"
    return _wrap(problem, "needs", by, rows, who, need, have, words)


def _least(problem: Problem, by: By, beyond: Bools) -> Floats:
    """(R,) what each rep must take out of tasks that are all counted in.

    ``beyond`` is (T, R): whether the rep may take something of a task that is not.
    """
    low = np.zeros(beyond.shape[1])
    active = problem.rep_columns.active
    for rule in problem.rules:
        if by == "effort" and isinstance(rule, MinLoad):
            who = problem.select_reps(rule.rep) & active & ~beyond.any(axis=0)
            short = rule.value - problem.rep_columns.carried_load
            low = np.where(who, np.maximum(low, short), low)
        if by == "count" and isinstance(rule, MinTasks):
            who = problem.select_reps(rule.rep) & active
            for block in _blocks(problem, rule):
                here = who & ~beyond[block].any(axis=0)
                low = np.where(here, np.maximum(low, rule.n), low)
    return low


# -- words -------------------------------------------------------------------------------------


def _wrap(
    problem: Problem,
    kind: Kind,
    by: By,
    rows: Ints,
    who: Ints,
    need: float,
    have: float,
    words: str,
) -> Certificate:
    tasks, reps = problem.task_columns.id[rows], problem.rep_columns.id[who]
    unit = problem.effort_unit if by == "effort" else "tasks"
    return Certificate(kind, by, tuple(tasks), tuple(reps), float(need), float(have), unit, words)


def _number(value: float) -> str:
    return f"{value:.10g}"


def _listed(names: Texts) -> str:
    shown = [repr(name) for name in names[:SHOWN]]
    if len(names) > SHOWN:
        return f"{', '.join(shown)} and {len(names) - SHOWN} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
