"""Mixing: what was expected and what has come in, what is to come out, kind by kind.

A *kind* of task is who may take it, at which proportions of value. Its share of the arrivals may
drift; how much is estimated, and the shares are read off for the time that is left.
"""

from __future__ import annotations

import json
from itertools import pairwise, product
from struct import pack, unpack
from typing import TYPE_CHECKING, Any
from weakref import finalize

import numpy as np

from ..compiling import compile_problem
from .duals import Sample
from .pausing import paced, pause

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..columns import Floats, Ints
    from ..problem import Problem
    from .state import Pairs

EXPECTED = 4000
"""Tasks of the forecast that are looked at, evenly spread over it."""

GRADES = 8
"""Parts that the tasks of one kind are cut into, by their value."""

SPANS, LEAST = 20, 50
"""Most parts that the arrivals are cut into by time, and least arrivals in one."""

SPREADS = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0)
"""How large shifts and trends of the shares may be, in parts of their square root."""

Kind = tuple[tuple[int, ...], tuple[int, ...]]
"""Reps by index, and millionths of the largest value."""

Row = tuple[Kind, float, list[float]]
"""Kind of a task, its largest value, and the effort with each rep."""

_expected: dict[int, list[Row | None]] = {}


def row_of(reps: Sequence[int], value: Sequence[float], effort: list[float]) -> Row | None:
    """Describe a task; None for one that is worth nothing with anybody."""
    top = max(value, default=0.0)
    if top <= 0:
        return None
    unit = 1e6 / top
    return (tuple(reps), tuple([round(v * unit) for v in value])), top, effort


def expected_rows(problem: Problem) -> list[Row | None]:
    """Describe the tasks of a forecast; looked up once for each problem."""
    found = _expected.get(id(problem))
    if found is None:
        found = _expected[id(problem)] = _described(problem)
        finalize(problem, _expected.pop, id(problem), None)
    return found


def _described(problem: Problem) -> list[Row | None]:
    tasks = len(problem.task_columns.id)
    if not tasks or not len(problem.rep_columns.id):
        return []
    arrays = compile_problem(problem)
    chosen = np.unique(np.linspace(0, tasks - 1, min(tasks, EXPECTED)).astype(np.int64))
    found: list[Row | None] = []
    kinds: dict[Kind, Kind] = {}  # so that equal ones are one object
    costs: dict[tuple[float, ...], list[float]] = {}
    for task in chosen.tolist():
        part = slice(int(arrays.first[task]), int(arrays.first[task + 1]))
        effort = arrays.effort[part].tolist()
        effort = costs.setdefault(tuple(effort), effort)
        row = row_of(arrays.pair_rep[part].tolist(), arrays.value[part].tolist(), effort)
        found.append(row and (kinds.setdefault(row[0], row[0]), row[1], effort))
    return found


def keep(memory: dict[str, Any], pairs: Pairs, most: int) -> None:
    """Keep the pairs of a task that came; of the latest, at least ``most``.

    Who may take it, and at which proportions of value, is kept once, as text, for all tasks that
    have it in common; of each task, what is its own.
    """
    who, window = memory["who"], memory["window"]
    told = pairs.shared.get("told")
    if told is None:
        told = pairs.shared["told"] = _told(pairs)
    text, effort = told
    group, scale, efforts = window
    group.append(who.setdefault(text, len(who)))
    scale.append(pairs.scale)
    efforts.append(effort)
    if len(group) >= 2 * most:
        for column in window:
            del column[:most]
        if len(who) > most:
            used: dict[int, int] = {}
            group[:] = [used.setdefault(one, len(used)) for one in group]
            texts = list(who)
            memory["who"] = {texts[old]: new for old, new in used.items()}


def _told(pairs: Pairs) -> tuple[str, str | float]:
    """Write who there is with which values; and the effort, one number where it is the same."""
    effort = list(pairs.effort.values())
    one = effort[0] if effort and effort.count(effort[0]) == len(effort) else _packed(effort)
    return json.dumps([_packed(pairs.base.values()), *pairs.fit]), one


def _packed(numbers: Collection[float]) -> str:
    """Write numbers exactly, as text."""
    return pack(f"<{len(numbers)}d", *numbers).hex()


def _unpacked(text: str) -> Sequence[float]:
    """Read what :func:`_packed` wrote."""
    return unpack(f"<{len(text) // 16}d", bytes.fromhex(text))


def arrived_rows(
    window: Sequence[Sequence[Any]], who: Sequence[str], place: Mapping[str, int]
) -> list[Row | None]:
    """Describe the tasks that were kept."""
    found: list[Row | None] = []
    groups: dict[int, Row | None] = {}
    costs: dict[tuple[int, str | float], list[float]] = {}
    for one, much, cost in paced(zip(*window, strict=True), 20):
        if one not in groups:
            base, *names = json.loads(who[one])
            reps = [place[name] for name in names]
            groups[one] = row_of(reps, _unpacked(base), [0.0] * len(reps))
        row = groups[one]
        if row is None or much <= 0:
            found.append(None)
        else:
            kind, top, nothing = row
            each = costs.get((one, cost))
            if each is None:
                told = _unpacked(cost) if isinstance(cost, str) else [cost] * len(nothing)
                each = costs[one, cost] = list(told)
            found.append((kind, much * top, each))
    return found


