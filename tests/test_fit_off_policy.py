"""Off-policy estimates: right on average where propensities are known, silent elsewhere."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import assignopt as ao

pytest.importorskip("scipy", reason="assignopt[fit] is not installed")
pytest.importorskip("statsmodels", reason="assignopt[fit] is not installed")

from assignopt.fit.weighing import ESTIMATORS, Weighted, resampled, values

COLUMNS = {"rep": "who", "type": "kind", "outcome": "won", "propensity": "chance"}
REPS, KINDS = ("a", "b", "c"), ("x", "y")
RATE = np.array([[0.7, 0.2], [0.4, 0.5], [0.3, 0.6]])
LOGGING = np.array([[0.5, 0.2], [0.3, 0.3], [0.2, 0.5]])
TARGET = np.array([[0.6, 0.1], [0.3, 0.3], [0.1, 0.6]])
SHARE = np.array([0.6, 0.4])
TRUTH = float(((TARGET * RATE).sum(axis=0) * SHARE).sum())


def drawn(seed: int, rows: int = 600, logging: np.ndarray = LOGGING) -> pd.DataFrame:
    """A log of a policy that draws at random, ten decisions a day."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(2, rows, p=SHARE)
    rep = (rng.random(rows)[:, None] > logging.cumsum(axis=0).T[kind]).sum(axis=1)
    return pd.DataFrame(
        {
            "who": np.array(REPS)[rep],
            "kind": np.array(KINDS)[kind],
            "chance": logging[rep, kind],
            "won": (rng.random(rows) < RATE[rep, kind]).astype(int),
            "day": np.arange(rows) // 10,
        }
    )


def cells(table: np.ndarray, name: str, rep: str = "who", kind: str = "kind") -> pd.DataFrame:
    rows = [(r, k, table[i, j]) for i, r in enumerate(REPS) for j, k in enumerate(KINDS)]
    return pd.DataFrame(rows, columns=[rep, kind, name])


def policy(table: np.ndarray = TARGET) -> pd.DataFrame:
    return cells(table, "probability")


def model(table: np.ndarray) -> pd.DataFrame:
    return cells(table, "fit", "rep_id", "customer_type")


def z_of(found: list[float], truth: float = TRUTH) -> float:
    errors = np.array(found) - truth
    return float(errors.mean() / (errors.std(ddof=1) / np.sqrt(len(errors))))


# -- right on average --------------------------------------------------------------------------


def test_with_known_propensities_the_estimates_are_right_on_average() -> None:
    """A z-test over 120 logs, the model learned on the other half of each."""
    names = ("ips", "snips", "dr", "sndr")
    found: dict[str, list[float]] = {name: [] for name in names}
    wrong = model(np.full((3, 2), 0.9))
    for seed in range(120):
        one = ao.fit.off_policy(drawn(seed, 300), policy(), **COLUMNS, model=wrong)
        for name in names:
            found[name].append(one.of(name))
    assert all(abs(z_of(found[name])) < 3 for name in names)


def test_the_model_learned_here_is_learned_from_other_rows() -> None:
    found = [ao.fit.off_policy(drawn(seed), policy(), **COLUMNS).of("dr") for seed in range(12)]
    assert abs(z_of(found)) < 3


def test_doubly_robust_needs_only_one_of_the_two_to_be_right() -> None:
    """A wrong model with right propensities, a right model with wrong ones; both wrong: not."""
    log = drawn(0, 60_000)
    wrong = model(np.array([[0.1, 0.9], [0.9, 0.1], [0.5, 0.5]]))
    even = log.assign(chance=1 / 3)
    one = ao.fit.off_policy(log, policy(), **COLUMNS, model=wrong)
    gate = {"max_weight_error": 1e6}  # which would see that the propensities are wrong
    assert not ao.fit.off_policy(even, policy(), **COLUMNS, model=wrong).passed
    other = ao.fit.off_policy(even, policy(), **COLUMNS, model=model(RATE), **gate)
    neither = ao.fit.off_policy(even, policy(), **COLUMNS, model=wrong, **gate)
    assert one.of("dr") == pytest.approx(TRUTH, abs=0.015)
    assert other.of("dr") == pytest.approx(TRUTH, abs=0.015)
    assert other.of("dm") == pytest.approx(TRUTH, abs=0.01)
    assert abs(neither.of("dr") - TRUTH) > 0.03
    assert abs(one.of("dm") - TRUTH) > 0.1


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    inside = np.zeros(2)
    for seed in range(60):
        found = ao.fit.off_policy(
            drawn(seed, 400), policy(), **COLUMNS, model=model(RATE), batch="day"
        )
        told = found.estimates.set_index("estimator").loc[["snips", "dr"]]
        inside += ((told["low"] <= TRUTH) & (told["high"] >= TRUTH)).to_numpy()
    assert (inside >= 53).all()  # 57 expected


