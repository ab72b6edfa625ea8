"""Seats that nobody could tell apart, found so that a model needs only one of them.

Tasks under an Apart rule that have the same eligible reps and count the same in every row and
every goal are alike: a rep holds at most one of them, and which one makes no difference.

Without such a rule they are of one *kind*: a rep holds some number of them. Of a kind may be tasks
of several owners, as far as a model only has to know how many of their own the owners keep.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..objectives import Moves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from ..goals import Goal

COMPACT = 0.5
"""Share of the pairs that kinds may need at most to be worth their while."""


@dataclass(frozen=True, eq=False)
class Alike:
    """Which seats stand for which.

    Parameters
    ----------
    arrays
        The compiled problem.
    leader
        (S,) the seat that stands for each; itself where it is like no other.
    size
        (S,) how many seats a leader stands for; 0 for those who do not lead.
    """

    arrays: Arrays
    leader: Ints
    size: Ints

    @property
    def live(self) -> Bools:
        """(P,) whether the pair's seat leads."""
        return np.asarray(self.size[self.arrays.pair_seat] > 0)

    @property
    def most(self) -> Ints:
        """(P,) how many of the seats that a pair stands for its rep holds at most: one."""
        return np.ones(self.arrays.pairs, np.int64)

    @property
    def own(self) -> Bools:
        """(P,) pairs of which a model counts those that end: none."""
        return np.zeros(self.arrays.pairs, bool)

    def whole(self, seats: Bools) -> Bools:
        """(S,) those of some seats that come with all they stand for: each, as all are alike."""
        return seats

    def pairs_of(self, seat: int) -> Ints:
        """Give the pairs of a leading seat."""
        return np.arange(self.arrays.first[seat], self.arrays.first[seat + 1])

    def to_live(self, pairs: Ints) -> Ints:
        """Give, for each pair, the pair of the leading seat with the same rep."""
        seat = self.arrays.pair_seat[pairs]
        moved: Ints = pairs - self.arrays.first[seat] + self.arrays.first[self.leader[seat]]
        return moved

    def to_choice(self, live: Ints) -> Ints:
        """(S,) deal the pairs of leading seats out to the seats they stand for."""
        arrays = self.arrays
        choice = np.full(arrays.seats, -1, np.int64)
        if (self.size == 1).all():
            choice[arrays.pair_seat[live]] = live
            return choice
        order = np.argsort(self.leader, kind="stable")  # the seats of each leader, side by side
        begin = np.searchsorted(self.leader[order], np.arange(arrays.seats))
        live = live[np.argsort(arrays.pair_seat[live], kind="stable")]
        lead = arrays.pair_seat[live]
        place = np.arange(len(lead)) - np.searchsorted(lead, lead)
        seat = order[begin[lead] + place]
        choice[seat] = live - arrays.first[lead] + arrays.first[seat]
        return choice


@dataclass(frozen=True, eq=False)
class Kinds:
    """Seats of one kind: how many of them a rep holds says it all, and how many of their own.

    Parameters
    ----------
    arrays
        The compiled problem.
    leader
        (S,) the first seat of each one's kind.
    size
        (S,) how many seats are of a leader's kind; 0 for those who do not lead.
    stand
        (P,) the pair that stands for each: of the same kind and rep, and with the present owner or
        not as this one.
    most
        (P,) how many pairs each stands for.
    own
        (P,) pairs with the present owner, of which a model counts those that end: few.
    """

    arrays: Arrays
    leader: Ints
    size: Ints
    stand: Ints
    most: Ints
    own: Bools

    @property
    def live(self) -> Bools:
        """(P,) whether the pair stands for some."""
        return np.asarray(self.most > 0)

    @property
    def is_compact(self) -> bool:
        """Whether kinds save enough."""
        return bool(self.live.sum() <= COMPACT * self.arrays.pairs)

    @cached_property
    def _by_kind(self) -> tuple[Ints, Ints]:
        """The pairs that stand for some, by the leading seat, and (S + 1,) where each begins."""
        live = np.flatnonzero(self.live)
        kind = self.leader[self.arrays.pair_seat[live]]
        order = np.argsort(kind, kind="stable")
        return live[order], np.searchsorted(kind[order], np.arange(self.arrays.seats + 1))

    def whole(self, seats: Bools) -> Bools:
        """(S,) those of some seats that come with all of their kind."""
        return np.asarray(np.bincount(self.leader, ~seats, self.arrays.seats)[self.leader] == 0)

    def pairs_of(self, seat: int) -> Ints:
        """Give the pairs that stand for those of a leader's kind."""
        pairs, first = self._by_kind
        return pairs[first[seat] : first[seat + 1]]

    def to_live(self, pairs: Ints) -> Ints:
        """Give, for each pair, the one that stands for it."""
        return self.stand[pairs]

    def to_choice(self, live: Ints) -> Ints:
        """(S,) deal what the reps hold of each kind, their own first: nobody moves for nothing."""
        arrays = self.arrays
        choice = np.full(arrays.seats, -1, np.int64)
        kind, rep = self.leader[arrays.pair_seat[live]], arrays.pair_rep[live]
        held: dict[tuple[int, int], int] = {}
        for one in zip(kind.tolist(), rep.tolist(), strict=True):
            held[one] = held.get(one, 0) + 1
        own = arrays.present[arrays.present >= 0]
        for seat, pair in zip(arrays.pair_seat[own].tolist(), own.tolist(), strict=True):
            one = int(self.leader[seat]), int(arrays.pair_rep[pair])
            if held.get(one):
                choice[seat] = pair
                held[one] -= 1
        free: dict[int, list[int]] = {}
        for seat in np.flatnonzero(choice < 0)[::-1].tolist():
            free.setdefault(int(self.leader[seat]), []).append(seat)
        for (lead, who), left in held.items():
            mine = arrays.pair_rep[arrays.first[lead] : arrays.first[lead + 1]]
            place = int(np.searchsorted(mine, who))
            for _ in range(left):
                seat = free[lead].pop()
                choice[seat] = arrays.first[seat] + place
        return choice


