"""Bounds from splitting: every task cut into units that reps may share, and so a flow.

Where what a task adds to a rep is an amount of the task times a rate of the rep, tasks cut into
units of one amount are a transportation problem. Its best loads, by any notion whose steps are
convex, are found by one min-cost flow, and no plan has better ones. They are also what a plan has
to come to, so that a search knows what to look for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..scaling import LIMIT, NO_LIMIT
from ..shares import Windows
from .faces import Face
from .networks import Network, run_network
from .steps import ranked_steps, squared_steps

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Bools, Floats, Ints
    from ..goals import Goal
    from ..shares import FairPart, Gain
    from .running import Run

MAX_UNITS = 400_000
"""Units of all reps together up to which tasks are split."""


@dataclass(frozen=True, eq=False)
class Amounts:
    """Tasks as amounts: a pair adds ``amount[seat] * rate[rep]`` to its rep's share.

    Parameters
    ----------
    amount
        (S,) units of each seat.
    rate
        (R,) share for one unit; 0 for reps who are not measured.
    """

    amount: Ints
    rate: Ints


@dataclass(frozen=True, eq=False)
class Split:
    """The best loads of split tasks.

    Parameters
    ----------
    shares
        (R,) integer shares of one best split.
    rate
        (R,) share for one unit.
    steps, price
        What units cost each rep, and the prices that prove the split.
    """

    shares: Ints
    rate: Ints
    steps: list[Ints]
    price: Ints

    def windows(self, part: FairPart, bound: Gain) -> Windows:
        """Give the windows of the shares, with steps as the notion counts them."""
        if part.tier.notion != "nash":
            return Windows(part, bound, self.rate, self.steps, self.price)
        ranks = np.concatenate([*self.steps, np.zeros(0, np.int64)])
        steps = [_log_steps(part, rep, self.rate, len(s)) for rep, s in enumerate(self.steps)]
        order = np.argsort(ranks, kind="stable")
        at = np.searchsorted(ranks[order], self.price)
        costs = np.append(np.concatenate([*steps, np.zeros(0, np.int64)])[order], LIMIT)
        price = np.where(self.price == 0, 0, costs[np.minimum(at, len(costs) - 1)])
        return Windows(part, bound, self.rate, steps, price)


def _log_steps(part: FairPart, rep: int, rate: Ints, count: int) -> Ints:
    """List what each further unit adds to a rep's logarithm, as a cost."""
    if not part.who[rep] or not rate[rep]:
        return np.zeros(count, np.int64)
    shares = [int(part.offset[rep] + rate[rep] * n) for n in range(count + 1)]
    logs = [part.log_of(rep, share) if share > 0 else -LIMIT for share in shares]
    return np.minimum.accumulate(-np.diff(np.array(logs, np.int64))[::-1])[::-1]


def split_bound(arrays: Arrays, goal: Goal, run: Run, incumbent: Ints | None) -> Goal:
    """Bound a fairness goal by the loads that split tasks could have, where that is a flow.

    The bound speaks of the plans that are at least as good as the incumbent. Where it says all of
    the gain, plans that meet it are best splits, whose shares have a window each.
    """
    if len(goal.fair) != 1 or goal.linear is not None or goal.used or run.is_over:
        return goal
    m, part = goal.fair[0]
    if part.tier.idle != "count" or not part.who.any():
        return goal
    match part.tier.notion:
        case "minmax" | "maxmin" | "range":
            end = _ends(arrays, part, run, incumbent)
            return goal if end is None else goal.bounded((m * end,))
        case "leximax" | "leximin" | "nash" | "l2":
            split = split_shares(arrays, part, run, incumbent)
        case _:
            return goal
    if split is None:
        return goal
    if part.tier.notion == "l2":
        assert part.factor is not None
        pairs = zip(part.factor[part.who].tolist(), split.shares[part.who].tolist(), strict=True)
        bound: Gain = (m * sum(f * s * s for f, s in pairs),)
    else:
        bound = part.gain_of(split.shares, part.who)
    settled = arrays.mandatory[arrays.pair_seat[(part.coef > 0) & arrays.fits]].all()
    if part.tier.notion in ("leximax", "l2") and not settled:
        return goal.bounded(bound)  # seats that may stay open are no part of the split
    bounded = goal.bounded(bound, split.windows(part, bound))
    assert bounded.windows is not None
    if bounded.windows.is_exact_only and bounded.best_gain != bound:
        return goal.bounded(bound)  # arithmetic knows better: no plan meets the split's bound
    return bounded


def _ends(arrays: Arrays, part: FairPart, run: Run, incumbent: Ints | None) -> int | None:
    """Bound the highest share from below, the lowest from above, or their distance."""
    notion, ends = part.tier.notion, []
    if notion in ("minmax", "range"):
        ends.append(_end(arrays, part, "leximax", run, incumbent if notion == "minmax" else None))
    if notion in ("maxmin", "range"):
        ends.append(_end(arrays, part, "leximin", run, None))
    if None in ends:
        return None
    return ends[0] if len(ends) == 1 else max(0, (ends[0] or 0) - (ends[1] or 0))


