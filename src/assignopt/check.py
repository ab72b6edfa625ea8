"""The specification: any assignments of a Problem in, every broken rule and every value out.

Written in plain numpy and pandas, sharing no code with an engine: what an engine returns is shown
to nobody before it has passed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np
import pandas as pd

from .holdings import Holdings, read_assignments
from .periods import NO_PERIOD, period_name, period_of
from .plan import frame_of
from .records import OWNER
from .rules import (
    Allow,
    AnyRule,
    Apart,
    CoverAll,
    Forbid,
    MaxLoad,
    MaxLoadGap,
    MaxMoves,
    MaxTasks,
    MinFit,
    MinLoad,
    MinTasks,
    Pin,
    Together,
)
from .terms import moved_tasks, present_owner, term_value
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .columns import Bools, Floats, Ints
    from .problem import Problem

TOLERANCE = 1e-6
"""What sums of efforts may exceed a limit by, for each seat in the sum: the rounding of floats."""

VIOLATION_DTYPES = {
    "rule": "str",
    "task_id": "str",
    "rep_id": "str",
    "actual": "float64",
    "limit": "float64",
    "message": "str",
}


@dataclass(frozen=True, eq=False)
class Audit:
    """What :func:`audit` found.

    Parameters
    ----------
    violations
        Frame, a row for each broken rule and place: rule, task_id, rep_id, actual, limit, message.
    terms
        Frame, a row for each objective tier: term, value.
    holdings
        The assignments as they were understood.
    moved
        (T,) which tasks move.
    """

    violations: pd.DataFrame
    terms: pd.DataFrame
    holdings: Holdings
    moved: Bools

    @property
    def ok(self) -> bool:
        """Whether no rule is broken."""
        return self.violations.empty

    def __str__(self) -> str:
        terms = ", ".join(
            f"{term} {value:g}"
            for term, value in zip(self.terms["term"], self.terms["value"], strict=True)
        )
        terms = "\n".join([terms, *(f"Note: {note}" for note in self.holdings.problem.notes)])
        if self.ok:
            return f"No rule is broken. {terms}"
        listed = "\n".join(f"  {message}" for message in self.violations["message"].head(20))
        more = len(self.violations) - 20
        tail = f"\n  and {more} more" if more > 0 else ""
        return f"{len(self.violations)} violations:\n{listed}{tail}\n{terms}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>Note: {escape(note)}</p>" for note in self.holdings.problem.notes)
        return str(self.violations.to_html(index=False) + self.terms.to_html(index=False) + notes)


def audit(problem: Problem, assignments: Any) -> Audit:
    """Check any assignments against every rule, and compute the value of every tier.

    Whoever made them: a Plan, a CRM export, a hand-made sheet, another solver. What cannot be
    understood (unknown ids or roles) is a violation, not an exception.

    Parameters
    ----------
    problem
        What the assignments are for.
    assignments
        A frame with ``task_id``, ``rep_id`` and perhaps ``role``; a mapping task_id -> rep_id;
        rows (task_id, rep_id[, role]); or a Plan. A missing ``rep_id`` means unassigned.

    Returns
    -------
    Audit
        ``.ok``, ``.violations``, ``.terms``.

    Raises
    ------
    pydantic.ValidationError
        When a column is missing.

    Notes
    -----
    Limits on efforts are kept to within 1e-6 effort units for each seat a rep holds.

    Examples
    --------
    >>> import assignopt as ao
    >>> problem = ao.Problem([ao.Rep("ana", capacity=4)], [ao.Task("acme", effort=6)])
    >>> found = ao.audit(problem, {"acme": "ana"})
    >>> found.ok, found.violations["message"][0]
    (False, "load 6/4 hours on rep 'ana'")
    """
    held, unread = read_assignments(problem, assignments)
    rows = [*(_as_row(**row) for row in unread), *_pairs(held), *joint_faults(held)]
    keepable = keepable_tasks(problem)
    terms = pd.DataFrame(
        {
            "term": pd.Series([tier.label for tier in problem.objective], dtype="str"),
            "value": np.array(
                [term_value(held, tier, keepable) for tier in problem.objective], np.float64
            ),
        }
    )
    cells = [tuple(row[name] for name in VIOLATION_DTYPES) for row in rows]
    violations = frame_of(cells, VIOLATION_DTYPES)
    return Audit(violations, terms, held, moved_tasks(held, keepable))


Row = dict[str, Any]


def joint_faults(held: Holdings) -> Iterator[Row]:
    """List what holdings break together, the pairs by themselves left aside."""
    for part in (_seats, _limits, _calendar, _groups, _rules):
        yield from part(held)


def _as_row(
    rule: str,
    message: str,
    task_id: str | None = None,
    rep_id: str | None = None,
    actual: float = np.nan,
    limit: float = np.nan,
) -> Row:
    return {
        "rule": rule,
        "task_id": task_id,
        "rep_id": rep_id,
        "actual": actual,
        "limit": limit,
        "message": message,
    }


# -- the seats themselves --------------------------------------------------------------------


def _seats(held: Holdings) -> Iterator[Row]:
    """One person for each seat, one seat for each person, no collaborator without an owner."""
    names = held.problem.task_columns.id, held.problem.rep_columns.id
    same_task = held.task[1:] == held.task[:-1]
    for i in (np.flatnonzero(same_task & (held.role[1:] == held.role[:-1])) + 1).tolist():
        task, rep = names[0][held.task[i]], names[1][held.rep[i]]
        yield _as_row(
            "one_holder",
            f"task {task!r} has two holders as {_role_name(held, i)!r}: "
            f"{names[1][held.rep[i - 1]]!r} and {rep!r}; one is allowed",
            task,
            rep,
            2,
            1,
        )
    order = np.lexsort((held.role, held.rep, held.task))
    again = (np.diff(held.task[order]) == 0) & (np.diff(held.rep[order]) == 0)
    again &= np.diff(held.role[order]) != 0
    for i in order[1:][again]:
        task, rep = names[0][held.task[i]], names[1][held.rep[i]]
        message = f"rep {rep!r} holds two roles of task {task!r}; each wants another person"
        yield _as_row("other_person", message, task, rep, 2, 1)
    for i in np.flatnonzero(~held.is_owner & (held.owner[held.task] < 0)).tolist():
        task, rep = names[0][held.task[i]], names[1][held.rep[i]]
        message = f"rep {rep!r} is {_role_name(held, i)!r} of task {task!r}, which has no owner"
        yield _as_row("needs_owner", message, task, rep)


def _role_name(held: Holdings, i: int) -> str:
    return OWNER if held.role[i] < 0 else str(held.problem.task_columns.roles.name[held.role[i]])


# -- which pairs may be -----------------------------------------------------------------------


@dataclass(frozen=True)
class PairFault:
    """One reason why some of the given pairs may not be.

    Parameters
    ----------
    rule
        The rule's id.
    bad
        (N,) which of the pairs it rules out.
    describe
        Entry -> (actual, limit, message).
    """

    rule: str
    bad: Bools
    describe: Callable[[int], tuple[float, float, str]]


def pair_faults(held: Holdings) -> Iterator[PairFault]:
    """Judge each (task, role, rep) by itself, everything else left aside."""
    problem = held.problem
    reps, tasks = problem.rep_columns, problem.task_columns

    def told(words: str, actual: float = np.nan, limit: float = np.nan) -> Any:
        def describe(i: int) -> tuple[float, float, str]:
            pair = f"task {tasks.id[held.task[i]]!r} with rep {reps.id[held.rep[i]]!r}"
            return actual, limit, f"{pair}: {words}"

        return describe

    yield PairFault("active", ~reps.active[held.rep], told("the rep is not active"))
    if problem.pair_columns is not None:
        yield PairFault("pairs", held.pair < 0, told("the pair is not in the pairs table"))
    yield _skill_fault(held)
    yield _calendar_fault(held)
    for rule in problem.rules:
        match rule:
            case Forbid():
                bad = problem.select_tasks(rule.task)[held.task]
                bad = bad & problem.select_reps(rule.rep)[held.rep]
                yield PairFault(rule.id, bad, told(f"forbidden: {rule.sentence}"))
            case Allow():
                bad = problem.select_tasks(rule.task)[held.task]
                bad = bad & ~problem.select_reps(rule.rep)[held.rep]
                yield PairFault(rule.id, bad, told(f"not allowed: {rule.sentence}"))
            case MinFit():
                yield _fit_fault(held, rule)
            case Pin():
                mine = problem.select_tasks(rule.task)[held.task] & (_roles(held) == rule.role)
                bad = mine & ~problem.select_reps(rule.rep)[held.rep]
                yield PairFault(rule.id, bad, told(f"pinned elsewhere: {rule.sentence}"))
            case _:
                pass


def _roles(held: Holdings) -> np.ndarray[Any, np.dtype[np.object_]]:
    return np.append(held.problem.task_columns.roles.name, OWNER)[held.role]


def _fit_fault(held: Holdings, rule: MinFit) -> PairFault:
    tasks, reps = held.problem.task_columns, held.problem.rep_columns

    def describe(i: int) -> tuple[float, float, str]:
        fit = float(held.fit[i])
        pair = f"task {tasks.id[held.task[i]]!r} with rep {reps.id[held.rep[i]]!r}"
        return fit, rule.value, f"{pair}: fit {fit:.10g}, at least {rule.value:.10g} is required"

    return PairFault(rule.id, held.fit < rule.value - 1e-12, describe)


def _skill_fault(held: Holdings) -> PairFault:
    """Compare each requirement of each seat with the level its holder has."""
    tasks, reps = held.problem.task_columns, held.problem.rep_columns
    bad = np.zeros(len(held), bool)
    seats = (
        (tasks.requires, np.where(held.is_owner, held.task, -1)),
        (tasks.roles.requires, held.role),
    )
    levels = pd.DataFrame(
        {"rep": reps.skills.row, "skill": reps.skills.names(), "level": reps.skills.amount}
    )
    lacking = []
    for needs, row in seats:
        if not len(needs.row):
            continue
        wanted = pd.DataFrame({"row": needs.row, "skill": needs.names(), "least": needs.amount})
        asked = pd.DataFrame({"row": row, "rep": held.rep, "at": np.arange(len(held))})
        asked = asked[asked["row"] >= 0].merge(wanted, on="row")
        asked = asked.merge(levels, on=["rep", "skill"], how="left").fillna({"level": 0.0})
        short = asked[asked["level"] < asked["least"]]
        bad[short["at"]] = True
        first = short.drop_duplicates("at").sort_values("at")
        lacking.append([first[name].to_numpy() for name in ("at", "skill", "level", "least")])

    def describe(i: int) -> tuple[float, float, str]:
        at, *told = next(one for one in lacking if i in one[0])
        skill, level, least = (column[np.searchsorted(at, i)] for column in told)
        has = f"rep {reps.id[held.rep[i]]!r} has {skill!r} at level {level:.10g}"
        words = f"{has}; task {tasks.id[held.task[i]]!r} requires {least:.10g}"
        return float(level), float(least), words

    return PairFault("skill", bad, describe)


def _calendar_fault(held: Holdings) -> PairFault:
    """Look for a window of the rep's calendar that holds the task's whole time."""
    tasks, reps = held.problem.task_columns, held.problem.rep_columns
    timed = ~np.isnan(tasks.start[held.task]) & reps.has_calendar[held.rep]
    inside = ~timed
    if timed.any():
        windows = _merged_windows(held.problem)
        asked = pd.DataFrame({"rep": held.rep[timed], "at": np.flatnonzero(timed)})
        asked = asked.merge(windows, on="rep")
        start = tasks.start[held.task[asked["at"]]]
        end = tasks.end[held.task[asked["at"]]]
        within = (asked["start"].to_numpy() <= start) & (end <= asked["end"].to_numpy())
        inside[asked["at"].to_numpy()[within]] = True

    def describe(i: int) -> tuple[float, float, str]:
        task = held.problem.tasks[tasks.id[held.task[i]]]
        words = f"rep {reps.id[held.rep[i]]!r} is not available for the whole of task {task.id!r}"
        return np.nan, np.nan, f"{words} ({task.start} to {task.end})"

    return PairFault("available", ~inside, describe)


def _merged_windows(problem: Problem) -> pd.DataFrame:
    """Give the reps' windows, those that touch or overlap joined into one."""
    reps = problem.rep_columns
    merged: list[list[float]] = []
    for at in np.lexsort((reps.window_start, reps.window_rep)):
        rep, start, end = reps.window_rep[at], reps.window_start[at], reps.window_end[at]
        if merged and merged[-1][0] == rep and start <= merged[-1][2]:
            merged[-1][2] = max(merged[-1][2], end)
        else:
            merged.append([rep, start, end])
    return pd.DataFrame(merged, columns=["rep", "start", "end"]).astype({"rep": np.int64})


