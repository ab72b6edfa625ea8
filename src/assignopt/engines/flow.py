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

from typing import TYPE_CHECKING

import numpy as np

from ..certificate import HallCertificate
from ..errors import EngineError
from ..scaling import NO_LIMIT, same_in_groups
from .faces import (
    Face,
    bound_and_face,
    face_of,
    match_network,
    min_cost_network,
    needs_network,
    prices,
    seat_starts,
    start_face,
)
from .networks import Flow, Network, run_network
from .running import Outcome, Run
from .steps import (
    has_units,
    is_symmetric,
    least_cost,
    needed_for,
    room_under,
    steps_of,
    unit_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from ..goals import Goal
    from ..shares import FairPart, Gain

COST_LIMIT = 2**61
"""Largest cost x nodes that the library's cost scaling can take."""


SYMMETRIC = ("leximax", "leximin", "l2", "gini", "nash")
"""Notions by which loads that are least majorised, and only these, are best."""


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
        self._supposed: list[Face] = []

    @staticmethod
    def supports(arrays: Arrays, goals: Sequence[Goal]) -> bool:
        """Tell whether these tiers, in this order, are flows."""
        if arrays.has_roles or arrays.groups or arrays.rows or arrays.overlapping:
            return False
        if arrays.load_gap is not None:
            return False
        if not _one_effort_each(arrays):
            return False
        exact = all(not goal.tier.is_loose for goal in goals[:-1])
        return exact and all(_supports_goal(arrays, goal) for goal in goals)

    def optimise(self, goal: Goal, incumbent: Ints | None) -> Outcome:
        """Maximise one goal on the face; remember the face of its optima."""
        del incumbent
        if (self.face.low > self.face.high).any():
            return Outcome(infeasible=True)
        notion = goal.fair[0][1].tier.notion if goal.fair else None
        match notion:
            case "minmax" | "maxmin":
                return self._level(goal)
            case "range":
                return self._window(goal)
            case "gini" if not self._total_is_fixed(goal.fair[0][1]):
                return Outcome()
            case _:
                filled = self._filled_up(goal)
                return (filled and self._fill_up(*filled)) or self._cheapest(goal)

    def _fill_up(self, face: Face, gain: Gain) -> Outcome | None:
        """Find a plan on the face of loads that nothing can beat; None where there is none."""
        used = self._fill(face.must, face.low, face.high)
        return None if used is None or isinstance(used, tuple) else self._on_face(face, used, gain)

    def _total_is_fixed(self, part: FairPart) -> bool:
        """Whether every plan of the face gives the reps measured the same number of tasks."""
        seats = self.arrays.pair_seat[self.face.pairs]
        measured = part.who[self.arrays.pair_rep[self.face.pairs]]
        return bool(self.face.must[seats].all() and measured.all())

    def keep(self, goal: Goal, gain: Gain) -> bool:
        """Restrict what follows to the optima of a goal: those just found, or of this gain."""
        if self._supposed:
            self._supposed.pop()
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

    def _face_of(self, goal: Goal, gain: Gain) -> Face | None:
        """Give the face of a gain that arithmetic alone proved best; None where it is no face."""
        if not self.can_hold(goal):
            return None
        if goal.has_all_seats_best(gain) and goal.linear is not None:
            return self._every_task_at_its_best(goal.linear)
        if goal.fair:
            m, part = goal.fair[0]
            unit = unit_of(part.coef, self.arrays)
            face, level = self.face, int(gain[0]) // m
            if part.tier.notion == "minmax":
                high = np.minimum(face.high, room_under(part, unit, level))
                return face_of(self.arrays, face.pairs, face.must, face.low, high)
            low = np.maximum(face.low, needed_for(part, unit, level))
            return Face(face.pairs, face.must, low, face.high)
        return None

    def suppose(self, goal: Goal) -> Gain | None:
        """Suppose that a tier reaches what counting alone allows, and restrict the face to that.

        For sums over pairs: every task has its best pair at once. For loads of one unit each:
        everybody is filled up to one level, or to their limit.

        Returns
        -------
        The gain supposed, which no plan passes; None where nothing can be supposed.
        """
        if not self.arrays.pairs:
            return None
        if goal.is_linear and goal.linear is not None:
            face = self._every_task_at_its_best(goal.linear)
            if face.must.sum() > face.high.sum():
                return None
            gain = goal.best_gain
        else:
            filled = self._filled_up(goal)
            if filled is None:
                return None
            full, gain = filled
            face = face_of(self.arrays, full.pairs, full.must, full.low, full.high)
        self._supposed.append(self.face)
        self.face = face
        return gain

    def forget(self) -> None:
        """Take all suppositions back."""
        self.face, self._next = self._supposed[0], None
        self._supposed = []

    def _filled_up(self, goal: Goal) -> tuple[Face, Gain] | None:
        """Fill all reps up to one level, as if everybody might take everything.

        The result is least majorised among all loads within the reps' limits, so that no plan is
        better by any symmetric notion; and plans with every rep at that level, one task below it,
        or at a limit below that are all alike.
        """
        part = goal.fair[0][1] if goal.fair else None
        if part is None or goal.linear is not None or len(goal.fair) > 1:
            return None
        if part.tier.notion not in SYMMETRIC or not is_symmetric(part, self.arrays):
            return None
        face, who = self.face, part.who
        if not self._total_is_fixed(part) or (face.low > face.high).any():
            return None
        unit = unit_of(part.coef, self.arrays)
        total = int(face.must.sum())
        if total > int(face.high[unit > 0].sum()):
            return None
        level = int(np.where(who, part.offset + unit * face.low, 0).max(initial=0))
        level = self._raise_level(part, unit, level, total, unit > 0)
        high = np.where(unit > 0, np.minimum(face.high, room_under(part, unit, level)), 0)
        below = np.minimum(high, room_under(part, unit, level - 1))
        low = np.where(unit > 0, np.maximum(face.low, below), 0)
        more, able = total - int(low.sum()), np.flatnonzero(low < high)
        if not 0 <= more <= len(able):
            return None
        shares = part.offset + unit * low
        shares[able[:more]] += unit[able[:more]]
        return Face(face.pairs, face.must, low, high), goal.gain_of(shares, who)

    def _every_task_at_its_best(self, linear: Ints) -> Face:
        face, arrays = self.face, self.arrays
        gain, seat = linear[face.pairs], arrays.pair_seat[face.pairs]
        if not len(seat):
            return face
        begin = seat_starts(seat)
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
        steps = steps_of(goal, face)
        largest = int(np.abs(gain).max(initial=0))
        largest = max(largest, max((int(np.abs(s).max(initial=0)) for s in steps or ()), default=0))
        if largest * (arrays.tasks + arrays.reps + 2) > COST_LIMIT:
            return Outcome()
        network = min_cost_network(arrays, face, gain, steps)
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
        bound, self._next = bound_and_face(arrays, face, gain, steps, priced)
        if goal.order is not None:
            return Outcome(choice, self._proved_order(goal, choice, steps, bound))
        return Outcome(choice, (bound - least_cost(goal, face),))

    def _proved_order(
        self, goal: Goal, choice: Ints, steps: list[Ints] | None, bound: int
    ) -> Gain | None:
        """Give the gain of a plan whose steps cost no more than prices say they must."""
        assert steps is not None
        count = np.bincount(self.arrays.pair_rep[choice[choice >= 0]], minlength=self.arrays.reps)
        taken = (count - self.face.low).tolist()
        paid = sum(int(step[:n].sum()) for step, n in zip(steps, taken, strict=True))
        return goal.gain(choice) if -paid == bound else None

    # -- levels of loads -------------------------------------------------------------------

    def _level(self, goal: Goal) -> Outcome:
        """Find the lowest (highest) level that all shares can keep to, by Newton steps on cuts."""
        part = goal.fair[0][1]
        unit = unit_of(part.coef, self.arrays)
        found = self._fill(self.face.must, self.face.low, self.face.high)
        if isinstance(found, tuple):
            return Outcome(infeasible=True)
        search = self._lowest if part.tier.notion == "minmax" else self._highest
        result = None if found is None else search(part, unit)
        if result is None:
            return Outcome()
        level, face, used = result
        return self._on_face(face, used, (goal.fair[0][0] * level,))

    def _window(self, goal: Goal) -> Outcome:
        """Find plans between the lowest highest and the highest lowest share, if there are any.

        No plan has a smaller range than the distance of the two, and a plan that has it has both;
        so these plans are the optima. With equal entitlements there always are some; where there
        are none, the range is no flow, and nothing is said.
        """
        part = goal.fair[0][1]
        unit = unit_of(part.coef, self.arrays)
        found = self._fill(self.face.must, self.face.low, self.face.high)
        if isinstance(found, tuple):
            return Outcome(infeasible=True)
        top = None if found is None else self._lowest(part, unit)
        end = None if top is None else self._highest(part, unit)
        if top is None or end is None:
            return Outcome()
        face = Face(top[1].pairs, top[1].must, end[1].low, top[1].high)
        if (face.low > face.high).any():
            return Outcome()
        used = self._fill(face.must, face.low, face.high)
        if used is None or isinstance(used, tuple):
            return Outcome()
        return self._on_face(face, used, (goal.fair[0][0] * (top[0] - end[0]),))

    def _on_face(self, face: Face, used: Ints, bound: Gain) -> Outcome:
        """Give the plan of a fill, and remember its face."""
        choice = np.full(self.arrays.seats, -1, np.int64)
        chosen = face.pairs[used]
        choice[self.arrays.pair_seat[chosen]] = chosen
        self._next = face_of(self.arrays, face.pairs, face.must, face.low, face.high)
        return Outcome(choice, bound)

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
            high = np.minimum(face.high, room_under(part, unit, level))
            found = self._fill(face.must, face.low, high)
            if found is None:
                return None
            if not isinstance(found, tuple):
                return level, Face(face.pairs, face.must, face.low, high), found
            tasks, reps = found

    def _raise_level(self, part: FairPart, unit: Ints, level: int, need: int, reps: Bools) -> int:
        """Find the least level at which these reps have room for ``need`` tasks."""

        def room(at: int) -> int:
            return int(np.minimum(self.face.high, room_under(part, unit, at))[reps].sum())

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
            low = np.maximum(face.low, needed_for(part, unit, level))
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
            return int(np.maximum(self.face.low, needed_for(part, unit, at))[reps].sum())

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
            found = self._saturate(*match_network(arrays, face, must, high), int(must.sum()))
            if found is None or isinstance(found, tuple):
                return found
            used = found
        if not low.any():
            return used
        found = self._saturate(*needs_network(arrays, face, low), int(low.sum()), needs=True)
        if found is None or isinstance(found, tuple):
            return found
        tight = Face(face.pairs, must, low, high)
        network = min_cost_network(arrays, tight, np.zeros(len(face.pairs), np.int64), None)
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


def _supports_goal(arrays: Arrays, goal: Goal) -> bool:
    if goal.is_linear:
        return True
    if goal.used or len(goal.fair) > 1:
        return False
    part = goal.fair[0][1]
    if part.tier.idle != "count" or not has_units(part, arrays):
        return False
    if part.tier.notion == "gini":
        return is_symmetric(part, arrays)
    return goal.linear is None or part.tier.notion == "l2"
