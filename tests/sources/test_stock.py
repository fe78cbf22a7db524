"""Every way in which tables come: file formats, ways of writing, databases."""

import gzip
import sqlite3
from datetime import date, datetime, timedelta

import duckdb
import pandas as pd
import pytest

from opsplaybook.errors import SourceError

ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["A-1", "A-2", "A-3"],
        "name": ["Ägir & Söhne", 'Quote "and", comma', "Line\nbreak"],
        "employees": [10, None, 30],
        "customer_since": ["2024-01-31", "2024-02-29", None],
    }
)


def loaded(source) -> pd.DataFrame:
    frame = source.load(["accounts"], required=["accounts"])["accounts"]
    return frame[["account_id", "name", "employees", "customer_since"]]


def assert_the_same(frame: pd.DataFrame) -> None:
    assert frame["account_id"].tolist() == ["A-1", "A-2", "A-3"]
    assert frame["name"].tolist() == ACCOUNTS["name"].tolist()
    assert frame["employees"].fillna(-1).tolist() == [10, -1, 30]
    days = frame["customer_since"].dt.strftime("%Y-%m-%d").fillna("")
    assert days.tolist() == ["2024-01-31", "2024-02-29", ""]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_with_either_line_end_and_byte_order_mark(make_source, line_end, mark):
    text = mark + ACCOUNTS.astype({"employees": "Int64"}).to_csv(
        index=False, lineterminator=line_end
    )
    source = make_source({"a.csv": text}, {"accounts": {"file": "a.csv"}})
    frame = loaded(source)
    assert frame["account_id"].tolist() == ["A-1", "A-2", "A-3"]
    assert frame["name"].str.split().str.join(" ").tolist()[:2] == ACCOUNTS["name"].tolist()[:2]


def test_tab_separated_and_packed(make_source):
    text = ACCOUNTS.astype({"employees": "Int64"}).to_csv(index=False, sep="\t")
    source = make_source(
        {"a.tsv.gz": gzip.compress(text.encode())}, {"accounts": {"file": "a.tsv.gz"}}
    )
    assert_the_same(loaded(source))


def test_parquet(make_source, tmp_path):
    ACCOUNTS.to_parquet(tmp_path / "a.parquet")
    assert_the_same(loaded(make_source({}, {"accounts": {"file": "a.parquet"}})))


def test_excel_sheet_by_name(make_source, tmp_path):
    frame = ACCOUNTS.assign(customer_since=pd.to_datetime(ACCOUNTS["customer_since"]))
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        pd.DataFrame({"other": [1]}).to_excel(book, sheet_name="Notes", index=False)
        frame.to_excel(book, sheet_name="Customers", index=False)
    source = make_source({}, {"accounts": {"file": "a.xlsx", "sheet": "Customers"}})
    assert_the_same(loaded(source))


def test_excel_sheet_that_is_not_there(make_source, tmp_path):
    ACCOUNTS.to_excel(tmp_path / "a.xlsx", index=False)
    source = make_source({}, {"accounts": {"file": "a.xlsx", "sheet": "Clients"}})
    with pytest.raises(SourceError, match="the sheet cannot be read"):
        loaded(source)


def test_duckdb_file_by_table_and_query(make_source, tmp_path):
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.register("frame", ACCOUNTS)
        connection.execute("CREATE TABLE clients AS FROM frame")
    by_table = make_source({}, {"accounts": {"table": "clients"}}, duckdb="x.duckdb")
    assert_the_same(loaded(by_table))
    query = "SELECT * FROM clients WHERE employees > 5"
    by_query = make_source({}, {"accounts": {"query": query}}, duckdb="x.duckdb")
    assert loaded(by_query)["account_id"].tolist() == ["A-1", "A-3"]


def test_sqlite_file_whose_columns_hold_anything(make_source, tmp_path):
    connection = sqlite3.connect(tmp_path / "x.sqlite")
    connection.execute("CREATE TABLE clients (id TEXT, staff INTEGER)")
    connection.executemany(
        "INSERT INTO clients VALUES (?, ?)", [("a", 5), ("b", "many"), ("c", None)]
    )
    connection.commit()
    connection.close()
    table = {"table": "clients", "columns": {"account_id": "id", "employees": "staff"}}
    source = make_source({}, {"accounts": table}, sqlite="x.sqlite")
    quality = source.quality("accounts")
    assert (quality.rows_read, quality.rows) == (3, 2)
    assert quality.set_aside[0].reason == "employees: not a whole number"
    assert quality.set_aside[0].examples == ('row 3: "many"',)


def test_database_address_with_a_secret_that_no_message_shows(make_source, monkeypatch):
    monkeypatch.setenv("CRM_PASSWORD", "hunter2")
    source = make_source(
        {}, {"accounts": {"table": "a"}}, database="nosuch://me:${CRM_PASSWORD}@host/db"
    )
    with pytest.raises(SourceError) as caught:
        source.load(["accounts"])
    assert "${CRM_PASSWORD}" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(source) + repr(vars(source.stock))


