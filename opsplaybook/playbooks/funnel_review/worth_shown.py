"""What step 6 shows: the worth of repairs."""

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals
from opsplaybook.formats import Kind
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.repairs import KEEP
from opsplaybook.playbooks.funnel_review.wording import intervals, no_rows, with_rule
from opsplaybook.playbooks.funnel_review.worth import Worth
from opsplaybook.stats.results import Estimate
from opsplaybook.tables import Column

_NO_MORE = "not told from nothing"


def chart_worth(worth: Worth, definition: Definition) -> Chart:
    """Draw how many more would come to the end by each repair."""
    frame = _named(worth, definition)
    chart = plot_intervals(
        frame.assign(name=_short_names(frame)),
        category="name",
        value="units",
        low="units_low",
        high="units_high",
        label=f"More {definition.counted} at {definition.last}, {worth.span}",
        kind=worth.units_kind,
        zero=True,
        key="worth-chart",
        title=f"What repairs would bring to {definition.last}",
        subtitle=f"At a step {formats.share(worth.share)} of those lost are kept, of a segment its "
        f"fall is undone; {worth.basis}, {intervals(definition)}",
        data=table_worth(worth, definition),
    )
    return with_rule(chart, definition)


def table_worth(worth: Worth, definition: Definition) -> Table:
    """Show units, deals and money that each repair would bring.

    Where deals or money may as well be none, the interval stands alone.
    """
    frame = _named(worth, definition)
    made = tables.table(
        frame.assign(
            deals_shown=frame["deals"] if worth.value.deals_shown else np.nan,
            money_shown=frame["money"] if worth.value.shown else np.nan,
        ),
        _columns(worth, definition),
        key="worth",
        caption=f"Worth of repairs, {worth.span}; {worth.basis}, {intervals(definition)}",
        currency=worth.currency,
        note=" ".join(part for part in (_one_more(worth), *worth.caveats) if part),
        shown=len(frame),
    )
    return with_rule(made, definition)


def repair_name(kind: str, step: str, segment: str, share: float) -> str:
    """Name a repair in a few words, the step first.

    Examples
    --------
    >>> repair_name("back to before", "connected data", "guided", 0.1)
    'connected data: fall undone for guided'
    >>> repair_name(KEEP, "connected data", "", 0.1)
    'connected data: 10% of the lost kept'

    The first is a cause to find, the second a yardstick: the same share at every step.
    """
    if kind == KEEP:
        return f"{step}: {formats.share(share)} of the lost kept"
    return f"{step}: fall undone for {segment}"


def sized(row: pd.Series, name: str, kind: Kind, currency: str = "") -> str:
    """Write a size of a repair with its ends: ``30 (15 to 48)``."""
    ends = formats.ends(row[f"{name}_low"], row[f"{name}_high"], kind, currency=currency)
    return f"{formats.value(row[name], kind, currency=currency)} ({ends})"


def _named(worth: Worth, definition: Definition) -> pd.DataFrame:
    """Return the repairs with their names."""
    if worth.repairs.empty:
        return no_rows(_columns(worth, definition)).assign(
            step="", segment="", deals=np.nan, money=np.nan
        )
    names = [
        repair_name(row.repair, row.step, row.segment, worth.share)
        for row in worth.repairs[["repair", "step", "segment"]].itertuples()
    ]
    return worth.repairs.assign(name=names)


def _short_names(frame: pd.DataFrame) -> list[str]:
    """Name repairs beside their marks: the step, and where a fall is undone the segment."""
    return [
        f"{row.segment}: {row.step}" if row.segment else str(row.step)
        for row in frame[["step", "segment"]].itertuples()
    ]


def _columns(worth: Worth, definition: Definition) -> list[Column]:
    """Describe what is shown; deals and money only where something is known of them."""
    value = worth.value
    columns = [
        Column("name", "Repair"),
        Column("lost", f"Lost {worth.span}", "count"),
        Column("rate", "Rate now", "share"),
        Column("target", "Repaired", "share"),
        Column("units", f"More {definition.counted}", worth.units_kind, low="units_low",
               high="units_high"),
        Column("deals_shown", "More deals", "number", low="deals_low", high="deals_high"),
        Column("money_shown", "More money", "money", low="money_low", high="money_high"),
        Column("ahead", "Brings most in", "share",
               description="Share of draws in which no other step brings more, where the same "
               "share of those lost is kept at each"),
    ]  # fmt: skip
    left_out = {
        "deals_shown": value.deals is None or value.is_deal,
        "money_shown": value.money is None,
        "ahead": definition.has_one_rate,
    }
    return [column for column in columns if not left_out.get(column.name)]


def _one_more(worth: Worth) -> str:
    """Say what one more at the end goes with, and whether that is more than nothing."""
    value = worth.value
    parts = [
        f"{_estimate(estimate, kind, worth.currency)}{unit}{'' if shown else f', {_NO_MORE}'}"
        for estimate, kind, unit, shown in (
            (value.deals, "number", " deals", value.deals_shown),
            (value.money, "money", "", value.shown),
        )
        if estimate is not None and not (unit and value.is_deal)
    ]
    if not parts:
        return ""
    return f"One more at the end goes with {' and '.join(parts)}: {value.basis}."


def _estimate(estimate: Estimate, kind: Kind, currency: str) -> str:
    text = formats.value(estimate.value, kind, currency=currency)
    if estimate.interval is None:
        return text
    ends = formats.interval(estimate.interval, kind, currency=currency)
    return f"{text} ({estimate.interval.level:.0%} interval {ends})"
