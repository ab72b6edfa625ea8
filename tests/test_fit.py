"""Fit from history: it finds nothing where there is nothing, and what there is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
pytest.importorskip("scipy", reason="assignopt[fit] is not installed")
pytest.importorskip("statsmodels", reason="assignopt[fit] is not installed")

from benchmarks import data  # noqa: E402
from scipy.special import expit  # noqa: E402

from assignopt.fit import betabinomial, crossed, spreads  # noqa: E402
from assignopt.fit.differing import test_all as all_tests  # noqa: E402
from assignopt.fit.learned import interval  # noqa: E402

COLUMNS = {"rep": "who", "type": "kind", "outcome": "won"}
MAVEN = data.folder("maven")
needs_maven = pytest.mark.skipif(MAVEN is None, reason="no public data: folder 'maven' is missing")

Tables = tuple[np.ndarray, np.ndarray, np.ndarray]


def tables(
    seed: int, reps: int, types: int, spread: tuple[float, ...], size: float = 2.0
) -> Tables:
    """Trials, successes and true rates (R, J); spreads of reps, types and cells in logits."""
    rng = np.random.default_rng(seed)
    of_rep, of_type, of_cell = spread
    logit = -0.4 + of_rep * rng.normal(size=(reps, 1)) + of_type * rng.normal(size=types)
    rate = expit(logit + of_cell * rng.normal(size=(reps, types)))
    trials = np.floor(rng.lognormal(size, 1.0, (reps, types)))
    return trials, rng.binomial(trials.astype(int), rate).astype(float), rate


def log_of(trials: np.ndarray, successes: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """Rows with those counts, in random order, one a day."""
    rows = []
    for (rep, kind), n in np.ndenumerate(trials.astype(int)):
        won = int(successes[rep, kind])
        rows += [(f"r{rep:02}", f"k{kind}", int(i < won)) for i in range(n)]
    frame = pd.DataFrame(rows, columns=["who", "kind", "won"])
    frame = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    return frame.assign(day=pd.Timestamp("2026-01-01") + pd.to_timedelta(frame.index, "D"))


def maven() -> pd.DataFrame:
    assert MAVEN is not None
    return pd.DataFrame(data.read_maven(MAVEN))


def faults_of(error: pytest.ExceptionInfo[ValidationError]) -> dict[tuple[Any, ...], str]:
    return {fault["loc"]: fault["msg"] for fault in error.value.errors()}


# -- no signal, and a real one -----------------------------------------------------------------


@needs_maven
@pytest.mark.parametrize("kind", ["product", "sector"])
def test_a_crm_without_signal_gives_every_agent_the_same_rate(kind: str) -> None:
    """The negative control: agents' win rates run from 55 to 70 %, and it is all noise."""
    found = ao.fit.from_history(maven(), rep="agent", type=kind, outcome="won", time="close_date")
    assert found.differs.p_value > 0.1
    assert found.interactions.p_value > 0.1
    assert found.tests.rates.p_value > 0.1
    assert np.ptp(found.rates["raw"]) > 0.15
    assert np.ptp(found.rates["estimate"]) < 0.01
    none = dict(zip(found.shrinkage["source"], found.shrinkage["none"], strict=True))
    assert none["reps"] > 0.7
    assert none["cells"] > 0.7
    assert found.holdout is not None
    gain = found.holdout.losses.set_index("model").loc["reps and types"]
    assert gain["low"] <= 0 <= gain["high"]
    assert found.likelihood_ratio().p_value == pytest.approx(found.tests.rates.p_value, abs=0.05)


@needs_maven
def test_permuted_labels_are_told_apart_by_nobody() -> None:
    """A control at the level of 5 % fires once in twenty, no more."""
    found = ao.fit.from_history(maven(), rep="agent", type="product", outcome="won")
    for seed in range(3):
        control = found.control(seed)
        assert control.differs.p_value > 0.01
        assert np.ptp(control.rates["estimate"]) < 0.03
        assert control.holdout is None
        before, after = (one.table.groupby("type")["successes"].sum() for one in (found, control))
        assert before.equals(after)


def test_logs_without_signal_fire_as_often_as_they_should() -> None:
    fired = np.zeros(3)
    for seed in range(30):
        trials, successes, _ = tables(seed, 6, 3, (0.0, 0.6, 0.0))
        tests = all_tests(trials, successes, seed)
        fired += [t.p_value <= 0.05 for t in (tests.differ, tests.rates, tests.interactions)]
    assert (fired <= 5).all()  # 1.5 expected of 30; 6 or more in 0.3 % of such runs


