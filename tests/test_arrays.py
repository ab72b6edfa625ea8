"""Compiled arrays: eligibility against a double loop, cliques against brute force, and size."""

from __future__ import annotations

import tracemalloc
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import assignopt as ao
import oracle
import strategies
from assignopt import eligibility
from assignopt.compiling import compile_problem
from assignopt.intervals import maximal_cliques
from strategies import tries

if TYPE_CHECKING:
    from assignopt.arrays import Arrays

SOME = settings(max_examples=tries(25), deadline=None, suppress_health_check=list(HealthCheck))


def seats_of(arrays: Arrays) -> list[tuple[str, str]]:
    """(task, role) of each seat of the arrays: the owners first, then the roles."""
    tasks = list(arrays.problem.tasks.values())
    owners = [(task.id, "owner") for task in tasks]
    return owners + [(task.id, role.name) for task in tasks for role in task.roles]


def pairs_of(arrays: Arrays) -> set[tuple[tuple[str, str], str]]:
    seats, reps = seats_of(arrays), list(arrays.problem.reps)
    found = zip(arrays.pair_seat.tolist(), arrays.pair_rep.tolist(), strict=True)
    return {(seats[seat], reps[rep]) for seat, rep in found}


def naive(problem: ao.Problem) -> set[tuple[tuple[str, str], str]]:
    """The pairs that may be, from the oracle's own double loop; a pinned seat has one rep."""
    facts = oracle.facts(problem)
    pinned = {(r.task, r.role): r.rep for r in problem.rules if isinstance(r, ao.Pin)}
    return {
        (seat, rep)
        for (seat, rep), fine in facts.pair_ok.items()
        if fine and pinned.get(seat, rep) == rep
    }


# -- eligibility -------------------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [100, 1, 0])
@SOME
@given(problem=strategies.problems(rules=["pin", "forbid", "allow", "min_fit"], max_rules=4))
def test_eligible_pairs_are_those_of_a_double_loop(narrow: int, problem: ao.Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eligibility, "NARROW", narrow)  # so that broad rules are few tasks wide
        arrays = compile_problem(problem)
    assert pairs_of(arrays) == naive(problem)
    order = arrays.pair_seat.astype(np.int64) * max(arrays.reps, 1) + arrays.pair_rep
    assert (np.diff(order) > 0).all()  # by seat, then rep, none twice
    counts = np.bincount(arrays.pair_seat, minlength=arrays.seats)
    assert arrays.first.tolist() == [0, *np.cumsum(counts).tolist()]
    assert arrays.seats == len(seats_of(arrays))
    assert (arrays.pair_seat.dtype, arrays.pair_rep.dtype) == (np.int32, np.int32)


@SOME
@given(strategies.problems(rules=["pin", "cover_all", "allow"]))
def test_what_pairs_amount_to_is_what_the_oracle_says(problem: ao.Problem) -> None:
    arrays, facts = compile_problem(problem), oracle.facts(problem)
    seats, reps = seats_of(arrays), list(problem.reps)
    for name in ("effort", "fit", "worth", "value", "burden"):
        told = getattr(arrays, name).tolist()
        wanted = [
            getattr(facts, name)[seats[seat], reps[rep]]
            for seat, rep in zip(arrays.pair_seat, arrays.pair_rep, strict=True)
        ]
        assert told == pytest.approx(wanted), name
    must = {seats[seat] for seat in np.flatnonzero(arrays.mandatory)}
    wanted_seats = {(r.task, r.role) for r in problem.rules if isinstance(r, ao.Pin)}
    for rule in problem.rules:
        if isinstance(rule, ao.CoverAll):
            wanted_seats |= {seat for seat in seats if seat[0] in facts.pick(rule.where)}
    assert must == wanted_seats
    stays = {seats[arrays.pair_seat[p]][0] for p in arrays.present[arrays.present >= 0]}
    assert stays == set(facts.keepable)


@SOME
@given(strategies.problems(), st.data())
def test_the_rows_and_bounds_hold_for_allowed_plans(
    problem: ao.Problem, data: st.DataObject
) -> None:
    plans = [plan for plan in oracle.plans(problem) if oracle.is_allowed(problem, plan)]
    arrays = compile_problem(problem)
    for plan in data.draw(st.permutations(plans))[:5] if plans else []:
        on = np.zeros(arrays.pairs, np.int64)
        pairs = zip(arrays.pair_seat.tolist(), arrays.pair_rep.tolist(), strict=True)
        at = {pair: i for i, pair in enumerate(pairs)}
        reps = list(problem.reps)
        for seat, (task, role) in enumerate(seats_of(arrays)):
            rep = plan[task, role]
            assert rep is not None or not arrays.mandatory[seat]
            if rep is not None:
                on[at[seat, reps.index(rep)]] = 1
        for row in arrays.rows:
            coef = 1 if row.coef is None else row.coef
            assert row.low <= (coef * on[row.pairs]).sum() <= row.high, row.kind
        count = np.bincount(arrays.pair_rep, on, arrays.reps)
        assert (arrays.count_bounds[0] <= count).all()
        assert (count <= arrays.count_bounds[1]).all()
        down = np.bincount(arrays.pair_rep, on * arrays.rounded.down, arrays.reps)
        up = np.bincount(arrays.pair_rep, on * arrays.rounded.up, arrays.reps)
        assert (down <= arrays.load_bounds[1]).all()
        assert (up >= arrays.load_bounds[0]).all()
        owners = arrays.pair_rep[np.flatnonzero(on)]
        where = arrays.pair_seat[np.flatnonzero(on)]
        for group in arrays.groups:
            assert len(set(owners[np.isin(where, group)].tolist())) <= 1


