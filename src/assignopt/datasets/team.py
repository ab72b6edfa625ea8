"""A sales team: a seed in, reps, tasks, rules and preferences of one week out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..objectives import Coverage, Fairness, Value
from ..problem import Problem
from ..records import Rep, Role, Task
from ..rules import Allow, Forbid, MaxTasks, MinFit, Pin
from .roster import (
    BURDENS,
    CUSTOMERS,
    DEALS,
    FITS,
    KINDS,
    LANGUAGES,
    NEW_HIRES,
    ON_LEAVE,
    PRODUCTS,
    ROSTER,
    SALES_IMPOSSIBLE,
    SPECIALIST,
    STEMS,
    TRADES,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

__all__ = ["sales_frames", "sales_team"]

_MONDAY = datetime(2026, 3, 2)
_TASKS = 400
_ROOM, _SPECIALIST_HOURS = 0.75, 34.0
"""Share of a capacity that accounts are drawn for; hours that only the specialist can do."""

Row = dict[str, Any]


def sales_team(seed: int = 7) -> Problem:
    """Make a sales team of 24 reps with 400 tasks for one week.

    The reps work in four territories and a global desk; languages, products and deal sizes are
    skills with levels, a few of them rare; part-timers have 20 of 40 hours; some carry open
    work; two are new and need longer (efficiency 0.5); one is on leave and still owns tasks. The
    tasks belong to accounts, whose tasks stay in one hand; about half have an owner already; a
    few are meetings at a fixed time, or tenders that need an engineer besides the owner. Six
    tasks are impossible on purpose: :data:`SALES_IMPOSSIBLE`. The others can all be covered, up
    to clashes between meetings, as each account was drawn for a rep who had room for it.

    Parameters
    ----------
    seed
        Of the skills, accounts and tasks; the roster stays.

    Returns
    -------
    Problem
        Effort in hours; the objective is coverage, minmax load per weight, value.

    Examples
    --------
    >>> from assignopt import datasets
    >>> problem = datasets.sales_team()
    >>> len(problem.reps), len(problem.tasks), problem == datasets.sales_team(seed=7)
    (24, 400, True)
    >>> problem.reps["yara"].active
    False
    """
    draft = _Draft.drawn(seed)
    return Problem(
        [Rep(**row) for row in draft.reps],
        [Task(**row) for row in draft.tasks],
        **draft.rest(),
    )


def sales_frames(seed: int = 7) -> dict[str, Any]:
    """Make the team of :func:`sales_team` as the frames that ``Problem.from_frames`` takes.

    Parameters
    ----------
    seed
        As in :func:`sales_team`.

    Returns
    -------
    dict
        ``reps`` and ``tasks``, a row each, whose columns ``region``, ``team``, ``account`` and
        ``kind`` become tags; ``skills``, ``requires`` and ``fit`` as long frames; ``preferences``,
        ``rules`` and ``objective``.

    Examples
    --------
    >>> import assignopt as ao
    >>> from assignopt import datasets
    >>> frames = datasets.sales_frames()
    >>> frames["reps"][["id", "capacity", "region"]].head(2).values.tolist()
    [['ana', 40.0, 'dach'], ['ben', 40.0, 'dach']]
    >>> ao.Problem.from_frames(**frames) == datasets.sales_team()
    True
    """
    draft = _Draft.drawn(seed)
    reps, tasks = _wide(draft.reps, ("skills", "fit")), _wide(draft.tasks, ("requires",))
    for name in ("start", "end"):
        tasks[name] = pd.to_datetime(tasks[name])
    return {
        "reps": reps,
        "tasks": tasks,
        "skills": _long(draft.reps, "skills", ("rep_id", "skill", "level")),
        "fit": _long(draft.reps, "fit", ("rep_id", "customer_type", "fit")),
        "requires": _long(draft.tasks, "requires", ("task_id", "skill", "level")),
        **draft.rest(),
    }


def _wide(rows: list[Row], without: tuple[str, ...]) -> pd.DataFrame:
    """Give a row for each record, its tags as columns, without the fields that go elsewhere."""
    kept = [
        {k: v for k, v in row.items() if k not in (*without, "tags")} | row["tags"] for row in rows
    ]
    return pd.DataFrame(kept)


def _long(rows: list[Row], name: str, columns: tuple[str, str, str]) -> pd.DataFrame:
    """Give a row for each entry of a mapping field."""
    entries = [(row["id"], key, float(v)) for row in rows for key, v in row[name].items()]
    return pd.DataFrame(entries, columns=list(columns))


@dataclass
class _Draft:
    """A sales team as plain rows, while it is being drawn."""

    rng: Generator
    reps: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    room: dict[str, float] = field(default_factory=dict)
    witness: dict[str, str] = field(default_factory=dict)

    @classmethod
    def drawn(cls, seed: int) -> _Draft:
        """Draw reps, then accounts with their tasks, then the impossible ones."""
        draft = cls(np.random.default_rng(seed))
        for row in ROSTER:
            draft.reps.append(_rep(draft.rng, *row))
        for rep in draft.reps:
            if rep["active"]:
                draft.room[rep["id"]] = _ROOM * rep["capacity"] - rep["carried_load"]
        draft._specialist()
        names = [stem + trade for trade in TRADES for stem in STEMS]
        for name in draft.rng.permutation(names).tolist():
            if len(draft.tasks) < _TASKS - len(SALES_IMPOSSIBLE):
                draft._account(name)
        draft.tasks.extend(_impossible_tasks())
        return draft

    def _specialist(self) -> None:
        """Draw the security tasks, which only one rep can do: the bottleneck of the team."""
        rng, left = self.rng, _SPECIALIST_HOURS
        rep = next(rep for rep in self.reps if rep["id"] == SPECIALIST)
        self.room[SPECIALIST] = 0.0
        stems = iter(rng.permutation(STEMS).tolist())
        while left > 0:
            kind = str(rng.choice(["renewal", "demo", "proposal"]))
            effort = min(left, _quarters(rng, *KINDS[kind][1:3]))
            left -= effort
            customer = str(rng.choice(["midmarket", "enterprise"]))
            needs = {"english": 1.0, "security": float(rng.integers(1, 4))}
            account = f"{next(stems)}-bank"
            number = len(self.tasks) + 1
            task = _task(rng, f"{account}-{kind}-{number:03d}", kind, effort, customer, needs)
            region = str(rng.choice(["dach", "uk", "nordics", "iberia"]))
            tags = {"account": account, "region": region, "kind": kind}
            self.tasks.append(task | {"owner": None, "group": None, "tags": tags})
            self.witness[task["id"]] = rep["id"]

    def _account(self, name: str) -> None:
        """Draw an account and its tasks such that one rep, its witness, could hold them all."""
        rng = self.rng
        left = _TASKS - len(SALES_IMPOSSIBLE) - len(self.tasks)
        kinds = rng.choice(
            list(KINDS),
            min(left, int(rng.choice([1, 2, 3, 5], p=[0.9, 0.05, 0.03, 0.02]))),
            p=[share for share, *_ in KINDS.values()],
        ).tolist()
        hours = [_quarters(rng, *KINDS[kind][1:3]) for kind in kinds]
        rep = self._choose_witness(sum(hours))
        region = rep["tags"]["region"]
        if region == "global":
            region = str(rng.choice(["dach", "uk", "nordics", "iberia"]))
        customer = _customer_of(rng, rep)
        needs = _needs(rng, rep, region, customer)
        owner = self._owner(rep, region)
        for kind, effort in zip(kinds, hours, strict=True):
            number = len(self.tasks) + 1
            task = _task(rng, f"{name}-{kind}-{number:03d}", kind, effort, customer, needs)
            task |= {"owner": owner, "group": name if len(kinds) > 1 else None}
            task["tags"] = {"account": name, "region": region, "kind": kind}
            if kind == "meeting":
                task["start"], task["end"] = _meeting(rng, rep, effort)
            self.tasks.append(task)
            self.witness[task["id"]] = rep["id"]

    def _choose_witness(self, hours: float) -> Row:
        """Choose an active rep, the more room the likelier, and take the hours off the room."""
        open_ = [rep for rep in self.reps if rep["active"]]
        room = np.array([self.room[rep["id"]] - hours / rep["efficiency"] for rep in open_])
        chance = np.maximum(room, 0) + 1e-9
        rep = open_[int(self.rng.choice(len(open_), p=chance / chance.sum()))]
        self.room[rep["id"]] -= hours / rep["efficiency"]
        return rep

    def _owner(self, witness: Row, region: str) -> str | None:
        """Draw who has the account now: nobody, its witness, or somebody of the territory."""
        draw = self.rng.random()
        if draw < 0.45:
            return None
        if draw < 0.8:
            return str(witness["id"])
        near = [rep["id"] for rep in self.reps if rep["tags"]["region"] == region]
        return str(self.rng.choice(near))

    def rest(self) -> Row:
        """Give preferences, rules and objective."""
        allows = [
            Allow(task={"region": region}, rep={"region": [region, "global"]}, id=f"only-{region}")
            for region in LANGUAGES
            if region != "global"
        ]
        lone = [
            task["id"]
            for task in self.tasks
            if task["group"] is None and self.witness.get(task["id"], SPECIALIST) != SPECIALIST
        ]
        promised, conflict = lone[0], lone[1]
        other = next(name for name in ("ana", "hugo") if name != self.witness[conflict])
        return {
            "preferences": pd.DataFrame(self._preferences()),
            "rules": (
                *allows,
                MinFit(0.3, id="fit-for-the-customer"),
                MaxTasks(4, task={"kind": "tender"}, id="few-tenders"),
                MaxTasks(2, task={"kind": "meeting"}, per="day", id="few-meetings-a-day"),
                Pin(promised, self.witness[promised], id="promised"),
                Forbid(task=conflict, rep=other, id="conflict-of-interest"),
            ),
            "objective": (Coverage(), Fairness("minmax"), Value()),
        }

    def _preferences(self) -> Iterator[Row]:
        """Give bids and reluctance for own tasks, and endorsements of one rep by another."""
        rng = np.random.default_rng(self.rng.bit_generator.seed_seq.entropy)  # type: ignore[attr-defined]
        drawn = rng.choice(len(self.witness), 40, replace=False)
        active = list(self.room)
        for number, at in enumerate(drawn.tolist()):
            task, rep = list(self.witness.items())[at]
            by = str(rng.choice([name for name in active if name != rep])) if number < 12 else None
            weight = -1.0 if number >= 32 else 1.0 + number % 3
            yield {"rep_id": rep, "task_id": task, "weight": weight, "by": by}


def _rep(rng: Generator, name: str, region: str, team: str, hours: int) -> Row:
    """Draw a rep of the roster."""
    skills: dict[str, float] = dict.fromkeys(LANGUAGES[region], 3.0)
    skills.setdefault("english", float(rng.integers(1, 3)))
    if rng.random() < 0.25:
        skills.setdefault("french", float(rng.integers(1, 4)))
    for product, share in PRODUCTS.items():
        if rng.random() < share or region == "global":
            skills[product] = float(rng.choice([1, 2, 3], p=[0.3, 0.4, 0.3]))
    skills["deals"] = float({"smb": 1, "midmarket": 2, "enterprise": 3}[team])
    if name == SPECIALIST:
        skills["security"] = 3.0
    if name in ("ben", "hugo"):
        skills["japanese"] = 2.0
    if region == "global" or name in ("clara", "jack", "nils"):
        skills["solutions"] = float(rng.integers(1, 4))
    noise = rng.integers(-1, 2, len(CUSTOMERS)) * 0.05
    fits = FITS[team].items()
    fit = {kind: round(base + float(n), 2) for (kind, base), n in zip(fits, noise, strict=True)}
    carried = float(rng.choice([0, 0, 2, 3.5, 6]))
    if hours == 20 or name == SPECIALIST:
        carried = 0.0
    days = range(3) if hours == 20 else range(5)
    return {
        "id": name,
        "capacity": float(hours),
        "skills": skills,
        "fit": fit | {"government": round(0.1 + 0.05 * int(rng.integers(0, 3)), 2)},
        "tags": {"region": region, "team": team},
        "efficiency": 0.5 if name in NEW_HIRES else 1.0,
        "carried_load": carried,
        "available": [(_at(day, 8), _at(day, 17)) for day in days],
        "active": name != ON_LEAVE,
    }


def _at(day: int, hour: float) -> datetime:
    return _MONDAY + timedelta(days=day, hours=hour)


def _quarters(rng: Generator, low: float, high: float) -> float:
    """Draw hours in quarters, short ones more often."""
    return float(low + 0.25 * int((high - low) * 4 * rng.beta(1.2, 1.6) + 0.5))


def _customer_of(rng: Generator, rep: Row) -> str:
    """Draw a customer type, the better the rep fits the likelier."""
    chance = np.array([max(rep["fit"][kind] - 0.3, 0.0) for kind in CUSTOMERS])
    return str(rng.choice(list(CUSTOMERS), p=chance / chance.sum()))


def _needs(rng: Generator, rep: Row, region: str, customer: str) -> dict[str, float]:
    """Draw what an account requires, out of what its witness has."""
    skills = rep["skills"]
    spoken = [one for one in (*LANGUAGES[region], "french") if one in skills]
    chance = np.array([0.15 if one in ("french", "portuguese") else 1.0 for one in spoken])
    needs = {str(rng.choice(spoken, p=chance / chance.sum())): 1.0}
    known = [one for one in PRODUCTS if one in skills]
    if known:
        product = str(rng.choice(known))
        needs[product] = float(min(skills[product], rng.integers(1, 4)))
    if DEALS[customer] > 1:
        needs["deals"] = float(min(skills["deals"], DEALS[customer]))
    return needs


def _task(
    rng: Generator, name: str, kind: str, effort: float, customer: str, needs: dict[str, float]
) -> Row:
    """Draw a task of an account."""
    amount = CUSTOMERS[customer] * KINDS[kind][3] * rng.lognormal(0.0, 0.4)
    roles = []
    if kind == "tender":
        roles = [Role("engineer", effort=1.5, requires={"solutions": 1}, credit=0.2)]
    return {
        "id": name,
        "effort": effort,
        "value": float(max(1, round(amount / 500)) * 500),
        "priority": float(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])),
        "requires": dict(needs),
        "prefers": {"french": 0.5} if rng.random() < 0.04 else {},
        "customer_type": customer,
        "burden": BURDENS.get(kind, 0.0),
        "start": None,
        "end": None,
        "roles": roles,
    }


def _meeting(rng: Generator, rep: Row, hours: float) -> tuple[datetime, datetime]:
    """Draw a time within the calendar of a rep."""
    start, _ = rep["available"][int(rng.integers(len(rep["available"])))]
    start += timedelta(hours=1 + 0.5 * int(rng.integers(14)))
    return start, start + timedelta(hours=hours)


def _impossible_tasks() -> Iterator[Row]:
    """Give the tasks that nobody can hold, each for its own reason."""
    made: dict[str, Row] = {
        "hanok": {"requires": {"english": 1.0, "korean": 2.0}},
        "vaultex": {"requires": {"english": 1.0, "security": 5.0}},
        "sakura": {"requires": {"japanese": 1.0}, "region": "iberia"},
        "megalith": {"effort": 44.0},
        "weekender": {"start": _at(5, 10), "end": _at(5, 11)},
        "cityhall": {"customer_type": "government"},
    }
    for name in SALES_IMPOSSIBLE:
        account, kind, _ = name.split("-")
        task = {
            "id": name,
            "effort": 1.0,
            "value": 12000.0,
            "priority": 1.0,
            "requires": {"english": 1.0},
            "prefers": {},
            "customer_type": "midmarket",
            "burden": BURDENS.get(kind, 0.0),
            "start": None,
            "end": None,
            "roles": [],
            "owner": None,
            "group": None,
        } | made[account]
        task["tags"] = {"account": account, "region": task.pop("region", "uk"), "kind": kind}
        yield task
