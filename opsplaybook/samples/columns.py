"""Columns and frames, made from numbers without touching a row."""

import zlib
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opsplaybook.contracts import TABLES, dtypes
from opsplaybook.samples.clock import TIMEZONE

TEXT = pd.StringDtype(na_value=np.nan)
_EDITION = 6  # chosen so that the company of the default seed shows each planted truth
MISSING = -1
"""Code of a label that is missing."""


def generator(seed: int, topic: str) -> np.random.Generator:
    """Make the random numbers of one topic; topics do not disturb each other."""
    return np.random.default_rng([_EDITION, seed, zlib.crc32(topic.encode())])


def pick(labels: Sequence[str] | pa.Array, codes: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """Look up a label for each code; `MISSING` gives a missing value.

    Examples
    --------
    >>> list(pick(["north", "south"], np.array([1, 0, 1])))
    ['south', 'north', 'south']
    """
    codes = np.asarray(codes)
    words = labels if isinstance(labels, pa.Array) else pa.array(labels, pa.large_string())
    return TEXT.__from_arrow__(words.take(pa.array(codes, mask=codes < 0)))


def numbered(prefix: str, numbers: np.ndarray, *, width: int) -> pa.Array:
    """Write identifiers, padded with zeros.

    Examples
    --------
    >>> numbered("A-", np.array([1, 42]), width=4).to_pylist()
    ['A-0001', 'A-0042']
    """
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.large_string()), width, "0")
    return joined(prefix, digits)


def joined(*parts: str | pa.Array, separator: str = "") -> pa.Array:
    """Join texts, element by element.

    Examples
    --------
    >>> joined("A-", pa.array(["1", "2"], pa.large_string())).to_pylist()
    ['A-1', 'A-2']
    """
    words = [pa.scalar(p, pa.large_string()) if isinstance(p, str) else p for p in parts]
    return pc.binary_join_element_wise(*words, pa.scalar(separator, pa.large_string()))


def serial(prefix: str, count: int, *, width: int = 4) -> pa.Array:
    """Write identifiers from 1 to `count`, wide enough for the last."""
    return numbered(prefix, np.arange(1, count + 1), width=max(width, len(str(count))))


def text(words: pa.Array) -> pd.api.extensions.ExtensionArray:
    """Turn Arrow text into a column of text."""
    return TEXT.__from_arrow__(words)


def frame(table: str, columns: Mapping[str, object]) -> pd.DataFrame:
    """Make a table in the form of its contract; columns that are not given are missing.

    Parameters
    ----------
    table : str
    columns : mapping of str to array
        Columns of equal length. Missing numbers are NaN, also in whole-number columns.

    Raises
    ------
    KeyError
        If the contract does not know a column.
    """
    types = _types(table)
    unknown = set(columns) - set(types)
    if unknown:
        raise KeyError(f"{table} has no columns {sorted(unknown)}")
    rows = len(next(iter(columns.values())))  # type: ignore[arg-type]
    return pd.DataFrame(
        {
            name: _typed(columns[name], dtype) if name in columns else _missing(dtype, rows)
            for name, dtype in types.items()
        }
    )


@cache
def _types(table: str) -> dict[str, object]:
    return dtypes(TABLES[table], timezone=TIMEZONE)


def _typed(values: object, dtype: object) -> pd.Series:
    series = pd.Series(values)
    return series if series.dtype == dtype else series.astype(dtype)


def _missing(dtype: object, rows: int) -> pd.Series:
    if dtype == TEXT:
        return pd.Series(text(pa.nulls(rows, pa.large_string())))
    if isinstance(dtype, pd.DatetimeTZDtype):
        return pd.Series(pd.DatetimeIndex(np.full(rows, "NaT", "M8[us]"), tz=TIMEZONE))
    if dtype == np.dtype("float64"):
        return pd.Series(np.full(rows, np.nan))
    if dtype == np.dtype("datetime64[us]"):
        return pd.Series(np.full(rows, "NaT", "M8[us]"))
    return pd.Series(np.full(rows, np.nan)).astype(dtype)
