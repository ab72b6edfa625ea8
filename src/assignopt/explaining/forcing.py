"""What a plan would become if one thing were decided otherwise: a plan and a wish in, changes out.

Where the plan is a flow the answer is read off the prices of moves; elsewhere the problem is solved
again with the wish as a rule, from the plan in hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..check import audit, keepable_tasks
from ..columns import Labels
from ..consistency import clashing_pins
from ..objectives import Moves, Weighted
from ..plan import Plan, Status, frame_of
from ..rules import MaxMoves, Pin
from ..solving import solve
from .ordering import NEGLIGIBLE, order_of, steps_between

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..columns import Ints
    from ..objectives import AnyTier
    from ..problem import Problem
    from ..rules import AnyRule
    from ..shares import Gain
    from .standing import Standing

MOVES = {"task_id": "str", "role": "str", "from_rep": "str", "to_rep": "str"}


class Delta(dict[str, float]):
    """The change of each tier's value, in the order of the tiers, always after minus before.

    Parameters
    ----------
    changes
        Tier -> change.
    proved
        Whether no plan with the wish does better.
    bound
        Tier -> the change of a plan that no plan with the wish beats, given the tiers before.
    settled
        How many tiers, from the first on, have a proved change: with the wish and without it.
    """

    def __init__(
        self,
        changes: Mapping[str, float],
        *,
        proved: bool,
        bound: Mapping[str, float],
        settled: int = 0,
    ) -> None:
        super().__init__(changes)
        self.proved = proved
        self.bound = dict(bound)
        self.settled = len(changes) if proved else settled

    def is_settled(self, tier: str | None) -> bool:
        """Whether the change of a tier is proved, and so are those before it."""
        return tier in list(self)[: self.settled]


@dataclass(frozen=True, eq=False)
class Outcome:
    """The best plan with a wish that is known.

    Parameters
    ----------
    delta
        What it changes in each tier; None where no plan is known.
    order
        1 if the plan is better than the one in hand, -1 if it is worse, 0 for a tie.
    worse
        The first tier that changes for the worse (or better); None in a tie.
    moves
        Frame: task_id, role, from_rep, to_rep.
    status
        OPTIMAL: nothing better with the wish; FEASIBLE: this one was found; INFEASIBLE: no plan
        has the wish; UNKNOWN: time ran out.
    why
        With INFEASIBLE, why.
    """

    delta: Delta | None
    order: int
    worse: str | None
    moves: pd.DataFrame
    status: Status
    why: str | None = None
    gains: tuple[Gain, ...] = ()

    def beats(self, other: Outcome, standing: Standing) -> bool:
        """Whether the plan is better than that of another outcome."""
        for goal, mine, its in zip(standing.goals, self.gains, other.gains, strict=True):
            if goal.passes(mine, its) or goal.passes(its, mine):
                return goal.passes(mine, its)
        return False


def tidy(change: float) -> float:
    """Take the noise of floats off a difference.

    Examples
    --------
    >>> tidy(0.7 - 0.8), tidy(1e-17)
    (-0.1, 1e-17)
    """
    return float(f"{change:.12g}")


def tier_names(standing: Standing) -> list[str]:
    """Name the tiers, those with the same label told apart."""

    def named() -> list[str]:
        names: list[str] = []
        for at, tier in enumerate(standing.problem.objective, 1):
            names.append(tier.label if tier.label not in names else f"{tier.label} (tier {at})")
        return names

    return standing.kept("tiers", named)


def by_moves(standing: Standing, moves: Sequence[tuple[int, int]], exact: int) -> Outcome:
    """Give what a list of seats and new pairs makes of a plan."""
    choice = standing.choice.copy()
    for seat, pair in moves:
        choice[seat] = pair
    gains = [goal.gain(choice) for goal in standing.goals]
    names = tier_names(standing)
    changes = {
        name: tidy(goal.value_of(new) - goal.value_of(old))
        for name, goal, new, old in zip(names, standing.goals, gains, standing.gains, strict=True)
    }
    proved = exact == len(standing.goals)
    delta = Delta(changes, proved=proved, bound=changes if proved else {})
    order, worse = _compared(standing, gains)
    status = Status.OPTIMAL if proved else Status.FEASIBLE
    frame = moves_frame(standing, moves)
    return Outcome(delta, order, worse, frame, status, gains=tuple(gains))


def _compared(standing: Standing, gains: list[Gain]) -> tuple[int, str | None]:
    """Tell whether gains are better, worse or the same, and by which tier."""
    tiers = zip(tier_names(standing), standing.goals, gains, standing.gains, strict=True)
    for name, goal, new, old in tiers:
        if goal.passes(new, old):
            return 1, name
        if goal.passes(old, new):
            return -1, name
    return 0, None


def moves_frame(standing: Standing, moves: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """Write moves with the names of the input."""
    rows = []
    for seat, pair in moves:
        task, role = standing.named(seat)
        new = int(standing.arrays.pair_rep[pair]) if pair >= 0 else -1
        names = standing.rep_name(standing.holder(seat)), standing.rep_name(new)
        rows.append((task, role, *names))
    return frame_of(rows, MOVES)


def by_flow(standing: Standing, pair: int) -> Outcome | None:
    """Give the best plan with a pair from the prices of moves; None where these do not say."""
    residual = standing.residual
    if residual is None:
        return None
    if residual.price(pair) is None:
        none = frame_of([], MOVES)
        return Outcome(None, 0, None, none, Status.INFEASIBLE)
    change = residual.change(pair)
    if change is None or change.exact < len(standing.goals):
        return None
    return by_moves(standing, change.moves, change.exact)


def by_solving(standing: Standing, rules: Sequence[AnyRule], **options: Any) -> Outcome:
    """Give the best plan with some more rules, solved from the plan in hand.

    A task that its owner may no longer keep is no move by a rule; but a wish is no rule, so such
    tasks count as moves here, towards a limit on moves as well.
    """
    problem, none = standing.problem, frame_of([], MOVES)
    taken = {rule.id for rule in problem.rules}
    clash = _pinned_otherwise(problem, rules)
    if clash is not None:
        return Outcome(None, 0, None, none, Status.INFEASIBLE, clash)
    rules = [rule.model_copy(update={"id": _free_id(rule.id, taken)}) for rule in rules]
    wish = problem.replace(rules=[*problem.rules, *rules])
    moved = int((keepable_tasks(problem) & ~keepable_tasks(wish)).sum())
    if moved:
        limits = [rule for rule in problem.rules if isinstance(rule, MaxMoves)]
        over = [rule.sentence for rule in limits if rule.n < moved]
        if over:
            return Outcome(None, 0, None, none, Status.INFEASIBLE, "; ".join(over))
        left = [_less_moves(rule, moved) for rule in problem.rules]
        wish = problem.replace(rules=[*left, *rules])
    plan = solve(_fewest_moves(standing, wish), hint=standing.hint(), **options)
    if plan.status in (Status.INFEASIBLE, Status.UNKNOWN):
        return Outcome(None, 0, None, none, plan.status)
    return compared_with(standing, plan)


def _pinned_otherwise(problem: Problem, wish: Sequence[AnyRule]) -> str | None:
    """Say which pin of a problem a wish cannot hold with; None where there is none."""
    pins = [rule for rule in (*problem.rules, *wish) if isinstance(rule, Pin)]
    return next((why for *_, why in clashing_pins(dict(enumerate(pins)))), None)


def _fewest_moves(standing: Standing, wish: Problem) -> Problem:
    """Ask last for as few tasks elsewhere as can be, unless the problem counts moves itself."""
    if counts_moves(wish):
        return wish
    held = standing.found.holdings
    names = np.array([*wish.rep_columns.id, None], object)
    columns = replace(wish.task_columns, owner=Labels.of(names[held.owner]))
    *before, last = wish.objective or (Moves(),)
    tiers = [
        *before,
        last.model_copy(update={"slack": 0.0, "enough": None}),
        Moves(),
    ]  # slack is for what follows
    return wish.replace(tasks=columns, objective=tiers)


def counts_moves(problem: Problem) -> list[str]:
    """Name the tiers and rules that count moves against the owners given."""
    tiers = [tier.label for tier in problem.objective if "moves" in _kinds(tier)]
    return tiers + [rule.sentence for rule in problem.rules if isinstance(rule, MaxMoves)]


def _kinds(tier: AnyTier) -> set[str]:
    terms = [term for term, _ in tier.terms] if isinstance(tier, Weighted) else [tier]
    return {term.kind for term in terms}


def improved(standing: Standing, options: Mapping[str, Any]) -> Standing:
    """Give the plan itself where it is proved, else what solving on makes of it."""
    if standing.is_proved or options["time_limit"] <= 0:
        return standing
    plan = solve(standing.problem, hint=standing.hint(), **options)
    if plan.status in (Status.INFEASIBLE, Status.UNKNOWN):
        return standing
    return type(standing)(plan)


def _free_id(name: str, taken: set[str]) -> str:
    """Give a rule's id, other than those taken."""
    while name in taken:
        name = f"asked: {name}"
    return name


