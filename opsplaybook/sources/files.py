"""Files as they are found: where they are, and whether they are what they seem."""

import codecs
import csv
import difflib
import glob
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opsplaybook.errors import SourceError, quote

DELIMITERS = (",", ";", "\t", "|")
TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
_MARK_FOR_EXCEL = re.compile(r'"?sep=(.)"?(?=\r|\n|$)', re.IGNORECASE)
_HEAD_BYTES = 65_536
_BLOCK_BYTES = 1 << 20
_POINTER = b"version https://git-lfs"
_DISGUISES = {
    b"PK\x03\x04": "an Excel or ZIP file under another name",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
    b"<!doc": "a web page, not a table",
    b"<html": "a web page, not a table",
}


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How text files of one table are written."""

    delimiter: str
    encoding: str


def find_files(patterns: Sequence[str], folder: Path, *, where: str) -> list[Path]:
    """Find the files that names or patterns stand for, each pattern's in order of name.

    Raises
    ------
    SourceError
        If a name or pattern stands for no file, or for a folder.
    """
    found: list[Path] = []
    for pattern in patterns:
        path = folder / pattern
        matches = [path] if path.exists() else sorted(map(Path, glob.glob(str(path))))  # noqa: PTH207
        if not matches:
            raise SourceError(
                "there is no such file" + _near(path),
                where=f"{where}, file {path}",
                remedy="correct `file` or `folder` in the source YAML",
            )
        found += matches
    for path in found:
        if path.is_dir():
            raise SourceError(
                "a folder was given as a file",
                where=f"{where}, file {path}",
                remedy=f"name the files in it, such as {path.name}/*.csv",
            )
    return found


def _near(path: Path) -> str:
    if not path.parent.is_dir():
        return f"; neither is there a folder {path.parent}"
    names = [other.name for other in path.parent.iterdir()]
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def suffix_of(path: Path) -> str:
    """Return the suffix that tells the format, ``.gz`` apart."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return suffixes[-1] if suffixes else ""


def refuse_damage(path: Path, *, where: str) -> bytes:
    """Return the first bytes of a file, unpacked, if it is what it seems to be.

    Raises
    ------
    SourceError
        If it is empty, a pointer to a file that was not fetched, another format under a wrong
        name, or packed and cut off.
    """
    place = f"{where}, file {path}"
    packed = path.suffix.lower() == ".gz"
    head = _unpack_whole(path, place) if packed else _read_head(path)
    if not head.strip():
        raise SourceError("the file is empty", where=place, remedy="export it again")
    if head.startswith(_POINTER):
        raise SourceError(
            f"a Git LFS pointer of {path.stat().st_size:,} bytes stands in place of the data",
            where=place,
            remedy="fetch the file with `git lfs pull`",
        )
    disguise = next(
        (v for k, v in _DISGUISES.items() if head[:5].lower().startswith(k.lower())), None
    )
    if disguise and suffix_of(path) in TEXT_SUFFIXES:
        raise SourceError(disguise, where=place, remedy="export it as CSV, or correct its name")
    return head


def _read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _unpack_whole(path: Path, place: str) -> bytes:
    """Read a packed file to its end, because only the end tells that nothing is missing."""
    size = 0
    head = b""
    try:
        with gzip.open(path, "rb") as file:
            while block := file.read(_BLOCK_BYTES):
                head = head or block[:_HEAD_BYTES]
                size += len(block)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            f"the packed file is cut off or damaged after {size:,} bytes",
            where=place,
            remedy="copy or download it again",
        ) from error
    return head


def read_header(path: Path, form: TextFormat, *, where: str) -> list[str]:
    """Read the column names of a text file.

    Raises
    ------
    SourceError
        If the file is damaged, in another encoding, has another delimiter, or has a header
        that names a column twice.
    """
    place = f"{where}, file {path}"
    head = refuse_damage(path, where=where)
    text = _decode(head, form.encoding, place)
    names = next(csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter))
    if mark := _MARK_FOR_EXCEL.match(text):
        raise SourceError(
            f"its first line, {quote(mark[0])}, tells Excel the delimiter and names no column",
            where=place,
            remedy=f'remove that line, and declare `delimiter: "{_written(mark[1])}"`',
        )
    if len(names) == 1:
        _refuse_delimiter(names[0], form.delimiter, place)
    return named_columns(names, place)


