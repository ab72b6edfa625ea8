"""Who else could take a task, and what else a rep could take: ranked, with exact changes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ..check import TOLERANCE, audit
from ..columns import Labels
from ..compiling import compile_problem
from ..plan import frame_of
from ..records import OWNER, Task
from ..rules import MaxMoves
from ..solving import check_options, is_whole
from .forcing import Outcome, by_flow, by_solving, counts_moves, pinned, tier_names
from .frozen import Frozen, alone, is_simple
from .standing import Standing, check_ids, plan_faults, standing_of
from .words import moves_in_words

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..check import Audit
    from ..columns import Ints
    from ..plan import Plan

_BEFORE = {"rank": "int64", "task_id": "str", "rep_id": "str", "from_rep": "str"}
LEAST_SECONDS = 0.05
"""What a solve gets at least, however many rows share the time."""

_AFTER = {"better": "Int64", "proved": "bool", "others": "int64", "detail": "str"}


def recommend(
    plan: Plan | Audit,
    *,
    task: str | Task | None = None,
    rep: str | None = None,
    k: int = 5,
    moves: int | None = 0,
    pairs: Any = None,
    time_limit: float = 10.0,
    seed: int = 0,
    workers: int | None = None,
) -> pd.DataFrame:
    """Rank the best reps for one task, or the best tasks for one rep.

    Every row keeps every rule; of a plan that breaks some, no row breaks more. With ``moves=0``
    everybody else's work stays as it is, and the changes are exact. With more, or None for any
    number, others may change tasks to make room, and a row is the best plan that has the pair:
    exact at once where efforts are equal, elsewhere by solving again for the reps (or tasks) that
    are best without moves, ``proved`` telling whether the plan found is.

    Parameters
    ----------
    plan
        A Plan, or the Audit of anybody's assignments.
    task
        An id, or a :class:`Task` that is not in the plan yet; its owner's seat is asked about.
    rep
        A rep's id: which tasks of others, or open ones, it could take.
    k
        How many rows at most.
    moves
        How many tasks may leave their owners besides; None for any number. Open tasks that are
        filled then, and roles, do not count.
    pairs
        For a new task where the problem has a pairs table: its rows (rep_id, task_id[, fit,
        effort, value]).
    time_limit
        Seconds for solving again, shared by the rows.
    seed, workers
        As for :func:`assignopt.solve`.

    Returns
    -------
    pandas.DataFrame
        ``rank`` (equal for ties), ``task_id``, ``rep_id``, ``from_rep`` (who has it now), a column
        for each tier with its change (after minus before), ``better`` (1 better than the plan, 0 as
        good, -1 worse; NA where that is not settled, or a tier has slack), ``proved``, ``others``
        (tasks that leave their owners besides), ``detail`` (everything else that changes, in words,
        and what the plan itself breaks).

    Raises
    ------
    KeyError
        When a task or rep does not exist.
    TypeError, ValueError
        When not exactly one of ``task`` and ``rep`` is given, or a number is out of range.

    Examples
    --------
    >>> import assignopt as ao
    >>> reps = [ao.Rep("ana", capacity=4), ao.Rep("bo", capacity=4), ao.Rep("cy", capacity=4)]
    >>> plan = ao.solve(ao.Problem(reps, [ao.Task("acme", effort=3), ao.Task("zed", effort=2)]))
    >>> new = ao.Task("lead", effort=2, value=3)
    >>> ao.recommend(plan, task=new)[["rep_id", "coverage", "leximax(load per weight)"]]
      rep_id  coverage  leximax(load per weight)
    0     cy       1.0                      0.00
    1     bo       1.0                       0.25
    """
    standing = standing_of(plan)
    _check_options(task, rep, k, moves)
    check_options(time_limit, seed, workers, "auto")
    options = {"time_limit": time_limit, "seed": seed, "workers": workers}
    task = str(task) if isinstance(task, str) else task
    rep = None if rep is None else str(rep)
    if isinstance(task, Task):
        return _for_new(standing, task, pairs, k, moves, options)
    arrays = standing.arrays
    if task is not None:
        check_ids(standing.problem, task=task)
        seat = standing.seat(task, OWNER)
        asked = np.arange(arrays.first[seat], arrays.first[seat + 1])
    else:
        check_ids(standing.problem, rep=rep)
        asked = arrays.pairs_of_rep(standing.rep(str(rep)))
    seats = arrays.pair_seat[asked]
    other = (standing.holders[seats] != arrays.pair_rep[asked]) & (seats < arrays.tasks)
    return _ranked(standing, asked[other], k, moves, options)


def _check_options(task: object, rep: object, k: object, moves: object) -> None:
    if (task is None) == (rep is None):
        raise TypeError("give either task= (an id or a Task) or rep= (an id)")
    if task is not None and not isinstance(task, str | Task):
        raise TypeError(f"task is {type(task).__name__}; give an id or a Task")
    faults = []
    if not is_whole(k, 1):
        faults.append(f"a whole number, 1 or more, for k (not {k!r})")
    if moves is not None and not is_whole(moves, 0):
        faults.append(f"a whole number, 0 or more, or None for any, for moves (not {moves!r})")
    if faults:
        raise ValueError("options out of range; allowed is " + "; ".join(faults))


# -- one row at a time -----------------------------------------------------------------------------


class _Row(NamedTuple):
    """One seat with one rep: what it changes, and its place among the rows."""

    pair: tuple[str, str, str | None]
    changes: list[float]
    better: int | None
    place: Any
    proved: bool
    moves: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def cells(self, rank: int) -> list[Any]:
        """Write the row."""
        others = None if self.moves is None else self.moves[~_asked_about(self)]
        count = 0 if others is None else int(_changes_hands(others).sum())
        detail = "" if others is None or others.empty else moves_in_words(others)
        detail = "; ".join(part for part in (detail, *self.notes) if part)
        return [rank, *self.pair, *self.changes, self.better, self.proved, count, detail]


def _asked_about(row: _Row) -> Any:
    """Tell which moves are those of the seat that was asked about."""
    assert row.moves is not None
    return (row.moves["task_id"] == row.pair[0]) & (row.moves["role"] == OWNER)


def _changes_hands(moves: pd.DataFrame) -> Any:
    """Tell which moves take a task from its owner."""
    return (moves["role"] == OWNER) & moves["from_rep"].notna()


def _frame(standing: Standing, rows: list[_Row], k: int) -> pd.DataFrame:
    names = tier_names(standing)
    dtypes = {**_BEFORE, **dict.fromkeys(names, "float64"), **_AFTER}
    notes = plan_faults(standing.base or standing)
    rows = sorted((row._replace(notes=notes) for row in rows), key=lambda row: row.place)
    ranks: dict[Any, int] = {}
    for at, row in enumerate(rows, 1):
        ranks.setdefault(row.place, at)
    return frame_of([row.cells(ranks[row.place]) for row in rows[:k]], dtypes)


def _pair_names(
    standing: Standing, task: str, rep: int, holder: int
) -> tuple[str, str, str | None]:
    return task, str(standing.rep_name(rep)), standing.rep_name(holder)


# -- nobody else moves -----------------------------------------------------------------------------


def _still(
    standing: Standing, arrays: Arrays, pairs: Ints, now: Ints, names: list[str], k: int
) -> list[_Row]:
    """List the best single changes that keep every rule.

    Where rules look at more than a pair and the rep's room, the checker judges them one by one,
    the best first. ``names`` are the tasks of the pairs.
    """
    frozen = Frozen(standing, arrays, pairs, now)
    found = frozen.candidates()
    simple = is_simple(standing.problem) and standing.found.ok
    out: list[_Row] = []
    for at, place in enumerate(found.at.tolist()):
        if len(out) >= k:
            break
        task, rep, holder = names[place], int(frozen.rep[place]), int(frozen.holder[place])
        if not simple and not _keeps_rules(standing, task, str(standing.rep_name(rep))):
            continue
        pair = _pair_names(standing, task, rep, holder)
        changes = found.changes[:, at].tolist()
        better = int(found.better[at]) if not _has_slack(standing) else None
        out.append(_Row(pair, changes, better, int(found.rank[at]), True))
    return out


def _has_slack(standing: Standing) -> bool:
    """Whether a tier leaves room to the next, so that more of it is not plainly better."""
    return any(tier.is_loose for tier in standing.problem.objective[:-1])


def _keeps_rules(standing: Standing, task: str, rep: str) -> bool:
    """Whether a task at another rep breaks nothing more than the plan does."""
    others = [row for row in standing.hint() if (row[0], row[2]) != (task, OWNER)]
    new = audit(standing.problem, [*others, (task, rep, OWNER)]).violations
    known = _excess((standing.base or standing).found.violations)
    return all(
        place in known and by <= known[place] + TOLERANCE for place, by in _excess(new).items()
    )


def _excess(violations: pd.DataFrame) -> dict[tuple[str, str, str], float]:
    """Give by how much each rule is broken at each place; 0 where there is no number."""
    by = (violations["actual"] - violations["limit"]).abs().fillna(0.0)
    columns = (violations[name].fillna("").astype(str) for name in ("rule", "task_id", "rep_id"))
    return dict(zip(zip(*columns, strict=True), by.tolist(), strict=True))


# -- others may move -------------------------------------------------------------------------------


def _ranked(
    standing: Standing, pairs: Ints, k: int, moves: int | None, options: dict[str, Any]
) -> pd.DataFrame:
    """Rank pairs of a plan's problem."""
    arrays = standing.arrays
    seats = arrays.pair_seat[pairs]
    if moves == 0:
        names = [standing.named(int(seat))[0] for seat in seats]
        rows = _still(standing, arrays, pairs, standing.choice[seats], names, k)
    elif standing.residual is not None and moves is None:
        rows = _by_prices(standing, pairs.tolist(), k, options)
    else:
        rows = _by_solves(standing, pairs, k, moves, options)
    return _frame(standing, rows, k)


