"""What prices of split tasks say of a pair at once: a bound on the best plan that has it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..check import audit
from ..compiling import compile_problem
from ..engines.guidance import Guidance
from ..engines.running import Run
from ..errors import EngineError
from ..goals import compile_goal
from ..plan import Status, frame_of
from .forcing import MOVES, Delta, Outcome, by_moves, tidy, tier_names

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Floats, Ints
    from ..goals import Goal
    from ..shares import Gain
    from .standing import Standing

SECONDS = 5.0
"""Time that prices may take to be found; they stay with the plan."""


def conceivable(standing: Standing, pair: int) -> Outcome:
    """Bound each tier of the plans that have a pair, given that the tiers before lose nothing.

    No change of value is known, so the outcome says UNKNOWN and has bounds alone.
    """
    bound = {}
    for name, goal, gain, best in zip(
        tier_names(standing), standing.goals, standing.gains, _best(standing, pair), strict=True
    ):
        change = goal.value_of((best,)) - goal.value_of(gain) if best is not None else np.inf
        bound[name] = change if best is not None else goal.sign * np.inf
    nothing = Delta({}, proved=False, bound=bound)
    return Outcome(nothing, 0, None, frame_of([], MOVES), Status.UNKNOWN)


def _best(standing: Standing, pair: int) -> list[int | None]:
    """Bound the gain of each tier that is a sum over pairs, by what a pair costs at its prices."""
    found: list[int | None] = []
    for goal, priced in zip(standing.goals, prices_of(standing).priced, strict=True):
        if priced is None or not goal.is_linear:
            found.append(None)
        else:
            top, regret = priced
            found.append(int(np.floor(top - max(float(regret[pair]), 0.0) + 1e-6)))
    return found


@dataclass(frozen=True, eq=False)
class Prices:
    """A plan's tiers with their bounds from split tasks.

    Parameters
    ----------
    arrays
        Compiled anew: seats that settled tiers fill have to be filled in it.
    kept
        The tiers, bounded, with the plan's gains.
    priced
        For each tier that is a sum over pairs, its bound and (P,) what each pair costs of it.
    """

    arrays: Arrays
    kept: list[tuple[Goal, Gain]]
    priced: list[tuple[int, Floats] | None]


def prices_of(standing: Standing) -> Prices:
    """Bound a plan's tiers, once."""
    return standing.kept("prices", lambda: _find(standing))


def _find(standing: Standing) -> Prices:
    """Bound tier after tier, each held to what the plan has."""
    arrays = compile_problem(standing.problem)
    guidance = Guidance(arrays, Run(time.perf_counter() + SECONDS))
    kept: list[tuple[Goal, Gain]] = []
    found: list[tuple[int, Floats] | None] = []
    for tier in standing.problem.objective:
        goal = guidance.bound(compile_goal(arrays, tier), kept, standing.choice)
        gain = goal.gain(standing.choice)
        kept.append((goal, gain))
        found.append(guidance.prices(goal))
        filled = None if tier.is_loose else goal.filled_at(gain)
        if filled is not None:
            arrays.mandatory |= filled
    return Prices(arrays, kept, found)


def nearby(standing: Standing, pair: int, options: dict[str, Any]) -> Outcome | None:
    """Look for a plan with a pair in which everybody keeps their share, and improve it.

    For problems too large to be solved again in the time: nothing is lost in the tiers before the
    last sum over pairs, whose change has a bound. None where no such plan was found.
    """
    prices = prices_of(standing)
    last = len(prices.kept) - 1
    loose = any(tier.is_loose for tier in standing.problem.objective)
    if prices.priced[last] is None or not standing.found.ok or loose:
        return None
    measured = [goal.fair[0][1] for goal, _ in prices.kept if goal.fair]
    if len(measured) != 1:
        return None
    whole, seat = prices.arrays, int(prices.arrays.pair_seat[pair])
    left = np.flatnonzero((whole.pair_seat != seat) | (np.arange(whole.pairs) == pair))
    arrays = whole.restricted(left)
    run = Run(time.perf_counter() + options["time_limit"], workers=options["workers"])
    run.seed = options["seed"]
    kept = [(goal.restricted(arrays, left), gain) for goal, gain in prices.kept]
    start = standing.choice.copy()
    start[seat] = pair
    start = np.where(start >= 0, np.searchsorted(left, start), -1)
    guidance = Guidance(arrays, run)
    value = guidance.bound(kept[last][0], kept[:last], None)
    fair = next(k for k, (goal, _) in enumerate(kept) if goal.fair)
    part = kept[fair][0].fair[0][1]
    shares = standing.goals[fair].fair[0][1]
    wanted = shares.shares(standing.arrays, standing.choice[standing.choice >= 0])
    found = guidance.settle(value, kept[:fair], part, wanted, start)
    if found is None:
        return None
    found = guidance.improve(value, kept[:last], found)
    return _told(standing, np.where(found >= 0, left[found], -1), value)


def _checked(standing: Standing, choice: Ints) -> None:
    """Raise an EngineError if a plan breaks a rule."""
    arrays = standing.arrays
    held = np.flatnonzero(choice >= 0)
    rows = [
        (task, str(standing.rep_name(int(arrays.pair_rep[choice[seat]]))), role)
        for seat in held.tolist()
        for task, role in [standing.named(seat)]
    ]
    checked = audit(standing.problem, rows)
    if not checked.ok:
        raise EngineError(f"a plan nearby breaks rules:\n{checked}", checked.violations)


def _told(standing: Standing, choice: Ints, value: Goal) -> Outcome:
    """Say what a plan changes whose last tier has a bound and whose other tiers lose nothing."""
    _checked(standing, choice)
    seats = np.flatnonzero(choice != standing.choice)
    moves = [(int(seat), int(choice[seat])) for seat in seats]
    found = by_moves(standing, moves, len(standing.goals))
    assert found.delta is not None
    names, last = tier_names(standing), len(standing.goals) - 1
    top = standing.goals[last].value_of(value.best_gain)
    most = tidy(top - standing.goals[last].value_of(standing.gains[last]))
    proved = standing.is_proved and value.meets(found.gains[last], value.best_gain)
    proved_tiers = standing.terms["proved"].tolist() if "proved" in standing.terms else [False]
    settled = proved_tiers.index(False) if False in proved_tiers else len(proved_tiers)
    bound = {names[last]: most}
    for k in range(last - 1, -1, -1):  # what is proved of the plan cannot get better
        bound = {names[k]: 0.0 if k < settled else standing.goals[k].sign * np.inf, **bound}
    delta = Delta(found.delta, proved=proved, bound=bound, settled=min(settled, last))
    status = Status.OPTIMAL if proved else Status.FEASIBLE
    return replace(found, delta=delta, status=status)
