"""Explanations, marginal values and suggestions against brute force, and bad input."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt.explaining import marginals, suggesting
from assignopt.explaining.forcing import tier_names
from assignopt.explaining.pricing import nearby
from assignopt.explaining.standing import standing_of
from assignopt.objectives import maximises
from strategies import tries

SOME = settings(max_examples=tries(12), deadline=None, suppress_health_check=list(HealthCheck))


def solved(problem: ao.Problem) -> ao.Plan | None:
    """The plan, if it is an optimum of a problem with tasks."""
    plan = ao.solve(problem, workers=1)
    return plan if plan.status is ao.Status.OPTIMAL and len(problem.tasks) else None


def better(problem: ao.Problem, one: list[float], other: list[float]) -> bool:
    """Whether values are better than others, the first tier that differs deciding."""
    for tier, a, b in zip(problem.objective, one, other, strict=True):
        if not math.isclose(a, b, abs_tol=1e-6):
            return (a > b) == maximises(tier)
    return False


# -- explain ---------------------------------------------------------------------------------------


@SOME
@given(strategies.problems(slack=False, max_tasks=3, max_rules=2), st.data())
def test_the_best_alternative_is_the_best_plan_elsewhere(
    problem: ao.Problem, data: st.DataObject
) -> None:
    plan = solved(problem)
    if plan is None:
        return
    task = data.draw(st.sampled_from(list(problem.tasks)))
    told = ao.explain(plan, task, workers=1)
    assert told.settled
    assert isinstance(json.loads(told.to_json()), dict)
    others = [rep for rep in problem.reps if rep != told.rep_id]
    best = oracle.best(problem, lambda p: p[task, "owner"] in others)
    event(f"alternative: {told.alternative is not None}")
    assert (told.alternative is None) == (best is None)
    if best is not None:
        assert told.price is not None
        now = plan.terms["value"].tolist()
        wanted = [b - a for a, b in zip(now, best, strict=True)]
        assert list(told.price.values()) == pytest.approx(wanted, abs=1e-5)


@SOME
@given(strategies.problems(equal_efforts=True, max_tasks=4), st.data())
def test_a_flip_makes_it_a_tie_and_a_little_more_decides(
    problem: ao.Problem, data: st.DataObject
) -> None:
    tiers = [tier for tier in problem.objective if not isinstance(tier, ao.Value)]
    problem = problem.replace(objective=[*tiers, ao.Value()])
    plan = solved(problem)
    if plan is None:
        return
    task, rep = data.draw(st.sampled_from([(t, r) for t in problem.tasks for r in problem.reps]))
    answer = ao.why_not(plan, task, rep, workers=1)
    if answer.flip is None or answer.flip.what != "value":
        return
    arrays = standing_of(plan).arrays
    pairs = [
        {
            "rep_id": str(problem.rep_columns.id[r]),
            "task_id": str(problem.task_columns.id[s]),
            "fit": float(fit),
            "effort": float(effort),
            "value": float(value),
        }
        for s, r, fit, effort, value in zip(
            *(arrays.pair_seat, arrays.pair_rep, arrays.fit, arrays.effort, arrays.value),
            strict=True,
        )
    ]
    for more, said in ((0.0, ao.Answer.TIE), (0.5, None)):
        rows = [
            {**row, "value": answer.flip.to + more}
            if (row["rep_id"], row["task_id"]) == (rep, task)
            else row
            for row in pairs
        ]
        changed = ao.solve(problem.replace(pairs=rows), workers=1)
        held = changed.assignments.set_index("task_id")["rep_id"].to_dict()
        if said is None:
            assert held.get(task) == rep
        elif held.get(task) != rep:
            assert ao.why_not(changed, task, rep, workers=1).reason is said
    event("flipped")


def test_a_ratio_takes_more_than_one_chain() -> None:
    reps = [ao.Rep(name) for name in ("ana", "bo", "cy")]
    tasks = [ao.Task("t"), ao.Task("u")]
    plan = ao.solve(ao.Problem(reps, tasks, objective=[ao.Fairness("gini")]), workers=1)
    told = ao.explain(plan, "t", workers=1)
    assert told.price == pytest.approx({"gini(load per weight)": 1 / 3})


def test_the_words_are_those_of_the_input() -> None:
    reps = [ao.Rep("Ana", capacity=8, skills={"german"}), ao.Rep("Bo", capacity=8)]
    tasks = [
        ao.Task("Acme", effort=5, requires={"german"}, value=9),
        ao.Task("Zed", effort=4, value=4),
        ao.Task("Kit", effort=4, value=3),
    ]
    problem = ao.Problem(reps, tasks, rules=[ao.Forbid(task="Kit", rep="Ana", id="no kit for Ana")])
    plan = ao.solve(problem, workers=1)
    told = str(ao.explain(plan, "Acme"))
    assert told.startswith("'Ana' has 'Acme': effort 5, fit 1, value 9. Nobody else may take it: ")
    assert "'german'" in told
    assert str(ao.why_not(plan, "Acme", "Bo")) == (
        "'Bo' may not take 'Acme': rep 'Bo' has 'german' at level 0; task 'Acme' requires 1."
    )
    kit = ao.why_not(plan, "Kit", "Ana")
    assert [rule.rule for rule in kit.rules] == ["no kit for Ana"]
    zed = ao.why_not(plan, "Zed", "Ana")
    assert zed.reason is ao.Answer.WORSE
    assert zed.proved
    assert "'Zed'" in str(zed)
    assert json.loads(zed.to_json())["delta"]["coverage"] == -1


def test_a_plan_that_breaks_rules_is_explained_all_the_same() -> None:
    problem = ao.Problem(
        [ao.Rep("ana", capacity=2), ao.Rep("bo", capacity=5)], [ao.Task("t", effort=4)]
    )
    broken = ao.audit(problem, {"t": "ana"})
    told = ao.explain(broken, "t")
    assert told.rep_id == "ana"
    assert "load 4/2 hours on rep 'ana'" in told.sentence
    answer = ao.why_not(broken, "t", "bo")
    assert "The plan itself breaks rules" in str(answer)
    assert answer.delta is not None


def test_of_two_holders_both_hold_the_task() -> None:
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t")])
    twice = ao.audit(problem, [("t", "ana"), ("t", "bo")])
    for rep in ("ana", "bo"):
        answer = ao.why_not(twice, "t", rep)
        assert answer.reason is ao.Answer.HELD
        assert "has two holders" in str(answer)


def test_a_pinned_task_names_its_pin_and_a_held_one_is_held() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t")], rules=[ao.Pin("t", "ana", id="ana's own")]
    )
    plan = ao.solve(problem)
    answer = ao.why_not(plan, "t", "bo")
    assert answer.reason is ao.Answer.NOT_ELIGIBLE
    assert [rule.rule for rule in answer.rules] == ["ana's own"]
    assert ao.why_not(plan, "t", "ana").reason is ao.Answer.HELD


def test_a_conflict_and_a_tie_are_called_so() -> None:
    tasks = [ao.Task("t"), ao.Task("u")]
    apart = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")],
        tasks,
        rules=[ao.CoverAll(), ao.MinTasks(1), ao.Apart(["t", "u"])],
    )
    plan = ao.solve(apart)
    other = {"ana": "bo", "bo": "ana"}[plan.assignments["rep_id"][0]]
    swapped = ao.why_not(plan, "t", other)
    assert swapped.reason is ao.Answer.TIE
    assert len(swapped.moves) == 2
    alone = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")],
        tasks,
        rules=[ao.CoverAll(), ao.Pin("u", "bo"), ao.Apart(["t", "u"])],
    )
    answer = ao.why_not(ao.solve(alone), "t", "bo")
    assert answer.reason is ao.Answer.CONFLICT
    assert "no plan keeps all the rules" in str(answer)


def test_without_time_the_bound_is_called_a_bound() -> None:
    problem = ao.datasets.unequal_efforts(6, 40)
    plan = ao.solve(problem, time_limit=2, workers=1)
    held = dict(zip(plan.assignments["task_id"], plan.assignments["rep_id"], strict=True))
    arrays = standing_of(plan).arrays
    for pair in range(0, arrays.pairs, 37):
        task = str(problem.task_columns.id[arrays.pair_seat[pair]])
        rep = str(problem.rep_columns.id[arrays.pair_rep[pair]])
        if held.get(task) == rep:
            continue
        quick = ao.why_not(plan, task, rep, time_limit=0)
        assert not quick.proved
        assert quick.reason is ao.Answer.UNDECIDED
        exact = ao.why_not(plan, task, rep, time_limit=3, workers=1)
        if exact.delta is None or quick.delta is None or not exact.proved:
            continue
        same = all(
            math.isclose(exact.delta[name], 0, abs_tol=1e-9) for name in list(exact.delta)[:2]
        )
        if same and plan.status is ao.Status.OPTIMAL:
            assert exact.delta["value"] <= quick.delta.bound["value"] + 1e-6


def test_a_large_plan_is_asked_about_nearby() -> None:
    problem = ao.datasets.unequal_efforts(20, 240)
    plan = strategies.solved_until(problem, "value")
    arrays = standing_of(plan).arrays
    held = dict(zip(plan.assignments["task_id"], plan.assignments["rep_id"], strict=True))
    for pair in (5, arrays.pairs // 2):
        task = str(problem.task_columns.id[arrays.pair_seat[pair]])
        rep = str(problem.rep_columns.id[arrays.pair_rep[pair]])
        found = nearby(standing_of(plan), pair, {"time_limit": 3.0, "seed": 0, "workers": None})
        if held.get(task) == rep or found is None:
            continue
        assert found.delta is not None
        rows = {**held, **dict(zip(found.moves["task_id"], found.moves["to_rep"], strict=True))}
        audited = ao.audit(problem, rows)
        assert audited.ok
        assert rows[task] == rep
        changes = audited.terms["value"] - plan.terms["value"]
        assert list(found.delta.values()) == pytest.approx(changes.tolist(), abs=1e-6)
        assert changes[0] == pytest.approx(0)
        assert changes[1] == pytest.approx(0)
        assert changes[2] <= found.delta.bound["value"] + 1e-6


# -- marginal values ---------------------------------------------------------------------------


@SOME
@given(
    strategies.problems(equal_efforts=True, max_tasks=4)
    | strategies.problems(slack=False, max_tasks=3)
)
def test_one_more_of_something_is_worth_what_a_new_solve_says(problem: ao.Problem) -> None:
    plan = solved(problem)
    if plan is None:
        return
    standing = standing_of(plan)
    before = oracle.best(problem)
    assert before is not None
    frame = ao.marginal_values(plan, workers=1, time_limit=60)
    names = tier_names(standing)
    for one in marginals._additions(standing):
        asked = (standing.rep_name(one.rep), one.skill, one.kind, one.unit)
        same = [
            row
            for row in frame.to_dict("records")
            if tuple(
                v if isinstance(v, str) else None
                for v in (row["rep_id"], row["skill"], row["customer_type"], row["unit"])
            )
            == asked
        ]
        assert len(same) == 1
        row = same[0]
        changed = one.make(problem)
        if len(changed.reps) > 3 and len(problem.tasks) > 3:
            continue  # too many plans for brute force
        best = oracle.best(changed)
        assert row["proved"]
        assert (best is None) == (row["how"] == "no plan")
        if best is None:
            continue
        wanted = [b - a for a, b in zip(before, best, strict=True)]
        assert [row[name] for name in names] == pytest.approx(wanted, abs=1e-5), (asked, row["how"])
        event(row["how"])


# -- what stands in the way ------------------------------------------------------------------------


@SOME
@given(strategies.problems(slack=False, max_tasks=3))
def test_binding_rules_are_those_that_one_move_breaks(problem: ao.Problem) -> None:
    plan = solved(problem)
    if plan is None:
        return
    held = {(row.task_id, row.role): row.rep_id for row in plan.assignments.itertuples()}
    for task in problem.tasks.values():
        for role in ("owner", *(one.name for one in task.roles)):
            told = ao.explain(plan, task.id, role=role, time_limit=0, workers=1)
            kept_out = {name for rule in told.binding for name in rule.reps}
            assert all(rule.sentence for rule in told.binding)
            for rep in told.eligible:
                if rep == told.rep_id:
                    continue
                moved = {**held, (task.id, role): rep}
                rows = [(one, who, name) for (one, name), who in moved.items()]
                assert (rep in kept_out) == (not ao.audit(problem, rows).ok)
            event(f"binding: {bool(told.binding)}")


@SOME
@given(strategies.problems(slack=False, max_tasks=3, max_rules=2))
def test_the_bound_of_an_explanation_is_one(problem: ao.Problem) -> None:
    plan = solved(problem)
    if plan is None:
        return
    tiers = problem.objective
    for task in problem.tasks:
        quick = ao.explain(plan, task, time_limit=0, workers=1)
        found = ao.explain(plan, task, workers=1)
        if quick.settled or found.alternative is None or not tiers:
            continue
        assert found.price is not None
        name = next(iter(found.price))
        sign = 1 if maximises(tiers[0]) else -1
        assert sign * found.price[name] <= sign * quick.bound[name] + 1e-6
        event("bounded")


def test_what_stands_in_the_way_is_said_with_its_numbers() -> None:
    reps = [ao.Rep("ana", capacity=4), ao.Rep("bo", capacity=4)]
    tasks = [ao.Task("acme", effort=3), ao.Task("zed", effort=2)]
    plan = ao.solve(ao.Problem(reps, tasks, objective=[ao.Coverage()], rules=[ao.CoverAll()]))
    told = ao.explain(plan, "acme")
    other = "bo" if told.rep_id == "ana" else "ana"
    assert [(rule.rule, rule.reps) for rule in told.binding] == [("capacity", (other,))]
    assert f"1 of 1 other could not take it: load 5/4 hours on rep {other!r} (1 rep)." in str(told)
    assert json.loads(told.to_json())["binding"][0]["reps"] == [other]


# -- suggest -------------------------------------------------------------------------------------


@SOME
@given(strategies.problems(slack=False, max_tasks=3))
def test_every_suggestion_delivers_what_it_promises(problem: ao.Problem) -> None:
    plan = solved(problem)
    if plan is None:
        return
    standing = standing_of(plan)
    before = oracle.best(problem)
    assert before is not None
    frame = ao.suggest(plan, k=50, workers=1)
    ideas = {idea.what: idea for idea in suggesting._ideas(standing)}
    names = tier_names(standing)
    told: dict[str, Any] = {row["what"]: row for row in frame.to_dict("records")}
    for what, idea in ideas.items():
        best = oracle.best(idea.make(problem))
        if what not in told:
            assert best is None or not better(problem, best, before)
            continue
        row = told[what]
        assert best is not None
        assert row["proved"]
        wanted = [b - a for a, b in zip(before, best, strict=True)]
        assert [row[name] for name in names] == pytest.approx(wanted, abs=1e-5)
        event("suggested")


def test_levels_in_between_and_rules_one_step_wider_are_tried() -> None:
    reps = [ao.Rep("ana", skills={"german": 1}), ao.Rep("bo")]
    tasks = [
        ao.Task("acme", requires={"german": 2}),
        ao.Task("zed", requires={"german": 5}),
        ao.Task("kit"),
        ao.Task("lux"),
    ]
    problem = ao.Problem(reps, tasks, rules=[ao.MaxTasks(rep="bo", n=1)], objective=[ao.Coverage()])
    told = ao.suggest(ao.solve(problem, workers=1), k=20, workers=1)
    gain = dict(zip(told["what"], told["coverage"], strict=True))
    assert gain["teach 'ana' 'german', level 2"] == 1
    assert gain["teach 'ana' 'german', level 5"] == 2
    assert told.attrs["untried"] == []
    late = ao.suggest(ao.solve(problem, workers=1), time_limit=0)
    assert late.empty
    assert "teach 'ana' 'german', level 2" in late.attrs["untried"]


def test_a_rule_is_loosened_by_one_step() -> None:
    problem = ao.Problem(
        [ao.Rep("ana")], [ao.Task("acme"), ao.Task("zed"), ao.Task("kit")], rules=[ao.MaxTasks(n=1)]
    )
    told = ao.suggest(ao.solve(problem, workers=1), workers=1).set_index("what")
    step = "instead of the rule 'each rep: at most 1 task': each rep: at most 2 tasks"
    assert told.loc[step, "coverage"] == 1
    assert told.loc["without the rule: each rep: at most 1 task", "coverage"] == 2
    assert told["kind"].tolist() == ["rule", "rule"]


# -- found by fresh eyes ---------------------------------------------------------------------------


def loose_team() -> ao.Plan:
    reps = [
        ao.Rep("ana", capacity=6, fit={"x": 1.0, "y": 0.5}),
        ao.Rep("bo", capacity=6, fit={"x": 0.4, "y": 0.9}),
        ao.Rep("cy", capacity=3),
    ]
    given = [(2, 5, "x"), (3, 4, "y"), (1, 7, "x"), (2, 2, "y")]
    tasks = [
        ao.Task(f"t{i}", effort=e, value=v, customer_type=c) for i, (e, v, c) in enumerate(given)
    ]
    tiers = [ao.Coverage(), ao.Value(slack=0.2), ao.Fairness("leximax")]
    return ao.solve(ao.Problem(reps, tasks, objective=tiers), workers=1)


def test_what_slack_allows_is_not_better() -> None:
    plan = loose_team()
    assert plan.status is ao.Status.OPTIMAL
    for task in plan.problem.tasks:
        told = ao.explain(plan, task, workers=1).alternative
        assert told is not None
        assert told.reason in (ao.Answer.WORSE, ao.Answer.TIE)
        for rep in plan.problem.reps:
            answer = ao.why_not(plan, task, rep, workers=1)
            assert answer.reason is not ao.Answer.BETTER
            assert answer.flip is None
        for moves in (0, None):
            frame = ao.recommend(plan, task=task, moves=moves, workers=1)
            assert frame["better"].isna().all()


@SOME
@given(strategies.problems(max_tasks=3, max_rules=1))
def test_no_pair_is_better_than_a_proved_plan(problem: ao.Problem) -> None:
    plan = solved(problem)
    if plan is None or not any(tier.is_loose for tier in problem.objective):
        return
    event("loose")
    for task in problem.tasks:
        for rep in problem.reps:
            answer = ao.why_not(plan, task, rep, workers=1)
            assert answer.reason is not ao.Answer.BETTER
    marginal = ao.marginal_values(plan, workers=1)
    capacity = marginal[marginal["rep_id"].notna() & marginal["proved"]]
    assert (capacity["gain"] >= -1e-6).all()


def test_a_gain_in_a_later_number_of_an_order_is_one() -> None:
    reps = [
        ao.Rep("ana", skills={"de"}, weight=1),
        ao.Rep("bo", capacity=1, weight=1, fit={"x": 0.5}),
        ao.Rep("cy", weight=1),
    ]
    tasks = [
        ao.Task("big", effort=9, value=9, requires={"de"}),
        ao.Task("t1", effort=2, value=5, customer_type="x"),
        ao.Task("t2", effort=1.5, value=5, customer_type="x"),
    ]
    plan = ao.solve(ao.Problem(reps, tasks), workers=1)
    row = ao.marginal_values(plan, workers=1).set_index("rep_id").loc["bo"]
    assert row["tier"] == "leximax(load per weight)"
    assert row["gain"] == 1.5
    assert row["value"] == -2.5
    assert "1 hour more for 'bo'" in ao.suggest(plan, workers=1)["what"].tolist()


def test_a_plan_that_breaks_rules_is_compared_as_it_stands() -> None:
    reps = [ao.Rep("ana", capacity=4, skills={"de": 2}), ao.Rep("bo", capacity=4)]
    tasks = [
        ao.Task("a", effort=3, value=5, requires={"de": 1}),
        ao.Task("b", effort=2, value=3),
        ao.Task("c", effort=3, value=9),
    ]
    bad = ao.audit(ao.Problem(reps, tasks), {"a": "bo", "b": "bo", "c": "bo"})
    answer = ao.why_not(bad, "c", "ana", workers=1)
    assert answer.delta is not None
    assert answer.delta["coverage"] == -1
    assert answer.reason is ao.Answer.WORSE
    rows = ao.recommend(bad, rep="ana", moves=None, workers=1).set_index("task_id")
    assert rows.loc["c", "better"] == -1


def test_a_new_task_is_judged_by_the_plan_without_it() -> None:
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("q")], rules=[ao.MaxMoves(0)])
    rows = ao.recommend(ao.solve(problem, workers=1), task=ao.Task("n", owner="ana"), workers=1)
    assert rows["rep_id"].tolist() == ["ana"]
    assert rows["detail"].tolist() == [""]


def test_what_happens_to_other_seats_of_the_task_is_said() -> None:
    task = ao.Task("q", roles=[ao.Role("se", requires={"x": 1})])
    problem = ao.Problem([ao.Rep("ana", skills={"x"}), ao.Rep("bo")], [task])
    rows = ao.recommend(ao.solve(problem, workers=1), task="q", moves=None, workers=1)
    assert rows["others"].tolist() == [0]
    assert "'q' (se) would be left open by 'ana'" in rows["detail"][0]


def test_a_conflict_says_how_things_stand() -> None:
    reps = [ao.Rep("ana", capacity=0), ao.Rep("bo")]
    plan = ao.solve(ao.Problem(reps, [ao.Task("a"), ao.Task("b", effort=0, value=2)]), workers=1)
    told = str(ao.why_not(plan, "a", "ana", workers=1))
    assert "(As things stand: load 1/0 hours on rep 'ana'.)" in told


# -- bad input -----------------------------------------------------------------------------------


def test_what_does_not_exist_is_named_with_what_is_near() -> None:
    plan = ao.solve(ao.Problem([ao.Rep("ana")], [ao.Task("acme", roles=[ao.Role("aide")])]))
    with pytest.raises(KeyError, match="task 'acm' does not exist; did you mean 'acme'"):
        ao.explain(plan, "acm")
    with pytest.raises(KeyError, match="rep 'anna' does not exist; did you mean 'ana'"):
        ao.why_not(plan, "acme", "anna")
    with pytest.raises(KeyError, match="has no role 'aid'; it has owner, aide"):
        ao.why_not(plan, "acme", "ana", role="aid")
    with pytest.raises(TypeError, match="is no plan"):
        ao.why_not(plan.problem, "acme", "ana")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="give either task="):
        ao.recommend(plan)
    with pytest.raises(ValueError, match="a whole number, 1 or more, for k"):
        ao.recommend(plan, task="acme", k=0)
    with pytest.raises(ValueError, match="in the plan already"):
        ao.recommend(plan, task=ao.Task("acme"))
    with pytest.raises(ValueError, match=r"no pairs table\. Leave pairs= out"):
        ao.recommend(plan, task=ao.Task("new"), pairs=[("ana", "new")])
    with pytest.raises(ValueError, match="time_limit -1"):
        ao.why_not(plan, "acme", "ana", time_limit=-1)
    with pytest.raises(ValueError, match="time_limit -1"):
        ao.marginal_values(plan, time_limit=-1)
    with pytest.raises(ValueError, match="k is -1"):
        ao.suggest(plan, -1)


def test_a_run_without_a_plan_answers_nothing() -> None:
    plan = ao.solve(ao.Problem([], [ao.Task("t")], rules=[ao.CoverAll()]))
    with pytest.raises(ao.NoSolutionError):
        ao.explain(plan, "t")
