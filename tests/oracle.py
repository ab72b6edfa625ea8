"""Brute force: what is allowed, what each tier is worth, and what is best, over all plans.

It reads records and frames of a Problem and shares no code with the package. A plan is a dict
``{(task_id, role): rep_id or None}`` over the seats of the tasks; a seat left out is empty.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, NamedTuple

import assignopt as ao

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Seat = tuple[str, str]
Plan = dict[Seat, str | None]
OWNER = "owner"
TOLERANCE = 1e-6  # effort units, for each seat held
NOISE = 1e-9  # two values of a tier this close (relatively, from 1 on) are the same


# -- what a plan is made of ------------------------------------------------------------------


class State(NamedTuple):
    """A plan, its filled seats, and each rep's new effort and number of seats."""

    plan: Plan
    held: list[tuple[Seat, str]]
    effort: dict[str, float]
    count: dict[str, int]


class Facts:
    """What does not depend on the plan: one table for each thing a (seat, rep) has."""

    def __init__(self, problem: ao.Problem) -> None:
        self.problem = problem
        self.reps = {rep.id: rep for rep in problem.reps.values()}
        self.tasks = {task.id: task for task in problem.tasks.values()}
        self.roles = {(t.id, role.name): role for t in self.tasks.values() for role in t.roles}
        self.seats = [(t.id, OWNER) for t in self.tasks.values()] + list(self.roles)
        self.pairs = _rows(problem.pairs)
        self.effort, self.fit, self.worth, self.value, self.burden, self.one = (
            {} for _ in "......"
        )
        for seat, rep in product(self.seats, self.reps):
            self._measure(seat, rep)
        self.amount = {
            "load": self.effort,
            "count": self.one,
            "worth": self.worth,
            "value": self.value,
            "burden": self.burden,
        }
        self.pair_ok = {
            (seat, rep): self._may(seat, rep) for seat in self.seats for rep in self.reps
        }
        self.weight = {
            r.id: r.weight if r.weight is not None else 1.0 if r.capacity is None else r.capacity
            for r in self.reps.values()
        }
        pinned = {r.task: r.rep for r in problem.rules if r.kind == "pin" and r.role == OWNER}
        self.keepable = {
            t.id: t.owner
            for t in self.tasks.values()
            if t.owner is not None
            and self.pair_ok[(t.id, OWNER), t.owner]
            and pinned.get(t.id, t.owner) == t.owner
        }
        self.skill_bonus = {
            (t.id, r.id): sum(w for name, w in t.prefers.items() if r.skills.get(name, 0) > 0)
            for t in self.tasks.values()
            for r in self.reps.values()
        }
        self.bids = self._bids()
        self.limits = [self._seats, self._pairs, self._room, self._calendar, self._groups]
        self.limits += [check for rule in problem.rules if (check := self._rule(rule))]

    def state(self, plan: Plan) -> State:
        held = [(seat, rep) for seat, rep in plan.items() if rep is not None]
        effort, count = dict.fromkeys(self.reps, 0.0), dict.fromkeys(self.reps, 0)
        for seat, rep in held:
            effort[rep] += self.effort[seat, rep]
            count[rep] += 1
        return State(plan, held, effort, count)

    def _measure(self, seat: Seat, rep_id: str) -> None:
        """Effort, fit, worth, value and burden of one rep on one seat."""
        task, rep, key = self.tasks[seat[0]], self.reps[rep_id], (seat, rep_id)
        own = (self.pairs or {}).get((rep_id, task.id), {})
        role = self.roles.get(seat)
        if role is None:
            self.effort[key] = own.get("effort", task.effort / rep.efficiency)
            credit = 1 - sum(r.credit or 0 for r in task.roles)
        else:
            self.effort[key] = role.effort / rep.efficiency
            credit = role.credit or 0
        by_type = (
            1.0 if not task.customer_type or not rep.fit else rep.fit.get(task.customer_type, 0)
        )
        self.fit[key] = own.get("fit", by_type)
        self.worth[key] = task.value * credit
        self.value[key] = (
            own["value"] * credit if "value" in own else self.worth[key] * self.fit[key]
        )
        self.burden[key] = task.burden
        self.one[key] = 1.0

    def _may(self, seat: Seat, rep_id: str) -> bool:
        """Whether the pair may be, everything else left aside."""
        task, rep = self.tasks[seat[0]], self.reps[rep_id]
        needs = self.roles[seat].requires if seat in self.roles else task.requires
        if not rep.active or (self.pairs is not None and (rep_id, task.id) not in self.pairs):
            return False
        if any(rep.skills.get(name, 0) < level for name, level in needs.items()):
            return False
        if task.start is not None and rep.available is not None:
            windows = _joined(rep.available)
            if not any(a <= task.start and task.end <= b for a, b in windows):
                return False
        for rule in self.problem.rules:
            match rule:
                case ao.Forbid(task=tasks, rep=reps):
                    bad = task.id in self.pick(tasks) and rep_id in self.pick(reps, self.reps)
                case ao.Allow(task=tasks, rep=reps):
                    bad = task.id in self.pick(tasks) and rep_id not in self.pick(reps, self.reps)
                case ao.MinFit(value=least):
                    bad = self.fit[seat, rep_id] < least
                case _:
                    bad = False
            if bad:
                return False
        return True

    def pick(self, selector: Any, records: dict[str, Any] | None = None) -> set[str]:
        """The ids of the tasks (or of other records) that a selector picks."""
        records = self.tasks if records is None else records
        if selector is None:
            return set(records)
        if not isinstance(selector, dict):
            return {selector} if isinstance(selector, str) else set(selector)
        return {
            name
            for name, record in records.items()
            if all(_matches(records, record, key, want) for key, want in selector.items())
        }

    def _bids(self) -> dict[tuple[str, str], float]:
        """(rep, task) -> weight, the endorsements of one rep adding up to 1 at most."""
        table = self.problem.preferences
        rows = [] if table is None else table.to_dict("records")
        for row in rows:
            row["endorsed"] = isinstance(row["by"], str) and row["by"] != row["rep_id"]
        bids: dict[tuple[str, str], float] = {}
        for row in rows:
            scale = 1.0
            if row["endorsed"]:
                same = [r for r in rows if r["endorsed"] and r["rep_id"] == row["rep_id"]]
                scale = 1 / max(1.0, sum(abs(r["weight"]) for r in same))
            key = row["rep_id"], row["task_id"]
            bids[key] = bids.get(key, 0.0) + row["weight"] * scale
        return bids

    # -- limits that hold for every problem --------------------------------------------------

    def _seats(self, s: State) -> bool:
        once = {(rep, seat[0]) for seat, rep in s.held}
        owned = all(s.plan.get((seat[0], OWNER)) is not None for seat, _ in s.held)
        return owned and len(once) == len(s.held)

    def _pairs(self, s: State) -> bool:
        return all(self.pair_ok[entry] for entry in s.held)

    def _room(self, s: State) -> bool:
        return all(
            (rep.max_tasks is None or s.count[name] <= rep.max_tasks)
            and (rep.capacity is None or self._fits(s, name, rep.capacity))
            for name, rep in self.reps.items()
        )

    def _fits(self, s: State, rep: str, limit: float) -> bool:
        room = max(0.0, limit - self.reps[rep].carried_load)
        return s.effort[rep] <= room + TOLERANCE * s.count[rep]

    def _calendar(self, s: State) -> bool:
        timed = [(rep, self.tasks[seat[0]]) for seat, rep in s.held]
        timed = [(rep, task) for rep, task in timed if task.start is not None]
        return not any(
            r == q and a.start < b.end and b.start < a.end
            for (r, a), (q, b) in combinations(timed, 2)
        )

    def _groups(self, s: State) -> bool:
        groups: dict[str, str] = {}
        for (task, role), rep in s.held:
            group = self.tasks[task].group
            if role == OWNER and group is not None and groups.setdefault(group, rep) != rep:
                return False
        return True

    # -- rules -------------------------------------------------------------------------------

    def _rule(self, rule: Any) -> Callable[[State], bool] | None:
        """The check of one rule; None for those on pairs, see :meth:`_may`."""
        picked = self.pick(getattr(rule, "rep", None), self.reps)
        active = [r for r in self.reps if self.reps[r].active]
        least = [r for r in active if r in picked]  # those a lower bound speaks of
        match rule:
            case ao.Forbid() | ao.Allow() | ao.MinFit():
                return None
            case ao.Pin():
                return lambda s: s.plan.get((rule.task, rule.role)) == rule.rep
            case ao.Together():
                owners = [(task, OWNER) for task in rule.tasks]
                return lambda s: len({s.plan.get(seat) for seat in owners} - {None}) <= 1
            case ao.Apart():
                return lambda s: _no_repeats({(r, t) for (t, _), r in s.held if t in rule.tasks})
            case ao.CoverAll():
                wanted = [seat for seat in self.seats if seat[0] in self.pick(rule.where)]
                return lambda s: all(s.plan.get(seat) is not None for seat in wanted)
            case ao.MinTasks():
                counted = self._blocks(rule)
                return lambda s: all(
                    _count(s, rep, block) >= rule.n for rep in least for block in counted
                )
            case ao.MaxTasks():
                counted = self._blocks(rule)
                return lambda s: all(
                    _count(s, rep, block) <= rule.n for rep in picked for block in counted
                )
            case ao.MinLoad():
                return lambda s: all(self._load(s, r) >= rule.value - _slip(s, r) for r in least)
            case ao.MaxLoad():
                return lambda s: all(self._fits(s, r, rule.value) for r in picked)
            case ao.MaxLoadGap():
                return lambda s: all(
                    abs(self._load(s, a) - self._load(s, b)) <= rule.value + _slip(s, a, b)
                    for a, b in combinations(active, 2)
                )
            case ao.MaxMoves():
                return lambda s: self.moves(s) <= rule.n
        raise AssertionError(rule)

    def _blocks(self, rule: Any) -> list[set[str]]:
        """The sets of tasks to which a bound on tasks applies: one, or one for each period."""
        tasks = self.pick(rule.task)
        if rule.per is None:
            return [tasks]
        blocks: dict[Any, set[str]] = {}
        for name in tasks:
            start = self.tasks[name].start
            if start is not None:
                blocks.setdefault(period(start, rule.per), set()).add(name)
        return list(blocks.values())

    def _load(self, s: State, rep: str) -> float:
        return self.reps[rep].carried_load + s.effort[rep]

    # -- tiers -------------------------------------------------------------------------------

    def moves(self, s: State, cost: str | None = None) -> float:
        return sum(
            1.0 if cost is None else float(getattr(self.tasks[task], cost))
            for task, owner in self.keepable.items()
            if s.plan.get((task, OWNER)) != owner
        )

    def term(self, s: State, tier: Any) -> float:
        match tier:
            case ao.Coverage():
                seats = {task.id: 1 + len(task.roles) for task in self.tasks.values()}
                return sum(self.tasks[t].priority / seats[t] for (t, _), _ in s.held)
            case ao.Value():
                return sum(self.value[entry] for entry in s.held)
            case ao.Fit():
                return sum(self.fit[entry] for entry in s.held)
            case ao.Preference():
                skills = sum(self.skill_bonus[t, rep] for (t, role), rep in s.held if role == OWNER)
                return skills + sum(
                    self.bids.get(key, 0.0) for key in {(rep, t) for (t, _), rep in s.held}
                )
            case ao.Moves():
                return self.moves(s, tier.cost)
            case ao.RepsUsed():
                return float(sum(n > 0 for n in s.count.values()))
            case ao.Fairness():
                return self._fairness(s, tier)
            case ao.Weighted():
                return sum(w * direction(t) * self.term(s, t) for t, w in tier.terms)
        raise AssertionError(tier)

    def _fairness(self, s: State, tier: ao.Fairness) -> float:
        numbers = self.numbers(s, tier)
        return numbers[1] if tier.notion == "nash" else numbers[0]

    def numbers(self, s: State, tier: Any) -> tuple[float, ...]:
        """By what a tier compares plans, in this order."""
        if not isinstance(tier, ao.Fairness):
            return (self.term(s, tier),)
        past = self._past(tier)
        amount = dict.fromkeys(self.reps, 0.0)
        for seat, rep in s.held:
            amount[rep] += self.amount[tier.of][seat, rep]
        shares: list[tuple[float, float]] = []
        idle = 0
        everyone = 0.0
        for name, rep in self.reps.items():
            weight = self.weight[name] if tier.per == "weight" else 1.0
            carried = rep.carried_load if tier.of == "load" else 0.0
            if not rep.active or weight <= 0:
                continue
            everyone += weight
            if tier.idle == "count" or s.count[name]:
                shares.append((weight, (amount[name] + past.get(name, 0.0) + carried) / weight))
            else:
                idle += 1
        only = [x for _, x in shares]
        if tier.notion == "leximax":
            return tuple(sorted([*only, *[0.0] * idle], reverse=True)) or (0.0,)
        if tier.notion == "leximin":
            padded = sorted(only) + [math.inf] * idle
            return tuple(padded if only else [0.0] * idle) or (0.0,)
        if tier.notion == "nash":
            has = [(w, x) for w, x in shares if x > 0]
            welfare = math.prod(x ** (w / everyone) for w, x in has) if has else 0.0
            return (float(len(has)), welfare)
        if not shares:
            return (0.0,)
        most, least = max(only), min(only)
        square = sum(w * x * x for w, x in shares)
        total = sum(w for w, _ in shares) * sum(w * x for w, x in shares)
        apart = sum(w * v * abs(x - y) for (w, x), (v, y) in combinations(shares, 2))
        gini = apart / total if total > 0 else 0.0
        values = {"minmax": most, "maxmin": least, "range": most - least, "l2": square}
        return ({**values, "gini": gini}[tier.notion],)

    def _past(self, tier: ao.Fairness) -> dict[str, float]:
        """What each rep has carried before, a unit counting for less with each period."""
        table = self.problem.history
        if table is None:
            return {}
        rows = table.to_dict("records")
        periods = sorted({row["period"] for row in rows if not _is_missing(row["period"])})
        weight = {name: self.weight[name] if tier.per == "weight" else 1.0 for name in self.reps}
        past: dict[str, float] = {}
        for row in rows:
            missing = _is_missing(row["period"])
            age = 1 if missing else len(periods) - periods.index(row["period"])
            same = [
                other
                for other in rows
                if (missing and _is_missing(other["period"])) or other["period"] == row["period"]
            ]
            there = sum(weight[other["rep_id"]] * other["present"] for other in same)
            total = sum(other[tier.of] for other in same)
            due = weight[row["rep_id"]] * total / there if there else 0.0
            amount = row[tier.of] + (1 - row["present"]) * due
            past[row["rep_id"]] = past.get(row["rep_id"], 0.0) + amount * tier.decay**age
        return past


