"""From the tables of a source to the rows that a funnel is followed along."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import ibis
import ibis.expr.types as ir

from opsplaybook.contracts import TABLES
from opsplaybook.errors import ParamsError, quote
from opsplaybook.metrics.funnels.clock import Clock, microseconds
from opsplaybook.metrics.funnels.rule import Exclusion, FunnelRule, Step
from opsplaybook.sources import Tables

UNIT, MEMBER, HELD, TIME, STEP = "unit", "member", "held", "moment", "step"
"""Columns of every stream: whose row it is, when, and the required step (from 1) that it fits."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A rule on the scale of its clock.

    Attributes
    ----------
    rule : FunnelRule
    clock : Clock
    end : int
        First moment that is not known any more.
    enters_from, enters_until : int or None
        Period of entry: from, and before.
    """

    rule: FunnelRule
    clock: Clock
    end: int
    enters_from: int | None
    enters_until: int | None

    @property
    def paths(self) -> list[str]:
        """Columns that a chain keeps to."""
        return [UNIT, *([MEMBER] if self.rule.quorum else []), *([HELD] if self.rule.hold else [])]

    @property
    def length(self) -> int:
        """Number of required steps."""
        return len(self.rule.required)

    @property
    def window(self) -> int | None:
        """Longest time from entry to the last step."""
        return None if self.rule.window is None else microseconds(self.rule.window)

    def within(self, step: int) -> int | None:
        """Return the longest time from the step before to a required step (from 1)."""
        limit = self.rule.required[step - 1].within
        return None if limit is None else microseconds(limit)

    @property
    def has_limits_between(self) -> bool:
        """Whether the first row of each step may not be the one that keeps the rule."""
        steps = range(2, self.length + 1)
        return bool(guarded_gaps(self.rule)) or any(self.within(s) is not None for s in steps)

    def may_enter(self, moment: ir.Value) -> ir.BooleanValue:
        """Tell which rows lie in the period of entry; rows before it are not in a stream."""
        if self.enters_until is None:
            return ibis.literal(value=True)
        return moment < self.enters_until


def make_plan(tables: Tables, rule: FunnelRule) -> Plan:
    """Check a rule against the tables, and put it on a clock.

    Raises
    ------
    ParamsError
        If a table or column is not there.
    """
    kinds = [_columns_checked(tables, rule, part) for part in (*rule.steps, *rule.exclusions)]
    in_days = any(kind.is_date() for kind in kinds)
    clock = Clock(tables.timezone, in_days, tables.source.stock.engine.backend.name)
    return Plan(
        rule,
        clock,
        end=clock.end_of(tables.as_of),
        enters_from=clock.start_of(rule.first_day) if rule.first_day else None,
        enters_until=clock.end_of(rule.last_day) if rule.last_day else None,
    )


def step_rows(tables: Tables, plan: Plan, steps: Sequence[Step]) -> ir.Table:
    """Return the rows that fit a step, each with its place among them (from 1).

    No row may fit two of the steps.
    """
    parts = []
    for (table, at), own in _by_column(steps).items():
        kept = source_rows(tables, plan, table, at, own)
        placed = [(fits(kept, step), steps.index(step) + 1) for step in own]
        step = ibis.cases(*placed).cast("int64")
        parts.append(kept.select(*plan.paths, TIME, **{STEP: step}))
    return _together(parts)


def exclusion_rows(tables: Tables, plan: Plan) -> ir.Table:
    """Return the rows of exclusions, with a flag for each gap that they guard."""
    parts = []
    for exclusion in plan.rule.exclusions:
        rows = source_rows(tables, plan, exclusion.table, exclusion.at, [exclusion])
        gaps = plan.rule.gaps_of(exclusion)
        flags = {gap_name(gap): ibis.literal(value=gap in gaps) for gap in guarded_gaps(plan.rule)}
        parts.append(rows.select(*plan.paths, TIME, **flags))
    return _together(parts)


def guarded_gaps(rule: FunnelRule) -> list[int]:
    """List the gaps between required steps that an exclusion guards."""
    return sorted({gap for exclusion in rule.exclusions for gap in rule.gaps_of(exclusion)})


def gap_name(gap: int) -> str:
    """Name the flag of rows that must not lie in a gap."""
    return f"guards_{gap}"


def source_rows(
    tables: Tables, plan: Plan, table: str, at: str, parts: Sequence[Step | Exclusion] = ()
) -> ir.Table:
    """Return the rows of a table that have unit and time, with those as columns of a stream.

    Rows that cannot belong to a chain, since they lie before the period of entry, so long after
    it that every window is closed, or after the last known day, are left out; and so are those
    that fit none of the parts, if there are any.
    """
    rows = tables.expression(table)
    if parts:
        # Before anything is computed: engines then read those rows alone, once for each step.
        rows = rows.filter(ibis.or_(*(fits(rows, part) for part in parts)))
    keys = {UNIT: rows[plan.rule.unit].cast("string")}
    if plan.rule.quorum:
        keys[MEMBER] = rows["user_id"]
    if plan.rule.hold:
        keys[HELD] = rows[plan.rule.hold].cast("string")
    rows = rows.mutate(**keys, **{TIME: plan.clock.read(rows[at])})
    known = [rows[name].notnull() for name in (*keys, TIME)] + [rows[TIME] < plan.end]
    if plan.enters_from is not None:
        known.append(rows[TIME] >= plan.enters_from)
    if plan.enters_until is not None and plan.rule.horizon is not None:
        last = plan.enters_until + microseconds(plan.rule.horizon)
        known.append(rows[TIME] < last)
    return rows.filter(known)


def fits(rows: ir.Table, part: Step | Exclusion) -> ir.BooleanValue:
    """Tell which rows fit a filter; for a missing value the answer is missing as well."""
    conditions = [_is_one_of(rows[column], values) for column, values in part.where.items()]
    return ibis.and_(*conditions) if conditions else ibis.literal(value=True)


def _is_one_of(column: ir.Value, values: Sequence[str]) -> ir.BooleanValue:
    text = column if column.type().is_string() else column.cast("string")
    # Engines push an equality into the scan of the table, and hardly anything else.
    return text == values[0] if len(values) == 1 else text.isin(values)


def _by_column(steps: Iterable[Step]) -> dict[tuple[str, str], list[Step]]:
    found: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        found.setdefault((step.table, step.at), []).append(step)
    return found


def _together(parts: Sequence[ir.Table]) -> ir.Table:
    return reduce(lambda one, other: one.union(other), parts)


def _columns_checked(tables: Tables, rule: FunnelRule, part: Step | Exclusion) -> ibis.DataType:
    """Return the type of the time column of a step, once all of its columns are found."""
    where = f"funnel step {quote(part.name)}"
    if part.table not in TABLES or part.table not in tables.source.names:
        raise ParamsError(
            f"there is no table {quote(part.table)}",
            where=where,
            remedy=f"there are {', '.join(tables.source.names)}",
        )
    rows = tables.expression(part.table)
    members = ["user_id"] if rule.quorum else []
    wanted = [part.at, rule.unit, *members, *filter(None, [rule.hold]), *part.where]
    missing = [name for name in wanted if name not in rows.columns]
    if missing:
        near = difflib.get_close_matches(missing[0], rows.columns, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ParamsError(
            f"table {part.table} has no column {quote(missing[0])}",
            where=where,
            remedy=f"{hint}There are {', '.join(rows.columns)}",
        )
    kind = rows[part.at].type()
    if not (kind.is_date() or kind.is_timestamp()):
        raise ParamsError(
            f"column {part.table}.{part.at} holds no times", where=where, remedy="name another"
        )
    return kind
