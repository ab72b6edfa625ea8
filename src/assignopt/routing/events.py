"""What can happen to a router, as a log that only grows and can be played again."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from ..dispatching import CLOCKS, Held
from ..errors import Faults
from ..plan import frame_of
from ..records import Rep, Task
from .decision import Decision

if TYPE_CHECKING:
    import pandas as pd

    from ..errors import Place

NEEDS: dict[str, dict[str, Any]] = {
    "assign": {"task": Mapping},
    "batch": {"tasks": list},
    "adopt": {"tasks": list, "seats": list},
    "release": {"task_id": str},
    "credit_back": {"task_id": str, "reason": str},
    "available": {"rep_id": str, "available": bool},
    "rep": {"rep": Mapping},
    "replan": {"moved": Mapping},
    "learning": {"inline": bool},
    "learn": {"learned": object},
}
"""What each kind of event has besides its time."""

KINDS = tuple(NEEDS)
LOG = {
    "event": "str",
    "at": "float64",
    "task_id": "str",
    "rep_id": "str",
    "reason": "str",
    "detail": "str",
    "price": "float64",
}


class Event(NamedTuple):
    """One thing that happened.

    Parameters
    ----------
    kind
        One of :data:`KINDS`.
    at
        When, in seconds.
    clock
        What the times are.
    given
        What the router was told.
    said
        The decisions it took.
    """

    kind: str
    at: float
    clock: str
    given: dict[str, Any]
    said: tuple[Decision, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """Give the event as plain data."""
        given = {name: _plain(value) for name, value in self.given.items()}
        data = {"kind": self.kind, "at": self.at, "clock": self.clock, **given}
        return data | ({"said": [one.to_data() for one in self.said]} if self.said else {})


class Left(NamedTuple):
    """A task that nobody took."""

    task: Task
    given: dict[str, Any]
    clock: str
    said: Decision


Logged = Event | Held | Left
"""What stands in a log: mostly what is there anyway, since a log of a million decisions is to be
small, and light for whoever collects garbage."""


def event_of(one: Logged, policy: str) -> Event:
    """Give what stands in a log as an event.

    Parameters
    ----------
    one
        An event, a task that was given out, or one that nobody took.
    policy
        Who decided, where it was not done by hand.
    """
    if isinstance(one, Event):
        return one
    if isinstance(one, Left):
        given, said = one.given, one.said
    else:
        given = {} if one.pairs is None else {"pairs": one.pairs}
        given |= {"to": one.owner} if one.by_hand else {}
        by = "by hand" if one.by_hand else policy
        told = one.price, one.roles, one.at, one.number, by
        said = Decision(one.task.id, one.owner, None, "", *told)
    return Event("assign", said.at, one.clock, {"task": one.task, **given}, (said,))


def _plain(value: Any) -> Any:
    if isinstance(value, Task | Rep):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, list | tuple | array):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return value


def write_log(events: Iterable[Event]) -> str:
    """Write events as JSON, one to a line."""
    return "".join(f"{json.dumps(event.to_data(), ensure_ascii=False)}\n" for event in events)


def read_log(log: Any) -> list[dict[str, Any]]:
    """Read what :func:`write_log` wrote, or the events themselves.

    Raises
    ------
    pydantic.ValidationError
        With every line at fault.
    """
    faults, read = Faults("Router.replay"), []
    if not isinstance(log, str | Iterable) or isinstance(log, Mapping):
        faults.add(("log",), f"{log!r} is no log. Give what log_to_json() or events gave", log)
        log = ()
    if isinstance(log, str):  # lines end with a line feed and nothing else
        log = log.rstrip("\n").split("\n") if log else ()
    lines: list[Any] = list(log)
    for number, line in enumerate(lines):
        place = ("log", number)
        try:
            data = json.loads(line) if isinstance(line, str) else line
        except (ValueError, RecursionError) as error:
            faults.add(place, f"the line is not readable: {error}. Give what log_to_json() gave")
            continue
        data = data.to_data() if isinstance(data, Event) else data
        if not isinstance(data, Mapping) or data.get("kind") not in KINDS:
            faults.add(place, f"no event; known kinds: {', '.join(KINDS)}", data)
        else:
            _check(data, place, faults)
            read.append(dict(data))
    faults.raise_if_any()
    return read


def _check(data: Mapping[str, Any], place: Place, faults: Faults) -> None:
    """Note what an event has not, or has otherwise than it was written."""
    needs = {"at": (int, float), "clock": str, **NEEDS[data["kind"]]}
    for name, kind in needs.items():
        if not isinstance(data.get(name), kind):
            faults.add((*place, name), "missing, or not as log_to_json() writes it", data.get(name))
    if isinstance(data.get("at"), int | float) and not isfinite(data["at"]):
        faults.add((*place, "at"), "is not finite", data["at"])
    if data.get("clock") not in CLOCKS:
        faults.add((*place, "clock"), f"allowed are {', '.join(CLOCKS)}", data.get("clock"))
    said = data.get("said", [])
    if not isinstance(said, list) or not all(isinstance(one, Mapping) for one in said):
        faults.add((*place, "said"), "no list of decisions", said)


def log_frame(events: Iterable[Event]) -> pd.DataFrame:
    """Make a frame of events, a row for each decision or other event."""
    rows: list[tuple[Any, ...]] = []
    for event in events:
        if event.said:
            for one in event.said:
                reason = None if one.reason is None else str(one.reason)
                told = (one.task_id, one.rep_id, reason, one.detail or None, one.price)
                rows.append((event.kind, event.at, *told))
        else:
            given = event.given
            rep = given.get("rep_id") or getattr(given.get("rep"), "id", None)
            detail = str(given["available"]) if "available" in given else given.get("reason")
            rows.append((event.kind, event.at, given.get("task_id"), rep, None, detail, 0.0))
    return frame_of(rows, LOG)
