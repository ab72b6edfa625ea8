"""How CP-SAT is told a cost of each share: a literal for each one there may be, or tangents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.sat.python import cp_model

from .hints import is_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..columns import Ints
    from ..shares import FairPart, Gain, Windows
    from .model import Expr, Model

MAX_SHARES = 1_000
"""Shares that a rep may come to up to which each has a literal of its own."""


def attainable(offset: int, coefs: Ints, most: int) -> list[int] | None:
    """List the shares a rep can come to, ascending; None where there are more than ``most``.

    Examples
    --------
    >>> attainable(1, np.array([2, 2, 5]), 10)
    [1, 3, 5, 6, 8, 10]
    """
    found = {offset}
    for coef in coefs[coefs > 0].tolist():
        found |= {share + coef for share in found}
        if len(found) > most:
            return None
    return sorted(found)


class Product:
    """A sum of logarithms: a literal for each share a rep may have, or tangents where many.

    Tangents are added where plans were found.
    """

    def __init__(self, model: Model, part: FairPart) -> None:
        self.model, self.part = model, part
        self.has: dict[int, Any] = {}
        self.log: dict[int, Any] = {}
        self._bounded: set[int] = set()
        self._tangents: set[tuple[int, int]] = set()
        top = part.largest(model.arrays)
        for rep in np.flatnonzero(part.who & (top > 0)).tolist():
            has = model.cp.new_bool_var("")
            self.has[rep] = model.helper(has, self._value(rep, lambda share: 1))
            coefs = part.coef[model.arrays.pairs_of_rep(rep)]
            shares = attainable(int(part.offset[rep]), coefs, MAX_SHARES)
            if shares is None:
                self._add(rep, int(top[rep]))
            else:
                self._add_one_by_one(rep, shares)

    def _add_one_by_one(self, rep: int, shares: list[int]) -> None:
        """Give each share that a rep may have a literal."""
        model, part = self.model, self.part
        literals = [model.cp.new_bool_var("") for _ in shares]
        for literal, share in zip(literals, shares, strict=True):
            model.helper(literal, self._is_measured_at(rep, share))
        idle = []
        if part.tier.idle == "ignore":
            idle = [~model.works(rep)]
        model.cp.add_exactly_one([*literals, *idle])
        offset = int(part.offset[rep])
        held = cp_model.LinearExpr.weighted_sum(literals, shares) + sum(
            offset * one for one in idle
        )
        model.cp.add(model.share(part, rep) == held)
        some = [(one, share) for one, share in zip(literals, shares, strict=True) if share > 0]
        factors = [one for one, _ in some]
        model.cp.add(cp_model.LinearExpr.sum(factors) == self.has[rep])
        logs = [part.log_of(rep, share) for _, share in some]
        self.log[rep] = cp_model.LinearExpr.weighted_sum(factors, logs)

    def _is_measured_at(self, rep: int, share: int) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            measured = bool(self.part.measured(self.model.arrays, chosen)[rep])
            return int(measured and self.part.shares(self.model.arrays, chosen)[rep] == share)

        return value

    def _add(self, rep: int, top: int) -> None:
        """Bound a logarithm by tangents."""
        model, part = self.model, self.part
        self._bounded.add(rep)
        low = max(int(part.offset[rep]), 1)
        has = self.has[rep]
        model.cp.add(model.share(part, rep) >= 1).only_enforce_if(has)
        if part.tier.idle == "ignore":
            model.cp.add_implication(has, model.works(rep))
        ends = part.log_of(rep, low), part.log_of(rep, top)
        log = model.cp.new_int_var(min(0, ends[0]), max(0, ends[1]) + 2, "")
        self.log[rep] = model.helper(log, self._value(rep, lambda s: part.log_of(rep, s)))
        model.cp.add(log == 0).only_enforce_if(~has)
        for place in np.unique(np.rint(np.geomspace(low, top, 12))).astype(np.int64).tolist():
            self.add_tangent(rep, place)

    def add_tangent(self, rep: int, place: int) -> bool:
        """Bound a logarithm by its tangent at a share; False if that was there.

        ``log <= log(place) + w / place * (share - place)``. The slope is rounded, which may cost
        half an integer for each step away from the place; the tangent leaves the logarithm by
        ``w d**2 / (2 place**2)`` over ``d`` steps, so that ``place**2 / (8 w)`` more are enough.
        """
        if (rep, place) in self._tangents:
            return False
        self._tangents.add((rep, place))
        unit = self.part.log_scale * float(self.part.weight[rep])
        slope = round(unit / place)
        here = self.part.log_of(rep, place) + 2 + math.ceil(place**2 / (8 * unit))
        share = self.model.share(self.part, rep)
        line = self.log[rep] <= here + slope * (share - place)
        self.model.cp.add(line).only_enforce_if(self.has[rep])
        return True

    def refine(self, choice: Ints) -> bool:
        """Add the tangents at a plan's shares; False where all were there."""
        shares = self.part.shares(self.model.arrays, choice[choice >= 0])
        some = [rep for rep in self._bounded if shares[rep] > 0]
        new = [self.add_tangent(rep, int(shares[rep])) for rep in some]
        return any(new)

    def misses(self, gain: Gain, choice: Ints) -> bool:
        """Tell whether a plan falls short of a gain by more than rounding may."""
        count, logs = self.part.gain(self.model.arrays, choice[choice >= 0])
        if count != gain[0]:
            return bool(count < gain[0])
        return bool(logs + self.part.log_tolerance < gain[1])

    def hold(self, gain: Gain) -> None:
        """Let plans give as many something, with as large a product, or even more something."""
        cp = self.model.cp
        cp.add(self.count() >= int(gain[0]))
        more = cp.new_bool_var("")
        cp.add(self.count() >= int(gain[0]) + 1).only_enforce_if(more)
        cp.add(self.logs() >= int(gain[1])).only_enforce_if(~more)
        arrays, part = self.model.arrays, self.part
        self.model.helper(
            more, lambda choice: int(part.gain(arrays, choice[choice >= 0])[0] > gain[0])
        )

    def count(self) -> Expr:
        """Write how many reps have something."""
        return cp_model.LinearExpr.sum(list(self.has.values()))

    def logs(self) -> Expr:
        """Write the sum of logarithms."""
        return cp_model.LinearExpr.sum(list(self.log.values()))

    def _value(self, rep: int, of: Callable[[int], int]) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            share = int(self.part.shares(self.model.arrays, chosen)[rep])
            measured = self.part.measured(self.model.arrays, chosen)[rep]
            return of(share) if measured and share > 0 else 0

        return value


