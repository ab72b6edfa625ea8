"""Generated streams: a problem's tasks as a forecast, and a seed in, a stream out."""

from __future__ import annotations

from difflib import get_close_matches
from inspect import signature
from math import isfinite
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from ..columns import SECONDS, one_clock, seconds
from ..errors import Faults
from ..problem import Problem
from ..records import Task, read_time, time_kind
from .making import from_problem
from .spells import absences, in_spells
from .stream import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.random import Generator

    from ..columns import Floats, Ints


MOST_KEPT = 50_000
"""Records of a forecast are made once and kept for all seeds, up to so many."""


class Pace(TypedDict, total=False):
    """When generated tasks come, and how long they keep their reps busy.

    Parameters
    ----------
    rate
        Tasks a second, in the mean; default 1.
    regular
        True: they come at equal distances. False (default): as a Poisson process.
    begin
        When it begins, seconds or a datetime; default 0, or the first time of a problem whose times
        are datetimes.
    duration
        Seconds each task keeps its reps busy. By default from start to end of the task it is a copy
        of, where that has them; else to the end.
    mean_duration
        The mean of durations drawn from an exponential distribution, in the place of ``duration``.
    """

    rate: float
    regular: bool
    begin: float | datetime
    duration: float | None
    mean_duration: float | None


def iid(problem: Problem, n: int | None = None, seed: int = 0, **pace: Unpack[Pace]) -> Stream:
    """Draw tasks from the forecast independently of each other, each equally likely.

    A copy of task ``t`` that comes as number ``j`` is called ``t#j``. One at a fixed time begins
    when it comes.

    Parameters
    ----------
    problem
        Its tasks are the forecast.
    n
        How many tasks; None: as many as the forecast has.
    seed
        Of everything.
    **pace
        ``rate``, ``regular``, ``begin``, ``duration``, ``mean_duration``; see :class:`Pace`.

    Raises
    ------
    pydantic.ValidationError
        When there is no forecast, or a number is out of range.

    Examples
    --------
    >>> import assignopt as ao
    >>> forecast = ao.Problem([ao.Rep("ana")], [ao.Task("a", value=2), ao.Task("b", value=1)])
    >>> stream = ao.streams.iid(forecast, 4, seed=1, regular=True)
    >>> [task.id for task in stream.tasks], stream.at.tolist()
    (['b#0', 'a#1', 'a#2', 'b#3'], [0.0, 1.0, 2.0, 3.0])
    """
    n, rng = _begun(problem, n, seed, 1)
    rows = rng.integers(0, len(problem.tasks), n)
    return _made(problem, rows, rng, "iid", pace)


def permutation(of: Problem | Stream, seed: int = 0, **pace: Unpack[Pace]) -> Stream:
    """Let the same tasks come in another order, each order equally likely.

    Parameters
    ----------
    of
        A stream, whose times stay as they are while tasks change their places, with their
        durations and outcomes; or a problem, whose tasks come under their own ids.
    seed
        Of everything.
    **pace
        For a problem; as in :func:`iid`.

    Examples
    --------
    >>> import assignopt as ao
    >>> trace = ao.streams.Stream([ao.Task("a"), ao.Task("b"), ao.Task("c")], at=[0, 5, 6])
    >>> stream = ao.streams.permutation(trace, seed=3)
    >>> [task.id for task in stream.tasks], stream.at.tolist()
    (['a', 'c', 'b'], [0.0, 5.0, 6.0])
    """
    if isinstance(of, Stream):
        if pace:
            raise TypeError(f"a stream keeps its times; {', '.join(pace)} go with a problem")
        faults = Faults("streams")
        _check_whole("seed", seed, faults)
        faults.raise_if_any()
        rng = np.random.default_rng([seed, 2])
        return of.in_order(rng.permutation(len(of)), "permutation")
    _, rng = _begun(of, None, seed, 2)
    plain = from_problem(of)
    order = rng.permutation(len(plain))
    return _made(of, order, rng, "permutation", pace, copies=False)


