"""What steps 1 and 2 show: the rule, other rules, reach and loss, who was lost."""

from collections.abc import Mapping

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_funnel
from opsplaybook.metrics.funnels import Step
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.other_rules import OtherRules
from opsplaybook.playbooks.funnel_review.reach import Reach
from opsplaybook.playbooks.funnel_review.wording import intervals, no_rows, with_rule
from opsplaybook.tables import Column

_LOST_SHOWN = 8


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
    shown = tables.table(
        frame,
        columns,
        key="definition",
        caption=f"{definition.name}: steps, as known on {formats.day(definition.as_of)}",
        note=_repeated(definition),
        shown=len(frame),
    )
    return with_rule(shown, definition)


def table_rules(rules: OtherRules, definition: Definition) -> Table:
    """Show how many come to the end under other rules, one change each."""
    columns = [
        Column("rule", "Rule"),
        Column("unit", "Counted"),
        Column("entered", "Entered", "count"),
        Column("reached", f"Came to {definition.last}", "count"),
        Column("rate", "Of mature entrants", "share", low="rate_low", high="rate_high",
               n="rate_n"),
    ]  # fmt: skip
    frame = rules.rates
    if frame.empty:
        frame = no_rows(columns)
    note = "One change at a time; every other number is made as chosen."
    if rules.impossible:
        note += f" Not with this funnel: {', '.join(rules.impossible)}."
    shown = tables.table(
        frame,
        columns,
        key="rules",
        caption=f"The same data under other rules, {intervals(definition)}",
        note=f"{note} As chosen is this:",
        shown=len(frame),
    )
    return with_rule(shown, definition)


def chart_reach(reach: Reach, definition: Definition) -> Chart:
    """Draw how many came to each step, with the rate of mature units."""
    chart = plot_funnel(
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
        f"{intervals(definition)}",
        data=table_reach(reach, definition),
    )
    return with_rule(chart, definition)


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
    made = tables.table(
        frame,
        shown,
        key="reach",
        caption=f"Reach and loss, {_entered(reach, definition)}, {intervals(definition)}",
        shown=len(frame),
    )
    return with_rule(made, definition)


def table_lost(reach: Reach, definition: Definition) -> Table:
    """Show who was lost, furthest and latest first; the CSV has all, up to `listed`."""
    columns = [
        Column("unit", definition.counted.removesuffix("s").capitalize()),
        Column("account", "Account"),
        Column("owner", "Owner"),
        Column("last_step", "Last step"),
        Column("last_at", "On", "date"),
        Column("days_since", "Days since", "count"),
    ]
    shown = tables.table(
        reach.lost.drop(columns="entered_on"),
        columns,
        key="lost",
        caption=f"Lost {definition.counted}, n = {reach.lost_total:,}, furthest and latest first",
        note=f"{_listed(reach, definition)} Whoever can still come is open and not among them.",
        shown=_LOST_SHOWN,
    )
    return with_rule(shown, definition)


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


def _listed(reach: Reach, definition: Definition) -> str:
    """Say how many of the lost the CSV has."""
    listed = len(reach.lost)
    if listed == reach.lost_total:
        return f"The CSV has all {listed:,}."
    return (
        f"The CSV has the first {listed:,} of {reach.lost_total:,} lost {definition.counted}: "
        "raise `listed` for more."
    )


def _repeated(definition: Definition) -> str:
    """Say where rows and units differ: who did a step again counts once."""
    frame = definition.occurrences
    again = frame.loc[frame["rows"] > frame["units"]]
    said = [
        f"{row.rows:,} rows of {row.step} are of {row.units:,} {definition.counted}"
        for row in again.itertuples()
    ]
    return f"{'; '.join(said)}: each counts once." if said else ""
