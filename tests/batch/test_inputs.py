import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from opsplaybook.batch.inputs import taken_once
from opsplaybook.sources import open_source

YAML = """
name: x
currency: EUR
timezone: UTC
tables:
  accounts:
    file: accounts.csv
    columns: {account_id: id, name: name}
"""


def source_in(folder: Path) -> str:
    (folder / "source.yaml").write_text(YAML)
    (folder / "accounts.csv").write_text("id,name\nA-1,Alpha\nA-2,Beta\n")
    return str(folder)


def test_a_batch_sees_its_source_as_it_was_when_it_began(tmp_path, monkeypatch):
    address = source_in(tmp_path)
    with taken_once(address, ["accounts", "contracts"], folder=tmp_path) as inputs:
        (tmp_path / "accounts.csv").write_text("id,name\nB-1,Other\n")
        for name, value in inputs.environment.items():
            monkeypatch.setenv(name, value)
        found = open_source(address).query("SELECT account_id FROM accounts ORDER BY 1")
        assert found["account_id"].tolist() == ["A-1", "A-2"]
        names = json.loads(Path(inputs.names_file).read_text())
        assert names == {"accounts": {"A-1": "Alpha", "A-2": "Beta"}, "staff": []}
        assert any(name.endswith("accounts.csv") for name in inputs.digests)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["accounts.csv", "source.yaml"]


def test_other_rows_have_another_digest(tmp_path):
    address = source_in(tmp_path)
    with taken_once(address, ["accounts"], folder=None) as before:
        pass
    with (tmp_path / "accounts.csv").open("a") as file:
        file.write("A-3,Gamma\n")
    with taken_once(address, ["accounts"], folder=None) as after:
        pass
    assert before.digests != after.digests


@pytest.mark.parametrize("changed", ["2024", "2025"])
def test_of_files_of_one_name_every_one_counts(tmp_path, changed):
    address = source_in(tmp_path)
    text = YAML.replace("file: accounts.csv", 'file: "20*/accounts.csv"')
    (tmp_path / "source.yaml").write_text(text)
    for year in ("2024", "2025"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "accounts.csv").write_text(f"id,name\nA-{year},Alpha\n")
    with taken_once(address, ["accounts"], folder=None) as before:
        pass
    (tmp_path / changed / "accounts.csv").write_text(f"id,name\nA-{changed},Other\n")
    with taken_once(address, ["accounts"], folder=None) as after:
        pass
    assert set(before.digests) == {"mapping", "2024/accounts.csv", "2025/accounts.csv"}
    different = [name for name, found in after.digests.items() if found != before.digests[name]]
    assert different == [f"{changed}/accounts.csv"]


def test_the_same_files_have_the_same_digests_wherever_the_folder_lies(tmp_path):
    found = []
    for place in (tmp_path / "here", tmp_path / "deeper" / "there"):
        place.mkdir(parents=True)
        with taken_once(source_in(place), ["accounts"], folder=None) as inputs:
            found.append(inputs.digests)
    assert found[0] == found[1]


def test_a_file_outside_of_the_data_folder_is_named_without_the_way_to_it(tmp_path):
    address = source_in(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    for part in ("a", "b"):
        (elsewhere / part).mkdir(parents=True)
        (elsewhere / part / "more.csv").write_text(f"id,name\nA-{part},Alpha\n")
    text = YAML.replace("file: accounts.csv", f'file: "{elsewhere.as_posix()}/*/more.csv"')
    (tmp_path / "source.yaml").write_text(text.replace("currency", "folder: data\ncurrency"))
    with taken_once(address, ["accounts"], folder=None) as before:
        pass
    (elsewhere / "b" / "more.csv").write_text("id,name\nA-b,Other\n")
    with taken_once(address, ["accounts"], folder=None) as after:
        pass
    assert set(before.digests) == {"mapping", "more.csv"}
    assert before.digests["more.csv"] != after.digests["more.csv"]


HEAD = YAML.partition("tables:")[0]


def digests_of(folder: Path) -> dict[str, str]:
    with taken_once(str(folder), ["accounts"], folder=None) as inputs:
        assert inputs.are_digested
        return dict(inputs.digests)


def test_what_sqlite_has_written_beside_its_file_counts(tmp_path):
    text = f"{HEAD}sqlite: x.db\ntables:\n  accounts: {{table: a}}\n"
    (tmp_path / "source.yaml").write_text(text)
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE a (account_id TEXT, name TEXT)")
        connection.execute("INSERT INTO a VALUES ('A-1', 'Alpha'), ('A-2', 'Beta')")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = digests_of(tmp_path)
        assert digests_of(tmp_path) == before
        connection.execute("UPDATE a SET name = 'Other' WHERE account_id = 'A-2'")
        after = digests_of(tmp_path)
        assert after["x.db"] == before["x.db"]
        assert after["rows of accounts"] != before["rows of accounts"]
        connection.execute("DELETE FROM a WHERE account_id = 'A-2'")
        connection.execute("INSERT INTO a VALUES (NULL, NULL)")
        one_set_aside = digests_of(tmp_path)
        connection.execute("INSERT INTO a VALUES (NULL, NULL)")
        assert digests_of(tmp_path)["rows of accounts"] != one_set_aside["rows of accounts"]


def test_a_file_that_a_query_reads_by_itself_counts(tmp_path):
    rates = tmp_path / "rates.csv"
    text = f"{HEAD}tables:\n  accounts: {{query: \"FROM '{rates.as_posix()}'\"}}\n"
    (tmp_path / "source.yaml").write_text(text)
    rates.write_text("account_id,name\nA-1,Alpha\nA-2,Beta\n")
    before = digests_of(tmp_path)
    rates.write_text("account_id,name\nA-2,Beta\nA-1,Alpha\n")
    assert digests_of(tmp_path) == before
    rates.write_text("account_id,name\nA-2,Beta\nA-1,Other\n")
    assert digests_of(tmp_path) != before


def test_files_that_are_digested_themselves_are_not_digested_by_rows(tmp_path):
    assert set(digests_of(Path(source_in(tmp_path)))) == {"mapping", "accounts.csv"}


def test_a_database_has_the_digest_of_its_mapping_and_says_so(tmp_path):
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE a (account_id TEXT, name TEXT)")
        connection.execute("INSERT INTO a VALUES ('A-1', 'Alpha')")
    text = f"{HEAD}database: sqlite://{tmp_path / 'x.db'}\ntables:\n  accounts: {{table: a}}\n"
    (tmp_path / "source.yaml").write_text(text)
    with taken_once(str(tmp_path), ["accounts"], folder=None) as inputs:
        assert set(inputs.digests) == {"mapping"}
        assert inputs.environment == {}
        assert not inputs.are_digested
