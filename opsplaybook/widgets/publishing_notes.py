"""Notes that a page is being made, which tell the next kernel what the last one left unfinished."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import filelock

_NOTE = ".publishing-"


@dataclass(slots=True)
class Note:
    """A note that a page is being made.

    Attributes
    ----------
    stays : bool
        Whether the next kernel is to find it, although this one still lives: one that is being
        restarted ends its children first, and itself a moment later.
    """

    stays: bool = False


@contextmanager
def noted(playbook: str, output: Path) -> Iterator[Note]:
    """Leave a note in a folder while a page is made; it is locked as long as this process lives.

    Parameters
    ----------
    playbook : str
        Stem of the playbook.
    output : Path
        Folder that the page will land in; made if need be.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    output.mkdir(parents=True, exist_ok=True)
    path, note = output / f"{_NOTE}{playbook}-{uuid.uuid4().hex}", Note()
    try:
        with filelock.FileLock(path):
            yield note
    finally:
        if not note.stays:
            path.unlink(missing_ok=True)


def cut_short(playbook: str, output: Path) -> list[datetime]:
    """Return when pages were begun that nobody makes any more, and take their notes away.

    Parameters
    ----------
    playbook : str
        Stem of the playbook.
    output : Path
        Folder that they would have landed in.

    Raises
    ------
    OSError
        If a note cannot be taken away.
    """
    found = []
    for note in sorted(output.glob(f"{_NOTE}{playbook}-*")):
        began = datetime.fromtimestamp(note.stat().st_mtime).astimezone()
        try:
            with filelock.FileLock(note, timeout=0):
                found.append(began)
        except filelock.Timeout:
            continue
        note.unlink(missing_ok=True)
    return sorted(found)
