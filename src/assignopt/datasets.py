"""Data made here: seeds and sizes in, a sales team or synthetic problems out.

Everything is drawn by ``numpy.random.default_rng(seed)``; nothing is read from disk. The same
arguments give the same data, on any machine, with the same numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd

from .objectives import Coverage, Fairness, Value
from .plan import Reason
from .problem import Problem
from .records import Rep, Role, Task
from .rules import Allow, Forbid, MaxTasks, MinFit, Pin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from .columns import Ints

__all__ = ["SALES_IMPOSSIBLE", "equal_efforts", "sales_frames", "sales_team", "unequal_efforts"]

SALES_IMPOSSIBLE = {
    "hanok-demo-395": Reason.NO_SKILL,
    "vaultex-proposal-396": Reason.NO_SKILL,
    "sakura-renewal-397": Reason.REGION,
    "megalith-tender-398": Reason.NO_CAPACITY,
    "weekender-meeting-399": Reason.NO_AVAILABILITY,
    "cityhall-proposal-400": Reason.NO_FIT,
}
"""The tasks of :func:`sales_team` that nobody can hold, and the reason a plan has to give."""

_MONDAY = datetime(2026, 3, 2)
_TASKS = 400
_ROSTER = (
    ("ana", "dach", "enterprise", 40),
    ("ben", "dach", "enterprise", 40),
    ("clara", "dach", "midmarket", 40),
    ("dev", "dach", "midmarket", 40),
    ("elif", "dach", "smb", 40),
    ("finn", "dach", "smb", 20),
    ("greta", "dach", "smb", 40),
    ("hugo", "uk", "enterprise", 40),
    ("isla", "uk", "midmarket", 40),
    ("jack", "uk", "midmarket", 40),
    ("kate", "uk", "smb", 40),
    ("liam", "uk", "smb", 40),
    ("maya", "uk", "smb", 20),
    ("nils", "nordics", "enterprise", 40),
    ("olga", "nordics", "midmarket", 20),
    ("per", "nordics", "smb", 40),
    ("quinn", "nordics", "smb", 40),
    ("rosa", "iberia", "enterprise", 40),
    ("sofia", "iberia", "midmarket", 40),
    ("tomas", "iberia", "smb", 20),
    ("uma", "iberia", "smb", 40),
    ("vera", "global", "enterprise", 40),
    ("walid", "global", "enterprise", 20),
    ("yara", "uk", "midmarket", 40),
)
_ON_LEAVE, _NEW_HIRES, _SPECIALIST = "yara", ("greta", "uma"), "vera"
_ROOM, _SPECIALIST_HOURS = 0.75, 34.0
"""Share of a capacity that accounts are drawn for; hours that only the specialist can do."""

_LANGUAGES = {
    "dach": ("german",),
    "uk": ("english",),
    "nordics": ("swedish", "english"),
    "iberia": ("spanish", "portuguese"),
    "global": ("english", "german", "spanish", "swedish"),
}
_PRODUCTS = {"crm": 0.95, "analytics": 0.6, "payments": 0.3}
"""Product -> share of the reps who know it."""

_CUSTOMERS = {"startup": 2500, "smb": 6000, "midmarket": 18000, "enterprise": 60000}
"""Customer type -> typical amount of a deal."""

_DEALS = {"startup": 1, "smb": 1, "midmarket": 2, "enterprise": 3}
"""Customer type -> least level of the skill ``deals``."""

_FITS = {
    "smb": {"startup": 0.8, "smb": 0.9, "midmarket": 0.4, "enterprise": 0.1},
    "midmarket": {"startup": 0.5, "smb": 0.7, "midmarket": 0.9, "enterprise": 0.4},
    "enterprise": {"startup": 0.3, "smb": 0.5, "midmarket": 0.7, "enterprise": 0.9},
}
_KINDS = {
    "callback": (0.26, 0.25, 0.75, 0.1),
    "renewal": (0.25, 0.5, 2.0, 1.0),
    "demo": (0.20, 0.75, 1.5, 0.6),
    "proposal": (0.15, 1.0, 3.0, 1.2),
    "onboarding": (0.07, 1.5, 3.5, 0.8),
    "meeting": (0.05, 0.5, 1.0, 0.5),
    "tender": (0.02, 3.0, 6.0, 2.5),
}
"""Kind of task -> share of the tasks, least and most hours, share of the deal's amount."""

