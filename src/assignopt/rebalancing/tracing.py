"""What moves buy: a plan in, the trade-off of moves against balance or value out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..frontiers import frontier
from ..objectives import Fairness, Fit, Moves, Preference, Tier, Value
from ..solving import check_options, is_whole
from .knobs import Knobs, applied_knobs, check_knobs, cost_name, flat, leading_coverage
from .owners import present_in
from .replanning import audit_of, problem_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..check import Audit
    from ..frontiers import Frontier
    from ..plan import Plan
    from ..problem import Problem
    from ..progress import Snapshot
    from .disruptions import Disruption


def rebalance_frontier(
    plan: Plan | Audit,
    problem: Problem | Disruption | Sequence[Disruption] | None = None,
    *,
    max_moves: int,
    of: Tier | None = None,
    frozen: Any = (),
    cost: Mapping[str, float] | str | None = None,
    max_in: Mapping[str, int] | int | None = None,
    max_out: Mapping[str, int] | int | None = None,
    tenure: Mapping[str, float] | str | None = None,
    min_tenure: float = 0.0,
    time_limit: float = 60.0,
    seed: int = 0,
    workers: int | None = None,
    on_progress: Callable[[Snapshot], None] | None = None,
) -> Frontier:
    """Find what each number of moves, from none to the most allowed, could make of a plan.

    Every point is a number of moves (or their cost) that buys something: the best ``of`` that so
    many moves can reach, proved or with what is unknown listed. Tasks that had to move count as
    none. The curve need not be convex, so weighing moves against balance would miss points; each is
    found with the moves as a bound.

    Parameters
    ----------
    plan, problem
        As in :func:`assignopt.rebalance`.
    max_moves
        The most moves looked at, 1 or more.
    of
        What moves are to buy; None: the first fairness in the objective, as one number
        (``leximax`` as ``minmax``, ``leximin`` as ``maxmin``), else the first of value, fit and
        preference.
    frozen, cost, max_in, max_out, tenure, min_tenure
        As in :func:`assignopt.rebalance`.
    time_limit, seed, workers, on_progress
        As in :func:`assignopt.frontier`.

    Returns
    -------
    Frontier
        With ``points``, ``unknown``, ``plan(i)`` and ``plot()``; ``x`` are the moves.

    Raises
    ------
    ValueError
        When nothing in the objective can be bought, or an option is out of range.

    Examples
    --------
    >>> import assignopt as ao
    >>> tasks = [ao.Task(f"t{i}") for i in range(4)]
    >>> before = ao.audit(ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks),
    ...                   {task.id: "ana" for task in tasks})
    >>> found = ao.rebalance_frontier(before, max_moves=3)
    >>> found.points[["x", "y", "proved"]].values.tolist()
    [[0.0, 4.0, True], [1.0, 3.0, True], [2.0, 2.0, True]]
    """
    check_options(time_limit, seed, workers, "auto")
    if not is_whole(max_moves, 1):
        raise ValueError(f"max_moves is {max_moves!r}; allowed is a whole number, 1 or more")
    before = audit_of(plan)
    present = present_in(problem_now(before.holdings.problem, problem), before)
    wanted = _wanted(present.problem) if of is None else of
    knobs = Knobs(max_moves, None, frozen, cost, max_in, max_out, tenure, min_tenure)
    check_knobs(knobs, present)
    present = applied_knobs(present, knobs)
    return frontier(
        present.problem,
        x=Moves(cost_name(knobs)),
        y=wanted,
        before=leading_coverage(present.problem),
        time_limit=time_limit,
        seed=seed,
        workers=workers,
        on_progress=on_progress,
    )


def _wanted(problem: Problem) -> Tier:
    """Give the term of the objective that moves could buy."""
    for kinds in (Fairness, (Value, Fit, Preference)):
        for tier in problem.objective:
            if isinstance(tier, kinds):
                return flat(tier)
    tiers = ", ".join(tier.label for tier in problem.objective) or "nothing"
    raise ValueError(
        f"the objective has {tiers}; allowed is a fairness, value, fit or preference. Say with of= "
        "what moves are to buy"
    )
