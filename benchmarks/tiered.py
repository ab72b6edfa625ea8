"""Two tiers solved as somebody would without assignopt: the worst share first, then the total.

A :class:`Tiered` goes in: binary pairs of items and reps, bounds on both sides, whole numbers. Two
solves one after the other come out, the level of the first being kept in the second, by CP-SAT or
by HiGHS through MathOpt; and every answer, of assignopt too, is judged here by the same numbers.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import assignopt as ao

from . import data
from .measure import Span, in_fresh_process

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

THREADS = max(4, os.cpu_count() or 1)
"""Workers of CP-SAT: what assignopt takes when it is not told."""

SLOW_START = 120.0
"""Seconds beyond its limit that a method gets to build and to hand over, before it is stopped."""


@dataclass(frozen=True, eq=False)
class Tiered:
    """Choose pairs: bounds on items and reps hold, the worst share first, then the value.

    Parameters
    ----------
    item, rep
        (P,) indices of each pair.
    item_bounds
        (least, most) reps of an item.
    use, rep_bounds
        (P,) whole numbers, and ((R,), (R,)): what the used ones of a rep add up to.
    share
        (P,) whole numbers: the share of a rep is their sum over its pairs.
    value
        (P,) whole numbers; their sum is the second tier.
    unit
        (of a share, of the value): what one of the whole numbers is in the words of the problem.
    maximise
        True: the smallest share is to be large; False: the largest small.
    """

    item: Whole
    rep: Whole
    item_bounds: tuple[int, int]
    use: Whole
    rep_bounds: tuple[Whole, Whole]
    share: Whole
    value: Whole
    unit: tuple[float, float]
    maximise: bool

    @property
    def items(self) -> int:
        return int(self.item.max(initial=-1)) + 1

    @property
    def reps(self) -> int:
        return len(self.rep_bounds[0])

    def judge(self, chosen: Whole) -> tuple[int, int]:
        """Check the pairs chosen, and give the worst share and the value, in whole numbers.

        Raises
        ------
        ValueError
            When a pair is chosen twice or a bound is broken.
        """
        if len(np.unique(chosen)) < len(chosen):
            raise ValueError("a pair is chosen twice")
        least, most = self.item_bounds
        taken = np.bincount(self.item[chosen], minlength=self.items)
        if taken.min(initial=most) < least or taken.max(initial=least) > most:
            raise ValueError("an item has too few reps, or too many")
        used = np.bincount(self.rep[chosen], self.use[chosen], self.reps)
        low, high = self.rep_bounds
        if (used < low).any() or (used > high).any():
            raise ValueError("a bound on a rep is broken")
        shares = np.bincount(self.rep[chosen], self.share[chosen], self.reps)
        worst = shares.min() if self.maximise else shares.max()
        return int(worst), int(self.value[chosen].sum())

    def find(self, item: Whole, rep: Whole) -> Whole:
        """Find pairs by their indices.

        Raises
        ------
        ValueError
            When one is not eligible.
        """
        keys = self.item * self.reps + self.rep
        order = np.argsort(keys, kind="stable")
        wanted = item * self.reps + rep
        at = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
        if (keys[order[at]] != wanted).any():
            raise ValueError("an assignment is no eligible pair")
        return order[at]


class Tier(NamedTuple):
    """What one solve gave: a choice, its own bound in whole numbers, its own word on it."""

    chosen: Whole | None
    bound: float | None = None
    proved: bool = False


# -- where instances come from ---------------------------------------------------------------


def crowded_team(size: str) -> Tiered:
    """Write ``datasets.unequal_efforts`` of ``50x1000`` (reps x tasks) in whole numbers.

    Read from the records, so that what is eligible is found anew.
    """
    problem = ao.datasets.unequal_efforts(*(int(part) for part in size.split("x")))
    reps, tasks = list(problem.reps.values()), list(problem.tasks.values())
    skilled: dict[str, list[int]] = {}
    for row, one in enumerate(reps):
        for name in one.skills:
            skilled.setdefault(name, []).append(row)
    may = [skilled[next(iter(task.requires))] for task in tasks]
    item = np.repeat(np.arange(len(tasks)), [len(rows) for rows in may])
    rep = np.concatenate([np.array(rows, np.int64) for rows in may])
    weight = _whole([one.weight for one in reps])
    common = math.lcm(*weight.tolist())
    effort = _whole([4 * task.effort for task in tasks])[item]
    worth = zip(item.tolist(), rep.tolist(), strict=True)
    value = [10 * tasks[t].value * reps[r].fit[tasks[t].customer_type or ""] for t, r in worth]
    capacity = _whole([4 * (one.capacity or 0.0) for one in reps])
    share = effort * (common // weight)[rep]
    bounds = np.zeros(len(reps), np.int64), capacity
    unit = 1 / (4 * common), 0.1
    return Tiered(item, rep, (1, 1), effort, bounds, share, _whole(value), unit, maximise=False)


def reviewers(size: str) -> Tiered:
    """Write reviewers (items) and papers (reps) in millionths; ``midl``, or see :func:`scores_of`.

    Pairs with a negative score are left out: assignopt takes no such values.
    """
    scores, papers_each, each = scores_of(size)
    item, rep = np.nonzero(scores >= 0)
    one = np.ones(len(item), np.int64)
    bounds = np.full(scores.shape[1], each), np.full(scores.shape[1], each)
    score = np.rint(scores[item, rep] * 1e6).astype(np.int64)
    unit = 1e-6, 1e-6
    return Tiered(item, rep, (0, papers_each), one, bounds, score, score, unit, maximise=True)


def scores_of(size: str) -> tuple[NDArray[np.float64], int, int]:
    """Give scores (reviewers, papers), the most papers of a reviewer, the reviewers of a paper.

    ``midl`` reads the data; ``30x20`` makes random affinities, most of them low, of so many
    reviewers and papers, with 3 reviewers a paper and at most 4 papers a reviewer.
    """
    if size == "midl":
        folder = data.folder("midl")
        assert folder is not None
        return data.read_reviewers(folder)
    people, papers = (int(part) for part in size.split("x"))
    rng = np.random.default_rng(people * papers)
    return np.round(rng.beta(0.6, 4.0, (people, papers)), 6), 4, 3


def _whole(numbers: list[Any]) -> Whole:
    """Turn numbers that are whole, up to rounding, into integers.

    Raises
    ------
    ValueError
        When one is not.
    """
    exact = np.array(numbers, np.float64)
    out = np.rint(exact)
    if np.abs(exact - out).max(initial=0.0) > 1e-6:
        raise ValueError("a number is not whole in these units")
    return out.astype(np.int64)


KINDS: dict[str, Callable[[str], Tiered]] = {"unequal": crowded_team, "midl": reviewers}


# -- the two methods -------------------------------------------------------------------------


def cpsat(one: Tiered, level: int | None, limit: float, hint: Whole | None) -> Tier:
    """Solve a tier by a plain CP-SAT model; the first one where no level is given."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in range(len(one.item))]
    for mine in _by(one.item, one.items):
        model.add_linear_constraint(sum(x[p] for p in mine), *one.item_bounds)
    worst = model.new_int_var(0, int(_largest(one)), "")
    for rep, mine in enumerate(_by(one.rep, one.reps)):
        some = [x[p] for p in mine]
        used = cp_model.LinearExpr.weighted_sum(some, one.use[mine].tolist())
        model.add_linear_constraint(used, *(int(side[rep]) for side in one.rep_bounds))
        share = cp_model.LinearExpr.weighted_sum(some, one.share[mine].tolist())
        model.add(share >= worst if one.maximise else share <= worst)
    if level is None:
        (model.maximize if one.maximise else model.minimize)(worst)
    else:
        model.add(worst >= level if one.maximise else worst <= level)
        model.maximize(cp_model.LinearExpr.weighted_sum(x, one.value.tolist()))
    if hint is not None:
        for p, taken in enumerate(np.isin(np.arange(len(x)), hint).tolist()):
            model.add_hint(x[p], taken)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit
    solver.parameters.num_workers = THREADS
    status = solver.solve(model)
    bound = solver.best_objective_bound
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Tier(None, None if status == cp_model.MODEL_INVALID else bound)
    chosen = np.flatnonzero(np.array([solver.boolean_value(one_x) for one_x in x]))
    return Tier(chosen, bound, status == cp_model.OPTIMAL)


