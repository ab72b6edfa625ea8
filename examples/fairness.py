"""What "fair" comes to on one sales team: eight notions, what they cost, and a plan dealt in turns.

24 reps, 400 tasks, one week, generated (``ao.datasets.sales_team()``), so no data is needed. About
two minutes on two cores, 200 s at most.

``python examples/fairness.py [PICTURE]`` keeps the picture of the trade-off as that file, .svg or
.png.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

import pandas as pd

import assignopt as ao

NOTIONS = ("leximax", "leximin", "minmax", "maxmin", "range", "l2", "gini", "nash")
EACH, TRADE, DUE = 18.0, 40.0, 10.0
"""Seconds at most: for each notion; for the trade-off; for what the spread of the dealt plan is
due to."""


# -- eight notions -----------------------------------------------------------------------------


def solved(team: ao.Problem, seconds: float) -> pd.DataFrame:
    """Solve the team with each notion after coverage and before value; a row for each."""
    rows = []
    for notion in NOTIONS:
        goals = [ao.Coverage(), ao.Fairness(notion), ao.Value()]
        plan = ao.solve(team.replace(objective=goals), time_limit=seconds)
        _, share, value = plan.terms.itertuples(index=False)
        rows.append(
            {
                "notion": notion,
                "fairness": share.value,
                "bound": share.bound,
                "proved": share.proved,
                "depth": share.depth,
                "value": value.value,
                "value proved": value.proved,
                "seconds": plan.runtime,
            }
        )
    return pd.DataFrame(rows)


def tell_notions(table: pd.DataFrame) -> None:
    """Print the table, and say what it shows."""
    proof = {True: "yes", False: "no"}.get
    form = {"proved": proof, "value proved": proof, "value": "{:,.0f}".format}
    form |= {"fairness": number, "bound": number, "seconds": "{:.1f}".format}
    print("1. EIGHT NOTIONS of an even load per own hours, each after coverage and before value\n")
    print(table.to_string(index=False, formatters=form))
    print("\nbound: no plan has a better fairness. depth: how many numbers of it are proved, from")
    print("the first on: of the two orders the share of each rep, of nash the reps with work and")
    print("the product. value: the tier after it, amount times fit.\n")
    done = table[table["proved"] & table["value proved"]].sort_values("value")
    print(f"Both tiers are proved for {len(done)} of the {len(table)} notions.")
    for row in table[~table["proved"]].itertuples():
        told = f"proved down to depth {row.depth} only" if row.depth else "not proved"
        print(f"{row.notion}: {told}; {number(row.fairness)}, at best {number(row.bound)}.")
    if len(done) > 1:
        least, most = done.iloc[0], done.iloc[-1]
        lost = 1 - least["value"] / most["value"]
        print(f"Of the proved ones {most['notion']} leaves the most value, {least['notion']} the")
        print(f"least, {lost:.1%} less: what a notion settles is no longer free for value. The")
        print("fairness of one notion cannot be compared with that of another.")


def number(value: float) -> str:
    """Write a number with four places, and no minus before a zero."""
    return f"{round(value, 4) + 0.0:,.4f}"


# -- the trade-off -----------------------------------------------------------------------------


def tell_trade(found: ao.Frontier, picture: Path | None) -> None:
    """Print the points, draw them, and say what they show."""
    print("\n\n2. WHAT IT COSTS: the highest load per own hours against value, at full coverage\n")
    print(found)
    if picture is None:
        with tempfile.TemporaryDirectory() as folder:
            draw(found, Path(folder) / "frontier.svg")
        print("\nDrawn as frontier.svg in a temporary directory and not kept. To keep it:")
        print("python examples/fairness.py frontier.svg\n")
    else:
        draw(found, picture)
        print(f"\nDrawn as {picture.name}.\n")
    first, last = found.points.iloc[0], found.points.iloc[-1]
    print(f"The busiest rep comes down from {last['x']:.1%} of own hours to {first['x']:.1%} for")
    print(f"{first['price']:.2%} of the value.", end="")
    if found.knee is not None:
        knee = found.points.iloc[found.knee]
        print(f" At the knee, {knee['x']:.1%}, the price is {knee['price']:.2%}.", end="")
    if found.complete:
        print("\nEvery point there is stands here; which one to take is not for a solver to say.")
    else:
        print(f"\nNot every point is known or proved: {found.gap:.2%} of the trade-off is open.")


def draw(found: ao.Frontier, path: Path) -> None:
    """Save the picture; no browser is needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found.plot().save(path)


