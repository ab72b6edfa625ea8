"""Pausing: between two steps of something long, other threads of the process may go on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Item = TypeVar("Item")


def pause() -> None:
    """Let other threads in that wait for the interpreter; nothing where there are none.

    A sleep of no time takes some fifty microseconds, which is what a thread that waits needs to be
    woken; a process that has no other is spared them.
    """
    if threading.active_count() > 1:
        time.sleep(0)


def paced(items: Iterable[Item], every: int) -> Iterator[Item]:
    """Go through items, with a pause now and then."""
    for number, item in enumerate(items):
        if number % every == 0:
            pause()
        yield item