_BURDENS = {"callback": 2.0, "tender": 3.0, "onboarding": 1.0}
_WORDS = (
    "acme alder amber anchor arbor aspen atlas aurora basalt beacon birch blossom bridge bright "
    "cedar cobalt comet copper coral crest crown delta drift ember falcon fern flint forge "
    "garnet glacier granite harbor hazel heron indigo ivory jasper juniper kestrel lantern "
    "larch linden lotus lunar maple marlin meadow mesa nectar nimbus north oak onyx opal orchid "
    "osprey pearl pine prism quarry quartz raven ridge river robin saffron sage sierra slate "
    "solar spruce sterling summit tidal timber topaz umber valley vector violet walnut willow "
    "zephyr"
)
_STEMS = _WORDS.split()
_TRADES = ("", "-foods", "-labs", "-works", "-media", "-mills")

Row = dict[str, Any]


# -- a sales team ------------------------------------------------------------------------------


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
        for row in _ROSTER:
            draft.reps.append(_rep(draft.rng, *row))
        for rep in draft.reps:
            if rep["active"]:
                draft.room[rep["id"]] = _ROOM * rep["capacity"] - rep["carried_load"]
        draft._specialist()
        names = [stem + trade for trade in _TRADES for stem in _STEMS]
        for name in draft.rng.permutation(names).tolist():
            if len(draft.tasks) < _TASKS - len(SALES_IMPOSSIBLE):
                draft._account(name)
        draft.tasks.extend(_impossible_tasks())
        return draft

    def _specialist(self) -> None:
        """Draw the security tasks, which only one rep can do: the bottleneck of the team."""
        rng, left = self.rng, _SPECIALIST_HOURS
        rep = next(rep for rep in self.reps if rep["id"] == _SPECIALIST)
        self.room[_SPECIALIST] = 0.0
        stems = iter(rng.permutation(_STEMS).tolist())
        while left > 0:
            kind = str(rng.choice(["renewal", "demo", "proposal"]))
            effort = min(left, _quarters(rng, *_KINDS[kind][1:3]))
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
            list(_KINDS),
            min(left, int(rng.choice([1, 2, 3, 5], p=[0.9, 0.05, 0.03, 0.02]))),
            p=[share for share, *_ in _KINDS.values()],
        ).tolist()
        hours = [_quarters(rng, *_KINDS[kind][1:3]) for kind in kinds]
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
            for region in _LANGUAGES
            if region != "global"
        ]
        lone = [
            task["id"]
            for task in self.tasks
            if task["group"] is None and self.witness.get(task["id"], _SPECIALIST) != _SPECIALIST
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
    skills: dict[str, float] = dict.fromkeys(_LANGUAGES[region], 3.0)
    skills.setdefault("english", float(rng.integers(1, 3)))
    if rng.random() < 0.25:
        skills.setdefault("french", float(rng.integers(1, 4)))
    for product, share in _PRODUCTS.items():
        if rng.random() < share or region == "global":
            skills[product] = float(rng.choice([1, 2, 3], p=[0.3, 0.4, 0.3]))
    skills["deals"] = float({"smb": 1, "midmarket": 2, "enterprise": 3}[team])
    if name == _SPECIALIST:
        skills["security"] = 3.0
    if name in ("ben", "hugo"):
        skills["japanese"] = 2.0
    if region == "global" or name in ("clara", "jack", "nils"):
        skills["solutions"] = float(rng.integers(1, 4))
    noise = rng.integers(-1, 2, len(_CUSTOMERS)) * 0.05
    fits = _FITS[team].items()
    fit = {kind: round(base + float(n), 2) for (kind, base), n in zip(fits, noise, strict=True)}
    carried = float(rng.choice([0, 0, 2, 3.5, 6]))
    if hours == 20 or name == _SPECIALIST:
        carried = 0.0
    days = range(3) if hours == 20 else range(5)
    return {
        "id": name,
        "capacity": float(hours),
        "skills": skills,
        "fit": fit | {"government": round(0.1 + 0.05 * int(rng.integers(0, 3)), 2)},
        "tags": {"region": region, "team": team},
        "efficiency": 0.5 if name in _NEW_HIRES else 1.0,
        "carried_load": carried,
        "available": [(_at(day, 8), _at(day, 17)) for day in days],
        "active": name != _ON_LEAVE,
    }


def _at(day: int, hour: float) -> datetime:
    return _MONDAY + timedelta(days=day, hours=hour)


def _quarters(rng: Generator, low: float, high: float) -> float:
    """Draw hours in quarters, short ones more often."""
    return float(low + 0.25 * int((high - low) * 4 * rng.beta(1.2, 1.6) + 0.5))


def _customer_of(rng: Generator, rep: Row) -> str:
    """Draw a customer type, the better the rep fits the likelier."""
    chance = np.array([max(rep["fit"][kind] - 0.3, 0.0) for kind in _CUSTOMERS])
    return str(rng.choice(list(_CUSTOMERS), p=chance / chance.sum()))


def _needs(rng: Generator, rep: Row, region: str, customer: str) -> dict[str, float]:
    """Draw what an account requires, out of what its witness has."""
    skills = rep["skills"]
    spoken = [one for one in (*_LANGUAGES[region], "french") if one in skills]
    chance = np.array([0.15 if one in ("french", "portuguese") else 1.0 for one in spoken])
    needs = {str(rng.choice(spoken, p=chance / chance.sum())): 1.0}
    known = [one for one in _PRODUCTS if one in skills]
    if known:
        product = str(rng.choice(known))
        needs[product] = float(min(skills[product], rng.integers(1, 4)))
    if _DEALS[customer] > 1:
        needs["deals"] = float(min(skills["deals"], _DEALS[customer]))
    return needs


def _task(
    rng: Generator, name: str, kind: str, effort: float, customer: str, needs: dict[str, float]
) -> Row:
    """Draw a task of an account."""
    amount = _CUSTOMERS[customer] * _KINDS[kind][3] * rng.lognormal(0.0, 0.4)
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
        "burden": _BURDENS.get(kind, 0.0),
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
            "burden": _BURDENS.get(kind, 0.0),
            "start": None,
            "end": None,
            "roles": [],
            "owner": None,
            "group": None,
        } | made[account]
        task["tags"] = {"account": account, "region": task.pop("region", "uk"), "kind": kind}
        yield task


