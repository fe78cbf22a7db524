"""What step 3 shows: the time from each step to the next."""

import pandas as pd

from opsplaybook import tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_survival
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.timing import Timing
from opsplaybook.playbooks.funnel_review.wording import intervals, no_rows, with_rule
from opsplaybook.tables import Column

_SHORT_DAYS = 2
_LONG_DAYS = 14
_DAY_HOURS = 24
_MEDIANS = ["median", "median_low", "median_high"]


def chart_timing(timing: Timing, definition: Definition) -> Chart:
    """Draw which share had gone on by each moment, per step."""
    frame = timing.curves
    if frame.empty:
        frame = pd.DataFrame(columns=["step", "day", "share", "low", "high"], dtype="float64")
    unit, size = _unit(timing)
    chart = plot_survival(
        frame.assign(time=frame["day"] * size),
        time="time",
        value="share",
        low="low",
        high="high",
        group="step",
        label="Gone on (%)",
        time_label=f"{unit.capitalize()} since the step before",
        key="timing-chart",
        title=f"Share that had gone on, by {unit.removesuffix('s')}",
        subtitle=f"Kaplan-Meier, {_resolution(timing)}open {definition.counted} censored, "
        f"{intervals(definition, 'bands')}",
        data=table_timing(timing, definition),
    )
    return with_rule(chart, definition)


def table_timing(timing: Timing, definition: Definition) -> Table:
    """Show medians and shares by day, those on their way included."""
    unit, size = _unit(timing)
    columns = _columns(unit, timing.last_day)
    frame = timing.rows if len(timing.rows) else no_rows(columns)
    frame = frame.assign(**{name: frame[name] * size for name in _MEDIANS})
    # A long window needs no first day, a short one no second column for its end.
    left_out = "by_1" if timing.last_day > _LONG_DAYS else "by_7"
    shown = [c for c in columns if c.name != left_out or 7 < timing.last_day <= _LONG_DAYS]
    made = tables.table(
        frame,
        shown,
        key="timing",
        caption=f"Time to convert, {_resolution(timing)}{definition.level:.0%} intervals",
        note=f"Open {definition.counted} count as on their way. A curve ends where fewer than ten "
        "are still observed.",
        shown=len(frame),
    )
    return with_rule(made, definition)


def _columns(unit: str, last_day: int) -> list[Column]:
    end = f"By day {last_day}"
    return [
        Column("step", "To"),
        Column("converted", "Went on", "count"),
        Column("median", f"Median {unit}", "number", low="median_low", high="median_high",
               n="median_n",
               description="Time by which half had gone on; none where fewer than half do"),
        Column("by_1", "By day 1", "share", low="by_1_low", high="by_1_high", n="by_1_n"),
        Column("by_7", "By day 7", "share", low="by_7_low", high="by_7_high", n="by_7_n"),
        Column("by_end", end, "share", low="by_end_low", high="by_end_high", n="by_end_n"),
    ]  # fmt: skip


def _unit(timing: Timing) -> tuple[str, int]:
    """Return hours where all medians are short, else days, and how many are in a day."""
    if timing.rows.empty or not timing.rows["median"].max() < _SHORT_DAYS:
        return "days", 1
    return "hours", _DAY_HOURS


def _resolution(timing: Timing) -> str:
    return f"times to the {timing.resolution}, " if timing.resolution else ""
