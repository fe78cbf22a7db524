"""What steps 1 to 3 show: the rule, reach and loss, time to convert."""

from collections.abc import Mapping

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_funnel, plot_survival
from opsplaybook.metrics.funnels import Step
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.playbooks.funnel_review.timing import Timing
from opsplaybook.tables import Column

_SHORT_DAYS = 2


def table_definition(definition: Definition) -> Table:
    """Show what counts as each step, how often it occurs, and the rule in words."""
    counted = {step.name: step for step in definition.steps}
    frame = definition.occurrences.assign(
        means=[_meaning(counted, name) for name in definition.occurrences["step"]]
    )
    columns = [
        Column("step", "Step"),
        Column("means", "Counts as"),
        Column("rows", "Rows", "count"),
        Column("units", definition.counted.capitalize(), "count"),
        Column("first_on", "First", "date"),
        Column("last_on", "Last", "date"),
    ]
    return tables.table(
        frame,
        columns,
        key="definition",
        caption=f"{definition.name}: steps, as known on {formats.day(definition.as_of)}",
        note=definition.words,
        shown=len(frame),
    )


def table_rules(definition: Definition) -> Table:
    """Show how many come to the end under other rules, one change each."""
    columns = [
        Column("rule", "Rule"),
        Column("unit", "Counted"),
        Column("entered", "Entered", "count"),
        Column("reached", f"Came to {definition.last}", "count"),
        Column("rate", "Of mature entrants", "share", low="rate_low", high="rate_high",
               n="rate_n"),
    ]  # fmt: skip
    frame = definition.alternatives
    if frame.empty:
        frame = pd.DataFrame(columns=_sources(columns))
    note = "One change at a time; every other number of the report is made as chosen."
    if definition.impossible:
        note += f" Not with this funnel: {', '.join(definition.impossible)}."
    return tables.table(
        frame,
        columns,
        key="rules",
        caption=f"The same data under other rules, {_level(definition)}",
        note=note,
        shown=len(frame),
    )


def chart_reach(reach: Reach, definition: Definition) -> Chart:
    """Draw how many came to each step, with the rate of mature units."""
    return plot_funnel(
        reach.steps,
        step="step",
        count="reached",
        rate="rate",
        low="rate_low",
        high="rate_high",
        n="rate_n",
        label=definition.counted.capitalize(),
        key="reach-chart",
        title=f"{definition.name}: reach of each step, and rate of the step before",
        subtitle=f"{_entered(reach, definition)}; rates of mature {definition.counted}, "
        f"{_level(definition)}",
        data=table_reach(reach, definition),
    )


def table_reach(reach: Reach, definition: Definition) -> Table:
    """Show reach, open and lost per step, with both rates."""
    columns = [
        Column("step", "Step"),
        Column("reached", "Reached", "count"),
        Column("open", "Still open", "count", description="Can still come to this step"),
        Column("lost", "Lost before", "count", description="Window over, step not reached"),
        Column("mature", "Mature before", "count",
               description="Came to the step before, window over: the base of the rate"),
        Column("rate", "Of the step before", "share", low="rate_low", high="rate_high",
               n="rate_n"),
        Column("of_entrants", "Of entrants", "share", low="of_entrants_low",
               high="of_entrants_high", n="of_entrants_n"),
    ]  # fmt: skip
    first = reach.steps["position"] == 1
    frame = reach.steps.assign(
        mature=reach.steps["mature"].where(~first), lost=reach.steps["lost"].where(~first),
        open=reach.steps["open"].where(~first),
    )  # fmt: skip
    shown = [column if not column.n else _without_n(column) for column in columns]
    return tables.table(
        frame,
        shown,
        key="reach",
        caption=f"Reach and loss, {_entered(reach, definition)}, {_level(definition)}",
        note=definition.words,
        shown=len(frame),
    )


