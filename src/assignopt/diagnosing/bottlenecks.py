"""Where work and people are out of proportion: a Problem in, need and have side by side out.

Each row compares the tasks of one kind with the reps who could take some of them: by skill and
level, by customer type, by territory (an Allow rule). It is arithmetic on one kind at a time; a
``short`` above 0 means that these tasks cannot all be done, one of 0 proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..compiling import compile_problem
from ..plan import frame_of
from ..rules import Allow
from ..scaling import NO_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from ..arrays import Arrays
    from ..columns import Bools, Floats
    from ..plan import Plan
    from ..problem import Problem

BOTTLENECKS = {
    "by": "str",
    "name": "str",
    "tasks": "int64",
    "reps": "int64",
    "need": "float64",
    "have": "float64",
    "short": "float64",
    "slots": "float64",
    "open": "int64",
}


def bottlenecks(problem: Problem, plan: Plan | None) -> pd.DataFrame:
    """Compare need and have by skill, customer type and territory, the scarcest first.

    Parameters
    ----------
    problem
        The problem.
    plan
        A plan of it, whose open tasks are counted; None where there is none.

    Returns
    -------
    pandas.DataFrame
        ``by``, ``name``; ``tasks`` of the kind and ``reps`` who may take one of them; ``need``,
        the least effort of the tasks (as it stands where nobody may take one); ``have``, the room
        of these reps (inf without a limit); ``short``, what is lacking of it; ``slots``, how many
        seats the reps may hold; ``open``, how many of the tasks the plan leaves open (-1 without a
        plan).
    """
    arrays = compile_problem(problem)
    open_ = None
    if plan is not None:
        open_ = problem.tasks.index.isin(plan.unassigned["task_id"])
    least = np.full(arrays.seats, np.inf)
    np.minimum.at(least, arrays.pair_seat, arrays.effort)
    columns = problem.task_columns
    own = np.concatenate([columns.effort, columns.roles.effort])
    least = np.where(np.isfinite(least), least, own)  # as it stands, where nobody may take it
    most, slots = arrays.load_bounds[1], arrays.count_bounds[1]
    room = np.where(most < NO_LIMIT, most / arrays.rounded.scale, np.inf)
    counts = np.where(slots < NO_LIMIT, slots.astype(np.float64), np.inf)
    rows = [
        {"by": by, "name": name} | _row(arrays, tasks, least, room, counts, open_)
        for by, name, tasks in _kinds(problem)
    ]
    frame = frame_of(rows, BOTTLENECKS)
    used = (frame["need"] / frame["have"].clip(lower=1e-9)).to_numpy()
    order = np.lexsort((-frame["open"].to_numpy(), -used))
    return frame.iloc[order].reset_index(drop=True)


def _kinds(problem: Problem) -> Iterator[tuple[str, str, Bools]]:
    """Give each skill and level, customer type and territory with its tasks."""
    tasks = problem.task_columns
    names, roles = tasks.requires.names(), tasks.roles
    wanted = [
        (s, lv, t)
        for s, lv, t in zip(names, tasks.requires.amount, tasks.requires.row, strict=True)
    ]
    needs = roles.requires
    wanted += [
        (s, lv, roles.task[row])
        for s, lv, row in zip(needs.names(), needs.amount, needs.row, strict=True)
    ]
    for skill, level in sorted({(s, float(lv)) for s, lv, _ in wanted if lv > 0}):
        picked = np.zeros(len(tasks.id), bool)
        picked[[t for s, lv, t in wanted if s == skill and lv >= level]] = True
        yield "skill", f"{skill} at level {level:.10g}", picked
    for code, name in enumerate(tasks.customer_type.names):
        yield "customer type", name, tasks.customer_type.codes == code
    for rule in problem.rules:
        if isinstance(rule, Allow):
            yield "territory", rule.id, problem.select_tasks(rule.task)


def _row(
    arrays: Arrays, tasks: Bools, least: Floats, room: Floats, slots: Floats, open_: Any
) -> dict[str, Any]:
    seats = tasks[arrays.seat_task]
    reps = np.zeros(arrays.reps, bool)
    reps[arrays.pair_rep[seats[arrays.pair_seat]]] = True
    need, have = float(least[seats].sum()), float(room[reps].sum())
    return {
        "tasks": int(tasks.sum()),
        "reps": int(reps.sum()),
        "need": need,
        "have": have,
        "short": max(0.0, round(need - have, 9)),
        "slots": float(slots[reps].sum()),
        "open": -1 if open_ is None else int((tasks & open_).sum()),
    }
