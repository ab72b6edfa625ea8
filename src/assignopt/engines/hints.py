"""What an encoding's variables are in a given plan, so that a search can start from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..columns import Ints
    from ..shares import FairPart
    from .model import Model


def share_of(model: Model, part: FairPart, rep: int) -> Callable[[Ints], int]:
    """Tell the share of a rep in a plan."""
    return lambda choice: int(part.shares(model.arrays, choice[choice >= 0])[rep])


def is_at(model: Model, part: FairPart, rep: int, share: int) -> Callable[[Ints], int]:
    """Tell whether a rep has just this share in a plan."""
    value = share_of(model, part, rep)
    return lambda choice: int(value(choice) == share)


def distance_of(model: Model, part: FairPart, rep: int, share: int) -> Callable[[Ints], int]:
    """Tell how far a rep is from a share in a plan."""
    value = share_of(model, part, rep)
    return lambda choice: abs(value(choice) - share)


def worst_of(model: Model, part: FairPart, worst: Any, otherwise: int) -> Callable[[Ints], int]:
    """Tell the highest or lowest share in a plan."""

    def value(choice: Ints) -> int:
        chosen = choice[choice >= 0]
        shares = part.shares(model.arrays, chosen)[part.measured(model.arrays, chosen)]
        return int(worst(shares)) if len(shares) else otherwise

    return value
