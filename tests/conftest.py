"""What tests of several folders share."""

import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import yaml

from opsplaybook.contracts import TABLES
from opsplaybook.sources import Source, Tables
from opsplaybook.sources.engine import LocalEngine
from opsplaybook.sources.mapping import SourceMapping
from opsplaybook.sources.stock import MappedStock

Rows = pd.DataFrame | Sequence[Mapping[str, object]]

LARGE = ("activity", "invoices")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def write_source(tmp_path_factory) -> Callable[[Mapping[str, pd.DataFrame]], str]:
    """Return a function that writes frames as CSV with their source YAML and gives its path."""

    def write(frames: Mapping[str, pd.DataFrame]) -> str:
        folder: Path = tmp_path_factory.mktemp("source")
        tables = {}
        for name, frame in frames.items():
            frame.to_csv(folder / f"{name}.csv", index=False)
            columns = {column: column for column in frame.columns}
            tables[name] = {"file": f"{name}.csv", "columns": columns}
        mapping = {
            "name": "Hand-made",
            "currency": "EUR",
            "timezone": "Europe/Berlin",
            "tables": tables,
        }
        path = folder / "source.yaml"
        path.write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
        return str(path)

    return write


def memory_source(tables: Mapping[str, Rows], **keys: object) -> Source:
    """Open a source whose tables are frames or lists of rows."""
    settings = {"name": "Test", "currency": "EUR", "timezone": "Europe/Berlin"} | keys
    mapping = SourceMapping(tables={name: {"table": f"raw.{name}"} for name in tables}, **settings)

    def prepare(engine: LocalEngine) -> None:
        for name, rows in tables.items():
            engine.register(name, _arrow(rows))

    return Source(MappedStock(mapping, Path(), origin="test", prepare=prepare))


def memory_tables(
    tables: Mapping[str, Rows], *, as_of: date | None = None, **keys: object
) -> Tables:
    """Load every table of the vocabulary from rows in memory, the large ones in the engine."""
    small = [name for name in TABLES if name not in LARGE]
    return memory_source(tables, **keys).load(small, in_engine=LARGE, as_of=as_of)


def _arrow(rows: Rows) -> pa.Table:
    """Go through pandas, which keeps the instant of times with a zone."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    return pa.Table.from_pandas(frame.dropna(axis="columns", how="all"), preserve_index=False)


@pytest.fixture(scope="session")
def open_in_memory() -> Callable[..., Source]:
    """Return a function that opens a source of rows in memory."""
    return memory_source


@pytest.fixture(scope="session")
def make_tables() -> Callable[..., Tables]:
    """Return a function that loads tables of rows in memory."""
    return memory_tables


@pytest.fixture(scope="session")
def look_back_on() -> Callable[..., Any]:
    """Return a function that runs the event retrospective in process.

    It is loaded when it is first asked for: most tests need no playbook.
    """
    path = Path(__file__).parent / "playbooks" / "retrospective.py"
    spec = importlib.util.spec_from_file_location("retrospective", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.look_back


@pytest.fixture
def public_data(monkeypatch) -> Path:
    """Return the folder of public data sets; skip where there is none."""
    folder = Path(os.environ.get("OPSPLAYBOOK_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public data sets are not here (OPSPLAYBOOK_DATA)")
    monkeypatch.setenv("OPSPLAYBOOK_DATA", str(folder))
    return folder
