"""Numbers with their nouns, in the singular and the plural: a count in, a phrase out."""

from __future__ import annotations


def counted(many: float, thing: str) -> str:
    """Write how many there are of a thing.

    Examples
    --------
    >>> counted(1, "rep"), counted(0, "rep"), counted(1200, "task")
    ('1 rep', '0 reps', '1,200 tasks')
    """
    return f"{many:,.10g} {thing}{'' if many == 1 else 's'}"
