"""How a limit can be relaxed, and by how little: a limit in, the least change that helps out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..check import audit
from ..columns import Ragged
from ..compiling import compile_problem
from ..holdings import Holdings
from ..objectives import Coverage
from ..plan import Status
from ..records import OWNER
from ..rules import (
    CoverAll,
    MaxLoad,
    MaxLoadGap,
    MaxMoves,
    MaxTasks,
    MinFit,
    MinLoad,
    MinTasks,
)
from ..scaling import decimals_of
from ..wording import counted
from .limits import Limit, changed, with_fields, without

if TYPE_CHECKING:
    from ..problem import Problem
    from .probing import Prober

FINEST = 2
"""Decimals to which the least amount of a load, a capacity or a fit is found."""

_FIELDS = {
    MaxTasks: ("n", 1),
    MinTasks: ("n", -1),
    MaxLoad: ("value", 1),
    MinLoad: ("value", -1),
    MinFit: ("value", -1),
    MaxLoadGap: ("value", 1),
    MaxMoves: ("n", 1),
}
"""Rule -> the field that bounds something, and which way relaxes it."""


@dataclass(frozen=True)
class Change:
    """One limit, relaxed.

    Parameters
    ----------
    limit
        Which one.
    amount
        Its new value; None: the limit is dropped (or loses tasks, see ``exempt``).
    before
        Its value so far; None where it has none.
    step
        The smallest difference looked at; None where there is no value.
    least
        Whether it is proved that one step less does not do, everything else as it is.
    exempt
        Tasks that a CoverAll rule no longer asks for.
    covered
        How many tasks it asked for.
    """

    limit: Limit
    amount: float | None = None
    before: float | None = None
    step: float | None = None
    least: bool = True
    exempt: tuple[str, ...] = ()
    covered: int = 0

    @property
    def size(self) -> float:
        """How large the change is; see :func:`assignopt.diagnose`."""
        if self.exempt:
            return len(self.exempt) / self.covered
        if self.amount is None or self.before is None:
            return 1.0
        return abs(self.amount - self.before) / max(self.before, 1.0)

    def told(self) -> tuple[str, str]:
        """Say what the limit was and what it becomes."""
        if self.exempt:
            kept = self.covered - len(self.exempt)
            return counted(self.covered, "task"), counted(kept, "task")
        if self.amount is None or self.before is None:
            return self.limit.sentence, "dropped"
        return f"{self.before:.10g}", f"{self.amount:.10g}"

    @property
    def sentence(self) -> str:
        """The change in words."""
        old, new = self.told()
        if self.exempt:
            more = f" and {len(self.exempt) - 5} more" if len(self.exempt) > 5 else ""
            listed = ", ".join(map(repr, self.exempt[:5])) + more
            return f"leave {listed} out of {self.limit.id!r}"
        if self.amount is None:
            return f"drop {self.limit.id!r} ({self.limit.sentence})"
        verb = "raise" if self.amount > (self.before or 0.0) else "lower"
        unit = " %" if self.limit.kind == "capacities" else ""
        return f"{verb} {self.limit.id} from {old}{unit} to {new}{unit}"

    def applied(self, problem: Problem) -> Problem:
        """Make the problem with this change."""
        limit = self.limit
        if limit.rule is not None and (self.exempt or self.amount is not None):
            rules = [self._rule(problem) if r.id == limit.of else r for r in problem.rules]
            return problem.replace(rules=rules)
        if self.amount is None:
            return without(problem, [limit], exact=False)
        if limit.kind == "capacities":
            share = self.amount / 100
            reps = replace(problem.rep_columns, capacity=problem.rep_columns.capacity * share)
            return changed(problem, problem.rules, reps=reps)
        if limit.kind == "skill":
            return changed(problem, problem.rules, tasks=_with_level(problem, limit, self.amount))
        reps = problem.rep_columns
        values = np.where(reps.id == limit.of, self.amount, getattr(reps, limit.kind))
        changes: dict[str, Any] = {limit.kind: values}
        return changed(problem, problem.rules, reps=replace(reps, **changes))

    def _rule(self, problem: Problem) -> Any:
        rule = next(rule for rule in problem.rules if rule.id == self.limit.of)
        if isinstance(rule, CoverAll):
            kept = problem.select_tasks(rule.where) & ~problem.tasks.index.isin(self.exempt)
            return with_fields(rule, where=problem.task_columns.id[kept].tolist())
        field, _ = _FIELDS[type(rule)]
        return with_fields(rule, **{field: int(self.amount) if field == "n" else self.amount})  # type: ignore[arg-type]


def _with_level(problem: Problem, limit: Limit, level: float) -> Any:
    tasks = problem.task_columns
    task = int(np.flatnonzero(tasks.id == limit.of)[0])

    def lowered(needs: Ragged, row: int) -> Ragged:
        names = needs.names()
        mine = (needs.row == row) & (names == limit.skill)
        return Ragged.of(needs.row, names, np.where(mine, level, needs.amount))

    if limit.role == OWNER:
        return replace(tasks, requires=lowered(tasks.requires, task))
    roles = tasks.roles
    row = int(np.flatnonzero((roles.task == task) & (roles.name == limit.role))[0])
    return replace(tasks, roles=replace(roles, requires=lowered(roles.requires, row)))


# -- the least change ---------------------------------------------------------------------------


def least_change(problem: Problem, limit: Limit, prober: Prober) -> tuple[Change, Holdings] | None:
    """Find the least change of one limit with which the problem has a plan, and that plan.

    None where no plan is found even without the limit.
    """
    if not prober.left:
        return None
    if isinstance(limit.rule, CoverAll):
        return _fewest_exempt(problem, limit, limit.rule, prober)
    dropped = Change(limit)
    found = prober.ask(dropped.applied(problem))
    if not found.feasible or found.held is None:
        return None
    values = _values(problem, limit, found.held)
    if values is None:
        return dropped, found.held
    last = prober.ask(_at(problem, limit, values, -1).applied(problem))
    if not last.feasible or last.held is None:
        return dropped, found.held
    return _bisect(problem, limit, values, last.held, prober)


def tightened(
    problem: Problem, change: Change, held: Holdings, prober: Prober
) -> tuple[Change, Holdings]:
    """Make a change as small as can be, given a plan of the problem with it."""
    if change.amount is None or change.before is None:
        if change.exempt or _dial(problem, change.limit) is None:
            return change, held
        return least_change(problem, change.limit, prober) or (change, held)
    values = _values(problem, change.limit, held)
    assert values is not None
    stricter = [v for v in values if abs(v - change.before) < abs(change.amount - change.before)]
    values = [*stricter, change.amount]
    return _bisect(problem, change.limit, values, held, prober)


def _at(problem: Problem, limit: Limit, values: list[float], place: int) -> Change:
    """Give the change of a limit to one of its values."""
    dial = _dial(problem, limit)
    assert dial is not None
    step = None if limit.kind == "skill" else dial[2]
    return Change(limit, values[place], values[0], step)


def _bisect(
    problem: Problem, limit: Limit, values: list[float], held: Holdings, prober: Prober
) -> tuple[Change, Holdings]:
    """Find the first value, the strictest ones first, with which there is a plan.

    There is none with the first value, and this one with the last, which is often the least.
    """
    low, best, sure = 0, len(values) - 1, True
    probe = best - 1
    while low < best - 1:
        answer = prober.ask(_at(problem, limit, values, probe).applied(problem))
        if answer.feasible and answer.held is not None:
            best, held = probe, answer.held
        else:
            low, sure = probe, sure and answer.feasible is False
        probe = (low + best) // 2
    return replace(_at(problem, limit, values, best), least=sure), held


def _values(problem: Problem, limit: Limit, held: Holdings) -> list[float] | None:
    """List the values a limit may take, from what it is to what suffices; None without values."""
    found = _dial(problem, limit)
    if found is None:
        return None
    before, way, step = found
    if limit.kind == "skill":
        levels = _levels(problem, limit.skill)
        return [before, *sorted({v for v in levels if v < before} | {0.0}, reverse=True)]
    enough = _enough(limit, held, way)
    if enough is None:
        seats = len(problem.tasks) + len(problem.task_columns.roles.task)
        enough = 0.0 if way < 0 else before + seats
    steps = max(1, int(np.ceil(way * (enough - before) / step - 1e-9)))
    return [max(0.0, round(before + way * step * i, 6)) for i in range(steps + 1)]


def _dial(problem: Problem, limit: Limit) -> tuple[float, int, float] | None:
    """Give the value of a limit, which way relaxes it, and the step; None where it has none."""
    if limit.kind == "skill":
        task = problem.tasks[limit.of]
        needs = {OWNER: task.requires} | {role.name: role.requires for role in task.roles}
        return needs[limit.role][limit.skill], -1, 1.0
    if limit.kind in ("capacity", "max_tasks"):
        value = float(
            getattr(problem.rep_columns, limit.kind)[problem.rep_columns.id == limit.of][0]
        )
        return value, 1, 1.0 if limit.kind == "max_tasks" else _grid(problem)
    if limit.kind == "capacities":
        return 100.0, 1, 1.0
    rule = next((rule for rule in problem.rules if rule.id == limit.of), None)
    if limit.kind != "rule" or type(rule) not in _FIELDS:
        return None
    field, way = _FIELDS[type(rule)]  # type: ignore[index]
    fine = 10.0**-FINEST if isinstance(rule, MinFit) else _grid(problem)
    return float(getattr(rule, field)), way, 1.0 if field == "n" else fine


def _grid(problem: Problem) -> float:
    """Give the unit of the last decimal that efforts and limits have, 0.01 at the finest."""
    reps = problem.rep_columns
    bounds = [r.value for r in problem.rules if isinstance(r, MinLoad | MaxLoad | MaxLoadGap)]
    limits = np.concatenate([reps.capacity, reps.carried_load, np.array(bounds, np.float64)])
    numbers = np.concatenate([compile_problem(problem).effort, limits[np.isfinite(limits)]])
    found = decimals_of(numbers)
    return float(10.0 ** -min(FINEST if found is None else found, FINEST))


def _levels(problem: Problem, skill: str) -> list[float]:
    skills = problem.rep_columns.skills
    return [float(v) for v in skills.amount[skills.names() == skill]]


def _enough(limit: Limit, held: Holdings, way: int) -> float | None:
    """Give a value of the limit that a plan found without it keeps; None where it is not read."""
    needed = _needed(held)
    reps = held.problem.rep_columns
    row = np.flatnonzero(reps.id == limit.of)
    if limit.kind == "capacities":
        limits = np.maximum(held.problem.rep_columns.capacity, 1e-9)
        return None if np.isnan(limits).all() else float(np.nanmax(needed.load / limits) * 100)
    if limit.kind == "capacity":
        return float(needed.load[row[0]])
    if limit.kind == "max_tasks":
        return float(needed.count[row[0]])
    team = held.load[reps.active]
    match limit.rule:
        case MaxLoad():
            return float(needed.load.max())
        case MinLoad():
            return float(team.min())
        case MaxLoadGap():
            return float(team.max() - team.min())
        case MinFit():
            return float(needed.fit.min(initial=1.0))
        case MaxMoves():
            return float(len(held.problem.tasks))
        case _:
            return None


def _needed(held: Holdings) -> Holdings:
    """Take only what a rule asks for, where nothing asks for more than that."""
    problem = held.problem
    asking = (MinTasks, MinLoad, MaxLoadGap, MaxMoves)
    if any(isinstance(rule, asking) for rule in problem.rules):
        return held
    wanted = compile_problem(problem).mandatory
    tasks = len(problem.tasks)
    wanted[:tasks] |= np.isin(np.arange(tasks), problem.task_columns.roles.task[wanted[tasks:]])
    mine = wanted[np.where(held.role < 0, held.task, tasks + held.role)]
    return Holdings(problem, held.task[mine], held.rep[mine], held.role[mine])


def _fewest_exempt(
    problem: Problem, limit: Limit, rule: CoverAll, prober: Prober
) -> tuple[Change, Holdings] | None:
    """Cover as many of the tasks as can be, and leave the others out of the rule."""
    picked = problem.select_tasks(rule.where)
    columns = replace(problem.task_columns, priority=picked.astype(np.float64))
    free = changed(problem, [r for r in problem.rules if r.id != rule.id], tasks=columns)
    plan = prober.solve(free.replace(objective=[Coverage()]), share=0.25)
    if plan.status not in (Status.OPTIMAL, Status.FEASIBLE):
        return None
    open_ = plan.unassigned["task_id"].unique()
    exempt = tuple(problem.task_columns.id[picked & problem.tasks.index.isin(open_)])
    most = np.floor(plan.terms["bound"].iloc[0] + 1e-6)  # a task with an empty seat counts less
    proved = bool(len(exempt) <= picked.sum() - most)
    change = Change(limit, None, None, None, proved, exempt, int(picked.sum()))
    found = audit(change.applied(problem), plan)
    return (change, found.holdings) if found.ok else None
