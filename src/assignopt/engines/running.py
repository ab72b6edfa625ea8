"""One run of the engines: its clock, its stop signals, and calls that can be given up.

OR-Tools releases the interpreter while it works, but neither a flow nor a search can be relied on
to end in time. So every call runs beside the main thread, which keeps the time, listens to the
user, and goes on with the incumbent when the call is late.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..columns import Ints
    from ..shares import Gain

T = TypeVar("T")
POLL = 0.02
"""Seconds between two looks at the clock and at the stop signals."""

PORTFOLIO = 4
"""Workers of a search on a machine with fewer cores: its strategies complement each other."""

LAST_GRACE = 5.0
"""Seconds that the end of the process waits for an engine that was left behind."""

GRACE = 0.15
"""Seconds an engine that was told to stop has to hand over what it has."""


@dataclass(eq=False)
class Run:
    """The limits of one solve, and where engines report on the way.

    Parameters
    ----------
    deadline
        When to stop, by ``time.perf_counter``.
    workers
        Threads of a search; None = one for each core, and at least :data:`PORTFOLIO`.
    seed
        Seed of a search.
    effort
        Deterministic time each tier may take; None = by the clock.
    stop
        Set by the caller to stop.
    report
        Called with the gain and the bound (or None) whenever one of them got better.
    """

    deadline: float
    workers: int | None = None
    seed: int = 0
    effort: float | None = None
    stop: threading.Event | None = None
    report: Callable[[Gain | None, Gain | None], None] | None = None
    interrupted: bool = field(default=False)

    @property
    def left(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self.deadline - time.perf_counter())

    @property
    def is_over(self) -> bool:
        """Whether the time is up, or somebody asked to stop."""
        asked = self.interrupted or (self.stop is not None and self.stop.is_set())
        return asked or self.left <= 0

    @property
    def threads(self) -> int:
        """How many workers a search may use."""
        return self.workers or max(PORTFOLIO, os.cpu_count() or 1)

    def call(
        self,
        work: Callable[[], T],
        *,
        cancel: Callable[[], None] | None = None,
        watch: Callable[[], None] | None = None,
    ) -> T | None:
        """Run ``work`` beside the main thread until it ends or the run is over.

        Parameters
        ----------
        work
            What to run.
        cancel
            Asks the work to end early; it then has :data:`GRACE` seconds to do so.
        watch
            Called on the main thread between looks, to report progress.

        Returns
        -------
        T or None
            What ``work`` returned; None when it was given up.
        """
        box: dict[str, Any] = {}
        done = threading.Event()

        def body() -> None:
            try:
                box["value"] = work()
            except BaseException as error:
                box["error"] = error
            finally:
                done.set()

        thread = threading.Thread(target=body, daemon=True, name="assignopt-engine")
        thread.start()
        _at_work[thread] = cancel
        try:
            self._wait(done, watch)
        except BaseException:
            if cancel is not None:
                cancel()
            raise
        if not done.is_set() and cancel is not None:
            cancel()
            self._wait_grace(done)
        if "error" in box:
            raise box["error"]
        return box.get("value")

    def _wait(self, done: threading.Event, watch: Callable[[], None] | None) -> None:
        pause = 0.001
        while not done.is_set() and not self.is_over:
            try:
                done.wait(min(pause, self.left))
                pause = min(POLL, pause * 2)
                if watch is not None:
                    watch()
            except KeyboardInterrupt:
                self.interrupted = True

    def _wait_grace(self, done: threading.Event) -> None:
        until = time.perf_counter() + GRACE
        while not done.is_set() and time.perf_counter() < until:
            try:
                done.wait(until - time.perf_counter())
            except KeyboardInterrupt:
                self.interrupted = True


_at_work: weakref.WeakKeyDictionary[threading.Thread, Callable[[], None] | None]
_at_work = weakref.WeakKeyDictionary()


@atexit.register
def _end_all() -> None:
    """Stop engines that were left behind: the process must not end under a library at work."""
    for thread, cancel in list(_at_work.items()):
        if thread.is_alive() and cancel is not None:
            cancel()
    for thread in list(_at_work):
        thread.join(LAST_GRACE)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an engine found for one goal.

    Parameters
    ----------
    choice
        (S,) pair chosen for each seat, -1 = empty; None where nothing was found.
    bound
        No plan that keeps the rules and the earlier tiers gains more; None = not known. It may
        bound the first numbers of a gain only.
    infeasible
        The engine claims that no plan keeps the rules and the earlier tiers.
    """

    choice: Ints | None = None
    bound: Gain | None = None
    infeasible: bool = False
