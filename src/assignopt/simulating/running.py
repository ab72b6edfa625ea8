"""One run: a policy and a stream in, who took what and when out.

The desk decides and keeps the rules; here is only the order of events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import floor, inf
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns import one_clock, seconds
from ..dispatching import Desk
from ..errors import PolicyError
from ..rules import MaxLoadGap, Together
from .waiting import Openings, Waiting

if TYPE_CHECKING:
    from ..columns import Floats, Ints
    from ..dispatching import Choices, Held
    from ..policies import Policy
    from ..problem import Problem
    from ..streams import Change, Stream
    from .measuring import Measuring

KEPT_REFUSALS = 100
"""How many refusals of one run are told one by one."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How tasks are offered; the same for all runs.

    Parameters
    ----------
    batch
        Decide on so many tasks together.
    window
        Decide on what has come within so many seconds; None: by number.
    retry
        Whether tasks that nobody took wait, and are offered again.
    checkpoints
        How often to measure on the way.
    """

    batch: int = 1
    window: float | None = None
    retry: bool = False
    checkpoints: int = 10


@dataclass(slots=True)
class Record:
    """What became of each task of a stream; (n,) each.

    Parameters
    ----------
    owner
        Number of the owner in the team, those who joined last; -1: nobody.
    given
        When it was given, in seconds; NaN: never.
    turn
        The how-manieth assignment it was; -1: never given.
    fit
        The fit of the owner for it when it was given, where outcomes depend on it; else 1.
    reassigned
        How many tasks that came back were given again.
    refused
        How often the policy named somebody who may not have the task.
    refusals
        (task id, rep id, reason, detail, seconds) of the first of those.
    """

    owner: Ints
    given: Floats
    turn: Ints
    fit: Floats
    reassigned: int = 0
    refused: int = 0
    refusals: list[tuple[str, str, str, str, float]] = field(default_factory=list)


class Run:
    """A policy at work on a stream.

    Parameters
    ----------
    problem, policy, stream, seed
        Who, and on what; the seed is for the draws of the policy.
    setting
        How tasks are offered.
    label
        Policy, stream and seed, for messages.
    """

    def __init__(
        self,
        problem: Problem,
        policy: Policy,
        stream: Stream,
        seed: int,
        setting: Setting,
        label: str,
    ) -> None:
        self.stream, self.setting, self.label = stream, setting, label
        self.desk = Desk(problem, policy, seed, len(stream), copies=stream.copies)
        state = self.desk.state
        state.clock = one_clock(state.clock, str(stream.clock))
        self.number = {task.id: i for i, task in enumerate(stream.tasks)}
        self.roster = {name: i for i, name in enumerate(state.reps)}
        n = len(stream)
        self.record = Record(np.full(n, -1), np.full(n, np.nan), np.full(n, -1), np.ones(n))
        self._owner, self._given, self._turn = [-1] * n, [np.nan] * n, [-1] * n
        self._fit = [1.0] * n
        self._asks_fit = stream.outcomes is not None and stream.outcomes.chance is None
        self.teams = [(0, self._weights())]
        self._at, self._held = stream.at.tolist(), stream.durations.tolist()
        self._turns = self.arrived = self.assigned = 0
        self.covered = self.value = 0.0
        self.given: dict[str, float] = {}
        self._due: list[tuple[float, int, int]] = []
        self._changes = [(seconds(one.at) or 0.0, one) for one in stream.events]
        self._change = 0
        self._pending: list[int] = []
        self._closes = inf
        self._returned: set[int] = set()
        self.waiting = Waiting(self.desk) if setting.retry else None
        self._openings = Openings(self.desk)
        self._far = _reach_far(problem, stream)

    def _weights(self) -> list[float]:
        """Give what everybody is entitled to now: 0 for who is not active."""
        state = self.desk.state
        return [state.weight[name] if state.reps[name].active else 0.0 for name in self.roster]

    # -- the order of events -------------------------------------------------------------------

    def play(self, measuring: Measuring) -> Record:
        """Let everything happen; measure at the checkpoints."""
        at, setting, state = self._at, self.setting, self.desk.state
        pending, single = self._pending, setting.batch == 1 and setting.window is None
        marks = iter(measuring.marks)
        mark = next(marks, -1)
        for i, now in enumerate(at):
            self._until(now)
            state.now = now
            self._openings.stir()
            self.arrived = i + 1
            if single:
                self._offer(i)
            else:
                if setting.window is not None and not pending:
                    begun = floor((now - at[0]) / setting.window)
                    self._closes = max(at[0] + (begun + 1) * setting.window, now)
                pending.append(i)
                if setting.window is None and len(pending) == setting.batch:
                    self._decide()
            if self._far and self.waiting:
                self._freed([])
            if i + 1 == mark and i + 1 < len(at):
                measuring.look(self)
                mark = next(marks, -1)
        self._finish()
        self._write()
        measuring.look(self)
        return self.record

    def _finish(self) -> None:
        """Decide on what is pending; go on while the team changes, or what waits may be taken."""
        if self.setting.window is not None:
            self._until(self._closes if self._pending else -inf)
        elif self._pending:
            self._decide()
        while self.waiting or self._change < len(self._changes):
            upcoming = self._upcoming(self._opens())
            if upcoming == inf:
                break
            self._until(upcoming)

    def _upcoming(self, opens: float) -> float:
        """Tell when the next thing happens besides arrivals, given when something may open."""
        due = self._due[0][0] if self._due else inf
        change = self._changes[self._change][0] if self._change < len(self._changes) else inf
        return min(due, change, opens, self._closes)

    def _opens(self) -> float:
        """Tell when something may open for what waits."""
        return self._openings.upcoming(self.waiting.queue) if self.waiting else inf

    def _until(self, now: float) -> None:
        """Let happen what happens up to and at a time, but for the arrivals."""
        while True:
            opens = self._opens()
            upcoming = self._upcoming(opens)
            if upcoming > now or upcoming == inf:
                return
            self.desk.state.now = max(upcoming, self.desk.state.now)
            if self._due and self._due[0][0] == upcoming:
                self._release(*heappop(self._due)[1:])
            elif self._change < len(self._changes) and self._changes[self._change][0] == upcoming:
                self._apply(self._changes[self._change][1])
                self._change += 1
            elif opens == upcoming:
                self._open()
            else:
                self._closes = inf
                self._decide()

    def _open(self) -> None:
        """Offer again what may be taken now, since it is a new day, say."""
        waiting = self.waiting
        assert waiting is not None
        names, asked = self._openings.open(waiting.queue)
        for i in asked:
            if self.desk.may_take(self.stream.tasks[i]):
                waiting.remove(i)
                self._offer(i)
        self._freed(names)

    def _release(self, turn: int, i: int) -> None:
        if self._turn[i] != turn:  # it came back meanwhile
            return
        held = self._guarded(self.desk.release, self.stream.tasks[i].id, i=i)
        self._openings.stir()
        if self.waiting:
            self._freed([rep for _, rep, *_ in held.seats])

    def _apply(self, change: Change) -> None:
        """Change the team."""
        desk, name = self.desk, change.who
        self._openings.stir()
        if change.rep is not None:
            self.roster.setdefault(name, len(self.roster))
            self._guarded(desk.set_rep, change.rep, i=self.arrived - 1)
            self.teams.append((self._turns, self._weights()))
            if self.waiting is not None:
                self.waiting.renew([self.stream.tasks[i] for i in self.waiting.queue])
                self._openings.renew()
        else:
            self._guarded(desk.set_available, name, bool(change.available), i=self.arrived - 1)
        if change.returns:
            self._return(name)
        if not change.ends and self.waiting:
            self._freed([name])

    def _return(self, name: str) -> None:
        """Take back what a rep holds, and offer it again."""
        of = [task_id for task_id, held in self.desk.held.items() if _has(held, name)]
        numbers = [self.number[task_id] for task_id in of]
        helpers: dict[str, None] = {}
        for i, task_id in zip(numbers, of, strict=True):
            held = self._guarded(self.desk.credit_back, task_id, i=i)
            self._count(held, -1)
            helpers |= dict.fromkeys(rep for _, rep, *_ in held.seats)
            self.covered -= self.stream.tasks[i].priority
            self.assigned -= 1
            self._owner[i], self._given[i], self._turn[i] = -1, np.nan, -1
            self._returned.add(i)
        for i in numbers:
            self._offer(i)
        if self.waiting:
            self._freed(list(helpers))

    # -- decisions -----------------------------------------------------------------------------

    def _decide(self) -> None:
        """Decide on what has come together."""
        numbers, self._pending[:] = list(self._pending), []
        tasks = [self.stream.tasks[i] for i in numbers]
        found = self._guarded(self.desk.offer_many, tasks, i=numbers[0])
        for i, choices in zip(numbers, found, strict=True):
            self._note(i, choices)

    def _offer(self, i: int) -> None:
        """Decide on one task."""
        task = self.stream.tasks[i]
        try:
            choices = self.desk.offer(task)
            self.desk.learn()
        except Exception as error:
            raise self._failure(i, error) from error
        self._note(i, choices)

    def _note(self, i: int, choices: Choices) -> None:
        """Take down what was decided."""
        if choices.refused is not None:
            self._refuse(choices)
        held = choices.held
        if held is None:
            if self.waiting is not None:
                self.waiting.add(i, choices.task)
                ask = self.desk.policy.ask_again
                self._openings.ask(self._guarded(ask, choices.task, self.desk.state, i=i), i)
            return
        self._openings.stir()
        now = self.desk.state.now
        self._owner[i], self._given[i] = self.roster[held.owner], now
        self._turn[i] = self._turns
        if self._asks_fit:
            self._fit[i] = self.desk.pairs(choices.task).fit[held.owner]
        busy = self._held[i]
        if busy == busy:
            heappush(self._due, (now + busy, self._turns, i))
        self._turns += 1
        self.assigned += 1
        self.covered += choices.task.priority
        self._count(held, 1)
        if i in self._returned:
            self._returned.discard(i)
            self.record.reassigned += 1

    def _count(self, held: Held, sign: int) -> None:
        """Count what a task is worth, and its effort; policies have no part in this."""
        for _, name, effort, _, value in held.seats:
            self.value += sign * value
            self.given[name] = self.given.get(name, 0.0) + sign * effort

    def _refuse(self, choices: Choices) -> None:
        record = self.record
        record.refused += 1
        if len(record.refusals) < KEPT_REFUSALS:
            reason = "" if choices.reason is None else choices.reason.value
            told = (choices.task.id, str(choices.refused), reason, choices.detail)
            record.refusals.append((*told, self.desk.state.now))

    def _freed(self, names: list[str]) -> None:
        """Offer again what waits for one of these reps, in the order in which it came."""
        waiting, before = self.waiting, -1
        assert waiting is not None
        while self.assigned != before:
            before = self.assigned
            for name in self.desk.state.reps if self._far else names:
                for i in waiting.of(name):
                    if waiting.is_full(name):
                        break
                    if self.desk.may_take(self.stream.tasks[i]):
                        waiting.remove(i)
                        self._offer(i)
            if not self._far:
                return

    def _guarded(self, do: Any, *given: Any, i: int) -> Any:
        """Do something that calls the policy."""
        try:
            return do(*given)
        except Exception as error:
            raise self._failure(i, error) from error

    def _failure(self, i: int, error: Exception) -> PolicyError:
        where = "before the first arrival"
        if i >= 0:
            where = f"at arrival {i} (task {self.stream.tasks[i].id!r}, {self._at[i]:,.10g} s)"
        told = f"{type(error).__name__}: {error}"
        return PolicyError(f"{self.label} failed {where}: {told}. Correct the policy")

    def _write(self) -> None:
        record = self.record
        record.owner = np.array(self._owner, np.int64)
        record.given = np.array(self._given, float)
        record.turn = np.array(self._turn, np.int64)
        record.fit = np.array(self._fit, float)


def _reach_far(problem: Problem, stream: Stream) -> bool:
    """Tell whether what one rep takes or gives back may open something for another."""
    rules = any(isinstance(rule, MaxLoadGap | Together) for rule in problem.rules)
    return rules or any(task.group is not None for task in stream.tasks)


def _has(held: Any, name: str) -> bool:
    return any(rep == name for _, rep, *_ in held.seats)
