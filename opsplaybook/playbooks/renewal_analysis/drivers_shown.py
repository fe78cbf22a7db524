"""What step 4 shows: one feature at a time, features together, leaks and checks."""

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.drivers import (
    LOSSES_PER_FEATURE,
    Drivers,
    beyond_chance,
)
from opsplaybook.tables import Column

DRAWN = 14


def chart_drivers(drivers: Drivers, book: Book) -> Chart:
    """Draw how much more often those were lost that had a feature, one feature at a time."""
    frame = drivers.univariate.head(DRAWN).copy()
    frame["name"] = frame["feature"] + np.where(
        frame["with_it"] == "yes", "", ": " + frame["with_it"]
    )
    drawn = frame.loc[np.isfinite(frame["ratio_high"].astype(float)) & (frame["ratio"] > 0)]
    return plot_intervals(
        drawn,
        category="name",
        value="ratio",
        low="ratio_low",
        high="ratio_high",
        n="smaller",
        reference=1.0,
        reference_label="no difference",
        label="Rate of loss, over that of the others",
        kind="ratio",
        key="drivers",
        title="What goes with losing a customer, one feature at a time",
        subtitle=f"All accounts, {book.intervals}, {drivers.losses:,} losses in {drivers.n:,} "
        f"{book.unit}",
        data=table_drivers(drivers, book, key="drivers-data"),
    )


def table_drivers(drivers: Drivers, book: Book, *, key: str = "drivers-table") -> Table:
    """Show the rate of loss with and without each feature."""
    columns = [
        Column("feature", "Feature on the decision date"),
        Column("with_it", "Who"),
        Column("n", "Decisions", "count"),
        Column("lost", "Lost", "count"),
        Column("rate", "Lost of them", "share", low="low", high="high", n="n"),
        Column("others", "Lost of the others", "share"),
        Column("ratio", "Ratio", "ratio", low="ratio_low", high="ratio_high", n="smaller"),
        Column("beyond_chance", "Beyond chance", "flag",
               description="After correction for the number of comparisons (Holm)"),
    ]  # fmt: skip
    return tables.table(
        drivers.univariate,
        columns,
        key=key,
        caption=f"One feature at a time, {book.intervals}, {drivers.losses:,} losses in "
        f"{drivers.n:,} {book.unit}",
        note=f"{drivers.sentence} Many are looked at, so some stand out by chance.",
        shown=DRAWN,
    )


def table_model(drivers: Drivers, book: Book) -> Table:
    """Show the features together, with the checks of the model in plain words."""
    frame = _model_frame(drivers)
    columns = [
        Column("feature", "Feature"),
        Column("ratio", "Hazard ratio", "ratio", low="low", high="high"),
        Column(
            "beyond_chance",
            "Beyond chance",
            "flag",
            description="After correction for the number of features (Holm)",
        ),
        Column("proportional", "Same over the years", description="Schoenfeld residuals"),
    ]
    model = drivers.model
    size = f", {model.events:,} losses in {model.n:,} {book.unit}" if model else ""
    return tables.table(
        frame,
        columns,
        key="model",
        caption=f"Features together: hazard ratios per decision, {book.intervals}{size}",
        note=" ".join(model_words(drivers)),
        shown=max(len(frame), 1),
    )


def table_leaks(drivers: Drivers) -> Table:
    """Show the features that tell too much to have been known before, and were dropped."""
    frame = pd.DataFrame(
        [(leak.name.replace("_", " "), leak.separation, leak.units, leak.rule)
         for leak in drivers.leaks],
        columns=["feature", "separation", "units", "rule"],
    )  # fmt: skip
    columns = [
        Column("feature", "Dropped"),
        Column("separation", "Tells the outcome", "share",
               description="Probability that it ranks a loss above a renewal"),
        Column("units", "Decisions", "count"),
        Column("rule", "How"),
    ]  # fmt: skip
    return tables.table(
        frame,
        columns,
        key="leaks",
        caption=f"Leaks, n = {len(frame):,} features dropped",
        note="Nothing that is known beforehand is so good: it was written down afterwards."
        if len(frame)
        else "No feature tells the outcome suspiciously well.",
        shown=max(len(frame), 1),
    )


def model_words(drivers: Drivers) -> list[str]:
    """Say how the model was made and what its checks found, in plain words."""
    model = drivers.model
    if model is None:
        none = (
            f"No model of several features: it takes {LOSSES_PER_FEATURE} losses for each, and "
            f"there are {drivers.losses:,} in all."
        )
        return [none]
    size = (
        f"{formats.number(model.events_per_variable)} losses per feature; decisions with a "
        "feature that is not known are left out."
    )
    words = [size]
    if model.separated:
        words.append(
            f"{', '.join(model.separated)} parts losses and renewals without an error here: its "
            "ratio is held finite, and only the end nearer to 1 tells something."
        )
    if model.dropped:
        words.append(f"Left out, since they never vary or repeat others: "
                     f"{', '.join(model.dropped)}.")  # fmt: skip
    changing = _changing(drivers)
    if changing:
        words.append(f"The ratio of {', '.join(changing)} changes over the years as a customer: "
                     "one number is an average of different ones.")  # fmt: skip
    elif drivers.checks is not None:
        words.append("No ratio changes detectably over the years as a customer.")
    return words


def _model_frame(drivers: Drivers) -> pd.DataFrame:
    names = ["feature", "ratio", "low", "high", "beyond_chance", "proportional"]
    if drivers.model is None:
        return pd.DataFrame(columns=names)
    tested = {test.name for test in drivers.checks.hazards_check} if drivers.checks else set()
    changing = set(_changing(drivers))
    beyond = beyond_chance(drivers.model, drivers.level)
    rows = []
    for found in drivers.model.ratios:
        ends = found.ratio.interval
        low, high = (ends.low, ends.high) if ends else (np.nan, np.nan)
        same = "not checked"
        if found.name in tested:
            same = "no" if found.name in changing else "yes"
        rows.append((found.name, found.ratio.value, low, high, found.name in beyond, same))
    return pd.DataFrame(rows, columns=names)


def _changing(drivers: Drivers) -> list[str]:
    return list(drivers.checks.violations(1 - drivers.level)) if drivers.checks else []
