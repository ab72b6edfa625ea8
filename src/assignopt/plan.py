"""Plan: who takes what, what was left out and why, and how much of it is proved.

Frames flow out, ready to print, to keep as JSON or to hand to a CRM. A Plan carries its Problem.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .errors import NoSolutionError
from .problem import Problem
from .records import OWNER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .columns import Bools
    from .holdings import Holdings

_PLAIN = frozenset({"str", "int64", "float64", "bool", "Int64"})
"""Dtypes of columns that hold nothing but such values, or None for text and numbers."""

_TEXT: Any = pd.Series([], dtype="str").dtype
"""What pandas holds text in; named once, for looking a dtype up by name takes time."""

ASSIGNMENTS = {
    "task_id": "str",
    "role": "str",
    "rep_id": "str",
    "effort": "float64",
    "fit": "float64",
    "value": "float64",
    "moved": "bool",
}
UNASSIGNED = {"task_id": "str", "role": "str", "reason": "str", "detail": "str"}
LOADS = {
    "rep_id": "str",
    "tasks": "int64",
    "load": "float64",
    "capacity": "float64",
    "utilisation": "float64",
    "worth": "float64",
    "value": "float64",
    "burden": "float64",
    "weight": "float64",
    "active": "bool",
}
TERMS = {
    "term": "str",
    "value": "float64",
    "bound": "float64",
    "gap": "float64",
    "proved": "bool",
    "engine": "str",
    "depth": "int64",
}
_FRAMES = {"assignments": ASSIGNMENTS, "unassigned": UNASSIGNED, "loads": LOADS, "terms": TERMS}


class Status(StrEnum):
    """What a run can say.

    * ``OPTIMAL``: every tier is proved.
    * ``FEASIBLE``: a plan that keeps every rule; at least one tier is not proved.
    * ``INFEASIBLE``: proved that no plan keeps the rules.
    * ``UNKNOWN``: nothing found, nothing proved.
    """

    OPTIMAL = "OPTIMAL"
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"
    UNKNOWN = "UNKNOWN"


class Reason(StrEnum):
    """Why a seat is empty.

    The first group says that no rep could ever hold it; the second, that in this plan none has
    room left for it; ``DOMINATED``, that somebody has room, but the tiers, or a rule about other
    tasks, chose otherwise; ``NOT_REACHED``, that the run ended before this was settled.
    """

    NO_REP = "no_rep"
    NO_SKILL = "no_skill"
    NO_FIT = "no_fit"
    REGION = "region"
    EXCLUDED = "excluded"
    LOCKED_ELSEWHERE = "locked_elsewhere"
    NO_AVAILABILITY = "no_availability"
    NO_CAPACITY = "no_capacity"
    PERIOD_CAP = "period_cap"
    GROUP_CONFLICT = "group_conflict"
    NO_OWNER = "no_owner"
    DOMINATED = "dominated"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, eq=False)
class Plan:
    """The result of a run.

    Parameters
    ----------
    problem
        What was solved.
    status
        What the run can say.
    terms
        Frame, a row for each tier: term, value, bound, gap (relative), proved, engine, depth. The
        bound is what no plan beats that is at least as good in the tiers before; a tier is proved
        when its value meets its bound, to within the rounding of numbers with more than six
        decimals (at most a millionth of the value).
    engine
        The engine of the plan, or the engines joined by ``+``.
    runtime
        Seconds, building and auditing included.
    seed
        As given.
    versions
        Of the packages that took part.
    infeasibility
        With INFEASIBLE, why: in words, with the numbers.
    base
        Of a plan that was made from another one: the problem before the options were written into
        it as rules, from which the next change starts.
    """

    problem: Problem
    status: Status
    terms: pd.DataFrame
    engine: str
    runtime: float
    seed: int
    versions: Mapping[str, str]
    infeasibility: str | None = None
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    deterministic: bool = False
    base: Problem | None = None

    def _frame(self, name: str) -> pd.DataFrame:
        self.raise_for_status()
        return self.frames[name].copy()

    @property
    def assignments(self) -> pd.DataFrame:
        """Frame: task_id, role, rep_id, effort, fit, value, moved.

        Raises
        ------
        NoSolutionError
            When the run has no plan.
        """
        return self._frame("assignments")

    @property
    def unassigned(self) -> pd.DataFrame:
        """Frame: task_id, role, reason (of :class:`Reason`), detail."""
        return self._frame("unassigned")

    @property
    def loads(self) -> pd.DataFrame:
        """Frame, a row for each rep: rep_id, tasks, load, capacity, utilisation, worth, ...

        ``load`` includes ``carried_load``; ``capacity`` and ``utilisation`` are NaN for a rep
        without a limit.
        """
        return self._frame("loads")

    def raise_for_status(self) -> Plan:
        """Return the plan itself, or raise when the run has none.

        Raises
        ------
        NoSolutionError
            With the reason.
        """
        if self.status in (Status.OPTIMAL, Status.FEASIBLE):
            return self
        if self.status is Status.INFEASIBLE:
            raise NoSolutionError(f"no plan keeps the rules: {self.infeasibility}")
        raise NoSolutionError(
            "no plan was found and none was ruled out. Allow more time, or relax rules"
        )

    def to_frame(self) -> pd.DataFrame:
        """Give one row for each seat, filled or not, with the tasks' tags.

        Examples
        --------
        >>> import assignopt as ao
        >>> tasks = [ao.Task("t1", tags={"region": "emea"})]
        >>> plan = ao.solve(ao.Problem([ao.Rep("ana")], tasks))
        >>> plan.to_frame()[["task_id", "rep_id", "region"]].values.tolist()
        [['t1', 'ana', 'emea']]
        """
        seats = pd.concat([self.assignments, self.unassigned], ignore_index=True)
        tags = self.problem.task_columns.tags
        tags = tags.set_axis(self.problem.task_columns.id, axis=0)
        rows = self.problem.tasks.index.get_indexer(
            pd.Index(seats["task_id"].to_numpy(dtype=object))
        )
        order = np.lexsort((seats["role"] != OWNER, rows))
        seats = seats.iloc[order].reset_index(drop=True)
        seats["moved"] = seats["moved"].eq(True)
        extra = [name for name in tags.columns if name not in seats.columns]
        joined = tags.iloc[rows[order]][extra].reset_index(drop=True)
        return pd.concat([seats, joined], axis=1)

    def to_data(self) -> dict[str, Any]:
        """Give the plan as plain data, ready for JSON; a deterministic one without its runtime."""
        frames = {"terms": self.terms, **self.frames}
        return {
            "problem": self.problem.to_data(),
            "status": str(self.status),
            "engine": self.engine,
            "runtime": None if self.deterministic else self.runtime,
            "seed": self.seed,
            "versions": dict(self.versions),
            "infeasibility": self.infeasibility,
            "deterministic": self.deterministic,
            **({} if self.base is None else {"base": self.base.to_data()}),
            **{name: rows_of(frame) for name, frame in frames.items()},
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Give the plan, its problem included, as JSON text."""
        return json.dumps(self.to_data(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read what :meth:`to_json` wrote.

        Examples
        --------
        >>> import assignopt as ao
        >>> plan = ao.solve(ao.Problem([ao.Rep("ana")], [ao.Task("t1")]))
        >>> ao.Plan.from_json(plan.to_json()) == plan
        True
        """
        data = json.loads(text)
        frames = {
            name: frame_of(data[name], dtypes) for name, dtypes in _FRAMES.items() if name in data
        }
        runtime = data["runtime"]
        return cls(
            problem=Problem.from_data(data["problem"]),
            status=Status(data["status"]),
            terms=frames.pop("terms"),
            engine=data["engine"],
            runtime=float("nan") if runtime is None else runtime,
            seed=data["seed"],
            versions=data["versions"],
            infeasibility=data["infeasibility"],
            frames=frames,
            deterministic=data["deterministic"],
            base=Problem.from_data(data["base"]) if "base" in data else None,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plan):
            return NotImplemented
        same = self.status == other.status and self.problem == other.problem
        return same and all(
            a.equals(b)
            for a, b in zip(
                [self.terms, *self.frames.values()],
                [other.terms, *other.frames.values()],
                strict=True,
            )
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Plan: {self.headline()}>"

    def headline(self) -> str:
        """Say the outcome in one line."""
        if not self.frames:
            why = f": {self.infeasibility}" if self.infeasibility else ""
            return f"{self.status}{why}"
        owners = self.assignments["role"] == OWNER
        done, total = int(owners.sum()), len(self.problem.tasks)
        busy, team = int((self.loads["tasks"] > 0).sum()), len(self.loads)
        return f"{self.status}, {done} of {total} tasks assigned, {busy} of {team} reps with work"

    def __str__(self) -> str:
        parts = [f"{self.headline()} ({self.engine or 'no engine'}, {self.runtime:.2f} s)"]
        parts += [f"Note: {note}" for note in self.problem.notes]
        if self.frames and len(self.terms):
            told = table_text(_told(self.terms))
            parts.append("\nWhat was asked for, most important first:\n" + told)
        if self.frames and len(self.loads):
            loads = self.loads[["rep_id", "tasks", "load", "capacity", "utilisation"]]
            unit = self.problem.effort_unit
            parts.append(f"\nLoads in {unit}:\n" + table_text(_percent(loads, "utilisation")))
        if self.frames:
            given = self.assignments[["task_id", "role", "rep_id", "effort", "value"]]
            if len(given):
                parts.append(f"\nWho takes what ({len(given)}):\n" + table_text(given, 12))
            left = self.unassigned
            if len(left):
                parts.append(f"\nLeft open ({len(left)}):\n" + table_text(left))
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        tables = []
        if self.frames:
            loads = _percent(self.loads, "utilisation")
            tables = [_told(self.terms), loads, self.unassigned]
            if len(self.assignments):
                tables.insert(2, self.assignments)
        shown = "".join(t.to_html(index=False, max_rows=40, border=0) for t in tables)
        notes = "".join(f"<p>Note: {escape(note)}</p>" for note in self.problem.notes)
        return f"<p><b>{self.headline()}</b></p>{notes}{shown}"


def plan_frames(held: Holdings, moved: Bools, unassigned: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Make the frames of a plan from what the checker understood of it."""
    problem = held.problem
    reps, tasks = problem.rep_columns, problem.task_columns
    roles = np.append(tasks.roles.name, OWNER)
    assignments = {
        "task_id": tasks.id[held.task],
        "role": roles[held.role],
        "rep_id": reps.id[held.rep],
        "effort": held.effort,
        "fit": held.fit,
        "value": held.value,
        "moved": moved[held.task] & held.is_owner,
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(reps.capacity > 0, held.load / reps.capacity, np.nan)
    loads = {
        "rep_id": reps.id,
        "tasks": held.count,
        "load": held.load,
        "capacity": reps.capacity,
        "utilisation": used,
        "worth": held.quantity("worth"),
        "value": held.quantity("value"),
        "burden": held.quantity("burden"),
        "weight": problem.weights,
        "active": reps.active,
    }
    return {
        "assignments": frame_of(assignments, ASSIGNMENTS),
        "unassigned": unassigned,
        "loads": frame_of(loads, LOADS),
    }


def frame_of(data: Any, dtypes: dict[str, str]) -> pd.DataFrame:
    """Make a frame with these columns and dtypes from rows, or from columns.

    Columns are made kind by kind, those of text as slices of one array: for a few rows, converting
    a whole frame takes several times as long as answering a question.
    """
    given = _columns_of(data, dtypes) if _PLAIN.issuperset(dtypes.values()) else None
    if given is None:
        return pd.DataFrame(data, columns=list(dtypes)).astype(dtypes)
    texts = _text_columns({name: given[name] for name in dtypes if dtypes[name] == "str"})
    columns = {
        name: texts[name]
        if dtype == "str"
        else pd.array(given[name], "Int64")
        if dtype == "Int64"
        else np.array(given[name], dtype)
        for name, dtype in dtypes.items()
    }
    return pd.DataFrame(columns, copy=False)


def _columns_of(data: Any, dtypes: Mapping[str, str]) -> dict[str, Any] | None:
    """Take rows that are tuples, or columns, by name; None for anything else."""
    if isinstance(data, dict) and data.keys() == dtypes.keys():
        listed = all(isinstance(column, list | tuple | np.ndarray) for column in data.values())
        return data if listed else None
    if isinstance(data, list) and all(isinstance(row, tuple | list) for row in data):
        cells = list(zip(*data, strict=True)) if data else [()] * len(dtypes)
        return dict(zip(dtypes, cells, strict=True))
    return None


def _text_columns(given: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Make columns of text of the same length, all at once."""
    if not given:
        return {}
    cells = np.concatenate([np.asarray(column, object) for column in given.values()])
    whole, rows = pd.array(cells, dtype=_TEXT), len(cells) // len(given)
    return {name: whole[at * rows : (at + 1) * rows] for at, name in enumerate(given)}


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows as plain data, None for what is missing."""
    cells = frame.astype(object)
    rows = cells.where(frame.notna(), None).to_dict("records")
    return [{str(name): cell for name, cell in row.items()} for row in rows]


def _told(terms: pd.DataFrame) -> pd.DataFrame:
    """Say in words what was proved of each tier."""

    def proof(row: Any) -> str:
        if row.proved:
            return f"proved best ({row.engine})" if row.engine else "proved best"
        if not np.isfinite(row.bound):
            return "no bound known"
        return f"not proved; best possible {row.bound:,.6g} (gap {row.gap:.2%})"

    told = [proof(row) for row in terms.itertuples(index=False)]
    values = [f"{value:,.6g}" for value in terms["value"]]
    return pd.DataFrame({"term": terms["term"], "value": values, "proof": told})


def _percent(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    shown = frame[column].map(lambda v: "" if np.isnan(v) else f"{v:.0%}")
    frame = frame.assign(**{column: shown})
    if "capacity" in frame.columns:
        frame["capacity"] = frame["capacity"].map(lambda v: "no limit" if np.isnan(v) else f"{v:g}")
    return frame


def _short(number: float) -> str:
    """Write a number with two decimals at most."""
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def table_text(frame: pd.DataFrame, most: int = 40) -> str:
    """Print a frame with text to the left, and at most ``most`` rows."""
    shown = frame.head(most).copy()
    for name in shown.columns:
        if name not in ("capacity", "utilisation") and not pd.api.types.is_numeric_dtype(
            shown[name]
        ):
            texts = shown[name].astype(str)
            width = max([len(name), *texts.str.len()])
            shown[name] = texts.str.ljust(width)
            shown = shown.rename(columns={name: name.ljust(width)})
    text: str = shown.to_string(
        index=False, float_format=lambda v: f"{v:,.2f}".rstrip("0").rstrip(".")
    )
    text = "\n".join(f"  {line}" for line in text.splitlines())
    return text + (f"\n  ... and {len(frame) - most} more" if len(frame) > most else "")
