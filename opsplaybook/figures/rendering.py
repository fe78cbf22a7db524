"""From a drawn figure to a `Chart`: small, the same bytes every time, never without a description.

The image is an SVG whose text stays text. Above 60 KB it is replaced by a PNG of 64 colours, if
that is smaller and the font can draw all of its text.
"""

import io
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from opsplaybook import formats
from opsplaybook.display import Audience, Chart, Table
from opsplaybook.errors import OpsPlaybookError, quote
from opsplaybook.figures import canvas, lettering, theme
from opsplaybook.figures.vector import lean

SVG_LIMIT = 60_000
"""Bytes above which a PNG is tried."""
ALT_CHARACTERS = 300
"""Length of a text alternative at most."""
NAME_CHARACTERS = 40
"""Length of a name from data inside a text alternative at most."""

_PNG_COLOURS = 64
_PIXELS_PER_POINT = 96 / 72
_NO_DATE = dict.fromkeys(("Creator", "Date", "Format", "Type"))

ImageType = Literal["image/svg+xml", "image/png"]


@dataclass(frozen=True, slots=True)
class Plate:
    """What surrounds an image: everything of a `Chart` but the picture and its description.

    Attributes
    ----------
    key, title, subtitle, data, audience
        As in `Chart`.
    """

    key: str
    title: str
    subtitle: str
    data: Table
    audience: Audience

    def chart(self, figure: Figure, alt: str) -> Chart:
        """Render a figure and put it on the plate."""
        width, height = figure.get_size_inches() * 72 * _PIXELS_PER_POINT
        image, image_type = picture(figure)
        return Chart(
            key=self.key,
            title=self.title,
            subtitle=self.subtitle,
            alt=alt,
            image=image,
            image_type=image_type,
            width=round(width),
            height=round(height),
            data=self.data,
            audience=self.audience,
        )

    def empty(self) -> Chart:
        """Return a chart that says that there is nothing to draw."""
        with theme.applied():
            figure, axes = canvas.blank(3 * theme.ROW, canvas.Margins(0, 0, 0, 0))
            middle = axes.transAxes
            canvas.write(axes, 0.5, 0.5, "No data", by=middle, colour=theme.MUTED)
            return self.chart(figure, describe([f"No data: {name(self.title, 200)}."]))


def picture(figure: Figure) -> tuple[bytes, ImageType]:
    """Render a figure to the smaller of SVG and, above 60 KB, PNG.

    Parameters
    ----------
    figure : Figure
        Drawn within `theme.applied`, which must still hold.

    Returns
    -------
    image : bytes
    image_type : {"image/svg+xml", "image/png"}
    """
    with warnings.catch_warnings():
        # The reader's browser finds characters that our font lacks; matplotlib only measures them.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        vector = _svg(figure)
        if len(vector) <= SVG_LIMIT or not _all_drawable(figure):
            return vector, "image/svg+xml"
        dots = _png(figure)
    return (dots, "image/png") if len(dots) < len(vector) else (vector, "image/svg+xml")


def _svg(figure: Figure) -> bytes:
    page = io.StringIO()
    FigureCanvasSVG(figure).print_svg(page, metadata=_NO_DATE)
    return lean(page.getvalue()).encode()


def _all_drawable(figure: Figure) -> bool:
    texts = {text.get_text() for text in figure.findobj(Text)}
    return all(lettering.drawable(character) for text in texts for character in text)


def _png(figure: Figure) -> bytes:
    figure.set_dpi(theme.PNG_DPI)
    surface = FigureCanvasAgg(figure)
    surface.draw()
    pixels = Image.fromarray(np.asarray(surface.buffer_rgba())).convert("RGB")
    file = io.BytesIO()
    pixels.quantize(_PNG_COLOURS).save(file, "png", optimize=True)
    return file.getvalue()


def checked(frame: pd.DataFrame, key: str, columns: Iterable[str]) -> None:
    """Refuse a frame that lacks a column that is to be drawn.

    Raises
    ------
    KeyError
        Naming the chart, the missing columns and those that there are.
    """
    missing = [column for column in columns if column and column not in frame.columns]
    if missing:
        raise KeyError(f"chart {quote(key)} has no column {missing}; it has {list(frame.columns)}")


def one_each(frame: pd.DataFrame, key: str, columns: Iterable[str]) -> None:
    """Refuse a frame in which one place of a chart has two rows.

    Raises
    ------
    OpsPlaybookError
        Naming the chart and the first places that occur twice.
    """
    names = [column for column in columns if column]
    twice = frame.loc[frame.duplicated(names), names] if names else frame.iloc[:0]
    if len(twice):
        raise OpsPlaybookError(
            f"{len(twice)} rows for a place that already has one",
            where=f"chart {quote(key)}, columns {', '.join(names)}",
            remedy="aggregate to one row each before drawing",
            examples=twice.astype(str).agg(", ".join, axis=1).map(quote).tolist(),
        )


def numbers(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as floats, NaN where missing; infinite values stay."""
    return pd.to_numeric(frame[column]).to_numpy(dtype=float, na_value=np.nan)


def enough(frame: pd.DataFrame, n: str) -> np.ndarray:
    """Tell which rows have enough units behind them to show a number."""
    if not n:
        return np.ones(len(frame), dtype=bool)
    return numbers(frame, n) >= formats.MINIMUM_UNITS


def describe(sentences: Sequence[str]) -> str:
    """Join sentences to a text alternative, leaving out the last ones that do not fit.

    Examples
    --------
    >>> describe(["Line chart of active accounts.", "It ends at 79%."])
    'Line chart of active accounts. It ends at 79%.'
    """
    text = ""
    for sentence in (sentence for sentence in sentences if sentence):
        longer = f"{text} {sentence}".strip()
        if len(longer) > ALT_CHARACTERS:
            return text or f"{longer[: ALT_CHARACTERS - 1]}…"
        text = longer
    return text


def name(item: object, characters: int = NAME_CHARACTERS) -> str:
    """Write a name from data for a text alternative: one line, of bounded length."""
    text = formats.text(item)
    return text if len(text) <= characters else f"{text[: characters - 1].rstrip()}…"
