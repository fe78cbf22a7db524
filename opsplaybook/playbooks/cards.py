"""The card of one account: all that is known of it, for us alone."""

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Table
from opsplaybook.formats import Kind
from opsplaybook.tables import Column

KINDS: dict[str, Kind] = {
    "employees": "count", "since": "date", "terms": "count", "renewals": "count",
    "contract_value": "money", "contract_end": "date", "value": "money", "payment": "days",
    "users": "count", "actions": "count", "tickets": "count",
}  # fmt: skip
"""What the facts of a portrait are, for their text; the others are words."""


def table_card(
    facts: pd.DataFrame,
    first: pd.DataFrame,
    *,
    key: str,
    caption: str,
    currency: str,
    note: str = "",
) -> Table:
    """Show what is known of one account; a gap is a gap, not a zero.

    Parameters
    ----------
    facts : DataFrame
        As from `card`: ``part``, ``fact``, ``column``, ``value`` and ``since``.
    first : DataFrame
        ``part``, ``fact`` and ``text``: what stands above the facts.
    key, caption, note : str
        Of the table.
    currency : str
        Of all money.

    Returns
    -------
    Table
        For us alone: it names our own people, and what we think of the account.
    """
    texts = [
        formats.value(value, KINDS.get(column, "text"), currency=currency)
        for column, value in zip(facts["column"], facts["value"], strict=True)
    ]
    known = facts.assign(text=texts)[["part", "fact", "text", "since"]]
    rows = pd.concat([first.assign(since=pd.NaT), known], ignore_index=True)
    columns = [
        Column("part", "Part"),
        Column("fact", "Fact"),
        Column("text", "Value"),
        Column("since", "In contact since", "date"),
    ]
    return tables.table(
        rows.astype({"since": "datetime64[us]"}),
        columns,
        key=key,
        caption=caption,
        note=note,
        shown=len(rows),
    )
