"""Large neighbourhoods: most of a plan stays, the rest is solved by CP-SAT, again and again.

Every rule and every tier kept is in each small model, so that what comes out is a plan like any
other. Prices of the relaxation say where to look: which tasks to leave open when a split is rounded
to whole tasks, and which reps hold tasks that are worth more elsewhere.

References
----------
Shaw, P. (1998), "Using constraint programming and local search methods to solve vehicle routing
problems", CP-98, for the search; Danna, E. et al. (2005), "Exploring relaxation induced
neighborhoods", Math. Programming 102, for starting from the relaxation.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .cpsat import CpSatEngine
from .running import Outcome, Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import Arrays
    from ..columns import Bools, Floats, Ints
    from ..goals import Goal
    from ..shares import FairPart, Gain
    from .fractions import Priced

START_REPS, MOST_REPS = 3, 8
"""Reps who exchange tasks at a time when a split is rounded: at first, and at the most."""

PIECE = 1.5
"""Seconds that the search of one neighbourhood may take."""

FREE_PAIRS = 700
"""Pairs that a neighbourhood has at most, about what a search of a second settles."""


class Neighbourhoods:
    """Improve a plan piece by piece.

    Parameters
    ----------
    arrays
        The compiled problem.
    run
        Clock, stop signals, workers, seed.
    kept
        The tiers settled before, and the gains that they are held to.
    """

    name = "neighbourhoods"

    def __init__(self, arrays: Arrays, run: Run, kept: Sequence[tuple[Goal, Gain]]) -> None:
        self.arrays, self.run, self.kept = arrays, run, list(kept)
        self._rng = np.random.default_rng(run.seed)

    def round(self, goal: Goal, priced: Priced, target: Goal) -> Ints | None:
        """Round a best split to whole tasks, each rep's share staying what it is in the split.

        Whole tasks stay, split ones go where most of them is; then the reps who are furthest from
        their share exchange tasks with others, a few at a time, until nobody is.

        Parameters
        ----------
        goal
            The sum over pairs that is to be large besides.
        priced
            Its split.
        target
            The fairness tier whose bound the plan is to meet; it measures the shares.
        """
        part = target.fair[0][1]
        wanted = part.offset + np.rint(
            np.bincount(self.arrays.pair_rep, priced.part * part.coef, self.arrays.reps)
        ).astype(np.int64)
        return self.settle(goal, priced, part, wanted, _largest_parts(self.arrays, priced))

    def settle(
        self, goal: Goal, priced: Priced, part: FairPart, wanted: Ints, choice: Ints
    ) -> Ints | None:
        """Exchange tasks, a few reps at a time, until every share is what is wanted.

        Parameters
        ----------
        goal, priced
            The sum over pairs that is to be large besides, and its split.
        part, wanted
            What is measured, and (R,) the shares wanted.
        choice
            Where to start.
        """
        size = START_REPS
        while not self.run.is_over:
            off = np.where(part.who, part.shares(self.arrays, choice[choice >= 0]) - wanted, 0)
            if not off.any():
                return choice
            pairs, held = self._exchange(choice, priced, off, size)
            found = self._solve(pairs, held, self.kept, goal, choice, PIECE, (part, wanted))
            if found.infeasible:
                return None
            new = choice if found.choice is None else found.choice
            left = np.abs(part.shares(self.arrays, new[new >= 0]) - wanted)[part.who].sum()
            better = left < np.abs(off).sum()
            choice = new if better else choice
            size = START_REPS if better else size + 1
            if size > MOST_REPS:
                return None
        return None

    def _exchange(self, choice: Ints, priced: Priced, off: Ints, size: int) -> tuple[Ints, Ints]:
        """Choose reps who are off, in both directions if there are, and tasks they may exchange."""
        arrays = self.arrays
        able = _able(arrays, choice)
        first = int(self._rng.choice(np.flatnonzero(np.abs(off) == np.abs(off).max())))
        inside = np.zeros(arrays.reps, bool)
        inside[first] = True
        while inside.sum() < min(size, arrays.reps):
            linked = able[inside].any(axis=0) | able[:, inside].any(axis=1)
            balance = int(off[inside].sum())
            fits = np.minimum(np.abs(off), abs(balance)) * (off * balance < 0)
            score = np.where(linked & ~inside, 1 + fits + self._rng.random(arrays.reps), 0.0)
            if not score.any():
                break
            inside[int(score.argmax())] = True
        held = choice[choice >= 0]
        mine = np.zeros(arrays.seats, bool)
        mine[arrays.pair_seat[held[inside[arrays.pair_rep[held]]]]] = True
        pairs = np.flatnonzero(mine[arrays.pair_seat] & inside[arrays.pair_rep])
        if len(pairs) > FREE_PAIRS:  # those that cost least, and what is held
            least = np.argsort(priced.regret[pairs], kind="stable")[:FREE_PAIRS]
            pairs = np.union1d(pairs[least], held[mine[arrays.pair_seat[held]]])
        return pairs, held[~mine[arrays.pair_seat[held]]]

    def improve(self, goal: Goal, choice: Ints, priced: Priced, top: int) -> Ints:
        """Free the tasks of a few reps at a time, until a bound is met or the run is over."""
        while not self.run.is_over and int(goal.gain(choice)[0]) < top:
            gap = top - int(goal.gain(choice)[0])
            pairs, fixed = self._piece(choice, priced, gap)
            found = self._solve(pairs, fixed, self.kept, goal, choice, PIECE)
            if found.choice is not None and goal.gain(found.choice) > goal.gain(choice):
                choice = found.choice
                if self.run.report is not None:
                    self.run.report(goal.gain(choice), (top,))
        return choice

    def _piece(self, choice: Ints, priced: Priced, gap: int) -> tuple[Ints, Ints]:
        """Choose the pairs of a neighbourhood: all of a few reps' tasks with these reps."""
        arrays = self.arrays
        held = choice[choice >= 0]
        regret = np.bincount(arrays.pair_rep[held], priced.regret[held], arrays.reps)
        better = _better_places(arrays, priced, choice)
        weight = regret + 1e-9
        reps = [int(self._rng.choice(arrays.reps, p=weight / weight.sum()))]
        inside = np.zeros(arrays.reps, bool)
        inside[reps] = True
        free = np.zeros(0, np.int64)
        useful = priced.regret <= gap + 1
        while not inside.all():
            mine = np.zeros(arrays.seats, bool)
            mine[arrays.pair_seat[held[inside[arrays.pair_rep[held]]]]] = True
            new = np.flatnonzero(mine[arrays.pair_seat] & inside[arrays.pair_rep] & useful)
            if len(new) > FREE_PAIRS and len(reps) > 2:
                break
            free = new
            wanted = better[inside].sum(axis=0) + better[:, inside].sum(axis=1) + 1e-9
            wanted = np.where(inside, 0.0, wanted * self._rng.random(arrays.reps))
            reps.append(int(wanted.argmax()))
            inside[reps[-1]] = True
        mine = np.zeros(arrays.seats, bool)
        mine[arrays.pair_seat[free]] = True
        inside_held = held[mine[arrays.pair_seat[held]]]
        return np.union1d(free, inside_held), held[~mine[arrays.pair_seat[held]]]

    def _solve(
        self,
        pairs: Ints,
        fixed: Ints,
        kept: Sequence[tuple[Goal, Gain]],
        goal: Goal,
        choice: Ints,
        seconds: float,
        wanted: tuple[FairPart, Ints] | None = None,
    ) -> Outcome:
        """Solve the problem of some pairs, others chosen already; give the whole plan."""
        whole = self.arrays
        slim = whole.can_fix and not any(tier.used or _ignores(tier) for tier, _ in kept)
        if not slim:
            pairs, fixed = np.union1d(pairs, fixed), np.zeros(0, np.int64)
        arrays = whole.restricted(pairs, fixed)
        place = np.full(whole.pairs + 1, -1, np.int64)
        place[pairs] = np.arange(len(pairs))
        seconds = min(seconds, self.run.left)
        seed = int(self._rng.integers(2**31))
        deadline = time.perf_counter() + seconds
        run = replace(self.run, deadline=deadline, report=None, seed=seed)
        engine = CpSatEngine(arrays, run)
        for tier, gain in kept:
            if tier.is_linear and tier.linear is not None:
                gain = (int(gain[0]) - int(tier.linear[fixed].sum()),)
            engine.keep(tier.restricted(arrays, pairs, fixed), gain)
        mine = np.where(choice >= 0, place[choice], -1)
        if wanted is None:
            found = engine.optimise(goal.restricted(arrays, pairs, fixed), mine)
        else:
            assert goal.linear is not None
            part = target_part(wanted[0], whole, pairs, fixed)
            linear = goal.linear[pairs]
            weight = 10 * int(np.abs(linear).max(initial=1))
            found = engine.approach(part, wanted[1], weight, linear, mine)
        self.run.interrupted |= run.interrupted
        if found.choice is None:
            return found
        new = np.full(len(found.choice), -1, np.int64)
        new[found.choice >= 0] = pairs[found.choice[found.choice >= 0]]
        new[whole.pair_seat[fixed]] = fixed
        return Outcome(new, None)


