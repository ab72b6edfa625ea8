"""The benchmarks at tiny sizes: shape and correctness of what they print, never how fast."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assignopt as ao

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
main = pytest.importorskip("benchmarks.__main__", reason="no benchmarks beside the tests").main

from benchmarks import data, instances, measure, peers, runner, staffing, tiered  # noqa: E402
from benchmarks.suites import midl, online  # noqa: E402

needs_data = pytest.mark.skipif(data.folder("gap") is None, reason="no public data")


def run(tmp_path: Path, *argv: str) -> dict[str, Any]:
    """Run a suite in this process, and give what it kept as JSON."""
    file = tmp_path / "report.json"
    assert main(["run", *argv, "--json", str(file)]) == 0
    found: dict[str, Any] = json.loads(file.read_text())
    assert set(found) == {
        *("suite", "instances", "measures", "published", "options", "rows", "summary"),
        *("targets", "notes", "faults", "machine", "versions"),
    }
    assert not found["faults"]
    assert found["rows"]
    assert set(found["versions"]) == {"python", *runner.PACKAGES}
    return found


def by_method(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["method"]: row for row in found["rows"]}


@pytest.fixture
def no_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASSIGNOPT_DATA", str(tmp_path / "nowhere"))


def test_list_tells_every_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    assert all(
        f"{name}\n  instances:" in told
        for name in (
            *("flow", "build", "limits", "startup", "lap", "gap", "fairness", "midl", "workforce"),
            *("explain", "rebalance", "rotate", "online", "policies"),
        )
    )


def test_an_unknown_suite_is_refused() -> None:
    with pytest.raises(SystemExit):
        main(["run", "flows"])


def test_flow_equals_the_bare_flow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(tmp_path, "flow", "--size", "300x12x5", "--time-limit", "30", "--peers")
    rows = by_method(found)
    ours, bare = rows["assignopt"], rows["min-cost flow"]
    assert ours["value"] == bare["value"]
    assert ours["open"] == bare["open"] == 0
    assert ours["proved"]
    assert ours["peak_mb"] >= ours["before_mb"] > 0
    for name in ("highs", "scip", "scipy milp"):
        assert rows[name].get("value") == bare["value"] or "error" in rows[name]
    assert rows["greedy"]["value"] <= bare["value"]
    told = capsys.readouterr().out
    assert "time_ratio" in told
    assert "worst" in told
    assert "machine and versions: cores" in told


def test_build_tells_search_from_the_rest(tmp_path: Path) -> None:
    found = run(tmp_path, "build", "--size", "20x4x3", "--time-limit", "5")
    (row,) = found["rows"]
    assert row["search_s"] > 0
    assert row["other_s"] > 0
    assert row["seconds"] == pytest.approx(
        row["search_s"] + row["other_s"] - row["callbacks_s"], abs=1e-6
    )
    assert row["bound"] >= row["value"]


def test_limits_measures_kinds_and_limits(tmp_path: Path) -> None:
    sizes = ("count:200x10x4", "effort:30x5x3")
    found = run(tmp_path, "limits", "--size", *sizes, "--time-limit", "2")
    assert [(row["kind"], row["limit"]) for row in found["rows"]] == [("count", 2), ("effort", 2)]
    assert all(row["status"] in ("OPTIMAL", "FEASIBLE") for row in found["rows"])


def test_startup_finds_no_ortools(tmp_path: Path) -> None:
    found = run(tmp_path, "startup", "--size", "1")
    assert {"assignopt", "pandas + pydantic"} < {row["method"] for row in found["rows"]}
    assert all(row["seconds"] > 0 for row in found["rows"])


def test_lap_without_data(tmp_path: Path, no_data: None) -> None:
    found = run(tmp_path, "lap", "--size", "12", "--time-limit", "20", "--peers")
    rows = by_method(found)
    assert rows["assignopt"]["cost"] == rows["scipy lap"]["cost"]
    assert "no data folder 'lap'" in found["notes"][0]


@needs_data
def test_lap_has_the_published_optimum(tmp_path: Path) -> None:
    found = run(tmp_path, "lap", "--size", "5")
    assert found["rows"][0]["instance"] == "assign100"
    assert found["rows"][0]["cost"] == found["rows"][0]["best"] == 305


def test_gap_without_data(tmp_path: Path, no_data: None) -> None:
    found = run(tmp_path, "gap", "--size", "15x3x3", "--time-limit", "10")
    assert found["rows"][0]["cost"] <= found["rows"][0]["bound"]


@needs_data
def test_gap_in_both_senses(tmp_path: Path) -> None:
    found = run(tmp_path, "gap", "--size", "gap1-0", "--time-limit", "20")
    assert [(row["sense"], row["cost"], row["bound"]) for row in found["rows"]] == [
        ("min", 261, 261),
        ("max", 336, 336),
    ]


def test_workforce_without_data(
    tmp_path: Path, no_data: None, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(tmp_path, "workforce", "--time-limit", "0.5")
    assert all(row["audited"] and row["teams"] >= row["bound"] for row in found["rows"])
    told = capsys.readouterr().out
    assert "range_bound" not in told  # no table of rows, but what is not proved
    for row in found["rows"]:
        assert (f"{row['instance']}: not proved" in told) is not row["range_proved"]


@needs_data
def test_workforce_reads_the_bounds_of_the_index(tmp_path: Path) -> None:
    found = run(tmp_path, "workforce", "--size", "instance_30", "instance_31", "--peers")
    assert all(row["teams"] == row["bound"] == 1 for row in found["rows"])


def test_fairness_of_equal_efforts_beside_two_flows(tmp_path: Path) -> None:
    found = run(tmp_path, "fairness", "--size", "equal:300x12x5", "--peers")
    rows = by_method(found)
    ours, single = rows["assignopt"], rows["convex flow"]
    assert ours["coverage_proved"]
    assert ours["share_proved"]
    assert ours["value_proved"]
    assert ours["depth"] == 12
    assert (ours["value"], ours["squares"]) == (single["value"], single["squares"])
    assert rows["min-cost flow"]["value"] >= ours["value"]
    assert ours["time_ratio"] > 0


def test_fairness_of_unequal_efforts_beside_plain_models(tmp_path: Path) -> None:
    argv = ("fairness", "--size", "unequal:5x25", "--time-limit", "60", "--peers")
    found = run(tmp_path, *argv)
    rows = by_method(found)
    assert {"assignopt", "assignopt, two tiers", "cp-sat plain", "highs"} == set(rows)
    ours = rows["assignopt"]
    assert ours["open"] == 0
    assert ours["level"] >= ours["level_bound"] - 1e-6
    assert ours["value"] <= ours["value_bound"] + 1e-6
    assert ours["level_gap"] >= 0
    assert all("chosen" not in row for row in found["rows"])
    for row in found["rows"]:
        for other in found["rows"]:
            if row.get("level") is not None and other["level_bound"] is not None:
                assert other["level_bound"] <= row["level"] + 1e-6


def test_fairness_refuses_a_size_it_does_not_know(tmp_path: Path) -> None:
    assert main(["run", "fairness", "--size", "equal:3x3"]) == 1


def test_explain_answers_are_checked_by_solves(tmp_path: Path) -> None:
    sizes = ("prices:5x30x3", "recommend:6x30x3", "diagnose:4x16", "unequal:4x16")
    found = run(tmp_path, "explain", "--size", *sizes, "--time-limit", "3")
    assert all(row["ms"] > 0 and row["ratio"] > 0 for row in found["rows"])
    assert [target["name"].split(", ")[0] for target in found["targets"]] == [
        *("prices:5x30x3: all prices", "prices:5x30x3: one why_not after that"),
        *("recommend:6x30x3: recommend", "recommend:6x30x3: recommend"),
        *("diagnose:4x16: certificate", "diagnose:4x16: conflict"),
        next(t["name"] for t in found["targets"] if t["name"].startswith("unequal")),
    ]
    assert found["targets"][-1]["value"] == found["targets"][-1]["limit"] > 0


def test_explain_refuses_a_size_it_does_not_know() -> None:
    assert main(["run", "explain", "--size", "prices:3x3"]) == 1
    assert main(["run", "explain", "--size", "whatever:3x3"]) == 1


def test_midl_without_data(tmp_path: Path, no_data: None) -> None:
    found = run(tmp_path, "midl", "--time-limit", "10", "--size", "20x12", "--peers")
    rows = by_method(found)
    ours, plain = rows["assignopt"], rows["cp-sat plain"]
    assert ours["level_proved"]
    assert ours["value_proved"]
    assert plain["value_proved"]
    assert ours["worst"] == pytest.approx(plain["worst"], abs=1e-5)
    assert ours["total"] == pytest.approx(plain["total"], abs=1e-4)
    assert ours["worst"] <= ours["decile"] <= ours["total"] / 12
    assert rows["assignopt, leximin"]["worst"] == pytest.approx(ours["worst"], abs=1e-5)
    assert 0 <= ours["gini"] < 1
    assert ours["ef1"] <= ours["envy"]


def test_midl_falls_back_to_a_random_instance(no_data: None) -> None:
    report = runner.Report()
    assert midl.sizes_of(runner.Options(), report) == ("60x40",)
    assert "no data folder 'midl'" in report.notes[0]


@pytest.mark.skipif(data.folder("midl") is None, reason="no public data")
def test_midl_reads_the_reviewers() -> None:
    one = tiered.reviewers("midl")
    assert (one.items, one.reps) == (177, 118)
    assert one.item_bounds == (0, 4)
    assert set(one.rep_bounds[0]) == set(one.rep_bounds[1]) == {3}
    best = [sorted(one.share[one.rep == paper])[-3:] for paper in range(one.reps)]
    assert min(map(sum, best)) == round(midl.WORST * 1e6)


def test_the_judge_of_two_tiers_refuses_what_breaks_a_bound() -> None:
    one = tiered.reviewers("6x3")
    chosen = np.array(tiered.run("midl", "6x3", "cp-sat plain", 10.0)["chosen"])
    worst, value = one.judge(chosen)
    assert 0 < worst <= value / 3
    with pytest.raises(ValueError, match="twice"):
        one.judge(np.append(chosen, chosen[0]))
    with pytest.raises(ValueError, match="bound on a rep"):
        one.judge(chosen[1:])
    crowd = tiered.crowded_team("5x25")
    with pytest.raises(ValueError, match="too few"):
        crowd.judge(np.arange(1))
    with pytest.raises(ValueError, match="no eligible pair"):
        crowd.find(np.array([25]), np.array([0]))


def test_a_crowded_team_in_whole_numbers_is_the_problem(tmp_path: Path) -> None:
    crowd, problem = tiered.crowded_team("5x25"), ao.datasets.unequal_efforts(5, 25)
    plan = ao.solve(problem.replace(objective=[ao.Coverage(), ao.Value()]), time_limit=20)
    held = plan.assignments
    item = problem.tasks.index.get_indexer(held["task_id"].to_numpy(object))
    rep = problem.reps.index.get_indexer(held["rep_id"].to_numpy(object))
    level, value = crowd.judge(crowd.find(item.astype(np.int64), rep.astype(np.int64)))
    loads = plan.loads
    assert level * crowd.unit[0] == pytest.approx((loads["load"] / loads["weight"]).max())
    assert value * crowd.unit[1] == pytest.approx(held["value"].sum())


def test_a_generated_instance_can_be_assigned() -> None:
    for efforts in (False, True):
        pairs = instances.generate("200x9x9", seed=3, efforts=efforts)
        assert not any(map(any, [pairs.value < 1, pairs.value > 1000]))
        keys = pairs.task * pairs.reps + pairs.rep
        assert len(set(keys.tolist())) == len(keys) == 200 * 9
        room = pairs.capacity.sum() / pairs.amounts[:: pairs.reps].sum()
        assert 1 <= room <= 1.2
    assert pairs.judge(peers.cpsat(pairs, 20.0).chosen)[1] == 0


def test_the_judge_refuses_broken_capacities_and_double_owners() -> None:
    pairs = instances.generate("4x2x2")
    with pytest.raises(ValueError, match="twice"):
        pairs.judge(pairs.task.argsort(kind="stable")[:2])
    crowd = (pairs.rep == 0).nonzero()[0]
    pairs.capacity[0] = 1
    with pytest.raises(ValueError, match="capacity"):
        pairs.judge(crowd)


def test_the_moves_of_a_rebalancing_are_proved(tmp_path: Path) -> None:
    found = run(tmp_path, "rebalance", "--size", "equal:6x40x3", "unequal:4x12")
    assert len(found["rows"]) == 2 + 10
    assert all(row["certificate"] <= row["moves"] for row in found["rows"])


def test_a_rotation_is_proved_beside_a_plain_model(tmp_path: Path) -> None:
    found = run(tmp_path, "rotate", "--size", "6x3x8", "--peers", "--time-limit", "2")
    assert {row["method"] for row in found["rows"]} == {"assignopt", "cp-sat plain"}


def test_the_judge_of_teams_refuses_overlaps_but_not_touching_tasks() -> None:
    one = {
        "teams": ["a", "b"],
        "tasks": ["t1", "t2", "t3"],
        "calendar": {"a": [[0, 60]], "b": [[0, 60]]},
        "tasks_data": {t: {"duration": 30} for t in ("t1", "t2", "t3")},
        "same_allocation": [["t1", "t3"]],
        "compatible_teams": {"t2": ["b"]},
        "original_start": {"t1": 0, "t2": 15, "t3": 30},
        "original_end": {"t1": 30, "t2": 45, "t3": 60},
    }
    assert staffing.peak(one) == 2
    assert staffing.judge(one, {"t1": "a", "t2": "b", "t3": "a"}) == (2, 30, 0)
    for wrong, why in (
        ({"t1": "b", "t2": "b"}, "overlap"),
        ({"t1": "a", "t3": "b"}, "different teams"),
        ({"t2": "a"}, "may not"),
    ):
        with pytest.raises(ValueError, match=why):
            staffing.judge(one, wrong)


def test_another_process_gives_its_result_or_its_error() -> None:
    tiny = {"size": "6x2x2"}
    assert measure.in_fresh_process(peers.run, tiny, "greedy", 1.0)["seconds"] >= 0
    assert "unknown" in measure.in_fresh_process(peers.run, tiny, "unknown", 1.0)["error"]
    late = measure.in_fresh_process(peers.run, tiny, "greedy", 1.0, timeout=0.01)
    assert late == {"error": "stopped after 0.01 s"}


def test_memory_of_started_processes_counts() -> None:
    code = "import time; held = bytearray(b'1') * 60_000_000; time.sleep(0.5)"
    with measure.Span() as span:
        subprocess.run([sys.executable, "-c", code], check=True)
    if not Path("/proc/self/status").exists():
        pytest.skip("the memory of other processes is read from /proc")
    assert span.peak_mb > span.before_mb + 50


def test_summary_and_table() -> None:
    columns = (runner.Column("method"), runner.Column("gap", "max", ".1%"), runner.Column("none"))
    rows = [{"method": "a", "gap": 0.1}, {"method": "a", "gap": 0.3}, {"method": "b"}]
    assert runner.summarise(columns, rows) == [
        {"method": "a", "rows": 2, "gap mean": 0.2, "gap worst": 0.3},
        {"method": "b", "rows": 1},
    ]
    assert runner.table(columns, rows).splitlines() == [
        "method    gap",
        "------  -----",
        "a       10.0%",
        "a       30.0%",
        "b           -",
    ]


def test_policies_on_generated_and_on_real_streams(tmp_path: Path) -> None:
    found = run(tmp_path, "policies", "--size", "bursts:60x2", "speed:30x1", "olist:0x2")
    mine = [row for row in found["rows"] if row["instance"] == "bursts"]
    assert {row["method"] for row in mine} >= {"LongestWait"}
    assert all(0 < row["ratio"] <= 1 + 1e-9 for row in found["rows"])
    assert found["targets"][0]["name"].startswith("15 policies")
    real = {row["instance"] for row in found["rows"]} - {"bursts"}
    assert real == (set() if data.folder("olist") is None else {"olist", "olist, permuted"})


def test_a_stream_that_policies_do_not_know_is_told(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    assert main(["run", "policies", "--size", "idd:60x2", "--json", str(file)]) == 1
    assert "idd:60x2" in json.loads(file.read_text())["faults"][0]


def test_online(tmp_path: Path) -> None:
    found = run(tmp_path, "online", "--size", "regret:500")
    assert [row["instance"] for row in found["rows"]] == ["250 tasks", "500 tasks"]
    assert all(row["regret"] > 0 for row in found["rows"])
    told = online.quality(0, "drift", 200, 30.0, ["greedy", "assignopt"])
    assert 0 < told["values"]["greedy"] <= told["best"] + 1e-9
    for way in online.WAYS:
        served = online.latency(30, 60, 20_000.0, 20, way)
        assert served["learned"] >= 1
        for spread in served["spread"].values():
            assert 0 < spread["within"][0] <= spread["within"][3] <= spread["whole"][3]
