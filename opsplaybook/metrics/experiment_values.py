"""What the units of an experiment did: one row per unit, added up in the engine.

Each measure gives up to four columns, numbered like the measures: ``y0`` (after the assignment),
``d0`` (the denominator of a ratio), ``x0`` and ``e0`` (the same two over the span before it). A
unit without a row counts as 0; an outcome that was not measured is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import ibis
import pandas as pd
from ibis.expr import types as ir

from opsplaybook.errors import ContractError
from opsplaybook.metrics.experiment_measures import EVERY_ACTION, Measure, Part
from opsplaybook.sources import Tables
from opsplaybook.sources.known import end_of_day

Average = Literal["account", "user"]


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when values are added up.

    Attributes
    ----------
    last : date
        Last day, included.
    before_days : int
        Days before the assignment of each unit that tell its past; 0 for none.
    outcome_days : int
        Days after the assignment that count; 0: all up to `last`.
    """

    last: date
    before_days: int
    outcome_days: int = 0


@dataclass(frozen=True, slots=True)
class Values:
    """Values of units in the engine.

    Attributes
    ----------
    table : ibis table
        ``unit_id``, ``account_id``, ``arm``, ``since`` and the columns of each measure.
    measures : tuple of Measure
        Outcomes with the kind that the data have.
    with_past : tuple of bool
        Whether the span before is known, by measure.
    outcomes : DataFrame
        What is odd about outcomes, as from `outcome_facts`; empty where there are none.
    """

    table: ir.Table
    measures: tuple[Measure, ...]
    with_past: tuple[bool, ...]
    outcomes: pd.DataFrame

    def columns(self, place: int) -> tuple[str, ...]:
        """Name the columns of a measure, in the order of joint moments."""
        ratio = self.measures[place].kind == "ratio"
        own = [f"y{place}", f"d{place}"] if ratio else [f"y{place}"]
        past = [f"x{place}", f"e{place}"] if ratio else [f"x{place}"]
        return (*own, *past) if self.with_past[place] else tuple(own)


def unit_values(
    tables: Tables,
    units: ir.Table,
    measures: Sequence[Measure],
    span: Span,
    *,
    by: Literal["account_id", "user_id"],
    members: bool = False,
) -> ir.Table:
    """Add up what each unit did after its assignment, and before it.

    Parameters
    ----------
    tables : Tables
        With the tables that the measures need.
    units : ibis table
        ``unit_id``, ``account_id``, ``arm`` and ``since``, one row per unit.
    measures : sequence of Measure
        Not of the table of outcomes.
    span : Span
    by : str
        Column of activity that holds the unit.
    members : bool, optional
        One row per user of each unit, for measures of activity; a user is whoever was active in
        either span.

    Returns
    -------
    ibis table
        ``unit_id``, ``account_id``, ``arm``, ``since``, with `members` ``user_id``, and the
        columns of each measure.

    Raises
    ------
    ContractError
        If a table is missing, or holds no unit of this kind.
    """
    found = units
    for name in dict.fromkeys(measure.table for measure in measures):
        numbered = [(k, m) for k, m in enumerate(measures) if m.table == name]
        rows = _rows(tables, name, by, numbered, members=members)
        sums = _sums(rows, units, numbered, span, tables.timezone, dated=name != "activity")
        how = "inner" if members else "left"
        found = found.join(sums, "unit_id", how=how, rname="{name}_right")
        found = found.drop("unit_id_right") if "unit_id_right" in found.columns else found
    filled = {
        name: found[name].fill_null(0.0)
        for k, measure in enumerate(measures)
        for name in _names(k, measure)
    }
    return found.mutate(**filled)


def matured(units: ir.Table, span: Span, timezone: str) -> ir.Table:
    """Keep the units whose days after the assignment are over by the last day."""
    if not span.outcome_days:
        return units
    end = _instant_after(span.last, timezone)
    return units.filter(units["since"] + ibis.interval(days=span.outcome_days) <= end)


