"""How often each rep holds each task, by min-cost flows that do not grow with the periods.

Tasks flow to reps: a unit is a period of a pair. Tier after tier is one cost on the same network,
less the arcs that the optima of the earlier tiers leave no choice about: prices say which those
are, and prove each optimum. Only the order of the steps of a convex cost matters on such a
network, so every step is its rank.

References
----------
Ahuja, Magnanti and Orlin (1993), *Network Flows*, ch. 9 (optimality by reduced costs) and 14
(convex costs); Frank, A. and Murota, K. (2022), "Decreasing minimization on M-convex sets", Math.
Programming 195.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..engines.networks import Network, solve_network
from ..errors import EngineError
from ..scaling import same_in_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..columns import Bools, Ints
    from ..engines.rosters import Layout, Tally
    from .tallies import Term

COST_LIMIT = 2**61
"""Largest cost x nodes that the library's cost scaling can take."""

ENDS = ("minmax", "maxmin", "range")


@dataclass(frozen=True, eq=False)
class Counted:
    """What a flow says: (P,) counts, or that there are none; both None where it says nothing."""

    counts: Ints | None = None
    infeasible: bool = False


def is_flow(layout: Layout) -> bool:
    """Tell whether counts are bounded by sums over reps and over tasks alone."""
    coupled = layout.reach or layout.bands or layout.together or layout.releases
    return not coupled and layout.dues is None


def has_digits(layout: Layout, terms: Sequence[Term]) -> bool:
    """Tell whether every tier is a cost of a flow, the first mattering most."""
    exact = not any(term.tier.is_loose for term in terms[:-1])
    return exact and all(_is_digit(layout, term.tally) for term in terms)


def _is_digit(layout: Layout, tally: Tally) -> bool:
    """Whether a tier is a sum over arcs, or a convex cost of what a rep holds in all."""
    if tally.has_moves or (tally.loss * layout.novice).any():
        return False
    if tally.notion is None:
        return True
    return bool(same_in_groups(tally.coef, layout.rep, len(layout.low)).all())


def best_counts(layout: Layout, tallies: Sequence[Tally]) -> Counted:
    """Find counts that are best in every tier, the first mattering most."""
    face = _start(layout)
    if face is None:
        return Counted(infeasible=True)
    for tally in tallies:
        following = _ends(face, tally) if tally.notion in ENDS else face.best(face.costs(tally))
        if following is None:
            return Counted()
        face = following
    return Counted(face.counts)


def _ends(face: _Face, tally: Tally) -> _Face | None:
    """Bound what reps hold by the best end (both ends) of their shares.

    None where the library cannot count so far, or both ends cannot be reached at once: no range is
    smaller than their distance, but the best one is no flow then.
    """
    if not tally.who.any():
        return face
    unit = face.units(tally)[face.step_rep]
    before = tally.offset[face.step_rep] + unit * face.place
    counts = tally.who[face.step_rep] & (unit > 0)
    over, under = np.zeros(len(unit), bool), np.zeros(len(unit), bool)
    for end in ("leximax", "leximin"):
        ranked = replace(tally, notion=end)
        found = face.best(face.costs(ranked))
        if found is None:
            return None
        level = abs(ranked.gain(face.layout, found.counts)[0])
        if end == "leximax" and tally.notion != "maxmin":
            over = counts & (before + unit > level)
        elif end == "leximin" and tally.notion != "minmax":
            under = counts & (before < level)
    bounded = face.best(face.on_steps(over.astype(np.int64) - under))
    if bounded is None:
        return None
    used = bounded.amount[len(bounded.amount) - len(unit) :]
    return None if used[over].any() or not used[under].all() else bounded


def _start(layout: Layout) -> _Face | None:
    """Lay the network and find any counts; None where there are none.

    Arcs are the pairs (what must be, what may be), the open seats, and the steps of each rep.
    """
    pairs, tasks, reps = len(layout.rep), len(layout.seats), len(layout.low)
    supply = layout.most_held.sum(axis=1)
    there = (~layout.away).sum(axis=1)
    low, high = layout.low * there, np.maximum(layout.high * there, 0)
    low[[rep for release in layout.releases for rep in release.pool]] = 0
    short = layout.must & (supply < layout.seats * layout.periods)
    if (layout.least > layout.most).any() or (low > high).any() or short.any():
        return None
    step_rep = np.repeat(np.arange(reps), high)
    place = np.arange(len(step_rep)) - np.repeat(np.cumsum(high) - high, high)
    sink = tasks + reps
    opened = np.arange(tasks)
    to_reps = tasks + layout.rep
    tail = np.concatenate([layout.task, layout.task, opened, tasks + step_rep])
    head = np.concatenate([to_reps, to_reps, opened * 0 + sink, step_rep * 0 + sink])
    ones = np.ones(len(step_rep), np.int64)
    room = np.concatenate([layout.least, layout.most - layout.least, supply, ones])
    free = np.zeros(pairs, np.int64)
    first = np.concatenate(
        [free - 1, free, layout.must.astype(np.int64), -(place < low[step_rep]).astype(np.int64)]
    )
    supplies = np.concatenate([supply, np.zeros(reps, np.int64), [-supply.sum()]])
    amount, fixed = np.zeros(len(tail), np.int64), np.zeros(len(tail), bool)
    face = _Face(layout, tail, head, room, supplies, step_rep, place, amount, fixed)
    found = face.best(first)
    wanted = -int(layout.least.sum() + low.sum())
    assert found is not None  # its costs are 1 at most
    return found if int((found.amount * first).sum()) <= wanted else None


