"""How often one rep can hold one task at all: tenure, cooldown and absence in, counts out."""

from __future__ import annotations

from functools import cache


@cache
def reachable(
    away: tuple[bool, ...], held: int, min_tenure: int, max_tenure: int, cooldown: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """List the counts a rep can come to with a task, everything else left aside.

    Parameters
    ----------
    away
        (T,) when the rep is not there.
    held
        For how many periods it has held the task just before.
    min_tenure, max_tenure, cooldown
        As in :func:`assignopt.rotate`.

    Returns
    -------
    before, last
        Counts with which the rep does not hold the task in the last period, and with which it
        does.

    Examples
    --------
    Stints of two periods, and two periods between them; the last stint may be cut off.

    >>> reachable((False,) * 5, 0, 2, 2, 2)
    ((0, 2), (1, 2, 3))
    """
    # A state is (periods held in this stint, periods since the last one); counts are bits.
    states: dict[tuple[int, int], int] = {(held, 0 if held else cooldown): 1}
    for gone in away:
        following: dict[tuple[int, int], int] = {}
        for (stint, since), counts in states.items():
            if not gone and (stint or since >= cooldown) and stint < max_tenure:
                key = (min(stint + 1, _longest(min_tenure, max_tenure, len(away), held)), 0)
                following[key] = following.get(key, 0) | counts << 1
            if not stint or gone or stint >= min_tenure:
                key = (0, min(since + 1, cooldown))
                following[key] = following.get(key, 0) | counts
        states = following
    before = last = 0
    for (stint, _), counts in states.items():
        if stint:
            last |= counts
        else:
            before |= counts
    return _numbers(before), _numbers(last)


def _longest(min_tenure: int, max_tenure: int, periods: int, held: int) -> int:
    """Give the length from which on all stints are alike."""
    return max_tenure if max_tenure <= periods + held else max(min_tenure, 1)


def _numbers(bits: int) -> tuple[int, ...]:
    return tuple(at for at in range(bits.bit_length()) if bits >> at & 1)
