"""Measures: a *measure* takes numbers per rep and gives one number, by a published formula.

Eleven of them say how unequally load is spread (:mod:`.spread`); the others count who would rather
have another rep's tasks (:mod:`.envy`). All are plain functions of arrays, know nothing of plans,
and never return NaN. Arrays are matched by position, never by a pandas index. They measure; whether
a spread is acceptable is for the reader to say.
"""

from .envy import ef1_by_rep, ef1_violations, envy_pairs, prop1_violations
from .spread import (
    atkinson,
    cv,
    gini,
    hoover,
    jain_index,
    l2,
    load_range,
    mad,
    max_min_ratio,
    theil,
    variance,
)

__all__ = [
    "atkinson",
    "cv",
    "ef1_by_rep",
    "ef1_violations",
    "envy_pairs",
    "gini",
    "hoover",
    "jain_index",
    "l2",
    "load_range",
    "mad",
    "max_min_ratio",
    "prop1_violations",
    "theil",
    "variance",
]
