"""``python -m assignopt.demo``: the team of :mod:`assignopt.datasets` solved, told on one screen.

Nothing flows in but the time allowed; the text goes to standard output, the plan is returned.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pandas as pd

from .check import audit
from .compiling import compile_problem
from .datasets import sales_team
from .objectives import Coverage, Fairness
from .records import OWNER
from .report import load_report
from .solving import solve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .arrays import Arrays
    from .plan import Plan
    from .problem import Problem

__all__ = ["compared", "main", "round_robin"]


def main(time_limit: float = 10.0) -> Plan:
    """Solve the sales team and write what a manager would ask about it.

    Parameters
    ----------
    time_limit
        Seconds for the search; what is not proved by then is said to be so.

    Returns
    -------
    Plan
        The plan that was written about.
    """
    problem = sales_team()
    plan = solve(problem, time_limit=time_limit)
    rivals = {
        "round robin": round_robin(problem),
        "greedy": solve(problem, engine="greedy"),
        "assignopt": plan,
    }
    sections = (_opening(plan), _told(plan), _loads(plan), _open(plan), _table(problem, rivals))
    for section in sections:
        sys.stdout.write("\n".join(section) + "\n\n")
    return plan


def round_robin(problem: Problem) -> list[tuple[str, str, str]]:
    """Deal the tasks in their order to the reps in theirs, each time from the next rep on.

    A rep who may not take the task (skills, territory, calendar, capacity, any upper limit) is
    passed over, and a task of an account that somebody already has goes to that rep or stays
    open: it plays by the same rules as the other plans. Roles are dealt after all owners.

    Parameters
    ----------
    problem
        What to deal out. Least counts and least loads are not looked at.

    Returns
    -------
    list of (task_id, rep_id, role)
        What :func:`assignopt.audit` takes.

    Examples
    --------
    >>> import assignopt as ao
    >>> from assignopt.demo import round_robin
    >>> reps = [ao.Rep("ana"), ao.Rep("bo", max_tasks=1), ao.Rep("cy", skills={"german"})]
    >>> tasks = [ao.Task(f"t{n}") for n in range(4)] + [ao.Task("de", requires={"german"})]
    >>> [rep_id for _, rep_id, _ in round_robin(ao.Problem(reps, tasks))]
    ['ana', 'bo', 'cy', 'ana', 'cy']
    """
    arrays = compile_problem(problem)
    dealer = _Dealer(arrays)
    names, roles = problem.task_columns, problem.task_columns.roles
    dealt: list[tuple[str, str, str]] = []
    for seat in range(arrays.seats):
        rep = dealer.deal(seat)
        if rep is not None:
            role = OWNER if seat < arrays.tasks else str(roles.name[seat - arrays.tasks])
            task = str(names.id[arrays.seat_task[seat]])
            dealt.append((task, str(problem.rep_columns.id[rep]), role))
    return dealt


class _Dealer:
    """Whose turn it is, and what each rep and each rule has left."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays, self.turn = arrays, 0
        self.slots = arrays.count_bounds[1].tolist()
        self.room = arrays.load_bounds[1].tolist()
        self.left = [row.high for row in arrays.rows]
        self.rows: dict[int, list[tuple[int, int]]] = {}
        for at, row in enumerate(arrays.rows):
            coefs = [1] * len(row.pairs) if row.coef is None else row.coef.tolist()
            for pair, coef in zip(row.pairs.tolist(), coefs, strict=True):
                self.rows.setdefault(pair, []).append((at, coef))
        self.groups = {int(t): g for g, tasks in enumerate(arrays.groups) for t in tasks}
        self.holder: dict[int, int] = {}
        self.effort: list[int] = arrays.rounded.down.tolist()

    def deal(self, seat: int) -> int | None:
        """Give a seat to the next rep who may take it; None when nobody may."""
        reps = self.arrays.reps
        first, last = int(self.arrays.first[seat]), int(self.arrays.first[seat + 1])
        pairs = {int(self.arrays.pair_rep[pair]): pair for pair in range(first, last)}
        for rep in sorted(pairs, key=lambda rep: (rep - self.turn) % reps):
            if self._may(seat, pairs[rep], rep):
                self._take(seat, pairs[rep], rep)
                return rep
        return None

    def _may(self, seat: int, pair: int, rep: int) -> bool:
        if self.slots[rep] < 1 or self.effort[pair] > self.room[rep]:
            return False
        if self.holder.get(self.groups.get(seat, -1), rep) != rep:
            return False
        return all(coef <= self.left[at] for at, coef in self.rows.get(pair, ()))

    def _take(self, seat: int, pair: int, rep: int) -> None:
        self.slots[rep] -= 1
        self.room[rep] -= self.effort[pair]
        for at, coef in self.rows.get(pair, ()):
            self.left[at] -= coef
        if seat in self.groups:
            self.holder[self.groups[seat]] = rep
        self.turn = (rep + 1) % self.arrays.reps


