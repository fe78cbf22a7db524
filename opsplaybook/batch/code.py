"""Digest of the code that makes a result: the package's modules and the notebook's cells."""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import opsplaybook

_NOT_CODE = frozenset({"__pycache__", "_shipped"})


def code_digest(notebook: str) -> str:
    """Return one digest of this package and of a notebook's cells.

    Parameters
    ----------
    notebook : str
        JSON text of the notebook. Outputs, counts and ids do not count.
    """
    cells = [
        (cell["cell_type"], _joined(cell["source"]), cell["metadata"].get("tags", []))
        for cell in json.loads(notebook)["cells"]
    ]
    return sha256(f"{_package_digest()}{json.dumps(cells)}".encode()).hexdigest()


def without_outputs(notebook: str) -> str:
    """Return a notebook's text without outputs and execution counts."""
    content: dict[str, Any] = json.loads(notebook)
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return json.dumps(content, ensure_ascii=False)


@cache
def _package_digest() -> str:
    root = Path(opsplaybook.__file__).parent
    digest = sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and not _NOT_CODE.intersection(path.relative_to(root).parts):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
