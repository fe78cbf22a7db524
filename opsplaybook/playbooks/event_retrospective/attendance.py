"""Step 2, for guests and partners: who came, over enough accounts, none of which is named."""

from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from opsplaybook import formats, tables
from opsplaybook.display import Audience, Chart, Table
from opsplaybook.figures import plot_intervals
from opsplaybook.findings import Finding, Notes
from opsplaybook.metrics.events import steps_of
from opsplaybook.playbooks.event_retrospective.definitions import FOR_GUESTS, METHOD_FOR_GUESTS
from opsplaybook.playbooks.event_retrospective.goals import Event
from opsplaybook.playbooks.event_retrospective.params import Params
from opsplaybook.playbooks.event_retrospective.results import Results
from opsplaybook.stats.nested_rates import clustered_rate
from opsplaybook.stats.results import Estimate
from opsplaybook.tables import Column

OTHERS = "other industries"

_LABELS = {
    "invited": "People invited",
    "registrations": "People registered",
    "attendees": "People attended",
    "attendance_rate": "Attended of registered",
    "attended_accounts": "Accounts attended",
    "satisfaction": "Mean rating by attendees",
}


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who came, as guests and partners may read it.

    Attributes
    ----------
    event : Event
    measures : dict of str to Estimate
        Numbers of the event that rest on enough accounts, by goal metric.
    before : str
        The step before attendance: ``registered``, or ``invited`` where nobody registers.
    industries : DataFrame
        Share that came of those at the step before: ``industry``, ``rate``, ``low``, ``high`` and
        ``n`` (accounts). Industries with too few are one row, together with the smallest others
        if they are too few even so: nobody can be found by taking the shown from the whole.
    least : int
        Accounts that every number rests on at least.
    level : float
        Level of the intervals.
    running : bool
        Whether the event is not over.
    """

    event: Event
    measures: dict[str, Estimate]
    before: str
    industries: pd.DataFrame
    least: int
    level: float
    running: bool


def summarise_attendance(results: Results, params: Params) -> Attendance:
    """Collect what is known of those who came, leaving out whatever rests on few accounts.

    Parameters
    ----------
    results : Results
        As from `evaluate_results`.
    params : Params

    Returns
    -------
    Attendance
    """
    known = {name: results.measures.of(name) for name in _LABELS}
    least = params.shown_minimum
    earlier = {step: before for before, step in pairwise(steps_of(results.people))}
    before = earlier.get("attended", "")
    return Attendance(
        event=results.event,
        measures={name: e for name, e in known.items() if e is not None and e.n >= least},
        before=before,
        industries=_industries(results.people, before, least, params.level),
        least=least,
        level=params.level,
        running=results.running,
    )


def table_attendance(attendance: Attendance) -> Table:
    """Show how many were invited, came, and how they rated it."""
    rows = [
        (_LABELS[name], formats.value(e.value, e.kind), _ends(e), e.n)
        for name, e in attendance.measures.items()
    ]
    columns = [
        Column("measure", "Measure"),
        Column("value", "Value"),
        Column("interval", "Interval"),
        Column("n", "Accounts", "count"),
    ]
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    return tables.table(
        frame,
        columns,
        key="attendance",
        caption=f"Who came, {attendance.event.period}",
        note=f"Numbers that rest on fewer than {attendance.least} accounts are left out.",
        audience=_audience(len(frame)),
        shown=len(frame),
    )


def chart_attendance(attendance: Attendance) -> Chart:
    """Draw which share came, by industry, with intervals."""
    frame, label = attendance.industries, f"Attended of {attendance.before or 'invited'}"
    columns = [
        Column("industry", "Industry"),
        Column("rate", label, "share", low="low", high="high", n="n"),
        Column("n", "Accounts", "count"),
    ]
    data = tables.table(
        frame,
        columns,
        key="attendance-by-industry",
        caption=f"Attendance by industry, {attendance.event.period}",
        audience=_audience(len(frame)),
        shown=len(frame),
    )
    return plot_intervals(
        frame,
        category="industry",
        value="rate",
        low="low",
        high="high",
        n="n",
        label=f"{label} (%)",
        key="attendance-chart",
        title="Attendance by industry",
        subtitle=f"{attendance.event.period}; {attendance.level:.0%} intervals by account",
        data=data,
        kind="share",
        zero=True,
        audience=_audience(len(frame)),
    )


def attendance_findings(attendance: Attendance) -> tuple[Finding, ...]:
    """Say in one sentence how many came, for all readers."""
    came, accounts = (attendance.measures.get(name) for name in ("attendees", "attended_accounts"))
    if came is None or accounts is None:
        return ()
    claim = f"{formats.count(came.value)} people from {formats.count(accounts.value)} accounts came"
    share = attendance.measures.get("attendance_rate")
    if share is not None and share.enough:
        claim += f": {formats.estimate(share, unit='accounts')} of those registered"
    finding = Finding(
        claim=f"{claim}.",
        strength="strong",
        design="description",
        evidence=("attendance", "attendance-chart"),
        audience="customer",
    )
    return (finding,)


def notes_for_guests(attendance: Attendance) -> Notes:
    """Return caveats, definitions and method of a report for guests and partners."""
    least = attendance.least
    caveats = [f"Numbers of fewer than {least} accounts are left out or put together."]
    if attendance.running:
        caveats.insert(0, "The event was not over on the last known day.")
    return Notes(tuple(caveats), FOR_GUESTS, METHOD_FOR_GUESTS)


def _industries(people: pd.DataFrame, before: str, least: int, level: float) -> pd.DataFrame:
    names = ["industry", "rate", "low", "high", "n"]
    if not before:
        return pd.DataFrame(columns=names)
    entered = people.loc[people[before]]
    accounts = entered.groupby("industry")["account_id"].nunique()
    few = small_groups(accounts, least)
    groups = entered["industry"].mask(entered["industry"].isin(few), OTHERS)
    rows = []
    for group, own in entered.groupby(groups, sort=True):
        counts = own.groupby("account_id")["attended"].agg(["sum", "size"])
        found = clustered_rate(counts["sum"], counts["size"], level=level)
        if found.n >= least and found.interval is not None:
            rows.append((group, found.value, found.interval.low, found.interval.high, found.n))
    frame = pd.DataFrame(rows, columns=names)
    return frame.sort_values(["rate", "industry"], ascending=[False, True], ignore_index=True)


def small_groups(accounts: pd.Series, least: int) -> tuple[str, ...]:
    """Return the groups to put together, so that no number rests on fewer than `least` accounts.

    Examples
    --------
    >>> small_groups(pd.Series({"retail": 20, "energy": 9, "media": 3}), 8)
    ('media', 'energy')

    Media alone could be found by taking the two others from the whole.
    """
    ordered = accounts.sort_values(kind="stable")
    few = int((ordered < least).sum())
    while 0 < few < len(ordered) and ordered.iloc[:few].sum() < least:
        few += 1
    return tuple(ordered.index[:few])


def _ends(estimate: Estimate) -> str:
    if estimate.interval is None:
        return formats.MISSING
    return formats.interval(estimate.interval, estimate.kind)


def _audience(rows: int) -> Audience:
    return "customer" if rows else "internal"
