"""The router against a slow twin that asks the independent checker about everybody, each time."""

from __future__ import annotations

import json
import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao
from assignopt.dispatching import Desk
from assignopt.policies import LongestWait, Policy
from assignopt.routing.holding import LEAST, about, problem_of
from strategies import problems, tries

WAITS = LongestWait()


def team(*names: str, rules: Any = (), tasks: Any = (), **rep: Any) -> ao.Problem:
    return ao.Problem([ao.Rep(name, **rep) for name in names], list(tasks), rules=list(rules))


def stream_of(problem: ao.Problem) -> ao.Problem:
    """Leave out what a stream does not know: rules on its end, and present owners."""
    tasks = [task.model_copy(update={"owner": None}) for task in problem.tasks.values()]
    rules = [rule for rule in problem.rules if not isinstance(rule, (*LEAST, ao.CoverAll))]
    return problem.replace(tasks=tasks, rules=rules)


def allowed(desk: Desk, task: ao.Task) -> list[str]:
    """Ask the checker about everybody: the held tasks, and this one with the rep."""
    held = problem_of(desk)
    whole = {**{name: one.task for name, one in desk.held.items()}, task.id: task}
    rules = [about(rule, whole) for rule in desk.problem.rules if not isinstance(rule, LEAST)]
    pairs = desk.problem.pairs
    more = desk.problem.replace(
        tasks=list(whole.values()),
        pairs=None if pairs is None else pairs[pairs["task_id"].isin(list(whole))],
        preferences=None,
        history=None,
        rules=[rule for rule in rules if rule is not None],
    )
    rows = [(name, rep, role) for name, one in desk.held.items() for role, rep, *_ in one.seats]
    assert ao.audit(held, rows).ok
    fine = [rep for rep in desk.state.reps if ao.audit(more, [*rows, (task.id, rep, "owner")]).ok]
    return [rep for rep in fine if desk.state.available[rep]]


def comparable(problem: ao.Problem) -> bool:
    """Tell whether the checker knows all that a stream does."""
    untimed = any(task.start is None for task in problem.tasks.values())
    calendars = any(rep.available is not None for rep in problem.reps.values())
    capped = any(isinstance(rule, ao.MaxTasks) and rule.per for rule in problem.rules)
    return not (untimed and (calendars or capped))


@settings(max_examples=tries(150))
@given(problems(), st.data())
def test_at_every_moment_those_may_take_a_task_whom_the_checker_lets_have_it(
    problem: ao.Problem, data: st.DataObject
) -> None:
    problem = stream_of(problem)
    if not comparable(problem) or not ao.audit(problem, []).ok:
        return
    desk = Desk(problem, WAITS)
    for task in data.draw(st.permutations(list(problem.tasks.values()))):
        if desk.held and data.draw(st.integers(0, 3)) == 0:
            desk.release(data.draw(st.sampled_from(sorted(desk.held))))
        expected = allowed(desk, task)
        assert desk.may_take(task) == expected
        found = desk.offer(task)
        assert (found.held is None) == (not expected)
        assert found.reason is None or isinstance(found.reason, ao.Reason)
        assert problem_of(desk) is not None


@settings(max_examples=tries(60))
@given(problems(), st.data())
def test_a_state_restored_at_any_moment_goes_on_with_the_same_decisions(
    problem: ao.Problem, data: st.DataObject
) -> None:
    problem = stream_of(problem)
    router = ao.Router(problem, policy=WAITS)
    names = list(problem.reps)
    for task in problem.tasks.values():
        copy = ao.Router(problem, policy=WAITS, state=router.to_json())
        assert copy.state == router.state
        decisions = [one.assign(task) for one in (router, copy)]
        assert decisions[0] == decisions[1]
        assert decisions[0].alternatives == decisions[1].alternatives
        if names and data.draw(st.booleans()):
            who, there = data.draw(st.sampled_from(names)), data.draw(st.booleans())
            router.set_available(who, there)
        held = sorted(router.held)
        if held and data.draw(st.booleans()):
            done = data.draw(st.sampled_from(held))
            data.draw(st.sampled_from([router.release, router.credit_back]))(done)
    assert router.audit().ok or not ao.audit(problem, []).ok
    again = ao.Router.replay(problem, router.log_to_json(), WAITS)
    assert again.state == router.state
    assert again.events == router.events


