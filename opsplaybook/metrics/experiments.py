"""The units of an experiment: who was put into which arm, and what does not fit the plan.

Everything is counted in the engine; what reaches a frame is as small as the number of arms,
accounts or days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis
import pandas as pd
from ibis.expr import types as ir

from opsplaybook.sources import Tables

RandomisedBy = Literal["account", "user"]
UnitTable = ir.Table
"""Units in the engine: ``unit_id``, ``account_id``, ``arm`` and ``since``, one row per unit."""


@dataclass(frozen=True, slots=True)
class Units:
    """The units of an experiment, in the engine.

    Attributes
    ----------
    table : ibis table
        One row per unit: ``unit_id``, ``account_id``, ``arm`` (the first that it was put into),
        ``arms``, ``accounts``, ``times`` (rows of the unit), ``since`` (first assignment; the
        start of the experiment where it is not known) and ``exposed_at``.
    contradictions : dict of str to int
        Rows that name another arm as met than as assigned, by assigned arm; left out of all else.
    counts : DataFrame
        Index ``arm``: ``units``, ``rows``, ``again`` (units recorded more than once in this arm
        alone), ``in_two_arms`` (by their first arm), ``in_two_accounts``, ``without_account``,
        ``undated``, ``never_exposed``, ``outside`` (assigned outside the planned days).
    accounts : DataFrame
        One row per combination of arms: ``arms`` (number), ``several`` (whether the account has
        two units or more), ``accounts`` and ``units``.
    own_accounts : bool
        Whether every unit is an account itself.
    """

    table: ir.Table
    contradictions: dict[str, int]
    counts: pd.DataFrame
    accounts: pd.DataFrame
    own_accounts: bool

    @property
    def accounts_in_two_arms(self) -> int:
        """Accounts whose units are in more than one arm."""
        return int(self.accounts.loc[self.accounts["arms"] > 1, "accounts"].sum())

    def randomised_by(self, planned: RandomisedBy) -> RandomisedBy:
        """Tell from the data what was put into arms.

        Accounts, where no account with several users has them in two arms. Where no account has
        several units the plan is believed.
        """
        several = self.accounts.loc[self.accounts["several"]]
        if not several["accounts"].sum():
            return planned
        return "user" if (several["arms"] > 1).any() else "account"


def assigned_units(
    tables: Tables,
    experiment_id: str,
    *,
    start: pd.Timestamp | None,
    end: pd.Timestamp | None,
    met: bool = True,
) -> Units:
    """Gather the assignments of an experiment, one row per unit.

    Parameters
    ----------
    tables : Tables
        With ``assignments``.
    experiment_id : str
    start, end : Timestamp or None
        First and last planned day, midnights without a zone.
    met : bool, optional
        Leave out rows of units that met another arm than they were put into.

    Returns
    -------
    Units
    """
    rows = tables.expression("assignments")
    rows = rows.filter(rows["experiment_id"] == experiment_id)
    contradictions = {}
    if met and "met_arm" in rows.columns:
        differs = (rows["met_arm"] != rows["arm"]).fill_null(False)  # noqa: FBT003
        contradictions = _by_arm(rows.filter(differs))
        rows = rows.filter(~differs)
    units = tables.keep("experiment_units", _per_unit(rows, tables.timezone, start))
    own = units.filter(units["account_id"].notnull() & (units["account_id"] != units["unit_id"]))
    return Units(
        table=units,
        contradictions=contradictions,
        counts=_counts(units, start, end),
        accounts=_accounts(units),
        own_accounts=not int(own.count().execute()) and _has_accounts(units),
    )


def units_in(units: Units, arms: Sequence[str], *, one_arm: bool = True) -> UnitTable:
    """Keep the units of some arms.

    Units in two arms are left out; without `one_arm` they stay in the first one.
    """
    table = units.table.filter(units.table["arm"].isin(list(arms)))
    table = table.filter(table["arms"] == 1) if one_arm else table
    return table.select("unit_id", "account_id", "arm", "since")


def units_drawn(units: Units, arms: Sequence[str], by: RandomisedBy) -> UnitTable:
    """List what was put into some arms, each once: accounts, or the units themselves.

    Parameters
    ----------
    units : Units
    arms : sequence of str
    by : {"account", "user"}
        What was put into arms. Units of no known account are left out where accounts were.

    Returns
    -------
    ibis table
        ``unit_id``, ``account_id``, ``arm``, ``since`` and ``dated``; none in two arms.
    """
    table = units.table.filter(units.table["arm"].isin(list(arms)) & (units.table["arms"] == 1))
    if by == "user" or units.own_accounts:
        return table.select("unit_id", "account_id", "arm", "since", "dated")
    known = table.filter(table["account_id"].notnull())
    grouped = known.group_by("account_id").agg(
        arm=known["arm"].min(),
        arms=known["arm"].nunique(),
        since=known["since"].min(),
        dated=known["dated"].any(),
    )
    one = grouped.filter(grouped["arms"] == 1).drop("arms")
    return one.mutate(unit_id=one["account_id"])


def count_by_arm(units: UnitTable) -> dict[str, int]:
    """Count units by arm."""
    frame = units.group_by("arm").agg(units=units.count()).to_pandas()
    return dict(zip(frame["arm"], frame["units"].astype(int), strict=True))


def count_units(units: UnitTable) -> int:
    """Count units."""
    return int(units.count().execute())


def daily_assignments(units: UnitTable, arms: tuple[str, ...]) -> pd.DataFrame:
    """Count the units assigned on each day.

    Parameters
    ----------
    units : ibis table
        As from `units_drawn`.
    arms : tuple of str

    Returns
    -------
    DataFrame
        Index of days, one whole-number column per planned arm; empty where nothing is dated.
    """
    table = units.filter(units["dated"])
    grouped = table.group_by(day=table["since"].date(), arm=table["arm"]).agg(units=table.count())
    frame = grouped.to_pandas()
    if frame.empty:
        return pd.DataFrame(columns=list(arms), dtype="int64")
    wide = frame.pivot_table(index="day", columns="arm", values="units", aggfunc="sum")
    wide.index = pd.to_datetime(wide.index)
    return wide.reindex(columns=list(arms)).fillna(0).astype("int64").sort_index()


def users_in_two_accounts(tables: Tables, units: Units, *, since: date | None) -> int:
    """Count users who were active in two accounts of the experiment since a day, in two arms."""
    rows = tables.expression("activity")
    if rows is None or not {"user_id", "account_id"} <= set(rows.columns):
        return 0
    if since is not None:
        rows = rows.filter(rows["at"].date() >= since)
    arms = units.table.select("account_id", "arm").distinct()
    joined = rows.inner_join(arms, "account_id")
    seen = joined.group_by("user_id").agg(arms=joined["arm"].nunique())
    return int(seen.filter(seen["arms"] > 1).count().execute())


def _by_arm(rows: ir.Table) -> dict[str, int]:
    frame = rows.group_by("arm").agg(rows=rows.count()).order_by("arm").to_pandas()
    return dict(zip(frame["arm"], frame["rows"].astype(int), strict=True))


def _per_unit(rows: ir.Table, timezone: str, start: pd.Timestamp | None) -> ir.Table:
    """Make one row per unit, the first arm first."""
    none = ibis.null("timestamp('UTC')")
    assigned = rows["assigned_at"] if "assigned_at" in rows.columns else none
    exposed = rows["exposed_at"] if "exposed_at" in rows.columns else none
    account = rows["account_id"] if "account_id" in rows.columns else ibis.null(str)
    rows = rows.mutate(assigned_at=assigned, exposed_at=exposed, account_id=account)
    earliest = rows["arm"].argmin(rows["assigned_at"])
    grouped = rows.group_by("unit_id").agg(
        arm=ibis.coalesce(earliest, rows["arm"].min()),
        arms=rows["arm"].nunique(),
        account_id=rows["account_id"].min(),
        accounts=rows["account_id"].nunique(),
        times=rows.count(),
        since=rows["assigned_at"].min(),
        exposed_at=rows["exposed_at"].min(),
    )
    first = None if start is None else start.tz_localize(timezone).tz_convert("UTC").isoformat()
    fallback = none if first is None else ibis.timestamp(first)
    return grouped.mutate(
        dated=grouped["since"].notnull(), since=ibis.coalesce(grouped["since"], fallback)
    )


def _counts(units: ir.Table, start: pd.Timestamp | None, end: pd.Timestamp | None) -> pd.DataFrame:
    day = units["since"].date()
    outside = ibis.literal(value=False)
    if start is not None:
        outside |= day < start.date()
    if end is not None:
        outside |= day > end.date()
    two = units["arms"] > 1
    grouped = units.group_by("arm").agg(
        units=units.count(),
        rows=units["times"].sum(),
        again=(~two & (units["times"] > 1)).sum(),
        in_two_arms=two.sum(),
        in_two_accounts=(units["accounts"] > 1).sum(),
        without_account=units["account_id"].isnull().sum(),
        undated=(~units["dated"]).sum(),
        never_exposed=units["exposed_at"].isnull().sum(),
        outside=(units["dated"] & outside).sum(),
    )
    return grouped.order_by("arm").to_pandas().set_index("arm").fillna(0).astype("int64")


def _accounts(units: ir.Table) -> pd.DataFrame:
    known = units.filter(units["account_id"].notnull())
    per = known.group_by("account_id").agg(
        arms=known["arm"].nunique(), several=known.count() > 1, units=known.count()
    )
    grouped = per.group_by("arms", "several").agg(accounts=per.count(), units=per["units"].sum())
    return grouped.order_by("arms", "several").to_pandas()


def _has_accounts(units: ir.Table) -> bool:
    return bool(units.filter(units["account_id"].notnull()).limit(1).count().execute())
