"""The examples on real tables: they run, their plans pass the audit, and the facts hold."""

from __future__ import annotations

import importlib.util
import re
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
STREAMS = ("olist_stream", "helpdesk_stream", "opportunities_stream")
REALLY = "as it was done"


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


@pytest.mark.parametrize("name", [*NAMES, *STREAMS])
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


def streamed(
    name: str, capsys: pytest.CaptureFixture[str], picture: Path | None = None
) -> tuple[ModuleType, pd.DataFrame, str]:
    module = loaded(name)
    if not (module.DATA / name.removesuffix("_stream")).exists():
        pytest.skip("the data is not here; set ASSIGNOPT_DATA")
    rows = module.main(picture)
    out = capsys.readouterr().out
    said = out.splitlines()[-3:]
    begins = ("What this shows: ", "What it does not show: ", "What to do: ")
    assert all(line.startswith(begin) for line, begin in zip(said, begins, strict=True))
    assert all(len(re.findall(r"[.?!](?= |$)", line)) == 1 for line in said)
    assert 6 <= len(rows) <= 13
    assert REALLY in rows.index
    return module, rows, out


def test_olist_stream_claims_stand_beside_held_out_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    module, rows, out = streamed("olist_stream", capsys)
    later = module.deals().query("won >= @module.SINCE")
    assert len(later) == 207
    assert (rows["given"] == 207).all()
    assert rows["claimed"].max() == pytest.approx(rows.loc["everything known", "claimed"])
    assert (rows["of the best"] <= 1 + 1e-9).all()
    share = rows["claimed"] / rows.loc["everything known", "claimed"]
    assert rows["of the best"].tolist() == pytest.approx(share.tolist(), abs=1e-6)
    assert rows.loc[REALLY, "held out"] == pytest.approx(100 * later["activated"].mean())
    assert (rows["low"] <= rows["held out"]).all()
    assert (rows["held out"] <= rows["high"]).all()
    assert "shuffled" in out


def test_helpdesk_stream_gives_every_ticket_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("altair")
    picture = tmp_path / "helpdesk.svg"
    module, rows, _ = streamed("helpdesk_stream", capsys, picture)
    assert picture.read_text().startswith("<svg")
    table = module.tickets()
    assert len(table) == 3206
    assert (table[["came", "taken"]].max(axis=1) <= table["done"]).all()
    for part in ("usual", "tight"):
        assert rows[part, "given"].nunique() == 1
    one_by_one = rows.drop(index=[REALLY, "exact, each 4 hours"])
    assert (one_by_one["usual", "mean wait h"] < 1).all()
    assert (one_by_one["tight", "mean wait h"] > 1).all()
    turns = rows["usual", "Gini"]
    assert turns["turns by room"] < turns["round robin"]


def test_opportunities_stream_has_a_seat_for_each_and_not_one_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    module, rows, _ = streamed("opportunities_stream", capsys)
    table = module.opportunities()
    assert table["made"].is_monotonic_increasing
    assert rows.loc[REALLY, ["no seat", "USD m lost"]].tolist() == [0, 0]
    assert (rows["no seat"] >= 0).all()
    assert (rows["of the best"] <= 1 + 1e-9).all()
    lost = 1 - 1e6 * rows["USD m lost"] / table["value"].sum()
    assert rows["of the best"].tolist() == pytest.approx(lost.tolist())
    assert (rows.drop(index="prices")["given"] == 1567).all()
    assert rows.loc["prices", "given"] == (table["value"] > 0).sum()
    assert rows["range"].max() < 1567
