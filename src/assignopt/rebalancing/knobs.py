"""What a rebalancing has to respect besides the problem: options in, rules in the problem out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import selectors
from ..check import pair_faults
from ..errors import Faults
from ..objectives import Coverage, Fairness, Moves, Tier, Weighted
from ..records import OWNER
from ..rules import BaseRule, MaxLoad, MaxMoves, MaxTasks, MinLoad, MinTasks, Pin
from ..solving import is_whole

if TYPE_CHECKING:
    from ..columns import Bools
    from ..objectives import AnyTier
    from ..problem import Problem
    from ..rules import AnyRule
    from .owners import Present

COST = "cost of moving"
"""The tag that holds what moving each task costs."""

FLAT = ("leximax", "leximin")
"""Notions that are no single number; their first number stands for them in a bound."""


@dataclass(frozen=True)
class Knobs:
    """The options of :func:`assignopt.rebalance` that say what may move."""

    max_moves: int | None = None
    target: Any = None
    frozen: Any = ()
    cost: Any = None
    max_in: Any = None
    max_out: Any = None
    tenure: Any = None
    min_tenure: float = 0.0
    min_gain: Any = None


def check_knobs(knobs: Knobs, present: Present) -> None:
    """Raise one ValidationError that lists every option at fault."""
    problem, faults = present.problem, Faults("rebalance")
    if knobs.max_moves is not None and not is_whole(knobs.max_moves, 0):
        faults.add(("max_moves",), "allowed is a whole number, 0 or more, or None", knobs.max_moves)
    for name in ("max_in", "max_out"):
        _check_counts(problem, name, getattr(knobs, name), faults)
    _check_amounts(problem, "cost", knobs.cost, faults)
    _check_amounts(problem, "tenure", knobs.tenure, faults)
    least = knobs.min_tenure
    if not isinstance(least, int | float) or isinstance(least, bool) or not 0 <= least < np.inf:
        faults.add(("min_tenure",), "allowed is a finite number of 0 or more", least)
    elif least and knobs.tenure is None:
        message = (
            "a least tenure takes tenure=, how long each task has been with its owner. Give it"
        )
        faults.add(("min_tenure",), message, knobs.min_tenure)
    if isinstance(knobs.frozen, str | Mapping) or len(knobs.frozen):
        wanted = selectors.read(knobs.frozen, ("frozen",), faults)
        known = problem.tasks.index
        selectors.check(problem.task_columns, wanted, ("frozen",), known, faults)
    _check_target(knobs.target, faults)
    _check_gain(knobs.min_gain, faults)
    faults.raise_if_any()


def _check_counts(problem: Problem, name: str, given: Any, faults: Faults) -> None:
    for rep, most in (given if isinstance(given, Mapping) else {None: given}).items():
        if rep is not None and rep not in problem.reps:
            faults.add((name, rep), "unknown rep. Use ids of the reps", rep)
        if most is not None and not is_whole(most, 0):
            message = "allowed is a whole number, 0 or more, for everyone or for each rep"
            faults.add((name,) if rep is None else (name, rep), message, most)


def _check_amounts(problem: Problem, name: str, given: Any, faults: Faults) -> None:
    if isinstance(given, str):
        selectors.check_amounts(problem.task_columns, given, (name,), faults)
    elif isinstance(given, Mapping):
        for task, amount in given.items():
            if task not in problem.tasks:
                faults.add((name, task), "unknown task. Use ids of the tasks", task)
            if not (isinstance(amount, int | float) and 0 <= amount < np.inf):
                faults.add((name, task), "allowed is a number of 0 or more", amount)
    elif given is not None:
        message = "allowed is a mapping task -> number, or the name of a tag or field"
        faults.add((name,), message, given)


def _check_target(target: Any, faults: Faults) -> None:
    if target is None or (isinstance(target, int | float) and not isinstance(target, bool)):
        if target is not None and not 0 <= target < np.inf:
            faults.add(("target",), "a band is a number of 0 or more, 0.15 for 15 %", target)
        return
    if isinstance(target, Mapping):
        for tier, bound in target.items():
            if not isinstance(tier, Tier) or isinstance(tier, Moves):
                message = (
                    "allowed are terms such as ao.Fairness('minmax'), with what each must reach"
                )
                faults.add(("target",), message, tier)
            elif not (isinstance(bound, int | float) and np.isfinite(bound)):
                faults.add(("target", tier.label), "allowed is a finite number", bound)
        return
    rules = [target] if isinstance(target, BaseRule) else target
    if not isinstance(rules, list | tuple) or any(not isinstance(r, BaseRule) for r in rules):
        message = (
            "allowed are a band (0.15: each load within 15 % of its entitled share), rules such as "
            "ao.MaxLoad(40), or {term: what it must reach}"
        )
        faults.add(("target",), message, target)


def _check_gain(gain: Any, faults: Faults) -> None:
    if gain is None:
        return
    if not isinstance(gain, Mapping) or not gain:
        message = "allowed is {term: what each move must gain of it}, as in {ao.Value(): 500}"
        faults.add(("min_gain",), message, gain)
        return
    for tier, amount in gain.items():
        if not isinstance(tier, Tier) or isinstance(tier, Moves | Weighted):
            faults.add(("min_gain",), "allowed are single terms such as ao.Value()", tier)
        elif not (isinstance(amount, int | float) and 0 <= amount < np.inf):
            faults.add(("min_gain", tier.label), "allowed is a number of 0 or more", amount)


# -- options as rules ------------------------------------------------------------------------------


def applied_knobs(present: Present, knobs: Knobs) -> Present:
    """Write the options into the problem: rules for what may move, a tag for what a move costs."""
    problem = _with_costs(present.problem, knobs.cost)
    rules: list[AnyRule] = [
        *_pins(present, _staying(present, knobs)),
        *_handovers(present, knobs),
        *target_rules(present, knobs.target),
    ]
    if knobs.max_moves is not None:
        rules.append(MaxMoves(int(knobs.max_moves), id="move budget"))
    return replace(present, problem=_with_rules(problem, rules))


def _with_rules(problem: Problem, rules: list[AnyRule]) -> Problem:
    """Add rules, each under an id that is not taken."""
    taken = {rule.id for rule in problem.rules}
    named = []
    for rule in rules:
        name = rule.id
        while name in taken:
            name = f"rebalance: {name}"
        taken.add(name)
        named.append(rule.model_copy(update={"id": name}))
    return problem.replace(rules=[*problem.rules, *named])


def _with_costs(problem: Problem, cost: Any) -> Problem:
    if not isinstance(cost, Mapping):
        return problem
    columns = problem.task_columns
    amounts = np.ones(len(columns.id))
    rows = problem.tasks.index.get_indexer(pd.Index(list(cost), dtype=object))
    amounts[rows] = list(cost.values())
    return problem.replace(tasks=replace(columns, tags=columns.tags.assign(**{COST: amounts})))


def cost_name(knobs: Knobs) -> str | None:
    """Give the name under which tasks hold what moving them costs."""
    return COST if isinstance(knobs.cost, Mapping) else knobs.cost


def _staying(present: Present, knobs: Knobs) -> Bools:
    """(T,) tasks that must not move: started ones, and those too short with their owner."""
    problem = present.problem
    chosen = isinstance(knobs.frozen, str | Mapping) or len(knobs.frozen)
    stay = (
        problem.select_tasks(selectors.read(knobs.frozen, ("frozen",), Faults("rebalance")))
        if chosen
        else np.zeros(len(problem.task_columns.id), bool)
    )
    if knobs.tenure is not None and knobs.min_tenure:
        stay = stay | (_tenures(problem, knobs.tenure) < knobs.min_tenure)
    return np.asarray(stay & present.keepable, bool)


def _tenures(problem: Problem, tenure: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(T,) how long each task has been with its owner; infinite where that is not said."""
    if isinstance(tenure, str):
        return selectors.amounts(problem.task_columns, tenure)
    known = np.full(len(problem.task_columns.id), np.inf)
    rows = problem.tasks.index.get_indexer(pd.Index(list(tenure), dtype=object))
    known[rows] = list(tenure.values())
    return known


