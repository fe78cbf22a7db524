"""Logarithmic mean Divisia index (LMDI-I): a sum of products split into its factors' effects.

The standard of index decomposition: no residual, its two forms agree, and parts of segments add up
to parts of the whole.
"""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opsplaybook.stats.arrays import Floats, pair_of_matrices


@dataclass(frozen=True, slots=True)
class LogMeanIndex:
    """Additive and multiplicative LMDI-I decomposition of a sum of products.

    Attributes
    ----------
    before, after : float
        The two totals.
    additive : array of float, shape (segments, factors)
        Parts that add up to ``after - before``.
    multiplicative : array of float, shape (factors,)
        Indices that multiply to ``after / before``; NaN where a total is 0.
    """

    before: float
    after: float
    additive: Floats
    multiplicative: Floats


def log_mean_index(before: ArrayLike, after: ArrayLike) -> LogMeanIndex:
    """Split the change of a sum of products into the effects of its factors (LMDI-I).

    Parameters
    ----------
    before, after : array of float, shape (segments, factors)
        Factors of each segment, none negative. Zeros take their analytic limits: factors that
        leave or reach zero share the segment's whole change equally.

    Returns
    -------
    LogMeanIndex

    Raises
    ------
    ValueError
        Different shapes, negative or missing values.

    References
    ----------
    Ang 2005, Energy Policy 33:867-871; Ang and Liu 2007, Energy Policy 35:238-246 (zeros).

    Examples
    --------
    >>> found = log_mean_index([[1, 10, 2], [4, 5, 3]], [[4, 5, 3], [5, 6, 4]])
    >>> found.additive.sum(axis=0).round(1).tolist(), round(found.after - found.before, 6)
    ([69.8, -9.5, 39.7], 100.0)

    Of 100 more, the first factor brought 69.8, the second cost 9.5, the third brought 39.7.
    """
    first, second = pair_of_matrices(before, after)
    if first.ndim != 2:
        raise ValueError(f"factors have {first.ndim} dimensions, must be (segments, factors)")
    if min(first.min(initial=0), second.min(initial=0)) < 0:
        raise ValueError("factors must not be negative")
    start, end = first.prod(axis=1), second.prod(axis=1)
    additive = _log_mean(start, end)[:, None] * _log_ratios(first, second)
    vanishing = (first == 0) != (second == 0)
    count = vanishing.sum(axis=1)
    # In the limit only the factors that leave or reach zero matter, in equal parts.
    to_zero = (count > 0) & (start != end)
    additive[to_zero] = (vanishing * ((end - start) / np.maximum(count, 1))[:, None])[to_zero]
    before_total, after_total = float(start.sum()), float(end.sum())
    return LogMeanIndex(
        before_total, after_total, additive, _indices(additive, before_total, after_total)
    )


def _log_mean(one: NDArray, two: NDArray) -> NDArray:
    """Logarithmic mean; 0 where either is 0."""
    result = np.where(one == two, one, 0.0)
    apart = (one > 0) & (two > 0) & (one != two)
    # log1p keeps the digits where the two are close; the smaller one as base, where they are far.
    small, large = np.minimum(one, two)[apart], np.maximum(one, two)[apart]
    relative = (large - small) / small
    result[apart] = small * relative / np.log1p(relative)
    return result


def _log_ratios(first: NDArray, second: NDArray) -> NDArray:
    result = np.zeros_like(first)
    both = (first > 0) & (second > 0)
    result[both] = np.log(second[both] / first[both])
    return result


def _indices(additive: NDArray, before: float, after: float) -> Floats:
    if not before or not after:
        return np.full(additive.shape[1], nan)
    mean = _log_mean(np.array([before]), np.array([after]))[0]
    return np.exp(additive.sum(axis=0) / mean)
