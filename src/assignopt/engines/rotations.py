"""Rotations by CP-SAT: how often each rep holds each task, and in which periods.

The same model has two depths. Counts alone (a variable for each pair) are a relaxation that does
not grow with the number of periods; in order (a variable for each pair and period) it is the whole
problem. Integers go in, integers come out; nothing here knows an id.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.sat.python import cp_model

from ..errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..columns import Bools, Ints
    from .running import Run

    Var = cp_model.IntVar


Expr = Any
"""A linear expression of CP-SAT, whose type stubs do not cover sums of Python integers."""

Numbers = tuple[int, ...]
"""Numbers by which rotations are compared, the first mattering most, more being better."""

SECANTS = 60
"""Secants that hold a square from below; what lies beyond them is held by the product alone."""

OPEN = 2**60
"""Stands for no limit."""


@dataclass(frozen=True, eq=False)
class Release:
    """Reps who are free of all tasks in some periods: ``size`` of a pool, one of the leads too.

    ``leads`` None: nobody has to lead.
    """

    size: int
    periods: tuple[int, ...]
    pool: tuple[int, ...]
    leads: tuple[int, ...] | None


@dataclass(frozen=True, eq=False)
class Band:
    """A row that holds in each period: ``low <= sum(coef * x) <= high`` over pairs of one rep.

    ``low`` is asked of the rep only where it is there.
    """

    rep: int
    pairs: Ints
    coef: Ints
    low: int
    high: int


@dataclass(frozen=True, eq=False)
class Layout:
    """A rotation as integers: ``P`` pairs of a rep and a task that it may hold.

    Parameters
    ----------
    periods
        How many there are.
    rep, task
        (P,) of each pair, by task and then rep.
    seats, must
        (J,) how many hold a task at once at most, and whether as many always do.
    low, high
        (R,) how many tasks a rep holds at once, in every period it is there.
    bands
        What else holds in each period, rep by rep.
    together
        Sets of tasks with one holder at most in each period.
    least, most
        (P,) in how many periods.
    always
        (P,) whether the pair holds in every period.
    away
        (R, T) when nobody is to be had.
    held
        (P,) for how many periods the rep has held the task just before the first.
    min_tenure, max_tenure, cooldown
        In periods.
    max_handovers
        In each period.
    reach
        (P,) the counts a pair can come to by itself: those that end before the last period, and
        those that do not. None where tenure limits nothing.
    worths, dues
        (P,) and (R,) what a pair is worth and what a rep is due; None where nothing is due.
    novice, learning
        (P,) who begins as a novice, and for how many periods one is.
    releases
        Of squads.
    """

    periods: int
    rep: Ints
    task: Ints
    seats: Ints
    must: Bools
    low: Ints
    high: Ints
    bands: list[Band]
    together: list[Ints]
    least: Ints
    most: Ints
    always: Bools
    away: Bools
    held: Ints
    min_tenure: int
    max_tenure: int
    cooldown: int
    max_handovers: int | None
    reach: list[tuple[list[int], list[int]]] | None
    worths: Ints | None
    dues: Ints | None
    novice: Bools
    learning: int
    releases: list[Release]

    @property
    def has_tenure(self) -> bool:
        """Whether stints, or the breaks between them, are bounded."""
        return self.min_tenure > 1 or self.max_tenure < OPEN or self.cooldown > 1

    @property
    def has_order(self) -> bool:
        """Whether it matters in which periods somebody holds a task."""
        return bool(
            self.has_tenure
            or self.max_handovers is not None
            or self.releases
            or self.away.any()
            or self.bands
            or self.together
        )

    @cached_property
    def most_held(self) -> Ints:
        """(J, T) how many hold a task at most: its seats, or all who are there."""
        found = np.zeros((len(self.seats), self.periods), np.int64)
        np.add.at(found, self.task, ~self.away[self.rep])
        return np.minimum(found, self.seats[:, None])

    def counts_as_move(self, grid: Bools) -> Bools:
        """(P, T) where a holder gives up a task that it could keep."""
        before = np.column_stack([self.held > 0, grid[:, :-1]])
        return np.asarray(before & ~grid & ~self.away[self.rep])


@dataclass(frozen=True, eq=False)
class Tally:
    """A tier as integers over counts and handovers; more of every number is better.

    Without a notion the gain is ``sum(coef * N - loss * min(N, learning)) - sum(move * moves)``;
    with one, the same sum over the pairs of a rep, and ``offset``, is the rep's share.

    Parameters
    ----------
    notion
        Of fairness; None for a sum.
    coef, loss, move
        (P,) each.
    who, offset, factor
        (R,) who is measured, with what before, and for ``l2`` how much a square counts.
    """

    notion: str | None
    coef: Ints
    loss: Ints
    move: Ints
    who: Bools
    offset: Ints
    factor: Ints

    @property
    def has_moves(self) -> bool:
        """Whether handovers count."""
        return bool(self.move.any())

    def shares(self, layout: Layout, counts: Ints) -> Ints:
        """(R,) what each rep comes to."""
        earned = self.coef * counts
        learnt = np.where(layout.novice, np.minimum(counts, layout.learning), 0)
        out = self.offset.copy()
        np.add.at(out, layout.rep, earned - self.loss * learnt)
        return out

    def gain(self, layout: Layout, counts: Ints, moves: Ints | None = None) -> Numbers:
        """Compare rotations by these numbers; ``moves`` are the (P,) handovers of each pair."""
        shares = self.shares(layout, counts)
        if self.notion is None:
            paid = 0 if moves is None else int((self.move * moves).sum())
            return (int(shares.sum()) - paid,)
        told = shares[self.who].tolist()
        if not told:
            return (0,)
        match self.notion:
            case "leximax":
                return tuple(-one for one in sorted(told, reverse=True))
            case "leximin":
                return tuple(sorted(told))
            case "minmax":
                return (-max(told),)
            case "maxmin":
                return (min(told),)
            case "range":
                return (min(told) - max(told),)
            case _:
                factor = self.factor[self.who].tolist()
                return (-sum(f * one * one for f, one in zip(factor, told, strict=True)),)


@dataclass(frozen=True, eq=False)
class Turns:
    """What was found: (P,) counts, the (P, T) periods (None for counts alone), the squads."""

    counts: Ints
    grid: Bools | None = None
    squads: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class Found:
    """What came of a search.

    Parameters
    ----------
    turns
        None where nothing was found.
    bound
        No rotation gains more in these numbers, the first of a gain; empty = not known.
    infeasible
        There is none at all, claimed with presolve and without.
    """

    turns: Turns | None = None
    bound: Numbers = ()
    infeasible: bool = False


@dataclass(eq=False)
class _Answer:
    """One search: what it ended with, and the bound on its objective."""

    status: cp_model.CpSolverStatus | None
    turns: Turns | None = None
    bound: int = OPEN


@dataclass(eq=False)
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

    layout: Layout
    run: Run
    ordered: bool = False
    name: str = "cpsat"
    cp: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    n: list[Var] = field(default_factory=list)
    x: list[list[Var | int]] = field(default_factory=list)
    starts: list[list[Var | int]] = field(default_factory=list)
    ends: list[list[Var | int]] = field(default_factory=list)
    freed: list[dict[int, Var]] = field(default_factory=list)
    last: list[Var] = field(default_factory=list)
    _learnt: dict[int, Var] = field(default_factory=dict)
    _given: dict[int, Var] = field(default_factory=dict)
    _shares: dict[int, dict[int, Var]] = field(default_factory=dict)
    _span: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _write_counts(self)
        if self.ordered:
            _write_periods(self)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take back what is added to the model within."""
        kept = self.cp.clone()
        known = [dict(one) for one in (self._shares, self._span, self._learnt, self._given)]
        yield
        self.cp = kept
        self._shares, self._span, self._learnt, self._given = known  # type: ignore[assignment]

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
        gain = self._gain(tally)
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
            self._hold(tally, numbers)
            return
        self.cp.add(self._gain(tally) >= numbers[0])
        if tally.notion is None and not tally.has_moves:
            self._fill_best(tally, numbers[0])

    def fix(self, counts: Ints) -> None:
        """Let every later rotation have these counts."""
        layout = self.layout
        for one, count in zip(self.n, counts.tolist(), strict=True):
            self.cp.add(one == count)
        held = np.bincount(layout.task, counts, len(layout.seats))
        for task in np.flatnonzero(held == layout.most_held.sum(axis=1)).tolist():
            self._fill(task)

    def _fill_best(self, tally: Tally, gain: int) -> None:
        """Say it seat by seat where a sum is as large as every seat at its best makes it."""
        layout = self.layout
        best = np.zeros(len(layout.seats), np.int64)
        np.maximum.at(best, layout.task, tally.coef)
        if gain != int(tally.offset.sum()) + int((best * layout.most_held.sum(axis=1)).sum()):
            return
        for task in np.flatnonzero(best).tolist():
            self._fill(task)
        for k in np.flatnonzero(
            (tally.coef < best[layout.task]) & (best[layout.task] > 0)
        ).tolist():
            self.cp.add(self.n[k] == 0)

    def _fill(self, task: int) -> None:
        """Let as many hold a task in each period as can."""
        mine = np.flatnonzero(self.layout.task == task).tolist()
        for period, most in enumerate(self.layout.most_held[task].tolist()):
            if self.ordered and mine:
                self.cp.add(sum(self.x[k][period] for k in mine) == most)

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

    # -- expressions ---------------------------------------------------------------------------

    def _pair_sum(self, tally: Tally, pairs: Sequence[int]) -> Expr:
        total: Expr = cp_model.LinearExpr.weighted_sum(
            [self.n[k] for k in pairs], [int(tally.coef[k]) for k in pairs]
        )
        for k in pairs:
            if tally.loss[k] and self.layout.novice[k]:
                total = total - int(tally.loss[k]) * self._novice_periods(k)
        return total

    def _novice_periods(self, k: int) -> Var:
        if k not in self._learnt:
            some = self.cp.new_int_var(0, self.layout.learning, "")
            self.cp.add_min_equality(some, [self.n[k], self.layout.learning])
            self._learnt[k] = some
        return self._learnt[k]

    def _gain(self, tally: Tally) -> Expr:
        if tally.notion is None:
            total = int(tally.offset.sum()) + self._pair_sum(tally, range(len(self.n)))
            for k in np.flatnonzero(tally.move).tolist():
                total = total - int(tally.move[k]) * self._moves(k)
            return total
        shares = self._shares_of(tally)
        if not shares:
            return 0
        if tally.notion == "l2":
            squares = [int(tally.factor[r]) * self._square(tally, s) for r, s in shares.items()]
            return -sum(squares)
        top = self._limit(tally, -1 if tally.notion == "maxmin" else 1)
        return -top if tally.notion != "range" else -top - self._limit(tally, -1)

    def _moves(self, k: int) -> Expr:
        """Add up the handovers of a pair that count; of counts alone, the fewest there may be."""
        away = self.layout.away[self.layout.rep[k]]
        if not self.ordered:
            return self._fewest_moves(k, int((np.diff(away, prepend=False) & away).sum()))
        return sum(end for end, gone in zip(self.ends[k], away.tolist(), strict=True) if not gone)

    def _fewest_moves(self, k: int, excused: int) -> Var:
        """Bound the handovers of a pair: all its stints, but for one that lasts to the end.

        As many as its absences may end without one that counts.
        """
        if k not in self._given:
            held, periods = int(self.layout.held[k]), self.layout.periods
            longest = min(self.layout.max_tenure, periods + held)
            stints = self.cp.new_int_var(0, periods + 1, "")
            self.cp.add(longest * stints >= self.n[k] + min(held, longest))
            given = self.cp.new_int_var(0, periods, "")
            self.cp.add(given >= stints - self.last[k] - excused)
            self._given[k] = given
        return self._given[k]

    def _shares_of(self, tally: Tally) -> dict[int, Var]:
        """Give each measured rep's share as a variable."""
        if id(tally) not in self._shares:
            found: dict[int, Var] = {}
            spans: list[tuple[int, int]] = []
            by_rep: dict[int, list[int]] = {}
            for k, rep in enumerate(self.layout.rep.tolist()):
                by_rep.setdefault(rep, []).append(k)
            for rep in np.flatnonzero(tally.who).tolist():
                pairs, start = by_rep.get(rep, []), int(tally.offset[rep])
                gains = (tally.coef * self.layout.most)[pairs]
                spans.append((start, start + int(gains.sum())))
                found[rep] = self.cp.new_int_var(*spans[-1], "")
                self.cp.add(found[rep] == start + self._pair_sum(tally, pairs))
            self._shares[id(tally)] = found
            lows, highs = zip(*spans, strict=True) if spans else ((0,), (0,))
            self._span[id(tally)] = min(lows), max(highs)
        return self._shares[id(tally)]

    def _limit(self, tally: Tally, sign: int) -> Var:
        """Give a variable that no share, times the sign, passes."""
        low, high = sorted(sign * end for end in self._span[id(tally)])
        top = self.cp.new_int_var(low, high, "")
        for one in self._shares_of(tally).values():
            self.cp.add(sign * one <= top)
        return top

    def _square(self, tally: Tally, share: Var) -> Var:
        """Give the square of a share, held from below by secants too."""
        low, high = self._span[id(tally)]
        square = self.cp.new_int_var(0, high * high, "")
        self.cp.add_multiplication_equality(square, [share, share])
        for at in np.unique(np.linspace(low, high, SECANTS).astype(np.int64)).tolist():
            self.cp.add(square >= (2 * at + 1) * share - at * (at + 1))
        return square

    # -- levels --------------------------------------------------------------------------------

    def _turned(self, tally: Tally) -> list[Expr]:
        """Shares of which the largest is the worst."""
        sign = 1 if tally.notion == "leximax" else -1
        return [sign * share for share in self._shares_of(tally).values()]

    def _levels(self, tally: Tally, incumbent: Turns | None, best: Numbers) -> Found:
        """Settle the worst level, then how few are on it, then the level below.

        References
        ----------
        The thresholds of Ogryczak and Śliwiński (2003), "On solving linear programs with the
        ordered weighted averaging objective".
        """
        shares, settled = self._turned(tally), 0
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
                self._hold(tally, self.measure(tally, incumbent)[:settled])
            sign = 1 if tally.notion == "leximax" else -1
            low, high = sorted(sign * end for end in self._span[id(tally)])
            top = self.cp.new_int_var(low, high, "")
            beyond = [self.cp.new_bool_var("") for _ in shares] if settled else []
            for at, share in enumerate(shares):
                row = self.cp.add(share <= top)
                if settled:
                    row.only_enforce_if(~beyond[at])
            if settled:
                self.cp.add(cp_model.LinearExpr.sum(beyond) <= settled)
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
            self._hold(tally, numbers[: settled + 1])
            reached = [self.cp.new_bool_var("") for _ in shares]
            for at, share in enumerate(shares):
                self.cp.add(share <= level - 1).only_enforce_if(~reached[at])
            answer = self._search(-cp_model.LinearExpr.sum(reached), incumbent, -(settled + 1))
        better = self._better(tally, answer.turns, incumbent)
        assert better is not None
        numbers = self.measure(tally, better)
        count = settled + numbers[settled:].count(-level)
        return Found(better, (count if -answer.bound >= count else settled + 1,))

    def _hold(self, tally: Tally, numbers: Numbers) -> None:
        """Let no more shares than in these numbers pass each of them."""
        shares = self._turned(tally)
        for number in sorted(set(numbers)):
            level, above = -number, sum(one < number for one in numbers)
            if not above:
                for share in shares:
                    self.cp.add(share <= level)
                continue
            beyond = [self.cp.new_bool_var("") for _ in shares]
            for at, share in enumerate(shares):
                self.cp.add(share <= level).only_enforce_if(~beyond[at])
            self.cp.add(cp_model.LinearExpr.sum(beyond) <= above)

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
        self.cp.clear_objective()
        constant = isinstance(gain, int)
        if not constant:
            self.cp.maximize(gain)
        self._hint(incumbent)
        solver = self._solver()
        listener = _Enough(OPEN if constant else enough)
        status = self.run.call(lambda: solver.solve(self.cp, listener), cancel=solver.stop_search)
        if status == cp_model.MODEL_INVALID:
            raise EngineError(f"CP-SAT calls the model invalid: {self.cp.validate()}")
        if status is None:
            self.cp = self.cp.clone()  # the search that was given up may still read the other
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
        return _Answer(status, self._read(solver), bound)

    def _is_infeasible_again(self) -> bool:
        """Search once more without presolve: a claim that nothing is possible is not taken once."""
        self.cp.clear_objective()
        self.cp.clear_hints()
        solver = self._solver()
        solver.parameters.cp_model_presolve = False
        solver.parameters.num_workers = 1
        status = self.run.call(lambda: solver.solve(self.cp), cancel=solver.stop_search)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            raise EngineError("CP-SAT finds a rotation without presolve, and none with it")
        return status == cp_model.INFEASIBLE

    def _read(self, solver: cp_model.CpSolver) -> Turns:
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

    def _hint(self, turns: Turns | None) -> None:
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


