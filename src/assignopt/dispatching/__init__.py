"""Dispatching: the mechanics of a stream, shared by the router and the simulator."""

from .desk import Choices, Desk
from .held import Held

__all__ = ["Choices", "Desk", "Held"]