def table_lost(reach: Reach, definition: Definition) -> Table:
    """Show who was lost, furthest and latest first; the CSV has all that are listed."""
    columns = [
        Column("unit", definition.counted.removesuffix("s").capitalize()),
        Column("account", "Account"),
        Column("owner", "Owner"),
        Column("last_step", "Last step"),
        Column("last_at", "On", "date"),
        Column("days_since", "Days since", "count"),
    ]
    listed = len(reach.lost)
    more = "" if listed == reach.lost_total else f"; the first {listed:,} are listed"
    return tables.table(
        reach.lost,
        columns,
        key="lost",
        caption=f"Lost {definition.counted}, n = {reach.lost_total:,}{more}",
        note="Whoever is still within the window is open and not among them.",
        shown=8,
    )


def chart_timing(timing: Timing, definition: Definition) -> Chart:
    """Draw which share had gone on by each day, per step."""
    frame = timing.curves
    if frame.empty:
        frame = pd.DataFrame(columns=["step", "day", "share", "low", "high"], dtype="float64")
    return plot_survival(
        frame,
        time="day",
        value="share",
        low="low",
        high="high",
        group="step",
        label="Gone on (%)",
        time_label="Days since the step before",
        key="timing-chart",
        title="Share that had gone on, by day",
        subtitle=f"Kaplan-Meier, open {definition.counted} censored, {_level(definition, 'bands')}",
        data=table_timing(timing, definition),
    )


def table_timing(timing: Timing, definition: Definition) -> Table:
    """Show medians and shares by day, those on their way included."""
    end = f"By day {timing.last_day}"
    unit, frame = _readable(timing)
    columns = [
        Column("step", "To"),
        Column("converted", "Went on", "count"),
        Column("median", f"Median {unit}", "number", low="median_low", high="median_high",
               n="median_n",
               description="Time by which half had gone on; none where fewer than half do"),
        Column("by_1", "By day 1", "share", low="by_1_low", high="by_1_high", n="by_1_n"),
        Column("by_7", "By day 7", "share", low="by_7_low", high="by_7_high", n="by_7_n"),
        Column("by_end", end, "share", low="by_end_low", high="by_end_high", n="by_end_n"),
    ]  # fmt: skip
    frame = frame if len(frame) else pd.DataFrame(columns=_sources(columns))
    shown = [c for c in columns if c.name != "by_7" or timing.last_day > 7]
    return tables.table(
        frame,
        shown,
        key="timing",
        caption=f"Time to convert, {definition.level:.0%} intervals",
        note=f"Open {definition.counted} count as on their way. A curve ends where fewer than ten "
        f"are still observed. {definition.words}",
        shown=len(frame),
    )


def _readable(timing: Timing) -> tuple[str, pd.DataFrame]:
    """Return medians in hours where all are short, else in days, with the unit."""
    names = ["median", "median_low", "median_high"]
    if timing.rows.empty or not timing.rows["median"].max() < _SHORT_DAYS:
        return "days", timing.rows
    return "hours", timing.rows.assign(**{name: timing.rows[name] * 24 for name in names})


def _sources(columns: list[Column]) -> list[str]:
    """Return every column of a frame that shown columns are made from."""
    return [name for c in columns for name in (c.name, c.low, c.high, c.n) if name]


def _without_n(column: Column) -> Column:
    """Let the first step have no rate, where "not enough data" would be wrong."""
    return Column(
        column.name, column.label, column.kind, low=column.low, high=column.high,
        description=column.description,
    )  # fmt: skip


def _meaning(steps: Mapping[str, Step], name: str) -> str:
    if name not in steps:
        return formats.MISSING
    step = steps[name]
    parts = [f"{column} is {' or '.join(values)}" for column, values in step.where.items()]
    where = " and ".join(parts) or "every row"
    time = f", at {step.at}" if step.at and step.table != "activity" else ""
    table = "" if step.table == "activity" else f" of {step.table}"
    within = f", within {step.within.days} days" if step.within else ""
    skipped = " (may be skipped)" if step.optional else ""
    return f"{where}{table}{time}{within}{skipped}"


def _entered(reach: Reach, definition: Definition) -> str:
    return f"{reach.entered:,} {definition.counted} entered, {reach.mature:,} of them mature"


def _level(definition: Definition, what: str = "intervals") -> str:
    clustered = " by account" if definition.nested and what == "intervals" else ""
    return f"{definition.level:.0%} {what}{clustered}"
