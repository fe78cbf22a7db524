"""Sizes, fonts and colours of every chart, and the context that applies them.

Colour has a role, never a meaning of its own: marks, dashes, hatches or words say the same. The
first three colours and the fourth stay apart for normal vision and for simulated protan, deutan
and tritan vision (smallest difference 26, CIE 1976).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl

FOCUS = "#0173B2"
"""What the chart is about."""
ALERT = "#D55E00"
"""What differs from it, or has gone down."""
CONTEXT = "#949494"
"""Everything that is there to compare with."""
SECOND = "#CA9161"
"""A further group; for fills and thick marks only, since it is light."""
INK = "#262626"
"""Text, reference lines and target marks."""
MUTED = "#595959"
"""Axis labels and the zero line."""
GRID = "#E0E0E0"
"""Grid lines."""
PAPER = "#FFFFFF"
"""The plate below the chart, white in a dark page too."""

ORDERED_FILLS = ("#014B75", "#0173B2", "#5BA7D1", "#A9CFE6", "#E3EEF5")
"""Fills of up to five ordered classes, dark to light, so that grey print keeps the order."""
HATCHES = ("", "////", "", "||||", "\\\\\\\\")
"""Beside `ORDERED_FILLS`: no two neighbours share a hatch. Lines only: dots make large files."""
SEQUENTIAL = "cividis"
"""Colour map of grids: even in lightness, the same for colour-blind readers."""

WIDTH = 460.8
"""Width of a chart in points: 6.4 inches, 614 pixels on the page."""
HEIGHT = 259.2
"""Height of a chart over time in points: 3.6 inches."""
ROW = 21.0
"""Height of one row of a chart with a row per category, in points."""

FONT = "DejaVu Sans"
"""Comes with matplotlib, so that widths are the same on every machine."""
PAGE_FONTS = "system-ui,'Segoe UI',Roboto,Helvetica,Arial,'DejaVu Sans',sans-serif"
"""What a reader's browser draws instead; none is wider than `FONT`."""
TEXT = 10.0
"""Size of labels in points."""
SMALL = 9.0
"""Size of numbers beside marks, in points."""

PNG_DPI = 144
"""Sharp on a screen with two pixels to a point."""
LINE = 1.8
MARK = 5.5


@dataclass(frozen=True, slots=True)
class Look:
    """How one series is told from the others: by colour, dash and mark.

    Attributes
    ----------
    colour : str
        Hexadecimal colour.
    dash : tuple
        Offset, and lengths on and off in points; empty lengths for a full line.
    mark : str
        Marker, as matplotlib names it.
    """

    colour: str
    dash: tuple[float, tuple[float, ...] | None]
    mark: str


SERIES = (
    Look(FOCUS, (0, None), "o"),
    Look(ALERT, (0, (5, 1.6)), "s"),
    Look(INK, (0, (1.4, 1.4)), "^"),
    Look(SECOND, (0, (7, 1.6, 1.4, 1.6)), "D"),
)
"""Up to four series; further ones are drawn thin and grey."""

_FAMILIES = (
    "agg", "axes", "figure", "font", "grid", "hatch", "image", "lines", "markers",
    "mathtext", "patch", "path", "savefig", "svg", "text", "xtick", "ytick",
)  # fmt: skip

_SETTINGS = {
    name: setting
    for name, setting in mpl.rcParamsDefault.items()
    if name.partition(".")[0] in _FAMILIES
} | {
    "figure.dpi": 72,
    "figure.facecolor": PAPER,
    "font.family": [FONT],
    "font.size": TEXT,
    "hatch.linewidth": 0.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "opsplaybook",
    "text.color": INK,
    "text.parse_math": False,
    "text.usetex": False,
}


@contextmanager
def applied() -> Iterator[None]:
    """Apply the theme, and put back what was set before.

    A style that an analyst has set for the notebook neither reaches a chart of ours nor is lost:
    the same numbers give the same bytes everywhere.

    Examples
    --------
    >>> before = mpl.rcParams["text.parse_math"]
    >>> with applied():
    ...     mpl.rcParams["text.parse_math"]
    False
    >>> mpl.rcParams["text.parse_math"] == before
    True

    Inside, a dollar sign is money; outside, nothing has changed.
    """
    with mpl.rc_context(_SETTINGS):
        yield
