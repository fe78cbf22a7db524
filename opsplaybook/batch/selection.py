"""Which runs a plan selects: a list, the rows of a CSV file, or a query on the source."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from opsplaybook import sources
from opsplaybook.batch.planfile import FromFile, FromQuery, Selection
from opsplaybook.errors import ParamsError, UsageError


def select(selection: Selection, *, source: str, folder: Path) -> list[dict[str, Any]]:
    """Return one mapping of parameters per run.

    Parameters
    ----------
    selection : Selection
        A single value in a list stands for the playbook's subject.
    source : str
        Address that a query runs on.
    folder : Path
        Where the plan lies.

    Returns
    -------
    list of dict
        A subject given alone is under the name ``subject``. Missing values are left out, so that
        the playbook's default holds.

    Raises
    ------
    UsageError, ParamsError
        If the CSV file is missing or damaged.
    SourceError
        If the query cannot run.
    """
    if isinstance(selection, FromFile):
        return _from_csv(folder / selection.csv)
    if isinstance(selection, FromQuery):
        return _from_frame(sources.open_source(source).query(selection.query))
    return [dict(row) if isinstance(row, Mapping) else {"subject": str(row)} for row in selection]


def _from_csv(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, restkey="", strict=True))
    except FileNotFoundError:
        raise UsageError(
            "there is no such file", where=str(path), remedy="paths are relative to the plan"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ParamsError(
            f"not a CSV file in UTF-8: {error}", where=str(path), remedy="save it again as such"
        ) from None
    long = [f"line {number}" for number, row in enumerate(rows, start=2) if "" in row]
    if long:
        raise ParamsError(
            f"{len(long):,} rows have more fields than the header",
            where=str(path),
            examples=long,
            remedy="quote values that hold a comma",
        )
    return [{name: value for name, value in row.items() if value} for row in rows]


def _from_frame(frame: pd.DataFrame) -> list[dict[str, Any]]:
    records: Sequence[Mapping[str, Any]] = frame.astype(object).to_dict("records")
    return [
        {str(name): _plain(value) for name, value in record.items() if not pd.isna(value)}
        for record in records
    ]


def _plain(value: object) -> object:
    """Return a value of a query as a parameter takes it: dates without a time at midnight."""
    if isinstance(value, datetime):
        midnight = value.replace(hour=0, minute=0, second=0, microsecond=0)
        return value.date().isoformat() if value == midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value
