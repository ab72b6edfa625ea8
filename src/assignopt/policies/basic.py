"""Policies that know the reps only by their turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .policy import Policy

if TYPE_CHECKING:
    from ..records import Task
    from .policy import Choice
    from .state import State


class LongestWait(Policy):
    """Whoever has waited longest since their last task; of equals the first in the team."""

    def choose(self, task: Task, state: State) -> Choice:
        """Say who takes the task."""
        return min(state.candidates, key=state.last.__getitem__)
