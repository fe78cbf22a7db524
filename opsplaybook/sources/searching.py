"""Find a row of a table by a part of its key or name, in the engine."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
from ibis.expr import types as ir

from opsplaybook.contracts import TABLES
from opsplaybook.sources.staging import engine_error
from opsplaybook.sources.stock import Stock

_NAME = "name"


@dataclass(frozen=True, slots=True)
class Hits:
    """Rows in which a text was found.

    Attributes
    ----------
    names : dict of str to str
        Key to name, in the order in which they are offered; the name is empty where the table
        has none.
    total : int
        Rows in which it was found, of which `names` holds the first.
    """

    names: dict[str, str]
    total: int


def search(stock: Stock, table: str, text: str, *, limit: int) -> Hits:
    """Find rows whose key or name holds every word of a text.

    Parameters
    ----------
    stock : Stock
    table : str
        Table with a key of one column.
    text : str
        Upper and lower case are the same. Empty: every row is found.
    limit : int
        Rows that are returned at most: the key itself first, then keys and names that begin with
        the text, then others, each in the order of the keys.

    Returns
    -------
    Hits

    Raises
    ------
    SourceError
        If the engine refuses the query, or cannot be reached any more.
    """
    rows = stock.table(table).expression
    (column,) = TABLES[table].facts().key
    key = rows[column].cast("string")
    name = rows[_NAME].fill_null("") if _NAME in rows.columns else ibis.literal("")
    found = rows.select(key=key, name=name).filter(_holds(text.lower().split()))
    place = _place(text.strip().lower())
    try:
        total = stock.engine.arrow(found.agg(total=found.count())).column(0)[0].as_py()
        first = stock.engine.arrow(found.order_by(place, "key").limit(limit)).to_pylist()
    except stock.engine.errors as error:
        raise engine_error(error, f"{stock.origin}, table {table}") from None
    return Hits({row["key"]: row["name"] for row in first}, total)


def _holds(words: Sequence[str]) -> list[ir.BooleanValue]:
    both = ibis._.key.lower().concat(" ", ibis._.name.lower())
    return [both.contains(word) for word in words] or [ibis.literal(True)]  # noqa: FBT003


def _place(text: str) -> ir.IntegerValue:
    """Rank a row: the key itself, a beginning, anything else."""
    key, name = ibis._.key.lower(), ibis._.name.lower()
    begins = key.startswith(text) | name.startswith(text)
    return ibis.cases((key == text, 0), (begins, 1), else_=2)
