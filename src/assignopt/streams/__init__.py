"""Streams: what comes when; from a problem, a history in its real order, or a generator.

A :class:`Stream` is tasks with the times at which they come, how long each keeps its rep busy, what
comes of it later, and what changes in the team meanwhile. Two streams made with the same arguments
are the same.
"""

from .generators import adversarial, bursts, drift, iid, permutation
from .making import from_history, from_problem
from .outcomes import Outcomes
from .stream import Change, Stream

__all__ = [
    "Change",
    "Outcomes",
    "Stream",
    "adversarial",
    "bursts",
    "drift",
    "from_history",
    "from_problem",
    "iid",
    "permutation",
]
