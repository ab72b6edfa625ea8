"""The door: statuses, options, hints, interrupts, progress, repeatability, and broken engines."""

from __future__ import annotations

import _thread
import dataclasses
import json
import random
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model
from pydantic import ValidationError

import assignopt as ao
import oracle
import strategies
from assignopt.compiling import compile_problem
from assignopt.engines import CpSatEngine, FlowEngine, Outcome
from assignopt.objectives import maximises
from strategies import tries

ASSIGNMENTS = ["task_id", "role", "rep_id", "effort", "fit", "value", "moved"]
LOADS = ["rep_id", "tasks", "load", "capacity", "utilisation", "worth", "value", "burden", "weight"]
TERMS = ["term", "value", "bound", "gap", "proved", "engine", "depth"]


def trap() -> ao.Problem:
    """All can be covered (4 + 3 + 3 each), but not by putting the large ones first."""
    efforts = [4, 4, 3, 3, 3, 3]
    return ao.Problem(
        [ao.Rep("ana", capacity=10), ao.Rep("bo", capacity=10)],
        [ao.Task(f"t{i}", effort=effort) for i, effort in enumerate(efforts)],
        rules=[ao.CoverAll()],
        objective=[ao.Value()],
    )


def hard(tasks: int = 60, reps: int = 7, **options: Any) -> ao.Problem:
    """A sum of squares of unequal efforts: soon good, not proved in any time a test has."""
    pick = random.Random(5)
    options.setdefault("objective", [ao.Fairness("l2", per="nothing")])
    return ao.Problem(
        [ao.Rep(f"r{i}", carried_load=pick.randint(1, 99) / 7) for i in range(reps)],
        [
            ao.Task(f"t{i}", effort=pick.randint(10_000, 99_999) / 7, value=pick.randint(1, 99))
            for i in range(tasks)
        ],
        rules=[ao.CoverAll()],
        **options,
    )


def unequal() -> ao.Problem:
    """A small problem for CP-SAT with several tiers, solved in a moment."""
    pick = random.Random(2)
    return ao.Problem(
        [ao.Rep(f"r{i}", capacity=12) for i in range(3)],
        [
            ao.Task(f"t{i}", effort=pick.choice([1, 2, 3, 5]), value=pick.randint(1, 9))
            for i in range(9)
        ],
    )


def numbers(problem: ao.Problem, rows: list[tuple[str, str, str]]) -> list[float]:
    """All that the tiers compare plans by, one after the other, so signed that more is better."""
    plan = dict.fromkeys(next(oracle.plans(problem)))
    plan |= {(task, role): rep for task, rep, role in rows}
    known = oracle.facts(problem)
    state = known.state(plan)
    return [
        (1 if maximises(tier) else -1) * number
        for tier in problem.objective
        for number in known.numbers(state, tier)
    ]


def never_worse(after: list[float], before: list[float]) -> bool:
    """Whether the first number that differs is better."""
    for new, old in zip(after, before, strict=True):
        if abs(new - old) > 1e-6 * max(1.0, abs(old)):
            return new > old
    return True


def as_choice(pairs: list[int]) -> Any:
    return np.array(pairs, np.int64)


def rows_of(plan: ao.Plan) -> list[tuple[str, str, str]]:
    frame = plan.assignments
    return list(zip(frame["task_id"], frame["rep_id"], frame["role"], strict=True))


# -- statuses ----------------------------------------------------------------------------------


def test_the_whole_of_a_proved_plan() -> None:
    plan = ao.solve(unequal(), workers=1)
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["proved"].all()
    assert plan.terms["gap"].tolist() == [0.0, 0.0, 0.0]
    assert plan.terms["value"].tolist() == plan.terms["bound"].tolist()
    assert ao.audit(plan.problem, plan).ok
    assert plan.seed == 0
    assert {"assignopt", "python", "ortools", "numpy", "pandas", "pydantic"} == set(plan.versions)
    assert plan.infeasibility is None
    assert plan.runtime > 0


