"""What is slow the first time, done once in the server so that each kernel finds it done.

Nothing here may leave a thread behind, which `preload` checks; no data are read but the sample
company, which is made and forgotten.
"""

import ast
import gc
import json
import os
import string
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType
from typing import Any

import pandas as pd

Cell = tuple[CodeType, CodeType | None]
"""What is executed and, if the cell ends in an expression, the expression that is shown."""

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


class RehearsalError(RuntimeError):
    """A playbook could not be rehearsed; the kernel that runs it says why."""


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


@contextmanager
def stage(name: str, folder: Path) -> Iterator[Callable[[], None]]:
    """Prepare a rehearsal, with a playbook's notebook as it is shipped, on the sample company.

    What Python, pandas, Ibis and matplotlib keep of code that has run once is then there in each
    kernel: 0.035 s of an account review's 0.79, in the median of five pairs.

    Parameters
    ----------
    name : str
        Of the playbook; if empty, only what all have in common is rehearsed.
    folder : Path
        Where the sample company is written meanwhile.

    Yields
    ------
    callable
        Does it once; raises `RehearsalError`.

    Raises
    ------
    RehearsalError
        If it cannot be run: there is none of that name, or it is being written.
    """
    if not name:
        yield rehearse
        return
    with TemporaryDirectory(dir=folder) as made:
        with _told():
            cells = _cells(name)
            environment = _snapshot(name, made)
        yield partial(_rehearse_playbook, cells, environment)


def _rehearse_playbook(cells: Sequence[Cell], environment: Mapping[str, str]) -> None:
    rehearse()
    os.environ.update(environment)
    try:
        with _told():
            run_cells(cells)
    finally:
        for variable in environment:
            del os.environ[variable]
    # The engine ends its threads when the last of what holds it is gone.
    gc.collect()


def _cells(name: str) -> list[Cell]:
    notebook = import_module("opsplaybook.playbooks").notebook_path(name)
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [compiled("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]


def _snapshot(name: str, folder: str) -> dict[str, str]:
    """Read the sample once, as a batch reads its source, so that runs read what its runs read."""
    playbook = import_module("opsplaybook.playbooks").get(name)
    opening = import_module("opsplaybook.sources.opening")
    source = opening.open_source(opening.SAMPLE)
    source.snapshot(folder, (*playbook.REQUIRED, *playbook.OPTIONAL))
    opening.forget_samples()
    return {opening.SNAPSHOT_OF_VARIABLE: opening.SAMPLE, opening.SNAPSHOT_VARIABLE: folder}


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise RehearsalError(f"{type(error).__name__}: {error}") from error


def compiled(cell: str) -> Cell:
    """Split a cell into what is executed and, if it ends in one, the expression that is shown."""
    tree = ast.parse(cell)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return compile(tree, "cell", "exec"), None
    body = ast.Module(tree.body[:-1], [])
    return compile(body, "cell", "exec"), compile(ast.Expression(last.value), "cell", "eval")


def run_cells(cells: Sequence[Cell], params: Mapping[str, Any] | None = None) -> None:
    """Run a notebook's cells as plain Python, and make what each of them shows.

    Parameters
    ----------
    cells : sequence of Cell
        From `compiled`.
    params : mapping of str to object, optional
        Values that replace those of the first cell.
    """
    names: dict[str, Any] = {}
    for position, (body, shown) in enumerate(cells):
        exec(body, names)  # noqa: S102 - a notebook's own cells
        if shown is not None:
            value = eval(shown, names)  # noqa: S307 - a notebook's own cells
            json.dumps(getattr(value, "_repr_mimebundle_", value.__repr__)())
        if position == 0:
            names.update(params or {})


def _loaded(name: str) -> Any:
    """Return a module, or None where it could not be imported: the kernel then says why."""
    return sys.modules.get(name)
