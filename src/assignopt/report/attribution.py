"""What the unevenness of a plan is owed to: its seats in, amounts with proofs out."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .. import metrics
from ..check import audit
from ..errors import NoSolutionError
from ..holdings import Holdings, read_assignments
from ..objectives import Fairness
from ..plan import Status
from ..records import OWNER
from ..solving import solve
from .measuring import amounts, entitlements, measured_reps
from .relaxing import check_seats, filling, without_calendars, without_skills

if TYPE_CHECKING:
    from ..columns import Floats, Ints
    from ..objectives import Quantity
    from ..plan import Plan
    from ..problem import Problem
    from .measuring import Per

Notion = Literal["gini", "range", "l2"]
NOTIONS: dict[str, Notion] = {
    "gini": "gini",
    "load_range": "range",
    "cv": "l2",
    "variance": "l2",
}
"""Measures that can be attributed, and the notion of fairness that makes each least."""

PARTS = {
    "plan": "another plan under the same rules would not have it",
    "availability": "calendars, and tasks whose times clash",
    "skills": "skills, territories, listed pairs and least fits",
    "indivisible": "tasks that cannot be split, limits, carried work, other rules",
}
"""The parts, and what each stands for."""

LEVELS = ("the plan", "all rules", "without calendars", "without skills")
SOLVED = (Status.OPTIMAL, Status.FEASIBLE)
CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Attribution:
    """What the unevenness of a plan is owed to; see :meth:`LoadReport.attribution`.

    Parameters
    ----------
    measure, of, per
        Which measure of which quantity, per what.
    total
        The measure of the plan itself.
    parts
        Frame, index ``part``: plan, availability, skills, indivisible; ``amount``, adding up to
        ``total``; ``share`` of the total (0 where that is 0); ``low`` and ``high``, between which
        the part lies; ``proved``, whether these are one number.
    levels
        Frame, index ``level``: what was measured (the plan, all rules, without calendars, without
        skills); ``value``, the least found; ``bound``, below which no plan is; ``proved``;
        ``engine``, empty where nothing had to be solved.
    note
        What to know when the assignments break rules; else empty.
    """

    measure: str
    of: str
    per: str
    total: float
    parts: pd.DataFrame
    levels: pd.DataFrame
    note: str = ""

    def __str__(self) -> str:
        per = " per unit of weight" if self.per == "weight" else ""
        lines = [f"{self.measure} of {self.of}{per}: {self.total:,.4g}, of which"]
        places = min(6, max(0, 3 - math.floor(math.log10(self.total)))) if self.total else 0
        for part, amount, share, low, high, proved in self.parts.itertuples(name=None):
            told = PARTS[str(part)]
            lines.append(f"  {part:<13} {amount:>10,.{places}f} {share:>6.1%}  {told}")
            if not proved:
                between = f"between {low:,.{places}f} and {high:,.{places}f}"
                lines.append(f"{'':34}not proved: {between}")
        if self.note:
            lines.append(self.note)
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        note = f"<p>{self.note}</p>" if self.note else ""
        told = self.parts.assign(cause=list(PARTS.values()))
        return f"{told.to_html(border=0)}{note}"


def attribute(
    held: Holdings, of: Quantity, per: Per, measure: str, time_limit: float, **options: Any
) -> Attribution:
    """Attribute a measure of a plan; see :meth:`LoadReport.attribution`.

    Parameters
    ----------
    held
        The seats of the plan.
    of, per, measure, time_limit
        As in the report.
    **options
        For :func:`assignopt.solve`: seed, workers, deterministic.
    """
    if measure not in NOTIONS:
        allowed = ", ".join(NOTIONS)
        raise ValueError(f"measure={measure!r} cannot be attributed; allowed is one of {allowed}")
    if not 0 <= time_limit < math.inf:
        raise ValueError(
            f"time_limit {time_limit!r} is out of range; allowed is a finite number of seconds, 0 "
            "or more"
        )
    ends = time.perf_counter() + time_limit
    check_seats(held)
    ruler = _Ruler(measure, Fairness(NOTIONS[measure], of=of, per=per))
    base = filling(held, ruler.tier)
    loose = without_calendars(base)
    problems = [base, loose, without_skills(loose)]
    total = ruler.value(held)
    broken = len(audit(held.problem, held).violations)
    solves = 2 + sum(one != other for one, other in itertools.pairwise(problems))
    search = _Search(_rows(held), time_limit / solves, ends, solves, options)
    levels = _solved(problems, ruler, search, math.inf if broken else total)
    parts = parts_of(total, levels)
    note = _note(broken, measure, total, levels[0]) if broken else ""
    told = pd.DataFrame(
        [(total, total, True, ""), *((x.value, x.bound, x.proved, x.engine) for x in levels)],
        index=pd.Index(LEVELS, name="level"),
        columns=["value", "bound", "proved", "engine"],
    )
    return Attribution(measure, of, per, total, parts, told, note)


@dataclass(frozen=True)
class Level:
    """The least that was found under some rules, and a bound on the least there is."""

    value: float
    bound: float
    engine: str

    @property
    def proved(self) -> bool:
        """Whether the least found is the least there is."""
        return math.isclose(self.value, self.bound, rel_tol=CLOSE, abs_tol=CLOSE**2)


@dataclass(frozen=True)
class _Ruler:
    """A measure, and the tier that makes it least."""

    measure: str
    tier: Fairness

    def value(self, held: Holdings) -> float:
        """Measure a plan."""
        who, weight = self._team(held.problem)
        number: float = getattr(metrics, self.measure)(self._amounts(held)[who], weight)
        return number

    def bound(self, plan: Plan, held: Holdings) -> float:
        """Say below which value of the measure no plan of this plan's problem is."""
        bound = float(plan.terms["bound"].to_numpy(np.float64)[0])
        value, proved = self.value(held), bool(plan.terms["proved"].all())
        if self.tier.notion != "l2":
            return value if proved else max(0.0, bound)
        if not _has_one_total(plan.problem, self.tier):
            return 0.0  # the least sum of squares may be that of a smaller total
        if proved:
            return value
        who, weight = self._team(plan.problem)
        mean = float(self._amounts(held)[who].sum() / weight.sum())
        squared = max(0.0, bound / float(weight.sum()) - mean**2)
        if self.measure == "variance":
            return squared
        return math.sqrt(squared) / mean if mean else 0.0

    def _amounts(self, held: Holdings) -> Floats:
        return amounts(held, self.tier.of, self.tier.per)

    def _team(self, problem: Problem) -> tuple[Ints, Floats]:
        who = measured_reps(problem, self.tier.per)
        return who, entitlements(problem, self.tier.per)[who]


