import logging
import os
import sys

import pyarrow as pa
import pytest

from opsplaybook.sources import table_cache
from opsplaybook.sources.table_cache import TableCache

ROWS = pa.table({"account_id": [f"A-{number}" for number in range(5_000)]})
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def keep(cache: TableCache, key: str, rows: pa.Table = ROWS) -> None:
    cache.keep(key, rows.to_reader(), {"of": key})


def found(cache: TableCache, key: str) -> bool:
    with cache.opened(key) as kept:
        return kept is not None


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kept tables é"


@pytest.fixture
def cache(folder):
    return TableCache(folder)


def test_what_is_kept_comes_back(cache):
    keep(cache, "one")
    with cache.opened("one") as kept:
        assert kept.record == {"of": "one"}
        assert kept.rows.read_all().equals(ROWS)
    assert not found(cache, "two")


def test_a_table_without_rows_or_columns(cache):
    keep(cache, "one", pa.table({}))
    with cache.opened("one") as kept:
        assert kept.record == {"of": "one"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_nobody_else_can_read_it(cache, folder):
    keep(cache, "one")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_it_may_be_emptied_or_removed_at_any_time(cache, folder):
    keep(cache, "one")
    with cache.opened("one") as kept:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        assert kept.rows.read_all().equals(ROWS)
    assert not found(cache, "one")
    keep(cache, "one")
    assert found(cache, "one")


@pytest.mark.parametrize("damage", [b"", b"not a table", None])
def test_a_file_that_is_no_table_was_never_kept(cache, folder, damage):
    keep(cache, "one")
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-20] if damage is None else damage)
    assert not found(cache, "one")
    assert list(folder.iterdir()) == []


def test_rows_that_were_damaged_are_not_read(cache, folder):
    keep(cache, "one")
    (path,) = folder.iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 0xFF
    path.write_bytes(content)
    with cache.opened("one") as kept, pytest.raises(OSError, match="CRC"):
        kept.rows.read_all()


def test_what_was_not_used_for_longest_goes_first(folder):
    keep(TableCache(folder), "one")
    (path,) = folder.iterdir()
    cache = TableCache(folder, limit_bytes=int(2.5 * path.stat().st_size))
    keep(cache, "two")
    for age, key in enumerate(("two", "one")):
        os.utime(folder / f"{key}.parquet", (1_000 + age, 1_000 + age))
    with cache.opened("two"):
        pass
    keep(cache, "three")
    assert [found(cache, key) for key in ("one", "two", "three")] == [False, True, True]


def test_a_write_that_fails_leaves_nothing(cache, folder, caplog):
    def broken():
        yield ROWS.to_batches()[0]
        raise OSError("no space left on device")

    table_cache._say_once.cache_clear()
    rows = pa.RecordBatchReader.from_batches(ROWS.schema, broken())
    with caplog.at_level(logging.WARNING):
        cache.keep("one", rows, {})
        cache.keep("one", pa.RecordBatchReader.from_batches(ROWS.schema, broken()), {})
    assert list(folder.iterdir()) == []
    (said,) = caplog.messages
    assert "not kept" in said
    assert "no space left" in said


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(cache, folder, caplog):
    folder.mkdir(mode=0o500)
    table_cache._say_once.cache_clear()
    keep(cache, "one")
    assert "Permission denied" in caplog.text


def test_a_place_that_cannot_be_a_folder(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    table_cache._say_once.cache_clear()
    cache = TableCache(tmp_path / "file" / "cache")
    keep(cache, "one")
    assert "Not a directory" in caplog.text
    assert not found(cache, "one")
