"""What is shown of past use: on which day it was looked at, and what is not known of that day."""

from datetime import date

import pandas as pd
import pytest

AS_OF = date(2026, 6, 30)


@pytest.fixture
def review(renewal_steps, make_tables):
    def run(contracts: pd.DataFrame, **values: object):
        keys = contracts["account_id"].drop_duplicates()
        frames = {"accounts": pd.DataFrame({"account_id": keys}), "contracts": contracts}
        return renewal_steps.analyse(make_tables(frames, as_of=AS_OF), **values)

    return run


def terms(renewal_steps) -> pd.DataFrame:
    """Make two terms of each of ten accounts: one that was decided, one that is open."""
    rows = [
        term
        for n in range(10)
        for term in renewal_steps.yearly_terms(
            f"A{n}", f"2024-{n + 1:02d}-01", f"{AS_OF}", losing=lambda: False, days_before=45
        )
    ]
    return pd.DataFrame(rows)


def test_decisions_without_any_earlier_day_are_named(review, renewal_steps):
    contracts = terms(renewal_steps)
    decided = int((contracts["outcome"] != "open").sum())
    said = (
        f"{decided:,} of {decided:,} decisions that were made have no notice period and no day of "
        "the decision on record"
    )
    done = review(contracts.assign(decided_on=pd.NaT))
    assert any(caveat.startswith(said) for caveat in done.findings.caveats)
    for known in (contracts, contracts.assign(decided_on=pd.NaT, notice_days=30)):
        assert not any("no notice period" in caveat for caveat in review(known).findings.caveats)
