"""What a rotation has to be, in plain Python: faults in words, and the value of every tier.

It shares no code with what makes rotations. Every rotation passes it before anyone sees it.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, assert_never

import numpy as np

from .. import selectors
from ..holdings import history_of
from ..objectives import (
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
from ..rules import Apart, CoverAll, MaxLoad, MaxTasks, MinLoad, MinTasks, Pin, Together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..columns import Bools
    from ..problem import Problem
    from .facts import Facts

NEAR = 1e-6
"""Effort units, for each task held, by which a load may be off."""


def rotation_faults(facts: Facts) -> list[str]:
    """List everything that is wrong with a rotation, in words.

    Parameters
    ----------
    facts
        Who holds what when, and what was asked.

    Returns
    -------
    list of str
        Empty if it is as asked.
    """
    checks = (_places, _pairs, _at_once, _rules, _counts, _tenure, _moves, _dues, _squads)
    return [told for check in checks for told in check(facts)]


class _Words:
    """Names for rows."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def rep(self, row: int) -> str:
        return f"rep {self._facts.problem.rep_columns.id[row]!r}"

    def task(self, row: int) -> str:
        return f"task {self._facts.problem.task_columns.id[row]!r}"

    def at(self, period: int) -> str:
        return f"in period {self._facts.asked.labels[period]!r}"


def _places(facts: Facts) -> Iterator[str]:
    """Nothing twice, and no more holders than seats."""
    say = _Words(facts)
    if len(set(facts.turns)) < len(facts.turns):
        yield "a rep holds a task twice in the same period"
    for (period, task), reps in facts.holders.items():
        seats = facts.asked.seats.get(task, 1)
        if len(reps) > seats:
            yield f"{say.task(task)} has {len(reps)}/{seats} holders {say.at(period)}"


def _pairs(facts: Facts) -> Iterator[str]:
    """Only who may hold it, and is there."""
    say = _Words(facts)
    for rep, task in facts.held:
        if (rep, task) not in facts.may_hold:
            yield f"{say.rep(rep)} may not hold {say.task(task)}"
    for period, rep, task in facts.turns:
        if facts.is_absent(rep, period):
            yield f"{say.rep(rep)} is absent {say.at(period)} and holds {say.task(task)}"
        for at, squad in enumerate(facts.squads):
            if rep in squad and period in facts.asked.squads[at].periods:
                name = facts.asked.squads[at].name
                yield f"{say.rep(rep)} is in squad {name!r} {say.at(period)} and holds a task"


def _at_once(facts: Facts) -> Iterator[str]:
    """In each period: how many tasks, what load, no two at one time."""
    say, reps, tasks = _Words(facts), facts.problem.rep_columns, facts.problem.task_columns
    for (period, rep), held in facts.tasks_of.items():
        where = f"{say.rep(rep)} {say.at(period)}"
        if facts.asked.at_once is not None and len(held) > facts.asked.at_once:
            yield f"{where}: {len(held)}/{facts.asked.at_once} tasks at once"
        if len(held) > reps.max_tasks[rep]:
            yield f"{where}: {len(held)}/{reps.max_tasks[rep]:g} tasks"
        effort = sum(facts.amount("effort", rep, task) for task in held)
        room = float(reps.capacity[rep] - reps.carried_load[rep])
        room = max(room, 0.0) if room == room else np.inf
        if effort > room + NEAR * len(held):
            yield f"{where}: load {effort:g}/{room:g} {facts.problem.effort_unit}"
        for one, other in combinations(held, 2):
            if tasks.start[one] < tasks.end[other] and tasks.start[other] < tasks.end[one]:
                yield f"{where}: {say.task(one)} and {say.task(other)} at the same time"
    for period in range(facts.asked.periods):
        for code in np.unique(tasks.group.codes[tasks.group.codes >= 0]).tolist():
            mine = np.flatnonzero(tasks.group.codes == code).tolist()
            if len({rep for t in mine for rep in facts.holders.get((period, t), [])}) > 1:
                yield f"group {tasks.group.names[code]!r} has two holders {say.at(period)}"


def _rules(facts: Facts) -> Iterator[str]:
    """Keep the rules, period by period; those on pairs are looked at elsewhere."""
    for rule in facts.problem.rules:
        for period in range(facts.asked.periods):
            if not _keeps(facts, rule, period):
                yield f"{rule.sentence}: broken {_Words(facts).at(period)}"


