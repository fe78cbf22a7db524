"""The retrospective of real campaigns: The Complete Journey, where it is there."""

import os
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from opsplaybook.metrics.quiet_hours import zone_caveats
from opsplaybook.sources import open_source

ROOT = Path(__file__).parents[2]
SALES, BASKETS = 4_596_039.58, 155_848
"""Of the publisher's transaction lines, summed."""

CHOSEN = "Households were chosen for a campaign by the retailer, not drawn at random"
CLOCK = "Times carry no zone. They are read as UTC"


@pytest.fixture(scope="module")
def source():
    folder = Path(os.environ.get("OPSPLAYBOOK_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "complete_journey").is_dir():
        pytest.skip("The Complete Journey is not here (OPSPLAYBOOK_DATA)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPSPLAYBOOK_DATA", str(folder))
        yield open_source("complete_journey")


@pytest.fixture(scope="module")
def given(source):
    names = ("events", "event_contacts", "accounts")
    return source.load(names, in_engine=("invoices", "activity"))


@pytest.fixture(scope="module")
def late(look_back_on, source):
    """Look back on campaign 18, whose window reaches beyond the data."""
    return look_back_on(source, event_id="18")


@pytest.fixture(scope="module")
def early(look_back_on, source):
    """Look back on campaign 24, which began before the data."""
    return look_back_on(source, event_id="24")


@pytest.fixture(scope="module")
def running(look_back_on, source):
    """Look back on campaign 23, which the data know for three days."""
    return look_back_on(source, event_id="23")


def test_sales_and_baskets_reconcile(source):
    totals = source.query("SELECT sum(amount) AS sales, count(*) AS baskets FROM invoices")
    assert totals["sales"][0] == pytest.approx(SALES, abs=0.005)
    assert totals["baskets"][0] == BASKETS
    assert source.query("SELECT count(*) AS baskets FROM activity")["baskets"][0] == BASKETS


def test_campaigns_invitations_and_redemptions_reconcile(given):
    contacts = given["event_contacts"]
    assert len(given["events"]) == 27
    assert len(contacts) == 6_589
    assert contacts["account_id"].nunique() == 1_559
    assert int(contacts["redemptions"].sum()) == 2_102
    redeemed = contacts.loc[contacts["redeemed_at"].notna()]
    assert redeemed["account_id"].nunique() == 410
    assert (contacts["redemptions"] > 0).sum() == len(redeemed)


def test_every_redemption_belongs_to_a_targeted_household(given):
    folder = Path(os.environ["OPSPLAYBOOK_DATA"]) / "complete_journey"
    keys = ["campaign_id", "household_id"]
    redeemed = pd.read_csv(folder / "coupon_redemptions.csv", dtype=str)[keys].drop_duplicates()
    contacts = given["event_contacts"]
    taken = contacts.loc[contacts["redeemed_at"].notna(), ["event_id", "account_id"]]
    assert set(map(tuple, redeemed.to_numpy())) == set(map(tuple, taken.to_numpy()))
    assert given.qualities["event_contacts"].broken == 0
    assert given.source.unmatched("event_contacts", ["accounts", "events"]) == ()


def test_the_counts_of_a_campaign_are_those_of_the_files(late):
    steps = late.causes.funnel.steps.set_index("step")["people"]
    assert steps.to_dict() == {"invited": 1_133, "redeemed": 214}
    assert late.results.measures.of("redemptions").value == 653
    assert late.results.measures.of("redemption_rate").value == pytest.approx(214 / 1_133)


def test_the_report_speaks_of_every_trap(late):
    caveats = " ".join(late.findings.caveats)
    for part in (
        CHOSEN,
        CLOCK,
        "there is no control group",
        "10 other events fall into the window of 62 days or the one before",
        "reached 77% of the same accounts, so effects mix",
        "The window of 90 days is not over: it is known for 62 days and ends on 2018-01-28",
        "The comparison covers 62 days, not 90: no more are known",
        "Before matching they differed from the others by up to 1.6 standard deviations",
    ):
        assert part in caveats, part
    assert late.given.as_of == date(2017, 12, 31)


def test_overlap_and_choice_forbid_a_verdict_on_the_effect(late):
    comparison = late.causes.comparison
    assert comparison.naive is not None
    assert comparison.balance.good
    assert not comparison.effect.detectable
    assert "no detectable effect on change in spend" in late.findings.verdict.sentence
    assert late.findings.verdict.word == "Keep, and test"


def test_a_campaign_from_before_the_data_is_not_compared(early):
    assert early.causes.comparison.effect is None
    caveats = " ".join(early.findings.caveats)
    assert "The data begin on 2017-01-01 (invoices), when the event had begun" in caveats
    assert "5 other events fall into the window" in caveats
    assert CHOSEN in caveats


def test_a_campaign_that_still_runs_is_too_early_to_judge(running):
    assert running.findings.verdict.word == "Too early"
    assert running.findings.findings == ()
    caveats = " ".join(running.findings.caveats)
    assert "The event runs until 2018-02-04 and is known until 2017-12-31" in caveats
    assert "Only 3 days after the first day are known" in caveats


def test_every_campaign_shows_all_its_tables(late, early, running):
    for done in (late, early, running):
        assert len(done.shown()) == 22


def test_clocks_read_as_local_time_are_found(source, tmp_path):
    text = (ROOT / "params" / "sources" / "complete_journey.yaml").read_text(encoding="utf-8")
    declared = "at: {from: bought_at, timezone: UTC}"
    assert declared in text
    misread = tmp_path / "misread.yaml"
    misread.write_text(text.replace(declared, "at: bought_at"), encoding="utf-8")
    (caveat,) = zone_caveats(open_source(misread).load(["events"], in_engine=["activity"]))
    assert "not at night: they look recorded in UTC" in caveat
    assert zone_caveats(source.load(["events"], in_engine=["activity"])) == ()


@pytest.mark.slow
def test_all_campaigns_can_be_looked_back_on(look_back_on, source):
    words = {}
    for number in range(1, 28):
        done = look_back_on(source, event_id=str(number))
        assert len(done.shown()) == 22
        caveats = " ".join(done.findings.caveats)
        assert CHOSEN in caveats
        assert CLOCK in caveats
        assert "so effects mix" in caveats
        assert len(done.findings.verdict.sentence) <= 300
        words[number] = done.findings.verdict.word
    assert {words[number] for number in (24, 25, 26)} == {"Not enough data"}
    assert {words[number] for number in (23,)} == {"Too early"}