def test_greedy_alone_gives_feasible_with_an_honest_bound() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")],
        [ao.Task(f"t{i}", effort=effort) for i, effort in enumerate([3, 3, 2, 2, 2])],
        rules=[ao.CoverAll()],
        objective=[ao.Fairness("minmax")],
    )
    plan = ao.solve(problem, engine="greedy")
    assert plan.status is ao.Status.FEASIBLE
    assert plan.terms["engine"].tolist() == ["greedy"]
    assert plan.terms["value"][0] == 7.0  # 3 + 2 + 2, as a dispatcher would; the best is 6
    assert plan.terms["bound"][0] <= 6.0
    assert not plan.terms["proved"][0]
    assert plan.terms["gap"][0] > 0
    assert ao.solve(problem, workers=1).terms["value"][0] == 6.0


def test_too_little_room_is_certified_with_tasks_and_reps() -> None:
    problem = ao.Problem(
        [ao.Rep("ana", max_tasks=1, skills={"sql"}), ao.Rep("bo")],
        [ao.Task(f"t{i}", requires={"sql"}) for i in range(2)],
        rules=[ao.CoverAll()],
    )
    plan = ao.solve(problem, workers=1)
    assert plan.status is ao.Status.INFEASIBLE
    assert plan.infeasibility is not None
    assert all(name in plan.infeasibility for name in ("'t0'", "'t1'", "'ana'"))
    assert "'bo'" not in plan.infeasibility
    assert plan.terms["value"].isna().all()
    assert not plan.terms["proved"].any()


def test_rules_at_odds_are_named() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")],
        [ao.Task("t1"), ao.Task("t2")],
        rules=[ao.Pin("t1", "ana"), ao.Pin("t2", "bo"), ao.Together(["t1", "t2"])],
    )
    plan = ao.solve(problem, workers=1)
    assert plan.status is ao.Status.INFEASIBLE
    assert plan.infeasibility is not None
    assert all(rule.sentence in plan.infeasibility for rule in problem.rules)


def test_needs_that_cannot_be_met_are_infeasible_without_tasks() -> None:
    plan = ao.solve(ao.Problem([ao.Rep("ana")], [], rules=[ao.MinTasks(1)]), workers=1)
    assert plan.status is ao.Status.INFEASIBLE
    assert "'ana'" in str(plan.infeasibility)


def test_a_load_nobody_can_reach_is_told_in_numbers_that_mean_something() -> None:
    plan = ao.solve(ao.Problem([ao.Rep("ana")], [], rules=[ao.MinLoad(0.5)]), workers=1)
    assert plan.status is ao.Status.INFEASIBLE
    assert "'ana'" in str(plan.infeasibility)
    assert str(2**60) not in str(plan.infeasibility)


def test_no_number_of_reps_is_asked_for_that_there_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[int] = []
    usual = cp_model.CpSolver.solve

    def search(self: Any, *given_: Any) -> Any:
        searches.append(1)
        return usual(self, *given_)

    monkeypatch.setattr(cp_model.CpSolver, "solve", search)
    reps = [ao.Rep("ana"), ao.Rep("bo")]
    rules = [ao.MinTasks(1)]
    problem = ao.Problem(reps, [ao.Task("t1")], rules=rules, objective=[ao.RepsUsed()])
    plan = ao.solve(problem, workers=1, time_limit=2)
    assert plan.status is ao.Status.INFEASIBLE
    assert len(searches) <= 6  # 0, 1 and 2 reps, then any number, and a second opinion


def test_unknown_when_nothing_was_found_in_no_time() -> None:
    plan = ao.solve(trap(), time_limit=0, workers=1)
    assert plan.status is ao.Status.UNKNOWN
    assert plan.infeasibility is None
    assert not plan.terms["proved"].any()
    with pytest.raises(ao.NoSolutionError, match="Allow more time"):
        plan.raise_for_status()
    assert ao.solve(trap(), workers=1).status is ao.Status.OPTIMAL


@pytest.mark.parametrize("problem", [unequal(), unequal().replace(objective=[ao.Coverage()])])
def test_no_time_still_gives_a_plan_with_work_in_it(problem: ao.Problem) -> None:
    plan = ao.solve(problem, time_limit=0, workers=1)
    assert plan.status in (ao.Status.FEASIBLE, ao.Status.OPTIMAL)
    assert len(plan.assignments) > 0
    assert ao.audit(problem, plan).ok


