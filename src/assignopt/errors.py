"""The exceptions of the package, and the one way faults of the input are reported.

The tree::

    Exception
     ├── AssignoptError
     │    ├── NoSolutionError   a plan was read from a run that has none
     │    ├── EngineError       an engine broke a rule; carries the violations
     │    └── PolicyError       a policy failed in a simulation; says which, and where
     └── pydantic.ValidationError   bad input: every fault at once, each with its place

Bad input is never reported one fault at a time: a :class:`Faults` collects, then raises once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

if TYPE_CHECKING:
    import pandas as pd
    from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]
"""Where a fault is: ``("tasks", 3, "effort")``."""

MAX_LISTED = 100
"""How many faults an error lists in full; its title counts all."""


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


class PolicyError(AssignoptError):
    """A policy raised an exception in a simulation.

    The message names the policy, the stream, the seed and the arrival; the exception of the policy
    is its cause.
    """


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

    def add(self, place: Place, message: str, value: object = None) -> None:
        """Note one fault at ``place``, in a sentence with its remedy."""
        self.count += 1
        if len(self._details) < MAX_LISTED:
            error = PydanticCustomError("bad_input", "{message}", {"message": message})
            self._details.append(InitErrorDetails(type=error, loc=place, input=value))

    def add_rows(self, table: str, column: str, bad: Any, values: Any, message: str) -> None:
        """Note the same fault in many cells of one column; ``{value}`` in the message is filled.

        ``bad`` is the (rows,) mask of the cells. Only the first :data:`MAX_LISTED` are written
        out, so a million bad cells stay cheap.
        """
        rows = np.flatnonzero(bad)
        for row in rows[:MAX_LISTED].tolist():
            value = values[row]
            plain = value.item() if isinstance(value, np.generic) else value
            self.add((table, row, column), message.replace("{value}", repr(plain)), plain)
        self.count += max(0, len(rows) - MAX_LISTED)

    def adopt(self, error: ValidationError, prefix: Place = (), *, kind: object = None) -> None:
        """Take over the faults of a record's own validation, placed under ``prefix``.

        ``kind`` is the tag of a union's member, which pydantic puts first and no user wrote.
        """
        for detail in error.errors(include_url=False):
            place = [part for part in detail["loc"] if part != "[key]"]
            if kind is not None and place[:1] == [kind]:
                del place[0]
            self.add((*prefix, *place), _in_our_words(detail), detail["input"])

    def raise_if_any(self) -> None:
        """Raise one ``pydantic.ValidationError`` if anything was noted.

        Raises
        ------
        pydantic.ValidationError
            With the first hundred faults in full and, in its title, the count of all of them.
        """
        if not self.count:
            return
        title = f"{self.title}: {self.count} fault{'s' if self.count > 1 else ''}"
        if self.count > len(self._details):
            title += f" (the first {len(self._details)} listed)"
        raise ValidationError.from_exception_data(title, self._details)


def _in_our_words(detail: ErrorDetails) -> str:
    """Say what pydantic found in the words that frames are checked with."""
    value, allowed = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "greater_than_equal":
            return f"{value!r} is out of range; allowed is at least {allowed['ge']:g}"
        case "greater_than":
            return f"{value!r} is out of range; allowed is above {allowed['gt']:g}"
        case "less_than_equal":
            return f"{value!r} is out of range; allowed is at most {allowed['le']:g}"
        case "float_type":
            return f"{value!r} is not a number. Give a number"
        case "int_type":
            return f"{value!r} is not a whole number. Give a whole number"
        case "finite_number":
            return f"{value!r} is not finite. Give a finite number"
        case "string_type":
            return f"{value!r} is not text. Give names and ids as text"
        case "string_too_short":
            return "is empty text. Fill it in"
        case "bool_type":
            return f"{value!r} is not True or False. Give one of the two"
        case "missing":
            return "is missing. Fill it in"
        case "union_tag_invalid":
            return f"kind {allowed['tag']!r} is unknown; known: {allowed['expected_tags']}"
        case "union_tag_not_found":
            return "is of no known kind. Give a record, or a mapping with its 'kind'"
        case "extra_forbidden":
            return f"{detail['loc'][-1]!r} is no field. Rename it; data of your own go in tags"
        case _:
            return detail["msg"]
