"""Execute the committed notebooks again on the sample company, and store their outputs."""

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from opsplaybook import playbooks
from opsplaybook.errors import RunError

_KERNEL = "python3"
"""Ordinary kernel: what a committed notebook shows must not depend on ours."""


def refresh_notebook(name: str) -> str:
    """Execute the notebook of a playbook where it stands, top to bottom.

    Parameters
    ----------
    name : str
        Stem of the playbook.

    Returns
    -------
    str
        One line that says what was written.

    Raises
    ------
    RunError
        If a cell fails; the notebook is left as it was.
    """
    path = playbooks.notebook_path(name)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name=_KERNEL,
        timeout=120,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise RunError(
            "a cell failed",
            where=str(path),
            remedy="run the notebook in JupyterLab and mend the cell",
            error_name=error.ename,
            error_value=error.evalue,
            examples=[f"{error.ename}: {error.evalue}"],
        ) from error
    _without_traces_of_a_machine(notebook)
    nbformat.write(notebook, path)
    return f"{path.name}: {path.stat().st_size / 1024:.0f} KB"


def _without_traces_of_a_machine(notebook: nbformat.NotebookNode) -> None:
    """Keep of the kernel only what every machine has: a name and a language."""
    notebook.metadata = {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": _KERNEL,
        },
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
