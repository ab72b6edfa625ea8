"""Plans by name in, a frame with a row for each out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..check import audit
from ..errors import Faults
from ..problem import Problem
from ..report.loads import check_options
from .matching import Common
from .measuring import NAMES, overall
from .reading import Side, read_sides
from .words import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..check import Audit
    from ..objectives import AnyTier, Quantity, Tier
    from ..plan import Plan
    from ..report.measuring import Per


def compare(
    plans: Mapping[str, Plan | Audit],
    *,
    objective: Iterable[Tier | Mapping[str, Any]] | None = None,
    of: Quantity = "load",
    per: Per = "weight",
) -> pd.DataFrame:
    """Put plans side by side: every term and measure, a row for each plan.

    Each plan is measured in its own problem, so that plans of one team and the same tasks under
    other rules, capacities or efforts can be compared.

    Parameters
    ----------
    plans
        Name -> plan, or audit of assignments of any origin. The reps and the tasks have the same
        ids in all of them, in any order.
    objective
        The tiers to compute; None = those of the first plan's problem.
    of, per
        The quantity to measure, as in :func:`assignopt.load_report`.

    Returns
    -------
    pandas.DataFrame
        Index ``plan``. ``status`` (missing for an audit), ``violations`` (broken rules and
        places), ``assigned`` and ``unassigned`` (tasks with and without an owner), ``open_seats``
        (roles included), ``moves`` (tasks that leave a present owner who could keep them); a
        column for each tier, named by its label (by its place, too, where two have one label);
        and everything in :attr:`assignopt.LoadReport.overall`, NaN where nobody can be measured.

    Raises
    ------
    pydantic.ValidationError
        With every fault: no plans, names that are not text, what is no plan, reps, tasks or units
        that differ from those of the first plan.
    NoSolutionError
        When plans have no solution: all that have none.
    ValueError
        When ``of`` or ``per`` is unknown.

    Examples
    --------
    >>> import assignopt as ao
    >>> tasks = [ao.Task("acme", effort=3), ao.Task("zed", effort=1)]
    >>> problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks)
    >>> by_hand = ao.audit(problem, {"acme": "ana", "zed": "ana"})
    >>> table = ao.compare({"by hand": by_hand, "solved": ao.solve(problem)})
    >>> table[["assigned", "leximax(load per weight)", "load_range"]].values.tolist()
    [[2.0, 4.0, 4.0], [2.0, 3.0, 2.0]]
    """
    check_options(of, per)
    _check_names(plans)
    sides = read_sides(plans, "compare")
    _check_same(sides)
    first = next(iter(sides.values())).problem
    tiers = first.objective if objective is None else Problem([], [], objective=objective).objective
    rows = [_row(side, tiers, of, per) for side in sides.values()]
    frame = pd.DataFrame(rows, index=pd.Index(list(sides), dtype="str", name="plan"))
    return frame.astype({"status": "str"})


def _row(side: Side, tiers: Sequence[AnyTier], of: Quantity, per: Per) -> dict[str, Any]:
    """Give what one plan comes to."""
    problem = side.problem
    owners = int((side.held.owner >= 0).sum())
    seats = len(problem.tasks) + len(problem.task_columns.roles.task)
    taken = np.unique(np.stack([side.held.task, side.held.role]), axis=1).shape[1]
    row: dict[str, Any] = {
        "status": np.nan if side.status is None else str(side.status),
        "violations": side.unread + len(audit(problem, side.held).violations),
        "assigned": owners,
        "unassigned": len(problem.tasks) - owners,
        "open_seats": seats - taken,
        "moves": side.moves(),
    }
    labels = [tier.label for tier in tiers]
    for place, (label, tier) in enumerate(zip(labels, tiers, strict=True), start=1):
        name = f"{label} (tier {place})" if label in labels[: place - 1] else label
        row[name] = side.term(tier)
    return {**row, **dict(zip(NAMES, overall(side, of, per)[list(NAMES)], strict=True))}


# -- bad input ---------------------------------------------------------------------------------


def _check_names(plans: Any) -> None:
    faults = Faults("compare")
    if not isinstance(plans, Mapping):
        kind = type(plans).__name__
        faults.add(("plans",), f"a {kind} is no mapping. Give plans by name: {{'now': plan}}")
        faults.raise_if_any()
    if not plans:
        faults.add(("plans",), "there is no plan to compare. Give one at least: {'now': plan}")
    for name in plans:
        if not isinstance(name, str) or not name:
            faults.add(("plans",), f"{name!r} is no name. Name plans by text that is not empty")
    faults.raise_if_any()


def _check_same(sides: dict[str, Side]) -> None:
    """Note every rep and task that one problem has and the first has not, or the other way."""
    faults = Faults("compare")
    (title, first), *others = sides.items()
    for name, side in others:
        if side.problem is first.problem:
            continue
        common = Common.of(first.problem, side.problem)
        for things, ids, was, now in (
            ("reps", common.reps, common.before.has_rep, common.after.has_rep),
            ("tasks", common.tasks, common.before.has_task, common.after.has_task),
        ):
            for who, verb in ((was & ~now, "lacks"), (now & ~was, "has besides")):
                if who.any():
                    faults.add(
                        (name, things),
                        f"{verb} {listed(ids[who].tolist(), 10)}, compared with {title!r}; the "
                        f"same {things} are needed. Use diff for plans of different ones",
                    )
    faults.raise_if_any()
