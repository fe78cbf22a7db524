"""The tables of a mapped source, each validated once, when it is first asked for."""

import difflib
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from ibis.expr import types as ir

from opsplaybook.contracts import TABLES
from opsplaybook.errors import SourceError, quote
from opsplaybook.sources.casting import Style
from opsplaybook.sources.digests import by_name, is_unseen
from opsplaybook.sources.engine import Engine, LocalEngine, RemoteEngine, identifier
from opsplaybook.sources.files import TextFormat, digest, find_files, suffix_of
from opsplaybook.sources.known import as_known, last_day
from opsplaybook.sources.mapping import (
    ColumnMapping,
    FileReading,
    SourceMapping,
    TableMapping,
    expand,
    nearest,
)
from opsplaybook.sources.quality import Quality, Unmatched
from opsplaybook.sources.raw import (
    RawTable,
    attach_duckdb,
    raw_files,
    raw_sqlite,
    rejected_lines,
)
from opsplaybook.sources.references import unmatched_values
from opsplaybook.sources.staging import engine_error, stage
from opsplaybook.sources.validated import validate_rows

Where = Mapping[str, str | Sequence[str]]
"""Columns and the values to keep; each table is filtered by those that its contract has."""


@dataclass(frozen=True, slots=True)
class StockTable:
    """A validated table.

    Attributes
    ----------
    expression : ibis table
        Its valid rows.
    quality : Quality
        What was found.
    """

    expression: ir.Table
    quality: Quality


