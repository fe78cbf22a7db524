"""What was known of accounts before a day, and what they did after: by hand, to the day."""

from datetime import date, datetime, timedelta
from math import log1p
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from opsplaybook.metrics.history import account_history

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2025, 3, 10)
WINDOW = 9
"""The window is the day itself and nine more, so 2025-03-10 to 2025-03-19."""


def days(number: int) -> date:
    return DAY + timedelta(days=number)


def deal(key: str, opened: int, closed: int | None = None, outcome: str = "open", kind="new"):
    return {
        "opportunity_id": key, "account_id": key[0], "kind": kind, "opened_on": days(opened),
        "closed_on": None if closed is None else days(closed), "outcome": outcome,
    }  # fmt: skip


def invoice(key: str, day: int, amount: float) -> dict:
    return {"invoice_id": key, "account_id": key[0], "issued_on": days(day), "amount": amount}


COMPANY = {
    "accounts": [
        {"account_id": "A", "employees": 100, "customer_since": days(-366)},
        {"account_id": "B", "employees": None, "customer_since": None},
        {"account_id": "C", "employees": 10, "customer_since": days(0)},
        {"account_id": "D", "employees": 300, "customer_since": days(-1)},
    ],
    "events": [
        {"event_id": "E0", "start_on": days(-40)},
        {"event_id": "E1", "start_on": days(0)},
        {"event_id": "E2", "start_on": days(-41)},
    ],
    "event_contacts": [
        {"event_id": event, "account_id": "A", "contact_id": f"C{n}"}
        for n, event in enumerate(["E0", "E0", "E1", "E2"])
    ],
    "opportunities": [
        deal("A first day", 0), deal("A again", 3), deal("B last day", WINDOW),
        deal("D too late", WINDOW + 1), deal("D renewal", 1, kind="renewal"),
        deal("A before", -10), deal("B too early", -11, closed=-1, outcome="won"),
        deal("A won", -30, closed=WINDOW, outcome="won"),
        deal("D won before", -5, closed=-1, outcome="won"),
    ],
    "invoices": [
        invoice("A1", 0, 10.0), invoice("A2", WINDOW, 5.0), invoice("A3", WINDOW + 1, 99.0),
        invoice("A4", -1, 7.0), invoice("A5", -10, 3.0), invoice("A6", -11, 2.0),
        invoice("A7", -41, 50.0), invoice("B1", -1, -4.0),
    ],
    "activity": [
        {"account_id": "A", "user_id": "U", "action": "ran", "activity_id": f"X{n}",
         "at": datetime(2025, 3, day, hour, 30, tzinfo=BERLIN)}
        for n, (day, hour) in enumerate([(10, 0), (19, 23), (20, 0), (9, 23), (5, 1)])
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def history(make_tables):
    tables = make_tables(COMPANY, as_of=date(2025, 12, 31))
    return account_history(tables, pd.Timestamp(DAY), history_days=40, window_days=WINDOW)


def test_only_accounts_known_before_the_day_are_described(history):
    assert history.index.tolist() == ["A", "B", "D"]


def test_master_data_are_those_of_the_eve(history):
    assert history["is_customer"].to_dict() == {"A": 1.0, "B": 0.0, "D": 1.0}
    assert history.loc["A", "tenure_years"] == pytest.approx(366 / 365.25)
    assert history.loc["A", "employees_log"] == pytest.approx(log1p(100))
    assert history.loc["B", "employees_log"] == pytest.approx(log1p(200))


def test_past_events_are_counted_once_and_within_the_history(history):
    assert history["past_events"].to_dict() == {"A": 1.0, "B": 0.0, "D": 0.0}


def test_deals_are_counted_to_the_day_and_without_renewals(history):
    assert history["deals_opened"].to_dict() == {"A": 1.0, "B": 1.0, "D": 0.0}
    assert history["before_deals_opened"].to_dict() == {"A": 1.0, "B": 0.0, "D": 1.0}
    assert history["deals_won"].to_dict() == {"A": 1.0, "B": 0.0, "D": 0.0}
    assert history["before_deals_won"].to_dict() == {"A": 0.0, "B": 1.0, "D": 1.0}
    assert history["open_deals"].to_dict() == {"A": 2.0, "B": 0.0, "D": 0.0}


def test_windows_before_and_after_are_equally_long(history):
    assert history.loc["A", ["spend", "before_spend"]].tolist() == [15.0, 10.0]
    assert history.loc["A", ["activity", "before_activity"]].tolist() == [2.0, 2.0]


def test_past_money_is_that_of_the_history(history):
    assert history.loc["A", "past_spend_log"] == pytest.approx(log1p(12.0))
    assert history.loc["B", "past_spend_log"] == 0.0
    assert history.loc["A", "recent_activity_log"] == pytest.approx(log1p(2.0))


def test_what_the_source_lacks_is_left_out(make_tables):
    tables = make_tables({name: COMPANY[name] for name in ("accounts", "events")})
    found = account_history(tables, pd.Timestamp(DAY), history_days=40, window_days=WINDOW)
    assert found.columns.tolist() == [
        "employees_log", "tenure_years", "is_customer", "past_events",
    ]  # fmt: skip
    assert found["past_events"].eq(0).all()


def test_nothing_after_as_of_is_read(make_tables):
    tables = make_tables(COMPANY, as_of=days(4))
    found = account_history(tables, pd.Timestamp(DAY), history_days=40, window_days=WINDOW)
    assert found.loc["A", ["spend", "activity", "deals_won"]].tolist() == [10.0, 1.0, 0.0]
    assert found.loc["B", "deals_opened"] == 0.0
