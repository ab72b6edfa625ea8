"""Rebalanced: a Plan that knows the plan it came from, and why no fewer moves would have done."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from ..plan import Plan

if TYPE_CHECKING:
    import pandas as pd

    from ..check import Audit
    from ..problem import Problem
    from .certificates import MovesCertificate


KINDS = ("move", "forced", "new", "closed")


@dataclass(frozen=True, eq=False)
class Rebalanced(Plan):
    """A plan made from another one: a :class:`assignopt.Plan` that knows what it came from.

    Parameters
    ----------
    before
        The plan it was made from, audited in its own problem.
    moves
        Frame, a row for each task whose owner changes: task_id, from_rep, to_rep, kind, cost.
        ``kind`` is ``move`` (the owner could have kept it), ``forced`` (they are gone or may no
        longer hold it), ``new`` (nobody had it) or ``closed`` (nobody has it now). ``cost`` is 0
        unless it is a move.
    certificate
        Why no plan has fewer moves, checked without an engine; None unless a target was given.
    base
        The problem as it is now, with the present owners, before the options were written into it:
        what the next rebalancing starts from.
    """

    before: Audit | None = None
    moves: pd.DataFrame | None = None
    certificate: MovesCertificate | None = None
    base: Problem | None = None

    @classmethod
    def of(cls, plan: Plan, **more: Any) -> Rebalanced:
        """Add to a plan what is known of the one before."""
        return cls(**{one.name: getattr(plan, one.name) for one in fields(Plan)}, **more)

    def headline(self) -> str:
        """Say the outcome in one line."""
        if self.moves is None or not self.frames:
            return super().headline()
        kinds = self.moves["kind"].value_counts()
        told = [
            f"{kinds[kind]} {kind}" for kind in ("move", "forced", "new", "closed") if kind in kinds
        ]
        return f"{super().headline()}; changes: {', '.join(told) or 'none'}"
