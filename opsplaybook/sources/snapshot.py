"""Validated tables in a folder: read fast, the same for every run of a batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import pyarrow.parquet as pq
from ibis.expr import types as ir

from opsplaybook.contracts import TABLES
from opsplaybook.errors import SourceError
from opsplaybook.sources.engine import Engine, LocalEngine, literal
from opsplaybook.sources.quality import Quality, SetAside, Unmatched
from opsplaybook.sources.stock import Stock, StockTable

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
        "digests": stock.digests,
        "tables": [asdict(quality) for quality in qualities],
    }
    part = folder / f"{RECORD}.part"
    part.write_text(json.dumps(record, default=_day_text, indent=1), encoding="utf-8")
    part.replace(folder / RECORD)


def _write_table(engine: Engine, table: ir.Table, path: Path) -> None:
    keys = [name for name in _SORTED_BY if name in table.columns]
    ordered = table.order_by(keys) if keys else table
    if isinstance(engine, LocalEngine):
        engine.execute(
            f"COPY ({ibis.to_sql(ordered)}) TO {literal(str(path))} "
            f"(FORMAT parquet, ROW_GROUP_SIZE {_ROW_GROUP})"
        )
    else:
        pq.write_table(engine.arrow(ordered), path, row_group_size=_ROW_GROUP)


def _day_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a snapshot record")


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
        self._folder = folder
        self._digests: dict[str, str] = record["digests"]
        self._qualities = {part["table"]: _quality(part) for part in record["tables"]}
        self._tables: dict[str, StockTable] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables, in the order of the contracts."""
        return tuple(name for name in TABLES if name in self._qualities)

    @property
    def digests(self) -> dict[str, str]:
        """Digests of the files that the snapshot was made from."""
        return dict(self._digests)

    @cached_property
    def engine(self) -> Engine:
        """The engine, opened when it is first needed."""
        return LocalEngine(self.timezone)

    def table(self, name: str) -> StockTable:
        """Return a table as it was validated."""
        if name not in self._tables:
            path = literal(str(self._folder / f"{name}.parquet"))
            view = self.engine.view(name, f"SELECT * FROM read_parquet({path})")
            self._tables[name] = StockTable(view, self._qualities[name])
        return self._tables[name]


def _quality(part: dict[str, Any]) -> Quality:
    days = {
        name: date.fromisoformat(part[name]) if part[name] else None
        for name in ("first_on", "last_on", "known_until")
    }
    tuples = {name: tuple(part[name]) for name in ("columns", "unused", "notes")}
    return Quality(
        **part
        | days
        | tuples
        | {
            "set_aside": tuple(SetAside(**_examples(item)) for item in part["set_aside"]),
            "unmatched": tuple(Unmatched(**_examples(item)) for item in part["unmatched"]),
        }
    )


def _examples(item: dict[str, Any]) -> dict[str, Any]:
    return item | {"examples": tuple(item["examples"])}