def _by_prices(standing: Standing, pairs: list[int], k: int, options: dict[str, Any]) -> list[_Row]:
    """Rank pairs by the prices of moves, and give the best as plans."""
    residual = standing.residual
    assert residual is not None
    prices = {pair: residual.price(pair) for pair in pairs}
    known = sorted((price, pair) for pair, price in prices.items() if price is not None)
    plans = [(price, pair, by_flow(standing, pair)) for price, pair in known[:k]]
    if any(found is None for _, _, found in plans):  # an end of the shares gets worse: solve
        return _by_solves(standing, np.array(pairs, np.int64), k, None, options)
    return [_row_of(standing, pair, found, price) for price, pair, found in plans if found]


def _row_of(standing: Standing, pair: int, found: Outcome, place: Any) -> _Row:
    seat, rep = int(standing.arrays.pair_seat[pair]), int(standing.arrays.pair_rep[pair])
    assert found.delta is not None
    names = _pair_names(standing, standing.named(seat)[0], rep, standing.holder(seat))
    changes = list(found.delta.values())
    sure = found.order > 0 or found.delta.proved or found.delta.is_settled(found.worse)
    better = found.order if sure else None
    return _Row(names, changes, better, place, found.delta.proved, found.moves)


def _by_solves(
    standing: Standing, pairs: Ints, k: int, moves: int | None, options: dict[str, Any]
) -> list[_Row]:
    """Solve again with each pair, those first that are best on their own, as time allows."""
    standing = standing if moves is None else _limited(standing, moves)
    until = time.perf_counter() + options["time_limit"]
    found: dict[int, Outcome] = {}
    ordered = _promising(standing, pairs)
    for turn, pair in enumerate(ordered):
        left = until - time.perf_counter()
        if left <= 0 and found:
            break
        seat, rep = int(standing.arrays.pair_seat[pair]), int(standing.arrays.pair_rep[pair])
        wish = pinned(standing.named(seat)[0], str(standing.rep_name(rep)), OWNER)
        share = max(left / max(min(k, len(ordered)) - turn, 1), LEAST_SECONDS)
        limit = [] if moves is None else [MaxMoves(moves)]  # a task given by a rule is no move
        outcome = by_solving(standing, [wish, *limit], **{**options, "time_limit": share})
        if outcome.delta is not None:
            found[pair] = outcome
    keys = {pair: tuple(tuple(-n for n in g) for g in one.gains) for pair, one in found.items()}
    rows = [_row_of(standing, pair, one, keys[pair]) for pair, one in found.items()]
    return [row._replace(better=None) for row in rows] if _has_slack(standing) else rows


