"""FitEstimate: what a history says about who succeeds on what, and how surely."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import beta

from ..columns import texts
from ..plan import frame_of, rows_of, table_text
from ..shapes import Ragged
from .differing import Test, Tests, not_asked, shuffled, test_all
from .history import Names, check_seed
from .holding import CALIBRATION, LOSSES, Holdout
from .learned import Learned, interval
from .ratios import likelihood_ratio
from .saved import read_saved
from .saying import LEARNED, learned_note, summary
from .seen import Seen

if TYPE_CHECKING:
    from ..columns import Floats, Texts
    from ..problem import Problem

_KNOWN = {"estimate": "float64", "sd": "float64", "low": "float64", "high": "float64"}
_COUNTS = {"n": "int64", "successes": "int64", "raw": "float64"}
TABLE = {"rep_id": "str", "type": "str", **_COUNTS, **_KNOWN}
RATES = {"rep_id": "str", **_COUNTS, **_KNOWN}
OTHERS = {"rep_id": "str", "type": "str", **_KNOWN}
SHRINKAGE = {
    "source": "str",
    "logits": "float64",
    "rate": "float64",
    "none": "float64",
    "strength": "float64",
}
_FRAMES = {"table": TABLE, "rates": RATES, "others": OTHERS, "shrinkage": SHRINKAGE}


@dataclass(frozen=True, eq=False)
class FitEstimate:
    """How likely each rep is to succeed on each type, learned from finished tasks.

    Parameters
    ----------
    table
        Frame, a row for each rep and type, seen or not: rep_id, type, n, successes, raw (missing
        where n is 0), estimate (posterior mean), sd (posterior standard deviation), low and high
        (90 % interval of the beta distribution with that mean and sd).
    rates
        Frame, a row for each rep: the same, over the mix of types that the whole log has. ``raw``
        is over the rep's own mix.
    others
        Frame, the same for what the log does not have: rep_id is missing for a rep never seen,
        type for a type never seen.
    shrinkage
        Frame, how much the sources differ: source, logits and rate (standard deviation on the
        logit scale, and about what it is in rates), none (posterior probability that there is no
        difference at all), strength (how many tasks weigh as much as the mean of the type).
        ``crossed`` has reps, types and cells; ``beta_binomial`` a row for each type.
    differs
        Whether reps differ at all: outcomes shuffled within types, exact.
    tests
        ``.rates`` (rates of reps over all types), ``.cells`` (any cell), ``.differ`` (the two
        together, as in ``differs``) and ``.interactions``.
    holdout
        What the first part of the log says about the rest; None for a control, and where the log
        has a single row.
    method, seed, names
        As asked.
    seen
        Which rows it was learned from; None for a control.
    """

    table: pd.DataFrame
    rates: pd.DataFrame
    others: pd.DataFrame
    shrinkage: pd.DataFrame
    tests: Tests
    holdout: Holdout | None
    method: str
    seed: int
    names: Names
    seen: Seen | None = None

    @property
    def differs(self) -> Test:
        """Whether reps differ at all, in their rates or on some type."""
        return self.tests.differ

    @property
    def interactions(self) -> Test:
        """Whether reps differ by type beyond their rates, so that who gets what matters."""
        return self.tests.interactions

    @cached_property
    def reps(self) -> Texts:
        """(R,) ids, sorted."""
        return self.rates["rep_id"].to_numpy(dtype=object)

    @cached_property
    def types(self) -> Texts:
        """(J,) customer types, sorted."""
        return self.table["type"].to_numpy(dtype=object)[: len(self.table) // len(self.reps)]

    def _matrix(self, column: str) -> Floats:
        values = self.table[column].to_numpy(np.float64)
        return values.reshape(len(self.reps), len(self.types))

    @cached_property
    def _wider(self) -> dict[str, Floats]:
        """Estimates and sds (R + 1, J + 1), the last row and column for the unknown."""
        out = {}
        reps, kinds = len(self.reps), len(self.types)
        for column in ("estimate", "sd"):
            other = self.others[column].to_numpy(np.float64)
            wide = np.zeros((reps + 1, kinds + 1))
            wide[:-1, :-1] = self._matrix(column)
            wide[:-1, -1], wide[-1, :] = other[:reps], other[reps:]
            out[column] = wide
        return out

    def lookup(self, reps: Any, types: Any, column: str = "estimate") -> Floats:
        """Give estimates, or sds, for ids and types in pairs; unknown ones as such.

        Parameters
        ----------
        reps, types
            (N,) ids each.
        column
            ``estimate`` or ``sd``.
        """
        row = pd.Index(self.reps, dtype=object).get_indexer(pd.Index(reps, dtype=object))
        kind = pd.Index(self.types, dtype=object).get_indexer(pd.Index(types, dtype=object))
        return np.asarray(self._wider[column][row, kind], np.float64)

    def rate(self, rep_id: str, customer_type: str) -> float:
        """Give the estimate of one cell; for a rep or type never seen, that of a new one."""
        return float(self.lookup([rep_id], [customer_type])[0])

    def fit_frame(self) -> pd.DataFrame:
        """Give the estimates as the ``fit`` of :meth:`assignopt.Problem.from_frames`.

        Examples
        --------
        >>> import pandas as pd, assignopt as ao
        >>> log = pd.DataFrame({"who": ["a", "b"], "kind": ["x", "x"], "won": [1, 0]})
        >>> found = ao.fit.from_history(log, rep="who", type="kind", outcome="won")
        >>> found.fit_frame().columns.tolist()
        ['rep_id', 'customer_type', 'fit']
        """
        return self._as_fit(self.table["estimate"].to_numpy())

    def draw(self, seed: int) -> pd.DataFrame:
        """Draw one possible fit from the posterior, cell by cell, shaped as :meth:`fit_frame`.

        Solving with a new draw each time tries reps out where little is known of them (Thompson
        sampling). Cells are drawn independently.
        """
        seed = check_seed("fit.draw", seed)
        mean, sd = self.table["estimate"].to_numpy(), self.table["sd"].to_numpy()
        spread = np.clip(sd**2, 1e-14, mean * (1 - mean) * 0.999)
        strength = mean * (1 - mean) / spread - 1.0
        a, b = np.maximum(mean * strength, 1e-6), np.maximum((1 - mean) * strength, 1e-6)
        return self._as_fit(beta.rvs(a, b, random_state=np.random.default_rng(seed)))

    def _as_fit(self, values: Any) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "rep_id": self.table["rep_id"],
                "customer_type": self.table["type"],
                "fit": np.clip(values, 0.0, 1.0),
            }
        )

    def apply(self, problem: Problem) -> Problem:
        """Make the problem in which the fit of every rep is the one learned.

        Every rep gets a fit for every customer type of the tasks and of the log; reps and types
        that the log does not have get what is to be expected of a new one. A fit in the pairs
        table still comes first. A note on the problem, which its plans print, says where the values
        are from, and that what they promise is untested until :func:`assignopt.fit.claimed` has
        seen it.

        Examples
        --------
        >>> import pandas as pd, assignopt as ao
        >>> log = pd.DataFrame({"who": ["a", "b"], "kind": ["x", "x"], "won": [1, 0]})
        >>> found = ao.fit.from_history(log, rep="who", type="kind", outcome="won")
        >>> team = ao.Problem([ao.Rep("a"), ao.Rep("new")], [ao.Task("t", customer_type="y")])
        >>> sorted(found.apply(team).reps["new"].fit)
        ['x', 'y']
        """
        columns = problem.rep_columns
        asked = [kind for kind in problem.task_columns.customer_type.texts() if kind is not None]
        kinds = texts(list(dict.fromkeys([*self.types.tolist(), *sorted(set(asked))])))
        row = np.repeat(np.arange(len(columns.id)), len(kinds))
        kind = np.tile(kinds, len(columns.id))
        amount = np.clip(self.lookup(columns.id[row], kind), 0.0, 1.0)
        fitted = replace(columns, fit=Ragged.of(row, kind, amount))
        others = [note for note in problem.notes if not note.startswith(LEARNED)]
        return problem.replace(reps=fitted, notes=[*others, learned_note(self)])

    def control(self, seed: int = 0, *, tests: bool = True) -> FitEstimate:
        """Learn the same from outcomes shuffled among the tasks of each type.

        In that log reps do not differ, whatever they do in this one: what is found there is chance.

        Parameters
        ----------
        seed
            Of the shuffle.
        tests
            False saves the time for the tests; their p-values are missing (NaN) then.
        """
        from .learning import learn_tables

        seed = check_seed("fit.control", seed)
        trials = self._matrix("n")
        drawn = shuffled(trials, self._matrix("successes"), 1, seed)[0]
        learned = learn_tables(trials, drawn, self.method)  # type: ignore[arg-type]
        asked = test_all(trials, drawn, seed) if tests else not_asked()
        named = self.reps, self.types
        return estimate_of(
            *named, trials, drawn, learned, self.method, seed, asked, None, self.names
        )

    def likelihood_ratio(self) -> Test:
        """Test the rates of reps by a logistic regression of statsmodels: types, then reps too.

        A second opinion on ``tests.rates``, good where each rep has many tasks; it builds a dense
        matrix, so it is for teams of hundreds at most.
        """
        return likelihood_ratio(self._matrix("n"), self._matrix("successes"))

    def summary(self) -> str:
        """Say in sentences what was found, and what was not."""
        return summary(self)

    def to_json(self, *, indent: int | None = None) -> str:
        """Give everything as JSON text, ``null`` for what is missing or infinite."""
        data: dict[str, Any] = {name: _rows(getattr(self, name)) for name in _FRAMES}
        data["tests"] = [_plain(vars(test)) for test in self.tests]
        held = self.holdout
        if held is not None:
            tables = {"losses": _rows(held.losses), "calibration": _rows(held.calibration)}
            counts = {"learned_on": held.learned_on, "rows": held.rows, "split": held.split}
            data["holdout"] = {**counts, **tables}
        data |= {"method": self.method, "seed": self.seed, "names": self.names._asdict()}
        data["seen"] = None if self.seen is None else self.seen._asdict()
        return json.dumps(data, ensure_ascii=False, indent=indent, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> FitEstimate:
        """Read what :meth:`to_json` wrote.

        Examples
        --------
        >>> import pandas as pd, assignopt as ao
        >>> log = pd.DataFrame({"who": ["a", "b"], "kind": ["x", "x"], "won": [1, 0]})
        >>> found = ao.fit.from_history(log, rep="who", type="kind", outcome="won")
        >>> ao.fit.FitEstimate.from_json(found.to_json()).table.equals(found.table)
        True
        """
        return read_saved(text, "FitEstimate", cls._of)

    @classmethod
    def _of(cls, data: dict[str, Any]) -> FitEstimate:
        frames = {name: frame_of(data[name], dtypes) for name, dtypes in _FRAMES.items()}
        tests = [_test(one) for one in data["tests"]]
        held, seen = data.get("holdout"), data.get("seen")
        if held is not None:
            held["losses"] = frame_of(held["losses"], LOSSES)
            held["calibration"] = frame_of(held["calibration"], CALIBRATION)
        return cls(
            **frames,
            tests=Tests(*tests),
            holdout=None if held is None else Holdout(**held),
            method=data["method"],
            seed=data["seed"],
            names=Names(**data["names"]),
            seen=None if seen is None else Seen(**{k: _fixed(v) for k, v in seen.items()}),
        )

    def __str__(self) -> str:
        shown = self.rates.sort_values("estimate", ascending=False, kind="stable")
        return f"{self.summary()}\n\nReps, over the same mix of types:\n{table_text(shown, 12)}"

    def __repr__(self) -> str:
        rows = int(self.table["n"].sum())
        return (
            f"<FitEstimate: {rows:,} tasks, {len(self.reps)} reps, {len(self.types)} types, "
            f"{self.method}, reps differ: p = {self.differs.p_value:.3g}>"
        )


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return rows_of(frame.replace([np.inf, -np.inf], np.nan))


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in fields.items()
    }


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _test(fields: dict[str, Any]) -> Test:
    read: dict[str, Any] = {k: np.nan if v is None else v for k, v in fields.items()}
    return Test(**read)


def _counts(trials: Floats, successes: Floats) -> dict[str, Any]:
    with np.errstate(invalid="ignore"):
        raw = successes / np.where(trials > 0, trials, np.nan)
    return {"n": trials.astype(np.int64), "successes": successes.astype(np.int64), "raw": raw}


def _known(mean: Floats, variance: Floats) -> dict[str, Floats]:
    low, high = interval(mean, variance)
    return {"estimate": mean, "sd": np.sqrt(variance), "low": low, "high": high}


def estimate_of(
    reps: Texts,
    types: Texts,
    trials: Floats,
    successes: Floats,
    learned: Learned,
    method: str,
    seed: int,
    tests: Tests,
    holdout: Holdout | None,
    names: Names,
) -> FitEstimate:
    """Put what was learned into frames."""
    mean, variance = learned.mean, learned.variance
    table = {
        "rep_id": np.repeat(reps, len(types)),
        "type": np.tile(types, len(reps)),
        **_counts(trials.ravel(), successes.ravel()),
        **_known(mean[:-1, :-1].ravel(), variance[:-1, :-1].ravel()),
    }
    rates = {
        "rep_id": reps,
        **_counts(trials.sum(axis=1), successes.sum(axis=1)),
        **_known(learned.rate[:-1], learned.rate_variance[:-1]),
    }
    edge = [np.concatenate([one[:-1, -1], one[-1, :]]) for one in (mean, variance)]
    others = {
        "rep_id": texts([*reps, *[None] * (len(types) + 1)]),
        "type": texts([*[None] * len(reps), *types, None]),
        **_known(edge[0], edge[1]),
    }
    shrinkage = [
        spread._replace(source=str(types[int(spread.source)])) if method != "crossed" else spread
        for spread in (learned.spreads if method == "crossed" else learned.spreads[:-1])
    ]
    return FitEstimate(
        table=frame_of(table, TABLE),
        rates=frame_of(rates, RATES),
        others=frame_of(others, OTHERS),
        shrinkage=frame_of([tuple(one) for one in shrinkage], SHRINKAGE),
        tests=tests,
        holdout=holdout,
        method=method,
        seed=seed,
        names=names,
    )