def test_capacity_is_free_again_after_a_release_and_what_was_given_still_counts() -> None:
    router = ao.Router(team("ana", capacity=3), policy=WAITS)
    assert router.assign(ao.Task("t1", effort=2, value=7)).rep_id == "ana"
    full = router.assign(ao.Task("t2", effort=2))
    assert full.reason is ao.Reason.NO_CAPACITY
    assert full.detail == "'ana': load 2/3 hours, it takes 2"
    router.release("t1")
    assert router.assign(ao.Task("t2", effort=2)).rep_id == "ana"
    assert (router.view.load["ana"], router.view.given["ana"], router.view.count["ana"]) == (
        2,
        4,
        2,
    )
    assert router.view.value["ana"] == 8


def test_a_no_show_is_credited_back_whether_it_is_still_held_or_not() -> None:
    router = ao.Router(team("ana"), policy=WAITS)
    for name in ("t1", "t2"):
        router.assign(ao.Task(name))
    router.release("t1")
    router.credit_back("t1", reason="no-show")
    router.credit_back("t2", reason="no-show")
    assert (router.view.count["ana"], router.view.load["ana"], router.held) == (0, 0, {})
    with pytest.raises(ValidationError, match="credited back already"):
        router.credit_back("t1")


def test_caps_per_day_week_and_month_are_on_what_is_given_in_them() -> None:
    rules = [ao.MaxTasks(1, per="day"), ao.MaxTasks(2, per="week"), ao.MaxTasks(3, per="month")]
    problem = team("ana").replace(rules=rules)
    router = ao.Router(problem, policy=WAITS)
    days = [
        (datetime(2026, 3, 2, 9), True),  # a Monday
        (datetime(2026, 3, 2, 18), False),  # the same day
        (datetime(2026, 3, 3), True),
        (datetime(2026, 3, 6), False),  # the third of the week
        (datetime(2026, 3, 9), True),
        (datetime(2026, 3, 16), False),  # the fourth of the month
        (datetime(2026, 4, 1), True),
    ]
    for number, (day, fine) in enumerate(days):
        decision = router.assign(ao.Task(f"t{number}"), at=day)
        assert (decision.rep_id == "ana") is fine, day
        assert fine or decision.reason is ao.Reason.PERIOD_CAP
        if fine:
            router.release(f"t{number}")  # being done makes no room within the period
    router.credit_back("t6", reason="no-show")  # a no-show does
    assert router.assign(ao.Task("again"), at=datetime(2026, 4, 1, 12)).rep_id == "ana"
    saved = ao.Router(problem, policy=WAITS, state=router.to_json())
    assert saved.assign(ao.Task("late"), at=datetime(2026, 4, 1, 13)).reason == "period_cap"


def test_nobody_gets_a_lead_outside_the_hours_of_the_calendar() -> None:
    reps = [ao.Rep("day", available=[(8, 16)]), ao.Rep("night", available=[(16, 24)])]
    router = ao.Router(ao.Problem(reps, []), policy=WAITS)
    found = [router.assign(ao.Task(f"t{at}"), at=at).rep_id for at in (7, 8, 15.9, 16, 24)]
    assert found == [None, "day", "day", "night", None]


def test_roles_are_filled_with_other_people_and_an_empty_one_is_told() -> None:
    reps = [ao.Rep("ana"), ao.Rep("bo", skills={"sql"}), ao.Rep("cy", skills={"sql"})]
    router = ao.Router(ao.Problem(reps, []), policy=WAITS)
    roles = [
        ao.Role("engineer", effort=2, requires={"sql"}, credit=0.25),
        ao.Role("lawyer", requires={"law"}),
    ]
    decision = router.assign(ao.Task("acme", value=8, roles=roles))
    assert (decision.rep_id, decision.roles) == ("ana", {"engineer": "bo", "lawyer": None})
    assert (router.view.value["ana"], router.view.value["bo"]) == (6, 2)
    assert router.view.load["bo"] == 2
    assert router.audit().ok


def test_pairs_given_with_a_task_say_who_may_take_it_and_what_it_is_worth() -> None:
    router = ao.Router(team("ana", "bo", "cy"), policy=WAITS)
    decision = router.assign(ao.Task("t1", value=4), pairs={"bo": {"value": 9, "effort": 2}})
    assert decision.rep_id == "bo"
    assert (router.view.value["bo"], router.view.load["bo"]) == (9, 2)
    assert router.assign(ao.Task("t2"), pairs=["cy"]).rep_id == "cy"
    nobody = router.assign(ao.Task("t3"), pairs=[])
    assert nobody.reason is ao.Reason.NO_FIT
    assert router.audit().ok
    again = ao.Router.replay(router.problem, router.log_to_json(), WAITS)
    assert again.state == router.state


