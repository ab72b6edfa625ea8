"""Greedy: one pass over the tasks, each to the best rep who still may; an incumbent at once.

Also the honest yardstick: what a careful dispatcher does record by record. It repairs hints, since
what it is given is taken first wherever the rules let it. It proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..intervals import Busy
from ..objectives import Coverage
from ..scaling import LIMIT, NO_LIMIT
from .running import Outcome, Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from ..goals import Goal


class GreedyEngine:
    """Assign seat by seat, never undoing anything.

    Order: hinted pairs, what least counts need, then mandatory seats, high priority, few
    candidates, much effort. A candidate is judged tier by tier, by what it adds now.

    Parameters
    ----------
    arrays
        The compiled problem.
    run
        Clock and stop signals: a pass that is over time leaves the remaining seats empty.
    """

    name = "greedy"

    def __init__(self, arrays: Arrays, run: Run) -> None:
        self.arrays, self.run = arrays, run

    def construct(self, goals: Sequence[Goal], hint: Ints | None = None) -> Outcome:
        """Build a plan that keeps every upper limit; lower ones it only strives for.

        Parameters
        ----------
        goals
            The tiers, by which candidates are ranked.
        hint
            (S,) pairs to take first, -1 for none.
        """
        arrays = self.arrays
        state, ranks = _State(arrays), _Ranks(arrays, goals)
        for pair in [] if hint is None else hint[hint >= 0].tolist():
            self._offer(state, ranks, pair)
        for rep in np.flatnonzero(arrays.count_bounds[0] + arrays.load_bounds[0]).tolist():
            self._meet(state, ranks, rep)
        counts_only = not (arrays.rows or arrays.groups or arrays.overlapping)
        if ranks.is_static and counts_only:
            self._rounds(state, ranks.static_key())
            return Outcome(np.array(state.choice, np.int64))
        for turn, seat in enumerate(_order(arrays).tolist()):
            if turn % 512 == 0 and self.run.is_over:
                break
            if state.choice[seat] < 0:
                self._fill(state, ranks, seat)
        return Outcome(np.array(state.choice, np.int64))

    def _rounds(self, state: _State, key: Ints) -> None:
        """Let all empty seats ask for their best pair at once, round after round.

        Each rep grants what it has room for, in the order of the seats; who is refused asks again
        among the reps that have room left. The same greed as seat by seat, in whole columns.
        """
        arrays = self.arrays
        rank = np.empty(arrays.seats, np.int64)
        order = _order(arrays, every=True)
        rank[order] = np.arange(arrays.seats)
        choice = np.array(state.choice, np.int64)
        slots, room = state.left()
        effort = np.zeros(arrays.pairs, np.int64) if state.efforts is None else state.efforts
        alive = np.arange(arrays.pairs)
        while not self.run.is_over:
            rep = arrays.pair_rep[alive]
            fits = (choice[arrays.pair_seat[alive]] < 0) & (slots[rep] > 0)
            alive = alive[fits & (effort[alive] <= room[rep])]
            if not len(alive):
                break
            asked = _best_of_each(arrays.pair_seat[alive], key[alive])
            granted = _grant(arrays, alive[asked], rank, slots, room, effort)
            choice[arrays.pair_seat[granted]] = granted
            slots -= np.bincount(arrays.pair_rep[granted], minlength=arrays.reps)
            np.subtract.at(room, arrays.pair_rep[granted], effort[granted])
        state.choice = choice.tolist()

    def _offer(self, state: _State, ranks: _Ranks, pair: int) -> None:
        seat, rep = int(self.arrays.pair_seat[pair]), int(self.arrays.pair_rep[pair])
        if state.choice[seat] < 0 and state.may_take(pair, seat, rep):
            state.take(pair, seat, rep)
            ranks.took(pair, rep)

    def _meet(self, state: _State, ranks: _Ranks, rep: int) -> None:
        """Give a rep what it must have at least, tasks with few other candidates first."""
        arrays = self.arrays
        count, load = int(arrays.count_bounds[0][rep]), int(arrays.load_bounds[0][rep])
        pairs = arrays.pairs_of_rep(rep)
        degree = np.diff(arrays.first)[arrays.pair_seat[pairs]]
        for pair in pairs[np.argsort(degree, kind="stable")].tolist():
            if state.taken[rep] >= count and state.effort[rep] >= load:
                return
            self._offer(state, ranks, pair)

    def _fill(self, state: _State, ranks: _Ranks, seat: int) -> None:
        pairs = ranks.candidates(seat)
        pairs = pairs[state.with_room(pairs)]
        for pair in ranks.in_order(pairs):
            rep = int(self.arrays.pair_rep[pair])
            if state.may_take(pair, seat, rep):
                state.take(pair, seat, rep)
                ranks.took(pair, rep)
                return


def _order(arrays: Arrays, *, every: bool = False) -> Ints:
    """Sort the seats (that have candidates): owners before roles, the hard ones first."""
    degree = np.diff(arrays.first)
    seats = np.arange(arrays.seats) if every else np.flatnonzero(degree)
    priority = arrays.problem.task_columns.priority[arrays.seat_task[seats]]
    tasks = arrays.problem.task_columns
    effort = np.concatenate([tasks.effort, tasks.roles.effort])[seats]
    keys = (-effort, degree[seats], -priority, ~arrays.mandatory[seats], seats >= arrays.tasks)
    return seats[np.lexsort(keys)]


def _best_of_each(seat: Ints, key: Ints) -> Ints:
    """Find, for each run of equal seats, the first position with the largest key."""
    begin = np.flatnonzero(np.diff(seat, prepend=-1))
    best = np.maximum.reduceat(key, begin)
    length = np.diff(np.append(begin, len(seat)))
    tops = np.flatnonzero(key == np.repeat(best, length))
    return tops[np.flatnonzero(np.diff(seat[tops], prepend=-1))]


def _grant(arrays: Arrays, asked: Ints, rank: Ints, slots: Ints, room: Ints, effort: Ints) -> Ints:
    """Grant each rep's requests in the order of the seats, as long as all before it fit."""
    rep = arrays.pair_rep[asked]
    asked = asked[np.lexsort((rank[arrays.pair_seat[asked]], rep))]
    rep = arrays.pair_rep[asked]
    begin = np.flatnonzero(np.diff(rep, prepend=-1))
    length = np.diff(np.append(begin, len(rep)))
    before = np.cumsum(effort[asked])
    used = before - np.repeat(before[begin] - effort[asked[begin]], length)
    place = np.arange(len(rep)) - np.repeat(begin, length)
    fits = (place < slots[rep]) & (used <= room[rep])
    blocked = np.cumsum(~fits)
    earlier: Ints = np.repeat(blocked[begin] - ~fits[begin], length)
    granted: Ints = asked[blocked == earlier]
    return granted


