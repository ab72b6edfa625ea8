"""Limits: a Problem in, what it demands one by one, and the Problem without some of it, out.

A limit is a rule, or something a rep or task brings along: a capacity, a required skill, a fixed
time. Without it the problem allows whatever it allowed before, and perhaps more: what the other
limits speak of stays as it was, even where a selector or a period would now pick otherwise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..check import audit, keepable_tasks
from ..columns import Labels, PairColumns, Ragged
from ..holdings import Holdings
from ..records import OWNER
from ..report.relaxing import by_period
from ..rules import AnyRule, MaxMoves
from ..wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..columns import Bools, RepColumns, TaskColumns
    from ..problem import Problem

Kind = Literal[
    "rule",
    "capacity",
    "max_tasks",
    "calendar",
    "skill",
    "group",
    "time",
    "pairs",
    "capacities",
    "skills",
    "times",
    "table",
]
MANY_TASKS = 2_000
"""From this many limits of tasks on, each skill is one limit, and so are all times and pairs."""

MANY_REPS = 40
"""From this many capacities on, all capacities are one limit."""


@dataclass(frozen=True)
class Limit:
    """One thing a problem demands.

    Parameters
    ----------
    kind
        ``rule``; of a rep ``capacity``, ``max_tasks`` or ``calendar``; of a task ``skill``,
        ``time`` or ``pairs``; or ``group``. In large problems ``capacities``, ``skills`` (one skill
        in all tasks), ``times`` and ``table`` stand for all limits of the kind.
    of
        The id of the rule, rep or task, or the name of the group.
    sentence
        What it demands, in the words of the input.
    role, skill
        Of a ``skill``: who needs it, and its name.
    rule
        The rule itself, where it is one.
    """

    kind: Kind
    of: str
    sentence: str = field(compare=False)
    role: str = OWNER
    skill: str = ""
    rule: AnyRule | None = field(default=None, compare=False)

    @property
    def id(self) -> str:
        """The rule's id, or a name such as ``capacity of 'ana'``."""
        match self.kind:
            case "rule":
                return self.of
            case "skill":
                role = "" if self.role == OWNER else f" ({self.role})"
                return f"skill {self.skill!r} of task {self.of!r}{role}"
            case "time":
                return f"time of task {self.of!r}"
            case "pairs":
                return f"pairs of task {self.of!r}"
            case "skills":
                return f"skill {self.of!r}"
            case "capacities" | "times" | "table":
                return self.of
            case _:
                return f"{self.kind} of {self.of!r}"

    def __str__(self) -> str:
        return f"{self.id}: {self.sentence}" if self.id != self.sentence else self.id

    def to_data(self) -> dict[str, Any]:
        """Give the limit as plain data, ready for JSON."""
        return {"id": self.id, "kind": self.kind, "of": self.of, "sentence": self.sentence}


def limits_of(problem: Problem) -> list[Limit]:
    """List the limits of a problem: the rules, what tasks bring along, what reps do."""
    rules = [Limit("rule", rule.id, rule.sentence, rule=rule) for rule in problem.rules]
    tasks, reps = list(_of_tasks(problem)), list(_of_reps(problem))
    if len(tasks) >= MANY_TASKS:
        tasks = list(_merged(tasks))
    if sum(limit.kind == "capacity" for limit in reps) >= MANY_REPS:
        reps = [limit for limit in reps if limit.kind != "capacity"]
        total = np.nansum(problem.rep_columns.capacity[problem.rep_columns.active])
        words = f"the reps have {total:.10g} {problem.effort_unit} together"
        reps.append(Limit("capacities", "capacities of the reps", words))
    return [*rules, *tasks, *reps]


def _merged(limits: list[Limit]) -> Iterable[Limit]:
    """Make one limit of those of each skill, one of all times and one of all pairs."""
    skills = Counter(limit.skill for limit in limits if limit.kind == "skill")
    for skill, count in skills.items():
        yield Limit("skills", skill, f"{count} requirements of {skill!r} in tasks and roles")
    kinds = {limit.kind for limit in limits}
    if "time" in kinds:
        yield Limit("times", "times of the tasks", "tasks have fixed times")
    if "pairs" in kinds:
        yield Limit("table", "the pairs table", "only pairs listed there may be")
    yield from (limit for limit in limits if limit.kind == "group")


def _of_reps(problem: Problem) -> Iterable[Limit]:
    reps, unit = problem.rep_columns, problem.effort_unit
    for row in np.flatnonzero(reps.active).tolist():
        name = reps.id[row]
        if not np.isnan(reps.capacity[row]):
            carried = reps.carried_load[row]
            words = f"rep {name!r} has {reps.capacity[row]:.10g} {unit}"
            words += f", {carried:.10g} of them taken" if carried else ""
            yield Limit("capacity", name, words)
        if not np.isnan(reps.max_tasks[row]):
            most = int(reps.max_tasks[row])
            yield Limit("max_tasks", name, f"rep {name!r} takes at most {counted(most, 'task')}")
        if reps.has_calendar[row] and not np.isnan(problem.task_columns.start).all():
            yield Limit("calendar", name, f"rep {name!r} is available at set times")