# -- synthetic problems of any size ------------------------------------------------------------


@overload
def equal_efforts(
    reps: int, tasks: int, eligible: int, seed: int = ..., *, frames: Literal[False] = ...
) -> Problem: ...
@overload
def equal_efforts(
    reps: int, tasks: int, eligible: int, seed: int = ..., *, frames: Literal[True]
) -> dict[str, Any]: ...
def equal_efforts(
    reps: int, tasks: int, eligible: int, seed: int = 0, *, frames: bool = False
) -> Problem | dict[str, Any]:
    """Make tasks of equal effort with a value for each eligible pair: a transportation problem.

    Every task lists ``eligible`` reps, any such set being equally likely, with a whole value of
    1..100 for each in the pairs table. ``max_tasks`` is 0.5 to 1.5 times the mean, with room for
    3 % more tasks than there are (one more at least); no rule, the default objective.

    Parameters
    ----------
    reps, tasks
        How many.
    eligible
        Reps listed for each task, 1..reps.
    seed
        Of everything.
    frames
        True: the frames that ``Problem.from_frames`` takes, ids in the pairs as categories (a
        million tasks with ten million pairs take seconds). False: the Problem they make.

    Raises
    ------
    ValueError
        When a size is out of range.

    Examples
    --------
    >>> from assignopt import datasets
    >>> datasets.equal_efforts(3, 20, 2)
    <Problem: 3 reps, 20 tasks, 0 rules, objective coverage > minmax(load per weight) > value>
    >>> datasets.equal_efforts(3, 20, 2, frames=True)["pairs"].shape
    (40, 3)
    """
    _check_sizes(reps, tasks, eligible)
    rng = np.random.default_rng(seed)
    rep_ids, task_ids = _ids("r", reps), _ids("t", tasks)
    room = max(tasks + 1, round(1.03 * tasks))
    most = _parts_of(room, rng.uniform(0.5, 1.5, reps))
    who = _distinct(rng, reps, tasks, eligible)
    pairs = {
        "rep_id": pd.Categorical.from_codes(who.reshape(-1), pd.Index(rep_ids)),
        "task_id": pd.Categorical.from_codes(
            np.repeat(np.arange(tasks), eligible), pd.Index(task_ids)
        ),
        "value": rng.integers(1, 101, tasks * eligible).astype(np.float64),
    }
    given: dict[str, Any] = {
        "reps": pd.DataFrame({"id": rep_ids, "max_tasks": most}),
        "tasks": pd.DataFrame({"id": task_ids}),
        "pairs": pd.DataFrame(pairs),
    }
    return given if frames else Problem.from_frames(**given)


