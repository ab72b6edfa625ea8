"""Decide who takes which work: exact, audited, explained.

>>> import assignopt as ao
>>> problem = ao.Problem([ao.Rep("ana", capacity=8)], [ao.Task("acme", effort=3)])

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

import importlib as _importlib
import typing as _typing

from ._version import __version__

if _typing.TYPE_CHECKING:
    from . import datasets, metrics, plot
    from .check import Audit, audit
    from .comparing import Diff, compare, diff
    from .diagnosing import Certificate, Diagnosis, diagnose
    from .errors import AssignoptError, EngineError, NoSolutionError
    from .explaining import (
        Answer,
        Explanation,
        WhyNot,
        explain,
        marginal_values,
        recommend,
        suggest,
        why_not,
    )
    from .frontiers import Frontier, frontier
    from .objectives import Coverage, Fairness, Fit, Moves, Preference, RepsUsed, Value, Weighted
    from .picking import Picks, pick
    from .plan import Plan, Reason, Status
    from .problem import Problem
    from .progress import Snapshot
    from .records import Rep, Role, Task
    from .report import Attribution, LoadReport, load_report
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
    from .solving import solve

_HOME = {
    "Allow": "rules",
    "Answer": "explaining",
    "Apart": "rules",
    "AssignoptError": "errors",
    "Attribution": "report",
    "Audit": "check",
    "Certificate": "diagnosing",
    "CoverAll": "rules",
    "Coverage": "objectives",
    "Diagnosis": "diagnosing",
    "Diff": "comparing",
    "EngineError": "errors",
    "Explanation": "explaining",
    "Fairness": "objectives",
    "Fit": "objectives",
    "Forbid": "rules",
    "Frontier": "frontiers",
    "LoadReport": "report",
    "MaxLoad": "rules",
    "MaxLoadGap": "rules",
    "MaxMoves": "rules",
    "MaxTasks": "rules",
    "MinFit": "rules",
    "MinLoad": "rules",
    "MinTasks": "rules",
    "Moves": "objectives",
    "NoSolutionError": "errors",
    "Picks": "picking",
    "Pin": "rules",
    "Plan": "plan",
    "Preference": "objectives",
    "Problem": "problem",
    "Reason": "plan",
    "Rep": "records",
    "RepsUsed": "objectives",
    "Role": "records",
    "Snapshot": "progress",
    "Status": "plan",
    "Task": "records",
    "Together": "rules",
    "Value": "objectives",
    "Weighted": "objectives",
    "WhyNot": "explaining",
    "audit": "check",
    "compare": "comparing",
    "diagnose": "diagnosing",
    "diff": "comparing",
    "explain": "explaining",
    "frontier": "frontiers",
    "load_report": "report",
    "marginal_values": "explaining",
    "pick": "picking",
    "recommend": "explaining",
    "solve": "solving",
    "suggest": "explaining",
    "why_not": "explaining",
}
"""The module that each public name comes from."""


def _load(name: str) -> _typing.Any:
    if name in ("datasets", "metrics", "plot"):
        return _importlib.import_module(f".{name}", __name__)
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


if not _typing.TYPE_CHECKING:  # so that type checkers know the names, and only those
    __getattr__ = _load


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Allow",
    "Answer",
    "Apart",
    "AssignoptError",
    "Attribution",
    "Audit",
    "Certificate",
    "CoverAll",
    "Coverage",
    "Diagnosis",
    "Diff",
    "EngineError",
    "Explanation",
    "Fairness",
    "Fit",
    "Forbid",
    "Frontier",
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
    "Picks",
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
    "WhyNot",
    "__version__",
    "audit",
    "compare",
    "datasets",
    "diagnose",
    "diff",
    "explain",
    "frontier",
    "load_report",
    "marginal_values",
    "metrics",
    "pick",
    "plot",
    "recommend",
    "solve",
    "suggest",
    "why_not",
]
