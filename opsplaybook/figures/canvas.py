"""An empty chart and what is written around it: rows, ticks, grid, labels, legend.

Laid out by hand, in points: every label is known before anything is drawn. With matplotlib's own
layout engine and ticks, a chart of eight rows took 71 ms to build and write; this way it takes 18.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D, ScaledTranslation, Transform

from opsplaybook import formats
from opsplaybook.figures import lettering, theme
from opsplaybook.formats import Kind

_UNIT_IN_LABEL = frozenset({"days", "hours"})
_WIDENINGS = 40
_LEGEND_LINE = 16.0
_LEGEND_SAMPLE = 22.0


@dataclass(frozen=True, slots=True)
class Measure:
    """What the values of a chart are, and how they are written.

    Attributes
    ----------
    label : str
        What is measured, with its unit.
    kind : Kind
        How it is written.
    currency : str
        ISO code, for money.
    """

    label: str
    kind: Kind
    currency: str = ""

    def text(self, value: float) -> str:
        """Write a value."""
        return formats.value(value, self.kind, currency=self.currency)

    def with_ends(self, value: float, low: float, high: float) -> str:
        """Write a value with the ends of its interval, where it has them."""
        if formats.is_missing(low) or formats.is_missing(high):
            return self.text(value)
        return f"{self.text(value)} ({self.text(low)} to {self.text(high)})"

    def tick(self, value: float) -> str:
        """Write a tick; durations without their unit, which stands in the label."""
        kind = "number" if self.kind in _UNIT_IN_LABEL else self.kind
        return formats.value(value, kind, currency=self.currency)


@dataclass(frozen=True, slots=True)
class Margins:
    """Space around the plotting area, in points."""

    left: float = 46.0
    right: float = 14.0
    top: float = 8.0
    bottom: float = 40.0


@dataclass(frozen=True, slots=True)
class Scale:
    """A value axis.

    Attributes
    ----------
    ticks : tuple of float
        Where a grid line is drawn, ascending; the ends are the ends of the axis.
    labels : tuple of str
        What is written there, all different.
    """

    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def low(self) -> float:
        """Lower end of the axis."""
        return self.ticks[0]

    @property
    def high(self) -> float:
        """Upper end of the axis."""
        return self.ticks[-1]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend: a sample of the mark and its name; a target is an upright bar."""

    label: str
    colour: str
    mark: str = ""
    dash: tuple[float, tuple[float, ...] | None] | None = None
    hatch: str | None = None
    line: str = theme.PAPER
    filled: bool = True


def blank(height: float, margins: Margins) -> tuple[Figure, Axes]:
    """Make a white figure with one plotting area, without frame and ticks."""
    figure = Figure(figsize=(theme.WIDTH / 72, height / 72))
    return figure, area(figure, margins)


def area(figure: Figure, margins: Margins) -> Axes:
    """Add a plotting area to a figure."""
    width, height = figure.get_size_inches() * 72
    box = (
        margins.left / width,
        margins.bottom / height,
        (width - margins.left - margins.right) / width,
        (height - margins.top - margins.bottom) / height,
    )
    axes = figure.add_axes(box)
    axes.set_axis_off()
    return axes


