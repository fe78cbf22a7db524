"""What step 3 shows: readings side by side, single units, robust effects."""

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals
from opsplaybook.playbooks.ab_review.effects_shown import difference_text
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.playbooks.ab_review.run_shown import withheld
from opsplaybook.playbooks.ab_review.weight import Influence, Weighed
from opsplaybook.tables import Column


def table_readings(weighed: Weighed, run: RunCheck) -> Table:
    """Show the first success metric, read in every way that fits who was put into arms."""
    if run.stops:
        return withheld(run, "readings", "Readings")
    kind = run.measured[0].metric.kind
    columns = [
        Column("estimand", "Of whom"),
        Column("method", "Method"),
        Column("difference", "Difference", kind, low="low", high="high"),
        Column("p_value", "P-value", "number"),
        Column("n", "n", "count", description="Of the smaller arm"),
        Column("headline", "Decides", "flag"),
    ]
    refused = (
        "Tests over users are refused: whole accounts were put into arms, and users of one account "
        "are no independent units."
        if weighed.noun == "accounts"
        else "Users were put into arms one by one: they are the unit."
    )
    return tables.table(
        weighed.readings,
        columns,
        key="readings",
        caption=f"{run.measured[0].metric.label} in every sound reading, {_level(run)}",
        currency=run.experiment.currency,
        note=refused,
        shown=len(weighed.readings),
    )


def table_influence(weighed: Weighed, run: RunCheck) -> Table:
    """Show the unit that moves each effect most, and what is left without it."""
    if run.stops:
        return withheld(run, "influence", "Single units")
    currency = run.experiment.currency
    frame = pd.DataFrame(
        [
            (
                part.metric,
                part.n,
                part.effective,
                part.unit or formats.MISSING,
                part.share,
                difference_text(part.full, currency),
                difference_text(part.without, currency),
                _range(part, currency),
                part.changes,
                "decides" if part.decides else "fragile" if part.fragile else "steady",
            )
            for part in weighed.influences
        ],
        columns=["metric", "n", "effective", "unit", "share", "full", "without", "range",
                 "changes", "standing"],
    )  # fmt: skip
    columns = [
        Column("metric", "Metric"),
        Column("n", weighed.noun.capitalize(), "count"),
        Column("effective", "Effective", "number", description="Accounts of equal size that would "
               "tell as much about the total"),
        Column("unit", "Most influential"),
        Column("share", "Of its arm", "share"),
        Column("full", "With it"),
        Column("without", "Without it"),
        Column("range", "Leaving out each", description="Range of the effect"),
        Column("changes", "Change the decision", "count", description="Each one alone"),
        Column("standing", "So it is"),
    ]  # fmt: skip
    return tables.table(
        frame,
        columns,
        key="influence",
        caption=f"What single {weighed.noun} do to the effects, {_level(run)}",
        note=weighed.sentence,
        shown=len(frame),
    )


def chart_robust(weighed: Weighed, run: RunCheck) -> Chart | Table:
    """Draw the first effect as measured, cut back, trimmed, and without the most influential."""
    if run.stops:
        return withheld(run, "robust", "Effects without extremes")
    first = run.measured[0].metric
    frame = weighed.robust.loc[weighed.robust["metric"] == first.label]
    return plot_intervals(
        frame,
        category="way",
        value="difference",
        low="low",
        high="high",
        n="n",
        reference=0.0,
        reference_label="no effect",
        label=f"Difference in {first.label}",
        kind=first.kind,
        currency=run.experiment.currency,
        key="robust",
        title=f"Effect on {first.label} without its extremes",
        subtitle=_level(run),
        data=_robust_table(weighed, run),
    )


def table_largest(weighed: Weighed, run: RunCheck) -> Table:
    """Show the largest units of each metric."""
    frame = weighed.largest.assign(
        text=[
            formats.value(row.value, row.kind, currency=run.experiment.currency)
            for row in weighed.largest.itertuples()
        ]
    )
    columns = [
        Column("metric", "Metric"),
        Column("unit_id", "Unit"),
        Column("arm", "Arm"),
        Column("text", "Value"),
    ]
    said = [
        f"{part.unit} {'decides' if part.decides else 'does not decide'} {part.metric}."
        for part in weighed.influences
        if part.metric in set(frame["metric"])
    ]
    note = " ".join(said) or "Conversions have no largest unit."
    return tables.table(
        frame,
        columns,
        key="largest",
        caption=f"Largest {weighed.noun} by metric, {run.experiment.period}",
        note=note,
        shown=len(frame),
    )


def _range(part: Influence, currency: str) -> str:
    ends = (formats.value(end, part.kind, currency=currency) for end in (part.low, part.high))
    return " to ".join(ends)


def _robust_table(weighed: Weighed, run: RunCheck) -> Table:
    currency = run.experiment.currency
    texts = [
        formats.value(row.difference, row.kind, currency=currency)
        for row in weighed.robust.itertuples()
    ]
    columns = [
        Column("metric", "Metric"),
        Column("way", "Way"),
        Column("text", "Difference"),
        Column("p_value", "P-value", "number"),
        Column("n", "n", "count"),
    ]
    frame = weighed.robust.assign(text=texts)
    return tables.table(frame, columns, key="robust-data", caption="Effects without extremes")


def _level(run: RunCheck) -> str:
    return f"{run.experiment.period}, {run.experiment.level:.0%} intervals"
