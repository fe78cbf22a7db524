"""The bridge of recurring revenue reconciles whatever the contracts look like."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsplaybook.metrics import retention
from opsplaybook.sources.reconcile import revenue_bridge

FIRST, LAST = date(2025, 6, 30), date(2026, 6, 30)


def contracts(rows: list[tuple]) -> pd.DataFrame:
    names = ["account_id", "start_on", "end_on", "annual_value", "outcome"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(
        start_on=pd.to_datetime(frame["start_on"]),
        end_on=pd.to_datetime(frame["end_on"]),
        annual_value=frame["annual_value"].astype("float64"),
    )


def bridge(rows: list[tuple], *, grace_days: int = 30) -> retention.Bridge:
    return retention.revenue_bridge_of_accounts(contracts(rows), FIRST, LAST, grace_days=grace_days)


def test_every_movement_is_told_apart():
    found = bridge(
        [
            ("stayed", "2025-01-01", "2026-12-31", 100, "open"),
            ("grew", "2025-01-01", "2025-12-31", 100, "renewed"),
            ("grew", "2026-01-01", "2026-12-31", 150, "open"),
            ("shrank", "2025-01-01", "2025-12-31", 100, "renewed"),
            ("shrank", "2026-01-01", "2026-12-31", 70, "open"),
            ("left", "2025-01-01", "2025-12-31", 100, "lost"),
            ("new", "2026-01-01", "2026-12-31", 40, "open"),
            ("back", "2023-01-01", "2023-12-31", 90, "lost"),
            ("back", "2026-01-01", "2026-12-31", 60, "open"),
        ]
    )
    totals = {name: found.total(name) for name in retention.MOVEMENTS}
    assert totals == {
        "new": 40, "reactivation": 60, "expansion": 50, "contraction": 30, "churn": 100,
    }  # fmt: skip
    assert (found.start, found.end, found.gap) == (400.0, 420.0, 0.0)
    base = found.base
    assert retention.gross_retention(base["start"].to_numpy(), base["end"].to_numpy()) == 0.675
    assert retention.net_retention(base["start"].to_numpy(), base["end"].to_numpy()) == 0.8
    # The term of two years was not due: it could not leave.
    assert base["eligible"].to_dict() == {
        "grew": True, "left": True, "shrank": True, "stayed": False,
    }  # fmt: skip


def test_open_term_within_the_grace_is_still_there():
    rows = [("A", "2025-01-01", "2026-06-15", 100, "open")]
    assert bridge(rows).held == 100.0
    assert bridge(rows).end == 100.0
    assert bridge(rows, grace_days=5).total("churn") == 100.0


def test_value_without_an_account_is_said_and_not_hidden():
    found = bridge(
        [
            ("A", "2025-01-01", "2026-12-31", 100, "open"),
            (None, "2026-01-01", "2026-12-31", 25, "open"),
        ]
    )
    assert found.gap == 25.0
    assert not found.reconciles


def test_months_chain_from_start_to_end():
    rows = contracts(
        [
            ("A", "2025-01-01", "2025-12-31", 100, "lost"),
            ("B", "2026-02-01", "2026-12-31", 40, "open"),
        ]
    )
    found = retention.bridge_by_month(rows, LAST, months=12, grace_days=30)
    assert len(found) == 12
    assert [one.end for one in found[:-1]] == [two.start for two in found[1:]]
    assert (found[0].start, found[-1].end) == (100.0, 40.0)
    assert found[0].first == pd.Timestamp(FIRST)


def test_active_in_month_counts_who_left_in_it_and_a_renewal_twice():
    rows = contracts(
        [
            ("A", "2025-01-01", "2026-06-10", 120, "lost"),
            ("B", "2025-07-01", "2026-06-14", 120, "renewed"),
            ("B", "2026-06-15", "2027-06-14", 240, "open"),
            ("C", "2026-07-01", None, 120, "open"),
        ]
    )
    assert retention.active_in_month(rows, LAST) == 40.0


DAYS = st.dates(date(2024, 1, 1), date(2027, 1, 1))
ROWS = st.lists(
    st.tuples(
        st.sampled_from("ABCD"),
        DAYS,
        st.one_of(st.none(), DAYS),
        st.one_of(st.just(np.nan), st.integers(0, 500)),
        st.sampled_from(["open", "lost", "renewed"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_bridge_reconciles_on_any_contracts(rows):
    found = bridge(rows, grace_days=0)
    moved = sum(retention.SIGNS[name] * found.total(name) for name in retention.MOVEMENTS)
    assert found.start + moved == pytest.approx(found.end)
    assert found.reconciles
    base = found.base
    gross = retention.gross_retention(base["start"].to_numpy(), base["end"].to_numpy())
    assert np.isnan(gross) or 0 <= gross <= 1
    # The check of a source counts the same movements.
    other = revenue_bridge(contracts(rows), FIRST, LAST)
    assert found.total("churn") == pytest.approx(other.churn)
    assert found.total("expansion") == pytest.approx(other.expansion)
