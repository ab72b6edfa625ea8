"""Streams of tasks drawn from a seed: a team, what was there the period before, what comes.

The mix of customer types stays, or drifts from one mix to another in a straight line; a policy is
told the tasks of the period before (all from the first mix), the limits, and how many will come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import assignopt as ao

ELIGIBLE = 0.3
"""Part of the team that may take a customer type."""

ROOM = 0.9
"""Room in all, per task that comes."""


@dataclass(frozen=True, eq=False)
class Stream:
    """A team with the tasks of the period before, and the tasks that come."""

    problem: ao.Problem
    tasks: list[ao.Task]


def drawn(
    seed: int, reps: int = 40, tasks: int = 2000, types: int = 60, *, drift: bool = False
) -> Stream:
    """Draw a stream as in the reference: 40 reps, 2,000 tasks, 60 types, each open to 30 %.

    The fit of a rep for a type is uniform on 0 to 1, the worth of a task on 0.5 to 1.5; mixes are
    uniform on the simplex, room is split unevenly over the team (Dirichlet, 5).
    """
    draw = np.random.default_rng(seed)
    may = draw.random((types, reps)) < ELIGIBLE
    for row in np.flatnonzero(~may.any(axis=1)):
        may[row, draw.integers(reps)] = True
    fit = draw.random((types, reps))
    first = draw.dirichlet(np.ones(types))
    last = draw.dirichlet(np.ones(types)) if drift else first
    room = np.maximum(1, np.floor(draw.dirichlet(np.full(reps, 5.0)) * tasks * ROOM)).astype(int)
    before = _tasks(draw, "before", draw.choice(types, tasks, p=first))
    when = (np.arange(tasks) / tasks)[:, None]
    mixes = ((1 - when) * first + when * last).cumsum(axis=1)
    come = (mixes > draw.random((tasks, 1)) * mixes[:, -1:]).argmax(axis=1)
    return Stream(ao.Problem(_team(may, fit, room), before), _tasks(draw, "task", come))


def large(seed: int, reps: int, tasks: int, degree: int = 30, before: int = 4000) -> Stream:
    """Draw a stream for many reps: ``degree`` of them for each type, three types for each."""
    draw = np.random.default_rng(seed)
    types = max(1, 3 * reps // degree)
    team: list[dict[str, float]] = [{} for _ in range(reps)]
    for kind in range(types):
        for rep in draw.choice(reps, degree, replace=False).tolist():
            team[rep][f"type{kind}"] = float(draw.random())
    most = max(1, int(ROOM * tasks / reps))
    people = [
        ao.Rep(f"rep{n}", max_tasks=most, skills=set(fit), fit=fit) for n, fit in enumerate(team)
    ]
    past = _tasks(draw, "before", draw.integers(types, size=before))
    return Stream(ao.Problem(people, past), _tasks(draw, "task", draw.integers(types, size=tasks)))


def _team(may: np.ndarray, fit: np.ndarray, room: np.ndarray) -> list[ao.Rep]:
    return [
        ao.Rep(
            f"rep{rep}",
            max_tasks=int(room[rep]),
            skills={f"type{kind}" for kind in np.flatnonzero(may[:, rep])},
            fit={f"type{kind}": float(one) for kind, one in enumerate(fit[:, rep])},
        )
        for rep in range(len(room))
    ]


def _tasks(draw: np.random.Generator, name: str, kinds: np.ndarray) -> list[ao.Task]:
    worth = draw.uniform(0.5, 1.5, len(kinds)).tolist()
    return [
        ao.Task(f"{name}{n}", value=value, customer_type=f"type{kind}", requires={f"type{kind}": 1})
        for n, (kind, value) in enumerate(zip(kinds.tolist(), worth, strict=True))
    ]
