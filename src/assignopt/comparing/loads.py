"""Two plans in, what each rep has before and after, and what each person has to be told, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..plan import frame_of
from ..wording import counted
from .words import number, same

if TYPE_CHECKING:
    from ..columns import Bools, Floats, Ints, Texts
    from ..objectives import Quantity
    from .matching import Common, Matched
    from .reading import Side

QUANTITIES: dict[str, Quantity] = {
    "tasks": "count",
    "load": "load",
    "worth": "worth",
    "value": "value",
    "burden": "burden",
}
"""The columns of the loads of a plan, and the quantity each of them counts."""

LOADS = {"rep_id": "str", "in_before": "bool", "in_after": "bool"}
LOADS |= {
    f"{name}_{when}": "int64" if name == "tasks" else "float64"
    for name in QUANTITIES
    for when in ("before", "after", "change")
}
BY_PERSON = {
    "rep_id": "str",
    "gained": "object",
    "lost": "object",
    "kept": "int64",
    "load_change": "float64",
    "sentence": "str",
}


def both_amounts(before: Side, after: Side, common: Common, of: Quantity) -> tuple[Floats, Floats]:
    """(reps,) each: what every rep of either problem has before and after; 0 where it is not."""
    out = np.zeros((2, len(common.reps)))
    out[0, common.before.rep] = before.held.quantity(of)
    out[1, common.after.rep] = after.held.quantity(of)
    return out[0], out[1]


def loads_frame(before: Side, after: Side, common: Common) -> pd.DataFrame:
    """Make the frame of loads, a row for each rep of either problem."""
    columns: dict[str, Any] = {
        "rep_id": common.reps,
        "in_before": common.before.has_rep,
        "in_after": common.after.has_rep,
    }
    for name, of in QUANTITIES.items():
        was, now = both_amounts(before, after, common, of)
        columns |= {f"{name}_before": was, f"{name}_after": now, f"{name}_change": now - was}
    return frame_of(columns, LOADS)


def by_person_frame(matched: Matched, loads: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Make the frame of what each rep has to be told, a row for each whom a change concerns."""
    reps = len(loads)
    gained = _per_rep(matched, matched.taker, reps)
    lost = _per_rep(matched, matched.giver, reps)
    kept = np.bincount(matched.rep_after[matched.kept], minlength=reps)
    moves = [bool(got or gave) for got, gave in zip(gained, lost, strict=True)]
    concerned = _concerned(loads) | np.array(moves, bool)
    rows = np.flatnonzero(concerned).tolist()
    told = loads.iloc[rows]
    out = pd.DataFrame({"rep_id": told["rep_id"].to_numpy(object)})
    for name, lists in (("gained", gained), ("lost", lost)):
        out[name] = pd.Series([lists[row] for row in rows], index=out.index, dtype=object)
    out["kept"] = kept[rows]
    out["load_change"] = told["load_change"].to_numpy()
    out["sentence"] = [
        _sentence(rep, len(gained[row]), len(lost[row]), unit)
        for row, rep in zip(rows, told.itertuples(), strict=True)
    ]
    return frame_of(out, BY_PERSON)


def _per_rep(matched: Matched, who: Ints, reps: int) -> list[tuple[str, ...]]:
    """Give the ids of the tasks of the changed seats that each rep has."""
    rows = np.flatnonzero(who >= 0)
    rows = rows[np.argsort(who[rows], kind="stable")]
    ids: Texts = matched.common.tasks[matched.task[rows]]
    ends = np.searchsorted(who[rows], np.arange(reps), "right")
    return [tuple(part) for part in np.split(ids, ends[:-1])] if reps else []


def _concerned(loads: pd.DataFrame) -> Bools:
    """(reps,) whether a rep joined, left, or has another amount of anything."""
    concerned: Bools = (loads["in_before"] != loads["in_after"]).to_numpy()
    for name in QUANTITIES:
        concerned = concerned | ~same(loads[f"{name}_before"], loads[f"{name}_after"])
    return concerned


def _sentence(rep: Any, gained: int, lost: int, unit: str) -> str:
    parts = []
    if rep.in_before != rep.in_after:
        parts.append("new in the team" if rep.in_after else "no longer in the team")
    if gained:
        parts.append(f"+{counted(gained, 'task')}")
    if lost:
        parts.append(f"-{lost:,}" if gained else f"-{counted(lost, 'task')}")
    if not gained and not lost:
        parts.append("the same tasks")
    parts.append(_more_or_less(rep.load_before, rep.load_after, unit))
    for name in ("worth", "value", "burden"):
        was, now = getattr(rep, f"{name}_before"), getattr(rep, f"{name}_after")
        if not gained and not lost and not same(was, now):
            parts.append(_more_or_less(was, now, name))
    return f"for {rep.rep_id}: {', '.join(parts)}"


def _more_or_less(before: float, after: float, what: str) -> str:
    """Say how much more or less it is.

    Examples
    --------
    >>> _more_or_less(4.0, 6.0, "hours"), _more_or_less(4.0, 4.0, "hours")
    ('2 hours more', 'as many hours as before')
    """
    if same(before, after):
        return f"as many {what} as before"
    return f"{number(abs(after - before))} {what} {'more' if after > before else 'less'}"
