"""Fit from history, and what it is worth: finished tasks in, rates with their uncertainty out.

:func:`from_history` learns; :func:`backtest` and :func:`claimed` hold what a plan claims against
outcomes that nothing was learned from; :func:`off_policy` values a policy on a log with
propensities. Needs scipy and statsmodels: ``pip install 'assignopt[fit]'``.
"""

from .needs import need

need("scipy", "statsmodels")

from .backtesting import backtest  # noqa: E402
from .claiming import claimed  # noqa: E402
from .claims import Claim  # noqa: E402
from .differing import Test, Tests  # noqa: E402
from .estimates import FitEstimate  # noqa: E402
from .holding import Holdout  # noqa: E402
from .learning import from_history  # noqa: E402
from .offpolicy import off_policy  # noqa: E402
from .policy_values import OffPolicy  # noqa: E402

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
