from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.metrics.comparable import customer_totals, known_accounts
from opsplaybook.metrics.periods import Period
from opsplaybook.sources import open_source

LAST = date(2026, 6, 30)
JUNE = Period(date(2026, 6, 1), LAST)
ALL = ("contracts", "invoices", "activity", "tickets")


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    accounts = {
        "account_id": ["A", "B", "C", "D"],
        "industry": ["retail", "retail", None, "energy"],
    }
    contracts = [
        ("1", "A", "2026-01-01", "2026-12-31", 1000),
        ("2", "A", "2026-01-01", "2026-06-29", 500),
        ("3", "B", "2026-01-01", None, 200),
        ("4", "D", "2025-01-01", "2025-12-31", 900),
    ]
    invoices = [
        ("1", "A", "2026-06-01", 100),
        ("2", "A", "2026-06-30", -30),
        ("3", "C", "2025-09-01", 70),
        ("4", "D", "2025-06-01", 90),
    ]
    activity = [
        ("A", "u1", "2026-06-01 00:30", "ran", 3),
        ("A", "u2", "2026-06-30 23:00", "ran", None),
        ("A", "u1", "2026-06-30 23:00", "saw", 8),
        ("B", "u3", "2026-05-31 23:30", "ran", 9),
    ]
    return {
        "accounts": pd.DataFrame(accounts),
        "contracts": pd.DataFrame(
            contracts, columns=["contract_id", "account_id", "start_on", "end_on", "annual_value"]
        ),
        "invoices": pd.DataFrame(
            invoices, columns=["invoice_id", "account_id", "issued_on", "amount"]
        ),
        "activity": pd.DataFrame(
            activity, columns=["account_id", "user_id", "at", "action", "quantity"]
        ),
        "tickets": pd.DataFrame(
            [("1", "A", "2026-06-15 10:00")], columns=["ticket_id", "account_id", "opened_at"]
        ),
    }


@pytest.fixture(scope="module")
def given(frames, write_source):
    return open_source(write_source(frames)).load(["accounts"], in_engine=ALL, as_of=LAST)


@pytest.fixture(scope="module")
def totals(given):
    return customer_totals(given, JUNE, group="industry", value_action="ran")


def test_customers_have_a_contract_or_an_order_of_the_last_year(totals):
    assert sorted(totals.index) == ["A", "B", "C"]


def test_totals_are_those_of_the_period(totals):
    expected = {
        "contract_value": 1000.0, "order_value": 70.0, "users": 2.0, "actions": 3.0,
        "value": 4.0, "tickets": 1.0,
    }  # fmt: skip

    assert totals.loc["A", list(expected)].to_dict() == expected


def test_who_did_nothing_counts_with_zero_but_without_contract_has_no_contract_value(totals):
    assert totals.loc["B", ["order_value", "users", "value", "tickets"]].tolist() == [0.0] * 4
    assert np.isnan(totals.loc["C", "contract_value"])


def test_group_is_that_of_the_account(totals):
    assert totals.loc[["A", "B"], "group"].tolist() == ["retail", "retail"]
    assert totals["group"].isna()["C"]


def test_measures_that_the_source_cannot_fill_are_left_out(frames, write_source):
    bare = {"accounts": frames["accounts"], "activity": frames["activity"].drop(columns="user_id")}
    given = open_source(write_source(bare)).load(["accounts"], in_engine=["activity"], as_of=LAST)

    found = customer_totals(given, JUNE)

    assert list(found.columns) == ["actions", "group"]
    assert len(found) == 4
    assert found["group"].isna().all()


def test_known_accounts_are_all_of_the_source_in_order(given):
    found = known_accounts(given)

    assert found["account_id"].tolist() == ["A", "B", "C", "D"]
    assert found["name"].isna().all()