def _keeps(facts: Facts, rule: object, period: int) -> bool:
    problem = facts.problem

    def chosen(what: Bools, rep: int) -> list[int]:
        return [task for task in facts.tasks_of.get((period, rep), []) if what[task]]

    match rule:
        case Pin():
            pinned = int(np.flatnonzero(problem.select_tasks(rule.task))[0])
            holder = int(np.flatnonzero(problem.select_reps(rule.rep))[0])
            return holder in facts.holders.get((period, pinned), [])
        case CoverAll():
            return all(
                len(facts.holders.get((period, task), [])) == facts.asked.seats.get(task, 1)
                for task in np.flatnonzero(problem.select_tasks(rule.where)).tolist()
            )
        case Together():
            mine = np.flatnonzero(problem.select_tasks(rule.tasks)).tolist()
            return len({r for t in mine for r in facts.holders.get((period, t), [])}) <= 1
        case Apart():
            what = problem.select_tasks(rule.tasks)
            return all(len(chosen(what, r)) <= 1 for r in range(len(problem.rep_columns.id)))
        case MaxTasks() | MinTasks():
            what, who = problem.select_tasks(rule.task), problem.select_reps(rule.rep)
            rows = np.flatnonzero(who).tolist()
            if isinstance(rule, MaxTasks):
                return all(len(chosen(what, rep)) <= rule.n for rep in rows)
            return all(len(chosen(what, r)) >= rule.n for r in rows if _is_there(facts, r, period))
        case MaxLoad() | MinLoad():
            rows = np.flatnonzero(problem.select_reps(rule.rep)).tolist()
            return all(_load_is_fine(facts, rule, rep, period) for rep in rows)
        case _:
            return True


def _is_there(facts: Facts, rep: int, period: int) -> bool:
    """Whether a rep is active, not absent and in no squad."""
    freed = any(
        rep in squad and period in facts.asked.squads[at].periods
        for at, squad in enumerate(facts.squads)
    )
    active = bool(facts.problem.rep_columns.active[rep])
    return active and not freed and not facts.is_absent(rep, period)


def _load_is_fine(facts: Facts, rule: MaxLoad | MinLoad, rep: int, period: int) -> bool:
    held = facts.tasks_of.get((period, rep), [])
    effort = sum(facts.amount("effort", rep, task) for task in held)
    limit = rule.value - float(facts.problem.rep_columns.carried_load[rep])
    near = NEAR * max(len(held), 1)
    if isinstance(rule, MaxLoad):
        return effort <= max(limit, 0.0) + near
    return not _is_there(facts, rep, period) or effort >= limit - near


def _counts(facts: Facts) -> Iterator[str]:
    """How often each rep holds each task."""
    say, asked = _Words(facts), facts.asked
    named = {pair for pair in [*asked.least, *asked.most] if pair[0] >= 0}
    for rep, task in sorted(facts.may_hold | named | set(facts.held)):
        count = len(facts.held.get((rep, task), ()))
        may = (rep, task) in facts.may_hold
        general = asked.least.get((-1, task), 0) if may else 0
        least = asked.least.get((rep, task), general)
        least = max(least, int(asked.cover_all and may))
        most = asked.most.get((rep, task), asked.most.get((-1, task)))
        if count < least:
            yield f"{say.rep(rep)} holds {say.task(task)} {count} times, least {least}"
        if most is not None and count > most:
            yield f"{say.rep(rep)} holds {say.task(task)} {count} times, most {most}"


def _tenure(facts: Facts) -> Iterator[str]:
    """How long stints and the breaks between them are."""
    say, asked = _Words(facts), facts.asked
    ended: dict[tuple[int, int], int] = {}
    for task, rep in facts.owners.items():
        ended[rep, task] = -1
        since = asked.held_since.get(task, 1)
        gone = (rep, task) not in facts.may_hold or facts.is_absent(rep, 0)
        if rep not in facts.holders.get((0, task), []) and not gone and since < asked.min_tenure:
            where = f"{say.rep(rep)} gives up {say.task(task)}"
            yield f"{where} after {since}, least {asked.min_tenure}"
    for stint in facts.stints:
        where = f"{say.rep(stint.rep)} holds {say.task(stint.task)} from {say.at(stint.first)}"
        cut = stint.last + 1 == asked.periods or facts.is_absent(stint.rep, stint.last + 1)
        if stint.length < asked.min_tenure and not cut:
            yield f"{where} for {stint.length}, least {asked.min_tenure}"
        if asked.max_tenure is not None and stint.length > asked.max_tenure:
            yield f"{where} for {stint.length}, most {asked.max_tenure}"
        last = ended.get((stint.rep, stint.task))
        if last is not None and not stint.before and stint.first - last - 1 < asked.cooldown:
            yield f"{where}, {stint.first - last - 1} after the last time, least {asked.cooldown}"
        ended[stint.rep, stint.task] = stint.last


def _moves(facts: Facts) -> Iterator[str]:
    """How many handovers there are in a period."""
    most = facts.asked.max_handovers
    for period in range(facts.asked.periods if most is not None else 0):
        count = sum(one.counted and one.period == period for one in facts.handovers)
        if most is not None and count > most:
            yield f"{count}/{most} handovers {_Words(facts).at(period)}"


def _dues(facts: Facts) -> Iterator[str]:
    """Everybody has their part of all that is worth something to them."""
    if not facts.asked.proportional:
        return
    active = np.flatnonzero(facts.problem.rep_columns.active).tolist()
    tasks = range(len(facts.problem.task_columns.id))
    for rep in active:
        worth = {t: facts.amount("value", rep, t) for t in tasks if (rep, t) in facts.may_hold}
        all_of_it = sum(worth[t] * facts.asked.seats.get(t, 1) for t in worth)
        due = all_of_it * facts.asked.periods / len(active)
        has = sum(worth.get(t, 0.0) * len(facts.held.get((rep, t), ())) for t in tasks)
        if has < due - NEAR * max(1.0, due):
            yield f"{_Words(facts).rep(rep)} has {has:g} of the {due:g} due by proportion"


