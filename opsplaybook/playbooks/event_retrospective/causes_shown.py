"""What steps 3 and 4 show: funnel, gap, segments, comparison, causes, patterns, actions."""

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_funnel, plot_intervals, plot_waterfall
from opsplaybook.playbooks import actions
from opsplaybook.playbooks.event_retrospective.causes import Cause, Causes, gap_parts
from opsplaybook.playbooks.event_retrospective.comparison import Comparison
from opsplaybook.playbooks.event_retrospective.funnel import Funnel
from opsplaybook.playbooks.event_retrospective.patterns import Patterns
from opsplaybook.stats.results import Difference
from opsplaybook.tables import Column

BALANCE_DECIMALS = 3
"""Decimals of a standardised difference: below that it is rounding."""


def chart_funnel(causes: Causes) -> Chart:
    """Draw people per step, with the rate of the step before and what is usual."""
    steps = causes.funnel.steps
    columns = [
        Column("step", "Step"),
        Column("people", "People", "count"),
        Column("accounts", "Accounts", "count"),
        Column("rate", "Of the step before", "share", low="low", high="high"),
        Column("usual", "Usual", "share"),
        Column("of_entrants", "Of the first step", "share"),
    ]
    reference = causes.funnel.reference
    data = tables.table(steps, columns, key="funnel", caption="People per step", shown=len(steps))
    return plot_funnel(
        steps.assign(expected=steps["people"].shift() * steps["usual"]),
        step="step",
        count="people",
        rate="rate",
        low="low",
        high="high",
        n="n",
        target="expected",
        target_label="at the usual rate",
        label="People",
        key="funnel-chart",
        title="People per step",
        subtitle=f"Intervals by account; usual: {reference.events} {reference.kind}",
        data=data,
    )


def chart_gap(causes: Causes) -> Chart:
    """Draw how the gap to target comes about, part by part."""
    funnel = causes.funnel
    columns = [Column("part", "Part"), Column("people", "People at the last step", "number")]
    frame = _gap_rows(funnel)
    data = tables.table(
        frame, columns, key="gap-by-part", caption="From target to actual", shown=len(frame)
    )
    return plot_waterfall(
        frame,
        step="part",
        value="people",
        total="total",
        label="People at the last step",
        key="gap",
        title="From target to actual",
        subtitle=f"Target: {funnel.target_from}" if funnel.gap else "No earlier event to compare",
        data=data,
    )


def table_gap(causes: Causes) -> Table:
    """Show every part of the gap by channel, the costliest first."""
    frame = gap_parts(causes.funnel)
    columns = [
        Column("factor", "Part"),
        Column("channel", "Channel"),
        Column("people", "People at the last step", "number"),
    ]
    gap = causes.funnel.gap
    total = formats.number(gap.gap) if gap else formats.MISSING
    return tables.table(
        frame,
        columns,
        key="gap-parts",
        caption=f"Parts of the gap to target; they add up to {total}",
        note=f"Target: {causes.funnel.target_from}." if gap else "",
    )


def table_segments(causes: Causes) -> Table:
    """Show where rates differ from usual, the clearest first."""
    cells = causes.funnel.cells.sort_values(
        ["detectable", "p_value", "by", "segment", "step"],
        ascending=[False, True, True, True, True],
        na_position="last",
    )
    columns = [
        Column("by", "By"),
        Column("segment", "Segment"),
        Column("step", "Step to"),
        Column("people", "People before", "count"),
        Column("rate", "Rate", "share", low="low", high="high", n="n"),
        Column("usual", "Usual", "share"),
        Column("difference", "Difference", "points", low="difference_low", high="difference_high"),
        Column("detectable", "Detectable", "flag"),
    ]
    tested = int(cells["p_value"].notna().sum())
    return tables.table(
        cells,
        columns,
        key="segments",
        caption=f"Rates against usual, by channel, tier and industry; {tested} compared",
        note=f"Detectable: after correction for {tested} comparisons (Holm).",
    )


def chart_comparison(causes: Causes) -> Chart:
    """Draw the difference before matching, after it, and one window earlier."""
    comparison = causes.comparison
    frame = _comparison_rows(comparison)
    kind = comparison.outcome.kind if comparison.outcome else "number"
    label = comparison.outcome.label if comparison.outcome else "the outcome"
    columns = [
        Column("row", "Comparison"),
        Column("value", "Difference", kind, low="low", high="high"),
        Column("n", "Accounts", "count"),
    ]
    data = tables.table(
        frame,
        columns,
        key="comparison",
        caption=f"Difference in {label}",
        currency=comparison.currency,
        note=f"Design: {comparison.design}.",
    )
    return plot_intervals(
        frame,
        category="row",
        value="value",
        low="low",
        high="high",
        n="n",
        label=f"Difference in {label}",
        key="comparison-chart",
        title=f"{comparison.treated_word.capitalize()} against accounts not reached",
        subtitle=_comparison_subtitle(comparison),
        data=data,
        reference=0.0,
        reference_label="no difference",
        kind=kind,
        currency=comparison.currency,
        zero=True,
    )


