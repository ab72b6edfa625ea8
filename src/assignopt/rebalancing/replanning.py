"""The door to rebalancing: a plan and what changed in, the plan after it out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..check import Audit, audit
from ..objectives import Moves, maximises
from ..plan import Plan, Status
from ..problem import Problem
from ..session import Options, Session
from ..solving import check_options
from .disruptions import Disruption, applied
from .knobs import (
    Knobs,
    applied_knobs,
    check_knobs,
    cost_name,
    flat,
    leading_coverage,
    priced,
    target_words,
)
from .owners import moves_frame, present_in
from .pricing import certified
from .results import Rebalanced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..objectives import AnyTier, Tier
    from ..progress import Snapshot
    from .owners import Present

TIGHT = {"slack": 0.0, "enough": None}

ROUNDING = 1e-9
"""Relative rounding that a term's target allows for."""

AFTER_SHARE = 0.2
"""Most of the time limit kept back for what follows the search: about as long as what led to it."""


def rebalance(
    plan: Plan | Audit,
    problem: Problem | Disruption | Sequence[Disruption] | None = None,
    *,
    max_moves: int | None = None,
    target: Any = None,
    frozen: Any = (),
    cost: Mapping[str, float] | str | None = None,
    max_in: Mapping[str, int] | int | None = None,
    max_out: Mapping[str, int] | int | None = None,
    tenure: Mapping[str, float] | str | None = None,
    min_tenure: float = 0.0,
    min_gain: Mapping[Tier, float] | None = None,
    time_limit: float = 30.0,
    seed: int = 0,
    workers: int | None = None,
    on_progress: Callable[[Snapshot], None] | None = None,
) -> Rebalanced:
    r"""Change a plan: as well as a number of moves allows, or by as few moves as a target needs.

    A *move* is a task that its present owner could keep and that gets another owner, or none. Work
    whose owner is gone or may no longer hold it has to move and does not count; nor does a task
    that nobody had, nor a change of the people in its roles. The present owners are those of the
    plan.

    * Without ``target``: the best plan by the objective of the problem that keeps ``max_moves``
      (None: any number); of the best ones, one with the fewest moves.
    * With ``target``: the fewest moves with which the target is met (by cost, where one is given)
      among the plans that assign as much as can be assigned then; of those, the best by the
      objective. ``target=[]`` asks for nothing but the rules: the fewest moves that what has
      happened makes necessary.

    The plan is never worse than the one given, where that one still keeps the rules (and the
    target).

    Parameters
    ----------
    plan
        A Plan, or the Audit of anybody's assignments.
    problem
        The problem as it is now; or what has happened: a disruption such as ``ao.leave("ana")``, or
        several in their order; None: as it was.
    max_moves
        Moves allowed; 0 leaves everything that can stay where it is.
    target
        * a number: the load of each active rep is to be within this share of the load it is
          entitled to (0.15: within 15 %);
        * rules, one or a list: ``ao.MaxLoad(40)``, ``ao.MaxLoadGap(5)``, ...;
        * {term: number}: what each term must reach, as in ``{ao.Fairness("minmax"): 0.8}``, with as
          much assigned as can be; no work is dropped for it.
    frozen
        Selector of tasks that stay where they are: started, promised. Where their owner is gone or
        may no longer hold them, they have to move all the same.
    cost
        What moving a task costs, by task or as the name of a tag; 1 for those not named. Counted in
        place of the number of moves, except against ``max_moves``.
    max_in, max_out
        How many tasks that others had a rep may take over (in any role), and how many of their own
        they may be made to give away: one number for everyone, or by rep.
    tenure, min_tenure
        How long each task has been with its owner (by task, or as the name of a tag), and how long
        it has to stay: those below do not move.
    min_gain
        {term: what each move must gain of it}, as in ``{ao.Value(): 500}``: the term loses as much
        for each move, so that no set of moves is made that gains less. Of ``leximax`` and
        ``leximin`` the first number counts then.
    time_limit, seed, workers, on_progress
        As for :func:`assignopt.solve`.

    Returns
    -------
    Rebalanced
        A Plan; ``.moves`` lists what changes, ``.certificate`` is the proof that fewer moves would
        not do, where one is known. Its problem holds the present owners and the options as rules.

    Raises
    ------
    pydantic.ValidationError
        With every option at fault.
    NoSolutionError
        When the plan given has no solution.

    Notes
    -----
    Where efforts are equal, the fewest moves are those of one min-cost flow, and prices of the reps
    are the certificate. Elsewhere the problem is load rebalancing, which is NP-hard (Aggarwal,
    Motwani and Zhu 2006); CP-SAT solves it, and a count of what the overloaded must give and the
    underloaded must get bounds it from below.

    References
    ----------
    Aggarwal, Motwani and Zhu (2006), "The load rebalancing problem", Journal of Algorithms 60(1).

    Examples
    --------
    >>> import assignopt as ao
    >>> tasks = [ao.Task(f"t{i}") for i in range(6)]
    >>> plan = ao.solve(ao.Problem([ao.Rep("ana"), ao.Rep("bo"), ao.Rep("cy")], tasks))
    >>> after = ao.rebalance(plan, ao.leave("cy"), target=[])
    >>> after.moves["kind"].tolist(), after.certificate.bound
    (['forced', 'forced'], 0.0)
    >>> back = ao.rebalance(after, ao.join("cy"), max_moves=1)
    >>> back.loads["tasks"].tolist(), back.moves["to_rep"].tolist()
    ([3, 2, 1], ['cy'])
    """
    begun = time.perf_counter()
    check_options(time_limit, seed, workers, "auto")
    before = audit_of(plan)
    present = present_in(problem_now(before.holdings.problem, problem), before)
    knobs = Knobs(max_moves, target, frozen, cost, max_in, max_out, tenure, min_tenure, min_gain)
    check_knobs(knobs, present)
    base = present.problem
    present = applied_knobs(present, knobs)
    options = {"seed": seed, "workers": workers, "on_progress": on_progress}
    after = min(time.perf_counter() - begun, AFTER_SHARE * time_limit)
    found = _solved(present, knobs, begun + time_limit - after, options)
    return _wrapped(present, found, knobs, base)


