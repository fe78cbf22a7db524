"""What the first half of step 1 shows: renewals by month due, and both renewal rates."""

import numpy as np
import pandas as pd

from opsplaybook import tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_share_bars
from opsplaybook.metrics.renewals import STATES
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.due import Due
from opsplaybook.tables import Column


def chart_due(due: Due, book: Book) -> Chart:
    """Draw what became of the decisions of each quarter in which they were due."""
    quarter = due.months["month"].dt.to_period("Q").astype("str").rename("quarter")
    counts = due.months[list(STATES)].groupby(quarter).sum()
    frame = counts.rename_axis(columns="state").stack().rename("decisions").reset_index()  # noqa: PD013
    frame["due"] = frame.groupby("quarter")["decisions"].transform("sum").astype("int64")
    frame["share"] = frame["decisions"] / frame["due"].where(frame["due"] > 0)
    columns = [
        Column("quarter", "Quarter due"),
        Column("state", "What became of it"),
        Column("decisions", "Decisions", "count"),
        Column("share", "Share", "share"),
    ]
    caption = f"Renewals by quarter due, {book.scope}, {due.period}"
    data = tables.table(frame, columns, key="due-by-quarter", caption=caption, shown=len(frame))
    return plot_share_bars(
        frame,
        category="quarter",
        part="state",
        share="share",
        n="due",
        label="Share of the decisions due",
        key="due-chart",
        title="What was due, and what became of it",
        subtitle=f"{book.scope}, {due.period}, n = {len(due.decisions):,} {book.unit}",
        data=data,
    )


def table_due(due: Due, book: Book) -> Table:
    """Show each month in which something was due: counts, value, renewal rate."""
    columns = [
        Column("label", "Month due"),
        Column("due", "Due", "count"),
        Column("renewed early", "Early", "count", description="Decided by the notice date"),
        Column("renewed on time", "On time", "count", description="Decided by the due date"),
        Column("renewed late", "Late", "count", description="Decided within the grace"),
        Column("lost", "Lost", "count"),
        Column("open", "Open", "count"),
        Column("rate", "Renewed of decided", "share", low="rate_low", high="rate_high",
               n="decided"),
        Column("value_due", "Value due", "money"),
        Column("value_kept", "Kept", "money", description="Renewed value, no more than was due"),
        Column("value_lost", "Lost with the customer", "money"),
        Column("value_open", "Value open", "money"),
    ]  # fmt: skip
    frame = due.months.assign(label=due.months["month"].dt.strftime("%Y-%m"))
    return tables.table(
        frame,
        columns,
        key="due",
        caption=f"Renewals by month due, {book.scope}, {due.period}, "
        f"n = {len(due.decisions):,} {book.unit}",
        currency=book.currency,
        note=due.sentence,
        shown=len(frame),
    )


def reasons_by_quarter(book: Book) -> pd.DataFrame:
    """Count the losses of each quarter by kind of reason.

    Returns
    -------
    DataFrame
        ``quarter``, ``kind``, ``losses``, ``competitor`` (named most often, where any is).
    """
    lost = book.own.loc[book.own["state"] == "lost"]
    quarter = lost["due_on"].dt.to_period("Q").astype("str").rename("quarter")
    kind = lost["loss_kind"].fillna("not recorded").rename("kind")
    grouped = lost.groupby([quarter, kind])
    named = grouped["competitor"].agg(_most_frequent)
    counts = grouped.size().rename("losses")
    frame = pd.concat([counts, named.rename("competitor")], axis=1).reset_index()
    return frame.sort_values(["quarter", "losses", "kind"], ascending=[False, False, True])


def table_reasons(book: Book) -> Table:
    """Show why customers left, quarter by quarter, as recorded."""
    columns = [
        Column("quarter", "Quarter due"),
        Column("kind", "Kind of reason"),
        Column("losses", "Losses", "count"),
        Column("competitor", "Named most often"),
    ]
    frame = reasons_by_quarter(book)
    return tables.table(
        frame,
        columns,
        key="reasons",
        caption=f"Recorded reasons of losses, {book.scope}, n = {frame['losses'].sum():,} losses",
        note="A reason is what somebody wrote down when the customer left.",
    )


def _most_frequent(names: pd.Series) -> object:
    counts = names.dropna().value_counts()
    return f"{counts.index[0]} ({counts.iloc[0]:,})" if len(counts) else np.nan
