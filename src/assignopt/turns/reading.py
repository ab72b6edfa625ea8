"""Entitlements, ids, amounts and saved state, read with every fault at once."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from numbers import Rational, Real
from typing import TYPE_CHECKING, Any

from ..errors import Faults

if TYPE_CHECKING:
    from collections.abc import Callable


def as_fraction(number: Any) -> Fraction | None:
    """Read a number exactly, a float as the decimal that it is written as; None: not finite.

    Examples
    --------
    >>> as_fraction(0.1), as_fraction(float("nan")) is None
    (Fraction(1, 10), True)
    """
    if isinstance(number, bool):
        return None
    if isinstance(number, Rational):
        return Fraction(int(number.numerator), int(number.denominator))
    if isinstance(number, Decimal) and number.is_finite():
        return Fraction(number)
    if isinstance(number, Real) and math.isfinite(number):
        return Fraction(repr(float(number)))
    return None


def read_weight(rep: Any, weight: Any, faults: Faults) -> Fraction:
    """Read one entitlement; a fault is noted, and 1 given."""
    if not isinstance(rep, str) or not rep:
        faults.add(("weights",), f"{rep!r} is no id; allowed is text that is not empty", rep)
        return Fraction(1)
    read = as_fraction(weight)
    if read is None or read <= 0:
        message = (
            f"weight {weight!r} of rep {rep!r} is out of range; allowed is a finite number above "
            "0. Leave out who gets no turn"
        )
        faults.add(("weights", rep), message, weight)
        return Fraction(1)
    return read


def read_weights(weights: Any, faults: Faults) -> dict[str, Fraction]:
    """Read entitlements by id."""
    if not isinstance(weights, Mapping):
        message = f"a {type(weights).__name__} is no mapping. Give rep id -> weight"
        faults.add(("weights",), message, weights)
        return {}
    return {rep: read_weight(rep, weight, faults) for rep, weight in weights.items()}


def read_amount(amount: Any, faults: Faults) -> Fraction:
    """Read how much an event is; a fault is noted, and 0 given."""
    read = as_fraction(amount)
    if read is None or read <= 0:
        message = f"amount {amount!r} is out of range; allowed is a finite number above 0"
        faults.add(("amount",), message, amount)
        return Fraction(0)
    return read


def read_eligible(
    eligible: Any,
    known: Mapping[str, Any],
    faults: Faults,
    place: tuple[str | int, ...] = ("eligible",),
) -> list[str]:
    """Read who may take an event, in the order of ``known``."""
    if isinstance(eligible, str) or not isinstance(eligible, Iterable):
        message = f"{eligible!r} is no list of ids. Put the ids in [ ]"
        faults.add(place, message, eligible)
        return []
    listed = list(eligible)
    if not listed:
        faults.add(place, "nobody is eligible; allowed is one rep or more (0/1)")
    named: set[Any] = set()
    for number, rep in enumerate(listed):
        if not isinstance(rep, str) or rep not in known:
            faults.add((*place, number), unknown(rep, known), rep)
        elif rep in named:
            faults.add((*place, number), f"rep {rep!r} is listed twice. Keep one", rep)
        else:
            named.add(rep)
    return [rep for rep in known if rep in named]


def unknown(rep: Any, known: Iterable[str]) -> str:
    """Say that a rep is unknown."""
    ids = list(known)
    near = get_close_matches(rep, ids, 1) if isinstance(rep, str) else []
    remedy = f"did you mean {near[0]!r}?" if near else "Let it join first"
    listed = ", ".join(map(repr, ids[:20])) + (f" and {len(ids) - 20} more" if ids[20:] else "")
    return f"rep {rep!r} is unknown; known: {listed or 'none'}. {remedy}"


def check_known(title: str, rep: Any, known: Iterable[str]) -> None:
    """Raise unless a rep is known.

    Raises
    ------
    pydantic.ValidationError
        When it is not.
    """
    faults = Faults(title)
    if rep not in known:
        faults.add(("rep",), unknown(rep, known), rep)
    faults.raise_if_any()


def read_state(state: Any, title: str, read: Callable[[Mapping[str, Any]], None]) -> None:
    """Take over saved state, given as text or as the mapping it holds.

    Raises
    ------
    pydantic.ValidationError
        When it is not what was saved.
    """
    faults = Faults(title)
    try:
        data = json.loads(state) if isinstance(state, str | bytes) else state
        if not isinstance(data, Mapping):
            raise TypeError(f"an object is expected, not {type(data).__name__}")
        read(data)
    except (LookupError, TypeError, ValueError, ZeroDivisionError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        faults.add(("state",), f"the state is not readable: {what}. Give what to_json() wrote")
    faults.raise_if_any()


def expect(holds: object, what: str) -> None:
    """Raise ValueError unless something holds that saved state always has."""
    if not holds:
        raise ValueError(what)
