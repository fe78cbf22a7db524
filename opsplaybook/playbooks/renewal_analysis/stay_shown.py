"""What step 2 shows: curves by group, losses by reason, hazard by year, years still to come."""

import numpy as np
import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_survival
from opsplaybook.playbooks.renewal_analysis.book import Book
from opsplaybook.playbooks.renewal_analysis.stay import YEARS_SHOWN, Stay
from opsplaybook.stats.survival import SurvivalCurve
from opsplaybook.tables import Column

_SHOWN_YEARS = 8
ALIKE = 100.0
"""Sum of both parameters of the cohort model from which customers are as good as alike."""


def chart_survival(stay: Stay, book: Book) -> Chart:
    """Draw the share of customers still there, by group, with numbers at risk."""
    parts = [_steps(curve, name) for name, curve in stay.groups.items()]
    frame = pd.concat(parts, ignore_index=True)
    ticks = np.arange(0, _SHOWN_YEARS + 1, 2, dtype=float)
    at_risk = pd.concat(
        [
            pd.DataFrame({"years": ticks, "n": curve.at_risk_at(ticks), "group": name})
            for name, curve in stay.groups.items()
        ],
        ignore_index=True,
    )
    columns = [
        Column("group", "Group"),
        Column("years", "Years as a customer", "number"),
        Column("share", "Still there", "share", low="low", high="high"),
        Column("at_risk", "At risk", "count"),
    ]
    by = f"by {stay.grouping}" if stay.grouping else "all together"
    caption = f"Customers still there, {by}"
    data = tables.table(frame, columns, key="survival-data", caption=caption)
    return plot_survival(
        frame,
        time="years",
        value="share",
        low="low",
        high="high",
        group="group",
        at_risk=at_risk,
        label="Customers still there",
        time_label="Years as a customer",
        key="survival",
        title=f"How long customers stay, {by}",
        subtitle=f"All accounts, {book.level:.0%} log-log bands, n = {stay.curve.n:,} stretches as "
        f"a customer, {int(stay.frame['lost'].sum()):,} lost",
        data=data,
    )


def table_groups(stay: Stay, book: Book) -> Table:
    """Show the share still there after one, two and three years, by tier, segment and cohort."""
    years = [
        Column(f"year_{year:.0f}", f"After {year:.0f} y", "share", low=f"year_{year:.0f}_low",
               high=f"year_{year:.0f}_high", n="n")
        for year in YEARS_SHOWN
    ]  # fmt: skip
    columns = [
        Column("grouping", "By"),
        Column("group", "Group"),
        Column("n", "n", "count"),
        Column("lost", "Lost", "count"),
        *years,
        Column("p_value", "p of this test", "number",
               description="Log-rank test against all other customers"),
        Column("beyond_chance", "Beyond chance", "flag",
               description="After correction for the number of groups (Holm)"),
    ]  # fmt: skip
    return tables.table(
        stay.compared,
        columns,
        key="survival-groups",
        caption=f"Customers still there, by group, all accounts, {book.intervals}",
        note=stay.sentence,
        shown=max(len(stay.compared), 1),
    )


def chart_causes(stay: Stay, book: Book) -> Chart:
    """Draw the share lost by kind of reason; together they add up to all losses."""
    order = sorted(stay.causes, key=lambda curve: -float(curve.incidence[-1]))[:4]
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "years": np.append(0.0, curve.times[curve.times > 0]),
                    "share": np.append(0.0, curve.incidence[curve.times > 0]),
                    "low": np.append(0.0, curve.low[curve.times > 0]),
                    "high": np.append(0.0, curve.high[curve.times > 0]),
                    "cause": curve.cause,
                }
            )
            for curve in order
        ]
        or [pd.DataFrame(columns=["years", "share", "low", "high", "cause"])],
        ignore_index=True,
    )
    columns = [
        Column("cause", "Kind of reason"),
        Column("years", "Years as a customer", "number"),
        Column("share", "Lost for it", "share", low="low", high="high"),
    ]
    data = tables.table(frame, columns, key="causes-data", caption="Losses by kind of reason")
    return plot_survival(
        frame,
        time="years",
        value="share",
        low="low",
        high="high",
        group="cause",
        label="Customers lost for this kind of reason",
        time_label="Years as a customer",
        key="causes",
        title="Why customers leave, and when",
        subtitle=f"All accounts, cumulative incidence, {book.level:.0%} bands, "
        f"n = {stay.curve.n:,}, {int(stay.frame['lost'].sum()):,} lost",
        data=data,
    )


