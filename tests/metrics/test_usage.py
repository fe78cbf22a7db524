from datetime import date

import pandas as pd
import pytest

from opsplaybook.metrics.periods import Period
from opsplaybook.metrics.usage import (
    daily_use,
    per_week,
    regular_users,
    users_in,
    weekly_users,
    weeks_of_actions,
)
from opsplaybook.sources import open_source

LAST = date(2026, 6, 28)
FOUR_WEEKS = Period(date(2026, 6, 1), LAST)


@pytest.fixture(scope="module")
def given(write_source):
    rows = [
        ("A", "u1", "2026-06-28 23:30", "ran", 5),
        ("A", "u1", "2026-06-28 09:00", "ran", None),
        ("A", "u2", "2026-06-08 09:00", "saw", None),
        ("A", "u1", "2026-06-02 09:00", "ran", 2),
        ("A", "u3", "2026-05-01 09:00", "ran", 1),
        ("B", "u9", "2026-06-28 09:00", "ran", 99),
        ("A", "u1", "2026-06-29 00:30", "ran", 99),
    ]
    columns = ["account_id", "user_id", "at", "action", "quantity"]
    frames = {
        "accounts": pd.DataFrame({"account_id": ["A", "B"]}),
        "activity": pd.DataFrame(rows, columns=columns),
    }
    source = open_source(write_source(frames))
    return source.load(["accounts"], in_engine=["activity"], as_of=LAST)


@pytest.fixture(scope="module")
def use(given):
    return daily_use(given, "A", since=date(2026, 1, 1))


def test_use_is_summed_by_local_day_and_missing_quantities_count_as_one(use):
    last = use.loc[use["day"] == pd.Timestamp(LAST)]

    assert last[["user_id", "action", "actions", "quantity"]].to_numpy().tolist() == [
        ["u1", "ran", 2, 6.0]
    ]


def test_use_of_others_and_after_the_last_day_is_not_read(use):
    assert use["actions"].sum() == 5
    assert "u9" not in set(use["user_id"])


def test_use_before_the_first_day_is_not_read(given):
    assert daily_use(given, "A", since=date(2026, 6, 1))["actions"].sum() == 4


def test_users_of_a_period_are_those_that_did_something_in_it(use):
    assert sorted(users_in(use, FOUR_WEEKS)) == ["u1", "u2"]


def test_regular_user_is_there_in_half_of_the_weeks(use):
    assert regular_users(use, FOUR_WEEKS) == 1


def test_weeks_are_whole_oldest_first_and_zero_without_use(use):
    assert per_week(use, FOUR_WEEKS).tolist() == [1, 1, 0, 2]
    assert per_week(use, FOUR_WEEKS, sums="quantity").tolist() == [2, 1, 0, 6]


def test_days_before_the_first_whole_week_are_left_out(use):
    assert per_week(use, Period(date(2026, 5, 29), LAST)).tolist() == [1, 1, 0, 2]


def test_actions_are_counted_by_week(use):
    found = weeks_of_actions(use, FOUR_WEEKS)

    assert found["ran"].tolist() == [1, 0, 0, 2]
    assert found["saw"].tolist() == [0, 1, 0, 0]


def test_weekly_users_count_people_and_not_rows(use):
    found = weekly_users(use, LAST, weeks=9)

    assert found["users"].tolist() == [1, 0, 0, 0, 0, 1, 1, 0, 1]
    assert found["week_end"].iloc[-1] == pd.Timestamp(LAST)


def test_account_without_use_and_source_without_activity_give_the_same_empty_frame(
    given, write_source
):
    bare = open_source(write_source({"accounts": pd.DataFrame({"account_id": ["A"]})}))
    nothing = daily_use(bare.load(["accounts"], as_of=LAST), "A", since=LAST)
    silent = daily_use(given, "C", since=LAST)

    assert silent.empty
    assert silent.dtypes.to_dict() == nothing.dtypes.to_dict()
