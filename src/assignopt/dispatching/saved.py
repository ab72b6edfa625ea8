"""Saved: whether data that is to become the state of a desk is what a desk once wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..columns import SECONDS, one_clock
from ..policies.state import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .held import Held

VERSION = 1
CLOCKS = ("none", SECONDS, "datetime", "aware datetime")
ROUNDING = 1e-6


def check_saved(data: Mapping[str, Any], policy: str, clock: str, reps: Iterable[str]) -> None:
    """Raise ValueError unless a saved state is whole, of this team and of this policy.

    Parameters
    ----------
    data
        What was saved.
    policy
        The name of the policy it has to be of.
    clock
        What the times of the problem are.
    reps
        The team of the problem.
    """
    if data["version"] != VERSION:
        raise ValueError(f"version {data['version']!r} is unknown; known: {VERSION}")
    if data["policy"] != policy:
        raise ValueError(f"it is of the policy {data['policy']}, not of {policy}")
    if data["clock"] not in CLOCKS:
        raise ValueError(f"clock {data['clock']!r} is unknown; known: {', '.join(CLOCKS)}")
    if one_clock(data["clock"], clock) == "mixed":
        raise ValueError(f"its times are {data['clock']}, those of the problem {clock}")
    for name in ("step", "seed", "horizon"):
        if not (_whole(data[name]) or (name == "horizon" and data[name] is None)):
            raise ValueError(f"{name} {data[name]!r} is no whole number of 0 or more")
    if not _number(data["now"]):
        raise ValueError(f"now is {data['now']!r}, no number")
    for name in ("memory", "guards", "times", "reps"):
        if not isinstance(data[name], Mapping):
            raise TypeError(f"{name} is {data[name]!r}, no object")
    changed = [str(row["id"]) for row in data["changed"]]
    known = {*reps, *changed}
    for column in NUMBERS:
        odd = known ^ set(data["reps"][column])
        if odd:
            named = ", ".join(map(repr, sorted(odd)[:5]))
            raise ValueError(f"it is of another team: {named} in one of the two only")
        for name, number in data["reps"][column].items():
            if not (_number(number) or (column == "last_time" and number is None)):
                raise ValueError(f"{column} of rep {name!r} is {number!r}, no number")
    strange = sorted({*data["away"], *data["times"]} - known)
    if strange:
        raise ValueError(f"rep {strange[0]!r} is away, or has times, and is not in the team")


def check_held(
    held: Sequence[Held],
    done: Sequence[Held],
    carried: Mapping[str, float],
    columns: Mapping[str, Mapping[str, float]],
) -> None:
    """Raise ValueError unless loads and counts are those of what is held.

    Parameters
    ----------
    held, done
        What is held, and what was.
    carried
        The load that each rep brings with them.
    columns
        ``load`` and ``open`` by rep, as they were saved.
    """
    for kind, some in (("held", held), ("done", done)):
        twice = [name for name, n in Counter(one.task.id for one in some).items() if n > 1]
        if twice:
            raise ValueError(f"task {twice[0]!r} is {kind} twice")
        for one in some:
            strange = [name for _, name, *_ in one.seats if name not in carried]
            if strange:
                raise ValueError(f"task {one.task.id!r} is with {strange[0]!r}, not in the team")
    load, number = dict(carried), dict.fromkeys(carried, 0)
    for one in held:
        for _, name, effort, *_ in one.seats:
            load[name] += effort
            number[name] += 1
    for name in carried:
        said, so = columns["load"][name], load[name]
        if columns["open"][name] != number[name] or abs(said - so) > ROUNDING * (1 + abs(so)):
            raise ValueError(
                f"rep {name!r} holds {number[name]} tasks with a load of {so:g}, and the state "
                f"says {columns['open'][name]} and {said:g}"
            )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
