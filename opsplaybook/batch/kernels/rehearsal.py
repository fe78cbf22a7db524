"""What is slow the first time, done once in the server so that each kernel finds it done.

Nothing here may leave a thread behind, which `preload` checks; no data are read.
"""

import string
import sys
from typing import Any

import pandas as pd

_FRAME = pd.DataFrame(
    {
        # Every letter that most labels are made of, since each is measured once.
        "name": [string.ascii_letters, string.digits, string.punctuation],
        "at": pd.to_datetime(["2026-01-31", "2026-02-28", "2026-03-31"]),
        "value": [1.0, 2.5, 4.0],
        "low": [0.5, 2.0, 3.0],
        "high": [1.5, 3.0, 5.0],
        "n": [10, 20, 30],
    }
)


def rehearse() -> None:
    """Validate, draw and query once, as far as the package is loaded."""
    validate()
    draw()
    query()


def validate() -> None:
    """Validate an empty frame of every contract.

    pandera then builds its schemas, and imports every frame library that is installed (Dask
    alone takes a third of a second).
    """
    contracts = _loaded("opsplaybook.contracts")
    for contract in contracts.TABLES.values() if contracts else ():
        contracts.conform(contracts.empty(contract, timezone="UTC"), contract, timezone="UTC")


def draw() -> None:
    """Draw a chart with dates and one with rows: fonts, text sizes, dates, and the SVG writer."""
    figures, tables = _loaded("opsplaybook.figures"), _loaded("opsplaybook.tables")
    if not figures or not tables:
        return
    columns = [tables.Column("name", "Name"), tables.Column("value", "Value", "number")]
    data = tables.table(_FRAME, columns, key="data", caption="Data")
    shown = {"label": "Value", "key": "chart", "title": "Title", "subtitle": "n", "data": data}
    figures.plot_lines(_FRAME, x="at", y="value", low="low", high="high", **shown)
    figures.plot_intervals(
        _FRAME, category="name", value="value", low="low", high="high", n="n", **shown
    )


def query() -> None:
    """Open the engine once, and write a query for it."""
    queries = _loaded("opsplaybook.sources.rehearsal")
    if queries:
        queries.open_engine()
        queries.compile_query()


def _loaded(name: str) -> Any:
    """Return a module, or None where it could not be imported: the kernel then says why."""
    return sys.modules.get(name)
