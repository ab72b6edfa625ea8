"""How CP-SAT is told a ratio, the Gini index: differences of pairs, over the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.sat.python import cp_model

from ..goals import least_total

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from ..columns import Ints
    from ..shares import FairPart
    from .model import Expr, Model

RATIO_SCALE = 10**12
"""Integers for a ratio of 1, as far as products with it fit."""


class Ratio:
    """A Gini index: the differences of all pairs of reps, over what everybody has together."""

    def __init__(self, model: Model, part: FairPart) -> None:
        assert part.factor is not None
        self.model, self.part = model, part
        self.reps: list[int] = np.flatnonzero(part.who).tolist()
        self.share = {rep: model.share(part, rep) for rep in self.reps}
        self.top = part.largest(model.arrays)
        self._size = 1
        self.apart = cp_model.LinearExpr.sum(
            [self._apart(i, j) for at, i in enumerate(self.reps) for j in self.reps[:at]]
        )
        self.whole, self.least, self.most = self._whole()

    def _apart(self, i: int, j: int) -> Any:
        """Write ``|w_j L_i - w_i L_j|``, 0 where one of the two is not measured."""
        model, factor = self.model, self.part.factor
        assert factor is not None
        w, v = int(factor[i]), int(factor[j])
        top = max(v * int(self.top[i]), w * int(self.top[j]))
        apart = model.cp.new_int_var(0, top, "")
        self._size += top
        for sign in (1, -1):
            rule = model.cp.add(apart >= sign * (v * self.share[i] - w * self.share[j]))
            if self.part.tier.idle == "ignore":
                rule.only_enforce_if([model.works(i), model.works(j)])

        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            shares = self.part.shares(model.arrays, chosen)
            measured = self.part.measured(model.arrays, chosen)
            both = bool(measured[i] and measured[j])
            return abs(v * int(shares[i]) - w * int(shares[j])) if both else 0

        return model.helper(apart, value)

    def _whole(self) -> tuple[Expr, int, int]:
        """Write entitlements times quantities, summed over those measured, with its bounds."""
        model, part = self.model, self.part
        assert part.factor is not None
        weight, top = int(part.factor.sum()), int(self.top[part.who].sum())
        if part.tier.idle == "count":
            total = cp_model.LinearExpr.sum(list(self.share.values()))
            fixed = self._fixed_total()
            if fixed is not None:
                constant = cp_model.LinearExpr.constant(weight * fixed)
                return constant, weight * fixed, weight * fixed
            least = int(least_total(model.arrays, part))
            return weight * total, weight * least, weight * top
        held = model.cp.new_int_var(0, top, "")
        entitled = model.cp.new_int_var(0, weight, "")
        whole = model.cp.new_int_var(0, weight * top, "")
        some = []
        for rep in self.reps:
            mine = model.cp.new_int_var(0, int(self.top[rep]), "")
            works = model.works(rep)
            model.cp.add(mine == self.share[rep]).only_enforce_if(works)
            model.cp.add(mine == 0).only_enforce_if(~works)
            model.helper(mine, self._held([rep]))
            some.append(mine)
        model.cp.add(held == cp_model.LinearExpr.sum(some))
        weights = [int(part.factor[rep]) for rep in self.reps]
        works_ = [model.works(rep) for rep in self.reps]
        model.cp.add(entitled == cp_model.LinearExpr.weighted_sum(works_, weights))
        model.cp.add_multiplication_equality(whole, [held, entitled])
        model.helper(held, self._held(self.reps))
        model.helper(entitled, self._entitled())
        model.helper(whole, lambda c: self._held(self.reps)(c) * self._entitled()(c))
        return whole, 0, weight * top

    def _fixed_total(self) -> int | None:
        """Give what the quantities add up to, if that is the same in every plan."""
        arrays, coef = self.model.arrays, self.part.coef
        filled = np.flatnonzero(np.diff(arrays.first))
        if not len(filled):
            return int(self.part.offset[self.part.who].sum())
        low = np.minimum.reduceat(coef, arrays.first[filled])
        high = np.maximum.reduceat(coef, arrays.first[filled])
        if (low != high).any() or not (arrays.mandatory[filled] | (high == 0)).all():
            return None
        return int(self.part.offset[self.part.who].sum() + high.sum())

    def _held(self, reps: list[int]) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            measured = self.part.measured(self.model.arrays, chosen)
            shares = self.part.shares(self.model.arrays, chosen)
            return int(sum(shares[rep] for rep in reps if measured[rep]))

        return value

    def _entitled(self) -> Callable[[Ints], int]:
        factor = self.part.factor
        assert factor is not None
        return lambda choice: int(
            factor[self.part.measured(self.model.arrays, choice[choice >= 0])].sum()
        )

    @property
    def is_fixed(self) -> bool:
        """Whether the denominator is the same in every plan."""
        return self.least == self.most

    def scaled(self, ratio: Fraction) -> tuple[int, int]:
        """Write a ratio as integers (p, k) with ``p / k`` at most the ratio, close below it."""
        if self.is_fixed:
            whole = max(self.least, 1)
            return (ratio * whole).__floor__(), whole
        room = max(2**60 // max(self.most, self._size), 1)
        k = min(room, RATIO_SCALE)
        return (ratio * k).__floor__(), k

    def excess(self, ratio: Fraction) -> tuple[Expr, int]:
        """Write ``k * differences - p * whole``, negative only for plans below the ratio."""
        p, k = self.scaled(ratio)
        if self.is_fixed:
            return self.apart - p, 1
        return k * self.apart - p * self.whole, k

    def hold(self, ratio: Fraction) -> None:
        """Let no plan have a higher ratio."""
        if self.is_fixed:
            self.model.cp.add(self.apart <= self.scaled(ratio)[0])
            return
        p, k = self.scaled(ratio)
        self.model.cp.add(k * self.apart <= (p + 1) * self.whole)
