"""Step 3, support: how many tickets, and how soon they were answered and solved."""

from dataclasses import dataclass
from math import nan

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Chart, Table
from opsplaybook.figures import plot_survival
from opsplaybook.metrics import support as support_metrics
from opsplaybook.metrics.periods import Period, periods_until
from opsplaybook.playbooks.account_review.account import Account
from opsplaybook.playbooks.account_review.compared import audience_of, change_text, value_text
from opsplaybook.playbooks.account_review.params import Params
from opsplaybook.sources import Tables
from opsplaybook.stats.changes import change_of_totals
from opsplaybook.stats.rates import rate, rate_difference
from opsplaybook.stats.results import Difference, Estimate
from opsplaybook.stats.survival import SurvivalCurve, kaplan_meier, log_rank
from opsplaybook.tables import Column

HOURS_OF_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of support in two spans, with the difference between them."""

    key: str
    label: str
    now: Estimate
    before: Estimate
    difference: Difference


@dataclass(frozen=True, slots=True)
class Support:
    """How the account was supported.

    Attributes
    ----------
    account : Account
    span, span_before : Period
        What answers are measured over, and the same number of days before.
    measures : tuple of Measure
    curves : dict of str to SurvivalCurve
        Days until solved, by span; only spans with enough tickets.
    open_tickets : DataFrame
        Not solved on the last known day, oldest first.
    caveats : tuple of str
    """

    account: Account
    span: Period
    span_before: Period
    measures: tuple[Measure, ...]
    curves: dict[str, SurvivalCurve]
    open_tickets: pd.DataFrame
    caveats: tuple[str, ...]

    def of(self, key: str) -> Measure | None:
        """Return a measure by its key; None where there is none."""
        return next((measure for measure in self.measures if measure.key == key), None)


def review_support(given: Tables, params: Params, account: Account) -> Support:
    """Measure tickets and waits; a ticket that still waits is censored, not left out.

    Parameters
    ----------
    given : Tables
        As from `load`.
    params : Params
    account : Account
        As from `review_account`.

    Returns
    -------
    Support
    """
    spans = periods_until(given.as_of, params.support_days)
    tickets = given["tickets"]
    now, before = (support_metrics.opened_in(tickets, p) for p in (spans.now, spans.before))
    known = account.knows(given, "tickets", spans.before)
    groups = {spans.now.text: now} | ({spans.before.text: before} if known else {})
    measures = _measures(given, params, now, before if known else before.iloc[:0])
    return Support(
        account=account,
        span=spans.now,
        span_before=spans.before,
        measures=measures if len(tickets) else (),
        curves=_curves(given, params, groups),
        open_tickets=tickets.loc[tickets["resolved_at"].isna()].sort_values("opened_at"),
        caveats=_caveats(given, account, spans.before),
    )


def table_support(support: Support) -> Table:
    """Show tickets, waits and answers in time of both spans."""
    rows = [_row(measure) for measure in support.measures]
    frame = pd.DataFrame(rows, columns=_ROW)
    columns = [
        Column("measure", "Measure"),
        Column("now_text", "This span"),
        Column("n", "Tickets", "count"),
        Column("before_text", "Span before"),
        Column("n_before", "Tickets", "count"),
        Column("difference", "Difference"),
    ]
    return tables.table(
        frame,
        columns,
        key="support",
        caption=f"Support, {support.span.text}, against {support.span_before.text}",
        note=f"In brackets: {support.account.intervals}; medians by Kaplan and Meier, so that a "
        "ticket that still waits counts as waiting.",
        audience=audience_of(frame),
        shown=len(frame),
    )


def chart_support(support: Support) -> Chart:
    """Draw the share of tickets not solved yet, by days since they were opened."""
    frame = _curve_frame(support.curves)
    columns = [
        Column("span", "Opened"),
        Column("days", "Days since opened", "number"),
        Column("open", "Not solved yet", "share", low="low", high="high"),
        Column("observed", "Still observed", "count"),
    ]
    data = tables.table(
        frame,
        columns,
        key="support-curve",
        caption="Tickets not solved yet, by days since they were opened",
        audience=audience_of(frame),
    )
    counts = ", ".join(formats.count(curve.n) for curve in support.curves.values())
    return plot_survival(
        frame,
        time="days",
        value="open",
        group="span",
        low="low",
        high="high",
        label="Tickets not solved yet (%)",
        time_label="Days since opened",
        key="support-chart",
        title="Tickets not solved yet",
        subtitle=f"n = {counts or 'too few'} tickets; {support.account.level:.0%} bands",
        data=data,
        audience=audience_of(frame),
    )


def _measures(
    given: Tables, params: Params, now: pd.DataFrame, before: pd.DataFrame
) -> tuple[Measure, ...]:
    level = params.level
    counts = [Estimate(len(f), None, len(f), "count", "counted") for f in (now, before)]
    change = change_of_totals([1] * len(now), [1] * len(before), level=level)
    found = [Measure("tickets", "Tickets opened", *counts, change)]
    if given.has("tickets", "first_response_at"):
        found.append(_wait(given, params, now, before, "first_response_at", "First response"))
        found.append(_answered(given, params, now, before))
    if given.has("tickets", "resolved_at"):
        found.append(_wait(given, params, now, before, "resolved_at", "Solution"))
    return tuple(found)


def _wait(
    given: Tables, params: Params, now: pd.DataFrame, before: pd.DataFrame, until: str, what: str
) -> Measure:
    waits = [support_metrics.waits(frame, until, given.as_of) for frame in (now, before)]
    found = log_rank(*waits, kind="hours", level=params.level)
    return Measure(until, f"{what}, median", found.first, found.second, found)


def _answered(given: Tables, params: Params, now: pd.DataFrame, before: pd.DataFrame) -> Measure:
    counts = [
        support_metrics.in_time(
            *support_metrics.waits(frame, "first_response_at", given.as_of),
            limit_hours=params.response_hours,
        )
        for frame in (now, before)
    ]
    shares = [rate(*pair, level=params.level) for pair in counts]
    both = min(pair[1] for pair in counts) > 0
    unknown = Difference(nan, None, 0, "points")
    difference = rate_difference(*counts, level=params.level) if both else unknown
    label = f"Answered within {formats.hours(params.response_hours)}"
    return Measure("in_time", label, *shares, difference)


def _curves(
    given: Tables, params: Params, groups: dict[str, pd.DataFrame]
) -> dict[str, SurvivalCurve]:
    curves = {}
    for name, frame in groups.items():
        if len(frame) >= formats.MINIMUM_UNITS:
            hours, solved = support_metrics.waits(frame, "resolved_at", given.as_of)
            curves[name] = kaplan_meier(hours / HOURS_OF_A_DAY, solved, level=params.level)
    return curves


_ROW = [
    "measure", "now", "low", "high", "n", "before", "n_before", "now_text", "before_text",
    "difference",
]  # fmt: skip


def _row(measure: Measure) -> tuple[object, ...]:
    now, before = measure.now, measure.before
    return (
        measure.label,
        now.value,
        *now.ends,
        now.n,
        before.value,
        before.n,
        value_text(now),
        value_text(before),
        change_text(measure.difference),
    )


def _curve_frame(curves: dict[str, SurvivalCurve]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "span": name,
                "days": curve.times,
                "open": curve.survival,
                "low": curve.low,
                "high": curve.high,
                "observed": curve.at_risk,
            }
        )
        for name, curve in curves.items()
    ]
    columns = ["span", "days", "open", "low", "high", "observed"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _caveats(given: Tables, account: Account, before: Period) -> tuple[str, ...]:
    if "tickets" not in given.qualities:
        return ("There are no tickets in the source: support is left out.",)
    if given["tickets"].empty:
        return ("No ticket of this account is known.",)
    if not account.knows(given, "tickets", before):
        return ("Support in the span before is not known in full: it is not compared.",)
    return ()
