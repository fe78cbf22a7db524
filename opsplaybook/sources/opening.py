"""From an address to a source."""

import difflib
import os
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pyarrow as pa

from opsplaybook.errors import SourceError, UsageError, quote
from opsplaybook.params import shipped_folder
from opsplaybook.samples import company
from opsplaybook.sources.cached import CachedStock
from opsplaybook.sources.engine import LocalEngine
from opsplaybook.sources.mapping import SourceMapping, read_mapping
from opsplaybook.sources.snapshot import RECORD, read_snapshot
from opsplaybook.sources.source import Source
from opsplaybook.sources.stock import MappedStock
from opsplaybook.sources.table_cache import CACHE_VARIABLE, TableCache

SAMPLE = "sample"
SNAPSHOT_OF_VARIABLE = "OPSPLAYBOOK_SNAPSHOT_OF"
"""Environment variable with the address of a source that was read once for a whole batch."""

SNAPSHOT_VARIABLE = "OPSPLAYBOOK_SNAPSHOT"
"""Environment variable with the folder of that snapshot, which is opened instead."""

_SAMPLE_KEYS = ("accounts", "seed", "null")
_YAML = (".yaml", ".yml")


def open_source(address: str | Path) -> Source:
    """Open a source. Nothing is read yet but its YAML.

    Parameters
    ----------
    address : str or Path
        One of: ``sample``, ``sample:null`` or ``sample?accounts=1000&seed=7`` for the sample
        company; the path of a source YAML; a folder with a ``source.yaml`` or a snapshot; the
        name of a source among the shipped params.

    Returns
    -------
    Source

    Raises
    ------
    UsageError
        If there is no such source.
    SourceError
        If its YAML says what cannot be.

    Examples
    --------
    >>> source = open_source("sample?accounts=40")
    >>> source.currency, len(source.load(["accounts"])["accounts"])
    ('EUR', 100)

    The company began with 40 customers; the others are prospects.
    """
    text = str(address)
    if text == os.environ.get(SNAPSHOT_OF_VARIABLE):
        return _open_folder(Path(os.environ[SNAPSHOT_VARIABLE]))
    if text == SAMPLE or text.startswith((f"{SAMPLE}:", f"{SAMPLE}?")):
        return _open_sample(text)
    path = Path(text).expanduser()
    if path.is_dir():
        return _open_folder(path)
    if path.suffix.lower() in _YAML or path.exists():
        return _open_yaml(path)
    return _open_shipped(text)


def _open_folder(folder: Path) -> Source:
    if (folder / RECORD).is_file():
        return Source(read_snapshot(folder))
    if (folder / "source.yaml").is_file():
        return _open_yaml(folder / "source.yaml")
    raise UsageError(
        "the folder holds neither a source.yaml nor a snapshot",
        where=str(folder),
        remedy="write a source.yaml that says which file is which table",
    )


def _open_yaml(path: Path) -> Source:
    mapping = read_mapping(path)
    return Source(_stock(mapping, path.parent, origin=path.name, text=path.read_bytes()))


def _stock(mapping: SourceMapping, folder: Path, **more: Any) -> MappedStock:
    """Make a stock that looks into the cache first, where there is one."""
    cache = os.environ.get(CACHE_VARIABLE)
    if not cache:
        return MappedStock(mapping, folder, **more)
    return CachedStock(mapping, folder, cache=TableCache(Path(cache)), **more)


def _open_shipped(name: str) -> Source:
    folder = shipped_folder("params") / "sources"
    path = folder / f"{name}.yaml"
    if path.is_file():
        return _open_yaml(path)
    known = [SAMPLE, *sorted(other.stem for other in folder.glob("*.yaml"))]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    raise UsageError(
        "there is no such source", where=name, remedy=f"give the path of a source YAML; {hint}"
    )


def _open_sample(address: str) -> Source:
    accounts, seed, null = _sample_options(address)
    return _sample(accounts, seed, null=null)


@lru_cache(maxsize=2)
def _sample(accounts: int, seed: int, *, null: bool) -> Source:
    """Open the sample company. It is the same for the same numbers, so it is made once."""
    company.hold_in_range(accounts, seed)
    mapping = SourceMapping(
        name=company.company_name(null=null),
        currency=company.CURRENCY,
        timezone=company.TIMEZONE,
        tables={table: {"table": f"raw.{table}"} for table in company.COMPANY_TABLES},
    )
    address = address_of_sample(accounts, seed, null=null)
    prepare = partial(_register_company, accounts=accounts, seed=seed, null=null)
    return Source(_stock(mapping, Path(), origin=address, text=address.encode(), prepare=prepare))


def forget_samples() -> None:
    """Let go of the sample companies that were made, and of their engines."""
    _sample.cache_clear()


def _register_company(engine: LocalEngine, *, accounts: int, seed: int, null: bool) -> None:
    made = company.make_company(accounts, seed=seed, null=null)
    for table, rows in made.tables.items():
        kept = rows.dropna(axis="columns", how="all")
        engine.register(table, pa.Table.from_pandas(kept, preserve_index=False))


def address_of_sample(accounts: int, seed: int, *, null: bool) -> str:
    """Write the full address of a sample company."""
    return f"{SAMPLE}?accounts={accounts}&seed={seed}&null={str(null).lower()}"


def _sample_options(address: str) -> tuple[int, int, bool]:
    head, _, query = address.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = [key for key in options if key not in _SAMPLE_KEYS]
    if head not in (SAMPLE, f"{SAMPLE}:null") or unknown:
        raise UsageError(
            f"there is no sample company {quote(address)}",
            remedy="write sample, sample:null or sample?accounts=1000&seed=7",
        )
    null = head.endswith(":null") or options.get("null", "false") == "true"
    try:
        return int(options.get("accounts", 240)), int(options.get("seed", 7)), null
    except ValueError:
        raise SourceError(
            "accounts and seed are whole numbers", where=address, remedy="correct the address"
        ) from None
