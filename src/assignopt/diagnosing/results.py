"""Diagnosis: whether a problem has a plan; if not why not and what would do; where it is tight."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..plan import frame_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ..plan import Plan
    from ..problem import Problem
    from ..proofs import Certificate
    from .limits import Limit
    from .repairing import Repair

REPAIRS = {
    "repair": "str",
    "changes": "int64",
    "rule": "str",
    "from": "str",
    "to": "str",
    "size": "float64",
    "step": "float64",
    "least": "bool",
    "verified": "bool",
}
SHOWN = 10
"""How many rows of each part a printed diagnosis lists."""


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What keeps a problem from having a plan, or tasks from being assigned.

    Parameters
    ----------
    problem
        What was diagnosed.
    feasible
        Whether there is a plan that keeps every rule: True with a plan, False with a proof, None
        when time ran out before either.
    certificate
        Sums that prove that there is no plan, for anyone to check; None where there is a plan, or
        where sums alone do not show it.
    conflict
        Limits that no plan keeps together, the rules first: each has ``id``, ``kind`` and
        ``sentence``. Empty where there is a plan.
    minimal
        Whether it is proved that a plan keeps every smaller set of the conflict.
    repairs
        Frame, a row for each repair, fewest changes first, then the smallest:

        * ``repair``: what to change, in words; ``changes``: how many changes that is;
        * ``rule``: the limits that change; ``from``, ``to``: their values;
        * ``size``: see :func:`assignopt.diagnose`;
        * ``step``: the smallest difference of a value looked at (NaN where there is none);
        * ``least``: whether it is proved that one step less of any change does not do;
        * ``verified``: whether a plan of the repaired problem was found, and passed the audit.
    bottlenecks
        Frame, a row for each skill, customer type and territory, the scarcest first: by, name,
        tasks, reps, need, have, short, slots, open.
    unassigned
        Frame, a row for each seat that a plan of most coverage leaves open: task_id, role,
        reason, detail. Without rows where there is no plan.
    plan
        That plan; its tier says whether more is ruled out.
    complete
        Whether everything was looked at in time; False: there may be more or smaller repairs.
    runtime
        Seconds.
    """

    problem: Problem
    feasible: bool | None
    certificate: Certificate | None
    conflict: tuple[Limit, ...]
    minimal: bool
    repairs: pd.DataFrame
    bottlenecks: pd.DataFrame
    unassigned: pd.DataFrame
    plan: Plan | None
    complete: bool
    runtime: float
    found: tuple[Repair, ...] = field(repr=False, default=())

    def repaired(self, i: int = 0) -> Problem:
        """Give the problem with a repair.

        Parameters
        ----------
        i
            Row of ``repairs``; negative ones count from the end.

        Raises
        ------
        IndexError
            When there is no such repair.
        """
        if not -len(self.found) <= i < len(self.found):
            raise IndexError(f"repair {i} does not exist; there are {len(self.found)}")
        return self.found[i].problem.replace(objective=self.problem.objective)

    def headline(self) -> str:
        """Say the outcome in one line."""
        if self.feasible is None:
            return "It is not known whether a plan keeps every rule: the time ran out"
        if not self.feasible:
            return "No plan keeps every rule"
        left = self.unassigned["task_id"].nunique()
        if not left:
            return "A plan keeps every rule and assigns every task"
        assert self.plan is not None
        sure = "no plan leaves fewer" if self._is_most() else "fewer may do"
        open_ = f"{left} of {len(self.problem.tasks)} tasks open"
        return f"A plan keeps every rule; it leaves {open_} ({sure})"

    def _is_most(self) -> bool:
        """Whether no plan can leave fewer tasks open: proved, and all of one priority."""
        assert self.plan is not None
        priority = self.problem.task_columns.priority
        alike = len(np.unique(priority)) < 2 and not len(self.problem.task_columns.roles.task)
        return alike and bool(self.plan.terms["proved"].all())

    def __str__(self) -> str:
        parts = [f"{self.headline()}."]
        if self.certificate is not None:
            parts.append(f"Proof: {self.certificate}.")
        if self.conflict:
            smaller = "a plan keeps any fewer" if self.minimal else "fewer may conflict too"
            parts.append(f"These cannot be kept together ({smaller}):")
            parts.append(_lines([str(limit) for limit in self.conflict]))
        if self.feasible is False:
            more = (
                ""
                if self.complete
                else " (not all was settled in time; there may be more or smaller ones)"
            )
            parts.append(f"What would do{more}:" if self.found else f"No repair was found{more}.")
            parts.append(_lines([_line(repair) for repair in self.found]))
        if len(self.unassigned):
            rows = self.unassigned.itertuples(index=False)
            parts.append("What keeps tasks open:")
            parts.append(
                _lines([f"{r.task_id!r} ({r.role}): {r.reason}, {r.detail}" for r in rows])
            )
        tight = self.bottlenecks.query("short > 0 or open > 0")
        if len(tight):
            unit = self.problem.effort_unit
            rows = tight.itertuples(index=False)
            parts.append("Where it is tight:")
            parts.append(
                _lines(
                    [
                        f"{r.by} {r.name}: {r.tasks} tasks need {r.need:.10g} {unit}; "
                        f"{r.reps} reps have {r.have:.10g}"
                        for r in rows
                    ]
                )
            )
        return "\n".join(part for part in parts if part)

    def __repr__(self) -> str:
        return f"<Diagnosis: {self.headline()}>"

    def to_data(self) -> dict[str, Any]:
        """Give the diagnosis as plain data, ready for JSON; without the problem and the plans."""
        return {
            "feasible": self.feasible,
            "headline": self.headline(),
            "certificate": None if self.certificate is None else self.certificate.to_data(),
            "conflict": [limit.to_data() for limit in self.conflict],
            "minimal": self.minimal,
            "repairs": _rows(self.repairs),
            "bottlenecks": _rows(self.bottlenecks),
            "unassigned": _rows(self.unassigned),
            "complete": self.complete,
            "runtime": self.runtime,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Give the diagnosis as JSON text; no limit (inf) and no value (NaN) are null."""
        return json.dumps(self.to_data(), ensure_ascii=False, indent=indent, allow_nan=False)


def repair_frame(found: Sequence[Repair]) -> pd.DataFrame:
    """Make the frame of repairs."""
    rows = []
    for repair in found:
        told = [change.told() for change in repair.changes]
        steps = [change.step for change in repair.changes if change.step is not None]
        rows.append(
            {
                "repair": repair.sentence,
                "changes": len(repair.changes),
                "rule": "; ".join(change.limit.id for change in repair.changes),
                "from": "; ".join(old for old, _ in told),
                "to": "; ".join(new for _, new in told),
                "size": repair.size,
                "step": max(steps, default=np.nan),
                "least": repair.least,
                "verified": True,
            }
        )
    return frame_of(rows, REPAIRS)


def _line(repair: Repair) -> str:
    return repair.sentence + ("" if repair.least else " (less may do)")


def _lines(texts: list[str]) -> str:
    more = [f"  and {len(texts) - SHOWN} more"] if len(texts) > SHOWN else []
    return "\n".join([f"  {text}" for text in texts[:SHOWN]] + more)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    cells = frame.replace([np.inf, -np.inf], np.nan).astype(object)
    rows = cells.where(cells.notna(), None).to_dict("records")
    return [{str(name): cell for name, cell in row.items()} for row in rows]
