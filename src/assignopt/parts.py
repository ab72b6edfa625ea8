"""Parts: all that a problem consists of, and the reading of it from records or frames.

What the user gave flows in; columns, rules and tiers flow out, each right in itself. Whether they
agree with one another is looked at in :mod:`assignopt.consistency`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, TypeAdapter, ValidationError

from . import frames, links
from .cells import known_ids
from .columns import (
    Columns,
    HistoryColumns,
    PairColumns,
    PreferenceColumns,
    RepColumns,
    TaskColumns,
)
from .objectives import DEFAULT_OBJECTIVE, TIER, AnyTier
from .records import Rep, Task
from .rules import RULE, AnyRule
from .tables import Table

if TYPE_CHECKING:
    from .errors import Faults

RecordT = TypeVar("RecordT", bound=BaseModel)


@dataclass(frozen=True, eq=False)
class Parts(Columns):
    """What a :class:`~assignopt.Problem` holds."""

    rep_columns: RepColumns
    task_columns: TaskColumns
    pair_columns: PairColumns | None
    preference_columns: PreferenceColumns | None
    history_columns: HistoryColumns | None
    rules: tuple[AnyRule, ...]
    objective: tuple[AnyTier, ...]
    effort_unit: str
    notes: tuple[str, ...] = ()


PART_NAMES = tuple(field.name for field in fields(Parts))


def read_rest(
    reps: RepColumns, tasks: TaskColumns, given: Mapping[str, Any], faults: Faults
) -> Parts:
    """Read what refers to reps and tasks, given the columns of these."""
    rep_ids, task_ids = known_ids(reps.index), known_ids(tasks.index)
    objective = given["objective"]
    unit = given["effort_unit"]
    if not isinstance(unit, str) or not unit:
        message = f"{unit!r} is no unit. Give its name as text, such as 'hours'"
        faults.add(("effort_unit",), message, unit)
    notes = given.get("notes", ())
    notes = list(notes) if isinstance(notes, Iterable) and not isinstance(notes, str) else [notes]
    for at, note in enumerate(notes):
        if not isinstance(note, str) or not note:
            faults.add(("notes", at), f"{note!r} is no note. Give a list of texts", note)
    return Parts(
        reps,
        tasks,
        links.read_pairs(given["pairs"], rep_ids, task_ids, faults),
        links.read_preferences(given["preferences"], rep_ids, task_ids, faults),
        links.read_history(given["history"], rep_ids, faults),
        _read_union(RULE, "rules", given["rules"], faults),
        _read_union(
            TIER, "objective", DEFAULT_OBJECTIVE if objective is None else objective, faults
        ),
        unit,
        tuple(notes),
    )


def read_reps(given: Any, faults: Faults) -> RepColumns:
    """Read reps from records, mappings or a frame."""
    if isinstance(given, pd.DataFrame):
        return frames.read_reps(given, None, None, faults)
    if isinstance(given, RepColumns):
        columns = given
    else:
        columns = RepColumns.from_records(_read_records(Rep, "reps", given, faults))
    _check_ids("reps", columns, faults)
    return columns


def read_tasks(given: Any, faults: Faults) -> TaskColumns:
    """Read tasks from records, mappings or a frame."""
    if isinstance(given, pd.DataFrame):
        return frames.read_tasks(given, None, faults)
    if isinstance(given, TaskColumns):
        columns = given
    else:
        columns = TaskColumns.from_records(_read_records(Task, "tasks", given, faults))
    _check_ids("tasks", columns, faults)
    return columns


def is_table(place: str, given: Any, faults: Faults) -> bool:
    """Tell whether this is a frame; anything else is a fault."""
    if isinstance(given, pd.DataFrame):
        return True
    message = f"a frame is expected, not {type(given).__name__}. Give records to Problem(...)"
    faults.add((place,), message, given)
    return False


def _listed(place: str, given: Any, faults: Faults) -> list[Any]:
    if isinstance(given, Table):
        return list(given.values())
    if isinstance(given, Mapping | str | bytes | BaseModel) or not np.iterable(given):
        message = f"a list is expected, not {type(given).__name__}. Put it in [ ]"
        faults.add((place,), message, given)
        return []
    return list(given)


def _read_union(
    adapter: TypeAdapter[Any], place: str, given: Any, faults: Faults
) -> tuple[Any, ...]:
    """Validate rules or tiers; a faulty one is noted and None stands in its place."""
    read: list[Any] = []
    for number, item in enumerate(_listed(place, given, faults)):
        try:
            read.append(adapter.validate_python(item))
        except ValidationError as error:
            kind = item.get("kind") if isinstance(item, Mapping) else None
            faults.adopt(error, (place, number), kind=kind)
            read.append(None)
    return tuple(read)


@cache
def _list_of(record: type[BaseModel]) -> TypeAdapter[Any]:
    """Give what validates a list of records; making it takes longer than reading a few."""
    return TypeAdapter(list[record])  # type: ignore[valid-type]


def _read_records(record: type[RecordT], place: str, given: Any, faults: Faults) -> list[RecordT]:
    """Validate records; of a faulty one the rest is kept, so that it can still be checked."""
    listed = _listed(place, given, faults)
    try:
        return list(_list_of(record).validate_python(listed))
    except ValidationError as error:
        faults.adopt(error, (place,))
        wrong: dict[int, set[Any]] = {}
        for detail in error.errors(include_url=False):
            row, *field = detail["loc"]
            wrong.setdefault(int(row), set()).add(field[0] if field else None)
    return [
        _salvaged(record, item, wrong[row], row) if row in wrong else record.model_validate(item)
        for row, item in enumerate(listed)
    ]


def _salvaged(record: type[RecordT], given: Any, wrong: set[Any], row: int) -> RecordT:
    """Make what can be made of a faulty record, under an id nobody refers to if it has none."""
    item = given if isinstance(given, Mapping) and None not in wrong else {}
    item = {name: value for name, value in item.items() if name not in wrong}
    name = given.get("id") if isinstance(given, Mapping) and "id" not in wrong else None
    item["id"] = name if isinstance(name, str) and name else f"\0{row}"
    try:
        return record.model_validate(item)
    except ValidationError:
        return record.model_validate({"id": item["id"]})


def _check_ids(table: str, columns: RepColumns | TaskColumns, faults: Faults) -> None:
    again = columns.index.duplicated()
    message = "id {value} is repeated; ids are unique. Rename one"
    faults.add_rows(table, "id", again, columns.id, message)
