"""Who would rather have another rep's tasks: counts of pairs or reps.

Notation: ``A_i`` the tasks of rep i; ``v_i`` its values, or ``c_i`` its costs, which add up over
tasks; weight (entitlement) ``w_i``, default 1; *entitlement share* ``s_i = w_i / sum(w)``.

All take the same arguments, return an int (:func:`ef1_by_rep` one for each rep), and raise
``ValueError`` when there is no rep, the shapes differ, or a number is outside the allowed range:

* ``values``: what each rep thinks each task is worth (for chores: costs), shape ``(R, T)``, finite
  and >= 0;
* ``holder``: index of the rep that holds each task, shape ``(T,)``, integers, -1 for nobody;
* ``weight``: entitlement of each rep, shape ``(R,)``, finite and > 0, or None for one each;
* ``chores``: whether ``values`` are costs, so that less is better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._inputs import places_at_fault, read_numbers, read_weights, shares_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ._inputs import Floats

    Indices = NDArray[np.intp]

__all__ = ["ef1_by_rep", "ef1_violations", "envy_pairs", "prop1_violations"]

_TOLERANCE = 1e-9
"""Sums within this relative distance count as equal, so that 0.1 + 0.2 is no more than 0.3."""


def envy_pairs(
    values: ArrayLike, holder: ArrayLike, weight: ArrayLike | None = None, *, chores: bool = False
) -> int:
    """Count ordered pairs (i, j) in which rep i would rather have rep j's tasks.

    With ``A_i`` the tasks of rep i and additive values ``v_i``: goods
    ``v_i(A_i)/w_i < v_i(A_j)/w_j``, chores ``c_i(A_i)/w_i > c_i(A_j)/w_j``. Between 0 and
    ``R (R - 1)``. Two sides within a relative 1e-9 of each other are equal. No tasks: 0.

    Parameters
    ----------
    values, holder, weight, chores
        As :mod:`assignopt.metrics.envy` says.

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
    envied = _count_envied(matrix, owner, share, own, chores=chores, without_largest=False)
    return int(envied.sum())


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
    values, holder, weight, chores
        As :mod:`assignopt.metrics.envy` says.

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
    return int(ef1_by_rep(values, holder, weight, chores=chores).sum())


def ef1_by_rep(
    values: ArrayLike, holder: ArrayLike, weight: ArrayLike | None = None, *, chores: bool = False
) -> Indices:
    """Count, for each rep i, the reps j in the WEF1 violations (i, j).

    The sum is `ef1_violations`, whose definition applies. Between 0 and ``R - 1`` for each rep.

    Parameters
    ----------
    values, holder, weight, chores
        As :mod:`assignopt.metrics.envy` says.

    Returns
    -------
    numpy.ndarray
        (R,) integers.

    References
    ----------
    M. Chakraborty, A. Igarashi, W. Suksompong, Y. Zick (2021), as in `ef1_violations`.

    Examples
    --------
    >>> from assignopt import metrics
    >>> metrics.ef1_by_rep([[5, 4, 1]] * 3, holder=[0, 0, 1]).tolist()  # the third has nothing
    [0, 1, 1]
    """
    matrix, owner, share = _bundle_arguments(values, holder, weight)
    own = _own_sums(matrix, owner, without_largest=chores)
    return _count_envied(matrix, owner, share, own, chores=chores, without_largest=not chores)


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
    values, holder, weight, chores
        As :mod:`assignopt.metrics.envy` says.

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


def _bundle_arguments(
    values: ArrayLike, holder: ArrayLike, weight: ArrayLike | None
) -> tuple[Floats, Indices, Floats]:
    """Return values (R, H) and holders (H,) of the held tasks, and the entitlement shares (R,)."""
    matrix = read_numbers("values", values, ndim=2)
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
    return matrix[:, held], owner[held], shares_of(read_weights(weight, reps))


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
        raise ValueError(
            f"{places_at_fault('holder', raw, outside)}; {allowed}. Count reps from 0."
        )
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


def _count_envied(
    matrix: Floats,
    owner: Indices,
    share: Floats,
    own: Floats,
    *,
    chores: bool,
    without_largest: bool,
) -> Indices:
    """Count for each i the j whose tasks look better to i than `own`, bundle by bundle of j.

    Memory is that of the largest bundle, (R, tasks of j). A rep never envies itself: there the
    two sides are equal, or own is the one with a task left out in its favour.
    """
    sizes = np.bincount(owner, minlength=len(matrix))
    bundles = np.split(np.argsort(owner, kind="stable"), np.cumsum(sizes)[:-1])
    count = np.zeros(len(matrix), np.intp)
    for j, tasks in enumerate(bundles):
        bundle = matrix[:, tasks]
        if without_largest and tasks.size:
            np.put_along_axis(bundle, bundle.argmax(axis=1)[:, None], 0.0, axis=1)
        mine, theirs = own * share[j], bundle.sum(axis=1) * share  # both times w_i w_j / W
        worse = _exceeds(mine, theirs) if chores else _exceeds(theirs, mine)
        count += worse
    return count


def _exceeds(left: Floats, right: Floats) -> NDArray[np.bool_]:
    """Say where left > right by more than the tolerance, relative to the larger of the two."""
    return left - right > _TOLERANCE * np.maximum(left, right)
