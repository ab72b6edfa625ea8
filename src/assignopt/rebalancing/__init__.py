"""Changing a plan: as little as can be proved necessary, in an order that overloads nobody."""

from .certificates import MovesCertificate
from .disruptions import (
    Disruption,
    delay,
    join,
    leave,
    new_tasks,
    target_change,
    work_left,
)
from .missing import absences
from .replanning import rebalance
from .results import Rebalanced
from .tracing import rebalance_frontier
from .transitions import transition

__all__ = [
    "Disruption",
    "MovesCertificate",
    "Rebalanced",
    "absences",
    "delay",
    "join",
    "leave",
    "new_tasks",
    "rebalance",
    "rebalance_frontier",
    "target_change",
    "transition",
    "work_left",
]
