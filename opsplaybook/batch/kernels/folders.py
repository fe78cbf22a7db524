"""Private folders for kernel sockets: short paths that only the owner can enter."""

import glob
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

SOCKET_PATH_BYTES = 107
"""Longest path of a Unix socket on Linux: 108 bytes less the closing zero (man 7 unix)."""

_ROOM_BYTES = 40
"""What is appended to the parent: the name of a kernel's folder and of a socket in it."""

_SHORT_PARENTS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  (the folder made there is 0700)


def environment_mark(prefix: str = sys.prefix) -> str:
    """Name a Python environment in six letters, to tell its servers from those of others.

    Examples
    --------
    >>> environment_mark("/opt/ops") == environment_mark("/opt/other")
    False
    """
    return hashlib.sha256(os.fsencode(prefix)).hexdigest()[:6]


def private_folder(server: Path | None = None) -> Path:
    """Make a folder with mode 0700 whose sockets have short enough paths.

    The project's own path may be long or hold spaces, and HOME may be read-only, so the folder
    is made in the system's temporary folder. The caller removes it.

    Parameters
    ----------
    server : Path, optional
        Folder of the kernel server that the new one's kernel is asked of. The new folder lies
        beside it, where `remove_server_folders` finds it if the caller dies.

    Returns
    -------
    Path
        A new folder, named after the Python environment, or after the server's folder.

    Raises
    ------
    OSError
        If no temporary folder can be written.
    """
    if server is not None:
        return Path(tempfile.mkdtemp(prefix=f"{server.name}-", dir=server.parent))
    parent = next(filter(_usable, (tempfile.gettempdir(), *_SHORT_PARENTS)), None)
    return Path(tempfile.mkdtemp(prefix=f"opb-{environment_mark()}-", dir=parent))


def remove_server_folders(server: Path) -> None:
    """Remove a kernel server's folder with the folders of its kernels, also of those not asked for.

    A process may die after it made a folder for a kernel, or ended one, and before it cleared up.

    Parameters
    ----------
    server : Path
        Folder of a server that ends; none of its kernels runs.
    """
    for folder in (*server.parent.glob(f"{glob.escape(server.name)}-*"), server):
        shutil.rmtree(folder, ignore_errors=True)


def _usable(parent: str) -> bool:
    short = len(os.fsencode(parent)) + _ROOM_BYTES <= SOCKET_PATH_BYTES
    return short and os.access(parent, os.W_OK | os.X_OK)
