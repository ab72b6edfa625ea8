"""Stream: tasks with the times at which they come, and what happens to the team meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import ValidationError, model_validator

from ..columns import clock_of, moment, one_clock, seconds
from ..errors import Faults
from ..records import Flag, Id, Record, Rep, Task, Time, fault, read_time
from .outcomes import Chance, Outcomes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..columns import Floats, Ints

CLOCKS = ("seconds", "datetime", "aware datetime")


class Change(Record):
    """Somebody becomes available or unavailable, joins, leaves, or is another than before.

    Parameters
    ----------
    at
        When; seconds or a datetime, as the times of the stream.
    rep_id, available
        Whether this rep takes tasks from now on. What the rep holds stays, unless ``returns``.
    rep
        A record in their place: somebody new joins; for one who is in the team the record replaces
        the old one (``active=False``: who leaves).
    returns
        Whether the tasks of a rep who becomes unavailable, or leaves, come back and are offered
        again at once, as if they had never been given to that rep.

    Examples
    --------
    >>> Change(3600, "ana", available=False)
    Change(at=3600.0, rep_id='ana', available=False)
    """

    at: Time
    rep_id: Id | None = None
    available: Flag | None = None
    rep: Rep | None = None
    returns: Flag = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Change:
        told = self.rep_id is not None and self.available is not None
        if told == (self.rep is not None) or (self.rep is None) != (self.rep_id is not None):
            raise fault("says nothing, or two things. Give rep_id with available, or rep")
        if self.returns and not self.ends:
            raise fault("returns tasks of a rep who stays. Give returns with available=False")
        return self

    @property
    def who(self) -> str:
        """The rep it is about."""
        return self.rep.id if self.rep is not None else str(self.rep_id)

    @property
    def ends(self) -> bool:
        """Whether the rep takes no tasks from then on."""
        return not (self.rep.active if self.rep is not None else self.available)


@dataclass(frozen=True, eq=False)
class Stream:
    """Tasks in the order in which they come.

    At one moment, what is released comes first, then changes of the team, then tasks.

    Parameters
    ----------
    tasks
        What comes, each id once.
    at
        (n,) when each comes: seconds or datetimes, never before the one before; None: one a second,
        from 0.
    durations
        (n,) seconds for which each keeps its reps busy, from the moment it is given; NaN or None =
        to the end. One number stands for all.
    name
        What the stream is called in tables.
    outcomes
        What comes of each task later; None: nothing is known of that.
    events
        What changes in the team; read in the order of their times.
    copies
        Task id -> the task of the problem that it is a copy of, whose rows of the pairs table hold
        for it.
    clock
        ``"seconds"``, ``"datetime"`` or ``"aware datetime"``; None: what ``at`` is.

    Raises
    ------
    pydantic.ValidationError
        With every fault: an id twice, a time before the last one, a duration below 0.

    Examples
    --------
    >>> import assignopt as ao
    >>> stream = ao.streams.Stream([ao.Task("t1"), ao.Task("t2")], at=[0, 60], durations=90)
    >>> stream
    <Stream 'stream': 2 tasks in 60 s, released in the end>
    >>> print(stream.to_frame()[["task_id", "at", "duration"]].to_string(index=False))
    task_id   at  duration
         t1  0.0      90.0
         t2 60.0      90.0
    """

    tasks: Any
    at: Any = None
    durations: Any = None
    name: str = "stream"
    outcomes: Outcomes | None = None
    events: Any = ()
    copies: Mapping[str, str] = field(default_factory=dict)
    clock: str | None = None

    def __post_init__(self) -> None:
        faults = Faults(f"Stream {self.name!r}")
        tasks = _tasks(self.tasks, faults)
        at, clock = _times(self.at, len(tasks), self.clock, faults)
        durations = _durations(self.durations, len(tasks), faults)
        events = _events(self.events, clock, faults)
        if self.outcomes is not None and not isinstance(self.outcomes, Outcomes):
            message = f"a {type(self.outcomes).__name__} is no outcomes. Give streams.Outcomes"
            faults.add(("outcomes",), message, self.outcomes)
        elif self.outcomes is not None and len(self.outcomes) != len(tasks):
            message = f"{len(self.outcomes)} outcomes for {len(tasks)} tasks. Give one for each"
            faults.add(("outcomes",), message)
        if not isinstance(self.name, str) or not self.name:
            faults.add(("name",), "is no text, or empty. Give the stream a name", self.name)
        _check_copies(self.copies, tasks, faults)
        faults.raise_if_any()
        found = {"tasks": tasks, "at": at, "durations": durations, "events": events, "clock": clock}
        for key, value in found.items():
            object.__setattr__(self, key, value)

    def __len__(self) -> int:
        return len(self.tasks)

    @property
    def releases(self) -> bool:
        """Whether any task is released before the end."""
        return bool(np.isfinite(self.durations).any())

    @property
    def span(self) -> float:
        """Seconds from the first task to the last."""
        return float(self.at[-1] - self.at[0]) if len(self) else 0.0

    # -- another stream ----------------------------------------------------------------------

    def replace(self, **changes: Any) -> Stream:
        """Make a stream that differs in these arguments."""
        return replace(self, **changes)

    def in_order(self, order: Ints, name: str | None = None) -> Stream:
        """Make the stream in which the tasks come in this order, at the times as they are.

        Raises
        ------
        pydantic.ValidationError
            When it is not the numbers of all tasks, each once.
        """
        faults = Faults(f"Stream {self.name!r}")
        if sorted(np.asarray(order).ravel().tolist(), key=str) != sorted(range(len(self)), key=str):
            message = f"these are not the numbers 0 to {len(self) - 1}, each once"
            faults.add(("order",), message, order)
        faults.raise_if_any()
        outcomes = None if self.outcomes is None else self.outcomes.take(order)
        return replace(
            self,
            tasks=tuple(self.tasks[i] for i in order),
            durations=self.durations[order],
            outcomes=outcomes,
            name=name or self.name,
        )

    def with_outcomes(
        self, seed: int = 0, *, value: Any = None, delay: Any = 0.0, chance: Chance = None
    ) -> Stream:
        """Make the stream with luck drawn for every task.

        Parameters
        ----------
        seed
            Of the luck.
        value, delay, chance
            As in :class:`Outcomes`; value None: that of each task.

        Examples
        --------
        >>> import assignopt as ao
        >>> stream = ao.streams.Stream([ao.Task("t1", value=5)]).with_outcomes(3, delay=60)
        >>> stream.outcomes.value.tolist(), stream.outcomes.delay.tolist()
        ([5.0], [60.0])
        """
        faults = Faults("Stream.with_outcomes")
        if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
            message = f"{seed!r} is out of range; allowed is a whole number, 0 or more"
            faults.add(("seed",), message, seed)
        faults.raise_if_any()
        luck = np.random.default_rng([int(seed), 7]).random(len(self))
        worth = [task.value for task in self.tasks] if value is None else value
        return replace(self, outcomes=Outcomes(luck, worth, delay, chance))

    # -- out and in --------------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """Give a row for each task: task_id, at, duration, and what its record holds."""
        at = [moment(float(t), str(self.clock)) for t in self.at]
        rows = {
            "task_id": pd.Series([task.id for task in self.tasks], dtype="str"),
            "at": at if at else pd.Series(dtype="float64"),
            "duration": self.durations,
        }
        for name in ("effort", "value", "priority", "customer_type"):
            dtype = "object" if name == "customer_type" else "float64"
            rows[name] = pd.Series([getattr(task, name) for task in self.tasks], dtype=dtype)
        if self.outcomes is not None:
            rows |= {"luck": self.outcomes.luck, "late_value": self.outcomes.value}
        return pd.DataFrame(rows)

    def to_json(self) -> str:
        """Give it as JSON text, from which :meth:`from_json` makes the same."""
        data = {
            "name": self.name,
            "clock": self.clock,
            "tasks": [task.model_dump(mode="json", exclude_defaults=True) for task in self.tasks],
            "at": self.at.tolist(),
            "durations": [None if np.isnan(d) else d for d in self.durations.tolist()],
            "outcomes": None if self.outcomes is None else self.outcomes.to_data(),
            "events": [one.model_dump(mode="json", exclude_defaults=True) for one in self.events],
            "copies": dict(self.copies),
        }
        return json.dumps(data, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Stream:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        pydantic.ValidationError
            With every fault.
        """
        faults = Faults("Stream")
        try:
            data = json.loads(text)
            outcomes = data.pop("outcomes", None)
            data["outcomes"] = None if outcomes is None else Outcomes(**outcomes)
            return cls(**data)
        except ValidationError:
            raise
        except (TypeError, ValueError, AttributeError) as error:
            faults.add((), f"the text is no stream: {error}. Give what to_json() wrote")
        faults.raise_if_any()
        raise AssertionError

    def __repr__(self) -> str:
        told = [f"{len(self):,} tasks in {self.span:,.6g} s"]
        told += ["released in the end"] if self.releases else []
        told += [f"{len(self.events)} changes of the team"] if self.events else []
        told += ["with outcomes"] if self.outcomes is not None else []
        return f"<Stream {self.name!r}: {', '.join(told)}>"


