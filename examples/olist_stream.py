"""Who works the next lead? The leads won in April 2018 of a real sales funnel, in their order.

Nine policies, an exact solve for every twenty leads, and what was really done. Each sales rep gets
as many leads as they really had, so what differs is who gets which. Fit is the chance that a new
seller ever delivers an order (activation), learned from the deals of earlier months alone; what a
policy claims by it stands beside what the outcomes of April say, and beside what the same policy
claims where the reps of earlier deals were shuffled, so that there is nothing to be learned.

Only won deals name a rep, and when they were won; so the order is that of the wins.

Data: ``olist/closed_deals.csv`` and ``olist/seller_performance.csv`` under ``ASSIGNOPT_DATA``, or
``../shared/data`` beside the project. ``--plot FILE`` draws the table (.png or .svg; needs
``assignopt[plot]``).
"""

from __future__ import annotations

import argparse
import os
import sys
from itertools import batched
from pathlib import Path

import numpy as np
import pandas as pd

import assignopt as ao

DATA = Path(
    os.environ.get("ASSIGNOPT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)
SINCE, BATCH, SHUFFLES = "2018-04-01", 20, 10
COLUMNS = {"rep": "rep", "type": "kind", "outcome": "activated", "time": "won"}
REALLY, EXACT = "as it was done", f"exact, {BATCH} at a time"


class AsItWas(ao.policies.Policy):
    """Whoever really had it, as told by the tag ``had``."""

    def choose(self, task: ao.Task, state: ao.policies.State) -> str | None:
        """Give the real rep, if they have room."""
        who = str(task.tags["had"])
        return who if who in state.candidates else None


def deals() -> pd.DataFrame:
    """Read the won deals by date: lead, rep, lead type, and whether the seller activated."""
    table = pd.read_csv(DATA / "olist" / "closed_deals.csv", dtype=str)
    sellers = pd.read_csv(DATA / "olist" / "seller_performance.csv", usecols=["seller_id"])
    found = pd.DataFrame(
        {
            "id": table["mql_id"],
            "rep": table["sr_id"],
            "kind": table["lead_type"].fillna("unknown"),
            "won": pd.to_datetime(table["won_date"]),
            "activated": table["seller_id"].isin(sellers["seller_id"]).astype(int),
        }
    )
    return found.sort_values("won", kind="stable").reset_index(drop=True)


def team_of(past: pd.DataFrame, later: pd.DataFrame) -> tuple[ao.Problem, ao.fit.FitEstimate]:
    """Make the team: fit from the past, as many leads as they really had; the past as forecast."""
    found = ao.fit.from_history(past, **COLUMNS)
    held = later["rep"].value_counts().sort_index()
    problem = ao.Problem(
        [ao.Rep(name, max_tasks=int(n), weight=int(n)) for name, n in held.items()],
        [ao.Task(f"past {row.id}", customer_type=row.kind) for row in past.itertuples()],
        objective=[ao.Coverage(), ao.Value()],
        effort_unit="leads",
    )
    return found.apply(problem), found


def policies() -> dict[str, ao.policies.Policy]:
    """List what decides on one lead at a time."""
    p = ao.policies
    return {
        REALLY: AsItWas(),
        "round robin": p.RoundRobin(),
        "turns by room": p.WeightedRoundRobin(),
        "longest wait": p.LongestWait(),
        "least full": p.LeastLoaded(),
        "carpool debt": p.Debt(),
        "by lot": p.Random(),
        "best fit": p.GreedyFit(),
        "prices": p.Prices(),
        "prices, all given": p.Prices(must_assign=True),
    }


def owners(
    team: ao.Problem, policy: ao.policies.Policy, tasks: tuple[ao.Task, ...], batch: int = 1
) -> dict[str, str]:
    """Route the leads one by one, or in batches; lead -> rep."""
    router = ao.Router(team, policy=policy, horizon=len(tasks))
    said = [one for some in batched(tasks, batch) for one in router.assign_many(some)]
    return {one.task_id: one.rep_id for one in said if one.rep_id is not None}
