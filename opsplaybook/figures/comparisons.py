"""Charts with one row per category: rates with intervals, two groups, targets."""

import numpy as np
import pandas as pd

from opsplaybook import formats
from opsplaybook.display import Audience, Chart, Table
from opsplaybook.figures import canvas, rendering, rows, theme
from opsplaybook.figures.rendering import Plate, describe, name
from opsplaybook.figures.rows import Rows
from opsplaybook.formats import Kind


def plot_intervals(
    frame: pd.DataFrame,
    *,
    category: str,
    value: str,
    low: str,
    high: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    n: str = "",
    reference: float | None = None,
    reference_label: str = "",
    kind: Kind = "number",
    currency: str = "",
    zero: bool = False,
    log: bool = False,
    audience: Audience = "internal",
) -> Chart:
    """Draw a dot with its interval per category, against a reference.

    Parameters
    ----------
    frame : DataFrame
        One row per category, in the order in which they are read; not changed. The first twenty
        are drawn. A missing value leaves its row empty, a missing end its interval.
    category, value, low, high : str
        Columns of the name, the value and the ends of its interval.
    label : str
        What the values are, with their unit.
    key, title, subtitle, data, audience
        As in `Chart`; the level of the intervals belongs into the subtitle.
    n : str, optional
        Column of the units behind each value; below five, no number is drawn.
    reference : float, optional
        A target or a total.
    reference_label : str, optional
        What the reference is.
    kind, currency : str, optional
        How values are written.
    zero : bool, optional
        Whether the axis includes zero.
    log : bool, optional
        Whether the axis is logarithmic, as ratios need it: twice is as far from one as half.

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
    >>> frame = pd.DataFrame({"tier": ["A", "B"], "rate": [0.4, 0.2], "low": [0.3, 0.1],
    ...                       "high": [0.5, 0.3], "n": [80, 90]})
    >>> data = table(frame, [Column("tier", "Tier")], key="rates", caption="Attended")
    >>> chart = plot_intervals(frame, category="tier", value="rate", low="low", high="high",
    ...     n="n", label="Attended (%)", kind="share", key="rates", title="Attended by tier",
    ...     subtitle="95% intervals", data=data)
    >>> chart.alt
    'Dot chart of Attended (%) for 2 rows. Highest: A 40% (30% to 50%). Lowest: B 20% (10% to 30%).'

    The intervals touch: the tiers may not differ.
    """
    rendering.checked(frame, key, (category, value, low, high, n))
    plate = Plate(key, title, subtitle, data, audience)
    shown = rows.rows(frame, category, n)
    values, lows, highs = (shown.column(column) for column in (value, low, high))
    if shown.nothing(values):
        return plate.empty()
    measure = canvas.Measure(label, kind, currency)
    at = np.array([np.nan if reference is None else reference])
    with theme.applied():
        extent = np.concatenate([values, lows, highs, at])
        notes = [shown.noted(place, measure.text(item)) for place, item in enumerate(values)]
        against = f"{formats.text(reference_label)} {measure.text(at[0])}".strip()
        has_reference = bool(np.isfinite(at[0]))
        figure, axes = rows.start(
            shown, extent, measure, notes=notes, zero=zero, log=log,
            head=against if has_reference else "",
        )  # fmt: skip
        if has_reference:
            rows.reference(axes, at[0], against)
        rows.whiskers(axes, lows, highs, theme.FOCUS, 2.6)
        rows.marks(axes, values, "o", theme.FOCUS)
        alt = _interval_alt(shown, (values, lows, highs), measure, against * has_reference)
        return plate.chart(figure, alt)


def _interval_alt(
    shown: Rows,
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
    measure: canvas.Measure,
    against: str,
) -> str:
    head = f"Dot chart of {name(measure.label, 60)} for {_rows(shown)}."
    if not np.isfinite(drawn[0]).any():
        return describe([head, f"All rows: {formats.NOT_ENOUGH}."])
    top, bottom = rows.extremes(drawn[0])
    texts = {
        place: f"{name(shown.names[place])} {measure.with_ends(*(part[place] for part in drawn))}"
        for place in (top, bottom)
    }
    if len(shown.names) == 1:
        return describe([head, f"{texts[top]}.", f"{against}." * bool(against)])
    return describe([
        head,
        f"Highest: {texts[top]}.",
        f"Lowest: {texts[bottom]}.",
        f"Reference: {name(against)}." if against else "",
    ])  # fmt: skip


def _rows(shown: Rows) -> str:
    total = len(shown.names) + shown.hidden
    return f"{total} {'row' if total == 1 else 'rows'}"


