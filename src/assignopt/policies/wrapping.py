"""Policies around another policy: the previous owner first, or rules that say who is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..plan import Reason
from ..selectors import answer, selects
from .looking import picked_by
from .options import Options
from .order import LongestWait
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..records import Task
    from .policy import Choice
    from .state import State

T = TypeVar("T")


class Wrapper(Policy):
    """The base of policies that ask another one, which has a memory of its own.

    Everything goes on to the inner policy; a subclass says what comes before.
    """

    inner: Policy

    def _wrap(self, inner: Policy) -> None:
        self.inner = inner
        self.waits, self.every = inner.waits, inner.every

    def _inside(self, state: State, what: Callable[[], T]) -> T:
        """Let the inner policy see its own memory for the time of one call."""
        outer = state.memory
        state.memory = outer["inner"]
        try:
            return what()
        finally:
            outer["inner"] = state.memory
            state.memory = outer

    def _among(self, names: Sequence[str], task: Task, state: State) -> Choice:
        """Let the inner policy choose among some of the candidates."""
        everybody = state.candidates
        state.candidates = names
        try:
            return self._inside(state, lambda: self.inner.choose(task, state))
        finally:
            state.candidates = everybody

    def begin(self, state: State) -> None:
        """Prepare both memories."""
        state.memory["inner"] = {}
        self._inside(state, lambda: self.inner.begin(state))

    def price(self, task: Task, rep_id: str, state: State) -> float:
        """Give the inner policy's price."""
        return self._inside(state, lambda: self.inner.price(task, rep_id, state))

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Hand it on."""
        self._inside(state, lambda: self.inner.assigned(task, rep_id, state))

    def passed(self, task: Task, state: State) -> None:
        """Hand it on."""
        self._inside(state, lambda: self.inner.passed(task, state))

    def ask_again(self, task: Task, state: State) -> float:
        """Hand it on."""
        return self._inside(state, lambda: self.inner.ask_again(task, state))

    def released(self, task: Task, rep_id: str, state: State) -> None:
        """Hand it on."""
        self._inside(state, lambda: self.inner.released(task, rep_id, state))

    def credited(self, task: Task, rep_id: str, state: State) -> None:
        """Hand it on."""
        self._inside(state, lambda: self.inner.credited(task, rep_id, state))

    def team_changed(self, state: State) -> None:
        """Hand it on."""
        self._inside(state, lambda: self.inner.team_changed(state))

    def loaded(self, state: State) -> None:
        """Hand it on."""
        self._inside(state, lambda: self.inner.loaded(state))

    def due(self, state: State) -> bool:
        """Ask the inner policy."""
        return self._inside(state, lambda: self.inner.due(state))

    def snapshot(self, state: State) -> Any:
        """Copy what the inner policy learns from."""
        return self._inside(state, lambda: self.inner.snapshot(state))

    def learn(self, snapshot: Any) -> Any:
        """Let the inner policy learn."""
        return self.inner.learn(snapshot)

    def install(self, learned: Any, state: State) -> None:
        """Hand on what was learned."""
        self._inside(state, lambda: self.inner.install(learned, state))


class Sticky(Wrapper):
    """The previous owner first, if they may take it; else another policy.

    ``choose = owner(t)`` if that is a candidate, else ``inner.choose``. The owner is the task's
    ``owner``; with ``by``, where it has none, whoever last got a task with the same answer under
    that tag or field. It takes whatever the owner holds already: the shares of the inner policy
    hold only for new customers.

    Parameters
    ----------
    inner
        The policy for everything else.
    by
        A tag or field of the tasks that says which belong together, such as ``"account"`` or
        ``"group"``; None: only the task's own ``owner`` counts.

    References
    ----------
    NC-Squared Distribution Engine, sticky assignment; LeanData, matched owner; Vacademy, pull
    request 2676 (a rotation that moved leads which had an owner).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [])
    >>> policy = ao.policies.Sticky(ao.policies.RoundRobin(), by="account")
    >>> router = ao.Router(team, policy=policy)
    >>> tasks = [ao.Task("t1", tags={"account": "acme"}), ao.Task("t2", tags={"account": "acme"}),
    ...          ao.Task("t3"), ao.Task("t4", owner="ana")]
    >>> [router.assign(task).rep_id for task in tasks]
    ['ana', 'ana', 'bo', 'ana']
    """

    source = "Distribution Engine, LeanData"

    def __init__(self, inner: Policy, *, by: str | None = None) -> None:
        options = Options(self)
        inner = options.policy("inner", inner)
        self.by = options.text("by", by, "the name of a tag or field")
        options.done()
        self._wrap(inner)

    def begin(self, state: State) -> None:
        """Prepare both memories."""
        super().begin(state)
        state.memory["owners"] = {}

    def _key(self, task: Task) -> str | None:
        found = None if self.by is None else answer(task, self.by)
        return None if found is None else str(found)

    def _owner(self, task: Task, state: State) -> str | None:
        if task.owner is not None:
            return task.owner
        key = self._key(task)
        owner: str | None = None if key is None else state.memory["owners"].get(key)
        return owner

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        owner = self._owner(task, state)
        if owner is not None and owner in state.candidates:
            return owner
        return self._inside(state, lambda: self.inner.choose(task, state))

    def choose_many(
        self, tasks: Sequence[Task], state: State
    ) -> Iterator[tuple[int, Choice]] | None:
        """Give owners their own first; the rest is the inner policy's, together."""
        if type(self.inner).choose_many is Policy.choose_many:
            return None
        return self._owned_first(tasks, state)

    def _owned_first(self, tasks: Sequence[Task], state: State) -> Iterator[tuple[int, Choice]]:
        left = []
        for place, task in enumerate(tasks):
            owner = self._owner(task, state)
            if owner is not None and owner in state.may_take(task):
                yield place, owner
            else:
                left.append(place)
        rest = [tasks[place] for place in left]
        found = self._inside(state, lambda: self.inner.choose_many(rest, state))
        turns: Iterator[tuple[int, Choice]]
        if found is None:
            turns = ((n, state.ask(task, self.inner.choose)) for n, task in enumerate(rest))
        else:
            turns = iter(enumerate(found) if isinstance(found, list) else found)
        while (one := self._inside(state, lambda: next(turns, None))) is not None:
            yield left[one[0]], one[1]

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Remember the owner."""
        key = self._key(task)
        if key is not None:
            state.memory["owners"][key] = rep_id
        super().assigned(task, rep_id, state)


class FirstMatch(Wrapper):
    """Rules in order: the first that the task meets says who is asked; else a default owner.

    Let i be the first rule whose task selector picks t: ``choose = inner.choose`` among the
    candidates that its rep selector picks. Nobody else is asked: if they are full or away the task
    stays unassigned (``no_capacity``, ``no_availability``), whatever later rules say. A task that
    no rule picks goes to the default owner; without one it stays unassigned (``excluded``).

    Parameters
    ----------
    rules
        Rows of (task selector, rep selector), each as in the rules of a problem: an id, a list of
        ids, a mapping on tags and fields, or None for all.
    default
        A rep selector for what no rule picks; None: nobody.
    inner
        Who decides among those that a rule names, with one memory for all rules; None:
        :class:`LongestWait`.

    References
    ----------
    Salesforce assignment rules (first entry that matches, default owner); Dynamics 365 Sales,
    assignment rules (sellers, then distribution).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo"), ao.Rep("cy")], [])
    >>> policy = ao.policies.FirstMatch(
    ...     [({"region": "dach"}, ["ana", "bo"]), ({"source": "fair"}, "bo")], default="cy")
    >>> router = ao.Router(team, policy=policy)
    >>> tags = [{"region": "dach"}, {"region": "dach"}, {"source": "fair"}, {}]
    >>> [router.assign(ao.Task(f"t{n}", tags=one)).rep_id for n, one in enumerate(tags)]
    ['ana', 'bo', 'bo', 'cy']
    """

    source = "Salesforce assignment rules, Dynamics 365 Sales"

    def __init__(
        self, rules: Sequence[tuple[Any, Any]], *, default: Any = None, inner: Policy | None = None
    ) -> None:
        options = Options(self)
        inner = options.policy("inner", LongestWait() if inner is None else inner)
        rows = options.rows("rules", rules)
        self.default = None if default is None else options.selector("default", default)
        options.done()
        self.rules = rows
        self._wrap(inner)

    def options(self) -> dict[str, Any]:
        """Give the options that are not at their default."""
        found = super().options()
        if self.inner == LongestWait():
            found.pop("inner", None)
        return found

    def begin(self, state: State) -> None:
        """Look up whom each rule names."""
        super().begin(state)
        self._look_up(state)

    def team_changed(self, state: State) -> None:
        """Look up anew whom each rule names."""
        super().team_changed(state)
        self._look_up(state)

    def _look_up(self, state: State) -> None:
        who = [reps for _, reps in self.rules]
        who += [] if self.default is None else [self.default]
        state.memory["who"] = picked_by(who, state)

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        for number, (tasks, _) in enumerate(self.rules):
            if selects(tasks, task):
                return self._of_these(number, task, state)
        if self.default is None:
            return Reason.EXCLUDED
        return self._of_these(len(self.rules), task, state)

    def _of_these(self, rule: int, task: Task, state: State) -> Choice:
        who = state.memory["who"][rule]
        names = [name for name in state.candidates if name in who]
        if names:
            return self._among(names, task, state)
        meant = [name for name in state.pairs if name in who]
        if not meant:
            return Reason.EXCLUDED
        return state.reason_of(task, meant)
