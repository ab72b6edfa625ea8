"""Hindsight: what the best plan with full knowledge of a stream is worth, or a bound on it.

The rules that hold at every moment of a stream hold here too: eligibility, capacity, counts, times.
What online decisions are not asked for (least amounts, coverage of everything, limits of moves) is
left out, so that no policy can be worth more than the bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from ..columns import seconds
from ..dispatching.seats import Seats
from ..objectives import Value
from ..plan import Status
from ..rules import (
    Allow,
    Apart,
    CoverAll,
    MaxLoad,
    MaxLoadGap,
    MaxMoves,
    MaxTasks,
    MinLoad,
    MinTasks,
    Pin,
    Together,
)
from ..solving import solve
from .capacity import capacity_bound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..columns import Floats
    from ..problem import Problem
    from ..records import Rep, Task
    from ..rules import BaseRule
    from ..streams import Stream
    from .running import Setting

Able = list[dict[str, tuple[float, float, float]]]
"""(n,) rep id -> fit, effort and value of those who may take each task."""

NOT_ASKED = (MinTasks, MinLoad, CoverAll, MaxMoves)


@dataclass(frozen=True, slots=True)
class Hindsight:
    """The best there was.

    Parameters
    ----------
    value
        Value of the best plan found with full knowledge; NaN where only a bound is known.
    bound
        No policy is worth more.
    exact
        Whether the two are equal, and the plan could have been had by decisions at the same
        moments.
    how
        How it was found.
    """

    value: float
    bound: float
    exact: bool
    how: str


def hindsight(
    problem: Problem, stream: Stream, setting: Setting, waits: float, time_limit: float
) -> Hindsight:
    """Find the best plan for a stream that is known in full.

    * Nothing is released before the end, or there is neither a limit nor a rule about what is held
      at one time (groups, times, Apart, Together, MaxLoadGap): the problem with the tasks of the
      stream is solved for value; where availability changes, a pair counts if the rep is there when
      the task is decided on.
    * Tasks are released: the time-indexed relaxation of capacities
      (:func:`~assignopt.simulating.capacity.capacity_bound`), a bound; each task at its best rep
      where there are no capacities.
    * Tasks are released and wait until somebody is free: each task at its best rep, a bound; given
      time, everybody can do everything.

    Parameters
    ----------
    problem, stream, setting
        What is simulated.
    waits
        For how long the most patient of the policies lets a task wait for a rep, in seconds.
    time_limit
        Seconds for a solve.
    """
    team = Team(problem, stream)
    moments = decided_at(stream, setting)
    later = setting.retry or any(one.returns for one in stream.events)
    presence = Presence(team, later, waits)
    freed = stream.releases and (team.limited or _about_held(problem, stream))
    if not (team.changed or presence.matters or freed):
        return _solved(team, stream, None, presence, time_limit)
    able = [
        {name: pair for name, pair in row.items() if presence.may(name, moment, task)}
        for row, moment, task in zip(team.pairs(stream), moments, stream.tasks, strict=True)
    ]
    if team.changed or (freed and (later or not team.limited)):
        return _best_reps(able)
    if freed:
        bound = capacity_bound(able, moments, stream.durations, team.limits())
        return Hindsight(np.nan, bound, False, "capacity at each moment, tasks split")
    return _solved(team, stream, able, presence, time_limit)


def _about_held(problem: Problem, stream: Stream) -> bool:
    """Tell whether a rule is about what is held at one time, which a plan of it all cannot see."""
    if any(isinstance(rule, Apart | Together | MaxLoadGap) for rule in problem.rules):
        return True
    if any(task.group is not None for task in stream.tasks):
        return True
    done = stream.at + stream.durations  # a task that is done before its time leaves it free
    ends = [seconds(task.end) for task in stream.tasks]
    return any(end is not None and at < end for end, at in zip(ends, done, strict=True))


def decided_at(stream: Stream, setting: Setting) -> Floats:
    """(n,) when each task is decided on for the first time; no policy has a say in that."""
    at, n = stream.at, len(stream)
    if setting.window is not None:
        cells = np.floor((at - (at[0] if n else 0.0)) / setting.window)
        return np.asarray(at[0] + (cells + 1) * setting.window if n else at)
    last = np.minimum((np.arange(n) // setting.batch + 1) * setting.batch, n) - 1
    return np.asarray(at[last])


class Team:
    """The reps of a problem, and those who join in the course of a stream."""

    def __init__(self, problem: Problem, stream: Stream) -> None:
        self.problem, self.stream = problem, stream
        self.reps: dict[str, Rep] = {rep.id: rep for rep in problem.reps.values()}
        self.joined = False
        self.changed = False
        for one in stream.events:
            if one.rep is None:
                continue
            old = self.reps.get(one.rep.id)
            if old is None:
                self.reps[one.rep.id], self.joined = one.rep, True
            elif one.rep.model_copy(update={"active": old.active}) != old:
                self.changed = True
        self._versions = [self.reps]
        if self.changed:
            later = [one.rep for one in stream.events if one.rep is not None]
            self._versions += [{**self.reps, rep.id: rep} for rep in later]
        caps = [r for r in problem.rules if isinstance(r, MaxLoad | MaxTasks)]
        self.limited = bool(caps) or any(
            rep.capacity is not None or rep.max_tasks is not None for rep in self.reps.values()
        )

    def pairs(self, stream: Stream) -> list[dict[str, tuple[float, float, float]]]:
        """(n,) rep id -> (fit, effort, value with all roles) of those who could ever own a task."""
        found: list[dict[str, Any]] = [{} for _ in stream.tasks]
        for reps in self._versions:
            seats = Seats(self.problem, reps, stream.copies)
            for row, task in zip(found, stream.tasks, strict=True):
                others = sum(
                    max((worth for *_, worth in seats.pairs(task, role).values()), default=0.0)
                    for role in task.roles
                )
                for name, (fit, effort, worth) in seats.pairs(task).items():
                    most = max(worth + others, row[name][2] if name in row else 0.0)
                    row[name] = (fit, effort, most)
        return found

    def limits(self) -> dict[str, tuple[float, float]]:
        """Rep id -> the most effort, and the most tasks, beside what is carried."""
        loads = [rule for rule in self.problem.rules if isinstance(rule, MaxLoad)]
        found = {}
        for row, (name, rep) in enumerate(self.reps.items()):
            caps = [inf if rep.capacity is None else rep.capacity]
            if row < len(self.problem.reps):
                caps += [r.value for r in loads if self.problem.select_reps(r.rep)[row]]
            most = inf if rep.max_tasks is None else float(rep.max_tasks)
            found[name] = (max(0.0, min(caps) - rep.carried_load), most)
        return found


class Presence:
    """Who is there when: the calendars, and the changes of a stream.

    Parameters
    ----------
    team
        Whose.
    later
        Whether a task may be given at any time after it was decided on first.
    waits
        How many seconds before somebody's calendar opens they may get a task.
    """

    def __init__(self, team: Team, later: bool, waits: float) -> None:
        self.later, self.waits = later, waits
        first = team.problem.reps
        self._there: dict[str, tuple[list[float], list[bool]]] = {
            name: ([-inf], [rep.active and name in first]) for name, rep in team.reps.items()
        }
        away: set[str] = set()
        records = dict(team.reps) if team.joined else {}
        active = {name: rep.active and name in first for name, rep in team.reps.items()}
        for one in team.stream.events:
            if one.rep is not None:
                active[one.who] = one.rep.active
                records[one.who] = one.rep
            else:
                (away.discard if one.available else away.add)(one.who)
            times, states = self._there[one.who]
            times.append(seconds(one.at) or 0.0)
            states.append(active[one.who] and one.who not in away)
        self._windows = {
            name: [(seconds(s) or 0.0, seconds(e) or 0.0) for s, e in rep.available]
            for name, rep in team.reps.items()
            if rep.available is not None and not team.changed
        }
        changing = any(len(times) > 1 for times, _ in self._there.values())
        self.matters = bool(self._windows) or changing
        self.certain = not (self.matters and (later or waits > 0))

    def may(self, name: str, moment: float, task: Task) -> bool:
        """Tell whether a rep may get a task that is decided on at this moment."""
        times, states = self._there[name]
        if len(times) == 1:
            there = states[0]
        else:  # what changes at the moment itself is before the decision
            now = int(np.searchsorted(times, moment, side="right")) - 1
            there = any(states[now:]) if self.later else states[now]
        windows = self._windows.get(name)
        if not there or windows is None or task.start is not None:
            return there
        if self.later:
            return any(end > moment for _, end in windows)
        return any(start <= moment + self.waits and end > moment for start, end in windows)


def _best_reps(able: Able) -> Hindsight:
    """Let each task have its best rep, as if nobody else wanted them."""
    best = sum(max((worth for *_, worth in row.values()), default=0.0) for row in able)
    return Hindsight(np.nan, best, False, "each task at its best rep")


def _solved(
    team: Team, stream: Stream, able: Able | None, presence: Presence, time_limit: float
) -> Hindsight:
    """Solve the problem with the tasks of the stream for value."""
    problem, left_out = _problem(team, stream, able)
    plan = solve(problem, time_limit=time_limit, deterministic=True)
    if plan.status in (Status.INFEASIBLE, Status.UNKNOWN):
        return _best_reps(team.pairs(stream) if able is None else able)
    told = plan.terms.iloc[0]
    value, bound = float(told["value"]), float(told["bound"])
    proved = bool(told["proved"]) and presence.certain and not left_out
    return Hindsight(value, bound, proved, f"solved ({told['engine']})")


def _problem(team: Team, stream: Stream, able: Able | None) -> tuple[Problem, bool]:
    """Make the problem in which the whole stream is known; tell whether a rule was left out."""
    reps, tasks = list(team.reps.values()), list(stream.tasks)
    if able is not None:  # who is there is told by the pairs
        reps = [rep.model_copy(update={"active": True}) for rep in reps]
    tasks = [t if t.owner is None else t.model_copy(update={"owner": None}) for t in tasks]
    pairs = _pairs(team, stream, able)
    given: dict[str, Any] = {"pairs": pairs, "history": None, "preferences": None}
    given |= {"reps": reps, "tasks": tasks, "objective": (Value(),)}
    level = able is None and not team.problem.rep_columns.carried_load.any()
    alone = {task.id for task in tasks if not task.roles}
    rules, left_out = _rules(team.problem.rules, {task.id for task in tasks}, alone, level)
    left_out |= any(task.roles for task in tasks)  # who holds a role is not up to the policy
    try:
        return team.problem.replace(**given, rules=rules), left_out
    except ValidationError:  # a rule names what this stream does not have
        kept: list[BaseRule] = []
        bare = team.problem.replace(**given, rules=())
        for rule in rules:
            try:
                bare.replace(rules=[rule])
                kept.append(rule)
            except ValidationError:
                left_out = True
        return bare.replace(rules=kept), left_out


def _pairs(team: Team, stream: Stream, able: Able | None) -> pd.DataFrame | None:
    """Make the pairs table of a stream: the problem's own, and who is there."""
    given = team.problem.pairs
    if given is not None:
        of = {task.id: stream.copies.get(task.id, task.id) for task in stream.tasks}
        link = pd.DataFrame({"copy": list(of), "task_id": list(of.values())})
        given = link.merge(given, on="task_id").drop(columns="task_id")
        given = given.rename(columns={"copy": "task_id"})
    if able is None:
        return given
    there = [
        (task.id, name)
        for task, row in zip(stream.tasks, able, strict=True)
        for name in (team.reps if task.roles else row)
    ]
    if given is None:
        return pd.DataFrame(there, columns=["task_id", "rep_id"], dtype=object)
    keep, listed = set(there), zip(given["task_id"], given["rep_id"], strict=True)
    return given[[one in keep for one in listed]].reset_index(drop=True)


