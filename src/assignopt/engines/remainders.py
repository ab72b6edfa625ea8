"""Bounds on a range from remainders: what shares are, modulo a unit that divides most amounts.

If nearly all tasks take a multiple of 15 minutes, loads are multiples of 15 but for the few other
tasks; where the total does not divide evenly, that alone keeps loads apart. All tasks that are a
multiple of the unit are let go: together they are some multiple of it. What is left is a small
problem, whose optimum bounds the range for any unit; a few units are tried.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.sat.python import cp_model

if TYPE_CHECKING:
    from ..arrays import Arrays
    from ..columns import Bools, Ints
    from ..shares import FairPart
    from .running import Run

SECONDS = 0.3
"""Seconds for one unit."""

MAX_SIZES = 500
"""Distinct amounts up to which common units are looked for."""


def remainder_bound(arrays: Arrays, part: FairPart, used: tuple[int, int], run: Run) -> int:
    """Bound the integer range of a fairness part from below.

    Parameters
    ----------
    arrays
        The compiled problem.
    part
        What is measured, with notion ``range``.
    used
        How many reps work at least and at most.
    run
        Clock, stop signals, seed.
    """
    atoms = _atoms(arrays, part)
    bounds = [0]
    for unit in _units(atoms[0], atoms[2], most=used[1]):
        if run.is_over:
            break
        bounds.append(_Remainders(arrays, part, atoms, unit, used).bound(run))
    return max(bounds)


def find_unit(arrays: Arrays, part: FairPart) -> tuple[int, Bools] | None:
    """Find the largest unit that leaves over no more of what moves as one than there are reps.

    Returns
    -------
    unit, odd
        The unit, and (P,) the pairs whose amounts together may be no multiple of it; None where
        there is no unit but 1.
    """
    atom, _, amount = _atoms(arrays, part)
    unit = next(iter(_units(atom, amount, most=int(part.who.sum()))), 1)
    if unit == 1:
        return None
    odd = np.unique(atom[amount % unit > 0])
    return unit, np.isin(_leaders(arrays)[arrays.pair_seat], odd)


def _leaders(arrays: Arrays) -> Ints:
    """(S,) the first seat of a group that is assigned as a whole, else the seat itself."""
    leader = np.arange(arrays.seats)
    for tasks in arrays.groups:
        if arrays.mandatory[tasks].all():
            leader[tasks] = tasks[0]
    return leader


def _atoms(arrays: Arrays, part: FairPart) -> tuple[Ints, Ints, Ints]:
    """List what moves as one, a rep who may take all of it, and what it adds to the share."""
    leader = _leaders(arrays)
    key = leader[arrays.pair_seat].astype(np.int64) * arrays.reps + arrays.pair_rep
    keys, at = np.unique(key, return_inverse=True)
    amount = np.zeros(len(keys), np.int64)
    np.add.at(amount, at, part.coef)
    seats = np.bincount(leader, minlength=arrays.seats)
    whole = np.bincount(at, minlength=len(keys)) == seats[keys // max(arrays.reps, 1)]
    return keys[whole] // arrays.reps, keys[whole] % arrays.reps, amount[whole]


def _units(atom: Ints, amount: Ints, *, most: int) -> list[int]:
    """List units: no larger one leaves as few atoms over, and none more than ``most``."""
    sizes = np.unique(amount[amount > 0])
    if not len(sizes) or len(sizes) > MAX_SIZES:
        return []
    common = set(np.unique(np.gcd.outer(sizes, sizes)).tolist())
    units, fewest = [], most + 1
    for unit in sorted(common | {1}, reverse=True):
        odd = len(np.unique(atom[amount % unit > 0]))
        if odd < fewest:
            units.append(unit)
            fewest = odd
    return units


class _Remainders:
    """The problem of one unit."""

    def __init__(
        self,
        arrays: Arrays,
        part: FairPart,
        atoms: tuple[Ints, Ints, Ints],
        unit: int,
        used: tuple[int, int],
    ) -> None:
        self.arrays, self.part, self.unit, self.used = arrays, part, unit, used
        self.cp = cp_model.CpModel()
        self.who: list[int] = np.flatnonzero(part.who).tolist()
        atom, _, amount = atoms
        self.odd: list[int] = np.unique(atom[amount % unit > 0]).tolist()
        self.x: dict[tuple[int, int], tuple[Any, int]] = {}
        for one in self.odd:
            self._place(one, atoms)
        self._apart()
        self._loads()

    def _place(self, one: int, atoms: tuple[Ints, Ints, Ints]) -> None:
        """Let an atom have one rep: anybody measured, where it adds the same to all it may have."""
        atom, rep, amount = atoms
        mine = np.flatnonzero(atom == one)
        may = dict(zip(rep[mine].tolist(), amount[mine].tolist(), strict=True))
        if len(set(may.values())) == 1 and self.part.who[list(may)].all():
            may = dict.fromkeys(self.who, int(amount[mine[0]]))
        new = {(one, r): (self.cp.new_bool_var(""), n) for r, n in may.items()}
        literals = [literal for literal, _ in new.values()]
        must = self.arrays.mandatory[one]
        (self.cp.add_exactly_one if must else self.cp.add_at_most_one)(literals)
        self.x |= new

    def _apart(self) -> None:
        """Keep atoms apart that overlap in time."""
        leader, odd = _leaders(self.arrays), set(self.odd)
        sets = {frozenset(leader[c].tolist()) & odd for c in self.arrays.cliques}
        for some in sets:
            for rep in range(self.arrays.reps):
                mine = [self.x[a, rep][0] for a in sorted(some) if (a, rep) in self.x]
                if len(mine) > 1:
                    self.cp.add_at_most_one(mine)

    def _loads(self) -> None:
        """Bound the shares of all who count, with the total that they have."""
        cp, part, least, most = self.cp, self.part, *self._total()
        low, high = cp.new_int_var(0, most, ""), cp.new_int_var(0, most, "")
        shares, works = [], []
        for rep in self.who:
            held = [one for (_, r), one in self.x.items() if r == rep]
            times, share = cp.new_int_var(0, most // self.unit, ""), cp.new_int_var(0, most, "")
            odd = sum(n * literal for literal, n in held)
            cp.add(share == int(part.offset[rep]) + self.unit * times + odd)
            shares.append(share)
            rules = [cp.add(share <= high), cp.add(share >= low)]
            if part.tier.idle == "ignore":
                working = cp.new_bool_var("")
                for literal, _ in held:
                    cp.add_implication(literal, working)
                cp.add(times == 0).only_enforce_if(~working)
                for rule in rules:
                    rule.only_enforce_if(working)
                works.append(working)
        self._order(works)
        if works and len(self.who) == self.arrays.reps:
            cp.add_linear_constraint(cp_model.LinearExpr.sum(works), *self.used)
        cp.add_linear_constraint(cp_model.LinearExpr.sum(shares), least, most)
        cp.add(high >= low)
        cp.minimize(high - low)

    def _total(self) -> tuple[int, int]:
        """Bound what all shares add up to."""
        arrays, part = self.arrays, self.part
        filled = np.flatnonzero(np.diff(arrays.first))
        there = int(part.offset[part.who].sum())
        if not len(filled):
            return there, there
        low = np.minimum.reduceat(part.coef, arrays.first[filled])
        high = np.maximum.reduceat(part.coef, arrays.first[filled])
        must = np.where(arrays.mandatory[filled], low, 0)
        return there + int(must.sum()), there + int(high.sum())

    def _order(self, works: list[Any]) -> None:
        """Order reps who are alike here: who works first, and by the first atom held."""
        kinds: dict[tuple[int, ...], list[int]] = {}
        for at, rep in enumerate(self.who):
            column = [self.x[a, rep][1] if (a, rep) in self.x else -1 for a in self.odd]
            kinds.setdefault((int(self.part.offset[rep]), *column), []).append(at)
        for same in kinds.values():
            for one, other in pairwise(same):
                if works:
                    self.cp.add_implication(works[other], works[one])
                self._precede(self.who[one], self.who[other])

    def _precede(self, one: int, other: int) -> None:
        for j, atom in enumerate(self.odd):
            if (atom, other) in self.x:
                before = [self.x[b, one][0] for b in self.odd[:j] if (b, one) in self.x]
                self.cp.add_bool_or([~self.x[atom, other][0], *before])

    def bound(self, run: Run) -> int:
        """Solve, and give the bound; 0 where nothing was proved."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = run.seed % 2**31
        solver.parameters.catch_sigint_signal = False
        solver.parameters.presolve_inclusion_work_limit = 0  # as in the engine's own searches
        if run.effort is None:
            solver.parameters.max_time_in_seconds = min(SECONDS, max(run.left, 0.01))
        else:
            solver.parameters.max_deterministic_time = min(SECONDS, run.effort)
        status = run.call(lambda: solver.solve(self.cp), cancel=solver.stop_search)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return 0
        return max(0, int(np.ceil(solver.best_objective_bound - 1e-6)))
