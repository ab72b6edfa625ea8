"""Who takes the next ticket? A real help desk, ticket by ticket in the order they came.

Agents, the products they know and how many tickets they had in hand at once are read off the first
60 % of the tickets; the rest is the stream. A ticket keeps its agent for as long as it really took
from being taken in charge to being resolved, and one that finds nobody free waits. Everybody fits
every ticket they may have alike, so what can differ is how long tickets wait and who has how many.
Eight policies, an exact solve for every four hours, and who really resolved what; with the room
that was enough for nine tenths of the time, and with the room that was enough for half of it.

Data: ``helpdesk/events.csv`` under ``ASSIGNOPT_DATA``, or ``../shared/data`` beside the project.
``--plot FILE`` draws the table (.png or .svg; needs ``assignopt[plot]``).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import assignopt as ao

DATA = Path(
    os.environ.get("ASSIGNOPT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)
PAST, LEAST, HOUR = 0.6, 10, 3600.0
"""Share of the tickets that is known; least tickets of an agent in it; seconds."""

USUAL, TIGHT = 0.9, 0.5
"""Room: as many as somebody had in hand, or fewer, for so much of the time."""

REALLY = "as it was done"


class AsItWas(ao.policies.Policy):
    """Whoever really resolved it, as told by the tag ``had``; it waits for them."""

    def choose(self, task: ao.Task, state: ao.policies.State) -> str | None:
        """Give who resolved it, if they have room."""
        who = str(task.tags["had"])
        return who if who in state.candidates else None


def tickets() -> pd.DataFrame:
    """Read one row for each ticket: when it came, who resolved it, how long it was in hand.

    "Closed" is no work: it follows a month after "Resolve ticket", by rule.
    """
    events = pd.read_csv(DATA / "helpdesk" / "events.csv")
    events["time"] = pd.to_datetime(events["Complete Timestamp"])
    events = events.sort_values("time", kind="stable")
    every = events.groupby("Case ID", sort=False)
    resolved = events[events["Activity"] == "Resolve ticket"].groupby("Case ID")
    taken = events[events["Activity"] == "Take in charge ticket"].groupby("Case ID")["time"].min()
    table = pd.DataFrame({"came": every["time"].min(), "product": every["product"].first()})
    table = table.assign(done=resolved["time"].max(), had=resolved["Resource"].last())
    table["taken"] = taken.reindex(table.index).fillna(table["came"])
    table["taken"] = table[["taken", "done"]].min(axis=1)
    table["until"] = table["came"] + (table["done"] - table["taken"])
    return table.sort_values("came", kind="stable").reset_index(names="id")


def at_once(mine: pd.DataFrame, share: float) -> int:
    """Count the tickets that were in hand at one time, or fewer, for a share of the time."""
    times = np.concatenate([mine["taken"].to_numpy(), mine["done"].to_numpy()])
    order = np.argsort(times, kind="stable")
    held = np.repeat([1, -1], len(mine))[order].cumsum()[:-1]
    long = np.diff(times[order]).astype(float)
    by_count = np.argsort(held, kind="stable")
    at = np.searchsorted(long[by_count].cumsum(), share * long.sum())
    return max(1, int(held[by_count][min(at, len(held) - 1)]))


def team_of(past: pd.DataFrame, share: float) -> ao.Problem:
    """Make the team: products known from the past, entitled to turns by room."""
    reps = []
    for name, mine in past.groupby("had"):
        if len(mine) >= LEAST:
            room = at_once(mine, share)
            fit = dict.fromkeys(sorted(set(mine["product"])), 1.0)
            reps.append(ao.Rep(name, max_tasks=room, weight=room, fit=fit))
    forecast = [ao.Task(f"past {row.id}", customer_type=row.product) for row in past.itertuples()]
    return ao.Problem(reps, forecast, rules=[ao.MinFit(0.01)], effort_unit="tickets")


def stream_of(table: pd.DataFrame, team: ao.Problem) -> ao.streams.Stream:
    """Keep the later tickets that somebody of the team resolved, who knew the product before."""
    knows = {rep.id: set(rep.fit) for rep in team.reps.values()}
    rows = table[[row.product in knows.get(row.had, ()) for row in table.itertuples()]]
    return ao.streams.from_history(
        rows, at="came", closed="until", customer_type="product", tags=["had"], name="as it came"
    )


def policies() -> dict[str, ao.policies.Policy]:
    """List what decides on one ticket at a time."""
    p = ao.policies
    return {
        REALLY: AsItWas(),
        "round robin": p.RoundRobin(),
        "turns by room": p.WeightedRoundRobin(),
        "longest wait": p.LongestWait(),
        "fewest open": p.LeastOpen(),
        "least full": p.LeastLoaded(),
        "most room": p.MostAvailable(),
        "by lot": p.Random(),
        "prices": p.Prices(),
    }


def runs_of(team: ao.Problem, stream: ao.streams.Stream) -> pd.DataFrame:
    """Run all policies, and an exact solve of each hour's tickets; a row for each."""
    found = ao.simulate(team, policies(), arrivals=stream, retry=True)
    exact = {"exact, each 4 hours": ao.policies.Optimal()}
    later = ao.simulate(
        team, exact, arrivals=stream, retry=True, window=4 * HOUR, hindsight=False
    ).runs
    return pd.concat([found.runs, later]).set_index("policy")


