"""Why there is no rotation: sums that cannot come out, or a minimal set of what was asked."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import EngineError
from ..wording import counted
from .layouts import Frame, frame
from .searching import Search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..columns import Ints
    from ..engines.running import Run
    from ..problem import Problem
    from .wants import Asked

    Want = tuple[Problem, Asked]


@dataclass(frozen=True)
class Limit:
    """Something that was asked: in words, and how to leave it out."""

    words: str
    without: Callable[[Problem, Asked], Want]


def why_none(problem: Problem, asked: Asked, run: Run) -> tuple[str, tuple[str, ...]]:
    """Say why there is no rotation, and what was asked that cannot all be.

    Returns
    -------
    reason, conflict
        In words; of the conflict nothing can be left out, unless the reason says that time ran out.

    Raises
    ------
    EngineError
        When there is a rotation after all.
    """
    bare = problem.replace(objective=())
    if _is_impossible(bare, asked, run) is False:
        raise EngineError("a search says that there is no rotation, and another finds one")
    kept, left, minimal = _shrink(bare, asked, run)
    words = tuple(limit.words for limit in kept)
    sums = next(impossible_sums(frame(*left)), None)  # of what is kept, so that both say the same
    together = "; ".join(words) or "the seats, the skills and the number of periods"
    reason = sums or f"these cannot all be kept: {together}"
    return reason if minimal else f"{reason} (time ran out: fewer may be enough)", words


def _shrink(problem: Problem, asked: Asked, run: Run) -> tuple[list[Limit], Want, bool]:
    """Leave out one limit after the other as long as there is no rotation without it.

    Returns
    -------
    kept, left, minimal
        The limits that are needed, what is asked with them alone, whether each was tried.
    """
    kept, want, minimal = [], (problem, asked), True
    waiting = list(limits(problem, asked))
    for limit in waiting:
        less = limit.without(*want)
        known = _is_impossible(*less, run)
        if known:
            want = less
        else:
            kept.append(limit)
            minimal = minimal and known is False
    return kept, want, minimal


def _is_impossible(problem: Problem, asked: Asked, run: Run) -> bool | None:
    """Whether there is no rotation; None where time ran out."""
    compiled = frame(problem, asked)
    if next(impossible_sums(compiled), None) is not None:
        return True
    if run.is_over:
        return None
    mine = replace(run, deadline=min(run.deadline, time.perf_counter() + max(1.0, run.left / 4)))
    search = Search(compiled, mine)
    search.go()
    if search.infeasible:
        return True
    return False if search.turns is not None else None


# -- what was asked ------------------------------------------------------------------------------


def limits(problem: Problem, asked: Asked) -> Iterator[Limit]:
    """List everything that was asked and can be left out."""
    plain: list[tuple[str, bool, dict[str, object]]] = [
        ("cover_all", asked.cover_all, {"cover_all": False}),
        ("proportional", asked.proportional, {"proportional": False}),
        (f"min_tenure {asked.min_tenure}", asked.min_tenure > 1, {"min_tenure": 1}),
        (f"max_tenure {asked.max_tenure}", asked.max_tenure is not None, {"max_tenure": None}),
        (f"cooldown {asked.cooldown}", asked.cooldown > 1, {"cooldown": 0}),
        (
            f"max_handovers {asked.max_handovers}",
            asked.max_handovers is not None,
            {"max_handovers": None},
        ),
        (f"at_once {asked.at_once}", asked.at_once is not None, {"at_once": None}),
    ]
    for words, given, change in plain:
        if given:
            yield Limit(words, _changed(change))
    yield from _mapped(problem, asked)
    for squad in asked.squads:
        yield Limit(f"squad {squad.name!r} of {squad.size}", _without_squad(squad.name))
    for rule in problem.rules:
        yield Limit(rule.sentence, _without_rule(rule.id))
    reps = problem.rep_columns
    for name in ("capacity", "max_tasks"):
        if not np.isnan(getattr(reps, name)).all():
            yield Limit(f"{name} of the reps", _without_column(name))


def _mapped(problem: Problem, asked: Asked) -> Iterator[Limit]:
    """List the options that are given for single reps or tasks."""
    rep_ids, task_ids = problem.rep_columns.id, problem.task_columns.id
    for rep in asked.absent:
        yield Limit(f"absence of rep {rep_ids[rep]!r}", _dropped("absent", rep))
    for name in ("least", "most"):
        given: dict[tuple[int, int], int] = dict(getattr(asked, name))
        for (rep, task), number in given.items():
            who = "each rep" if rep < 0 else f"rep {rep_ids[rep]!r}"
            words = f"{name} {number}: {who} with task {task_ids[task]!r}"
            yield Limit(words, _dropped(name, (rep, task)))


def _changed(change: dict[str, object]) -> Callable[[Problem, Asked], Want]:
    return lambda problem, asked: (problem, asked.but(**change))


def _dropped(name: str, key: object) -> Callable[[Problem, Asked], Want]:
    def without(problem: Problem, asked: Asked) -> Want:
        kept = {k: v for k, v in getattr(asked, name).items() if k != key}
        return problem, asked.but(**{name: kept})

    return without


def _without_squad(name: str) -> Callable[[Problem, Asked], Want]:
    def without(problem: Problem, asked: Asked) -> Want:
        return problem, asked.but(squads=tuple(s for s in asked.squads if s.name != name))

    return without


def _without_rule(name: str) -> Callable[[Problem, Asked], Want]:
    def without(problem: Problem, asked: Asked) -> Want:
        return problem.replace(rules=[r for r in problem.rules if r.id != name]), asked

    return without


def _without_column(name: str) -> Callable[[Problem, Asked], Want]:
    def without(problem: Problem, asked: Asked) -> Want:
        reps = [rep.model_copy(update={name: None}) for rep in problem.reps.values()]
        return problem.replace(reps=reps), asked

    return without


# -- sums ----------------------------------------------------------------------------------------


def impossible_sums(compiled: Frame) -> Iterator[str]:
    """Give every sum that cannot come out, whatever is done, in words."""
    yield from compiled.clashes
    yield from _of_pairs(compiled)
    yield from _of_tasks(compiled)
    yield from _of_reps(compiled)


def _most(compiled: Frame) -> Ints:
    """(P,) how often each pair can be held at most."""
    layout = compiled.layout
    if layout.reach is None:
        return layout.most
    reached = [max([*before, *last], default=0) for before, last in layout.reach]
    return np.minimum(layout.most, np.array(reached, np.int64))


def _of_pairs(compiled: Frame) -> Iterator[str]:
    layout, names = compiled.layout, _Names(compiled)
    for k, most in enumerate(_most(compiled).tolist()):
        least = int(layout.least[k])
        if least > most:
            pair = f"rep {names.rep(layout.rep[k])} is to hold task {names.task(layout.task[k])}"
            yield f"{pair} in {counted(least, 'period')} at least, and can in {most} at most"


def _of_tasks(compiled: Frame) -> Iterator[str]:
    layout, names, most = compiled.layout, _Names(compiled), _most(compiled)
    for task, seats in enumerate(layout.seats.tolist()):
        mine = (layout.task == task) & (most > 0)
        name, total = names.task(task), seats * layout.periods
        told = f"({counted(layout.periods, 'period')} x {counted(seats, 'seat')})"
        there = (~layout.away[layout.rep[mine]]).sum(axis=0)
        if layout.must[task]:
            given = int(np.minimum(most[mine].sum(), np.minimum(there, seats).sum()))
            if given < total:
                who = f"the {int(mine.sum())} who may hold it can give {given}"
                yield f"task {name} needs {total} rep-periods {told}; {who}"
        least = layout.least[layout.task == task]
        if int(least.sum()) > total:
            why = "cover_all: " if compiled.asked.cover_all else ""
            many = f"{int((least > 0).sum())} reps are to hold task {name}"
            yield f"{why}{many} {int(least.sum())} times in all; it has {total} rep-periods {told}"


def _of_reps(compiled: Frame) -> Iterator[str]:
    layout, names = compiled.layout, _Names(compiled)
    there = (~layout.away).sum(axis=1)
    for rep, (low, high) in enumerate(zip(layout.low, layout.high, strict=True)):
        freed = any(rep in release.pool for release in layout.releases)
        if low > high and there[rep] and not freed:
            many = counted(low, "task")
            yield f"rep {names.rep(rep)} is to hold {many} at once, and can hold {high}"
        least, room = int(layout.least[layout.rep == rep].sum()), int(high * there[rep])
        if least > room:
            why = "cover_all: " if compiled.asked.cover_all else ""
            told = f"({high} at once in {counted(int(there[rep]), 'period')})"
            said = f"is to hold tasks {least} times in all, and can {room} {told}"
            yield f"{why}rep {names.rep(rep)} {said}"
    wanted = int(layout.seats[layout.must].sum())
    for period, label in enumerate(compiled.asked.labels):
        room = int(layout.high[~layout.away[:, period]].sum())
        if wanted > room:
            told = f"{wanted} seats have to be filled in period {label!r}"
            yield f"{told}; the reps there hold {room} at most"


class _Names:
    """Quoted ids of rows."""

    def __init__(self, compiled: Frame) -> None:
        self._problem = compiled.problem

    def rep(self, row: int) -> str:
        return repr(self._problem.rep_columns.id[row])

    def task(self, row: int) -> str:
        return repr(self._problem.task_columns.id[row])
