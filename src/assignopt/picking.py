"""Picking in turns: entitlements and wishes in, a plan whose envy is bounded by construction out.

A divisor method says whose turn it is, so that at every moment the turns taken are in proportion
to the entitlements; at its turn a rep takes what it values most, or minds least. No search, no
solver: what results can be read aloud, and is a plan or the hint of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heapreplace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from .compiling import compile_problem
from .engines.greedy import _State
from .holdings import history_of
from .objectives import Quantity
from .records import OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from .arrays import Arrays
    from .columns import Bools, Floats, Ints
    from .problem import Problem

__all__ = ["Method", "Picks", "pick", "sequence"]

Method = Literal["adams", "webster", "jefferson"]
_SIGNPOST: dict[str, float] = {"adams": 0.0, "webster": 0.5, "jefferson": 1.0}

_GOODS: tuple[Quantity, ...] = ("value", "worth")
_GUARANTEES = {
    ("adams", False): (
        "WEF1 for goods: nobody envies another, per unit of entitlement, once one task of the "
        "other is left out (Adams picking sequence)"
    ),
    ("jefferson", False): (
        "WPROP1 for goods: everybody reaches its entitlement's part of all tasks, by its own "
        "values, with one more task (Jefferson picking sequence)"
    ),
    ("adams", True): (
        "WEF1 for chores: nobody envies another, per unit of entitlement, once one task of its own "
        "is left out (Adams picking sequence, reversed)"
    ),
}
"""What is proved for (method, chores) where every rep may take every task."""


@dataclass(frozen=True, eq=False)
class Picks:
    """What reps took in turns, and what is guaranteed by that.

    It has ``assignments``, so it can be audited (``audit(problem, picks)``), measured
    (``load_report((problem, picks))``) and given to the solver (``solve(problem, hint=picks)``).

    Parameters
    ----------
    assignments
        Frame, a row for each task taken: task_id, role, rep_id; by task, the owner first.
    turns
        Frame, a row for each turn in order: turn (from 1), rep_id, task_id, role; the last two
        are None where the rep could take nothing, which ends its turns (for owners, or for roles).
    guarantee
        The theorem that holds for this plan, in words; None where none is known to.
    why
        The reasons why there is no guarantee; empty where there is one.
    of, chores, method
        How it was picked.
    """

    assignments: pd.DataFrame
    turns: pd.DataFrame
    guarantee: str | None
    why: tuple[str, ...]
    of: Quantity
    chores: bool
    method: Method


def sequence(
    weights: ArrayLike,
    turns: int,
    method: Method = "adams",
    *,
    held: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Give whose turn it is, turn by turn, in proportion to entitlements: a divisor method.

    With ``t_i`` the turns that i has had (to begin with, ``held_i``), the next turn is that of
    ``argmin_i (t_i + f) / w_i`` with ``f`` = 0 (Adams), 1/2 (Webster) or 1 (Jefferson), of equals
    the first. Adams serves everybody once before anybody twice. For chores the sequence is used
    backwards: ``sequence(...)[::-1]``.

    Parameters
    ----------
    weights
        (R,) entitlements, finite and above 0.
    turns
        How many turns; 0 or more.
    method
        ``adams``, ``webster`` or ``jefferson``.
    held
        (R,) turns had before, 0 or more, not necessarily whole; None: none.

    Returns
    -------
    numpy.ndarray
        (turns,) indices into ``weights``.

    Raises
    ------
    ValueError
        When an argument is out of range.

    References
    ----------
    M. Chakraborty, U. Schmidt-Kraepelin, W. Suksompong (2021), "Picking sequences and monotonicity
    in weighted fair division", Artificial Intelligence 301, 103578, section 3 (divisor methods, and
    which of them give which guarantee); M. Balinski, H. P. Young (1982), "Fair Representation".

    Examples
    --------
    >>> sequence([1, 2], 6).tolist()
    [0, 1, 1, 0, 1, 1]
    >>> sequence([1, 2], 6, "jefferson").tolist()
    [1, 0, 1, 1, 0, 1]
    >>> sequence([1, 1], 3, held=[2, 0]).tolist()
    [1, 1, 0]
    """
    weight = np.asarray(weights, np.float64)
    had = np.zeros(weight.shape) if held is None else np.asarray(held, np.float64)
    _check_sequence(weight, had, turns, method)
    count, per = (had + _SIGNPOST[method]).tolist(), weight.tolist()
    waiting = [(count[rep] / per[rep], rep) for rep in range(len(per))]
    heapify(waiting)
    order = np.empty(turns, np.int64)
    for turn in range(turns):
        rep = waiting[0][1]
        order[turn] = rep
        count[rep] += 1.0
        heapreplace(waiting, (count[rep] / per[rep], rep))
    return order


