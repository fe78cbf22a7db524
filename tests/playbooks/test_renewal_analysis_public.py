"""The renewal analysis on public subscriptions whose records disagree and where nothing drives."""

import pandas as pd
import pytest

FLAGGED, EVENTS = "account marked as lost", "lost renewal on record"
IDLE = ("seats", "use", "breadth", "annual_value", "billed_yearly", "renews_itself")


@pytest.fixture
def ravenstack(public_data, renewal_steps):
    done = renewal_steps.analyse("ravenstack", group_by="segment")
    return done, renewal_steps.shown(done)


def test_ravenstack(ravenstack):
    """One run, since the set is large: every claim about it is held against the files."""
    done, shown = ravenstack
    records_disagree_and_are_named(done)
    use_lies_outside_its_subscription(done)
    nothing_drives(done)
    revenue_of_december_is_the_published_one(done)
    due_dates_are_not_made_up(done)
    assert len(shown) == 28


def records_disagree_and_are_named(done):
    pairs = done.records.pairs.set_index(["first", "second"])
    row = pairs.loc[(FLAGGED, EVENTS)]
    assert row.tolist() == [110, 352, 75, 35, 277]
    said = " ".join(finding.claim for finding in done.findings.findings)
    for number in ("110", "352", "75", "35", "277"):
        assert number in said


def use_lies_outside_its_subscription(done):
    assert (done.records.outside, done.records.rows) == (19_432, 25_000)
    said = " ".join(finding.claim for finding in done.findings.findings)
    assert "19,432 of 25,000 rows of use lie outside" in said


def nothing_drives(done):
    drivers = done.drivers
    assert drivers.standing == "none"
    assert not drivers.univariate["beyond_chance"].any()
    assert set(IDLE) <= set(drivers.candidates)
    looked_at = set(drivers.univariate["feature"])
    assert {"product", "billing", "seats", "actions in 90 days"} <= looked_at
    assert drivers.losses > 200
    assert done.test.standing == "does not separate"
    assert done.forecast.basis == "base rate"


def revenue_of_december_is_the_published_one(done):
    months = done.retained.months.set_index("month")
    assert months.loc[pd.Timestamp("2024-12-31"), "active"] == pytest.approx(10_734_251, abs=1)
    assert done.retained.bridge.reconciles


def due_dates_are_not_made_up(done):
    assert not done.book.agreed
    assert done.due.logo.n == 0
    caveats = " ".join(done.findings.caveats)
    assert "No contract has an agreed end" in caveats
    assert "lost terms began and ended between two landmarks" in caveats
