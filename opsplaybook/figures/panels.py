"""Small multiples: the same lines in several panels, on one scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opsplaybook import formats
from opsplaybook.display import Audience, Chart, Table
from opsplaybook.figures import canvas, lettering, rendering, theme
from opsplaybook.figures import series as several
from opsplaybook.figures.places import Along, along, readable, texts
from opsplaybook.figures.rendering import Plate, describe, name
from opsplaybook.figures.theme import Look
from opsplaybook.formats import Kind

_COLUMNS = 2
_GAP = 30.0
_PANEL = 96.0
_HEAD = 17.0
_NOTE = 12.0
_BELOW = 22.0
_LABEL = 18.0
_MARKS = 9
_RING = 9.0
_DOT = 3.2
_FAINT = 0.45

_Remarks = Mapping[str, Sequence[str]]


def plot_panels(
    frame: pd.DataFrame,
    *,
    panel: str,
    x: str,
    y: str,
    series: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    steady: str = "",
    low: str = "",
    high: str = "",
    marked: str = "",
    marked_label: str = "marked",
    focus: Sequence[str] = (),
    remarks: Mapping[str, Sequence[str]] | None = None,
    kind: Kind = "number",
    currency: str = "",
    zero: bool = False,
    audience: Audience = "internal",
) -> Chart:
    """Draw lines over time in one panel each per group, all on one scale, two panels beside.

    Parameters
    ----------
    frame : DataFrame
        Tidy, one row per point; not changed. A missing value is a gap in its line.
    panel : str
        Column that names the panel; they stand in the order of the frame.
    x, y : str
        Columns of the place (time, number or name) and the value.
    series : str
        Column that names the line; a name looks the same in each panel.
    label : str
        What the values are, with their unit.
    key, title, subtitle, data, audience
        As in `Chart`.
    steady : str, optional
        Column of the value that holds from here on. It becomes the line, and the values dots.
    low, high : str, optional
        Columns of the band of the line; its level belongs into the subtitle.
    marked : str, optional
        Column of flags: these points get a ring.
    marked_label : str, optional
        What a ring means.
    focus : sequence of str, optional
        Lines that are told apart, up to four; by default the first four of the frame.
    remarks : mapping of str to sequence of str, optional
        Lines of text below the name of a panel.
    kind, currency : str, optional
        How values are written.
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
    >>> frame = pd.DataFrame({"step": "paid", "week": [1, 2], "who": "all", "rate": [0.4, 0.5]})
    >>> data = table(frame, [Column("week", "Week")], key="trend", caption="Rates")
    >>> chart = plot_panels(frame, panel="step", x="week", y="rate", series="who", kind="share",
    ...                     label="Went on (%)", key="trend", title="Rates", subtitle="", data=data)
    >>> chart.alt
    'Panels of lines of Went on (%) from 1 to 2. paid: all ends at 50%.'

    Half of those of the second week paid.
    """
    rendering.checked(frame, key, (panel, x, y, series, steady, low, high, marked))
    plate = Plate(key, title, subtitle, data, audience)
    axis = along(frame[x])
    looks = _looks(frame, series, y, focus)
    values = _Columns(y, steady or y, series, low, high, marked)
    panels = _panels(frame, axis, panel, values, looks)
    if not panels:
        return plate.empty()
    measure = canvas.Measure(label, kind, currency)
    said = {one.name: tuple((remarks or {}).get(one.name, ())) for one in panels}
    with theme.applied():
        of = canvas.scale(np.concatenate([_extent(one) for one in panels]), measure, zero=zero)
        entries = _entries(panels, looks, marked_label)
        figure = _figure(panels, axis, of, entries, label, said)
        return plate.chart(figure, _alt(panels, axis, measure, said))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of the frame, by what is drawn from them."""

    value: str
    line: str
    series: str
    low: str
    high: str
    marked: str

    @property
    def dotted(self) -> bool:
        """Whether values stand beside the line as dots."""
        return self.line != self.value


