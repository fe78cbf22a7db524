"""One look at the source for a whole batch: every run sees the same rows, validated once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from opsplaybook import sources
from opsplaybook.batch.store import UNFINISHED

SNAPSHOT_VARIABLE = "OPSPLAYBOOK_SNAPSHOT"
"""Environment variable of a kernel: the snapshot to read instead of the source."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the runs of a batch read.

    Attributes
    ----------
    environment : mapping of str to str
        Added to the kernels'.
    digests : mapping of str to str
        Digest per input.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def taken_once(source: str, tables: Sequence[str], *, folder: Path | None) -> Iterator[Inputs]:
    """Take a snapshot of the source's tables, and remove it at the end.

    Parameters
    ----------
    source : str
        Address of the source.
    tables : sequence of str
        Tables that the playbook reads.
    folder : Path or None
        Where workers can read it: the batch folder; None for this machine's temporary folder.

    Yields
    ------
    Inputs
    """
    with TemporaryDirectory(prefix=UNFINISHED, dir=folder, ignore_cleanup_errors=True) as place:
        snapshot = sources.open_source(source).snapshot(Path(place), tuple(tables))
        yield Inputs({SNAPSHOT_VARIABLE: place}, snapshot.digests)
