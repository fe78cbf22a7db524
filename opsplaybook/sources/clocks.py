"""Local times that a change of clocks makes ambiguous or impossible."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import ibis
from ibis.expr import types as ir

from opsplaybook.sources.casting import Style
from opsplaybook.sources.engine import Engine

_STEP = timedelta(days=1)
_MONTHS = (1, 4, 7, 10)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of clocks, in local time.

    Attributes
    ----------
    start, end : datetime
        Local times from start to before end occur twice, or not at all. Without a zone.
    repeated : bool
        Twice; otherwise not at all.
    """

    start: datetime
    end: datetime
    repeated: bool


def changes(timezone: str, first: datetime, last: datetime) -> list[Change]:
    """List the changes of clocks between two instants.

    Examples
    --------
    >>> span = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 12, 31, tzinfo=UTC)
    >>> [(str(c.start), c.repeated) for c in changes("Europe/Berlin", *span)]
    [('2024-03-31 02:00:00', False), ('2024-10-27 02:00:00', True)]

    The hour from two o'clock does not occur in March and occurs twice in October.
    """
    zone = ZoneInfo(timezone)
    return [_change(zone, before, after) for before, after in _days_of_change(zone, first, last)]


def _days_of_change(
    zone: ZoneInfo, first: datetime, last: datetime
) -> Iterator[tuple[datetime, datetime]]:
    day = first - _STEP
    offset = day.astimezone(zone).utcoffset()
    while day < last + _STEP:
        following = day + _STEP
        other = following.astimezone(zone).utcoffset()
        if other != offset:
            yield day, following
        day, offset = following, other


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> Change:
    """Find the instant of change by halving, to the second."""
    old = before.astimezone(zone).utcoffset() or timedelta()
    new = after.astimezone(zone).utcoffset() or timedelta()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    instant = after.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return Change(instant + min(old, new), instant + max(old, new), repeated=new < old)


@lru_cache
def changes_clocks(timezone: str) -> bool:
    """Tell whether a zone has changed its clocks since 1990."""
    zone = ZoneInfo(timezone)
    months = (
        datetime(year, month, 1, tzinfo=UTC) for year in range(1990, 2040) for month in _MONTHS
    )
    return len({month.astimezone(zone).utcoffset() for month in months}) > 1


def local_name(column: str) -> str:
    """Name the local times of a column beside its instants."""
    return f"_local_{column}"


def notes_on_clocks(
    engine: Engine,
    table: ir.Table,
    spans: Mapping[str, tuple[datetime, datetime]],
    styles: Mapping[str, Style],
) -> tuple[str, ...]:
    """Count local times that occur twice or not at all.

    Parameters
    ----------
    engine : Engine
    table : ibis table
        With the local times of a column, without a zone, as `local_name` calls them.
    spans : mapping of str to (datetime, datetime)
        First and last local time, by column.
    styles : mapping of str to Style
        How the columns were read.

    Returns
    -------
    tuple of str
        A note per column and kind of doubt; empty where there is none.
    """
    asked = {
        f"{kind}_{column}": inside
        for column, (first, last) in spans.items()
        for kind, inside in _doubtful(table[local_name(column)], styles[column].zone, first, last)
    }
    if not asked:
        return ()
    counts = table.agg(**{name: inside.sum() for name, inside in asked.items()})
    found = engine.arrow(counts).to_pylist()[0]
    notes = []
    for column in spans:
        zone = styles[column].zone
        if twice := found.get(f"twice_{column}"):
            notes.append(f"{twice:,} values of {column} occur twice in {zone}: clocks went back")
        if never := found.get(f"never_{column}"):
            notes.append(f"{never:,} values of {column} do not occur in {zone} and were moved on")
    return tuple(notes)


def _doubtful(
    local: ir.Column, zone: str, first: datetime, last: datetime
) -> Iterator[tuple[str, ir.BooleanValue]]:
    """Give the conditions under which a local time occurs twice, or never."""
    found = changes(zone, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC))
    for kind, repeated in (("twice", True), ("never", False)):
        spans = [(local >= c.start) & (local < c.end) for c in found if c.repeated is repeated]
        if spans:
            yield kind, ibis.or_(*spans)
