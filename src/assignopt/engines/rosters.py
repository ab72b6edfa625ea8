"""A rotation as integers: what is asked of it, what it is compared by, and what was found.

Nothing here knows an id, and nothing knows how a rotation is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..columns import Bools, Ints

Numbers = tuple[int, ...]
"""Numbers by which rotations are compared, the first mattering most, more being better."""

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
