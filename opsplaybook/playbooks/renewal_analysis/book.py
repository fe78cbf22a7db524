"""The contracts that the analysis is about: decisions, scope, what is wrong with the records."""

from dataclasses import dataclass

import pandas as pd

from opsplaybook import formats
from opsplaybook.errors import NotEnoughDataError, UsageError, quote
from opsplaybook.metrics.renewals import (
    decisions,
    ends_are_agreed,
    landmark_decisions,
    overlapping,
)
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.sources import Tables


@dataclass(frozen=True, slots=True)
class Book:
    """The contracts of the source, as known on the last day.

    Attributes
    ----------
    contracts : DataFrame
        Terms with an account.
    decisions : DataFrame
        As from `opsplaybook.metrics.renewals.decisions`, or on landmarks where no end is agreed.
    agreed : bool
        Whether contracts have due dates. Without them there is no expiring base.
    labels : Series
        Name of each account, or its key.
    account_id : str
        Account that the report is about; empty for all.
    scope : str
        Whom the report is about, in words.
    last : Timestamp
        Last known day.
    caveats : tuple of str
    currency : str
    level : float
    """

    contracts: pd.DataFrame
    decisions: pd.DataFrame
    agreed: bool
    labels: pd.Series
    account_id: str
    scope: str
    last: pd.Timestamp
    caveats: tuple[str, ...]
    currency: str
    level: float

    @property
    def own(self) -> pd.DataFrame:
        """The decisions that the report is about."""
        if not self.account_id:
            return self.decisions
        return self.decisions.loc[self.decisions["account_id"] == self.account_id]

    def names_of(self, frame: pd.DataFrame) -> pd.Series:
        """Name the account of each decision, with its contract where every term is one."""
        names = self.labels.reindex(frame["account_id"]).set_axis(frame.index)
        if self.agreed:
            return names
        return names + " " + frame["decision_id"].str.rsplit(" ", n=1).str[0]

    @property
    def intervals(self) -> str:
        """What intervals are called in a subtitle."""
        return f"{self.level:.0%} intervals"

    @property
    def unit(self) -> str:
        """What one decision is, for n."""
        return "decisions" if self.agreed else "terms on landmarks"


def open_book(given: Tables, params: Params) -> Book:
    """Read the contracts and put them into decisions.

    Parameters
    ----------
    given : Tables
        As from `load`.
    params : Params

    Returns
    -------
    Book

    Raises
    ------
    NotEnoughDataError
        If no contract has begun by the last known day.
    UsageError
        If there is no such account.
    """
    contracts = given["contracts"]
    if contracts.empty:
        raise NotEnoughDataError(
            f"no contract is known on {formats.day(given.as_of)}",
            where=given.source.name,
            remedy="set as_of to a day after the first signature",
        )
    labels = _labels(given, contracts)
    if params.account_id and params.account_id not in labels.index:
        raise UsageError(
            f"no account has this key; the source has {len(labels):,}",
            where=f"account_id = {params.account_id}",
            examples=[quote(key) for key in labels.index[:5]],
            remedy="set account_id to the key of an account, or leave it empty for all",
        )
    agreed = ends_are_agreed(given)
    if not agreed:
        contracts = _without_later_ends(contracts, pd.Timestamp(given.as_of))
    if agreed:
        made = decisions(contracts, given.as_of, grace_days=params.grace_days)
    else:
        made = landmark_decisions(contracts, given.as_of, every_days=params.landmark_days)
    scope = labels.get(params.account_id, "all accounts")
    return Book(
        contracts=contracts,
        decisions=made,
        agreed=agreed,
        labels=labels,
        account_id=params.account_id,
        scope=scope,
        last=pd.Timestamp(given.as_of),
        caveats=_caveats(given, contracts, made, agreed=agreed),
        currency=given.currency,
        level=params.level,
    )


def _without_later_ends(contracts: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """Take away ends that record a loss which is not known yet."""
    return contracts.assign(end_on=contracts["end_on"].where(contracts["end_on"] <= last))


def _labels(given: Tables, contracts: pd.DataFrame) -> pd.Series:
    accounts = given["accounts"].set_index("account_id")["name"]
    every = accounts.index.union(contracts["account_id"].unique())
    named = accounts.reindex(every)
    return named.fillna(pd.Series(every, index=every)).map(formats.text)


def _caveats(
    given: Tables, contracts: pd.DataFrame, made: pd.DataFrame, *, agreed: bool
) -> tuple[str, ...]:
    total = len(contracts)
    found = []
    if not agreed:
        found.append(
            "No contract has an agreed end: ends are recorded only for what was lost. Renewal "
            "rates on the expiring base are left out; the risk of a loss is measured on fixed days."
        )
    missing = int(contracts["end_on"].isna().sum())
    if agreed and missing:
        found.append(f"{missing:,} of {total:,} terms have no due date: they are never due here.")
    overlaps = overlapping(contracts)
    if overlaps:
        found.append(
            f"{overlaps:,} of {total:,} terms start while another term of the same account and "
            "product runs: their values are added up."
        )
    unpriced = int(contracts["annual_value"].isna().sum())
    if unpriced:
        found.append(f"{unpriced:,} of {total:,} terms have no annual value: they count as zero.")
    known = contracts["account_id"].isin(given["accounts"]["account_id"])
    if not known.all():
        found.append(
            f"{int((~known).sum()):,} of {total:,} terms name an account that is not known."
        )
    overdue = int(made["overdue"].sum()) if len(made) else 0
    if overdue:
        found.append(f"{overdue:,} decisions are past their grace and still open: neither renewed "
                     "nor lost, they are in no rate.")  # fmt: skip
    return (*found, *_unseen(contracts, made, agreed=agreed), *_outcomes(made, contracts, agreed))


def _unseen(contracts: pd.DataFrame, made: pd.DataFrame, *, agreed: bool) -> tuple[str, ...]:
    """Count losses that no landmark saw: terms that began and ended between two of them."""
    if agreed:
        return ()
    lost = int((contracts["outcome"] == "lost").sum())
    unseen = lost - int((made["state"] == "lost").sum())
    if unseen <= 0:
        return ()
    gap = (
        f"{unseen:,} of {lost:,} lost terms began and ended between two landmarks: the risk of a "
        "loss is that of terms that ran on one."
    )
    return (gap,)


def _outcomes(made: pd.DataFrame, contracts: pd.DataFrame, agreed: bool) -> tuple[str, ...]:  # noqa: FBT001
    if contracts["outcome"].isna().all():
        return ("No outcome is recorded: a term counts as renewed if another one follows.",)
    if not agreed or made.empty:
        return ()
    states = set(made["state"])
    if states == {"open"}:
        return ("Every decision is still open: no rate can be formed.",)
    if "lost" not in states:
        return ("No loss is recorded: nothing can be said about who leaves.",)
    return ()
