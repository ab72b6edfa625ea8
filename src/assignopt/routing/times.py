"""When something happens to a router: any kind of time in, seconds that only go on out."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from ..columns import SECONDS, moment, one_clock, seconds
from ..errors import Faults
from ..records import read_time, time_kind

if TYPE_CHECKING:
    from ..policies import State


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
