"""Two plans in, the seats that are held by the same rep and those that are not out.

The ids of both problems are put in common tables (those of the problem after come first), so that
seats are matched as columns of numbers, not one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..columns import texts
from ..records import OWNER

if TYPE_CHECKING:
    from ..columns import Bools, Ints, Texts
    from ..holdings import Holdings
    from ..problem import Problem


@dataclass(frozen=True, eq=False)
class Places:
    """Where the rows of one problem stand in the common tables.

    Parameters
    ----------
    rep, task
        (R,), (T,) row in the common tables.
    role
        (roles + 1,) number of the role's name; the last is the owner's, 0.
    has_rep, has_task
        Which rows of the common tables the problem has.
    role_seats
        Sorted numbers of the seats that are roles.
    """

    rep: Ints
    task: Ints
    role: Ints
    has_rep: Bools
    has_task: Bools
    role_seats: Ints


@dataclass(frozen=True, eq=False)
class Common:
    """The ids of two problems in common tables.

    Parameters
    ----------
    reps, tasks
        Ids: those of the problem after in its order, then those only the one before has.
    roles
        Names of roles, the owner first.
    before, after
        Where each problem's rows stand in them.
    """

    reps: Texts
    tasks: Texts
    roles: Texts
    before: Places
    after: Places

    @classmethod
    def of(cls, before: Problem, after: Problem) -> Common:
        """Put the ids of two problems in common tables."""
        reps, old_rep = _union(after.rep_columns.id, before.rep_columns.id)
        tasks, old_task = _union(after.task_columns.id, before.task_columns.id)
        names = after.task_columns.roles.name, before.task_columns.roles.name
        codes, distinct = pd.factorize(np.concatenate(names), sort=True)
        codes = codes.astype(np.int64) + 1
        roles = np.append(texts([OWNER]), distinct)
        new_rep, new_task = np.arange(len(after.reps)), np.arange(len(after.tasks))
        old_role, new_role = codes[len(names[0]) :], codes[: len(names[0])]

        def places(problem: Problem, rep: Ints, task: Ints, role: Ints) -> Places:
            seats = np.sort(task[problem.task_columns.roles.task] * len(roles) + role)
            there = _mask(rep, len(reps)), _mask(task, len(tasks))
            return Places(rep, task, np.append(role, 0), *there, seats)

        old = places(before, old_rep, old_task, old_role)
        return cls(reps, tasks, roles, old, places(after, new_rep, new_task, new_role))

    def seats(self, task: Ints, role: Ints) -> Ints:
        """(N,) number of each seat, by task and then role, the owner first."""
        return task * len(self.roles) + role

    def exists(self, places: Places, seat: Ints) -> Bools:
        """(N,) whether a problem has these seats."""
        task, role = np.divmod(seat, len(self.roles))
        there: Bools = places.has_task[task] & ((role == 0) | np.isin(seat, places.role_seats))
        return there

    def held(self, places: Places, held: Holdings) -> tuple[Ints, Ints]:
        """Give the number of each seat held, and the row of its holder, in common numbers."""
        seat = self.seats(places.task[held.task], places.role[held.role])
        return seat, places.rep[held.rep]


def _union(first: Texts, second: Texts) -> tuple[Texts, Ints]:
    """Give the first ids and what the second have besides; and the rows of the second."""
    rows = pd.Index(first, dtype=object).get_indexer(pd.Index(second, dtype=object))
    new = rows < 0
    rows = rows.astype(np.int64)
    rows[new] = len(first) + np.arange(new.sum())
    return np.concatenate([first, second[new]]), rows


def _mask(rows: Ints, size: int) -> Bools:
    mask = np.zeros(size, bool)
    mask[rows] = True
    return mask


@dataclass(frozen=True, eq=False)
class Matched:
    """Which seats stay with their holder and which change it.

    Parameters
    ----------
    common
        The ids.
    kept
        (K,) entry among the holdings after, for each seat that stays.
    seat
        (M,) number of each seat that changes its holder, ascending.
    before, after
        (M,) entry among the holdings of each side; -1 where nobody holds it.
    all_before, all_after
        Number of every seat held on each side.
    rep_before, rep_after
        Row of every holder on each side.
    """

    common: Common
    kept: Ints
    seat: Ints
    before: Ints
    after: Ints
    all_before: Ints
    all_after: Ints
    rep_before: Ints
    rep_after: Ints

    @property
    def task(self) -> Ints:
        """(M,) row of each changed seat's task."""
        return self.seat // len(self.common.roles)

    @property
    def role(self) -> Ints:
        """(M,) number of each changed seat's role."""
        return self.seat % len(self.common.roles)

    @cached_property
    def giver(self) -> Ints:
        """(M,) row of the rep who held the seat; -1 for nobody."""
        return np.append(self.rep_before, -1)[self.before]

    @cached_property
    def taker(self) -> Ints:
        """(M,) row of the rep who holds the seat now; -1 for nobody."""
        return np.append(self.rep_after, -1)[self.after]

    @property
    def holders(self) -> tuple[Ints, Ints]:
        """(M,) each: how many hold the seat before and after; one at most if no rule is broken."""
        return _count(self.all_before, self.seat), _count(self.all_after, self.seat)


def _count(among: Ints, wanted: Ints) -> Ints:
    ordered = np.sort(among)
    counts: Ints = np.searchsorted(ordered, wanted, "right") - np.searchsorted(ordered, wanted)
    return counts


def match(before: Holdings, after: Holdings) -> Matched:
    """Match the seats of two plans.

    A seat that several reps hold, against the rules, is matched holder by holder.
    """
    common = Common.of(before.problem, after.problem)
    old, new = common.held(common.before, before), common.held(common.after, after)
    frames = []
    for seat, rep in (old, new):
        frame = pd.DataFrame({"seat": seat, "rep": rep, "at": np.arange(len(seat))})
        frames.append(frame.assign(copy=frame.groupby(["seat", "rep"]).cumcount()))
    both = frames[0].merge(frames[1], on=["seat", "rep", "copy"], suffixes=("_before", "_after"))
    rest = []
    for frame, kept in zip(frames, (both["at_before"], both["at_after"]), strict=True):
        left = frame[~_mask(kept.to_numpy(), len(frame))]
        rest.append(left.assign(turn=left.groupby("seat").cumcount())[["seat", "turn", "at"]])
    moved = rest[0].merge(rest[1], on=["seat", "turn"], how="outer", suffixes=("_before", "_after"))
    moved = moved.sort_values(["seat", "turn"]).fillna(-1).astype(np.int64)
    return Matched(
        common,
        both["at_after"].to_numpy(),
        moved["seat"].to_numpy(),
        moved["at_before"].to_numpy(),
        moved["at_after"].to_numpy(),
        old[0],
        new[0],
        old[1],
        new[1],
    )