def test_reps_that_differ_are_seen_and_predicted() -> None:
    outside = 0
    for seed in range(3):
        trials, successes, rate = tables(seed, 30, 6, (0.4, 0.4, 0.3))
        found = ao.fit.from_history(log_of(trials, successes), **COLUMNS, time="day")
        assert found.differs.p_value <= 0.001
        assert found.tests.rates.p_value <= 0.001
        assert abs((found.table["estimate"] - rate.ravel()).mean()) < 0.03
        held = found.table["low"].le(rate.ravel()) & found.table["high"].ge(rate.ravel())
        assert held.mean() > 0.8
        assert found.holdout is not None
        groups = found.holdout.calibration
        outside += (groups["predicted"] < groups["low"]).sum()
        outside += (groups["predicted"] > groups["high"]).sum()
    assert outside <= 4  # of 30 intervals of 95 %
    assert found.holdout.losses["gain"].iloc[-1] > 0


def test_intervals_hold_as_often_as_they_say_where_spreads_are_as_was_thought() -> None:
    """Spreads drawn from the prior, half of them zero: 90 % intervals, of cells and of reps."""
    inside, of_rep = [], []
    for seed in range(30):
        rng = np.random.default_rng(1000 + seed)
        rep, cell = np.where(rng.random(2) < 0.5, 0.0, np.abs(rng.normal(size=2)) * spreads.SCALE)
        trials, successes, rate = tables(seed, 20, 5, (float(rep), 0.4, float(cell)))
        learned = spreads.learn(trials, successes)
        low, high = interval(learned.mean, learned.variance)
        inside.append(((low <= rate) & (rate <= high)).mean())
        low, high = interval(learned.rate, learned.rate_variance)
        mixed = rate @ (trials.sum(axis=0) / trials.sum())
        of_rep.append(((low <= mixed) & (mixed <= high)).mean())
    assert 0.84 <= np.mean(inside) <= 0.96
    assert 0.84 <= np.mean(of_rep) <= 0.98


def test_differences_by_type_alone_are_seen_as_such() -> None:
    trials, successes, _ = tables(1, 20, 6, (0.0, 0.3, 0.7), size=3.0)
    found = all_tests(trials, successes, 0)
    assert found.interactions.p_value <= 0.01
    assert found.cells.p_value <= 0.005
    assert found.differ.p_value <= 0.005


def test_differences_of_rates_alone_are_no_interactions() -> None:
    trials, successes, _ = tables(2, 20, 6, (0.6, 0.3, 0.0), size=3.0)
    found = all_tests(trials, successes, 0)
    assert found.rates.p_value <= 0.005
    assert found.interactions.p_value > 0.05


# -- oracles -----------------------------------------------------------------------------------


