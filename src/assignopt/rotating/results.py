"""Rotation: who holds what in each period, what it comes to, and how much of it is proved."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import NoSolutionError
from ..plan import TERMS, Status, frame_of, rows_of, table_text
from ..plot import rotation_chart
from ..problem import Problem
from ..wording import counted
from .asking import read_options
from .check import total_of
from .facts import Facts
from .writing import parse_options, write_options

if TYPE_CHECKING:
    from .wants import Asked, Label

SHOWN = 16
"""Periods that are printed side by side."""

COUNTS = {"rep_id": "str", "task_id": "str", "count": "int64"}
TOTALS = {
    "rep_id": "str",
    "count": "int64",
    "load": "float64",
    "worth": "float64",
    "value": "float64",
    "burden": "float64",
    "weight": "float64",
}


@dataclass(frozen=True, eq=False)
class Rotation:
    """The result of :func:`assignopt.rotate`.

    Parameters
    ----------
    problem
        What was rotated.
    status
        OPTIMAL: every tier is proved; FEASIBLE: a rotation that keeps the rules, at least one tier
        not proved; INFEASIBLE: proved that there is none; UNKNOWN: nothing found, nothing proved.
    terms
        Frame, a row for each tier: term, value, bound, gap, proved, engine, depth, as in
        :class:`assignopt.Plan`, over all periods.
    runtime
        Seconds, building and checking included.
    seed
        As given.
    infeasibility
        With INFEASIBLE, why: in words, with the numbers.
    conflict
        With INFEASIBLE, what was asked that cannot all be; nothing in it can be left out, unless
        ``infeasibility`` says that time ran out.
    asked
        The options, in rows.

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("desk"), ao.Task("phone")])
    >>> rotation = ao.rotate(problem, ["mon", "tue"], cover_all=True)
    >>> sorted(rotation.counts["count"].tolist()), rotation.status
    ([1, 1, 1, 1], <Status.OPTIMAL: 'OPTIMAL'>)
    """

    problem: Problem
    status: Status
    terms: pd.DataFrame
    runtime: float
    seed: int
    infeasibility: str | None
    conflict: tuple[str, ...]
    asked: Asked = field(repr=False)
    facts: Facts | None = field(repr=False)

    @property
    def periods(self) -> tuple[Label, ...]:
        """The labels of the periods."""
        return self.asked.labels

    def raise_for_status(self) -> Rotation:
        """Return the rotation itself, or raise when there is none.

        Raises
        ------
        NoSolutionError
            With the reason.
        """
        if self.facts is not None:
            return self
        if self.status is Status.INFEASIBLE:
            raise NoSolutionError(f"no rotation is as asked: {self.infeasibility}")
        raise NoSolutionError(
            "no rotation was found and none was ruled out. Allow more time, or ask for less"
        )

    @property
    def _known(self) -> Facts:
        self.raise_for_status()
        assert self.facts is not None
        return self.facts

    # -- frames --------------------------------------------------------------------------------

    def _labels(self, periods: list[int]) -> Any:
        """Give labels of periods, of the same dtype whatever the rows."""
        return pd.Series(list(self.asked.labels)).take(periods).reset_index(drop=True)

    def _ids(self, reps: list[int]) -> list[str | None]:
        names = self.problem.rep_columns.id
        return [str(names[row]) if row >= 0 else None for row in reps]

    def _names(self, tasks: list[int]) -> list[str]:
        return [str(self.problem.task_columns.id[row]) for row in tasks]

    @cached_property
    def _schedule(self) -> pd.DataFrame:
        facts = self._known
        first = {
            (stint.rep, stint.task, period): (period - stint.first, stint.before)
            for stint in facts.stints
            for period in range(stint.first, stint.last + 1)
        }
        told = [first[rep, task, period] for period, rep, task in facts.turns]
        periods, reps, tasks = ([turn[i] for turn in facts.turns] for i in range(3))
        return pd.DataFrame(
            {
                "period": self._labels(periods),
                "rep_id": pd.array(self._ids(reps), dtype="str"),
                "task_id": pd.array(self._names(tasks), dtype="str"),
                "tenure": np.array([after + before + 1 for after, before in told], np.int64),
                "new": np.array([after + before == 0 for after, before in told], bool),
            }
        )

    @property
    def schedule(self) -> pd.DataFrame:
        """Frame, a row for each period and seat held: period, rep_id, task_id, tenure, new.

        ``tenure`` counts the periods that the rep has held the task without a break, this one and
        those before the rotation included; ``new``: it did not hold it in the period before.

        Raises
        ------
        NoSolutionError
            When there is no rotation.
        """
        return self._schedule.copy()

    @property
    def counts(self) -> pd.DataFrame:
        """Frame, a row for each rep and task that it may hold: rep_id, task_id, count (periods)."""
        facts = self._known
        pairs = sorted(facts.may_hold)
        rows = [
            (*self._ids([rep]), *self._names([task]), len(facts.held.get((rep, task), ())))
            for rep, task in pairs
        ]
        return frame_of(rows, COUNTS)

    @property
    def totals(self) -> pd.DataFrame:
        """Frame, a row for each rep, over all periods: rep_id, count, load, worth, value, burden.

        ``load`` includes ``carried_load`` in each period; ``value`` is what is earned, ``learning``
        considered; ``weight`` is the entitlement.
        """
        facts = self._known
        reps = range(len(self.problem.rep_columns.id))
        names = ("count", "load", "worth", "value", "burden")
        cells = {name: [total_of(facts, name, rep) for rep in reps] for name in names}
        rows = {"rep_id": self._ids(list(reps)), **cells, "weight": self.problem.weights}
        return frame_of(rows, TOTALS)

    @property
    def handovers(self) -> pd.DataFrame:
        """Frame, a row for each time a rep gives up a task: period, task_id, from_rep, to_rep, ...

        ``period`` is the first without it, ``to_rep`` None where the seat stays open; ``counted``
        is False where the rep could not have kept it, being absent or not allowed to hold it.
        """
        found = self._known.handovers
        return pd.DataFrame(
            {
                "period": self._labels([one.period for one in found]),
                "task_id": pd.array(self._names([one.task for one in found]), dtype="str"),
                "from_rep": pd.array(self._ids([one.giver for one in found]), dtype="str"),
                "to_rep": pd.array(self._ids([one.taker for one in found]), dtype="str"),
                "counted": np.array([one.counted for one in found], bool),
            }
        )

    @property
    def open(self) -> pd.DataFrame:
        """Frame, a row for each period and task with open seats: period, task_id, seats."""
        facts = self._known
        rows = [
            (
                period,
                task,
                self.asked.seats.get(task, 1) - len(facts.holders.get((period, task), ())),
            )
            for period in range(self.asked.periods)
            for task in range(len(self.problem.task_columns.id))
        ]
        rows = [row for row in rows if row[2]]
        return pd.DataFrame(
            {
                "period": self._labels([row[0] for row in rows]),
                "task_id": pd.array(self._names([row[1] for row in rows]), dtype="str"),
                "seats": np.array([row[2] for row in rows], np.int64),
            }
        )

    @property
    def squads(self) -> pd.DataFrame:
        """Frame, a row for each squad, period and member: squad, period, rep_id, lead."""
        rows = [
            (squad.name, period, rep, squad.leads is not None and rep in squad.leads)
            for squad, members in zip(self.asked.squads, self._known.squads, strict=True)
            for period in squad.periods
            for rep in members
        ]
        return pd.DataFrame(
            {
                "squad": pd.array([row[0] for row in rows], dtype="str"),
                "period": self._labels([row[1] for row in rows]),
                "rep_id": pd.array(self._ids([row[2] for row in rows]), dtype="str"),
                "lead": np.array([row[3] for row in rows], bool),
            }
        )

    @property
    def absent(self) -> pd.DataFrame:
        """Frame, a row for each period in which a rep is not there: period, rep_id."""
        rows = sorted((p, rep) for rep, periods in self.asked.absent.items() for p in periods)
        return pd.DataFrame(
            {
                "period": self._labels([row[0] for row in rows]),
                "rep_id": pd.array(self._ids([row[1] for row in rows]), dtype="str"),
            }
        )

    # -- out and in ----------------------------------------------------------------------------

    def to_data(self) -> dict[str, Any]:
        """Give the rotation as plain data, ready for JSON."""
        turns = None if self.facts is None else [list(turn) for turn in self.facts.turns]
        squads = None if self.facts is None else [list(one) for one in self.facts.squads]
        return {
            "problem": self.problem.to_data(),
            "options": write_options(self.problem, self.asked),
            "status": str(self.status),
            "terms": rows_of(self.terms),
            "runtime": self.runtime,
            "seed": self.seed,
            "infeasibility": self.infeasibility,
            "conflict": list(self.conflict),
            "turns": turns,
            "squads": squads,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Give the rotation, its problem and options included, as JSON text.

        ``turns`` are rows (period, rep, task), each counted from 0.
        """
        return json.dumps(self.to_data(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Rotation:
        """Read what :meth:`to_json` wrote; the rotations are equal."""
        data = json.loads(text)
        problem = Problem.from_data(data["problem"])
        periods, given = parse_options(data["options"])
        asked = read_options(problem, periods, given)
        facts = None
        if data["turns"] is not None:
            turns = [(int(p), int(r), int(t)) for p, r, t in data["turns"]]
            facts = Facts.of(problem, asked, turns, data["squads"])
        return cls(
            problem=problem,
            status=Status(data["status"]),
            terms=frame_of(data["terms"], TERMS),
            runtime=data["runtime"],
            seed=data["seed"],
            infeasibility=data["infeasibility"],
            conflict=tuple(data["conflict"]),
            asked=asked,
            facts=facts,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rotation):
            return NotImplemented
        mine, theirs = self.to_data(), other.to_data()
        return {**mine, "runtime": 0} == {**theirs, "runtime": 0}

    __hash__ = None  # type: ignore[assignment]

    # -- shown ---------------------------------------------------------------------------------

    def plot(self) -> Any:
        """Draw who holds what when; see :func:`assignopt.plot.rotation_chart`.

        Returns
        -------
        altair.LayerChart

        Raises
        ------
        ImportError
            Without the extra ``assignopt[plot]``.
        NoSolutionError
            When there is no rotation.
        """
        return rotation_chart(self)

    def headline(self) -> str:
        """Say the outcome in one line."""
        if self.facts is None:
            return f"{self.status}{': ' + self.infeasibility if self.infeasibility else ''}"
        seats = sum(self.asked.seats.get(t, 1) for t in range(len(self.problem.task_columns.id)))
        total, busy = seats * self.asked.periods, len({rep for _, rep, _ in self.facts.turns})
        given = sum(one.counted for one in self.facts.handovers)
        return (
            f"{self.status}, {len(self.facts.turns)} of {total} seats held over "
            f"{counted(self.asked.periods, 'period')} by {busy} of {len(self.problem.reps)} reps, "
            f"{counted(given, 'handover')}"
        )

    def table(self) -> pd.DataFrame:
        """Give a row for each rep and a column for each period: the tasks it holds then.

        ``-`` stands for absence, ``[name]`` for a squad, empty text for nothing.
        """
        facts = self._known
        cells: dict[Label, list[str]] = {}
        for period, label in enumerate(self.asked.labels):
            cells[label] = [self._cell(facts, period, r) for r in range(len(self.problem.reps))]
        return pd.DataFrame(cells, index=pd.Index(self.problem.rep_columns.id, name="rep_id"))

    def _cell(self, facts: Facts, period: int, rep: int) -> str:
        if facts.is_absent(rep, period):
            return "-"
        for squad, members in zip(self.asked.squads, facts.squads, strict=True):
            if rep in members and period in squad.periods:
                return f"[{squad.name}]"
        return "+".join(self._names(facts.tasks_of.get((period, rep), [])))

    def __str__(self) -> str:
        parts = [f"{self.headline()} ({self.runtime:.2f} s)"]
        if self.facts is None:
            return parts[0]
        if len(self.terms):
            told = ["proved" if proved else "not proved" for proved in self.terms["proved"]]
            shown = self.terms[["term", "value", "bound"]].assign(proof=told)
            parts.append("\nOver all periods, most important first:\n" + table_text(shown))
        table = self.table()
        shown = table.iloc[:, :SHOWN].reset_index()
        shown.columns = [str(name) for name in shown.columns]
        parts.append("\nWho holds what:\n" + table_text(shown.replace("", ".")))
        if table.shape[1] > SHOWN:
            parts.append(f"  ... and {table.shape[1] - SHOWN} more periods")
        return "\n".join(parts)

    def __repr__(self) -> str:
        return f"<Rotation: {self.headline()}>"

    def _repr_html_(self) -> str:
        table = "" if self.facts is None else self.table().to_html(max_rows=40, border=0)
        return f"<p><b>{html.escape(self.headline())}</b></p>{table}"
