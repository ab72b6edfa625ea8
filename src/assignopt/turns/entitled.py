"""Reps with entitlements: who joins and leaves, and the way of what is counted to JSON and back."""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from ..errors import Faults
from .reading import check_known, read_state, read_weight

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction
    from typing import Self


class Entitled(ABC):
    """What :class:`~assignopt.Quota` and :class:`~assignopt.Debt` have in common.

    A class says how it counts; here is the team that it counts for, and that two of them are equal
    if all to come is.
    """

    _weights: dict[str, Fraction]

    @abstractmethod
    def __init__(self, weights: Mapping[str, Any]) -> None: ...

    @property
    @abstractmethod
    def state(self) -> dict[str, Any]:
        """All that decides what is to come, as plain data."""

    @abstractmethod
    def _load(self, data: Mapping[str, Any]) -> None:
        """Take over a state; ValueError and the like where it is not what was saved."""

    @abstractmethod
    def _change(self, weights: dict[str, Fraction]) -> None:
        """Count for another team, or with other entitlements, from now on."""

    # -- the team ----------------------------------------------------------------------------

    @property
    def weights(self) -> dict[str, float]:
        """The entitlements."""
        return {rep: float(weight) for rep, weight in self._weights.items()}

    def join(self, rep: str, weight: Any = 1) -> None:
        """Let a rep in; it is owed nothing for what was before."""
        faults = self._faults("join")
        read = read_weight(rep, weight, faults)
        if rep in self._weights:
            faults.add(("rep",), f"rep {rep!r} is there already. Use set_weight", rep)
        faults.raise_if_any()
        self._change({**self._weights, rep: read})

    def leave(self, rep: str) -> None:
        """Let a rep go; what it was owed, or ahead, goes to the others, by entitlement."""
        check_known(self._faults("leave").title, rep, self._weights)
        self._change({one: weight for one, weight in self._weights.items() if one != rep})

    def set_weight(self, rep: str, weight: Any) -> None:
        """Change an entitlement, from now on."""
        faults = self._faults("set_weight")
        check_known(faults.title, rep, self._weights)
        read = read_weight(rep, weight, faults)
        faults.raise_if_any()
        self._change({**self._weights, rep: read})

    def _faults(self, method: str) -> Faults:
        return Faults(f"{type(self).__name__}.{method}")

    # -- in and out --------------------------------------------------------------------------

    def _go_on_from(self, state: str | Mapping[str, Any]) -> None:
        """Take over a state; the weights in hand count as changes of those that were saved."""
        given = self._weights
        read_state(state, type(self).__name__, self._load)
        ordered = {rep: given[rep] for rep in self._weights if rep in given}
        self._change(ordered | given)

    def to_json(self) -> str:
        """Give the state as JSON text."""
        return json.dumps(self.state, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what :meth:`to_json` wrote; all to come is the same.

        Examples
        --------
        >>> import assignopt as ao
        >>> quota = ao.Quota({"ana": 2, "bo": 1})
        >>> quota.next()
        'ana'
        >>> ao.Quota.from_json(quota.to_json()) == quota
        True
        >>> debt = ao.Debt({"ana": 2, "bo": 1}, seed=7)
        >>> debt.choose(["ana", "bo"])
        'ana'
        >>> ao.Debt.from_json(debt.to_json()) == debt
        True
        """
        new = cls({})
        read_state(text, cls.__name__, new._load)
        return new

    def copy(self) -> Self:
        """Give another one that goes on from here by itself."""
        return copy.deepcopy(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.state == other.state and list(self._weights) == list(other._weights)

    __hash__ = None  # type: ignore[assignment]