def test_by_hand_is_by_the_rules_too() -> None:
    router = ao.Router(team("ana", "bo", max_tasks=1), policy=WAITS)
    assert router.assign(ao.Task("t1"), to="bo").policy == "by hand"
    refused = router.assign(ao.Task("t2"), to="bo")
    assert (refused.rep_id, refused.reason) == (None, ao.Reason.NO_CAPACITY)
    assert "1 of at most 1 tasks held" in refused.detail


class Stubborn(Policy):
    """Names the same one always."""

    def __init__(self, who: Any) -> None:
        self.who = who

    def choose(self, task: ao.Task, state: Any) -> Any:
        return self.who


@pytest.mark.parametrize(
    ("who", "words"),
    [("zoe", "rep 'zoe' is unknown"), ("bo", "rep 'bo' is not eligible"), ("cy", "not available")],
)
def test_a_policy_that_names_somebody_who_may_not_is_refused_logged_and_named(
    who: str, words: str
) -> None:
    problem = ao.Problem(
        [ao.Rep("ana", skills={"x"}), ao.Rep("bo"), ao.Rep("cy", skills={"x"})], []
    )
    router = ao.Router(problem, policy=Stubborn(who))
    router.set_available("cy", False)
    before = router.state
    decision = router.assign(ao.Task("t1", requires={"x"}))
    assert decision.rep_id is None
    assert f"policy Stubborn(who={who!r}) named rep {who!r}: " in decision.detail
    assert words in decision.detail
    assert words in router.log["detail"].iloc[-1]
    after = router.state
    assert {**after, "step": 0} == {**before, "step": 0}


def test_a_policy_may_say_why_nobody_is_to_take_a_task() -> None:
    router = ao.Router(team("ana"), policy=Stubborn(ao.Reason.EXCLUDED))
    assert router.assign(ao.Task("t1")).reason is ao.Reason.EXCLUDED
    assert ao.Router(team("ana"), policy=Stubborn(None)).assign(ao.Task("t")).reason == "dominated"


@pytest.mark.parametrize("hook", ["choose", "assigned"])
def test_a_policy_that_fails_leaves_everything_as_it_was(hook: str) -> None:
    class Failing(LongestWait):
        def choose(self, task: ao.Task, state: Any) -> Any:
            if task.id == "bad" and hook == "choose":
                raise KeyError("lost")
            return super().choose(task, state)

        def assigned(self, task: ao.Task, rep_id: str, state: Any) -> None:
            if task.id == "bad" and hook == "assigned":
                raise KeyError("lost")
            super().assigned(task, rep_id, state)

    router = ao.Router(team("ana", "bo", capacity=5), policy=Failing())
    router.assign(ao.Task("t1"), at=1)
    before, log = router.state, len(router.events)
    with pytest.raises(KeyError, match="lost"):
        router.assign(ao.Task("bad", roles=[ao.Role("aide")]), at=2)
    assert (router.state, len(router.events)) == (before, log)
    assert router.assign(ao.Task("t2"), at=1.5).rep_id == "bo"


@pytest.mark.parametrize("way", ["yield", "list", "one by one"])
def test_a_policy_that_fails_in_a_batch_gives_nobody_anything(way: str) -> None:
    class Halfway(LongestWait):
        def choose(self, task: ao.Task, state: Any) -> Any:
            state.memory["seen"] = state.memory.get("seen", 0) + 1
            if task.id == "bad":
                raise KeyError("lost")
            return super().choose(task, state)

        def choose_many(self, tasks: Any, state: Any) -> Any:
            if way == "one by one":
                return None
            if way == "list":
                return [state.ask(task, self.choose) for task in tasks]
            return ((place, state.ask(task, self.choose)) for place, task in enumerate(tasks))

    rules = [ao.MaxTasks(4, per="day")]
    problem = ao.Problem([ao.Rep("ana", capacity=3.3), ao.Rep("bo")], [], rules=rules)
    router = ao.Router(problem, policy=Halfway())
    router.assign(ao.Task("t0", effort=0.1), at=1)
    before, log = router.state, router.log_to_json()
    tasks = [ao.Task("t1", effort=0.2, roles=[ao.Role("aide")], group="g"), ao.Task("bad")]
    with pytest.raises(KeyError, match="lost"):
        router.assign_many([ao.Task("t2"), *tasks, ao.Task("t3")], at=2)
    assert router.state == before
    assert router.log_to_json() == log
    assert [one.rep_id for one in router.assign_many(tasks[:1], at=1)] == ["bo"]
    assert router.audit().ok
    assert ao.Router.replay(problem, router.log_to_json(), Halfway()).state == router.state


