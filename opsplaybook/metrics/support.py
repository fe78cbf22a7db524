"""How soon one account was answered and helped, open tickets included."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from opsplaybook.metrics.periods import Period

HOUR_SECONDS = 3600.0


def opened_in(tickets: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Return the tickets that were opened in a period, in the zone of the source."""
    days = tickets["opened_at"].dt.tz_localize(None).dt.normalize()
    return tickets.loc[period.holds(days)]


def waits(tickets: pd.DataFrame, until: str, as_of: date) -> tuple[np.ndarray, np.ndarray]:
    """Return the hours from opening to a time, and whether that time was reached.

    Parameters
    ----------
    tickets : DataFrame
        As of the contract, as known on `as_of`.
    until : {"first_response_at", "resolved_at"}
        What is waited for. A ticket without it was still waiting when the last known day ended.
    as_of : date
        Last known day.

    Returns
    -------
    hours : ndarray of float, shape (tickets,)
    reached : ndarray of bool, shape (tickets,)

    Notes
    -----
    A ticket that is solved without a recorded response was answered by its solution at the
    latest.
    """
    zone = tickets["opened_at"].dt.tz
    end = pd.Timestamp(as_of + timedelta(days=1), tz=zone)
    reached_at = tickets[until]
    if until == "first_response_at":
        reached_at = reached_at.fillna(tickets["resolved_at"])
    waited = (reached_at.fillna(end) - tickets["opened_at"]).dt.total_seconds() / HOUR_SECONDS
    return waited.to_numpy(dtype=float), reached_at.notna().to_numpy()


def in_time(hours: np.ndarray, reached: np.ndarray, *, limit_hours: float) -> tuple[int, int]:
    """Count the waits that ended within a limit, and those that are decided.

    A wait is decided when it has ended or has lasted longer than the limit; one that is younger
    may still go either way.

    Returns
    -------
    met, decided : int

    Examples
    --------
    >>> in_time(np.array([2.0, 30.0, 30.0, 1.0]), np.array([True, True, False, False]),
    ...         limit_hours=8)
    (1, 3)

    One of three was answered within 8 hours; the last one has waited for one hour only.
    """
    late = hours > limit_hours
    return int((reached & ~late).sum()), int((reached | late).sum())
