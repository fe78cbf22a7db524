"""What the people of one account do in the product: who, how often, how much."""

from datetime import date

import ibis
import numpy as np
import pandas as pd

from opsplaybook.metrics.periods import Period, block_ends, blocks
from opsplaybook.sources import Tables

WEEK_DAYS = 7
REGULAR_SHARE = 0.5
"""Share of the whole weeks of a period in which a regular user does something."""


def daily_use(tables: Tables, account_id: str, *, since: date) -> pd.DataFrame:
    """Return what each user of an account did on each day, summed up in the engine.

    Parameters
    ----------
    tables : Tables
        With ``activity``; without it the frame is empty.
    account_id : str
    since : date
        First day.

    Returns
    -------
    DataFrame
        ``day`` (midnight in the zone of the source, without a zone), ``user_id`` (missing where
        the source does not know users), ``action``, ``actions`` (rows, int) and ``quantity``
        (a missing quantity counts as 1).
    """
    rows = tables.expression("activity")
    if rows is None or "account_id" not in rows.columns:
        return _no_use()
    day = rows["at"].date()
    own = rows.filter(rows["account_id"] == account_id, day >= since)
    keys = {"day": own["at"].date(), "user_id": user_of(own), "action": own["action"]}
    grouped = own.group_by(**keys).aggregate(actions=own.count(), quantity=total_quantity(own))
    frame = grouped.order_by(list(keys)).to_pandas()
    return _no_use() if frame.empty else frame.assign(day=frame["day"].astype("datetime64[us]"))


def user_of(rows: ibis.Table) -> ibis.Value:
    """Return who did something; missing where the source does not know users."""
    return rows["user_id"] if "user_id" in rows.columns else ibis.null(str)


def total_quantity(rows: ibis.Table, where: ibis.Value | None = None) -> ibis.Value:
    """Return how much was done in all; a row counts as 1 where the source does not say."""
    if "quantity" in rows.columns:
        return rows["quantity"].fill_null(1.0).sum(where=where)
    return rows.count(where=where).cast("float64")


def users_in(use: pd.DataFrame, period: Period) -> pd.Index:
    """Return the users who did something in a period."""
    return pd.Index(use.loc[period.holds(use["day"]), "user_id"].dropna().unique())


def regular_users(use: pd.DataFrame, period: Period) -> int:
    """Count the users who did something in at least half of the whole weeks of a period."""
    weeks = period.days // WEEK_DAYS
    own = use.loc[period.holds(use["day"])].dropna(subset="user_id")
    week = blocks(own["day"], period.last, length=WEEK_DAYS)
    inside = week < weeks
    active = own.loc[inside].assign(week=week[inside]).groupby("user_id")["week"].nunique()
    return int((active >= REGULAR_SHARE * weeks).sum()) if weeks else 0


def per_week(use: pd.DataFrame, period: Period, *, sums: str = "actions") -> np.ndarray:
    """Sum a column over each whole week of a period, oldest first.

    Returns
    -------
    ndarray of float, shape (weeks,)
        Weeks are counted back from the last day; days before the first whole week are left out.
        A week without use is 0.
    """
    weeks = period.days // WEEK_DAYS
    own = use.loc[period.holds(use["day"])]
    week = blocks(own["day"], period.last, length=WEEK_DAYS)
    totals = own[sums].groupby(week).sum()
    return totals.reindex(range(weeks - 1, -1, -1), fill_value=0).to_numpy(dtype=float)


def weeks_of_actions(use: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Count each action in each whole week of a period.

    Returns
    -------
    DataFrame
        One row per whole week, oldest first; one float column per action that was done in them.
    """
    weeks = period.days // WEEK_DAYS
    own = use.loc[period.holds(use["day"])]
    week = blocks(own["day"], period.last, length=WEEK_DAYS).rename("week")
    counts = own.groupby([week, own["action"]])["actions"].sum()
    wide = counts.unstack(fill_value=0)  # noqa: PD010 - a pivot table takes several times as long
    return wide.reindex(range(weeks - 1, -1, -1), fill_value=0).astype("float64")


def weekly_users(use: pd.DataFrame, last: date, *, weeks: int) -> pd.DataFrame:
    """Count the users and actions of each week.

    Returns
    -------
    DataFrame
        ``week_end``, ``users`` and ``actions``, one row per week, oldest first.
    """
    ends = block_ends(last, length=WEEK_DAYS, count=weeks)
    week = blocks(use["day"], last, length=WEEK_DAYS)
    found = use.groupby(week).agg(users=("user_id", "nunique"), actions=("actions", "sum"))
    counted = found.reindex(range(weeks - 1, -1, -1), fill_value=0)
    return counted.assign(week_end=ends).reset_index(drop=True)[["week_end", "users", "actions"]]


def _no_use() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": pd.Series(dtype="datetime64[us]"),
            "user_id": pd.Series(dtype="str"),
            "action": pd.Series(dtype="str"),
            "actions": pd.Series(dtype="int64"),
            "quantity": pd.Series(dtype="float64"),
        }
    )
