"""Where the units of an experiment are: platform, version, and classes of their accounts."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd
from ibis.expr import types as ir

from opsplaybook.sources import Tables

_OF_USE = ("platform", "version", "segment")


def places_of_units(
    tables: Tables,
    units: ir.Table,
    *,
    by: Literal["account_id", "user_id"],
    attributes: Sequence[str],
) -> pd.DataFrame:
    """Count units by arm and by what is known of them.

    Platform, version and segment are those of the first row of activity since the assignment,
    what the treatment cannot have changed yet; the others belong to the account.

    Parameters
    ----------
    tables : Tables
        ``activity`` and ``accounts`` where there are any.
    units : ibis table
        ``unit_id``, ``account_id``, ``arm``, ``since``.
    by : str
        Column of activity that holds the unit.
    attributes : sequence of str
        Columns of accounts.

    Returns
    -------
    DataFrame
        ``attribute``, ``place`` and one whole-number column per arm. Attributes with one class
        only say nothing and are left out.
    """
    parts = [*_of_use(tables, units, by), *_of_accounts(tables, units, attributes)]
    parts = [part for part in parts if len(set(part["place"])) > 1]
    if not parts:
        return pd.DataFrame(columns=["attribute", "place"])
    frame = pd.concat(parts, ignore_index=True)
    wide = frame.pivot_table(
        index=["attribute", "place"], columns="arm", values="units", aggfunc="sum", fill_value=0
    )
    wide.columns.name = None
    return wide.astype("int64").reset_index()


def with_attribute(tables: Tables, units: ir.Table, attribute: str) -> ir.Table | None:
    """Add a column of accounts to units; None where the source does not fill it."""
    accounts = tables.expression("accounts")
    if accounts is None or attribute not in accounts.columns:
        return None
    named = accounts.select("account_id", attribute)
    joined = units.left_join(named, "account_id")
    return joined.drop("account_id_right")


def _of_use(
    tables: Tables, units: ir.Table, by: Literal["account_id", "user_id"]
) -> list[pd.DataFrame]:
    rows = tables.expression("activity")
    if rows is None or by not in rows.columns:
        return []
    found = [name for name in _OF_USE if name in rows.columns]
    if not found:
        return []
    joined = units.select("unit_id", "arm", "since").inner_join(rows, units["unit_id"] == rows[by])
    after = joined.filter(joined["at"] >= joined["since"])
    first = after.group_by("unit_id", "arm").agg(
        **{name: after[name].argmin(after["at"]) for name in found}
    )
    return _counted(tables, first, found)


def _of_accounts(tables: Tables, units: ir.Table, attributes: Sequence[str]) -> list[pd.DataFrame]:
    accounts = tables.expression("accounts")
    found = [] if accounts is None else [name for name in attributes if name in accounts.columns]
    if not found:
        return []
    return _counted(
        tables, units.left_join(accounts.select("account_id", *found), "account_id"), found
    )


def _counted(tables: Tables, table: ir.Table, names: Sequence[str]) -> list[pd.DataFrame]:
    """Count by all attributes at once, then by each: what is not known has no place."""
    counts = tables.fetch(table.group_by("arm", *names).agg(units=table.count()))
    return [
        counts.rename(columns={name: "place"})
        .groupby(["arm", "place"], as_index=False)["units"]
        .sum()
        .assign(attribute=name)
        for name in names
    ]
