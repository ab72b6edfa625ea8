"""Frontier: the points of a trade-off, what is unknown of it, and the plan behind each point."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..check import audit
from ..errors import EngineError, NoSolutionError
from ..holdings import Holdings
from ..objectives import Tier, maximises
from ..plan import TERMS, Plan, Status, frame_of, plan_frames
from ..plot import frontier_chart
from ..reasons import unassigned_frame
from ..wording import counted

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Ints
    from ..problem import Problem

POINTS = {
    "x": "float64",
    "y": "float64",
    "proved": "bool",
    "supported": "bool",
    "price": "float64",
    "engine": "str",
}
UNKNOWN = {"x_low": "float64", "x_high": "float64", "y_low": "float64", "y_high": "float64"}


@dataclass(frozen=True, eq=False)
class Point:
    """A plan on the frontier, with what bounds each of its terms given the other."""

    choice: Ints
    x: float
    y: float
    x_bound: float
    y_bound: float
    proved: bool
    supported: bool
    engine: str


@dataclass(frozen=True, eq=False)
class Frontier:
    """The trade-off of two terms; made by :func:`assignopt.frontier`.

    Parameters
    ----------
    problem
        What was solved; its objective is the tiers that hold at every point, then x, then y.
    x, y
        The terms.
    points
        Frame, a row for each point, by x:

        * ``x``, ``y``: the values of the terms;
        * ``proved``: no plan is at least as good in both and better in one;
        * ``supported``: of the points listed, it is best in some weighted sum of x and y. The
          others are never found by weighing the terms against each other;
        * ``price``: how far y is from the best y there is among the points,
          ``|y_best - y| / max(|y|, |y_best|)``. Where more y is better and none is negative, that
          is ``1 - y / y_best``, the price of fairness if x is a fairness; where less is better,
          ``1 - y_best / y``. 0 where y is the best;
        * ``engine``: who found it.
    unknown
        Frame of boxes, ends included: ``x_low``, ``x_high``, ``y_low``, ``y_high``. Whatever point
        is missing lies in one of them.
    gap
        The share of the pairs of values between the ends that lies in boxes; 0 when nothing is
        unknown, 1 when an end is.
    settled
        The plan of the tiers before, from which the search started.
    runtime
        Seconds.

    Examples
    --------
    >>> import assignopt as ao
    >>> tasks = [ao.Task("t1", value=3, owner="ana"), ao.Task("t2", value=1, owner="ana")]
    >>> problem = ao.Problem([ao.Rep("ana", fit={}), ao.Rep("bo")], tasks)
    >>> found = ao.frontier(problem, x=ao.Moves(), y=ao.Fairness("maxmin", of="count"))
    >>> print(found)  # doctest: +ELLIPSIS
    maxmin(count per weight) (more is better) by moves (less is better): 2 points, complete (... s)
      moves  maxmin(count per weight)   price  proof
          0                         0 100.00%  proved
          1                         1   0.00%  proved
    """

    problem: Problem
    x: Tier
    y: Tier
    points: pd.DataFrame
    unknown: pd.DataFrame
    gap: float
    settled: Plan
    runtime: float
    arrays: Arrays = field(repr=False)
    found: tuple[Point, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.found)

    @property
    def complete(self) -> bool:
        """Whether every point is known and proved; also where it is proved that there is none."""
        return self.unknown.empty and bool(self.points["proved"].all())

    @property
    def knee(self) -> int | None:
        """The point farthest beyond the straight line between the ends, both terms scaled to 1.

        None where no point is beyond it.
        """
        if len(self) < 3:
            return None
        x, y = (self._scaled(name) for name in ("x", "y"))
        beyond = x + y - 1  # the ends are (1, 0) and (0, 1), more being better on both
        at = int(beyond.argmax())
        return at if beyond[at] > 1e-9 else None

    def _scaled(self, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(N,) a term from 0 at its worse end to 1 at its better."""
        value = self.points[name].to_numpy()
        share = (value - value.min()) / (value.max() - value.min())
        return np.asarray(share if maximises(getattr(self, name)) else 1 - share)

    def plan(self, i: int) -> Plan:
        """Give the plan of a point, audited.

        Its terms are the tiers before, x and y. The bound of x is what no plan beats that is at
        least as good in y and in the tiers before, and that of y likewise; the status is OPTIMAL
        if the point is proved.

        Parameters
        ----------
        i
            Row of ``points``; negative ones count from the end.

        Raises
        ------
        NoSolutionError
            When there is no point at all, with the reason.
        IndexError
            When there is no such row.
        EngineError
            When the plan breaks a rule.
        """
        if not self.found:
            self.settled.raise_for_status()
            raise NoSolutionError("no point was found in time. Allow more time")
        if not -len(self) <= i < len(self):
            raise IndexError(f"point {i} is not there; allowed are 0 to {len(self) - 1}")
        point = self.found[i]
        found = audit(self.problem, holdings_of(self.problem, self.arrays, point.choice))
        if not found.ok:
            raise EngineError(f"the plan of point {i} breaks rules:\n{found}", found.violations)
        left = unassigned_frame(self.arrays, point.choice, settled=point.proved)
        engines = [*self.settled.engine.split("+"), point.engine]
        return Plan(
            problem=self.problem,
            status=Status.OPTIMAL if point.proved else Status.FEASIBLE,
            terms=self._terms(point, found.terms["value"].tolist()),
            engine="+".join(dict.fromkeys(filter(None, engines))),
            runtime=self.runtime,
            seed=self.settled.seed,
            versions=self.settled.versions,
            frames=plan_frames(found.holdings, found.moved, left),
        )

    def _terms(self, point: Point, values: list[float]) -> pd.DataFrame:
        """List the tiers before with their bounds, then the two terms with theirs."""
        first = self.settled.terms.assign(value=values[:-2])
        rows = []
        for tier, value, bound in (
            (self.x, point.x, point.x_bound),
            (self.y, point.y, point.y_bound),
        ):
            gap = abs(bound - value) / max(abs(bound), abs(value), 1e-9) if bound != value else 0.0
            gap = 1.0 if math.isinf(bound) else gap
            row = (tier.label, value, bound, gap, point.proved, point.engine, int(point.proved))
            rows.append(row)
        return pd.concat([first, frame_of(rows, TERMS)], ignore_index=True)

    def plot(self) -> Any:
        """Draw the trade-off; see :func:`assignopt.plot.frontier_chart`.

        Returns
        -------
        altair.Chart

        Raises
        ------
        ImportError
            Without the extra ``assignopt[plot]``.
        """
        return frontier_chart(self)

    def to_frame(self) -> pd.DataFrame:
        """Give ``points`` with the names of the terms as columns in place of x and y."""
        return self.points.rename(columns={"x": self.x.label, "y": self.y.label})

    def headline(self) -> str:
        """Say in one line what was found."""
        x, y = (f"{tier.label} ({_direction(tier)} is better)" for tier in (self.x, self.y))
        if self.settled.status is Status.INFEASIBLE:
            return f"{y} by {x}: no plan keeps the rules: {self.settled.infeasibility}"
        many = counted(len(self), "point")
        known = "complete" if self.complete else f"{self.gap:.2%} unknown"
        return f"{y} by {x}: {many}, {known}"

    def _shown(self) -> pd.DataFrame:
        proof = np.where(self.points["proved"], "proved", "not proved")
        return pd.DataFrame(
            {
                self.x.label: [_number(value) for value in self.points["x"]],
                self.y.label: [_number(value) for value in self.points["y"]],
                "price": [f"{value:.2%}" for value in self.points["price"]],
                "proof": proof,
            }
        )

    def __str__(self) -> str:
        lines = [f"{self.headline()} ({self.runtime:.2f} s)"]
        if self.found:
            table = self._shown().head(40).to_string(index=False)
            lines += [f" {line}" for line in table.splitlines()]
        if len(self) > 40:
            lines.append(f"  ... and {len(self) - 40} more")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = self._shown().to_html(index=False, max_rows=40, border=0)
        return f"<p><b>{html.escape(self.headline())}</b></p>{table}"


