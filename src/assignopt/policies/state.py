"""State: all that a policy may look at when it decides, as plain data by rep id."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ..plan import Reason
from ..records import OWNER

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..problem import Problem
    from ..records import Rep, Task
    from ..rules import MaxTasks

NUMBERS = ("load", "open", "count", "given", "worth", "value", "burden", "last", "last_time")
"""The columns of a state that assignments change, one number for each rep."""

Pair = tuple[float, float, float]
"""Fit, effort and value of one pair."""


class Pairs(Mapping[str, Pair]):
    """rep id -> (fit, effort, value) of everybody who could ever take a task.

    Kept as mappings that tasks of one kind share: a value is ``scale * base[rep_id]``.

    Parameters
    ----------
    fit, effort, base
        rep id -> number, of the same reps in the order of the team.
    scale
        What ``base`` is multiplied with.
    rows
        The place of each of these reps in the team, as in ``State.row``.

    Attributes
    ----------
    columns
        Ids, rows, efforts and bases side by side, to go through them without looking anything up.
    pick
        A function: of a column with a number for each row of the team, those of these reps.
    shared
        A place for what can be worked out from ``fit``, ``effort`` and ``base`` once, for all
        tasks that share them.

    Examples
    --------
    >>> pairs = Pairs({"ana": 0.5}, {"ana": 2.0}, {"ana": 0.5}, scale=6.0)
    >>> pairs["ana"], pairs.value["ana"]
    ((0.5, 2.0, 3.0), 3.0)
    """

    __slots__ = ("_value", "base", "columns", "effort", "fit", "pick", "scale", "shared")

    columns: tuple[tuple[str, ...], array[int], array[float], array[float]]
    pick: Callable[[Sequence[float]], Sequence[float]]
    shared: dict[str, Any]

    def __init__(
        self,
        fit: Mapping[str, float],
        effort: Mapping[str, float],
        base: Mapping[str, float],
        scale: float = 1.0,
        rows: Iterable[int] = (),
    ) -> None:
        self.fit, self.effort, self.base, self.scale = fit, effort, base, scale
        efforts, bases = array("d", effort.values()), array("d", base.values())
        self.columns = tuple(fit), array("l", rows), efforts, bases
        self.pick = picker(self.columns[1])
        self.shared = {}
        self._value: Mapping[str, float] | None = None

    def scaled(self, scale: float) -> Pairs:
        """Give the pairs of another task of the kind, of other value."""
        other = Pairs.__new__(Pairs)
        other.fit, other.effort, other.base, other.scale = self.fit, self.effort, self.base, scale
        other.columns, other.pick, other.shared = self.columns, self.pick, self.shared
        other._value = None
        return other

    @property
    def value(self) -> Mapping[str, float]:
        """Give the value with each rep."""
        if self._value is None:
            scale = self.scale
            self._value = {name: scale * one for name, one in self.base.items()}
        return self._value

    def value_of(self, rep_id: str) -> float:
        """Give the value with one rep."""
        return self.scale * self.base[rep_id]

    def __getitem__(self, rep_id: str) -> Pair:
        return self.fit[rep_id], self.effort[rep_id], self.scale * self.base[rep_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fit)

    def __len__(self) -> int:
        return len(self.fit)


def picker(rows: Sequence[int]) -> Callable[[Sequence[float]], Sequence[float]]:
    """Make a function that picks the numbers in some rows of a column."""
    if len(rows) < 2:
        return lambda column: [column[row] for row in rows]
    return itemgetter(*rows)


NOBODY = Pairs({}, {}, {})


class Scores(Mapping[str, float]):
    """candidate -> score, from two columns; put together when somebody looks."""

    __slots__ = ("_columns", "_found")

    def __init__(self, names: Sequence[str], scores: Sequence[float]) -> None:
        self._columns = names, scores
        self._found: dict[str, float] | None = None

    def _whole(self) -> dict[str, float]:
        if self._found is None:
            self._found = dict(zip(*self._columns, strict=True))
        return self._found

    def __getitem__(self, rep_id: str) -> float:
        return self._whole()[rep_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._columns[0])


@dataclass(slots=True, eq=False)
class State:
    """How things stand in a stream of tasks.

    The dictionaries have every rep of the team, in its order. A policy reads them; the one thing
    it may change is ``memory``, in any of its methods but ``choose``; and there, ``scores``.

    Parameters
    ----------
    problem
        The team, its rules, and in its tasks the forecast.
    reps
        The reps by id, those included that joined later.
    row
        The place of each rep in the team, from 0; whoever joins comes last, and nobody's changes.
    weight
        Entitlement of each rep.
    capacity
        Most effort each rep can hold; infinity without a limit.
    most
        Most tasks each rep can hold; infinity without a limit, 0 for one who is not active.
    load
        Effort each rep holds now, carried load included, in effort units.
    open
        Tasks each rep holds now, in any role.
    count, given, worth, value, burden
        Tasks, effort, worth, value and burden each rep has been given so far; what was released
        stays in, what was credited back does not.
    last
        Number of the arrival with which each rep last got a task; -1 before the first. A half lies
        between two arrivals: what a plan gave.
    last_time
        When that was, in seconds; minus infinity before the first.
    times
        The times of all assignments of each rep, in order.
    available
        Whether each rep takes tasks at all now (active, and not set unavailable).
    holder
        task id -> its owner, of the tasks that are held now.
    now
        The time, in seconds (datetimes: since 1970).
    clock
        What the times are: ``"seconds"``, ``"datetime"`` or ``"aware datetime"``; ``"none"`` as
        long as there were no times.
    step
        Number of the present arrival, from 0.
    horizon
        How many arrivals are expected in all; None where nobody knows.
    seed
        For draws.
    memory
        What the policy keeps between two tasks; plain data. Numbers may be in an ``array.array``,
        which is quicker to go through; once saved it is a list, see ``Policy.loaded``.
    candidates
        Who may take the present task: everybody who keeps every rule and has room, in the order of
        the team.
    role
        The role that is to be filled.
    scores
        What a policy may leave of its choice: candidate -> score, the higher the better. They are
        the order of a decision's alternatives.
    pairs
        :class:`Pairs`: rep id -> (fit, effort, value) for the present task, of everybody who could
        ever take it.
    may_take
        A function: the candidates of any task, as of now.
    pairs_of
        A function: what ``pairs`` is, of any task.
    ask
        A function of a task and a policy's ``choose``: what it says of the task as of now, as if it
        came alone; None if nobody may take it. For batches.
    reason_of
        A function of a task and some reps: why none of them may take it now, a
        :class:`~assignopt.Reason`.
    caps_of
        A function of tasks: rules that say how many of them each rep may take yet, by all caps.
    bids_of
        A function of a task id: rep -> weight of its preference for the task, of those the problem
        has.
    available_from
        A function of a rep id: from when on the rep is available, in seconds; ``now`` for one who
        is, infinity for one who is not for as long as is known.
    """

    problem: Problem
    reps: dict[str, Rep]
    weight: dict[str, float]
    row: dict[str, int] = field(default_factory=dict)
    capacity: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)
    load: dict[str, float] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=dict)
    given: dict[str, float] = field(default_factory=dict)
    worth: dict[str, float] = field(default_factory=dict)
    value: dict[str, float] = field(default_factory=dict)
    burden: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    last_time: dict[str, float] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=dict)
    available: dict[str, bool] = field(default_factory=dict)
    holder: dict[str, str] = field(default_factory=dict)
    now: float = 0.0
    clock: str = "none"
    step: int = 0
    horizon: int | None = None
    seed: int = 0
    memory: dict[str, Any] = field(default_factory=dict)
    candidates: Sequence[str] = ()
    role: str = OWNER
    scores: Mapping[str, float] | None = None
    pairs: Pairs = field(default_factory=lambda: NOBODY)
    may_take: Callable[[Task], Sequence[str]] = lambda task: ()
    pairs_of: Callable[[Task], Pairs] = lambda task: NOBODY
    available_from: Callable[[str], float] = lambda rep_id: -inf
    ask: Callable[[Task, Callable[[Task, State], Any]], Any] = lambda task, choose: None
    reason_of: Callable[[Task, Sequence[str]], Reason] = lambda task, reps: Reason.NO_REP
    caps_of: Callable[[Sequence[Task]], list[MaxTasks]] = lambda tasks: []
    bids_of: Callable[[str], Mapping[str, float]] = lambda task_id: {}

    def go_to(self, moment: tuple[float, str]) -> None:
        """Let it be another time: seconds, and what times are."""
        self.now, self.clock = moment

    def fit_of(self, rep_id: str) -> float:
        """Give the fit of a rep for the present task."""
        return self.pairs.fit[rep_id]

    def effort_of(self, rep_id: str) -> float:
        """Give what the present task costs a rep, in effort units."""
        return self.pairs.effort[rep_id]

    def value_of(self, rep_id: str) -> float:
        """Give the value of the present task with a rep."""
        return self.pairs.value_of(rep_id)

    def room(self, rep_id: str) -> float:
        """Give how much more effort a rep can hold; infinity without a limit."""
        return self.capacity[rep_id] - self.load[rep_id]

    def per_weight(self, amount: float, rep_id: str) -> float:
        """Give an amount per weight of a rep; infinity for one who is entitled to nothing."""
        weight = self.weight[rep_id]
        return amount / weight if weight else inf

    def load_per_weight(self, rep_id: str) -> float:
        """Give the load of a rep per weight; infinity for one who is entitled to nothing."""
        return self.per_weight(self.load[rep_id], rep_id)

    def received(self, rep_id: str, seconds: float) -> int:
        """Count the assignments of a rep within the last ``seconds``."""
        times = self.times[rep_id]
        return len(times) - bisect_left(times, self.now - seconds)

    def draw(self, among: int, salt: str = "") -> int:
        """Draw a whole number below ``among``, the same for the same seed, arrival and salt.

        It needs no state but the number of the arrival, so that a restored stream draws the same,
        and two policies in one comparison meet with the same luck.
        """
        return int(self.uniform(salt) * among)

    def uniform(self, salt: str = "") -> float:
        """Draw a number from 0 up to 1, as :meth:`draw` does."""
        text = f"{self.seed}|{self.step}|{salt}".encode()
        return int.from_bytes(blake2b(text, digest_size=7).digest()) / (1 << 56)


def list_of(value: Any) -> list[Any]:
    """Give an array in a memory as a list, for JSON; raise TypeError for anything else."""
    if isinstance(value, array):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no plain data: {value!r}")
