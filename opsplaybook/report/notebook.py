"""What an executed notebook holds for a report: tagged cells and what our objects left in them.

Notebooks are read as plain JSON trees, so that nothing of Jupyter has to be imported.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from opsplaybook.display import CHART_MIME, FINDINGS_MIME, TABLE_MIME, Audience, unpacked
from opsplaybook.errors import RenderError, quote
from opsplaybook.report.markdown import slug

HIDDEN_TAGS = frozenset({"remove-cell"})
"""Cells that leave no trace in a report."""
SILENT_TAGS = frozenset({"parameters", "injected-parameters", "setup", "remove-input"})
"""Cells whose code is never shown."""
INTERNAL_TAG = "internal"
CUSTOMER_TAG = "customer"
"""A cell of prose is for everybody unless tagged internal; other output the other way round."""

Notebook = Mapping[str, Any]
Cell = Mapping[str, Any]
Output = Mapping[str, Any]


def require_notebook(notebook: Notebook) -> None:
    """Refuse what is no notebook of format 4.

    Raises
    ------
    RenderError
        Naming the format that was found.
    """
    if notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise RenderError(
            f"a notebook of format 4 is needed, not format {quote(notebook.get('nbformat'))}",
            where="notebook",
            remedy="open and save it in JupyterLab, which writes format 4",
        )


def tags(cell: Cell) -> frozenset[str]:
    """Return the tags of a cell."""
    return frozenset(cell.get("metadata", {}).get("tags", ()))


def text(value: str | list[str]) -> str:
    """Join the lines that a notebook file may store apart."""
    return value if isinstance(value, str) else "".join(value)


def outputs(notebook: Notebook) -> Iterator[tuple[Cell, Output]]:
    """Yield each output with its cell, of all cells that are not removed."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and not tags(cell) & HIDDEN_TAGS:
            yield from ((cell, output) for output in cell.get("outputs", ()))


def shown_to(item: Mapping[str, Any], audience: Audience) -> bool:
    """Tell whether a readership may see an item: a customer only what says so.

    Examples
    --------
    >>> shown_to({"audience": "internal"}, "customer"), shown_to({}, "customer")
    (False, False)

    What does not say whom it is for is not for customers.
    """
    return audience == "internal" or item.get("audience") == "customer"


def findings_of(notebook: Notebook) -> dict[str, Any] | None:
    """Return the findings of a run in their JSON form, or None where there are none.

    Parameters
    ----------
    notebook : mapping
        An executed notebook; the last findings shown in it count.
    """
    require_notebook(notebook)
    found = [
        output["data"][FINDINGS_MIME]
        for _, output in outputs(notebook)
        if FINDINGS_MIME in output.get("data", {})
    ]
    return dict(found[-1]) if found else None


def csv_tables(notebook: Notebook, *, audience: Audience = "internal") -> dict[str, str]:
    """Return the full tables of a notebook, those behind its charts included, as CSV.

    Parameters
    ----------
    notebook : mapping
        An executed notebook.
    audience : {"internal", "customer"}, optional
        Who gets the files.

    Returns
    -------
    dict of str to str
        Safe file names, in the order of the notebook, and their text.

    Raises
    ------
    RenderError
        If two different tables have one key: one would overwrite the other.
    """
    require_notebook(notebook)
    files: dict[str, str] = {}
    for item in _tables(notebook, audience):
        name, content = csv_name(item["key"]), unpacked(item["csv"])
        if files.setdefault(name, content) != content:
            raise RenderError(
                f"two different tables have the key {quote(item['key'])}",
                where=name,
                remedy="give each table of a playbook a key of its own",
            )
    return files


def csv_name(key: str) -> str:
    """Return the file name for the key of a table.

    Examples
    --------
    >>> csv_name("../../Reached accounts")
    'reached-accounts.csv'
    """
    return f"{slug(key)}.csv"


def _tables(notebook: Notebook, audience: Audience) -> Iterator[Mapping[str, Any]]:
    for _, output in outputs(notebook):
        data = output.get("data", {})
        table = data.get(TABLE_MIME) or data.get(CHART_MIME, {}).get("data")
        if table and shown_to(table, audience):
            yield table
