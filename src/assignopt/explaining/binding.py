"""What stands in the way of one move: a plan and a seat in, what others would break out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..check import joint_faults
from ..holdings import Holdings

if TYPE_CHECKING:
    from ..columns import Ints
    from .standing import Standing


@dataclass(frozen=True)
class RuledOut:
    """A rule, and the reps whom it keeps from a task.

    Parameters
    ----------
    rule
        The rule's id, or what is checked without a rule: ``skill``, ``active``, ``pairs``,
        ``available``, ``capacity``, ``max_tasks``, ``overlap``, ``group``, ...
    reps
        Ids of those it keeps out.
    sentence
        The rule in words, or an example with its numbers.
    """

    rule: str
    reps: tuple[str, ...]
    sentence: str


def binding_rules(standing: Standing, seat: int, others: Ints) -> tuple[RuledOut, ...]:
    """List what the plan would break if a seat went to one of the others and nothing else moved.

    A rule that is broken as it is does not count. The rule that keeps out most comes first.
    """
    now = {str(message) for message in standing.found.violations["message"]}
    found: dict[str, tuple[list[str], str]] = {}
    for rep in others.tolist():
        first: dict[str, str] = {}
        for fault in joint_faults(_moved(standing, seat, rep)):
            if fault["message"] not in now:
                first.setdefault(fault["rule"], fault["message"])
        for rule, message in first.items():
            found.setdefault(rule, ([], message))[0].append(str(standing.rep_name(rep)))
    told = [RuledOut(rule, tuple(reps), words) for rule, (reps, words) in found.items()]
    return tuple(sorted(told, key=lambda one: -len(one.reps)))


def _moved(standing: Standing, seat: int, rep: int) -> Holdings:
    """Give the holdings with one seat at another rep."""
    held, (task, role) = standing.found.holdings, standing.place(seat)
    at = np.flatnonzero((held.task == task) & (held.role == role))
    if len(at):
        who = held.rep.copy()
        who[at[0]] = rep
        return Holdings(held.problem, held.task, who, held.role)
    tasks, roles = np.append(held.task, task), np.append(held.role, role)
    order = np.lexsort((roles, tasks))
    return Holdings(held.problem, tasks[order], np.append(held.rep, rep)[order], roles[order])
