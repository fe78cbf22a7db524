"""Benefits of deals on each basis, by hand."""

from datetime import date

import pandas as pd
import pytest

from opsplaybook.metrics import returns

DAY = pd.Timestamp("2025-03-10")


def deals() -> pd.DataFrame:
    rows = [
        ("open", "2025-03-20", None, "open", 100.0),
        ("won in time", "2025-03-20", "2025-03-24", "won", 50.0),
        ("won later", "2025-03-20", "2025-03-25", "won", 40.0),
        ("lost in time", "2025-03-11", "2025-03-12", "lost", 30.0),
        ("opened later", "2025-03-25", None, "open", 1000.0),
        ("without amount", "2025-03-20", None, "open", None),
        ("negative", "2025-03-20", None, "open", -5.0),
    ]
    frame = pd.DataFrame(
        rows, columns=["opportunity_id", "opened_on", "closed_on", "outcome", "amount"]
    )
    days = {name: pd.to_datetime(frame[name]) for name in ("opened_on", "closed_on")}
    return frame.assign(account_id="A1", relation="sourced", **days)


def test_each_basis_by_hand():
    found = returns.benefits(deals(), DAY, 14, 0.25).set_index("opportunity_id")
    assert "opened later" not in found.index
    assert found["pipeline"].to_dict() == {
        "open": 100.0, "won in time": 50.0, "won later": 40.0, "lost in time": 30.0,
        "without amount": 0.0, "negative": 0.0,
    }  # fmt: skip
    assert found["weighted pipeline"].to_dict() == {
        "open": 25.0, "won in time": 50.0, "won later": 10.0, "lost in time": 0.0,
        "without amount": 0.0, "negative": 0.0,
    }  # fmt: skip
    assert found["closed revenue"].sum() == 50.0


def test_the_bases_stand_in_order():
    found = returns.benefits(deals(), DAY, 14, 0.25)[list(returns.BASES)].sum()
    assert found.is_monotonic_decreasing


def test_without_a_win_rate_open_deals_have_no_weight():
    found = returns.benefits(deals(), DAY, 14, float("nan")).set_index("opportunity_id")
    assert found["weighted pipeline"].isna().to_dict()["open"]
    assert found.loc["won in time", "weighted pipeline"] == 50.0


@pytest.mark.parametrize("days", [1, 14, 90])
def test_no_deal_no_benefit(days):
    found = returns.benefits(deals().iloc[:0], DAY, days, 0.25)
    assert found[list(returns.BASES)].sum().sum() == 0.0


def test_closed_deals_are_those_won_or_lost(make_tables):
    outcomes = ["won", "won", "lost", "open", None]
    rows = [
        {"opportunity_id": f"O{n}", "account_id": "A1", "opened_on": date(2025, 1, 1),
         "closed_on": date(2025, 2, 1) if outcome in ("won", "lost") else None, "outcome": outcome}
        for n, outcome in enumerate(outcomes)
    ]  # fmt: skip
    assert returns.closed_deals(make_tables({"opportunities": rows})) == (2, 3)
