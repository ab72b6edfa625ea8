"""CP-SAT: every rule and every tier.

The model is built once; tiers add their variables, are solved, and stay as constraints. Hints are
complete, auxiliary variables included, so that a plan in hand is where the search starts.
"""

from __future__ import annotations

import logging
import math
import os
import time
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from ortools.sat.python import cp_model

from ..errors import EngineError
from ..goals import compile_goal
from ..scaling import LIMIT, NO_LIMIT
from .hints import distance_of
from .levels import MAX_DEALT, Levels
from .model import Model
from .products import Options, Product
from .ratios import Ratio
from .running import Outcome, Run
from .sums import Sums

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..arrays import Arrays
    from ..columns import Ints
    from ..goals import Goal
    from ..shares import FairPart, Gain, Windows
    from .alike import Kinds
    from .model import Expr

    Tell = Callable[[int | None, int | None], tuple[Gain | None, Gain | None]]

logger = logging.getLogger(__name__)
AIM_SHARE = 0.4
"""Share of a tier's time in which a plan that meets a bound in all numbers is asked for."""


PROVING = ("quick_restart", "max_lp")
"""Searches that prove most where seats are counted: a small model, with integers in it."""

EXACT_FLOAT = 2**53
"""Whole numbers below are floats without rounding."""


