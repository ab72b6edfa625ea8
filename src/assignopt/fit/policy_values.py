"""OffPolicy: what a target policy is worth by a log, or what cannot be told from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..plan import frame_of, rows_of
from .saved import read_saved

if TYPE_CHECKING:
    import pandas as pd

ESTIMATES = {
    "estimator": "str",
    "value": "float64",
    "sd": "float64",
    "low": "float64",
    "high": "float64",
}


@dataclass(frozen=True, eq=False)
class OffPolicy:
    """What a target policy would have come to, in successes per decision.

    Parameters
    ----------
    estimates
        Frame: estimator, value, sd, and the 95 % interval, low and high; all missing where the
        gate is shut. dm never has sd and interval, clipped_ips and switch_dr have none where a
        weight is above ``switch``: their errors are more than the draws show.
    rows, batches
        How many.
    logged
        The mean outcome of the log.
    ess, min_ess
        Effective sample size, and the gate.
    max_weight, mean_weight
        The mean is near 1 where the propensities are right and the log could have done all that the
        target does.
    weight_error, max_weight_error
        How many of its standard errors the mean weight is from 1, beyond 0.02 for rounding; and
        the gate.
    unsupported, max_unsupported
        The share of the target's decisions whose rep and type the log hardly has, or has not; and
        the gate.
    bounds
        Between what the target's value is: what is known at the ends of its 95 % interval, all that
        is unknown failing or succeeding. Wide, and there also where the gate is shut; 0 and 1 where
        the mean weight is too high for the propensities to be right.
    """

    estimates: pd.DataFrame
    rows: int
    batches: int
    logged: float
    ess: float
    min_ess: float
    max_weight: float
    mean_weight: float
    weight_error: float
    max_weight_error: float
    unsupported: float
    max_unsupported: float
    bounds: tuple[float, float]

    @property
    def passed(self) -> bool:
        """Whether there is enough of what the target would do for a number."""
        return (
            self.ess >= self.min_ess
            and self.unsupported <= self.max_unsupported
            and self.weight_error <= self.max_weight_error
        )

    @property
    def too_heavy(self) -> bool:
        """Whether the mean weight is so high that the propensities must be too low."""
        return self.mean_weight > 1 and self.weight_error > self.max_weight_error

    def of(self, estimator: str) -> float:
        """Give the value by one estimator; NaN where the gate is shut.

        Raises
        ------
        KeyError
            When there is no such estimator.
        """
        values = dict(zip(self.estimates["estimator"], self.estimates["value"], strict=True))
        return float(values[estimator])

    def headline(self) -> str:
        """Say what the target is worth, or that the log cannot tell."""
        away = f"{min(self.weight_error, 1e6):,.1f} standard errors from 1"
        support = (
            f"effective sample size {self.ess:,.0f} of {self.rows:,} rows (gate "
            f"{self.min_ess:,.0f}), largest weight {self.max_weight:,.1f}, mean weight "
            f"{self.mean_weight:.2f} ({away}, gate {self.max_weight_error:,.0f}), "
            f"{self.unsupported:.1%} of the target's decisions not known to the log "
            f"(gate {self.max_unsupported:.0%}){self._remedy()}"
        )
        low, high = self.bounds
        if not self.passed:
            return f"no estimate, between {low:.3f} and {high:.3f}; {support}"
        rows = {name: numbers for name, *numbers in self.estimates.to_numpy().tolist()}
        shown = [
            f"{name} {rows[name][0]:.3f} ({rows[name][2]:.3f} to {rows[name][3]:.3f})"
            for name in ("snips", "dr")
        ]
        return f"{', '.join(shown)}, the log itself {self.logged:.3f}; {support}"

    def _remedy(self) -> str:
        """Say what a mean weight far from 1 comes from, and what to do."""
        if self.weight_error <= self.max_weight_error:
            return ""
        if self.too_heavy:
            return (
                "; a mean weight above 1 says that propensities are too low. Log the probability "
                "of the rep who was chosen"
            )
        return (
            "; a mean weight below 1 says that the log could not have done part of what the target "
            "does, or that propensities are too high. Choose a target nearer to the log, or "
            "correct them"
        )

    def to_json(self, *, indent: int | None = None) -> str:
        """Give everything as JSON text; ``null`` for what is missing."""
        shown = self.estimates.replace([np.inf, -np.inf], np.nan)
        data = {**vars(self), "estimates": rows_of(shown), "bounds": list(self.bounds)}
        return json.dumps(data, ensure_ascii=False, indent=indent, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> OffPolicy:
        """Read what :meth:`to_json` wrote."""

        def read(data: dict[str, Any]) -> OffPolicy:
            estimates = frame_of(data["estimates"], ESTIMATES)
            return cls(**{**data, "estimates": estimates, "bounds": tuple(data["bounds"])})

        return read_saved(text, "OffPolicy", read)

    def __str__(self) -> str:
        told = self.headline()
        table = self.estimates.round(4).to_string(index=False) if self.passed else ""
        return f"{told[:1].upper()}{told[1:]}.\n{table}".rstrip()

    def __repr__(self) -> str:
        return f"<OffPolicy: {self.headline()}>"