@pytest.mark.parametrize("reps", [[], [ao.Rep("ana", capacity=4)]])
@pytest.mark.parametrize("tasks", [[], [ao.Task("t1", roles=[ao.Role("aide")])]])
@pytest.mark.parametrize("engine", ["auto", "cpsat", "greedy"])
def test_an_empty_plan_is_optimal_and_has_its_columns(
    reps: list[ao.Rep], tasks: list[ao.Task], engine: Any
) -> None:
    tasks = tasks if not reps else []
    plan = ao.solve(ao.Problem(reps, tasks), engine=engine, workers=1)
    assert plan.status is ao.Status.OPTIMAL
    assert len(plan.assignments) == 0
    assert len(plan.unassigned) == 2 * len(tasks)
    assert len(plan.loads) == len(reps)
    assert list(plan.assignments.columns) == ASSIGNMENTS
    assert list(plan.loads.columns)[: len(LOADS)] == LOADS
    assert list(plan.terms.columns) == TERMS
    filled = ao.solve(ao.Problem([ao.Rep("ana", max_tasks=1)], [ao.Task("t1"), ao.Task("t2")]))
    for name in ("assignments", "unassigned", "loads", "terms"):
        assert (getattr(plan, name).dtypes == getattr(filled, name).dtypes).all(), name


@pytest.mark.parametrize("engine", ["auto", "cpsat", "greedy"])
def test_without_tiers_any_plan_that_keeps_the_rules_is_optimal(engine: Any) -> None:
    problem = ao.Problem(
        [ao.Rep("ana", capacity=2), ao.Rep("bo", capacity=2)],
        [ao.Task("t1", effort=2), ao.Task("t2", effort=2)],
        rules=[ao.CoverAll()],
        objective=(),
    )
    plan = ao.solve(problem, engine=engine, workers=1)
    assert plan.status is ao.Status.OPTIMAL
    assert len(plan.terms) == 0
    assert sorted(plan.assignments["rep_id"]) == ["ana", "bo"]
    assert ao.audit(problem, plan).ok


def test_without_tiers_search_finds_what_greedy_does_not_and_proves_what_cannot_be() -> None:
    problem = trap().replace(objective=())
    assert len(ao.solve(problem, workers=1).assignments) == 6
    small = [ao.Rep("ana", capacity=9.5), ao.Rep("bo", capacity=10.5)]
    plan = ao.solve(problem.replace(reps=small), workers=1)
    assert plan.status is ao.Status.INFEASIBLE
    assert plan.infeasibility


@settings(max_examples=tries(20), suppress_health_check=list(HealthCheck))
@given(strategies.problems())
def test_without_tiers_the_status_is_right(problem: ao.Problem) -> None:
    best = oracle.best(problem)
    plan = ao.solve(problem.replace(objective=()), workers=1)
    assert plan.status is (ao.Status.INFEASIBLE if best is None else ao.Status.OPTIMAL)


# -- options -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"time_limit": -1}, ["time_limit -1"]),
        ({"time_limit": float("inf")}, ["time_limit inf"]),
        ({"time_limit": float("nan")}, ["time_limit nan"]),
        ({"workers": 0}, ["workers 0"]),
        ({"seed": -1}, ["seed -1"]),
        ({"seed": 1.5}, ["seed 1.5"]),
        ({"engine": "simplex"}, ["engine 'simplex'", "auto, flow, cpsat, greedy"]),
        (
            {"time_limit": -2, "workers": -3, "seed": -4, "engine": "x"},
            ["time_limit -2", "workers -3", "seed -4", "engine 'x'"],
        ),
    ],
)
def test_options_out_of_range_are_all_named(options: Any, named: list[str]) -> None:
    with pytest.raises(ValueError, match="options out of range") as error:
        ao.solve(unequal(), **options)
    assert all(one in str(error.value) for one in named)