def keepable_tasks(problem: Problem) -> Bools:
    """(T,) whether the task has a present owner for whom the pair may be."""
    tasks = problem.task_columns
    empty = Holdings(problem, *(np.zeros(0, np.int64) for _ in range(3)))
    owner = present_owner(empty)
    owned = np.flatnonzero(owner >= 0)
    held = Holdings(problem, owned, owner[owned], np.full(len(owned), -1, np.int64))
    fine = np.ones(len(owned), bool)
    for fault in pair_faults(held):
        fine &= ~fault.bad
    out = np.zeros(len(tasks.id), bool)
    out[owned[fine]] = True
    return out


def _pairs(held: Holdings) -> Iterator[Row]:
    tasks, reps = held.problem.task_columns, held.problem.rep_columns
    for fault in pair_faults(held):
        for i in np.flatnonzero(fault.bad):
            actual, limit, message = fault.describe(int(i))
            ids = tasks.id[held.task[i]], reps.id[held.rep[i]]
            yield _as_row(fault.rule, message, *ids, actual, limit)


# -- sums per rep ------------------------------------------------------------------------------


def _room(limit: Floats | float, seats: Floats) -> Floats:
    """Widen a limit by the tolerance."""
    return np.asarray(limit + TOLERANCE * (1 + seats) + 1e-12 * np.abs(limit))


