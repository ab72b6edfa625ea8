"""Questions to a plan: why this rep, why not that one, who else, what would it take."""

from .explanation import Explanation, RuledOut, explain
from .recommending import recommend
from .whynot import Answer, Broken, Flip, WhyNot, why_not

__all__ = [
    "Answer",
    "Broken",
    "Explanation",
    "Flip",
    "RuledOut",
    "WhyNot",
    "explain",
    "recommend",
    "why_not",
]
