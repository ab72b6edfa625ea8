"""Fit from history, and what it is worth: finished tasks in, rates with their uncertainty out.

:func:`from_history` learns; :func:`backtest` and :func:`claimed` hold what a plan claims against
outcomes that nothing was learned from; :func:`off_policy` values a policy on a log with
propensities. Needs scipy and statsmodels: ``pip install 'assignopt[fit]'``; they are looked for
when one of these is first used.
"""

import importlib as _importlib
import typing as _typing

from .needs import need as _need

if _typing.TYPE_CHECKING:
    from .backtesting import backtest
    from .claiming import claimed
    from .claims import Claim
    from .differing import Test, Tests
    from .estimates import FitEstimate
    from .holding import Holdout
    from .learning import from_history
    from .offpolicy import off_policy
    from .policy_values import OffPolicy

_HOME = {
    "Claim": "claims",
    "FitEstimate": "estimates",
    "Holdout": "holding",
    "OffPolicy": "policy_values",
    "Test": "differing",
    "Tests": "differing",
    "backtest": "backtesting",
    "claimed": "claiming",
    "from_history": "learning",
    "off_policy": "offpolicy",
}


def _load(name: str) -> _typing.Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    _need("scipy", "statsmodels")
    value = getattr(_importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


if not _typing.TYPE_CHECKING:  # so that type checkers know the names, and only those
    __getattr__ = _load


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Claim",
    "FitEstimate",
    "Holdout",
    "OffPolicy",
    "Test",
    "Tests",
    "backtest",
    "claimed",
    "from_history",
    "off_policy",
]
