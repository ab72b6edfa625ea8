"""Which limits cannot be kept together: an infeasible Problem in, a minimal set of limits out.

References
----------
U. Junker (2004), "QuickXplain: preferred explanations and relaxations for over-constrained
problems", AAAI, 167-172.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .limits import Limit, broken_limits, limits_of, without

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..problem import Problem
    from ..proofs import Certificate
    from .probing import Prober


@dataclass(frozen=True)
class Conflict:
    """Limits that no plan keeps together.

    Parameters
    ----------
    limits
        The limits, the rules first.
    minimal
        Whether it is proved that each smaller set of them can be kept. False where time ran out.
    """

    limits: tuple[Limit, ...]
    minimal: bool


def find_conflict(problem: Problem, prober: Prober, certificate: Certificate | None) -> Conflict:
    """Shrink the limits of an infeasible problem to a minimal set that no plan keeps.

    Rules go first: those that are left conflict in the problem as it is, and none can be spared.
    Then what reps and tasks bring along is shrunk in the same way. Every step is a fresh problem,
    proved infeasible or shown to have a plan.

    Parameters
    ----------
    problem
        An infeasible problem.
    prober
        Who to ask.
    certificate
        A proof that it is infeasible: limits of the tasks and reps it names are looked at first.
    """
    search = _Search(problem, prober)
    every = limits_of(problem)
    rules = [limit for limit in every if limit.kind == "rule"]
    others = [limit for limit in every if limit.kind != "rule"]
    near = others if certificate is None else [o for o in others if _is_near(o, certificate)]
    if len(near) < len(others) and search.conflicts([*rules, *near]):
        rules = search.shrink(near, rules)  # the farther limits can only make more rules spare
    kept = search.shrink(others, rules) if len(rules) > 1 else rules
    if not search.conflicts([*kept, *near]):
        near = others
    rest = search.shrink(kept, near)
    return Conflict((*kept, *rest), search.decided)


def _is_near(limit: Limit, certificate: Certificate) -> bool:
    """Whether a limit is about a task or rep of the certificate; those of groups always are."""
    match limit.kind:
        case "capacity" | "max_tasks" | "calendar":
            return limit.of in certificate.reps
        case "group" | "skills" | "times" | "table" | "capacities":
            return True
        case _:
            return limit.of in certificate.tasks


class _Search:
    """What is known of sets of limits of one problem."""

    def __init__(self, problem: Problem, prober: Prober) -> None:
        self.problem, self.prober = problem, prober
        self.every = limits_of(problem)
        self.known: dict[frozenset[Limit], bool | None] = {}
        self.broken: list[frozenset[Limit]] = []

    @property
    def decided(self) -> bool:
        """Whether every question was answered."""
        return None not in self.known.values()

    def conflicts(self, kept: Sequence[Limit]) -> bool:
        """Whether it is proved that no plan keeps these limits."""
        key = frozenset(kept)
        if key not in self.known:
            self.known[key] = self._ask(key)
        return self.known[key] is False

    def _ask(self, kept: frozenset[Limit]) -> bool | None:
        """Look among the plans found so far for one that keeps these limits, else for a new one."""
        if any(broken.isdisjoint(kept) for broken in self.broken):
            return True
        if not self.prober.left:
            return None
        relaxed = without(self.problem, [one for one in self.every if one not in kept])
        answer = self.prober.ask(relaxed)
        if answer.held is not None:
            self.broken.append(frozenset(broken_limits(self.problem, answer.held)))
        return answer.feasible

    def shrink(self, base: Sequence[Limit], limits: Sequence[Limit]) -> list[Limit]:
        """Give a minimal part of the limits that conflicts with the base, in their order.

        Base and limits conflict. So do base and part, which is minimal if every question had an
        answer.
        """
        if not limits or self.conflicts(base):
            return []
        found = set(self._part(list(base), list(limits)))
        return [limit for limit in limits if limit in found]

    def _part(self, base: list[Limit], limits: list[Limit]) -> list[Limit]:
        """Split the limits: what is needed of one half given the other, then the reverse."""
        if len(limits) == 1:
            return limits
        first, second = limits[: len(limits) // 2], limits[len(limits) // 2 :]
        of_second = [] if self.conflicts([*base, *first]) else self._part([*base, *first], second)
        given = [*base, *of_second]
        of_first = [] if of_second and self.conflicts(given) else self._part(given, first)
        return [*of_first, *of_second]