def rows_of(trials: np.ndarray, successes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rep, kind = np.nonzero(trials)
    n = trials[rep, kind].astype(int)
    won = np.concatenate([np.arange(m) < k for m, k in zip(n, successes[rep, kind], strict=True)])
    return np.repeat(rep, n), np.repeat(kind, n), won.astype(float)


def library_model(trials: np.ndarray, successes: np.ndarray) -> Any:
    """The model of statsmodels, on rows of 0 and 1, without effects of cells."""
    from scipy.sparse import csr_matrix
    from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

    rep, kind, won = rows_of(trials, successes)
    reps, types = trials.shape
    design = np.hstack([np.eye(reps)[rep], np.eye(types)[kind]])
    group = np.repeat([0, 1], [reps, types])
    return BinomialBayesMixedGLM(
        won, np.ones((len(won), 1)), csr_matrix(design), group, vcp_p=1.0, fe_p=crossed.LEVEL_SPREAD
    )


def test_the_mode_is_that_of_the_mixed_model_of_statsmodels() -> None:
    """Its log posterior has slope zero, in level and effects, where ours stops."""
    trials, successes, _ = tables(3, 12, 4, (0.4, 0.4, 0.0))
    model = library_model(trials, successes)
    at = crossed.mode(crossed.Cells.of(trials, successes), crossed.Spreads(0.37, 0.6, 0.0))
    effects = np.concatenate([0.37 * at.rep, 0.6 * at.type])
    logs = np.log([0.37, 0.6])
    slope = model.logposterior_grad(np.concatenate([[at.level], logs, effects]))
    assert np.abs(slope[[0, *range(3, len(slope))]]).max() < 1e-3


def test_rates_agree_with_the_variational_fit_of_statsmodels() -> None:
    trials, successes, rate = tables(4, 15, 4, (0.5, 0.5, 0.0), size=2.5)
    model = library_model(trials, successes)
    params = model.fit_vb().params
    theirs = expit(params[0] + params[3:18, None] + params[18:])
    ours = spreads.learn(trials, successes).mean
    assert np.abs(ours - theirs).max() < 0.06
    assert np.abs(ours - theirs).mean() < 0.02
    assert np.abs(ours - rate).mean() < 0.08


def test_the_evidence_is_the_integral_over_the_effects() -> None:
    """One cell: level and own effect on a fine grid."""
    trials, successes = np.array([[7.0]]), np.array([[2.0]])
    cells = crossed.Cells.of(trials, successes)
    level, own = np.meshgrid(np.linspace(-12, 12, 1201), np.linspace(-6, 6, 601))
    got = []
    for spread in (0.3, 1.0):
        logit = level + spread * own
        log = 2 * logit - 7 * np.logaddexp(0, logit)
        log -= 0.5 * (own**2 + (level / crossed.LEVEL_SPREAD) ** 2)
        exact = np.log(np.exp(log).sum())
        got.append(crossed.mode(cells, crossed.Spreads(0, 0, spread)).log_evidence - exact)
    assert got[0] == pytest.approx(got[1], abs=0.05)  # a constant apart; Laplace in the level


def test_the_statistic_of_rates_is_mantel_haenszel_for_two_reps() -> None:
    from statsmodels.stats.contingency_tables import StratifiedTable

    trials, successes, _ = tables(5, 2, 5, (0.3, 0.4, 0.0), size=3.0)
    strata = [np.column_stack([k, n - k]) for n, k in zip(trials.T, successes.T, strict=True)]
    theirs = StratifiedTable(strata).test_null_odds(correction=False)
    ours = all_tests(trials, successes, 0).rates
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert ours.chi2_p == pytest.approx(theirs.pvalue)
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=0.1)  # few counts: ties


def test_the_likelihood_ratio_agrees_where_reps_have_many_tasks() -> None:
    trials, successes, _ = tables(6, 10, 4, (0.15, 0.4, 0.0), size=4.0)
    found = ao.fit.from_history(log_of(trials, successes), **COLUMNS)
    other = found.likelihood_ratio()
    assert other.df == found.tests.rates.df == 9
    assert other.statistic == pytest.approx(found.tests.rates.statistic, rel=0.05)


def test_shrinkage_has_the_two_limits_of_empirical_bayes() -> None:
    """With many tasks the raw rate, without any the mean of the type."""
    trials = np.array([[1e7, 50.0], [0.0, 50.0], [40.0, 50.0], [40.0, 50.0], [40.0, 50.0]])
    successes = np.array([[3e6, 10.0], [0.0, 40.0], [30.0, 20.0], [10.0, 30.0], [24.0, 25.0]])
    for learn in (betabinomial.learn, spreads.learn):
        found = learn(trials, successes)
        assert found.mean[0, 0] == pytest.approx(0.3, abs=1e-3)
        assert 0.4 < found.mean[1, 0] < 0.75
        assert found.variance[1, 0] > found.variance[2, 0] > found.variance[0, 0]


def test_beta_binomial_is_as_likely_as_scipy_says() -> None:
    from scipy.stats import betabinom

    trials, successes, _ = tables(7, 40, 1, (0.6, 0.0, 0.0))
    n, k = trials[:, 0].astype(int), successes[:, 0].astype(int)
    mean, strength = betabinomial._fit(trials[:, 0], successes[:, 0])

    def likely(m: float, s: float) -> float:
        return float(betabinom.logpmf(k, n, m * s, (1 - m) * s).sum())

    best = likely(mean, strength)
    for m, s in ((1.03, 1), (0.97, 1), (1, 1.1), (1, 0.9)):
        assert likely(mean * m, strength * s) <= best + 1e-6


def test_intervals_are_beta_quantiles() -> None:
    low, high = interval(np.array([0.2, 0.5]), np.array([0.0, 0.25 / 4]))
    assert low[0] == pytest.approx(0.2, abs=1e-5)
    assert high[0] == pytest.approx(0.2, abs=1e-5)
    assert low[1] + high[1] == pytest.approx(1.0)


