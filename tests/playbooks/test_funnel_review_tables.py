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
    assert any("€" in claim and "more deals at won a year, that is" in claim for claim in claims)


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


def test_terms_of_contracts_are_followed_by_their_dates(funnel_steps):
    done = funnel_steps.review(
        funnel="Renewal", unit="contract_id", window_days=400, segment_by=["product"],
        steps=["started @ contracts.start_on",
               "renewed: outcome=renewed @ contracts.decided_on"],
        **PLAIN,
    )  # fmt: skip
    contracts = done.given["contracts"]
    renewed = contracts.loc[contracts["outcome"] == "renewed"]
    days = (renewed["decided_on"] - renewed["start_on"]).dt.days

    assert done.definition.counted == "contracts"
    assert done.reach.entered == contracts["start_on"].le("2026-06-30").sum()
    assert done.reach.steps["reached"].iloc[-1] == ((days >= 0) & (days <= 400)).sum()
    assert set(done.reach.lost["account_id"]) <= set(contracts["account_id"])


def test_people_reached_by_events_are_followed_by_their_dates(funnel_steps):
    done = funnel_steps.review(
        funnel="Invitation", unit="contact_id", window_days=60, segment_by=["channel"],
        steps=["invited @ event_contacts.invited_at", "registered @ event_contacts.registered_at",
               "attended @ event_contacts.attended_at"],
        **PLAIN,
    )  # fmt: skip
    people = done.given["event_contacts"]

    assert done.definition.counted == "people"
    assert done.reach.entered == people.loc[people["invited_at"].notna(), "contact_id"].nunique()
    assert done.reach.steps["reached"].is_monotonic_decreasing
    assert 0 < done.reach.whole.value < 1
    assert "Counted per person." in funnel_steps.shown(done)["reach"].note