def _over(held: Holdings, limit: Floats) -> Ints:
    """Give the reps whose new effort does not fit between what they carry and the limit."""
    carried = held.problem.rep_columns.carried_load
    new = held.load - carried
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(new > _room(np.maximum(limit - carried, 0), held.count))


def _limits(held: Holdings) -> Iterator[Row]:
    reps = held.problem.rep_columns
    for r in _over(held, reps.capacity):
        yield _load_row("capacity", held, r, reps.capacity[r])
    for r in np.flatnonzero(held.count > reps.max_tasks):
        rep, n, most = reps.id[r], held.count[r], reps.max_tasks[r]
        message = f"{n:.10g}/{most:.10g} tasks on rep {rep!r}"
        yield _as_row("max_tasks", message, None, rep, n, most)


def _load_row(
    rule: str, held: Holdings, r: np.integer[Any] | int, limit: float, least: str = ""
) -> Row:
    rep, load, unit = held.problem.rep_columns.id[r], held.load[r], held.problem.effort_unit
    message = f"load {load:.10g}/{limit:.10g} {unit} on rep {rep!r}{least}"
    return _as_row(rule, message, None, rep, load, limit)


def _calendar(held: Holdings) -> Iterator[Row]:
    """Look for two tasks of one rep that overlap; an end and a start may coincide."""
    tasks, reps = held.problem.task_columns, held.problem.rep_columns
    timed = np.flatnonzero(~np.isnan(tasks.start[held.task]))
    person = held.task[timed] * len(reps.id) + held.rep[timed]
    timed = timed[np.unique(person, return_index=True)[1]]
    start, end = tasks.start[held.task[timed]], tasks.end[held.task[timed]]
    order = np.lexsort((end, start, held.rep[timed]))
    last: dict[int, int] = {}
    for at in timed[order]:
        rep, task = held.rep[at], held.task[at]
        before = last.get(rep)
        if before is not None and before != task and tasks.start[task] < tasks.end[before]:
            names = f"{tasks.id[before]!r} and {tasks.id[task]!r}"
            message = f"tasks {names} overlap on rep {reps.id[rep]!r}"
            yield _as_row("overlap", message, tasks.id[task], reps.id[rep])
        if before is None or tasks.end[task] > tasks.end[before]:
            last[rep] = task


