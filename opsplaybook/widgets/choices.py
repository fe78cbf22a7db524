"""Keys of a source that a parameter can have: accounts, events, experiments."""

from dataclasses import dataclass

from opsplaybook.contracts import TABLES
from opsplaybook.sources import open_source

_SEPARATOR = " · "


@dataclass(frozen=True, slots=True)
class Choices:
    """What a parameter can be, as a person searches it.

    Attributes
    ----------
    keys : dict of str to str
        Text of the list, such as ``"A-0186 · Alder Works"``, to the key.
    """

    keys: dict[str, str]

    def key_of(self, text: str) -> str:
        """Return the key that a text stands for; a text that is none of the list stays."""
        return self.keys.get(text, text)

    def text_of(self, key: str) -> str:
        """Return the text of a key."""
        return next((text for text, own in self.keys.items() if own == key), key)

    def __contains__(self, key: object) -> bool:
        return key in self.keys.values()


def has_choices(name: str) -> bool:
    """Tell whether a parameter names a row of a table, as ``account_id`` does of accounts."""
    return _table_of(name) in TABLES


def choices_of(source: str, name: str) -> Choices:
    """Read the keys that a parameter can have.

    Parameters
    ----------
    source : str
        Address of the source.
    name : str
        Parameter, such as ``account_id``.

    Raises
    ------
    OpsPlaybookError
        If the source cannot be opened, or lacks the table.
    """
    table = _table_of(name)
    frame = open_source(source).load([table], required=[table])[table]
    keys = frame[name].astype(str)
    names = frame["name"].fillna("").astype(str) if "name" in frame else keys
    texts = keys.where((names == "") | (names == keys), keys + _SEPARATOR + names)
    return Choices(dict(zip(texts, keys, strict=True)))


def _table_of(name: str) -> str:
    return f"{name.removesuffix('_id')}s" if name.endswith("_id") else ""
