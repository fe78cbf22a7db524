"""Recency, frequency and money of every customer that ordered, as known on a day."""

from datetime import date

import ibis
import pandas as pd

from opsplaybook.sources import Tables

RFM = ("recency", "frequency", "money")
"""Days since the last order, number of orders, net amount."""


def recency_frequency_money(tables: Tables, *, since: date | None = None) -> pd.DataFrame:
    """Count orders by account up to the last known day.

    An order is a day with a positive balance of invoices and credit notes, so that an order
    cancelled on its day is none; where the source has no invoices, it is a day with a deal won.

    Parameters
    ----------
    tables : Tables
        With ``invoices``, or ``opportunities``.
    since : date, optional
        First day that counts.

    Returns
    -------
    DataFrame
        Index ``account_id``, accounts with an order; ``recency`` (days from the last order to the
        last known day, never negative, since nothing after that day is known), ``frequency``
        (orders) and ``money`` (net amount, what was credited later included), all float. Empty
        where the source has neither table.
    """
    balances = _balances(tables, since)
    if balances is None:
        return pd.DataFrame(columns=list(RFM), dtype="float64")
    order = balances["amount"] > 0
    found = (
        balances.group_by("account_id")
        .aggregate(
            last=balances["day"].max(where=order),
            frequency=balances.count(where=order),
            money=balances["amount"].sum(),
        )
        .order_by("account_id")
        .to_pandas()
        .set_index("account_id")
    )
    found = found.loc[found["frequency"] > 0]
    days = pd.Timestamp(tables.as_of) - pd.to_datetime(found["last"])
    return found.assign(recency=days.dt.days)[list(RFM)].astype("float64")


def _balances(tables: Tables, since: date | None) -> ibis.Table | None:
    """Sum amounts by account and day."""
    rows = tables.expression("invoices")
    if rows is not None and "account_id" in rows.columns:
        day, amount = rows["issued_on"].cast("date"), rows["amount"]
    else:
        rows = tables.expression("opportunities")
        if rows is None or not {"account_id", "closed_on", "closed_amount"} <= set(rows.columns):
            return None
        rows = rows.filter(rows["outcome"] == "won")
        day, amount = rows["closed_on"].cast("date"), rows["closed_amount"].fill_null(0.0)
    known = rows.select(account_id=rows["account_id"], day=day, amount=amount)
    known = known.drop_null("account_id")
    if since is not None:
        known = known.filter(known["day"] >= since)
    return known.group_by("account_id", "day").aggregate(amount=known["amount"].sum())
