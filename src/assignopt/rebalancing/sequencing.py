"""The order of moves between people with limits: moves in, an order and its least overload out.

Whoever gives nothing any more may take at once: what they end up with fits. So the moves are
taken component by component of the graph of reps, those first whose work leads nowhere else; only
within a component, where work goes in circles, is the order searched for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NODES = 20_000
"""Steps of a search within one component; beyond them its overload is not proved the least."""

SLIP = 1e-6
"""What a load may exceed a limit by: the rounding of sums."""


@dataclass(frozen=True)
class Shift:
    """Work that goes at once from one rep to another.

    Parameters
    ----------
    giver, taker
        Rows; -1 for nobody.
    leaves, arrives
        Effort at the giver, and at the taker.
    tasks
        How many tasks it is.
    """

    giver: int
    taker: int
    leaves: float
    arrives: float
    tasks: int = 1


@dataclass
class Loads:
    """What everybody carries on the way, and may."""

    load: list[float]
    count: list[int]
    room: Sequence[float]
    most: Sequence[float]

    def excess(self, shift: Shift) -> float:
        """Give the effort by which the taker would be over a limit."""
        if shift.taker < 0:
            return 0.0
        over = self.load[shift.taker] + shift.arrives - self.room[shift.taker]
        if self.count[shift.taker] + shift.tasks > self.most[shift.taker]:
            over = max(over, shift.arrives)
        return over if over > SLIP else 0.0

    def apply(self, shift: Shift, sign: int = 1) -> None:
        """Make a move, or take it back."""
        if shift.giver >= 0:
            self.load[shift.giver] -= sign * shift.leaves
            self.count[shift.giver] -= sign * shift.tasks
        if shift.taker >= 0:
            self.load[shift.taker] += sign * shift.arrives
            self.count[shift.taker] += sign * shift.tasks


def in_order(shifts: Sequence[Shift], loads: Loads) -> tuple[list[int], bool]:
    """Order moves such that nobody is over a limit on the way, or by as little as can be.

    Returns
    -------
    order, proved
        Places of the moves; whether no order has a smaller peak overload.

    Examples
    --------
    Two reps who can hold one task each and exchange them: one of them holds both for a moment.

    >>> loads = Loads([1.0, 1.0], [1, 1], [1.0, 1.0], [9, 9])
    >>> in_order([Shift(0, 1, 1.0, 1.0), Shift(1, 0, 1.0, 1.0)], loads)
    ([0, 1], True)
    """
    component = components(shifts, len(loads.load))
    inside: dict[int, list[int]] = {}
    leaving: dict[int, list[int]] = {}
    for place, shift in enumerate(shifts):
        home = component[shift.giver] if shift.giver >= 0 else len(loads.load) + 1
        same = shift.giver >= 0 and shift.taker >= 0 and component[shift.taker] == home
        (inside if same else leaving).setdefault(home, []).append(place)
    order: list[int] = []
    proved = True
    for home in sorted({*inside, *leaving}):
        for place in leaving.get(home, []):
            loads.apply(shifts[place])
            order.append(place)
        if home in inside:
            found, sure = _within([shifts[place] for place in inside[home]], loads)
            order += [inside[home][at] for at in found]
            proved &= sure
    return order, proved


def components(shifts: Sequence[Shift], reps: int) -> list[int]:
    """(R,) number the strongly connected components, those first from which nothing leads away.

    References
    ----------
    Tarjan (1972), "Depth-first search and linear graph algorithms".
    """
    ways: list[list[int]] = [[] for _ in range(reps)]
    for shift in shifts:
        if shift.giver >= 0 and shift.taker >= 0:
            ways[shift.giver].append(shift.taker)
    number, low, found = [-1] * reps, [0] * reps, [-1] * reps
    stack: list[int] = []
    counted = named = 0
    for root in range(reps):
        if number[root] >= 0:
            continue
        trail: list[tuple[int, Iterator[int]]] = [(root, iter(ways[root]))]
        number[root] = low[root] = counted
        counted += 1
        stack.append(root)
        while trail:
            node, rest = trail[-1]
            after = next(rest, None)
            if after is None:
                trail.pop()
                if trail:
                    low[trail[-1][0]] = min(low[trail[-1][0]], low[node])
                if low[node] == number[node]:
                    while found[node] < 0:
                        found[stack.pop()] = named
                    named += 1
            elif number[after] < 0:
                number[after] = low[after] = counted
                counted += 1
                stack.append(after)
                trail.append((after, iter(ways[after])))
            elif found[after] < 0:
                low[node] = min(low[node], number[after])
    return found


def _within(shifts: list[Shift], loads: Loads) -> tuple[list[int], bool]:
    """Order the moves of a component with the least peak overload; leave the loads after them."""
    allowed, proved = 0.0, True
    while True:
        search = _Search(shifts, loads, allowed)
        order = search.run()
        if order is not None:
            return order, proved
        proved &= not search.cut
        allowed = min(over for over in search.blocked if over > allowed + SLIP)


class _Search:
    """Depth first, into the place that has just become free before others, each set once."""

    def __init__(self, shifts: list[Shift], loads: Loads, allowed: float) -> None:
        self.shifts, self.loads, self.allowed = shifts, loads, allowed
        self.blocked: set[float] = set()
        self.cut = False

    def run(self) -> list[int] | None:
        """Give an order within the overload allowed, or None."""
        shifts, loads = self.shifts, self.loads
        everything = (1 << len(shifts)) - 1
        seen = {0}
        path: list[int] = []
        done = 0
        trail = [self._next(done, -1)]
        nodes = 0
        while trail:
            if done == everything:
                return path
            place = trail[-1].pop() if trail[-1] else None
            nodes += 1
            if place is None or nodes > NODES:
                self.cut |= nodes > NODES
                trail.pop()
                if path and (len(path) > len(trail) - 1 or nodes > NODES):
                    last = path.pop()
                    loads.apply(shifts[last], -1)
                    done &= ~(1 << last)
                continue
            reached = done | 1 << place
            if reached in seen:
                continue
            seen.add(reached)
            loads.apply(shifts[place])
            path.append(place)
            done = reached
            trail.append(self._next(done, shifts[place].giver))
        return None

    def _next(self, done: int, free: int) -> list[int]:
        """List the moves that may come next, the best last."""
        left = [place for place in range(len(self.shifts)) if not done >> place & 1]
        giving = {self.shifts[place].giver for place in left}
        able = []
        for place in left:
            over = self.loads.excess(self.shifts[place])
            if over > self.allowed + SLIP:
                self.blocked.add(over)
            elif self.shifts[place].taker not in giving:
                return [place]  # whoever gives nothing any more may take at once
            else:
                able.append((self.shifts[place].taker == free, -over, -place, place))
        return [place for *_, place in sorted(able)]
