"""Two problems whose best plans must be related, whatever they are: solved and compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import assignopt as ao
import strategies
from assignopt.objectives import maximises
from strategies import tries

FEW = settings(max_examples=tries(12), deadline=None, suppress_health_check=list(HealthCheck))
UPPER = [k for k in strategies.RULES if k not in ("min_tasks", "min_load", "max_load_gap")]
LINEAR = ["coverage", "value", "fit", "preference", "moves", "reps_used"]


def solved(problem: ao.Problem) -> ao.Plan:
    plan = ao.solve(problem, workers=1, time_limit=60)
    assert plan.status in (ao.Status.OPTIMAL, ao.Status.INFEASIBLE)
    return plan


def values(plan: ao.Plan) -> list[float]:
    return list(plan.terms["value"])


def same(one: ao.Problem, other: ao.Problem, scales: list[float] | None = None) -> None:
    """Check that two problems have the same status and value of each tier, but for scales."""
    before, after = solved(one), solved(other)
    assert before.status is after.status
    if before.status is ao.Status.OPTIMAL:
        scales = scales or [1.0] * len(values(before))
        wanted = [value * scale for value, scale in zip(values(before), scales, strict=True)]
        assert values(after) == pytest.approx(wanted, rel=1e-6, abs=1e-5)


def no_worse(before: ao.Problem, after: ao.Problem) -> None:
    """Check that what was possible still is, and that no tier got worse before one got better."""
    old, new = solved(before), solved(after)
    if old.status is ao.Status.INFEASIBLE:
        return
    assert new.status is ao.Status.OPTIMAL
    for tier, was, is_ in zip(before.objective, values(old), values(new), strict=True):
        gain = (is_ - was) * (1 if maximises(tier) else -1)
        if abs(gain) > 1e-5:
            assert gain > 0, tier.label
            return


def changed(problem: ao.Problem, change: Any) -> ao.Problem:
    """A problem with every record of its plain data changed."""
    return ao.Problem.from_data(change(problem.to_data()))


def renamed(data: Any, names: dict[str, str]) -> Any:
    """Replace ids wherever they stand; ids of rules are made anew."""
    if isinstance(data, dict):
        kept = {k: v for k, v in data.items() if not (k == "id" and "kind" in data)}
        return {key: renamed(value, names) for key, value in kept.items()}
    if isinstance(data, list):
        return [renamed(value, names) for value in data]
    return names.get(data, data) if isinstance(data, str) else data


# -- the same problem in other words -----------------------------------------------------------


@FEW
@given(strategies.problems(slack=False))
def test_other_ids_change_nothing(problem: ao.Problem) -> None:
    ids = [*problem.reps, *problem.tasks]
    names = {name: f"{len(ids) - i:03d} {name}" for i, name in enumerate(ids)}
    other = changed(problem, lambda data: renamed(data, names))
    assert list(other.reps) == [names[name] for name in problem.reps]
    same(problem, other)


@FEW
@given(strategies.problems(slack=False), st.randoms(use_true_random=False))
def test_other_orders_of_rows_and_rules_change_nothing(problem: ao.Problem, pick: Any) -> None:
    def shuffled(data: dict[str, Any]) -> dict[str, Any]:
        for name in ("reps", "tasks", "pairs", "preferences", "history", "rules"):
            if data.get(name):
                pick.shuffle(data[name])
        return data

    same(problem, changed(problem, shuffled))


@FEW
@given(strategies.problems(slack=False), st.randoms(use_true_random=False))
def test_frames_in_any_order_give_what_records_give(problem: ao.Problem, pick: Any) -> None:
    frames = problem.to_frames()
    for name in ("reps", "tasks"):
        rows = list(range(len(frames[name])))
        pick.shuffle(rows)
        frames[name] = frames[name].iloc[rows]  # its index out of order too
    same(problem, ao.Problem.from_frames(**frames))


@FEW
@given(strategies.problems(slack=False))
def test_a_rule_said_twice_and_a_rule_about_nobody_change_nothing(problem: ao.Problem) -> None:
    again = [rule.model_copy(update={"id": f"again {i}"}) for i, rule in enumerate(problem.rules)]
    if problem.tasks:
        again.append(ao.MaxTasks(0, rep=[], id="nobody"))
        again.append(ao.Forbid(task=[], rep=None, id="nothing"))
    same(problem, problem.replace(rules=[*problem.rules, *again]))


def tenfold(data: dict[str, Any]) -> dict[str, Any]:
    """Count effort in a unit of a tenth."""
    for rep in data["reps"]:
        for name in ("capacity", "carried_load"):
            if name in rep:
                rep[name] *= 10
    for task in data["tasks"]:
        for one in [task, *task.get("roles", [])]:
            one["effort"] = 10 * one.get("effort", 1.0)
    for row in data.get("pairs") or []:
        if "effort" in row:
            row["effort"] *= 10
    for row in data.get("history") or []:
        row["load"] *= 10
    for rule in data["rules"]:
        del rule["id"]
        if rule["kind"] in ("min_load", "max_load", "max_load_gap"):
            rule["value"] *= 10
    return data


@FEW
@given(strategies.problems(slack=False, tiers=[t for t in strategies.TIERS if t != "weighted"]))
def test_another_unit_of_effort_changes_nothing_but_the_unit(problem: ao.Problem) -> None:
    # an entitlement is a weight, not an effort: stated, it stays as it is
    reps = [
        rep.model_copy(update={"weight": float(weight) or None})
        for rep, weight in zip(problem.reps.values(), problem.weights, strict=True)
    ]
    problem = problem.replace(reps=reps)
    scales = [
        1.0
        if not isinstance(tier, ao.Fairness) or tier.of != "load"
        else 100.0
        if tier.notion == "l2"
        else 10.0
        for tier in problem.objective
    ]
    same(problem, changed(problem, tenfold), scales)


# -- more to choose from -----------------------------------------------------------------------


@FEW
@given(strategies.problems(rules=UPPER, tiers=["coverage"], max_tiers=1, slack=False))
def test_another_rep_never_costs_coverage(problem: ao.Problem) -> None:
    skills = dict.fromkeys(strategies.SKILLS, 2.0)
    no_worse(problem, problem.with_rep(ao.Rep("new", skills=skills, fit=problem_fit(problem))))


def problem_fit(problem: ao.Problem) -> dict[str, float]:
    return {task.customer_type: 1.0 for task in problem.tasks.values() if task.customer_type}


@FEW
@given(strategies.problems(tiers=LINEAR, slack=False), st.data())
def test_more_capacity_never_costs_anything(problem: ao.Problem, data: st.DataObject) -> None:
    limited = [rep for rep in problem.reps.values() if rep.capacity is not None]
    assume(limited)
    rep = data.draw(st.sampled_from(limited))
    more = data.draw(st.sampled_from([None, rep.capacity + 1, rep.capacity + 0.01]))
    no_worse(problem, problem.with_rep(rep.model_copy(update={"capacity": more})))


@FEW
@given(
    # no moves: without a Pin or a Forbid more owners could keep their tasks, so more would count
    strategies.problems(
        rules=[kind for kind in strategies.RULES if kind != "max_moves"],
        tiers=[kind for kind in LINEAR if kind != "moves"],
        slack=False,
    ),
    st.data(),
)
def test_one_rule_less_never_costs_anything(problem: ao.Problem, data: st.DataObject) -> None:
    rules = list(problem.rules)
    if rules:
        del rules[data.draw(st.integers(0, len(rules) - 1))]
    no_worse(problem, problem.replace(rules=rules))


@FEW
@given(
    strategies.problems(
        rules=[kind for kind in strategies.RULES if kind != "cover_all"],
        tiers=["coverage"],
        max_tiers=1,
        max_tasks=4,
        slack=False,
    ),
    strategies.efforts,
    strategies.worths,
)
def test_another_task_never_costs_coverage(
    problem: ao.Problem, effort: float, priority: float
) -> None:
    no_worse(problem, problem.with_tasks([ao.Task("new", effort=effort, priority=priority)]))


# -- a rep in two halves -----------------------------------------------------------------------


def halved(problem: ao.Problem, name: str) -> ao.Problem:
    """Let two halves stand for one rep: half the weight, the capacity and what it carries."""
    reps = []
    for rep, weight in zip(problem.reps.values(), problem.weights, strict=True):
        if rep.id != name:
            reps.append(rep)
            continue
        half = {
            "weight": float(weight) / 2,
            "capacity": None if rep.capacity is None else rep.capacity / 2,
            "carried_load": rep.carried_load / 2,
        }
        reps += [rep.model_copy(update={**half, "id": f"{rep.id} {i}"}) for i in (1, 2)]
    return ao.Problem(
        reps, problem.tasks.values(), rules=problem.rules, objective=problem.objective
    )


@pytest.mark.parametrize("notion", ["minmax", "maxmin", "l2"])
@settings(FEW, max_examples=tries(8))
@given(data=st.data())
def test_two_halves_share_no_better_than_the_whole(notion: Any, data: st.DataObject) -> None:
    # what two halves hold the whole can hold, with shares between theirs
    reps = [
        ao.Rep(
            name,
            weight=data.draw(st.sampled_from([1.0, 2.0, 3.0])),
            capacity=data.draw(st.sampled_from([None, 6.0, 9.0])),
            carried_load=data.draw(st.sampled_from([0.0, 1.0, 0.5])),
            skills=data.draw(st.sampled_from([{}, {"sql": 1}])),
        )
        for name in ("ana", "bo")
    ]
    tasks = [
        ao.Task(
            f"t{i}",
            effort=data.draw(strategies.efforts),
            requires=data.draw(st.sampled_from([{}, {}, {"sql"}])),
        )
        for i in range(data.draw(st.integers(0, 6)))
    ]
    tier = ao.Fairness(notion, of=data.draw(st.sampled_from(["load", "count"])))
    whole = ao.Problem(reps, tasks, rules=[ao.CoverAll()], objective=[tier])
    before, after = solved(whole), solved(halved(whole, "ana"))
    if after.status is ao.Status.OPTIMAL:
        assert before.status is ao.Status.OPTIMAL
        better = 1 if notion == "maxmin" else -1
        assert better * (values(before)[0] - values(after)[0]) >= -1e-6


@pytest.mark.parametrize("notion", ["minmax", "maxmin", "l2", "range"])
@FEW
@given(weights=st.lists(st.integers(1, 3), min_size=1, max_size=3), tasks=st.integers(0, 12))
@example(weights=[2, 1, 1], tasks=8)
def test_where_work_divides_two_halves_are_worth_the_whole(
    notion: Any, weights: list[int], tasks: int
) -> None:
    reps = [ao.Rep(f"r{i}", weight=weight) for i, weight in enumerate(weights)]
    whole = ao.Problem(
        reps,
        [ao.Task(f"t{i}") for i in range(tasks)],
        rules=[ao.CoverAll()],
        objective=[ao.Fairness(notion, of="count")],
    )
    before, after = solved(whole), solved(halved(whole, "r0"))
    if before.loads["tasks"][0] % 2 == 0:  # then the halves can hold half of it each
        assert values(after) == pytest.approx(values(before))


@FEW
@given(strategies.problems(slack=False, tiers=LINEAR, max_tasks=4), st.data())
def test_a_rep_twice_and_one_of_them_away_changes_nothing(
    problem: ao.Problem, data: st.DataObject
) -> None:
    rep = problem.reps[data.draw(st.sampled_from(list(problem.reps)))]
    same(problem, problem.with_rep(rep.model_copy(update={"id": "twin", "active": False})))
