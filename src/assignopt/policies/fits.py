"""Policies that look at how well a rep suits a task."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from .options import Options
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..records import Task
    from .policy import Choice
    from .state import State


class GreedyFit(Policy):
    """The best fit; of equals the least load per weight.

    ``choose = argmax_r (fit_rt, -load_r / w_r)`` over the candidates, of equals the first in the
    team. The best rep of a type is full first; what comes later meets whoever is left.

    References
    ----------
    Greedy online assignment, half of the optimum at worst: R. M. Karp, U. V. Vazirani, V. V.
    Vazirani (1990), "An optimal algorithm for on-line bipartite matching", STOC.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana", fit={"smb": 0.9, "key": 0.8}, max_tasks=1),
    ...                    ao.Rep("bo", fit={"smb": 0.8, "key": 0.1})], [])
    >>> router = ao.Router(team, policy=ao.policies.GreedyFit())
    >>> print(router.assign(ao.Task("t1", customer_type="smb")))
    t1: ana
    >>> print(router.assign(ao.Task("t2", customer_type="key")))
    t2: bo
    """

    source = "best-fit routing"

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        fit = state.pairs.fit
        state.scores = {name: fit[name] for name in state.candidates}
        return _highest(state.scores, state)


class GreedyValue(Policy):
    """The highest value; of equals the least load per weight.

    ``choose = argmax_r (value_rt, -load_r / w_r)`` over the candidates, of equals the first in the
    team. It differs from :class:`GreedyFit` only where pairs have a value of their own.

    References
    ----------
    As for :class:`GreedyFit`.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [])
    >>> router = ao.Router(team, policy=ao.policies.GreedyValue())
    >>> decision = router.assign(ao.Task("t1"), pairs={"ana": {"value": 3}, "bo": {"value": 4}})
    >>> decision.rep_id, decision.alternatives
    ('bo', (Alternative(rep_id='ana', score=3.0),))
    """

    source = "greedy online assignment"

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        value = state.pairs.value
        state.scores = {name: value[name] for name in state.candidates}
        return _highest(state.scores, state)


def _highest(scores: Mapping[str, float], state: State) -> str:
    """Give the one with the highest score; of equals the least load per weight."""
    top = max(scores.values())
    return min((n for n, one in scores.items() if one == top), key=state.load_per_weight)


class FilterAndScore(Policy):
    """Filter by the hard rules, then the highest weighted sum of scores from 0 to 100.

    ``choose = argmax_r sum_k weight_k * score_k(r, t)`` over the candidates, of equals the first in
    the team, with the scores:

    ``fit``
        100 times the fit.
    ``skills``
        100 times the part of ``prefers``, by weight, that the rep has; 100 for tasks without.
    ``owner``
        100 for the one who has it now, else 0.
    ``room``
        100 times the part of the capacity that is free; 100 without a limit.
    ``value``
        100 for the highest value among the candidates, in proportion below.
    ``count``
        100 for the fewest tasks given so far among the candidates, 0 for the most.
    ``wait``
        100 for the longest wait among the candidates, 0 for the shortest.

    A point of one score is traded for a point of another at every level: no weights make one come
    strictly before another.

    Parameters
    ----------
    weights
        Score -> weight, above 0.

    References
    ----------
    Salesforce Field Service, scheduling policies: work rules filter, service objectives score from
    0 to 100 and are weighted (Trailhead, field-service-lightning-scheduling-basics).

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana", fit={"smb": 0.9}), ao.Rep("bo", fit={"smb": 0.7})], [])
    >>> policy = ao.policies.FilterAndScore({"fit": 1.0, "count": 0.5})
    >>> router = ao.Router(team, policy=policy)
    >>> lead = lambda n: ao.Task(f"t{n}", customer_type="smb")
    >>> [router.assign(lead(n)).rep_id for n in range(4)]
    ['ana', 'bo', 'ana', 'bo']
    """

    source = "Salesforce Field Service"

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        options = Options(self)
        self.weights = (
            None if weights is None else options.amounts("weights", weights, list(SCORES))
        )
        options.done()

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        total = dict.fromkeys(state.candidates, 0.0)
        for name, weight in (self.weights or DEFAULT).items():
            for rep_id, score in SCORES[name](task, state).items():
                total[rep_id] += weight * score
        state.scores = total
        return max(total, key=total.__getitem__)


Scores = dict[str, float]


def _fit(task: Task, state: State) -> Scores:
    return {name: 100 * state.fit_of(name) for name in state.candidates}


def _skills(task: Task, state: State) -> Scores:
    wanted = task.prefers
    total = sum(wanted.values())
    if not total:
        return dict.fromkeys(state.candidates, 100.0)
    return {
        name: 100
        * sum(weight for skill, weight in wanted.items() if state.reps[name].skills.get(skill, 0))
        / total
        for name in state.candidates
    }


def _owner(task: Task, state: State) -> Scores:
    return {name: 100.0 * (name == task.owner) for name in state.candidates}


def _room(task: Task, state: State) -> Scores:
    limit = state.capacity
    return {
        name: 100.0 if limit[name] == inf else 100 * max(state.room(name), 0) / (limit[name] or 1)
        for name in state.candidates
    }


def _value(task: Task, state: State) -> Scores:
    most = max(state.value_of(name) for name in state.candidates)
    return {name: 100 * state.value_of(name) / (most or 1) for name in state.candidates}


def _least(found: Mapping[str, float]) -> Scores:
    """Give 100 to the least, 0 to the most, and in proportion between; 100 to all equals."""
    low, high = min(found.values()), max(found.values())
    if low == high:
        return dict.fromkeys(found, 100.0)
    return {name: 100 * (high - one) / (high - low) for name, one in found.items()}


def _count(task: Task, state: State) -> Scores:
    return _least({name: state.count[name] for name in state.candidates})


def _wait(task: Task, state: State) -> Scores:
    return _least({name: state.last[name] for name in state.candidates})


SCORES: dict[str, Callable[[Task, State], Scores]] = {
    "fit": _fit,
    "skills": _skills,
    "owner": _owner,
    "room": _room,
    "value": _value,
    "count": _count,
    "wait": _wait,
}
DEFAULT = {"fit": 1.0, "skills": 1.0, "count": 1.0}
"""The scores without any given."""