@pytest.mark.parametrize(
    "problem",
    [
        unequal(),
        ao.Problem([ao.Rep("ana")], [ao.Task("t1", roles=[ao.Role("aide")])]),
        ao.Problem([ao.Rep("ana")], [ao.Task("t1")], objective=[ao.RepsUsed()]),
        ao.Problem([ao.Rep("ana")], [ao.Task("t1")], objective=[]),
        ao.Problem([ao.Rep("ana")], [ao.Task("t1")], objective=[ao.Value(slack=0.1), ao.Moves()]),
    ],
)
def test_flow_refuses_what_it_cannot_model(problem: ao.Problem) -> None:
    with pytest.raises(ValueError, match="engine 'flow' cannot"):
        ao.solve(problem, engine="flow")


def test_the_engine_of_each_tier_is_on_record() -> None:
    counted = ao.Problem(
        [ao.Rep("ana", max_tasks=2), ao.Rep("bo", max_tasks=1)],
        [ao.Task(f"t{i}", value=i) for i in range(4)],
        objective=[ao.Value(), ao.Fairness("minmax", of="count")],
    )
    assert set(ao.solve(counted).terms["engine"]) <= {"flow", "arithmetic"}
    assert ao.solve(counted).terms["engine"][0] == "flow"
    assert ao.solve(counted, engine="cpsat", workers=1).terms["engine"][0] == "cpsat"
    assert set(ao.solve(counted, engine="greedy").terms["engine"]) == {"greedy"}
    mixed = counted.replace(objective=[ao.Value(), ao.RepsUsed()])
    plan = ao.solve(mixed, workers=1)
    assert plan.terms["engine"][0] == "flow"
    assert plan.terms["engine"][1] in ("cpsat", "arithmetic")
    assert set(plan.engine.split("+")) == set(plan.terms["engine"])


def test_slack_of_a_tier_is_used_and_not_exceeded() -> None:
    problem = ao.Problem(
        [ao.Rep("ana", fit={"smb": 1}), ao.Rep("bo", fit={"smb": 0.8})],
        [ao.Task(f"t{i}", value=10, customer_type="smb") for i in range(10)],
        rules=[ao.CoverAll()],
        objective=[ao.Value(slack=0.05), ao.Fairness("minmax", of="count")],
    )
    plan = ao.solve(problem, workers=1)
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["bound"].tolist() == [100.0, 8.0]
    assert plan.terms["value"].tolist() == [96.0, 8.0]
    tight = problem.replace(objective=[ao.Value(), ao.Fairness("minmax", of="count")])
    assert ao.solve(tight, workers=1).terms["value"].tolist() == [100.0, 10.0]


@pytest.mark.parametrize("engine", ["auto", "cpsat", "greedy"])
def test_efforts_beyond_64_bits_are_refused_in_words(engine: Any) -> None:
    problem = ao.Problem([ao.Rep("ana", capacity=1e300)], [ao.Task("t1", effort=1e30)])
    with pytest.raises(ValidationError, match="efforts add up to 1e\\+30 hours") as error:
        ao.solve(problem, engine=engine)
    assert [one["loc"] for one in error.value.errors()] == [("tasks", "effort")]


def test_inputs_are_not_touched() -> None:
    reps = pd.DataFrame({"id": ["ana", "bo"], "capacity": [3.0, 4.0], "team": ["x", None]})
    tasks = pd.DataFrame({"id": ["t1", "t2", "t3"], "effort": [2.0, 2.0, 3.0]})
    hint = pd.DataFrame({"task_id": ["t1"], "rep_id": ["bo"]})
    given_ = reps.copy(deep=True), tasks.copy(deep=True), hint.copy(deep=True)
    problem = ao.Problem.from_frames(reps, tasks)
    before = problem.to_json()
    ao.solve(problem, hint=hint, workers=1)
    assert problem.to_json() == before
    assert all(a.equals(b) for a, b in zip(given_, (reps, tasks, hint), strict=True))