def _pins(present: Present, stay: Bools) -> list[AnyRule]:
    """Pin tasks that must not move, unless a rule does so already."""
    problem = present.problem
    pinned = {(rule.task, rule.role) for rule in problem.rules if isinstance(rule, Pin)}
    reps, tasks = problem.rep_columns.id, problem.task_columns
    seats = [(str(tasks.id[t]), OWNER, str(reps[present.owner[t]])) for t in np.flatnonzero(stay)]
    held = present.found.holdings if len(tasks.roles.task) and stay.any() else None
    if held is not None:  # those who help with it stay as well, if they may
        fine = np.ones(len(held), bool)
        for fault in pair_faults(held):
            fine &= ~fault.bad
        rows = np.flatnonzero((held.role >= 0) & stay[held.task] & fine)
        seats += [
            (
                str(tasks.id[held.task[i]]),
                str(tasks.roles.name[held.role[i]]),
                str(reps[held.rep[i]]),
            )
            for i in rows
        ]
    return [
        Pin(task, rep, role=role, id=f"stays: {task}" + ("" if role == OWNER else f" ({role})"))
        for task, role, rep in seats
        if (task, role) not in pinned
    ]


def _handovers(present: Present, knobs: Knobs) -> list[AnyRule]:
    """Bound the tasks that each rep takes over from others, and those that they give away."""
    problem = present.problem
    reps = [str(name) for name in problem.rep_columns.id]
    owners = np.bincount(present.owner[present.keepable], minlength=len(reps))
    aides = _roles_elsewhere(present) if knobs.max_in is not None else []
    rules: list[AnyRule] = []
    for row, rep in enumerate(reps):
        most_in, most_out = (_for(given, rep) for given in (knobs.max_in, knobs.max_out))
        others = [name for name in reps if name != rep]
        if most_in is not None and others and problem.rep_columns.active[row]:
            mine = {"owner": others}
            most = most_in + aides[row]  # what they help with already is not taken over
            rules.append(MaxTasks(most, task=mine, rep=rep, id=f"most taken over by {rep}"))
        if most_out is not None and owners[row] > most_out:
            kept = int(owners[row]) - most_out
            mine = {"owner": [rep]}
            rules.append(MinTasks(kept, task=mine, rep=rep, id=f"most given away by {rep}"))
    return rules


