"""How recurring revenue went from one day to another, account by account."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from opsplaybook.metrics.followers import followers

MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")
"""What can happen to the value of an account between two days; it stays the same otherwise."""

SIGNS = {"new": 1, "reactivation": 1, "expansion": 1, "contraction": -1, "churn": -1}
_CENT = 0.005


@dataclass(frozen=True, slots=True)
class Bridge:
    """Recurring revenue of two days, and what led from one to the other.

    Attributes
    ----------
    first, last : Timestamp
        The two days.
    accounts : DataFrame
        Index ``account_id``; ``start``, ``end`` (annual value in force), ``movement`` (of
        `MOVEMENTS`, or ``same``) and ``eligible`` (had a term due between the days).
    start, end : float
        Sums of all terms in force, whether or not they name an account.
    gap : float
        What the movements leave unexplained: ``end`` less ``start`` and all movements.
    held : float
        Value at the end of terms that are over and not decided, within the grace: counted as
        still there, unless what follows runs already.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    accounts: pd.DataFrame
    start: float
    end: float
    gap: float
    held: float

    @property
    def base(self) -> pd.DataFrame:
        """Accounts that had value at the start: the base of every retention rate."""
        return self.accounts.loc[self.accounts["start"] > 0]

    @property
    def reconciles(self) -> bool:
        """Whether start and movements add up to the end."""
        return abs(self.gap) < _CENT

    def total(self, movement: str) -> float:
        """Return the sum of a movement, as a positive number."""
        own = self.accounts.loc[self.accounts["movement"] == movement]
        return float((own["end"] - own["start"]).abs().sum())


def revenue_bridge_of_accounts(
    contracts: pd.DataFrame, first: date, last: date, *, grace_days: int
) -> Bridge:
    """Split the change of recurring revenue between two days by account.

    Parameters
    ----------
    contracts : DataFrame
        As of the contract, as known on the last day. Terms without an annual value count nothing.
    first, last : date
    grace_days : int
        Days after its end during which a term counts as still there, if it is not decided and
        nothing follows, or until what follows begins: a renewal may be late.

    Returns
    -------
    Bridge

    Examples
    --------
    >>> terms = pd.DataFrame({"contract_id": ["1", "2", "3"], "account_id": ["a", "a", "b"],
    ...     "product": None, "annual_value": [100.0, 80.0, 50.0], "renews_contract_id": None,
    ...     "start_on": pd.to_datetime(["2025-01-01", "2026-01-01", "2026-02-01"]),
    ...     "end_on": pd.to_datetime(["2025-12-31", "2026-12-31", None]),
    ...     "outcome": ["renewed", "open", "open"]})
    >>> bridge = revenue_bridge_of_accounts(terms, date(2025, 6, 30), date(2026, 6, 30),
    ...     grace_days=30)
    >>> bridge.start, bridge.total("contraction"), bridge.total("new"), bridge.end, bridge.gap
    (100.0, 20.0, 50.0, 130.0, 0.0)

    One customer shrank by 20 and a new one brought 50: 100 became 130, and nothing is missing.
    """
    counted = _counted_until(contracts, pd.Timestamp(last), grace_days)
    return _bridge(contracts, counted, pd.Timestamp(first), pd.Timestamp(last))


def bridge_by_month(contracts: pd.DataFrame, last: date, *, months: int, grace_days: int) -> list:
    """Return the bridge of each month up to a day, oldest first.

    Returns
    -------
    list of Bridge
        From the last day of a month to that of the next; the last one ends on `last`.
    """
    end = pd.Timestamp(last)
    ends = [end, *((end - pd.offsets.MonthEnd(back)) for back in range(1, months + 1))][::-1]
    counted = _counted_until(contracts, end, grace_days)
    return [_bridge(contracts, counted, one, two) for one, two in pairwise(ends)]


