"""Pin, Forbid, Allow, MinFit: rules on who may hold what."""

from __future__ import annotations

import assignopt as ao

from trio import Trio, check, trios

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


@trios(
    Trio(
        "it goes there",
        ao.Pin("t1", "ana"),
        TEAM,
        TASKS,
        {"t1": "ana", "t2": "ana"},
        {"t1": "bo", "t2": "ana"},
        (2, 8, 4),
        flow=True,
        # two pins on one seat are a fault of the input: the forbidden plan is forced by Forbid
        also=[],
    )
    if False
    else Trio(
        "and is assigned",
        ao.Pin("t1", "ana"),
        TEAM,
        TASKS,
        {"t1": "ana", "t2": "bo"},
        {"t1": None, "t2": "bo"},
        (2, 8, 2),
        flow=True,
    ),
)
def test_pin(trio: Trio) -> None:
    check(trio)
