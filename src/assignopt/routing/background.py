"""A thread that learns when it is told that it is time, by itself or in a process of its own.

The process is an interpreter that is started anew and spoken to through pipes: it does not import
the caller's script again. It has the policy and the problem from the beginning. What goes to and
fro later goes in small pieces, with a pause after each, so that no decision waits long for the
interpreter. The process ends when its pipe does, also where the caller's dies.
"""

from __future__ import annotations

import copyreg
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager, suppress
from io import BytesIO
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ..policies import Policy

    Learn = Callable[[Any], Any]

Mentions = dict[type, Callable[[Any], Any]]
"""How to write what a process knows already."""

PIECE = 1000
"""Numbers in a list or a dictionary that are written or read at once; some thirty microseconds. An
item is never cut."""

LONG = 50
"""Items from which a list or a dictionary goes in pieces."""

PAUSE = 1e-5
"""Seconds between two pieces, at least: enough for a thread that waits to go on."""

PATIENCE = 5.0
"""Seconds after which a process that was told to end is made to."""

PROTOCOL = 5

SERVE = (
    "import sys; sys.path[:] = {path!r}; from assignopt.routing.background import serve; serve()"
)

_known: list[Any] = []


class Learner:
    """Learns once for each time it was woken, or once for several.

    Parameters
    ----------
    work
        What to call, with the function that learns.
    place
        Gives that function, for as long as the thread runs.
    """

    def __init__(self, work: Callable[[Learn], None], place: AbstractContextManager[Learn]) -> None:
        self._work, self._place = work, place
        self._awake, self._asked, self._over = threading.Event(), False, False
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="assignopt-learning", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until it can learn; raise why it cannot."""
        self._ready.wait()
        self._raise()

    def wake(self) -> None:
        """Say that it is time."""
        self._asked = True
        self._awake.set()

    def stop(self) -> None:
        """Wait until what was asked for is learnt; raise what went wrong."""
        self._over = True
        self._awake.set()
        self._thread.join()
        self._raise()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            with self._place as learn:
                self._ready.set()
                while self._asked or not self._over:
                    self._awake.wait()
                    self._awake.clear()
                    if self._asked:
                        self._asked = False
                        self._work(learn)
        except BaseException as error:  # it is raised where the thread is joined
            self._error = error
        finally:
            self._ready.set()


@contextmanager
def elsewhere(policy: Policy, known: Sequence[Any]) -> Iterator[Learn]:
    """Give the ``learn`` of a policy, as a function that a process of its own computes.

    Parameters
    ----------
    policy
        Whose ``learn`` it is; it is sent once.
    known
        What snapshots mention, such as the problem: sent once, and by number from then on.

    Raises
    ------
    TypeError
        When the policy cannot be sent.
    RuntimeError
        When the process ends before it is told to.
    """
    try:
        first = pickle.dumps((policy, list(known)), PROTOCOL)
    except Exception as error:
        raise _not_sent(policy, error) from error
    with subprocess.Popen(
        [sys.executable, "-c", SERVE.format(path=sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ahead, back = process.stdin, process.stdout

        def asked(message: Iterable[bytes]) -> tuple[bool, Any]:
            try:
                for piece in message:
                    ahead.write(piece)
                    ahead.flush()
                    time.sleep(PAUSE)
                return pickle.load(back), _read(back)
            except (OSError, EOFError, pickle.UnpicklingError) as error:
                ended = f"the process that learns has ended, with code {process.wait(PATIENCE)}"
                raise RuntimeError(f"{ended}. Decisions went on from what was learnt") from error

        table = _mentions(known)

        def learn(snapshot: Any) -> Any:
            fine, said = asked(_pieces(snapshot, table))
            if not fine:
                raise said
            return said

        try:
            fine, said = asked([first])
            if not fine:
                raise _not_sent(policy, said) from said
            yield learn
        finally:
            with suppress(OSError):
                process.stdin.close()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _not_sent(policy: Policy, error: BaseException) -> TypeError:
    return TypeError(
        f"policy {policy.name} cannot be sent to a process of its own: {error}. Define its class "
        "at the top level of a module that can be imported (not in a script or a notebook), or let "
        "a thread learn: learning(process=False)"
    )


def serve() -> None:
    """Learn from what comes in, until nothing does any more; what the process runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the caller's
    ahead, back = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed gets in between
    if hasattr(os, "nice"):
        os.nice(5)  # decisions go first
    with suppress(EOFError, BrokenPipeError):
        try:
            policy, known = pickle.load(ahead)
        except Exception as error:
            _answer(back, False, error)
            return
        _known.extend(known)
        _answer(back, True, None)
        while True:
            snapshot = _read(ahead)
            try:
                _answer(back, True, policy.learn(snapshot))
            except BrokenPipeError:
                return
            except Exception as error:
                error.add_note(f"In the process that learns:\n{traceback.format_exc()}")
                _answer(back, False, error)


def _answer(back: IO[bytes], fine: bool, said: Any) -> None:
    """Send an answer, whole or not at all."""
    try:
        pieces = list(_pieces(said))
        if not fine:
            pickle.loads(pieces[0])  # some errors can be written, and not read
    except Exception:
        if fine:
            raise
        pieces = list(_pieces(RuntimeError("".join(traceback.format_exception(said)))))
    back.writelines([pickle.dumps(fine), *pieces])
    back.flush()


def _mentions(known: Sequence[Any]) -> Mentions:
    """Say how to write what the process knows: as its number."""
    places = {id(one): place for place, one in enumerate(known)}

    def mention(one: Any) -> Any:
        place = places.get(id(one))
        return one.__reduce_ex__(PROTOCOL) if place is None else (_recalled, (place,))

    return {**copyreg.dispatch_table, **{type(one): mention for one in known}}


def _recalled(place: int) -> Any:
    return _known[place]


def _pieces(thing: Any, table: Mentions | None = None) -> Iterator[bytes]:
    """Write a thing; long lists and dictionaries in a dictionary come after it, in pieces."""
    long: list[tuple[Any, Any]] = []
    if type(thing) is dict:
        kinds = list, dict
        long = [(k, v) for k, v in thing.items() if type(v) in kinds and len(v) > LONG]
        thing = thing | {key: type(value)() for key, value in long}
    yield _written(thing, table)
    for key, value in long:
        as_dict = type(value) is dict
        items = iter(value.items() if as_dict else value)
        much = max(1, PIECE // _size(next(iter(value.values() if as_dict else value))))
        while part := list(islice(items, much)):
            yield _written((key, dict(part) if as_dict else part), table)
    yield _written(None, table)


def _size(item: Any) -> int:
    """Say how much one item of a list is, in numbers; a text counts as one for eight letters."""
    if isinstance(item, str):
        return 1 + len(item) // 8
    return max(1, len(item)) if isinstance(item, list | tuple | dict) else 1


def _written(thing: Any, table: Mentions | None) -> bytes:
    file = BytesIO()
    pickler = pickle.Pickler(file, PROTOCOL)
    if table:
        pickler.dispatch_table = table
    pickler.dump(thing)
    return file.getvalue()


def _read(file: IO[bytes]) -> Any:
    """Read what :func:`_pieces` wrote."""
    thing = pickle.load(file)
    while (more := pickle.load(file)) is not None:
        key, part = more
        if type(part) is dict:
            thing[key].update(part)
        else:
            thing[key].extend(part)
        time.sleep(PAUSE)
    return thing