def _squads(facts: Facts) -> Iterator[str]:
    """Have the right people, as many as wanted, nobody in two places."""
    say, asked = _Words(facts), facts.asked
    if len(facts.squads) != len(asked.squads):
        yield f"{len(facts.squads)} of {len(asked.squads)} squads"
        return
    for squad, members in zip(asked.squads, facts.squads, strict=True):
        if len(set(members)) != squad.size or len(members) != squad.size:
            yield f"squad {squad.name!r} has {len(set(members))}/{squad.size} members"
        for rep in set(members) - set(squad.pool):
            yield f"{say.rep(rep)} may not be in squad {squad.name!r}"
        if squad.leads is not None and not set(members) & set(squad.leads):
            yield f"squad {squad.name!r} has nobody to lead it"
    for one, other in combinations(range(len(asked.squads)), 2):
        both = set(facts.squads[one]) & set(facts.squads[other])
        if both and set(asked.squads[one].periods) & set(asked.squads[other].periods):
            yield f"{say.rep(min(both))} is in two squads at once"


# -- tiers ---------------------------------------------------------------------------------------


def tier_numbers(facts: Facts, tier: AnyTier) -> tuple[float, ...]:
    """Compute a tier by its definition: its value first; of leximax and leximin all shares."""
    if isinstance(tier, Fairness):
        return _fairness(facts, tier)
    return (_sum(facts, tier),)


def _sum(facts: Facts, tier: AnyTier) -> float:
    tasks = facts.problem.task_columns
    match tier:
        case Coverage():
            return float(sum(tasks.priority[task] for _, _, task in facts.turns))
        case Value():
            return sum(facts.earned(rep, task) for rep, task in facts.held)
        case Fit():
            return sum(facts.amount("fit", rep, task) for _, rep, task in facts.turns)
        case Preference():
            return sum(_liking(facts.problem, r, t) * len(p) for (r, t), p in facts.held.items())
        case Moves():
            cost = None if tier.cost is None else selectors.amounts(tasks, tier.cost)
            counted = [one.task for one in facts.handovers if one.counted]
            return float(len(counted) if cost is None else sum(cost[task] for task in counted))
        case Weighted():
            return sum(
                weight * (1 if maximises(term) else -1) * _sum(facts, term)
                for term, weight in tier.terms
            )
        case Fairness() | RepsUsed():
            raise TypeError(f"{tier.label} is no sum over pairs and periods")
        case _:
            assert_never(tier)


def _liking(problem: Problem, rep: int, task: int) -> float:
    """Add up the preferred skills a rep has for a task, and the preferences it meets."""
    skills = problem.rep_columns.skills.at(rep)
    prefers = problem.task_columns.prefers.at(task)
    liked = sum(weight for name, weight in prefers.items() if skills.get(name, 0.0) > 0)
    wishes = problem.preference_columns
    if wishes is None:
        return liked
    met = (wishes.rep == rep) & (wishes.task == task)
    return liked + float(problem.preference_weights[met].sum())


def _fairness(facts: Facts, tier: Fairness) -> tuple[float, ...]:
    problem, reps = facts.problem, facts.problem.rep_columns
    past = history_of(problem, tier.of, decay=tier.decay, per=tier.per)
    weight = problem.weights if tier.per == "weight" else np.ones(len(reps.id))
    shares, squares = [], 0.0
    for rep in np.flatnonzero(reps.active & (weight > 0)).tolist():
        total = total_of(facts, tier.of, rep) + float(past[rep])
        shares.append(total / float(weight[rep]))
        squares += total * shares[-1]
    if not shares:
        return (0.0,)
    match tier.notion:
        case "leximax":
            return tuple(sorted(shares, reverse=True))
        case "leximin":
            return tuple(sorted(shares))
        case "minmax":
            return (max(shares),)
        case "maxmin":
            return (min(shares),)
        case "range":
            return (max(shares) - min(shares),)
        case "l2":
            return (squares,)
        case _:
            raise TypeError(f"{tier.notion} is not measured over periods")


def total_of(facts: Facts, of: str, rep: int) -> float:
    """Give what a rep has of a quantity over all periods, carried load included in each."""
    held = {task: len(periods) for (who, task), periods in facts.held.items() if who == rep}
    match of:
        case "count":
            return float(sum(held.values()))
        case "value":
            return sum(facts.earned(rep, task) for task in held)
        case "load":
            carried = float(facts.problem.rep_columns.carried_load[rep])
            effort = sum(facts.amount("effort", rep, t) * n for t, n in held.items())
            return carried * facts.asked.periods + effort
        case _:
            return sum(facts.amount(of, rep, t) * n for t, n in held.items())
