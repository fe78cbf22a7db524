"""What an analyst is told before anything runs."""

from datetime import date

import pytest

from opsplaybook.sources import open_source, render_text

NEEDS = {
    "event_retrospective": (("events",), ("event_goals",)),
    "tiering": (("accounts",), ("invoices",)),
    "list": (("accounts",), ()),
}


def test_tables_failures_matches_and_playbooks(make_source):
    files = {
        "a.csv": "account_id,since\nGTX Pro,2024-01-01\nOther,2024-02-01\n",
        "o.csv": "opportunity_id,account_id,opened_on\n"
        "1,GTXPro,2024-01-01\n2,GTXPro,2024-01-02\n3,Nobody Knows,2024-01-03\n4,Other,2024-01-04\n",
        "e.csv": "event_id,start_on\ne1,13.01.2024\n",
    }
    source = make_source(
        files,
        {
            "accounts": {"file": "a.csv"},
            "opportunities": {"file": "o.csv"},
            "events": {"file": "e.csv"},
        },
    )
    check = source.check(NEEDS)
    assert not check.ok
    assert [failure.table for failure in check.failures] == ["events"]
    (part,) = next(q for q in check.qualities if q.table == "opportunities").unmatched
    assert (part.rows, part.values) == (3, 2)
    assert part.examples == ('"GTXPro" in 2 rows; near "GTX Pro"', '"Nobody Knows" in 1 rows')
    assert [(r.playbook, r.state, r.why) for r in check.readiness] == [
        ("event_retrospective", "not at all", "needs events"),
        ("tiering", "in part", "without invoices"),
        ("list", "in full", ""),
    ]
    text = render_text(check)
    assert 'To fix: `date_format: "%d.%m.%Y"`' in text
    assert "accounts" in text
    assert "since" in text
    assert text.endswith("There is something to correct, see above.")


def test_a_sound_source_is_well(make_source):
    source = make_source({"a.csv": "account_id\nx\n"}, {"accounts": {"file": "a.csv"}})
    check = source.check(NEEDS)
    assert check.ok
    assert "source-failures" not in [table.key for table in check.tables()]
    assert "text/plain" in check._repr_mimebundle_()[0]


def test_due_terms_without_an_outcome_do_not_reconcile(make_source):
    rows = (
        "contract_id,account_id,start_on,end_on,outcome\n"
        "1,a,2023-01-01,2023-12-31,renewed\n2,a,2023-01-01,2023-12-31,\n3,b,2024-06-01,2025-05-31,\n"
    )
    files = {"c.csv": rows, "i.csv": "invoice_id,issued_on,amount\n1,2024-07-01,5\n"}
    source = make_source(files, {"contracts": {"file": "c.csv"}, "invoices": {"file": "i.csv"}})
    due = next(r for r in source.check().reconciliations if r.name.endswith("= due"))
    assert due.holds is False
    assert due.detail.startswith("1 renewed + 0 lost + 0 open of 2 due by 2024-07-01; 1 without")


def test_maven_pipeline(public_data):
    source = open_source("maven_crm")
    tables = source.load(["accounts", "opportunities"])
    outcomes = tables["opportunities"]["outcome"].value_counts()
    assert outcomes.to_dict() == {"won": 4238, "lost": 2473, "open": 2089}
    assert tables["opportunities"]["closed_amount"].sum() == 10_005_534
    assert tables["opportunities"]["account_id"].isna().sum() == 1425
    assert tables["opportunities"]["product"].nunique() == 7
    assert tables.as_of == date(2017, 12, 31)
    assert source.unmatched("opportunities", ["accounts"]) == ()


def test_pipeline_of_a_past_day_does_not_know_its_future(public_data):
    deals = open_source("maven_crm").load(["opportunities"], as_of=date(2017, 3, 31))[
        "opportunities"
    ]
    assert deals["closed_on"].max().date() <= date(2017, 3, 31)
    undecided = deals[deals["closed_on"].isna()]
    assert set(undecided["outcome"]) == {"open"}
    assert undecided["closed_amount"].isna().all()


def test_products_that_match_nothing_are_found_with_their_like(make_source, public_data):
    """The pipeline says GTXPro in 1,480 rows, the product list GTX Pro."""
    source = make_source(
        {},
        {
            "accounts": {"file": "products.csv", "columns": {"account_id": "product"}},
            "opportunities": {
                "file": "sales_pipeline.csv",
                "columns": {"opportunity_id": "opportunity_id", "account_id": "product"},
            },
        },
        folder=str(public_data / "maven_crm"),
    )
    (part,) = source.unmatched("opportunities", ["accounts"])
    assert part.examples == ('"GTXPro" in 1,480 rows; near "GTX Pro"',)


def test_ravenstack(public_data):
    source = open_source("ravenstack")
    tables = source.load(source.names)
    quality = source.quality("activity")
    assert (quality.rows_read, quality.rows) == (25_000, 25_000)
    contracts = tables["contracts"]
    assert (contracts["outcome"] == "lost").sum() == 486
    month = (contracts["start_on"] < "2025-01-01") & ~(contracts["end_on"] < "2024-12-01")
    assert round(contracts.loc[month, "annual_value"].sum() / 12) == 10_734_251
    assert tables["accounts"]["churned"].sum() == 110
    assert tables["tickets"]["resolved_at"].notna().all()


@pytest.mark.parametrize(
    ("name", "invoices", "total"), [("complete_journey", 155_848, 4_596_039.58)]
)
def test_transactions_reconcile(public_data, name, invoices, total):
    frame = open_source(name).load(["invoices"])["invoices"]
    assert len(frame) == invoices
    assert round(frame["amount"].sum(), 2) == total
