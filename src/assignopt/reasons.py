"""Why a seat stayed empty: compiled arrays and a choice in, one reason with numbers per seat out.

Two questions are asked in turn. Could anybody ever hold the seat? The filters that rule reps out
are applied one after the other, and the one that leaves nobody is the reason. If somebody could:
what keeps each of these reps from taking it as the plan stands?
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from .check import pair_faults
from .holdings import Holdings
from .intervals import Busy
from .plan import UNASSIGNED, Reason, frame_of
from .records import OWNER
from .rules import Allow, Forbid, MinFit, Pin
from .scaling import NO_LIMIT
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from .arrays import Arrays
    from .columns import Bools, Floats, Ints
    from .problem import Problem

CHUNK = 500_000
"""How many (seat, rep) are judged at a time."""

DETAILED = 5_000
"""For how many seats without room the reps are gone through one by one."""

_ROW_REASONS = {
    "person": Reason.GROUP_CONFLICT,
    "apart": Reason.GROUP_CONFLICT,
    "needs_owner": Reason.NO_OWNER,
    "bound": Reason.PERIOD_CAP,
    "period": Reason.PERIOD_CAP,
}
_ROW_WORDS = {
    "person": "holds another role of the task",
    "apart": "holds a task this one must be apart from",
    "bound": "has the most of these tasks a rule allows",
    "period": "has the most tasks a rule allows in that period",
}


def unassigned_frame(arrays: Arrays, choice: Ints, *, settled: bool) -> pd.DataFrame:
    """Give the frame of empty seats: task_id, role, reason, detail.

    Parameters
    ----------
    arrays
        The compiled problem.
    choice
        (S,) pair of each seat, -1 = empty.
    settled
        Whether every tier is proved, so that an open seat with room is the objective's choice.
    """
    empty = np.flatnonzero(choice < 0)
    degree = np.diff(arrays.first)[empty]
    told: dict[int, tuple[Reason, str]] = {}
    told.update(_nobody(arrays, empty[degree == 0]))
    told.update(_no_room(arrays, choice, empty[degree > 0], settled=settled))
    names = np.append(arrays.problem.task_columns.roles.name, OWNER)
    rows = np.where(empty < arrays.tasks, -1, empty - arrays.tasks)
    order = np.lexsort((rows, arrays.seat_task[empty]))
    return frame_of(
        {
            "task_id": arrays.problem.task_columns.id[arrays.seat_task[empty[order]]],
            "role": names[rows[order]],
            "reason": [str(told[s][0]) for s in empty[order].tolist()],
            "detail": [told[s][1] for s in empty[order].tolist()],
        },
        UNASSIGNED,
    )


def why_nobody(arrays: Arrays, seats: Ints) -> list[str]:
    """Say for each of these seats, for which no rep is eligible, what rules the reps out."""
    told = dict(_nobody(arrays, seats))
    return [told[int(seat)][1] for seat in seats]


# -- could anybody ever? -----------------------------------------------------------------------


def _nobody(arrays: Arrays, seats: Ints) -> Iterator[tuple[int, tuple[Reason, str]]]:
    """Explain seats for which no pair is eligible, those that look alike only once."""
    if not len(seats):
        return
    team = int(arrays.problem.rep_columns.active.sum())
    if not team:
        yield from ((int(s), (Reason.NO_REP, "the team has no active rep")) for s in seats)
        return
    same = _alike(arrays, seats)
    examples, which = np.unique(same, return_index=True, return_inverse=True)[1:]
    told: list[tuple[Reason, str]] = []
    step = max(1, CHUNK // max(arrays.reps, 1))
    for begin in range(0, len(examples), step):
        told.extend(_cascade(arrays, seats[examples[begin : begin + step]], team))
    yield from ((int(seat), told[i]) for seat, i in zip(seats, which, strict=True))


def _alike(arrays: Arrays, seats: Ints) -> Ints:
    """Give seats numbers such that equal numbers have the same reason, in the same words."""
    problem, tasks = arrays.problem, arrays.problem.task_columns
    narrow = [r for r in problem.rules if isinstance(r, Forbid | Allow | Pin)]
    if problem.pair_columns is not None or narrow:
        return np.arange(len(seats))
    needs = np.concatenate(
        [
            tasks.requires.signatures(arrays.tasks),
            -1 - tasks.roles.requires.signatures(len(tasks.roles.task)),
        ]
    )
    task = arrays.seat_task[seats]
    columns = (needs[seats], tasks.customer_type.codes[task], tasks.start[task], tasks.end[task])
    keys = np.stack([np.nan_to_num(c.astype(np.float64), nan=-1.0) for c in columns], axis=1)
    return np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)


def _cascade(arrays: Arrays, seats: Ints, team: int) -> Iterator[tuple[Reason, str]]:
    """Apply the filters in turn to every (seat, rep); tell where each seat lost the last rep."""
    problem = arrays.problem
    reps = arrays.reps
    task = np.repeat(arrays.seat_task[seats], reps).astype(np.int64)
    role = np.repeat(np.where(seats < arrays.tasks, -1, seats - arrays.tasks), reps)
    held = Holdings(problem, task, np.tile(np.arange(reps), len(seats)), role)
    alive = np.ones(len(held), bool)
    before = np.full(len(seats), team)
    told: list[tuple[Reason, str] | None] = [None] * len(seats)
    last = alive
    for fault in sorted(pair_faults(held), key=lambda f: _stage(problem, f.rule)):
        last, alive = alive, alive & ~fault.bad
        left = alive.reshape(len(seats), reps).sum(axis=1)
        for i in np.flatnonzero((left == 0) & (before > 0)):
            if told[i] is None:
                rest = last[i * reps : (i + 1) * reps]
                told[i] = _in_words(problem, held, int(i) * reps, fault.rule, rest)
        before = left
    for one in told:
        yield one if one is not None else (Reason.EXCLUDED, "no rep may hold it")


def _kind(problem: Problem, rule_id: str) -> type | None:
    return next((type(rule) for rule in problem.rules if rule.id == rule_id), None)


def _stage(problem: Problem, rule_id: str) -> int:
    """Order the filters: what a manager would check first comes first."""
    fixed = {"active": 0, "pairs": 1, "skill": 2, "available": 6}
    kinds: dict[type | None, int] = {Allow: 3, Forbid: 4, MinFit: 5, Pin: 7}
    return fixed[rule_id] if rule_id in fixed else kinds[_kind(problem, rule_id)]


def _in_words(
    problem: Problem, held: Holdings, at: int, rule_id: str, alive: Bools
) -> tuple[Reason, str]:
    """Say which filter left nobody; ``alive``: who was left before it."""
    before = int(alive.sum())
    who = counted(before, "active rep")
    if rule_id == "active":
        return Reason.NO_REP, "the team has no active rep"
    if rule_id == "pairs":
        return Reason.EXCLUDED, "the pairs table lists no active rep for it"
    if rule_id == "skill":
        return Reason.NO_SKILL, _missing_skill(problem, held, at, who, alive)
    if rule_id == "available":
        task = problem.tasks[problem.task_columns.id[held.task[at]]]
        none = f"none of the {before} reps left is" if before > 1 else "the 1 rep left is not"
        words = f"{none} available from {task.start} to {task.end}"
        return Reason.NO_AVAILABILITY, words
    rule = next(rule for rule in problem.rules if rule.id == rule_id)
    reasons = {
        Allow: Reason.REGION,
        Forbid: Reason.EXCLUDED,
        MinFit: Reason.NO_FIT,
        Pin: Reason.LOCKED_ELSEWHERE,
    }
    words = f"{rule.sentence}; that leaves none of {before}"
    if isinstance(rule, MinFit):
        best = held.fit[at : at + len(alive)][alive].max()
        words = f"the best fit is {best:g}; {rule.sentence}"
    return reasons[type(rule)], words


def _missing_skill(problem: Problem, held: Holdings, at: int, who: str, alive: Bools) -> str:
    """Name the skills asked for, and how many active reps have each."""
    tasks, skills = problem.task_columns, problem.rep_columns.skills
    role = held.role[at]
    needs = (
        tasks.requires.at(int(held.task[at])) if role < 0 else tasks.roles.requires.at(int(role))
    )
    parts = []
    for name, least in needs.items():
        code = skills.keys.index(name) if name in skills.keys else -1
        mine = (skills.key == code) & alive[skills.row]
        enough = int((mine & (skills.amount >= least)).sum())
        best = skills.amount[mine].max(initial=0)
        tail = "" if enough else f" (highest level: {best:g})" if best else " (nobody has it)"
        parts.append(f"{name!r} at level {least:g}: {enough}{tail}")
    together = " nobody has them all" if len(parts) > 1 else ""
    return f"of {who}, " + ", ".join(parts) + (f";{together}" if together else "")


# -- could anybody now? ------------------------------------------------------------------------


class _Now:
    """The plan as it stands: what each rep has left, row by row."""

    def __init__(self, arrays: Arrays, choice: Ints) -> None:
        self.arrays, self.choice = arrays, choice
        chosen = choice[choice >= 0]
        self.chosen = chosen
        rep = arrays.pair_rep[chosen]
        most = arrays.load_bounds[1]
        efforts = arrays.rounded.down if (most < NO_LIMIT).any() else None
        used = 0 if efforts is None else np.bincount(rep, efforts[chosen], arrays.reps)
        self.efforts = efforts
        self.room = np.where(most < NO_LIMIT, most - used, NO_LIMIT)
        self.count = np.bincount(rep, minlength=arrays.reps)
        self.slots = arrays.count_bounds[1] - self.count
        on = np.zeros(arrays.pairs, bool)
        on[chosen] = True
        self.rows: dict[int, list[tuple[str, int]]] = {}
        wanted = np.repeat(choice < 0, np.diff(arrays.first))
        for row in arrays.rows:
            if not wanted[row.pairs].any():
                continue
            coef = np.ones(len(row.pairs), np.int64) if row.coef is None else row.coef
            left = row.high - int(coef[on[row.pairs]].sum())
            for pair, c in zip(row.pairs.tolist(), coef.tolist(), strict=True):
                if c > left:
                    self.rows.setdefault(pair, []).append((row.kind, left))
        self.busy = Busy()
        if arrays.overlapping:
            columns = arrays.problem.task_columns
            task = arrays.pair_task[chosen]
            timed = ~np.isnan(columns.start[task])
            for t, r in zip(task[timed].tolist(), rep[timed].tolist(), strict=True):
                self.busy.add(r, float(columns.start[t]), float(columns.end[t]), t)
        self.group_owner: dict[int, int] = {}
        for tasks in arrays.groups:
            held = choice[tasks]
            if (held >= 0).any():
                owner = int(arrays.pair_rep[held[held >= 0][0]])
                self.group_owner.update(dict.fromkeys(tasks.tolist(), owner))
        self.load = _loads(arrays, chosen)


def _loads(arrays: Arrays, chosen: Ints) -> Floats:
    new = np.bincount(arrays.pair_rep[chosen], arrays.effort[chosen], arrays.reps)
    return arrays.problem.rep_columns.carried_load + new


def _no_room(
    arrays: Arrays, choice: Ints, seats: Ints, *, settled: bool
) -> Iterator[tuple[int, tuple[Reason, str]]]:
    """Explain seats that somebody may hold: what keeps each of them from taking it now."""
    if not len(seats):
        return
    now = _Now(arrays, choice)
    blocked, free = _full(now, seats)
    simple = not (arrays.rows or arrays.groups or arrays.overlapping)
    for turn, seat in enumerate(seats.tolist()):
        if seat >= arrays.tasks and choice[arrays.seat_task[seat]] < 0:
            yield seat, (Reason.NO_OWNER, "the task has no owner")
        elif simple and free[turn] >= 0:
            yield seat, _open(arrays, int(free[turn]), settled=settled)
        elif turn >= DETAILED:
            yield seat, _in_short(arrays, seat, full=bool(blocked[turn]), settled=settled)
        else:
            yield seat, _judge(now, seat, settled=settled)


def _full(now: _Now, seats: Ints) -> tuple[Bools, Ints]:
    """Tell of each seat whether all its reps are full, and the first pair whose rep is not."""
    arrays = now.arrays
    mine = np.zeros(arrays.seats, bool)
    mine[seats] = True
    pairs = np.flatnonzero(mine[arrays.pair_seat])
    rep = arrays.pair_rep[pairs]
    full = now.slots[rep] < 1
    if now.efforts is not None:
        full |= now.efforts[pairs] > now.room[rep]
    open_ = pairs[~full]
    first = np.full(arrays.seats, -1, np.int64)
    first[arrays.pair_seat[open_[::-1]]] = open_[::-1]
    return first[seats] < 0, first[seats]


def _judge(now: _Now, seat: int, *, settled: bool) -> tuple[Reason, str]:
    """Go through the reps who may hold a seat, and find the first with room, or what blocks all."""
    arrays = now.arrays
    blocked: list[tuple[Reason, str]] = []
    for pair in range(arrays.first[seat], arrays.first[seat + 1]):
        block = _block(now, seat, pair)
        if block is None:
            return _open(arrays, pair, settled=settled)
        blocked.append(block)
    counts = Counter(reason for reason, _ in blocked)
    reason = counts.most_common(1)[0][0]
    shown = [words for _, words in sorted(blocked, key=lambda b: b[0] is not reason)][:3]
    others = len(blocked) - len(shown)
    may = f"{counted(len(blocked), 'rep')} may hold it: "
    return reason, may + "; ".join(shown) + (f"; and {others} more" if others else "")


def _limit(now: _Now, rep: int) -> float:
    """Give the limit on a rep's load, in effort units."""
    reps, room = now.arrays.problem.rep_columns, now.room[rep] / now.arrays.rounded.scale
    return float(np.fmin(reps.capacity[rep], now.load[rep] + room))


