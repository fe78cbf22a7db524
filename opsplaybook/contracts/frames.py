"""Frames of a table: their types, an empty one, one brought into form, one checked."""

from enum import StrEnum

import numpy as np
import pandas as pd
import pandera.errors
from pandera.engines import pandas_engine

from opsplaybook.contracts.base import Contract
from opsplaybook.errors import ContractError, quote


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    FLAG = "yes or no"
    DATE = "date"
    TIMESTAMP = "timestamp"


_KINDS_OF_DTYPES = {"Int64": Kind.WHOLE, "float64": Kind.NUMBER, "boolean": Kind.FLAG}


def kinds(contract: type[Contract]) -> dict[str, Kind]:
    """List the columns of a contract with their kinds, in the order of the contract.

    Examples
    --------
    >>> from opsplaybook.contracts import TABLES
    >>> {name: str(kind) for name, kind in kinds(TABLES["spend"]).items()}["amount"]
    'number'
    """
    return {name: _kind(column.dtype) for name, column in contract.to_schema().columns.items()}


def _kind(dtype: pandas_engine.DataType) -> Kind:
    if isinstance(dtype, pandas_engine.DateTime):
        return Kind.TIMESTAMP if dtype.time_zone_agnostic else Kind.DATE
    return _KINDS_OF_DTYPES.get(str(dtype), Kind.TEXT)


def dtypes(contract: type[Contract], *, timezone: str = "UTC") -> dict[str, object]:
    """List the pandas types of a contract's columns.

    Parameters
    ----------
    contract : type of Contract
    timezone : str
        Zone of the timestamps (IANA name).
    """
    types: dict[Kind, object] = {
        Kind.TEXT: pd.StringDtype(na_value=np.nan),
        Kind.NUMBER: np.dtype("float64"),
        Kind.WHOLE: pd.Int64Dtype(),
        Kind.FLAG: pd.BooleanDtype(),
        Kind.DATE: np.dtype("datetime64[us]"),
        Kind.TIMESTAMP: pd.DatetimeTZDtype("us", timezone),
    }
    return {name: types[kind] for name, kind in kinds(contract).items()}


def empty(contract: type[Contract], *, timezone: str = "UTC") -> pd.DataFrame:
    """Make a frame without rows that has every column of the contract."""
    return pd.DataFrame(
        {
            name: pd.Series(dtype=dtype)
            for name, dtype in dtypes(contract, timezone=timezone).items()
        }
    )


def conform(
    frame: pd.DataFrame, contract: type[Contract], *, timezone: str = "UTC"
) -> pd.DataFrame:
    """Bring a frame into the form of its contract: every column, in order, of its type.

    Parameters
    ----------
    frame : DataFrame
        Values that fit their columns' types; columns that it lacks become missing, columns
        that the contract does not know are left out. Not changed.
    contract : type of Contract
    timezone : str
        Zone of the timestamps; naive ones are taken to be in it.

    Returns
    -------
    DataFrame
    """
    columns = {
        name: _typed(frame[name], dtype, timezone)
        if name in frame
        else pd.Series(index=frame.index, dtype=dtype)
        for name, dtype in dtypes(contract, timezone=timezone).items()
    }
    return pd.DataFrame(columns, index=frame.index).reset_index(drop=True)


def _typed(values: pd.Series, dtype: object, timezone: str) -> pd.Series:
    if isinstance(dtype, pd.DatetimeTZDtype):
        stamps = pd.to_datetime(values)
        values = stamps.dt.tz_localize(timezone) if stamps.dt.tz is None else stamps
    return values.astype(dtype)


def validate(frame: pd.DataFrame, contract: type[Contract]) -> pd.DataFrame:
    """Check a frame against its contract.

    Parameters
    ----------
    frame : DataFrame
        A frame in contract types.
    contract : type of Contract

    Returns
    -------
    DataFrame
        The frame itself.

    Raises
    ------
    ContractError
        With every broken rule, its count and examples.
    """
    try:
        return contract.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        examples = _breaches(error.failure_cases)
        raise ContractError(
            f"{len(examples):,} rows or values break the contract",
            where=contract.facts().table,
            examples=examples,
            remedy="correct them, or let a source set them aside",
        ) from error
    except pandera.errors.ParserError as error:
        raise ContractError(
            "a timestamp column has no time zone",
            where=contract.facts().table,
            remedy="localise it to the zone of the source",
        ) from error


def _breaches(cases: pd.DataFrame) -> list[str]:
    """Name each wrong value, then each row whose times are out of order once."""
    of_rows = cases["schema_context"] == "DataFrameSchema"
    values = cases[~of_rows]
    named = [
        f"row {row}, {column}: {check}: {quote(case)}"
        for row, column, check, case in zip(
            values["index"], values["column"], values["check"], values["failure_case"], strict=True
        )
    ]
    rows = cases.loc[of_rows, "index"].drop_duplicates()
    return [*named, *(f"row {row}: negative duration" for row in rows)]
