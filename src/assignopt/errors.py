"""The exceptions of the package, and the one way faults of the input are reported.

The tree::

    Exception
     ├── AssignoptError
     │    ├── NoSolutionError   a plan was read from a run that has none
     │    └── EngineError       an engine broke a rule; carries the violations
     └── pydantic.ValidationError   bad input: every fault at once, each with its place

Bad input is never reported one fault at a time: a :class:`Faults` collects, then raises once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

MAX_LISTED = 100
"""How many faults an error lists in full; the rest are counted."""


class AssignoptError(Exception):
    """The base of all errors raised by this package, bad input apart."""


class NoSolutionError(AssignoptError):
    """A plan was read from a run that has none (infeasible, or nothing found in time)."""


class EngineError(AssignoptError):
    """An engine returned a plan that breaks a rule, or a claim that could not be confirmed.

    Parameters
    ----------
    message
        What the engine did.
    violations
        The rows of the audit that failed, as in :attr:`assignopt.Audit.violations`.
    """

    def __init__(self, message: str, violations: pd.DataFrame | None = None) -> None:
        super().__init__(message)
        self.violations = violations


class Faults:
    """Faults of the input, collected with their places and raised together.

    Parameters
    ----------
    title
        What was being read, the heading of the error.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.count = 0
        self._details: list[InitErrorDetails] = []

    def add(self, place: tuple[str | int, ...], message: str, value: object = None) -> None:
        """Note one fault at ``place``, in a sentence with its remedy."""
        self.count += 1
        if len(self._details) < MAX_LISTED:
            error = PydanticCustomError("bad_input", "{message}", {"message": message})
            self._details.append(InitErrorDetails(type=error, loc=place, input=value))

    def add_rows(
        self,
        table: str,
        column: str,
        rows: Iterable[int],
        values: Any,
        message: str,
    ) -> None:
        """Note the same fault in many cells of one column; ``{value}`` in the message is filled.

        Only the first :data:`MAX_LISTED` are written out, so a million bad cells stay cheap.
        """
        listed = list(rows)
        for row in listed[:MAX_LISTED]:
            value = values[row]
            self.add((table, int(row), column), message.format(value=repr(value)), value)
        self.count += max(0, len(listed) - MAX_LISTED)

    def adopt(self, error: ValidationError, prefix: tuple[str | int, ...] = ()) -> None:
        """Take over the faults of a record's own validation, placed under ``prefix``."""
        for detail in error.errors(include_url=False):
            self.add((*prefix, *detail["loc"]), detail["msg"], detail["input"])

    def raise_if_any(self) -> None:
        """Raise one ``pydantic.ValidationError`` if anything was noted.

        Raises
        ------
        pydantic.ValidationError
            With the first hundred faults in full and the count of all of them.
        """
        if not self.count:
            return
        title = f"{self.title}: {self.count} fault{'s' if self.count > 1 else ''}"
        if self.count > len(self._details):
            left = self.count - len(self._details)
            title += f" (the first {len(self._details)} listed)"
            error = PydanticCustomError("more_faults", "and {left} more faults", {"left": left})
            self._details.append(InitErrorDetails(type=error, loc=("...",), input=None))
        raise ValidationError.from_exception_data(title, self._details)
