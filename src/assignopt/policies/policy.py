"""What a policy is: a small object that looks at a task and at the state, and says who takes it."""

from __future__ import annotations

from functools import lru_cache
from inspect import Parameter, signature
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from ..plan import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..records import Task
    from .state import State


Choice = str | Reason | None
"""A rep id; or why nobody takes the task."""


class Policy:
    """The base of all policies: a rule that says who takes a task.

    A policy holds its options and nothing else. What it has to remember between two tasks it keeps
    in ``state.memory``, which is plain data that goes out with the state and comes back, so that a
    restored stream goes on as if nothing had happened. Only :meth:`choose` has to be written.

    Who may take a task at all is not the policy's business: ``state.candidates`` lists those who
    keep every rule and have room now, and a choice of anybody else is refused.

    Examples
    --------
    A policy of one's own: whoever has had the least value so far.

    >>> import assignopt as ao
    >>> class Poorest(ao.policies.Policy):
    ...     def choose(self, task, state):
    ...         return min(state.candidates, key=state.value.get)
    >>> router = ao.Router(ao.Problem([ao.Rep("ana"), ao.Rep("bo")], []), policy=Poorest())
    >>> [router.assign(ao.Task(f"t{n}", value=n)).rep_id for n in (5, 1, 2, 3)]
    ['ana', 'bo', 'bo', 'bo']
    """

    waits: float = 0.0
    """For how many seconds a task may wait for a rep who is not available yet."""

    source: ClassVar[str] = "own"
    """Whose rule it is, as :func:`assignopt.policies.catalogue` says."""

    @property
    def name(self) -> str:
        """What the policy is called in tables: its class, with the options that differ."""
        options = ", ".join(f"{key}={value!r}" for key, value in self.options().items())
        return f"{type(self).__name__}({options})" if options else type(self).__name__

    def options(self) -> dict[str, Any]:
        """Give the options that are not at their default, as they are shown and saved.

        They are the arguments of the class, each kept as an attribute of the same name.
        """
        return {
            name: given
            for name, default in _defaults(type(self))  # type: ignore[arg-type]
            if (given := getattr(self, name, default)) != default
        }

    def begin(self, state: State) -> None:
        """Prepare ``state.memory``, once, before the first task."""

    def loaded(self, state: State) -> None:
        """Make of a memory that was saved what is quickest to work with; by default it stays."""

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task.

        Parameters
        ----------
        task
            What has come.
        state
            How things stand; not to be changed here. ``state.candidates``, never empty, lists who
            may take it.

        Returns
        -------
        str or Reason or None
            One of the candidates; or why nobody is to take it (None: ``Reason.DOMINATED``).
        """
        raise NotImplementedError(f"{type(self).__name__} does not say who takes a task")

    def choose_many(
        self, tasks: Sequence[Task], state: State
    ) -> list[Choice] | Iterator[tuple[int, Choice]] | None:
        """Say who takes each of several tasks that are decided together; None: one after another.

        ``state.candidates`` is empty here: ``state.may_take(task)`` lists who may take one of them.
        A list has a choice for each task. An iterator (a method with ``yield``) gives places in
        ``tasks`` with a choice, in any order; each counts before the next is asked for, so that the
        state is always that of now. Nobody takes a task that it leaves out.
        """
        return None

    def price(self, task: Task, rep_id: str, state: State) -> float:
        """Give the price of the rep's time for this task, as the policy sees it; 0 without any."""
        return 0.0

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Take note of an assignment, by this policy or by hand, after the state has."""

    def passed(self, task: Task, state: State) -> None:
        """Take note of a task that nobody took."""

    def ask_again(self, task: Task, state: State) -> float:
        """Tell from when on it may say something else of a task that was just left.

        In seconds, where nothing but time has passed until then; infinity: never. What waits in a
        simulation is offered again then.
        """
        return inf

    def released(self, task: Task, rep_id: str, state: State) -> None:
        """Take note that a rep is done with a task."""

    def credited(self, task: Task, rep_id: str, state: State) -> None:
        """Take note that a task does not count for a rep: a no-show, a lead that was none."""

    def team_changed(self, state: State) -> None:
        """Take note that somebody joined, left, or is available again or no more."""

    # -- learning, off the way of a decision -------------------------------------------------

    every: int | None = None
    """After how many arrivals it is time to learn; None: never."""

    def due(self, state: State) -> bool:
        """Tell whether it is time to learn, after an arrival."""
        return bool(self.every) and state.step % (self.every or 1) == 0

    def snapshot(self, state: State) -> Any:
        """Copy what is to be learned from; quick."""
        return None

    def learn(self, snapshot: Any) -> Any:
        """Compute what is learned, as plain data; it may take its time, beside decisions."""
        return None

    def install(self, learned: Any, state: State) -> None:
        """Put what was learned into ``state.memory``; quick."""

    def __repr__(self) -> str:
        return self.name if self.options() else f"{self.name}()"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


@lru_cache(maxsize=256)
def _defaults(kind: type[Policy]) -> tuple[tuple[str, Any], ...]:
    """List the arguments of a class of policies with their defaults."""
    return tuple(
        (name, one.default)
        for name, one in signature(kind).parameters.items()
        if one.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    )
