"""What was found in a table: rows read, kept, set aside, and what to know about them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

_DAYS = ("first_on", "last_on", "known_until")


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows that were not taken, for one reason.

    Attributes
    ----------
    reason : str
        What is wrong, led by the column.
    count : int
        Rows. A row is counted under the first reason that applies.
    examples : tuple of str
        Up to five, with the row where the engine knows it; the header is row 1.
    excluded : bool
        Left out because the mapping says so, not because a rule is broken.
    """

    reason: str
    count: int
    examples: tuple[str, ...] = ()
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Values of a column that point to no row of another table.

    Attributes
    ----------
    column, refers_to : str
        The column, and the table that it points to.
    rows, values : int
        Rows and distinct values without a match.
    examples : tuple of str
        Up to five values, most frequent first, with a near match where there is one.
    """

    column: str
    refers_to: str
    rows: int
    values: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quality:
    """What was found in one table.

    Attributes
    ----------
    table : str
        Name of the table.
    origin : str
        File, query or database table that it came from.
    rows_read, rows : int
        Rows before and after rows were set aside.
    columns : tuple of str
        Columns of the contract that are filled.
    unused : tuple of str
        Columns of the origin that nothing is mapped from.
    set_aside : tuple of SetAside
        What was not taken, by reason.
    first_on, last_on : date or None
        First and last day on which a row became known.
    known_until : date or None
        Last day on which something is recorded as done; plans do not count.
    notes : tuple of str
        What else to know, such as times that a change of clocks makes ambiguous.
    unmatched : tuple of Unmatched or None
        Columns that point to rows that are not there; None before anybody has looked.
    """

    table: str
    origin: str
    rows_read: int
    rows: int
    columns: tuple[str, ...]
    unused: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    first_on: date | None = None
    last_on: date | None = None
    known_until: date | None = None
    notes: tuple[str, ...] = ()
    unmatched: tuple[Unmatched, ...] | None = None

    @property
    def broken(self) -> int:
        """Rows that break the contract."""
        return sum(part.count for part in self.set_aside if not part.excluded)

    @property
    def excluded(self) -> int:
        """Rows that the mapping leaves out."""
        return sum(part.count for part in self.set_aside if part.excluded)

    def caveats(self) -> tuple[str, ...]:
        """Say in sentences what a reader of numbers from this table has to know."""
        parts = [
            f"{self.table}: {part.count:,} of {self.rows_read:,} rows "
            f"{'excluded' if part.excluded else 'set aside'} ({part.reason})"
            for part in self.set_aside
        ]
        parts += [
            f"{self.table}: {part.rows:,} rows have a {part.column} that {part.refers_to} lack"
            for part in self.unmatched or ()
        ]
        return (*parts, *(f"{self.table}: {note}" for note in self.notes))


def record_of(quality: Quality) -> dict[str, Any]:
    """Write what was found as JSON knows it.

    Examples
    --------
    >>> quality = Quality("spend", "s.csv", 3, 3, ("channel",), first_on=date(2026, 1, 31))
    >>> record_of(quality)["first_on"]
    '2026-01-31'
    >>> quality_of(record_of(quality)) == quality
    True
    """
    record = asdict(quality)
    return record | {name: record[name] and record[name].isoformat() for name in _DAYS}


def quality_of(record: Mapping[str, Any]) -> Quality:
    """Read what was found from `record_of`, lists for tuples as JSON gives them."""
    unmatched = record["unmatched"]
    own = {name: record[name] and date.fromisoformat(record[name]) for name in _DAYS}
    own |= {name: tuple(record[name]) for name in ("columns", "unused", "notes")}
    own["set_aside"] = tuple(SetAside(**_examples(part)) for part in record["set_aside"])
    own["unmatched"] = unmatched if unmatched is None else unmatched_of(unmatched)
    return Quality(**{**record, **own})


def unmatched_of(records: Iterable[Mapping[str, Any]]) -> tuple[Unmatched, ...]:
    """Read values without a match from their records."""
    return tuple(Unmatched(**_examples(record)) for record in records)


def _examples(record: Mapping[str, Any]) -> dict[str, Any]:
    return {**record, "examples": tuple(record["examples"])}
