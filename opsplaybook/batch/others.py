"""Who a customer's report must not name: every other account, and the own staff."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from opsplaybook.sources import Source

_ACCOUNTS = "accounts"
_COLUMNS = ("account_id", "name", "owner")


def write_names(source: Source, path: Path) -> None:
    """Write the names of all accounts and of the staff, once for a batch.

    Parameters
    ----------
    source : Source
        One without accounts names nobody.
    path : Path
        JSON file.
    """
    accounts = pd.DataFrame(columns=_COLUMNS)
    if _ACCOUNTS in source.names:
        known = source.query(f"SELECT * FROM {_ACCOUNTS}")  # noqa: S608 - a constant
        accounts = known.reindex(columns=_COLUMNS)
    named = accounts[["account_id", "name"]].astype("string").fillna("")
    content = {
        "accounts": dict(zip(named["account_id"], named["name"], strict=True)),
        "staff": sorted(accounts["owner"].dropna().astype(str).unique()),
    }
    path.write_text(json.dumps(content), encoding="utf-8")


def forbidden_names(path: str, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that the report of a run must not contain.

    Parameters
    ----------
    path : str
        File of `write_names`; empty for none.
    params : mapping
        Parameters of the run. Its own ``account_id`` may be named.

    Returns
    -------
    tuple of str
        Nothing unless a customer reads the report.
    """
    if not path or params.get("audience") != "customer":
        return ()
    accounts, staff = _read(path)
    own = params.get("account_id")
    others = ((key, name) for key, name in accounts.items() if key != own)
    return (*staff, *(text for pair in others for text in pair if text))


@lru_cache(maxsize=2)
def _read(path: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    return content["accounts"], tuple(content["staff"])
