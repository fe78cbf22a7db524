"""How wide a text is in the font of the figures, before anything is drawn."""

from functools import lru_cache

from matplotlib.font_manager import fontManager, get_font

from opsplaybook import formats
from opsplaybook.figures import theme

_EM = 10.0


@lru_cache(maxsize=4096)
def _advance(character: str) -> float:
    font = get_font(fontManager.findfont(theme.FONT))
    if not font.get_char_index(ord(character)):
        return _EM
    font.set_size(_EM, 72)
    return font.load_char(ord(character)).linearHoriAdvance / 65536


@lru_cache(maxsize=4096)
def drawable(character: str) -> bool:
    """Tell whether the font has a character; a browser finds others elsewhere, a PNG cannot."""
    return bool(get_font(fontManager.findfont(theme.FONT)).get_char_index(ord(character)))


def text_width(text: str, size: float = theme.TEXT) -> float:
    """Measure a text in points; a character that the font lacks counts as a square.

    Examples
    --------
    >>> text_width("Enterprise") > text_width("Mid")
    True
    """
    return sum(_advance(character) for character in text) * size / _EM


def fit(text: object, width: float, size: float = theme.TEXT) -> str:
    """Write a text on one line, cut with an ellipsis where it would be wider.

    Examples
    --------
    >>> fit("A very long name of an account", 80)
    'A very long n…'

    The table below the chart has the whole name.
    """
    line = formats.text(text)
    if text_width(line, size) <= width:
        return line
    while line and text_width(f"{line}…", size) > width:
        line = line[:-1]
    return f"{line.rstrip()}…"