def drift(
    problem: Problem,
    n: int | None = None,
    seed: int = 0,
    *,
    strength: float = 1.0,
    by: str = "customer_type",
    **pace: Unpack[Pace],
) -> Stream:
    """Draw tasks from a forecast whose mix changes linearly from beginning to end.

    Each kind ``k`` gets a direction ``d_k``, the kinds being put at equal distances from -1 to 1 in
    random order; at the share ``s`` of the stream its tasks are drawn with weight
    ``1 + strength d_k (2 s - 1)``. With strength 1 the first kind is there at the beginning only,
    the last at the end only.

    Parameters
    ----------
    problem, n, seed, **pace
        As in :func:`iid`.
    strength
        0 (no drift) to 1.
    by
        What a kind is: a field or a tag of the tasks. Where all are of one kind, each task of the
        forecast is a kind of its own.

    Examples
    --------
    >>> import assignopt as ao
    >>> tasks = [ao.Task("a", customer_type="smb"), ao.Task("b", customer_type="key")]
    >>> stream = ao.streams.drift(ao.Problem([ao.Rep("ana")], tasks), 1000, seed=0)
    >>> early = [task.customer_type for task in stream.tasks[:200]]
    >>> early.count("smb"), early.count("key")
    (181, 19)
    """
    n, rng = _begun(problem, n, seed, 3)
    _check_shares("drift", strength=strength)
    tasks = problem.tasks.listed
    _check_kind(by, tasks)
    kinds = [_kind(task, by) for task in tasks]
    names = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
    kind = np.array([names[one] for one in kinds]) if len(names) > 1 else np.arange(len(tasks))
    direction = rng.permutation(np.linspace(-1, 1, max(kind.max() + 1, 2)))[kind]
    rows, draws = np.empty(n, np.int64), rng.random(n)
    for first in range(0, n, 64):  # the mix of 64 tasks at a time
        at = (np.arange(first, min(first + 64, n)) + 0.5) / n
        weight = np.cumsum(1 + strength * np.outer(2 * at - 1, direction), axis=1)
        wanted = draws[first : first + 64, None] * weight[:, -1:]
        rows[first : first + 64] = (weight <= wanted).sum(axis=1)
    return _made(problem, np.minimum(rows, len(tasks) - 1), rng, "drift", pace)


def bursts(
    problem: Problem,
    n: int | None = None,
    seed: int = 0,
    *,
    burst: float = 4.0,
    busy: float = 0.2,
    away: float = 0.2,
    spell: float = 50.0,
    **pace: Unpack[Pace],
) -> Stream:
    """Draw tasks that come in bursts, for reps who come and go.

    Arrivals switch between bursts and calm, and each rep between there and away, each after a time
    drawn from an exponential distribution; the mean rate stays ``rate``.

    Parameters
    ----------
    problem, n, seed, **pace
        As in :func:`iid`; ``regular`` has no meaning here.
    burst
        How many times as many tasks come in a burst as in the mean, from 1 up to ``1 / busy``.
    busy
        Share of the time that bursts take, above 0 and below 1.
    away
        Share of the time that each rep is not available, from 0 and below 1.
    spell
        Mean length of a burst, and of an absence, in mean distances between tasks.

    Examples
    --------
    >>> import assignopt as ao
    >>> forecast = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("a")])
    >>> stream = ao.streams.bursts(forecast, 500, seed=0)
    >>> stream
    <Stream 'bursts': 500 tasks in 431.413 s, 8 changes of the team>
    """
    n, rng = _begun(problem, n, seed, 4)
    _check_shares("bursts", busy=busy, away=away)
    faults = Faults("bursts")
    for one, value in (("burst", burst), ("spell", spell)):
        if not _is_number(value):
            faults.add((one,), f"{value!r} is no number. Give a number above 0", value)
    faults.raise_if_any()
    if not 0 < busy < 1 or not 1 <= burst <= 1 / busy or away >= 1 or not 0 < spell < np.inf:
        message = (
            f"burst {burst:g}, busy {busy:g}, away {away:g}, spell {spell:g} do not go together; "
            "allowed: 0 < busy < 1, 1 <= burst <= 1 / busy, 0 <= away < 1, spell above 0"
        )
        faults.add(("burst",), message)
        faults.raise_if_any()
    rate = _rate(pace)
    if pace.get("regular"):
        faults.add(("regular",), "bursts are not regular. Leave it out", True)
        faults.raise_if_any()
    rows = rng.integers(0, len(problem.tasks), n)
    calm = (1 - burst * busy) / (1 - busy)
    # The time in which one task is due, in the mean, passes quickly in a burst and slowly in calm.
    due = np.cumsum(rng.exponential(1.0, n)) if n else np.zeros(0)
    at = in_spells(due, rng, spell, busy, burst, calm) / rate
    begin, clock = _begin(pace, problem)
    events = []
    for name in problem.reps if away else ():
        events += absences(str(name), rng, at[-1] if n else 0.0, spell / rate, away, begin, clock)
    return _made(problem, rows, rng, "bursts", pace, at=at, events=events)