def test_what_has_happened_is_in_the_log_though_a_policy_fails_to_take_note_of_it() -> None:
    class Deaf(LongestWait):
        def released(self, task: ao.Task, rep_id: str, state: Any) -> None:
            raise KeyError("deaf")

        def team_changed(self, state: Any) -> None:
            raise KeyError("deaf")

    router = ao.Router(team("ana", "bo"), policy=Deaf())
    router.assign(ao.Task("t1"))
    for happens in (
        lambda: router.release("t1"),
        lambda: router.set_available("ana", False),
        lambda: router.add_rep(ao.Rep("cy")),
    ):
        with pytest.raises(KeyError, match="deaf"):
            happens()
    assert router.held == {}
    assert list(router.view.reps) == ["ana", "bo", "cy"]
    assert router.log["event"].tolist() == ["assign", "release", "available", "rep"]


def test_records_with_times_of_another_kind_are_refused() -> None:
    router = ao.Router(team("ana"))
    router.assign(ao.Task("t1"), at=datetime(2026, 1, 1))
    before = router.state
    for refused in (
        lambda: router.assign(ao.Task("t2", start=5, end=6)),
        lambda: router.assign_many([ao.Task("t2", start=5, end=6)]),
        lambda: router.add_rep(ao.Rep("ana", available=[(0, 5)])),
    ):
        with pytest.raises(ValidationError, match="in seconds, the times of the router are in"):
            refused()
    assert router.state == before
    day = datetime(2026, 1, 2)
    assert router.assign(ao.Task("t2", start=day, end=day + timedelta(hours=1))).rep_id == "ana"


def test_a_decision_stands_where_learning_fails_after_it() -> None:
    class Dull(LongestWait):
        every = 2

        def learn(self, snapshot: Any) -> Any:
            raise ValueError("nothing learnt")

    router = ao.Router(team("ana", "bo"), policy=Dull())
    router.assign(ao.Task("t1"))
    with pytest.raises(ValueError, match="nothing learnt"):
        router.assign(ao.Task("t2"))
    assert router.held == {"t1": "ana", "t2": "bo"}
    assert router.log["task_id"].tolist() == ["t1", "t2"]


def test_what_is_refused_does_not_say_what_times_are() -> None:
    router = ao.Router(team("ana"))
    for refused in (
        lambda: router.release("gone", at=datetime(2026, 1, 1)),
        lambda: router.set_available("gone", True, at=datetime(2026, 1, 1)),
        lambda: router.assign({"id": ""}, at=datetime(2026, 1, 1)),
    ):
        with pytest.raises(ValidationError):
            refused()
    assert router.view.clock == "none"
    assert router.assign(ao.Task("t1"), at=5.0).at == 5


def test_pinned_grouped_and_separated_tasks() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")],
        [ao.Task(name) for name in ("p", "a1", "a2", "u1", "u2")],
        rules=[ao.Pin("p", "bo"), ao.Apart(["a1", "a2"]), ao.Together(["u1", "u2"])],
    )
    router = ao.Router(problem, policy=Stubborn("ana"))
    assert router.assign(ao.Task("p")).rep_id is None
    router = ao.Router(problem, policy=WAITS)
    got = {name: router.assign(ao.Task(name)).rep_id for name in ("p", "a1", "a2", "u1", "u2")}
    assert got["p"] == "bo"
    assert got["a1"] != got["a2"]
    assert got["u1"] == got["u2"]
    first = router.assign(ao.Task("g1", group="acme")).rep_id
    router.assign(ao.Task("other"))
    assert router.assign(ao.Task("g2", group="acme")).rep_id == first
    router.set_available(str(first), False)
    third = router.assign(ao.Task("g3", group="acme"))
    assert (third.rep_id, third.reason) == (None, ao.Reason.GROUP_CONFLICT)
    assert router.audit().ok


