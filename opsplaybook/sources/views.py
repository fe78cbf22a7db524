"""The tables that a check shows."""

import csv
import io
from collections.abc import Iterable, Sequence

from opsplaybook import formats
from opsplaybook.contracts import TABLES
from opsplaybook.display import Heading, Table
from opsplaybook.errors import SourceError
from opsplaybook.sources.quality import Quality
from opsplaybook.sources.reconcile import Reconciliation

_HOLDS = {True: "holds", False: "does not hold", None: "look"}

Row = tuple[str, ...]


def overview(name: str, qualities: Iterable[Quality]) -> Table:
    """Show each table: rows, period, rows set aside."""
    headings = (
        Heading("Table"),
        Heading("Rows read", "right"),
        Heading("Rows", "right"),
        Heading("Set aside", "right"),
        Heading("Excluded", "right"),
        Heading("First day"),
        Heading("Last day"),
        Heading("From"),
    )
    rows = [
        (
            quality.table,
            formats.count(quality.rows_read),
            formats.count(quality.rows),
            formats.count(quality.broken),
            formats.count(quality.excluded),
            formats.value(quality.first_on, "date"),
            formats.value(quality.last_on, "date"),
            quality.origin,
        )
        for quality in qualities
    ]
    return _table("source-tables", f"{name}: tables", headings, rows)


def failures(found: Iterable[tuple[str, SourceError]]) -> Table:
    """Show the tables that cannot be used."""
    headings = (Heading("Table"), Heading("Problem"), Heading("To fix"))
    rows = [(table, error.what, error.remedy or "") for table, error in found]
    return _table("source-failures", "Tables that cannot be used", headings, rows)


def columns(qualities: Iterable[Quality]) -> Table:
    """Show which columns are mapped, which are missing, and what is not used."""
    headings = (
        Heading("Table"),
        Heading("Mapped", "right"),
        Heading("Missing"),
        Heading("Not used"),
    )
    rows = []
    for quality in qualities:
        known = list(TABLES[quality.table].to_schema().columns)
        missing = [name for name in known if name not in quality.columns]
        mapped = f"{len(quality.columns)} of {len(known)}"
        rows.append((quality.table, mapped, ", ".join(missing), ", ".join(quality.unused)))
    return _table("source-columns", "Columns", headings, rows)


def set_aside(qualities: Iterable[Quality]) -> Table:
    """Show the rows that were not taken, by reason, with examples, and notes."""
    headings = (Heading("Table"), Heading("Reason"), Heading("Rows", "right"), Heading("Examples"))
    rows: list[Row] = []
    for quality in qualities:
        rows += [
            (
                quality.table,
                f"excluded: {part.reason}" if part.excluded else part.reason,
                formats.count(part.count),
                "; ".join(part.examples),
            )
            for part in quality.set_aside
        ]
        rows += [(quality.table, note, "", "") for note in quality.notes]
    return _table("source-set-aside", "Rows set aside, and notes", headings, rows)


def unmatched(qualities: Iterable[Quality]) -> Table:
    """Show values that point to rows that are not there."""
    headings = (
        Heading("Column"),
        Heading("Refers to"),
        Heading("Rows", "right"),
        Heading("Values", "right"),
        Heading("Examples"),
    )
    rows = [
        (
            f"{quality.table}.{part.column}",
            part.refers_to,
            formats.count(part.rows),
            formats.count(part.values),
            "; ".join(part.examples),
        )
        for quality in qualities
        for part in quality.unmatched or ()
    ]
    return _table("source-unmatched", "Values that match nothing", headings, rows)


def reconciliations(found: Iterable[Reconciliation]) -> Table:
    """Show whether sums agree."""
    headings = (Heading("Reconciliation"), Heading("Result"), Heading("Numbers"))
    rows = [(part.name, _HOLDS[part.holds], part.detail) for part in found]
    return _table("source-reconciliations", "Reconciliations", headings, rows)


def readiness(found: Iterable[Row]) -> Table:
    """Show which playbooks can run."""
    headings = (Heading("Playbook"), Heading("Runs"), Heading("Why"))
    return _table("source-playbooks", "Playbooks on this source", headings, list(found))


def _table(key: str, caption: str, headings: tuple[Heading, ...], rows: Sequence[Row]) -> Table:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([heading.label for heading in headings])
    writer.writerows(rows)
    return Table(key, caption, headings, tuple(rows), len(rows), text.getvalue())