# -- what comes out ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found() -> ao.fit.FitEstimate:
    trials, successes, _ = tables(8, 6, 3, (0.5, 0.5, 0.3), size=2.5)
    trials[0, 0] = successes[0, 0] = 0
    return ao.fit.from_history(log_of(trials, successes), **COLUMNS, time="day")


def test_the_table_has_every_cell_and_says_what_was_never_seen(found: ao.fit.FitEstimate) -> None:
    table = found.table
    assert len(table) == 18
    first = table.iloc[0]
    assert first["n"] == 0
    assert np.isnan(first["raw"])
    assert 0 < first["low"] < first["estimate"] < first["high"] < 1
    assert first["sd"] > table[table["type"] == "k0"]["sd"].iloc[1:].min()
    assert (table["low"] <= table["estimate"]).all()
    assert (found.rates["sd"] > 0).all()
    assert len(found.others) == 6 + 3 + 1


def test_a_problem_takes_the_fit(found: ao.fit.FitEstimate) -> None:
    reps = pd.DataFrame({"id": found.reps})
    tasks = pd.DataFrame({"id": ["t0", "t1"], "customer_type": ["k1", "k2"]})
    problem = ao.Problem.from_frames(reps, tasks, fit=found.fit_frame())
    plain = ao.Problem.from_frames(reps, tasks)
    fitted = found.apply(plain)
    assert fitted.replace(notes=()) == problem
    assert [note[:26] for note in fitted.notes] == ["values are by what was lea"]
    assert found.apply(fitted) == fitted
    plan = ao.solve(fitted)
    assert fitted.notes[0] in str(plan)
    audited = ao.audit(fitted, plan)
    assert str(audited).endswith(f"Note: {fitted.notes[0]}")
    assert f"Note: {fitted.notes[0]}" in audited._repr_html_()
    plan = ao.solve(problem.replace(objective=[ao.Coverage(), ao.Value()]))
    value = sum(found.table[found.table["type"] == k]["estimate"].max() for k in ("k1", "k2"))
    assert plan.assignments["value"].sum() == pytest.approx(value)


def test_who_is_new_gets_what_is_to_be_expected_of_a_new_one(found: ao.fit.FitEstimate) -> None:
    team = ao.Problem([ao.Rep("r00"), ao.Rep("new")], [ao.Task("t", customer_type="fresh")])
    fit = found.apply(team).reps["new"].fit
    assert set(fit) == {"k0", "k1", "k2", "fresh"}
    kind = found.table[found.table["type"] == "k1"]["estimate"]
    assert kind.min() < fit["k1"] < kind.max()
    assert found.rate("new", "k1") == fit["k1"]
    assert found.lookup(["new"], ["k1"], "sd")[0] > found.lookup(["r01"], ["k1"], "sd")[0]


def test_draws_scatter_as_the_posterior_does(found: ao.fit.FitEstimate) -> None:
    drawn = np.array([found.draw(seed)["fit"] for seed in range(400)])
    assert np.abs(drawn.mean(axis=0) - found.table["estimate"]).max() < 0.03
    assert drawn.std(axis=0) == pytest.approx(found.table["sd"].to_numpy(), rel=0.2)
    assert found.draw(3).equals(found.draw(3))


def test_json_comes_back_as_it_went(found: ao.fit.FitEstimate) -> None:
    again = ao.fit.FitEstimate.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert again.summary() == found.summary()
    control = found.control(1, tests=False)
    assert ao.fit.FitEstimate.from_json(control.to_json()).to_json() == control.to_json()


def test_sentences_measure_and_do_not_judge(found: ao.fit.FitEstimate) -> None:
    for text in (str(found), repr(found), str(found.holdout), str(found.differs)):
        assert not {"fair", "good", "significant", "unbiased"} & set(text.lower().split())
    assert "Do reps differ at all? p = " in found.summary()
    assert "never seen" in found.summary()


@settings(max_examples=6)
@given(st.integers(0, 10**6), st.sampled_from(["crossed", "beta_binomial"]))
def test_order_of_rows_and_names_change_nothing(seed: int, method: Any) -> None:
    trials, successes, _ = tables(seed, 4, 3, (0.5, 0.5, 0.3), size=1.0)
    trials[0, 0], successes[0, 0] = 3, 1
    log = log_of(trials, successes)
    first = ao.fit.from_history(log, **COLUMNS, time="day", method=method)
    mixed = log.sample(frac=1, random_state=seed % 1000)
    assert ao.fit.from_history(mixed, **COLUMNS, time="day", method=method).to_json() == (
        first.to_json()
    )
    names = {name: f"z{9 - int(name[1:])}" for name in log["who"].unique()}
    other = ao.fit.from_history(log.assign(who=log["who"].map(names)), **COLUMNS, method=method)
    back = first.table.assign(rep_id=first.table["rep_id"].map(names))
    columns = ["rep_id", "type"]
    joined = back.merge(other.table, on=columns)
    assert len(joined) == len(back)
    assert np.abs(joined["estimate_x"] - joined["estimate_y"]).max() < 1e-4


