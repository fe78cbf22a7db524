"""Tables from the cache are those that validation gives, and never older ones."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from opsplaybook.errors import SourceError
from opsplaybook.sources import Source, cached, open_source, opening
from opsplaybook.sources.stock import MappedStock
from opsplaybook.sources.table_cache import CACHE_VARIABLE

ROWS = {
    "a.csv": "account_id,name,employees\nA,One,5\nB,Two,-1\nC,Three,7\n",
    "c.csv": (
        "contract_id,account_id,start_on,end_on,outcome,decided_on\n"
        "2,A,2024-01-01,2024-12-31,lost,2024-11-01\n"
        "1,A,2023-01-01,2023-12-31,renewed,2023-12-01\n"
        "3,X,2024-01-01,2024-12-31,open,\n"
    ),
    "t.csv": (
        "ticket_id,account_id,opened_at,resolved_at\n"
        "t1,A,2024-03-01 10:00,2024-03-02 11:00\n"
        "t2,C,2024-03-05 23:30,2024-08-01 11:00\n"
        "t3,C,yesterday,2024-08-01 11:00\n"
    ),
}
TABLES = {
    "accounts": {"file": "a.csv"},
    "contracts": {"file": "c.csv"},
    "tickets": {"file": "t.csv"},
}
NAMES = tuple(TABLES)
FILTER = {"keep": "name > 'P'", "reason": "begins the alphabet"}


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "kept tables é"
    monkeypatch.setenv(CACHE_VARIABLE, str(folder))
    return folder


@pytest.fixture
def validated(monkeypatch) -> list[str]:
    """Return the names of tables as they are validated."""
    names = []

    def validate(stock: MappedStock, name: str):
        names.append(name)
        return before(stock, name)

    before = MappedStock._validate
    monkeypatch.setattr(MappedStock, "_validate", validate)
    return names


@pytest.fixture
def reopen(tmp_path):
    """Return a function that opens the source of the test anew, as another kernel does."""
    return lambda: open_source(tmp_path / "source.yaml")


def of_accounts(source: Source) -> list[str]:
    return source.load(["accounts"], as_of=date(2025, 1, 1))["accounts"]["account_id"].tolist()


@pytest.mark.parametrize("as_of", [None, date(2024, 3, 1), date(2024, 11, 1)])
@pytest.mark.parametrize("where", [None, {"account_id": "A"}, {"account_id": []}, {"owner": "x"}])
def test_tables_are_the_same_without_it_when_kept_and_when_found(
    make_source, tmp_path, monkeypatch, validated, as_of, where
):
    without = make_source(ROWS, TABLES)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    given = {"names": ["accounts", "contracts"], "in_engine": ["tickets"]}
    wanted = without.load(**given, as_of=as_of, where=where)
    for times in (2, 2):
        source = make_source(ROWS, TABLES)
        tables = source.load(**given, as_of=as_of, where=where)
        for name in given["names"]:
            pd.testing.assert_frame_equal(tables[name], wanted[name])
        large = [one.fetch(one.expression("tickets")) for one in (tables, wanted)]
        pd.testing.assert_frame_equal(*large)
        assert (tables.as_of, tables.caveats) == (wanted.as_of, wanted.caveats)
        assert list(tables.digests.items()) == list(wanted.digests.items())
        assert tables.qualities == wanted.qualities
        assert str(tables) == str(wanted)
        assert [validated.count(name) for name in NAMES] == [times] * 3


def test_the_sample_company_is_the_same(cache, monkeypatch, validated):
    address = "sample?accounts=40&seed=3"

    def load():
        opening._sample.cache_clear()
        source = open_source(address)
        return source.load(source.names), source.check()

    monkeypatch.delenv(CACHE_VARIABLE)
    wanted, check = load()
    monkeypatch.setenv(CACHE_VARIABLE, str(cache))
    load()
    validated.clear()
    monkeypatch.setattr(opening.company, "make_company", None)
    tables, found = load()
    assert validated == []
    for name in tables.names:
        pd.testing.assert_frame_equal(tables[name], wanted[name], obj=name)
    assert (tables.as_of, tables.caveats) == (wanted.as_of, wanted.caveats)
    assert tables.digests == wanted.digests
    assert found == check
    opening._sample.cache_clear()


def test_types_in_the_engine_are_those_of_validation(cache, make_source, reopen):
    kinds = [
        make_source(ROWS, TABLES).expression(name).schema() == reopen().expression(name).schema()
        for name in NAMES
    ]
    assert kinds == [True] * 3


def test_a_file_that_changed_is_read_anew(cache, make_source, reopen, tmp_path, validated):
    make_source(ROWS, TABLES).load(NAMES)
    changed = tmp_path / "a.csv"
    before = changed.stat()
    # As long as before, and of the same time.
    changed.write_text(ROWS["a.csv"].replace("C,Three", "D,Three"))
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    validated.clear()
    source = reopen()
    assert of_accounts(source) == ["A", "D"]
    source.load(NAMES)
    assert validated == ["accounts"]
    (part,) = source.unmatched("tickets", ["accounts"])
    assert part.examples == ('"C" in 1 rows',)


def test_files_that_a_pattern_finds_later_count(cache, make_source, reopen, tmp_path):
    tables = {"accounts": {"file": "*.csv"}}
    assert of_accounts(make_source({"a.csv": ROWS["a.csv"]}, tables)) == ["A", "C"]
    (tmp_path / "b.csv").write_text("account_id,name,employees\nE,Five,1\n")
    assert of_accounts(reopen()) == ["A", "C", "E"]


def test_a_file_that_is_gone_gives_its_error(cache, make_source, reopen, tmp_path):
    make_source(ROWS, TABLES).load(NAMES)
    (tmp_path / "a.csv").unlink()
    with pytest.raises(SourceError, match="there is no such file") as caught:
        reopen().load(NAMES)
    assert caught.value.where.endswith("a.csv")


@pytest.mark.parametrize(
    "keys",
    [
        {"timezone": "America/New_York"},
        {"currency": "USD"},
        {"defaults": {"null": ["", "One"]}},
        {"tables": {"accounts": {"file": "a.csv", "where": [FILTER]}}},
        {"tables": {"accounts": {"file": "a.csv", "columns": {"account_id": "name"}}}},
    ],
)
def test_a_mapping_that_changed_is_read_anew(cache, make_source, validated, keys):
    before = {"tables": {"accounts": {"file": "a.csv"}}}
    make_source(ROWS, before["tables"]).quality("accounts")
    after = before | keys
    make_source(ROWS, after.pop("tables"), **after).quality("accounts")
    assert validated == ["accounts", "accounts"]


def test_words_about_a_source_and_other_tables_change_nothing(cache, make_source, validated):
    make_source(ROWS, {"accounts": {"file": "a.csv"}}).quality("accounts")
    make_source(ROWS, TABLES, notes=["By hand."], name="Other").quality("accounts")
    assert validated == ["accounts"]


def test_other_code_reads_anew(cache, make_source, reopen, monkeypatch, validated):
    make_source(ROWS, TABLES).quality("accounts")
    monkeypatch.setattr(cached, "CODE", "other")
    reopen().quality("accounts")
    assert validated == ["accounts", "accounts"]


def test_code_is_told_by_every_module_that_sources_import(tmp_path):
    package = tmp_path / "package"
    for name in ("sources/rules.py", "contracts/base.py", "errors.py", "figures/theme.py"):
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("ONE = 1\n")
    marks = [cached.code_mark(package)]
    for name in ("sources/rules.py", "contracts/base.py", "errors.py"):
        (package / name).write_text("ONE = 2\n")
        marks.append(cached.code_mark(package))
    assert len(set(marks)) == 4
    (package / "figures" / "theme.py").write_text("ONE = 2\n")
    assert cached.code_mark(package) == marks[-1]


def test_sources_import_nothing_else_of_the_package():
    program = "import opsplaybook.sources, sys; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    own = {name.split(".")[1] for name in loaded if name.startswith("opsplaybook.")}
    assert "contracts" in own
    assert own & cached.ELSEWHERE == set()


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    cache, make_source, reopen, tmp_path, monkeypatch
):
    source = make_source(ROWS, TABLES)
    before = MappedStock._validate

    def validate(stock, name):
        table = before(stock, name)
        (tmp_path / "a.csv").write_text("account_id,name\nZ,Last\n")
        return table

    monkeypatch.setattr(MappedStock, "_validate", validate)
    assert of_accounts(source) == ["A", "C"]
    monkeypatch.undo()
    monkeypatch.setenv(CACHE_VARIABLE, str(cache))
    (tmp_path / "a.csv").write_text(ROWS["a.csv"])
    assert not list(cache.glob("*"))
    (tmp_path / "a.csv").write_text("account_id,name\nZ,Last\n")
    assert of_accounts(reopen()) == ["Z"]


@pytest.mark.parametrize("place", [10, 0.3, -8, None])
def test_a_damaged_cache_is_read_anew(cache, make_source, reopen, validated, place):
    wanted = make_source(ROWS, TABLES).load(NAMES)
    for path in cache.iterdir():
        content = bytearray(path.read_bytes())
        if place is None:
            content = content[: len(content) // 2]
        else:
            position = place if isinstance(place, int) else int(place * len(content))
            content[position] ^= 0xFF
        path.write_bytes(content)
    found = reopen().load(NAMES)
    for name in NAMES:
        pd.testing.assert_frame_equal(found[name], wanted[name])
    assert found.caveats == wanted.caveats
    validated.clear()
    reopen().load(NAMES)
    assert validated == []


def test_a_place_that_cannot_be_written_costs_time_only(make_source, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    source = make_source(ROWS, TABLES)
    assert of_accounts(source) == ["A", "C"]
    assert source.load(NAMES).caveats


def test_what_depends_on_more_than_files_is_never_kept(cache, make_source, reopen, tmp_path):
    query = "SELECT account_id, name FROM read_csv('{}')"
    other = tmp_path / "other.csv"
    other.write_text("account_id,name\nA,One\n")
    source = make_source({}, {"accounts": {"query": query.format(other)}})
    assert of_accounts(source) == ["A"]
    other.write_text("account_id,name\nB,Two\n")
    assert of_accounts(reopen()) == ["B"]
    assert not cache.exists()


def test_a_query_over_declared_files_is_kept(cache, make_source, reopen, tmp_path, validated):
    tables = {"accounts": {"query": "SELECT DISTINCT customer AS account_id FROM raw.lines"}}
    files = {"lines": "lines.csv"}
    source = make_source({"lines.csv": "customer\nA\n"}, tables, files=files)
    digests = (of_accounts(source), source.digests)[1]
    again = reopen()
    assert of_accounts(again) == ["A"]
    assert again.digests == digests
    assert validated == ["accounts"]
    (tmp_path / "lines.csv").write_text("customer\nB\n")
    assert of_accounts(reopen()) == ["B"]


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
@pytest.mark.parametrize("asked", [{"table": "customers"}, {"query": "SELECT 'A' AS account_id"}])
def test_a_database_file_is_asked_each_time(cache, make_source, tmp_path, kind, asked):
    connect = __import__(kind if kind == "duckdb" else "sqlite3").connect
    with connect(str(tmp_path / "data.db")) as connection:
        connection.execute("CREATE TABLE customers AS SELECT 'A' AS account_id")
    source = make_source({}, {"accounts": asked}, **{kind: "data.db"})
    assert of_accounts(source) == ["A"]
    assert not cache.exists()


def test_filling_it_leaves_out_what_cannot_be_read(cache, make_source, reopen, validated):
    broken = ROWS | {"t.csv": "ticket_id;account_id;opened_at\n1;A;2024-01-01\n"}
    make_source(broken, TABLES).stock.fill()
    validated.clear()
    source = reopen()
    assert source.load(["accounts", "contracts"]).caveats
    assert validated == []
    with pytest.raises(SourceError, match="delimiter"):
        source.quality("tickets")


WRITER = """
import sys
from opsplaybook.sources import open_source
for _ in range(6):
    tables = open_source(sys.argv[1]).load(["accounts", "contracts", "tickets"])
    print(len(tables["accounts"]), len(tables["contracts"]), len(tables["tickets"]))
"""


def test_two_kernels_at_once(cache, make_source, tmp_path):
    many = "account_id,name\n" + "".join(f"A-{number},Name\n" for number in range(30_000))
    make_source(ROWS | {"a.csv": many}, TABLES)
    command = [sys.executable, "-c", WRITER, str(tmp_path / "source.yaml")]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    while any(process.poll() is None for process in both):
        # Somebody empties it meanwhile.
        for path in cache.glob("*"):
            path.unlink(missing_ok=True)
    for process in both:
        said, complaints = process.communicate()
        assert process.returncode == 0, complaints
        assert said == "30000 3 2\n" * 6
