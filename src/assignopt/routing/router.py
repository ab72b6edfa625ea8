"""Router: a task in, a rep out, at once; every rule kept, all state in the caller's hands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from numbers import Integral
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from ..check import Audit, audit
from ..dispatching import Desk
from ..errors import Faults
from ..policies.state import list_of
from ..problem import Problem
from ..rebalancing import rebalance
from ..records import Rep, Task
from .background import Learner, elsewhere
from .decision import Decision
from .events import Event, Left, event_of, log_frame, write_log
from .holding import problem_of
from .reading import (
    check_plan,
    check_seats,
    nothing_in,
    read_pairs,
    read_policy,
    read_tasks,
    unknown_rep,
    unknown_task,
)
from .replaying import played_again
from .times import Played, check_clock, read_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ..dispatching import Choices
    from ..plan import Plan
    from ..policies import Policy, State
    from ..rebalancing import Rebalanced
    from .events import Logged


class Router:
    """Assign tasks as they come.

    At every moment every rule of the problem holds for what is held then: capacity and
    ``max_tasks``, ``MaxTasks`` (``per`` day, week or month too), ``MaxLoad``, ``MaxLoadGap``,
    skills, territories, pins, groups, times and calendars. Rules that ask for a least
    (``MinTasks``, ``MinLoad``, ``CoverAll``) cannot hold before the work has come. Nothing that is
    held is ever moved by the router.

    The router keeps nothing outside: :attr:`state` is all of it, as JSON, and a router made from it
    takes the same decisions. All methods may be called from several threads.

    Parameters
    ----------
    problem
        The team and its rules; its tasks are the forecast that prices are learnt from, and are not
        assigned.
    policy
        Who decides; None: :class:`assignopt.policies.Prices`.
    state
        What :attr:`state` or :meth:`to_json` gave: it goes on from there.
    seed
        For the draws of the policy.
    horizon
        How many tasks are expected in all; None: as many as the forecast has.
    clock
        A function that tells the time (seconds, or a datetime where the problem has datetimes);
        None: time passes as ``at`` says, and stands still in between.
    learn_inline
        Whether the policy learns on the way, when it is time (after every so many arrivals).
        False: call :meth:`learn` from where it disturbs nobody, or see :meth:`learning`.

    Raises
    ------
    pydantic.ValidationError
        When an argument is at fault, or the state is of another team.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana", max_tasks=2, skills={"german"}), ao.Rep("bo")], [])
    >>> router = ao.Router(team, policy=ao.policies.LongestWait())
    >>> [router.assign(ao.Task(f"lead{n}")).rep_id for n in range(3)]
    ['ana', 'bo', 'ana']
    >>> print(router.assign(ao.Task("dach", requires={"german"})))
    dach: nobody (no_capacity: 'ana': 2 of at most 2 tasks held)
    >>> _ = router.release("lead0")
    >>> print(router.assign(ao.Task("dach", requires={"german"})))
    dach: ana
    """

    def __init__(
        self,
        problem: Problem,
        policy: Policy | None = None,
        state: str | Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        horizon: int | None = None,
        clock: Callable[[], float | datetime] | None = None,
        learn_inline: bool = True,
    ) -> None:
        faults = Faults("Router")
        if not isinstance(problem, Problem):
            message = f"a {type(problem).__name__} is no problem. Give an assignopt.Problem"
            faults.add(("problem",), message)
        policy = read_policy(policy, ("policy",), faults)
        for name, value in (("seed", seed), ("horizon", horizon)):
            if not (name == "horizon" and value is None) and (
                isinstance(value, bool) or not isinstance(value, Integral) or value < 0
            ):
                message = f"{value!r} is out of range; allowed is a whole number, 0 or more"
                faults.add((name,), message, value)
        if clock is not None and not callable(clock):
            faults.add(("clock",), f"{clock!r} is no function. Give one that says the time", clock)
        faults.raise_if_any()
        seed, horizon = int(seed), None if horizon is None else int(horizon)
        self._desk = Desk(problem, policy, seed, horizon, learns=learn_inline)
        self._clock = clock
        self._events: list[Logged] = []
        self._lock = RLock()
        self._learner: Learner | None = None
        if state is not None:
            self._read_state(state)
        self._desk.expect()

    def _read_state(self, state: Any) -> None:
        faults = Faults("Router")
        try:
            data = json.loads(state) if isinstance(state, str | bytes) else state
            if not isinstance(data, Mapping):
                raise TypeError(f"an object is expected, not {type(data).__name__}")
            self._desk.load(data)
        except (
            *(LookupError, TypeError, ValueError, AttributeError),
            *(OverflowError, RecursionError),
        ) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            message = f"the state is not usable: {what}. Give what to_json() wrote for this team"
            faults.add(("state",), message)
        faults.raise_if_any()

    # -- tasks -------------------------------------------------------------------------------

    def assign(
        self,
        task: Task | Mapping[str, Any],
        *,
        at: float | datetime | None = None,
        to: str | None = None,
        pairs: Any = None,
    ) -> Decision:
        """Say who takes a task, and count it.

        Parameters
        ----------
        task
            A Task, or a mapping with its fields.
        at
            When it comes; None: what the clock says, else the time of the last event.
        to
            The rep who gets it by hand; the rules hold all the same.
        pairs
            Who may take it: rep ids, or rep id -> {fit, effort, value}; None: everybody who is
            eligible.

        Returns
        -------
        Decision
            With a reason where nobody takes it. A policy that names somebody who is unknown, or may
            not take the task, is refused: the reason says so, and nothing is counted.

        Raises
        ------
        pydantic.ValidationError
            When the task is faulty or held already, the rep or a pair unknown, or the time before
            the last one; nothing has changed then.

        Notes
        -----
        What a policy raises comes out of here: if in its choice, nothing has changed; if in its
        learning on the way, the decision stands, and is in the log.
        """
        with self._lock:
            now = self._time(at, "Router.assign")
            if (
                type(task) is not Task
                or task.start is not None
                or task.id in self._desk.held
                or to is not None
                or pairs is not None
            ):
                task, pairs = self._checked(task, to, pairs)
            desk, state = self._desk, self._desk.state
            number, before = state.step, (state.now, state.clock)
            state.go_to(now)
            try:
                found = desk.offer(task, to=to, pairs=pairs)
            except BaseException:
                state.go_to(before)  # a policy failed: nothing has happened
                raise
            decision = self._decided(found, number, by_hand=to is not None)
            self._events.append(found.held or self._left(decision, task, to, pairs))
            desk.learn()
            if self._learner is not None and desk.policy.due(desk.state):
                self._learner.wake()
            return decision

    def assign_many(
        self, tasks: Iterable[Task | Mapping[str, Any]], *, at: float | datetime | None = None
    ) -> list[Decision]:
        """Say who takes each of several tasks that have come together.

        A policy that decides on batches, such as :class:`assignopt.policies.Optimal`, decides on
        all of them at once; any other one after another. If the policy fails, nobody gets any.
        """
        with self._lock:
            now = self._time(at, "Router.assign_many")
            read = read_tasks(tasks, self._desk, "Router.assign_many")
            desk, before = self._desk, self._desk.savepoint()
            desk.state.go_to(now)
            number = desk.state.step
            try:
                found = desk.offer_many(read)
            except BaseException:
                before.restore()  # some were given out: none is
                raise
            said = tuple(
                self._decided(one, number + place, by_hand=False) for place, one in enumerate(found)
            )
            self._note("batch", {"tasks": read}, said)
            if self._learner is not None:
                self._learner.wake()
            return list(said)

    def _time(self, at: Any, title: str) -> tuple[float, str]:
        """Read a time, and of which kind it is."""
        if at is None and self._clock is not None:
            at = self._clock()
        state = self._desk.state
        return (state.now, state.clock) if at is None else read_at(at, state, title)

    def _note(self, kind: str, given: dict[str, Any], said: tuple[Decision, ...] = ()) -> None:
        state = self._desk.state
        self._events.append(Event(kind, state.now, state.clock, given, said))

    @contextmanager
    def _noted(self, kind: str, given: dict[str, Any]) -> Iterator[None]:
        """Log a change; also if a policy then fails to take note of it, for it has happened."""
        try:
            yield
        finally:
            self._note(kind, given)

    def _checked(self, task: Any, to: str | None, pairs: Any) -> tuple[Task, Any]:
        faults = Faults("Router.assign")
        known = self._desk.state.reps
        read = None
        try:
            read = task if type(task) is Task else Task.model_validate(task)
        except ValidationError as error:
            faults.adopt(error, ("task",))
        if read is not None and read.id in self._desk.held:
            owner = self._desk.state.holder[read.id]
            message = f"task {read.id!r} is held by rep {owner!r} already. Release it first"
            faults.add(("task", "id"), message, read.id)
        if read is not None:
            check_clock((read.start, read.end), self._desk.state.clock, ("task", "start"), faults)
        if to is not None and (not isinstance(to, str) or to not in known):
            faults.add(("to",), unknown_rep(to, known), to)
        pairs = read_pairs(pairs, known, faults)
        faults.raise_if_any()
        assert read is not None
        return read, pairs

    def _decided(self, found: Choices, number: int, *, by_hand: bool) -> Decision:
        held, detail, desk = found.held, found.detail, self._desk
        if found.refused is not None:
            detail = f"policy {desk.name} named rep {found.refused!r}: {detail}"
        owner, price = (None, 0.0) if held is None else (held.owner, held.price)
        roles = held.roles if held is not None and held.task.roles else {}
        name = "by hand" if by_hand else desk.name
        return Decision(
            found.task.id,
            owner,
            found.reason,
            detail,
            price,
            roles,
            desk.state.now,
            number,
            name,
            found.candidates,
            found.scores,
        )

    def _left(self, said: Decision, task: Task, to: str | None, pairs: Any) -> Left:
        given: dict[str, Any] = {} if to is None else {"to": to}
        given |= {} if pairs is None else {"pairs": pairs}
        return Left(task, given, self._desk.state.clock, said._replace(candidates=(), scores=None))

    def adopt(self, plan: Plan, *, at: float | datetime | None = None) -> None:
        """Count what a plan has given out as held, such as the plan of this morning.

        Raises
        ------
        pydantic.ValidationError
            When a task is held already, a rep is unknown or may not have a task, or a rule would be
            broken by what is held then; nothing is counted in these cases.
        """
        with self._lock:
            now = self._time(at, "Router.adopt")
            check_plan(plan)
            seats = _people_of(plan.raise_for_status())
            tasks = [plan.problem.tasks[name] for name in seats]
            read_tasks(tasks, self._desk, "Router.adopt")
            self._adopted(tasks, [seats[task.id] for task in tasks], now)

    def _adopted(
        self, tasks: list[Task], seats: list[dict[str, str]], now: tuple[float, str]
    ) -> None:
        desk, faults = self._desk, Faults("Router.adopt")
        if len(tasks) != len(seats):
            faults.add(("seats",), f"{len(tasks)} tasks, and people for {len(seats)}", seats)
        for task, people in zip(tasks, seats, strict=False):
            check_seats(desk, task, people, None, faults)
        faults.raise_if_any()
        broken = set(self.audit().violations["message"])
        before = desk.savepoint()
        desk.state.go_to(now)
        try:
            for task, people in zip(tasks, seats, strict=True):
                desk.adopt(task, people)
            for message in self.audit().violations["message"]:
                if message not in broken:
                    faults.add(("plan",), f"{message}. Adopt a plan that goes with what is held")
            faults.raise_if_any()
        except BaseException:
            before.restore()  # nothing is adopted
            raise
        self._note("adopt", {"tasks": tasks, "seats": seats})

    def release(self, task_id: str, *, at: float | datetime | None = None) -> None:
        """Say that a task is done: it uses no capacity any more, and still counts as given.

        Raises
        ------
        pydantic.ValidationError
            When nobody holds it.
        """
        with self._lock:
            now = self._time(at, "Router.release")
            if not isinstance(task_id, str) or task_id not in self._desk.held:
                faults = Faults("Router.release")
                faults.add(("task_id",), unknown_task(task_id, self._desk.held), task_id)
                faults.raise_if_any()
            self._desk.state.go_to(now)
            with self._noted("release", {"task_id": task_id}):
                self._desk.release(task_id)

    def credit_back(
        self, task_id: str, *, reason: str = "", at: float | datetime | None = None
    ) -> None:
        """Take a task out of what was given, as if it had not come: a no-show, a wrong number.

        One that is still held is released with it.

        Raises
        ------
        pydantic.ValidationError
            When it was never assigned, or is credited back already.
        """
        with self._lock:
            now = self._time(at, "Router.credit_back")
            desk, faults = self._desk, Faults("Router.credit_back")
            if not isinstance(reason, str):
                faults.add(("reason",), f"{reason!r} is no text. Give a text", reason)
            if not isinstance(task_id, str) or not (task_id in desk.held or task_id in desk.done):
                message = (
                    f"task {task_id!r} was not assigned, or is credited back already. Name one "
                    "that is held, or is among the latest released"
                )
                faults.add(("task_id",), message, task_id)
            faults.raise_if_any()
            desk.state.go_to(now)
            with self._noted("credit_back", {"task_id": task_id, "reason": reason}):
                desk.credit_back(task_id)

    # -- what is held, as a plan -------------------------------------------------------------

    def audit(self, *, least: bool = False) -> Audit:
        """Let the independent checker judge what is held now.

        Rules that ask for a least (``MinTasks``, ``MinLoad``) come in with ``least=True``: what
        they miss so far is a violation then. Caps per period count what was given in the period,
        whether it is held still or done.

        Examples
        --------
        >>> import assignopt as ao
        >>> router = ao.Router(ao.Problem([ao.Rep("ana", capacity=2)], []))
        >>> _ = [router.assign(ao.Task(f"t{n}")) for n in range(3)]
        >>> router.audit().ok, len(router.held)
        (True, 2)
        """
        with self._lock:
            problem = problem_of(self._desk, least=least)
            rows = [(n, r, rep) for n, seats in self._people().items() for r, rep in seats.items()]
            return audit(problem, pd.DataFrame(rows, columns=["task_id", "role", "rep_id"]))

    def replan(self, problem: Any = None, **options: Any) -> Rebalanced:
        """Rebalance what is held, and take the new plan over.

        Who is not available now, or not there, gets nothing from others.

        Parameters
        ----------
        problem
            What has happened, as for :func:`assignopt.rebalance`; None: nothing. To change the team
            itself, use :meth:`add_rep`.
        **options
            As for :func:`assignopt.rebalance`: ``max_moves``, ``target``, ``frozen``,
            ``time_limit`` and others.

        Returns
        -------
        Rebalanced
            The plan; where it has no solution nothing changes.

        Raises
        ------
        pydantic.ValidationError
            When an option is faulty, or the plan gives a task to somebody who is not in the team or
            may not have it; nothing changes then.

        Examples
        --------
        >>> import assignopt as ao
        >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo", active=False)], [])
        >>> router = ao.Router(team)
        >>> _ = [router.assign(ao.Task(f"t{n}")) for n in range(4)]
        >>> router.add_rep(ao.Rep("bo"))
        >>> plan = router.replan(max_moves=1)
        >>> sorted(router.held.values())
        ['ana', 'ana', 'ana', 'bo']
        """
        with self._lock:
            if absent := self._desk.absent():
                given = options.get("max_in")
                options["max_in"] = nothing_in(given, absent, self._desk.state.reps)
            plan = rebalance(self.audit(), problem, **options)
            if not plan.frames:
                return plan
            now, then = self._people(), _people_of(plan)
            moved = {name: then.get(name, {}) for name in now if then.get(name, {}) != now[name]}
            self._follow(self._to_follow(moved))
            return plan

    def _to_follow(self, moved: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
        """Check that what is to be moved is held, and that who gets it may have it."""
        faults, held = Faults("Router.replan"), self._desk.held
        for name, people in moved.items():
            if name not in held:
                faults.add(("plan", name), unknown_task(name, held), name)
            else:
                check_seats(self._desk, held[name].task, people, held[name].pairs, faults)
        faults.raise_if_any()
        return {name: dict(people) for name, people in moved.items()}

    def _people(self) -> dict[str, dict[str, str]]:
        """Say who has each task that is held: task id -> role -> rep."""
        return {
            name: {role: rep for role, rep, *_ in held.seats}
            for name, held in self._desk.held.items()
        }

    def _follow(self, moved: Mapping[str, Mapping[str, str]]) -> None:
        """Let everybody have what a plan gives them; what it leaves open is credited back."""
        for name, people in moved.items():
            if people:
                self._desk.pass_on(name, people)
            else:
                self._desk.credit_back(name)
        self._note("replan", {"moved": moved})

    # -- the team ----------------------------------------------------------------------------

    def set_available(
        self,
        rep_id: str,
        available: bool,
        *,
        at: float | datetime | None = None,
    ) -> None:
        """Say that a rep takes no tasks for now, or takes them again; what it holds stays.

        Raises
        ------
        pydantic.ValidationError
            When nobody has this id, or ``available`` is neither True nor False.
        """
        with self._lock:
            now = self._time(at, "Router.set_available")
            faults, known = Faults("Router.set_available"), self._desk.state.reps
            if not isinstance(rep_id, str) or rep_id not in known:
                faults.add(("rep_id",), unknown_rep(rep_id, known), rep_id)
            if not isinstance(available, bool | np.bool):
                faults.add(("available",), f"{available!r} is neither True nor False", available)
            faults.raise_if_any()
            self._desk.state.go_to(now)
            with self._noted("available", {"rep_id": rep_id, "available": bool(available)}):
                self._desk.set_available(rep_id, bool(available))

    def add_rep(self, rep: Rep | Mapping[str, Any], *, at: float | datetime | None = None) -> None:
        """Let a rep in; or, under an id that is there, change what a rep can and may hold.

        Raises
        ------
        pydantic.ValidationError
            When the record is faulty.
        """
        with self._lock:
            now = self._time(at, "Router.add_rep")
            faults = Faults("Router.add_rep")
            read: Any = None
            try:
                read = rep if isinstance(rep, Rep) else Rep.model_validate(rep)
            except ValidationError as error:
                faults.adopt(error, ("rep",))
            else:
                moments = [moment for window in read.available or () for moment in window]
                check_clock(moments, self._desk.state.clock, ("rep", "available"), faults)
            faults.raise_if_any()
            self._desk.state.go_to(now)
            with self._noted("rep", {"rep": read}):
                self._desk.set_rep(read)

    def learn(self) -> None:
        """Let the policy learn from what has come, such as new prices.

        What is computed is computed without holding up anybody: decisions go on meanwhile, from
        what was learnt before. What was learnt is in the log, so that a replay has it too.
        """
        self._learn(self._desk.policy.learn)

    def _learn(self, learn: Callable[[Any], Any]) -> None:
        with self._lock:
            snapshot = self._desk.policy.snapshot(self._desk.state)
        learned = learn(snapshot)
        with self._lock:
            self._learnt(learned)

    def _learnt(self, learned: Any) -> None:
        self._desk.policy.install(learned, self._desk.state)
        self._note("learn", {"learned": learned})

    @contextmanager
    def learning(self, *, process: bool = True) -> Iterator[Router]:
        """Let a process of its own do the learning in a ``with`` block, whenever it is time.

        Decisions go on meanwhile from what was learnt before; only copying what is learned from,
        and putting it in place, holds them up. The block begins when the process is there, which
        takes as long as Python takes to start and import this package; at its end what was asked
        for is waited for. An error of learning comes up there.

        Parameters
        ----------
        process
            False: a thread learns, beside decisions, in the same interpreter. It begins at once,
            and a policy may be of any class then, but some decisions take milliseconds longer.

        Raises
        ------
        RuntimeError
            When it is learning already; or at the end of the block, when the process has died.
        TypeError
            When the policy cannot be sent to a process, such as one whose class is defined in a
            script, a notebook or a function.

        Examples
        --------
        >>> import assignopt as ao
        >>> team = ao.Problem([ao.Rep("ana", max_tasks=80), ao.Rep("bo", max_tasks=80)], [])
        >>> router = ao.Router(team, policy=ao.policies.Prices(every=50))
        >>> with router.learning():
        ...     taken = [router.assign(ao.Task(f"t{n}")).rep_id for n in range(100)]
        >>> taken.count("ana"), "learn" in set(router.log["event"])
        (50, True)
        """
        with self._lock:
            if self._learner is not None:
                raise RuntimeError("the router is learning already. Leave that block first")
            policy, before = self._desk.policy, self._desk.learns
            known = [self._desk.problem, *self._desk.state.reps.values()]
            place = elsewhere(policy, known) if process else nullcontext(policy.learn)
            self._learns(inline=False)
            self._learner = learner = Learner(self._learn, place)
        try:
            learner.wait()
            yield self
        finally:
            with self._lock:
                self._learner = None
            try:
                learner.stop()
            finally:  # it learns on the way again, though the process has died
                with self._lock:
                    self._learns(inline=before)

    def _learns(self, *, inline: bool) -> None:
        """Say whether the policy learns on the way of decisions; it is in the log for replays."""
        self._desk.learns = inline
        self._note("learning", {"inline": inline})

    # -- what it comes to --------------------------------------------------------------------

    @property
    def problem(self) -> Problem:
        """The team, its rules and the forecast, as given."""
        return self._desk.problem

    @property
    def policy(self) -> Policy:
        """Who decides."""
        return self._desk.policy

    @property
    def view(self) -> State:
        """How things stand now, as policies see it; to look at, not to change."""
        return self._desk.state

    @property
    def held(self) -> dict[str, str]:
        """The owners of the tasks that are held now, by task id."""
        with self._lock:
            return dict(self._desk.state.holder)

    @property
    def log(self) -> pd.DataFrame:
        """All that has happened since this router was made, as a frame; nothing is ever removed."""
        with self._lock:
            return log_frame(self._happened())

    @property
    def events(self) -> tuple[Event, ...]:
        """All that has happened since this router was made; decisions without their runners-up."""
        with self._lock:
            return tuple(self._happened())

    def _happened(self) -> Iterator[Event]:
        for one in self._events:
            yield event_of(one, self._desk.name)

    @property
    def state(self) -> dict[str, Any]:
        """All that decides what comes, as plain data."""
        with self._lock:
            return json.loads(self.to_json())  # type: ignore[no-any-return]

    def to_json(self) -> str:
        """Give the state as JSON text."""
        with self._lock:
            return json.dumps(self._desk.to_data(), ensure_ascii=False, default=list_of)

    def log_to_json(self) -> str:
        """Give the log as JSON, an event to a line, for :meth:`replay`."""
        with self._lock:
            return write_log(self._happened())

    @classmethod
    def replay(
        cls,
        problem: Problem,
        log: str | Iterable[Any],
        policy: Policy | None = None,
        state: str | Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Router:
        """Play a log again, from the state at its beginning, and check every decision.

        Parameters
        ----------
        problem, policy, state, **options
            As the router had them at the beginning of the log.
        log
            What :meth:`log_to_json` or :attr:`events` gave.

        Returns
        -------
        Router
            As the one that wrote the log was at its end.

        Raises
        ------
        pydantic.ValidationError
            When the log is not readable, or a decision comes out otherwise: the first such line is
            named.

        Examples
        --------
        >>> import assignopt as ao
        >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [])
        >>> router = ao.Router(team, policy=ao.policies.LongestWait())
        >>> _ = [router.assign(ao.Task(f"t{n}")) for n in range(5)]
        >>> again = ao.Router.replay(team, router.log_to_json(), ao.policies.LongestWait())
        >>> again.state == router.state
        True
        """
        return played_again(cls(problem, policy, state, **options), log)

    def play(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Let one event of a log happen again; give the decisions, as plain data."""
        at: Any = Played(row["at"], row["clock"])
        match row["kind"]:
            case "assign":
                one = self.assign(row["task"], at=at, to=row.get("to"), pairs=row.get("pairs"))
                return [one.to_data()]
            case "batch":
                return [one.to_data() for one in self.assign_many(row["tasks"], at=at)]
            case "adopt":
                tasks = [Task.model_validate(task) for task in row["tasks"]]
                self._adopted(tasks, row["seats"], self._time(at, "Router.replay"))
            case "release":
                self.release(row["task_id"], at=at)
            case "credit_back":
                self.credit_back(row["task_id"], reason=row["reason"], at=at)
            case "available":
                self.set_available(row["rep_id"], row["available"], at=at)
            case "rep":
                self.add_rep(row["rep"], at=at)
            case "replan":
                self._follow(self._to_follow(row["moved"]))
            case "learning":
                self._learns(inline=row["inline"])
            case "learn":
                self._learnt(row["learned"])
        return []


def _people_of(plan: Plan) -> dict[str, dict[str, str]]:
    """Say who has each task in a plan: task id -> role -> rep."""
    people: dict[str, dict[str, str]] = {}
    rows = plan.assignments[["task_id", "role", "rep_id"]]
    for task_id, role, rep_id in rows.itertuples(index=False):
        people.setdefault(task_id, {})[role] = rep_id
    return people
