"""Quota: turns by entitlement where everybody may take everything, exact at every moment."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

from ..errors import Faults
from .entitled import Entitled
from .reading import expect, read_weights

if TYPE_CHECKING:
    from collections.abc import Mapping


class Quota(Entitled):
    """Tijdeman's quota sequence: turns in proportion to entitlements, within less than one turn.

    With ``l_i = w_i / sum(w)`` and ``A_i(s)`` the turns of i among the first ``s``::

        |A_i(s) - l_i * s| <= 1 - 1 / (2n - 2)     for all i and s        (n = 1: 0)

    At turn ``s`` those may be chosen for whom
    ``l_i * s - A_i(s - 1) >= 1 / (2n - 2)``; of them the one with the earliest deadline, that is
    the least ``(1 - 1 / (2n - 2) - (l_i * s - A_i(s - 1))) / l_i``, of equals the first. All of it
    in whole numbers: nothing drifts.

    When the team changes (:meth:`join`, :meth:`leave`, :meth:`set_weight`), entitlements count
    from that moment on; who was ahead or behind stays so, a newcomer is neither, and the deviation
    of who leaves goes to the others by weight. The theorem is about weights that do not change.
    After a change (:attr:`changed`) what is proved is one half: nobody is further *ahead* than by
    :attr:`bound`, or than it was at the change if that was more. How far somebody is behind is
    then bounded by what the others are ahead only. A new Quota has the whole guarantee again.

    Parameters
    ----------
    weights
        rep id -> entitlement, above 0. Floats count as the decimals they are written as.
    state
        What :attr:`state` or :meth:`to_json` gave; turns go on from there. Where ``weights`` are
        others than those saved, the difference is taken for changes of the team.

    Raises
    ------
    pydantic.ValidationError
        When weights are out of range, or the state is not readable.

    References
    ----------
    R. Tijdeman (1980), "The chairman assignment problem", Discrete Mathematics 32(3), 323-330.

    Examples
    --------
    >>> import assignopt as ao
    >>> quota = ao.Quota({"ana": 3, "bo": 2, "cy": 1})
    >>> [quota.next() for _ in range(6)]
    ['ana', 'bo', 'ana', 'cy', 'bo', 'ana']
    >>> quota.counts, quota.bound
    ({'ana': 3, 'bo': 2, 'cy': 1}, 0.75)
    """

    def __init__(
        self, weights: Mapping[str, Any], state: str | Mapping[str, Any] | None = None
    ) -> None:
        faults = Faults("Quota")
        read = read_weights(weights, faults)
        faults.raise_if_any()
        self._weights = read
        self._counts = dict.fromkeys(read, 0)
        self._steps = 0
        self._changed = False
        self._worst = Fraction(0)
        self._settle(dict.fromkeys(read, Fraction(0)))
        if state is not None:
            self._go_on_from(state)

    def _settle(self, ahead: dict[str, Fraction]) -> None:
        """Hold what everybody is owed (negative: ahead) in whole parts of a turn."""
        total = sum(self._weights.values(), Fraction(0))
        share = {rep: weight / total for rep, weight in self._weights.items()}
        parts = [number.denominator for number in (*share.values(), *ahead.values())]
        self._unit = lcm(*parts)
        self._rate = {rep: int(one * self._unit) for rep, one in share.items()}
        self._owed = {rep: int(ahead[rep] * self._unit) for rep in share}

    # -- turns -------------------------------------------------------------------------------

    def next(self) -> str:
        """Say whose turn it is, and count it.

        Raises
        ------
        pydantic.ValidationError
            When there is nobody.
        """
        self._check_someone()
        chosen = self._choose(self._owed)
        self._counts[chosen] += 1
        self._steps += 1
        self._watch()
        return chosen

    def peek(self, turns: int = 1) -> list[str]:
        """Say whose the next turns are, and count none.

        Examples
        --------
        >>> import assignopt as ao
        >>> quota = ao.Quota({"ana": 1, "bo": 1})
        >>> quota.peek(3), quota.counts
        (['ana', 'bo', 'ana'], {'ana': 0, 'bo': 0})
        """
        if not isinstance(turns, int) or turns < 0:
            faults = Faults("Quota.peek")
            message = f"{turns!r} is out of range; allowed is a whole number, 0 or more"
            faults.add(("turns",), message, turns)
            faults.raise_if_any()
        if turns:
            self._check_someone()
        owed = dict(self._owed)
        return [self._choose(owed) for _ in range(turns)]

    def _check_someone(self) -> None:
        faults = Faults("Quota")
        if not self._weights:
            faults.add(("weights",), "nobody is there; allowed is one rep or more (0/1)")
        faults.raise_if_any()

    def _choose(self, owed: dict[str, int]) -> str:
        """Let one turn pass in ``owed``: everybody's part is due, one has it."""
        margin = max(2 * len(owed) - 2, 1)
        most = self._unit * (margin - 1)
        best: tuple[int, int] | None = None
        chosen = ""
        for rep, rate in self._rate.items():
            owed[rep] += rate
            due = owed[rep] * margin
            if due < self._unit:
                continue
            slack = most - due
            if best is None or slack * best[1] < best[0] * rate:
                best, chosen = (slack, rate), rep
        owed[chosen] -= self._unit
        return chosen

    def _watch(self) -> None:
        furthest = max(map(abs, self._owed.values()), default=0)
        if furthest * self._worst.denominator > self._worst.numerator * self._unit:
            self._worst = Fraction(furthest, self._unit)

    # -- what it comes to --------------------------------------------------------------------

    @property
    def counts(self) -> dict[str, int]:
        """How many turns each had."""
        return dict(self._counts)

    @property
    def turns(self) -> int:
        """How many turns there were, those of reps who left included."""
        return self._steps

    @property
    def owed(self) -> dict[str, float]:
        """How many turns each is owed now; negative: so many ahead. They sum to 0."""
        return {rep: owed / self._unit for rep, owed in self._owed.items()}

    @property
    def deviation(self) -> float:
        """The largest ``|A_i(s) - l_i * s|`` over all reps and all moments so far."""
        return float(self._worst)

    @property
    def bound(self) -> float:
        """What the deviation never exceeds while the team stays as it is: 1 - 1 / (2n - 2)."""
        reps = len(self._weights)
        return float(1 - Fraction(1, 2 * reps - 2)) if reps > 1 else 0.0

    @property
    def changed(self) -> bool:
        """Whether the team changed after the first turn, so that only half of it is proved."""
        return self._changed

    # -- the team ----------------------------------------------------------------------------

    def join(self, rep: str, weight: Any = 1) -> None:
        """Let a rep in; it is owed nothing for the turns before.

        Examples
        --------
        >>> import assignopt as ao
        >>> quota = ao.Quota({"ana": 1})
        >>> _ = [quota.next() for _ in range(9)]
        >>> quota.join("bo")
        >>> quota.peek(4)
        ['ana', 'bo', 'ana', 'bo']
        """
        super().join(rep, weight)

    def _change(self, weights: dict[str, Fraction]) -> None:
        if weights == self._weights and list(weights) == list(self._weights):
            return
        owed = {rep: Fraction(number, self._unit) for rep, number in self._owed.items()}
        left = sum((number for rep, number in owed.items() if rep not in weights), Fraction(0))
        total = sum(weights.values(), Fraction(0))
        self._weights = weights
        self._counts = {rep: self._counts.get(rep, 0) for rep in weights}
        self._changed = self._changed or self._steps > 0
        kept = {
            rep: owed.get(rep, Fraction(0)) + left * weight / total
            for rep, weight in weights.items()
        }
        self._settle(kept)
        self._watch()

    # -- in and out --------------------------------------------------------------------------

    @property
    def state(self) -> dict[str, Any]:
        """All that decides the turns to come, as plain data."""
        return {
            "weights": {rep: str(weight) for rep, weight in self._weights.items()},
            "counts": dict(self._counts),
            "owed": {rep: str(Fraction(n, self._unit)) for rep, n in self._owed.items()},
            "turns": self._steps,
            "deviation": str(self._worst),
            "changed": self._changed,
        }

    def _load(self, data: Mapping[str, Any]) -> None:
        weights = {rep: Fraction(text) for rep, text in data["weights"].items()}
        owed = {rep: Fraction(text) for rep, text in data["owed"].items()}
        counts = {rep: int(number) for rep, number in data["counts"].items()}
        expect(all(weight > 0 for weight in weights.values()), "weights are above 0")
        expect(list(weights) == list(owed) == list(counts), "its parts name other reps")
        expect(not sum(owed.values()), "what is owed does not sum to 0")
        self._weights, self._counts = weights, counts
        self._steps, self._changed = int(data["turns"]), bool(data["changed"])
        self._worst = Fraction(data["deviation"])
        self._settle(owed)

    def __repr__(self) -> str:
        shown = ", ".join(f"{rep} {number}" for rep, number in list(self._counts.items())[:5])
        more = ", ..." if len(self._counts) > 5 else ""
        return f"<Quota: {self._steps} turns ({shown}{more}), deviation {self.deviation:.3f}>"