def test_database_address_through_ibis(make_source, tmp_path, monkeypatch):
    connection = sqlite3.connect(tmp_path / "x.sqlite")
    connection.execute("CREATE TABLE clients (id TEXT, staff INTEGER)")
    connection.executemany(
        "INSERT INTO clients VALUES (?, ?)", [("a", 5), ("b", -1), ("a", 7), (None, 1), ("c", 2)]
    )
    connection.commit()
    connection.close()
    monkeypatch.setenv("CRM_FILE", str(tmp_path / "x.sqlite"))
    table = {"table": "clients", "columns": {"account_id": "id", "employees": "staff"}}
    source = make_source({}, {"accounts": table}, database="sqlite:///${CRM_FILE}")
    quality = source.quality("accounts")
    assert quality.rows == 2
    assert [(part.reason, part.count) for part in quality.set_aside] == [
        ("account_id: no value", 1),
        ("employees: below 0", 1),
        ("account_id: given before, with other content", 1),
    ]


def test_many_day_files_and_a_query_over_them(make_source):
    files = {
        f"lines_{day:02d}.csv": "number,customer,day,price\n"
        + "".join(f"{day}-{n},C-{n},2024-01-{day:02d} 10:00,{n}.5\n" for n in range(3))
        for day in range(1, 11)
    }
    query = (
        "SELECT number, customer, min(day) AS day, sum(CAST(price AS DOUBLE)) AS amount "
        "FROM raw.lines GROUP BY number, customer"
    )
    columns = {
        "invoice_id": "number", "account_id": "customer", "issued_on": "day", "amount": "amount",
    }  # fmt: skip
    source = make_source(
        files, {"invoices": {"query": query, "columns": columns}}, files={"lines": "lines_*.csv"}
    )
    tables = source.load(["invoices"])
    assert len(tables["invoices"]) == 30
    assert tables["invoices"]["amount"].sum() == 10 * (0.5 + 1.5 + 2.5)
    assert len(tables.digests) == 11


def test_ways_of_writing_by_source_table_and_column(make_source):
    text = (
        "Nr;Seit;Umsatz;Klasse;Leute\n"
        "1;31.01.2024;1.234,50;1;10\n"
        "2;n/a;99;2;k. A.\n"
        "3;29.02.2024 07:05;-0,5;9;3\n"
    ).encode("cp1252")
    columns = {
        "account_id": {"sql": "'A-' || Nr"},
        "customer_since": {"from": "Seit", "date_format": ["%d.%m.%Y", "%d.%m.%Y %H:%M"]},
        "annual_revenue": "Umsatz",
        "tier": {"from": "Klasse", "map": {"1": "S", "2": "A", "9": None}},
        "employees": {"from": "Leute", "null": ["k. A."]},
        "region": {"constant": "Süd"},
    }
    source = make_source(
        {"kunden.csv": text},
        {"accounts": {"file": "kunden.csv", "columns": columns, "thousands": "."}},
        defaults={"delimiter": ";", "decimal": ",", "encoding": "cp1252", "null": ["n/a"]},
    )
    frame = source.load(["accounts"])["accounts"]
    assert source.quality("accounts").broken == 0
    assert frame["account_id"].tolist() == ["A-1", "A-2", "A-3"]
    assert frame["annual_revenue"].tolist() == [1234.5, 99.0, -0.5]
    assert frame["customer_since"].dt.strftime("%m-%d").fillna("").tolist() == [
        "01-31",
        "",
        "02-29",
    ]
    assert frame["tier"].fillna("").tolist() == ["S", "A", ""]
    assert frame["region"].unique().tolist() == ["Süd"]


def test_rows_that_the_mapping_leaves_out_are_counted_by_reason(make_source):
    text = "n,c,d,a\nC1,x,2024-01-01,-5\n2,x,2024-01-01,5\n3,,2024-01-01,7\n"
    table = {
        "file": "i.csv",
        "columns": {"invoice_id": "n", "account_id": "c", "issued_on": "d", "amount": "a"},
        "where": [
            {"keep": "n NOT LIKE 'C%'", "reason": "cancelled"},
            {"keep": "c IS NOT NULL AND c <> ''", "reason": "customer not known"},
        ],
    }
    quality = make_source({"i.csv": text}, {"invoices": table}).quality("invoices")
    assert [(p.reason, p.count, p.excluded) for p in quality.set_aside] == [
        ("cancelled", 1, True),
        ("customer not known", 1, True),
    ]
    assert (quality.excluded, quality.broken, quality.rows) == (2, 0, 1)


def test_an_expression_that_the_engine_refuses_names_its_table(make_source):
    table = {"file": "a.csv", "columns": {"account_id": {"sql": "no_such_column + 1"}}}
    source = make_source({"a.csv": "x,y\n1,2\n"}, {"accounts": table})
    with pytest.raises(
        SourceError, match=r"a\.csv, table accounts: the engine says: .*no_such_column"
    ):
        source.load(["accounts"])


