"""Real work in its real order: public tables in, a team with its limits and a stream out.

The team, its fit and its limits are read off the first part of each history, or off what everybody
really held; what comes later is the stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import assignopt as ao

from . import data

if TYPE_CHECKING:
    from collections.abc import Callable

PAST = 0.6
"""Share of a history that is known beforehand, where it has a past."""

Trace = tuple[ao.Problem, ao.streams.Stream, dict[str, Any]]
"""The team, with the past as its forecast; what comes; and how it is simulated."""


def olist() -> Trace | None:
    """Won deals by date: sales reps by lead type, each with as many as they really had.

    The fit of a rep for a lead type is the share of sellers that delivered an order, in the past,
    drawn towards the mean of the type as if by 20 more deals.
    """
    folder = data.folder("olist")
    if folder is None:
        return None
    deals = pd.read_csv(folder / "closed_deals.csv", dtype=str)
    sold = pd.read_csv(folder / "seller_performance.csv", usecols=["seller_id"])["seller_id"]
    deals = deals.assign(
        kind=deals["lead_type"].fillna("unknown"),
        won=pd.to_datetime(deals["won_date"]),
        activated=deals["seller_id"].isin(sold).astype(float),
    ).sort_values("won", kind="stable")
    past, now = _split(deals)
    known = sorted(set(past["sr_id"]))
    now = now[now["sr_id"].isin(known)]
    kinds = sorted(set(deals["kind"]))
    overall = past["activated"].mean()
    reps = []
    for name in known:
        mine = past[past["sr_id"] == name]
        fit = {}
        for kind in kinds:
            all_of_kind = past[past["kind"] == kind]["activated"]
            base = (all_of_kind.sum() + 10 * overall) / (len(all_of_kind) + 10)
            own = mine[mine["kind"] == kind]["activated"]
            fit[kind] = round(float((own.sum() + 20 * base) / (len(own) + 20)), 4)
        reps.append(ao.Rep(name, max_tasks=int((now["sr_id"] == name).sum()), fit=fit))
    forecast = [ao.Task(f"past {row.mql_id}", customer_type=row.kind) for row in past.itertuples()]
    stream = ao.streams.from_history(now, id="mql_id", at="won", customer_type="kind", name="olist")
    return ao.Problem(reps, forecast, effort_unit="leads"), stream, {}


def helpdesk() -> Trace | None:
    """Tickets by their first event, held until the last that is work: agents by product.

    An agent may have the tickets of a product that they had in the past, all of them with fit 1, so
    that what differs is the wait: nobody holds more than they did for 90 % of the time in the past,
    and a ticket that finds nobody free waits.
    """
    folder = data.folder("helpdesk")
    if folder is None:
        return None
    events = pd.read_csv(folder / "events.csv")
    events = events[events["Activity"] != "Closed"]  # no work: a month after the last, by rule
    events["time"] = pd.to_datetime(events["Complete Timestamp"])
    by_case = events.sort_values("time", kind="stable").groupby("Case ID", sort=False)
    tickets = pd.DataFrame(
        {
            "came": by_case["time"].min(),
            "closed": by_case["time"].max(),
            "product": by_case["product"].first(),
            "agent": by_case["Resource"].agg(lambda who: who.value_counts().index[0]),
        }
    )
    tickets = tickets.sort_values("came", kind="stable").reset_index(names="id")
    past, now = _split(tickets)
    reps = [
        ao.Rep(name, max_tasks=_at_once(mine), fit=dict.fromkeys(sorted(set(mine["product"])), 1.0))
        for name, mine in past.groupby("agent")
    ]
    now = now[now["product"].isin(set(past["product"]))]
    forecast = [ao.Task(f"past {row.id}", customer_type=row.product) for row in past.itertuples()]
    stream = ao.streams.from_history(
        now, at="came", closed="closed", customer_type="product", name="helpdesk"
    )
    problem = ao.Problem(reps, forecast, rules=[ao.MinFit(0.01)], effort_unit="tickets")
    return problem, stream, {"retry": True}


def opportunities() -> Trace | None:
    """Open opportunities by the day they were made: owners by territory, as many as they hold."""
    folder = data.folder("opportunities")
    if folder is None:
        return None
    lines = pd.read_csv(folder / "opportunities.csv", encoding="utf-8-sig")
    ratio = lines["ASP_(converted)"] / lines["ASP"].where(lines["ASP"] > 0)
    rate = ratio.groupby(lines["ASP_Currency"]).median()
    first = lines.drop_duplicates("Opportunity_ID")
    usd = first["Total_Taxable_Amount"] * first["Total_Taxable_Amount_Currency"].map(rate)
    table = pd.DataFrame(
        {
            "id": first["Opportunity_ID"].astype(str),
            "who": first["Opportunity_Owner"],
            "territory": first["Territory"].fillna("none"),
            "value": usd.fillna(0).round(0),
            "made": pd.to_datetime(first["Opportunity_Created_Date"], format="mixed"),
        }
    ).dropna(subset=["made"])
    homes = table.groupby("territory")["who"].unique()
    rules = [
        ao.Allow(task={"territory": name}, rep=sorted(who), id=f"territory {name}")
        for name, who in homes.items()
    ]
    held = table["who"].value_counts().sort_index()
    stream = ao.streams.from_history(
        table, at="made", value="value", tags=["territory"], name="opportunities"
    )
    problem = ao.Problem(
        [ao.Rep(name, max_tasks=int(count)) for name, count in held.items()],
        stream.tasks,
        rules=rules,
        effort_unit="opportunities",
    )
    return problem, stream, {}


def _split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    cut = round(PAST * len(table))
    return table.iloc[:cut], table.iloc[cut:]


def _at_once(tickets: pd.DataFrame) -> int:
    """Count the tickets that were open at one time, or fewer, for 90 % of the time; 1 at least."""
    times = np.concatenate([tickets["came"].to_numpy(), tickets["closed"].to_numpy()])
    steps = np.repeat([1, -1], len(tickets))
    order = np.lexsort((steps, times))
    held, long = steps[order].cumsum()[:-1], np.diff(times[order]).astype(float)
    by_count = np.argsort(held, kind="stable")
    mostly = np.searchsorted(long[by_count].cumsum(), 0.9 * long.sum())
    return max(1, int(held[by_count][mostly]))


TRACES: dict[str, Callable[[], Trace | None]] = {
    "olist": olist,
    "helpdesk": helpdesk,
    "opportunities": opportunities,
}
