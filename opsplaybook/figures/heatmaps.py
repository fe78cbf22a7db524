"""The grid: one number per row and column, written into its cell."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from opsplaybook.display import Audience, Chart, Table
from opsplaybook.figures import canvas, lettering, rendering, theme
from opsplaybook.figures.places import texts
from opsplaybook.figures.rendering import Plate, describe, name
from opsplaybook.figures.shares import ink_on
from opsplaybook.formats import Kind

ROWS_DRAWN = 24
COLUMNS_DRAWN = 14
"""Columns of a grid at most: more numbers cannot be read."""
_CELL = 22.0
_SHADES = 12
_TOO_FEW = "n < 5"


def plot_heatmap(
    frame: pd.DataFrame,
    *,
    row: str,
    column: str,
    value: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    n: str = "",
    column_label: str = "",
    kind: Kind = "share",
    currency: str = "",
    audience: Audience = "internal",
) -> Chart:
    """Draw a grid of numbers, shaded from low (dark) to high (light).

    Parameters
    ----------
    frame : DataFrame
        One row per cell, rows and columns of the grid in the order in which they are read; not
        changed. A cell that is missing stays white. The first 24 rows and 14 columns are drawn.
    row, column, value : str
        Columns of the row of the grid, its column and the value of the cell.
    label : str
        What the values are, with their unit.
    key, title, subtitle, data, audience
        As in `Chart`.
    n : str, optional
        Column of the units behind the value; below five, the cell says so.
    column_label : str, optional
        What the columns of the grid are.
    kind, currency : str, optional
        How values are written.

    Returns
    -------
    Chart

    Raises
    ------
    KeyError
        If a column is not in the frame.
    OpsPlaybookError
        If a cell occurs twice.

    Examples
    --------
    >>> from opsplaybook.tables import Column, table
    >>> frame = pd.DataFrame({"cohort": ["Jan", "Jan", "Feb"], "month": [1, 2, 1],
    ...                       "kept": [0.9, 0.8, 0.95]})
    >>> data = table(frame, [Column("cohort", "Cohort")], key="kept", caption="Kept")
    >>> chart = plot_heatmap(frame, row="cohort", column="month", value="kept", data=data,
    ...     label="Accounts kept (%)", key="kept", title="Kept", subtitle="2026")
    >>> chart.alt
    'Grid of Accounts kept (%), 2 rows by 2 columns. Highest: 95% at Feb, 1. Lowest: 80% at Jan, 2.'

    The younger cohort starts better.
    """
    rendering.checked(frame, key, (row, column, value, n))
    plate = Plate(key, title, subtitle, data, audience)
    rendering.one_each(frame, key, (row, column))
    rows, columns = (list(dict.fromkeys(texts(frame[item]))) for item in (row, column))
    size = (len(rows), len(columns))
    rows, columns = rows[:ROWS_DRAWN], columns[:COLUMNS_DRAWN]
    grid = _grid(frame, rows, columns, (row, column, value))
    enough = rendering.enough(frame, n)
    few = _grid(frame.assign(_few=~enough), rows, columns, (row, column, "_few")) == 1
    grid = np.where(few, np.nan, grid)
    if not np.isfinite(grid).any():
        return plate.empty()
    measure = canvas.Measure(label, kind, currency)
    with theme.applied():
        figure, axes = _start(rows, columns, column_label, size)
        _draw(axes, grid, few, measure)
        return plate.chart(figure, _alt(rows, columns, grid, measure, size))


def _grid(
    frame: pd.DataFrame, rows: list[str], columns: list[str], names: tuple[str, str, str]
) -> np.ndarray:
    """Return the values, shape (n_rows, n_columns); NaN where there is none."""
    down = pd.Index(rows).get_indexer(texts(frame[names[0]]))
    across = pd.Index(columns).get_indexer(texts(frame[names[1]]))
    drawn = (down >= 0) & (across >= 0)
    grid = np.full((len(rows), len(columns)), np.nan)
    grid[down[drawn], across[drawn]] = rendering.numbers(frame, names[2])[drawn]
    return grid


def _start(
    rows: list[str], columns: list[str], column_label: str, size: tuple[int, int]
) -> tuple[Figure, Axes]:
    labels = [lettering.fit(item, theme.WIDTH * 0.25) for item in rows]
    left = max(lettering.text_width(item) for item in labels) + 14
    hidden = (size[0] - len(rows), size[1] - len(columns))
    note = f"{hidden[0]:,} more rows, {hidden[1]:,} more columns in the table" * any(hidden)
    bottom = 18.0 if note else 6.0
    margins = canvas.Margins(left, 10, 38 if column_label else 20, bottom)
    figure, axes = canvas.blank(margins.top + len(rows) * _CELL + bottom, margins)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    down, across = axes.get_yaxis_transform(), axes.get_xaxis_transform()
    for place, item in enumerate(labels):
        canvas.write(axes, 0, place, item, by=down, dx=-6, across="right")
    room = (theme.WIDTH - left - 10) / len(columns) - 4
    for place, item in enumerate(columns):
        text = lettering.fit(item, room, theme.SMALL)
        canvas.write(axes, place, 1, text, by=across, dy=4, along="bottom", size=theme.SMALL,
                     colour=theme.MUTED)  # fmt: skip
    canvas.write(axes, 0.5, 1, lettering.fit(column_label, 300), by=axes.transAxes, dy=18,
                 along="bottom", colour=theme.MUTED)  # fmt: skip
    canvas.write(axes, 0.5, 0, note, by=axes.transAxes, dy=-4, along="top", size=theme.SMALL,
                 colour=theme.MUTED)  # fmt: skip
    return figure, axes


def _draw(axes: Axes, grid: np.ndarray, few: np.ndarray, measure: canvas.Measure) -> None:
    low, high = np.nanmin(grid), np.nanmax(grid)
    shades = np.floor((grid - low) / (high - low or 1.0) * _SHADES).clip(0, _SHADES - 1)
    colours = [to_hex(c) for c in mpl.colormaps[theme.SEQUENTIAL](np.linspace(0, 1, _SHADES))]
    inks = [ink_on(colour) for colour in colours]
    for shade in np.unique(shades[np.isfinite(shades)]).astype(int):
        down, across = np.nonzero(shades == shade)
        corners = (across - 0.48, down - 0.47, across + 0.48, down + 0.47)
        canvas.boxes(axes, corners, colours[shade])
    for (down, across), value in np.ndenumerate(grid):
        if few[down, across]:
            canvas.write(axes, across, down, _TOO_FEW, size=theme.SMALL, colour=theme.MUTED)
        elif np.isfinite(value):
            ink = inks[int(shades[down, across])]
            text = measure.text(value)
            canvas.write(axes, across, down, text, size=theme.SMALL, colour=ink)


def _alt(
    rows: list[str],
    columns: list[str],
    grid: np.ndarray,
    measure: canvas.Measure,
    size: tuple[int, int],
) -> str:
    def cell(place: int) -> str:
        down, across = np.unravel_index(place, grid.shape)
        return f"{measure.text(grid[down, across])} at {name(rows[down])}, {name(columns[across])}"

    return describe([
        f"Grid of {name(measure.label, 60)}, {size[0]} rows by {size[1]} columns.",
        f"Highest: {cell(int(np.nanargmax(grid)))}.",
        f"Lowest: {cell(int(np.nanargmin(grid)))}.",
    ])  # fmt: skip
