"""Where work and people cannot match: compiled arrays in, sets of tasks and reps out.

Each set comes from a minimum cut, and is a claim for :mod:`assignopt.proofs` to prove or reject.

References
----------
Hall (1935), "On representatives of subsets"; Ford and Fulkerson (1956), "Maximal flow through a
network", for the cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..periods import NO_PERIOD, period_of
from ..rules import Apart, MaxTasks, MinTasks
from ..scaling import NO_LIMIT
from .networks import Network, run_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from .running import Run


@dataclass(frozen=True)
class Shortage:
    """A claim: these tasks and reps do not match, by effort or by count of seats."""

    kind: Literal["room", "needs"]
    by: Literal["effort", "count"]
    tasks: tuple[str, ...]
    reps: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Demands:
    """Jobs, each for one person, with the pairs (job, rep) that may be.

    ``seat_job`` is (S,): the job of each mandatory seat, -1 elsewhere.
    """

    seat_job: Ints
    seats: Ints
    job: Ints
    rep: Ints
    effort: Ints
    fits: Bools


def find_shortages(arrays: Arrays, run: Run) -> Iterator[Shortage]:
    """Look for mandatory tasks with too little room, then for reps with too little work.

    Parameters
    ----------
    arrays
        The compiled problem.
    run
        Clock and stop signals.
    """
    if arrays.mandatory.any():
        demands = _demands(arrays)
        yield from _without_anyone(arrays, demands)
        yield from _by_effort(arrays, demands, run)
        yield from _by_count(arrays, demands, run)
    yield from _of_needs(arrays, run)


# -- jobs ----------------------------------------------------------------------------------------


def _demands(arrays: Arrays) -> _Demands:
    """Join the mandatory seats that must go to one person, and the pairs that are left to them."""
    must = arrays.mandatory.copy()
    must[arrays.seat_task[np.flatnonzero(must)]] = True  # no role without an owner
    job = np.where(must, np.arange(arrays.seats), -1)
    for tasks in arrays.groups:
        mine = tasks[must[tasks]]
        if len(mine) > 1:
            job[np.isin(job, job[mine])] = job[mine].min()
    job[must] = np.unique(job[must], return_inverse=True)[1]
    seats = np.bincount(job[must])
    mine = np.flatnonzero(must[arrays.pair_seat])
    key = job[arrays.pair_seat[mine]] * arrays.reps + arrays.pair_rep[mine]
    keys, at, count = np.unique(key, return_inverse=True, return_counts=True)
    whole = count == seats[keys // max(arrays.reps, 1)]
    effort = np.zeros(len(keys), np.int64)
    most = arrays.load_bounds[1]
    if (most < NO_LIMIT).any():
        np.add.at(effort, at, arrays.rounded.down[mine])
    keys, effort = keys[whole], effort[whole]
    owner, rep = keys // max(arrays.reps, 1), keys % max(arrays.reps, 1)
    return _Demands(job, seats, owner, rep, effort, effort <= most[rep])


def _room(
    arrays: Arrays, demands: _Demands, by: Literal["effort", "count"], jobs: Bools
) -> Shortage:
    """Claim that these jobs have too little room, with all who may take one of them."""
    tasks = np.unique(arrays.seat_task[np.isin(demands.seat_job, np.flatnonzero(jobs))])
    reps = np.unique(demands.rep[jobs[demands.job]])
    return _named(arrays, "room", by, tasks, reps)


def _named(
    arrays: Arrays,
    kind: Literal["room", "needs"],
    by: Literal["effort", "count"],
    tasks: Ints,
    reps: Ints,
) -> Shortage:
    columns = arrays.problem.task_columns, arrays.problem.rep_columns
    return Shortage(kind, by, tuple(columns[0].id[tasks]), tuple(columns[1].id[reps]))


def _without_anyone(arrays: Arrays, demands: _Demands) -> Iterator[Shortage]:
    """Find jobs that nobody may take, and the first that is too large for all who may."""
    jobs = len(demands.seats)
    anyone, fitting = np.zeros(jobs, bool), np.zeros(jobs, bool)
    anyone[demands.job] = True
    fitting[demands.job[demands.fits]] = True
    if not anyone.all():
        yield _room(arrays, demands, "count", ~anyone)
    large = np.flatnonzero(anyone & ~fitting)
    if len(large):
        yield _room(arrays, demands, "effort", np.arange(jobs) == large[0])


# -- cuts ----------------------------------------------------------------------------------------


def _by_effort(arrays: Arrays, demands: _Demands, run: Run) -> Iterator[Shortage]:
    """Compare the least efforts of the jobs with the room of the reps."""
    most, fits = arrays.load_bounds[1], demands.fits
    if (most >= NO_LIMIT).all():
        return
    need = np.full(len(demands.seats), NO_LIMIT)
    np.minimum.at(need, demands.job[fits], demands.effort[fits])
    need[need == NO_LIMIT] = 0
    room = np.minimum(most, int(need.sum()) + 1)
    found = _cut(need, room, demands.job[fits], demands.rep[fits], run)
    if found is not None:
        yield _room(arrays, demands, "effort", (need > 0) & _confined(demands, found[1]))


def _by_count(arrays: Arrays, demands: _Demands, run: Run) -> Iterator[Shortage]:
    """Compare the seats of jobs with how many of them each rep can hold, family by family."""
    problem = arrays.problem
    everyone = _most_seats(arrays, demands)
    families: list[tuple[Bools, Ints]] = [(demands.seats > 0, everyone)]
    single = np.minimum(everyone, 1)
    families += [(jobs, single) for jobs in _exclusive(arrays, demands)]
    for rule in problem.rules:
        if isinstance(rule, MaxTasks) and not arrays.counts_all(rule):
            high = np.where(problem.select_reps(rule.rep), np.minimum(everyone, rule.n), everyone)
            families += [(_jobs_of(arrays, demands, b), high) for b in _blocks(arrays, rule)]
    degree = np.bincount(demands.job[demands.fits], minlength=len(demands.seats))
    for jobs, high in families:
        need = np.where(jobs, demands.seats, 0)
        loose = (high[demands.rep[demands.fits]] >= 1).all() and degree[jobs].min(
            initial=arrays.reps
        ) >= need.sum()
        if loose:
            continue
        mine = demands.fits & jobs[demands.job]
        found = _cut(need, high, demands.job[mine], demands.rep[mine], run)
        if found is not None:
            yield _room(arrays, demands, "count", jobs & _confined(demands, found[1]))


def _most_seats(arrays: Arrays, demands: _Demands) -> Ints:
    """(R,) how many mandatory seats each rep can hold, by counts and by its lightest ones."""
    total = int(demands.seats.sum())
    high, most = np.minimum(arrays.count_bounds[1], total), arrays.load_bounds[1]
    lightest = np.full(arrays.reps, NO_LIMIT)
    mine = demands.fits
    np.minimum.at(
        lightest, demands.rep[mine], demands.effort[mine] // demands.seats[demands.job[mine]]
    )
    bounded = (most < NO_LIMIT) & (lightest > 0)
    return np.where(bounded, np.minimum(high, most // np.maximum(lightest, 1)), high)


def _exclusive(arrays: Arrays, demands: _Demands) -> Iterator[Bools]:
    """Give sets of jobs of which nobody can hold two."""
    tasks = [*arrays.cliques]
    tasks += [
        np.flatnonzero(arrays.problem.select_tasks(rule.tasks))
        for rule in arrays.problem.rules
        if isinstance(rule, Apart)
    ]
    tasks += [np.array([task]) for task in np.unique(arrays.seat_task[arrays.tasks :])]
    for one in tasks:
        picked = np.zeros(arrays.tasks, bool)
        picked[one] = True
        jobs = _jobs_of(arrays, demands, picked)
        if jobs.sum() > 1:
            yield jobs


def _jobs_of(arrays: Arrays, demands: _Demands, tasks: Bools) -> Bools:
    """Tell which jobs hold a seat of these tasks."""
    jobs = np.zeros(len(demands.seats), bool)
    mine = demands.seat_job[tasks[arrays.seat_task]]
    jobs[mine[mine >= 0]] = True
    return jobs


def _blocks(arrays: Arrays, rule: MaxTasks | MinTasks) -> Iterator[Bools]:
    """Give the tasks a rule counts: once, or for each period."""
    picked = arrays.problem.select_tasks(rule.task)
    if rule.per is None:
        yield picked
        return
    tasks = arrays.problem.task_columns
    period = period_of(tasks.start, tasks.clock, rule.per)
    for number in np.unique(period[picked & (period != NO_PERIOD)]):
        yield picked & (period == number)


def _confined(demands: _Demands, reps: Bools) -> Bools:
    """Tell which jobs nobody but these reps may take and has room for."""
    jobs = np.ones(len(demands.seats), bool)
    outside = demands.fits & ~reps[demands.rep]
    jobs[demands.job[outside]] = False
    return jobs


def _cut(need: Ints, room: Ints, job: Ints, rep: Ints, run: Run) -> tuple[Bools, Bools] | None:
    """Find needs whose neighbours have too little room together, with as few of these as can be.

    Returns
    -------
    needs, rooms
        Which are part of it; None where everything fits, or the run is over.
    """
    if run.is_over or not need.any():
        return None
    needs, rooms = len(need), len(room)
    source, sink = needs + rooms, needs + rooms + 1
    total = int(need.sum())
    network = Network(
        np.concatenate([job, np.full(needs, source), needs + np.arange(rooms)]).astype(np.int32),
        np.concatenate([needs + rep, np.arange(needs), np.full(rooms, sink)]).astype(np.int32),
        np.concatenate([np.full(len(job), total + 1), need, np.minimum(room, total)]),
        None,
        np.array([source, sink]),
    )
    flow = run_network(network, lambda work, cancel: run.call(work, cancel=cancel))
    if flow is None or flow.status != "OPTIMAL" or flow.total == total:
        return None
    inside = np.zeros(needs + rooms + 2, bool)
    inside[flow.side] = True
    return _fewest(need, room, job, rep, inside[:needs] & (need > 0), inside[needs:-2])


def _fewest(
    need: Ints, room: Ints, job: Ints, rep: Ints, jobs: Bools, reps: Bools
) -> tuple[Bools, Bools]:
    """Leave out rep after rep, with all that needs them, while what is left has too little room."""
    order = np.argsort(rep, kind="stable")
    first = np.searchsorted(rep[order], np.arange(len(room) + 1))
    jobs, reps = jobs.copy(), reps.copy()
    short = int(need[jobs].sum()) - int(room[reps].sum())
    for one in np.flatnonzero(reps)[np.argsort(-room[reps], kind="stable")]:
        mine = job[order[first[one] : first[one + 1]]]
        lost = np.unique(mine[jobs[mine]])
        less = int(room[one]) - int(need[lost].sum())
        if short + less > 0:
            short += less
            jobs[lost] = False
            reps[one] = False
    return jobs, reps


# -- reps who need more than there is ------------------------------------------------------------


def _of_needs(arrays: Arrays, run: Run) -> Iterator[Shortage]:
    """Compare what reps must take with what there is for them, by effort and by count."""
    least, most = arrays.load_bounds
    if (least > 0).any():
        yield from _needs_of(arrays, "effort", least, most, np.ones(arrays.tasks, bool), run)
    low, high = arrays.count_bounds
    rules = [rule for rule in arrays.problem.rules if isinstance(rule, MinTasks)]
    if rules:
        yield from _needs_of(arrays, "count", low, high, np.ones(arrays.tasks, bool), run)
    for rule in rules:
        who = arrays.problem.select_reps(rule.rep) & arrays.problem.rep_columns.active
        for block in _blocks(arrays, rule):
            yield from _needs_of(arrays, "count", who * rule.n, high, block, run)


def _needs_of(
    arrays: Arrays,
    by: Literal["effort", "count"],
    low: Ints,
    high: Ints,
    tasks: Bools,
    run: Run,
) -> Iterator[Shortage]:
    """Send each rep what it needs out of these tasks; the cut names those who come off short."""
    pairs = np.flatnonzero(tasks[arrays.pair_task] & (low[arrays.pair_rep] > 0))
    seat, rep = arrays.pair_seat[pairs], arrays.pair_rep[pairs]
    amount = np.ones(len(pairs), np.int64) if by == "count" else arrays.rounded.up[pairs]
    there = np.bincount(rep, amount, arrays.reps)
    alone = np.flatnonzero((low > np.minimum(there, high)) & (low > 0))
    for one in alone[:1]:
        mine = np.unique(arrays.seat_task[seat[rep == one]])
        yield _named(arrays, "needs", by, mine, np.array([one]))
    room = np.zeros(arrays.seats, np.int64)
    np.maximum.at(room, seat, amount)
    found = _cut(low.astype(np.int64), room, rep, seat, run)
    if found is not None:
        mine = found[0][rep]
        yield _named(
            arrays,
            "needs",
            by,
            np.unique(arrays.seat_task[seat[mine]]),
            np.flatnonzero(found[0]),
        )