def highs(one: Tiered, level: int | None, limit: float, hint: Whole | None) -> Tier:
    """Solve a tier by HiGHS through MathOpt, which lets HiGHS choose its threads."""
    from ortools.math_opt.python import mathopt

    model = mathopt.Model()
    x = [model.add_binary_variable() for _ in range(len(one.item))]
    for mine in _by(one.item, one.items):
        count = mathopt.fast_sum([x[p] for p in mine])
        model.add_linear_constraint(lb=one.item_bounds[0], ub=one.item_bounds[1], expr=count)
    worst = model.add_variable(lb=0.0, ub=float(_largest(one)))
    for rep, mine in enumerate(_by(one.rep, one.reps)):
        used = mathopt.fast_sum([int(one.use[p]) * x[p] for p in mine])
        low, high = (float(side[rep]) for side in one.rep_bounds)
        model.add_linear_constraint(lb=low, ub=high, expr=used)
        share = mathopt.fast_sum([int(one.share[p]) * x[p] for p in mine])
        model.add_linear_constraint(share >= worst if one.maximise else share <= worst)
    if level is None:
        (model.maximize if one.maximise else model.minimize)(worst)
    else:
        model.add_linear_constraint(worst >= level if one.maximise else worst <= level)
        terms = zip(one.value.tolist(), x, strict=True)
        model.maximize(mathopt.fast_sum([value * one_x for value, one_x in terms]))
    asked = mathopt.ModelSolveParameters()
    if hint is not None:
        start = {x[p]: 1.0 for p in hint.tolist()}
        asked = mathopt.ModelSolveParameters(
            solution_hints=[mathopt.SolutionHint(variable_values=start)]
        )
    params = mathopt.SolveParameters(
        time_limit=timedelta(seconds=limit), relative_gap_tolerance=0.0
    )
    result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=params, model_params=asked)
    bound = result.dual_bound()
    bound = bound if math.isfinite(bound) else None
    if not result.has_primal_feasible_solution():
        return Tier(None, bound)
    chosen = np.flatnonzero(np.array(result.variable_values(x)) > 0.5)
    return Tier(chosen, bound, result.termination.reason == mathopt.TerminationReason.OPTIMAL)


