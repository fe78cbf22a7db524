"""Where queries run: DuckDB inside this process, or the database of the source.

No connection is made when the package is imported: DuckDB starts threads, and a process that has
threads cannot be forked safely.
"""

import shutil
import tempfile
import uuid
import weakref
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import duckdb
import ibis
import ibis.common.exceptions
import pandas as pd
import pyarrow as pa
from ibis.expr import types as ir

from opsplaybook.errors import SourceError

_NOT_A_NUMBER = float("nan")
_MOST_CODES = 1_000
"""Different texts up to which a column that is meant to be coded is."""

_BATCH_ROWS = 100_000


class Engine(Protocol):
    """What the sources package asks of an engine."""

    local: bool
    backend: Any
    errors: tuple[type[Exception], ...]

    def view(self, name: str, sql: str) -> ir.Table:
        """Name a query."""
        ...

    def keep(self, name: str, expression: ir.Table, *, coded: Iterable[str] = ()) -> ir.Table:
        """Compute an expression once, where the engine can keep it.

        Columns in `coded`, if it has them, hold the same few texts over and over.
        """
        ...

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Fetch the rows of an expression."""
        ...


class LocalEngine:
    """DuckDB, embedded, with a folder for what does not fit into memory.

    Parameters
    ----------
    timezone : str
        Zone in which the engine sees days and hours.
    """

    local = True
    errors = (duckdb.Error, ibis.common.exceptions.IbisError)

    def __init__(self, timezone: str) -> None:
        self.folder = Path(tempfile.gettempdir()) / f"opsplaybook-{uuid.uuid4().hex}"
        self.connection = duckdb.connect()
        self.timezone = timezone
        self._set_zone()
        # DuckDB makes this folder when it first spills, but not the one above it.
        spill = self.folder.with_name(f"{self.folder.name}-spill")
        self.execute(f"SET temp_directory = {literal(str(spill))}")
        # In a notebook it would leave a widget behind that belongs to no report.
        self.execute("SET enable_progress_bar = false")
        self.execute("CREATE SCHEMA raw")
        weakref.finalize(self, _close, self.connection, self.folder, spill)

    @cached_property
    def backend(self) -> Any:
        """The same connection as Ibis sees it."""
        backend = ibis.duckdb.from_connection(self.connection)
        self._set_zone()  # Ibis has put it to UTC
        return backend

    def _set_zone(self) -> None:
        self.execute(f"SET TimeZone = {literal(self.timezone)}")

    def execute(self, sql: str) -> None:
        """Run a statement."""
        self.connection.execute(sql)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Run a query and return its few rows."""
        return self.arrow_of(sql).to_pylist()

    def register(self, name: str, table: pa.Table, *, shown: Iterable[str] = ()) -> str:
        """Make an Arrow table known under a name of schema raw, with all or some of its columns.

        Returns
        -------
        str
            What stands behind FROM for all of them.
        """
        registered = identifier(f"registered_{name}")
        self.connection.register(f"registered_{name}", table)
        columns = ", ".join(identifier(column) for column in shown) or "*"
        self.execute(f"CREATE VIEW raw.{identifier(name)} AS SELECT {columns} FROM {registered}")
        return registered

    def view(self, name: str, sql: str) -> ir.Table:
        """Name a query."""
        self.execute(f"CREATE OR REPLACE VIEW {identifier(name)} AS {sql}")
        return self.backend.table(name)

    def keep(self, name: str, expression: ir.Table, *, coded: Iterable[str] = ()) -> ir.Table:
        """Compute an expression once and keep its rows."""
        self.execute(
            f"CREATE OR REPLACE TABLE {identifier(name)} AS {self.backend.compile(expression)}"
        )
        return self._coded(name, coded)

    def _coded(self, name: str, columns: Iterable[str]) -> ir.Table:
        """Keep a number in place of each text: to pick rows by it takes a tenth of the time."""
        table = self.backend.table(name)
        for column in (identifier(column) for column in columns if column in table.columns):
            found = self.rows(
                f"SELECT DISTINCT {column} AS text FROM {identifier(name)}"
                f" WHERE {column} IS NOT NULL ORDER BY text LIMIT {_MOST_CODES + 1}"
            )
            if 0 < len(found) <= _MOST_CODES:
                texts = ", ".join(literal(row["text"]) for row in found)
                self.execute(f"ALTER TABLE {identifier(name)} ALTER {column} TYPE ENUM ({texts})")
        return table

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Fetch the rows of an expression."""
        return self.arrow_of(self.backend.compile(expression))

    def arrow_of(self, sql: str) -> pa.Table:
        """Fetch the rows of a query; coded texts leave the engine as texts."""
        table = self.connection.sql(sql).to_arrow_table()
        return table.cast(_uncoded(table.schema))

    def batches(self, sql: str) -> pa.RecordBatchReader:
        """Read the rows of a query as they are asked for, coded texts as texts."""
        rows = self.connection.sql(sql).to_arrow_reader(_BATCH_ROWS)
        return rows.cast(_uncoded(rows.schema))

    def take(self, name: str, rows: pa.RecordBatchReader, *, coded: Iterable[str] = ()) -> ir.Table:
        """Keep rows that come from elsewhere."""
        self.connection.register("taken", rows)
        try:
            self.execute(f"CREATE OR REPLACE TABLE {identifier(name)} AS FROM taken")
        finally:
            self.connection.unregister("taken")
        return self._coded(name, coded)

    def work_file(self, name: str) -> Path:
        """Return a path for a copy that lives as long as the engine."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / name


