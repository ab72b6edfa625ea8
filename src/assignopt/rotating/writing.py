"""What was asked of a rotation as plain data, ready for JSON, and read back as options."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..problem import Problem
    from .wants import Asked, Label


def write_label(label: Label) -> Any:
    """Write a label; dates as a mapping that says what they are."""
    if isinstance(label, datetime):
        return {"datetime": label.isoformat()}
    return {"date": label.isoformat()} if isinstance(label, date) else label


def parse_label(data: Any) -> Label:
    """Read what :func:`write_label` gives.

    Examples
    --------
    >>> [parse_label(write_label(one)) for one in (3, "w1", date(2026, 3, 2))]
    [3, 'w1', datetime.date(2026, 3, 2)]
    """
    if isinstance(data, dict) and "datetime" in data:
        return datetime.fromisoformat(data["datetime"])
    if isinstance(data, dict):
        return date.fromisoformat(data["date"])
    label: Label = data
    return label


_PLAIN = (
    "at_once",
    "min_tenure",
    "max_tenure",
    "cooldown",
    "cover_all",
    "max_handovers",
    "learning",
    "learning_value",
    "proportional",
)


def write_options(problem: Problem, asked: Asked) -> dict[str, Any]:
    """Write options in ids and labels."""
    reps, tasks = problem.rep_columns.id, problem.task_columns.id
    labels = [write_label(label) for label in asked.labels]

    def pairs(numbers: Mapping[tuple[int, int], int]) -> list[list[Any]]:
        rows = numbers.items()
        return [[None if r < 0 else str(reps[r]), str(tasks[t]), n] for (r, t), n in rows]

    return {
        **{name: getattr(asked, name) for name in _PLAIN},
        "periods": labels,
        "seats": {str(tasks[task]): n for task, n in asked.seats.items()},
        "held_since": {str(tasks[task]): n for task, n in asked.held_since.items()},
        "least": pairs(asked.least),
        "most": pairs(asked.most),
        "absent": {str(reps[r]): [labels[p] for p in sorted(ps)] for r, ps in asked.absent.items()},
        "squads": [
            {
                **squad.record.model_dump(mode="python", exclude={"periods"}),
                "periods": [labels[period] for period in squad.periods],
            }
            for squad in asked.squads
        ],
    }


def parse_options(data: Mapping[str, Any]) -> tuple[list[Label], dict[str, Any]]:
    """Read what :func:`write_options` gives, as periods and keywords of a rotation."""

    def pairs(rows: list[list[Any]]) -> dict[Any, int]:
        return {task if rep is None else (rep, task): n for rep, task, n in rows}

    given = {
        **{name: data[name] for name in _PLAIN},
        "seats": data["seats"],
        "held_since": data["held_since"],
        "least": pairs(data["least"]),
        "most": pairs(data["most"]),
        "absent": {r: [parse_label(p) for p in ps] for r, ps in data["absent"].items()},
        "squads": [
            {**squad, "periods": [parse_label(period) for period in squad["periods"]]}
            for squad in data["squads"]
        ],
    }
    return [parse_label(label) for label in data["periods"]], given
