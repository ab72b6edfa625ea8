"""From what is asked to integers: a Problem and options in, a Layout for the engines out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..compiling import compile_problem
from ..engines.rosters import OPEN, Band, Layout, Release
from ..rules import Apart, CoverAll, MaxTasks, MinTasks, Pin, Together
from ..scaling import NO_LIMIT, scaled
from .tenures import reachable

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from ..problem import Problem
    from .wants import Asked


@dataclass(frozen=True, eq=False)
class Frame:
    """A compiled rotation.

    Parameters
    ----------
    problem, asked
        What was compiled.
    arrays
        The problem without its pins; its pairs are those of the layout.
    layout
        What the engines see.
    clashes
        What cannot be whatever is done, in words; found while compiling.
    """

    problem: Problem
    asked: Asked
    arrays: Arrays
    layout: Layout
    clashes: tuple[str, ...]


def frame(problem: Problem, asked: Asked) -> Frame:
    """Compile what is asked.

    Raises
    ------
    pydantic.ValidationError
        When efforts add up to more than integers of 64 bits can hold.
    """
    pins = [rule for rule in problem.rules if isinstance(rule, Pin)]
    free = [rule for rule in problem.rules if not isinstance(rule, Pin)]
    arrays = compile_problem(problem.replace(rules=free) if pins else problem)
    return _Builder(problem, asked, arrays, pins).frame()


class _Builder:
    """One layout in the making."""

    def __init__(self, problem: Problem, asked: Asked, arrays: Arrays, pins: list[Pin]) -> None:
        self.problem, self.asked, self.arrays, self.pins = problem, asked, arrays, pins
        self.rep = arrays.pair_rep.astype(np.int64)
        self.task = arrays.pair_task.astype(np.int64)
        self.clashes: list[str] = []
        self.low, self.high = self._at_once()
        self.bands: list[Band] = []

    def frame(self) -> Frame:
        """Put everything together."""
        asked, periods = self.asked, self.asked.periods
        seats = np.array([asked.seats.get(t, 1) for t in range(self.arrays.tasks)], np.int64)
        away = self._away()
        least, most = self._counts(away)
        always, must = self._pinned(seats, least, most)
        for add in (self._loads, self._rules):
            add()
        held = self._held()
        longest = asked.max_tenure
        endless = longest is None or longest >= periods + int(held.max(initial=0))
        max_tenure = OPEN if endless or longest is None else longest
        tenured = asked.min_tenure > 1 or max_tenure < OPEN or asked.cooldown > 1
        reach = self._reach(away, held, max_tenure) if tenured else None
        worths, dues = self._dues(seats) if asked.proportional else (None, None)
        layout = Layout(
            periods=periods,
            rep=self.rep,
            task=self.task,
            seats=seats,
            must=must,
            low=self.low,
            high=self.high,
            bands=[band for band in self.bands if self._binds(band)],
            together=self._together(),
            least=least,
            most=most,
            always=always,
            away=away,
            held=held,
            min_tenure=asked.min_tenure,
            max_tenure=max_tenure,
            cooldown=asked.cooldown,
            max_handovers=asked.max_handovers,
            reach=reach,
            worths=worths,
            dues=dues,
            novice=(held == 0) & (asked.learning > 0),
            learning=asked.learning,
            releases=[Release(s.size, s.periods, s.pool, s.leads) for s in asked.squads],
        )
        return Frame(self.problem, asked, self.arrays, layout, tuple(self.clashes))

    def _at_once(self) -> tuple[Ints, Ints]:
        """(R,) bounds on how many tasks a rep holds in a period."""
        low, high = self.arrays.count_bounds
        pairs = np.bincount(self.rep, minlength=self.arrays.reps)
        most = np.minimum(high, pairs)
        if self.asked.at_once is not None:
            most = np.minimum(most, self.asked.at_once)
        return low.copy(), most.astype(np.int64)

    def _away(self) -> Bools:
        away = np.zeros((self.arrays.reps, self.asked.periods), bool)
        for rep, periods in self.asked.absent.items():
            away[rep, list(periods)] = True
        return away

    def _counts(self, away: Bools) -> tuple[Ints, Ints]:
        """(P,) bounds on the counts, from the options that speak of them."""
        asked = self.asked
        pairs = list(zip(self.rep.tolist(), self.task.tolist(), strict=True))
        least = np.full(len(pairs), int(asked.cover_all), np.int64)
        most = (~away).sum(axis=1)[self.rep].astype(np.int64)
        for k, (rep, task) in enumerate(pairs):
            floor = asked.least.get((rep, task), asked.least.get((-1, task), 0))
            roof = asked.most.get((rep, task), asked.most.get((-1, task), asked.periods))
            least[k], most[k] = max(least[k], floor), min(most[k], roof)
        most[~self.arrays.fits] = 0
        known = set(pairs)
        ids = self.problem.rep_columns.id, self.problem.task_columns.id
        for (rep, task), floor in asked.least.items():
            if rep >= 0 and floor > 0 and (rep, task) not in known:
                told = (
                    f"least wants rep {ids[0][rep]!r} to hold task {ids[1][task]!r} {floor} times"
                )
                self.clashes.append(f"{told}; that rep may not hold it at all")
        return least, most

    def _pinned(self, seats: Ints, least: Ints, most: Ints) -> tuple[Bools, Bools]:
        """(P,) what holds in every period, and (J,) the tasks whose seats are always filled."""
        problem, tasks = self.problem, self.arrays.tasks
        always, must = np.zeros(len(self.rep), bool), np.zeros(tasks, bool)
        for rule in problem.rules:
            if isinstance(rule, CoverAll):
                must |= problem.select_tasks(rule.where)
        for pin in self.pins:
            mine = problem.select_tasks(pin.task)[self.task]
            right = mine & problem.select_reps(pin.rep)[self.rep]
            always |= right
            least[right] = self.asked.periods
            if not right.any():
                self.clashes.append(f"{pin.sentence}; that rep may not hold it at all")
            others = mine & ~right
            if seats[self.task[mine]].max(initial=1) == 1:
                most[others] = 0
        return always, must

    # -- in each period ------------------------------------------------------------------------

    def _loads(self) -> None:
        """Bound loads, by counting where counting says the same."""
        arrays = self.arrays
        least, most = arrays.load_bounds
        if (least <= 0).all() and (most >= NO_LIMIT).all():
            return
        for rep in range(arrays.reps):
            mine = np.flatnonzero(self.rep == rep)
            room = int(most[rep])
            mine = mine[arrays.rounded.down[mine] <= room]
            down, up = arrays.rounded.down[mine], arrays.rounded.up[mine]
            if room < NO_LIMIT and len(mine):
                small = int((np.cumsum(np.sort(down)) <= room).sum())
                count = min(small, int(self.high[rep]))
                if int(np.sort(down)[::-1][:count].sum()) <= room:
                    self.high[rep] = count
                else:
                    self.bands.append(Band(rep, mine, down, 0, room))
            need = int(least[rep])
            if need > 0:
                few = int((np.cumsum(np.sort(up)[::-1]) < need).sum()) + 1
                if int(np.sort(up)[:few].sum()) >= need and few <= len(up):
                    self.low[rep] = max(int(self.low[rep]), few)
                else:
                    self.bands.append(Band(rep, mine, up, need, OPEN))

    def _rules(self) -> None:
        """Bound counts of some of the tasks."""
        problem = self.problem
        everybody = np.ones(self.arrays.reps, bool)
        for rule in problem.rules:
            if isinstance(rule, Apart):
                self._band(problem.select_tasks(rule.tasks), everybody, 0, 1)
            elif isinstance(rule, MaxTasks) and not self.arrays.counts_all(rule):
                picked = problem.select_reps(rule.rep)
                self._band(problem.select_tasks(rule.task), picked, 0, rule.n)
            elif isinstance(rule, MinTasks) and not self.arrays.counts_all(rule):
                picked = problem.select_reps(rule.rep) & problem.rep_columns.active
                self._band(problem.select_tasks(rule.task), picked, rule.n, OPEN)
        for clique in self.arrays.cliques:
            what = np.zeros(self.arrays.tasks, bool)
            what[clique] = True
            self._band(what, everybody, 0, 1)

    def _band(self, what: Bools, who: Bools, low: int, high: int) -> None:
        for rep in np.flatnonzero(who).tolist():
            mine = np.flatnonzero((self.rep == rep) & what[self.task])
            self.bands.append(Band(rep, mine, np.ones(len(mine), np.int64), low, high))

    def _binds(self, band: Band) -> bool:
        """Whether a row says more than how many tasks a rep may hold at once."""
        most = int(np.sort(band.coef)[::-1][: int(self.high[band.rep])].sum())
        return band.low > 0 or most > band.high

    def _together(self) -> list[Ints]:
        """List the sets of tasks with one holder at most in a period."""
        problem = self.problem
        codes = problem.task_columns.group.codes
        sets = [np.flatnonzero(codes == code) for code in np.unique(codes[codes >= 0])]
        sets += [
            np.flatnonzero(problem.select_tasks(rule.tasks))
            for rule in problem.rules
            if isinstance(rule, Together)
        ]
        return [one for one in sets if len(one) > 1]

    # -- over all periods ----------------------------------------------------------------------

    def _held(self) -> Ints:
        """(P,) for how many periods the rep has held the task just before the first."""
        owner = self.problem.task_columns.owner
        rows = self.problem.reps.index.get_indexer(pd.Index(owner.names, dtype=object))
        present = np.append(np.asarray(rows, np.int64), -1)[owner.codes]
        since = np.array([self.asked.held_since.get(t, 1) for t in range(self.arrays.tasks)])
        return np.where(present[self.task] == self.rep, since[self.task], 0).astype(np.int64)

    def _reach(self, away: Bools, held: Ints, max_tenure: int) -> list[tuple[list[int], list[int]]]:
        asked = self.asked
        gone = [tuple(row) for row in away.tolist()]
        found = []
        for rep, before in zip(self.rep.tolist(), held.tolist(), strict=True):
            one = reachable(gone[rep], before, asked.min_tenure, max_tenure, asked.cooldown)
            found.append((list(one[0]), list(one[1])))
        return found

    def _dues(self, seats: Ints) -> tuple[Ints, Ints]:
        """(P,) what a pair is worth and (R,) what is due: ``n * sum(v N) >= sum(v) * periods``."""
        value = self.arrays.value
        active = self.problem.rep_columns.active
        people, periods = int(active.sum()), self.asked.periods
        total = float((value * seats[self.task]).sum()) * periods * max(people, 1)
        ints = scaled(value, total).ints
        common = math.gcd(*ints.tolist()) or 1
        ints = ints // common
        due = np.zeros(self.arrays.reps, np.int64)
        np.add.at(due, self.rep, ints * seats[self.task] * periods)
        return ints * people, due
