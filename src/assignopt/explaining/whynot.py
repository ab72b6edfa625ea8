"""Why a rep does not hold a task, and what it would cost: a plan and a pair in, an answer out."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..check import pair_faults
from ..objectives import Coverage, Fairness, Fit, Value
from ..plan import Status, frame_of
from ..records import OWNER
from ..solving import check_options
from .binding import binding_rules
from .forcing import MOVES, Delta, by_flow, by_solving, pinned, tier_names
from .pricing import conceivable, nearby
from .standing import Standing, check_ids, held_as, plan_faults, standing_of
from .words import change, listed, moves_in_words, number, plain, rows_of

if TYPE_CHECKING:
    from ..check import Audit
    from ..plan import Plan
    from .forcing import Outcome


LARGE = 4_000
"""Pairs from which on a plan with the pair is looked for near the plan in hand first."""

LEAST_SECONDS = 0.05
"""What is left for solving again at least, where nothing was found nearby."""


class Answer(StrEnum):
    """What can be said of a pair that is not in the plan.

    * ``HELD``: it is in the plan.
    * ``NOT_ELIGIBLE``: a rule, or a missing skill, rules the pair out by itself.
    * ``CONFLICT``: the pair may be, but with it no plan keeps all the rules.
    * ``WORSE``: with it the best plan is worse, in the tier named.
    * ``TIE``: there is a plan with it that is as good in every tier.
    * ``BETTER``: there is a better plan with it; the plan in hand was not an optimum.
    * ``UNDECIDED``: time ran out before one of these was known.
    """

    HELD = "held"
    NOT_ELIGIBLE = "not_eligible"
    CONFLICT = "conflict"
    WORSE = "worse"
    TIE = "tie"
    BETTER = "better"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Broken:
    """A rule that a pair breaks by itself.

    Parameters
    ----------
    rule
        Its id, or ``skill``, ``active``, ``pairs``, ``available``.
    message
        What is wrong, with the numbers.
    actual, limit
        The numbers; NaN where there are none.
    """

    rule: str
    message: str
    actual: float
    limit: float


@dataclass(frozen=True)
class Flip:
    """The least that makes the pair as good in the tier that decides; beyond it, it is better.

    At it the tiers after decide, if they change.

    Parameters
    ----------
    what
        ``value`` of the pair, or its ``fit``.
    now, to
        What it is, and what it would have to be.
    """

    what: str
    now: float
    to: float


@dataclass(frozen=True, eq=False)
class WhyNot:
    """Why a rep does not hold a task, and what giving it to them would cost.

    Parameters
    ----------
    task_id, role, rep_id
        The pair.
    holder
        Who has the task; None where it is open.
    reason
        The answer in one word.
    rules
        The rules the pair breaks by itself; empty if it is eligible.
    delta
        Tier -> change of its value in the best plan with the pair, in tier order, always after
        minus before; None where there is no such plan, or none is known. ``delta.proved`` tells
        whether no plan with the pair does better, ``delta.settled`` how many tiers are proved,
        ``delta.bound`` what no such plan beats.
    worse
        The first tier that changes for the worse (or, if ``reason`` is ``better``, the better).
    moves
        Frame: task_id, role, from_rep, to_rep: what changes, this task first.
    flip
        The least value or fit of the pair at which the tier that decides is as good; None where no
        such number is known to do it.
    notes
        What else has to be known: rules that the plan breaks, limits of what was proved.
    """

    task_id: str
    role: str
    rep_id: str
    holder: str | None
    reason: Answer
    rules: tuple[Broken, ...] = ()
    delta: Delta | None = None
    worse: str | None = None
    moves: pd.DataFrame = field(default_factory=lambda: frame_of([], MOVES))
    flip: Flip | None = None
    notes: tuple[str, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether the answer is final: nothing in it depends on the time that was given."""
        if self.reason in (Answer.HELD, Answer.NOT_ELIGIBLE, Answer.CONFLICT):
            return True
        return self.delta is not None and self.delta.proved

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        return " ".join([_sentence(self), *self.notes])

    def __str__(self) -> str:
        return self.sentence

    def to_data(self) -> dict[str, Any]:
        """Give the answer as plain data, ready for JSON."""
        delta = self.delta
        return {
            "task_id": self.task_id,
            "role": self.role,
            "rep_id": self.rep_id,
            "holder": self.holder,
            "reason": str(self.reason),
            "rules": [
                {name: plain(value) for name, value in vars(rule).items()} for rule in self.rules
            ],
            "delta": None if delta is None else dict(delta),
            "proved": self.proved,
            "settled": 0 if delta is None else delta.settled,
            "bound": None if delta is None else {k: plain(v) for k, v in delta.bound.items()},
            "worse": self.worse,
            "moves": rows_of(self.moves),
            "flip": None if self.flip is None else vars(self.flip),
            "notes": list(self.notes),
            "sentence": self.sentence,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Give the answer as JSON text."""
        return json.dumps(self.to_data(), ensure_ascii=False, indent=indent)


def why_not(
    plan: Plan | Audit,
    task_id: str,
    rep_id: str,
    *,
    role: str = OWNER,
    time_limit: float = 10.0,
    seed: int = 0,
    workers: int | None = None,
) -> WhyNot:
    r"""Say why a rep does not hold a task, what it would cost, and what else would change.

    A pair that is not eligible is answered with the rules it breaks. Otherwise the answer is the
    best plan that has the pair: by how much each tier would change, and who would take what. Where
    efforts are equal (what the flow engine solves), it is read off shortest paths between the
    reps, exactly and at once; elsewhere an instant bound comes from prices, and then the problem is
    solved again with the pair as a rule, within the time given.

    Parameters
    ----------
    plan
        A Plan, or the Audit of anybody's assignments.
    task_id, rep_id
        The pair.
    role
        ``owner``, or a role of the task.
    time_limit
        Seconds for solving again; 0 gives what is known at once.
    seed, workers
        As for :func:`assignopt.solve`.

    Returns
    -------
    WhyNot
        ``.reason``, ``.rules``, ``.delta``, ``.moves``, ``.flip``; ``print`` it for a sentence.

    Raises
    ------
    KeyError
        When the task, the role or the rep does not exist.
    NoSolutionError
        When the run has no plan.

    References
    ----------
    Ahuja, Magnanti and Orlin (1993), *Network Flows*, ch. 9, for the prices of moves.

    Examples
    --------
    >>> import assignopt as ao
    >>> pairs = [("ana", "acme", 1, 1, 9), ("bo", "acme", 1, 1, 5), ("ana", "zed", 1, 1, 4),
    ...          ("bo", "zed", 1, 1, 3)]
    >>> plan = ao.solve(ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("acme"), ao.Task("zed")],
    ...                            pairs=pairs))
    >>> answer = ao.why_not(plan, "acme", "bo")
    >>> answer.delta["value"], answer.proved, answer.flip
    (-3.0, True, Flip(what='value', now=5.0, to=8.0))
    >>> print(answer.sentence.replace(", and then ", ", and then\n"))
    Giving 'acme' to 'bo' instead of 'ana' costs 3 of value, and then
    'zed' would go from 'bo' to 'ana'.
    """
    standing = standing_of(plan)
    task_id, rep_id, role = str(task_id), str(rep_id), str(role)
    check_ids(standing.problem, task=task_id, rep=rep_id, role=role)
    check_options(time_limit, seed, workers, "auto")
    seat = standing.seat(task_id, role)
    rep = standing.rep(rep_id)
    holder = standing.holder(seat)
    given = {"task_id": task_id, "role": role, "rep_id": rep_id}
    told: dict[str, Any] = {**given, "holder": standing.rep_name(holder)}
    notes = plan_faults(standing)
    pair = standing.pair(seat, rep)
    rules = () if pair >= 0 else broken_rules(standing, seat, rep)
    if holder == rep or (not standing.found.ok and standing.holds(seat, rep)):
        return WhyNot(**told, reason=Answer.HELD, rules=rules, notes=notes)
    if rules:
        return WhyNot(**told, reason=Answer.NOT_ELIGIBLE, rules=rules, notes=notes)
    options = {"time_limit": time_limit, "seed": seed, "workers": workers}
    found = by_flow(standing, pair) or _solved(standing, given, pair, options)
    if found.status is Status.INFEASIBLE and not found.why:
        now = binding_rules(standing, seat, np.array([rep]))
        notes = (*(f"(As things stand: {rule.sentence}.)" for rule in now), *notes)
    if found.order > 0 and not standing.is_proved:
        notes = (*notes, "(The plan is not proved best: some of this may be had without it.)")
    return told_of(standing, told, found, pair, notes)


def _solved(
    standing: Standing, given: dict[str, str], pair: int, options: dict[str, Any]
) -> Outcome:
    """Solve again with the pair, or say what is known without."""
    if options["time_limit"] <= 0:
        return conceivable(standing, pair)
    if standing.arrays.pairs > LARGE:
        until = time.perf_counter() + options["time_limit"]
        found = nearby(standing, pair, options)
        if found is not None:
            return found
        options = {**options, "time_limit": max(until - time.perf_counter(), LEAST_SECONDS)}
    return by_solving(standing, [pinned(**given)], **options)


def told_of(
    standing: Standing,
    told: dict[str, Any],
    found: Outcome,
    pair: int,
    notes: tuple[str, ...] = (),
) -> WhyNot:
    """Say of the best plan with a pair what kind of answer it is."""
    match found.status:
        case Status.INFEASIBLE:
            why = (f"({found.why}.)",) if found.why else ()
            return WhyNot(**told, reason=Answer.CONFLICT, notes=(*why, *notes))
        case Status.UNKNOWN:
            return WhyNot(**told, reason=Answer.UNDECIDED, delta=found.delta, notes=notes)
    assert found.delta is not None
    reason = {1: Answer.BETTER, 0: Answer.TIE, -1: Answer.WORSE}[found.order]
    sure = found.delta.is_settled(found.worse) or _is_lost(standing, found)
    if reason is Answer.WORSE and not sure:
        reason = Answer.UNDECIDED
    moves = _own_first(found.moves, told)
    flip = _flip(standing, found, pair) if reason is Answer.WORSE else None
    return WhyNot(
        **told,
        reason=reason,
        delta=found.delta,
        worse=found.worse,
        moves=moves,
        flip=flip,
        notes=notes,
    )


def _is_lost(standing: Standing, found: Outcome) -> bool:
    """Whether the bounds alone show that the best plan with the pair is worse."""
    assert found.delta is not None
    for name, goal in zip(tier_names(standing), standing.goals, strict=True):
        best = goal.sign * found.delta.bound.get(name, np.inf)
        if best < -1e-9:
            return True
        if best > 1e-9:
            return False
    return False


def _own_first(moves: pd.DataFrame, told: dict[str, Any]) -> pd.DataFrame:
    """Put the task that was asked about first."""
    if not len(moves) or (moves.iloc[0, 0], moves.iloc[0, 1]) == (told["task_id"], told["role"]):
        return moves
    mine = (moves["task_id"] == told["task_id"]) & (moves["role"] == told["role"])
    ordered: pd.DataFrame = pd.concat([moves[mine], moves[~mine]], ignore_index=True)
    return ordered


def broken_rules(standing: Standing, seat: int, rep: int) -> tuple[Broken, ...]:
    """List the rules that a pair breaks by itself."""
    held = held_as(standing.problem, *standing.place(seat), np.array([rep]))
    pair = f"task {standing.named(seat)[0]!r} with rep {standing.rep_name(rep)!r}: "
    found = []
    for fault in pair_faults(held):
        if fault.bad[0]:
            actual, limit, message = fault.describe(0)
            found.append(Broken(fault.rule, message.removeprefix(pair), actual, limit))
    return tuple(found)


def _flip(standing: Standing, found: Outcome, pair: int) -> Flip | None:
    """Find how much more value (or fit) the pair would need for a tie.

    A plan with the pair gains exactly what the pair's value gains, the others gain nothing; so the
    price of the pair, where it is the first tier that changes, is the answer. Known only where no
    other tier looks at the number.
    """
    delta = found.delta
    assert delta is not None
    loose = any(tier.is_loose for tier in standing.problem.objective)
    if not delta.proved or not standing.is_proved or loose:
        return None
    tiers = standing.problem.objective
    at = tier_names(standing).index(str(found.worse))
    tier, arrays = tiers[at], standing.arrays
    others = [one for one in tiers if one is not tier and not isinstance(one, Coverage)]
    fair = [one for one in others if isinstance(one, Fairness) and one.of != "value"]
    if len(fair) < len(others):
        return None
    lost = -delta[str(found.worse)]
    if isinstance(tier, Value):
        now = float(arrays.value[pair])
        return Flip("value", now, now + lost)
    if isinstance(tier, Fit):
        now = float(arrays.fit[pair])
        rest = [delta[name] for name in tier_names(standing)[at + 1 :]]
        reachable = now + lost < 1 or (now + lost == 1 and not any(rest))
        return Flip("fit", now, now + lost) if reachable else None
    return None


# -- in words --------------------------------------------------------------------------------------


def _sentence(one: WhyNot) -> str:
    seat = repr(one.task_id) if one.role == OWNER else f"{one.task_id!r} as {one.role!r}"
    rep = repr(one.rep_id)
    instead = f" instead of {one.holder!r}" if one.holder else ""
    match one.reason:
        case Answer.HELD:
            tail = f", against the rules: {_listed_rules(one)}" if one.rules else ""
            return f"{rep} has {seat} already{tail}."
        case Answer.NOT_ELIGIBLE:
            return f"{rep} may not take {seat}: {_listed_rules(one)}."
        case Answer.CONFLICT:
            return f"{rep} may take {seat}, but then no plan keeps all the rules."
        case Answer.UNDECIDED:
            found = f" The best plan found with it: {_changes(one)}." if one.delta else ""
            return f"{rep} may take {seat}{instead}; the price is not settled.{found}{_known(one)}"
        case Answer.TIE:
            then = f"; {_then(one)}" if _then(one) else ""
            return f"A tie: {seat} with {rep}{instead} is as good in every tier{then}."
        case Answer.BETTER:
            then = f"; {_then(one)}" if _then(one) else ""
            return f"{seat} with {rep}{instead} is better: {_changes(one)}{then}."
        case Answer.WORSE:
            then = f", and then {_then(one)}" if _then(one) else ""
            return f"Giving {seat} to {rep}{instead} {_cost(one)}{then}.{_known(one)}"


def _listed_rules(one: WhyNot) -> str:
    return listed(rule.message for rule in one.rules)


def _then(one: WhyNot) -> str:
    mine = (one.moves["task_id"] == one.task_id) & (one.moves["role"] == one.role)
    return moves_in_words(one.moves[~mine])


def _cost(one: WhyNot) -> str:
    """Say what the first tier that gets worse loses."""
    assert one.delta is not None
    lost = one.delta[str(one.worse)]
    most = "" if one.delta.is_settled(one.worse) else "at most "
    if lost == 0:
        return f"makes {one.worse} worse, though not its first number"
    if lost < 0:
        return f"costs {most}{number(-lost)} of {one.worse}"
    return f"adds {most}{number(lost)} to {one.worse}"


def _changes(one: WhyNot) -> str:
    assert one.delta is not None
    some = [f"{name} {change(by)}" for name, by in one.delta.items() if by]
    return ", ".join(some) or f"{one.worse} changes after its first number"


def _known(one: WhyNot) -> str:
    """Say what the bounds tell where the price is not proved."""
    if one.delta is None or one.delta.proved:
        return ""
    known = [f"{name} {change(by)}" for name, by in one.delta.bound.items() if np.isfinite(by)]
    best = f" No plan with the pair does better than {', '.join(known)}" if known else ""
    return f"{best} (bounds, each if the tiers before it lose nothing)." if best else ""
