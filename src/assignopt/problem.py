"""Problem: reps, tasks, rules and objective, validated together and held as columns.

Records, frames or JSON flow in; an immutable Problem flows out, to be solved, audited or edited
into another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace as replace_columns
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from . import frames, selectors
from .columns import Labels, RepColumns, TaskColumns
from .errors import Faults
from .objectives import DEFAULT_OBJECTIVE, AnyTier
from .records import OWNER, Amount, Id, Number, Record, Rep, Share, TagValue, Task
from .rules import AnyRule, Pin, Rule
from .tables import Table, rep_frame, task_frame

if TYPE_CHECKING:
    from .columns import (
        Floats,
        HistoryColumns,
        PairColumns,
        PreferenceColumns,
    )

T = TypeVar("T")
ENDORSEMENT_LIMIT = 1.0
"""Most absolute weight that all endorsements of one rep carry together."""


class PairRow(Record):
    """A row of the pairs table: this rep may take this task, with what it overrides."""

    rep_id: Id
    task_id: Id
    fit: Share | None = None
    effort: Amount | None = None
    value: Amount | None = None


class PreferenceRow(Record):
    """A row of the preferences table: a bid (``by`` None), or an endorsement by somebody else."""

    rep_id: Id
    task_id: Id
    weight: Number
    by: Id | None = None


class HistoryRow(Record):
    """A row of the history table: what a rep carried before."""

    rep_id: Id
    load: Amount
    value: Amount = 0.0
    burden: Amount = 0.0
    period: TagValue | None = None
    count: Amount = 0.0
    worth: Amount = 0.0


class ProblemData(Record):
    """A whole problem as it is written in JSON."""

    reps: list[Rep]
    tasks: list[Task]
    pairs: list[PairRow] | None = None
    preferences: list[PreferenceRow] | None = None
    rules: list[Rule] = []
    objective: list[AnyTier] | None = None
    history: list[HistoryRow] | None = None
    effort_unit: Id = "hours"


_REPS = TypeAdapter(list[Rep])
_TASKS = TypeAdapter(list[Task])
_RULES: TypeAdapter[list[AnyRule]] = TypeAdapter(list[Rule])
_TIERS: TypeAdapter[list[AnyTier]] = TypeAdapter(list[AnyTier])


class Problem:
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
        Tiers, first matters most; None: coverage, minmax load per weight, value.
    history
        Frame or rows (rep_id, load[, value, burden, period, count, worth]): what each rep carried
        before; added to what :class:`~assignopt.Fairness` measures.
    effort_unit
        What effort and capacity are counted in.

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
    <Problem: 2 reps, 2 tasks, 0 rules, objective coverage > minmax(load per weight) > value>
    """

    rep_columns: RepColumns
    task_columns: TaskColumns
    pair_columns: PairColumns | None
    preference_columns: PreferenceColumns | None
    history_columns: HistoryColumns | None
    rules: tuple[AnyRule, ...]
    objective: tuple[AnyTier, ...]
    effort_unit: str

    def __init__(
        self,
        reps: Iterable[Rep | Mapping[str, Any]],
        tasks: Iterable[Task | Mapping[str, Any]],
        *,
        pairs: Any = None,
        preferences: Any = None,
        rules: Iterable[AnyRule | Mapping[str, Any]] = (),
        objective: Iterable[AnyTier | Mapping[str, Any]] | None = None,
        history: Any = None,
        effort_unit: str = "hours",
    ) -> None:
        faults = Faults("Problem")
        self._finish(
            faults,
            _read_reps(reps, faults),
            _read_tasks(tasks, faults),
            pairs,
            preferences,
            rules,
            objective,
            history,
            effort_unit,
        )

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
        rules: Iterable[AnyRule | Mapping[str, Any]] = (),
        objective: Iterable[AnyTier | Mapping[str, Any]] | None = None,
        history: Any = None,
        effort_unit: str = "hours",
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
        pairs, preferences, rules, objective, history, effort_unit
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
        rep_columns = frames.read_reps(reps, skills, fit, faults)
        task_columns = frames.read_tasks(tasks, requires, faults)
        self = cls.__new__(cls)
        self._finish(
            faults,
            rep_columns,
            task_columns,
            pairs,
            preferences,
            rules,
            objective,
            history,
            effort_unit,
        )
        return self

    def _finish(
        self,
        faults: Faults,
        reps: RepColumns,
        tasks: TaskColumns,
        pairs: Any,
        preferences: Any,
        rules: Any,
        objective: Any,
        history: Any,
        effort_unit: str,
    ) -> None:
        """Read the rest, check everything against everything, and raise or keep it all."""
        rep_index = pd.Index(reps.id, dtype=object)
        task_index = pd.Index(tasks.id, dtype=object)
        if rep_index.is_unique and task_index.is_unique:
            pairs = frames.read_pairs(pairs, rep_index, task_index, faults)
            preferences = frames.read_preferences(preferences, rep_index, task_index, faults)
            history = frames.read_history(history, rep_index, faults)
        rules = _validated(_RULES, "rules", rules, faults)
        tiers = DEFAULT_OBJECTIVE if objective is None else objective
        tiers = _validated(_TIERS, "objective", tiers, faults)
        if not isinstance(effort_unit, str) or not effort_unit:
            faults.add(("effort_unit",), "give the unit's name as text, such as 'hours'")
        _check_owners(tasks, rep_index, faults)
        _check_clocks(reps, tasks, faults)
        for place, rule in enumerate(rules):
            _check_rule(rule, ("rules", place), reps, tasks, rep_index, task_index, faults)
        _check_rules_together(rules, faults)
        faults.raise_if_any()
        held = {
            "rep_columns": reps,
            "task_columns": tasks,
            "pair_columns": pairs,
            "preference_columns": preferences,
            "history_columns": history,
            "rules": tuple(rules),
            "objective": tuple(tiers),
            "effort_unit": effort_unit,
        }
        for name, value in held.items():
            object.__setattr__(self, name, value)

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
        endorsed = np.array([by is not None for by in table.by], bool)
        total = np.bincount(
            table.rep, np.where(endorsed, np.abs(table.weight), 0.0), len(self.rep_columns.id)
        )
        scale = ENDORSEMENT_LIMIT / np.maximum(total, ENDORSEMENT_LIMIT)
        return np.where(endorsed, table.weight * scale[table.rep], table.weight)

    def select_reps(self, selector: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """(R,) which reps a selector picks."""
        return selectors.mask(self.rep_columns, selector)

    def select_tasks(self, selector: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """(T,) which tasks a selector picks."""
        return selectors.mask(self.task_columns, selector)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Problem):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Problem.__annotations__)

    __hash__ = None  # type: ignore[assignment]

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
        known = list(ProblemData.model_fields)
        unknown = [name for name in changes if name not in known]
        if unknown:
            raise TypeError(f"unknown arguments {unknown}; known are {', '.join(known)}")
        faults = Faults("Problem")
        reps, tasks = self.rep_columns, self.task_columns
        if "reps" in changes:
            reps = _read_reps(changes["reps"], faults)
        if "tasks" in changes:
            tasks = _read_tasks(changes["tasks"], faults)
        same_rows = np.array_equal(reps.id, self.rep_columns.id) and np.array_equal(
            tasks.id, self.task_columns.id
        )
        new = Problem.__new__(Problem)
        new._finish(
            faults,
            reps,
            tasks,
            changes.get("pairs", self.pair_columns if same_rows else self.pairs),
            changes.get("preferences", self.preference_columns if same_rows else self.preferences),
            changes.get("rules", self.rules),
            changes.get("objective", self.objective),
            changes.get("history", self.history_columns if same_rows else self.history),
            changes.get("effort_unit", self.effort_unit),
        )
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
        owners = self.task_columns.owner.texts()
        owners[owners == rep_id] = None
        preferences = _without(self.preferences, rep_id)
        if preferences is not None:
            preferences = preferences[preferences["by"] != rep_id]
        return self.replace(
            reps=[rep for rep in self.reps.values() if rep.id != rep_id],
            tasks=replace_columns(self.task_columns, owner=Labels.of(owners)),
            pairs=_without(self.pairs, rep_id),
            preferences=preferences,
            history=_without(self.history, rep_id),
            rules=[kept for rule in self.rules if (kept := _rule_without(rule, rep_id))],
        )

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
        added = _read_tasks(tasks, faults)
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
        if not np.isfinite(factor) or factor < 0:
            faults.add(("factor",), f"{factor!r} is out of range; allowed is a number at least 0")
        selectors.check(self.task_columns, where, ("where",), self.tasks.index, faults)
        faults.raise_if_any()
        times = np.where(self.select_tasks(where), factor, 1.0)
        old = self.task_columns
        roles = replace_columns(old.roles, effort=old.roles.effort * times[old.roles.task])
        pairs = self.pair_columns
        if pairs is not None and pairs.effort is not None:
            pairs = replace_columns(pairs, effort=pairs.effort * times[pairs.task])
        tasks = replace_columns(old, effort=old.effort * times, roles=roles)
        return self.replace(tasks=tasks, pairs=pairs)

    # -- out again -------------------------------------------------------------------------

    @property
    def pairs(self) -> pd.DataFrame | None:
        """The pairs table as a frame; None where there is none."""
        table = self.pair_columns
        if table is None:
            return None
        given = {n: getattr(table, n) for n in frames.PAIRS[2:] if getattr(table, n) is not None}
        return pd.DataFrame({**self._names(table.rep, table.task), **given})

    @property
    def preferences(self) -> pd.DataFrame | None:
        """The preferences as a frame; None where there are none."""
        table = self.preference_columns
        if table is None:
            return None
        names = self._names(table.rep, table.task)
        return pd.DataFrame({**names, "weight": table.weight, "by": table.by})

    @property
    def history(self) -> pd.DataFrame | None:
        """The history as a frame; None where there is none."""
        table = self.history_columns
        if table is None:
            return None
        columns = {name: getattr(table, name) for name in frames.HISTORY[1:]}
        return pd.DataFrame({"rep_id": self.rep_columns.id[table.rep], **columns})

    def _names(self, rep: Any, task: Any) -> dict[str, Any]:
        return {"rep_id": self.rep_columns.id[rep], "task_id": self.task_columns.id[task]}

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
        }

    def to_data(self) -> dict[str, Any]:
        """Give the problem as plain data, ready for JSON; fields at their default are left out."""
        lean: dict[str, Any] = {"mode": "json", "exclude_defaults": True}
        data: dict[str, Any] = {
            "reps": [rep.model_dump(**lean) for rep in self.reps.values()],
            "tasks": [task.model_dump(**lean) for task in self.tasks.values()],
        }
        rows = (("pairs", PairRow), ("preferences", PreferenceRow), ("history", HistoryRow))
        for name, record in rows:
            frame = getattr(self, name)
            if frame is not None:
                cells = frame.astype(object).where(frame.notna(), None).to_dict("records")
                data[name] = [record.model_construct(**row).model_dump(**lean) for row in cells]
        data["rules"] = _RULES.dump_python(list(self.rules), mode="json")
        data["objective"] = _TIERS.dump_python(list(self.objective), mode="json")
        data["effort_unit"] = self.effort_unit
        return data

    def to_json(self, *, indent: int | None = None) -> str:
        """Give the problem as JSON text, in the shape of :meth:`json_schema`."""
        return json.dumps(self.to_data(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_data(cls, data: Any) -> Problem:
        """Read what :meth:`to_data` gives."""
        try:
            read = ProblemData.model_validate(data)
        except ValidationError as error:
            faults = Faults("Problem")
            faults.adopt(error)
            faults.raise_if_any()
            raise
        given: dict[str, Any] = {name: getattr(read, name) for name in ProblemData.model_fields}
        for name in ("pairs", "preferences", "history"):
            if given[name] is not None:
                rows = [row.model_dump(exclude_unset=True) for row in given[name]]
                known = getattr(frames, name.upper())
                given[name] = pd.DataFrame(rows) if rows else pd.DataFrame(columns=list(known))
        return cls(**given)

    @classmethod
    def from_json(cls, text: str) -> Problem:
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
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            faults = Faults("Problem")
            faults.add(("json",), f"the text is not JSON: {error}. Give what to_json() wrote")
            faults.raise_if_any()
        return cls.from_data(data)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Give the JSON schema of a problem.

        Examples
        --------
        >>> import assignopt as ao
        >>> sorted(ao.Problem.json_schema()["properties"])[:3]
        ['effort_unit', 'history', 'objective']
        """
        return ProblemData.model_json_schema()


def _validated(adapter: TypeAdapter[list[T]], place: str, given: Any, faults: Faults) -> list[T]:
    """Validate a list of records; the faulty ones are noted and left out."""
    if isinstance(given, Mapping | str | bytes):
        faults.add((place,), "a list of records is expected. Put it in [ ]", given)
        return []
    listed = list(given)
    try:
        return adapter.validate_python(listed)
    except ValidationError as error:
        faults.adopt(error, (place,))
        bad = {detail["loc"][0] for detail in error.errors(include_url=False)}
        return adapter.validate_python([v for i, v in enumerate(listed) if i not in bad])


def _read_reps(given: Any, faults: Faults) -> RepColumns:
    if isinstance(given, pd.DataFrame):
        return frames.read_reps(given, None, None, faults)
    listed = given.values() if isinstance(given, Table) else given
    columns = RepColumns.from_records(_validated(_REPS, "reps", listed, faults))
    _check_ids("reps", columns, faults)
    return columns


def _read_tasks(given: Any, faults: Faults) -> TaskColumns:
    if isinstance(given, pd.DataFrame):
        return frames.read_tasks(given, None, faults)
    if isinstance(given, TaskColumns):
        columns = given
    else:
        listed = given.values() if isinstance(given, Table) else given
        columns = TaskColumns.from_records(_validated(_TASKS, "tasks", listed, faults))
    _check_ids("tasks", columns, faults)
    return columns


def _check_ids(table: str, columns: RepColumns | TaskColumns, faults: Faults) -> None:
    again = np.flatnonzero(pd.Index(columns.id, dtype=object).duplicated())
    message = "id {value} is repeated; ids are unique. Rename one"
    faults.add_rows(table, "id", again, columns.id, message)


def _check_owners(tasks: TaskColumns, reps: pd.Index[Any], faults: Faults) -> None:
    gone = [i for i, name in enumerate(tasks.owner.names) if name not in reps]
    if gone:
        rows = np.flatnonzero(np.isin(tasks.owner.codes, gone))
        message = (
            "owner {value} is unknown. Use ids of the reps table; an owner who has left stays in "
            "it with active=False, or leave the owner empty"
        )
        faults.add_rows("tasks", "owner", rows, tasks.owner.texts(), message)


def _check_clocks(reps: RepColumns, tasks: TaskColumns, faults: Faults) -> None:
    kinds = {reps.clock, tasks.clock} - {"none"}
    if len(kinds) > 1 or "mixed" in kinds:
        found = " and ".join(sorted({reps.clock, tasks.clock} - {"none"}))
        faults.add(
            ("tasks", "start"),
            f"times are of different kinds ({found}). Give all of them in seconds, all as "
            "datetimes, or all as datetimes with a time zone",
        )


def _check_rule(
    rule: AnyRule,
    place: tuple[str | int, ...],
    reps: RepColumns,
    tasks: TaskColumns,
    rep_index: pd.Index[Any],
    task_index: pd.Index[Any],
    faults: Faults,
) -> None:
    for name, columns, index in (("rep", reps, rep_index), ("task", tasks, task_index)):
        if hasattr(rule, name):
            selectors.check(columns, getattr(rule, name), (*place, name), index, faults)
    for name in ("tasks", "where"):
        if hasattr(rule, name):
            selectors.check(tasks, getattr(rule, name), (*place, name), task_index, faults)
    if getattr(rule, "per", None) == "month" and tasks.clock == "seconds":
        message = "months need datetimes; the tasks' times are seconds. Use per='day' or 'week'"
        faults.add((*place, "per"), message)
    if isinstance(rule, Pin) and rule.role != OWNER and rule.task in task_index:
        names = [role.name for role in tasks.roles.of_task(int(task_index.get_loc(rule.task)))]
        if rule.role not in names:
            faults.add((*place, "role"), f"task {rule.task!r} has no role {rule.role!r}: {names}")


def _check_rules_together(rules: list[AnyRule], faults: Faults) -> None:
    seen: dict[str, int] = {}
    pinned: dict[tuple[str, str], Pin] = {}
    holding: dict[tuple[str, str], Pin] = {}
    for place, rule in enumerate(rules):
        if rule.id in seen:
            faults.add(("rules", place, "id"), f"rule {rule.id!r} is repeated. Keep one")
        seen[rule.id] = place
        if not isinstance(rule, Pin):
            continue
        other = pinned.setdefault((rule.task, rule.role), rule)
        if other.rep != rule.rep:
            message = (
                f"task {rule.task!r} is pinned to {rule.rep!r} and to {other.rep!r}. Keep one pin"
            )
            faults.add(("rules", place, "rep"), message)
        other = holding.setdefault((rule.task, rule.rep), rule)
        if other.role != rule.role:
            message = (
                f"rep {rule.rep!r} is pinned to task {rule.task!r} as {rule.role!r} and as "
                f"{other.role!r}; each role wants another person. Keep one pin"
            )
            faults.add(("rules", place, "role"), message)


def _without(frame: pd.DataFrame | None, rep_id: str) -> pd.DataFrame | None:
    return None if frame is None else frame[frame["rep_id"] != rep_id]


def _rule_without(rule: AnyRule, rep_id: str) -> AnyRule | None:
    """Give the rule without one rep; None where it was about nobody else."""
    selector = getattr(rule, "rep", None)
    if selector == rep_id:
        return None
    if not isinstance(selector, list) or rep_id not in selector:
        return rule
    left = [one for one in selector if one != rep_id]
    kept = {name: getattr(rule, name) for name in type(rule).model_fields if name != "id"}
    return type(rule)(**{**kept, "rep": left}) if left else None
