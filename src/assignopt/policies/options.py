"""Options of policies, read with every fault at once: what was given in, what may be used out."""

from __future__ import annotations

import math
from inspect import signature
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from ..errors import Faults
from ..selectors import read as read_selector
from .policy import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import Place


def take_policy(value: Any, place: Place, faults: Faults) -> Any:
    """Take a policy; a class of one, if it needs no options, for an object of it."""
    if isinstance(value, type) and issubclass(value, Policy):
        needs = [
            one.name
            for one in signature(value).parameters.values()
            if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        ]
        if needs:
            listed = ", ".join(needs)
            message = (
                f"{value.__name__} needs options: {listed}. Give an object: {value.__name__}(...)"
            )
            faults.add(place, message, value)
            return value
        value = value()
    if not isinstance(value, Policy):
        message = (
            f"{value!r} is no policy. Give one of assignopt.policies, or an object of a class "
            "derived from assignopt.policies.Policy"
        )
        faults.add(place, message, value)
    return value


def _plain(value: Any) -> Any:
    """Give a number of any kind as one of Python; anything else as it is."""
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


class Options:
    """The options of one policy, checked one by one, their faults raised together.

    Parameters
    ----------
    policy
        Whose options they are.

    Examples
    --------
    >>> options = Options(Policy())
    >>> options.number("ahead", 3, least=1), options.word("ties", "random", ("random", "team"))
    (3, 'random')
    >>> options.done()
    """

    def __init__(self, policy: Policy) -> None:
        self.faults = Faults(type(policy).__name__)

    def done(self) -> None:
        """Raise if anything was at fault.

        Raises
        ------
        pydantic.ValidationError
            With every fault.
        """
        self.faults.raise_if_any()

    def number(
        self,
        name: str,
        value: Any,
        *,
        least: float = 0.0,
        most: float = math.inf,
        above: bool = False,
    ) -> Any:
        """Take a number from ``least`` (``above`` it) to ``most``."""
        real = isinstance(value, Real) and not isinstance(value, bool)
        inside = real and math.isfinite(value) and least <= value <= most
        if not inside or (above and value == least):
            start = f"a number {'above' if above else 'of at least'} {least:g}"
            allowed = start if most == math.inf else f"{start} and at most {most:g}"
            self.faults.add((name,), f"{value!r} is out of range; allowed is {allowed}", value)
            return value
        return _plain(value)

    def whole(self, name: str, value: Any, *, least: int = 0) -> Any:
        """Take a whole number of at least ``least``."""
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            message = f"{value!r} is out of range; allowed is a whole number of at least {least}"
            self.faults.add((name,), message, value)
            return value
        return int(value)

    def word(self, name: str, value: Any, allowed: Sequence[str | None]) -> Any:
        """Take one of some words."""
        if not isinstance(value, str | None) or value not in allowed:
            listed = ", ".join(map(repr, allowed))
            self.faults.add((name,), f"{value!r} is unknown; allowed: {listed}", value)
        return value

    def text(
        self, name: str, value: Any, what: str = "the name of a tag", *, needed: bool = False
    ) -> Any:
        """Take text, or, unless it is ``needed``, None."""
        if (value is not None or needed) and (not isinstance(value, str) or not value):
            message = f"{value!r} is not {what}. Give text, or leave the option out"
            self.faults.add((name,), message, value)
        return value

    def flag(self, name: str, value: Any) -> Any:
        """Take True or False."""
        if not isinstance(value, bool):
            message = f"{value!r} is not True or False. Give one of the two"
            self.faults.add((name,), message, value)
        return value

    def policy(self, name: str, value: Any) -> Any:
        """Take a policy; a class of one for an object of it."""
        return take_policy(value, (name,), self.faults)

    def amounts(
        self, name: str, value: Any, known: Sequence[str] | None = None, *, zero: bool = False
    ) -> dict[str, float]:
        """Take a mapping of names to numbers above 0 (``zero``: or 0); ``known``: all there are."""
        allowed = "of 0 or more" if zero else "above 0"
        if not isinstance(value, dict) or not (value or zero):
            message = f"{value!r} is no mapping of names to numbers {allowed}. Give one or more"
            self.faults.add((name,), message, value)
            return {}
        for key, number in value.items():
            if known is not None and key not in known:
                listed = ", ".join(known)
                self.faults.add((name, str(key)), f"{key!r} is unknown; known: {listed}", key)
            real = isinstance(number, Real) and not isinstance(number, bool)
            if not real or not 0 <= number < math.inf or (number == 0 and not zero):
                message = f"{number!r} is out of range; allowed is a finite number {allowed}"
                self.faults.add((name, str(key)), message, number)
        return {key: _plain(number) for key, number in value.items()}

    def selector(self, name: str, value: Any) -> Any:
        """Take a selector: an id, a list of ids, or a mapping on tags and fields."""
        return read_selector(value, (name,), self.faults)

    def rows(self, name: str, value: Any) -> list[tuple[Any, Any]]:
        """Take rows of a selector of tasks and a selector of reps each."""
        if isinstance(value, str) or not isinstance(value, list | tuple) or not value:
            message = f"{value!r} is no list of (task selector, rep selector). Give one row or more"
            self.faults.add((name,), message, value)
            return []
        found = []
        for number, row in enumerate(value):
            if not isinstance(row, list | tuple) or len(row) != 2:
                message = f"{row!r} is no pair. Give (task selector, rep selector)"
                self.faults.add((name, number), message, row)
                continue
            who = [
                None if one is None else read_selector(one, (name, number, place), self.faults)
                for place, one in enumerate(row)
            ]
            found.append((who[0], who[1]))
        return found
