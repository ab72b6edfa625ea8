"""Synthetic problems: sizes and a seed in, a problem with a known structure out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd

from ..problem import Problem

if TYPE_CHECKING:
    from numpy.random import Generator

    from ..columns import Ints

__all__ = ["equal_efforts", "unequal_efforts"]


@overload
def equal_efforts(
    reps: int, tasks: int, eligible: int, seed: int = ..., *, frames: Literal[False] = ...
) -> Problem: ...
@overload
def equal_efforts(
    reps: int, tasks: int, eligible: int, seed: int = ..., *, frames: Literal[True]
) -> dict[str, Any]: ...
def equal_efforts(
    reps: int, tasks: int, eligible: int, seed: int = 0, *, frames: bool = False
) -> Problem | dict[str, Any]:
    """Make tasks of equal effort with a value for each eligible pair: a transportation problem.

    Every task lists ``eligible`` reps, any such set being equally likely, with a whole value of
    1..100 for each in the pairs table. ``max_tasks`` is 0.5 to 1.5 times the mean, with room for
    3 % more tasks than there are (one more at least); no rule, the default objective.

    Parameters
    ----------
    reps, tasks
        How many.
    eligible
        Reps listed for each task, 1..reps.
    seed
        Of everything.
    frames
        True: the frames that ``Problem.from_frames`` takes, ids in the pairs as categories (a
        million tasks with ten million pairs take seconds). False: the Problem they make.

    Raises
    ------
    ValueError
        When a size is out of range.

    Examples
    --------
    >>> from assignopt import datasets
    >>> datasets.equal_efforts(3, 20, 2)
    <Problem: 3 reps, 20 tasks, 0 rules, objective coverage > leximax(load per weight) > value>
    >>> datasets.equal_efforts(3, 20, 2, frames=True)["pairs"].shape
    (40, 3)
    """
    _check_sizes(reps, tasks, eligible)
    rng = np.random.default_rng(seed)
    rep_ids, task_ids = _ids("r", reps), _ids("t", tasks)
    room = max(tasks + 1, round(1.03 * tasks))
    most = _parts_of(room, rng.uniform(0.5, 1.5, reps))
    who = _distinct(rng, reps, tasks, eligible)
    pairs = {
        "rep_id": pd.Categorical.from_codes(who.reshape(-1), pd.Index(rep_ids)),
        "task_id": pd.Categorical.from_codes(
            np.repeat(np.arange(tasks), eligible), pd.Index(task_ids)
        ),
        "value": rng.integers(1, 101, tasks * eligible).astype(np.float64),
    }
    given: dict[str, Any] = {
        "reps": pd.DataFrame({"id": rep_ids, "max_tasks": most}),
        "tasks": pd.DataFrame({"id": task_ids}),
        "pairs": pd.DataFrame(pairs),
    }
    return given if frames else Problem.from_frames(**given)


def unequal_efforts(
    reps: int, tasks: int, eligible: int | None = None, seed: int = 0, crowded: float = 0.9
) -> Problem:
    """Make tasks of unequal effort for reps with few skills each: generalised assignment.

    Efforts are 0.25..8 hours in quarters, short ones more often, values whole, 1..100, higher for
    longer tasks. Each task requires one skill; each skill is held by ``eligible`` reps. The fit of
    a rep for each of four customer types is 0.5..1 in tenths. The reps' capacities and weights
    are as 2 : 3 : 4.

    Parameters
    ----------
    reps, tasks
        How many.
    eligible
        Reps who hold a skill, 1..reps, and so may hold a task; None: a third of them.
    seed
        Of everything.
    crowded
        Total effort / total capacity, above 0; capacities are rounded up to quarters. Above 1 not
        everything can be covered.

    Raises
    ------
    ValueError
        When a size is out of range.

    Examples
    --------
    >>> from assignopt import datasets
    >>> problem = datasets.unequal_efforts(6, 60, 2, crowded=0.8)
    >>> effort = sum(task.effort for task in problem.tasks.values())
    >>> capacity = sum(rep.capacity for rep in problem.reps.values())
    >>> 0.75 < effort / capacity <= 0.8
    True
    """
    eligible = max(1, round(reps / 3)) if eligible is None else eligible
    _check_sizes(reps, tasks, eligible)
    if not 0 < crowded < np.inf:
        raise ValueError(f"crowded {crowded!r} is out of range; allowed is above 0")
    rng = np.random.default_rng(seed)
    rep_ids, task_ids = _ids("r", reps), _ids("t", tasks)
    effort = np.minimum(0.25 * np.ceil(4 * rng.gamma(1.3, 1.5, tasks)), 8.0)
    share = rng.permutation(np.resize([2.0, 3.0, 4.0], reps))
    unit = np.ceil(4 * effort.sum() / crowded / max(share.sum(), 1.0)) / 4
    skills = _skills(rng, reps, eligible)
    names = _ids("s", len(skills))
    value = np.clip(np.rint(10 * effort + rng.uniform(0, 40, tasks)), 1, 100)
    types = _ids("c", 4)
    fit = rng.integers(5, 11, (reps, len(types))) / 10
    drawn = {"skill": names[rng.integers(0, len(names), tasks)], "level": 1.0}
    kinds = types[rng.integers(0, len(types), tasks)]
    return Problem.from_frames(
        pd.DataFrame({"id": rep_ids, "capacity": unit * share, "weight": share}),
        pd.DataFrame({"id": task_ids, "effort": effort, "value": value, "customer_type": kinds}),
        skills=pd.DataFrame(
            {
                "rep_id": rep_ids[skills.reshape(-1)],
                "skill": np.repeat(names, eligible),
                "level": 1.0,
            }
        ),
        requires=pd.DataFrame({"task_id": task_ids, **drawn}),
        fit=pd.DataFrame(
            {
                "rep_id": np.repeat(rep_ids, len(types)),
                "customer_type": np.tile(types, reps),
                "fit": fit.reshape(-1),
            }
        ),
    )


def _skills(rng: Generator, reps: int, eligible: int) -> Ints:
    """(skills, eligible) reps who hold each skill, about three skills a rep and one at least."""
    sets = _distinct(rng, reps, max(1, round(2 * reps / eligible)), eligible)
    idle = rng.permutation(np.setdiff1d(np.arange(reps), sets))
    shelves = -(-len(idle) // eligible)
    fill = np.array([idle[i * eligible : (i + 1) * eligible] for i in range(shelves)], dtype=object)
    rows = [sets]
    for some in fill.tolist() if shelves else []:
        others = rng.permutation(np.setdiff1d(np.arange(reps), some))[: eligible - len(some)]
        rows.append(np.concatenate([some, others])[None, :])
    joined: Ints = np.concatenate(rows).astype(np.int64)
    return joined


def _check_sizes(reps: int, tasks: int, eligible: int) -> None:
    if reps < 1 or tasks < 0:
        raise ValueError(
            f"{reps} reps and {tasks} tasks; allowed are 1 rep or more, 0 tasks or more"
        )
    if not 1 <= eligible <= reps:
        raise ValueError(f"eligible {eligible} is out of range; allowed is 1..{reps}, the reps")


def _ids(letter: str, count: int) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Give ids of equal length, ``r0001``."""
    width = len(str(max(count - 1, 0)))
    return np.array([f"{letter}{number:0{width}d}" for number in range(count)], dtype=object)


def _parts_of(total: int, share: np.ndarray[Any, np.dtype[np.float64]]) -> Ints:
    """Split a total into whole parts that are as the shares, largest remainders first."""
    exact = total * share / share.sum()
    parts: Ints = np.floor(exact).astype(np.int64)
    parts[np.argsort(parts - exact, kind="stable")[: total - int(parts.sum())]] += 1
    return parts


def _distinct(rng: Generator, among: int, rows: int, count: int) -> Ints:
    """(rows, count) distinct numbers below ``among`` in each row, every set equally likely.

    References
    ----------
    Bentley, J. and Floyd, R. (1987), "A sample of brilliance", for the way it is drawn.
    """
    drawn = np.empty((rows, count), np.int64)
    for k in range(count):
        last = among - count + k
        one = rng.integers(0, last + 1, rows)
        seen = (drawn[:, :k] == one[:, None]).any(axis=1)
        drawn[:, k] = np.where(seen, last, one)
    return drawn
