"""Problem: reps, tasks, rules and objective, validated together and held as columns.

Records, frames or JSON flow in; an immutable Problem flows out, to be solved, audited or edited
into another one.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from . import consistency, documents, edits, frames, selectors
from .errors import Faults
from .parts import PART_NAMES, Parts, is_table, read_reps, read_rest, read_tasks
from .tables import Table, rep_frame, task_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .columns import Bools, Floats
    from .objectives import Tier
    from .records import Rep, Task
    from .rules import BaseRule

ENDORSEMENT_LIMIT = 1.0
"""Most absolute weight that all endorsements of one rep carry together."""


class Problem(Parts):
    """Reps, tasks, rules and objective tiers: one assignment problem, immutable.

    Parameters
    ----------
    reps, tasks
        Records (or mappings with their fields).
    pairs
        Frame or rows (rep_id, task_id[, fit, effort, value]). Where given, a rep may hold a task,
        in any role, only if the pair is listed; ``fit`` and ``value`` replace the pair's own in
        every role, ``effort`` replaces the owner's effort. A column that is given is filled.
    preferences
        Frame or rows (rep_id, task_id, weight[, by]): bids for oneself, endorsements by others,
        reluctance (a negative weight).
    rules
        Hard rules, as records of :mod:`assignopt.rules`.
    objective
        Tiers, first matters most; None: coverage, leximax of load per weight, value.
    history
        Frame or rows (rep_id, load[, value, burden, period, count, worth, present]): what each rep
        carried before; added to what :class:`~assignopt.Fairness` measures. ``present`` is the
        share of the period the rep was there: absence is credited, so that it earns no debt.
    effort_unit
        What effort and capacity are counted in.
    notes
        Sentences that whoever reads a plan of it should know, such as where its values are from;
        they are printed with each plan, and change nothing else.

    Raises
    ------
    pydantic.ValidationError
        With every fault and its place.

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem(
    ...     [ao.Rep("ana", capacity=8, skills={"german"}), ao.Rep("bo", capacity=8)],
    ...     [ao.Task("acme", effort=3, requires={"german"}), ao.Task("zed", effort=2)],
    ... )
    >>> problem
    <Problem: 2 reps, 2 tasks, 0 rules, objective coverage > leximax(load per weight) > value>
    """

    def __init__(
        self,
        reps: Iterable[Rep | Mapping[str, Any]] | pd.DataFrame,
        tasks: Iterable[Task | Mapping[str, Any]] | pd.DataFrame,
        *,
        pairs: Any = None,
        preferences: Any = None,
        rules: Iterable[BaseRule | Mapping[str, Any]] = (),
        objective: Iterable[Tier | Mapping[str, Any]] | None = None,
        history: Any = None,
        effort_unit: str = "hours",
        notes: Iterable[str] = (),
    ) -> None:
        given = {
            "pairs": pairs,
            "preferences": preferences,
            "rules": rules,
            "objective": objective,
            "history": history,
            "effort_unit": effort_unit,
            "notes": notes,
        }
        faults = Faults("Problem")
        rep_columns, task_columns = read_reps(reps, faults), read_tasks(tasks, faults)
        self._hold(read_rest(rep_columns, task_columns, given, faults), faults)

    @classmethod
    def from_frames(
        cls,
        reps: pd.DataFrame,
        tasks: pd.DataFrame,
        *,
        skills: pd.DataFrame | None = None,
        requires: pd.DataFrame | None = None,
        fit: pd.DataFrame | None = None,
        pairs: Any = None,
        preferences: Any = None,
        rules: Iterable[BaseRule | Mapping[str, Any]] = (),
        objective: Iterable[Tier | Mapping[str, Any]] | None = None,
        history: Any = None,
        effort_unit: str = "hours",
        notes: Iterable[str] = (),
    ) -> Problem:
        """Read a problem from frames, column by column.

        Parameters
        ----------
        reps, tasks
            One row each; columns named as the fields of :class:`Rep` and :class:`Task`, ``id`` at
            least. Any other column becomes a tag. Cells of ``skills``, ``requires``, ``prefers``
            and ``fit`` may be text such as ``"b2b:3|german"``.
        skills, requires, fit
            Long frames (rep_id, skill, level), (task_id, skill, level) and
            (rep_id, customer_type, fit).
        pairs, preferences, rules, objective, history, effort_unit, notes
            As in :class:`Problem`.

        Raises
        ------
        pydantic.ValidationError
            With every fault, its row and its column.

        Examples
        --------
        >>> import pandas as pd, assignopt as ao
        >>> reps = pd.DataFrame({"id": ["ana", "bo"], "skills": ["german:2|b2b", None]})
        >>> tasks = pd.DataFrame({"id": ["acme"], "requires": ["german"], "region": ["dach"]})
        >>> ao.Problem.from_frames(reps, tasks).tasks["acme"]
        Task(id='acme', requires={'german': 1.0}, tags={'region': 'dach'})
        """
        faults = Faults("Problem")
        given = {"reps": reps, "tasks": tasks, "skills": skills, "requires": requires, "fit": fit}
        for name, frame in given.items():
            if frame is not None or name in ("reps", "tasks"):
                is_table(name, frame, faults)
        faults.raise_if_any()
        rest = {
            "pairs": pairs,
            "preferences": preferences,
            "rules": rules,
            "objective": objective,
            "history": history,
            "effort_unit": effort_unit,
            "notes": notes,
        }
        rep_columns = frames.read_reps(reps, skills, fit, faults)
        task_columns = frames.read_tasks(tasks, requires, faults)
        self = cls.__new__(cls)
        self._hold(read_rest(rep_columns, task_columns, rest, faults), faults)
        return self

    def _hold(self, parts: Parts, faults: Faults) -> None:
        """Raise what is wrong, or keep the parts."""
        consistency.check(parts, faults)
        faults.raise_if_any()
        for name in PART_NAMES:
            object.__setattr__(self, name, getattr(parts, name))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Problem does not change; problem.replace(...) makes a new one")

    # -- what it holds ---------------------------------------------------------------------

    @property
    def reps(self) -> Table[Rep]:
        """The reps by id."""
        return self._views[0]

    @property
    def tasks(self) -> Table[Task]:
        """The tasks by id."""
        return self._views[1]

    @cached_property
    def _views(self) -> tuple[Table[Rep], Table[Task]]:
        return Table(self.rep_columns), Table(self.task_columns)

    @property
    def weights(self) -> Floats:
        """(R,) entitlements: the weight given, else the capacity, else 1."""
        reps = self.rep_columns
        given = np.where(np.isnan(reps.weight), reps.capacity, reps.weight)
        return np.where(np.isnan(given), 1.0, given)

    @property
    def preference_weights(self) -> Floats:
        """(N,) weight of each row of the preferences, endorsements bounded per rep.

        The endorsements of a rep are scaled down together until their absolute weights sum to
        :data:`ENDORSEMENT_LIMIT` at most.
        """
        table = self.preference_columns
        if table is None:
            return np.zeros(0)
        endorsed = pd.notna(table.by)
        total = np.bincount(
            table.rep, np.where(endorsed, np.abs(table.weight), 0.0), len(self.rep_columns.id)
        )
        scale = ENDORSEMENT_LIMIT / np.maximum(total, ENDORSEMENT_LIMIT)
        return np.where(endorsed, table.weight * scale[table.rep], table.weight)

    def select_reps(self, selector: Any) -> Bools:
        """(R,) which reps a selector picks."""
        return selectors.mask(self.rep_columns, selector)

    def select_tasks(self, selector: Any) -> Bools:
        """(T,) which tasks a selector picks."""
        return selectors.mask(self.task_columns, selector)

    def move_costs(self, name: str | None) -> Floats:
        """(T,) what moving each task costs, by a tag or a field of the tasks; 1 without a name."""
        tasks = self.task_columns
        return np.ones(len(tasks.id)) if name is None else selectors.amounts(tasks, name)

    def __repr__(self) -> str:
        tiers = " > ".join(tier.label for tier in self.objective) or "none"
        return (
            f"<Problem: {len(self.reps)} reps, {len(self.tasks)} tasks, {len(self.rules)} rules, "
            f"objective {tiers}>"
        )

    # -- another problem -------------------------------------------------------------------

    def replace(self, **changes: Any) -> Problem:
        """Make a new, validated Problem that differs in these arguments.

        Parameters
        ----------
        **changes
            Any of the arguments of :class:`Problem`; ``reps`` and ``tasks`` may be records or
            frames.

        Examples
        --------
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana")], [ao.Task("t1")])
        >>> problem.replace(rules=[ao.MaxTasks(1)]).rules[0].id
        'max_tasks(n=1)'
        """
        unknown = [name for name in changes if name not in documents.ARGUMENTS]
        if unknown:
            known = ", ".join(documents.ARGUMENTS)
            raise TypeError(f"unknown arguments {unknown}; known: {known}")
        faults = Faults("Problem")
        reps = read_reps(changes.get("reps", self.rep_columns), faults)
        tasks = read_tasks(changes.get("tasks", self.task_columns), faults)
        kept = {
            "rules": self.rules,
            "objective": self.objective,
            "effort_unit": self.effort_unit,
            "notes": self.notes,
        }
        staying = [name for name in edits.TABLES if name not in changes]
        kept |= edits.carried_over(self, reps, tasks, staying)
        for name in staying:
            if name not in kept:
                kept[name] = getattr(self, name)
        new = Problem.__new__(Problem)
        new._hold(read_rest(reps, tasks, kept | changes, faults), faults)
        return new

    def without_rep(self, rep_id: str) -> Problem:
        """Make the problem without this rep, and without what names only this rep.

        Tasks owned by the rep have no owner then, so giving them out is no move; rows of pairs,
        preferences and history go, and so do endorsements by the rep; a rule that lists several
        reps loses this one, a rule about this rep alone goes (a pinned task is free again).

        Parameters
        ----------
        rep_id
            Who leaves.

        Raises
        ------
        KeyError
            When nobody has this id.

        Examples
        --------
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t1", owner="bo")])
        >>> problem.without_rep("bo").tasks["t1"]
        Task(id='t1')
        """
        if rep_id not in self.reps:
            raise KeyError(rep_id)
        return self.replace(**edits.without_rep(self, rep_id))

    def with_rep(self, rep: Rep) -> Problem:
        """Make the problem with this rep: added, or in the place of the one with the same id.

        Where there is a pairs table a new rep may take nothing until pairs list it.

        Examples
        --------
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana", capacity=8)], [])
        >>> [r.capacity for r in problem.with_rep(ao.Rep("ana", capacity=4)).reps.values()]
        [4.0]
        """
        reps = {old.id: old for old in self.reps.values()} | {rep.id: rep}
        return self.replace(reps=list(reps.values()))

    def with_tasks(self, tasks: Iterable[Task | Mapping[str, Any]] | pd.DataFrame) -> Problem:
        """Make the problem with these tasks added; an id that exists already is a fault.

        Examples
        --------
        >>> import assignopt as ao
        >>> list(ao.Problem([], [ao.Task("t1")]).with_tasks([ao.Task("t2")]).tasks)
        ['t1', 't2']
        """
        faults = Faults("Problem")
        added = read_tasks(tasks, faults)
        faults.raise_if_any()
        return self.replace(tasks=self.task_columns.joined(added))

    def scale_effort(self, factor: float, where: Any = None) -> Problem:
        """Make the problem in which the selected tasks cost ``factor`` times the effort.

        The efforts of their roles, and of their rows in the pairs table, are scaled with them.

        Parameters
        ----------
        factor
            At least 0.
        where
            A selector of tasks; None = all.

        Raises
        ------
        pydantic.ValidationError
            When the factor is no finite number from 0 on, or the selector names what is unknown.

        Examples
        --------
        >>> import assignopt as ao
        >>> ao.Problem([], [ao.Task("t1", effort=2)]).scale_effort(1.5).tasks["t1"].effort
        3.0
        """
        faults = Faults("scale_effort")
        if not isinstance(factor, int | float | np.number) or not 0 <= factor < np.inf:
            message = f"{factor!r} is out of range; allowed is a finite number at least 0"
            faults.add(("factor",), message, factor)
        where = selectors.read(where, ("where",), faults)
        selectors.check(self.task_columns, where, ("where",), self.tasks.index, faults)
        faults.raise_if_any()
        return self.replace(**edits.scale_effort(self, factor, self.select_tasks(where)))

    # -- out again -------------------------------------------------------------------------

    @property
    def pairs(self) -> pd.DataFrame | None:
        """The pairs table as a frame; None where there is none."""
        return documents.pair_frame(self)

    @property
    def preferences(self) -> pd.DataFrame | None:
        """The preferences as a frame; None where there are none."""
        return documents.preference_frame(self)

    @property
    def history(self) -> pd.DataFrame | None:
        """The history as a frame; None where there is none."""
        return documents.history_frame(self)

    def to_frames(self) -> dict[str, Any]:
        """Give all arguments with which :meth:`from_frames` makes an equal Problem.

        Examples
        --------
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana", skills={"b2b": 2})], [ao.Task("t1")])
        >>> ao.Problem.from_frames(**problem.to_frames()) == problem
        True
        """
        return {
            "reps": rep_frame(self.rep_columns),
            "tasks": task_frame(self.task_columns),
            "pairs": self.pairs,
            "preferences": self.preferences,
            "rules": self.rules,
            "objective": self.objective,
            "history": self.history,
            "effort_unit": self.effort_unit,
            "notes": self.notes,
        }

    def to_data(self) -> dict[str, Any]:
        """Give the problem as plain data, ready for JSON; fields at their default are left out."""
        return documents.to_data(self)

    def to_json(self, *, indent: int | None = None) -> str:
        """Give the problem as JSON text, in the shape of :meth:`json_schema`."""
        return json.dumps(self.to_data(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_data(cls, data: Any) -> Problem:
        """Read what :meth:`to_data` gives."""
        return cls(**documents.read_data(data))

    @classmethod
    def from_json(cls, text: str | bytes) -> Problem:
        """Read what :meth:`to_json` wrote; the problems are equal.

        Raises
        ------
        pydantic.ValidationError
            With every fault and its place.

        Examples
        --------
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana", capacity=8)], [ao.Task("t1", tags={"n": 3})])
        >>> ao.Problem.from_json(problem.to_json()) == problem
        True
        """
        return cls.from_data(documents.parse(text))

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Give the JSON schema of a problem.

        Examples
        --------
        >>> import assignopt as ao
        >>> sorted(ao.Problem.json_schema()["properties"])[:3]
        ['effort_unit', 'history', 'notes']
        """
        return documents.ProblemData.model_json_schema()