def _is_missing(cell: Any) -> bool:
    return cell is None or cell != cell


def period(start: Any, per: str) -> Any:
    """The day, week (Monday to Sunday) or month of a time; blocks from 0 for seconds."""
    if not isinstance(start, datetime):
        return start // (86_400 if per == "day" else 7 * 86_400)
    day = (start.astimezone(UTC) if start.tzinfo else start).date()
    return {"day": day, "week": day.isocalendar()[:2], "month": (day.year, day.month)}[per]


def direction(tier: Any) -> int:
    """1 where more is better, -1 where less is."""
    if isinstance(tier, ao.Fairness):
        return 1 if tier.notion in ("maxmin", "leximin", "nash") else -1
    return -1 if isinstance(tier, ao.Moves | ao.RepsUsed) else 1


def _rows(pairs: Any) -> dict[tuple[str, str], dict[str, Any]] | None:
    if pairs is None:
        return None
    return {(row["rep_id"], row["task_id"]): row for row in pairs.to_dict("records")}


def _joined(windows: Any) -> list[list[Any]]:
    """The windows in order, those that touch or overlap made one."""
    joined: list[list[Any]] = []
    for start, end in sorted(windows):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return joined


def _matches(records: dict[str, Any], record: Any, key: str, want: Any) -> bool:
    """Whether a tag (where any record has such a tag), else a field, is one of those wanted."""
    wanted = want if isinstance(want, list) else [want]
    if any(key in other.tags for other in records.values()):
        return key in record.tags and record.tags[key] in wanted
    found = getattr(record, key)
    return any(name in found for name in wanted) if isinstance(found, dict) else found in wanted