class _Enough(cp_model.CpSolverSolutionCallback):
    """Ends a search that has reached what nothing passes."""

    def __init__(self, enough: int) -> None:
        super().__init__()
        self._enough = enough

    def on_solution_callback(self) -> None:
        """Look at the objective."""
        if self._enough < OPEN and round(self.objective_value) >= self._enough:
            self.stop_search()


# -- the model: counts ---------------------------------------------------------------------------


def _write_counts(engine: RotationEngine) -> None:
    """Write what holds for the counts of every rotation."""
    layout, cp = engine.layout, engine.cp
    last = engine.last = [cp.new_bool_var("") for _ in layout.rep]
    for k in range(len(layout.rep)):
        least, most = int(layout.least[k]), int(layout.most[k])
        engine.n.append(cp.new_int_var(least, max(least, most), ""))
        if least > most:
            cp.add(engine.n[k] <= most)
        cp.add(last[k] <= engine.n[k])
        if layout.reach is not None:
            for counts, literal in zip(layout.reach[k], (~last[k], last[k]), strict=True):
                domain = cp_model.Domain.from_values(counts)
                cp.add_linear_expression_in_domain(engine.n[k], domain).only_enforce_if(literal)
    _write_releases(engine)
    for task in range(len(layout.seats)):
        mine = np.flatnonzero(layout.task == task).tolist()
        seats, must = int(layout.seats[task]), bool(layout.must[task])
        total = cp_model.LinearExpr.sum([engine.n[k] for k in mine])
        cp.add(total <= int(layout.most_held[task].sum()))
        if must:
            cp.add(total >= seats * layout.periods)
        if mine:
            ending = cp_model.LinearExpr.sum([last[k] for k in mine])
            cp.add_linear_constraint(ending, seats if must else 0, seats)
    for band in [*_rows(layout), *layout.bands]:
        _write_row(engine, band)
    if layout.worths is not None and layout.dues is not None:
        for rep in np.flatnonzero(layout.dues).tolist():
            mine = np.flatnonzero(layout.rep == rep).tolist()
            given = sum(int(layout.worths[k]) * engine.n[k] for k in mine)
            cp.add(given >= int(layout.dues[rep]))