def _roles_elsewhere(present: Present) -> list[int]:
    """(R,) how many roles each rep holds in tasks that others own."""
    held = present.found.holdings
    theirs = (held.role >= 0) & (present.owner[held.task] >= 0)
    theirs &= present.owner[held.task] != held.rep
    counts: list[int] = np.bincount(held.rep[theirs], minlength=len(present.problem.reps)).tolist()
    return counts


def _for(given: Any, rep: str) -> int | None:
    found = given.get(rep) if isinstance(given, Mapping) else given
    return None if found is None else int(found)


# -- targets ---------------------------------------------------------------------------------------


def target_rules(present: Present, target: Any) -> list[AnyRule]:
    """Give a target as rules: a band around everybody's entitled share, or the rules themselves."""
    if target is None or isinstance(target, Mapping):
        return []
    if isinstance(target, BaseRule):
        return [target]  # type: ignore[list-item]
    if isinstance(target, list | tuple):
        return list(target)
    return band(present.problem, float(target))


def target_words(target: Any) -> str | None:
    """Name a target that is a matter of rules; None for none, and for one that is terms.

    Examples
    --------
    >>> target_words(0.05)
    "the target 0.05 (every load within 5 % of its rep's entitled share)"
    """
    if target is None or isinstance(target, Mapping):
        return None
    if isinstance(target, BaseRule | list | tuple):
        rules = [target] if isinstance(target, BaseRule) else target
        return f"the target ({'; '.join(rule.sentence for rule in rules)})" if rules else None
    width = f"{100 * target:.10g} %"
    return f"the target {target:.10g} (every load within {width} of its rep's entitled share)"


def band(problem: Problem, width: float) -> list[AnyRule]:
    """Hold each active rep's load within a share of what it is entitled to of all work.

    The entitled share is ``weight / sum of weights`` of the effort of all tasks and of what is
    carried; a task counts with the least effort at which an active rep could do it.
    """
    reps, tasks = problem.rep_columns, problem.task_columns
    weight = np.where(reps.active, problem.weights, 0.0)
    if not weight.sum():
        return []
    fastest = float(reps.efficiency[reps.active].max())
    efforts = tasks.effort.sum() + tasks.roles.effort.sum()
    total = efforts / fastest + reps.carried_load[reps.active].sum()
    shares = total * weight / weight.sum()
    rules: list[AnyRule] = []
    for name, share in zip(reps.id[weight > 0].tolist(), shares[weight > 0], strict=True):
        low, high = float(round((1 - width) * share, 6)), float(round((1 + width) * share, 6))
        rules.append(MaxLoad(high, rep=name, id=f"band: most of {name}"))
        if low > 0:
            rules.append(MinLoad(low, rep=name, id=f"band: least of {name}"))
    return rules


def flat(tier: AnyTier) -> AnyTier:
    """Give a term that is one number: of an order, its first number."""
    if isinstance(tier, Fairness) and tier.notion in FLAT:
        notion = "minmax" if tier.notion == "leximax" else "maxmin"
        return tier.model_copy(update={"notion": notion, "slack": 0.0})
    return tier.model_copy(update={"slack": 0.0})


def leading_coverage(problem: Problem) -> list[AnyTier]:
    """List the tiers at the head of the objective that ask for tasks to be assigned."""
    tiers: list[AnyTier] = []
    for tier in problem.objective:
        if not isinstance(tier, Coverage):
            break
        tiers.append(tier)
    return tiers


def priced(tiers: list[AnyTier], gain: Mapping[AnyTier, float], cost: str | None) -> list[AnyTier]:
    """Let each move earn what it must: the terms named lose as much for each move.

    A term that the objective does not have comes last.
    """
    left = {_key(tier): (tier, amount) for tier, amount in gain.items()}
    out: list[AnyTier] = []
    for tier in tiers:
        named = left.pop(_key(tier), None)
        out.append(tier if named is None else _less(tier, named[1], cost))
    out += [_less(tier, amount, cost) for tier, amount in left.values()]
    return out


def _key(tier: AnyTier) -> AnyTier:
    return tier.model_copy(update={"slack": 0.0})


def _less(tier: AnyTier, amount: float, cost: str | None) -> AnyTier:
    terms = {flat(tier): 1.0, Moves(cost): amount}
    return Weighted(terms, slack=tier.slack) if amount else tier