def sample_ahead(
    expected: Sequence[Row | None],
    came: Sequence[Row | None],
    step: int,
    left: float,
    horizon: float,
) -> Sample:
    """Make a sample of what is to come.

    Parameters
    ----------
    expected
        The forecast, taken to be of the time just before the stream.
    came
        The latest arrivals, in order.
    step
        How many have come in all.
    left
        How many are still to come.
    horizon
        How many arrivals there are in all.

    Returns
    -------
    Sample
        Its weights add up to ``left``, or less where tasks are worth nothing.
    """
    kinds: dict[Any, int] = {}
    codes = [np.array(_codes(rows, kinds), np.int64) for rows in (expected, came)]
    shares = _shares(codes[0], codes[1], len(kinds), step, left, horizon)
    rows: list[list[Row]] = [[] for _ in kinds]
    pairs = zip(np.concatenate(codes).tolist(), [*expected, *came], strict=True)
    for code, row in paced(pairs, 200):
        if row is not None:
            rows[code].append(row)
    return _graded(rows, shares * left)


def _codes(rows: Sequence[Row | None], kinds: dict[Any, int]) -> list[int]:
    """Give each kind a number, looking only once into what is one object."""
    found, known = [], dict[int, int]()
    for row in paced(rows, 20):
        kind = row and row[0]
        code = known.get(id(kind))
        if code is None:
            code = known[id(kind)] = kinds.setdefault(kind, len(kinds))
        found.append(code)
    return found


def _graded(rows: list[list[Row]], weight: Floats) -> Sample:
    """Cut the tasks of each kind into a few grades by value."""
    weights, sizes, reps, values, efforts = [], [], [], [], []
    for kind, mine in enumerate(rows):
        if not mine or weight[kind] <= 0:
            continue
        (who, parts), _, _ = mine[0]
        order = sorted(mine, key=lambda row: row[1])
        shape, reps_of = np.array(parts) / 1e6, np.array(who, np.int64)
        alike = all(row[2] is mine[0][2] or row[2] == mine[0][2] for row in mine)
        effort = np.array(mine[0][2], float)
        grades = min(GRADES, len(order)) if order[0][1] < order[-1][1] else 1
        for grade in range(grades):
            pause()
            some = order[grade * len(order) // grades : (grade + 1) * len(order) // grades]
            weights.append(weight[kind] * len(some) / len(order))
            sizes.append(len(who))
            reps.append(reps_of)
            values.append(shape * (sum(row[1] for row in some) / len(some)))
            efforts.append(effort if alike else np.mean([row[2] for row in some], axis=0))
    if not sizes:
        nothing = np.zeros(0)
        return Sample(nothing, np.zeros(0, np.int64), np.zeros(0, np.int64), nothing, nothing)
    first: Ints = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    return Sample(
        np.array(weights),
        first,
        np.concatenate(reps),
        np.concatenate(values),
        np.concatenate(efforts),
    )


def _shares(expected: Any, came: Any, kinds: int, step: int, left: float, horizon: float) -> Floats:
    """(K,) estimate the share of each kind in what is to come.

    The shares of the forecast and of up to twenty spans of the arrivals are noisy looks at a share
    that may have shifted since the forecast and may have a trend. How large shifts and trends are,
    for all kinds together, is the choice that makes what was seen most likely (restricted maximum
    likelihood over a small grid); the best linear unbiased prediction from there is one weight for
    each span. Without drift that is close to the plain mean of everything; with drift, a line.
    """
    spans = min(SPANS, len(came) // LEAST)
    cuts = np.linspace(0, len(came), spans + 1).astype(int) if spans else np.zeros(1, int)
    looks = [expected] if len(expected) else []
    looks += [came[a:b] for a, b in pairwise(cuts.tolist())]
    if not looks:
        looks = [came]
    total = np.maximum(1, [len(look) for look in looks])
    seen = np.array([np.bincount(look, minlength=kinds) for look in looks], float)
    seen /= total[:, None]
    mean: Floats = total @ seen / total.sum()
    if len(looks) < 2:
        return mean
    before = [0.0] if len(expected) else []
    stream = np.array(before + [1.0] * spans)
    centre = step - len(came) + (cuts[:-1] + cuts[1:]) / 2
    when = np.concatenate([before, centre]) / horizon
    there = mean > 0
    ahead = (step + left / 2) / horizon
    weights = _weights(seen[:, there] / np.sqrt(mean[there]), total, stream, when, ahead)
    found = np.maximum(weights @ seen, 0.0)
    whole = float(found.sum())
    return found / whole if whole > 0 else mean


def _weights(seen: Floats, total: Any, stream: Floats, when: Floats, ahead: float) -> Floats:
    """(L,) weigh the looks, by the likeliest size of shifts and trends (0 unless clearly more)."""
    ones, kinds = np.ones(len(when)), seen.shape[1]
    best, chosen = -np.inf, (0.0, 0.0)
    for shift, trend in product(SPREADS[:-1], SPREADS):
        cov = np.diag(1 / total) + shift * np.outer(stream, stream) + trend * np.outer(when, when)
        back = np.linalg.inv(cov)
        whole = ones @ back @ ones
        rest = seen - (ones @ back @ seen) / whole
        fit = -0.5 * np.sum(rest * (back @ rest))
        likely = fit - 0.5 * kinds * (np.linalg.slogdet(cov)[1] + np.log(whole))
        if likely > best + (1.0 if shift or trend else 0.0):
            best, chosen = likely, (shift, trend)
    shift, trend = chosen
    cov = np.diag(1 / total) + shift * np.outer(stream, stream) + trend * np.outer(when, when)
    back = np.linalg.inv(cov)
    drift = back @ (shift * stream + trend * ahead * when)
    found: Floats = drift + back @ ones * (1 - ones @ drift) / (ones @ back @ ones)
    return found