def _tasks(given: Any, faults: Faults) -> tuple[Task, ...]:
    """Read the tasks; an id that stands twice is a fault."""
    found: list[Task] = []
    for number, one in enumerate(listed(given, "tasks", faults)):
        if type(one) is Task:
            found.append(one)
            continue
        try:
            found.append(Task.model_validate(one))
        except ValidationError as error:
            faults.adopt(error, ("tasks", number))
    if len({task.id for task in found}) < len(found):
        seen: set[str] = set()
        for number, task in enumerate(found):
            if task.id in seen:
                message = f"task {task.id!r} stands twice. Keep one, or give the other an id"
                faults.add(("tasks", number, "id"), message, task.id)
            seen.add(task.id)
    return tuple(found)


def _times(given: Any, count: int, clock: str | None, faults: Faults) -> tuple[Floats, str]:
    """Read when the tasks come, in seconds; a clock that runs backwards is a fault."""
    if clock is not None and clock not in CLOCKS:
        faults.add(("clock",), f"{clock!r} is unknown; known: {', '.join(CLOCKS)}", clock)
        clock = None
    if given is None:
        return np.arange(count, dtype=float), clock or "seconds"
    before = faults.count
    found, read = read_moments(given, ("at",), faults)
    if len(found) != count and faults.count > before:
        return np.zeros(count), clock or "seconds"
    if len(found) != count:
        faults.add(("at",), f"{len(found)} times for {count} tasks. Give one for each")
        return np.zeros(count), clock or "seconds"
    for row in np.flatnonzero(np.diff(found) < 0).tolist():
        late, early = (moment(float(found[row + k]), clock or read) for k in (0, 1))
        message = f"{early} is before {late}, the time of the task before. Sort by time"
        faults.add(("at", row + 1), message, early)
    found.setflags(write=False)
    return found, clock or ("seconds" if read == "none" else read)


