"""Digests of the files of a source, and what they do not tell."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from opsplaybook.sources.mapping import SourceMapping
from opsplaybook.sources.repeatable import reads_files_alone


def by_name(found: Mapping[Path, str], folder: Path) -> dict[str, str]:
    """Name the digests of files, in the order in which they were found.

    Parameters
    ----------
    found : mapping of Path to str
        Digest per file.
    folder : Path
        Folder that the paths of the source are relative to.

    Returns
    -------
    dict of str to str
        A file is named by its path in the folder. One that lies elsewhere has its own name alone,
        since its path tells the machine; those of one name share a digest.

    Examples
    --------
    >>> paths = ["data/2024/a.csv", "data/2025/a.csv", "/mnt/b.csv"]
    >>> by_name({Path(path): path[-5] for path in paths}, Path("data"))
    {'2024/a.csv': 'a', '2025/a.csv': 'a', 'b.csv': 'b'}
    """
    named: dict[str, list[str]] = {}
    for path, digest in found.items():
        named.setdefault(_name(path, folder), []).append(digest)
    return {name: _together(digests) for name, digests in named.items()}


def is_unseen(mapping: SourceMapping, name: str) -> bool:
    """Tell whether a table can change while the digests of the files stay.

    SQLite writes what is new into a file beside its own, and a query may read any file. A DuckDB
    file can be read only while nobody writes to it.
    """
    if mapping.database is not None or mapping.sqlite is not None:
        return True
    return mapping.duckdb is None and not reads_files_alone(mapping.tables[name], mapping.files)


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _together(digests: list[str]) -> str:
    if len(digests) == 1:
        return digests[0]
    return sha256(" ".join(sorted(digests)).encode()).hexdigest()
