"""What a marketing event brought in money, by basis, window and relation."""

import pandas as pd

from opsplaybook.sources import Tables

BASES = ("pipeline", "weighted pipeline", "closed revenue")
"""Bases of a return, from the most hopeful to the hardest."""


def closed_deals(tables: Tables) -> tuple[int, int]:
    """Count the deals won and the deals closed, over the whole pipeline that is known."""
    outcome = tables["opportunities"]["outcome"]
    won = int((outcome == "won").sum())
    return won, won + int((outcome == "lost").sum())


def benefits(deals: pd.DataFrame, day: pd.Timestamp, days: int, win_rate: float) -> pd.DataFrame:
    """Give each deal its value on every basis, as of the end of a window.

    Parameters
    ----------
    deals : DataFrame
        As from `opsplaybook.metrics.events.deals`.
    day : Timestamp
        First day of the event.
    days : int
        Length of the window. Deals opened or closed after it bring nothing in it.
    win_rate : float
        Share of deals that are won, the weight of an open deal; NaN leaves the weighted
        pipeline missing.

    Returns
    -------
    DataFrame
        ``opportunity_id``, ``account_id``, ``relation`` and one money column per basis. Pipeline
        counts every deal opened in the window (influenced ones: or before it), whatever became
        of it; weighted pipeline counts won deals in full, lost ones not, open ones by the win
        rate; closed revenue counts deals won in the window.
    """
    end = day + pd.Timedelta(days=days)
    opened = deals.loc[~(deals["opened_on"] > end)]
    closed = opened["closed_on"] <= end
    won = closed & (opened["outcome"] == "won")
    lost = closed & (opened["outcome"] == "lost")
    amount = opened["amount"].fillna(0.0).clip(lower=0.0)
    frame = opened[["opportunity_id", "account_id", "relation"]].copy()
    frame["pipeline"] = amount
    frame["weighted pipeline"] = amount.where(won | lost, amount * win_rate).mask(lost, 0.0)
    frame["closed revenue"] = amount.where(won, 0.0)
    return frame.reset_index(drop=True)
