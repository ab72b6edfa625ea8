"""MinLoad, MaxLoad, MaxLoadGap: rules on sums of effort."""

from __future__ import annotations

from trio import Trio, check, trios

import assignopt as ao

TEAM = [ao.Rep("ana", tags={"team": "north"}), ao.Rep("bo", tags={"team": "south"})]
BUSY = ao.Rep("busy", carried_load=5)
FAST = ao.Rep("fast", efficiency=2)
GONE = ao.Rep("gone", active=False, carried_load=50)
T1, T2, T3 = (ao.Task(f"t{i}", effort=2, value=i) for i in (1, 2, 3))
TASKS = [T1, T2, T3]
SMALL, LARGE, FREE = ao.Task("s", effort=0.1), ao.Task("l", effort=0.2), ao.Task("f", effort=0)


@trios(
    Trio(
        name="each rep, met exactly",
        rule=ao.MinLoad(2),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "bo", "t3": "ana"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "ana"},
        values=(3, 6, 4),
        flow=True,
    ),
    Trio(
        name="what is carried counts, and nothing is asked of who is not active",
        rule=ao.MinLoad(5),
        reps=[BUSY, GONE, ao.Rep("ana")],
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "ana", "t3": "ana"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "busy"},
        values=(3, 6, 6),
        flow=True,
    ),
    Trio(
        name="a sum of decimals meets its limit",
        rule=ao.MinLoad(0.3, rep={"team": "north"}),
        reps=TEAM,
        tasks=[SMALL, LARGE],
        allowed={"s": "ana", "l": "ana"},
        forbidden={"s": "bo", "l": "ana"},
        values=(2, 2, 0.3),
    ),
)
def test_min_load(trio: Trio) -> None:
    check(trio)


@trios(
    Trio(
        name="each rep, met exactly",
        rule=ao.MaxLoad(4),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "bo", "t3": "ana"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "ana"},
        values=(3, 6, 4),
        flow=True,
    ),
    Trio(
        name="what is carried counts",
        rule=ao.MaxLoad(7, rep="busy"),
        reps=[BUSY, ao.Rep("ana")],
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "ana", "t3": "busy"},
        forbidden={"t1": "ana", "t2": "busy", "t3": "busy"},
        values=(3, 6, 7),
        flow=True,
    ),
    Trio(
        name="who carries more already takes only what costs nothing",
        rule=ao.MaxLoad(4),
        reps=[BUSY, ao.Rep("ana")],
        tasks=[T1, FREE],
        allowed={"t1": "ana", "f": "busy"},
        forbidden={"t1": "busy", "f": "ana"},
        values=(2, 2, 5),
    ),
    Trio(
        name="effort is divided by efficiency",
        rule=ao.MaxLoad(2),
        reps=[FAST, ao.Rep("ana")],
        tasks=TASKS,
        allowed={"t1": "fast", "t2": "fast", "t3": "ana"},
        forbidden={"t1": "fast", "t2": "ana", "t3": "ana"},
        values=(3, 6, 2),
        flow=True,
    ),
    Trio(
        name="a sum of decimals meets its limit",
        rule=ao.MaxLoad(0.3),
        reps=TEAM,
        tasks=[SMALL, LARGE, ao.Task("m", effort=0.2)],
        allowed={"s": "ana", "l": "ana", "m": "bo"},
        forbidden={"s": "bo", "l": "ana", "m": "ana"},
        values=(3, 3, 0.3),
    ),
)
def test_max_load(trio: Trio) -> None:
    check(trio)


@trios(
    Trio(
        name="the largest gap itself is allowed",
        rule=ao.MaxLoadGap(2),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "bo", "t3": "ana"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "ana"},
        values=(3, 6, 4),
    ),
    Trio(
        name="idle reps count, what is carried counts, who is not active does not",
        rule=ao.MaxLoadGap(1),
        reps=[BUSY, GONE, ao.Rep("ana")],
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "ana", "t3": "ana"},
        forbidden={"t1": "ana", "t2": None, "t3": None},
        values=(3, 6, 6),
    ),
    Trio(
        name="loads with decimals are equal where their sums are",
        rule=ao.MaxLoadGap(0),
        reps=TEAM,
        tasks=[SMALL, LARGE, ao.Task("m", effort=0.3)],
        allowed={"s": "ana", "l": "ana", "m": "bo"},
        forbidden={"s": "ana", "l": "bo", "m": "bo"},
        values=(3, 3, 0.3),
    ),
)
def test_max_load_gap(trio: Trio) -> None:
    check(trio)
