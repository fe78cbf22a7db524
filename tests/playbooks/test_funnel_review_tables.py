"""Funnels over the date columns of other tables of the sample company."""

import pytest

PLAIN = {"change_on": None, "change_name": "", "other_rules": False}


@pytest.fixture(scope="module")
def deals(funnel_steps):
    steps = [
        "opened @ opportunities.opened_on",
        "qualified @ opportunities.qualified_on",
        "won: outcome=won @ opportunities.closed_on",
    ]
    return funnel_steps.review(
        funnel="Deals", unit="opportunity_id", window_days=180, segment_by=["kind"], steps=steps,
        **PLAIN,
    )  # fmt: skip


def test_a_repair_of_the_pipeline_is_worth_deals_and_money(deals):
    best = deals.worth.first("keep some of those lost")
    value = deals.worth.value.money

    assert best["step"] == "won"
    assert best["deals"] == best["units"]
    assert best["money"] == pytest.approx(best["units"] * value.value)
    assert 0 < best["money_low"] < best["money"] < best["money_high"]
    claims = [finding.claim for finding in deals.findings.findings]
    assert any(
        "€" in claim and "more deals come to won a year, that is" in claim for claim in claims
    )


def test_a_young_deal_is_open(deals):
    # A window of 180 days ends before 2026-06-30 for deals opened up to 2026-01-01.
    assert deals.definition.window_days == 180
    assert deals.reach.lost["entered_on"].max().isoformat()[:10] <= "2026-01-01"
    assert deals.reach.open > 100


def test_a_way_across_tables_is_followed_by_account(funnel_steps):
    steps = [
        "invited @ event_contacts.invited_at",
        "deal opened @ opportunities.opened_on",
        "won: outcome=won @ opportunities.closed_on",
    ]
    done = funnel_steps.review(
        funnel="Invitation to deal", unit="account_id", window_days=180, segment_by=[],
        steps=steps, **PLAIN,
    )  # fmt: skip

    assert done.definition.counted == "accounts"
    assert done.reach.steps["reached"].is_monotonic_decreasing
    assert done.behaviour.actions.empty
    assert done.worth.value.basis.startswith("mean amount of")
    assert len(funnel_steps.shown(done)) == 22
