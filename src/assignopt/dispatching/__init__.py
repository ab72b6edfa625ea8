"""Dispatching: the mechanics of a stream, shared by the router and the simulator."""

from .desk import Choices, Desk
from .held import Held
from .saved import CLOCKS

__all__ = ["CLOCKS", "Choices", "Desk", "Held"]
