"""The generated data: same seed, same data; the sizes asked for; impossible tasks as announced."""

from __future__ import annotations

import numpy as np
import pytest

import assignopt as ao
from assignopt import datasets
from assignopt.datasets import SALES_IMPOSSIBLE, equal_efforts, sales_frames, unequal_efforts
from assignopt.datasets import sales_team as team_of


@pytest.fixture(scope="module")
def team() -> ao.Problem:
    return team_of()


@pytest.fixture(scope="module")
def greedy(team: ao.Problem) -> ao.Plan:
    return ao.solve(team, engine="greedy")


def test_the_same_seed_gives_the_same_team_and_another_seed_another(team: ao.Problem) -> None:
    assert team == team_of(7)
    assert team != team_of(8)


def test_frames_and_records_give_equal_problems(team: ao.Problem) -> None:
    assert ao.Problem.from_frames(**sales_frames()) == team
    assert ao.Problem.from_frames(**sales_frames(3)) == team_of(3)


def test_the_team_survives_json(team: ao.Problem) -> None:
    assert ao.Problem.from_json(team.to_json()) == team


def test_the_team_has_what_real_teams_have(team: ao.Problem) -> None:
    reps, tasks = list(team.reps.values()), list(team.tasks.values())
    assert (len(reps), len(tasks)) == (24, 400)
    assert {rep.capacity for rep in reps} == {20, 40}
    assert any(rep.carried_load for rep in reps)
    assert all(rep.available for rep in reps)
    away = [rep.id for rep in reps if not rep.active]
    assert away == ["yara"]
    assert any(task.owner == "yara" for task in tasks)
    groups = [task.group for task in tasks if task.group]
    assert len(groups) > len(set(groups))
    for name in ("owner", "burden", "start", "roles", "prefers"):
        assert 0 < sum(bool(getattr(task, name)) for task in tasks) < len(tasks), name
    assert team.preferences is not None
    assert team.preferences["by"].notna().any()
    assert (team.preferences["weight"] < 0).any()
    assert {rule.kind for rule in team.rules} == {"allow", "min_fit", "max_tasks", "pin", "forbid"}


def test_numbers_have_two_decimals_at_most(team: ao.Problem) -> None:
    numbers = [
        team.task_columns.effort,
        team.task_columns.value,
        team.rep_columns.carried_load,
        team.rep_columns.fit.amount,
    ]
    for column in numbers:
        np.testing.assert_allclose(100 * column, np.rint(100 * column), atol=1e-9)


@pytest.mark.parametrize("seed", [1, 7])
def test_impossible_tasks_stay_open_for_the_reason_they_were_made_for(seed: int) -> None:
    plan = ao.solve(team_of(seed), engine="greedy")
    open_ = plan.unassigned.set_index("task_id")["reason"]
    assert {name: open_[name] for name in SALES_IMPOSSIBLE} == SALES_IMPOSSIBLE


def test_everything_else_can_be_covered(team: ao.Problem, greedy: ao.Plan) -> None:
    assert ao.audit(team, greedy).ok
    assert set(greedy.unassigned["task_id"]) == set(SALES_IMPOSSIBLE)


def test_the_specialist_is_the_bottleneck(team: ao.Problem) -> None:
    only = [task for task in team.tasks.values() if "security" in task.requires]
    hours = sum(task.effort for task in only if task.id not in SALES_IMPOSSIBLE)
    assert hours == 34
    assert [rep.id for rep in team.reps.values() if "security" in rep.skills] == ["vera"]


def test_the_team_is_covered_and_no_busier_than_greedy_leaves_it(
    team: ao.Problem, greedy: ao.Plan
) -> None:
    plan = ao.solve(team, time_limit=4, hint=greedy)
    assert ao.audit(team, plan).ok
    possible = sum(t.priority for t in team.tasks.values() if t.id not in SALES_IMPOSSIBLE)
    coverage, level, _ = plan.terms["value"]
    assert coverage == possible
    assert 34 / 40 <= level <= greedy.terms["value"][1]


def test_equal_efforts_has_the_sizes_asked_for() -> None:
    given = equal_efforts(50, 2000, 10, frames=True)
    reps, tasks, pairs = given["reps"], given["tasks"], given["pairs"]
    assert (len(reps), len(tasks), len(pairs)) == (50, 2000, 20000)
    assert not pairs.duplicated(["rep_id", "task_id"]).any()
    assert (pairs["task_id"].value_counts() == 10).all()
    assert pairs["value"].between(1, 100).all()
    assert reps["max_tasks"].sum() == 2060
    assert ao.Problem.from_frames(**given) == equal_efforts(50, 2000, 10)


@pytest.mark.parametrize("make", [equal_efforts, unequal_efforts])
def test_generators_depend_on_the_seed_alone(make: datasets.Any) -> None:
    assert make(5, 40, 2, 1) == make(5, 40, 2, 1)
    assert make(5, 40, 2, 1) != make(5, 40, 2, 2)


def test_every_set_of_eligible_reps_is_drawn() -> None:
    pairs = equal_efforts(4, 3000, 2, frames=True)["pairs"]
    sets = pairs.groupby("task_id", observed=True)["rep_id"].agg(lambda who: tuple(sorted(who)))
    counts = sets.value_counts()
    assert len(counts) == 6
    assert counts.min() > 400  # 500 are expected, with a standard deviation of 20


def test_equal_efforts_is_solved_by_flow() -> None:
    plan = ao.solve(equal_efforts(10, 200, 4))
    assert plan.status == ao.Status.OPTIMAL
    assert len(plan.assignments) == 200


@pytest.mark.parametrize("crowded", [0.5, 0.9, 1.2])
def test_unequal_efforts_is_as_crowded_as_asked(crowded: float) -> None:
    problem = unequal_efforts(12, 300, crowded=crowded)
    effort, capacity = problem.task_columns.effort, problem.rep_columns.capacity
    assert effort.min() >= 0.25
    assert effort.max() <= 8
    assert (effort * 4 == np.rint(effort * 4)).all()
    assert 0.98 * crowded < effort.sum() / capacity.sum() <= crowded + 1e-9


@pytest.mark.parametrize(("reps", "eligible"), [(7, 1), (10, 3), (12, 12), (1, 1)])
def test_each_skill_is_held_by_as_many_reps_as_asked(reps: int, eligible: int) -> None:
    problem = unequal_efforts(reps, 50, eligible)
    skills = problem.rep_columns.skills
    assert (np.bincount(skills.key) == eligible).all()
    assert set(skills.row.tolist()) == set(range(reps))


@pytest.mark.parametrize("make", [equal_efforts, unequal_efforts])
@pytest.mark.parametrize("sizes", [(0, 5, 1), (3, -1, 1), (3, 5, 4), (3, 5, 0)])
def test_sizes_out_of_range_are_refused(make: datasets.Any, sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="allowed"):
        make(*sizes)


def test_crowded_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="crowded 0"):
        unequal_efforts(3, 5, 1, crowded=0)


@pytest.mark.parametrize("make", [equal_efforts, unequal_efforts])
def test_no_tasks_are_a_valid_problem(make: datasets.Any) -> None:
    assert len(make(3, 0, 2).tasks) == 0