# -- hints -------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["auto", "cpsat", "greedy"])
@settings(max_examples=tries(15), suppress_health_check=list(HealthCheck))
@given(problem=strategies.problems(slack=False), data=st.data())
def test_an_allowed_hint_is_never_made_worse(
    engine: Any, problem: ao.Problem, data: st.DataObject
) -> None:
    allowed = [p for p in oracle.plans(problem) if oracle.is_allowed(problem, p)]
    assume(allowed)
    hint = data.draw(st.sampled_from(allowed))
    rows = [(task, rep, role) for (task, role), rep in hint.items() if rep is not None]
    before = numbers(problem, rows)
    for time_limit in (0, 30):
        plan = ao.solve(problem, hint=rows, engine=engine, workers=1, time_limit=time_limit)
        assert ao.audit(problem, plan).ok
        assert never_worse(numbers(problem, rows_of(plan)), before)


def test_a_hint_is_not_made_worse_in_the_tiers_that_were_not_reached() -> None:
    problem = ao.Problem(
        [ao.Rep("ana", capacity=4, fit={"a": 1, "b": 0}), ao.Rep("bo", capacity=4, fit={"b": 1})],
        [
            ao.Task("t1", effort=4, customer_type="a"),
            ao.Task("t2", effort=3, customer_type="b"),
            ao.Task("t3", effort=2, priority=0.25),
        ],
        objective=[ao.Coverage(), ao.Fit()],
    )
    hint = {"t1": "ana", "t2": "bo"}
    stop = threading.Event()
    at_the_start = ao.audit(problem, hint).terms["value"].tolist()
    assert at_the_start == [2.0, 2.0]

    class Search:
        """The first tier ends with a plan as good in it, and worse in the next; then stop."""

        def optimise(self, goal: Any, incumbent: Any) -> Outcome:
            del incumbent
            arrays = goal.arrays
            pairs = list(zip(arrays.pair_seat.tolist(), arrays.pair_rep.tolist(), strict=True))
            choice = as_choice([pairs.index((0, 1)), pairs.index((1, 0)), -1])
            stop.set()
            return Outcome(choice, goal.gain(choice))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CpSatEngine, "optimise", Search.optimise)
        plan = ao.solve(problem, hint=hint, engine="cpsat", workers=1, stop=stop)
    assert plan.terms["value"].tolist() == at_the_start


@pytest.mark.parametrize("how", ["plan", "frame", "mapping", "rows"])
def test_a_hint_comes_in_any_form(how: str) -> None:
    problem = unequal()
    best = ao.solve(problem, workers=1)
    hint = {
        "plan": best,
        "frame": best.assignments,
        "mapping": dict(zip(best.assignments["task_id"], best.assignments["rep_id"], strict=True)),
        "rows": rows_of(best),
    }[how]
    plan = ao.solve(problem, hint=hint, engine="greedy")
    assert plan.terms["value"].tolist() == best.terms["value"].tolist()
    assert plan.assignments.equals(best.assignments)


def test_a_hint_of_roles_is_kept() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")],
        [ao.Task("t1", roles=[ao.Role("aide", credit=0.25)])],
        objective=[ao.Coverage()],
    )
    hint = [("t1", "bo", "owner"), ("t1", "ana", "aide")]
    assert rows_of(ao.solve(problem, hint=hint, engine="greedy")) == hint


@pytest.mark.parametrize("engine", ["greedy", "cpsat"])
@pytest.mark.parametrize(
    "hint",
    [
        {"t0": "r1"},
        {f"t{i}": "r0" for i in range(9)},  # over capacity
        {"nothing": "r0", "t1": "nobody", "t2": "r2", "t3": None},
        [("t0", "r0", "no such role"), ("t0", "r0"), ("t0", "r1"), ("t0", "r0")],
        [],
        {},
        pd.DataFrame({"task_id": [], "rep_id": []}),
    ],
)
def test_a_partial_or_broken_hint_is_repaired(engine: Any, hint: Any) -> None:
    problem = unequal()
    best = ao.solve(problem, workers=1)
    plan = ao.solve(problem, hint=hint, engine=engine, workers=1)
    assert ao.audit(problem, plan).ok
    assert len(plan.assignments) > 0
    if engine == "cpsat":
        assert plan.status is ao.Status.OPTIMAL
        assert plan.terms["value"].tolist() == best.terms["value"].tolist()


