"""Why a task is where it is: a plan and a task in, terms, rules and the best alternative out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..check import pair_faults
from ..plan import Status
from ..records import OWNER
from ..rules import CoverAll, Forbid
from ..solving import check_options
from ..wording import counted
from .binding import RuledOut, binding_rules
from .forcing import by_flow, by_solving, pinned, tier_names
from .pricing import conceivable
from .standing import check_ids, held_as, plan_faults, standing_of
from .whynot import Answer, WhyNot, broken_rules, told_of
from .words import change, listed, number, plain

if TYPE_CHECKING:
    from ..check import Audit
    from ..columns import Ints
    from ..plan import Plan
    from .forcing import Outcome
    from .standing import Standing
    from .whynot import Broken


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a task is where it is.

    Parameters
    ----------
    task_id, role, rep_id
        The seat, and who has it; ``rep_id`` is None where it is open.
    terms
        What the pair comes to: effort, fit, value, worth, burden, and the rep's load with it;
        empty for an open seat.
    eligible
        Ids of all reps who may hold the seat, as far as the pair alone is concerned.
    ruled_out
        What rules out the others, the rule that rules out most first.
    binding
        What would break if one of the eligible others had the seat and nothing else moved: a full
        calendar, a capacity, a group, a rule of yours; with the reps it keeps out. Who is not named
        there could take it at once.
    broken
        The rules that the pair itself breaks; empty unless the plan breaks rules.
    open_because
        For an open seat, the reason with its numbers.
    alternative
        The best plan with the task elsewhere: who takes it then, and at what price (a
        :class:`WhyNot`); None where nobody else can, or none is known.
    settled
        Whether the alternative (or that there is none) is proved.
    bound
        Tier -> the change that no plan with the task elsewhere beats, each if the tiers before lose
        nothing; infinite where nothing is known, empty where no plan has the task elsewhere. It is
        given whatever the time limit, from prices that are found once for a plan.
    """

    task_id: str
    role: str
    rep_id: str | None
    terms: dict[str, float]
    eligible: tuple[str, ...]
    ruled_out: tuple[RuledOut, ...]
    binding: tuple[RuledOut, ...]
    broken: tuple[Broken, ...]
    open_because: str | None
    alternative: WhyNot | None
    settled: bool
    bound: dict[str, float]
    notes: tuple[str, ...] = ()

    @property
    def price(self) -> dict[str, float] | None:
        """Tier -> change of its value with the best alternative."""
        return None if self.alternative is None else self.alternative.delta

    @property
    def sentence(self) -> str:
        """The explanation for a person."""
        told = [_who(self), _others(self), _in_the_way(self), *self.notes]
        return " ".join(part for part in told if part)

    def __str__(self) -> str:
        return self.sentence

    def to_data(self) -> dict[str, Any]:
        """Give the explanation as plain data, ready for JSON."""
        return {
            "task_id": self.task_id,
            "role": self.role,
            "rep_id": self.rep_id,
            "terms": {name: plain(value) for name, value in self.terms.items()},
            "eligible": list(self.eligible),
            "ruled_out": [{**vars(one), "reps": list(one.reps)} for one in self.ruled_out],
            "binding": [{**vars(one), "reps": list(one.reps)} for one in self.binding],
            "broken": [{k: plain(v) for k, v in vars(one).items()} for one in self.broken],
            "open_because": self.open_because,
            "alternative": None if self.alternative is None else self.alternative.to_data(),
            "settled": self.settled,
            "bound": {name: plain(value) for name, value in self.bound.items()},
            "notes": list(self.notes),
            "sentence": self.sentence,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Give the explanation as JSON text."""
        return json.dumps(self.to_data(), ensure_ascii=False, indent=indent)


def explain(
    plan: Plan | Audit,
    task_id: str,
    *,
    role: str = OWNER,
    time_limit: float = 10.0,
    seed: int = 0,
    workers: int | None = None,
) -> Explanation:
    r"""Say why a task is where it is: what the pair comes to, who else may, and at what price.

    The price is that of the best plan in which the task is with another rep: where efforts are
    equal by shortest paths, elsewhere by solving again without this rep for the task.

    Parameters
    ----------
    plan
        A Plan, or the Audit of anybody's assignments.
    task_id, role
        The seat.
    time_limit
        Seconds for solving again; with 0 no alternative is looked for where it takes a solve, and
        ``bound`` is what is known.
    seed, workers
        As for :func:`assignopt.solve`.

    Raises
    ------
    KeyError
        When the task or the role does not exist.
    NoSolutionError
        When the run has no plan.

    Examples
    --------
    >>> import assignopt as ao
    >>> reps = [ao.Rep("ana", skills={"german"}), ao.Rep("bo", skills={"german"}), ao.Rep("cy")]
    >>> pairs = [("ana", "acme", 1, 1, 9), ("bo", "acme", 1, 1, 5), ("cy", "acme", 1, 1, 5)]
    >>> plan = ao.solve(ao.Problem(reps, [ao.Task("acme", requires={"german"})], pairs=pairs))
    >>> told = ao.explain(plan, "acme")
    >>> told.rep_id, told.eligible, [(r.rule, r.reps) for r in told.ruled_out], told.price["value"]
    ('ana', ('ana', 'bo'), [('skill', ('cy',))], -4.0)
    >>> print(told.sentence.replace(". ", ".\n"))
    'ana' has 'acme': effort 1, fit 1, value 9.
    The best alternative: giving 'acme' to 'bo' instead of 'ana' costs 4 of value.
    """
    standing = standing_of(plan)
    task_id, role = str(task_id), str(role)
    check_ids(standing.problem, task=task_id, role=role)
    check_options(time_limit, seed, workers, "auto")
    seat = standing.seat(task_id, role)
    rep = standing.holder(seat)
    arrays = standing.arrays
    pairs = np.arange(arrays.first[seat], arrays.first[seat + 1])
    names = tuple(str(standing.rep_name(int(r))) for r in arrays.pair_rep[pairs])
    others = arrays.pair_rep[pairs][arrays.pair_rep[pairs] != rep].astype(np.int64)
    options = {"time_limit": time_limit, "seed": seed, "workers": workers}
    alternative, settled = _alternative(standing, seat, rep, options)
    return Explanation(
        task_id=task_id,
        role=role,
        rep_id=standing.rep_name(rep),
        terms=_terms(standing, seat, rep),
        eligible=names,
        ruled_out=_ruled_out(standing, seat),
        binding=binding_rules(standing, seat, others),
        broken=broken_rules(standing, seat, rep) if rep >= 0 else (),
        open_because=_open_because(plan, task_id, role) if rep < 0 else None,
        alternative=alternative,
        settled=settled,
        bound=_bound(standing, pairs[arrays.pair_rep[pairs] != rep], alternative, settled),
        notes=plan_faults(standing),
    )


def _terms(standing: Standing, seat: int, rep: int) -> dict[str, float]:
    if rep < 0:
        return {}
    held = held_as(standing.problem, *standing.place(seat), np.array([rep]))
    one = {name: float(getattr(held, name)[0]) for name in ("effort", "fit", "value", "worth")}
    load, reps = float(standing.found.holdings.load[rep]), standing.problem.rep_columns
    return {**one, "burden": float(held.burden[0]), "load": load, "capacity": reps.capacity[rep]}


def _ruled_out(standing: Standing, seat: int) -> tuple[RuledOut, ...]:
    """List what rules reps out, each pair judged by itself."""
    problem = standing.problem
    everyone = np.arange(len(problem.rep_columns.id))
    sentences = {rule.id: rule.sentence for rule in problem.rules}
    found = []
    for fault in pair_faults(held_as(problem, *standing.place(seat), everyone)):
        bad = np.flatnonzero(fault.bad)
        if len(bad):
            names = tuple(str(name) for name in problem.rep_columns.id[bad])
            example = fault.describe(int(bad[0]))[2]
            words = sentences.get(fault.rule, example)
            found.append(RuledOut(fault.rule, names, words))
    return tuple(sorted(found, key=lambda one: -len(one.reps)))


def _open_because(plan: Plan | Audit, task_id: str, role: str) -> str | None:
    frame = getattr(plan, "unassigned", None)
    if frame is None:
        return None
    row = frame[(frame["task_id"] == task_id) & (frame["role"] == role)]
    return None if row.empty else str(row["detail"].iloc[0])


# -- the best alternative ------------------------------------------------------------------------


def _alternative(
    standing: Standing, seat: int, rep: int, options: dict[str, Any]
) -> tuple[WhyNot | None, bool]:
    """Give the best plan with the task at another rep, and whether that is settled."""
    arrays = standing.arrays
    pairs = np.arange(arrays.first[seat], arrays.first[seat + 1])
    others = pairs[arrays.pair_rep[pairs] != rep]
    if not len(others):
        return None, True
    if standing.residual is not None:
        prices = {p: standing.residual.price(p) for p in others.tolist()}
        known = {p: price for p, price in prices.items() if price is not None}
        if not known:
            return None, True
        best = min(known, key=lambda p: known[p])
        found = by_flow(standing, best)
        if found is not None:
            return _told(standing, seat, found, best), True
    if options["time_limit"] <= 0:
        return None, False
    return _by_solving(standing, seat, rep, others.tolist(), options)


def _bound(
    standing: Standing, others: Ints, alternative: WhyNot | None, settled: bool
) -> dict[str, float]:
    """Bound each tier over all plans with the task elsewhere; empty where there is none."""
    if settled:
        return {} if alternative is None else dict(alternative.delta or {})
    told = [conceivable(standing, pair).delta for pair in others.tolist()]
    bounds = [delta.bound for delta in told if delta is not None]
    signs = zip(tier_names(standing), standing.goals, strict=True)
    return {name: max(b[name] * g.sign for b in bounds) * g.sign for name, g in signs if bounds}


def _by_solving(
    standing: Standing, seat: int, rep: int, others: list[int], options: dict[str, Any]
) -> tuple[WhyNot | None, bool]:
    """Solve again without this rep for the task, or with one of the others where it is a role."""
    task, role = standing.named(seat)
    names = [str(standing.rep_name(int(standing.arrays.pair_rep[pair]))) for pair in others]
    if len(others) == 1:
        rules: list[Any] = [pinned(task, names[0], role)]
    elif role == OWNER and not standing.problem.tasks[task].roles:
        away = [Forbid(task=task, rep=str(standing.rep_name(rep)))] if rep >= 0 else []
        rules = [*away, CoverAll(where=task)]
    else:
        return _one_by_one(standing, seat, others, options)
    found = by_solving(standing, rules, **options)
    if found.status is Status.INFEASIBLE:
        return None, True
    if found.delta is None:
        return None, False
    mine = (found.moves["task_id"] == task) & (found.moves["role"] == role)
    to = str(found.moves[mine]["to_rep"].iloc[0])
    pair = standing.pair(seat, standing.rep(to))
    return _told(standing, seat, found, pair), found.delta.proved


def _one_by_one(
    standing: Standing, seat: int, others: list[int], options: dict[str, Any]
) -> tuple[WhyNot | None, bool]:
    """Solve again with each of the others in turn, and keep the best."""
    task, role = standing.named(seat)
    share = {**options, "time_limit": options["time_limit"] / len(others)}
    best: tuple[WhyNot, Outcome] | None = None
    settled = True
    for pair in others:
        name = str(standing.rep_name(int(standing.arrays.pair_rep[pair])))
        found = by_solving(standing, [pinned(task, name, role)], **share)
        settled &= found.status in (Status.OPTIMAL, Status.INFEASIBLE)
        if found.delta is None:
            continue
        if best is None or found.beats(best[1], standing):
            best = _told(standing, seat, found, pair), found
    return (None if best is None else best[0]), settled


def _told(standing: Standing, seat: int, found: Outcome, pair: int) -> WhyNot:
    task, role = standing.named(seat)
    rep = str(standing.rep_name(int(standing.arrays.pair_rep[pair])))
    given = {"task_id": task, "role": role, "rep_id": rep}
    return told_of(
        standing, {**given, "holder": standing.rep_name(standing.holder(seat))}, found, pair
    )


# -- in words --------------------------------------------------------------------------------------


def _who(one: Explanation) -> str:
    seat = repr(one.task_id) if one.role == OWNER else f"{one.task_id!r} as {one.role!r}"
    if one.rep_id is None:
        return f"{seat} is open{': ' + one.open_because if one.open_because else ''}."
    told = ", ".join(f"{name} {number(one.terms[name])}" for name in ("effort", "fit", "value"))
    against = listed(rule.message for rule in one.broken)
    return (
        f"{one.rep_id!r} has {seat}: {told}{'; against the rules: ' + against if against else ''}."
    )


def _others(one: Explanation) -> str:
    others = [name for name in one.eligible if name != one.rep_id]
    if not others and one.open_because:
        return ""
    if not others:
        rules = listed(
            f"{rule.sentence} ({counted(len(rule.reps), 'rep')})" for rule in one.ruled_out
        )
        return f"Nobody else may take it: {rules}." if rules else "There is nobody else."
    if one.alternative is None:
        how = "no plan keeps the rules then" if one.settled else _at_best(one)
        return f"{counted(len(others), 'other')} may take it by themselves; {how}."
    lead = "The best alternative" if one.settled else "The best alternative found so far"
    if one.alternative.reason is Answer.TIE:
        return one.alternative.sentence
    sentence = one.alternative.sentence
    return f"{lead}: {sentence[:1].lower()}{sentence[1:]}"


def _at_best(one: Explanation) -> str:
    """Say what the bounds tell where no alternative was looked for."""
    known = [
        f"{name} {change(by) if by else 'unchanged'}"
        for name, by in one.bound.items()
        if np.isfinite(by)
    ]
    if not known:
        return "what that costs is not known"
    return (
        f"none does better than {', '.join(known)} (bounds, each if the tiers before lose nothing)"
    )


def _in_the_way(one: Explanation) -> str:
    """Say what keeps the others from taking the task with nothing else moved."""
    if not one.binding:
        return ""
    others = sum(name != one.rep_id for name in one.eligible)
    kept = len({name for rule in one.binding for name in rule.reps})
    why = listed(f"{r.sentence} ({counted(len(r.reps), 'rep')})" for r in one.binding)
    return (
        f"With nothing else moved, {kept} of {counted(others, 'other')} could not take it: {why}."
    )