class _State:
    """What has been taken, and what still may be: every upper limit, checked as pairs go in."""

    def __init__(self, arrays: Arrays) -> None:
        self.choice: list[int] = [-1] * arrays.seats
        self.taken = np.zeros(arrays.reps, np.int64)
        self.effort = np.zeros(arrays.reps, np.int64)
        self._rep, self._task = arrays.pair_rep, arrays.seat_task
        most = arrays.load_bounds[1]
        bounded = (most < NO_LIMIT).any() or arrays.load_bounds[0].any()
        self.efforts = arrays.rounded.down if bounded else None
        self._most, self._slots = most, arrays.count_bounds[1]
        self._left = [row.high for row in arrays.rows]
        self._rows: dict[int, list[tuple[int, int]]] = {}
        for at, row in enumerate(arrays.rows):
            coefs = [1] * len(row.pairs) if row.coef is None else row.coef.tolist()
            for pair, coef in zip(row.pairs.tolist(), coefs, strict=True):
                self._rows.setdefault(pair, []).append((at, coef))
        self._groups: dict[int, list[int]] = {}
        for at, tasks in enumerate(arrays.groups):
            for task in tasks.tolist():
                self._groups.setdefault(task, []).append(at)
        self._group_owner: dict[int, int] = {}
        self._busy = Busy() if arrays.overlapping else None
        columns = arrays.problem.task_columns
        self._start, self._end = columns.start, columns.end

    def left(self) -> tuple[Ints, Ints]:
        """(R,) seats and effort that each rep has room for."""
        return self._slots - self.taken, self._most - self.effort

    def with_room(self, pairs: Ints) -> Bools:
        """Tell which pairs' reps have a seat and the effort left."""
        rep = self._rep[pairs]
        room = self.taken[rep] < self._slots[rep]
        if self.efforts is not None:
            room &= self.effort[rep] + self.efforts[pairs] <= self._most[rep]
        return np.asarray(room)

    def may_take(self, pair: int, seat: int, rep: int) -> bool:
        """Tell whether every upper limit still holds with this pair in its empty seat."""
        if self.taken[rep] >= self._slots[rep]:
            return False
        if self.efforts is not None and self.effort[rep] + self.efforts[pair] > self._most[rep]:
            return False
        if self._rows and any(c > self._left[at] for at, c in self._rows.get(pair, ())):
            return False
        if self._groups and any(
            self._group_owner.get(at, rep) != rep for at in self._groups.get(seat, ())
        ):
            return False
        return self._busy is None or not self._meets(self._busy, seat, rep)

    def _meets(self, busy: Busy, seat: int, rep: int) -> bool:
        start, end = self._start[self._task[seat]], self._end[self._task[seat]]
        return not np.isnan(start) and busy.meets(rep, float(start), float(end)) is not None

    def take(self, pair: int, seat: int, rep: int) -> None:
        """Take a pair."""
        self.choice[seat] = pair
        self.taken[rep] += 1
        if self.efforts is not None:
            self.effort[rep] += self.efforts[pair]
        for at, coef in self._rows.get(pair, ()):
            self._left[at] -= coef
        for at in self._groups.get(seat, ()):
            self._group_owner[at] = rep
        task = int(self._task[seat])
        if self._busy is not None and not np.isnan(self._start[task]):
            self._busy.add(rep, float(self._start[task]), float(self._end[task]), task)


