"""CP-SAT: every rule and every tier, one Boolean for each eligible pair.

The model is built once; tiers add their variables, are solved, and stay as constraints. Hints are
complete, auxiliary variables included, so that a plan in hand is where the search starts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.sat.python import cp_model

from ..errors import EngineError
from ..scaling import NO_LIMIT
from .running import Outcome, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from ..goals import FairPart, Goal

Expr = Any
DENSE = 5_000_000
"""From this many entries of overlap cliques on, intervals are used in their place."""

SECANTS = 60
"""Up to this many integer steps a square is bounded by all its secants, which is exact."""


@dataclass(eq=False)
class _Helper:
    """A variable that follows from the choice, with how its value is found for a hint."""

    variable: Any
    value: Callable[[Ints], int]


class CpSatEngine:
    """Solve any tier under any rules.

    Parameters
    ----------
    arrays
        The compiled problem.
    run
        Clock, stop signals, workers, seed.
    """

    name = "cpsat"

    def __init__(self, arrays: Arrays, run: Run) -> None:
        self.arrays, self.run = arrays, run
        self.model = cp_model.CpModel()
        self.x = [self.model.new_bool_var("") for _ in range(arrays.pairs)]
        self._helpers: list[_Helper] = []
        self._working: dict[int, Any] = {}
        self._group_owners: list[dict[int, Any]] = []
        self._parts: dict[int, Expr] = {}
        self._exclusive: dict[int, list[Ints]] = {}
        self._proved = False
        for add in (self._seats, self._loads, self._rows, self._overlaps, self._groups):
            add()

    # -- rules -----------------------------------------------------------------------------

    def _seats(self) -> None:
        """Every seat has one holder at most, a mandatory one exactly one."""
        first = self.arrays.first
        for seat, must in enumerate(self.arrays.mandatory.tolist()):
            mine = self.x[first[seat] : first[seat + 1]]
            if must:
                self.model.add_exactly_one(mine)
            elif len(mine) > 1:
                self.model.add_at_most_one(mine)

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
        high = self.model.new_int_var(0, top, "")
        low = self.model.new_int_var(0, top, "")

        def load(coef: Ints, round_: Any, worst: Any) -> Callable[[Ints], int]:
            base = round_(carried)

            def value(choice: Ints) -> int:
                chosen = choice[choice >= 0]
                sums = np.bincount(arrays.pair_rep[chosen], coef[chosen], arrays.reps)
                return int(worst((base + sums)[active]))

            return value

        down, up = np.floor(carried + 1e-7), np.ceil(carried - 1e-7)
        self._helpers.append(_Helper(high, load(rounded.down, lambda c: down, np.max)))
        self._helpers.append(_Helper(low, load(rounded.up, lambda c: up, np.min)))
        for rep in active:
            pairs = arrays.pairs_of_rep(int(rep))
            self.model.add(self._sum(pairs, rounded.down[pairs]) + int(down[rep]) <= high)
            self.model.add(self._sum(pairs, rounded.up[pairs]) + int(up[rep]) >= low)
        self.model.add(high - low <= gap)

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
                    self.model.add_at_most_one([self.x[p] for p in part])
                    self._exclusive.setdefault(int(arrays.pair_rep[part[0]]), []).append(part)

    def _intervals(self) -> None:
        """Say the same with one optional interval for each pair, where cliques are too many."""
        arrays, tasks = self.arrays, self.arrays.problem.task_columns
        shown = np.unique(np.concatenate([tasks.start, tasks.end]))
        start = np.searchsorted(shown, tasks.start)
        end = np.searchsorted(shown, tasks.end)
        for rep in range(arrays.reps):
            pairs = arrays.pairs_of_rep(rep)
            pairs = pairs[~np.isnan(tasks.start[arrays.pair_task[pairs]])]
            spans = []
            for pair, task in zip(pairs.tolist(), arrays.pair_task[pairs].tolist(), strict=True):
                begin, size = int(start[task]), int(end[task] - start[task])
                spans.append(
                    self.model.new_optional_fixed_size_interval_var(begin, size, self.x[pair], "")
                )
            self.model.add_no_overlap(spans)

    def _groups(self) -> None:
        """Tasks of one group have one owner: a Boolean for each group and rep."""
        arrays = self.arrays
        for tasks in arrays.groups:
            parts = [np.arange(arrays.first[t], arrays.first[t + 1]) for t in tasks]
            pairs = np.concatenate(parts)
            owners: dict[int, Any] = {}
            for rep in np.unique(arrays.pair_rep[pairs]).tolist():
                mine = pairs[arrays.pair_rep[pairs] == rep]
                owner = self.model.new_bool_var("")
                owners[rep] = owner
                for pair in mine:
                    self.model.add_implication(self.x[pair], owner)
                self.model.add_bool_or([~owner, *(self.x[pair] for pair in mine)])
                self._helpers.append(_Helper(owner, _any_of(mine, arrays)))
            self.model.add_at_most_one(owners.values())
            self._group_owners.append(owners)
        self._merge_groups(arrays.mandatory)

    def _linear(self, pairs: Ints, low: int, high: int, coef: Ints | None = None) -> None:
        if low > -NO_LIMIT and high < NO_LIMIT and coef is None and low > 0:
            self.model.add_linear_constraint(self._sum(pairs), low, high)
        elif low <= 0 and high == 1 and coef is None:
            self.model.add_at_most_one([self.x[p] for p in pairs])
        else:
            expr = self._sum(pairs, coef)
            if low > -NO_LIMIT and (low > 0 or coef is not None):
                self.model.add(expr >= low)
            if high < NO_LIMIT:
                self.model.add(expr <= high)

    def _sum(self, pairs: Ints, coef: Ints | None = None) -> Expr:
        some = [self.x[p] for p in pairs]
        if not some:
            return cp_model.LinearExpr.constant(0)
        if coef is None:
            return cp_model.LinearExpr.sum(some)
        return cp_model.LinearExpr.weighted_sum(some, coef.tolist())

    # -- tiers -----------------------------------------------------------------------------

    def _gain(self, goal: Goal) -> Expr:
        """Write a goal's gain as an expression, adding the variables it needs."""
        terms: list[Expr] = []
        if goal.linear is not None:
            some = np.flatnonzero(goal.linear)
            terms.append(self._sum(some, goal.linear[some]))
        if goal.used:
            working = [self._works(rep) for rep in range(self.arrays.reps)]
            self.model.add(cp_model.LinearExpr.sum(working) >= self.arrays.least_reps)
            terms.append(goal.used * cp_model.LinearExpr.sum(working))
        terms.extend(m * self._part(part) for m, part in goal.fair)
        return sum(terms) if terms else cp_model.LinearExpr.constant(0)

    def _works(self, rep: int) -> Any:
        """Give the literal that is true when this rep holds a seat."""
        if rep not in self._working:
            pairs = self.arrays.pairs_of_rep(rep)
            literal = self.model.new_bool_var("")
            self._working[rep] = literal
            for pair in pairs:
                self.model.add_implication(self.x[pair], literal)
            self.model.add_bool_or([~literal, *(self.x[p] for p in pairs)])
            self._helpers.append(_Helper(literal, _any_of(pairs, self.arrays)))
            self._tie_rows(rep, literal)
        return self._working[rep]

    def _tie_rows(self, rep: int, literal: Any) -> None:
        """Tie the rep's at-most-one rows to the literal: a tighter relaxation, the same plans."""
        for row in self._exclusive.get(rep, []):
            self.model.add_at_most_one([*(self.x[p] for p in row), ~literal])

    def _part(self, part: FairPart) -> Expr:
        if id(part) not in self._parts:
            build = {
                "minmax": self._highest,
                "maxmin": self._lowest,
                "range": self._spread,
                "l2": self._squares,
            }[part.tier.notion]
            self._parts[id(part)] = (
                build(part) if part.who.any() else cp_model.LinearExpr.constant(0)
            )
        return self._parts[id(part)]

    def _share(self, part: FairPart, rep: int) -> Expr:
        pairs = self.arrays.pairs_of_rep(rep)
        pairs = pairs[part.coef[pairs] != 0]
        return self._sum(pairs, part.coef[pairs]) + int(part.offset[rep])

    def _top(self, part: FairPart) -> Ints:
        """(R,) the most each share can be."""
        sums = np.bincount(self.arrays.pair_rep, part.coef, self.arrays.reps)
        return part.offset + sums.astype(np.int64)

    def _only_working(self, part: FairPart, rep: int, constraint: Any) -> None:
        if part.tier.idle == "ignore":
            constraint.only_enforce_if(self._works(rep))

    def _highest(self, part: FairPart) -> Expr:
        counted = part.tier.idle == "count"
        low = int(part.offset[part.who].max()) if counted else 0
        z = self.model.new_int_var(low, max(low, int(self._top(part)[part.who].max())), "")
        for rep in np.flatnonzero(part.who).tolist():
            self._only_working(part, rep, self.model.add(self._share(part, rep) <= z))
        self._helpers.append(_Helper(z, self._worst(part, np.max, low)))
        return z

    def _spread(self, part: FairPart) -> Expr:
        high, low = self._highest(part), self._lowest(part)
        self.model.add(high >= low)
        return high - low

    def _lowest(self, part: FairPart) -> Expr:
        counted = part.tier.idle == "count"
        top = self._top(part)[part.who]
        z = self.model.new_int_var(0, int(top.min() if counted else top.max()), "")
        for rep in np.flatnonzero(part.who).tolist():
            self._only_working(part, rep, self.model.add(self._share(part, rep) >= z))
        if not counted and part.tier.notion == "maxmin":
            working = [self._works(int(rep)) for rep in np.flatnonzero(part.who)]
            nobody = self.model.new_bool_var("")
            self.model.add_bool_or([nobody, *working])
            self.model.add(z == 0).only_enforce_if(nobody)
            for one in working:
                self.model.add_implication(one, ~nobody)
            self._helpers.append(_Helper(nobody, self._nobody(part)))
        self._helpers.append(_Helper(z, self._worst(part, np.min, 0)))
        return z

    def _nobody(self, part: FairPart) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            who = self.arrays.pair_rep[choice[choice >= 0]]
            return int(not part.who[who].any())

        return value

    def _worst(self, part: FairPart, worst: Any, otherwise: int) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            who = part.who
            if part.tier.idle == "ignore":
                who = who & (np.bincount(self.arrays.pair_rep[chosen], minlength=len(who)) > 0)
            shares = part.shares(self.arrays, chosen)[who]
            return int(worst(shares)) if len(shares) else otherwise

        return value

    def _squares(self, part: FairPart) -> Expr:
        assert part.factor is not None
        total: list[Expr] = []
        top = self._top(part)
        for rep in np.flatnonzero(part.who).tolist():
            low, high = int(part.offset[rep]), int(top[rep])
            share = self.model.new_int_var(low, high, "")
            self.model.add(share == self._share(part, rep))
            counted = part.tier.idle == "count"
            square = self.model.new_int_var(low * low if counted else 0, high * high, "")
            self._helpers.append(_Helper(share, self._share_value(part, rep)))
            self._helpers.append(_Helper(square, self._square_value(part, rep)))
            self._bound_square(part, rep, share, square, low, high)
            total.append(int(part.factor[rep]) * square)
        return sum(total)

    def _bound_square(
        self, part: FairPart, rep: int, share: Any, square: Any, low: int, high: int
    ) -> None:
        """Bound a square from below: by all secants of consecutive integers, or exactly."""
        every = high - low <= SECANTS
        steps = range(low + 1, high + 1) if every else np.linspace(low + 1, high, 12).astype(int)
        for k in steps:
            secant = self.model.add(square >= (2 * int(k) - 1) * share - int(k) * (int(k) - 1))
            self._only_working(part, rep, secant)
        if every:
            if high == low:
                self._only_working(part, rep, self.model.add(square >= low * low))
            return
        if part.tier.idle == "count":
            self.model.add_multiplication_equality(square, [share, share])
        else:
            full = self.model.new_int_var(0, high * high, "")
            self.model.add_multiplication_equality(full, [share, share])
            value = self._share_value(part, rep)
            self._helpers.append(_Helper(full, lambda choice: value(choice) ** 2))
            self._only_working(part, rep, self.model.add(square >= full))

    def _share_value(self, part: FairPart, rep: int) -> Callable[[Ints], int]:
        return lambda choice: int(part.shares(self.arrays, choice[choice >= 0])[rep])

    def _square_value(self, part: FairPart, rep: int) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            idle = part.tier.idle == "ignore" and rep not in self.arrays.pair_rep[chosen]
            return 0 if idle else int(part.shares(self.arrays, chosen)[rep]) ** 2

        return value

    # -- solving ---------------------------------------------------------------------------

    def optimise(self, goal: Goal, incumbent: Ints | None) -> Outcome:
        """Maximise one goal under the rules and what was kept so far."""
        gain = self._gain(goal)
        top = goal.best_gain
        if goal.used < 0 and goal.linear is None and not goal.fair:
            stepped = self._step_down(goal, gain, incumbent)
            if stepped.choice is not None or stepped.infeasible:
                return stepped
            top = top if stepped.bound is None else stepped.bound
        self.model.clear_objective()
        self.model.maximize(gain)
        self._hint(incumbent)
        found = self._solve(self._solver(), top)
        bound = top if found.bound is None else min(top, found.bound)
        if found.choice is None:
            return Outcome(None, bound, found.infeasible)
        reached = goal.gain(found.choice)
        close = abs(bound - reached) <= 1 + 2e-9 * abs(reached)
        return Outcome(found.choice, reached if self._proved and close else bound)

    def _step_down(self, goal: Goal, gain: Expr, incumbent: Ints | None) -> Outcome:
        """Ask for a number of reps outright, from the least conceivable one upwards.

        A decision is often far easier than the same bound in a minimisation. Half of the time
        goes to it; then what was refuted stays as a bound.
        """
        until = time.perf_counter() + self.run.left / 2
        wanted = goal.best_gain
        model = self.model
        if self.run.effort is not None:
            return Outcome()
        try:
            while incumbent is None or goal.gain(incumbent) < wanted:
                if wanted < goal.used * self.arrays.reps:
                    return Outcome(infeasible=True)
                self.model = model.clone()
                self.model.clear_objective()
                self.model.add(gain >= wanted)
                self._hint(incumbent)
                solver = self._solver()
                left = until - time.perf_counter()
                if left <= 0 or self.run.is_over:
                    return Outcome(None, wanted)
                solver.parameters.max_time_in_seconds = left
                found = self._solve(solver)
                if found.choice is not None:
                    return Outcome(found.choice, wanted)
                if not found.infeasible:
                    return Outcome(None, wanted)
                wanted += goal.used
        finally:
            self.model = model
        return Outcome(incumbent, wanted)

    def is_feasible(self, *, presolve: bool) -> Outcome:
        """Search for any plan with presolve on or off: the second opinion on an INFEASIBLE."""
        self.model.clear_objective()
        self.model.clear_hints()
        solver = self._solver()
        solver.parameters.cp_model_presolve = presolve
        solver.parameters.num_workers = 1
        return self._solve(solver)

    def keep(self, goal: Goal, gain: int) -> bool:
        """Let no later plan gain less than this; say so seat by seat where that is the same."""
        self.model.add(self._gain(goal) >= gain)
        if goal.is_linear and gain == goal.best_gain:
            arrays = self.arrays
            for seat in np.flatnonzero(goal.wanted_seats).tolist():
                self.model.add_exactly_one(self.x[arrays.first[seat] : arrays.first[seat + 1]])
            self._merge_groups(arrays.mandatory | goal.wanted_seats)
        return True

    def _merge_groups(self, filled: Bools) -> None:
        """Where all tasks of a group are assigned, each goes exactly where the group goes."""
        arrays = self.arrays
        for tasks, owners in zip(arrays.groups, self._group_owners, strict=True):
            for task in tasks[filled[tasks]].tolist():
                pairs = range(int(arrays.first[task]), int(arrays.first[task + 1]))
                held = {int(arrays.pair_rep[pair]): self.x[pair] for pair in pairs}
                for rep, owner in owners.items():
                    self.model.add(owner == held.get(rep, 0))

    def _hint(self, incumbent: Ints | None) -> None:
        self.model.clear_hints()
        if incumbent is None:
            return
        on = np.zeros(self.arrays.pairs, np.int64)
        on[incumbent[incumbent >= 0]] = 1
        hint = self.model.proto.solution_hint
        hint.vars.extend([variable.index for variable in self.x])
        hint.values.extend(on.tolist())
        hint.vars.extend([helper.variable.index for helper in self._helpers])
        hint.values.extend([helper.value(incumbent) for helper in self._helpers])

    def _solver(self) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.max_time_in_seconds = max(0.01, self.run.left)
        parameters.num_workers = self.run.threads
        parameters.catch_sigint_signal = False  # Ctrl-C is ours, and stays so after the search
        parameters.random_seed = self.run.seed % 2**31
        if self.run.effort is not None:
            parameters.max_deterministic_time = self.run.effort
            parameters.num_workers = 1
        return solver

    def _solve(self, solver: cp_model.CpSolver, enough: int | None = None) -> Outcome:
        """Search until all is proved, the run is over, or a gain is ``enough``."""
        listener = _Listener(self.x, enough)
        solver.best_bound_callback = listener.on_bound
        report = self.run.report

        def watch() -> None:
            if report is not None and listener.changed():
                report(listener.gain, listener.bound)

        status = self.run.call(
            lambda: solver.solve(self.model, listener), cancel=solver.stop_search, watch=watch
        )
        self._proved = status == cp_model.OPTIMAL
        if status == cp_model.MODEL_INVALID:
            raise EngineError(f"CP-SAT calls the model invalid: {self.model.validate()}")
        if status == cp_model.INFEASIBLE:
            return Outcome(infeasible=True)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            values = np.fromiter(solver.response_proto.solution, np.int64)[: self.arrays.pairs]
            bound = _floor(solver.best_objective_bound)
            return Outcome(self._choice(values), bound)
        if status is None:  # given up: the search may go on with this model, so take another
            self.model = self.model.clone()
        kept = listener.values
        return Outcome(None if kept is None else self._choice(kept), listener.bound)

    def _choice(self, values: Ints) -> Ints:
        choice = np.full(self.arrays.seats, -1, np.int64)
        chosen = np.flatnonzero(values)
        choice[self.arrays.pair_seat[chosen]] = chosen
        return choice


