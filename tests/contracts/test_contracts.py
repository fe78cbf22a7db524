"""Every contract holds together, and says what it says."""

import pandas as pd
import pytest

from opsplaybook.contracts import (
    GOAL_METRICS,
    PURPOSES,
    TABLES,
    Kind,
    conform,
    data_dictionary,
    dtypes,
    empty,
    kinds,
    table_meaning,
    validate,
)
from opsplaybook.errors import ContractError

VOCABULARY = {
    "accounts", "contacts", "contracts", "invoices", "activity", "tickets", "events",
    "event_goals", "event_costs", "event_contacts", "opportunities", "experiments",
    "assignments", "outcomes", "spend", "requirements", "process_steps", "content", "content_daily",
    "trainings",
}  # fmt: skip


def test_the_vocabulary_is_complete():
    assert set(TABLES) == VOCABULARY


@pytest.mark.parametrize("name", TABLES)
def test_facts_name_columns_and_tables_that_exist(name):
    facts = TABLES[name].facts()
    columns = set(kinds(TABLES[name]))
    revealed = [
        column
        for reveal in facts.reveals
        for column in (*reveal.on, *reveal.columns, *(c for c, _ in reveal.before))
    ]
    ordered = [column for order in facts.orders for column in (order.earlier, order.later)]
    named = {*facts.key, *facts.refers_to, *facts.dated_by, *facts.as_exported}
    assert facts.table == name
    assert named | set(revealed) | set(ordered) <= columns
    assert set(facts.refers_to.values()) <= set(TABLES)
    assert all(len(TABLES[other].facts().key) == 1 for other in facts.refers_to.values())


@pytest.mark.parametrize("name", TABLES)
def test_times_that_are_compared_are_of_one_kind(name):
    kind_of = kinds(TABLES[name])
    facts = TABLES[name].facts()
    for order in facts.orders:
        assert kind_of[order.earlier] is kind_of[order.later]
    for reveal in facts.reveals:
        assert {kind_of[column] for column in reveal.on} <= {Kind.DATE, Kind.TIMESTAMP}
        assert len({kind_of[column] for column in reveal.on}) == 1


@pytest.mark.parametrize("name", TABLES)
def test_what_a_column_held_before_its_reveal_is_allowed(name):
    columns = TABLES[name].to_schema().columns
    for reveal in TABLES[name].facts().reveals:
        for column, value in reveal.before:
            assert value in columns[column].metadata["allowed"]


@pytest.mark.parametrize("name", TABLES)
def test_no_column_is_revealed_twice(name):
    hidden = [
        column
        for reveal in TABLES[name].facts().reveals
        for column in (reveal.on[0], *reveal.columns, *(c for c, _ in reveal.before))
    ]
    assert len(hidden) == len(set(hidden))


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_frame_keeps_its_contract(name):
    frame = empty(TABLES[name], timezone="Europe/Berlin")
    assert dict(frame.dtypes) == dtypes(TABLES[name], timezone="Europe/Berlin")
    assert validate(frame, TABLES[name]).empty


def test_every_column_has_a_meaning_that_is_a_sentence():
    dictionary = data_dictionary()
    meanings = dictionary["meaning"]
    assert meanings.str.match(r"^[A-Z].*\.$").all(), meanings[~meanings.str.match(r"^[A-Z].*\.$")]
    assert not dictionary.duplicated(["table", "column"]).any()


def test_the_dictionary_shows_bounds_units_and_values():
    rows = data_dictionary().set_index(["table", "column"])
    assert rows.loc[("contracts", "outcome"), "allowed"] == "renewed, lost, open"
    assert rows.loc[("accounts", "influence"), "allowed"] == "0 to 100"
    assert rows.loc[("contracts", "annual_value"), ["unit", "allowed"]].tolist() == [
        "money",
        "0 or more",
    ]
    assert rows.loc[("events", "purposes"), "allowed"] == f"several of: {', '.join(PURPOSES)}"
    assert rows.loc[("tickets", "opened_at"), "type"] == "timestamp"
    assert rows.loc[("tickets", "account_id"), "refers_to"] == "accounts"


def test_the_meaning_of_a_table_is_its_first_sentence():
    assert table_meaning(TABLES["invoices"]) == "An invoice."


def test_goal_metrics_serve_known_purposes():
    for name, metric in GOAL_METRICS.items():
        assert set(metric.purposes) <= set(PURPOSES), name
        assert metric.meaning.endswith("."), name


def test_conform_adds_orders_and_types_columns():
    frame = pd.DataFrame({"opened_at": ["2024-07-01 12:00"], "ticket_id": ["t1"], "other": [1]})
    typed = conform(frame, TABLES["tickets"], timezone="Europe/Berlin")
    assert list(typed) == list(kinds(TABLES["tickets"]))
    assert typed["opened_at"][0] == pd.Timestamp("2024-07-01 12:00", tz="Europe/Berlin")
    assert typed["reopened"].isna().all()
    assert list(frame) == ["opened_at", "ticket_id", "other"]


def test_validate_names_values_that_break_a_contract():
    frame = conform(
        pd.DataFrame(
            {
                "contract_id": ["c1", "c2"],
                "account_id": ["a", "a"],
                "start_on": pd.to_datetime(["2024-01-01", "2024-01-01"]),
                "end_on": pd.to_datetime(["2023-12-31", None]),
                "outcome": ["renewed", "perhaps"],
            }
        ),
        TABLES["contracts"],
    )
    with pytest.raises(ContractError) as caught:
        validate(frame, TABLES["contracts"])
    text = str(caught.value)
    assert "perhaps" in text
    assert "negative duration" in text


def test_validate_refuses_times_without_a_zone():
    rows = pd.DataFrame({"at": [pd.Timestamp("2024-01-01")], "action": ["open"]})
    frame = conform(rows, TABLES["activity"])
    frame["at"] = frame["at"].dt.tz_localize(None)
    with pytest.raises(ContractError, match="no time zone"):
        validate(frame, TABLES["activity"])