def _of_tasks(problem: Problem) -> Iterable[Limit]:
    tasks = problem.task_columns
    for needs, owner, role in (
        (tasks.requires, np.arange(len(tasks.id)), None),
        (tasks.roles.requires, tasks.roles.task, tasks.roles.name),
    ):
        for row, skill, level in zip(needs.row, needs.names(), needs.amount, strict=True):
            if level <= 0:
                continue
            name, who = tasks.id[owner[row]], OWNER if role is None else str(role[row])
            whose = "" if role is None else f" of its {who!r}"
            words = f"task {name!r} requires {skill!r} at level {level:.10g}{whose}"
            yield Limit("skill", name, words, who, str(skill))
    for name in tasks.group.names:
        yield Limit("group", name, f"the tasks of group {name!r} have the same owner")
    for row in np.flatnonzero(~np.isnan(tasks.start)).tolist():
        task = problem.tasks[tasks.id[row]]
        words = f"task {task.id!r} is from {task.start} to {task.end}"
        yield Limit("time", task.id, words)
    table = problem.pair_columns
    if table is not None:
        listed = np.bincount(table.task, minlength=len(tasks.id))
        for row in np.flatnonzero(listed < len(problem.rep_columns.id)).tolist():
            many = counted(listed[row], "rep")
            words = f"the pairs table lists {many} for task {tasks.id[row]!r}"
            yield Limit("pairs", tasks.id[row], words)


def broken_limits(problem: Problem, held: Holdings) -> list[Limit]:
    """List the limits that a plan breaks, or may: an audit names a task, not which of its skills.

    ``held`` may be a plan of the problem without some of its limits.
    """
    same = Holdings(problem, held.task, held.rep, held.role)
    found = audit(problem, same).violations
    rules, tasks, reps = (set(found[name]) for name in ("rule", "task_id", "rep_id"))
    named = {
        "capacity": ("capacity", reps),
        "max_tasks": ("max_tasks", reps),
        "calendar": ("available", reps),
        "skill": ("skill", tasks),
        "pairs": ("pairs", tasks),
    }
    whole = {"capacities": "capacity", "skills": "skill", "times": "overlap", "table": "pairs"}
    broken = []
    for limit in limits_of(problem):
        if limit.kind == "rule":
            at_fault = limit.of in rules
        elif limit.kind in named:
            word, ids = named[limit.kind]
            at_fault = word in rules and limit.of in ids
        else:
            word = (whole | {"time": "overlap", "group": "group"})[limit.kind]
            at_fault = word in rules
        if at_fault:
            broken.append(limit)
    return broken


# -- without some of them ----------------------------------------------------------------------


def without(problem: Problem, limits: Iterable[Limit], *, exact: bool = True) -> Problem:
    """Make the problem without these limits.

    Parameters
    ----------
    problem
        The problem.
    limits
        Some of its limits.
    exact
        True: whatever was allowed still is. A task without its time still counts in its period,
        and one whose owner could keep it only now does not count as moved. False: as somebody
        would edit the problem, who would leave such things to the rules.
    """
    lifted: dict[str, list[Limit]] = defaultdict(list)
    for limit in limits:
        for part in _parts(problem, limit):
            lifted[part.kind].append(part)
    gone = {limit.of for limit in lifted["rule"]}
    changes: dict[str, Any] = {
        "reps": _reps_without(problem.rep_columns, lifted),
        "tasks": _tasks_without(problem.task_columns, lifted),
    }
    rules = [rule for rule in problem.rules if rule.id not in gone]
    if lifted["time"] and exact:
        rules = [part for rule in rules for part in by_period(problem, rule)]
    if exact and any(isinstance(rule, MaxMoves) for rule in rules):
        changes["tasks"] = _same_moves(problem, changes["tasks"])
    if lifted["pairs"]:
        changes["pairs"] = _all_pairs(problem, {limit.of for limit in lifted["pairs"]})
    return changed(problem, rules, **changes)


def _parts(problem: Problem, limit: Limit) -> Iterable[Limit]:
    """Take apart what stands for many limits."""
    whole: dict[str, Kind] = {"skills": "skill", "times": "time", "table": "pairs"}
    if limit.kind == "capacities":
        yield from (one for one in _of_reps(problem) if one.kind == "capacity")
    elif limit.kind in whole:
        for one in _of_tasks(problem):
            if one.kind == whole[limit.kind] and (one.skill in ("", limit.of)):
                yield one
    else:
        yield limit


def changed(problem: Problem, rules: Iterable[AnyRule], **changes: Any) -> Problem:
    """Change a problem so that each rule is still about the same reps and tasks.

    A selector that would pick others after the change, such as ``{"capacity": 40}``, is spelled
    out in ids.
    """
    rules = list(rules)
    new = problem.replace(rules=[], **changes)
    return new.replace(rules=[_same_picks(problem, new, rule) for rule in rules])


