"""What prices of split tasks say of a pair at once: a bound on the best plan that has it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from ..compiling import compile_problem
from ..engines.guidance import Guidance
from ..engines.running import Run
from ..goals import compile_goal
from ..plan import Status, frame_of
from .forcing import MOVES, Delta, Outcome, tier_names

if TYPE_CHECKING:
    from ..columns import Floats
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
    for goal, priced in zip(standing.goals, prices_of(standing), strict=True):
        if priced is None or not goal.is_linear:
            found.append(None)
        else:
            top, regret = priced
            found.append(int(np.floor(top - max(float(regret[pair]), 0.0) + 1e-6)))
    return found


def prices_of(standing: Standing) -> list[tuple[int, Floats] | None]:
    """Give, for each tier that is a sum over pairs, its bound and what each pair costs of it."""
    return standing.kept("prices", lambda: _find(standing))


def _find(standing: Standing) -> list[tuple[int, Floats] | None]:
    """Bound tier after tier, each held to what the plan has."""
    arrays = compile_problem(standing.problem)  # of its own: settled tiers fill seats in it
    guidance = Guidance(arrays, Run(time.perf_counter() + SECONDS))
    kept: list[tuple[Goal, Gain]] = []
    found: list[tuple[int, Floats] | None] = []
    for tier in standing.problem.objective:
        goal = guidance.bound(compile_goal(arrays, tier), kept, standing.choice)
        gain = goal.gain(standing.choice)
        kept.append((goal, gain))
        found.append(guidance.prices(goal))
        if not tier.slack and goal.has_all_seats_best(gain):
            arrays.mandatory |= goal.wanted_seats
    return found
