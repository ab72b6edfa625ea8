"""Whose turn it is, one event at a time: entitlements and who is eligible in, a rep out.

:class:`Quota` where everybody may take everything, :class:`Debt` where skills and absence say who
may, :func:`offline_shares` where all events are known beforehand. State goes out as JSON and comes
back.
"""

from .debt import Debt
from .offline import offline_shares
from .quota import Quota

__all__ = ["Debt", "Quota", "offline_shares"]
