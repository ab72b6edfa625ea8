"""Readers of the public data that lies beside the project; nothing of it is copied.

The folder is ``ASSIGNOPT_DATA``, else ``../shared/data`` beside the project. Its README tells where
everything comes from and under which licence.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from .instances import Pairs
from .measure import ROOT


def folder(name: str) -> Path | None:
    """Find a folder of the data; None where it is missing."""
    base = Path(os.environ.get("ASSIGNOPT_DATA") or ROOT.parent / "shared" / "data")
    return base / name if (base / name).is_dir() else None


def missing(name: str) -> str:
    return f"no data folder {name!r}: generated instances instead. Set ASSIGNOPT_DATA to have it"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def read_gap(path: Path, *, maximise: bool = False) -> tuple[Pairs, int]:
    """Read a generalised assignment problem: ``m n``, costs, resources, capacities.

    Returns
    -------
    pairs : Pairs
        Of m reps and n tasks. A cost c is the value ``1 + max - c``, with the highest cost of the
        task; with ``maximise`` it is the value itself.
    offset : int
        The cost of a plan is ``offset - value`` (or the value, with ``maximise``).
    """
    numbers = np.array(path.read_text().split(), np.int64)
    reps, tasks = (int(n) for n in numbers[:2])
    cells = reps * tasks
    cost, need = (numbers[2 + k * cells :][:cells].reshape(reps, tasks).T for k in (0, 1))
    capacity = numbers[2 + 2 * cells :][:reps]
    highest = cost.max(axis=1) + 1
    value = cost if maximise else highest[:, None] - cost
    task, rep = (one.ravel() for one in np.indices(cost.shape))
    pairs = Pairs(tasks, reps, task, rep, value.ravel(), capacity, need.ravel())
    return pairs, int(highest.sum())


def read_lap(path: Path) -> tuple[Pairs, int]:
    """Read a linear assignment problem: ``n``, then n rows of n costs; as :func:`read_gap`."""
    numbers = np.array(path.read_text().split(), np.int64)
    n = int(numbers[0])
    return square(numbers[1:].reshape(n, n))


def square(cost: np.ndarray) -> tuple[Pairs, int]:
    """Make an instance of a square matrix of costs: each rep takes one task."""
    highest = cost.max(axis=1) + 1
    task, rep = (one.ravel() for one in np.indices(cost.shape))
    value = (highest[:, None] - cost).ravel()
    n = len(cost)
    return Pairs(n, n, task, rep, value, np.ones(n, np.int64)), int(highest.sum())


def read_workforce(path: Path) -> dict[str, Any]:
    """Read one instance of the aircraft maker as it stands."""
    data: dict[str, Any] = json.loads(path.read_text())
    return data


def read_reviewers(path: Path) -> tuple[np.ndarray, int, int]:
    """Read affinities (reviewers, papers), the most papers of a reviewer, reviewers of a paper.

    Raises
    ------
    ValueError
        When limits differ between reviewers, or demands between papers.
    """
    scores = np.load(path / "scores.npy", allow_pickle=False)
    most = np.unique(np.load(path / "loads.npy", allow_pickle=False))
    each = np.unique(np.load(path / "covs.npy", allow_pickle=False))
    if len(most) != 1 or len(each) != 1:
        raise ValueError(f"limits {most} and demands {each}; one of each is what is expected")
    return scores, int(most[0]), int(each[0])


def read_maven(path: Path) -> list[dict[str, Any]]:
    """Read the closed deals of the fictitious CRM: agent, product, sector, close_date, won.

    ``sector`` is that of the account, ``none`` without one. Outcomes carry no signal about agents.
    """
    sectors = {row["account"]: row["sector"] for row in table(path / "accounts.csv")}
    return [
        {
            "agent": row["sales_agent"],
            "product": row["product"].replace("GTXPro", "GTX Pro"),
            "sector": sectors.get(row["account"], "none"),
            "close_date": row["close_date"],
            "won": int(row["deal_stage"] == "Won"),
        }
        for row in table(path / "sales_pipeline.csv")
        if row["deal_stage"] in ("Won", "Lost")
    ]