def _by(owner: Whole, count: int) -> list[Whole]:
    order = np.argsort(owner, kind="stable")
    return np.split(order, np.cumsum(np.bincount(owner, minlength=count))[:-1])


def _largest(one: Tiered) -> float:
    """Bound a share from above."""
    return float(np.bincount(one.rep, one.share, one.reps).max(initial=0))


METHODS = {"cp-sat plain": cpsat, "highs": highs}


# -- running them ----------------------------------------------------------------------------


def run(kind: str, size: str, method: str, limit: float) -> dict[str, Any]:
    """Solve both tiers in this process, and judge what was found.

    The first tier has half of the limit; the second what is left of all of it.
    """
    one = KINDS[kind](size)
    solve = METHODS[method]
    solve(reviewers("6x3"), None, 5.0, None)  # imports what it needs
    with Span() as span:
        begun = time.perf_counter()
        first = solve(one, None, limit / 2, None)
        second = Tier(None)
        if first.chosen is not None:
            level, _ = one.judge(first.chosen)
            left = max(limit - (time.perf_counter() - begun), 0.1)
            second = solve(one, level, left, first.chosen)
    return facts(one, first, second) | {"method": method} | span.facts()


def facts(one: Tiered, first: Tier, second: Tier) -> dict[str, Any]:
    """Tell two tiers in the words of the problem, from the pairs that are chosen in the end."""
    chosen = second.chosen if second.chosen is not None else first.chosen
    level, value = (None, None) if chosen is None else one.judge(chosen)
    for_share, for_value = one.unit
    told: dict[str, Any] = {
        "level": None if level is None else level * for_share,
        "level_bound": None if first.bound is None else first.bound * for_share,
        "level_proved": first.proved,
        "value": None if value is None else value * for_value,
        "value_bound": None if second.bound is None else second.bound * for_value,
        "value_proved": first.proved and second.proved,
    }
    return told | {"chosen": None if chosen is None else chosen.tolist()}


def gap(value: float | None, bound: float | None) -> float | None:
    """Give the distance of a value from its bound, relative to the larger of the two."""
    if value is None or bound is None:
        return None
    largest = max(abs(value), abs(bound))
    return abs(value - bound) / largest if largest else 0.0


def in_turn(kind: str, size: str, methods: list[str], limit: float) -> list[dict[str, Any]]:
    """Run methods one after the other, each in a process of its own."""
    rows = []
    for method in methods:
        told = in_fresh_process(run, kind, size, method, limit, timeout=limit + SLOW_START)
        rows.append({"method": method, **told})
    return rows