def problem_now(before: Problem, given: Any) -> Problem:
    """Give the problem as it is now, from what was said of it."""
    if given is None or isinstance(given, Disruption | list | tuple):
        return applied(before, given)
    if not isinstance(given, Problem):
        raise TypeError(
            f"problem is {type(given).__name__}; allowed are a Problem, and disruptions such as "
            "ao.leave('ana'), one or a list"
        )
    return given


def audit_of(plan: Plan | Audit) -> Audit:
    """Audit a plan; one that was rebalanced in its problem without the options."""
    if isinstance(plan, Audit):
        return plan
    if not isinstance(plan, Plan):
        raise TypeError(
            f"{type(plan).__name__} is no plan. Give the result of ao.solve, or of "
            "ao.audit(problem, assignments) for assignments of any other origin"
        )
    problem = plan.problem if plan.base is None else plan.base
    return audit(problem, plan.raise_for_status().assignments)


def _solved(present: Present, knobs: Knobs, until: float, options: dict[str, Any]) -> Plan:
    """Solve for the tiers that the options ask for, starting from the plan as it stands."""
    problem, cost = present.problem, cost_name(knobs)
    tiers: list[AnyTier] = list(problem.objective)
    moves = Moves(cost)
    if knobs.min_gain is not None:
        tiers = priced(tiers, knobs.min_gain, cost)
    if knobs.target is None:
        asked: list[AnyTier] = [*_unslacked_last(tiers), moves]
        urgent = 0
    else:
        first = leading_coverage(problem)
        goals = _targets(knobs.target)
        asked = [*first, *goals, moves, *tiers[len(first) :]]
        urgent = len(first) + len(goals) + 1
    return _solve(problem.replace(objective=asked), present, until, options, urgent)


def _unslacked_last(tiers: list[AnyTier]) -> list[AnyTier]:
    """Take the slack off the last tier: it is for tiers of the objective, not for fewer moves."""
    return [*tiers[:-1], *(one.model_copy(update=TIGHT) for one in tiers[-1:])]


def _targets(target: Any) -> list[AnyTier]:
    """Give the terms of a target as tiers that are settled once enough is reached."""
    if not isinstance(target, Mapping):
        return []
    tiers = []
    for tier, bound in target.items():
        rounding = ROUNDING * max(1.0, abs(bound))
        enough = bound - rounding if maximises(tier) else bound + rounding
        tiers.append(flat(tier).model_copy(update={"enough": enough}))
    return tiers


def _solve(
    problem: Problem, present: Present, until: float, options: dict[str, Any], urgent: int
) -> Plan:
    """Solve from the plan as it stands; the first tiers, which settle the moves, before others."""
    left = max(until - time.perf_counter(), 0.0)
    begun = time.perf_counter()
    asked = Options(
        left,
        options["seed"],
        options["workers"],
        "auto",
        present.rows,
        deterministic=False,
        on_progress=options["on_progress"],
        stop=None,
        urgent=urgent,
    )
    return Session(problem, asked, begun).solve()


def _wrapped(present: Present, plan: Plan, knobs: Knobs, base: Problem) -> Rebalanced:
    """Say what changes, and why no fewer moves would do."""
    if plan.status in (Status.INFEASIBLE, Status.UNKNOWN):
        told = target_words(knobs.target)
        if plan.status is Status.INFEASIBLE and told:
            plan = replace(plan, infeasibility=f"{told} cannot be reached: {plan.infeasibility}")
        return Rebalanced.of(plan, before=present.before, base=base)
    cost = cost_name(knobs)
    held = audit(plan.problem, plan.assignments).holdings
    moves = moves_frame(present, held, cost)
    proof = None if knobs.target is None else certified(plan.problem, held, cost)
    missed = _missed(plan, knobs.target)
    if missed is not None:
        reason = f"with all assigned that can be, the target cannot be reached: {missed}"
        plan = replace(plan, status=Status.INFEASIBLE, infeasibility=reason, frames={})
        return Rebalanced.of(plan, before=present.before, base=base)
    known = {"moves": moves, "certificate": proof, "unmet": _unmet(plan, knobs.target)}
    return Rebalanced.of(plan, before=present.before, base=base, **known)


def _missed(plan: Plan, target: Any) -> str | None:
    """Say which term of a target no plan reaches; None where all are, or that is not proved."""
    for tier in _targets(target):
        row = plan.terms[plan.terms["term"] == tier.label].iloc[0]
        short = row["bound"] < tier.enough if maximises(tier) else row["bound"] > tier.enough
        if short:
            return f"{tier.label} is {row['bound']:.6g} at best, {tier.enough:.6g} was asked for"
    return None


def _unmet(plan: Plan, target: Any) -> tuple[str, ...]:
    """Say which terms of a target a plan does not reach."""
    told = []
    for tier in _targets(target):
        value = float(plan.terms.loc[plan.terms["term"] == tier.label, "value"].iloc[0])
        assert tier.enough is not None
        short = value < tier.enough if maximises(tier) else value > tier.enough
        if short:
            told.append(f"{tier.label} is {value:.6g}, {tier.enough:.6g} was asked for")
    return tuple(told)
