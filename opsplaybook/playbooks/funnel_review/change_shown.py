"""What step 5 shows of a change: its split into mix and rates, and its cells."""

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_dumbbell, plot_waterfall
from opsplaybook.playbooks.funnel_review.change import Change
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.splits import MIX
from opsplaybook.playbooks.funnel_review.wording import (
    column_in_words,
    intervals,
    no_rows,
    points_column,
    with_points,
    with_rule,
)
from opsplaybook.tables import Column


def chart_change(change: Change, definition: Definition) -> Chart:
    """Draw how the rate of the whole way became the other one, by mix and step."""
    frame = _waterfall(change)
    columns = [Column("part", "Part"), Column("share", "Of entrants", "share")]
    data = tables.table(frame, columns, key="change-data", caption="Parts of the difference")
    chart = plot_waterfall(
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
        data=with_rule(data, definition),
    )
    return with_rule(chart, definition)


def table_change(change: Change, definition: Definition) -> Table:
    """Show both sides of each step, and the difference split into mix and rate."""
    columns = [
        Column("step", "Step to"),
        Column("first", _head(change, 0), "share", n="first_n"),
        Column("second", _head(change, 1), "share", n="second_n"),
        points_column("difference", "Difference"),
        points_column("mix", "Of it mix"),
        points_column("rate", "Of it rate"),
    ]  # fmt: skip
    split = ("difference", "mix", "rate")
    frame = with_points(change.steps, *split) if len(change.steps) else no_rows(columns)
    explained = (
        f"Mix: other shares of {column_in_words(change.by)} among those at the step before. Rate: "
        "the same shares, other rates. Mix and rate add up to the difference."
        if change.by
        else "No segment is named, so there is no mix to tell from the rate."
    )
    shown = tables.table(
        frame,
        columns,
        key="change",
        caption=f"What explains the {_difference(change)}, mature {definition.counted}, "
        f"{intervals(definition)}",
        note=" ".join([explained, *change.caveats]),
        shown=len(frame),
    )
    return with_rule(shown, definition)


def chart_cells(change: Change, definition: Definition) -> Chart:
    """Draw both rates of every segment and step."""
    frame = _cells(change)
    named = frame.assign(name=frame["segment"].astype(str) + ": " + frame["step"].astype(str))
    chart = plot_dumbbell(
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
        title=f"Rates by {_stratum(change)} and step, both sides",
        subtitle=f"Mature {definition.counted}; the intervals are in the table",
        data=table_cells(change, definition),
    )
    return with_rule(chart, definition)


def table_cells(change: Change, definition: Definition) -> Table:
    """Show every segment and step, the clearest difference first."""
    frame = _cells(change)
    tested = int(frame["p_value"].notna().sum())
    shown = tables.table(
        frame.sort_values("p_value", kind="stable", na_position="last"),
        _cell_columns(change),
        key="cells",
        caption=f"Rates by {_stratum(change)} and step, {_sides(change)}, {intervals(definition)}",
        note=f"{tested} comparisons: beyond chance after correction for all of them (Holm).",
    )
    return with_rule(shown, definition)


def _cells(change: Change) -> pd.DataFrame:
    if change.cells.empty:
        return no_rows(_cell_columns(change)).assign(difference_n=np.nan, p_value=np.nan)
    return with_points(change.cells, "difference")


def _cell_columns(change: Change) -> list[Column]:
    return [
        Column("segment", _stratum(change).capitalize()),
        Column("step", "Step to"),
        Column("first", _head(change, 0), "share", low="first_low", high="first_high",
               n="first_n"),
        Column("second", _head(change, 1), "share", low="second_low", high="second_high",
               n="second_n"),
        points_column("difference", "Difference"),
        Column("detectable", "Beyond chance", "flag"),
    ]  # fmt: skip


def _stratum(change: Change) -> str:
    return column_in_words(change.by) or "segment"


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


def _sides(change: Change) -> str:
    """Name both sides."""
    if change.since is not None:
        return f"before and since {formats.day(change.since)}"
    return " and ".join(map(formats.text, change.labels)) or "nothing to compare"


def _difference(change: Change) -> str:
    return f"{'change' if change.since is not None else 'difference'}, {_sides(change)}"


def _head(change: Change, place: int) -> str:
    """Name a side above a column: of periods the day stands in the caption."""
    return ("Before", "Since")[place] if change.since is not None else _side(change, place)
