"""Four ways to a fit, what assigning by each claims and gets: ``python -m benchmarks.learning``.

Simulated teams of 40 reps x 8 types with a long tail of thin cells; 400 tasks are assigned at best
by what each estimator says, ten to a rep. The rates are known here, so what a plan gets is, too.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import expit

from assignopt.fit.learning import learn_tables

REPS, TYPES, EACH = 40, 8, 10
STRONG, WEAK = (0.5, 0.5, 0.6), (0.3, 0.5, 0.2)
"""Standard deviations of reps, types and cells, in logits."""


class Score(NamedTuple):
    """Uplifts against tasks given out at random, and the root mean square error of the cells."""

    oracle: float
    realised: float
    claimed: float
    error: float


def world(seed: int, spreads: tuple[float, float, float]) -> tuple[np.ndarray, ...]:
    """Draw rates, trials and successes (R, J), and the types of the tasks to assign."""
    rng = np.random.default_rng(seed)
    of_rep, of_type, of_cell = spreads
    logit = -1.2 + of_rep * rng.normal(size=(REPS, 1)) + of_type * rng.normal(size=TYPES)
    rate = expit(logit + of_cell * rng.normal(size=(REPS, TYPES)))
    trials = np.floor(rng.lognormal(2.0, 1.2, (REPS, TYPES))) + 1
    won = rng.binomial(trials.astype(int), rate).astype(float)
    return rate, trials, won, rng.integers(0, TYPES, REPS * EACH)


def estimates(trials: np.ndarray, won: np.ndarray) -> dict[str, np.ndarray]:
    """Estimate the rates in four ways."""
    return {
        "raw rate": won / trials,
        "add one": (won + 1) / (trials + 2),
        "beta_binomial": learn_tables(trials, won, "beta_binomial").mean[:-1, :-1],
        "crossed": learn_tables(trials, won, "crossed").mean[:-1, :-1],
    }


def score(estimate: np.ndarray, rate: np.ndarray, kinds: np.ndarray) -> Score:
    """Assign by an estimate, and by the truth."""
    slots = np.repeat(np.arange(REPS), EACH)

    def chosen(by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        row, column = linear_sum_assignment(by[slots][:, kinds], maximize=True)
        return slots[row], kinds[column]

    plan, best = chosen(estimate), chosen(rate)
    base = rate[:, kinds].mean()
    claimed = estimate[plan].mean() - estimate[:, kinds].mean()
    error = float(((estimate - rate) ** 2).mean())
    return Score(float(rate[best].mean() - base), float(rate[plan].mean() - base), claimed, error)


def table(seeds: range, spreads: tuple[float, float, float]) -> dict[str, Score]:
    """Average over teams; ``error`` is the root of the mean."""
    found: dict[str, list[Score]] = {}
    for seed in seeds:
        rate, trials, won, kinds = world(seed, spreads)
        for name, estimate in estimates(trials, won).items():
            found.setdefault(name, []).append(score(estimate, rate, kinds))
    means = {name: np.mean(rows, axis=0) for name, rows in found.items()}
    return {name: Score(*row[:3].tolist(), float(np.sqrt(row[3]))) for name, row in means.items()}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    seeds = range(parser.parse_args(argv).seeds)
    for title, spreads in (("strong", STRONG), ("weak", WEAK)):
        print(f"{title} differences, spreads {spreads} in logits, {len(seeds)} teams")
        print(f"{'estimator':14}  captured  claimed  realised  claimed/realised - 1  cell RMSE")
        for name, row in table(seeds, spreads).items():
            print(
                f"{name:14}  {row.realised / row.oracle:8.0%}  {100 * row.claimed:7.1f}  "
                f"{100 * row.realised:8.1f}  {row.claimed / row.realised - 1:20.0%}  "
                f"{row.error:9.3f}"
            )
        print()


if __name__ == "__main__":
    main()