# -- exact cases -------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_the_logs_own_policy_is_worth_the_mean_of_the_log(seed: int) -> None:
    """Propensities as they came out; the model, right or wrong, drops out."""
    log = drawn(seed, 120)
    counts = log.groupby("kind")["who"].value_counts(normalize=True)
    log["chance"] = [counts[kind, who] for kind, who in zip(log["kind"], log["who"], strict=True)]
    own = counts.rename("probability").reset_index()
    rng = np.random.default_rng(seed)
    some = model(rng.random((3, 2)))
    found = ao.fit.off_policy(log, own, **COLUMNS, model=some, max_unsupported=1)
    for name in ("ips", "snips", "clipped_ips", "dr", "sndr", "switch_dr"):
        assert found.of(name) == pytest.approx(log["won"].mean())
    assert found.ess == pytest.approx(len(log))
    assert found.mean_weight == pytest.approx(1)
    assert found.unsupported < 0.2


def test_a_target_that_chooses_is_a_column() -> None:
    log = drawn(1, 4000).assign(best=lambda f: np.where(f["kind"] == "x", "a", "c"))
    found = ao.fit.off_policy(log, "best", **COLUMNS)
    assert found.of("snips") == pytest.approx(0.6 * 0.7 + 0.4 * 0.6, abs=0.05)
    as_frame = policy(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]))
    other = ao.fit.off_policy(log, as_frame, **COLUMNS)
    assert other.estimates.equals(found.estimates)
    assert other.bounds == found.bounds


def test_without_types_all_tasks_are_alike() -> None:
    log = drawn(2, 2000, np.tile([[0.5], [0.3], [0.2]], 2))
    even = pd.DataFrame({"who": REPS, "probability": [1 / 3] * 3})
    columns = {name: column for name, column in COLUMNS.items() if name != "type"}
    found = ao.fit.off_policy(log, even, **columns)
    assert found.of("dr") == pytest.approx(float((RATE @ SHARE).mean()), abs=0.05)


def test_resampled_sums_are_those_of_the_rows() -> None:
    rng = np.random.default_rng(0)
    y, w, q, p = rng.random((4, 5000))
    rows = Weighted(y, w, q, p, 10.0)
    draws = resampled(rows.parts(), np.arange(5000), 400, 0)
    assert draws.shape == (400, len(ESTIMATORS))
    exact = values(rows.parts().sum(axis=0))
    assert np.abs(draws.mean(axis=0) - exact).max() < 0.005
    assert draws[:, 0].std() == pytest.approx((w * y).std() / np.sqrt(5000), rel=0.15)


# -- the gate ----------------------------------------------------------------------------------


def test_a_log_that_hardly_did_what_the_target_does_gives_bounds_and_no_number() -> None:
    """As on the women's campaign of the Open Bandit data: 10,000 rows, of which 2 count."""
    rare = np.array([[0.998, 0.998], [0.001, 0.001], [0.001, 0.001]])
    log = drawn(3, 3000, rare)
    found = ao.fit.off_policy(log, policy(np.tile([[0.0], [0.5], [0.5]], 2)), **COLUMNS)
    assert found.ess < 20
    assert not found.passed
    assert found.estimates[["value", "sd", "low", "high"]].isna().all(axis=None)
    low, high = found.bounds
    assert low < float(RATE[1:].mean(axis=0) @ SHARE) < high
    assert high - low > 0.5
    assert "No estimate, between" in str(found)
    assert "(gate 100)" in repr(found)


def test_bounds_hold_the_truth_and_open_where_the_log_is_silent() -> None:
    half = np.array([[0.5, 0.5], [0.5, 0.5], [0.0, 0.0]])
    log = drawn(4, 3000, half)
    found = ao.fit.off_policy(log, policy(), **COLUMNS)
    assert not found.passed  # however even the weights are that there are
    assert found.ess > 1000
    silent = float((TARGET[2] * SHARE).sum())
    assert found.unsupported == pytest.approx(silent, abs=0.02)
    low, high = found.bounds
    assert low < TRUTH < high
    assert silent < high - low < silent + 0.1


def test_reps_that_the_log_does_not_know_are_unsupported() -> None:
    log = drawn(5, 500).assign(best="zoe")
    found = ao.fit.off_policy(log, "best", **COLUMNS)
    assert found.unsupported == 1
    assert found.bounds == (0, 1)
    assert found.ess == 0


def test_json_comes_back_as_it_went() -> None:
    for gate in (1, 10**6):  # open, and shut
        found = ao.fit.off_policy(drawn(6), policy(), **COLUMNS, min_ess=gate)
        again = ao.fit.OffPolicy.from_json(found.to_json())
        assert again.to_json() == found.to_json()
        assert str(again) == str(found)


