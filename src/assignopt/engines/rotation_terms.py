"""The tiers of a rotation as expressions of CP-SAT: sums, shares and their limits, squares, levels.

A tally and a model go in, linear expressions and rows of the model come out.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from ortools.sat.python import cp_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .rosters import Numbers, Tally
    from .rotation_models import Expr, RotationModel

    Var = cp_model.IntVar

SECANTS = 60
"""Secants that hold a square from below; what lies beyond them is held by the product alone."""


class RotationTerms:
    """What tiers come to, in the variables of a model; each share is written once.

    Parameters
    ----------
    model
        To which variables and rows are added.
    """

    def __init__(self, model: RotationModel) -> None:
        self.model, self.layout = model, model.layout
        self._learnt: dict[int, Var] = {}
        self._given: dict[int, Var] = {}
        self._shares: dict[int, dict[int, Var]] = {}
        self._span: dict[int, tuple[int, int]] = {}

    @property
    def cp(self) -> cp_model.CpModel:
        """The model of CP-SAT as it is now."""
        return self.model.cp

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take back what is added to the model within."""
        kept = self.model.cp.clone()
        known = [dict(one) for one in (self._shares, self._span, self._learnt, self._given)]
        yield
        self.model.cp = kept
        self._shares, self._span, self._learnt, self._given = known  # type: ignore[assignment]

    def _pair_sum(self, tally: Tally, pairs: Sequence[int]) -> Expr:
        total: Expr = cp_model.LinearExpr.weighted_sum(
            [self.model.n[k] for k in pairs], [int(tally.coef[k]) for k in pairs]
        )
        for k in pairs:
            if tally.loss[k] and self.layout.novice[k]:
                total = total - int(tally.loss[k]) * self._novice_periods(k)
        return total

    def _novice_periods(self, k: int) -> Var:
        if k not in self._learnt:
            some = self.cp.new_int_var(0, self.layout.learning, "")
            self.cp.add_min_equality(some, [self.model.n[k], self.layout.learning])
            self._learnt[k] = some
        return self._learnt[k]

    def gain(self, tally: Tally) -> Expr:
        """Give what is to be as much as possible, of a tier that is one number."""
        if tally.notion is None:
            total = int(tally.offset.sum()) + self._pair_sum(tally, range(len(self.model.n)))
            for k in np.flatnonzero(tally.move).tolist():
                total = total - int(tally.move[k]) * self._moves(k)
            return total
        shares = self.shares_of(tally)
        if not shares:
            return 0
        if tally.notion == "l2":
            squares = [int(tally.factor[r]) * self._square(tally, s) for r, s in shares.items()]
            return -sum(squares)
        top = self._limit(tally, -1 if tally.notion == "maxmin" else 1)
        return -top if tally.notion != "range" else -top - self._limit(tally, -1)

    def _moves(self, k: int) -> Expr:
        """Add up the handovers of a pair that count; of counts alone, the fewest there may be."""
        away = self.layout.away[self.layout.rep[k]]
        if not self.model.ordered:
            return self._fewest_moves(k, int((np.diff(away, prepend=False) & away).sum()))
        return sum(
            end for end, gone in zip(self.model.ends[k], away.tolist(), strict=True) if not gone
        )

    def _fewest_moves(self, k: int, excused: int) -> Var:
        """Bound the handovers of a pair: all its stints, but for one that lasts to the end.

        As many as its absences may end without one that counts.
        """
        if k not in self._given:
            held, periods = int(self.layout.held[k]), self.layout.periods
            longest = min(self.layout.max_tenure, periods + held)
            stints = self.cp.new_int_var(0, periods + 1, "")
            self.cp.add(longest * stints >= self.model.n[k] + min(held, longest))
            given = self.cp.new_int_var(0, periods, "")
            self.cp.add(given >= stints - self.model.last[k] - excused)
            self._given[k] = given
        return self._given[k]

    def shares_of(self, tally: Tally) -> dict[int, Var]:
        """Give each measured rep's share as a variable."""
        if id(tally) not in self._shares:
            found: dict[int, Var] = {}
            spans: list[tuple[int, int]] = []
            by_rep: dict[int, list[int]] = {}
            for k, rep in enumerate(self.layout.rep.tolist()):
                by_rep.setdefault(rep, []).append(k)
            for rep in np.flatnonzero(tally.who).tolist():
                pairs, start = by_rep.get(rep, []), int(tally.offset[rep])
                gains = (tally.coef * self.layout.most)[pairs]
                spans.append((start, start + int(gains.sum())))
                found[rep] = self.cp.new_int_var(*spans[-1], "")
                self.cp.add(found[rep] == start + self._pair_sum(tally, pairs))
            self._shares[id(tally)] = found
            lows, highs = zip(*spans, strict=True) if spans else ((0,), (0,))
            self._span[id(tally)] = min(lows), max(highs)
        return self._shares[id(tally)]

    def ends(self, tally: Tally, sign: int) -> tuple[int, int]:
        """Give the least and the most that a share, times the sign, can come to."""
        low, high = sorted(sign * end for end in self._span[id(tally)])
        return low, high

    def _limit(self, tally: Tally, sign: int) -> Var:
        """Give a variable that no share, times the sign, passes."""
        top = self.cp.new_int_var(*self.ends(tally, sign), "")
        for one in self.shares_of(tally).values():
            self.cp.add(sign * one <= top)
        return top

    def _square(self, tally: Tally, share: Var) -> Var:
        """Give the square of a share, held from below by secants too."""
        low, high = self._span[id(tally)]
        square = self.cp.new_int_var(0, high * high, "")
        self.cp.add_multiplication_equality(square, [share, share])
        for at in np.unique(np.linspace(low, high, SECANTS).astype(np.int64)).tolist():
            self.cp.add(square >= (2 * at + 1) * share - at * (at + 1))
        return square

    def turned(self, tally: Tally) -> list[Expr]:
        """Shares of which the largest is the worst."""
        sign = 1 if tally.notion == "leximax" else -1
        return [sign * share for share in self.shares_of(tally).values()]

    def hold(self, tally: Tally, numbers: Numbers) -> None:
        """Let no more shares than in these numbers pass each of them."""
        shares = self.turned(tally)
        for number in sorted(set(numbers)):
            level, above = -number, sum(one < number for one in numbers)
            if not above:
                for share in shares:
                    self.cp.add(share <= level)
                continue
            beyond = [self.cp.new_bool_var("") for _ in shares]
            for at, share in enumerate(shares):
                self.cp.add(share <= level).only_enforce_if(~beyond[at])
            self.cp.add(cp_model.LinearExpr.sum(beyond) <= above)

    def fill_best(self, tally: Tally, gain: int) -> None:
        """Say it seat by seat where a sum is as large as every seat at its best makes it."""
        layout = self.layout
        best = np.zeros(len(layout.seats), np.int64)
        np.maximum.at(best, layout.task, tally.coef)
        if gain != int(tally.offset.sum()) + int((best * layout.most_held.sum(axis=1)).sum()):
            return
        for task in np.flatnonzero(best).tolist():
            self.model.fill(task)
        for k in np.flatnonzero(
            (tally.coef < best[layout.task]) & (best[layout.task] > 0)
        ).tolist():
            self.cp.add(self.model.n[k] == 0)
