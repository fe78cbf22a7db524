"""Decisions, what became of them, and stretches as a customer: by hand, hostile rows included."""

from datetime import date

import pandas as pd
import pytest

from opsplaybook.contracts import TABLES, conform
from opsplaybook.metrics import renewals

LAST = date(2026, 6, 30)


def terms(rows: list[dict]) -> pd.DataFrame:
    """Make a table of contracts; each row needs no more than what matters to its test."""
    usual = {"account_id": "A", "annual_value": 100.0, "notice_days": 30, "outcome": "open"}
    made = [{"contract_id": f"K-{n}"} | usual | row for n, row in enumerate(rows)]
    frame = pd.DataFrame(made)
    dates = [name for name in frame if name.endswith("_on")]
    frame[dates] = frame[dates].apply(pd.to_datetime).astype("datetime64[us]")
    return conform(frame, TABLES["contracts"])


def decide(rows: list[dict], **values: object) -> pd.DataFrame:
    return renewals.decisions(terms(rows), LAST, **({"grace_days": 30} | values))


@pytest.mark.parametrize("decided_on", ["2026-03-01", "2026-03-31"])
def test_without_notice_no_renewal_is_early(decided_on):
    row = {"start_on": "2025-04-01", "end_on": "2026-03-31", "notice_days": None}
    made = decide([row | {"outcome": "renewed", "decided_on": decided_on}])
    assert made["state"].tolist() == ["renewed on time"]


@pytest.mark.parametrize(
    ("outcome", "decided_on", "state"),
    [
        ("renewed", "2026-02-20", "renewed early"),
        ("renewed", "2026-03-01", "renewed early"),
        ("renewed", "2026-03-02", "renewed on time"),
        ("renewed", "2026-03-31", "renewed on time"),
        ("renewed", "2026-04-01", "renewed late"),
        ("renewed", "2026-04-30", "renewed late"),
        ("renewed", "2026-05-01", "lost"),
        ("lost", "2026-03-10", "lost"),
        ("open", None, "open"),
    ],
)
def test_grace_and_notice_decide_the_state(outcome, decided_on, state):
    row = {"start_on": "2025-04-01", "end_on": "2026-03-31", "outcome": outcome}
    made = decide([row | {"decided_on": decided_on}])
    assert made["state"].tolist() == [state]
    assert made["decide_by"].tolist() == [pd.Timestamp("2026-03-01")]


def test_terms_that_end_together_are_one_decision():
    shared = {"start_on": "2025-04-01", "end_on": "2026-03-31", "decided_on": "2026-03-10"}
    made = decide(
        [
            shared | {"product": "Core", "outcome": "renewed", "renewed_value": 130.0},
            shared | {"product": "Add-on", "annual_value": 40.0, "outcome": "lost"},
            {"account_id": "B"} | shared | {"outcome": "lost", "loss_kind": "external"},
        ]
    )
    assert made["decision_id"].tolist() == ["A 2026-03-31", "B 2026-03-31"]
    assert made["terms"].tolist() == [2, 1]
    assert made["state"].tolist() == ["renewed on time", "lost"]
    # Growth of one product does not make good what the other lost.
    assert made["annual_value"].tolist() == [140.0, 100.0]
    assert made["kept_value"].tolist() == [100.0, 0.0]
    assert made["renewed_value"].iloc[0] == 130.0
    assert made["loss_kind"].tolist()[1] == "external"


def test_open_past_the_grace_is_overdue_and_not_lost():
    made = decide(
        [
            {"start_on": "2025-01-01", "end_on": "2026-05-30"},
            {"account_id": "B", "start_on": "2025-01-01", "end_on": "2026-05-31"},
        ]
    )
    assert made["state"].tolist() == ["open", "open"]
    assert made["overdue"].tolist() == [True, False]


def test_outcome_that_is_not_recorded_comes_from_the_next_term():
    rows = [
        {"start_on": "2024-01-01", "end_on": "2024-12-31", "outcome": None},
        {"start_on": "2025-01-15", "end_on": "2025-12-31", "outcome": None, "annual_value": 80.0},
        {"start_on": "2026-05-01", "end_on": "2026-06-20", "outcome": None},
    ]
    made = decide(rows)
    assert made["state"].tolist() == ["renewed on time", "lost", "open"]
    assert made["kept_value"].iloc[0] == 80.0
    assert decide(rows, grace_days=150)["state"].tolist()[1] == "renewed on time"


def test_term_that_begins_on_the_last_day_of_another_one_renews_it():
    rows = [
        {"start_on": "2024-01-01", "end_on": "2025-01-01", "outcome": None},
        {"start_on": "2025-01-01", "end_on": "2026-01-01", "outcome": None, "annual_value": 70.0},
    ]
    made = decide(rows)
    assert made["state"].tolist() == ["renewed on time", "lost"]
    assert made["kept_value"].tolist() == [70.0, 0.0]


def test_change_of_plan_is_a_renewal_at_the_value_of_the_new_plan():
    due = {"start_on": "2025-01-01", "end_on": "2025-12-31", "outcome": None}
    both = {"start_on": "2026-01-01", "end_on": "2026-12-31", "outcome": None, "product": "Both"}
    made = decide(
        [
            due | {"product": "Core"},
            due | {"product": "Add-on", "annual_value": 300.0},
            both | {"annual_value": 360.0},
        ]
    )
    assert made["state"].tolist() == ["renewed on time", "open"]
    # Two products went over into one: its value is counted once.
    assert made[["annual_value", "kept_value", "renewed_value"]].iloc[0].tolist() == [400, 360, 360]


