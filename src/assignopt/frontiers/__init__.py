"""The exact trade-off of two terms: a Problem in, the points that nothing dominates out."""

from __future__ import annotations

from .results import Frontier
from .tracing import frontier

__all__ = ["Frontier", "frontier"]