def _one_owner(held: Holdings, rule: str, rows: Ints, words: str) -> Iterator[Row]:
    owners = held.owner[rows]
    found = np.unique(owners[owners >= 0])
    if len(found) > 1:
        names = " and ".join(repr(held.problem.rep_columns.id[r]) for r in found[:3])
        task = held.problem.task_columns.id[rows[owners >= 0][0]]
        message = f"{words} have {len(found)} owners ({names}); one is allowed"
        yield _as_row(rule, message, task, None, len(found), 1)


def _groups(held: Holdings) -> Iterator[Row]:
    groups = held.problem.task_columns.group
    owned = np.flatnonzero((groups.codes >= 0) & (held.owner >= 0))
    owners = pd.DataFrame({"group": groups.codes[owned], "owner": held.owner[owned]})
    several = owners.groupby("group")["owner"].nunique()
    for code in several.index[several > 1]:
        rows = np.flatnonzero(groups.codes == code)
        yield from _one_owner(held, "group", rows, f"tasks of group {groups.names[code]!r}")


# -- the user's rules --------------------------------------------------------------------------


def _rules(held: Holdings) -> Iterator[Row]:
    for rule in held.problem.rules:
        yield from _rule(held, rule)


def _rule(held: Holdings, rule: AnyRule) -> Iterator[Row]:
    problem = held.problem
    match rule:
        case Forbid() | Allow() | MinFit():
            return  # judged pair by pair
        case Pin():
            yield from _pin(held, rule)
        case Together():
            rows = np.flatnonzero(problem.select_tasks(rule.tasks))
            yield from _one_owner(held, rule.id, rows, f"tasks of {rule.id}")
        case Apart():
            yield from _apart(held, rule)
        case CoverAll():
            yield from _cover(held, rule)
        case MinTasks() | MaxTasks():
            yield from _task_bound(held, rule)
        case MinLoad():
            who = problem.select_reps(rule.rep) & problem.rep_columns.active
            for r in np.flatnonzero(who & (_room(held.load, held.count) < rule.value)).tolist():
                yield _load_row(rule.id, held, r, rule.value, "; at least that is required")
        case MaxLoad():
            limit = np.where(problem.select_reps(rule.rep), rule.value, np.nan)
            for r in _over(held, limit):
                yield _load_row(rule.id, held, r, rule.value)
        case MaxLoadGap():
            yield from _load_gap(held, rule)
        case MaxMoves():
            moves = float(moved_tasks(held, keepable_tasks(problem)).sum())
            if moves > rule.n:
                message = f"{counted(moves, 'move')}; allowed is at most {rule.n}"
                yield _as_row(rule.id, message, None, None, moves, rule.n)
        case _:
            assert_never(rule)


