"""Comparison: what policies made of the same streams, with intervals; frames, table, chart."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import Faults
from ..plan import frame_of, rows_of
from .charts import comparison_chart, course_chart
from .intervals import RESAMPLES, interval, least_pairs
from .measuring import OVER_TIME, REFUSALS, RUNS
from .showing import table_of, title_of

if TYPE_CHECKING:
    import pandas as pd

    from ..columns import Floats

LESS = ("gini", "load_range", "deviation", "waiting_mean", "waiting_p95", "reassigned", "refused")
"""Measures of which less is better."""

MEASURES = tuple(name for name in RUNS if name not in ("policy", "stream", "seed", "exact"))
SUMMARY = {
    "stream": "str",
    "policy": "str",
    "runs": "int64",
    "mean": "float64",
    "low": "float64",
    "high": "float64",
    "worst": "float64",
    "worst_seed": "int64",
}
DIFFERENCES = {
    "stream": "str",
    "policy": "str",
    "to": "str",
    "pairs": "int64",
    "mean": "float64",
    "low": "float64",
    "high": "float64",
    "better": "int64",
    "worse": "int64",
    "apart": "bool",
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Policies on the same streams; made by :func:`assignopt.simulate`.

    Parameters
    ----------
    runs
        Frame, a row for each policy, stream and seed:

        * ``tasks``, ``assigned``: how many came, how many somebody has or had in the end;
        * ``coverage``: priority of those assigned / priority of all;
        * ``value``: their value; ``hindsight``: the value of the best plan found with full
          knowledge (missing where only a bound is known), ``bound``: what no policy can beat,
          ``exact``: whether the two are proved to be one;
        * ``ratio``: value / hindsight; ``bound_ratio``: value / bound;
        * ``gini``, ``load_range``, ``jain``: of the effort given per weight, carried load included,
          of the active reps with a weight above 0 (:mod:`assignopt.metrics`);
        * ``deviation``: most tasks that anybody was ever ahead or behind of their share, by weight,
          of the tasks given while they were in the team, and active;
        * ``waiting_mean``, ``waiting_p95``: seconds from arrival to assignment, of those assigned;
        * ``reassigned``: tasks that came back and were given again; ``refused``: how often the
          policy named somebody who may not have the task;
        * ``conversions``, ``late_value``: what came of the tasks in the end;
        * ``seconds``: computing time, whatever else the machine does.
    over_time
        Frame, a row for each run and checkpoint (equal numbers of arrivals; the last is the end):
        ``at``, ``arrived``, ``assigned``, ``value``, ``coverage``, ``gini``, ``load_range``,
        ``jain``, ``waiting`` (tasks that wait), ``conversions``, ``late_value`` so far.
    refusals
        Frame, the first hundred of each run: ``task_id``, ``rep_id`` (who was named), ``reason``,
        ``detail``, ``at``.
    about
        What was asked: arrivals, seeds, batch, window, retry, and how the hindsight was found.

    Examples
    --------
    >>> import assignopt as ao
    >>> team = [ao.Rep("ana", max_tasks=2, fit={"smb": 0.5, "key": 1.0}), ao.Rep("bo", max_tasks=2)]
    >>> tasks = [ao.Task("t1", value=4, customer_type="smb"), ao.Task("t2", value=8)]
    >>> found = ao.simulate(ao.Problem(team, tasks), [ao.policies.LongestWait])
    >>> print(found)
    1 policy, 1 stream, 1 seed: 1 run
    problem: ratio to hindsight (more is better); best with full knowledge 12, proved
      policy       mean coverage value deviation
      LongestWait 0.833    1.000    10     0.500
    """

    runs: pd.DataFrame
    over_time: pd.DataFrame
    refusals: pd.DataFrame
    about: dict[str, Any] = field(repr=False)

    @classmethod
    def of(
        cls,
        runs: list[dict[str, Any]],
        over_time: list[dict[str, Any]],
        refusals: list[tuple[Any, ...]],
        about: dict[str, Any],
    ) -> Comparison:
        """Make it of plain rows."""
        frames = [
            frame_of([tuple(row[name] for name in dtypes) for row in rows], dtypes)
            for rows, dtypes in ((runs, RUNS), (over_time, OVER_TIME))
        ]
        return cls(frames[0], frames[1], frame_of(refusals, REFUSALS), about)

    # -- what it holds -------------------------------------------------------------------------

    @property
    def policies(self) -> list[str]:
        """The names of the policies, as they were given."""
        return list(self.about["policies"])

    @property
    def streams(self) -> list[str]:
        """The names of the streams, as they were given."""
        return list(self.about["arrivals"])

    @property
    def complete(self) -> bool:
        """Whether nobody stopped it."""
        return bool(self.about["complete"])

    @property
    def measure(self) -> str:
        """The measure that is shown where none is asked for: the first that is known for all runs.

        Of the ratio to hindsight, the ratio to the bound, and value.
        """
        for name in ("ratio", "bound_ratio"):
            if self.runs[name].notna().all() and len(self.runs):
                return name
        return "value"

    def _measure(self, name: str | None, title: str, known: tuple[str, ...] = MEASURES) -> str:
        """Read the name of a measure."""
        if name is None:
            return self.measure
        faults = Faults(title)
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            faults.add(("measure",), f"measure {name!r} is unknown; {remedy}", name)
        faults.raise_if_any()
        return name

    def shared(self, stream: str) -> pd.DataFrame:
        """Give the runs on a stream with the seeds that all policies that began have had."""
        mine = self.runs[self.runs["stream"] == stream]
        if self.complete or not len(mine):
            return mine
        had = mine.groupby("seed")["policy"].nunique()
        return mine[mine["seed"].isin(had.index[had == len(self.policies)])]

    def _keys(self, stream: str) -> list[tuple[str, int]]:
        return [(stream, seed) for seed in self.shared(stream)["seed"]]

    def _interval(
        self, values: Floats, stream: str, confidence: float, resamples: int
    ) -> tuple[float, float]:
        """Give the interval of a mean; none of copies of one number, since nothing was drawn."""
        found = interval(values, confidence, resamples=resamples)
        if stream in self.about.get("fixed", ()) and len(values) and np.ptp(values) == 0:
            return np.nan, np.nan
        return found

    def summary(
        self, measure: str | None = None, *, confidence: float = 0.95, resamples: int = RESAMPLES
    ) -> pd.DataFrame:
        """Give mean, interval and worst seed of each policy on each stream, the best mean first.

        Of what was stopped before the end only the seeds count that every policy has had.

        Parameters
        ----------
        measure
            A column of ``runs``; None: :attr:`measure`.
        confidence
            Of the interval of the mean over seeds: bootstrap, bias-corrected and accelerated, with
            fixed draws; too narrow below about ten seeds. Missing for a single one, and where
            nothing is drawn: a fixed stream gives a policy that does not draw the same number for
            every seed.
        resamples
            Of the bootstrap.

        Returns
        -------
        pandas.DataFrame
            ``stream``, ``policy``, ``runs``, ``mean``, ``low``, ``high``, ``worst``,
            ``worst_seed``.

        Raises
        ------
        pydantic.ValidationError
            When the measure is unknown.
        """
        name = self._measure(measure, "summary")
        less, rows = name in LESS, []
        for stream in self.streams:
            mine = self.shared(stream)
            found = []
            for policy in self.policies:
                part = mine[mine["policy"] == policy]
                values = part[name].to_numpy(float)
                known = values[~np.isnan(values)]
                if not len(part):
                    continue
                low, high = self._interval(known, stream, confidence, resamples)
                mean, worst, seed = np.nan, np.nan, int(part["seed"].iloc[0])
                if len(known):
                    at = int(np.nanargmax(values) if less else np.nanargmin(values))
                    mean, worst, seed = known.mean(), values[at], int(part["seed"].iloc[at])
                found.append((stream, policy, len(part), mean, low, high, worst, seed))
            rows += sorted(found, key=lambda row: _rank(row[3], less))
        return frame_of(rows, SUMMARY)

    def differences(
        self,
        to: str,
        measure: str | None = None,
        *,
        confidence: float = 0.95,
        resamples: int = RESAMPLES,
    ) -> pd.DataFrame:
        """Compare every policy with one of them, seed by seed.

        Streams and luck are the same for both, so the differences vary much less than the policies
        do.

        Parameters
        ----------
        to
            The name of the policy that the others are compared with.
        measure, confidence, resamples
            As in :meth:`summary`.

        Returns
        -------
        pandas.DataFrame
            ``stream``, ``policy``, ``to``, ``pairs`` (seeds), ``mean`` of policy - to with the
            interval ``low`` to ``high``, on how many seeds it is ``better`` and ``worse``, and
            ``apart``: whether the interval leaves out 0, on as many seeds as it takes for that to
            be no chance (all of n going one way has probability 2 / 2^n: 6 at 95 %).

        Raises
        ------
        pydantic.ValidationError
            When there is no such policy, or the measure is unknown.
        """
        name = self._measure(measure, "differences")
        if to not in self.policies:
            faults = Faults("differences")
            near = get_close_matches(str(to), self.policies, 1)
            remedy = f"did you mean {near[0]!r}?" if near else f"there are: {self.policies}"
            faults.add(("to",), f"policy {to!r} is not in the comparison; {remedy}", to)
            faults.raise_if_any()
        less, rows = name in LESS, []
        for stream in self.streams:
            mine = self.runs[self.runs["stream"] == stream]
            table = mine.set_index(["policy", "seed"])[name].astype(float)
            found = []
            for policy in self.policies:
                if policy == to or not {policy, to} <= set(mine["policy"]):
                    continue
                pair = [table[table.index.get_level_values(0) == one] for one in (policy, to)]
                gap = _gaps(*pair)
                low, high = self._interval(gap, stream, confidence, resamples)
                mean = float(gap.mean()) if len(gap) else np.nan
                up, down = int((gap > 0).sum()), int((gap < 0).sum())
                better, worse = (down, up) if less else (up, down)
                apart = bool(low > 0 or high < 0) and len(gap) >= least_pairs(confidence)
                found.append((stream, policy, to, len(gap), mean, low, high, better, worse, apart))
            rows += sorted(found, key=lambda row: _rank(row[4], less))
        return frame_of(rows, DIFFERENCES)

    def plot(self, measure: str | None = None, *, over_time: bool = False) -> Any:
        """Draw the intervals by policy and stream, or the course of a measure.

        Parameters
        ----------
        measure
            A column of ``runs``, or of ``over_time``; None: :attr:`measure`, in the course value.
        over_time
            True: means over seeds at the checkpoints.

        Returns
        -------
        altair.FacetChart or altair.LayerChart

        Raises
        ------
        ImportError
            Without the extra ``assignopt[plot]``.
        pydantic.ValidationError
            When the measure is unknown.
        """
        if over_time:
            known = tuple(name for name in OVER_TIME if name not in ("policy", "stream", "seed"))
            name = self._measure(measure or "value", "plot", known)
            shared = {key for stream in self.streams for key in self._keys(stream)}
            rows = zip(self.over_time["stream"], self.over_time["seed"], strict=True)
            course = self.over_time[[key in shared for key in rows]]
            return course_chart(course, name, self.policies, self.streams)
        name = self._measure(measure, "plot")
        return comparison_chart(self.summary(name), name, self.streams, less=name in LESS)

    # -- out and in ----------------------------------------------------------------------------

    def to_json(self) -> str:
        """Give it as JSON text, from which :meth:`from_json` makes the same."""
        frames = ("runs", "over_time", "refusals")
        data = {name: rows_of(getattr(self, name)) for name in frames}
        return json.dumps({**data, "about": self.about}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Comparison:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        pydantic.ValidationError
            When it is something else.
        """
        faults = Faults("Comparison")
        try:
            data = json.loads(text)
            refusals = [tuple(row[name] for name in REFUSALS) for row in data["refusals"]]
            return cls.of(data["runs"], data["over_time"], refusals, data["about"])
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            faults.add((), f"the text is no comparison: {error}. Give what to_json() wrote")
        faults.raise_if_any()
        raise AssertionError

    # -- shown ---------------------------------------------------------------------------------

    def headline(self) -> str:
        """Say in one line what was run."""
        counts = [(len(self.policies), "polic", "y", "ies"), (len(self.streams), "stream", "", "s")]
        counts.append((len(self.about["seeds"]), "seed", "", "s"))
        told = ", ".join(f"{n} {word}{one if n == 1 else more}" for n, word, one, more in counts)
        runs = f"{len(self.runs):,} run{'' if len(self.runs) == 1 else 's'}"
        return f"{told}: {runs}{'' if self.complete else ', stopped before the end'}"

    def __str__(self) -> str:
        lines = [self.headline()]
        for stream in self.streams:
            table = table_of(self, stream)
            if not len(table):
                lines.append(f"{stream}: nothing that all policies have run on")
                continue
            lines.append(title_of(self, stream))
            wide = max([len(name) for name in table["policy"]], default=0)
            table["policy"] = table["policy"].str.ljust(wide)
            shown = table.rename(columns={"policy": "policy".ljust(wide)}).to_string(index=False)
            lines += [f"  {line}" for line in shown.splitlines()]
        lines += self._warnings()
        refused = int(self.runs["refused"].sum())
        if refused:
            who = ", ".join(sorted(set(self.runs.loc[self.runs["refused"] > 0, "policy"])))
            lines.append(f"{refused:,} choices of {who} were refused; see .refusals")
        return "\n".join(lines)

    def _warnings(self) -> list[str]:
        """Say what the intervals cannot tell."""
        said, seeds = [], len(self.about["seeds"])
        if 1 < seeds < least_pairs() and len(self.policies) > 1:
            told = f"{seeds} seeds: no difference can be told from chance at 95 %"
            said.append(f"{told}; that takes {least_pairs()} seeds")
        if seeds > 1 and (fixed := self.about.get("fixed", ())):
            these = ", ".join(fixed)
            said.append(f"{these}: the same for every seed; only policies that draw vary")
        return said

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(self.headline())}</b></p>"]
        for stream in self.streams:
            table = table_of(self, stream)
            title = title_of(self, stream) if len(table) else f"{stream}: nothing has run on it yet"
            parts.append(f"<p>{html.escape(title)}</p>")
            parts += [table.to_html(index=False, border=0)] if len(table) else []
        parts += [f"<p>{html.escape(said)}</p>" for said in self._warnings()]
        return "".join(parts)


def _gaps(one: pd.Series[float], other: pd.Series[float]) -> Floats:
    """Give one - other for each seed that both have, from series by (policy, seed)."""
    gap = one.droplevel(0) - other.droplevel(0)
    return np.asarray(gap[gap.notna()], float)


def _rank(mean: float, less: bool) -> float:
    """Put the best first, and what is unknown last."""
    if np.isnan(mean):
        return np.inf
    return mean if less else -mean
