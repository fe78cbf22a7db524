"""What charts with one row per category have in common."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opsplaybook import formats
from opsplaybook.figures import canvas, lettering, rendering, theme
from opsplaybook.figures.places import texts

ROWS_DRAWN = 20
"""Rows of a chart at most; all are in the table below it."""
_LABEL_SHARE = 0.34
_TICK_ROOM = 44.0
_GAP = 14.0


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a chart, in the order in which they are read.

    Attributes
    ----------
    frame : DataFrame
        The drawn rows.
    names : list of str
        What each row is called, whole.
    enough : ndarray of bool, shape (n_rows,)
        Whether there are enough units behind a row to show a number.
    n : ndarray of float, shape (n_rows,)
        Units behind each row; NaN where not given.
    hidden : int
        Rows that are not drawn.
    """

    frame: pd.DataFrame
    names: list[str]
    enough: np.ndarray
    n: np.ndarray
    hidden: int

    def nothing(self, *columns: np.ndarray) -> bool:
        """Tell whether there is neither a value nor a row with too few units to show one."""
        return bool(self.enough.all()) and not any(np.isfinite(one).any() for one in columns)

    def column(self, name: str) -> np.ndarray:
        """Return a column of the drawn rows; NaN where it is not given or not enough."""
        if not name:
            return np.full(len(self.frame), np.nan)
        return np.where(self.enough, rendering.numbers(self.frame, name), np.nan)

    def base(self, place: int) -> str:
        """Write the units behind a row; empty where not given."""
        n = self.n[place]
        return "" if np.isnan(n) else f"n = {formats.count(n)}"

    def noted(self, place: int, text: str) -> str:
        """Write what stands beside a row: its number and n, or n alone where it is too small."""
        base = self.base(place)
        if not self.enough[place]:
            return base
        return f"{text} ({base})" if base else text


def rows(frame: pd.DataFrame, category: str, n: str = "", *, most: int | None = ROWS_DRAWN) -> Rows:
    """Take the first rows of a frame, or all where leaving one out would mislead."""
    drawn = frame if most is None else frame.head(most)
    units = rendering.numbers(drawn, n) if n else np.full(len(drawn), np.nan)
    enough = units >= formats.MINIMUM_UNITS if n else np.ones(len(drawn), dtype=bool)
    return Rows(drawn, texts(drawn[category]), enough, units, len(frame) - len(drawn))


def start(
    of: Rows,
    extent: np.ndarray,
    measure: canvas.Measure,
    *,
    notes: list[str],
    zero: bool = False,
    log: bool = False,
    legend: tuple[canvas.Entry, ...] = (),
    head: str = "",
) -> tuple[Figure, Axes]:
    """Make a chart of rows: names to the left, notes to the right, value axis below.

    Parameters
    ----------
    of : Rows
        The rows.
    extent : ndarray of float
        Every value that must be visible.
    measure : Measure
        What the values are.
    notes : list of str
        What stands to the right of each row.
    zero : bool, optional
        Whether the axis includes zero.
    log : bool, optional
        Whether the axis is that of ratios: logarithmic.
    legend : tuple of Entry, optional
        Legend above the rows.
    head : str, optional
        Text above the plotting area, for a reference line.
    """
    labels = [lettering.fit(item, theme.WIDTH * _LABEL_SHARE) for item in of.names]
    more = [f"and {of.hidden:,} more, in the table"] if of.hidden else []
    above = canvas.legend_height(legend, 4) + (20 if head else 6)
    left = max(lettering.text_width(label) for label in [*labels, *more]) + _GAP + 4
    right = max(lettering.text_width(note, theme.SMALL) for note in notes) + _GAP + 4
    margins = canvas.Margins(left, max(right, 22), above, 40)
    lines = len(labels) + len(more)
    figure, axes = canvas.blank(above + lines * theme.ROW + margins.bottom, margins)
    canvas.legend(figure, legend, left=4, top=2)
    most = max(int((theme.WIDTH - margins.left - margins.right) / _TICK_ROOM), 1)
    if log:
        axes.set_xscale("log")
        of_values = canvas.ratio_scale(extent, measure, most=most)
    else:
        of_values = canvas.scale(extent, measure, zero=zero, most=most)
    canvas.value_axis_below(axes, of_values, measure.label)
    axes.set_ylim(lines - 0.5, -0.5)
    _names(axes, labels, more)
    _notes(axes, notes, of.enough)
    return figure, axes