def test_bools_and_floats_are_outcomes_too() -> None:
    trials, successes, _ = tables(9, 4, 2, (0.5, 0.5, 0.3))
    log = log_of(trials, successes)
    first = ao.fit.from_history(log, **COLUMNS)
    before = log.copy()
    for kind in (bool, object, "Int64"):
        other = ao.fit.from_history(log.assign(won=log["won"].astype(kind)), **COLUMNS)
        assert other.table.equals(first.table)
    assert ao.fit.from_history(log.astype({"who": "category"}), **COLUMNS).table.equals(first.table)
    assert log.equals(before)


# -- what cannot be told -----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["crossed", "beta_binomial"])
@pytest.mark.parametrize(
    "rows",
    [
        [("a", "x", 1)],
        [("a", "x", 1), ("a", "x", 0), ("a", "y", 0)],
        [("a", "x", 1), ("b", "x", 1)] * 20,
        [("a", "x", 0), ("b", "y", 0), ("c", "z", 0)] * 5,
    ],
    ids=["one task", "one rep", "always won", "never won, each a type of its own"],
)
def test_a_log_that_tells_nothing_gives_an_answer_that_says_so(rows: Any, method: Any) -> None:
    log = pd.DataFrame(rows, columns=["who", "kind", "won"])
    found = ao.fit.from_history(log, **COLUMNS, method=method)
    assert found.differs.p_value == 1
    assert found.tests.rates.p_value == 1
    assert found.table["estimate"].between(0, 1).all()
    assert np.isfinite(found.table[["estimate", "sd", "low", "high"]].to_numpy()).all()
    assert found.summary()
    assert ao.fit.FitEstimate.from_json(found.to_json()).summary() == found.summary()


# -- bad input ---------------------------------------------------------------------------------


def good() -> pd.DataFrame:
    return pd.DataFrame({"who": ["a", "b"], "kind": ["x", "x"], "won": [1, 0], "day": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        (
            {"won": ["Won", "Lost"]},
            ("history", 0, "won"),
            "'Won' is out of range; allowed is 0 or 1",
        ),
        (
            {"won": [1, 2]},
            ("history", 1, "won"),
            "2.0 is out of range; allowed is 0 or 1. Say what",
        ),
        ({"won": [0.5, 1]}, ("history", 0, "won"), "0.5 is out of range"),
        ({"won": [1, None]}, ("history", 1, "won"), "is missing; an outcome is 0 or 1. Leave out"),
        ({"who": ["a", None]}, ("history", 1, "who"), "is missing; text is expected"),
        ({"who": [1, 2]}, ("history", 0, "who"), "1 is not text"),
        ({"who": ["", "b"]}, ("history", 0, "who"), "is empty text"),
        ({"kind": [None, "x"]}, ("history", 0, "kind"), "is missing; text is expected"),
        ({"day": ["soon", "2026-01-01"]}, ("history", 0, "day"), "'soon' is not a time"),
        ({"day": [1.0, None]}, ("history", 1, "day"), "is missing; every row has a time, or none"),
        ({"day": [1.0, "2026-01-01"]}, ("history", "day"), "times are of different kinds"),
    ],
)
def test_bad_cells_are_faults_with_row_and_column(changes: Any, place: Any, words: str) -> None:
    log = good().assign(**changes)
    with pytest.raises(ValidationError) as error:
        ao.fit.from_history(log, **COLUMNS, time="day")
    assert words in faults_of(error)[place]


