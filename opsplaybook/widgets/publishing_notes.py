"""Notes that a page is being made, which tell the next kernel what the last one left unfinished."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import filelock

_NOTE = ".publishing-"


@contextmanager
def noted(playbook: str, output: Path) -> Iterator[None]:
    """Leave a note in a folder while a page is made; it is locked as long as this process lives.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    output.mkdir(parents=True, exist_ok=True)
    note = output / f"{_NOTE}{playbook}-{uuid.uuid4().hex}"
    try:
        with filelock.FileLock(note):
            yield
    finally:
        note.unlink(missing_ok=True)


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