def _any_of(pairs: Ints, arrays: Arrays) -> Callable[[Ints], int]:
    seats = arrays.pair_seat[pairs]
    return lambda choice: int((choice[seats] == pairs).any())


def _floor(bound: float) -> int:
    """Round an upper bound on an integer down, but for the noise of floats."""
    return int(np.floor(bound + 1e-6 + 1e-9 * abs(bound)))


class _Listener(cp_model.CpSolverSolutionCallback):
    """Keeps the last solution and bound outside the solver."""

    def __init__(self, x: list[Any], enough: int | None) -> None:
        super().__init__()
        self._x, self._enough = x, enough
        self.gain: int | None = None
        self.bound: int | None = None
        self.values: Ints | None = None
        self._seen: tuple[int | None, int | None] = (None, None)

    def on_solution_callback(self) -> None:
        """Keep a copy of the solution."""
        self.values = np.array([self.boolean_value(v) for v in self._x], np.int64)
        self.gain = round(self.objective_value)
        self.on_bound(self.best_objective_bound)
        if self._enough is not None and self.gain >= self._enough:
            self.stop_search()

    def on_bound(self, bound: float) -> None:
        """Keep the best bound."""
        if abs(bound) < 2**62:
            self.bound = _floor(bound) if self.bound is None else min(self.bound, _floor(bound))

    def changed(self) -> bool:
        """Tell whether anything is new since the last look."""
        now = (self.gain, self.bound)
        new, self._seen = now != self._seen, now
        return new
