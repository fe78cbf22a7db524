"""The leak scan: what a report must not contain, looked for wherever a file can hide it."""

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

from opsplaybook.errors import RenderError
from opsplaybook.report import masking

PNG_START = b"\x89PNG\r\n\x1a\n"
_PICTURE_CHUNKS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"pHYs"})
# Pages of ours write addresses of data in double quotes, and nothing else between them.
_DATA_URI = re.compile(r'(?<==")data:(?P<type>[\w.+/-]+)(?P<base64>;base64)?,(?P<body>[^"]*)')
_TAG = re.compile(r"<[^>]*>")
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
# Coordinates: long runs of numbers with dots, of which some look like addresses of hosts.
_COORDINATES = re.compile(r"""\b(?:d|points|transform|viewBox|x|y)\s*=\s*(?:"[^"]*"|'[^']*')""")
_NAMES_NOBODY = re.compile(r"\s*(?:\S{0,2}|\d{0,3})\s*\Z")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that must not be in the file.

    Attributes
    ----------
    kind : str
        ``forbidden name`` or a shape of `masking.SHAPES`, among others.
    text : str
        What was found.
    place : str
        ``page``, or the kind of picture that it is in.
    """

    kind: str
    text: str
    place: str

    def __str__(self) -> str:
        return f"{self.kind} in the {self.place}: {self.text}"


def scan(
    html: str,
    *,
    forbidden: Sequence[str] = (),
    own: Sequence[str] = (),
    fixed: Sequence[str] = (),
) -> tuple[Hit, ...]:
    """Look for paths, credentials, user names and forbidden names in a page.

    The bytes are searched as they are, with entities and percent signs decoded, and with tags
    taken out; so are the texts of SVG pictures and the text chunks of PNG pictures.

    Parameters
    ----------
    html : str
        The whole page.
    forbidden : sequence of str, optional
        Names and ids of other accounts, staff and the like, found as whole words whatever the
        spaces between them. The case does not matter, except for a single word without digits:
        it counts as written or in capitals, since an account may be called Target. Texts of fewer
        than three characters, and numbers of fewer than four digits, name nobody and are not
        looked for.
    own : sequence of str, optional
        Names of whom the page is about; a forbidden name within one of them is no hit.
    fixed : sequence of str, optional
        Texts of the template with the bracket of the tag before them; names are not looked for in
        them.

    Returns
    -------
    tuple of Hit
        Each once, in the order of the kinds.

    Examples
    --------
    >>> [str(hit) for hit in scan('<td title="Globex&#32;AG">1</td>', forbidden=["Globex AG"])]
    ['forbidden name in the page: Globex AG']

    The name stands in an attribute, spelt with an entity.
    """
    hits: dict[Hit, None] = {}
    wanted = [name for name in forbidden if not _NAMES_NOBODY.match(name)]
    for place, text in _texts(html, between=" "):
        for hit in _shapes(text, place):
            hits[hit] = None
    for text in fixed:
        html = html.replace(text, "> ")
    for place, text in _texts(_STYLE.sub("", html), between=""):
        for hit in _names(text, wanted, place, own=own):
            hits[hit] = None
    return tuple(hits)


def require_none(
    html: str, *, forbidden: Sequence[str], own: Sequence[str] = (), fixed: Sequence[str] = ()
) -> None:
    """Refuse a page that a customer must not get.

    Raises
    ------
    RenderError
        Naming what was found, five examples at most.
    """
    hits = scan(html, forbidden=forbidden, own=own, fixed=fixed)
    if hits:
        how_many = "1 thing" if len(hits) == 1 else f"{len(hits):,} things"
        raise RenderError(
            f"{how_many} found that a customer must not see",
            where="customer report",
            examples=[str(hit) for hit in hits],
            remedy="mark what shows it as internal, or take the text out of the notebook",
        )


def png_texts(data: bytes) -> Iterator[str]:
    """Yield the texts of a PNG: every chunk that is not the picture itself, unpacked."""
    for kind, body in png_chunks(data):
        if kind in _PICTURE_CHUNKS:
            continue
        yield body.decode("utf-8", "replace")
        yield body.decode("latin-1")
        for start in (match.end() for match in re.finditer(rb"\x00+", body)):
            try:
                yield zlib.decompress(body[start:]).decode("utf-8", "replace")
            except zlib.error:
                continue


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and body of each chunk of a PNG, as far as the file goes."""
    position = len(PNG_START)
    while data.startswith(PNG_START) and position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        yield kind, data[position + 8 : position + 8 + length]
        position += length + 12


def png_without_texts(data: bytes) -> bytes:
    """Return a PNG with nothing in it but the picture."""
    kept = [
        struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in png_chunks(data)
        if kind in _PICTURE_CHUNKS
    ]
    return PNG_START + b"".join(kept)


def _texts(html: str, *, between: str) -> Iterator[tuple[str, str]]:
    """Yield place and text for everything readable in a page.

    A name may be split by tags, so they leave nothing between its parts; the numbers along an axis
    must not become one.
    """
    page = unescape(_COORDINATES.sub("", _DATA_URI.sub("", html)))
    yield "page", page
    yield "page", unquote(page)
    yield "page", unescape(_TAG.sub(between, html))
    for match in _DATA_URI.finditer(html):
        kind, body = match["type"], _decoded(match)
        if kind == "image/svg+xml":
            svg = _COORDINATES.sub("", unescape(body.decode("utf-8", "replace")))
            yield "SVG picture", svg
            yield "SVG picture", _TAG.sub(between, svg)
        elif kind == "image/png":
            yield from (("PNG picture", text) for text in png_texts(body))
        else:
            yield f"{kind} data", body.decode("latin-1")


def _decoded(match: re.Match[str]) -> bytes:
    body = unescape(match["body"])
    if not match["base64"]:
        return unquote(body).encode()
    try:
        return base64.b64decode(body)
    except binascii.Error:
        return body.encode()


def _shapes(text: str, place: str) -> Iterator[Hit]:
    for kind, shape in (*masking.SHAPES.items(), ("e-mail address", masking.EMAIL)):
        yield from (Hit(kind, match[0], place) for match in shape.finditer(text))
    for value in masking.environment_values():
        if value in text:
            yield Hit("value of a secret environment variable", f"{value[:2]}…", place)
    yield from (
        Hit("folder of this machine", f, place) for f in masking.machine_folders() if f in text
    )
    yield from _names(text, masking.user_names(), place, kind="user name")


def _names(
    text: str,
    names: Sequence[str],
    place: str,
    *,
    own: Sequence[str] = (),
    kind: str = "forbidden name",
) -> Iterator[Hit]:
    """Find names as whole words; a name with a word that is nowhere costs next to nothing."""
    spaced = " ".join(text.split())
    words = set(_WORD.findall(spaced.casefold()))
    allowed = [match.span() for name in own for match in _pattern(name).finditer(spaced)]
    for name in names:
        if not words.issuperset(_WORD.findall(name.casefold())):
            continue
        found = (match.span() for match in _pattern(name).finditer(spaced))
        if not all(_within(span, allowed) for span in found):
            yield Hit(kind, name, place)


def _within(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    return any(first <= span[0] and span[1] <= last for first, last in spans)


def _pattern(name: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in name.split()]
    if len(parts) == 1 and parts[0].isalpha():
        return re.compile(rf"(?<!\w)(?:{parts[0]}|{parts[0].upper()})(?!\w)")
    return re.compile(rf"(?<!\w){' '.join(parts)}(?!\w)", re.IGNORECASE)
