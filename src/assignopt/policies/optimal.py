"""Optimal: tasks that have come together, decided together, by an exact solve."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..plan import Reason, Status
from ..problem import Problem
from ..records import Rep
from ..rules import Apart, MaxLoadGap, Together
from ..solving import solve
from .options import Options
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence, Set

    from ..records import Task
    from .policy import Choice
    from .state import State


ASIDE: dict[str, Any] = {"roles": (), "requires": {}}
"""What of a task is seen to elsewhere."""

Placed = dict[int, str]
"""Place in a batch -> rep."""


class Optimal(Policy):
    """Solve what has come together, exactly, with the room that is left.

    :meth:`assignopt.Router.assign_many` decides a batch as :func:`assignopt.solve` would: what the
    reps hold is load they carry, who may take a task is who may now (calendars, groups, pins and
    whom tasks that are held stand apart from), and of caps (``MaxTasks``, per period too) what is
    left. Rules among the tasks of the batch, ``Together``, ``Apart`` and ``MaxLoadGap``, hold in
    the solve; the last one only if loads are within it now, and tasks are given out in an order in
    which it holds all the way, as far as there is one. What cannot be given as planned after all,
    because a helper took the room or for such an order, is solved anew with what is left. Roles
    besides the owner are filled afterwards: their room is not planned for.

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
        if objective is not None:
            Problem([Rep("anybody")], [], objective=objective)  # raises with what is wrong with it

    def options(self) -> dict[str, Any]:
        """Give the options that are not at their default."""
        told = {} if self.objective is None else {"objective": self.objective}
        return told | ({} if self.time_limit == 5.0 else {"time_limit": self.time_limit})

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes a task that comes alone."""
        rows = [(name, task.id, *state.pairs[name]) for name in state.candidates]
        placed = self._solved([(0, task)], rows, [], state)
        return placed[0] if placed else Reason.DOMINATED

    def choose_many(self, tasks: Sequence[Task], state: State) -> Iterator[tuple[int, Choice]]:
        """Say who takes each task of a batch."""
        left, never, again = dict(enumerate(tasks)), set[tuple[int, str]](), True
        while left and again:
            placed, again, given = self._planned(left, never, state), False, False
            while placed and not again:
                place = min(placed, key=partial(self._turn, tasks, placed, state))
                rep = placed.pop(place)
                if rep in state.may_take(tasks[place]):
                    given = True
                    del left[place]
                    yield place, rep
                    continue
                again = True
                if not given:  # not even the first of a plan: not this way
                    never.add((place, rep))
        for place in left:
            yield place, Reason.DOMINATED

    @staticmethod
    def _turn(
        tasks: Sequence[Task], placed: Mapping[int, str], state: State, place: int
    ) -> tuple[float, int]:
        """Say when a task has its turn: in order, or such that loads stay close."""
        if not any(isinstance(rule, MaxLoadGap) for rule in state.problem.rules):
            return 0.0, place
        name = placed[place]
        return state.load[name] + state.pairs_of(tasks[place]).effort[name], place

    def _planned(
        self, left: Mapping[int, Task], never: Set[tuple[int, str]], state: State
    ) -> Placed:
        """Plan what is left of a batch."""
        rows: list[tuple[Any, ...]] = []
        for place, task in left.items():
            pairs, able = state.pairs_of(task), state.may_take(task)
            rows += [(n, task.id, *pairs[n]) for n in able if (place, n) not in never]
        ids = {task.id for task in left.values()}
        rules: list[Any] = list(state.caps_of(list(left.values())))
        for rule in state.problem.rules:
            if isinstance(rule, Together | Apart):
                some = [name for name in rule.tasks if name in ids]
                rules += [rule.model_copy(update={"tasks": some})] if len(some) > 1 else []
            elif isinstance(rule, MaxLoadGap) and _gap(state) <= rule.value:
                rules.append(rule)
        return self._solved(list(left.items()), rows, rules, state)

    def _solved(
        self,
        tasks: Sequence[tuple[int, Task]],
        rows: list[tuple[Any, ...]],
        rules: list[Any],
        state: State,
    ) -> Placed:
        """Say who takes what, with the room that is left."""
        columns = ["rep_id", "task_id", "fit", "effort", "value"]
        table = pd.DataFrame(rows, columns=columns)
        reps = state.reps
        wishes = [
            {"rep_id": rep, "task_id": task.id, "weight": weight}
            for _, task in tasks
            for rep, weight in state.bids_of(task.id).items()
        ]
        problem = Problem(
            [_left(rep, state) for rep in reps.values()],
            [
                task.model_copy(
                    update=ASIDE | {"owner": task.owner if task.owner in reps else None}
                )
                for _, task in tasks
            ],
            pairs=table.astype({"rep_id": "str", "task_id": "str"}),
            preferences=wishes or None,
            rules=rules,
            history=_given(state),
            objective=state.problem.objective if self.objective is None else self.objective,
            effort_unit=state.problem.effort_unit,
        )
        plan = solve(
            problem, time_limit=self.time_limit, seed=state.seed, workers=1, deterministic=True
        )
        if plan.status not in (Status.OPTIMAL, Status.FEASIBLE):
            return {}
        taken = dict(zip(plan.assignments["task_id"], plan.assignments["rep_id"], strict=True))
        return {place: taken[task.id] for place, task in tasks if task.id in taken}


def _gap(state: State) -> float:
    """Give by how much the loads of active reps differ now."""
    loads = [state.load[name] for name, rep in state.reps.items() if rep.active]
    return max(loads, default=0.0) - min(loads, default=0.0)


def _given(state: State) -> pd.DataFrame | None:
    """Give what each rep has had so far as history; what it holds is load that it carries."""
    columns = state.worth, state.value, state.burden  # rounding may leave them below 0
    rows = [
        (name, 0.0, state.count[name], *(max(0.0, column[name]) for column in columns))
        for name in state.reps
        if state.count[name] > 0
    ]
    before = state.problem.history
    if not rows:
        return before
    titles = ["rep_id", "load", "count", "worth", "value", "burden"]
    now = pd.DataFrame(rows, columns=titles)
    return now if before is None else pd.concat([before, now], ignore_index=True)


def _left(rep: Rep, state: State) -> Rep:
    """Give a rep with what it holds as load that it carries."""
    limit, load = state.capacity[rep.id], max(0.0, state.load[rep.id])
    left = None if rep.max_tasks is None else max(0, rep.max_tasks - state.open[rep.id])
    return rep.model_copy(
        update={
            "capacity": None if limit == float("inf") else max(limit, load),
            "carried_load": load,
            "max_tasks": left,
            "weight": state.weight[rep.id] or None,
            "available": None,
        }
    )
