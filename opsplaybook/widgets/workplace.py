"""The analyst's own folder: playbooks are copied there, and hers once she has changed them."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import nbformat

from opsplaybook import playbooks
from opsplaybook.errors import UsageError

COPIED = ".opsplaybook.json"
"""Holds the digest of each file as it was copied: how an edit is told from an update."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """What was laid out.

    Attributes
    ----------
    folder : Path
    written : tuple of str
        Files that are new, or were brought up to date.
    kept : tuple of str
        Files that the analyst has changed; they stay as they are.
    """

    folder: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]


def lay_out(folder: Path, *, kernel_name: str, read_only: bool = False) -> Workplace:
    """Copy the playbooks and their parameters into a folder.

    Parameters
    ----------
    folder : Path
        Made if need be.
    kernel_name : str
        Kernelspec that the notebooks ask for.
    read_only : bool, optional
        Notebooks are there to be run, not to be changed: JupyterLab saves edits elsewhere.

    Returns
    -------
    Workplace
        Where the analyst changed a file, the newer one stands beside it as ``NAME.new.ipynb``.

    Raises
    ------
    UsageError
        If the folder cannot be written, or its list of copies cannot be read.
    """
    written, kept = [], []
    try:
        (folder / "outputs").mkdir(parents=True, exist_ok=True)
        copied = _read_copied(folder / COPIED)
        for name, text in _shipped(kernel_name).items():
            if _is_hers(folder / name, copied.get(name)):
                kept.append(name)
                name = _beside(name)
            digest = _digest(name, text)
            if digest in (copied.get(name), copied.get(_hers(name))):
                continue
            _write(folder / name, text, read_only=read_only and name.endswith(".ipynb"))
            copied[name] = digest
            written.append(name)
        (folder / COPIED).write_text(json.dumps(copied, indent=1, sort_keys=True), "utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(folder), remedy="name another folder"
        ) from None
    return Workplace(folder, tuple(written), tuple(kept))


def _shipped(kernel_name: str) -> dict[str, str]:
    """Return the text of every file that a workplace has, by its name in there."""
    files = {}
    for name in playbooks.MODULES:
        files[f"{name}.ipynb"] = _notebook(playbooks.notebook_path(name), kernel_name)
        path = playbooks.params_path(name)
        files[f"params/{path.name}"] = path.read_text("utf-8")
    return files


def _notebook(path: Path, kernel_name: str) -> str:
    """Return a notebook without the outputs of the sample company, for our kernel."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata["kernelspec"] = {
        "name": kernel_name,
        "display_name": "Python (opsplaybook)",
        "language": "python",
    }
    return nbformat.writes(notebook) + "\n"


def _is_hers(path: Path, copied: str | None) -> bool:
    """Tell whether a file was changed since it was copied, or was there before."""
    return path.exists() and _digest(path.name, path.read_text("utf-8")) != copied


def _beside(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}.new{dot}{ending}"


def _hers(name: str) -> str:
    return name.replace(".new.", ".", 1)


def _write(path: Path, text: str, *, read_only: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text, "utf-8", newline="")
    if read_only:
        path.chmod(0o444)


def _read_copied(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except ValueError:
        raise UsageError(
            "the list of copied playbooks cannot be read",
            where=str(path),
            remedy="delete it: files that differ from the shipped ones are then kept as yours",
        ) from None


def _digest(name: str, text: str) -> str:
    """Return the digest of what a person writes: of a notebook the cells, not what they show."""
    if name.endswith(".ipynb"):
        try:
            cells = nbformat.reads(text, as_version=4).cells
        except nbformat.reader.NotJSONError:
            return ""
        text = json.dumps([(cell.cell_type, cell.source) for cell in cells])
    return hashlib.sha256(text.encode()).hexdigest()
