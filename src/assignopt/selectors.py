"""Selectors on columns: an id, a list of ids or a mapping in, a mask over the rows out."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from .columns import Labels, Ragged, RepColumns, TaskColumns, known_tags
from .rules import Selector

if TYPE_CHECKING:
    from .columns import Bools, Floats
    from .errors import Faults, Place

_SELECTOR: TypeAdapter[Any] = TypeAdapter(Selector)

REP_FIELDS = ("id", "capacity", "max_tasks", "weight", "efficiency", "carried_load", "active")
TASK_FIELDS = ("id", "effort", "value", "priority", "burden", "customer_type", "group", "owner")
"""The fields a mapping may name, besides the tags and the many-valued fields below."""

AMOUNTS = ("effort", "value", "priority", "burden")
"""The fields of tasks that are numbers of 0 or more."""

MANY_VALUED = {"rep": ("skills",), "task": ("requires", "prefers")}
"""Fields that hold names: such a key selects the rows that hold the name."""


def mask(columns: RepColumns | TaskColumns, selector: Any) -> Bools:
    """Tell which rows a (checked) selector picks.

    Returns
    -------
    numpy.ndarray
        (rows,) bool.
    """
    rows = len(columns.id)
    if selector is None:
        return np.ones(rows, bool)
    if isinstance(selector, str):
        return np.asarray(columns.id == selector, bool)
    if isinstance(selector, Mapping):
        picked = np.ones(rows, bool)
        for key, want in selector.items():
            picked &= _matches(columns, key, want if isinstance(want, list) else [want])
        return picked
    return np.asarray(columns.index.isin(selector), bool)


def _matches(columns: RepColumns | TaskColumns, key: str, wanted: list[Any]) -> Bools:
    rows = len(columns.id)
    if key in columns.tags.columns:
        cells = columns.tags[key]
        return np.asarray(cells.isin(wanted).to_numpy(), bool)
    held = getattr(columns, key, None)
    if isinstance(held, Labels):
        held = held.texts()
    if isinstance(held, Ragged):
        codes = [i for i, name in enumerate(held.keys) if name in wanted]
        found = np.zeros(rows, bool)
        found[held.row[np.isin(held.key, codes)]] = True
        return found
    if held is None:
        return np.zeros(rows, bool)
    return np.asarray(pd.Series(held).isin(wanted), bool)


def selects(selector: Any, record: Any) -> bool:
    """Tell whether a selector picks one record: :func:`mask` for one row."""
    if selector is None:
        return True
    if isinstance(selector, str):
        return bool(record.id == selector)
    if not isinstance(selector, Mapping):
        return record.id in selector
    for key, want in selector.items():
        wanted = want if isinstance(want, list) else [want]
        answer = answer_of(record, key)
        if isinstance(answer, tuple):
            if not any(name in wanted for name in answer):
                return False
        elif answer is None or answer not in wanted:
            return False
    return True


def answer_of(record: Any, key: str) -> Any:
    """Give what a record has under a tag or a field; of a field with many names, these."""
    if key in record.tags:
        return record.tags[key]
    answer = getattr(record, key, None)
    return tuple(answer) if isinstance(answer, Mapping) else answer


def amounts(columns: TaskColumns, name: str) -> Floats:
    """(T,) the numbers in a field or a tag of the tasks; NaN where a cell holds none."""
    cells = columns.tags[name] if name in columns.tags.columns else getattr(columns, name)
    if isinstance(cells, Labels):
        cells = cells.texts()
    return np.asarray(pd.to_numeric(pd.Series(cells), errors="coerce"), np.float64)


def check_amounts(columns: TaskColumns, name: str, place: Place, faults: Faults) -> None:
    """Note a name that is no tag or number of the tasks, and cells that are no amounts."""
    names = [*known_tags(columns.tags), *(one for one in TASK_FIELDS if one in AMOUNTS)]
    if not len(columns.id):
        return
    if name not in names:
        hint = _hint(name, names) or ". Use one of these"
        message = f"no task has a tag or number {name!r}; there are {', '.join(names)}"
        faults.add(place, message + hint, name)
        return
    found = amounts(columns, name)
    bad = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(bad):
        some = ", ".join(repr(one) for one in columns.id[bad[:3]])
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        message = f"{name!r} is no number of 0 or more for {some}{more}. Give each task one"
        faults.add(place, message, name)


def read(selector: Any, place: Place, faults: Faults) -> Any:
    """Read a selector as rules do; None where it is at fault."""
    try:
        return _SELECTOR.validate_python(selector)
    except ValidationError as error:
        faults.adopt(error, place)
        return None


def check(
    columns: RepColumns | TaskColumns,
    selector: Any,
    place: Place,
    known: pd.Index[Any] | None,
    faults: Faults,
) -> None:
    """Note unknown ids, and keys that are neither a tag nor a field.

    Without ``known`` ids, these being at fault themselves, or without any rows, nothing is noted
    of ids or of keys respectively.
    """
    noun = "rep" if isinstance(columns, RepColumns) else "task"
    if isinstance(selector, Mapping):
        fields = REP_FIELDS if noun == "rep" else TASK_FIELDS
        names = [*known_tags(columns.tags), *fields, *MANY_VALUED[noun]]
        for key in selector:
            if key not in names and len(columns.id):
                hint = _hint(key, names) or ". Use one of these"
                message = f"no {noun} has a tag or field {key!r}; there are {', '.join(names)}"
                faults.add((*place, key), message + hint, key)
    elif isinstance(selector, str):
        if known is not None and selector not in known:
            faults.add(place, _unknown(noun, selector, known), selector)
    elif selector is not None and known is not None:
        for number in np.flatnonzero(~pd.Index(selector, dtype=object).isin(known)).tolist():
            one = selector[number]
            faults.add((*place, number), _unknown(noun, one, known), one)


def _unknown(noun: str, name: str, known: pd.Index[Any]) -> str:
    hint = _hint(name, known[:5000].tolist()) or f". Use ids of the {noun}s table"
    return f"{noun} {name!r} is unknown{hint}"


def _hint(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""
