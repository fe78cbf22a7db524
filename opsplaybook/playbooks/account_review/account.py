"""The account that is looked at, and what is on record about it."""

import difflib
from dataclasses import dataclass
from datetime import date

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Table
from opsplaybook.errors import EXAMPLES_SHOWN, UsageError, quote
from opsplaybook.metrics.comparable import known_accounts
from opsplaybook.metrics.periods import Period, Periods, periods_until
from opsplaybook.playbooks.account_review.params import Params
from opsplaybook.sources import Tables
from opsplaybook.tables import Column

_FACTS = {
    "industry": "Industry",
    "region": "Region",
    "country": "Country",
    "business_model": "Business model",
    "employees": "Employees",
    "customer_since": "Customer since",
    "owner": "Looked after by",
    "tier": "Tier",
    "health_score": "Health score",
    "strategic": "Strategic",
}
_KINDS = {"employees": "count", "customer_since": "date", "health_score": "number"}


@dataclass(frozen=True, slots=True)
class Account:
    """The account that is looked at.

    Attributes
    ----------
    account_id, name, owner, group : str
        `name` is the key where there is no name; `group` is the value of the column by which
        accounts are compared. Empty where the source does not say.
    since : date or None
        First day as a customer.
    record : Series
        Its row of the table of accounts.
    periods : Periods
        The period that is looked at, and the two that it is held against.
    level : float
        Level of all intervals.
    """

    account_id: str
    name: str
    owner: str
    group: str
    since: date | None
    record: pd.Series
    periods: Periods
    level: float

    @property
    def intervals(self) -> str:
        """What intervals are called in a subtitle: ``95% intervals``."""
        return f"{self.level:.0%} intervals"

    def knows(self, given: Tables, table: str, period: Period) -> bool:
        """Tell whether a table covers a period, and the account was a customer in all of it."""
        first = self.known_from(given, table)
        return first is not None and first <= period.first

    def known_from(self, given: Tables, table: str) -> date | None:
        """Return the first day on which a table covers the account; None without the table."""
        quality = given.qualities.get(table)
        if quality is None or quality.first_on is None:
            return None
        return max(quality.first_on, self.since or quality.first_on)


def require_account(given: Tables, params: Params) -> None:
    """Refuse an account that is not in the source, or not known yet.

    Raises
    ------
    UsageError
        With near matches; or with the day of the review, where the account is younger.
    """
    if len(given["accounts"]):
        return
    known = known_accounts(given)
    where = f"account_id = {params.account_id}"
    if (known["account_id"] == params.account_id).any():
        raise UsageError(
            f"the account is not known on {formats.day(given.as_of)} yet",
            where=where,
            remedy="set as_of to a day on which it is a customer",
        )
    raise UsageError(
        f"no account has this key; the source has {len(known):,}",
        where=where,
        examples=_near(known, params.account_id),
        remedy="set account_id to the key of an account",
    )


def review_account(given: Tables, params: Params) -> Account:
    """Return the account with the periods that it is looked at in.

    Raises
    ------
    UsageError
        If there is no such account; see `require_account`.
    """
    require_account(given, params)
    record = given["accounts"].iloc[0]
    since = record["customer_since"]
    return Account(
        account_id=params.account_id,
        name=formats.text(_text(record["name"]) or params.account_id),
        owner=_text(record["owner"]),
        group=_text(record[params.comparable_by]) if params.comparable_by else "",
        since=None if pd.isna(since) else since.date(),
        record=record,
        periods=periods_until(given.as_of, params.period_days),
        level=params.level,
    )


def table_account(account: Account) -> Table:
    """Show what is on record about the account; tier, score and staff are not for customers."""
    rows = [
        (label, formats.value(account.record[name], _KINDS.get(name, "text")))
        for name, label in _FACTS.items()
        if not formats.is_missing(account.record[name])
    ]
    return tables.table(
        pd.DataFrame(rows, columns=["fact", "value"]),
        [Column("fact", "On record"), Column("value", "Value")],
        key="account",
        caption=f"{account.name}, {account.periods.now.text}",
        shown=len(_FACTS),
    )


def _near(known: pd.DataFrame, wanted: str) -> list[str]:
    """Return the accounts whose key or name is most like what was asked for."""
    keys = known["account_id"].tolist()
    by_name = known.dropna(subset="name").set_index("name")["account_id"].to_dict()
    near = difflib.get_close_matches(wanted, [*keys, *by_name], n=EXAMPLES_SHOWN, cutoff=0.5)
    found = dict.fromkeys(by_name.get(text, text) for text in near)
    names = known.set_index("account_id")["name"]
    return [f"did you mean {quote(key)}{_called(names[key])}?" for key in found] or [
        quote(key) for key in keys[:EXAMPLES_SHOWN]
    ]


def _called(name: object) -> str:
    return "" if formats.is_missing(name) else f" ({quote(name)})"


def _text(item: object) -> str:
    return "" if formats.is_missing(item) else str(item)
