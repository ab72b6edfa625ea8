"""One seat given to each rep in turn, everybody else's work staying as it is.

A plan and pairs (also of a task that is not in the plan) in; which of them have room, and what each
would change in every tier, out. Shares are plain numbers here, as the checker computes them, and
all candidates are compared at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..check import TOLERANCE
from ..goals import linear_term
from ..objectives import Fairness, RepsUsed, Weighted, maximises
from ..rules import Allow, CoverAll, Forbid, MinFit, Pin
from ..terms import amounts, counting_everyone, entitlements, measured_reps

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Bools, Floats, Ints
    from ..holdings import Holdings
    from ..objectives import AnyTier
    from ..problem import Problem
    from ..records import Task
    from .standing import Standing

BY_PAIR = (Allow, CoverAll, Forbid, MinFit, Pin)
"""Rules that a pair keeps or breaks whatever else is in the plan, once every seat is filled."""

DIGITS = 9
"""Digits after which numbers of two candidates are the same."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """What single seats could become, best first.

    Parameters
    ----------
    at
        (N,) places among the pairs asked about.
    changes
        (K, N) change of each tier's value.
    rank
        (N,) place; equal for ties.
    better
        (N,) 1 better than now, 0 as good, -1 worse.
    """

    at: Ints
    changes: Floats
    rank: Ints
    better: Ints


class Frozen:
    """Single changes of a plan that stays otherwise.

    Parameters
    ----------
    standing
        The plan.
    arrays
        Compiled, with the seats in it: of the plan's problem, or of one with a new task alone.
    pairs
        (N,) seats and their new reps.
    now
        (N,) the present pair of each of the seats; -1 where it is open or new.
    """

    def __init__(self, standing: Standing, arrays: Arrays, pairs: Ints, now: Ints) -> None:
        self.standing, self.arrays, self.pairs, self.now = standing, arrays, pairs, now
        self.rep = arrays.pair_rep[pairs].astype(np.int64)
        self.holder = np.where(now >= 0, arrays.pair_rep[now] if arrays.pairs else -1, -1)

    def fits(self) -> Bools:
        """(N,) whether the rep has room, by its capacity and its number of tasks."""
        reps, held = self.standing.problem.rep_columns, self.standing.found.holdings
        room = reps.capacity[self.rep] - held.load[self.rep] - self.arrays.effort[self.pairs]
        count = held.count[self.rep] + 1
        return np.asarray(~((room < -TOLERANCE * count) | (count > reps.max_tasks[self.rep])))

    def candidates(self) -> Candidates:
        """Rank all changes for which the rep has room by what they make of the tiers."""
        able = np.flatnonzero(self.fits())
        some = Frozen(self.standing, self.arrays, self.pairs[able], self.now[able])
        told = [some._tier(tier) for tier in self.standing.problem.objective]
        keys = [numbers for _, numbers in told] or [np.zeros((1, len(able) + 1))]
        place = _places(np.concatenate(keys))  # the last one stands for the plan as it is
        order = np.argsort(place[:-1], kind="stable")
        changes = np.array([value for value, _ in told]).reshape(len(told), len(able))
        better = np.sign(place[-1] - place[:-1])
        return Candidates(able[order], changes[:, order], place[:-1][order], better[order])

    def _tier(self, tier: AnyTier) -> tuple[Floats, Floats]:
        """Give (N,) changes of a tier's value, and (L, N + 1) numbers, the least being best."""
        if isinstance(tier, Fairness):
            numbers, base, at = self._fairness(tier)
            keys = np.concatenate([numbers, base[:, None]], axis=1)
            return numbers[at] - base[at], -keys if maximises(tier) else keys
        if isinstance(tier, Weighted):
            signed = [(term, weight if maximises(term) else -weight) for term, weight in tier.terms]
            total = np.asarray(sum(weight * self._change(term) for term, weight in signed))
            return total, -np.append(total, 0.0)[None]
        total = self._change(tier)
        keys = np.append(total, 0.0)[None]
        return total, -keys if maximises(tier) else keys

    def _change(self, term: Any) -> Floats:
        """(N,) change of one term's value."""
        if isinstance(term, Fairness):
            numbers, base, at = self._fairness(term)
            return np.asarray(numbers[at] - base[at])
        if isinstance(term, RepsUsed):
            count = self.standing.found.holdings.count
            gone = (self.holder >= 0) & (count[self.holder] == 1)
            return np.asarray((count[self.rep] == 0).astype(np.float64) - gone)
        coef, _ = linear_term(self.arrays, term)
        return np.asarray(coef[self.pairs] - self._of_now(coef))

    def _of_now(self, amount: Floats) -> Floats:
        """(N,) an amount of the present pairs; 0 without one."""
        return np.where(self.now >= 0, amount[self.now], 0.0)

    def _fairness(self, tier: Fairness) -> tuple[Floats, Floats, int]:
        """(L, N) numbers of a notion after each change, (L,) those of now, the value's place."""
        held = self.standing.found.holdings
        shared = self.standing.kept(("shares", tier), lambda: shares_of(held, tier))
        quantity = self.arrays.quantity(tier.of)
        rows = np.arange(len(self.rep))
        left = np.flatnonzero(self.holder >= 0)
        table = np.tile(shared.amount, (len(rows) + 1, 1))
        count = np.tile(held.count, (len(rows) + 1, 1))
        table[rows, self.rep] += quantity[self.pairs]
        count[rows, self.rep] += 1
        table[left, self.holder[left]] -= quantity[self.now[left]]
        count[left, self.holder[left]] -= 1
        who = np.broadcast_to(shared.everyone, table.shape)
        if tier.idle == "ignore":
            who = who & (count > 0)
        numbers = _numbers(tier, table, shared.weight, who, shared.everyone)
        return numbers[:, :-1], numbers[:, -1], int(tier.notion == "nash")