def _no_repeats(held: set[tuple[str, str]]) -> bool:
    return len({rep for rep, _ in held}) == len(held)


def _count(s: State, rep: str, tasks: set[str]) -> int:
    return sum(r == rep and seat[0] in tasks for seat, r in s.held)


def _slip(s: State, *reps: str) -> float:
    return NOISE + TOLERANCE * sum(s.count[rep] for rep in reps)


# -- what the tests ask for ------------------------------------------------------------------

_latest: list[Facts] = []


def facts(problem: ao.Problem) -> Facts:
    """The facts of a problem; those of the latest one are kept."""
    if not _latest or _latest[0].problem is not problem:
        _latest[:] = [Facts(problem)]
    return _latest[0]


def plans(problem: ao.Problem) -> Iterator[Plan]:
    """Every plan that each pair by itself allows.

    >>> problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo", active=False)], [ao.Task("t1")])
    >>> list(plans(problem))
    [{('t1', 'owner'): None}, {('t1', 'owner'): 'ana'}]
    """
    known = facts(problem)
    options = [
        [None, *(rep for rep in known.reps if known.pair_ok[seat, rep])] for seat in known.seats
    ]
    for chosen in product(*options):
        yield dict(zip(known.seats, chosen, strict=True))


def is_allowed(problem: ao.Problem, plan: Plan) -> bool:
    """Whether the plan keeps every limit and every rule."""
    known = facts(problem)
    state = known.state(plan)
    return all(limit(state) for limit in known.limits)


