"""How far a simulation is: snapshots for those who listen, a bar for those who look."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..progress import Bar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


@dataclass(frozen=True)
class Progress:
    """How far a simulation is.

    Parameters
    ----------
    elapsed
        Seconds since the call.
    done, total
        Runs and hindsight optima.
    stream, seed
        What was done last.

    Examples
    --------
    >>> print(Progress(1.5, 30, 320, "iid", 2))
    1.5 s  30 of 320 runs, last iid with seed 2
    """

    elapsed: float
    done: int
    total: int
    stream: str
    seed: int

    def __str__(self) -> str:
        last = f"last {self.stream} with seed {self.seed}"
        return f"{self.elapsed:.1f} s  {self.done} of {self.total} runs, {last}"


class Watch:
    """Counts what is done, and tells those who asked.

    Parameters
    ----------
    total
        How much there is to do.
    listener
        Called with each snapshot.
    bar
        Whether to draw on the terminal.
    """

    def __init__(self, total: int, listener: Callable[[Progress], None] | None, bar: bool) -> None:
        self._begun, self._total, self._listener, self._bar = time.monotonic(), total, listener, bar
        self._done = 0

    def done(self, count: int, key: tuple[str, int]) -> None:
        """Note that so much is done."""
        self._done += count
        elapsed = time.monotonic() - self._begun
        snapshot = Progress(elapsed, self._done, self._total, *key)
        if self._listener is not None:
            self._listener(snapshot)
        if self._bar:
            full = round(self._done / max(1, self._total) * Bar.WIDTH)
            sys.stderr.write(f"\r[{'#' * full}{'.' * (Bar.WIDTH - full)}] {snapshot!s:<70.70}")
            sys.stderr.flush()

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            sys.stderr.write("\n")
            sys.stderr.flush()
