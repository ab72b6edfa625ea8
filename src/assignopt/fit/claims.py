"""Claim: what a plan promises by an estimate, beside what held-out outcomes say of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..plan import frame_of, rows_of
from .holding import Z
from .saved import read_saved
from .saying import points

if TYPE_CHECKING:
    import pandas as pd

    from ..plan import Plan

VALUES = {
    "assignment": "str",
    "claimed": "float64",
    "heldout": "float64",
    "low": "float64",
    "high": "float64",
    "supported": "float64",
}
UPLIFTS = {
    "against": "str",
    "claimed": "float64",
    "claimed_sd": "float64",
    "heldout": "float64",
    "heldout_sd": "float64",
    "low": "float64",
    "high": "float64",
    "over_claim": "float64",
}
CONTROL = {"seed": "int64", "claimed_uplift": "float64"}
_FRAMES = {"values": VALUES, "uplifts": UPLIFTS, "control": CONTROL}


@dataclass(frozen=True, eq=False)
class Claim:
    """What a plan claims by the estimate it was made with, and what held-out outcomes say.

    There is no way to have the one without the other. All values are expected successes per task
    (weighted by the tasks' values), between 0 and 1.

    Parameters
    ----------
    values
        Frame, a row for each assignment of the same tasks: assignment (``plan``, ``actual``,
        ``round robin``, ``random``), claimed (by the estimate), heldout (by outcomes that the
        estimate has not seen) and its 95 % interval, low and high; supported: the share of the
        tasks whose rep and type occur among the held-out rows.
    uplifts
        Frame, the plan less each of the others: against, claimed and claimed_sd (posterior, cells
        taken to be independent), heldout, heldout_sd and its 95 % interval, and over_claim:
        claimed less heldout.
    control
        Frame, a row for each shuffle of the outcomes within types: seed, claimed_uplift (against
        actual) of the plan made anew from it. There is nothing to be found there.
    tasks, heldout_rows
        How many.
    said
        How the held-out rows were told apart.
    plan
        What was valued, where it is a :class:`assignopt.Plan`; None after JSON.
    """

    values: pd.DataFrame
    uplifts: pd.DataFrame
    control: pd.DataFrame
    tasks: int
    heldout_rows: int
    said: str
    plan: Plan | None = None

    def _of(self, column: str, against: str = "actual") -> float:
        rows = self.uplifts["against"] == against
        return float(self.uplifts.loc[rows, column].iloc[0])

    @property
    def claimed_uplift(self) -> float:
        """By the estimate: the plan less what was actual."""
        return self._of("claimed")

    @property
    def heldout_uplift(self) -> float:
        """By held-out outcomes: the plan less what was actual."""
        return self._of("heldout")

    @property
    def heldout_interval(self) -> tuple[float, float]:
        """95 % interval of :attr:`heldout_uplift`."""
        return self._of("low"), self._of("high")

    @property
    def control_uplift(self) -> float:
        """What shuffled outcomes claim, on average; NaN without shuffles."""
        return float(self.control["claimed_uplift"].mean()) if len(self.control) else np.nan

    @property
    def control_p_value(self) -> float:
        """How often shuffled outcomes claim as much or more, this log counted in."""
        more = (self.control["claimed_uplift"] >= self.claimed_uplift - 1e-12).sum()
        return float((1 + more) / (1 + len(self.control)))

    @property
    def noise(self) -> float:
        """Half the width of the interval of :attr:`heldout_uplift`."""
        return Z * self._of("heldout_sd")

    @property
    def in_noise(self) -> bool:
        """Whether the claimed uplift is less than :attr:`noise`: nothing that could be seen."""
        return abs(self.claimed_uplift) <= self.noise

    @property
    def holds(self) -> bool:
        """Whether claimed and held-out uplift differ by no more than the errors of both explain."""
        error = np.hypot(self._of("heldout_sd"), self._of("claimed_sd"))
        return bool(abs(self._of("over_claim")) <= Z * error)

    def headline(self) -> str:
        """Say the claim and what became of it in one sentence."""
        control = ""
        if len(self.control):
            control = (
                f"; outcomes shuffled within types claim {points(self.control_uplift)} on average "
                f"({len(self.control)} shuffles, {self.control_p_value:.0%} claim as much)"
            )
        return (
            f"against the actual assignment the plan claims {points(self.claimed_uplift)} points, "
            f"held-out outcomes say {points(self.heldout_uplift)} +- {100 * self.noise:.1f}"
            f"{control}"
        )

    def to_json(self, *, indent: int | None = None) -> str:
        """Give everything but the plan as JSON text; ``null`` for what is missing."""
        data: dict[str, Any] = {
            name: rows_of(getattr(self, name).replace([np.inf, -np.inf], np.nan))
            for name in _FRAMES
        }
        data |= {"tasks": self.tasks, "heldout_rows": self.heldout_rows, "said": self.said}
        return json.dumps(data, ensure_ascii=False, indent=indent, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Claim:
        """Read what :meth:`to_json` wrote."""

        def read(data: dict[str, Any]) -> Claim:
            frames = {name: frame_of(data[name], dtypes) for name, dtypes in _FRAMES.items()}
            return cls(**{**data, **frames})

        return read_saved(text, "Claim", read)

    def __str__(self) -> str:
        table = self.values.copy()
        table["95 % interval"] = [
            f"{100 * low:.1f} to {100 * high:.1f}"
            for low, high in zip(table["low"], table["high"], strict=True)
        ]
        for name in ("claimed", "heldout", "supported"):
            table[name] = [f"{100 * value:.1f}" for value in table[name]]
        columns = ["assignment", "claimed", "heldout", "95 % interval", "supported"]
        told = self.headline()
        return (
            f"{told[:1].upper()}{told[1:]}.\n{self.tasks:,} tasks, {self.heldout_rows:,} held-out "
            f"outcomes: {self.said}.\nSuccesses per 100 tasks:\n"
            f"{table[columns].to_string(index=False)}"
        )

    def __repr__(self) -> str:
        return f"<Claim: {self.headline()}>"
