"""Quiet hours that are not at night give a wrong time zone away."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.metrics.quiet_hours import likely_zone, quiet_hours, zone_caveats

SHOP = np.array([0, 0, 0, 0, 0, 0, 30, 60, *[80] * 12, 60, 50, 40, 30])
"""Rows by hour of a shop that is closed from midnight to six."""

OFFICE = np.array([0] * 8 + [100] * 10 + [0] * 6)


@pytest.mark.parametrize("ahead", [5, 8, 11, -5, -8])
def test_a_clock_that_runs_ahead_is_told_by_its_hours(ahead):
    found = quiet_hours(np.roll(SHOP, ahead))
    assert found.ahead == ahead
    assert found.first == ahead % 24
    assert found.share == 0.0


@pytest.mark.parametrize("ahead", [-3, -2, -1, 0, 1, 2, 3])
def test_early_birds_and_night_owls_are_no_error(ahead):
    assert quiet_hours(np.roll(SHOP, ahead)).ahead == 0


def test_an_office_is_quiet_at_night_however_long_its_evening_is():
    noise = np.tile([1, 0, 0, 1], 6)
    assert quiet_hours(OFFICE + noise).ahead == 0


def test_where_there_are_no_quiet_hours_nothing_is_said():
    assert quiet_hours(np.full(24, 100)) is None
    assert quiet_hours(np.array([4000] + [0] * 23)) is None
    assert quiet_hours(SHOP // 10) is None
    assert quiet_hours(np.zeros(24, dtype=int)) is None


@pytest.mark.parametrize(
    ("declared", "ahead", "zone"),
    [
        ("America/New_York", 5, "UTC"),
        ("America/New_York", 4, "UTC"),
        ("Asia/Shanghai", -8, "UTC"),
        ("Europe/Berlin", 7, "UTC+08:00 or near it"),
        ("UTC", -6, "UTC-06:00 or near it"),
        ("Asia/Tokyo", 11, "UTC-04:00 or near it"),
    ],
)
def test_the_zone_that_would_fit_is_named(declared, ahead, zone):
    assert likely_zone(declared, ahead, on=date(2017, 12, 31)) == zone


def shop(zone: str) -> pd.DataFrame:
    """Write the shop's rows at local times of a zone."""
    hours = np.repeat(np.arange(24), SHOP)
    at = pd.Timestamp("2025-01-08") + pd.to_timedelta(hours, unit="h")
    keys = np.arange(len(hours)).astype(str)
    frame = pd.DataFrame({"account_id": "A1", "activity_id": keys, "at": at})
    return frame.assign(user_id="U1", action="sale", at=frame["at"].dt.tz_localize(zone))


def test_times_in_utc_read_as_local_are_found(make_tables):
    # A shop in New York, whose register writes UTC, read as if it wrote the time of New York.
    at_home = shop("America/New_York")
    utc = at_home["at"].dt.tz_convert("UTC").dt.tz_localize(None)
    misread = at_home.assign(at=utc.dt.tz_localize("America/New_York"))
    (caveat,) = zone_caveats(make_tables({"activity": misread}, timezone="America/New_York"))
    assert caveat.startswith("Times of activity are quiet from 05 to 11 o'clock in America/New_")
    assert "they look recorded in UTC, unless customers live elsewhere" in caveat


def test_times_in_the_declared_zone_are_not_spoken_of(make_tables):
    right = make_tables({"activity": shop("Asia/Tokyo")}, timezone="Asia/Tokyo")
    assert zone_caveats(right) == ()


def test_a_source_without_activity_has_no_hours(make_tables):
    assert zone_caveats(make_tables({"accounts": [{"account_id": "A1"}]}, as_of=date.min)) == ()
