"""Lines that are compared in one chart: which is which, and how their names are written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opsplaybook import formats
from opsplaybook.figures import canvas, lettering, rendering, theme
from opsplaybook.figures.places import texts
from opsplaybook.figures.theme import Look

_NAME_AT_END = 96.0
_NAME_IN_LEGEND = 200.0
_RIGHT = 28.0
_APART = 13.0
_MARKS_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its band.

    Attributes
    ----------
    name : str
        Name of the series; empty when there is only one.
    places, heights : ndarray of float, shape (n_points,)
        Where its points lie, ascending, and how high; NaN is a gap.
    lows, highs : ndarray of float, shape (n_points,)
        Band; NaN where there is none.
    look : Look or None
        How it is told from the others; None for thin grey context.
    """

    name: str
    places: np.ndarray
    heights: np.ndarray
    lows: np.ndarray
    highs: np.ndarray
    look: Look | None

    @property
    def end(self) -> float:
        """Last value that is not missing."""
        return float(self.heights[np.isfinite(self.heights)][-1])

    @property
    def end_place(self) -> float:
        """Where the last value lies that is not missing."""
        return float(self.places[np.isfinite(self.heights)][-1])

    @property
    def last(self) -> tuple[float, float, float]:
        """Last value that is not missing, with its band."""
        place = np.flatnonzero(np.isfinite(self.heights))[-1]
        return float(self.heights[place]), float(self.lows[place]), float(self.highs[place])

    @property
    def start(self) -> float:
        """First value that is not missing."""
        return float(self.heights[np.isfinite(self.heights)][0])


def lines(
    frame: pd.DataFrame,
    places: np.ndarray,
    *,
    value: str,
    series: str,
    low: str,
    high: str,
    focus: Sequence[str],
) -> list[Line]:
    """Split a tidy frame into lines; up to four are told apart, the others are context.

    Those in focus come first and are told apart; without any, the first four of the frame are. A
    line without a value is left out.
    """
    missing = np.full(len(frame), np.nan)
    values = rendering.numbers(frame, value)
    lows = rendering.numbers(frame, low) if low else missing
    highs = rendering.numbers(frame, high) if high else missing
    names = np.array(texts(frame[series]) if series else [""] * len(frame), dtype=object)
    first = [item for item in map(formats.text, focus) if item in set(names)]
    found = []
    for name in dict.fromkeys([*first, *names]):
        own = np.flatnonzero((names == name) & np.isfinite(places))
        own = own[np.argsort(places[own], kind="stable")]
        if np.isfinite(values[own]).any():
            told_apart = len(found) < len(theme.SERIES) and (name in first or not first)
            look = theme.SERIES[len(found)] if told_apart else None
            found.append(Line(name, places[own], values[own], lows[own], highs[own], look))
    return found


def extent(found: Sequence[Line]) -> np.ndarray:
    """Return every height that must be visible."""
    return np.concatenate(
        [part for line in found for part in (line.heights, line.lows, line.highs)]
    )


