"""Tags, fields and roles in, a row of measures for each group out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..records import OWNER
from .measuring import measures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..columns import Bools, Floats, Ints, Texts
    from ..holdings import Holdings
    from ..objectives import Quantity
    from ..problem import Problem

ROLE = "role"
"""Groups by the roles of the seats, where the reps have no tag of that name."""

FIELDS = ("id", "active", "capacity", "efficiency")
EVERYONE, MISSING, BETWEEN = "all", "(none)", " / "


def read_by(problem: Problem, by: str | Sequence[str] | None) -> tuple[str, ...]:
    """Give the names to group by; they are tags or fields of the reps, or ``role``.

    Raises
    ------
    ValueError
        When a name is unknown or stands twice.
    """
    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    known = [*problem.rep_columns.tags.columns, *FIELDS]
    known += [] if ROLE in known else [ROLE]
    for name in names:
        if name not in known:
            raise ValueError(f"no rep has a tag or field {name!r}; known are {', '.join(known)}")
    if len(set(names)) < len(names):
        raise ValueError(f"by={list(names)!r} names something twice. Keep each name once")
    return names


def labels(problem: Problem, names: Sequence[str], role: str | None = None) -> Texts:
    """(R,) the group of each rep, ``"emea / a"`` for several names; ``role`` in its own place."""
    reps = problem.rep_columns
    parts: list[Texts] = []
    for name in names:
        if name in reps.tags.columns:
            parts.append(_cells(reps.tags[name]))
        elif name != ROLE:
            parts.append(_cells(pd.Series(getattr(reps, name))))
        elif role is not None:
            parts.append(np.full(len(reps.id), role, object))
    if not parts:
        return np.full(len(reps.id), EVERYONE, object)
    if len(parts) == 1:
        return parts[0]
    quoted = [[repr(cell) if BETWEEN in cell else cell for cell in part] for part in parts]
    joined = [BETWEEN.join(cells) for cells in zip(*quoted, strict=True)]
    return np.array([*joined, None], object)[:-1]


def _cells(column: pd.Series[Any]) -> Texts:
    column = column.astype(object)
    return column.where(column.notna(), MISSING).astype(str).to_numpy(dtype=object)


def group_rows(
    held: Holdings, of: Quantity, amount: Floats, weight: Floats, who: Ints, names: Sequence[str]
) -> pd.DataFrame:
    """Measure each group: a row for each, with the columns of a report's ``overall``.

    Parameters
    ----------
    held
        The seats.
    of
        What is measured.
    amount, weight
        (R,) what each rep has, the history included, and by what it is divided.
    who
        Rows of the reps measured.
    names
        As :func:`read_by` gives them.
    """
    rows: dict[str, pd.Series[Any]] = {}
    by_role = ROLE in names and ROLE not in held.problem.rep_columns.tags.columns
    for role in _roles(held.problem) if by_role else [None]:
        part = amount if role is None else amount_in_role(held, of, role)
        group = pd.Series(labels(held.problem, names, role)[who], dtype="str")
        for name, at in sorted(group.groupby(group).indices.items()):
            rows[str(name)] = measures(part[who][at], weight[who][at])
    return pd.DataFrame(rows).T.rename_axis("group")


def _roles(problem: Problem) -> list[str]:
    return [OWNER, *sorted({str(name) for name in problem.task_columns.roles.name})]


def amount_in_role(held: Holdings, of: Quantity, role: str) -> Floats:
    """(R,) what the seats of one role come to; carried load and history belong to no role."""
    names = np.append(held.problem.task_columns.roles.name, OWNER)
    mine: Bools = names[held.role] == role
    each = {"load": held.effort, "count": np.ones(len(held))}
    amount: Floats = each[of] if of in each else getattr(held, of)
    return held.per_rep(amount * mine)


def between(by_group: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Give the largest minus, and the smallest over, the largest of the groups, by column."""
    high, low = by_group.max(), by_group.min()
    finite = np.isfinite(high) & (high != 0)
    ratio = (low / high.where(finite)).where(finite, (low == high).astype(float))
    difference = (high - low).where(np.isfinite(high), np.where(low == high, 0.0, np.inf))
    return difference, ratio