def test_a_newcomer_and_a_changed_rep_take_part_and_are_saved() -> None:
    problem = team("ana", capacity=1)
    router = ao.Router(problem, policy=WAITS)
    router.assign(ao.Task("t1"))
    router.add_rep(ao.Rep("bo", capacity=1))
    assert router.assign(ao.Task("t2")).rep_id == "bo"
    router.add_rep(ao.Rep("ana", capacity=2))
    copy = ao.Router(problem, policy=WAITS, state=router.to_json())
    assert [one.assign(ao.Task("t3")).rep_id for one in (router, copy)] == ["ana", "ana"]
    assert ao.Router.replay(problem, router.log_to_json(), WAITS).state == router.state


def test_a_replanned_router_holds_what_the_plan_says() -> None:
    router = ao.Router(team("ana", "bo", capacity=10), policy=WAITS)
    router.set_available("bo", False)
    for number in range(6):
        router.assign(ao.Task(f"t{number}"))
    router.set_available("bo", True)
    plan = router.replan(max_moves=2)
    assert plan.loads["tasks"].tolist() == [4, 2]
    assert sorted(router.held.values()) == ["ana"] * 4 + ["bo"] * 2
    assert (router.view.count["ana"], router.view.load["bo"]) == (4, 2)
    assert router.audit().ok
    assert ao.Router.replay(router.problem, router.log_to_json(), WAITS).held == router.held


def test_a_plan_of_this_morning_is_adopted() -> None:
    problem = ao.Problem([ao.Rep("ana", capacity=2), ao.Rep("bo", capacity=2)], [ao.Task("m1")])
    router = ao.Router(problem, policy=WAITS)
    router.adopt(ao.solve(problem))
    assert set(router.held) == {"m1"}
    with pytest.raises(ValidationError, match="'m1' is held already"):
        router.adopt(ao.solve(problem))
    with pytest.raises(ValidationError, match="'m1' is held by rep"):
        router.assign(ao.Task("m1"))
    assert ao.Router.replay(problem, router.log_to_json(), WAITS).state == router.state


def test_every_fault_at_once_and_nothing_changes() -> None:
    router = ao.Router(team("ana"), policy=WAITS)
    router.assign(ao.Task("t1"), at=100)
    before, log = router.state, len(router.events)
    with pytest.raises(ValidationError) as caught:
        router.assign(ao.Task("t1"), to="anna", pairs={"zoe": {}, "ana": {"fit": 2}})
    told = str(caught.value)
    assert "4 faults" in told
    for words in ("held by rep 'ana'", "did you mean 'ana'?", "'zoe' is unknown", "at most 1"):
        assert words in told
    bad: list[Any] = [
        lambda: router.assign(ao.Task("t2"), at=99),
        lambda: router.assign(ao.Task("t2"), at=float("nan")),
        lambda: router.assign(ao.Task("t2"), at=datetime(2026, 1, 1)),
        lambda: router.assign({"id": ""}),
        lambda: router.release("t9"),
        lambda: router.release("T1"),
        lambda: router.credit_back("t9"),
        lambda: router.set_available("zoe", True),
        lambda: router.add_rep({"id": "bo", "capacity": -1}),
        lambda: router.assign_many([ao.Task("t2"), ao.Task("t2")]),
        lambda: router.assign_many(ao.Task("t2")),
        lambda: router.assign_many(5),  # type: ignore[arg-type]
        lambda: router.assign(ao.Task("t2"), to=["ana"]),  # type: ignore[arg-type]
        lambda: router.assign(ao.Task("t2"), pairs=[["ana"]]),  # type: ignore[list-item]
        lambda: router.release(["t1"]),  # type: ignore[arg-type]
        lambda: router.credit_back({}),  # type: ignore[arg-type]
        lambda: router.set_available("ana", "yes"),  # type: ignore[arg-type]
        lambda: router.adopt(5),  # type: ignore[arg-type]
        lambda: ao.Router(router.problem, policy="round robin"),  # type: ignore[arg-type]
        lambda: ao.Router(router.problem, seed=-1),
    ]
    for call in bad:
        with pytest.raises(ValidationError):
            call()
    assert (router.state, len(router.events)) == (before, log)


def test_a_clock_that_runs_backwards_is_told_with_both_times() -> None:
    router = ao.Router(team("ana"), policy=WAITS)
    router.assign(ao.Task("t1"), at=datetime(2026, 3, 2))
    with pytest.raises(ValidationError, match="before the last event, at 2026-03-02 00:00:00"):
        router.assign(ao.Task("t2"), at=datetime(2026, 3, 1))
    times = iter([datetime(2026, 3, 3), datetime(2026, 3, 1)])
    live = ao.Router(team("ana"), policy=WAITS, clock=lambda: next(times))
    live.assign(ao.Task("t1"))
    with pytest.raises(ValidationError, match="time only goes on"):
        live.assign(ao.Task("t2"))


