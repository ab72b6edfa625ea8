"""Exact prices of moves where efforts are equal: a plan that is a flow in, chains of moves out.

Giving a task to another rep pushes one unit into that rep, and the cheapest way on is a shortest
path: a rep passes one of its tasks to another, takes one more, or leaves one open, until the rep
who lost the task, or nobody, has what it gave. All costs are tuples, a number for each tier,
compared in order. One search for each rep that a task may be taken from prices all pairs.

References
----------
Ahuja, Magnanti and Orlin (1993), *Network Flows*, ch. 9: an optimal flow and a shortest augmenting
path give an optimal flow of one unit more, with convex costs as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..engines.faces import start_face
from ..engines.flow import FlowEngine
from ..scaling import NO_LIMIT
from ..shapes import runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import Arrays
    from ..columns import Bools, Floats, Ints
    from ..goals import Goal
    from ..shares import FairPart, Gain

ENDS = ("minmax", "maxmin", "range")
"""Notions by which later tiers may take more than one path when the value gets worse."""

MOST_REPS = 1_000
"""Reps up to which moves between any two are priced."""

Move = tuple[int, int]
"""A seat and the pair it gets; -1 for none."""


class Change(NamedTuple):
    """What else changes when a task is given to a rep.

    Parameters
    ----------
    moves
        Seats and their new pairs, the forced one first.
    exact
        How many tiers, from the first on, no other plan with the pair does better in.
    """

    moves: list[Move]
    exact: int


@dataclass(frozen=True, eq=False)
class _Way:
    """The cheapest ways to one node.

    Parameters
    ----------
    cost
        (2, K, N) of each node, with a count changed on the way (0) or still to be changed (1).
    step
        (2, N) the next node; -1 at the end.
    turn
        (2, N) whether the next step changes counts: the node takes one more, the next one less.
    """

    cost: Ints
    step: Ints
    turn: Bools


class Residual:
    """The moves that a plan allows, and what they cost.

    Nodes are the reps and, last, nobody (who "holds" the open tasks).

    Parameters
    ----------
    arrays, goals
        The compiled problem; :meth:`supports` must hold.
    choice
        (S,) the plan, which must keep the rules and be an optimum.
    new
        A seat that the plan does not know of: it is open, and nobody passes it on.
    """

    def __init__(self, arrays: Arrays, goals: Sequence[Goal], choice: Ints, new: int = -1) -> None:
        self.arrays, self.goals, self.choice = arrays, list(goals), choice
        self.nodes = arrays.reps + 1
        self.nobody = arrays.reps
        self.holder = np.full(arrays.seats, self.nobody, np.int64)
        taken = choice >= 0
        self.holder[taken] = arrays.pair_rep[choice[taken]]
        self.count = np.bincount(arrays.pair_rep[choice[taken]], minlength=arrays.reps)
        face = start_face(arrays)
        self.low, self.high, self.usable = face.low, face.high, face.pairs
        passing, self._seat = self._exchanges(new)
        counting, self._worse = self._counts()
        self._packing = _Packing.of(passing, counting, self.nodes)
        self._passing, self._counting = map(self._packing.pack, (passing, counting))
        self._ways: dict[int, _Way] = {}
        self._is_usable = np.zeros(arrays.pairs, bool)
        self._is_usable[self.usable] = True

    @staticmethod
    def supports(arrays: Arrays, goals: Sequence[Goal]) -> bool:
        """Tell whether the tiers are flows, and few enough reps to look at every two.

        Not with a ratio: where the total may change, more than one path may be best.
        """
        ratio = any(part.tier.notion == "gini" for goal in goals for _, part in goal.fair)
        few = 0 < arrays.reps <= MOST_REPS
        return few and not ratio and FlowEngine.supports(arrays, goals)

    # -- what one step costs -----------------------------------------------------------------

    def _linear(self, pairs: Ints) -> Ints:
        """(K, P) what pairs gain in each tier; 0 for pair -1 and for tiers of counts."""
        out = np.zeros((max(len(self.goals), 1), len(pairs)), np.int64)
        for k, goal in enumerate(self.goals):
            if goal.linear is not None:
                out[k] = np.where(pairs >= 0, goal.linear[pairs], 0)
        return out

    def _exchanges(self, new: int) -> tuple[Ints, Ints]:
        """(K, N, N) the least cost of passing a task from one node to another, and (N, N) its seat.

        Passing to nobody leaves the task open; what nobody passes on is an open task.
        """
        arrays, n = self.arrays, self.nodes
        seat, pair = arrays.pair_seat[self.usable].astype(np.int64), self.usable
        to = arrays.pair_rep[self.usable].astype(np.int64)
        loose = np.flatnonzero((self.choice >= 0) & ~arrays.mandatory)
        seat = np.concatenate([seat, loose])
        pair = np.concatenate([pair, np.full(len(loose), -1)])
        to = np.concatenate([to, np.full(len(loose), self.nobody)])
        origin = self.holder[seat]
        other = (origin != to) & (seat != new)
        seat, pair, to, origin = seat[other], pair[other], to[other], origin[other]
        cost = self._linear(self.choice[seat]) - self._linear(pair)
        order = np.lexsort((*cost[::-1], origin * n + to))
        keys = (origin * n + to)[order]
        first = order[np.flatnonzero(np.diff(keys, prepend=-1))]
        passing = np.zeros((len(cost), n, n), np.int64)
        passing[0] = NO_LIMIT
        passing[:, origin[first], to[first]] = cost[:, first]
        which = np.full((n, n), -1, np.int64)
        which[origin[first], to[first]] = seat[first]
        return passing, which

    def _counts(self) -> tuple[Ints, Bools]:
        """(K, N, N) the cost of one task more here and one less there; where an end gets worse."""
        n, tiers = self.nodes, max(len(self.goals), 1)
        cost = np.zeros((tiers, n, n), np.int64)
        worse = np.zeros((tiers, n, n), bool)
        for k, goal in enumerate(self.goals):
            if goal.fair:
                cost[k], worse[k] = self._fairness_cost(goal)
        more = np.append(self.count < self.high, True)
        fewer = np.append(self.count > self.low, True)
        self._counting_full = cost.copy()  # as if everybody could take one more
        self._counting_full[0][:, ~fewer] = NO_LIMIT
        cost[0][~(more[:, None] & fewer[None, :])] = NO_LIMIT
        np.fill_diagonal(cost[0], 0)
        return cost, worse

    def _fairness_cost(self, goal: Goal) -> tuple[Ints, Bools]:
        """Compare the gains of all pairs of changes: differences, or ranks where there are none.

        Reps with the same share now, and with one task more or less, are compared once.
        """
        part, n = goal.fair[0][1], self.nodes
        unit = self._unit(part)
        now = part.offset + unit * self.count
        entitled = np.unique(part.weight, return_inverse=True)[1].reshape(-1)
        kinds = np.where(part.who, np.stack([now, unit, entitled]), -1)
        kinds = np.concatenate([kinds, np.full((3, 1), -1)], axis=1)  # nobody is not measured
        _, example, kind = np.unique(kinds, axis=1, return_index=True, return_inverse=True)
        kind = kind.reshape(-1)
        base = goal.gain_of(now, part.who)
        members = [np.flatnonzero(kind == k)[:2].tolist() for k in range(len(example))]
        gains: dict[tuple[int, int], Gain] = {}
        for a, mine in enumerate(members):
            for b, others in enumerate(members):
                pair = next(((i, j) for i in mine for j in others if i != j), None)
                gains[a, b] = base if pair is None else self._gain_with(goal, now, unit, *pair)
        keys = sorted({*gains.values(), base}, reverse=True)
        at = {gain: place for place, gain in enumerate(keys)}
        table = np.zeros((len(members), len(members)), np.int64)
        for (a, b), gain in gains.items():
            adds_up = part.tier.notion == "l2"
            table[a, b] = int(base[0]) - int(gain[0]) if adds_up else at[gain] - at[base]
        cost = table[kind[:, None], kind[None, :]]
        np.fill_diagonal(cost, 0)
        ends = part.tier.notion in ENDS
        return cost, (cost > 0) & ends if ends else np.zeros((n, n), bool)

    def _gain_with(self, goal: Goal, now: Ints, unit: Ints, more: int, less: int) -> Gain:
        part = goal.fair[0][1]
        shares = now.copy()
        for node, sign in ((more, 1), (less, -1)):
            if node < self.nobody:
                shares[node] += sign * unit[node]
        return goal.gain_of(shares, part.who)

    def _unit(self, part: FairPart) -> Ints:
        """(R,) what each of its tasks adds to a rep's share."""
        unit = np.zeros(self.arrays.reps, np.int64)
        unit[self.arrays.pair_rep] = part.coef
        return unit

    # -- the cheapest ways -------------------------------------------------------------------

    def toward(self, node: int) -> _Way:
        """Find the cheapest ways from all nodes to one, by Bellman and Ford's method."""
        if node not in self._ways:
            n, tiers = self.nodes, len(self._passing)
            start = np.zeros((tiers, n), np.int64)
            start[0] = NO_LIMIT
            start[:, node] = 0
            none = np.full(n, -1, np.int64)
            flat, step = self._relax(start, none)
            turned, turn = _least(self._counting + flat[:, None, :])
            turned[0] = np.minimum(turned[0], NO_LIMIT)
            both, on = self._relax(turned, none)
            changed = on < 0  # the first step of these is the turn itself
            steps = np.stack([step, np.where(changed, turn, on)])
            self._ways[node] = _Way(
                np.stack([flat, both]), steps, np.stack([np.zeros(n, bool), changed])
            )
        return self._ways[node]

    def _relax(self, cost: Ints, step: Ints) -> tuple[Ints, Ints]:
        """Shorten ways by passing tasks on, until nothing gets shorter."""
        for _ in range(self.nodes + 1):
            found, via = _least(self._passing + cost[:, None, :])
            better = _less(found, cost)
            if not better.any():
                break
            cost = np.where(better, found, cost)
            step = np.where(better, via, step)
        return cost, step

    def is_optimal(self) -> bool:
        """Whether no cycle of moves makes the plan better, so that it is an optimum."""
        zero = np.zeros(len(self._passing), np.int64)
        for node in range(self.nodes):
            way = self.toward(node)
            again = _least(self._passing + way.cost[1][:, None, :])[0]
            if any(
                _less(cost[:, node], zero) for cost in (way.cost[0], way.cost[1], again)
            ) or bool(_less(again, way.cost[1]).any()):
                return False
        return not any(goal.fair and self._has_ends(goal) for goal in self.goals)

    @staticmethod
    def _has_ends(goal: Goal) -> bool:
        return goal.fair[0][1].tier.notion in ENDS

    # -- prices ------------------------------------------------------------------------------

    def price(self, pair: int) -> tuple[int, ...] | None:
        """Give what forcing a pair costs in each tier, as integers; None where no plan has it."""
        seat, rep = int(self.arrays.pair_seat[pair]), int(self.arrays.pair_rep[pair])
        way = self.toward(int(self.holder[seat]))
        layer = self._layer(way, rep)
        if not self._can_have(pair, way, layer):
            return None
        own = self._linear(self.choice[[seat]]) - self._linear(np.array([pair]))
        on = self._packing.unpack(way.cost[layer, :, [rep]].T)
        return tuple((on + own)[:, 0].tolist())

    def _can_have(self, pair: int, way: _Way, layer: int) -> bool:
        """Whether a plan has a pair, given the cheapest way on."""
        reached = way.cost[layer, 0, self.arrays.pair_rep[pair]] < NO_LIMIT // 2
        return bool(reached and self._is_usable[pair])

    def prices(self) -> Ints:
        """(K, P) what forcing each pair costs in each tier; NO_LIMIT first where no plan has it."""
        arrays = self.arrays
        out = self._linear(self.choice[arrays.pair_seat]) - self._linear(np.arange(arrays.pairs))
        origin = self.holder[arrays.pair_seat]
        if self._packing.most is not None:
            best = self._all_costs()[arrays.pair_rep, origin]
            out += self._packing.unpack(best[None])
        else:
            order = np.argsort(origin, kind="stable")
            for node, mine in runs(origin[order]):
                way, pairs = self.toward(node), order[mine]
                best = np.where(_less(way.cost[1], way.cost[0]), way.cost[1], way.cost[0])
                out[:, pairs] += best[:, arrays.pair_rep[pairs]]
        out[0][~self._is_usable | (out[0] >= NO_LIMIT // 2)] = NO_LIMIT
        return out

    def _all_costs(self) -> Ints:
        """(N, N) the packed costs of the cheapest ways from each node (row) to each (column).

        The method of Floyd and Warshall passes tasks on; then counts change on the way, or not.
        """
        passing, counting = self._passing[0].copy(), self._counting[0]
        np.fill_diagonal(passing, 0)
        for node in range(self.nodes):
            np.minimum(passing, passing[:, [node]] + passing[[node]], out=passing)
        np.minimum(passing, NO_LIMIT, out=passing)
        turned = _composed(counting, passing)
        return np.asarray(np.minimum(passing, _composed(passing, turned)))

    def slot(self, rep: int) -> Floats | None:
        """Give (K,) changes of the tiers if a rep could take one task more; None if unknown.

        One task more for the rep, one less somewhere, and tasks passed on from there to the rep.
        """
        closed = self.high[rep] <= 0  # no pair of it is among the moves
        if closed or any(goal.fair and self._has_ends(goal) for goal in self.goals):
            return None
        way = self._packing.unpack(self.toward(rep).cost[0])
        cost, at = _least(np.minimum(self._counting_full[:, [rep], :] + way[:, None, :], NO_LIMIT))
        zero = np.zeros_like(cost)
        if not _less(cost, zero)[0]:
            return np.zeros(len(self.goals))
        choice = self.choice.copy()
        node = int(at[0])
        while node != rep:
            following = int(self.toward(rep).step[0, node])
            given = int(self._seat[node, following])
            choice[given] = self._pair(given, following)
            node = following
        old, new = (
            [goal.value_of(goal.gain(one)) for goal in self.goals] for one in (self.choice, choice)
        )
        return np.asarray(np.array(new) - np.array(old), np.float64)

    def _layer(self, way: _Way, rep: int) -> int:
        return int(_less(way.cost[1][:, rep], way.cost[0][:, rep]))

    def change(self, pair: int) -> Change | None:
        """Give the cheapest plan with a pair as moves; None where there is none.

        The plan has the pair and, in the order of the tiers, the best gains among all plans that
        have it; from a tier on that makes an end of the shares worse, it may not be the best.
        """
        seat, rep = int(self.arrays.pair_seat[pair]), int(self.arrays.pair_rep[pair])
        goal = int(self.holder[seat])
        way = self.toward(goal)
        layer = self._layer(way, rep)
        if not self._can_have(pair, way, layer):
            return None
        moves: list[Move] = [(seat, pair)]
        exact, node = len(self.goals), rep
        while node != goal or layer:
            following = int(way.step[layer, node])
            if way.turn[layer, node]:
                worse = np.flatnonzero(self._worse[:, node, following])
                exact = min(exact, int(worse.min(initial=exact)))
                layer = 0
            else:
                given = int(self._seat[node, following])
                moves.append((given, self._pair(given, following)))
            node = following
            if len(moves) > self.nodes + 1:
                return None
        return Change(moves, exact) if len({s for s, _ in moves}) == len(moves) else None

    def _pair(self, seat: int, node: int) -> int:
        if node == self.nobody:
            return -1
        low, high = int(self.arrays.first[seat]), int(self.arrays.first[seat + 1])
        return low + int(np.searchsorted(self.arrays.pair_rep[low:high], node))


@dataclass(frozen=True, eq=False)
class _Packing:
    """Several numbers compared in order as one, where a sum of a way's worth of them fits.

    Parameters
    ----------
    unit, most
        (K,) what all costs of a tier are multiples of, and the most that a way can add up to in
        such units; None where tuples stay tuples.
    """

    unit: Ints
    most: list[int] | None

    @classmethod
    def of(cls, passing: Ints, counting: Ints, nodes: int) -> _Packing:
        """Find a packing for costs of single steps."""
        units, most = [], []
        for one, other in zip(passing, counting, strict=True):
            some = np.concatenate([one[one < NO_LIMIT], other[other < NO_LIMIT]])
            unit = int(np.gcd.reduce(some)) or 1
            units.append(unit)
            most.append((2 * nodes + 1) * (int(np.abs(some).max(initial=0)) // unit))
        fits = math.prod(2 * m + 1 for m in most) < NO_LIMIT // 2
        return cls(np.array(units, np.int64), most if fits else None)

    def pack(self, cost: Ints) -> Ints:
        """Turn (K, ...) costs into (1, ...)."""
        if self.most is None:
            return cost
        packed = np.zeros_like(cost[0])
        never = cost[0] >= NO_LIMIT
        for one, unit, most in zip(np.where(never, 0, cost), self.unit, self.most, strict=True):
            packed = packed * (2 * most + 1) + one // unit
        return np.where(never, NO_LIMIT, packed)[None]

    def unpack(self, packed: Ints) -> Ints:
        """Turn (1, N) costs back into (K, N); what is no cost stays none."""
        if self.most is None:
            return packed
        never, rest = packed[0] >= NO_LIMIT // 2, packed[0]
        out = np.zeros((len(self.most), len(rest)), np.int64)
        for k in range(len(self.most) - 1, -1, -1):
            size = 2 * self.most[k] + 1
            digit = (rest + self.most[k]) % size - self.most[k]
            out[k], rest = digit * self.unit[k], (rest - digit) // size
        out[0][never] = NO_LIMIT
        return out


def _least(cost: Ints) -> tuple[Ints, Ints]:
    """(K, N) the least of (K, N, M) tuples along the last axis, and (N,) where it is."""
    if len(cost) == 1:
        at = cost[0].argmin(axis=1)
        return np.minimum(cost[0][np.arange(len(at)), at], NO_LIMIT)[None], at
    alive = cost[0] == cost[0].min(axis=1, keepdims=True)
    for one in cost[1:]:
        masked = np.where(alive, one, np.iinfo(np.int64).max)
        alive &= masked == masked.min(axis=1, keepdims=True)
    at = alive.argmax(axis=1)
    least = np.take_along_axis(cost, at[None, :, None], axis=2)[:, :, 0]
    least[0] = np.minimum(least[0], NO_LIMIT)
    return least, at


def _less(one: Ints, other: Ints) -> Bools:
    """Tell where (K, ...) tuples are less than others, the first numbers first."""
    less = one[0] < other[0]
    if len(one) == 1:
        return np.asarray(less & (one[0] < NO_LIMIT // 2))
    same = one[0] == other[0]
    for a, b in zip(one[1:], other[1:], strict=True):
        less = less | (same & (a < b))
        same = same & (a == b)
    return np.asarray(less & (one[0] < NO_LIMIT // 2))


def _composed(one: Ints, other: Ints) -> Ints:
    """(N, N) the least cost of a step of one table and then one of the other."""
    out = np.full_like(one, NO_LIMIT)
    for node in range(len(one)):
        np.minimum(out, one[:, [node]] + other[[node]], out=out)
    return out
