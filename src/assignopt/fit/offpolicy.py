"""A log with propensities and a target policy in; what the target is worth, if the log can tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ..cells import FrameReader
from ..errors import Faults
from ..plan import frame_of
from .estimates import FitEstimate
from .history import EVERY, Log, Names, check_options, is_whole, read_log
from .learning import learn_tables
from .policy_values import ESTIMATES, OffPolicy
from .weighing import (
    CUT,
    ESTIMATORS,
    Weighted,
    clustered,
    intervals,
    reach,
    resampled,
    values,
)

if TYPE_CHECKING:
    from ..columns import Floats

FEWEST = 5
"""Rows of a rep on a type from which the log is taken to know it, for the bounds."""

DRAWS = 500

ROUNDED = 0.02
"""How far from 1 a mean weight may be in any case: propensities are written with few digits."""


def off_policy(
    log: pd.DataFrame,
    target: str | pd.DataFrame,
    *,
    rep: str,
    outcome: str,
    propensity: str,
    type: str | None = None,  # noqa: A002
    batch: str | None = None,
    model: FitEstimate | pd.DataFrame | None = None,
    switch: float = 10.0,
    min_ess: float = 100.0,
    max_unsupported: float = 0.05,
    max_weight_error: float = 4.0,
    seed: int = 0,
) -> OffPolicy:
    """Estimate what another policy would have come to, on the log of one that drew at random.

    With ``w = target's probability / propensity`` of what was done, y the outcome, q the model::

        ips    mean(w y)                     dm         mean(q(x, target))
        snips  sum(w y) / sum(w)             dr         dm + mean(w (y - q(x, done)))
        clipped_ips  mean(min(w, switch) y)  sndr       dm + sum(w (y - q)) / sum(w)
                                             switch_dr  dm + mean(w (y - q), where w <= switch)

    ips and dr are unbiased where the propensities are right (dr also where only the model is);
    the others trade some bias for less variance. Intervals are by drawing whole batches with
    replacement: rows of one day, or of one solve, depend on each other; for few batches they are
    those of Student's t. dm has none: how wrong the model is cannot be told from its own values.
    Where all that count have one outcome no draw differs: then the interval is that of the bounds.
    Where a weight is above ``switch`` clipped_ips and switch_dr have none either: what is cut from
    them is a bias, which no draw shows.

    There is a gate: an effective sample size ``(sum w)^2 / sum w^2`` of ``min_ess`` at least; of
    what the target would do a share of ``max_unsupported`` at most that the log does not know (such
    choices have no weight, and would go unnoticed); and a mean weight within ``max_weight_error``
    of its standard errors of 1, which is its expectation where the propensities are right and the
    log could have done all that the target does (0.02 more are allowed, for propensities that were
    rounded). Where it is shut no number is given, only bounds,
    which hold wherever the propensities are right, and are 0 and 1 where the mean weight is too
    high for that: since what the log could not do has no weight,
    the value is at least ``mean(w y)``, and at most ``1 - mean(w (1 - y))``. Both are widened to
    the end of their 95 % interval, by batches, with one more failure, or success, than was seen;
    cells with fewer than five rows that the target would have done alike count as unknown.

    Parameters
    ----------
    log
        A row for each decision.
    target
        The column with the rep that the target would choose; or a frame with columns named as
        ``rep`` and (with ``type``) ``type``, and ``probability``, adding up to 1 for each type.
    rep, outcome, propensity
        Columns: who was chosen, 0 or 1, and the probability, in (0, 1], with which this rep was.
    type
        The column of customer types, the context of the model; None: all tasks are alike.
    batch
        The column of days or solves; None: rows are independent.
    model
        q: an estimate, or a frame (rep_id, customer_type, fit) as of
        :meth:`FitEstimate.fit_frame`, learned from *other* rows. None: learned here, from one half
        of the batches for the other half.
    switch
        Weights above it are cut (clipped_ips) or left to the model (switch_dr).
    min_ess, max_unsupported, max_weight_error
        The gate.
    seed
        Of the halves and of the draws.

    Returns
    -------
    OffPolicy

    Raises
    ------
    pydantic.ValidationError
        With every fault: columns, propensities outside (0, 1], probabilities that do not add up.

    References
    ----------
    D. G. Horvitz and D. J. Thompson (1952), JASA 47, 663-685 (ips). A. Swaminathan and T. Joachims
    (2015), "The self-normalized estimator for counterfactual learning", NeurIPS 28. M. Dudik,
    D. Erhan, J. Langford and L. Li (2014), "Doubly robust policy evaluation and optimization",
    Statistical Science 29(4), 485-511. Y.-X. Wang, A. Agarwal and M. Dudik (2017), "Optimal and
    adaptive off-policy evaluation in contextual bandits", ICML (switch_dr).

    Examples
    --------
    >>> import pandas as pd, assignopt as ao
    >>> log = pd.DataFrame(
    ...     [("ana" if n % 4 else "bo", 0.75 if n % 4 else 0.25, n % 3 > 0) for n in range(600)],
    ...     columns=["who", "chance", "won"],
    ... )
    >>> even = pd.DataFrame({"who": ["ana", "bo"], "probability": [0.5, 0.5]})
    >>> found = ao.fit.off_policy(log, even, rep="who", outcome="won", propensity="chance")
    >>> round(found.ess), round(found.of("snips"), 3)
    (450, 0.667)
    """
    faults = Faults("fit.off_policy")
    named = target if isinstance(target, str) else None
    gate = _Gate(min_ess, max_unsupported, max_weight_error)
    _check(faults, switch, gate, seed)
    names = Names(rep, type, outcome, propensity=propensity, batch=batch)
    if not isinstance(propensity, str):
        faults.add(("propensity",), f"{propensity!r} is no name of a column. Give its name")
    if named is not None and isinstance(log, pd.DataFrame) and named not in log.columns:
        near = get_close_matches(named, [str(one) for one in log.columns], 1)
        hint = f"; did you mean {near[0]!r}?" if near else ". Name one, or give a frame"
        faults.add(("target",), f"column {named!r} is missing{hint}", named)
    rows = read_log(log, names, faults, table="log", typed=False)
    policy = _Policy(rows, log, target, names, faults)
    faults.raise_if_any()
    batches = len(np.unique(rows.batch))
    if batches < 2:
        message = f"{batches} batch has no interval; allowed are two or more ({batches}/2)"
        faults.add(("batch",), f"{message}. Give days, or leave it out")
    halves = _models(policy, rows, model, seed, faults)
    faults.raise_if_any()
    return _weighed(policy, rows, halves, switch, gate, seed)


class _Gate(NamedTuple):
    """What a log has to have before a number is given."""

    min_ess: float
    max_unsupported: float
    max_weight_error: float


def _check(faults: Faults, switch: Any, gate: _Gate, seed: Any) -> None:
    def within(value: Any, low: float, high: float = np.inf) -> bool:
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        return bool(number and low <= value <= high)

    most, error = gate.max_unsupported, gate.max_weight_error
    options = {
        "switch": (switch, within(switch, 1), "a number from 1 on"),
        "min_ess": (gate.min_ess, within(gate.min_ess, 1), "a number from 1 on"),
        "max_unsupported": (most, within(most, 0, 1), "a number from 0 to 1"),
        "max_weight_error": (error, within(error, 0, 1e12), "a number from 0 to 1e12"),
        "seed": (seed, is_whole(seed, 0), "a whole number from 0 on"),
    }
    check_options(faults, options)


class _Policy:
    """The target's probability of every rep: by type (R, J), or the rep it chooses, by row."""

    def __init__(self, log: Log, frame: pd.DataFrame, target: Any, names: Names, faults: Faults):
        self.chosen: Any = None
        self.table: Any = None
        self.reps = pd.Index(log.reps, dtype=object)
        if isinstance(target, str):
            picked = FrameReader("log", frame, faults).text(target)
            self._add_reps(picked)
            self.chosen = self.reps.get_indexer(pd.Index(picked, dtype=object))
        elif isinstance(target, pd.DataFrame):
            self._read(log, target, names, faults)
        else:
            message = f"a {type(target).__name__} is no target. Give a column's name, or a frame"
            faults.add(("target",), message)

    def _add_reps(self, more: Any) -> None:
        new = sorted({one for one in more if one is not None} - set(self.reps))
        self.reps = self.reps.append(pd.Index(new, dtype=object))

    def _read(self, log: Log, target: pd.DataFrame, names: Names, faults: Faults) -> None:
        reader = FrameReader("target", target, faults)
        columns = [names.rep, *([] if names.type is None else [names.type]), "probability"]
        if not reader.require(*columns):
            return
        who = reader.text(names.rep)
        kinds = np.full(reader.rows, EVERY, object) if names.type is None else None
        kinds = reader.text(str(names.type)) if kinds is None else kinds
        share = reader.number("probability", high=1.0)
        kind = pd.Index(log.types, dtype=object).get_indexer(pd.Index(kinds, dtype=object))
        self._add_reps(who)
        row = self.reps.get_indexer(pd.Index(who, dtype=object))
        fine = (kind >= 0) & (row >= 0) & ~np.isnan(share)
        self.table = np.zeros((len(self.reps), len(log.types)))
        np.add.at(self.table, (row[fine], kind[fine]), share[fine])
        for column, total in enumerate(self.table.sum(axis=0).tolist()):
            if abs(total - 1.0) > 1e-6:
                name = str(log.types[column])
                message = f"probabilities of {name!r} add up to {total:g}; allowed is 1. Correct it"
                faults.add(("target", "probability"), message, total)

    def of_done(self, log: Log) -> Floats:
        """(N,) the target's probability of what was done."""
        if self.chosen is not None:
            return np.asarray(self.chosen == log.rep, np.float64)
        return np.asarray(self.table[log.rep, log.type], np.float64)

    def mean(self, log: Log, per_cell: Floats) -> Floats:
        """(N,) mean of a table (R, J) over what the target would do."""
        if self.chosen is not None:
            return np.asarray(per_cell[self.chosen, log.type], np.float64)
        return np.asarray((self.table * per_cell).sum(axis=0)[log.type], np.float64)

    def cells(self, log: Log) -> Floats:
        """(R, J) share of the target's decisions that each cell has."""
        shape = len(self.reps), len(log.types)
        if self.chosen is not None:
            cell = np.asarray(self.chosen * shape[1] + log.type, np.int64)
            count = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
        else:
            count = self.table * np.bincount(log.type, minlength=shape[1])
        return np.asarray(count / len(log), np.float64)


