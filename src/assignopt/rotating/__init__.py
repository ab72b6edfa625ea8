"""Who holds what, when: a Problem and periods in, a :class:`Rotation` out.

The tasks of the problem are roles, territories or books that change hands; a squad is a set of
people freed from them for a while.
"""

from __future__ import annotations

from .results import Rotation
from .turning import rotate
from .wants import Squad

__all__ = ["Rotation", "Squad", "rotate"]
