"""Who the customers are: master data, decision chain, contracts, use and support by account."""

from collections.abc import Callable
from datetime import timedelta

import ibis
import numpy as np
import pandas as pd

from opsplaybook.contracts import ROLES
from opsplaybook.metrics.comparable import ticket_totals, use_totals
from opsplaybook.metrics.orders import in_force
from opsplaybook.metrics.periods import Period
from opsplaybook.metrics.value import CustomerValues
from opsplaybook.sources import Tables

VETO = "anyone with a veto"
CHAIN = (*ROLES, VETO)
"""The decision chain: parts in a decision to buy, and who can stop it alone."""

STATES = ("covered", "known", "nobody")
"""Somebody of ours is in regular contact with someone in the part, only knows them, or neither."""

SEGMENTS = (
    "industry",
    "size",
    "region",
    "country",
    "business_model",
    "demand_type",
    "product",
    "owner",
)
"""Columns by which customers may be grouped."""

SIZES = ("under 50", "50 to 249", "250 to 999", "1,000 and more")
_SIZE_EDGES = (50, 250, 1000)
_USE_DAYS = 90
_SUPPORT_DAYS = 365

FACTS = {
    "name": "Name",
    "industry": "Industry",
    "size": "Size (people employed)",
    "employees": "Employees",
    "region": "Region",
    "country": "Country",
    "business_model": "Business model",
    "product": "Products under contract",
    "demand_type": "Demand",
    "owner": "Looked after by",
    "since": "Customer since",
    "terms": "Terms signed so far",
    "renewals": "Of them renewed",
    "contract_value": "Annual value under contract",
    "contract_end": "Next end of a term",
    "value": "Value",
    "payment": "Mean days late in payment",
    "users": f"Active users, {_USE_DAYS} days",
    "actions": f"Actions, {_USE_DAYS} days",
    "tickets": f"Tickets, {_SUPPORT_DAYS} days",
}
"""What a portrait consists of, with its label."""


def account_facts(tables: Tables, values: CustomerValues) -> pd.DataFrame:
    """Describe every current customer.

    Parameters
    ----------
    tables : Tables
        With ``accounts``; ``contracts``, ``activity`` and ``tickets`` where there are any.
    values : CustomerValues
        The current customers, as from `customer_values`.

    Returns
    -------
    DataFrame
        Index ``account_id``; the columns of `FACTS`, and ``strategic``, ``strategic_reason``,
        ``strategic_until``. Missing is what the source does not say; users, actions and tickets
        are 0 for a customer without any, where the source records them at all.
    """
    index = values.frame.index
    master = tables["accounts"].set_index("account_id")
    frame = master.reindex(index)
    terms = in_force(tables["contracts"], tables.as_of)
    of_terms = terms.groupby("account_id")
    extra = pd.DataFrame(
        {
            "size": _size(frame["employees"]),
            "since": values.frame["since"],
            "value": values.frame["value"],
            "payment": values.frame["payment"],
            "product": _joined(terms, "product").reindex(index),
            "contract_value": of_terms["annual_value"].sum(min_count=1).reindex(index),
            "contract_end": of_terms["end_on"].min().reindex(index),
            **_history(tables["contracts"], index),
        },
        index=index,
    )
    use = _counted(tables, "activity", use_totals, _USE_DAYS, index)
    support = _counted(tables, "tickets", ticket_totals, _SUPPORT_DAYS, index)
    extra = extra.join([use, support]).reindex(columns=[*extra, "users", "actions", "tickets"])
    kept = [name for name in FACTS if name in frame and name not in extra]
    decided = ["strategic", "strategic_reason", "strategic_until"]
    joined = pd.concat([frame[[*kept, *decided]], extra], axis=1)
    return joined[[*FACTS, *decided]]


