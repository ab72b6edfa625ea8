"""diagnose: verdict, proof, conflict and repairs, against brute force and by hand."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt.datasets import SALES_IMPOSSIBLE
from assignopt.diagnosing.conflicts import find_conflict
from assignopt.diagnosing.limits import limits_of, without
from assignopt.diagnosing.probing import Prober
from assignopt.proofs import certify
from strategies import tries

GERMAN = {"german"}


def team(reps: Any, tasks: Any, *rules: Any, **options: Any) -> ao.Problem:
    return ao.Problem(reps, tasks, rules=rules, **options)


def has_plan(problem: ao.Problem) -> bool:
    """Brute force."""
    return any(oracle.is_allowed(problem, plan) for plan in oracle.plans(problem))


@st.composite
def tight(draw: st.DrawFn) -> ao.Problem:
    """Draw a problem that asks for a lot, so that many have no plan."""
    problem = draw(strategies.problems(max_tasks=4, max_rules=4))
    rules = [*problem.rules, *draw(st.sampled_from([[], [ao.CoverAll(id="all")]]))]
    return problem.replace(rules=rules)


def by_hand() -> ao.Problem:
    """8 tasks need 46 h; only 'ana' and 'bo' may take them; they have 30 h."""
    hours = [6, 6, 6, 6, 6, 6, 6, 4]
    tasks = [ao.Task(f"t{i}", effort=e, requires=GERMAN) for i, e in enumerate(hours)]
    reps = [
        ao.Rep("ana", capacity=20, carried_load=2, skills=GERMAN),
        ao.Rep("bo", capacity=12, skills=GERMAN),
        ao.Rep("cy", capacity=100),
    ]
    return team(reps, [*tasks, ao.Task("other", effort=3)], ao.CoverAll(id="all"))


# -- against brute force -------------------------------------------------------------------------


@settings(max_examples=tries(40), suppress_health_check=[HealthCheck.too_slow])
@given(tight())
def test_the_verdict_and_the_certificate_agree_with_brute_force(problem: ao.Problem) -> None:
    prober = Prober(time.perf_counter() + 60)
    certificate = prober.certificate(problem)
    allowed = has_plan(problem)
    if certificate is not None:
        assert not allowed
        assert certificate.check(problem)
        assert certificate.need > certificate.have
    assert prober.ask(problem).feasible is allowed


@settings(max_examples=tries(25))
@given(tight())
def test_conflicts_are_infeasible_and_minimal_by_brute_force(problem: ao.Problem) -> None:
    if has_plan(problem):
        return
    prober = Prober(time.perf_counter() + 60)
    conflict = find_conflict(problem, prober, prober.certificate(problem))
    every = limits_of(problem)

    def only(kept: list[Any]) -> ao.Problem:
        return without(problem, [limit for limit in every if limit not in kept])

    assert conflict.minimal
    assert not has_plan(only(list(conflict.limits)))
    for one in conflict.limits:
        rest = [limit for limit in conflict.limits if limit != one]
        assert has_plan(only(rest)), one
        if one.kind == "rule" and not any(rule.kind == "max_moves" for rule in problem.rules):
            rules = [r for r in problem.rules if r.id in {o.of for o in rest if o.kind == "rule"}]
            assert has_plan(problem.replace(rules=rules)), one


@settings(max_examples=tries(20))
@given(tight())
def test_every_repair_repairs_and_its_amounts_are_least(problem: ao.Problem) -> None:
    if has_plan(problem):
        return
    found = ao.diagnose(problem, time_limit=60)
    assert found.feasible is False
    assert found.complete
    assert found.repairs["verified"].all()
    assert found.repairs["changes"].is_monotonic_increasing
    for i, repair in enumerate(found.found):
        assert has_plan(found.repaired(i)), repair.sentence
        for change in repair.changes:
            if change.amount is None or change.step is None or not change.least:
                continue
            sign = 1 if change.amount > change.before else -1
            less = change.amount - sign * change.step
            if abs(less - change.before) < 1e-9:
                less = change.before
            others = [other for other in repair.changes if other is not change]
            smaller = replace(change, amount=less).applied(problem)
            for other in others:
                smaller = other.applied(smaller)
            assert not has_plan(smaller), repair.sentence


@given(tight())
def test_without_all_limits_but_those_kept_nothing_gets_harder(problem: ao.Problem) -> None:
    every = limits_of(problem)
    relaxed = without(problem, every[::2])
    if has_plan(problem):
        assert has_plan(relaxed)
    assert [limit for limit in limits_of(relaxed) if limit in every[::2]] == []


# -- certificates --------------------------------------------------------------------------------


def test_forty_six_hours_for_two_people_with_thirty() -> None:
    found = ao.diagnose(by_hand())
    proof = found.certificate
    assert found.feasible is False
    assert proof is not None
    assert (proof.need, proof.have, proof.unit) == (46, 30, "hours")
    assert proof.tasks == tuple(f"t{i}" for i in range(8))
    assert proof.reps == ("ana", "bo")
    assert str(proof).endswith("only 'ana' and 'bo' may take them, with room for 30 hours")
    told = found.repairs.set_index("rule")
    assert told.loc["capacity of 'ana'", ["from", "to"]].tolist() == ["20", "36"]
    assert told["least"].all()
    row = found.bottlenecks.iloc[0]
    assert row[["by", "name", "tasks", "reps", "need", "have", "short"]].tolist() == [
        "skill", "german at level 1", 8, 2, 46.0, 30.0, 16.0,
    ]  # fmt: skip


def test_a_certificate_that_was_tampered_with_does_not_check() -> None:
    problem = by_hand()
    proof = ao.diagnose(problem).certificate
    assert proof is not None
    assert proof.check(problem)
    wrong: list[dict[str, Any]] = [
        {"need": 47.0},
        {"have": 29.0},
        {"tasks": proof.tasks[:-1]},
        {"tasks": (*proof.tasks, "other")},
        {"tasks": (*proof.tasks, "t0")},
        {"tasks": (*proof.tasks, "nobody knows")},
        {"reps": ("ana",)},
        {"reps": ("ana", "bo", "cy")},
        {"reps": ()},
        {"unit": "days"},
        {"by": "count"},
        {"kind": "needs"},
        {"sentence": "all is well"},
    ]
    for change in wrong:
        assert not replace(proof, **change).check(problem), change
    assert not proof.check(problem.replace(rules=[]))
    assert not proof.check(team([], []))
    assert type(proof).from_data(json.loads(json.dumps(proof.to_data()))) == proof


def two(**fields: Any) -> list[ao.Rep]:
    return [ao.Rep("ana", **fields), ao.Rep("bo", **fields)]


MEETINGS = [ao.Task(f"t{i}", start=10 * i, end=10 * i + 30) for i in range(3)]
# name: (problem, kind, by, need, have, what the sentence says)
STORIES: dict[str, tuple[ao.Problem, str, str, float, float, str]] = {
    "three meetings at one moment for two people": (
        team(two(), MEETINGS, ao.CoverAll()),
        "room", "count", 3, 2, "no rep holds two that overlap in time",
    ),
    "a task that wants three people of two": (
        team(two(), [ao.Task("t", roles=[ao.Role("x"), ao.Role("y")])], ao.CoverAll()),
        "room", "count", 3, 2, "each role of a task wants another person",
    ),
    "three tasks for two people with one slot each": (
        team(two(max_tasks=1), [ao.Task(f"t{i}") for i in range(3)], ao.CoverAll()),
        "room", "count", 3, 2, "max_tasks of the reps",
    ),
    "a rule that allows one task each": (
        team(two(), [ao.Task(f"t{i}") for i in range(3)], ao.CoverAll(), ao.MaxTasks(1)),
        "room", "count", 3, 2, "each rep: at most 1 task",
    ),
    "a rule that keeps three tasks apart": (
        team(two(), MEETINGS[:0] + [ao.Task(f"t{i}") for i in range(3)], ao.CoverAll(),
             ao.Apart(["t0", "t1", "t2"])),
        "room", "count", 3, 2, "no rep holds two of the tasks",
    ),
    "a territory without people": (
        team(
            [ao.Rep("ana", tags={"region": "emea"})],
            [ao.Task("t", tags={"region": "apac"})],
            ao.Allow({"region": "apac"}, {"region": "apac"}, id="apac"),
            ao.CoverAll(),
        ),
        "room", "count", 1, 0, "nobody may take it; excluded are, for 't': apac 1 of 1",
    ),
    "a group too large for anybody": (
        team(two(capacity=5), [ao.Task(f"t{i}", effort=3, group="g") for i in range(2)],
             ao.CoverAll()),
        "room", "effort", 6, 0, "at once; only 'ana' and 'bo' may take them, with room for 5 hours",
    ),
    "a pinned collaborator, and no owner": (
        team(two(), [ao.Task("t", requires=GERMAN, roles=[ao.Role("x")])], ao.Pin("t", "ana", "x")),
        "room", "count", 1, 0, "nobody may take it",
    ),
    "reps who need more tasks than there are": (
        team(two(), [ao.Task(f"t{i}") for i in range(3)], ao.MinTasks(2)),
        "needs", "count", 4, 3, "'ana' and 'bo' must take at least 4 tasks",
    ),
    "a rep who needs more than fits": (
        team(two(capacity=3), [ao.Task("t", effort=5), ao.Task("u", effort=3)], ao.MinLoad(4)),
        "needs", "effort", 4, 3, "'ana' must take at least 4 hours more",
    ),
    "two rules for two people about one task": (
        team(two(), [ao.Task("t")], ao.MinTasks(1, rep="ana"), ao.MinTasks(1, rep="bo")),
        "needs", "count", 2, 1, "'ana' and 'bo' must take at least 2 tasks",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_stories_that_sums_settle(name: str) -> None:
    problem, kind, by, need, have, words = STORIES[name]
    found = ao.diagnose(problem)
    proof = found.certificate
    assert proof is not None
    assert (proof.kind, proof.by, proof.need, proof.have) == (kind, by, need, have)
    assert words in proof.sentence
    assert proof.check(problem)
    assert found.minimal
    assert len(found.repairs)
    for i in range(len(found.repairs)):
        assert ao.solve(found.repaired(i)).status is ao.Status.OPTIMAL


def test_nothing_is_certified_of_a_problem_with_a_plan() -> None:
    problem = by_hand().replace(rules=[])
    for kind, by in (
        ("room", "effort"),
        ("room", "count"),
        ("needs", "effort"),
        ("needs", "count"),
    ):
        assert certify(problem, kind, by, ["t0"], ["ana"]) is None  # type: ignore[arg-type]


# -- conflicts and repairs by hand ---------------------------------------------------------------


def test_a_conflict_that_no_sum_shows() -> None:
    apart, same = ao.Apart(["t", "u"], id="apart"), ao.Together(["t", "u"], id="same")
    idle = ao.MaxTasks(5, id="idle")
    problem = team(two(), [ao.Task("t"), ao.Task("u")], idle, apart, same, ao.CoverAll(id="all"))
    found = ao.diagnose(problem)
    assert found.feasible is False
    assert [limit.id for limit in found.conflict] == ["apart", "same", "all"]
    assert all(limit.rule is not None for limit in found.conflict)
    assert set(found.repairs["rule"]) == {"apart", "same", "all"}
    assert "apart: no rep holds two of the tasks 't', 'u'" in str(found)


def test_where_one_change_does_not_do_two_are_found() -> None:
    tasks = [ao.Task("t", requires={"sql": 2, "german": 1})]
    problem = team([ao.Rep("ana", skills={"sql": 1})], tasks, ao.Pin("t", "ana", id="promised"))
    found = ao.diagnose(problem.replace(rules=[*problem.rules, ao.MinTasks(1, id="busy")]))
    assert found.repairs["changes"].tolist()[0] == 2
    best = found.repairs.iloc[0]
    assert "lower skill 'sql' of task 't' from 2 to 1" in best["repair"]
    assert not found.repaired(0).tasks["t"].requires.get("german", 0)


def test_a_selector_on_what_is_changed_still_picks_the_same() -> None:
    reps = [ao.Rep("ana", capacity=4), ao.Rep("bo", capacity=5)]
    rules = [ao.CoverAll(id="all"), ao.MaxTasks(1, rep={"capacity": 4.0}, id="small")]
    problem = team(reps, [ao.Task("t", effort=6)], *rules)
    found = ao.diagnose(problem)
    row = found.repairs["rule"].tolist().index("capacity of 'ana'")
    repaired = found.repaired(row)
    assert repaired.reps["ana"].capacity == 6
    assert repaired.rules[1].rep == ["ana"]  # type: ignore[union-attr]


def test_pairs_calendars_and_times_can_be_what_is_wrong() -> None:
    table = [{"rep_id": "ana", "task_id": "t", "effort": 2.0}]
    found = ao.diagnose(team(two(capacity=1), [ao.Task("t")], ao.CoverAll(), pairs=table))
    assert "pairs of task 't'" in {limit.id for limit in found.conflict}
    row = found.repairs["rule"].tolist().index("pairs of task 't'")
    assert len(found.repaired(row).pairs) == 2  # type: ignore[arg-type]
    late = [ao.Task("t", start=50, end=60)]
    found = ao.diagnose(team([ao.Rep("ana", available=[(0, 40)])], late, ao.CoverAll(id="all")))
    wrong = ["all", "time of task 't'", "calendar of 'ana'"]
    assert [limit.id for limit in found.conflict] == wrong
    assert sorted(found.repairs["rule"]) == sorted(wrong)


# -- problems with a plan, bad input, results ---------------------------------------------------


def test_what_keeps_tasks_open_where_there_is_a_plan() -> None:
    tasks = [ao.Task("t", effort=3), ao.Task("u", effort=3), ao.Task("v", requires=GERMAN)]
    found = ao.diagnose(team([ao.Rep("ana", capacity=5)], tasks))
    assert found.feasible is True
    assert found.conflict == ()
    assert found.certificate is None
    assert found.repairs.empty
    assert sorted(found.unassigned["reason"]) == ["no_capacity", "no_skill"]
    told = "A plan keeps every rule; it leaves 2 of 3 tasks open (no plan leaves fewer)"
    assert found.headline() == told
    assert found.bottlenecks["open"].tolist() == [1]
    assert "'v' (owner): no_skill" in str(found)
    everything = ao.diagnose(team([ao.Rep("ana")], tasks[:2]))
    assert everything.headline() == "A plan keeps every rule and assigns every task"


def test_frames_have_their_columns_with_and_without_rows() -> None:
    empty, full = ao.diagnose(team([], [])), ao.diagnose(by_hand())
    for name in ("repairs", "bottlenecks", "unassigned"):
        a, b = getattr(empty, name), getattr(full, name)
        assert a.dtypes.tolist() == b.dtypes.tolist()
        assert list(a.columns) == list(b.columns)


def test_json_holds_all_that_is_printed() -> None:
    found = ao.diagnose(by_hand())
    data = json.loads(found.to_json())
    assert data["feasible"] is False
    assert data["certificate"]["need"] == 46
    assert [row["id"] for row in data["conflict"]] == [limit.id for limit in found.conflict]
    assert len(data["repairs"]) == len(found.repairs)
    assert json.loads(ao.diagnose(team(two(), MEETINGS)).to_json(indent=1))["feasible"] is True


def test_without_time_nothing_is_claimed() -> None:
    tasks, rules = [ao.Task("t"), ao.Task("u")], [ao.Apart(["t", "u"]), ao.Together(["t", "u"])]
    found = ao.diagnose(team(two(), tasks, *rules, ao.CoverAll()), time_limit=0)
    assert found.feasible is None
    assert not found.complete
    assert "time ran out" in str(found)


@pytest.mark.parametrize("wrong", [None, "problem", {"reps": []}, np.zeros(3)])
def test_what_is_no_problem_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="a Problem is expected"):
        ao.diagnose(wrong)


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="time_limit -1"):
        ao.diagnose(by_hand(), time_limit=-1)


def test_a_repair_that_does_not_exist() -> None:
    with pytest.raises(IndexError, match="repair 99 does not exist"):
        ao.diagnose(by_hand()).repaired(99)


# -- the embedded team ---------------------------------------------------------------------------


def test_the_sales_team_and_its_impossible_tasks() -> None:
    problem = ao.datasets.sales_team()
    asked = problem.replace(rules=[*problem.rules, ao.CoverAll(id="everything")])
    found = ao.diagnose(asked, time_limit=900)
    assert found.feasible is False
    assert found.certificate is not None
    assert set(found.certificate.tasks) < set(SALES_IMPOSSIBLE)
    assert found.certificate.check(asked)
    assert found.minimal
    left_out, all_done = found.found
    assert set(left_out.changes[0].exempt) == set(SALES_IMPOSSIBLE)
    assert len(all_done.changes) == len(SALES_IMPOSSIBLE)
    plan = ao.solve(found.repaired(1).replace(objective=[ao.Coverage()]))
    assert plan.unassigned.empty


def test_a_skill_that_nobody_has_is_the_scarcest() -> None:
    tasks = [ao.Task("t1", effort=2, requires={"de"}), ao.Task("t2", effort=5, requires={"xx"})]
    problem = ao.Problem([ao.Rep("ana", capacity=10, skills={"de"})], tasks)
    first = ao.diagnose(problem, workers=1).bottlenecks.iloc[0]
    assert first["name"] == "xx at level 1"
    assert (first["need"], first["have"], first["short"]) == (5, 0, 5)