def _promising(standing: Standing, pairs: Ints) -> list[int]:
    """Order pairs by what they add to the sums over pairs, and then by the rep's load."""
    gains = [goal.linear[pairs] for goal in standing.goals if goal.linear is not None]
    load = standing.found.holdings.load[standing.arrays.pair_rep[pairs]]
    order = np.lexsort((load, *(-gain for gain in reversed(gains))))
    return [int(pair) for pair in pairs[order]]


def _limited(standing: Standing, moves: int) -> Standing:
    """Give the plan in the problem whose present owners are those of the plan."""
    counted = counts_moves(standing.problem)
    if counted:
        raise ValueError(
            f"moves={moves} limits changes against this plan, and the problem counts moves against "
            f"the owners given ({'; '.join(counted)}). Ask with moves=0 or moves=None"
        )
    problem, held = standing.problem, standing.found.holdings
    names = np.array([*problem.rep_columns.id, None], object)
    owner = names[held.owner]
    columns = replace(problem.task_columns, owner=Labels.of(owner))
    return Standing(audit(problem.replace(tasks=columns), standing.hint()))


# -- a task that is not in the plan ----------------------------------------------------------------


def _for_new(
    standing: Standing,
    task: Task,
    pairs: Any,
    k: int,
    moves: int | None,
    options: dict[str, Any],
) -> pd.DataFrame:
    """Rank the reps for a new task."""
    if task.id in standing.problem.tasks:
        raise ValueError(f"task {task.id!r} is in the plan already. Ask for it by its id")
    if (pairs is None) != (standing.problem.pair_columns is None):
        has = "no pairs table" if pairs is not None else "a pairs table"
        remedy = "Leave pairs= out" if pairs is not None else "Give its rows for the task as pairs="
        raise ValueError(f"the problem has {has}. {remedy}")
    if moves == 0 and is_simple(standing.problem, task):
        arrays = compile_problem(alone(standing.problem, task, pairs))
        every = np.arange(arrays.pairs)
        none = np.full(arrays.pairs, -1)
        rows = _still(standing, arrays, every, none, [task.id] * arrays.pairs, k)
        return _frame(standing, rows, k)
    whole = _with_task(standing, task, pairs)
    seat = whole.seat(task.id, OWNER)
    asked = np.arange(whole.arrays.first[seat], whole.arrays.first[seat + 1])
    return _ranked(whole, asked, k, moves, options)


def _with_task(standing: Standing, task: Task, pairs: Any) -> Standing:
    """Give the plan in the problem with the new task, which is open."""
    problem = standing.problem.with_tasks([task])
    if pairs is not None:
        mine = alone(standing.problem, task, pairs).pairs
        problem = problem.replace(pairs=pd.concat([problem.pairs, mine], ignore_index=True))
    return Standing(audit(problem, standing.hint()), new=task.id, base=standing)