def plot_dumbbell(
    frame: pd.DataFrame,
    *,
    category: str,
    first: str,
    second: str,
    first_label: str,
    second_label: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    n: str = "",
    kind: Kind = "number",
    currency: str = "",
    zero: bool = False,
    audience: Audience = "internal",
) -> Chart:
    """Draw two values per category, joined by a line.

    Parameters
    ----------
    frame : DataFrame
        One row per category, in the order in which they are read; not changed. The first twenty
        are drawn. A missing value leaves its mark out.
    category, first, second : str
        Columns of the name and the two values.
    first_label, second_label : str
        What the two are, such as before and after.
    label : str
        What the values are, with their unit.
    key, title, subtitle, data, audience
        As in `Chart`.
    n : str, optional
        Column of the units behind the smaller group; below five, no number is drawn.
    kind, currency : str, optional
        How values are written.
    zero : bool, optional
        Whether the axis includes zero.

    Returns
    -------
    Chart

    Raises
    ------
    KeyError
        If a column is not in the frame.
    """
    rendering.checked(frame, key, (category, first, second, n))
    plate = Plate(key, title, subtitle, data, audience)
    shown = rows.rows(frame, category, n)
    before, after = shown.column(first), shown.column(second)
    if shown.nothing(before, after):
        return plate.empty()
    measure = canvas.Measure(label, kind, currency)
    legend = (
        canvas.Entry(formats.text(first_label), theme.MUTED, "o", filled=False),
        canvas.Entry(formats.text(second_label), theme.FOCUS, "D"),
    )
    with theme.applied():
        extent = np.concatenate([before, after])
        notes = [
            shown.noted(place, f"{measure.text(one)} → {measure.text(two)}")
            for place, (one, two) in enumerate(zip(before, after, strict=True))
        ]
        figure, axes = rows.start(shown, extent, measure, notes=notes, zero=zero, legend=legend)
        rows.whiskers(axes, before, after, theme.CONTEXT, 2.0)
        rows.marks(axes, before, "o", theme.MUTED, filled=False)
        rows.marks(axes, after, "D", theme.FOCUS)
        alt = _dumbbell_alt(shown, before, after, measure, (first_label, second_label))
        return plate.chart(figure, alt)


def _dumbbell_alt(
    shown: Rows,
    before: np.ndarray,
    after: np.ndarray,
    measure: canvas.Measure,
    labels: tuple[str, str],
) -> str:
    one, two = name(labels[0]), name(labels[1])
    head = f"Dumbbell chart of {name(measure.label, 60)} for {_rows(shown)}: {one} and {two}."
    gaps = np.abs(after - before)
    if not np.isfinite(gaps).any():
        return describe([head, "No row has enough data on both."])
    widest = int(np.nanargmax(gaps))
    ends = f"{one} {measure.text(before[widest])}, {two} {measure.text(after[widest])}"
    return describe([head, f"Furthest apart: {name(shown.names[widest])}, {ends}."])


def plot_target_bars(
    frame: pd.DataFrame,
    *,
    category: str,
    value: str,
    target: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    low: str = "",
    high: str = "",
    n: str = "",
    target_label: str = "target",
    kind: Kind = "number",
    currency: str = "",
    audience: Audience = "internal",
) -> Chart:
    """Draw a bar from zero per category, with an upright line at its target.

    Parameters
    ----------
    frame : DataFrame
        One row per category, in the order in which they are read; not changed. The first twenty
        are drawn. A missing value or target is left out.
    category, value, target : str
        Columns of the name, the value and what it should have been; `target` may be empty.
    label : str
        What the values are, with their unit.
    key, title, subtitle, data, audience
        As in `Chart`.
    low, high : str, optional
        Columns of the interval of the value.
    n : str, optional
        Column of the units behind each value; below five, no number is drawn.
    target_label : str, optional
        What the upright line is.
    kind, currency : str, optional
        How values are written.

    Returns
    -------
    Chart

    Raises
    ------
    KeyError
        If a column is not in the frame.
    """
    rendering.checked(frame, key, (category, value, target, low, high, n))
    plate = Plate(key, title, subtitle, data, audience)
    shown = rows.rows(frame, category, n)
    values, aims, lows, highs = (shown.column(column) for column in (value, target, low, high))
    if shown.nothing(values):
        return plate.empty()
    measure = canvas.Measure(label, kind, currency)
    aim = formats.text(target_label)
    legend = (canvas.Entry(aim, theme.INK, "|"),) if np.isfinite(aims).any() else ()
    with theme.applied():
        extent = np.concatenate([values, aims, lows, highs])
        notes = [
            shown.noted(place, _against(measure, item, wanted, aim))
            for place, (item, wanted) in enumerate(zip(values, aims, strict=True))
        ]
        figure, axes = rows.start(shown, extent, measure, notes=notes, zero=True, legend=legend)
        rows.bars(axes, np.zeros(len(values)), values, theme.FOCUS)
        rows.zero_line(axes)
        rows.whiskers(axes, lows, highs, theme.INK, 1.3)
        rows.targets(axes, aims)
        return plate.chart(figure, _target_alt(shown, values, aims, measure, aim))


def _against(measure: canvas.Measure, value: float, wanted: float, aim: str) -> str:
    if np.isnan(wanted):
        return measure.text(value)
    return f"{measure.text(value)}, {aim} {measure.text(wanted)}"


def _target_alt(
    shown: Rows, values: np.ndarray, aims: np.ndarray, measure: canvas.Measure, aim: str
) -> str:
    head = f"Bar chart of {name(measure.label, 60)} for {_rows(shown)}."
    places = np.flatnonzero(np.isfinite(values))
    shown_first = places[np.argsort(np.isnan(aims[places]), kind="stable")][:4]
    texts = [
        f"{name(shown.names[place])}: {_against(measure, values[place], aims[place], aim)}."
        for place in shown_first
    ]
    return describe([head, *(texts or [f"All rows: {formats.NOT_ENOUGH}."])])
