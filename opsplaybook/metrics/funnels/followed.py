"""Chains without limits between their steps: every entry is followed on its own.

From an entry on, the first row of the next step is the best one: whatever may follow a later row
may follow it too. So each step is a join of the chains so far with the rows of the step, and no
row is put in order. The work of a path is its entries times its rows, so paths with many entries
are put in order after all, as in `opsplaybook.metrics.funnels.chains`.
"""

import ibis
import ibis.expr.types as ir

from opsplaybook.metrics.funnels.chains import (
    START,
    UNTIL,
    entries_of,
    loose_chains,
    may_go_on,
)
from opsplaybook.metrics.funnels.rows import TIME, Plan, step_rows
from opsplaybook.sources import Tables

MOST_ENTRIES = 16
"""Entries of a path up to which they are joined and not put in order. With as many rows of each
step as entries over 90 days, joins took 0.5, 0.7 and 0.9 times as long at 16 for windows of 1, 7
and 28 days, and 0.6, 0.7 and 1.3 times at 32; without a window 1.4 and 1.7 times."""

_CAME, _PASSED, _ENTRIES, _STRETCH = "came", "passed", "entries", "stretch"


def followed_chains(tables: Tables, plan: Plan) -> list[ir.Table]:
    """Follow steps that no row fits two of, in order, with other rows between and no limits there.

    Returns
    -------
    list of ibis table
        As from `loose_chains`, with the first row only that completes a step from each entry;
        for the first step one row per path: its first entry, and until when any may go on.
    """
    entries = entries_of(tables, plan)
    entrants = tables.keep("entrants", _summed(entries, plan))
    if tables.fetch(entrants.filter(_is_busy(entrants)).limit(1)).empty:
        return [_first_step(entrants, plan), *_later_steps(tables, plan, entries)]
    counted = entries.inner_join(entrants.select(*plan.paths, _ENTRIES), plan.paths)
    few, many = (
        counted.filter(kept).select(entries.columns)
        for kept in (~_is_busy(counted), _is_busy(counted))
    )
    joined = _later_steps(tables, plan, few)
    _, *ordered = loose_chains(tables, plan, many)
    both = [one.union(other) for one, other in zip(joined, ordered, strict=True)]
    return [_first_step(entrants, plan), *both]


def _summed(entries: ir.Table, plan: Plan) -> ir.Table:
    start = entries[START]
    return entries.group_by(plan.paths).agg(
        first=start.min(), last=start.max(), **{_ENTRIES: entries.count()}
    )


def _is_busy(rows: ir.Table) -> ir.BooleanValue:
    return rows[_ENTRIES] > MOST_ENTRIES


def _first_step(entrants: ir.Table, plan: Plan) -> ir.Table:
    latest = entrants.select(*plan.paths, "first", **{TIME: "last", START: "last"})
    until = may_go_on(latest, plan, 1)
    first = latest["first"]
    return latest.select(*plan.paths, **{TIME: first, START: first, UNTIL: until})


def _later_steps(tables: Tables, plan: Plan, entries: ir.Table) -> list[ir.Table]:
    steps = []
    chains = entries
    for step in range(2, plan.length + 1):
        rows = step_rows(tables, plan, [plan.rule.required[step - 1]])
        chains = _next_step(chains, rows, plan)
        steps.append(chains.mutate(**{UNTIL: may_go_on(chains, plan, step)}))
    return steps


def _next_step(chains: ir.Table, rows: ir.Table, plan: Plan) -> ir.Table:
    """Go on from each chain to the first row that may follow."""
    chains = chains.select(*plan.paths, START, **{_PASSED: chains[TIME]})
    rows = rows.select(*plan.paths, **{_CAME: rows[TIME]})
    same = list(plan.paths)
    if plan.window:
        # A window reaches into two stretches of its length: only the rows there have to be met.
        first = chains[START] // plan.window
        chains = chains.mutate(**{_STRETCH: ibis.array([first, first + 1]).unnest()})
        rows = rows.mutate(**{_STRETCH: rows[_CAME] // plan.window})
        same.append(_STRETCH)
    passed, came = chains[_PASSED], rows[_CAME]
    conditions = [passed < came if plan.rule.ties == "later" else passed <= came]
    if plan.window is not None:
        conditions.append(came - chains[START] <= plan.window)
    both = chains.inner_join(rows, [*same, *conditions])
    return both.group_by([*plan.paths, START]).agg(**{TIME: both[_CAME].min()})
