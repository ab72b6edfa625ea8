"""Even out 1,567 open opportunities of a real company with a limited number of handovers.

35 owners hold between 1 and 130 opportunities. A territory stays with the people who work it
today, an account has one owner in each territory, nobody is left with nothing, and at most so many
opportunities change hands.

Data: ``opportunities/opportunities.csv`` under ``ASSIGNOPT_DATA``, or ``../shared/data`` beside
the project.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pandas as pd

import assignopt as ao

DATA = Path(
    os.environ.get("ASSIGNOPT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)
MOST_MOVES = 150


def opportunities() -> pd.DataFrame:
    """Read one row for each opportunity, its taxable amount in US dollars.

    Amounts are in USD, EUR and JPY. The file converts unit prices (ASP) only; the median of
    converted / original for each currency is the rate used for the amounts.
    """
    lines = pd.read_csv(DATA / "opportunities" / "opportunities.csv", encoding="utf-8-sig")
    ratio = lines["ASP_(converted)"] / lines["ASP"].where(lines["ASP"] > 0)
    rate = ratio.groupby(lines["ASP_Currency"]).median()
    first = lines.drop_duplicates("Opportunity_ID")
    usd = first["Total_Taxable_Amount"] * first["Total_Taxable_Amount_Currency"].map(rate)
    return pd.DataFrame(
        {
            "id": first["Opportunity_ID"].astype(str),
            "owner": first["Opportunity_Owner"],
            "territory": first["Territory"].fillna("none"),
            "region": first["Region"],
            "value": usd.fillna(0).round(0),
            "group": first["Account_Name"] + " in " + first["Territory"].fillna("none"),
            "currency": first["Total_Taxable_Amount_Currency"],
        }
    ).reset_index(drop=True)


def problem_of(table: pd.DataFrame, moves: int, objective: list | None = None) -> ao.Problem:
    """Make the problem: who works a territory today may work it tomorrow."""
    homes = table.groupby("territory")["owner"].unique()
    rules = [
        ao.Allow(task={"territory": name}, rep=sorted(who), id=f"territory {name}")
        for name, who in homes.items()
    ]
    return ao.Problem.from_frames(
        pd.DataFrame({"id": sorted(table["owner"].unique())}),
        table,
        rules=[*rules, ao.CoverAll(), ao.MinTasks(1), ao.MaxMoves(moves)],
        objective=objective or [ao.Fairness("minmax", of="count"), ao.Moves()],
        effort_unit="opportunities",
    )


def main(moves: int = MOST_MOVES) -> ao.Plan | None:
    """Tell the story; None where the data is missing."""
    if not (DATA / "opportunities" / "opportunities.csv").exists():
        print(f"skipped: no opportunities data under {DATA}. Set ASSIGNOPT_DATA")
        return None
    table = opportunities()
    problem = problem_of(table, moves)
    today = dict(zip(table["id"], table["owner"], strict=True))
    plan = ao.solve(problem, time_limit=12)
    before = ao.load_report((problem, today), of="count").overall
    after = ao.load_report(plan, of="count").overall
    moved = plan.assignments.loc[plan.assignments["moved"], "task_id"]
    usd = table.set_index("id")["value"]
    split = table.drop_duplicates(["group", "owner"])["group"].value_counts().gt(1).sum()
    free = ao.solve(
        problem_of(table, len(table), [ao.Fairness("minmax", of="count")]), time_limit=6
    )
    least, known = free.terms.iloc[0][["value", "bound"]]
    print(
        f"{len(table)} open opportunities, {len(problem.reps)} owners, "
        f"{table['territory'].nunique()} territories, USD {usd.sum() / 1e6:,.0f} million"
    )
    print(
        "(taxable amounts; EUR and JPY at the median rate at which the file converts its prices)."
    )
    print(f"Today {split} accounts have several owners inside one territory.\n")
    print(f"{plan.headline()}. {plan.terms.iloc[0]['engine']}, {plan.runtime:.1f} s")
    for row in plan.terms.itertuples():
        proof = "proved" if row.proved else f"not proved, at best {row.bound:g}"
        print(f"  {row.term}: {row.value:g} ({proof})")
    print(f"\n{'':<28}{'today':>10}{'after':>10}")
    measures = {"most on one owner": "max", "range": "load_range", "Gini": "gini"}
    for name, key in measures.items():
        digits = ".3f" if key == "gini" else ".0f"
        print(f"{name:<28}{before[key]:>10{digits}}{after[key]:>10{digits}}")
    print(f"{'opportunities handed over':<28}{0:>10}{len(moved):>10}   (at most {moves})")
    print(f"{'USD million handed over':<28}{0:>10}{usd[moved].sum() / 1e6:>10,.0f}\n")
    print(
        f"With no limit on handovers the longest list could come down to {least:g}"
        + (".\n" if known == least else f" or less ({known:g} at best).\n")
    )
    print("What this shows: how low the longest list can get under these rules, and what it costs")
    print("in handovers. What it does not show: that shorter lists win more. The file has no")
    print("outcomes and no hours, so an opportunity counts as one; amounts are forecasts; that a")
    print("territory belongs to those who work it today is a reading of the file, not its word.")
    return plan


if __name__ == "__main__":
    main()
    sys.exit(0)
