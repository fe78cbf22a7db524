"""Rows as known on a day, by a query that was written once for all days.

Translating an expression takes Ibis longer than DuckDB takes to read one account.
"""

from collections.abc import Iterator
from datetime import date

import ibis
import pyarrow as pa
from ibis.expr import schema

from opsplaybook.contracts import TABLES
from opsplaybook.sources.engine import LocalEngine, identifier, literal
from opsplaybook.sources.known import (
    DAY_VARIABLE,
    END_VARIABLE,
    as_known,
    end_of_day,
    last_day_variables,
)
from opsplaybook.sources.quality import Quality
from opsplaybook.sources.stock import Where, values_of


def known_query(engine: LocalEngine, name: str, columns: schema.Schema, *, called: str) -> str:
    """Write the query that gives a table as known on a day.

    Parameters
    ----------
    engine : LocalEngine
    name : str
        Name of the table in the contracts.
    columns : ibis schema
        Its filled columns.
    called : str
        Name of the table in the engine.

    Returns
    -------
    str
        The day is set when it runs, as `known_rows` does.
    """
    known = as_known(ibis.table(columns, name=called), TABLES[name], last_day_variables())
    return engine.backend.compile(known)


def known_rows(
    engine: LocalEngine, query: str, quality: Quality, *, as_of: date, where: Where | None
) -> pa.Table:
    """Fetch the rows of a table as known on a day.

    Parameters
    ----------
    engine : LocalEngine
    query : str
        As `known_query` writes it.
    quality : Quality
        What was found in the table.
    as_of : date
        Last known day, in the zone of the engine.
    where : mapping, optional
        Columns and values to keep.
    """
    end = end_of_day(as_of, engine.timezone).isoformat()
    engine.execute(f"SET VARIABLE {DAY_VARIABLE} = DATE {literal(as_of.isoformat())}")
    engine.execute(f"SET VARIABLE {END_VARIABLE} = TIMESTAMPTZ {literal(end)}")
    conditions = " AND ".join(_conditions(quality, where or {})) or "TRUE"
    return engine.arrow_of(f"SELECT * FROM ({query}) AS known WHERE {conditions}")


def _conditions(quality: Quality, where: Where) -> Iterator[str]:
    for column, wanted in where.items():
        if column in quality.columns:
            listed = ", ".join(literal(value) for value in values_of(wanted))
            yield f"{identifier(column)} IN ({listed})" if listed else "FALSE"
        elif column in TABLES[quality.table].to_schema().columns:
            yield "FALSE"
