"""Whom a marketing event reached, what it cost, and which deals go with it."""

from datetime import date

import numpy as np
import pandas as pd

from opsplaybook.sources import Tables
from opsplaybook.sources.known import end_of_day

STEPS = ("invited", "registered", "attended", "qualified", "redeemed")
"""Steps of a person at an event, in order; an event uses those that it has times for."""

DECISION_ROLES = frozenset({"decision maker", "budget holder", "signer"})
"""Roles that can say yes or no: what "decision maker share" counts."""

DEAL_ALONE = "deal "
"""Begins the account of a deal that has none: with its key it is a unit of its own."""

UNKNOWN = "not known"
"""Class of a person or account whose attribute is missing."""


def people(tables: Tables, event_id: str) -> pd.DataFrame:
    """List the people that an event reached, with the steps that each came to.

    A step counts as reached when its time is known or that of a later step is: walk-in guests
    attend without registration, and count as registered. A step that nobody has a time for is no
    step of the event. A row without an account is a unit of its own.

    Parameters
    ----------
    tables : Tables
        With ``event_contacts``; ``accounts`` and ``contacts`` where there are any.
    event_id : str
        The event.

    Returns
    -------
    DataFrame
        One row per person: ``account_id``, ``contact_id``, ``channel``, ``tier``, ``industry``,
        ``role``, ``decision_maker`` (bool), one bool column per step of `STEPS`,
        ``followed_up`` (boolean), ``follow_up_hours`` (float, NaN when not followed up or not
        qualified), ``hours_known`` (float, from the time of qualification to the end of the last
        known day; NaN without that time), ``redemptions``, ``rating`` (float) and
        ``was_customer`` (boolean, on the first day). ``followed_up`` and ``was_customer`` are
        missing where the source has no column that could say so.
    """
    rows = tables["event_contacts"]
    rows = rows.loc[rows["event_id"] == event_id].reset_index(drop=True)
    frame = pd.DataFrame({"account_id": rows["account_id"], "contact_id": rows["contact_id"]})
    alone = "person " + pd.Series(range(len(rows)), dtype="str")
    frame["account_id"] = frame["account_id"].fillna(alone)
    frame["channel"] = rows["channel"].fillna(UNKNOWN)
    frame = frame.assign(**_steps(rows))
    recorded = records(tables, "event_contacts", "followed_up_at")
    frame["followed_up"] = _flags(rows["followed_up_at"].notna(), recorded=recorded)
    waiting = rows["followed_up_at"] - rows["qualified_at"]
    frame["follow_up_hours"] = waiting.dt.total_seconds() / 3600
    known = pd.Timestamp(end_of_day(tables.as_of, tables.timezone)) - rows["qualified_at"]
    frame["hours_known"] = known.dt.total_seconds() / 3600
    for name in ("redemptions", "rating"):
        frame[name] = rows[name].astype("float64")
    return _with_attributes(frame, tables, event_day(tables, event_id))


def records(tables: Tables, table: str, column: str) -> bool:
    """Tell whether the source has a column, whatever its values.

    That a column has no value by the last known day may be a fact: nobody was followed up yet.
    """
    quality = tables.qualities.get(table)
    return quality is not None and column in quality.columns


def follow_up_states(reached: pd.DataFrame, *, hours: float) -> pd.Series:
    """Say of each qualified person whether the follow-up was in time.

    Parameters
    ----------
    reached : DataFrame
        As from `people`.
    hours : float
        Time for a follow-up, from qualification.

    Returns
    -------
    Series of str
        "in time", "late", "not due yet" (the hours are not over on the last known day, whether
        or not there was a follow-up: only those who are due tell how many are late) or "not
        known" (no time of qualification). Index of the qualified rows of `reached`; empty where
        the source does not record follow-ups.
    """
    qualified = reached.loc[reached["qualified"] & reached["followed_up"].notna()]
    conditions = {
        "not known": qualified["hours_known"].isna(),
        "not due yet": qualified["hours_known"] < hours,
        "in time": qualified["follow_up_hours"] <= hours,
    }
    states = np.select(list(conditions.values()), list(conditions), default="late")
    return pd.Series(states, index=qualified.index, dtype="str")


def event_day(tables: Tables, event_id: str) -> pd.Timestamp:
    """Return the first day of an event."""
    events = tables["events"].set_index("event_id")
    return events.loc[event_id, "start_on"]


def steps_of(reached: pd.DataFrame) -> tuple[str, ...]:
    """Return the steps of `STEPS` that anybody came to, in order."""
    return tuple(step for step in STEPS if reached[step].any())