def _pin(held: Holdings, rule: Pin) -> Iterator[Row]:
    mine = held.problem.select_tasks(rule.task)[held.task] & (_roles(held) == rule.role)
    if not mine.any():
        message = f"task {rule.task!r} is not assigned; {rule.sentence}"
        yield _as_row(rule.id, message, rule.task, rule.rep, 0, 1)


def _apart(held: Holdings, rule: Apart) -> Iterator[Row]:
    mine = held.problem.select_tasks(rule.tasks)[held.task]
    pairs = pd.DataFrame({"rep": held.rep[mine], "task": held.task[mine]}).drop_duplicates()
    several = pairs.groupby("rep")["task"].agg(["size", "first"])
    several = several[several["size"] > 1].reset_index()
    for r, n, task in several.itertuples(index=False, name=None):
        rep = held.problem.rep_columns.id[r]
        message = f"rep {rep!r} holds {n} tasks of {rule.id}; 1 is allowed"
        yield _as_row(rule.id, message, held.problem.task_columns.id[task], rep, n, 1)


def _cover(held: Holdings, rule: CoverAll) -> Iterator[Row]:
    tasks = held.problem.task_columns
    wanted = held.problem.select_tasks(rule.where)
    for t in np.flatnonzero(wanted & (held.owner < 0)):
        message = f"task {tasks.id[t]!r} is not assigned; {rule.sentence}"
        yield _as_row(rule.id, message, tasks.id[t], None, 0, 1)
    for role in np.setdiff1d(np.flatnonzero(wanted[tasks.roles.task]), held.role):
        task = tasks.id[tasks.roles.task[role]]
        message = f"task {task!r} has no {tasks.roles.name[role]!r}; {rule.sentence}"
        yield _as_row(rule.id, message, task, None, 0, 1)


