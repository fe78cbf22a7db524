"""From a tidy frame and a description of its columns to a shown table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.display import Audience, Heading, Table
from opsplaybook.errors import quote
from opsplaybook.formats import Kind

SHOWN_ROWS = 12
"""Rows of a table in the notebook and the report, unless the caller says otherwise."""


_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of a frame is shown.

    Attributes
    ----------
    name : str
        Column of the frame.
    label : str
        Header, with the unit where it is not obvious.
    kind : Kind
        How its values are written.
    low, high : str
        Columns that hold the ends of an interval; written behind the value.
    n : str
        Column that holds the units behind the value; below five no number is written.
    description : str
        Meaning of the column, for the appendix.
    decimals : int or None
        Decimals of its values, where three significant digits would say too much; the CSV has
        all of them.
    """

    name: str
    label: str
    kind: Kind = "text"
    low: str = ""
    high: str = ""
    n: str = ""
    description: str = ""
    decimals: int | None = None


def table(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    key: str,
    caption: str,
    currency: str = "",
    note: str = "",
    audience: Audience = "internal",
    shown: int = SHOWN_ROWS,
) -> Table:
    """Show a frame as a table; the CSV beside it has every row and every column, unrounded.

    Where a customer may see the table, the CSV has the described columns only. In every CSV, a text
    that a spreadsheet would run as a formula gets an apostrophe in front.

    Parameters
    ----------
    frame : DataFrame
        Tidy, in the order in which its rows are to be read. Not changed. Missing values are
        written as an en dash and are empty in the CSV.
    columns : sequence of Column
        What is shown, from left to right.
    key : str
        Stable name of the table.
    caption : str
        What is shown, with period and n.
    currency : str, optional
        ISO code, for money.
    note : str, optional
        How to read it.
    audience : {"internal", "customer"}, optional
        Who may see it.
    shown : int, optional
        Rows shown; the others are in the CSV.

    Returns
    -------
    Table

    Raises
    ------
    KeyError
        If a described column is not in the frame.

    Examples
    --------
    >>> frame = pd.DataFrame({"step": ["invited"], "rate": [0.25], "low": [0.2], "high": [0.31]})
    >>> columns = [Column("step", "Step"), Column("rate", "Rate", "share", low="low", high="high")]
    >>> print(table(frame, columns, key="reach", caption="Reach, n = 340"))
    Reach, n = 340
    Step                 Rate
    invited  25% (20% to 31%)

    A quarter was reached; between 20% and 31% is compatible with the data.
    """
    missing = [name for c in columns for name in _sources(c) if name not in frame.columns]
    if missing:
        raise KeyError(f"table {quote(key)} has no column {missing}; it has {list(frame.columns)}")
    head = frame.head(shown)
    texts = [_texts(head, column, currency) for column in columns]
    return Table(
        key=key,
        caption=caption,
        headings=tuple(_heading(column) for column in columns),
        rows=tuple(zip(*texts, strict=True)),
        total_rows=len(frame),
        csv=_csv(frame if audience == "internal" else _described(frame, columns)),
        note=note,
        audience=audience,
    )


def harmless(item: object) -> object:
    """Put an apostrophe in front of a text that a spreadsheet would run as a formula.

    References
    ----------
    .. [1] OWASP, "CSV Injection": a cell that begins with one of these is read as a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Ida"), harmless(-1)
    ("'=1+1", 'Ida', -1)
    """
    return f"'{item}" if isinstance(item, str) and item.startswith(_FORMULA_STARTS) else item


def as_meant(text: str) -> str:
    """Take away the apostrophe that `harmless` put in front of a text.

    Examples
    --------
    >>> as_meant("'=1+1"), as_meant("'s-Hertogenbosch")
    ('=1+1', "'s-Hertogenbosch")
    """
    rest = text.removeprefix("'")
    return rest if rest.startswith(_FORMULA_STARTS) else text


def _sources(column: Column) -> tuple[str, ...]:
    """Return the columns of the frame that one shown column is made from."""
    return tuple(name for name in (column.name, column.low, column.high, column.n) if name)


def _described(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    return frame[list(dict.fromkeys(name for column in columns for name in _sources(column)))]


def _csv(frame: pd.DataFrame) -> str:
    """Write every row, with texts that no spreadsheet runs."""
    written = frame.rename(columns=harmless)
    for name in written.select_dtypes(["datetimetz"]).columns:
        written[name] = _moments(written[name])
    for name in written.select_dtypes(["object", "string", "category"]).columns:
        written[name] = written[name].astype(object).map(harmless)
    return written.to_csv(index=False, lineterminator="\r\n")


def _moments(times: pd.Series) -> pd.Series:
    """Write moments with their offset, as pandas does: of 200,000 in half a second, not in eight.

    All have as many decimals as the finest of them needs, down to the microsecond.
    """
    known = times.dropna().dt.as_unit("us")
    local = known.dt.tz_localize(None)
    ahead = local - known.dt.tz_convert("UTC").dt.tz_localize(None)
    offsets = {gap: _offset(gap) for gap in ahead.unique()}
    texts = np.datetime_as_string(local.to_numpy(), unit=_finest(local.to_numpy()))
    plain = pd.Series(texts, index=known.index, dtype="str").str.replace("T", " ")
    return (plain + ahead.map(offsets).astype("str")).reindex(times.index)


def _finest(moments: np.ndarray) -> Literal["s", "ms", "us"]:
    """Return the coarsest unit in which all moments are whole numbers."""
    microseconds = moments.astype("int64")
    if not (microseconds % 1_000_000).any():
        return "s"
    return "us" if (microseconds % 1_000).any() else "ms"


def _offset(ahead: pd.Timedelta) -> str:
    """Write how far a zone is ahead of UTC: ``+02:00``."""
    minutes = round(ahead.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def _heading(column: Column) -> Heading:
    align = "right" if column.kind in formats.NUMERIC_KINDS else "left"
    return Heading(column.label, align, column.description)


def _texts(frame: pd.DataFrame, column: Column, currency: str) -> list[str]:
    values = frame[column.name]
    if column.decimals is not None:
        values = values.round(column.decimals)
    texts = [formats.value(item, column.kind, currency=currency) for item in values]
    if column.low:
        ends = zip(texts, frame[column.low], frame[column.high], strict=True)
        texts = [_with_ends(*each, column.kind, currency) for each in ends]
    if column.n:
        texts = [
            text if not formats.is_missing(n) and n >= formats.MINIMUM_UNITS else formats.NOT_ENOUGH
            for text, n in zip(texts, frame[column.n], strict=True)
        ]
    return texts


def _with_ends(text: str, low: float, high: float, kind: Kind, currency: str) -> str:
    if formats.is_missing(low) or formats.is_missing(high):
        return text
    return f"{text} ({formats.ends(low, high, kind, currency=currency)})"
