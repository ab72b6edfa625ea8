"""Min-cost flow: exact where every task of a rep costs the same and rules are bounds on counts.

Tasks flow to reps. What earlier tiers have settled is kept as the *optimal face*: the pairs, the
mandatory tasks and the bounds on counts that every optimal plan shares, found from dual prices.
No big-M costs anywhere. Every bound is computed here from the prices, in integers, so that it
holds whatever the library did.

References
----------
Ahuja, Magnanti and Orlin (1993), *Network Flows*, ch. 9 (optimality by reduced costs) and ch. 14
(convex costs as parallel arcs); Mendelsohn and Dulmage (1958) for lower bounds and mandatory
tasks; Hall (1935) for the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..certificate import HallCertificate
from ..errors import EngineError
from ..scaling import NO_LIMIT, same_in_groups
from .networks import Flow, Network, run_network
from .running import Outcome, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from ..goals import FairPart, Goal

COST_LIMIT = 2**61
"""Largest cost x nodes that the library's cost scaling can take."""


NEVER_FULL = 2
"""Room of a pair in a matching: more than its task, so that no cut ever runs through a pair."""


@dataclass(eq=False)
class Face:
    """The plans still allowed: pairs, mandatory tasks, bounds on each rep's count."""

    pairs: Ints
    must: Bools
    low: Ints
    high: Ints


