"""The finding about repairs: which one is worth most, in units, deals and money."""

import pandas as pd

from opsplaybook import formats
from opsplaybook.findings import Finding, grade
from opsplaybook.playbooks.funnel_review.definition import Definition
from opsplaybook.playbooks.funnel_review.repairs import BACK, KEEP
from opsplaybook.playbooks.funnel_review.worth import Worth
from opsplaybook.playbooks.funnel_review.worth_shown import sized


def worth_most(worth: Worth, definition: Definition) -> Finding | None:
    """Say which step's repair is worth most, and what undoing a fall would bring."""
    fall, best = worth.first(BACK), worth.first(KEEP)
    rows = [row for row in (best, fall) if row is not None]
    if not rows:
        return None
    more = f"more {definition.counted} at {definition.last} {worth.span}"
    said = [_fall(fall, worth, more)] if fall is not None else []
    if best is not None:
        said.append(_best(best, worth, definition, "" if said else f" {more}"))
    said.append(_without_money(rows[-1], worth))
    return Finding(
        claim=" ".join(part for part in said if part),
        strength=grade(
            detectable=all(row["units_low"] > 0 for row in rows),
            n=worth.mature,
            design="association",
        ),
        design="association",
        evidence=("worth", "worth-chart"),
        caveats=worth.caveats,
        would_change="other rates of the later steps, or another number of entrants",
    )


def _fall(row: pd.Series, worth: Worth, more: str) -> str:
    """Say what undoing a fall would bring."""
    return (
        f"Undoing the fall of {row['step']} for {row['segment']} brings "
        f"{sized(row, 'units', worth.units_kind)} {more}{_in_money(row, worth)}."
    )


def _best(row: pd.Series, worth: Worth, definition: Definition, more: str) -> str:
    """Name the step at which the same share of the lost, kept, brings most."""
    share = formats.share(worth.share)
    brings = f"{sized(row, 'units', worth.units_kind)}{more}{_in_money(row, worth)}"
    if definition.has_one_rate:
        return f"Keeping {share} of those lost before {definition.last} brings {brings}."
    return (
        f"Where {share} of those lost are kept, the step whose repair is worth most is "
        f"{row['step']}: {brings}, the most of all steps in {formats.share(row['ahead'])} of draws."
    )


def _in_money(row: pd.Series, worth: Worth) -> str:
    """Say what a repair brings in deals and money, where that is more than nothing."""
    parts = []
    if worth.value.deals_shown and not worth.value.is_deal:
        parts.append(f"{sized(row, 'deals', 'number')} deals")
    if worth.value.shown:
        parts.append(sized(row, "money", "money", worth.currency))
    return f", that is {' and '.join(parts)}" if parts else ""


def _without_money(row: pd.Series, worth: Worth) -> str:
    """Say why no sum of money is put on a repair."""
    value = worth.value
    if value.shown:
        return ""
    if value.money is None:
        return "No money is known to value them by."
    ends = formats.ends(row["money_low"], row["money_high"], "money", currency=worth.currency)
    what = "money"
    if value.deals is not None and not value.deals_shown:
        what = "deals and money"
        ends = f"{formats.ends(row['deals_low'], row['deals_high'], 'number')} deals, {ends}"
    return f"More {what} with them is not detectable ({ends} {worth.span})."
