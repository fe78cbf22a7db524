"""What step 2 shows: effects, lifts, guardrails."""

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals
from opsplaybook.playbooks.ab_review.effects import Effect, Effects
from opsplaybook.playbooks.ab_review.run_check import RunCheck
from opsplaybook.playbooks.ab_review.run_shown import withheld
from opsplaybook.stats.results import Difference
from opsplaybook.tables import Column


def chart_effects(effects: Effects, run: RunCheck) -> Chart | Table:
    """Draw the lift of each metric."""
    if not effects.shown:
        return withheld(run, "effects-chart", "Lifts")
    frame = _lifts(effects)
    if frame["lift"].isna().all():
        return table_effects(effects, run)
    columns = [
        Column("metric", "Metric"),
        Column("lift", "Lift", "change", low="low", high="high"),
        Column("n", "n", "count"),
    ]
    data = tables.table(frame, columns, key="effects-data", caption="Lifts")
    return plot_intervals(
        frame,
        category="metric",
        value="lift",
        low="low",
        high="high",
        n="n",
        reference=0.0,
        reference_label="no effect",
        label="Lift: difference as a share of the control",
        kind="change",
        key="effects-chart",
        title="Lift of each metric, treatment against control",
        subtitle=_about(run),
        data=data,
    )


def table_effects(effects: Effects, run: RunCheck) -> Table:
    """Show every metric: both arms, difference, lift, p-value, gain from the past."""
    if not effects.shown:
        return withheld(run, "effects", "Effects")
    currency = run.experiment.currency
    frame = pd.DataFrame(
        [
            (
                effect.metric.label,
                effect.metric.role,
                formats.value(effect.means[1], _own(effect), currency=currency),
                formats.value(effect.means[0], _own(effect), currency=currency),
                difference_text(effect.difference, currency),
                _lift_text(effect),
                formats.p_value(effect.difference.p_value),
                formats.p_value(effect.adjusted_p) if effect.guardrail is None else "",
                effect.gain,
                effect.standing,
                min(effect.units),
                effect.note,
            )
            for effect in effects.all
        ],
        columns=["metric", "role", "control", "treatment", "difference", "lift", "p_value",
                 "adjusted", "gain", "standing", "n", "note"],
    )  # fmt: skip
    columns = [
        Column("metric", "Metric"),
        Column("role", "Role"),
        Column("control", "Control"),
        Column("treatment", "Treatment"),
        Column("difference", "Difference", description="Treatment less control, with interval"),
        Column("lift", "Lift", description="Fieller's interval; unbounded where it has no end"),
        Column("p_value", "P-value", description="Of the difference"),
        Column("adjusted", "Corrected", description="For the number of success metrics (Holm)"),
        Column("gain", "Gain", "share", description="Share of the noise that the past explains"),
        Column("standing", "Found"),
    ]
    return tables.table(
        frame,
        columns,
        key="effects",
        caption=f"Effects, {_about(run)}",
        note=" ".join(_notes(effects, currency)),
        shown=len(frame),
    )


def table_guardrails(effects: Effects, run: RunCheck) -> Table:
    """Show whether a loss beyond the tolerated one can be ruled out."""
    if not effects.shown:
        return withheld(run, "guardrails", "Guardrails")
    frame = pd.DataFrame(
        [
            (
                effect.metric.label,
                "higher" if effect.metric.higher_is_better else "lower",
                effect.metric.margin,
                _lift_text(effect),
                formats.p_value(effect.guardrail.p_value),
                effect.standing,
            )
            for effect in effects.guardrails
        ],
        columns=["metric", "better", "margin", "lift", "p_value", "standing"],
    )
    columns = [
        Column("metric", "Guardrail"),
        Column("better", "Better is"),
        Column("margin", "Tolerated loss", "share"),
        Column("lift", "Change"),
        Column("p_value", "P-value", description="Of a loss beyond the tolerated one, one-sided"),
        Column("standing", "Found"),
    ]
    return tables.table(
        frame,
        columns,
        key="guardrails",
        caption=f"Guardrails, {_about(run)}",
        note="" if len(frame) else "No guardrail was planned.",
        shown=len(frame),
    )


def difference_text(difference: Difference, currency: str) -> str:
    """Write a difference with its interval, without n."""
    if not difference.enough:
        return formats.NOT_ENOUGH
    text = formats.value(difference.value, difference.kind, currency=currency)
    ends = difference.interval
    if ends is None:
        return f"{text} (unbounded)"
    return f"{text} ({formats.interval(ends, difference.kind, currency=currency)})"


def _lifts(effects: Effects) -> pd.DataFrame:
    rows = []
    for effect in effects.all:
        ends = effect.relative.interval
        low, high = (ends.low, ends.high) if ends else (np.nan, np.nan)
        rows.append((effect.metric.label, effect.relative.value, low, high, min(effect.units)))
    return pd.DataFrame(rows, columns=["metric", "lift", "low", "high", "n"])


def _lift_text(effect: Effect) -> str:
    lift = effect.relative
    if formats.is_missing(lift.value):
        return formats.MISSING
    ends = formats.interval(lift.interval, "change") if lift.interval else "unbounded"
    return f"{formats.value(lift.value, 'change')} ({ends})"


def _own(effect: Effect) -> str:
    return "share" if effect.metric.kind == "points" else effect.metric.kind


def _notes(effects: Effects, currency: str) -> list[str]:
    notes = [f"{e.metric.label}: {e.note}." for e in effects.all if e.note]
    if effects.as_assigned:
        same = difference_text(effects.as_assigned[0], currency)
        notes.append(f"With everything that contradicts itself left in: {same}.")
    return notes


def _about(run: RunCheck) -> str:
    n = " and ".join(formats.count(item.n) for item in _pair(run))
    return (
        f"{run.experiment.period}, n = {n} {run.design.noun}, {run.experiment.level:.0%} intervals"
    )


def _pair(run: RunCheck) -> tuple:
    return run.measured[0].treatment, run.measured[0].control
