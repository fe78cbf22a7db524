"""Whether SQL gives the same again: only then may its result be kept."""

import re
from collections.abc import Collection

import sqlglot
from sqlglot import expressions as sql
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from opsplaybook.sources.mapping import TableMapping

CLOCKS = frozenset(
    {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
)
"""Words of DuckDB's SQL that give the time, without being called."""

PASSING = frozenset(
    {
        *CLOCKS,
        *("age", "ago", "get_current_time", "get_current_timestamp", "now", "today"),
        *("pg_conf_load_time", "pg_postmaster_start_time", "transaction_timestamp"),
        *("gen_random_uuid", "random", "setseed", "uuid", "uuidv4", "uuidv7"),
        *("currval", "nextval", "setval", "getenv", "getvariable"),
        *("current_connection_id", "current_query", "current_query_id", "current_schemas"),
        *("current_setting", "current_transaction_id", "in_search_path", "txid_current"),
        *("format_type", "get_block_size", "pg_get_constraintdef", "pg_get_viewdef"),
        *("pg_sleep", "sleep_ms", "stats", "vector_type", "write_log"),
    }
)
"""Functions of DuckDB whose result depends on more than what they are given."""

_READING = re.compile(r"read_\w+|sniff_csv|glob|query|query_table|\w+_scan|parquet_\w+")
"""Functions that read files which no mapping names."""

_PLAIN = re.compile(r"\w+")


def is_repeatable(query: str, tables: Collection[str] = ()) -> bool:
    """Tell whether a query on tables of schema ``raw`` gives the same whenever it is asked.

    Parameters
    ----------
    query : str
        In the SQL of DuckDB.
    tables : collection of str
        Names in schema ``raw`` of which it is known what they hold.

    Returns
    -------
    bool
        False wherever it is not sure.

    Examples
    --------
    >>> is_repeatable("SELECT max(price) FROM raw.lines", ["lines"])
    True
    >>> is_repeatable("SELECT max(price) FROM raw.lines, 'rates.csv'", ["lines"])
    False
    >>> is_repeatable("SELECT current_date - due_on")
    False
    """
    try:
        words = sqlglot.tokenize(query, dialect="duckdb")
        statements = sqlglot.parse(query, dialect="duckdb")
    except SqlglotError:
        return False
    if not all(map(_is_steady, words, [*words[1:], None])):
        return False
    if len(statements) != 1 or not isinstance(statements[0], sql.Query):
        return False
    whole = statements[0]
    named = {part.alias for part in whole.find_all(sql.CTE)}
    known = all(_is_known(table, named, tables) for table in whole.find_all(sql.Table))
    return known and whole.find(sql.TableSample) is None


def reads_files_alone(spec: TableMapping, files: Collection[str]) -> bool:
    """Tell whether what a mapping says of a table reads no more than the declared files.

    Parameters
    ----------
    spec : TableMapping
    files : collection of str
        Names of the files that are declared for queries.
    """
    parts = [part.keep for part in spec.where]
    parts += [column.sql for column in (spec.columns or {}).values() if column.sql is not None]
    whole = spec.query is None or is_repeatable(spec.query, files)
    return whole and all(is_repeatable(f"SELECT ({part})") for part in parts)


def _is_steady(word: Token, following: Token | None) -> bool:
    text = word.text.lower()
    if following is None or following.token_type is not TokenType.L_PAREN:
        return text not in CLOCKS
    return text not in PASSING and _READING.fullmatch(text) is None


def _is_known(table: sql.Table, named: Collection[str], tables: Collection[str]) -> bool:
    """Tell whether a relation is a known table or has its name within the query.

    Names with other characters could be those of files, which DuckDB reads as tables.
    """
    if not isinstance(table.this, sql.Identifier) or table.catalog:
        return False
    if table.db:
        return table.db.lower() == "raw" and table.name in tables
    return table.name in named and _PLAIN.fullmatch(table.name) is not None