# -- a plan dealt in turns ---------------------------------------------------------------------


def round_robin(problem: ao.Problem) -> dict[str, str]:
    """Deal the tasks in their order, each to the next rep in turn who may hold it and has room.

    It looks at skills, territory, fit, hours left, times, and one hand for each account, and at
    nothing else: not at promises, and engineers of tenders are not dealt.
    """
    reps = list(problem.reps.values())
    room = {rep.id: rep.capacity - rep.carried_load for rep in reps}
    busy: dict[str, list[ao.Task]] = {rep.id: [] for rep in reps}
    account: dict[str, str] = {}
    plan: dict[str, str] = {}
    turn = 0
    for task in problem.tasks.values():
        for step, rep in enumerate(islice(cycle(reps), turn, turn + len(reps))):
            hours = task.effort / rep.efficiency
            if account.get(task.group, rep.id) != rep.id or hours > room[rep.id]:
                continue
            if eligible(rep, task) and free(rep, task, busy[rep.id]):
                plan[task.id] = rep.id
                room[rep.id] -= hours
                turn = (turn + step + 1) % len(reps)
                if task.group is not None:
                    account[task.group] = rep.id
                if task.start is not None:
                    busy[rep.id].append(task)
                break
    return plan


def eligible(rep: ao.Rep, task: ao.Task) -> bool:
    """Tell whether a rep is there, knows enough, is near enough and fits."""
    return (
        rep.active
        and all(rep.skills.get(skill, 0) >= level for skill, level in task.requires.items())
        and rep.tags["region"] in (task.tags["region"], "global")
        and rep.fit[task.customer_type] >= 0.3
    )


def free(rep: ao.Rep, task: ao.Task, held: list[ao.Task]) -> bool:
    """Tell whether a rep works at the time of a task and has nothing else then."""
    if task.start is None:
        return True
    there = any(start <= task.start and task.end <= end for start, end in rep.available)
    return there and all(task.end <= other.start or other.end <= task.start for other in held)


def tell_dealt(team: ao.Problem, dealt: dict[str, str], seconds: float) -> None:
    """Audit and report the plan, and say what its spread is due to."""
    found = ao.audit(team, dealt)
    report = ao.load_report((team, dealt))
    due = report.attribution(time_limit=seconds)
    print("\n\n3. A ROUND ROBIN on the same team, judged like any plan from elsewhere\n")
    print(f"{len(dealt)} of {len(team.tasks)} tasks dealt. Rules broken: {len(found.violations)}")
    for told in found.violations["message"]:
        print(f"  {told}")
    print()
    print(report)
    print(f"\n{due}\n")
    low = int(100 * due.parts.loc["plan", "low"] / due.total)  # rounded down, as it says at least
    most, least = report.overall["max"], report.overall["min"]
    print(f"Turns are not shares: one rep is at {most:.0%} of own hours, another at {least:.0%}.")
    print(f"At least {low}% of the Gini index is owed to the dealing: another plan for the same")
    print("tasks, under the rules, does without. The rest, at most, is owed to skills, calendars")
    print("and tasks that cannot be split.")


# -- all three ---------------------------------------------------------------------------------


def main(
    picture: Path | None = None, team: ao.Problem | None = None
) -> tuple[pd.DataFrame, ao.Frontier, dict[str, str]]:
    """Tell the story; give the table of notions, the trade-off and the dealt plan."""
    team = ao.datasets.sales_team() if team is None else team
    table = solved(team, EACH)
    tell_notions(table)
    found = ao.frontier(team, x=ao.Fairness("minmax"), y=ao.Value(), time_limit=TRADE)
    tell_trade(found, picture)
    dealt = round_robin(team)
    tell_dealt(team, dealt, DUE)
    print("\nWhat this shows: what each notion gives on one team, with its proof, and its price.")
    print("What it does not show: which one is fair. The team is generated, and so is the price:")
    print("another team, with reps less alike, may pay much more.")
    return table, found, dealt


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    sys.exit(0)