def table_hazards(stay: Stay, book: Book) -> Table:
    """Show the risk per decision by year as a customer, and what the cohort model says of it."""
    table = stay.hazards
    fitted = np.full(len(table.periods), np.nan)
    if stay.cohorts is not None:
        fitted = 1 - np.asarray(stay.cohorts.retention(table.periods), dtype=float)
    frame = pd.DataFrame(
        {
            "year": table.periods,
            "at_risk": table.at_risk,
            "lost": table.events,
            "hazard": [found.value for found in table.hazard],
            "low": [found.interval.low for found in table.hazard],
            "high": [found.interval.high for found in table.hazard],
            "survival": [found.value for found in stay.still_there],
            "survival_low": [found.ends[0] for found in stay.still_there],
            "survival_high": [found.ends[1] for found in stay.still_there],
            "n": [found.n for found in stay.still_there],
            "fitted": fitted,
        }
    )
    counted = "At the nearest anniversary" if stay.yearly else "In which the decision was due"
    columns = [
        Column("year", "Year as a customer", "count", description=counted),
        Column("at_risk", "Decisions", "count"),
        Column("lost", "Lost", "count"),
        Column("hazard", "Lost of these", "share", low="low", high="high", n="at_risk"),
        Column("survival", "Still there after it", "share", low="survival_low",
               high="survival_high", n="n", description="Of all customers, by Kaplan and Meier"),
        Column("fitted", "Cohort model", "share",
               description="Shifted beta-geometric: customers differ in how prone they are to "
               "leave"),
    ]  # fmt: skip
    return tables.table(
        frame,
        columns,
        key="hazards",
        caption=f"Risk of a loss per decision, by year as a customer, all accounts, "
        f"{book.intervals}",
        note=f"{_cohort_words(stay)} A risk that falls with the years is mostly sorting: those who "
        f"are prone to leave have left. {stay.refused}",
        shown=max(len(frame), 1),
    )


def table_remaining(stay: Stay, book: Book) -> Table:
    """Show how likely customers of each age are to stay another year."""
    columns = [
        Column("age", "Years already a customer", "count"),
        Column("accounts", "Live customers", "count"),
        Column("next_year", "Stay another year", "share", low="low", high="high", n="n"),
    ]
    return tables.table(
        stay.remaining,
        columns,
        key="remaining",
        caption=f"Years still to come: S(t + 1) / S(t), all accounts, {book.intervals}",
        note="For a customer who has stayed so long; not the same as a new customer's chance.",
        shown=max(len(stay.remaining), 1),
    )


def _steps(curve: SurvivalCurve, name: str) -> pd.DataFrame:
    end = min(curve.last, float(_SHOWN_YEARS)) if curve.n else 0.0
    inside = curve.times <= end
    return pd.DataFrame(
        {
            "years": curve.times[inside],
            "share": curve.survival[inside],
            "low": curve.low[inside],
            "high": curve.high[inside],
            "at_risk": curve.at_risk[inside],
            "group": name,
        }
    )


def _cohort_words(stay: Stay) -> str:
    if not stay.yearly:
        return (
            "Customers decide more than once a year: there is no cohort model of yearly renewals."
        )
    if stay.cohorts is None:
        return "Too few losses for a cohort model."
    if stay.cohorts.alpha + stay.cohorts.beta > ALIKE:
        return "Cohort model: customers hardly differ in how prone they are to leave."
    return (
        f"Cohort model: alpha {formats.number(stay.cohorts.alpha)}, "
        f"beta {formats.number(stay.cohorts.beta)}."
    )
