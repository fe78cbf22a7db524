"""Tables as a playbook gets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import ibis
import pandas as pd

from opsplaybook import formats
from opsplaybook.display import Heading, MimeBundle, Table
from opsplaybook.errors import UsageError, quote
from opsplaybook.sources.engine import to_frame
from opsplaybook.sources.quality import Quality

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from opsplaybook.sources.source import Source

_HEADINGS = (
    Heading("Table"),
    Heading("Rows", "right", "Rows that keep the contract, of the whole source"),
    Heading("Loaded", "right", "Of these, known on the last day and asked for"),
    Heading("First day"),
    Heading("Last day"),
    Heading("Set aside", "right", "Rows that break the contract"),
    Heading("Excluded", "right", "Rows that the mapping leaves out"),
    Heading("From"),
)


@dataclass(frozen=True, slots=True)
class Tables:
    """Validated frames, as known on one day.

    Attributes
    ----------
    source : Source
        Where they come from.
    names : tuple of str
        Tables that were asked for.
    frames : mapping of str to DataFrame
        A frame for each table that was asked for, with every column of its contract; empty
        where the source lacks it.
    qualities : mapping of str to Quality
        What was found in each table that the source has.
    as_of : date
        Last known day.
    caveats : tuple of str
        What a reader of numbers from these tables has to know.
    """

    source: Source
    names: tuple[str, ...]
    frames: Mapping[str, pd.DataFrame] = field(repr=False)
    qualities: Mapping[str, Quality] = field(repr=False)
    as_of: date
    caveats: tuple[str, ...] = field(repr=False)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return the frame of a table.

        Raises
        ------
        UsageError
            If the table was not asked for.
        """
        if name not in self.frames:
            raise UsageError(
                f"table {quote(name)} was not loaded",
                remedy=f"load it; there are {', '.join(self.frames)}",
            )
        return self.frames[name]

    def has(self, table: str, column: str | None = None) -> bool:
        """Tell whether a table has rows, or a column of it any value."""
        frame = self.frames.get(table)
        if frame is None or frame.empty:
            return False
        return column is None or bool(frame[column].notna().any())

    def expression(self, name: str) -> ir.Table | None:
        """Return the rows of a table that stays in the engine, as known on `as_of`.

        None where the source lacks the table.
        """
        if name not in self.source.names:
            return None
        return self.source.expression(name, as_of=self.as_of)

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """Compute an expression over these tables once, where the engine can keep it.

        Parameters
        ----------
        name : str
            Begins the name under which it is kept; the rest is made up.
        expression : ibis table
        """
        return self.source.stock.engine.keep(ibis.util.gen_name(name), expression)

    def fetch(self, expression: ir.Table) -> pd.DataFrame:
        """Fetch an expression over these tables as a frame; all of it has to fit into memory."""
        return to_frame(self.source.stock.engine.arrow(expression))

    @property
    def currency(self) -> str:
        """ISO code of the currency of all money."""
        return self.source.currency

    @property
    def timezone(self) -> str:
        """IANA name of the zone of all times."""
        return self.source.timezone

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of the source YAML and of every file that was read, by name."""
        return self.source.digests

    def table(self) -> Table:
        """Show what was loaded: rows, period, rows set aside, caveats."""
        rows = tuple(
            _row(name, self.frames.get(name), self.qualities.get(name)) for name in self.names
        )
        return Table(
            key="tables",
            caption=f"{self.source.name}: tables as known on {formats.day(self.as_of)}",
            headings=_HEADINGS,
            rows=rows,
            total_rows=len(rows),
            csv=_csv(rows),
            note=" · ".join(self.caveats),
        )

    def __str__(self) -> str:
        return str(self.table())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> MimeBundle:  # noqa: ARG002
        return self.table()._repr_mimebundle_()


def _row(name: str, frame: pd.DataFrame | None, quality: Quality | None) -> tuple[str, ...]:
    if quality is None:
        return (name, *(formats.MISSING,) * 6, "not in the source")
    return (
        name,
        formats.count(quality.rows),
        "in the engine" if frame is None else formats.count(len(frame)),
        formats.value(quality.first_on, "date"),
        formats.value(quality.last_on, "date"),
        formats.count(quality.broken),
        formats.count(quality.excluded),
        quality.origin,
    )


def _csv(rows: tuple[tuple[str, ...], ...]) -> str:
    frame = pd.DataFrame(list(rows), columns=[heading.label for heading in _HEADINGS])
    return frame.to_csv(index=False, lineterminator="\r\n")
