"""Faults that were found once, each with its story in the name."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt.engines import flow
from strategies import tries


@settings(max_examples=tries(25), suppress_health_check=list(HealthCheck))
@given(strategies.problems(equal_efforts=True), st.data())
def test_a_hint_leads_a_flow_to_no_other_optimum(problem: ao.Problem, data: st.DataObject) -> None:
    hint = [(t, r, role) for (t, role), r in data.draw(strategies.plans(problem)).items()]
    best = oracle.best(problem)
    plan = ao.solve(problem, hint=hint, workers=1)
    if best is None:
        assert plan.status is ao.Status.INFEASIBLE
        return
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["value"].tolist() == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("hint", [None, {"t1": "b", "t2": "c"}])
def test_the_best_pair_of_a_rep_who_is_full_is_no_reason_to_call_a_problem_infeasible(
    hint: Any,
) -> None:
    reps = [ao.Rep("a", capacity=5, carried_load=5), ao.Rep("b", capacity=50)]
    reps.append(ao.Rep("c", capacity=50))
    value = {"a": 10, "b": 5, "c": 5}
    problem = ao.Problem(
        reps,
        [ao.Task("t1", effort=2), ao.Task("t2", effort=2)],
        pairs=[(r, t, 1.0, 2.0, float(v)) for r, v in value.items() for t in ("t1", "t2")],
        objective=[ao.Coverage(), ao.Value(), ao.Fairness("l2")],
    )
    plan = ao.solve(problem, hint=hint, workers=1)
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["value"].tolist() == pytest.approx(oracle.best(problem))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("notion", ["minmax", "maxmin", "range"])
def test_quotas_as_entitlements_are_not_rounded_away(seed: int, notion: Any) -> None:
    rng = random.Random(seed)
    reps = [ao.Rep(f"r{i}", weight=float(round(rng.uniform(2e5, 2e6)))) for i in range(3)]
    tasks = [ao.Task(f"t{i}", effort=rng.choice([1.0, 2.0, 3.0, 1.5])) for i in range(5)]
    problem = ao.Problem(reps, tasks, objective=[ao.Coverage(), ao.Fairness(notion)])
    plan = ao.solve(problem, workers=1)
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["value"].tolist() == pytest.approx(oracle.best(problem), rel=1e-5)


@pytest.mark.parametrize("seed", [3, 12, 29])
def test_a_small_fairness_weight_beside_value_is_not_rounded_to_nothing(seed: int) -> None:
    rng = random.Random(seed)
    reps = [ao.Rep(f"r{i}", weight=rng.uniform(0.5, 2)) for i in range(3)]
    tasks = [
        ao.Task(
            f"t{i}", effort=rng.choice([1.0, 2.0, 3.0, 1.5]), value=float(rng.choice([1, 2, 3]))
        )
        for i in range(5)
    ]
    goal = ao.Weighted({ao.Value(): 1, ao.Fairness("l2"): 0.05})
    problem = ao.Problem(reps, tasks, objective=[goal])
    plan = ao.solve(problem, workers=1)
    best = oracle.best(problem)
    assert best is not None
    if plan.status is ao.Status.OPTIMAL:
        assert plan.terms["value"][0] == pytest.approx(best[0], rel=1e-4)
    assert plan.terms["bound"][0] >= best[0] - 1e-4 * abs(best[0])


def test_a_team_too_small_for_its_tasks_is_infeasible_whatever_the_number_of_reps_asked_for() -> (
    None
):
    problem = ao.Problem(
        [ao.Rep("a", capacity=3), ao.Rep("b", capacity=3)],
        [ao.Task(f"t{i}", effort=2) for i in range(3)],
        rules=[ao.CoverAll()],
        objective=[ao.RepsUsed()],
    )
    assert ao.solve(problem, time_limit=60, workers=1).status is ao.Status.INFEASIBLE


def test_a_stop_between_two_flows_claims_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    solve_network = flow.run_network

    def stopping(*args: Any) -> Any:
        found = solve_network(*args)
        stop.set()
        return found

    monkeypatch.setattr(flow, "run_network", stopping)
    problem = ao.Problem(
        [ao.Rep("a", max_tasks=1), ao.Rep("b", max_tasks=3)],
        [ao.Task(f"t{i}") for i in range(4)],
        rules=[ao.Allow(task=["t0", "t1"], rep="a")],
        objective=[ao.Coverage(), ao.Value()],
    )
    plan = ao.solve(problem, stop=stop)
    assert plan.status is ao.Status.FEASIBLE
    assert len(plan.assignments) > 0


def test_least_counts_are_told_with_the_true_most() -> None:
    problem = ao.Problem(
        [ao.Rep("a", max_tasks=1)], [ao.Task(f"t{i}") for i in range(4)], rules=[ao.MinTasks(2)]
    )
    plan = ao.solve(problem)
    assert plan.status is ao.Status.INFEASIBLE
    assert plan.infeasibility == "'a' must take at least 2 tasks and may take 1 at most"


INTERRUPTED = """
import os, signal, threading
import assignopt as ao
from assignopt import datasets

