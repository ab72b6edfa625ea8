"""Transitions against brute force over all orders; absences and the frontier of moves."""

from __future__ import annotations

import itertools
import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest

import assignopt as ao
from assignopt.rebalancing.sequencing import Loads, Shift, in_order


def peak(shifts: list[Shift], order: list[int], loads: Loads) -> float:
    """The largest overload on the way; the loads stay as they were."""
    load, count = list(loads.load), list(loads.count)
    now = Loads(load, count, loads.room, loads.most)
    most = 0.0
    for place in order:
        most = max(most, now.excess(shifts[place]))
        now.apply(shifts[place])
    return most


def drawn(rng: random.Random, moves: int) -> tuple[list[Shift], Loads]:
    """Random moves between plans that both keep the limits."""
    reps = rng.randint(2, 4)
    shifts = []
    for _ in range(moves):
        giver, taker = rng.sample([-1, *range(reps)], 2)
        effort = float(rng.choice([1, 1, 2, 3]))
        shifts.append(Shift(giver, taker, effort, effort))
    load, count = [0.0] * reps, [0] * reps
    for shift in shifts:
        if shift.giver >= 0:
            load[shift.giver] += shift.leaves
            count[shift.giver] += 1
    after = Loads(list(load), list(count), [], [])
    for shift in shifts:
        after.apply(shift)
    spare = rng.choice([0, 0, 1, 2])
    room = [max(a, b) + rng.choice([0, spare]) for a, b in zip(load, after.load, strict=True)]
    most = [max(a, b) + rng.choice([0, 1, 9]) for a, b in zip(count, after.count, strict=True)]
    return shifts, Loads(load, count, room, [float(n) for n in most])


@pytest.mark.parametrize("seed", range(150))
def test_the_order_has_the_smallest_peak_of_all_orders(seed: int) -> None:
    rng = random.Random(seed)
    shifts, loads = drawn(rng, rng.randint(1, 6))
    best = min(peak(shifts, list(o), loads) for o in itertools.permutations(range(len(shifts))))
    fresh = Loads(list(loads.load), list(loads.count), loads.room, loads.most)
    order, proved = in_order(shifts, fresh)
    assert sorted(order) == list(range(len(shifts)))
    assert proved
    assert peak(shifts, order, loads) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(10))
def test_long_cycles_with_one_free_place_need_no_overload(seed: int) -> None:
    rng = random.Random(seed)
    reps = 30
    places = list(range(reps))
    rng.shuffle(places)
    ring = [Shift(a, b, 1.0, 1.0) for a, b in zip(places, places[1:] + places[:1], strict=True)]
    rng.shuffle(ring)
    free = [1.0] * reps
    full, proved = in_order(ring, Loads([1.0] * reps, [1] * reps, free, [9.0] * reps))
    assert proved
    assert peak(ring, full, Loads([1.0] * reps, [1] * reps, free, [9.0] * reps)) == 1
    free[places[0]] = 2.0
    order, proved = in_order(ring, Loads([1.0] * reps, [1] * reps, free, [9.0] * reps))
    assert proved
    assert peak(ring, order, Loads([1.0] * reps, [1] * reps, free, [9.0] * reps)) == 0


@pytest.mark.parametrize("seed", range(8))
def test_every_prefix_of_a_transition_is_feasible(seed: int) -> None:
    problem = ao.datasets.unequal_efforts(8, 40, seed=seed)
    before = ao.solve(problem, time_limit=1, workers=1)
    now = ao.leave("r001").apply(problem) if "r001" in problem.reps else problem
    after = ao.rebalance(before, now, time_limit=1, workers=1)
    steps = ao.transition(before, after)
    assert len(steps) == (
        pd.merge(before.assignments, after.assignments, "outer", on=["task_id", "role"])
        .pipe(lambda both: both["rep_id_x"].fillna("") != both["rep_id_y"].fillna(""))
        .sum()
    )
    held = dict(zip(before.assignments["task_id"], before.assignments["rep_id"], strict=True))
    capacity = dict(zip(after.loads["rep_id"], after.loads["capacity"].fillna(np.inf), strict=True))
    for row in steps.itertuples():
        assert held.get(row.task_id) == (row.from_rep if isinstance(row.from_rep, str) else None)
        if isinstance(row.to_rep, str):
            held[row.task_id] = row.to_rep
        else:
            del held[row.task_id]
        loads = _loads(after, held)
        for rep, load in loads.items():
            if rep == row.to_rep:
                assert load == pytest.approx(row.to_load)
                assert max(0.0, load - capacity[rep]) == pytest.approx(row.over, abs=1e-5)
    final = dict(zip(after.assignments["task_id"], after.assignments["rep_id"], strict=True))
    assert held == final


def _loads(plan: ao.Plan, held: dict[str, str]) -> dict[str, float]:
    """Load of each rep by hand."""
    reps = {name: rep.carried_load for name, rep in plan.problem.reps.items()}
    for task, rep in held.items():
        reps[rep] += plan.problem.tasks[task].effort / plan.problem.reps[rep].efficiency
    return reps


def test_an_exchange_of_full_people_names_its_overload() -> None:
    reps = [ao.Rep("ana", capacity=3), ao.Rep("bo", capacity=3)]
    problem = ao.Problem(reps, [ao.Task("s", effort=3), ao.Task("t", effort=2)])
    steps = ao.transition(
        ao.audit(problem, {"s": "ana", "t": "bo"}), ao.audit(problem, {"s": "bo", "t": "ana"})
    )
    assert steps["over"].tolist() == [2.0, 0.0]
    assert steps["to_rep"][0] in ("ana", "bo")
    assert steps["kind"].tolist() == ["cycle", "cycle"]
    assert steps["proved"].all()


