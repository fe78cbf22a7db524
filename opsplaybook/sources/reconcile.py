"""Sums that must agree, whatever the source: due terms and their outcomes, recurring revenue."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from opsplaybook import formats

_CENT = 0.005


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Whether two ways of counting agree.

    Attributes
    ----------
    name : str
        What is compared.
    holds : bool or None
        None where it informs only.
    detail : str
        The numbers.
    """

    name: str
    holds: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class RevenueBridge:
    """How recurring revenue went from one day to another.

    Attributes
    ----------
    start, end : float
        Annual value of the terms that run on the first and on the last day.
    new, reactivation, expansion, contraction, churn : float
        Movements, account by account; all are positive.
    """

    start: float
    new: float
    reactivation: float
    expansion: float
    contraction: float
    churn: float
    end: float

    @property
    def residual(self) -> float:
        """What the movements leave unexplained."""
        gained = self.new + self.reactivation + self.expansion
        return self.end - (self.start + gained - self.contraction - self.churn)


def revenue_bridge(contracts: pd.DataFrame, first: date, last: date) -> RevenueBridge:
    """Split the change of recurring revenue between two days by account.

    Parameters
    ----------
    contracts : DataFrame
        ``account_id``, ``start_on``, ``end_on`` (missing: runs on), ``annual_value`` (missing:
        nothing). A term runs on both of its days.
    first, last : date

    Returns
    -------
    RevenueBridge

    Examples
    --------
    >>> terms = pd.DataFrame({
    ...     "account_id": ["a", "a", "b"],
    ...     "start_on": pd.to_datetime(["2023-01-01", "2024-01-01", "2024-03-01"]),
    ...     "end_on": pd.to_datetime(["2023-12-31", None, None]),
    ...     "annual_value": [100.0, 120.0, 50.0],
    ... })
    >>> bridge = revenue_bridge(terms, date(2023, 6, 1), date(2024, 6, 1))
    >>> bridge.start, bridge.expansion, bridge.new, bridge.end
    (100.0, 20.0, 50.0, 170.0)

    The customer grew by 20, a new one brought 50.
    """
    accounts = pd.DataFrame({"start": _running(contracts, first), "end": _running(contracts, last)})
    accounts = accounts.fillna(0.0)
    change = accounts["end"] - accounts["start"]
    gone = (accounts["start"] > 0) & (accounts["end"] == 0)
    come = (accounts["start"] == 0) & (accounts["end"] > 0)
    began = contracts.groupby("account_id")["start_on"].min().reindex(accounts.index)
    known = began < pd.Timestamp(first)
    stayed = ~gone & ~come
    return RevenueBridge(
        start=float(accounts["start"].sum()),
        new=float(change[come & ~known].sum()),
        reactivation=float(change[come & known].sum()),
        expansion=float(change[stayed & (change > 0)].sum()),
        contraction=float(-change[stayed & (change < 0)].sum()),
        churn=float(-change[gone].sum()),
        end=float(accounts["end"].sum()),
    )


def _running(contracts: pd.DataFrame, day: date) -> pd.Series:
    stamp = pd.Timestamp(day)
    runs = (contracts["start_on"] <= stamp) & ~(contracts["end_on"] < stamp)
    return contracts[runs].groupby("account_id")["annual_value"].sum()


def reconcile_contracts(
    contracts: pd.DataFrame, last: date, *, currency: str
) -> list[Reconciliation]:
    """Compare what contracts say in different columns.

    Parameters
    ----------
    contracts : DataFrame
        Valid rows of the table, all columns.
    last : date
        Last known day.
    currency : str

    Returns
    -------
    list of Reconciliation
    """
    found = [_due(contracts, last)] if contracts["outcome"].notna().any() else []
    if contracts["annual_value"].notna().any():
        found.append(_bridge(contracts, last, currency))
    if contracts["renews_contract_id"].notna().any():
        found.append(_renewed_value(contracts))
    return [*found, _overlap(contracts)]


def _due(contracts: pd.DataFrame, last: date) -> Reconciliation:
    due = contracts[contracts["end_on"] <= pd.Timestamp(last)]
    counts = due["outcome"].value_counts()
    parts = [f"{formats.count(counts.get(name, 0))} {name}" for name in ("renewed", "lost", "open")]
    without = int(due["outcome"].isna().sum())
    detail = f"{' + '.join(parts)} of {formats.count(len(due))} due by {formats.day(last)}"
    if without:
        detail += f"; {formats.count(without)} without an outcome"
    return Reconciliation("renewed + lost + open = due", without == 0, detail)


def _bridge(contracts: pd.DataFrame, last: date, currency: str) -> Reconciliation:
    first = (pd.Timestamp(last) - pd.DateOffset(years=1)).date()
    bridge = revenue_bridge(contracts, first, last)

    def money(amount: float) -> str:
        return formats.money(amount, currency)

    detail = (
        f"{money(bridge.start)} + {money(bridge.new)} + {money(bridge.expansion)} + "
        f"{money(bridge.reactivation)} − {money(bridge.contraction)} − {money(bridge.churn)} = "
        f"{money(bridge.end)}, {formats.period(first, last)}"
    )
    name = "start + new + expansion + reactivation − contraction − churn = end"
    return Reconciliation(name, abs(bridge.residual) < _CENT, detail)


def _renewed_value(contracts: pd.DataFrame) -> Reconciliation:
    """Compare the renewed value of a term with the annual value of the term that follows."""
    following = contracts.dropna(subset=["renews_contract_id"])
    pairs = following.merge(
        contracts[["contract_id", "renewed_value"]],
        left_on="renews_contract_id",
        right_on="contract_id",
        suffixes=("", "_before"),
    ).dropna(subset=["renewed_value_before", "annual_value"])
    differ = (pairs["renewed_value_before"] - pairs["annual_value"]).abs() > _CENT
    detail = f"{formats.count(differ.sum())} of {formats.count(len(pairs))} pairs of terms differ"
    return Reconciliation("renewed value = value of the next term", not differ.any(), detail)


def _overlap(contracts: pd.DataFrame) -> Reconciliation:
    ordered = contracts.sort_values(["account_id", "product", "start_on", "contract_id"])
    product = ordered["product"].fillna("")
    ends = ordered["end_on"].fillna(pd.Timestamp.max.normalize())
    latest = ends.groupby([ordered["account_id"], product]).cummax()
    before = latest.groupby([ordered["account_id"], product]).shift()
    overlaps = int((ordered["start_on"] <= before).sum())
    detail = f"{formats.count(overlaps)} of {formats.count(len(contracts))} terms start while an "
    return Reconciliation(
        "terms of one account and product do not overlap",
        None if overlaps else True,
        detail + "earlier one runs",
    )
