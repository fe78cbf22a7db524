"""Features are those of the decision date: by hand, and unmoved by whatever came after."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from opsplaybook.metrics import decisions
from opsplaybook.metrics.renewals import decisions as decide

LAST = date(2026, 6, 30)
AT = pd.Timestamp("2026-03-01")
"""Decision date of the account: due on 2026-03-31, with 30 days of notice."""

FIRST_ROW = "2025-01-02 08:00"


def days(text: str, count: int) -> list[str]:
    return [f"{text} {hour:02d}:00" for hour in range(count)]


def rows_of_use() -> list[dict]:
    moments = [FIRST_ROW, *days("2025-10-01", 20), *days("2026-02-28", 12), "2026-03-01 00:30"]
    return [
        {
            "account_id": "A",
            "user_id": f"U-{n % 3}",
            "action": "ran" if n % 2 else "saved",
            "at": at,
        }
        for n, at in enumerate(moments)
    ]


def company(**more: list[dict]) -> dict[str, list[dict] | pd.DataFrame]:
    contract = {
        "contract_id": "K", "account_id": "A", "start_on": "2025-04-01", "end_on": "2026-03-31",
        "annual_value": 100.0, "notice_days": 30, "seats": 6, "outcome": "renewed",
        "decided_on": "2026-03-20",
    }  # fmt: skip
    base = {
        "accounts": [{"account_id": "A", "customer_since": "2025-03-01", "industry": "retail"}],
        "contracts": [contract],
        "activity": rows_of_use(),
        "contacts": [
            {"contact_id": "P-1", "account_id": "A", "role": "decision maker",
             "joined_on": "2024-01-01", "left_on": "2025-03-02", "covered_on": None},
            {"contact_id": "P-2", "account_id": "A", "role": "signer", "joined_on": "2024-01-01",
             "left_on": None, "covered_on": "2026-03-01"},
        ],
        "tickets": [{"ticket_id": "T-1", "account_id": "A", "opened_at": "2026-02-28 10:00"}],
        "trainings": [{"account_id": "A", "at": "2025-05-01 10:00", "passed": True}],
    }  # fmt: skip
    return {name: [*rows, *more.get(name, [])] for name, rows in base.items()}


def features(make_tables, **more: list[dict]) -> pd.Series:
    frames = {name: pd.DataFrame(rows) for name, rows in company(**more).items()}
    tables = make_tables(frames, as_of=LAST)
    made = decide(tables["contracts"], LAST, grace_days=30)
    return decisions.decision_features(tables, made).loc["A 2026-03-31"]


def test_features_by_hand(make_tables):
    found = features(make_tables)
    assert found["at"] == AT
    assert found["use"] == 12
    assert found["earlier_use"] == 20
    assert found["falling_use"] == 1
    assert found["users"] == 3
    assert found["seat_use"] == 0.5
    assert found["breadth"] == 2
    # A decision maker left 364 days before; the signer is met since the very day.
    assert found["lost_decision_maker"] == 1
    assert found["covered_roles"] == 1
    assert found["tickets"] == 1
    assert found["trained"] == 1
    assert found["tenure_years"] == pytest.approx(1.0, abs=0.01)
    assert np.isnan(found["renews_itself"])


AFTER = {
    "activity": [{"account_id": "A", "user_id": "U-9", "action": "new", "at": "2026-03-01 09:00"}],
    "contacts": [{"contact_id": "P-9", "account_id": "A", "role": "budget holder",
                  "joined_on": "2024-01-01", "left_on": None, "covered_on": "2026-03-02"}],
    "tickets": [{"ticket_id": "T-9", "account_id": "A", "opened_at": "2026-03-01 10:00"}],
    "trainings": [{"account_id": "A", "at": "2026-03-02 10:00", "passed": True}],
}  # fmt: skip


@pytest.mark.parametrize("table", list(AFTER))
def test_a_row_after_the_decision_changes_nothing(make_tables, table):
    before = features(make_tables)
    pd.testing.assert_series_equal(features(make_tables, **{table: AFTER[table]}), before)


def test_use_is_not_known_before_its_record_begins(make_tables):
    frames = {name: pd.DataFrame(rows) for name, rows in company().items()}
    frames["activity"] = frames["activity"].iloc[1:].tail(12)
    tables = make_tables(frames, as_of=LAST)
    made = decide(tables["contracts"], LAST, grace_days=30)
    found = decisions.decision_features(tables, made).iloc[0]
    assert found[["use", "users", "falling_use"]].isna().all()


def test_score_made_after_the_decision_is_not_known(make_tables):
    frames = {name: pd.DataFrame(rows) for name, rows in company().items()}
    known = {}
    for day in ("2026-03-01", "2026-03-02"):
        frames["accounts"] = frames["accounts"].assign(health_score=7.0, scored_on=day)
        tables = make_tables(frames, as_of=LAST)
        made = decide(tables["contracts"], LAST, grace_days=30)
        known[day] = decisions.decision_features(tables, made)["health_score"].iloc[0]
    assert known["2026-03-01"] == 7.0
    assert np.isnan(known["2026-03-02"])


def test_without_any_other_table_features_are_gaps(make_tables):
    frames = {
        name: pd.DataFrame(rows)
        for name, rows in company().items()
        if name in ("accounts", "contracts")
    }
    tables = make_tables(frames, as_of=LAST)
    made = decide(tables["contracts"], LAST, grace_days=30)
    found = decisions.decision_features(tables, made).iloc[0]
    gaps = ["use", "users", "falling_use", "lost_decision_maker", "covered_roles", "tickets"]
    assert found[gaps].isna().all()
    assert found["seats"] == 6


def test_use_outside_its_contract_is_counted(make_tables):
    frames = {name: pd.DataFrame(rows) for name, rows in company().items()}
    frames["activity"] = frames["activity"].assign(contract_id="K")
    tables = make_tables(frames, as_of=LAST)
    assert decisions.use_outside_terms(tables) == (1, 34)
    assert decisions.use_outside_terms(tables, account_id="B") == (0, 0)


def with_term(make_tables, **values: object) -> pd.Series:
    """Return the features of the account with other values in its only term."""
    frames = {name: pd.DataFrame(rows) for name, rows in company().items()}
    frames["contracts"] = frames["contracts"].assign(**values)
    tables = make_tables(frames, as_of=LAST)
    made = decide(tables["contracts"], LAST, grace_days=30)
    return decisions.decision_features(tables, made).iloc[0]


@pytest.mark.parametrize("notice_days", [30, None])
def test_what_came_after_an_early_decision_is_not_read(make_tables, notice_days):
    early = "2026-02-10"
    found = with_term(make_tables, notice_days=notice_days, decided_on=early, outcome="lost")
    assert found["at"] == pd.Timestamp(early)
    # Twelve rows on 28 February and the ticket of that day came after the customer gave notice.
    assert found["use"] == 0
    assert found["earlier_use"] == 20
    assert found["tickets"] == 0
    assert found["covered_roles"] == 0


def test_years_as_a_customer_do_not_tell_when_somebody_decided(make_tables):
    known = {day: with_term(make_tables, decided_on=day)["tenure_years"]
             for day in ("2025-12-01", "2026-03-20")}  # fmt: skip
    assert known["2025-12-01"] == known["2026-03-20"] == 365 / 365.25


def test_open_decisions_are_looked_at_on_their_notice_date(make_tables):
    found = with_term(make_tables, outcome="open", decided_on="2026-02-10")
    assert found["at"] == AT
