"""The search for a rotation: the cheapest way that is exact, tier after tier.

Counts first, which do not grow with the number of periods: by a flow where they are one, else by
a search over counts. Where it does not matter in which periods somebody holds a task, counts are
dealt out and everything is proved. Where it does, their optimum bounds every tier, and a rotation
that reaches all bounds is asked for outright before any tier is searched by itself.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..engines.rosters import Found, Turns
from ..engines.rotations import RotationEngine
from .counting import best_counts, has_digits, is_flow
from .dealing import deal
from .tallies import term_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..columns import Bools
    from ..engines.rosters import Numbers
    from ..engines.running import Run
    from .layouts import Frame
    from .tallies import Term

COUNTING, FIXED, AIMING = 0.3, 0.4, 0.6
"""Shares of the time left: for counts, for these very counts, for all bounds at once."""


@dataclass(frozen=True)
class Settled:
    """What is known of a tier: its numbers, a bound on them, and who found that."""

    term: Term
    numbers: Numbers
    bound: Numbers
    engine: str

    @property
    def depth(self) -> int:
        """How many numbers, from the first on, meet the bound."""
        met = [a >= b for a, b in zip(self.numbers, self.bound, strict=False)]
        return met.index(False) if False in met else len(met)

    def now(self, numbers: Numbers) -> Settled:
        """Give the tier with what later tiers made of it: better if it was open, less its slack."""
        return self if numbers < self.numbers else replace(self, numbers=numbers)

    @property
    def proved(self) -> bool:
        """Whether all numbers meet the bound."""
        return self.depth == len(self.numbers)

    @property
    def kept(self) -> Numbers:
        """What later tiers are held to."""
        if self.proved or self.term.tier.is_loose or len(self.numbers) == 1:
            return self.term.loosened(self.numbers)
        return self.numbers[: self.depth + 1]


@dataclass
class Search:
    """One rotation from a frame to turns.

    Parameters
    ----------
    frame
        What was asked, compiled.
    run
        Clock, stop signals, workers, seed.
    """

    frame: Frame
    run: Run
    infeasible: bool = False
    turns: Turns | None = None
    settled: list[Settled] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layout = self.frame.layout
        self.terms = [term_of(self.frame, tier) for tier in self.frame.problem.objective]
        self._counter: RotationEngine | None = None

    @property
    def counter(self) -> RotationEngine:
        """The search over counts."""
        if self._counter is None:
            self._counter = RotationEngine(self.layout, self.run)
        return self._counter

    def go(self) -> None:
        """Search until all tiers are settled or the time is up."""
        if self.frame.clashes:
            self.infeasible = True
        elif self.layout.has_order or any(term.tally.has_moves for term in self.terms):
            self._in_order()
        else:
            self._by_counts(self.terms)
            if self.turns is not None:
                grid = deal(
                    self.turns.counts, self.layout.rep, self.layout.task, self.layout.periods
                )
                self.turns = Turns(self.turns.counts, grid)
        if self.turns is not None:
            self.settled = [one.now(self.numbers_of(one.term)) for one in self.settled]

    def numbers_of(self, term: Term) -> Numbers:
        """Give the gain of what was found."""
        assert self.turns is not None
        moves = self.layout.counts_as_move(self.grid).sum(axis=1)
        return term.tally.gain(self.layout, self.turns.counts, moves)

    @contextmanager
    def _within(self, share: float) -> Iterator[None]:
        """Give what is done within a share of the time that is left."""
        deadline = self.run.deadline
        self.run.deadline = time.perf_counter() + share * self.run.left
        try:
            yield
        finally:
            self.run.deadline = deadline

    # -- counts --------------------------------------------------------------------------------

    def _by_counts(self, terms: list[Term]) -> None:
        """Find the best counts in these tiers, or bounds on them and counts that are close."""
        best: list[Numbers] = []
        if has_digits(self.layout, terms):
            counted = best_counts(self.layout, [term.tally for term in terms])
            self.infeasible = counted.infeasible
            if counted.infeasible:
                return
            if counted.counts is not None:
                best = [term.tally.gain(self.layout, counted.counts) for term in terms]
            if counted.counts is not None and is_flow(self.layout):
                self.turns = Turns(counted.counts)
                pairs = zip(terms, best, strict=True)
                self.settled = [Settled(term, one, one, "flow") for term, one in pairs]
                return
        if best and self._aim_counts(terms, best):
            return
        if not terms:
            self._take(self.counter.any())
        self._tiers(self.counter, terms, best)

    def _aim_counts(self, terms: list[Term], best: list[Numbers]) -> bool:
        """Ask for counts that reach the bounds of a flow, which does not see all that is asked."""
        with self._within(AIMING), self.counter.aside():
            for term, numbers in zip(terms, best, strict=True):
                self.counter.keep(term.tally, numbers)
            found = self.counter.any(confirm=False)
        if found.turns is None:
            return False
        self.turns = found.turns
        for term, bound in zip(terms, best, strict=True):
            numbers = term.tally.gain(self.layout, found.turns.counts)
            self._settle(self.counter, Settled(term, numbers, bound, self.counter.name))
        return True

    def _take(self, found: Found) -> None:
        self.infeasible = self.infeasible or found.infeasible
        self.turns = found.turns or self.turns

    def _tiers(
        self, engine: RotationEngine, terms: list[Term], best: list[Numbers] | None = None
    ) -> None:
        """Optimise these tiers, one after the other.

        ``best`` bounds each of them as long as all before have reached theirs.
        """
        best = best or []
        for at, term in enumerate(terms):
            with self._within(1 / (len(terms) - at)):
                met = all(
                    one.numbers == b for one, b in zip(self.settled[-at:], best[:at], strict=False)
                )
                known = best[at] if at < len(best) and met else ()
                bound = known or self._bound(engine, term)
                found = engine.optimise(term.tally, self.turns, bound)
            self._take(found)
            if self.turns is None:
                return
            numbers = engine.measure(term.tally, self.turns)
            known = _tighter(bound, found.bound)
            self._settle(engine, Settled(term, numbers, known, engine.name))

    def _bound(self, engine: RotationEngine, term: Term) -> Numbers:
        """Bound a tier by the best counts there are; empty = not known."""
        if engine is self._counter or not engine.ordered:
            return ()
        with self._within(COUNTING):
            return self.counter.optimise(term.tally, None).bound

    def _settle(self, engine: RotationEngine, one: Settled) -> None:
        self.settled.append(one)
        engine.keep(one.term.tally, one.kept)
        if engine is not self._counter and engine.ordered and not one.term.tally.has_moves:
            self.counter.keep(one.term.tally, one.kept)

    # -- periods -------------------------------------------------------------------------------

    def _in_order(self) -> None:
        """Choose periods too."""
        lead = [term.tally.has_moves for term in self.terms]
        first = lead.index(True) if True in lead else len(lead)
        with self._within(COUNTING):
            self._by_counts(self.terms[:first])
            if self.infeasible:
                return
            wanted = [(one.term, one.bound) for one in self.settled if one.proved]
            hopes, counts = self._hopes(first) if len(wanted) == first else ([], None)
        self._counter, self.turns, self.settled = None, None, []
        engine = RotationEngine(self.layout, self.run, ordered=True)
        if counts is not None and wanted:
            self._aim(engine, wanted, hopes, counts)
        if self.turns is None:
            self._take(engine.any())
        if self.turns is not None:
            self._tiers(engine, self.terms[len(self.settled) :])

    def _hopes(self, first: int) -> tuple[list[tuple[Term, Numbers]], Turns | None]:
        """Bound the tiers from the first that counts handovers on, each with those before at best.

        Besides the bounds: counts that reach them, as far as counts tell.
        """
        turns, hopes = self.turns, []
        if first < len(self.terms) and self._counter is None:
            for one in self.settled:
                self.counter.keep(one.term.tally, one.kept)
        for term in self.terms[first:]:
            found = self.counter.optimise(term.tally, None)
            if found.turns is None or not found.bound:
                break
            turns = found.turns
            hopes.append((term, found.bound))
            self.counter.keep(term.tally, found.bound)
        return hopes, turns

    def _aim(
        self,
        engine: RotationEngine,
        wanted: list[tuple[Term, Numbers]],
        hopes: list[tuple[Term, Numbers]],
        counts: Turns,
    ) -> None:
        """Ask for a rotation that reaches all bounds at once: with these very counts, or any.

        Where handovers count the bounds on them are hopes: as near to the first as these counts go.
        """
        with self._within(FIXED), engine.aside():
            engine.fix(counts.counts)
            found = engine.any(confirm=False)
            if found.turns is not None and hopes:
                found = engine.optimise(hopes[0][0].tally, found.turns, hopes[0][1])
        if found.turns is None:
            with self._within(AIMING), engine.aside():
                for term, numbers in wanted:
                    engine.keep(term.tally, numbers)
                found = engine.any(counts, confirm=False)
        self.turns = found.turns
        if found.turns is None:
            return
        for term, numbers in [*wanted, *hopes]:
            reached = engine.measure(term.tally, found.turns)
            if reached[: len(numbers)] != numbers or len(reached) > len(numbers):
                return
            self._settle(engine, Settled(term, reached, numbers, engine.name))

    @property
    def grid(self) -> Bools:
        """(P, T) who holds what when."""
        assert self.turns is not None
        assert self.turns.grid is not None
        return self.turns.grid


def _tighter(one: Numbers, other: Numbers) -> Numbers:
    """Give the tighter of two bounds: the smaller, and of two that agree the longer."""
    if not one or not other:
        return one or other
    shared = min(len(one), len(other))
    return max(one, other, key=len) if one[:shared] == other[:shared] else min(one, other)
