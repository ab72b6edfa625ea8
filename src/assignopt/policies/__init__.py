"""Policies: every rule of thumb on the market, and ours, as small objects that choose a rep.

A policy looks at a task and at the state and says who takes it; whether that rep may is not its
business. :class:`~assignopt.policies.Policy` is the base for one's own.
"""

from .basic import LongestWait
from .optimal import Optimal
from .policy import Policy
from .prices import Prices
from .state import State
from .turning import Debt, Quota

__all__ = ["Debt", "LongestWait", "Optimal", "Policy", "Prices", "Quota", "State"]
