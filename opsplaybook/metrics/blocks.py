"""Amounts summed over blocks of days that end on the last known day, with those of a year before.

Blocks of four weeks are equally long and hold the same weekdays; months do neither, and the last
one is rarely whole.
"""

from datetime import date

import numpy as np
import pandas as pd

from opsplaybook.metrics.periods import YEAR_DAYS, block_ends, blocks

BLOCK_DAYS = 28
BLOCKS = YEAR_DAYS // BLOCK_DAYS
"""Blocks of a year: thirteen times four weeks."""


def block_sums(days: pd.Series, amounts: pd.Series, last: date) -> np.ndarray:
    """Sum amounts over the blocks of two years.

    Parameters
    ----------
    days : Series of datetime64
        Midnights without a zone, none after `last`.
    amounts : Series of float
    last : date
        Last day of the last block.

    Returns
    -------
    ndarray of float, shape (2 * BLOCKS,)
        Oldest first; a block without an amount is 0.
    """
    sums = amounts.groupby(blocks(days, last, length=BLOCK_DAYS)).sum()
    numbers = range(2 * BLOCKS - 1, -1, -1)
    return sums.reindex(numbers, fill_value=0.0).to_numpy(dtype=float)


def ends_of_blocks(last: date) -> pd.DatetimeIndex:
    """Return the last days of the blocks of two years, oldest first."""
    return block_ends(last, length=BLOCK_DAYS, count=2 * BLOCKS)


def year_on_year(amounts: np.ndarray, last: date, *, known_from: date | None) -> pd.DataFrame:
    """Put the blocks of the last year beside those of the year before.

    Parameters
    ----------
    amounts : ndarray of float, shape (2 * BLOCKS,)
        As from `block_sums`.
    last : date
        Last day of the last block.
    known_from : date or None
        Blocks that begin before it are not known; None: none of them.

    Returns
    -------
    DataFrame
        ``block_end``, ``amount`` and ``year_before``; NaN where not known.
    """
    ends = ends_of_blocks(last)
    starts = ends - pd.Timedelta(days=BLOCK_DAYS - 1)
    known = starts >= (ends[-1] if known_from is None else pd.Timestamp(known_from))
    shown = np.where(known, amounts, np.nan)
    return pd.DataFrame(
        {"block_end": ends[BLOCKS:], "amount": shown[BLOCKS:], "year_before": shown[:BLOCKS]}
    )