def _in_short(arrays: Arrays, seat: int, *, full: bool, settled: bool) -> tuple[Reason, str]:
    """Explain one of very many empty seats without going through its reps."""
    many = arrays.first[seat + 1] - arrays.first[seat]
    if full:
        return Reason.NO_CAPACITY, f"{many} reps may hold it; none has room for it"
    words = f"{many} reps may hold it; rules about other tasks, or the objective, leave it open"
    return (Reason.DOMINATED if settled else Reason.NOT_REACHED), words


def _open(arrays: Arrays, pair: int, *, settled: bool) -> tuple[Reason, str]:
    name = arrays.problem.rep_columns.id[arrays.pair_rep[pair]]
    if settled:
        return Reason.DOMINATED, f"{name!r} has room; the objective or a rule leaves it open"
    return Reason.NOT_REACHED, f"{name!r} has room; the run ended before this was settled"


def _block(now: _Now, seat: int, pair: int) -> tuple[Reason, str] | None:
    """Say what keeps the rep of a pair from taking it, None if nothing does."""
    arrays = now.arrays
    reps, rep = arrays.problem.rep_columns, int(arrays.pair_rep[pair])
    name, unit = reps.id[rep], arrays.problem.effort_unit
    if now.efforts is not None and now.efforts[pair] > now.room[rep]:
        need, limit = arrays.effort[pair], _limit(now, rep)
        words = f"{name!r} has {now.load[rep]:g}/{limit:g} {unit}, it needs {need:g}"
        return Reason.NO_CAPACITY, words
    if now.slots[rep] < 1:
        most = arrays.count_bounds[1][rep]
        return Reason.NO_CAPACITY, f"{name!r} has {now.count[rep]}/{most} tasks"
    for kind, _ in now.rows.get(pair, ()):
        return _ROW_REASONS[kind], f"{name!r} {_ROW_WORDS[kind]}"
    columns, task = arrays.problem.task_columns, int(arrays.seat_task[seat])
    if arrays.overlapping and not np.isnan(columns.start[task]):
        other = now.busy.meets(rep, float(columns.start[task]), float(columns.end[task]))
        if other is not None:
            return Reason.NO_AVAILABILITY, f"{name!r} is busy with {columns.id[other]!r} then"
    owner = now.group_owner.get(seat, rep)
    if owner != rep:
        return Reason.GROUP_CONFLICT, f"its group is with {reps.id[owner]!r}, who is not {name!r}"
    return None
