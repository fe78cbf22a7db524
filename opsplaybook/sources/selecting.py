"""A query on the tables of a source, as `batch` plans select their runs with."""

import ibis
import pandas as pd
import sqlglot
from sqlglot import expressions as sql
from sqlglot.errors import SqlglotError

from opsplaybook.errors import SourceError
from opsplaybook.sources.engine import frame
from opsplaybook.sources.staging import engine_error
from opsplaybook.sources.stock import Stock

_REMEDY = "write one SELECT over tables of the source, such as SELECT account_id FROM accounts"


def select(stock: Stock, query: str) -> pd.DataFrame:
    """Run a SELECT over validated tables, in the engine.

    Parameters
    ----------
    stock : Stock
        The tables; only those that the query names are read.
    query : str
        One SELECT in the SQL of the engine. Each table's valid rows stand under its name.

    Returns
    -------
    DataFrame

    Raises
    ------
    SourceError
        If it is no SELECT, or the engine refuses it.
    """
    dialect = stock.engine.backend.dialect
    try:
        statements = sqlglot.parse(query, dialect=dialect)
    except SqlglotError as error:
        text = str(error).splitlines()[0]
        raise SourceError(f"not SQL: {text}", where=stock.origin, remedy=_REMEDY) from None
    if len(statements) != 1 or not isinstance(statements[0], sql.Query):
        raise SourceError("not one SELECT", where=stock.origin, remedy=_REMEDY)
    whole = _with_tables(stock, statements[0], dialect)
    try:
        return frame(stock.engine, stock.engine.view("selection", whole.sql(dialect=dialect)))
    except stock.engine.errors as error:
        raise engine_error(error, stock.origin) from None


def _with_tables(stock: Stock, query: sql.Query, dialect: object) -> sql.Query:
    """Put the valid rows of a table in the place of its name."""
    whole = query.copy()
    own = {part.alias for part in whole.find_all(sql.CTE)}
    for table in list(whole.find_all(sql.Table)):
        if table.name in own or table.name not in stock.names:
            continue
        rows = str(ibis.to_sql(stock.table(table.name).expression))
        parsed = sqlglot.parse_one(rows, dialect=dialect)
        table.replace(parsed.subquery(table.alias_or_name))
    return whole
