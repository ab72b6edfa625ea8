"""Optimal: tasks that have come together, decided together, by an exact solve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ..plan import Reason, Status
from ..problem import Problem
from ..rules import Apart, Together
from ..solving import solve
from .options import Options
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..records import Rep, Task
    from .policy import Choice
    from .state import State


ASIDE: dict[str, Any] = {"roles": (), "owner": None, "requires": {}}
"""What of a task is seen to elsewhere."""


class Optimal(Policy):
    """Solve what has come together, exactly, with the room that is left.

    :meth:`assignopt.Router.assign_many` decides a batch as :func:`assignopt.solve` would: what the
    reps hold is load they carry, and who may take a task is who may now (calendars, groups, caps
    and whom tasks that are held stand apart from). Rules among the tasks of the batch, ``Together``
    and ``Apart``, hold in the solve. Caps (``MaxTasks``) and ``MaxLoadGap`` are looked at again
    when tasks are given out one by one: what would break one then is refused, with its reason.
    Roles besides the owner are filled afterwards.

    It is optimal for the batch, not for the stream: it knows no price of room. A task that comes
    alone is a batch of one.

    Parameters
    ----------
    objective
        Tiers; None: those of the problem.
    time_limit
        Seconds for a batch. Solves are deterministic, so that a replay comes out the same, as long
        as time is not what ends them.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = [ao.Rep("ana", max_tasks=1, fit={"a": 0.9, "b": 0.8}),
    ...         ao.Rep("bo", max_tasks=1, fit={"a": 0.7, "b": 0.1})]
    >>> leads = [ao.Task("first", customer_type="a"), ao.Task("second", customer_type="b")]
    >>> one = ao.policies.Optimal(objective=(ao.Value(),))
    >>> print(*ao.Router(ao.Problem(team, []), policy=one).assign_many(leads), sep=", ")
    first: bo, second: ana
    """

    source = "assignopt"

    def __init__(self, objective: Any = None, time_limit: float = 5.0) -> None:
        options = Options(self)
        self.objective, self.time_limit = objective, options.number("time_limit", time_limit)
        options.done()

    def options(self) -> dict[str, Any]:
        """Give the options that are not at their default."""
        told = {} if self.objective is None else {"objective": self.objective}
        return told | ({} if self.time_limit == 5.0 else {"time_limit": self.time_limit})

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes a task that comes alone."""
        return self.choose_many([task], state)[0]

    def choose_many(self, tasks: Sequence[Task], state: State) -> list[Choice]:
        """Say who takes each task of a batch."""
        problem = self._problem(tasks, state)
        plan = solve(
            problem, time_limit=self.time_limit, seed=state.seed, workers=1, deterministic=True
        )
        taken: dict[str, str] = {}
        if plan.status in (Status.OPTIMAL, Status.FEASIBLE):
            rows = plan.assignments
            taken = dict(zip(rows["task_id"], rows["rep_id"], strict=True))
        return [taken.get(task.id) or Reason.DOMINATED for task in tasks]

    def _problem(self, tasks: Sequence[Task], state: State) -> Problem:
        """Make the problem of a batch: who may take what now, with the room that is left."""
        rows: list[tuple[Any, ...]] = []
        for task in tasks:
            pairs: Mapping[str, Any] = state.pairs_of(task)
            rows += [(name, task.id, *pairs[name]) for name in state.may_take(task)]
        columns = ["rep_id", "task_id", "fit", "effort", "value"]
        table = pd.DataFrame(rows, columns=columns)
        ids = {task.id for task in tasks}
        rules: list[Any] = []
        for rule in state.problem.rules:
            if isinstance(rule, Together | Apart):
                some = _within(rule.tasks, ids)
                rules += [rule.model_copy(update={"tasks": some})] if len(some) > 1 else []
        now = {name: _left(rep, state) for name, rep in state.reps.items()}
        return Problem(
            list(now.values()),
            [task.model_copy(update=ASIDE) for task in tasks],
            pairs=table.astype({"rep_id": "str", "task_id": "str"}),
            rules=rules,
            history=_given(state),
            objective=state.problem.objective if self.objective is None else self.objective,
            effort_unit=state.problem.effort_unit,
        )


def _within(tasks: Any, ids: set[str]) -> list[str]:
    return [name for name in tasks if name in ids] if isinstance(tasks, list | tuple) else []


def _given(state: State) -> pd.DataFrame | None:
    """Give what each rep has had so far as history; what it holds is load that it carries."""
    rows = [
        (name, 0.0, state.count[name], state.worth[name], state.value[name], state.burden[name])
        for name in state.reps
        if state.count[name] > 0
    ]
    before = state.problem.history
    if not rows:
        return before
    columns = ["rep_id", "load", "count", "worth", "value", "burden"]
    now = pd.DataFrame(rows, columns=columns)
    return now if before is None else pd.concat([before, now], ignore_index=True)


def _left(rep: Rep, state: State) -> Rep:
    """Give a rep with what it holds as load that it carries."""
    limit = state.capacity[rep.id]
    left = None if rep.max_tasks is None else max(0, rep.max_tasks - state.open[rep.id])
    return rep.model_copy(
        update={
            "capacity": None if limit == float("inf") else max(limit, state.load[rep.id]),
            "carried_load": state.load[rep.id],
            "max_tasks": left,
            "weight": state.weight[rep.id] or None,
            "available": None,
        }
    )
