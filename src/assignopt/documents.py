"""A problem as a document: plain data and JSON text, out and in, and the schema of both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import TypeAdapter

from .errors import Faults
from .objectives import TIER, AnyTier
from .records import Amount, Id, Number, Record, Rep, Share, TagValue, Task
from .rules import RULE, Rule

if TYPE_CHECKING:
    from .columns import Texts
    from .parts import Parts


class PairRow(Record):
    """A row of the pairs table: this rep may take this task, with what it overrides.

    A field that stands in one row stands in all of them.
    """

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
    """A row of the history table: what a rep carried before, and how much of it it was there."""

    rep_id: Id
    load: Amount
    value: Amount = 0.0
    burden: Amount = 0.0
    period: TagValue | None = None
    count: Amount = 0.0
    worth: Amount = 0.0
    present: Share = 1.0


class ProblemData(Record):
    """A whole problem as it is written in JSON."""

    reps: list[Rep]
    tasks: list[Task]
    pairs: list[PairRow] | None = None
    preferences: list[PreferenceRow] | None = None
    rules: tuple[Rule, ...] = ()
    objective: list[AnyTier] | None = None
    history: list[HistoryRow] | None = None
    effort_unit: Id = "hours"
    notes: tuple[Id, ...] = ()


ARGUMENTS = tuple(ProblemData.model_fields)
"""The arguments of a Problem, which are the fields of its document."""

_ROWS: dict[str, TypeAdapter[Any]] = {
    "pairs": TypeAdapter(list[PairRow]),
    "preferences": TypeAdapter(list[PreferenceRow]),
    "history": TypeAdapter(list[HistoryRow]),
}


def pair_frame(parts: Parts) -> pd.DataFrame | None:
    """Give the pairs table as a frame; None where there is none."""
    table = parts.pair_columns
    if table is None:
        return None
    columns = {"fit": table.fit, "effort": table.effort, "value": table.value}
    given = {name: column for name, column in columns.items() if column is not None}
    return pd.DataFrame({**_names(parts, table.rep, table.task), **given})


def preference_frame(parts: Parts) -> pd.DataFrame | None:
    """Give the preferences as a frame; None where there are none."""
    table = parts.preference_columns
    if table is None:
        return None
    names = _names(parts, table.rep, table.task)
    return pd.DataFrame({**names, "weight": table.weight, "by": table.by})


def history_frame(parts: Parts) -> pd.DataFrame | None:
    """Give the history as a frame; None where there is none."""
    table = parts.history_columns
    if table is None:
        return None
    return pd.DataFrame(
        {
            "rep_id": pd.Series(parts.rep_columns.id[table.rep], dtype="str"),
            "load": table.load,
            "value": table.value,
            "burden": table.burden,
            "period": pd.Series(table.period, dtype=object),
            "count": table.count,
            "worth": table.worth,
            "present": table.present,
        }
    )


def _names(parts: Parts, rep: Any, task: Any) -> dict[str, Texts]:
    return {"rep_id": parts.rep_columns.id[rep], "task_id": parts.task_columns.id[task]}


def to_data(parts: Parts) -> dict[str, Any]:
    """Give a problem as plain data, ready for JSON; fields at their default are left out."""
    reps, tasks = parts.rep_columns, parts.task_columns
    data: dict[str, Any] = {
        "reps": [_lean(reps.record(row)) for row in range(len(reps.id))],
        "tasks": [_lean(tasks.record(row)) for row in range(len(tasks.id))],
    }
    tables = {
        "pairs": pair_frame(parts),
        "preferences": preference_frame(parts),
        "history": history_frame(parts),
    }
    for name, frame in tables.items():
        if frame is not None:
            cells = frame.astype(object).where(frame.notna(), None).to_dict("records")
            read = _ROWS[name].validate_python(cells)
            data[name] = _ROWS[name].dump_python(read, mode="json", exclude_none=True)
    data["rules"] = [RULE.dump_python(rule, mode="json") for rule in parts.rules]
    data["objective"] = [TIER.dump_python(tier, mode="json") for tier in parts.objective]
    data["effort_unit"] = parts.effort_unit
    if parts.notes:
        data["notes"] = list(parts.notes)
    return data


def _lean(record: Record) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude_defaults=True)


def read_data(data: Any) -> dict[str, Any]:
    """Take the arguments of a Problem out of a document."""
    faults = Faults("Problem")
    if not isinstance(data, dict):
        faults.add((), f"an object is expected, not {type(data).__name__}. Give to_data()", data)
        faults.raise_if_any()
    for name in data:
        if name not in ARGUMENTS:
            message = f"{name!r} is unknown; known: {', '.join(ARGUMENTS)}. Leave it out"
            faults.add((str(name),), message)
    for name in ("reps", "tasks"):
        if name not in data:
            faults.add((name,), "is missing. Give a list, which may be empty")
    faults.raise_if_any()
    given = {name: data[name] for name in ARGUMENTS if data.get(name) is not None}
    return {"reps": data["reps"], "tasks": data["tasks"]} | given


def parse(text: str | bytes) -> Any:
    """Read JSON text; a key that stands twice in one object is a fault."""
    try:
        return json.loads(text, object_pairs_hook=_object)
    except ValueError as error:
        faults = Faults("Problem")
        faults.add(("json",), f"the text is not readable: {error}. Give what to_json() wrote")
        faults.raise_if_any()
        raise


def _object(items: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(items)
    if len(read) < len(items):
        names = [name for name, _ in items]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return read