@pytest.mark.parametrize(
    ("options", "place", "words"),
    [
        (
            {"rep": "whom"},
            ("rep",),
            "column 'whom' is missing; found 'who', 'kind', 'won', 'day'; did",
        ),
        ({"outcome": "result"}, ("outcome",), "Name the column for outcome"),
        ({"time": "dya"}, ("time",), "did you mean 'day'?"),
        ({"type": "who"}, ("type",), "column 'who' is named for rep as well"),
        ({"type": None}, ("type",), "None is no name of a column"),
        ({"method": "bayes"}, ("method",), "allowed is 'crossed' or 'beta_binomial'"),
        ({"part": 1.0}, ("part",), "1.0 is out of range; allowed is a number between 0 and 1"),
        ({"seed": -1}, ("seed",), "allowed is a whole number from 0 on"),
        ({"frame": []}, ("history",), "a list is no frame"),
        ({"frame": good()[:0]}, ("history",), "there is no row; allowed is one or more (0/1)"),
    ],
)
def test_bad_options_are_faults_with_their_names(options: Any, place: Any, words: str) -> None:
    asked = {**COLUMNS, **options}
    with pytest.raises(ValidationError) as error:
        ao.fit.from_history(asked.pop("frame", good()), **asked)
    assert words in faults_of(error)[place]


def test_all_faults_come_at_once() -> None:
    log = good().assign(won=["Won", None], who=["a", None])
    with pytest.raises(ValidationError) as error:
        ao.fit.from_history(log, **COLUMNS, method="bayes", part=2)
    assert set(faults_of(error)) == {
        ("method",),
        ("part",),
        ("history", 0, "won"),
        ("history", 1, "won"),
        ("history", 1, "who"),
    }


# -- the optional packages ---------------------------------------------------------------------


def test_without_the_packages_the_rest_works_and_fit_says_what_to_install() -> None:
    code = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("scipy", "statsmodels"):
            raise ImportError(name)

sys.meta_path.insert(0, Missing())
import assignopt as ao
ao.solve(ao.Problem([ao.Rep("a")], [ao.Task("t")]))
from assignopt import *
try:
    ao.fit.from_history
except ImportError as error:
    assert "pip install 'assignopt[fit]'" in str(error), error
    assert "scipy and statsmodels" in str(error), error
else:
    raise AssertionError
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["FitEstimate", "Claim", "OffPolicy"])
@pytest.mark.parametrize("text", ["[]", "x", "{}", None])
def test_a_document_of_something_else_is_told_as_such(name: str, text: Any) -> None:
    with pytest.raises(ValidationError, match=f"Give what {name}.to_json\\(\\) gave"):
        getattr(ao.fit, name).from_json(text)


def test_the_order_of_rows_does_not_matter() -> None:
    log = simple()
    one = ao.fit.from_history(log, **COLUMNS)
    other = ao.fit.from_history(log.sample(frac=1, random_state=5), **COLUMNS)
    assert str(one.holdout) == str(other.holdout)
    assert one.table.equals(other.table)


def test_a_seed_of_numpy_is_a_seed() -> None:
    seed: Any = np.int64(3)
    one = ao.fit.from_history(simple(), **COLUMNS, seed=seed)
    assert json.loads(one.to_json())["seed"] == 3


def simple() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    cells = {"who": rng.choice(["a", "b"], 50), "kind": rng.choice(["x", "y"], 50)}
    return pd.DataFrame(cells | {"won": rng.integers(0, 2, 50)})


def test_seeds_of_numpy_are_numbers_like_others(found: ao.fit.FitEstimate) -> None:
    seed: Any = np.int64(3)
    assert found.control(seed).to_json() == found.control(3).to_json()
    assert found.draw(seed).equals(found.draw(3))
    log = log_of(*tables(0, 3, 2, (0.3, 0.3, 0.3))[:2])
    columns = {"rep": "who", "type": "kind", "outcome": "won"}
    claim = ao.fit.backtest(log, **columns, seed=seed, shuffles=1)
    assert claim.plan is not None
    assert json.loads(claim.plan.to_json())["seed"] == 3
    assert claim.to_json() == ao.fit.backtest(log, **columns, seed=3, shuffles=1).to_json()


@pytest.mark.parametrize("seed", [-1, 1.5, None, True])
def test_what_is_no_seed_is_a_fault(found: ao.fit.FitEstimate, seed: Any) -> None:
    for ask in (found.draw, found.control):
        with pytest.raises(ValidationError, match="allowed is a whole number from 0 on"):
            ask(seed)


@pytest.mark.parametrize("kind", ["FitEstimate", "Claim", "OffPolicy"])
def test_text_that_is_too_deep_is_a_fault(kind: str) -> None:
    with pytest.raises(ValidationError, match=f"Give what {kind}.to_json"):
        getattr(ao.fit, kind).from_json("[" * 100_000)
