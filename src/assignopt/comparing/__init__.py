"""Comparing plans: two or more plans of any origin in, what changes and what it changes out.

Everything is computed anew from the assignments, by the checker's own definitions; differences
are always after minus before.
"""

from .differing import diff
from .results import Diff
from .tabulating import compare

__all__ = ["Diff", "compare", "diff"]
