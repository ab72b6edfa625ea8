"""Matched seats in, the frame of moves out: who gives what to whom, and what can be shown of why.

A reason is a fact that was checked: a rule that rules the old pair out, a task that came or went.
Where no rule on the pair forces a move, the reason says so and gives the numbers of both pairs; it
never guesses at a cause.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..check import pair_faults
from ..columns import texts
from ..holdings import Holdings
from ..plan import frame_of
from .loads import both_amounts
from .words import change, same

if TYPE_CHECKING:
    from ..columns import Bools, Floats, Ints, Texts
    from .matching import Matched
    from .reading import Side

MOVES = {
    "task_id": "str",
    "role": "str",
    "from_rep": "str",
    "to_rep": "str",
    "kind": "str",
    "reason": "str",
    "effort_change": "float64",
    "fit_change": "float64",
    "value_change": "float64",
}


class MoveKind(StrEnum):
    """What sort of change a row of :attr:`assignopt.Diff.moves` is; the first that applies.

    * ``NEW``: the task, or the role, is new.
    * ``GONE``: the task, or the role, is gone.
    * ``ASSIGNED``: the seat was open.
    * ``FORCED``: the rep left, or a rule on the pair rules it out in the problem after.
    * ``LEFT_OPEN``: nobody has the seat now, and no rule on the pair forced that.
    * ``REASSIGNED``: another rep has it, and no rule on the pair forced that.
    * ``HOLDERS``: somebody joins or leaves a seat that, against the rules, several hold.
    """

    NEW = "new"
    GONE = "gone"
    ASSIGNED = "assigned"
    FORCED = "forced"
    LEFT_OPEN = "left_open"
    REASSIGNED = "reassigned"
    HOLDERS = "holders"


def moves_frame(before: Side, after: Side, matched: Matched) -> pd.DataFrame:
    """Make the frame of moves, a row for each seat whose holder differs."""
    common = matched.common
    held = (before.held, matched.before), (after.held, matched.after)
    amounts = {
        name: [_taken(getattr(one, name), at) for one, at in held]
        for name in ("effort", "fit", "value")
    }
    forced = _forced(before, after, matched)
    kind = _kinds(matched, forced != "")
    reps = np.append(common.reps, texts([None]))
    return frame_of(
        {
            "task_id": common.tasks[matched.task],
            "role": common.roles[matched.role],
            "from_rep": _missing(reps[matched.giver]),
            "to_rep": _missing(reps[matched.taker]),
            "kind": kind,
            "reason": _reasons(before, after, matched, kind, forced, amounts),
            **{f"{name}_change": now - was for name, (was, now) in amounts.items()},
        },
        MOVES,
    )


def _missing(ids: Texts) -> pd.Series[str]:
    """Make a column of ids in which None stays missing."""
    return pd.Series(pd.array(ids, dtype="str"))


def _taken(amounts: Floats, at: Ints) -> Floats:
    """(M,) the amount of each entry; 0 where nobody holds the seat."""
    return np.append(amounts, 0.0)[at]


def _kinds(matched: Matched, forced: Bools) -> Texts:
    common, seat = matched.common, matched.seat
    was_held, is_held = (count > 0 for count in matched.holders)
    gives, takes = matched.giver >= 0, matched.taker >= 0
    conditions = [
        (~common.exists(common.before, seat), MoveKind.NEW),
        (~common.exists(common.after, seat), MoveKind.GONE),
        (~gives & ~was_held, MoveKind.ASSIGNED),
        (forced, MoveKind.FORCED),
        (~takes & ~is_held, MoveKind.LEFT_OPEN),
        (gives & takes, MoveKind.REASSIGNED),
    ]
    tests = [test for test, _ in conditions]
    names = np.array([str(kind) for _, kind in conditions] + [str(MoveKind.HOLDERS)], object)
    first = np.select(tests, list(range(len(tests))), len(tests))
    kinds: Texts = names[first]
    return kinds


# -- what rules the old pair out ---------------------------------------------------------------


def _forced(before: Side, after: Side, matched: Matched) -> Texts:
    """(M,) why the old holder may not keep the seat in the problem after; empty if it may."""
    common = matched.common
    why = np.full(len(matched.seat), "", object)
    old = np.flatnonzero((matched.before >= 0) & common.exists(common.after, matched.seat))
    left = ~common.after.has_rep[matched.giver[old]]
    for i in old[left].tolist():
        why[i] = f"{common.reps[matched.giver[i]]!r} is no longer in the team"
    stay = old[~left]
    told = _faults(_old_pairs(after, matched, stay))
    stay, told = stay[told != ""], told[told != ""]
    at = matched.before[stay]
    mine = before.held
    already = _faults(Holdings(mine.problem, mine.task[at], mine.rep[at], mine.role[at])) != ""
    for i, words, was in zip(stay.tolist(), told.tolist(), already.tolist(), strict=True):
        name, longer = repr(common.reps[matched.giver[i]]), "" if was else " longer"
        if words == _INACTIVE:
            why[i] = f"{name} is no longer active" if longer else f"{name} is not active"
        else:
            why[i] = f"{name} may {'no' if longer else 'not'}{longer} hold it: {words}"
    return why


_INACTIVE = "the rep is not active"


def _old_pairs(after: Side, matched: Matched, rows: Ints) -> Holdings:
    """Give the old holders of these seats as if they held them in the problem after.

    Rows of the common tables are rows of the problem after, which come first in them.
    """
    problem = after.problem
    places, seat = matched.common.after, matched.seat[rows]
    roles = problem.task_columns.roles
    numbers = matched.common.seats(places.task[roles.task], places.role[:-1])
    order = np.argsort(numbers)
    role = np.full(len(rows), -1, np.int64)
    shared = matched.role[rows] > 0
    role[shared] = order[np.searchsorted(numbers[order], seat[shared])]
    return Holdings(problem, matched.task[rows], matched.giver[rows], role)


def _faults(held: Holdings) -> Texts:
    """(N,) what rules each pair out, in the checker's words; empty if nothing does."""
    tasks, reps = held.problem.task_columns.id, held.problem.rep_columns.id
    told = np.full(len(held), "", object)
    for fault in pair_faults(held):
        for i in np.flatnonzero(fault.bad & (told != _INACTIVE)).tolist():
            pair = f"task {tasks[held.task[i]]!r} with rep {reps[held.rep[i]]!r}: "
            words = fault.describe(i)[2].removeprefix(pair)
            told[i] = f"{told[i]}; {words}" if told[i] else words
    return told


