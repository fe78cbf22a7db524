"""Renewal and retention rates against published arithmetic."""

import numpy as np
import pandas as pd
import pytest

from opsplaybook.contracts import TABLES, conform
from opsplaybook.metrics.retention import (
    Bridge,
    gross_retention,
    net_retention,
    revenue_bridge_of_accounts,
)
from opsplaybook.stats.rates import rate

DAYS = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-12-31")


def bridge(accounts: list[tuple[float, float]]) -> Bridge:
    """Make a bridge of accounts with a value at the start and at the end."""
    rows = []
    for n, (start, end) in enumerate(accounts):
        rows += [(f"A-{n}", DAYS[0], DAYS[0], start)] if start else []
        rows += [(f"A-{n}", DAYS[1], None, end)] if end else []
    frame = pd.DataFrame(rows, columns=["account_id", "start_on", "end_on", "annual_value"])
    keys = [f"K-{n}" for n in range(len(frame))]
    dated = frame.assign(
        contract_id=keys, end_on=pd.to_datetime(frame["end_on"]), outcome="renewed"
    )
    first, last = (day.date() for day in DAYS)
    contracts = conform(dated, TABLES["contracts"])
    return revenue_bridge_of_accounts(contracts, first, last, grace_days=0)


def rates_of(found: Bridge) -> tuple[float, float]:
    start, end = (found.base[name].to_numpy() for name in ("start", "end"))
    return gross_retention(start, end), net_retention(start, end)


def test_gross_retention_of_saastr():
    # SaaStr, "How should I calculate gross dollar retention for our investors": 1,000,000 at the
    # beginning, 50,000 churned, 50,000 downgraded.
    found = bridge([(50_000, 0), (450_000, 400_000), (500_000, 500_000)])
    assert found.total("churn") == 50_000
    assert found.total("contraction") == 50_000
    assert rates_of(found)[0] == pytest.approx(0.9, abs=1e-9)


def test_net_retention_from_components():
    # pitchkit.net, glossary NDR: start 100,000, expansion 15,000, contraction 3,000, churn 5,000;
    # the gross rate is derived.
    found = bridge([(5_000, 0), (30_000, 27_000), (65_000, 80_000)])
    gross, net = rates_of(found)
    assert net == pytest.approx(1.07, abs=1e-9)
    assert gross == pytest.approx(0.92, abs=1e-9)


def test_net_retention_over_one_hides_lost_customers():
    # partnershare.cn, on calculating NDR (125%): ten accounts of 10; gross and logo derived with
    # the cap per account.
    found = bridge([(10, end) for end in (20, 20, 20, 20, 20, 20, 5, 0, 0, 0)])
    gross, net = rates_of(found)
    assert net == pytest.approx(1.25, abs=1e-9)
    assert gross == pytest.approx(0.65, abs=1e-9)
    assert float((found.base["end"] > 0).mean()) == pytest.approx(0.7, abs=1e-9)
    totals = [found.total(name) for name in ("expansion", "contraction", "churn")]
    assert totals == [60, 5, 30]


def test_churn_rates_of_chartmogul():
    # ChartMogul help, "MRR Churn Rate" and "Net MRR Churn Rate" (standard B2B setting): 100 at the
    # start, churn 10, contraction 10, expansion 10, no reactivation.
    found = bridge([(10, 0), (20, 10), (70, 80)])
    lost = found.total("churn") + found.total("contraction")
    won = found.total("expansion") + found.total("reactivation")
    assert lost / found.start == pytest.approx(0.2, abs=1e-9)
    assert (lost - won) / found.start == pytest.approx(0.1, abs=1e-9)
    # Without a reactivation the two definitions of net agree.
    assert 1 - (lost - won) / found.start == pytest.approx(rates_of(found)[1], abs=1e-9)


def test_renewal_rate_by_logo_and_by_money():
    # winsabove.com, glossary "Renewal Rate": 50 accounts and 4,000,000 due, 45 renewed, 500,000
    # lost to churn and 300,000 to downgrades; the Wilson interval was added.
    found = rate(45, 50)
    assert found.value == pytest.approx(0.9, abs=0.0005)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.7864, 0.9565), abs=0.0005)
    due = np.array([500_000, 1_500_000, 2_000_000])
    kept = np.array([0, 1_200_000, 2_000_000])
    assert gross_retention(due, kept) == pytest.approx(0.8, abs=0.0005)