def named_columns(names: Sequence[str], place: str) -> list[str]:
    """Name the columns of a header, those without a name by their position.

    Raises
    ------
    SourceError
        If it has no name, or one that stands in it twice. Upper and lower case are not told
        apart, as in SQL.
    """
    if not any(name.strip() for name in names):
        raise SourceError(
            "the first row, which names the columns, is blank",
            where=place,
            remedy="remove the rows above the names, or export it again",
        )
    spellings: dict[str, list[str]] = {}
    for name in filter(None, names):
        spellings.setdefault(name.lower(), []).append(name)
    twice = [found for found in spellings.values() if len(found) > 1]
    if twice:
        raise SourceError(
            f"the header is damaged: names that stand in it more than once: {len(twice)}",
            where=f"{place}, column {quote(twice[0][0])}",
            examples=[
                f"{', '.join(map(quote, dict.fromkeys(found)))}: {len(found)} columns"
                for found in twice
            ],
            remedy="restore the header of the export; columns cannot be told apart",
        )
    return [name or f"column {position}" for position, name in enumerate(names, start=1)]


def refuse_other_header(
    names: Sequence[str], expected: Sequence[str], path: Path, first: Path, *, where: str
) -> None:
    """Refuse a file whose columns are not those of the first one.

    Raises
    ------
    SourceError
        Naming both files.
    """
    if names != expected:
        raise SourceError(
            f"its header differs from that of {first.name}",
            where=f"{where}, file {path}",
            remedy="map files of one form only, or export it again",
        )


def _decode(head: bytes, encoding: str, place: str) -> str:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise SourceError(
            f"there is no encoding {quote(encoding)}",
            where=place,
            remedy="use a name that Python knows, such as utf-8, latin-1 or cp1252",
        ) from None
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8") and head[:2] in (
        b"\xff\xfe",
        b"\xfe\xff",
    ):
        raise SourceError("the file is UTF-16", where=place, remedy="`encoding: utf-16`")
    try:
        return decoder.decode(head).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise encoding_error(encoding, f"at byte {error.start:,}", place) from error


def encoding_error(encoding: str, how_many: str, place: str) -> SourceError:
    """Say that text is not in the encoding that was declared."""
    return SourceError(
        f"the text is not {encoding} {how_many}",
        where=place,
        remedy="declare it, for example `encoding: cp1252` (Western Windows) or latin-1",
    )


def _refuse_delimiter(line: str, delimiter: str, place: str) -> None:
    counts = {mark: line.count(mark) for mark in DELIMITERS if mark != delimiter}
    mark, count = max(counts.items(), key=lambda item: item[1])
    if not count:
        return
    raise SourceError(
        f'the delimiter is wrong: 1 column is found, "{_written(mark)}" would give {count + 1:,}',
        where=place,
        remedy=f'`delimiter: "{_written(mark)}"`',
    )


def _written(mark: str) -> str:
    return "\\t" if mark == "\t" else mark


def transcode(path: Path, encoding: str, target: Path, *, where: str) -> Path:
    """Write a text file again as UTF-8, a block at a time, and return the copy.

    Raises
    ------
    SourceError
        If the text is not in that encoding.
    """
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with (
            opener(path, "rt", encoding=encoding, newline="") as source,
            target.open("w", encoding="utf-8", newline="") as copy,
        ):
            while block := source.read(_BLOCK_BYTES):
                copy.write(block)
    except UnicodeDecodeError as error:
        place = f"{where}, file {path}"
        raise encoding_error(encoding, f"at byte {error.start:,}", place) from error
    return target
