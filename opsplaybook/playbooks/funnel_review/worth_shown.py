"""What step 6 shows: the worth of repairs."""

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_intervals
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.worth import KEEP, Worth
from opsplaybook.tables import Column


def chart_worth(worth: Worth, definition: Definition) -> Chart:
    """Draw how many more would come to the end by each repair."""
    frame = worth.repairs if len(worth.repairs) else _empty()
    return plot_intervals(
        frame.assign(name=_names(frame, worth)),
        category="name",
        value="units",
        low="units_low",
        high="units_high",
        label=f"More {definition.counted} at {definition.last}, {worth.span}",
        kind="number",
        zero=True,
        key="worth-chart",
        title=f"What repairs would bring to {definition.last}",
        subtitle=f"{worth.basis}, {definition.level:.0%} intervals",
        data=table_worth(worth, definition),
    )


def table_worth(worth: Worth, definition: Definition) -> Table:
    """Show units, deals and money that each repair would bring."""
    frame = worth.repairs if len(worth.repairs) else _empty()
    shown = frame.assign(name=_names(frame, worth))
    value = f"One more at the end: {_value_text(worth)}." if worth.value.basis else ""
    return tables.table(
        shown,
        [Column("name", "Repair"), *_columns(definition, worth)],
        key="worth",
        caption=f"Worth of repairs, {worth.span}; {worth.basis}",
        currency=worth.currency,
        note=" ".join(part for part in (value, *worth.caveats, definition.words) if part),
        shown=len(shown),
    )


def _value_text(worth: Worth) -> str:
    deals, money = worth.value.deals, worth.value.money
    parts = []
    if deals is not None:
        parts.append(f"{_sized(deals, 'number', '')} deals")
    if money is not None:
        parts.append(_sized(money, "money", worth.currency))
    return f"{', '.join(parts) or 'no deals or money known'} ({worth.value.basis})"


def repair_name(repair: str, step: str, segment: str, share: float) -> str:
    """Name a repair in words.

    Examples
    --------
    >>> repair_name("back to before", "connected data", "guided", 0.1)
    'Undoing the fall of connected data for guided'
    >>> repair_name(KEEP, "connected data", "", 0.1)
    'Keeping 10% of those lost before connected data'

    The first is a cause to find, the second a yardstick: the same share at every step.
    """
    if repair == KEEP:
        return f"Keeping {formats.share(share)} of those lost before {step}"
    return f"Undoing the fall of {step} for {segment}"


def _sized(estimate: object, kind: str, currency: str) -> str:
    text = formats.value(estimate.value, kind, currency=currency)
    if estimate.interval is None:
        return text
    ends = formats.interval(estimate.interval, kind, currency=currency)
    return f"{text} ({estimate.interval.level:.0%} interval {ends})"


def _names(frame: pd.DataFrame, worth: Worth) -> list[str]:
    return [
        repair_name(row.repair, row.step, row.segment, worth.share)
        for row in frame[["repair", "step", "segment"]].itertuples()
    ]


def _columns(definition: Definition, worth: Worth) -> list[Column]:
    return [
        Column("lost", f"Lost {worth.span}", "count"),
        Column("rate", "Rate now", "share"),
        Column("target", "Repaired", "share"),
        Column("units", f"More {definition.counted}", "number", low="units_low", high="units_high"),
        Column("deals", "More deals", "number", low="deals_low", high="deals_high"),
        Column("money", "More money", "money", low="money_low", high="money_high"),
    ]


def _empty() -> pd.DataFrame:
    ends = [f"{name}{end}" for name in ("units", "deals", "money") for end in ("", "_low", "_high")]
    return pd.DataFrame(columns=["repair", "step", "segment", "lost", "rate", "target", *ends])
