"""Keys of a source that a parameter can have: accounts, events, experiments."""

from collections.abc import Callable
from functools import lru_cache, partial

from opsplaybook.contracts import TABLES
from opsplaybook.sources import Hits, Source

SHOWN_HITS = 50
"""Hits of a search that are offered at most."""

_SEPARATOR = " · "
_REMEMBERED = 64

Search = Callable[[str], Hits]


class Choices:
    """What a parameter can be, as a person searches it.

    Only what a search finds is read: a source may have a million accounts.

    Parameters
    ----------
    search : callable
        Finds rows by a part of their key or name.

    Examples
    --------
    >>> from opsplaybook.sources import open_source
    >>> choices = choices_of(open_source("sample?accounts=40"), "account_id")
    >>> "A-0001" in choices, "A-9999" in choices
    (True, False)

    The second is none of the source, and a form marks it.
    """

    def __init__(self, search: Search) -> None:
        self._search: Search = lru_cache(_REMEMBERED)(search)

    @property
    def total(self) -> int:
        """Keys that there are."""
        return self._search("").total

    def offered(self, text: str) -> tuple[list[str], int]:
        """Return the texts to choose from, such as ``A-0186 · Alder Works``, and how many fit."""
        hits = self._search(text)
        return [_text(key, name) for key, name in hits.names.items()], hits.total

    def key_of(self, text: str) -> str:
        """Return the key that a text stands for; a text that stands for none stays."""
        key = text.partition(_SEPARATOR)[0]
        names = self._search(key).names
        if key in names and text in (key, _text(key, names[key])):
            return key
        names = self._search(text).names
        return next((own for own in names if own.lower() == text.lower()), text)

    def text_of(self, key: str) -> str:
        """Return the text of a key; one that there is none of stays."""
        names = self._search(key).names
        return _text(key, names[key]) if key in names else key

    def problem_of(self, key: str) -> str:
        """Say why a text is none of the keys; nothing if it is one.

        A person who is still typing has found some, and has to choose.
        """
        if key in self:
            return ""
        fits = self._search(key).total
        if fits:
            return f"{key} fits {fits:,} of the source: choose one of the list"
        return f"{key} is not among the {self.total:,} of the source"

    def __contains__(self, key: str) -> bool:
        return key in self._search(key).names


NONE_KNOWN = Choices(lambda _: Hits({}, 0))
"""What a source offers that cannot be read: nothing, and every text stays as it is."""


def has_choices(name: str) -> bool:
    """Tell whether a parameter names a row of a table, as ``account_id`` does of accounts."""
    return _table_of(name) in TABLES


def choices_of(source: Source, name: str) -> Choices:
    """Return the keys that a parameter can have.

    Parameters
    ----------
    source : Source
    name : str
        Parameter, such as ``account_id``.

    Raises
    ------
    OpsPlaybookError
        If the table cannot be read, or the source lacks it.
    """
    return Choices(partial(source.search, _table_of(name), limit=SHOWN_HITS))


def _text(key: str, name: str) -> str:
    return f"{key}{_SEPARATOR}{name}" if name and name != key else key


def _table_of(name: str) -> str:
    return f"{name.removesuffix('_id')}s" if name.endswith("_id") else ""