def test_term_that_follows_without_a_value_renews_at_the_old_one():
    rows = [
        {"start_on": "2025-01-01", "end_on": "2025-12-31", "outcome": None},
        {"start_on": "2026-01-01", "end_on": "2026-12-31", "outcome": None, "annual_value": None},
    ]
    made = decide(rows)
    assert made["state"].tolist() == ["renewed on time", "open"]
    assert made["kept_value"].iloc[0] == 100.0


def test_term_still_open_beside_a_renewed_one_is_a_decision_of_its_own():
    due = {"start_on": "2025-06-21", "end_on": "2026-06-20"}
    made = decide(
        [
            due | {"product": "Core", "outcome": "renewed", "renewed_value": 100.0},
            due | {"product": "Add-on", "annual_value": 40.0},
            due | {"account_id": "B", "outcome": "lost"},
            due | {"account_id": "B", "annual_value": 40.0},
        ]
    )
    # Nothing of account A is lost. Account B may still stay: it has decided nothing yet.
    assert made["decision_id"].tolist() == ["A 2026-06-20", "A 2026-06-20 open", "B 2026-06-20"]
    assert made["state"].tolist() == ["renewed on time", "open", "open"]
    assert made["annual_value"].tolist() == [100.0, 40.0, 140.0]
    assert made["kept_value"].tolist() == [100.0, 0.0, 0.0]
    months = renewals.by_due_month(made)
    assert months[["value_decided", "value_kept", "value_open"]].iloc[0].tolist() == [100, 100, 180]


def test_terms_without_an_end_are_due_on_no_day():
    made = decide([{"start_on": "2025-01-01", "end_on": None}])
    assert made.empty
    assert list(made.columns) == list(decide([{"start_on": "2025-01-01", "end_on": "2025-02-01"}]))


def test_months_add_up_to_decisions():
    rows = [
        {"account_id": key, "start_on": "2025-01-01", "end_on": end, "outcome": outcome}
        for key, end, outcome in (
            ("A", "2026-03-31", "renewed"),
            ("B", "2026-03-31", "lost"),
            ("C", "2026-04-30", "open"),
        )
    ]
    months = renewals.by_due_month(decide(rows))
    assert months["due"].tolist() == [2, 1]
    assert months["decided"].tolist() == [2, 0]
    states = months[list(renewals.STATES)].sum(axis=1)
    assert states.tolist() == months["due"].tolist()
    assert months["value_due"].tolist() == [200.0, 100.0]
    assert months["value_lost"].tolist() == [100.0, 0.0]
    assert months["value_open"].tolist() == [0.0, 100.0]


@pytest.mark.parametrize(
    ("outcome", "end_on", "agreed"),
    [("lost", "2025-05-05", False), ("open", "2026-12-31", True), (None, "2026-12-31", True)],
)
def test_ends_of_lost_terms_are_no_due_dates(make_tables, outcome, end_on, agreed):
    rows = [
        {"contract_id": "K-0", "account_id": "A", "start_on": "2025-01-01", "end_on": end_on,
         "outcome": outcome},
        {"contract_id": "K-1", "account_id": "A", "start_on": "2025-01-01", "end_on": None,
         "outcome": "open"},
    ]  # fmt: skip
    accounts = [{"account_id": "A"}]
    tables = make_tables({"accounts": accounts, "contracts": rows}, as_of=date(2025, 2, 1))
    assert renewals.ends_are_agreed(tables) == agreed


def test_landmarks_see_a_term_as_often_as_it_runs_on_one():
    contracts = terms(
        [
            {"start_on": "2025-12-01", "end_on": "2026-05-15", "outcome": "lost"},
            {"account_id": "B", "start_on": "2026-04-15", "end_on": None},
        ]
    )
    made = renewals.landmark_decisions(contracts, LAST, every_days=90)
    found = made[["account_id", "decide_by", "state"]].sort_values(["account_id", "decide_by"])
    assert found["decide_by"].dt.strftime("%Y-%m-%d").tolist() == [
        "2026-01-01", "2026-04-01", "2026-06-30",
    ]  # fmt: skip
    assert found["state"].tolist() == ["renewed on time", "lost", "open"]


def test_overlapping_terms_are_counted():
    contracts = terms(
        [
            {"start_on": "2025-01-01", "end_on": "2025-12-31"},
            {"start_on": "2025-12-31", "end_on": "2026-12-31"},
            {"start_on": "2025-06-01", "end_on": "2026-01-31", "product": "Other"},
            {"start_on": "2027-01-01", "end_on": "2027-12-31"},
        ]
    )
    assert renewals.overlapping(contracts) == 1


def test_late_renewal_is_no_gap_and_a_long_one_is():
    contracts = terms(
        [
            {"start_on": "2023-01-01", "end_on": "2023-12-31", "outcome": "renewed"},
            {"start_on": "2024-01-20", "end_on": "2024-12-31", "outcome": "lost",
             "loss_kind": "external"},
            {"start_on": "2025-06-01", "end_on": "2026-06-15"},
        ]
    )  # fmt: skip
    found = renewals.tenures(contracts, LAST, gap_days=30)
    assert found["stretch"].tolist() == [0, 1]
    assert found["terms"].tolist() == [2, 1]
    assert found["left_on"].iloc[0] == pd.Timestamp("2024-12-31")
    assert found["loss_kind"].iloc[0] == "external"
    # The last term ended within the grace and is not decided: the customer is still there.
    assert pd.isna(found["left_on"].iloc[1])
