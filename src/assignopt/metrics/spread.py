"""How unequally load is spread: eleven measures of a load vector.

Notation: load ``L_r``, weight (entitlement) ``w_r``, default 1, ``W = sum(w)``; *normalised load*
``l_r = L_r / w_r``; *entitlement share* ``s_r = w_r / W``; *load share* ``p_r = L_r / sum(L)``;
weighted mean ``mu = sum(L) / W``. Each rep counts by its weight, so a rep split into two halves of
its weight, with half the load each, changes no measure, and ``weight=None`` equals a weight of
one each.

All take ``load``, shape ``(R,)``, in effort units, finite and >= 0, idle reps as 0; and
``weight``, shape ``(R,)``, finite and > 0, or None. They return a float without a unit, unless it
is said that they have the unit of the load, and raise ``ValueError`` when a vector is empty, the
shapes differ, or a number is outside the allowed range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._inputs import read_numbers, read_weights, shares_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ._inputs import Floats

__all__ = [
    "atkinson",
    "cv",
    "gini",
    "hoover",
    "jain_index",
    "l2",
    "load_range",
    "mad",
    "max_min_ratio",
    "theil",
    "variance",
]


def gini(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Half the mean difference between two reps' normalised loads, relative to the mean load.

    ``G = sum_{i<j} w_i w_j |l_i - l_j| / (W^2 mu)``, and without weights
    ``sum_{i<j} |L_i - L_j| / (n sum(L))``. Between 0 (equal) and ``1 - min(s)``, which is
    ``1 - 1/n`` without weights. All loads zero: 0. Computed by sorting, in O(n log n).

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.

    References
    ----------
    C. Gini (1912), *Variabilita e mutabilita*, Bologna. Weighted form: R.
    Lerman, S. Yitzhaki (1989), "Improving the accuracy of estimates of Gini coefficients", Journal
    of Econometrics 42(1), 43-47.

    Examples
    --------
    >>> from assignopt import metrics
    >>> round(metrics.gini([4, 4, 3, 2, 2]), 4)
    0.16
    >>> metrics.gini([40, 20], weight=[1.0, 0.5])
    0.0
    """
    relative, share = _relative(load, weight)
    order = np.argsort(relative, kind="stable")
    share = share[order]
    # A gap between neighbours separates every rep below it from every rep above it: no negative
    # terms, and a tiny share at the upper end is not lost in 1 - (nearly 1).
    below = np.cumsum(share)[:-1]
    above = np.cumsum(share[::-1])[::-1][1:]
    return float(np.sum(np.diff(relative[order]) * below * above))