def _check_sequence(weight: Floats, held: Floats, turns: int, method: str) -> None:
    _check_word("method", method, get_args(Method))
    if turns < 0:
        raise ValueError(f"turns is {turns}; allowed: 0 or more. Give how many turns there are.")
    if weight.ndim != 1 or held.shape != weight.shape:
        raise ValueError(
            f"weights have shape {weight.shape}, held {held.shape}; allowed: (R,) both. Give one "
            "number per rep."
        )
    if turns and not len(weight):
        raise ValueError(f"nobody is there for {turns} turns; allowed: one rep or more (0/1).")
    for name, numbers, right, allowed in (
        ("weights", weight, weight > 0, "finite and above 0"),
        ("held", held, held >= 0, "finite and at least 0"),
    ):
        bad = ~(np.isfinite(numbers) & right)
        if bad.any():
            at = int(bad.argmax())
            raise ValueError(
                f"{name}[{at}] is {numbers[at]}; allowed: {allowed}. Leave out who gets no turn."
            )


def _check_word(name: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise ValueError(f"{name} {word!r} unknown; allowed: {', '.join(known)}. Give one of them.")


def pick(
    problem: Problem,
    *,
    of: Quantity = "value",
    chores: bool | None = None,
    method: Method = "adams",
    per: Literal["weight", "nothing"] = "weight",
    decay: float = 1.0,
) -> Picks:
    """Let the reps take tasks in turns, by entitlement.

    Turns are those of :func:`sequence`, for chores backwards. At its turn a rep takes, among the
    tasks left that it may take, the one with the most (for chores: the least) of the quantity; of
    equals the first in the table. Who can take nothing has no further turns. Once all owners are
    found, the roles of the owned tasks are taken in the same way, turns counted on.

    Every upper limit is kept: eligibility, capacity, counts, one owner for what goes together,
    calendars, ``Apart``. Least counts and loads, ``CoverAll``, ``MaxMoves`` and ``MaxLoadGap`` are
    not looked at: :func:`assignopt.audit` tells, and :func:`assignopt.solve` with the picks as
    hint repairs. Only active reps whose entitlement is above 0 have turns.

    History counts as turns had: a rep begins with the ``count`` of its history, in seats, as
    :func:`assignopt.holdings.history_of` adds it up. So one batch after the other, with what was
    carried handed on, is one long sequence.

    Parameters
    ----------
    problem
        Reps, tasks and rules; its objective does not matter.
    of
        What a rep chooses by: ``value``, ``worth``, ``load``, ``burden`` or ``count``.
    chores
        Whether less of it is better; None: not for ``value`` and ``worth``, else yes.
    method
        The divisor method. For goods Adams gives WEF1 and Jefferson WPROP1, and no sequence gives
        both; for chores Adams gives WEF1; Webster gives neither.
    per
        ``weight``: turns by entitlement; ``nothing``: the same for everyone.
    decay
        What a unit of history counts for one period later.

    Returns
    -------
    Picks
        The guarantee is named only where its theorem applies: every rep that is active may take
        every task and is entitled to something, no limit refused a pick, nobody carries anything
        from before, and there are no roles.

    Raises
    ------
    ValueError
        When an option is out of range.
    pydantic.ValidationError
        When efforts add up to more than integers of 64 bits can hold.

    References
    ----------
    Goods: M. Chakraborty, A. Igarashi, W. Suksompong, Y. Zick (2021), "Weighted envy-freeness in
    indivisible item allocation", ACM Transactions on Economics and Computation 9(3), section 3
    (WEF1); M. Chakraborty, U. Schmidt-Kraepelin, W. Suksompong (2021), "Picking sequences and
    monotonicity in weighted fair division", Artificial Intelligence 301 (WPROP1). Chores: X. Wu,
    C. Zhang, S. Zhou (2025), "Weighted EF1 allocations for indivisible chores", Artificial
    Intelligence (WEF1, the sequence reversed).

    Examples
    --------
    >>> import assignopt as ao
    >>> from assignopt.picking import pick
    >>> leads = [ao.Task("big", value=9), ao.Task("mid", value=5), ao.Task("low", value=4)]
    >>> picks = pick(ao.Problem([ao.Rep("ana"), ao.Rep("bo")], leads))
    >>> picks.turns[["rep_id", "task_id"]].to_numpy().tolist()
    [['ana', 'big'], ['bo', 'mid'], ['ana', 'low']]
    >>> picks.guarantee.partition(":")[0]
    'WEF1 for goods'
    """
    _check_word("of", of, get_args(Quantity))
    _check_word("method", method, get_args(Method))
    _check_word("per", per, ("weight", "nothing"))
    backwards = of not in _GOODS if chores is None else chores
    weights = problem.weights if per == "weight" else np.ones(len(problem.rep_columns.id))
    held = history_of(problem, "count", decay=decay, per=per)
    arrays = compile_problem(problem)
    draft = _Draft(arrays, arrays.quantity(of) * (1 if backwards else -1), backwards)
    takes = problem.rep_columns.active & (weights > 0)
    for seats in (arrays.is_owner, ~arrays.is_owner):
        draft.run(seats & takes[arrays.pair_rep], takes, weights, held, method)
    guarantee = _GUARANTEES.get((method, backwards))
    why = _obstacles(draft, takes)
    if guarantee is None:
        what = "chores" if backwards else "goods"
        why = (f"no theorem is known for {what} picked by the {method} method", *why)
    return Picks(
        draft.assignments(),
        draft.turns(),
        None if why else guarantee,
        why,
        of,
        backwards,
        method,
    )


class _Draft:
    """Who has taken what, what is still to be had, and whose limits have said no.

    Limits only tighten as tasks are taken, so a wish refused once is refused for good and each
    rep goes through its wishes once.
    """

    def __init__(self, arrays: Arrays, dislike: Floats, backwards: bool) -> None:
        self.arrays, self.dislike, self.backwards = arrays, dislike, backwards
        self.state = _State(arrays)
        self.refused = 0
        self.taken: list[tuple[int, int]] = []

    def run(
        self, pairs: Bools, takes: Bools, weights: Floats, held: Floats, method: Method
    ) -> None:
        """Let the reps that ``takes`` marks have turns until nobody may take any more.

        ``held`` (R,) is what everybody has had; it is counted on.
        """
        arrays = self.arrays
        some = np.flatnonzero(pairs)
        keys = (arrays.pair_seat[some], self.dislike[some], arrays.pair_rep[some])
        wishes = some[np.lexsort(keys)]
        cuts = np.searchsorted(arrays.pair_rep[wishes], np.arange(arrays.reps + 1))
        lists = [iter(wishes[a:b].tolist()) for a, b in pairwise(cuts)]
        left = len(np.unique(arrays.pair_seat[some]))
        there = np.flatnonzero(takes)
        while left and len(there):
            order = there[sequence(weights[there], left, method, held=held[there])]
            out: set[int] = set()
            for rep in (order[::-1] if self.backwards else order).tolist():
                if rep in out:
                    continue
                seat = self._turn(rep, lists[rep])
                self.taken.append((rep, seat))
                if seat < 0:
                    out.add(rep)
                else:
                    held[rep] += 1.0
                    left -= 1
            there = np.array([rep for rep in there.tolist() if rep not in out], np.int64)

    def _turn(self, rep: int, wishes: Iterator[int]) -> int:
        """Take the first wish that can still be had; -1 where there is none."""
        state = self.state
        for pair in wishes:
            seat = int(self.arrays.pair_seat[pair])
            if state.choice[seat] >= 0:
                continue
            if state.may_take(pair, seat, rep):
                state.take(pair, seat, rep)
                return seat
            self.refused += 1
        return -1

    def turns(self) -> pd.DataFrame:
        """Give a frame with a row for each turn."""
        rep, seat = np.array(self.taken, np.int64).reshape(-1, 2).T
        frame = pd.DataFrame({"turn": np.arange(1, len(rep) + 1)})
        frame["rep_id"] = pd.Series(self.arrays.problem.rep_columns.id[rep], dtype="str")
        task, role = self._names(seat)
        frame["task_id"] = pd.Series(task, dtype=object)
        frame["role"] = pd.Series(role, dtype=object)
        return frame

    def assignments(self) -> pd.DataFrame:
        """Give a frame with a row for each seat taken."""
        arrays = self.arrays
        chosen = np.array([pair for pair in self.state.choice if pair >= 0], np.int64)
        seat = arrays.pair_seat[chosen]
        order = np.lexsort((seat, arrays.seat_task[seat]))
        task, role = self._names(seat[order])
        rep = arrays.problem.rep_columns.id[arrays.pair_rep[chosen[order]]]
        columns = {"task_id": task, "role": role, "rep_id": rep}
        return pd.DataFrame({n: pd.Series(c, dtype="str") for n, c in columns.items()})

    def _names(self, seat: Ints) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
        """(N,) task id and role of seats, None where there is no seat."""
        tasks, arrays = self.arrays.problem.task_columns, self.arrays
        task = np.append(tasks.id[arrays.seat_task], np.array([None], object))
        owner = np.full(arrays.tasks, OWNER, object)
        role = np.concatenate([owner, tasks.roles.name, np.array([None], object)])
        return task[seat], role[seat]


def _obstacles(draft: _Draft, takes: Bools) -> tuple[str, ...]:
    """Say what of the theorems' conditions does not hold."""
    arrays, problem = draft.arrays, draft.arrays.problem
    reps, history = problem.rep_columns, problem.history_columns
    why = []
    if not takes.any():
        why.append("nobody has turns: no rep is active and entitled to something")
    nothing = reps.active & ~takes
    if nothing.any():
        why.append(f"rep {reps.id[nothing.argmax()]!r} is entitled to nothing, so it has no turns")
    if arrays.has_roles:
        why.append(f"tasks have roles besides the owner ({arrays.seats - arrays.tasks} seats)")
    wanted = int(takes.sum()) * arrays.tasks
    found = int(np.count_nonzero(arrays.is_owner & takes[arrays.pair_rep]))
    if found < wanted:
        why.append(f"not every rep may take every task ({found}/{wanted} pairs)")
    if draft.refused:
        why.append(f"limits or rules refused what a rep wanted most ({draft.refused} times)")
    if (history is not None and len(history.rep)) or reps.carried_load[takes].any():
        why.append("reps carry something from before (history or carried_load)")
    return tuple(why)
