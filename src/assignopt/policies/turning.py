"""Policies that take turns by entitlement: the objects of :mod:`assignopt.turns`, by rep id."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from math import lcm
from typing import TYPE_CHECKING, Literal

from ..turns import Quota as Turns
from ..turns.parts import TIE, in_parts, split
from ..turns.reading import as_fraction
from .options import Options
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..records import Task
    from .policy import Choice
    from .state import State

KEPT = 1000
"""How many of the latest tasks can be credited back exactly."""


def _entitled(state: State) -> dict[str, float]:
    """Give the weights of those who are there, above 0."""
    return {
        name: weight
        for name, weight in state.weight.items()
        if weight > 0 and state.available[name]
    }


class Quota(Policy):
    r"""Give turns in proportion to weights, within less than one turn at every moment.

    Tijdeman's rule, as :class:`assignopt.Quota`: with :math:`l_i = w_i / \sum w`, at turn ``s``
    those may be chosen for whom ``l_i s - A_i >= 1 / (2n - 2)``, and of them it is the one with the
    earliest deadline. Where everybody may take everything,
    :math:`|A_i(s) - l_i s| \le 1 - 1/(2n - 2)` for everybody, after every task.

    Where not everybody may take a task, the rule looks at the candidates alone; if it may choose
    none of them yet, the candidate who is owed most takes it. No bound holds then: see
    :class:`Debt`, which owes nobody anything for what they may not take. Who is set unavailable
    leaves the turns, and comes back owed nothing for the time away.

    References
    ----------
    R. Tijdeman (1980), "The chairman assignment problem", Discrete Mathematics 32(3), 323-330.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana", weight=3), ao.Rep("bo", weight=2), ao.Rep("cy")], [])
    >>> router = ao.Router(team, policy=ao.policies.Quota())
    >>> [router.assign(ao.Task(f"t{n}")).rep_id for n in range(6)]
    ['ana', 'bo', 'ana', 'cy', 'bo', 'ana']
    """

    source = "Tijdeman 1980"

    def begin(self, state: State) -> None:
        """Begin with nobody owed anything."""
        self._take_over(Turns(_entitled(state)), state)

    def _take_over(self, turns: Turns, state: State) -> None:
        """Hold everything in whole parts of a turn: owed = at + rate * turns - unit * taken."""
        saved = turns.state
        owed = {name: Fraction(text) for name, text in saved["owed"].items()}
        weight = {name: Fraction(text) for name, text in saved["weights"].items()}
        whole = sum(weight.values(), Fraction(0))
        rate = {name: one / whole for name, one in weight.items()}
        unit = lcm(*(one.denominator for one in (*owed.values(), *rate.values())))
        state.memory.update(
            unit=unit,
            rate={name: int(one * unit) for name, one in rate.items()},
            at={name: int(one * unit) for name, one in owed.items()},
            taken=dict.fromkeys(rate, 0),
            turns=0,
        )

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        memory = state.memory
        unit, rate, at, taken = (memory[name] for name in ("unit", "rate", "at", "taken"))
        turn = memory["turns"] + 1
        margin = max(2 * len(rate) - 2, 1)
        most = unit * (margin - 1)
        best: tuple[int, int] | None = None
        chosen, owed, owed_most = "", -1, ""
        for name in state.candidates:
            if name not in rate:
                continue
            each = rate[name]
            due = at[name] + each * turn - unit * taken[name]
            if not owed_most or due > owed:
                owed, owed_most = due, name
            if due * margin >= unit:
                slack = most - due * margin
                if best is None or slack * best[1] < best[0] * each:
                    best, chosen = (slack, each), name
        return chosen or owed_most or state.candidates[0]

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Count a turn."""
        if rep_id in state.memory["rate"]:
            state.memory["taken"][rep_id] += 1
            state.memory["turns"] += 1

    def credited(self, task: Task, rep_id: str, state: State) -> None:
        """Take back a turn, as if it had not been."""
        if rep_id in state.memory["rate"]:
            state.memory["taken"][rep_id] -= 1
            state.memory["turns"] -= 1

    def team_changed(self, state: State) -> None:
        """Let who is there take turns from now on, by the weights of now."""
        memory, weights = state.memory, _entitled(state)
        unit, turns = memory["unit"], memory["turns"]
        rate = memory["rate"]
        owed = {
            name: memory["at"][name] + rate[name] * turns - unit * memory["taken"][name]
            for name in rate
        }
        saved = {
            "weights": {name: str(Fraction(one, unit)) for name, one in rate.items()},
            "counts": dict.fromkeys(rate, 0),
            "owed": {name: str(Fraction(one, unit)) for name, one in owed.items()},
            "turns": turns,
            "deviation": "0",
            "changed": True,
        }
        self._take_over(Turns(weights, state=saved), state)


