"""What ``to_json`` wrote, read again; anything else is told as such."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import Faults

if TYPE_CHECKING:
    from collections.abc import Callable

Read = TypeVar("Read")


def read_saved(text: Any, name: str, read: Callable[[dict[str, Any]], Read]) -> Read:
    """Read a document with ``read``.

    Parameters
    ----------
    text
        What ``to_json`` of the class gave.
    name
        The class.
    read
        Makes an object of it from the document.

    Raises
    ------
    pydantic.ValidationError
        When it is something else.
    """
    faults = Faults(f"fit.{name}")
    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise TypeError(f"an object is expected, not {type(data).__name__}")
        return read(data)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        faults.add(("text",), f"is not readable: {what}. Give what {name}.to_json() gave")
    faults.raise_if_any()
    raise AssertionError
