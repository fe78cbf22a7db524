"""A table as it was known on a day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import ibis
from ibis.expr import types as ir

from opsplaybook.contracts import Contract, Kind, Reveal, kinds

_NO = ibis.literal(value=False)


def as_known(table: ir.Table, contract: type[Contract], as_of: date, *, timezone: str) -> ir.Table:
    """Take away what was not yet known at the end of a day.

    Rows that became known later are left out; columns that became known later hold what they
    held before.

    Parameters
    ----------
    table : ibis table
        Valid rows with the filled columns of the contract.
    contract : type of Contract
    as_of : date
        Last known day, in the zone.
    timezone : str
        Zone of the source.

    Returns
    -------
    ibis table
        The same columns.
    """
    day = _Day(contract, as_of, timezone)
    facts = contract.facts()
    dated = [name for name in facts.dated_by if name in table.columns]
    if dated:
        happened = ibis.or_(*(day.reached(table, name) for name in dated))
        undated = ibis.and_(*(table[name].isnull() for name in dated))
        table = table.filter(happened | undated)
    for reveal in facts.reveals:
        table = _hide(table, reveal, day)
    return table


class _Day:
    """The end of a day, as the columns of a contract are compared with it."""

    def __init__(self, contract: type[Contract], as_of: date, timezone: str) -> None:
        self.kinds = kinds(contract)
        self.day = ibis.date(as_of)
        self.end = end_of_day(as_of, timezone)

    def reached(self, table: ir.Table, name: str) -> ir.BooleanColumn:
        """Tell where a time was reached by then; missing times were not."""
        return self._compare(table[name], self.kinds[name]).fill_null(_NO)

    def ahead(self, times: ir.Column, name: str) -> ir.BooleanColumn:
        """Tell where a time lay ahead; missing times did not."""
        return (~self._compare(times, self.kinds[name])).fill_null(_NO)

    def _compare(self, times: ir.Column, kind: Kind) -> ir.BooleanColumn:
        return times <= self.day if kind is Kind.DATE else times < self.end


def end_of_day(day: date, timezone: str) -> ir.TimestampScalar:
    """Return the first instant after a day."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(timezone))
    return ibis.timestamp(midnight.astimezone(UTC).isoformat())


def _hide(table: ir.Table, reveal: Reveal, day: _Day) -> ir.Table:
    on = [name for name in reveal.on if name in table.columns]
    if not on:
        return table
    hidden = day.ahead(ibis.coalesce(*(table[name] for name in on)), on[0])
    before = dict(reveal.before)
    names = {reveal.on[0], *reveal.columns, *before} & set(table.columns)
    changed = {
        name: ibis.cases(
            (
                hidden,
                ibis.literal(before[name]) if name in before else ibis.null(table[name].type()),
            ),
            else_=table[name],
        )
        for name in sorted(names)
    }
    return table.mutate(**changed)
