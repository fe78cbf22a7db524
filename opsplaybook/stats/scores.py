"""Weighted scores of several dimensions: scaled, aggregated, with gaps shown and not filled."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from opsplaybook.stats.arrays import Floats, floats, has_spread

Transformation = Literal["rank", "minmax", "log", "z"]
"""How a dimension becomes a number from 0 to 1; see `scale`."""

Gaps = Literal["rescale", "middle", "lowest"]
"""What a missing value does: weights of the others grow, it counts as 0.5, or as 0."""

WINSORISED = 0.05
"""Share of the accounts at each end whose values are pulled in to the next one."""

Z_LIMIT = 3.0

_FILLED: dict[str, float] = {"rescale": np.nan, "middle": 0.5, "lowest": 0.0}


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores with what they are made of.

    Attributes
    ----------
    totals : ndarray of float, shape (accounts,)
        0 to 1; NaN for an account without any dimension.
    contributions : ndarray of float, shape (accounts, dimensions)
        Parts that add up to the score; NaN where the dimension is missing.
    coverage : ndarray of float, shape (accounts,)
        Share of the weight whose dimensions are known.
    """

    totals: Floats
    contributions: Floats
    coverage: Floats


def scale(
    values: ArrayLike,
    transformation: Transformation = "rank",
    *,
    higher_is_better: bool = True,
    winsorised: float = WINSORISED,
) -> Floats:
    """Bring a dimension to 0 (worst) to 1 (best).

    Parameters
    ----------
    values : array of float, shape (accounts,)
        Missing values stay missing.
    transformation : {"rank", "minmax", "log", "z"}
        ``rank``: share of the accounts below, ties by half, so one giant does not move the
        others. ``minmax``: place between the lowest and the highest, winsorised. ``log``: the
        same of the logarithm of 1 + x, for money; values below zero count as zero. ``z``:
        standard score, cut at 3 on both sides.
    higher_is_better : bool
        False for cost-like dimensions such as days overdue.
    winsorised : float
        Share pulled in at each end, for ``minmax`` and ``log``.

    Returns
    -------
    ndarray of float, shape (accounts,)
        Where all have the same value, everyone gets 0.5: the dimension tells nobody apart.

    Raises
    ------
    ValueError
        An infinite value.

    Examples
    --------
    >>> scale([10, 30, 30, 1000, None]).tolist()
    [0.125, 0.5, 0.5, 0.875, nan]
    >>> scale([10, 30, 30, 1000], "minmax", winsorised=0).round(2).tolist()
    [0.0, 0.02, 0.02, 1.0]

    By rank the giant is the best of four; by its size it leaves nothing to the others.
    """
    raw = floats(values)
    known = ~np.isnan(raw)
    scaled = np.full(raw.size, np.nan)
    if not known.any():
        return scaled
    part = raw[known] if higher_is_better else -raw[known]
    if not has_spread(part):
        scaled[known] = 0.5
    elif transformation == "rank":
        scaled[known] = (rankdata(part) - 0.5) / part.size
    elif transformation == "z":
        z = (part - part.mean()) / part.std()
        scaled[known] = (np.clip(z, -Z_LIMIT, Z_LIMIT) + Z_LIMIT) / (2 * Z_LIMIT)
    else:
        sized = _logged(raw[known], higher_is_better) if transformation == "log" else part
        scaled[known] = _between_ends(sized, winsorised)
    return scaled


def fill_gaps(scaled: ArrayLike, rule: Gaps) -> Floats:
    """Apply the rule for missing values to a scaled dimension.

    Examples
    --------
    >>> fill_gaps([0.2, None], "middle").tolist(), fill_gaps([0.2, None], "rescale").tolist()
    ([0.2, 0.5], [0.2, nan])
    """
    array = floats(scaled)
    return np.where(np.isnan(array), _FILLED[rule], array)


def weighted_sum(matrix: ArrayLike, weights: ArrayLike) -> Scores:
    """Add up dimensions by weight; weights of missing ones go to those that are known.

    Parameters
    ----------
    matrix : array of float, shape (accounts, dimensions)
        Comparable dimensions, such as from `scale`.
    weights : array of float, shape (dimensions,)
        Not negative; only their proportions matter.

    Returns
    -------
    Scores

    Raises
    ------
    ValueError
        Weights do not fit, are negative or all zero.

    Examples
    --------
    >>> found = weighted_sum([[0.2, 0.8], [0.5, np.nan]], [3, 1])
    >>> found.totals.round(2).tolist(), found.coverage.tolist()
    ([0.35, 0.5], [1.0, 0.75])
    >>> found.contributions[0].round(2).tolist()
    [0.15, 0.2]

    The second account is scored by what is known of it, which is three quarters of the weight.
    """
    table, shares = _read(matrix, weights)
    known = ~np.isnan(table)
    present = known @ shares
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.where(known, table * shares, np.nan) / present[:, None]
    values = np.where(present > 0, np.nansum(parts, axis=1), np.nan)
    return Scores(values, parts, present)


