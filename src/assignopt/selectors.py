"""Selectors on columns: an id, a list of ids or a mapping in, a mask over the rows out."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .columns import Labels, Ragged, RepColumns, TaskColumns

if TYPE_CHECKING:
    from .columns import Bools
    from .errors import Faults

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
        return np.asarray(columns.id == selector, bool).reshape(rows)
    if isinstance(selector, Mapping):
        picked = np.ones(rows, bool)
        for key, want in selector.items():
            picked &= _matches(columns, key, want if isinstance(want, list) else [want])
        return picked
    return np.asarray(pd.Index(columns.id, dtype=object).isin(selector), bool)


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


def check(
    columns: RepColumns | TaskColumns,
    selector: Any,
    place: tuple[str | int, ...],
    known: pd.Index[Any],
    faults: Faults,
) -> None:
    """Note unknown ids, and keys that are neither a tag nor a field."""
    noun = "rep" if isinstance(columns, RepColumns) else "task"
    if isinstance(selector, Mapping):
        fields = REP_FIELDS if noun == "rep" else TASK_FIELDS
        names = [*columns.tags.columns, *fields, *MANY_VALUED[noun]]
        for key in selector:
            if key not in names and len(columns.id):
                near = get_close_matches(str(key), names, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                listed = ", ".join(names)
                faults.add(
                    (*place, key), f"no {noun} has a tag or field {key!r} ({listed}){hint}", key
                )
        return
    ids = [selector] if isinstance(selector, str) else selector or []
    for one in ids:
        if one not in known:
            near = get_close_matches(one, known[:5000].tolist(), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            faults.add(place, f"{noun} {one!r} is unknown{hint}", one)