def step_counts(reached: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Count people and accounts per step, for all or per class.

    Parameters
    ----------
    reached : DataFrame
        As from `people`.
    by : str, optional
        Column whose classes are counted apart.

    Returns
    -------
    DataFrame
        ``segment`` ("all" without `by`), ``step``, ``people``, ``accounts``; steps in order.
    """
    segment = reached[by].astype("str") if by else pd.Series("all", index=reached.index)
    parts = []
    for step in steps_of(reached):
        at_step = reached.loc[reached[step]].groupby(segment.loc[reached[step]], sort=True)
        counts = at_step["account_id"].agg(people="size", accounts="nunique")
        parts.append(counts.rename_axis("segment").reset_index().assign(step=step))
    if not parts:
        return pd.DataFrame(columns=["segment", "step", "people", "accounts"])
    return pd.concat(parts, ignore_index=True)[["segment", "step", "people", "accounts"]]


def account_steps(reached: pd.DataFrame) -> pd.DataFrame:
    """Return per account how many of its people came to each step.

    Returns
    -------
    DataFrame
        Index ``account_id``; one whole-number column per step.
    """
    return reached.groupby("account_id")[list(STEPS)].sum()


def costs(tables: Tables, event_id: str) -> pd.DataFrame:
    """List the cost items of an event, staff time included.

    Returns
    -------
    DataFrame
        ``item``, ``planned``, ``spent`` (money out), ``staff_hours``, ``hourly_rate``,
        ``staff_cost`` (hours times hourly rate), ``actual`` (both together) and ``unpaid``
        (bool), in the currency of the source. ``planned`` is NaN where nothing was planned; a
        missing actual counts as no money spent and is marked as unpaid, staff time without a
        rate counts nothing.
    """
    rows = tables["event_costs"]
    rows = rows.loc[rows["event_id"] == event_id]
    frame = rows[["item", "planned"]].reset_index(drop=True)
    frame["spent"] = rows["actual"].fillna(0.0).to_numpy()
    for name in ("staff_hours", "hourly_rate"):
        frame[name] = rows[name].to_numpy(dtype="float64", na_value=np.nan)
    frame["staff_cost"] = (rows["staff_hours"] * rows["hourly_rate"]).fillna(0.0).to_numpy()
    frame["actual"] = frame["spent"] + frame["staff_cost"]
    frame["unpaid"] = rows["actual"].isna().to_numpy()
    return frame.sort_values("actual", ascending=False, ignore_index=True)


def deals(tables: Tables, event_id: str, *, window_days: int) -> pd.DataFrame:
    """List the deals that go with an event, sourced and influenced kept apart.

    Sourced: the pipeline names the event as the origin of the deal. Influenced: the deal names
    no event or another one, belongs to an account that attended, was not closed on the first
    day, and was opened at most `window_days` after it. An influenced deal would exist, or may
    exist, without the event.

    Parameters
    ----------
    tables : Tables
        With ``opportunities`` and ``event_contacts``.
    event_id : str
        The event.
    window_days : int
        Days after the first day.

    Returns
    -------
    DataFrame
        ``opportunity_id``, ``account_id`` (a deal without one is a unit of its own), ``kind``,
        ``relation`` ("sourced", "influenced"), ``opened_on``, ``closed_on``, ``outcome``,
        ``qualified`` (bool), ``amount`` and ``days_to_open`` (negative when opened before the
        event).
    """
    day = event_day(tables, event_id)
    rows = tables["opportunities"]
    attended = people(tables, event_id).query("attended")["account_id"]
    sourced = (rows["event_id"] == event_id).fillna(value=False)
    open_then = ~(rows["closed_on"] < day)
    in_time = rows["opened_on"] <= day + pd.Timedelta(days=window_days)
    influenced = ~sourced & rows["account_id"].isin(attended) & open_then & in_time
    frame = rows.loc[sourced | influenced].reset_index(drop=True)
    is_sourced = sourced[sourced | influenced].to_numpy()
    closed_amount = frame["closed_amount"].where(frame["outcome"] == "won")
    return pd.DataFrame(
        {
            "opportunity_id": frame["opportunity_id"],
            "account_id": frame["account_id"].fillna(DEAL_ALONE + frame["opportunity_id"]),
            "kind": frame["kind"],
            "relation": np.where(is_sourced, "sourced", "influenced"),
            "opened_on": frame["opened_on"],
            "closed_on": frame["closed_on"],
            "outcome": frame["outcome"].fillna("open"),
            "qualified": frame["qualified_on"].notna() | frame["closed_on"].notna(),
            "amount": closed_amount.fillna(frame["amount"]),
            "days_to_open": (frame["opened_on"] - day).dt.days.astype("float64"),
        }
    )


def names_events(tables: Tables) -> bool:
    """Tell whether there is a pipeline that can say which event a deal came from."""
    return tables.has("opportunities") and records(tables, "opportunities", "event_id")


def overlapping(tables: Tables, event_id: str, *, window_days: int) -> pd.DataFrame:
    """Count the accounts of an event that other events reached in the same weeks.

    Returns
    -------
    DataFrame
        Per other event whose days meet those of the event or the window behind it:
        ``event_id``, ``name``, ``start_on``, ``end_on``, ``shared_accounts`` and ``share`` of the
        accounts reached; most shared first.
    """
    events = tables["events"].set_index("event_id")
    ends = events["end_on"].fillna(events["start_on"])
    first = events.loc[event_id, "start_on"] - pd.Timedelta(days=window_days)
    last = ends.loc[event_id] + pd.Timedelta(days=window_days)
    others = events.loc[(events["start_on"] <= last) & (ends >= first)].drop(index=event_id)
    contacts = tables["event_contacts"][["event_id", "account_id"]].dropna().drop_duplicates()
    own = contacts.loc[contacts["event_id"] == event_id, "account_id"]
    shared = contacts.loc[contacts["account_id"].isin(own)].groupby("event_id").size()
    frame = others[["name", "start_on", "end_on"]].copy()
    frame["shared_accounts"] = shared.reindex(others.index, fill_value=0)
    frame["share"] = frame["shared_accounts"] / max(own.nunique(), 1)
    frame = frame.loc[frame["shared_accounts"] > 0].reset_index()
    return frame.sort_values(["shared_accounts", "event_id"], ascending=[False, True])


def other_events(tables: Tables, event_id: str, *, window_days: int) -> pd.Series:
    """Count, per account, the other events that reached it while an event or its window ran.

    Returns
    -------
    Series
        Index ``account_id``; accounts that no other event reached are left out.
    """
    events = tables["events"].set_index("event_id")
    ends = events["end_on"].fillna(events["start_on"])
    last = ends.loc[event_id] + pd.Timedelta(days=window_days)
    meets = (events["start_on"] <= last) & (ends >= events.loc[event_id, "start_on"])
    others = events.index[meets].drop(event_id)
    contacts = tables["event_contacts"][["event_id", "account_id"]].dropna().drop_duplicates()
    return contacts.loc[contacts["event_id"].isin(others)].groupby("account_id").size()


def window_end(day: pd.Timestamp, days: int) -> date:
    """Return the last day of a window that opens on `day`, ends included."""
    return (day + pd.Timedelta(days=days)).date()


def _steps(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Mark the steps reached: the own time is known, or that of a later step is.

    A step that nobody has a time for is no step of this event: nobody reached it.
    """
    reached = np.zeros(len(rows), dtype=bool)
    flags = {}
    for step in reversed(STEPS):
        known = rows[f"{step}_at"].notna().to_numpy()
        reached = reached | known
        flags[step] = reached if known.any() else np.zeros(len(rows), dtype=bool)
    return {step: flags[step] for step in STEPS}


def _with_attributes(frame: pd.DataFrame, tables: Tables, day: pd.Timestamp) -> pd.DataFrame:
    accounts = tables["accounts"].set_index("account_id")
    roles = tables["contacts"].set_index("contact_id")["role"]
    frame["tier"] = _looked_up(frame["account_id"], accounts["tier"])
    frame["industry"] = _looked_up(frame["account_id"], accounts["industry"])
    frame["role"] = _looked_up(frame["contact_id"], roles)
    frame["decision_maker"] = frame["role"].isin(DECISION_ROLES)
    customers = accounts.index[accounts["customer_since"] < day]
    recorded = records(tables, "accounts", "customer_since")
    frame["was_customer"] = _flags(frame["account_id"].isin(customers), recorded=recorded)
    return frame


def _flags(flags: pd.Series, *, recorded: bool) -> pd.Series:
    """Return flags as they are, or as missing where the source could not say so."""
    return flags.astype("boolean").mask(np.full(len(flags), not recorded))


def _looked_up(keys: pd.Series, values: pd.Series) -> pd.Series:
    """Look up a text for each key; `UNKNOWN` where there is none, or no such table."""
    return keys.map(values).astype("str").fillna(UNKNOWN)
