import numpy as np
import pandas as pd
import pytest

from opsplaybook.samples import clock


def test_the_calendar_has_three_years():
    assert clock.date_of(0) == "2023-07-01"
    assert clock.date_of(clock.LAST_DAY) == "2026-06-30"
    assert clock.first_day(clock.MONTHS) == clock.DAYS


@pytest.mark.parametrize("day", [-400, -1, 0, 30, 31, 243, 1095, 1096])
def test_days_and_months_agree(day):
    month = clock.month_of(np.array([day]))
    assert clock.first_day(month) <= day < clock.first_day(month + 1)


def test_unknown_days_and_moments_become_missing():
    unknown = np.array([clock.UNKNOWN])
    assert np.isnat(clock.dates(unknown)).all()
    assert clock.timestamps(unknown).isna().all()


def test_office_hours_are_local_hours_of_the_same_day():
    days = np.arange(clock.DAYS)
    times = clock.timestamps(clock.in_office_hours(np.random.default_rng(0), days))
    assert times.hour.min() >= 8
    assert times.hour.max() <= 17
    assert (times.tz_localize(None).normalize() == pd.DatetimeIndex(clock.dates(days))).all()


def test_no_local_time_occurs_twice():
    moments = np.arange(0, clock.DAYS * clock.DAY, 600)
    local = clock.timestamps(moments).tz_localize(None)
    again = local.tz_localize(clock.TIMEZONE, ambiguous="raise", nonexistent="raise")
    assert (again == clock.timestamps(moments)).all()


def test_the_order_of_moments_is_kept():
    moments = np.sort(np.random.default_rng(0).integers(0, clock.DAYS * clock.DAY, 10_000))
    assert clock.timestamps(moments).is_monotonic_increasing