def test_a_pairs_table_a_broad_and_a_narrow_rule_and_a_calendar_by_hand() -> None:
    nine, ten = datetime(2024, 3, 4, 9), datetime(2024, 3, 4, 10)
    problem = ao.Problem(
        [
            ao.Rep("ana", skills={"sql": 2}, available=[(nine, ten)]),
            ao.Rep("bo", skills={"sql": 1}, fit={"smb": 0.2}),
            ao.Rep("cy", active=False, skills={"sql": 9}),
            ao.Rep("di", available=[]),
        ],
        [
            ao.Task("a", requires={"sql": 2}),
            ao.Task("b", customer_type="smb", roles=[ao.Role("aide", requires={"sql": 1})]),
            ao.Task("c", start=nine, end=ten),
            ao.Task("d"),
        ],
        rules=[ao.MinFit(0.3), ao.Forbid("d", "bo"), ao.Allow("b", ["ana", "bo", "cy"])],
        pairs=[(r, t) for t in "cbda" for r in ("di", "cy", "bo", "ana") if (r, t) != ("ana", "d")],
    )
    assert pairs_of(compile_problem(problem)) == {
        (("a", "owner"), "ana"),
        (("b", "owner"), "ana"),
        (("b", "aide"), "ana"),
        (("c", "owner"), "ana"),
        (("c", "owner"), "bo"),
        (("d", "owner"), "di"),
    }


def test_a_pair_override_of_the_fit_decides_min_fit_both_ways() -> None:
    problem = ao.Problem(
        [ao.Rep("ana", fit={"smb": 0.1}), ao.Rep("bo", fit={"smb": 0.9})],
        [ao.Task("a", customer_type="smb")],
        rules=[ao.MinFit(0.5)],
        pairs=[("ana", "a", 0.5), ("bo", "a", 0.49)],
    )
    assert pairs_of(compile_problem(problem)) == {(("a", "owner"), "ana")}


@pytest.mark.parametrize("reps", [0, 2])
@pytest.mark.parametrize("tasks", [0, 2])
def test_nothing_compiles_to_nothing(reps: int, tasks: int) -> None:
    problem = ao.Problem(
        [ao.Rep(f"r{i}") for i in range(reps)], [ao.Task(f"t{i}") for i in range(tasks)]
    )
    arrays = compile_problem(problem)
    assert arrays.pairs == reps * tasks
    assert (arrays.reps, arrays.tasks, arrays.seats) == (reps, tasks, tasks)
    assert arrays.rows == arrays.groups == arrays.cliques == []
    assert len(arrays.load_bounds[0]) == len(arrays.count_bounds[1]) == reps


# -- cliques -----------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=9),
    st.sampled_from([1.0, 0.1, 3600.0]),
)
def test_maximal_cliques_are_those_of_brute_force(
    spans: list[tuple[int, int]], unit: float
) -> None:
    start = np.array([begin * unit for begin, _ in spans])
    end = np.array([(begin + length) * unit for begin, length in spans])
    found = [tuple(clique.tolist()) for clique in maximal_cliques(start, end)]

    def share(some: Any) -> bool:
        return all(start[a] < end[b] and start[b] < end[a] for a, b in combinations(some, 2))

    sets = [
        set(some)
        for size in range(2, len(spans) + 1)
        for some in combinations(range(len(spans)), size)
        if share(some)
    ]
    wanted = {tuple(sorted(one)) for one in sets if not any(one < other for other in sets)}
    assert len(found) == len(set(found))
    assert set(found) == wanted


def test_tasks_that_touch_do_not_overlap() -> None:
    problem = ao.Problem(
        [ao.Rep("ana"), ao.Rep("bo")],
        [
            ao.Task("a", start=0, end=2, roles=[ao.Role("aide")]),
            ao.Task("b", start=1, end=3),
            ao.Task("c", start=3, end=4),
        ],
    )
    arrays = compile_problem(problem)
    assert [clique.tolist() for clique in arrays.cliques] == [[0, 1]]


# -- size --------------------------------------------------------------------------------------

MANY = 20_000


@pytest.mark.parametrize("by", ["skill", "tag", "pairs"])
def test_reps_times_tasks_are_never_held(by: str) -> None:
    near = 2  # reps and tasks of one cluster
    cluster = np.arange(MANY) // near
    names = np.char.add("s", cluster.astype(str)).astype(object)
    reps = pd.DataFrame({"id": [f"r{i}" for i in range(MANY)]})
    tasks = pd.DataFrame({"id": [f"t{i}" for i in range(MANY)]})
    more: dict[str, Any] = {}
    wanted = MANY * near
    if by == "skill":
        reps["skills"], tasks["requires"] = names, names
    elif by == "tag":
        reps["place"], tasks["place"] = names, names
        first = [f"s{i}" for i in range(10)]
        more["rules"] = [ao.Allow(task={"place": p}, rep={"place": p}) for p in first]
        tasks, wanted = tasks[: near * 10], near * 10 * near
    else:
        more["pairs"] = pd.DataFrame({"rep_id": reps["id"], "task_id": tasks["id"]})
        wanted = MANY
    problem = ao.Problem.from_frames(reps, tasks, **more)
    tracemalloc.start()
    try:
        arrays = compile_problem(problem)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert arrays.pairs == wanted
    if by != "pairs":
        assert (cluster[arrays.pair_rep] == cluster[arrays.pair_seat]).all()
    # one byte for each rep and task would be 400 MB
    assert peak < 100e6
