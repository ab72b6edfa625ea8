"""The search for a frontier: settled tiers and two axes in, points and what is unknown out.

First the two ends, each in two steps: the best of one gain, then the best of the other at that.
Then, where a weighted sum of both is a flow, all points on the convex hull by weighted sums. Then
box after box by the augmented epsilon-constraint: the best of one gain among the plans whose other
gain is at least so much, then the best of the other.

References
----------
Haimes, Y., Lasdon, L. and Wismer, D. (1971), "On a bicriterion formulation", IEEE Trans. SMC 1,
for the constraint; Mavrotas, G. (2009), "Effective implementation of the epsilon-constraint
method", Applied Math. and Computation 213, for the second step; Aneja, Y. and Nair, K. (1979),
"Bicriteria transportation problem", Management Science 25, for the weighted sums; Boland, N.,
Charkhgard, H. and Savelsbergh, M. (2015), "A criterion space search algorithm for biobjective
integer programming: the balanced box method", INFORMS J. on Computing 27, for the boxes.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..engines import CpSatEngine, FlowEngine, Outcome, Run, split_bound
from ..errors import EngineError
from .axes import LOW, Axis, weighted
from .regions import Box, Corner, Region

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..columns import Ints
    from ..engines import Engine
    from ..goals import Goal
    from ..shares import Gain

SHARE = 0.25
"""Share of the time left that one solve may take."""

SHORTEST = 0.2
"""Seconds that a solve gets in any case, as long as there are any left."""

PARTS = 16
"""Boxes wider than this part of the frontier are halved; narrower ones are gone through."""

FEW = 16
"""Boxes with no more gains than these are gone through in any case."""


@dataclass(frozen=True, eq=False)
class Found:
    """A plan that was found on the way.

    Parameters
    ----------
    choice
        (S,) the pair of each seat.
    corner
        Its two gains.
    values
        What the checker says x and y are.
    engine
        Who found it.
    """

    choice: Ints
    corner: Corner
    values: tuple[float, float]
    engine: str


@dataclass(eq=False)
class Search:
    """A frontier in the making.

    Parameters
    ----------
    axes
        The axis that is bounded, and the one that is optimised under the bound.
    settled
        The tiers that hold at every point, with the gain each is held to.
    run
        Clock, stop signals, workers, seed.
    start
        (S,) a plan that keeps the settled tiers, or None.
    check
        Gives x and y of a new plan; raises where it breaks a rule.
    tell
        Called after each solve, with the search.
    max_points
        Stop with so many points.
    """

    axes: tuple[Axis, Axis]
    settled: list[tuple[Goal, Gain]]
    run: Run
    start: Ints | None
    check: Callable[[Ints], tuple[float, float]]
    tell: Callable[[Search], None]
    max_points: int | None = None
    solves: int = 0
    found: list[Found] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.arrays = self.axes[0].goal.arrays
        self.region = Region(self.axes, (self._top(0), self._top(1)))
        self.final = self.run.deadline
        self._base = self._settled_flow()

    def _top(self, along: int) -> Gain:
        """Bound a gain by arithmetic, and by what splitting tasks would allow."""
        goal = self.axes[along].goal
        return split_bound(self.arrays, goal, self.run, self.start).best_gain

    # -- what is known -----------------------------------------------------------------------

    @property
    def points(self) -> list[Found]:
        """The plans found that no other one found is at least as good as, by the first gain."""
        first, second = (axis.goal for axis in self.axes)
        kept: list[Found] = []
        for one in sorted(self.found, key=lambda found: found.corner, reverse=True):
            if kept and not second.passes(one.corner[1], kept[-1].corner[1]):
                continue
            if kept and not first.passes(kept[-1].corner[0], one.corner[0]):
                kept.pop()  # as good in the first gain, but for rounding
            kept.append(one)
        return kept[::-1]

    def is_proved(self, one: Found) -> bool:
        """Tell whether no plan is at least as good in both gains and better in one."""
        exact = (axis.goal.is_exact_at(g) for axis, g in zip(self.axes, one.corner, strict=True))
        return all(exact) and not self.region.is_open(one.corner)

    @property
    def gap(self) -> float:
        """The share of the pairs of gains between the ends that is still unknown."""
        boxes, points = self.region.boxes, self.points
        if not boxes:
            return 0.0
        unknown = sum(self.region.size(box) for box in boxes)
        if not points or math.isinf(unknown):
            return 1.0
        corners = [one.corner for one in points]
        low = tuple(min([c[k] for c in corners] + [box.low[k] for box in boxes]) for k in (0, 1))
        high = tuple(max([c[k] for c in corners] + [box.high[k] for box in boxes]) for k in (0, 1))
        whole = self.region.size(Box((low[0], low[1]), (high[0], high[1])))
        return min(1.0, unknown / whole)

    # -- the run -----------------------------------------------------------------------------

    def go(self) -> None:
        """Search until nothing is unknown, the run is over, or there are points enough."""
        for along in (1, 0):
            if not self._is_enough():
                self._solve(along, LOW)
        if self._base is not None and not self._is_enough():
            self._supported(self._base)
        self._boxes()

    def _is_enough(self) -> bool:
        if self.run.is_over or not self.region.boxes:
            return True
        return self.max_points is not None and len(self.points) >= self.max_points

    def _boxes(self) -> None:
        """Take the largest box again and again; one that nothing came of has to wait."""
        waiting: set[Corner] = set()
        share = SHARE
        while not self._is_enough():
            boxes = [box for box in self.region.boxes if box.low not in waiting]
            if not boxes:
                if share == 1.0:
                    return
                waiting, share = set(), 1.0
                continue
            before = self.region.boxes, len(self.found)
            box = max(boxes, key=self.region.size)
            self._solve(1, self._bound_in(box), share)
            if before == (self.region.boxes, len(self.found)):
                waiting.add(box.low)

    def _bound_in(self, box: Box) -> Gain:
        """Choose the bound on the first gain: half-way in a wide box, else where the box begins."""
        low, high = box.low[0], box.high[0]
        axis, points = self.axes[0], self.points
        if low == LOW or len(points) < 2:
            return low
        whole = axis.steps(points[0].corner[0], points[-1].corner[0])
        halve = axis.steps(low, high) > max(whole / PARTS, FEW)
        return axis.middle(low, high) if halve else low

    # -- one solve ---------------------------------------------------------------------------

    def _solve(self, along: int, least: Gain, share: float = SHARE) -> None:
        """Find the best of one gain where the other is at least ``least``, then the other's."""
        flow = self._flow(along, least)
        if flow is None or not self._both_steps(flow, along, least, share):
            self._both_steps(self._model(along, least), along, least, share)
        self.tell(self)

    def _both_steps(self, engine: Engine, along: int, least: Gain, share: float) -> bool:
        """Try both steps with an engine; False where it had nothing to say."""
        outcome = self._optimise(engine, along, least, share)
        if outcome.infeasible:
            self.region.nothing_at(_corner(along, LOW, least))
            return True
        best = self._note(outcome, along, least, engine)
        if best is None:
            return False
        gain = best.corner[along]
        if not self.region.is_open(_corner(along, gain, best.corner[1 - along])):
            return True
        if not engine.keep(self.axes[along].goal, gain):
            return False
        second = self._optimise(engine, 1 - along, gain, share)
        return self._note(second, 1 - along, gain, engine) is not None

    def _optimise(self, engine: Engine, along: int, least: Gain, share: float) -> Outcome:
        """Optimise one gain within a share of the time that is left."""
        known = self._best_known(along, least)
        top = self.region.highest(along, least)
        if known is not None:
            gain = known.corner[along]
            if top is None or top <= gain:
                return Outcome(known.choice, gain)
            if self.run.is_over:
                return Outcome(known.choice)
        now = time.perf_counter()
        self.run.deadline = min(self.final, now + max(share * (self.final - now), SHORTEST))
        self.solves += 1
        try:
            goal = self.axes[along].goal.bounded(top)
            outcome = engine.optimise(goal, None if known is None else known.choice)
        finally:
            self.run.deadline = self.final
        if outcome.infeasible and known is not None:
            raise EngineError(f"{engine.name} calls the problem infeasible; a plan is at hand")
        return outcome

    def _note(self, outcome: Outcome, along: int, least: Gain, engine: Engine) -> Found | None:
        """Note a plan and a bound; give the plan where it is proved to be the best."""
        axis, other = self.axes[along], self.axes[1 - along]
        if outcome.choice is not None:
            found = self.add(outcome.choice, engine.name)
            if other.goal.passes(least, found.corner[1 - along]):
                raise EngineError(f"{engine.name} gave up what it was to keep")
        best = self._best_known(along, least)
        bound = outcome.bound or axis.goal.best_gain
        if best is None:
            self.region.nothing_at(_corner(along, axis.after(bound), least))
            return None
        gain = best.corner[along]
        if axis.goal.passes(gain, bound):
            raise EngineError(
                f"{engine.name} claims that {axis.goal.tier.label} cannot pass "
                f"{axis.value(bound):g}; a plan has {axis.value(gain):g}"
            )
        proved = axis.goal.meets(gain, bound)
        self.region.nothing_at(_corner(along, axis.after(gain if proved else bound), least))
        return best if proved else None

    def add(self, choice: Ints, engine: str) -> Found:
        """Note a plan: all that is no better in either gain is of no interest."""
        corner = self.axes[0].goal.gain(choice), self.axes[1].goal.gain(choice)
        same = next((one for one in self.found if one.corner == corner), None)
        if same is not None:
            return same
        found = Found(choice, corner, self.check(choice), engine)
        self.found.append(found)
        self.region.plan_at(corner)
        return found

    def _best_known(self, along: int, least: Gain) -> Found | None:
        """Give the best plan found in one gain where the other is at least ``least``."""
        goal = self.axes[1 - along].goal
        able = [one for one in self.found if not goal.passes(least, one.corner[1 - along])]
        return max(able, key=lambda one: (one.corner[along], one.corner[1 - along]), default=None)

    # -- engines -----------------------------------------------------------------------------

    def _flow(self, along: int, least: Gain) -> FlowEngine | None:
        """Make a flow on the face of the settled tiers; None where the bound is no face."""
        other = self.axes[1 - along]
        if self._base is None or not (least == LOW or other.is_level):
            return None
        flow = FlowEngine(self.arrays, self.run)
        flow.face = self._base.face
        return flow if least == LOW or flow.keep(other.goal, least) else None

    def _model(self, along: int, least: Gain) -> CpSatEngine:
        """Make a search that keeps the settled tiers, and the bound on the other gain."""
        goals = [goal for goal, _ in self.settled] + [axis.goal for axis in self.axes]
        search = CpSatEngine(self.arrays, self.run, goals)
        for goal, gain in self.settled:
            search.keep(goal, gain)
        if least != LOW:
            search.keep(self.axes[1 - along].goal, least)
        return search

    def _settled_flow(self) -> FlowEngine | None:
        """Settle the tiers before once more by flows, to have their face; None if they are none."""
        goals = [goal for goal, _ in self.settled]
        both = [axis.goal for axis in self.axes]
        if not FlowEngine.supports(self.arrays, [*goals, *both]):
            return None
        engine = FlowEngine(self.arrays, self.run)
        for goal, gain in self.settled:
            outcome = engine.optimise(goal, None)
            if outcome.bound is None or not goal.meets(gain, outcome.bound):
                return None
            if not engine.keep(goal, gain):
                return None
        return engine

    # -- the convex hull by flows --------------------------------------------------------------

    def _supported(self, base: FlowEngine) -> None:
        """Find the points on the hull: between two, the best of the sum that values both alike."""
        pairs = [(one, two) for one, two in zip(self.points, self.points[1:], strict=False)]
        while pairs and not self._is_enough():
            one, two = pairs.pop()
            found = self._between(base, one.corner, two.corner)
            if found is not None:
                pairs += [(one, found), (found, two)]

    def _between(self, base: FlowEngine, one: Corner, two: Corner) -> Found | None:
        """Find a plan beyond the line through two corners, or note that there is none."""
        (x1, y1), (x2, y2) = ((int(a[0]), int(b[0])) for a, b in (one, two))
        common = math.gcd(x2 - x1, y1 - y2)
        weights = (y1 - y2) // common, (x2 - x1) // common
        goal = weighted(*self.axes, weights)
        if goal is None or not FlowEngine.supports(self.arrays, [goal]):
            return None
        flow = FlowEngine(self.arrays, self.run)
        flow.face = base.face
        outcome = flow.optimise(goal, None)
        self.solves += 1
        if outcome.choice is None or outcome.bound is None:
            return None
        reached = goal.gain(outcome.choice)
        if goal.passes(reached, outcome.bound):
            raise EngineError("a flow claims less than it found")
        found = self.add(outcome.choice, flow.name)
        self.region.line(weights, int(outcome.bound[0]))
        if reached != outcome.bound or reached[0] <= weights[0] * x1 + weights[1] * y1:
            return None
        x, y = self.axes
        self.region.nothing_at((x.after(found.corner[0]), found.corner[1]))
        self.region.nothing_at((found.corner[0], y.after(found.corner[1])))
        self.tell(self)
        return found


def _corner(along: int, gain: Gain, other: Gain) -> Corner:
    """Give a corner by the gain along one axis and that along the other."""
    return (gain, other) if along == 0 else (other, gain)
