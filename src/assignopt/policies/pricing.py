"""From a snapshot of a stream to prices: what is expected against the room that is left."""

from __future__ import annotations

from array import array
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from .duals import Room, dual_prices
from .mixing import arrived_rows, expected_rows, sample_ahead
from .pausing import paced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..columns import Floats
    from ..problem import Problem
    from .duals import Sample
    from .state import State

TABLES = ("price", "slot")
"""Prices of a unit of effort, and of a task."""

KEPT = ("group", "scale", "effort")
"""The columns of the arrivals that are kept, see :func:`assignopt.policies.mixing.keep`."""


def snapshot_of(state: State, window: int) -> dict[str, Any]:
    """Copy what prices depend on; nothing is looked at yet."""
    memory = state.memory
    return {
        "problem": state.problem,
        "limit": dict(state.capacity),
        "most": dict(state.most),
        "load": dict(state.load),
        "open": dict(state.open),
        "given": None,
        "flow": list(memory["flow"]),
        "step": memory["came"],
        "horizon": state.horizon,
        **{name: column[-window:] for name, column in zip(KEPT, memory["window"], strict=True)},
        "who": list(memory["who"]),
        "prices": [
            {column: numbers[:] for column, numbers in memory.get(name, {}).items()}
            for name in TABLES
        ],
    }


def learned_prices(snapshot: Mapping[str, Any], step: float, fairness: float) -> dict[str, Any]:
    """Find prices from a snapshot.

    Returns
    -------
    dict
        ``price``: three columns, each with a number for each rep of the team in its order: ``at``,
        the price of a unit of effort as if at the first arrival; ``drop``, by how much an arrival
        lowers it; ``rise``, by how much a unit taken raises it. ``slot``: the same of a task. Empty
        where nobody has such a limit. ``rate``: room per arrival left, of reps with a limit (with
        fairness).
    """
    names = list(snapshot["limit"])
    place = {name: at for at, name in enumerate(names)}
    expected = expected_rows(snapshot["problem"])  # the team begins with its reps
    came = arrived_rows([snapshot[name] for name in KEPT], snapshot["who"], place)
    (limits, free), freed = _rooms(snapshot), _freed(snapshot)
    now = snapshot["step"]
    effort = _mean_effort([*expected, *came])
    left = _left(snapshot, free, effort, freed)
    ahead = free + np.where(np.isfinite(limits), limits, 0.0) * freed * left
    room = Room(ahead[0], ahead[1])
    horizon = max(now + left, 1.0)
    sample = sample_ahead(expected, came, now, left, horizon)
    start = _start(snapshot, names, limits)
    rates = np.maximum(np.where(np.isfinite(ahead), ahead, 0.0) / left, 1e-12)
    main = np.where(np.isfinite(limits[0]), 0, 1)
    bonus = (main, rates[main, np.arange(len(names))], fairness) if fairness else None
    if snapshot["given"] is not None:
        price, slot = start if start is not None else (np.zeros(len(names)),) * 2
    elif len(sample.weight):
        price, slot = dual_prices(sample, room, start if now else None, bonus)
    else:
        price, slot = np.zeros(len(names)), np.zeros(len(names))
    per = np.array([effort, 1.0])[:, None]
    tasks = np.maximum(np.where(np.isfinite(ahead), ahead, 1.0) / per, 1.0)
    limited = np.isfinite(limits)
    rise = np.where(limited, step * _mean_value(sample) / per**2 / np.sqrt(tasks), 0.0)
    drop = rise * rates
    told: dict[str, Any] = {}
    for way, (name, one) in enumerate(zip(TABLES, (price, slot), strict=True)):
        columns = {"at": one + now * drop[way], "drop": drop[way], "rise": rise[way]}
        known = columns.items() if limited[way].any() else ()
        told[name] = {column: array("d", numbers.tobytes()) for column, numbers in known}
    if bonus is not None:
        who, rate = np.flatnonzero(limited.any(axis=0)).tolist(), bonus[1].tolist()
        told["rate"] = {names[one]: rate[one] for one in who}
    return told


def _rooms(snapshot: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """(2, R) limits and free room of effort and tasks."""
    limits, used = (
        np.array([list(snapshot[name].values()) for name in names], float)
        for names in (("limit", "most"), ("load", "open"))
    )
    return limits, np.maximum(limits - used, 0.0)


def _freed(snapshot: Mapping[str, Any]) -> float:
    """Estimate which part of what is held is released from one arrival to the next."""
    _, area, freed = snapshot["flow"]
    return float(freed / max(area, freed, 1))


def _left(snapshot: Mapping[str, Any], free: Floats, effort: float, freed: float) -> float:
    """How many arrivals are still expected."""
    if snapshot["horizon"] is not None:
        left = float(snapshot["horizon"] - snapshot["step"])
    else:
        tasks = np.minimum(free[0] / effort, free[1])
        left = float(np.sum(tasks[np.isfinite(tasks)]))
    if freed:  # the stream goes on for as long as it did
        left = max(left, float(len(snapshot["group"])))
    return max(left, 1.0)


def _start(
    snapshot: Mapping[str, Any], names: list[str], limits: Floats
) -> tuple[Floats, Floats] | None:
    """(R,) the prices given, or those of last time."""
    given, tables = snapshot["given"], snapshot["prices"]
    if given is not None:
        price = np.array([given.get(name, 0.0) for name in names])
        by_effort = np.isfinite(limits[0])
        by_task = ~by_effort & np.isfinite(limits[1])
        return np.where(by_effort, price, 0.0), np.where(by_task, price, 0.0)
    if not any(tables):
        return None
    step, nothing = snapshot["step"], np.zeros(len(names))
    price, slot = (
        np.array(table["at"]) - step * np.array(table["drop"]) if table else nothing
        for table in tables
    )
    return price, slot


def _mean_effort(rows: list[Any]) -> float:
    """Mean effort of a task with whom it is least, 1 where nothing is known."""
    least: dict[int, float] = {}
    efforts = []
    for row in paced(rows, 50):
        if row is not None:
            found = least.get(id(row[2]))
            if found is None:
                found = least[id(row[2])] = min(row[2])
            efforts.append(found)
    mean = sum(efforts) / len(efforts) if efforts else 1.0
    return mean if mean > 0 else 1.0


def _mean_value(sample: Sample) -> float:
    """Mean of a task's value with whom it is most; 0 where nothing is known."""
    if not len(sample.weight):
        return 0.0
    best = np.maximum.reduceat(sample.value, sample.first)
    return float(sample.weight @ best / max(float(sample.weight.sum()), 1e-12))


def plan_prices(problem: Problem) -> dict[str, float]:
    """Price the reps of a problem by all of its tasks: of a unit of effort, else of a task."""
    rows, reps = expected_rows(problem), list(problem.reps.values())
    limits = np.array(
        [
            [inf if rep.capacity is None else rep.capacity - rep.carried_load for rep in reps],
            [inf if rep.max_tasks is None else rep.max_tasks for rep in reps],
        ],
        float,
    ).reshape(2, -1)
    tasks = float(len(problem.task_columns.id))
    sample = sample_ahead(rows, [], 0, tasks, max(tasks, 1.0))
    if not len(sample.weight):
        return {rep.id: 0.0 for rep in reps}
    price, slot = dual_prices(sample, Room(np.maximum(limits[0], 0.0), limits[1]))
    effort = _mean_effort(rows)
    found = np.where(np.isfinite(limits[0]), price + slot / effort, slot)
    return {rep.id: float(one) for rep, one in zip(reps, found, strict=True)}
