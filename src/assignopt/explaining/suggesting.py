"""Small changes that would help: a plan in, changes with their effect out, each one solved."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from ..check import Audit
from ..plan import Status, frame_of
from ..report import MEASURES, load_report
from ..rules import Allow, Pin
from ..solving import check_options, is_whole, solve
from .changing import loosened, with_capacity, with_rule, with_skill, with_slots, without_rule
from .forcing import improved, tidy, tier_names
from .marginals import FIRST_SHARE, LEAST_SECONDS, changed
from .ordering import order_of
from .standing import standing_of
from .words import amount_of, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from ..plan import Plan
    from ..problem import Problem
    from .standing import Standing

_BEFORE = {"rank": "int64", "kind": "str", "what": "str", "rep_id": "str", "skill": "str"}
_BEFORE |= {"rule": "str", "amount": "float64"}
_AFTER = {"assigned": "int64", **dict.fromkeys(MEASURES, "float64")}
_AFTER |= {"better": "int64", "proved": "bool"}

TEACHERS = 3
"""Reps with most room who are considered for learning a skill, or for another territory."""


@dataclass(frozen=True)
class Suggestion:
    """A small change.

    Parameters
    ----------
    kind
        ``capacity``, ``slots``, ``skill``, ``rule`` or ``territory``.
    what
        The change in words.
    make
        Gives the changed problem.
    rep, skill, rule, amount
        What it is about.
    """

    kind: str
    what: str
    make: Callable[[Problem], Problem]
    rep: str | None = None
    skill: str | None = None
    rule: str | None = None
    amount: float = np.nan


def suggest(
    plan: Plan | Audit,
    k: int = 10,
    *,
    time_limit: float = 30.0,
    seed: int = 0,
    workers: int | None = None,
) -> pd.DataFrame:
    """Rank small changes by what they would do for the tiers, each verified by a solve.

    Considered are: the capacity a rep lacks for an open task (or, having none, for their largest),
    one more task for a rep at its limit, each skill that tasks ask for taught to reps with room (at
    the least level that helps an open task, and at the highest asked for), each rule loosened by
    one step where it has a number, each rule left out, and one person let into each territory.
    Entitlements stay as they are. A plan that is not proved is improved first, in a quarter of the
    time, and changes are those against that, so that no idea is credited with what could be had
    without it.

    Parameters
    ----------
    plan
        A Plan, or the Audit of anybody's assignments.
    k
        How many rows at most; only changes that make the plan better are listed.
    time_limit
        Seconds for all solves together.
    seed, workers
        As for :func:`assignopt.solve`.

    Returns
    -------
    pandas.DataFrame
        ``rank``, ``kind``, ``what`` (in words), ``rep_id``, ``skill``, ``rule``, ``amount``, a
        column for each tier with its change (after minus before), changes of the number of seats
        ``assigned`` and of every measure of load per entitlement (``gini``, ``load_range``, ... as
        in :func:`assignopt.load_report`), ``better`` (1), and ``proved``: whether the change in the
        tiers is that of the best plan. A row that is not proved delivers at least what it says.
        ``.attrs["untried"]`` lists the ideas, in words, that time did not suffice for.

    Examples
    --------
    >>> import assignopt as ao
    >>> reps = [ao.Rep("ana", capacity=4, skills={"german"}), ao.Rep("bo", capacity=4)]
    >>> tasks = [ao.Task("acme", effort=3, requires={"german"}),
    ...          ao.Task("zed", effort=2, requires={"german"})]
    >>> plan = ao.solve(ao.Problem(reps, tasks, objective=[ao.Coverage()]))
    >>> ao.suggest(plan)[["kind", "what", "coverage"]]
           kind                          what  coverage
    0  capacity         1 hour more for 'ana'       1.0
    1     skill  teach 'bo' 'german', level 1       1.0
    """
    check_options(time_limit, seed, workers, "auto")
    if not is_whole(k, 1):
        raise ValueError(f"k is {k!r}; allowed is a whole number, 1 or more")
    until = time.perf_counter() + time_limit
    first = {"time_limit": time_limit * FIRST_SHARE, "seed": seed, "workers": workers}
    standing = improved(standing_of(plan), first)
    ideas = list(_ideas(standing))
    found = []
    untried = []
    for turn, idea in enumerate(ideas):
        left = until - time.perf_counter()
        if left <= 0:
            untried.append(idea.what)
            continue
        seconds = max(left / (len(ideas) - turn), LEAST_SECONDS)
        options = {"time_limit": seconds, "seed": seed, "workers": workers}
        tried = _tried(standing, idea, options)
        if tried is not None:
            found.append((idea, *tried))
    frame = _frame(standing, found, k)
    frame.attrs["untried"] = untried
    return frame


def _tried(
    standing: Standing, idea: Suggestion, options: dict[str, Any]
) -> tuple[list[float], list[float], Plan] | None:
    """Solve the changed problem; None unless the plan gets better."""
    plan = solve(idea.make(standing.problem), hint=standing.hint(), **options)
    if plan.status in (Status.INFEASIBLE, Status.UNKNOWN):
        return None
    changes, steps = changed(standing, plan)
    better = order_of(steps.tolist())[0] > 0
    return (changes.tolist(), steps.tolist(), plan) if better else None


def _frame(
    standing: Standing, found: list[tuple[Suggestion, list[float], list[float], Plan]], k: int
) -> pd.DataFrame:
    names = tier_names(standing)
    dtypes = {**_BEFORE, **dict.fromkeys(names, "float64"), **_AFTER}
    before = _spread(standing.found)
    seats = len(standing.found.holdings)
    keyed = [(tuple(-gain + 0.0 for gain in row[2]), row) for row in found]
    keyed.sort(key=lambda pair: (pair[0], pair[1][0].what))
    rows = []
    for key, (idea, changes, _, plan) in keyed[:k]:
        rank = 1 + sum(other < key for other, _ in keyed)
        after = _spread(plan)
        told = [idea.kind, idea.what, idea.rep, idea.skill, idea.rule, idea.amount]
        measures = [new - old for old, new in zip(before, after, strict=True)]
        more = len(plan.assignments) - seats
        proved = plan.status is Status.OPTIMAL and standing.is_proved
        rows.append([rank, *told, *changes, more, *measures, 1, proved])
    return frame_of(rows, dtypes)


def _spread(plan: Plan | Audit) -> list[float]:
    """Give the measures of load per entitlement; NaN with nobody to measure."""
    problem = plan.holdings.problem if isinstance(plan, Audit) else plan.problem
    if not (problem.rep_columns.active & (problem.weights > 0)).any():
        return [np.nan] * len(MEASURES)
    overall = load_report(plan).overall
    return [float(overall[name]) for name in MEASURES]


# -- what could be changed -----------------------------------------------------------------------


def _ideas(standing: Standing) -> Iterator[Suggestion]:
    """List the changes to try, one of each sort in turn, since time may not suffice for all."""
    sorts = [_skills(standing), _limits(standing), _rules(standing)]
    sorts += [
        _territories(standing, rule)
        for rule in standing.problem.rules
        if isinstance(rule, Allow) and rule.rep is not None
    ]
    for turn in zip_longest(*sorts):
        yield from (idea for idea in turn if idea is not None)


def _rules(standing: Standing) -> Iterator[Suggestion]:
    """Loosen each rule by a step, and leave it out."""
    effort = float(standing.problem.task_columns.effort.max(initial=0.0))
    for rule in standing.problem.rules:
        wider = loosened(rule, effort)
        if wider is not None:
            words = f"instead of the rule '{rule.sentence}': {wider.sentence}"
            yield Suggestion("rule", words, partial(with_rule, rule=rule, new=wider), rule=rule.id)
        if not isinstance(rule, Pin) or rule.task not in _open_tasks(standing):
            words = f"without the rule: {rule.sentence}"
            yield Suggestion("rule", words, partial(without_rule, rule=rule), rule=rule.id)


def _open_tasks(standing: Standing) -> set[str]:
    open_ = np.flatnonzero(standing.holders < 0)
    return {standing.named(int(seat))[0] for seat in open_}


def _room(standing: Standing) -> list[int]:
    """List the active reps, those with most room first."""
    reps, held = standing.problem.rep_columns, standing.found.holdings
    left = np.where(np.isnan(reps.capacity), np.inf, reps.capacity - held.load)
    order = np.argsort(-left, kind="stable")
    return [int(rep) for rep in order if reps.active[rep]]


def _skills(standing: Standing) -> Iterator[Suggestion]:
    """Teach reps with room the skills that tasks ask for, those of open tasks first."""
    problem = standing.problem
    wanted: dict[str, Counter[float]] = {}
    left = _open_tasks(standing)
    for task in problem.tasks.values():
        needs = [task.requires, *(role.requires for role in task.roles)]
        for name, level in [item for one in needs for item in one.items()]:
            wanted.setdefault(name, Counter())[level] += task.id in left
    able = [str(standing.rep_name(rep)) for rep in _room(standing)]
    for name, levels in sorted(wanted.items(), key=lambda item: (-item[1].total(), item[0])):
        asked = [level for level in sorted(levels) if levels[level]]
        for one, level in _lessons(problem, name, able, [*asked, max(levels)]):
            words = f"teach {one!r} {name!r}, level {number(level)}"
            make = partial(with_skill, rep_id=one, skill=name, level=level)
            yield Suggestion("skill", words, make, rep=one, skill=name, amount=level)


def _lessons(
    problem: Problem, skill: str, able: list[str], levels: list[float]
) -> Iterator[tuple[str, float]]:
    """Say who could be taught what: the next level that tasks ask for, and the highest."""
    has = {one: problem.reps[one].skills.get(skill, 0.0) for one in able}
    short = [one for one in able if has[one] < levels[-1]]
    for one in short[:TEACHERS]:
        above = [level for level in levels if level > has[one]]
        for level in sorted({above[0], above[-1]}):
            yield one, level


def _limits(standing: Standing) -> Iterator[Suggestion]:
    """Lift the capacities and numbers of tasks that are nearly used up, the fullest reps first."""
    problem, held = standing.problem, standing.found.holdings
    reps = problem.rep_columns
    for rep in reversed(_room(standing)):
        name = str(standing.rep_name(rep))
        more = _short_of(standing, rep)
        if more > 0:
            words = f"{amount_of(more, problem.effort_unit)} more for {name!r}"
            make: Any = partial(with_capacity, rep=rep, more=more)
            yield Suggestion("capacity", words, make, rep=name, amount=more)
        if held.count[rep] >= reps.max_tasks[rep]:
            words, make = f"one task more for {name!r}", partial(with_slots, rep=rep, more=1)
            yield Suggestion("slots", words, make, rep=name, amount=1.0)


def _short_of(standing: Standing, rep: int) -> float:
    """Give the capacity a rep lacks for the least of the open tasks they may hold.

    Where they may hold none of those, for the largest task they may hold; 0 if nothing is lacking.
    """
    arrays, load = standing.arrays, float(standing.found.holdings.load[rep])
    room = float(standing.problem.rep_columns.capacity[rep]) - load
    mine = arrays.pairs_of_rep(rep)
    open_ = mine[standing.holders[arrays.pair_seat[mine]] < 0]
    wanted = arrays.effort[open_][arrays.effort[open_] > room]
    if len(wanted):
        return tidy(float(wanted.min()) - room)
    return max(0.0, tidy(float(arrays.effort[mine].max(initial=0.0)) - room))


def _territories(standing: Standing, rule: Allow) -> Iterator[Suggestion]:
    """Let a rep with room into a territory."""
    inside = standing.problem.select_reps(rule.rep)
    outside = [rep for rep in _room(standing) if not inside[rep]]
    names = [str(name) for name in standing.problem.rep_columns.id[inside]]
    for rep in outside[:TEACHERS]:
        one = str(standing.rep_name(rep))
        words = f"let {one!r} into: {rule.sentence}"
        wider = Allow(task=rule.task, rep=[*names, one], id=rule.id)
        make = partial(with_rule, rule=rule, new=wider)
        yield Suggestion("territory", words, make, rep=one, rule=rule.id)