def _same_picks(old: Problem, new: Problem, rule: AnyRule) -> AnyRule:
    spelled: dict[str, list[str]] = {}
    for name in ("rep", "task", "where"):
        if isinstance(selector := getattr(rule, name, None), dict):
            pick = "select_reps" if name == "rep" else "select_tasks"
            was, now = getattr(old, pick)(selector), getattr(new, pick)(selector)
            if not np.array_equal(was, now):
                ids = (old.rep_columns if name == "rep" else old.task_columns).id
                spelled[name] = ids[was].tolist()
    return with_fields(rule, **spelled) if spelled else rule


def with_fields(rule: AnyRule, **fields: Any) -> AnyRule:
    """Give a rule with other contents under the same id."""
    kept = {name: getattr(rule, name) for name in type(rule).model_fields}
    return type(rule)(**{**kept, **fields})


def _reps_without(reps: RepColumns, lifted: dict[str, list[Limit]]) -> RepColumns:
    def of(kind: Kind) -> Bools:
        return np.isin(reps.index, [limit.of for limit in lifted[kind]])

    changes: dict[str, Any] = {}
    for kind in ("capacity", "max_tasks"):
        if lifted[kind]:
            changes[kind] = np.where(of(kind), np.nan, getattr(reps, kind))
    if lifted["calendar"]:
        gone = of("calendar")
        kept = ~gone[reps.window_rep]
        windows = ("window_rep", "window_start", "window_end")
        changes |= {name: getattr(reps, name)[kept] for name in windows}
        changes["has_calendar"] = reps.has_calendar & ~gone
        changes["clock"] = reps.clock if kept.any() else "none"
    return replace(reps, **changes) if changes else reps


def _tasks_without(tasks: TaskColumns, lifted: dict[str, list[Limit]]) -> TaskColumns:
    changes: dict[str, Any] = {}
    if lifted["time"]:
        gone = np.isin(tasks.index, [limit.of for limit in lifted["time"]])
        changes["start"] = np.where(gone, np.nan, tasks.start)
        changes["end"] = np.where(gone, np.nan, tasks.end)
        changes["clock"] = tasks.clock if not np.isnan(changes["start"]).all() else "none"
    if lifted["group"]:
        texts = tasks.group.texts()
        texts[np.isin(tasks.group.codes, _codes(tasks.group, lifted["group"]))] = None
        changes["group"] = Labels.of(texts)
    if lifted["skill"]:
        gone_skills = {(limit.of, limit.role, limit.skill) for limit in lifted["skill"]}
        owners = np.full(len(tasks.id), OWNER, object)
        changes["requires"] = _ragged_without(tasks.requires, tasks.id, owners, gone_skills)
        roles = tasks.roles
        needs = _ragged_without(roles.requires, tasks.id[roles.task], roles.name, gone_skills)
        changes["roles"] = replace(roles, requires=needs)
    return replace(tasks, **changes) if changes else tasks


def _codes(labels: Labels, limits: list[Limit]) -> list[int]:
    names = {limit.of for limit in limits}
    return [code for code, name in enumerate(labels.names) if name in names]


def _ragged_without(needs: Ragged, ids: Any, roles: Any, gone: set[tuple[str, str, str]]) -> Ragged:
    names = needs.names()
    entries = zip(ids[needs.row], roles[needs.row], names, strict=True)
    kept = np.array([entry not in gone for entry in entries], bool)
    return Ragged.of(needs.row[kept], names[kept], needs.amount[kept]) if len(kept) else needs


def _same_moves(problem: Problem, tasks: TaskColumns) -> TaskColumns:
    """Let no task count as moved that did not: those whose owner could not keep them have none."""
    owners = tasks.owner.texts()
    owners[~keepable_tasks(problem)] = None
    return replace(tasks, owner=Labels.of(owners))


def _all_pairs(problem: Problem, names: set[str], only: set[str] | None = None) -> PairColumns:
    """List every rep (or only some) for these tasks, at what they would cost and bring unlisted."""
    table = problem.pair_columns
    assert table is not None
    reps, tasks = problem.rep_columns, problem.task_columns
    who = np.flatnonzero(np.isin(reps.index, list(only))) if only else np.arange(len(reps.id))
    rows = np.flatnonzero(np.isin(tasks.index, list(names)))
    task, rep = np.repeat(rows, len(who)), np.tile(who, len(rows))
    new = ~np.isin(task * len(reps.id) + rep, table.task * len(reps.id) + table.rep)
    task, rep = task[new], rep[new]
    bare = problem.replace(pairs=None)
    held = Holdings(bare, task, rep, np.full(len(task), -1, np.int64))
    own = {"fit": held.fit, "effort": held.effort, "value": tasks.value[task] * held.fit}
    all_task, all_rep = np.concatenate([table.task, task]), np.concatenate([table.rep, rep])
    order = np.lexsort((all_rep, all_task))
    given: dict[str, Any] = {}
    for name, amounts in own.items():
        old = getattr(table, name)
        given[name] = None if old is None else np.concatenate([old, amounts])[order]
    return PairColumns(all_rep[order], all_task[order], **given)
