"""A plan as it stands, ready for questions: a Plan or an Audit in, arrays and gains out.

What a question needs again and again (the compiled problem, who holds what, the prices of moves)
is worked out once and stays with the plan.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from ..check import Audit, audit
from ..compiling import compile_problem
from ..goals import Goal, compile_goal
from ..holdings import Holdings
from ..plan import Plan, Status
from ..records import OWNER, Task
from .residual import Residual
from .words import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import pandas as pd

    from ..arrays import Arrays
    from ..columns import Ints
    from ..problem import Problem
    from ..shares import Gain

_KEPT = "_standing"
T = TypeVar("T")


class Standing:
    """What a plan comes to, seat by seat and tier by tier.

    Parameters
    ----------
    plan
        A Plan with a solution, or an Audit of anybody's assignments.
    new, base
        A task that is open in it because it has just come, and the plan without it.
    """

    def __init__(
        self, plan: Plan | Audit, new: str | None = None, base: Standing | None = None
    ) -> None:
        self.found = plan if isinstance(plan, Audit) else audit(plan.problem, plan.assignments)
        self.problem: Problem = self.found.holdings.problem
        self.is_plan = isinstance(plan, Plan)
        self.is_proved = isinstance(plan, Plan) and plan.status is Status.OPTIMAL
        self.terms: pd.DataFrame = plan.terms
        self.new, self.base = new, base
        self._kept: dict[Hashable, Any] = {}

    @cached_property
    def arrays(self) -> Arrays:
        """The compiled problem."""
        return compile_problem(self.problem)

    @cached_property
    def goals(self) -> list[Goal]:
        """The compiled tiers."""
        return [compile_goal(self.arrays, tier) for tier in self.problem.objective]

    @cached_property
    def choice(self) -> Ints:
        """(S,) the pair of each seat; -1 where it is open, or held by who may not."""
        held, arrays = self.found.holdings, self.arrays
        seat = np.where(held.role < 0, held.task, arrays.tasks + held.role)
        keys = arrays.pair_seat.astype(np.int64) * arrays.reps + arrays.pair_rep
        wanted = seat * arrays.reps + held.rep
        at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        choice = np.full(arrays.seats, -1, np.int64)
        if len(keys):
            fits = keys[at] == wanted
            choice[seat[fits]] = at[fits]
        return choice

    @cached_property
    def gains(self) -> list[Gain]:
        """The gain of each tier."""
        return [goal.gain(self.choice) for goal in self.goals]

    @cached_property
    def residual(self) -> Residual | None:
        """The prices of moves, where tiers and rules are flows and the plan is an optimum."""
        if not Residual.supports(self.arrays, self.goals):
            return None
        if self.base is not None:
            seat = self.seat(str(self.new), OWNER)
            known = self.base.residual is not None
            return Residual(self.arrays, self.goals, self.choice, seat) if known else None
        if not self.found.ok:
            return None
        residual = Residual(self.arrays, self.goals, self.choice)
        return residual if self.is_proved or residual.is_optimal() else None

    def kept(self, name: Hashable, make: Callable[[], T]) -> T:
        """Give what is kept under a name, made at the first question."""
        if name not in self._kept:
            self._kept[name] = make()
        return cast("T", self._kept[name])

    def seat(self, task_id: str, role: str) -> int:
        """Give the seat of a task's role."""
        tasks = self.problem.task_columns
        row = int(cast("int", self.problem.tasks.index.get_loc(task_id)))
        if role == OWNER:
            return row
        mine = np.flatnonzero((tasks.roles.task == row) & (tasks.roles.name == role))
        return self.arrays.tasks + int(mine[0])

    def rep(self, rep_id: str) -> int:
        """Give the row of a rep."""
        return int(cast("int", self.problem.reps.index.get_loc(rep_id)))

    def holder(self, seat: int) -> int:
        """Give the rep who holds a seat; -1 where it is open."""
        return int(self.holders[seat])

    def holds(self, seat: int, rep: int) -> bool:
        """Whether a rep holds a seat, perhaps beside another (which breaks a rule)."""
        held, (task, role) = self.found.holdings, self.place(seat)
        return bool(((held.task == task) & (held.role == role) & (held.rep == rep)).any())

    @cached_property
    def holders(self) -> Ints:
        """(S,) the rep who holds each seat; -1 where it is open."""
        held = self.found.holdings
        out = np.full(self.arrays.seats, -1, np.int64)
        out[np.where(held.role < 0, held.task, self.arrays.tasks + held.role)] = held.rep
        return out

    def place(self, seat: int) -> tuple[int, int]:
        """Give the rows of a seat's task and role; -1 for the owner."""
        tasks = self.arrays.tasks
        return int(self.arrays.seat_task[seat]), -1 if seat < tasks else seat - tasks

    def pair(self, seat: int, rep: int) -> int:
        """Give the pair of a seat and a rep; -1 where the rep may not hold it."""
        arrays = self.arrays
        low, high = int(arrays.first[seat]), int(arrays.first[seat + 1])
        at = low + int(np.searchsorted(arrays.pair_rep[low:high], rep))
        return at if at < high and int(arrays.pair_rep[at]) == rep else -1

    def named(self, seat: int) -> tuple[str, str]:
        """Give a seat's task id and role."""
        arrays, tasks = self.arrays, self.problem.task_columns
        role = OWNER if seat < arrays.tasks else str(tasks.roles.name[seat - arrays.tasks])
        return str(tasks.id[arrays.seat_task[seat]]), role

    def rep_name(self, rep: int) -> str | None:
        """Give a rep's id; None for nobody."""
        return str(self.problem.rep_columns.id[rep]) if rep >= 0 else None

    def hint(self) -> list[tuple[str, str, str]]:
        """Give the assignments as rows (task_id, rep_id, role)."""
        held = self.found.holdings
        names = np.append(held.problem.task_columns.roles.name, OWNER)
        ids = held.problem.task_columns.id[held.task], held.problem.rep_columns.id[held.rep]
        return list(zip(ids[0].tolist(), ids[1].tolist(), names[held.role].tolist(), strict=True))