def draw(
    axes: Axes, found: Sequence[Line], *, steps: bool = False, marks: int = _MARKS_SHOWN
) -> None:
    """Draw lines with their bands, context below.

    Parameters
    ----------
    axes : Axes
        With its limits set: an infinite end of a band stops there.
    found : sequence of Line
        What to draw.
    steps : bool, optional
        Whether a value holds until the next one, as in survival curves.
    marks : int, optional
        Marks along a line at most.
    """
    bottom, top = axes.get_ylim()
    style = "steps-post" if steps else "default"
    for line in reversed(found):
        if line.look is None:
            axes.plot(line.places, line.heights, color=theme.CONTEXT, lw=0.8, drawstyle=style,
                      zorder=1)  # fmt: skip
            continue
        if np.isfinite(line.lows).any():
            axes.fill_between(
                line.places, np.clip(line.lows, bottom, top), np.clip(line.highs, bottom, top),
                step="post" if steps else None, color=line.look.colour, alpha=0.14, lw=0, zorder=2,
            )  # fmt: skip
        every = -(-len(line.places) // marks)
        axes.plot(
            line.places, line.heights, color=line.look.colour, ls=line.look.dash, lw=theme.LINE,
            marker="" if steps else line.look.mark, ms=theme.MARK - 1, markevery=every,
            drawstyle=style, label=line.name, zorder=3, clip_on=False,
        )  # fmt: skip


def end_labels(found: Sequence[Line], measure: canvas.Measure, room: float) -> dict[str, str]:
    """Return what is written at the end of each line that is told apart: name and last value."""
    return {
        line.name: f"{lettering.fit(line.name, room)} {measure.text(line.end)}".strip()
        for line in found
        if line.look
    }


def ends_apart(found: Sequence[Line], of: canvas.Scale, height: float) -> bool:
    """Tell whether the lines end so far apart that their names do not overlap."""
    ends = np.sort([line.end for line in found if line.look])
    return bool(np.all(np.diff(ends) * height / (of.high - of.low) >= _APART))


def write_ends(axes: Axes, found: Sequence[Line], labels: dict[str, str]) -> None:
    """Write the names of the lines at their ends, in one column right of the plotting area."""
    by = axes.get_yaxis_transform()
    for line in found:
        if line.look:
            canvas.write(axes, 1, line.end, labels[line.name], by=by, dx=7, across="left",
                         size=theme.SMALL, colour=text_colour(line.look))  # fmt: skip


def text_colour(look: Look) -> str:
    """Return the colour of a text that belongs to a line; the light one is not for text."""
    return theme.INK if look.colour == theme.SECOND else look.colour


def entries(found: Sequence[Line], labels: dict[str, str], *, steps: bool) -> list[canvas.Entry]:
    """Return the legend, in the order in which the lines end, highest first."""
    named = sorted((line for line in found if line.look), key=lambda line: -line.end)
    return [
        canvas.Entry(
            labels[line.name], line.look.colour, "" if steps else line.look.mark, line.look.dash
        )
        for line in named
        if line.look
    ]


def others(found: Sequence[Line]) -> list[canvas.Entry]:
    """Return the legend entry that says how many grey lines there are."""
    count = sum(line.look is None for line in found)
    if not count:
        return []
    return [canvas.Entry(f"{count} other{'s' * (count > 1)}", theme.CONTEXT, "", (0, None))]


@dataclass(frozen=True, slots=True)
class Layout:
    """Margins, legend and end labels of a chart of lines, decided before it is drawn."""

    height: float
    margins: canvas.Margins
    legend: tuple[canvas.Entry, ...]
    labels: dict[str, str]
    direct: bool


def layout(
    found: Sequence[Line],
    of: canvas.Scale,
    measure: canvas.Measure,
    *,
    steps: bool = False,
    below: float = 0.0,
    right: float = _RIGHT,
) -> Layout:
    """Decide between names at the ends and a legend, and lay out the chart accordingly.

    Parameters
    ----------
    found : sequence of Line
        What will be drawn.
    of : Scale
        The value axis.
    measure : Measure
        What the values are.
    steps : bool, optional
        Whether the lines have no marks.
    below : float, optional
        Further room below the axis, in points.
    right : float, optional
        Room right of the plotting area at least, in points.
    """
    left = canvas.left_margin(of)
    direct = ends_apart(found, of, theme.HEIGHT - 110)
    labels = end_labels(found, measure, _NAME_AT_END if direct else _NAME_IN_LEGEND)
    legend = ([] if direct else entries(found, labels, steps=steps)) + others(found)
    widest = max(lettering.text_width(text, theme.SMALL) for text in labels.values())
    top = 24 + canvas.legend_height(legend, left)
    margins = canvas.Margins(left, max(right, widest + 14) if direct else right, top, 40 + below)
    return Layout(theme.HEIGHT + below, margins, tuple(legend), labels, direct)


def start(plan: Layout) -> tuple[Figure, Axes]:
    """Make the figure of a layout, with its legend."""
    figure, axes = canvas.blank(plan.height, plan.margins)
    canvas.legend(figure, plan.legend, left=plan.margins.left, top=2)
    return figure, axes


def widened(plan: Layout, left: float) -> Layout:
    """Return a layout with at least so much room to the left."""
    return replace(plan, margins=replace(plan.margins, left=max(plan.margins.left, left)))
