"""A source of files whose tables are validated once for all kernels, as long as nothing changes.

What validation finds depends on a table's files, on what the mapping says of it, and on this
package's code; the key under which it is kept is the digest of all three. A table that depends on
anything else, such as a database or the clock, is not kept.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

import opsplaybook
from opsplaybook.contracts import TABLES
from opsplaybook.errors import SourceError
from opsplaybook.sources.files import digest
from opsplaybook.sources.mapping import SourceMapping, TableMapping
from opsplaybook.sources.quality import Unmatched, quality_of, record_of, unmatched_of
from opsplaybook.sources.ready import known_query, known_rows
from opsplaybook.sources.repeatable import reads_files_alone
from opsplaybook.sources.stock import MappedStock, StockTable, Where
from opsplaybook.sources.table_cache import TableCache

ELSEWHERE = frozenset({"batch", "figures", "metrics", "playbooks", "report", "stats", "widgets"})
"""Parts of the package that `sources` does not import, so that no table depends on them."""

_TOLD_APART = {"name", "description", "notes", "tables"}
"""What a mapping says of the whole source, or of each table by itself."""


def code_mark(root: Path = Path(opsplaybook.__file__).parent) -> str:
    """Return a digest of the code on which validation depends, and of its libraries' versions."""
    whole = sha256()
    parts = [part for part in sorted(root.iterdir()) if part.name not in ELSEWHERE]
    for path in (file for part in parts for file in (part, *sorted(part.rglob("*.py")))):
        if path.suffix == ".py":
            whole.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    for library in (duckdb, ibis, np, pd, pa):
        whole.update(f"{library.__name__} {library.__version__}\0".encode())
    return whole.hexdigest()


CODE = code_mark()
"""The code as it was loaded: read later, it could be newer than what has run."""


class CachedStock(MappedStock):
    """The tables of a source YAML, looked for in a cache first.

    Parameters
    ----------
    mapping, folder, more
        As for `MappedStock`.
    cache : TableCache
    """

    def __init__(
        self, mapping: SourceMapping, folder: Path, *, cache: TableCache, **more: Any
    ) -> None:
        super().__init__(mapping, folder, **more)
        self._cache = cache
        self._keys: dict[str, str] = {}
        self._known: dict[str, str] = {}

    def rows(self, name: str, *, as_of: date, where: Where | None) -> pa.Table:
        """Fetch the rows of a table as known on a day, by a ready query where there is one."""
        quality = self.quality(name)
        if name not in self._known:
            return super().rows(name, as_of=as_of, where=where)
        return known_rows(self.engine, self._known[name], quality, as_of=as_of, where=where)

    def unmatched(self, name: str, others: Iterable[str]) -> tuple[Unmatched, ...]:
        """Say which values of a table point to rows that other tables lack."""
        parts = [part for other in self._pointed(name, others) for part in self._lost(name, other)]
        columns = list(TABLES[name].facts().refers_to)
        return tuple(sorted(parts, key=lambda part: columns.index(part.column)))

    def fill(self) -> None:
        """Validate every table that can be kept, as far as it can be read.

        Whoever needs one that cannot be read is told why when it is asked for.
        """
        usable = []
        for name in self.names:
            if self._is_repeatable(self.mapping.tables[name]):
                with suppress(SourceError):
                    self.table(name)
                    usable.append(name)
        for name in usable:
            self.unmatched(name, usable)

    def _lost(self, name: str, other: str) -> tuple[Unmatched, ...]:
        """Say which values of a table point to rows that one other table lacks."""
        self.table(name), self.table(other)
        if not self._keys.keys() >= {name, other}:
            return super().unmatched(name, [other])
        key = _digest({"unmatched": [self._keys[name], self._keys[other]]})
        with self._cache.opened(key) as kept:
            if kept is not None:
                return unmatched_of(kept.record["unmatched"])
        found = super().unmatched(name, [other])
        no_rows = pa.table({}).to_reader()
        self._cache.keep(key, no_rows, {"unmatched": [asdict(part) for part in found]})
        return found

    def _validate(self, name: str) -> StockTable:
        if not self._is_repeatable(self.mapping.tables[name]):
            return super()._validate(name)
        key = self._key(name)
        table = self._kept(name, key)
        if table is None:
            table = super()._validate(name)
            # Where a file changes meanwhile, nobody knows which of the two was read.
            if self._key(name) != key:
                return table
            table = self._keep(name, key, table)
        self._keys[name] = key
        return table

    def _kept(self, name: str, key: str) -> StockTable | None:
        """Take a table from the cache; None where it does not hold it whole."""
        with self._cache.opened(key) as kept:
            if kept is None:
                return None
            try:
                table = self.engine.take(_called(name), kept.rows, coded=TABLES[name].facts().coded)
            except (*self.engine.errors, OSError):
                self._cache.discard(key)
                return None
        self._known[name] = kept.record["known"]
        return StockTable(table, quality_of(kept.record["quality"]))

    def _keep(self, name: str, key: str, table: StockTable) -> StockTable:
        """Put a table into the cache."""
        engine, sql = self.engine, self.engine.backend.compile(table.expression)
        view = engine.view(_called(name), sql)
        self._known[name] = known_query(engine, name, view.schema(), called=_called(name))
        record = {"quality": record_of(table.quality), "known": self._known[name]}
        self._cache.keep(key, engine.batches(sql), record)
        return StockTable(view, table.quality)

    def _is_repeatable(self, spec: TableMapping) -> bool:
        """Tell whether a table depends on nothing but files, the mapping and the code."""
        mapping = self.mapping
        if any((mapping.database, mapping.duckdb, mapping.sqlite)):
            return False
        if spec.table is not None and self._prepare is None:
            return False
        return reads_files_alone(spec, mapping.files)

    def _key(self, name: str) -> str:
        """Return the digest of all that a table depends on."""
        spec = self.mapping.tables[name]
        files = {path: digest(path) for path in self._files(name, spec)}
        for path, found in files.items():
            self._digests.setdefault(path, found)
        return _digest(
            {
                "code": CODE,
                "source": self.mapping.model_dump(exclude=_TOLD_APART),
                "table": [name, spec.model_dump()],
                "files": [(path.name, found) for path, found in files.items()],
                # What is made and not read depends on the address alone.
                "address": self.origin if spec.table is not None else "",
            }
        )

    def _files(self, name: str, spec: TableMapping) -> Iterator[Path]:
        """Find the files of a table; a query may read all those that are declared."""
        if spec.file is not None:
            yield from self._found(spec.file, f"{self.origin}, table {name}")
        if spec.query is not None:
            for own, file in self.mapping.files.items():
                yield from self._found(file.file, f"{self.origin}, files.{own}")


def _called(name: str) -> str:
    return f"cached_{name}"


def _digest(content: object) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
