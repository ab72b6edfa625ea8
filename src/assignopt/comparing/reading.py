"""Plans and audits in, one kind of side out: what is compared, with every fault told at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..check import Audit, keepable_tasks
from ..errors import Faults, NoSolutionError
from ..holdings import Holdings, read_assignments
from ..plan import Plan, Status
from ..terms import moved_tasks, term_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from ..columns import Bools
    from ..objectives import AnyTier
    from ..problem import Problem

UNREAD = ("unknown_task", "unknown_rep", "unknown_role")
"""Violations of an audit that stand for assignments which could not be understood."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the plans compared.

    Parameters
    ----------
    held
        Who holds what.
    unread
        How many assignments name what the problem does not know, and are left out.
    status
        What the run said; None for an audit.
    unassigned
        The plan's frame of empty seats with their reasons; None for an audit.
    """

    held: Holdings
    unread: int
    status: Status | None = None
    unassigned: pd.DataFrame | None = None

    @property
    def problem(self) -> Problem:
        """What the plan is for."""
        return self.held.problem

    @cached_property
    def keepable(self) -> Bools:
        """(T,) whether the task's present owner could keep it."""
        return keepable_tasks(self.problem)

    def term(self, tier: AnyTier) -> float:
        """Compute the value of a tier, by the checker's definition."""
        return term_value(self.held, tier, self.keepable)

    def moves(self) -> int:
        """Count the tasks that leave a present owner who could keep them."""
        return int(moved_tasks(self.held, self.keepable).sum())


def read_sides(given: Mapping[str, Any], title: str) -> dict[str, Side]:
    """Read plans by name.

    Raises
    ------
    pydantic.ValidationError
        When one is neither a Plan nor an Audit, or efforts are in several units.
    NoSolutionError
        When a plan has no solution: all that have none, with the reason of each.
    """
    faults = Faults(title)
    for name, one in given.items():
        if not isinstance(one, Plan | Audit):
            faults.add(
                (name,),
                f"a {type(one).__name__} is no plan; allowed is a Plan or an Audit. "
                "Give ao.audit(problem, assignments) for assignments of another origin",
            )
    faults.raise_if_any()
    unsolved = {name: why for name, one in given.items() if (why := _unsolved(one))}
    if unsolved:
        told = "; ".join(f"{name!r}: {why}" for name, why in unsolved.items())
        raise NoSolutionError(f"{len(unsolved)} of {len(given)} plans have no solution. {told}")
    sides = {name: _side(one) for name, one in given.items()}
    _check_units(sides, faults)
    faults.raise_if_any()
    return sides


def _unsolved(one: Plan | Audit) -> str | None:
    if isinstance(one, Audit) or one.status in (Status.OPTIMAL, Status.FEASIBLE):
        return None
    return one.headline()


def _side(one: Plan | Audit) -> Side:
    if isinstance(one, Audit):
        return Side(one.holdings, int(one.violations["rule"].isin(UNREAD).sum()))
    held, unread = read_assignments(one.problem, one.assignments)
    return Side(held, len(unread), one.status, one.unassigned)


def _check_units(sides: dict[str, Side], faults: Faults) -> None:
    units = {name: side.problem.effort_unit for name, side in sides.items()}
    first = next(iter(units.values()), None)
    for name, unit in units.items():
        if unit != first:
            faults.add(
                (name, "effort_unit"),
                f"efforts are in {unit!r}, those of {next(iter(units))!r} in {first!r}; one unit "
                "is allowed. Convert them, as with scale_effort",
            )
