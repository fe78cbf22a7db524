"""The funnel review on public data: other people's rows, and the traps in them."""

import pytest

from opsplaybook.sources import open_source

PURCHASE = {
    "source": "onlineshop_events", "funnel": "Purchase", "window_days": 7, "cohort": "week",
    "steps": ["catalog", "cart", "payment_choice", "payment_done"], "segment_by": [],
    "change_on": None, "change_name": "",
}  # fmt: skip
DEALS = {
    "source": "maven_crm", "funnel": "Deals", "unit": "opportunity_id", "change_on": None,
    "change_name": "", "segment_by": ["product", "accounts.industry"], "other_rules": False,
}  # fmt: skip
LEADS = {
    "source": "leads_xeducation", "funnel": "Leads", "as_of": "2020-12-31",
    "steps": ["lead @ opportunities", "won: outcome=won @ opportunities"],
    "unit": "opportunity_id", "segment_by": ["source", "product"], "compare": "segments",
    "change_on": None, "change_name": "",
}  # fmt: skip
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
    rules = done.definition.alternatives.set_index("rule")["reached"]

    # Published with the set: 706 purchases, made by 653 users.
    assert (paid["rows"], paid["units"]) == (706, 653)
    assert done.definition.counted == "users"
    assert done.reach.steps["reached"].iloc[-1] == rules["as chosen"] == 524
    assert rules["window of 14 days"] == 559
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
    steps = ["engaged @ opportunities.opened_on", "won: outcome=won @ opportunities.closed_on"]
    done = review(**DEALS | {"steps": steps, "window_days": 138})

    # 8,800 deals, 500 of which were never engaged; 4,238 are won.
    assert done.reach.entered == 8300
    assert done.reach.steps["reached"].iloc[-1] == 4238
    products = set(done.change.cells["segment"])
    assert "GTX Pro" in products
    assert "GTXPro" not in products
    assert any("1,088 deals belong to no known account" in c for c in done.findings.caveats)
    # Won value 10,005,534 over 4,238 deals.
    assert done.worth.value.money.value == pytest.approx(10_005_534 / 4238)
    assert not done.worth.repairs.empty


def test_deals_are_a_funnel_over_their_present_stage(review):
    done = review(
        **DEALS
        | {
            "steps": [
                "prospect @ opportunities",
                "engaged: stage=Engaging or Won or Lost @ opportunities",
                "won: outcome=won @ opportunities",
            ],
            "compare": "segments",
        }
    )
    steps = done.reach.steps.set_index("step")

    # Of closed deals 63.15% are won; 500 and 1,589 are open in their stage.
    assert steps["open"].tolist() == [0, 500, 1589]
    assert steps.loc["won", "rate"] == pytest.approx(0.6315, abs=5e-5)
    assert steps.loc["won", "lost"] == 2473
    assert done.reach.whole.value == pytest.approx(0.6315, abs=5e-5)
    assert any("not its history" in caveat for caveat in done.findings.caveats)
    assert done.timing.rows.empty
    assert done.breakdown.trend.empty


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
    assert any("no date" in caveat for caveat in done.findings.caveats)
    assert done.findings.verdict.word == "Different"
    assert len(funnel_steps.shown(done)) == 22


def test_no_column_that_tells_the_outcome_is_mapped(public_data):
    source = open_source("leads_xeducation")
    text = source.stock.mapping.model_dump_json(include={"tables"})

    assert [name for name in LEAKY if name in text] == []
