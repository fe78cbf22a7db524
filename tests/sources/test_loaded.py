"""What a notebook shows of loaded tables."""

from datetime import date

import pytest

from opsplaybook.errors import UsageError

TEXT = "ticket_id,opened_at\n1,2024-01-01\n2,2024-02-01\n2,2024-02-02\n"


@pytest.fixture
def tables(make_source):
    source = make_source({"t.csv": TEXT}, {"tickets": {"file": "t.csv"}})
    return source.load(["tickets", "accounts"], as_of=date(2024, 1, 15))


def test_the_text_is_stable_and_complete(tables):
    assert str(tables).splitlines() == [
        "Test: tables as known on 2024-01-15",
        "Table     Rows  Loaded  First day   Last day    Set aside  Excluded  From",
        "tickets      2       1  2024-01-01  2024-02-02          1         0  t.csv",
        "accounts     –       –  –           –                   –         –  not in the source",
        (
            "accounts: not in the source · "
            "tickets: 1 of 3 rows set aside (ticket_id: given before, with other content)"
        ),
    ]


def test_a_table_that_was_not_asked_for(tables):
    with pytest.raises(UsageError, match='table "events" was not loaded'):
        tables["events"]


def test_digests_name_the_mapping_and_the_files(tables):
    assert set(tables.digests) == {"mapping", "t.csv"}
    assert all(len(digest) == 64 for digest in tables.digests.values())


def test_what_is_kept_and_fetched_is_known_on_the_day(tables):
    rows = tables.expression("tickets")
    first, second = (tables.keep("few", rows.select("ticket_id")) for _ in range(2))

    assert tables.fetch(first)["ticket_id"].tolist() == ["1"]
    assert first.get_name() != second.get_name()
