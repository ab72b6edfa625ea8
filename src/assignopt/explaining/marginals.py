"""What one more of something would be worth: a plan in, a row for each possible addition out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..check import audit
from ..compiling import compile_problem
from ..engines.faces import start_face
from ..objectives import maximises
from ..plan import Status, frame_of
from ..solving import check_options, solve
from .changing import with_capacity, with_newcomer, with_slots
from .forcing import improved, tidy, tier_names
from .ordering import NEGLIGIBLE, gains_between
from .standing import standing_of
from .words import one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from ..check import Audit
    from ..columns import Floats
    from ..plan import Plan
    from ..problem import Problem
    from .standing import Standing

_BEFORE = {"rep_id": "str", "skill": "str", "customer_type": "str", "unit": "str"}
_AFTER = {"tier": "str", "gain": "float64", "bound": "float64", "proved": "bool", "how": "str"}

FIRST_SHARE = 0.25
"""Share of the time in which a plan that is not proved is improved first, to compare with."""

LEAST_SECONDS = 0.05
"""What a solve gets at least, however many rows share the time."""


@dataclass(frozen=True)
class Addition:
    """One more of something.

    Parameters
    ----------
    rep, skill, kind
        Whose capacity or slot; or the skill or customer type of a new rep.
    unit
        What there is one more of.
    make
        Gives the problem with it.
    """

    rep: int
    skill: str | None
    kind: str | None
    unit: str
    make: Callable[[Problem], Problem]


@dataclass(frozen=True)
class Worth:
    """What an addition changes.

    Parameters
    ----------
    changes
        (K,) change of each tier's value; NaN where nothing is known.
    steps
        (K,) change of the first number of each tier that changes, more being better.
    bound
        (K,) the change that no plan with it beats.
    proved
        Whether the changes are those of the best plan.
    how
        ``paths``, ``solve``, ``arithmetic``, ``no plan`` or ``time ran out``.
    """

    changes: Floats
    steps: Floats
    bound: Floats
    proved: bool
    how: str


def marginal_values(
    plan: Plan | Audit,
    *,
    time_limit: float = 30.0,
    seed: int = 0,
    workers: int | None = None,
) -> pd.DataFrame:
    """Say what one more unit of each thing that is short would be worth.

    For each active rep with a limit: one more effort unit of capacity, one more task. For each
    skill that tasks require, and each customer type: one more rep who has it, with the median
    capacity and entitlement. Entitlements of the present reps stay as they are. Where efforts are
    equal, more room at a rep is priced by shortest paths; everything else is solved again, starting
    from this plan.

    Parameters
    ----------
    plan
        A Plan, or the Audit of anybody's assignments.
    time_limit
        Seconds for all rows together.
    seed, workers
        As for :func:`assignopt.solve`.

    Returns
    -------
    pandas.DataFrame
        ``rep_id``, ``skill``, ``customer_type`` (one of them), ``unit``, a column for each tier
        with its change (of one with slack, of the best there is); ``tier``, the first that changes,
        ``gain``, the change of its first number that changes, so signed that more is better (0 if
        nothing changes), ``bound``, the most that ``gain`` could be, ``proved``,
        and ``how`` it was found: ``paths``, ``solve``, ``arithmetic``, ``no plan`` (with it no plan
        keeps the rules) or ``time ran out`` (changes are NaN with these two). The rows worth most
        come first.

    Notes
    -----
    A plan that is not proved is improved first, in a quarter of the time, so that no row is
    credited with what could be had without it. With a pairs table a newcomer could take nothing, so
    there are no rows for skills and types.

    References
    ----------
    A plan of the problem with one slot more differs from this one by one cycle of moves (Ahuja,
    Magnanti and Orlin, *Network Flows*, ch. 9).

    Examples
    --------
    >>> import assignopt as ao
    >>> reps = [ao.Rep("ana", max_tasks=1), ao.Rep("bo", max_tasks=1)]
    >>> tasks = [ao.Task("acme", value=9), ao.Task("zed", value=5), ao.Task("kit", value=2)]
    >>> plan = ao.solve(ao.Problem(reps, tasks, objective=[ao.Value()]))
    >>> ao.marginal_values(plan)[["rep_id", "unit", "value", "gain", "proved", "how"]]
      rep_id    unit  value  gain  proved    how
    0    ana  1 task    2.0   2.0    True  paths
    1     bo  1 task    2.0   2.0    True  paths
    """
    check_options(time_limit, seed, workers, "auto")
    until = time.perf_counter() + time_limit
    options = {"time_limit": time_limit * FIRST_SHARE, "seed": seed, "workers": workers}
    standing = improved(standing_of(plan), options)
    names = tier_names(standing)
    additions = list(_additions(standing))
    worths = [_by_paths(standing, one) for one in additions]
    left = [at for at, worth in enumerate(worths) if worth is None]
    for turn, at in enumerate(left):
        seconds = (until - time.perf_counter()) / (len(left) - turn)
        options = {"time_limit": seconds, "seed": seed, "workers": workers}
        worths[at] = worth_of(standing, additions[at].make(standing.problem), options)
    rows = [
        _row(standing, names, one, worth)
        for one, worth in zip(additions, worths, strict=True)
        if worth is not None
    ]
    dtypes = {**_BEFORE, **dict.fromkeys(names, "float64"), **_AFTER}
    steps = [worth.steps for worth in worths if worth is not None]
    order = sorted(range(len(rows)), key=lambda at: tuple(-np.nan_to_num(steps[at])))
    return frame_of([rows[at] for at in order], dtypes)


def _row(standing: Standing, names: list[str], one: Addition, worth: Worth) -> list[Any]:
    first = next((k for k, change in enumerate(worth.steps) if change), None)
    tier, gain, bound = None, 0.0, 0.0
    if not worth.proved:
        first = 0 if first is None and len(names) else first
    if first is not None:
        sign = 1.0 if maximises(standing.problem.objective[first]) else -1.0
        tier, gain = names[first], tidy(float(worth.steps[first]))
        bound = gain if worth.proved else sign * float(worth.bound[first])
    rep = standing.rep_name(one.rep)
    before = [rep, one.skill, one.kind, one.unit]
    return [*before, *worth.changes.tolist(), tier, gain, bound, worth.proved, worth.how]


def _additions(standing: Standing) -> Iterator[Addition]:
    """List what there could be one more of."""
    problem, reps = standing.problem, standing.problem.rep_columns
    unit = one_of(problem.effort_unit)
    for rep in np.flatnonzero(reps.active).tolist():
        if not np.isnan(reps.capacity[rep]):
            yield Addition(rep, None, None, unit, partial(with_capacity, rep=rep, more=1.0))
        if not np.isnan(reps.max_tasks[rep]):
            yield Addition(rep, None, None, "1 task", partial(with_slots, rep=rep, more=1))
    if problem.pair_columns is not None:
        return
    for skill, level in _skills(problem).items():
        has = {"skills": {skill: level}}
        yield Addition(-1, skill, None, "1 rep", partial(with_newcomer, changes=has))
    for kind in problem.task_columns.customer_type.names:
        fits = {"fit": {kind: 1.0}}
        yield Addition(-1, None, kind, "1 rep", partial(with_newcomer, changes=fits))


def _skills(problem: Problem) -> dict[str, float]:
    """Give the skills that tasks and roles require, each at the highest level asked for."""
    found: dict[str, float] = {}
    tasks = problem.task_columns
    for needs in (tasks.requires, tasks.roles.requires):
        for name, level in zip(needs.names(), needs.amount.tolist(), strict=True):
            found[str(name)] = max(level, found.get(str(name), 0.0))
    return dict(sorted(found.items()))


# -- what one is worth ---------------------------------------------------------------------------


def _by_paths(standing: Standing, one: Addition) -> Worth | None:
    """Price more room at a rep by moves; None where that takes a solve."""
    residual = standing.residual
    if one.rep < 0 or residual is None:
        return None
    more = start_face(compile_problem(one.make(standing.problem))).high[one.rep]
    slots = int(more) - int(residual.high[one.rep])
    zero = np.zeros(len(standing.goals))
    if slots <= 0:
        return Worth(zero, zero, zero, True, "arithmetic")
    changes = residual.slot(one.rep) if slots == 1 else None
    if changes is None:
        return None
    signs = [1.0 if maximises(tier) else -1.0 for tier in standing.problem.objective]
    return Worth(changes, np.array(signs) * changes, changes, True, "paths")


def worth_of(standing: Standing, problem: Problem, options: dict[str, Any]) -> Worth:
    """Solve a changed problem again, starting from the plan, and compare the tiers."""
    nothing = np.full(len(standing.goals), np.nan)
    if options["time_limit"] <= 0:
        return Worth(nothing, nothing, nothing, False, "time ran out")
    options = {**options, "time_limit": max(options["time_limit"], LEAST_SECONDS)}
    plan = solve(problem, hint=standing.hint(), **options)
    if plan.status is Status.INFEASIBLE:  # a rule about every rep that a newcomer cannot keep
        return Worth(nothing, nothing, nothing, True, "no plan")
    if plan.status is Status.UNKNOWN:
        return Worth(nothing, nothing, nothing, False, "time ran out")
    changes, steps = changed(standing, plan)
    proved = plan.status is Status.OPTIMAL
    bound = changes if proved else plan.terms["bound"].to_numpy() - standing.terms["value"]
    return Worth(changes, steps, np.asarray(bound), proved and standing.is_proved, "solve")


def changed(standing: Standing, plan: Plan) -> tuple[Floats, Floats]:
    """(K,) the change of each tier's value to the best plan of another problem, and (K,) the steps.

    Of a tier with slack, or with a value that is enough, the best value counts.
    """
    held = audit(plan.problem, plan.assignments).holdings
    tiers = standing.problem.objective
    steps = gains_between(tiers, (standing.found.holdings, standing.terms), (held, plan.terms))
    old, new = (
        np.array(
            [
                terms["bound" if tier.is_loose and "bound" in terms else "value"].iloc[place]
                for place, tier in enumerate(tiers)
            ]
        )
        for terms in (standing.terms, plan.terms)
    )
    small = NEGLIGIBLE * np.maximum(1.0, np.abs(old))
    return np.where(np.abs(new - old) <= small, 0.0, new - old), np.array(steps)
