"""Rotations by CP-SAT: a layout and its tiers in, the best rotations and their bounds out.

What holds is written by :mod:`.rotation_models`, what tiers come to by :mod:`.rotation_terms`; here
is the search, tier after tier and level after level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ortools.sat.python import cp_model

from ..errors import EngineError
from .rosters import OPEN, Found
from .rotation_models import RotationModel
from .rotation_terms import RotationTerms

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..columns import Ints
    from .rosters import Layout, Numbers, Tally, Turns
    from .rotation_models import Expr
    from .running import Run


@dataclass(eq=False)
class _Answer:
    """One search: what it ended with, and the bound on its objective."""

    status: cp_model.CpSolverStatus | None
    turns: Turns | None = None
    bound: int = OPEN


class RotationEngine:
    """Search for rotations; what was kept of earlier tiers stays.

    Parameters
    ----------
    layout
        What is to be rotated.
    run
        Clock, stop signals, workers, seed.
    ordered
        Whether periods are chosen too.
    """

    name = "cpsat"

    def __init__(self, layout: Layout, run: Run, *, ordered: bool = False) -> None:
        self.layout, self.run, self.ordered = layout, run, ordered
        self.model = RotationModel(layout, ordered)
        self.terms = RotationTerms(self.model)

    def aside(self) -> AbstractContextManager[None]:
        """Take back what is added to the model within."""
        return self.terms.aside()

    # -- tiers ---------------------------------------------------------------------------------

    def any(self, incumbent: Turns | None = None, *, confirm: bool = True) -> Found:
        """Find any rotation that keeps the rules and what was kept.

        That there is none is claimed only where it was to be confirmed.
        """
        answer = self._search(0, incumbent)
        if answer.status == cp_model.INFEASIBLE:
            return Found(infeasible=confirm and self._is_infeasible_again())
        return Found(answer.turns)

    def optimise(self, tally: Tally, incumbent: Turns | None, best: Numbers = ()) -> Found:
        """Maximise one tier, its numbers one after the other.

        Parameters
        ----------
        tally
            The tier.
        incumbent
            Where to start; it keeps what was kept.
        best
            What no rotation passes.
        """
        if tally.notion in ("leximax", "leximin"):
            return self._levels(tally, incumbent, best)
        gain = self.terms.gain(tally)
        answer = self._search(gain, incumbent, best[0] if best else OPEN)
        if answer.status == cp_model.INFEASIBLE:
            return Found(infeasible=self._is_infeasible_again())
        turns = self._better(tally, answer.turns, incumbent)
        bound = min(answer.bound, best[0] if best else OPEN)
        if answer.status == cp_model.OPTIMAL and not (tally.has_moves and not self.ordered):
            assert answer.turns is not None
            bound = min(bound, self.measure(tally, answer.turns)[0])  # exact, unlike a float
        return Found(turns, (bound,) if bound < OPEN else ())

    def keep(self, tally: Tally, numbers: Numbers) -> None:
        """Let no later rotation gain less than these numbers, the first of its gain.

        Of levels all but the last have to be the best there are.
        """
        if tally.notion in ("leximax", "leximin"):
            self.terms.hold(tally, numbers)
            return
        self.model.cp.add(self.terms.gain(tally) >= numbers[0])
        if tally.notion is None and not tally.has_moves:
            self.terms.fill_best(tally, numbers[0])

    def fix(self, counts: Ints) -> None:
        """Let every later rotation have these counts."""
        layout = self.layout
        for one, count in zip(self.model.n, counts.tolist(), strict=True):
            self.model.cp.add(one == count)
        held = np.bincount(layout.task, counts, len(layout.seats))
        for task in np.flatnonzero(held == layout.most_held.sum(axis=1)).tolist():
            self.model.fill(task)

    def measure(self, tally: Tally, turns: Turns) -> Numbers:
        """Give the gain of what was found."""
        moves = None
        if turns.grid is not None:
            moves = self.layout.counts_as_move(turns.grid).sum(axis=1)
        return tally.gain(self.layout, turns.counts, moves)

    def _better(self, tally: Tally, one: Turns | None, other: Turns | None) -> Turns | None:
        if one is None or other is None:
            return other if one is None else one
        return one if self.measure(tally, one) > self.measure(tally, other) else other

    # -- levels --------------------------------------------------------------------------------

    def _levels(self, tally: Tally, incumbent: Turns | None, best: Numbers) -> Found:
        """Settle the worst level, then how few are on it, then the level below.

        References
        ----------
        The thresholds of Ogryczak and Śliwiński (2003), "On solving linear programs with the
        ordered weighted averaging objective".
        """
        shares, settled = self.terms.turned(tally), 0
        while incumbent is None or settled < len(shares):
            numbers = () if incumbent is None else self.measure(tally, incumbent)
            if numbers and numbers[: len(best)] == best[: len(numbers)] and len(best) > settled:
                settled = len(best)
                continue
            found = self._next_level(tally, shares, settled, incumbent)
            if found.infeasible or found.turns is None:
                return Found(None, (), found.infeasible)
            incumbent = self._better(tally, found.turns, incumbent)
            assert incumbent is not None
            numbers = self.measure(tally, incumbent)
            if not shares:
                break
            if not found.bound or found.bound[0] > numbers[settled]:
                return Found(incumbent, (*numbers[:settled], *found.bound))
            counted = self._fewest(tally, shares, settled, incumbent)
            assert counted.turns is not None
            incumbent, settled = counted.turns, counted.bound[0]
        return Found(incumbent, self.measure(tally, incumbent))

    def _next_level(
        self, tally: Tally, shares: list[Expr], settled: int, incumbent: Turns | None
    ) -> Found:
        """Find the best number that follows those settled."""
        with self.aside():
            if settled and incumbent is not None:
                self.terms.hold(tally, self.measure(tally, incumbent)[:settled])
            sign = 1 if tally.notion == "leximax" else -1
            top = self.model.cp.new_int_var(*self.terms.ends(tally, sign), "")
            beyond = [self.model.cp.new_bool_var("") for _ in shares] if settled else []
            for at, share in enumerate(shares):
                row = self.model.cp.add(share <= top)
                if settled:
                    row.only_enforce_if(~beyond[at])
            if settled:
                self.model.cp.add(cp_model.LinearExpr.sum(beyond) <= settled)
            answer = self._search(-top if shares else 0, incumbent)
        if answer.status == cp_model.INFEASIBLE:
            return Found(infeasible=self._is_infeasible_again())
        return Found(answer.turns or incumbent, (answer.bound,) if answer.bound < OPEN else ())

    def _fewest(self, tally: Tally, shares: list[Expr], settled: int, incumbent: Turns) -> Found:
        """Let as few as possible be at the level that follows; the bound says how many are."""
        numbers = self.measure(tally, incumbent)
        level = -numbers[settled]
        count = settled + numbers[settled:].count(numbers[settled])
        if count == settled + 1:
            return Found(incumbent, (count,))
        with self.aside():
            self.terms.hold(tally, numbers[: settled + 1])
            reached = [self.model.cp.new_bool_var("") for _ in shares]
            for at, share in enumerate(shares):
                self.model.cp.add(share <= level - 1).only_enforce_if(~reached[at])
            answer = self._search(-cp_model.LinearExpr.sum(reached), incumbent, -(settled + 1))
        better = self._better(tally, answer.turns, incumbent)
        assert better is not None
        numbers = self.measure(tally, better)
        count = settled + numbers[settled:].count(-level)
        return Found(better, (count if -answer.bound >= count else settled + 1,))

    # -- searches ------------------------------------------------------------------------------

    def _solver(self) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.max_time_in_seconds = max(0.01, self.run.left)
        parameters.num_workers = self.run.threads
        parameters.catch_sigint_signal = False
        parameters.random_seed = self.run.seed % 2**31
        parameters.presolve_inclusion_work_limit = 0  # as in the search for plans
        if self.run.effort is not None:
            parameters.max_deterministic_time = self.run.effort
            parameters.num_workers = 1
        return solver

    def _search(self, gain: Expr, incumbent: Turns | None, enough: int = OPEN) -> _Answer:
        """Search for the most of an expression, until ``enough`` is reached."""
        cp = self.model.cp
        cp.clear_objective()
        constant = isinstance(gain, int)
        if not constant:
            cp.maximize(gain)
        self.model.hint(incumbent)
        solver = self._solver()
        listener = _Enough(OPEN if constant else enough)
        status = self.run.call(lambda: solver.solve(cp, listener), cancel=solver.stop_search)
        if status == cp_model.MODEL_INVALID:
            raise EngineError(f"CP-SAT calls the model invalid: {cp.validate()}")
        if status is None:
            self.model.cp = cp.clone()  # the search that was given up may still read the other
            return _Answer(None)
        bound = gain if isinstance(gain, int) else enough
        if status != cp_model.INFEASIBLE and not constant:
            best = solver.best_objective_bound
            if abs(best) < 2**53:
                bound = min(bound, int(np.floor(best + 1e-6)))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return _Answer(status, None, bound)
        if status == cp_model.OPTIMAL and not constant:
            bound = min(bound, round(solver.objective_value))
        return _Answer(status, self.model.read(solver), bound)

    def _is_infeasible_again(self) -> bool:
        """Search once more without presolve: a claim that nothing is possible is not taken once."""
        self.model.cp.clear_objective()
        self.model.cp.clear_hints()
        solver = self._solver()
        solver.parameters.cp_model_presolve = False
        solver.parameters.num_workers = 1
        status = self.run.call(lambda: solver.solve(self.model.cp), cancel=solver.stop_search)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            raise EngineError("CP-SAT finds a rotation without presolve, and none with it")
        return status == cp_model.INFEASIBLE


class _Enough(cp_model.CpSolverSolutionCallback):
    """Ends a search that has reached what nothing passes."""

    def __init__(self, enough: int) -> None:
        super().__init__()
        self._enough = enough

    def on_solution_callback(self) -> None:
        """Look at the objective."""
        if self._enough < OPEN and round(self.objective_value) >= self._enough:
            self.stop_search()
