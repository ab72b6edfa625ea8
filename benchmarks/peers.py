"""The alternatives: what somebody would write without assignopt, on prepared arrays.

Every method takes :class:`~benchmarks.instances.Pairs` and seconds, and gives the pairs it chose
(None = none found), its own bound on the value (None = none) and its own word on optimality.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .instances import Pairs, load
from .measure import Span, in_fresh_process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SLOW_START = 60.0
"""Seconds beyond its limit that a method gets to build and to hand over, before it is stopped."""


class Answer(NamedTuple):
    chosen: NDArray[np.int64] | None
    bound: float | None = None
    proved: bool = False


def min_cost_flow(pairs: Pairs, limit: float) -> Answer:
    """Solve by one min-cost flow of OR-Tools; it cannot be stopped, so the limit is unused."""
    del limit
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    flow = SimpleMinCostFlow()
    sink = pairs.tasks + pairs.reps
    reps = np.arange(pairs.tasks, sink, dtype=np.int32)
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        pairs.task, pairs.rep + pairs.tasks, np.ones(len(pairs.task), np.int64), -pairs.value
    )
    flow.add_arcs_with_capacity_and_unit_cost(
        reps, np.full(pairs.reps, sink), pairs.capacity, np.zeros(pairs.reps, np.int64)
    )
    flow.set_nodes_supplies(np.arange(pairs.tasks), np.ones(pairs.tasks, np.int64))
    flow.set_nodes_supplies(np.array([sink]), np.array([-pairs.tasks]))
    if flow.solve() != flow.OPTIMAL:
        return Answer(None)
    chosen = np.flatnonzero(flow.flows(arcs))
    return Answer(chosen, -flow.optimal_cost(), proved=True)


def cpsat(pairs: Pairs, limit: float) -> Answer:
    """Solve by a plain CP-SAT model."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in range(len(pairs.task))]
    for mine in _by(pairs.task, pairs.tasks):
        model.add_exactly_one(x[p] for p in mine)
    for rep, mine in enumerate(_by(pairs.rep, pairs.reps)):
        some = [x[p] for p in mine]
        used = cp_model.LinearExpr.weighted_sum(some, pairs.amounts[mine].tolist())
        model.add(used <= int(pairs.capacity[rep]))
    model.maximize(cp_model.LinearExpr.weighted_sum(x, pairs.value.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer(None)
    chosen = np.flatnonzero(np.fromiter(solver.response_proto.solution, np.int64))
    return Answer(chosen, solver.best_objective_bound, status == cp_model.OPTIMAL)


def highs(pairs: Pairs, limit: float) -> Answer:
    """Solve by HiGHS through MathOpt."""
    return _mathopt(pairs, limit, "HIGHS")


def scip(pairs: Pairs, limit: float) -> Answer:
    """Solve by SCIP through MathOpt."""
    return _mathopt(pairs, limit, "GSCIP")


def _mathopt(pairs: Pairs, limit: float, solver: str) -> Answer:
    from ortools.math_opt.python import mathopt

    model = mathopt.Model()
    x = [model.add_binary_variable() for _ in range(len(pairs.task))]
    for mine in _by(pairs.task, pairs.tasks):
        model.add_linear_constraint(mathopt.fast_sum([x[p] for p in mine]) == 1)
    amounts, value = pairs.amounts.tolist(), pairs.value.tolist()
    for rep, mine in enumerate(_by(pairs.rep, pairs.reps)):
        used = mathopt.fast_sum([amounts[p] * x[p] for p in mine])
        model.add_linear_constraint(used <= int(pairs.capacity[rep]))
    model.maximize(mathopt.fast_sum([v * one for v, one in zip(value, x, strict=True)]))
    params = mathopt.SolveParameters(
        time_limit=timedelta(seconds=limit), relative_gap_tolerance=0.0
    )
    result = mathopt.solve(model, mathopt.SolverType[solver], params=params)
    if not result.has_primal_feasible_solution():
        return Answer(None)
    chosen = np.flatnonzero(np.array(result.variable_values(x)) > 0.5)
    proved = result.termination.reason == mathopt.TerminationReason.OPTIMAL
    return Answer(chosen, result.dual_bound(), proved)


def scipy_milp(pairs: Pairs, limit: float) -> Answer:
    """Solve by ``scipy.optimize.milp``."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    at = np.arange(len(pairs.task))
    ones = np.ones(len(at))
    owner = csr_array((ones, (pairs.task, at)), shape=(pairs.tasks, len(at)))
    used = csr_array((pairs.amounts, (pairs.rep, at)), shape=(pairs.reps, len(at)))
    result = milp(
        -pairs.value.astype(float),
        constraints=[
            LinearConstraint(owner, 1, 1),
            LinearConstraint(used, -np.inf, pairs.capacity),
        ],
        integrality=ones,
        bounds=Bounds(0, 1),
        options={"time_limit": limit, "mip_rel_gap": 0.0},
    )
    if result.x is None:
        return Answer(None)
    return Answer(np.flatnonzero(result.x > 0.5), -result.mip_dual_bound, result.status == 0)


def scipy_lap(pairs: Pairs, limit: float) -> Answer:
    """Solve a square, complete instance with one task each by ``linear_sum_assignment``."""
    del limit
    from scipy.optimize import linear_sum_assignment

    matrix = np.zeros((pairs.tasks, pairs.reps), np.int64)
    matrix[pairs.task, pairs.rep] = pairs.value
    number = np.zeros_like(matrix)
    number[pairs.task, pairs.rep] = np.arange(len(pairs.task))
    rows, columns = linear_sum_assignment(matrix, maximize=True)
    chosen = number[rows, columns]
    return Answer(chosen, float(pairs.value[chosen].sum()), proved=True)


def greedy(pairs: Pairs, limit: float) -> Answer:
    """Take the best pair that still fits, again and again."""
    del limit
    left, done = pairs.capacity.tolist(), [False] * pairs.tasks
    task, rep, need = pairs.task.tolist(), pairs.rep.tolist(), pairs.amounts.tolist()
    chosen = []
    for p in np.argsort(-pairs.value, kind="stable").tolist():
        if not done[task[p]] and need[p] <= left[rep[p]]:
            done[task[p]] = True
            left[rep[p]] -= need[p]
            chosen.append(p)
    return Answer(np.array(chosen, np.int64))


def _by(owner: NDArray[np.integer[Any]], count: int) -> list[NDArray[np.int64]]:
    order = np.argsort(owner, kind="stable")
    return np.split(order, np.cumsum(np.bincount(owner, minlength=count))[:-1])


METHODS = {
    "min-cost flow": min_cost_flow,
    "cp-sat plain": cpsat,
    "highs": highs,
    "scip": scip,
    "scipy milp": scipy_milp,
    "scipy lap": scipy_lap,
    "greedy": greedy,
}


def run(source: dict[str, Any], method: str, limit: float) -> dict[str, Any]:
    """Run one method in this process, and judge what it found."""
    pairs = load(source)
    METHODS[method](load({"size": "2x2x2"}), 5.0)  # imports what it needs
    with Span() as span:
        answer = METHODS[method](pairs, limit)
    value, left = (None, None) if answer.chosen is None else pairs.judge(answer.chosen)
    told = {"value": value, "open": left, "bound": answer.bound, "proved": answer.proved}
    return {"method": method, **told, **span.facts()}


def side_by_side(
    source: dict[str, Any], methods: Sequence[str], limit: float
) -> list[dict[str, Any]]:
    """Run methods one after the other, each in a process of its own."""
    out = []
    for method in methods:
        told = in_fresh_process(run, source, method, limit, timeout=limit * 2 + SLOW_START)
        out.append({"method": method, **told})
    return out
