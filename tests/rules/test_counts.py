"""MinTasks, MaxTasks, MaxMoves: rules that count."""

from __future__ import annotations

from datetime import datetime

from trio import Trio, check, trios

import assignopt as ao

TEAM = [ao.Rep("ana", tags={"team": "north"}), ao.Rep("bo", tags={"team": "south"})]
GONE = ao.Rep("gone", active=False)
T1, T2, T3 = (ao.Task(f"t{i}", effort=2, value=i, tags={"odd": i % 2 == 1}) for i in (1, 2, 3))
TASKS = [T1, T2, T3]
CALL = ao.Task("c", effort=2, value=10, roles=[ao.Role("engineer", effort=1, credit=0.3)])
OWNER, ENGINEER = ("c", "owner"), ("c", "engineer")


def meeting(name: str, month: int, day: int, hour: int) -> ao.Task:
    """Make a task of one hour, early in 2026."""
    start, end = (datetime(2026, month, day, hour + h) for h in (0, 1))
    return ao.Task(name, effort=1, value=1, start=start, end=end)


MONDAY, LATER, TUESDAY = meeting("m", 3, 2, 9), meeting("n", 3, 2, 14), meeting("o", 3, 3, 9)
SUNDAY = meeting("s", 3, 1, 9)


@trios(
    Trio(
        name="each rep",
        rule=ao.MinTasks(1),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "bo", "t3": "ana"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "ana"},
        values=(3, 6, 4),
        flow=True,
    ),
    Trio(
        name="the reps selected",
        rule=ao.MinTasks(2, rep={"team": "south"}),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": None, "t2": "bo", "t3": "bo"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "bo"},
        values=(2, 5, 4),
        flow=True,
    ),
    Trio(
        name="nothing is asked of who is not active",
        rule=ao.MinTasks(1),
        reps=[*TEAM, GONE],
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "bo", "t3": None},
        forbidden={"t1": None, "t2": None, "t3": "bo"},
        values=(2, 3, 2),
        flow=True,
    ),
    Trio(
        name="the tasks selected",
        rule=ao.MinTasks(2, rep="ana", task={"odd": True}),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "bo", "t3": "ana"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "bo"},
        values=(3, 6, 4),
    ),
    Trio(
        name="in each day that has one of the tasks",
        rule=ao.MinTasks(1, rep="ana", per="day"),
        reps=TEAM,
        tasks=[MONDAY, LATER, TUESDAY, T1],
        allowed={"m": "bo", "n": "ana", "o": "ana", "t1": "bo"},
        forbidden={"m": "ana", "n": "ana", "o": "bo", "t1": "ana"},
        values=(4, 4, 3),
    ),
    Trio(
        name="any role counts",
        rule=ao.MinTasks(1, rep="bo"),
        reps=TEAM,
        tasks=[CALL, T1],
        allowed={OWNER: "ana", ENGINEER: "bo", "t1": "ana"},
        forbidden={OWNER: "ana", ENGINEER: None, "t1": "ana"},
        forbidden_by=[ao.Forbid(rep="bo")],
        values=(2, 11, 4),
    ),
)
def test_min_tasks(trio: Trio) -> None:
    check(trio)


