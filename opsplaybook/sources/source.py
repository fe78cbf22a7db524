"""A source: its tables, loaded as known on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
from ibis.expr import types as ir

from opsplaybook.contracts import TABLES, conform, empty
from opsplaybook.errors import ContractError, UsageError, quote
from opsplaybook.sources.check import Needs, SourceCheck, check_source
from opsplaybook.sources.engine import frame, to_frame
from opsplaybook.sources.loaded import Tables
from opsplaybook.sources.quality import Quality, Unmatched
from opsplaybook.sources.references import refuse_unknown
from opsplaybook.sources.searching import Hits, search
from opsplaybook.sources.selecting import select
from opsplaybook.sources.snapshot import read_snapshot, write_snapshot
from opsplaybook.sources.stock import Stock, Where, expression


class Source:
    """A company's tables.

    Made by `open_source`. Nothing is read before it is asked for, and each table is validated
    once.

    Attributes
    ----------
    name, currency, timezone : str
        As the source YAML says.
    """

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self.name = stock.name
        self.currency = stock.currency
        self.timezone = stock.timezone

    def __repr__(self) -> str:
        return f"Source({self.name!r}, tables: {', '.join(self.names)})"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables that it has."""
        return self.stock.names

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of the source YAML and of every file read so far, by name."""
        return self.stock.digests

    def quality(self, name: str) -> Quality:
        """Say what was found in a table."""
        return self.stock.quality(name)

    def expression(
        self, name: str, *, as_of: date | None = None, where: Where | None = None
    ) -> ir.Table:
        """Return the valid rows of a table as an expression of the engine.

        Parameters
        ----------
        name : str
        as_of : date, optional
            Last known day; None for everything.
        where : mapping, optional
            Columns and values to keep.

        Returns
        -------
        ibis table
            With the filled columns of the contract.
        """
        return expression(self.stock, name, as_of=as_of, where=where)

    def load(
        self,
        names: Iterable[str],
        *,
        required: Iterable[str] = (),
        in_engine: Iterable[str] = (),
        as_of: date | None = None,
        where: Where | None = None,
    ) -> Tables:
        """Load tables as frames.

        Parameters
        ----------
        names : iterable of str
            Tables; those that the source lacks come empty, with a caveat.
        required : iterable of str, optional
            Tables that must be there and have a valid row.
        in_engine : iterable of str, optional
            Tables too large for a frame: they are validated, and read by `Tables.expression`.
        as_of : date, optional
            Last known day. None: the last day on which any of the tables records something.
        where : mapping, optional
            Columns and values to keep, such as ``{"account_id": "A-0042"}``; applied in the
            engine to each table whose contract has the column.

        Returns
        -------
        Tables

        Raises
        ------
        ContractError
            If a required table is missing or left without a row.
        SourceError
            If a file or column cannot be read or trusted.
        UsageError
            If there is no such table in the vocabulary.
        """
        large = frozenset(in_engine)
        wanted = tuple(dict.fromkeys((*names, *required, *in_engine)))
        _refuse_unknown(wanted)
        present = [name for name in wanted if name in self.names]
        self._refuse_missing(tuple(required))
        qualities = {name: self.quality(name) for name in present}
        last = as_of or last_known_day(qualities.values()) or self.last_known_day()
        if last is None:
            raise ContractError(
                "no table has a date", where=self.name, remedy="give `as_of`, the last known day"
            )
        frames = {name: self._frame(name, last, where) for name in wanted if name not in large}
        caveats = self._caveats(wanted, qualities, last)
        return Tables(self, wanted, frames, qualities, last, caveats)

    def query(self, sql: str) -> pd.DataFrame:
        """Run one SELECT over the valid rows of the tables, in the engine.

        Parameters
        ----------
        sql : str
            In the SQL of the engine (DuckDB, unless the source is a database).

        Returns
        -------
        DataFrame

        Raises
        ------
        SourceError
            If it is not one SELECT, or the engine refuses it.

        Examples
        --------
        >>> from opsplaybook.sources import open_source
        >>> open_source("sample?accounts=40").query("SELECT count(*) AS n FROM accounts")["n"][0]
        np.int64(100)
        """
        return select(self.stock, sql)

    def search(self, name: str, text: str = "", *, limit: int) -> Hits:
        """Find rows of a table by a part of their key or name, as a person types it.

        Parameters
        ----------
        name : str
            Table with a key of one column.
        text : str, optional
            Words that key and name hold together; upper and lower case are the same.
        limit : int
            Rows that are returned at most.

        Returns
        -------
        Hits

        Raises
        ------
        ContractError
            If the source lacks the table.
        SourceError
            If it cannot be read.

        Examples
        --------
        >>> from opsplaybook.sources import open_source
        >>> hits = open_source("sample?accounts=40").search("accounts", "a-000", limit=2)
        >>> list(hits.names), hits.total
        (['A-0001', 'A-0002'], 9)

        Nine keys hold the text, and the first two are shown.
        """
        self._refuse_missing((name,))
        return search(self.stock, name, text, limit=limit)

    def require_known(self, column: str, values: Sequence[str]) -> None:
        """Refuse keys that no row has, such as an account that does not exist.

        Parameters
        ----------
        column : str
            Key column of a table, such as ``account_id``; any other name is not checked.
        values : sequence of str
            Empty texts stand for all, and are not checked.

        Raises
        ------
        UsageError
            With every unknown key, and keys that are written alike.
        """
        name = next((n for n, c in TABLES.items() if c.facts().key == (column,)), None)
        if name is None or name not in self.names:
            return
        keys = frame(self.stock.engine, self.expression(name).select(column).distinct())
        asked = [value for value in values if value]
        refuse_unknown(keys[column], asked, where=f"{self.name}: {name}.{column}")

    def snapshot(self, folder: Path | str, names: Iterable[str] | None = None) -> Source:
        """Write validated tables to a folder and return the source that reads them there.

        Parameters
        ----------
        folder : path
            Made if it is not there.
        names : iterable of str, optional
            Tables; all by default.

        Returns
        -------
        Source
            Reads Parquet, without mapping and validation; it knows all that was found.
        """
        chosen = [name for name in (names or self.names) if name in self.names]
        qualities = [self.with_unmatched(name, chosen) for name in chosen]
        write_snapshot(self.stock, Path(folder), qualities)
        return Source(read_snapshot(Path(folder)))

    def check(self, needs: Needs | None = None) -> SourceCheck:
        """Say what an analyst should know before anything runs, as `check_source` does."""
        return check_source(self, needs)

    def with_unmatched(self, name: str, others: Iterable[str]) -> Quality:
        """Say what was found in a table, values that match nothing in other tables included."""
        return replace(self.quality(name), unmatched=self.unmatched(name, others))

    def last_known_day(self, names: Iterable[str] | None = None) -> date | None:
        """Return the last day on which any of the tables records something as done."""
        chosen = self.names if names is None else names
        return last_known_day(self.quality(name) for name in chosen)

    def unmatched(self, name: str, others: Iterable[str]) -> tuple[Unmatched, ...]:
        """Count values of a table that point to rows that other tables lack."""
        return self.stock.unmatched(name, others)

    def _frame(self, name: str, as_of: date, where: Where | None) -> pd.DataFrame:
        if name not in self.names:
            return empty(TABLES[name], timezone=self.timezone)
        rows = self.stock.rows(name, as_of=as_of, where=where)
        return conform(to_frame(rows), TABLES[name], timezone=self.timezone)

    def _refuse_missing(self, required: Sequence[str]) -> None:
        missing = [name for name in required if name not in self.names]
        if missing:
            raise ContractError(
                f"{len(missing)} required tables are missing: {', '.join(missing)}",
                where=self.stock.origin,
                remedy="map them in the source YAML",
            )
        for name in required:
            quality = self.quality(name)
            if not quality.rows:
                raise ContractError(
                    f"no usable row of {quality.rows_read:,} is left",
                    where=f"{self.stock.origin}, {quality.origin}, table {name}",
                    examples=[f"{p.count:,} rows: {p.reason}" for p in quality.set_aside],
                    remedy="correct the mapping, or the export",
                )

    def _caveats(
        self, wanted: Sequence[str], qualities: Mapping[str, Quality], as_of: date
    ) -> tuple[str, ...]:
        lacking = [name for name in wanted if name not in qualities]
        parts = [*self.stock.notes, *(f"{name}: not in the source" for name in lacking)]
        for quality in qualities.values():
            parts += quality.caveats()
            parts += _unmatched_caveats(quality.table, self.unmatched(quality.table, qualities))
        last = last_known_day(qualities.values())
        if last is not None and as_of < last:
            parts += [text for name in qualities for text in self._as_exported(name, last)]
        return tuple(dict.fromkeys(parts))

    def _as_exported(self, name: str, last: date) -> list[str]:
        facts = TABLES[name].facts()
        filled = self.quality(name).columns
        dated = {
            column
            for reveal in facts.reveals
            if set(reveal.on) & set(filled)
            for column in reveal.columns
        }
        columns = [c for c in facts.as_exported if c in filled and c not in dated]
        if not columns:
            return []
        return [f"{name}: {', '.join(columns)} as of the export, {last:%Y-%m-%d}"]


def last_known_day(qualities: Iterable[Quality]) -> date | None:
    """Return the last day on which any table records something as done.

    Where nothing is done yet, the last planned day.
    """
    found = tuple(qualities)
    done = [quality.known_until for quality in found if quality.known_until]
    planned = [quality.last_on for quality in found if quality.last_on]
    return max(done or planned, default=None)


def _unmatched_caveats(table: str, parts: Iterable[Unmatched]) -> list[str]:
    return [
        f"{table}: {part.rows:,} rows have a {part.column} that {part.refers_to} lack"
        for part in parts
    ]


def _refuse_unknown(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        raise UsageError(
            f"there is no table {quote(unknown[0])}", remedy=f"there are {', '.join(TABLES)}"
        )
