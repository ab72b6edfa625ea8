"""Measures of a load vector: numbers per rep flow in, one number flows out.

Nine measures say how unequally load is spread; three counts say who would rather have another rep's
tasks. All are plain functions of arrays, know nothing of plans, and never return NaN. They
measure; whether a spread is acceptable is for the reader to say.

Notation: load ``L_r``, weight (entitlement) ``w_r``, default 1, ``W = sum(w)``; *normalised load*
``l_r = L_r / w_r``; *entitlement share* ``s_r = w_r / W``; *load share* ``p_r = L_r / sum(L)``;
weighted mean ``mu = sum(L) / W``. Each rep counts by its weight, so a rep split into two halves of
its weight, with half the load each, changes no measure of load, and ``weight=None`` equals a
weight of one each. Arrays are matched by position, never by a pandas index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = [
    "atkinson",
    "cv",
    "ef1_violations",
    "envy_pairs",
    "gini",
    "hoover",
    "jain_index",
    "load_range",
    "mad",
    "max_min_ratio",
    "prop1_violations",
    "theil",
]

_TOLERANCE = 1e-9
"""Sums within this relative distance count as equal, so that 0.1 + 0.2 is no more than 0.3."""

_MAX_WEIGHT_RATIO = 1e100
"""Beyond this ratio of two weights, products of shares could leave the range of a float."""

_MAX_LISTED = 5
"""How many faults a message lists in full; the rest are counted."""

_REMEDIES = {
    "load": "Give 0 for an idle rep, and leave out a rep whose load is not known",
    "weight": "Leave out a rep who is entitled to nothing, or give weight=None for one each",
    "values": "Give 0 for a task that is nothing to a rep, and costs as numbers with chores=True",
    "epsilon": "Leave it out for 0.5",
}


def gini(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Half the mean difference between two reps' normalised loads, relative to the mean load.

    ``G = sum_{i<j} w_i w_j |l_i - l_j| / (W^2 mu)``, and without weights
    ``sum_{i<j} |L_i - L_j| / (n sum(L))``. Between 0 (equal) and ``1 - min(s)``, which is
    ``1 - 1/n`` without weights. All loads zero: 0. Computed by sorting, in O(n log n).

    Parameters
    ----------
    load
        Load of each rep, shape ``(R,)``, in effort units, finite and >= 0; idle reps as 0.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.

    Returns
    -------
    float
        The Gini coefficient, no unit.

    Raises
    ------
    ValueError
        If a vector is empty, the shapes differ, or a number is outside the allowed range.

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
    load
        Load of each rep, shape ``(R,)``, in effort units, finite and >= 0; idle reps as 0.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.

    Returns
    -------
    float
        Jain's index, no unit.

    Raises
    ------
    ValueError
        If a vector is empty, the shapes differ, or a number is outside the allowed range.

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

    ``T = sum_r p_r ln(p_r / s_r)``, the Kullback-Leibler divergence KL(p || s) in natural
    logarithm with ``0 ln 0 = 0``. Between 0 (equal) and ``ln(1 / min(s))``, which is ``ln n``
    without weights. All loads zero: 0.

    Parameters
    ----------
    load
        Load of each rep, shape ``(R,)``, in effort units, finite and >= 0; idle reps as 0.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.

    Returns
    -------
    float
        Theil's T, in nats.

    Raises
    ------
    ValueError
        If a vector is empty, the shapes differ, or a number is outside the allowed range.

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
    load
        Load of each rep, shape ``(R,)``, in effort units, finite and >= 0; idle reps as 0.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.

    Returns
    -------
    float
        Hoover's index, no unit.

    Raises
    ------
    ValueError
        If a vector is empty, the shapes differ, or a number is outside the allowed range.

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
    load
        Load of each rep, shape ``(R,)``, in effort units, finite and >= 0; idle reps as 0.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.
    epsilon
        Aversion to inequality, finite and > 0.

    Returns
    -------
    float
        Atkinson's index, no unit.

    Raises
    ------
    ValueError
        If a vector is empty, the shapes differ, or a number, epsilon included, is outside the
        allowed range.

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
    aversion = float(_numbers("epsilon", epsilon, ndim=0, positive=True))
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
    load
        Load of each rep, shape ``(R,)``, in effort units, finite and >= 0; idle reps as 0.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.

    Returns
    -------
    float
        The coefficient of variation, no unit.

    Raises
    ------
    ValueError
        If a vector is empty, the shapes differ, or a number is outside the allowed range.

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


def mad(load: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean absolute deviation of the normalised loads from their mean.

    ``mad = sum_r s_r |l_r - mu| = 2 mu hoover``. At least 0 (equal), without a bound above, and in
    the unit of the load: twice the load gives twice the value. All loads zero: 0. The mean, not
    the median.

    Parameters
    ----------
    load
        Load of each rep, shape ``(R,)``, in effort units, finite and >= 0; idle reps as 0.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.

    Returns
    -------
    float
        The mean absolute deviation, in effort units (per unit of weight).

    Raises
    ------
    ValueError
        If a vector is empty, the shapes differ, or a number is outside the allowed range.

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

    ``max(l) - min(l)``. At least 0 (equal), without a bound above, and in the unit of the load.
    All loads zero: 0. Blind to everything between the two ends.

    Parameters
    ----------
    load
        Load of each rep, shape ``(R,)``, in effort units, finite and >= 0; idle reps as 0.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.

    Returns
    -------
    float
        The range, in effort units (per unit of weight).

    Raises
    ------
    ValueError
        If a vector is empty, the shapes differ, or a number is outside the allowed range.

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
    load
        Load of each rep, shape ``(R,)``, in effort units, finite and >= 0; idle reps as 0.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.

    Returns
    -------
    float
        The ratio, no unit, possibly ``inf``.

    Raises
    ------
    ValueError
        If a vector is empty, the shapes differ, or a number is outside the allowed range.

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


def envy_pairs(
    values: ArrayLike, holder: ArrayLike, weight: ArrayLike | None = None, *, chores: bool = False
) -> int:
    """Count ordered pairs (i, j) in which rep i would rather have rep j's tasks.

    With ``A_i`` the tasks of rep i and additive values ``v_i``: goods
    ``v_i(A_i)/w_i < v_i(A_j)/w_j``, chores ``c_i(A_i)/w_i > c_i(A_j)/w_j``. Between 0 and
    ``R (R - 1)``. Two sides within a relative 1e-9 of each other are equal. No tasks: 0.

    Parameters
    ----------
    values
        What each rep thinks each task is worth (for chores: costs), shape ``(R, T)``, finite and
        >= 0.
    holder
        Index of the rep that holds each task, shape ``(T,)``, integers; -1 for nobody.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.
    chores
        Whether `values` are costs, so that less is better.

    Returns
    -------
    int
        The number of ordered pairs.

    Raises
    ------
    ValueError
        If there is no rep, the shapes differ, or a number is outside the allowed range.

    References
    ----------
    D. Foley (1967), "Resource allocation and the public sector", Yale
    Economic Essays 7(1), 45-98. Weighted form: M. Chakraborty, A. Igarashi, W. Suksompong, Y. Zick
    (2021), "Weighted envy-freeness in indivisible item allocation", ACM Transactions on Economics
    and Computation 9(3), section 2.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.envy_pairs([[5, 4, 1], [5, 4, 1]], holder=[0, 0, 1])
    1
    """
    matrix, owner, share = _bundle_arguments(values, holder, weight)
    own = _own_sums(matrix, owner, without_largest=False)
    return _count_pairs(matrix, owner, share, own, chores=chores, without_largest=False)


def ef1_violations(
    values: ArrayLike, holder: ArrayLike, weight: ArrayLike | None = None, *, chores: bool = False
) -> int:
    """Count ordered pairs (i, j) whose envy survives leaving out any one task: WEF1 violations.

    Goods: ``v_i(A_i)/w_i < v_i(A_j minus g)/w_j`` for every g in ``A_j``. Chores:
    ``c_i(A_i minus c)/w_i > c_i(A_j)/w_j`` for every c in ``A_i``. It is enough to leave out the
    task that i values (for chores: minds) most. Between 0 and `envy_pairs`. Two sides within a
    relative 1e-9 of each other are equal. No tasks: 0.

    Parameters
    ----------
    values
        What each rep thinks each task is worth (for chores: costs), shape ``(R, T)``, finite and
        >= 0.
    holder
        Index of the rep that holds each task, shape ``(T,)``, integers; -1 for nobody.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.
    chores
        Whether `values` are costs, so that less is better.

    Returns
    -------
    int
        The number of ordered pairs.

    Raises
    ------
    ValueError
        If there is no rep, the shapes differ, or a number is outside the allowed range.

    References
    ----------
    M. Chakraborty, A. Igarashi, W. Suksompong, Y. Zick (2021), "Weighted
    envy-freeness in indivisible item allocation", ACM Transactions on Economics and Computation
    9(3), section 2. Chores: X. Wu, C. Zhang, S. Zhou (2025), "Weighted EF1 allocations for
    indivisible chores", Artificial Intelligence.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.ef1_violations([[5, 4, 1], [5, 4, 1]], holder=[0, 0, 1])  # 1 against 4
    1
    >>> metrics.ef1_violations([[5, 4, 1], [5, 4, 1]], holder=[0, 1, 1])  # 5 against 1
    0
    """
    matrix, owner, share = _bundle_arguments(values, holder, weight)
    own = _own_sums(matrix, owner, without_largest=chores)
    return _count_pairs(matrix, owner, share, own, chores=chores, without_largest=not chores)


def prop1_violations(
    values: ArrayLike, holder: ArrayLike, weight: ArrayLike | None = None, *, chores: bool = False
) -> int:
    """Count reps that miss their share by more than any one task: WPROP1 violations.

    M is the set of tasks that somebody holds. Goods: ``v_i(A_i) < s_i v_i(M)``, and
    ``v_i(A_i) + v_i(g) < s_i v_i(M)`` for every g in M outside ``A_i``. Chores:
    ``c_i(A_i minus c) > s_i c_i(M)`` for every c in ``A_i``. Between 0 and R. Two sides within a
    relative 1e-9 of each other are equal. No tasks: 0.

    Parameters
    ----------
    values
        What each rep thinks each task is worth (for chores: costs), shape ``(R, T)``, finite and
        >= 0.
    holder
        Index of the rep that holds each task, shape ``(T,)``, integers; -1 for nobody.
    weight
        Entitlement of each rep, shape ``(R,)``, finite and > 0; None for one each.
    chores
        Whether `values` are costs, so that less is better.

    Returns
    -------
    int
        The number of reps.

    Raises
    ------
    ValueError
        If there is no rep, the shapes differ, or a number is outside the allowed range.

    References
    ----------
    V. Conitzer, R. Freeman, N. Shah (2017), "Fair public decision making",
    ACM EC '17, 629-646. Weighted form and chores: H. Aziz, H. Moulin, F. Sandomirskiy (2020), "A
    polynomial-time algorithm for computing a Pareto optimal and almost proportional allocation",
    Operations Research Letters 48(5), 573-578.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.prop1_violations([[3] * 4, [3] * 4], holder=[0, 0, 0, 1])  # 3 + 3 reaches 12 / 2
    0
    >>> metrics.prop1_violations([[3] * 4, [3] * 4], holder=[0, 0, 0, 0])  # 0 + 3 does not
    1
    """
    matrix, owner, share = _bundle_arguments(values, holder, weight)
    entitled = share * matrix.sum(axis=1)
    own = _own_sums(matrix, owner, without_largest=chores)
    if chores:
        return int(np.count_nonzero(_exceeds(own, entitled)))
    others = matrix.copy()
    others[owner, np.arange(owner.size)] = 0.0
    reached = own + others.max(axis=1, initial=0.0)
    return int(np.count_nonzero(_exceeds(entitled, reached)))


def _relative(load: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats]:
    """Return l_r / mu, all ones where nobody has anything, and the entitlement shares."""
    loads, weights = _vectors(load, weight)
    share = _shares(weights)
    # Parts of the largest, so that no unit overflows: at most _MAX_WEIGHT_RATIO.
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
    return level, _shares(weights)


def _vectors(load: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats]:
    """Return load and weight as checked vectors of one shape."""
    loads = _numbers("load", load, ndim=1)
    if not loads.size:
        raise ValueError(
            "load is empty; allowed: at least one rep (0/1). Give one number per rep, 0 if idle."
        )
    return loads, _weights(weight, loads.size)


def _weights(weight: ArrayLike | None, reps: int) -> Floats:
    """Return one checked weight per rep, ones where none are given."""
    if weight is None:
        return np.ones(reps)
    weights = _numbers("weight", weight, ndim=1, positive=True)
    if weights.size != reps:
        raise ValueError(
            f"weight has {weights.size} entries for {reps} reps; allowed: one per rep "
            f"({weights.size}/{reps}). Give both in the order of the same reps."
        )
    low, high = float(weights.min()), float(weights.max())
    if high / low > _MAX_WEIGHT_RATIO:
        raise ValueError(
            f"weight runs from {low:g} to {high:g}; allowed: largest / smallest up to "
            f"{_MAX_WEIGHT_RATIO:g}. Give all weights in one unit."
        )
    return weights


def _shares(weights: Floats) -> Floats:
    """Return the entitlement shares w_r / W."""
    part = weights / weights.max()  # W itself might overflow
    share: Floats = part / part.sum()
    return share


def _numbers(name: str, values: ArrayLike, *, ndim: int, positive: bool = False) -> Floats:
    """Return finite numbers of the right sign as floats, or raise with every place at fault."""
    allowed = f"allowed: finite numbers {'> 0' if positive else '>= 0'}"
    try:
        raw = np.asarray(values)
        if raw.dtype.kind not in "biufO" or any(isinstance(x, str) for x in _objects(raw)):
            raise TypeError(f"not numbers: {raw.dtype}")
        array = raw.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{name} cannot be read as numbers ({error}); {allowed}. {_REMEDIES[name]}."
        ) from error
    if array.ndim != ndim:
        form = ("one number", "one number per rep", "a row per rep and a column per task")[ndim]
        raise ValueError(
            f"{name} has {array.ndim} dimensions; allowed: {ndim} ({array.ndim}/{ndim}). "
            f"Give {form}."
        )
    outside = ~np.isfinite(array) | (array <= 0.0 if positive else array < 0.0)
    if outside.any():
        raise ValueError(f"{_places(name, array, outside)}; {allowed}. {_REMEDIES[name]}.")
    return array


def _objects(raw: NDArray[np.generic]) -> list[object]:
    """Return the elements of an array of Python objects, nothing for any other array."""
    return list(raw.flat) if raw.dtype.kind == "O" else []


def _places(name: str, array: NDArray[np.generic], outside: NDArray[np.bool_]) -> str:
    """Say where an array is at fault: ``load[1] is nan, load[4] is -2.0 and 3 more``."""
    places = np.argwhere(outside)
    listed = []
    for place in places[:_MAX_LISTED]:
        index = f"[{', '.join(map(str, place))}]" if place.size else ""
        listed.append(f"{name}{index} is {array[tuple(place)]}")
    left = len(places) - len(listed)
    return ", ".join(listed) + (f" and {left} more" if left else "")


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


def _bundle_arguments(
    values: ArrayLike, holder: ArrayLike, weight: ArrayLike | None
) -> tuple[Floats, Indices, Floats]:
    """Return values (R, H) and holders (H,) of the held tasks, and the entitlement shares (R,)."""
    matrix = _numbers("values", values, ndim=2)
    reps, tasks = matrix.shape
    if not reps:
        raise ValueError(
            "values has no row; allowed: at least one rep (0/1). Give a row per rep, idle or not."
        )
    with np.errstate(over="ignore"):
        finite = np.isfinite(matrix.sum(axis=1))
    if not finite.all():
        raise ValueError(
            f"values[{int(np.argmin(finite))}] adds up to infinity; allowed: sums below 1.8e+308. "
            "Give values in a larger unit."
        )
    owner = _holders(holder, reps, tasks)
    held = owner >= 0
    return matrix[:, held], owner[held], _shares(_weights(weight, reps))


def _holders(holder: ArrayLike, reps: int, tasks: int) -> Indices:
    """Return the checked index of each task's holder, -1 for nobody."""
    allowed = f"allowed: integers from -1 (nobody) to {reps - 1}"
    raw = np.asarray(holder)
    if raw.shape != (tasks,):
        raise ValueError(
            f"holder has shape {raw.shape} for {tasks} tasks; allowed: ({tasks},). "
            "Give one rep index per column of values, -1 for a task that nobody holds."
        )
    if raw.size and raw.dtype.kind not in "iu":
        raise ValueError(
            f"holder has dtype {raw.dtype}; {allowed}. Give the row of the rep in values, not its "
            "id, and -1 instead of a missing one."
        )
    outside = (raw < -1) | (raw >= reps)
    if outside.any():
        raise ValueError(f"{_places('holder', raw, outside)}; {allowed}. Count reps from 0.")
    return raw.astype(np.intp)


