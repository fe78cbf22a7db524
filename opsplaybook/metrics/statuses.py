"""Funnels over statuses: tables that say how far a row came, and not when.

Such a table is a picture of one day. There is no window, no time to convert and no trend, and who
was lost after which step is known only as far as the status tells it.
"""

from collections.abc import Sequence

import pandas as pd

from opsplaybook.errors import ParamsError, quote
from opsplaybook.metrics.funnels import Step
from opsplaybook.sources import Tables

KEYS = {
    "opportunities": "opportunity_id",
    "contracts": "contract_id",
    "accounts": "account_id",
    "event_contacts": "contact_id",
    "requirements": "requirement_id",
    "tickets": "ticket_id",
}
"""Tables whose rows may be followed by their status, with the key of a row."""

UNKNOWN = "not known"
OPEN = "open"


def status_units(
    tables: Tables, steps: Sequence[Step], *, segments: Sequence[str] = ()
) -> pd.DataFrame:
    """Return how far each row of a table came.

    Parameters
    ----------
    tables : Tables
    steps : sequence of Step
        All of one table, without columns of times; the first selects who entered. A row is at a
        step if it fits it and every one before: a status lists all values that imply the step.
    segments : sequence of str, optional
        Columns of the table, or of accounts as ``accounts.industry``.

    Returns
    -------
    DataFrame
        ``unit``, ``account_id`` (missing: "not known"), one column per segment (as well),
        ``level`` (steps reached, at least 1) and ``open`` (its ``outcome`` is open; False where
        the table has no outcome).

    Raises
    ------
    ParamsError
        If steps are of several tables, or a column is not in the table.
    """
    names = {step.table for step in steps}
    table = steps[0].table
    if len(names) > 1 or table not in KEYS:
        raise ParamsError(
            f"statuses of {', '.join(sorted(names))}",
            where="steps",
            remedy=f"name one table for all steps, of {', '.join(KEYS)}",
        )
    rows = tables[table]
    fits = [_fits(rows, step) for step in steps]
    level = pd.Series(0, index=rows.index)
    so_far = pd.Series(data=True, index=rows.index)
    for fit in fits:
        so_far &= fit
        level += so_far.astype(int)
    outcome = rows["outcome"] if "outcome" in rows else pd.Series("", index=rows.index)
    frame = pd.DataFrame({"unit": rows[KEYS[table]].astype(str), "level": level})
    frame["open"] = outcome.eq(OPEN) & level.lt(len(steps))
    account = rows["account_id"] if "account_id" in rows else pd.Series(None, index=rows.index)
    frame["account_id"] = account.astype(object).fillna(UNKNOWN)
    for name in segments:
        frame[name] = _segment(tables, rows, name).astype(object).fillna(UNKNOWN)
    return frame.loc[level > 0].reset_index(drop=True)


def status_reach(
    units: pd.DataFrame, steps: Sequence[Step], *, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Count units per step, in the columns of `opsplaybook.metrics.funnels.reach`.

    Parameters
    ----------
    units : DataFrame
        As from `status_units`.
    steps : sequence of Step
    by : sequence of str, optional
        ``account_id`` or segments.

    Returns
    -------
    DataFrame
        One row per group and step, groups sorted: the columns of `by`, ``position``, ``step``,
        ``optional``, ``entered``, ``before``, ``reached``, ``open``, ``lost``, and the same for
        mature units: a status has no window, so these are all that are not open.
    """
    parts = []
    for position, step in enumerate(steps, start=1):
        before = units["level"] >= max(position - 1, 1)
        here = before & units["open"] & (units["level"] == position - 1)
        reached, over = units["level"] >= position, ~units["open"]
        flags = pd.DataFrame(
            {
                "entered": 1,
                "before": before,
                "reached": reached,
                "open": here,
                "mature_entered": over,
                "mature_before": over & before,
                "mature_reached": over & reached,
            }
        ).astype(int)
        keyed = pd.concat([units[list(by)], flags], axis=1)
        counted = (
            keyed.groupby(list(by), sort=True).sum().reset_index()
            if by
            else flags.sum().to_frame().T
        )
        parts.append(counted.assign(position=position, step=step.name, optional=False))
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.sort_values([*by, "position"], ignore_index=True, kind="stable")
    frame["lost"] = frame["before"] - frame["reached"] - frame["open"]
    return frame.assign(mature_open=0)


def _fits(rows: pd.DataFrame, step: Step) -> pd.Series:
    fits = pd.Series(data=True, index=rows.index)
    for column, values in step.where.items():
        _require(rows, column, step.table)
        fits &= rows[column].astype(object).astype(str).isin(values) & rows[column].notna()
    return fits


def _segment(tables: Tables, rows: pd.DataFrame, name: str) -> pd.Series:
    table, dot, column = name.partition(".")
    if not dot:
        _require(rows, name, "the steps")
        return rows[name]
    _require(tables[table], column, table)
    accounts = tables[table].drop_duplicates("account_id").set_index("account_id")
    return rows["account_id"].map(accounts[column])


def _require(rows: pd.DataFrame, column: str, table: str) -> None:
    if column not in rows:
        raise ParamsError(
            f"there is no column {quote(column)} in {table}",
            where="steps and segment_by",
            remedy=f"name one of {', '.join(map(str, rows.columns))}",
        )
