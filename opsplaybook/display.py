"""What a cell shows: `Table` and `Chart`.

Both hold finished text, so that this module needs to know nothing. Both leave the kernel in three
forms: plain text that is stable from run to run (nbval compares it), a picture or HTML for the
person at the notebook, and a JSON form from which the report and the CSV files are made.
Text from data is escaped here; markup never passes through.
"""

import base64
import gzip
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any, Literal

Align = Literal["left", "right"]
Audience = Literal["internal", "customer"]
"""Who may see it. Everything is internal unless it says that a customer may see it."""

TABLE_MIME = "application/vnd.opsplaybook.table+json"
CHART_MIME = "application/vnd.opsplaybook.chart+json"
FINDINGS_MIME = "application/vnd.opsplaybook.findings+json"

MimeBundle = tuple[dict[str, Any], dict[str, Any]]

PACKED_FROM = 500_000
"""Characters from which a CSV leaves the kernel packed: it goes to the browser, and a notebook is
written anew after every cell. Below, it can be read in the notebook and compared line by line."""

_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_PACKED = "data:text/csv;gzip;base64,"


@dataclass(frozen=True, slots=True)
class Heading:
    """Header of one column.

    Attributes
    ----------
    label : str
        What stands above the column, unit included.
    align : {"left", "right"}
        Numbers stand to the right.
    description : str
        Meaning, shown in the appendix of the report.
    """

    label: str
    align: Align = "left"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is read, with all its rows as CSV beside it.

    Attributes
    ----------
    key : str
        Stable name: anchor in the report, stem of the CSV file. Lower-case words joined by hyphens.
    caption : str
        What is shown, with period and n.
    headings : tuple of Heading
        One per column.
    rows : tuple of tuple of str
        The shown rows, formatted, shape (n_shown, n_columns).
    total_rows : int
        Rows of the full table, at least ``len(rows)``.
    csv : str
        The full table, unformatted, with a header line. A long one leaves the kernel packed; see
        `unpacked`.
    note : str
        How to read it, source, exclusions.
    audience : {"internal", "customer"}
        Who may see it.
    """

    key: str
    caption: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[str, ...], ...]
    total_rows: int
    csv: str = field(repr=False)
    note: str = ""
    audience: Audience = "internal"

    def __str__(self) -> str:
        labels = [heading.label for heading in self.headings]
        widths = [
            max(len(text) for text in texts) for texts in zip(labels, *self.rows, strict=True)
        ]
        lines = [self.caption, *(self._line(row, widths) for row in [labels, *self.rows])]
        lines += [text for text in (self.more, self.note) if text]
        return "\n".join(lines)

    @property
    def more(self) -> str:
        """What is said about the rows that are not shown; empty when all are."""
        hidden = self.total_rows - len(self.rows)
        return f"and {hidden:,} more, in {self.key}.csv" if hidden > 0 else ""

    def to_json(self) -> dict[str, Any]:
        """Return the form that reports and run folders are made from."""
        return asdict(self) | {"more": self.more, "csv": packed(self.csv)}

    def _line(self, texts: Sequence[str], widths: Sequence[int]) -> str:
        cells = [
            text.rjust(width) if heading.align == "right" else text.ljust(width)
            for text, width, heading in zip(texts, widths, self.headings, strict=True)
        ]
        return "  ".join(cells).rstrip()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> MimeBundle:  # noqa: ARG002
        bundle = {
            "text/plain": str(self),
            "text/html": table_html(self),
            TABLE_MIME: self.to_json(),
        }
        return bundle, {}


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with its title, its text alternative and the table of what is drawn.

    Attributes
    ----------
    key : str
        Stable name: anchor in the report.
    title : str
        Neutral noun phrase: what is shown.
    subtitle : str
        Period, population, n, level of the intervals.
    alt : str
        Text alternative computed from the drawn numbers, at most 300 characters.
    image : bytes
        SVG or PNG.
    image_type : {"image/svg+xml", "image/png"}
        Which of the two.
    width, height : int
        Size on the page in CSS pixels.
    data : Table
        What is drawn, as a table.
    audience : {"internal", "customer"}
        Who may see it.
    note : str
        How to read it, source, exclusions; it stands below the picture.
    """

    key: str
    title: str
    subtitle: str
    alt: str
    image: bytes = field(repr=False)
    image_type: Literal["image/svg+xml", "image/png"]
    width: int
    height: int
    data: Table = field(repr=False)
    audience: Audience = "internal"
    note: str = ""

    def __str__(self) -> str:
        texts = [self.title, self.subtitle, self.alt]
        return "\n".join([*texts, self.note] if self.note else texts)

    def to_json(self) -> dict[str, Any]:
        """Return the form that reports are made from; the image stands beside it in the bundle."""
        names = ["key", "title", "subtitle", "alt", "image_type", "width", "height", "audience"]
        if self.note:
            names.append("note")
        return {name: getattr(self, name) for name in names} | {"data": self.data.to_json()}

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> MimeBundle:  # noqa: ARG002
        image = (
            self.image.decode()
            if self.image_type == "image/svg+xml"
            else base64.b64encode(self.image).decode()
        )
        bundle = {"text/plain": str(self), self.image_type: image, CHART_MIME: self.to_json()}
        return bundle, {self.image_type: {"alt": self.alt}}


def packed(csv: str) -> str:
    r"""Pack a long CSV for its way out of the kernel; a short one stays as it is.

    Examples
    --------
    >>> packed("unit,owner\r\n")
    'unit,owner\r\n'
    >>> long = "unit,owner\r\n" + "U-1,Nora Lindberg\r\n" * 50_000
    >>> len(long) // len(packed(long)) > 100, unpacked(packed(long)) == long
    (True, True)

    The same rows again and again need hardly any room.
    """
    if len(csv) < PACKED_FROM:
        return csv
    return _PACKED + base64.b64encode(gzip.compress(csv.encode(), 6, mtime=0)).decode()


def unpacked(csv: str) -> str:
    """Return the CSV of the JSON form of a table as text."""
    if not csv.startswith(_PACKED):
        return csv
    return gzip.decompress(base64.b64decode(csv.removeprefix(_PACKED))).decode()


def table_html(table: Table) -> str:
    r"""Write a table as HTML for the notebook, everything escaped.

    The classes keep the notebook from reading dollar signs as formulas.

    Examples
    --------
    >>> table = Table("t", "One <b>", (Heading("x"),), (("1",),), 1, "x\n1\n")
    >>> "&lt;b&gt;" in table_html(table)
    True
    """
    head = "".join(
        f'<th scope="col" style="text-align:{h.align}">{escape(h.label)}</th>'
        for h in table.headings
    )
    body = "".join(f"<tr>{_cells(row, table.headings)}</tr>" for row in table.rows)
    foot = "".join(f"<p>{escape(text)}</p>" for text in (table.more, table.note) if text)
    return (
        '<div class="opsplaybook tex2jax_ignore mathjax_ignore">'
        f"<table><caption>{escape(table.caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}</div>"
    )


def _whole_dates(text: str) -> str:
    """Keep dates on one line: a browser breaks them at their hyphens."""
    return _DATE.sub(r'<span style="white-space:nowrap">\g<0></span>', text)


def _cells(row: Sequence[str], headings: Sequence[Heading]) -> str:
    return "".join(
        f'<td style="text-align:{heading.align}">{_whole_dates(escape(text))}</td>'
        for text, heading in zip(row, headings, strict=True)
    )
