"""Small random Problems, and assignments for them, for hypothesis.

Every number has two decimals at most, so that engines with scaled integers are exact on them; the
number of seats is bounded, so that :mod:`oracle` can try all plans.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st

import assignopt as ao

if TYPE_CHECKING:
    from collections.abc import Sequence

RULES = [
    "pin",
    "forbid",
    "allow",
    "together",
    "apart",
    "min_fit",
    "cover_all",
    "min_tasks",
    "max_tasks",
    "min_load",
    "max_load",
    "max_load_gap",
    "max_moves",
]
COUNTED_RULES = ["pin", "forbid", "allow", "min_fit", "cover_all", "min_tasks", "max_tasks"]
TIERS = ["coverage", "value", "fit", "preference", "moves", "reps_used", "fairness", "weighted"]
COUNTED_TIERS = ["coverage", "value", "fit", "preference", "moves", "fairness"]
NOTIONS = ["leximax", "leximin", "minmax", "maxmin", "range", "l2", "gini", "nash"]
ORDERS = ["leximax", "leximin", "gini", "nash"]
QUANTITIES = ["load", "count", "worth", "value", "burden"]

MOST_PLANS = 1500
"""Most plans ``(reps + 1) ** seats`` of one problem."""

SKILLS = ("b2b", "german", "sql")
TYPES = ("smb", "large")
REGIONS = ("emea", "apac")
# Sunday to Monday and month to month; the same for seconds, from one block of seven days to the
# next; and both sides of 1970.
STARTS = {
    "seconds": [86_400 * 7 - 43_200, -43_200, 0.5],
    "datetime": [datetime(2024, 3, 31, 12), datetime(1969, 12, 31, 12), datetime(2024, 2, 29)],
}
STARTS["aware datetime"] = [
    datetime(2024, 3, 31, 12, tzinfo=UTC),
    datetime(2024, 3, 31, 12, tzinfo=UTC).astimezone(datetime.max.astimezone(UTC).tzinfo),
    datetime.fromisoformat("2024-04-01T03:00:00+05:30"),
]

efforts = st.sampled_from([1.0, 2.0, 3.0, 0.5, 0.0, 1.25, 0.07, 4.99])
worths = st.sampled_from([1.0, 2.0, 5.0, 0.0, 0.25, 3.33, 10.0])
shares = st.sampled_from([1.0, 0.5, 0.0, 0.9, 0.33, 0.75])
levels = st.sampled_from([1.0, 2.0, 0.0, 1.5])
limits = st.sampled_from([5.0, 3.0, 2.0, 8.0, 0.0, 2.25, 6.5, 100.0])


def tries(usual: int) -> int:
    """Give how many examples a property that takes long tries, where 100 are the usual number.

    Other profiles try more, and as much more of these.
    """
    return max(1, usual * settings().max_examples // 100)


def solved_until(problem: ao.Problem, term: str, **options: Any) -> ao.Plan:
    """Solve, and stop as soon as the engines are at a term: where the last tier takes long."""
    stop = threading.Event()

    def look(snapshot: Any) -> None:
        if snapshot.term == term:
            stop.set()

    return ao.solve(problem, time_limit=120, stop=stop, on_progress=look, **options)


def often(strategy: st.SearchStrategy[Any], default: Any = None) -> st.SearchStrategy[Any]:
    """Give the default or what the strategy gives."""
    return st.one_of(st.just(default), strategy)


def seldom(strategy: st.SearchStrategy[Any], default: Any = None) -> st.SearchStrategy[Any]:
    """Give the default, and one time in four what the strategy gives."""
    return st.integers(0, 3).flatmap(lambda k: strategy if k == 3 else st.just(default))


def upto(most: int, least: int = 0) -> st.SearchStrategy[int]:
    """Give a number from least to most, the larger ones more often."""
    numbers = range(least, most + 1)
    return st.sampled_from([*numbers, *(n for n in numbers if 2 * n > most), most])


def few(names: Sequence[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give a mapping of up to two of the names."""
    return often(st.dictionaries(st.sampled_from(names), values, max_size=2), {})


@st.composite
def times(draw: st.DrawFn, clock: str, base: Any) -> tuple[Any, Any]:
    """Draw a start and an end on a grid of three hours, so that they touch and overlap often."""
    first = draw(st.integers(0, 8))
    last = first + draw(st.sampled_from([1, 2, 4, 8]))
    step = 10_800 if clock == "seconds" else timedelta(hours=3)
    return base + first * step, base + last * step


