"""Memory that a kernel is sure to write, copied at once after the fork.

A forked process shares its memory with the server until it writes to it: the first write to each
page stops for a copy of that page. An account review stops some 10,000 times, mostly to count
references. The server therefore looks once which pages a rehearsal writes, and each kernel copies
these while it starts: 0.04 s there, for 0.037 s less of an account review's 0.68 (median of
twenty pairs). In a batch a kernel starts while the one before it runs.
"""

import ctypes
import json
import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

_PAGEMAP = Path("/proc/self/pagemap")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_ENTRY_BYTES = 8
# Bits of an entry of /proc/self/pagemap: in memory, of a file, mapped by nobody else (Linux's
# Documentation/admin-guide/mm/pagemap.rst).
_PRESENT, _OF_A_FILE, _EXCLUSIVE = (np.uint64(1 << bit) for bit in (63, 61, 56))
# From linux/mman.h; Linux knows it since 5.14.
_MADV_POPULATE_WRITE = 23

_madvise = ctypes.CDLL(None).madvise
_madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


class PageRange(NamedTuple):
    """Whole pages of memory.

    Attributes
    ----------
    first : int
        Address of the first byte.
    length : int
        In bytes.
    """

    first: int
    length: int


class TrialError(RuntimeError):
    """The work could not be done in a process of its own; that process has said why."""


def written_by(work: Callable[[], object]) -> list[PageRange]:
    """Do some work in a forked process, and say which memory of this process it has written.

    Parameters
    ----------
    work : callable
        Called without arguments in the forked process, which ends afterwards.

    Returns
    -------
    list of PageRange
        Ascending; with pages that the work was the first to use. Empty, without a trial, where
        the system keeps to itself which pages are whose (some containers).

    Raises
    ------
    TrialError
        If the work raised.
    """
    if not os.access(_PAGEMAP, os.R_OK):
        return []
    reader, writer = os.pipe()
    maps = list(_writable_maps())
    pid = os.fork()
    if pid == 0:
        _try(work, maps, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    if status:
        raise TrialError(f"the forked trial ended with code {os.waitstatus_to_exitcode(status)}")
    return [PageRange(*found) for found in json.loads(answer)]


def copy(ranges: Iterable[PageRange]) -> None:
    """Copy memory that is shared with the process that this one was forked from.

    It is an advice: what cannot be copied now (an older Linux, no memory) is copied when it is
    first written, as ever.
    """
    for first, length in ranges:
        _madvise(first, length, _MADV_POPULATE_WRITE)


def _try(work: Callable[[], object], maps: Iterable[PageRange], writer: int) -> None:
    code = 1
    try:
        work()
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(list(_exclusive(maps))).encode())
        code = 0
    finally:
        if code:
            traceback.print_exc()
        # Nothing of the server's may run in this process: neither its clean-up nor its caller.
        os._exit(code)


def _writable_maps() -> Iterator[PageRange]:
    # Bytes, since a line ends in the path of a file, which need not be text.
    with Path("/proc/self/maps").open("rb") as lines:
        for line in lines:
            addresses, permissions, *_ = line.split(maxsplit=2)
            if permissions == b"rw-p":
                first, end = (int(address, 16) for address in addresses.split(b"-"))
                yield PageRange(first, end - first)


def _exclusive(maps: Iterable[PageRange]) -> Iterator[PageRange]:
    """Find the pages that are this process's own."""
    wanted, looked_at = _PRESENT | _EXCLUSIVE, _PRESENT | _EXCLUSIVE | _OF_A_FILE
    with _PAGEMAP.open("rb", buffering=0) as pagemap:
        for first, length in maps:
            pagemap.seek(first // _PAGE_BYTES * _ENTRY_BYTES)
            entries = np.frombuffer(
                pagemap.read(length // _PAGE_BYTES * _ENTRY_BYTES), dtype=np.uint64
            )
            for start, stop in _stretches((entries & looked_at) == wanted):
                yield PageRange(first + start * _PAGE_BYTES, (stop - start) * _PAGE_BYTES)


def _stretches(chosen: np.ndarray) -> Iterator[tuple[int, int]]:
    """Find where stretches of true values begin and end."""
    edges = np.flatnonzero(np.diff(chosen, prepend=False, append=False))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