problem = datasets.unequal_efforts(40, 800, eligible=15)

def searching(snapshot):
    if snapshot.value is not None and not asked:
        asked.append(snapshot)
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()

asked = []
plan = ao.solve(problem, time_limit=60, on_progress=searching)
print(plan.status, plan.runtime < 30, ao.audit(problem, plan).ok)
try:
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait(5)
except KeyboardInterrupt:
    print("as ever")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX here")
def test_a_real_ctrl_c_ends_the_search_and_leaves_the_process_as_it_was() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["FEASIBLE True True", "as ever"]


def test_the_tier_after_an_end_is_searched_for_itself() -> None:
    hour = 3600
    tasks = [ao.Task(f"t{i}", start=hour * (i % 2), end=hour * (i % 2 + 1)) for i in range(3)]
    problem = ao.Problem(
        [ao.Rep("a"), ao.Rep("b")],
        tasks,
        rules=[ao.MaxTasks(1)],
        objective=[ao.Fairness("maxmin"), ao.Coverage(), ao.Value()],
    )
    plan = ao.solve(problem, engine="cpsat")
    assert plan.terms["bound"].tolist() == [1, 2, 2]


@pytest.mark.parametrize("engine", ["auto", "cpsat"])
def test_a_count_that_nothing_can_meet_is_infeasible_without_tasks(engine: Any) -> None:
    problem = ao.Problem([ao.Rep("a", max_tasks=1)], [], rules=[ao.MinTasks(2)])
    assert ao.solve(problem, engine=engine).status is ao.Status.INFEASIBLE


@pytest.mark.parametrize("engine", ["auto", "cpsat"])
def test_who_can_have_nothing_is_no_factor_of_a_product(engine: Any) -> None:
    problem = ao.Problem(
        [ao.Rep("a"), ao.Rep("b"), ao.Rep("c")],
        [ao.Task("t0", effort=2), ao.Task("t1", effort=3), ao.Task("t2", effort=4)],
        rules=[ao.Forbid(rep="c", task=["t0", "t1", "t2"])],
        objective=[ao.Fairness("nash", per="nothing"), ao.Value()],
    )
    plan = ao.solve(problem, engine=engine)
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["value"][0] == pytest.approx((5 * 4) ** (1 / 3))


@pytest.mark.parametrize(("reps", "tasks"), [(3, 6), (3, 12), (4, 20)])
def test_rounded_split_tasks_give_up_no_tier_before(reps: int, tasks: int) -> None:
    problem = ao.datasets.unequal_efforts(reps, tasks)
    plan = ao.solve(problem, time_limit=20)
    assert ao.audit(problem, plan).ok
    assert (plan.terms["value"] <= plan.terms["bound"] * (1 + 1e-9))[[0, 2]].all()


def test_a_split_that_leaves_a_rep_nothing_to_exchange_is_no_plan() -> None:
    problem = ao.Problem(
        [ao.Rep("a"), ao.Rep("b"), ao.Rep("c", carried_load=1)],
        [ao.Task("t", effort=4.99, roles=[ao.Role("aide")])],
        objective=[ao.Fairness("leximax"), ao.Coverage()],
    )
    plan = ao.solve(problem, engine="cpsat", workers=1)
    assert plan.terms["bound"].tolist() == [1, 0]


