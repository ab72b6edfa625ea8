"""What is asked of a rotation: options and a Problem in, rows and numbers or every fault out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from ..errors import Faults
from ..objectives import Fairness, RepsUsed, Weighted
from ..records import OWNER
from ..rules import (
    Allow,
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
from .options import Reader, read_labels
from .wants import Asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..objectives import AnyTier
    from ..problem import Problem
    from ..rules import AnyRule

NOTIONS = ("leximax", "leximin", "minmax", "maxmin", "range", "l2")
"""Notions of fairness that are exact on totals over the periods."""


def read_options(problem: Problem, periods: Any, given: Mapping[str, Any]) -> Asked:
    """Read everything that is asked.

    Raises
    ------
    pydantic.ValidationError
        A ValueError with every fault and its place.
    """
    faults = Faults("rotate")
    labels = read_labels(periods, faults)
    reader = Reader(problem, labels, faults)
    asked = _options(reader, labels, given)
    _check_options(problem, asked, faults)
    _check_problem(problem, asked, faults)
    faults.raise_if_any()
    return asked


def _options(reader: Reader, labels: tuple[Any, ...], given: Mapping[str, Any]) -> Asked:
    absent = reader.absent(given["absent"])
    no_limit = "None for no limit"
    return Asked(
        labels=labels,
        seats=reader.by_task("seats", given["seats"], 1),
        at_once=reader.whole("at_once", given["at_once"], 1, "None for the limits of the reps"),
        min_tenure=reader.whole("min_tenure", given["min_tenure"], 1),
        max_tenure=reader.whole("max_tenure", given["max_tenure"], 1, no_limit),
        cooldown=reader.whole("cooldown", given["cooldown"], 0),
        cover_all=reader.flag("cover_all", given["cover_all"]),
        least=reader.by_pair("least", given["least"]),
        most=reader.by_pair("most", given["most"]),
        max_handovers=reader.whole("max_handovers", given["max_handovers"], 0, no_limit),
        absent=absent,
        held_since=reader.held_since(given["held_since"]),
        learning=reader.whole("learning", given["learning"], 0),
        learning_value=reader.share("learning_value", given["learning_value"]),
        proportional=reader.flag("proportional", given["proportional"]),
        squads=reader.squads(given["squads"], absent),
    )


def _check_options(problem: Problem, asked: Asked, faults: Faults) -> None:
    """Note options that contradict each other or the tasks."""
    if asked.max_tenure is not None and asked.min_tenure > asked.max_tenure:
        message = f"min_tenure {asked.min_tenure} is above max_tenure {asked.max_tenure}"
        faults.add(("min_tenure",), f"{message}; allowed is at most that. Lower one of them")
    for pair, number in asked.least.items():
        most = asked.most.get(pair)
        if most is not None and number > most:
            task = problem.task_columns.id[pair[1]]
            message = f"{number} is above most {most} of task {task!r}; allowed is at most that"
            faults.add(("least", str(task)), f"{message}. Lower one of them", number)


def _check_problem(problem: Problem, asked: Asked, faults: Faults) -> None:
    """Note what the problem holds that means nothing in a rotation."""
    tasks = problem.task_columns
    if len(tasks.roles.task):
        names = sorted({str(tasks.id[row]) for row in tasks.roles.task})
        message = f"task {names[0]!r} has roles besides its owner, which do not rotate"
        remedy = "Make each role a task of its own, or ask for more seats of the task"
        faults.add(("tasks", names[0], "roles"), f"{message}. {remedy}")
    for at, rule in enumerate(problem.rules):
        told = _refused(rule, problem, asked)
        if told is not None:
            faults.add(("rules", at), f"rule {rule.id!r} has no meaning in a rotation: {told}")
    for at, tier in enumerate(problem.objective):
        terms = [term for term, _ in tier.terms] if isinstance(tier, Weighted) else [tier]
        for term in terms:
            told = _refused_term(term, alone=not isinstance(tier, Weighted))
            if told is not None:
                faults.add(("objective", at), f"{term.label} is no tier of a rotation: {told}")
    for task in range(len(tasks.id)):
        if asked.seats.get(task, 1) > 1 and tasks.group.codes[task] >= 0:
            message = f"task {tasks.id[task]!r} has several seats and a group with one holder"
            faults.add(("seats", str(tasks.id[task])), f"{message}. Leave one of the two out")


def _refused(rule: AnyRule, problem: Problem, asked: Asked) -> str | None:
    """Say why a rule is refused; None where it is honoured."""
    match rule:
        case MaxMoves():
            return "handovers are counted in each period. Use max_handovers"
        case MaxLoadGap():
            return "loads are shared over all periods. Use Fairness('range') or MaxLoad"
        case MinTasks() | MaxTasks():
            if rule.per is not None:
                return f"it counts per {rule.per}. Leave per out: the bound holds in each period"
        case Pin():
            if rule.role != OWNER:
                return "only owners rotate. Leave the role out"
        case Together():
            picked = problem.select_tasks(rule.tasks)
            many = [t for t, seats in asked.seats.items() if seats > 1 and picked[t]]
            if many:
                return "one of its tasks has several seats. Leave one of the two out"
        case Forbid() | Allow() | Apart() | MinFit() | CoverAll() | MinLoad() | MaxLoad():
            pass
        case _:
            assert_never(rule)
    return None


def _refused_term(term: AnyTier, *, alone: bool) -> str | None:
    """Say why a term is refused; None where it is honoured."""
    if isinstance(term, RepsUsed):
        return "everybody takes turns. Leave it out, or forbid reps"
    if not isinstance(term, Fairness):
        return None
    if not alone:
        return "inside Weighted only sums are exact. Give it a tier of its own, or a slack"
    if term.notion not in NOTIONS:
        return f"allowed are {', '.join(NOTIONS)}. Use 'leximax' or 'leximin'"
    if term.idle == "ignore":
        return "idle reps count over all periods. Leave idle out"
    return None