def target_part(part: FairPart, arrays: Arrays, pairs: Ints, fixed: Ints) -> FairPart:
    """Give what is measured over some pairs, those fixed being added already."""
    taken = part.offset.copy()
    np.add.at(taken, arrays.pair_rep[fixed], part.coef[fixed])
    return replace(part, coef=part.coef[pairs], offset=taken)


def _ignores(goal: Goal) -> bool:
    return any(part.tier.idle == "ignore" for _, part in goal.fair)


def _largest_parts(arrays: Arrays, priced: Priced) -> Ints:
    """(S,) the pair of each seat with most of it in a split, or of least regret without one."""
    order = np.lexsort((priced.regret, -priced.part, arrays.pair_seat))
    seat = arrays.pair_seat[order]
    lead = np.flatnonzero(np.diff(seat, prepend=-1))
    choice = np.full(arrays.seats, -1, np.int64)
    choice[seat[lead]] = order[lead]
    unwanted = ~arrays.mandatory & (choice >= 0)
    unwanted[unwanted] = priced.part[choice[unwanted]] <= 0
    choice[unwanted] = -1
    return choice


def _able(arrays: Arrays, choice: Ints) -> Bools:
    """(R, R) whether a task of one rep may go to another."""
    who = np.full(arrays.seats, -1, np.int64)
    held = choice[choice >= 0]
    who[arrays.pair_seat[held]] = arrays.pair_rep[held]
    some = np.flatnonzero(who[arrays.pair_seat] >= 0)
    able = np.zeros((arrays.reps, arrays.reps), bool)
    able[who[arrays.pair_seat[some]], arrays.pair_rep[some]] = True
    return able


def _better_places(arrays: Arrays, priced: Priced, choice: Ints) -> Floats:
    """(R, R) what tasks of one rep would gain, at these prices, with another."""
    mine = np.full(arrays.seats, 0.0)
    who = np.full(arrays.seats, -1, np.int64)
    held = choice[choice >= 0]
    mine[arrays.pair_seat[held]] = priced.regret[held]
    who[arrays.pair_seat[held]] = arrays.pair_rep[held]
    gain = np.maximum(mine[arrays.pair_seat] - priced.regret, 0.0)
    some = np.flatnonzero((gain > 0) & (who[arrays.pair_seat] >= 0))
    keys = who[arrays.pair_seat[some]] * arrays.reps + arrays.pair_rep[some]
    total = np.bincount(keys, gain[some], arrays.reps**2).astype(np.float64)
    return total.reshape(arrays.reps, arrays.reps)
