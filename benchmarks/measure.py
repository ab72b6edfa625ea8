"""Wall time and peak memory: a function of ours in, what it returns out, from a fresh process.

Peak memory only ever rises within a process, so whatever is compared by memory runs in a process
of its own, one after the other. ``python -m benchmarks.measure`` is the other end of
:func:`in_fresh_process`.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
MB = 2**20
EVERY = 0.05
"""Seconds between two looks at the memory of processes that were started."""


class Span:
    """What happens in a ``with`` block: seconds, memory before it and peak memory in it.

    On Linux the peak is set back on entry, so that what made the input does not count beyond what
    is left of it in memory, and processes started in the block count with it, sampled every
    :data:`EVERY` seconds. Elsewhere it is the peak of this process alone, since its start.
    """

    seconds = 0.0
    before_mb = 0.0
    peak_mb = 0.0

    def __enter__(self) -> Span:
        gc.collect()
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        self.before_mb = _memory("VmRSS")
        self._together, self._over = 0.0, threading.Event()
        self._watch = threading.Thread(target=self._sample, daemon=True)
        self._watch.start()
        self._begun = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._begun
        self._over.set()
        self._watch.join()
        self.peak_mb = max(_memory("VmHWM"), self._together)

    def _sample(self) -> None:
        """Add up the memory of this process and of those it started, while there are any."""
        while not self._over.wait(EVERY):
            started = _descendants(os.getpid())
            if started:
                alone = sum(_of_process(one, "VmRSS") for one in started)
                self._together = max(self._together, alone + _memory("VmRSS"))

    def facts(self) -> dict[str, float]:
        return {"seconds": self.seconds, "before_mb": self.before_mb, "peak_mb": self.peak_mb}


def _memory(name: str) -> float:
    """Read a figure of this process in MB.

    ``VmHWM`` goes before ``ru_maxrss``: the latter is inherited from whoever started the process.
    """
    told = _of_process("self", name)
    if told:
        return told
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MB if sys.platform == "darwin" else most / 1024


def _of_process(number: int | str, name: str) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{number}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _descendants(number: int) -> list[int]:
    """Give the processes that this one started, and those they started; none where unknown."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError, ValueError):
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
    found, new = [], [number]
    while new:
        new = [one for one, parent in parents.items() if parent in new]
        found += new
    return found


def in_fresh_process(
    work: Callable[..., dict[str, Any]], *args: Any, timeout: float | None = None
) -> dict[str, Any]:
    """Call ``work(*args)`` in a new interpreter.

    Parameters
    ----------
    work
        A function of this package, at the top level of its module.
    *args
        Anything JSON can hold.
    timeout
        Seconds after which the process is stopped.

    Returns
    -------
    dict
        What ``work`` returned; ``{"error": ...}`` when it failed or took too long.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "result.json"
        call = {"module": work.__module__, "name": work.__qualname__, "args": args}
        command = [sys.executable, "-m", "benchmarks.measure", str(out)]
        try:
            ended = subprocess.run(
                command,
                input=json.dumps(call),
                text=True,
                capture_output=True,
                cwd=ROOT,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"error": f"stopped after {timeout:g} s"}
        if not out.exists():
            told = ended.stderr.strip().splitlines()
            return {"error": told[-1] if told else f"ended with code {ended.returncode}"}
        result: dict[str, Any] = json.loads(out.read_text())
        return result


def main() -> None:
    """Run the call that stands on the standard input, and leave without waiting for threads."""
    call = json.loads(sys.stdin.read())
    work = getattr(importlib.import_module(call["module"]), call["name"])
    result = work(*call["args"])
    part = Path(sys.argv[1]).with_suffix(".part")
    part.write_text(json.dumps(result))
    part.rename(sys.argv[1])
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
