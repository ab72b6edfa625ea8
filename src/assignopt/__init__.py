"""Decide who takes which work: exact, audited, explained.

>>> import assignopt as ao
>>> problem = ao.Problem([ao.Rep("ana", capacity=8)], [ao.Task("acme", effort=3)])
"""

from . import metrics
from ._version import __version__
from .check import Audit, audit
from .errors import AssignoptError, EngineError, NoSolutionError
from .objectives import Coverage, Fairness, Fit, Moves, Preference, RepsUsed, Value, Weighted
from .plan import Plan, Reason, Status
from .problem import Problem
from .progress import Snapshot
from .records import Rep, Role, Task
from .report import LoadReport, load_report
from .rules import (
    Allow,
    Apart,
    CoverAll,
    Forbid,
    MaxLoad,
    MaxLoadGap,
    MaxMoves,
    MaxTasks,
    MinFit,
    MinLoad,
    MinTasks,
    Pin,
    Together,
)
from .solve import solve

__all__ = [
    "Allow",
    "Apart",
    "AssignoptError",
    "Audit",
    "CoverAll",
    "Coverage",
    "EngineError",
    "Fairness",
    "Fit",
    "Forbid",
    "LoadReport",
    "MaxLoad",
    "MaxLoadGap",
    "MaxMoves",
    "MaxTasks",
    "MinFit",
    "MinLoad",
    "MinTasks",
    "Moves",
    "NoSolutionError",
    "Pin",
    "Plan",
    "Preference",
    "Problem",
    "Reason",
    "Rep",
    "RepsUsed",
    "Role",
    "Snapshot",
    "Status",
    "Task",
    "Together",
    "Value",
    "Weighted",
    "__version__",
    "audit",
    "load_report",
    "metrics",
    "solve",
]
