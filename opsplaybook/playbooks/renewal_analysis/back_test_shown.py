"""What step 5 shows: calibration, what the score was worth, origin by origin."""

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_target_bars
from opsplaybook.playbooks.renewal_analysis.back_test import BackTest
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.stats.results import Estimate
from opsplaybook.tables import Column


def chart_calibration(test: BackTest, book: Book) -> Chart:
    """Draw how many were lost of those given a low, middle or high probability."""
    frame = _bins(test)
    columns = [
        Column("bin", "Forecast"),
        Column("expected", "Expected", "share"),
        Column("observed", "Lost", "share", low="low", high="high", n="n"),
        Column("n", "Decisions", "count"),
    ]
    data = tables.table(frame, columns, key="calibration-data", caption="Forecast and outcome")
    return plot_target_bars(
        frame,
        category="bin",
        value="observed",
        target="expected",
        target_label="forecast",
        low="low",
        high="high",
        n="n",
        label="Share lost",
        kind="share",
        key="calibration",
        title="Share lost, by the probability that was forecast",
        subtitle=f"All accounts, {book.intervals}, n = {len(test.scored):,} {book.unit}, each "
        "forecast before it was decided",
        data=data,
    )


def table_back_test(test: BackTest, book: Book) -> Table:
    """Show what the score was worth: separation, calibration, skill, the list of the team."""
    rows = [
        (name, meaning, found.value, *_ends(found), found.n, found.kind)
        for name, meaning, found in _measures(test)
    ]
    frame = pd.DataFrame(rows, columns=["measure", "meaning", "value", "low", "high", "n", "kind"])
    frame["shown"] = [
        formats.value(row.value, row.kind)
        + ("" if np.isnan(row.low) else f" ({formats.value(row.low, row.kind)} to "
           f"{formats.value(row.high, row.kind)})")
        for row in frame.itertuples()
    ]  # fmt: skip
    columns = [
        Column("measure", "Measure"),
        Column("shown", "Value"),
        Column("n", "n", "count"),
        Column("meaning", "What it says"),
    ]
    return tables.table(
        frame,
        columns,
        key="back-test",
        caption=f"Forecasts of the past against what came, {book.intervals}, "
        f"n = {len(test.scored):,} {book.unit}",
        note=" ".join([test.sentence, *_unless_said(test)]),
        shown=max(len(frame), 1),
    )


def table_origins(test: BackTest, book: Book) -> Table:
    """Show each day on which the past was forecast, and what came."""
    columns = [
        Column("origin", "Forecast on", "date"),
        Column("trained", "Decisions known", "count"),
        Column("trained_losses", "Losses known", "count"),
        Column("scored", "Forecast", "count"),
        Column("expected", "Losses expected", "number"),
        Column("lost", "Lost", "count"),
        Column("due", "Value due", "money"),
        Column("median", "Value expected to stay", "money", low="low", high="high"),
        Column("kept", "Stayed", "money"),
    ]
    covered = formats.estimate(test.coverage, unit="origins")
    return tables.table(
        test.origins,
        columns,
        key="origins",
        caption="Forecasts of the past, origin by origin, P10 to P90",
        currency=book.currency,
        note=f"Value that stayed lay in its 80% interval: {covered}." if test.coverage.n else "",
        shown=max(len(test.origins), 1),
    )


def _bins(test: BackTest) -> pd.DataFrame:
    names = ["bin", "expected", "observed", "low", "high", "n"]
    if test.calibration is None:
        return pd.DataFrame(columns=names)
    rows = [
        (f"around {formats.share(one.expected)}", one.expected, one.observed.value,
         *_ends(one.observed), one.observed.n)
        for one in test.calibration.bins
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=names)
    repeated = frame["bin"].duplicated(keep=False)
    nth = frame.groupby("bin").cumcount() + 1
    return frame.assign(bin=frame["bin"] + np.where(repeated, " (" + nth.astype("str") + ")", ""))


def _measures(test: BackTest) -> list[tuple[str, str, Estimate]]:
    if test.separation is None or test.calibration is None or test.skill is None:
        return []
    found = [
        ("AUC of the model", "a loss is ranked above a renewal; 0.5 is chance",
         test.separation.auc),
        ("Calibration slope", "1 is right; below 1 the forecasts are too extreme",
         test.calibration.slope),
        ("Calibration intercept", "0 is right; above 0 more were lost than forecast",
         test.calibration.intercept),
        ("Brier skill", "share of the base rate's error that the model saves", test.skill.skill),
        (f"Lost of the {test.top} ranked highest", "of each forecast, against the base rate below",
         test.precision),
        ("Lost of all", "base rate of what was scored", test.base),
        ("Losses on that list", "share of all losses that the list held", test.caught),
    ]  # fmt: skip
    for name, tested, known in test.others:
        if tested is not None:
            found.append((f"AUC of {name}", f"known for {known:,} decisions", tested.auc))
    return found


def _ends(found: Estimate) -> tuple[float, float]:
    return (found.interval.low, found.interval.high) if found.interval else (np.nan, np.nan)


def _unless_said(test: BackTest) -> tuple[str, ...]:
    return test.caveats if test.separation is not None else ()
