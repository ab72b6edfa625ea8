"""What holds for every policy: candidates only, state as data, same seed same decisions."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import assignopt as ao
from assignopt import policies as P  # noqa: N812
from assignopt.plan import Reason

ALL = [
    P.BalanceThenTrim(balance="value", trim="count", limit=4),
    P.BySeniority(tag="hired"),
    P.FilterAndScore({"fit": 1.0, "wait": 0.5, "skills": 1.0, "room": 0.2, "owner": 3.0}),
    P.FilterAndScore(),
    P.FirstMatch([({"kind": "a"}, ["r0", "r1"]), (None, {"team": "north"})], default="r2"),
    P.FirstMatch([({"kind": "a"}, None)], inner=P.RoundRobin()),
    P.GreedyFit(),
    P.GreedyValue(),
    P.HoldOut(ahead=2, reset="day"),
    P.LeastLoaded(),
    P.LeastOpen(max_open=3),
    P.Level(),
    P.Level(reset="week", priority="hired", credit_back=False),
    P.LongestWait(),
    P.LongestWait(by="kind", within=24),
    P.Modulo(),
    P.MostAvailable(),
    P.MostAvailable(capacity="room", only_with_room=True, within=24),
    P.PoolAndClaim(cap=3, days=1, cooling=2),
    P.Random(),
    P.Random(weighted=True),
    P.RoundRobin(),
    P.RoundRobin(on_change="keep"),
    P.SerialDictatorship(),
    P.SerialDictatorship(order="random"),
    P.SharedBackup("r3"),
    P.SkillsFirst(timeout=600, then="least_active"),
    P.Sticky(P.Level(), by="kind"),
    P.Sticky(P.Waterfall([(None, "r1")], rest="spread")),
    P.TeamLottery(capacity="room"),
    P.TeamLottery(ties="seniority"),
    P.TeamLottery(ties="longest_wait"),
    P.Waterfall([({"kind": "a"}, ["r0"]), (None, {"team": "south"})], rest="spread"),
    P.WeightedRoundRobin(),
    P.WeightedRoundRobin(tags={"team": 2.0}, on_change="keep"),
]
every_policy = pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name[:60])

TEAMS = ("north", "south")
SKILLS = ("sql", "de")


@cache
def team():
    reps = [
        ao.Rep(
            f"r{n}",
            capacity=(None, 6, 9, 4)[n],
            skills=SKILLS[: n % 3],
            fit={"smb": 0.3 + 0.2 * n},
            weight=n + 1,
            available=[(0.0, 40_000.0), (60_000.0, 1e9)] if n == 1 else None,
            tags={"team": TEAMS[n % 2], "hired": 9 - n, "room": 3 + n},
        )
        for n in range(4)
    ]
    tasks = [ao.Task("t3"), ao.Task("t7")]
    rules = [ao.Forbid(task="t7", rep="r0"), ao.MaxTasks(rep="r1", n=4, per="day")]
    bids = [{"rep_id": "r2", "task_id": "t3", "weight": 2}]
    return ao.Problem(reps, tasks, preferences=bids, rules=rules)


FIELDS = {
    "effort": [0.0, 1.0, 2.5],
    "value": [0.0, 1.0, 3.0],
    "customer_type": [None, "smb", "key"],
    "requires": [{}, {}, {"sql": 1}],
    "prefers": [{}, {"de": 1, "sql": 2}],
    "owner": [None, None, "r2"],
    "tags": [{}, {"kind": "a"}, {"kind": "b"}],
}
KINDS = ["task"] * 6 + ["batch", "release", "credit", "away", "hand", "again", "join"]


def story(seed, events=30):
    """Events of all kinds, drawn."""
    luck = Random(seed)

    def task():
        return {name: luck.choice(values) for name, values in FIELDS.items()}

    for _ in range(events):
        kind = luck.choice(KINDS)
        if kind == "task":
            yield kind, task()
        elif kind == "batch":
            yield kind, [task() for _ in range(luck.randrange(5))]
        else:
            yield kind, luck.randrange(10)


class Play:
    """A router to which events happen; everything that it decided."""

    def __init__(self, policy, seed=0):
        self.policy, self.seed = policy, seed
        self.router = ao.Router(team(), policy=policy, seed=seed)
        self.number, self.now, self.left = 0, 0.0, []
        self.decisions = []

    def task(self, fields):
        self.number += 1
        return ao.Task(f"t{self.number}", **fields)

    def restart(self):
        text = json.dumps(json.loads(self.router.to_json()))
        self.router = ao.Router(team(), policy=self.policy, state=text)

    def happen(self, kind, what):
        self.now += 5000.0
        router, held = self.router, list(self.router.held)
        match kind:
            case "task":
                self._note([router.assign(self.task(what), at=self.now)])
            case "batch":
                batch = [self.task(one) for one in what]
                self._note(router.assign_many(batch, at=self.now))
            case "hand":
                self._note([router.assign(self.task({}), to=f"r{what % 4}", at=self.now)])
            case "again" if self.left:
                self._note([router.assign(ao.Task(self.left.pop(0)), at=self.now)])
            case "release" if held:
                router.release(held[what % len(held)], at=self.now)
                self.left.append(held[what % len(held)])
            case "credit" if held:
                router.credit_back(held[what % len(held)], at=self.now)
            case "away":
                name = f"r{what % 4}"
                router.set_available(name, not router.view.available[name], at=self.now)
            case "join":
                router.add_rep(ao.Rep(f"r{4 + what}", capacity=3 + what), at=self.now)

    def _note(self, decisions):
        for one in decisions:
            assert (one.rep_id is None) == (one.reason is not None)
            assert "named rep" not in one.detail, one
        self.decisions += decisions


@every_policy
@pytest.mark.parametrize("seed", range(4))
def test_a_choice_is_a_candidate_or_a_reason_and_state_goes_out_and_comes_back(policy, seed):
    through, stopped = Play(policy, seed), Play(policy, seed)
    for number, (kind, what) in enumerate(story(seed)):
        through.happen(kind, what)
        if number % 7 == seed:
            stopped.restart()
        stopped.happen(kind, what)
    assert stopped.decisions == through.decisions
    assert len(through.decisions) > 10
    assert stopped.router.state == through.router.state
    again = ao.Router.replay(team(), through.router.log_to_json(), policy, seed=seed)
    assert again.state == through.router.state


@every_policy
def test_to_choose_changes_nothing_and_says_the_same_twice(policy):
    play = Play(policy, seed=1)
    for number, (kind, what) in enumerate(story(5)):
        play.happen(kind, what)
        view, before = play.router.view, play.router.to_json()
        seen = view.candidates, view.pairs
        task = ao.Task(f"asked{number}", prefers={"de": 1}, tags={"kind": "a"}, owner="r2")
        first, second = (view.ask(task, policy.choose) for _ in range(2))
        assert first == second
        assert first is None or first in view.may_take(task) or isinstance(first, Reason)
        assert (view.candidates, view.pairs) == seen
        assert play.router.to_json() == before


@every_policy
def test_names_options_and_equality(policy):
    assert policy == policy
    assert (policy == P.Policy()) is False
    assert policy.name.startswith(type(policy).__name__)
    assert repr(policy).endswith(")")
    assert repr(policy) in repr(P.Sticky(policy))


SPREAD_ONE = [
    P.RoundRobin(),
    P.RoundRobin(on_change="keep"),
    P.WeightedRoundRobin(),
    P.LongestWait(),
    P.Level(),
    P.HoldOut(),
    P.LeastOpen(),
    P.LeastLoaded(),
    P.MostAvailable(),
    P.GreedyFit(),
    P.GreedyValue(),
    P.Modulo(),
    P.SkillsFirst(),
    P.FilterAndScore({"count": 1.0}),
    P.FirstMatch([(None, None)]),
    P.Sticky(P.LongestWait()),
    P.TeamLottery(capacity="leads", ties="longest_wait"),
    P.Waterfall([(None, None)]),
    P.BalanceThenTrim(trim="count"),
]


@pytest.mark.parametrize("policy", SPREAD_ONE, ids=lambda policy: policy.name)
@pytest.mark.parametrize("seed", range(4))
def test_equal_reps_and_many_small_batches_spread_by_at_most_one(policy, seed):
    luck = Random(seed)
    names = [f"r{n}" for n in range(2 + seed)]
    problem = ao.Problem([ao.Rep(n, tags={"leads": 9000}) for n in names], [])
    state, counts, number = None, Counter(dict.fromkeys(names, 0)), 0
    for run in range(15):  # what Odoo lost between two runs is in the state here
        router = ao.Router(problem, policy=policy, state=state)
        batch = [ao.Task(f"t{number + k}") for k in range(luck.randint(1, 3))]
        number += len(batch)
        decisions = router.assign_many(batch, at=run * seed * 30_000.0)
        counts.update(one.rep_id for one in decisions)
        assert max(counts.values()) - min(counts.values()) <= 1
        state = router.to_json()
    assert sum(counts[name] for name in names) == number


# -- options ---------------------------------------------------------------------------------------

BAD = [
    (lambda: P.RoundRobin(on_change="never"), "'never' is unknown; allowed: 'reset', 'keep'"),
    (lambda: P.WeightedRoundRobin(tags={"a": 0}), "0 is out of range; allowed is a finite number"),
    (lambda: P.WeightedRoundRobin(tags=[]), "no mapping of names to numbers"),
    (lambda: P.SharedBackup(None), "None is not the id of a rep"),
    (lambda: P.SharedBackup(3), "3 is not the id of a rep"),
    (lambda: P.LongestWait(within=121), "allowed is a number of at least 0 and at most 120"),
    (lambda: P.LongestWait(by=""), "'' is not the name of a tag"),
    (lambda: P.MostAvailable(only_with_room=1), "1 is not True or False"),
    (lambda: P.HoldOut(ahead=0), "0 is out of range; allowed is a whole number of at least 1"),
    (lambda: P.HoldOut(reset="year"), "'year' is unknown; allowed: None, 'day', 'week', 'month'"),
    (lambda: P.Level(credit_back="no"), "'no' is not True or False"),
    (lambda: P.LeastOpen(max_open=2.5), "allowed is a whole number of at least 1"),
    (lambda: P.SkillsFirst(timeout=0), "0 is out of range; allowed is a number above 0"),
    (lambda: P.SkillsFirst(timeout=float("nan")), "nan is out of range"),
    (lambda: P.FilterAndScore({"luck": 1}), "'luck' is unknown; known: fit, skills, owner, room"),
    (lambda: P.TeamLottery(ties="age"), "'age' is unknown; allowed: 'seniority', 'random'"),
    (lambda: P.Sticky("ana"), "'ana' is no policy. Give one of assignopt.policies"),
    (lambda: P.FirstMatch([]), "is no list of (task selector, rep selector)"),
    (lambda: P.FirstMatch(["ana"]), "'ana' is no pair"),
    (lambda: P.FirstMatch([(3, "ana")]), "3 selects nothing. Give an id, a list of ids"),
    (lambda: P.Waterfall([(None, None)], rest="lost"), "'lost' is unknown"),
    (lambda: P.BalanceThenTrim(limit=-1), "-1 is out of range; allowed is a number of at least 0"),
    (lambda: P.SerialDictatorship(order="bids"), "'bids' is unknown; allowed: 'team', 'random'"),
    (lambda: P.PoolAndClaim(cap=True), "True is out of range"),
    (lambda: P.PoolAndClaim(days=-1, cooling="x"), "PoolAndClaim: 2 faults"),
    (lambda: P.Random(weighted=None), "None is not True or False"),
]


@pytest.mark.parametrize(("make", "words"), BAD, ids=[words[:40] for _, words in BAD])
def test_bad_options_say_what_is_allowed(make, words):
    with pytest.raises(ValidationError) as caught:
        make()
    assert words in str(caught.value)


def test_numbers_of_a_seller_that_are_none_are_named():
    problem = ao.Problem([ao.Rep("ana", tags={"room": "much"})], [])
    with pytest.raises(ValidationError, match="tag 'room' of rep 'ana' is 'much'"):
        ao.Router(problem, policy=P.TeamLottery(capacity="room"))
    router = ao.Router(problem, policy=P.MostAvailable(capacity="room"))
    with pytest.raises(ValidationError, match="which is no number"):
        router.assign(ao.Task("t"))
    assert router.held == {}


@pytest.mark.parametrize(
    ("policy", "tags"),
    [
        (P.TeamLottery(capacity="room"), {"room": "much"}),
        (P.BySeniority(tag="room"), {"room": "a"}),
    ],
)
def test_whoever_joins_with_a_faulty_tag_does_not_spoil_the_stream(policy, tags):
    router = ao.Router(ao.Problem([ao.Rep("ana", tags={"room": 900})], []), policy=policy)
    router.add_rep(ao.Rep("bo", tags=tags))
    if isinstance(policy, P.TeamLottery):
        with pytest.raises(ValidationError, match="tag 'room' of rep 'bo' is 'much'"):
            router.assign(ao.Task("t"))
        assert router.view.step == 0
        router.add_rep(ao.Rep("bo", tags={"room": 0}))
    assert router.assign(ao.Task("t")).rep_id == "ana"


def test_a_class_of_a_policy_stands_for_an_object_of_it():
    assert P.Sticky(P.RoundRobin) == P.Sticky(P.RoundRobin())


# -- a user's own ----------------------------------------------------------------------------------


class Names(P.Policy):
    """Names somebody, whatever the state says."""

    def __init__(self, rep_id, *, twice=False):
        self.rep_id, self.twice = rep_id, twice

    def choose(self, task, state):
        return self.rep_id


@pytest.mark.parametrize(
    ("rep_id", "reason", "words"),
    [
        ("eve", Reason.NO_REP, "rep 'eve' is unknown"),
        ("bo", Reason.EXCLUDED, "rep 'bo' is not eligible for it"),
        ("cy", Reason.NO_CAPACITY, "load 1/1 hours, it takes 1"),
        ("dan", Reason.NO_AVAILABILITY, "rep 'dan' may not have it: not available"),
    ],
)
def test_a_policy_that_names_somebody_who_may_not_is_refused_logged_and_changes_nothing(
    rep_id, reason, words
):
    reps = [ao.Rep("ana", skills={"de"}), ao.Rep("bo"), ao.Rep("cy", capacity=1, skills={"de"})]
    reps.append(ao.Rep("dan", skills={"de"}))
    router = ao.Router(ao.Problem(reps, []), policy=Names(rep_id))
    router.set_available("dan", False)
    router.assign(ao.Task("full"), to="cy")
    before = router.state
    for many in (False, True):
        task = ao.Task("t", requires={"de"})
        decision = router.assign_many([task])[0] if many else router.assign(task)
        assert (decision.rep_id, decision.reason) == (None, reason)
        assert decision.detail.startswith(f"policy Names(rep_id={rep_id!r}) named rep {rep_id!r}")
        assert words in decision.detail
        assert decision.detail in router.log.detail.tolist()[-1]
    after = router.state
    assert {**before, "step": 0} == {**after, "step": 0}


def test_options_of_ones_own_policy_are_its_arguments_that_differ():
    assert Names("ana").name == "Names(rep_id='ana')"
    assert Names("ana", twice=True).options() == {"rep_id": "ana", "twice": True}
    assert Names("ana") == Names("ana") != Names("bo")
    assert P.Policy().name == "Policy"
    with pytest.raises(NotImplementedError, match="does not say who takes a task"):
        ao.Router(ao.Problem([ao.Rep("ana")], []), policy=P.Policy()).assign(ao.Task("t"))


class Batch(P.Policy):
    """What is given, as the choices of a batch."""

    def __init__(self, rows):
        self.rows = rows

    def choose(self, task, state):
        return state.candidates[0]

    def choose_many(self, tasks, state):
        plain = self.rows is None or isinstance(self.rows, list | int)
        return self.rows if plain else iter(self.rows)


def batch_of(rows, size=2):
    router = ao.Router(
        ao.Problem([ao.Rep("ana", max_tasks=1), ao.Rep("bo")], []), policy=Batch(rows)
    )
    return router.assign_many([ao.Task(f"t{n}") for n in range(size)])


def test_a_batch_may_be_decided_as_a_list_step_by_step_or_not_at_all():
    assert [one.rep_id for one in batch_of(["bo", "ana"])] == ["bo", "ana"]
    assert [one.rep_id for one in batch_of(((1, "ana"), (0, "bo")))] == ["bo", "ana"]
    assert [one.rep_id for one in batch_of(None)] == ["ana", "bo"]
    left_out = batch_of(((1, "ana"),))
    assert [(one.rep_id, one.reason) for one in left_out] == [
        (None, Reason.DOMINATED),
        ("ana", None),
    ]
    full = batch_of(["ana", "ana"])
    assert full[1].reason is Reason.NO_CAPACITY


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["ana"], "made 1 choices for 2 tasks"),
        (((0, "ana"), (0, "bo")), "place 0 is chosen for twice"),
        (((2, "ana"),), "place 2 is out of range"),
        (((0.0, "ana"),), "place 0.0 is out of range"),
        ((("ana",),), "yielded .'ana',. in a batch"),
        (5, "made 5 of a batch"),
    ],
)
def test_a_batch_with_wrong_places_is_an_error(rows, words):
    with pytest.raises(ValueError, match=words):
        batch_of(rows)


class Asks(P.Policy):
    """Takes the tasks of a batch in the order of their bids, each as the first candidate says."""

    def choose(self, task, state):
        return state.candidates[-1]

    def choose_many(self, tasks, state):
        for place in sorted(
            range(len(tasks)), key=lambda n: -sum(state.bids_of(tasks[n].id).values())
        ):
            assert state.candidates == ()
            yield place, state.ask(tasks[place], self.choose)


def test_in_a_batch_the_state_answers_who_may_what_one_would_say_and_what_is_bid():
    batch = [ao.Task("t0"), ao.Task("t1")]
    rows = [{"rep_id": "ana", "task_id": "t1", "weight": 1}]
    rows += [{"rep_id": "ana", "task_id": "t1", "weight": 2, "by": "bo"}]
    reps = [ao.Rep("ana"), ao.Rep("bo", max_tasks=1)]
    router = ao.Router(ao.Problem(reps, batch, preferences=rows), policy=Asks())
    assert [one.rep_id for one in router.assign_many(batch)] == ["ana", "bo"]
    assert set(router.view.bids_of("t1")) == {"ana"}
    assert router.view.bids_of("t1")["ana"] > 1
    assert router.view.bids_of("t0") == {}
    assert router.view.may_take(ao.Task("x")) == ["ana"]


class Learns(P.Policy):
    """Learns how many tasks have come."""

    every = 2

    def begin(self, state):
        state.memory["learned"] = None

    def choose(self, task, state):
        return state.candidates[0]

    def price(self, task, rep_id, state):
        return float(state.memory["learned"] or 0)

    def snapshot(self, state):
        return state.step

    def learn(self, snapshot):
        return snapshot * 10

    def install(self, learned, state):
        state.memory["learned"] = learned


def test_what_is_around_a_policy_lets_it_learn_and_shows_its_prices():
    router = ao.Router(ao.Problem([ao.Rep("ana")], []), policy=P.Sticky(Learns()))
    assert [router.assign(ao.Task(f"t{n}")).price for n in range(5)] == [0, 0, 20, 20, 40]
    assert router.view.memory["inner"] == {"learned": 40}
    waits = P.Sticky(P.LongestWait(within=2))
    assert waits.waits == 7200


# -- the catalogue ---------------------------------------------------------------------------------


def test_the_catalogue_lists_every_policy_with_one_line_and_a_source():
    frame = P.catalogue()
    assert list(frame.columns) == ["policy", "rule", "source"]
    assert P.__all__ == sorted(P.__all__)
    assert frame.policy.tolist() == [
        name
        for name in P.__all__
        if isinstance(getattr(P, name), type)
        and issubclass(getattr(P, name), P.Policy)
        and name != "Policy"
    ]
    assert frame.rule.str.endswith(".").all()
    assert frame.source.str.len().gt(0).all()
    assert isinstance(frame.dtypes["rule"], type(pd.Series(dtype="str").dtype))
    assert {type(policy).__name__ for policy in ALL} <= set(frame.policy)


def test_the_page_on_policies_has_a_row_for_each():
    page = (Path(__file__).parent.parent / "docs" / "policies.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    for name in P.catalogue().policy:
        assert any(f"`{name}" in row for row in rows), name


@every_policy
def test_a_rep_who_is_entitled_to_nothing_breaks_no_policy(policy):
    team = ao.Problem([ao.Rep(f"r{n}", capacity=0, tags={"room": 1}) for n in range(4)], [])
    router = ao.Router(team, policy=policy)
    said = router.assign(ao.Task("free", effort=0, tags={"kind": "a"}))
    assert said.rep_id in (*team.reps, None)


def test_a_policy_within_another_learns_when_it_is_time():
    problem = ao.Problem([ao.Rep("ana", max_tasks=500)], [])
    around = P.Sticky(P.Prices())
    router = ao.Router(problem, policy=around, horizon=900)
    due = []
    for n in range(200):
        router.assign(ao.Task(f"t{n}"))
        due.append(around.due(router.view))
    assert [n for n, one in enumerate(due, 1) if one] == [25, 50, 100, 200]


@pytest.mark.parametrize("policy", [P.LongestWait, P.MostAvailable])
def test_who_is_never_there_again_may_have_a_task_at_a_time_before(policy):
    team = [ao.Rep("ana", available=[(0, 10)]), ao.Rep("bo")]
    router = ao.Router(ao.Problem(team, []), policy=policy(within=24))
    assert router.assign(ao.Task("t", start=3, end=5), at=20).rep_id == "bo"
    router.set_available("bo", False)
    assert router.assign(ao.Task("u", start=3, end=5), at=20).rep_id == "ana"


def test_a_newcomer_is_not_calibrated_by_who_is_entitled_to_nothing():
    team = ao.Problem([ao.Rep("ana"), ao.Rep("none", capacity=0)], [])
    router = ao.Router(team, policy=P.Level())
    for n in range(3):
        router.assign(ao.Task(f"t{n}"))
    router.add_rep(ao.Rep("new"))
    assert {router.assign(ao.Task(f"u{n}")).rep_id for n in range(2)} == {"ana", "new"}
    assert "Infinity" not in router.to_json()


def test_levels_that_differ_by_rounding_are_ties():
    reps = [ao.Rep("a"), ao.Rep("b"), ao.Rep("c", weight=3), ao.Rep("d"), ao.Rep("e")]
    router = ao.Router(ao.Problem(reps, []), policy=P.Level(reset=None))
    for name in "ab":
        router.set_available(name, False)
    for n in range(9):
        router.assign(ao.Task(f"t{n}"))
    for name in "ab":
        router.set_available(name, True)
    level = router.policy.level
    levels = [level(name, router.view) for name in "ab"]
    assert levels[0] == pytest.approx(levels[1])
    lowest = min(level(rep.id, router.view) for rep in reps)
    first = next(r.id for r in reps if level(r.id, router.view) == pytest.approx(lowest))
    assert router.assign(ao.Task("next")).rep_id == first


def test_any_rep_id_can_be_learned_from():
    problem = ao.Problem([ao.Rep("a\x1fb", max_tasks=9), ao.Rep("c", max_tasks=9)], [])
    router = ao.Router(problem, policy=P.Prices(every=2))
    assert all(router.assign(ao.Task(f"t{n}")).rep_id for n in range(6))


def test_reasons_are_those_of_whom_a_rule_names():
    later = ao.Rep("ana", available=[(100, 200)])
    first = P.FirstMatch([(None, "ana")])
    fall = P.Waterfall([(None, "ana")])
    for policy in (first, fall):
        router = ao.Router(ao.Problem([later, ao.Rep("bo")], []), policy=policy)
        assert router.assign(ao.Task("t"), at=0).reason == ao.Reason.NO_AVAILABILITY
        capped = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [], rules=[ao.MaxTasks(0, rep="ana")])
        router = ao.Router(capped, policy=policy)
        assert router.assign(ao.Task("t")).reason == ao.Reason.PERIOD_CAP
        router = ao.Router(
            ao.Problem([ao.Rep("ana"), ao.Rep("bo", skills={"x"})], []), policy=policy
        )
        assert router.assign(ao.Task("t", requires={"x"})).reason == ao.Reason.EXCLUDED


def test_what_is_credited_back_does_not_count_for_hold_out_and_lottery():
    team = ao.Problem([ao.Rep("a", tags={"l": 30}), ao.Rep("b", tags={"l": 0})], [])
    router = ao.Router(team, policy=P.TeamLottery(capacity="l"))
    assert router.assign(ao.Task("t0"), at=0).rep_id == "a"
    router.credit_back("t0", at=1)
    assert router.assign(ao.Task("t1"), at=2).rep_id == "a"
    router = ao.Router(team, policy=P.HoldOut(ahead=1))
    router.assign(ao.Task("t0"))
    router.credit_back("t0")
    assert router.assign(ao.Task("t1")).rep_id == "a"


def test_a_policy_cannot_make_candidates():
    class Grasping(P.Policy):
        def choose(self, task, state):
            state.candidates = ["ana"]
            return "ana"

    problem = ao.Problem([ao.Rep("ana", max_tasks=1), ao.Rep("bo")], [])
    router = ao.Router(problem, policy=Grasping())
    assert [router.assign(ao.Task(f"t{n}")).rep_id for n in range(3)] == ["ana", None, None]
    assert router.audit().ok


def random_batch(seed):
    """Draw a team under caps, owners, wishes and an objective, and a batch for it."""
    draw = Random(seed)
    names = ["a", "b", "c"]
    reps = [
        ao.Rep(
            name,
            fit={kind: draw.choice([0.2, 0.5, 0.9]) for kind in "xy"},
            max_tasks=draw.choice([None, 1, 2]),
            capacity=draw.choice([None, 3]),
        )
        for name in names
    ]
    tasks = [
        ao.Task(
            f"t{n}",
            customer_type=draw.choice("xy"),
            value=draw.choice([1, 2, 5]),
            effort=draw.choice([1, 2]),
            owner=draw.choice([None, *names]),
        )
        for n in range(4)
    ]
    rules = draw.sample(
        [
            ao.MaxTasks(1),
            ao.MaxTasks(1, task={"customer_type": "x"}),
            ao.MaxTasks(2, rep=["a", "b"]),
        ],
        draw.randint(0, 2),
    )
    wishes = [{"rep_id": draw.choice(names), "task_id": f"t{n}", "weight": n + 1} for n in range(2)]
    last = draw.choice([ao.Value(), ao.Moves(), ao.Preference(), ao.Fairness("leximax")])
    return ao.Problem(
        reps, tasks, rules=rules, preferences=wishes, objective=[ao.Coverage(), last, ao.Value()]
    )


@pytest.mark.parametrize("seed", range(25))
def test_a_batch_is_decided_as_well_as_a_solve_decides_it(seed):
    problem = random_batch(seed)
    router = ao.Router(problem, policy=P.Optimal())
    found = router.assign_many(list(problem.tasks.values()))
    assert not any("named rep" in one.detail for one in found)
    taken = [(one.task_id, one.rep_id) for one in found if one.rep_id]
    mine = ao.audit(problem, pd.DataFrame(taken, columns=["task_id", "rep_id"]))
    assert mine.ok
    best = ao.solve(problem)
    assert mine.terms["value"].tolist() == pytest.approx(best.terms["value"].tolist())


def test_a_batch_keeps_loads_close_and_knows_caps_of_the_day():
    near = ao.Problem([ao.Rep("a"), ao.Rep("b")], [], rules=[ao.MaxLoadGap(1)])
    router = ao.Router(near, policy=P.Optimal())
    found = router.assign_many([ao.Task(f"t{n}") for n in range(6)])
    assert sorted(one.rep_id for one in found) == ["a"] * 3 + ["b"] * 3
    reps = [ao.Rep("a", fit={"x": 0.9}), ao.Rep("b", fit={"x": 0.8})]
    daily = ao.Problem(
        reps, [], rules=[ao.MaxTasks(2, per="day")], objective=[ao.Coverage(), ao.Value()]
    )
    router = ao.Router(daily, policy=P.Optimal())
    router.assign(ao.Task("first", customer_type="x"), at=5)
    router.release("first")
    found = router.assign_many([ao.Task(f"t{n}", customer_type="x") for n in range(4)], at=9)
    assert [one.rep_id is None for one in found].count(True) == 1
    assert router.view.count == {"a": 2, "b": 2}


def test_an_exact_choice_keeps_to_whom_it_is_asked_about():
    problem = ao.Problem(
        [ao.Rep("ana", fit={"x": 0.9}), ao.Rep("bo", fit={"x": 0.5})],
        [],
        objective=[ao.Coverage(), ao.Value()],
    )
    lead = ao.Task("t", customer_type="x")
    router = ao.Router(problem, policy=P.FirstMatch([(None, "bo")], inner=P.Optimal()))
    assert router.assign(lead).rep_id == "bo"
    router = ao.Router(problem, policy=P.Optimal())
    assert router.assign(lead, pairs=["bo"]).rep_id == "bo"
    worth = {"bo": {"value": 9}, "ana": {"value": 1}}
    assert router.assign(ao.Task("u", customer_type="x"), pairs=worth).rep_id == "bo"


def test_rounding_of_what_was_credited_back_does_not_stop_a_solve():
    router = ao.Router(ao.Problem([ao.Rep("a")], []), policy=P.Optimal())
    router.assign(ao.Task("zero", value=0))
    for n, value in enumerate((0.1, 0.7, 0.3, 0.2)):
        router.assign(ao.Task(f"t{n}", value=value))
    for n in (3, 1, 0, 2):
        router.credit_back(f"t{n}")
    assert router.assign(ao.Task("x")).rep_id == "a"


def test_a_faulty_objective_is_told_at_once():
    with pytest.raises(ValidationError, match="objective"):
        P.Optimal(objective=3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: P.Prices.from_plan(ao.Problem([ao.Rep("a")], [])), "is no plan"),
        (lambda: P.Sticky(P.Sticky), "Sticky needs options: inner"),
        (lambda: P.HoldOut(reset=[1, 2]), "is unknown; allowed"),
        (lambda: P.BalanceThenTrim(balance=None), "is not a number of the tasks"),
        (lambda: P.BalanceThenTrim(trim=None), "is not a number of the tasks"),
        (lambda: P.HoldOut(ahead=True), "whole number"),
        (
            lambda: ao.Router(ao.Problem([ao.Rep("a")], []), policy=P.SharedBackup),
            "SharedBackup needs options",
        ),
        (lambda: ao.Router(ao.Problem([ao.Rep("a")], []), clock=3), "is no function"),
    ],
)
def test_what_cannot_be_used_is_told_when_it_is_given(make, words):
    with pytest.raises(ValidationError, match=words):
        make()


def test_numbers_of_numpy_are_numbers():
    assert P.HoldOut(ahead=np.int64(3)) == P.HoldOut(ahead=3)
    assert type(P.Prices(every=np.int64(5)).every) is int
    assert P.LongestWait(within=np.float64(24)) == P.LongestWait(within=24)
    assert ao.Router(ao.Problem([ao.Rep("a")], []), seed=np.int64(1)).view.seed == 1


@pytest.mark.parametrize("number", [np.int64(1), np.float32(1), np.float64(1), 1, 1.0])
def test_numbers_of_numpy_in_a_mapping_are_numbers(number):
    price = P.Prices(prices={"a": number}).prices["a"]
    assert price == 1
    assert type(price) in (int, float)
    with pytest.raises(ValidationError, match="out of range"):
        P.Prices(prices={"a": np.bool_(number)})


@pytest.mark.parametrize("policy", [P.Level, P.HoldOut])
def test_months_are_those_of_any_time(policy):
    router = ao.Router(ao.Problem([ao.Rep("a")], []), policy=policy())
    assert [router.assign(ao.Task(f"t{n}"), at=at).rep_id for n, at in enumerate((0, 1e13))] == [
        "a"
    ] * 2
