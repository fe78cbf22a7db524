"""What step 5 shows: the split of a change, its cells, actions and ways on."""

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_dumbbell, plot_intervals, plot_waterfall
from opsplaybook.playbooks.funnel_review.behaviour import Behaviour
from opsplaybook.playbooks.funnel_review.change import Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.splits import MIX
from opsplaybook.tables import Column


def chart_change(change: Change, definition: Definition) -> Chart:
    """Draw how the rate of the whole way became the other one, by mix and step."""
    frame = _waterfall(change)
    columns = [Column("part", "Part"), Column("share", "Of entrants", "share")]
    return plot_waterfall(
        frame,
        step="part",
        value="share",
        total="total",
        label=f"Entrants that came to {definition.last} (%)",
        kind="share",
        key="change-chart",
        title=f"From {_side(change, 0)} to {_side(change, 1)}: mix and steps",
        subtitle=f"Mature {definition.counted}; parts add up exactly"
        if len(frame)
        else "Nothing to compare",
        data=tables.table(frame, columns, key="change-data", caption="Parts of the difference"),
    )


def table_change(change: Change, definition: Definition) -> Table:
    """Show both sides of each step, and the difference split into mix and rate."""
    columns = [
        Column("step", "Step to"),
        Column("first", _side(change, 0).capitalize(), "share", n="first_n"),
        Column("second", _side(change, 1).capitalize(), "share", n="second_n"),
        Column("difference", "Difference", "points", low="difference_low", high="difference_high",
               n="difference_n"),
        Column("mix", "of it mix", "points", low="mix_low", high="mix_high"),
        Column("rate", "of it rate", "points", low="rate_low", high="rate_high"),
    ]  # fmt: skip
    frame = change.steps if len(change.steps) else _empty(columns)
    explained = (
        f"Mix: other shares of {_words(change.by)} among those at the step before. Rate: the same "
        "shares, other rates. Mix and rate add up to the difference."
        if change.by
        else "No segment is named, so there is no mix to tell from the rate."
    )
    return tables.table(
        frame,
        columns,
        key="change",
        caption=f"What explains the change, mature {definition.counted}, "
        f"{definition.level:.0%} intervals",
        note=f"{explained} {' '.join(change.caveats)} {definition.words}",
        shown=len(frame),
    )


def chart_cells(change: Change, definition: Definition) -> Chart:
    """Draw both rates of every segment and step."""
    frame = change.cells if len(change.cells) else _empty(_cell_columns(change))
    named = frame.assign(name=frame["segment"].astype(str) + ": " + frame["step"].astype(str))
    return plot_dumbbell(
        named,
        category="name",
        first="first",
        second="second",
        first_label=_side(change, 0),
        second_label=_side(change, 1),
        n="difference_n",
        label="Went on (%)",
        kind="share",
        key="cells-chart",
        title=f"Rates by {_words(change.by) or 'segment'} and step, both sides",
        subtitle=f"Mature {definition.counted}",
        data=table_cells(change, definition),
    )


def table_cells(change: Change, definition: Definition) -> Table:
    """Show every segment and step, the clearest difference first."""
    columns = _cell_columns(change)
    if len(change.cells):
        ordered = change.cells.sort_values("p_value", kind="stable", na_position="last")
        tested = int(ordered["p_value"].notna().sum())
    else:
        ordered, tested = _empty(columns), 0
    return tables.table(
        ordered,
        columns,
        key="cells",
        caption=f"Rates by {_words(change.by) or 'segment'} and step, {definition.level:.0%} "
        "intervals",
        note=f"{tested} comparisons: beyond chance after correction for all of them (Holm). "
        f"{definition.words}",
    )


def chart_odds(behaviour: Behaviour, definition: Definition) -> Chart:
    """Draw the odds of going on of those who took an action, against those who did not."""
    columns = _odds_columns()
    frame = behaviour.actions if len(behaviour.actions) else _empty(columns)
    named = [name.replace("_", " ") for name in frame["action"]]
    found = int(frame["beyond_chance"].eq(other=True).sum())
    return plot_intervals(
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
        key="odds-chart",
        title=f"Actions after {behaviour.after or 'a step'}, and going on to "
        f"{behaviour.step or 'the next'}",
        subtitle=f"Association over {behaviour.landmark_days} days, {definition.level:.0%} "
        f"intervals; {found} of {behaviour.compared} beyond chance",
        data=table_odds(behaviour),
    )


def table_odds(behaviour: Behaviour) -> Table:
    """Show the rates behind the odds."""
    frame = behaviour.actions if len(behaviour.actions) else _empty(_odds_columns())
    return tables.table(
        frame,
        _odds_columns(),
        key="odds",
        caption=f"Actions within {behaviour.landmark_days} days after {behaviour.after or '–'}, "
        f"and whether units went on later, {behaviour.compared} compared",
        note=" ".join(behaviour.caveats),
    )


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
    frame = behaviour.paths if len(behaviour.paths) else _empty(columns)
    return tables.table(
        frame,
        columns,
        key="paths",
        caption=f"Most frequent ways between {behaviour.after or '–'} and {behaviour.step or '–'}",
        note="Up to three actions after the step, immediate repeats shown once.",
    )


def _cell_columns(change: Change) -> list[Column]:
    return [
        Column("segment", _words(change.by).capitalize() or "Segment"),
        Column("step", "Step to"),
        Column("first", _side(change, 0).capitalize(), "share", low="first_low", high="first_high",
               n="first_n"),
        Column("second", _side(change, 1).capitalize(), "share", low="second_low",
               high="second_high", n="second_n"),
        Column("difference", "Difference", "points", low="difference_low", high="difference_high",
               n="difference_n"),
        Column("detectable", "Beyond chance", "flag"),
    ]  # fmt: skip


def _odds_columns() -> list[Column]:
    return [
        Column("action", "Action"),
        Column("did", "Took it", "count"),
        Column("others", "Did not", "count"),
        Column("rate_did", "Went on, of the former", "share"),
        Column("rate_others", "Of the latter", "share"),
        Column("odds", "Odds ratio", "ratio", low="odds_low", high="odds_high", n="odds_n"),
        Column("beyond_chance", "Beyond chance", "flag",
               description="After correction for the number of actions (Holm)"),
    ]  # fmt: skip


def _waterfall(change: Change) -> pd.DataFrame:
    """Put the parts in order: the first side, mix, each step, the second side."""
    columns = ["part", "share", "total"]
    if change.parts.empty or change.whole is None:
        return pd.DataFrame(columns=columns)
    sums = change.parts.groupby("factor", sort=False)["points"].sum()
    mixed = {MIX: sums[MIX]} if change.by else {}
    steps = {f"to {name}": size for name, size in sums.items() if name != MIX}
    rows = [
        (change.labels[0], change.whole.second.value, True),
        *((name, size, False) for name, size in (mixed | steps).items()),
        (change.labels[1], change.whole.first.value, True),
    ]
    return pd.DataFrame(rows, columns=columns)


def _side(change: Change, place: int) -> str:
    return formats.text(change.labels[place]) if change.labels else ("first", "second")[place]


def _words(column: str) -> str:
    return column.rpartition(".")[2].replace("_", " ")


def _empty(columns: list[Column]) -> pd.DataFrame:
    names = [name for c in columns for name in (c.name, c.low, c.high, c.n) if name]
    return pd.DataFrame(columns=names)
