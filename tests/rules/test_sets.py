"""Together, Apart, CoverAll: rules on sets of tasks."""

from __future__ import annotations

from trio import Trio, check, trios

import assignopt as ao

TEAM = [ao.Rep("ana"), ao.Rep("bo"), ao.Rep("cy")]
T1, T2, T3 = (ao.Task(f"t{i}", effort=2, value=i, tags={"odd": i % 2 == 1}) for i in (1, 2, 3))
CALL = ao.Task("c", effort=2, value=10, roles=[ao.Role("engineer", effort=1, credit=0.3)])
OWNER, ENGINEER = ("c", "owner"), ("c", "engineer")


@trios(
    Trio(
        name="one owner, other tasks being free",
        rule=ao.Together(["t1", "t2"]),
        reps=TEAM,
        tasks=[T1, T2, T3],
        allowed={"t1": "ana", "t2": "ana", "t3": "bo"},
        forbidden={"t1": "ana", "t2": "bo", "t3": "bo"},
        values=(3, 6, 4),
    ),
    Trio(
        name="a task left open does not count",
        rule=ao.Together(["t1", "t2", "t3"]),
        reps=TEAM,
        tasks=[T1, T2, T3],
        allowed={"t1": "ana", "t2": None, "t3": "ana"},
        forbidden={"t1": "ana", "t2": None, "t3": "bo"},
        values=(2, 4, 4),
    ),
    Trio(
        name="only owners count",
        rule=ao.Together(["c", "t1"]),
        reps=TEAM,
        tasks=[CALL, T1],
        allowed={OWNER: "ana", ENGINEER: "bo", "t1": "ana"},
        forbidden={OWNER: "ana", ENGINEER: "bo", "t1": "bo"},
        values=(2, 11, 4),
    ),
)
def test_together(trio: Trio) -> None:
    check(trio)


@trios(
    Trio(
        name="two tasks, two reps",
        rule=ao.Apart(["t1", "t2"]),
        reps=TEAM,
        tasks=[T1, T2, T3],
        allowed={"t1": "ana", "t2": "bo", "t3": "ana"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "bo"},
        values=(3, 6, 4),
    ),
    Trio(
        name="of more tasks than reps some stay open",
        rule=ao.Apart(["t1", "t2", "t3"]),
        reps=TEAM[:2],
        tasks=[T1, T2, T3],
        allowed={"t1": None, "t2": "ana", "t3": "bo"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "bo"},
        values=(2, 5, 2),
    ),
    Trio(
        name="any role counts",
        rule=ao.Apart(["c", "t1"]),
        reps=TEAM,
        tasks=[CALL, T1],
        allowed={OWNER: "ana", ENGINEER: "bo", "t1": "cy"},
        forbidden={OWNER: "ana", ENGINEER: "bo", "t1": "bo"},
        values=(2, 11, 2),
    ),
)
def test_apart(trio: Trio) -> None:
    check(trio)


@trios(
    Trio(
        name="every task",
        rule=ao.CoverAll(),
        reps=TEAM,
        tasks=[T1, T2],
        allowed={"t1": "ana", "t2": "bo"},
        forbidden={"t1": "ana", "t2": None},
        values=(2, 3, 2),
        flow=True,
    ),
    Trio(
        name="only those selected",
        rule=ao.CoverAll({"odd": True}),
        reps=TEAM,
        tasks=[T1, T2],
        allowed={"t1": "ana", "t2": None},
        forbidden={"t1": None, "t2": "bo"},
        values=(1, 1, 2),
        flow=True,
    ),
    Trio(
        name="with all its roles",
        rule=ao.CoverAll("c"),
        reps=TEAM,
        tasks=[CALL],
        allowed={OWNER: "ana", ENGINEER: "bo"},
        forbidden={OWNER: "ana", ENGINEER: None},
        forbidden_by=[ao.Pin("c", "ana"), ao.Forbid(task="c", rep=["bo", "cy"])],
        values=(1, 10, 2),
    ),
)
def test_cover_all(trio: Trio) -> None:
    check(trio)