@st.composite
def reps(draw: st.DrawFn, name: str, clock: str | None, base: Any, equal: bool) -> ao.Rep:
    windows = st.lists(times(clock, base), max_size=3).map(tuple) if clock else st.just(())
    return ao.Rep(
        name,
        capacity=draw(often(limits)),
        max_tasks=draw(seldom(st.integers(0, 3))),
        skills=draw(few(SKILLS, levels)),
        fit=draw(few(TYPES, shares)),
        tags=draw(few(("region", "team"), st.sampled_from(REGIONS))),
        weight=draw(often(st.sampled_from([1.0, 2.0, 0.5, 3.0]))),
        efficiency=1.0 if equal else draw(st.sampled_from([1.0, 1.0, 2.0, 0.5, 1.25])),
        carried_load=draw(often(st.sampled_from([1.0, 0.5, 2.0, 0.07]), 0.0)),
        available=draw(seldom(windows)),
        active=draw(seldom(st.booleans(), True)),
    )


@st.composite
def roles_of(draw: st.DrawFn, seats: int) -> list[ao.Role]:
    """Draw at most ``seats`` roles, and two, that earn at most the whole value together."""
    names = draw(st.lists(st.sampled_from(["aide", "zoo"]), max_size=min(seats, 2), unique=True))
    credit = often(st.sampled_from([0.5, 0.3, 0.25, 0.0]))
    return [
        ao.Role(name, draw(efforts), draw(few(SKILLS, levels)), credit=draw(credit))
        for name in names
    ]


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    equal_efforts: bool = False,
    roles: bool = True,
    groups: bool = True,
    timed: bool = True,
    slack: bool = True,
    rules: Sequence[str] | None = None,
    tiers: Sequence[str] | None = None,
    max_reps: int = 3,
    max_tasks: int = 5,
    max_rules: int = 3,
    max_tiers: int = 3,
) -> ao.Problem:
    """Draw a Problem.

    Parameters
    ----------
    equal_efforts
        Only what a min-cost flow can hold: no roles, groups or times; one effort for all pairs;
        rules that count; no Weighted, RepsUsed or slack; Fairness of load or count as minmax,
        maxmin or l2 over everyone.
    roles, groups, timed, slack
        Whether there may be any.
    rules, tiers
        The kinds that may occur, of :data:`RULES` and :data:`TIERS`.
    max_reps, max_tasks, max_rules, max_tiers
        Most of each; the number of plans bounds the seats besides.
    """
    if equal_efforts:
        roles = groups = timed = slack = False
    rules = (COUNTED_RULES if equal_efforts else RULES) if rules is None else rules
    tiers = (COUNTED_TIERS if equal_efforts else TIERS) if tiers is None else tiers
    often_fair = [*tiers, *(["fairness"] * 2 if "fairness" in tiers else [])]
    clock = draw(often(st.sampled_from(list(STARTS)))) if timed else None
    base = draw(st.sampled_from(STARTS[clock])) if clock else None

    rep_ids = ["ana", "bo", "cy", "di", "eve"][: draw(upto(max_reps, 1))]
    some_reps = [draw(reps(name, clock, base, equal_efforts)) for name in rep_ids]
    seats = 0
    while (len(rep_ids) + 1) ** (seats + 1) <= MOST_PLANS:
        seats += 1
    effort = draw(st.sampled_from([1.0, 2.0, 0.5, 1.25]))
    some_tasks: list[ao.Task] = []
    for name in [f"t{i}" for i in range(draw(upto(max_tasks)))]:
        if seats == 0:
            break
        with_roles = roles and draw(st.integers(0, 3)) == 3
        some_roles = draw(roles_of(seats - 1)) if with_roles else []
        seats -= 1 + len(some_roles)
        start, end = draw(often(times(clock, base), (None, None))) if clock else (None, None)
        some_tasks.append(
            ao.Task(
                name,
                effort=effort if equal_efforts else draw(efforts),
                value=draw(worths),
                priority=draw(worths),
                requires=draw(seldom(few(SKILLS, levels), {})),
                prefers=draw(few(SKILLS, worths)),
                customer_type=draw(often(st.sampled_from([*TYPES, "other"]))),
                tags=draw(few(("region", "tier"), st.sampled_from(REGIONS))),
                group=draw(often(st.sampled_from(["g1", "g2"]))) if groups else None,
                owner=draw(often(st.sampled_from(rep_ids))),
                burden=draw(often(worths, 0.0)),
                start=start,
                end=end,
                roles=some_roles,
            )
        )
    return ao.Problem(
        some_reps,
        some_tasks,
        pairs=draw(seldom(pair_tables(some_reps, some_tasks, equal_efforts))),
        preferences=draw(often(preference_rows(some_reps, some_tasks))),
        rules=draw(rule_lists(some_reps, some_tasks, rules, max_rules, equal_efforts)),
        objective=[
            draw(one_tier(draw(st.sampled_from(often_fair)), equal_efforts, slack))
            for _ in range(draw(upto(max_tiers, 1)))
        ],
        history=draw(often(histories(some_reps))),
    )


