"""Step 3: which days can be compared, given the days that the data cover."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from opsplaybook import formats
from opsplaybook.playbooks.event_retrospective.goals import Event
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.sources import Tables

TABLE_OF = {"deals_opened": "opportunities", "spend": "invoices", "activity": "activity"}
"""Outcomes in order of preference, and the table that each is read from."""

CHANGES = frozenset({"spend", "activity"})
"""Outcomes that are compared as the change since the window before."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a comparison.

    Attributes
    ----------
    outcome : str
        Key of `TABLE_OF`; empty where nothing can be compared.
    days : int
        Days after the first day that are compared, and as many before it.
    placebo_on : Timestamp or None
        First day of the same windows one earlier; None where the data do not reach so far back.
    reason : str
        Why nothing can be compared; empty where something can.
    caveats : tuple of str
        What the data do not cover.
    """

    outcome: str
    days: int
    placebo_on: pd.Timestamp | None
    reason: str
    caveats: tuple[str, ...]


def plan_windows(given: Tables, params: Params, event: Event) -> Windows:
    """Fit the windows of the comparison to the days that the data cover.

    Windows before and after are equally long, or a sum over one could not be held against a sum
    over the other. Where the data know fewer days than `late_window_days` both are shortened;
    below the days of the first reading nothing is compared.
    """
    begins = _first_days(given)
    start = event.start_on.date()
    outcome = next((o for o, table in TABLE_OF.items() if begins.get(table, start) < start), "")
    if not outcome:
        return Windows("", 0, None, _nothing_before(begins), ())
    first = begins[TABLE_OF[outcome]]
    after, before = (given.as_of - start).days, (start - first).days - 1
    days = min(params.late_window_days, after)
    if outcome in CHANGES:
        days = min(days, before)
    if days < min(params.early_window_days, params.late_window_days):
        side = "after the first day" if days == after else "before the event"
        known = max(days, 0)
        are = "is" if known == 1 else "are"
        reason = (
            f"Only {formats.days(known)} {side} {are} known: the event is not compared with others."
        )
        return Windows("", known, None, reason, ())
    width = timedelta(days=days + 1)
    covered = start - 2 * width >= first
    caveats = (
        *_short_window(params, days, after, TABLE_OF[outcome], first),
        *_short_history(params, begins, start),
        *(() if covered else (_no_placebo(TABLE_OF[outcome], first),)),
    )
    return Windows(outcome, days, event.start_on - width if covered else None, "", caveats)


def _first_days(given: Tables) -> dict[str, date]:
    """Return the first day of each table that tells what accounts did."""
    known = {table: given.qualities.get(table) for table in TABLE_OF.values()}
    return {table: q.first_on for table, q in known.items() if q is not None and q.first_on}


def _nothing_before(begins: dict[str, date]) -> str:
    if not begins:
        return "There are no deals, invoices or activity: the event is not compared with others."
    table = min(begins, key=begins.__getitem__)
    return (
        f"The data begin on {formats.day(begins[table])} ({table}), when the event had begun: "
        "nothing is known of accounts before it, so it is not compared with others."
    )


def _short_window(
    params: Params, days: int, after: int, table: str, first: date
) -> tuple[str, ...]:
    if days == params.late_window_days:
        return ()
    why = "no more are known" if days == after else f"{table} begin on {formats.day(first)}"
    return (f"The comparison covers {days} days, not {params.late_window_days}: {why}.",)


def _short_history(params: Params, begins: dict[str, date], start: date) -> tuple[str, ...]:
    table = max(begins, key=begins.__getitem__)
    known = max((start - begins[table]).days, 0)
    if known >= params.history_days:
        return ()
    sentence = (
        f"The history is cut off: {table} begin on {formats.day(begins[table])}, so of the "
        f"{params.history_days} days before the event {known} are known."
    )
    return (sentence,)


def _no_placebo(table: str, first: date) -> str:
    return (
        "The placebo one window earlier is left out: it would reach back before the first day of "
        f"{table}, {formats.day(first)}."
    )
