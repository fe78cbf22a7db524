"""Chains in strict order (each step the very next row) and in any order (k of n steps)."""

from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from opsplaybook.metrics.funnels.chains import START, UNTIL, may_go_on, only_first_entry
from opsplaybook.metrics.funnels.clock import one_if
from opsplaybook.metrics.funnels.instants import completed_steps
from opsplaybook.metrics.funnels.rows import STEP, TIME, Plan, fits, source_rows, step_rows
from opsplaybook.metrics.funnels.rule import Step
from opsplaybook.sources import Tables

_NEXT = "next_moment"
_FITTED = "fitted"
_PLACE = "place"
_NO_STEP = 99
_NEVER = 2**62
_NO = ibis.literal(value=False)


def strict_chains(tables: Tables, plan: Plan) -> list[ir.Table]:
    """Follow steps that come one right after the other; a broken chain may start again.

    Rows at one instant are taken in the order of the steps, those that fit none last.

    Returns
    -------
    list of ibis table
        As from `loose_chains`.
    """
    step = plan.rule.required[0]
    rows = source_rows(tables, plan, step.table, step.at)
    rows = rows.mutate(**{f"fits_{i}": fits(rows, s) for i, s in _numbered(plan)})
    flags = [rows[f"fits_{i}"] for i, _ in _numbered(plan)]
    place = ibis.cases(*((flag, i) for i, flag in enumerate(flags, start=1)), else_=_NO_STEP)
    fitted = reduce(add, (one_if(flag) * 2**i for i, flag in enumerate(flags)))
    enters = flags[0] & plan.may_enter(rows[TIME])
    entry = ibis.cases((enters, rows[TIME]))
    columns = {_PLACE: place, _FITTED: fitted, START: entry}
    names = [f"fits_{i}" for i, _ in _numbered(plan)]
    rows = rows.select(*plan.paths, TIME, *names, **columns)
    if plan.rule.anchor == "first":
        rows = only_first_entry(rows, plan, keep=ibis.literal(value=True))
    order = ibis.window(group_by=plan.paths, order_by=[TIME, _PLACE, _FITTED])
    rows = rows.mutate(**{"start_1": rows[START], _NEXT: rows[TIME].lead().over(order)})
    for number in range(2, plan.length + 1):
        rows = _follow(rows, plan, number, order)
    return completed_steps(rows, plan, dict.fromkeys(range(1, plan.length), _NEXT))


def _follow(
    rows: ir.Table, plan: Plan, step: int, order: ibis.expr.builders.WindowBuilder
) -> ir.Table:
    """Give rows of a step the entry of the very row before, if that completed the step before."""
    entry = rows[f"start_{step - 1}"].lag().over(order)
    rows = rows.mutate(entry_before=entry, moment_before=rows[TIME].lag().over(order))
    follows = rows[f"fits_{step}"] & rows["entry_before"].notnull()
    waited = rows[TIME] - rows["moment_before"]
    if plan.window is not None:
        follows &= rows[TIME] - rows["entry_before"] <= plan.window
    within = plan.within(step)
    if within is not None:
        follows &= waited <= within
    if plan.rule.ties == "later":
        follows &= waited > 0
    return rows.mutate(**{f"start_{step}": ibis.cases((follows, rows["entry_before"]))}).drop(
        "entry_before", "moment_before"
    )


def any_order_chains(tables: Tables, plan: Plan) -> list[ir.Table]:
    """Count the different steps done from each entry on; any of the steps is an entry.

    Returns
    -------
    list of ibis table
        As from `loose_chains`, but for each number of steps done.
    """
    rows = step_rows(tables, plan, plan.rule.required)
    enters = plan.may_enter(rows[TIME])
    rows = rows.mutate(**{START: ibis.cases((enters, rows[TIME]))})
    if plan.rule.anchor == "first":
        rows = only_first_entry(rows, plan, keep=ibis.literal(value=True))
    ahead = ibis.window(group_by=plan.paths, order_by=TIME, range=(0, None))
    steps = range(1, plan.length + 1)
    firsts = {
        f"first_{step}": ibis.cases((rows[STEP] == step, rows[TIME])).min().over(ahead)
        for step in steps
    }
    rows = rows.mutate(**firsts)
    rows = rows.filter(rows[START].notnull())
    done = {step: _in_window(rows, plan, rows[f"first_{step}"]) for step in steps}
    rows = rows.mutate(**{f"done_{step}": moment for step, moment in done.items()})
    return _by_count(rows, plan)


def _in_window(rows: ir.Table, plan: Plan, moment: ir.IntegerValue) -> ir.IntegerValue:
    if plan.window is None:
        return moment
    return ibis.cases((moment - rows[START] <= plan.window, moment))


def _by_count(rows: ir.Table, plan: Plan) -> list[ir.Table]:
    """Return the entries from which each number of steps was done, at the moment it was."""
    done = [rows[f"done_{step}"] for step in range(1, plan.length + 1)]
    parts = []
    for count in range(1, plan.length + 1):
        own = rows.mutate(**{TIME: _moment_of(count, done)})
        own = own.filter(own[TIME].notnull())
        last = may_go_on(own, plan, count)
        parts.append(own.select(*plan.paths, TIME, START, **{UNTIL: last}))
    return parts


def _moment_of(count: int, done: list[ir.IntegerValue]) -> ir.IntegerValue:
    """Return the first of some moments by which a number of them have come."""
    reached = []
    for moment in done:
        by_then = [one_if((other <= moment).fill_null(_NO)) for other in done]
        reached.append(ibis.cases((reduce(add, by_then) >= count, moment)).fill_null(_NEVER))
    return ibis.least(*reached).nullif(_NEVER)


def _numbered(plan: Plan) -> list[tuple[int, Step]]:
    return list(enumerate(plan.rule.required, start=1))
