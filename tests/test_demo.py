"""The demo: what it writes is there, and the round robin it compares with plays by the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import assignopt as ao
from assignopt import demo
from assignopt.datasets import SALES_IMPOSSIBLE, sales_team

if TYPE_CHECKING:
    import pytest


def test_the_screen_answers_what_a_manager_asks(capsys: pytest.CaptureFixture[str]) -> None:
    plan = demo.main(time_limit=4)
    told = capsys.readouterr().out
    for words in ("RESULT", "WHAT WAS ASKED FOR", "LOADS in hours", "LEFT OPEN", "round robin"):
        assert words in told
    for name, reason in SALES_IMPOSSIBLE.items():
        assert f"{name} [{reason}]" in told
    assert plan.headline() in told
    assert max(map(len, told.splitlines())) < 200
    assert ao.audit(plan.problem, plan).ok


def test_round_robin_breaks_no_rule_and_covers_less() -> None:
    problem = sales_team()
    dealt = demo.round_robin(problem)
    assert ao.audit(problem, dealt).ok
    greedy = ao.solve(problem, engine="greedy")
    table = demo.compared(problem, {"dealt": dealt, "greedy": greedy, "nothing": {}})
    assert table.loc["rules broken"].tolist() == [0, 0, 1]  # nothing leaves the pin unkept
    assert table.loc["tasks assigned", "nothing"] == 0
    assert table.loc["priority covered", "dealt"] <= table.loc["priority covered", "greedy"]


def test_round_robin_deals_equal_work_evenly() -> None:
    problem = ao.Problem([ao.Rep(r) for r in "abc"], [ao.Task(f"t{n}") for n in range(7)])
    assert [rep for _, rep, _ in demo.round_robin(problem)] == list("abcabca")


def test_round_robin_keeps_accounts_and_limits() -> None:
    reps = [ao.Rep("a", capacity=2), ao.Rep("b", max_tasks=1), ao.Rep("c")]
    tasks = [ao.Task(f"t{n}", group="acme") for n in range(3)] + [ao.Task("u"), ao.Task("v")]
    problem = ao.Problem(reps, tasks, rules=[ao.Apart(["u", "v"])])
    dealt = demo.round_robin(problem)
    assert dealt == [
        ("t0", "a", "owner"),
        ("t1", "a", "owner"),
        ("u", "b", "owner"),
        ("v", "c", "owner"),
    ]