def _number(value: float) -> str:
    """Write a number with six digits, and no fewer than it has before the point."""
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


def _direction(tier: Tier) -> str:
    return "more" if maximises(tier) else "less"


def points_frame(points: list[Point], y: Tier) -> pd.DataFrame:
    """Make the frame of points, with the price of each."""
    best = (max if maximises(y) else min)([point.y for point in points], default=0.0)
    return frame_of(
        [(p.x, p.y, p.proved, p.supported, price(p.y, best), p.engine) for p in points],
        POINTS,
    )


def price(value: float, best: float) -> float:
    """Tell how far a value is from the best, relative to the larger of the two.

    Examples
    --------
    >>> price(3.0, 4.0), price(4.0, 3.0), price(0.0, 0.0)
    (0.25, 0.25, 0.0)
    """
    return abs(best - value) / max(abs(best), abs(value)) if value != best else 0.0


def holdings_of(problem: Problem, arrays: Arrays, choice: Ints) -> Holdings:
    """Read the (S,) pair chosen for each seat as seats held, by task and then role."""
    chosen = choice[choice >= 0]
    task = arrays.pair_task[chosen].astype(np.int64)
    role = np.where(arrays.is_owner[chosen], -1, arrays.pair_seat[chosen] - arrays.tasks)
    order = np.lexsort((role, task))
    rep = arrays.pair_rep[chosen].astype(np.int64)
    return Holdings(problem, task[order], rep[order], role[order].astype(np.int64))