def test_the_state_of_another_team_or_policy_is_refused() -> None:
    router = ao.Router(team("ana", "bo"), policy=WAITS)
    saved = router.to_json()
    with pytest.raises(ValidationError, match="another team: 'bo', 'zoe' in one of the two only"):
        ao.Router(team("ana", "zoe"), policy=WAITS, state=saved)
    with pytest.raises(ValidationError, match="of the policy LongestWait, not of Stubborn"):
        ao.Router(team("ana", "bo"), policy=Stubborn("ana"), state=saved)
    for broken in ("{", "[]", json.dumps({**json.loads(saved), "version": 9}), "{}"):
        with pytest.raises(ValidationError, match="the state is not usable"):
            ao.Router(team("ana", "bo"), policy=WAITS, state=broken)


def test_a_log_that_somebody_changed_does_not_replay() -> None:
    router = ao.Router(team("ana", "bo"), policy=WAITS)
    for number in range(4):
        router.assign(ao.Task(f"t{number}"))
    log = router.log_to_json().splitlines()
    log[2] = log[2].replace('"rep_id": "ana"', '"rep_id": "bo"')
    with pytest.raises(ValidationError, match="'t2' went to 'bo' in the log and goes to 'ana' now"):
        ao.Router.replay(router.problem, "\n".join(log), WAITS)
    with pytest.raises(ValidationError, match="not readable"):
        ao.Router.replay(router.problem, "{", WAITS)


def test_threads_do_not_get_into_each_others_way() -> None:
    router = ao.Router(team("ana", "bo", "cy", max_tasks=40), policy=WAITS)

    def work(which: int) -> None:
        for number in range(50):
            router.assign(ao.Task(f"t{which}-{number}"))

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(router.view.count.values()) == [40, 40, 40]
    assert router.audit().ok
    assert ao.Router.replay(router.problem, router.log_to_json(), WAITS).state == router.state


def test_the_audit_knows_who_may_have_a_role_where_pairs_are_listed() -> None:
    router = ao.Router(ao.Problem([ao.Rep("ana", skills={"x"}), ao.Rep("bo")], []), policy=WAITS)
    router.assign(ao.Task("t1", requires={"x"}, roles=[ao.Role("aide")]))
    router.assign(ao.Task("t2"), pairs=["bo"])
    assert router.audit().ok


def test_counts_of_periods_are_saved_in_one_order() -> None:
    problem = team("ana", "bo").replace(rules=[ao.MaxTasks(9, per="day")])
    router = ao.Router(problem, policy=WAITS)
    for name in ("t1", "t2"):
        router.assign(ao.Task(name))
    router.credit_back("t1")
    copy = ao.Router(problem, policy=WAITS, state=router.to_json())
    for one in (router, copy):
        one.assign(ao.Task("t3"), to="ana")
    assert copy.state == router.state


def test_replanning_gives_nothing_to_who_is_away_or_not_there() -> None:
    router = ao.Router(team("ana", "bo"), policy=WAITS)
    router.set_available("bo", False)
    for n in range(4):
        router.assign(ao.Task(f"t{n}"))
    router.replan()
    assert set(router.held.values()) == {"ana"}
    shifts = [ao.Rep("ana"), ao.Rep("bo", available=[(1000, 2000)])]
    router = ao.Router(ao.Problem(shifts, []), policy=WAITS)
    for n in range(4):
        router.assign(ao.Task(f"t{n}"), at=float(n))
    router.replan(max_in=4)
    assert set(router.held.values()) == {"ana"}


def test_replanning_keeps_caps_of_a_period_that_done_tasks_count_in() -> None:
    cap = ao.MaxTasks(2, per="day", rep="bo")
    router = ao.Router(team("ana", "bo", rules=[cap]), policy=WAITS)
    for n in range(2):
        router.assign(ao.Task(f"done{n}"), to="bo", at=0.0)
        router.release(f"done{n}")
    for n in range(4):
        assert router.assign(ao.Task(f"t{n}"), at=1.0).rep_id == "ana"
    router.replan()
    assert set(router.held.values()) == {"ana"}
    assert router.audit().ok
    router.credit_back("done0")
    router.replan()
    assert sorted(router.held.values()) == ["ana", "ana", "ana", "bo"]
    assert router.audit().ok


