"""Stacked shares: how a whole splits into a few ordered classes, bar under bar."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from opsplaybook import formats
from opsplaybook.display import Audience, Chart, Table
from opsplaybook.errors import OpsPlaybookError, quote
from opsplaybook.figures import canvas, lettering, rendering, rows, theme
from opsplaybook.figures.places import texts
from opsplaybook.figures.rendering import Plate, describe, name
from opsplaybook.figures.rows import Rows

CLASSES = len(theme.ORDERED_FILLS)
"""Classes that can be told apart at most."""
_SHARE = "share"
_BAR = 0.74
_NEAR_WHITE = 0.5


def ink_on(colour: str | tuple[float, float, float]) -> str:
    """Return the text colour, dark or white, that has more contrast on a fill.

    Examples
    --------
    >>> ink_on("#014B75"), ink_on("#E3EEF5")
    ('#FFFFFF', '#262626')
    """
    light = luminance(colour)
    on_white = 1.05 / (light + 0.05)
    on_ink = (light + 0.05) / (luminance(theme.INK) + 0.05)
    return theme.PAPER if on_white >= on_ink else theme.INK


def luminance(colour: str | tuple[float, float, float]) -> float:
    """Return the relative luminance of a colour, 0 to 1.

    References
    ----------
    .. [1] W3C, Web Content Accessibility Guidelines 2.2, "relative luminance".

    Examples
    --------
    >>> round(luminance("#FFFFFF"), 6), luminance("#000000")
    (1.0, 0.0)
    """
    parts = np.asarray(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def plot_share_bars(
    frame: pd.DataFrame,
    *,
    category: str,
    part: str,
    share: str,
    label: str,
    key: str,
    title: str,
    subtitle: str,
    data: Table,
    n: str = "",
    audience: Audience = "internal",
) -> Chart:
    """Draw one bar per category, split into classes; hatch and number tell the classes apart.

    Parameters
    ----------
    frame : DataFrame
        One row per category and class, in the order in which they are read; not changed. A class
        that a category lacks, or whose share is missing, takes no room.
    category, part, share : str
        Columns of the name of the bar, of the class, and of its share of the bar (0 to 1).
    label : str
        What the shares are of.
    key, title, subtitle, data, audience
        As in `Chart`.
    n : str, optional
        Column of the units behind the bar; below five, the bar is not drawn.

    Returns
    -------
    Chart

    Raises
    ------
    KeyError
        If a column is not in the frame.
    OpsPlaybookError
        If there are more than five classes, or a class twice in one bar.

    Examples
    --------
    >>> from opsplaybook.tables import Column, table
    >>> frame = pd.DataFrame({"list": ["reached", "reached", "target", "target"],
    ...     "tier": ["A", "B", "A", "B"], "share": [0.2, 0.8, 0.5, 0.5]})
    >>> data = table(frame, [Column("tier", "Tier")], key="mix", caption="Mix of tiers")
    >>> chart = plot_share_bars(frame, category="list", part="tier", share="share",
    ...     label="Share of accounts (%)", key="mix", title="Mix", subtitle="2026", data=data)
    >>> chart.alt
    'Stacked bars of Share of accounts (%). reached: A 20%, B 80%. target: A 50%, B 50%.'

    Fewer of the first tier were reached than intended.
    """
    rendering.checked(frame, key, (category, part, share, n))
    plate = Plate(key, title, subtitle, data, audience)
    rendering.one_each(frame, key, (category, part))
    parts = list(dict.fromkeys(texts(frame[part])))
    if len(parts) > CLASSES:
        raise OpsPlaybookError(
            f"{len(parts)} classes; no more than {CLASSES} can be told apart",
            where=f"chart {quote(key)}, column {quote(part)}",
            remedy="put the smallest classes into one before drawing",
            examples=parts,
        )
    if not np.isfinite(rendering.numbers(frame, share)).any():
        return plate.empty()
    bars = frame.drop_duplicates(category)
    shown = rows.rows(bars, category, n)
    grid = _grid(frame, shown, parts, (category, part, share))
    measure = canvas.Measure(label, _SHARE)
    legend = tuple(
        canvas.Entry(
            lettering.fit(item, 110),
            theme.ORDERED_FILLS[i],
            hatch=theme.HATCHES[i],
            line=_line_on(theme.ORDERED_FILLS[i]),
        )
        for i, item in enumerate(parts)
    )
    with theme.applied():
        notes = [shown.base(place) for place in range(len(shown.names))]
        figure, axes = rows.start(shown, np.array([0.0, 1.0]), measure, notes=notes, legend=legend)
        _draw(axes, grid)
        return plate.chart(figure, _alt(shown, parts, grid, label))


def _grid(
    frame: pd.DataFrame, shown: Rows, parts: list[str], columns: tuple[str, str, str]
) -> np.ndarray:
    """Return the shares, shape (n_bars, n_classes); zero where missing or not enough."""
    bars = pd.Index(shown.names).get_indexer(texts(frame[columns[0]]))
    classes = pd.Index(parts).get_indexer(texts(frame[columns[1]]))
    grid = np.zeros((len(shown.names), len(parts)))
    drawn = bars >= 0
    grid[bars[drawn], classes[drawn]] = np.nan_to_num(rendering.numbers(frame, columns[2]))[drawn]
    return np.where(shown.enough[:, None], grid, 0.0)


def _draw(axes: Axes, grid: np.ndarray) -> None:
    left_ends = np.cumsum(grid, axis=1) - grid
    places = np.arange(len(grid), dtype=float)
    points = axes.get_position().width * theme.WIDTH
    for i, (sizes, lefts) in enumerate(zip(grid.T, left_ends.T, strict=True)):
        fill = theme.ORDERED_FILLS[i]
        mark = ink_on(fill)
        rows.bars(axes, np.where(sizes > 0, lefts, np.nan), lefts + sizes, fill, height=_BAR,
                  hatch=theme.HATCHES[i], line=_line_on(fill), edge=1.0)  # fmt: skip
        for place, size, left in zip(places, sizes, lefts, strict=True):
            text = formats.share(size)
            if lettering.text_width(text, theme.SMALL) + 8 <= size * points:
                canvas.write(axes, left + size / 2, place, text, size=theme.SMALL, colour=mark,
                             plate=fill if theme.HATCHES[i] else "")  # fmt: skip


def _line_on(fill: str) -> str:
    """Return the colour of hatch and edge: white on dark fills, dark on those near white."""
    return theme.FOCUS if luminance(fill) > _NEAR_WHITE else theme.PAPER


def _alt(shown: Rows, parts: list[str], grid: np.ndarray, label: str) -> str:
    sentences = [f"Stacked bars of {name(label, 60)}."]
    for place, shares in enumerate(grid):
        split = ", ".join(
            f"{name(part, 20)} {formats.share(size)}"
            for part, size in zip(parts, shares, strict=True)
        )
        text = split if shown.enough[place] else formats.NOT_ENOUGH
        sentences.append(f"{name(shown.names[place])}: {text}.")
    return describe(sentences)
