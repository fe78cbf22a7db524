"""From counts per account to rates: people of one account are alike, accounts are not."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from opsplaybook.metrics.funnels import FunnelRule
from opsplaybook.metrics.statuses import UNKNOWN
from opsplaybook.sources import Tables
from opsplaybook.stats.arrays import Floats
from opsplaybook.stats.nested_rates import clustered_rate, clustered_rate_difference
from opsplaybook.stats.rates import rate, rate_difference
from opsplaybook.stats.results import Difference, Estimate

ACCOUNT = "account_id"


def carry_account(given: Tables, rule: FunnelRule) -> FunnelRule:
    """Let units carry the account of their first entry, where the first step knows it."""
    rows = given.expression(rule.required[0].table)
    if rule.unit == ACCOUNT or rows is None or ACCOUNT not in rows.columns:
        return rule
    return replace(rule, segments=(*rule.segments, ACCOUNT))


def with_base(frame: pd.DataFrame) -> pd.DataFrame:
    """Add what a rate is taken of: mature units at the step before that are not open again."""
    based = frame.assign(base=frame["mature_before"] - frame["mature_open"])
    # Categories are grouped many times faster than texts.
    return based.astype({ACCOUNT: "category"}) if ACCOUNT in based else based


def estimate_rate(
    frame: pd.DataFrame, *, hits: str = "mature_reached", base: str = "base", level: float
) -> Estimate:
    """Estimate a rate from rows of counts.

    With a column ``account_id`` units are nested in accounts and `n` counts accounts; units of
    which no account is known stand for themselves. Without it all units are independent.
    """
    successes, sizes = clusters(frame, hits=hits, base=base)
    if successes is None:
        return rate(float(frame[hits].sum()), int(frame[base].sum()), level=level)
    return clustered_rate(successes, sizes, level=level)


def estimate_rates(
    frame: pd.DataFrame, along: str, places: Sequence[object], *, level: float
) -> list[Estimate]:
    """Estimate the rate at each place (a cohort), as `estimate_rate` does for its rows."""
    hits, base = (matrix(frame, column, along, places) for column in ("mature_reached", "base"))
    single = alone(frame)
    if len(single) == 1:
        return [rate(float(h), int(n), level=level) for h, n in zip(hits[0], base[0], strict=True)]
    return [
        clustered_rate(
            *with_singles((hits[~single, place], base[~single, place]),
                          (hits[single, place].sum(), base[single, place].sum())),
            level=level,
        )
        for place in range(len(places))
    ]  # fmt: skip


def estimate_difference(
    first: pd.DataFrame, second: pd.DataFrame, *, hits: str = "mature_reached", base: str = "base",
    level: float,
) -> Difference:  # fmt: skip
    """Estimate the difference of two rates, first less second, as `estimate_rate` does each."""
    one, two = (clusters(frame, hits=hits, base=base) for frame in (first, second))
    if one[0] is None or two[0] is None:
        counts = [(float(frame[hits].sum()), int(frame[base].sum())) for frame in (first, second)]
        return rate_difference(*counts, level=level)
    return clustered_rate_difference(one, two, level=level)


def clusters(
    frame: pd.DataFrame, *, hits: str = "mature_reached", base: str = "base"
) -> tuple[Floats | None, Floats | None]:
    """Return successes and sizes of each account; None where units are independent."""
    codes, names = _accounts(frame)
    if not (names != UNKNOWN).any():
        return None, None
    known = names[codes] != UNKNOWN
    totals = [
        np.bincount(codes[known], weights=frame[column].to_numpy(dtype=float)[known])
        for column in (hits, base)
    ]
    single = [frame[column].to_numpy(dtype=float)[~known].sum() for column in (hits, base)]
    return with_singles((totals[0], totals[1]), (single[0], single[1]))


def with_singles(
    accounts: tuple[Floats, Floats], single: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Add units of no known account to successes and sizes of accounts, one cluster each."""
    hits, n = (round(number) for number in single)
    ones = (np.arange(n) < hits).astype(float)
    return np.append(accounts[0], ones), np.append(accounts[1], np.ones(n))


def ends(estimate: Estimate | Difference, name: str = "rate") -> dict[str, float]:
    """Return value, ends of the interval and n as columns of a row; not known is NaN."""
    low, high = (
        (estimate.interval.low, estimate.interval.high)
        if estimate.interval is not None and estimate.enough
        else (np.nan, np.nan)
    )
    return {name: estimate.value, f"{name}_low": low, f"{name}_high": high, f"{name}_n": estimate.n}


def beyond_chance(frame: pd.DataFrame, level: float) -> pd.Series:
    """Tell which differences are beyond chance: by the corrected p-value, and by their interval.

    With few accounts the two rest on different approximations; where they part, nothing is named.

    Parameters
    ----------
    frame : DataFrame
        ``p_value`` (corrected), ``difference_low``, ``difference_high``.
    level : float
    """
    apart = frame["difference_low"] * frame["difference_high"] > 0
    return (frame["p_value"] < 1 - level) & apart


def alone(frame: pd.DataFrame) -> np.ndarray:
    """Tell which rows of `matrix` are units of no known account; none where all are alone."""
    _, names = _accounts(frame)
    return (names == UNKNOWN) & (len(names) > 1)


def matrix(frame: pd.DataFrame, column: str, along: str, places: Sequence[object]) -> Floats:
    """Return counts of shape (accounts, places); one row where units are independent.

    Two columns of one frame have the same rows. Units of no known account are one row together.
    """
    codes, names = _accounts(frame)
    place = pd.Index(places).get_indexer(frame[along])
    inside = place >= 0
    cells = codes[inside] * len(places) + place[inside]
    sums = np.bincount(
        cells,
        weights=frame[column].to_numpy(dtype=float)[inside],
        minlength=len(names) * len(places),
    )
    return sums.reshape(len(names), len(places))


def _accounts(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return a number for the account of each row, and the names of the accounts."""
    if ACCOUNT not in frame:
        return np.zeros(len(frame), dtype=np.intp), np.array([UNKNOWN], dtype=object)
    column = frame[ACCOUNT].astype("category").cat
    names = column.categories.to_numpy(dtype=object)
    return column.codes.to_numpy().astype(np.intp), names if len(names) else np.array([UNKNOWN])