@dataclass(frozen=True, slots=True)
class _Panel:
    """One panel: its name, its lines, dots beside them, and points with a ring.

    Points are place, height and look.
    """

    name: str
    lines: tuple[several.Line, ...]
    dots: tuple[several.Line, ...]
    rings: tuple[tuple[float, float, Look], ...]


def _looks(frame: pd.DataFrame, series: str, value: str, focus: Sequence[str]) -> dict[str, Look]:
    """Give each line that is told apart a look, the same in all panels."""
    known = frame.loc[np.isfinite(rendering.numbers(frame, value))]
    names = list(dict.fromkeys(texts(known[series])))
    chosen = [item for item in map(formats.text, focus) if item in names] or names
    return dict(zip(chosen, theme.SERIES, strict=False))


def _panels(
    frame: pd.DataFrame, axis: Along, panel: str, columns: _Columns, looks: Mapping[str, Look]
) -> list[_Panel]:
    """Split a frame into panels; one without a value is left out."""
    names = np.array(texts(frame[panel]), dtype=object)
    found = []
    for item in dict.fromkeys(names):
        here = names == item
        own, places = frame.loc[here], axis.places[here]
        drawn = several.lines(
            own, places, value=columns.line, series=columns.series, low=columns.low,
            high=columns.high, focus=(),
        )  # fmt: skip
        dots = several.lines(
            own, places, value=columns.value, series=columns.series, low="", high="", focus=()
        )
        if drawn:
            parts = (_dressed(drawn, looks), _dressed(dots, looks) if columns.dotted else ())
            found.append(_Panel(item, *parts, _rings(own, places, columns, looks)))
    return found


def _dressed(found: Sequence[several.Line], looks: Mapping[str, Look]) -> tuple[several.Line, ...]:
    return tuple(replace(line, look=looks.get(line.name)) for line in found)


def _rings(
    own: pd.DataFrame, places: np.ndarray, columns: _Columns, looks: Mapping[str, Look]
) -> tuple[tuple[float, float, Look], ...]:
    if not columns.marked:
        return ()
    heights = rendering.numbers(own, columns.line)
    points = zip(texts(own[columns.series]), places, heights, own[columns.marked], strict=True)
    return tuple(
        (float(place), float(height), looks[item])
        for item, place, height, marked in points
        if marked and item in looks and np.isfinite(height)
    )


