"""Validated tables in a private folder, each one Parquet file under the digest of its inputs.

A file is written beside its place and renamed, so that it is whole or not there, whoever else
writes or reads. Whatever is missing or damaged counts as never kept, so that the folder may be
emptied at any time.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

CACHE_VARIABLE = "OPSPLAYBOOK_TABLE_CACHE"
"""Environment variable with the folder of the cache; nothing is kept where it is not set."""

LIMIT_BYTES = 1 << 30
"""What a cache holds at most; what was not used for longest goes first."""

_RECORD = b"opsplaybook"
_SUFFIX = ".parquet"
_ROWS = 100_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CachedTable:
    """A table as it was kept.

    Attributes
    ----------
    rows : RecordBatchReader
        Its rows, read as they are asked for.
    record : dict
        What was kept beside them.
    """

    rows: pa.RecordBatchReader
    record: dict[str, Any]


class TableCache:
    """A folder of tables.

    Parameters
    ----------
    folder : Path
        Made, for this user alone, if it is not there.
    limit_bytes : int, optional
    """

    def __init__(self, folder: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder, self._limit_bytes = folder, limit_bytes

    @contextmanager
    def opened(self, key: str) -> Iterator[CachedTable | None]:
        """Open a table; None where there is none, or what is there cannot be read.

        Rows that turn out to be damaged raise `OSError` when they are read: every page has a
        checksum.
        """
        try:
            file = pq.ParquetFile(self._path(key), page_checksum_verification=True)
        except FileNotFoundError:
            yield None
            return
        except (OSError, pa.ArrowException):
            self.discard(key)
            yield None
            return
        with file:
            with suppress(OSError):
                # What was used last is the last to go; somebody may have removed it by now.
                os.utime(self._path(key))
            schema = file.schema_arrow
            record = json.loads((schema.metadata or {}).get(_RECORD, b"{}"))
            batches = file.iter_batches(_ROWS)
            yield CachedTable(pa.RecordBatchReader.from_batches(schema, batches), record)

    def keep(self, key: str, rows: pa.RecordBatchReader, record: dict[str, Any]) -> None:
        """Keep a table; where the folder cannot be written, say so once and keep nothing."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with NamedTemporaryFile(dir=self._folder, delete=False) as file:
                try:
                    _write(file, rows, record)
                    Path(file.name).replace(self._path(key))
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
            self._make_room()
        except OSError as error:
            _say_once(f"{self._folder}: {error.strerror or error}")

    def discard(self, key: str) -> None:
        """Forget a table that is damaged."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            _say_once(f"{self._folder}: {error.strerror}")

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"

    def _make_room(self) -> None:
        room = self._limit_bytes
        for entry, status in sorted(_entries(self._folder), key=lambda one: -one[1].st_mtime_ns):
            room -= status.st_size
            if room < 0:
                Path(entry).unlink(missing_ok=True)


def _write(file: Any, rows: pa.RecordBatchReader, record: dict[str, Any]) -> None:
    schema = rows.schema.with_metadata({_RECORD: json.dumps(record).encode()})
    with pq.ParquetWriter(file, schema, write_page_checksum=True) as writer:
        for batch in rows:
            writer.write_batch(batch)


def _entries(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                yield entry.path, entry.stat()
            except FileNotFoundError:
                # Another kernel has made room meanwhile.
                continue


@cache
def _say_once(reason: str) -> None:
    _log.warning("Validated tables are not kept, so each load validates them anew: %s", reason)
