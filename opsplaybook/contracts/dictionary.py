"""The data dictionary, rendered from the contracts."""

import re
from collections.abc import Sequence

import pandas as pd

from opsplaybook.contracts.base import Contract
from opsplaybook.contracts.frames import kinds


def dictionary_of(contracts: Sequence[type[Contract]]) -> pd.DataFrame:
    """Describe every column of the contracts.

    Parameters
    ----------
    contracts : sequence of contract classes

    Returns
    -------
    DataFrame
        One row per column: ``table``, ``column``, ``required`` (bool), ``type``, ``unit``,
        ``meaning``, ``allowed`` (text; empty where anything goes), ``refers_to``.
    """
    return pd.DataFrame([row for contract in contracts for row in _rows(contract)])


def table_meaning(contract: type[Contract]) -> str:
    """Give the first sentence of a contract's docstring: what one row is.

    Examples
    --------
    >>> from opsplaybook.contracts import TABLES
    >>> table_meaning(TABLES["tickets"])
    'A support case.'
    """
    text = " ".join((contract.__doc__ or "").split())
    return re.split(r"(?<=\.) ", text, maxsplit=1)[0]


def _rows(contract: type[Contract]) -> list[dict[str, object]]:
    columns = contract.to_schema().columns
    return [
        {
            "table": contract.facts().table,
            "column": name,
            "required": columns[name].required,
            "type": str(kind),
            "unit": columns[name].metadata["unit"] or "",
            "meaning": columns[name].description,
            "allowed": _allowed(columns[name]),
            "refers_to": contract.facts().refers_to.get(name, ""),
        }
        for name, kind in kinds(contract).items()
    ]


def _allowed(column: object) -> str:
    values = column.metadata["allowed"]
    bounds = {check.name: check.statistics for check in column.checks}
    least = bounds.get("greater_than_or_equal_to", {}).get("min_value")
    most = bounds.get("less_than_or_equal_to", {}).get("max_value")
    if values:
        return ("several of: " if column.metadata["items"] else "") + ", ".join(values)
    if least is not None and most is not None:
        return f"{least:g} to {most:g}"
    if least is not None:
        return f"{least:g} or more"
    return "" if most is None else f"{most:g} or less"
