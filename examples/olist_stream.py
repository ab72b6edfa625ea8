"""Who works the next lead? The leads won in April 2018 of a real sales funnel, in their order.

Nine policies, an exact solve for every twenty leads, and what was really done. Each sales rep gets
as many leads as they really had, so what differs is who gets which. Fit is the chance that a new
seller ever delivers an order (activation), learned from the deals of earlier months alone; what a
policy claims by it stands beside what the outcomes of April say, and beside what the same policy
claims where the reps of earlier deals were shuffled, so that there is nothing to be learned.

Only won deals name a rep, and when they were won; so the order is that of the wins.

Data: ``olist/closed_deals.csv`` and ``olist/seller_performance.csv`` under ``ASSIGNOPT_DATA``, or
``../shared/data`` beside the project. ``--plot FILE`` draws the table (.png or .svg; needs
``assignopt[plot]``).
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
SINCE, BATCH, SHUFFLES = "2018-04-01", 20, 10
COLUMNS = {"rep": "rep", "type": "kind", "outcome": "activated", "time": "won"}
REALLY, EXACT = "as it was done", f"exact, {BATCH} at a time"


class AsItWas(ao.policies.Policy):
    """Whoever really had it, as told by the tag ``had``."""

    def choose(self, task: ao.Task, state: ao.policies.State) -> str | None:
        """Give the real rep, if they have room."""
        who = str(task.tags["had"])
        return who if who in state.candidates else None


def deals() -> pd.DataFrame:
    """Read the won deals by date: lead, rep, lead type, and whether the seller activated."""
    table = pd.read_csv(DATA / "olist" / "closed_deals.csv", dtype=str)
    sellers = pd.read_csv(DATA / "olist" / "seller_performance.csv", usecols=["seller_id"])
    found = pd.DataFrame(
        {
            "id": table["mql_id"],
            "rep": table["sr_id"],
            "kind": table["lead_type"].fillna("unknown"),
            "won": pd.to_datetime(table["won_date"]),
            "activated": table["seller_id"].isin(sellers["seller_id"]).astype(int),
        }
    )
    return found.sort_values("won", kind="stable").reset_index(drop=True)


def team_of(past: pd.DataFrame, later: pd.DataFrame) -> tuple[ao.Problem, ao.fit.FitEstimate]:
    """Make the team: fit from the past, as many leads as they really had; the past as forecast."""
    found = ao.fit.from_history(past, **COLUMNS)
    held = later["rep"].value_counts().sort_index()
    problem = ao.Problem(
        [ao.Rep(name, max_tasks=int(n), weight=int(n)) for name, n in held.items()],
        [ao.Task(f"past {row.id}", customer_type=row.kind) for row in past.itertuples()],
        objective=[ao.Coverage(), ao.Value()],
        effort_unit="leads",
    )
    return found.apply(problem), found


def policies() -> dict[str, ao.policies.Policy]:
    """List what decides on one lead at a time."""
    p = ao.policies
    return {
        REALLY: AsItWas(),
        "round robin": p.RoundRobin(),
        "turns by room": p.WeightedRoundRobin(),
        "longest wait": p.LongestWait(),
        "least full": p.LeastLoaded(),
        "carpool debt": p.Debt(),
        "by lot": p.Random(),
        "best fit": p.GreedyFit(),
        "prices": p.Prices(),
        "prices, all given": p.Prices(must_assign=True),
    }


def owners(
    team: ao.Problem, policy: ao.policies.Policy, tasks: tuple[ao.Task, ...], batch: int = 1
) -> dict[str, str]:
    """Route the leads one by one, or in batches; lead -> rep."""
    router = ao.Router(team, policy=policy, horizon=len(tasks))
    parts = (tasks[at : at + batch] for at in range(0, len(tasks), batch))
    said = [one for some in parts for one in router.assign_many(some)]
    return {one.task_id: one.rep_id for one in said if one.rep_id is not None}


def simulated(team: ao.Problem, stream: ao.streams.Stream) -> pd.DataFrame:
    """Run all policies on the stream, one lead at a time and in batches; a row for each."""
    found = ao.simulate(team, policies(), arrivals=stream).runs
    exact = {EXACT: ao.policies.Optimal()}
    batches = ao.simulate(team, exact, arrivals=stream, batch=BATCH, hindsight=False).runs
    known = float(found["hindsight"].iloc[0])
    batches = batches.assign(hindsight=known, ratio=batches["value"] / known)
    return pd.concat([found, batches]).set_index("policy")


def noise(past: pd.DataFrame, later: pd.DataFrame, stream: ao.streams.Stream) -> pd.Series:
    """Give what prices claim beyond turns where reps were shuffled among the deals of a type."""
    p, found = ao.policies, []
    for seed in range(SHUFFLES):
        luck = np.random.default_rng(seed)
        mixed = past.groupby("kind")["rep"].transform(luck.permutation)
        team, _ = team_of(past.assign(rep=mixed), later)
        both = {"prices": p.Prices(), "round robin": p.RoundRobin()}
        runs = ao.simulate(team, both, arrivals=stream, hindsight=False).runs
        worth = runs.set_index("policy")["value"] / len(stream)
        found.append(worth["prices"] - worth["round robin"])
    return 100 * pd.Series(found)


def compared(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series, ao.fit.FitEstimate]:
    """Compare; give a row for each policy, what noise claims, and the estimate."""
    past, later = table[table["won"] < SINCE], table[table["won"] >= SINCE]
    team, estimate = team_of(past, later)
    stream = ao.streams.from_history(
        later.assign(had=later["rep"]), at="won", customer_type="kind", tags=["had"], name="april"
    )
    runs = simulated(team, stream)
    everything = team.replace(tasks=stream.tasks)
    plans = {name: owners(team, one, stream.tasks) for name, one in policies().items()}
    plans[EXACT] = owners(team, ao.policies.Optimal(), stream.tasks, BATCH)
    best = ao.solve(everything).assignments
    plans["everything known"] = dict(zip(best["task_id"], best["rep_id"], strict=True))
    rows = {}
    for name, plan in plans.items():
        found = ao.fit.claimed((everything, plan), estimate, later, shuffles=0)
        claim = found.values.iloc[0]  # noqa: PD011, a frame of the claim
        rows[name] = {
            "given": len(plan),
            "of the best": runs["ratio"].get(name, 1.0),
            "ahead": runs["deviation"].get(name, np.nan),
            "claimed": 100 * claim["claimed"],
            "held out": 100 * claim["heldout"],
            "low": 100 * claim["low"],
            "high": 100 * claim["high"],
        }
    shown = pd.DataFrame(rows).T.sort_values("claimed", ascending=False)
    return shown, noise(past, later, stream), estimate


def chart(rows: pd.DataFrame) -> object:
    """Draw what each policy claims, and what the outcomes of April say."""
    import altair as alt

    shown = rows.rename_axis("policy").reset_index().rename(columns={"held out": "heldout"})
    y = alt.Y("policy:N", sort=shown["policy"].tolist(), title=None)
    title = "sellers that activate, % (orange: claimed; blue: outcomes of April, 95 %)"
    scale = alt.Scale(zero=False)
    base = alt.Chart(shown).properties(width=420, height=alt.Step(20))
    lines = base.mark_rule(color="#4c78a8").encode(
        x=alt.X("low:Q", title=title, scale=scale), x2="high:Q", y=y
    )
    dots = base.mark_circle(size=60, opacity=1, color="#4c78a8").encode(x="heldout:Q", y=y)
    ticks = base.mark_tick(thickness=3, color="#f58518").encode(x="claimed:Q", y=y)
    return alt.layer(lines, dots, ticks).properties(title="The same leads, by policy")


def sentences(rows: pd.DataFrame, mixed: pd.Series, found: ao.fit.FitEstimate) -> list[str]:
    """Say in three sentences what this shows, what it does not, and what to do."""
    claim = rows.loc["prices", "claimed"] - rows.loc["round robin", "claimed"]
    held = rows.loc["prices", "held out"] - rows.loc["round robin", "held out"]
    chance = int((mixed >= claim).sum())
    width = ((rows["high"] - rows["low"]) / 2).mean()
    shows = (
        f"What this shows: on these leads nothing is seen to beat round robin, since prices claim "
        f"{claim:+.1f} points more activation, April says {held:+.1f} with intervals of "
        f"+-{width:.0f}, and {chance} of {len(mixed)} shuffled logs claim as much."
    )
    shows_not = (
        f"What it does not show: that the reps are alike, since {len(found.table)} cells of rep "
        f"and lead type share few deals (a test whether reps differ gives p = "
        f"{found.differs.p_value:.2f}), only leads that were won name a rep, and who would have "
        f"won a lead that was lost is not in the data."
    )
    do = (
        "What to do: keep taking turns, write down who worked the leads that were lost as well, "
        "and look again when the test says that reps differ."
    )
    return [shows, shows_not, do]


def main(picture: Path | None = None) -> pd.DataFrame | None:
    """Tell the story; None where the data is missing."""
    if not (DATA / "olist" / "closed_deals.csv").exists():
        print(f"skipped: no olist data under {DATA}. Set ASSIGNOPT_DATA")
        return None
    table = deals()
    rows, mixed, found = compared(table)
    later = table[table["won"] >= SINCE]
    print(
        f"{len(later)} leads won since {SINCE}, {later['rep'].nunique()} sales reps, each with as"
    )
    print(f"many as they had; fit learned from the {len(table) - len(later)} deals before.\n")
    print("Value is the estimated chance of activation; of the best: value / the best with")
    print("everything known; ahead: most leads that anybody was ahead or behind of their share.")
    print("Claimed, and held out (outcomes of April, with 95 % interval): % that activate.\n")
    forms = {"given": "{:.0f}", "of the best": "{:.3f}"}
    shown = {name: forms.get(name, "{:.1f}").format for name in rows.columns}
    print(rows.to_string(formatters=shown))
    print(
        f"\nReally activated: {100 * later['activated'].mean():.1f} %. Beyond turns, prices claim"
    )
    print(f"{mixed.min():+.1f} to {mixed.max():+.1f} points where reps were shuffled.\n")
    for line in sentences(rows, mixed, found):
        print(line)
    if picture is not None:
        chart(rows).save(picture)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the table")
    main(parser.parse_args().plot)
    sys.exit(0)
