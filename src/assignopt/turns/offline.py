"""Offline shares: all events known beforehand, who takes each out, within 1 at every moment."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from ..errors import Faults
from .reading import read_eligible, read_weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Turn = tuple[str, int]
"""The k-th turn of a rep, counted from 0."""


def offline_shares(events: Iterable[Iterable[str]], weights: Mapping[str, Any]) -> list[str]:
    """Say who takes each of a sequence of events, so that everybody is within 1 of its fair share.

    With ``S_i(s)`` the fair share of i after ``s`` events (each split by entitlement over those
    eligible) and ``A_i(s)`` how many it took::

        |A_i(s) - S_i(s)| < 1     for all i and s;  after all events A_i is floor or ceil of S_i

    Such a sequence always exists: the k-th turn of i may fall on the events in which its share
    grows from k - 1 to k. The parts by which it grows there match events to turns fractionally,
    and a bipartite graph that has a fractional matching has an integral one. It is found by
    augmenting paths.

    Parameters
    ----------
    events
        For each event the ids of those eligible, one at least.
    weights
        rep id -> entitlement, above 0.

    Returns
    -------
    list of str
        A rep for each event.

    Raises
    ------
    pydantic.ValidationError
        When weights are out of range, nobody is eligible for an event, or somebody is unknown.

    References
    ----------
    R. Fagin and J. Williams (1983), "A fair carpool scheduling algorithm", IBM Journal of Research
    and Development 27(2), 133-139 (the fair share); M. Naor (2005), "On fairness in the carpool
    problem", Journal of Algorithms 55(1), 93-98.

    Examples
    --------
    >>> import assignopt as ao
    >>> pairs = [["ana", "bo"], ["bo", "cy"], ["cy", "ana"]]
    >>> sorted(ao.offline_shares(pairs, {"ana": 1, "bo": 1, "cy": 1}))
    ['ana', 'bo', 'cy']
    """
    faults = Faults("offline_shares")
    read = read_weights(weights, faults)
    pools = [
        read_eligible(eligible, read, faults, ("events", number))
        for number, eligible in enumerate(events)
    ]
    faults.raise_if_any()
    wishes, due = _turns(pools, read)
    taken = _matched(wishes)
    _serve(taken, wishes, due)
    return [rep for rep, _ in taken]


def _turns(
    pools: list[list[str]], weights: Mapping[str, Fraction]
) -> tuple[list[list[Turn]], list[Turn]]:
    """Give the turns that may fall on each event, and those that are due in full by the end."""
    share = dict.fromkeys(weights, Fraction(0))
    wishes = []
    for pool in pools:
        total = sum((weights[rep] for rep in pool), Fraction(0))
        found: list[Turn] = []
        for rep in pool:
            before = share[rep]
            share[rep] = after = before + weights[rep] / total
            found += [(rep, turn) for turn in range(floor(before), ceil(after))]
        wishes.append(found)
    due = [(rep, turn) for rep, whole in share.items() for turn in range(floor(whole))]
    return wishes, due


def _matched(wishes: list[list[Turn]]) -> list[Turn]:
    """Give each event a turn of its own, the ones that can wait least first."""
    last = {turn: number for number, found in enumerate(wishes) for turn in found}
    event_of: dict[Turn, int] = {}
    taken: dict[int, Turn] = {}
    for number, found in enumerate(wishes):
        free = [turn for turn in found if turn not in event_of]
        turn = min(free, key=last.__getitem__) if free else _freed(number, wishes, event_of, taken)
        event_of[turn], taken[number] = number, turn
    return [taken[number] for number in range(len(wishes))]


def _freed(
    start: int, wishes: list[list[Turn]], event_of: dict[Turn, int], taken: dict[int, Turn]
) -> Turn:
    """Free a turn for an event, others moving on to further turns along an augmenting path."""
    came: dict[Turn, int] = {}
    waiting = deque([start])
    while waiting:
        event = waiting.popleft()
        for turn in wishes[event]:
            if turn in came:
                continue
            came[turn] = event
            if turn in event_of:
                waiting.append(event_of[turn])
                continue
            while came[turn] != start:
                mover = came[turn]
                left = taken[mover]
                event_of[turn], taken[mover] = mover, turn
                turn = left
            return turn
    raise AssertionError("an event without a turn contradicts the theorem")  # pragma: no cover


def _serve(taken: list[Turn], wishes: list[list[Turn]], due: list[Turn]) -> None:
    """Give every turn that is due its event, at the cost of turns that are not."""
    events_of: dict[Turn, list[int]] = {}
    for number, found in enumerate(wishes):
        for turn in found:
            events_of.setdefault(turn, []).append(number)
    event_of = {turn: number for number, turn in enumerate(taken)}
    owed = set(due)
    for start in due:
        if start in event_of:
            continue
        event, came = _given_up(start, taken, owed, events_of)
        del event_of[taken[event]]
        turn = came[event]
        while turn != start:
            left = event_of[turn]
            taken[event], event_of[turn] = turn, event
            event, turn = left, came[left]
        taken[event], event_of[start] = start, event


def _given_up(
    start: Turn, taken: list[Turn], owed: set[Turn], events_of: dict[Turn, list[int]]
) -> tuple[int, dict[int, Turn]]:
    """Find an event whose turn is not due, and for each event on the way the turn that wants it."""
    came: dict[int, Turn] = {}
    waiting = deque([start])
    while waiting:
        turn = waiting.popleft()
        for event in events_of[turn]:
            if event in came:
                continue
            came[event] = turn
            if taken[event] not in owed:
                return event, came
            waiting.append(taken[event])
    raise AssertionError("a turn due without an event contradicts the theorem")  # pragma: no cover
