"""Whether the parts of a problem agree with one another; every fault is noted with its place."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from . import selectors
from .cells import known_ids
from .objectives import Moves, Weighted
from .records import OWNER
from .rules import AnyRule, Pin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from .columns import RepColumns, TaskColumns
    from .errors import Faults, Place
    from .parts import Parts


def check(parts: Parts, faults: Faults) -> None:
    """Check owners, times and rules against the reps and tasks, and rules against each other."""
    reps, tasks = parts.rep_columns, parts.task_columns
    rep_ids, task_ids = known_ids(reps.index), known_ids(tasks.index)
    _check_owners(tasks, rep_ids, faults)
    _check_clocks(reps, tasks, faults)
    rules = {place: rule for place, rule in enumerate(parts.rules) if rule is not None}
    for place, rule in rules.items():
        _check_rule(rule, ("rules", place), parts, rep_ids, task_ids, faults)
    _check_ids(rules, faults)
    _check_pins(rules, faults)
    for place, tier in enumerate(parts.objective):
        for term in [one for one, _ in tier.terms] if isinstance(tier, Weighted) else [tier]:
            if isinstance(term, Moves) and term.cost is not None:
                selectors.check_amounts(tasks, term.cost, ("objective", place, "cost"), faults)


def _check_owners(tasks: TaskColumns, reps: pd.Index[Any] | None, faults: Faults) -> None:
    gone = [i for i, name in enumerate(tasks.owner.names) if reps is not None and name not in reps]
    if gone:
        message = (
            "owner {value} is unknown. Use ids of the reps table; an owner who has left stays in "
            "it with active=False, or leave the owner empty"
        )
        bad = np.isin(tasks.owner.codes, gone)
        faults.add_rows("tasks", "owner", bad, tasks.owner.texts(), message)


def _check_clocks(reps: RepColumns, tasks: TaskColumns, faults: Faults) -> None:
    remedy = "Give all of them in seconds, all as datetimes, or all as datetimes with a time zone"
    for place, clock in ((("reps", "available"), reps.clock), (("tasks", "start"), tasks.clock)):
        if clock == "mixed":
            faults.add(place, f"times are of different kinds. {remedy}")
    if len({reps.clock, tasks.clock, "none"}) > 2 and "mixed" not in (reps.clock, tasks.clock):
        message = f"the tasks' times are {tasks.clock}, those of the reps {reps.clock}. {remedy}"
        faults.add(("tasks", "start"), message)


def _check_rule(
    rule: AnyRule,
    place: Place,
    parts: Parts,
    reps: pd.Index[Any] | None,
    tasks: pd.Index[Any] | None,
    faults: Faults,
) -> None:
    for name, columns, known in (
        ("rep", parts.rep_columns, reps),
        ("task", parts.task_columns, tasks),
        ("tasks", parts.task_columns, tasks),
        ("where", parts.task_columns, tasks),
    ):
        selector = getattr(rule, name, None)
        selectors.check(columns, selector, (*place, name), known, faults)
        if name == "tasks" and selector:
            _check_listed_once(selector, (*place, name), faults)
    if getattr(rule, "per", None) == "month" and parts.task_columns.clock == "seconds":
        message = "months need datetimes; the tasks' times are seconds. Use per='day' or 'week'"
        faults.add((*place, "per"), message)
    if isinstance(rule, Pin) and rule.role != OWNER and tasks is not None and rule.task in tasks:
        row = int(np.flatnonzero(parts.task_columns.id == rule.task)[0])
        names = [role.name for role in parts.task_columns.roles.of_task(row)]
        if rule.role not in names:
            near = get_close_matches(rule.role, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ". Use 'owner' or add the role"
            has = ", ".join(map(repr, names)) or "none"
            message = f"task {rule.task!r} has no role {rule.role!r}; it has {has}{hint}"
            faults.add((*place, "role"), message, rule.role)


def _check_listed_once(ids: list[str], place: Place, faults: Faults) -> None:
    seen: set[str] = set()
    for number, name in enumerate(ids):
        if name in seen:
            faults.add((*place, number), f"task {name!r} is listed twice. Keep one", name)
        seen.add(name)


def _check_ids(rules: dict[int, AnyRule], faults: Faults) -> None:
    seen: dict[str, int] = {}
    for place, rule in rules.items():
        first = seen.setdefault(rule.id, place)
        if first != place:
            message = f"rule {rule.id!r} stands at {first} already; ids are unique. Keep one"
            faults.add(("rules", place, "id"), message, rule.id)


def _check_pins(rules: dict[int, AnyRule], faults: Faults) -> None:
    """Note pins that cannot all hold: two reps for one seat, or two seats of a task for one rep."""
    pins = {place: rule for place, rule in rules.items() if isinstance(rule, Pin)}
    for place, name, message in clashing_pins(pins):
        at = getattr(rules[place], name)
        faults.add(("rules", place, name), f"{message}. Keep one pin", at)


def clashing_pins(pins: Mapping[int, Pin]) -> Iterator[tuple[int, str, str]]:
    """Give the key of each pin that cannot hold with one before it, the field at fault, and why."""
    seat: dict[tuple[str, str], Pin] = {}
    holder: dict[tuple[str, str], Pin] = {}
    for place, rule in pins.items():
        other = seat.setdefault((rule.task, rule.role), rule)
        if other.rep != rule.rep:
            yield place, "rep", f"task {rule.task!r} is pinned to {other.rep!r} and to {rule.rep!r}"
        other = holder.setdefault((rule.task, rule.rep), rule)
        if other.role != rule.role:
            message = (
                f"rep {rule.rep!r} is pinned to task {rule.task!r} as {other.role!r} and as "
                f"{rule.role!r}; each role wants another person"
            )
            yield place, "role", message
