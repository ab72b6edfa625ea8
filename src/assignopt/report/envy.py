"""Who would rather have another's tasks, and who is short of a share: goods and chores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import metrics
from ..holdings import Holdings

if TYPE_CHECKING:
    from ..columns import Floats, Ints

CELLS = 20_000_000
"""Reps times tasks up to which every rep's view of every task is worked out; above, it is NA."""

CHUNK = 1_000_000
"""Pairs whose values are worked out at a time."""

KINDS = {"goods": "value", "chores": "effort"}
"""What a task is to a rep, taken as something wanted and as something to be done."""

COUNTS = ("envy_pairs", "ef1_violations", "prop1_violations")
NOISE = 1e-9


@dataclass(frozen=True, eq=False)
class Views:
    """How each measured rep sees the tasks that measured reps own.

    Parameters
    ----------
    held
        The seats of a plan.
    who, weight
        (M,) rows of the reps measured, and their entitlements.
    """

    held: Holdings
    who: Ints
    weight: Floats

    def counts(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Give the counts over all reps, a row per kind, and the columns of each rep.

        Returns
        -------
        over_all
            Int64, index :data:`KINDS`, columns :data:`COUNTS`.
        by_rep
            (M,) rows: ``ef1_goods``, ``shortfall_goods``, ``ef1_chores``, ``shortfall_chores``.
        """
        owner = np.full(len(self.held.problem.rep_columns.id), -1, np.int64)
        owner[self.who] = np.arange(len(self.who))
        seats = np.flatnonzero(self.held.is_owner & (owner[self.held.rep] >= 0))
        holder = owner[self.held.rep[seats]]
        rows: dict[str, list[int | None]] = {}
        columns: dict[str, pd.Series[float]] = {}
        for kind, view in KINDS.items():
            chores, unknown = kind == "chores", len(self.who) * len(seats) > CELLS
            told: list[int | None] = [None] * len(COUNTS)
            envied: list[int | None] = [None] * len(self.who)
            short: list[float | None] = [None] * len(self.who)
            if not unknown:
                views = self._seen(self.held.task[seats], view)
                each = metrics.ef1_by_rep(views, holder, self.weight, chores=chores)
                pairs = metrics.envy_pairs(views, holder, self.weight, chores=chores)
                missed = metrics.prop1_violations(views, holder, self.weight, chores=chores)
                told, envied = [pairs, int(each.sum()), missed], each.tolist()
                short = self._shortfall(views, holder, chores=chores).tolist()
            rows[kind] = told
            columns[f"ef1_{kind}"] = pd.Series(envied, dtype="Int64")
            columns[f"shortfall_{kind}"] = pd.Series(short, dtype="Float64")
        over_all = pd.DataFrame.from_dict(rows, orient="index", columns=list(COUNTS))
        return over_all.astype("Int64").rename_axis("kind"), pd.DataFrame(columns)

    def _seen(self, task: Ints, view: str) -> Floats:
        """(M, H) what each rep sees in each of these tasks, as their owner."""
        step = max(1, CHUNK // max(len(task), 1))
        seen = np.empty((len(self.who), len(task)))
        for first in range(0, len(self.who), step):
            reps = self.who[first : first + step]
            tasks, rows = np.tile(task, len(reps)), np.repeat(reps, len(task))
            cross = Holdings(self.held.problem, tasks, rows, np.full(len(tasks), -1, np.int64))
            seen[first : first + step] = getattr(cross, view).reshape(len(reps), len(task))
        return seen

    def _shortfall(self, views: Floats, holder: Ints, *, chores: bool) -> Floats:
        """(M,) by how much each rep misses its share of what it sees in all; noise is 0."""
        own = np.bincount(
            holder, views[holder, np.arange(len(holder))], minlength=len(self.who)
        ).astype(np.float64)
        share = self.weight / self.weight.max()
        entitled = share / share.sum() * views.sum(axis=1)
        missing = own - entitled if chores else entitled - own
        return np.where(missing > NOISE * np.maximum(own, entitled), missing, 0.0)
