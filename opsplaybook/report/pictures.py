"""Pictures: small, plain, and the same bytes every time."""

import base64
import io
import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote
from xml.etree import ElementTree

from opsplaybook.report.leaks import PNG_START, png_without_texts

SVG_LIMIT = 60_000
"""Bytes up to which a drawing stays a drawing; above, the smaller of it and the PNG is taken."""
COLOURS = 64
CACHED_PICTURES = 256

_ACTIVE = frozenset({"script", "foreignObject", "iframe", "embed", "object", "set", "animate"})
_POINTS = 4 / 3
_LENGTH = re.compile(r"\s*([\d.]+)\s*(px|pt)?\s*\Z")
# What an address keeps as it is; quotes, angles, hashes and percent signs are written as codes.
_KEPT = " !$&'()*+,-./:;=?@[]^_`{|}~"
_ESCAPES = str.maketrans({letter: quote(letter, safe=_KEPT) for letter in map(chr, range(128))})
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the page holds it.

    Attributes
    ----------
    src : str
        Data address.
    width, height : int
        CSS pixels.
    """

    src: str
    width: int
    height: int


def of_chart(image: str, image_type: str, width: int, height: int) -> Picture | None:
    """Embed the finished picture of a chart; None where it holds something active.

    Parameters
    ----------
    image : str
        SVG, or PNG in base64.
    image_type : str
        ``image/svg+xml`` or ``image/png``.
    width, height : int
        CSS pixels.
    """
    if image_type == "image/png":
        return Picture(_png_address(png_without_texts(base64.b64decode(image))), width, height)
    return Picture(_svg_address(image), width, height) if is_plain(image) else None


@lru_cache(maxsize=CACHED_PICTURES)
def of_output(svg: str, png: str, width: int, height: int) -> Picture | None:
    """Shrink and embed the picture of a plotting library; None where there is none to show.

    Parameters
    ----------
    svg, png : str
        The same picture in both forms, PNG in base64; either may be empty.
    width, height : int
        CSS pixels as the notebook gives them; 0 to take them from the picture.
    """
    drawing = _scoured(svg) if svg and is_plain(svg) else ""
    if drawing and (not png or len(drawing) < SVG_LIMIT):
        return Picture(_svg_address(drawing), *_size_of_svg(drawing))
    pixels = _few_colours(base64.b64decode(png)) if png else b""
    if drawing and len(drawing) < len(pixels) * 4 / 3:
        return Picture(_svg_address(drawing), *_size_of_svg(drawing))
    if not pixels:
        return None
    size = (width, height) if width and height else struct.unpack_from(">II", pixels, 16)
    return Picture(_png_address(pixels), *size)


def is_plain(svg: str) -> bool:
    """Tell whether an SVG only draws: no script, no handler, nothing from elsewhere.

    Examples
    --------
    >>> is_plain('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9"/></svg>')
    True
    >>> is_plain('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
    False
    """
    if "<!ENTITY" in svg:
        return False
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314 - without entities nothing can grow
    except ElementTree.ParseError:
        return False
    return all(_draws_only(element) for element in root.iter())


def _draws_only(element: ElementTree.Element) -> bool:
    if str(element.tag).rpartition("}")[2] in _ACTIVE:
        return False
    for name, value in element.attrib.items():
        local = name.rpartition("}")[2]
        if local.startswith("on"):
            return False
        if local == "href" and not value.startswith(("#", "data:image/png;")):
            return False
    return True


def _scoured(svg: str) -> str:
    from scour import scour

    options = scour.sanitizeOptions()
    options.enable_viewboxing = False
    options.strip_comments = True
    options.strip_xml_prolog = True
    options.remove_metadata = True
    options.shorten_ids = True
    options.indent_type = "none"
    options.newlines = False
    return scour.scourString(svg, options).strip()


def _few_colours(data: bytes) -> bytes:
    """Write a PNG again with a palette, if that is smaller; without its texts in any case."""
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(data)).convert("RGBA")
    except (UnidentifiedImageError, OSError):
        return b""
    plate = Image.new("RGBA", image.size, "white")
    plate.alpha_composite(image)
    few = plate.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=0)
    written = io.BytesIO()
    few.save(written, "PNG", optimize=True)
    original = png_without_texts(data) if data.startswith(PNG_START) else data
    return min(written.getvalue(), original, key=len)


def _size_of_svg(svg: str) -> tuple[int, int]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - has been found plain
    box = [float(part) for part in root.get("viewBox", "0 0 640 360").replace(",", " ").split()]
    sides = (_pixels(root.get("width", ""), box[2]), _pixels(root.get("height", ""), box[3]))
    return round(sides[0]), round(sides[1])


def _pixels(length: str, otherwise: float) -> float:
    match = _LENGTH.match(length)
    if not match:
        return otherwise
    return float(match[1]) * (_POINTS if match[2] == "pt" else 1)


def _svg_address(svg: str) -> str:
    # As `quote` has it, which looks at one letter after the other and takes five times as long.
    escaped = " ".join(svg.split()).translate(_ESCAPES)
    return "data:image/svg+xml," + _NOT_ASCII.sub(lambda match: quote(match[0]), escaped)


def _png_address(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()