def test_what_the_rules_allow_of_a_hint_is_kept() -> None:
    problem = ao.Problem(
        [ao.Rep("ana", capacity=2, skills={"sql"}), ao.Rep("bo", capacity=3)],
        [ao.Task("t1"), ao.Task("t2"), ao.Task("t3", requires={"sql"}), ao.Task("t4")],
        objective=[ao.Coverage()],
    )
    hint = {"t1": "bo", "t2": "bo", "t3": "bo", "t4": "bo"}  # bo lacks the skill for t3
    plan = ao.solve(problem, hint=hint, engine="greedy")
    assert rows_of(plan) == [
        ("t1", "bo", "owner"),
        ("t2", "bo", "owner"),
        ("t3", "ana", "owner"),
        ("t4", "bo", "owner"),
    ]


def test_a_hint_without_its_columns_is_a_fault() -> None:
    with pytest.raises(ValidationError, match="rep_id"):
        ao.solve(unequal(), hint=pd.DataFrame({"task_id": ["t1"], "rep": ["r1"]}))


# -- stopping ----------------------------------------------------------------------------------


def test_stop_before_the_call_gives_a_plan_with_work_in_it() -> None:
    stop = threading.Event()
    stop.set()
    plan = ao.solve(unequal(), stop=stop, workers=1)
    assert plan.status in (ao.Status.FEASIBLE, ao.Status.OPTIMAL)
    assert len(plan.assignments) > 0
    assert ao.audit(plan.problem, plan).ok


def test_stop_before_the_call_keeps_the_hint() -> None:
    stop = threading.Event()
    stop.set()
    best = ao.solve(unequal(), workers=1)
    plan = ao.solve(unequal(), stop=stop, hint=best, workers=1)
    assert plan.terms["value"].tolist() == best.terms["value"].tolist()


def test_stop_while_searching_gives_the_best_plan_so_far() -> None:
    stop, seen = threading.Event(), []

    def look(snapshot: ao.Snapshot) -> None:
        seen.append(snapshot)
        if len(seen) == 3:
            stop.set()

    plan = ao.solve(hard(), on_progress=look, stop=stop, workers=1, time_limit=300)
    assert plan.status is ao.Status.FEASIBLE
    assert ao.audit(plan.problem, plan).ok
    assert len(plan.assignments) == 60
    assert plan.runtime < 300
    assert plan.terms["value"][0] <= min(s.value for s in seen if s.value is not None) + 1e-6


def test_ctrl_c_while_searching_gives_the_best_plan_so_far() -> None:
    seen: list[ao.Snapshot] = []

    def interrupt(snapshot: ao.Snapshot) -> None:
        seen.append(snapshot)
        if len(seen) == 2:
            _thread.interrupt_main()

    plan = ao.solve(hard(), on_progress=interrupt, workers=1, time_limit=300)
    assert plan.status is ao.Status.FEASIBLE
    assert ao.audit(plan.problem, plan).ok
    assert len(plan.assignments) == 60
    assert plan.runtime < 300


def test_ctrl_c_from_outside_while_searching() -> None:
    timers: list[threading.Timer] = []

    def later(snapshot: ao.Snapshot) -> None:
        del snapshot
        if len(timers) < 1:
            timers.append(threading.Timer(0.3, _thread.interrupt_main))
            timers[0].start()

    try:
        plan = ao.solve(hard(), on_progress=later, workers=1, time_limit=300)
    except KeyboardInterrupt:
        pytest.fail("an interrupt lost the plan at hand")
    assert plan.status is ao.Status.FEASIBLE
    assert ao.audit(plan.problem, plan).ok
    assert plan.runtime < 300