def _names(axes: Axes, labels: list[str], more: list[str]) -> None:
    by = axes.get_yaxis_transform()
    for place, label in enumerate([*labels, *more]):
        colour = theme.INK if place < len(labels) else theme.MUTED
        canvas.write(axes, 0, place, label, by=by, dx=-_GAP + 4, across="right", colour=colour)


def _notes(axes: Axes, notes: list[str], enough: np.ndarray) -> None:
    by = axes.get_yaxis_transform()
    for place, note in enumerate(notes):
        canvas.write(axes, 1, place, note, by=by, dx=_GAP, across="left", size=theme.SMALL)
    not_enough(axes, enough)


def not_enough(axes: Axes, enough: np.ndarray) -> None:
    """Write into the rows that have too few units why nothing is drawn there."""
    by = axes.get_yaxis_transform()
    for place in np.flatnonzero(~enough):
        canvas.write(axes, 0.5, place, formats.NOT_ENOUGH, by=by, size=theme.SMALL,
                     colour=theme.MUTED, plate=theme.PAPER)  # fmt: skip


def reference(axes: Axes, value: float, text: str) -> None:
    """Draw a vertical reference line with its name on top."""
    axes.axvline(value, color=theme.INK, lw=1.1, ls=(0, (4, 2)), zorder=2, clip_on=False)
    canvas.write(axes, value, 1, text, by=axes.get_xaxis_transform(), dy=4, along="bottom",
                 size=theme.SMALL)  # fmt: skip


def whiskers(axes: Axes, lows: np.ndarray, highs: np.ndarray, colour: str, width: float) -> None:
    """Draw horizontal intervals, one per row; an infinite end stops at the edge of the area."""
    left, right = axes.get_xlim()
    places = np.arange(len(lows), dtype=float)
    axes.hlines(places, np.clip(lows, left, right), np.clip(highs, left, right), colors=colour,
                linewidths=width, zorder=3)  # fmt: skip


def marks(
    axes: Axes,
    values: np.ndarray,
    look: str,
    colour: str,
    *,
    filled: bool = True,
    size: float = theme.MARK + 1.5,
) -> None:
    """Draw one mark per row."""
    axes.plot(
        values, np.arange(len(values)), ls="none", marker=look, ms=size, color=colour,
        mfc=colour if filled else theme.PAPER, mew=1.6, zorder=4, clip_on=False,
    )  # fmt: skip


def bars(
    axes: Axes,
    starts: np.ndarray,
    ends: np.ndarray,
    colour: str,
    *,
    height: float = 0.66,
    hatch: str = "",
    line: str = theme.PAPER,
    edge: float = 0.0,
) -> None:
    """Draw one bar per row; a missing one is left out."""
    places = np.arange(len(ends), dtype=float)
    corners = (starts, places - height / 2, ends, places + height / 2)
    canvas.boxes(axes, corners, colour, hatch=hatch, line=line, edge=edge)


def zero_line(axes: Axes) -> None:
    """Draw the line that bars start from."""
    axes.axvline(0, color=theme.MUTED, lw=0.8, zorder=3)


def targets(axes: Axes, values: np.ndarray) -> None:
    """Draw one short upright line per row."""
    places = np.arange(len(values), dtype=float)
    axes.vlines(values, places - 0.42, places + 0.42, colors=theme.INK, linewidths=2.4, zorder=5)


def extremes(values: np.ndarray) -> tuple[int, int]:
    """Return the places of the highest and the lowest value, missing ones left out."""
    return int(np.nanargmax(values)), int(np.nanargmin(values))
