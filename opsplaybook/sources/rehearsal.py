"""A query that is written and never asked, and an engine that is opened and closed.

The first real ones then find everything loaded. An engine ends its threads when it is closed.
"""

from datetime import UTC, datetime

import ibis

from opsplaybook.sources.engine import LocalEngine

_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_COLUMNS = {"account_id": "string", "at": "timestamp", "quantity": "float64"}


def compile_query() -> None:
    """Write a query of the kind that metrics ask, for the engine that comes with the package."""
    rows, others = ibis.table(_COLUMNS, name="rows"), ibis.table(_COLUMNS, name="others")
    recent = rows.filter(rows.at >= _DAY, rows.account_id.length() > 0)
    sums = recent.group_by("account_id").aggregate(
        total=recent.quantity.sum(), days=recent.at.date().nunique(), last=recent.at.max()
    )
    known = others.distinct().select("account_id", weight=ibis.ifelse(others.quantity > 0, 1, 0))
    joined = ibis.union(sums, sums).left_join(known, "account_id").order_by("account_id")
    ibis.to_sql(joined, dialect="duckdb")


def open_engine() -> None:
    """Open the engine that comes with the package, and close it again."""
    engine = LocalEngine("UTC")
    engine.backend  # noqa: B018 - made when it is first named
    engine.connection.close()
