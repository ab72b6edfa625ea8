"""What callers hand to a router, read with every fault at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import Faults, Place
from ..plan import Plan
from ..policies import Policy, Prices
from ..policies.options import take_policy
from ..records import OWNER, Amount, Share, Task
from ..turns.reading import unknown
from .times import check_clock

if TYPE_CHECKING:
    from ..dispatching import Desk


class PairRow(BaseModel):
    """What one pair has of its own."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    fit: Share | None = None
    effort: Amount | None = None
    value: Amount | None = None


def unknown_rep(rep_id: Any, known: Iterable[str]) -> str:
    """Say that a rep is unknown."""
    return unknown(rep_id, known)


def unknown_task(task_id: Any, known: Iterable[str]) -> str:
    """Say that a task is held by nobody."""
    ids = list(known)
    near = get_close_matches(task_id, ids[:5000], 1) if isinstance(task_id, str) else []
    remedy = f"did you mean {near[0]!r}?" if near else "It was not assigned, or is released already"
    return f"task {task_id!r} is held by nobody; {len(ids)} tasks are held. {remedy}"


def read_policy(policy: Any, place: Place, faults: Faults) -> Policy:
    """Take a policy; a class of one without options for an object of it."""
    if policy is None:
        return Prices()
    found = take_policy(policy, place, faults)
    return found if isinstance(found, Policy) else Prices()


def read_pairs(pairs: Any, known: Mapping[str, Any], faults: Faults) -> dict[str, Any] | None:
    """Read who may take a task: ids, or rep id -> what the pair has of its own."""
    if pairs is None:
        return None
    if isinstance(pairs, str) or not isinstance(pairs, Iterable):
        message = f"{pairs!r} is no list of ids. Give ids, or rep id -> {{fit, effort, value}}"
        faults.add(("pairs",), message, pairs)
        return None
    rows = pairs.items() if isinstance(pairs, Mapping) else [(key, {}) for key in pairs]
    found: dict[str, Any] = {}
    for name, row in rows:
        if not isinstance(name, str) or name not in known:
            faults.add(("pairs", str(name)), unknown_rep(name, known), name)
            continue
        if isinstance(row, tuple | list) and len(row) == 3:  # as the log has it
            row = dict(zip(("fit", "effort", "value"), row, strict=True))
        try:
            read = PairRow.model_validate(row)
        except ValidationError as error:
            faults.adopt(error, ("pairs", name))
            continue
        found[name] = (read.fit, read.effort, read.value)
    return found


def check_plan(plan: Any) -> None:
    """Raise unless it is a plan."""
    faults = Faults("Router.adopt")
    if not isinstance(plan, Plan):
        message = f"{plan!r} is no plan. Give what solve() or rebalance() returned"
        faults.add(("plan",), message, plan)
    faults.raise_if_any()


def check_seats(
    desk: Desk, task: Task, people: Mapping[str, str], pairs: Any, faults: Faults
) -> None:
    """Note who is unknown, or could never have the part of a task that they are to get."""
    roles = {OWNER: None} | {role.name: role for role in task.roles}
    for role, rep_id in people.items():
        place = ("plan", task.id, role)
        if rep_id not in desk.state.reps:
            faults.add(place, unknown_rep(rep_id, desk.state.reps), rep_id)
        elif role not in roles:
            faults.add(place, f"task {task.id!r} has no role {role!r}", role)
        elif rep_id not in desk.pairs(task, roles[role], pairs):
            message = f"rep {rep_id!r} is not eligible for it. Let the rep be changed first"
            faults.add(place, message, rep_id)


def nothing_in(given: Any, absent: Iterable[str], reps: Iterable[str]) -> Any:
    """Let nothing go to those who are absent, besides what the caller says of ``max_in``."""
    nothing = dict.fromkeys(absent, 0)
    if given is None or isinstance(given, Mapping):
        return {**(given or {}), **nothing}
    return {**dict.fromkeys(reps, given), **nothing}


def read_tasks(tasks: Any, desk: Desk, title: str) -> list[Task]:
    """Read tasks that come together: none twice, none that is held already.

    Raises
    ------
    pydantic.ValidationError
        With every task at fault.
    """
    faults, read, seen = Faults(title), [], set()
    if isinstance(tasks, str | Task | Mapping) or not isinstance(tasks, Iterable):
        faults.add(("tasks",), f"{tasks!r} is no list of tasks. Give a list", tasks)
        tasks = ()
    for number, given in enumerate(tasks):
        place = ("tasks", number)
        try:
            task = given if isinstance(given, Task) else Task.model_validate(given)
        except ValidationError as error:
            faults.adopt(error, place)
            continue
        check_clock((task.start, task.end), desk.state.clock, (*place, "start"), faults)
        if task.id in desk.held:
            message = f"task {task.id!r} is held already. Release it first"
            faults.add((*place, "id"), message, task.id)
        elif task.id in seen:
            faults.add((*place, "id"), f"task {task.id!r} stands twice. Keep one", task.id)
        seen.add(task.id)
        read.append(task)
    faults.raise_if_any()
    return read