def weekly_values(
    tables: Tables,
    units: ir.Table,
    measure: Measure,
    span: Span,
    *,
    by: Literal["account_id", "user_id"],
    weeks: int,
) -> ir.Table:
    """Add up what each unit did in each whole week since its assignment.

    Parameters
    ----------
    tables, units, span, by
        As in `unit_values`.
    measure : Measure
        Of activity, invoices or opportunities; no ratio.
    weeks : int
        Weeks after the assignment.

    Returns
    -------
    ibis table
        ``unit_id``, ``account_id``, ``arm`` and ``w0``, ``w1``, ...; missing where the week was
        not over on the last day.
    """
    rows = _rows(tables, measure.table, by, [(0, measure)], members=False)
    joined = rows.inner_join(units.select("unit_id", "since"), "unit_id")
    since = joined["since"].date() if measure.table != "activity" else joined["since"]
    sums = {}
    for week in range(weeks):
        begin = since + ibis.interval(days=7 * week)
        end = since + ibis.interval(days=7 * (week + 1))
        inside = (joined["moment"] >= begin) & (joined["moment"] < end)
        sums[f"w{week}"] = _added(joined["n0"], measure, inside)
    found = units.left_join(joined.group_by("unit_id").agg(**sums), "unit_id").drop("unit_id_right")
    last = _instant_after(span.last, tables.timezone)
    over = {
        f"w{week}": ibis.ifelse(
            found["since"] + ibis.interval(days=7 * (week + 1)) <= last,
            found[f"w{week}"].fill_null(0.0),
            None,
        )
        for week in range(weeks)
    }
    return found.mutate(**over)


def values_by_look(
    tables: Tables,
    units: ir.Table,
    measure: Measure,
    span: Span,
    ends: Sequence[date],
    *,
    by: Literal["account_id", "user_id"],
) -> Values:
    """Add up what each unit had done by the end of each of several days, in one query.

    Parameters
    ----------
    tables, units, measure, span, by
        As in `unit_values`.
    ends : sequence of date
        Last days, included.

    Returns
    -------
    Values
        The same measure once per day; missing for units that were assigned later.
    """
    rows = _rows(tables, measure.table, by, [(0, measure)], members=False)
    joined = rows.inner_join(units.select("unit_id", "since"), "unit_id")
    dated = measure.table != "activity"
    sums = {}
    for place, end in enumerate(ends):
        after, before = _windows(joined, replace(span, last=end), tables.timezone, dated=dated)
        sums |= _added_up(joined, measure, after, "yd", place)
        # The past is the same whenever one looks.
        sums |= _added_up(joined, measure, before, "xe", place) if place == 0 else {}
    found = units.left_join(joined.group_by("unit_id").agg(**sums), "unit_id").drop("unit_id_right")
    known = {}
    for place, end in enumerate(ends):
        assigned = found["since"] < _instant_after(end, tables.timezone)
        for name in _names(place, measure):
            own = found[name if name[0] in "yd" else f"{name[0]}0"].fill_null(0.0)
            known[name] = ibis.ifelse(assigned, own, None)
    return kept_values(tables, found.mutate(**known), [measure] * len(ends))


def kept_values(tables: Tables, expression: ir.Table, measures: Sequence[Measure]) -> Values:
    """Compute values once; those of activity, invoices and opportunities know their past."""
    table = tables.keep("experiment_values", expression)
    known = tuple(True for _ in measures)
    return Values(table, tuple(measures), known, pd.DataFrame())


def _rows(
    tables: Tables,
    name: str,
    by: Literal["account_id", "user_id"],
    numbered: Sequence[tuple[int, Measure]],
    *,
    members: bool,
) -> ir.Table:
    """Write the rows of a table as unit, moment and numbers: n0, m0 (denominator), ..."""
    rows = tables.expression(name)
    moment = {"activity": "at", "invoices": "issued_on", "opportunities": "opened_on"}[name]
    if rows is None or by not in rows.columns:
        kind = "account" if by == "account_id" else "user"
        raise ContractError(
            f"{name} does not say which {kind} a row belongs to"
            if rows is not None
            else f"the source has no {name}",
            where=", ".join(measure.text for _, measure in numbered),
            remedy="map the table and the column, or judge the experiment by another metric",
        )
    if name == "opportunities" and "kind" in rows.columns:
        rows = rows.filter((rows["kind"] != "renewal").fill_null(True))  # noqa: FBT003
    columns = {"unit_id": rows[by], "moment": rows[moment]}
    if members:
        columns["user_id"] = rows["user_id"]
    for k, measure in numbered:
        columns[f"n{k}"] = _number(rows, measure.numerator)
        if measure.denominator is not None:
            columns[f"m{k}"] = _number(rows, measure.denominator)
    return rows.select(**columns).drop_null(["unit_id", "moment"])