def _task_bound(held: Holdings, rule: MinTasks | MaxTasks) -> Iterator[Row]:
    problem = held.problem
    tasks, reps = problem.task_columns, problem.rep_columns
    who, what = problem.select_reps(rule.rep), problem.select_tasks(rule.task)
    if isinstance(rule, MinTasks):
        who = who & reps.active
    if rule.per is None:
        period = np.zeros(len(tasks.id), np.int64)
    else:
        period = period_of(tasks.start, tasks.clock, rule.per)
        what = what & (period != NO_PERIOD)
    counted = what[held.task] & who[held.rep]
    found = pd.crosstab(held.rep[counted], period[held.task[counted]])
    if isinstance(rule, MinTasks):
        wanted = [0] if rule.per is None else np.unique(period[what])
        found = found.reindex(index=np.flatnonzero(who), columns=wanted, fill_value=0)
    counts = found.to_numpy()
    bad = counts < rule.n if isinstance(rule, MinTasks) else counts > rule.n
    for i, j in zip(*np.nonzero(bad), strict=True):
        rep, n = reps.id[found.index[i]], counts[i, j]
        when = (
            ""
            if rule.per is None
            else f" in {period_name(found.columns[j], tasks.clock, rule.per)}"
        )
        bound = "at least" if isinstance(rule, MinTasks) else "at most"
        message = f"{n}/{rule.n} tasks on rep {rep!r}{when}; {bound} {rule.n} ({rule.sentence})"
        yield _as_row(rule.id, message, None, rep, n, rule.n)


def _load_gap(held: Holdings, rule: MaxLoadGap) -> Iterator[Row]:
    active = np.flatnonzero(held.problem.rep_columns.active)
    if not len(active):
        return
    load = held.load[active]
    top, low = active[load.argmax()], active[load.argmin()]
    gap = held.load[top] - held.load[low]
    if gap > _room(rule.value, held.count[top] + held.count[low]):
        names, unit = held.problem.rep_columns.id, held.problem.effort_unit
        message = (
            f"loads differ by {gap:.10g}/{rule.value:.10g} {unit}: {held.load[top]:.10g} on rep "
            f"{names[top]!r}, {held.load[low]:.10g} on rep {names[low]!r}"
        )
        yield _as_row(rule.id, message, None, names[top], gap, rule.value)
