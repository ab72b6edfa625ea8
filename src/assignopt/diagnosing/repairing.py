"""What it would take: an infeasible Problem and its conflict in, verified repairs out.

A change that repairs a problem alone relaxes something in every conflict, so only what is in the
conflict found is tried. Where no single change does, pairs are: the second of a pair is in the
conflict that the first one leaves. Problems with many things wrong at once are repaired conflict
by conflict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..rules import CoverAll
from .changes import Change, least_change, tightened
from .conflicts import find_conflict
from .limits import Limit, limits_of, with_fields, without

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..holdings import Holdings
    from ..problem import Problem
    from ..proofs import Certificate
    from .conflicts import Conflict
    from .probing import Prober

MOST_ROUNDS = 40
"""Conflicts that are repaired one after the other, at most."""


@dataclass(frozen=True, eq=False)
class Repair:
    """Changes that together make a problem feasible.

    Parameters
    ----------
    changes
        What is changed.
    problem
        The problem with the changes.
    held
        Who holds what in a plan of it, audited: the proof that the repair repairs.
    """

    changes: tuple[Change, ...]
    problem: Problem
    held: Holdings

    @property
    def size(self) -> float:
        """The sizes of the changes, added up."""
        return sum(change.size for change in self.changes)

    @property
    def least(self) -> bool:
        """Whether one step less of any change, the others as they are, is proved not to do."""
        return all(change.least for change in self.changes)

    @property
    def sentence(self) -> str:
        """The changes in words."""
        return "; ".join(change.sentence for change in self.changes)


def find_repairs(
    problem: Problem, conflict: Conflict, certificate: Certificate | None, prober: Prober
) -> list[Repair]:
    """Find repairs: fewest changes first, then the smallest; see :func:`assignopt.diagnose`."""
    found = list(_singles(problem, conflict.limits, prober))
    keeps_all = any(not _is_demand(r.changes[0].limit) for r in found)
    if not found:
        found = list(_pairs(problem, conflict, prober))
        keeps_all = bool(found)
    if not keeps_all:
        chained = _conflict_by_conflict(problem, certificate, prober)
        found += [] if chained is None else [chained]
    return sorted(found, key=lambda repair: (len(repair.changes), repair.size))


def _is_demand(limit: Limit) -> bool:
    """Whether a limit says what is to be done: without it less is done."""
    return isinstance(limit.rule, CoverAll)


def _singles(problem: Problem, limits: Iterable[Limit], prober: Prober) -> Iterator[Repair]:
    for limit in limits:
        found = least_change(problem, limit, prober)
        if found is not None:
            yield Repair((found[0],), found[0].applied(problem), found[1])


def _pairs(problem: Problem, conflict: Conflict, prober: Prober) -> Iterator[Repair]:
    """Relax one limit of the conflict, and one of the conflict that is left then."""
    done: set[frozenset[Limit]] = set()
    for first in conflict.limits:
        halfway = Change(first).applied(problem)
        answer = prober.ask(halfway)
        if answer.feasible is not False:
            continue
        rest = find_conflict(halfway, prober, answer.certificate)
        for second in rest.limits:
            both = frozenset((first, second))
            if both in done:
                continue
            done.add(both)
            repair = _tightened(problem, (Change(first), Change(second)), prober)
            if repair is not None:
                yield repair


def _conflict_by_conflict(
    problem: Problem, certificate: Certificate | None, prober: Prober
) -> Repair | None:
    """Relax the cheapest limit of each conflict in turn, none that says what is to be done."""
    changes: dict[Limit, Change] = {}
    now = problem
    for _ in range(MOST_ROUNDS):
        change = _cheapest(_focused(now, certificate), certificate, prober)
        if change is None:
            return None
        earlier = changes.pop(change.limit, None)
        before = change.before if earlier is None else earlier.before
        changes[change.limit] = replace(change, before=before)
        now = _all(problem, changes.values())
        answer = prober.ask(now)
        if answer.feasible:
            return _tightened(problem, tuple(changes.values()), prober)
        if answer.feasible is None:
            return None
        certificate = answer.certificate
    return None


def _cheapest(problem: Problem, certificate: Certificate | None, prober: Prober) -> Change | None:
    """Find the smallest change that resolves a conflict, whatever else is wrong."""
    limits = find_conflict(problem, prober, certificate).limits
    alone = without(problem, [limit for limit in limits_of(problem) if limit not in limits])
    found = [least_change(alone, limit, prober) for limit in limits if not _is_demand(limit)]
    changes = [one[0] for one in found if one is not None]
    return min(changes, key=lambda change: change.size, default=None)


def _focused(problem: Problem, certificate: Certificate | None) -> Problem:
    """Ask only for those tasks to be assigned that a proof needs."""
    if certificate is None or certificate.kind != "room":
        return problem
    named = problem.tasks.index.isin(certificate.tasks)
    ids = problem.task_columns.id
    rules = [
        with_fields(rule, where=ids[named & problem.select_tasks(rule.where)].tolist())
        if isinstance(rule, CoverAll)
        else rule
        for rule in problem.rules
    ]
    return problem.replace(rules=rules)


def _all(problem: Problem, changes: Iterable[Change]) -> Problem:
    for change in changes:
        problem = change.applied(problem)
    return problem


def _tightened(problem: Problem, changes: tuple[Change, ...], prober: Prober) -> Repair | None:
    """Leave out changes that are not needed, and make each as small as the others allow."""
    answer = prober.ask(_all(problem, changes))
    if not answer.feasible or answer.held is None:
        return None
    held, kept = answer.held, list(changes)
    for change in changes:
        if not prober.left:
            break
        others = [one for one in kept if one is not change]
        rest = _all(problem, others)
        spare = prober.ask(rest)
        if spare.feasible and spare.held is not None:
            kept, held = others, spare.held
            continue
        smaller, held = tightened(rest, change, held, prober)
        if spare.feasible is None:
            smaller = replace(smaller, least=False)
        kept = [smaller if one is change else one for one in kept]
    return Repair(tuple(kept), _all(problem, kept), held)
