"""Replaying: a log in, the router it came from out, every decision checked on the way."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..errors import Faults
from .events import read_log

if TYPE_CHECKING:
    from .router import Router


def played_again(router: Router, log: Any) -> Router:
    """Let all that is in a log happen to a router as it was at the beginning of the log.

    Raises
    ------
    pydantic.ValidationError
        When the log is not readable, or a decision comes out otherwise: the first such line.
    """
    faults = Faults("Router.replay")
    nothing: dict[str, Any] = {}
    for number, row in enumerate(read_log(log)):
        try:
            said = router.play(row)
        except ValidationError as error:
            faults.adopt(error, ("log", number))
            break
        for mine, theirs in zip_longest(said, row.get("said", []), fillvalue=nothing):
            if [mine.get(key) for key in ("rep_id", "roles")] == [
                theirs.get(key) for key in ("rep_id", "roles")
            ]:
                continue
            message = (
                f"task {theirs.get('task_id')!r} went to {theirs.get('rep_id')!r} in the log and "
                f"goes to {mine.get('rep_id')!r} now. Give the problem, policy, seed and state "
                "that the log began with"
            )
            faults.add(("log", number), message)
        faults.raise_if_any()
    faults.raise_if_any()
    return router