class FlowEngine:
    """Solve tier after tier by flows on the face that the earlier tiers left.

    Parameters
    ----------
    arrays
        The compiled problem; :meth:`supports` must hold.
    run
        Clock and stop signals.
    """

    name = "flow"

    def __init__(self, arrays: Arrays, run: Run) -> None:
        self.arrays, self.run = arrays, run
        self.face = start_face(arrays)
        self.watch: Callable[[], None] | None = None
        self._next: Face | None = None
        self._before, self._assumed = self.face, False

    @staticmethod
    def supports(arrays: Arrays, goals: Sequence[Goal]) -> bool:
        """Tell whether these tiers, in this order, are flows."""
        if arrays.has_roles or arrays.groups or arrays.rows or arrays.overlapping:
            return False
        if arrays.load_gap is not None:
            return False
        if not _one_effort_each(arrays):
            return False
        exact = all(goal.tier.slack == 0 for goal in goals[:-1])
        return exact and all(_supports_goal(arrays, goal) for goal in goals)

    def optimise(self, goal: Goal, incumbent: Ints | None) -> Outcome:
        """Maximise one goal on the face; remember the face of its optima."""
        del incumbent
        if (self.face.low > self.face.high).any():
            return Outcome(infeasible=True)
        if goal.fair and goal.fair[0][1].tier.notion in ("minmax", "maxmin"):
            return self._level(goal)
        return self._cheapest(goal)

    def keep(self, goal: Goal, gain: int) -> bool:
        """Restrict what follows to the optima of a goal: those just found, or of this gain."""
        if self._assumed:
            self._assumed = False
            return True
        if self._next is None:
            self._next = self._face_of(goal, gain)
        if self._next is None:
            return False
        self.face, self._next = self._next, None
        return True

    @staticmethod
    def can_hold(goal: Goal) -> bool:
        """Tell whether a gain that arithmetic proved best is a face."""
        levels = ("minmax", "maxmin")
        return goal.is_linear or all(part.tier.notion in levels for _, part in goal.fair)

    def _face_of(self, goal: Goal, gain: int) -> Face | None:
        """Give the face of a gain that arithmetic alone proved best; None where it is no face."""
        if not self.can_hold(goal):
            return None
        if goal.is_linear and gain == goal.best_gain and goal.linear is not None:
            return self._every_task_at_its_best(goal.linear)
        if goal.fair:
            m, part = goal.fair[0]
            unit = _unit(part.coef, self.arrays)
            face, level = self.face, gain // m
            if part.tier.notion == "minmax":
                high = np.minimum(face.high, _room(part, unit, level))
                return _face(self.arrays, face.pairs, face.must, face.low, high)
            low = np.maximum(face.low, _needed(part, unit, level))
            return Face(face.pairs, face.must, low, face.high)
        return None

    def assume(self, goal: Goal) -> bool:
        """Suppose that every task can have its best pair at once, unless counts forbid it."""
        if not goal.is_linear or goal.linear is None or not self.arrays.pairs:
            return False
        face = self._every_task_at_its_best(goal.linear)
        if face.must.sum() > face.high.sum():
            return False
        self._before, self.face, self._assumed = self.face, face, True
        return True

    def forget(self) -> None:
        """Take the last supposition back."""
        self.face, self._next, self._assumed = self._before, None, False

    def _every_task_at_its_best(self, linear: Ints) -> Face:
        face, arrays = self.face, self.arrays
        gain, seat = linear[face.pairs], arrays.pair_seat[face.pairs]
        if not len(seat):
            return face
        begin = _starts(seat)
        best = np.maximum.reduceat(gain, begin)
        must = face.must.copy()
        must[seat[begin[best > 0]]] = True
        floor = np.where(must[seat[begin]], best, 0)
        tight = gain == np.repeat(floor, np.diff(np.append(begin, len(seat))))
        pairs = face.pairs if tight.all() else face.pairs[tight]
        return Face(pairs, must, face.low, face.high)

    def _solve(self, network: Network) -> Flow | None:
        """Solve a network; None when the run is over before it is."""
        if self.run.is_over:
            return None
        return run_network(
            network, lambda work, cancel: self.run.call(work, cancel=cancel, watch=self.watch)
        )

    # -- linear and convex goals -----------------------------------------------------------

    def _cheapest(self, goal: Goal) -> Outcome:
        face, arrays = self.face, self.arrays
        gain = np.zeros(len(face.pairs), np.int64)
        if goal.linear is not None:
            gain = goal.linear[face.pairs]
        steps = _steps(goal, face)
        largest = int(np.abs(gain).max(initial=0))
        largest = max(largest, max((int(np.abs(s).max(initial=0)) for s in steps or ()), default=0))
        if largest * (arrays.tasks + arrays.reps + 2) > COST_LIMIT:
            return Outcome()
        network = _min_cost_network(arrays, face, gain, steps)
        if network is None:
            return Outcome(infeasible=True)
        flow = self._solve(network)
        if flow is None or flow.status != "OPTIMAL":
            return Outcome(infeasible=flow is not None and flow.status == "INFEASIBLE")
        used = flow.used[: np.searchsorted(flow.used, len(face.pairs))]
        choice = np.full(arrays.seats, -1, np.int64)
        chosen = face.pairs[used]
        choice[arrays.pair_seat[chosen]] = chosen
        priced = self.run.call(
            lambda: prices(arrays, face, gain, steps, used, self.run), watch=self.watch
        )
        if priced is None:
            return Outcome(choice)
        bound, self._next = _bound_and_face(arrays, face, gain, steps, priced)
        return Outcome(choice, bound - _least_cost(goal, face))

    # -- levels of loads -------------------------------------------------------------------

    def _level(self, goal: Goal) -> Outcome:
        """Find the lowest (highest) level that all shares can keep to, by Newton steps on cuts."""
        part = goal.fair[0][1]
        unit = _unit(part.coef, self.arrays)
        found = self._fill(self.face.must, self.face.low, self.face.high)
        if isinstance(found, tuple):
            return Outcome(infeasible=True)
        search = self._lowest if part.tier.notion == "minmax" else self._highest
        result = None if found is None else search(part, unit)
        if result is None:
            return Outcome()
        level, face, used = result
        choice = np.full(self.arrays.seats, -1, np.int64)
        chosen = face.pairs[used]
        choice[self.arrays.pair_seat[chosen]] = chosen
        self._next = _face(self.arrays, face.pairs, face.must, face.low, face.high)
        return Outcome(choice, goal.fair[0][0] * level)

    def _lowest(self, part: FairPart, unit: Ints) -> tuple[int, Face, Ints] | None:
        """Minimise the highest share.

        Of any set of mandatory tasks the reps who may take them must have room for all: each cut
        that a flow runs into raises the level to where its own inequality holds.
        """
        face = self.face
        who = part.who
        level = int(np.where(who, part.offset + unit * face.low, 0).max(initial=0))
        tasks, reps = np.flatnonzero(face.must), np.ones(self.arrays.reps, bool)
        while True:
            level = self._raise_level(part, unit, level, len(tasks), reps)
            high = np.minimum(face.high, _room(part, unit, level))
            found = self._fill(face.must, face.low, high)
            if found is None:
                return None
            if not isinstance(found, tuple):
                return level, Face(face.pairs, face.must, face.low, high), found
            tasks, reps = found

    def _raise_level(self, part: FairPart, unit: Ints, level: int, need: int, reps: Bools) -> int:
        """Find the least level at which these reps have room for ``need`` tasks."""

        def room(at: int) -> int:
            return int(np.minimum(self.face.high, _room(part, unit, at))[reps].sum())

        if room(level) >= need:
            return level
        step = 1
        while room(level + step) < need:
            step *= 2
        low, high = level + step // 2, level + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if room(middle) >= need else (middle, high)
        return high

    def _highest(self, part: FairPart, unit: Ints) -> tuple[int, Face, Ints] | None:
        """Maximise the lowest share; each cut lowers the level to where it can be met."""
        face, arrays = self.face, self.arrays
        who = part.who
        if not who.any():
            fill = self._fill(face.must, face.low, face.high)
            return None if fill is None or isinstance(fill, tuple) else (0, face, fill)
        level = int((part.offset + unit * face.high)[who].min())
        reps = who.copy()
        tasks = len(np.unique(arrays.pair_seat[face.pairs]))
        while True:
            level = self._lower_level(part, unit, level, tasks, reps)
            low = np.maximum(face.low, _needed(part, unit, level))
            found = self._fill(face.must, low, face.high)
            if found is None:
                return None
            if not isinstance(found, tuple):
                return level, Face(face.pairs, face.must, low, face.high), found
            within, reps = found
            tasks = len(within)

    def _lower_level(self, part: FairPart, unit: Ints, level: int, have: int, reps: Bools) -> int:
        """Find the greatest level at which these reps need ``have`` tasks at most."""

        def need(at: int) -> int:
            return int(np.maximum(self.face.low, _needed(part, unit, at))[reps].sum())

        if need(level) <= have:
            return level
        step = 1
        while need(level - step) > have:
            step *= 2
        low, high = level - step, level - step // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if need(middle) <= have else (low, middle)
        return low

    # -- all mandatory tasks, all least counts ---------------------------------------------

    def _fill(self, must: Bools, low: Ints, high: Ints) -> Ints | tuple[Ints, Bools] | None:
        """Assign all mandatory tasks and meet all least counts, or show a cut that forbids it.

        Each of the two can be had alone exactly if both can be had together (Mendelsohn and
        Dulmage).

        Returns
        -------
        positions in ``face.pairs`` that are used; or (tasks, reps) of a violated cut: mandatory
        tasks that only these reps may take, or the only tasks for reps who need more; None when
        the run is over first.
        """
        face, arrays = self.face, self.arrays
        used: Ints = np.zeros(0, np.int64)
        if must.any():
            found = self._saturate(*_match_network(arrays, face, must, high), int(must.sum()))
            if found is None or isinstance(found, tuple):
                return found
            used = found
        if not low.any():
            return used
        found = self._saturate(*_needs_network(arrays, face, low), int(low.sum()), needs=True)
        if found is None or isinstance(found, tuple):
            return found
        tight = Face(face.pairs, must, low, high)
        network = _min_cost_network(arrays, tight, np.zeros(len(face.pairs), np.int64), None)
        flow = None if network is None else self._solve(network)
        if flow is None:
            return None
        if flow.status != "OPTIMAL":
            raise EngineError(f"flow with mandatory tasks and least counts: {flow.status}")
        return flow.used[: np.searchsorted(flow.used, len(face.pairs))]

    def _saturate(
        self, network: Network, places: Ints, wanted: int, *, needs: bool = False
    ) -> Ints | tuple[Ints, Bools] | None:
        """Send ``wanted`` units: the places used, or the tasks and reps of a cut.

        Raises
        ------
        EngineError
            When the cut the library shows is none: a pair leads out of it.
        """
        flow = self._solve(network)
        if flow is None:
            return None
        if flow.status != "OPTIMAL":
            raise EngineError(f"a maximum flow ended with {flow.status}")
        if flow.total == wanted:
            return places[flow.used[: np.searchsorted(flow.used, len(places))]]
        arrays = self.arrays
        first_rep = arrays.seats
        tasks, reps = np.zeros(arrays.seats, bool), np.zeros(arrays.reps, bool)
        tasks[flow.side[flow.side < first_rep]] = True
        inside = (flow.side >= first_rep) & (flow.side < first_rep + arrays.reps)
        reps[flow.side[inside] - first_rep] = True
        from_task = tasks[arrays.pair_seat[self.face.pairs[places]]]
        from_rep = reps[arrays.pair_rep[self.face.pairs[places]]]
        if (from_rep & ~from_task if needs else from_task & ~from_rep).any():
            raise EngineError("the flow library shows a cut that a pair leads out of")
        return np.flatnonzero(tasks), reps

    def find_certificate(self) -> HallCertificate | None:
        """Look for mandatory tasks with too little room, or reps who need more than there is."""
        face, arrays = self.face, self.arrays
        alone = np.flatnonzero(arrays.mandatory & (np.diff(arrays.first) == 0))
        if len(alone):
            nobody = np.zeros(arrays.reps, bool)
            return HallCertificate.of_tasks(arrays, alone, nobody, face.high)
        short = np.flatnonzero(face.low > face.high)
        if len(short):
            reps = np.zeros(arrays.reps, bool)
            reps[short[0]] = True
            tasks = np.unique(arrays.pair_seat[reps[arrays.pair_rep]])
            return HallCertificate.of_needs(arrays, tasks, reps, face.low, face.high)
        found = self._fill(face.must, np.zeros(arrays.reps, np.int64), face.high)
        if isinstance(found, tuple):
            return HallCertificate.of_tasks(arrays, *found, face.high)
        found = self._fill(np.zeros(arrays.seats, bool), face.low, face.high)
        if isinstance(found, tuple):
            return HallCertificate.of_needs(arrays, *found, face.low, face.high)
        return None


