"""Flow networks solved by OR-Tools, small ones here, large ones in a process of their own.

The library holds the interpreter while a flow runs, so nothing could stop it from within. A large
network is therefore written to a child process that can be killed when the time is up. The child
runs this very file as a script: it needs numpy and OR-Tools and nothing else of the package.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import max_flow, min_cost_flow

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)
LARGE = 500_000
"""Arcs from which on a network is solved in a process of its own (about a third of a second)."""

Array = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, eq=False)
class Network:
    """A min-cost flow (with ``cost`` and ``supply``) or a maximum flow (without).

    Parameters
    ----------
    tail, head
        (A,) int32 nodes of each arc; nodes are 0, 1, ...
    room
        (A,) int64 capacities.
    cost
        (A,) int64, or None for a maximum flow.
    supply
        (N,) int64 per node; for a maximum flow the two nodes source and sink.
    """

    tail: Array
    head: Array
    room: Array
    cost: Array | None
    supply: Array


@dataclass(frozen=True, eq=False)
class Flow:
    """What came of a network.

    Parameters
    ----------
    status
        The library's word.
    used
        Arcs that carry flow, in order.
    amount
        What each of them carries.
    total
        The flow that arrives.
    side
        Nodes on the source side of a minimum cut (maximum flow only).
    """

    status: str
    used: Array
    total: int
    side: Array
    amount: Array


def solve_network(network: Network) -> Flow:
    """Solve a network in this process."""
    return _min_cost(network) if network.cost is not None else _maximum(network)


def _min_cost(network: Network) -> Flow:
    solver = min_cost_flow.SimpleMinCostFlow()
    assert network.cost is not None
    solver.add_arcs_with_capacity_and_unit_cost(
        network.tail.astype(np.int32, copy=False),
        network.head.astype(np.int32, copy=False),
        network.room.astype(np.int64, copy=False),
        network.cost.astype(np.int64, copy=False),
    )
    nodes = np.arange(len(network.supply), dtype=np.int32)
    solver.set_nodes_supplies(nodes, network.supply.astype(np.int64, copy=False))
    status = solver.solve()
    none = np.zeros(0, np.int64)
    if status != solver.OPTIMAL:
        return Flow(str(status.name), none, 0, none, none)
    flows = np.asarray(solver.flows(np.arange(len(network.tail))), np.int64)
    used = np.flatnonzero(flows)
    total = int(np.maximum(network.supply, 0).sum())
    return Flow("OPTIMAL", used, total, none, flows[used])


def _maximum(network: Network) -> Flow:
    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(
        network.tail.astype(np.int32, copy=False),
        network.head.astype(np.int32, copy=False),
        network.room.astype(np.int64, copy=False),
    )
    status = solver.solve(int(network.supply[0]), int(network.supply[1]))
    side = np.array(solver.get_source_side_min_cut(), np.int64)
    flows = np.asarray(solver.flows(np.arange(len(network.tail))), np.int64)
    used = np.flatnonzero(flows)
    return Flow(str(status.name), used, int(solver.optimal_flow()), side, flows[used])


class ChildSolver:
    """A network being solved in a child process.

    Parameters
    ----------
    network
        What to solve.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        if not sys.executable:
            raise OSError("no interpreter to start a process with")
        paths = [path for path in sys.path if path]
        self._killed = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", os.path.abspath(__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )

    def wait(self) -> Flow | None:
        """Hand the network over and wait for the flow.

        None when the child was killed; a flow with status ``ENDED`` when it died by itself.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _write(self._process.stdin, _arrays_of(self._network))
            self._process.stdin.close()
            status, used, total, side, amount = _read(self._process.stdout)
        except (BrokenPipeError, EOFError, ValueError):
            if self._killed:
                return None
            logger.warning("the process of a flow died (exit code %s)", self._process.wait())
            none = np.zeros(0, np.int64)
            return Flow("ENDED", none, 0, none, none)
        finally:
            self._process.stdout.close()
            self._process.wait()
        return Flow(bytes(status.astype(np.uint8)).decode(), used, int(total[0]), side, amount)

    def kill(self) -> None:
        """End the child at once."""
        self._killed = True
        self._process.kill()


def run_network(
    network: Network, call: Callable[[Callable[[], Flow | None], Callable[[], None]], Flow | None]
) -> Flow | None:
    """Solve a network here or in a child, as its size demands.

    Parameters
    ----------
    network
        What to solve.
    call
        Runs work beside the main thread and calls the second argument to cancel it.
    """
    if len(network.tail) < LARGE:
        return solve_network(network)
    try:
        child = ChildSolver(network)
    except OSError:
        return solve_network(network)
    return call(child.wait, child.kill)


# -- arrays through a pipe ---------------------------------------------------------------------


def _arrays_of(network: Network) -> list[Array]:
    cost = np.zeros(0, np.int64) if network.cost is None else network.cost
    small = [network.tail.astype(np.int32, copy=False), network.head.astype(np.int32, copy=False)]
    return [
        np.array([network.cost is not None], np.int64),
        *small,
        network.room,
        cost,
        network.supply,
    ]


def _write(pipe: IO[bytes], arrays: list[Array]) -> None:
    sizes = [(a.dtype.itemsize, len(a)) for a in arrays]
    pipe.write(np.array([len(arrays), *np.ravel(sizes)], np.int64).tobytes())
    for array in arrays:
        pipe.write(np.ascontiguousarray(array).data.cast("B") if len(array) else b"")
    pipe.flush()


def _read(pipe: IO[bytes]) -> list[Array]:
    count = int(np.frombuffer(_exactly(pipe, 8), np.int64)[0])
    sizes = np.frombuffer(_exactly(pipe, 16 * count), np.int64).reshape(count, 2)
    return [
        np.frombuffer(_exactly(pipe, int(size * length)), np.int32 if size == 4 else np.int64)
        for size, length in sizes
    ]


def _exactly(pipe: IO[bytes], size: int) -> bytearray:
    buffer = bytearray(size)
    view = memoryview(buffer)
    while view:
        got = pipe.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise EOFError("the pipe ended early")
        view = view[got:]
    return buffer


def main() -> None:
    """Read one network from standard input, write its flow to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then kills us
    kind, tail, head, room, cost, supply = _read(sys.stdin.buffer)
    flow = solve_network(Network(tail, head, room, cost if kind[0] else None, supply))
    status = np.frombuffer(flow.status.encode(), np.uint8).astype(np.int64)
    total = np.array([flow.total])
    _write(sys.stdout.buffer, [status, flow.used, total, flow.side, flow.amount])


if __name__ == "__main__":
    main()
