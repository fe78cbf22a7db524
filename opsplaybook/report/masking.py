"""What must never be in a shared file, as shapes: machine paths, credentials, hosts, addresses."""

import getpass
import os
import re
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

_REST = r"[^\s\"'<>|:;,)\]}]"
_PATH = (
    r"(?<![\w/])/(?:home|Users|root|tmp|var|private|opt|mnt|srv|usr|etc|proc|Volumes)/"
    + _REST
    + "+"
    r"|(?<![\w.\"'=/:;,)-])/(?:data|workspace|app|media|run)/[\w.-]+(?:/[\w.-]+)+"
    # A Python environment gives its machine away wherever it lies.
    r"|(?<![\w/])/(?:[\w.-]+/)+(?:bin/python|site-packages)[\w./-]*"
    r"|\b[A-Za-z]:\\{1,2}" + _REST + "+"
    r"|(?<!\w)~/" + _REST + "+"
    r"|\bfile:/{2,3}[^\s\"'<>]+"
)
_CREDENTIALS_IN_URL = r"\b[A-Za-z][A-Za-z0-9+]*://[^\s/:@\"'<>]*:[^\s/@\"'<>]+@[^\s\"'<>]+"
_KEY_SHAPE = (
    r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{20,}|xox[baprs]-[\w-]{10,}"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,})\b"
)
_ASSIGNMENT = (
    r"(?i:\b(?:password|passwd|pwd|secret|token|api_?key|access_?key)\b[\"']?\s*[:=]\s*)"
    r"(?:\"[^\"\n]{4,}\"|'[^'\n]{4,}'|[^\s\"'<>]{6,})"
)
_PRIVATE_ADDRESS = (
    r"\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}\b"
    r"|\b(?:[\w-]+\.)+(?:internal|intranet|corp|lan|local)\b(?!\()"
)
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,}\b")
SHAPES = {
    "credentials in an address": re.compile(_CREDENTIALS_IN_URL),
    "key or token": re.compile(_KEY_SHAPE),
    "password or token": re.compile(_ASSIGNMENT),
    "path of this machine": re.compile(_PATH),
    "private host": re.compile(_PRIVATE_ADDRESS),
}
"""Shapes that are masked in every report, in this order."""

# What every text of a shape has. Most texts have none of it, and looking for it costs far less.
_SIGNS = {
    "credentials in an address": ("://",),
    "password or token": (":", "="),
    "path of this machine": ("/", "\\"),
    "private host": (".",),
}
_ANY: tuple[str, ...] = ("",)

_SECRET_NAME = re.compile(r"(?i)secret|token|passw|pwd|credential|api_?key|access_?key|private|dsn")
_SHORTEST_SECRET = 6
_EVERYBODY = frozenset(
    (
        "root",
        "user",
        "admin",
        "administrator",
        "ubuntu",
        "debian",
        "jovyan",
        "runner",
        "nobody",
        "docker",
        "guest",
        "vscode",
        "default",
    )
)
_SHORTEST_NAME = 4
_NOT_TEXT = ("image/png", "image/jpeg", "application/pdf", "csv")
# The coordinates of a drawing would be taken for addresses of hosts.
_DRAWN_TEXT = re.compile(r"(?<=>)[^<]+")
Mask = tuple[tuple[str, ...], re.Pattern[str], str]
_MASKS = {"path of this machine": "[path]", "private host": "[host]"}


def mask(item: Any) -> Any:
    """Return a tree of JSON with secrets masked in all its texts; the input stays as it is.

    Pictures and the CSV behind a table are not text of the page and are left alone.

    Examples
    --------
    >>> mask({"stdout": "read /home/ana/acme.csv from postgresql://ops:s3cret@db.example/prod"})
    {'stdout': 'read [path] from [secret]'}

    What was read is still said, where and with which password is not.
    """
    own = [((value,), re.compile(re.escape(value)), "[secret]") for value in environment_values()]
    own += [
        ((folder,), re.compile(re.escape(folder) + f"{_REST}*"), "[path]")
        for folder in machine_folders()
    ]
    shapes = [
        (_SIGNS.get(name, _ANY), shape, _MASKS.get(name, "[secret]"))
        for name, shape in SHAPES.items()
    ]
    return _masked(item, (*own, *shapes))


def environment_values() -> tuple[str, ...]:
    """Return the values of environment variables whose names say that they are secret."""
    return tuple(
        sorted(
            value
            for name, value in os.environ.items()
            if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET
        )
    )


def machine_folders() -> tuple[str, ...]:
    """Return the folders of this machine that texts may name, the longest first."""
    folders = {Path.home(), Path.cwd(), Path(sys.prefix), Path(tempfile.gettempdir())}
    return tuple(sorted((str(f) for f in folders if len(f.parts) > 2), key=len, reverse=True))


@lru_cache(maxsize=1)
def user_names() -> tuple[str, ...]:
    """Return the name of whoever is logged in, unless everybody has it."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return ()
    known = name.lower() in _EVERYBODY or len(name) < _SHORTEST_NAME
    return () if known else (name,)


def _masked_field(name: str, value: Any, masks: tuple[Mask, ...]) -> Any:
    if name in _NOT_TEXT:
        return value
    if name == "image/svg+xml":
        drawing = value if isinstance(value, str) else "".join(value)
        return _DRAWN_TEXT.sub(lambda match: _masked(match[0], masks), drawing)
    return _masked(value, masks)


def _masked(item: Any, masks: tuple[Mask, ...]) -> Any:
    if isinstance(item, str):
        for signs, shape, instead in masks:
            if any(sign in item for sign in signs):
                item = shape.sub(instead, item)
        return item
    if isinstance(item, dict):
        return {name: _masked_field(name, value, masks) for name, value in item.items()}
    if isinstance(item, list | tuple):
        return [_masked(part, masks) for part in item]
    return item