@dataclass(frozen=True, eq=False)
class _Face:
    """The counts that are best in every tier so far: arcs that are fixed, and arcs that are not."""

    layout: Layout
    tail: Ints
    head: Ints
    room: Ints
    supply: Ints
    step_rep: Ints
    place: Ints
    amount: Ints
    fixed: Bools

    @property
    def counts(self) -> Ints:
        """(P,) some counts on the face."""
        pairs = len(self.layout.rep)
        return self.amount[:pairs] + self.amount[pairs : 2 * pairs]

    def units(self, tally: Tally) -> Ints:
        """(R,) what each task adds to the share of a rep."""
        unit = np.zeros(len(self.layout.low), np.int64)
        unit[self.layout.rep] = tally.coef
        return unit

    def on_steps(self, cost: Ints | Bools) -> Ints:
        """Give (A,) a cost of steps alone."""
        out = np.zeros(len(self.tail), np.int64)
        out[len(out) - len(self.step_rep) :] = cost
        return out

    def costs(self, tally: Tally) -> Ints:
        """Give (A,) the cost of a tier: of pairs, or of the steps of reps."""
        if tally.notion is not None:
            return self.on_steps(_ranks(tally, self.units(tally), self.step_rep, self.place))
        out = np.zeros(len(self.tail), np.int64)
        out[: 2 * len(tally.coef)] = np.tile(-tally.coef, 2)
        return out

    def best(self, cost: Ints) -> _Face | None:
        """Give the part of the face that costs least; None where the library cannot count so far.

        Raises
        ------
        EngineError
            When a flow that was called optimal is not.
        """
        free = np.flatnonzero(~self.fixed)
        if int(np.abs(cost).max(initial=0)) * (len(self.supply) + 2) > COST_LIMIT:
            return None
        left = self.supply.copy()
        kept = np.where(self.fixed, self.amount, 0)
        np.subtract.at(left, self.tail, kept)
        np.add.at(left, self.head, kept)
        tail, head = self.tail[free].astype(np.int32), self.head[free].astype(np.int32)
        flow = solve_network(Network(tail, head, self.room[free], cost[free], left))
        if flow.status != "OPTIMAL":
            raise EngineError(f"a flow of counts is {flow.status}, and there always is one")
        amount = kept
        amount[free[flow.used]] = flow.amount
        price = _prices(tail, head, cost[free], self.room[free], amount[free], len(left))
        reduced = np.zeros(len(cost), np.int64)
        reduced[free] = cost[free] + price[tail] - price[head]
        return replace(self, amount=amount, fixed=self.fixed | (reduced != 0))


def _prices(tail: Ints, head: Ints, cost: Ints, room: Ints, amount: Ints, nodes: int) -> Ints:
    """(N,) prices by which no arc that could carry more or less would make a flow cheaper.

    Bellman and Ford on what is left of the network: there are prices unless some cycle is cheaper.

    Raises
    ------
    EngineError
        When there are none.
    """
    forth, back = amount < room, amount > 0
    tails = np.concatenate([tail[forth], head[back]])
    heads = np.concatenate([head[forth], tail[back]])
    costs = np.concatenate([cost[forth], -cost[back]])
    if not len(costs):
        return np.zeros(nodes, np.int64)
    order = np.argsort(heads, kind="stable")
    tails, heads, costs = tails[order], heads[order], costs[order]
    begin = np.flatnonzero(np.concatenate([[True], heads[1:] != heads[:-1]]))
    at, price = heads[begin], np.zeros(nodes, np.int64)
    for _ in range(nodes + 1):
        best = np.minimum(price[at], np.minimum.reduceat(price[tails] + costs, begin))
        if (best == price[at]).all():
            return price
        price[at] = best
    raise EngineError("a flow of counts is called optimal, and a cycle makes it cheaper")


def _ranks(tally: Tally, unit: Ints, rep: Ints, place: Ints) -> Ints:
    """Give the rank of each step of each rep among all of them.

    For ``leximax`` a step from share x to y costs as ``B**y - B**x`` with a huge ``B``: by y, then
    the larger x the cheaper. For ``leximin`` it gains as ``B**-x - B**-y``: by x, then the larger
    y the better. For ``l2`` it costs the difference of the squares.
    """
    before = tally.offset[rep] + unit[rep] * place
    after = before + unit[rep]
    counts = tally.who[rep] & (unit[rep] > 0)
    keys: tuple[Ints, ...]
    match tally.notion:
        case "leximin":
            keys = (-after, before)
        case "leximax":
            keys = (-before, after)
        case _:
            keys = (tally.factor[rep] * (after - before) * (after + before),)
    cost = np.zeros(len(rep), np.int64)
    chosen = [key[counts] for key in keys]
    order = np.lexsort(chosen)
    new = np.zeros(len(order), bool)
    for key in chosen:
        new[1:] |= key[order][1:] != key[order][:-1]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.cumsum(new)
    cost[counts] = rank + 1
    if tally.notion == "leximin":
        cost[counts] -= cost.max(initial=0) + 1
    return cost