class Options:
    """A literal for each share that a rep may have, so that any cost of a share is linear.

    Parameters
    ----------
    model
        What to write to.
    part
        What is measured: ``l2`` or ``nash``.
    windows, gap
        The shares that count, of plans no further than this from a bound.
    """

    def __init__(self, model: Model, part: FairPart, windows: Windows, gap: int) -> None:
        self.model, self.part = model, part
        self.terms: list[Expr] = []
        self._has: list[Any] = []
        low, high = windows.at(gap)
        for rep in np.flatnonzero(part.who).tolist():
            step = max(int(windows.rate[rep]), 1)
            self._add(rep, list(range(int(low[rep]), int(high[rep]) + 1, step)))
        if part.tier.notion == "nash":  # who has nothing is no factor, but as many must have some
            model.cp.add(cp_model.LinearExpr.sum(self._has) >= int(windows.bound[0]))

    @staticmethod
    def count(windows: Windows, gap: int) -> int:
        """Count the literals."""
        low, high = windows.at(gap)
        steps = (high - low) // np.maximum(windows.rate, 1) + 1
        return int(steps[windows.part.who].sum())

    def _add(self, rep: int, shares: list[int]) -> None:
        model, part = self.model, self.part
        literals = [model.cp.new_bool_var("") for _ in shares]
        model.cp.add_exactly_one(literals)
        model.cp.add(model.share(part, rep) == cp_model.LinearExpr.weighted_sum(literals, shares))
        for literal, share in zip(literals, shares, strict=True):
            model.helper(literal, is_at(model, part, rep, share))
            self._has += [literal] if share > 0 else []
        gains = [self._gain(rep, share) for share in shares]
        self.terms.append(cp_model.LinearExpr.weighted_sum(literals, gains))

    def _gain(self, rep: int, share: int) -> int:
        if self.part.tier.notion == "nash":
            return self.part.log_of(rep, share) if share > 0 else 0
        assert self.part.factor is not None
        return -int(self.part.factor[rep]) * share * share

    def gain(self) -> Expr:
        """Write the number that is to be large: minus the squares, or the sum of logarithms."""
        return cp_model.LinearExpr.sum(self.terms)
