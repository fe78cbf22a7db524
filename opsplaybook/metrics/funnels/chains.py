"""Which rows complete a step, and from which entry, with the rows put in order.

For loose order the whole search is one running maximum per step. A row that fits step k
completes it if step k - 1 was completed before; of all entries that led there only the latest
matters, since its window stays open longest. So each row of step k inherits the latest entry
that completed step k - 1 among the rows before it, unless the window from that entry is closed.
Only rows that completed step k - 1 and rows of step k are put in order for that, and of the
latter only those that any entry of their path can still reach.
"""

import ibis
import ibis.expr.types as ir

from opsplaybook.metrics.funnels.clock import one_if
from opsplaybook.metrics.funnels.rows import (
    TIME,
    Plan,
    exclusion_rows,
    gap_name,
    guarded_gaps,
    step_rows,
)
from opsplaybook.sources import Tables

START, UNTIL = "start", "until"
"""Columns of a row that completes a step: its entry, and until when the next one may come."""

_KEY, _BEFORE, _STRETCH, _NEXT = "row_key", "before", "stretch", "next_excluded"
_BITS = 2
_EXCLUDED, _SOONER, _LATER = 0, 1, 2
"""Place of a row among those at its instant, in the lowest bits of its key."""


def loose_chains(tables: Tables, plan: Plan, entries: ir.Table) -> list[ir.Table]:
    """Follow steps that no row fits two of, in order, with other rows between.

    Parameters
    ----------
    tables : Tables
    plan : Plan
    entries : ibis table
        The entries to begin with, from `entries_of`.

    Returns
    -------
    list of ibis table
        For each required step the rows that complete it: the columns of the path, ``moment``,
        ``start`` (moment of the entry) and ``until`` (last moment at which the chain may go on
        from here, at most the first unknown one).
    """
    excluded = exclusion_rows(tables, plan) if plan.rule.exclusions else None
    completed = [entries]
    for step in range(2, plan.length + 1):
        rows = step_rows(tables, plan, [plan.rule.required[step - 1]])
        rows = _in_reach(rows, completed[-1], plan)
        completed.append(_inherit(completed[-1], rows, plan, step, excluded))
    return [_with_until(rows, plan, step, excluded) for step, rows in enumerate(completed, start=1)]


def entries_of(tables: Tables, plan: Plan) -> ir.Table:
    """Return the rows of the first step in the period of entry; they are their own entries."""
    rows = step_rows(tables, plan, plan.rule.required[:1])
    rows = rows.filter(plan.may_enter(rows[TIME])).select(*plan.paths, TIME)
    if plan.rule.anchor == "first":
        rows = rows.group_by(plan.paths).agg(**{TIME: rows[TIME].min()})
    return rows.mutate(**{START: rows[TIME]})


def _in_reach(rows: ir.Table, completed: ir.Table, plan: Plan) -> ir.Table:
    """Keep the rows that lie in the window of any entry of their path."""
    spans = completed.group_by(plan.paths).agg(
        first_start=completed[START].min(), last_start=completed[START].max()
    )
    names = rows.columns
    joined = rows.inner_join(spans, plan.paths)
    kept = joined[TIME] >= joined["first_start"]
    if plan.window is not None:
        kept &= joined[TIME] - joined["last_start"] <= plan.window
    return joined.filter(kept).select(*names)


def _inherit(
    completed: ir.Table, rows: ir.Table, plan: Plan, step: int, excluded: ir.Table | None
) -> ir.Table:
    """Give rows of a step the latest entry that completed the step before, if it still may."""
    later = plan.rule.ties == "later"
    sooner, own = (_LATER, _SOONER) if later else (_SOONER, _LATER)
    # An entry is its own start: to sort it beside its key would cost a tenth of the time.
    carries = [START] if step > 2 else []
    both = _keyed(completed, plan, sooner, carries).union(_keyed(rows, plan, own, carries))
    path = plan.paths
    if excluded is not None and step - 1 in guarded_gaps(plan.rule):
        guards = excluded.filter(excluded[gap_name(step - 1)])
        both = both.union(_keyed(guards, plan, _EXCLUDED, carries))
        so_far = ibis.window(group_by=path, order_by=_KEY, rows=(None, 0))
        is_guard = one_if(_place(both) == _EXCLUDED)
        both = both.mutate(**{_STRETCH: is_guard.sum().over(so_far)})
        path = [*path, _STRETCH]
    frame = _rows_before(plan, step, path)
    moment = both[_KEY] >> _BITS
    start = both[START] if carries else ibis.cases((_place(both) == sooner, moment))
    both = both.mutate(**{_BEFORE: start.max().over(frame)})
    moment = both[_KEY] >> _BITS
    completes = (_place(both) == own) & both[_BEFORE].notnull()
    if plan.window is not None:
        completes &= moment - both[_BEFORE] <= plan.window
    return both.filter(completes).select(*plan.paths, **{TIME: moment, START: both[_BEFORE]})


