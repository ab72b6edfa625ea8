"""Batches: what a policy chose for several tasks in, one choice after another out; and bids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..policies.policy import Choice
    from ..problem import Problem


def in_turn(
    policy: str, choices: list[Choice] | Iterable[tuple[int, Choice]], size: int
) -> Iterator[tuple[int, Choice]]:
    """Give the choices of a batch with their places, in the order in which they count.

    Parameters
    ----------
    policy
        Whose they are, for messages.
    choices
        A list with one for each task, or an iterator of places with a choice.
    size
        How many tasks there are.

    Raises
    ------
    ValueError
        When it is neither, a list is of another length, or a place is out of range or comes twice.
    """
    if isinstance(choices, list):
        if len(choices) != size:
            message = f"policy {policy} made {len(choices)} choices for {size} tasks"
            raise ValueError(f"{message}. Give one for each, in their order")
        yield from enumerate(choices)
        return
    if not isinstance(choices, Iterable):
        raise ValueError(f"policy {policy} made {choices!r} of a batch. Give a list, or yield")
    seen: set[int] = set()
    for one in choices:
        if not isinstance(one, tuple | list) or len(one) != 2:
            message = f"policy {policy} yielded {one!r} in a batch"
            raise ValueError(f"{message}. Yield the place of a task and the choice for it")
        place, choice = one
        if not isinstance(place, int) or place not in range(size) or place in seen:
            twice = isinstance(place, int) and place in seen
            what = "chosen for twice" if twice else "out of range"
            message = f"place {place!r} is {what} by policy {policy}; allowed is 0 to {size - 1}"
            raise ValueError(f"{message}, each once. Yield the place of the task in the batch")
        seen.add(place)
        yield place, choice


def bids_of(problem: Problem) -> dict[str, dict[str, float]]:
    """Give the preferences of a problem: task -> rep -> weight, endorsements bounded."""
    table = problem.preference_columns
    found: dict[str, dict[str, float]] = {}
    if table is None:
        return found
    tasks, reps = problem.task_columns.id, problem.rep_columns.id
    for task, rep, weight in zip(table.task, table.rep, problem.preference_weights, strict=True):
        of_task = found.setdefault(tasks[task], {})
        of_task[reps[rep]] = of_task.get(reps[rep], 0.0) + float(weight)
    return found
