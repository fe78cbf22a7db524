"""Step 3: what customers did with what they bought, up to the day on which they decide."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Audience, Chart, Table
from opsplaybook.figures import plot_dumbbell, plot_lines
from opsplaybook.metrics.decisions import WINDOW_DAYS, decision_features
from opsplaybook.metrics.orders import in_force_on
from opsplaybook.metrics.renewals import OPEN
from opsplaybook.metrics.usage import WEEK_DAYS, daily_use, weekly_users
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.params import Params
from opsplaybook.sources import Tables
from opsplaybook.tables import Column

WEEKS = 52
DRAWN = 12
KEY_ACTIONS = 8
_USE = ("seats", "users", "seat_use", "use", "earlier_use", "breadth")
_REST = ("tickets", "trained", "covered_roles")


@dataclass(frozen=True, slots=True)
class PastUse:
    """What customers did with what they bought.

    Attributes
    ----------
    features : DataFrame
        As from `opsplaybook.metrics.decisions.decision_features`, every decision.
    frame : DataFrame
        One row per decision shown: ``decision_id``, ``account_id``, ``label``, ``due_on``,
        ``state`` (of `opsplaybook.metrics.renewals.STATES`), ``at``
        (day on which it was looked at), seats, users, use and the other measures, ``change`` (of
        use on the 90 days before). For all accounts those due in the horizon, the largest first;
        for one account all of its decisions, the latest first.
    weeks : DataFrame
        ``week_end``, ``users``, ``actions``, ``seats`` of the last year; empty unless one account.
    actions : DataFrame
        ``action``, ``now`` and ``before``: rows of the last 90 days and of the 90 days before;
        empty unless one account.
    caveats : tuple of str
    """

    features: pd.DataFrame
    frame: pd.DataFrame
    weeks: pd.DataFrame
    actions: pd.DataFrame
    caveats: tuple[str, ...]

    def next_of_account(self, last: pd.Timestamp) -> pd.Series:
        """Return the row that a report on one account speaks of.

        Parameters
        ----------
        last : Timestamp
            Last known day.

        Returns
        -------
        Series
            Of the open decision that is due next; of the latest decision where none is ahead.
        """
        ahead = self.frame.loc[(self.frame["state"] == OPEN) & (self.frame["due_on"] >= last)]
        return self.frame.iloc[0] if ahead.empty else ahead.iloc[-1]


def review_use(given: Tables, params: Params, book: Book) -> PastUse:
    """Freeze the features of every decision, and show those that matter now.

    For one account only its own rows of activity are read.

    Parameters
    ----------
    given : Tables
    params : Params
    book : Book

    Returns
    -------
    PastUse
    """
    made = book.decisions.reset_index(drop=True)
    features = decision_features(given, made, account_id=params.account_id)
    use = _daily(given, params)
    return PastUse(
        features=features,
        frame=_frame(made, features, book, params),
        weeks=_weeks(given, book, use) if params.account_id else _weeks(given, book, use).iloc[:0],
        actions=_actions(use, given),
        caveats=(*_caveats(given, features), *_undated(made, book)),
    )


def table_use(past: PastUse, book: Book) -> Table:
    """Show use, adoption, support, training and coverage as of each decision."""
    columns = [
        Column("label", "Customer"),
        Column("due_on", "Due", "date"),
        Column("at", "As of", "date", description="Notice date; the day of the decision, or the "
               "last known day, where that came first"),
        Column("seats", "Seats", "count"),
        Column("users", "Users, 90 days", "count"),
        Column("seat_use", "Users per seat", "share"),
        Column("use", "Actions, 90 days", "count"),
        Column("change", "On the 90 days before", "change"),
        Column("breadth", "Different actions", "count"),
        Column("tickets", "Tickets, 180 days", "count"),
        Column("trained", "People trained", "count"),
        Column("covered_roles", "Decision roles in contact", "count"),
    ]  # fmt: skip
    return tables.table(
        past.frame,
        columns,
        key="past-use",
        caption=f"Use up to the decision, {book.scope}, n = {len(past.frame):,}",
        note="What happened after that day is not in it. An en dash is not known, not zero.",
        audience=_audience(past, book),
    )


def chart_use(past: PastUse, book: Book) -> Chart:
    """Draw users by week for one account, or use before and now for the largest ones due."""
    return _weekly(past, book) if book.account_id else _before_and_now(past, book)


def table_key_actions(past: PastUse, book: Book) -> Table:
    """Show what the people of one account did, against the 90 days before."""
    columns = [
        Column("action", "Action"),
        Column("now", "Last 90 days", "count"),
        Column("before", "90 days before", "count"),
    ]
    note = "" if book.account_id else "For one account only: set account_id."
    return tables.table(
        past.actions,
        columns,
        key="key-actions",
        caption=f"Most frequent actions, {book.scope}, until {formats.day(book.last)}",
        note=note,
        audience="customer" if book.account_id and len(past.actions) else "internal",
        shown=KEY_ACTIONS,
    )


def _frame(made: pd.DataFrame, features: pd.DataFrame, book: Book, params: Params) -> pd.DataFrame:
    names = ["at", *_USE, *_REST]
    frame = pd.concat(
        [
            made[["decision_id", "account_id", "due_on", "annual_value", "state"]],
            features[names].reset_index(drop=True),
        ],
        axis=1,
    )
    frame["label"] = book.names_of(frame)
    frame["change"] = frame["use"] / frame["earlier_use"].where(frame["earlier_use"] > 0) - 1
    if book.account_id:
        own = frame.loc[frame["account_id"] == book.account_id]
        return own.sort_values("due_on", ascending=False, ignore_index=True)
    end = book.last + pd.Timedelta(days=params.horizon_days)
    due = frame.loc[(frame["state"] == OPEN) & (frame["due_on"] <= end)]
    return due.sort_values(["annual_value", "decision_id"], ascending=[False, True]).reset_index(
        drop=True
    )


def _daily(given: Tables, params: Params) -> pd.DataFrame:
    """Read the days of one account; nothing where all are looked at."""
    since = given.as_of - timedelta(days=WEEKS * WEEK_DAYS - 1)
    return daily_use(given, params.account_id, since=since)


def _weeks(given: Tables, book: Book, use: pd.DataFrame) -> pd.DataFrame:
    weeks = weekly_users(use, given.as_of, weeks=WEEKS)
    own = book.contracts.loc[book.contracts["account_id"] == book.account_id]
    seats = in_force_on(own, pd.DatetimeIndex(weeks["week_end"]), "seats")
    return weeks.assign(seats=seats)


def _actions(use: pd.DataFrame, given: Tables) -> pd.DataFrame:
    last = pd.Timestamp(given.as_of)
    middle = last - pd.Timedelta(days=WINDOW_DAYS)
    recent = use["day"] > middle
    earlier = ~recent & (use["day"] > middle - pd.Timedelta(days=WINDOW_DAYS))
    counts = pd.DataFrame(
        {"now": use["actions"].where(recent, 0), "before": use["actions"].where(earlier, 0)}
    )
    sums = counts.groupby(use["action"]).sum()
    found = sums.loc[sums.sum(axis=1) > 0].sort_values(["now", "before"], ascending=False)
    frame = found.reset_index()
    return frame.assign(action=frame["action"].str.replace("_", " "))


def _weekly(past: PastUse, book: Book) -> Chart:
    columns = [
        Column("week_end", "Week until", "date"),
        Column("users", "Active users", "count"),
        Column("actions", "Actions", "count"),
        Column("seats", "Seats", "count"),
    ]
    audience: Audience = "customer" if len(past.weeks) else "internal"
    last = formats.day(book.last)
    data = tables.table(
        past.weeks,
        columns,
        key="use-by-week",
        caption=f"Use by week, {book.scope}, {WEEKS} weeks until {last}",
        audience=audience,
    )
    return plot_lines(
        past.weeks,
        x="week_end",
        y="users",
        label="Active users in the week",
        key="use-chart",
        title="Active users by week",
        subtitle=f"{book.scope}, {WEEKS} weeks until {last}, "
        f"n = {past.weeks['actions'].sum():,} actions",
        data=data,
        kind="count",
        x_label="Week until",
        zero=True,
        audience=audience,
    )


def _before_and_now(past: PastUse, book: Book) -> Chart:
    frame = past.frame.dropna(subset=["use", "earlier_use"]).head(DRAWN)
    names = frame["label"] + np.where(
        frame["label"].duplicated(keep=False), " " + frame["due_on"].dt.strftime("%Y-%m"), ""
    )
    frame = frame.assign(label=names)
    columns = [
        Column("label", "Customer"),
        Column("earlier_use", "90 days before", "count"),
        Column("use", "Last 90 days", "count"),
    ]
    data = tables.table(frame, columns, key="use-drawn", caption="Use before and now")
    return plot_dumbbell(
        frame,
        category="label",
        first="earlier_use",
        second="use",
        first_label="90 days before",
        second_label="last 90 days",
        label="Actions",
        key="use-chart",
        title="Use of the largest customers due",
        subtitle=f"{book.scope}, up to the decision or {formats.day(book.last)}, "
        f"n = {len(frame):,} of {len(past.frame):,} due",
        data=data,
        kind="count",
        zero=True,
    )


def _audience(past: PastUse, book: Book) -> Audience:
    return "customer" if book.account_id and len(past.frame) else "internal"


def _caveats(given: Tables, features: pd.DataFrame) -> tuple[str, ...]:
    if "activity" not in given.qualities:
        return ("There is no record of use: adoption and trend are left out.",)
    unknown = int(features["use"].isna().sum())
    if unknown and unknown < len(features):
        gap = (
            f"Use in the 180 days before {unknown:,} of {len(features):,} decisions is not known "
            "in full, or not read: its features are missing there."
        )
        return (gap,)
    return ()


def _undated(made: pd.DataFrame, book: Book) -> tuple[str, ...]:
    """Say where features reach to the end of the term, since nobody wrote down an earlier day."""
    decided = made.loc[made["state"] != OPEN]
    undated = decided["decided_on"].isna() & (decided["decide_by"] == decided["due_on"])
    if not book.agreed or not undated.any():
        return ()
    gap = (
        f"{int(undated.sum()):,} of {len(decided):,} decisions that were made have no notice "
        "period and no day of the decision on record: their features reach to the last day of the "
        "term, and may show what a customer did after giving notice."
    )
    return (gap,)
