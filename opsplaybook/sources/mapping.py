"""The source YAML: where the tables are, and which of their columns is which.

A complete example::

    name: Example Ltd
    currency: EUR
    timezone: Europe/Berlin
    notes: [Orders by telephone are not in the export.]
    folder: exports                    # beside the YAML; or ${SOME_VARIABLE}/exports
    defaults: {delimiter: ";", decimal: ",", date_format: "%d.%m.%Y", "null": ["", "n/a"]}
    files:
      lines: invoice_lines_*.csv       # for queries: FROM raw.lines
    tables:
      accounts:
        file: customers.csv
        columns:
          account_id: Customer number
          tier: {from: Class, map: {"1": S, "2": A, "3": B, "4": C}}
          strategic: {sql: 'sales > 100000'}
          region: {constant: Europe}
      invoices:
        query: SELECT number, max(customer) AS customer, ... FROM raw.lines GROUP BY number
        where:
          - {keep: "number NOT LIKE 'C%'", reason: cancelled}
"""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from opsplaybook.contracts import TABLES
from opsplaybook.errors import SourceError, quote
from opsplaybook.plain_yaml import load_yaml

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def _texts(value: object) -> object:
    """Let one text stand for a list of one."""
    return [value] if isinstance(value, str) else value


def _known_zone(value: str | None) -> str | None:
    if value is not None and value not in available_timezones():
        raise ValueError("not an IANA time zone such as Europe/Berlin")
    return value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Zone = Annotated[str, AfterValidator(_known_zone)]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, coerce_numbers_to_str=True
    )


class Reading(_Part):
    """How values are written. Set for a source, a table or a column; the nearest counts."""

    date_format: Texts | None = None
    decimal: str | None = Field(None, min_length=1, max_length=1)
    thousands: str | None = Field(None, min_length=1, max_length=1)
    null: Texts | None = None
    timezone: Zone | None = None


class FileReading(Reading):
    """How files are written."""

    delimiter: str | None = Field(None, min_length=1, max_length=4)
    encoding: str | None = None
    sheet: str | None = None


class ColumnMapping(Reading):
    """Where one column comes from: a name, an expression or one value for all rows."""

    from_: str | None = Field(None, alias="from")
    sql: str | None = None
    constant: str | None = None
    map: dict[str, str | None] | None = None

    def model_post_init(self, _context: object) -> None:
        """Hold that a column comes from one place."""
        if sum(part is not None for part in (self.from_, self.sql, self.constant)) != 1:
            raise ValueError("exactly one of from, sql and constant is needed")


class RowFilter(_Part):
    """Rows to keep; the others are counted as excluded, under the reason."""

    keep: str
    reason: str = Field(min_length=1)


class FileMapping(FileReading):
    """Files that queries read as ``raw.NAME``."""

    file: Texts


def _column(value: object) -> object:
    return {"from": value} if isinstance(value, str) else value


def _file(value: object) -> object:
    return {"file": value} if isinstance(value, str | list) else value


Column = Annotated[ColumnMapping, BeforeValidator(_column)]
File = Annotated[FileMapping, BeforeValidator(_file)]


class TableMapping(FileReading):
    """Where one table comes from. Without `columns`, those of the contract's own names."""

    file: Texts | None = None
    table: str | None = None
    query: str | None = None
    columns: dict[str, Column] | None = None
    where: tuple[RowFilter, ...] = ()

    def model_post_init(self, _context: object) -> None:
        """Hold that a table comes from one place."""
        if sum(part is not None for part in (self.file, self.table, self.query)) != 1:
            raise ValueError("exactly one of file, table and query is needed")


class SourceMapping(_Part):
    """A whole source YAML.

    `notes` are sentences that every reader of a report has to know and no program can compute:
    they open the caveats of all that is made from the source.
    """

    name: str = Field(min_length=1)
    description: str = ""
    currency: str = Field(pattern="^[A-Z]{3}$")
    timezone: Zone
    folder: str = "."
    duckdb: str | None = None
    sqlite: str | None = None
    database: str | None = None
    defaults: FileReading = FileReading()
    notes: Texts = ()
    files: dict[str, File] = {}
    tables: dict[str, TableMapping] = Field(min_length=1)

    def model_post_init(self, _context: object) -> None:
        """Hold that tables and columns exist, and that there is one place for the tables."""
        if sum(part is not None for part in (self.duckdb, self.sqlite, self.database)) > 1:
            raise ValueError("only one of duckdb, sqlite and database can be given")
        for name, table in self.tables.items():
            _hold_known(name, TABLES, "table")
            if table.columns is not None:
                _hold_columns(name, table.columns)


def _hold_known(name: str, known: Mapping[str, object], what: str) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise ValueError(f"there is no {what} {quote(name)}; {hint}")


def _hold_columns(table: str, columns: Mapping[str, object]) -> None:
    known = TABLES[table].to_schema().columns
    for name in columns:
        _hold_known(name, known, f"column of {table}")
    missing = [name for name, column in known.items() if column.required and name not in columns]
    if missing:
        raise ValueError(f"{table} needs {', '.join(missing)}, which its columns do not map")


def read_mapping(path: Path) -> SourceMapping:
    """Read a source YAML.

    Parameters
    ----------
    path : Path

    Returns
    -------
    SourceMapping

    Raises
    ------
    SourceError
        If there is no such file, it is not YAML, has a key twice, or says what cannot be; with
        every key.
    """
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceError(
            "there is no such source",
            where=str(path),
            remedy="correct the path; a relative one starts in the working folder",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())[:200]
        raise SourceError(
            f"not valid YAML: {problem}", where=str(path), remedy="correct the file"
        ) from None
    if not isinstance(content, dict):
        raise SourceError(
            "not a source: a YAML mapping is needed", where=str(path), remedy=_ALLOWED
        )
    return parse_mapping(content, where=str(path))


_ALLOWED = f"the keys are {', '.join(SourceMapping.model_fields)}"


def parse_mapping(content: Mapping[str, Any], *, where: str) -> SourceMapping:
    """Check the content of a source YAML.

    Raises
    ------
    SourceError
        With every key that is unknown or wrong.
    """
    try:
        return SourceMapping.model_validate(content)
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors(include_url=False)]
    count = "1 key is" if len(problems) == 1 else f"{len(problems)} keys are"
    raise SourceError(f"{count} wrong", where=where, examples=problems, remedy=_ALLOWED)


def _problem(item: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in item["loc"]) or "source"
    if item["type"] == "extra_forbidden":
        return f"{key}: there is no such key"
    message = item["msg"].removeprefix("Value error, ")
    shown = "" if isinstance(item["input"], dict) else f", not {quote(item['input'])}"
    return f"{key}: {message[:1].lower()}{message[1:]}{shown if item['type'] != 'missing' else ''}"


def expand(text: str, *, where: str) -> str:
    """Put environment variables in place of ``${NAME}``.

    Raises
    ------
    SourceError
        Naming the variable that is not set; values are never shown.
    """

    def value_of(match: re.Match[str]) -> str:
        value = os.environ.get(match.group(1))
        if value is None:
            raise SourceError(
                f"the environment variable {match.group(1)} is not set",
                where=where,
                remedy=f"set {match.group(1)} before the run",
            )
        return value

    return _VARIABLE.sub(value_of, text)


def nearest(name: str, *readings: Reading) -> Any:
    """Return a setting from the first reading that has it; None where none does."""
    values = (getattr(reading, name, None) for reading in readings)
    return next((value for value in values if value is not None), None)
