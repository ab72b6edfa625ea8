"""From one plan to another without overloading anyone: two plans in, the order of the moves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..check import audit
from ..plan import frame_of
from ..records import OWNER
from .certificates import room
from .owners import present_in, rows_of_holdings
from .replanning import audit_of
from .sequencing import Loads, Shift, in_order

if TYPE_CHECKING:
    from ..check import Audit
    from ..holdings import Holdings
    from ..plan import Plan
    from ..problem import Problem

STEPS = {
    "step": "int64",
    "chain": "int64",
    "kind": "str",
    "task_id": "str",
    "role": "str",
    "from_rep": "str",
    "to_rep": "str",
    "from_load": "float64",
    "to_load": "float64",
    "over": "float64",
    "proved": "bool",
}


def transition(before: Plan | Audit, after: Plan | Audit) -> pd.DataFrame:
    """Order the moves from one plan to another such that nobody is over capacity on the way.

    Work moves along chains: first into what is free, then into the place that this leaves, and so
    on; in cycles people exchange work. A cycle of people who are all full cannot begin without an
    overload: then the order is the one whose largest overload is smallest, and the step where it
    happens says whose it is and how much. Tasks of one group move together.

    Parameters
    ----------
    before, after
        Plans or audits of any problems; efforts, capacities, ``max_tasks`` and ``MaxLoad`` are
        those of the one after. Tasks that it does not know are left out.

    Returns
    -------
    pandas.DataFrame
        A row for each seat that changes, in order: ``step`` (those of a group share one),
        ``chain`` (consecutive steps into the place that has just become free), ``kind`` (``path``
        or ``cycle``, of the chain; ``new`` from nobody, ``closed`` to nobody), ``task_id``,
        ``role``, ``from_rep``, ``to_rep``, ``from_load`` and ``to_load`` (what both carry after the
        step), ``over`` (by how much effort the receiver is over a limit then), ``proved`` (whether
        no order has a smaller largest overload).

    References
    ----------
    Ordering moves with the free place first is that of sliding puzzles; components are Tarjan's
    (1972).

    Examples
    --------
    >>> import assignopt as ao
    >>> reps = [ao.Rep("ana", capacity=2), ao.Rep("bo", capacity=2), ao.Rep("cy", capacity=2)]
    >>> problem = ao.Problem(reps, [ao.Task("s", effort=2), ao.Task("t", effort=2)])
    >>> steps = ao.transition(ao.audit(problem, {"s": "ana", "t": "bo"}),
    ...                       ao.audit(problem, {"s": "bo", "t": "cy"}))
    >>> steps[["task_id", "from_rep", "to_rep", "over"]].values.tolist()
    [['t', 'bo', 'cy', 0.0], ['s', 'ana', 'bo', 0.0]]
    """
    then, now = audit_of(before), audit_of(after)
    held = now.holdings
    problem = held.problem
    was = _as_known(present_in(problem, then).rows, held)
    gone = _gone(then.holdings, problem)
    moves = _moves(was, held, gone)
    shifts, members = _shifts(moves, was, held)
    high = room(problem)[1] + problem.rep_columns.carried_load
    most = np.where(np.isnan(problem.rep_columns.max_tasks), np.inf, problem.rep_columns.max_tasks)
    loads = _loads(was, high.tolist(), most.tolist())
    order, proved = in_order(shifts, loads)
    loads = _loads(was, high.tolist(), most.tolist())
    steps = [(shifts[at], members[at]) for at in order]
    return _frame(held, steps, loads, gone, proved=proved)


def _as_known(rows: list[tuple[str, str, str]], like: Holdings) -> Holdings:
    """Read the plan before in the problem after."""
    return audit(like.problem, rows).holdings


def _loads(held: Holdings, high: list[float], most: list[float]) -> Loads:
    return Loads(held.load.tolist(), [int(n) for n in held.count], high, most)


Seat = tuple[int, int]
"""Task and role rows; the role is -1 for the owner."""


def _seats(held: Holdings) -> dict[Seat, int]:
    """Seat -> place among the holdings."""
    return {
        (task, role): at
        for at, (task, role) in enumerate(zip(held.task.tolist(), held.role.tolist(), strict=True))
    }


def _gone(then: Holdings, problem: Problem) -> dict[Seat, str]:
    """Give the seats of people whom the problem after does not know, by their names."""
    roles = problem.task_columns.roles
    places = {
        (int(task), str(name)): at
        for at, (task, name) in enumerate(zip(roles.task, roles.name, strict=True))
    }
    found = {}
    for task, rep, role in rows_of_holdings(then):
        if rep in problem.reps or task not in problem.tasks:
            continue
        row = int(problem.tasks.index.get_indexer(pd.Index([task], dtype=object))[0])
        if role == OWNER or (row, role) in places:
            found[row, -1 if role == OWNER else places[row, role]] = rep
    return found


def _moves(was: Holdings, held: Holdings, gone: dict[Seat, str]) -> list[Seat]:
    """List the seats that change hands."""
    old, new = _seats(was), _seats(held)
    return [
        seat
        for seat in sorted({*old, *new, *gone})
        if seat not in old or seat not in new or was.rep[old[seat]] != held.rep[new[seat]]
    ]


def _shifts(
    moves: list[Seat], was: Holdings, held: Holdings
) -> tuple[list[Shift], list[list[Seat]]]:
    """Make a move of each seat, and one of all tasks of a group that go the same way."""
    old, new = _seats(was), _seats(held)
    group = held.problem.task_columns.group.codes
    joined: dict[tuple[int, ...], list[Seat]] = {}
    for seat in moves:
        giver = int(was.rep[old[seat]]) if seat in old else -1
        taker = int(held.rep[new[seat]]) if seat in new else -1
        code = int(group[seat[0]]) if seat[1] < 0 else -1
        key = (giver, taker, code) if code >= 0 else (giver, taker, -1, *seat)
        joined.setdefault(key, []).append(seat)
    shifts = [
        Shift(
            key[0],
            key[1],
            sum(float(was.effort[old[seat]]) for seat in seats if seat in old),
            sum(float(held.effort[new[seat]]) for seat in seats if seat in new),
            len(seats),
        )
        for key, seats in joined.items()
    ]
    return shifts, list(joined.values())


def _frame(
    held: Holdings,
    steps: list[tuple[Shift, list[Seat]]],
    loads: Loads,
    gone: dict[Seat, str],
    *,
    proved: bool,
) -> pd.DataFrame:
    """Write the steps with the loads after each of them."""
    tasks, reps = held.problem.task_columns, held.problem.rep_columns.id
    rows = []
    chains, kinds = _chains([shift for shift, _ in steps])
    for number, (shift, seats) in enumerate(steps):
        over = loads.excess(shift)
        loads.apply(shift)
        names = [str(reps[rep]) if rep >= 0 else None for rep in (shift.giver, shift.taker)]
        carried = [loads.load[r] if r >= 0 else np.nan for r in (shift.giver, shift.taker)]
        for task, role in seats:
            named = OWNER if role < 0 else str(tasks.roles.name[role])
            giver = gone.get((task, role), names[0])
            kind = "path" if kinds[number] == "new" and giver else kinds[number]
            kind = "closed" if shift.taker < 0 else kind
            told = (number + 1, chains[number], kind, str(tasks.id[task]), named)
            rows.append((*told, giver, names[1], *carried, over, proved))
    return frame_of(rows, STEPS)


def _chains(shifts: list[Shift]) -> tuple[list[int], list[str]]:
    """Count the chains of steps into the place that has just become free, and say their kinds."""
    chains: list[int] = []
    for at, shift in enumerate(shifts):
        before = shifts[at - 1] if at else None
        goes_on = before is not None and shift.taker >= 0 and shift.taker == before.giver
        chains.append(chains[-1] + (not goes_on) if chains else 1)
    kinds = []
    for at, shift in enumerate(shifts):
        mine = [s for s, chain in zip(shifts, chains, strict=True) if chain == chains[at]]
        circle = mine[0].taker >= 0 and mine[0].taker == mine[-1].giver
        kind = "cycle" if circle else "path"
        kinds.append("new" if shift.giver < 0 else "closed" if shift.taker < 0 else kind)
    return chains, kinds
