"""The door to the frontier: a Problem and two terms in, a :class:`Frontier` out."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

from ..check import audit
from ..engines import CpSatEngine
from ..errors import EngineError
from ..goals import compile_goal
from ..objectives import TIER, Fairness, Tier, maximises
from ..plan import Status, frame_of
from ..progress import Snapshot
from ..scaling import LIMIT
from ..session import Options, Session
from ..solving import check_options
from .axes import Axis, check_axis, kinds
from .results import UNKNOWN, Frontier, Point, holdings_of, points_frame
from .searching import Search

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from ..columns import Ints
    from ..goals import Goal
    from ..objectives import AnyTier
    from ..plan import Plan
    from ..problem import Problem
    from ..shares import Gain
    from .regions import Box
    from .searching import Found

    Place = tuple[Fraction, Fraction]

T = TypeVar("T")

SETTLING = 0.4
"""Share of the time that the tiers before the trade-off may take."""


def frontier(
    problem: Problem,
    *,
    x: Tier,
    y: Tier,
    before: Sequence[Tier] | None = None,
    time_limit: float = 60.0,
    max_points: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    on_progress: Callable[[Snapshot], None] | None = None,
    stop: threading.Event | None = None,
) -> Frontier:
    """Find the exact trade-off of two terms: every value of one that costs something of the other.

    A plan is on the frontier if no plan is at least as good in both terms and better in one, among
    the plans that keep the rules and are best in the tiers before. Points with the same two values
    count once. What is not known when the time is up is listed in boxes.

    Parameters
    ----------
    problem
        What to solve.
    x, y
        The terms: any tier without slack; of fairness ``minmax``, ``maxmin``, ``range``, ``l2``,
        ``gini`` and ``nash`` (at every point as many reps as possible have something then).
    before
        The tiers that hold at every point, most important first, with their slack; None = those of
        the problem's objective that stand before the first of the kind of ``x`` or ``y`` (in the
        default objective, for fairness or value: coverage).
    time_limit
        Seconds for everything.
    max_points
        Stop when so many points are known.
    seed, workers
        Of the searches, as in :func:`assignopt.solve`.
    on_progress
        Called after each solve with a :class:`Snapshot`: the point found last, and as ``gap`` the
        share of the frontier that is still unknown.
    stop
        Set it to stop; what was found is returned, as with Ctrl-C.

    Returns
    -------
    Frontier
        With ``points``, ``unknown``, ``gap``, ``complete``, ``plan(i)`` and ``plot()``.

    Raises
    ------
    ValueError
        When a term is no axis or both are the same, or an option is out of range.
    EngineError
        When an engine broke a rule or contradicted itself.

    Notes
    -----
    With ``N`` points there are about ``N + 1`` solves of two steps each: the best of one term with
    the other at a bound, then the best of the other at that. Values are compared as integers, so
    that the next bound is one integer away, and nothing is weighed by a large number. Where
    efforts are equal the points on the convex hull come from min-cost flows.

    References
    ----------
    Mavrotas, G. (2009), "Effective implementation of the epsilon-constraint method in
    multi-objective mathematical programming problems", Applied Mathematics and Computation 213.

    Examples
    --------
    Bo is worth more on every task: evenly shared, two tasks lose half of their value.

    >>> import assignopt as ao
    >>> problem = ao.Problem(
    ...     [ao.Rep("ana", fit={"b2b": 0.5}), ao.Rep("bo", fit={"b2b": 1.0})],
    ...     [ao.Task(f"t{i}", customer_type="b2b") for i in range(4)],
    ... )
    >>> found = ao.frontier(problem, x=ao.Fairness("minmax"), y=ao.Value())
    >>> found.points[["x", "y", "price"]].values.tolist()
    [[2.0, 3.0, 0.25], [3.0, 3.5, 0.125], [4.0, 4.0, 0.0]]
    >>> found.complete, found.plan(0).status
    (True, <Status.OPTIMAL: 'OPTIMAL'>)
    """
    started = time.perf_counter()
    check_options(time_limit, seed, workers, "auto")
    if max_points is not None and (isinstance(max_points, bool) or max_points < 1):
        raise ValueError(f"max_points {max_points!r}; allowed is 1 or more, or None for no limit")
    axes = _read_axes(x, y)
    tiers = tiers_before(problem, *axes) if before is None else tuple(before)
    options = Options(time_limit, seed, workers, "auto", None, False, None, stop)
    return _Trace(problem, axes, tiers, options, started).run(max_points, on_progress)


def _read_axes(x: Any, y: Any) -> tuple[AnyTier, AnyTier]:
    """Validate the two terms."""
    one, other = TIER.validate_python(x), TIER.validate_python(y)
    check_axis("x", one)
    check_axis("y", other)
    if one == other:
        raise ValueError(
            f"x and y are both {one.label}; a trade-off is between two terms. Give another y"
        )
    return one, other


def tiers_before(problem: Problem, x: AnyTier, y: AnyTier) -> tuple[AnyTier, ...]:
    """List the tiers of the objective before the first that speaks of what x or y speaks of.

    Examples
    --------
    >>> import assignopt as ao
    >>> tiers_before(ao.Problem([], []), ao.Fairness("range"), ao.Value())
    (Coverage(),)
    """
    wanted = kinds(x) | kinds(y)
    found: list[AnyTier] = []
    for tier in problem.objective:
        if kinds(tier) & wanted:
            break
        found.append(tier)
    return tuple(found)


class _Trace:
    """One frontier from a Problem to its frames."""

    def __init__(
        self,
        problem: Problem,
        axes: tuple[AnyTier, AnyTier],
        before: tuple[Tier, ...],
        options: Options,
        started: float,
    ) -> None:
        self.problem = problem.replace(objective=(*before, *axes))
        self.axes, self.options, self.started = axes, options, started
        # The axis that is fairness is bounded, as it has fewer values.
        self.swapped = isinstance(axes[1], Fairness) and not isinstance(axes[0], Fairness)
        first = replace(options, time_limit=SETTLING * options.time_limit)
        self.session = Session(problem.replace(objective=before), first, started)

    def run(
        self, max_points: int | None, on_progress: Callable[[Snapshot], None] | None
    ) -> Frontier:
        """Settle the tiers before, search, and make the frames."""
        plan = self.session.solve()
        if self.session.choice is None:
            closed = plan.status is Status.INFEASIBLE
            return self._frontier([], [], plan, gap=0.0 if closed else 1.0)
        search, settled = self._search(max_points, on_progress)
        assert self.session.choice is not None
        search.add(self.session.choice, plan.engine)
        search.go()
        if not settled or plan.status is not Status.OPTIMAL:
            return self._frontier(self._points(search, settled=False), [], plan, gap=1.0)
        boxes = [self._told(search, box) for box in search.region.boxes]
        return self._frontier(self._points(search, settled=True), boxes, plan, gap=search.gap)

    def _search(
        self, max_points: int | None, on_progress: Callable[[Snapshot], None] | None
    ) -> tuple[Search, bool]:
        """Compile the axes; tell besides whether what holds at every point is proved."""
        session = self.session
        run, kept = session.run, list(session.kept)
        reserve = session.started + session.options.time_limit - session.final_deadline
        run.deadline = self.started + self.options.time_limit - reserve
        run.report = None
        goals = [compile_goal(session.arrays, tier) for tier in self.axes]
        counted = [self._settle_count(goal, kept) for goal in goals]
        settled = all(counted)
        first, second = (Axis(goal) for goal in (goals[::-1] if self.swapped else goals))

        def tell(search: Search) -> None:
            if on_progress is not None and search.found:
                on_progress(self._snapshot(search))

        assert session.choice is not None
        search = Search((first, second), kept, run, session.choice, self._check, tell, max_points)
        return search, settled

    def _settle_count(self, goal: Goal, kept: list[tuple[Goal, Gain]]) -> bool:
        """For a product, let as many reps as possible have something at every point."""
        if goal.order is None or goal.order.tier.notion != "nash":
            return True
        session = self.session
        engine = CpSatEngine(session.arrays, session.run, [*(g for g, _ in kept), goal])
        for before, gain in kept:
            engine.keep(before, gain)
        outcome = engine.optimise(goal, session.choice)
        if outcome.choice is not None:
            session.choice = outcome.choice
        assert session.choice is not None
        count = goal.gain(session.choice)[0]
        kept.append((goal, (count, -LIMIT)))
        return outcome.bound is not None and outcome.bound[0] == count

    def _check(self, choice: Ints) -> tuple[float, float]:
        """Audit a plan; give x and y by their definitions."""
        found = audit(self.problem, holdings_of(self.problem, self.session.arrays, choice))
        if not found.ok:
            raise EngineError(f"a plan on the frontier breaks rules:\n{found}", found.violations)
        x, y = found.terms["value"].tolist()[-2:]
        return x, y

    def _snapshot(self, search: Search) -> Snapshot:
        last = search.found[-1]
        x, y = (tier.label for tier in self.axes)
        return Snapshot(
            elapsed=time.perf_counter() - self.started,
            term=f"{y} at {x} {last.values[0]:,.6g}",
            value=last.values[1],
            bound=None,
            gap=search.gap,
            engine=last.engine,
        )

    # -- what was found ------------------------------------------------------------------------

    def _in_order(self, pair: tuple[T, T]) -> tuple[T, T]:
        """Give x before y."""
        return (pair[1], pair[0]) if self.swapped else pair

    def _points(self, search: Search, *, settled: bool) -> list[Point]:
        """List the points by x, with what was proved of each and what bounds the others."""
        points = []
        for one, supported in zip(search.points, on_hull(search), strict=True):
            x, y = one.values
            proved = settled and search.is_proved(one)
            x_bound, y_bound = (x, y) if proved else self._bounds(search, one, settled=settled)
            points.append(Point(one.choice, x, y, x_bound, y_bound, proved, supported, one.engine))
        return sorted(points, key=lambda point: (point.x, point.y))

    def _bounds(self, search: Search, one: Found, *, settled: bool) -> tuple[float, float]:
        """Bound each term of a point among the plans that are at least as good in the other."""
        bounds = []
        for along, axis in enumerate(search.axes):
            known = search.region.highest(along, one.corner[1 - along])
            gain = one.corner[along] if known is None else max(known, one.corner[along])
            best = 1 if maximises(axis.goal.tier) else -1
            bounds.append(axis.value(gain) if settled else best * math.inf)
        return self._in_order((bounds[0], bounds[1]))

    def _told(self, search: Search, box: Box) -> tuple[float, float, float, float]:
        """Turn a box of gains into one of values: x from, x to, y from, y to."""
        sides = []
        for axis, low, high in zip(search.axes, box.low, box.high, strict=True):
            ends = sorted((axis.value(low), axis.value(high)))
            sides.append((ends[0] - axis.goal.error, ends[1] + axis.goal.error))
        x, y = self._in_order((sides[0], sides[1]))
        return (*x, *y)

    def _frontier(
        self,
        points: list[Point],
        boxes: list[tuple[float, float, float, float]],
        plan: Plan,
        gap: float,
    ) -> Frontier:
        if gap and not boxes:  # what holds at every point is not known: all of it may change
            boxes = [(-math.inf, math.inf, -math.inf, math.inf)]
        x, y = self.axes
        return Frontier(
            problem=self.problem,
            x=x,
            y=y,
            points=points_frame(points, y),
            unknown=frame_of(boxes, UNKNOWN),
            gap=gap,
            settled=plan,
            runtime=time.perf_counter() - self.started,
            arrays=self.session.arrays,
            found=tuple(points),
        )


def on_hull(search: Search) -> list[bool]:
    """Tell which points are best in some weighted sum of both terms, among those found."""
    xs = [
        [_number(axis, one.corner[k]) for one in search.points]
        for k, axis in enumerate(search.axes)
    ]
    places = list(zip(*xs, strict=True))
    hull: list[tuple[Fraction, Fraction]] = []
    for x, y in places:
        while len(hull) > 1 and _turns_left(hull[-2], hull[-1], (x, y)):
            hull.pop()
        hull.append((x, y))
    return [place in hull for place in places]


def _turns_left(a: Place, b: Place, c: Place) -> bool:
    """Whether ``b`` lies strictly below the line from ``a`` to ``c``."""
    return (b[0] - a[0]) * (c[1] - a[1]) > (c[0] - a[0]) * (b[1] - a[1])


def _number(axis: Axis, gain: Gain) -> Fraction:
    """Give a gain as a number that grows with the term's value, in proportion."""
    return Fraction(axis.value(gain)) if len(gain) > 1 else Fraction(gain[0])