def find_alike(arrays: Arrays, goals: Sequence[Goal]) -> Alike:
    """Find the seats that are alike under the Apart rules of a problem."""
    leader = np.arange(arrays.seats)
    apart = [row.pairs for row in arrays.rows if row.kind == "apart"]
    if apart and not arrays.has_roles and not arrays.groups and not arrays.overlapping:
        leader = _leaders(arrays, _told(arrays, goals), _sets_apart(arrays, apart))
    return Alike(arrays, leader, np.bincount(leader, minlength=arrays.seats))


def find_kinds(arrays: Arrays, goals: Sequence[Goal]) -> Kinds | None:
    """Find the kinds of seats by what they come to in some goals; None where counts do not say all.

    Under a tier of moves a seat counts for itself only at its present owner, where it counts more.
    A plan that has so many of a kind at each rep, and so many of their own, is as good as any other
    such plan or not worse, whoever holds which.
    """
    if arrays.has_roles or arrays.groups or arrays.overlapping:
        return None
    moves = [goal for goal in goals if isinstance(goal.tier, Moves)]
    others = [goal for goal in goals if not isinstance(goal.tier, Moves)]
    kept = [_kept(arrays, goal) for goal in moves]
    leader = _leaders(arrays, _told(arrays, others), [np.arange(arrays.seats)], kept)
    own = np.zeros(arrays.pairs, bool)
    own[arrays.present[arrays.present >= 0]] = len(moves) > 0
    key = (leader[arrays.pair_seat] * arrays.reps + arrays.pair_rep) * 2 + own
    _, first, where, count = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    most = np.zeros(arrays.pairs, np.int64)
    most[first] = count
    size = np.bincount(leader, minlength=arrays.seats)
    return Kinds(arrays, leader, size, first[where], most, own)


def _kept(arrays: Arrays, goal: Goal) -> Ints:
    """(S,) what each seat adds to a tier of moves where it stays; without an owner, as others."""
    gain = np.zeros(arrays.seats, np.int64)
    owned = arrays.present >= 0
    if goal.linear is not None and owned.any():
        gain[owned] = goal.linear[arrays.present[owned]]
        gain[~owned] = gain[owned].max()
    return gain


def _leaders(
    arrays: Arrays, told: list[Ints], sets: list[Ints], marks: Sequence[Ints] = ()
) -> Ints:
    """(S,) the first of the seats in a set that are alike, in (P,) columns and (S,) marks.

    Each seat gets a fingerprint of its pairs, compared in full where it is the same as another's.
    """
    rng = np.random.default_rng(0)
    place = np.arange(arrays.pairs) - arrays.first[arrays.pair_seat]
    salt = rng.integers(1, 2**62, int(place.max(initial=0)) + 1, dtype=np.int64)
    print_ = np.zeros(arrays.seats, np.int64)
    with np.errstate(over="ignore"):
        for column in told:
            mixed = (column.astype(np.int64) + 1) * salt[place]
            np.add.at(print_, arrays.pair_seat, mixed ^ (mixed >> 17))
            print_ *= 1_000_003
    keys = np.stack([print_, np.diff(arrays.first), arrays.mandatory.astype(np.int64), *marks])
    leader = np.arange(arrays.seats)
    for seats in sets:
        _, first, where = np.unique(keys[:, seats], axis=1, return_index=True, return_inverse=True)
        leader[seats] = seats[first][where.ravel()]
    others = arrays.first[leader[arrays.pair_seat]] + place
    for column in told:
        unlike = np.unique(arrays.pair_seat[column != column[others]])
        leader[unlike] = unlike
    return leader


def _sets_apart(arrays: Arrays, apart: list[Ints]) -> list[Ints]:
    """List the distinct sets of seats that are kept apart, each seat in the first that has it."""
    seen: dict[bytes, Ints] = {}
    for pairs in apart:
        seats = np.unique(arrays.pair_seat[pairs])
        seen.setdefault(seats.tobytes(), seats)
    taken = np.zeros(arrays.seats, bool)
    sets = []
    for seats in sorted(seen.values(), key=len, reverse=True):
        if not taken[seats].any():
            taken[seats] = True
            sets.append(seats)
    return sets


def _told(arrays: Arrays, goals: Sequence[Goal]) -> list[Ints]:
    """List everything that tells one pair from another, as columns over the pairs."""
    told: list[Ints] = [arrays.pair_rep, arrays.rounded.down, arrays.rounded.up]
    for goal in goals:
        told += [] if goal.linear is None else [goal.linear]
        told += [part.coef for _, part in goal.fair]
    rows = np.zeros(arrays.pairs, np.int64)  # in which rows a pair is: a sum of random numbers
    drawn = np.random.default_rng(1).integers(1, 2**62, len(arrays.rows), dtype=np.int64)
    for salt, row in zip(drawn, arrays.rows, strict=True):
        coef = np.ones(len(row.pairs), np.int64) if row.coef is None else row.coef
        with np.errstate(over="ignore"):
            rows[row.pairs] += coef * salt
    return [*told, rows]
