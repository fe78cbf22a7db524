"""The portrait on public data: reconciled, quick, and honest about what it lacks."""

import time

import pandas as pd
import pytest

RETAIL = {"value_months": 6, "back_test_months": 6, "segment_by": "region"}
GIANTS = ("12346", "16446")
"""Customers whose largest order was cancelled within minutes."""


@pytest.fixture
def retail(public_data, portrait_steps):
    return portrait_steps.portray("online_retail", **RETAIL)


def test_every_invoice_of_the_retailer_is_kept_or_excluded_by_reason(retail, public_data):
    quality = retail.given.qualities["invoices"]
    assert quality.rows_read == 25_900
    assert quality.rows + quality.excluded + quality.broken == 25_900
    assert [(part.reason, part.count) for part in quality.set_aside] == [
        ("adjustment of bad debt", 3),
        ("no line has a price", 2_102),
        ("no customer", 1_609),
    ]
    # The reader of the report sees the same counts.
    for count, reason in ((3, "adjustment of bad debt"), (2_102, "no line has a price")):
        line = f"invoices: {count:,} of 25,900 rows excluded ({reason})"
        assert line in retail.findings.caveats
        assert line in retail.given.table().note
    assert retail.given.qualities["accounts"].rows == 4_372
    customers = retail.portrait.customers
    assert len(customers.frame) + customers.lapsed == 4_372


def test_money_of_the_retailer_reconciles_before_any_exclusion(retail, public_data):
    path = public_data / "online_retail_uci" / "online_retail.parquet"
    lines = pd.read_parquet(path)
    lines["amount"] = lines["Quantity"] * lines["UnitPrice"]
    by_invoice = lines.groupby("InvoiceNo", as_index=False).agg(
        customer=("CustomerID", "max"), price=("UnitPrice", "max"), amount=("amount", "sum")
    )
    debt = by_invoice["InvoiceNo"].str.startswith("A")
    unpriced = ~debt & ~(by_invoice["price"] > 0)
    nobody = ~debt & ~unpriced & by_invoice["customer"].isna()
    excluded = by_invoice.loc[debt | unpriced | nobody, "amount"].sum()
    rows = retail.given.expression("invoices")
    kept = rows.aggregate(total=rows["amount"].sum()).to_pandas()["total"].iloc[0]
    assert [debt.sum(), unpriced.sum(), nobody.sum()] == [3, 2_102, 1_609]
    assert kept + excluded == pytest.approx(9_747_747.934, abs=0.01)


def test_cancelled_giants_are_not_the_best_customers(public_data, portrait_steps):
    # Known on the day of the larger order, both are giants; a day later they are nobody.
    done = portrait_steps.portray(
        "online_retail", value_months=12, back_test_months=6, segment_by="region"
    )
    tiers = done.tiered.frame["tier"]
    assert not set(GIANTS) & set(done.tiered.of("S", "A"))
    assert done.portrait.customers.frame["value"].get("12346", 0.0) == pytest.approx(0)
    assert tiers.get("16446", "C") == "C"
    assert "12346" not in done.segments.rfm.index
    assert done.segments.rfm["recency"].between(0, 373).all()


def test_retailer_does_not_obey_the_rule_and_its_score_separates(retail):
    assert retail.concentrated.measures.few_hold_most is False
    assert retail.concentrated.measures.negative > 0
    assert retail.test.standing == "separates"
    assert len(retail.segments.rfm) > 3_400


@pytest.mark.parametrize(
    ("source", "customers", "lacking"),
    [("maven_crm", 85, "payment"), ("ravenstack", 500, "company size")],
)
def test_portrait_runs_with_the_columns_there_are(
    public_data, portrait_steps, source, customers, lacking
):
    done = portrait_steps.portray(source)
    assert len(done.portrait.facts) == customers
    assert len(portrait_steps.shown(done)) == 34
    caveats = " ".join(done.findings.caveats)
    assert "contacts: not in the source" in caveats
    assert lacking in caveats.partition("Dimensions without data, left out: ")[2]


def test_pipeline_without_a_year_before_is_not_tested(public_data, portrait_steps):
    done = portrait_steps.portray("maven_crm")
    assert done.portrait.customers.basis == "opportunities"
    assert done.portrait.customers.frame["value"].sum() == pytest.approx(10_005_534)
    assert done.findings.verdict.word == "Not tested"


def test_made_up_subscriptions_tell_no_more_than_their_own_value(public_data, portrait_steps):
    done = portrait_steps.portray("ravenstack")
    assert done.portrait.customers.basis == "contracts"
    assert done.test.standing == "repeats orders"
    assert not done.test.drivers["beyond_chance"].any()


@pytest.mark.slow
def test_half_a_million_lines_become_finished_tables_in_seconds(public_data, portrait_steps):
    wall, processor = time.perf_counter(), time.process_time()
    done = portrait_steps.portray("online_retail", **RETAIL)
    shown = portrait_steps.shown(done)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{wall:.1f} s wall, {processor:.1f} s processor")  # noqa: T201
    assert len(shown) == 34
    assert wall < 5
