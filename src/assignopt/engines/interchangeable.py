"""Reps whom no rule and no tier tells apart, so that a search need not try all their orders.

The arrays and all tiers to come go in; classes of reps come out, and plans renamed so that, of all
that differ only in which of several like reps has what, the one a model keeps is at hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from ..arrays import Arrays
    from ..columns import Ints
    from ..goals import Goal

MAX_RANKED = 50
"""Tasks by which like reps are ordered; each costs a clause per rep, as long as its rank."""

MAX_CLASSES = 60
"""Classes up to which each is compared with each other for one that may do more."""


@dataclass(frozen=True, eq=False)
class Interchangeable:
    """Which reps are alike, and the order in which a plan uses them.

    A plan is *canonical* if, for any two neighbours of a class, the later one has a ranked seat
    only where the earlier one has a seat of lower rank, and works only where the earlier one does;
    and if no rep works while a rep idles who is like it but for more seats. Every plan can be
    renamed into a canonical one of the same gains: move the work of the first kind to the second
    until none is left, then sort each class by the first ranked seat held, those who only work
    after that, the idle last.

    Parameters
    ----------
    arrays
        The compiled problem.
    classes
        Reps who are alike, each class in ascending order; every rep with a pair is in one.
        Empty where no order is kept.
    above
        Pairs of classes, by position: the second may do all that the first may, and more.
    ranked
        The seats by which a class is ordered, the first one first.
    counts_work
        Whether it matters to a tier who works at all.
    """

    arrays: Arrays
    classes: list[list[int]] = field(default_factory=list)
    above: list[tuple[int, int]] = field(default_factory=list)
    ranked: list[int] = field(default_factory=list)
    counts_work: bool = False

    def canonical(self, choice: Ints) -> Ints:
        """(S,) the same plan with like reps renamed, canonical."""
        if not self.classes:
            return choice
        arrays = self.arrays
        chosen = choice[choice >= 0]
        seat, rep = arrays.pair_seat[chosen].astype(np.int64), arrays.pair_rep[chosen]
        new = self._names(seat, rep)[rep]
        keys = arrays.pair_seat.astype(np.int64) * arrays.reps + arrays.pair_rep
        renamed = choice.copy()
        renamed[seat] = np.searchsorted(keys, seat * arrays.reps + new)
        return renamed

    def _names(self, seat: Ints, rep: Ints) -> Ints:
        """(R,) the new name of each rep who holds a seat."""
        rank = {one: at for at, one in enumerate(self.ranked)}
        first: dict[int, int] = {}
        for one, who in zip(seat.tolist(), rep.tolist(), strict=True):
            first[who] = min(first.get(who, len(rank)), rank.get(one, len(rank)))
        working = [[who for who in same if who in first] for same in self.classes]
        moved = True
        while moved:
            moved = False
            for less, more in self.above:
                while working[less] and len(working[more]) < len(self.classes[more]):
                    working[more].append(working[less].pop())
                    moved = True
        new = np.arange(self.arrays.reps)
        for same, some in zip(self.classes, working, strict=True):
            some.sort(key=lambda who: (first[who], who))
            new[some] = same[: len(some)]
        return new


def find_interchangeable(arrays: Arrays, goals: Sequence[Goal]) -> Interchangeable:
    """Find the reps who are alike in the rules and in all of these tiers.

    Two reps are alike if exchanging them leaves the problem as it is: the same seats, the same
    amounts in every row and tier, the same bounds and the same past. Looked for only where tasks
    overlap, because there many plans differ in names alone, and where the tiers are known.
    """
    if not goals or not arrays.overlapping:
        return Interchangeable(arrays)
    told = _Told(arrays, goals)
    kinds: dict[Hashable, list[int]] = {}
    for rep in range(arrays.reps):
        if len(arrays.pairs_of_rep(rep)):
            kinds.setdefault(told.of(rep), []).append(rep)
    classes = list(kinds.values())
    if all(len(same) == 1 for same in classes):
        return Interchangeable(arrays)
    ignored = any(part.tier.idle == "ignore" for goal in goals for _, part in goal.fair)
    counts_work = ignored or any(goal.used for goal in goals)
    above = _above(told, classes) if counts_work and len(classes) <= MAX_CLASSES else []
    return Interchangeable(arrays, classes, above, _ranked(arrays), counts_work)


def _ranked(arrays: Arrays) -> list[int]:
    """List the owners' seats of a largest set of tasks at one moment, the largest tasks first."""
    first, effort = arrays.first, arrays.rounded.up
    filled = [clique[np.diff(first)[clique] > 0] for clique in arrays.cliques]
    clique = max(filled, key=lambda c: (int(arrays.mandatory[c].sum()), len(c)))
    ranked: list[int] = clique[np.argsort(-effort[first[clique]], kind="stable")].tolist()
    return ranked[:MAX_RANKED]


