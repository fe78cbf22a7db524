"""Columns of cells that know whether they are text, number or time: of spreadsheets and SQLite.

A column of numbers with decimals keeps them as numbers, a column of times as times. Any other
becomes text, and its numbers and times stand beside it, so that a number is not read a second
time from a text in which the point may part thousands.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from types import NoneType

import pyarrow as pa

TYPED: dict[type, pa.DataType] = {float: pa.float64(), datetime: pa.timestamp("us")}
"""Types of cells whose text could be read in more than one way."""

_EXACT = 2**53
"""Whole numbers below it are exact as a float."""


def typed_name(column: str, kind: type) -> str:
    """Name the cells of one type beside the text of their column."""
    return f"_{kind.__name__}_{column}"


class Cells:
    """The cells of one column, taken in parts."""

    def __init__(self) -> None:
        self._texts: list[pa.Array] = []
        self._typed: dict[type, list[pa.Array]] = {kind: [] for kind in TYPED}
        self._kinds: set[type] = set()

    def add(self, cells: Sequence[object]) -> None:
        """Take further cells; None is a missing one."""
        kinds = set(map(type, cells)) - {NoneType}
        texts = cells if kinds <= {str} else [_text(cell) for cell in cells]
        self._texts.append(pa.array(texts, pa.string()))
        for kind, parts in self._typed.items():
            parts.append(_only(cells, kind) if kind in kinds else pa.nulls(len(cells)))
        self._kinds |= kinds

    def arrays(self, name: str) -> Iterator[tuple[str, pa.ChunkedArray]]:
        """Give the column, and where it is text for its numbers or times, those beside it."""
        texts = pa.chunked_array(self._texts, pa.string())
        if self._kinds in ({float}, {float, int}):
            yield name, texts.cast(pa.float64())
            return
        typed = {kind: self._column(kind) for kind in TYPED if kind in self._kinds}
        if self._kinds == {datetime}:
            yield name, typed[datetime]
            return
        yield name, texts
        for kind, column in typed.items():
            yield typed_name(name, kind), column

    def _column(self, kind: type) -> pa.ChunkedArray:
        parts = [part.cast(TYPED[kind]) for part in self._typed[kind]]
        return pa.chunked_array(parts, TYPED[kind])


def _only(cells: Sequence[object], kind: type) -> pa.Array:
    return pa.array([cell if type(cell) is kind else None for cell in cells], TYPED[kind])


def _text(cell: object) -> str | None:
    """Write a cell as text, whole numbers without a point.

    With exactly three decimals a number looks like thousands where the point parts those. A
    fourth keeps a query, which sees the text alone, from taking 1.234 for 1234.
    """
    if cell is None:
        return None
    if not isinstance(cell, float):
        return str(cell)
    if cell.is_integer() and abs(cell) < _EXACT:
        return str(int(cell))
    text = str(cell)
    return f"{text}0" if text[-4:-3] == "." else text


def table_of(columns: dict[str, Cells]) -> pa.Table:
    """Make a table of columns, by name, with what stands beside them at the end."""
    arrays = dict(pair for name, cells in columns.items() for pair in cells.arrays(name))
    return pa.table({name: arrays[name] for name in (*columns, *(arrays.keys() - columns))})
