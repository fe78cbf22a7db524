"""What every customer is worth, dimension by dimension, as known on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import numpy as np
import pandas as pd

from opsplaybook.metrics.orders import in_force
from opsplaybook.sources import Tables

DIMENSIONS = (
    "order_amount",
    "company_size",
    "gross_profit",
    "demand_type",
    "cooperation",
    "influence",
    "brand",
    "payment",
    "growth_potential",
)
"""Dimensions of value, in the order in which they are shown."""

MONEY_DIMENSIONS = frozenset({"order_amount", "gross_profit"})
"""Those that are made of what the account paid: they foretell themselves."""

BASES = ("invoices", "contracts", "opportunities")
"""Where the money comes from: the first of these that the source has."""

_YEAR_DAYS = 365.25
_MASTER_DATA = {
    "company_size": "employees",
    "influence": "influence",
    "brand": "brand",
    "growth_potential": "growth_potential",
}
_MEANINGS = {
    "invoices": "invoiced less credited in the {months} months up to the last known day",
    "contracts": "annual value of the terms in force on the last known day",
    "opportunities": "closed amount of the deals won in the {months} months up to the last day",
}


@dataclass(frozen=True, slots=True)
class CustomerValues:
    """Every customer of a day with its dimensions of value.

    Attributes
    ----------
    frame : DataFrame
        Index ``account_id``, sorted, one row per current customer; ``value`` (money), ``since``
        (first day as a customer) and one float column per dimension, missing where nothing is
        known.
    basis : str
        One of `BASES`, or empty where the source has none of them; then every account counts and
        ``value`` is missing.
    first, last : Timestamp
        First and last day of the window that money is summed over.
    months : int
        Length of the window.
    history_from : Timestamp
        First day of the money that is known; NaT where there is none.
    lapsed, prospects : int
        Accounts that were customers before, and that never were.
    """

    frame: pd.DataFrame
    basis: str
    first: pd.Timestamp
    last: pd.Timestamp
    months: int
    history_from: pd.Timestamp
    lapsed: int
    prospects: int

    @property
    def meaning(self) -> str:
        """What ``value`` is."""
        return _MEANINGS.get(self.basis, "").format(months=self.months)

    @property
    def window_known(self) -> bool:
        """Whether the source reaches back to the first day of the window."""
        return self.basis == "contracts" or bool(self.history_from <= self.first)


def as_known(tables: Tables, day: date) -> Tables:
    """Return the same tables as known on another, earlier day; nothing is read again."""
    large = [name for name in tables.names if name not in tables.frames]
    return tables.source.load(list(tables.frames), in_engine=large, as_of=day)


def months_before(day: date | pd.Timestamp, months: int) -> pd.Timestamp:
    """Return the same day of an earlier month, or the last one of that month.

    Examples
    --------
    >>> months_before(date(2026, 6, 30), 12).date().isoformat()
    '2025-06-30'
    """
    return pd.Timestamp(day) - pd.DateOffset(months=months)


def customer_values(
    tables: Tables, *, months: int = 12, demand_order: Sequence[str] = ()
) -> CustomerValues:
    """Describe every current customer by nine dimensions of value.

    A customer is current with a term in force on the last known day, or with an order (invoice
    above zero, or deal won) in the window.

    Parameters
    ----------
    tables : Tables
        With ``accounts``; ``invoices``, ``contracts`` and ``opportunities`` where there are any.
    months : int
        Months of the window, which ends on the last known day.
    demand_order : sequence of str
        Kinds of demand, the least valuable first; other kinds count as missing.

    Returns
    -------
    CustomerValues
        Dimensions: ``order_amount`` (as ``value``, not below zero), ``company_size`` (people),
        ``gross_profit`` (invoiced less cost; missing unless every invoice has a cost),
        ``demand_type`` (place in `demand_order`), ``cooperation`` (years since the first day as a
        customer; 0 where every term in force is already known to be lost), ``influence``,
        ``brand``, ``payment`` (mean days late of what was due, by amount; open ones count until
        the last day) and ``growth_potential``.
    """
    last = pd.Timestamp(tables.as_of)
    first = months_before(last, months) + pd.Timedelta(days=1)
    # An engine gives rows in any order; draws must not depend on it.
    accounts = tables["accounts"].set_index("account_id").sort_index()
    basis = next((name for name in BASES if _has_money(tables, name)), "")
    terms = in_force(tables["contracts"], tables.as_of)
    parts = [
        _of_invoices(tables, first, last),
        _of_contracts(tables["contracts"], terms),
        _of_deals(tables["opportunities"], first, last),
    ]
    facts = pd.concat([part.reindex(accounts.index) for part in parts], axis=1)
    facts = facts.assign(since=_since(accounts, facts))
    current = _is_current(facts) if basis else pd.Series(data=True, index=accounts.index)
    frame = _dimensions(accounts, facts, basis, demand_order, last)
    began = facts["since"].notna()
    return CustomerValues(
        frame=frame.loc[current],
        basis=basis,
        first=first,
        last=last,
        months=months,
        history_from=facts[_FIRST[basis]].min() if basis else pd.NaT,
        lapsed=int((began & ~current).sum()),
        prospects=int((~began & ~current).sum()),
    )


_FIRST = {"invoices": "first_invoice", "contracts": "first_term", "opportunities": "first_deal"}
_MONEY = {"invoices": "invoiced", "contracts": "contract_value", "opportunities": "won"}


def _has_money(tables: Tables, name: str) -> bool:
    if name == "invoices":
        rows = tables.expression(name)
        return rows is not None and "account_id" in rows.columns
    if name == "contracts":
        return tables.has(name, "annual_value")
    return tables.has(name, "closed_amount") or tables.has(name, "amount")


def _of_invoices(tables: Tables, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Sum invoices by account, in the engine."""
    columns = dict.fromkeys(("invoiced", "orders", "profit", "late"), "float64")
    empty = pd.DataFrame(columns=[*columns, "first_invoice"]).astype(
        columns | {"first_invoice": "datetime64[us]"}
    )
    if not _has_money(tables, "invoices"):
        return empty
    rows = tables.expression("invoices").drop_null("account_id")
    day = rows["issued_on"].cast("date")
    inside = (day >= first.date()) & (day <= last.date())
    sums = {
        "first_invoice": rows["issued_on"].min(),
        "invoiced": rows["amount"].sum(where=inside),
        "orders": rows.count(where=inside & (rows["amount"] > 0)),
        **_profit(rows, inside),
        **_late(rows, inside, last.date()),
    }
    frame = rows.group_by("account_id").aggregate(**sums).to_pandas().set_index("account_id")
    if "uncosted" in frame:
        frame["profit"] = frame["profit"].mask(frame.pop("uncosted") > 0)
    if "due_amount" in frame:
        due = frame.pop("due_amount")
        frame["late"] = (frame["late"] / due).where(due > 0)
    frame["first_invoice"] = pd.to_datetime(frame["first_invoice"]).astype("datetime64[us]")
    return frame.reindex(columns=empty.columns).astype(columns)


