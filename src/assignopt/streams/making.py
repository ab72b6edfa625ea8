"""Streams of what is there: a problem's tasks, or a history in its real order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..columns import one_clock
from ..errors import Faults
from ..problem import Problem
from ..records import Task
from .stream import Stream, read_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..columns import Floats


def from_problem(
    problem: Problem, *, at: Any = None, durations: Any = None, name: str = "problem"
) -> Stream:
    """Let the tasks of a problem come in their order.

    Parameters
    ----------
    problem
        Whose tasks.
    at
        (n,) when each comes; None: one a second; ``"start"``: each when it starts, sorted by that.
    durations
        (n,) seconds each keeps its reps busy, or one number; None: with ``at="start"`` from start
        to end, else to the end of the stream.
    name
        What the stream is called.

    Raises
    ------
    pydantic.ValidationError
        When a task has no start, and ``at="start"``; or as in :class:`Stream`.

    Examples
    --------
    >>> import assignopt as ao
    >>> calls = [ao.Task("late", start=9, end=12), ao.Task("early", start=3, end=5)]
    >>> stream = ao.streams.from_problem(ao.Problem([], calls), at="start")
    >>> [task.id for task in stream.tasks], stream.durations.tolist()
    (['early', 'late'], [2.0, 3.0])
    """
    faults = Faults("from_problem")
    if not isinstance(problem, Problem):
        message = f"a {type(problem).__name__} is no problem. Give an assignopt.Problem"
        faults.add(("problem",), message)
        faults.raise_if_any()
    tasks = problem.tasks.listed
    if not isinstance(at, str):
        return Stream(tasks, at, durations, name)
    columns = problem.task_columns
    if at != "start":
        faults.add(("at",), f"{at!r} is unknown; known: 'start', or one time for each task", at)
    for row in np.flatnonzero(np.isnan(columns.start)).tolist():
        message = f"task {columns.id[row]!r} has no start. Give its times, or another 'at'"
        faults.add(("tasks", row, "start"), message)
    faults.raise_if_any()
    order = np.argsort(columns.start, kind="stable")
    busy = columns.end - columns.start if durations is None else durations
    told = busy[order] if isinstance(busy, np.ndarray) else busy
    listed = tuple(tasks[i] for i in order)
    return Stream(listed, columns.start[order], told, name, clock=_clock(columns.clock))


def _clock(clock: str) -> str:
    return "seconds" if clock == "none" else clock


def from_history(
    frame: pd.DataFrame,
    *,
    id: str = "id",  # noqa: A002
    at: str = "at",
    closed: str | None = None,
    tags: Sequence[str] = (),
    name: str = "history",
    **columns: str,
) -> Stream:
    """Let the work of a history come in its real order.

    Parameters
    ----------
    frame
        A row for each piece of work.
    id, at
        Columns with its id and with when it came (seconds or datetimes). Rows are sorted by time;
        of equal times the order stays.
    closed
        Column with when it was done: it keeps its rep busy for as long as it took then; empty = to
        the end. None: everything is held to the end.
    tags
        Columns kept as tags.
    name
        What the stream is called.
    **columns
        Field of :class:`~assignopt.Task` -> column, such as ``value="amount"``.

    Raises
    ------
    pydantic.ValidationError
        When a column is missing, a field unknown, a time missing or a close before its begin; with
        row and column.

    Examples
    --------
    >>> import pandas as pd, assignopt as ao
    >>> table = pd.DataFrame({
    ...     "ticket": ["b", "a"],
    ...     "created": pd.to_datetime(["2026-03-02 10:00", "2026-03-02 09:00"]),
    ...     "solved": pd.to_datetime(["2026-03-02 10:30", None]),
    ...     "amount": [20.0, 10.0],
    ... })
    >>> stream = ao.streams.from_history(
    ...     table, id="ticket", at="created", closed="solved", value="amount"
    ... )
    >>> [task.id for task in stream.tasks], stream.durations.tolist()
    (['a', 'b'], [nan, 1800.0])
    """
    faults = Faults("from_history")
    if not isinstance(frame, pd.DataFrame):
        message = f"a {type(frame).__name__} is no frame. Give a pandas DataFrame"
        faults.add(("frame",), message)
        faults.raise_if_any()
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        faults.add(("tags",), f"{tags!r} is no list of columns. Give a list", tags)
        tags = ()
    fields = set(Task.model_fields) - {"id", "roles", "tags"}
    for field in columns.keys() - fields:
        faults.add((field,), f"{field!r} is no field; known: {', '.join(sorted(fields))}")
    wanted = {"id": id, "at": at, **columns} | ({} if closed is None else {"closed": closed})
    for field, column in [*wanted.items(), *(("tags", tag) for tag in tags)]:
        if column not in frame.columns:
            known = ", ".join(map(str, frame.columns))
            faults.add((field,), f"column {column!r} is missing; there are: {known}", column)
    faults.raise_if_any()
    came, clock = read_moments(frame[at], (at,), faults)
    busy = _busy(frame, at, closed, came, clock, faults)
    faults.raise_if_any()
    table = frame[[id, *columns.values(), *tags]].set_axis(["id", *columns, *tags], axis=1)
    order = np.argsort(came, kind="stable")
    read = Problem.from_frames(pd.DataFrame({"id": []}), table.reset_index(drop=True))
    tasks = list(read.tasks.values())
    listed = tuple(tasks[i] for i in order)
    return Stream(listed, came[order], busy[order], name, clock=_clock(clock))


def _busy(
    frame: pd.DataFrame, at: str, closed: str | None, came: Floats, clock: str, faults: Faults
) -> Floats:
    """(n,) seconds from the begin to the close; NaN where nothing was closed."""
    busy = np.full(len(frame), np.nan)
    if closed is None:
        return busy
    rows = np.flatnonzero(frame[closed].notna().to_numpy())
    ends, other = read_moments(frame[closed].iloc[rows], (closed,), faults)
    if one_clock(clock, other) == "mixed":
        message = f"times are {other}, those of {at!r} {clock}. Give both in one kind"
        faults.add((closed,), message)
    if faults.count:
        return busy
    busy[rows] = ends - came[rows]
    for row in np.flatnonzero(busy < 0).tolist():
        message = f"{frame[closed].iloc[row]} is before {frame[at].iloc[row]}. Correct one of them"
        faults.add((row, closed), message)
    return busy
