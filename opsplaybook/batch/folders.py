"""Run folders as a whole: their record, whether they are intact, and what people wrote in them."""

from collections.abc import Mapping
from hashlib import sha256
from itertools import count

from opsplaybook.batch.records import RunRecord
from opsplaybook.batch.store import MANIFEST, RunStore

EDITED_BY_PEOPLE = frozenset({"actions.csv"})
"""Files of a run folder in which people set a status: a change there is no damage."""


def read_record(store: RunStore, name: str) -> RunRecord | None:
    """Read the manifest of a run folder; None if there is no whole run."""
    text = store.read(f"{name}/{MANIFEST}")
    if text is None:
        return None
    try:
        return RunRecord.from_json(text.decode())
    except ValueError:
        return None


def is_intact(store: RunStore, record: RunRecord) -> bool:
    """Tell whether every file of a run is there and as it was written."""
    return all(
        _digest_of(store, record.name, file) == digest
        for file, digest in record.artefacts.items()
        if file not in EDITED_BY_PEOPLE
    )


def keep_edited(store: RunStore, name: str) -> None:
    """Rename a run in whose actions people wrote, before it is run again.

    It stays where the next run finds open actions: under ``NAME--earlier-1`` and so on.
    """
    if not _is_edited(store, name):
        return
    places = (f"{name}--earlier-{number}" for number in count(1))
    store.move(name, next(place for place in places if not store.exists(place)))


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file."""
    return {name: sha256(content).hexdigest() for name, content in sorted(files.items())}


def _is_edited(store: RunStore, name: str) -> bool:
    record = read_record(store, name)
    if record is None:
        return False
    ours = {file: record.artefacts.get(file) for file in EDITED_BY_PEOPLE}
    return any(digest and _digest_of(store, name, file) != digest for file, digest in ours.items())


def _digest_of(store: RunStore, name: str, file: str) -> str | None:
    content = store.read(f"{name}/{file}")
    return None if content is None else sha256(content).hexdigest()