def _number(rows: ir.Table, part: Part) -> ir.Value:
    """Write what one row adds to a sum."""
    one, none = ibis.literal(1.0), ibis.literal(0.0)
    if part.table == "invoices":
        return rows["amount"].fill_null(0.0)
    if part.table == "opportunities":
        won = (rows["outcome"] == "won").fill_null(False)  # noqa: FBT003
        if part.function == "won_amount":
            return ibis.ifelse(won, ibis.coalesce(rows["closed_amount"], none), none)
        return one if part.function == "deals_opened" else ibis.ifelse(won, one, none)
    value = one
    if part.function in ("quantity", "amount") and part.function in rows.columns:
        value = rows[part.function].fill_null(1.0 if part.function == "quantity" else 0.0)
    if part.argument == EVERY_ACTION:
        return value
    return ibis.ifelse(rows["action"] == part.argument, value, none)


def _sums(
    rows: ir.Table,
    units: ir.Table,
    numbered: Sequence[tuple[int, Measure]],
    span: Span,
    timezone: str,
    *,
    dated: bool,
) -> ir.Table:
    """Add up per unit (and user), after the assignment and before it."""
    joined = rows.inner_join(units.select("unit_id", "since"), "unit_id")
    after, before = _windows(joined, span, timezone, dated=dated)
    sums = {}
    for k, measure in numbered:
        sums |= _added_up(joined, measure, after, "yd", k) | _added_up(
            joined, measure, before, "xe", k
        )
    keys = ["unit_id", *(["user_id"] if "user_id" in joined.columns else [])]
    return joined.filter(after | before).group_by(keys).agg(**sums)


def _windows(
    joined: ir.Table, span: Span, timezone: str, *, dated: bool
) -> tuple[ir.BooleanValue, ir.BooleanValue]:
    """Tell which rows lie after the assignment, and which in the span before it."""
    moment = joined["moment"]
    since = joined["since"].date() if dated else joined["since"]
    end = ibis.date(span.last) if dated else None
    inside = moment <= end if dated else moment < _instant_after(span.last, timezone)
    after = (moment >= since) & inside
    if span.outcome_days:
        after &= moment < since + ibis.interval(days=span.outcome_days)
    return after, (moment < since) & (moment >= since - ibis.interval(days=span.before_days))


def _added_up(
    joined: ir.Table, measure: Measure, where: ir.BooleanValue, names: str, place: int
) -> dict[str, ir.Value]:
    """Add up the value of a measure, and the denominator of a ratio."""
    column = place if f"n{place}" in joined.columns else 0
    sums = {f"{names[0]}{place}": _added(joined[f"n{column}"], measure, where)}
    if measure.denominator is not None:
        sums[f"{names[1]}{place}"] = _added(joined[f"m{column}"], measure, where)
    return sums


def _instant_after(last: date, timezone: str) -> ir.Value:
    return ibis.timestamp(end_of_day(last, timezone).isoformat())


def _added(column: ir.Value, measure: Measure, where: ir.Value) -> ir.Value:
    if measure.kind == "conversion":
        return (column.max(where=where).fill_null(0.0) > 0).cast("float64")
    return column.sum(where=where).cast("float64")


def _names(place: int, measure: Measure) -> tuple[str, ...]:
    pair = (f"y{place}", f"x{place}")
    return pair if measure.denominator is None else (*pair, f"d{place}", f"e{place}")