def _profit(rows: ibis.Table, inside: ibis.Value) -> dict[str, ibis.Value]:
    if "cost" not in rows.columns:
        return {}
    return {
        "profit": (rows["amount"] - rows["cost"]).sum(where=inside),
        "uncosted": rows.count(where=inside) - rows["cost"].count(where=inside),
    }


def _late(rows: ibis.Table, inside: ibis.Value, last: date) -> dict[str, ibis.Value]:
    """Sum amounts due, and amounts times days late; what is open is late until the last day."""
    if not {"due_on", "paid_on"} <= set(rows.columns):
        return {}
    due = rows["due_on"].cast("date")
    ended = rows["paid_on"].cast("date").fill_null(last)
    days = ibis.greatest(ended.delta(due, unit="day"), 0)
    decided = inside & (due <= last) & (rows["amount"] > 0)
    return {
        "late": (rows["amount"] * days).sum(where=decided),
        "due_amount": rows["amount"].sum(where=decided),
    }


def _of_contracts(contracts: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    """Sum terms by account: what is in force, whether all of it is lost, the first start."""
    running = terms.groupby("account_id")
    value = running["annual_value"].sum(min_count=1)
    lost = (terms["outcome"] == "lost").groupby(terms["account_id"]).all()
    started = contracts.groupby("account_id")["start_on"].min()
    return pd.DataFrame(
        {
            "contract_value": value.astype("float64"),
            "terms": running.size().astype("float64"),
            "leaving": lost.astype("float64"),
            "first_term": started,
        }
    )


def _of_deals(deals: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    won = deals.loc[(deals["outcome"] == "won") & deals["account_id"].notna()]
    amount = won["closed_amount"].fillna(won["amount"])
    inside = won["closed_on"].between(first, last)
    of = won["account_id"]
    return pd.DataFrame(
        {
            "won": amount.where(inside, 0.0).groupby(of).sum().astype("float64"),
            "deals": inside.groupby(of).sum().astype("float64"),
            "first_deal": won.groupby("account_id")["closed_on"].min(),
        }
    )


def _since(accounts: pd.DataFrame, facts: pd.DataFrame) -> pd.Series:
    recorded = accounts["customer_since"]
    return recorded.fillna(facts[list(_FIRST.values())].min(axis=1))


def _is_current(facts: pd.DataFrame) -> pd.Series:
    return (facts[["terms", "orders", "deals"]].fillna(0) > 0).any(axis=1)


def _dimensions(
    accounts: pd.DataFrame,
    facts: pd.DataFrame,
    basis: str,
    demand_order: Sequence[str],
    last: pd.Timestamp,
) -> pd.DataFrame:
    """Bring facts and master data into one column per dimension."""
    value = facts[_MONEY[basis]] if basis else pd.Series(np.nan, index=facts.index)
    if basis in ("invoices", "opportunities"):
        value = value.fillna(0.0)
    places = {name: float(place) for place, name in enumerate(demand_order)}
    years = (last - facts["since"]).dt.days / _YEAR_DAYS
    columns = {
        "value": value,
        "since": facts["since"],
        "order_amount": value.clip(lower=0),
        "gross_profit": facts["profit"],
        "demand_type": accounts["demand_type"].map(places),
        "cooperation": years.mask(facts["leaving"] == 1, 0.0),
        "payment": facts["late"],
        **{name: accounts[column] for name, column in _MASTER_DATA.items()},
    }
    frame = pd.DataFrame(columns)[["value", "since", *DIMENSIONS]]
    return frame.astype(dict.fromkeys(("value", *DIMENSIONS), "float64"))
