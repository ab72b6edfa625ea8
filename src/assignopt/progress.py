"""What a run reports on its way: frozen snapshots, and a bar on the terminal for those who ask."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Snapshot:
    """How far a run is.

    Parameters
    ----------
    elapsed
        Seconds since the call.
    term
        The tier at work.
    value, bound, gap
        Its value in the best plan so far, what no plan can beat, and their relative distance;
        None where not known yet.
    engine
        Who is at work.

    Examples
    --------
    >>> print(Snapshot(1.5, "value", 90.0, 100.0, 0.1, "cpsat"))
    1.5 s  value: 90, at best 100 (gap 10.00%)
    """

    elapsed: float
    term: str
    value: float | None
    bound: float | None
    gap: float | None
    engine: str

    def __str__(self) -> str:
        value = "no plan yet" if self.value is None else f"{self.value:,.6g}"
        bound = "" if self.bound is None else f", at best {self.bound:,.6g}"
        gap = "" if self.gap is None else f" (gap {self.gap:.2%})"
        return f"{self.elapsed:.1f} s  {self.term}: {value}{bound}{gap}"


class Bar:
    """Draws the latest snapshot on one line of the terminal (standard error).

    Parameters
    ----------
    time_limit
        Seconds that fill the bar.
    """

    WIDTH = 20

    def __init__(self, time_limit: float) -> None:
        self.time_limit = time_limit

    def __call__(self, snapshot: Snapshot) -> None:
        """Draw a snapshot over the one before."""
        share = min(1.0, snapshot.elapsed / self.time_limit) if self.time_limit else 1.0
        full = round(share * self.WIDTH)
        sys.stderr.write(f"\r[{'#' * full}{'.' * (self.WIDTH - full)}] {snapshot!s:<70.70}")
        sys.stderr.flush()

    def close(self) -> None:
        """End the line."""
        sys.stderr.write("\n")
        sys.stderr.flush()
