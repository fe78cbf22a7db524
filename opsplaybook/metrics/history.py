"""What was known of every account before a day, and what it did after."""

import ibis
import numpy as np
import pandas as pd

from opsplaybook.sources import Tables

PAST = (
    "employees_log",
    "tenure_years",
    "is_customer",
    "past_events",
    "past_deals",
    "open_deals",
    "past_spend_log",
    "past_activity_log",
    "recent_activity_log",
)
"""Columns that describe an account before the day; those without data are left out."""

OUTCOMES = ("deals_opened", "deals_won", "spend", "activity")
"""Columns that say what an account did after the day, each with its twin from before."""


def account_history(
    tables: Tables, day: pd.Timestamp, *, history_days: int, window_days: int
) -> pd.DataFrame:
    """Describe every account on the eve of a day, and what it did in the window that follows.

    Parameters
    ----------
    tables : Tables
        With ``accounts``; ``opportunities``, ``event_contacts``, ``contracts``, ``invoices`` and
        ``activity`` where there are any. The last two are aggregated in the engine.
    day : Timestamp
        First day of the window; the history ends on the day before.
    history_days, window_days : int
        Length of the history, and days after `day` that the window has.

    Returns
    -------
    DataFrame
        Index ``account_id``, one row per account that was known before the day (accounts without
        a date have always been known). Columns of `PAST` (logarithms are of 1 + x; counts and
        money are those of the history; ``recent_activity_log`` those of its last quarter), and
        for each of `OUTCOMES` the column itself and ``before_`` it, over a window of the same
        length that ends on the day before.
        ``deals_opened`` and ``deals_won`` are 0 or 1, and leave out renewals, which come up with
        the calendar and not with an event. Columns that the source cannot fill are left out.
    """
    accounts = _known(tables, day)
    first = day - pd.Timedelta(days=history_days)
    last = day + pd.Timedelta(days=window_days)
    parts = [
        _master_data(accounts, day),
        _events(tables, day, first),
        _deals(tables, day, first, last),
        _sums(tables, "invoices", "spend", day, first, last),
        _sums(tables, "activity", "activity", day, first, last),
    ]
    frame = pd.concat([part.reindex(accounts.index) for part in parts], axis=1)
    for name in ("spend", "activity"):
        if f"past_{name}" in frame:
            frame[f"past_{name}_log"] = np.log1p(frame[f"past_{name}"].fillna(0).clip(lower=0))
    if "recent_activity" in frame:
        frame["recent_activity_log"] = np.log1p(frame["recent_activity"].fillna(0))
    wanted = [*PAST, *OUTCOMES, *(f"before_{name}" for name in OUTCOMES)]
    return frame[[name for name in wanted if name in frame]].fillna(0.0).astype("float64")


def _known(tables: Tables, day: pd.Timestamp) -> pd.DataFrame:
    accounts = tables["accounts"].set_index("account_id")
    first_seen = accounts[["created_on", "customer_since"]].min(axis=1)
    return accounts.loc[~(first_seen >= day)]


def _master_data(accounts: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    since = accounts["customer_since"]
    frame = pd.DataFrame(index=accounts.index)
    if accounts["employees"].notna().any():
        employees = accounts["employees"].astype("float64")
        frame["employees_log"] = np.log1p(employees.fillna(employees.median()))
    if since.notna().any():
        frame["tenure_years"] = ((day - since).dt.days / 365.25).clip(lower=0).fillna(0)
        frame["is_customer"] = (since < day).astype("float64")
    return frame


def _events(tables: Tables, day: pd.Timestamp, first: pd.Timestamp) -> pd.DataFrame:
    """Count the other events that reached each account in the history."""
    starts = tables["events"].set_index("event_id")["start_on"]
    rows = tables["event_contacts"][["event_id", "account_id"]].drop_duplicates()
    at = rows["event_id"].map(starts)
    past = rows.loc[(at < day) & (at >= first)].groupby("account_id").size()
    return past.rename("past_events").to_frame()


def _deals(
    tables: Tables, day: pd.Timestamp, first: pd.Timestamp, last: pd.Timestamp
) -> pd.DataFrame:
    deals = tables["opportunities"]
    deals = deals.loc[~(deals["kind"] == "renewal").fillna(value=False)]
    if deals.empty:
        return pd.DataFrame()
    width = last - day + pd.Timedelta(days=1)
    opened, closed, won = deals["opened_on"], deals["closed_on"], deals["outcome"] == "won"
    flags = {
        "past_deals": (opened >= first) & (opened < day),
        "open_deals": (opened < day) & ~(closed < day),
        "deals_opened": (opened >= day) & (opened <= last),
        "before_deals_opened": (opened >= day - width) & (opened < day),
        "deals_won": won & (closed >= day) & (closed <= last),
        "before_deals_won": won & (closed >= day - width) & (closed < day),
    }
    counts = pd.DataFrame(flags).groupby(deals["account_id"]).sum()
    yes_or_no = [name for name in flags if "deals_" in name]
    return counts.assign(**{name: counts[name].clip(upper=1) for name in yes_or_no})


def _sums(
    tables: Tables,
    table: str,
    name: str,
    day: pd.Timestamp,
    first: pd.Timestamp,
    last: pd.Timestamp,
) -> pd.DataFrame:
    """Sum a large table per account and period, in the engine."""
    rows = tables.expression(table)
    if rows is None:
        return pd.DataFrame()
    at = rows["at"].date() if table == "activity" else rows["issued_on"].cast("date")
    value = rows["amount"] if table == "invoices" else ibis.literal(1.0)
    width = last - day + pd.Timedelta(days=1)
    recent = day - (day - first) / 4
    periods = {
        f"past_{name}": (first, day),
        f"recent_{name}": (recent, day),
        name: (day, last + pd.Timedelta(days=1)),
        f"before_{name}": (day - width, day),
    }
    sums = {
        column: ibis.ifelse((at >= start.date()) & (at < end.date()), value, 0.0).sum()
        for column, (start, end) in periods.items()
    }
    grouped = rows.drop_null("account_id").group_by("account_id").aggregate(**sums)
    return grouped.to_pandas().set_index("account_id").astype("float64")
