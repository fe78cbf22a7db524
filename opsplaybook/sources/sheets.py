"""Sheets of Excel workbooks: their cells, column by column."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from opsplaybook.errors import SourceError
from opsplaybook.sources.cells import Cells
from opsplaybook.sources.files import named_columns, refuse_other_header


def read_sheets(files: Sequence[Path], sheet: str | None, *, where: str) -> dict[str, Cells]:
    """Read a sheet of each workbook: the columns of the first, which all have, by name.

    Parameters
    ----------
    files : sequence of Path
        Workbooks, one at least.
    sheet : str or None
        Name of the sheet; None is the first one.
    where : str
        Place in the source YAML, for messages.

    Returns
    -------
    dict of str to Cells
        Empty cells and errors such as ``#N/A`` are missing; a text that says NA is that text.

    Raises
    ------
    SourceError
        If a sheet is not there or empty, names a column twice, or differs from the first in its
        header.
    """
    columns: dict[str, Cells] = {}
    for path in files:
        cells = _read_sheet(path, sheet, where)
        if path is files[0]:
            columns = {name: Cells() for name in cells}
        refuse_other_header(sorted(cells), sorted(columns), path, files[0], where=where)
        for name, column in columns.items():
            column.add(cells[name])
    return columns


def _read_sheet(path: Path, sheet: str | None, where: str) -> dict[str, list[object]]:
    place = f"{where}, file {path}"
    try:
        frame = pd.read_excel(
            path, sheet_name=sheet or 0, header=None, dtype=object, na_filter=False
        )
    except ValueError as error:
        raise SourceError(
            f"the sheet cannot be read: {str(error)[:120]}",
            where=place,
            remedy="name one of its sheets as `sheet`",
        ) from error
    columns = [[_value(cell) for cell in frame[position]] for position in frame.columns]
    # Cells that were only formatted make columns without a name and without a value.
    filled = [cells for cells in columns if any(cell is not None for cell in cells)]
    header = ["" if cells[0] is None else str(cells[0]) for cells in filled]
    names = named_columns(header, place)
    return {name: cells[1:] for name, cells in zip(names, filled, strict=True)}


def _value(cell: object) -> object:
    """Return a cell, or None for an empty one; an error of a formula is not equal to itself."""
    return None if cell == "" or cell != cell else cell