def _end(
    arrays: Arrays, part: FairPart, notion: str, run: Run, incumbent: Ints | None
) -> int | None:
    """Give the lowest possible highest share, or the highest possible lowest."""
    tier = part.tier.model_copy(update={"notion": notion})
    split = split_shares(arrays, replace(part, tier=tier), run, incumbent)
    if split is None:
        return None
    shares = split.shares[part.who]
    return int(shares.max() if notion == "leximax" else shares.min())


def split_shares(arrays: Arrays, part: FairPart, run: Run, incumbent: Ints | None) -> Split | None:
    """Find the best shares if tasks could be split; None where they do not split evenly."""
    amounts = amounts_of(arrays, part)
    if amounts is None:
        return None
    reach, supply, must = _classes(arrays, part, amounts)
    if not len(supply):
        nothing = [np.zeros(0, np.int64)] * arrays.reps
        return Split(part.offset.copy(), amounts.rate, nothing, np.zeros(arrays.reps, np.int64))
    most = _most_units(arrays, part, amounts, reach, supply, incumbent)
    if int(most.sum()) > MAX_UNITS:
        return None
    face = Face(np.zeros(0, np.int64), must, np.zeros(arrays.reps, np.int64), most)
    squared = part.tier.notion == "l2"
    steps = (squared_steps if squared else ranked_steps)(part, amounts.rate, face)
    found = _solve(reach, supply, must, steps, part.who, run)
    if found is None:
        return None
    taken, price = found
    return Split(part.offset + amounts.rate * taken, amounts.rate, steps, price)


def amounts_of(arrays: Arrays, part: FairPart) -> Amounts | None:
    """Write what pairs add as amount times rate; None where it is no such product."""
    mine = part.who[arrays.pair_rep] & (part.coef > 0)
    amount, rate = np.zeros(arrays.seats, np.int64), np.zeros(arrays.reps, np.int64)
    if not mine.any():
        return Amounts(amount, rate)
    seat, rep, coef = arrays.pair_seat[mine], arrays.pair_rep[mine], part.coef[mine]
    relative = _relative(arrays, part)[mine]
    if relative.max() > LIMIT:
        return None
    amount[seat] = np.rint(relative)
    common = int(np.gcd.reduce(amount[seat]))
    if common <= 0:
        return None
    amount //= common
    rate[rep] = coef // np.maximum(amount[seat], 1)
    exact = amount[seat].astype(np.float64) * rate[rep] < 2.0**62
    if not exact.all() or (amount[seat] * rate[rep] != coef).any():
        return None
    # A pair that adds nothing while its task is an amount (a pairs table says so) is no product.
    if ((part.coef == 0) & part.who[arrays.pair_rep] & (amount[arrays.pair_seat] > 0)).any():
        return None
    return Amounts(amount, rate)


def _relative(arrays: Arrays, part: FairPart) -> Floats:
    """(P,) millionths of the amount of each pair's seat for a rep of rate 1."""
    tasks = arrays.problem.task_columns
    match part.tier.of:
        case "load":
            seat = np.concatenate([tasks.effort, tasks.roles.effort])[arrays.pair_seat]
        case "worth":
            seat = arrays.worth
        case "burden":
            seat = arrays.burden
        case "value":
            seat = arrays.worth
        case _:
            seat = np.ones(arrays.pairs)
    return np.asarray(seat * 1e6)


def _classes(arrays: Arrays, part: FairPart, amounts: Amounts) -> tuple[list[Ints], Ints, Bools]:
    """Put seats with the same reps together.

    Returns
    -------
    reach, supply, must
        For each class the reps who may take it, its units, and whether they must be taken. Groups
        that are assigned as a whole are for the reps who may take all of it.
    """
    wants_more = part.tier.notion in ("leximin", "nash")
    reps_of = [
        arrays.pair_rep[arrays.first[s] : arrays.first[s + 1]][
            arrays.fits[arrays.first[s] : arrays.first[s + 1]]
        ]
        for s in range(arrays.seats)
    ]
    for tasks in arrays.groups:
        if arrays.mandatory[tasks].all():
            common = set.intersection(*(set(reps_of[t].tolist()) for t in tasks.tolist()))
            for task in tasks.tolist():
                reps_of[task] = np.array(sorted(common), np.int64)
    found: dict[tuple[bytes, bool], int] = {}
    reach: list[Ints] = []
    for seat in np.flatnonzero(amounts.amount).tolist():
        must = bool(arrays.mandatory[seat])
        if not len(reps_of[seat]) or not (must or wants_more):
            continue
        key = (np.asarray(reps_of[seat], np.int64).tobytes(), must)
        if key not in found:
            reach.append(np.asarray(reps_of[seat], np.int64))
        found[key] = found.get(key, 0) + int(amounts.amount[seat])
    supply = np.array(list(found.values()), np.int64)
    return reach, supply, np.array([must for _, must in found], bool)


