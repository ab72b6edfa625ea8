"""Policies: every rule of thumb on the market, and ours, as small objects that choose a rep.

A policy looks at a task and at the state and says who takes it; whether that rep may is not its
business. :class:`~assignopt.policies.Policy` is the base for one's own;
:func:`~assignopt.policies.catalogue` lists all with their rule and source.
"""

from .batches import BalanceThenTrim, SerialDictatorship, Waterfall
from .catalogue import catalogue
from .fits import FilterAndScore, GreedyFit, GreedyValue
from .levels import HoldOut, Level
from .loads import LeastLoaded, LeastOpen, MostAvailable
from .optimal import Optimal
from .order import BySeniority, LongestWait, Random
from .policy import Policy
from .pool import PoolAndClaim
from .prices import Prices
from .rotation import Modulo, RoundRobin, SharedBackup, WeightedRoundRobin
from .skills import SkillsFirst
from .state import State
from .teams import TeamLottery
from .turning import Debt, Quota
from .wrapping import FirstMatch, Sticky

__all__ = [
    "BalanceThenTrim",
    "BySeniority",
    "Debt",
    "FilterAndScore",
    "FirstMatch",
    "GreedyFit",
    "GreedyValue",
    "HoldOut",
    "LeastLoaded",
    "LeastOpen",
    "Level",
    "LongestWait",
    "Modulo",
    "MostAvailable",
    "Optimal",
    "Policy",
    "PoolAndClaim",
    "Prices",
    "Quota",
    "Random",
    "RoundRobin",
    "SerialDictatorship",
    "SharedBackup",
    "SkillsFirst",
    "State",
    "Sticky",
    "TeamLottery",
    "Waterfall",
    "WeightedRoundRobin",
    "catalogue",
]
