"""LoadReport: how work is shared out, measured per rep, per group and over all.

Works on any plan, ours or somebody else's: the holdings go in, measures of
:mod:`assignopt.metrics` come out. It measures; it does not judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from . import metrics
from .holdings import Holdings, history_of, read_assignments

if TYPE_CHECKING:
    from .objectives import Quantity
    from .plan import Plan
    from .problem import Problem

MEASURES = (
    "gini",
    "jain_index",
    "theil",
    "hoover",
    "atkinson",
    "cv",
    "mad",
    "load_range",
    "max_min_ratio",
)
"""The measures of :mod:`assignopt.metrics` that a report lists."""


@dataclass(frozen=True, eq=False)
class LoadReport:
    """How a quantity is shared among the active reps.

    Parameters
    ----------
    of, per
        What was measured, and per what.
    overall
        Series over all active reps: reps, total, mean, min, max (per unit of entitlement), and
        every measure of :data:`MEASURES`.
    by_rep
        Frame, a row for each active rep: rep_id, amount, weight, share (amount / weight), index
        (share / weighted mean x 1000), and the group.
    by_group
        Frame with the columns of ``overall``, a row for each group; one row ``all`` without ``by``.
    difference, ratio
        Series: for each column of ``by_group``, the largest minus the smallest over the groups,
        and the smallest over the largest (1 where all are 0).
    """

    of: str
    per: str
    overall: pd.Series[Any]
    by_rep: pd.DataFrame
    by_group: pd.DataFrame
    difference: pd.Series[Any]
    ratio: pd.Series[Any]

    def __str__(self) -> str:
        per = " per unit of weight" if self.per == "weight" else ""
        head = f"{self.of}{per}, {int(self.overall['reps'])} active reps"
        lines = [f"  {name:<14} {value:,.4g}" for name, value in self.overall.items()]
        parts = [head, *lines]
        if len(self.by_group) > 1:
            shown = self.by_group[["reps", "total", "mean", "min", "max", "gini"]]
            parts += ["by group", shown.to_string(float_format=lambda v: f"{v:,.4g}")]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        overall = self.overall.to_frame(self.of).T
        return str(overall.to_html(border=0) + self.by_group.to_html(border=0))


def load_report(
    plan: Plan | tuple[Problem, Any],
    *,
    of: Quantity = "load",
    per: str = "weight",
    by: str | None = None,
) -> LoadReport:
    """Measure how a plan shares a quantity among the active reps, idle ones included.

    Parameters
    ----------
    plan
        A Plan; or (problem, assignments) with assignments of any origin, as in
        :func:`assignopt.audit`.
    of
        ``load`` (with ``carried_load``), ``count``, ``worth``, ``value`` or ``burden``; the
        problem's history is added.
    per
        ``weight``: per unit of entitlement, reps without any left out; ``nothing``: as it is.
    by
        A tag of the reps to group by, such as ``"team"``, or ``id``, ``active``, ``capacity``,
        ``efficiency``; reps without it are in the group ``(none)``.

    Raises
    ------
    ValueError
        When ``of``, ``per`` or ``by`` is unknown, there is no rep to measure, or assignments name
        tasks or reps that do not exist.

    Examples
    --------
    >>> import assignopt as ao
    >>> reps = [ao.Rep("ana", capacity=10), ao.Rep("bo", capacity=10)]
    >>> problem = ao.Problem(reps, [ao.Task("t1", effort=6), ao.Task("t2", effort=2)])
    >>> report = ao.load_report((problem, {"t1": "ana", "t2": "bo"}))
    >>> round(float(report.overall["gini"]), 2), report.by_rep["share"].tolist()
    (0.25, [0.6, 0.2])
    """
    held = _holdings(plan)
    problem = held.problem
    _check(problem, of, per, by)
    weight = problem.weights if per == "weight" else np.ones(len(problem.weights))
    who = np.flatnonzero(problem.rep_columns.active & (weight > 0))
    if not len(who):
        raise ValueError("nobody to measure: no active rep has an entitlement. Add reps")
    amount = (held.quantity(of) + history_of(problem, of))[who]
    group = _groups(problem, by)[who]
    rows = pd.DataFrame(
        {
            "rep_id": pd.Series(problem.rep_columns.id[who], dtype="str"),
            "amount": amount,
            "weight": weight[who],
            "share": amount / weight[who],
            "group": pd.Series(group, dtype="str"),
        }
    )
    mean = amount.sum() / weight[who].sum()
    rows.insert(4, "index", rows["share"] / mean * 1000 if mean else 1000.0)
    by_group = pd.DataFrame(
        {name: measures(part["amount"], part["weight"]) for name, part in rows.groupby("group")}
    ).T.rename_axis("group")
    high, low = by_group.max(), by_group.min()
    finite = np.isfinite(high) & (high != 0)
    ratio = (low / high.where(finite)).where(finite, (low == high).astype(float))
    difference = (high - low).where(np.isfinite(high), np.where(low == high, 0.0, np.inf))
    overall = measures(rows["amount"], rows["weight"])
    return LoadReport(of, per, overall, rows, by_group, difference, ratio)


def measures(amount: Any, weight: Any) -> pd.Series[Any]:
    """Compute all measures of amounts, per unit of weight.

    Examples
    --------
    >>> float(measures([6.0, 2.0], [1.0, 1.0])["load_range"])
    4.0
    """
    amount, weight = np.asarray(amount, np.float64), np.asarray(weight, np.float64)
    share = amount / weight
    values: dict[str, float] = {
        "reps": len(amount),
        "total": float(amount.sum()),
        "mean": float(amount.sum() / weight.sum()),
        "min": float(share.min()),
        "max": float(share.max()),
    }
    for name in MEASURES:
        values[name] = float(getattr(metrics, name)(amount, weight))
    return pd.Series(values, dtype="float64")


def _holdings(plan: Plan | tuple[Problem, Any]) -> Holdings:
    if isinstance(plan, tuple):
        held, unread = read_assignments(*plan)
        if unread:
            told = "; ".join(row["message"] for row in unread[:5])
            raise ValueError(f"{len(unread)} assignments cannot be understood: {told}. Audit them")
        return held
    return read_assignments(plan.problem, plan.assignments)[0]


def _check(problem: Problem, of: str, per: str, by: str | None) -> None:
    allowed = ("load", "count", "worth", "value", "burden")
    if of not in allowed:
        raise ValueError(f"of={of!r} is unknown; allowed is one of {', '.join(allowed)}")
    if per not in ("weight", "nothing"):
        raise ValueError(f"per={per!r} is unknown; allowed is 'weight' or 'nothing'")
    names = [*problem.rep_columns.tags.columns, "id", "active", "capacity", "efficiency"]
    if by is not None and by not in names:
        raise ValueError(f"no rep has a tag or field {by!r}; known are {', '.join(names)}")


def _groups(problem: Problem, by: str | None) -> Any:
    reps = problem.rep_columns
    if by is None:
        return np.full(len(reps.id), "all", object)
    column = reps.tags[by] if by in reps.tags.columns else pd.Series(getattr(reps, by))
    return column.astype(object).where(column.notna(), "(none)").astype(str).to_numpy(dtype=object)
