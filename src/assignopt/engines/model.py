"""The CP-SAT model of a problem's rules: one Boolean for each eligible pair, and what follows.

Seats that nobody could tell apart, of tasks that are kept apart, share their Booleans: a rep holds
at most one of them, so that it does not matter which. Of plans that differ in which of several like
reps has what, one is kept. Hints are complete, helper variables included.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.sat.python import cp_model

from ..scaling import NO_LIMIT
from .alike import find_alike
from .interchangeable import Interchangeable, find_interchangeable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from ..goals import Goal
    from ..shares import FairPart
    from .alike import Alike, Kinds

Expr = Any
DENSE = 5_000_000
"""From this many entries of overlap cliques on, intervals are used in their place."""


@dataclass(eq=False)
class Helper:
    """A variable that follows from the choice, with how its value is found for a hint."""

    variable: Any
    value: Callable[[Ints], int]


class Model:
    """Variables and rules.

    Parameters
    ----------
    arrays
        The compiled problem.
    goals
        All tiers to come: seats and reps are alike only if they are alike in these, too. Without
        any, no plan is left out.
    kinds
        The kinds of seats, to be counted; None: every seat has its own Booleans.
    """

    def __init__(
        self, arrays: Arrays, goals: Sequence[Goal] = (), kinds: Kinds | None = None
    ) -> None:
        self.arrays = arrays
        self.cp = cp_model.CpModel()
        self.alike: Alike | Kinds = kinds or find_alike(arrays, goals)
        self.goals = goals
        self.interchangeable: Interchangeable | None = None
        self.live, self.most = self.alike.live, self.alike.most
        self.variables: list[Any] = []
        self.x: list[Any] = [None] * arrays.pairs
        for pair in np.flatnonzero(self.live).tolist():
            self.x[pair] = self._counted(int(self.most[pair]), ends=bool(self.alike.own[pair]))
        self.helpers: list[Helper] = []
        self._working: dict[int, Any] = {}
        self._nobody: dict[bytes, Any] = {}
        self._group_owners: list[dict[int, Any]] = []
        self._exclusive: dict[int, list[Ints]] = {}
        for add in (self._seats, self._loads, self._rows, self._overlaps, self._groups):
            add()

    def _counted(self, most: int, *, ends: bool) -> Any:
        """Write how many are held of so many, with a variable for it or for those that end."""
        one = self.cp.new_bool_var("") if most == 1 else self.cp.new_int_var(0, most, "")
        self.variables.append(one)
        if not ends:
            return one
        return ~one if most == 1 else most - one

    # -- expressions -----------------------------------------------------------------------

    def literals(self, pairs: Ints) -> list[Any]:
        """Give the Booleans of some pairs."""
        return [self.x[p] for p in pairs[self.live[pairs]].tolist()]

    def sum(self, pairs: Ints, coef: Ints | None = None) -> Expr:
        """Write the sum of some pairs, each times its coefficient."""
        live = self.live[pairs]
        some = [self.x[p] for p in pairs[live].tolist()]
        if not some:
            return cp_model.LinearExpr.constant(0)
        if coef is None:
            return cp_model.LinearExpr.sum(some)
        return cp_model.LinearExpr.weighted_sum(some, coef[live].tolist())

    def share(self, part: FairPart, rep: int) -> Expr:
        """Write the integer share of a rep."""
        pairs = self.arrays.pairs_of_rep(rep)
        pairs = pairs[part.coef[pairs] != 0]
        return self.sum(pairs, part.coef[pairs]) + int(part.offset[rep])

    def helper(self, variable: Any, value: Callable[[Ints], int]) -> Any:
        """Note how a variable follows from the choice."""
        self.helpers.append(Helper(variable, value))
        return variable

    def works(self, rep: int) -> Any:
        """Give the literal that is true when this rep holds a seat."""
        if rep not in self._working:
            pairs = self.arrays.pairs_of_rep(rep)
            literal = self.cp.new_bool_var("")
            self._working[rep] = literal
            some = self.literals(pairs)
            for one in some:
                self.cp.add_implication(one, literal)
            self.cp.add_bool_or([~literal, *some])
            self.helper(literal, _any_of(pairs, self.arrays))
            self._tie_rows(rep, literal)
        return self._working[rep]

    def nobody(self, who: Bools) -> Any:
        """Give a literal that is true if none of these reps holds a seat."""
        key = who.tobytes()
        if key not in self._nobody:
            working = [self.works(rep) for rep in np.flatnonzero(who).tolist()]
            nobody = self.cp.new_bool_var("")
            self.cp.add_bool_or([nobody, *working])
            for one in working:
                self.cp.add_implication(one, ~nobody)
            pair_rep = self.arrays.pair_rep
            self.helper(nobody, lambda choice: int(not who[pair_rep[choice[choice >= 0]]].any()))
            self._nobody[key] = nobody
        return self._nobody[key]

    def _tie_rows(self, rep: int, literal: Any) -> None:
        """Tie the rep's at-most-one rows to the literal: a tighter relaxation, the same plans."""
        for row in self._exclusive.get(rep, []):
            self.cp.add_at_most_one([*self.literals(row), ~literal])

    # -- rules -----------------------------------------------------------------------------

    def _seats(self) -> None:
        """Every seat has one holder at most, a mandatory one exactly one."""
        for seat, must in enumerate(self.arrays.mandatory.tolist()):
            self.fill(seat, must=must)

    def fill(self, seat: int, *, must: bool) -> None:
        """Bound how many hold a seat, or the seats that are like it."""
        size = int(self.alike.size[seat])
        mine = self.literals(self.alike.pairs_of(seat))
        if size > 1:
            total = cp_model.LinearExpr.sum(mine)
            self.cp.add_linear_constraint(total, size if must else 0, size)
        elif size == 1 and must:
            self.cp.add_exactly_one(mine)
        elif size == 1 and len(mine) > 1:
            self.cp.add_at_most_one(mine)

    def _loads(self) -> None:
        """Bound each rep's load and count, and how far loads differ."""
        arrays = self.arrays
        (least, most), (fewest, largest) = arrays.load_bounds, arrays.count_bounds
        for rep in range(arrays.reps):
            pairs = arrays.pairs_of_rep(rep)
            if most[rep] < NO_LIMIT:
                self._linear(pairs, -NO_LIMIT, int(most[rep]), arrays.rounded.down[pairs])
            if least[rep] > 0:
                self._linear(pairs, int(least[rep]), NO_LIMIT, arrays.rounded.up[pairs])
            if fewest[rep] > 0 or largest[rep] < len(pairs):
                self._linear(pairs, int(fewest[rep]), int(largest[rep]))
        if arrays.load_gap is not None:
            self._load_gap(arrays.load_gap)

    def _load_gap(self, gap: int) -> None:
        arrays = self.arrays
        columns = arrays.problem.rep_columns
        active = np.flatnonzero(columns.active)
        if len(active) < 2:
            return
        rounded = arrays.rounded
        carried = columns.carried_load * rounded.scale
        sums = np.bincount(arrays.pair_rep, rounded.up.astype(np.float64), arrays.reps)
        top = min(int(np.ceil(carried.max(initial=0)) + sums.max(initial=0)) + 1, NO_LIMIT)
        high = self.cp.new_int_var(0, top, "")
        low = self.cp.new_int_var(0, top, "")

        def load(coef: Ints, base: Any, worst: Any) -> Callable[[Ints], int]:
            def value(choice: Ints) -> int:
                chosen = choice[choice >= 0]
                sums = np.bincount(arrays.pair_rep[chosen], coef[chosen], arrays.reps)
                return int(worst((base + sums)[active]))

            return value

        down, up = np.floor(carried + 1e-7), np.ceil(carried - 1e-7)
        self.helper(high, load(rounded.down, down, np.max))
        self.helper(low, load(rounded.up, up, np.min))
        for rep in active:
            pairs = arrays.pairs_of_rep(int(rep))
            self.cp.add(self.sum(pairs, rounded.down[pairs]) + int(down[rep]) <= high)
            self.cp.add(self.sum(pairs, rounded.up[pairs]) + int(up[rep]) >= low)
        self.cp.add(high - low <= gap)

    def _rows(self) -> None:
        """Add the linear rows: apart, persons, bounds on some tasks, moves."""
        for row in self.arrays.rows:
            self._linear(row.pairs, row.low, row.high, row.coef)

    def _overlaps(self) -> None:
        """Let no rep hold two of the tasks that overlap at a moment."""
        arrays = self.arrays
        if not arrays.overlapping:
            return
        if sum(len(clique) for clique in arrays.cliques) * arrays.reps > DENSE:
            self._intervals()
            return
        by_task = np.argsort(arrays.pair_task, kind="stable")
        first = np.searchsorted(arrays.pair_task, np.arange(arrays.tasks + 1), sorter=by_task)
        for clique in arrays.cliques:
            parts = [by_task[first[task] : first[task + 1]] for task in clique]
            pairs = np.concatenate(parts)
            pairs = pairs[np.argsort(arrays.pair_rep[pairs], kind="stable")]
            cuts = np.flatnonzero(np.diff(arrays.pair_rep[pairs])) + 1
            for part in np.split(pairs, cuts):
                if len(part) > 1:
                    self.cp.add_at_most_one(self.literals(part))
                    self._exclusive.setdefault(int(arrays.pair_rep[part[0]]), []).append(part)

    def fill_cliques(self, most: int) -> None:
        """Where at most so many reps work and as many tasks overlap, each who works has one."""
        arrays = self.arrays
        must = arrays.mandatory[: arrays.tasks]
        owners = arrays.is_owner
        for clique in arrays.cliques:
            tasks = clique[must[clique]]
            if len(tasks) != most:
                continue
            inside = np.zeros(arrays.tasks, bool)
            inside[tasks] = True
            pairs = np.flatnonzero(inside[arrays.pair_task] & owners)
            for rep in range(arrays.reps):
                mine = pairs[arrays.pair_rep[pairs] == rep]
                self.cp.add_exactly_one([*self.literals(mine), ~self.works(rep)])

    def _intervals(self) -> None:
        """Say the same with one optional interval for each pair, where cliques are too many."""
        arrays, tasks = self.arrays, self.arrays.problem.task_columns
        shown = np.unique(np.concatenate([tasks.start, tasks.end]))
        start = np.searchsorted(shown, tasks.start)
        end = np.searchsorted(shown, tasks.end)
        for rep in range(arrays.reps):
            pairs = arrays.pairs_of_rep(rep)
            pairs = pairs[~np.isnan(tasks.start[arrays.pair_task[pairs]]) & self.live[pairs]]
            spans = []
            for pair, task in zip(pairs.tolist(), arrays.pair_task[pairs].tolist(), strict=True):
                begin, size = int(start[task]), int(end[task] - start[task])
                spans.append(
                    self.cp.new_optional_fixed_size_interval_var(begin, size, self.x[pair], "")
                )
            self.cp.add_no_overlap(spans)

    def _groups(self) -> None:
        """Tasks of one group have one owner: a Boolean for each group and rep."""
        arrays = self.arrays
        for tasks in arrays.groups:
            parts = [np.arange(arrays.first[t], arrays.first[t + 1]) for t in tasks]
            pairs = np.concatenate(parts)
            owners: dict[int, Any] = {}
            for rep in np.unique(arrays.pair_rep[pairs]).tolist():
                mine = pairs[arrays.pair_rep[pairs] == rep]
                owner = self.cp.new_bool_var("")
                owners[rep] = owner
                some = self.literals(mine)
                for one in some:
                    self.cp.add_implication(one, owner)
                self.cp.add_bool_or([~owner, *some])
                self.helper(owner, _any_of(mine, arrays))
            self.cp.add_at_most_one(owners.values())
            self._group_owners.append(owners)
        self.merge_groups(arrays.mandatory)

    def merge_groups(self, filled: Bools) -> None:
        """Where all tasks of a group are assigned, each goes exactly where the group goes."""
        arrays = self.arrays
        for tasks, owners in zip(arrays.groups, self._group_owners, strict=True):
            for task in tasks[filled[tasks]].tolist():
                pairs = range(int(arrays.first[task]), int(arrays.first[task + 1]))
                held = {int(arrays.pair_rep[pair]): self.x[pair] for pair in pairs}
                for rep, owner in owners.items():
                    self.cp.add(owner == held.get(rep, 0))

    def order_alike(self) -> None:
        """Keep canonical plans only, where reps are alike.

        That makes proofs shorter and plans harder to come by, so a model does without until there
        is something to prove that sums over pairs do not.
        """
        if self.interchangeable is not None:
            return
        like = find_interchangeable(self.arrays, self.goals)
        self.interchangeable = like
        for same in like.classes:
            for one, other in pairwise(same):
                if like.counts_work:
                    self.cp.add_implication(self.works(other), self.works(one))
                self._precede(like, one, other)
        for less, more in like.above:
            one, other = like.classes[less][0], like.classes[more][-1]
            self.cp.add_implication(self.works(one), self.works(other))

    def _precede(self, like: Interchangeable, one: int, other: int) -> None:
        """Let a rep have a ranked seat only where the one before has a seat of lower rank."""
        pairs_of = self.arrays.pairs_of_rep
        seats = self.arrays.pair_seat[pairs_of(one)]
        before: list[Any] = []
        for seat in like.ranked:
            at = int(np.searchsorted(seats, seat))
            if at < len(seats) and seats[at] == seat:
                self.cp.add_bool_or([~self.x[pairs_of(other)[at]], *before])
                before.append(self.x[pairs_of(one)[at]])

    def _linear(self, pairs: Ints, low: int, high: int, coef: Ints | None = None) -> None:
        if low > high:
            self.cp.add_bool_or([])  # nothing can be
            return
        if low > -NO_LIMIT and high < NO_LIMIT and coef is None and low > 0:
            self.cp.add_linear_constraint(self.sum(pairs), low, high)
        elif low <= 0 and high == 1 and coef is None and (self.most[pairs] <= 1).all():
            self.cp.add_at_most_one(self.literals(pairs))
        else:
            expr = self.sum(pairs, coef)
            if low > -NO_LIMIT and (low > 0 or coef is not None):
                self.cp.add(expr >= low)
            if high < NO_LIMIT:
                self.cp.add(expr <= high)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Work on a copy: what is added in the block is gone after it."""
        kept = self.cp, self.helpers, self._working, self._nobody, self.interchangeable
        self.cp, self.helpers = self.cp.clone(), list(self.helpers)
        self._working, self._nobody = dict(self._working), dict(self._nobody)
        try:
            yield
        finally:
            self.cp, self.helpers, self._working, self._nobody, self.interchangeable = kept

    # -- to and from plans -----------------------------------------------------------------

    def hint(self, incumbent: Ints | None) -> None:
        """Start the next search from a plan, every variable given.

        Where reps are alike, the plan is renamed first into the one that the rules here allow.
        """
        self.cp.clear_hints()
        if incumbent is None:
            return
        if self.interchangeable is not None:
            incumbent = self.interchangeable.canonical(incumbent)
        held = np.bincount(
            self.alike.to_live(incumbent[incumbent >= 0]), minlength=self.arrays.pairs
        )
        hint = self.cp.proto.solution_hint
        hint.vars.extend([one.index for one in self.variables])
        hint.values.extend(self._turned(held[self.live]).tolist())
        hint.vars.extend([helper.variable.index for helper in self.helpers])
        hint.values.extend([helper.value(incumbent) for helper in self.helpers])

    def choice(self, values: Ints) -> Ints:
        """Read a plan from the values of the live pairs, in their order."""
        return self.alike.to_choice(np.repeat(np.flatnonzero(self.live), self._turned(values)))

    def _turned(self, values: Ints) -> Ints:
        """Turn values of variables into how many of each live pair are held, or back."""
        ends = self.alike.own[self.live]
        return np.where(ends, self.most[self.live] - values, values)


def _any_of(pairs: Ints, arrays: Arrays) -> Callable[[Ints], int]:
    seats = arrays.pair_seat[pairs]
    return lambda choice: int((choice[seats] == pairs).any())
