"""A table as it was known on a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import ibis
from ibis.expr import types as ir

from opsplaybook.contracts import Contract, Kind, Reveal, kinds
from opsplaybook.sources.casting import INSTANT

_NO = ibis.literal(value=False)


@ibis.udf.scalar.builtin(name="getvariable", signature=(("string",), "date"))
def _day_variable(variable: Any) -> Any:
    """DuckDB: the value of a variable that holds a day."""


@ibis.udf.scalar.builtin(name="getvariable", signature=(("string",), INSTANT))
def _instant_variable(variable: Any) -> Any:
    """DuckDB: the value of a variable that holds an instant."""


@dataclass(frozen=True, slots=True)
class LastDay:
    """The last known day, as columns are compared with it.

    Attributes
    ----------
    day : ibis scalar
        The day, for columns of dates.
    end : ibis scalar
        The first instant after it, for columns of timestamps.
    """

    day: ir.DateScalar
    end: ir.TimestampScalar


DAY_VARIABLE = "last_day"
END_VARIABLE = "end_of_last_day"


def last_day(as_of: date, timezone: str) -> LastDay:
    """Give a day of a zone as constants."""
    return LastDay(ibis.date(as_of), ibis.timestamp(end_of_day(as_of, timezone).isoformat()))


def last_day_variables() -> LastDay:
    """Give a day that is set as variables of DuckDB when the query runs."""
    return LastDay(_day_variable(DAY_VARIABLE), _instant_variable(END_VARIABLE))


def end_of_day(day: date, timezone: str) -> datetime:
    """Return the first instant after a day, in UTC.

    Examples
    --------
    >>> end_of_day(date(2024, 7, 1), "Europe/Berlin").isoformat()
    '2024-07-01T22:00:00+00:00'
    """
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(timezone))
    return midnight.astimezone(UTC)


def as_known(table: ir.Table, contract: type[Contract], last: LastDay) -> ir.Table:
    """Take away what was not yet known at the end of a day.

    Rows that became known later are left out; columns that became known later hold what they
    held before.

    Parameters
    ----------
    table : ibis table
        Valid rows with the filled columns of the contract.
    contract : type of Contract
    last : LastDay

    Returns
    -------
    ibis table
        The same columns.
    """
    day = _Comparison(last, kinds(contract))
    facts = contract.facts()
    dated = [name for name in facts.dated_by if name in table.columns]
    if dated:
        happened = ibis.or_(*(day.reached(table, name) for name in dated))
        undated = ibis.and_(*(table[name].isnull() for name in dated))
        table = table.filter(happened | undated)
    changed = {
        name: column
        for reveal in facts.reveals
        for name, column in _hidden(table, reveal, day).items()
    }
    return table.mutate(**changed) if changed else table


@dataclass(frozen=True, slots=True)
class _Comparison:
    last: LastDay
    kinds: Mapping[str, Kind]

    def reached(self, table: ir.Table, name: str) -> ir.BooleanColumn:
        """Tell where a time was reached by then; missing times were not."""
        return self._compare(table[name], self.kinds[name]).fill_null(_NO)

    def ahead(self, times: ir.Column, name: str) -> ir.BooleanColumn:
        """Tell where a time lay ahead; missing times did not."""
        return (~self._compare(times, self.kinds[name])).fill_null(_NO)

    def _compare(self, times: ir.Column, kind: Kind) -> ir.BooleanColumn:
        return times <= self.last.day if kind is Kind.DATE else times < self.last.end


def _hidden(table: ir.Table, reveal: Reveal, day: _Comparison) -> dict[str, ir.Column]:
    """Give the columns of a reveal as they were before it."""
    on = [name for name in reveal.on if name in table.columns]
    if not on:
        return {}
    when = ibis.coalesce(*(table[name] for name in on)) if len(on) > 1 else table[on[0]]
    hidden = day.ahead(when, on[0])
    before = dict(reveal.before)
    names = [reveal.on[0], *reveal.columns, *before]
    return {
        name: hidden.ifelse(
            ibis.literal(before[name]) if name in before else ibis.null(table[name].type()),
            table[name],
        )
        for name in names
        if name in table.columns
    }
