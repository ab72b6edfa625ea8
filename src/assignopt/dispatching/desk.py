"""Desk: tasks come in one by one or in batches, decisions that keep every rule go out.

The mechanics that the router and the simulator share. A desk believes what it is told; who tells it
checks it first.
"""

from __future__ import annotations

import copy
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from itertools import compress
from math import inf
from operator import le
from typing import TYPE_CHECKING, Any

from ..columns import one_clock
from ..plan import Reason
from ..policies.state import NOBODY, NUMBERS, Pairs, State
from ..records import OWNER, Rep, Role, Task
from ..rules import MaxLoad, MaxTasks
from ..selectors import selects
from .batches import bids_of, in_turn
from .guards import Caps, guards_of
from .held import Held
from .saved import VERSION, check_held, check_saved
from .savepoint import Savepoint
from .seats import Seats, credit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..policies.policy import Choice, Policy
    from ..problem import Problem
    from .guards import Guard
    from .held import Seat

    Condition = tuple[Reason, Callable[[Sequence[str]], str], Callable[[str], bool]]

KEPT_TIMES = 1000
"""How many of a rep's latest assignments can be counted by time, at least."""

KEPT_DONE = 10_000
"""How many of the latest released tasks can still be credited back."""

EXPECTED = 4000
"""At most how many tasks of the forecast are looked at, evenly spread over it."""


@dataclass(slots=True)
class Choices:
    """What was decided on one task: who has it now; or the reason why nobody does.

    ``candidates`` and ``scores`` are those of the owner's seat, as the policy saw them.
    """

    task: Task
    held: Held | None
    reason: Reason | None
    detail: str
    candidates: Sequence[str]
    scores: Mapping[str, float] | None
    refused: str | None = None


