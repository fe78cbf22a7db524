"""What step 4 shows: segments against all others, and cohorts of entry."""

from dataclasses import replace

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals, plot_panels
from opsplaybook.playbooks.funnel_review.breakdown import Breakdown
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.lines import EVERYONE, WHOLE
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.playbooks.funnel_review.trend import Trend
from opsplaybook.playbooks.funnel_review.wording import (
    column_in_words,
    intervals,
    no_rows,
    points_column,
    with_points,
    with_rule,
)
from opsplaybook.tables import Column

_SEGMENT_COLUMNS = (
    Column("name", "Segment"),
    Column("step", "Step to"),
    Column("units", "Mature before", "count"),
    Column("rate", "Rate", "share", low="rate_low", high="rate_high", n="rate_n"),
    Column("rest", "All others", "share"),
    points_column("difference", "Difference"),
    Column("detectable", "Beyond chance", "flag"),
)  # fmt: skip
_TREND_COLUMNS = (
    Column("segment", "Segment"),
    Column("step", "Step to"),
    Column("cohort", "Entered from", "date"),
    Column("units", "Mature before", "count"),
    Column("rate", "Rate", "share", low="rate_low", high="rate_high", n="rate_n"),
    Column("steady", "Between changes", "share", low="steady_low", high="steady_high",
           n="steady_n"),
)  # fmt: skip
_READING = (
    "A dot is the rate of one cohort, a line that of all cohorts together until a change exceeds "
    "noise, which has a ring. What dots do around an even line is not told from chance. "
)
_CHOSEN = " Both rates are chosen to differ, so their distance is rather too large."
_REMARKS = 2
_CHANGE_COLUMNS = (
    Column("segment", "Segment"),
    Column("step", "Step to"),
    Column("cohort", "Since", "date"),
    Column("earliest", "not before", "date"),
    Column("latest", "not after", "date"),
    Column("before", "Before", "share"),
    Column("after", "After", "share"),
    Column("change", "Change", "points"),
)


def chart_segments(breakdown: Breakdown, reach: Reach, definition: Definition) -> Chart:
    """Draw the rate of each segment at the step before which most are lost."""
    frame = _named(breakdown)
    step = reach.most_lost or reach.lowest or WHOLE
    row = reach.steps.loc[reach.steps["step"] == step, "rate"]
    chart = plot_intervals(
        frame.loc[frame["step"] == step],
        category="name",
        value="rate",
        low="rate_low",
        high="rate_high",
        n="rate_n",
        reference=float(row.iloc[0]) if len(row) and row.notna().any() else None,
        reference_label="all",
        label=f"Went on to {step} (%)",
        kind="share",
        key="segments-chart",
        title=f"Went on to {step}, by segment at entry",
        subtitle=f"Mature {definition.counted}, {intervals(definition)}",
        data=table_segments(breakdown, definition),
    )
    return with_rule(chart, definition)


def table_segments(breakdown: Breakdown, definition: Definition) -> Table:
    """Show each segment against all others, the clearest first."""
    ordered = _named(breakdown).sort_values(
        ["detectable", "p_value"], ascending=[False, True], kind="stable", na_position="last"
    )
    shown = tables.table(
        ordered,
        _SEGMENT_COLUMNS,
        key="segments",
        caption=f"Rates by segment at entry, mature {definition.counted}, {intervals(definition)}",
        note=f"{breakdown.compared} comparisons: a difference is beyond chance after correction "
        "for all of them (Holm).",
    )
    return with_rule(shown, definition)


def chart_trend(breakdown: Breakdown, definition: Definition) -> Chart:
    """Draw the rates of mature cohorts of entrants, a panel per step and a line per segment."""
    trend = breakdown.trend
    frame = trend.rows if len(trend.rows) else no_rows(_TREND_COLUMNS).assign(changed=False)
    by = f" and {column_in_words(trend.by)}" if trend.by else ""
    chart = plot_panels(
        frame.assign(
            rate=frame["rate"].where(frame["rate_n"] >= formats.MINIMUM_UNITS),
            steady=frame["steady"].where(frame["steady_n"] >= formats.MINIMUM_UNITS),
        ),
        panel="step",
        x="cohort",
        y="rate",
        series="segment",
        steady="steady",
        low="steady_low",
        high="steady_high",
        marked="changed",
        marked_label="change beyond noise",
        # The fourth look is a light one, and all together must not have it.
        focus=(*trend.segments[:2], EVERYONE, *trend.segments[2:]),
        remarks={step: _remarks(trend, step) for step in frame["step"].unique()},
        label="Went on (%)",
        kind="share",
        key="trend-chart",
        title=f"Rates by cohort of entry{by}",
        subtitle=f"{_cohorts(breakdown, definition)}, {definition.level:.0%} bands",
        data=_table_trend(frame, definition),
        zero=True,
    )
    said = replace(chart, note=f"{_READING * bool(trend.looked_at)}{_searched(trend)}")
    return with_rule(said, definition)


def table_changes(breakdown: Breakdown, definition: Definition) -> Table:
    """Show the changes of the trend that exceed noise."""
    trend = breakdown.trend
    found = f"{len(trend.changes)} in {trend.looked_at} lines" if trend.looked_at else "no line"
    shown = tables.table(
        trend.changes,
        _CHANGE_COLUMNS,
        key="changes",
        caption=f"Changes that exceed noise: {found}",
        note=f"{_searched(trend)}{_CHOSEN * bool(len(trend.changes))}",
    )
    return with_rule(shown, definition)


def _named(breakdown: Breakdown) -> pd.DataFrame:
    """Return the segments with the name of their column before their own, and points."""
    frame = breakdown.segments
    if frame.empty:
        return no_rows(_SEGMENT_COLUMNS).assign(p_value=np.nan)
    names = frame["by"].map(column_in_words) + ": " + frame["segment"]
    return with_points(frame.assign(name=names), "difference")


def _table_trend(frame: pd.DataFrame, definition: Definition) -> Table:
    shown = tables.table(
        frame, _TREND_COLUMNS, key="trend", caption="Rates by cohort of entry and segment"
    )
    return with_rule(shown, definition)


def _searched(trend: Trend) -> str:
    """Say how many lines were searched for a change, and what that means."""
    if not trend.looked_at:
        return "Without times there is no trend."
    return (
        f"A change was looked for in {trend.looked_at} lines (each step, of all and of each "
        "segment); together they share a 5% chance of any false alarm."
    )


def _remarks(trend: Trend, step: str) -> tuple[str, ...]:
    """Name the changes of a step, clearest first, in a line each; without one, say nothing."""
    own = trend.changes.loc[trend.changes["step"] == step].sort_values("p_value", kind="stable")
    said = tuple(
        f"{row.segment} {formats.points(row.change)} from about {row.cohort:%Y-%m}"
        for row in own.itertuples()
    )
    more = len(said) - _REMARKS
    return (*said[:_REMARKS], f"and {more} more") if more > 0 else said


def _cohorts(breakdown: Breakdown, definition: Definition) -> str:
    late = breakdown.trend.open_cohorts
    left_out = f"; {late} later left out" if late else ""
    return f"Cohorts of {definition.counted} of which all are mature{left_out}"