def _less_moves(rule: AnyRule, moved: int) -> AnyRule:
    if not isinstance(rule, MaxMoves):
        return rule
    return MaxMoves(rule.n - moved, id="" if rule.has_derived_id else rule.id)


def compared_with(standing: Standing, plan: Plan) -> Outcome:
    """Say what another plan of the same reps, tasks and tiers changes."""
    names, old = tier_names(standing), standing.terms["value"].to_numpy()
    checked = audit(standing.problem, plan.assignments)
    new = checked.terms["value"].to_numpy()
    asked = plan.terms.iloc[: len(names)]  # the fewest moves may have been asked for after them
    bound = asked["bound"].to_numpy() + (new - asked["value"].to_numpy())
    small = NEGLIGIBLE * np.maximum(1.0, np.abs(old))
    steps = np.where(np.abs(new - old) <= small, 0.0, new - old)
    best = np.where(np.abs(bound - old) <= small, 0.0, bound - old)
    proved = bool(asked["proved"].all())
    delta = Delta(
        dict(zip(names, map(tidy, steps.tolist()), strict=True)),
        proved=proved,
        bound=dict(zip(names, map(tidy, (steps if proved else best).tolist()), strict=True)),
        settled=_first_proved(standing, plan),
    )
    choice = _choice_of(standing, plan)
    gains = [goal.gain(choice) for goal in standing.goals]
    now = standing.found.holdings
    told = steps_between(standing.problem.objective, now, checked.holdings, standing.terms)
    order, place = order_of(told)
    worse = None if place is None else names[place]
    moves = moved_between(standing, plan)
    status = Status.OPTIMAL if proved else Status.FEASIBLE
    return Outcome(delta, order, worse, moves, status, gains=tuple(gains))


