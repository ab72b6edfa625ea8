"""Who gets the next opportunity? 1,567 opportunities of a real company, in the order they came.

Eight policies, a solve for each day, and what was really done, twice on the same stream. First
every owner may hold any number: what differs is how even the lists become. Then every owner may
hold as many as they really did, so that there is a seat for each opportunity and not one more: what
differs is how much is left without a seat, in opportunities and in dollars. A territory is open to
those who work it.

Data: ``opportunities/opportunities.csv`` under ``ASSIGNOPT_DATA``, or ``../shared/data`` beside
the project. ``--plot FILE`` draws the table (.png or .svg; needs ``assignopt[plot]``).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pandas as pd

import assignopt as ao

DATA = Path(
    os.environ.get("ASSIGNOPT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)
DAY = 86_400.0
REALLY = "as it was done"


class AsItWas(ao.policies.Policy):
    """Whoever really had it, as told by the tag ``had``."""

    def choose(self, task: ao.Task, state: ao.policies.State) -> str | None:
        """Give the real owner, if they may have it."""
        who = str(task.tags["had"])
        return who if who in state.candidates else None


class FewestDollars(ao.policies.Policy):
    """Whoever was given the least money so far."""

    def choose(self, task: ao.Task, state: ao.policies.State) -> str:
        """Give the candidate with the least value."""
        return min(state.candidates, key=lambda name: state.value[name])


def opportunities() -> pd.DataFrame:
    """Read one row for each opportunity, in the order of the days they were created.

    Amounts are in USD, EUR and JPY; the rates are the median of converted / original unit prices.
    """
    lines = pd.read_csv(DATA / "opportunities" / "opportunities.csv", encoding="utf-8-sig")
    ratio = lines["ASP_(converted)"] / lines["ASP"].where(lines["ASP"] > 0)
    rate = ratio.groupby(lines["ASP_Currency"]).median()
    first = lines.drop_duplicates("Opportunity_ID")
    usd = first["Total_Taxable_Amount"] * first["Total_Taxable_Amount_Currency"].map(rate)
    table = pd.DataFrame(
        {
            "id": first["Opportunity_ID"].astype(str),
            "had": first["Opportunity_Owner"],
            "territory": first["Territory"].fillna("none"),
            "value": usd.fillna(0).round(0),
            "made": pd.to_datetime(first["Opportunity_Created_Date"], format="mixed"),
        }
    )
    return table.sort_values("made", kind="stable").reset_index(drop=True)


def team_of(table: pd.DataFrame, *, seats: bool) -> ao.Problem:
    """Make the team; with ``seats`` everybody may hold as many as they really did.

    It has no tasks: nothing is known of what will come, but how many.
    """
    held = table["had"].value_counts().sort_index()
    homes = table.groupby("territory")["had"].unique()
    rules = [
        ao.Allow(task={"territory": name}, rep=sorted(who), id=f"territory {name}")
        for name, who in homes.items()
    ]
    reps = [ao.Rep(name, max_tasks=int(n) if seats else None) for name, n in held.items()]
    return ao.Problem(reps, [], rules=rules, effort_unit="opportunities")


def policies() -> dict[str, ao.policies.Policy]:
    """List what decides on one opportunity at a time."""
    p = ao.policies
    return {
        REALLY: AsItWas(),
        "round robin": p.RoundRobin(),
        "longest wait": p.LongestWait(),
        "fewest open": p.LeastOpen(),
        "fewest dollars": FewestDollars(),
        "carpool debt": p.Debt(),
        "by lot": p.Random(),
        "prices": p.Prices(),
        "prices, all given": p.Prices(must_assign=True),
    }


def runs_of(team: ao.Problem, stream: ao.streams.Stream, goal: list) -> pd.DataFrame:
    """Run all policies, and an exact solve of each day's opportunities; a row for each."""
    found = ao.simulate(team, policies(), arrivals=stream).runs
    daily = {"exact, day by day": ao.policies.Optimal(objective=goal)}
    days = ao.simulate(team, daily, arrivals=stream, window=DAY, hindsight=False).runs
    known = found[["hindsight", "bound"]].iloc[0]
    days = days.assign(**known.to_dict(), ratio=days["value"] / known["hindsight"])
    return pd.concat([found, days]).set_index("policy")


