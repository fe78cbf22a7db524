from pathlib import Path

import pytest

from opsplaybook.errors import SourceError
from opsplaybook.sources import Source, open_source

YAML = """
name: two tables
currency: EUR
timezone: UTC
tables:
  accounts:
    file: accounts.csv
    columns:
      account_id: id
      name: name
      employees: size
  contracts:
    file: contracts.csv
    columns:
      contract_id: id
      account_id: account
      start_on: start
      end_on: end
      annual_value: value
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "source.yaml").write_text(YAML)
    (tmp_path / "accounts.csv").write_text("id,name,size\nA,Alpha,10\nB,Beta,200\nC,Gamma,many\n")
    (tmp_path / "contracts.csv").write_text(
        "id,account,start,end,value\n1,A,2025-01-01,2025-12-31,5\n2,B,2025-01-01,2026-06-30,7\n"
    )
    return open_source(tmp_path)


def test_a_query_sees_the_valid_rows_under_the_names_of_the_tables(source):
    frame = source.query("SELECT account_id, employees FROM accounts ORDER BY account_id")
    # C is set aside: "many" is no number.
    assert frame.to_dict("list") == {"account_id": ["A", "B"], "employees": [10, 200]}


def test_a_query_may_join_alias_and_have_parts_of_its_own(source):
    frame = source.query(
        "WITH due AS (SELECT account_id FROM contracts WHERE end_on >= DATE '2026-01-01')"
        " SELECT a.name FROM accounts AS a JOIN due USING (account_id)"
    )
    assert frame["name"].tolist() == ["Beta"]


def test_a_part_of_a_query_may_have_the_name_of_a_table(source):
    frame = source.query("WITH contracts AS (SELECT 1 AS n) SELECT n FROM contracts")
    assert frame["n"].tolist() == [1]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DROP TABLE accounts", "not one SELECT"),
        ("SELECT 1; SELECT 2", "not one SELECT"),
        ("SELECT (", "not SQL"),
        ("SELECT foo FROM accounts", "foo"),
        ("SELECT * FROM customers", "customers"),
    ],
)
def test_anything_but_one_select_over_the_tables_is_refused(source, query, message):
    with pytest.raises(SourceError, match=message):
        source.query(query)


def test_a_batch_reads_its_source_once(source, tmp_path, monkeypatch):
    source.snapshot(tmp_path / "snapshot", ["accounts"])
    monkeypatch.setenv("OPSPLAYBOOK_SNAPSHOT_OF", str(tmp_path))
    monkeypatch.setenv("OPSPLAYBOOK_SNAPSHOT", str(tmp_path / "snapshot"))
    (tmp_path / "accounts.csv").unlink()
    assert open_source(tmp_path).query("SELECT account_id FROM accounts").shape == (2, 1)