def _has_one_total(problem: Problem, tier: Fairness) -> bool:
    """Whether the reps measured have the same in all, however the seats are filled."""
    reps, pairs = problem.rep_columns, problem.pair_columns
    active = np.flatnonzero(reps.active)
    if len(measured_reps(problem, tier.per)) < len(active):
        return False
    if tier.of == "load":
        own = pairs is not None and pairs.effort is not None
        return not own and len(set(reps.efficiency[active].tolist())) == 1
    if tier.of == "value":
        own = pairs is not None and not (pairs.fit is pairs.value is None)
        return not own and not np.isin(reps.fit.row, active).any()
    return True


@dataclass
class _Search:
    """Solves from the best plan so far, sharing out the time that is left."""

    rows: pd.DataFrame
    share: float
    ends: float
    solves: int
    options: dict[str, Any]

    def solve(self, problem: Problem) -> Plan:
        """Solve a problem from the rows; by the clock only where the plan may depend on it."""
        if not self.options.get("deterministic"):
            self.share = max(0.0, self.ends - time.perf_counter()) / self.solves
        self.solves = max(1, self.solves - 1)
        return solve(problem, time_limit=self.share, hint=self.rows, **self.options)

    def start(self, problem: Problem, ruler: _Ruler, least: float) -> None:
        """Look for a better plan to start from: greedily, then by the order of shares."""
        tier = ruler.tier.model_copy(update={"notion": "leximax"})
        ordered = problem.replace(objective=[tier])
        greedy = solve(ordered, engine="greedy", time_limit=self.share, **self.options)
        least = self._taken(greedy, ruler, least)
        self._taken(self.solve(ordered), ruler, least)

    def _taken(self, plan: Plan, ruler: _Ruler, least: float) -> float:
        """Go on from a plan if there is one and it is better; give the least found."""
        if plan.status not in SOLVED:
            return least
        value = ruler.value(read_assignments(plan.problem, plan.assignments)[0])
        if value < least:
            self.rows = plan.assignments
        return min(value, least)