def standing_of(plan: Any) -> Standing:
    """Give the standing of a plan, worked out once.

    Raises
    ------
    TypeError
        When it is neither a Plan nor an Audit.
    NoSolutionError
        When the run has no plan.
    """
    if not isinstance(plan, Plan | Audit):
        raise TypeError(
            f"{type(plan).__name__} is no plan. Give the result of ao.solve, or of "
            "ao.audit(problem, assignments) for assignments of any other origin"
        )
    if isinstance(plan, Plan):
        plan.raise_for_status()
    kept = vars(plan)
    if _KEPT not in kept:
        kept[_KEPT] = Standing(plan)
    standing: Standing = kept[_KEPT]
    return standing


def check_ids(problem: Problem, **ids: str | None) -> None:
    """Raise a KeyError that names every task, role or rep that does not exist."""
    faults = []
    task = ids.get("task")
    if "task" in ids and task not in problem.tasks:
        faults.append(f"task {task!r} does not exist{_near(task, problem.tasks)}")
    if "rep" in ids and ids["rep"] not in problem.reps:
        faults.append(f"rep {ids['rep']!r} does not exist{_near(ids['rep'], problem.reps)}")
    role = ids.get("role", OWNER)
    if "task" in ids and role != OWNER and task in problem.tasks:
        found: Task = problem.tasks[str(task)]
        known = [OWNER, *(one.name for one in found.roles)]
        if role not in known:
            faults.append(f"task {task!r} has no role {role!r}; it has {', '.join(known)}")
    if faults:
        raise KeyError("; ".join(faults))


def _near(name: object, known: Sequence[str] | Any) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(name), list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def held_as(problem: Problem, task: int, role: int, reps: Ints) -> Holdings:
    """Give the holdings of one seat by each of some reps, to be judged one by one."""
    count = len(reps)
    return Holdings(problem, np.full(count, task), reps.astype(np.int64), np.full(count, role))


def plan_faults(standing: Standing) -> tuple[str, ...]:
    """Say what the plan breaks, if it breaks anything."""

    def told() -> tuple[str, ...]:
        messages = standing.found.violations["message"].tolist()
        return (f"(The plan itself breaks rules: {listed(messages)}.)",) if messages else ()

    return standing.kept("faults", told)
