"""Prices that prove a plan's moves to be the fewest: a plan in, a certificate out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..check import keepable_tasks
from ..compiling import compile_problem
from ..objectives import Coverage, Moves
from ..terms import term_value
from .certificates import MovesCertificate, count_bound, counts, price_bound

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Floats, Ints
    from ..holdings import Holdings
    from ..problem import Problem

LARGEST = 1_500
"""Reps up to which prices are looked for: they take a table of reps by reps."""

NOTHING = 1e-9


def certified(problem: Problem, held: Holdings, cost: str | None) -> MovesCertificate:
    """Give the best proof known of how few moves there have to be, given what a plan covers."""
    keepable = keepable_tasks(problem)
    moves = term_value(held, Moves(cost), keepable)
    coverage = term_value(held, Coverage(), keepable)
    least = count_bound(problem, cost) if moves else 0.0
    best = MovesCertificate("counts", least, coverage, cost, {})
    if best.bound >= moves - NOTHING * max(1.0, moves) or len(problem.rep_columns.id) > LARGEST:
        return best
    found = _prices(problem, held, cost)
    if found is None:
        return best
    price, open_price = found
    bound = price_bound(problem, price, open_price, coverage, cost)
    if bound <= best.bound:
        return best
    bound = min(bound, moves) if bound > moves - 1e-6 * max(1.0, moves) else bound
    names = problem.rep_columns.id
    named = {str(names[rep]): float(price[rep]) for rep in np.flatnonzero(price)}
    return MovesCertificate("prices", float(bound), coverage, cost, named, open_price)


def _prices(problem: Problem, held: Holdings, cost: str | None) -> tuple[Floats, float] | None:
    """Find prices at which no chain of single moves makes a plan cheaper; None if one does.

    Constraints ``y_r - y_s <= w_rs`` between the prices of the reps, with ``w_rs`` the cheapest
    way of bringing a task from r to s; solved by shortest paths (Bellman and Ford).
    """
    arrays = compile_problem(problem)
    owners = np.flatnonzero(arrays.pair_seat < arrays.tasks)
    seat, rep = arrays.pair_seat[owners].astype(np.int64), arrays.pair_rep[owners].astype(np.int64)
    costs = problem.move_costs(cost)
    present = arrays.present[: arrays.tasks]
    moved = np.where(present[seat] >= 0, costs[seat], 0.0)
    moved = np.where(present[seat] == owners, 0.0, moved)
    open_price = 1.0 + float(costs.sum())
    away = np.where(present >= 0, costs, 0.0) + open_price * problem.task_columns.priority
    now = held.owner
    mine = np.full(arrays.tasks, np.nan)
    at = now[seat] == rep
    mine[seat[at]] = moved[at]
    if (np.isnan(mine) & (now >= 0)).any():
        return None
    table = _ways(arrays, seat, rep, moved, away, now, mine)
    count = np.bincount(now[now >= 0], minlength=arrays.reps)
    lightest, heaviest = _extremes(arrays, owners)
    least, most = counts(problem, lightest, heaviest)
    last = arrays.reps
    table[:last, last] = np.where(
        count < most, np.minimum(table[:last, last], 0.0), table[:last, last]
    )
    table[last, :last] = np.where(
        count > least, np.minimum(table[last, :last], 0.0), table[last, :last]
    )
    price = _potentials(table)
    return None if price is None else (price, open_price)


def _ways(
    arrays: Arrays, seat: Ints, rep: Ints, moved: Floats, away: Floats, now: Ints, mine: Floats
) -> Floats:
    """(R + 1, R + 1) what it takes at least to bring a task from one to another; last is nobody."""
    last = arrays.reps
    table = np.full((last + 1, last + 1), np.inf)
    source = np.where(now >= 0, now, last)
    paid = np.where(now >= 0, np.nan_to_num(mine), away)
    np.minimum.at(table, (source[seat], rep), moved - paid[seat])
    held = np.flatnonzero((now >= 0) & ~arrays.mandatory[: arrays.tasks])
    np.minimum.at(table, (now[held], np.full(len(held), last)), away[held] - mine[held])
    np.fill_diagonal(table, 0.0)
    return table


def _extremes(arrays: Arrays, owners: Ints) -> tuple[Floats, Floats]:
    """(R,) the lightest and the heaviest pair of each rep."""
    lightest, heaviest = np.full(arrays.reps, np.inf), np.zeros(arrays.reps)
    np.minimum.at(lightest, arrays.pair_rep[owners], arrays.effort[owners])
    np.maximum.at(heaviest, arrays.pair_rep[owners], arrays.effort[owners])
    return lightest, heaviest


def _potentials(table: Floats) -> Floats | None:
    """(R,) prices y with ``y_r - y_s <= w_rs``, that of the last 0; None with a negative cycle."""
    nodes = len(table)
    price = np.zeros(nodes)
    for _ in range(nodes + 1):
        better = np.minimum(price, (table + price[None, :]).min(axis=1))
        if np.allclose(better, price, rtol=0, atol=1e-12):
            return np.asarray((better - better[-1])[:-1] + 0.0)
        price = better
    return None