def read_moments(given: Any, place: tuple[str, ...], faults: Faults) -> tuple[Floats, str]:
    """Read times of any kind as (n,) seconds, and name their clock."""
    if isinstance(given, pd.Series | pd.DatetimeIndex):
        given = given.tolist()
    if isinstance(given, np.ndarray) and given.ndim != 1:
        faults.add(place, f"has {given.ndim} dimensions. Give a list of times", None)
        return np.zeros(len(given) if given.ndim else 0), "seconds"
    if isinstance(given, np.ndarray) and given.dtype.kind in "iuf":
        found = given.astype(float)
        for row in np.flatnonzero(~np.isfinite(found)).tolist():
            faults.add((*place, row), f"{found[row]} is not finite. Give a finite time", None)
        return found, "seconds"
    times: list[Any] = []
    for row, one in enumerate(listed(given, place[0], faults, "times")):
        try:
            times.append(read_time(one))
        except Exception as error:  # read_time raises pydantic's own error
            faults.add((*place, row), str(error), one)
            times.append(None)
    clock = clock_of(times)
    if clock == "mixed":
        faults.add(place, "times are of different kinds. Give all in seconds, or all as datetimes")
        return np.zeros(len(times)), "seconds"
    known = [0.0 if time is None else seconds(time) for time in times]
    return np.array(known, dtype=float), clock


def _durations(given: Any, count: int, faults: Faults) -> Floats:
    if given is None:
        return np.full(count, np.nan)
    try:
        listed = given if np.isscalar(given) else [np.nan if d is None else d for d in given]
        found = np.array(listed, dtype=float)
    except (TypeError, ValueError):
        faults.add(("durations",), "holds what is no number. Give seconds, or None", given)
        return np.full(count, np.nan)
    if found.ndim == 0:
        found = np.full(count, float(found))
    if found.shape != (count,):
        faults.add(("durations",), f"{len(found)} durations for {count} tasks. Give one for each")
        return np.full(count, np.nan)
    bad = (found < 0) | np.isinf(found)
    for row in np.flatnonzero(bad).tolist():
        message = f"{found[row]} is out of range; allowed are seconds from 0 on, NaN = to the end"
        faults.add(("durations", row), message, found[row])
    found.setflags(write=False)
    return found


def _events(given: Iterable[Any], clock: str, faults: Faults) -> tuple[Change, ...]:
    found: list[Change] = []
    for number, one in enumerate(listed(given, "events", faults)):
        try:
            found.append(one if isinstance(one, Change) else Change.model_validate(one))
        except ValidationError as error:
            faults.adopt(error, ("events", number))
    _check_clock(found, clock, faults)
    return tuple(sorted(found, key=lambda one: seconds(one.at) or 0.0))


def listed(given: Any, name: str, faults: Faults, what: str = "") -> Iterable[Any]:
    """Give what is a list of some kind as it is; anything else is a fault, and read as nothing."""
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        return given
    faults.add((name,), f"{given!r} is no list. Give a list of {what or name}", given)
    return ()


def _check_copies(copies: Any, tasks: Sequence[Task], faults: Faults) -> None:
    """Note copies of nothing, and tasks that do not come."""
    if not isinstance(copies, Mapping):
        message = f"{copies!r} is no table. Give task id -> id of the task it is a copy of"
        faults.add(("copies",), message, copies)
        return
    known = {task.id for task in tasks} if copies else set()
    for name, of in copies.items():
        if not isinstance(of, str):
            faults.add(("copies", str(name)), f"{of!r} is no id of a task. Give text", of)
        if name not in known:
            faults.add(("copies", str(name)), f"task {name!r} does not come. Leave it out", name)


def _check_clock(events: Sequence[Change], clock: str, faults: Faults) -> None:
    other = clock_of([one.at for one in events])
    if other == "mixed" or one_clock(other, clock) == "mixed":
        message = f"times of changes are {other}, those of the tasks {clock}. Give one kind"
        faults.add(("events",), message)
