"""Private folders for kernel sockets: short paths that only the owner can enter."""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

SOCKET_PATH_BYTES = 107
"""Longest path of a Unix socket on Linux: 108 bytes less the closing zero (man 7 unix)."""

_ROOM_BYTES = 32
"""What is appended to the parent: the folder's name and a socket's name."""

_SHORT_PARENTS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  (the folder made there is 0700)


def environment_mark(prefix: str = sys.prefix) -> str:
    """Name a Python environment in six letters, to tell its servers from those of others.

    Examples
    --------
    >>> environment_mark("/opt/ops") == environment_mark("/opt/other")
    False
    """
    return hashlib.sha256(os.fsencode(prefix)).hexdigest()[:6]


def private_folder() -> Path:
    """Make a folder with mode 0700 whose sockets have short enough paths.

    The project's own path may be long or hold spaces, and HOME may be read-only, so the folder
    is made in the system's temporary folder. The caller removes it.

    Returns
    -------
    Path
        A new folder, named after the Python environment.

    Raises
    ------
    OSError
        If no temporary folder can be written.
    """
    parent = next(filter(_usable, (tempfile.gettempdir(), *_SHORT_PARENTS)), None)
    return Path(tempfile.mkdtemp(prefix=f"opb-{environment_mark()}-", dir=parent))


def _usable(parent: str) -> bool:
    short = len(os.fsencode(parent)) + _ROOM_BYTES <= SOCKET_PATH_BYTES
    return short and os.access(parent, os.W_OK | os.X_OK)
