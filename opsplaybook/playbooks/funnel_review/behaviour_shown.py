"""What step 5 shows of behaviour: actions that go with going on, and ways between two steps."""

from dataclasses import replace

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals
from opsplaybook.playbooks.funnel_review.behaviour import PATH_LENGTH, Behaviour
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.wording import intervals, no_rows, with_rule
from opsplaybook.tables import Column

_ODDS_COLUMNS = (
    Column("action", "Action"),
    Column("did", "Took it", "count"),
    Column("others", "Did not", "count"),
    Column("rate_did", "Went on, of the former", "share"),
    Column("rate_others", "Of the latter", "share"),
    Column("odds", "Odds ratio", "ratio", low="odds_low", high="odds_high", n="odds_n"),
    Column("beyond_chance", "Beyond chance", "flag",
           description="After correction for the number of actions (Holm)"),
)  # fmt: skip


def chart_odds(behaviour: Behaviour, definition: Definition) -> Chart:
    """Draw the odds of going on of those who took an action, against those who did not."""
    frame = behaviour.actions if len(behaviour.actions) else no_rows(_ODDS_COLUMNS)
    named = [name.replace("_", " ") for name in frame["action"]]
    found = int(frame["beyond_chance"].eq(other=True).sum())
    chart = plot_intervals(
        frame.assign(name=named),
        category="name",
        value="odds",
        low="odds_low",
        high="odds_high",
        n="odds_n",
        reference=1.0,
        reference_label="no association",
        label="Odds ratio",
        kind="ratio",
        log=True,
        key="odds-chart",
        title=f"Actions after {behaviour.after or 'a step'}, and going on to "
        f"{behaviour.step or 'the next'}",
        subtitle=f"Actions of the first {_days(behaviour)}, {intervals(definition)}; "
        f"{found} of {behaviour.compared} beyond chance",
        data=table_odds(behaviour, definition),
    )
    return with_rule(replace(chart, note=" ".join(behaviour.caveats)), definition)


def table_odds(behaviour: Behaviour, definition: Definition) -> Table:
    """Show the rates behind the odds."""
    shown = tables.table(
        behaviour.actions if len(behaviour.actions) else no_rows(_ODDS_COLUMNS),
        _ODDS_COLUMNS,
        key="odds",
        caption=f"Actions in the first {_days(behaviour)} after "
        f"{behaviour.after or formats.MISSING}, and whether {definition.counted} went on later, "
        f"{behaviour.compared} compared",
        note=" ".join(behaviour.caveats),
    )
    return with_rule(shown, definition)


def table_paths(behaviour: Behaviour, definition: Definition) -> Table:
    """Show the most frequent ways on from the step before."""
    columns = [
        Column("path", "Way on"),
        Column("units", definition.counted.capitalize(), "count"),
        Column("reached", "Went on", "count"),
        Column("lost", "Lost", "count"),
        Column("open", "Open", "count"),
        Column("rate", "Went on, of those not open", "share", low="rate_low", high="rate_high",
               n="rate_n"),
    ]  # fmt: skip
    after, step = (name or formats.MISSING for name in (behaviour.after, behaviour.step))
    shown = tables.table(
        behaviour.paths if len(behaviour.paths) else no_rows(columns),
        columns,
        key="paths",
        caption=f"Most frequent ways between {after} and {step}, {definition.level:.0%} intervals",
        note=f"What was done first after {after}, up to {PATH_LENGTH} actions, immediate repeats "
        "shown once. Whoever stays longer does more: a way describes, it explains nothing.",
    )
    return with_rule(shown, definition)


def _days(behaviour: Behaviour) -> str:
    return "day" if behaviour.landmark_days == 1 else f"{behaviour.landmark_days} days"
