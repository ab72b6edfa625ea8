"""diff and compare: identities on random plans of random problems, and stories told by hand."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao
import strategies
from assignopt.comparing import words
from assignopt.report import MEASURES
from strategies import tries

QUANTITIES = ["tasks", "load", "worth", "value", "burden"]
FRAMES = ["moves", "loads", "terms", "measures", "by_person"]
PAIR_RULES = ao.Forbid, ao.Allow, ao.MinFit

Seats = dict[tuple[str, str], str | None]

few = settings(max_examples=tries(20))
"""Two problems and two plans take long to draw."""


def audited(problem: ao.Problem, seats: Seats) -> ao.Audit:
    return ao.audit(problem, [(task, rep, role) for (task, role), rep in seats.items()])


@st.composite
def audits(draw: st.DrawFn, count: int = 2, **options: Any) -> list[tuple[ao.Audit, Seats]]:
    """Draw plans, some of one problem and some of problems that share ids and little else."""
    one = draw(strategies.problems(**options))
    found = []
    for _ in range(count):
        problem = draw(st.one_of(st.just(one), strategies.problems(**options)))
        seats = draw(strategies.plans(problem))
        found.append((audited(problem, seats), seats))
    return found


def text(value: Any) -> str | None:
    return None if pd.isna(value) else value


def moves_of(found: ao.Diff) -> set[tuple[str, str, str | None, str | None]]:
    cells = found.moves[["task_id", "role", "from_rep", "to_rep"]]
    return {(t, r, text(a), text(b)) for t, r, a, b in cells.itertuples(index=False)}


# -- identities --------------------------------------------------------------------------------


@few
@given(audits(1))
def test_nothing_changes_from_a_plan_to_itself(drawn: Any) -> None:
    ((plan, _),) = drawn
    found = ao.diff(plan, plan)
    assert found.moves.empty
    assert found.by_person.empty
    assert found.notes == ()
    assert found.kept == len(plan.holdings)
    assert (found.loads.filter(like="_change") == 0).all(axis=None)
    assert (found.terms["change"] == 0).all()
    assert found.terms["better"].isna().all()
    assert found.measures["change"].isin([0.0]).all() or found.measures["before"].isna().all()


@few
@given(audits())
def test_applying_the_moves_to_the_plan_before_gives_the_plan_after(drawn: Any) -> None:
    (before, old), (after, new) = drawn
    found = ao.diff(before, after)
    seats = {seat: rep for seat, rep in old.items() if rep is not None}
    for task, role, giver, taker in moves_of(found):
        assert seats.pop((task, role), None) == giver
        assert giver != taker
        if taker is not None:
            seats[task, role] = taker
    assert seats == {seat: rep for seat, rep in new.items() if rep is not None}
    assert len(found.moves) == len(found.moves[["task_id", "role"]].drop_duplicates())


@few
@given(audits())
def test_backwards_it_is_the_same_with_the_sign_changed(drawn: Any) -> None:
    (before, _), (after, _) = drawn
    there, back = ao.diff(before, after), ao.diff(after, before)
    assert moves_of(there) == {(t, r, a, b) for t, r, b, a in moves_of(back)}
    loads = there.loads.set_index("rep_id").filter(like="_change")
    again = back.loads.set_index("rep_id").filter(like="_change").loc[loads.index]
    assert (loads == -again).all(axis=None)
    assert there.measures["change"].equals(0.0 - back.measures["change"])
    assert set(there.by_person["rep_id"]) == set(back.by_person["rep_id"])
    people = back.by_person.set_index("rep_id")
    for row in there.by_person.itertuples():
        assert sorted(row.gained) == sorted(people.at[row.rep_id, "lost"])
        assert row.kept == people.at[row.rep_id, "kept"]
    if before.holdings.problem.objective == after.holdings.problem.objective:
        assert np.allclose(there.terms["change"], -back.terms["change"])
        flipped = ~back.terms["better"]
        assert there.terms["better"].equals(flipped)


@few
@given(audits())
def test_before_and_change_make_after_and_the_moves_add_up(drawn: Any) -> None:
    (before, _), (after, _) = drawn
    found = ao.diff(before, after)
    for name in QUANTITIES:
        columns = [found.loads[f"{name}_{when}"] for when in ("before", "change", "after")]
        assert np.allclose(columns[0] + columns[1], columns[2])
    for frame in (found.terms, found.measures):
        finite = np.isfinite(frame["before"]) & np.isfinite(frame["after"])
        shown = frame[finite]
        assert np.allclose(shown["before"] + shown["change"], shown["after"])
    if before.holdings.problem is after.holdings.problem:
        held = before.holdings, after.holdings
        for name in ("effort", "fit", "value"):
            totals = [getattr(one, name).sum() for one in held]
            assert np.isclose(found.moves[f"{name}_change"].sum(), totals[1] - totals[0])


@few
@given(audits())
def test_what_people_are_told_adds_up_to_the_loads(drawn: Any) -> None:
    (before, _), (after, _) = drawn
    found = ao.diff(before, after)
    loads, people = found.loads.set_index("rep_id"), found.by_person.set_index("rep_id")
    for rep, row in loads.iterrows():
        if rep not in people.index:
            assert np.allclose(row.filter(like="_change").astype(float), 0)
            assert row["in_before"]
            assert row["in_after"]
            continue
        person = people.loc[rep]
        assert len(person["gained"]) - len(person["lost"]) == row["tasks_change"]
        assert person["kept"] + len(person["gained"]) == row["tasks_after"]
        assert person["load_change"] == row["load_change"]
        assert person["sentence"].startswith(f"for {rep}: ")
    told = [Counter(t for row in people[name] for t in row) for name in ("gained", "lost")]
    assert told[0] == Counter(found.moves.dropna(subset="to_rep")["task_id"])
    assert told[1] == Counter(found.moves.dropna(subset="from_rep")["task_id"])


@few
@given(audits())
def test_the_loads_and_terms_are_those_of_the_plans(drawn: Any) -> None:
    (before, old), (after, _) = drawn
    found = ao.diff(before, after)
    assert found.terms["after"].tolist() == after.terms["value"].tolist()
    objective = after.holdings.problem.objective
    judged = audited(before.holdings.problem.replace(objective=objective), old)
    assert found.terms["before"].tolist() == judged.terms["value"].tolist()
    assert found.terms["term"].tolist() == after.terms["term"].tolist()
    loads = found.loads.set_index("rep_id")
    for when, one in (("before", before), ("after", after)):
        held = one.holdings
        mine = loads.loc[list(held.problem.reps)]
        assert mine[f"in_{when}"].all()
        for name in QUANTITIES:
            amounts = held.quantity("count" if name == "tasks" else name)  # type: ignore[arg-type]
            assert mine[f"{name}_{when}"].tolist() == amounts.tolist()


@few
@given(audits(rules=[rule for rule in strategies.RULES if rule != "pin"]))
def test_a_move_is_forced_exactly_where_the_checker_rules_the_old_pair_out(drawn: Any) -> None:
    (before, _), (after, _) = drawn
    problem = after.holdings.problem
    judged = {"active", "pairs", "skill", "available"}
    judged |= {rule.id for rule in problem.rules if isinstance(rule, PAIR_RULES)}
    for move in ao.diff(before, after).moves.itertuples():
        if move.kind in ("new", "gone", "assigned"):
            assert move.kind == "gone" or pd.isna(move.from_rep)
            continue
        if move.from_rep not in problem.reps:
            assert move.kind == "forced"
            assert move.reason.startswith(f"{move.from_rep!r} is no longer in the team")
            continue
        alone = ao.audit(problem, [(move.task_id, move.from_rep, move.role)]).violations
        ruled_out = alone["rule"].isin(judged) & (alone["rep_id"] == move.from_rep)
        assert (move.kind == "forced") == bool((ruled_out & alone["task_id"].notna()).any())


@few
@given(audits())
def test_what_json_holds_comes_back(drawn: Any) -> None:
    (before, _), (after, _) = drawn
    found = ao.diff(before, after)
    again = ao.Diff.from_json(found.to_json())
    for name in FRAMES:
        finite = getattr(found, name).replace([np.inf, -np.inf], np.nan)
        assert getattr(again, name).equals(finite)
        assert (getattr(again, name).dtypes == getattr(found, name).dtypes).all()
    for name in ("notes", "of", "per", "effort_unit", "kept"):
        assert getattr(again, name) == getattr(found, name)
    assert again.to_json() == json.dumps(json.loads(found.to_json()), ensure_ascii=False)
    assert str(again).splitlines()[0] == found.headline()


@few
@given(audits())
def test_notes_are_there_exactly_where_the_problems_differ(drawn: Any) -> None:
    problem, other = (plan.holdings.problem for plan, _ in drawn)
    assert ao.diff(drawn[0][0], drawn[1][0]).notes == () or problem != other
    same = ao.Problem.from_json(problem.to_json())
    assert ao.diff(drawn[0][0], audited(same, {})).notes == ()
    if problem != other:
        assert ao.diff(drawn[0][0], drawn[1][0]).notes


@few
@given(st.data())
def test_compare_has_the_numbers_of_audit_and_load_report(data: st.DataObject) -> None:
    problem = data.draw(strategies.problems())
    plans = {
        name: audited(problem, data.draw(strategies.plans(problem))) for name in ("a", "b", "c")
    }
    table = ao.compare(plans)
    assert table.index.tolist() == list(plans)
    for name, plan in plans.items():
        row = table.loc[name]
        assert row["violations"] == len(plan.violations)
        assert row["assigned"] + row["unassigned"] == len(problem.tasks)
        assert row["moves"] == plan.moved.sum()
        labels = plan.terms["term"].tolist()
        for at, (label, value) in enumerate(zip(labels, plan.terms["value"], strict=True)):
            again = label in labels[:at]
            assert row[f"{label} (tier {at + 1})" if again else label] == value
    entitled = problem.rep_columns.active & (problem.weights > 0)
    if not entitled.any():
        assert table[list(MEASURES)].isna().all(axis=None)
        return
    for name, plan in plans.items():
        overall = ao.load_report((problem, plan.holdings)).overall
        assert table.loc[name, overall.index].tolist() == overall.tolist()


@settings(max_examples=tries(10))
@given(strategies.problems(timed=False))
def test_a_plan_is_read_as_its_assignments(problem: ao.Problem) -> None:
    plan = ao.solve(problem, workers=1)
    if plan.status is ao.Status.INFEASIBLE:
        return
    judged = ao.audit(problem, plan)
    found = ao.diff(plan, judged)
    assert found.moves.empty
    assert found.terms["before"].tolist() == found.terms["after"].tolist()
    table = ao.compare({"plan": plan, "audit": judged})
    assert table["status"].tolist()[0] == str(plan.status)
    assert pd.isna(table["status"].tolist()[1])
    assert table["open_seats"].tolist() == [len(plan.unassigned)] * 2
    assert table.drop(columns="status").nunique(dropna=False).le(1).all()


# -- stories -----------------------------------------------------------------------------------

TEAM = [
    ao.Rep("ana", capacity=10, fit={"smb": 0.5}),
    ao.Rep("bo", capacity=10, skills={"german": 1}),
    ao.Rep("cy", capacity=10),
]
TASKS = [
    ao.Task("acme", effort=3, value=10, customer_type="smb"),
    ao.Task("zed", effort=2, value=4),
    ao.Task("pine", effort=1, value=1, burden=2),
]
NOW = {"acme": "ana", "zed": "ana", "pine": "cy"}


def story(before: Any, after: Any, old: Any = NOW, new: Any = NOW) -> pd.DataFrame:
    found = ao.diff(ao.audit(before, old), ao.audit(after, new))
    return found.moves.set_index("task_id")[["from_rep", "to_rep", "kind", "reason"]]


def one(frame: pd.DataFrame, task: str = "acme") -> tuple[Any, ...]:
    return tuple(text(value) for value in frame.loc[task])


def test_a_task_given_to_another_by_no_rule() -> None:
    problem = ao.Problem(TEAM, TASKS)
    found = ao.diff(ao.audit(problem, NOW), ao.audit(problem, NOW | {"acme": "bo"}))
    row = found.moves.iloc[0]
    assert row["kind"] == "reassigned"
    assert row["reason"] == (
        "no rule on the pair forced it: value 5 -> 10 (+5), fit 0.5 -> 1 (+0.5); "
        "load of 'ana' 5 -> 2 (-3), load of 'bo' 0 -> 3 (+3) hours"
    )
    assert row[["effort_change", "fit_change", "value_change"]].tolist() == [0.0, 0.5, 5.0]
    assert found.by_person["sentence"].tolist() == [
        "for ana: -1 task, 3 hours less",
        "for bo: +1 task, 3 hours more",
    ]
    terms = found.terms.set_index("term")
    assert terms["change"].tolist() == [0.0, -0.2, 5.0]
    assert terms["better"].tolist() == [pd.NA, True, True]


def test_a_rep_who_leaves() -> None:
    problem = ao.Problem(TEAM, TASKS)
    plan = ao.audit(problem, NOW)
    without = problem.without_rep("ana")
    found = ao.diff(plan, ao.audit(without, {"acme": "bo", "zed": "cy", "pine": "cy"}))
    assert found.notes[0] == "1 rep is gone: 'ana'"
    assert found.moves["reason"].tolist() == ["'ana' is no longer in the team"] * 2
    assert found.by_person["sentence"].tolist() == [
        "for bo: +1 task, 3 hours more",
        "for cy: +1 task, 2 hours more",
        "for ana: no longer in the team, -2 tasks, 5 hours less",
    ]
    assert found.by_person["kept"].tolist() == [0, 1, 0]
    loads = found.loads.set_index("rep_id")
    assert loads.loc["ana", ["in_before", "in_after", "load_after"]].tolist() == [True, False, 0.0]


def test_a_rep_who_is_no_longer_active_and_one_who_never_was() -> None:
    problem = ao.Problem(TEAM, TASKS)
    off = problem.with_rep(ao.Rep("ana", capacity=10, active=False, fit={"smb": 0.5}))
    new = NOW | {"acme": "bo"}
    assert one(story(problem, off, new=new))[2:] == ("forced", "'ana' is no longer active")
    assert one(story(off, off, new=new))[2:] == ("forced", "'ana' is not active")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"rules": [ao.Forbid("acme", "ana")]},
            "forbidden: task 'acme': never held by rep 'ana'",
        ),
        (
            {"rules": [ao.Allow("acme", "bo"), ao.MinFit(0.9)]},
            ("not allowed: task 'acme': held only by rep 'bo'; fit 0.5, at least 0.9 is required"),
        ),
        ({"rules": [ao.Pin("acme", "bo")]}, "pinned elsewhere: task 'acme' goes to rep 'bo'"),
        ({"pairs": [("bo", "acme"), ("ana", "zed"), ("cy", "pine")]}, "the pair is not in the"),
        (
            {"tasks": [ao.Task("acme", 3, 10, requires={"german"}), *TASKS[1:]]},
            "rep 'ana' has 'german' at level 0; task 'acme' requires 1",
        ),
    ],
)
def test_a_rule_that_is_new(change: dict[str, Any], reason: str) -> None:
    problem = ao.Problem(TEAM, TASKS)
    after = problem.replace(**change)
    told = one(story(problem, after, new=NOW | {"acme": "bo"}))
    assert told[2] == "forced"
    assert told[3].startswith(f"'ana' may no longer hold it: {reason}")
    again = one(story(after, after, new=NOW | {"acme": "bo"}))
    assert again[3].startswith(f"'ana' may not hold it: {reason}")
    assert ao.diff(ao.audit(problem, NOW), ao.audit(after, NOW)).notes


def test_tasks_that_come_and_go() -> None:
    before = ao.Problem(TEAM, TASKS)
    after = ao.Problem(TEAM, [*TASKS[1:], ao.Task("oak"), ao.Task("elm")])
    new = {"zed": "ana", "pine": "cy", "oak": "bo"}
    found = ao.diff(ao.audit(before, NOW), ao.audit(after, new))
    assert found.notes == ("2 tasks are new: 'oak', 'elm'", "1 task is gone: 'acme'")
    moves = found.moves.set_index("task_id")[["from_rep", "to_rep", "kind", "reason"]]
    assert one(moves, "acme") == ("ana", None, "gone", "task is gone")
    assert one(moves, "oak") == (None, "bo", "new", "new task")
    assert "elm" not in moves.index


def test_roles_that_come_and_go() -> None:
    before = ao.Problem(TEAM, [ao.Task("acme", roles=[ao.Role("aide"), ao.Role("zoo")])])
    after = ao.Problem(TEAM, [ao.Task("acme", roles=[ao.Role("boss"), ao.Role("zoo")])])
    found = ao.diff(
        ao.audit(before, [("acme", "ana"), ("acme", "bo", "aide"), ("acme", "cy", "zoo")]),
        ao.audit(after, [("acme", "ana"), ("acme", "bo", "boss"), ("acme", "cy", "zoo")]),
    )
    assert found.moves[["role", "reason"]].values.tolist() == [
        ["aide", "role is gone"],
        ["boss", "new role"],
    ]
    assert found.by_person[["gained", "lost"]].values.tolist() == [[("acme",), ("acme",)]]
    assert found.kept == 2


def test_open_seats() -> None:
    problem = ao.Problem([ao.Rep("ana", capacity=3)], TASKS[:2])
    plan = ao.solve(problem, workers=1)
    by_hand = ao.audit(problem, {"zed": "ana"})
    found = ao.diff(by_hand, plan).moves.set_index("task_id")
    assert found["reason"].tolist() == [
        "was open; now assigned",
        "left open: 1 rep may hold it: 'ana' has 3/3 hours, it needs 2",
    ] or plan.assignments["task_id"].tolist() == ["zed"]
    nobody = ao.diff(plan, ao.audit(problem, {})).moves
    assert nobody["reason"].tolist() == ["left open"]
    assert nobody["kind"].tolist() == ["left_open"]
    forced = problem.replace(rules=[ao.Forbid(rep="ana")])
    told = ao.diff(ao.audit(problem, {"zed": "ana"}), ao.solve(forced, workers=1)).moves
    assert told["reason"].tolist()[0].startswith("'ana' may no longer hold it: forbidden: ")
    assert "; left open: " in told["reason"].tolist()[0]


def test_a_seat_that_two_hold_against_the_rules() -> None:
    problem = ao.Problem(TEAM, TASKS)
    twice = ao.audit(problem, [("acme", "ana"), ("acme", "bo")])
    moves = ao.diff(twice, ao.audit(problem, [("acme", "bo")])).moves
    assert moves[["from_rep", "kind", "reason"]].values.tolist() == [
        ["ana", "holders", "holders of the seat: 2 -> 1"]
    ]
    back = ao.diff(ao.audit(problem, [("acme", "bo")]), twice).moves
    assert back["reason"].tolist() == ["holders of the seat: 1 -> 2"]
    assert ao.compare({"twice": twice})["open_seats"].tolist() == [2]


def test_the_same_tasks_at_another_effort() -> None:
    problem = ao.Problem(TEAM, TASKS, effort_unit="days")
    after = problem.scale_effort(2, where="acme")
    found = ao.diff(ao.audit(problem, NOW), ao.audit(after, NOW))
    assert found.moves.empty
    assert found.notes == ("effort differs for 1 task: 'acme' (3 -> 6)",)
    assert found.by_person["sentence"].tolist() == ["for ana: the same tasks, 3 days more"]
    dearer = problem.replace(tasks=[ao.Task("acme", effort=3, value=20), *TASKS[1:]])
    told = ao.diff(ao.audit(problem, NOW), ao.audit(dearer, NOW)).by_person["sentence"]
    assert told.tolist() == [
        "for ana: the same tasks, as many days as before, 10 worth more, 15 value more"
    ]


def test_better_follows_the_whole_order_of_a_tier() -> None:
    problem = ao.Problem(
        [ao.Rep(name) for name in ("ana", "bo", "cy")],
        [ao.Task("big", effort=3), ao.Task("one"), ao.Task("two")],
        objective=[ao.Fairness("leximax"), ao.Fairness("minmax"), ao.Moves()],
    )
    stacked = ao.audit(problem, {"big": "ana", "one": "bo", "two": "bo"})
    even = ao.audit(problem, {"big": "ana", "one": "bo", "two": "cy"})
    terms = ao.diff(stacked, even).terms
    assert terms["change"].tolist() == [0.0, 0.0, 0.0]
    assert terms["better"].tolist() == [True, pd.NA, pd.NA]
    assert ao.diff(even, stacked).terms["better"].tolist()[0] is False


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"objective": [ao.Value()]}, "the objective was coverage > leximax(load per weight) >"),
        (
            {"objective": [ao.Coverage(), ao.Fairness("leximax", slack=0.1), ao.Value()]},
            (
                "the objective was coverage > leximax(load per weight) > value; "
                "it is coverage > leximax(load per weight) (slack 0.1) > value"
            ),
        ),
        ({"rules": [ao.MaxTasks(2)]}, "1 rule added: "),
        ({"pairs": [("ana", "acme")]}, "the pairs table is new"),
        ({"preferences": [("ana", "acme", 1)]}, "the preferences table is new"),
        ({"history": [("ana", 3)]}, "the history is new"),
        ({"reps": [*TEAM[:2], ao.Rep("cy", capacity=12)]}, "capacity differs for 1 rep: 'cy' (10 "),
        ({"reps": [*TEAM[:2], ao.Rep("cy")]}, "capacity differs for 1 rep: 'cy' (10 -> none)"),
        (
            {"reps": [*TEAM[:2], ao.Rep("cy", capacity=10, available=[])]},
            "available differs for 1 rep: 'cy'",
        ),
        (
            {"reps": [*TEAM[:2], ao.Rep("cy", capacity=10, skills={"sql"})]},
            "skills differs for 1 rep: 'cy'",
        ),
        (
            {"reps": [*TEAM[:2], ao.Rep("cy", capacity=10, tags={"team": "x"})]},
            "tag 'team' differs for 1 rep: 'cy' (none -> 'x')",
        ),
        (
            {"tasks": [ao.Task("pine", effort=1, value=1, burden=2, owner="cy"), *TASKS[:2]]},
            "owner differs for 1 task: 'pine' (none -> 'cy')",
        ),
        (
            {"tasks": [*TASKS[:2], ao.Task("pine", 1, 1, burden=2, roles=[ao.Role("aide")])]},
            "roles differs for 1 task: 'pine'",
        ),
    ],
)
def test_what_else_differs_is_said(change: dict[str, Any], note: str) -> None:
    problem = ao.Problem(TEAM, TASKS)
    found = ao.diff(ao.audit(problem, NOW), ao.audit(problem.replace(**change), NOW))
    assert found.notes[0].startswith(note)
    expected = 2 if "roles" in note else 1  # a role comes with its credit
    assert len(found.notes) == expected


def test_seconds_are_not_datetimes() -> None:
    start, end = datetime(1970, 1, 1), datetime(1970, 1, 1, 1)
    tasks = [ao.Task("acme", start=0, end=3600)], [ao.Task("acme", start=start, end=end)]
    plans = [ao.audit(ao.Problem(TEAM, given_), {}) for given_ in tasks]
    assert ao.diff(*plans).notes == (
        "kind of time differs for 1 task: 'acme' ('seconds' -> 'datetime')",
    )


def test_tables_that_differ_only_in_who_left_do_not_differ() -> None:
    given_ = {"pairs": [(rep, task) for rep in ("ana", "bo", "cy") for task in NOW]}
    problem = ao.Problem(TEAM, TASKS, history=[("ana", 1), ("bo", 2)], **given_)
    without = problem.without_rep("cy")
    notes = ao.diff(ao.audit(problem, {}), ao.audit(without, {})).notes
    assert notes == ("1 rep is gone: 'cy'",)
    other = problem.replace(history=[("ana", 1), ("bo", 3)])
    assert ao.diff(ao.audit(problem, {}), ao.audit(other, {})).notes == ("the history differs",)


def test_assignments_that_cannot_be_understood_are_counted() -> None:
    problem = ao.Problem(TEAM, TASKS)
    found = ao.diff(ao.audit(problem, NOW | {"oak": "ana"}), ao.audit(problem, NOW))
    assert found.notes == ("1 assignment of before cannot be understood and left out",)
    assert ao.compare({"a": ao.audit(problem, {"oak": "ana"})})["violations"].tolist() == [1]


def test_nothing_at_all() -> None:
    empty = ao.solve(ao.Problem([], []))
    found = ao.diff(empty, empty)
    assert found.headline() == "0 moves; 0 seats as before; 0 reps concerned"
    assert found.measures["before"].isna().all()
    full = ao.diff(ao.audit(ao.Problem(TEAM, TASKS), {}), ao.audit(ao.Problem(TEAM, TASKS), NOW))
    for name in FRAMES:
        frames = getattr(found, name), getattr(full, name)
        assert frames[0].columns.equals(frames[1].columns)
        assert (frames[0].dtypes == frames[1].dtypes).all()


def test_print_and_notebook() -> None:
    tasks = [ao.Task(f"t{i}", tags={"<b>": 1}) for i in range(60)]
    problem = ao.Problem([ao.Rep("ana"), ao.Rep("b<o")], tasks)
    after = problem.replace(rules=[ao.MaxTasks(60)])
    found = ao.diff(
        ao.audit(problem, dict.fromkeys(problem.tasks, "ana")),
        ao.audit(after, dict.fromkeys(problem.tasks, "b<o")),
    )
    shown = str(found)
    assert "... and 40 more" in shown
    assert "What else differs:\n  1 rule added" in shown
    assert repr(found) == ("<Diff: 60 moves (60 reassigned); 0 seats as before; 2 reps concerned>")
    assert "b<o" not in found._repr_html_()
    assert all(len(line) < 250 for line in shown.splitlines())


def test_numbers_in_words() -> None:
    assert words.number(1_234_567.8) == "1,234,568"
    assert words.number(float("inf")) == "inf"
    assert words.listed(["a"]) == "'a'"


def test_many_tasks_of_whom_few_move() -> None:
    names = pd.Series(range(20_000)).astype(str)
    problem = ao.Problem.from_frames(
        pd.DataFrame({"id": [f"r{i}" for i in range(50)]}), pd.DataFrame({"id": "t" + names})
    )
    frame = pd.DataFrame({"task_id": "t" + names, "rep_id": [f"r{i % 50}" for i in range(20_000)]})
    other = frame.assign(rep_id=frame["rep_id"].where(frame.index >= 3, "r7"))
    found = ao.diff(ao.audit(problem, frame), ao.audit(problem, other))
    assert found.moves["task_id"].tolist() == ["t0", "t1", "t2"]
    assert found.kept == 19_997
    assert len(found.by_person) == 4


# -- compare -----------------------------------------------------------------------------------


def test_compare_takes_its_own_tiers_and_another_quantity() -> None:
    problem = ao.Problem(TEAM, TASKS)
    plans = {"now": ao.audit(problem, NOW), "solved": ao.solve(problem, workers=1)}
    table = ao.compare(plans, objective=[ao.Value(), {"kind": "moves"}], of="count", per="nothing")
    assert "leximax(load per weight)" not in table
    assert table["value"].tolist() == [10.0, 15.0]
    assert table["max"].tolist() == [2.0, 1.0]
    assert table["moves"].tolist() == [0.0, 0.0]
    twice = ao.compare(plans, objective=[ao.Value(), ao.Value(slack=0.1)])
    assert twice["value"].equals(twice["value (tier 2)"].rename("value"))


def test_compare_plans_of_one_team_under_other_rules_and_in_another_order() -> None:
    problem = ao.Problem(TEAM, TASKS)
    turned = ao.Problem(TEAM[::-1], TASKS[::-1], rules=[ao.MaxTasks(1)])
    table = ao.compare({"a": ao.audit(problem, NOW), "b": ao.audit(turned, NOW)})
    assert table["violations"].tolist() == [0, 1]
    assert table["gini"].nunique() == 1


# -- bad input ---------------------------------------------------------------------------------

PLAN = ao.audit(ao.Problem(TEAM, TASKS), NOW)
NONE = ao.solve(ao.Problem([], TASKS, rules=[ao.CoverAll()]), workers=1)


@pytest.mark.parametrize(
    ("plans", "told"),
    [
        ([PLAN], "a list is no mapping. Give plans by name"),
        (PLAN, "an? Audit is no mapping"),
        ({}, "there is no plan to compare"),
        ({1: PLAN, "": PLAN}, "compare: 2 faults"),
        ({"a": PLAN, "b": NOW, "c": None}, "compare: 2 faults"),
        ({"a": NOW}, r"a dict is no plan; allowed is a Plan or an Audit. Give ao.audit\("),
    ],
)
def test_what_cannot_be_compared(plans: Any, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ao.compare(plans)


def test_plans_of_other_reps_and_tasks_are_listed_all_at_once() -> None:
    other = ao.Problem([*TEAM[1:], ao.Rep("dee")], [*TASKS, ao.Task("oak")], effort_unit="hours")
    third = ao.Problem(TEAM, TASKS[1:])
    with pytest.raises(ValidationError) as caught:
        ao.compare({"a": PLAN, "b": ao.audit(other, {}), "c": ao.audit(third, {})})
    errors = caught.value.errors()
    assert [error["loc"] for error in errors] == [
        ("b", "reps"),
        ("b", "reps"),
        ("b", "tasks"),
        ("c", "tasks"),
    ]
    assert errors[0]["msg"].startswith("lacks 'ana', compared with 'a'; the same reps are needed")
    assert errors[1]["msg"].startswith("has besides 'dee'")


def test_units_are_not_mixed() -> None:
    days = ao.audit(ao.Problem(TEAM, TASKS, effort_unit="days"), NOW)
    for call in (lambda: ao.diff(PLAN, days), lambda: ao.compare({"a": PLAN, "b": days})):
        with pytest.raises(ValidationError, match="efforts are in 'days'"):
            call()


def test_runs_without_a_plan() -> None:
    assert NONE.status is ao.Status.INFEASIBLE
    with pytest.raises(ao.NoSolutionError, match=r"1 of 2 plans have no solution. 'after': INFEAS"):
        ao.diff(PLAN, NONE)
    unknown = replace(NONE, status=ao.Status.UNKNOWN, infeasibility=None)
    with pytest.raises(ao.NoSolutionError, match=r"2 of 3 plans.*'b': INF.*'c': UNKNOWN"):
        ao.compare({"a": PLAN, "b": NONE, "c": unknown})


def test_what_is_no_plan_and_unknown_options() -> None:
    with pytest.raises(ValidationError, match="diff: 2 faults"):
        ao.diff(NOW, (1, 2))  # type: ignore[arg-type]
    for call in (ao.diff, lambda a, _, **options: ao.compare({"a": a}, **options)):
        with pytest.raises(ValueError, match="of='hours' is unknown"):
            call(PLAN, PLAN, of="hours")
        with pytest.raises(ValueError, match="per='head' is unknown"):
            call(PLAN, PLAN, per="head")