def _rows(layout: Layout) -> list[Band]:
    """Write how many tasks a rep holds at once as rows, of those who may hold any or have to."""
    found = []
    for rep, (low, high) in enumerate(zip(layout.low.tolist(), layout.high.tolist(), strict=True)):
        mine = np.flatnonzero(layout.rep == rep)
        if len(mine) or low > 0:
            found.append(Band(rep, mine, np.ones(len(mine), np.int64), low, high))
    return found


def _write_row(engine: RotationEngine, band: Band) -> None:
    """Add up a row over all periods in which the rep is there."""
    there = int((~engine.layout.away[band.rep]).sum())
    free: Expr = there
    for release, some in zip(engine.layout.releases, engine.freed, strict=True):
        if band.rep in some:
            free = free - len(release.periods) * some[band.rep]
    pairs = band.pairs.tolist()
    total = cp_model.LinearExpr.weighted_sum([engine.n[k] for k in pairs], band.coef.tolist())
    if band.high < OPEN:
        engine.cp.add(total <= band.high * free)
    if band.low > 0:
        engine.cp.add(total >= band.low * free)


def _write_releases(engine: RotationEngine) -> None:
    """Choose the members of the squads."""
    cp, releases = engine.cp, engine.layout.releases
    for release in releases:
        some = {rep: cp.new_bool_var("") for rep in release.pool}
        engine.freed.append(some)
        cp.add(cp_model.LinearExpr.sum(list(some.values())) == release.size)
        if release.leads is not None:
            cp.add(cp_model.LinearExpr.sum([some[rep] for rep in release.leads]) >= 1)
    for at, one in enumerate(releases):
        for other in range(at):
            if set(one.periods) & set(releases[other].periods):
                for rep in set(one.pool) & set(releases[other].pool):
                    cp.add(engine.freed[at][rep] + engine.freed[other][rep] <= 1)