@dataclass(frozen=True, eq=False)
class _Half:
    """The rows that a model was not learned from, and the model (R, J)."""

    rows: Any
    model: Floats


def _models(policy: _Policy, log: Log, model: Any, seed: int, faults: Faults) -> list[_Half]:
    shape = len(policy.reps), len(log.types)
    if model is None:
        order = np.random.default_rng(seed).permutation(int(log.batch.max()) + 1)
        side = (order % 2)[log.batch]
        found = []
        for one in (0, 1):
            trials, successes = log.take(np.flatnonzero(side != one)).tables()
            if not trials.sum():
                continue
            wide = learn_tables(trials, successes, "crossed").mean
            known = np.vstack([wide[:-1, :-1], np.tile(wide[-1:, :-1], (shape[0], 1))])[: shape[0]]
            found.append(_Half(np.flatnonzero(side == one), np.asarray(known, np.float64)))
        return found
    row, kind = (one.ravel() for one in np.indices(shape))
    reps, types = policy.reps.to_numpy()[row], log.types[kind]
    if isinstance(model, FitEstimate):
        return [_Half(np.arange(len(log)), model.lookup(reps, types).reshape(shape))]
    columns = ["rep_id", "customer_type", "fit"]
    if not isinstance(model, pd.DataFrame):
        faults.add(("model",), f"a {type(model).__name__} is no model. Give what fit_frame() gave")
        return []
    reader = FrameReader("model", model, faults)
    if not reader.require(*columns):
        return []
    fit = pd.Series(reader.number("fit", high=1.0), [model[name] for name in columns[:2]])
    wanted = fit[~fit.index.duplicated()].reindex(list(zip(reps, types, strict=True)))
    values_ = wanted.to_numpy(np.float64)
    for at in np.flatnonzero(np.isnan(values_)).tolist():
        message = f"rep {reps[at]!r} on type {types[at]!r} is missing. Add a row"
        faults.add(("model",), message)
    return [_Half(np.arange(len(log)), np.asarray(values_.reshape(shape), np.float64))]