def _solved(problems: list[Problem], ruler: _Ruler, search: _Search, least: float) -> list[Level]:
    """Solve each problem from the plan of the one before; one that is the same is not solved."""
    search.start(problems[0], ruler, least)
    levels: list[Level] = []
    for before, problem in itertools.pairwise([None, *problems]):
        assert problem is not None
        if before is not None and (not levels[-1].value or problem == before):
            levels.append(replace(levels[-1], engine=""))
            continue
        plan = search.solve(problem)
        if plan.status in SOLVED:
            search.rows = plan.assignments
            found = read_assignments(problem, plan.assignments)[0]
            value, bound = ruler.value(found), ruler.bound(plan, found)
        elif before is not None:
            value, bound = levels[-1].value, 0.0
        else:
            raise NoSolutionError(
                "no plan that keeps the rules fills the seats of these assignments: "
                f"{plan.infeasibility or 'none was found in the time given'}. Audit them, and "
                "leave out what breaks a rule"
            )
        if before is not None:  # what the tighter rules allow, these allow as well
            value = min(value, levels[-1].value)
        levels.append(Level(value, min(bound, value), plan.engine))
    return tightened(levels)


def tightened(levels: list[Level]) -> list[Level]:
    """Carry bounds over: below what no looser plan is, no tighter one is either."""
    known = np.maximum.accumulate([level.bound for level in levels][::-1])[::-1].tolist()
    return [
        replace(level, bound=min(bound, level.value))
        for level, bound in zip(levels, known, strict=True)
    ]


def _rows(held: Holdings) -> pd.DataFrame:
    problem = held.problem
    names = np.append(problem.task_columns.roles.name, OWNER)
    return pd.DataFrame(
        {
            "task_id": problem.task_columns.id[held.task],
            "rep_id": problem.rep_columns.id[held.rep],
            "role": names[held.role],
        }
    )


def parts_of(total: float, levels: list[Level]) -> pd.DataFrame:
    """Take differences of the levels; none is above the plan itself."""
    value = [total, *(min(total, level.value) for level in levels), 0.0]
    bound = [total, *(min(total, level.bound) for level in levels), 0.0]
    rows = []
    for k in range(len(PARTS)):
        amount = value[k] - value[k + 1]
        low, high = max(0.0, bound[k] - value[k + 1]), value[k] - bound[k + 1]
        proved = math.isclose(low, high, rel_tol=CLOSE, abs_tol=CLOSE * max(total, CLOSE))
        share = amount / total if total else 0.0
        rows.append((amount, share, amount if proved else low, amount if proved else high, proved))
    return pd.DataFrame(
        rows,
        index=pd.Index(list(PARTS), name="part"),
        columns=["amount", "share", "low", "high", "proved"],
    )


def _note(broken: int, measure: str, total: float, best: Level) -> str:
    times = "violation" if broken == 1 else "violations"
    note = (
        f"These assignments break rules ({broken} {times}); what they are compared with does not."
    )
    if total < best.value:
        note += (
            f" The assignments come to {measure} {total:,.4g}, the best plan found to "
            f"{best.value:,.4g}: breaking rules made them lower, and no part is owed to the plan."
        )
    return note
