"""When something happens to a router: any kind of time in, seconds that only go on out."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from ..columns import SECONDS, clock_of, moment, one_clock, seconds
from ..errors import Faults
from ..records import read_time, time_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..errors import Place
    from ..policies import State


class Played(NamedTuple):
    """A moment as a log has it: seconds, and what times were."""

    seconds: float
    clock: str


def check_clock(moments: Iterable[Any], clock: str, place: Place, faults: Faults) -> None:
    """Note moments of a record that are of another kind than the times of a router."""
    given = [moment for moment in moments if moment is not None]
    kind = clock_of(given)
    if one_clock(kind, clock) == "mixed":
        message = f"{given[0]} is in {kind}, the times of the router are in {clock}"
        faults.add(place, f"{message}. Give all of one kind", given[0])


def read_at(at: Any, state: State, title: str) -> tuple[float, str]:
    """Give when something happens, in seconds, and of which kind the time is.

    Raises
    ------
    pydantic.ValidationError
        When it is no time, of another kind than those before, or earlier than the last event.
    """
    if type(at) is float and state.now <= at < inf and state.clock == SECONDS:
        return at, SECONDS
    faults = Faults(title)
    if isinstance(at, Played):
        if state.clock != "none" and at.seconds < state.now:
            faults.add(
                ("at",), f"{at.seconds} is before the last event, at {state.now}", at.seconds
            )
        if one_clock(at.clock, state.clock) == "mixed":
            message = f"times are in {at.clock}, before they were in {state.clock}"
            faults.add(("clock",), message, at.clock)
        faults.raise_if_any()
        return at.seconds, at.clock
    read: Any = None
    try:
        read = read_time(at)
    except ValueError as error:
        faults.add(("at",), str(error), at)
    faults.raise_if_any()
    kind, found = time_kind(read), seconds(read)
    assert found is not None
    if one_clock(kind, state.clock) == "mixed":
        message = f"{at} is in {kind}, earlier times in {state.clock}. Give all of one kind"
        faults.add(("at",), message, at)
    elif state.clock != "none" and found < state.now:
        last = moment(state.now, kind)
        message = f"{at} is before the last event, at {last}; time only goes on. Give a later one"
        faults.add(("at",), message, at)
    faults.raise_if_any()
    return found, kind