def test_ctrl_c_between_two_looks_at_the_clock() -> None:
    class Stop:
        """Stands in for an event; the interrupt arrives as the run asks for it."""

        armed = False

        def is_set(self) -> bool:
            if self.armed:
                self.armed = False
                raise KeyboardInterrupt
            return False

    stop, seen = Stop(), []

    def arm(snapshot: ao.Snapshot) -> None:
        seen.append(snapshot)
        stop.armed = len(seen) == 2  # while the search runs

    try:
        plan = ao.solve(hard(), on_progress=arm, stop=stop, workers=1, time_limit=5)  # type: ignore[arg-type]
    except KeyboardInterrupt:
        pytest.fail("an interrupt outside of the wait lost the plan at hand")
    assert plan.status is ao.Status.FEASIBLE
    assert ao.audit(plan.problem, plan).ok


# -- progress ----------------------------------------------------------------------------------


def test_snapshots_are_frozen_and_go_forward() -> None:
    seen: list[ao.Snapshot] = []
    plan = ao.solve(unequal(), engine="cpsat", workers=1, on_progress=seen.append)
    assert seen
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen[0].value = 1.0  # type: ignore[misc]
    elapsed = [one.elapsed for one in seen]
    assert elapsed == sorted(elapsed)
    assert elapsed[-1] <= plan.runtime
    labels = [tier.label for tier in plan.problem.objective]
    order = [labels.index(one.term) for one in seen[1:]]
    assert order == sorted(order)
    last = {one.term: one for one in seen}
    for row in plan.terms.itertuples():
        if row.term in last:
            assert last[row.term].value == pytest.approx(row.value)
            assert last[row.term].bound == pytest.approx(row.bound)
            assert last[row.term].gap == pytest.approx(0, abs=1e-9)


