from datetime import date

import numpy as np
import pandas as pd

from opsplaybook.metrics.blocks import BLOCKS, block_sums, year_on_year
from opsplaybook.metrics.periods import Period, blocks, periods_until, years_between

LAST = date(2026, 6, 30)


def test_periods_touch_and_have_one_length():
    found = periods_until(LAST, 90)

    assert (found.now.first, found.now.last) == (date(2026, 4, 2), LAST)
    assert (found.before.first, found.before.last) == (date(2026, 1, 2), date(2026, 4, 1))
    assert {p.days for p in found.named().values()} == {90}


def test_year_before_ends_on_the_same_weekday():
    found = periods_until(LAST, 90)

    assert found.year_before.last.weekday() == LAST.weekday()
    assert (LAST - found.year_before.last).days == 364


def test_both_ends_belong_to_a_period_and_missing_days_do_not():
    days = pd.Series(pd.to_datetime(["2026-04-01", "2026-04-02", "2026-06-30", "2026-07-01", None]))

    assert Period(date(2026, 4, 2), LAST).holds(days).tolist() == [False, True, True, False, False]


def test_blocks_count_back_from_the_last_day():
    days = pd.Series(pd.to_datetime(["2026-06-30", "2026-06-24", "2026-06-23"]))

    assert blocks(days, LAST, length=7).tolist() == [0, 0, 1]


def test_block_sums_keep_every_amount_of_two_years():
    days = pd.Series(pd.to_datetime(["2026-06-30", "2026-06-03", "2026-06-02", "2024-07-03"]))
    sums = block_sums(days, pd.Series([1.0, 2.0, 4.0, 8.0]), LAST)

    assert len(sums) == 2 * BLOCKS == 26
    assert sums[-1] == 3.0
    assert sums[-2] == 4.0
    assert sums[0] == 8.0
    assert sums.sum() == 15.0


def test_blocks_before_the_first_known_day_are_missing_and_not_zero():
    frame = year_on_year(np.ones(2 * BLOCKS), LAST, known_from=date(2026, 5, 1))

    assert frame["amount"].notna().sum() == 2
    assert frame["year_before"].isna().all()
    assert frame["block_end"].iloc[-1] == pd.Timestamp(LAST)


def test_blocks_of_a_table_without_a_first_day_are_all_missing():
    frame = year_on_year(np.ones(2 * BLOCKS), LAST, known_from=None)

    assert frame["amount"].isna().all()


def test_years_end_on_anniversaries_in_leap_years_too():
    first = pd.Series(pd.date_range("2019-12-28", "2024-03-02"))
    for years in range(5):
        last = pd.Series([day + pd.DateOffset(years=years) for day in first])
        leap_day = (first.dt.month == 2) & (first.dt.day == 29)
        last = last.where(~leap_day | last.dt.is_leap_year, last + pd.Timedelta(days=1))
        assert (years_between(first, last) == years).all()
        assert (years_between(first, last - pd.Timedelta(days=1)) < years).all()
        assert (years_between(first, last + pd.Timedelta(days=1)) > years).all()


def test_years_grow_with_every_day():
    last = pd.Series(pd.date_range("2023-01-01", "2028-12-31"))
    first = pd.Series(pd.Timestamp("2024-02-29"), index=last.index)
    years = years_between(first, last)
    assert years.diff().iloc[1:].between(1 / 366 - 1e-9, 1 / 365 + 1e-9).all()
    assert years[last == pd.Timestamp("2024-02-29")].tolist() == [0.0]