class _Ranks:
    """How good a candidate is: the tiers in order, lower keys first."""

    def __init__(self, arrays: Arrays, goals: Sequence[Goal]) -> None:
        self._first, self._rep = arrays.first, arrays.pair_rep
        told = [goal for goal in goals if not isinstance(goal.tier, Coverage)]
        self.is_static = all(goal.is_linear for goal in told)
        self._goals = told
        self._linear = [goal.linear for goal in told if goal.linear is not None]
        self._shares = [[part.offset.copy() for _, part in goal.fair] for goal in told]
        self._idle = np.ones(arrays.reps, bool)

    def static_key(self) -> Ints:
        """(P,) one number to rank pairs by: the linear tiers in order, as far as they fit."""
        key = np.zeros(len(self._rep), np.int64)
        for linear in self._linear:
            low = int(linear.min(initial=0))
            span = int(linear.max(initial=0)) - low + 1
            if (int(key.max(initial=0)) + 1) * span > LIMIT:
                break
            key = key * span + (linear - low)
        return key

    def candidates(self, seat: int) -> Ints:
        """Give the pairs of a seat."""
        return np.arange(self._first[seat], self._first[seat + 1])

    def in_order(self, pairs: Ints) -> Iterator[int]:
        """Give pairs from the best to the worst, by what each tier would say next."""
        if not len(pairs):
            return
        keys = [self._told(at, pairs) for at in range(len(self._goals))]
        best = np.arange(len(pairs))
        for key in keys:
            best = best[key[best] == key[best].min()]
        yield int(pairs[best[0]])
        if len(pairs) > 1:
            order = np.lexsort((*keys[::-1],)) if keys else np.arange(len(pairs))
            yield from (int(pairs[i]) for i in order if i != best[0])

    def _told(self, at: int, pairs: Ints) -> Ints:
        goal, rep = self._goals[at], self._rep[pairs]
        told = np.zeros(len(pairs), np.int64)
        if goal.linear is not None:
            told -= goal.linear[pairs]
        if goal.used:
            told -= goal.used * self._idle[rep]
        for (m, part), share in zip(goal.fair, self._shares[at], strict=True):
            told += abs(m) * (share[rep] + part.coef[pairs])
        return told

    def took(self, pair: int, rep: int) -> None:
        """Update the shares after a pair was taken."""
        self._idle[rep] = False
        for goal, shares in zip(self._goals, self._shares, strict=True):
            for (_, part), share in zip(goal.fair, shares, strict=True):
                share[rep] += part.coef[pair]