def test_a_plan_that_does_not_go_with_the_team_or_with_what_is_held_changes_nothing() -> None:
    router = ao.Router(team("ana", capacity=4), policy=WAITS)
    router.adopt(ao.solve(ao.Problem([ao.Rep("ana")], [ao.Task("x", effort=2)])))
    skilled = ao.Problem(
        [ao.Rep("ana", skills={"s"})], [ao.Task("y"), ao.Task("z", requires={"s"})]
    )
    bad = [
        (
            lambda: router.adopt(ao.solve(ao.Problem([ao.Rep("ana")], [ao.Task("y", effort=2)]))),
            "load 5/4",
        ),
        (lambda: router.adopt(ao.solve(skilled)), "'ana' is not eligible"),
        (lambda: router.replan(ao.join(ao.Rep("new", capacity=4))), "'new' is unknown"),
        (lambda: router.credit_back("x", reason=date(2026, 1, 1)), "is no text"),  # type: ignore[arg-type]
    ]
    router.assign(ao.Task("small"))
    before, log = router.state, len(router.events)
    for refused, words in bad:
        with pytest.raises(ValidationError, match=words):
            refused()
        assert (router.state, len(router.events)) == (before, log)


def test_a_plan_counts_before_the_next_arrival_and_as_received_when_it_is_followed() -> None:
    problem = team("ana", "bo", tasks=[ao.Task("x")], rules=[ao.Pin("x", "bo")])
    router = ao.Router(problem, policy=WAITS)
    router.adopt(ao.solve(problem), at=0.0)
    assert [router.assign(ao.Task(f"t{n}")).rep_id for n in range(4)] == ["ana", "bo", "ana", "bo"]
    router = ao.Router(team("ana", "bo"), policy=WAITS)
    router.set_available("bo", False)
    for n in range(4):
        router.assign(ao.Task(f"t{n}"), at=float(n))
    router.set_available("bo", True)
    router.assign(ao.Task("u"), at=1000.0, to="bo")
    router.replan()
    times = router.view.times
    assert times["bo"] == [1000.0, 1000.0]
    assert len(times["ana"]) == 3
    assert router.view.last_time == {"ana": 3.0, "bo": 1000.0}


def test_what_is_held_costs_what_a_changed_rep_makes_of_it() -> None:
    router = ao.Router(team("ana", capacity=4), policy=WAITS)
    router.assign(ao.Task("x", effort=2))
    router.add_rep(ao.Rep("ana", capacity=4, efficiency=0.5))
    assert router.view.load == router.view.given == {"ana": 4.0}
    assert router.assign(ao.Task("y", effort=1)).rep_id is None
    assert router.audit().ok
    router.release("x")
    assert router.view.load == {"ana": 0.0}


def test_a_fit_given_with_a_pair_is_what_counts_against_the_least() -> None:
    problem = ao.Problem([ao.Rep("ana", fit={"k": 0.1})], [], rules=[ao.MinFit(0.3)])
    router = ao.Router(problem, policy=WAITS)
    task = ao.Task("x", customer_type="k")
    assert router.assign(task).rep_id is None
    assert router.assign(task, pairs={"ana": {"fit": 0.5}}).rep_id == "ana"


def test_weeks_of_tasks_with_dates_run_from_monday_before_any_time_is_told() -> None:
    router = ao.Router(team("ana", rules=[ao.MaxTasks(1, per="week")]), policy=WAITS)
    taken = []
    for day in (2, 5, 8):  # 1 January 2024 is a Monday
        start = datetime(2024, 1, day, 9)
        taken.append(router.assign(ao.Task(f"t{day}", start=start, end=start + timedelta(hours=1))))
    assert [one.rep_id for one in taken] == ["ana", None, "ana"]
    assert router.audit().ok


@pytest.mark.parametrize("name", ["x\u2028y", "x\u2029y", "x\x85y", "x\x0by"])
def test_any_id_comes_back_from_the_log(name: str) -> None:
    router = ao.Router(team("ana"), policy=WAITS)
    router.assign(ao.Task(name), at=0)
    again = ao.Router.replay(router.problem, router.log_to_json(), WAITS)
    assert again.state == router.state


def test_a_log_is_played_at_its_own_times_whatever_the_clock_says() -> None:
    now = [100.0]
    router = ao.Router(team("ana"), policy=WAITS, clock=lambda: now[0])
    router.assign(ao.Task("x"))
    router.assign(ao.Task("y"))
    now[0] = 500.0
    again = ao.Router.replay(router.problem, router.log_to_json(), WAITS, clock=lambda: now[0])
    assert again.state == router.state