def scale(values: np.ndarray, measure: Measure, *, zero: bool = False, most: int = 6) -> Scale:
    """Choose round ticks that enclose all finite values.

    Parameters
    ----------
    values : array_like
        What must be visible. Missing and infinite values are left out.
    measure : Measure
        How ticks are written; counts get whole ticks, shares stay within 0 and 100%.
    zero : bool, optional
        Whether zero must be visible; always for bars.
    most : int, optional
        Intervals between ticks at most.

    Examples
    --------
    >>> scale(np.array([0.02, 0.38]), Measure("Share", "share"), zero=True).labels
    ('0%', '10%', '20%', '30%', '40%')
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = (low - abs(low) / 2, high + abs(high) / 2) if low else (0.0, 1.0)
    for _ in range(_WIDENINGS):
        for steps in range(most, 0, -1):
            ticks = _round_ticks(low, high, measure.kind, steps)
            labels = tuple(measure.tick(tick) for tick in ticks)
            if len(set(labels)) == len(labels):
                return Scale(ticks, labels)
        low, high = _wider(low, high, measure.kind)
    return Scale(ticks, labels)


def ratio_scale(values: np.ndarray, measure: Measure, *, most: int = 6) -> Scale:
    """Choose ticks that enclose all finite positive values of ratios, on a logarithmic axis.

    Examples
    --------
    >>> ratio_scale(np.array([0.23, 1.0, 26.6]), Measure("Odds ratio", "ratio")).labels
    ('0.2×', '1×', '5×', '20×', '50×')

    Twice and half are equally far from one.
    """
    known = values[np.isfinite(values) & (values > 0)]
    low, high = (known.min(), known.max()) if known.size else (0.5, 2.0)
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    round_ones = [m * 10.0**power for power in range(first, last + 1) for m in (1, 2, 5)]
    start = max((tick for tick in round_ones if tick <= low), default=round_ones[0])
    end = min((tick for tick in round_ones if tick >= high), default=round_ones[-1])
    ticks = [tick for tick in round_ones if start <= tick <= end]
    if start == end:
        ticks = [start / 2, start, end := start * 2]
    step = -(-(len(ticks) - 1) // most)
    kept = ticks[::step] if ticks[::step][-1] == end else [*ticks[::step], end]
    return Scale(tuple(kept), tuple(measure.tick(tick) for tick in kept))


def _wider(low: float, high: float, kind: Kind) -> tuple[float, float]:
    """Double a range that is so narrow that its ticks read the same; zero and all stay ends."""
    span = high - low
    wider = (low - span / 2 if low else low, high + span / 2 if high else high)
    if kind == "share" and low >= 0 and high <= 1:
        return max(wider[0], 0.0), min(wider[1], 1.0)
    return wider


def _round_ticks(low: float, high: float, kind: Kind, steps: int) -> tuple[float, ...]:
    locator = MaxNLocator(steps, steps=[1, 2, 5, 10], integer=kind == "count", min_n_ticks=2)
    ticks = [float(tick) for tick in locator.tick_values(low, high)]
    if kind == "share" and low >= 0 and high <= 1:
        ticks = [tick for tick in ticks if -1e-9 <= tick <= 1 + 1e-9]
    return tuple(0.0 if abs(tick) < 1e-12 * (high - low) else tick for tick in ticks)


def write(axes: Axes, x: float, y: float, text: str, *, by: Transform | None = None,
          dx: float = 0.0, dy: float = 0.0, across: str = "center", along: str = "center",
          size: float = theme.TEXT, colour: str = theme.INK, plate: str = "") -> Text:  # fmt: skip
    """Write a text at a point of the axes, moved by points; never read as TeX.

    Parameters
    ----------
    axes : Axes
        Where to write.
    x, y : float
        The point, in data unless `by` says otherwise.
    text : str
        What to write, as it is.
    by : Transform, optional
        Coordinates of the point.
    dx, dy : float, optional
        Distance from the point, in points to the right and up.
    across, along : str, optional
        Which part of the text lies at the point, horizontally and vertically.
    size : float, optional
        Size in points.
    colour : str, optional
        Colour of the text.
    plate : str, optional
        Colour of a plate behind the text, over hatches.
    """
    transform = by or axes.transData
    text = formats.text(text)
    if dx or dy:
        transform += ScaledTranslation(dx / 72, dy / 72, axes.figure.dpi_scale_trans)
    box = {"facecolor": plate, "edgecolor": "none", "pad": 1.2} if plate else None
    return axes.text(
        x, y, text, transform=transform, ha=across, va=along, fontsize=size, color=colour,
        bbox=box, parse_math=False, clip_on=False,
    )  # fmt: skip


def boxes(
    axes: Axes,
    corners: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    colour: str,
    *,
    hatch: str = "",
    line: str = theme.PAPER,
    edge: float = 0.0,
) -> None:
    """Draw rectangles of one look as one shape: a tenth of the time of one patch each.

    Parameters
    ----------
    axes : Axes
        Where to draw, with its limits set.
    corners : tuple of ndarray of float, shape (n_boxes,)
        Left, bottom, right and top, in data; a box with a missing corner is left out.
    colour : str
        Fill.
    hatch : str, optional
        As matplotlib writes it.
    line : str, optional
        Colour of hatch and edge.
    edge : float, optional
        Width of the edge in points.
    """
    left, bottom, right, top = np.broadcast_arrays(*corners)
    across = np.stack([left, right, right, left, left], axis=-1)
    up = np.stack([bottom, bottom, top, top, bottom], axis=-1)
    points = np.stack([across, up], axis=-1)
    points = points[np.isfinite(points).all(axis=(1, 2))].reshape(-1, 2)
    if not points.size:
        return
    codes = np.tile([Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY], len(points) // 5)
    axes.add_artist(
        PathPatch(Path(points, codes), facecolor=colour, edgecolor=line, hatch=hatch or None,
                  linewidth=edge, zorder=2)
    )  # fmt: skip


def value_axis_below(axes: Axes, of: Scale, label: str) -> None:
    """Draw the grid, ticks and label of a horizontal value axis."""
    axes.set_xlim(of.low, of.high)
    axes.vlines(of.ticks, 0, 1, transform=axes.get_xaxis_transform(), colors=theme.GRID,
                linewidths=0.8, zorder=0, clip_on=False)  # fmt: skip
    ticks_below(axes, of.ticks, of.labels, label)


def ticks_below(axes: Axes, ticks: Sequence[float], labels: Sequence[str], label: str = "") -> None:
    """Write tick labels below the plotting area, and the label of the axis below them."""
    by = axes.get_xaxis_transform()
    for tick, text in zip(ticks, labels, strict=True):
        write(axes, tick, 0, text, by=by, dy=-5, along="top", size=theme.SMALL, colour=theme.MUTED)
    if label:
        text = lettering.fit(label, theme.WIDTH - 40)
        write(axes, 0.5, 0, text, by=axes.transAxes, dy=-21, along="top", colour=theme.MUTED)


def value_axis_left(axes: Axes, of: Scale, label: str) -> None:
    """Draw the grid, ticks and label of a vertical value axis; the label lies on top, level."""
    axes.set_ylim(of.low, of.high)
    by = axes.get_yaxis_transform()
    axes.hlines(of.ticks, 0, 1, transform=by, colors=theme.GRID, linewidths=0.8, zorder=0,
                clip_on=False)  # fmt: skip
    for tick, text in zip(of.ticks, of.labels, strict=True):
        write(axes, 0, tick, text, by=by, dx=-6, across="right", size=theme.SMALL,
              colour=theme.MUTED)  # fmt: skip
    left = -axes.get_position().x0 * theme.WIDTH + 4
    write(axes, 0, 1, lettering.fit(label, theme.WIDTH - 20), by=axes.transAxes, dx=left, dy=9,
          across="left", along="bottom", colour=theme.MUTED)  # fmt: skip


def left_margin(of: Scale) -> float:
    """Return the room that the tick labels of a vertical axis need, in points."""
    return max(lettering.text_width(label, theme.SMALL) for label in of.labels) + 14


def legend(figure: Figure, entries: Sequence[Entry], *, left: float, top: float) -> None:
    """Draw a legend in lines from a point, given in points from the upper left corner."""
    points = Affine2D().scale(1 / 72) + figure.dpi_scale_trans
    height = figure.get_figheight() * 72
    for entry, (x, line) in zip(entries, _legend_places(entries, left), strict=True):
        y = height - top - line * _LEGEND_LINE - _LEGEND_LINE / 2
        figure.add_artist(_sample(entry, x, y, points))
        text = Text(x + _LEGEND_SAMPLE, y, formats.text(entry.label), va="center",
                    fontsize=theme.TEXT, transform=points, parse_math=False)  # fmt: skip
        figure.add_artist(text)


def legend_height(entries: Sequence[Entry], left: float) -> float:
    """Return the room that a legend needs, in points."""
    if not entries:
        return 0.0
    return (_legend_places(entries, left)[-1][1] + 1) * _LEGEND_LINE + 4


def _legend_places(entries: Sequence[Entry], left: float) -> list[tuple[float, int]]:
    places, x, line = [], left, 0
    for entry in entries:
        width = _LEGEND_SAMPLE + lettering.text_width(entry.label) + 16
        if x > left and x + width > theme.WIDTH:
            x, line = left, line + 1
        places.append((x, line))
        x += width
    return places


def _sample(entry: Entry, x: float, y: float, points: Transform) -> Line2D | Rectangle:
    if entry.hatch is not None:
        return Rectangle(
            (x, y - 5), 16, 10, facecolor=entry.colour, edgecolor=entry.line, hatch=entry.hatch,
            linewidth=0, transform=points,
        )  # fmt: skip
    upright = entry.mark == "|"
    return Line2D(
        [x, x + 8, x + 16], [y, y, y], color=entry.colour, marker=entry.mark, markevery=[1],
        linestyle=entry.dash or "none", linewidth=theme.LINE,
        markersize=12 if upright else theme.MARK, markeredgewidth=2.4 if upright else 1.2,
        markerfacecolor=entry.colour if entry.filled else theme.PAPER, transform=points,
    )  # fmt: skip
