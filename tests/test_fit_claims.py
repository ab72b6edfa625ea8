"""What a plan claims, beside what held-out outcomes say: the optimiser's curse, made visible."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import assignopt as ao

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
pytest.importorskip("scipy", reason="assignopt[fit] is not installed")
pytest.importorskip("statsmodels", reason="assignopt[fit] is not installed")

from benchmarks import data, learning  # noqa: E402
from scipy.optimize import linear_sum_assignment  # noqa: E402
from scipy.special import expit  # noqa: E402

from assignopt.errors import Faults  # noqa: E402
from assignopt.fit.backtesting import later_problem  # noqa: E402
from assignopt.fit.differing import shuffled  # noqa: E402
from assignopt.fit.history import Names, read_log  # noqa: E402
from assignopt.fit.learning import learn_tables  # noqa: E402

MAVEN = data.folder("maven")
needs_maven = pytest.mark.skipif(MAVEN is None, reason="no public data: folder 'maven' is missing")
CRM = {"rep": "agent", "outcome": "won", "time": "close_date"}
COLUMNS = {"rep": "who", "type": "kind", "outcome": "won", "time": "day"}


def maven() -> pd.DataFrame:
    assert MAVEN is not None
    return pd.DataFrame(data.read_maven(MAVEN))


def simulated(seed: int, spread: float, rows: int = 4000) -> pd.DataFrame:
    """12 reps x 4 types whose cells differ by so much, in logits; tasks come by chance."""
    rng = np.random.default_rng(seed)
    rate = expit(rng.normal(-0.3, 0.3, 4) + spread * rng.normal(size=(12, 4)))
    rep, kind = rng.integers(0, 12, rows), rng.integers(0, 4, rows)
    return pd.DataFrame(
        {
            "who": [f"r{n:02}" for n in rep],
            "kind": [f"k{n}" for n in kind],
            "won": (rng.random(rows) < rate[rep, kind]).astype(int),
            "day": np.arange(rows) // 20,
            "worth": rng.integers(1, 10, rows).astype(float),
        }
    )


# -- the negative control ----------------------------------------------------------------------


@needs_maven
@pytest.mark.parametrize("kind", ["product", "sector"])
def test_a_crm_without_signal_claims_nothing_and_shuffled_outcomes_neither(kind: str) -> None:
    found = ao.fit.backtest(maven(), **CRM, type=kind, shuffles=5)
    assert found.tasks == found.heldout_rows > 2000
    assert abs(found.claimed_uplift) < 0.01
    assert found.in_noise
    assert found.holds
    assert abs(found.control_uplift) < 0.01
    assert found.control_p_value > 0.1
    assert found.values["assignment"].tolist() == ["plan", "actual", "round robin", "random"]
    assert found.values[["claimed", "heldout", "low", "high"]].notna().all(axis=None)
    assert found.plan is not None
    assert found.plan.status is ao.Status.OPTIMAL


@needs_maven
@pytest.mark.parametrize(("kind", "least"), [("product", 0.08), ("sector", 0.12)])
def test_raw_rates_of_the_same_crm_would_promise_ten_points(kind: str, least: float) -> None:
    """What this package must never print by itself: 75 % and 81 % where the truth is 60 %."""
    names = Names("agent", kind, "won", "close_date")
    first, rest, _ = read_log(maven(), names, Faults("test")).split(0.7, 0)
    trials, successes = first.tables()
    for won in (successes, shuffled(trials, successes, 1, 0)[0]):
        raw = np.where(trials > 0, won / np.maximum(trials, 1), first.outcome.mean())
        row, column = (one.ravel() for one in np.indices(raw.shape))
        fit = pd.DataFrame(
            {"rep_id": first.reps[row], "customer_type": first.types[column], "fit": raw.ravel()}
        )
        frames = later_problem(rest).to_frames()
        frames["reps"] = frames["reps"].drop(columns="fit")
        plan = ao.solve(ao.Problem.from_frames(**frames, fit=fit))
        actual = (rest.tables()[0] * raw).sum() / len(rest)
        assert plan.assignments["fit"].mean() - actual > least


# -- a real effect -----------------------------------------------------------------------------


def test_where_reps_differ_by_type_claims_are_kept() -> None:
    """Over several logs the claimed uplift is what held-out outcomes give, up to their noise."""
    claims = [ao.fit.backtest(simulated(n, 0.6), **COLUMNS, shuffles=0) for n in range(6)]
    assert all(one.claimed_uplift > 0.03 for one in claims)
    assert all(one.heldout_uplift > 0 for one in claims)
    assert sum(one.holds for one in claims) >= 5
    over = sum(one.claimed_uplift - one.heldout_uplift for one in claims)
    noise = sum(one.uplifts["heldout_sd"].iloc[0] ** 2 for one in claims) ** 0.5
    assert abs(over) < 3 * noise
    assert not any(one.in_noise for one in claims)


def test_the_control_claims_less_than_a_log_with_signal() -> None:
    found = ao.fit.backtest(simulated(1, 0.6), **COLUMNS, shuffles=9)
    assert found.control_p_value == pytest.approx(0.1)
    assert abs(found.control_uplift) < 0.01 < found.claimed_uplift


def test_heldout_values_are_right_on_average() -> None:
    """A plan fixed beforehand, valued on many held-out logs of known rates."""
    rng = np.random.default_rng(0)
    rate = np.array([[0.7, 0.3], [0.4, 0.5]])
    plan = {f"t{n}": ("a", "b")[n % 2] for n in range(40)}
    kinds = [("x", "y")[n // 2 % 2] for n in range(40)]
    team = [ao.Rep("a"), ao.Rep("b")]
    problem = ao.Problem(
        team, [ao.Task(t, customer_type=k) for t, k in zip(plan, kinds, strict=True)]
    )
    cells = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    truth = rate.mean()
    zs = []
    log = pd.DataFrame(
        [(*c, i % 2) for c in cells for i in range(4)], columns=["who", "kind", "won"]
    )
    estimate = ao.fit.from_history(log, rep="who", type="kind", outcome="won")
    for _ in range(25):
        won = rng.random((4, 10)) < rate.ravel()[:, None]
        later = [(*c, int(w)) for c, row in zip(cells, won, strict=True) for w in row]
        later_frame = pd.DataFrame(later, columns=["who", "kind", "won"])
        found = ao.fit.claimed((problem, plan), estimate, later_frame, shuffles=0)
        value = found.values.iloc[0]
        zs.append((value["heldout"] - truth) / ((value["high"] - value["low"]) / 3.92))
    assert abs(np.mean(zs)) < 3 / np.sqrt(25)
    assert 0.7 < np.std(zs) < 1.3


def test_tasks_count_by_their_value() -> None:
    found = ao.fit.backtest(simulated(2, 0.6), **COLUMNS, value="worth", shuffles=1)
    assert found.plan is not None
    given = found.plan.assignments
    claimed = given["value"].sum() / sum(t.value for t in found.plan.problem.tasks.values())
    assert found.values["claimed"].iloc[0] == pytest.approx(claimed)
    assert found.claimed_uplift > 0


# -- any plan ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parts() -> tuple[ao.fit.FitEstimate, pd.DataFrame, ao.Plan]:
    log = simulated(3, 0.6)
    first, later = log[log["day"] < 140], log[log["day"] >= 140]
    estimate = ao.fit.from_history(first, **COLUMNS)
    tasks = [ao.Task(f"t{n:03}", customer_type=f"k{n % 4}") for n in range(120)]
    reps = [ao.Rep(f"r{n:02}", max_tasks=10) for n in range(12)]
    problem = ao.Problem(reps, tasks, objective=[ao.Coverage(), ao.Value()])
    return estimate, later, ao.solve(estimate.apply(problem))


def test_any_plan_is_valued_beside_three_others(parts: Any) -> None:
    estimate, later, plan = parts
    found = ao.fit.claimed(plan, estimate, later, shuffles=2)
    assert found.values["claimed"].iloc[0] == pytest.approx(plan.assignments["fit"].mean())
    assert found.values["supported"].iloc[0] == 1
    dealt = dict(zip(plan.problem.tasks, [f"r{n % 12:02}" for n in range(120)], strict=True))
    by_hand = ao.fit.claimed((plan.problem, dealt), estimate, later, shuffles=0)
    told = by_hand.values.set_index("assignment")
    assert told.loc["plan", "claimed"] == pytest.approx(told.loc["round robin", "claimed"])
    assert told.loc["plan", "heldout"] == pytest.approx(told.loc["round robin", "heldout"])
    audited = ao.fit.claimed(ao.audit(plan.problem, plan), estimate, later, shuffles=0)
    assert audited.values.equals(found.values)
    assert audited.plan is None


def test_the_claim_is_never_without_what_became_of_it(parts: Any) -> None:
    estimate, later, plan = parts
    found = ao.fit.claimed(plan, estimate, later, shuffles=2)
    for text in (str(found), repr(found), found.headline()):
        assert "claims" in text
        assert "held-out outcomes say" in text
        assert "shuffled within types claim" in text
    data_ = found.to_json()
    assert '"heldout"' in data_
    again = ao.fit.Claim.from_json(data_)
    assert again.to_json() == data_
    assert str(again) == str(found)
    assert again.heldout_interval == found.heldout_interval


def test_the_best_of_equal_loads_is_the_best_there_is(parts: Any) -> None:
    """The plan that claims is the optimum of its claim, as scipy finds it."""
    estimate, _, plan = parts
    kinds = [task.customer_type for task in plan.problem.tasks.values()]
    slots = np.repeat(estimate.reps, 10)
    pairs = np.array([[estimate.rate(rep, kind) for kind in kinds] for rep in estimate.reps])
    gain = pairs[np.repeat(np.arange(12), 10)]
    row, column = linear_sum_assignment(gain, maximize=True)
    assert len(slots) == len(row)
    assert plan.assignments["fit"].sum() == pytest.approx(gain[row, column].sum(), abs=1e-6)


def test_reps_and_types_that_nobody_has_seen_are_told_as_unsupported(parts: Any) -> None:
    estimate, later, _ = parts
    problem = ao.Problem(
        [ao.Rep("new"), ao.Rep("r01")],
        [ao.Task("t0", customer_type="k0"), ao.Task("t1", customer_type="fresh")],
    )
    found = ao.fit.claimed((problem, {"t0": "new", "t1": "r01"}), estimate, later, shuffles=0)
    assert found.values["supported"].iloc[0] == 0
    assert found.values["low"].iloc[0] < found.values["heldout"].iloc[0]
    assert np.isfinite(found.values[["claimed", "heldout"]].to_numpy()).all()


# -- bad input ---------------------------------------------------------------------------------


def faults_of(error: pytest.ExceptionInfo[ValidationError]) -> dict[tuple[Any, ...], str]:
    return {fault["loc"]: fault["msg"] for fault in error.value.errors()}


def test_what_cannot_be_valued_is_said(parts: Any) -> None:
    estimate, later, plan = parts
    bare = ao.Problem([ao.Rep("r00")], [ao.Task("t0"), ao.Task("t1")])
    cases = [
        (((bare, {"t0": "r00"}), estimate, later), ("plan", "t0"), "has no customer type"),
        (((bare, {}), estimate, later), ("plan",), "holds no task; allowed is one or more (0/1)"),
        (((bare, {"t9": "r00"}), estimate, later), ("plan", "t9"), "Use its ids"),
        ((7, estimate, later), ("plan",), "a int is no plan"),
        ((plan, None, later), ("estimate",), "a NoneType is no estimate"),
        ((plan, estimate, later.assign(won=2)), ("heldout", 0, "won"), "2.0 is out of range"),
        ((plan, estimate, later[:0]), ("heldout",), "there is no row"),
    ]
    for arguments, place, words in cases:
        with pytest.raises(ValidationError) as error:
            ao.fit.claimed(*arguments)
        assert words in faults_of(error)[place]
    with pytest.raises(ValidationError) as error:
        ao.fit.claimed(plan, estimate, later, shuffles=-1)
    assert ("shuffles",) in faults_of(error)


def test_a_log_with_nothing_to_hold_out_cannot_be_backtested() -> None:
    log = simulated(0, 0.0, rows=60).assign(day=1)
    with pytest.raises(ValidationError, match=r"one part is empty \(60 and 0 of 60 rows\)"):
        ao.fit.backtest(log, **COLUMNS)
    with pytest.raises(ValidationError) as error:
        ao.fit.backtest(log.assign(won="no"), **COLUMNS, part=0, shuffles="many")
    assert {("part",), ("shuffles",), ("history", 0, "won")} <= set(faults_of(error))


def test_learning_is_the_same_whether_asked_for_tables_or_a_log() -> None:
    log = simulated(4, 0.3, rows=600)
    found = ao.fit.from_history(log, **COLUMNS)
    counts = log.groupby(["who", "kind"])["won"].agg(["size", "sum"]).unstack(fill_value=0)
    trials, successes = (counts[one].to_numpy(float) for one in ("size", "sum"))
    learned = learn_tables(trials, successes, "crossed").mean[:-1, :-1]
    assert found.table["estimate"].to_numpy() == pytest.approx(learned.ravel())


def test_of_four_estimators_one_keeps_what_it_claims(capsys: pytest.CaptureFixture[str]) -> None:
    """Raw rates promise several times what they get, and so does adding one to both counts."""
    found = learning.table(range(4), learning.STRONG)
    over = {name: row.claimed / row.realised - 1 for name, row in found.items()}
    assert over["raw rate"] > 1
    assert over["add one"] > 1
    assert over["crossed"] < over["beta_binomial"] < 1
    assert abs(over["crossed"]) < 0.15
    errors = [found[name].error for name in ("crossed", "beta_binomial", "add one", "raw rate")]
    assert errors == sorted(errors)
    assert found["crossed"].realised > found["raw rate"].realised
    learning.main(["--seeds", "1"])
    assert "claimed/realised" in capsys.readouterr().out


# -- rows that were learned from ---------------------------------------------------------------


def plan_of(estimate: ao.fit.FitEstimate) -> ao.Plan:
    tasks = [ao.Task(f"t{n}", customer_type=str(estimate.types[0])) for n in range(5)]
    return ao.solve(estimate.apply(ao.Problem([ao.Rep(str(r)) for r in estimate.reps], tasks)))


def untimed(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "who": rng.choice(["a", "b", "c"], rows),
            "kind": rng.choice(["x", "y"], rows),
            "won": rng.integers(0, 2, rows),
        }
    )


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize("part", [slice(None), slice(30, None), slice(None, None, 2)])
def test_rows_that_were_learned_from_are_not_held_out(part: slice, json: bool) -> None:
    log = untimed()
    estimate = ao.fit.from_history(log, rep="who", type="kind", outcome="won")
    if json:
        estimate = ao.fit.FitEstimate.from_json(estimate.to_json())
    seen = log[part]
    with pytest.raises(ValidationError, match=f"{len(seen)} of {len(seen)} rows are rows that the"):
        ao.fit.claimed(plan_of(estimate), estimate, seen, shuffles=0)


def test_some_rows_that_were_learned_from_are_told_by_what_no_two_rows_share() -> None:
    log = untimed(80).assign(deal=lambda frame: [f"deal{n}" for n in range(len(frame))])
    estimate = ao.fit.from_history(log[:50], rep="who", type="kind", outcome="won")
    mixed = log[40:].sample(frac=1, random_state=1).reset_index(drop=True)
    with pytest.raises(ValidationError, match="10 of 40 rows are rows that the estimate"):
        ao.fit.claimed(plan_of(estimate), estimate, mixed, shuffles=0)


TIMED = {"rep": "who", "type": "kind", "outcome": "won", "time": "day"}


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize(("first", "many"), [(0, 700), (500, 200)])
def test_rows_that_were_learned_from_are_told_among_others(
    timed: bool, first: int, many: int
) -> None:
    log = simulated(6, 0.3, rows=1000)  # twenty rows a day: some have twins by chance
    names = TIMED if timed else {name: column for name, column in TIMED.items() if name != "time"}
    estimate = ao.fit.from_history(log[:700], **names)
    with pytest.raises(ValidationError, match=f"{many} of {1000 - first:,} rows are rows that the"):
        ao.fit.claimed(plan_of(estimate), estimate, log[first:], shuffles=0)


@pytest.mark.parametrize("kept_as", ["int64", "Int64", "datetime64[s]", "datetime64[ns]"])
def test_with_times_rows_are_told_whatever_their_index_and_their_other_columns(
    kept_as: str,
) -> None:
    log = simulated(6, 0.3, rows=900)
    if kept_as.startswith("datetime"):
        log["day"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(log["day"], "D")
    estimate = ao.fit.from_history(log[:600], **TIMED)
    estimate = ao.fit.FitEstimate.from_json(estimate.to_json())
    again = log.astype({"day": kept_as}).sample(frac=1, random_state=1).reset_index(drop=True)
    again = again.drop(columns="worth").assign(note="new")
    with pytest.raises(ValidationError, match="600 of 900 rows are rows that the estimate"):
        ao.fit.claimed(plan_of(estimate), estimate, again, shuffles=0)
    later = log[600:].astype({"day": kept_as})
    assert ao.fit.claimed(plan_of(estimate), estimate, later, shuffles=0).heldout_rows == 300


@pytest.mark.parametrize("seed", range(8))
def test_rows_drawn_at_random_may_have_the_times_of_those_learned_from(seed: int) -> None:
    """Sixty learned rows without a twin; of the others a few agree with one of them by chance."""
    rng = np.random.default_rng(seed)
    log = untimed(2000, seed).assign(day=rng.integers(0, 3000, 2000))
    first = log.sample(n=60, random_state=seed)
    estimate = ao.fit.from_history(first, **TIMED)
    later = log.drop(first.index)
    assert ao.fit.claimed(plan_of(estimate), estimate, later, shuffles=0).heldout_rows == 1940


@pytest.mark.parametrize("seed", range(4))
def test_halves_drawn_at_random_from_busy_days_are_others(seed: int) -> None:
    """One rep a day has most of its tasks, so rows of a day agree much oftener than others do."""
    rng = np.random.default_rng(seed)
    log = untimed(6000, seed).assign(day=np.arange(6000) // 4)
    busy = rng.choice(["a", "b", "c"], 1500)[log["day"]]
    log["who"] = np.where(rng.random(6000) < 0.8, busy, log["who"])
    first = log.sample(frac=0.5, random_state=seed)
    estimate = ao.fit.from_history(first, **TIMED)
    later = log.drop(first.index)
    assert ao.fit.claimed(plan_of(estimate), estimate, later, shuffles=0).heldout_rows == 3000
    again = log.sample(frac=0.5, random_state=seed + 100).reset_index(drop=True)
    with pytest.raises(ValidationError, match="rows are rows that the estimate was learned from"):
        ao.fit.claimed(plan_of(estimate), estimate, again, shuffles=0)


def test_large_whole_numbers_are_ids_and_numbers_of_rows_are_none() -> None:
    names = {"rep": "who", "type": "kind", "outcome": "won"}
    log = untimed(90).assign(deal=(1 << 60) + np.arange(90))
    estimate = ao.fit.from_history(log[:60], **names)
    mixed = log[57:].reset_index(drop=True).assign(new=1)
    with pytest.raises(ValidationError, match="3 of 33 rows are rows that the estimate"):
        ao.fit.claimed(plan_of(estimate), estimate, mixed, shuffles=0)
    assert ao.fit.claimed(plan_of(estimate), estimate, log[60:], shuffles=0).heldout_rows == 30
    one, other = (untimed(60, seed).assign(row=np.arange(60)) for seed in (1, 2))
    estimate = ao.fit.from_history(one, **names)
    assert ao.fit.claimed(plan_of(estimate), estimate, other, shuffles=0).heldout_rows == 60


def test_of_a_long_history_a_part_is_remembered() -> None:
    log = simulated(6, 0.3, rows=24_000)
    estimate = ao.fit.from_history(log[:16_000], **TIMED)
    assert estimate.seen is not None
    assert len(estimate.seen.placed) == 5000
    with pytest.raises(ValidationError, match="rows are rows that the estimate was learned"):
        ao.fit.claimed(plan_of(estimate), estimate, log[8000:], shuffles=0)
    assert ao.fit.claimed(plan_of(estimate), estimate, log[16_000:], shuffles=0).tasks == 5


@pytest.mark.parametrize("seed", range(5))
def test_other_rows_that_look_alike_are_held_out(seed: int) -> None:
    """Same ids, same index, many cells equal by chance: nothing says that rows are the same."""
    estimate = ao.fit.from_history(untimed(), rep="who", type="kind", outcome="won")
    found = ao.fit.claimed(plan_of(estimate), estimate, untimed(seed=seed + 1), shuffles=0)
    assert found.heldout_rows == 60