class CpSatEngine:
    """Solve any tier under any rules.

    Parameters
    ----------
    arrays
        The compiled problem.
    run
        Clock, stop signals, workers, seed.
    goals
        The tiers to come, so that seats alike in all of them can share their variables.
    kinds
        The kinds of seats, to be counted; then all tiers to come are sums over pairs.
    """

    name = "cpsat"

    def __init__(
        self, arrays: Arrays, run: Run, goals: Sequence[Goal] = (), kinds: Kinds | None = None
    ) -> None:
        self.arrays, self.run, self.counts = arrays, run, kinds is not None
        self.model = Model(arrays, goals, kinds)
        self.sums = Sums(self.model)
        self._levels: dict[int, Levels] = {}
        self._products: dict[int, Product] = {}
        self._ratios: dict[int, Ratio] = {}
        self._held: list[tuple[Product, Gain]] = []
        self._proved = False
        self._patience = math.inf

    # -- tiers -----------------------------------------------------------------------------

    def _gain(self, goal: Goal) -> Expr:
        """Write the gain of a tier that adds up as an expression, with the variables it needs."""
        terms: list[Expr] = []
        if goal.linear is not None:
            some = np.flatnonzero(goal.linear)
            terms.append(self.model.sum(some, goal.linear[some]))
        if goal.used:
            working = [self.model.works(rep) for rep in range(self.arrays.reps)]
            self.model.cp.add(cp_model.LinearExpr.sum(working) >= self.arrays.least_reps)
            terms.append(goal.used * cp_model.LinearExpr.sum(working))
        terms.extend(m * self.sums.part(part) for m, part in goal.fair)
        return sum(terms) if terms else cp_model.LinearExpr.constant(0)

    def optimise(self, goal: Goal, incumbent: Ints | None) -> Outcome:
        """Maximise one goal under the rules and what was kept so far."""
        if goal.windows is not None:
            look = self._aim if goal.windows.is_exact_only else self._within
            found = look(goal, goal.windows, incumbent)
            if found.bound is not None:
                return found
            incumbent = found.choice
        part = goal.order
        if part is None or not part.who.any():
            return self._optimise_sum(goal, incumbent)
        if not goal.tier.is_loose:
            return self._optimise_order(goal, part, incumbent)
        with self.model.aside():  # later tiers are held to less than what is settled on the way
            outcome = self._optimise_order(goal, part, incumbent)
        for known in (self._levels, self._products, self._ratios):
            known.pop(id(part), None)
        return outcome

    def _aim(self, goal: Goal, windows: Windows, incumbent: Ints | None) -> Outcome:
        """Ask outright for a plan that meets a bound in all numbers: often there is one."""
        deadline = self.run.deadline
        self.run.deadline -= (1 - AIM_SHARE) * self.run.left
        try:
            with self.model.aside():
                self._keep_windows(windows, 0)
                Levels(self.model, windows.part).hold(goal.best_gain)
                constant = cp_model.LinearExpr.constant(0)
                found = self._maximise(constant, incumbent, 0, _silent)[0].choice
        finally:
            self.run.deadline = deadline
        incumbent = self._better(goal, found, incumbent)
        met = incumbent is not None and goal.meets(goal.gain(incumbent), goal.best_gain)
        return Outcome(incumbent, goal.best_gain if met else None)

    def _within(self, goal: Goal, windows: Windows, incumbent: Ints | None) -> Outcome:
        """Search where plans that come close to a bound must be, then a little further.

        A best plan of a search over all plans within a gap, that is itself within the gap, is
        best of all; plans outside are worse than the bound by more than the gap.
        """
        gap, bound = -1, int(goal.best_gain[-1])
        while not self.run.is_over:
            wider = 0 if gap < 0 else max(windows.next_gap(gap), 2 * gap)
            mine = LIMIT if incumbent is None else windows.gap(goal.gain(incumbent))
            gap = min(wider, mine)
            if gap >= LIMIT or Options.count(windows, gap) > MAX_DEALT:
                return Outcome(incumbent)
            with self.model.aside():
                options = Options(self.model, windows.part, windows, gap)
                tell = _after(goal.best_gain[:-1])
                found, top = self._maximise(options.gain(), incumbent, bound, tell)
            proved = self._proved or found.infeasible
            incumbent = self._better(goal, found.choice, incumbent)
            outside = int(windows.bound[-1]) - gap - 1
            if incumbent is None and not proved:
                return Outcome(None, (*goal.best_gain[:-1], max(top, outside)))
            if incumbent is None:
                continue
            gain = goal.gain(incumbent)
            within = windows.gap(gain) <= gap
            if goal.meets(gain, goal.best_gain) or (proved and within):
                return Outcome(incumbent, gain)
            if not proved:
                return Outcome(incumbent, (*goal.best_gain[:-1], max(top, outside)))
        return Outcome(incumbent)

    def _keep_windows(self, windows: Windows, gap: int) -> None:
        """Hold every share to its window."""
        low, high = windows.at(gap)
        for rep in np.flatnonzero(windows.part.who).tolist():
            share = self.model.share(windows.part, rep)
            self.model.cp.add_linear_constraint(share, int(low[rep]), int(high[rep]))

    def _optimise_order(self, goal: Goal, part: FairPart, incumbent: Ints | None) -> Outcome:
        """Settle a notion number by number."""
        match part.tier.notion:
            case "nash":
                return self._optimise_product(goal, part, incumbent)
            case "gini":
                return self._optimise_ratio(goal, part, incumbent)
            case _:
                return self._optimise_levels(goal, part, incumbent)

    def _optimise_sum(self, goal: Goal, incumbent: Ints | None) -> Outcome:
        """Maximise a gain of one number that is written as an expression."""
        if not goal.is_linear:
            self.model.order_alike()
        gain = self._gain(goal) if goal.order is None else cp_model.LinearExpr.constant(0)
        top = int(goal.best_gain[0])
        if goal.used < 0 and goal.linear is None and not goal.fair:
            stepped = self._step_down(goal, gain, incumbent)
            if stepped.choice is not None or stepped.infeasible:
                return stepped
            top = top if stepped.bound is None else int(stepped.bound[0])
        if _is_range(goal):  # fractions of tasks make all shares equal: no bound of its own
            self.model.cp.add(gain <= top)
        least = None if incumbent is None or goal.order else int(goal.gain(incumbent)[0])
        found, bound = self._maximise(gain, incumbent, top, None, least)
        if found.choice is None:
            return Outcome(None, (bound,), found.infeasible)
        reached = int(goal.gain(found.choice)[0])
        close = abs(bound - reached) <= 1 + 2e-9 * abs(reached)
        return Outcome(found.choice, (reached if self._proved and close else bound,))

    def _maximise(
        self,
        gain: Expr,
        incumbent: Ints | None,
        top: int,
        tell: Tell | None = None,
        least: int | None = None,
    ) -> tuple[Outcome, int]:
        """Search for the most of an expression, which ``top`` bounds already.

        ``least`` is what the incumbent has: a search that claims there is no more than less is
        wrong, and is done again without presolve.
        """
        presolve = True
        while True:
            self.model.cp.clear_objective()
            self.model.cp.maximize(gain)
            self.model.hint(incumbent)
            solver = self._solver()
            solver.parameters.cp_model_presolve = presolve
            found = self._solve(solver, top, tell)
            bound = top if found.bound is None else min(top, int(found.bound[0]))
            if presolve and least is not None and (found.infeasible or bound < least):
                logger.warning("the search contradicts the plan at hand; again without presolve")
                presolve = False
                continue
            top, choice = bound, found.choice
            if choice is None or not any(held.misses(kept, choice) for held, kept in self._held):
                return found, top
            # Tangents bound a logarithm from above only: a plan may miss what was kept.
            refined = [held.refine(choice) for held, _ in self._held]
            if not any(refined) or self.run.is_over:
                return Outcome(None, found.bound), top

    def _optimise_levels(self, goal: Goal, part: FairPart, incumbent: Ints | None) -> Outcome:
        """Settle one level after the other: the best level, then the fewest reps at it.

        References
        ----------
        The thresholds of Ogryczak and Śliwiński (2003), each level solved outright: a level that
        nobody can leave alone may be left by any, so fixing reps would be wrong (they are right
        for convex problems only).
        """
        levels = self._levels.setdefault(id(part), Levels(self.model, part))
        sign = -1 if levels.is_max else 1
        settled: Gain = ()
        best = goal.best_gain
        while levels.count < len(levels.reps):
            if self.run.is_over:
                return Outcome(incumbent, settled or None)
            level = None
            if incumbent is not None and len(best) > len(settled):
                at = goal.gain(incumbent)[: len(settled) + 1]
                level = abs(int(at[-1])) if at == best[: len(at)] else None
            if level is None:
                known = best[: len(settled) + 1]
                follows = len(known) > len(settled) and known[:-1] == settled
                most = int(known[-1]) if follows else NO_LIMIT
                most = min(most, 0 if levels.is_max else levels.ends)
                found, bound = self._maximise(
                    sign * levels.level(),
                    incumbent,
                    most,
                    _after(settled),
                    None if incumbent is None else self._level_at(goal, levels, incumbent),
                )
                incumbent = self._better(goal, found.choice, incumbent)
                if found.infeasible or incumbent is None:
                    return Outcome(incumbent, None, found.infeasible)
                reached = int(goal.gain(incumbent)[len(settled)])
                level = abs(reached)
                if abs(bound) != min(level, levels.ends):
                    return Outcome(incumbent, (*settled, levels.number_of(bound)))
            assert incumbent is not None
            levels.settle(level)
            if levels.is_end(level):
                return Outcome(incumbent, goal.gain(incumbent))
            incumbent, most_at = self._fewest_at(goal, levels, level, incumbent)
            settled = goal.gain(incumbent)[:most_at]
            if levels.count < most_at:
                return Outcome(incumbent, settled)
        return Outcome(incumbent, settled)

    def _fewest_at(
        self, goal: Goal, levels: Levels, level: int, incumbent: Ints
    ) -> tuple[Ints, int]:
        """Minimise how many reps are at least at a level.

        Returns
        -------
        incumbent, numbers
            The plan, and how many numbers of its gain are proved; the level stays open (its count
            below that) where the fewest could not be proved.
        """
        literals = levels.reached(level)
        least = levels.count + 1
        numbers = [abs(int(number)) for number in goal.gain(incumbent)]
        count = levels.count + numbers[levels.count :].count(level)
        if count > least:
            total = cp_model.LinearExpr.sum(list(literals.values()))
            found, bound = self._maximise(-total, incumbent, -least, _silent, -count)
            better = self._better(goal, found.choice, incumbent)
            assert better is not None
            incumbent, least = better, -bound
            numbers = [abs(int(number)) for number in goal.gain(incumbent)]
            count = levels.count + numbers[levels.count :].count(level)
        if count > least:
            return incumbent, least
        levels.close(literals, count)
        return incumbent, count

    @staticmethod
    def _level_at(goal: Goal, levels: Levels, incumbent: Ints) -> int:
        """Give the next level of a plan as the search counts it."""
        number = int(goal.gain(incumbent)[levels.count])
        return max(-levels.ends, min(number, levels.ends))

    @staticmethod
    def _better(goal: Goal, found: Ints | None, incumbent: Ints | None) -> Ints | None:
        """Give the better of two plans in a goal."""
        if found is None or incumbent is None:
            return incumbent if found is None else found
        return found if goal.gain(found) > goal.gain(incumbent) else incumbent

    def _optimise_product(self, goal: Goal, part: FairPart, incumbent: Ints | None) -> Outcome:
        """Give as many as possible something, then maximise the product, by tangents."""
        product = self._product(part)
        able, top = (int(number) for number in goal.best_gain)
        has = able
        if incumbent is None or goal.gain(incumbent)[0] < able:
            found, has = self._maximise(product.count(), incumbent, able, _silent)
            incumbent = self._better(goal, found.choice, incumbent)
            if found.infeasible or incumbent is None:
                return Outcome(incumbent, None, found.infeasible)
            if goal.gain(incumbent)[0] < has:
                return Outcome(incumbent, (has, top))
        if has < able:  # the mean of all bounds nothing where some have nothing
            top = sum(
                max(0, part.log_of(r, int(part.largest(self.arrays)[r]))) for r in product.log
            )
        self.model.cp.add(product.count() >= has)
        while True:
            product.refine(incumbent)
            found, top = self._maximise(
                product.logs(),
                incumbent,
                top,
                _after((has,)),
                int(goal.gain(incumbent)[1]) - part.log_tolerance,
            )
            incumbent = self._better(goal, found.choice, incumbent)
            assert incumbent is not None
            met = goal.meets(goal.gain(incumbent), (has, top))
            if met or found.choice is None or self.run.is_over:
                return Outcome(incumbent, (has, top))
            if not product.refine(found.choice):
                return Outcome(incumbent, (has, top))

    def _even(self, part: FairPart, incumbent: Ints) -> Ints | None:
        """Find a plan with even shares to start from: what is even by one measure is by others."""
        even = compile_goal(self.arrays, part.tier.model_copy(update={"notion": "leximax"}))
        assert even.order is not None
        deadline = self.run.deadline
        self.run.deadline -= (1 - AIM_SHARE) * self.run.left
        try:
            with self.model.aside():
                return self._optimise_levels(even, even.order, incumbent).choice
        finally:
            self._levels.pop(id(even.order), None)
            self.run.deadline = deadline

    def _optimise_ratio(self, goal: Goal, part: FairPart, incumbent: Ints | None) -> Outcome:
        """Minimise a ratio by the differences it exceeds a guess by (Dinkelbach).

        References
        ----------
        Dinkelbach, W. (1967), "On nonlinear fractional programming", Management Science 13(7).
        """
        ratio = self._ratio(part)
        if incumbent is None:
            found, _ = self._maximise(cp_model.LinearExpr.constant(0), None, 0, _silent)
            if found.choice is None:
                return Outcome(None, None, found.infeasible)
            incumbent = found.choice
        incumbent = self._better(goal, self._even(part, incumbent), incumbent)
        assert incumbent is not None
        bound = Fraction(0)
        while True:
            guess = -Fraction(goal.gain(incumbent)[0])
            excess, k = ratio.excess(guess)
            p = ratio.scaled(guess)[0]
            top = p if ratio.is_fixed else NO_LIMIT
            found, least = self._maximise(-excess, incumbent, top, _silent)
            if ratio.is_fixed:
                bound = max(bound, Fraction(max(p - least, 0), max(ratio.least, 1)))
            elif least <= 0:
                bound = max(bound, Fraction(p, k))
            elif ratio.least:  # differences exceed p / k of the whole by no less than -least / k
                bound = max(bound, (p - Fraction(least, ratio.least)) / k)
            better = self._better(goal, found.choice, incumbent)
            assert better is not None
            better_by = goal.gain(better) > goal.gain(incumbent)
            incumbent = better
            if ratio.is_fixed or not better_by or self.run.is_over or not self._proved:
                return Outcome(incumbent, (-bound,))

    def aim(self, goal: Goal, following: Goal, patience: float = 1.0) -> Outcome:
        """Ask for a plan at the bound of a goal that is best in the sum over pairs after it.

        Of an order, at the bound of its first number. Gives up where no plan is found within
        ``patience``, a share of the time left.
        """
        self._patience = time.perf_counter() + patience * self.run.left
        gain = cp_model.LinearExpr.constant(0) if goal.order else self._gain(goal)
        with self.model.aside():
            if goal.order is not None:
                Levels(self.model, goal.order).hold(goal.best_gain[:1])
            else:
                self._hold(goal, gain, goal.best_gain)
            found = self._optimise_sum(following, None)
        self._patience = math.inf
        return found

    def _step_down(self, goal: Goal, gain: Expr, incumbent: Ints | None) -> Outcome:
        """Ask for a number of reps outright, from the least conceivable one upwards.

        A decision is often far easier than the same bound in a minimisation. Half of the time
        goes to it; then what was refuted stays as a bound.
        """
        until = time.perf_counter() + self.run.left / 2
        wanted = int(goal.best_gain[0])
        model = self.model
        kept = model.cp
        if self.run.effort is not None:
            return Outcome()
        try:
            while incumbent is None or int(goal.gain(incumbent)[0]) < wanted:
                if wanted < goal.used * self.arrays.reps:
                    return Outcome(infeasible=True)
                model.cp = kept.clone()
                model.cp.clear_objective()
                model.cp.add(gain >= wanted)
                model.hint(incumbent)
                solver = self._solver()
                left = until - time.perf_counter()
                if left <= 0 or self.run.is_over:
                    return Outcome(None, (wanted,))
                solver.parameters.max_time_in_seconds = left
                found = self._solve(solver)
                if found.choice is not None:
                    return Outcome(found.choice, (wanted,))
                if not found.infeasible:
                    return Outcome(None, (wanted,))
                wanted += goal.used
        finally:
            model.cp = kept
        return Outcome(incumbent, (wanted,))

    def approach(
        self, part: FairPart, wanted: Ints, weight: int, linear: Ints, incumbent: Ints | None
    ) -> Outcome:
        """Bring shares as near to wanted ones as can be, a sum over pairs counting besides.

        Maximises ``sum(linear * x) - weight * sum_r |share_r - wanted_r|``.
        """
        cp, model = self.model.cp, self.model
        some = np.flatnonzero(linear)
        gain = model.sum(some, linear[some])
        for rep in np.flatnonzero(part.who).tolist():
            if not part.coef[self.arrays.pairs_of_rep(rep)].any():
                continue
            target, share = int(wanted[rep]), model.share(part, rep)
            off = cp.new_int_var(0, abs(target) + int(part.largest(self.arrays)[rep]), "")
            cp.add(off >= share - target)
            cp.add(off >= target - share)
            model.helper(off, distance_of(model, part, rep, target))
            gain = gain - weight * off
        return self._maximise(gain, incumbent, NO_LIMIT, _silent)[0]

    def is_feasible(self, *, presolve: bool) -> Outcome:
        """Search for any plan with presolve on or off: the second opinion on an INFEASIBLE."""
        self.model.cp.clear_objective()
        self.model.cp.clear_hints()
        solver = self._solver()
        solver.parameters.cp_model_presolve = presolve
        solver.parameters.num_workers = 1
        return self._solve(solver)

    def keep(self, goal: Goal, gain: Gain) -> bool:
        """Let no later plan gain less than this; say so seat by seat where that is the same."""
        if not goal.is_linear:
            self.model.order_alike()
        part = goal.order
        windows = goal.windows
        if windows is not None and windows.is_exact_only:
            if goal.meets(gain, goal.best_gain):
                self._keep_windows(windows, 0)
        elif windows is not None:
            gap = windows.gap(gain)
            if gap < LIMIT and Options.count(windows, gap) <= MAX_DEALT:
                options = Options(self.model, windows.part, windows, gap)
                self.model.cp.add(options.gain() >= int(gain[-1]))
                return True
        if part is not None:
            self._keep_order(goal, part, gain)
            return True
        self._hold(goal, self._gain(goal), gain)
        if goal.used < 0 and goal.linear is None and not goal.fair:
            self.model.fill_cliques(int(gain[0]) // goal.used)
        return True

    def _hold(self, goal: Goal, expression: Expr, gain: Gain) -> None:
        """Let no plan gain less, and fill the seats that every such plan fills.

        Where that says it all, the sum is left out: a row of all pairs is a burden.
        """
        filled = goal.filled_at(gain)
        if filled is not None:
            filled = self.model.alike.whole(filled)
        if filled is None or goal.least_with(filled) < gain[0]:
            self.model.cp.add(expression >= int(gain[0]))
        if filled is None:
            return
        for seat in np.flatnonzero(filled).tolist():
            self.model.fill(seat, must=True)
        self.model.merge_groups(self.arrays.mandatory | filled)

    def _product(self, part: FairPart) -> Product:
        if id(part) not in self._products:
            self._products[id(part)] = Product(self.model, part)
        return self._products[id(part)]

    def _ratio(self, part: FairPart) -> Ratio:
        if id(part) not in self._ratios:
            self._ratios[id(part)] = Ratio(self.model, part)
        return self._ratios[id(part)]

    def _keep_order(self, goal: Goal, part: FairPart, gain: Gain) -> None:
        if not part.who.any():
            return
        match part.tier.notion:
            case "nash":
                product = self._product(part)
                product.hold(gain)
                self._held.append((product, gain))
            case "gini":
                ratio = self._ratio(part)
                ratio.hold(-Fraction(gain[0]))
            case _:
                levels = self._levels.setdefault(id(part), Levels(self.model, part))
                best = goal.meets(gain, goal.best_gain) or levels.count == len(gain)
                if not (best and levels.deal(gain)):
                    levels.hold(gain)

    def _solver(self) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.max_time_in_seconds = max(0.01, self.run.left)
        parameters.num_workers = self.run.threads
        parameters.catch_sigint_signal = False  # Ctrl-C is ours, and stays so after the search
        parameters.random_seed = self.run.seed % 2**31
        # These rules of presolve lose the best plans of sums with large coefficients (CP-SAT 9.15).
        parameters.presolve_inclusion_work_limit = 0
        if self.counts:  # with one beside them that looks for plans; more would only slow them
            most = max(len(PROVING) + 1, os.cpu_count() or 1)
            parameters.num_workers = min(self.run.threads, most)
            for name in PROVING:
                parameters.subsolvers.append(name)
        if self.run.effort is not None:
            parameters.max_deterministic_time = self.run.effort
            parameters.num_workers = 1
        return solver

    def _solve(
        self, solver: cp_model.CpSolver, enough: int | None = None, tell: Tell | None = None
    ) -> Outcome:
        """Search until all is proved, the run is over, or a gain is ``enough``."""
        listener = _Listener(self.model, enough)
        solver.best_bound_callback = listener.on_bound
        report, tell = self.run.report, tell or _one_number

        def watch() -> None:
            if listener.values is None and time.perf_counter() > self._patience:
                solver.stop_search()
            if report is not None and listener.changed():
                gain, bound = tell(listener.gain, listener.bound)
                if gain is not None or bound is not None:
                    report(gain, bound)

        status = self.run.call(
            lambda: solver.solve(self.model.cp, listener), cancel=solver.stop_search, watch=watch
        )
        self._proved = status == cp_model.OPTIMAL
        if status == cp_model.MODEL_INVALID:
            raise EngineError(f"CP-SAT calls the model invalid: {self.model.cp.validate()}")
        if status == cp_model.INFEASIBLE:
            return Outcome(infeasible=True)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            solution = np.fromiter(solver.response_proto.solution, np.int64)
            values = solution[: len(self.model.variables)]
            best = _floor(solver.best_objective_bound)
            if self._proved and abs(solver.objective_value) < EXACT_FLOAT:
                best = min(best, round(solver.objective_value))
            return Outcome(self.model.choice(values), (best,))
        if status is None:  # given up: the search may go on with this model, so take another
            self.model.cp = self.model.cp.clone()
        kept = listener.values
        bound = None if listener.bound is None else (listener.bound,)
        return Outcome(None if kept is None else self.model.choice(kept), bound)


def _one_number(gain: int | None, bound: int | None) -> tuple[Gain | None, Gain | None]:
    return None if gain is None else (gain,), None if bound is None else (bound,)


def _after(settled: Gain) -> Tell:
    """Tell of a search for the number that follows those settled."""

    def tell(gain: int | None, bound: int | None) -> tuple[Gain | None, Gain | None]:
        return (
            None if gain is None else (*settled, gain),
            None if bound is None else (*settled, bound),
        )

    return tell


def _silent(gain: int | None, bound: int | None) -> tuple[Gain | None, Gain | None]:
    """Tell nothing of a search whose objective is not the tier's."""
    del gain, bound
    return None, None


def _is_range(goal: Goal) -> bool:
    """Whether a goal is the range of the shares, and nothing else."""
    alone = len(goal.fair) == 1 and goal.linear is None and not goal.used
    return alone and goal.fair[0][1].tier.notion == "range"


def _floor(bound: float) -> int:
    """Round an upper bound on an integer down, but for the noise of floats."""
    return int(np.floor(bound + 1e-6 + 1e-9 * abs(bound)))


class _Listener(cp_model.CpSolverSolutionCallback):
    """Keeps the last solution and bound outside the solver."""

    def __init__(self, model: Model, enough: int | None) -> None:
        super().__init__()
        self._x = model.variables
        self._enough = enough
        self.gain: int | None = None
        self.bound: int | None = None
        self.values: Ints | None = None
        self._seen: tuple[int | None, int | None] = (None, None)

    def on_solution_callback(self) -> None:
        """Keep a copy of the solution."""
        self.values = np.array([self.value(v) for v in self._x], np.int64)
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
