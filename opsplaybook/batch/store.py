"""Where run folders land: a local folder, or any address that fsspec knows.

A run folder is either whole or not there. Locally it is written beside its place, flushed to the
disk and renamed; elsewhere its manifest is uploaded last, and without one there is no run. What
has no manifest is not ours, and is never removed.
"""

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit

import filelock
import fsspec

from opsplaybook.errors import FolderBusyError, StorageError

MANIFEST = "manifest.json"
REPORT = "report.html"
_LOCK = ".lock"
UNFINISHED = ".unfinished-"
"""How names begin that a killed process may leave behind, and the next one removes."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_OURS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class RunStore(Protocol):
    """What the runner needs of an output folder. Names are relative, with forward slashes."""

    address: str

    @property
    def folder(self) -> Path | None:
        """The folder on this machine; None if it is elsewhere."""
        ...

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Hold the folder; a second holder gets `FolderBusyError`."""
        ...

    def publish(self, name: str, files: Mapping[str, bytes]) -> None:
        """Write a run folder, whole or not at all; an earlier one of that name is replaced."""
        ...

    def exists(self, name: str) -> bool:
        """Tell whether a file or folder has that name."""
        ...

    def is_foreign(self, name: str) -> bool:
        """Tell whether something stands in the place of a run folder that no run has written."""
        ...

    def read(self, name: str) -> bytes | None:
        """Read a file; None if there is none."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a file, replacing it at once."""
        ...

    def append(self, name: str, line: str) -> None:
        """Add a line to a file."""
        ...

    def move(self, name: str, new_name: str) -> None:
        """Give a run folder another name."""
        ...

    def clear_unfinished(self) -> None:
        """Remove what an earlier holder that was killed left unfinished."""
        ...


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A folder on this machine or a mounted share.

    Attributes
    ----------
    address : str
        Its path.
    """

    address: str

    @property
    def folder(self) -> Path | None:
        """The folder."""
        return Path(self.address)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder while a batch or run writes to it; made if it does not exist.

        Raises
        ------
        FolderBusyError
            If another process holds it.
        """
        with _storage_errors(self.address):
            Path(self.address).mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(Path(self.address, _LOCK), timeout=0)
            try:
                lock.acquire()
            except filelock.Timeout:
                raise _busy(self.address) from None
        try:
            yield
        finally:
            lock.release()

    def publish(self, name: str, files: Mapping[str, bytes]) -> None:
        """Write a run folder beside its place, flush it, rename it.

        Raises
        ------
        StorageError
            If it cannot be written, or something that is no run folder stands in its place.
        """
        staging = Path(self.address, f"{UNFINISHED}{uuid.uuid4().hex}")
        with _storage_errors(self.address):
            try:
                _write_all(staging, files)
                self._make_room(name)
                staging.rename(Path(self.address, name))
                _flush_folder(Path(self.address))
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    def exists(self, name: str) -> bool:
        """Tell whether a file or folder has that name."""
        return Path(self.address, name).exists()

    def is_foreign(self, name: str) -> bool:
        """Tell whether a file, or a folder with files and without a manifest, has that name."""
        place = Path(self.address, name)
        if not place.is_dir():
            return place.exists()
        return not Path(place, MANIFEST).is_file() and any(place.iterdir())

    def read(self, name: str) -> bytes | None:
        """Read a file; None if there is none."""
        try:
            return Path(self.address, name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file beside its place, flush it, rename it."""
        staging = Path(self.address, f"{UNFINISHED}{uuid.uuid4().hex}")
        with _storage_errors(self.address):
            try:
                _write_flushed(staging, content)
                staging.replace(Path(self.address, name))
            finally:
                staging.unlink(missing_ok=True)

    def append(self, name: str, line: str) -> None:
        """Add a line to a file."""
        with (
            _storage_errors(self.address),
            Path(self.address, name).open("a", encoding="utf-8") as file,
        ):
            file.write(line + "\n")

    def move(self, name: str, new_name: str) -> None:
        """Give a run folder another name."""
        with _storage_errors(self.address):
            Path(self.address, name).rename(Path(self.address, new_name))

    def clear_unfinished(self) -> None:
        """Remove what an earlier holder that was killed left unfinished."""
        for path in Path(self.address).glob(f"{UNFINISHED}*"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _make_room(self, name: str) -> None:
        """Move an earlier folder of that name away before it is removed, so that none is half."""
        place = Path(self.address, name)
        if not place.exists():
            return
        if self.is_foreign(name):
            raise _taken(place)
        aside = Path(self.address, f"{UNFINISHED}{uuid.uuid4().hex}")
        place.rename(aside)
        shutil.rmtree(aside)


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """An address that fsspec knows, such as ``s3://bucket/reports``.

    Object stores have no atomic lock: two batches that start within the same second could both
    believe that they are alone.

    Attributes
    ----------
    address : str
        With its protocol.
    """

    address: str

    @property
    def folder(self) -> Path | None:
        """None: it is elsewhere."""
        return None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the address by a lock object.

        Raises
        ------
        FolderBusyError
            If there is one already.
        """
        if self.read(_LOCK) is not None:
            raise _busy(self.address, f"if none is running, delete {self.address}/{_LOCK}")
        self.write(_LOCK, str(os.getpid()).encode())
        try:
            yield
        finally:
            filesystem, path = self._at(_LOCK)
            filesystem.rm_file(path)

    def publish(self, name: str, files: Mapping[str, bytes]) -> None:
        """Upload a run folder, its manifest last; what lies there without one stays."""
        filesystem, folder = self._at(name)
        if self.exists(f"{name}/{MANIFEST}"):
            filesystem.rm(folder, recursive=True)
        for file in sorted(files, key=lambda file: (file == MANIFEST, file)):
            self.write(f"{name}/{file}", files[file])

    def exists(self, name: str) -> bool:
        """Tell whether an object has that name, or lies below it."""
        filesystem, path = self._at(name)
        return filesystem.exists(path)

    def is_foreign(self, name: str) -> bool:  # noqa: ARG002 - asked for by the protocol
        """Return False: an upload that was cut off looks the same, and nothing is removed."""
        return False

    def read(self, name: str) -> bytes | None:
        """Read an object; None if there is none."""
        filesystem, path = self._at(name)
        try:
            return filesystem.cat_file(path)
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write an object."""
        filesystem, path = self._at(name)
        with _storage_errors(self.address):
            filesystem.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
            filesystem.pipe_file(path, content)

    def append(self, name: str, line: str) -> None:
        """Write an object again with one line more."""
        self.write(name, (self.read(name) or b"") + line.encode() + b"\n")

    def move(self, name: str, new_name: str) -> None:
        """Give a run folder another name."""
        filesystem, path = self._at(name)
        with _storage_errors(self.address):
            filesystem.mv(path, self._at(new_name)[1], recursive=True)

    def clear_unfinished(self) -> None:
        """Nothing to do: without its manifest an upload is no run, and is written over."""

    def _at(self, name: str) -> tuple[fsspec.AbstractFileSystem, str]:
        filesystem, root = fsspec.core.url_to_fs(self.address)
        return filesystem, f"{root.rstrip('/')}/{name}"


def open_store(address: str) -> RunStore:
    """Return the store at a path or an fsspec address.

    Examples
    --------
    >>> type(open_store("outputs/renewals")).__name__
    'LocalStore'
    >>> type(open_store("s3://reports/renewals")).__name__
    'ObjectStore'
    """
    remote = len(urlsplit(address).scheme) > 1 and "://" in address
    return ObjectStore(address.rstrip("/")) if remote else LocalStore(address)


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_flushed(path, content)
    for inner in {path.parent for path in map(folder.joinpath, files)}:
        _flush_folder(inner)


def _write_flushed(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can (not on Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _taken(place: Path) -> StorageError:
    return StorageError(
        f"something that is no run folder stands here: it has no {MANIFEST}",
        where=str(place),
        remedy="move it away, or give another output",
    )


def _busy(
    address: str, remedy: str = "wait for it to end, or give another output"
) -> FolderBusyError:
    return FolderBusyError("another run or batch is writing here", where=address, remedy=remedy)


@contextlib.contextmanager
def _storage_errors(address: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            what, remedy = "the disk is full", "free space, then start again with --resume"
        elif error.errno in _NOT_OURS:
            what, remedy = "the folder cannot be written", "give an output that is yours to write"
        else:
            what, remedy = f"the output cannot be written: {error.strerror or error}", "check it"
        raise StorageError(what, where=address, remedy=remedy) from error
