"""Raw tables: a file, a query or a database table, before anything is known of its columns."""

import csv
import io
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

import duckdb

from opsplaybook.errors import SourceError, quote
from opsplaybook.sources.cells import Cells, table_of
from opsplaybook.sources.engine import LocalEngine, identifier, literal, literals
from opsplaybook.sources.files import (
    TEXT_SUFFIXES,
    TextFormat,
    encoding_error,
    read_header,
    refuse_damage,
    refuse_other_header,
    suffix_of,
    transcode,
)
from opsplaybook.sources.quality import SetAside
from opsplaybook.sources.sheets import read_sheets

_SHEETS = (".xlsx", ".xlsm")
_PARQUET = (".parquet", ".pq")
_FETCHED_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table as it is found.

    Attributes
    ----------
    origin : str
        What to call it in messages.
    sql : str
        What stands behind FROM.
    files : tuple of Path
        The files that it is read from.
    rejects : str
        Name of the engine's table of lines that could not be read; empty where there is none.
    header : tuple of str
        Names of its columns, where they are known without asking the engine.
    known : bool
        Whether queries can read it as ``raw.NAME`` already.
    """

    origin: str
    sql: str
    files: tuple[Path, ...] = ()
    rejects: str = ""
    header: tuple[str, ...] = field(default=(), repr=False)
    known: bool = False


def raw_files(
    engine: LocalEngine,
    name: str,
    files: Sequence[Path],
    *,
    form: TextFormat,
    sheet: str | None,
    where: str,
) -> RawTable:
    """Make a raw table of files of one format and one header.

    Raises
    ------
    SourceError
        If a file is damaged, of an unknown format, or differs from the first in its header.
    """
    origin = files[0].name if len(files) == 1 else f"{len(files):,} files {files[0].name} …"
    suffix = suffix_of(files[0])
    if suffix in TEXT_SUFFIXES:
        return _raw_text(engine, name, files, form=form, origin=origin, where=where)
    for path in files:
        refuse_damage(path, where=where)
    if suffix in _PARQUET:
        paths = literals(str(path) for path in files)
        return RawTable(origin, f"read_parquet({paths})", tuple(files))
    if suffix in _SHEETS:
        columns = read_sheets(files, sheet, where=where)
        return _registered(engine, name, columns, origin=origin, files=files)
    raise SourceError(
        f"files of type {quote(suffix)} are not read",
        where=f"{where}, file {files[0]}",
        remedy=f"use one of {', '.join((*TEXT_SUFFIXES, *_PARQUET, *_SHEETS))}, each also as .gz "
        "where it is text",
    )


def _raw_text(
    engine: LocalEngine,
    name: str,
    files: Sequence[Path],
    *,
    form: TextFormat,
    origin: str,
    where: str,
) -> RawTable:
    header = read_header(files[0], form, where=where)
    for path in files[1:]:
        other = read_header(path, form, where=where)
        refuse_other_header(other, header, path, files[0], where=where)
    rejects = f"rejects_{name}"
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in header)
    readable = _as_utf8(engine, name, files, form.encoding, where)
    sql = (
        f"read_csv({literals(str(path) for path in readable)}, auto_detect = false, "
        f"header = true, columns = {{{columns}}}, delim = {literal(form.delimiter)}, "
        f"quote = '\"', escape = '\"', "
        f"store_rejects = true, rejects_table = {literal(rejects)}, "
        f"rejects_scan = {literal(rejects + '_scan')}, rejects_limit = 0)"
    )
    return RawTable(origin, sql, tuple(files), rejects, tuple(header))


def _as_utf8(
    engine: LocalEngine, name: str, files: Sequence[Path], encoding: str, where: str
) -> list[Path]:
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig", "ascii"):
        return list(files)
    return [
        transcode(path, encoding, engine.work_file(f"{name}-{position}.csv"), where=where)
        for position, path in enumerate(files)
    ]


def _registered(
    engine: LocalEngine,
    name: str,
    columns: dict[str, Cells],
    *,
    origin: str,
    files: Sequence[Path],
) -> RawTable:
    sql = engine.register(name, table_of(columns), shown=columns)
    return RawTable(origin, sql, tuple(files), header=tuple(columns), known=True)


def raw_sqlite(engine: LocalEngine, name: str, path: Path, sql: str, *, where: str) -> RawTable:
    """Copy the rows of a query on a SQLite file: its columns have no types to trust, its cells do.

    Raises
    ------
    SourceError
        If the file is no database or the query fails.
    """
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        cursor = connection.execute(sql)
        columns = {name: Cells() for name in _apart(c[0] for c in cursor.description)}
        while rows := cursor.fetchmany(_FETCHED_ROWS):
            for cells, found in zip(columns.values(), zip(*rows, strict=True), strict=True):
                cells.add(found)
    except sqlite3.Error as error:
        raise SourceError(
            f"SQLite says: {error}", where=f"{where}, file {path}", remedy="correct the source YAML"
        ) from error
    finally:
        connection.close()
    return _registered(engine, name, columns, origin=path.name, files=(path,))


def _apart(names: Iterable[str]) -> list[str]:
    """Tell names apart that stand more than once, as those of a join, as the engine would."""
    apart: dict[str, str] = {}
    for name in names:
        numbered = chain([name], (f"{name}_{number}" for number in count(1)))
        free = next(each for each in numbered if each.lower() not in apart)
        apart[free.lower()] = free
    return list(apart.values())


def attach_duckdb(engine: LocalEngine, path: Path, *, where: str) -> None:
    """Make the tables of a DuckDB file known, read-only.

    Raises
    ------
    SourceError
        If it is no DuckDB file.
    """
    try:
        engine.execute(f"ATTACH {literal(str(path))} AS attached (READ_ONLY)")
    except duckdb.Error as error:
        raise SourceError(
            f"DuckDB says: {str(error).splitlines()[0]}",
            where=f"{where}, file {path}",
            remedy="name a DuckDB file that no other program is writing to",
        ) from error
    engine.execute("SET search_path = 'memory.main,attached.main'")


def rejected_lines(
    engine: LocalEngine, raw: RawTable, rows_read: int, *, where: str
) -> SetAside | None:
    """Count the lines that could not be read, once the table has been read.

    Raises
    ------
    SourceError
        If they show that the file as a whole cannot be trusted: another encoding, whole rows
        quoted as one field, or a last row that is cut off.
    """
    if not raw.rejects or not engine.rows(
        f"SELECT 1 FROM duckdb_tables() WHERE table_name = {literal(raw.rejects)}"
    ):
        return None
    lines = engine.rows(
        "SELECT line, any_value(error_type)::VARCHAR AS kind, any_value(csv_line) AS text, "
        "any_value(error_message) AS message "
        f"FROM {identifier(raw.rejects)} GROUP BY file_id, line ORDER BY file_id, line"
    )
    if not lines:
        return None
    _refuse_encoding(lines, where)
    _refuse_requoted(lines, where, rows_read)
    _refuse_cut_off(raw, lines, where)
    examples = tuple(f"line {line['line']}: {quote(line['text'])}" for line in lines[:5])
    return SetAside(f"broken lines: {lines[0]['message']}", len(lines), examples)


def _refuse_encoding(lines: list[dict[str, str]], place: str) -> None:
    wrong = [line for line in lines if "ENCODING" in line["kind"] or "UNICODE" in line["kind"]]
    if wrong:
        raise encoding_error("utf-8", f"in {len(wrong):,} lines, first {wrong[0]['line']}", place)


def _refuse_requoted(lines: list[dict[str, str]], place: str, rows_read: int) -> None:
    requoted = [line for line in lines if _is_one_quoted_field(line["text"])]
    if requoted:
        raise SourceError(
            f"{len(requoted):,} of {rows_read + len(lines):,} rows are quoted as one field, "
            "so that all their other columns are lost",
            where=place,
            examples=[f"line {line['line']}: {quote(line['text'])}" for line in requoted],
            remedy="undo the second quoting, or export the file again",
        )


def _is_one_quoted_field(text: str) -> bool:
    text = text.strip()
    if not (text.startswith('"') and text.endswith('"')):
        return False
    fields = next(csv.reader(io.StringIO(text, newline="")), [])
    return len(fields) == 1 and any(mark in fields[0] for mark in ",;\t|")


def _refuse_cut_off(raw: RawTable, lines: list[dict[str, str]], place: str) -> None:
    last = lines[-1]
    path = raw.files[-1]
    if last["kind"] != "MISSING COLUMNS" or path.suffix.lower() == ".gz":
        return
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 2 * len(last["text"].encode()) - 2, 0))
        tail = file.read()
    if tail.endswith(last["text"].encode()):
        raise SourceError(
            f"the file is cut off in line {last['line']}: {last['message'].lower()}",
            where=place,
            examples=[quote(last["text"])],
            remedy="copy or export it again; rows behind that line are missing",
        )
