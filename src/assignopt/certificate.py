"""Proof that no plan exists, in arithmetic anyone can check: who is needed, who there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .scaling import NO_LIMIT
from .wording import counted

if TYPE_CHECKING:
    from .arrays import Arrays
    from .columns import Bools, Ints


@dataclass(frozen=True)
class HallCertificate:
    """A set of tasks that only a set of reps may take, and too little room between them.

    Parameters
    ----------
    kind
        ``room``: the tasks must be assigned and only these reps may take them, with room for
        fewer. ``needs``: the reps must take more tasks than the ones they may take.
    tasks, reps
        Ids.
    need, have
        How many tasks are needed, and how many there is room for (or there are).
    sentence
        The same in words.

    References
    ----------
    Hall (1935), "On representatives of subsets".
    """

    kind: Literal["room", "needs"]
    tasks: tuple[str, ...]
    reps: tuple[str, ...]
    need: int
    have: int
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    @classmethod
    def of_tasks(cls, arrays: Arrays, seats: Ints, reps: Bools, high: Ints) -> HallCertificate:
        """Certify that these mandatory seats fit only reps with too little room."""
        tasks, names = _ids(arrays, seats, np.flatnonzero(reps))
        have = int(high[reps].sum())
        one = len(seats) == 1
        who = f"only {_listed(names)} may take {'it' if one else 'them'}, with room for {have}"
        words = (
            f"{counted(len(seats), 'task')} must be assigned ({_listed(tasks)}); "
            f"{who if names else 'nobody may take ' + ('it' if one else 'them')}"
        )
        return cls("room", tasks, names, len(seats), have, words)

    @classmethod
    def of_needs(
        cls, arrays: Arrays, seats: Ints, reps: Bools, low: Ints, high: Ints
    ) -> HallCertificate:
        """Certify that these reps need more tasks than they may take together."""
        tasks, names = _ids(arrays, seats, np.flatnonzero(reps))
        need, have = int(low[reps].sum()), min(len(seats), int(high[reps].sum()))
        least = counted(need, "task")
        words = f"{_listed(names)} must take at least {least} and may take {have} at most"
        if (arrays.load_bounds[0][reps] > 0).any():
            words += " (least loads counted in tasks)"
        return cls("needs", tasks, names, need, have, words)

    def holds(self, arrays: Arrays) -> bool:
        """Check the arithmetic anew, from the compiled problem alone."""
        reps = np.isin(arrays.problem.rep_columns.id.astype(object), list(self.reps))
        if self.kind == "needs":
            low = _least_counts(arrays)[reps]
            within = np.unique(arrays.pair_seat[reps[arrays.pair_rep]])
            room = np.minimum(
                _most_counts(arrays), np.bincount(arrays.pair_rep, minlength=len(reps))
            )
            return bool(low.sum() > min(len(within), room[reps].sum()))
        named = np.isin(arrays.problem.task_columns.id.astype(object), list(self.tasks))
        seats = np.flatnonzero(named[arrays.seat_task] & arrays.mandatory)
        mine = np.isin(arrays.pair_seat, seats)
        outside = mine & ~reps[arrays.pair_rep]
        if arrays.has_roles and outside.any():
            seats = np.setdiff1d(seats, arrays.pair_seat[outside])
        elif outside.any():
            return False
        return bool(len(seats) > _most_counts(arrays)[reps].sum())


def _most_counts(arrays: Arrays) -> Ints:
    """(R,) how many seats each rep can hold at most: by count, and by its lightest pairs."""
    most, room = arrays.count_bounds[1].copy(), arrays.load_bounds[1]
    for rep in np.flatnonzero(room < NO_LIMIT):
        efforts = arrays.rounded.down[arrays.pairs_of_rep(int(rep))]
        lightest = int(efforts.min(initial=NO_LIMIT))
        if lightest > 0:
            most[rep] = min(most[rep], room[rep] // lightest)
    return most


def _least_counts(arrays: Arrays) -> Ints:
    """(R,) how many seats each rep must hold at least: by count, and by its heaviest pairs."""
    least, needed = arrays.count_bounds[0].copy(), arrays.load_bounds[0]
    for rep in np.flatnonzero(needed > 0):
        heaviest = int(arrays.rounded.up[arrays.pairs_of_rep(int(rep))].max(initial=0))
        never = len(arrays.pairs_of_rep(int(rep))) + 1
        wanted = -(-int(needed[rep]) // heaviest) if heaviest else never
        least[rep] = max(least[rep], wanted)
    return least


def _ids(arrays: Arrays, tasks: Ints, reps: Ints) -> tuple[tuple[str, ...], tuple[str, ...]]:
    columns = arrays.problem.task_columns, arrays.problem.rep_columns
    return tuple(columns[0].id[arrays.seat_task[tasks]]), tuple(columns[1].id[reps])


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")
