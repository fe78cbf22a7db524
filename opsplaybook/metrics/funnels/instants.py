"""Chains whose steps one row may fit two of: a step that is repeated, or overlapping filters.

One row serves one step, and rows at one instant may serve in any order. So rows are counted per
instant, and a chain may pass through several steps at an instant if there are enough rows for
them (Hall's condition: for each set of filters, as many rows fit one of them as steps need them).
Ten thousand rows at one instant are one row here; nothing is permuted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import ibis
import ibis.expr.types as ir

from opsplaybook.errors import ParamsError
from opsplaybook.metrics.funnels.chains import (
    START,
    UNTIL,
    may_go_on,
    only_first_entry,
)
from opsplaybook.metrics.funnels.clock import one_if
from opsplaybook.metrics.funnels.rows import (
    TIME,
    Plan,
    exclusion_rows,
    fits,
    gap_name,
    guarded_gaps,
    source_rows,
)
from opsplaybook.metrics.funnels.rule import Step
from opsplaybook.sources import Tables

MOST_OVERLAPPING = 6

_BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Filters:
    """The different filters of the required steps, and which of them one row may fit together.

    Attributes
    ----------
    steps : tuple of Step
        One step for each filter.
    of_step : tuple of int
        Filter of each required step.
    groups : tuple of tuple of int
        Filters that are linked by rows which may fit both.
    """

    steps: tuple[Step, ...]
    of_step: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]

    @property
    def sets(self) -> list[tuple[int, ...]]:
        """Sets of linked filters whose rows have to be counted."""
        return [part for group in self.groups for part in _subsets(group)]

    def needs(self, first: int, last: int) -> Iterator[tuple[tuple[int, ...], int]]:
        """List how many rows of a set of filters the steps from `first` to `last` (from 1) need."""
        wanted = Counter(self.of_step[first - 1 : last])
        for group in self.groups:
            present = tuple(part for part in group if wanted[part])
            for part in _subsets(present):
                yield part, sum(wanted[number] for number in part)


def distinct_filters(plan: Plan) -> Filters:
    """Find the filters of a rule, and link those that one row may fit.

    Raises
    ------
    ParamsError
        If more than six different filters are linked.
    """
    steps: list[Step] = []
    numbers = []
    for step in plan.rule.required:
        same = [i for i, s in enumerate(steps) if _filter_of(s) == _filter_of(step)]
        numbers.append(same[0] if same else len(steps))
        if not same:
            steps.append(step)
    groups = _linked(len(steps), [(numbers[i - 1], numbers[j - 1]) for i, j in plan.rule.shared])
    largest = max(groups, key=len)
    if len(largest) > MOST_OVERLAPPING:
        raise ParamsError(
            f"{len(largest)} different steps overlap: one row may fit several of them",
            where="funnel rule",
            examples=[steps[number].name for number in largest],
            remedy="give them values of one column that do not overlap",
        )
    return Filters(tuple(steps), tuple(numbers), tuple(groups))


def instant_chains(tables: Tables, plan: Plan) -> list[ir.Table]:
    """Follow steps that one row may fit two of, in order, with other rows between.

    Returns
    -------
    list of ibis table
        As from `loose_chains`.
    """
    filters = distinct_filters(plan)
    rows = _instants(tables, plan, filters)
    enters = plan.may_enter(rows[TIME]) & (rows[_count((filters.of_step[0],))] > 0)
    rows = rows.mutate(**{START: ibis.cases((enters, rows[TIME]))})
    if plan.rule.anchor == "first":
        rows = only_first_entry(rows, plan, keep=ibis.literal(value=True))
    rows = _number_guards(rows, plan)
    for step in range(1, plan.length + 1):
        rows = _complete(rows, plan, filters, step)
    return completed_steps(rows, plan, {gap: f"blocked_{gap}" for gap in guarded_gaps(plan.rule)})


def completed_steps(rows: ir.Table, plan: Plan, broken: Mapping[int, str]) -> list[ir.Table]:
    """Turn the columns of entries, one per step, into the rows that complete each step.

    Parameters
    ----------
    rows : ibis table
        With ``start_1`` to ``start_n``.
    plan : Plan
    broken : mapping of int to str
        For steps from which a chain may be broken, the column with the moment.
    """
    parts = []
    for step in range(1, plan.length + 1):
        own = rows.filter(rows[_start(step)].notnull())
        own = own.mutate(**{START: own[_start(step)]})
        last = may_go_on(own, plan, step, broken=own[broken[step]] if step in broken else None)
        parts.append(own.select(*plan.paths, TIME, START, **{UNTIL: last}))
    return parts


def _instants(tables: Tables, plan: Plan, filters: Filters) -> ir.Table:
    """Count, per path and instant, the rows that fit each set of linked filters."""
    parts = []
    for table, at in dict.fromkeys((step.table, step.at) for step in filters.steps):
        steps = {
            number: step
            for number, step in enumerate(filters.steps)
            if (step.table, step.at) == (table, at)
        }
        rows = source_rows(tables, plan, table, at, list(steps.values()))
        own = {number: fits(rows, step) for number, step in steps.items()}
        flags = {_count(part): _any_of(own, part) for part in filters.sets}
        none = {gap_name(gap): one_if(ibis.literal(value=False)) for gap in guarded_gaps(plan.rule)}
        parts.append(rows.select(*plan.paths, TIME, **flags, **none))
    if plan.rule.exclusions:
        excluded = exclusion_rows(tables, plan)
        guards = {name: one_if(excluded[name]) for name in none}
        zero = {name: one_if(ibis.literal(value=False)) for name in flags}
        parts.append(excluded.select(*plan.paths, TIME, **zero, **guards))
    rows = reduce(lambda one, other: one.union(other), parts)
    counts = {name: rows[name].sum() for name in flags}
    guarded = {name: rows[name].max() > 0 for name in none}
    return rows.group_by([*plan.paths, TIME]).agg(**counts, **guarded)


def _complete(rows: ir.Table, plan: Plan, filters: Filters, step: int) -> ir.Table:
    """Find the latest entry that completes a step at each instant."""
    later = plan.rule.ties == "later"
    found = []
    if step == 1 or not later:
        found.append(ibis.cases((_enough(rows, filters, 1, step), rows[START])))
    for done in range(max(step - 1, 1) if later else 1, step):
        entry = rows[f"{_BEFORE}_{done}"]
        possible = entry.notnull() & _enough(rows, filters, done + 1, step)
        if plan.window is not None:
            possible &= rows[TIME] - entry <= plan.window
        found.append(ibis.cases((possible, entry)))
    latest = found[0] if len(found) == 1 else latest_of(found)
    rows = rows.mutate(**{_start(step): latest})
    if step == plan.length:
        return rows
    return rows.mutate(**{f"{_BEFORE}_{step}": _completed_before(rows, plan, step)})


def _completed_before(rows: ir.Table, plan: Plan, step: int) -> ir.IntegerValue:
    """Return the latest entry that completed a step earlier, with the next one in reach."""
    within = plan.within(step + 1)
    if within == 0:
        return ibis.null("int64")
    frame = (None if within is None else -within, -1)
    earlier = ibis.window(group_by=_path_of_gap(plan, step), order_by=TIME, range=frame)
    return rows[_start(step)].max().over(earlier)


def _number_guards(rows: ir.Table, plan: Plan) -> ir.Table:
    """Count off the stretches between exclusions, and find the next exclusion, for each gap."""
    gaps = guarded_gaps(plan.rule)
    if not gaps:
        return rows
    so_far = ibis.window(group_by=plan.paths, order_by=TIME, rows=(None, 0))
    ahead = ibis.window(group_by=plan.paths, order_by=TIME, rows=(1, None))
    flags = {gap: rows[gap_name(gap)] for gap in gaps}
    stretches = {f"stretch_{gap}": one_if(flag).sum().over(so_far) for gap, flag in flags.items()}
    blocks = {
        f"blocked_{gap}": ibis.cases((flag, rows[TIME])).min().over(ahead)
        for gap, flag in flags.items()
    }
    return rows.mutate(**stretches, **blocks)


def _path_of_gap(plan: Plan, gap: int) -> list[str]:
    """Return the columns that a chain keeps to across a gap: its path, and one free stretch."""
    return [*plan.paths, *([f"stretch_{gap}"] if gap in guarded_gaps(plan.rule) else [])]


def latest_of(moments: list[ir.IntegerValue]) -> ir.IntegerValue:
    """Return the latest moment that is not missing."""
    never = -(2**62)
    return ibis.greatest(*(moment.fill_null(never) for moment in moments)).nullif(never)


def _enough(rows: ir.Table, filters: Filters, first: int, last: int) -> ir.BooleanValue:
    """Tell where there are different rows for all steps from `first` to `last`."""
    return ibis.and_(*(rows[_count(part)] >= needed for part, needed in filters.needs(first, last)))


def _any_of(own: dict[int, ir.BooleanValue], part: tuple[int, ...]) -> ir.IntegerValue:
    known = [own[number] for number in part if number in own]
    return one_if(ibis.or_(*known) if known else ibis.literal(value=False))


def _count(part: tuple[int, ...]) -> str:
    return "rows_" + "_".join(map(str, part))


def _start(step: int) -> str:
    return f"{START}_{step}"


def _filter_of(step: Step) -> tuple[object, ...]:
    where = tuple(sorted((column, frozenset(values)) for column, values in step.where.items()))
    return (step.table, step.at, where)


def _subsets(numbers: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for size in range(1, len(numbers) + 1):
        yield from combinations(numbers, size)


def _linked(count: int, pairs: list[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Split numbers into groups that pairs hold together."""
    groups = [{number} for number in range(count)]
    for one, other in pairs:
        first, second = (next(g for g in groups if number in g) for number in (one, other))
        if first is not second:
            first |= second
            groups.remove(second)
    return [tuple(sorted(group)) for group in groups]