def _rules(
    rules: Iterable[BaseRule], ids: set[str], alone: set[str], level: bool
) -> tuple[list[BaseRule], bool]:
    """Keep the rules that hold at every moment; tell whether one that does had to be left out.

    ``alone``: the tasks without other roles, to which a pin leaves one rep.

    ``level``: everybody starts without load and stays, so that a gap which no decision ever makes
    too wide is not too wide in the end.
    """
    kept: list[BaseRule] = []
    left_out = False
    for rule in rules:
        match rule:
            case _ if isinstance(rule, NOT_ASKED):
                continue
            case MaxTasks(per=per) if per is not None:
                left_out = True
            case MaxLoadGap():  # it holds at every moment; in the end is all that can be asked here
                left_out = True
                if level:
                    kept.append(rule)
            case Together() | Apart():
                tasks = [task for task in rule.tasks if task in ids]
                if len(tasks) > 1:
                    kept.append(rule.model_copy(update={"tasks": tuple(tasks)}))
            case Pin():  # who may have it; whether it is taken at all is up to the policy
                owned = rule.task in alone and rule.role == "owner"
                left_out = left_out or (rule.task in ids and not owned)
                if owned:
                    kept.append(Allow(task=rule.task, rep=rule.rep))
            case _:
                listed = getattr(rule, "task", None)
                if isinstance(listed, str | tuple | list):
                    names = [listed] if isinstance(listed, str) else list(listed)
                    names = [name for name in names if name in ids]
                    if not names:
                        continue
                    rule = rule.model_copy(update={"task": names})
                kept.append(rule)
    return kept, left_out
