"""Debt: turns by entitlement where each event has its own eligible reps, the most owed first."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ..errors import Faults
from .entitled import Entitled
from .parts import TIE, as_float, in_parts, read_parts, split, write_parts
from .reading import check_known, expect, read_amount, read_eligible, read_weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEPT = 1000
"""How many of the latest events can be credited back by their number."""

Pool = tuple[tuple[str, Fraction], ...]
Event = tuple[str, Pool, int]
"""Who had it, who was eligible with which entitlement, and how much it was, in parts."""


class Debt(Entitled):
    """The carpool rule: an event goes to the one most owed among those who may take it.

    An event of ``amount`` is due to those eligible, by entitlement; one of them carries it::

        fair_share_i = sum over the events with i eligible of amount * w_i / sum of eligible w
        debt_i = fair_share_i - carried_i                            they sum to 0

    The event's own share is counted before the choice. Who is not eligible (absent, without the
    skill, at its limit) is owed nothing for the event, and who was away comes back to no arrears;
    its turns are spread over all that are eligible, in proportion, and fall on no single backup.
    Of equals one is drawn by a hash of the seed, the number of the event and the id, which is the
    same everywhere and needs no state but the number. Amounts are whole parts of about 2e-34: they
    are given back to twelve decimals, and those that are equal to twelve tie.

    How large debts get depends on who is eligible when: for adversarial pairs, in proportion to
    the number of reps at worst, for any deterministic rule. :func:`offline_shares` is within 1.

    Parameters
    ----------
    weights
        rep id -> entitlement, above 0.
    state
        What :attr:`state` or :meth:`to_json` gave; it goes on from there, with its seed. Where
        ``weights`` are others than those saved, the difference is taken for changes of the team.
    seed
        For the draws.

    Raises
    ------
    pydantic.ValidationError
        When weights are out of range, or the state is not readable.

    References
    ----------
    R. Fagin and J. Williams (1983), "A fair carpool scheduling algorithm", IBM Journal of Research
    and Development 27(2), 133-139. M. Ajtai, J. Aspnes, M. Naor, Y. Rabani, L. Schulman and
    O. Waarts (1998), "Fairness in scheduling", Journal of Algorithms 29(2), 306-357 (bounds).

    Examples
    --------
    >>> import assignopt as ao
    >>> debt = ao.Debt({"ana": 1, "bo": 1, "cy": 1})
    >>> taken = [debt.choose(["ana", "bo"]) for _ in range(4)]  # cy is on leave
    >>> sorted(taken), debt.debts
    (['ana', 'ana', 'bo', 'bo'], {'ana': 0.0, 'bo': 0.0, 'cy': 0.0})
    >>> sorted(debt.choose(["ana", "bo", "cy"]) for _ in range(3))  # and back
    ['ana', 'bo', 'cy']
    """

    def __init__(
        self,
        weights: Mapping[str, Any],
        *,
        state: str | Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> None:
        faults = Faults("Debt")
        read = read_weights(weights, faults)
        if isinstance(seed, bool) or not isinstance(seed, int):
            faults.add(("seed",), f"{seed!r} is no whole number. Give one", seed)
        faults.raise_if_any()
        self._seed = seed
        self._weights = read
        self._share = dict.fromkeys(read, 0)
        self._carried = dict.fromkeys(read, 0)
        self._number = 0
        self._events: dict[int, Event] = {}
        if state is not None:
            self._go_on_from(state)

    # -- events ------------------------------------------------------------------------------

    def choose(self, eligible: Iterable[str], amount: Any = 1.0) -> str:
        """Say who takes an event, and count it.

        Parameters
        ----------
        eligible
            Who may.
        amount
            How much it is, above 0; floats count as the decimals they are written as.

        Returns
        -------
        str
            The rep most owed; the event has the number :attr:`events` now.

        Raises
        ------
        pydantic.ValidationError
            When nobody is eligible, somebody is unknown, or the amount is out of range.
        """
        faults = Faults("Debt.choose")
        listed = read_eligible(eligible, self._weights, faults)
        parts = in_parts(read_amount(amount, faults))
        faults.raise_if_any()
        pool = tuple((rep, self._weights[rep]) for rep in listed)
        share = split(parts, pool)
        owed = {rep: self._share[rep] - self._carried[rep] + share[rep] for rep in listed}
        most = max(owed.values())
        equal = [rep for rep in listed if most - owed[rep] <= TIE]
        chosen = min(equal, key=self._draw)
        self._count(chosen, pool, share, parts)
        return chosen

    def record(self, rep: str, eligible: Iterable[str], amount: Any = 1.0) -> int:
        """Count an event that somebody was given by hand.

        Parameters
        ----------
        rep
            Who took it; counted as eligible, whether listed or not.
        eligible
            Who might have taken it, and is owed a share.
        amount
            How much it is, above 0.

        Returns
        -------
        int
            The number of the event.

        Examples
        --------
        >>> import assignopt as ao
        >>> debt = ao.Debt({"ana": 1, "bo": 1})
        >>> debt.record("ana", ["ana", "bo"])
        1
        >>> debt.choose(["ana", "bo"])
        'bo'
        """
        check_known("Debt.record", rep, self._weights)
        faults = Faults("Debt.record")
        listed = read_eligible(eligible, self._weights, faults)
        parts = in_parts(read_amount(amount, faults))
        faults.raise_if_any()
        named = {rep, *listed}
        pool = tuple((one, weight) for one, weight in self._weights.items() if one in named)
        return self._count(rep, pool, split(parts, pool), parts)

    def _draw(self, rep: str) -> bytes:
        return sha256(f"{self._seed}/{self._number}/{rep}".encode()).digest()

    def _count(self, rep: str, pool: Pool, shares: Mapping[str, int], parts: int) -> int:
        for one, share in shares.items():
            self._share[one] += share
        self._carried[rep] += parts
        self._number += 1
        self._events[self._number] = rep, pool, parts
        self._events.pop(self._number - KEPT, None)
        return self._number

    def credit_back(self, event: int | str, amount: Any = None) -> None:
        """Undo an event: it did not take place, or was disqualified.

        Parameters
        ----------
        event
            Its number, one of the latest thousand: it is undone as if it had never been. Or the id
            of a rep: ``amount`` is taken off what the rep carried, and off the shares of everybody
            who is there now, by entitlement.
        amount
            With an id: how much, at most what it carried. With a number: None, all of it.

        Raises
        ------
        pydantic.ValidationError
            When the event is unknown or was undone already, its rep has left, or the amount is out
            of range.

        Examples
        --------
        >>> import assignopt as ao
        >>> debt = ao.Debt({"ana": 1, "bo": 1})
        >>> number = debt.record("ana", ["ana", "bo"])
        >>> debt.credit_back(number)
        >>> debt.debts
        {'ana': 0.0, 'bo': 0.0}
        """
        faults = Faults("Debt.credit_back")
        if isinstance(event, str):
            self._credit_rep(event, amount, faults)
            return
        found = self._events.get(event)
        if amount is not None:
            message = f"event {event} is undone as a whole. Leave the amount out"
            faults.add(("amount",), message, amount)
        if found is None:
            message = (
                f"event {event!r} is unknown or undone already; known are those of the latest "
                f"{KEPT}, up to {self._number}. Give one of them, or the id of a rep and an amount"
            )
            faults.add(("event",), message, event)
        elif found[0] not in self._weights:
            message = f"rep {found[0]!r}, who had event {event}, has left. Nothing is to be undone"
            faults.add(("event",), message, event)
        faults.raise_if_any()
        if found is not None:
            rep, pool, parts = found
            self._carried[rep] -= parts
            self._take_shares(split(parts, pool))
            del self._events[event]

    def _credit_rep(self, rep: str, amount: Any, faults: Faults) -> None:
        check_known(faults.title, rep, self._weights)
        parts = in_parts(read_amount(amount, faults))
        if parts > self._carried[rep]:
            carried = as_float(self._carried[rep])
            message = f"rep {rep!r} carried {carried:g}; allowed is at most that ({amount!r} given)"
            faults.add(("amount",), message, amount)
        faults.raise_if_any()
        self._carried[rep] -= parts
        self._take_shares(split(parts, list(self._weights.items())))

    def _take_shares(self, shares: Mapping[str, int]) -> None:
        """Take shares off; those of reps who left are taken off everybody, by entitlement."""
        gone = sum(share for rep, share in shares.items() if rep not in self._weights)
        spread = split(gone, list(self._weights.items()))
        for rep, more in spread.items():
            self._share[rep] -= shares.get(rep, 0) + more

    # -- what it comes to --------------------------------------------------------------------

    @property
    def debts(self) -> dict[str, float]:
        """What each is owed; negative: so much ahead. They sum to 0."""
        return {rep: as_float(share - self._carried[rep]) for rep, share in self._share.items()}

    @property
    def fair_share(self) -> dict[str, float]:
        """What each should have carried by now."""
        return {rep: as_float(share) for rep, share in self._share.items()}

    @property
    def carried(self) -> dict[str, float]:
        """What each carried."""
        return {rep: as_float(carried) for rep, carried in self._carried.items()}

    @property
    def events(self) -> int:
        """How many events there were: the number of the latest."""
        return self._number

    # -- the team ----------------------------------------------------------------------------

    def leave(self, rep: str) -> None:
        """Let a rep go; its debt goes to the others, by entitlement.

        Examples
        --------
        >>> import assignopt as ao
        >>> debt = ao.Debt({"ana": 1, "bo": 1, "cy": 2})
        >>> number = debt.record("ana", ["ana", "cy"], 3)
        >>> debt.leave("cy")
        >>> debt.debts
        {'ana': -1.0, 'bo': 1.0}
        """
        super().leave(rep)

    def _change(self, weights: dict[str, Fraction]) -> None:
        gone = [rep for rep in self._weights if rep not in weights]
        left = sum(self._share[rep] - self._carried[rep] for rep in gone)
        spread = split(left, list(weights.items()))
        self._share = {rep: self._share.get(rep, 0) + spread[rep] for rep in weights}
        self._carried = {rep: self._carried.get(rep, 0) for rep in weights}
        self._weights = weights

    # -- in and out --------------------------------------------------------------------------

    @property
    def state(self) -> dict[str, Any]:
        """All that decides the choices to come, as plain data."""
        pools = list(dict.fromkeys(pool for _, pool, _ in self._events.values()))
        place = {pool: at for at, pool in enumerate(pools)}
        return {
            "seed": self._seed,
            "events": self._number,
            "weights": {rep: str(weight) for rep, weight in self._weights.items()},
            "fair_share": {rep: write_parts(share) for rep, share in self._share.items()},
            "carried": {rep: write_parts(carried) for rep, carried in self._carried.items()},
            "pools": [{rep: str(weight) for rep, weight in pool} for pool in pools],
            "latest": [
                [number, rep, place[pool], write_parts(parts)]
                for number, (rep, pool, parts) in self._events.items()
            ],
        }

    def _load(self, data: Mapping[str, Any]) -> None:
        weights = {rep: Fraction(text) for rep, text in data["weights"].items()}
        share = {rep: read_parts(text) for rep, text in data["fair_share"].items()}
        carried = {rep: read_parts(text) for rep, text in data["carried"].items()}
        pools = [
            tuple((rep, Fraction(text)) for rep, text in pool.items()) for pool in data["pools"]
        ]
        expect(all(weight > 0 for weight in weights.values()), "weights are above 0")
        expect(list(weights) == list(share) == list(carried), "its parts name other reps")
        expect(sum(share.values()) == sum(carried.values()), "debts do not sum to 0")
        events = {int(n): (rep, pools[at], read_parts(text)) for n, rep, at, text in data["latest"]}
        number = int(data["events"])
        expect(max(events, default=0) <= number, "an event is later than the latest")
        self._seed, self._number = int(data["seed"]), number
        self._weights, self._share, self._carried = weights, share, carried
        self._events = events

    def __repr__(self) -> str:
        furthest = max(map(abs, self.debts.values()), default=0.0)
        return f"<Debt: {len(self._weights)} reps, {self._number} events, furthest {furthest:g}>"
