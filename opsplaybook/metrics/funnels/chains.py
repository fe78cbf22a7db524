"""Which steps each row completes, and from which entry: exact, and plain SQL.

For loose order the whole search is one running maximum per step. A row that fits step k
completes it if step k - 1 was completed before; of all entries that led there only the latest
matters, since its window stays open longest. So each row of step k inherits the latest entry
that completed step k - 1 among the rows before it, unless the window from that entry is closed.
"""

import ibis
import ibis.expr.types as ir

from opsplaybook.metrics.funnels.rows import (
    EXCLUDED,
    STEP,
    TIME,
    Plan,
    exclusion_rows,
    gap_name,
    guarded_gaps,
    step_rows,
)
from opsplaybook.sources import Tables

START, UNTIL, KEY, BEFORE = "start", "until", "row_key", "before"
"""Columns of a row that completes a step: its entry, and how long the next step may take."""

SLOTS = 32
"""Places in the order of rows at one instant; more than steps."""


def loose_chains(tables: Tables, plan: Plan) -> ir.Table:
    """Follow steps that no row fits two of, in order, with other rows between.

    Returns
    -------
    ibis table
        One row per row that completes a step: the columns of the path, ``moment``, ``step``,
        ``start`` (moment of the entry) and ``until`` (last moment at which the chain may go on
        from here, at most the last known one).
    """
    rows = step_rows(tables, plan, plan.rule.required)
    gaps = guarded_gaps(plan.rule)
    if gaps:
        rows = _with_exclusions(rows, exclusion_rows(tables, plan), plan, gaps)
    rows = _entries(rows, plan)
    key = rows[TIME] * SLOTS + rows[STEP]
    rows = number_guards(rows.mutate(**{KEY: key}), plan, KEY)
    for step in range(2, plan.length + 1):
        rows = _inherit(rows, plan, step)
    completed = rows.filter(rows[START].notnull())
    last = may_go_on(completed, plan, completed[STEP])
    return completed.select(*plan.paths, TIME, STEP, START, **{UNTIL: last})


def _with_exclusions(steps: ir.Table, excluded: ir.Table, plan: Plan, gaps: list[int]) -> ir.Table:
    none = {gap_name(gap): ibis.literal(value=False) for gap in gaps}
    marked = steps.mutate(**none)
    columns = [*plan.paths, TIME, STEP, *none]
    other = excluded.mutate(**{STEP: ibis.literal(EXCLUDED, type="int64")})
    return marked.select(columns).union(other.select(columns))


def _entries(rows: ir.Table, plan: Plan) -> ir.Table:
    """Give rows of the first step their entry: themselves."""
    enters = (rows[STEP] == 1) & plan.may_enter(rows[TIME])
    rows = rows.mutate(**{START: ibis.cases((enters, rows[TIME]))})
    if plan.rule.anchor == "any":
        return rows
    return only_first_entry(rows, plan, keep=rows[STEP] != 1)


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


def number_guards(rows: ir.Table, plan: Plan, key: str) -> ir.Table:
    """Count off the stretches between exclusions, and find the next exclusion, for each gap."""
    gaps = guarded_gaps(plan.rule)
    if not gaps:
        return rows
    so_far = ibis.window(group_by=plan.paths, order_by=key, rows=(None, 0))
    ahead = ibis.window(group_by=plan.paths, order_by=key, rows=(1, None))
    flags = {gap: rows[gap_name(gap)] for gap in gaps}
    stretches = {
        f"stretch_{gap}": flag.cast("int64").sum().over(so_far) for gap, flag in flags.items()
    }
    blocks = {
        f"blocked_{gap}": ibis.cases((flag, rows[TIME])).min().over(ahead)
        for gap, flag in flags.items()
    }
    return rows.mutate(**stretches, **blocks)


def path_of_gap(plan: Plan, gap: int) -> list[str]:
    """Return the columns that a chain keeps to across a gap: its path, and one free stretch."""
    return [*plan.paths, *([f"stretch_{gap}"] if gap in guarded_gaps(plan.rule) else [])]


def _inherit(rows: ir.Table, plan: Plan, step: int) -> ir.Table:
    """Give rows of a step the latest entry that completed the step before, if it still may."""
    earlier = ibis.cases((rows[STEP] == step - 1, rows[START]))
    rows = rows.mutate(**{BEFORE: earlier.max().over(_rows_before(plan, step))})
    completes = (rows[STEP] == step) & rows[BEFORE].notnull()
    if plan.window is not None:
        completes &= rows[TIME] - rows[BEFORE] <= plan.window
    return rows.mutate(**{START: completes.ifelse(rows[BEFORE], rows[START])}).drop(BEFORE)


def _rows_before(plan: Plan, step: int) -> ibis.expr.builders.WindowBuilder:
    """Frame the rows that may come before a row of a step.

    The key is the moment times `SLOTS` plus the step, so that a distance in time is one in keys.
    """
    within = plan.within(step)
    later = plan.rule.ties == "later"
    path = path_of_gap(plan, step - 1)
    if within is None and not later:
        return ibis.window(group_by=path, order_by=KEY, rows=(None, 0))
    start = None if within is None else -(within * SLOTS + step)
    return ibis.window(group_by=path, order_by=KEY, range=(start, -(step + 1) if later else 0))


def may_go_on(
    rows: ir.Table, plan: Plan, step: ir.IntegerValue, *, broken: ir.IntegerValue | None = None
) -> ir.IntegerValue:
    """Return the last moment at which a chain may go on from a completed step.

    Parameters
    ----------
    rows : ibis table
        With ``moment`` and ``start``.
    plan : Plan
    step : ibis integer
        The step that is completed.
    broken : ibis integer, optional
        A moment at which the chain was broken, where it was.
    """
    limits = [ibis.literal(plan.end, type="int64")]
    if plan.window is not None:
        limits.append(rows[START] + plan.window)
    gaps = [
        (step == place - 1, rows[TIME] + plan.within(place))
        for place in range(2, plan.length + 1)
        if plan.within(place) is not None
    ]
    blocks = [(step == gap, rows[f"blocked_{gap}"]) for gap in guarded_gaps(plan.rule)]
    chosen = [ibis.cases(*branches) for branches in (gaps, blocks) if branches]
    if broken is not None:
        chosen.append(broken)
    return ibis.least(*limits, *(limit.fill_null(plan.end) for limit in chosen))
