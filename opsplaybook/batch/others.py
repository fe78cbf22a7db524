"""Who a customer's report must not name: every other account, and the own staff."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd

from opsplaybook.sources import Source, open_source

_ACCOUNTS = "accounts"
_NAMES = ("account_id", "name")
_OWNER = "owner"
_OWNED = ("accounts", "events", "opportunities")
"""Tables whose owners are persons of the own staff."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names that a report must not contain, and those of whom it is about."""

    forbidden: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


class Known(TypedDict):
    """Names by key of all accounts, and those of the staff."""

    accounts: dict[str, str]
    staff: list[str]


def write_names(source: Source, path: Path | str, tables: Sequence[str] = ()) -> None:
    """Write the names of all accounts and of the staff, once for a batch.

    Parameters
    ----------
    source : Source
        One without accounts names nobody.
    path : Path or str
        JSON file.
    tables : sequence of str, optional
        Tables that the runs read; the accounts are read in any case.
    """
    Path(path).write_text(json.dumps(_known(source, tables)), encoding="utf-8")


def names_for(path: str, params: Mapping[str, Any]) -> Names:
    """Return whom the report of a run must not name, and whom it may.

    Parameters
    ----------
    path : str
        File of `write_names`; empty for none.
    params : mapping
        Parameters of the run. Its own ``account_id`` may be named.

    Returns
    -------
    Names
        Nobody unless a customer reads the report.
    """
    if not path or params.get("audience") != "customer":
        return Names()
    return _told_apart(_read(path), params)


def names_now(params: Mapping[str, Any], tables: Sequence[str]) -> Names:
    """Return the same from the source as it is now, for a run that is over.

    Raises
    ------
    UsageError, SourceError
        If a customer reads the report, and the source is gone or cannot be read.
    """
    if params.get("audience") != "customer":
        return Names()
    return _told_apart(_known(open_source(params["source"]), tables), params)


def _told_apart(known: Known, params: Mapping[str, Any]) -> Names:
    key = params.get("account_id")
    others = ((other, name) for other, name in known["accounts"].items() if other != key)
    own = (key, known["accounts"].get(key, "")) if key else ()
    return Names(
        forbidden=(*known["staff"], *(text for pair in others for text in pair if text)),
        own=tuple(text for text in own if text),
    )


def _known(source: Source, tables: Sequence[str]) -> Known:
    read = {_ACCOUNTS, *tables} & set(source.names)
    accounts = _rows(source, _ACCOUNTS, _NAMES) if _ACCOUNTS in read else pd.DataFrame()
    named = accounts.reindex(columns=_NAMES).astype("string").fillna("")
    owned = [_rows(source, name, (_OWNER,)) for name in _OWNED if name in read]
    return {
        "accounts": dict(sorted(zip(named["account_id"], named["name"], strict=True))),
        "staff": sorted(
            {str(owner) for frame in owned for owner in frame.get(_OWNER, ()) if owner}
        ),
    }


def _rows(source: Source, table: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return the different values of those columns that a table has."""
    has = source.quality(table).columns
    wanted = ", ".join(name for name in columns if name in has)
    if not wanted:
        return pd.DataFrame()
    found = source.query(f"SELECT DISTINCT {wanted} FROM {table}")  # noqa: S608 - constants
    return found.dropna(how="all")


@lru_cache(maxsize=2)
def _read(path: str) -> Known:
    return json.loads(Path(path).read_text(encoding="utf-8"))
