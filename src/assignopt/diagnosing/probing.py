"""Is there any plan at all? A Problem in; a plan, a proof that there is none, or neither, out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..compiling import compile_problem
from ..engines import Run, find_shortages
from ..plan import Status
from ..proofs import Certificate, certify
from ..session import Options, Session
from ..solving import solve

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..holdings import Holdings
    from ..plan import Plan
    from ..problem import Problem

PATIENCE = 0.25
"""Share of the time left that one question may take."""


@dataclass(frozen=True, eq=False)
class Answer:
    """Whether a problem has a plan (None: not known), with an audited one or the certificate."""

    feasible: bool | None
    held: Holdings | None = None
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
    settled
        Whether every question so far had an answer.
    """

    deadline: float
    seed: int = 0
    workers: int | None = None
    settled: bool = field(default=True, init=False)

    @property
    def left(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self.deadline - time.perf_counter())

    def certificate(self, problem: Problem, arrays: Arrays | None = None) -> Certificate | None:
        """Look for a proof by sums that there is no plan."""
        arrays = compile_problem(problem) if arrays is None else arrays
        claims = find_shortages(arrays, Run(self.deadline))
        proofs = (certify(problem, c.kind, c.by, c.tasks, c.reps) for c in claims)
        return next((proof for proof in proofs if proof is not None), None)

    def ask(self, problem: Problem) -> Answer:
        """Look for a proof by sums, then for a plan; an INFEASIBLE has been confirmed."""
        if not self.left:
            self.settled = False
            return Answer(None)
        arrays = compile_problem(problem)
        certificate = self.certificate(problem, arrays)
        if certificate is not None:
            return Answer(False, None, certificate)
        options = Options(
            PATIENCE * self.left, self.seed, self.workers, "auto", None, False, None, None
        )
        status, held = Session(problem, options, time.perf_counter(), arrays).find()
        self.settled = self.settled and status is not Status.UNKNOWN
        known = {Status.UNKNOWN: None, Status.INFEASIBLE: False}
        return Answer(known.get(status, True), held)

    def solve(self, problem: Problem, share: float = 1.0) -> Plan:
        """Solve a problem in a share of the time left."""
        limit = share * self.left
        return solve(problem, time_limit=limit, seed=self.seed, workers=self.workers)