def find_certificate(arrays: Arrays, run: Run) -> HallCertificate | None:
    """Look for a proof by counting that no plan exists."""
    engine = FlowEngine(arrays, run)
    engine.face.pairs = np.arange(arrays.pairs)  # those who can take nothing are part of the proof
    return engine.find_certificate()


def start_face(arrays: Arrays) -> Face:
    """Give the face of all plans that keep the rules."""
    low, high = count_bounds(arrays)
    degree = np.bincount(arrays.pair_rep, minlength=arrays.reps)
    high = np.minimum(high, degree)
    return _face(arrays, np.arange(arrays.pairs), arrays.mandatory.copy(), low, high)


def _face(arrays: Arrays, pairs: Ints, must: Bools, low: Ints, high: Ints) -> Face:
    """Make a face without the pairs of reps who can take nothing."""
    closed = high <= 0
    if closed.any():
        pairs = pairs[~closed[arrays.pair_rep[pairs]]]
    return Face(pairs, must, low, high)


# -- structure ---------------------------------------------------------------------------------


def _one_effort_each(arrays: Arrays) -> bool:
    """Whether all pairs of each rep whose load is bounded cost the same."""
    least, most = arrays.load_bounds
    bounded = (most < NO_LIMIT) | (least > 0)
    if not bounded.any():
        return True
    rounded = arrays.rounded
    same = same_in_groups(rounded.down, arrays.pair_rep, arrays.reps)
    same &= same_in_groups(rounded.up, arrays.pair_rep, arrays.reps)
    return bool(same[bounded].all())


