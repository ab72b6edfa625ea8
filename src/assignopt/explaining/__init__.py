"""Questions to a plan: why this rep, why not that one, who else, what would it take."""

from .binding import RuledOut
from .explanation import Explanation, explain
from .marginals import marginal_values
from .recommending import recommend
from .suggesting import suggest
from .whynot import Answer, Broken, Flip, WhyNot, why_not

__all__ = [
    "Answer",
    "Broken",
    "Explanation",
    "Flip",
    "RuledOut",
    "WhyNot",
    "explain",
    "marginal_values",
    "recommend",
    "suggest",
    "why_not",
]
