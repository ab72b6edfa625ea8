"""What policies look up in the same way: tags, room, buckets of availability."""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING, Any

from ..errors import Faults
from ..periods import DAY
from ..selectors import selects

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .state import State

HOUR = 3600.0


def team_of(state: State) -> list[str]:
    """List who takes tasks at all now, in the order of the team."""
    return [name for name, here in state.available.items() if here]


def picked_by(selectors: Iterable[Any], state: State) -> list[dict[str, bool]]:
    """List whom each selector picks of the team; as mappings, for quick look-ups in plain data."""
    return [
        {name: True for name, rep in state.reps.items() if selects(one, rep)} for one in selectors
    ]


def tagged_number(state: State, name: str, tag: str, default: float) -> float:
    """Give the number that a rep has under a tag; ``default`` for one who has none.

    Raises
    ------
    pydantic.ValidationError
        When the tag holds no number.
    """
    value = state.reps[name].tags.get(tag)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        faults = Faults("State")
        message = f"tag {tag!r} of rep {name!r} is {value!r}, which is no number. Give a number"
        faults.add(("reps", name, "tags", tag), message, value)
        faults.raise_if_any()
    return float(value)  # type: ignore[arg-type]


NEVER = 10**9
"""The bucket of those who are not available any more."""


def soonest(names: Sequence[str], state: State) -> tuple[int, Sequence[str]]:
    """Give the first bucket of 24 hours in which somebody is available, and who is.

    Bucket 0 is now, bucket b the b-th 24 hours from now; the last one has those who never are, as
    far as is known: a task at a fixed time may have been for earlier.
    """
    first, found = inf, []
    now, opens = state.now, state.available_from
    for name in names:
        wait = opens(name) - now
        bucket = ceil(wait / DAY) if 0 < wait < inf else 0 if wait <= 0 else NEVER
        if bucket < first:
            first, found = bucket, [name]
        elif bucket == first:
            found.append(name)
    return int(first), found


def least_loaded(names: Iterable[str], state: State) -> str:
    """Give the rep with the least load per weight; of equals the one who waits longest."""
    return min(names, key=lambda name: (state.load_per_weight(name), state.last[name]))


def amount_of(task: Any, name: str, default: float | None = None) -> float:
    """Give a number of a task by the name of a tag or a field; ``"count"`` is 1.

    Raises
    ------
    pydantic.ValidationError
        When there is no such number, and no default.
    """
    if name == "count":
        return 1.0
    found = task.tags[name] if name in task.tags else getattr(task, name, None)
    if isinstance(found, bool) or not isinstance(found, int | float):
        if default is not None:
            return default
        faults = Faults("Task")
        message = f"task {task.id!r} has no number {name!r}, but {found!r}. Give it one in its tags"
        faults.add(("tags", name), message, found)
        faults.raise_if_any()
    return float(found)  # type: ignore[arg-type]
