"""Routing: tasks as they come, one decision each, at once."""

from .decision import Alternative, Decision
from .events import Event
from .router import Router

__all__ = ["Alternative", "Decision", "Event", "Router"]
