"""The examples on real tables: they run, their plans pass the audit, and the facts hold."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pandas as pd
import pytest

import assignopt as ao
from assignopt.objectives import Notion

if TYPE_CHECKING:
    from types import ModuleType

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NAMES = ("olist", "opportunities", "workforce")


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(name: str, capsys: pytest.CaptureFixture[str]) -> tuple[ModuleType, ao.Plan, str]:
    module = loaded(name)
    if not (module.DATA / name).exists():
        pytest.skip(f"the {name} data is not here; set ASSIGNOPT_DATA")
    plan = module.main()
    assert ao.audit(plan.problem, plan).ok
    out = capsys.readouterr().out
    assert "What this shows" in out
    assert "What it does not show" in out
    return module, plan, out


@pytest.mark.parametrize("name", NAMES)
def test_missing_data_is_said_and_no_error(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIGNOPT_DATA", str(tmp_path))
    assert loaded(name).main() is None
    assert capsys.readouterr().out.startswith("skipped")


def test_olist_gives_every_lead_of_the_month_to_a_rep(
    capsys: pytest.CaptureFixture[str],
) -> None:
    module, plan, out = told("olist", capsys)
    assert plan.status == ao.Status.OPTIMAL
    assert len(plan.assignments) == 207
    worked = module.deals().query("month == @module.MONTH")["rep"].value_counts()
    assert plan.loads.set_index("rep_id")["tasks"].to_dict() == worked.to_dict()
    actual = {task.id: task.owner for task in plan.problem.tasks.values()}
    assert plan.terms["value"][1] >= ao.audit(plan.problem, actual).terms["value"][1]
    assert "estimate" in out


def test_opportunities_stay_in_their_territories_within_the_handovers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    module, plan, _ = told("opportunities", capsys)
    table = module.opportunities()
    assert (len(table), table["owner"].nunique(), table["value"].notna().all()) == (1567, 35, True)
    made = table.assign(now=table["id"].map(plan.assignments.set_index("task_id")["rep_id"]))
    assert (made["now"] != made["owner"]).sum() <= module.MOST_MOVES
    assert (made.groupby("group")["now"].nunique() == 1).all()
    homes = table.groupby("territory")["owner"].agg(set)
    assert all(row.now in homes[row.territory] for row in made.itertuples())
    assert made["now"].value_counts().max() < 130
    assert (plan.loads["tasks"] > 0).all()


def test_workforce_meets_the_bound_on_teams(capsys: pytest.CaptureFixture[str]) -> None:
    module, plan, _ = told("workforce", capsys)
    index = pd.read_csv(module.DATA / "workforce" / "index.csv")
    row = index[index["file"] == module.INSTANCE].iloc[0]
    used = plan.loads[plan.loads["tasks"] > 0]
    assert len(used) == row["min_teams_lower_bound_overlap_clique"] == 9
    assert used["load"].sum() == row["total_minutes"] == 2592
    assert len(plan.unassigned) == 0


def few_of_the_sales_team() -> ao.Problem:
    """One territory and a dozen of its tasks: proved at once on any machine."""
    team = ao.datasets.sales_team()
    tasks = [t for t in team.tasks.values() if t.tags["region"] == "dach" and t.owner is None]
    reps = [rep for rep in team.reps.values() if rep.tags["region"] == "dach"]
    return ao.Problem(reps, tasks[:12], rules=[ao.MinFit(0.3)], objective=team.objective)


def test_fairness_tells_eight_notions_their_price_and_a_dealt_plan(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    module = loaded("fairness")
    picture = tmp_path / "made" / "frontier.svg"
    team = few_of_the_sales_team()
    table, found, dealt = module.main(picture, team)
    out = capsys.readouterr().out
    assert picture.read_text().startswith("<svg")
    assert str(tmp_path) not in out
    assert "What it does not show" in out
    assert table["notion"].tolist() == list(module.NOTIONS) == list(get_args(Notion))
    assert table["proved"].all()
    assert table["fairness"].tolist() == pytest.approx(table["bound"].tolist())
    assert found.complete
    assert ao.audit(team, found.plan(0)).ok
    assert found.points["x"].min() == pytest.approx(table.set_index("notion").fairness["minmax"])
    assert ao.audit(team, dealt).ok


def test_fairness_deals_the_whole_team_and_looks_at_no_promises() -> None:
    team = ao.datasets.sales_team()
    broken = ao.audit(team, loaded("fairness").round_robin(team)).violations
    assert len(broken) == 1
    assert "pinned elsewhere" in broken["message"][0]


def test_fairness_keeps_no_picture_that_nobody_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    pair = ao.Problem([ao.Rep("ana"), ao.Rep("bo")], [ao.Task("t1", value=1)])
    loaded("fairness").tell_trade(ao.frontier(pair, x=ao.Fairness("range"), y=ao.Value()), None)
    assert list(tmp_path.iterdir()) == []
    assert str(tmp_path) not in capsys.readouterr().out
