"""Validated tables in a folder: read fast, the same for every run of a batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr import types as ir

from opsplaybook.contracts import TABLES
from opsplaybook.errors import SourceError
from opsplaybook.sources.engine import Engine, LocalEngine, identifier, literal
from opsplaybook.sources.quality import Quality, Unmatched, quality_of, record_of
from opsplaybook.sources.ready import known_query, known_rows
from opsplaybook.sources.stock import Stock, StockTable, Where

RECORD = "snapshot.json"
_VERSION = 1
_SORTED_BY = ("account_id", "event_id", "experiment_id")
_ROW_GROUP = 50_000


def write_snapshot(stock: Stock, folder: Path, qualities: Sequence[Quality]) -> None:
    """Write tables as Parquet, and what was found in them as JSON, last.

    Rows are sorted by account, so that one account's rows lie together and are read alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for quality in qualities:
        table = stock.table(quality.table).expression
        _write_table(stock.engine, table, folder / f"{quality.table}.parquet")
    record = {
        "version": _VERSION,
        "name": stock.name,
        "origin": stock.origin,
        "currency": stock.currency,
        "timezone": stock.timezone,
        "notes": stock.notes,
        "digests": stock.digests,
        "tables": [record_of(quality) for quality in qualities],
        "known": _known_queries(stock, qualities),
    }
    part = folder / f"{RECORD}.part"
    part.write_text(json.dumps(record, indent=1), encoding="utf-8")
    part.replace(folder / RECORD)


def _write_table(engine: Engine, table: ir.Table, path: Path) -> None:
    keys = [name for name in _SORTED_BY if name in table.columns]
    ordered = table.order_by(keys) if keys else table
    if isinstance(engine, LocalEngine):
        engine.execute(
            f"COPY ({engine.backend.compile(ordered)}) TO {literal(str(path))} "
            f"(FORMAT parquet, ROW_GROUP_SIZE {_ROW_GROUP})"
        )
    else:
        pq.write_table(engine.arrow(ordered), path, row_group_size=_ROW_GROUP)


def _known_queries(stock: Stock, qualities: Sequence[Quality]) -> dict[str, str]:
    """Write, once for all runs, the query that gives each table as known on a day."""
    engine = LocalEngine(stock.timezone)
    names = [quality.table for quality in qualities]
    schemas = {name: stock.table(name).expression.schema() for name in names}
    return {name: known_query(engine, name, schemas[name], called=name) for name in names}


def read_snapshot(folder: Path) -> SnapshotStock:
    """Read what a snapshot says of itself; tables are read when they are asked for.

    Raises
    ------
    SourceError
        If it was written by another version.
    """
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    if record["version"] != _VERSION:
        raise SourceError(
            f"the snapshot is of version {record['version']}, not {_VERSION}",
            where=str(folder),
            remedy="make the snapshot again",
        )
    return SnapshotStock(folder, record)


class SnapshotStock:
    """The tables of a snapshot.

    Parameters
    ----------
    folder : Path
    record : dict
        What the snapshot says of itself.
    """

    def __init__(self, folder: Path, record: dict[str, Any]) -> None:
        self.name: str = record["name"]
        self.currency: str = record["currency"]
        self.timezone: str = record["timezone"]
        self.origin: str = record["origin"]
        self.notes: tuple[str, ...] = tuple(record["notes"])
        self._folder = folder
        self._digests: dict[str, str] = record["digests"]
        self._qualities = {part["table"]: quality_of(part) for part in record["tables"]}
        self._known: dict[str, str] = record["known"]
        self._tables: dict[str, StockTable] = {}
        self._views: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables, in the order of the contracts."""
        return tuple(name for name in TABLES if name in self._qualities)

    @property
    def digests(self) -> dict[str, str]:
        """Digests of the files that the snapshot was made from."""
        return dict(self._digests)

    @property
    def unseen(self) -> tuple[str, ...]:
        """None: the files of a snapshot do not change."""
        return ()

    @cached_property
    def engine(self) -> LocalEngine:
        """The engine, opened when it is first needed."""
        return LocalEngine(self.timezone)

    def table(self, name: str) -> StockTable:
        """Return a table as it was validated."""
        if name not in self._tables:
            self._view(name)
            table = self.engine.backend.table(name)
            self._tables[name] = StockTable(table, self._qualities[name])
        return self._tables[name]

    def quality(self, name: str) -> Quality:
        """Say what was found in a table."""
        return self._qualities[name]

    def rows(self, name: str, *, as_of: date, where: Where | None) -> pa.Table:
        """Fetch the rows of a table as known on a day, by its ready query."""
        self._view(name)
        quality = self._qualities[name]
        return known_rows(self.engine, self._known[name], quality, as_of=as_of, where=where)

    def unmatched(self, name: str, others: Iterable[str]) -> tuple[Unmatched, ...]:
        """Say which values of a table point to rows that other tables lack."""
        chosen = set(others)
        return tuple(p for p in self._qualities[name].unmatched or () if p.refers_to in chosen)

    def _view(self, name: str) -> None:
        if name not in self._views:
            path = literal(str(self._folder / f"{name}.parquet"))
            self.engine.execute(f"CREATE VIEW {identifier(name)} AS FROM read_parquet({path})")
            self._views.add(name)