def test_an_estimate_is_a_model_too() -> None:
    estimate = ao.fit.from_history(drawn(7, 900), rep="who", type="kind", outcome="won")
    one = ao.fit.off_policy(drawn(8), policy(), **COLUMNS, model=estimate)
    frame = estimate.fit_frame()
    other = ao.fit.off_policy(drawn(8), policy(), **COLUMNS, model=frame)
    assert one.estimates["value"].to_numpy() == pytest.approx(other.estimates["value"].to_numpy())
    with pytest.raises(KeyError):
        one.of("magic")


def hidden(seed: int, rows: int = 400, *, silent: bool = False) -> tuple[pd.DataFrame, float]:
    """A log whose tasks differ by more than their type, a target that sees it, and its value.

    Days of ten tasks share their luck. ``silent``: where the target wants c, the log never chose c.
    """
    rng = np.random.default_rng(seed)
    urgent = rng.random(rows) < 0.5
    luck = np.repeat(rng.normal(0, 0.1, rows // 10 + 1), 10)[:rows]
    chance = np.where(urgent[:, None], [0.2, 0.3, 0.5], [0.5, 0.3, 0.2])
    if silent:
        chance = np.where(urgent[:, None], [0.6, 0.4, 0.0], chance)
    rep = (rng.random(rows)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    best = np.where(urgent, 2, 0)
    rate = np.where(urgent, [[0.2], [0.2], [0.9]], [[0.7], [0.3], [0.1]])[np.arange(3)].T
    won = rng.random(rows) < np.clip(rate[np.arange(rows), rep] + luck, 0, 1)
    log = pd.DataFrame(
        {
            "who": np.array(REPS)[rep],
            "chance": chance[np.arange(rows), rep],
            "won": won.astype(int),
            "day": np.arange(rows) // 10,
            "best": np.array(REPS)[best],
        }
    )
    return log, 0.5 * 0.9 + 0.5 * 0.7


UNTYPED = {"rep": "who", "outcome": "won", "propensity": "chance", "batch": "day"}


def test_bounds_of_a_target_that_sees_more_than_types_hold_the_truth() -> None:
    """The mean of a rep over all rows, 0.5 for a and c here, says nothing of the target's."""
    inside = 0
    for seed in range(60):
        log, truth = hidden(seed)
        low, high = ao.fit.off_policy(log, "best", **UNTYPED).bounds
        inside += low <= truth <= high
        assert high - low < 0.5
    assert inside >= 54  # 57 expected, were both ends independent of each other


def test_support_that_is_missing_shows_in_the_mean_weight() -> None:
    """There are types in no column, and rows of c for every rep: only the weights can tell."""
    log, truth = hidden(1, 4000, silent=True)
    found = ao.fit.off_policy(log, "best", **UNTYPED)
    assert not found.passed
    assert found.mean_weight == pytest.approx(0.5, abs=0.05)
    assert found.weight_error > 10
    low, high = found.bounds
    assert low < truth < high
    assert high - low > 0.5


def test_the_direct_method_has_no_interval() -> None:
    told = ao.fit.off_policy(drawn(9), policy(), **COLUMNS).estimates.set_index("estimator")
    assert told.loc["dm", ["sd", "low", "high"]].isna().all()
    assert told.drop("dm").notna().all(axis=None)


def test_an_interval_is_given_only_where_the_draws_show_the_whole_error() -> None:
    """Where weights are cut, few intervals of clipped IPS and Switch-DR held the truth."""
    log = drawn(10, 1000)
    for switch, cut in ((10.0, []), (1.0, ["clipped_ips", "switch_dr"])):
        found = ao.fit.off_policy(log, policy(), **COLUMNS, switch=switch)
        told = found.estimates.set_index("estimator")
        without = told.index[told[["sd", "low", "high"]].isna().all(axis=1)].tolist()
        assert sorted(without) == sorted(["dm", *cut])
        assert told["value"].notna().all()
        assert told.drop(index=without).notna().all(axis=None)


def test_few_batches_have_intervals_and_bounds_as_wide_as_they_need() -> None:
    """Four days with a luck of their own: quantiles of the draws held the truth in 85 %."""
    inside, asked = np.zeros(3), 60
    for seed in range(asked):
        luck = np.random.default_rng(1000 + seed).normal(0, 0.15, 4)
        log = drawn(seed, 400).assign(day=np.arange(400) // 100)
        draw = np.random.default_rng(500 + seed).random(400)
        rep, kind = log["who"].map(REPS.index), log["kind"].map(KINDS.index)
        log["won"] = (draw < RATE[rep, kind] + luck[log["day"]]).astype(int)
        found = ao.fit.off_policy(
            log, policy(), **COLUMNS, model=model(RATE), batch="day", max_weight_error=100
        )
        told = found.estimates.set_index("estimator").loc[["snips", "dr"]]
        inside[:2] += ((told["low"] <= TRUTH) & (told["high"] >= TRUTH)).to_numpy()
        inside[2] += found.bounds[0] <= TRUTH <= found.bounds[1]
    assert (inside >= 54).all()  # 57 expected


@pytest.mark.parametrize("won", [0, 1])
def test_outcomes_that_are_all_alike_are_no_certainty(won: int) -> None:
    found = ao.fit.off_policy(drawn(1, 500).assign(won=won), policy(), **COLUMNS)
    told = found.estimates.set_index("estimator").loc[["ips", "snips", "dr"]]
    assert found.passed
    assert found.of("snips") == won
    assert told["low"].eq(found.bounds[0]).all()
    assert told["high"].eq(found.bounds[1]).all()
    assert told["sd"].isna().all()
    assert found.bounds[1] - found.bounds[0] > 0.005


@pytest.mark.parametrize("digits", [2, 3, 4])
def test_propensities_that_were_rounded_do_not_shut_the_gate(digits: int) -> None:
    """The target is the log's own policy, so that all weights are alike: 1.01, 1.001, 1.0001."""
    log = drawn(2, 2000, np.full((3, 2), 1 / 3)).assign(chance=round(1 / 3, digits))
    found = ao.fit.off_policy(log, policy(np.full((3, 2), 1 / 3)), **COLUMNS)
    assert found.passed
    assert found.of("snips") == pytest.approx(log["won"].mean())


def test_propensities_that_are_too_low_open_the_bounds_and_are_said() -> None:
    log = drawn(9, 2000)
    found = ao.fit.off_policy(log.assign(chance=log["chance"] / 2), policy(), **COLUMNS)
    assert not found.passed
    assert found.mean_weight == pytest.approx(2, abs=0.1)
    assert found.bounds == (0, 1)
    assert "propensities are too low. Log the probability of the rep who was chosen" in str(found)
    again = ao.fit.OffPolicy.from_json(found.to_json())
    assert str(again) == str(found)
    other = ao.fit.off_policy(log.assign(chance=1.0), policy(), **COLUMNS)
    assert "Choose a target nearer to the log, or correct them" in repr(other)


# -- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log", "options", "place", "words"),
    [
        ({"chance": 0.0}, {}, ("log", 0, "chance"), "allowed is a number above 0 and at most 1"),
        ({"chance": 1.5}, {}, ("log", 0, "chance"), "1.5 is out of range"),
        ({"chance": np.nan}, {}, ("log", 0, "chance"), "is missing (NaN)"),
        ({"chance": 1e-320}, {}, ("log", 0, "chance"), "allowed is 1e-09 to 1. Leave the row out"),
        ({"won": "yes"}, {}, ("log", 0, "won"), "'yes' is out of range; allowed is 0 or 1"),
        ({"day": None}, {"batch": "day"}, ("log", 0, "day"), "is missing. Fill it in"),
        ({"day": 1}, {"batch": "day"}, ("batch",), "1 batch has no interval"),
        ({}, {"propensity": "chanec"}, ("propensity",), "did you mean 'chance'?"),
        ({}, {"propensity": None}, ("propensity",), "None is no name of a column"),
        ({}, {"target": "wha"}, ("target",), "column 'wha' is missing; did you mean 'who'?"),
        ({}, {"target": 3}, ("target",), "a int is no target"),
        (
            {},
            {"target": policy(TARGET / 2)},
            ("target", "probability"),
            "add up to 0.5; allowed is 1",
        ),
        ({}, {"target": policy().drop(columns="who")}, ("target", "who"), "is missing"),
        ({}, {"model": 3}, ("model",), "a int is no model"),
        ({}, {"model": model(RATE)[:5]}, ("model",), "rep 'c' on type 'y' is missing. Add a row"),
        ({}, {"switch": 0.5}, ("switch",), "allowed is a number from 1 on"),
        ({}, {"max_unsupported": 2}, ("max_unsupported",), "allowed is a number from 0 to 1"),
        ({}, {"min_ess": 0}, ("min_ess",), "allowed is a number from 1 on"),
        ({}, {"max_weight_error": -1}, ("max_weight_error",), "a number from 0 to 1e12"),
    ],
)
def test_bad_input_is_told_with_its_place(log: Any, options: Any, place: Any, words: str) -> None:
    asked = {"target": policy(), **COLUMNS, **options}
    with pytest.raises(ValidationError) as error:
        ao.fit.off_policy(drawn(0, 50).assign(**log), asked.pop("target"), **asked)
    told = {fault["loc"]: fault["msg"] for fault in error.value.errors()}
    assert words in told[place]


def test_the_module_is_loaded_with_the_package() -> None:
    assert sys.modules["assignopt.fit"] is ao.fit