def test_a_column_that_is_only_there_by_name_is_not_required(make_source):
    source = make_source({"a.csv": "account_id,colour\nx,red\n"}, {"accounts": {"file": "a.csv"}})
    quality = source.quality("accounts")
    assert quality.columns == ("account_id",)
    assert quality.unused == ("colour",)


AMOUNTS = {"invoice_id": "no", "account_id": "who", "issued_on": "day", "amount": "amount"}
GERMAN = {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y"}


def amounts(source) -> list[float]:
    quality = source.quality("invoices")
    assert (quality.broken, quality.unused) == (0, ())
    return source.load(["invoices"], required=["invoices"])["invoices"]["amount"].tolist()


def write_workbook(path, rows) -> None:
    pd.DataFrame(rows, columns=["no", "who", "day", "amount"]).to_excel(path, index=False)


@pytest.mark.parametrize(
    ("others", "read"),
    [([], []), (["0,5", "1.234,50", "2.000"], [0.5, 1234.5, 2000])],
    ids=["numbers", "numbers and texts"],
)
def test_numbers_and_dates_of_excel_are_no_texts(make_source, tmp_path, others, read):
    cells = [1234.5, 99.95, 1000.0, 1.234, -7, *others]
    days = [datetime.fromisoformat("2024-07-01") + timedelta(n) for n in range(len(cells))]
    if others:
        days[-1] = "08.07.2024"
    rows = [[n, "A", day, cell] for n, (day, cell) in enumerate(zip(days, cells, strict=True))]
    write_workbook(tmp_path / "i.xlsx", rows)
    table = {"file": "i.xlsx", "columns": AMOUNTS}
    source = make_source({}, {"invoices": table}, defaults=GERMAN)
    frame = source.load(["invoices"])["invoices"]
    assert amounts(source) == [1234.5, 99.95, 1000, 1.234, -7, *read]
    assert frame["issued_on"].dt.day.tolist() == list(range(1, len(cells) + 1))
    assert frame["invoice_id"].tolist() == [str(n) for n in range(len(cells))]


def test_numbers_of_sqlite_are_no_texts(make_source, tmp_path):
    connection = sqlite3.connect(tmp_path / "x.sqlite")
    connection.execute("CREATE TABLE i (no REAL, who TEXT, day TEXT, amount REAL, paid)")
    cells = [1234.5, 99.95, 1000.0, 1.234]
    texts = ["1.234,50", 1.234, None, "2.000"]
    connection.executemany(
        "INSERT INTO i VALUES (?, 'A', '01.07.2024', ?, ?)",
        [(n, cell, text) for n, (cell, text) in enumerate(zip(cells, texts, strict=True))],
    )
    connection.commit()
    connection.close()
    columns = {**AMOUNTS, "cost": "paid"}
    table = {"table": "i", "columns": columns}
    source = make_source({}, {"invoices": table}, defaults=GERMAN, sqlite="x.sqlite")
    assert amounts(source) == cells
    frame = source.load(["invoices"])["invoices"]
    assert frame["invoice_id"].tolist() == ["0", "1", "2", "3"]
    assert frame["cost"].fillna(-1).tolist() == [1234.5, 1.234, -1, 2000]


def test_a_query_sees_the_numbers_of_a_workbook_and_no_text_for_thousands(make_source, tmp_path):
    """Where a column mixes numbers and texts, 1.234 is refused rather than taken for 1234."""
    write_workbook(tmp_path / "i.xlsx", [[1, "A", "01.07.2024", 1.234], [2, "A", "02.07.2024", 5]])
    query = {"query": "SELECT no, who, day, amount FROM raw.lines", "columns": AMOUNTS}
    source = make_source({}, {"invoices": query}, defaults=GERMAN, files={"lines": "i.xlsx"})
    assert amounts(source) == [1.234, 5]
    write_workbook(
        tmp_path / "i.xlsx", [[1, "A", "01.07.2024", 1.234], [2, "A", "02.07.2024", "x"]]
    )
    source = make_source({}, {"invoices": query}, defaults=GERMAN, files={"lines": "i.xlsx"})
    with pytest.raises(SourceError, match=r'fit numbers with "\." as decimal mark'):
        source.quality("invoices")


def test_repeated_names_of_a_join_are_numbered(make_source, tmp_path):
    connection = sqlite3.connect(tmp_path / "x.sqlite")
    table = {
        "query": "SELECT 'a' AS id, 'b' AS id, 'c' AS ID, 'd' AS id_1",
        "columns": {"account_id": "id", "name": "id_1", "owner": "ID_2", "region": "id_1_1"},
    }
    connection.execute("CREATE TABLE i (no)")
    connection.close()
    source = make_source({}, {"accounts": table}, sqlite="x.sqlite")
    frame = source.load(["accounts"], as_of=date.fromisoformat("2024-01-01"))["accounts"]
    found = frame[["account_id", "name", "owner", "region"]]
    assert found.to_numpy().tolist() == [["a", "b", "c", "d"]]
