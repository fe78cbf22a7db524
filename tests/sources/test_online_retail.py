"""The Online Retail mapping against the figures that are published for the set."""

import pytest

from opsplaybook.playbooks import account_review
from opsplaybook.sources import open_source

# Chen, Sain and Guo (2012); the figures stand in public write-ups of the set.
INVOICES = 25_900
CUSTOMERS = 4_372
TOTAL = 9_747_747.934
TOTAL_OF_CUSTOMERS = 8_300_065.814


@pytest.fixture
def source(public_data):
    if not (public_data / "online_retail_uci").is_dir():
        pytest.skip("Online Retail is not among the public data sets here")
    return open_source("online_retail")


def test_every_invoice_is_kept_or_excluded_under_a_reason(source):
    quality = source.quality("invoices")

    assert quality.rows_read == INVOICES
    assert {part.reason: part.count for part in quality.set_aside} == {
        "adjustment of bad debt": 3,
        "no line has a price": 2_102,
        "no customer": 1_609,
    }
    assert all(part.excluded for part in quality.set_aside)
    assert quality.rows == INVOICES - 3 - 2_102 - 1_609


def test_totals_reconcile_before_and_after_exclusion(source):
    tables = source.load(["accounts", "invoices"])
    lines = source.stock.engine.rows("SELECT sum(Quantity * UnitPrice) AS total FROM raw.lines")

    assert lines[0]["total"] == pytest.approx(TOTAL, abs=0.001)
    assert tables["invoices"]["amount"].sum() == pytest.approx(TOTAL_OF_CUSTOMERS, abs=0.001)
    assert len(tables["accounts"]) == CUSTOMERS


def test_units_leave_out_what_is_no_goods(source):
    quantity = source.load(["invoices"])["invoices"]["quantity"].sum()
    lines = source.stock.engine.rows(
        "SELECT sum(Quantity) AS units FROM raw.lines WHERE CustomerID IS NOT NULL AND "
        "StockCode NOT IN ('POST', 'DOT', 'C2', 'D', 'M', 'S', 'BANK CHARGES', 'AMAZONFEE', "
        "'CRUK', 'PADS', 'B')"
    )

    # Four invoices to customers have gifts only: 16 + 576 + 12,540 units of goods.
    assert quantity == lines[0]["units"] - 13_132


def test_giant_order_cancelled_on_its_day_is_no_order(source):
    params = account_review.Params(source="online_retail", account_id="16446", period_days=90)
    tables = account_review.load(params)
    account = account_review.review_account(tables, params)
    business = account_review.review_business(tables, params, account)

    assert business.headline.key == "order_value"
    assert business.headline.now.value == pytest.approx(0, abs=0.005)
    assert business.headline.now.n == 0