def unequal_efforts(
    reps: int, tasks: int, eligible: int | None = None, seed: int = 0, crowded: float = 0.9
) -> Problem:
    """Make tasks of unequal effort for reps with few skills each: generalised assignment.

    Efforts are 0.25..8 hours in quarters, short ones more often, values whole, 1..100, higher for
    longer tasks. Each task requires one skill; each skill is held by ``eligible`` reps. The fit of
    a rep for each of four customer types is 0.5..1 in tenths. The reps' capacities and weights
    are as 2 : 3 : 4.

    Parameters
    ----------
    reps, tasks
        How many.
    eligible
        Reps who hold a skill, 1..reps, and so may hold a task; None: a third of them.
    seed
        Of everything.
    crowded
        Total effort / total capacity, above 0; capacities are rounded up to quarters. Above 1 not
        everything can be covered.

    Raises
    ------
    ValueError
        When a size is out of range.

    Examples
    --------
    >>> from assignopt import datasets
    >>> problem = datasets.unequal_efforts(6, 60, 2, crowded=0.8)
    >>> effort = sum(task.effort for task in problem.tasks.values())
    >>> capacity = sum(rep.capacity for rep in problem.reps.values())
    >>> 0.75 < effort / capacity <= 0.8
    True
    """
    eligible = max(1, round(reps / 3)) if eligible is None else eligible
    _check_sizes(reps, tasks, eligible)
    if not 0 < crowded < np.inf:
        raise ValueError(f"crowded {crowded!r} is out of range; allowed is above 0")
    rng = np.random.default_rng(seed)
    rep_ids, task_ids = _ids("r", reps), _ids("t", tasks)
    effort = np.minimum(0.25 * np.ceil(4 * rng.gamma(1.3, 1.5, tasks)), 8.0)
    share = rng.permutation(np.resize([2.0, 3.0, 4.0], reps))
    unit = np.ceil(4 * effort.sum() / crowded / max(share.sum(), 1.0)) / 4
    skills = _skills(rng, reps, eligible)
    names = _ids("s", len(skills))
    value = np.clip(np.rint(10 * effort + rng.uniform(0, 40, tasks)), 1, 100)
    types = _ids("c", 4)
    fit = rng.integers(5, 11, (reps, len(types))) / 10
    drawn = {"skill": names[rng.integers(0, len(names), tasks)], "level": 1.0}
    kinds = types[rng.integers(0, len(types), tasks)]
    return Problem.from_frames(
        pd.DataFrame({"id": rep_ids, "capacity": unit * share, "weight": share}),
        pd.DataFrame({"id": task_ids, "effort": effort, "value": value, "customer_type": kinds}),
        skills=pd.DataFrame(
            {
                "rep_id": rep_ids[skills.reshape(-1)],
                "skill": np.repeat(names, eligible),
                "level": 1.0,
            }
        ),
        requires=pd.DataFrame({"task_id": task_ids, **drawn}),
        fit=pd.DataFrame(
            {
                "rep_id": np.repeat(rep_ids, len(types)),
                "customer_type": np.tile(types, reps),
                "fit": fit.reshape(-1),
            }
        ),
    )


def _skills(rng: Generator, reps: int, eligible: int) -> Ints:
    """(skills, eligible) reps who hold each skill, about three skills a rep and one at least."""
    sets = _distinct(rng, reps, max(1, round(2 * reps / eligible)), eligible)
    idle = rng.permutation(np.setdiff1d(np.arange(reps), sets))
    shelves = -(-len(idle) // eligible)
    fill = np.array([idle[i * eligible : (i + 1) * eligible] for i in range(shelves)], dtype=object)
    rows = [sets]
    for some in fill.tolist() if shelves else []:
        others = rng.permutation(np.setdiff1d(np.arange(reps), some))[: eligible - len(some)]
        rows.append(np.concatenate([some, others])[None, :])
    joined: Ints = np.concatenate(rows).astype(np.int64)
    return joined


def _check_sizes(reps: int, tasks: int, eligible: int) -> None:
    if reps < 1 or tasks < 0:
        raise ValueError(
            f"{reps} reps and {tasks} tasks; allowed are 1 rep or more, 0 tasks or more"
        )
    if not 1 <= eligible <= reps:
        raise ValueError(f"eligible {eligible} is out of range; allowed is 1..{reps}, the reps")


def _ids(letter: str, count: int) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Give ids of equal length, ``r0001``."""
    width = len(str(max(count - 1, 0)))
    return np.array([f"{letter}{number:0{width}d}" for number in range(count)], dtype=object)


def _parts_of(total: int, share: np.ndarray[Any, np.dtype[np.float64]]) -> Ints:
    """Split a total into whole parts that are as the shares, largest remainders first."""
    exact = total * share / share.sum()
    parts: Ints = np.floor(exact).astype(np.int64)
    parts[np.argsort(parts - exact, kind="stable")[: total - int(parts.sum())]] += 1
    return parts


def _distinct(rng: Generator, among: int, rows: int, count: int) -> Ints:
    """(rows, count) distinct numbers below ``among`` in each row, every set equally likely.

    References
    ----------
    Bentley, J. and Floyd, R. (1987), "A sample of brilliance", for the way it is drawn.
    """
    drawn = np.empty((rows, count), np.int64)
    for k in range(count):
        last = among - count + k
        one = rng.integers(0, last + 1, rows)
        seen = (drawn[:, :k] == one[:, None]).any(axis=1)
        drawn[:, k] = np.where(seen, last, one)
    return drawn