@pytest.mark.parametrize("notion", ["leximax", "l2", "gini"])
def test_a_rep_to_whom_tasks_add_nothing_is_not_like_the_others(notion: Any) -> None:
    problem = ao.Problem(
        [ao.Rep("a"), ao.Rep("b", fit={"x": 0})],
        [ao.Task(f"t{i}", customer_type="x") for i in range(3)],
        objective=[ao.Coverage(), ao.Fairness(notion, of="value")],
    )
    plan = ao.solve(problem, workers=1)
    assert plan.terms["value"].tolist() == plan.terms["bound"].tolist() == [3, 0]


def test_a_sum_with_a_share_in_it_says_nothing_of_shares_alone() -> None:
    tiers = [
        ao.Weighted({ao.Fairness("l2"): 1, ao.Value(): 1}),
        ao.Weighted({ao.Fairness("minmax", of="count"): 1, ao.Value(): 1}),
        ao.Value(),
    ]
    problem = ao.Problem([ao.Rep("a")], [ao.Task("t"), ao.Task("u")], objective=tiers)
    assert ao.solve(problem, workers=1).terms["bound"].tolist() == [0, 0, 1]


def test_large_coefficients_lose_no_plan_in_presolve() -> None:
    history = pd.DataFrame(
        {
            **{"rep_id": ["r0", "r2", "r3"], "load": [1.0, 2, 1], "period": 2},
            **{"burden": [1, 0, 0], "present": [1.0, 0.5, 0.5]},
        }
    )
    problem = ao.Problem(
        [ao.Rep("r0"), ao.Rep("r1"), ao.Rep("r2", weight=2), ao.Rep("r3", weight=0.5)],
        [ao.Task("t0"), *(ao.Task(f"t{i}", burden=2) for i in (1, 2, 3))],
        rules=[ao.Allow("t0", ["r0"]), ao.CoverAll()],
        history=history,
        objective=[ao.Fairness("gini", of="burden", idle="ignore")],
    )
    assert ao.solve(problem, workers=1).terms["value"][0] == 0


def test_what_rounding_hides_is_not_called_proved() -> None:
    problem = ao.Problem(
        [ao.Rep("a"), ao.Rep("b", weight=3e8)],
        [ao.Task("t", effort=1e9), ao.Task("u", effort=1e9 + 0.5)],
        objective=[ao.Coverage(), ao.Fairness("leximin")],
    )
    row = ao.solve(problem, workers=1).terms.iloc[1]
    assert row["bound"] >= 10 / 3
    assert not row["proved"]


def test_a_sum_of_thirds_is_counted_exactly() -> None:
    tiers = [ao.Weighted({ao.Fairness("l2", of="value"): 1, ao.Value(): 2}), ao.Value()]
    tasks = [ao.Task("t", value=2), ao.Task("u", value=2)]
    problem = ao.Problem([ao.Rep("a", weight=3)], tasks, objective=tiers)
    assert ao.solve(problem, workers=1).terms["value"].tolist() == pytest.approx([8 / 3, 4])


@pytest.mark.parametrize("notion", ["leximax", "l2", "gini", "nash", "range"])
def test_numbers_too_far_apart_to_compare_are_refused(notion: Any) -> None:
    tier = ao.Fairness(notion, of="worth")
    reps = [ao.Rep("a", weight=1e-300), ao.Rep("b", weight=1e300)]
    with pytest.raises(ValueError, match=r"weights go from 1e-300 to 1e\+300; allowed is 1e"):
        ao.solve(ao.Problem(reps, [ao.Task("t")], objective=[tier]))
    large = ao.Problem([ao.Rep("a")], [ao.Task("t", value=1e300)], objective=[tier])
    with pytest.raises(ValueError, match="worth adds up to 1e"):
        ao.solve(large)


