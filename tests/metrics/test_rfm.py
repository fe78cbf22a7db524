"""Recency, frequency and money, on rows whose numbers are known."""

from datetime import date

import pytest

from opsplaybook.metrics.rfm import recency_frequency_money

LAST = date(2026, 6, 30)


def invoices(*rows):
    names = ("invoice_id", "account_id", "issued_on", "amount")
    return [dict(zip(names, (str(n), *row), strict=True)) for n, row in enumerate(rows)]


ROWS = invoices(
    ("A", "2026-06-01", 100.0),
    ("A", "2026-06-01", 50.0),
    ("A", "2026-06-20", 30.0),
    ("A", "2026-06-25", -20.0),
    ("GIANT", "2026-01-18", 77_183.6),
    ("GIANT", "2026-01-18", -77_183.6),
    ("LATER", "2026-07-01", 5.0),
    (None, "2026-06-01", 9.0),
)


@pytest.fixture(scope="module")
def tables(make_tables):
    accounts = [{"account_id": key} for key in ("A", "GIANT", "LATER", "NEVER")]
    return make_tables({"accounts": accounts, "invoices": ROWS}, as_of=LAST)


def test_orders_by_hand(tables):
    found = recency_frequency_money(tables)
    assert found.index.tolist() == ["A"]
    assert found.loc["A"].tolist() == [10.0, 2.0, 160.0]


def test_orders_since_a_day(tables):
    found = recency_frequency_money(tables, since=date(2026, 6, 2))
    assert found.loc["A"].tolist() == [10.0, 1.0, 10.0]


def test_deals_won_stand_for_orders(make_tables):
    deals = [
        {"opportunity_id": "1", "account_id": "A", "opened_on": "2026-01-01", "outcome": "won",
         "closed_on": "2026-06-28", "closed_amount": 450.0},
        {"opportunity_id": "2", "account_id": "A", "opened_on": "2026-01-01", "outcome": "lost",
         "closed_on": "2026-06-29", "closed_amount": 0.0},
    ]  # fmt: skip
    tables = make_tables({"accounts": [{"account_id": "A"}], "opportunities": deals}, as_of=LAST)
    assert recency_frequency_money(tables).loc["A"].tolist() == [2.0, 1.0, 450.0]


def test_nothing_to_count(make_tables):
    found = recency_frequency_money(make_tables({"accounts": [{"account_id": "A"}]}, as_of=LAST))
    assert found.empty
    assert found.columns.tolist() == ["recency", "frequency", "money"]
