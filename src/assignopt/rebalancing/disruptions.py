"""What happens to a team, as values: a Problem in, the Problem after it out.

A disruption is a value with a sentence, applied to a Problem; the problem it was
applied to stays as it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..columns import clock_of
from ..records import Rep, Task
from ..rules import phrase
from ..wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..columns import Floats
    from ..problem import Problem

FOREVER = 1e12
"""Seconds before and after which nothing happens."""

ENDS = (datetime(2, 1, 1), datetime(9998, 12, 31))
"""The same as datetimes, with room for time zones."""

Time = float | datetime
Window = tuple[Any, Any]


class Disruption:
    """Something that happens: ``apply(problem)`` gives the problem after it.

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem([ao.Rep("ana", capacity=8), ao.Rep("bo")], [ao.Task("acme")])
    >>> after = ao.leave("ana").apply(problem)
    >>> after.reps["ana"].active, problem.reps["ana"].active
    (False, True)
    >>> str(ao.leave("ana"))
    "'ana' leaves"
    """

    @property
    def sentence(self) -> str:
        """What happens, in the words of the input."""
        raise NotImplementedError

    def apply(self, problem: Problem) -> Problem:
        """Make the problem after it.

        Raises
        ------
        KeyError
            When a rep or a task does not exist.
        ValueError
            When it can mean nothing for this problem.
        """
        raise NotImplementedError

    def __str__(self) -> str:
        return self.sentence


def applied(problem: Problem, happened: Any) -> Problem:
    """Give the problem after a disruption, after several in their order, or as it is given."""
    if isinstance(happened, Disruption):
        return happened.apply(problem)
    if isinstance(happened, list | tuple):
        for number, one in enumerate(happened):
            if not isinstance(one, Disruption):
                raise TypeError(
                    f"entry {number} is {type(one).__name__}; allowed are disruptions such as "
                    "ao.leave('ana'). Give a Problem by itself"
                )
            problem = one.apply(problem)
    return problem


# -- people ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leave(Disruption):
    """A rep is away: for the whole plan, or from a time to a time."""

    rep: str
    start: Time | None = None
    end: Time | None = None
    capacity: float | None = None

    @property
    def sentence(self) -> str:
        """What happens, in the words of the input."""
        if self.start is None and self.end is None and self.capacity is None:
            return f"{self.rep!r} leaves"
        when = [f"from {self.start}"] if self.start is not None else []
        when += [f"to {self.end}"] if self.end is not None else []
        left = [f"with a capacity of {self.capacity:g} left"] if self.capacity is not None else []
        return " ".join([f"{self.rep!r} is away", *when, *left])

    def apply(self, problem: Problem) -> Problem:
        """Make the rep inactive, or take the time off their calendar and capacity."""
        _check_known(problem, reps=[self.rep])
        rep = problem.reps[self.rep]
        if self.start is None and self.end is None and self.capacity is None:
            return problem.with_rep(rep.model_copy(update={"active": False}))
        changes: dict[str, Any] = {}
        if self.capacity is not None:
            changes["capacity"] = self.capacity
            changes["weight"] = float(problem.weights[problem.rep_columns.id == self.rep][0])
        if self.start is not None or self.end is not None:
            windows = self._windows(problem, rep)
            if windows is not None:
                changes["available"] = windows
        return problem.with_rep(Rep(**{**dict(rep), **changes}))

    def _windows(self, problem: Problem, rep: Rep) -> list[Window] | None:
        """Take the absence off the rep's calendar; None where no task has a time."""
        clocks = {problem.task_columns.clock, problem.rep_columns.clock} - {"none"}
        mine = clock_of([time for time in (self.start, self.end) if time is not None])
        if clocks and mine not in clocks:
            raise ValueError(
                f"{self.rep!r} is away in {mine}, and the problem's times are "
                f"{', '.join(sorted(clocks))}. Give the same kind of time"
            )
        if np.isnan(problem.task_columns.start).all() and rep.available is None:
            if self.capacity is None:
                raise ValueError(
                    f"{self.rep!r} is away for a time, and no task has one, so nothing would "
                    "change. Say with capacity= what is left, or leave start and end out"
                )
            return None
        first, last = _ends(self.start if self.start is not None else self.end)
        start = first if self.start is None else self.start
        end = last if self.end is None else self.end
        return without([(first, last)] if rep.available is None else rep.available, start, end)


def _ends(like: Any) -> Window:
    """Give the first and the last time of the kind of one."""
    if isinstance(like, datetime):
        return tuple(one.replace(tzinfo=like.tzinfo) for one in ENDS)  # type: ignore[return-value]
    return -FOREVER, FOREVER


