"""A funnel: a rule, and how far each unit came by it."""

import difflib
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
import pandas as pd

from opsplaybook.errors import ParamsError, quote
from opsplaybook.metrics.funnels.chains import entries_of, loose_chains
from opsplaybook.metrics.funnels.followed import followed_chains
from opsplaybook.metrics.funnels.instants import instant_chains
from opsplaybook.metrics.funnels.orders import any_order_chains, strict_chains
from opsplaybook.metrics.funnels.rows import TIME, UNIT, Plan, make_plan, source_rows
from opsplaybook.metrics.funnels.rule import FunnelRule, Step
from opsplaybook.metrics.funnels.units import make_units
from opsplaybook.sources import Tables

_OF_ACCOUNTS = "accounts."


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far each unit came.

    Attributes
    ----------
    rule : FunnelRule
    units : ibis table
        One row per unit that entered in the period: ``unit``, ``level`` (required steps reached),
        ``entered`` (first entry), ``at_1`` to ``at_N`` (each step of the rule in the chain that
        counts; missing where not reached), ``until`` (last moment at which the unit might have
        gone on), ``open``, ``mature`` and ``segment_1`` to ``segment_M``. Moments are
        microseconds since 1970, see `opsplaybook.metrics.funnels.clock.Clock`.
    tables : Tables
    plan : Plan
        The rule on the clock of the tables.
    """

    rule: FunnelRule
    units: ir.Table = field(repr=False)
    tables: Tables = field(repr=False)
    plan: Plan = field(repr=False)

    def fetch(self, expression: ir.Table) -> pd.DataFrame:
        """Fetch a small expression as a frame."""
        return self.tables.fetch(expression)

    def segment(self, name: str) -> str:
        """Return the column of `units` that holds a segment of the rule.

        Raises
        ------
        ParamsError
            If the rule carries no such segment.
        """
        if name not in self.rule.segments:
            carried = ", ".join(self.rule.segments) or "none"
            raise ParamsError(
                f"the funnel carries no segment {quote(name)}",
                where="funnel",
                remedy=f"name it in the rule's segments; there are {carried}",
            )
        return f"segment_{self.rule.segments.index(name) + 1}"


def read_funnel(tables: Tables, rule: FunnelRule) -> Funnel:
    """Follow all units through a funnel.

    Parameters
    ----------
    tables : Tables
        With the tables of the steps. Rows after its last known day are not read.
    rule : FunnelRule

    Returns
    -------
    Funnel
        Its units are computed once and kept, where the engine can keep them. A unit that did not
        enter in the period is not among them.

    Raises
    ------
    ParamsError
        If a table or column of the rule is not there.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> from opsplaybook.metrics.funnels import FunnelRule, Step, reach
    >>> from opsplaybook.sources import open_source
    >>> tables = open_source("sample?accounts=40").load(["accounts"], in_engine=["activity"])
    >>> steps = Step("signed up", {"action": ("signed_up",)}), Step(
    ...     "connected data", {"action": ("connected_data",)}
    ... )
    >>> funnel = read_funnel(tables, FunnelRule(steps, window=timedelta(days=28)))
    >>> reach(funnel)[["step", "entered", "reached", "open", "lost"]].to_numpy().tolist()
    [['signed up', 449, 449, 0, 0], ['connected data', 449, 228, 5, 216]]

    Five users are still in their first four weeks: nobody can say yet that they are lost.
    """
    plan = make_plan(tables, rule)
    _refuse_unknown_segments(tables, rule)
    units = make_units(tables, plan, _completed(tables, plan))
    for number, name in enumerate(rule.segments, start=1):
        units = _with_segment(tables, plan, units, name, f"segment_{number}")
    kept = tables.keep("funnel", units)
    return Funnel(rule, kept, tables, plan)


def occurrences(tables: Tables, rule: FunnelRule) -> pd.DataFrame:
    """Count the rows of each step, whether or not they count by the rule.

    Returns
    -------
    DataFrame
        ``step``, ``rows``, ``units``, ``first_on`` and ``last_on`` (local days, midnights without
        a zone), in the order of the rule; 0 and missing for a step that never occurs.
    """
    plan = make_plan(tables, rule)
    parts = []
    for step in rule.steps:
        own = source_rows(tables, plan, step.table, step.at, [step])
        parts.append(
            own.agg(
                rows=own.count(),
                units=own[UNIT].nunique(),
                first=own[TIME].min(),
                last=own[TIME].max(),
            )
        )
    frame = pd.concat([tables.fetch(part) for part in parts], ignore_index=True)
    return pd.DataFrame(
        {
            "step": [step.name for step in rule.steps],
            "rows": frame["rows"].astype("int64"),
            "units": frame["units"].astype("int64"),
            "first_on": plan.clock.days(frame["first"]),
            "last_on": plan.clock.days(frame["last"]),
        }
    )


def entry_rows(tables: Tables, plan: Plan, table: str, at: str) -> ir.Table:
    """Return the rows of a table that fit a step which a chain can begin with."""
    own = [step for step in entry_steps(plan.rule) if (step.table, step.at) == (table, at)]
    return source_rows(tables, plan, table, at, own)


def entry_steps(rule: FunnelRule) -> tuple[Step, ...]:
    """Return the steps that a chain can begin with."""
    return rule.required if rule.order == "any" else rule.required[:1]


def at_entry(tables: Tables, plan: Plan, units: ir.Table, column: str) -> ir.Table:
    """Look a column up in the row of each unit's first entry.

    Returns
    -------
    ibis table
        ``unit`` and ``value``; of several rows at that instant the smallest value.
    """
    parts = []
    for table, at in dict.fromkeys((step.table, step.at) for step in entry_steps(plan.rule)):
        rows = entry_rows(tables, plan, table, at)
        if column in rows.columns:
            parts.append(rows.select(UNIT, TIME, value=rows[column].cast("string")))
    rows = parts[0]
    for part in parts[1:]:
        rows = rows.union(part)
    entered = units.select(UNIT, "entered")
    joined = rows.inner_join(entered, [UNIT, (rows[TIME], entered["entered"])])
    return joined.group_by(UNIT).agg(value=joined["value"].min())


def _completed(tables: Tables, plan: Plan) -> list[ir.Table]:
    if plan.rule.order == "strict":
        return strict_chains(tables, plan)
    if plan.rule.order == "any":
        return any_order_chains(tables, plan)
    if plan.rule.shared:
        return instant_chains(tables, plan)
    if plan.has_limits_between:
        return loose_chains(tables, plan, entries_of(tables, plan))
    return followed_chains(tables, plan)


def _with_segment(tables: Tables, plan: Plan, units: ir.Table, segment: str, name: str) -> ir.Table:
    column = segment.removeprefix(_OF_ACCOUNTS)
    if segment == column:
        found = at_entry(tables, plan, units, column)
    elif plan.rule.unit == "account_id":
        found = _of_accounts(tables, column).rename(unit="account")
    elif not _accounts_are_named(tables, plan):
        return units.mutate(**{name: ibis.null("string")})
    else:
        found = at_entry(tables, plan, units, "account_id").rename(account="value")
        found = found.inner_join(_of_accounts(tables, column), "account").select(UNIT, "value")
    found = found.rename(**{name: "value"})
    return units.left_join(found, UNIT).select(*units.columns, name)


def _accounts_are_named(tables: Tables, plan: Plan) -> bool:
    """Tell whether rows of an entry say which account they belong to."""
    there = [tables.expression(step.table) for step in entry_steps(plan.rule)]
    return any(rows is not None and "account_id" in rows.columns for rows in there)


def _of_accounts(tables: Tables, column: str) -> ir.Table:
    accounts = tables.expression("accounts")
    return accounts.select(account=accounts["account_id"], value=accounts[column].cast("string"))


def _refuse_unknown_segments(tables: Tables, rule: FunnelRule) -> None:
    for segment in rule.segments:
        own = segment.removeprefix(_OF_ACCOUNTS)
        names = ["accounts"] if own != segment else [step.table for step in entry_steps(rule)]
        there = [tables.expression(name) for name in names]
        columns = sorted(
            {column for table in there if table is not None for column in table.columns}
        )
        if own not in columns:
            near = difflib.get_close_matches(own, columns, n=1)
            raise ParamsError(
                f"there is no column {quote(own)} in {' or '.join(dict.fromkeys(names))}",
                where="funnel segments",
                remedy=f"did you mean {near[0]}?" if near else f"there are {', '.join(columns)}",
            )
