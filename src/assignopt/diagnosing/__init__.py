"""Diagnosis: does a problem have a plan, what conflicts, what would it take, where is it tight.

A Problem goes in. Proofs come from :mod:`assignopt.proofs`, conflicts and repairs from fresh
problems that are solved one by one; nothing is concluded from what an engine says of itself.
"""

from ..proofs import Certificate
from .asking import diagnose
from .results import Diagnosis

__all__ = ["Certificate", "Diagnosis", "diagnose"]