def test_a_log_may_begin_before_1970() -> None:
    router = ao.Router(team("ana"), policy=WAITS)
    router.assign(ao.Task("x"), at=datetime(1960, 1, 1))
    router.assign(ao.Task("y"), at=datetime(1961, 1, 1))
    again = ao.Router.replay(router.problem, router.log_to_json(), WAITS)
    assert again.state == router.state


def test_a_state_that_does_not_hold_together_is_refused() -> None:
    router = ao.Router(team("ana", "bo", capacity=5), policy=WAITS)
    router.assign(ao.Task("x"), at=10.0)
    good = router.state
    held = good["held"][0]
    reps = good["reps"]
    bad: list[tuple[dict[str, Any], str]] = [
        ({"clock": "foo"}, "clock 'foo' is unknown"),
        ({"now": float("nan")}, "now is nan"),
        ({"horizon": "x"}, "horizon 'x' is no whole number"),
        ({"step": float("inf")}, "step inf"),
        ({"memory": [1]}, "memory is"),
        ({"held": [held, held]}, "held twice"),
        ({"held": [held | {"seats": {"owner": ["zoe", 1, 1, 1]}}]}, "with 'zoe', not in the team"),
        ({"held": []}, "holds 0 tasks with a load of 0"),
        ({"reps": reps | {"load": {"ana": -100, "bo": 0}}}, "the state says"),
        ({"reps": reps | {"open": {"ana": "one", "bo": 0}}}, "no number"),
    ]
    for change, words in bad:
        with pytest.raises(ValidationError, match=words):
            ao.Router(router.problem, policy=WAITS, state=good | change)
    with pytest.raises(ValidationError, match="not usable"):
        ao.Router(router.problem, policy=WAITS, state="[" * 100_000)


def test_a_state_under_other_rules_counts_what_is_known_for_them() -> None:
    router = ao.Router(team("ana", rules=[ao.MaxTasks(1, per="day")]), policy=WAITS)
    router.assign(ao.Task("x"), at=86_400.0 * 9)
    router.release("x")
    weekly = team("ana", rules=[ao.MaxTasks(1, per="week")])
    again = ao.Router(weekly, policy=WAITS, state=router.to_json())
    assert again.assign(ao.Task("y"), at=86_400.0 * 9 + 5).rep_id is None


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "assign"},
        {"kind": "assign", "at": "x", "clock": "none", "task": {"id": "a"}},
        {"kind": "assign", "at": float("nan"), "clock": "none", "task": {"id": "a"}},
        {"kind": "assign", "at": 0, "clock": "none", "task": {"id": "a"}, "said": 5},
        {"kind": "assign", "at": 0, "clock": "none", "task": {"id": "a"}, "said": [5]},
        {"kind": "assign", "at": 0, "clock": "sun", "task": {"id": "a"}},
        {"kind": "replan", "at": 0, "clock": "none", "moved": {"zed": {"owner": "ana"}}},
        {
            "kind": "adopt",
            "at": 0,
            "clock": "none",
            "tasks": [{"id": "a"}],
            "seats": [{"owner": "z"}],
        },
        {"kind": "adopt", "at": 0, "clock": "none", "tasks": [{"id": "a"}], "seats": []},
        {"kind": "rep", "at": 0, "clock": "none", "rep": {"id": "a", "capacity": -1}},
        5,
    ],
)
def test_a_faulty_log_is_told_with_its_line(row: Any) -> None:
    with pytest.raises(ValidationError, match=r"log\.0"):
        ao.Router.replay(team("ana"), [row], WAITS)
    with pytest.raises(ValidationError, match="is no log"):
        ao.Router.replay(team("ana"), None, WAITS)  # type: ignore[arg-type]


def test_a_failing_policy_does_not_lose_what_was_done_before_under_the_same_id() -> None:
    class Failing(LongestWait):
        on = False

        def assigned(self, task: ao.Task, rep_id: str, state: Any) -> None:
            if self.on:
                raise KeyError("lost")

    for many in (False, True):
        policy = Failing()
        router = ao.Router(team("ana"), policy=policy)
        router.assign(ao.Task("x"))
        router.release("x")
        router.assign(ao.Task("k", effort=0.1))
        before = router.state
        policy.on = True
        again = ao.Task("x", effort=0.2)
        with pytest.raises(KeyError, match="lost"):
            _ = router.assign_many([again]) if many else router.assign(again)
        assert router.state == before
        policy.on = False
        router.credit_back("x")