def _keyed(rows: ir.Table, plan: Plan, place: int, carries: list[str]) -> ir.Table:
    """Put moment and place into one number, which sorts faster, and which a frame can count."""
    key = rows[TIME] * 2**_BITS + place
    own = {name: rows[name] if name in rows.columns else ibis.null("int64") for name in carries}
    return rows.select(*plan.paths, **{_KEY: key}, **own)


def _place(rows: ir.Table) -> ir.IntegerValue:
    return rows[_KEY] & (2**_BITS - 1)


def _rows_before(plan: Plan, step: int, path: list[str]) -> ibis.expr.builders.WindowBuilder:
    """Frame the rows that may come before a row of a step."""
    within = plan.within(step)
    if within is None:
        return ibis.window(group_by=path, order_by=_KEY, rows=(None, 0))
    sooner_by = -1 if plan.rule.ties == "later" else 1
    return ibis.window(group_by=path, order_by=_KEY, range=(-(within * 2**_BITS + sooner_by), 0))


def _with_until(rows: ir.Table, plan: Plan, step: int, excluded: ir.Table | None) -> ir.Table:
    broken = None
    if excluded is not None and step in guarded_gaps(plan.rule):
        guards = excluded.filter(excluded[gap_name(step)])
        both = _keyed(rows, plan, _SOONER, [START])
        both = both.union(_keyed(guards, plan, _EXCLUDED, [START]))
        ahead = ibis.window(group_by=plan.paths, order_by=_KEY, rows=(1, None))
        moment = both[_KEY] >> _BITS
        next_one = ibis.cases((_place(both) == _EXCLUDED, moment)).min().over(ahead)
        both = both.mutate(**{TIME: moment, _NEXT: next_one})
        rows = both.filter(_place(both) == _SOONER)
        broken = rows[_NEXT]
    last = may_go_on(rows, plan, step, broken=broken)
    return rows.select(*plan.paths, TIME, START, **{UNTIL: last})


def only_first_entry(rows: ir.Table, plan: Plan, *, keep: ir.BooleanValue) -> ir.Table:
    """Keep the rows of each path from its first entry on, as long as the window is open.

    Rows that enter later are left out, unless `keep` says that they serve otherwise.
    """
    first = rows[START].min().over(group_by=plan.paths)
    rows = rows.mutate(first_entry=first, other_use=keep)
    first, moment = rows["first_entry"], rows[TIME]
    kept = (moment == first) | ((moment > first) & rows["other_use"])
    if plan.window is not None:
        kept &= moment - first <= plan.window
    rows = rows.filter(kept)
    enters = rows[TIME] == rows["first_entry"]
    return rows.mutate(**{START: ibis.cases((enters, rows[START]))}).drop(
        "first_entry", "other_use"
    )


def may_go_on(
    rows: ir.Table, plan: Plan, step: int, *, broken: ir.IntegerValue | None = None
) -> ir.IntegerValue:
    """Return the last moment at which a chain may go on from a completed step.

    Parameters
    ----------
    rows : ibis table
        With ``moment`` and ``start``.
    plan : Plan
    step : int
        The step that they complete.
    broken : ibis integer, optional
        A moment at which the chain was broken, where it was.
    """
    limits = [ibis.literal(plan.end, type="int64")]
    if plan.window is not None:
        limits.append(rows[START] + plan.window)
    if step < plan.length and plan.within(step + 1) is not None:
        limits.append(rows[TIME] + plan.within(step + 1))
    if broken is not None:
        limits.append(broken.fill_null(plan.end))
    return ibis.least(*limits)