def test_windows_of_a_bound_that_arithmetic_beats_rule_out_nothing() -> None:
    task = ao.Task("t", burden=1, roles=[ao.Role("aide"), ao.Role("expert", requires={"german"})])
    lowest = ao.Fairness("leximin", of="burden", per="nothing", slack=0.1)
    problem = ao.Problem(
        [ao.Rep("a", max_tasks=0), ao.Rep("b")], [task], objective=[lowest, ao.Fit()]
    )
    plan = ao.solve(problem, workers=1)
    assert plan.terms["bound"].tolist() == [0, 1]


def test_a_product_over_fewer_reps_than_conceivable_leaves_no_windows() -> None:
    """The windows of a bound with three reps were taken for those of plans with two."""
    reps = [ao.Rep("ana"), ao.Rep("bo", efficiency=0.5), ao.Rep("cy", capacity=5, efficiency=0.5)]
    roles = [ao.Role("aide"), ao.Role("zoo", credit=0.0)]
    tasks = [
        ao.Task("t0", effort=0, burden=2, group="g", owner="cy"),
        ao.Task("t1", effort=0.5, burden=5, group="g", owner="cy", roles=roles),
        ao.Task("t2", effort=1, burden=10, group="g"),
    ]
    problem = ao.Problem(
        reps,
        tasks,
        rules=[ao.Forbid(task=["t1", "t2"], rep="ana"), ao.MaxLoad(2.25)],
        objective=[ao.Fairness("nash", of="burden", per="nothing"), ao.Moves()],
    )
    best = oracle.best(problem)
    for hint in (None, {"t0": "cy"}):
        plan = ao.solve(problem, hint=hint, workers=1)
        assert plan.terms["value"].tolist() == pytest.approx(best)
        assert plan.status is ao.Status.OPTIMAL


def test_apart_tasks_whose_reps_are_left_out_of_a_neighbourhood() -> None:
    """An Apart row without a pair in a part of the problem was read at its first pair."""
    tasks = [ao.Task("t0"), ao.Task("t1"), ao.Task("t2", effort=2)]
    problem = ao.Problem([ao.Rep(f"r{i}") for i in range(4)], tasks, rules=[ao.Apart(["t0", "t1"])])
    assert ao.solve(problem, workers=1).terms["value"].tolist() == [3, 2, 3]


@settings(max_examples=tries(50), suppress_health_check=list(HealthCheck))
@given(strategies.problems(slack=False), st.data())
def test_what_overlapping_tasks_must_leave_open_is_a_bound(
    problem: ao.Problem, data: st.DataObject
) -> None:
    """Tasks at one time with too few reps bound coverage, and fill everything else."""
    tiers = [ao.Coverage(), data.draw(st.sampled_from([ao.Moves(), ao.Value(), ao.Fit()]))]
    tasks = [
        task.model_copy(update={"start": 10.0 * (i % 2), "end": 10.0 * (i % 2) + 15.0})
        for i, task in enumerate(problem.tasks.values())
    ]
    plain = problem.replace(
        tasks=tasks,
        reps=[rep.model_copy(update={"available": None}) for rep in problem.reps.values()],
        rules=[rule for rule in problem.rules if rule.kind not in ("min_tasks", "max_tasks")],
        objective=tiers,
    )
    best = oracle.best(plain)
    plan = ao.solve(plain, workers=1)
    if best is None:
        assert plan.status is ao.Status.INFEASIBLE
        return
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["value"].tolist() == pytest.approx(best, abs=1e-5)
    assert plan.terms["bound"].tolist() == pytest.approx(best, abs=1e-5)


def test_a_long_chain_of_tasks_at_one_time_is_matched() -> None:
    """Each next task makes all before it move on: far deeper than functions may call each other."""
    many = 1500
    names = [f"r{i}" for i in range(many)]
    pairs = [(names[0], "t0")]
    pairs += [(names[i - k], f"t{i}") for i in range(1, many) for k in (1, 0)]
    pairs.append((names[0], "last"))
    tasks = [ao.Task(t, start=0, end=1) for t in (*(f"t{i}" for i in range(many)), "last")]
    problem = ao.Problem([ao.Rep(n) for n in names], tasks, pairs=pairs, objective=[ao.Coverage()])
    plan = ao.solve(problem, workers=1)
    assert plan.status is ao.Status.OPTIMAL
    assert plan.terms["value"].tolist() == [many]
