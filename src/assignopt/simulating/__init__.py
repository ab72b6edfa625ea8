"""Simulating: policies on the same streams, with the same luck, compared.

A problem, policies and streams flow in; a :class:`Comparison` flows out: what each policy made of
each stream, how far that is from the best with full knowledge, and how sure the differences are.
"""

from .comparison import Comparison
from .simulating import simulate

__all__ = ["Comparison", "simulate"]