def _weighed(
    policy: _Policy, log: Log, halves: list[_Half], switch: float, gate: _Gate, seed: int
) -> OffPolicy:
    there, would = np.zeros(len(log)), np.zeros(len(log))
    for half in halves:
        there[half.rows] = half.model[log.rep, log.type][half.rows]
        would[half.rows] = policy.mean(log, half.model)[half.rows]
    weight = policy.of_done(log) / log.propensity
    rows = Weighted(log.outcome, weight, there, would, float(switch))
    thin = _thin(policy, log, weight)
    known = np.where(thin[log.rep, log.type], 0.0, weight)
    mean, error = clustered(weight, log.batch)
    batches = len(np.unique(log.batch))
    away = max(abs(mean - 1.0) - ROUNDED, 0.0) / max(error, 1e-9)
    found = OffPolicy(
        estimates=frame_of([], ESTIMATES),
        rows=len(log),
        batches=batches,
        logged=float(log.outcome.mean()),
        ess=rows.ess,
        min_ess=float(gate.min_ess),
        max_unsupported=float(gate.max_unsupported),
        max_weight=float(weight.max()),
        mean_weight=mean,
        weight_error=away,
        max_weight_error=float(gate.max_weight_error),
        unsupported=float(policy.cells(log)[thin].sum()),
        bounds=(0.0, 1.0),
    )
    bounds = _bounds(known, log, batches) if not found.too_heavy else (0.0, 1.0)
    table = np.full((len(ESTIMATORS), 4), np.nan)
    if found.passed:
        parts = rows.parts()
        one = values(parts.sum(axis=0))
        drawn = resampled(parts, log.batch, DRAWS, seed)
        table = np.column_stack([one, intervals(one, drawn, batches)])
        if np.ptp(log.outcome[weight > 0]) == 0:  # no draw differs, which is no certainty
            table[:, 1:] = np.nan, *bounds
        biased = ("dm", *(CUT if found.max_weight > switch else ()))
        table[[ESTIMATORS.index(name) for name in biased], 1:] = np.nan
    told = [(name, *row) for name, row in zip(ESTIMATORS, table.tolist(), strict=True)]
    return replace(found, estimates=frame_of(told, ESTIMATES), bounds=bounds)


def _thin(policy: _Policy, log: Log, weight: Floats) -> Any:
    """(R, J) which cells have too few rows that the target would have done alike."""
    shape = len(policy.reps), len(log.types)
    cell = (log.rep * shape[1] + log.type)[weight > 0]
    return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape) < FEWEST


def _bounds(weight: Floats, log: Log, batches: int) -> tuple[float, float]:
    """Give the least and the most that the target can be worth; what has no weight is unknown."""
    batch = np.append(log.batch, log.batch.max() + 1)
    ends = []
    for outcome in (log.outcome, 1.0 - log.outcome):
        mean, error = clustered(np.append(weight * outcome, 0.0), batch)
        ends.append(min(max(mean - reach(batches) * error, 0.0), 1.0))
    return min(ends[0], 1.0 - ends[1]), max(ends[0], 1.0 - ends[1])
