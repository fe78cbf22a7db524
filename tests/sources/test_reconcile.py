"""Bridges, by hand."""

from datetime import date

import pandas as pd
import pytest

from opsplaybook.contracts import TABLES, conform
from opsplaybook.sources.reconcile import reconcile_contracts, revenue_bridge

FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)


def terms(*rows: tuple) -> pd.DataFrame:
    names = ["account_id", "start_on", "end_on", "annual_value"]
    frame = pd.DataFrame(rows, columns=names)
    times = {name: pd.to_datetime(frame[name]) for name in ("start_on", "end_on")}
    return frame.assign(**times)


def test_each_movement_by_hand():
    contracts = terms(
        ("stays", "2023-01-01", None, 100.0),
        ("grows", "2023-01-01", "2024-06-30", 100.0),
        ("grows", "2024-07-01", None, 150.0),
        ("shrinks", "2023-01-01", "2024-06-30", 100.0),
        ("shrinks", "2024-07-01", None, 30.0),
        ("leaves", "2023-01-01", "2024-06-30", 80.0),
        ("comes", "2024-02-01", None, 40.0),
        ("returns", "2022-01-01", "2022-12-31", 60.0),
        ("returns", "2024-03-01", None, 70.0),
        ("came and went", "2024-02-01", "2024-05-31", 999.0),
    )
    bridge = revenue_bridge(contracts, FIRST, LAST)
    assert (bridge.start, bridge.end) == (380.0, 390.0)
    assert (bridge.new, bridge.reactivation) == (40.0, 70.0)
    assert (bridge.expansion, bridge.contraction, bridge.churn) == (50.0, 70.0, 80.0)
    assert bridge.residual == 0


def test_no_contracts_give_zeros():
    bridge = revenue_bridge(terms(), FIRST, LAST)
    assert (bridge.start, bridge.end, bridge.residual) == (0, 0, 0)


@pytest.mark.parametrize(("value", "holds"), [(120.0, True), (110.0, False)])
def test_renewed_value_is_compared_with_the_next_term(value, holds):
    rows = pd.DataFrame(
        {
            "contract_id": ["1", "2"],
            "account_id": ["a", "a"],
            "start_on": pd.to_datetime(["2023-01-01", "2024-01-01"]),
            "end_on": pd.to_datetime(["2023-12-31", "2024-12-31"]),
            "annual_value": [100.0, 120.0],
            "renewed_value": [value, None],
            "renews_contract_id": [None, "1"],
            "outcome": ["renewed", "open"],
        }
    )
    found = reconcile_contracts(conform(rows, TABLES["contracts"]), LAST, currency="EUR")
    renewed = next(part for part in found if part.name.startswith("renewed value"))
    assert renewed.holds is holds


def test_overlapping_terms_are_counted_not_judged():
    rows = terms(
        ("a", "2024-01-01", "2024-12-31", 1.0),
        ("a", "2024-06-01", "2024-07-31", 1.0),
        ("a", "2024-09-01", "2025-07-31", 1.0),
        ("b", "2024-06-01", None, 1.0),
    ).assign(contract_id=["1", "2", "3", "4"])
    found = reconcile_contracts(conform(rows, TABLES["contracts"]), LAST, currency="EUR")
    overlap = found[-1]
    assert overlap.holds is None
    assert overlap.detail == "2 of 4 terms start while an earlier one runs"
