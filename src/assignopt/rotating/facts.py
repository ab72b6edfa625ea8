"""A schedule as plain facts: who holds what when, in stints, and what it all amounts to.

Computed from the problem and the options alone, by the definitions; no integer of an engine is
read. What is reported of a rotation, and what it is checked by, comes from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..check import pair_faults
from ..holdings import Holdings
from ..rules import Pin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..columns import Floats
    from ..problem import Problem
    from .wants import Asked

Turn = tuple[int, int, int]
"""A period, a rep and a task, as rows."""


class Stint(NamedTuple):
    """Periods without a break in which a rep holds a task: from first to last, both included.

    ``before`` counts the periods just before the first one of the rotation.
    """

    rep: int
    task: int
    first: int
    last: int
    before: int

    @property
    def length(self) -> int:
        """How many periods, those before the rotation included."""
        return self.last - self.first + 1 + self.before


class Handover(NamedTuple):
    """A rep gives up a task; nobody (-1) or another rep takes it over in this period."""

    period: int
    task: int
    giver: int
    taker: int
    counted: bool


@dataclass(frozen=True, eq=False)
class Facts:
    """Who holds what when.

    Parameters
    ----------
    problem, asked
        What was asked.
    turns
        Every period, rep and task; nothing twice.
    squads
        (Q,) the reps of each squad.
    """

    problem: Problem
    asked: Asked
    turns: tuple[Turn, ...]
    squads: tuple[tuple[int, ...], ...]

    @classmethod
    def of(
        cls,
        problem: Problem,
        asked: Asked,
        turns: Iterable[Turn],
        squads: Iterable[Iterable[int]],
    ) -> Facts:
        """Put turns in order."""
        return cls(problem, asked, tuple(sorted(turns)), tuple(tuple(one) for one in squads))

    @cached_property
    def held(self) -> dict[tuple[int, int], list[int]]:
        """(rep, task) -> the periods in which it is held."""
        found: dict[tuple[int, int], list[int]] = {}
        for period, rep, task in self.turns:
            found.setdefault((rep, task), []).append(period)
        return found

    @cached_property
    def tasks_of(self) -> dict[tuple[int, int], list[int]]:
        """(period, rep) -> the tasks held."""
        found: dict[tuple[int, int], list[int]] = {}
        for period, rep, task in self.turns:
            found.setdefault((period, rep), []).append(task)
        return found

    @cached_property
    def holders(self) -> dict[tuple[int, int], list[int]]:
        """(period, task) -> the reps who hold it."""
        found: dict[tuple[int, int], list[int]] = {}
        for period, rep, task in self.turns:
            found.setdefault((period, task), []).append(rep)
        return found

    @cached_property
    def may_hold(self) -> set[tuple[int, int]]:
        """(rep, task) that the problem allows, everything else left aside."""
        problem = self.problem
        pins = [rule for rule in problem.rules if isinstance(rule, Pin)]
        if pins:
            rules = [rule for rule in problem.rules if not isinstance(rule, Pin)]
            problem = problem.replace(rules=rules)
        held = self._every_pair(problem)
        bad = np.zeros(len(held), bool)
        for fault in pair_faults(held):
            bad |= fault.bad
        rows = zip(held.rep.tolist(), held.task.tolist(), (~bad).tolist(), strict=True)
        return {(rep, task) for rep, task, fine in rows if fine}

    def _every_pair(self, problem: Problem) -> Holdings:
        reps, tasks = len(problem.rep_columns.id), len(problem.task_columns.id)
        task, rep = np.repeat(np.arange(tasks), reps), np.tile(np.arange(reps), tasks)
        return Holdings(problem, task, rep, np.full(len(task), -1, np.int64))

    @cached_property
    def _amounts(self) -> dict[str, Floats]:
        """(R, J) what a period of a pair is, in each quantity."""
        held = self._every_pair(self.problem)
        shape = len(self.problem.task_columns.id), len(self.problem.rep_columns.id)
        names = ("effort", "fit", "worth", "value", "burden")
        return {name: getattr(held, name).reshape(shape).T for name in names}

    def amount(self, name: str, rep: int, task: int) -> float:
        """Give what one period of a pair is: effort, fit, worth, value or burden."""
        return float(self._amounts[name][rep, task])

    @cached_property
    def owners(self) -> dict[int, int]:
        """Task -> the rep who holds it just before the first period."""
        problem = self.problem
        rows = {name: row for row, name in enumerate(problem.rep_columns.id)}
        names = problem.task_columns.owner.texts()
        return {task: rows[name] for task, name in enumerate(names) if name in rows}

    def is_absent(self, rep: int, period: int) -> bool:
        """Whether a rep is not there in a period."""
        return period in self.asked.absent.get(rep, ())

    @cached_property
    def stints(self) -> list[Stint]:
        """All stints, by task, rep and time."""
        found = []
        for (rep, task), periods in self.held.items():
            first = periods[0]
            for at, period in enumerate(periods):
                if at + 1 < len(periods) and periods[at + 1] == period + 1:
                    continue
                carried = first == 0 and self.owners.get(task) == rep
                before = self.asked.held_since.get(task, 1) if carried else 0
                found.append(Stint(rep, task, first, period, before))
                first = periods[at + 1] if at + 1 < len(periods) else first
        return sorted(found, key=lambda one: (one.task, one.rep, one.first))

    @cached_property
    def handovers(self) -> list[Handover]:
        """Every time that a rep gives up a task, by period and task.

        It counts unless the rep could not have kept it: because it is absent, or may not hold it.
        """
        found = []
        tasks = range(len(self.problem.task_columns.id))
        for period in range(self.asked.periods):
            for task in tasks:
                now = self.holders.get((period, task), [])
                earlier = self._before(period, task)
                takers = [rep for rep in now if rep not in earlier]
                givers = [rep for rep in earlier if rep not in now]
                for at, rep in enumerate(givers):
                    able = (rep, task) in self.may_hold and not self.is_absent(rep, period)
                    taker = takers[at] if at < len(takers) else -1
                    found.append(Handover(period, task, rep, taker, able))
        return found

    def _before(self, period: int, task: int) -> list[int]:
        if period:
            return self.holders.get((period - 1, task), [])
        return [self.owners[task]] if task in self.owners else []

    def earned(self, rep: int, task: int) -> float:
        """Give the value that a rep earns with a task, less what a novice's periods lack."""
        count = len(self.held.get((rep, task), ()))
        novice = 0 if self.owners.get(task) == rep else min(count, self.asked.learning)
        lost = novice * (1 - self.asked.learning_value)
        return self.amount("value", rep, task) * (count - lost)
