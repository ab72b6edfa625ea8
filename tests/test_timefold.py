"""Seven schedules that the documentation of Timefold Solver ranks from A, the best, to G.

Fifteen tasks of one hour for five people, each schedule a plan of the same problem. Which notion
tells them apart, and in the documented order?
"""

from __future__ import annotations

import pytest

import assignopt as ao
from assignopt import metrics
from assignopt.holdings import read_assignments
from assignopt.terms import fairness_numbers

SCHEDULES = {
    "A": (3, 3, 3, 3, 3),
    "B": (4, 4, 3, 2, 2),
    "C": (5, 3, 3, 2, 2),
    "D": (5, 5, 2, 2, 1),
    "E": (6, 3, 3, 2, 1),
    "F": (6, 5, 2, 1, 1),
    "G": (11, 1, 1, 1, 1),
}
PEOPLE = [f"p{i}" for i in range(5)]
PROBLEM = ao.Problem(
    [ao.Rep(name) for name in PEOPLE],
    [ao.Task(f"t{i:02d}") for i in range(15)],
    rules=[ao.CoverAll()],
)


def plan_of(loads: tuple[int, ...]) -> dict[str, str]:
    """Deal the tasks out so that everybody has as many as asked for."""
    holders = [name for name, count in zip(PEOPLE, loads, strict=True) for _ in range(count)]
    return dict(zip(PROBLEM.tasks, holders, strict=True))


def audited(notion: str) -> dict[str, float]:
    """The value that the audit gives each schedule."""
    problem = PROBLEM.replace(objective=[ao.Fairness(notion)])
    found = {name: ao.audit(problem, plan_of(loads)) for name, loads in SCHEDULES.items()}
    assert all(one.ok for one in found.values())
    return {name: float(one.terms["value"].iloc[0]) for name, one in found.items()}


def ranking(notion: str) -> list[str]:
    """The schedules from best to worst; those that the notion cannot tell apart in one entry."""
    tier = ao.Fairness(notion)
    sign = -1 if tier.is_better_high else 1
    keys: dict[tuple[float, ...], str] = {}
    for name, loads in SCHEDULES.items():
        held, faults = read_assignments(PROBLEM, plan_of(loads))
        assert not faults
        key = tuple(round(sign * number, 9) for number in fairness_numbers(held, tier))
        keys[key] = keys.get(key, "") + name
    return [keys[key] for key in sorted(keys)]


def test_only_leximax_has_the_documented_order() -> None:
    rankings = {
        notion: ranking(notion)
        for notion in ("leximax", "leximin", "minmax", "maxmin", "range", "l2", "gini", "nash")
    }
    documented = [notion for notion, order in rankings.items() if order == list("ABCDEFG")]
    assert documented == ["leximax"]


@pytest.mark.parametrize(
    ("notion", "order"),
    [
        ("leximin", ["A", "B", "C", "E", "D", "F", "G"]),
        ("minmax", ["A", "B", "CD", "EF", "G"]),
        ("maxmin", ["A", "BC", "DEFG"]),
        ("range", ["A", "B", "C", "D", "EF", "G"]),
        ("l2", ["A", "B", "C", "DE", "F", "G"]),
        ("gini", ["A", "B", "C", "DE", "F", "G"]),
        ("nash", ["A", "B", "C", "E", "D", "F", "G"]),
    ],
)
def test_what_the_other_notions_do_instead(notion: str, order: list[str]) -> None:
    assert ranking(notion) == order


def test_squares_tie_two_schedules_that_are_not_alike() -> None:
    """The load balance of Timefold is the root of the squared deviations: the same tie."""
    squares = audited("l2")
    assert squares["D"] == squares["E"] == 59
    assert audited("leximax")["D"] == 5
    assert audited("leximax")["E"] == 6
    for measure in (metrics.gini, metrics.jain_index, metrics.cv):
        assert measure(SCHEDULES["D"]) == pytest.approx(measure(SCHEDULES["E"]), rel=1e-12)
    assert metrics.mad(SCHEDULES["D"]) > metrics.mad(SCHEDULES["E"])


@pytest.mark.parametrize("engine", ["flow", "cpsat"])
@pytest.mark.parametrize("notion", ["leximax", "l2", "gini", "nash"])
def test_a_solve_finds_schedule_a(notion: str, engine: str) -> None:
    problem = PROBLEM.replace(objective=[ao.Fairness(notion)])
    plan = ao.solve(problem, engine=engine, time_limit=60, workers=1)
    assert plan.status is ao.Status.OPTIMAL
    assert plan.loads["tasks"].tolist() == [3] * 5


def test_the_audit_tells_the_values_of_the_table() -> None:
    gini = audited("gini")
    told = {name: round(value, 4) for name, value in gini.items()}
    assert told == {
        **{"A": 0.0, "B": 0.16, "C": 0.1867, "D": 0.2933, "E": 0.2933},
        **{"F": 0.3733, "G": 0.5333},
    }
    assert list(audited("range").values()) == [0, 2, 3, 4, 5, 5, 10]
    assert all(
        value == pytest.approx(metrics.gini(SCHEDULES[name])) for name, value in gini.items()
    )