@st.composite
def pair_tables(
    draw: st.DrawFn, some_reps: list[ao.Rep], some_tasks: list[ao.Task], equal: bool
) -> list[dict[str, Any]] | None:
    """Draw a pairs table that lists most pairs, with any of the columns it may have."""
    columns = {"fit": shares, "value": worths} | ({} if equal else {"effort": efforts})
    given = {name: how for name, how in columns.items() if draw(st.booleans())}
    rows = [
        {"rep_id": rep.id, "task_id": task.id, **{n: draw(how) for n, how in given.items()}}
        for rep in some_reps
        for task in some_tasks
        if draw(st.integers(0, 9)) < 9
    ]
    return draw(st.permutations(rows)) or None


@st.composite
def preference_rows(
    draw: st.DrawFn, some_reps: list[ao.Rep], some_tasks: list[ao.Task]
) -> list[dict[str, Any]] | None:
    """Draw bids, reluctance and endorsements (by a rep or by somebody from outside)."""
    if not some_tasks:
        return None
    names = [rep.id for rep in some_reps]
    row = st.fixed_dictionaries(
        {
            "rep_id": st.sampled_from(names),
            "task_id": st.sampled_from([task.id for task in some_tasks]),
            "weight": st.sampled_from([1.0, 0.5, -1.0, 2.0, -0.25]),
            "by": often(st.sampled_from([*names, "boss"])),
        }
    )
    said = draw(st.lists(row, min_size=1, max_size=5))
    own = {(r["rep_id"], r["task_id"], _giver(r)): r for r in said}
    return list(own.values())


def _giver(row: dict[str, Any]) -> str | None:
    return None if row["by"] == row["rep_id"] else row["by"]


@st.composite
def histories(draw: st.DrawFn, some_reps: list[ao.Rep]) -> list[dict[str, Any]] | None:
    columns = [name for name in QUANTITIES if name == "load" or draw(st.booleans())]
    keys = st.tuples(st.sampled_from([rep.id for rep in some_reps]), st.sampled_from(["q1", "q2"]))
    rows = [
        {
            "rep_id": rep,
            "period": period,
            "present": draw(st.sampled_from([1.0, 1.0, 0.5, 0.0])),
            **{name: draw(worths) for name in columns},
        }
        for rep, period in draw(st.lists(keys, max_size=3, unique=True))
    ]
    return rows or None


@st.composite
def selectors(draw: st.DrawFn, records: list[Any], field: str) -> Any:
    """Draw an id, a list of ids, or a mapping on a tag or a field that is there."""
    ids = [record.id for record in records]
    tags = sorted({key for record in records for key in record.tags})
    wanted = often(st.just(list(REGIONS)), "emea")
    ways = [st.sampled_from(ids), st.lists(st.sampled_from(ids), max_size=3, unique=True)]
    ways += [st.just({field: getattr(records[0], field)})]
    ways += [st.just({"id": ids[0], field: [getattr(records[0], field), 7.0]})]
    many = "skills" if isinstance(records[0], ao.Rep) else "requires"
    ways += [st.sampled_from(SKILLS).map(lambda name: {many: name})]
    if tags:
        ways += [st.tuples(st.sampled_from(tags), wanted).map(lambda one: dict([one]))]
    return draw(st.one_of(ways))


@st.composite
def rule_lists(
    draw: st.DrawFn,
    some_reps: list[ao.Rep],
    some_tasks: list[ao.Task],
    kinds: Sequence[str],
    most: int,
    equal: bool,
) -> list[Any]:
    """Draw rules of these kinds, without two pins that contradict each other."""
    found: dict[Any, Any] = {}
    for _ in range(draw(st.integers(0, most)) if kinds else 0):
        rule = draw(one_rule(draw(st.sampled_from(kinds)), some_reps, some_tasks, equal))
        if isinstance(rule, ao.Pin):
            found.setdefault(("pin", rule.task), rule)
        elif rule is not None:
            found.setdefault(rule.id, rule)
    return list(found.values())


