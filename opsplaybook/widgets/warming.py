"""Validate what the notebooks of a folder will read, before anybody asks for it.

Run by `lab` as ``python -m opsplaybook.widgets.warming`` in that folder, beside JupyterLab.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from opsplaybook.errors import OpsPlaybookError
from opsplaybook.params import read_yaml
from opsplaybook.sources import open_source
from opsplaybook.sources.cached import CachedStock

_NICENESS = 10
"""JupyterLab and kernels that somebody waits for come first."""


def sources_of(folder: Path) -> Iterator[str]:
    """Name the sources in the params files of a folder, each once."""
    seen = set()
    for path in sorted(folder.glob("params/*.yaml")):
        with suppress(OpsPlaybookError):
            address = read_yaml(path).get("source")
            if isinstance(address, str) and address not in seen:
                seen.add(address)
                yield address


def warm(folder: Path) -> None:
    """Put the tables of all sources of a folder into the cache.

    What cannot be read is left to the notebook that needs it, where somebody sees why. Databases
    are not asked.
    """
    for address in sources_of(folder):
        with suppress(OpsPlaybookError):
            stock = open_source(address).stock
            if isinstance(stock, CachedStock):
                stock.fill()


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    warm(Path())