def without(windows: Iterable[Window], start: Any, end: Any) -> list[Window]:
    """Take a time off some windows.

    Examples
    --------
    >>> without([(0, 10), (20, 30)], 5, 22)
    [(0, 5), (22, 30)]
    """
    left = []
    for low, high in windows:
        left += [(low, min(high, start))] if low < start else []
        left += [(max(low, end), high)] if high > end else []
    return [(low, high) for low, high in left if low < high]


@dataclass(frozen=True)
class Join(Disruption):
    """A rep comes, or comes back."""

    rep: Rep | str

    @property
    def sentence(self) -> str:
        """What happens, in the words of the input."""
        return f"{self.rep.id!r} joins" if isinstance(self.rep, Rep) else f"{self.rep!r} is back"

    def apply(self, problem: Problem) -> Problem:
        """Add the rep, or make the one with this id active again."""
        if isinstance(self.rep, Rep):
            return problem.with_rep(self.rep)
        _check_known(problem, reps=[self.rep])
        return problem.with_rep(problem.reps[self.rep].model_copy(update={"active": True}))


# -- work ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewTasks(Disruption):
    """Tasks come in."""

    tasks: tuple[Task, ...]

    @property
    def sentence(self) -> str:
        """What happens, in the words of the input."""
        return f"{counted(len(self.tasks), 'new task')}: {_named([t.id for t in self.tasks])}"

    def apply(self, problem: Problem) -> Problem:
        """Add the tasks."""
        return problem.with_tasks(list(self.tasks))


@dataclass(frozen=True)
class TargetChange(Disruption):
    """What is to be done changes: the effort of tasks, or what reps are entitled to."""

    factor: float
    task: Any = None
    rep: Any = None

    @property
    def sentence(self) -> str:
        """What happens, in the words of the input."""
        if self.rep is not None:
            return f"{phrase('rep', self.rep)}: {self.factor:g} times the share of the work"
        return f"{phrase('task', self.task)}: {self.factor:g} times the effort"

    def apply(self, problem: Problem) -> Problem:
        """Scale the efforts, or the entitlements."""
        if self.rep is None:
            return problem.scale_effort(self.factor, self.task)
        reps = problem.rep_columns
        picked = problem.select_reps(self.rep)
        if not picked.any():
            raise KeyError(f"nobody is {phrase('rep', self.rep)}")
        weight = np.where(picked, problem.weights * self.factor, problem.weights)
        return problem.replace(reps=replace(reps, weight=weight))


@dataclass(frozen=True)
class Delay(Disruption):
    """A task at a fixed time happens later (or, with a negative time, sooner)."""

    task: str
    by: float | timedelta

    @property
    def sentence(self) -> str:
        """What happens, in the words of the input."""
        told = self.by if isinstance(self.by, timedelta) else f"{self.by:g} seconds"
        return f"task {self.task!r} is {told} later"

    def apply(self, problem: Problem) -> Problem:
        """Shift start and end."""
        _check_known(problem, tasks=[self.task])
        columns = problem.task_columns
        row = columns.id == self.task
        if np.isnan(columns.start[row]).all():
            raise ValueError(f"task {self.task!r} has no time, so it cannot be later. Leave it out")
        by = _seconds(self.by)
        start, end = (np.where(row, t + by, t) for t in (columns.start, columns.end))
        return problem.replace(tasks=replace(columns, start=start, end=end))


def _seconds(by: float | timedelta) -> float:
    return by.total_seconds() if isinstance(by, timedelta) else float(by)


@dataclass(frozen=True)
class WorkLeft(Disruption):
    """Work has been done: a share of each task's effort remains."""

    remaining: Mapping[str, float]

    @property
    def sentence(self) -> str:
        """What happens, in the words of the input."""
        parts = [f"{name!r} {share:.0%}" for name, share in self.remaining.items()]
        more = f" and {len(parts) - 5} more" if len(parts) > 5 else ""
        return f"left to do: {', '.join(parts[:5])}{more}"

    def apply(self, problem: Problem) -> Problem:
        """Scale the effort of each task, of its roles and of its pairs."""
        _check_known(problem, tasks=list(self.remaining))
        times: Floats = np.ones(len(problem.task_columns.id))
        rows = problem.tasks.index.get_indexer(pd.Index(list(self.remaining), dtype=object))
        times[rows] = list(self.remaining.values())
        tasks, pairs = problem.task_columns, problem.pair_columns
        roles = replace(tasks.roles, effort=tasks.roles.effort * times[tasks.roles.task])
        changes: dict[str, Any] = {
            "tasks": replace(tasks, effort=tasks.effort * times, roles=roles)
        }
        if pairs is not None and pairs.effort is not None:
            changes["pairs"] = replace(pairs, effort=pairs.effort * times[pairs.task])
        return problem.replace(**changes)


