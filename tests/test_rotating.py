"""Rotations against all schedules there are, what is refused, and what the checker sees."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from itertools import combinations, pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao
import oracle
from assignopt.engines.rotations import RotationEngine
from assignopt.engines.running import Run
from assignopt.objectives import maximises
from assignopt.rotating import Rotation, Squad, asking, counting, layouts, rotate, searching
from assignopt.rotating.check import rotation_faults
from assignopt.rotating.counting import best_counts
from assignopt.rotating.dealing import deal
from assignopt.rotating.facts import Facts
from assignopt.rotating.searching import Search
from assignopt.rotating.tenures import reachable
from strategies import tries

if TYPE_CHECKING:
    from assignopt.engines.rosters import Turns

FEW = settings(max_examples=tries(15), deadline=None, suppress_health_check=list(HealthCheck))
Schedule = tuple[frozenset[tuple[str, str]], ...]
MOST = 2600
"""Most schedules that are tried for one case."""

NAMES = ["ana", "bo", "cy"]


# -- brute force: what a rotation has to be, in plain records ------------------------------------


class Brute:
    """All schedules of a case; it shares no code with the package."""

    def __init__(self, problem: ao.Problem, periods: int, **options: Any) -> None:
        self.problem, self.periods, self.options = problem, periods, options
        self.facts = oracle.facts(problem)
        self.reps, self.tasks = list(problem.reps), list(problem.tasks)
        self.may = {
            (r, t) for r in self.reps for t in self.tasks if self.facts.pair_ok[(t, "owner"), r]
        }

    def option(self, name: str, default: Any) -> Any:
        return self.options.get(name, default)

    def away(self, rep: str, period: int) -> bool:
        return period + 1 in self.option("absent", {}).get(rep, [])

    def seats(self, task: str) -> int:
        seats = self.option("seats", 1)
        return seats.get(task, 1) if isinstance(seats, dict) else seats

    def per_period(self) -> list[frozenset[tuple[str, str]]]:
        """All sets of pairs with no more holders than seats and no more tasks than at_once."""
        at_once = self.option("at_once", 1) or len(self.tasks)
        pairs = sorted(self.may)
        found = []
        for size in range(len(pairs) + 1):
            for some in combinations(pairs, size):
                tasks, reps = [t for _, t in some], [r for r, _ in some]
                fits = all(tasks.count(t) <= self.seats(t) for t in tasks)
                if fits and all(reps.count(r) <= at_once for r in reps):
                    found.append(frozenset(some))
        return found

    def schedules(self) -> list[Schedule]:
        return [s for s in product(self.per_period(), repeat=self.periods) if self.allowed(s)]

    def allowed(self, s: Schedule) -> bool:
        checks = (self.each_period, self.counts, self.tenure, self.handed, self.proportion)
        return all(check(s) for check in checks) and self.squads_possible(s)

    def squads_possible(self, s: Schedule, *, alone: bool = False) -> bool:
        squads = self.option("squads", [])
        teams = [list(combinations(self.reps, one.size)) for one in squads]
        return any(self.in_squads(s, squads, chosen, alone) for chosen in product(*teams))

    def in_squads(self, s: Schedule, squads: Any, chosen: Any, alone: bool) -> bool:
        freed: set[tuple[str, int]] = set()
        for squad, team in zip(squads, chosen, strict=True):
            for r in team:
                skills = self.problem.reps[r].skills
                if any(skills.get(k, 0) < level for k, level in squad.requires.items()):
                    return False
                if not self.problem.reps[r].active:
                    return False
                for label in squad.periods:
                    if self.away(r, label - 1) or (r, label - 1) in freed:
                        return False
                    freed.add((r, label - 1))
            leads = [self.problem.reps[r].skills for r in team]
            if squad.lead and not any(
                all(h.get(k, 0) >= level for k, level in squad.lead.items()) for h in leads
            ):
                return False
        busy = any((r, p) in freed for p, held in enumerate(s) for r, _ in held)
        return alone or (not busy and self.least_rules(s, freed))

    def least_rules(self, s: Schedule, freed: set[tuple[str, int]]) -> bool:
        for rule in self.problem.rules:
            if rule.kind not in ("min_tasks", "min_load"):
                continue
            who = self.facts.pick(rule.rep, self.facts.reps)
            for p, held in enumerate(s):
                for r in who:
                    if self.away(r, p) or (r, p) in freed or not self.problem.reps[r].active:
                        continue
                    mine = [t for q, t in held if q == r]
                    if rule.kind == "min_tasks":
                        mine = [t for t in mine if t in self.facts.pick(rule.task)]
                        if len(mine) < rule.n:
                            return False
                    elif self.load(r, mine) < rule.value - 1e-6:
                        return False
        return True

    def load(self, rep: str, tasks: list[str]) -> float:
        carried = self.problem.reps[rep].carried_load
        return carried + sum(self.facts.effort[(t, "owner"), rep] for t in tasks)

    def each_period(self, s: Schedule) -> bool:
        for p, held in enumerate(s):
            for r in self.reps:
                mine = [t for q, t in held if q == r]
                rep = self.problem.reps[r]
                if mine and self.away(r, p):
                    return False
                if rep.max_tasks is not None and len(mine) > rep.max_tasks:
                    return False
                room = math.inf if rep.capacity is None else max(rep.capacity, rep.carried_load)
                if self.load(r, mine) > room + 1e-6:
                    return False
            if not all(self.keeps(rule, held) for rule in self.problem.rules):
                return False
        return True

    def keeps(self, rule: Any, held: frozenset[tuple[str, str]]) -> bool:
        def count(r: str, tasks: Any) -> int:
            return sum(q == r and t in tasks for q, t in held)

        match rule:
            case ao.Pin():
                return (rule.rep, rule.task) in held
            case ao.CoverAll():
                wanted = self.facts.pick(rule.where)
                return all(sum(t == w for _, t in held) == self.seats(w) for w in wanted)
            case ao.Together():
                return len({r for r, t in held if t in rule.tasks}) <= 1
            case ao.Apart():
                return all(count(r, rule.tasks) <= 1 for r in self.reps)
            case ao.MaxTasks():
                who = self.facts.pick(rule.rep, self.facts.reps)
                return all(count(r, self.facts.pick(rule.task)) <= rule.n for r in who)
            case ao.MaxLoad():
                who = self.facts.pick(rule.rep, self.facts.reps)
                mine = {r: [t for q, t in held if q == r] for r in who}
                return all(
                    not ts or self.load(r, ts) <= max(rule.value, self.load(r, [])) + 1e-6
                    for r, ts in mine.items()
                )
        return True

    def count(self, s: Schedule, r: str, t: str) -> int:
        return sum((r, t) in held for held in s)

    def counts(self, s: Schedule) -> bool:
        least, most = self.option("least", {}), self.option("most", {})
        if any(isinstance(key, tuple) and n and key not in self.may for key, n in least.items()):
            return False
        for r, t in self.may:
            n = self.count(s, r, t)
            if self.option("cover_all", False) and not n:
                return False
            if n < least.get((r, t), least.get(t, 0)):
                return False
            if n > most.get((r, t), most.get(t, self.periods)):
                return False
        return True

    def held_before(self, r: str, t: str) -> int:
        owner = self.problem.tasks[t].owner
        return self.option("held_since", {}).get(t, 1) if owner == r else 0

    def tenure(self, s: Schedule) -> bool:
        least, most = self.option("min_tenure", 1), self.option("max_tenure", None) or 99
        for r, t in product(self.reps, self.tasks):
            before = self.held_before(r, t)
            if before and (r, t) not in self.may:
                continue
            line = [True] * before + [(r, t) in held for held in s]
            runs = runs_of(line)
            for first, last in runs:
                p = last - before  # the period of the last, from 0
                cut = p == self.periods - 1 or self.away(r, p + 1)
                if last - first + 1 < least and not cut:
                    return False
                if last - first + 1 > most and p >= 0:
                    return False
            cooldown = self.option("cooldown", 0)
            if any(b - a - 1 < cooldown for (_, a), (b, _) in pairwise(runs)):
                return False
        return True

    def moves(self, s: Schedule) -> list[list[str]]:
        """The tasks handed over in each period."""
        before = frozenset((self.problem.tasks[t].owner, t) for t in self.tasks)
        found = []
        for p, held in enumerate(s):
            given = [t for r, t in before if (r, t) in self.may - held and not self.away(r, p)]
            found.append(given)
            before = held
        return found

    def handed(self, s: Schedule) -> bool:
        most = self.option("max_handovers", None)
        return most is None or all(len(one) <= most for one in self.moves(s))

    def proportion(self, s: Schedule) -> bool:
        if not self.option("proportional", False):
            return True
        active = [r for r in self.reps if self.problem.reps[r].active]
        value = self.facts.value
        for r in active:
            mine = [t for q, t in self.may if q == r]
            due = sum(value[(t, "owner"), r] * self.seats(t) for t in mine) * self.periods
            has = sum(value[(t, "owner"), r] * self.count(s, r, t) for t in mine)
            if has < due / len(active) - 1e-9:
                return False
        return True

    # -- tiers -----------------------------------------------------------------------------------

    def earned(self, s: Schedule, r: str, t: str) -> float:
        n = self.count(s, r, t)
        learning = 0 if self.held_before(r, t) else min(n, self.option("learning", 0))
        lost = learning * (1 - self.option("learning_value", 0.5))
        return self.facts.value[(t, "owner"), r] * (n - lost)

    def total(self, s: Schedule, of: str, r: str) -> float:
        if of == "value":
            return self.past(of, r) + sum(self.earned(s, r, t) for t in self.tasks)
        carried = self.problem.reps[r].carried_load * self.periods if of == "load" else 0.0
        carried += self.past(of, r)
        table = self.facts.amount[of]
        return carried + sum(table[(t, "owner"), r] for held in s for q, t in held if q == r)

    def past(self, of: str, r: str) -> float:
        rows = self.problem.history
        return 0.0 if rows is None else float(rows[rows["rep_id"] == r][of].sum())

    def numbers(self, s: Schedule, tier: Any) -> tuple[float, ...]:
        """The numbers of a tier, more being better."""
        held = [(r, t) for one in s for r, t in one]
        match tier:
            case ao.Coverage():
                return (sum(self.problem.tasks[t].priority for _, t in held),)
            case ao.Value():
                return (sum(self.earned(s, r, t) for r, t in set(held)),)
            case ao.Fit():
                return (sum(self.facts.fit[(t, "owner"), r] for r, t in held),)
            case ao.Preference():
                bonus, bids = self.facts.skill_bonus, self.facts.bids
                return (sum(bonus[t, r] + bids.get((r, t), 0.0) for r, t in held),)
            case ao.Moves():
                return (-float(sum(map(len, self.moves(s)))),)
            case ao.Weighted():
                return (sum(w * self.numbers(s, term)[0] for term, w in tier.terms),)
        return self.fairness(s, tier)

    def fairness(self, s: Schedule, tier: Any) -> tuple[float, ...]:
        weight = self.facts.weight if tier.per == "weight" else dict.fromkeys(self.reps, 1.0)
        who = [r for r in self.reps if self.problem.reps[r].active and weight[r] > 0]
        amounts = {r: self.total(s, tier.of, r) for r in who}
        shares = sorted(amounts[r] / weight[r] for r in who) or [0.0]
        match tier.notion:
            case "leximax":
                return tuple(-one for one in shares[::-1])
            case "leximin":
                return tuple(shares)
            case "minmax":
                return (-shares[-1],)
            case "maxmin":
                return (shares[0],)
            case "range":
                return (shares[0] - shares[-1],)
        return (-sum(amounts[r] ** 2 / weight[r] for r in who),)

    def best(self) -> list[float] | None:
        """The best number of each tier, the first mattering most; None where nothing is allowed."""
        left = self.schedules()
        if not left:
            return None
        found = []
        for tier in self.problem.objective:
            numbers = [self.numbers(s, tier) for s in left]
            found.append(max(one[0] for one in numbers))
            sign = 1 if maximises(tier) else -1
            reached = tier.enough is not None and found[-1] >= sign * tier.enough
            if tier.slack or reached:
                floor = sign * tier.enough if reached else found[-1] - tier.slack * abs(found[-1])
                left = [s for s, one in zip(left, numbers, strict=True) if one[0] >= floor - 1e-9]
                continue
            for at in range(len(numbers[0])):
                top = max(one[at] for one in numbers)
                keep = [i for i, one in enumerate(numbers) if one[at] >= top - 1e-9]
                left, numbers = [left[i] for i in keep], [numbers[i] for i in keep]
        return found


def runs_of(line: list[bool]) -> list[tuple[int, int]]:
    """First and last of each run of True."""
    edges = [False, *line, False]
    starts = [i for i, (a, b) in enumerate(pairwise(edges)) if b and not a]
    ends = [i - 1 for i, (a, b) in enumerate(pairwise(edges)) if a and not b]
    return list(zip(starts, ends, strict=True))


# -- random cases ----------------------------------------------------------------------------------

SHAPES = [(2, 2, 3), (2, 2, 4), (2, 3, 2), (3, 2, 2), (3, 2, 3), (3, 1, 4), (3, 3, 2), (2, 1, 4)]


def maybe(strategy: st.SearchStrategy[Any], default: Any, odds: int = 2) -> Any:
    return st.integers(0, odds).flatmap(lambda k: strategy if k == odds else st.just(default))


@st.composite
def problems(draw: st.DrawFn, reps: int, tasks: int) -> ao.Problem:
    team = [
        ao.Rep(
            name,
            capacity=draw(maybe(st.sampled_from([1.0, 2.0, 3.0]), None)),
            max_tasks=draw(maybe(st.integers(0, 2), None, 4)),
            skills=draw(st.sampled_from([{}, {"sql"}, {"sql": 2}])),
            fit=draw(st.sampled_from([{}, {"big": 0.5}, {"big": 0.8, "small": 0.25}])),
            weight=draw(maybe(st.sampled_from([2.0, 0.5, 3.0]), None)),
            efficiency=draw(maybe(st.sampled_from([2.0, 0.5]), 1.0, 3)),
            carried_load=draw(maybe(st.sampled_from([1.0, 0.5]), 0.0, 4)),
            active=draw(maybe(st.just(False), True, 7)),
        )
        for name in NAMES[:reps]
    ]
    work = [
        ao.Task(
            f"t{i}",
            effort=draw(st.sampled_from([1.0, 1.0, 2.0, 0.5])),
            value=draw(st.sampled_from([1.0, 2.0, 3.33])),
            priority=draw(st.sampled_from([1.0, 1.0, 2.0])),
            requires=draw(maybe(st.sampled_from([{"sql"}, {"sql": 2}]), {}, 3)),
            prefers=draw(maybe(st.just({"sql": 1.5}), {}, 3)),
            customer_type=draw(st.sampled_from([None, "big", "small"])),
            burden=draw(st.sampled_from([0.0, 1.0, 2.5])),
            owner=draw(maybe(st.sampled_from(NAMES[:reps]), None, 1)),
        )
        for i in range(tasks)
    ]
    rules = draw(maybe(st.lists(rules_for(NAMES[:reps], [t.id for t in work]), max_size=2), []))
    wishes = [("ana", "t0", 1.5), ("bo", "t0", -0.5)]
    tiers = st.lists(tiers_for(), min_size=1, max_size=3)
    return ao.Problem(
        team,
        work,
        preferences=draw(maybe(st.just(wishes), None)),
        rules=list({rule.id: rule for rule in rules}.values()),
        objective=draw(st.one_of(st.none(), tiers)),
    )


@st.composite
def rules_for(draw: st.DrawFn, reps: list[str], tasks: list[str]) -> Any:
    rep, task = draw(st.sampled_from(reps)), draw(st.sampled_from(tasks))
    some = draw(st.sampled_from([None, rep]))
    return draw(
        st.sampled_from(
            [
                ao.Pin("t0", rep, id="pin"),
                ao.Forbid(task=task, rep=rep),
                ao.Allow(task=task, rep=reps[:2]),
                ao.Apart(tasks[:2]),
                ao.Together(tasks[:2]),
                ao.CoverAll(),
                ao.CoverAll(task),
                ao.MinTasks(1, rep=some),
                ao.MinTasks(1, rep=rep, task=task),
                ao.MaxTasks(1, rep=some),
                ao.MaxTasks(1, rep=some, task=tasks[:2]),
                ao.MinLoad(1.0, rep=rep),
                ao.MaxLoad(2.0, rep=some),
                ao.MinFit(0.5),
            ]
        )
    )


@st.composite
def tiers_for(draw: st.DrawFn) -> Any:
    slack = draw(maybe(st.just(0.2), 0.0, 4))
    fair = ao.Fairness(
        draw(st.sampled_from(["leximax", "leximin", "minmax", "maxmin", "range", "l2"])),
        of=draw(st.sampled_from(["load", "count", "worth", "value", "burden"])),
        per=draw(st.sampled_from(["weight", "nothing"])),
        slack=slack,
    )
    plain = [ao.Coverage, ao.Value, ao.Fit, ao.Preference, ao.Moves]
    sums = [tier(slack=slack) for tier in plain]
    sums.append(ao.Weighted({ao.Value(): 1, ao.Moves(): 2, ao.Coverage(): 0.5}, slack=slack))
    return draw(st.one_of(st.just(fair), st.sampled_from(sums)))


@st.composite
def options_for(draw: st.DrawFn, problem: ao.Problem, periods: int) -> dict[str, Any]:
    reps, tasks = list(problem.reps), list(problem.tasks)
    labels = st.lists(st.integers(1, periods), min_size=1, max_size=2, unique=True)
    pair = st.tuples(st.sampled_from(reps), st.sampled_from(tasks))
    key = st.one_of(st.sampled_from(tasks), pair)
    owned = [t for t in tasks if problem.tasks[t].owner is not None]
    tenures = st.sampled_from([(1, 1), (1, 2), (2, 2), (2, None), (2, 3), (3, None)])
    least, most = draw(maybe(tenures, (1, None), 1))
    alone = any(isinstance(rule, ao.Together) for rule in problem.rules)
    return {
        "seats": 1 if alone else draw(maybe(st.sampled_from([2, {"t0": 2}]), 1, 4)),
        "at_once": draw(maybe(st.sampled_from([2, None]), 1)),
        "min_tenure": least,
        "max_tenure": most,
        "cooldown": draw(maybe(st.integers(1, 3), 0)),
        "cover_all": draw(maybe(st.just(True), False, 5)),
        "least": draw(maybe(st.dictionaries(key, st.integers(0, 2), max_size=1), {}, 3)),
        "most": draw(maybe(st.dictionaries(key, st.integers(2, 3), max_size=1), {}, 3)),
        "max_handovers": draw(maybe(st.integers(0, 2), None, 3)),
        "absent": draw(maybe(st.dictionaries(st.sampled_from(reps), labels, max_size=2), {})),
        "held_since": dict.fromkeys(owned, draw(st.integers(1, 3))),
        "learning": draw(maybe(st.integers(1, 2), 0)),
        "learning_value": draw(st.sampled_from([0.5, 0.25])),
        "proportional": draw(maybe(st.just(True), False, 5)),
    }


@st.composite
def cases(draw: st.DrawFn) -> Brute:
    reps, tasks, periods = draw(st.sampled_from(SHAPES))
    problem = draw(problems(reps, tasks))
    options = draw(options_for(problem, periods))
    if draw(st.integers(0, 3)) == 3:
        lead = draw(st.sampled_from([{}, {"sql": 2}]))
        options["squads"] = [Squad("s", 1, [draw(st.integers(1, periods))], lead=lead)]
    return Brute(problem, periods, **options)


def agrees(case: Brute) -> ao.Status:
    """Compare a rotation with the best of all schedules; give its status."""
    found = rotate(case.problem, case.periods, workers=2, **case.options)
    best = case.best()
    if best is None:
        assert found.status is ao.Status.INFEASIBLE, found
        assert found.infeasibility
        return found.status
    assert found.status is ao.Status.OPTIMAL, (found, best)
    rows = found.terms.itertuples()
    for tier, row, number in zip(case.problem.objective, rows, best, strict=True):
        value = number if ao.objectives.maximises(tier) else -number
        assert row.proved
        assert math.isclose(row.bound, value, abs_tol=1e-6), (found.terms, best)
        if not tier.slack:
            assert math.isclose(row.value, value, abs_tol=1e-6), (found.terms, best)
    assert Rotation.from_json(found.to_json()) == found
    return found.status


@FEW
@given(cases())
def test_every_tier_is_as_good_as_the_best_of_all_schedules(case: Brute) -> None:
    while len(case.per_period()) ** case.periods > MOST:
        case.periods -= 1
    last = case.periods
    case.options["absent"] = {
        r: [p for p in ps if p <= last] for r, ps in case.option("absent", {}).items()
    }
    if any(p > last for one in case.option("squads", []) for p in one.periods):
        del case.options["squads"]
    if not case.squads_possible((frozenset(),) * case.periods, alone=True):
        with pytest.raises(ValidationError, match="squad"):
            rotate(case.problem, case.periods, **case.options)
        return
    agrees(case)


def plain_case(**changes: Any) -> ao.Problem:
    """Two reps who differ and three tasks of several sizes."""
    reps = [
        ao.Rep("ana", skills={"sql"}, fit={"big": 0.8, "small": 0.25}, weight=2.0),
        ao.Rep("bo", capacity=3, fit={"big": 0.5, "small": 1.0}, carried_load=0.5),
    ]
    tasks = [
        ao.Task("t0", effort=2, value=3.33, customer_type="big", owner="ana", burden=2.5),
        ao.Task("t1", effort=1, value=2, customer_type="small", prefers={"sql": 1.5}, owner="bo"),
        ao.Task("t2", effort=1.5, value=1, priority=2, burden=1),
    ]
    wishes = [("ana", "t0", 1.5), ("bo", "t0", -0.5)]
    return ao.Problem(reps, tasks, preferences=wishes).replace(**changes)


SOME_RULES = [
    (ao.Pin("t0", "bo"),),
    (ao.Forbid(task="t0", rep="bo"), ao.Allow(task="t1", rep=["bo"])),
    (ao.Apart(["t0", "t2"]),),
    (ao.Together(["t0", "t1"]),),
    (ao.CoverAll("t2"), ao.MinFit(0.3)),
    (ao.MinTasks(1, rep="bo"),),
    (ao.MinTasks(1, rep="bo", task=["t0", "t2"]),),
    (ao.MaxTasks(1, rep="ana"),),
    (ao.MaxTasks(1, task=["t0", "t1"]),),
    (ao.MinLoad(2.5, rep="ana"), ao.MinLoad(2.0, rep="bo")),
    (ao.MaxLoad(3.2, rep="ana"),),
]


@pytest.mark.parametrize("rules", SOME_RULES, ids=str)
def test_rules_hold_in_each_period(rules: Any) -> None:
    agrees(Brute(plain_case(rules=rules), 2, at_once=2, absent={"bo": [2]}, max_tenure=1))
    assert agrees(Brute(plain_case(rules=rules), 2, at_once=None)) is ao.Status.OPTIMAL


SOME_TIERS = [
    *(tier() for tier in (ao.Coverage, ao.Value, ao.Fit, ao.Preference)),
    ao.Weighted({ao.Value(): 1, ao.Moves(): 2, ao.Coverage(): 0.5, ao.Preference(): 0.1}),
    *(
        ao.Fairness(notion, of=of, per=per)
        for notion, of, per in [
            ("leximax", "load", "weight"),
            ("leximin", "value", "nothing"),
            ("minmax", "burden", "weight"),
            ("maxmin", "worth", "weight"),
            ("range", "count", "nothing"),
            ("l2", "value", "weight"),
            ("l2", "load", "nothing"),
        ]
    ),
]


@pytest.mark.parametrize("notion", ["minmax", "leximax"])
@pytest.mark.parametrize("enough", [0.5, 2.0, 3.0, 9.0])
def test_later_tiers_have_what_is_more_than_enough(notion: Any, enough: float) -> None:
    reps = [ao.Rep("ana", fit={"x": 1.0}), ao.Rep("bo", fit={"x": 0.1})]
    tasks = [ao.Task("s", customer_type="x"), ao.Task("t", value=3, customer_type="x")]
    tiers = [ao.Coverage(), ao.Fairness(notion, of="count", enough=enough), ao.Value()]
    problem = ao.Problem(reps, tasks, objective=tiers)
    found = rotate(problem, 2, at_once=None, workers=2)
    best = Brute(problem, 2, at_once=None).best()
    assert best is not None
    signs = [1 if maximises(tier) else -1 for tier in tiers]
    held = found.terms["value"].to_numpy() * signs
    assert held[[0, 2]].tolist() == pytest.approx([best[0], best[2]])
    assert found.status is ao.Status.OPTIMAL


@pytest.mark.parametrize("tier", SOME_TIERS, ids=str)
@pytest.mark.parametrize("slack", [0.0, 0.3])
def test_tiers_are_best_over_all_periods(tier: Any, slack: float) -> None:
    first = tier.model_copy(update={"slack": slack})
    tiers = [first, ao.Value()] if slack else [ao.Coverage(), first, ao.Moves()]
    problem = plain_case(objective=tiers, history=[("ana", 1.0, 0.5, 1.5)])
    assert agrees(Brute(problem, 2, learning=1, learning_value=0.25)) is ao.Status.OPTIMAL


def test_what_moves_cost_can_differ_by_task() -> None:
    tasks = [ao.Task(f"t{i}", owner="ana", tags={"years": y}) for i, y in enumerate([5.0, 1.0])]
    tiers = [ao.Coverage(), ao.Moves(cost="years")]
    found = rotate(ao.Problem(team("ana", "bo"), tasks, objective=tiers), 2)
    assert found.terms["value"].tolist() == [4.0, 1.0]
    assert found.status is ao.Status.OPTIMAL


def test_weights_that_have_to_be_rounded_are_proved_all_the_same() -> None:
    reps = [ao.Rep("ana", weight=1 / 3), ao.Rep("bo", weight=2 / 7), ao.Rep("cy", efficiency=3)]
    for notion in ("leximax", "l2"):
        problem = ao.Problem(reps, desks(2), objective=[ao.Coverage(), ao.Fairness(notion)])
        assert agrees(Brute(problem, 2)) is ao.Status.OPTIMAL


# -- counts and periods ----------------------------------------------------------------------------


def test_counts_are_dealt_out_whatever_they_are() -> None:
    random = np.random.default_rng(0)
    for _ in range(300):
        reps, tasks, periods = random.integers(1, 7, 3).tolist()
        counts = random.integers(0, periods + 1, (reps, tasks)) * (
            random.random((reps, tasks)) < 0.8
        )
        rep, task = (np.repeat(np.arange(reps), tasks), np.tile(np.arange(tasks), reps))
        grid = deal(counts.ravel(), rep, task, periods)
        assert (grid.sum(axis=1) == counts.ravel()).all()
        for of, sums in ((rep, counts.sum(axis=1)), (task, counts.sum(axis=0))):
            for row, total in enumerate(sums.tolist()):
                each = grid[of == row].sum(axis=0)
                assert set(each.tolist()) <= {total // periods, -(-total // periods)}


def counted(problem: ao.Problem, periods: int, **options: Any) -> tuple[Search, Run]:
    run = Run(math.inf, 1)
    return Search(compiled(problem, periods, **options), run), run


def compiled(problem: ao.Problem, periods: int, **options: Any) -> Any:
    return layouts.frame(problem, asking.read_options(problem, periods, DEFAULTS | options))


DEFAULTS: dict[str, Any] = {
    "seats": 1,
    "at_once": 1,
    "min_tenure": 1,
    "max_tenure": None,
    "cooldown": 0,
    "cover_all": False,
    "least": None,
    "most": None,
    "max_handovers": None,
    "absent": None,
    "held_since": None,
    "learning": 0,
    "learning_value": 0.5,
    "proportional": False,
    "squads": (),
}


def random_team(random: np.random.Generator, reps: int, tasks: int, **more: Any) -> ao.Problem:
    team = [
        ao.Rep(
            f"r{i}",
            fit={"a": round(random.random(), 2), "b": round(random.random(), 2)},
            weight=float(random.choice([1, 2, 3])),
            skills={"s"} if random.random() < 0.7 else {},
        )
        for i in range(reps)
    ]
    work = [
        ao.Task(
            f"t{i}",
            value=float(random.integers(1, 9)),
            priority=float(random.integers(1, 3)),
            customer_type=str(random.choice(["a", "b"])),
            requires={"s"} if random.random() < 0.3 else {},
        )
        for i in range(tasks)
    ]
    return ao.Problem(team, work, **more)


@pytest.mark.parametrize("notion", ["leximax", "leximin", "minmax", "maxmin", "l2", "range"])
def test_a_flow_of_counts_is_as_good_as_a_search(notion: Any) -> None:
    random = np.random.default_rng(3)
    found = 0
    for _ in range(25):
        fair = ao.Fairness(notion, of="count")
        tiers = [ao.Coverage(), fair, ao.Value()] if random.random() < 0.7 else [fair, ao.Value()]
        reps, tasks, periods = random.integers([2, 1, 2], [5, 5, 6]).tolist()
        problem = random_team(random, reps, tasks, objective=tiers)
        search, run = counted(problem, periods, most=periods - 1)
        tallies = [term.tally for term in search.terms]
        flow = best_counts(search.layout, tallies)
        if flow.counts is None:
            assert notion == "range"
            continue
        found += 1
        engine = RotationEngine(search.layout, run)
        turns: Turns | None = None
        for tally in tallies:
            turns = engine.optimise(tally, turns).turns
            assert turns is not None
            numbers = engine.measure(tally, turns)
            assert numbers == tally.gain(search.layout, flow.counts)
            engine.keep(tally, numbers)
    assert found > 10


def test_a_flow_of_counts_says_when_there_are_none() -> None:
    problem = ao.Problem([ao.Rep("ana")], [ao.Task("t0"), ao.Task("t1")], rules=[ao.CoverAll()])
    search, _ = counted(problem, 3)
    assert best_counts(search.layout, []).infeasible


def test_tiers_whose_numbers_do_not_fit_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = random_team(np.random.default_rng(2), 3, 2)
    one = rotate(problem, 5)
    monkeypatch.setattr(counting, "COST_LIMIT", 100)
    other = rotate(problem, 5)
    assert set(one.terms["engine"]) == {"flow"}
    assert set(other.terms["engine"]) == {"cpsat"}
    assert one.status is other.status is ao.Status.OPTIMAL
    assert np.allclose(one.terms["value"], other.terms["value"])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
def test_as_many_periods_as_tasks_and_reps_who_hold_all_make_a_latin_square(size: int) -> None:
    problem = ao.Problem(
        [ao.Rep(f"r{i}") for i in range(size)], [ao.Task(f"t{i}") for i in range(size)]
    )
    found = rotate(problem, size, cover_all=True)
    assert found.status is ao.Status.OPTIMAL
    square = found.table().to_numpy()
    for line in [*square, *square.T]:
        assert sorted(line) == [f"t{i}" for i in range(size)]


def test_everybody_can_have_their_part_when_the_reps_divide_the_periods() -> None:
    """Igarashi, Lackner, Nardi and Novaro (AAAI-24): with n | T there always is such a sequence."""
    random = np.random.default_rng(11)
    for reps in (2, 3, 4):
        for _ in range(6):
            tasks = int(random.integers(1, 5))
            pairs = [
                {"rep_id": f"r{i}", "task_id": f"t{j}", "value": round(random.random() * 10, 2)}
                for i in range(reps)
                for j in range(tasks)
            ]
            problem = ao.Problem(
                [ao.Rep(f"r{i}") for i in range(reps)],
                [ao.Task(f"t{j}") for j in range(tasks)],
                pairs=pairs,
                objective=[ao.Coverage(), ao.Value()],
            )
            periods = reps * int(random.integers(1, 3))
            found = rotate(problem, periods, at_once=None, proportional=True, workers=2)
            assert found.status is ao.Status.OPTIMAL
            value = {(row["rep_id"], row["task_id"]): row["value"] for row in pairs}
            for i in range(reps):
                mine = found.schedule[found.schedule["rep_id"] == f"r{i}"]["task_id"]
                has = sum(value[f"r{i}", task] for task in mine)
                due = periods * sum(value[f"r{i}", f"t{j}"] for j in range(tasks)) / reps
                assert has >= due - 1e-6


def test_one_task_more_often_than_its_part_allows_nobody_theirs() -> None:
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t")])
    found = rotate(problem, 3, proportional=True)
    assert found.status is ao.Status.INFEASIBLE
    assert found.conflict == ("proportional",)


@pytest.mark.parametrize("held", [0, 1, 2])
def test_reachable_counts_are_those_of_all_sequences(held: int) -> None:
    for least, most, cooldown in product((1, 2, 3), (1, 2, 3, 99), (0, 1, 2, 3)):
        for away in [(False,) * 5, (False, False, True, False, False), (True, *[False] * 4)]:
            wanted: tuple[set[int], set[int]] = (set(), set())
            for line in product([False, True], repeat=5):
                if fine(line, away, held, least, most, cooldown):
                    wanted[line[-1]].add(sum(line))
            found = reachable(away, held, least, most, cooldown)
            assert (set(found[0]), set(found[1])) == wanted


def fine(line: Any, away: Any, held: int, least: int, most: int, cooldown: int) -> bool:
    if any(a and b for a, b in zip(line, away, strict=True)):
        return False
    whole = [True] * held + list(line)
    runs = runs_of(whole)
    for first, last in runs:
        p = last - held
        cut = p == len(line) - 1 or away[p + 1]
        if (last - first + 1 < least and not cut) or (last - first + 1 > most and p >= 0):
            return False
    return not any(b - a - 1 < cooldown for (_, a), (b, _) in pairwise(runs))


# -- what options mean -----------------------------------------------------------------------------


def team(*names: str, **fields: Any) -> list[ao.Rep]:
    return [ao.Rep(name, **fields) for name in names or NAMES]


def desks(count: int = 2, **fields: Any) -> list[ao.Task]:
    return [ao.Task(f"t{i}", **fields) for i in range(count)]


def test_the_first_periods_with_a_new_task_earn_a_share() -> None:
    tasks = [ao.Task("t0", value=10, owner="ana")]
    problem = ao.Problem(
        team("ana", "bo"), tasks, objective=[ao.Value()], rules=[ao.Pin("t0", "bo")]
    )
    found = rotate(problem, 3, learning=2, learning_value=0.25)
    assert found.terms["value"].tolist() == [0.25 * 20 + 10]
    assert found.totals["value"].tolist() == [0.0, 15.0]
    mine = rotate(problem.replace(rules=[]), 3, learning=2, learning_value=0.25)
    assert mine.terms["value"].tolist() == [30.0]


def test_handovers_count_unless_the_holder_could_not_keep_the_task() -> None:
    tasks = [
        ao.Task("t0", owner="ana"),
        ao.Task("t1", owner="bo", requires={"sql"}),
        ao.Task("t2"),
    ]
    reps = [ao.Rep("ana"), ao.Rep("bo"), ao.Rep("cy", skills={"sql"})]
    problem = ao.Problem(reps, tasks, objective=[ao.Coverage(), ao.Moves()])
    found = rotate(problem, ["jan", "feb"], absent={"ana": ["feb"]})
    assert found.terms["value"].tolist() == [5.0, 0.0]
    rows = found.handovers.fillna("").values.tolist()
    assert ["jan", "t1", "bo", "cy", False] in rows
    assert ["feb", "t0", "ana", "bo", False] in rows or ["feb", "t0", "ana", "", False] in rows
    assert not found.handovers["counted"].any()
    assert found.open["seats"].sum() == 1


def test_tenure_runs_on_from_before() -> None:
    tasks = [ao.Task("t0", owner="ana")]
    tiers = [ao.Coverage(), ao.Moves()]
    problem = ao.Problem(team("ana", "bo"), tasks, objective=tiers)
    found = rotate(problem, 4, max_tenure=3, held_since={"t0": 2}, min_tenure=2)
    assert found.schedule["rep_id"].tolist() == ["ana", "bo", "bo", "bo"]
    assert found.schedule["tenure"].tolist() == [3, 1, 2, 3]
    assert found.schedule["new"].tolist() == [False, True, False, False]
    gone = rotate(problem, 2, max_tenure=3, held_since=5)
    assert gone.schedule["rep_id"].tolist() == ["bo", "bo"]


def test_a_squad_has_its_lead_and_nobody_in_two_at_once() -> None:
    reps = [ao.Rep("ana", skills={"sql": 2}), ao.Rep("bo"), ao.Rep("cy"), ao.Rep("di")]
    squads = [
        Squad("move", 2, ["b"], lead={"sql": 2}),
        {"name": "audit", "size": 1, "periods": ["b", "c"], "members": ["ana", "bo"]},
    ]
    found = rotate(ao.Problem(reps, desks(2)), ["a", "b", "c"], squads=squads)
    rows = found.squads
    assert rows[rows["squad"] == "audit"]["rep_id"].tolist() == ["bo", "bo"]
    assert "ana" in rows[rows["squad"] == "move"]["rep_id"].tolist()
    assert rows[rows["rep_id"] == "ana"]["lead"].tolist() == [True]
    assert found.terms["value"][0] == 5.0
    assert "[move]" in str(found)


def test_dates_are_labels_and_frames_keep_their_types_without_rows() -> None:
    labels = pd.date_range("2026-01-05", periods=3, freq="W-MON")
    some = rotate(ao.Problem(team(), desks()), labels, absent={"ana": [labels[1]]})
    none = rotate(ao.Problem(team(), desks(requires={"sql"})), labels)
    assert some.schedule["period"].dtype == none.schedule["period"].dtype == labels.dtype
    for name in ("schedule", "counts", "handovers", "squads", "totals", "open"):
        one, other = getattr(some, name), getattr(none, name)
        assert list(one.columns) == list(other.columns), name
        assert one.dtypes.astype(str).tolist() == other.dtypes.astype(str).tolist(), name
    assert Rotation.from_json(some.to_json()) == some
    days = rotate(ao.Problem(team(), desks()), [date(2026, 1, 5), date(2026, 1, 6)])
    assert Rotation.from_json(days.to_json()).periods == (date(2026, 1, 5), date(2026, 1, 6))
    assert rotate(ao.Problem(team(), desks()), [np.datetime64("2026-01-05")]).periods == (
        datetime(2026, 1, 5),
    )


def test_nothing_to_do_is_done() -> None:
    for reps, tasks in ((team(), []), ([], desks())):
        found = rotate(ao.Problem(reps, tasks), 2, max_tenure=1)
        assert found.status is ao.Status.OPTIMAL
        assert found.schedule.empty
        assert str(found)
    assert rotate(ao.Problem(team(), desks(), objective=[]), 2).status is ao.Status.OPTIMAL


def test_the_same_seed_gives_the_same_rotation() -> None:
    problem = random_team(np.random.default_rng(5), 5, 3)
    ways = {"max_tenure": 2, "cooldown": 2, "deterministic": True, "seed": 7}
    one, other = (rotate(problem, 6, **ways) for _ in range(2))
    assert one == other
    assert one.schedule.equals(other.schedule)


def test_no_time_no_rotation_and_no_claim() -> None:
    problem = random_team(np.random.default_rng(5), 8, 5)
    found = rotate(problem, 30, max_tenure=2, cooldown=3, time_limit=0)
    assert found.status is ao.Status.UNKNOWN
    assert found.terms["value"].isna().all()
    with pytest.raises(ao.NoSolutionError, match="Allow more time"):
        _ = found.schedule
    assert Rotation.from_json(found.to_json()) == found
    assert repr(found) == "<Rotation: UNKNOWN>"


def test_a_rotation_that_ran_out_of_time_is_bounded() -> None:
    random = np.random.default_rng(9)
    problem = random_team(random, 12, 8, objective=[ao.Coverage(), ao.Moves(), ao.Value()])
    found = rotate(problem, 20, max_tenure=3, cooldown=2, time_limit=2)
    assert found.status in (ao.Status.FEASIBLE, ao.Status.UNKNOWN, ao.Status.OPTIMAL)
    for row in found.terms.dropna().itertuples():
        assert (
            row.value >= row.bound - 1e-6 if row.term == "moves" else row.value <= row.bound + 1e-6
        )


def test_results_can_be_read_and_drawn() -> None:
    pytest.importorskip("altair")
    reps = [*team("ana", "bo"), ao.Rep("cy", skills={"sql"})]
    squads = [Squad("s", 1, [2])]
    found = rotate(ao.Problem(reps, desks(2)), 20, absent={"ana": [3]}, squads=squads, at_once=None)
    drawn = found.plot().to_dict()
    assert drawn["layer"]
    assert "... and 4 more periods" in str(found)
    assert "ana" in found._repr_html_()
    assert found.periods == tuple(range(1, 21))
    assert found.counts["count"].sum() == len(found.schedule)
    assert found.raise_for_status() is found
    assert found != 3


# -- when there is none ----------------------------------------------------------------------------

IMPOSSIBLE: list[tuple[ao.Problem, int, dict[str, Any], str, tuple[str, ...]]] = [
    (
        ao.Problem(team("ana"), desks(1), rules=[ao.CoverAll(id="all")]),
        4,
        {"seats": 2},
        "task 't0' needs 8 rep-periods (4 periods x 2 seats); the 1 who may hold it can give 4",
        ("each task is assigned, with all its roles",),
    ),
    (
        ao.Problem(team(), desks(1)),
        2,
        {"cover_all": True},
        (
            "cover_all: 3 reps are to hold task 't0' 3 times in all; it has 2 rep-periods "
            "(2 periods x 1 seat)"
        ),
        ("cover_all",),
    ),
    (
        ao.Problem(team("ana"), desks(3)),
        2,
        {"cover_all": True},
        "cover_all: rep 'ana' is to hold tasks 3 times in all, and can 2 (1 at once in 2 periods)",
        ("cover_all", "at_once 1"),
    ),
    (
        ao.Problem(team("ana", "bo"), desks(1, requires={"sql"})),
        2,
        {"least": {("ana", "t0"): 1}},
        "least wants rep 'ana' to hold task 't0' 1 times; that rep may not hold it at all",
        ("least 1: rep 'ana' with task 't0'",),
    ),
    (
        ao.Problem(team("ana", "bo"), desks(1)),
        4,
        {"least": {("ana", "t0"): 3}, "max_tenure": 1},
        "rep 'ana' is to hold task 't0' in 3 periods at least, and can in 2 at most",
        ("max_tenure 1", "least 3: rep 'ana' with task 't0'"),
    ),
    (
        ao.Problem(team("ana"), desks(1), rules=[ao.Pin("t0", "ana")]),
        4,
        {"absent": {"ana": [2]}},
        "rep 'ana' is to hold task 't0' in 4 periods at least, and can in 3 at most",
        ("absence of rep 'ana'", "task 't0' goes to rep 'ana'"),
    ),
    (
        ao.Problem(team("ana"), desks(1, requires={"sql"}), rules=[ao.Pin("t0", "ana")]),
        1,
        {},
        "task 't0' goes to rep 'ana'; that rep may not hold it at all",
        ("task 't0' goes to rep 'ana'",),
    ),
    (
        ao.Problem(team("ana", "bo"), desks(1), rules=[ao.CoverAll()]),
        3,
        {"max_tenure": 1, "cooldown": 2},
        "task 't0' needs 3 rep-periods (3 periods x 1 seat); the 2 who may hold it can give 2",
        ("max_tenure 1", "cooldown 2", "each task is assigned, with all its roles"),
    ),
    (
        ao.Problem(team("ana", "bo"), desks(2), rules=[ao.MinTasks(2, rep="ana", id="two")]),
        2,
        {},
        "rep 'ana' is to hold 2 tasks at once, and can hold 1",
        ("at_once 1", "rep 'ana': at least 2 tasks"),
    ),
    (
        ao.Problem(team("ana", "bo"), desks(3), rules=[ao.CoverAll()]),
        2,
        {},
        "3 seats have to be filled in period 1; the reps there hold 2 at most",
        ("at_once 1", "each task is assigned, with all its roles"),
    ),
    (
        ao.Problem(team("ana", "bo"), desks(2), rules=[ao.CoverAll()]),
        4,
        {"max_tenure": 1, "max_handovers": 1},
        (
            "these cannot all be kept: max_tenure 1; max_handovers 1; each task is assigned, "
            "with all its roles"
        ),
        ("max_tenure 1", "max_handovers 1", "each task is assigned, with all its roles"),
    ),
    (
        ao.Problem(team("ana", "bo"), desks(2), rules=[ao.CoverAll()]),
        2,
        {"squads": [Squad("s", 1, [2])]},
        (
            "these cannot all be kept: at_once 1; squad 's' of 1; each task is assigned, "
            "with all its roles"
        ),
        ("at_once 1", "squad 's' of 1", "each task is assigned, with all its roles"),
    ),
    (
        ao.Problem(team("ana", capacity=2), desks(2, effort=2), rules=[ao.CoverAll()]),
        1,
        {"at_once": None},
        "2 seats have to be filled in period 1; the reps there hold 1 at most",
        ("each task is assigned, with all its roles", "capacity of the reps"),
    ),
]


@pytest.mark.parametrize(("problem", "periods", "options", "why", "conflict"), IMPOSSIBLE)
def test_what_cannot_be_is_explained(
    problem: ao.Problem, periods: int, options: dict[str, Any], why: str, conflict: tuple[str, ...]
) -> None:
    assert Brute(problem, periods, **options).best() is None
    found = rotate(problem, periods, workers=2, **options)
    assert found.status is ao.Status.INFEASIBLE
    assert (found.infeasibility, found.conflict) == (why, conflict)
    assert str(found).startswith(f"INFEASIBLE: {why}")
    with pytest.raises(ao.NoSolutionError, match="no rotation is as asked"):
        _ = found.counts
    assert Rotation.from_json(found.to_json()) == found


# -- bad input -------------------------------------------------------------------------------------

BAD: list[tuple[dict[str, Any], str, str]] = [
    (
        {"periods": 0},
        "periods",
        "0 is out of range; allowed is a whole number from 1 on, or a list",
    ),
    ({"periods": "abc"}, "periods", "'abc' is no number of periods"),
    ({"periods": []}, "periods", "no periods"),
    ({"periods": ["a", "a"]}, "periods.1", "period 'a' stands at 0 already; labels are distinct"),
    ({"periods": ["a", 1.5]}, "periods.1", "1.5 is no label"),
    ({"min_tenure": 3, "max_tenure": 2}, "min_tenure", "min_tenure 3 is above max_tenure 2"),
    ({"min_tenure": 0}, "min_tenure", "0 is out of range; allowed is a whole number from 1 on"),
    ({"max_tenure": 1.5}, "max_tenure", "from 1 on, or None for no limit"),
    ({"cooldown": -1}, "cooldown", "-1 is out of range; allowed is a whole number from 0 on"),
    ({"at_once": 0}, "at_once", "or None for the limits of the reps"),
    ({"max_handovers": -1}, "max_handovers", "-1 is out of range"),
    ({"cover_all": 1}, "cover_all", "1 is not True or False"),
    ({"proportional": "yes"}, "proportional", "'yes' is not True or False"),
    ({"learning": -1}, "learning", "-1 is out of range"),
    ({"learning_value": 1.5}, "learning_value", "1.5 is out of range; allowed is 0 to 1"),
    ({"seats": {"t00": 2}}, "seats.t00", "task 't00' is unknown; did you mean 't0'?"),
    ({"seats": {"t0": 0}}, "seats.t0", "0 is out of range; allowed is a whole number from 1 on"),
    ({"seats": 0}, "seats", "0 is out of range"),
    ({"least": {("zoe", "t0"): 1}}, "least.('zoe', 't0')", "rep 'zoe' is unknown"),
    ({"most": {"t0": -1}}, "most.t0", "-1 is out of range; allowed is a whole number from 0 on"),
    ({"least": 3, "most": 2}, "least.t0", "3 is above most 2 of task 't0'"),
    ({"held_since": {"t1": 2}}, "held_since.t1", "task 't1' has no owner, so nobody has held it"),
    ({"held_since": {"t0": 0}}, "held_since.t0", "0 is out of range"),
    ({"absent": {"zoe": [1]}}, "absent.zoe", "rep 'zoe' is unknown. Use ids of the reps table"),
    ({"absent": {"ana": [9]}}, "absent.ana", "period 9 is unknown; periods are 1 to 3"),
    ({"absent": {"ana": 1.5}}, "absent.ana", "period 1.5 is unknown"),
    ({"absent": ["ana"]}, "absent", "Give rep -> list of periods"),
    ({"squads": [Squad("s", 4, [1])]}, "squads.0.size", "3 of 3 reps may be members (4 wanted)"),
    (
        {"squads": [Squad("s", 1, [1], lead={"sql": 2})]},
        "squads.0.lead",
        "squad 's' has nobody to lead it: no rep who may be a member has 'sql' at level 2",
    ),
    ({"squads": [Squad("s", 1, [7])]}, "squads.0.periods", "period 7 is unknown"),
    ({"squads": [Squad("s", 1, [])]}, "squads.0.periods", "no periods. Give one at least"),
    ({"squads": [Squad("s", 1, [1])] * 2}, "squads.1.name", "squad 's' stands twice"),
    ({"squads": [{"name": "s", "size": 0, "periods": [1]}]}, "squads.0.size", "at least 1"),
    ({"squads": [Squad("s", 1, [1], members=["zoe"])]}, "squads.0.members", "'zoe' is unknown"),
]


@pytest.mark.parametrize(("options", "place", "words"), BAD)
def test_bad_options_are_refused_with_their_place(
    options: dict[str, Any], place: str, words: str
) -> None:
    problem = ao.Problem(team(), [ao.Task("t0", owner="ana"), ao.Task("t1")])
    with pytest.raises(ValidationError) as raised:
        rotate(problem, **({"periods": 3} | options))
    told = {".".join(map(str, one["loc"])): one["msg"] for one in raised.value.errors()}
    assert words in told[place], told


MEANINGLESS: list[tuple[dict[str, Any], str]] = [
    ({"rules": [ao.MaxMoves(1)]}, "handovers are counted in each period. Use max_handovers"),
    ({"rules": [ao.MaxLoadGap(1)]}, "loads are shared over all periods"),
    ({"rules": [ao.MaxTasks(1, per="day")]}, "it counts per day. Leave per out"),
    ({"rules": [ao.Together(["t0", "t1"])]}, "one of its tasks has several seats"),
    ({"objective": [ao.RepsUsed()]}, "everybody takes turns"),
    (
        {"objective": [ao.Fairness("gini")]},
        "allowed are leximax, leximin, minmax, maxmin, range, l2",
    ),
    ({"objective": [ao.Fairness("l2", idle="ignore")]}, "idle reps count over all periods"),
    (
        {"objective": [ao.Weighted({ao.Fairness("minmax"): 1, ao.Value(): 1})]},
        "inside Weighted only sums are exact",
    ),
    ({"tasks": [ao.Task("t0", group="g"), ao.Task("t1")]}, "several seats and a group"),
    ({"tasks": [ao.Task("t0", roles=[ao.Role("aide")]), ao.Task("t1")]}, "roles besides its owner"),
    (
        {
            "tasks": [ao.Task("t0", roles=[ao.Role("aide")]), ao.Task("t1")],
            "rules": [ao.Pin("t0", "ana", role="aide")],
        },
        "only owners rotate",
    ),
]


@pytest.mark.parametrize(("changes", "words"), MEANINGLESS)
def test_what_means_nothing_in_a_rotation_is_refused(changes: dict[str, Any], words: str) -> None:
    problem = ao.Problem(team(), desks()).replace(**changes)
    with pytest.raises(ValueError, match="rotate: ") as raised:
        rotate(problem, 3, seats={"t0": 2})
    assert words in str(raised.value)


def test_all_faults_are_reported_at_once() -> None:
    problem = ao.Problem(team(), desks(), rules=[ao.MaxMoves(1)], objective=[ao.RepsUsed()])
    with pytest.raises(ValidationError, match="rotate: 5 faults"):
        rotate(problem, 0, cooldown=-1, absent={"zoe": []})
    with pytest.raises(ValueError, match="time_limit"):
        rotate(problem, 2, time_limit=-1)


# -- the checker -----------------------------------------------------------------------------------


def faults(problem: ao.Problem, turns: Any, members: Any = (), **options: Any) -> str:
    """What the checker says of turns (period from 1, rep, task) in ids."""
    asked = asking.read_options(problem, 3, DEFAULTS | options)
    reps, tasks = list(problem.reps), list(problem.tasks)
    rows = [(p - 1, reps.index(r), tasks.index(t)) for p, r, t in turns]
    squads = [[reps.index(r) for r in one] for one in members]
    return "; ".join(rotation_faults(Facts.of(problem, asked, rows, squads)))


A, B, C = ((p, "ana", "t0") for p in (1, 2, 3))
PLAIN = ao.Problem(team(), desks())
OWNED = ao.Problem(team(), [ao.Task("t0", owner="ana"), ao.Task("t1")])
TAMPERED: list[tuple[ao.Problem, list[Any], dict[str, Any], str]] = [
    (PLAIN, [A, A], {}, "a rep holds a task twice in the same period"),
    (PLAIN, [A, (1, "bo", "t0")], {}, "task 't0' has 2/1 holders in period 1"),
    (
        ao.Problem(team(), desks(requires={"sql"})),
        [A],
        {},
        "rep 'ana' may not hold task 't0'",
    ),
    (PLAIN, [B], {"absent": {"ana": [2]}}, "rep 'ana' is absent in period 2 and holds task 't0'"),
    (PLAIN, [A, (1, "ana", "t1")], {}, "rep 'ana' in period 1: 2/1 tasks at once"),
    (
        ao.Problem(team(max_tasks=1), desks()),
        [A, (1, "ana", "t1")],
        {"at_once": 2},
        "rep 'ana' in period 1: 2/1 tasks",
    ),
    (
        ao.Problem(team(capacity=3), desks(effort=2)),
        [A, (1, "ana", "t1")],
        {"at_once": None},
        "rep 'ana' in period 1: load 4/3 hours",
    ),
    (
        ao.Problem(team(), desks(start=0, end=9)),
        [A, (1, "ana", "t1")],
        {"at_once": 2},
        "task 't0' and task 't1' at the same time",
    ),
    (
        ao.Problem(team(), desks(group="g")),
        [A, (1, "bo", "t1")],
        {},
        "group 'g' has two holders in period 1",
    ),
    (
        PLAIN.replace(rules=[ao.Pin("t0", "ana")]),
        [A, B],
        {},
        "goes to rep 'ana': broken in period 3",
    ),
    (
        PLAIN.replace(rules=[ao.CoverAll("t0")]),
        [A, C],
        {},
        "with all its roles: broken in period 2",
    ),
    (
        PLAIN.replace(rules=[ao.Together(["t0", "t1"])]),
        [A, (1, "bo", "t1")],
        {},
        "have the same owner: broken in period 1",
    ),
    (
        PLAIN.replace(rules=[ao.Apart(["t0", "t1"])]),
        [A, (1, "ana", "t1")],
        {"at_once": 2},
        "no rep holds two of the tasks 't0', 't1': broken in period 1",
    ),
    (
        PLAIN.replace(rules=[ao.MaxTasks(0, rep="ana")]),
        [A],
        {},
        "rep 'ana': at most 0 tasks: broken in period 1",
    ),
    (
        PLAIN.replace(rules=[ao.MinTasks(1, rep="ana")]),
        [A, B],
        {},
        "rep 'ana': at least 1 task: broken in period 3",
    ),
    (
        PLAIN.replace(rules=[ao.MaxLoad(0.5, rep="ana")]),
        [A],
        {},
        "a load of at most 0.5: broken in period 1",
    ),
    (
        PLAIN.replace(rules=[ao.MinLoad(1, rep="ana")]),
        [A, B],
        {},
        "a load of at least 1: broken in period 3",
    ),
    (PLAIN, [A], {"least": {("ana", "t0"): 2}}, "rep 'ana' holds task 't0' 1 times, least 2"),
    (PLAIN, [A, B], {"most": {"t0": 1}}, "rep 'ana' holds task 't0' 2 times, most 1"),
    (PLAIN, [A], {"cover_all": True}, "rep 'bo' holds task 't1' 0 times, least 1"),
    (PLAIN, [A], {"min_tenure": 2}, "holds task 't0' from in period 1 for 1, least 2"),
    (PLAIN, [A, B, C], {"max_tenure": 2}, "for 3, most 2"),
    (PLAIN, [A, C], {"cooldown": 2}, "1 after the last time, least 2"),
    (OWNED, [B], {"cooldown": 2}, "1 after the last time, least 2"),
    (OWNED, [B], {"min_tenure": 2}, "rep 'ana' gives up task 't0' after 1, least 2"),
    (OWNED, [A], {"max_tenure": 3, "held_since": 3}, "for 4, most 3"),
    (OWNED, [B], {"max_handovers": 0}, "1/0 handovers in period 1"),
    (PLAIN, [A], {"proportional": True}, "rep 'bo' has 0 of the 2 due by proportion"),
]


@pytest.mark.parametrize(("problem", "turns", "options", "words"), TAMPERED)
def test_the_checker_sees_every_fault(
    problem: ao.Problem, turns: Any, options: dict[str, Any], words: str
) -> None:
    assert words in faults(problem, turns, **options)


def test_the_checker_sees_wrong_squads() -> None:
    problem = ao.Problem([ao.Rep("ana", skills={"sql"}), *team("bo", "cy")], desks())
    squads = [
        Squad("s", 1, [1], lead={"sql"}),
        Squad("q", 1, [1, 2], members=["bo", "cy"]),
    ]
    said = {"squads": squads}
    assert not faults(problem, [(3, "ana", "t0")], [["ana"], ["bo"]], **said)
    assert faults(problem, [], [["ana"]], **said) == "1 of 2 squads"
    assert "squad 's' has 2/1 members" in faults(problem, [], [["ana", "cy"], ["bo"]], **said)
    assert "squad 's' has nobody to lead it" in faults(problem, [], [["cy"], ["bo"]], **said)
    assert "rep 'ana' may not be in squad 'q'" in faults(problem, [], [["ana"], ["ana"]], **said)
    assert "rep 'bo' is in two squads at once" in faults(problem, [], [["bo"], ["bo"]], **said)
    assert "is in squad 's' in period 1" in faults(problem, [A], [["ana"], ["bo"]], **said)


def test_a_rotation_that_is_not_as_asked_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(counts: Any, rep: Any, task: Any, periods: int) -> Any:
        grid = deal(counts, rep, task, periods)
        grid[:, 0] = True
        return grid

    monkeypatch.setattr(searching, "deal", twice)
    with pytest.raises(ao.EngineError, match=r"a rotation is not as asked: .*holders in period 1"):
        rotate(PLAIN, 3)


def test_what_is_written_is_plain_json() -> None:
    ways: dict[str, Any] = {
        "seats": {"t0": 2},
        "at_once": None,
        "max_tenure": 2,
        "least": {"t0": 1, ("ana", "t1"): 1},
        "most": 2,
        "absent": {"bo": [1]},
        "held_since": {"t0": 1},
        "squads": [Squad("s", 1, [3], members=["cy"])],
    }
    found = rotate(OWNED, 3, **ways)
    data = json.loads(found.to_json(indent=1))
    again = Rotation.from_json(json.dumps(data))
    assert again == found
    assert again.asked == found.asked
    assert again.schedule.equals(found.schedule)
    assert again.squads.equals(found.squads)
