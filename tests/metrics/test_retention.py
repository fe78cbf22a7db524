"""The bridge of recurring revenue reconciles whatever the contracts look like."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsplaybook.contracts import TABLES, conform
from opsplaybook.metrics import retention
from opsplaybook.sources.reconcile import revenue_bridge

FIRST, LAST = date(2025, 6, 30), date(2026, 6, 30)


def contracts(rows: list[tuple]) -> pd.DataFrame:
    names = ["account_id", "start_on", "end_on", "annual_value", "outcome"]
    frame = pd.DataFrame(rows, columns=names)
    dated = frame.assign(
        contract_id=[f"K-{n}" for n in range(len(rows))],
        start_on=pd.to_datetime(frame["start_on"]),
        end_on=pd.to_datetime(frame["end_on"]),
    )
    return conform(dated, TABLES["contracts"])


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


def test_open_term_whose_follower_runs_is_not_counted_twice():
    rows = [
        ("A", "2025-06-21", "2026-06-20", 100, "open"),
        ("A", "2026-06-21", "2027-06-20", 120, "open"),
    ]
    found = bridge(rows)
    assert (found.start, found.total("expansion"), found.end, found.held) == (100, 20, 120, 0)


def test_open_term_whose_follower_is_signed_is_still_there():
    rows = [
        ("A", "2025-06-21", "2026-06-20", 100, "open"),
        ("A", "2026-07-15", "2027-07-14", 120, "open"),
    ]
    assert (bridge(rows).end, bridge(rows).held) == (100, 100)


@pytest.mark.parametrize(("end_on", "kept"), [("2026-05-31", 100.0), ("2026-05-30", 0.0)])
def test_term_without_an_outcome_is_open_until_the_grace_is_over(end_on, kept):
    rows = [("A", "2025-06-01", end_on, 100, None)]
    assert (bridge(rows).end, bridge(rows).held) == (kept, kept)
    assert bridge(rows).total("churn") == 100.0 - kept


@pytest.mark.parametrize("outcome", ["renewed", None])
def test_late_renewal_is_no_churn_and_no_reactivation(outcome):
    late = ("A", "2025-07-20", "2026-07-19", 130, "open")
    rows = [("A", "2024-06-21", "2025-06-20", 100, outcome), late]
    # The period begins between the two terms: the first of them still counts.
    found = bridge(rows)
    assert (found.start, found.total("expansion"), found.end) == (100, 30, 130)
    months = retention.bridge_by_month(contracts(rows), LAST, months=13, grace_days=30)
    assert [one.end for one in months[:3]] == [100, 130, 130]
    moved = {name: sum(one.total(name) for one in months) for name in retention.MOVEMENTS}
    assert moved == {
        "new": 0, "reactivation": 0, "expansion": 30, "contraction": 0, "churn": 0,
    }  # fmt: skip
    # Beyond the grace it is a loss, and so is a term that is known to be lost.
    assert bridge(rows, grace_days=28).total("reactivation") == 130
    assert bridge([(*rows[0][:4], "lost"), late]).total("reactivation") == 130


def test_months_chain_over_a_term_within_the_grace():
    rows = contracts(
        [
            ("A", "2025-01-01", None, 1000, "open"),
            ("B", "2025-05-21", "2026-05-20", 1000, "open"),
        ]
    )
    found = retention.bridge_by_month(rows, date(2026, 6, 15), months=2, grace_days=30)
    assert [(one.start, one.end, one.held) for one in found] == [
        (2000, 2000, 1000), (2000, 2000, 1000),
    ]  # fmt: skip
    assert [set(one.accounts["movement"]) for one in found] == [{"same"}, {"same"}]


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
        st.sampled_from(["open", "lost", "renewed", None]),
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


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_months_chain_on_any_contracts(rows):
    found = retention.bridge_by_month(contracts(rows), LAST, months=6, grace_days=30)
    assert [one.end for one in found[:-1]] == [two.start for two in found[1:]]
    assert all(one.reconciles for one in found)
    year = retention.revenue_bridge_of_accounts(
        contracts(rows), found[0].first.date(), LAST, grace_days=30
    )
    assert (year.start, year.end) == (found[0].start, found[-1].end)
