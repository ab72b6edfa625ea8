"""Rebalancing against brute force: fewest moves, budgets, proofs, options, faults."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao
import oracle
import strategies
from assignopt.rebalancing.certificates import price_bound
from strategies import tries

SOME = settings(max_examples=tries(15), deadline=None, suppress_health_check=list(HealthCheck))


def solved(problem: ao.Problem) -> ao.Plan | None:
    """A plan, where there is one."""
    plan = ao.solve(problem, workers=1)
    return plan if plan.frames and len(problem.tasks) else None


def owned(plan: ao.Plan, problem: ao.Problem) -> ao.Problem:
    """The problem with the owners of a plan, written out by hand."""
    rows = plan.assignments[plan.assignments["role"] == "owner"]
    owner = dict(zip(rows["task_id"], rows["rep_id"], strict=True))
    reps = set(problem.reps)
    tasks = []
    for task in problem.tasks.values():
        now = owner.get(task.id) if task.id in plan.problem.tasks else task.owner
        tasks.append(task.model_copy(update={"owner": now if now in reps else None}))
    return problem.replace(tasks=tasks)


def fewest(problem: ao.Problem) -> tuple[float, float] | None:
    """The most coverage, and the fewest moves with it, by trying all plans."""
    asked = problem.replace(objective=[ao.Coverage(), ao.Moves()])
    found = oracle.best(asked)
    return None if found is None else (found[0], found[1])


@st.composite
def changes(draw: st.DrawFn, problem: ao.Problem) -> ao.Problem:
    """What may happen to a problem."""
    rep = draw(st.sampled_from(list(problem.reps)))
    task = draw(st.sampled_from(list(problem.tasks)))
    match draw(st.sampled_from(["leave", "target", "less", "entitled", "nothing"])):
        case "leave":
            return ao.leave(rep).apply(problem)
        case "target":
            return ao.target_change(2, task=task).apply(problem)
        case "less":
            return ao.work_left({task: 0.5}).apply(problem)
        case "entitled":
            return ao.target_change(3, rep=rep).apply(problem)
    return problem


@SOME
@given(strategies.problems(slack=False, max_tasks=4), st.data())
def test_the_fewest_moves_are_those_of_brute_force(
    problem: ao.Problem, data: st.DataObject
) -> None:
    problem = problem.replace(objective=[ao.Coverage(), ao.Value()])
    plan = solved(problem)
    if plan is None or not len(problem.reps):
        return
    now = data.draw(changes(problem))
    after = ao.rebalance(plan, now, target=[], workers=1)
    best = fewest(owned(plan, now))
    if best is None:
        assert after.status is ao.Status.INFEASIBLE
        return
    assert after.status is ao.Status.OPTIMAL
    assert after.moves is not None
    assert after.certificate is not None
    assert after.terms["value"].tolist()[:2] == pytest.approx(best)
    assert (after.moves["kind"] == "move").sum() + (after.moves["kind"] == "closed").sum() == best[
        1
    ]
    assert after.certificate.check(after.problem)
    assert after.certificate.bound <= best[1] + 1e-9
    event(f"{best[1]:g} moves, proved {after.certificate.bound == best[1]}")


@SOME
@given(strategies.problems(slack=False, max_tasks=4, max_rules=2), st.data())
def test_a_budget_is_kept_and_the_plan_is_the_best_in_it(
    problem: ao.Problem, data: st.DataObject
) -> None:
    plan = solved(problem)
    if plan is None or not len(problem.reps):
        return
    now, budget = data.draw(changes(problem)), data.draw(st.integers(0, 2))
    after = ao.rebalance(plan, now, max_moves=budget, workers=1)
    asked = owned(plan, now)
    best = oracle.best(asked.replace(rules=[*asked.rules, ao.MaxMoves(budget, id="budget")]))
    if best is None:
        assert after.status is ao.Status.INFEASIBLE
        return
    assert after.status is ao.Status.OPTIMAL
    told = after.terms["value"].tolist()
    assert told[: len(best)] == pytest.approx(best, abs=1e-5)
    assert told[-1] <= budget
    event(f"{told[-1]:g} of {budget}")


@SOME
@given(strategies.problems(slack=False, max_tasks=4, max_rules=2))
def test_without_a_change_the_plan_stays_if_it_is_an_optimum(problem: ao.Problem) -> None:
    plan = solved(problem)
    if plan is None or any(isinstance(rule, ao.MaxMoves) for rule in problem.rules):
        return
    kinds = {
        t.kind for tier in problem.objective for t in ([tier] if tier.kind != "weighted" else [])
    }
    if "moves" in kinds or any(tier.kind == "weighted" for tier in problem.objective):
        return  # the owners given are not those of the plan
    after = ao.rebalance(plan, workers=1)
    assert after.moves is not None
    assert after.terms["value"].tolist()[:-1] == pytest.approx(plan.terms["value"].tolist())
    assert after.terms["value"].tolist()[-1] == 0
    assert after.moves.empty


# -- equal efforts: certificates -------------------------------------------------------------------


def counted(seed: int, *, full: bool) -> tuple[ao.Problem, dict[str, str], list[int], list[int]]:
    """A team with equal efforts, owners, and least and most tasks of each rep."""
    rng = random.Random(seed)
    reps, tasks = rng.randint(2, 5), rng.randint(3, 14)
    names = [f"r{i}" for i in range(reps)]
    owner = {f"t{i}": rng.choice(names) for i in range(tasks)}
    most = [rng.randint(0, tasks) for _ in names]
    least = [rng.randint(0, m) for m in most]
    pairs = [
        (rep, task)
        for task in owner
        for rep in names
        if full or rep == owner[task] or rng.random() < 0.5
    ]
    rules: list[Any] = [ao.CoverAll()]
    for name, low, high in zip(names, least, most, strict=True):
        rules += [ao.MinTasks(low, rep=name), ao.MaxTasks(high, rep=name)]
    problem = ao.Problem([ao.Rep(n) for n in names], [ao.Task(t) for t in owner], pairs=pairs)
    return problem.replace(rules=rules), owner, least, most


@pytest.mark.parametrize("seed", range(60))
def test_the_closed_form_under_full_eligibility(seed: int) -> None:
    problem, owner, least, most = counted(seed, full=True)
    before = ao.audit(problem, owner)
    after = ao.rebalance(before, target=[], workers=1)
    tasks = len(owner)
    if sum(least) > tasks or sum(most) < tasks:
        assert after.status is ao.Status.INFEASIBLE
        return
    loads = [list(owner.values()).count(name) for name in problem.reps]
    over = sum(max(n - high, 0) for n, high in zip(loads, most, strict=True))
    under = sum(max(low - n, 0) for n, low in zip(loads, least, strict=True))
    assert after.moves is not None
    assert after.certificate is not None
    assert len(after.moves) == max(over, under) == after.certificate.bound
    assert after.certificate.check(after.problem)


@pytest.mark.parametrize("seed", range(60))
def test_prices_prove_the_fewest_moves_of_equal_efforts(seed: int) -> None:
    problem, owner, _, _ = counted(seed, full=False)
    after = ao.rebalance(ao.audit(problem, owner), target=[], workers=1)
    if after.status is ao.Status.INFEASIBLE:
        return
    proof = after.certificate
    assert after.moves is not None
    assert proof is not None
    assert after.status is ao.Status.OPTIMAL
    assert proof.bound == len(after.moves)
    assert proof.check(after.problem)
    assert ao.MovesCertificate.from_json(proof.to_json()) == proof
    assert not replace(proof, bound=proof.bound + 1).check(after.problem)
    if proof.kind == "prices":
        assert not replace(proof, prices={}, open_price=0.0).check(after.problem)
    assert not replace(proof, prices={"nobody": 1.0}).check(after.problem)


@SOME
@given(strategies.problems(slack=False, max_tasks=4), st.data())
def test_any_prices_give_a_bound(problem: ao.Problem, data: st.DataObject) -> None:
    plan = solved(problem)
    if plan is None:
        return
    asked = owned(plan, data.draw(changes(problem)))
    best = fewest(asked)
    if best is None:
        return
    price = np.array(data.draw(st.lists(st.integers(-3, 3), min_size=3, max_size=3)), float)
    price = np.resize(price, len(asked.reps))
    open_price = data.draw(st.sampled_from([0.0, 1.0, 7.0]))
    assert price_bound(asked, price, open_price, best[0], None) <= best[1] + 1e-6


# -- options ---------------------------------------------------------------------------------------


def team() -> tuple[ao.Problem, ao.Audit]:
    """Ana has everything."""
    tasks = [
        ao.Task(f"t{i}", value=10 - i, tags={"started": i == 0, "love": float(i)}) for i in range(6)
    ]
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo"), ao.Rep("cy")],
        tasks,
        objective=[ao.Coverage(), ao.Fairness("minmax")],
    )
    return problem, ao.audit(problem, {f"t{i}": "ana" for i in range(6)})


def test_work_that_has_started_stays() -> None:
    _, before = team()
    after = ao.rebalance(before, frozen={"started": True}, workers=1)
    assert after.terms["value"].tolist() == [6, 2, 4]
    assert after.moves is not None
    assert "t0" not in after.moves["task_id"].tolist()
    held = ao.rebalance(before, frozen=["t0", "t1", "t2"], workers=1)
    assert held.terms["value"].tolist() == [6, 3, 3]


def test_what_stays_has_to_move_if_its_owner_is_gone() -> None:
    _, before = team()
    after = ao.rebalance(before, ao.leave("ana"), frozen="t0", target=[], workers=1)
    assert after.moves is not None
    assert after.moves["kind"].tolist() == ["forced"] * 6
    assert after.moves["cost"].tolist() == [0.0] * 6


def test_a_relationship_has_a_cost() -> None:
    _, before = team()
    after = ao.rebalance(before, cost="love", workers=1)
    assert after.moves is not None
    assert sorted(after.moves["task_id"]) == ["t0", "t1", "t2", "t3"]
    assert after.terms["value"].tolist() == [6, 2, 0 + 1 + 2 + 3]
    by_task = ao.rebalance(before, cost={"t0": 9.0, "t1": 9.0}, workers=1)
    assert by_task.moves is not None
    assert sorted(by_task.moves["task_id"]) == ["t2", "t3", "t4", "t5"]
    assert by_task.moves["cost"].tolist() == [1.0] * 4


def test_nobody_takes_or_gives_more_than_allowed() -> None:
    _, before = team()
    assert ao.rebalance(before, max_in=1, workers=1).terms["value"].tolist() == [6, 4, 2]
    assert ao.rebalance(before, max_in={"bo": 1}, workers=1).terms["value"].tolist() == [6, 3, 3]
    assert ao.rebalance(before, max_out=1, workers=1).terms["value"].tolist() == [6, 5, 1]
    assert ao.rebalance(before, max_out={"bo": 0}, workers=1).terms["value"].tolist() == [6, 2, 4]


def test_what_has_just_come_stays_for_its_tenure() -> None:
    _, before = team()
    after = ao.rebalance(before, tenure="love", min_tenure=4, workers=1)
    assert after.moves is not None
    assert sorted(after.moves["task_id"]) == ["t4", "t5"]
    by_task = ao.rebalance(before, tenure={"t0": 1, "t1": 9}, min_tenure=2, workers=1)
    assert by_task.moves is not None
    assert "t0" not in by_task.moves["task_id"].tolist()
    assert by_task.terms["value"].tolist() == [6, 2, 4]


def test_each_move_earns_its_gain() -> None:
    pairs = [("ana", f"t{i}", 1, 1, 10) for i in range(4)]
    pairs += [("bo", f"t{i}", 1, 1, 10 + 3 * i) for i in range(4)]
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")],
        [ao.Task(f"t{i}") for i in range(4)],
        pairs=pairs,
        objective=[ao.Value()],
    )
    before = ao.audit(problem, {f"t{i}": "ana" for i in range(4)})
    for least, moved in ((0, 3), (4, 2), (7, 1), (20, 0)):
        after = ao.rebalance(before, min_gain={ao.Value(): least}, workers=1)
        assert after.moves is not None
        assert len(after.moves) == moved
        assert after.status is ao.Status.OPTIMAL


def test_a_band_around_the_entitled_share() -> None:
    _, before = team()
    after = ao.rebalance(before, target=0.5, workers=1)
    assert after.moves is not None
    assert after.certificate is not None
    assert len(after.moves) == 3 == after.certificate.bound
    assert after.loads["tasks"].max() == 3
    assert after.loads["tasks"].min() >= 1
    assert len(ao.rebalance(before, target=0.0, workers=1).moves) == 4  # type: ignore[arg-type]


def test_a_target_is_a_rule_or_what_a_term_must_reach() -> None:
    _, before = team()
    rule = ao.rebalance(before, target=ao.MaxLoad(4), workers=1)
    assert rule.terms["value"].tolist() == [6, 2, 4]
    term = ao.rebalance(before, target={ao.Fairness("minmax"): 4}, workers=1)
    assert term.moves is not None
    assert len(term.moves) == 2
    assert term.status is ao.Status.OPTIMAL
    order = ao.rebalance(before, target={ao.Fairness("leximax"): 5, ao.Coverage(): 6}, workers=1)
    assert order.moves is not None
    assert len(order.moves) == 1
    never = ao.rebalance(before, target={ao.Fairness("minmax"): 1}, workers=1)
    assert never.status is ao.Status.INFEASIBLE
    assert never.infeasibility == (
        "with all assigned that can be, the target cannot be reached: minmax(load per weight) is 2 "
        "at best, 1 was asked for"
    )


def test_a_target_that_time_did_not_suffice_for_is_said() -> None:
    _, before = team()
    after = ao.rebalance(before, target={ao.Fairness("minmax"): 3}, time_limit=0, workers=1)
    assert after.unmet == ("minmax(load per weight) is 6, 3 was asked for",)
    assert "the target is not met: minmax(load per weight) is 6" in after.headline()
    met = ao.rebalance(before, target={ao.Fairness("minmax"): 3}, workers=1)
    assert met.unmet == ()


@SOME
@given(strategies.problems(slack=False, max_tasks=4, max_rules=1), st.data())
def test_a_term_reaches_its_target_with_the_fewest_moves(
    problem: ao.Problem, data: st.DataObject
) -> None:
    plan = solved(problem.replace(objective=[ao.Coverage(), ao.Value()]))
    if plan is None:
        return
    tier: Any = data.draw(
        st.sampled_from(
            [ao.Value(), ao.Fairness("minmax"), ao.Fairness("l2"), ao.Fairness("maxmin")]
        )
    )
    asked = owned(plan, plan.problem)
    first = oracle.best(asked.replace(objective=[ao.Coverage(), tier]))
    assert first is not None
    now = oracle.best(asked.replace(objective=[ao.Coverage(), ao.Moves(), tier]))
    assert now is not None
    wanted = round((first[1] + now[2]) / 2, 4)
    after = ao.rebalance(plan, target={tier: wanted}, workers=1)
    if after.status is ao.Status.INFEASIBLE:
        return  # rounded beyond the best
    loose = tier.model_copy(update={"enough": wanted})
    best = oracle.best(asked.replace(objective=[ao.Coverage(), loose, ao.Moves()]))
    assert best is not None
    assert after.terms["value"].tolist()[2] == best[2]
    event(f"{best[2]:g} moves")


def test_the_next_rebalancing_starts_from_the_problem_without_the_options() -> None:
    _, before = team()
    first = ao.rebalance(before, max_moves=1, frozen="t0", workers=1)
    assert first.base is not None
    assert first.base.rules == ()
    second = ao.rebalance(first, workers=1)
    assert second.terms["value"].tolist() == [6, 2, 3]


# -- disruptions -----------------------------------------------------------------------------------


def test_ill_for_a_week_moves_what_is_at_that_time() -> None:
    tasks = [
        ao.Task("call", start=100, end=200),
        ao.Task("visit", start=300, end=400),
        ao.Task("x"),
    ]
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks, objective=[ao.Coverage()])
    before = ao.audit(problem, {"call": "ana", "visit": "ana", "x": "ana"})
    after = ao.rebalance(before, ao.leave("ana", 50, 250), target=[], workers=1)
    assert after.moves is not None
    assert after.moves[["task_id", "to_rep", "kind"]].to_numpy().tolist() == [
        ["call", "bo", "forced"]
    ]
    with pytest.raises(ValueError, match="no task has one, so nothing would change"):
        ao.leave("ana", 0, 9).apply(ao.Problem([ao.Rep("ana")], [ao.Task("t")]))


def test_several_things_happen_in_their_order() -> None:
    _, before = team()
    happened = [ao.leave("ana"), ao.join(ao.Rep("dee")), ao.new_tasks([ao.Task("t9")])]
    after = ao.rebalance(before, happened, workers=1)
    assert after.terms["value"].tolist() == [7, 3, 0]
    assert after.moves is not None
    assert sorted(after.moves["kind"].unique()) == ["forced", "new"]
    assert [str(one) for one in happened] == ["'ana' leaves", "'dee' joins", "1 new task: 't9'"]
    with pytest.raises(TypeError, match="entry 1 is str; allowed are disruptions"):
        ao.rebalance(before, [ao.leave("ana"), "bo"])  # type: ignore[list-item]


def test_work_of_somebody_who_is_not_in_the_problem_any_more() -> None:
    problem, before = team()
    after = ao.rebalance(before, problem.without_rep("ana"), workers=1)
    assert after.moves is not None
    assert after.moves["from_rep"].tolist() == ["ana"] * 6
    assert after.moves["kind"].tolist() == ["forced"] * 6


def test_an_absence_ends_and_tasks_that_come_later_are_no_part_of_it() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")], [ao.Task("c", start=100, end=200), ao.Task("x")]
    )
    before = ao.audit(problem, {"c": "ana", "x": "ana"})
    late = ao.new_tasks([ao.Task("late", start=500, end=600)])
    away = [ao.leave("ana", 0, 150), ao.leave("bo")]
    for happened in ([*away, late], [late, *away]):
        after = ao.rebalance(before, happened, target=[], workers=1)
        assert after.unassigned["task_id"].tolist() == ["c"]
    moved = ao.rebalance(before, [*away, ao.delay("c", 200)], target=[], workers=1)
    assert moved.unassigned.empty
    with pytest.raises(ValueError, match="the problem's times are seconds"):
        ao.leave("ana", datetime(2026, 3, 2)).apply(problem)
    with pytest.raises(ValueError, match="'mon' is no time"):
        ao.leave("ana", "mon")


def test_the_first_numbers_of_an_order_are_enough() -> None:
    reps = [ao.Rep("ana"), ao.Rep("bo", fit={"x": 0.1}), ao.Rep("cy", fit={"x": 0.1})]
    tasks = [
        ao.Task("a", effort=2, customer_type="x"),
        *(ao.Task(name, value=10, customer_type="x") for name in "bc"),
    ]
    for notion, enough in (("leximax", 2.0), ("leximax", 2.5), ("minmax", 2.5)):
        tiers: Any = [ao.Coverage(), ao.Fairness(notion, enough=enough), ao.Value()]
        problem = ao.Problem(reps, tasks, objective=tiers)
        best = oracle.best(problem)
        assert ao.solve(problem, workers=1).terms["value"].tolist() == pytest.approx(best)
        assert best is not None
        assert best[-1] == pytest.approx(20.1)


def test_a_plan_that_went_through_json_forgets_the_options_as_well() -> None:
    _, before = team()
    first = ao.rebalance(before, max_moves=1, workers=1)
    again = ao.rebalance(ao.Plan.from_json(first.to_json()), max_moves=3, workers=1)
    assert again.terms["value"].tolist() == [6, 2, 3]


def test_helpers_are_listed_and_stay_with_what_stays() -> None:
    tasks = [ao.Task("x", effort=5, roles=[ao.Role("h", effort=3)]), ao.Task("y", effort=3)]
    problem = ao.Problem([ao.Rep(name) for name in ("ana", "bo", "cy")], tasks)
    before = ao.audit(problem, [("x", "ana", "owner"), ("x", "bo", "h"), ("y", "bo", "owner")])
    free = ao.rebalance(before, max_moves=0, workers=1)
    assert free.moves is not None
    assert free.moves[["task_id", "role", "to_rep", "kind"]].to_numpy().tolist() == [
        ["x", "h", "cy", "helper"]
    ]
    assert free.headline().endswith("changes: 1 helper")
    held = ao.rebalance(before, frozen=["x", "y"], workers=1)
    assert held.moves is not None
    assert held.moves.empty


def test_what_is_enough_in_the_last_tier_is_no_reason_to_stop_there() -> None:
    reps = [ao.Rep("ana", fit={"x": 0.1}), ao.Rep("bo", fit={"x": 1.0})]
    tasks = [ao.Task(f"t{i}", value=2, customer_type="x") for i in range(4)]
    tiers = [ao.Coverage(), ao.Value(enough=3)]
    before = ao.audit(ao.Problem(reps, tasks, objective=tiers), {t.id: "ana" for t in tasks})
    assert ao.rebalance(before, workers=1).terms["value"].tolist() == [4, 8, 4]


# -- bad input -------------------------------------------------------------------------------------


def test_every_option_at_fault_is_named() -> None:
    _, before = team()
    with pytest.raises(ValidationError) as caught:
        ao.rebalance(
            before,
            max_moves=-1,
            target="even",
            frozen=["t99"],
            cost={"t0": -1.0, "x": 1.0},
            max_in={"zoe": 1, "bo": -2},
            tenure="nothing",
            min_tenure=3,
            min_gain={"value": 3},  # type: ignore[dict-item]
        )
    places = {".".join(map(str, error["loc"])) for error in caught.value.errors()}
    assert places == {
        "max_moves",
        "target",
        "frozen.0",
        "cost.t0",
        "cost.x",
        "max_in.zoe",
        "max_in.bo",
        "tenure",
        "min_gain",
    }
    with pytest.raises(TypeError, match="is no plan"):
        ao.rebalance(before.holdings.problem)  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="rep 'anna' does not exist; did you mean 'ana'"):
        ao.rebalance(before, ao.leave("anna"))
    for wrong in (-1, float("nan"), "3"):
        with pytest.raises(ValidationError, match="min_tenure"):
            ao.rebalance(before, tenure="love", min_tenure=wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="allowed are finite seconds"):
        ao.delay("t0", float("nan"))
    with pytest.raises(ValueError, match="allowed are finite numbers of 0 or more"):
        ao.work_left({"t0": float("inf"), "t1": "0.5"})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="start 5 is not before end 4"):
        ao.leave("ana", 5, 4)
    with pytest.raises(TypeError, match="allowed are a Problem, and disruptions"):
        ao.rebalance(before, "ana")  # type: ignore[arg-type]


def test_a_current_owner_who_may_not_hold_the_task_is_no_fault() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t")], rules=[ao.Forbid(rep="ana")]
    )
    after = ao.rebalance(ao.audit(problem, {"t": "ana"}), max_moves=0, workers=1)
    assert after.moves is not None
    assert after.moves["kind"].tolist() == ["forced"]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (0.05, "the target 0.05 (every load within 5 % of its rep's entitled share)"),
        ([ao.MinTasks(2)], "the target (each rep: at least 2 tasks)"),
    ],
)
def test_a_target_that_no_plan_reaches_is_named(target: Any, told: str) -> None:
    tasks = [ao.Task("t1", effort=5, owner="ana"), ao.Task("t2", effort=2, owner="bo")]
    before = ao.audit(ao.Problem([ao.Rep("ana"), ao.Rep("bo")], tasks), {"t1": "ana", "t2": "bo"})
    never = ao.rebalance(before, target=target, time_limit=20)
    assert never.status is ao.Status.INFEASIBLE
    assert str(never.infeasibility).startswith(f"{told} cannot be reached: ")
    assert told in never.headline()
