"""What a caller may ask of a rotation: options in, validated and in terms of rows, or all faults.

Everything that names a rep, a task or a period is looked up here, once; what follows sees rows of
the problem and numbers of periods.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from ..solving import is_whole
from .wants import Freed, Label, Squad

if TYPE_CHECKING:
    from ..errors import Faults, Place
    from ..problem import Problem


def read_labels(periods: Any, faults: Faults) -> tuple[Label, ...]:
    """Read a number of periods, which are then 1, 2, ..., or their labels."""
    allowed = "allowed is a whole number from 1 on, or a list of distinct labels"
    if is_whole(periods, -(2**62)):
        if int(periods) < 1:
            faults.add(("periods",), f"{periods!r} is out of range; {allowed}", periods)
            return ()
        return tuple(range(1, int(periods) + 1))
    if isinstance(periods, str | Mapping) or not isinstance(periods, Iterable):
        faults.add(("periods",), f"{periods!r} is no number of periods; {allowed}", periods)
        return ()
    labels: list[Label] = []
    for at, given in enumerate(periods):
        label = read_label(given)
        if label is None:
            message = f"{given!r} is no label; allowed are text, whole numbers and dates"
            faults.add(("periods", at), f"{message}. Convert it to text", given)
        elif label in labels:
            first = labels.index(label)
            message = f"period {label!r} stands at {first} already; labels are distinct. Keep one"
            faults.add(("periods", at), message, given)
        else:
            labels.append(label)
    if not labels and not faults.count:
        faults.add(("periods",), f"no periods; {allowed}", periods)
    return tuple(labels)


def read_label(given: Any) -> Label | None:
    """Read one label; None where it is none."""
    if isinstance(given, np.datetime64):
        given = given.astype("datetime64[us]").item()
    if hasattr(given, "to_pydatetime"):
        given = given.to_pydatetime()
    if isinstance(given, date) and given == given:
        return given
    if isinstance(given, str) and given:
        return str(given)
    return int(given) if is_whole(given, -(2**62)) else None


class Reader:
    """Reads options one by one and notes their faults.

    Parameters
    ----------
    problem
        Whose ids may be named.
    labels
        Of the periods.
    faults
        Where faults are noted.
    """

    def __init__(self, problem: Problem, labels: tuple[Label, ...], faults: Faults) -> None:
        self.problem, self.labels, self.faults = problem, labels, faults
        self._rows = {
            "rep": {name: row for row, name in enumerate(problem.rep_columns.id)},
            "task": {name: row for row, name in enumerate(problem.task_columns.id)},
        }
        self._place = {label: at for at, label in enumerate(labels)}

    def whole(self, name: str, value: Any, least: int, none: str | None = None) -> Any:
        """Read a whole number, or None where it may be left out; ``none`` says what that means."""
        if (value is None and none is not None) or is_whole(value, least):
            return None if value is None else int(value)
        allowed = f"allowed is a whole number from {least} on" + (f", or {none}" if none else "")
        self.faults.add((name,), f"{value!r} is out of range; {allowed}", value)
        return least

    def flag(self, name: str, value: Any) -> bool:
        """Read True or False."""
        if not isinstance(value, bool | np.bool_):
            self.faults.add((name,), f"{value!r} is not True or False. Give one of the two", value)
        return bool(value)

    def share(self, name: str, value: Any) -> float:
        """Read a number from 0 to 1."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and 0 <= value <= 1:
            return float(value)
        self.faults.add((name,), f"{value!r} is out of range; allowed is 0 to 1", value)
        return 1.0

    def row(self, kind: str, name: Any, place: Place) -> int | None:
        """Look a rep or a task up; None where there is none."""
        known = self._rows[kind]
        if isinstance(name, Hashable) and name in known:
            return known[name]
        near = get_close_matches(name, list(known), 1) if isinstance(name, str) else []
        hint = f"; did you mean {near[0]!r}?" if near else f". Use ids of the {kind}s table"
        self.faults.add(place, f"{kind} {name!r} is unknown{hint}", name)
        return None

    def period(self, label: Any, place: Place) -> int | None:
        """Look a period up; None where there is none."""
        found = read_label(label)
        if found is not None and found in self._place:
            return self._place[found]
        ends = f"{self.labels[0]!r} to {self.labels[-1]!r}" if self.labels else "none"
        self.faults.add(place, f"period {label!r} is unknown; periods are {ends}", label)
        return None

    def by_task(self, name: str, given: Any, least: int) -> dict[int, int]:
        """Read a number for all tasks, or a mapping task -> number."""
        if not isinstance(given, Mapping):
            number = self.whole(name, given, least)
            return dict.fromkeys(range(len(self._rows["task"])), number)
        read: dict[int, int] = {}
        for key, number in given.items():
            row = self.row("task", key, (name, str(key)))
            if self._is_whole((name, str(key)), number, least) and row is not None:
                read[row] = int(number)
        return read

    def held_since(self, given: Any) -> dict[int, int]:
        """Read for how many periods owners have held their tasks."""
        owned = self.problem.task_columns.owner.codes >= 0
        read = self.by_task("held_since", {} if given is None else given, 1)
        if not isinstance(given, Mapping):
            return {task: number for task, number in read.items() if owned[task]}
        for task in read:
            if not owned[task]:
                name = str(self.problem.task_columns.id[task])
                message = f"task {name!r} has no owner, so nobody has held it. Leave it out"
                self.faults.add(("held_since", name), message, read[task])
        return read

    def by_pair(self, name: str, given: Any) -> dict[tuple[int, int], int]:
        """Read a number for all pairs, or a mapping from tasks or (rep, task) to numbers.

        A rep of -1 stands for every rep who may hold the task.
        """
        tasks = range(len(self._rows["task"]))
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            number = self.whole(name, given, 0)
            return {(-1, task): number for task in tasks}
        read: dict[tuple[int, int], int] = {}
        for key, number in given.items():
            place = (name, str(key))
            rep, task = key if isinstance(key, tuple) and len(key) == 2 else (None, key)
            rep_row = -1 if rep is None else self.row("rep", rep, place)
            task_row = self.row("task", task, place)
            if self._is_whole(place, number, 0) and None not in (rep_row, task_row):
                assert rep_row is not None
                assert task_row is not None
                read[rep_row, task_row] = int(number)
        return read

    def _is_whole(self, place: Place, number: Any, least: int) -> bool:
        if is_whole(number, least):
            return True
        message = f"{number!r} is out of range; allowed is a whole number from {least} on"
        self.faults.add(place, message, number)
        return False

    def absent(self, given: Any) -> dict[int, frozenset[int]]:
        """Read rep -> periods."""
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            message = f"{given!r} is no mapping. Give rep -> list of periods"
            self.faults.add(("absent",), message, given)
            return {}
        read: dict[int, frozenset[int]] = {}
        for rep, labels in given.items():
            row = self.row("rep", rep, ("absent", str(rep)))
            one = read_label(labels) is not None or not isinstance(labels, Iterable)
            listed = [labels] if one else list(labels)
            found = [self.period(label, ("absent", str(rep))) for label in listed]
            if row is not None:
                read[row] = frozenset(one for one in found if one is not None)
        return read

    def squads(self, given: Any, absent: Mapping[int, frozenset[int]]) -> tuple[Freed, ...]:
        """Read squads, as records or mappings."""
        listed = [given] if isinstance(given, Squad | Mapping) else list(given or ())
        read: list[Freed] = []
        for at, one in enumerate(listed):
            place: Place = ("squads", at)
            try:
                squad = one if isinstance(one, Squad) else Squad.model_validate(one)
            except ValidationError as error:
                self.faults.adopt(error, place)
                continue
            if squad.name in [other.name for other in read]:
                message = f"squad {squad.name!r} stands twice; names are unique. Rename one"
                self.faults.add((*place, "name"), message, squad.name)
            read.append(self._squad(squad, place, absent))
        return tuple(read)

    def _squad(self, squad: Squad, place: Place, absent: Mapping[int, frozenset[int]]) -> Freed:
        reps = self.problem.rep_columns
        found = [self.period(label, (*place, "periods")) for label in squad.periods]
        periods = tuple(sorted({one for one in found if one is not None}))
        if not squad.periods:
            self.faults.add((*place, "periods"), "no periods. Give one at least", squad.periods)
        allowed = np.flatnonzero(reps.active).tolist()
        if squad.members is not None:
            rows = [self.row("rep", name, (*place, "members")) for name in squad.members]
            allowed = [row for row in allowed if row in rows]
        there = [row for row in allowed if not absent.get(row, frozenset()) & set(periods)]
        pool = tuple(row for row in there if self._has(row, squad.requires))
        if len(pool) < squad.size:
            who = f"{len(pool)} of {len(reps.id)} reps may be members"
            message = f"squad {squad.name!r} is larger than the team: {who} ({squad.size} wanted)"
            remedy = "Ask for fewer people, other periods or lower levels"
            self.faults.add((*place, "size"), f"{message}. {remedy}", squad.size)
        leads = tuple(row for row in pool if self._has(row, squad.lead))
        if squad.lead and not leads:
            wanted = ", ".join(f"{name!r} at level {level:g}" for name, level in squad.lead.items())
            message = f"squad {squad.name!r} has nobody to lead it: no rep who may be a member has"
            self.faults.add((*place, "lead"), f"{message} {wanted}. Ask for lower levels", None)
        return Freed(squad, squad.name, squad.size, periods, pool, leads if squad.lead else None)

    def _has(self, row: int, levels: Mapping[str, float]) -> bool:
        skills = self.problem.rep_columns.skills.at(row)
        return all(skills.get(name, 0.0) >= level for name, level in levels.items())
