"""The funnel: how many reach each step, and the rate from the step before."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opsplaybook import formats
from opsplaybook.display import Audience, Chart, Table
from opsplaybook.figures import canvas, lettering, rendering, rows, theme
from opsplaybook.figures.rendering import Plate, describe, name
from opsplaybook.figures.rows import Rows

_RATE = canvas.Measure("Rate from the step before (%)", "share")
_BARS_SHARE = 0.56
_HEAD = 22.0
_STEP = 28.0


def plot_funnel(
    frame: pd.DataFrame,
    *,
    step: str,
    count: str,
    rate: str,
    low: str,
    high: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    n: str = "",
    target: str = "",
    target_label: str = "target",
    audience: Audience = "internal",
) -> Chart:
    """Draw the count of each step as a bar, and beside it the rate with its interval.

    Parameters
    ----------
    frame : DataFrame
        One row per step, first to last; not changed. The rate of the first step is
        missing. A missing value leaves its place empty.
    step, count, rate, low, high : str
        Columns of the name of the step, of how many reached it, of their share of those who
        reached the step before (0 to 1), and of the ends of its interval.
    label : str
        What is counted.
    key, title, subtitle, data, audience
        As in `Chart`; the level of the intervals belongs into the subtitle.
    n : str, optional
        Column of the units that the rate rests on; below five, no rate is drawn.
    target : str, optional
        Column of how many should have reached the step.
    target_label : str, optional
        What the upright line is.

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
    >>> frame = pd.DataFrame({"step": ["invited", "attended"], "count": [340, 85],
    ...     "rate": [None, 0.25], "low": [None, 0.2], "high": [None, 0.31]})
    >>> data = table(frame, [Column("step", "Step")], key="reach", caption="Reach")
    >>> chart = plot_funnel(frame, step="step", count="count", rate="rate", low="low", high="high",
    ...     label="Accounts", key="reach", title="Reach", subtitle="95% intervals", data=data)
    >>> chart.alt
    'Funnel of Accounts: 340 invited, 85 attended. Lowest rate: attended 25% (20% to 31%).'

    A quarter of those invited came.
    """
    rendering.checked(frame, key, (step, count, rate, low, high, n, target))
    plate = Plate(key, title, subtitle, data, audience)
    everyone = rows.rows(frame, step, most=None)
    counts, aims = everyone.column(count), everyone.column(target)
    shown = rows.rows(frame, step, n, most=None)
    if not np.isfinite(counts).any():
        return plate.empty()
    rates = tuple(shown.column(column) for column in (rate, low, high))
    with theme.applied():
        figure = _funnel_figure(shown, (counts, aims), rates, (label, formats.text(target_label)))
        return plate.chart(figure, _funnel_alt(shown, counts, rates, label))


def _funnel_figure(
    shown: Rows,
    drawn: tuple[np.ndarray, np.ndarray],
    rates: tuple[np.ndarray, np.ndarray, np.ndarray],
    labels: tuple[str, str],
) -> Figure:
    counts, aims = drawn
    names = [lettering.fit(item, theme.WIDTH * 0.3) for item in shown.names]
    notes = _rate_notes(shown, rates)
    left = max(lettering.text_width(item) for item in names) + 18
    right = max(lettering.text_width(note, theme.SMALL) for note in notes) + 18
    legend = (canvas.Entry(labels[1], theme.INK, "|"),) if np.isfinite(aims).any() else ()
    top = canvas.legend_height(legend, 4) + _HEAD
    room = theme.WIDTH - left - right
    split = left + room * _BARS_SHARE
    margins = canvas.Margins(left, theme.WIDTH - split, top, 22)
    figure, bars = canvas.blank(top + len(names) * _STEP + 22, margins)
    canvas.legend(figure, legend, left=4, top=2)
    _draw_counts(bars, names, counts, aims, labels[0])
    side = canvas.area(figure, canvas.Margins(split + 44, right, top, 22))
    _draw_rates(side, rates, notes)
    later = np.arange(len(names)) > 0
    rows.not_enough(side, shown.enough | ~later)
    return figure


def _rate_notes(shown: Rows, rates: tuple[np.ndarray, np.ndarray, np.ndarray]) -> list[str]:
    texts = (
        "" if np.isnan(value) else _RATE.with_ends(value, low, high)
        for value, low, high in zip(*rates, strict=True)
    )
    return [text if shown.enough[place] else shown.base(place) for place, text in enumerate(texts)]


def _draw_counts(
    axes: Axes, names: list[str], counts: np.ndarray, aims: np.ndarray, label: str
) -> None:
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, float(np.nanmax(np.concatenate([counts, aims]))) or 1.0)
    rows.bars(axes, np.zeros(len(counts)), counts, theme.FOCUS)
    rows.zero_line(axes)
    rows.targets(axes, aims)
    by = axes.get_yaxis_transform()
    ends = np.fmax(counts, aims)
    for place, item in enumerate(names):
        canvas.write(axes, 0, place, item, by=by, dx=-8, across="right")
        if np.isfinite(counts[place]):
            canvas.write(axes, ends[place], place, formats.count(counts[place]), dx=5,
                         across="left", size=theme.SMALL)  # fmt: skip
    canvas.write(axes, 0, 1, lettering.fit(label, 180), by=axes.transAxes, dy=6, across="left",
                 along="bottom", colour=theme.MUTED)  # fmt: skip


def _draw_rates(
    axes: Axes, rates: tuple[np.ndarray, np.ndarray, np.ndarray], notes: list[str]
) -> None:
    axes.set_ylim(len(notes) - 0.5, -0.5)
    scale = canvas.Scale((0.0, 0.5, 1.0), ("0%", "50%", "100%"))
    canvas.value_axis_below(axes, scale, "")
    rows.whiskers(axes, rates[1], rates[2], theme.INK, 2.0)
    rows.marks(axes, rates[0], "D", theme.INK, size=4.0)
    by = axes.get_yaxis_transform()
    for place, note in enumerate(notes):
        canvas.write(axes, 1, place, note, by=by, dx=12, across="left", size=theme.SMALL)
    canvas.write(axes, 0, 1, _RATE.label, by=axes.transAxes, dy=6, across="left", along="bottom",
                 colour=theme.MUTED)  # fmt: skip


def _funnel_alt(
    shown: Rows, counts: np.ndarray, rates: tuple[np.ndarray, np.ndarray, np.ndarray], label: str
) -> str:
    known = np.flatnonzero(np.isfinite(counts))
    first, last = known[0], known[-1]
    ends = f"{formats.count(counts[first])} {name(shown.names[first])}"
    if last != first:
        ends += f", {formats.count(counts[last])} {name(shown.names[last])}"
    head = f"Funnel of {name(label)}: {ends}."
    if not np.isfinite(rates[0]).any():
        return describe([head])
    low = rows.extremes(rates[0])[1]
    text = _RATE.with_ends(*(part[low] for part in rates))
    return describe([head, f"Lowest rate: {name(shown.names[low])} {text}."])