class RemoteEngine:
    """A database behind an address. Nothing is written to it: views are queries.

    Parameters
    ----------
    address : str
        Address as Ibis takes it, with its secrets. It is not kept.
    shown : str
        The address as the YAML has it, for messages.

    Raises
    ------
    SourceError
        If the database cannot be reached. The message holds no secret.
    """

    local = False
    errors = (Exception,)  # every driver has errors of its own

    def __init__(self, address: str, *, shown: str) -> None:
        try:
            self.backend = ibis.connect(address)
        except Exception as error:  # noqa: BLE001 - every driver has errors of its own
            raise SourceError(
                f"the database cannot be opened ({type(error).__name__})",
                where=shown,
                remedy="check address, credentials and network; the driver comes with the "
                "extra of the database, such as opsplaybook[postgres]",
            ) from None

    def view(self, name: str, sql: str) -> ir.Table:  # noqa: ARG002 - as the protocol has it
        """Wrap a query."""
        return self.backend.sql(sql)

    def keep(self, name: str, expression: ir.Table, *, coded: Iterable[str] = ()) -> ir.Table:  # noqa: ARG002 - see above
        """Return the expression: it is computed where it is used."""
        return expression

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Fetch the rows of an expression."""
        return self.backend.to_pyarrow(expression)


def literal(text: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Write texts as a DuckDB list."""
    return f"[{', '.join(literal(text) for text in texts)}]"


def identifier(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def frame(engine: Engine, expression: ir.Table) -> pd.DataFrame:
    """Fetch an expression as a frame, in the types of the contracts."""
    return to_frame(engine.arrow(expression))


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Turn an Arrow table into a frame, in the types of the contracts.

    Timestamps stay in the zone of the Arrow table.
    """
    # To one thread of its own Arrow would only hand the work over.
    threads = pa.cpu_count() > 1
    return table.to_pandas(
        types_mapper=_PANDAS_TYPES.get, date_as_object=False, use_threads=threads
    )


_PANDAS_TYPES = {
    pa.string(): pd.StringDtype(na_value=_NOT_A_NUMBER),
    pa.large_string(): pd.StringDtype(na_value=_NOT_A_NUMBER),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def _uncoded(schema: pa.Schema) -> pa.Schema:
    """Say what a schema is without codes in place of texts."""
    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in schema
    ]
    return pa.schema(fields, schema.metadata)


def _close(connection: Any, *folders: Path) -> None:
    connection.close()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
