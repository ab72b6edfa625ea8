"""The door: a log of finished tasks in, a :class:`FitEstimate` out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ..errors import Faults
from . import betabinomial, spreads
from .differing import Tests, test_all
from .estimates import estimate_of
from .history import Log, Names, check_options, is_share, is_whole, read_log
from .holding import Holdout, calibration, known_rates, losses
from .seen import Seen

if TYPE_CHECKING:
    import pandas as pd

    from ..columns import Floats
    from .estimates import FitEstimate
    from .learned import Learned

Method = Literal["crossed", "beta_binomial"]


def from_history(
    frame: pd.DataFrame,
    *,
    rep: str,
    type: str,  # noqa: A002
    outcome: str,
    time: str | None = None,
    method: Method = "crossed",
    part: float = 0.7,
    seed: int = 0,
) -> FitEstimate:
    """Estimate how likely each rep is to succeed on each customer type, from finished tasks.

    ``crossed``: on the logit scale a cell is level + rep + type + an effect of its own, normal
    each. The rates are averaged over what the spreads of reps and of cells may be, with an even
    chance beforehand that each of them is zero: where the log does not tell reps apart, they come
    out equal. ``beta_binomial``: every type by itself, ``(k + m s) / (n + s)`` with the mean m and
    the strength s that make the log most likely. Both shrink: a rep with two wins out of two is
    not a rep who always wins.

    An outcome is taken to be independent of the others, given rep and type; and who had which task
    to have been independent of how likely it was to succeed, given its type. Where the best leads
    went to the best reps, name a finer type.

    Parameters
    ----------
    frame
        A row for each finished task; it is not changed, and the order of its rows does not matter.
    rep, type, outcome
        The names of its columns: rep ids and customer types as text, outcomes 0 or 1 (or bool).
    time
        The column of times: the check on held-out rows then learns from the first and is measured
        on the later ones. Without it rows are drawn at random, which cannot show that reps change.
    method
        ``crossed`` or ``beta_binomial``.
    part
        The share of rows that the check learns from.
    seed
        Of the tests' draws.

    Returns
    -------
    FitEstimate
        ``.table``, ``.rates``, ``.differs``, ``.interactions``, ``.shrinkage``, ``.holdout``.

    Raises
    ------
    pydantic.ValidationError
        With every fault: columns that are missing, cells that are no outcome, options out of range.

    References
    ----------
    G. Casella (1985), "An introduction to empirical Bayes data analysis", The American Statistician
    39(2), 83-87. B. Efron and C. Morris (1975), "Data analysis using Stein's estimator and its
    generalizations", JASA 70, 311-319. H. Robbins (1956), "An empirical Bayes approach to
    statistics", Proc. Third Berkeley Symposium 1, 157-163. H. Rue, S. Martino and N. Chopin (2009),
    "Approximate Bayesian inference for latent Gaussian models", JRSS B 71(2), 319-392 (spreads on
    a grid, effects by Laplace's approximation). A. Agresti (2013), Categorical Data Analysis, 3rd
    ed., section 8.4 (the generalised Cochran-Mantel-Haenszel statistic).

    Examples
    --------
    >>> import pandas as pd, assignopt as ao
    >>> log = pd.DataFrame(
    ...     [(rep, kind, int(n < wins))
    ...      for rep, kind, wins in [("ana", "smb", 90), ("ana", "corp", 40), ("bo", "smb", 50),
    ...                              ("bo", "corp", 80), ("cy", "smb", 2), ("cy", "corp", 0)]
    ...      for n in range(4 if rep == "cy" else 100)],
    ...     columns=["who", "segment", "won"],
    ... )
    >>> found = ao.fit.from_history(log, rep="who", type="segment", outcome="won")
    >>> found.differs.p_value < 0.01, found.rate("ana", "smb") > found.rate("bo", "smb")
    (True, True)
    """
    faults = Faults("fit.from_history")
    check_method(faults, method, seed)
    check_options(faults, {"part": (part, is_share(part), "a number between 0 and 1")})
    names = Names(rep, type, outcome, time)
    log = read_log(frame, names, faults)
    found = learn_log(log, names, method, part, int(seed))
    return replace(found, seen=Seen.of(frame, names))


def check_method(faults: Faults, method: Any, seed: Any) -> None:
    """Note a method that is unknown and a seed that is none."""
    named = " or ".join(map(repr, get_args(Method)))
    options = {
        "method": (method, method in get_args(Method), named),
        "seed": (seed, is_whole(seed, 0), "a whole number from 0 on"),
    }
    check_options(faults, options)


def learn_log(log: Log, names: Names, method: Method, part: float, seed: int) -> FitEstimate:
    """Estimate, test, and check on held-out rows."""
    trials, successes = log.tables()
    tests = test_all(trials, successes, seed)
    holdout = _held_out(log, method, part, seed)
    return learn_cells(log, trials, successes, method, seed, tests, holdout, names)


def learn_cells(
    log: Log,
    trials: Floats,
    successes: Floats,
    method: Method,
    seed: int,
    tests: Tests,
    holdout: Holdout | None,
    names: Names,
) -> FitEstimate:
    """Estimate from two (R, J) tables."""
    learned = learn_tables(trials, successes, method)
    return estimate_of(
        log.reps, log.types, trials, successes, learned, method, seed, tests, holdout, names
    )


def learn_tables(trials: Floats, successes: Floats, method: Method) -> Learned:
    """Estimate from two (R, J) tables; the result has a row and a column more, for the unknown."""
    wider = [np.pad(table, ((0, 1), (0, 1))) for table in (trials, successes)]
    learn = spreads.learn if method == "crossed" else betabinomial.learn
    return learn(*wider)


def _held_out(log: Log, method: Method, part: float, seed: int) -> Holdout | None:
    """Learn from the first rows and predict the rest; None where one of the two is empty."""
    first, rest, said = log.split(part, seed)
    if not len(first) or not len(rest):
        return None
    trials, successes = first.tables()
    mean = learn_tables(trials, successes, method).mean[:-1, :-1]
    base = float((successes.sum() + 0.5) / (trials.sum() + 1.0))
    rates = known_rates(rest, mean, spreads.learn_types(trials, successes), base)
    return Holdout(
        learned_on=len(first),
        rows=len(rest),
        split=said,
        losses=losses(rest.outcome, rates),
        calibration=calibration(rest.outcome, rates["reps and types"]),
    )
