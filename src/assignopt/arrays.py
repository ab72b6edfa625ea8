"""The Problem as sparse integer arrays: what every engine works on.

Ids become indices, floats become scaled integers, rules become eligible pairs, bounds per rep and
linear rows. Eligibility is joined on the distinct requirement signatures of the tasks and then
expanded, so reps x tasks is never held.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from .intervals import any_overlap, maximal_cliques
from .rules import (
    MaxLoad,
    MaxLoadGap,
    MaxTasks,
    MinLoad,
    MinTasks,
)
from .scaling import NO_LIMIT, Rounded, rounded_efforts

if TYPE_CHECKING:
    from .columns import Bools, Floats, Ints
    from .objectives import Quantity
    from .problem import Problem


RowKind = Literal["person", "needs_owner", "apart", "bound", "period", "moves"]


@dataclass(frozen=True, eq=False)
class Row:
    """A linear row ``low <= sum(coef * x) <= high`` over some pairs.

    Parameters
    ----------
    pairs
        (N,) pair indices.
    low, high
        Bounds; ``-NO_LIMIT`` and ``NO_LIMIT`` where there are none.
    coef
        (N,) integers; None = all 1.
    kind
        What it stands for, in reasons.
    """

    pairs: Ints
    low: int = -NO_LIMIT
    high: int = NO_LIMIT
    coef: Ints | None = None
    kind: RowKind = "bound"


@dataclass(eq=False)
class Arrays:
    """A compiled Problem.

    A *seat* is a task's owner (seats 0..T-1, by task) or one of its roles (then, by role). A
    *pair* is a seat with a rep who may hold it; pairs are sorted by seat, then rep.

    Parameters
    ----------
    problem
        What was compiled.
    seat_task
        (S,) task of each seat.
    pair_seat, pair_rep
        (P,) the eligible pairs.
    first
        (S + 1,) where each seat's pairs begin.
    mandatory
        (S,) seats that must be filled: by a rule or, once a run has settled it, by a tier.
    rows
        Linear rows besides the bounds per rep.
    groups
        Sets of tasks that have one owner at most.
    """

    problem: Problem
    seat_task: Ints
    pair_seat: Ints
    pair_rep: Ints
    first: Ints
    mandatory: Bools
    rows: list[Row] = field(default_factory=list)
    groups: list[Ints] = field(default_factory=list)

    @property
    def reps(self) -> int:
        """How many reps there are."""
        return len(self.problem.rep_columns.id)

    @property
    def tasks(self) -> int:
        """How many tasks there are."""
        return len(self.problem.task_columns.id)

    @property
    def seats(self) -> int:
        """How many seats there are."""
        return len(self.seat_task)

    @property
    def pairs(self) -> int:
        """How many eligible pairs there are."""
        return len(self.pair_seat)

    @property
    def has_roles(self) -> bool:
        """Whether a task wants somebody besides its owner."""
        return self.seats > self.tasks

    @cached_property
    def table_row(self) -> Ints | None:
        """(P,) row of each pair in the pairs table; None where the pairs are the table's rows."""
        table = self.problem.pair_columns
        if table is None or not (self.has_roles or len(table.rep) != self.pairs):
            return None
        keys = table.task * self.reps + table.rep
        wanted = self.seat_task[self.pair_seat].astype(np.int64) * self.reps + self.pair_rep
        return np.searchsorted(keys, wanted)

    def given(self, name: str) -> Floats | None:
        """(P,) what the pairs table overrides; None where it does not."""
        table = self.problem.pair_columns
        column: Floats | None = None if table is None else getattr(table, name)
        if column is None or self.table_row is None:
            return column
        return column[self.table_row]

    @cached_property
    def pair_task(self) -> Ints:
        """(P,) task of each pair."""
        return self.pair_seat if not self.has_roles else self.seat_task[self.pair_seat]

    @cached_property
    def is_owner(self) -> Bools:
        """(P,) whether the pair's seat is an owner's."""
        return np.asarray(self.pair_seat < self.tasks)

    @cached_property
    def effort(self) -> Floats:
        """(P,) effort of each pair, in effort units."""
        tasks = self.problem.task_columns
        seat = np.concatenate([tasks.effort, tasks.roles.effort])[self.pair_seat]
        own = seat / self.problem.rep_columns.efficiency[self.pair_rep]
        given = self.given("effort")
        return own if given is None else np.where(self.is_owner, given, own)

    @cached_property
    def fit(self) -> Floats:
        """(P,) fit of each pair."""
        given = self.given("fit")
        if given is not None:
            return given
        kinds, fits = self.problem.task_columns.customer_type, self.problem.rep_columns.fit
        kind = kinds.codes[self.pair_task]
        states = np.zeros(self.reps, bool)
        states[fits.row] = True
        fit = np.where((kind < 0) | ~states[self.pair_rep], 1.0, 0.0)
        code = {name: i for i, name in enumerate(kinds.names)}
        of_key = np.array([code.get(name, -1) for name in fits.keys], np.int64)
        used = of_key[fits.key] >= 0 if len(fits.key) else np.zeros(0, bool)
        if used.any():
            keys = fits.row[used] * len(kinds.names) + of_key[fits.key[used]]
            order = np.argsort(keys)
            keys, amounts = keys[order], fits.amount[used][order]
            wanted = self.pair_rep.astype(np.int64) * len(kinds.names) + kind
            at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            found = (keys[at] == wanted) & (kind >= 0)
            fit[found] = amounts[at[found]]
        return fit

    @cached_property
    def credit(self) -> Floats:
        """(S,) share of the task's value that each seat earns."""
        roles = self.problem.task_columns.roles
        earned = np.nan_to_num(roles.credit)
        return np.concatenate([1 - np.bincount(roles.task, earned, self.tasks), earned])

    @cached_property
    def worth(self) -> Floats:
        """(P,) task value x credit."""
        seat = self.problem.task_columns.value[self.seat_task] * self.credit
        return seat[self.pair_seat]

    @cached_property
    def value(self) -> Floats:
        """(P,) worth x fit, or the pair's own value x credit."""
        given = self.given("value")
        if given is None:
            return self.worth * self.fit
        return given if not self.has_roles else given * self.credit[self.pair_seat]

    @cached_property
    def burden(self) -> Floats:
        """(P,) the task's burden."""
        return self.problem.task_columns.burden[self.pair_task]

    @cached_property
    def preference(self) -> Floats:
        """(P,) preferred skills the owner has, and preferences met."""
        problem = self.problem
        gain = np.zeros(self.pairs)
        wishes = problem.preference_columns
        if wishes is not None and len(wishes.rep):
            keys, at = np.unique(wishes.task * self.reps + wishes.rep, return_inverse=True)
            weight = np.bincount(at, problem.preference_weights)
            wanted = self.pair_task.astype(np.int64) * self.reps + self.pair_rep
            found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            gain += np.where(keys[found] == wanted, weight[found], 0.0)
        prefers, skills = problem.task_columns.prefers, problem.rep_columns.skills
        held_skills = zip(skills.row, skills.names(), skills.amount, strict=True)
        has = {(r, k) for r, k, level in held_skills if level > 0}
        for task, name, weight_ in zip(prefers.row, prefers.names(), prefers.amount, strict=True):
            lo, hi = self.first[task], self.first[task + 1]
            held = [(r, name) in has for r in self.pair_rep[lo:hi].tolist()]
            gain[lo:hi] += np.where(held, weight_, 0.0)
        return gain

    def quantity(self, of: Quantity) -> Floats:
        """(P,) what each pair adds to a quantity of its rep."""
        match of:
            case "load":
                return self.effort
            case "count":
                return np.ones(self.pairs)
            case "worth":
                return self.worth
            case "value":
                return self.value
            case "burden":
                return self.burden

    @cached_property
    def present(self) -> Ints:
        """(T,) pair of each task with its present owner; -1 where there is none that may be."""
        owner = self.problem.task_columns.owner
        rows = self.problem.reps.index.get_indexer(pd.Index(owner.names, dtype=object))
        rep = np.append(np.asarray(rows, np.int64), -1)[owner.codes]
        found = np.full(self.tasks, -1, np.int64)
        mine = np.flatnonzero(self.is_owner & (self.pair_rep == rep[self.pair_task]))
        found[self.pair_seat[mine]] = mine
        return found

    @cached_property
    def rounded(self) -> Rounded:
        """(P,) efforts as integers, with what their limits are rounded by."""
        reps = self.problem.rep_columns
        bounds = [
            r.value for r in self.problem.rules if isinstance(r, MinLoad | MaxLoad | MaxLoadGap)
        ]
        limits = np.concatenate([reps.capacity, reps.carried_load, np.array(bounds, np.float64)])
        filled = np.flatnonzero(np.diff(self.first))
        most = np.maximum.reduceat(self.effort, self.first[filled]) if len(filled) else np.zeros(0)
        total = float(most.sum() + np.nansum(reps.carried_load))
        return rounded_efforts(self.effort, limits, total, self.problem.effort_unit)

    @cached_property
    def load_bounds(self) -> tuple[Ints, Ints]:
        """(R,) least and most new effort of each rep, as integers."""
        problem, reps = self.problem, self.problem.rep_columns
        if np.isnan(reps.capacity).all() and not any(
            isinstance(rule, MinLoad | MaxLoad) for rule in problem.rules
        ):
            return np.zeros(self.reps, np.int64), np.full(self.reps, NO_LIMIT)
        most = self.rounded.most(np.maximum(reps.capacity - reps.carried_load, 0.0))
        least = np.zeros(self.reps, np.int64)
        for rule in problem.rules:
            if isinstance(rule, MaxLoad):
                room = np.where(problem.select_reps(rule.rep), rule.value, np.inf)
                most = np.minimum(most, self.rounded.most(np.maximum(room - reps.carried_load, 0)))
            if isinstance(rule, MinLoad):
                who = problem.select_reps(rule.rep) & reps.active
                short = np.where(who, rule.value - reps.carried_load, 0.0)
                least = np.maximum(least, self.rounded.least(short))
        return least, most

    @cached_property
    def count_bounds(self) -> tuple[Ints, Ints]:
        """(R,) least and most seats of each rep, from rules that count every task."""
        problem, reps = self.problem, self.problem.rep_columns
        most = np.where(np.isnan(reps.max_tasks), NO_LIMIT, np.nan_to_num(reps.max_tasks))
        most = most.astype(np.int64)
        least = np.zeros(self.reps, np.int64)
        for rule in problem.rules:
            if isinstance(rule, MaxTasks | MinTasks) and self.counts_all(rule):
                who = problem.select_reps(rule.rep)
                if isinstance(rule, MaxTasks):
                    most = np.where(who, np.minimum(most, rule.n), most)
                else:
                    least = np.where(who & reps.active, np.maximum(least, rule.n), least)
        return least, most

    def counts_all(self, rule: MaxTasks | MinTasks) -> bool:
        """Tell whether a rule counts every task, whenever it is."""
        return rule.per is None and bool(self.problem.select_tasks(rule.task).all())

    @cached_property
    def overlapping(self) -> bool:
        """Whether two tasks overlap in time, so that no rep may hold both."""
        tasks = self.problem.task_columns
        return any_overlap(tasks.start, tasks.end)

    @cached_property
    def cliques(self) -> list[Ints]:
        """The maximal sets of tasks that overlap in time: no rep holds two of a set."""
        if not self.overlapping:
            return []
        tasks = self.problem.task_columns
        timed = np.flatnonzero(~np.isnan(tasks.start))
        return [timed[c] for c in maximal_cliques(tasks.start[timed], tasks.end[timed])]

    @cached_property
    def fits(self) -> Bools:
        """(P,) whether the pair's effort alone is within the rep's limit."""
        most = self.load_bounds[1]
        if (most >= NO_LIMIT).all():
            return np.ones(self.pairs, bool)
        return np.asarray(self.rounded.down <= most[self.pair_rep])

    @property
    def least_reps(self) -> int:
        """How many reps at least get work: as many as mandatory tasks overlap at one moment."""
        must = self.mandatory[: self.tasks]
        most = max((int(must[clique].sum()) for clique in self.cliques), default=0)
        return max(most, int(self.mandatory.any()))

    @cached_property
    def load_gap(self) -> int | None:
        """The tightest MaxLoadGap as an integer; None without one."""
        gaps = [r.value for r in self.problem.rules if isinstance(r, MaxLoadGap)]
        return int(self.rounded.most(np.array([min(gaps)]))[0]) if gaps else None

    @cached_property
    def by_rep(self) -> tuple[Ints, Ints]:
        """Pairs sorted by rep, and (R + 1,) where each rep's begin."""
        order = np.argsort(self.pair_rep, kind="stable")
        counts = np.bincount(self.pair_rep, minlength=self.reps)
        return order, np.concatenate([[0], np.cumsum(counts)])

    def restricted(self, pairs: Ints, fixed: Ints | None = None) -> Arrays:
        """Give the same problem with some of its pairs only, in ascending order.

        Pairs that are fixed are chosen already: their seats are not asked for any more, and what
        they take is taken off every bound. Only where :attr:`can_fix` holds.
        """
        seat = self.pair_seat[pairs]
        place = np.full(self.pairs, -1, np.int64)
        place[pairs] = np.arange(len(pairs))
        taken = np.zeros(self.pairs, bool)
        mandatory = self.mandatory
        if fixed is not None:
            taken[fixed] = True
            mandatory = mandatory.copy()
            mandatory[self.pair_seat[fixed]] = False
        rows = []
        for row in self.rows:
            at = place[row.pairs]
            coef = np.ones(len(at), np.int64) if row.coef is None else row.coef
            gone = int(coef[taken[row.pairs]].sum())
            kept = None if row.coef is None else coef[at >= 0]
            low = row.low if row.low <= -NO_LIMIT else row.low - gone
            high = row.high if row.high >= NO_LIMIT else row.high - gone
            rows.append(replace(row, pairs=at[at >= 0], coef=kept, low=low, high=high))
        some = Arrays(
            self.problem,
            self.seat_task,
            seat,
            self.pair_rep[pairs],
            np.searchsorted(seat, np.arange(self.seats + 1)),
            mandatory,
            rows,
            self.groups,
        )
        down, up = self.rounded.down, self.rounded.up
        some.rounded = Rounded(down[pairs], up[pairs], self.rounded.scale)
        if fixed is not None:
            rep = self.pair_rep[fixed]
            held = [np.bincount(rep, one, self.reps) for one in (up[fixed], down[fixed], None)]
            new = [one.astype(np.int64) for one in held]
            some.load_bounds = _lowered(self.load_bounds, new[0], new[1])
            some.count_bounds = _lowered(self.count_bounds, new[2], new[2])
        return some

    @property
    def can_fix(self) -> bool:
        """Whether pairs that are chosen concern the others through bounds alone."""
        return not (self.overlapping or self.groups or self.load_gap is not None)

    @cached_property
    def exclusive(self) -> Ints | None:
        """(P,) a number that pairs share of which a rep may have one; None without Apart."""
        apart = [row.pairs for row in self.rows if row.kind == "apart" and len(row.pairs)]
        if not apart:
            return None
        number = np.full(self.pairs, -1, np.int64)
        for pairs in apart:
            number[pairs[number[pairs] < 0]] = pairs[0]
        return np.where(number < 0, np.arange(self.pairs), number)

    def most_of(self, amount: Floats) -> Floats:
        """(R,) the most that (P,) amounts of a rep add up to: the largest, as many as may be."""
        amount = np.maximum(amount, 0)
        rep, most = self.pair_rep, self.count_bounds[1]
        counted = (most < np.bincount(rep, minlength=self.reps)).any()
        if self.exclusive is None and not counted:
            return np.bincount(rep, amount, self.reps).astype(np.float64)
        order = np.lexsort((-amount, rep))
        if self.exclusive is not None:
            first = np.unique(self.exclusive[order], return_index=True)[1]
            order = order[np.sort(first)]
        begins = np.searchsorted(rep[order], np.arange(self.reps))
        order = order[np.arange(len(order)) - begins[rep[order]] < most[rep[order]]]
        return np.bincount(rep[order], amount[order], self.reps).astype(np.float64)

    def pairs_of_rep(self, rep: int) -> Ints:
        """Give the pairs of one rep, by seat."""
        order, first = self.by_rep
        return order[first[rep] : first[rep + 1]]


def _lowered(bounds: tuple[Ints, Ints], least: Ints, most: Ints) -> tuple[Ints, Ints]:
    """Take what is chosen already off bounds per rep."""
    low, high = bounds
    return np.maximum(low - least, 0), np.where(high < NO_LIMIT, high - most, high)
