"""The waterfall: how a number becomes another one, step by step."""

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from opsplaybook.display import Audience, Chart, Table
from opsplaybook.errors import OpsPlaybookError, quote
from opsplaybook.figures import canvas, rendering, rows, theme
from opsplaybook.figures.rendering import Plate, describe, name
from opsplaybook.figures.rows import Rows
from opsplaybook.formats import Kind

_TOLERANCE = 1e-6
_BAR = 0.66


def plot_waterfall(
    frame: pd.DataFrame,
    *,
    step: str,
    value: str,
    total: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    low: str = "",
    high: str = "",
    kind: Kind = "number",
    currency: str = "",
    audience: Audience = "internal",
) -> Chart:
    """Draw totals from zero and changes from where the row before ended, all with their number.

    Parameters
    ----------
    frame : DataFrame
        One row per step, first to last; not changed. A missing change counts as none and is
        written as an en dash.
    step, value, total : str
        Columns of the name, of the total or signed change, and of whether it is a total.
    label : str
        What the values are, with their unit.
    key, title, subtitle, data, audience
        As in `Chart`.
    low, high : str, optional
        Columns of the interval of a change; written beside it.
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
        If a total is not what the rows before it add up to.

    Examples
    --------
    >>> from opsplaybook.tables import Column, table
    >>> frame = pd.DataFrame({"step": ["start", "lost", "end"], "value": [100, -8, 92],
    ...                       "total": [True, False, True]})
    >>> data = table(frame, [Column("step", "Step")], key="bridge", caption="Accounts")
    >>> chart = plot_waterfall(frame, step="step", value="value", total="total", label="Accounts",
    ...     kind="count", key="bridge", title="Accounts", subtitle="2026", data=data)
    >>> chart.alt
    'Waterfall of Accounts: start 100, end 92. Largest changes: lost −8.'

    Eight accounts were lost and none won.
    """
    rendering.checked(frame, key, (step, value, total, low, high))
    plate = Plate(key, title, subtitle, data, audience)
    shown = rows.rows(frame, step, most=None)
    values, lows, highs = (shown.column(column) for column in (value, low, high))
    if not np.isfinite(values).any():
        return plate.empty()
    totals = shown.frame[total].to_numpy(dtype=bool)
    starts, ends = _spans(values, totals, key)
    measure = canvas.Measure(label, kind, currency)
    with theme.applied():
        texts = _step_texts(measure, totals, (values, lows, highs))
        extent = np.concatenate([starts, ends])
        figure, axes = rows.start(shown, extent, measure, notes=texts, zero=True)
        _draw(axes, starts, ends, totals)
        return plate.chart(figure, _waterfall_alt(shown, values, totals, texts, measure))


def _spans(values: np.ndarray, totals: np.ndarray, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Return where each bar starts and ends; refuse totals that the rows do not add up to."""
    known = np.nan_to_num(values)
    changes = np.where(totals, 0.0, known)
    first = known[0] if totals[0] else 0.0
    ends = first + np.cumsum(changes)
    wrong = totals & (np.abs(ends - known) > _TOLERANCE * np.abs(known).max())
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        raise OpsPlaybookError(
            f"a total is {known[place]:g} and the rows before it add up to {ends[place]:g}",
            where=f"waterfall {quote(key)}, row {place}",
            remedy="give every step of the decomposition, or a row for the rest",
        )
    return np.where(totals, 0.0, ends - changes), ends


def _step_texts(
    measure: canvas.Measure, totals: np.ndarray, drawn: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> list[str]:
    """Write totals as they are and changes with their sign; of shares, in percentage points."""
    change = replace(measure, kind="points") if measure.kind == "share" else measure
    texts = []
    for is_total, value, low, high in zip(totals, *drawn, strict=True):
        text = (measure if is_total else change).with_ends(value, low, high)
        signed = is_total or not value > 0 or text.startswith("+")
        texts.append(text if signed else f"+{text}")
    return texts


def _draw(axes: Axes, starts: np.ndarray, ends: np.ndarray, totals: np.ndarray) -> None:
    places = np.arange(len(ends), dtype=float)
    falls = ~totals & (ends < starts)
    for which, colour, hatch in (
        (totals, theme.CONTEXT, ""),
        (~totals & ~falls, theme.FOCUS, ""),
        (falls, theme.ALERT, "////"),
    ):
        rows.bars(axes, np.where(which, starts, np.nan), ends, colour, height=_BAR, hatch=hatch)
    axes.vlines(ends[:-1], places[:-1] + _BAR / 2, places[1:] - _BAR / 2, colors=theme.MUTED,
                linewidths=0.9, zorder=1)  # fmt: skip
    rows.zero_line(axes)


def _waterfall_alt(
    shown: Rows, values: np.ndarray, totals: np.ndarray, texts: list[str], measure: canvas.Measure
) -> str:
    ends = [f"{name(shown.names[i])} {texts[i]}" for i in np.flatnonzero(totals)]
    sizes = np.where(totals, 0.0, np.abs(np.nan_to_num(values)))
    largest = [place for place in np.argsort(-sizes, kind="stable")[:3] if sizes[place] > 0]
    changes = ", ".join(f"{name(shown.names[i])} {texts[i]}" for i in largest)
    of = f": {', '.join(dict.fromkeys((ends[0], ends[-1])))}" if ends else ""
    return describe([
        f"Waterfall of {name(measure.label, 60)}{of}.",
        f"Largest changes: {changes}." if changes else "No change.",
    ])  # fmt: skip
