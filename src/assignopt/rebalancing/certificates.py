"""Why fewer moves would not do: sums that anyone can check, from the problem alone.

Two proofs. *Prices*: every rep has a price for holding one task more. A plan pays for its moves,
and every plan's moves are bounded from below by what its tasks would cost at their cheapest place,
prices included, less what the prices of the room are worth (weak duality). Where efforts are equal
the right prices prove the fewest moves exactly. *Counts*: who has too much must give at least so
many tasks, the largest first; who has too little must get at least so many.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..check import TOLERANCE, keepable_tasks, pair_faults
from ..holdings import Holdings
from ..rules import CoverAll, MaxLoad, MaxTasks, MinLoad, MinTasks, Pin
from ..terms import present_owner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..columns import Bools, Floats, Ints
    from ..problem import Problem

CHUNK = 1_000_000
"""Pairs judged at once."""


@dataclass(frozen=True)
class MovesCertificate:
    """A proof that no plan of a problem has fewer moves.

    Parameters
    ----------
    kind
        ``prices`` or ``counts``.
    bound
        No plan that covers as much has a smaller sum of moves (by their cost, if that is asked).
    coverage
        The value of coverage of the plans that it speaks of: those with at least this much.
    cost
        The tag that says what a move costs; None: 1 each.
    prices
        With ``prices``: rep -> price of one task more; those not named are 0.
    open_price
        With ``prices``: what a unit of priority left open costs.

    References
    ----------
    Ahuja, Magnanti and Orlin (1993), *Network Flows*, ch. 9, for potentials as proofs.
    """

    kind: Literal["prices", "counts"]
    bound: float
    coverage: float
    cost: str | None
    prices: Mapping[str, float]
    open_price: float = 0.0

    @property
    def sentence(self) -> str:
        """The proof in one sentence."""
        what = "moves" if self.cost is None else f"{self.cost} of moves"
        if not self.bound:
            return f"0 {what} are the fewest that could be needed."
        if self.kind == "counts":
            why = "what the overloaded must give and the underloaded must get"
        else:
            why = "at the prices of the reps' room"
        return f"No plan that covers {self.coverage:g} has fewer than {self.bound:g} {what}: {why}."

    def __str__(self) -> str:
        return self.sentence

    def check(self, problem: Problem) -> bool:
        """Compute the bound anew, from the problem alone: whether it is what is claimed, or more.

        Raises
        ------
        TypeError
            When it is given no Problem.
        """
        if not hasattr(problem, "task_columns"):
            raise TypeError(f"{type(problem).__name__} is no Problem. Give the one to be checked")
        known = set(problem.reps)
        if not set(self.prices) <= known or self.open_price < 0 or not math.isfinite(self.bound):
            return False
        if self.kind == "counts":
            found = count_bound(problem, self.cost)
        else:
            price = np.array([self.prices.get(name, 0.0) for name in problem.reps])
            found = price_bound(problem, price, self.open_price, self.coverage, self.cost)
        return self.bound <= found + 1e-9 * max(1.0, abs(found))

    def to_data(self) -> dict[str, Any]:
        """Give the certificate as plain data, ready for JSON."""
        return {**vars(self), "prices": dict(self.prices)}

    def to_json(self) -> str:
        """Give the certificate as JSON text."""
        return json.dumps(self.to_data(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> MovesCertificate:
        """Read what :meth:`to_json` wrote."""
        return cls(**json.loads(text))


# -- what the problem says ---------------------------------------------------------------------


def room(problem: Problem) -> tuple[Floats, Floats]:
    """(R,) the least and the most new effort of each rep, by capacity and rules about loads."""
    reps = problem.rep_columns
    most = np.where(np.isnan(reps.capacity), np.inf, reps.capacity)
    least = np.full(len(reps.id), -np.inf)
    for rule in problem.rules:
        if isinstance(rule, MaxLoad):
            most = np.where(problem.select_reps(rule.rep), np.minimum(most, rule.value), most)
        if isinstance(rule, MinLoad):
            who = problem.select_reps(rule.rep) & reps.active
            least = np.where(who, np.maximum(least, rule.value), least)
    carried = reps.carried_load
    return np.maximum(least - carried, 0.0), np.maximum(most - carried, 0.0)


def counts(problem: Problem, lightest: Floats, heaviest: Floats) -> tuple[Floats, Floats]:
    """(R,) the least and the most tasks of each rep, given their lightest and heaviest pairs."""
    reps = problem.rep_columns
    low, high = room(problem)
    slip = 2 * TOLERANCE * (1 + len(problem.task_columns.id))
    with np.errstate(invalid="ignore", divide="ignore"):
        most = np.where(lightest > 0, np.floor((high + slip) / lightest), np.inf)
        short = np.where(heaviest > 0, np.ceil((low - slip) / heaviest), 0.0)
    most = np.fmin(most, np.where(np.isnan(reps.max_tasks), np.inf, reps.max_tasks))
    least = np.where(low > slip, np.maximum(short, 0.0), 0.0)
    for rule in problem.rules:
        if isinstance(rule, MaxTasks) and rule.per is None and rule.task is None:
            most = np.where(problem.select_reps(rule.rep), np.minimum(most, rule.n), most)
        if isinstance(rule, MinTasks) and rule.per is None and rule.task is None:
            who = problem.select_reps(rule.rep) & reps.active
            least = np.where(who, np.maximum(least, rule.n), least)
    return least, most


def _mandatory(problem: Problem) -> Bools:
    """(T,) tasks that a rule wants assigned."""
    wanted = np.zeros(len(problem.task_columns.id), bool)
    for rule in problem.rules:
        if isinstance(rule, CoverAll):
            wanted |= problem.select_tasks(rule.where)
        if isinstance(rule, Pin):
            wanted |= problem.task_columns.id == rule.task
    return wanted


def _owners(problem: Problem) -> Ints:
    """(T,) rep row of the present owner; -1 where there is none, or they may not keep it."""
    nothing = np.zeros(0, np.int64)
    owner = present_owner(Holdings(problem, nothing, nothing, nothing))
    return np.where(keepable_tasks(problem), owner, -1)


def _eligible(problem: Problem, tasks: Ints) -> tuple[Bools, Floats]:
    """(N, R) who may own these tasks, each pair by itself, and at what effort."""
    reps = len(problem.rep_columns.id)
    held = Holdings(
        problem,
        np.repeat(tasks, reps),
        np.tile(np.arange(reps), len(tasks)),
        np.full(len(tasks) * reps, -1, np.int64),
    )
    fine = np.ones(len(held), bool)
    for fault in pair_faults(held):
        fine &= ~fault.bad
    return fine.reshape(-1, reps), held.effort.reshape(-1, reps)


# -- bounds ------------------------------------------------------------------------------------


def price_bound(
    problem: Problem, price: Floats, open_price: float, coverage: float, cost: str | None
) -> float:
    """Bound the cost of the moves of every plan that covers so much, at any prices of the reps.

    With ``c_tr`` the cost of task t at rep r (0 at its owner), ``p_t`` its priority, ``y_r`` the
    prices and ``z`` the price of what is open::

        bound = z * coverage + sum_t min(c_t or 0 if open, min_r c_tr - z * p_t + y_r)
                - sum_r (y_r * most_r if y_r > 0 else y_r * least_r)

    Tasks with roles cover by their share; only what their owner adds is counted, so the bound is
    that of plans in which every role is filled at no price.
    """
    columns, reps = problem.task_columns, len(problem.rep_columns.id)
    tasks = len(columns.id)
    owner, costs = _owners(problem), problem.move_costs(cost)
    mandatory = _mandatory(problem)
    seats = 1 + np.bincount(columns.roles.task, minlength=tasks)
    gain = open_price * columns.priority / seats
    by_roles = open_price * float((columns.priority * (seats - 1) / seats).sum())
    lightest, heaviest = np.full(reps, np.inf), np.zeros(reps)
    total = open_price * coverage - by_roles
    step = max(1, CHUNK // max(reps, 1))
    for at in range(0, tasks, step):
        rows = np.arange(at, min(at + step, tasks))
        fine, effort = _eligible(problem, rows)
        lightest = np.minimum(lightest, np.where(fine, effort, np.inf).min(axis=0, initial=np.inf))
        heaviest = np.maximum(heaviest, np.where(fine, effort, 0.0).max(axis=0, initial=0.0))
        move = np.where(np.arange(reps) == owner[rows][:, None], 0.0, costs[rows][:, None])
        move = np.where(owner[rows][:, None] < 0, 0.0, move)
        held = np.where(fine, move + price - gain[rows][:, None], np.inf).min(
            axis=1, initial=np.inf
        )
        left = np.where(owner[rows] >= 0, costs[rows], 0.0)
        left = np.where(mandatory[rows], np.inf, left)
        total += float(np.minimum(held, left).sum())
    least, most = counts(problem, lightest, heaviest)
    if (np.isinf(most) & (price > 0)).any():
        return -math.inf
    with np.errstate(invalid="ignore"):
        paid = np.where(price > 0, price * most, np.where(price < 0, price * least, 0.0))
    if len(columns.roles.task) and paid.any():
        return -math.inf  # roles take room, too, that the tasks here do not pay for
    return total - float(paid.sum())


def count_bound(problem: Problem, cost: str | None = None) -> float:
    """Bound the moves of every plan by what the overloaded must give, or the underloaded get.

    What the underloaded get may be work that is free to move: of the tasks they need at least,
    those are no moves. With roles, which count as work too, only the overloaded are counted.

    References
    ----------
    The lower bounds of Aggarwal, Motwani and Zhu (2006), "The load rebalancing problem".
    """
    owner, costs = _owners(problem), problem.move_costs(cost)
    owned = np.flatnonzero(owner >= 0)
    held = Holdings(problem, owned, owner[owned], np.full(len(owned), -1, np.int64))
    low, high = room(problem)
    most = np.where(np.isnan(problem.rep_columns.max_tasks), np.inf, problem.rep_columns.max_tasks)
    given, wanted = 0.0, 0
    for rep in range(len(problem.rep_columns.id)):
        mine = held.rep == rep
        efforts = held.effort[mine]
        given += _cheapest(efforts, costs[owned[mine]], float(high[rep]), float(most[rep]))
        wanted += _wanted(problem, rep, owner, float(low[rep] - efforts.sum()))
    needed = max(0, wanted - int((owner < 0).sum()))
    return max(given, float(np.sort(costs[owned])[:needed].sum()))


def _wanted(problem: Problem, rep: int, owner: Ints, short: float) -> int:
    """Count the tasks a rep must get at least, the largest first."""
    if short <= 2 * TOLERANCE * (1 + len(owner)) or len(problem.task_columns.roles.task):
        return 0
    others = np.flatnonzero(owner != rep)
    held = Holdings(problem, others, np.full(len(others), rep), np.full(len(others), -1, np.int64))
    fine = np.ones(len(others), bool)
    for fault in pair_faults(held):
        fine &= ~fault.bad
    reached = np.cumsum(-np.sort(-held.effort[fine]))
    slip = 2 * TOLERANCE * (1 + len(owner))
    return int((reached < short - slip).sum()) + 1


def _cheapest(effort: Floats, cost: Floats, high: float, most: float) -> float:
    """Bound the cost of giving tasks away until the rest fits: the fewest, at the least costs."""
    slip = 2 * TOLERANCE * (1 + len(effort))
    needed = max(0, len(effort) - int(most)) if math.isfinite(most) else 0
    rest = effort.sum() - np.cumsum(-np.sort(-effort))
    over = np.append(effort.sum(), rest) > high + slip
    needed = max(needed, int(over.sum()))
    return float(np.sort(cost)[:needed].sum())
