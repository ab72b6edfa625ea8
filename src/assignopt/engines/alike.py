"""Seats that nobody could tell apart, found so that a model needs only one of them.

Tasks under an Apart rule that have the same eligible reps and count the same in every row and
every goal are alike: a rep holds at most one of them, and which one makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from ..goals import Goal


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


def find_alike(arrays: Arrays, goals: Sequence[Goal]) -> Alike:
    """Find the seats that are alike under the Apart rules of a problem."""
    leader = np.arange(arrays.seats)
    apart = [row.pairs for row in arrays.rows if row.kind == "apart"]
    if apart and not arrays.has_roles and not arrays.groups and not arrays.overlapping:
        leader = _leaders(arrays, goals, apart)
    return Alike(arrays, leader, np.bincount(leader, minlength=arrays.seats))


def _leaders(arrays: Arrays, goals: Sequence[Goal], apart: list[Ints]) -> Ints:
    """(S,) the first of the seats that are alike.

    Each seat gets a fingerprint of its pairs, compared in full where it is the same as another's.
    """
    told = _told(arrays, goals)
    rng = np.random.default_rng(0)
    place = np.arange(arrays.pairs) - arrays.first[arrays.pair_seat]
    salt = rng.integers(1, 2**62, int(place.max(initial=0)) + 1, dtype=np.int64)
    print_ = np.zeros(arrays.seats, np.int64)
    with np.errstate(over="ignore"):
        for column in told:
            mixed = (column.astype(np.int64) + 1) * salt[place]
            np.add.at(print_, arrays.pair_seat, mixed ^ (mixed >> 17))
            print_ *= 1_000_003
    keys = np.stack([print_, np.diff(arrays.first), arrays.mandatory.astype(np.int64)])
    leader = np.arange(arrays.seats)
    for seats in _sets_apart(arrays, apart):
        _, first, where = np.unique(keys[:, seats], axis=1, return_index=True, return_inverse=True)
        for seat, lead in zip(seats.tolist(), seats[first][where.ravel()].tolist(), strict=True):
            if seat != lead and _same(arrays, told, seat, lead):
                leader[seat] = lead
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


def _same(arrays: Arrays, told: list[Ints], seat: int, other: int) -> bool:
    """Compare two seats pair by pair."""
    first = arrays.first
    mine, its = slice(first[seat], first[seat + 1]), slice(first[other], first[other + 1])
    return all(np.array_equal(column[mine], column[its]) for column in told)