# -- the sentences -----------------------------------------------------------------------------


def _reasons(
    before: Side,
    after: Side,
    matched: Matched,
    kind: Texts,
    forced: Texts,
    amounts: dict[str, list[Floats]],
) -> Texts:
    out = np.full(len(kind), "", object)
    left = _left_open(after, matched)
    role = np.where(matched.role > 0, "role", "task")
    for name, words in ((MoveKind.NEW, "new {}"), (MoveKind.GONE, "{} is gone")):
        for thing in ("role", "task"):
            out[(kind == name) & (role == thing)] = words.format(thing)
    out[kind == MoveKind.ASSIGNED] = "was open; now assigned"
    was, now = matched.holders
    for i in np.flatnonzero(kind == MoveKind.HOLDERS).tolist():
        out[i] = f"holders of the seat: {was[i]} -> {now[i]}"
    for i in np.flatnonzero(kind == MoveKind.FORCED).tolist():
        out[i] = forced[i] if now[i] else f"{forced[i]}; {left[i]}"
    open_now = kind == MoveKind.LEFT_OPEN
    out[open_now] = left[open_now]
    chosen = np.flatnonzero(kind == MoveKind.REASSIGNED)
    out[chosen] = _numbers(before, after, matched, chosen, amounts)
    return out


def _left_open(after: Side, matched: Matched) -> Texts:
    """(M,) that the seat is left open, with what the plan says of why."""
    out = np.full(len(matched.seat), "left open", object)
    frame = after.unassigned
    if frame is None or not len(frame):
        return out
    common = matched.common
    task = after.problem.tasks.index.get_indexer(pd.Index(frame["task_id"].to_numpy(object)))
    role = pd.Index(common.roles, dtype=object).get_indexer(
        pd.Index(frame["role"].to_numpy(object))
    )
    row = pd.Index(common.seats(task.astype(np.int64), role)).get_indexer(pd.Index(matched.seat))
    details = frame["detail"].to_numpy(object)
    for i in np.flatnonzero(row >= 0).tolist():
        out[i] = f"left open: {details[row[i]]}"
    return out


def _numbers(
    before: Side, after: Side, matched: Matched, rows: Ints, amounts: dict[str, list[Floats]]
) -> list[str]:
    """Say what the pairs and the loads of both reps come to, for moves no rule on them forced."""
    common = matched.common
    loads = zip(common.reps, *both_amounts(before, after, common, "load"), strict=True)
    names = [f"load of {rep!r} {change(was, now)}" for rep, was, now in loads]
    unit = after.problem.effort_unit
    told = [np.full(len(rows), "", object)]
    for name in ("value", "fit", "effort"):
        was, now = (side[rows] for side in amounts[name])
        words = np.full(len(rows), "", object)
        for i in np.flatnonzero(~same(was, now)).tolist():
            words[i] = f"{name} {change(was[i], now[i])}" + (f" {unit}" * (name == "effort"))
        told.append(words)
    sentences = []
    for i, row in enumerate(rows.tolist()):
        pair = ", ".join(column[i] for column in told if column[i])
        giver, taker = names[matched.giver[row]], names[matched.taker[row]]
        pair = pair or "the same value, fit and effort"
        sentences.append(f"no rule on the pair forced it: {pair}; {giver}, {taker} {unit}")
    return sentences
