"""What one account ordered and what it has under contract."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from opsplaybook.contracts import TABLES, conform, empty
from opsplaybook.metrics.periods import Period
from opsplaybook.sources import Tables

_COLUMNS = ("invoice_id", "issued_on", "due_on", "paid_on", "amount")


def orders(tables: Tables, account_id: str) -> pd.DataFrame:
    """List the invoices and credit notes of an account.

    Parameters
    ----------
    tables : Tables
        With ``invoices``; without it the frame is empty.
    account_id : str

    Returns
    -------
    DataFrame
        ``invoice_id``, ``issued_on``, ``due_on``, ``paid_on`` (midnights) and ``amount`` (negative
        for credit notes), oldest first; missing where the source does not say.
    """
    rows = tables.expression("invoices")
    if rows is None or "account_id" not in rows.columns:
        return empty(TABLES["invoices"])[list(_COLUMNS)]
    known = [name for name in _COLUMNS if name in rows.columns]
    own = rows.filter(rows["account_id"] == account_id).select(known).to_pandas()
    form = conform(own, TABLES["invoices"])[list(_COLUMNS)]
    return form.sort_values(["issued_on", "invoice_id"], ignore_index=True)


def order_sizes(invoices: pd.DataFrame, period: Period) -> np.ndarray:
    """Return the size of each order of a period, less what was credited.

    An order is a day with a positive balance of invoices and credit notes, so that an order
    cancelled on its day is none. Credit notes of later days reduce all orders in proportion.

    Returns
    -------
    ndarray of float, shape (orders,)
        Their sum is the net amount; empty where that is zero or less.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-06-01", "2026-06-02", "2026-06-02", "2026-06-09"])
    >>> found = pd.DataFrame({"issued_on": days, "amount": [100.0, 900.0, -900.0, -20.0]})
    >>> order_sizes(found, Period(date(2026, 6, 1), date(2026, 6, 30))).tolist()
    [80.0]

    One order of 100, of which 20 came back; the other was cancelled on its day.
    """
    own = invoices.loc[period.holds(invoices["issued_on"])]
    balances = own.groupby("issued_on")["amount"].sum()
    placed = balances[balances > 0].to_numpy(dtype=float)
    net = balances.sum()
    return placed * (net / placed.sum()) if net > 0 and placed.size else np.empty(0)


def in_force(contracts: pd.DataFrame, day: date) -> pd.DataFrame:
    """Return the terms in force on a day; a term without an end goes on."""
    on = pd.Timestamp(day)
    begun, over = contracts["start_on"] <= on, contracts["end_on"] < on
    return contracts.loc[begun & ~over]


def in_force_on(
    contracts: pd.DataFrame, days: Sequence[date] | pd.DatetimeIndex, column: str
) -> np.ndarray:
    """Sum a column of the terms in force on each of several days.

    Parameters
    ----------
    contracts : DataFrame
        As of the contract.
    days : sequence of date, length n
    column : {"annual_value", "seats"}

    Returns
    -------
    ndarray of float, shape (n,)
        NaN on a day on which no term has a value.

    Examples
    --------
    >>> term = {"start_on": pd.Timestamp("2026-01-01"), "end_on": pd.NaT, "seats": 20}
    >>> in_force_on(pd.DataFrame([term]), [date(2025, 12, 31), date(2026, 1, 1)], "seats").tolist()
    [nan, 20.0]

    There are seats from the first day of the term on, and no end was agreed.
    """
    on = np.asarray(pd.DatetimeIndex(days), dtype="datetime64[us]")[:, None]
    starts = contracts["start_on"].to_numpy(dtype="datetime64[us]")
    ends = contracts["end_on"].to_numpy(dtype="datetime64[us]")
    amounts = contracts[column].to_numpy(dtype=float, na_value=np.nan)
    counted = (starts <= on) & ~(ends < on) & ~np.isnan(amounts)
    sums = np.where(counted, amounts, 0.0).sum(axis=1)
    return np.where(counted.any(axis=1), sums, np.nan)