class Desk:
    """The state of a stream, and the one place where it changes.

    Parameters
    ----------
    problem
        The team, its rules and the forecast.
    policy
        Who decides among those that may.
    seed
        For the draws of the policy.
    horizon
        How many arrivals are expected; None: as many as the problem has tasks, if any.
    learns
        Whether the policy learns between two arrivals, when it is time; False: somebody else sees
        to that.
    copies
        Task id -> the task of the problem whose rows of the pairs table hold for it; of tasks that
        are drawn from the forecast.
    """

    def __init__(
        self,
        problem: Problem,
        policy: Policy,
        seed: int = 0,
        horizon: int | None = None,
        *,
        learns: bool = True,
        copies: Mapping[str, str] | None = None,
    ) -> None:
        self.problem, self.policy, self.learns = problem, policy, learns
        self.name = policy.name
        reps = {rep.id: rep for rep in problem.reps.values()}
        weights = dict(zip(reps, problem.weights.tolist(), strict=True))
        expected = len(problem.tasks) or None if horizon is None else horizon
        self.state = State(
            problem,
            reps,
            weights,
            horizon=expected,
            seed=seed,
            clock=one_clock(problem.rep_columns.clock, problem.task_columns.clock),
        )
        self.state.may_take, self.state.available_from = self.may_take, self._available_from
        self.state.bids_of, self.state.ask = self._bids_of, self.ask
        self.state.reason_of, self.state.caps_of = self._reason_of, self._caps_of
        self._bids: dict[str, dict[str, float]] | None = None
        self.held: dict[str, Held] = {}
        self.done: dict[str, Held] = {}
        self.changed: dict[str, Rep] = {}
        self.away: set[str] = set()
        self._limit: dict[str, float] = {}
        self._free = array("d")  # by row: effort that fits; below 0: takes nothing at all
        self._columns = tuple(getattr(self.state, name) for name in NUMBERS)
        self._seats = Seats(problem, reps, copies)
        self.state.pairs_of = self._seats.pairs
        self._calendars, self._guards = guards_of(problem, self.state, policy.waits)
        for name in reps:
            self._enter(name)
        self._renew()
        policy.begin(self.state)

    # -- the team ----------------------------------------------------------------------------

    def _enter(self, name: str) -> None:
        """Make a place for a rep in every column of the state."""
        state, rep = self.state, self.state.reps[name]
        if name not in state.row:
            state.row[name] = len(state.row)
            self._free.append(-1.0)
        state.load[name] = rep.carried_load
        for column in (state.given, state.worth, state.value, state.burden):
            column[name] = 0.0
        state.open[name] = state.count[name] = 0
        state.last[name], state.last_time[name] = -1, -inf
        state.times[name] = []

    def _renew(self) -> None:
        """Look at the team anew: limits, rules, calendars."""
        state = self.state
        self._seats.renew(state.reps)
        loads = [rule for rule in self.problem.rules if isinstance(rule, MaxLoad)]
        for name, rep in state.reps.items():
            limits = [rule.value for rule in loads if selects(rule.rep, rep)]
            limits += [] if rep.capacity is None else [rep.capacity]
            state.capacity[name] = least = min(limits, default=inf)
            self._limit[name] = least + 1e-9 * (1 + abs(least)) if least < inf else inf
            most = inf if rep.max_tasks is None else rep.max_tasks
            state.most[name] = most if rep.active else 0
            state.available[name] = rep.active and name not in self.away
            self._make_room(name)
        for guard in self._guards:
            guard.renew(state.reps)

    def _make_room(self, name: str) -> None:
        """Work out how much effort a rep can take, after anything that it depends on."""
        state, free = self.state, -1.0
        if state.available[name] and state.open[name] < state.most[name]:
            free = max(0.0, self._limit[name] - state.load[name])
        self._free[state.row[name]] = free

    def make_rooms(self) -> None:
        """Work out anew how much effort everybody can take."""
        for name in self.state.reps:
            self._make_room(name)

    def set_rep(self, rep: Rep) -> None:
        """Let a rep in, or put this record in the place of the one with the same id."""
        state, old = self.state, self.state.reps.get(rep.id)
        state.reps[rep.id] = rep
        state.weight[rep.id] = _weight(rep)
        if old is None:
            self._enter(rep.id)
        else:
            state.load[rep.id] += rep.carried_load - old.carried_load
        self.changed[rep.id] = rep
        self._renew()
        if old is not None and old.efficiency != rep.efficiency:
            self._reckon(rep.id)
        self.policy.team_changed(state)

    def _reckon(self, rep_id: str) -> None:
        """Let what a rep holds cost what it costs them now."""
        state = self.state
        for held in self.held.values():
            roles = {OWNER: None} | {role.name: role for role in held.task.roles}
            seats: list[Seat] = []
            for role, name, before, worth, value in held.seats:
                effort = before
                if name == rep_id:
                    pairs = self.pairs(held.task, roles[role], held.pairs)
                    effort = pairs.effort.get(rep_id, before)
                    state.load[rep_id] += effort - before
                    state.given[rep_id] += effort - before
                seats.append((role, name, effort, worth, value))
            mine, *others = seats
            held.effort, held.others = mine[2], tuple(others)
        self._make_room(rep_id)

    def set_available(self, rep_id: str, available: bool) -> None:
        """Say that a rep takes tasks, or none for now."""
        (self.away.discard if available else self.away.add)(rep_id)
        self.state.available[rep_id] = available and self.state.reps[rep_id].active
        self._make_room(rep_id)
        self.policy.team_changed(self.state)

    def _available_from(self, rep_id: str) -> float:
        if not self.state.available[rep_id]:
            return inf
        return self._calendars.opens(rep_id, self.state.now)

    def absent(self) -> list[str]:
        """List who takes no task without a time now: not available, or not there."""
        latest = self.state.now + self.policy.waits
        return [name for name in self.state.reps if self._available_from(name) > latest]

    def caps(self) -> list[MaxTasks]:
        """Say as rules about the tasks held what caps per period leave for them."""
        return [rule for cap in self._caps() for rule in cap.left(self.held.values())]

    def _caps(self) -> list[Caps]:
        return [guard for guard in self._guards if isinstance(guard, Caps) and guard.by_period]

    def _caps_of(self, tasks: Sequence[Task]) -> list[MaxTasks]:
        caps = [guard for guard in self._guards if isinstance(guard, Caps)]
        return [rule for cap in caps for rule in cap.room(tasks, self.state.now)]

    def openings(self) -> list[tuple[float, str]]:
        """List when calendars open: seconds, and for whom."""
        return self._calendars.openings()

    def _bids_of(self, task_id: str) -> Mapping[str, float]:
        if self._bids is None:
            self._bids = bids_of(self.problem)
        return self._bids.get(task_id, {})

    def expect(self) -> None:
        """Look up who may take what is expected, so that no task waits for that when it comes."""
        tasks, ids = self.problem.tasks, self.problem.task_columns.id
        for name in ids[:: 1 + len(ids) // EXPECTED]:
            self._seats.expect(tasks[name])

    # -- decisions ---------------------------------------------------------------------------

    def pairs(
        self, task: Task, role: Role | None = None, given: Mapping[str, Any] | None = None
    ) -> Pairs:
        """Give fit, effort and value of everybody who could ever have a part of a task."""
        return self._seats.pairs(task, role, given)

    def may_take(self, task: Task) -> list[str]:
        """List who may own a task now."""
        return self.ask(task, lambda task, state: list(state.candidates)) or []

    def ask(self, task: Task, choose: Callable[[Task, State], Any], *, anyway: bool = False) -> Any:
        """Say what a policy says of a task as of now; None if nobody may take it.

        ``anyway``: ask also if nobody may.
        """
        state = self.state
        before = state.pairs, state.role, state.candidates
        state.pairs, state.role = self._seats.pairs(task), OWNER
        state.candidates = self._admitted(task, ())
        try:
            return choose(task, state) if state.candidates or anyway else None
        finally:
            state.pairs, state.role, state.candidates = before

    def offer(
        self, task: Task, *, to: str | None = None, pairs: Mapping[str, Any] | None = None
    ) -> Choices:
        """Decide on a task, and give it out; :meth:`learn` comes after it.

        Parameters
        ----------
        task
            What has come.
        to
            Who gets it, by hand; the rules hold all the same.
        pairs
            rep id -> (fit, effort, value), each None for what it is by default: nobody else may
            have the task.
        """
        state = self.state
        state.role, state.pairs = OWNER, self._seats.pairs(task, None, pairs)
        state.candidates = candidates = self._admitted(task, ())
        state.scores = None
        if to is not None:
            choice: Choice = to
        elif candidates:
            choice = self.policy.choose(task, state)
        else:
            choice = None
        state.candidates = candidates  # whatever a policy has made of it
        found = self._settled(task, choice, pairs, by_hand=to is not None)
        state.step += 1
        return found

    def learn(self) -> None:
        """Let the policy learn, if it is time, and to be done between two arrivals."""
        if self.learns and self.policy.due(self.state):
            policy, state = self.policy, self.state
            policy.install(policy.learn(policy.snapshot(state)), state)

    def offer_many(self, tasks: Sequence[Task]) -> list[Choices]:
        """Decide on several tasks together, where the policy does; else one after another."""
        self._before_batch()
        choices = self.policy.choose_many(tasks, self.state)
        found: dict[int, Choices] = {}
        if choices is not None:
            for place, choice in in_turn(self.name, choices, len(tasks)):
                found[place] = self._placed(tasks[place], choice)
                self._before_batch()  # what an iterator of choices goes on from
        for place, task in enumerate(tasks):
            if choices is None:
                found[place] = self.offer(task)
                self.learn()
            elif place not in found:
                found[place] = self._placed(task, None)
        return [found[place] for place in range(len(tasks))]

    def savepoint(self) -> Savepoint:
        """Remember how things stand, to go back there if a batch fails."""
        return Savepoint(self)

    def _before_batch(self) -> None:
        """Let the state be about no task."""
        self.state.candidates, self.state.pairs, self.state.role = (), NOBODY, OWNER

    def _placed(self, task: Task, choice: Choice) -> Choices:
        """Settle one task of a batch."""
        state = self.state
        state.role, state.pairs = OWNER, self._seats.pairs(task)
        state.candidates, state.scores = self._admitted(task, ()), None
        found = self._settled(task, choice, None, by_hand=False)
        state.step += 1
        self.learn()
        return found

    def _settled(
        self, task: Task, choice: Choice, pairs: Mapping[str, Any] | None, *, by_hand: bool
    ) -> Choices:
        """Give the task to whom the choice names, if the rules let them have it."""
        state, candidates = self.state, self.state.candidates
        scores = state.scores
        if isinstance(choice, str) and not isinstance(choice, Reason):
            if choice in candidates:
                price = self.policy.price(task, choice, state)
                held = self._take(task, choice, pairs, price, by_hand)
                return Choices(task, held, None, "", candidates, scores)
            reason, detail = self._refusal(task, choice)
            refused = None if by_hand else choice
        elif choice is not None and not isinstance(choice, Reason):
            refused = repr(choice)
            reason, detail = Reason.NO_REP, f"{refused} is no rep id, no Reason and not None"
        else:
            refused = None
            reason, detail = (
                self._why_nobody(task)
                if not candidates
                else (choice or Reason.DOMINATED, f"{self.name} gives it to nobody")
            )
        self.policy.passed(task, state)
        return Choices(task, None, reason, detail, candidates, scores, refused)

    def _admitted(self, task: Task, without: Sequence[str]) -> Sequence[str]:
        """List who may take the seat that ``state.pairs`` is about, in the order of the team."""
        state = self.state
        names, _, efforts, _ = state.pairs.columns
        free, found = state.pairs.pick(self._free), names
        if not all(map(le, efforts, free)):
            found = tuple(compress(names, map(le, efforts, free)))
        if without:
            found = tuple(name for name in found if name not in without)
        for guard in self._guards:
            if found and guard.concerns(task):
                found = tuple(name for name in found if guard.allows(task, name, state))
        return found

    def _take(
        self,
        task: Task,
        owner: str,
        pairs: Mapping[str, Any] | None,
        price: float,
        by_hand: bool,
    ) -> Held:
        """Give the task to its owner, and its other roles to those with the least load."""
        state = self.state
        mine, said = self._seat(task, None, owner), None if pairs is None else dict(pairs)
        others = self._others(task, owner, pairs) if task.roles else ()
        decided = price, state.step, by_hand, state.clock
        held = Held(task, *mine[1:], state.now, others, said, *decided)
        seats, columns = held.seats, self._columns
        before = [(name, [column[name] for column in columns]) for _, name, *_ in seats]
        self._keep(held, seats, state.step)
        try:
            self.policy.assigned(task, owner, state)
        except BaseException:  # as if it had not been
            self.forget(task.id)
            for name, numbers in before:
                for column, number in zip(columns, numbers, strict=True):
                    column[name] = number
                self._make_room(name)
            raise
        return held

    def _others(self, task: Task, owner: str, pairs: Mapping[str, Any] | None) -> tuple[Seat, ...]:
        """Say who takes each role of a task besides its owner's, if anybody can."""
        state, mine = self.state, self.state.pairs
        found: list[Seat] = []
        for role in task.roles:
            state.role, state.pairs = role.name, self._seats.pairs(task, role, pairs)
            able = self._admitted(task, [owner, *(seat[1] for seat in found)])
            if able:
                found.append(self._seat(task, role, min(able, key=state.load_per_weight)))
        state.role, state.pairs = OWNER, mine
        return tuple(found)

    def forget(self, task_id: str) -> None:
        """Let the latest assignment not have been, but for the numbers that count it."""
        held, state = self.held.pop(task_id), self.state
        del state.holder[task_id]
        for role, name, *_ in held.seats:
            state.times[name].pop()
            for guard in self._guards:
                guard.done(held, name, role, credited=True)

    def _seat(self, task: Task, role: Role | None, name: str) -> Seat:
        pairs, title = self.state.pairs, OWNER if role is None else role.name
        worth = task.value * credit_of(task, role)
        return title, name, pairs.effort[name], worth, pairs.value_of(name)

    def _keep(self, held: Held, seats: Sequence[Seat], number: float) -> None:
        """Count a task for those who have it from now on; ``number``: with which arrival."""
        state, task, now = self.state, held.task, self.state.now
        self.held[task.id] = held
        state.holder[task.id] = held.owner
        for role, name, effort, _, _ in seats:
            state.load[name] += effort
            state.open[name] += 1
            self._make_room(name)
            state.last[name], state.last_time[name] = number, now
            times = state.times[name]
            times.append(now)
            if len(times) >= 2 * KEPT_TIMES:
                del times[:KEPT_TIMES]
            for guard in self._guards:
                guard.took(held, name, role)
        self._count(task, seats, 1)

    def _count(self, task: Task, seats: Sequence[Seat], sign: int) -> None:
        """Count a task for those who were given it, or, with -1, do not."""
        state, burden = self.state, sign * task.burden
        for _, name, effort, worth, value in seats:
            state.count[name] += sign
            state.given[name] += sign * effort
            state.worth[name] += sign * worth
            state.value[name] += sign * value
            state.burden[name] += burden

    def adopt(self, task: Task, people: Mapping[str, str]) -> None:
        """Count a task that was given out elsewhere, such as by a plan: role -> rep."""
        self._seated(task, people, self.state.now)

    def pass_on(self, task_id: str, people: Mapping[str, str]) -> None:
        """Let other people have a task that is held: role -> rep; it counts for them instead."""
        held = self.credit_back(task_id)
        self._seated(held.task, people, held.at, held.pairs)

    def _seated(
        self,
        task: Task,
        people: Mapping[str, str],
        at: float,
        pairs: dict[str, Any] | None = None,
    ) -> None:
        """Count a task for the people named."""
        state, seats = self.state, []
        state.candidates = ()
        roles: dict[str, Role | None] = {OWNER: None} | {role.name: role for role in task.roles}
        for role in (name for name in roles if name in people):
            state.pairs = self._seats.pairs(task, roles[role], pairs)
            seats.append(self._seat(task, roles[role], people[role]))
        mine, *others = seats
        held = Held(task, *mine[1:], at, tuple(others), pairs)
        self._keep(held, seats, state.step - 0.5)  # between two arrivals
        self.policy.assigned(task, people[OWNER], state)

    def whole_pairs(self, held: Held) -> Pairs:
        """Give fit, effort and value, of the task as a whole, of each rep that could have a part.

        Skills are left aside, since roles ask for others.
        """
        whole = held.task.model_copy(update={"roles": (), "requires": {}})
        return self._seats.pairs(whole, None, held.pairs)

    def release(self, task_id: str) -> Held:
        """Take a task off those who have it: they are done."""
        held = self._drop(task_id, credited=False)
        self.policy.released(held.task, held.owner, self.state)
        return held

    def credit_back(self, task_id: str) -> Held:
        """Undo what a task counts for, as if it had not come; one that is held is released."""
        if task_id in self.held:
            held = self._drop(task_id, credited=True)
            del self.done[task_id]
        else:
            held = self.done.pop(task_id)
            for role, name, *_ in held.seats:
                for guard in self._guards:
                    if guard.by_period:
                        guard.done(held, name, role, credited=True)
        self._count(held.task, held.seats, -1)
        for _, name, *_ in held.seats:
            times = self.state.times[name]
            place = bisect_left(times, held.at)
            if times[place : place + 1] == [held.at]:
                del times[place]
        self.policy.credited(held.task, held.owner, self.state)
        return held

    def _drop(self, task_id: str, *, credited: bool) -> Held:
        state, held = self.state, self.held.pop(task_id)
        for role, name, effort, _, _ in held.seats:
            state.load[name] -= effort
            state.open[name] -= 1
            if not state.open[name]:  # so that rounding does not pile up
                state.load[name] = state.reps[name].carried_load
            self._make_room(name)
            for guard in self._guards:
                guard.done(held, name, role, credited=credited)
        state.holder.pop(task_id, None)
        self.done.pop(task_id, None)  # the same id once before: it is among the latest now
        self.done[task_id] = held
        if len(self.done) > KEPT_DONE:
            del self.done[next(iter(self.done))]
        return held

    # -- reasons -----------------------------------------------------------------------------

    def _reason_of(self, task: Task, reps: Sequence[str]) -> Reason:
        """Say why none of some reps may take a task now."""
        found = self.ask(task, lambda task, _: self._why_nobody(task, reps), anyway=True)
        return Reason(found[0])

    def _why_nobody(self, task: Task, reps: Sequence[str] | None = None) -> tuple[Reason, str]:
        """Say what stops each of those who could ever take the task; the reason is the last's.

        ``reps``: only those of them.
        """
        state = self.state
        if not state.pairs:
            return self._seats.why_nobody(task)
        left = [name for name in state.pairs if reps is None or name in reps]
        if not left:
            return Reason.EXCLUDED, "not eligible"
        told = []
        reason = Reason.NO_AVAILABILITY
        for why, words, fine in self._conditions(task):
            stopped = [name for name in left if not fine(name)]
            if stopped:
                reason = why
                told.append(f"{_some(stopped)}: {words(stopped)}")
                left = [name for name in left if name not in set(stopped)]
        return reason, "; ".join(told)

    def _conditions(self, task: Task) -> Iterator[Condition]:
        """Give all that may stop a rep from taking the task now: reason, words, who is fine."""
        state = self.state
        yield Reason.NO_AVAILABILITY, lambda _: "not available", state.available.__getitem__
        for guard in self._guards:
            if guard.concerns(task):
                yield guard.reason, _saying(guard, task), _allowing(guard, task, state)

        def has_room(name: str) -> bool:
            return self._free[state.row[name]] >= state.effort_of(name)

        yield Reason.NO_CAPACITY, self._full, has_room

    def _full(self, names: Sequence[str]) -> str:
        """Say how full the roomiest of these are."""
        state = self.state
        roomy = max(names, key=state.room)
        of = f" ({roomy!r}, with the most room)" if len(names) > 1 else ""
        if state.open[roomy] >= state.most[roomy]:
            return f"{state.open[roomy]} of at most {state.most[roomy]:g} tasks held{of}"
        load, most, effort = state.load[roomy], state.capacity[roomy], state.effort_of(roomy)
        return f"load {load:g}/{most:g} {self.problem.effort_unit}{of}, it takes {effort:g}"

    def _refusal(self, task: Task, name: str) -> tuple[Reason, str]:
        """Say why a rep that was named may not have the task."""
        state = self.state
        if name not in state.reps:
            return Reason.NO_REP, f"rep {name!r} is unknown"
        if name not in state.pairs:
            return Reason.EXCLUDED, f"rep {name!r} is not eligible for it"
        reason, words, _ = next(one for one in self._conditions(task) if not one[2](name))
        return reason, f"rep {name!r} may not have it: {words([name])}"

    # -- in and out --------------------------------------------------------------------------

    def to_data(self) -> dict[str, Any]:
        """Give all that decides what comes, as plain data."""
        state = self.state
        columns = {name: dict(getattr(state, name)) for name in NUMBERS}
        columns["last_time"] = {n: None if t == -inf else t for n, t in state.last_time.items()}
        return {
            "version": VERSION,
            "policy": self.name,
            "now": state.now,
            "step": state.step,
            "seed": state.seed,
            "horizon": state.horizon,
            "clock": state.clock,
            "reps": columns,
            "times": {name: list(times) for name, times in state.times.items() if times},
            "away": sorted(self.away),
            "changed": [
                rep.model_dump(mode="json", exclude_defaults=True) for rep in self.changed.values()
            ],
            "held": [held.to_data() for held in self.held.values()],
            "done": [held.to_data() for held in self.done.values()],
            "guards": {cap.rule.id: cap.saved() for cap in self._caps()},
            "memory": state.memory,
        }

    def load(self, data: Mapping[str, Any]) -> None:
        """Take over what :meth:`to_data` gave; everything goes on from there.

        Raises
        ------
        LookupError, TypeError, ValueError
            When it is not what was saved, or belongs to another team.
        """
        state = self.state
        check_saved(data, self.name, state.clock, state.reps)
        for row in data["changed"]:
            rep = Rep.model_validate(row)
            self.changed[rep.id] = state.reps[rep.id] = rep
            state.weight[rep.id] = _weight(rep)
            self._enter(rep.id)
        self.away = set(data["away"])
        self._renew()
        carried = {name: rep.carried_load for name, rep in state.reps.items()}
        held, done = ([Held.of(row) for row in data[name]] for name in ("held", "done"))
        check_held(held, done, carried, data["reps"])
        self.held = {one.task.id: one for one in held}
        self.done = {one.task.id: one for one in done}
        for one in held:
            state.holder[one.task.id] = one.owner
            for role, name, *_ in one.seats:
                for guard in self._guards:
                    guard.took(one, name, role)
        for cap in self._caps():
            cap.restore(data["guards"].get(cap.rule.id), self.done.values())
        for column in NUMBERS:
            mine = getattr(state, column)
            for name in mine:
                mine[name] = data["reps"][column][name]
        self.make_rooms()
        state.last_time.update({n: -inf for n, t in state.last_time.items() if t is None})
        state.times = {name: list(data["times"].get(name, ())) for name in state.reps}
        state.now, state.step = float(data["now"]), int(data["step"])
        state.clock = data["clock"]
        state.seed, state.horizon = int(data["seed"]), data["horizon"]
        state.memory = copy.deepcopy(data["memory"])
        self.policy.loaded(state)


def _weight(rep: Rep) -> float:
    """Give the entitlement of a rep: the weight, else the capacity, else 1."""
    if rep.weight is not None:
        return rep.weight
    return 1.0 if rep.capacity is None else rep.capacity


def _some(names: Sequence[str]) -> str:
    """Name some reps."""
    if len(names) > 3:
        return f"{len(names)} reps"
    return ", ".join(map(repr, names))


def _saying(guard: Guard, task: Task) -> Callable[[Sequence[str]], str]:
    return lambda _: guard.words(task)


def _allowing(guard: Guard, task: Task, state: State) -> Callable[[str], bool]:
    return lambda name: guard.allows(task, name, state)
