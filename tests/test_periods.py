"""Days, weeks and months against the datetime module, and on both sides of each border."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignopt.periods import NO_PERIOD, period_name, period_of
from oracle import period

EPOCH = datetime(1970, 1, 1)
DAY = 86_400


def since_1970(*moments):
    return np.array([(moment - EPOCH) / timedelta(seconds=1) for moment in moments])


def numbers(*moments, per):
    return period_of(since_1970(*moments), "datetime", per).tolist()


@given(
    st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), min_size=2, max_size=6),
    st.sampled_from(["day", "week", "month"]),
)
def test_moments_share_a_number_just_if_they_share_the_period(moments, per):
    found = numbers(*moments, per=per)
    for a, x in zip(moments, found, strict=True):
        for b, y in zip(moments, found, strict=True):
            assert (x == y) == (period(a, per) == period(b, per))
            assert x <= y or a > b  # later moments have later numbers


@given(
    st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=6),
    st.sampled_from(["day", "week"]),
)
def test_seconds_are_counted_in_blocks_from_zero(seconds, per):
    found = period_of(np.array(seconds), "seconds", per).tolist()
    assert found == [period(one, per) for one in seconds]


@pytest.mark.parametrize(
    ("per", "first", "border"),
    [
        ("day", datetime(2024, 2, 29), datetime(2024, 3, 1)),
        ("week", datetime(2024, 4, 1), datetime(2024, 4, 8)),  # Mondays
        ("week", datetime(2024, 12, 30), datetime(2025, 1, 6)),  # across the year
        ("week", datetime(1969, 12, 29), datetime(1970, 1, 5)),  # across 1970
        ("month", datetime(2024, 2, 1), datetime(2024, 3, 1)),
        ("month", datetime(1969, 12, 1), datetime(1970, 1, 1)),
    ],
)
def test_a_period_begins_at_its_first_midnight(per, first, border):
    tick = timedelta(microseconds=1)
    before, start, last, after = numbers(first - tick, first, border - tick, border, per=per)
    assert (before, last, after) == (start - 1, start, start + 1)


def test_numbers_count_from_1970():
    assert numbers(EPOCH, per="day") == [0]
    assert numbers(EPOCH, datetime(1970, 1, 4), datetime(1970, 1, 5), per="week") == [0, 0, 1]
    assert numbers(EPOCH, datetime(1971, 1, 1), datetime(1969, 12, 31), per="month") == [0, 12, -1]


def test_aware_datetimes_are_counted_like_the_utc_they_are():
    aware = datetime.fromisoformat("2024-04-01T01:00:00+02:00")
    start = np.array([aware.timestamp()])
    for per in ("day", "week", "month"):
        expected = numbers(aware.astimezone(UTC).replace(tzinfo=None), per=per)
        assert period_of(start, "aware datetime", per).tolist() == expected
    assert period_name(period_of(start, "aware datetime", "day")[0], "aware datetime", "day") == (
        "the day 2024-03-31"
    )


def test_weeks_of_seconds_are_no_calendar_weeks():
    seconds = np.array([-1.0, 0, 7 * DAY - 0.5, 7 * DAY])
    assert period_of(seconds, "seconds", "week").tolist() == [-1, 0, 0, 1]
    assert period_of(seconds, "seconds", "day").tolist() == [-1, 0, 6, 7]


@pytest.mark.parametrize("per", ["day", "week", "month"])
def test_a_task_without_a_time_is_in_no_period(per):
    found = period_of(np.array([np.nan, 0.0, np.nan]), "datetime", per)
    assert found.dtype == np.int64
    assert found.tolist() == [NO_PERIOD, 0, NO_PERIOD]
    assert period_of(np.array([]), "none", per).tolist() == []


def test_the_times_are_not_changed():
    start = np.array([np.nan, 5.0])
    period_of(start, "seconds", "day")
    np.testing.assert_array_equal(start, [np.nan, 5.0])


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_names_tell_the_period(day):
    moment = datetime(day.year, day.month, day.day, 23, 59)
    monday = day - timedelta(days=day.weekday())
    names = {
        per: period_name(period_of(since_1970(moment), "datetime", per)[0], "datetime", per)
        for per in ("day", "week", "month")
    }
    assert names == {
        "day": f"the day {day.isoformat()}",
        "week": f"the week of {monday.isoformat()}",
        "month": f"the month {day.isoformat()[:7]}",
    }


@pytest.mark.parametrize("number", [3, np.int64(3), np.int32(3)])
def test_names_of_numbers_of_any_kind(number):
    assert period_name(number, "seconds", "day") == "day 3"
    assert period_name(number, "seconds", "week") == "week 3"
    assert period_name(number, "datetime", "day") == "the day 1970-01-04"
    assert period_name(number, "datetime", "week") == "the week of 1970-01-19"
    assert period_name(number, "datetime", "month") == "the month 1970-04"
