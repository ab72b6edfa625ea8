"""Savepoint: how a desk stands before a batch, to go back to if the batch fails half-way."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from ..policies.state import NUMBERS

if TYPE_CHECKING:
    from .desk import Desk


class Savepoint:
    """What assignments change in a desk; nothing else may happen to it in between.

    Parameters
    ----------
    desk
        Which one.
    """

    def __init__(self, desk: Desk) -> None:
        state = desk.state
        self._desk, self._held = desk, len(desk.held)
        self._columns = {name: dict(getattr(state, name)) for name in NUMBERS}
        self._moment, self._step = (state.now, state.clock), state.step
        self._memory = pickle.dumps(state.memory)

    def restore(self) -> None:
        """Go back: what was given out since then has not been."""
        desk, state = self._desk, self._desk.state
        for task_id in list(desk.held)[self._held :]:  # in the order in which they were given
            desk.forget(task_id)
        for name, column in self._columns.items():
            getattr(state, name).update(column)
        state.go_to(self._moment)
        state.step = self._step
        state.memory = pickle.loads(self._memory)
        desk.make_rooms()
