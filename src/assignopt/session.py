"""One run from compiled arrays to an audited plan: tier after tier, the incumbent kept here.

Engines come and go; the plan in hand, its gains and the bounds proved so far stay in a
:class:`Session`, so that a late, broken or interrupted engine never costs what was already found.
"""

from __future__ import annotations

import logging
import math
import platform
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from ._version import __version__
from .check import Audit, audit
from .compiling import compile_problem
from .engines import (
    CpSatEngine,
    Engine,
    FlowEngine,
    GreedyEngine,
    Guidance,
    Outcome,
    Run,
    find_certificate,
    find_shortages,
    flow_prefix,
    kinds_prefix,
)
from .errors import EngineError
from .goals import Goal, compile_goal
from .holdings import Holdings, read_assignments
from .objectives import Coverage, Fairness, Moves, Weighted
from .plan import TERMS, Plan, Status, frame_of, plan_frames
from .progress import Snapshot
from .proofs import certify
from .reasons import unassigned_frame, why_nobody
from .shares import tighter
from .terms import fairness_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from .arrays import Arrays
    from .certificate import HallCertificate
    from .columns import Ints
    from .engines import Kinds
    from .problem import Problem
    from .shares import Gain

logger = logging.getLogger(__name__)
EFFORT_SHARE = 0.5
"""Deterministic time per second of the time limit, in deterministic mode."""

BUILD_PACE = 6e-6
"""Seconds per pair that writing a search model takes at the least; it cannot be interrupted."""

FIRST_SHARE = 0.3
"""Share of the time left that a first plan may take, where a search can follow."""

URGENT_SHARE = 0.8
"""Share of the time left that an urgent tier may take."""

FIRST_PLAN = 0.1
"""Seconds that a first plan gets in any case, so that no run comes back with empty hands."""

START_SHARE = 0.6
"""Share of a fairness tier's time in which split tasks are rounded to a plan."""

PIECES_SHARE = 0.4
"""Share of a tier's time for neighbourhoods, where the whole can be searched after them."""

PIECES_PAIRS = 4_000
"""Pairs up to which the whole is searched at once, without neighbourhoods before."""

WHOLE_PAIRS = 40_000
"""Pairs from which on a model of the whole is not worth its time after neighbourhoods."""

GREEDY_PACE = 1e-6
"""Seconds per pair and seat that a greedy plan beside a flow at work is allowed for."""


@dataclass(frozen=True)
class Options:
    """What the caller asked of the run; see :func:`assignopt.solve`.

    The first ``urgent`` tiers may take most of the time that is left, the others share it equally.
    """

    time_limit: float
    seed: int
    workers: int | None
    engine: str
    hint: Any
    deterministic: bool
    on_progress: Callable[[Snapshot], None] | None
    stop: Any
    urgent: int = 0


@dataclass(eq=False)
class TierResult:
    """What is known of one tier: the best gain that is possible, and who proved it.

    ``depth`` counts the numbers of the plan's gain that are proved, from the first on.
    """

    goal: Goal
    bound: Gain
    proved: bool
    engine: str
    depth: int