def adversarial(
    problem: Problem, n: int | None = None, seed: int = 0, **pace: Unpack[Pace]
) -> Stream:
    """Draw tasks as :func:`iid` does, and let those of high value come last.

    What tempts a policy to be full when it matters. Of equal values the order is random.

    Parameters
    ----------
    problem, n, seed, **pace
        As in :func:`iid`.

    Examples
    --------
    >>> import assignopt as ao
    >>> forecast = ao.Problem([ao.Rep("ana")], [ao.Task("a", value=2), ao.Task("b", value=1)])
    >>> stream = ao.streams.adversarial(forecast, 6, seed=1)
    >>> [task.value for task in stream.tasks]
    [1.0, 1.0, 1.0, 1.0, 2.0, 2.0]
    """
    n, rng = _begun(problem, n, seed, 5)
    rows = rng.integers(0, len(problem.tasks), n)
    rows = rows[np.argsort(problem.task_columns.value[rows], kind="stable")]
    return _made(problem, rows, rng, "adversarial", pace)


GENERATORS = {
    "iid": iid,
    "permutation": lambda problem, n=None, seed=0, **options: permutation(problem, seed, **options),
    "drift": drift,
    "bursts": bursts,
    "adversarial": adversarial,
}
"""By name: functions of a problem, a number of tasks and a seed."""


def options_of(name: str) -> list[str]:
    """List the options of a generator besides the problem and the seed."""
    maker = permutation if name == "permutation" else GENERATORS[name]
    own = [one for one in signature(maker).parameters if one not in ("problem", "of", "seed")]
    paces = [one for one in Pace.__annotations__ if (name, one) != ("bursts", "regular")]
    return [*(one for one in own if one != "pace"), *paces]


def _begun(problem: Problem, n: int | None, seed: int, salt: int) -> tuple[int, Generator]:
    """Check what every generator is given; give how many tasks, and where draws come from."""
    faults = Faults("streams")
    if not isinstance(problem, Problem):
        faults.add(("problem",), f"a {type(problem).__name__} is no problem. Give a Problem")
        faults.raise_if_any()
    if not len(problem.tasks) and n != 0:
        faults.add(("problem",), "has no tasks to draw from. Give it a forecast, or a stream")
    if n is not None:
        _check_whole("n", n, faults)
    _check_whole("seed", seed, faults)
    faults.raise_if_any()
    return len(problem.tasks) if n is None else int(n), np.random.default_rng([seed, salt])


def _check_whole(name: str, value: Any, faults: Faults) -> None:
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or int(value) < 0:
        message = f"{value!r} is out of range; allowed is a whole number, 0 or more"
        faults.add((name,), message, value)


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float | np.number)
        and not isinstance(value, bool)
        and isfinite(value)
    )


def _check_shares(title: str, **shares: float) -> None:
    faults = Faults(title)
    for name, share in shares.items():
        if not _is_number(share) or not 0 <= share <= 1:
            faults.add((name,), f"{share!r} is out of range; allowed is 0 to 1", share)
    faults.raise_if_any()


def _rate(pace: Pace) -> float:
    rate = pace.get("rate", 1.0)
    faults = Faults("streams")
    if not _is_number(rate) or not 0 < rate < np.inf:
        faults.add(("rate",), f"{rate!r} is out of range; allowed is above 0, tasks a second", rate)
    if not isinstance(pace.get("regular", False), bool):
        faults.add(("regular",), "is neither True nor False. Give one of the two", pace["regular"])
    faults.raise_if_any()
    return float(rate)


