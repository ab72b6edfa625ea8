"""Questions to a plan: why this rep, why not that one, who else, what would it take."""

from .whynot import Answer, Broken, Flip, WhyNot, why_not

__all__ = ["Answer", "Broken", "Flip", "WhyNot", "why_not"]