def test_a_group_moves_together_and_new_work_comes_last() -> None:
    tasks = [ao.Task("a1", group="a"), ao.Task("a2", group="a"), ao.Task("n"), ao.Task("x")]
    problem = ao.Problem([ao.Rep("ana", capacity=2), ao.Rep("bo", capacity=3)], tasks)
    steps = ao.transition(
        ao.audit(problem, {"a1": "ana", "a2": "ana", "x": "bo"}),
        ao.audit(problem, {"a1": "bo", "a2": "bo", "n": "bo"}),
    )
    assert steps[["step", "task_id", "kind"]].to_numpy().tolist() == [
        [1, "x", "closed"],
        [2, "a1", "path"],
        [2, "a2", "path"],
        [3, "n", "new"],
    ]
    assert steps["over"].tolist() == [0.0] * 4


def test_who_is_not_there_any_more_is_named_all_the_same() -> None:
    reps = [ao.Rep("ana", capacity=4), ao.Rep("bo", capacity=2)]
    problem = ao.Problem(reps, [ao.Task("s", effort=2), ao.Task("t", effort=2)])
    before = ao.audit(problem, {"s": "ana", "t": "bo"})
    left = problem.without_rep("bo")
    taken = ao.transition(before, ao.rebalance(before, left, target=[], workers=1))
    columns = ["task_id", "from_rep", "to_rep", "kind"]
    assert taken[columns].to_numpy().tolist() == [["t", "bo", "ana", "path"]]
    dropped = ao.transition(before, ao.audit(left, {"s": "ana"}))
    assert dropped[["task_id", "from_rep", "kind"]].to_numpy().tolist() == [["t", "bo", "closed"]]


def test_nothing_changes_between_a_plan_and_itself() -> None:
    plan = ao.solve(ao.Problem([ao.Rep("ana")], [ao.Task("t")]))
    empty = ao.transition(plan, plan)
    assert empty.empty
    assert list(empty.columns) == list(ao.transition(ao.audit(plan.problem, {}), plan).columns)


# -- absences --------------------------------------------------------------------------------------


def team() -> ao.Plan:
    reps = [ao.Rep("ana", skills={"german"}), ao.Rep("bo", capacity=3), ao.Rep("cy", capacity=3)]
    tasks = [ao.Task("acme", requires={"german"}), *(ao.Task(f"t{i}") for i in range(5))]
    return ao.solve(ao.Problem(reps, tasks), workers=1)


def test_every_absence_is_a_rebalancing_of_its_own() -> None:
    plan = team()
    table = ao.absences(plan).set_index("rep_id")
    for name, row in table.iterrows():
        after = ao.rebalance(plan, ao.leave(str(name)), target=[], workers=1)
        assert after.moves is not None
        assert row["coverage"] == len(after.assignments) - len(plan.assignments)
        assert row["taken"] == (after.moves["kind"] == "forced").sum() - row["open"]
        assert row["proved"]
    assert table.index[0] == "ana"
    assert table.loc["ana", "open"] == 1
    assert table.loc["ana", "tasks"] == 1
    assert sum(int(one.split()[-1]) for one in table.loc["bo", "takers"].split(", ")) == 3


def test_absences_run_in_processes_as_well() -> None:
    plan = team()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        table = ao.absences(plan, reps=["bo", "ana"], executor=pool)
    assert table["rep_id"].tolist() == ["ana", "bo"]
    with pytest.raises(KeyError, match="reps 'zoe' do not exist"):
        ao.absences(plan, reps=["zoe"])


def test_an_absence_that_no_plan_survives_is_said_first() -> None:
    problem = ao.Problem(
        [ao.Rep("ana", skills={"x"}), ao.Rep("bo")],
        [ao.Task("t", requires={"x"}), ao.Task("u")],
        rules=[ao.CoverAll()],
    )
    table = ao.absences(ao.solve(problem, workers=1))
    assert table["status"].tolist() == ["INFEASIBLE", "OPTIMAL"]
    assert table["rep_id"][0] == "ana"
    assert table["taken"].isna().tolist() == [True, False]
    assert "must be assigned" in table["why"][0]
    assert ao.absences(ao.solve(problem, workers=1), reps="bo")["rep_id"].tolist() == ["bo"]


# -- the frontier of moves -------------------------------------------------------------------------


def test_a_curve_that_is_not_convex_is_found_point_by_point() -> None:
    """Loads 3, 2, 1 where work may only go from A to B and from B to C: 14, 14, 12."""
    problem = ao.Problem(
        [ao.Rep(n) for n in "ABC"],
        [ao.Task(f"{n}{i}") for n, many in (("A", 3), ("B", 2), ("C", 1)) for i in range(many)],
        pairs=[
            *((rep, f"A{i}") for i in range(3) for rep in "AB"),
            *((rep, f"B{i}") for i in range(2) for rep in "BC"),
            ("C", "C0"),
        ],
    )
    before = ao.audit(problem, {task: task[0] for task in problem.tasks})
    found = ao.rebalance_frontier(before, max_moves=2, of=ao.Fairness("l2"))
    assert found.points[["x", "y"]].to_numpy().tolist() == [[0, 14], [2, 12]]
    assert found.complete
    value = ao.rebalance_frontier(before, max_moves=1)
    assert value.y == ao.Fairness("minmax")
    with pytest.raises(ValueError, match="max_moves is 0; allowed is a whole number, 1 or more"):
        ao.rebalance_frontier(before, max_moves=0)
    with pytest.raises(ValueError, match="Say with of= what moves are to buy"):
        ao.rebalance_frontier(ao.audit(problem.replace(objective=[]), {}), max_moves=1)