def _begin(pace: Pace, problem: Problem) -> tuple[float, str]:
    """Give when a stream begins: as said, else with the first time of the problem."""
    if "begin" in pace:
        faults, begin = Faults("streams"), None
        try:
            begin = read_time(pace["begin"])
        except Exception as error:  # read_time raises pydantic's own error
            faults.add(("begin",), str(error), pace["begin"])
        faults.raise_if_any()
        return seconds(begin) or 0.0, time_kind(begin)
    reps, tasks = problem.rep_columns, problem.task_columns
    clock = one_clock(reps.clock, tasks.clock)
    if clock in ("none", SECONDS):
        return 0.0, SECONDS
    return float(np.nanmin(np.concatenate([reps.window_start, tasks.start]))), clock


def _check_kind(by: Any, tasks: Sequence[Task]) -> None:
    tags = dict.fromkeys(tag for task in tasks for tag in task.tags)
    known = [*Task.model_fields, *tags]
    if by not in known:
        faults, near = Faults("drift"), get_close_matches(str(by), known, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        faults.add(("by",), f"no task has a field or a tag {by!r}; {remedy}", by)
        faults.raise_if_any()


def _kind(task: Task, by: str) -> Any:
    found = task.tags.get(by, getattr(task, by, None))
    return tuple(sorted(found.items())) if isinstance(found, dict) else found


def _made(
    problem: Problem,
    rows: Ints,
    rng: Generator,
    name: str,
    pace: Pace,
    *,
    at: Floats | None = None,
    events: Any = (),
    copies: bool = True,
) -> Stream:
    """Make the stream of these rows of the forecast, in this order."""
    unknown = sorted(set(pace) - set(Pace.__annotations__))
    if unknown:
        known = ", ".join(options_of(name))
        raise TypeError(f"{name} has no options {unknown}; known: {known}")
    begin, clock = _begin(pace, problem)
    rate = _rate(pace)
    if at is None:
        gaps = np.ones(len(rows)) if pace.get("regular") else rng.exponential(1.0, len(rows))
        at = np.cumsum(gaps) / rate
        at = at - at[0] if pace.get("regular") and len(rows) else at
    columns = problem.task_columns
    held = _held(columns.end[rows] - columns.start[rows], rng, pace)
    origin = _origins(problem, rows)
    plain = {"start": None, "end": None}
    tasks = []
    for number, row in enumerate(rows.tolist()):
        task = origin[row]
        change = {"id": f"{task.id}#{number}"} if copies else {}
        timed = task.start is not None
        tasks.append(task.model_copy(update=change | (plain if timed else {})))
    of = {task.id: origin[row].id for task, row in zip(tasks, rows.tolist(), strict=True)}
    return Stream(
        tuple(tasks),
        at + begin,
        held,
        name,
        events=events,
        copies=of if copies else {},
        clock=clock,
    )


def _origins(problem: Problem, rows: Ints) -> Mapping[int, Task] | Sequence[Task]:
    """Give the records of these rows: of a large forecast only those, else all, which are kept."""
    table = problem.tasks
    if len(table) <= MOST_KEPT:
        return table.listed
    return {row: table.at(row) for row in np.unique(rows).tolist()}


def _held(own: Floats, rng: Generator, pace: Pace) -> Floats:
    """(n,) seconds for which tasks are held."""
    fixed, mean = pace.get("duration"), pace.get("mean_duration")
    if fixed is None and mean is None:
        return own
    given = fixed if mean is None else mean
    faults = Faults("streams")
    if fixed is not None and mean is not None:
        faults.add(("duration",), "is given with mean_duration. Give one of the two", fixed)
    elif not isinstance(given, int | float) or not 0 <= given < np.inf:
        faults.add(("duration",), f"{given!r} is out of range; allowed are seconds from 0", given)
    faults.raise_if_any()
    if mean is None:
        return np.full(len(own), float(given))  # type: ignore[arg-type]
    return rng.exponential(mean, len(own))
