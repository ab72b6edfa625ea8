"""Outcomes: what comes of a task after it was given; luck per task in, conversions out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import Faults

if TYPE_CHECKING:
    from ..columns import Floats, Ints
    from ..records import Task

Chance = float | Mapping[str, Mapping[str, float]] | Callable[["Task", str], float] | None


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Which tasks convert, with whom, how much later, and what they are worth then.

    Task ``i`` converts with rep ``r`` when ``luck[i] < p_ir``. The luck belongs to the task and not
    to the policy: of two policies that give a task to the same rep either both have the conversion
    or none, and one that gives it to a rep with the higher chance never loses by it (common random
    numbers).

    Parameters
    ----------
    luck
        (n,) numbers from 0 up to 1.
    value
        (n,) what each conversion is worth, at least 0; one number for all.
    delay
        (n,) seconds from the moment a task is given to its conversion; one number for all.
    chance
        The chance ``p_ir``, 0..1: None = the fit of the pair; a number for all pairs; a table
        rep id -> customer type -> chance (a task without a type is under ``""``); or a function of
        a task and a rep id, which has to be defined in a module where processes are to run it, and
        does not go into JSON.

    Raises
    ------
    pydantic.ValidationError
        With every number out of range.

    Examples
    --------
    >>> import assignopt as ao
    >>> outcomes = ao.streams.Outcomes(luck=[0.4, 0.9], value=100, delay=60, chance=0.5)
    >>> [outcomes.converts(i, ao.Task(f"t{i}"), "ana", fit=1.0) for i in (0, 1)]
    [True, False]
    """

    luck: Any
    value: Any = 1.0
    delay: Any = 0.0
    chance: Chance = None

    def __post_init__(self) -> None:
        faults = Faults("Outcomes")
        luck = _numbers("luck", self.luck, None, faults, below=1.0)
        object.__setattr__(self, "luck", luck)
        for name in ("value", "delay"):
            object.__setattr__(self, name, _numbers(name, getattr(self, name), len(luck), faults))
        self._check_chance(faults)
        faults.raise_if_any()

    def _check_chance(self, faults: Faults) -> None:
        chance = self.chance
        if isinstance(chance, Mapping):
            for rep_id, row in chance.items():
                if not isinstance(row, Mapping):
                    message = f"{row!r} is no table. Give rep id -> customer type -> chance"
                    faults.add(("chance", str(rep_id)), message, row)
                    continue
                for kind, share in row.items():
                    _check_share(("chance", str(rep_id), str(kind)), share, faults)
        elif chance is not None and not callable(chance):
            _check_share(("chance",), chance, faults)

    def __len__(self) -> int:
        return len(self.luck)

    def chance_of(self, task: Task, rep_id: str, fit: float) -> float:
        """Give the chance that a task converts with a rep, whose fit for it is ``fit``."""
        chance = self.chance
        if chance is None:
            return fit
        if isinstance(chance, Mapping):
            return float(chance[rep_id][task.customer_type or ""])
        if not callable(chance):
            return float(chance)
        found = chance(task, rep_id)
        if not _is_share(found):
            raise ValueError(
                f"the chance of task {task.id!r} with rep {rep_id!r} is {found!r}; allowed is a "
                "number from 0 to 1. Correct the function"
            )
        return float(found)

    def converts(self, i: int, task: Task, rep_id: str, fit: float) -> bool:
        """Tell whether task number ``i`` converts with a rep."""
        return bool(self.luck[i] < self.chance_of(task, rep_id, fit))

    def missing(self, reps: list[str], kinds: list[str]) -> list[tuple[str, str]]:
        """List the pairs of rep and customer type that a table of chances leaves out."""
        if not isinstance(self.chance, Mapping):
            return []
        table = self.chance
        return [(rep, kind) for rep in reps for kind in kinds if kind not in table.get(rep, {})]

    def take(self, order: Ints) -> Outcomes:
        """Give those of some tasks, in this order."""
        return Outcomes(self.luck[order], self.value[order], self.delay[order], self.chance)

    def to_data(self) -> dict[str, Any]:
        """Give it as plain data.

        Raises
        ------
        TypeError
            When the chance is a function.
        """
        if callable(self.chance):
            raise TypeError(
                "a chance that is a function cannot be written as JSON. Give a table rep id -> "
                "customer type -> chance"
            )
        chance = self.chance
        if isinstance(chance, Mapping):
            chance = {rep: dict(row) for rep, row in chance.items()}
        told = {name: getattr(self, name).tolist() for name in ("luck", "value", "delay")}
        return {**told, "chance": chance}


def _numbers(
    name: str, given: Any, count: int | None, faults: Faults, below: float | None = None
) -> Floats:
    """Read (n,) numbers from 0 on; one number stands for all."""
    try:
        found = np.array(given, dtype=float)
    except (TypeError, ValueError):
        faults.add((name,), "holds what is no number. Give numbers", given)
        return np.zeros(count or 0)
    if found.ndim == 0 and count is not None:
        found = np.full(count, float(found))
    if found.ndim != 1 or (count is not None and len(found) != count):
        wanted = "a list of numbers" if count is None else f"one number, or {count}, one per task"
        faults.add((name,), f"has the shape {found.shape}; allowed is {wanted}")
        return np.zeros(count or 0)
    bad = ~np.isfinite(found) | (found < 0)
    if below is not None:
        bad |= found >= below
    allowed = "a finite number at least 0" + ("" if below is None else f" and below {below:g}")
    for row in np.flatnonzero(bad).tolist():
        faults.add((name, row), f"{found[row]} is out of range; allowed is {allowed}", found[row])
    found.setflags(write=False)
    return found


def _is_share(share: Any) -> bool:
    number = isinstance(share, int | float | np.number) and not isinstance(share, bool)
    return bool(number and 0 <= share <= 1)


def _check_share(place: tuple[str, ...], share: Any, faults: Faults) -> None:
    if not _is_share(share):
        faults.add(place, f"{share!r} is out of range; allowed is a number from 0 to 1", share)
