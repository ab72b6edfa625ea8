"""Spells: times of bursts and calm, of presence and absence, all of random length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..columns import moment
from .stream import Change

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.random import Generator

    from ..columns import Floats


def in_spells(
    due: Floats, rng: Generator, spell: float, busy: float, burst: float, calm: float
) -> Floats:
    """Stretch the time in which tasks come evenly to one with bursts and calm between them."""
    if not len(due):
        return due
    clock, work, on = 0.0, 0.0, bool(rng.random() < busy)
    times, done = [0.0], [0.0]
    while work <= due[-1]:
        length = rng.exponential(spell if on else spell * (1 - busy) / busy)
        clock += length
        work += length * (burst if on else calm)
        times.append(clock)
        done.append(work)
        on = not on
    grow = np.maximum.accumulate(np.array(done) + 1e-12 * np.arange(len(done)))
    return np.asarray(np.interp(due, grow, times))


def absences(
    name: str, rng: Generator, end: float, spell: float, away: float, begin: float, clock: str
) -> list[Change]:
    """List when a rep goes and comes back."""
    time, there, found = 0.0, bool(rng.random() >= away), []
    if not there:
        found.append(Change(_moment(begin, clock), name, available=False))
    while True:
        time += rng.exponential(spell if not there else spell * (1 - away) / away)
        if time > end:
            return found
        there = not there
        found.append(Change(_moment(begin + time, clock), name, available=there))


def _moment(time: float, clock: str) -> float | datetime:
    found = moment(time, clock)
    assert found is not None
    return found
