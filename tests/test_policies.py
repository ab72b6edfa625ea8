"""The vendors' own worked examples, to the digit, and the bugs of live CRMs as stories."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from pydantic import ValidationError

import assignopt as ao
from assignopt import policies as P  # noqa: N812
from assignopt.plan import Reason

DAY = 86_400.0


def team(*names, **fields):
    return ao.Problem([ao.Rep(name, **fields) for name in names], [])


def clock(text):
    hours, minutes = text.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0


class Stream:
    """A router with task ids of its own."""

    def __init__(self, problem, policy, **options):
        self.router = ao.Router(problem, policy=policy, **options)
        self.number = 0

    def next(self, to=None, at=None, pairs=None, **fields):
        self.number += 1
        task = ao.Task(f"t{self.number}", **fields)
        return self.router.assign(task, to=to, at=at, pairs=pairs)

    def who(self, tasks=1, **fields):
        return [self.next(**fields).rep_id for _ in range(tasks)]

    def counts(self, tasks, **fields):
        return Counter(self.who(tasks, **fields))


# -- HubSpot, Distribution Engine, Frappe, Vacademy, Cal-ID, 伙伴云: going round -------------------


def test_hubspot_goes_a_b_c_and_starts_all_over_when_a_member_is_added_or_removed():
    stream = Stream(team("ana", "bo", "cy"), P.RoundRobin())
    assert stream.who(4) == ["ana", "bo", "cy", "ana"]
    stream.router.add_rep(ao.Rep("dan"))
    assert stream.who(3) == ["ana", "bo", "cy"]
    stream.router.set_available("bo", False)
    assert stream.who(4) == ["ana", "cy", "dan", "ana"]


def test_hubspot_idea_211261_whoever_is_back_gets_all_that_was_missed_where_counts_are_kept():
    stream = Stream(team("ana", "bo"), P.RoundRobin(on_change="keep"))
    stream.router.set_available("bo", False)
    stream.who(5)
    stream.router.set_available("bo", True)
    assert stream.who(6) == ["bo"] * 5 + ["ana"]
    again = Stream(team("ana", "bo"), P.LongestWait())
    again.router.set_available("bo", False)
    again.who(5)
    again.router.set_available("bo", True)
    assert again.who(4) == ["bo", "ana", "bo", "ana"]


def test_a_newcomer_to_a_rotation_that_keeps_counts_starts_with_the_least_of_the_others():
    stream = Stream(team("ana", "bo"), P.RoundRobin(on_change="keep"))
    stream.who(5)
    stream.router.add_rep(ao.Rep("cy"))
    assert stream.who(4) == ["bo", "cy", "ana", "bo"]


def test_distribution_engine_weight_2_is_two_per_cycle_and_a_half_is_skipped_every_other_cycle():
    reps = [ao.Rep("two", weight=2), ao.Rep("one", weight=1), ao.Rep("half", weight=0.5)]
    stream = Stream(ao.Problem(reps, []), P.WeightedRoundRobin())
    first, second = ["two", "two", "one", "half"], ["two", "two", "one"]
    assert stream.who(14) == first + second + first + second


def test_distribution_engine_of_several_weight_tags_the_highest_wins():
    reps = [
        ao.Rep("both", tags={"senior": True, "trainee": True}),
        ao.Rep("trainee", tags={"trainee": True}),
        ao.Rep("was senior", tags={"senior": False}),
    ]
    policy = P.WeightedRoundRobin(tags={"senior": 2.0, "trainee": 0.5})
    stream = Stream(ao.Problem(reps, []), policy)
    assert stream.counts(7) == {"both": 4, "trainee": 1, "was senior": 2}


def test_frappe_one_to_three_is_a_deterministic_cycle():
    reps = [ao.Rep("first", weight=1), ao.Rep("second", weight=3)]
    stream = Stream(ao.Problem(reps, []), P.WeightedRoundRobin())
    assert stream.who(8) == ["first", "second", "second", "second"] * 2


def test_a_weight_that_is_no_binary_fraction_is_exact_over_cycles():
    reps = [ao.Rep("tenth", weight=0.1), ao.Rep("one", weight=1)]
    stream = Stream(ao.Problem(reps, []), P.WeightedRoundRobin())
    assert stream.counts(1100) == {"tenth": 100, "one": 1000}


def test_a_change_of_weights_holds_from_then_on():
    stream = Stream(team("ana", "bo"), P.WeightedRoundRobin())
    stream.who(3)
    stream.router.add_rep(ao.Rep("bo", weight=2))
    assert stream.who(5) == ["bo", "bo", "ana", "bo", "bo"]


def test_vacademy_2170_the_turns_of_those_away_all_fell_on_one_shared_backup():
    names = ("ana", "bo", "cy", "dan")
    flawed = Stream(team(*names, "zed"), P.SharedBackup("zed"))
    sound = Stream(team(*names, "zed"), P.RoundRobin())
    for stream in (flawed, sound):
        for name in ("cy", "dan"):
            stream.router.set_available(name, False)
    assert flawed.counts(40) == {"ana": 10, "bo": 10, "zed": 20}
    assert sorted(sound.counts(40).values()) == [13, 13, 14]


def test_the_backup_itself_may_be_away_and_members_may_join():
    stream = Stream(team("ana", "zed"), P.SharedBackup("zed"))
    stream.router.set_available("zed", False)
    stream.router.add_rep(ao.Rep("bo"))
    assert stream.who(2) == ["ana", "bo"]
    stream.router.set_available("ana", False)
    assert stream.next().reason is Reason.NO_AVAILABILITY
    with pytest.raises(ValidationError, match="rep 'nobody' is unknown"):
        Stream(team("ana"), P.SharedBackup("nobody"))


@pytest.mark.parametrize("policy", [P.WeightedRoundRobin(), P.Level(), P.LeastLoaded()])
def test_cal_id_1427_members_of_lower_weight_never_get_more(policy):
    reps = [ao.Rep("low", weight=0.4), ao.Rep("mid", weight=0.5), ao.Rep("full", weight=1.0)]
    stream = Stream(ao.Problem(reps, []), policy)
    got = Counter()
    for _ in range(190):
        got.update(stream.who())
        assert got["low"] <= got["mid"] + 1
        assert got["mid"] <= got["full"] + 1
    assert got == {"low": 40, "mid": 50, "full": 100}


def test_huoban_takes_the_running_number_modulo_the_roster():
    stream = Stream(team("ana", "bo", "cy"), P.Modulo())
    assert stream.who(4) == ["ana", "bo", "cy", "ana"]
    stream.router.set_available("ana", False)  # number 4 of a roster of two: everybody shifts
    assert stream.who(3) == ["bo", "cy", "bo"]
    refused = stream.next(pairs=["bo"])  # it would be cy's
    assert refused.reason is Reason.DOMINATED
    assert stream.next(pairs=["bo"]).rep_id == "bo"


def test_huoban_is_documented_for_ten_people_at_most():
    ten = [f"r{n}" for n in range(10)]
    assert Stream(team(*ten), P.Modulo()).who(11) == [*ten, "r0"]
    with pytest.raises(ValidationError, match=r"at most 10 people \(11/10\)"):
        Stream(team(*ten, "r10"), P.Modulo())
    stream = Stream(team(*ten), P.Modulo())
    stream.router.add_rep(ao.Rep("r10"))
    before = stream.router.to_json()
    with pytest.raises(ValidationError, match="Take RoundRobin"):
        stream.next()
    assert stream.router.to_json() == before


# -- Dynamics 365 Sales: longest wait --------------------------------------------------------------

LEAD, OPPORTUNITY = {"record_type": "lead"}, {"record_type": "opportunity"}


@pytest.fixture(params=["record_type", None])
def sellers(request):
    stream = Stream(team("Miriam", "Sanjay", "Susana"), P.LongestWait(by=request.param))
    stream.by = request.param
    for name, at in (("Miriam", "10:02"), ("Sanjay", "10:31"), ("Susana", "11:17")):
        stream.next(to=name, at=clock(at), tags=LEAD)
    return stream


def order(stream, at):
    """Who would be next, and then, without changing anything."""
    again = Stream(
        stream.router.problem, P.LongestWait(by=stream.by), state=stream.router.to_json()
    )
    again.number = stream.number
    return [again.next(at=clock(at), tags=LEAD).rep_id for _ in range(3)]


def test_dynamics_365_round_robin_gives_the_lead_to_miriam_and_manual_assignments_count(sellers):
    assert sellers.next(at=clock("11:20"), tags=LEAD).rep_id == "Miriam"
    assert order(sellers, "11:21") == ["Sanjay", "Susana", "Miriam"]
    sellers.next(to="Susana", at=clock("13:50"), tags=OPPORTUNITY)
    if sellers.by is None:
        assert order(sellers, "13:51") == ["Sanjay", "Miriam", "Susana"]
    else:
        assert order(sellers, "13:51") == ["Sanjay", "Susana", "Miriam"]
    assert sellers.next(at=clock("14:30"), tags=LEAD).rep_id == "Sanjay"
    if sellers.by is None:  # lead and opportunity rules
        assert order(sellers, "14:31") == ["Miriam", "Susana", "Sanjay"]
    else:  # lead rules only: the opportunity does not count
        assert order(sellers, "14:31") == ["Susana", "Miriam", "Sanjay"]
    sellers.next(to="Miriam", at=clock("15:00"), tags=LEAD)
    assert order(sellers, "15:01") == ["Susana", "Sanjay", "Miriam"]


def test_dynamics_365_three_rules_share_one_order_and_rule_1_hits_the_same_rep_twice():
    rules = [({"rule": number}, None) for number in (1, 2, 3)]
    stream = Stream(team("Miriam", "Sanjay", "Susana"), P.FirstMatch(rules))
    got = [stream.next(tags={"rule": number}).rep_id for number in (1, 2, 3, 1)]
    assert got == ["Miriam", "Sanjay", "Susana", "Miriam"]


def test_dynamics_365_a_lead_created_by_a_seller_counts_as_given_to_her():
    stream = Stream(team("Miriam", "Sanjay"), P.LongestWait())
    stream.router.assign(ao.Task("lead"), to="Miriam")  # she creates it, and owns it
    stream.router.release("lead")
    assert stream.router.assign(ao.Task("lead")).rep_id == "Sanjay"
    assert stream.who(2) == ["Miriam", "Sanjay"]


def test_dynamics_365_round_robin_based_on_seller_capacity():
    def seller(name, room):  # what is negative is held beyond the limit
        return ao.Rep(name, capacity=10, carried_load=10 - room)

    rooms = {"Sanjay": 0, "Susana": 4, "David": 1, "Miriam": -2}
    last = {"Miriam": "14:35", "Sanjay": "14:37", "Susana": "14:57", "David": "15:02"}
    stream = Stream(ao.Problem([seller(n, 10) for n in rooms], []), P.LongestWait())
    for name, at in last.items():
        stream.next(to=name, at=clock(at), effort=0)
    for name, room in rooms.items():
        stream.router.add_rep(seller(name, room))
    assert stream.who() == ["Susana"]
    for name in rooms:
        stream.router.add_rep(seller(name, min(rooms[name], 0)))
    assert stream.next().reason is Reason.NO_CAPACITY


# -- Dynamics 365 Sales: load balancing, availability ----------------------------------------------


def test_dynamics_365_load_balancing():
    limits = {"Miriam": 13, "Sanjay": 12, "Susana": 15}
    reps = [ao.Rep(name, capacity=limit) for name, limit in limits.items()]
    stream = Stream(ao.Problem(reps, []), P.MostAvailable())
    for number in range(3):
        stream.router.assign(ao.Task(f"open{number}"), to="Miriam")  # 10 left

    def room(name):
        return stream.router.view.room(name)

    assert [room(name) for name in limits] == [10, 12, 15]
    assert stream.who() == ["Susana"]
    assert room("Susana") == 14
    assert stream.who(2) == ["Susana", "Susana"]
    assert (room("Sanjay"), room("Susana")) == (12, 12)
    assert stream.who() == ["Sanjay"]  # Susana was assigned more recently
    assert room("Sanjay") == 11
    for number in range(3):
        stream.router.release(f"open{number}")
    assert room("Miriam") == 13
    assert stream.who() == ["Miriam"]


NOW = clock("16:00")
IN_DAYS = {0: (0.0, 1e7), 1: (NOW + 10 * 3600, 1e7), 2: (NOW + 30 * 3600, 1e7)}


def bucketed(policy, sellers):
    """Sellers: name -> (days until available, time of the last assignment or None, capacity)."""
    reps = [
        ao.Rep(
            name, available=[(0.0, NOW - 1), IN_DAYS[days]] if days else None, tags={"room": room}
        )
        for name, (days, _, room) in sellers.items()
    ]
    stream = Stream(ao.Problem(reps, []), policy)
    lasts = {name: clock(last) for name, (_, last, _) in sellers.items() if last}
    for name in sorted(lasts, key=lasts.get):
        done = stream.next(to=name, at=lasts[name])
        stream.router.release(done.task_id)
    return stream


def test_dynamics_365_availability_example_1_round_robin_ignores_capacity():
    sellers = {
        "Burt": (1, "14:37", 9),
        "Maya": (1, "14:15", 9),
        "Vivek": (0, "15:02", 1),
        "Maria": (2, "15:10", 9),
        "Sal": (0, "14:29", 1),
    }
    stream = bucketed(P.LongestWait(within=120), sellers)
    assert stream.who(4, at=NOW) == ["Sal", "Vivek", "Sal", "Vivek"]


def test_dynamics_365_availability_example_2_load_balancing_may_fall_below_zero():
    sellers = {
        "Burt": (1, None, 14),
        "Maya": (1, None, 20),
        "Vivek": (0, None, 5),
        "Maria": (2, None, 10),
        "Sal": (0, None, 2),
    }
    stream = bucketed(P.MostAvailable(capacity="room", within=120), sellers)
    assert stream.who(5, at=NOW) == ["Vivek", "Vivek", "Vivek", "Sal", "Vivek"]
    assert set(stream.who(10, at=NOW)) == {"Vivek", "Sal"}
    assert stream.router.view.load["Vivek"] > 5  # of a capacity of 5
    assert stream.router.view.load["Sal"] > 2


def test_dynamics_365_availability_example_3_an_empty_bucket_0_degrades_to_round_robin():
    sellers = {
        "Burt": (1, "14:37", 14),
        "Maya": (1, "14:15", 20),
        "Vivek": (0, None, -1),
        "Maria": (2, None, 10),
        "Sal": (0, None, 0),
    }
    policy = P.MostAvailable(capacity="room", only_with_room=True, within=120)
    stream = bucketed(policy, sellers)
    assert stream.who(4, at=NOW) == ["Maya", "Burt", "Maya", "Burt"]


def test_dynamics_365_nobody_with_capacity_leaves_the_lead_unassigned():
    policy = P.MostAvailable(capacity="room", only_with_room=True)
    stream = bucketed(policy, {"Vivek": (0, None, -1), "Sal": (0, None, 0)})
    assert stream.next().reason is Reason.NO_CAPACITY


@pytest.mark.parametrize(("hours", "expected"), [(48, None), (60, "Ben")])
@pytest.mark.parametrize("kind", [P.LongestWait, P.MostAvailable])
def test_dynamics_365_friday_evening_with_limits_of_48_and_60_hours(kind, hours, expected):
    friday, monday = datetime(2026, 3, 6, 20), datetime(2026, 3, 9, 8)
    tuesday, end = datetime(2026, 3, 10, 8), datetime(2026, 12, 31)
    reps = [
        ao.Rep("on vacation", available=[(tuesday, end)]),
        ao.Rep("later on Monday", available=[(monday.replace(hour=9), end)]),
        ao.Rep("Ben", available=[(monday, end)]),
    ]
    router = ao.Router(ao.Problem(reps, []), policy=kind(within=hours))
    decision = router.assign(ao.Task("lead"), at=friday)
    assert decision.rep_id == expected
    assert (decision.reason is Reason.NO_AVAILABILITY) == (expected is None)


# -- Chili Piper, HighLevel ------------------------------------------------------------------------


def test_chili_piper_weights_200_100_100_share_60_meetings_as_30_15_15():
    reps = [ao.Rep("ana", weight=200), ao.Rep("bo", weight=100), ao.Rep("cy", weight=100)]
    assert Stream(ao.Problem(reps, []), P.Level()).counts(60) == {"ana": 30, "bo": 15, "cy": 15}


def test_chili_piper_vacation_joe_is_set_to_9_and_spike_is_next():
    stream = Stream(team("Mary", "Joe", "Spike"), P.Level())
    view, policy = stream.router.view, stream.router.policy
    for name, meetings in (("Mary", 3), ("Joe", 3), ("Spike", 2)):
        stream.who(meetings, to=name)
    stream.router.set_available("Joe", False)
    for name, meetings in (("Mary", 7), ("Spike", 6)):
        stream.who(meetings, to=name)
    assert [policy.level(name, view) for name in ("Mary", "Spike")] == [10, 8]
    stream.router.set_available("Joe", True)
    assert policy.level("Joe", view) == 9
    assert stream.who(3) == ["Spike", "Joe", "Spike"]


def test_chili_piper_no_shows_lower_the_level_unless_they_do_not_count():
    for credit_back, expected in ((True, "ana"), (False, "bo")):
        stream = Stream(team("ana", "bo"), P.Level(credit_back=credit_back))
        first = [stream.next() for _ in range(3)]
        assert [decision.rep_id for decision in first] == ["ana", "bo", "ana"]
        for decision in (first[0], first[2]):
            stream.router.credit_back(decision.task_id, reason="no-show")
        assert stream.who() == [expected]


def test_chili_piper_ties_go_by_priority_and_levels_start_anew_with_the_month():
    reps = [ao.Rep("low", tags={"priority": 1}), ao.Rep("high", tags={"priority": 2})]
    stream = Stream(ao.Problem(reps, []), P.Level(reset="month", priority="priority"))
    march, april = datetime(2026, 3, 31), datetime(2026, 4, 1)
    assert stream.who(at=march) == ["high"]
    stream.who(5, at=march, to="high")
    assert stream.who(at=march) == ["low"]
    assert stream.who(2, at=april) == ["high", "low"]
    assert stream.router.policy.level("high", stream.router.view) == 1


def test_a_newcomer_is_calibrated_to_the_mean_level():
    stream = Stream(team("ana", "bo"), P.Level())
    stream.who(20)
    stream.router.add_rep(ao.Rep("cy"))
    assert stream.who(3) == ["ana", "bo", "cy"]


def test_highlevel_hides_whoever_is_3_ahead_in_the_month_ties_in_fixed_order():
    stream = Stream(team("ana", "bo"), P.HoldOut())
    march, april = datetime(2026, 3, 30), datetime(2026, 4, 1)
    assert stream.who(3, at=march, pairs=["ana"]) == ["ana"] * 3
    hidden = stream.next(at=march, pairs=["ana"])
    assert hidden.reason is Reason.PERIOD_CAP
    assert stream.who(at=march) == ["bo"]
    assert stream.who(at=march, pairs=["ana"]) == ["ana"]
    assert stream.who(2, at=april) == ["ana", "bo"]  # a new month: ties, in the order of the team


def test_highlevel_john_and_hannah():
    stream = Stream(team("John", "Hannah"), P.HoldOut())
    assert stream.who(3, pairs=["John"]) == ["John"] * 3  # 3 to 0: hidden
    assert stream.who(pairs=["John"]) == [None]
    assert stream.who(pairs=["Hannah"]) == ["Hannah"]  # 3 to 1: eligible again
    assert stream.who(pairs=["John"]) == ["John"]  # 4 to 1: hidden again
    assert stream.who(pairs=["John"]) == [None]
    assert stream.who(to="John") == ["John"]  # a booker who names somebody gets them
    assert stream.who(4) == ["Hannah"] * 4  # the fewest, until it is even again: 5 to 5


def test_highlevel_adding_a_member_resets_the_counts():
    stream = Stream(team("ana", "bo"), P.HoldOut(reset=None))
    stream.who(3, pairs=["ana"])
    assert stream.who(pairs=["ana"]) == [None]
    stream.router.add_rep(ao.Rep("cy"))
    assert stream.who(4) == ["ana", "bo", "cy", "ana"]


def test_kubaru_nobody_above_the_maximum_active_load():
    stream = Stream(team("ana", "bo"), P.LeastOpen(max_open=2))
    first = [stream.next() for _ in range(4)]
    assert stream.next().reason is Reason.NO_CAPACITY
    stream.router.release(first[1].task_id)
    assert stream.who(2) == ["bo", None]


# -- Omni-Channel ----------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [P.SkillsFirst(), P.MostAvailable(), P.LeastLoaded()])
def test_omni_channel_capacity_6_and_weight_2_make_3_items(policy):
    stream = Stream(team("agent", capacity=6), policy)
    assert stream.who(4, effort=2) == ["agent"] * 3 + [None]


def test_omni_channel_release_notes_drop_location_first_then_product_and_issue_type_last():
    additional = {"software": 0, "hardware": 0, "mouse": 1, "speaker": 1, "usa": 2, "england": 2}
    language = {"english", "french"}
    reps = [
        ao.Rep("no additional", skills=language),
        ao.Rep("issue type", skills={*language, "software", "hardware"}),
        ao.Rep("and product", skills={*language, "software", "hardware", "mouse", "speaker"}),
        ao.Rep("no french", skills={"english", *additional}),
    ]
    task = ao.Task("case", requires=language, prefers=additional)

    def first_at(away):
        router = ao.Router(ao.Problem(reps, []), policy=P.SkillsFirst(timeout=30))
        for name in away:
            router.set_available(name, False)
        for at in range(0, 200, 10):
            decision = router.assign(task, at=float(at))
            if decision.rep_id:
                return at, decision.rep_id
        return None

    assert first_at([]) == (30, "and product")  # both locations dropped together
    assert first_at(["and product"]) == (60, "issue type")
    assert first_at(["and product", "issue type"]) == (90, "no additional")
    assert first_at(["and product", "issue type", "no additional"]) is None


def test_omni_channel_routing_models_differ():
    reps = [ao.Rep("large", capacity=10, carried_load=3), ao.Rep("small", capacity=4)]
    for then, expected in (("most_available", "large"), ("least_active", "small")):
        stream = Stream(ao.Problem(reps, []), P.SkillsFirst(then=then))
        assert stream.who() == [expected]


# -- Odoo ------------------------------------------------------------------------------------------


def small_batches(ties, seed, hours):
    """30 leads, one at each run of the scheduler; equal reps."""
    problem = team("senior", "second", "junior", tags={"team": "north", "leads": 300})
    policy = P.TeamLottery(capacity="leads", ties=ties)
    stream = Stream(problem, policy, seed=seed)
    return Counter(stream.next(at=run * hours * 3600.0).rep_id for run in range(30))


def test_odoo_259775_before_the_fix_all_30_leads_went_to_the_senior():
    assert small_batches("seniority", 0, hours=25) == {"senior": 30}


def test_odoo_259775_random_ties_favour_nobody_in_the_mean():
    runs = [small_batches("random", seed, hours=25) for seed in range(60)]
    for name in ("senior", "second", "junior"):
        assert 9 < sum(run[name] for run in runs) / len(runs) < 11
    assert max(max(run.values()) - min(run[n] for n in run) for run in runs) < 20


@pytest.mark.parametrize(("ties", "hours"), [("longest_wait", 25), ("longest_wait", 1)])
def test_odoo_259775_as_required_the_gap_is_at_most_one(ties, hours):
    got = small_batches(ties, 0, hours)
    assert max(got.values()) - min(got.values()) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_odoo_259775_random_ties_within_a_day_keep_the_gap_at_most_one(seed):
    got = small_batches("random", seed, hours=0.5)
    assert max(got.values()) - min(got.values()) <= 1


def test_odoo_daily_quota_is_a_thirtieth_and_leads_may_stay_unassigned():
    problem = team("ana", tags={"leads": 45})
    stream = Stream(problem, P.TeamLottery(capacity="leads"))
    assert stream.who(3, at=0.0) == ["ana", "ana", None]  # 1.5 a day, halves up
    assert stream.router.log.reason.tolist()[-1] == "period_cap"
    assert stream.who(1, at=DAY + 1) == ["ana"]
    assert Stream(team("bo", tags={"leads": 14}), P.TeamLottery(capacity="leads")).who() == [None]


def test_odoo_68475_twice_the_capacity_is_two_thirds_of_the_leads():
    reps = [
        ao.Rep("n1", tags={"team": "north", "leads": 60_000}),
        ao.Rep("n2", tags={"team": "north", "leads": 60_000}),
        ao.Rep("s1", tags={"team": "south", "leads": 60_000}),
    ]
    stream = Stream(ao.Problem(reps, []), P.TeamLottery(capacity="leads"), seed=4)
    got = stream.counts(900)
    assert abs(got["s1"] - 300) < 45  # three standard deviations of a lot with 1/3
    assert abs(got["n1"] - got["n2"]) <= 1


def test_odoo_a_lead_keeps_its_team_until_somebody_has_a_quota_again():
    tags = [{"team": "north", "leads": 30}, {"team": "south", "leads": 30}]
    reps = [ao.Rep(name, tags=tag) for name, tag in zip(("ana", "bo"), tags, strict=True)]
    stream = Stream(ao.Problem(reps, []), P.TeamLottery(capacity="leads"), seed=2)
    waiting = {}
    for _ in range(12):
        decision = stream.next(at=0.0)
        if decision.rep_id is None:
            waiting[decision.task_id] = stream.router.view.memory["team_of"][decision.task_id]
    assert set(waiting.values()) == {"north", "south"}
    later = 2 * DAY
    for task_id, name in list(waiting.items())[:1]:
        decision = stream.router.assign(ao.Task(task_id), at=later)
        assert decision.rep_id == {"north": "ana", "south": "bo"}[name]


def test_a_team_in_which_everybody_is_away_draws_no_lot():
    reps = [ao.Rep("ana", tags={"team": "north"}), ao.Rep("bo", tags={"team": "south"})]
    stream = Stream(ao.Problem(reps, []), P.TeamLottery())
    stream.router.set_available("ana", False)
    assert stream.who() == ["bo"]


# -- rules, waterfalls, scores ---------------------------------------------------------------------


def test_salesforce_first_matching_entry_wins_then_the_default_owner():
    rules = [({"region": "dach"}, {"team": "north"}), ({"region": ["dach", "fr"]}, "cy")]
    reps = [ao.Rep("ana", tags={"team": "north"}), ao.Rep("bo"), ao.Rep("cy")]
    stream = Stream(ao.Problem(reps, []), P.FirstMatch(rules, default="bo"))
    regions = ("dach", "fr", "uk")
    assert [stream.next(tags={"region": one}).rep_id for one in regions] == ["ana", "cy", "bo"]
    stream.router.set_available("ana", False)  # no later rule is asked
    assert stream.next(tags={"region": "dach"}).reason is Reason.NO_AVAILABILITY
    bare = Stream(ao.Problem(reps, []), P.FirstMatch(rules))
    assert bare.next(tags={"region": "uk"}).reason is Reason.EXCLUDED
    assert bare.next(tags={"region": "fr"}, pairs=["bo"]).reason is Reason.EXCLUDED
    full = Stream(ao.Problem([ao.Rep("cy", max_tasks=1), ao.Rep("bo")], []), P.FirstMatch(rules))
    assert full.who(1, tags={"region": "fr"}) == ["cy"]
    assert full.next(tags={"region": "fr"}).reason is Reason.NO_CAPACITY


def test_fullcast_each_criterion_takes_what_it_matches_before_the_next_begins():
    reps = [ao.Rep("ana", max_tasks=2), ao.Rep("bo", max_tasks=1), ao.Rep("cy")]
    criteria = [({"size": "key"}, ["ana"]), ({"region": "dach"}, ["ana", "bo"])]
    batch = [
        ao.Task("d1", tags={"region": "dach"}),
        ao.Task("d2", tags={"region": "dach"}),
        ao.Task("k1", tags={"size": "key"}),
        ao.Task("k2", tags={"size": "key"}),
        ao.Task("other"),
    ]

    def run(rest):
        router = ao.Router(ao.Problem(reps, []), policy=P.Waterfall(criteria, rest=rest))
        return router.assign_many(batch)

    decisions = run("unassigned")
    assert [one.rep_id for one in decisions] == ["bo", None, "ana", "ana", None]
    reasons = (Reason.NO_CAPACITY, Reason.EXCLUDED)
    assert (decisions[1].reason, decisions[4].reason) == reasons
    assert [one.rep_id for one in run("spread")] == ["bo", "cy", "ana", "ana", "cy"]
    # one at a time the later criterion is served first, if its tasks come first
    stream = Stream(ao.Problem(reps, []), P.Waterfall(criteria, rest="spread"))
    assert stream.who(3, tags={"region": "dach"}) == ["ana", "bo", "ana"]
    assert stream.who(tags={"size": "key"}) == ["cy"]


def test_salesforce_maps_balances_one_attribute_and_trims_to_the_limit_of_a_second():
    batch = [
        ao.Task("big", value=10, effort=5),
        ao.Task("half", value=5, effort=3),
        ao.Task("other half", value=5, effort=3),
        ao.Task("tiny", value=1, effort=1),
    ]
    router = ao.Router(
        team("ana", "bo"), policy=P.BalanceThenTrim(balance="value", trim="effort", limit=5)
    )
    decisions = router.assign_many(batch)
    # balanced: ana 10, bo 5 + 5, ana 1; then ana is at 6 and bo at 6 of 5
    assert [one.rep_id for one in decisions] == ["ana", "bo", None, None]
    assert {one.reason for one in decisions[2:]} == {Reason.NO_CAPACITY}
    assert router.assign(ao.Task("more", value=1, effort=1)).rep_id == "bo"
    assert router.assign(ao.Task("much", value=1, effort=3)).reason is Reason.NO_CAPACITY
    router.release("half")
    assert router.assign(ao.Task("much", value=1, effort=3)).rep_id == "bo"


def test_salesforce_maps_knows_numbers_in_tags_and_says_where_there_is_none():
    router = ao.Router(team("ana"), policy=P.BalanceThenTrim(balance="revenue", trim="count"))
    assert router.assign(ao.Task("t1", tags={"revenue": 7})).rep_id == "ana"
    with pytest.raises(ValidationError, match="task 't2' has no number 'revenue'"):
        router.assign(ao.Task("t2"))
    assert router.held == {"t1": "ana"}


def test_field_service_filters_by_rules_then_adds_weighted_scores_up_to_100():
    reps = [
        ao.Rep("ana", fit={"smb": 0.9}, capacity=10, carried_load=8, skills={"de"}),
        ao.Rep("bo", fit={"smb": 0.5}, capacity=10, skills={"de"}),
        ao.Rep("cy", fit={"smb": 1.0}),
    ]
    task = {"customer_type": "smb", "requires": {"de"}, "prefers": {"sql": 1}, "owner": "bo"}

    def scores(**weights):
        stream = Stream(ao.Problem(reps, []), P.FilterAndScore(weights))
        decision = stream.next(**task)
        return decision.rep_id, dict(stream.router.view.scores)

    assert scores(fit=1.0) == ("ana", {"ana": 90, "bo": 50})
    assert scores(fit=1.0, room=1.0) == ("bo", {"ana": 90 + 20, "bo": 50 + 100})
    assert scores(owner=0.5, skills=1.0) == ("bo", {"ana": 0, "bo": 50})
    assert scores(value=2.0, wait=1.0, count=1.0)[1]["ana"] == pytest.approx(400)


def test_greedy_takes_the_best_fit_or_value_and_ties_go_to_the_least_load():
    reps = [ao.Rep("ana", fit={"a": 0.9}, carried_load=1), ao.Rep("bo", fit={"a": 0.9, "b": 0.2})]
    stream = Stream(ao.Problem(reps, []), P.GreedyFit())
    assert stream.who(3, customer_type="a") == ["bo", "ana", "bo"]
    assert stream.who(customer_type="b") == ["bo"]


def test_vacademy_2676_a_lead_with_an_owner_is_not_moved_by_the_rotation():
    stream = Stream(team("ana", "bo", "cy"), P.Sticky(P.RoundRobin()))
    assert stream.who(3, owner="cy") == ["cy"] * 3
    assert stream.who(4) == ["ana", "bo", "ana", "bo"]
    stream.router.set_available("cy", False)  # the owner is gone: it has to move
    assert stream.who(owner="cy") == ["ana"]


def test_sticky_hands_a_batch_to_the_inner_policy_without_what_has_an_owner():
    inner = P.Waterfall([({"size": "key"}, "ana")], rest="spread")
    reps = [ao.Rep("ana", max_tasks=2), ao.Rep("bo")]
    policy = P.Sticky(inner, by="account")
    router = ao.Router(ao.Problem(reps, []), policy=policy)
    router.assign(ao.Task("t0", tags={"account": "acme"}), to="ana")
    batch = [
        ao.Task("t1", tags={"size": "key"}),
        ao.Task("t2", tags={"account": "acme"}),
        ao.Task("t3", owner="bo"),
    ]
    assert [one.rep_id for one in router.assign_many(batch)] == ["bo", "ana", "bo"]
    nested = ao.Router(ao.Problem(reps, []), policy=P.Sticky(P.Sticky(P.RoundRobin())))
    assert [one.rep_id for one in nested.assign_many(batch)] == ["ana", "ana", "bo"]


# -- pools, seniority, lots, bids ------------------------------------------------------------------


def test_fxiaoke_members_claim_up_to_a_cap():
    stream = Stream(team("ana", "bo"), P.PoolAndClaim(cap=2))
    assert stream.who(3, pairs=["ana"]) == ["ana", "ana", None]
    assert stream.who(3) == ["bo", "bo", None]  # nobody named: whoever is first, of those below
    assert stream.next().reason is Reason.NO_CAPACITY
    assert stream.next(to="ana").rep_id == "ana"  # bulk assignment bypasses the rules


@pytest.mark.parametrize("cooling", [1, 12])
def test_xinlian_returns_after_days_without_follow_up_and_bars_the_previous_owner(cooling):
    policy = P.PoolAndClaim(days=7, cooling=cooling)
    router = ao.Router(team("ana", "bo"), policy=policy)
    for name in ("lead", "other"):
        router.assign(ao.Task(name), pairs=["ana"], at=0.0)
    week = 7 * DAY
    assert policy.overdue(router.view, now=week - 1) == []
    assert policy.overdue(router.view, now=week, followed_up={"other": DAY}) == ["lead"]
    router.release("lead", at=week)
    assert policy.overdue(router.view, now=week + DAY) == ["other"]
    soon, later = week + cooling * 3600 - 1, week + cooling * 3600
    refused = router.assign(ao.Task("lead"), pairs=["ana"], at=soon)
    assert refused.reason is Reason.EXCLUDED
    assert router.assign(ao.Task("another"), pairs=["ana"], at=soon).rep_id == "ana"
    assert router.assign(ao.Task("lead"), pairs=["ana"], at=later).rep_id == "ana"
    assert P.PoolAndClaim().overdue(router.view) == []


def test_what_is_credited_back_is_not_overdue():
    policy = P.PoolAndClaim(days=1)
    router = ao.Router(team("ana"), policy=policy)
    router.assign(ao.Task("lead"), at=0.0)
    router.credit_back("lead")
    assert policy.overdue(router.view, now=9 * DAY) == []


def test_by_seniority_the_first_is_filled_before_the_next():
    reps = [ao.Rep(name, max_tasks=2, tags={"hired": year}) for name, year in (("b", 9), ("a", 5))]
    stream = Stream(ao.Problem([*reps, ao.Rep("none")], []), P.BySeniority(tag="hired"))
    assert stream.who(5) == ["a", "a", "b", "b", "none"]
    assert Stream(team("x", "y"), P.BySeniority()).who(2) == ["x", "x"]
    days = {"late": datetime(2026, 3, 1), "early": datetime(2020, 1, 1)}
    dated = [ao.Rep(name, tags={"hired": day}) for name, day in days.items()]
    assert Stream(ao.Problem(dated, []), P.BySeniority(tag="hired")).who() == ["early"]
    odd = [ao.Rep("a", tags={"hired": 5}), ao.Rep("b", tags={"hired": "1999"})]
    with pytest.raises(ValidationError, match="different kinds: numbers, text"):
        Stream(ao.Problem(odd, []), P.BySeniority(tag="hired"))


def test_random_is_even_or_in_proportion_in_the_mean():
    even = Stream(team("ana", "bo"), P.Random(), seed=3).counts(1000)
    assert abs(even["ana"] - 500) < 50
    reps = [ao.Rep("ana", weight=3), ao.Rep("bo", weight=1)]
    drawn = Stream(ao.Problem(reps, []), P.Random(weighted=True), seed=3).counts(1000)
    assert abs(drawn["ana"] - 750) < 45


def bidders(bids, **options):
    tasks = [ao.Task(f"t{n}") for n in range(4)]
    reps = [ao.Rep(name) for name in ("ana", "bo")]
    rows = [{"rep_id": r, "task_id": t, "weight": w} for r, t, w in bids]
    problem = ao.Problem(reps, tasks, preferences=rows)
    return ao.Router(problem, policy=P.SerialDictatorship(**options)), tasks


def test_serial_dictatorship_one_after_another_picks_the_highest_bid_left():
    bids = [("ana", "t2", 5), ("ana", "t3", 4), ("bo", "t2", 9), ("bo", "t0", -1)]
    router, tasks = bidders(bids)
    # ana t2; bo wants t2 most, takes the first of no bid: t1; ana t3; bo has t0 left
    assert [one.rep_id for one in router.assign_many(tasks)] == ["bo", "bo", "ana", "ana"]
    alone, _ = bidders(bids)
    assert alone.assign(tasks[2]).rep_id == "bo"  # one at a time the highest bid takes it
    assert alone.assign(tasks[0]).rep_id == "ana"
    assert alone.assign(tasks[1]).rep_id == "ana"


def test_serial_dictatorship_by_lot_serves_another_first_now_and_then():
    firsts = set()
    for seed in range(12):
        tasks = [ao.Task("t0")]
        router = ao.Router(
            team("ana", "bo"), policy=P.SerialDictatorship(order="random"), seed=seed
        )
        firsts.add(router.assign_many(tasks)[0].rep_id)
        firsts.add(router.assign(ao.Task("t1")).rep_id)
    assert firsts == {"ana", "bo"}


def test_serial_dictatorship_leaves_what_nobody_may_take():
    router = ao.Router(team("ana", max_tasks=1), policy=P.SerialDictatorship())
    decisions = router.assign_many([ao.Task("t0"), ao.Task("t1")])
    assert [one.rep_id for one in decisions] == ["ana", None]
    assert decisions[1].reason is Reason.NO_CAPACITY


def test_omni_channel_a_declined_item_starts_over_with_all_its_skills():
    router = ao.Router(team("ana"), policy=P.SkillsFirst(timeout=60))
    call = ao.Task("call", prefers={"billing": 0})
    assert [router.assign(call, at=at).rep_id for at in (0.0, 60.0)] == [None, "ana"]
    router.release("call", at=70.0)  # declined
    assert [router.assign(call, at=at).rep_id for at in (70.0, 120.0, 130.0)] == [None, None, "ana"]


def test_zoho_caps_of_records_per_period_and_of_the_backlog():
    rules = [ao.MaxTasks(n=2, per="day")]  # record_allow_count
    reps = [ao.Rep("ana", max_tasks=3), ao.Rep("bo", max_tasks=3)]  # backlog_allow_count
    stream = Stream(ao.Problem(reps, [], rules=rules), P.RoundRobin())
    first = [stream.next(at=0.0) for _ in range(5)]
    assert [one.rep_id for one in first] == ["ana", "bo", "ana", "bo", None]
    assert first[4].reason is Reason.PERIOD_CAP
    second = [stream.next(at=DAY) for _ in range(3)]
    assert [one.rep_id for one in second] == ["ana", "bo", None]
    assert second[2].reason is Reason.NO_CAPACITY
    stream.router.release(first[0].task_id)
    assert stream.who(at=DAY) == ["ana"]