class Stock(Protocol):
    """Where validated tables come from: a mapping, or a snapshot."""

    name: str
    currency: str
    timezone: str
    origin: str
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables."""
        ...

    @property
    def digests(self) -> dict[str, str]:
        """Digests of what was read."""
        ...

    @property
    def unseen(self) -> tuple[str, ...]:
        """Names of the tables that can change while the digests stay."""
        ...

    @property
    def engine(self) -> Engine:
        """Where queries run."""
        ...

    def table(self, name: str) -> StockTable:
        """Return a validated table."""
        ...

    def quality(self, name: str) -> Quality:
        """Say what was found in a table."""
        ...

    def rows(self, name: str, *, as_of: date, where: Where | None) -> pa.Table:
        """Fetch the rows of a table as known on a day."""
        ...

    def unmatched(self, name: str, others: Iterable[str]) -> tuple[Unmatched, ...]:
        """Say which values of a table point to rows that other tables lack."""
        ...


def expression(
    stock: Stock, name: str, *, as_of: date | None = None, where: Where | None = None
) -> ir.Table:
    """Return the valid rows of a table, filtered, as known on a day.

    A filter on a column that the contract has and the source lacks leaves no row: nothing is
    known to belong to what was asked for.
    """
    table = stock.table(name).expression
    for column, wanted in (where or {}).items():
        if column in table.columns:
            table = table.filter(table[column].isin(values_of(wanted)))
        elif column in TABLES[name].to_schema().columns:
            table = table.limit(0)
    if as_of is None:
        return table
    return as_known(table, TABLES[name], last_day(as_of, stock.timezone))


def values_of(wanted: str | Sequence[str]) -> list[str]:
    """Return the values that a filter keeps."""
    return [wanted] if isinstance(wanted, str) else list(wanted)


class MappedStock:
    """The tables of a source YAML.

    Parameters
    ----------
    mapping : SourceMapping
    folder : Path
        Folder that paths are relative to.
    origin : str
        What to call the source in messages.
    text : bytes
        The YAML, for its digest.
    prepare : callable, optional
        Makes tables known to the engine before the first one is validated.
    """

    def __init__(
        self,
        mapping: SourceMapping,
        folder: Path,
        *,
        origin: str,
        text: bytes = b"",
        prepare: Callable[[LocalEngine], None] | None = None,
    ) -> None:
        self.mapping = mapping
        self.name = mapping.name
        self.currency = mapping.currency
        self.timezone = mapping.timezone
        self.notes = mapping.notes
        self.origin = origin
        self._folder = folder
        self._text = text
        self._prepare, self._prepared = prepare, False
        self._tables: dict[str, StockTable] = {}
        self._digests: dict[Path, str] = {}
        self._raw_files_ready = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables, in the order of the contracts."""
        return tuple(name for name in TABLES if name in self.mapping.tables)

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of the mapping and of every file read so far, by its path in the data folder."""
        own = {"mapping": hashlib.sha256(self._text).hexdigest()} if self._text else {}
        return own | by_name(self._digests, self._data_folder) if self._digests else own

    @property
    def unseen(self) -> tuple[str, ...]:
        """Names of the tables that can change while the digests stay."""
        return tuple(name for name in self.names if is_unseen(self.mapping, name))

    @cached_property
    def engine(self) -> Engine:
        """The engine, opened when it is first needed."""
        if self.mapping.database is not None:
            shown = self.mapping.database
            return RemoteEngine(expand(shown, where=self.origin), shown=shown)
        engine = LocalEngine(self.mapping.timezone)
        if self.mapping.duckdb is not None:
            path = self._data_folder / expand(self.mapping.duckdb, where=self.origin)
            (path,) = find_files([str(path)], Path(), where=self.origin)
            attach_duckdb(engine, path, where=self.origin)
            self._note_digest(path)
        return engine

    def table(self, name: str) -> StockTable:
        """Validate a table, or return it as validated before.

        Raises
        ------
        SourceError
            If it cannot be read, or cannot be trusted.
        """
        if name not in self._tables:
            self._tables[name] = self._validate(name)
        return self._tables[name]

    def quality(self, name: str) -> Quality:
        """Say what was found in a table."""
        return self.table(name).quality

    def rows(self, name: str, *, as_of: date, where: Where | None) -> pa.Table:
        """Fetch the rows of a table as known on a day."""
        return self.engine.arrow(expression(self, name, as_of=as_of, where=where))

    def unmatched(self, name: str, others: Iterable[str]) -> tuple[Unmatched, ...]:
        """Say which values of a table point to rows that other tables lack."""
        tables = {other: self.table(other).expression for other in self._pointed(name, others)}
        return unmatched_values(self.engine, name, self.table(name).expression, tables)

    def _pointed(self, name: str, others: Iterable[str]) -> list[str]:
        """Name those of other tables that a table points to and the source has."""
        pointed = set(TABLES[name].facts().refers_to.values()) & set(others)
        return [other for other in self.names if other in pointed]

    def _validate(self, name: str) -> StockTable:
        spec = self.mapping.tables[name]
        raw = self._raw(name, spec)
        place = f"file {raw.files[0]}" if raw.files else self.origin
        where = f"{place}, table {name}"
        found = self._columns_of(raw, where)
        columns = self._columns(name, spec, found, where)
        styles = {target: self._style(spec, column) for target, column in columns.items()}
        staged = stage(
            self.engine,
            raw,
            TABLES[name],
            columns=columns,
            styles=styles,
            filters=spec.where,
            currency=self.mapping.currency,
            where=where,
        )
        expressions = " ".join(column.sql or "" for column in columns.values())
        used = {column.from_ for column in columns.values()}
        table, quality = validate_rows(
            self.engine,
            raw,
            staged,
            TABLES[name],
            styles=styles,
            sources_of={name: column.from_ or "" for name, column in columns.items()},
            unused=[name for name in found if name not in used and name not in expressions],
            where=where,
        )
        return StockTable(table, quality)

    def _raw(self, name: str, spec: TableMapping) -> RawTable:
        where = f"{self.origin}, table {name}"
        if spec.query is not None:
            self._prepare_raw_files()
            return self._queried(name, spec.query, where)
        if spec.table is not None:
            return self._in_database(name, spec.table, where)
        return self._in_files(name, spec.file or (), spec, where)

    def _queried(self, name: str, query: str, where: str) -> RawTable:
        if self.mapping.sqlite is not None and isinstance(self.engine, LocalEngine):
            return raw_sqlite(self.engine, name, self._sqlite_file(where), query, where=where)
        return RawTable("query", f"({query})")

    def _in_database(self, name: str, table: str, where: str) -> RawTable:
        if self.mapping.sqlite is not None and isinstance(self.engine, LocalEngine):
            query = f"SELECT * FROM {identifier(table)}"
            return raw_sqlite(self.engine, name, self._sqlite_file(where), query, where=where)
        if self._prepare is not None and not self._prepared:
            self._prepare(self.engine)
            self._prepared = True
        quoted_name = ".".join(identifier(part) for part in table.split("."))
        return RawTable(f"table {table}", quoted_name)

    def _in_files(
        self, name: str, patterns: tuple[str, ...], spec: FileReading, where: str
    ) -> RawTable:
        if not isinstance(self.engine, LocalEngine):
            raise SourceError(
                "a file cannot be read by a database",
                where=where,
                remedy="give `table` or `query`, or leave `database` out",
            )
        files = self._found(patterns, where)
        for path in files:
            self._note_digest(path)
        defaults = self.mapping.defaults
        tab = "\t" if suffix_of(files[0]) == ".tsv" else ","
        form = TextFormat(
            nearest("delimiter", spec, defaults) or tab,
            nearest("encoding", spec, defaults) or "utf-8",
        )
        sheet = nearest("sheet", spec, defaults)
        return raw_files(self.engine, name, files, form=form, sheet=sheet, where=where)

    def _found(self, patterns: Iterable[str], where: str) -> list[Path]:
        expanded = [expand(pattern, where=where) for pattern in patterns]
        return find_files(expanded, self._data_folder, where=where)

    def _prepare_raw_files(self) -> None:
        """Make every entry of `files` known as raw.NAME; text is read once and kept."""
        if self._raw_files_ready or not isinstance(self.engine, LocalEngine):
            return
        for name, spec in self.mapping.files.items():
            where = f"{self.origin}, files.{name}"
            raw = self._in_files(name, spec.file, spec, where)
            if raw.known:
                continue
            target = f"raw.{identifier(name)}"
            kind = "TABLE" if raw.rejects else "VIEW"
            try:
                self.engine.execute(f"CREATE {kind} {target} AS SELECT * FROM {raw.sql}")
            except self.engine.errors as error:
                raise engine_error(error, where) from error
            rejected_lines(self.engine, raw, 0, where=f"{where}, file {raw.files[0]}")
        self._raw_files_ready = True

    @cached_property
    def _data_folder(self) -> Path:
        return self._folder / Path(expand(self.mapping.folder, where=self.origin)).expanduser()

    def _sqlite_file(self, where: str) -> Path:
        address = expand(self.mapping.sqlite or "", where=where)
        (path,) = find_files([address], self._data_folder, where=where)
        self._note_digest(path)
        return path

    def _note_digest(self, path: Path) -> None:
        if path not in self._digests:
            self._digests[path] = digest(path)

    def _columns_of(self, raw: RawTable, where: str) -> tuple[str, ...]:
        if raw.header:
            return raw.header
        try:
            view = self.engine.view(f"header_of_{abs(hash(raw.sql))}", f"SELECT * FROM {raw.sql}")
        except self.engine.errors as error:
            raise engine_error(error, where) from error
        return tuple(view.columns)

    def _columns(
        self, name: str, spec: TableMapping, found: tuple[str, ...], where: str
    ) -> dict[str, ColumnMapping]:
        """Return where each filled column comes from, in the order of the contract."""
        contract = TABLES[name].to_schema().columns
        given = spec.columns
        if given is None:
            given = {
                target: ColumnMapping.model_validate({"from": target})
                for target, column in contract.items()
                if target in found or column.required
            }
        missing = {
            target: column.from_
            for target, column in given.items()
            if column.from_ is not None and column.from_ not in found
        }
        if missing:
            raise _missing_columns(missing, found, where)
        return {target: given[target] for target in contract if target in given}

    def _style(self, spec: TableMapping, column: ColumnMapping) -> Style:
        readings = (column, spec, self.mapping.defaults)
        return Style(
            null=nearest("null", *readings) or (),
            date_formats=nearest("date_format", *readings) or (),
            decimal=nearest("decimal", *readings) or ".",
            thousands=nearest("thousands", *readings) or "",
            zone=nearest("timezone", *readings) or self.mapping.timezone,
            source_zone=self.mapping.timezone,
            backend=self.engine.backend.name,
        )


def _missing_columns(missing: Mapping[str, str], found: tuple[str, ...], where: str) -> SourceError:
    examples = []
    for target, name in missing.items():
        near = difflib.get_close_matches(name, found, n=1)
        hint = f"; did you mean {quote(near[0])}?" if near else ""
        examples.append(f"{target}: there is no column {quote(name)}{hint}")
    count = "1 column is" if len(missing) == 1 else f"{len(missing)} columns are"
    return SourceError(
        f"{count} missing from the {len(found):,} found",
        where=f"{where}, column {next(iter(missing))}",
        examples=examples,
        remedy=f"map the columns that are there: {', '.join(found[:20])}",
    )
