"""The account that is looked at, and what is on record about it."""

import difflib
from dataclasses import dataclass
from datetime import date

import pandas as pd

from opsplaybook import formats
from opsplaybook.display import Table
from opsplaybook.errors import EXAMPLES_SHOWN, UsageError, quote
from opsplaybook.formats import Kind
from opsplaybook.metrics.comparable import known_accounts
from opsplaybook.metrics.periods import Period, Periods, periods_until
from opsplaybook.metrics.portrait import FACTS, account_facts, card, decision_chain
from opsplaybook.metrics.value import customer_values
from opsplaybook.playbooks import cards
from opsplaybook.playbooks.account_review.params import Params
from opsplaybook.sources import Tables

_ON_RECORD: dict[str, tuple[str, Kind]] = {
    "tier": ("Tier", "text"),
    "health_score": ("Health score", "number"),
    "strategic": ("Strategic", "flag"),
}
"""What the company itself keeps about the account."""


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
    card : DataFrame
        Facts and decision chain, as from `card` of the portraits.
    worth : str
        What its ``value`` is.
    level : float
        Level of all intervals.
    currency : str
    """

    account_id: str
    name: str
    owner: str
    group: str
    since: date | None
    record: pd.Series
    periods: Periods
    card: pd.DataFrame
    worth: str
    level: float
    currency: str

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
    rows, worth = _card(given)
    return Account(
        account_id=params.account_id,
        name=formats.text(_text(record["name"]) or params.account_id),
        owner=_text(record["owner"]),
        group=_text(record[params.comparable_by]) if params.comparable_by else "",
        since=None if pd.isna(since) else since.date(),
        record=record,
        periods=periods_until(given.as_of, params.period_days),
        card=rows,
        worth=worth,
        level=params.level,
        currency=given.currency,
    )


def table_account(account: Account) -> Table:
    """Show all that is known of the account; tier, score and staff are not for customers."""
    known = {
        name: account.record[name]
        for name in _ON_RECORD
        if not formats.is_missing(account.record[name])
    }
    rows = [
        ("on record", _ON_RECORD[name][0], formats.value(value, _ON_RECORD[name][1]))
        for name, value in known.items()
    ]
    return cards.table_card(
        account.card,
        pd.DataFrame(rows, columns=["part", "fact", "text"]),
        key="account",
        caption=f"{account.name} on {formats.day(account.periods.now.last)}",
        currency=account.currency,
        note=f"{_meaning(account)}What it is worth among all customers, and its tier by score, "
        "stand in the customer portrait.",
    )


def _card(given: Tables) -> tuple[pd.DataFrame, str]:
    """List the facts and the decision chain; of no customer only what is on record."""
    accounts = given["accounts"].set_index("account_id")
    values = customer_values(given)
    facts = account_facts(given, values)
    if facts.empty:
        facts = accounts.assign(since=accounts["customer_since"]).reindex(columns=list(FACTS))
    chain = decision_chain(given, accounts.index)
    return card(facts, chain, accounts.index[0]), values.meaning


def _meaning(account: Account) -> str:
    return f"Value is {account.worth}. " if account.worth else ""


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
