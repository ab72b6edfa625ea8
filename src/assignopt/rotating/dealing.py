"""From counts to periods: a matrix of counts in, who holds what in each period out.

The pairs, each as often as it is held, are the edges of a bipartite multigraph; dealing them to
``T`` periods so that no rep and no task has too many in one is an edge colouring. Of what is left,
each period takes its even part, rounded up or down for every pair, rep and task: there is always
such a flow, since a fraction of ``1 / t`` of everything is one.

References
----------
König, D. (1916), "Über Graphen und ihre Anwendung auf Determinantentheorie und Mengenlehre", Math.
Annalen 77; de Werra, D. (1971), "Balanced schedules", INFOR 9, for the even parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..engines.networks import Network, solve_network
from ..errors import EngineError

if TYPE_CHECKING:
    from ..columns import Bools, Ints


def deal(counts: Ints, rep: Ints, task: Ints, periods: int) -> Bools:
    """Deal counts to periods as evenly as can be.

    In every period each rep and each task has its average, rounded up or down, and no pair is dealt
    twice; so bounds on averages hold in every period.

    Parameters
    ----------
    counts
        (P,) in how many periods the pair holds, at most ``periods``.
    rep, task
        (P,) of each pair.
    periods
        How many there are.

    Returns
    -------
    numpy.ndarray
        (P, periods) whether the pair holds; its sum over the periods is ``counts``.

    Raises
    ------
    EngineError
        When the flow library contradicts the theorem.

    Examples
    --------
    >>> two = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> deal(np.array([1, 1, 1, 1]), *two, 2).sum(axis=0).tolist()
    [2, 2]
    """
    left = counts.astype(np.int64).copy()
    grid = np.zeros((len(counts), periods), bool)
    for period in range(periods):
        taken = _share(left, rep, task, periods - period)
        grid[:, period] = taken
        left -= taken
    if left.any() or (grid.sum(axis=1) != counts).any():
        raise EngineError("counts were not dealt out in full")
    return grid


def _share(left: Ints, rep: Ints, task: Ints, parts: int) -> Bools:
    """Take one of so many even parts: arcs that have to be used have a gain, the others none."""
    pairs = np.flatnonzero(left)
    if not len(pairs):
        return np.zeros(len(left), bool)
    reps, tasks = int(rep.max()) + 1, int(task.max()) + 1
    source, sink = reps + tasks, reps + tasks + 1
    rows = np.bincount(rep, left, reps).astype(np.int64)
    columns = np.bincount(task, left, tasks).astype(np.int64)
    few = [left[pairs] // parts, rows // parts, columns // parts]
    more = [-(-one // parts) for one in (left[pairs], rows, columns)]
    tail = [tasks + rep[pairs], np.full(reps, source), np.arange(tasks)]
    head = [task[pairs], tasks + np.arange(reps), np.full(tasks, sink)]
    tails, heads = np.concatenate(tail), np.concatenate(head)
    low, high = np.concatenate(few), np.concatenate(more)
    supply = np.zeros(sink + 1, np.int64)
    supply[source], supply[sink] = more[1].sum(), -more[1].sum()
    network = Network(
        np.concatenate([tails, tails, [source]]).astype(np.int32),
        np.concatenate([heads, heads, [sink]]).astype(np.int32),
        np.concatenate([low, high - low, [more[1].sum()]]),
        np.concatenate([np.full(len(low), -1), np.zeros(len(low) + 1, np.int64)]),
        supply,
    )
    flow = solve_network(network)
    amount = np.zeros(len(network.tail), np.int64)
    amount[flow.used] = flow.amount
    if flow.status != "OPTIMAL" or (amount[: len(low)] < low).any():
        raise EngineError("an even part of counts was not found, though there always is one")
    taken = np.zeros(len(left), bool)
    taken[pairs] = (amount[: len(pairs)] + amount[len(low) : len(low) + len(pairs)]) > 0
    return taken
