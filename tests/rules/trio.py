"""A trio for a rule: a plan it allows, a plan it forbids, and what the allowed one is worth.

Both plans are forced, so that each engine answers a question with one answer. Without the rule the
forbidden plan is possible: it is this rule that forbids it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import assignopt as ao

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Rule = ao.Pin | ao.Forbid | ao.Allow
    Seats = dict[str | tuple[str, str], str | None]

OBJECTIVE = (ao.Coverage(), ao.Value(), ao.Fairness("minmax", per="nothing"))
SOLVERS = ("auto", "cpsat", "flow")


@dataclass(frozen=True)
class Trio:
    """The three claims about one rule in one situation.

    Parameters
    ----------
    name
        What is claimed.
    rule
        The rule.
    reps, tasks
        The situation.
    allowed, forbidden
        Task, or (task, role), -> rep, None for nobody; seats left out are free.
    values
        Coverage, value and largest load of the allowed plan.
    flow
        Whether the rule, on this problem, is one for the flow engine.
    also
        Other rules of the situation, which both plans keep.
    allowed_by, forbidden_by
        Rules that force the plan, where pins would say something else; None = pins.
    pairs
        As in :class:`assignopt.Problem`.
    """

    name: str
    rule: object
    reps: Sequence[ao.Rep]
    tasks: Sequence[ao.Task]
    allowed: Seats
    forbidden: Seats
    values: tuple[float, float, float]
    flow: bool = False
    also: Sequence[object] = ()
    allowed_by: Sequence[object] | None = None
    forbidden_by: Sequence[object] | None = None
    pairs: Sequence[tuple[object, ...]] | None = None

    def __str__(self) -> str:
        return self.name

    def problem(self, forced: str | None = None, *, ruled: bool = True) -> ao.Problem:
        """Make the problem in which a plan is forced, with the rule or without it."""
        rules = [*self.also, *([self.rule] if ruled else [])]
        if forced == "allowed":
            rules += pins(self.allowed) if self.allowed_by is None else self.allowed_by
        elif forced == "forbidden":
            rules += pins(self.forbidden) if self.forbidden_by is None else self.forbidden_by
        kept = list({rule.id: rule for rule in rules}.values())
        return ao.Problem(self.reps, self.tasks, pairs=self.pairs, rules=kept, objective=OBJECTIVE)

    def engines(self) -> list[str]:
        """List the engines that solve the problem exactly."""
        return [name for name in SOLVERS if name != "flow" or self.flow]


def pins(plan: Seats) -> list[Rule]:
    """Make the rules that leave only this plan of the seats named."""
    rules: list[Rule] = []
    for seat, rep in plan.items():
        task, role = (seat, "owner") if isinstance(seat, str) else seat
        rules.append(ao.Forbid(task=task) if rep is None else ao.Pin(task, rep, role))
    return rules


def as_rows(plan: Seats) -> list[tuple[str, str, str]]:
    """Give the filled seats of a plan as rows (task, rep, role)."""
    seats = [(seat, "owner") if isinstance(seat, str) else seat for seat in plan]
    held = zip(seats, plan.values(), strict=True)
    return [(task, rep, role) for (task, role), rep in held if rep is not None]


def solve(problem: ao.Problem, engine: str) -> ao.Plan:
    """Solve a small problem with ample time."""
    return ao.solve(problem, engine=engine, workers=1, time_limit=60)


def check(trio: Trio) -> None:
    """Check all claims of a trio, with every engine."""
    the_checker_tells_them_apart(trio)
    for engine in trio.engines():
        the_allowed_plan_is_found_and_worth_what_it_should_be(trio, engine)
        the_forbidden_plan_is_proved_impossible(trio, engine)
    if not trio.flow:
        flow_is_not_given_what_it_cannot_model(trio)
    greedy_never_breaks_it(trio)


def the_checker_tells_them_apart(trio: Trio) -> None:
    """Audit both plans: the first keeps every rule, the second breaks this one and no other."""
    problem = trio.problem()
    good = ao.audit(problem, as_rows(trio.allowed))
    assert good.ok, good
    assert good.terms["value"].tolist() == pytest.approx(trio.values)
    assert set(ao.audit(problem, as_rows(trio.forbidden)).violations["rule"]) == {trio.rule.id}


def the_allowed_plan_is_found_and_worth_what_it_should_be(trio: Trio, engine: str) -> None:
    """Force the allowed plan and solve."""
    plan = solve(trio.problem("allowed"), engine)
    assert plan.status is ao.Status.OPTIMAL, (engine, plan)
    found = plan.assignments[["task_id", "rep_id", "role"]].itertuples(index=False, name=None)
    assert set(found) == set(as_rows(trio.allowed)), engine
    assert plan.terms["value"].tolist() == pytest.approx(trio.values), engine
    assert plan.terms["bound"].tolist() == pytest.approx(trio.values), engine


def the_forbidden_plan_is_proved_impossible(trio: Trio, engine: str) -> None:
    """Force the forbidden plan and solve: impossible with the rule, possible without."""
    plan = solve(trio.problem("forbidden"), engine)
    assert plan.status is ao.Status.INFEASIBLE, (engine, plan)
    assert plan.infeasibility, engine
    with pytest.raises(ao.NoSolutionError):
        _ = plan.assignments
    without = solve(trio.problem("forbidden", ruled=False), engine)
    assert without.status is ao.Status.OPTIMAL, (engine, without)


def flow_is_not_given_what_it_cannot_model(trio: Trio) -> None:
    """Ask for the flow engine by name."""
    with pytest.raises(ValueError, match="'flow' cannot solve"):
        solve(trio.problem(), "flow")


def greedy_never_breaks_it(trio: Trio) -> None:
    """Solve greedily, free and forced: what comes out keeps the rule, or nothing comes out."""
    found = (ao.Status.OPTIMAL, ao.Status.FEASIBLE)
    for forced in (None, "allowed"):
        problem = trio.problem(forced)
        plan = solve(problem, "greedy")
        assert plan.status in (*found, ao.Status.UNKNOWN)
        assert plan.status is ao.Status.UNKNOWN or ao.audit(problem, plan).ok
    assert solve(trio.problem("forbidden"), "greedy").status not in found


def trios(*cases: Trio) -> Callable[[Callable[[Trio], None]], Callable[[Trio], None]]:
    """Run a test once for each trio."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    return pytest.mark.parametrize("trio", cases, ids=names)
