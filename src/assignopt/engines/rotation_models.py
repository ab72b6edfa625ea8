"""The CP-SAT model of a rotation: how often each rep holds each task, and in which periods.

The same model has two depths. Counts alone (a variable for each pair) are a relaxation that does
not grow with the number of periods; in order (a variable for each pair and period) it is the whole
problem.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.sat.python import cp_model

from .rosters import OPEN, Band, Turns

if TYPE_CHECKING:
    from .rosters import Layout

    Var = cp_model.IntVar

Expr = Any
"""A linear expression of CP-SAT, whose type stubs do not cover sums of Python integers."""


@dataclass(eq=False)
class RotationModel:
    """What holds for every rotation, written down.

    Parameters
    ----------
    layout
        What is to be rotated.
    ordered
        Whether periods are chosen too.
    cp
        The model itself.
    n, last
        (P,) how often each pair holds, and whether it ends in the last period.
    x, starts, ends
        (P, T) when it holds, begins and gives up; empty for counts alone.
    freed
        For each squad, rep -> whether it is a member.
    """

    layout: Layout
    ordered: bool = False
    cp: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    n: list[Var] = field(default_factory=list)
    x: list[list[Var | int]] = field(default_factory=list)
    starts: list[list[Var | int]] = field(default_factory=list)
    ends: list[list[Var | int]] = field(default_factory=list)
    freed: list[dict[int, Var]] = field(default_factory=list)
    last: list[Var] = field(default_factory=list)

    def __post_init__(self) -> None:
        _write_counts(self)
        if self.ordered:
            _write_periods(self)

    def fill(self, task: int) -> None:
        """Let as many hold a task in each period as can."""
        mine = np.flatnonzero(self.layout.task == task).tolist()
        for period, most in enumerate(self.layout.most_held[task].tolist()):
            if self.ordered and mine:
                self.cp.add(sum(self.x[k][period] for k in mine) == most)

    def read(self, solver: cp_model.CpSolver) -> Turns:
        """Give what a solver found."""
        counts = np.array([solver.value(one) for one in self.n], np.int64)
        squads = tuple(
            tuple(rep for rep, one in some.items() if solver.value(one)) for some in self.freed
        )
        if not self.ordered:
            return Turns(counts, None, squads)
        shape = (len(self.x), self.layout.periods)
        grid = np.zeros(shape, bool)
        for k, row in enumerate(self.x):
            grid[k] = [bool(solver.value(one)) for one in row]
        return Turns(counts, grid, squads)

    def hint(self, turns: Turns | None) -> None:
        """Let the next search start from here; None: from nothing."""
        self.cp.clear_hints()
        if turns is None:
            return
        for one, count in zip(self.n, turns.counts.tolist(), strict=True):
            self.cp.add_hint(one, count)
        for some, members in zip(self.freed, turns.squads, strict=False):
            for rep, freed in some.items():
                self.cp.add_hint(freed, int(rep in members))
        if turns.grid is None or not self.ordered:
            return
        before = np.column_stack([self.layout.held > 0, turns.grid[:, :-1]])
        for rows, values in (
            (self.x, turns.grid),
            (self.starts, turns.grid & ~before),
            (self.ends, before & ~turns.grid),
        ):
            for row, told in zip(rows, values.tolist(), strict=False):
                for chosen, value in zip(row, told, strict=True):
                    if not isinstance(chosen, int):
                        self.cp.add_hint(chosen, int(value))


# -- counts ----------------------------------------------------------------------------------------


def _write_counts(model: RotationModel) -> None:
    """Write what holds for the counts of every rotation."""
    layout, cp = model.layout, model.cp
    last = model.last = [cp.new_bool_var("") for _ in layout.rep]
    for k in range(len(layout.rep)):
        least, most = int(layout.least[k]), int(layout.most[k])
        model.n.append(cp.new_int_var(least, max(least, most), ""))
        if least > most:
            cp.add(model.n[k] <= most)
        cp.add(last[k] <= model.n[k])
        if layout.reach is not None:
            for counts, literal in zip(layout.reach[k], (~last[k], last[k]), strict=True):
                domain = cp_model.Domain.from_values(counts)
                cp.add_linear_expression_in_domain(model.n[k], domain).only_enforce_if(literal)
    _write_releases(model)
    for task in range(len(layout.seats)):
        mine = np.flatnonzero(layout.task == task).tolist()
        seats, must = int(layout.seats[task]), bool(layout.must[task])
        total = cp_model.LinearExpr.sum([model.n[k] for k in mine])
        cp.add(total <= int(layout.most_held[task].sum()))
        if must:
            cp.add(total >= seats * layout.periods)
        if mine:
            ending = cp_model.LinearExpr.sum([last[k] for k in mine])
            cp.add_linear_constraint(ending, seats if must else 0, seats)
    for band in [*_rows(layout), *layout.bands]:
        _write_row(model, band)
    if layout.worths is not None and layout.dues is not None:
        for rep in np.flatnonzero(layout.dues).tolist():
            mine = np.flatnonzero(layout.rep == rep).tolist()
            given = sum(int(layout.worths[k]) * model.n[k] for k in mine)
            cp.add(given >= int(layout.dues[rep]))


def _rows(layout: Layout) -> list[Band]:
    """Write how many tasks a rep holds at once as rows, of those who may hold any or have to."""
    found = []
    for rep, (low, high) in enumerate(zip(layout.low.tolist(), layout.high.tolist(), strict=True)):
        mine = np.flatnonzero(layout.rep == rep)
        if len(mine) or low > 0:
            found.append(Band(rep, mine, np.ones(len(mine), np.int64), low, high))
    return found


def _write_row(model: RotationModel, band: Band) -> None:
    """Add up a row over all periods in which the rep is there."""
    there = int((~model.layout.away[band.rep]).sum())
    free: Expr = there
    for release, some in zip(model.layout.releases, model.freed, strict=True):
        if band.rep in some:
            free = free - len(release.periods) * some[band.rep]
    pairs = band.pairs.tolist()
    total = cp_model.LinearExpr.weighted_sum([model.n[k] for k in pairs], band.coef.tolist())
    if band.high < OPEN:
        model.cp.add(total <= band.high * free)
    if band.low > 0:
        model.cp.add(total >= band.low * free)


def _write_releases(model: RotationModel) -> None:
    """Choose the members of the squads."""
    cp, releases = model.cp, model.layout.releases
    for release in releases:
        some = {rep: cp.new_bool_var("") for rep in release.pool}
        model.freed.append(some)
        cp.add(cp_model.LinearExpr.sum(list(some.values())) == release.size)
        if release.leads is not None:
            cp.add(cp_model.LinearExpr.sum([some[rep] for rep in release.leads]) >= 1)
    for at, one in enumerate(releases):
        for other in range(at):
            if set(one.periods) & set(releases[other].periods):
                for rep in set(one.pool) & set(releases[other].pool):
                    cp.add(model.freed[at][rep] + model.freed[other][rep] <= 1)


# -- periods ---------------------------------------------------------------------------------------


def _write_periods(model: RotationModel) -> None:
    """Write in which periods the pairs hold, and what holds in each period."""
    layout, cp = model.layout, model.cp
    for k, rep in enumerate(layout.rep.tolist()):
        away = layout.away[rep].tolist()
        row: list[Var | int] = [0 if gone else cp.new_bool_var("") for gone in away]
        model.x.append(row)
        cp.add(model.n[k] == sum(row))
        if layout.always[k]:
            cp.add(model.n[k] == layout.periods)
    for period in range(layout.periods):
        _write_period(model, period)
    for k in range(len(layout.rep)):
        _write_changes(model, k)
        if layout.has_tenure:
            _write_tenure(model, k)
    if layout.max_handovers is not None:
        for period in range(layout.periods):
            counted = [k for k, rep in enumerate(layout.rep) if not layout.away[rep, period]]
            ending = sum(model.ends[k][period] for k in counted)
            cp.add(ending <= layout.max_handovers)


def _write_period(model: RotationModel, period: int) -> None:
    """Write what holds in one period by itself."""
    layout, cp = model.layout, model.cp
    for task, seats in enumerate(layout.seats.tolist()):
        mine = np.flatnonzero(layout.task == task).tolist()
        total = sum(model.x[k][period] for k in mine)
        cp.add(total <= seats)
        if layout.must[task]:
            cp.add(total >= seats)
    for band in [*_rows(layout), *layout.bands]:
        if not layout.away[band.rep, period]:
            _write_band(model, band, period)
    for tasks in layout.together:
        pairs = np.flatnonzero(np.isin(layout.task, tasks))
        holders = {int(rep): cp.new_bool_var("") for rep in np.unique(layout.rep[pairs])}
        for k in pairs.tolist():
            cp.add(model.x[k][period] <= holders[int(layout.rep[k])])
        cp.add(cp_model.LinearExpr.sum(list(holders.values())) <= 1)


def _write_band(model: RotationModel, band: Band, period: int) -> None:
    """Write a row in one period, with nothing to hold for who is in a squad."""
    cp, layout = model.cp, model.layout
    released = [
        some[band.rep]
        for release, some in zip(layout.releases, model.freed, strict=True)
        if period in release.periods and band.rep in some
    ]
    free: Expr = 1 - sum(released)
    pairs = zip(band.pairs.tolist(), band.coef.tolist(), strict=True)
    total = sum(coef * model.x[k][period] for k, coef in pairs)
    if band.high < OPEN:
        cp.add(total <= band.high * free)
    if band.low > 0:
        cp.add(total >= band.low * free)


def _write_changes(model: RotationModel, k: int) -> None:
    """Say when a pair begins and ends."""
    layout, cp, row = model.layout, model.cp, model.x[k]
    before: Expr = int(layout.held[k] > 0)
    starts: list[Var | int] = []
    ends: list[Var | int] = []
    for now in row:
        start: Var | int = 0 if isinstance(now, int) else cp.new_bool_var("")
        never = isinstance(before, int) and not before
        end: Var | int = 0 if never else cp.new_bool_var("")
        cp.add(now - before == start - end)
        cp.add(start + before <= 1)
        cp.add(end + now <= 1)
        starts.append(start)
        ends.append(end)
        before = now
    model.starts.append(starts)
    model.ends.append(ends)


def _write_tenure(model: RotationModel, k: int) -> None:
    """Bound the length of each stint, and of each break between two."""
    layout, cp, row = model.layout, model.cp, model.x[k]
    starts, ends, T = model.starts[k], model.ends[k], layout.periods
    away = np.append(np.flatnonzero(layout.away[layout.rep[k]]), T)
    held = int(layout.held[k])
    until = int(away[0])
    if held:
        for period in range(min(layout.min_tenure - held, until)):
            cp.add(row[period] == 1)
    for period in range(T):
        upto = int(away[np.searchsorted(away, period)])
        begun = [
            starts[q]
            for q in range(max(0, period - layout.min_tenure + 1), period + 1)
            if period < upto and not layout.away[layout.rep[k], q:period].any()
        ]
        if layout.min_tenure > 1 and begun:
            cp.add(sum(begun) <= row[period])
        recent: Expr = sum(starts[max(0, period - layout.max_tenure + 1) : period + 1])
        if held and period < layout.max_tenure - held:
            recent = recent + 1
        if layout.max_tenure < OPEN:
            cp.add(row[period] <= recent)
        if layout.cooldown > 1:
            ended = sum(ends[max(0, period - layout.cooldown + 1) : period + 1])
            cp.add(ended + row[period] <= 1)
