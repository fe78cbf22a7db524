"""Names from data become folder names: safe on every file system, unique, readable."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

SLUG_CHARACTERS = 60
"""Longest readable part; with the digest and any script it stays below 255 bytes."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_RESERVED = re.compile(r"(?i)con|prn|aux|nul|conin|conout|clock|(com|lpt)[0-9]")
_DIGEST_CHARACTERS = 8


def folder_names(subjects: Sequence[str]) -> tuple[str, ...]:
    """Name one folder per subject.

    A plain name, such as an id, stays as it is. Any other keeps its letters and digits, in its
    own script, and ends in a digest of the whole name. So do names that differ in case only,
    which one folder on Windows and macOS would hold.

    Parameters
    ----------
    subjects : sequence of str
        Names as the data have them; equal ones get equal folders.

    Returns
    -------
    tuple of str
        In the same order.

    Examples
    --------
    >>> folder_names(["A-0042", "../../etc/passwd", "CON"])
    ('A-0042', 'etc-passwd-3754d6cb', 'CON-a3dbc4b6')

    Only the first is safe as it stands.
    """
    spellings = Counter(subject.casefold() for subject in set(subjects))
    return tuple(
        subject if _is_plain(subject) and spellings[subject.casefold()] == 1 else _marked(subject)
        for subject in subjects
    )


def _is_plain(subject: str) -> bool:
    return (
        len(subject) <= SLUG_CHARACTERS
        and _PLAIN.fullmatch(subject) is not None
        and _RESERVED.fullmatch(subject) is None
    )


def _marked(subject: str) -> str:
    digest = hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{_slug(subject)}-{digest[:_DIGEST_CHARACTERS]}"


def _slug(subject: str) -> str:
    text = "".join(_readable(sign) for sign in unicodedata.normalize("NFC", subject))
    return re.sub(r"-{2,}", "-", text).strip("-")[:SLUG_CHARACTERS].strip("-") or "unnamed"


def _readable(sign: str) -> str:
    """Keep letters, marks and digits, spell out a picture, join the rest by hyphens."""
    category = unicodedata.category(sign)
    if category[0] in "LNM":
        return sign
    if category == "So":
        return f"-{unicodedata.name(sign, 'sign').lower().replace(' ', '-')}-"
    return "_" if sign == "_" else "-"