def _most_units(
    arrays: Arrays,
    part: FairPart,
    amounts: Amounts,
    reach: list[Ints],
    supply: Ints,
    incumbent: Ints | None,
) -> Ints:
    """(R,) units that each rep can take: what there is, what fits, and what a plan as good has."""
    high = np.zeros(arrays.reps, np.int64)
    for reps, units in zip(reach, supply.tolist(), strict=True):
        high[reps] += units
    room = arrays.load_bounds[1]
    if part.tier.of == "load" and (room < NO_LIMIT).any():
        amount = amounts.amount[arrays.pair_seat]
        some = amount > 0
        unit = np.full(arrays.reps, np.inf)  # the least effort of one unit
        effort = arrays.rounded.down[some] / amount[some]
        np.minimum.at(unit, arrays.pair_rep[some], effort)
        fits = np.floor(room / np.maximum(unit, 1e-9) * (1 + 1e-12) + 1e-9)
        high = np.where(room < NO_LIMIT, np.minimum(high, fits), high).astype(np.int64)
    if incumbent is not None and part.tier.notion == "leximax":
        top = int(part.shares(arrays, incumbent[incumbent >= 0])[part.who].max())
        under = (top - part.offset) // np.maximum(amounts.rate, 1)
        high = np.where(amounts.rate > 0, np.minimum(high, np.maximum(under, 0)), high)
    return high


def _solve(
    reach: list[Ints], supply: Ints, must: Bools, steps: list[Ints], who: Bools, run: Run
) -> tuple[Ints, Ints] | None:
    """(R,) units taken by each rep in a best split, and the prices that prove it; else None."""
    classes, reps = len(reach), len(steps)
    size = np.array([len(r) for r in reach], np.int64)
    rep = np.concatenate(reach)
    of = np.repeat(np.arange(classes), size)
    lengths = np.array([len(s) if w else 0 for s, w in zip(steps, who, strict=True)], np.int64)
    aside = np.flatnonzero(~who)
    unit = np.repeat(np.arange(reps), lengths)
    cost = np.concatenate([*(s for s, w in zip(steps, who, strict=True) if w), np.zeros(0, int)])
    free = np.flatnonzero(~must)
    sink = classes + reps
    total = int(supply.sum())
    network = Network(
        np.concatenate([of, free, classes + aside, classes + unit]).astype(np.int32),
        np.concatenate([classes + rep, np.full(len(free) + len(aside) + len(unit), sink)]).astype(
            np.int32
        ),
        np.concatenate(
            [supply[of], supply[free], np.full(len(aside), total), np.ones(len(unit), np.int64)]
        ),
        np.concatenate([np.zeros(len(of) + len(free) + len(aside), np.int64), cost]),
        np.concatenate([supply, np.zeros(reps, np.int64), [-total]]),
    )
    flow = run_network(network, lambda work, cancel: run.call(work, cancel=cancel))
    if flow is None or flow.status != "OPTIMAL":
        return None
    sent = np.zeros(len(network.tail), np.int64)
    sent[flow.used] = flow.amount
    taken = np.zeros(reps, np.int64)
    np.add.at(taken, unit, sent[len(sent) - len(unit) :])
    price = _prices(of, rep, sent, free, steps, taken, who)
    return None if price is None else (taken, price)


def _prices(
    of: Ints, rep: Ints, sent: Ints, free: Ints, steps: list[Ints], taken: Ints, who: Bools
) -> Ints | None:
    """(R,) the cheapest step that a unit at each rep could move to, along chains of classes.

    These prices prove a split: no rep's last step is dearer, so that in every best split each rep
    takes all cheaper steps and none that is dearer. None where they do not: it is not a best one.
    """
    never = NO_LIMIT
    classes = int(of.max(initial=-1)) + 1
    ends = list(zip(steps, taken.tolist(), who.tolist(), strict=True))
    price = np.array(
        [0 if not w else int(s[t]) if t < len(s) else never for s, t, w in ends], np.int64
    )
    last = np.array([int(s[t - 1]) if t and w else -never for s, t, w in ends], np.int64)
    outlet = np.full(classes, never)
    outlet[free] = 0
    pairs = sent[: len(of)] > 0
    while True:
        label = outlet.copy()
        np.minimum.at(label, of, price[rep])
        lower = price.copy()
        np.minimum.at(lower, rep[pairs], label[of[pairs]])
        if np.array_equal(lower, price):
            break
        price = lower
    left_out = free[sent[len(of) : len(of) + len(free)] > 0]
    return price if (label[left_out] >= 0).all() and (last <= price).all() else None
