"""Which term follows which, where the source does not say: by hand, hostile rows included."""

import pandas as pd
import pytest

from opsplaybook.contracts import TABLES, conform
from opsplaybook.metrics.followers import followers


def found(rows: list[tuple], **more: object) -> list[str]:
    """Find the follower of each row of key, product, start and end; empty where there is none."""
    frame = pd.DataFrame(rows, columns=["contract_id", "product", "start_on", "end_on"])
    for name in ("start_on", "end_on"):
        frame[name] = pd.to_datetime(frame[name])
    contracts = conform(frame.assign(account_id="A", **more), TABLES["contracts"])
    return followers(contracts, contracts, grace_days=30).fillna("").tolist()


@pytest.mark.parametrize(
    ("start_on", "follows"),
    [
        ("2025-12-01", True),  # The first day of the grace before the end.
        ("2025-11-30", False),
        ("2025-12-31", True),  # The last day of the old term is the first of the new one.
        ("2026-01-01", True),
        ("2026-01-31", True),  # The last day of the grace after it.
        ("2026-02-01", False),
    ],
)
def test_follower_begins_within_the_grace_on_either_side(start_on, follows):
    rows = [("old", "Core", "2025-01-01", "2025-12-31"), ("new", "Core", start_on, "2027-01-31")]
    assert found(rows) == ["new" if follows else "", ""]


def test_change_of_plan_comes_after_the_same_product():
    rows = [
        ("basic", "Basic", "2025-01-01", "2025-12-31"),
        ("add-on", "Add-on", "2025-01-01", "2025-12-31"),
        ("add-on, later", "Add-on", "2026-01-10", "2026-12-31"),
        ("pro", "Pro", "2026-01-20", "2026-12-31"),
    ]
    assert found(rows) == ["pro", "add-on, later", "", ""]
    # What renews another product does not keep the one that was given up.
    assert found(rows[:3]) == ["", "add-on, later", ""]


def test_no_term_follows_itself_or_one_that_runs_longer():
    day = ("day", "Core", "2025-12-31", "2025-12-31")
    assert found([day]) == [""]
    assert found([day, ("next", "Core", "2026-01-01", "2026-01-01")]) == ["next", ""]
    month = ("month", "Core", "2025-12-10", "2025-12-31")
    assert found([month]) == [""]
    assert found([("year", "Core", "2025-01-01", "2025-12-31"), month]) == ["", ""]


def test_names_of_the_source_come_before_days():
    rows = [
        ("old", "Core", "2025-01-01", "2025-12-31"),
        ("other", "Core", "2026-01-01", "2026-12-31"),
        ("new", "Pro", "2026-06-01", None),
    ]
    assert found(rows, renews_contract_id=[None, None, "old"]) == ["new", "", ""]