def count_bounds(arrays: Arrays) -> tuple[Ints, Ints]:
    """Turn bounds on loads into bounds on counts: exact for equal efforts, else a relaxation."""
    low, high = (bound.copy() for bound in arrays.count_bounds)
    least, most = arrays.load_bounds
    if (most < NO_LIMIT).any() or (least > 0).any():
        down, up = np.full(arrays.reps, NO_LIMIT), np.zeros(arrays.reps, np.int64)
        np.minimum.at(down, arrays.pair_rep, arrays.rounded.down)
        np.maximum.at(up, arrays.pair_rep, arrays.rounded.up)
        some = (most < NO_LIMIT) & (down > 0)
        high = np.where(some, np.minimum(high, most // np.maximum(down, 1)), high)
        never = np.bincount(arrays.pair_rep, minlength=arrays.reps) + 1
        wanted = np.where(up > 0, -(-least // np.maximum(up, 1)), never)
        low = np.where(least > 0, np.maximum(low, wanted), low)
    return low, high


def _unit(values: Ints, arrays: Arrays) -> Ints:
    """(R,) the one value that all pairs of a rep have; 0 without pairs."""
    unit = np.zeros(arrays.reps, np.int64)
    unit[arrays.pair_rep] = values
    return unit


def _supports_goal(arrays: Arrays, goal: Goal) -> bool:
    if goal.is_linear:
        return True
    if goal.used or len(goal.fair) > 1:
        return False
    part = goal.fair[0][1]
    if part.tier.idle != "count":
        return False
    if not same_in_groups(part.coef, arrays.pair_rep, arrays.reps).all():
        return False
    if part.tier.notion in ("minmax", "maxmin"):
        return goal.linear is None
    return part.tier.notion == "l2"


def _steps(goal: Goal, face: Face) -> list[Ints] | None:
    """List, for each rep, what each further task above its least count costs."""
    if not goal.fair:
        return None
    m, part = goal.fair[0]
    unit = _unit(part.coef, goal.arrays)
    assert part.factor is not None
    steps = []
    for r in range(goal.arrays.reps):
        count = np.arange(face.low[r], face.high[r] + 1)
        cost = -m * part.factor[r] * (part.offset[r] + unit[r] * count) ** 2
        steps.append(np.diff(cost))
    return steps


def _least_cost(goal: Goal, face: Face) -> int:
    """Add up what the reps' least counts cost, which no flow can change."""
    if not goal.fair:
        return 0
    m, part = goal.fair[0]
    assert part.factor is not None
    share = part.offset + _unit(part.coef, goal.arrays) * face.low
    return -m * int((part.factor * share**2).sum())


def _room(part: FairPart, unit: Ints, level: int) -> Ints:
    """(R,) how many tasks fit under a share of ``level``."""
    room = np.floor_divide(level - part.offset, np.maximum(unit, 1))
    bounded = part.who & (unit > 0)
    return np.where(bounded, np.maximum(room, 0), NO_LIMIT)


def _needed(part: FairPart, unit: Ints, level: int) -> Ints:
    """(R,) how many tasks lift a share to ``level``."""
    needed = -np.floor_divide(part.offset - level, np.maximum(unit, 1))
    return np.where(part.who & (unit > 0), np.maximum(needed, 0), 0)


# -- networks ----------------------------------------------------------------------------------


def _min_cost_network(
    arrays: Arrays, face: Face, gain: Ints, steps: list[Ints] | None
) -> Network | None:
    """Write the face as a network, its pairs first; None where a mandatory task has no pair."""
    seat = arrays.pair_seat[face.pairs]
    present = seat[_starts(seat)]
    if face.must.sum() > face.must[present].sum():
        return None
    node = np.full(arrays.seats, -1, np.int32)
    node[present] = np.arange(len(present), dtype=np.int32)
    first_rep, sink = len(present), len(present) + arrays.reps
    free = node[present[~face.must[present]]]
    tail, room, cost = _rep_arcs(face, steps)
    supply = np.concatenate([np.ones(len(present), np.int64), -face.low, [0]])
    supply[-1] = -supply.sum()
    return Network(
        _joined(node[seat], free, first_rep + tail),
        _joined(first_rep + arrays.pair_rep[face.pairs], np.full(len(free) + len(tail), sink)),
        np.concatenate([np.ones(len(seat) + len(free), np.int64), room]),
        np.concatenate([-gain, np.zeros(len(free), np.int64), cost]),
        supply,
    )


def _joined(*parts: Ints) -> Ints:
    """Join nodes of arcs, as the library wants them."""
    return np.concatenate([part.astype(np.int32) for part in parts])


def _rep_arcs(face: Face, steps: list[Ints] | None) -> tuple[Ints, Ints, Ints]:
    """List the arcs from reps to the sink: one each, or one for each step of a convex cost."""
    reps = np.arange(len(face.low))
    if steps is None:
        return reps, face.high - face.low, np.zeros(len(reps), np.int64)
    sizes = np.array([len(s) for s in steps], np.int64)
    cost = np.concatenate([*steps, np.zeros(0, np.int64)])
    return np.repeat(reps, sizes), np.ones(len(cost), np.int64), cost


def _match_network(arrays: Arrays, face: Face, must: Bools, high: Ints) -> tuple[Network, Ints]:
    """Send every mandatory task to a rep with room; the second part lists the pairs' places."""
    seat, rep = arrays.pair_seat[face.pairs], arrays.pair_rep[face.pairs]
    wanted, mine = np.flatnonzero(must), np.flatnonzero(must[seat])
    first_rep, reps = arrays.seats, np.arange(arrays.reps)
    source, sink = arrays.seats + arrays.reps, arrays.seats + arrays.reps + 1
    pairs, single = np.full(len(mine), NEVER_FULL), np.ones(len(wanted), np.int64)
    network = Network(
        _joined(seat[mine], np.full(len(wanted), source), first_rep + reps),
        _joined(first_rep + rep[mine], wanted, np.full(len(reps), sink)),
        np.concatenate([pairs, single, np.minimum(high, len(wanted))]),
        None,
        np.array([source, sink]),
    )
    return network, mine


def _needs_network(arrays: Arrays, face: Face, low: Ints) -> tuple[Network, Ints]:
    """Send each rep as many tasks as it needs; the second part lists the pairs' places."""
    seat, rep = arrays.pair_seat[face.pairs], arrays.pair_rep[face.pairs]
    first_rep, reps = arrays.seats, np.arange(arrays.reps)
    source, sink = arrays.seats + arrays.reps, arrays.seats + arrays.reps + 1
    tasks = np.arange(arrays.seats)
    network = Network(
        _joined(first_rep + rep, np.full(len(reps), source), tasks),
        _joined(seat, first_rep + reps, np.full(len(tasks), sink)),
        np.concatenate([np.full(len(seat), NEVER_FULL), low, np.ones(len(tasks), np.int64)]),
        None,
        np.array([source, sink]),
    )
    return network, np.arange(len(seat))


# -- prices ------------------------------------------------------------------------------------


def prices(
    arrays: Arrays, face: Face, gain: Ints, steps: list[Ints] | None, used: Ints, run: Run
) -> Ints | None:
    """Find (R,) prices of the reps' slots that prove a flow optimal, by shortest paths.

    Relaxes ``price_r <= gain_tr - best_t`` over the tasks ``t`` that ``r`` holds, ``best_t`` being
    the best surplus ``max_b gain_tb - price_b`` the task has elsewhere (0 if it may stay
    unassigned), until nothing changes.

    Returns
    -------
    numpy.ndarray or None
        None when there are no such prices: the flow was not optimal.
    """
    if not arrays.reps or not len(face.pairs):
        return np.zeros(arrays.reps, np.int64)
    seat, rep = arrays.pair_seat[face.pairs], arrays.pair_rep[face.pairs]
    begin = _starts(seat)
    optional = ~face.must[seat[begin]]
    row = np.searchsorted(begin, used, side="right") - 1
    held_gain, held_rep = gain[used], rep[used]
    taken = np.zeros(len(begin), bool)
    taken[row] = True
    count = np.bincount(held_rep, minlength=arrays.reps)
    above, below = _slopes(face, steps, count)
    price = np.zeros(arrays.reps, np.int64)
    outside = 0
    order = np.argsort(held_rep, kind="stable")
    owners, starts = np.unique(held_rep[order], return_index=True)
    for _ in range(arrays.reps + 2):
        if run.is_over:
            return None
        best = np.maximum.reduceat(gain - price[rep], begin)
        best[optional] = np.maximum(best[optional], -outside)
        new = np.minimum(price, np.where(above < NO_LIMIT, outside + above, price))
        if len(used):
            cap = np.minimum.reduceat((held_gain - best[row])[order], starts)
            new[owners] = np.minimum(new[owners], cap)
        floor = np.where(below > -NO_LIMIT, new - below, outside).min(initial=outside)
        idle = best[optional & ~taken]
        new_outside = min(outside, int(floor), int((-idle).min(initial=outside)))
        if new_outside == outside and np.array_equal(new, price):
            return price - outside
        price, outside = new, new_outside
    return None


def _slopes(face: Face, steps: list[Ints] | None, count: Ints) -> tuple[Ints, Ints]:
    """Give each rep the cost of one more task, and of its last one."""
    more, fewer = count < face.high, count > face.low
    if steps is None:
        zero = np.zeros(len(count), np.int64)
        return np.where(more, zero, NO_LIMIT), np.where(fewer, zero, -NO_LIMIT)
    at = count - face.low
    above = [s[a] if m else NO_LIMIT for s, a, m in zip(steps, at, more, strict=True)]
    below = [s[a - 1] if f else -NO_LIMIT for s, a, f in zip(steps, at, fewer, strict=True)]
    return np.array(above, np.int64), np.array(below, np.int64)


def _starts(seat: Ints) -> Ints:
    """Find where each seat begins among sorted seats."""
    return np.flatnonzero(np.diff(seat, prepend=-1))


def _bound_and_face(
    arrays: Arrays, face: Face, gain: Ints, steps: list[Ints] | None, price: Ints
) -> tuple[int, Face]:
    """Compute the dual bound that any prices give, and the face of plans that attain it.

    ``sum_t max_r (gain_tr - price_r) + sum_r max_n (price_r n - cost_r(n))``.
    """
    seat, rep = arrays.pair_seat[face.pairs], arrays.pair_rep[face.pairs]
    surplus = gain - price[rep]
    begin = _starts(seat)
    tasks = seat[begin]
    best = np.maximum.reduceat(surplus, begin) if len(seat) else surplus
    best = np.where(face.must[tasks], best, np.maximum(best, 0))
    if steps is None:
        low = np.where(price > 0, face.high, face.low)
        high = np.where(price < 0, face.low, face.high)
        rent = int((price * low).sum())
    else:
        low = face.low + [int((s < p).sum()) for s, p in zip(steps, price, strict=True)]
        high = face.low + [int((s <= p).sum()) for s, p in zip(steps, price, strict=True)]
        paid = [int(np.maximum(p - s, 0).sum()) for s, p in zip(steps, price, strict=True)]
        rent = sum(paid) + int((price * face.low).sum())
    must = face.must.copy()
    must[tasks[best > 0]] = True
    lengths = np.diff(np.append(begin, len(seat))).astype(np.int64)
    tight = surplus == np.repeat(best, lengths)
    return int(best.sum()) + rent, _face(arrays, face.pairs[tight], must, low, high)
