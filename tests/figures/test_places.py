from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.figures.places import along, readable, texts


def test_times_keep_their_distances_and_lose_their_zone():
    moments = pd.Series(pd.to_datetime(["2026-03-01", None, "2026-01-01"])).dt.tz_localize("UTC")
    axis = along(moments)
    assert axis.places.tolist()[::2] == [59.0, 0.0]
    assert np.isnan(axis.places[1])
    assert axis.names == ("2026-01", "2026-03")


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["2026-01-05", "2026-01-12"], ("2026-01-05", "2026-01-12")),
        (["2026-01-05 10:00", "2026-01-05 11:30"], ("2026-01-05 10:00", "2026-01-05 11:30")),
    ],
)
def test_times_are_named_as_finely_as_needed(values, names):
    assert along(pd.Series(pd.to_datetime(values))).names == names


def test_periods_and_dates_are_times():
    months = pd.Series(pd.period_range("2026-01", periods=2, freq="M"))
    assert along(months).names == ("2026-01", "2026-02")
    assert along(pd.Series([date(2026, 1, 1), date(2026, 2, 1)])).places.tolist() == [0.0, 31.0]


def test_names_stand_in_the_order_of_the_frame():
    axis = along(pd.Series(["Q2", "Q1", None, "Q2"]))
    assert axis.names == ("Q2", "Q1")
    assert axis.places[[0, 1, 3]].tolist() == [0.0, 1.0, 0.0]
    assert np.isnan(axis.places[2])


def test_years_have_no_thousands_separator():
    assert along(pd.Series([2026, 2025])).names == ("2025", "2026")
    assert texts(pd.Series([2025, 2026])) == ["2025", "2026"]
    assert texts(pd.Series([2025.0, None])) == ["2025", "–"]


def test_categories_that_are_times_are_written_as_times():
    months = pd.Series(pd.to_datetime(["2026-02-01", "2026-01-01", None]))
    assert texts(months) == ["2026-02", "2026-01", "–"]


def test_no_stop_gives_no_names():
    axis = along(pd.Series([], dtype="datetime64[ns]"))
    assert (axis.names, readable(axis, 100)) == ((), ([], []))


def test_written_names_do_not_overlap_and_include_the_last():
    days = pd.Series(pd.date_range("2026-01-01", periods=400, freq="D"))
    stops, names = readable(along(days), 380)
    assert names[-1] == "2027-02-04"
    assert np.diff(stops).min() * 380 / 399 > 50
