"""Options of policies, read with every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..errors import Faults


def read_amount(name: str, value: Any, faults: Faults) -> float:
    """Read a finite number of 0 or more; a fault is noted, and 0 given."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and isfinite(value) and value >= 0:
        return float(value)
    message = f"{value!r} is out of range; allowed is a finite number, 0 or more"
    faults.add((name,), message, value)
    return 0.0


def read_count(name: str, value: Any, faults: Faults, *, none: bool = False) -> int | None:
    """Read a whole number of 1 or more; or None, where that is allowed."""
    if value is None and none:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    other = ", or None" if none else ""
    message = f"{value!r} is out of range; allowed is a whole number, 1 or more{other}"
    faults.add((name,), message, value)
    return None


def read_prices(prices: Any, faults: Faults) -> dict[str, float]:
    """Read prices by rep id."""
    if not isinstance(prices, Mapping):
        message = f"a {type(prices).__name__} is no mapping. Give rep id -> price"
        faults.add(("prices",), message, prices)
        return {}
    return {str(name): read_amount(f"prices.{name}", one, faults) for name, one in prices.items()}