def term(problem: ao.Problem, plan: Plan, tier: Any) -> float:
    """The value of one tier."""
    known = facts(problem)
    return float(known.term(known.state(plan), tier))


def best(problem: ao.Problem, having: Callable[[Plan], bool] | None = None) -> list[float] | None:
    """The best value of each tier among the plans that keep the tiers before it.

    ``having`` says which plans count, besides.

    A plan keeps a tier if its numbers are the best, one after the other. With slack it does if its
    value is within ``slack * |best value|`` of the best, or at least what is ``enough`` where that
    can be reached (for ``nash``: among the plans that give as many reps something). None when no
    plan is allowed.

    >>> tasks = [ao.Task("t1", effort=3), ao.Task("t2", effort=1)]
    >>> best(ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks))
    [2.0, 3.0, 2.0]
    """
    known = facts(problem)
    chosen = (plan for plan in plans(problem) if having is None or having(plan))
    states = map(known.state, chosen)
    kept = [state for state in states if all(limit(state) for limit in known.limits)]
    found = []
    for tier in problem.objective:
        if not kept:
            return None
        sign = direction(tier)
        numbers = {id(state): known.numbers(state, tier) for state in kept}
        at = int(isinstance(tier, ao.Fairness) and tier.notion == "nash")
        value, loose = 0.0, False
        for place in range(len(numbers[id(kept[0])])):
            ways = 1 if at and place == 0 else sign
            values = [ways * numbers[id(state)][place] for state in kept]
            top = max(values)
            value = ways * top if place == at else value
            slack = tier.slack if place == at else 0.0
            if place > at and loose:
                break
            least = top - slack * abs(top) if slack else top
            loose = tier.slack > 0
            if tier.enough is not None and place == at and ways * tier.enough <= top:
                least, loose = ways * tier.enough, True
            least = least - NOISE * max(1.0, abs(top)) if top < math.inf else least
            kept = [state for state, v in zip(kept, values, strict=True) if v >= least]
        found.append(float(value))
    return found if kept else None
