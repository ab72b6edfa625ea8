"""How CP-SAT is told a notion that adds up with other terms: ends, their distance, squares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.sat.python import cp_model

from .hints import share_of, worst_of
from .remainders import find_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..columns import Bools, Ints
    from ..shares import FairPart
    from .model import Expr, Model

SECANTS = 60
"""Up to this many integer steps a square is bounded by all its secants, which is exact."""


class Sums:
    """Notions that add up with other terms: the two ends, their distance, the squares."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._parts: dict[int, Expr] = {}
        self._shares: dict[tuple[int, int], Any] = {}
        self._units: dict[int, tuple[int, Bools] | None] = {}

    def part(self, part: FairPart) -> Expr:
        """Write the integer value of a notion; the search is free to choose a worse one."""
        if id(part) not in self._parts:
            build = {
                "minmax": self._highest,
                "maxmin": self._lowest,
                "range": self._spread,
                "l2": self._squares,
            }[part.tier.notion]
            constant = cp_model.LinearExpr.constant(0)
            self._parts[id(part)] = build(part) if part.who.any() else constant
        return self._parts[id(part)]

    def _only_working(self, part: FairPart, rep: int, constraint: Any) -> None:
        if part.tier.idle == "ignore":
            constraint.only_enforce_if(self.model.works(rep))

    def _highest(self, part: FairPart) -> Expr:
        model = self.model
        counted = part.tier.idle == "count"
        low = int(part.offset[part.who].max()) if counted else 0
        top = int(part.largest(model.arrays)[part.who].max())
        z = model.cp.new_int_var(low, max(low, top), "")
        for rep in np.flatnonzero(part.who).tolist():
            self._only_working(part, rep, model.cp.add(self._share(part, rep) <= z))
        return model.helper(z, worst_of(model, part, np.max, low))

    def _share(self, part: FairPart, rep: int) -> Expr:
        """Write a share; of a range as one variable, because both ends are compared with it."""
        model = self.model
        if part.tier.notion != "range":
            return model.share(part, rep)
        if (id(part), rep) not in self._shares:
            top = int(part.largest(model.arrays)[rep])
            share = model.cp.new_int_var(int(part.offset[rep]), top, "")
            model.cp.add(share == model.share(part, rep))
            self._shares[id(part), rep] = model.helper(share, share_of(model, part, rep))
            self._in_units(part, rep, share, top)
        return self._shares[id(part), rep]

    def _in_units(self, part: FairPart, rep: int, share: Any, top: int) -> None:
        """Say of a share that it is a multiple of the unit but for the few odd amounts in it.

        That follows from the share alone, but a search does not see it, and with it can tell that
        shares cannot come closer together.
        """
        if id(part) not in self._units:
            self._units[id(part)] = find_unit(self.model.arrays, part)
        found = self._units[id(part)]
        if found is None:
            return
        model, (unit, odd) = self.model, found
        pairs = model.arrays.pairs_of_rep(rep)
        pairs = pairs[odd[pairs]]
        rest = model.sum(pairs, part.coef[pairs]) + int(part.offset[rep])
        times = model.cp.new_int_var(0, top // unit, "")
        model.cp.add(share == unit * times + rest)

        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            mine = chosen[(model.arrays.pair_rep[chosen] == rep) & ~odd[chosen]]
            return int(part.coef[mine].sum()) // unit

        model.helper(times, value)

    def _spread(self, part: FairPart) -> Expr:
        high, low = self._highest(part), self._lowest(part)
        self.model.cp.add(high >= low)
        return high - low

    def _lowest(self, part: FairPart) -> Expr:
        model = self.model
        counted = part.tier.idle == "count"
        top = part.largest(model.arrays)[part.who]
        z = model.cp.new_int_var(0, int(top.min() if counted else top.max()), "")
        for rep in np.flatnonzero(part.who).tolist():
            self._only_working(part, rep, model.cp.add(self._share(part, rep) >= z))
        if not counted and part.tier.notion == "maxmin":
            model.cp.add(z == 0).only_enforce_if(model.nobody(part.who))
        return model.helper(z, worst_of(model, part, np.min, 0))

    def _squares(self, part: FairPart) -> Expr:
        assert part.factor is not None
        model = self.model
        total: list[Expr] = []
        top = part.largest(model.arrays)
        for rep in np.flatnonzero(part.who).tolist():
            low, high = int(part.offset[rep]), int(top[rep])
            share = model.cp.new_int_var(low, high, "")
            model.cp.add(share == model.share(part, rep))
            counted = part.tier.idle == "count"
            square = model.cp.new_int_var(low * low if counted else 0, high * high, "")
            model.helper(share, share_of(model, part, rep))
            model.helper(square, self._square_value(part, rep))
            self._bound_square(part, rep, share, square, low, high)
            total.append(int(part.factor[rep]) * square)
        return sum(total)

    def _bound_square(
        self, part: FairPart, rep: int, share: Any, square: Any, low: int, high: int
    ) -> None:
        """Bound a square from below: by all secants of consecutive integers, or exactly."""
        cp = self.model.cp
        every = high - low <= SECANTS
        steps = range(low + 1, high + 1) if every else np.linspace(low + 1, high, 12).astype(int)
        for k in steps:
            secant = cp.add(square >= (2 * int(k) - 1) * share - int(k) * (int(k) - 1))
            self._only_working(part, rep, secant)
        if every:
            if high == low:
                self._only_working(part, rep, cp.add(square >= low * low))
            return
        if part.tier.idle == "count":
            cp.add_multiplication_equality(square, [share, share])
        else:
            full = cp.new_int_var(0, high * high, "")
            cp.add_multiplication_equality(full, [share, share])
            value = share_of(self.model, part, rep)
            self.model.helper(full, lambda choice: value(choice) ** 2)
            self._only_working(part, rep, cp.add(square >= full))

    def _square_value(self, part: FairPart, rep: int) -> Callable[[Ints], int]:
        def value(choice: Ints) -> int:
            chosen = choice[choice >= 0]
            counts = bool(part.measured(self.model.arrays, chosen)[rep])
            return int(part.shares(self.model.arrays, chosen)[rep]) ** 2 if counts else 0

        return value
