"""Eight hours at an aircraft maker: as few teams as possible, then equal minutes for those used.

82 tasks at fixed times, 18 teams with calendars; a few tasks fit few teams, and some tasks have to
stay with the same team. The same question as booking demos or visits to a field force.

Data: ``workforce/`` under ``ASSIGNOPT_DATA``, or ``../shared/data`` beside the project.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pandas as pd

import assignopt as ao

DATA = Path(
    os.environ.get("ASSIGNOPT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)
INSTANCE = "instance_0.json"


def groups_of(pairs: list[list[str]]) -> dict[str, str]:
    """Name, for each task, the group it is tied to, directly or through others."""
    group: dict[str, str] = {}
    for pair in pairs:
        names = {group.get(task, task) for task in pair}
        keep = min(names)
        group.update(dict.fromkeys(pair, keep))
        group.update({task: keep for task, name in group.items() if name in names})
    return group


def problem_of(data: dict) -> ao.Problem:
    """Make the problem; the file counts minutes, times are seconds."""
    group = groups_of(data["same_allocation"])
    calendar = {
        team: [(60 * start, 60 * end) for start, end in windows]
        for team, windows in data["calendar"].items()
    }
    return ao.Problem(
        [ao.Rep(team, available=calendar.get(team)) for team in data["teams"]],
        [
            ao.Task(
                task,
                effort=data["tasks_data"][task]["duration"],
                start=60 * data["original_start"][task],
                end=60 * data["original_end"][task],
                group=group.get(task),
            )
            for task in data["tasks"]
        ],
        rules=[
            ao.CoverAll(),
            *(ao.Allow(task=t, rep=teams) for t, teams in data["compatible_teams"].items()),
        ],
        objective=[ao.RepsUsed(), ao.Fairness("range", per="nothing", idle="ignore")],
        effort_unit="minutes",
    )


def main(instance: str = INSTANCE) -> ao.Plan | None:
    """Tell the story; None where the data is missing."""
    path = DATA / "workforce" / "instances" / instance
    if not path.exists():
        print(f"skipped: no workforce data under {DATA}. Set ASSIGNOPT_DATA")
        return None
    index = pd.read_csv(DATA / "workforce" / "index.csv")
    row = index[(index["file"] == instance) & (index["set"] == "anon_jsons")].iloc[0]
    clique = int(row["min_teams_lower_bound_overlap_clique"])
    problem = problem_of(json.loads(path.read_text(encoding="utf-8")))
    plan = ao.solve(problem, time_limit=15)
    used = plan.loads[plan.loads["tasks"] > 0].sort_values("load", ascending=False)
    teams, spread = plan.terms.itertuples(index=False)
    print(f"{len(problem.tasks)} tasks at fixed times, {len(problem.reps)} teams, one shift.\n")
    print(f"Teams needed: {teams.value:g}.")
    print(f"At one moment {clique} tasks run at once, so no plan can do with fewer than {clique}.")
    proof = "proved" if spread.proved else f"not proved, at best {spread.bound:g}"
    print(f"Minutes between the busiest and the least busy of them: {spread.value:g} ({proof}).\n")
    for team in used.itertuples():
        print(
            f"  team {team.rep_id:<6} {team.tasks:3d} tasks {team.load:5.0f} min "
            + "#" * round(team.load / 10)
        )
    print("\nWhat this shows: how many teams the day really needs, with a reason anyone can check")
    print("(the overlap), and how level the work of those teams can be made.")
    print("What it does not show: that sending the other teams home is wise. Nothing is kept in")
    print("reserve, walking times are not in the file, and the times are taken as given.")
    return plan


if __name__ == "__main__":
    main()
    sys.exit(0)
