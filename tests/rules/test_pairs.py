"""Pin, Forbid, Allow, MinFit: rules on who may hold what."""

from __future__ import annotations

from trio import Trio, check, trios

import assignopt as ao

ANA = ao.Rep("ana", tags={"region": "emea"}, fit={"smb": 0.9, "large": 0.5})
BO = ao.Rep("bo", tags={"region": "apac"}, fit={"smb": 0.4})
CY = ao.Rep("cy", tags={"region": "emea"})
TEAM = [ANA, BO, CY]
T1 = ao.Task("t1", effort=2, value=3, tags={"region": "emea"})
T2 = ao.Task("t2", effort=2, value=5, tags={"region": "apac"})
TASKS = [T1, T2]
SMB = ao.Task("s", effort=2, value=10, customer_type="smb")
LARGE = ao.Task("l", effort=2, value=10, customer_type="large")
CALL = ao.Task("c", effort=2, value=10, roles=[ao.Role("engineer", effort=1, credit=0.3)])
OWNER, ENGINEER = ("c", "owner"), ("c", "engineer")


@trios(
    Trio(
        name="to this rep and to nobody else",
        rule=ao.Pin("t1", "ana"),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "ana"},
        forbidden={"t1": "bo", "t2": "ana"},
        # two pins of one seat are a fault of the input already
        forbidden_by=[ao.Forbid(task="t1", rep="ana"), ao.Pin("t2", "ana")],
        values=(2, 8, 4),
        flow=True,
    ),
    Trio(
        name="a pinned task is assigned",
        rule=ao.Pin("t1", "ana"),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "bo"},
        forbidden={"t1": None, "t2": "bo"},
        values=(2, 8, 2),
        flow=True,
    ),
    Trio(
        name="in the role named, the owner being free",
        rule=ao.Pin("c", "bo", "engineer"),
        reps=TEAM,
        tasks=[CALL],
        allowed={OWNER: "ana", ENGINEER: "bo"},
        forbidden={OWNER: "ana", ENGINEER: "cy"},
        forbidden_by=[ao.Pin("c", "ana"), ao.Forbid(task="c", rep="bo")],
        values=(1, 10, 2),
    ),
)
def test_pin(trio: Trio) -> None:
    check(trio)


@trios(
    Trio(
        name="one rep and one task",
        rule=ao.Forbid(task="t1", rep="ana"),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "bo", "t2": "ana"},
        forbidden={"t1": "ana", "t2": "ana"},
        values=(2, 8, 2),
        flow=True,
    ),
    Trio(
        name="every rep of a region, all tasks",
        rule=ao.Forbid(rep={"region": "emea"}),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "bo", "t2": "bo"},
        forbidden={"t1": "bo", "t2": "cy"},
        values=(2, 8, 4),
        flow=True,
    ),
    Trio(
        name="a task for everybody, which leaves it open",
        rule=ao.Forbid(task=["t2"]),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "ana", "t2": None},
        forbidden={"t1": "ana", "t2": "bo"},
        values=(1, 3, 2),
        flow=True,
    ),
    Trio(
        name="in any role",
        rule=ao.Forbid(task="c", rep="cy"),
        reps=TEAM,
        tasks=[CALL],
        allowed={OWNER: "ana", ENGINEER: "bo"},
        forbidden={OWNER: "ana", ENGINEER: "cy"},
        values=(1, 10, 2),
    ),
)
def test_forbid(trio: Trio) -> None:
    check(trio)


@trios(
    Trio(
        name="a territory; its reps may hold other tasks as well",
        rule=ao.Allow(task={"region": "emea"}, rep={"region": "emea"}),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "cy", "t2": "cy"},
        forbidden={"t1": "bo", "t2": "cy"},
        values=(2, 8, 4),
        flow=True,
    ),
    Trio(
        name="of several all hold",
        rule=ao.Allow(task="t1", rep=["bo", "cy"]),
        also=[ao.Allow(task="t1", rep={"region": "emea"})],
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "cy", "t2": "bo"},
        forbidden={"t1": "ana", "t2": "bo"},
        values=(2, 8, 2),
        flow=True,
    ),
    Trio(
        name="an open task breaks nothing",
        rule=ao.Allow(task="t2", rep="ana"),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "bo", "t2": None},
        forbidden={"t1": None, "t2": "bo"},
        values=(1, 3, 2),
        flow=True,
    ),
    Trio(
        name="in any role",
        rule=ao.Allow(task="c", rep=["ana", "bo"]),
        reps=TEAM,
        tasks=[CALL],
        allowed={OWNER: "bo", ENGINEER: "ana"},
        forbidden={OWNER: "bo", ENGINEER: "cy"},
        values=(1, 10, 2),
    ),
)
def test_allow(trio: Trio) -> None:
    check(trio)


@trios(
    Trio(
        name="the least fit itself is enough",
        rule=ao.MinFit(0.5),
        reps=TEAM,
        tasks=[SMB, LARGE],
        allowed={"s": "ana", "l": "ana"},
        forbidden={"s": "bo", "l": "ana"},
        values=(2, 14, 4),
        flow=True,
    ),
    Trio(
        name="who states some fits has 0 for the types left out, who states none fits all with 1",
        rule=ao.MinFit(0.1),
        reps=TEAM,
        tasks=[SMB, LARGE],
        allowed={"s": "bo", "l": "cy"},
        forbidden={"s": "cy", "l": "bo"},
        values=(2, 14, 2),
        flow=True,
    ),
    Trio(
        name="a fit of the pairs table is what counts",
        rule=ao.MinFit(0.5),
        reps=TEAM,
        tasks=[SMB],
        pairs=[("ana", "s", 0.2), ("bo", "s", 0.8)],
        allowed={"s": "bo"},
        forbidden={"s": "ana"},
        values=(1, 8, 2),
        flow=True,
    ),
    Trio(
        name="in any role",
        rule=ao.MinFit(0.5),
        reps=TEAM,
        tasks=[ao.Task("c", effort=2, value=10, customer_type="smb", roles=[ao.Role("engineer")])],
        allowed={OWNER: "ana", ENGINEER: "cy"},
        forbidden={OWNER: "ana", ENGINEER: "bo"},
        values=(1, 9, 2),
    ),
)
def test_min_fit(trio: Trio) -> None:
    check(trio)