@trios(
    Trio(
        name="each rep",
        rule=ao.MaxTasks(2),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "bo", "t3": "ana"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "ana"},
        values=(3, 6, 4),
        flow=True,
    ),
    Trio(
        name="none at all",
        rule=ao.MaxTasks(0, rep=["ana"]),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "bo", "t2": "bo", "t3": "bo"},
        forbidden={"t1": "bo", "t2": "bo", "t3": "ana"},
        values=(3, 6, 6),
        flow=True,
    ),
    Trio(
        name="the tasks selected",
        rule=ao.MaxTasks(1, task=["t1", "t2"]),
        reps=TEAM,
        tasks=TASKS,
        allowed={"t1": "ana", "t2": "bo", "t3": "ana"},
        forbidden={"t1": "ana", "t2": "ana", "t3": "bo"},
        values=(3, 6, 4),
    ),
    Trio(
        name="a day; tasks without a time are in none",
        rule=ao.MaxTasks(1, per="day"),
        reps=TEAM,
        tasks=[MONDAY, LATER, TUESDAY, T1],
        allowed={"m": "ana", "n": "bo", "o": "ana", "t1": "ana"},
        forbidden={"m": "ana", "n": "ana", "o": "bo", "t1": "bo"},
        values=(4, 4, 4),
    ),
    Trio(
        name="a week, which begins on Monday",
        rule=ao.MaxTasks(1, rep="ana", per="week"),
        reps=TEAM,
        tasks=[SUNDAY, MONDAY, TUESDAY],
        allowed={"s": "ana", "m": "ana", "o": "bo"},
        forbidden={"s": "bo", "m": "ana", "o": "ana"},
        values=(3, 3, 2),
    ),
    Trio(
        name="a month",
        rule=ao.MaxTasks(1, rep="ana", per="month"),
        reps=TEAM,
        tasks=[meeting("f", 2, 28, 9), SUNDAY, MONDAY],
        allowed={"f": "ana", "s": "ana", "m": "bo"},
        forbidden={"f": "bo", "s": "ana", "m": "ana"},
        values=(3, 3, 2),
    ),
    Trio(
        name="any role counts",
        rule=ao.MaxTasks(1),
        reps=TEAM,
        tasks=[CALL, T1],
        allowed={OWNER: "ana", ENGINEER: "bo", "t1": None},
        forbidden={OWNER: "ana", ENGINEER: "bo", "t1": "bo"},
        values=(1, 10, 2),
    ),
)
def test_max_tasks(trio: Trio) -> None:
    check(trio)


def owned(name: str, owner: str) -> ao.Task:
    """Make a task that somebody has."""
    return ao.Task(name, effort=2, value=1, owner=owner)


@trios(
    Trio(
        name="one task to another owner",
        rule=ao.MaxMoves(1),
        reps=TEAM,
        tasks=[owned("x", "ana"), owned("y", "ana"), owned("z", "bo")],
        allowed={"x": "bo", "y": "ana", "z": "bo"},
        forbidden={"x": "bo", "y": "bo", "z": "bo"},
        # a pin would make the move one that has to be, and those do not count
        allowed_by=[
            ao.MinTasks(1, rep="bo", task="x"),
            ao.MinTasks(1, rep="ana", task="y"),
            ao.MinTasks(1, rep="bo", task="z"),
        ],
        forbidden_by=[ao.MinTasks(3, rep="bo")],
        values=(3, 3, 4),
    ),
    Trio(
        name="leaving a task open is a move",
        rule=ao.MaxMoves(0),
        reps=TEAM,
        tasks=[owned("x", "ana"), T1],
        allowed={"x": "ana", "t1": "bo"},
        forbidden={"x": None, "t1": "bo"},
        allowed_by=[ao.Pin("t1", "bo")],
        forbidden_by=[ao.MaxTasks(0, rep="ana"), ao.MaxTasks(1, rep="bo"), ao.Pin("t1", "bo")],
        values=(2, 2, 2),
    ),
    Trio(
        name="work of who is gone, or may not keep it, has to move and does not count",
        rule=ao.MaxMoves(0),
        reps=[*TEAM, GONE],
        tasks=[owned("x", "gone"), owned("y", "ana"), owned("z", "bo")],
        also=[ao.Forbid(task="y", rep="ana")],
        allowed={"x": "ana", "y": "bo", "z": "bo"},
        forbidden={"x": "ana", "y": "bo", "z": "ana"},
        allowed_by=[ao.Pin("x", "ana"), ao.Pin("y", "bo")],
        forbidden_by=[ao.MaxTasks(1, rep="bo"), ao.Pin("y", "bo"), ao.Pin("x", "ana")],
        values=(3, 3, 4),
    ),
)
def test_max_moves(trio: Trio) -> None:
    check(trio)
