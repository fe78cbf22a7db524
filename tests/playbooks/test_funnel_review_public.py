"""The funnel review on public data: other people's rows, and the traps in them."""

from pathlib import Path

import pytest

from opsplaybook.batch.planfile import read_plan_file
from opsplaybook.sources import open_source

BATCHES = Path(__file__).parents[2] / "params" / "batches"


def shipped(name, run):
    """Return the parameters of one run of a plan that is shipped."""
    plan = read_plan_file(BATCHES / f"funnels_{name}.yaml")
    return {"source": plan.source} | plan.params | plan.each[run]


PURCHASE, CHECKOUT, CHOICE, SEEN = (shipped("onlineshop", run) for run in range(4))
BY_DATE, BY_STAGE, COUNTRIES, INDUSTRIES = (
    {"other_rules": False} | shipped("maven_crm", run) for run in range(4)
)
LEADS, ORIGINS, SPECIALIZATIONS, SEARCH = (shipped("leads", run) for run in range(4))
UNDECIDED = 1301
"""Deals that are engaging on 2017-12-31, 138 days or more after it began."""
LEAKY = (
    "Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity",
    "Asymmetrique",
)  # fmt: skip


@pytest.fixture
def review(public_data, funnel_steps):
    return funnel_steps.review


def test_purchases_and_those_who_purchased_are_told_apart(review, funnel_steps):
    done = review(**PURCHASE)
    paid = done.definition.occurrences.set_index("step").loc["payment done"]
    rules = done.rules.rates.set_index("rule")["reached"]

    # Published with the set: 706 purchases, made by 653 users.
    assert (paid["rows"], paid["units"]) == (706, 653)
    assert done.definition.counted == "users"
    assert done.reach.steps["reached"].iloc[-1] == rules["as chosen"] == 524
    assert rules["window of 14 days"] == 559
    note = funnel_steps.shown(done)["definition"].note
    assert "706 rows of payment done are of 653 users" in note
    # Between two steps there is always something else.
    assert rules["each step the very next"] == 0
    assert not any("by account" in rule for rule in rules.index)
    assert len(funnel_steps.shown(done)) == 22


def test_the_time_to_pay_does_not_run_away_at_the_end_of_the_window(review):
    done = review(**PURCHASE | {"other_rules": False})
    rows = done.timing.rows.set_index("step")
    rates = done.reach.steps.set_index("step")["rate"]

    for step in ("cart", "payment choice", "payment done"):
        assert rows.loc[step, "by_end"] == pytest.approx(rates[step], abs=0.02)


def test_deals_are_a_funnel_over_their_dates(review):
    done = review(**BY_DATE)

    # 8,800 deals, 500 of which were never engaged; 4,238 are won.
    assert done.reach.entered == 8300
    assert done.reach.steps["reached"].iloc[-1] == 4238
    products = set(done.change.cells["segment"])
    assert "GTX Pro" in products
    assert "GTXPro" not in products
    assert any("“GTXPro” is the product list's “GTX Pro”" in c for c in done.findings.caveats)
    assert any("1,088 deals belong to no known account" in c for c in done.findings.caveats)
    # Engaging on the last day, and engaged 138 days before or earlier.
    assert done.reach.undecided == UNDECIDED
    loss = done.findings.findings[0]
    assert loss.claim.startswith("Of mature deals at engaged, 50% (")
    assert f"{UNDECIDED:,} of the lost deals are still open in the data" in loss.caveats[0]
    # Won value 10,005,534 over 4,238 deals.
    assert done.worth.value.money.value == pytest.approx(10_005_534 / 4238)
    assert not done.worth.repairs.empty


def test_deals_are_a_funnel_over_their_present_stage(review):
    done = review(**BY_STAGE)
    steps = done.reach.steps.set_index("step")

    # Of closed deals 63.15% are won; 500 and 1,589 are open in their stage.
    assert steps["open"].tolist() == [0, 500, 1589]
    assert steps.loc["won", "rate"] == pytest.approx(0.6315, abs=5e-5)
    assert steps.loc["won", "lost"] == 2473
    assert done.reach.whole.value == pytest.approx(0.6315, abs=5e-5)
    assert any("not its history" in caveat for caveat in done.findings.caveats)
    assert done.timing.rows.empty
    assert done.breakdown.trend.rows.empty


def test_leads_without_any_date_are_a_funnel_over_their_outcome(review, funnel_steps):
    done = review(**LEADS)
    end = done.reach.steps.iloc[-1]

    # 3,561 of 9,240 leads; one entry is a test and was not converted.
    assert (end["before"], end["reached"]) == (9239, 3561)
    assert end["rate"] == pytest.approx(3561 / 9239)
    named = done.breakdown.segments
    values = set(named["segment"])
    assert {"Google", "not known"} <= values
    assert values.isdisjoint({"Select", "google", "testone"})
    assert any("test entry" in caveat for caveat in done.findings.caveats)
    assert any("“Select” is what a form shows" in caveat for caveat in done.findings.caveats)
    assert any("tell the outcome" in caveat for caveat in done.findings.caveats)
    assert any("no date" in caveat for caveat in done.findings.caveats)
    assert done.findings.verdict.word == "Different"
    assert len(funnel_steps.shown(done)) == 22


def test_other_ways_through_the_shop(review):
    plain = {"other_rules": False}
    checkout, choice, seen = (review(**way | plain) for way in (CHECKOUT, CHOICE, SEEN))

    # 653 users paid, none of them without a way to pay.
    assert checkout.reach.steps["reached"].is_monotonic_decreasing
    assert 0 < checkout.reach.steps["reached"].iloc[-1] <= 653
    assert choice.definition.steps[2].where == {"action": ("product1", "product2")}
    steps = seen.reach.steps.set_index("step")
    assert steps.loc["product", "optional"]
    assert steps.loc["cart", "before"] == steps.loc["catalog", "reached"]


def test_other_funnels_over_deals_and_leads(review, funnel_steps):
    countries, industries = review(**COUNTRIES), review(**INDUSTRIES)
    origins, kinds, search = (review(**way) for way in (ORIGINS, SPECIALIZATIONS, SEARCH))

    # Misspelt in the source: Philipines, technolgy.
    assert "Philippines" in set(countries.breakdown.segments["segment"])
    assert {"technology", "not known"} <= set(industries.breakdown.segments["segment"])
    assert industries.reach.steps["reached"].tolist() == [8800, 4238]
    assert {"Lead Add Form", "API"} <= set(origins.breakdown.segments["segment"])
    assert "Select" not in set(kinds.breakdown.segments["segment"])
    assert search.change.labels == ("Google", "Organic Search")
    for done in (countries, industries, origins, kinds, search):
        assert len(funnel_steps.shown(done)) == 22


def test_no_column_that_tells_the_outcome_is_mapped(public_data):
    source = open_source("leads_xeducation")
    text = source.stock.mapping.model_dump_json(include={"tables"})

    assert [name for name in LEAKY if name in text] == []