@st.composite
def one_rule(
    draw: st.DrawFn, kind: str, some_reps: list[ao.Rep], some_tasks: list[ao.Task], equal: bool
) -> Any:
    """Draw a rule of this kind; None where it needs tasks and there are none."""
    rep = draw(often(selectors(some_reps, "efficiency")))
    task = draw(often(selectors(some_tasks, "priority"))) if some_tasks else None
    if kind in ("pin", "together", "apart") and not some_tasks:
        return None
    ids = [one.id for one in some_tasks]
    match kind:
        case "pin":
            pinned = draw(st.sampled_from(some_tasks))
            role = draw(st.sampled_from(["owner", *(r.name for r in pinned.roles)]))
            return ao.Pin(pinned.id, draw(st.sampled_from(some_reps)).id, role=role)
        case "forbid":
            return ao.Forbid(task=task, rep=some_reps[0].id if task is rep is None else rep)
        case "allow":
            return ao.Allow(task=task, rep=rep)
        case "together":
            return ao.Together(draw(st.lists(st.sampled_from(ids), max_size=4, unique=True)))
        case "apart":
            return ao.Apart(draw(st.lists(st.sampled_from(ids), max_size=4, unique=True)))
        case "min_fit":
            return ao.MinFit(draw(shares))
        case "cover_all":
            return ao.CoverAll(task)
        case "min_tasks" | "max_tasks":
            bound = ao.MinTasks if kind == "min_tasks" else ao.MaxTasks
            n = draw(st.sampled_from([1, 0, 2, 3] if kind == "max_tasks" else [1, 0, 2]))
            if equal:
                return bound(n, rep=rep)
            in_seconds = any(isinstance(t.start, float | int) for t in some_tasks)
            periods = ["day", "week"] if in_seconds else ["day", "week", "month"]
            return bound(n, rep=rep, task=task, per=draw(often(st.sampled_from(periods))))
        case "min_load":
            return ao.MinLoad(draw(st.sampled_from([1.0, 0.5, 2.0, 0.0])), rep=rep)
        case "max_load":
            return ao.MaxLoad(draw(limits), rep=rep)
        case "max_load_gap":
            return ao.MaxLoadGap(draw(limits))
        case "max_moves":
            return ao.MaxMoves(draw(st.integers(0, 2)))
    raise AssertionError(kind)


@st.composite
def one_tier(
    draw: st.DrawFn,
    kind: str,
    equal: bool = False,
    slack: bool = False,
    without: Sequence[str] = (),
) -> Any:
    """Draw a tier of this kind; of fairness, none of these notions."""
    without = [*without, *(["range", "gini"] if equal else [])]
    loose = {}
    if slack and draw(st.booleans()):
        given = st.sampled_from([("slack", 0.1), ("enough", 2.0), ("enough", 0.5), ("enough", 7.0)])
        loose = dict([draw(given)])
    plain = {
        "coverage": ao.Coverage,
        "value": ao.Value,
        "fit": ao.Fit,
        "preference": ao.Preference,
        "reps_used": ao.RepsUsed,
    }
    if kind in plain:
        return plain[kind](**loose)
    if kind == "moves":
        return ao.Moves(draw(st.sampled_from([None, None, "burden", "priority"])), **loose)
    if kind == "fairness":
        return ao.Fairness(
            draw(st.sampled_from([n for n in NOTIONS if n not in without])),
            of=draw(st.sampled_from(QUANTITIES[:2] if equal else QUANTITIES)),
            per=draw(st.sampled_from(["weight", "nothing"])),
            idle="count" if equal else draw(st.sampled_from(["count", "ignore"])),
            decay=draw(st.sampled_from([1.0, 1.0, 0.5])),
            **loose,
        )
    parts = draw(st.lists(st.sampled_from([k for k in TIERS if k != "weighted"]), min_size=1))
    terms = {
        draw(one_tier(part, without=ORDERS)): draw(st.sampled_from([1.0, 5.0, 0.5]))
        for part in parts[:3]
    }
    return ao.Weighted(terms, **loose)


@st.composite
def plans(draw: st.DrawFn, problem: ao.Problem) -> dict[tuple[str, str], str | None]:
    """Draw who holds each seat: anybody or nobody, whether that is allowed or not."""
    seats = [(t.id, role) for t in problem.tasks.values() for role in _role_names(t)]
    names = [None, *problem.reps]
    return {seat: draw(st.sampled_from(names)) for seat in seats}


def _role_names(task: ao.Task) -> list[str]:
    return ["owner", *(role.name for role in task.roles)]