def compared(table: pd.DataFrame) -> tuple[pd.DataFrame, ao.streams.Stream]:
    """Compare; give a row for each policy, and the stream."""
    cut = round(PAST * len(table))
    past, later = table.iloc[:cut], table.iloc[cut:]
    parts = {}
    for name, share in (("usual", USUAL), ("tight", TIGHT)):
        team = team_of(past, share)
        stream = stream_of(later, team)
        runs = runs_of(team, stream)
        parts[name] = pd.DataFrame(
            {
                "given": runs["assigned"],
                "mean wait h": runs["waiting_mean"] / HOUR,
                "95 % h": runs["waiting_p95"] / HOUR,
                "Gini": runs["gini"],
                "ahead": runs["deviation"],
            }
        )
    rows = pd.concat(parts, axis=1)
    return rows.sort_values([("tight", "mean wait h")]), stream


def chart(rows: pd.DataFrame) -> object:
    """Draw the wait where room is tight, and the spread in usual room."""
    import altair as alt

    shown = pd.DataFrame(
        {"policy": rows.index, "wait": rows["tight", "mean wait h"], "Gini": rows["usual", "Gini"]}
    )
    base = alt.Chart(shown).mark_bar(color="#4c78a8").properties(width=260, height=alt.Step(20))
    names = shown["policy"].tolist()
    y = alt.Y("policy:N", sort=names, title=None, axis=alt.Axis(labelLimit=200))
    scale = alt.Scale(type="symlog", constant=10)
    title = "Mean wait where room is tight, hours (log)"
    ticks = alt.Axis(values=[0, 5, 10, 20, 50, 100, 1000])
    left = base.encode(x=alt.X("wait:Q", title=title, scale=scale, axis=ticks), y=y)
    y = alt.Y("policy:N", sort=names, title=None, axis=None)
    right = base.encode(x=alt.X("Gini:Q", title="Gini of tickets per room, usual room"), y=y)
    return alt.hconcat(left, right).properties(title="The same tickets, by policy")


def sentences(rows: pd.DataFrame, really: float) -> list[str]:
    """Say in three sentences what this shows, what it does not, and what to do."""
    usual, tight = rows["usual"], rows["tight"]
    others = tight.drop(index=REALLY)["mean wait h"]
    turns, room = (usual.loc[name, "Gini"] for name in ("round robin", "turns by room"))
    waits = int((usual.drop(index=REALLY)["mean wait h"] > 0.01).sum())
    shows = (
        f"What this shows: the wait comes from room and not from the policy (in usual room "
        f"{len(others) - waits} of {len(others)} policies let nobody wait; where room is tight all "
        f"{len(others)} come to {others.min():.0f} to {others.max():.0f} hours, since whoever is "
        f"free may nearly always take what came), and turns by room are spread much more evenly "
        f"than equal turns (Gini per room {room:.3f} and {turns:.3f})."
    )
    shows_not = (
        f"What it does not show: that tickets would have waited less than the {really:.0f} hours "
        f"that they really did, since a desk here is never closed, nobody works on anything else, "
        f"and each ticket takes as long with anybody as it took then; and waiting for the one who "
        f"really had it ({tight.loc[REALLY, 'mean wait h']:,.0f} hours where room is tight) blames "
        f"them for limits that they did not have."
    )
    do = (
        "What to do: count who can take how many at once before arguing about the policy, then "
        "take turns by that room; a price on room is for work of unequal worth, which this is not."
    )
    return [shows, shows_not, do]


def main(picture: Path | None = None) -> pd.DataFrame | None:
    """Tell the story; None where the data is missing."""
    if not (DATA / "helpdesk" / "events.csv").exists():
        print(f"skipped: no helpdesk data under {DATA}. Set ASSIGNOPT_DATA")
        return None
    table = tickets()
    rows, stream = compared(table)
    ids = {task.id for task in stream.tasks}
    mine = table[table["id"].isin(ids)]
    really = float((mine["taken"] - mine["came"]).mean().total_seconds() / HOUR)
    later = len(table) - round(PAST * len(table))
    print(f"{len(stream)} of the {later} later tickets: those whose agent and product are known")
    print(f"from the {len(table) - later} before. In hand for {stream.durations.mean() / HOUR:.0f}")
    print(f"hours on average, {stream.durations.sum() / stream.span:.0f} at once.\n")
    print(
        "Usual: room as it was or more for 90 % of the time; tight: for 50 %. Gini of tickets per"
    )
    print("room; ahead: most tickets that anybody was ahead or behind of their share by room.\n")
    forms = {"given": "{:.0f}", "mean wait h": "{:,.1f}", "95 % h": "{:,.0f}", "Gini": "{:.3f}"}
    forms["ahead"] = "{:.0f}"
    print(rows.to_string(formatters={key: forms[key[1]].format for key in rows.columns}))
    print("\nNo policy can give out more than all of them, and in the end each of these does.\n")
    for line in sentences(rows, really):
        print(line)
    if picture is not None:
        chart(rows).save(picture)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the table")
    main(parser.parse_args().plot)
    sys.exit(0)