def _above(told: _Told, classes: list[list[int]]) -> list[tuple[int, int]]:
    """List the pairs of classes that differ only in seats that the second may hold besides."""
    seats = [told.seats(same[0]) for same in classes]
    sets = [frozenset(some.tolist()) for some in seats]
    return [
        (less, more)
        for less, more in permutations(range(len(classes)), 2)
        if sets[less] < sets[more]
        and told.of(classes[less][0]) == told.of(classes[more][0], seats[less])
    ]


class _Part(NamedTuple):
    """What a rep has of a row: the seats and their coefficients; no number if nobody else has."""

    number: int
    low: int
    high: int
    seats: Ints
    coef: Ints

    def told(self, among: Ints | None) -> Hashable:
        """Describe it, among some seats only; None where it asks for nothing."""
        seats, coef = self.seats, self.coef
        if among is not None:
            inside = np.isin(seats, among)
            seats, coef = seats[inside], coef[inside]
        least, most = np.minimum(coef, 0).sum(), np.maximum(coef, 0).sum()
        alone = self.number < 0
        if not len(seats) or (alone and self.low <= least and most <= self.high):
            return None
        return self.number, self.low, self.high, seats.tobytes(), coef.tobytes()


class _Told:
    """All that tells one rep from another."""

    def __init__(self, arrays: Arrays, goals: Sequence[Goal]) -> None:
        self.arrays = arrays
        fair = [part for goal in goals for _, part in goal.fair]
        reps = arrays.problem.rep_columns
        self._of_rep: list[np.ndarray[Any, Any]] = [*arrays.load_bounds, *arrays.count_bounds]
        if arrays.load_gap is not None:
            self._of_rep += [reps.active, reps.carried_load]
        for part in fair:
            self._of_rep += [part.who, part.offset, part.weight]
            self._of_rep += [] if part.factor is None else [part.factor]
        self._of_pair = [arrays.pair_seat, arrays.rounded.down, arrays.rounded.up]
        self._of_pair += [goal.linear for goal in goals if goal.linear is not None]
        self._of_pair += [part.coef for part in fair]
        self._rows: list[list[_Part]] = [[] for _ in range(arrays.reps)]
        self._split_rows()

    def _split_rows(self) -> None:
        """Give each rep its part of every row it is in."""
        arrays = self.arrays
        for number, row in enumerate(arrays.rows):
            reps = arrays.pair_rep[row.pairs]
            coef = np.ones(len(row.pairs), np.int64) if row.coef is None else row.coef
            order = np.lexsort((row.pairs, reps))
            parts = np.split(order, np.flatnonzero(np.diff(reps[order])) + 1) if len(order) else []
            for at in parts:
                seats = arrays.pair_seat[row.pairs[at]].astype(np.int64)
                alone = len(parts) == 1
                mine = _Part(-1 if alone else number, row.low, row.high, seats, coef[at])
                self._rows[int(reps[at[0]])].append(mine)

    def seats(self, rep: int) -> Ints:
        """List the seats that a rep may hold, in ascending order."""
        seats: Ints = self.arrays.pair_seat[self.arrays.pairs_of_rep(rep)]
        return seats

    def of(self, rep: int, among: Ints | None = None) -> Hashable:
        """Describe a rep, or what it is among some seats."""
        pairs = self.arrays.pairs_of_rep(rep)
        if among is not None:
            pairs = pairs[np.isin(self.arrays.pair_seat[pairs], among)]
        return (
            tuple(column[rep].item() for column in self._of_rep),
            tuple(column[pairs].tobytes() for column in self._of_pair),
            frozenset(part.told(among) for part in self._rows[rep]) - {None},
        )
