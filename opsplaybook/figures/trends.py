"""Charts over time: lines with bands, and bars per period."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opsplaybook import formats
from opsplaybook.display import Audience, Chart, Table
from opsplaybook.figures import canvas, lettering, rendering, theme
from opsplaybook.figures import series as several
from opsplaybook.figures.places import Along, along, readable
from opsplaybook.figures.rendering import Plate, describe, name
from opsplaybook.formats import Kind

_BAR_WIDTH = 0.72
_TICK_CHARACTERS = 20
_NUMBER_HEIGHT = theme.SMALL + 5
"""Room that a number above or in a bar needs, in points."""


def plot_lines(
    frame: pd.DataFrame,
    *,
    x: str,
    y: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    series: str = "",
    low: str = "",
    high: str = "",
    focus: Sequence[str] = (),
    kind: Kind = "number",
    currency: str = "",
    x_label: str = "",
    zero: bool = False,
    audience: Audience = "internal",
) -> Chart:
    """Draw lines over time, with bands; four are told apart, further ones are grey context.

    Parameters
    ----------
    frame : DataFrame
        Tidy, one row per point; not changed. A missing value is a gap in its line.
    x, y : str
        Columns of the place (time, number or name) and the value.
    label : str
        What the values are, with their unit.
    key, title, subtitle, data, audience
        As in `Chart`.
    series : str, optional
        Column that names the line.
    low, high : str, optional
        Columns of the band; its level belongs into the subtitle.
    focus : sequence of str, optional
        Lines that are told apart, up to four; by default the first four of the frame.
    kind, currency : str, optional
        How values are written.
    x_label : str, optional
        What the places are.
    zero : bool, optional
        Whether the axis starts at zero.

    Returns
    -------
    Chart

    Raises
    ------
    KeyError
        If a column is not in the frame.

    Examples
    --------
    >>> from opsplaybook.tables import Column, table
    >>> frame = pd.DataFrame({"week": [1, 2], "active": [40, 45]})
    >>> data = table(frame, [Column("week", "Week")], key="active", caption="Active accounts")
    >>> chart = plot_lines(frame, x="week", y="active", label="Active accounts", kind="count",
    ...                    key="active", title="Active accounts", subtitle="n = 60", data=data)
    >>> chart.alt
    'Line chart of Active accounts from 1 to 2: starts at 40 and ends at 45.'

    Five more accounts are active.
    """
    rendering.checked(frame, key, (x, y, series, low, high))
    plate = Plate(key, title, subtitle, data, audience)
    axis = along(frame[x])
    found = several.lines(
        frame, axis.places, value=y, series=series, low=low, high=high, focus=focus
    )
    if not found:
        return plate.empty()
    measure = canvas.Measure(label, kind, currency)
    with theme.applied():
        figure = _line_figure(found, axis, measure, x_label=x_label, zero=zero)
        return plate.chart(figure, _line_alt(found, axis, measure))


def _line_figure(
    found: list[several.Line],
    axis: Along,
    measure: canvas.Measure,
    *,
    x_label: str,
    zero: bool,
) -> Figure:
    of = canvas.scale(several.extent(found), measure, zero=zero)
    right = max(28.0, lettering.text_width(axis.names[-1][:_TICK_CHARACTERS], theme.SMALL) / 2 + 4)
    plan = several.layout(found, of, measure, right=right)
    figure, axes = several.start(plan)
    canvas.value_axis_left(axes, of, measure.label)
    first, last = axis.stops[0], axis.stops[-1]
    axes.set_xlim(*((first, last) if last > first else (first - 0.5, first + 0.5)))
    room = theme.WIDTH - plan.margins.left - plan.margins.right
    canvas.ticks_below(axes, *readable(axis, room), x_label)
    several.draw(axes, found)
    if plan.direct:
        several.write_ends(axes, found, plan.labels)
    return figure


def _line_alt(found: list[several.Line], axis: Along, measure: canvas.Measure) -> str:
    what = name(measure.label, 80)
    head = f"Line chart of {what} from {name(axis.names[0])} to {name(axis.names[-1])}"
    named = [line for line in found if line.look]
    if len(found) == 1:
        of = f" for {name(named[0].name)}" if named[0].name else ""
        start, end = measure.text(named[0].start), measure.text(named[0].end)
        return describe([f"{head}{of}: starts at {start} and ends at {end}."])
    ends = [f"{name(line.name)} ends at {measure.text(line.end)}" for line in named]
    grey = len(found) - len(named)
    return describe(
        [f"{head}.", *(f"{end}." for end in ends), f"{grey} more in grey." * (grey > 0)]
    )


def plot_period_bars(
    frame: pd.DataFrame,
    *,
    x: str,
    y: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    comparison: str = "",
    comparison_label: str = "comparison",
    low: str = "",
    high: str = "",
    kind: Kind = "number",
    currency: str = "",
    x_label: str = "",
    audience: Audience = "internal",
) -> Chart:
    """Draw one bar per period, with a comparison (target, year before) as a line across it.

    Parameters
    ----------
    frame : DataFrame
        One row per period, in their order; not changed. A missing value leaves its place empty.
    x, y : str
        Columns of the period and the value.
    label : str
        What the values are, with their unit.
    key, title, subtitle, data, audience
        As in `Chart`.
    comparison : str, optional
        Column of the number that each bar is compared with.
    comparison_label : str, optional
        What that is.
    low, high : str, optional
        Columns of the interval of the value.
    kind, currency : str, optional
        How values are written.
    x_label : str, optional
        What the periods are.

    Returns
    -------
    Chart

    Raises
    ------
    KeyError
        If a column is not in the frame.
    """
    rendering.checked(frame, key, (x, y, comparison, low, high))
    plate = Plate(key, title, subtitle, data, audience)
    frame = frame[frame[x].notna()]
    values = rendering.numbers(frame, y)
    if not np.isfinite(values).any():
        return plate.empty()
    measure = canvas.Measure(label, kind, currency)
    bars = _Bars(along(frame[x]), values, *(_optional(frame, c) for c in (low, high, comparison)))
    with theme.applied():
        figure = _bar_figure(bars, measure, x_label=x_label, comparison_label=comparison_label)
        return plate.chart(figure, _bar_alt(bars, measure, comparison_label))


@dataclass(frozen=True, slots=True)
class _Bars:
    """Bars in the order of their periods, each with its interval and comparison, NaN if none."""

    axis: Along
    heights: np.ndarray
    lows: np.ndarray
    highs: np.ndarray
    compared: np.ndarray

    @property
    def names(self) -> list[str]:
        return [self.axis.names[stop] for stop in self.stops]

    @property
    def stops(self) -> np.ndarray:
        return np.searchsorted(self.axis.stops, self.axis.places)


def _optional(frame: pd.DataFrame, column: str) -> np.ndarray:
    return rendering.numbers(frame, column) if column else np.full(len(frame), np.nan)


def _bar_figure(
    bars: _Bars, measure: canvas.Measure, *, x_label: str, comparison_label: str
) -> Figure:
    extent = np.concatenate([bars.heights, bars.lows, bars.highs, bars.compared])
    of = canvas.scale(extent, measure, zero=True)
    left = canvas.left_margin(of)
    entries = _bar_entries(bars, measure, comparison_label)
    margins = canvas.Margins(left, 14, 28 + canvas.legend_height(entries, left), 40)
    figure, axes = canvas.blank(theme.HEIGHT, margins)
    canvas.legend(figure, entries, left=left, top=2)
    canvas.value_axis_left(axes, of, measure.label)
    axes.set_xlim(-0.5, len(bars.axis.stops) - 0.5)
    places = np.arange(len(bars.axis.stops), dtype=float)
    room = theme.WIDTH - left - 14
    equal = Along(places, places, bars.axis.names)
    canvas.ticks_below(axes, *readable(equal, room * len(places) / (len(places) + 1)), x_label)
    half = _BAR_WIDTH / 2
    corners = (bars.stops - half, np.zeros(len(bars.stops)), bars.stops + half, bars.heights)
    canvas.boxes(axes, corners, theme.FOCUS)
    axes.axhline(0, color=theme.MUTED, lw=0.8, zorder=3)
    lows, highs = (np.clip(ends, of.low, of.high) for ends in (bars.lows, bars.highs))
    axes.vlines(bars.stops, lows, highs, colors=theme.INK, linewidths=1.1, zorder=4)
    axes.hlines(bars.compared, bars.stops - half - 0.06, bars.stops + half + 0.06, colors=theme.INK,
                linewidths=2.2, zorder=5)  # fmt: skip
    _bar_numbers(axes, bars, measure, room / len(places))
    return figure


def _bar_entries(bars: _Bars, measure: canvas.Measure, comparison_label: str) -> list[canvas.Entry]:
    if not np.isfinite(bars.compared).any():
        return []
    compared = canvas.Entry(formats.text(comparison_label), theme.INK, "", (0, None))
    return [canvas.Entry(lettering.fit(measure.label, 220), theme.FOCUS, hatch=""), compared]


def _bar_numbers(axes: Axes, bars: _Bars, measure: canvas.Measure, room: float) -> None:
    """Write each value above its bar, where all of them fit and no whisker stands there.

    Where a comparison stands in its place, a number goes into its bar, if that is high enough:
    above the comparison it would be read as the number of that.
    """
    texts = [measure.text(value) for value in bars.heights]
    if np.isfinite(bars.lows).any() or max(map(_small_width, texts)) + 4 > room:
        return
    ends, compared = (_points_up(axes, values) for values in (bars.heights, bars.compared))
    tops = np.fmax(ends, 0)
    taken = (compared > tops - 2) & (compared < tops + _NUMBER_HEIGHT)
    high = np.abs(ends) >= _NUMBER_HEIGHT
    places = zip(bars.stops, np.fmax(bars.heights, 0), texts, taken, high, strict=True)
    for stop, top, text, inside, fits in places:
        if text == formats.MISSING or (inside and not fits):
            continue
        along, dy, ink = ("top", -3, theme.PAPER) if inside else ("bottom", 3, theme.INK)
        canvas.write(axes, stop, top, text, dy=dy, along=along, size=theme.SMALL, colour=ink)


def _points_up(axes: Axes, values: np.ndarray) -> np.ndarray:
    """Return how far above zero values are drawn, in points."""
    places = axes.transData.transform(np.column_stack([np.zeros(len(values) + 1), [0.0, *values]]))
    return (places[1:, 1] - places[0, 1]) * 72 / axes.figure.dpi


def _small_width(text: str) -> float:
    return lettering.text_width(text, theme.SMALL)


def _bar_alt(bars: _Bars, measure: canvas.Measure, comparison_label: str) -> str:
    known = np.flatnonzero(np.isfinite(bars.heights))
    last = known[np.argmax(bars.stops[known])]
    top, bottom = known[np.argmax(bars.heights[known])], known[np.argmin(bars.heights[known])]
    named = {place: f"{measure.text(bars.heights[place])} in {name(bars.names[place])}"
             for place in (last, top, bottom)}  # fmt: skip
    against = ""
    if np.isfinite(bars.compared[last]):
        against = f" ({name(comparison_label)} {measure.text(bars.compared[last])})"
    return describe([
        f"Bar chart of {name(measure.label, 80)} for {len(bars.heights)} periods.",
        f"Last: {named[last]}{against}.",
        f"Highest: {named[top]}; lowest: {named[bottom]}." if len(known) > 1 else "",
    ])  # fmt: skip
