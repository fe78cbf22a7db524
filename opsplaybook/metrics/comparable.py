"""What every customer did in a period, in one query of the engine, to place one among them."""

from collections.abc import Callable, Iterator
from datetime import date

import ibis
import pandas as pd

from opsplaybook.metrics.periods import YEAR_DAYS, Period
from opsplaybook.metrics.usage import total_quantity, user_of
from opsplaybook.sources import Tables

MEASURES = ("contract_value", "order_value", "users", "actions", "value", "tickets")
"""What accounts are compared by; measures that the source cannot fill are left out."""


def customer_totals(
    tables: Tables, period: Period, *, group: str = "", value_action: str = ""
) -> pd.DataFrame:
    """Sum up what each customer has and did, without reading the rows.

    A customer has a contract in force on the last day, or ordered something in the year before
    it. Where the source has neither contracts nor invoices, every account counts.

    Parameters
    ----------
    tables : Tables
        With ``accounts``; ``contracts``, ``invoices``, ``activity`` and ``tickets`` where there
        are any.
    period : Period
        What orders, use and tickets are summed over.
    group : str, optional
        Column of accounts to return as ``group``.
    value_action : str, optional
        Action whose quantities are summed as ``value``.

    Returns
    -------
    DataFrame
        Index ``account_id``; ``group`` (missing without one) and those of `MEASURES` that the
        source can fill, as float: annual value of contracts in force, net amount invoiced, users,
        actions, value and tickets opened. Missing is a customer without contract in the first,
        and means zero in the others.
    """
    accounts = tables.expression("accounts")
    joined = accounts.select(account_id=accounts["account_id"], group=_group(accounts, group))
    for part in _parts(tables, period, value_action):
        joined = joined.left_join(part, "account_id").drop("account_id_right")
    frame = joined.to_pandas().set_index("account_id")
    return _customers(frame)


def _group(accounts: ibis.Table, group: str) -> ibis.Value:
    return accounts[group] if group in accounts.columns else ibis.null(str)


def _customers(frame: pd.DataFrame) -> pd.DataFrame:
    proofs = [name for name in ("contracts", "orders_of_year") if name in frame]
    if proofs:
        frame = frame.loc[frame[proofs].fillna(0).sum(axis=1) > 0]
    found = [name for name in MEASURES if name in frame]
    zero = [name for name in found if name != "contract_value"]
    totals = frame[found].astype("float64")
    totals[zero] = totals[zero].fillna(0.0)
    return totals.assign(group=frame["group"])


def _parts(tables: Tables, period: Period, value_action: str) -> Iterator[ibis.Table]:
    """Yield one aggregate by account for each table that the source has."""
    of: dict[str, Callable[[ibis.Table], ibis.Table]] = {
        "contracts": lambda rows: _contracts(rows, period.last),
        "invoices": lambda rows: _invoices(rows, period),
        "activity": lambda rows: use_totals(rows, period, value_action),
        "tickets": lambda rows: ticket_totals(rows, period),
    }
    for name, aggregate in of.items():
        rows = tables.expression(name)
        if rows is not None and "account_id" in rows.columns:
            yield aggregate(rows)


def _contracts(rows: ibis.Table, day: date) -> ibis.Table:
    current = rows["start_on"] <= day
    if "end_on" in rows.columns:
        current &= rows["end_on"].fill_null(day) >= day
    sums = {"contracts": rows.count(where=current)}
    if "annual_value" in rows.columns:
        sums["contract_value"] = rows["annual_value"].sum(where=current)
    return rows.group_by("account_id").aggregate(**sums)


def _invoices(rows: ibis.Table, period: Period) -> ibis.Table:
    day = rows["issued_on"]
    year = Period(period.last, period.last).back(YEAR_DAYS - 1).first
    return rows.group_by("account_id").aggregate(
        order_value=rows["amount"].sum(where=day.between(period.first, period.last)),
        orders_of_year=rows.count(where=day.between(year, period.last) & (rows["amount"] > 0)),
    )


def use_totals(rows: ibis.Table, period: Period, value_action: str = "") -> ibis.Table:
    """Sum up by account what was done since the first day of a period."""
    recent = rows.filter(rows["at"].date() >= period.first)
    sums = {"actions": recent.count()}
    if "user_id" in recent.columns:
        sums["users"] = user_of(recent).nunique()
    if value_action:
        sums["value"] = total_quantity(recent, recent["action"] == value_action)
    return recent.group_by("account_id").aggregate(**sums)


def ticket_totals(rows: ibis.Table, period: Period) -> ibis.Table:
    """Count by account the tickets that were opened since the first day of a period."""
    recent = rows.filter(rows["opened_at"].date() >= period.first)
    return recent.group_by("account_id").aggregate(tickets=recent.count())


def known_accounts(tables: Tables) -> pd.DataFrame:
    """List every account of the source, also those not known yet on the last known day.

    Returns
    -------
    DataFrame
        ``account_id`` and ``name`` (missing where the source has none), in order of the key.
    """
    rows = tables.source.expression("accounts")
    name = rows["name"] if "name" in rows.columns else ibis.null(str)
    return rows.select(account_id=rows["account_id"], name=name).order_by("account_id").to_pandas()
