"""One look at the source for a whole batch: every run sees the same rows, validated once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from opsplaybook.batch.others import write_names
from opsplaybook.batch.store import UNFINISHED
from opsplaybook.sources import Source, open_source
from opsplaybook.sources.opening import SNAPSHOT_OF_VARIABLE, SNAPSHOT_VARIABLE


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the runs of a batch read.

    Attributes
    ----------
    environment : mapping of str to str
        Added to the kernels', so that they open the snapshot in the place of the source.
    digests : mapping of str to str
        Digest per input.
    names_file : str
        File with the names that a customer's report must not contain.
    are_digested : bool
        Whether other data have other digests; those of a database have not.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    names_file: str = ""
    are_digested: bool = True


@contextmanager
def taken_once(
    source: str,
    tables: Sequence[str],
    *,
    folder: Path | None,
    subjects: tuple[str, Sequence[str]] = ("", ()),
) -> Iterator[Inputs]:
    """Take a snapshot of a source of files, and remove it at the end.

    A database is not copied: its runs ask it themselves, and its digest is that of its YAML.
    Tables whose files do not tell all that they depend on are digested by their rows.

    Parameters
    ----------
    source : str
        Address of the source.
    tables : sequence of str
        Tables that the playbook reads.
    folder : Path or None
        Where workers can read it: the batch folder; None for this machine's temporary folder.
    subjects : tuple of (str, sequence of str), optional
        Name of the parameter that runs are about, and its values, which must be keys that the
        source has.

    Yields
    ------
    Inputs

    Raises
    ------
    SourceError
        If the source cannot be read.
    UsageError
        If a subject is no key of the source.
    """
    opened = open_source(source)
    opened.require_known(*subjects)
    with TemporaryDirectory(prefix=UNFINISHED, dir=folder, ignore_cleanup_errors=True) as made:
        place = Path(made).absolute()
        names_file = place / "names.json"
        write_names(opened, names_file, tables)
        if not opened.stock.engine.local:
            yield Inputs({}, opened.digests, str(names_file), are_digested=False)
            return
        taken = opened.snapshot(place / "tables", tables)
        unseen = [name for name in taken.names if name in opened.stock.unseen]
        yield Inputs(
            {SNAPSHOT_OF_VARIABLE: source, SNAPSHOT_VARIABLE: str(place / "tables")},
            taken.digests | {f"rows of {name}": _digest_of_rows(taken, name) for name in unseen},
            str(names_file),
        )


def _digest_of_rows(source: Source, name: str) -> str:
    """Return a digest of the rows of a table, whatever their order; of ten million in a second."""
    query = f"SELECT count(*) AS n, sum(hash(t)::HUGEINT)::VARCHAR AS total FROM {name} AS t"  # noqa: S608 - a name of a contract
    n, total = source.query(query).iloc[0]
    return sha256(f"{source.quality(name).rows_read} {n} {total}".encode()).hexdigest()
