"""LoadReport and what makes it: a plan of any origin in, its measures out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

import pandas as pd

from ..check import Audit
from ..holdings import Holdings, read_assignments
from . import groups
from .attribution import Attribution, attribute
from .envy import Views
from .measuring import QUANTITIES, Per, amounts, entitlements, measured_reps, measures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..objectives import Quantity
    from ..plan import Plan
    from ..problem import Problem


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
    quantities
        Frame with the columns of ``overall``, a row for each quantity: load, count, worth, value
        and burden, history included.
    by_group
        Frame with the columns of ``overall``, a row for each group; one row ``all`` without ``by``.
    difference, ratio
        Series: for each column of ``by_group``, the largest minus the smallest over the groups,
        and the smallest over the largest (0 where the smallest is 0, 1 where all are 0).
    group
        (reps measured,) the group of each.
    held
        The seats as they were understood.
    """

    of: Quantity
    per: Per
    overall: pd.Series[Any]
    quantities: pd.DataFrame
    by_group: pd.DataFrame
    difference: pd.Series[Any]
    ratio: pd.Series[Any]
    group: pd.Series[str]
    held: Holdings

    @cached_property
    def by_rep(self) -> pd.DataFrame:
        """Frame, a row for each active rep.

        ``rep_id``, ``amount``, ``weight``, ``share`` (amount / weight), ``index`` (share /
        weighted mean x 1000), ``group``; then all quantities, history included: ``load``,
        ``count``, ``worth``, ``value``, ``burden``; then, with the views of :attr:`envy`:

        * ``ef1_goods``, ``ef1_chores``: how many others the rep envies even when any one task is
          left out;
        * ``shortfall_goods``: value missing to its share of what it sees in all tasks,
          ``max(0, s_i v_i(M) - v_i(A_i))``; ``shortfall_chores``: effort beyond it,
          ``max(0, c_i(A_i) - s_i c_i(M))``.

        The last four are NA where :attr:`envy` is.
        """
        problem = self.held.problem
        who, weight = measured_reps(problem, self.per), entitlements(problem, self.per)
        amount = amounts(self.held, self.of, self.per)[who]
        share = amount / weight[who]
        mean = float(self.overall["mean"])
        rows: dict[str, Any] = {
            "rep_id": pd.Series(problem.rep_columns.id[who], dtype="str"),
            "amount": amount,
            "weight": weight[who],
            "share": share,
            "index": share / mean * 1000 if mean else 1000.0,
            "group": self.group,
            **{of: amounts(self.held, of, self.per)[who] for of in QUANTITIES},
        }
        return pd.concat([pd.DataFrame(rows), self._envy[1]], axis=1)

    @property
    def envy(self) -> pd.DataFrame:
        """Frame: rows ``goods`` and ``chores``; envy_pairs, ef1_violations, prop1_violations.

        Counted by the functions of that name in :mod:`assignopt.metrics` over the tasks that the
        reps measured own, per unit of entitlement. As goods, a rep sees in a task the value the
        pair has for its owner (worth x fit, or the pair's own value); as chores, the effort it
        would cost the rep. Whether the rep may hold the task is not looked at; an unlisted pair
        counts by the rep's own fit and efficiency. Roles, carried load and history are left out.

        All are NA where reps x tasks exceeds 20 million. Worked out on first use.
        """
        return self._envy[0].copy()

    @cached_property
    def _envy(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        problem = self.held.problem
        who = measured_reps(problem, self.per)
        return Views(self.held, who, entitlements(problem, self.per)[who]).counts()

    def attribution(
        self,
        *,
        measure: str = "gini",
        time_limit: float = 10.0,
        seed: int = 0,
        workers: int | None = None,
        deterministic: bool = False,
    ) -> Attribution:
        """Split the unevenness into what the plan, calendars, skills and the tasks cause.

        With ``S0`` the measure of this plan, and ``S1``, ``S2``, ``S3`` the least it can come to
        in plans that fill the very same seats: under all rules; without calendars and clashes of
        times as well; without skills, territories, listed pairs, least fits and forbidden pairs as
        well. The parts are ``plan = S0 - S1``, ``availability = S1 - S2``, ``skills = S2 - S3``
        and ``indivisible = S3``: what tasks that cannot be split, capacities, carried load,
        history and the other rules leave. They add up to ``S0``.

        Parameters
        ----------
        measure
            ``gini``, ``load_range``, ``cv`` or ``variance``.
        time_limit
            Seconds for all solves together: one for a plan to start from, and at most three more.
        seed, workers, deterministic
            As in :func:`assignopt.solve`.

        Returns
        -------
        Attribution
            What is not proved in time comes with its interval.

        Raises
        ------
        ValueError
            When the measure is unknown, a seat has two holders or a collaborator no owner, or
            listed pairs would have to be made up for more than 20 million pairs.
        NoSolutionError
            When the assignments break rules and no plan that keeps them fills the same seats.

        Notes
        -----
        Each plan is the starting point of the next, looser problem, so no part is negative.
        Assignments that break rules may be more even than every plan that keeps them: the part of
        the plan is 0 then, the others are capped by ``S0``, and ``note`` says so.

        Examples
        --------
        >>> import assignopt as ao
        >>> reps = [ao.Rep("ana", skills={"german"}), ao.Rep("bo")]
        >>> tasks = [ao.Task(f"t{n}", requires={"german"} if n < 3 else {}) for n in range(4)]
        >>> problem = ao.Problem(reps, tasks)
        >>> report = ao.load_report((problem, dict.fromkeys(problem.tasks, "ana")))
        >>> report.attribution(measure="load_range").parts["amount"].to_dict()
        {'plan': 2.0, 'availability': 0.0, 'skills': 2.0, 'indivisible': 0.0}
        """
        return attribute(
            self.held,
            self.of,
            self.per,
            measure,
            time_limit,
            seed=seed,
            workers=workers,
            deterministic=deterministic,
        )

    def __str__(self) -> str:
        per = " per unit of weight" if self.per == "weight" else ""
        head = f"{self.of}{per}, {int(self.overall['reps'])} active reps"
        lines = [f"  {name:<14} {value:,.4g}" for name, value in self.overall.items()]
        parts = [head, *lines]
        for title, table in (("all quantities", self.quantities), ("by group", self.by_group)):
            if len(table) > 1:
                shown = table[SHOWN].rename_axis(None)
                parts += [title, shown.to_string(float_format=lambda v: f"{v:,.4g}")]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        overall = self.overall.to_frame(self.of).T
        tables = (overall, self.quantities[SHOWN], self.by_group)
        return "".join(str(table.to_html(border=0)) for table in tables)


SHOWN = ["reps", "total", "mean", "min", "max", "gini"]


def load_report(
    plan: Plan | Audit | tuple[Problem, Any],
    *,
    of: Quantity = "load",
    per: Per = "weight",
    by: str | Sequence[str] | None = None,
) -> LoadReport:
    """Measure how a plan shares a quantity among the active reps, idle ones included.

    Parameters
    ----------
    plan
        A Plan or an Audit; or (problem, assignments) with assignments of any origin, as in
        :func:`assignopt.audit`.
    of
        ``load`` (with ``carried_load``), ``count``, ``worth``, ``value`` or ``burden``; the
        problem's history is added.
    per
        ``weight``: per unit of entitlement, reps without any left out; ``nothing``: as it is.
    by
        A tag of the reps to group by, such as ``"team"``, or ``id``, ``active``, ``capacity``,
        ``efficiency``; reps without it are in the group ``(none)``. Several names make groups
        such as ``emea / a``. ``role``, where no rep has such a tag: a group for each role
        (``owner`` and every role's name), in which all reps are measured by their seats in that
        role alone, without carried load and history.

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
    check_options(of, per)
    names = groups.read_by(problem, by)
    who, weight = measured_reps(problem, per), entitlements(problem, per)
    measured = {name: measures(amounts(held, name, per)[who], weight[who]) for name in QUANTITIES}
    quantities = pd.DataFrame(measured).T.rename_axis("quantity")
    by_group = groups.group_rows(held, of, amounts(held, of, per), weight, who, names)
    difference, ratio = groups.between(by_group)
    group = pd.Series(groups.labels(problem, names)[who], dtype="str")
    return LoadReport(of, per, measured[of], quantities, by_group, difference, ratio, group, held)


def _holdings(plan: Plan | Audit | tuple[Problem, Any]) -> Holdings:
    if isinstance(plan, Audit):
        return plan.holdings
    if isinstance(plan, tuple):
        held, unread = read_assignments(*plan)
        if unread:
            told = "; ".join(row["message"] for row in unread[:5])
            raise ValueError(f"{len(unread)} assignments cannot be understood: {told}. Audit them")
        return held
    return read_assignments(plan.problem, plan.assignments)[0]


def check_options(of: str, per: str) -> None:
    """Check that a quantity and what it is divided by are known.

    Raises
    ------
    ValueError
        When one is not.
    """
    if of not in QUANTITIES:
        raise ValueError(f"of={of!r} is unknown; allowed is one of {', '.join(QUANTITIES)}")
    if per not in get_args(Per):
        raise ValueError(f"per={per!r} is unknown; allowed is 'weight' or 'nothing'")
