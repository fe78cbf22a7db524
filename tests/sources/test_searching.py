import pytest

from opsplaybook.errors import ContractError

ACCOUNTS = [
    {"account_id": "A-1", "name": "Alder Works"},
    {"account_id": "A-10", "name": "Ash & Sons 100%"},
    {"account_id": "B-1", "name": "a-1 copies"},
    {"account_id": "C-7", "name": None},
    {"account_id": "D_2", "name": "Ölmühle"},
]


@pytest.fixture
def source(open_in_memory):
    return open_in_memory({"accounts": ACCOUNTS})


def found(source, text, limit=10):
    return list(source.search("accounts", text, limit=limit).names)


def test_the_key_comes_first_then_what_begins_so_then_the_rest(source):
    assert found(source, "a-1") == ["A-1", "A-10", "B-1"]
    assert found(source, "A-10") == ["A-10"]
    assert found(source, "1") == ["A-1", "A-10", "B-1"]


def test_every_word_must_be_there_in_key_or_name(source):
    assert found(source, "works a-1") == ["A-1"]
    assert found(source, "works b-1") == []


def test_signs_of_patterns_are_only_signs(source):
    assert found(source, "%") == ["A-10"]
    assert found(source, "_") == ["D_2"]
    assert found(source, "'; DROP TABLE accounts; --") == []
    assert found(source, "ölmühle") == ["D_2"]


def test_a_row_without_a_name_is_found_by_its_key(source):
    assert source.search("accounts", "c", limit=5).names == {"C-7": "", "B-1": "a-1 copies"}


def test_of_many_the_first_are_given_and_all_are_counted(source):
    hits = source.search("accounts", "", limit=2)
    assert (list(hits.names), hits.total) == (["A-1", "A-10"], 5)


def test_a_table_that_the_source_lacks_is_named(source):
    with pytest.raises(ContractError, match="events"):
        source.search("events", "", limit=5)
