"""Policies that decide on a batch: waterfall, balance then trim, serial dictatorship."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from ..plan import Reason
from ..selectors import selects
from .looking import amount_of, least_loaded, picked_by
from .options import Options
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..records import Task
    from .policy import Choice
    from .state import State


class Waterfall(Policy):
    """Criteria in order of priority: each gives out what it matches, the next what is left.

    Criterion i gives every task that its task selector picks, and that nobody has yet, to the
    candidate picked by its rep selector with the least ``load_r / w_r`` (of equals whoever has
    waited longest), until those have no room. What no criterion could give out stays unassigned
    (``excluded`` if none picks it, else ``no_capacity``), or is spread over everybody. In a batch
    the first criterion takes all that it can before the second begins; one at a time, each task
    runs through the criteria alone. What early criteria fill up is missing later: the order of the
    criteria decides, not the sum.

    Parameters
    ----------
    criteria
        Rows of (task selector, rep selector), the first matters most. The vendor advises five to
        seven at most.
    rest
        ``"unassigned"``, or ``"spread"``: to whoever has the least load per weight.

    References
    ----------
    Fullcast, SmartPlan (smart-plan, smartplan-advanced-strategies-and-automation).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana", max_tasks=1), ao.Rep("bo")], [])
    >>> policy = ao.policies.Waterfall([({"size": "key"}, "ana"), (None, ["ana"])], rest="spread")
    >>> router = ao.Router(team, policy=policy)
    >>> batch = [ao.Task("small"), ao.Task("large", tags={"size": "key"})]
    >>> [decision.rep_id for decision in router.assign_many(batch)]
    ['bo', 'ana']
    """

    source = "Fullcast SmartPlan"

    def __init__(self, criteria: Sequence[tuple[Any, Any]], *, rest: str = "unassigned") -> None:
        options = Options(self)
        self.criteria = options.rows("criteria", criteria)
        self.rest = options.word("rest", rest, ("unassigned", "spread"))
        options.done()

    def begin(self, state: State) -> None:
        """Look up whom each criterion names."""
        self.team_changed(state)

    def team_changed(self, state: State) -> None:
        """Look up anew whom each criterion names."""
        state.memory["who"] = picked_by([reps for _, reps in self.criteria], state)

    def _pick(self, number: int, task: Task, able: Sequence[str], state: State) -> str | None:
        if not selects(self.criteria[number][0], task):
            return None
        who = state.memory["who"][number]
        names = [name for name in able if name in who]
        return least_loaded(names, state) if names else None

    def _rest(self, task: Task, able: Sequence[str], state: State) -> Choice:
        if self.rest == "spread" and able:
            return least_loaded(able, state)
        met = [n for n, (tasks, _) in enumerate(self.criteria) if selects(tasks, task)]
        if not met:
            return Reason.EXCLUDED
        meant = set().union(*(state.memory["who"][number] for number in met))
        return state.reason_of(task, [name for name in state.reps if name in meant])

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        for number in range(len(self.criteria)):
            chosen = self._pick(number, task, state.candidates, state)
            if chosen is not None:
                return chosen
        return self._rest(task, state.candidates, state)

    def choose_many(self, tasks: Sequence[Task], state: State) -> Iterator[tuple[int, Choice]]:
        """Say who takes each of several tasks, criterion after criterion."""
        left = list(range(len(tasks)))
        for number, (picked, _) in enumerate(self.criteria):
            for place in list(left):
                if selects(picked, tasks[place]):
                    able = state.may_take(tasks[place])
                    chosen = self._pick(number, tasks[place], able, state)
                    if chosen is not None:
                        left.remove(place)
                        yield place, chosen
        for place in left:
            yield place, self._rest(tasks[place], state.may_take(tasks[place]), state)


class BalanceThenTrim(Policy):
    """Balance one attribute; then take away what is above the limit of a second.

    In a batch: tasks by ``balance``, the largest first, each to the eligible rep with the least
    sum of it per weight, **blind to** ``trim``; then, from each rep whose sum of ``trim`` is above
    ``limit``, the tasks with the least ``balance`` until it is not. What is taken away stays
    unassigned (``no_capacity``), even if somebody else has room for it; so does what a rep has no
    capacity for in the end. One at a time: the rep with
    the least balance per weight, and nobody if that rep would be above the limit.

    Parameters
    ----------
    balance
        A number of the tasks: ``"value"``, ``"effort"``, ``"burden"``, ``"priority"``, ``"count"``
        or a tag.
    trim
        Another one.
    limit
        The most of ``trim`` that a rep may hold; None: no limit.

    References
    ----------
    Salesforce Maps Territory Planning, article 000392618 (Optimize).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [])
    >>> policy = ao.policies.BalanceThenTrim(balance="value", trim="count", limit=2)
    >>> router = ao.Router(team, policy=policy)
    >>> batch = [ao.Task(f"t{value}", value=value) for value in (9, 4, 3, 2)]
    >>> [decision.rep_id for decision in router.assign_many(batch)]
    ['ana', 'bo', 'bo', None]
    """

    source = "Salesforce Maps Territory Planning"

    def __init__(
        self, *, balance: str = "value", trim: str = "effort", limit: float | None = None
    ) -> None:
        options = Options(self)
        self.balance = options.text("balance", balance, "a number of the tasks", needed=True)
        self.trim = options.text("trim", trim, "a number of the tasks", needed=True)
        self.limit = None if limit is None else options.number("limit", limit)
        options.done()

    def begin(self, state: State) -> None:
        """Prepare the sums."""
        state.memory["held"] = {}
        self.team_changed(state)

    def team_changed(self, state: State) -> None:
        """Let newcomers in with sums of 0."""
        for sums in ("balance", "trim"):
            known = state.memory.get(sums, {})
            state.memory[sums] = {name: known.get(name, 0.0) for name in state.reps}

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Add it to the sums; what is given by hand without such a number adds 0."""
        memory = state.memory
        sizes = [amount_of(task, self.balance, 0.0), amount_of(task, self.trim, 0.0)]
        memory["held"][task.id] = sizes
        memory["balance"][rep_id] += sizes[0]
        memory["trim"][rep_id] += sizes[1]

    def released(self, task: Task, rep_id: str, state: State) -> None:
        """Take it off the sums."""
        sizes = state.memory["held"].pop(task.id, (0.0, 0.0))
        state.memory["balance"][rep_id] -= sizes[0]
        state.memory["trim"][rep_id] -= sizes[1]

    def credited(self, task: Task, rep_id: str, state: State) -> None:
        """Take it off the sums, if it is there still."""
        self.released(task, rep_id, state)

    def _over(self, amount: float) -> bool:
        return amount > (inf if self.limit is None else self.limit) + 1e-9

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        held = state.memory["balance"]
        amount_of(task, self.balance)  # so that a task without one is refused before it counts
        chosen = min(state.candidates, key=lambda name: state.per_weight(held[name], name))
        amount = amount_of(task, self.trim)
        over = self._over(state.memory["trim"][chosen] + amount)
        return Reason.NO_CAPACITY if over else chosen

    def choose_many(self, tasks: Sequence[Task], state: State) -> Iterator[tuple[int, Choice]]:
        """Say who takes each of several tasks: balance them, then trim."""
        for place, chosen in enumerate(self._trimmed(tasks, state)):
            full = isinstance(chosen, str) and chosen not in state.may_take(tasks[place])
            yield place, Reason.NO_CAPACITY if full else chosen

    def _trimmed(self, tasks: Sequence[Task], state: State) -> list[Choice]:
        sizes = [amount_of(task, self.balance) for task in tasks]
        extra = [amount_of(task, self.trim) for task in tasks]
        held = dict(state.memory["balance"])
        choices: list[Choice] = [None] * len(tasks)
        got: dict[str, list[int]] = {}
        for place in sorted(range(len(tasks)), key=lambda place: -sizes[place]):
            able = state.may_take(tasks[place])
            if able:
                chosen = min(able, key=lambda name: state.per_weight(held[name], name))
                choices[place] = chosen
                held[chosen] += sizes[place]
                got.setdefault(chosen, []).append(place)
        for name, places in got.items():
            total = state.memory["trim"][name]
            total += sum(extra[place] for place in places)
            while places and self._over(total):
                place = places.pop()
                total -= extra[place]
                choices[place] = Reason.NO_CAPACITY
        return choices


