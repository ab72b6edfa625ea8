"""Rebalanced: a Plan that knows the plan it came from, and why no fewer moves would have done."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from ..plan import Plan

if TYPE_CHECKING:
    import pandas as pd

    from ..check import Audit
    from .certificates import MovesCertificate


KINDS = ("move", "forced", "new", "closed", "helper")


@dataclass(frozen=True, eq=False)
class Rebalanced(Plan):
    """A plan made from another one: a :class:`assignopt.Plan` that knows what it came from.

    Parameters
    ----------
    before
        The plan it was made from, audited in its own problem.
    moves
        Frame, a row for each seat that changes hands: task_id, role, from_rep, to_rep, kind, cost.
        ``kind`` is ``move`` (the owner could have kept it), ``forced`` (they are gone or may no
        longer hold it), ``new`` (nobody had it) or ``closed`` (nobody has it now); ``helper`` for
        roles, which are no moves. ``cost`` is 0 unless it is a move.
    certificate
        Why no plan has fewer moves, checked without an engine; None unless a target was given.
    unmet
        What of the target the plan does not reach, though it is not proved that no plan does.
    """

    before: Audit | None = None
    moves: pd.DataFrame | None = None
    certificate: MovesCertificate | None = None
    unmet: tuple[str, ...] = ()

    @classmethod
    def of(cls, plan: Plan, **more: Any) -> Rebalanced:
        """Add to a plan what is known of the one before."""
        given = {one.name: getattr(plan, one.name) for one in fields(Plan)}
        return cls(**{**given, **more})

    def headline(self) -> str:
        """Say the outcome in one line."""
        if self.moves is None or not self.frames:
            return super().headline()
        kinds = self.moves["kind"].value_counts()
        told = [f"{kinds[kind]} {kind}" for kind in KINDS if kind in kinds]
        missed = f"; the target is not met: {'; '.join(self.unmet)}" if self.unmet else ""
        return f"{super().headline()}; changes: {', '.join(told) or 'none'}{missed}"