def _own_sums(matrix: Floats, owner: Indices, *, without_largest: bool) -> Floats:
    """Return what each rep thinks of its own tasks, shape (R,), at will without the largest."""
    amounts = matrix[owner, np.arange(owner.size)]
    if without_largest:
        # The largest is left out, not subtracted: a difference would keep its rounding error.
        order = np.lexsort((amounts, owner))
        last = np.diff(owner[order], append=len(matrix)) != 0
        amounts[order[last]] = 0.0
    sums = np.bincount(owner, weights=amounts, minlength=len(matrix))
    return sums.astype(np.float64)  # of no task at all bincount makes integers


def _count_pairs(
    matrix: Floats,
    owner: Indices,
    share: Floats,
    own: Floats,
    *,
    chores: bool,
    without_largest: bool,
) -> int:
    """Count pairs (i, j) where j's tasks look better to i than `own`, bundle by bundle of j.

    Memory is that of the largest bundle, (R, tasks of j). A rep never envies itself: there the
    two sides are equal, or own is the one with a task left out in its favour.
    """
    sizes = np.bincount(owner, minlength=len(matrix))
    bundles = np.split(np.argsort(owner, kind="stable"), np.cumsum(sizes)[:-1])
    count = 0
    for j, tasks in enumerate(bundles):
        bundle = matrix[:, tasks]
        if without_largest and tasks.size:
            np.put_along_axis(bundle, bundle.argmax(axis=1)[:, None], 0.0, axis=1)
        mine, theirs = own * share[j], bundle.sum(axis=1) * share  # both times w_i w_j / W
        worse = _exceeds(mine, theirs) if chores else _exceeds(theirs, mine)
        count += int(np.count_nonzero(worse))
    return count


def _exceeds(left: Floats, right: Floats) -> NDArray[np.bool_]:
    """Say where left > right by more than the tolerance, relative to the larger of the two."""
    return left - right > _TOLERANCE * np.maximum(left, right)