def active_in_month(contracts: pd.DataFrame, month: date) -> float:
    """Sum the monthly value of the terms that run on any day of a month.

    It is more than the value in force on its last day: whoever left during the month is in it, and
    a term renewed within the month is in it twice.

    Examples
    --------
    >>> terms = pd.DataFrame({"start_on": pd.to_datetime(["2024-01-01"]), "annual_value": [1200.0],
    ...     "end_on": pd.to_datetime(["2024-12-05"])})
    >>> active_in_month(terms, date(2024, 12, 31))
    100.0

    The term ended on the fifth, and paid for December.
    """
    first = pd.Timestamp(month).replace(day=1)
    runs = (contracts["start_on"] < first + pd.offsets.MonthBegin(1)) & ~(
        contracts["end_on"] < first
    )
    return float(contracts.loc[runs, "annual_value"].sum() / 12)


def gross_retention(start: np.ndarray, end: np.ndarray) -> float:
    """Return the share of the starting value that is still there, each account capped at its own.

    Parameters
    ----------
    start, end : ndarray of float, shape (accounts,)
        Value of the accounts that had one at the start.

    Examples
    --------
    >>> gross_retention(np.array([60.0, 40.0]), np.array([90.0, 30.0]))
    0.9

    What one account grew does not make good what another one lost.
    """
    base = start.sum()
    return float(np.minimum(start, end).sum() / base) if base > 0 else float("nan")


def net_retention(start: np.ndarray, end: np.ndarray) -> float:
    """Return the value at the end over that at the start, of accounts that were there at the start.

    Examples
    --------
    >>> net_retention(np.array([60.0, 40.0]), np.array([90.0, 30.0]))
    1.2

    The same customers pay a fifth more.
    """
    base = start.sum()
    return float(end.sum() / base) if base > 0 else float("nan")


def _bridge(
    contracts: pd.DataFrame, counted: pd.Series, start: pd.Timestamp, end: pd.Timestamp
) -> Bridge:
    """Make the bridge of terms that count until given days: of one day there is one value."""
    values, account = contracts["annual_value"].fillna(0.0), contracts["account_id"]
    begun, ends = contracts["start_on"], contracts["end_on"]
    then = values.where((begun <= start) & ~(counted < start), 0.0)
    later = values.where((begun <= end) & ~(counted < end), 0.0)
    frame = pd.DataFrame(
        {"start": then.groupby(account).sum(), "end": later.groupby(account).sum()}
    )
    known = (begun.groupby(account).min() < start).reindex(frame.index, fill_value=False)
    due = ends.between(start, end) & (begun <= start)
    frame["movement"] = _movements(frame, known)
    frame["eligible"] = due.groupby(account).any()
    moved = float((frame["end"] - frame["start"]).where(frame["movement"] != "same", 0.0).sum())
    pending = (ends < end) & ~contracts["outcome"].eq("renewed").fillna(value=False)
    return Bridge(
        first=start,
        last=end,
        accounts=frame,
        start=float(then.sum()),
        end=float(later.sum()),
        gap=round(float(later.sum() - then.sum() - moved), 6),
        held=float(later.where(pending, 0.0).sum()),
    )


def _counted_until(contracts: pd.DataFrame, last: pd.Timestamp, grace_days: int) -> pd.Series:
    """Return the day until which each term counts; missing where it goes on.

    That is its end; but the day before a follower that begins within the grace, as a late renewal
    is no loss; and the last day where it ended within the grace, is not decided, and nothing that
    follows runs yet.
    """
    ends = contracts["end_on"]
    grace_ends = ends + pd.Timedelta(days=grace_days)
    outcome = contracts["outcome"].fillna("open")
    follower = followers(contracts, contracts, grace_days=grace_days)
    begins = follower.map(contracts.set_index("contract_id")["start_on"])
    before = begins - pd.Timedelta(days=1)
    late = (outcome != "lost") & (before > ends) & (before <= grace_ends)
    pending = (outcome == "open") & ~(begins <= last) & (ends < last) & (grace_ends >= last)
    return ends.mask(late, before).mask(pending, last)


def _movements(frame: pd.DataFrame, known: pd.Series) -> np.ndarray:
    start, end = frame["start"], frame["end"]
    came, went = (start == 0) & (end > 0), (start > 0) & (end == 0)
    return np.select(
        [came & ~known, came, went, end > start, end < start],
        ["new", "reactivation", "churn", "expansion", "contraction"],
        default="same",
    )