# -- the model: periods --------------------------------------------------------------------------


def _write_periods(engine: RotationEngine) -> None:
    """Write in which periods the pairs hold, and what holds in each period."""
    layout, cp = engine.layout, engine.cp
    for k, rep in enumerate(layout.rep.tolist()):
        away = layout.away[rep].tolist()
        row: list[Var | int] = [0 if gone else cp.new_bool_var("") for gone in away]
        engine.x.append(row)
        cp.add(engine.n[k] == sum(row))
        if layout.always[k]:
            cp.add(engine.n[k] == layout.periods)
    for period in range(layout.periods):
        _write_period(engine, period)
    for k in range(len(layout.rep)):
        _write_changes(engine, k)
        if layout.has_tenure:
            _write_tenure(engine, k)
    if layout.max_handovers is not None:
        for period in range(layout.periods):
            counted = [k for k, rep in enumerate(layout.rep) if not layout.away[rep, period]]
            ending = sum(engine.ends[k][period] for k in counted)
            cp.add(ending <= layout.max_handovers)


def _write_period(engine: RotationEngine, period: int) -> None:
    """Write what holds in one period by itself."""
    layout, cp = engine.layout, engine.cp
    for task, seats in enumerate(layout.seats.tolist()):
        mine = np.flatnonzero(layout.task == task).tolist()
        total = sum(engine.x[k][period] for k in mine)
        cp.add(total <= seats)
        if layout.must[task]:
            cp.add(total >= seats)
    for band in [*_rows(layout), *layout.bands]:
        if not layout.away[band.rep, period]:
            _write_band(engine, band, period)
    for tasks in layout.together:
        pairs = np.flatnonzero(np.isin(layout.task, tasks))
        holders = {int(rep): cp.new_bool_var("") for rep in np.unique(layout.rep[pairs])}
        for k in pairs.tolist():
            cp.add(engine.x[k][period] <= holders[int(layout.rep[k])])
        cp.add(cp_model.LinearExpr.sum(list(holders.values())) <= 1)


def _write_band(engine: RotationEngine, band: Band, period: int) -> None:
    """Write a row in one period, with nothing to hold for who is in a squad."""
    cp, layout = engine.cp, engine.layout
    released = [
        some[band.rep]
        for release, some in zip(layout.releases, engine.freed, strict=True)
        if period in release.periods and band.rep in some
    ]
    free: Expr = 1 - sum(released)
    pairs = zip(band.pairs.tolist(), band.coef.tolist(), strict=True)
    total = sum(coef * engine.x[k][period] for k, coef in pairs)
    if band.high < OPEN:
        cp.add(total <= band.high * free)
    if band.low > 0:
        cp.add(total >= band.low * free)


def _write_changes(engine: RotationEngine, k: int) -> None:
    """Say when a pair begins and ends."""
    layout, cp, row = engine.layout, engine.cp, engine.x[k]
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
    engine.starts.append(starts)
    engine.ends.append(ends)


def _write_tenure(engine: RotationEngine, k: int) -> None:
    """Bound the length of each stint, and of each break between two."""
    layout, cp, row = engine.layout, engine.cp, engine.x[k]
    starts, ends, T = engine.starts[k], engine.ends[k], layout.periods
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
