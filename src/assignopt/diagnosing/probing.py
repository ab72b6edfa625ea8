"""Is there any plan at all? A Problem in; a plan, a proof that there is none, or neither, out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..compiling import compile_problem
from ..engines import Run, find_shortages
from ..plan import Status
from ..proofs import Certificate, certify
from ..solving import solve

if TYPE_CHECKING:
    from ..plan import Plan
    from ..problem import Problem


@dataclass(frozen=True, eq=False)
class Answer:
    """Whether a problem has a plan (None: not known), with the plan or the certificate."""

    feasible: bool | None
    plan: Plan | None = None
    certificate: Certificate | None = None


@dataclass(eq=False)
class Prober:
    """Asks whether problems have plans, within one limit of time.

    Parameters
    ----------
    deadline
        When to stop asking, by ``time.perf_counter``.
    seed, workers
        As in :func:`assignopt.solve`.
    """

    deadline: float
    seed: int = 0
    workers: int | None = None
    asked: int = field(default=0, init=False)

    @property
    def left(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self.deadline - time.perf_counter())

    def certificate(self, problem: Problem) -> Certificate | None:
        """Look for a proof by sums that there is no plan."""
        claims = find_shortages(compile_problem(problem), Run(self.deadline))
        proofs = (certify(problem, c.kind, c.by, c.tasks, c.reps) for c in claims)
        return next((proof for proof in proofs if proof is not None), None)

    def ask(self, problem: Problem) -> Answer:
        """Look for a proof by sums, then for a plan; an INFEASIBLE has been confirmed."""
        self.asked += 1
        if not self.left:
            return Answer(None)
        certificate = self.certificate(problem)
        if certificate is not None:
            return Answer(False, None, certificate)
        plan = self.solve(problem.replace(objective=()))
        if plan.status is Status.UNKNOWN:
            return Answer(None)
        if plan.status is Status.INFEASIBLE:
            return Answer(False)
        return Answer(True, plan)

    def solve(self, problem: Problem, share: float = 1.0) -> Plan:
        """Solve a problem in a share of the time left."""
        limit = share * self.left
        return solve(problem, time_limit=limit, seed=self.seed, workers=self.workers)