class SerialDictatorship(Policy):
    """One rep after another picks the task that they want most of those left.

    In a batch: rounds in the order of the team (or by lot, anew in each round); in each, every rep
    picks the task of the highest bid among those that they may take now, of equal bids the first
    that came. Bids are the preferences of the problem, 0 where there is none, negative for
    reluctance. Rounds go on until nobody can take anything. For one round and one task each nobody
    gains by bidding otherwise than they think; the first is served best. One at a time: the highest
    bid, of equals the fewest tasks so far, then the first in the order.

    Parameters
    ----------
    order
        ``"team"`` or ``"random"``.

    References
    ----------
    L.-G. Svensson (1999), "Strategy-proof allocation of indivisible goods", Social Choice and
    Welfare 16(4), 557-567.

    Examples
    --------
    >>> import assignopt as ao
    >>> tasks = [ao.Task("t1"), ao.Task("t2")]
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks, preferences=[
    ...     {"rep_id": "ana", "task_id": "t2", "weight": 1},
    ...     {"rep_id": "bo", "task_id": "t2", "weight": 9}])
    >>> router = ao.Router(team, policy=ao.policies.SerialDictatorship())
    >>> [decision.rep_id for decision in router.assign_many(tasks)]
    ['bo', 'ana']
    """

    source = "Svensson (1999)"

    def __init__(self, *, order: str = "team") -> None:
        options = Options(self)
        self.order = options.word("order", order, ("team", "random"))
        options.done()

    def _key(self, name: str, state: State) -> float:
        return state.uniform(name) if self.order == "random" else 0.0

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        bids, count = state.bids_of(task.id), state.count
        if self.order == "team":
            return min(state.candidates, key=lambda name: (-bids.get(name, 0.0), count[name]))
        return min(
            state.candidates,
            key=lambda name: (-bids.get(name, 0.0), count[name], state.uniform(name)),
        )

    def choose_many(self, tasks: Sequence[Task], state: State) -> Iterator[tuple[int, Choice]]:
        """Let one rep after another pick."""
        bids = [state.bids_of(task.id) for task in tasks]
        wanted = {
            name: sorted(range(len(tasks)), key=lambda place: -bids[place].get(name, 0.0))
            for name in state.reps
        }
        taken: set[int] = set()
        picking = True
        while picking and len(taken) < len(tasks):
            picking = False
            for name in sorted(wanted, key=lambda name: self._key(name, state)):
                wanted[name] = [place for place in wanted[name] if place not in taken]
                for place in wanted[name]:
                    if name in state.may_take(tasks[place]):
                        taken.add(place)
                        picking = True
                        yield place, name
                        break