def weighted_product(matrix: ArrayLike, weights: ArrayLike) -> Floats:
    """Multiply dimensions, each to the power of its weight: a weak one cannot be bought off.

    Parameters
    ----------
    matrix, weights
        As in `weighted_sum`; values may not be negative.

    Returns
    -------
    ndarray of float, shape (accounts,)
        0 where any dimension is 0; NaN without any dimension.

    Raises
    ------
    ValueError
        A value is negative, or weights do not fit.

    References
    ----------
    Bridgman 1922, Dimensional Analysis; Miller and Starr 1969.

    Examples
    --------
    >>> weighted_product([[0.9, 0.1], [0.5, 0.5]], [1, 1]).round(2).tolist()
    [0.3, 0.5]

    Both have the same sum; the product prefers the balanced one.
    """
    table, shares = _read(matrix, weights)
    if (table < 0).any():
        raise ValueError(f"{(table < 0).sum()} values are negative, a product needs zero or more")
    known = ~np.isnan(table) & (shares > 0)
    present = known @ shares
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(known, np.log(table), 0.0)
        mean = (np.where(known, logs * shares, 0.0)).sum(axis=1) / present
    return np.where(present > 0, np.exp(mean), np.nan)


def topsis(matrix: ArrayLike, weights: ArrayLike) -> Floats:
    """Score by closeness to the best and distance from the worst of each dimension.

    Parameters
    ----------
    matrix : array of float, shape (accounts, dimensions)
        Higher is better. Missing dimensions are left out of both distances of an account.
    weights : array of float, shape (dimensions,)
        As in `weighted_sum`.

    Returns
    -------
    ndarray of float, shape (accounts,)
        Similarity to the ideal, 0 to 1; 0.5 where best and worst are the same.

    References
    ----------
    Hwang and Yoon 1981; vector normalisation as in Tzeng and Huang 2011, section 5.2.

    Examples
    --------
    >>> topsis([[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]], [0.3, 0.4, 0.3]).round(4).tolist()
    [0.5037, 0.6581, 0.7482, 0.334]

    The third comes closest to the best of everything.
    """
    table, shares = _read(matrix, weights)
    lengths = np.sqrt(np.nansum(table**2, axis=0))
    sized = table / np.where(lengths > 0, lengths, 1.0) * shares
    seen = ~np.isnan(sized).all(axis=0)
    part = sized[:, seen]
    to_best = np.sqrt(np.nansum((part - np.nanmax(part, axis=0)) ** 2, axis=1))
    to_worst = np.sqrt(np.nansum((part - np.nanmin(part, axis=0)) ** 2, axis=1))
    both = to_best + to_worst
    closeness = np.divide(to_worst, both, out=np.full(len(part), 0.5), where=both > 0)
    return np.where(np.isnan(part).all(axis=1), np.nan, closeness)


def _read(matrix: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    table = np.asarray(matrix, dtype=np.float64)
    shares = floats(weights, name="weights")
    if table.ndim != 2 or table.shape[1] != shares.size:
        raise ValueError(f"{shares.size} weights do not fit a table of shape {table.shape}")
    if np.isnan(shares).any() or (shares < 0).any() or shares.sum() <= 0:
        raise ValueError("weights must be known, not negative, and not all zero")
    return table, shares / shares.sum()


def _logged(raw: Floats, higher_is_better: bool) -> Floats:  # noqa: FBT001 - passed on
    logs = np.log1p(np.maximum(raw, 0.0))
    return logs if higher_is_better else -logs


def _between_ends(values: Floats, winsorised: float) -> Floats:
    low, high = np.quantile(values, [winsorised, 1 - winsorised])
    if high <= low:
        # Nearly all have one value: pulling in the ends would leave nothing to tell apart.
        low, high = values.min(), values.max()
    return (
        np.full(values.size, 0.5) if high <= low else np.clip((values - low) / (high - low), 0, 1)
    )