class Debt(Policy):
    r"""Give each task to the candidate most owed: the carpool rule.

    As :class:`assignopt.Debt`: each task is due to those who may take it, by weight; the one with
    the largest ``fair share - carried``, the share of this task included, has it. Who may not take
    it (skills, room, absence) is owed nothing for it. Of equals one is drawn by a hash of the seed,
    the number of the task and the id. Exact whole parts: nothing drifts.

    Parameters
    ----------
    of
        ``"count"``: every task counts 1; ``"effort"``: as much as it takes of who has it.

    References
    ----------
    R. Fagin and J. Williams (1983), "A fair carpool scheduling algorithm", IBM Journal of Research
    and Development 27(2), 133-139.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = ao.Problem([ao.Rep("ana"), ao.Rep("bo"), ao.Rep("cy", skills={"german"})], [])
    >>> router = ao.Router(team, policy=ao.policies.Debt())
    >>> asks = [{"german": 1}, {}, {}, {"german": 1}, {}, {}]
    >>> taken = [router.assign(ao.Task(f"t{n}", requires=one)).rep_id for n, one in enumerate(asks)]
    >>> taken.count("ana"), taken.count("bo"), taken.count("cy")  # german: cy's alone
    (1, 2, 3)
    """

    source = "Fagin and Williams 1983"

    def __init__(self, of: Literal["count", "effort"] = "count") -> None:
        options = Options(self)
        self.of = options.word("of", of, ("count", "effort"))
        options.done()

    def begin(self, state: State) -> None:
        """Begin with nobody owed anything."""
        state.memory.update(debt={}, number=0, latest={})

    def _parts(self, rep_id: str, state: State) -> int:
        return in_parts(_exact(state.effort_of(rep_id) if self.of == "effort" else 1.0))

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        debt, number = state.memory["debt"], state.memory["number"]
        pool = _pool(state.candidates, state)
        if not pool:
            return state.candidates[0]
        parts = min(self._parts(name, state) for name, _ in pool)
        owed = {name: debt.get(name, 0) + due for name, due in split(parts, pool).items()}
        most = max(owed.values())
        equal = [name for name, one in owed.items() if most - one <= TIE]
        if len(equal) == 1:
            return equal[0]
        return min(
            equal, key=lambda name: sha256(f"{state.seed}/{number}/{name}".encode()).digest()
        )

    def assigned(self, task: Task, rep_id: str, state: State) -> None:
        """Count what is due to whom, and who carried it."""
        memory = state.memory
        named = state.candidates or (rep_id,)
        self._count(1, rep_id, self._parts(rep_id, state), _pool(named, state), state)
        memory["number"] += 1
        memory["latest"][task.id] = [self._parts(rep_id, state), list(named)]
        if len(memory["latest"]) > KEPT:
            del memory["latest"][next(iter(memory["latest"]))]

    def credited(self, task: Task, rep_id: str, state: State) -> None:
        """Undo it; what is too long ago is taken off everybody's share, by weight."""
        parts, named = state.memory["latest"].pop(task.id, (None, list(state.reps)))
        if parts is None:
            effort = task.effort / state.reps[rep_id].efficiency
            parts = in_parts(_exact(effort if self.of == "effort" else 1.0))
        self._count(-1, rep_id, parts, _pool(named, state), state)

    def _count(
        self, sign: int, taker: str, parts: int, pool: list[tuple[str, Fraction]], state: State
    ) -> None:
        debt = state.memory["debt"]
        if pool:
            for name, due in split(parts, pool).items():
                debt[name] = debt.get(name, 0) + sign * due
            debt[taker] = debt.get(taker, 0) - sign * parts


def _pool(names: Sequence[str], state: State) -> list[tuple[str, Fraction]]:
    return [(name, _exact(state.weight[name])) for name in names if state.weight[name] > 0]


def _exact(number: float) -> Fraction:
    """Read a number as the decimal that it is written as; whole numbers, the usual, at once."""
    if number == int(number):
        return Fraction(int(number))
    found = as_fraction(number)
    assert found is not None
    return found
