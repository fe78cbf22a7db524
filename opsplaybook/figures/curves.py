"""Curves: what share is still there over time, and where one value lies among others."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opsplaybook import formats
from opsplaybook.display import Audience, Chart, Table
from opsplaybook.figures import canvas, lettering, rendering, theme
from opsplaybook.figures import series as several
from opsplaybook.figures.places import texts
from opsplaybook.figures.rendering import Plate, describe, name
from opsplaybook.formats import Kind

DOTS_DRAWN = 300
"""Units that get a dot each; more become bars."""
_RISK_LINE = 13.0
_COLUMNS = 60
_DOT_ROOM = 110.0
_NAME_LINE = 14.0


def plot_survival(
    frame: pd.DataFrame,
    *,
    time: str,
    value: str,
    label: str,
    time_label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    group: str = "",
    low: str = "",
    high: str = "",
    at_risk: pd.DataFrame | None = None,
    kind: Kind = "share",
    audience: Audience = "internal",
) -> Chart:
    """Draw step curves with bands, and below them how many are still observed.

    Parameters
    ----------
    frame : DataFrame
        Tidy, one row per group and time at which the curve changes, time zero included; not
        changed. A value holds until the next time.
    time, value : str
        Columns of the time since the start, and of the share (of survival or cumulative
        incidence, 0 to 1).
    label, time_label : str
        What the curve is, and what the time is, with its unit.
    key, title, subtitle, data, audience
        As in `Chart`; the level of the bands belongs into the subtitle.
    group : str, optional
        Column that names the curve; four are told apart.
    low, high : str, optional
        Columns of the band.
    at_risk : DataFrame, optional
        Columns ``n``, and those named by `time` and `group`: how many are observed just before
        that time. Its times become the ticks.
    kind : Kind, optional
        How values are written.

    Returns
    -------
    Chart

    Raises
    ------
    KeyError
        If a column is not in the frame.
    OpsPlaybookError
        If `at_risk` has a group and time twice.

    Examples
    --------
    >>> from opsplaybook.tables import Column, table
    >>> frame = pd.DataFrame({"day": [0, 200], "kept": [1.0, 0.75], "lo": [1, 0.6], "hi": [1, 0.9]})
    >>> data = table(frame, [Column("day", "Day")], key="kept", caption="Kept")
    >>> chart = plot_survival(frame, time="day", value="kept", low="lo", high="hi", data=data,
    ...     label="Contracts kept (%)", time_label="Days since the start", key="kept",
    ...     title="Contracts kept", subtitle="95% band, n = 40")
    >>> chart.alt
    'Step curve of Contracts kept (%), Days since the start 0 to 200: ends at 75% (60% to 90%).'

    A quarter has been lost; between 10% and 40% is compatible with the data.
    """
    rendering.checked(frame, key, (time, value, group, low, high))
    if at_risk is not None:
        rendering.checked(at_risk, key, (time, group, "n"))
        rendering.one_each(at_risk, key, (time, group))
    plate = Plate(key, title, subtitle, data, audience)
    found = several.lines(
        frame, rendering.numbers(frame, time), value=value, series=group, low=low, high=high,
        focus=(),
    )  # fmt: skip
    if not found:
        return plate.empty()
    measure = canvas.Measure(label, kind)
    with theme.applied():
        risk = _risk_table(found, at_risk, time, group)
        figure = _curve_figure(found, measure, time_label, risk)
        return plate.chart(figure, _curve_alt(found, measure, time_label))


def _risk_table(
    found: list[several.Line], at_risk: pd.DataFrame | None, time: str, group: str
) -> pd.DataFrame:
    """Return n at risk, one row per drawn curve and one column per time."""
    if at_risk is None:
        return pd.DataFrame()
    names = texts(at_risk[group]) if group else [""] * len(at_risk)
    wide = at_risk.assign(_name=names).pivot_table(
        index="_name", columns=time, values="n", aggfunc="first"
    )
    return wide.reindex([line.name for line in found if line.look])


def _curve_figure(
    found: list[several.Line], measure: canvas.Measure, time_label: str, risk: pd.DataFrame
) -> Figure:
    of = canvas.scale(several.extent(found), measure, zero=True)
    below = _RISK_LINE * (len(risk) + 1) + 4 if len(risk) else 0.0
    plan = several.layout(found, of, measure, steps=True, below=below)
    left = max((lettering.text_width(lettering.fit(item, 90), theme.SMALL) for item in risk.index),
               default=0.0)  # fmt: skip
    plan = several.widened(plan, left + 30 if len(risk) else 0.0)
    figure, axes = several.start(plan)
    last = max(float(line.places[-1]) for line in found)
    canvas.value_axis_left(axes, of, measure.label)
    times = canvas.scale(np.array([0.0, last]), canvas.Measure(time_label, "number"), zero=True)
    ticks = [float(item) for item in risk.columns] or [tick for tick in times.ticks if tick <= last]
    axes.set_xlim(0, max([last, *ticks]) or 1.0)
    canvas.ticks_below(axes, ticks, [formats.number(tick) for tick in ticks], time_label)
    several.draw(axes, found, steps=True)
    if plan.direct:
        several.write_ends(axes, found, plan.labels)
    _write_risk(axes, found, risk)
    return figure


def _write_risk(axes: Axes, found: list[several.Line], risk: pd.DataFrame) -> None:
    if risk.empty:
        return
    by = axes.get_xaxis_transform()
    canvas.write(axes, 0, 0, "Still observed", by=axes.transAxes, dx=-14, dy=-38, across="right",
                 along="top", size=theme.SMALL, colour=theme.MUTED)  # fmt: skip
    looks = [line.look for line in found if line.look]
    for line, (group, look) in enumerate(zip(risk.index, looks, strict=True), start=1):
        down = -38 - line * _RISK_LINE
        canvas.write(axes, 0, 0, lettering.fit(group, 90), by=axes.transAxes, dx=-14, dy=down,
                     across="right", along="top", size=theme.SMALL)  # fmt: skip
        for tick, n in risk.loc[group].items():
            text = formats.value(n, "count")
            canvas.write(axes, float(tick), 0, text, by=by, dy=down, along="top",
                         size=theme.SMALL, colour=several.text_colour(look))  # fmt: skip


def _curve_alt(found: list[several.Line], measure: canvas.Measure, time_label: str) -> str:
    named = [line for line in found if line.look]
    last = formats.number(max(line.end_place for line in named))
    what = f"of {name(measure.label, 60)}, {name(time_label)} 0 to {last}"
    ends = [measure.with_ends(*line.last) for line in named]
    if len(found) == 1:
        of = f" for {name(named[0].name)}" if named[0].name else ""
        return describe([f"Step curve {what}{of}: ends at {ends[0]}."])
    texts = [f"{name(line.name)} ends at {end}." for line, end in zip(named, ends, strict=True)]
    return describe([f"Step curves {what}.", *texts])


def plot_distribution(
    frame: pd.DataFrame,
    *,
    value: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    marked: float | None = None,
    marked_label: str = "",
    references: Mapping[str, float] | None = None,
    unit: str = "accounts",
    kind: Kind = "number",
    currency: str = "",
    audience: Audience = "internal",
) -> Chart:
    """Draw how a value is spread over units, none of them named, and where one of them lies.

    Parameters
    ----------
    frame : DataFrame
        One row per unit; not changed. Missing and infinite values are left out.
    value : str
        Column of the value.
    label : str
        What the value is, with its unit.
    key, title, subtitle, data, audience
        As in `Chart`.
    marked : float, optional
        The value to point out.
    marked_label : str, optional
        Whose value that is.
    references : mapping of str to float, optional
        Further values to show by name, such as the median.
    unit : str, optional
        What a row is, in the plural.
    kind, currency : str, optional
        How values are written.

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
    >>> frame = pd.DataFrame({"days": [2, 3, 3, 8, 21]})
    >>> data = table(frame, [Column("days", "Days")], key="days", caption="Days to answer")
    >>> chart = plot_distribution(frame, value="days", marked=21, marked_label="Acme",
    ...     references={"median": 3}, label="Wait", kind="days", key="days",
    ...     title="Days to answer", subtitle="2026, n = 5", data=data)
    >>> chart.alt
    'Distribution of Wait over 5 accounts, 2 days to 21 days: Acme 21 days, median 3 days.'

    Acme waits longer than any comparable account.
    """
    rendering.checked(frame, key, (value,))
    plate = Plate(key, title, subtitle, data, audience)
    values = rendering.numbers(frame, value)
    values = values[np.isfinite(values)]
    if not values.size:
        return plate.empty()
    measure = canvas.Measure(label, kind, currency)
    named = {formats.text(item): float(at) for item, at in (references or {}).items()}
    if marked is not None and np.isfinite(marked):
        named = {formats.text(marked_label): float(marked), **named}
    with theme.applied():
        figure = _spread_figure(values, named, measure, unit, marked)
        return plate.chart(figure, _spread_alt(values, named, measure, unit))


def _spread_figure(
    values: np.ndarray,
    named: dict[str, float],
    measure: canvas.Measure,
    unit: str,
    marked: float | None,
) -> Figure:
    scale = canvas.scale(np.concatenate([values, list(named.values())]), measure)
    top = _NAME_LINE * len(named) + 10
    margins = canvas.Margins(24, 24, top, 40)
    figure, axes = canvas.blank(top + _DOT_ROOM + 40, margins)
    what = f"{measure.label}; one dot is one of {len(values):,} {unit}"
    if len(values) > DOTS_DRAWN:
        what = f"{measure.label}; height: number of {unit}, {len(values):,} in all"
    canvas.value_axis_below(axes, scale, what)
    edges = np.linspace(scale.low, scale.high, _COLUMNS + 1)
    counts, _ = np.histogram(values, edges)
    axes.set_ylim(0, max(int(counts.max()), 6))
    if len(values) > DOTS_DRAWN:
        corners = (edges[:-1], np.zeros(_COLUMNS), edges[1:] - np.diff(edges) * 0.1, counts)
        canvas.boxes(axes, corners, theme.CONTEXT)
    else:
        _draw_dots(axes, values, edges, int(max(counts.max(), 6)))
    _draw_named(axes, named, measure, marked)
    return figure


def _draw_dots(axes: Axes, values: np.ndarray, edges: np.ndarray, highest: int) -> None:
    """Stack a dot per unit, each over the column that its value falls into."""
    ordered = np.sort(values)
    column = np.clip(np.searchsorted(edges, ordered, side="right") - 1, 0, _COLUMNS - 1)
    first_of_column = np.searchsorted(column, column, side="left")
    height = np.arange(len(ordered)) - first_of_column + 0.5
    middle = (edges[:-1] + edges[1:])[column] / 2
    size = min(5.4, _DOT_ROOM / highest * 0.86)
    axes.plot(middle, height, ls="none", marker="o", ms=size, color=theme.CONTEXT, mew=0)


def _draw_named(
    axes: Axes, named: dict[str, float], measure: canvas.Measure, marked: float | None
) -> None:
    """Draw a line per named value, each name on a line of its own, leftmost on top."""
    by = axes.get_xaxis_transform()
    middle = sum(axes.get_xlim()) / 2
    own = next(iter(named)) if marked is not None and named else ""
    for level, item in enumerate(sorted(named, key=named.__getitem__, reverse=True)):
        at = named[item]
        thick = item == own
        colour = theme.FOCUS if thick else theme.INK
        height = 1 + (level * _NAME_LINE + 3) / _DOT_ROOM
        axes.plot([at, at], [0, height], transform=by, color=colour, lw=2.2 if thick else 1.1,
                  ls="-" if thick else (0, (4, 2)), clip_on=False, zorder=4)  # fmt: skip
        text = f"{lettering.fit(item, 180)} {measure.text(at)}".strip()
        across, dx = ("left", 4) if at <= middle else ("right", -4)
        label = canvas.write(axes, at, height, text, by=by, dx=dx, dy=4, across=across,
                             size=theme.SMALL, colour=colour, plate=theme.PAPER)  # fmt: skip
        label.set_zorder(6)


def _spread_alt(
    values: np.ndarray, named: dict[str, float], measure: canvas.Measure, unit: str
) -> str:
    ends = f"{measure.text(values.min())} to {measure.text(values.max())}"
    head = f"Distribution of {name(measure.label, 60)} over {len(values):,} {unit}, {ends}"
    places = ", ".join(f"{name(item)} {measure.text(at)}".strip() for item, at in named.items())
    return describe([f"{head}: {places}." if places else f"{head}."])
