"""What is measured of a run: on the way at checkpoints, and in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..metrics import gini, jain_index, load_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..columns import Bools, Floats, Ints
    from ..streams import Stream
    from .running import Record, Run

RUNS = {
    "policy": "str",
    "stream": "str",
    "seed": "int64",
    "tasks": "int64",
    "assigned": "int64",
    "coverage": "float64",
    "value": "float64",
    "hindsight": "float64",
    "bound": "float64",
    "exact": "bool",
    "ratio": "float64",
    "bound_ratio": "float64",
    "gini": "float64",
    "load_range": "float64",
    "jain": "float64",
    "deviation": "float64",
    "waiting_mean": "float64",
    "waiting_p95": "float64",
    "reassigned": "int64",
    "refused": "int64",
    "conversions": "int64",
    "late_value": "float64",
    "seconds": "float64",
}
OVER_TIME = {
    "policy": "str",
    "stream": "str",
    "seed": "int64",
    "checkpoint": "int64",
    "at": "float64",
    "arrived": "int64",
    "assigned": "int64",
    "value": "float64",
    "coverage": "float64",
    "gini": "float64",
    "load_range": "float64",
    "jain": "float64",
    "waiting": "int64",
    "conversions": "int64",
    "late_value": "float64",
}
REFUSALS = {
    "policy": "str",
    "stream": "str",
    "seed": "int64",
    "task_id": "str",
    "rep_id": "str",
    "reason": "str",
    "detail": "str",
    "at": "float64",
}


class Measuring:
    """Looks at a run after each of some numbers of arrivals.

    Parameters
    ----------
    stream
        What comes.
    checkpoints
        How often to look, the end included.
    """

    def __init__(self, stream: Stream, checkpoints: int) -> None:
        n = len(stream)
        shares = np.arange(1, checkpoints + 1) / checkpoints
        self.marks: list[int] = np.unique(np.ceil(shares * n - 1e-9).astype(int)).tolist()
        self.rows: list[dict[str, Any]] = []
        self._arrived = np.cumsum([task.priority for task in stream.tasks])

    def look(self, run: Run) -> None:
        """Measure how things stand."""
        state, arrived = run.desk.state, run.arrived
        due = float(self._arrived[arrived - 1]) if arrived else 0.0
        self.rows.append(
            {
                "checkpoint": len(self.rows) + 1,
                "at": state.now,
                "arrived": arrived,
                "assigned": run.assigned,
                "value": run.value,
                "coverage": run.covered / due if due else 1.0,
                **spread(run),
                "waiting": len(run.waiting.queue) if run.waiting is not None else 0,
            }
        )


def spread(run: Run) -> dict[str, float]:
    """Measure how the effort given so far is spread among those who are entitled, per weight.

    Who is not active, or has a weight of 0, takes no part.
    """
    state = run.desk.state
    who = [name for name, rep in state.reps.items() if rep.active and state.weight[name] > 0]
    if not who:
        return dict.fromkeys(("gini", "load_range", "jain"), np.nan)
    load = np.array([state.reps[name].carried_load + run.given.get(name, 0.0) for name in who])
    load = np.maximum(load, 0.0)  # what was credited back leaves rounding behind
    weight = np.array([state.weight[name] for name in who])
    return {
        "gini": gini(load, weight),
        "load_range": load_range(load, weight),
        "jain": jain_index(load, weight),
    }


def deviation(owner: Ints, turn: Ints, teams: Sequence[tuple[int, Sequence[float]]]) -> float:
    """Give how far anybody's number of tasks ever was from their share of those given so far.

    Of each task everybody who is in the team then, and active, is due ``w_r / W``; it is the most
    that anybody was ever ahead or behind of what they had been due. Between two tasks of a rep that
    changes evenly, so it is looked at right before and after each.

    Parameters
    ----------
    owner, turn
        (n,) who has each task, and the how-manieth it was that was given; -1: nobody, never.
    teams
        From which turn on, and the weights of everybody then: 0 for who is not active. Whoever
        joins comes last.

    Examples
    --------
    >>> owner, turn = np.array([0, 0, 1]), np.array([0, 1, 2])
    >>> deviation(owner, turn, [(0, [1.0, 1.0])])
    1.0
    """
    given = np.flatnonzero(turn >= 0)
    order = given[np.argsort(turn[given])]
    whole, turns = owner[order], turn[order]
    size, worst = len(teams[-1][1]), 0.0
    lead = np.zeros(size)
    ends = [*(int(np.searchsorted(turns, start)) for start, _ in teams[1:]), len(whole)]
    begin = 0
    for (_, weights), end in zip(teams, ends, strict=True):
        who, begin = whole[begin:end], end
        if not len(who):
            continue
        share = np.zeros(size)
        share[: len(weights)] = weights
        share /= share.sum() or 1.0
        sort = np.argsort(who, kind="stable")
        mine = who[sort]
        count = np.arange(len(who)) - np.searchsorted(mine, mine) + 1  # with this one
        after = lead[mine] + count - share[mine] * (sort + 1)
        before = lead[mine] + count - 1 - share[mine] * sort
        lead = lead + np.bincount(who, minlength=size) - share * len(who)
        worst = max(worst, *(float(np.abs(one).max()) for one in (after, before, lead)))
    return worst


def conversions(run: Run, record: Record) -> tuple[Bools, Floats]:
    """(n,) which tasks convert with those who have them, and when."""
    stream, n = run.stream, len(run.stream)
    found, when = np.zeros(n, bool), np.full(n, np.nan)
    if stream.outcomes is None:
        return found, when
    names = list(run.roster)
    for i in np.flatnonzero(record.owner >= 0).tolist():
        task, name = stream.tasks[i], names[record.owner[i]]
        try:
            found[i] = stream.outcomes.converts(i, task, name, float(record.fit[i]))
        except ValueError as error:
            raise ValueError(f"{run.label}: {error}") from error
    when = np.where(found, record.given + stream.outcomes.delay, np.nan)
    return found, when


def measured(run: Run, measuring: Measuring) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give the row of a run, and its rows over time."""
    record, stream = run.record, run.stream
    won, when = conversions(run, record)
    late = np.zeros(len(stream)) if stream.outcomes is None else stream.outcomes.value
    rows = measuring.rows
    for row in rows:
        ripe = won & (when <= row["at"])
        row |= {"conversions": int(ripe.sum()), "late_value": float(late[ripe].sum())}
    given = record.owner >= 0
    waited = (record.given - stream.at)[given]
    last = rows[-1]
    row = {
        "tasks": len(stream),
        "assigned": int(given.sum()),
        **{key: last[key] for key in ("coverage", "value", "gini", "load_range", "jain")},
        "deviation": deviation(record.owner, record.turn, run.teams),
        "waiting_mean": float(waited.mean()) if len(waited) else np.nan,
        "waiting_p95": float(np.quantile(waited, 0.95)) if len(waited) else np.nan,
        "reassigned": record.reassigned,
        "refused": record.refused,
        "conversions": int(won.sum()),
        "late_value": float(late[won].sum()),
    }
    return row, rows