def test_the_bar_is_drawn_on_standard_error_only(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[ao.Snapshot] = []
    ao.solve(unequal(), workers=1, progress=True, on_progress=seen.append)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("\r[")
    assert told.err.endswith("\n")
    assert told.err.count("\r") == len(seen)
    ao.solve(unequal(), workers=1)
    assert capsys.readouterr() == ("", "")


def test_an_error_in_on_progress_reaches_the_caller_and_ends_the_search() -> None:
    def fail(snapshot: ao.Snapshot) -> None:
        if snapshot.bound is not None:
            raise LookupError(snapshot.term)

    mine = set(threading.enumerate())
    with pytest.raises(LookupError, match="l2"):
        ao.solve(hard(), workers=1, on_progress=fail, time_limit=9)
    for thread in set(threading.enumerate()) - mine:
        thread.join(timeout=4)
        assert not thread.is_alive(), f"{thread.name} goes on searching for nobody"


# -- repeatability -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 7])
def test_deterministic_plans_are_equal_byte_for_byte(seed: int) -> None:
    objective = [ao.Coverage(), ao.Fairness("l2"), ao.Fairness("range", of="value"), ao.Value()]
    problem = unequal().replace(objective=objective)
    first, second = (
        ao.solve(problem, seed=seed, deterministic=True, time_limit=60) for _ in range(2)
    )
    assert "cpsat" in set(first.terms["engine"])
    assert first == second
    assert first.to_json() == second.to_json()
    assert first.seed == seed
    assert json.loads(first.to_json())["runtime"] is None


def test_a_deterministic_search_that_does_not_finish_is_repeated_too() -> None:
    objective = [ao.Fairness("l2", per="nothing"), ao.Fairness("range", of="value")]
    problem = hard(tasks=24, reps=4, objective=objective)
    plans = [ao.solve(problem, deterministic=True, time_limit=0.4) for _ in range(2)]
    if all(plan.runtime < 0.3 for plan in plans):  # else the clock ended it: nothing is promised
        assert plans[0].to_json() == plans[1].to_json()
    assert all(ao.audit(problem, plan).ok for plan in plans)


def test_one_worker_and_one_seed_give_one_plan() -> None:
    first, second = (ao.solve(unequal(), seed=3, workers=1) for _ in range(2))
    assert first == second


# -- engines that break their word -------------------------------------------------------------


def lying(patch: pytest.MonkeyPatch, outcome: Any) -> None:
    """Let CP-SAT return what ``outcome`` makes of the goal."""
    patch.setattr(CpSatEngine, "optimise", lambda self, goal, incumbent: outcome(goal))


def test_a_plan_that_breaks_a_rule_is_refused_with_its_violations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = trap()
    arrays = compile_problem(problem)
    everything = as_choice([int(arrays.first[seat]) for seat in range(6)])
    lying(monkeypatch, lambda goal: Outcome(everything, goal.best_gain))
    with pytest.raises(ao.EngineError, match="20/10 hours on rep 'ana'") as error:
        ao.solve(problem, engine="cpsat")
    assert error.value.violations is not None
    assert error.value.violations["rule"].tolist() == ["capacity"]
    assert error.value.violations["rep_id"].tolist() == ["ana"]
    assert error.value.violations["actual"].tolist() == [20.0]
    assert error.value.violations["limit"].tolist() == [10.0]


def test_infeasible_with_a_plan_at_hand_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lying(monkeypatch, lambda goal: Outcome(infeasible=True))
    with pytest.raises(ao.EngineError, match="calls the problem infeasible; a plan is at hand"):
        ao.solve(hard(), engine="cpsat")


def test_a_wrong_infeasible_is_caught_by_the_second_opinion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lying(monkeypatch, lambda goal: Outcome(infeasible=True))
    with pytest.raises(ao.EngineError, match="another found a plan"):
        ao.solve(trap(), engine="cpsat")


def test_a_wrong_infeasible_of_a_flow_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = ao.Problem(
        [ao.Rep("ana", max_tasks=1), ao.Rep("bo", max_tasks=1)],
        [ao.Task("t1"), ao.Task("t2", value=2)],
        rules=[ao.CoverAll()],
        objective=[ao.Value()],
    )
    said = lambda self, goal, incumbent: Outcome(infeasible=True)  # noqa: E731
    monkeypatch.setattr(FlowEngine, "optimise", said)
    with pytest.raises(ao.EngineError):
        ao.solve(problem, workers=1)


def test_a_second_opinion_that_knows_nothing_leaves_it_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lying(monkeypatch, lambda goal: Outcome(infeasible=True))
    monkeypatch.setattr(CpSatEngine, "is_feasible", lambda self, **how: Outcome())
    plan = ao.solve(trap(), engine="cpsat")
    assert plan.status is ao.Status.UNKNOWN


def test_a_bound_below_the_gain_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lying(monkeypatch, lambda goal: Outcome(None, (-(10**17),)))
    with pytest.raises(ao.EngineError, match=r"claims that l2\(load\) cannot pass"):
        ao.solve(hard(), engine="cpsat")


def test_giving_up_an_earlier_tier_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = trap()
    tasks = [
        task.model_copy(update={"value": 10.0**i}) for i, task in enumerate(problem.tasks.values())
    ]
    objective = [ao.Coverage(), ao.Fairness("range", of="value")]
    problem = problem.replace(tasks=tasks, rules=[], objective=objective)
    nothing = as_choice([-1] * 6)  # nobody has anything: as even as can be
    usual = CpSatEngine.optimise

    def optimise(self: CpSatEngine, goal: Any, incumbent: Any) -> Outcome:
        if goal.tier.kind == "coverage":
            return usual(self, goal, incumbent)
        return Outcome(nothing, goal.best_gain)

    monkeypatch.setattr(CpSatEngine, "optimise", optimise)
    with pytest.raises(ao.EngineError, match="gave up an earlier tier"):
        ao.solve(problem, engine="cpsat", workers=1)


@pytest.mark.parametrize("error", [RuntimeError("lost"), MemoryError()])
def test_an_error_inside_a_search_reaches_the_caller(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(self: Any, *given_: Any) -> Any:
        raise error

    monkeypatch.setattr(cp_model.CpSolver, "solve", fail)
    with pytest.raises(type(error)):
        ao.solve(hard(), workers=1)


def test_a_search_that_ignores_its_limit_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(cp_model.CpSolver, "solve", lambda self, *given_: done.wait(60) and None)
    try:
        plan = ao.solve(hard(), workers=1, time_limit=0.5)
    finally:
        done.set()
    assert plan.status is ao.Status.FEASIBLE
    assert len(plan.assignments) == 60
    assert plan.runtime < 60
    assert ao.audit(plan.problem, plan).ok
