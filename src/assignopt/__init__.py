"""Decide who takes which work: exact, audited, explained.

>>> import assignopt as ao
>>> problem = ao.Problem([ao.Rep("ana", capacity=8)], [ao.Task("acme", effort=3)])

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

import importlib as _importlib
import typing as _typing

from ._version import __version__

if _typing.TYPE_CHECKING:
    from . import datasets, fit, metrics, plot, policies, streams
    from .check import Audit, audit
    from .comparing import Diff, compare, diff
    from .diagnosing import Certificate, Diagnosis, diagnose
    from .errors import AssignoptError, EngineError, NoSolutionError, PolicyError
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
    from .ledger import Ledger
    from .objectives import Coverage, Fairness, Fit, Moves, Preference, RepsUsed, Value, Weighted
    from .picking import Picks, pick
    from .plan import Plan, Reason, Status
    from .problem import Problem
    from .progress import Snapshot
    from .rebalancing import (
        Disruption,
        MovesCertificate,
        Rebalanced,
        absences,
        delay,
        join,
        leave,
        new_tasks,
        rebalance,
        rebalance_frontier,
        target_change,
        transition,
        work_left,
    )
    from .records import Rep, Role, Task
    from .report import Attribution, LoadReport, load_report
    from .rotating import Rotation, Squad, rotate
    from .routing import Decision, Router
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
    from .simulating import Comparison, simulate
    from .solving import solve
    from .turns import Debt, Quota, offline_shares

_HOME = {
    "Allow": "rules",
    "Answer": "explaining",
    "Apart": "rules",
    "AssignoptError": "errors",
    "Attribution": "report",
    "Audit": "check",
    "Certificate": "diagnosing",
    "Comparison": "simulating",
    "CoverAll": "rules",
    "Coverage": "objectives",
    "Debt": "turns",
    "Decision": "routing",
    "Diagnosis": "diagnosing",
    "Diff": "comparing",
    "Disruption": "rebalancing",
    "EngineError": "errors",
    "Explanation": "explaining",
    "Fairness": "objectives",
    "Fit": "objectives",
    "Forbid": "rules",
    "Frontier": "frontiers",
    "Ledger": "ledger",
    "LoadReport": "report",
    "MaxLoad": "rules",
    "MaxLoadGap": "rules",
    "MaxMoves": "rules",
    "MaxTasks": "rules",
    "MinFit": "rules",
    "MinLoad": "rules",
    "MinTasks": "rules",
    "Moves": "objectives",
    "MovesCertificate": "rebalancing",
    "NoSolutionError": "errors",
    "Picks": "picking",
    "Pin": "rules",
    "Plan": "plan",
    "PolicyError": "errors",
    "Preference": "objectives",
    "Problem": "problem",
    "Quota": "turns",
    "Reason": "plan",
    "Rebalanced": "rebalancing",
    "Rep": "records",
    "RepsUsed": "objectives",
    "Role": "records",
    "Rotation": "rotating",
    "Router": "routing",
    "Snapshot": "progress",
    "Squad": "rotating",
    "Status": "plan",
    "Task": "records",
    "Together": "rules",
    "Value": "objectives",
    "Weighted": "objectives",
    "WhyNot": "explaining",
    "absences": "rebalancing",
    "audit": "check",
    "compare": "comparing",
    "delay": "rebalancing",
    "diagnose": "diagnosing",
    "diff": "comparing",
    "explain": "explaining",
    "frontier": "frontiers",
    "join": "rebalancing",
    "leave": "rebalancing",
    "load_report": "report",
    "marginal_values": "explaining",
    "new_tasks": "rebalancing",
    "offline_shares": "turns",
    "pick": "picking",
    "rebalance": "rebalancing",
    "rebalance_frontier": "rebalancing",
    "recommend": "explaining",
    "rotate": "rotating",
    "simulate": "simulating",
    "solve": "solving",
    "suggest": "explaining",
    "target_change": "rebalancing",
    "transition": "rebalancing",
    "why_not": "explaining",
    "work_left": "rebalancing",
}
"""The module that each public name comes from."""


def _load(name: str) -> _typing.Any:
    if name in ("datasets", "fit", "metrics", "plot", "policies", "streams"):
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
    "Comparison",
    "CoverAll",
    "Coverage",
    "Debt",
    "Decision",
    "Diagnosis",
    "Diff",
    "Disruption",
    "EngineError",
    "Explanation",
    "Fairness",
    "Fit",
    "Forbid",
    "Frontier",
    "Ledger",
    "LoadReport",
    "MaxLoad",
    "MaxLoadGap",
    "MaxMoves",
    "MaxTasks",
    "MinFit",
    "MinLoad",
    "MinTasks",
    "Moves",
    "MovesCertificate",
    "NoSolutionError",
    "Picks",
    "Pin",
    "Plan",
    "PolicyError",
    "Preference",
    "Problem",
    "Quota",
    "Reason",
    "Rebalanced",
    "Rep",
    "RepsUsed",
    "Role",
    "Rotation",
    "Router",
    "Snapshot",
    "Squad",
    "Status",
    "Task",
    "Together",
    "Value",
    "Weighted",
    "WhyNot",
    "__version__",
    "absences",
    "audit",
    "compare",
    "datasets",
    "delay",
    "diagnose",
    "diff",
    "explain",
    "fit",
    "frontier",
    "join",
    "leave",
    "load_report",
    "marginal_values",
    "metrics",
    "new_tasks",
    "offline_shares",
    "pick",
    "plot",
    "policies",
    "rebalance",
    "rebalance_frontier",
    "recommend",
    "rotate",
    "simulate",
    "solve",
    "streams",
    "suggest",
    "target_change",
    "transition",
    "why_not",
    "work_left",
]