def compared(table: pd.DataFrame) -> tuple[pd.DataFrame, ao.Plan]:
    """Compare; give a row for each policy, and the most even plan with everything known."""
    tags = ["territory", "had"]
    stream = ao.streams.from_history(table, at="made", value="value", tags=tags, name="as it came")
    even, seated = team_of(table, seats=False), team_of(table, seats=True)
    lists = runs_of(even, stream, [ao.Coverage(), ao.Fairness("leximax")])
    seats = runs_of(seated, stream, [ao.Value(), ao.Coverage()])
    rows = pd.DataFrame(
        {
            "given": lists["assigned"],
            "Gini": lists["gini"],
            "range": lists["load_range"],
            "no seat": seats["tasks"] - seats["assigned"],
            "USD m lost": (seats["hindsight"] - seats["value"]) / 1e6,
            "of the best": seats["ratio"],
        }
    )
    everything = even.replace(tasks=stream.tasks)
    goal = [ao.Coverage(), ao.Fairness("leximax")]
    plan = ao.solve(everything.replace(objective=goal), time_limit=8)
    return rows.sort_values("Gini"), plan


def chart(rows: pd.DataFrame) -> object:
    """Draw both halves of the table side by side."""
    import altair as alt

    shown = rows.rename_axis("policy").reset_index().rename(columns={"USD m lost": "lost"})
    names = shown["policy"].tolist()
    base = alt.Chart(shown).mark_bar(color="#4c78a8").properties(width=260, height=alt.Step(20))
    y = alt.Y("policy:N", sort=names, title=None, axis=alt.Axis(labelLimit=200))
    left = base.encode(x=alt.X("Gini:Q", title="Gini of the lists, any length"), y=y)
    y = alt.Y("policy:N", sort=names, title=None, axis=None)
    x = alt.X("lost:Q", title="USD million without a seat", axis=alt.Axis(tickCount=5))
    right = base.encode(x=x, y=y)
    return alt.hconcat(left, right).properties(title="The same opportunities, by policy")


def sentences(rows: pd.DataFrame, plan: ao.Plan) -> list[str]:
    """Say in three sentences what this shows, what it does not, and what to do."""
    turns, priced, done = (rows.loc[name] for name in ("round robin", "prices", REALLY))
    least = ao.load_report(plan).overall["gini"]
    shows = (
        f"What this shows: turns came as near to even lists as territories let them (Gini "
        f"{turns['Gini']:.3f}; {least:.3f} with everything known, {done['Gini']:.3f} as it was "
        f"done), and where seats are few prices left USD {priced['USD m lost']:,.0f} million "
        f"without one, turns USD {turns['USD m lost']:,.0f} million."
    )
    shows_not = (
        f"What it does not show: that anybody sells more, since the file has no outcomes; as it "
        f"was done nothing is left only because the seats were counted from what was done, prices "
        f"pay by leaving {priced['no seat']:,.0f} small opportunities ({turns['no seat']:,.0f} by "
        f"turns), and amounts are forecasts of those who hold them."
    )
    do = (
        "What to do: deal by turns within territories as long as there is room, and put a price on "
        "seats only where they run out and somebody stands behind the amounts."
    )
    return [shows, shows_not, do]


def main(picture: Path | None = None) -> pd.DataFrame | None:
    """Tell the story; None where the data is missing."""
    if not (DATA / "opportunities" / "opportunities.csv").exists():
        print(f"skipped: no opportunities data under {DATA}. Set ASSIGNOPT_DATA")
        return None
    table = opportunities()
    rows, plan = compared(table)
    days = table["made"].nunique()
    nothing = int((table["value"] == 0).sum())
    print(f"{len(table)} opportunities on {days} days, {table['had'].nunique()} owners;")
    print(f"USD {table['value'].sum() / 1e6:,.0f} million, {nothing} of them worth nothing.\n")
    print("given, Gini, range: lists of any length. The rest: as many seats as were really held.")
    shown = {"Gini": "{:.3f}", "range": "{:.0f}", "USD m lost": "{:,.1f}", "of the best": "{:.3f}"}
    print(rows.to_string(formatters={key: form.format for key, form in shown.items()}))
    report = ao.load_report(plan).overall
    print(f"\nWith everything known beforehand: Gini {report['gini']:.3f}, range")
    print(f"{report['load_range']:.0f} ({plan.terms.iloc[1]['term']}, {plan.status.value}).\n")
    for line in sentences(rows, plan):
        print(line)
    if picture is not None:
        chart(rows).save(picture)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the table")
    main(parser.parse_args().plot)
    sys.exit(0)
