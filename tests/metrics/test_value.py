"""What customers are worth, on rows whose numbers are known."""

from datetime import date

import numpy as np
import pytest

from opsplaybook.metrics.value import as_known, customer_values, months_before
from opsplaybook.sources import open_source

LAST = date(2026, 6, 30)
ACCOUNTS = [
    {"account_id": "A", "employees": 100, "demand_type": "company-wide", "brand": 60.0,
     "customer_since": "2024-06-30"},
    {"account_id": "B", "employees": 20, "demand_type": "no such kind"},
    {"account_id": "GONE", "employees": 5},
    {"account_id": "PROSPECT", "employees": 7},
]  # fmt: skip


def invoice(key, account, issued, amount, **others):
    row = {"invoice_id": key, "account_id": account, "issued_on": issued, "amount": amount}
    empty = {"due_on": None, "paid_on": None, "cost": None}
    return row | empty | others


INVOICES = [
    invoice("1", "A", "2025-07-01", 1000.0, cost=400.0, due_on="2025-07-31", paid_on="2025-08-10"),
    invoice("2", "A", "2026-05-01", 3000.0, cost=1000.0, due_on="2026-05-31"),
    invoice("3", "A", "2026-06-01", -500.0, cost=-100.0),
    invoice("4", "B", "2026-06-29", 200.0, due_on="2026-07-30"),
    invoice("5", "B", "2025-06-30", 9000.0),
    invoice("6", "GONE", "2024-01-01", 700.0),
]


@pytest.fixture(scope="module")
def values(make_tables):
    tables = make_tables({"accounts": ACCOUNTS, "invoices": INVOICES}, as_of=LAST)
    return customer_values(tables, demand_order=["project", "company-wide"])


def test_customers_of_the_window_and_those_left_out(values):
    assert values.frame.index.tolist() == ["A", "B"]
    assert (values.lapsed, values.prospects) == (1, 1)
    assert (values.first.date(), values.last.date()) == (date(2025, 7, 1), LAST)
    assert values.basis == "invoices"
    assert values.window_known


def test_dimensions_by_hand(values):
    found = values.frame.loc["A"]
    assert found["value"] == found["order_amount"] == 3500.0
    assert found["gross_profit"] == 600 + 2000 - 400
    assert found["payment"] == pytest.approx((1000 * 10 + 3000 * 30) / 4000)
    assert found["cooperation"] == pytest.approx(730 / 365.25)
    assert found["demand_type"] == 1.0
    assert found[["company_size", "brand"]].tolist() == [100.0, 60.0]


def test_what_is_not_known_is_missing(values):
    found = values.frame.loc["B"]
    assert found["order_amount"] == 200.0
    names = ["gross_profit", "payment", "demand_type", "brand", "influence", "growth_potential"]
    assert found[names].isna().all()
    assert found["since"].date() == date(2025, 6, 30)


def test_an_earlier_day_knows_less(make_tables):
    tables = make_tables({"accounts": ACCOUNTS, "invoices": INVOICES}, as_of=LAST)
    earlier = customer_values(as_known(tables, date(2026, 5, 31)))
    assert earlier.frame.loc["A", "value"] == 4000.0
    assert earlier.frame.loc["A", "payment"] == pytest.approx(1000 * 10 / 4000)
    assert earlier.frame.loc["B", "value"] == 9000.0


def test_contracts_stand_for_money_where_there_are_no_invoices(make_tables):
    terms = [
        {"contract_id": "1", "account_id": "A", "start_on": "2026-01-01", "annual_value": 100.0,
         "end_on": "2026-12-31", "outcome": "lost", "decided_on": "2026-06-01"},
        {"contract_id": "2", "account_id": "B", "start_on": "2026-01-01", "annual_value": 70.0,
         "end_on": None, "outcome": "open", "decided_on": None},
        {"contract_id": "3", "account_id": "B", "start_on": "2026-03-01", "annual_value": 30.0,
         "end_on": None, "outcome": "open", "decided_on": None},
        {"contract_id": "4", "account_id": "GONE", "start_on": "2024-01-01", "annual_value": 9.0,
         "end_on": "2024-12-31", "outcome": "lost", "decided_on": "2024-12-31"},
    ]  # fmt: skip
    found = customer_values(make_tables({"accounts": ACCOUNTS, "contracts": terms}, as_of=LAST))
    assert found.basis == "contracts"
    assert found.frame["value"].to_dict() == {"A": 100.0, "B": 100.0}
    # A is leaving: its two years of cooperation count no more.
    assert found.frame["cooperation"].to_dict() == pytest.approx({"A": 0.0, "B": 180 / 365.25})
    assert found.lapsed == 1


def test_deals_stand_for_money_where_there_is_nothing_else(make_tables):
    deals = [
        {"opportunity_id": "1", "account_id": "A", "opened_on": "2026-01-01", "outcome": "won",
         "closed_on": "2026-02-01", "amount": 500.0, "closed_amount": 450.0},
        {"opportunity_id": "2", "account_id": "A", "opened_on": "2026-01-01", "outcome": "lost",
         "closed_on": "2026-02-01", "amount": 900.0, "closed_amount": 0.0},
        {"opportunity_id": "3", "account_id": "B", "opened_on": "2026-01-01", "outcome": "open",
         "closed_on": None, "amount": 900.0, "closed_amount": None},
    ]  # fmt: skip
    found = customer_values(make_tables({"accounts": ACCOUNTS, "opportunities": deals}, as_of=LAST))
    assert found.basis == "opportunities"
    assert found.frame["value"].to_dict() == {"A": 450.0}


def test_without_any_money_everybody_counts_and_value_is_missing(make_tables):
    found = customer_values(make_tables({"accounts": ACCOUNTS}, as_of=LAST))
    assert len(found.frame) == 4
    assert found.frame["value"].isna().all()
    assert (found.basis, found.meaning, found.window_known) == ("", "", False)


def test_months_end_where_months_end():
    assert months_before(date(2026, 3, 31), 1).date() == date(2026, 2, 28)
    assert months_before(date(2024, 2, 29), 12).date() == date(2023, 2, 28)


def test_order_of_the_rows_changes_nothing(make_tables):
    tables = make_tables({"accounts": ACCOUNTS[::-1], "invoices": INVOICES[::-1]}, as_of=LAST)
    found = customer_values(tables, demand_order=["project", "company-wide"]).frame
    assert found.index.tolist() == ["A", "B"]
    assert found.loc["A", "value"] == 3500.0


def test_sample_company_agrees_with_a_plain_sum():
    tables = open_source("sample").load(
        ["accounts", "contracts", "opportunities"], in_engine=["invoices"], as_of=LAST
    )
    found = customer_values(tables).frame
    rows = tables.expression("invoices").to_pandas()
    rows = rows.loc[(rows["issued_on"] > "2025-06-30") & (rows["issued_on"] <= "2026-06-30")]
    sums = rows.groupby("account_id")["amount"].sum().reindex(found.index).fillna(0)
    assert found["value"].to_numpy() == pytest.approx(sums.to_numpy())
    assert np.isfinite(found["cooperation"]).all()