def jain_index(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Jain's index: the share of reps that would carry everything if they shared it equally.

    ``J = 1 / (1 + cv^2)``; without weights ``sum(L)^2 / (n sum(L^2))``. Between ``min(s)`` (one
    rep, the one with the least weight, has everything; ``1/n`` without weights) and 1 (equal):
    unlike the other measures, more is more equal. All loads zero: 1.

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.

    References
    ----------
    R. Jain, D. Chiu, W. Hawe (1984), "A quantitative measure of fairness and
    discrimination for resource allocation in shared computer systems", DEC-TR-301, Digital
    Equipment Corporation.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.jain_index([6, 6, 0, 0])
    0.5
    """
    variation = cv(load, weight)
    return 1.0 / (1.0 + variation * variation)


def theil(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Theil's T: the divergence of the load shares from the entitlement shares.

    ``T = sum_r p_r ln(p_r / s_r)``, the Kullback-Leibler divergence KL(p || s) in nats, with
    ``0 ln 0 = 0``. Between 0 (equal) and ``ln(1 / min(s))``, which is ``ln n`` without weights.
    All loads zero: 0.

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.

    References
    ----------
    H. Theil (1967), *Economics and Information Theory*, North-Holland, chapter 4.

    Examples
    --------
    >>> from assignopt import metrics
    >>> round(metrics.theil([12, 0, 0, 0]), 4)  # ln 4
    1.3863
    """
    relative, share = _relative(load, weight)
    busy = relative > 0
    relative, share = relative[busy], share[busy]
    # Never negative in exact arithmetic; rounding may leave -1e-17.
    return max(0.0, float(np.sum(share * relative * np.log(relative))))


def hoover(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Hoover's index: the part of the load that must change hands for equality.

    ``H = 1/2 sum_r |p_r - s_r|``. Between 0 (equal) and ``1 - min(s)``, which is ``1 - 1/n``
    without weights. All loads zero: 0. Blind to moves between two reps on the same side of the
    mean.

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.

    References
    ----------
    E. M. Hoover (1936), "The measurement of industrial localization", Review
    of Economics and Statistics 18(4), 162-171.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.hoover([6, 2, 0, 0])  # 4 of the 8 would have to move
    0.5
    """
    relative, share = _relative(load, weight)
    return 0.5 * float(np.sum(share * np.abs(relative - 1.0)))


def atkinson(load: ArrayLike, weight: ArrayLike | None = None, *, epsilon: float = 0.5) -> float:
    """Atkinson's index: how far the power mean of the normalised loads lies below their mean.

    ``A = 1 - (sum_r s_r l_r^(1-e))^(1/(1-e)) / mu``, and for ``e = 1`` ``1 - prod_r l_r^s_r / mu``
    (geometric mean). Between 0 (equal) and 1. The larger epsilon, the more the low end counts; any
    zero load with ``epsilon >= 1`` gives 1. All loads zero: 0.

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.
    epsilon
        Aversion to inequality, finite and > 0.

    References
    ----------
    A. B. Atkinson (1970), "On the measurement of inequality", Journal of
    Economic Theory 2(3), 244-263.

    Examples
    --------
    >>> from assignopt import metrics
    >>> round(metrics.atkinson([9, 1]), 4)  # 1 - ((3 + 1) / 2)^2 / 5
    0.2
    >>> round(metrics.atkinson([9, 1], epsilon=1), 4)  # 1 - sqrt(9 * 1) / 5
    0.4
    """
    aversion = float(read_numbers("epsilon", epsilon, ndim=0, positive=True))
    relative, share = _relative(load, weight)
    if aversion >= 1.0 and not relative.all():
        return 1.0
    with np.errstate(divide="ignore"):  # ln 0 = -inf: a term of 0 in a mean of power > 0
        logs = np.log(relative)
    return max(0.0, -float(np.expm1(_log_power_mean(logs, share, 1.0 - aversion))))


def cv(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Coefficient of variation: standard deviation of the normalised loads over mean.

    ``cv = sqrt(sum_r s_r (l_r - mu)^2) / mu``, the population form. Between 0 (equal) and
    ``sqrt(1 / min(s) - 1)``, which is ``sqrt(n - 1)`` without weights. All loads zero: 0.

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.

    References
    ----------
    K. Pearson (1896), "Mathematical contributions to the theory of evolution
    III", Philosophical Transactions of the Royal Society A 187, 253-318.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.cv([3, 1])
    0.5
    """
    relative, share = _relative(load, weight)
    return float(np.linalg.norm(np.sqrt(share) * (relative - 1.0)))


def variance(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean squared deviation of the normalised loads from their mean.

    ``variance = sum_r s_r (l_r - mu)^2 = (cv mu)^2``, the population form. At least 0 (equal),
    without a bound above, and in the unit of the load (per unit of weight) squared: twice the load
    gives four times the value. All loads zero: 0. A value past the largest float is ``inf``.

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.

    References
    ----------
    F. A. Cowell (2011), *Measuring Inequality*, 3rd edition, Oxford University Press, chapter 2.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.variance([5, 1, 3, 3])  # (4 + 4 + 0 + 0) / 4
    2.0
    """
    level, share = _levels(load, weight)
    top = float(level.max())
    if top == float(level.min()):
        return 0.0
    part = level / top
    return top * (top * float(np.sum(share * (part - np.sum(share * part)) ** 2)))


def l2(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Sum of squared loads per unit of weight: what ``Fairness("l2")`` makes least.

    ``l2 = sum_r w_r l_r^2 = sum_r L_r^2 / w_r = W (variance + mu^2)``. Between ``W mu^2`` (equal)
    and ``sum(L)^2 / min(w)``, in the unit of the load squared (per unit of weight). All loads
    zero: 0. It is a sum: a team and its copy together have twice the value, and 0 is not equality;
    compare it only between spreads of one total. A value past the largest float is ``inf``.

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.

    References
    ----------
    N. J. A. Harvey, R. E. Ladner, L. Lovász, T. Tamir (2006), "Semi-matchings for bipartite graphs
    and load balancing", Journal of Algorithms 59(1), 53-78.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.l2([4, 4, 3, 2, 2]), metrics.l2([4, 2], weight=[2, 1])
    (49.0, 12.0)
    """
    level, _ = _levels(load, weight)
    loads, _ = _vectors(load, weight)
    with np.errstate(over="ignore"):
        return float(np.sum(level * loads))


def mad(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean absolute deviation of the normalised loads from their mean.

    ``mad = sum_r s_r |l_r - mu| = 2 mu hoover``. At least 0 (equal), without a bound above, and in
    the unit of the load (per unit of weight): twice the load gives twice the value. All loads
    zero: 0. The mean, not the median.

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.

    References
    ----------
    F. A. Cowell (2011), *Measuring Inequality*, 3rd edition, Oxford University Press, chapter 2.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.mad([5, 1, 3, 3])  # (2 + 2 + 0 + 0) / 4
    1.0
    """
    level, share = _levels(load, weight)
    top = float(level.max())
    if top == float(level.min()):
        return 0.0
    part = level / top  # a mean of parts of the largest cannot overflow
    return top * float(np.sum(share * np.abs(part - np.sum(share * part))))


def load_range(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Largest minus smallest normalised load.

    ``max(l) - min(l)``. At least 0 (equal), without a bound above, and in the unit of the load
    (per unit of weight). All loads zero: 0. Blind to everything between the two ends.

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.

    References
    ----------
    F. A. Cowell (2011), *Measuring Inequality*, 3rd edition, Oxford University Press, chapter 2.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.load_range([38, 3, 20])
    35.0
    """
    level, _ = _levels(load, weight)
    return float(level.max() - level.min())


def max_min_ratio(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Largest normalised load as a multiple of the smallest.

    ``max(l) / min(l)``. Between 1 (equal) and infinity. Smallest load zero: ``inf``, unless all
    loads are zero: nobody has anything, which is equal, so 1. A ratio past the largest float is
    ``inf`` too.

    Parameters
    ----------
    load, weight
        One number per rep each; idle reps have load 0, None is a weight of one each.

    References
    ----------
    R. Jain, D. Chiu, W. Hawe (1984), DEC-TR-301, as the inverse of the min-max ratio.

    Examples
    --------
    >>> from assignopt import metrics
    >>> [metrics.max_min_ratio(load) for load in ([30, 20], [30, 0], [0, 0])]
    [1.5, inf, 1.0]
    """
    level, _ = _levels(load, weight)
    low, high = float(level.min()), float(level.max())
    if low == high:
        return 1.0
    return high / low if low > 0.0 else float("inf")


def _relative(load: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats]:
    """Return l_r / mu, all ones where nobody has anything, and the entitlement shares."""
    loads, weights = _vectors(load, weight)
    share = shares_of(weights)
    # Parts of the largest, so that no unit overflows: at most the ratio of two weights.
    level = loads / (loads.max() or 1.0) / (weights / weights.max())
    if level.max() == level.min():
        return np.ones_like(level), share
    return level / np.sum(share * level), share


def _levels(load: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats]:
    """Return the normalised loads l_r in their unit, and the entitlement shares."""
    loads, weights = _vectors(load, weight)
    with np.errstate(over="ignore"):
        level = loads / weights
    if not np.isfinite(level).all():
        rep = int(np.argmax(level))
        raise ValueError(
            f"load[{rep}] / weight[{rep}] is {loads[rep]:g} / {weights[rep]:g}; allowed: ratios "
            "below 1.8e+308. Give weights in a larger unit."
        )
    return level, shares_of(weights)


def _vectors(load: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats]:
    """Return load and weight as checked vectors of one shape."""
    loads = read_numbers("load", load, ndim=1)
    if not loads.size:
        raise ValueError(
            "load is empty; allowed: at least one rep (0/1). Give one number per rep, 0 if idle."
        )
    return loads, read_weights(weight, loads.size)


def _log_power_mean(logs: Floats, share: Floats, power: float) -> float:
    """Return ln of the power mean of numbers given by their logarithms; power 0 is geometric."""
    if power == 0.0:
        return float(np.sum(share * logs))
    with np.errstate(over="ignore"):  # an exponent of -inf is a term of 0
        if float(np.abs(power * logs).max()) <= 1.0:
            # Near power 0 the sum is nearly 1, and only its distance from 1 carries information.
            return float(np.log1p(np.sum(share * np.expm1(power * logs)))) / power
        pivot = float(logs.max() if power > 0.0 else logs.min())
        return pivot + float(np.log(np.sum(share * np.exp(power * (logs - pivot))))) / power
