"""Eligible pairs as arrays: generated from a seed, or read; and as the frames assignopt takes.

:class:`Pairs` is what all methods of the suites flow, build, limits, lap and gap are given, and
what judges their answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOM = 1.1
"""Total capacity of a generated instance, per unit of work."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Tasks, each to be assigned to exactly one rep, at most value.

    Parameters
    ----------
    tasks, reps
        How many.
    task, rep
        (P,) indices of each pair, tasks ascending.
    value
        (P,) whole numbers.
    capacity
        (R,) what each rep can hold: tasks, or effort where there are efforts.
    effort
        (P,) whole numbers; None = the capacities count tasks.
    """

    tasks: int
    reps: int
    task: NDArray[np.integer[Any]]
    rep: NDArray[np.integer[Any]]
    value: NDArray[np.int64]
    capacity: NDArray[np.int64]
    effort: NDArray[np.int64] | None = None

    def to_data(self) -> dict[str, Any]:
        """Give everything as lists, for another process."""
        return {
            name: one.tolist() if isinstance(one, np.ndarray) else one
            for name, one in vars(self).items()
        }

    @property
    def amounts(self) -> NDArray[np.int64]:
        """(P,) what each pair takes of the capacity."""
        return np.ones(len(self.task), np.int64) if self.effort is None else self.effort

    def frames(self) -> dict[str, pd.DataFrame]:
        """Give reps, tasks and pairs, as ``Problem.from_frames`` takes them."""
        task_ids, rep_ids = ids("t", self.tasks), ids("r", self.reps)
        limit = "max_tasks" if self.effort is None else "capacity"
        pairs = {
            "rep_id": pd.Series(rep_ids, dtype="str").take(self.rep).array,
            "task_id": pd.Series(task_ids, dtype="str").take(self.task).array,
            "value": self.value,
        }
        if self.effort is not None:
            pairs["effort"] = self.effort
        return {
            "reps": pd.DataFrame({"id": rep_ids, limit: self.capacity}),
            "tasks": pd.DataFrame({"id": task_ids}),
            "pairs": pd.DataFrame(pairs),
        }

    def judge(self, chosen: NDArray[np.int64]) -> tuple[int, int]:
        """Check the numbers of the pairs chosen, and give their value and the tasks left open.

        Raises
        ------
        ValueError
            When a task is assigned twice or a capacity is broken.
        """
        owners = np.bincount(self.task[chosen], minlength=self.tasks)
        if owners.max(initial=0) > 1:
            raise ValueError("a task is assigned twice")
        used = np.bincount(self.rep[chosen], self.amounts[chosen], self.reps)
        if (used > self.capacity).any():
            raise ValueError("a capacity is broken")
        return int(self.value[chosen].sum()), int((owners == 0).sum())

    def chosen_in(self, assignments: pd.DataFrame) -> NDArray[np.int64]:
        """Find the rows of a plan among the pairs.

        Raises
        ------
        ValueError
            When a row is no eligible pair.
        """
        rep = assignments["rep_id"].str.slice(1).astype("int64").to_numpy()
        task = assignments["task_id"].str.slice(1).astype("int64").to_numpy()
        keys = self.task.astype(np.int64) * self.reps + self.rep
        order = np.argsort(keys, kind="stable")
        wanted = task * self.reps + rep
        at = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
        if (keys[order[at]] != wanted).any():
            raise ValueError("an assignment is no eligible pair")
        return order[at]


def ids(letter: str, count: int) -> NDArray[np.object_]:
    """Give ids such as ``t000123``."""
    return np.array([f"{letter}{number:06d}" for number in range(count)], object)


def parse_size(text: str) -> tuple[int, int, int]:
    """Read ``10000x200x20``: tasks, reps, eligible pairs for each task.

    Examples
    --------
    >>> parse_size("10,000x200x20")
    (10000, 200, 20)
    """
    tasks, reps, each = (int(part) for part in text.replace(",", "").split("x"))
    return tasks, reps, min(each, reps)


def generate(size: str, *, seed: int = 0, efforts: bool = False) -> Pairs:
    """Make a random instance in which all tasks can be assigned.

    Each task gets one rep from a hidden plan that keeps all capacities, and the others one from
    each of equal stretches of the list of reps. Values are 1..1000, efforts 1..20, capacities
    uneven (half to one and a half of the mean) and in total :data:`ROOM` times the work.
    """
    tasks, reps, each = parse_size(size)
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.5, 1.5, reps)
    slots = int(np.ceil(ROOM * tasks))
    capacity = np.floor(share / share.sum() * slots).astype(np.int64)
    capacity[: slots - capacity.sum()] += 1
    hidden = rng.permutation(np.repeat(np.arange(reps, dtype=np.int32), capacity))[:tasks]
    rep = np.empty((tasks, each), np.int32)
    rep[:, 0] = hidden
    width = (reps - 1) // max(each - 1, 1)
    for k in range(1, each):
        step = 1 + (k - 1) * width + rng.integers(0, width, tasks, dtype=np.int32)
        rep[:, k] = (hidden + step) % reps
    rep.sort(axis=1)
    task = np.repeat(np.arange(tasks, dtype=np.int32), each)
    value = rng.integers(1, 1001, tasks * each)
    effort = None
    if efforts:
        per_task = rng.integers(1, 21, tasks)
        effort = np.repeat(per_task, each)
        held = np.bincount(hidden, per_task, reps).astype(np.int64)
        spare = max(int(np.ceil(ROOM * per_task.sum())) - int(held.sum()), 0)
        capacity = held + spare // reps
    return Pairs(tasks, reps, task, rep.ravel(), value, capacity, effort)


def load(source: dict[str, Any]) -> Pairs:
    """Make the instance that another process describes: ``size`` to generate, or ``data``."""
    if "size" in source:
        return generate(**source)
    data = source["data"]
    arrays = {k: np.array(v, np.int64) for k, v in data.items() if isinstance(v, list)}
    return Pairs(**(data | arrays))