def _first_proved(standing: Standing, plan: Plan) -> int:
    """Count the tiers, from the first on, that are proved in both plans."""
    if "proved" not in standing.terms:
        return 0
    both = (
        standing.terms["proved"].to_numpy() & plan.terms["proved"].to_numpy()[: len(standing.terms)]
    )
    both = both.tolist()
    return both.index(False) if False in both else len(both)


def _choice_of(standing: Standing, plan: Plan) -> Ints:
    """(S,) the pairs of a plan, in the arrays of this one."""
    choice = np.full(standing.arrays.seats, -1, np.int64)
    for seat, rep in _seats(standing, plan).items():
        choice[seat] = standing.pair(seat, rep)
    return choice


def _seats(standing: Standing, plan: Plan) -> dict[int, int]:
    """Seat -> rep, by the rows of this plan's problem."""
    frame, problem = plan.assignments, standing.problem
    task = problem.tasks.index.get_indexer(pd.Index(frame["task_id"].to_numpy(object)))
    rep = problem.reps.index.get_indexer(pd.Index(frame["rep_id"].to_numpy(object)))
    seat = task.astype(np.int64)
    roles = problem.task_columns.roles
    at = {(int(t), str(n)): i for i, (t, n) in enumerate(zip(roles.task, roles.name, strict=True))}
    for row in np.flatnonzero(frame["role"].to_numpy(object) != "owner").tolist():
        seat[row] = standing.arrays.tasks + at[int(task[row]), str(frame["role"].iloc[row])]
    return dict(zip(seat.tolist(), rep.tolist(), strict=True))


def moved_between(standing: Standing, plan: Plan) -> pd.DataFrame:
    """List every seat that another plan gives to somebody else, or to nobody."""
    new = _seats(standing, plan)
    held = standing.found.holdings
    seats = np.where(held.role < 0, held.task, standing.arrays.tasks + held.role)
    old = dict(zip(seats.tolist(), held.rep.tolist(), strict=True))
    rows = []
    for seat in sorted({*old, *new}):
        before, after = old.get(seat, -1), new.get(seat, -1)
        if before != after:
            names = standing.rep_name(before), standing.rep_name(after)
            rows.append((*standing.named(seat), *names))
    return frame_of(rows, MOVES)


def pinned(task_id: str, rep_id: str, role: str) -> Pin:
    """Give the rule that a rep holds a seat."""
    return Pin(task=task_id, rep=rep_id, role=role)
