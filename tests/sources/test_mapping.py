"""What a source YAML may say."""

import pytest

from opsplaybook.errors import SourceError
from opsplaybook.sources import open_source
from opsplaybook.sources.mapping import expand, parse_mapping, read_mapping

SOUND = {
    "name": "Test",
    "currency": "EUR",
    "timezone": "UTC",
    "tables": {"accounts": {"file": "a.csv", "columns": {"account_id": "id"}}},
}


def problems(**changes) -> str:
    with pytest.raises(SourceError) as caught:
        parse_mapping(SOUND | changes, where="crm.yaml")
    text = str(caught.value)
    assert text.startswith("crm.yaml: ")
    assert "To fix: the keys are name, description, currency" in text
    return text


def test_a_sound_mapping():
    mapping = parse_mapping(SOUND, where="crm.yaml")
    assert mapping.tables["accounts"].columns["account_id"].from_ == "id"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"curency": "EUR"}, "curency: there is no such key"),
        ({"currency": "Euro"}, 'currency: string should match pattern'),
        ({"timezone": "Berlin"}, 'timezone: not an IANA time zone'),
        ({"tables": {}}, "tables: dictionary should have at least 1 item"),
        ({"tables": {"acounts": {"file": "a"}}}, 'no table "acounts"; did you mean accounts?'),
        (
            {"tables": {"accounts": {"file": "a", "columns": {"account_id": "i", "teir": "t"}}}},
            'no column of accounts "teir"; did you mean tier?',
        ),
        (
            {"tables": {"accounts": {"file": "a", "columns": {"name": "n"}}}},
            "accounts needs account_id",
        ),
        ({"tables": {"accounts": {}}}, "exactly one of file, table and query"),
        ({"tables": {"accounts": {"file": "a", "query": "b"}}}, "exactly one of file, table"),
        (
            {"tables": {"accounts": {"file": "a", "columns": {"account_id": {"map": {}}}}}},
            "exactly one of from, sql and constant",
        ),
        ({"duckdb": "a", "sqlite": "b"}, "only one of duckdb, sqlite and database"),
    ],
)  # fmt: skip
def test_every_wrong_key_is_named(changes, words):
    assert words in problems(**changes)


def test_all_wrong_keys_are_named_at_once():
    assert problems(currency="x", timezone="y", nonsense=1).startswith("crm.yaml: 3 keys are wrong")


@pytest.mark.parametrize("text", ["a: [1", "- 1\n- 2", "just words"])
def test_what_is_no_mapping(tmp_path, text):
    path = tmp_path / "crm.yaml"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"crm\.yaml: not"):
        open_source(path)


def test_a_table_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "crm.yaml"
    path.write_text("name: x\ntables:\n  accounts: {file: a.csv}\n  accounts: {file: b.csv}\n")
    with pytest.raises(SourceError, match=r'the key "accounts" stands twice .*line 4'):
        read_mapping(path)


def test_codes_in_a_value_map_are_what_was_written(tmp_path):
    path = tmp_path / "crm.yaml"
    path.write_text(
        "name: x\ncurrency: EUR\ntimezone: UTC\ntables:\n  accounts:\n    file: a.csv\n"
        "    columns:\n      account_id: id\n"
        "      region: {from: r, map: {01: North, 010: South, no: Norway}}\n"
    )
    column = read_mapping(path).tables["accounts"].columns["region"]
    assert column.map == {"01": "North", "010": "South", "no": "Norway"}


def test_variables_are_put_in(monkeypatch):
    monkeypatch.setenv("CRM_FOLDER", "/data")
    assert expand("${CRM_FOLDER}/x", where="crm.yaml") == "/data/x"


def test_a_variable_that_is_not_set_is_named():
    with pytest.raises(SourceError, match="environment variable CRM_NOWHERE is not set"):
        expand("${CRM_NOWHERE}/x", where="crm.yaml")
