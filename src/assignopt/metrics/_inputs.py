"""What the measures are given: anything array-like in, checked arrays or every fault out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_MAX_WEIGHT_RATIO = 1e100
"""Beyond this ratio of two weights, products of shares could leave the range of a float."""

_MAX_LISTED = 5
"""How many faults a message lists in full; the rest are counted."""

_REMEDIES = {
    "load": "Give 0 for an idle rep, and leave out a rep whose load is not known",
    "weight": "Leave out a rep who is entitled to nothing, or give weight=None for one each",
    "values": "Give 0 for a task that is nothing to a rep, and costs as numbers with chores=True",
    "epsilon": "Leave it out for 0.5",
}


def read_numbers(name: str, values: ArrayLike, *, ndim: int, positive: bool = False) -> Floats:
    """Return finite numbers of the right sign as floats, or raise with every place at fault."""
    allowed = f"allowed: finite numbers {'> 0' if positive else '>= 0'}"
    try:
        raw = np.asarray(values)
        if raw.dtype.kind not in "biufO" or any(isinstance(x, str) for x in _objects(raw)):
            raise TypeError(f"not numbers: {raw.dtype}")
        array = raw.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{name} cannot be read as numbers ({error}); {allowed}. {_REMEDIES[name]}."
        ) from error
    if array.ndim != ndim:
        form = ("one number", "one number per rep", "a row per rep and a column per task")[ndim]
        raise ValueError(
            f"{name} has {array.ndim} dimensions; allowed: {ndim} ({array.ndim}/{ndim}). "
            f"Give {form}."
        )
    outside = ~np.isfinite(array) | (array <= 0.0 if positive else array < 0.0)
    if outside.any():
        raise ValueError(f"{places_at_fault(name, array, outside)}; {allowed}. {_REMEDIES[name]}.")
    return array


def read_weights(weight: ArrayLike | None, reps: int) -> Floats:
    """Return one checked weight per rep, ones where none are given."""
    if weight is None:
        return np.ones(reps)
    weights = read_numbers("weight", weight, ndim=1, positive=True)
    if weights.size != reps:
        raise ValueError(
            f"weight has {weights.size} entries for {reps} reps; allowed: one per rep "
            f"({weights.size}/{reps}). Give both in the order of the same reps."
        )
    low, high = float(weights.min()), float(weights.max())
    if high / low > _MAX_WEIGHT_RATIO:
        raise ValueError(
            f"weight runs from {low:g} to {high:g}; allowed: largest / smallest up to "
            f"{_MAX_WEIGHT_RATIO:g}. Give all weights in one unit."
        )
    return weights


def shares_of(weights: Floats) -> Floats:
    """Return the entitlement shares w_r / W."""
    part = weights / weights.max()  # W itself might overflow
    share: Floats = part / part.sum()
    return share


def places_at_fault(name: str, array: NDArray[np.generic], outside: NDArray[np.bool_]) -> str:
    """Say where an array is at fault: ``load[1] is nan, load[4] is -2.0 and 3 more``."""
    places = np.argwhere(outside)
    listed = []
    for place in places[:_MAX_LISTED]:
        index = f"[{', '.join(map(str, place))}]" if place.size else ""
        listed.append(f"{name}{index} is {array[tuple(place)]}")
    left = len(places) - len(listed)
    return ", ".join(listed) + (f" and {left} more" if left else "")


def _objects(raw: NDArray[np.generic]) -> list[object]:
    """Return the elements of an array of Python objects, nothing for any other array."""
    return list(raw.flat) if raw.dtype.kind == "O" else []