def _check_known(problem: Problem, reps: Sequence[str] = (), tasks: Sequence[str] = ()) -> None:
    """Raise a KeyError that names every rep and task that does not exist."""
    faults = []
    for noun, names, known in (("rep", reps, problem.reps), ("task", tasks, problem.tasks)):
        for name in names:
            if name not in known:
                near = get_close_matches(str(name), list(known), 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                faults.append(f"{noun} {name!r} does not exist{hint}")
    if faults:
        raise KeyError("; ".join(faults))


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return ", ".join(repr(name) for name in ids[:3]) + more


# -- in the words of the user ----------------------------------------------------------------------


def leave(
    rep: str, start: Any = None, end: Any = None, *, capacity: float | None = None
) -> Disruption:
    """Say that a rep is away: for good, or for some time.

    Parameters
    ----------
    rep
        Who.
    start, end
        From when and to when (None: from the beginning, to the end); both None, and no capacity:
        for the whole plan, so that they take nothing and their work has to move. Otherwise tasks
        at a fixed time within it have to move, and nothing else.
    capacity
        What is left of their capacity in the plan; their entitlement stays as it was.

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem([ao.Rep("ana", capacity=40)], [ao.Task("call", start=100, end=200)])
    >>> away = ao.leave("ana", 0, 150, capacity=30).apply(problem).reps["ana"]
    >>> away.capacity, away.weight, [end for _, end in away.available][0], away.available[1][0]
    (30.0, 40.0, 0.0, 150.0)
    """
    odd = [one for one in (start, end) if not isinstance(one, int | float | datetime | None)]
    if odd:
        raise ValueError(f"{odd[0]!r} is no time; allowed are seconds and datetimes")
    if clock_of([one for one in (start, end) if one is not None]) == "mixed":
        raise ValueError(
            f"start {start} and end {end} are of different kinds. Give two of one kind"
        )
    if start is not None and end is not None and not start < end:
        raise ValueError(f"start {start} is not before end {end}. Exchange them")
    return Leave(rep, start, end, capacity)


def join(rep: Rep | str) -> Disruption:
    """Say that a rep comes (a Rep), or that an inactive one is back (their id).

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem([ao.Rep("ana", active=False)], [])
    >>> ao.join("ana").apply(problem).reps["ana"].active
    True
    """
    return Join(rep)


def new_tasks(tasks: Iterable[Task]) -> Disruption:
    """Say that tasks come in.

    Examples
    --------
    >>> import assignopt as ao
    >>> str(ao.new_tasks([ao.Task("acme")]))
    "1 new task: 'acme'"
    """
    given = tuple(tasks)
    odd = [type(one).__name__ for one in given if not isinstance(one, Task)]
    if odd:
        raise TypeError(f"new tasks are {', '.join(odd)}; allowed are Tasks. Give ao.Task(...)")
    return NewTasks(given)


def target_change(factor: float, *, task: Any = None, rep: Any = None) -> Disruption:
    """Say that a target changes: tasks take ``factor`` times the effort, or reps get that share.

    Parameters
    ----------
    factor
        Above 0.
    task
        Selector of tasks; None, with no rep either: all.
    rep
        Selector of reps whose entitlement is scaled instead.

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("acme", effort=3)])
    >>> ao.target_change(2).apply(problem).tasks["acme"].effort
    6.0
    >>> ao.target_change(2, rep="bo").apply(problem).weights.tolist()
    [1.0, 2.0]
    """
    if not (isinstance(factor, int | float) and math.isfinite(factor) and factor > 0):
        raise ValueError(f"factor is {factor!r}; allowed is a finite number above 0")
    if task is not None and rep is not None:
        raise ValueError("task= and rep= are both given; a target is of one of them. Give two")
    return TargetChange(float(factor), task, rep)


def delay(task: str, by: float | timedelta) -> Disruption:
    """Say that a task at a fixed time happens later.

    Parameters
    ----------
    task
        Which.
    by
        Seconds, or a timedelta.

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem([], [ao.Task("call", start=100, end=200)])
    >>> ao.delay("call", 50).apply(problem).tasks["call"].start
    150.0
    """
    if not isinstance(by, timedelta | int | float) or not math.isfinite(_seconds(by)):
        raise ValueError(f"by is {by!r}; allowed are finite seconds, or a timedelta")
    return Delay(task, by)


def work_left(remaining: Mapping[str, float]) -> Disruption:
    """Say how much of some tasks is left to do.

    Parameters
    ----------
    remaining
        Task -> share of its effort that remains, 0 to 1 (more: it turned out larger).

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem([], [ao.Task("acme", effort=8)])
    >>> ao.work_left({"acme": 0.25}).apply(problem).tasks["acme"].effort
    2.0
    """
    bad = {name: one for name, one in remaining.items() if not _is_share(one)}
    if bad:
        raise ValueError(f"remaining shares {bad}; allowed are finite numbers of 0 or more")
    return WorkLeft(dict(remaining))


def _is_share(one: object) -> bool:
    number = isinstance(one, int | float) and not isinstance(one, bool)
    return number and 0 <= one < math.inf  # type: ignore[operator]
