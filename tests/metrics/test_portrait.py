"""Portraits, on rows whose facts are known."""

from datetime import date

import pandas as pd
import pytest

from opsplaybook.metrics.portrait import CHAIN, FACTS, account_facts, card, decision_chain
from opsplaybook.metrics.value import customer_values

LAST = date(2026, 6, 30)
TABLES = {
    "accounts": [
        {"account_id": "A", "name": "Alpha", "employees": 49},
        {"account_id": "B", "name": None, "employees": None},
        {"account_id": "C", "name": "Gamma", "employees": 1000},
    ],
    "contracts": [
        {"contract_id": "1", "account_id": "A", "start_on": "2026-01-01", "end_on": "2026-12-31",
         "annual_value": 10.0, "product": "Core"},
        {"contract_id": "2", "account_id": "A", "start_on": "2026-01-01", "end_on": "2026-09-30",
         "annual_value": 5.0, "product": "Add-on"},
        {"contract_id": "0", "account_id": "A", "start_on": "2025-01-01", "end_on": "2025-12-31",
         "annual_value": 9.0, "product": "Core", "outcome": "renewed", "decided_on": "2025-11-01"},
        {"contract_id": "3", "account_id": "B", "start_on": "2026-01-01", "end_on": "2026-12-31",
         "annual_value": 1.0, "product": None},
        {"contract_id": "4", "account_id": "C", "start_on": "2026-01-01", "end_on": "2026-12-31",
         "annual_value": 1.0, "product": "Core"},
    ],
    "contacts": [
        {"contact_id": "1", "account_id": "A", "role": "decision maker", "has_veto": True,
         "covered_on": "2026-02-01", "left_on": None},
        {"contact_id": "2", "account_id": "A", "role": "decision maker", "has_veto": True,
         "covered_on": "2025-02-01", "left_on": "2026-06-30"},
        {"contact_id": "3", "account_id": "A", "role": "user", "has_veto": False,
         "covered_on": None, "left_on": None},
        {"contact_id": "4", "account_id": "B", "role": "signer", "has_veto": True,
         "covered_on": "2026-07-01", "left_on": None},
    ],
    "tickets": [
        {"ticket_id": "1", "account_id": "A", "opened_at": "2026-06-30 10:00"},
        {"ticket_id": "2", "account_id": "A", "opened_at": "2025-06-30 10:00"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def tables(make_tables):
    return make_tables(TABLES, as_of=LAST)


@pytest.fixture(scope="module")
def facts(tables):
    return account_facts(tables, customer_values(tables))


def test_facts_of_contracts_and_support(facts):
    alpha = facts.loc["A"]
    assert alpha["product"] == "Add-on and Core"
    assert alpha["contract_value"] == 15.0
    assert alpha["contract_end"] == pd.Timestamp("2026-09-30")
    assert alpha["tickets"] == 1.0
    assert alpha[["terms", "renewals"]].tolist() == [3.0, 1.0]
    assert facts.loc["C", "terms"] == 1.0
    assert facts["size"].fillna("").tolist() == ["under 50", "", "1,000 and more"]


def test_nothing_recorded_is_missing_and_nothing_done_is_zero(facts):
    assert facts.loc["B", "tickets"] == 0.0
    assert facts[["users", "actions"]].isna().all(axis=None)
    assert facts.loc["B", ["name", "product"]].isna().all()


def test_chain_counts_who_is_here_and_spoken_with(tables, facts):
    chain = decision_chain(tables, facts.index).set_index(["account_id", "role"])
    assert chain.loc[("A", "decision maker"), ["people", "state"]].tolist() == [1, "covered"]
    assert chain.loc[("A", "decision maker"), "since"] == pd.Timestamp("2026-02-01")
    assert chain.loc[("A", "user"), "state"] == "known"
    assert chain.loc[("A", "signer"), "state"] == "nobody"
    # Contact with the signer of B begins a day after the last known one.
    assert chain.loc[("B", "signer"), "state"] == "known"
    assert chain.loc[("B", "anyone with a veto"), "state"] == "known"
    assert len(chain) == 3 * len(CHAIN)


def test_card_lists_every_fact_and_gaps_stay_gaps(tables, facts):
    rows = card(facts, decision_chain(tables, facts.index), "B")
    profile = rows.loc[rows["part"] == "profile"].set_index("fact")["value"]
    assert set(profile.index) == set(FACTS.values())
    assert pd.isna(profile["Name"])
    assert profile["Tickets, 365 days"] == 0.0
    assert (rows["part"] == "decision chain").sum() == len(CHAIN)


def test_no_roles_no_chain(make_tables):
    tables = make_tables({"accounts": [{"account_id": "A"}]}, as_of=LAST)
    chain = decision_chain(tables, pd.Index(["A"]))
    assert chain.empty
    assert card(account_facts(tables, customer_values(tables)), chain, "A")["value"].isna().all()