def table_balance(causes: Causes) -> Table:
    """Show how alike the compared accounts are, before and after matching."""
    comparison = causes.comparison
    balance = comparison.balance
    frame = pd.DataFrame(
        {
            "covariate": [name.replace("_", " ") for name in comparison.covariates],
            # Rounded, since a difference of rounding is none.
            "before": balance.before.round(6) if balance else [],
            "after": balance.after.round(6) if balance else [],
        }
    )
    columns = [
        Column("covariate", "Known on the day before"),
        Column("before", "Before matching", "number"),
        Column("after", "After matching", "number"),
    ]
    overlap = comparison.overlap
    caption = "Differences in standard deviations"
    if overlap:
        caption += (
            f"; {overlap.matched:,} of {overlap.treated:,} accounts matched to "
            f"{overlap.controls_used:,} of {overlap.controls:,}"
        )
    return tables.table(
        frame,
        columns,
        key="balance",
        caption=caption,
        note="Up to 0.1 counts as balanced (Austin 2009).",
        shown=len(frame),
    )


def table_causes(causes: Causes) -> Table:
    """Show the cause tree: branch, leaf, evidence, and whether it is in our hands."""
    rows = [
        (
            leaf.branch,
            leaf.statement,
            leaf.evidence,
            leaf.strength,
            leaf.controllable,
            _sense(leaf),
        )
        for leaf in causes.leaves
    ]
    names = ["branch", "statement", "evidence", "strength", "controllable", "sense"]
    frame = pd.DataFrame(rows, columns=names)
    labels = ("Branch", "Cause", "Evidence", "Strength", "Controllable", "Helped or cost")
    columns = [Column(name, label) for name, label in zip(names, labels, strict=True)]
    return tables.table(
        frame,
        columns,
        key="causes",
        caption=f"Cause tree, {_count(len(frame), 'leaf', 'leaves')}",
        shown=len(frame),
    )


def _sense(leaf: Cause) -> str:
    """Say whether a cause helped; what chance may have made did neither."""
    if leaf.strength == "none":
        return "not beyond chance"
    return "helped" if leaf.helped else "cost"


def table_patterns(patterns: Patterns) -> Table:
    """Show what to keep, stop and try."""
    frame = pd.DataFrame(
        [(p.kind, p.what, p.evidence, p.strength) for p in patterns.patterns],
        columns=["kind", "what", "evidence", "strength"],
    )
    columns = [
        Column("kind", "Keep, stop or try"),
        Column("what", "Pattern"),
        Column("evidence", "Evidence"),
        Column("strength", "Strength"),
    ]
    return tables.table(
        frame,
        columns,
        key="patterns",
        caption=_count(len(frame), "pattern", "patterns"),
        shown=len(frame),
    )


def table_actions(patterns: Patterns) -> Table:
    """Show the actions, carried-over ones first."""
    return actions.table_actions(patterns.actions)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _gap_rows(funnel: Funnel) -> pd.DataFrame:
    """List target, the parts of the gap in the order of the funnel, and actual."""
    if funnel.gap is None:
        return pd.DataFrame({"part": [], "people": [], "total": []})
    by_factor = gap_parts(funnel).groupby("factor")["people"].sum()
    steps = funnel.steps["step"].tolist()
    names = ["people reached", "mix of channels", *(f"step to {step}" for step in steps[1:])]
    values = [by_factor.get(factor, 0.0) for factor in ("entrants", "mix", *steps[1:])]
    return pd.DataFrame(
        {
            "part": ["target", *names, "actual"],
            "people": [funnel.gap.target, *values, funnel.gap.actual],
            "total": [True, *(False for _ in names), True],
        }
    )


def _comparison_rows(comparison: Comparison) -> pd.DataFrame:
    rows: list[tuple[str, Difference | None]] = [
        ("before matching", comparison.naive),
        ("after matching", comparison.effect),
        ("placebo, one window earlier", comparison.placebo),
    ]
    known = [(name, d) for name, d in rows if d is not None]
    return pd.DataFrame(
        {
            "row": [name for name, _ in known],
            "value": [d.value for _, d in known],
            "low": [d.interval.low if d.interval else np.nan for _, d in known],
            "high": [d.interval.high if d.interval else np.nan for _, d in known],
            "n": [d.n for _, d in known],
        }
    )


def _comparison_subtitle(comparison: Comparison) -> str:
    if comparison.effect is None:
        return "Not compared: see the caveats"
    found = comparison.effect.detectable
    return f"{comparison.design}; {'detectable' if found else 'no detectable effect'}"