@dataclass(frozen=True, eq=False)
class Shares:
    """What a fairness tier measures of a plan.

    Parameters
    ----------
    amount, weight
        (R,) quantity, history included, and entitlement.
    everyone
        (R,) who is measured, idle or not.
    """

    amount: Floats
    weight: Floats
    everyone: Bools


def shares_of(held: Holdings, tier: Fairness) -> Shares:
    """Measure a plan as a fairness tier does."""
    everyone = measured_reps(held, counting_everyone(tier))
    weight = np.where(everyone, entitlements(held, tier), 1.0)
    return Shares(amounts(held, tier), weight, everyone)


def _numbers(tier: Fairness, amount: Floats, weight: Floats, who: Bools, everyone: Bools) -> Floats:
    """(L, M) the numbers of a notion for (M, R) amounts; the same as the checker's, row by row."""
    share = amount / weight
    some = np.asarray(who.any(axis=1))
    match tier.notion:
        case "leximax":
            found = -np.sort(-np.where(who, share, 0.0)[:, everyone], axis=1)
        case "leximin":
            padded = np.where(who, share, math.inf)
            found = np.sort(np.where(some[:, None], padded, 0.0)[:, everyone], axis=1)
        case "minmax":
            found = np.where(who, share, -math.inf).max(axis=1, initial=-math.inf)[:, None]
        case "maxmin":
            found = np.where(who, share, math.inf).min(axis=1, initial=math.inf)[:, None]
        case "range":
            most = np.where(who, share, -math.inf).max(axis=1, initial=-math.inf)
            least = np.where(who, share, math.inf).min(axis=1, initial=math.inf)
            found = np.where(some, most - np.where(some, least, 0.0), 0.0)[:, None]
        case "l2":
            found = np.where(who, amount * share, 0.0).sum(axis=1)[:, None]
        case "gini":
            found = _gini(amount, weight, who)[:, None]
        case "nash":
            has = who & (share > 0)
            entitled = float(weight[everyone].sum()) or 1.0
            logs = np.where(has, weight * np.log(np.where(has, share, 1.0)), 0.0).sum(axis=1)
            mean = np.where(has.any(axis=1), np.exp(logs / entitled), 0.0)
            found = np.stack([has.sum(axis=1).astype(np.float64), mean], axis=1)
    if not found.shape[1]:
        found = np.zeros((len(found), 1))
    if tier.notion not in ("leximax", "leximin"):
        found = np.where(some[:, None], found, 0.0)
    return found.T


def _gini(amount: Floats, weight: Floats, who: Bools) -> Floats:
    """(M,) Gini indices, from the sorted shares of each row."""
    q, w = np.where(who, amount, 0.0), np.where(who, weight, 0.0)
    order = np.argsort(np.where(who, amount / weight, math.inf), axis=1, kind="stable")
    q, w = np.take_along_axis(q, order, 1), np.take_along_axis(w, order, 1)
    below, held = np.cumsum(w, axis=1) - w, np.cumsum(q, axis=1) - q
    apart = (q * below - w * held).sum(axis=1)
    whole = q.sum(axis=1) * w.sum(axis=1)
    return np.where(whole > 0, apart / np.where(whole > 0, whole, 1.0), 0.0)


def _places(keys: Floats) -> Ints:
    """(N,) the place of each column of (L, N) keys compared in order, equal ones the same."""
    rounded = np.round(keys, DIGITS) + 0.0
    changing = rounded[np.not_equal(rounded, rounded[:, :1]).any(axis=1)]
    if not len(changing):
        return np.zeros(keys.shape[1], np.int64)
    order = np.lexsort(changing[::-1])
    new = np.not_equal(changing[:, order[1:]], changing[:, order[:-1]]).any(axis=0)
    places = np.empty(keys.shape[1], np.int64)
    places[order] = np.concatenate([[0], np.cumsum(new)])
    return places


# -- tasks that are not in the plan ------------------------------------------------------------


def alone(problem: Problem, task: Task, pairs: Any) -> Problem:
    """Give the problem with a new task and no other, and what concerns this task by itself."""
    mini = problem.replace(tasks=[task], rules=[], pairs=pairs, preferences=None)
    columns = mini.task_columns
    known = {*columns.tags.columns, *(name for name in vars(columns) if name != "tags")}
    rules = []
    for rule in problem.rules:
        selector = getattr(rule, "task", None)
        named = isinstance(selector, str | list)
        unknown = isinstance(selector, dict) and not set(selector) <= known
        if isinstance(rule, Allow | Forbid | MinFit) and not named and not unknown:
            rules.append(rule)
    return mini.replace(rules=rules) if rules else mini


def is_simple(problem: Problem, task: Task | None = None) -> bool:
    """Whether room and the pairs themselves are all that rules ask."""
    tasks = problem.task_columns
    timed = not np.isnan(tasks.start).all() or (task is not None and task.start is not None)
    joined = (tasks.group.codes >= 0).any() or (task is not None and task.group is not None)
    return (
        all(isinstance(rule, BY_PAIR) for rule in problem.rules)
        and not timed
        and not joined
        and not len(tasks.roles.task)
        and not (task is not None and task.roles)
    )