def decision_chain(tables: Tables, accounts: pd.Index) -> pd.DataFrame:
    """Say for every customer which parts of its decision chain are covered, and since when.

    Parameters
    ----------
    tables : Tables
        With ``contacts``; those who left by the last known day do not count.
    accounts : Index
        The customers.

    Returns
    -------
    DataFrame
        ``account_id``, ``role`` (of `CHAIN`), ``people``, ``state`` (of `STATES`) and ``since``
        (first day of regular contact; missing unless covered); one row per customer and role.
        Empty where the source knows no roles. Where it does not say whom we are in regular
        contact with (`records_contact`), nobody is covered and "known" leaves that open.
    """
    contacts = tables["contacts"]
    if not tables.has("contacts", "role"):
        return pd.DataFrame(columns=["account_id", "role", "people", "state", "since"])
    here = contacts.loc[~(contacts["left_on"] <= pd.Timestamp(tables.as_of))]
    veto = here.loc[here["has_veto"].fillna(value=False)].assign(role=VETO)
    people = pd.concat([here, veto], ignore_index=True)
    counted = people.groupby(["account_id", "role"]).agg(
        people=("contact_id", "size"), since=("covered_on", "min")
    )
    roles = [name for name in CHAIN if name != VETO or len(veto)]
    grid = pd.MultiIndex.from_product([accounts, roles], names=["account_id", "role"])
    frame = counted.reindex(grid).reset_index()
    covered, known = frame["since"].notna(), frame["people"].notna()
    frame["people"] = frame["people"].fillna(0).astype("int64")
    frame["state"] = np.select([covered, known], STATES[:2], default=STATES[2])
    return frame[["account_id", "role", "people", "state", "since"]]


def records_contact(tables: Tables) -> bool:
    """Tell whether the source says, by role, whom somebody of ours is in regular contact with."""
    return tables.has("contacts", "role") and tables.has("contacts", "covered_on")


def card(facts: pd.DataFrame, chain: pd.DataFrame, account_id: str) -> pd.DataFrame:
    """List what is known of one customer, one fact to a row.

    Parameters
    ----------
    facts, chain : DataFrame
        As from `account_facts` and `decision_chain`.
    account_id : str

    Returns
    -------
    DataFrame
        ``part`` (profile or decision chain), ``fact``, ``column`` (of the fact, or the role),
        ``value`` (as it is; the state for a role) and ``since`` (of regular contact). What is not
        known is a row with a missing value: a gap, not a zero.
    """
    row = facts.loc[account_id]
    profile = [("profile", label, name, row[name], pd.NaT) for name, label in FACTS.items()]
    own = chain.loc[chain["account_id"] == account_id]
    roles = zip(own["role"], own["state"], own["since"], strict=True)
    people = [("decision chain", role, role, state, since) for role, state, since in roles]
    return pd.DataFrame(profile + people, columns=["part", "fact", "column", "value", "since"])


def _size(employees: pd.Series) -> pd.Series:
    numbers = employees.to_numpy(dtype=float, na_value=np.nan)
    names = np.asarray(SIZES, dtype=object)[np.searchsorted(_SIZE_EDGES, numbers, side="right")]
    return pd.Series(names, index=employees.index, dtype="str").mask(np.isnan(numbers))


def _history(contracts: pd.DataFrame, index: pd.Index) -> dict[str, pd.Series]:
    """Count the terms up to the last known day, and those that were renewed."""
    of = contracts["account_id"]
    renewed = (contracts["outcome"] == "renewed").where(contracts["outcome"].notna())
    counts = {"terms": of.groupby(of).size(), "renewals": renewed.groupby(of).sum(min_count=1)}
    return {name: count.reindex(index).astype("float64") for name, count in counts.items()}


def _joined(terms: pd.DataFrame, column: str) -> pd.Series:
    """List the different values of an account in one text, in order of the alphabet."""
    known = terms.dropna(subset=column)[["account_id", column]].drop_duplicates()
    return known.sort_values(column).groupby("account_id")[column].agg(" and ".join)


def _counted(
    tables: Tables,
    name: str,
    totals: Callable[[ibis.Table, Period], ibis.Table],
    days: int,
    index: pd.Index,
) -> pd.DataFrame:
    """Count what happened in the last days; no column where nothing is ever recorded."""
    rows = tables.expression(name)
    if rows is None or "account_id" not in rows.columns:
        return pd.DataFrame(index=index)
    recent = Period(tables.as_of - timedelta(days=days - 1), tables.as_of)
    found = totals(rows, recent).to_pandas().set_index("account_id")
    return found.reindex(index).astype("float64").fillna(0.0)
