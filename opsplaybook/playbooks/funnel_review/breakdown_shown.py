"""What step 4 shows: segments against all others, and cohorts of entry."""

import pandas as pd

from opsplaybook import tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals, plot_lines
from opsplaybook.playbooks.funnel_review.breakdown import WHOLE, Breakdown
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.tables import Column

_SEGMENT_COLUMNS = (
    Column("by", "By"),
    Column("segment", "Segment"),
    Column("step", "Step to"),
    Column("units", "Mature before", "count"),
    Column("rate", "Rate", "share", low="rate_low", high="rate_high", n="rate_n"),
    Column("rest", "All others", "share"),
    Column("difference", "Difference", "points", low="difference_low", high="difference_high",
           n="difference_n"),
    Column("detectable", "Beyond chance", "flag"),
)  # fmt: skip
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
    """Draw the rate of each segment at the step that loses most."""
    frame = breakdown.segments
    step = reach.heaviest or WHOLE
    if frame.empty:
        frame = _empty(_SEGMENT_COLUMNS)
    own = frame.loc[frame["step"] == step]
    named = own.assign(name=own["by"].map(_column) + ": " + own["segment"])
    row = reach.steps.loc[reach.steps["step"] == step, "rate"]
    return plot_intervals(
        named,
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
        subtitle=f"Mature {definition.counted}, {definition.level:.0%} intervals",
        data=table_segments(breakdown, definition),
    )


def table_segments(breakdown: Breakdown, definition: Definition) -> Table:
    """Show each segment against all others, the clearest first."""
    frame = breakdown.segments
    if frame.empty:
        frame = _empty(_SEGMENT_COLUMNS)
    else:
        frame = frame.assign(by=frame["by"].map(_column)).sort_values(
            ["detectable", "p_value"], ascending=[False, True], kind="stable", na_position="last"
        )
    return tables.table(
        frame,
        _SEGMENT_COLUMNS,
        key="segments",
        caption=f"Rates by segment at entry, mature {definition.counted}, "
        f"{definition.level:.0%} intervals",
        note=f"{breakdown.compared} comparisons: a difference is beyond chance after correction "
        f"for all of them (Holm). {definition.words}",
    )


def chart_trend(breakdown: Breakdown, definition: Definition) -> Chart:
    """Draw the rates of cohorts of entrants that are mature."""
    columns = [
        Column("cohort", "Entered from", "date"),
        Column("step", "Step to"),
        Column("units", "Mature before", "count"),
        Column("rate", "Rate", "share", low="rate_low", high="rate_high", n="rate_n"),
    ]
    frame = breakdown.trend if len(breakdown.trend) else _empty(tuple(columns))
    data = tables.table(
        frame, columns, key="trend", caption="Rates by cohort of entry", note=definition.words
    )
    return plot_lines(
        frame,
        x="cohort",
        y="rate",
        series="step",
        label="Went on (%)",
        kind="share",
        key="trend-chart",
        title="Rates by cohort of entry",
        subtitle=_mature_cohorts(breakdown, definition),
        data=data,
        zero=True,
    )


def table_changes(breakdown: Breakdown) -> Table:
    """Show the changes of the trend that exceed noise."""
    frame = breakdown.changes
    found = f"{len(frame)} of {breakdown.looked_at} lines" if breakdown.looked_at else "no line"
    return tables.table(
        frame,
        _CHANGE_COLUMNS,
        key="changes",
        caption=f"Changes that exceed noise: {found}",
        note=f"A line is a step, of all or of one segment; {breakdown.looked_at} lines share a 5% "
        "chance of any false alarm. Both rates are chosen to differ, so their distance is rather "
        "too large.",
    )


def _mature_cohorts(breakdown: Breakdown, definition: Definition) -> str:
    left_out = f"; {breakdown.open_cohorts} later left out" if breakdown.open_cohorts else ""
    return f"Cohorts of {definition.counted} of which all are mature{left_out}"


def _column(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ")


def _empty(columns: tuple[Column, ...]) -> pd.DataFrame:
    names = [name for c in columns for name in (c.name, c.low, c.high, c.n) if name]
    return pd.DataFrame(columns=names)
