"""What was due for renewal and what became of it: one decision per account and due date.

All terms of an account that end on one day are decided together, except what is still open when
others of them were renewed: that is a decision of its own. The expiring base is what was due;
whoever is not due yet has decided nothing.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from opsplaybook.metrics.followers import followers
from opsplaybook.sources import Tables

STATES = ("renewed early", "renewed on time", "renewed late", "lost", "open")
RENEWED = STATES[:3]
LOST, OPEN = "lost", "open"
NO_REASON = "not recorded"

_TOGETHER = ("account_id", "end_on")
_DECISION_COLUMNS = (
    "decision_id", "account_id", "start_on", "due_on", "decide_by", "decided_on", "terms",
    "products", "product", "billing", "auto_renew", "seats", "months", "annual_value", "kept_value",
    "renewed_value", "state", "overdue", "loss_kind", "loss_reason", "competitor",
)  # fmt: skip


def ends_are_agreed(tables: Tables) -> bool:
    """Tell whether the end of a term is agreed beforehand, or only recorded when it is lost.

    Some sources fill the end when a contract is cancelled. Then every term with an end is lost, and
    a renewal rate of them would be zero whatever customers do. That is a property of the source,
    and looked for in all of it: on an earlier day the end of a term that was lost later looks like
    an agreed one.

    Parameters
    ----------
    tables : Tables
        With ``contracts``.

    Returns
    -------
    bool
        Whether any term has an end and is not lost.
    """
    rows = tables.source.expression("contracts")
    if "end_on" not in rows.columns:
        return False
    ended = rows.drop_null("end_on")
    if "outcome" in rows.columns:
        ended = ended.filter(ended["outcome"].fill_null(OPEN) != LOST)
    return bool(ended.count().to_pandas())


def decisions(contracts: pd.DataFrame, as_of: date, *, grace_days: int) -> pd.DataFrame:
    """Put the terms that end together into one decision each, with what became of it.

    Parameters
    ----------
    contracts : DataFrame
        As of the contract, as known on `as_of`. Terms without an end are due on no day and are
        left out.
    as_of : date
        Last known day.
    grace_days : int
        Days after the due date within which a renewal counts as late. One that comes later is a
        loss that was won back.

    Returns
    -------
    DataFrame
        One row per account and due date, in order of both, and one more for terms that are open
        beside renewed ones: ``decision_id``, ``account_id``, ``start_on``, ``due_on`` (last day of
        the term), ``decide_by`` (due date less notice), ``decided_on``, ``terms``, ``products``,
        ``product`` and ``billing`` (of the largest term), ``auto_renew`` (of all), ``seats``,
        ``months`` (length of the longest term), ``annual_value``, ``renewed_value`` (missing unless
        renewed), ``kept_value`` (renewed value, no more than the value that was due), ``state`` (of
        `STATES`), ``overdue`` (open, and past the grace), ``loss_kind``, ``loss_reason`` and
        ``competitor``. An outcome that the source does not know is taken from the term that
        follows. A renewed value that is not known is taken from the term that follows, else it is
        the old one. Which term follows is found by
        `opsplaybook.metrics.followers.followers`.
    """
    terms = contracts.loc[contracts["end_on"].notna()].reset_index(drop=True)
    if terms.empty:
        return pd.DataFrame(columns=list(_DECISION_COLUMNS))
    terms = _with_outcomes(terms, contracts, as_of, grace_days)
    terms = terms.sort_values(["account_id", "end_on", "annual_value", "contract_id"])
    grouped = terms.groupby([*_TOGETHER, "is_apart"], sort=True)
    frame = grouped.agg(
        start_on=("start_on", "min"),
        notice=("notice_days", "max"),
        decided_on=("decided_on", "max"),
        terms=("contract_id", "size"),
        products=("product", "nunique"),
        product=("product", "last"),
        billing=("billing", "last"),
        auto_renew=("renews_itself", "min"),
        seats=("seat_count", "sum"),
        months=("months", "max"),
        annual_value=("annual_value", "sum"),
        kept_value=("kept", "sum"),
        renewed_value=("followed", "sum"),
        renewed=("is_renewed", "max"),
        open=("is_open", "max"),
        loss_kind=("loss_kind", "last"),
        loss_reason=("loss_reason", "last"),
        competitor=("competitor", "last"),
    ).reset_index()
    return _as_decisions(frame, as_of, grace_days)


def by_due_month(made: pd.DataFrame) -> pd.DataFrame:
    """Count decisions by the month in which they were due.

    Returns
    -------
    DataFrame
        ``month`` (first day), ``due``, one count per state, ``decided``, ``value_due``,
        ``value_decided``, ``value_kept``, ``value_lost`` and ``value_open``; one row per month
        with something due.
    """
    month = made["due_on"].dt.to_period("M").dt.to_timestamp().rename("month")
    is_open, lost = made["state"] == OPEN, made["state"] == LOST
    columns = {state: made["state"] == state for state in STATES}
    columns |= {
        "due": pd.Series(1, index=made.index),
        "decided": ~is_open,
        "value_due": made["annual_value"],
        "value_decided": made["annual_value"].where(~is_open, 0.0),
        "value_kept": made["kept_value"].where(~is_open, 0.0),
        "value_lost": made["annual_value"].where(lost, 0.0),
        "value_open": made["annual_value"].where(is_open, 0.0),
    }
    sums = pd.DataFrame(columns).groupby(month).sum()
    counts = ["due", "decided", *STATES]
    return sums.astype(dict.fromkeys(counts, "int64")).reset_index()


def overlapping(contracts: pd.DataFrame) -> int:
    """Count terms that start while another one of the same account and product still runs."""
    ordered = contracts.sort_values(["account_id", "product", "start_on", "contract_id"])
    of = [ordered["account_id"], ordered["product"].fillna("")]
    ends = ordered["end_on"].fillna(pd.Timestamp("2200-01-01"))
    before = ends.groupby(of).cummax().groupby(of).shift()
    return int((ordered["start_on"] <= before).sum())


def landmark_decisions(contracts: pd.DataFrame, as_of: date, *, every_days: int) -> pd.DataFrame:
    """Look at open-ended terms on fixed days, and whether each was given up before the next one.

    Where a customer may leave on any day there is no due date. Each term that runs on a landmark
    is one decision; its outcome is known once the next landmark has passed.

    Parameters
    ----------
    contracts : DataFrame
        As of the contract, as known on `as_of`.
    as_of : date
        Last known day; landmarks are counted back from it, and the last one is still open.
    every_days : int
        Days between landmarks.

    Returns
    -------
    DataFrame
        As from `decisions`; ``due_on`` is the next landmark, ``decide_by`` the one it ran on.
    """
    last, step = pd.Timestamp(as_of), pd.Timedelta(days=every_days)
    first = contracts["start_on"].min()
    if pd.isna(first):
        return pd.DataFrame(columns=list(_DECISION_COLUMNS))
    days = pd.date_range(end=last, periods=max(int((last - first) / step), 0) + 1, freq=step)
    marks = pd.DataFrame({"decide_by": days.as_unit("us"), "key": 0})
    grid = contracts.assign(key=0, months=_months(contracts)).merge(marks, on="key")
    running = (grid["start_on"] <= grid["decide_by"]) & ~(grid["end_on"] <= grid["decide_by"])
    grid = grid.loc[running].reset_index(drop=True)
    due = grid["decide_by"] + step
    lost = grid["end_on"] <= due
    state = np.select([lost, due <= last], [LOST, STATES[1]], default=OPEN)
    value = grid["annual_value"].fillna(0.0)
    return pd.DataFrame(
        {
            "decision_id": grid["contract_id"] + " " + grid["decide_by"].dt.strftime("%Y-%m-%d"),
            "account_id": grid["account_id"],
            "start_on": grid["start_on"],
            "due_on": due,
            "decide_by": grid["decide_by"],
            "decided_on": grid["end_on"].where(lost),
            "terms": 1,
            "products": 1,
            "product": grid["product"],
            "billing": grid["billing"],
            "auto_renew": grid["auto_renew"].astype("Float64"),
            "seats": grid["seats"].astype("float64"),
            "months": grid["months"],
            "annual_value": value,
            "kept_value": value.where(~lost, 0.0),
            "renewed_value": value.where(state == STATES[1]),
            "state": state,
            "overdue": False,
            "loss_kind": grid["loss_kind"].where(lost),
            "loss_reason": grid["loss_reason"].where(lost),
            "competitor": grid["competitor"].where(lost),
        }
    )


def tenures(contracts: pd.DataFrame, as_of: date, *, gap_days: int) -> pd.DataFrame:
    """Join the terms of each account to stretches as a customer, with their beginning and end.

    Parameters
    ----------
    contracts : DataFrame
        As of the contract, as known on `as_of`.
    as_of : date
    gap_days : int
        A gap between two terms that is no longer is none: a late renewal is no loss.

    Returns
    -------
    DataFrame
        One row per stretch: ``account_id``, ``began_on``, ``left_on`` (last day; missing for those
        still there), ``stretch`` (0 is the first), ``terms``, ``loss_kind`` and ``loss_reason`` of
        the last term. A last term that ended within the gap and is not decided is still there.
    """
    ordered = contracts.sort_values(["account_id", "start_on", "end_on"]).reset_index(drop=True)
    ends = ordered["end_on"].fillna(pd.Timestamp("2200-01-01"))
    account = ordered["account_id"]
    latest = ends.groupby(account).cummax()
    before = latest.groupby(account).shift()
    fresh = before.isna() | (ordered["start_on"] > before + pd.Timedelta(days=gap_days + 1))
    stretch = fresh.groupby(account).cumsum().astype("int64") - 1
    frame = ordered.assign(ends=ends, stretch=stretch)
    grouped = frame.groupby(["account_id", "stretch"])
    found = grouped.agg(
        began_on=("start_on", "min"),
        ends_on=("ends", "max"),
        terms=("start_on", "nunique"),
        outcome=("outcome", "last"),
        loss_kind=("loss_kind", "last"),
        loss_reason=("loss_reason", "last"),
    ).reset_index()
    last = pd.Timestamp(as_of)
    pending = (found["outcome"] != LOST).fillna(value=True) & (
        found["ends_on"] >= last - pd.Timedelta(days=gap_days)
    )
    gone = (found["ends_on"] <= last) & ~pending
    found["left_on"] = found["ends_on"].where(gone)
    return found.drop(columns=["ends_on", "outcome"])


def _with_outcomes(
    terms: pd.DataFrame, contracts: pd.DataFrame, as_of: date, grace_days: int
) -> pd.DataFrame:
    """Say of each term what became of it and what it was renewed for."""
    follower = followers(terms, contracts, grace_days=grace_days)
    following = _following_value(terms, contracts, follower)
    past = terms["end_on"] + pd.Timedelta(days=grace_days) < pd.Timestamp(as_of)
    guess = np.select([follower.notna(), past], ["renewed", LOST], default=OPEN)
    outcome = terms["outcome"].fillna(pd.Series(guess, index=terms.index, dtype="str"))
    too_late = terms["decided_on"] > terms["end_on"] + pd.Timedelta(days=grace_days)
    renewed = (outcome == "renewed") & ~too_late
    is_open = outcome == OPEN
    # What is still open cannot make a renewal smaller, nor is it settled by it.
    together = renewed.groupby([terms[name] for name in _TOGETHER]).transform("any")
    value = terms["annual_value"].fillna(0.0)
    followed = terms["renewed_value"].fillna(following).fillna(value).where(renewed, 0.0)
    return terms.assign(
        is_renewed=renewed,
        is_open=is_open,
        is_apart=is_open & together,
        annual_value=value,
        followed=followed,
        kept=followed.clip(upper=value),
        months=_months(terms),
        renews_itself=terms["auto_renew"].astype("Float64"),
        seat_count=terms["seats"].astype("float64"),
    )


def _following_value(
    terms: pd.DataFrame, contracts: pd.DataFrame, follower: pd.Series
) -> pd.Series:
    """Return the annual value that follows each term; missing where nothing does.

    Terms that go over into one share its value in proportion to their own.
    """
    values = follower.map(contracts.set_index("contract_id")["annual_value"]).astype("float64")
    own = terms["annual_value"].fillna(0.0)
    share = own / own.groupby(follower).transform("sum")
    return values * share.fillna(1.0)


def _months(terms: pd.DataFrame) -> pd.Series:
    days = (terms["end_on"] - terms["start_on"]).dt.days + 1
    return (days / 30.4375).round()


def _as_decisions(frame: pd.DataFrame, as_of: date, grace_days: int) -> pd.DataFrame:
    notice = pd.to_timedelta(frame["notice"].astype("float64").fillna(0.0), unit="D")
    due = frame["end_on"]
    decide_by = (due - notice).astype("datetime64[us]")
    decided = frame["decided_on"]
    late = decided > due
    # Nothing is early where no notice is agreed: every renewal is made by the last day.
    early = (decided <= decide_by) & (notice > pd.Timedelta(0))
    renewed, is_open = frame["renewed"], frame["open"] & ~frame["renewed"]
    state = np.select(
        [renewed & early, renewed & late, renewed, is_open],
        [STATES[0], STATES[2], STATES[1], OPEN],
        default=LOST,
    )
    past = due + timedelta(days=grace_days) < pd.Timestamp(as_of)
    apart = frame["is_apart"].map({True: " open", False: ""})
    made = frame.assign(
        decision_id=frame["account_id"] + due.dt.strftime(" %Y-%m-%d") + apart,
        due_on=due,
        decide_by=decide_by,
        state=state,
        overdue=is_open & past,
        renewed_value=frame["renewed_value"].where(renewed),
        **{
            name: frame[name].where(state == LOST)
            for name in ("loss_kind", "loss_reason", "competitor")
        },
    )
    return made[list(_DECISION_COLUMNS)].reset_index(drop=True)
