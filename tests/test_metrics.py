"""Measures of a load vector: properties, definitions written out slowly, errors."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assignopt import metrics
from strategies import tries

INEQUALITY = {
    "gini": metrics.gini,
    "theil": metrics.theil,
    "hoover": metrics.hoover,
    "atkinson": metrics.atkinson,
    "atkinson 1": lambda load, weight=None: metrics.atkinson(load, weight, epsilon=1),
    "atkinson 2.5": lambda load, weight=None: metrics.atkinson(load, weight, epsilon=2.5),
    "cv": metrics.cv,
}
IN_UNITS = {"mad": metrics.mad, "load_range": metrics.load_range}
INDICES = {"jain_index": metrics.jain_index, "max_min_ratio": metrics.max_min_ratio}
MEASURES = INEQUALITY | IN_UNITS | INDICES
COUNTS = {
    "envy_pairs": metrics.envy_pairs,
    "ef1_violations": metrics.ef1_violations,
    "prop1_violations": metrics.prop1_violations,
}

calmly = settings(max_examples=tries(60), deadline=None)
every_measure = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES.keys())
every_inequality = pytest.mark.parametrize("measure", INEQUALITY.values(), ids=INEQUALITY.keys())
every_count = pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS.keys())

loads = st.lists(st.integers(0, 60), min_size=1, max_size=12)
amounts = st.floats(0, 1e6, allow_subnormal=False).map(lambda x: round(x, 3))
entitlements = st.integers(1, 40).map(lambda quarters: quarters / 4)
scales = st.integers(1, 1000).map(lambda x: x / 8)


@st.composite
def weighted_loads(draw):
    load = draw(st.lists(amounts, min_size=1, max_size=12))
    weight = draw(st.lists(entitlements, min_size=len(load), max_size=len(load)))
    return load, weight


@st.composite
def transfers(draw):
    """Loads before and after a unit moves from a heavier rep to one at least two units lighter."""
    before = draw(st.lists(st.integers(0, 60), min_size=2, max_size=12))
    heavy = draw(st.integers(0, len(before) - 1))
    light = draw(st.integers(0, len(before) - 1))
    assume(before[heavy] - before[light] >= 2)
    after = list(before)
    after[heavy] -= 1
    after[light] += 1
    return before, after


@st.composite
def allocations(draw, max_reps=5, max_tasks=7):
    reps = draw(st.integers(1, max_reps))
    tasks = draw(st.integers(0, max_tasks))
    row = st.lists(st.integers(0, 6), min_size=tasks, max_size=tasks)
    values = np.array(draw(st.lists(row, min_size=reps, max_size=reps))).reshape(reps, tasks)
    holder = draw(st.lists(st.integers(-1, reps - 1), min_size=tasks, max_size=tasks))
    weight = draw(st.none() | st.lists(st.integers(1, 5), min_size=reps, max_size=reps))
    return values, holder, weight


def near(value, rel=1e-9, margin=1e-9):
    return pytest.approx(value, rel=rel, abs=margin)


# ---------------------------------------------------------------- a published table

TIMEFOLD = {
    "A": ([3, 3, 3, 3, 3], ".0000", 0, "1.0000", "0.0"),
    "B": ([4, 4, 3, 2, 2], ".1600", 2, ".9184", "0.8"),
    "C": ([5, 3, 3, 2, 2], ".1867", 3, ".8824", "0.8"),
    "D": ([5, 5, 2, 2, 1], ".2933", 4, ".7627", "1.6"),
    "E": ([6, 3, 3, 2, 1], ".2933", 5, ".7627", "1.2"),
    "F": ([6, 5, 2, 1, 1], ".3733", 5, ".6716", "2.0"),
    "G": ([11, 1, 1, 1, 1], ".5333", 10, ".3600", "3.2"),
}


@pytest.mark.parametrize("name", TIMEFOLD)
def test_the_seven_schedules_that_timefold_ranks_from_a_to_g(name):
    # The documentation of Timefold ranks seven ways to give 15 units of work to five people.
    load, gini, spread, jain, deviation = TIMEFOLD[name]
    assert f"{metrics.gini(load):.4f}".removeprefix("0") == gini.removeprefix("0")
    assert metrics.load_range(load) == spread
    assert f"{metrics.jain_index(load):.4f}" == f"{float(jain):.4f}"
    assert f"{metrics.mad(load):.1f}" == deviation


def test_of_the_timefold_schedules_gini_jain_and_cv_tie_d_with_e_and_mad_swaps_them():
    d, e = TIMEFOLD["D"][0], TIMEFOLD["E"][0]
    for measure in (metrics.gini, metrics.jain_index, metrics.cv):
        assert measure(d) == near(measure(e), rel=1e-12)
    assert metrics.mad(d) > metrics.mad(e)
    assert sorted(d, reverse=True) < sorted(e, reverse=True)  # leximax prefers D


# ---------------------------------------------------------------- properties of all measures


@every_measure
@calmly
@given(data=weighted_loads(), seed=st.randoms(use_true_random=False))
def test_the_order_of_the_reps_does_not_matter(measure, data, seed):
    rows = list(zip(*data, strict=True))
    seed.shuffle(rows)
    load, weight = zip(*rows, strict=True)
    assert measure(load, weight) == near(measure(*data))


@every_measure
@calmly
@given(data=weighted_loads(), scale=scales)
def test_the_unit_of_the_load_does_not_matter_or_carries_over(measure, data, scale):
    load, weight = data
    expected = measure(load, weight) * (scale if measure in IN_UNITS.values() else 1.0)
    assert measure([x * scale for x in load], weight) == near(expected)


@every_measure
@calmly
@given(data=weighted_loads(), scale=scales)
def test_the_unit_of_the_weight_does_not_matter_or_carries_over(measure, data, scale):
    load, weight = data
    expected = measure(load, weight) / (scale if measure in IN_UNITS.values() else 1.0)
    assert measure(load, [w * scale for w in weight]) == near(expected)


@every_measure
@calmly
@given(data=weighted_loads(), times=st.integers(2, 4))
def test_a_team_and_its_copies_measure_the_same(measure, data, times):
    load, weight = data
    assert measure(load * times, weight * times) == near(measure(load, weight))


@every_measure
@calmly
@given(load=st.lists(amounts, min_size=1, max_size=12))
def test_weights_of_one_equal_no_weights(measure, load):
    assert measure(load, np.ones(len(load))) == measure(load)


@every_measure
@calmly
@given(data=weighted_loads(), which=st.integers(0, 11))
def test_splitting_a_rep_into_two_halves_changes_nothing(measure, data, which):
    load, weight = data
    which %= len(load)
    half_load, half_weight = load[which] / 2, weight[which] / 2
    split_load = [*load[:which], half_load, half_load, *load[which + 1 :]]
    split_weight = [*weight[:which], half_weight, half_weight, *weight[which + 1 :]]
    assert measure(split_load, split_weight) == near(measure(load, weight))


@every_measure
@calmly
@given(weight=st.lists(entitlements, min_size=1, max_size=12), level=st.integers(0, 50))
def test_load_in_proportion_to_weight_is_equality(measure, weight, level):
    equal = 1.0 if measure in INDICES.values() else 0.0
    assert measure([w * level for w in weight], weight) == equal
    assert measure([float(level)] * len(weight)) == equal


@every_measure
@calmly
@given(data=weighted_loads())
def test_every_measure_is_a_plain_float_and_never_nan(measure, data):
    value = measure(*data)
    assert type(value) is float
    assert not math.isnan(value)


@every_measure
def test_one_rep_alone_is_equality(measure):
    equal = 1.0 if measure in INDICES.values() else 0.0
    assert measure([7]) == measure([0]) == measure([7], [0.1]) == equal


@every_measure
def test_the_input_is_not_changed_and_may_be_a_list_an_array_or_integers(measure):
    load, weight = np.array([3, 1, 2]), np.array([2.0, 1.0, 1.0])
    load.flags.writeable = weight.flags.writeable = False
    assert measure(load, weight) == measure([3, 1, 2], [2, 1, 1])


# ---------------------------------------------------------------- transfers and bounds


@pytest.mark.parametrize(
    "name", ["gini", "theil", "atkinson", "cv", "hoover", "load_range", "mad", "jain_index"]
)
@calmly
@given(change=transfers())
def test_a_transfer_from_heavy_to_light_lowers_inequality(name, change):
    before, after = change
    sign = -1.0 if name == "jain_index" else 1.0
    drop = sign * (MEASURES[name](before) - MEASURES[name](after))
    # Hoover, MAD and the range may stay where they are: a transfer on one side of the mean.
    assert drop > (-1e-12 if name in {"hoover", "mad", "load_range"} else 1e-9)


@calmly
@given(change=transfers())
def test_a_transfer_from_heavy_to_light_never_raises_the_largest_ratio(change):
    before, after = change
    assert metrics.max_min_ratio(after) <= metrics.max_min_ratio(before)


def test_hoover_does_not_see_a_transfer_on_one_side_of_the_mean():
    assert metrics.hoover([9, 5, 1, 1]) == metrics.hoover([7, 7, 1, 1])
    assert metrics.gini([9, 5, 1, 1]) > metrics.gini([7, 7, 1, 1])


@calmly
@given(load=loads)
def test_bounds_without_weights(load):
    n, slack = len(load), 1e-12
    assert 0 <= metrics.gini(load) <= 1 - 1 / n + slack
    assert 0 <= metrics.hoover(load) <= 1 - 1 / n + slack
    assert 1 / n - slack <= metrics.jain_index(load) <= 1
    assert 0 <= metrics.theil(load) <= math.log(n) + slack
    assert 0 <= metrics.cv(load) <= math.sqrt(n - 1) + slack
    assert 0 <= metrics.atkinson(load) <= 1
    assert metrics.max_min_ratio(load) >= 1


@pytest.mark.parametrize("weight", [[1, 1, 1, 1], [1, 2, 3, 4]])
def test_one_rep_with_everything_reaches_the_bounds(weight):
    load, least = [12, 0, 0, 0], weight[0] / sum(weight)
    assert metrics.gini(load, weight) == near(1 - least)
    assert metrics.hoover(load, weight) == near(1 - least)
    assert metrics.jain_index(load, weight) == near(least)
    assert metrics.theil(load, weight) == near(math.log(1 / least))
    assert metrics.cv(load, weight) == near(math.sqrt(1 / least - 1))
    assert metrics.max_min_ratio(load, weight) == math.inf


# ---------------------------------------------------------------- definitions, written out slowly


@calmly
@given(data=weighted_loads())
def test_gini_is_its_pairwise_definition(data):
    load, weight = data
    total = sum(weight)
    level = [x / w for x, w in zip(load, weight, strict=True)]
    pairs = sum(
        weight[i] * weight[j] * abs(level[i] - level[j]) for i in range(len(load)) for j in range(i)
    )
    expected = pairs / (total**2 * (sum(load) / total)) if sum(load) else 0.0
    assert metrics.gini(load, weight) == near(expected)


@calmly
@given(data=weighted_loads())
def test_the_other_measures_are_their_definitions(data):
    load, weight = data
    assume(sum(load) > 0)
    total, mean = sum(weight), sum(load) / sum(weight)
    rows = [(x / w, w / total, x / sum(load)) for x, w in zip(load, weight, strict=True)]
    deviation = sum(s * abs(x - mean) for x, s, _ in rows)
    variance = sum(s * (x - mean) ** 2 for x, s, _ in rows)
    levels = [x for x, _, _ in rows]
    assert metrics.mad(load, weight) == near(deviation, margin=1e-6)
    assert metrics.cv(load, weight) == near(math.sqrt(variance) / mean)
    assert metrics.hoover(load, weight) == near(sum(abs(p - s) for _, s, p in rows) / 2)
    assert metrics.theil(load, weight) == near(sum(p * math.log(p / s) for _, s, p in rows if p))
    assert metrics.load_range(load, weight) == max(levels) - min(levels)
    if min(levels) > 0:
        assert metrics.max_min_ratio(load, weight) == max(levels) / min(levels)


@calmly
@given(data=weighted_loads())
def test_jain_is_one_over_one_plus_cv_squared_and_mad_is_twice_the_mean_times_hoover(data):
    load, weight = data
    assert metrics.jain_index(load, weight) == near(1 / (1 + metrics.cv(load, weight) ** 2))
    mean = sum(load) / sum(weight)
    assert metrics.mad(load, weight) == near(2 * mean * metrics.hoover(load, weight), margin=1e-6)


@calmly
@given(data=weighted_loads(), epsilon=st.sampled_from([0.1, 0.5, 0.9, 1.0, 1.5, 2.0, 4.0]))
def test_atkinson_is_its_definition(data, epsilon):
    load, weight = data
    assume(sum(load) > 0)
    total, mean = sum(weight), sum(load) / sum(weight)
    rows = [(x / w, w / total) for x, w in zip(load, weight, strict=True)]
    if epsilon >= 1 and min(load) == 0:
        expected = 1.0
    elif epsilon == 1:
        expected = 1 - math.prod(x**s for x, s in rows) / mean
    else:
        power = 1 - epsilon
        expected = 1 - sum(s * x**power for x, s in rows) ** (1 / power) / mean
    assert metrics.atkinson(load, weight, epsilon=epsilon) == near(expected, rel=1e-8, margin=1e-8)


@calmly
@given(load=st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_atkinson_grows_with_epsilon_without_a_jump_at_one(load):
    steps = [1e-9, 0.5, 1 - 1e-9, 1, 1 + 1e-9, 2, 50, 1e6, 1e300]
    values = [metrics.atkinson(load, epsilon=epsilon) for epsilon in steps]
    assert all(low <= high + 1e-12 for low, high in pairwise(values))
    assert values[2] == near(values[3], margin=1e-7)
    assert values[4] == near(values[3], margin=1e-7)
    assert values[-1] == near(1 - min(load) / (sum(load) / len(load)))


@pytest.mark.parametrize("epsilon", [1, 1.0, 1.5, 20])
def test_atkinson_is_one_with_an_idle_rep_from_epsilon_one_on(epsilon):
    assert metrics.atkinson([4, 0, 3], epsilon=epsilon) == 1.0
    assert metrics.atkinson([0, 0, 0], epsilon=epsilon) == 0.0


# ---------------------------------------------------------------- edges


def test_nobody_has_anything_is_equality_not_a_division_by_zero():
    nothing = [0, 0, 0]
    assert all(measure(nothing, [1, 2, 3]) == 0.0 for measure in INEQUALITY.values())
    assert metrics.mad(nothing) == metrics.load_range(nothing) == 0.0
    assert metrics.jain_index(nothing) == metrics.max_min_ratio(nothing) == 1.0


def test_the_ratio_to_an_idle_rep_is_infinite():
    assert metrics.max_min_ratio([5, 0, 0]) == math.inf
    assert metrics.max_min_ratio([1e300, 1e-300]) == math.inf


@every_measure
@pytest.mark.parametrize("unit", [1e-300, 1e300, 1.7e308 / 3])
def test_loads_near_the_ends_of_the_float_range_measure_as_their_multiples(measure, unit):
    expected = measure([3, 1, 2]) * (unit if measure in IN_UNITS.values() else 1.0)
    assert measure([3 * unit, unit, 2 * unit]) == pytest.approx(expected, rel=1e-9)


@every_inequality
def test_a_vanishing_entitlement_counts_by_its_share(measure):
    # All the load on a rep with a 1e-90 share: as unequal as it gets, and no overflow.
    value = measure([0, 1], [1, 1e-90])
    assert math.isfinite(value)
    assert value > 0.99


def test_equal_loads_that_floats_cannot_add_exactly_are_equal():
    assert all(measure([0.1] * 7) == 0.0 for measure in INEQUALITY.values())
    assert metrics.mad([0.1] * 7) == 0.0


# ---------------------------------------------------------------- bundles: slow twins


def slow_sides(values, holder, weight):
    """Exact bundles: A[i] the tasks of i, v(i, tasks) what i thinks of them, w the weights."""
    reps = len(values)
    bundles = [[t for t, h in enumerate(holder) if h == i] for i in range(reps)]
    w = [Fraction(x) for x in (weight if weight is not None else [1] * reps)]

    def v(i, tasks):
        return sum((Fraction(int(values[i][t])) for t in tasks), Fraction(0))

    return bundles, v, w


def without(tasks, task):
    return [t for t in tasks if t != task]


def slow_envy_pairs(values, holder, weight, chores):
    bundles, v, w = slow_sides(values, holder, weight)
    count = 0
    for i, j in permutations(range(len(values)), 2):
        mine, theirs = v(i, bundles[i]) / w[i], v(i, bundles[j]) / w[j]
        count += mine > theirs if chores else mine < theirs
    return count


def slow_ef1_violations(values, holder, weight, chores):
    bundles, v, w = slow_sides(values, holder, weight)
    count = 0
    for i, j in permutations(range(len(values)), 2):
        mine, theirs = v(i, bundles[i]) / w[i], v(i, bundles[j]) / w[j]
        if chores:
            content = mine <= theirs or any(
                v(i, without(bundles[i], c)) / w[i] <= theirs for c in bundles[i]
            )
        else:
            content = mine >= theirs or any(
                mine >= v(i, without(bundles[j], g)) / w[j] for g in bundles[j]
            )
        count += not content
    return count


def slow_prop1_violations(values, holder, weight, chores):
    bundles, v, w = slow_sides(values, holder, weight)
    whole = [t for t, h in enumerate(holder) if h >= 0]
    count = 0
    for i in range(len(values)):
        due = w[i] / sum(w) * v(i, whole)
        if chores:
            options = [bundles[i]] + [without(bundles[i], c) for c in bundles[i]]
            content = any(v(i, tasks) <= due for tasks in options)
        else:
            options = [bundles[i]] + [[*bundles[i], g] for g in whole if g not in bundles[i]]
            content = any(v(i, tasks) >= due for tasks in options)
        count += not content
    return count


SLOW = {
    "envy_pairs": slow_envy_pairs,
    "ef1_violations": slow_ef1_violations,
    "prop1_violations": slow_prop1_violations,
}


@pytest.mark.parametrize("chores", [False, True], ids=["goods", "chores"])
@pytest.mark.parametrize("name", COUNTS)
@calmly
@given(case=allocations())
def test_counts_equal_the_slow_obvious_twin(name, chores, case):
    values, holder, weight = case
    count = COUNTS[name](values, holder, weight, chores=chores)
    assert type(count) is int
    assert count == SLOW[name](values, holder, weight, chores)


@pytest.mark.parametrize("chores", [False, True], ids=["goods", "chores"])
@pytest.mark.parametrize("name", COUNTS)
@calmly
@given(case=allocations(), scale=st.sampled_from([0.1, 1 / 3, 1e-6, 1e9 / 7]))
def test_counts_do_not_depend_on_the_unit_or_its_rounding(name, chores, case, scale):
    # 0.1 + 0.2 > 0.3 in floats: without a tolerance, ties would turn into envy.
    values, holder, weight = case
    scaled_weight = None if weight is None else [w * scale for w in weight]
    count = COUNTS[name](values * scale, holder, scaled_weight, chores=chores)
    assert count == SLOW[name](values, holder, weight, chores)


@every_count
@pytest.mark.parametrize("chores", [False, True], ids=["goods", "chores"])
@calmly
@given(case=allocations(), order=st.randoms(use_true_random=False))
def test_counts_do_not_depend_on_the_order_of_reps_or_tasks(count, chores, case, order):
    values, holder, weight = case
    reps, tasks = (list(range(n)) for n in values.shape)
    order.shuffle(reps)
    order.shuffle(tasks)
    new_index = {old: new for new, old in enumerate(reps)} | {-1: -1}
    moved = count(
        values[reps][:, tasks],
        [new_index[holder[t]] for t in tasks],
        None if weight is None else [weight[r] for r in reps],
        chores=chores,
    )
    assert moved == count(values, holder, weight, chores=chores)


@pytest.mark.parametrize("chores", [False, True], ids=["goods", "chores"])
@calmly
@given(case=allocations())
def test_ef1_is_weaker_than_envy_freeness(chores, case):
    violations = metrics.ef1_violations(*case, chores=chores)
    assert violations <= metrics.envy_pairs(*case, chores=chores)


@pytest.mark.parametrize("chores", [False, True], ids=["goods", "chores"])
@calmly
@given(case=allocations())
def test_without_envy_every_rep_is_proportional(chores, case):
    if metrics.envy_pairs(*case, chores=chores) == 0:
        assert metrics.prop1_violations(*case, chores=chores) == 0


@calmly
@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.integers(0, 14), st.data())
def test_adams_picking_leaves_no_wef1_violation(weight, tasks, data):
    # Chakraborty, Schmidt-Kraepelin, Suksompong (2021): pick next who has the least turns / weight.
    row = st.lists(st.integers(0, 9), min_size=tasks, max_size=tasks)
    values = data.draw(st.lists(row, min_size=len(weight), max_size=len(weight)))
    holder, turns = [-1] * tasks, [0] * len(weight)
    for _ in range(tasks):
        rep = min(range(len(weight)), key=lambda r: (Fraction(turns[r], weight[r]), r))
        task = max((t for t in range(tasks) if holder[t] < 0), key=lambda t: values[rep][t])
        holder[task] = rep
        turns[rep] += 1
    assert metrics.ef1_violations(values, holder, weight) == 0


@every_count
@pytest.mark.parametrize("chores", [False, True], ids=["goods", "chores"])
def test_no_tasks_or_none_held_or_a_rep_alone_is_a_count_of_zero(count, chores):
    assert count(np.empty((3, 0)), [], chores=chores) == 0
    assert count([[5, 1], [2, 2]], [-1, -1], chores=chores) == 0
    assert count([[5, 1]], [0, 0], chores=chores) == 0
    assert count([[5, 1]], np.array([0, -1], dtype=np.int8), [2.5], chores=chores) == 0


def test_a_large_task_left_out_takes_its_rounding_with_it():
    # 1e12 + 0.1 - 1e12 is 0.0999755859375, which is below 0.1: an envy that does not exist.
    values = np.array([[0.1, 1e12, 0.1], [0.1, 1e12, 0.1]])
    assert metrics.ef1_violations(values, [0, 1, 1]) == 0
    assert metrics.ef1_violations(values, [0, 1, 1], chores=True) == 0


def test_tasks_that_nobody_holds_are_no_part_of_the_whole():
    assert metrics.prop1_violations([[1, 9, 9, 9], [1, 9, 9, 9]], [0, -1, -1, -1]) == 0


# ---------------------------------------------------------------- bad input


@every_measure
@pytest.mark.parametrize(
    ("load", "weight", "message"),
    [
        ([], None, r"load is empty; allowed: at least one rep \(0/1\)\. Give one number per rep"),
        ([1, math.nan], None, r"load\[1\] is nan; allowed: finite numbers >= 0\. Give 0 for an"),
        ([math.inf, 1], None, r"load\[0\] is inf; allowed"),
        ([3, -2, -1], None, r"load\[1\] is -2\.0, load\[2\] is -1\.0; allowed"),
        ([-1] * 8, None, r"load\[4\] is -1\.0 and 3 more; allowed"),
        ([None, 1], None, r"load\[0\] is nan|load cannot be read as numbers"),
        (["4", "5"], None, r"load cannot be read as numbers .*; allowed: finite numbers >= 0"),
        (np.array(["4", 5], dtype=object), None, r"load cannot be read as numbers"),
        ([10**400, 1], None, r"load cannot be read as numbers"),
        ([[1], [2, 3]], None, r"load cannot be read as numbers"),
        ([[1, 2], [3, 4]], None, r"load has 2 dimensions; allowed: 1 \(2/1\)\. Give one number"),
        (5.0, None, r"load has 0 dimensions; allowed: 1 \(0/1\)"),
        ([1, 2], [1, 0], r"weight\[1\] is 0\.0; allowed: finite numbers > 0\. Leave out"),
        ([1, 2], [1, -1], r"weight\[1\] is -1\.0; allowed"),
        ([1, 2], [math.nan, 1], r"weight\[0\] is nan; allowed"),
        ([1, 2], [math.inf, 1], r"weight\[0\] is inf; allowed"),
        ([1, 2], [1], r"weight has 1 entries for 2 reps; allowed: one per rep \(1/2\)\. Give both"),
        ([1, 2], [[1, 2]], r"weight has 2 dimensions; allowed: 1"),
        ([1, 2], 1.0, r"weight has 0 dimensions; allowed: 1"),
        ([1, 2], [1e-200, 1], r"weight runs from 1e-200 to 1; allowed: .* up to 1e\+100\. Give"),
    ],
)
def test_bad_loads_and_weights_raise_with_place_and_remedy(measure, load, weight, message):
    with pytest.raises(ValueError, match=message):
        measure(load, weight)


@pytest.mark.parametrize("measure", [metrics.mad, metrics.load_range, metrics.max_min_ratio])
def test_a_normalised_load_past_the_float_range_raises(measure):
    with pytest.raises(ValueError, match=r"load\[1\] / weight\[1\] is 1e\+300 / 1e-20; allowed"):
        measure([1, 1e300], [1, 1e-20])


@pytest.mark.parametrize("epsilon", [0, -1, math.nan, math.inf])
def test_atkinson_refuses_an_epsilon_that_is_not_a_finite_number_above_zero(epsilon):
    message = rf"epsilon is {float(epsilon)}; allowed: finite numbers > 0\. Leave it out for 0\.5"
    with pytest.raises(ValueError, match=message.replace("-", r"\-")):
        metrics.atkinson([1, 2], epsilon=epsilon)


@every_count
@pytest.mark.parametrize(
    ("values", "holder", "weight", "message"),
    [
        (np.empty((0, 2)), [0, 0], None, r"values has no row; allowed: at least one rep \(0/1\)"),
        ([1, 2], [0, 0], None, r"values has 1 dimensions; allowed: 2 \(1/2\)\. Give a row per rep"),
        ([[1, -2]], [0, 0], None, r"values\[0, 1\] is -2\.0; allowed: .* chores=True"),
        ([[1, math.nan]], [0, 0], None, r"values\[0, 1\] is nan; allowed"),
        ([[1e308, 1e308]], [0, 0], None, r"values\[0\] adds up to infinity; allowed"),
        ([[1, 2]], [0], None, r"holder has shape \(1,\) for 2 tasks; allowed: \(2,\)\. Give one"),
        ([[1, 2]], [0, 1], None, r"holder\[1\] is 1; allowed: integers from -1 \(nobody\) to 0"),
        ([[1, 2]], [-2, 0], None, r"holder\[0\] is -2; allowed"),
        ([[1, 2]], [0.0, math.nan], None, r"holder has dtype float64; allowed: .* not its id"),
        ([[1, 2]], ["ana", "ben"], None, r"holder has dtype <U3; allowed"),
        ([[1, 2]], [0, 0], [1, 1], r"weight has 2 entries for 1 reps; allowed"),
        ([[1, 2]], [0, 0], [0], r"weight\[0\] is 0\.0; allowed"),
    ],
)
def test_bad_bundles_raise_with_place_and_remedy(count, values, holder, weight, message):
    with pytest.raises(ValueError, match=message):
        count(values, holder, weight)


def test_the_public_names_are_sorted_and_complete():
    assert metrics.__all__ == sorted(metrics.__all__)
    assert set(metrics.__all__) == {
        "atkinson", "cv", "ef1_by_rep", "ef1_violations", "envy_pairs", "gini", "hoover",
        "jain_index", "l2", "load_range", "mad", "max_min_ratio", "prop1_violations", "theil",
        "variance",
    }  # fmt: skip
