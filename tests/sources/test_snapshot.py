"""A snapshot gives what the source gave, and is read without it."""

import json
import shutil
from datetime import date

import pandas as pd
import pytest

from opsplaybook.errors import SourceError
from opsplaybook.sources import open_source

ROWS = {
    "a.csv": "account_id,name,employees\nA,One,5\nB,Two,-1\nC,Three,7\n",
    "c.csv": (
        "contract_id,account_id,start_on,end_on,outcome,decided_on\n"
        "1,A,2023-01-01,2023-12-31,renewed,2023-12-01\n"
        "2,A,2024-01-01,2024-12-31,lost,2024-11-01\n"
        "3,X,2024-01-01,2024-12-31,open,\n"
    ),
    "t.csv": (
        "ticket_id,account_id,opened_at,resolved_at\n"
        "t1,A,2024-03-01 10:00,2024-03-02 11:00\n"
        "t2,C,2024-03-05 23:30,2024-08-01 11:00\n"
    ),
}
TABLES = {
    "accounts": {"file": "a.csv"},
    "contracts": {"file": "c.csv"},
    "tickets": {"file": "t.csv"},
}
NAMES = ("accounts", "contracts", "tickets")


@pytest.fixture
def source(make_source):
    return make_source(ROWS, TABLES)


@pytest.fixture
def snapshot(source, tmp_path):
    source.snapshot(tmp_path / "kept")
    for name in (*ROWS, "source.yaml"):
        (tmp_path / name).unlink()
    return open_source(tmp_path / "kept")


@pytest.mark.parametrize("as_of", [None, date(2024, 3, 1), date(2024, 3, 31), date(2024, 11, 1)])
@pytest.mark.parametrize("where", [None, {"account_id": "A"}, {"account_id": ["A", "C"]}])
def test_it_gives_the_same_tables(source, tmp_path, as_of, where):
    snapshot = source.snapshot(tmp_path / "kept")
    before = source.load(NAMES, as_of=as_of, where=where)
    after = snapshot.load(NAMES, as_of=as_of, where=where)
    for name in NAMES:
        pd.testing.assert_frame_equal(before[name], after[name])
    assert (before.as_of, before.caveats) == (after.as_of, after.caveats)
    assert before.digests == after.digests
    assert str(before) == str(after)


def test_it_needs_neither_files_nor_mapping(snapshot):
    assert snapshot.load(["contracts"])["contracts"]["contract_id"].tolist() == ["1", "2", "3"]
    assert (snapshot.name, snapshot.currency, snapshot.timezone) == ("Test", "EUR", "Europe/Berlin")
    assert snapshot.quality("accounts").set_aside[0].reason == "employees: below 0"


def test_it_knows_what_matched_nothing(snapshot):
    (part,) = snapshot.quality("contracts").unmatched
    assert (part.column, part.rows, part.examples) == ("account_id", 1, ('"X" in 1 rows',))


def test_a_filter_on_a_column_that_the_source_lacks_leaves_nothing(make_source, tmp_path):
    source = make_source(
        {"t.csv": "ticket_id,opened_at\nt1,2024-03-01\n"}, {"tickets": {"file": "t.csv"}}
    )
    for one in (source, source.snapshot(tmp_path / "kept")):
        assert one.load(["tickets"], where={"account_id": "A"})["tickets"].empty
        assert len(one.load(["tickets"])["tickets"]) == 1


def test_its_expressions_can_be_aggregated(snapshot):
    rows = snapshot.expression("tickets", as_of=date(2024, 3, 4))
    assert rows.count().execute() == 1


def test_a_value_with_quotes_is_a_value(snapshot):
    assert snapshot.load(["accounts"], where={"account_id": "' OR 1=1 --"})["accounts"].empty


def test_one_of_another_version_is_refused(snapshot, tmp_path):
    record = tmp_path / "kept" / "snapshot.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"version": 99}))
    with pytest.raises(SourceError, match="version 99"):
        open_source(tmp_path / "kept")


def test_it_can_be_moved(snapshot, tmp_path):
    shutil.move(tmp_path / "kept", tmp_path / "else where")
    assert (
        len(
            open_source(tmp_path / "else where").load(["accounts"], as_of=date(2024, 1, 1))[
                "accounts"
            ]
        )
        == 2
    )