def compared(problem: Problem, plans: dict[str, Any]) -> pd.DataFrame:
    """Measure several plans of one problem in the same way.

    Parameters
    ----------
    problem
        What they are plans for.
    plans
        Name -> assignments of any kind that :func:`assignopt.audit` takes.

    Returns
    -------
    pandas.DataFrame
        A row for each measure, a column for each plan.
    """
    columns = {}
    for name, plan in plans.items():
        found = audit(problem, plan)
        held, load = found.holdings, load_report((problem, plan)).overall
        tasks, priority = held.task[held.is_owner], problem.task_columns.priority
        columns[name] = {
            "tasks assigned": len(tasks),
            "priority covered": float(priority[tasks].sum()),
            "value": float(held.value.sum()),
            "max load per weight": float(load["max"]),
            "load range": float(load["load_range"]),
            "Gini": float(load["gini"]),
            "Jain": float(load["jain_index"]),
            "rules broken": len(found.violations),
        }
    return pd.DataFrame(columns)


# -- the sections of the screen ----------------------------------------------------------------


def _opening(plan: Plan) -> Iterator[str]:
    problem = plan.problem
    active = int(problem.rep_columns.active.sum())
    yield f"A sales team: {len(problem.tasks)} tasks for {active} active reps, one week."
    yield "Every task goes to one rep who may hold it; these rules bind every plan:"
    yield from (f"  - {rule.sentence}" for rule in problem.rules)
    yield ""
    yield f"RESULT  {plan.headline()}, {plan.runtime:.1f} s."


def _told(plan: Plan) -> Iterator[str]:
    yield "WHAT WAS ASKED FOR, most important first, and what is proved"
    for number, (tier, row) in enumerate(
        zip(plan.problem.objective, plan.terms.itertuples(), strict=True), 1
    ):
        best = f"at best {row.bound:,.6g}, so {row.gap:.1%} may be missing"
        proof = "proved: no plan does better" if row.proved else f"not proved; {best}"
        if isinstance(tier, Coverage):
            total = plan.problem.task_columns.priority.sum()
            what = f"cover the most, by priority: {row.value:,.6g} of {total:,.6g}"
        elif isinstance(tier, Fairness):
            what = f"keep the busiest rep low: {row.value:.1%} of their own hours"
        else:
            what = f"then earn the most: {row.value:,.0f} of value (amount x fit)"
        yield f"  {number}. {what}  ({proof})"


def _loads(plan: Plan) -> Iterator[str]:
    yield f"LOADS in {plan.problem.effort_unit} (open work from before included)"
    row: Any
    for row in plan.loads.sort_values("utilisation", ascending=False).itertuples():
        bar = "#" * round(30 * row.utilisation)
        away = "" if row.active else "  on leave: takes nothing"
        hours = f"{row.load:6.2f} of {row.capacity:3g}"
        count = f"{row.tasks:3d} {'task' if row.tasks == 1 else 'tasks':<5}"
        yield f"  {row.rep_id:<7} {count}  {hours}  {row.utilisation:4.0%} {bar}{away}"


def _open(plan: Plan) -> Iterator[str]:
    left = plan.unassigned
    yield f"LEFT OPEN: {len(left)} of {len(plan.problem.tasks)}, and why"
    for row in left.itertuples():
        yield f"  {row.task_id} [{row.reason}]"
        yield f"      {row.detail}"


def _table(problem: Problem, plans: dict[str, Any]) -> Iterator[str]:
    table = compared(problem, plans)
    formats = {"max load per weight": ".1%", "load range": ".1%", "Gini": ".3f", "Jain": ".3f"}
    notes = {
        "tasks assigned": f"of {len(problem.tasks)}",
        "priority covered": f"of {problem.task_columns.priority.sum():g}",
        "value": "amount x fit; more is better",
        "max load per weight": "load / own hours, busiest rep; less is better",
        "load range": "busiest minus least busy rep, in load / own hours",
        "Gini": "of load / own hours: 0 = all alike",
        "Jain": "of load / own hours: 1 = all alike",
        "rules broken": "found by the audit",
    }
    yield "THE SAME MEASURES for three ways to share out the work, all under the same rules"
    yield f"  {'':<20}" + "".join(f"{name:>13}" for name in plans)
    for measure, row in table.iterrows():
        cells = "".join(f"{value:>13{formats.get(str(measure), ',.0f')}}" for value in row)
        yield f"  {measure:<20}{cells}   {notes[str(measure)]}"
    yield ""
    yield "  round robin: tasks and reps in fixed order, passing over whoever may not take it"
    yield "  greedy: one pass, hardest task first, each to the least loaded rep who may hold it"
    yield "  assignopt: best in the three things asked for, in their order; range, Gini and Jain"
    yield "  were not asked for, so another plan may come out lower or higher in them"


if __name__ == "__main__":
    main()