class Session:
    """A run in progress.

    Parameters
    ----------
    problem
        What to solve.
    options
        How.
    started
        When the caller's clock started, by ``time.perf_counter``.
    arrays
        The compiled problem, where it is at hand.
    """

    def __init__(
        self, problem: Problem, options: Options, started: float, arrays: Arrays | None = None
    ) -> None:
        self.problem, self.options, self.started = problem, options, started
        self.arrays: Arrays = compile_problem(problem) if arrays is None else arrays
        self.goals = [compile_goal(self.arrays, tier) for tier in problem.objective]
        effort = None
        if options.deterministic:
            effort = EFFORT_SHARE * options.time_limit / max(len(self.goals), 1)
        self.run = Run(
            deadline=started + options.time_limit - self._reserve(),
            workers=1 if options.deterministic else options.workers,
            seed=options.seed,
            effort=effort,
            stop=options.stop,
            report=self._report,
        )
        self.final_deadline = self.run.deadline
        self.choice: Ints | None = None
        self.results: list[TierResult] = []
        self.kept: list[tuple[Goal, Gain]] = []
        self.engines: dict[str, Engine] = {}
        self.guidance = Guidance(self.arrays, self.run)
        self.used: list[str] = []
        self.flows = 0
        self.last_audit: tuple[Ints, Audit] | None = None

    def _reserve(self) -> float:
        """Time kept back for auditing the plan and making its frames, by the size of it."""
        wanted = 0.02 + 3e-6 * (self.arrays.seats + self.arrays.reps)
        return min(wanted, 0.4 * self.options.time_limit)

    # -- the run -----------------------------------------------------------------------------

    def solve(self) -> Plan:
        """Run all tiers and give the plan."""
        self.flows = self._flow_tiers()
        if not self.goals:
            return self._without_tiers()
        if self.flows < len(self.goals) or self.options.hint is not None:
            self._start()
            proof = None if self.choice is not None else self._early_proof()
            if proof is not None:
                return self._no_plan(Status.INFEASIBLE, proof)
        if self.options.engine == "greedy":
            self._greedy_only()
        else:
            infeasible = self._interruptible_tiers()
            if infeasible is not None:
                return self._no_plan(*infeasible)
        if self.choice is None:
            self._start(late=True)
        if self.choice is None:
            return self._no_plan(Status.UNKNOWN, None)
        return self._plan()

    def _interruptible_tiers(self) -> tuple[Status, str | None] | None:
        """Solve the tiers; with Ctrl-C go on with the plan at hand, if there is one."""
        try:
            return self._tiers()
        except KeyboardInterrupt:
            if self.choice is None:
                raise
            self.run.interrupted = True
            rest = self.goals[len(self.results) :]
            self.results.extend(self._unsolved(goal, "") for goal in rest)
            return None

    def _flow_tiers(self) -> int:
        """Count the tiers that go to the flow engine."""
        if self.options.engine in ("cpsat", "greedy"):
            return 0
        flows = flow_prefix(self.arrays, self.goals)
        if self.options.engine == "flow" and (flows < len(self.goals) or not self.goals):
            raise ValueError(
                "engine 'flow' cannot solve this problem: it needs equal efforts per rep, rules "
                "that are bounds on counts, no roles, groups or times, and tiers that are sums "
                "over pairs, minmax, maxmin or l2 of loads or counts, without slack. Use 'auto'"
            )
        return flows

    def _without_tiers(self) -> Plan:
        """Find any plan that keeps the rules."""
        status, why = self._any_plan()
        return self._plan() if self.choice is not None else self._no_plan(status, why)

    def find(self) -> tuple[Status, Holdings | None]:
        """Look for any plan that keeps the rules, whatever the tiers are, and audit it."""
        status, _ = self._any_plan()
        if self.choice is None:
            return status, None
        found = self._audit(self.choice)
        if not found.ok:
            raise EngineError(f"a plan breaks rules:\n{found}", found.violations)
        return status, found.holdings

    def _any_plan(self) -> tuple[Status, str | None]:
        self._start()
        if self.choice is None:
            found = CpSatEngine(self.arrays, self.run).is_feasible(presolve=True)
            self._offer(found, None)
            if self.choice is None:
                return self._confirm() if found.infeasible else (Status.UNKNOWN, None)
        return Status.FEASIBLE, None

    def _greedy_only(self) -> None:
        self.used.append("greedy")
        self.results = [self._unsolved(goal, "greedy") for goal in self.goals]

    def _tiers(self) -> tuple[Status, str | None] | None:
        """Solve the tiers in order; stop early only when there is no plan at all."""
        ahead: list[Outcome] = []
        for k, goal in enumerate(self.goals):
            if self.run.is_over and not ahead:
                self.results.append(self._unsolved(goal, ""))
                continue
            foldable = k >= self.flows or FlowEngine.can_hold(goal)
            if not ahead and foldable and self._is_best_already(goal):
                self._settle(goal, goal.best_gain, "arithmetic")
                continue
            name = "flow" if k < self.flows else "cpsat"
            if name == "flow":
                outcome, ahead = self._by_flow(k, ahead)
                if outcome.choice is None and not outcome.infeasible and not self.run.is_over:
                    name, ahead, self.flows = "cpsat", [], 0
            if name == "cpsat" and ahead:
                outcome = ahead.pop(0)
            elif name == "cpsat":
                goal = self._guided(k)
                if self._is_best_already(goal):
                    self._settle(goal, goal.best_gain, "splitting")
                    continue
                outcome, ahead = self._by_search(k)
            if outcome.infeasible:
                if self.choice is not None:
                    raise EngineError(f"{name} calls the problem infeasible; a plan is at hand")
                return self._confirm()
            self._offer(outcome, goal)
            self._settle(goal, tighter(goal.best_gain, outcome.bound), name)
        return None

    def _by_flow(self, k: int, ahead: list[Outcome]) -> tuple[Outcome, list[Outcome]]:
        """Solve tier ``k`` by flow; often the next ones are solved with it.

        If every task can have its best in this tier at once (all can be covered, say), or loads
        can be as even as counting allows, then a plan that does so and is best in the next tier
        settles all of them with one flow.
        """
        if ahead:
            return ahead[0], ahead[1:]
        engine = self.engines.setdefault("flow", FlowEngine(self.arrays, self.run))
        assert isinstance(engine, FlowEngine)
        engine.watch = self._fall_back()
        for most in range(self.flows - 1 - k, 0, -1):
            supposed: list[Gain] = []
            for goal in self.goals[k : k + most]:
                gain = engine.suppose(goal)
                if gain is None:
                    break
                supposed.append(gain)
            if len(supposed) < most:
                if supposed:
                    engine.forget()
                continue
            found = engine.optimise(self.goals[k + most], None)
            choice = found.choice
            goals = zip(self.goals[k:], supposed, strict=False)
            if choice is not None and all(goal.meets(goal.gain(choice), g) for goal, g in goals):
                return Outcome(choice, supposed[0]), [
                    *(Outcome(choice, gain) for gain in supposed[1:]),
                    found,
                ]
            engine.forget()
            if self.run.is_over:
                return Outcome(choice), []
        return engine.optimise(self.goals[k], self.choice), []

    def _fall_back(self) -> Callable[[], None]:
        """Make a greedy plan beside a flow, as late as the time left allows."""
        needed = 0.2 + GREEDY_PACE * (self.arrays.pairs + self.arrays.seats)

        tried = False

        def watch() -> None:
            nonlocal tried
            if self.run.left < needed and not tried and self.choice is None:
                tried = True
                self._start()

        return watch

    def _guided(self, k: int) -> Goal:
        """Bound a tier by what splitting tasks would allow, and look for a plan that meets it."""
        goal = self.guidance.bound(self.goals[k], self.kept, self.choice)
        self.goals[k] = goal
        if not self.options.deterministic and not self._is_best_already(goal):
            with self._share_of_time(k, START_SHARE):
                found = self.guidance.start(goal, self.goals[k + 1 :], self.kept)
            if found is not None and self._keeps_all(found):
                self._offer(Outcome(found), goal)
        return goal

    def _keeps_all(self, choice: Ints) -> bool:
        """Whether a plan keeps the rules and the tiers before: a split knows of loads alone."""
        held = all(not tier.passes(least, tier.gain(choice)) for tier, least in self.kept)
        return held and self._audit(choice).ok

    @contextmanager
    def _share_of_time(self, k: int, part: float = 1.0) -> Iterator[None]:
        """Give tier ``k`` its share of the time left, or a part of it."""
        if not self.options.deterministic:
            now = time.perf_counter()
            left = max(self.final_deadline - now, 0.0)
            fair = left / (len(self.goals) - k)
            share = part * (max(URGENT_SHARE * left, fair) if k < self.options.urgent else fair)
            self.run.deadline = min(self.final_deadline, now + share)
        try:
            yield
        finally:
            self.run.deadline = self.final_deadline

    def _by_search(self, k: int) -> tuple[Outcome, list[Outcome]]:
        """Solve tier ``k`` by search, within its share of the time left.

        If a plan with the highest conceivable end of the shares is asked for by what is best in
        the sum that follows, it settles both tiers.
        """
        goal = self.goals[k]
        large = self.arrays.pairs > PIECES_PAIRS and not self.options.deterministic
        if self.choice is not None and goal.is_linear and large:
            part = 1.0 if self.arrays.pairs > WHOLE_PAIRS else PIECES_SHARE
            with self._share_of_time(k, part):
                better = self.guidance.improve(goal, self.kept, self.choice)
            self._offer(Outcome(better), goal)
            if self._is_best_already(goal) or self.run.is_over:
                return Outcome(self.choice, goal.best_gain), []
        searching = self._searching(k)
        if searching is None or self.run.is_over:
            return Outcome(), []
        after = self.goals[k + 1] if k + 1 < len(self.goals) else None
        counted = k + 1 < self._kinds[0]
        crowded = isinstance(goal.tier, Coverage) and (self.arrays.overlapping or counted)
        ends = (_is_end(goal) or crowded) and not self._has_best_end(goal)
        if ends and after is not None and after.is_linear and self.run.effort is None:
            with self._share_of_time(k, 1.0 if counted else START_SHARE):
                aimed = searching.aim(goal, after, FIRST_SHARE if counted else 1.0)
            if aimed.choice is not None and self._keeps_all(aimed.choice):
                self._offer(aimed, goal)
            if self._is_best_already(goal):
                both = Outcome(self.choice, goal.best_gain)
                if goal.tier.is_loose or aimed.bound is None:
                    return both, []
                self.goals[k + 1] = after = after.bounded(tighter(aimed.bound, after.known))
                return both, [aimed] if self._is_best_already(after) else []
            if self.run.is_over:
                return Outcome(), []
        with self._share_of_time(k):
            return searching.optimise(self.goals[k], self.choice), []

    @cached_property
    def _kinds(self) -> tuple[int, Kinds | None]:
        """How many of the tiers are searched by counting kinds of seats, and the kinds."""
        plain = self.options.engine == "cpsat"
        return (0, None) if plain else kinds_prefix(self.arrays, self.goals)

    def _searching(self, k: int) -> CpSatEngine | None:
        """Give the search for tier ``k``; None where there is no time to write its model."""
        tiers, kinds = self._kinds if self.flows <= k else (0, None)
        name, goals = ("kinds", self.goals[:tiers]) if k < tiers else ("cpsat", self.goals)
        if name == "cpsat":
            kinds = None
            self.engines.pop("kinds", None)
        if name not in self.engines:
            pairs = self.arrays.pairs if kinds is None else int(kinds.live.sum())
            if self.choice is not None and BUILD_PACE * pairs > self.run.left:
                logger.info("no time to write the search model of %d pairs", pairs)
                return None
            engine = CpSatEngine(self.arrays, self.run, goals, kinds)
            for tier, least in self.kept:
                engine.keep(tier, least)
            self.engines[name] = engine
        searching = self.engines[name]
        assert isinstance(searching, CpSatEngine)
        return searching

    def _is_best_already(self, goal: Goal) -> bool:
        """Whether the plan in hand meets what arithmetic allows."""
        return self.choice is not None and goal.meets(goal.gain(self.choice), goal.best_gain)

    def _has_best_end(self, goal: Goal) -> bool:
        """Whether the first number of the plan in hand is what arithmetic allows."""
        return self.choice is not None and goal.depth(goal.gain(self.choice), goal.best_gain) > 0

    def _settle(self, goal: Goal, bound: Gain, name: str) -> None:
        """Note what a tier came to, and hold the later tiers to it."""
        if self.choice is None:
            self.results.append(TierResult(goal, bound, False, name, 0))
            return
        gain = goal.gain(self.choice)
        if goal.passes(gain, bound):
            raise EngineError(
                f"{name} claims that {goal.tier.label} cannot pass {goal.value_of(bound):g}; "
                f"the plan at hand has {goal.value_of(gain):g}"
            )
        proved = goal.meets(gain, bound) and goal.is_exact_at(gain)
        self.results.append(TierResult(goal, bound, proved, name, goal.depth(gain, bound)))
        if name not in self.used:
            self.used.append(name)
        least = goal.loosened(gain)
        self.kept.append((goal, least))
        filled = goal.filled_at(bound) if proved and not goal.tier.is_loose else None
        if filled is not None:
            self.arrays.mandatory |= filled
        if len(self.results) <= self.flows:
            flow = self.engines.setdefault("flow", FlowEngine(self.arrays, self.run))
            if not proved or not flow.keep(goal, least):
                self.flows = 0
        for name in ("kinds", "cpsat"):
            if name in self.engines and not self.run.is_over:  # what no search follows needs none
                self.engines[name].keep(goal, least)
        self._report(gain, bound, goal)

    def _unsolved(self, goal: Goal, name: str) -> TierResult:
        """Note a tier that no engine saw: bounded by arithmetic only."""
        if self.choice is None:
            return TierResult(goal, goal.best_gain, False, name, 0)
        gain = goal.gain(self.choice)
        done = self._is_best_already(goal) and goal.is_exact_at(gain)
        return TierResult(goal, goal.best_gain, done, name, goal.depth(gain, goal.best_gain))

    # -- the incumbent -------------------------------------------------------------------------

    def _start(self, *, late: bool = False) -> None:
        """Make a first plan: the hint where there is one, repaired and completed greedily."""
        hint = self._hinted()
        if hint is None and self._counts_moves():
            hint = np.concatenate(
                [self.arrays.present, np.full(self.arrays.seats - self.arrays.tasks, -1)]
            )
        no_search = BUILD_PACE * self.arrays.pairs > (1 - FIRST_SHARE) * self.run.left
        share = 0.9 if no_search or self.options.engine == "greedy" else FIRST_SHARE
        allowed = 1.0 if late else max(FIRST_PLAN, share * self.run.left)
        run = Run(time.perf_counter() + allowed)
        if late or hint is None or self.flows < len(self.goals):  # flows make do with the hint
            completed = GreedyEngine(self.arrays, run).construct(self.goals, hint)
            self._offer_first(completed.choice)
        if hint is not None:
            self._offer_first(hint)

    def _counts_moves(self) -> bool:
        terms = [
            term
            for goal in self.goals
            for term in (
                [term for term, _ in goal.tier.terms]
                if isinstance(goal.tier, Weighted)
                else [goal.tier]
            )
        ]
        limited = any(row.kind == "moves" for row in self.arrays.rows)
        return limited or any(isinstance(term, Moves) for term in terms)

    def _hinted(self) -> Ints | None:
        """Read the hint as pairs; what is unknown or not eligible is left out, and logged."""
        if self.options.hint is None:
            return None
        held, unread = read_assignments(self.problem, self.options.hint)
        seat = np.where(held.role < 0, held.task, self.arrays.tasks + held.role)
        keys = (
            self.arrays.pair_seat.astype(np.int64) * max(self.arrays.reps, 1) + self.arrays.pair_rep
        )
        wanted = seat * max(self.arrays.reps, 1) + held.rep
        choice = np.full(self.arrays.seats, -1, np.int64)
        if len(keys):
            at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            known = keys[at] == wanted
            choice[seat[known]] = at[known]
        left_out = len(unread) + len(held) - int((choice >= 0).sum())
        if left_out:
            logger.info("%d rows of the hint are unknown or not eligible and left out", left_out)
        return choice

    def _offer_first(self, choice: Ints | None) -> None:
        """Take a plan that no engine vouches for if it passes the audit and is better."""
        if choice is None or not self._audit(choice).ok:
            return
        if self.choice is None or self._gains(choice) > self._gains(self.choice):
            self.choice = choice
            if self.goals:
                self._report(self.goals[len(self.results) % len(self.goals)].gain(choice), None)

    def _offer(self, outcome: Outcome, goal: Goal | None) -> None:
        """Take an engine's plan if it keeps the tiers before and is better in this one."""
        choice = outcome.choice
        if choice is None:
            return
        if any(kept.passes(least, kept.gain(choice)) for kept, least in self.kept):
            raise EngineError("an engine gave up an earlier tier")
        if goal is None or self.choice is None:
            self.choice = choice
            return
        new, old = goal.gain(choice), goal.gain(self.choice)
        if new > old or (new == old and self._gains(choice) > self._gains(self.choice)):
            self.choice = choice

    def _gains(self, choice: Ints) -> tuple[Gain, ...]:
        return tuple(goal.gain(choice) for goal in self.goals)

    def _held(self, choice: Ints) -> Holdings:
        arrays = self.arrays
        chosen = choice[choice >= 0]
        task = arrays.pair_task[chosen].astype(np.int64)
        role = np.where(arrays.is_owner[chosen], -1, arrays.pair_seat[chosen] - arrays.tasks)
        order = np.lexsort((role, task)) if arrays.has_roles else slice(None)
        rep = arrays.pair_rep[chosen].astype(np.int64)
        return Holdings(self.problem, task[order], rep[order], role[order].astype(np.int64))

    def _audit(self, choice: Ints) -> Audit:
        if self.last_audit is None or self.last_audit[0] is not choice:
            self.last_audit = (choice, audit(self.problem, self._held(choice)))
        return self.last_audit[1]

    # -- no plan -------------------------------------------------------------------------------

    def _confirm(self) -> tuple[Status, str | None]:
        """Confirm an engine's INFEASIBLE: by arithmetic, else by a second, different search."""
        proof = self._proof()
        if proof is not None:
            return Status.INFEASIBLE, proof
        second = CpSatEngine(self.arrays, self.run).is_feasible(presolve=False)
        if second.choice is not None:
            raise EngineError("one search calls the problem infeasible, another found a plan")
        if not second.infeasible:
            return Status.UNKNOWN, None
        told = "; ".join(rule.sentence for rule in self.problem.rules)
        return Status.INFEASIBLE, (
            f"these rules cannot be kept together with the limits of the reps: {told} "
            "(two different searches agree)"
        )

    def _early_proof(self) -> str | None:
        """Look for a proof before any search, if it is left to us how to go about it."""
        return self._proof() if self.options.engine == "auto" and not self.run.is_over else None

    def _proof(self) -> str | None:
        """Look for arithmetic by which there is no plan: by counts, then by all other sums."""
        run = Run(max(self.run.deadline, time.perf_counter() + FIRST_PLAN))
        certificate = find_certificate(self.arrays, run)
        if certificate is not None and certificate.holds(self.arrays):
            return f"{certificate}{self._why_nobody(certificate)}"
        for claim in find_shortages(self.arrays, run):
            proof = certify(self.problem, claim.kind, claim.by, claim.tasks, claim.reps)
            if proof is not None:
                return proof.sentence
        return None

    def _why_nobody(self, certificate: HallCertificate) -> str:
        """Add what rules the reps out, where nobody at all may take a task."""
        if certificate.reps or certificate.kind != "room":
            return ""
        alone = np.flatnonzero(self.arrays.mandatory & (np.diff(self.arrays.first) == 0))[:3]
        told = why_nobody(self.arrays, alone)
        ids = self.problem.task_columns.id[self.arrays.seat_task[alone]]
        return ": " + "; ".join(f"{i!r}: {w}" for i, w in zip(ids, told, strict=True))

    def _no_plan(self, status: Status, why: str | None) -> Plan:
        terms = frame_of(
            {
                "term": [goal.tier.label for goal in self.goals],
                "value": np.nan,
                "bound": np.nan,
                "gap": np.nan,
                "proved": False,
                "engine": "",
                "depth": 0,
            },
            TERMS,
        )
        return self._wrap(status, terms, {}, why)

    # -- the plan ------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        """Audit the plan in hand, and wrap it."""
        assert self.choice is not None
        found = self._audit(self.choice)
        if not found.ok:
            raise EngineError(
                f"the plan of {'+'.join(self.used)} breaks rules:\n{found}", found.violations
            )
        settled = all(result.proved for result in self.results)
        unassigned = unassigned_frame(self.arrays, self.choice, settled=settled)
        frames = plan_frames(found.holdings, found.moved, unassigned)
        status = Status.OPTIMAL if settled else Status.FEASIBLE
        return self._wrap(status, self._terms(found), frames, None)

    def _terms(self, found: Audit) -> pd.DataFrame:
        assert self.choice is not None
        rows = []
        for result, value in zip(self.results, found.terms["value"], strict=True):
            goal = result.goal
            self._check_compiled(goal, value, found)
            bound = goal.bound_of(goal.gain(self.choice), result.bound)
            bound += goal.error if goal.sign > 0 else -goal.error
            if result.proved and (not goal.error or goal.is_rounded):
                best = goal.value_of(result.bound)
                bound = value if math.isclose(best, value, rel_tol=1e-9, abs_tol=1e-9) else best
            gap = abs(bound - value) / max(abs(value), abs(bound), 1e-9) if bound != value else 0.0
            told = (goal.tier.label, value, bound, gap, result.proved, result.engine)
            rows.append((*told, result.depth))
        return frame_of(rows, TERMS)

    def _check_compiled(self, goal: Goal, value: float, found: Audit) -> None:
        """Compare a tier's gain with what the checker computed, an order number by number."""
        assert self.choice is not None
        gain = goal.gain(self.choice)
        pairs = [(value, goal.value_of(gain))]
        if isinstance(goal.tier, Fairness) and goal.tier.notion in ("leximax", "leximin"):
            assert found.holdings is not None
            numbers = fairness_numbers(found.holdings, goal.tier)
            pairs += [
                (number, goal.value_of((one,)))
                for number, one in zip(numbers, gain, strict=True)
                if math.isfinite(number)
            ]
        for defined, compiled in pairs:
            if abs(compiled - defined) > goal.error + 1e-6 * max(1.0, abs(defined)):
                raise EngineError(
                    f"{goal.tier.label} is {defined:g} by its definition and {compiled:g} as "
                    "compiled"
                )

    def _wrap(
        self, status: Status, terms: pd.DataFrame, frames: dict[str, pd.DataFrame], why: str | None
    ) -> Plan:
        return Plan(
            problem=self.problem,
            status=status,
            terms=terms,
            engine="+".join(self.used),
            runtime=time.perf_counter() - self.started,
            seed=self.options.seed,
            versions=dict(_versions()),
            infeasibility=why,
            frames=frames,
            deterministic=self.options.deterministic,
        )

    def _report(self, gain: Gain | None, bound: Gain | None, goal: Goal | None = None) -> None:
        """Tell the caller how far a tier is: the one at work, unless another is named."""
        if self.options.on_progress is None or not self.goals:
            return
        at = min(len(self.results), len(self.goals) - 1)
        self.options.on_progress(self._snapshot(goal or self.goals[at], gain, bound))

    def _snapshot(self, goal: Goal, gain: Gain | None, bound: Gain | None) -> Snapshot:
        value = None if gain is None else goal.value_of(gain)
        best = None if bound is None else goal.bound_of(gain or bound, bound)
        gap = None
        if value is not None and best is not None:
            gap = abs(best - value) / max(abs(best), abs(value), 1e-9)
        return Snapshot(
            elapsed=time.perf_counter() - self.started,
            term=goal.tier.label,
            value=value,
            bound=best,
            gap=gap,
            engine=self.used[-1] if self.used else "",
        )


def _is_end(goal: Goal) -> bool:
    """Whether a goal is one end of the shares, or begins with it, and nothing else."""
    alone = len(goal.fair) == 1 and goal.linear is None and not goal.used
    return alone and goal.fair[0][1].tier.notion in ("minmax", "maxmin", "leximax", "leximin")


@cache
def _versions() -> dict[str, str]:
    """Give the versions of what a run depends on; looking them up takes milliseconds."""
    packages = ("ortools", "numpy", "pandas", "pydantic")
    found = {name: version(name) for name in packages}
    return {"assignopt": __version__, "python": platform.python_version(), **found}