def _extent(panel: _Panel) -> np.ndarray:
    """Return every height that must be visible; bands of grey lines are not drawn."""
    told_apart = [line for line in panel.lines if line.look]
    bands = [several.extent(told_apart)] if told_apart else []
    return np.concatenate(bands + [line.heights for line in (*panel.lines, *panel.dots)])


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where panels lie, in points from the upper left corner."""

    panels: int
    left: float
    right: float
    top: float
    remarks: tuple[int, ...]

    @property
    def columns(self) -> int:
        return min(self.panels, _COLUMNS)

    @property
    def width(self) -> float:
        """Width of one plotting area."""
        room = theme.WIDTH - self.left - self.right - _GAP * (self.columns - 1)
        return room / self.columns

    @property
    def height(self) -> float:
        """Height of the figure."""
        return self._below(len(self._heads))

    def margins(self, place: int) -> canvas.Margins:
        """Return the space around a panel."""
        row, column = divmod(place, self.columns)
        left = self.left + column * (self.width + _GAP)
        above = self._below(row) + self._heads[row]
        right, below = theme.WIDTH - left - self.width, self.height - above - _PANEL
        return canvas.Margins(left, right, above, below)

    @property
    def _heads(self) -> list[float]:
        """Room above the panels of each row, for a name and the most remarks of the row."""
        places = range(0, self.panels, self.columns)
        return [_HEAD + _NOTE * max(self.remarks[at : at + self.columns]) for at in places]

    def _below(self, rows: int) -> float:
        """Return where a number of rows ends."""
        return self.top + sum(self._heads[:rows]) + rows * (_PANEL + _BELOW)


def _figure(
    panels: Sequence[_Panel],
    axis: Along,
    of: canvas.Scale,
    entries: Sequence[canvas.Entry],
    label: str,
    remarks: _Remarks,
) -> Figure:
    top = canvas.legend_height(entries, 4) + _LABEL
    right = lettering.text_width(axis.names[-1], theme.SMALL) / 2 + 4
    said = tuple(len(remarks[one.name]) for one in panels)
    grid = _Grid(len(panels), canvas.left_margin(of), right, top, said)
    figure, background = canvas.blank(grid.height, canvas.Margins(0, 0, 0, 0))
    canvas.legend(figure, entries, left=4, top=2)
    canvas.write(background, 0, 1, lettering.fit(label, theme.WIDTH - 20), by=background.transAxes,
                 dx=4, dy=-top + 4, across="left", along="bottom", colour=theme.MUTED)  # fmt: skip
    for place, one in enumerate(panels):
        axes = canvas.area(figure, grid.margins(place))
        blank = canvas.Scale(of.ticks, ("",) * len(of.ticks))
        canvas.value_axis_left(axes, blank if place % grid.columns else of, "")
        first, last = axis.stops[0], axis.stops[-1]
        axes.set_xlim(*((first, last) if last > first else (first - 0.5, first + 0.5)))
        canvas.ticks_below(axes, *readable(axis, grid.width))
        several.draw(axes, one.lines, marks=_MARKS, steps=bool(one.dots))
        _draw_dots(axes, one.dots)
        _write_head(axes, [one.name, *remarks[one.name]], grid.width)
        for stop, height, look in one.rings:
            axes.plot(stop, height, marker="o", ms=_RING, mfc="none", mec=look.colour, mew=1.6,
                      zorder=4, clip_on=False)  # fmt: skip
    return figure


def _draw_dots(axes: Axes, dots: Sequence[several.Line]) -> None:
    """Draw the values of lines that are told apart, faintly; of grey ones the line is enough."""
    for line in dots:
        if line.look:
            axes.plot(line.places, line.heights, ls="none", marker=line.look.mark, ms=_DOT,
                      color=line.look.colour, alpha=_FAINT, mew=0, zorder=2)  # fmt: skip


def _write_head(axes: Axes, lines: Sequence[str], width: float) -> None:
    """Write the name of a panel above it, and what is remarked on it below the name."""
    for up, line in enumerate(reversed(lines)):
        title = up == len(lines) - 1
        size, colour = (theme.TEXT, theme.INK) if title else (theme.SMALL, theme.MUTED)
        text = lettering.fit(line, width, size)
        canvas.write(axes, 0, 1, text, by=axes.transAxes, dy=5 + _NOTE * up, across="left",
                     along="bottom", size=size, colour=colour)  # fmt: skip


def _entries(
    panels: Sequence[_Panel], looks: Mapping[str, Look], marked_label: str
) -> list[canvas.Entry]:
    """Return the legend: the lines, how many are grey, and what a ring means."""
    entries = [
        canvas.Entry(item, look.colour, look.mark, look.dash) for item, look in looks.items()
    ]
    grey = {line.name for one in panels for line in one.lines if not line.look}
    if grey:
        entries.append(canvas.Entry(f"{len(grey)} more", theme.CONTEXT, "", (0, None)))
    if any(one.rings for one in panels):
        entries.append(canvas.Entry(marked_label, theme.INK, "o", filled=False))
    return entries


def _alt(panels: Sequence[_Panel], axis: Along, measure: canvas.Measure, remarks: _Remarks) -> str:
    """Describe each panel by what is remarked on it, or by where its lines end."""
    what = name(measure.label, 60)
    head = f"Panels of lines of {what} from {name(axis.names[0])} to {name(axis.names[-1])}."
    return describe(
        [head, *(f"{name(one.name)}: {_said(one, measure, remarks)}." for one in panels)]
    )


def _said(panel: _Panel, measure: canvas.Measure, remarks: _Remarks) -> str:
    if remarks[panel.name]:
        return name(", ".join(remarks[panel.name]), 100)
    named = [line for line in panel.lines if line.look]
    return ", ".join(f"{name(line.name)} ends at {measure.text(line.end)}" for line in named)
