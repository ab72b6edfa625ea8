"""A thread that learns when it is told that it is time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Learner:
    """Calls a function once for each time it was woken, or once for several.

    Parameters
    ----------
    learn
        What to call.
    """

    def __init__(self, learn: Callable[[], None]) -> None:
        self._learn = learn
        self._awake, self._asked, self._over = threading.Event(), False, False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="assignopt-learning", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that it is time."""
        self._asked = True
        self._awake.set()

    def stop(self) -> None:
        """Wait until what was asked for is learnt; raise what went wrong."""
        self._over = True
        self._awake.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while True:
                if not self._over:
                    self._awake.wait()
                self._awake.clear()
                if self._asked:
                    self._asked = False
                    self._learn()
                elif self._over:
                    return
        except BaseException as error:  # it is raised where the thread is joined
            self._error = error
