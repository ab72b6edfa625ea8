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
    from .columns import Bools
    from .errors import Faults, Place

_SELECTOR: TypeAdapter[Any] = TypeAdapter(Selector)

REP_FIELDS = ("id", "capacity", "max_tasks", "weight", "efficiency", "carried_load", "active")
TASK_FIELDS = ("id", "effort", "value", "priority", "burden", "customer_type", "group", "owner")
"""The fields a mapping may name, besides the tags and the many-valued fields below."""

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
