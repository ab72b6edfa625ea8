"""What a rule allows at this moment: the tasks held now in, the reps who may take one more out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from ..columns import seconds
from ..periods import period_at
from ..plan import Reason
from ..records import OWNER, time_kind
from ..rules import Apart, MaxLoadGap, MaxTasks, Pin, Together
from ..selectors import selects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..policies.state import State
    from ..problem import Problem
    from ..records import Rep, Task
    from .held import Held


class Guard(Protocol):
    """One condition on who may take a task, with what it has to remember.

    ``by_period``: whether it counts tasks that are done.
    """

    reason: Reason
    by_period: bool

    def renew(self, reps: Mapping[str, Rep]) -> None:
        """Look at the team anew."""

    def concerns(self, task: Task) -> bool:
        """Tell whether it may stop anybody from taking the task."""

    def allows(self, task: Task, rep_id: str, state: State) -> bool:
        """Tell whether the rep may take the task now."""

    def took(self, held: Held, rep_id: str, role: str) -> None:
        """Remember that a rep took a task."""

    def done(self, held: Held, rep_id: str, role: str, *, credited: bool) -> None:
        """Forget a task that a rep is done with; ``credited``: as if it had never come."""

    def words(self, task: Task) -> str:
        """Say what the condition is."""


class Remembering:
    """A guard that has nothing to remember, unless it says so."""

    by_period = False

    def renew(self, reps: Mapping[str, Rep]) -> None:
        """Look at the team anew."""

    def concerns(self, task: Task) -> bool:
        """Tell whether it may stop anybody from taking the task."""
        return True

    def took(self, held: Held, rep_id: str, role: str) -> None:
        """Remember that a rep took a task."""

    def done(self, held: Held, rep_id: str, role: str, *, credited: bool) -> None:
        """Forget a task that a rep is done with."""


class Calendars(Remembering):
    """Nobody gets a task outside the times at which they are there.

    A task at a fixed time has to lie within them. Any other has to come within them, or at most
    ``waits`` seconds before they begin.
    """

    reason = Reason.NO_AVAILABILITY

    def __init__(self, waits: float) -> None:
        self._waits = waits
        self._windows: dict[str, list[tuple[float, float]]] = {}

    def renew(self, reps: Mapping[str, Rep]) -> None:
        """Look at the calendars anew."""
        self._windows = {
            name: _joined([(_at(start), _at(end)) for start, end in rep.available])
            for name, rep in reps.items()
            if rep.available is not None
        }

    def concerns(self, task: Task) -> bool:
        """Tell whether anybody has a calendar."""
        return bool(self._windows)

    def allows(self, task: Task, rep_id: str, state: State) -> bool:
        """Tell whether the rep is there."""
        windows = self._windows.get(rep_id)
        if windows is None:
            return True
        if task.start is not None:
            begins, ends = _at(task.start), _at(task.end)
            return any(start <= begins and ends <= end for start, end in windows)
        return self.opens(rep_id, state.now) <= state.now + self._waits

    def opens(self, rep_id: str, now: float) -> float:
        """Give from when on a rep is there; ``now`` for one who is, infinity for never."""
        windows = self._windows.get(rep_id)
        if windows is None:
            return now
        return min((max(start, now) for start, end in windows if end > now), default=float("inf"))

    def openings(self) -> list[tuple[float, str]]:
        """List from when on each rep may be given tasks, window by window, sorted by time."""
        windows = self._windows.items()
        return sorted((start - self._waits, name) for name, mine in windows for start, _ in mine)

    def words(self, task: Task) -> str:
        """Say what the condition is."""
        return "not there at the time"


class Overlaps(Remembering):
    """Nobody holds two tasks whose times overlap."""

    reason = Reason.NO_AVAILABILITY

    def __init__(self) -> None:
        self._times: dict[str, list[tuple[float, float, str]]] = {}

    def concerns(self, task: Task) -> bool:
        """Tell whether the task has a time."""
        return task.start is not None

    def allows(self, task: Task, rep_id: str, state: State) -> bool:
        """Tell whether the rep is free then."""
        begins, ends = _at(task.start), _at(task.end)
        return not any(s < ends and begins < e for s, e, _ in self._times.get(rep_id, ()))

    def took(self, held: Held, rep_id: str, role: str) -> None:
        """Remember the time."""
        task = held.task
        if task.start is not None:
            slot = (_at(task.start), _at(task.end), task.id)
            self._times.setdefault(rep_id, []).append(slot)

    def done(self, held: Held, rep_id: str, role: str, *, credited: bool) -> None:
        """Forget the time."""
        if held.task.start is not None:
            kept = [one for one in self._times[rep_id] if one[2] != held.task.id]
            self._times[rep_id] = kept

    def words(self, task: Task) -> str:
        """Say what the condition is."""
        return "a task at that time already"


class Groups(Remembering):
    """The tasks of one group, or of a Together rule, that are held at one time have one owner."""

    reason = Reason.GROUP_CONFLICT

    def __init__(self, rules: list[Together]) -> None:
        self._rules: dict[str, list[str]] = {}
        for rule in rules:
            for task in rule.tasks:
                self._rules.setdefault(task, []).append(f"\0{rule.id}")
        self._owner: dict[str, str] = {}
        self._size: Counter[str] = Counter()

    def _of(self, task: Task) -> list[str]:
        listed = self._rules.get(task.id, []) if self._rules else []
        return listed if task.group is None else [*listed, task.group]

    def concerns(self, task: Task) -> bool:
        """Tell whether the task is in a group."""
        return task.group is not None or task.id in self._rules

    def allows(self, task: Task, rep_id: str, state: State) -> bool:
        """Tell whether the rep has the others of the group, or nobody has."""
        if state.role != OWNER:
            return True
        return all(self._owner.get(name, rep_id) == rep_id for name in self._of(task))

    def took(self, held: Held, rep_id: str, role: str) -> None:
        """Remember who has the group."""
        if role == OWNER:
            for name in self._of(held.task):
                self._owner[name] = rep_id
                self._size[name] += 1

    def done(self, held: Held, rep_id: str, role: str, *, credited: bool) -> None:
        """Forget who has the group, with its last task."""
        if role == OWNER:
            for name in self._of(held.task):
                self._size[name] -= 1
                if not self._size[name]:
                    del self._owner[name], self._size[name]

    def words(self, task: Task) -> str:
        """Say what the condition is."""
        owners = sorted({self._owner[name] for name in self._of(task) if name in self._owner})
        return f"its group is with {', '.join(map(repr, owners))}"


class Pins(Remembering):
    """A pinned task goes to the rep it is pinned to."""

    reason = Reason.LOCKED_ELSEWHERE

    def __init__(self, rules: list[Pin]) -> None:
        self._rep = {(rule.task, rule.role): rule.rep for rule in rules}
        self._tasks = {rule.task for rule in rules}

    def concerns(self, task: Task) -> bool:
        """Tell whether the task is pinned."""
        return task.id in self._tasks

    def allows(self, task: Task, rep_id: str, state: State) -> bool:
        """Tell whether the rep is the one."""
        return self._rep.get((task.id, state.role), rep_id) == rep_id

    def words(self, task: Task) -> str:
        """Say what the condition is."""
        pins = [f"{rep!r} as {role}" for (name, role), rep in self._rep.items() if name == task.id]
        return f"it is pinned to {', '.join(pins)}"


class Separated(Remembering):
    """Nobody holds two tasks of an Apart rule at one time, in any role."""

    reason = Reason.EXCLUDED

    def __init__(self, rule: Apart) -> None:
        self._rule = rule
        self._tasks = frozenset(rule.tasks)
        self._holders: Counter[str] = Counter()

    def concerns(self, task: Task) -> bool:
        """Tell whether the rule names the task."""
        return task.id in self._tasks

    def allows(self, task: Task, rep_id: str, state: State) -> bool:
        """Tell whether the rep has none of the others."""
        return not self._holders[rep_id]

    def took(self, held: Held, rep_id: str, role: str) -> None:
        """Remember who has one."""
        if held.task.id in self._tasks:
            self._holders[rep_id] += 1

    def done(self, held: Held, rep_id: str, role: str, *, credited: bool) -> None:
        """Forget who had one."""
        if held.task.id in self._tasks:
            self._holders[rep_id] -= 1

    def words(self, task: Task) -> str:
        """Say what the condition is."""
        return f"{self._rule.sentence} ({self._rule.id})"


class Caps(Remembering):
    """A MaxTasks rule: on the tasks held at one time or, ``per`` period, on those given in it.

    A task at a fixed time counts in the period in which it begins, any other in the one in which it
    comes.
    """

    reason = Reason.PERIOD_CAP

    def __init__(self, rule: MaxTasks, state: State) -> None:
        self.rule, self._state = rule, state
        self.by_period = rule.per is not None
        self._who: frozenset[str] = frozenset()
        self._counts: Counter[Any] = Counter()

    def renew(self, reps: Mapping[str, Rep]) -> None:
        """Look at the team anew."""
        self._who = frozenset(n for n, rep in reps.items() if selects(self.rule.rep, rep))

    def concerns(self, task: Task) -> bool:
        """Tell whether the rule counts the task."""
        return selects(self.rule.task, task)

    def _key(self, task: Task, rep_id: str, now: float) -> Any:
        if self.rule.per is None:
            return rep_id
        if task.start is None:
            return rep_id, period_at(now, self._state.clock, self.rule.per)
        return rep_id, period_at(_at(task.start), time_kind(task.start), self.rule.per)

    def allows(self, task: Task, rep_id: str, state: State) -> bool:
        """Tell whether there is room for one more."""
        if rep_id not in self._who:
            return True
        return self._counts[self._key(task, rep_id, state.now)] < self.rule.n

    def took(self, held: Held, rep_id: str, role: str) -> None:
        """Count it."""
        if self.concerns(held.task):
            self._counts[self._key(held.task, rep_id, held.at)] += 1

    def done(self, held: Held, rep_id: str, role: str, *, credited: bool) -> None:
        """Take it off again, if it counts no more."""
        if self.concerns(held.task) and (credited or self.rule.per is None):
            self._counts[self._key(held.task, rep_id, held.at)] -= 1

    def saved(self) -> list[list[Any]]:
        """Give the counts of periods, which cannot be told from the tasks held now."""
        return sorted([rep, period, n] for (rep, period), n in self._counts.items() if n)

    def restore(self, data: Any, done: Iterable[Held]) -> None:
        """Take over what :meth:`saved` gave; of a rule that is new, count what is known."""
        if data is not None:
            self._counts = Counter({(str(rep), int(period)): int(n) for rep, period, n in data})
            return
        for held in done:
            for role, name, *_ in held.seats:
                self.took(held, name, role)

    def left(self, held: Iterable[Held]) -> Iterator[MaxTasks]:
        """Say as rules about tasks that are held what the cap leaves for them, besides others."""
        some, counts = list(held), self._counts.copy()  # of what is done, in the end
        for one in some:
            if self.concerns(one.task):
                counts.subtract({self._key(one.task, rep, one.at) for _, rep, *_ in one.seats})
        yield from self._rules([(one.task, one.at) for one in some], counts)

    def room(self, tasks: Iterable[Task], now: float) -> Iterator[MaxTasks]:
        """Say as rules about tasks that nobody has what the cap leaves for them."""
        yield from self._rules([(task, now) for task in tasks], self._counts)

    def _rules(
        self, tasks: Iterable[tuple[Task, float]], counts: Mapping[Any, int]
    ) -> Iterator[MaxTasks]:
        """Say how many of some tasks each rep may have, who has so many others."""
        periods: dict[Any, list[str]] = {}
        for task, at in tasks:
            if self.concerns(task):
                key = self._key(task, "", at)
                periods.setdefault(key[1] if self.by_period else None, []).append(task.id)
        for period, names in periods.items():
            groups: dict[int, list[str]] = {}
            for rep in sorted(self._who):
                key = (rep, period) if self.by_period else rep
                groups.setdefault(max(0, self.rule.n - counts.get(key, 0)), []).append(rep)
            for most, reps in groups.items():
                if most < len(names):
                    when = "" if period is None else f", period {period}"
                    named = f"{self.rule.id}{when}, {most} left"
                    yield MaxTasks(most, rep=reps, task=names, id=named)

    def words(self, task: Task) -> str:
        """Say what the condition is."""
        return f"{self.rule.sentence} ({self.rule.id})"


class LoadGap(Remembering):
    """A MaxLoadGap rule: who takes a task is not ahead of anybody active by more than that."""

    reason = Reason.NO_CAPACITY

    def __init__(self, rule: MaxLoadGap) -> None:
        self._rule = rule

    def allows(self, task: Task, rep_id: str, state: State) -> bool:
        """Tell whether the loads stay close."""
        others = (
            state.load[name] for name, rep in state.reps.items() if rep.active and name != rep_id
        )
        then = state.load[rep_id] + state.effort_of(rep_id)
        return then - min(others, default=then) <= self._rule.value + 1e-9

    def words(self, task: Task) -> str:
        """Say what the condition is."""
        return f"{self._rule.sentence} ({self._rule.id})"


def guards_of(problem: Problem, state: State, waits: float) -> tuple[Calendars, list[Guard]]:
    """Make the guards that the rules of a problem ask for, the calendars first."""
    calendars = Calendars(waits)
    rules = problem.rules
    pins = [rule for rule in rules if isinstance(rule, Pin)]
    found: list[Guard] = [calendars, Overlaps()]
    found.append(Groups([rule for rule in rules if isinstance(rule, Together)]))
    found += [Pins(pins)] if pins else []
    for rule in rules:
        match rule:
            case Apart():
                found.append(Separated(rule))
            case MaxTasks():
                found.append(Caps(rule, state))
            case MaxLoadGap():
                found.append(LoadGap(rule))
            case _:  # eligibility, a limit of the load, or nothing that one more task could break
                pass
    return calendars, found


def _at(moment: Any) -> float:
    found = seconds(moment)
    assert found is not None
    return found


def _joined(windows: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join windows that touch."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(windows):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
