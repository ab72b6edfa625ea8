"""The door of this room: a Problem in, a Diagnosis out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..objectives import Coverage
from ..plan import UNASSIGNED, Status, frame_of
from ..problem import Problem
from ..solving import check_options
from .bottlenecks import bottlenecks
from .conflicts import Conflict, find_conflict
from .probing import Prober
from .repairing import Repair, find_repairs
from .results import Diagnosis, repair_frame

if TYPE_CHECKING:
    from ..plan import Plan
    from ..proofs import Certificate

PLAN_SHARE = 0.4
"""Share of the time in which a plan of most coverage is looked for."""

CONFLICT_SHARE = 0.5
"""Share of the time left in which a conflict is shrunk; the rest is for repairs."""


def diagnose(
    problem: Problem, *, time_limit: float = 30.0, seed: int = 0, workers: int | None = None
) -> Diagnosis:
    """Find out whether a problem has a plan; if not, what conflicts and what would repair it.

    First by sums: tasks that must be assigned against the people who may take them, by effort, by
    count, at one moment, and what reps must have against what there is. Then by search. Of an
    infeasible problem the limits are shrunk to a minimal set that no plan keeps, where every step
    is a fresh problem, proved infeasible or shown to have a plan; limits are the rules, each rep's
    capacity, ``max_tasks`` and calendar, each skill and time a task asks for, groups, and the
    pairs table. Facts stay: who is active, which tasks overlap, that roles want different people.

    The repairs relax limits of the conflict: one of them or, where no one does, two; and, where
    repairs so far only ask for less to be done, or there is none, one of each conflict that is
    left, until a plan keeps the rest. Values are relaxed by the least amount that does.

    Repairs are ranked by the number of changes, then by their size: for a value,
    ``|new - old| / max(old, 1)``; for tasks that a :class:`~assignopt.CoverAll` no longer asks for,
    their share of its tasks; 1 for a limit that is dropped; the sum for several.

    Parameters
    ----------
    problem
        What to diagnose. Its objective plays no part; where there is a plan, one of most coverage
        is looked at.
    time_limit
        Seconds for everything. What was not settled in time is marked as such.
    seed, workers
        As in :func:`assignopt.solve`.

    Returns
    -------
    Diagnosis
        ``feasible``, ``certificate``, ``conflict``, ``repairs``, ``bottlenecks``, ``unassigned``.

    Raises
    ------
    TypeError
        When it is no Problem.
    ValueError
        When an option is out of range.

    Examples
    --------
    >>> import assignopt as ao
    >>> tasks = [ao.Task("acme", effort=6), ao.Task("zed", effort=5)]
    >>> problem = ao.Problem([ao.Rep("ana", capacity=8)], tasks, rules=[ao.CoverAll(id="all")])
    >>> found = ao.diagnose(problem)
    >>> [limit.id for limit in found.conflict]
    ['all', "capacity of 'ana'"]
    >>> found.repairs["repair"].tolist()
    ["raise capacity of 'ana' from 8 to 11", "leave 'zed' out of 'all'"]
    >>> ao.solve(found.repaired(0)).status
    <Status.OPTIMAL: 'OPTIMAL'>
    """
    if not isinstance(problem, Problem):
        raise TypeError(
            f"a Problem is expected, not {type(problem).__name__}; for a plan give plan.problem"
        )
    check_options(time_limit, seed, workers)
    started = time.perf_counter()
    prober = Prober(started + time_limit, seed, workers)
    feasible, certificate, plan = _feasible(problem, prober)
    conflict, repairs = Conflict((), minimal=True), list[Repair]()
    if feasible is False:
        bare = problem.replace(objective=())
        half = Prober(time.perf_counter() + CONFLICT_SHARE * prober.left, seed, workers)
        conflict = find_conflict(bare, half, certificate)
        repairs = find_repairs(bare, conflict, certificate, prober)
    return Diagnosis(
        problem=problem,
        feasible=feasible,
        certificate=certificate,
        conflict=conflict.limits,
        minimal=conflict.minimal,
        repairs=repair_frame(repairs),
        bottlenecks=bottlenecks(problem, plan),
        unassigned=frame_of([], UNASSIGNED) if plan is None else plan.unassigned,
        plan=plan,
        complete=feasible is not None and conflict.minimal and prober.settled and prober.left > 0,
        runtime=time.perf_counter() - started,
        found=tuple(repairs),
    )


def _feasible(
    problem: Problem, prober: Prober
) -> tuple[bool | None, Certificate | None, Plan | None]:
    """Look for a proof by sums, then for a plan that assigns as much as can be."""
    certificate = prober.certificate(problem)
    if certificate is not None:
        return False, certificate, None
    plan = prober.solve(problem.replace(objective=[Coverage()]), PLAN_SHARE)
    match plan.status:
        case Status.INFEASIBLE:
            return False, None, None
        case Status.UNKNOWN:
            return None, None, None
        case _:
            return True, None, plan
