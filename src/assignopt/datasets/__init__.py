"""Data made here: seeds and sizes in, a sales team or synthetic problems out.

Everything is drawn by ``numpy.random.default_rng(seed)``; nothing is read from disk. The same
arguments give the same data, on any machine, with the same numpy.
"""

from .generators import equal_efforts, unequal_efforts
from .roster import SALES_IMPOSSIBLE
from .team import sales_frames, sales_team

__all__ = ["SALES_IMPOSSIBLE", "equal_efforts", "sales_frames", "sales_team", "unequal_efforts"]
